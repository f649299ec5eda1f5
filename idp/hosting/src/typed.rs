//! A list of guests that somebody of ours writes, where nobody signs one: a line for each, a given name and the initial of the family name. Whoever
//! writes more than that is told so, on the line; nothing of it is kept.

use crate::refusal::{Problem, Why};
use preau_domain::{Bounded, bounded};
use std::collections::HashSet;

/// Most lines of such a list: more than a class.
pub const MOST_TYPED: usize = 40;

/// The number of a line, with the given name and the initial it says.
pub type TypedLine = (usize, (String, String));

/// Each line that says something. What is wrong refuses the whole of it, with the line.
pub fn read_typed(text: &str) -> Result<Vec<TypedLine>, Vec<Problem>> {
    let (mut read, mut seen, mut problems) = (Vec::new(), HashSet::new(), Vec::new());
    for (place, line) in text.lines().enumerate() {
        // As a table of a spreadsheet is pasted.
        let line = line.replace(['\t', ';', ','], " ");
        if line.trim().is_empty() {
            continue;
        }
        if read.len() + problems.len() >= MOST_TYPED {
            return Err(vec![Problem::whole(Why::Plain("typed-too-many"))]);
        }
        match named(&line) {
            None => problems.push(Problem::on(place + 1, Why::Plain("typed-line"))),
            Some(one) if !seen.insert((one.0.to_lowercase(), one.1.clone())) => {
                problems.push(Problem::on(place + 1, Why::Plain("typed-twice")));
            }
            Some(one) => read.push((place + 1, one)),
        }
    }
    if read.is_empty() && problems.is_empty() {
        problems.push(Problem::whole(Why::Plain("nobody")));
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

/// A given name of at most three words, and one letter: a family name that is written out is not cut, since nobody knows where it begins. In French it
/// is often written in capitals where the given name is not. Of digits there is one at most, which tells two children apart; a date has more.
fn named(line: &str) -> Option<(String, String)> {
    let Bounded::Fits(line) = bounded(line, 80) else { return None };
    let (given, initial) = line.rsplit_once(char::is_whitespace)?;
    let letter = initial.strip_suffix('.').unwrap_or(initial);
    let mut letters = letter.chars();
    let letter = letters.next().filter(|c| c.is_alphabetic() && letters.next().is_none())?;
    let words: Vec<&str> = given.split_whitespace().collect();
    let plain = |c: char| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '-' | '\'' | '’' | '.');
    let letters = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count();
    let quiet = |word: &str| word.contains(char::is_lowercase);
    let apart = words.iter().any(|word| quiet(word)) && words.iter().any(|word| !quiet(word) && letters(word) > 2);
    let sound = (1..=3).contains(&words.len()) && words.iter().all(|word| word.chars().all(plain));
    let given = words.join(" ");
    let sound = sound && !apart && given.chars().filter(char::is_ascii_digit).count() <= 1;
    let sound = sound && given.chars().count() <= 60 && given.chars().any(char::is_alphabetic);
    sound.then(|| (given, format!("{}.", letter.to_uppercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whys(text: &str) -> Vec<(Option<usize>, Why)> {
        read_typed(text).unwrap_err().into_iter().map(|one| (one.line, one.why)).collect()
    }

    #[test]
    fn a_line_is_a_given_name_and_an_initial() {
        let read =
            read_typed("Lou V.\r\n\n  Anne-Lise  d\nJean Paul\tÉ.\nZoé;K\nN’Golo, B.\nLOU LI w\nLou 2 V.\n").unwrap();
        let read: Vec<_> =
            read.iter().map(|(line, (given, initial))| (*line, given.as_str(), initial.as_str())).collect();
        let (first, second) = (
            [(1, "Lou", "V."), (3, "Anne-Lise", "D."), (4, "Jean Paul", "É.")],
            [(5, "Zoé", "K."), (6, "N’Golo", "B.")],
        );
        assert_eq!((&read[..3], &read[3..5]), (&first[..], &second[..]));
        assert_eq!(read[5..], [(7, "LOU LI", "W."), (8, "Lou 2", "V.")]);
    }

    #[test]
    fn whoever_writes_more_is_told_on_the_line() {
        for line in [
            "Lou Valombreuse",
            "Lou",
            "Lou V. 2015",
            "Lou 2015 V.",
            "Lou 12.03.2016 V.",
            "Lou VALOMBREUSE V.",
            "lou@ecole.example V.",
            "Lou <b> V.",
            "7 V.",
            "Lou VA",
            "Lou de la Tour du V.",
        ] {
            assert_eq!(whys(&format!("Max B.\n{line}")), [(Some(2), Why::Plain("typed-line"))], "{line}");
        }
        assert_eq!(whys("Lou V.\nlou v"), [(Some(2), Why::Plain("typed-twice"))]);
        assert_eq!(whys(" \n\n"), [(None, Why::Plain("nobody"))]);
        let letter = |n: usize| char::from(b"abcdefghij"[n % 10]);
        let many =
            |count: usize| (0..count).map(|n| format!("Lou{}{} V.\n", letter(n / 10), letter(n))).collect::<String>();
        assert_eq!(read_typed(&many(MOST_TYPED)).unwrap().len(), MOST_TYPED, "control");
        assert_eq!(whys(&many(MOST_TYPED + 1)), [(None, Why::Plain("typed-too-many"))]);
    }
}
