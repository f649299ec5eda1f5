//! What everybody tries: a word of a list of ours with little besides, a row of keys, a date, the same again and again.
//!
//! The thousands of passwords that people really choose are few words in many forms. The words are listed (`popular.txt`, written down by us);
//! the forms are rules: years, figures and signs around a word, letters written as digits, a word backwards, twice, or with signs between its
//! letters. Three words that have nothing to do with one another are a sentence of their person's, and taken.

use super::unmasked;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Characters that must be left when what everybody knows was taken out.
const LEFT: usize = 6;
/// What each different word after the first one counts for.
const ANOTHER_WORD: usize = 3;
/// Shortest and longest word of the list.
const WORD: std::ops::RangeInclusive<usize> = 4..=22;
/// Longer ones are no word with little besides; what is repeated was looked at before.
const LONGEST: usize = 48;
/// Different characters a password has at least.
const DIFFERENT: usize = 4;

/// Words that everybody tries, without accents.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("popular.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

/// Rows of keys, and what people count with: side by side, in columns, and two rows at once.
const ROWS: [&str; 20] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz",
    "1aqw",
    "2wsx",
    "2zsx",
    "3edc4rfv",
    "5tgb6yhn",
    "7ujm8ik",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2z3e4r5t6y",
    "aqwzsxedcrfvtgbyhn",
];
/// Columns of the pad of digits, in runs of figures.
const PAD: [&str; 13] = [
    "147258369",
    "741852963",
    "159357",
    "753951",
    "789456123",
    "147852369",
    "963258741",
    "147896325",
    "123654789",
    "1029384756",
    "1357924680",
    "2468013579",
    "31415926535",
];

/// Whether everybody tries that; `plain` is in small letters without accents.
pub(super) fn is_common(plain: &str) -> bool {
    let typed: Vec<char> = plain.chars().collect();
    let once = repeated(&typed);
    let different: HashSet<&char> = typed.iter().collect();
    if different.len() < DIFFERENT || once.len() < LEFT || counted(once) || walked(once) {
        return true;
    }
    if once.len() > LONGEST {
        return false;
    }
    forms(once).iter().any(|form| left(form) < LEFT)
}

/// What is said again and again, once.
fn repeated(typed: &[char]) -> &[char] {
    let again = |period: &usize| typed.iter().zip(&typed[*period..]).all(|(one, other)| one == other);
    // Not always a whole number of times: `abc123abc`.
    let period = (1..typed.len().saturating_sub(2)).find(again);
    period.map_or(typed, |period| &typed[..period])
}

/// Figures that are a day, a telephone, a mirror of themselves, or as far apart from one to the next all along, with a sign or two between.
fn counted(typed: &[char]) -> bool {
    let figures: Vec<u32> = typed.iter().filter_map(|c| c.to_digit(10)).collect();
    let others = typed.iter().filter(|c| c.is_alphabetic()).count();
    if others > 0 || figures.len() < LEFT {
        return false;
    }
    let number = |part: &[u32]| part.iter().fold(0, |whole, figure| whole * 10 + figure);
    let day = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    let year = |year: u32| (1900..=2099).contains(&year);
    let is_day = match figures.len() {
        6 => day(number(&figures[..2]), number(&figures[2..4])) || day(number(&figures[4..]), number(&figures[2..4])),
        8 => {
            let pairs: Vec<u32> = figures.chunks(2).map(number).collect();
            let (first, last) = (number(&figures[..4]), number(&figures[4..]));
            (year(last) && (day(pairs[0], pairs[1]) || day(pairs[1], pairs[0])))
                || (year(first) && (day(pairs[3], pairs[2]) || day(pairs[2], pairs[3])))
                || (year(first) && year(last))
        }
        _ => false,
    };
    let telephone = figures.len() == 10 && figures[0] == 0 && figures[1] > 0;
    let mirror = figures.iter().eq(figures.iter().rev());
    let steps = (1..=3).any(|width| {
        let parts: Vec<u32> = figures.chunks(width).map(number).collect();
        let step = |pair: &[u32]| i64::from(pair[1]) - i64::from(pair[0]);
        parts.windows(3).all(|three| step(&three[..2]) == step(&three[1..])) && parts.len() > 2
    });
    let pad = PAD.iter().any(|row| {
        let text: String = figures.iter().filter_map(|figure| char::from_digit(*figure, 10)).collect();
        row.contains(&text) || text.contains(row)
    });
    is_day || telephone || mirror || steps || pad
}

/// Whether little is there besides rows of keys, or besides two that take turns, as `a1z2e3r4`; or nothing but short ones, as `qweasdzxc`.
fn walked(typed: &[char]) -> bool {
    let (figures, others): (Vec<char>, Vec<char>) = typed.iter().partition(|c| c.is_ascii_digit());
    let most = in_rows(typed, 4).max(in_rows(&figures, 4) + in_rows(&others, 4));
    most + LEFT > typed.len() || in_rows(typed, 3) == typed.len()
}

/// How many characters stand beside their neighbour as on a keyboard or in counting, in runs of so many at least; of figures, of three.
fn in_rows(typed: &[char], least: usize) -> usize {
    let beside = |a: char, b: char| {
        ROWS.iter().any(|row| {
            row.as_bytes().windows(2).any(|pair| {
                let (one, other) = (char::from(pair[0]), char::from(pair[1]));
                (a, b) == (one, other) || (b, a) == (one, other)
            })
        })
    };
    let (mut counted, mut run) = (0, 1);
    for at in 1..=typed.len() {
        if at < typed.len() && (beside(typed[at - 1], typed[at]) || typed[at - 1] == typed[at]) {
            run += 1;
            continue;
        }
        let figures = typed[at - run..at].iter().all(char::is_ascii_digit);
        if run >= if figures { 3 } else { least } {
            counted += run;
        }
        run = 1;
    }
    counted
}

/// What was typed, and what it may be written for.
fn forms(typed: &[char]) -> Vec<Vec<char>> {
    let mut forms = vec![typed.to_vec()];
    // Signs between letters, but for those that stand for letters.
    let letters: Vec<char> =
        typed.iter().copied().filter(|c| c.is_alphanumeric() || unmasked(*c).is_alphabetic()).collect();
    if letters.len() < typed.len() {
        forms.push(letters);
    }
    for at in 0..forms.len() {
        let meant = |one: char| move |c: &char| if *c == '1' { one } else { unmasked(*c) };
        let masked: Vec<Vec<char>> = ['i', 'l'].map(|one| forms[at].iter().map(meant(one)).collect()).into();
        forms.extend(masked.into_iter().filter(|form| *form != forms[at]).collect::<Vec<_>>());
    }
    let backwards: Vec<Vec<char>> = forms.iter().map(|form| form.iter().rev().copied().collect()).collect();
    forms.extend(backwards);
    forms
}

/// How many characters are left when the longest common words were taken out, with what further words count for; no bound where there is none.
fn left(form: &[char]) -> usize {
    let (mut at, mut left, mut met) = (0, 0, HashSet::new());
    while at < form.len() {
        let longest = WORD.rev().filter(|length| at + length <= form.len()).find_map(|length| {
            let part: String = form[at..at + length].iter().collect();
            WORDS.get(part.as_str())
        });
        match longest {
            Some(word) => {
                met.insert(*word);
                at += word.len();
            }
            None => (at, left) = (at + 1, left + 1),
        }
    }
    if met.is_empty() { usize::MAX } else { left + ANOTHER_WORD * (met.len() - 1) }
}

#[cfg(test)]
mod tests;
