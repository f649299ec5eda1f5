//! Why an entry was rejected, as connectors and runs say it: sentences in English, which a page says in its reader's words as far as it
//! knows them. What it does not know it shows as it is.

/// Sentences, with what differs from one to the next in braces, and the words of a page. Of two that fit the first counts.
const SENTENCES: [(&str, &str); 25] = [
    ("a value of {a} has {b} fields instead of {c}", "reject-fields"),
    ("a field of {a} has {b} characters; at most {c} are taken", "reject-long-field"),
    ("{a} has {b} characters; at most {c} are taken", "reject-long"),
    ("{a} has more than {b} characters", "reject-longer"),
    ("{a} has more than {b} values", "reject-values"),
    ("a value of {a} has no code", "reject-no-code"),
    ("a value of {a} names no person or no link", "reject-no-person"),
    ("another entry has the same {a}", "reject-twice"),
    ("an entry before this one has the same join key", "reject-twice-key"),
    ("an entry before this one has the same establishment number", "reject-twice-number"),
    ("{a} cannot be typed", "reject-not-typed"),
    ("{a} is not text", "reject-no-text"),
    ("{a} is missing: it does not say where the person is", "reject-nowhere"),
    ("{a} is missing", "reject-missing"),
    ("{a} gives one person two legal weights", "reject-two-weights"),
    ("{a} gives two classes in one structure", "reject-two-classes"),
    ("{a} names more than {b} people", "reject-many-people"),
    ("{a} names no function that opens anything, and no profile says more", "reject-no-function"),
    ("{a} names no pupil of these files", "reject-no-pupil"),
    ("{a} names no structure that this directory describes", "reject-no-structure"),
    ("the degree above has this pupil too, and its word counts", "reject-degree-above"),
    ("source {a} brings this establishment already; it stays as that source tells it", "reject-other-source"),
    ("it changes a record that no delivery adds", "reject-unknown-record"),
    ("the date of birth is no date: with an activation code nobody is asked for it", "remark-birth-date"),
    ("{a}: the key letter of this UAI does not fit its number", "reject-uai"),
];

/// The words of a page for a sentence, and what stands in its braces, by name; `None` when a page has none.
pub fn in_words(sentence: &str) -> Option<(&'static str, Vec<(&'static str, &str)>)> {
    SENTENCES.iter().find_map(|(pattern, key)| Some((*key, fits(pattern, sentence)?)))
}

/// What stands in the braces of a pattern, if the sentence is one of it.
fn fits<'a>(pattern: &'static str, sentence: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (before, mut rest) = pattern.split_once('{').unwrap_or((pattern, ""));
    let (mut left, mut found) = (sentence.strip_prefix(before)?, Vec::new());
    while let Some((name, more)) = rest.split_once('}') {
        let (literal, next) = more.split_once('{').unwrap_or((more, ""));
        let (value, after) = match (literal.is_empty(), next.is_empty()) {
            (true, _) => (left, ""),
            (false, true) => (left.strip_suffix(literal)?, ""),
            (false, false) => left.split_once(literal)?,
        };
        found.push((name, value));
        (left, rest) = (after, next);
    }
    left.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_sentence_is_told_with_what_stands_in_it() {
        type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
        let table: [Row; 5] = [
            ("ENTPersonLogin is missing", "reject-missing", &[("a", "ENTPersonLogin")]),
            (
                "a value of ENTPersonFonctions has 4 fields instead of 5",
                "reject-fields",
                &[("a", "ENTPersonFonctions"), ("b", "4"), ("c", "5")],
            ),
            ("another entry has the same ENTPersonJointure", "reject-twice", &[("a", "ENTPersonJointure")]),
            ("the degree above has this pupil too, and its word counts", "reject-degree-above", &[]),
            ("Prénom élève is missing", "reject-missing", &[("a", "Prénom élève")]),
        ];
        for (sentence, key, said) in table {
            assert_eq!(in_words(sentence), Some((key, said.to_vec())), "{sentence}");
        }
        for other in ["", "other", "ENTPersonLogin is missing here", "the degree above has this pupil too"] {
            assert_eq!(in_words(other), None, "{other}");
        }
    }

    /// Every sentence of the schema of ENT has its words: whoever writes a new one finds this.
    #[test]
    fn what_entries_are_rejected_for_is_said_in_words() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors/ent/src");
        let (mut sentences, mut folders) = (0, vec![folder]);
        while let Some(folder) = folders.pop() {
            for found in std::fs::read_dir(folder).unwrap() {
                let path = found.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                for after in code.split("Misfit(format!(").skip(1) {
                    let sentence = after.split('"').nth(1).unwrap();
                    // Nobody has so many of these, and what is wrong with a UAI is said by the UAI.
                    let rare = ["classes, groups or subjects", "classes and groups", "affiliations", "{}: {what}"];
                    let known = in_words(sentence).is_some() || rare.iter().any(|part| sentence.contains(part));
                    assert!(known, "{}: {sentence}", path.display());
                    sentences += 1;
                }
            }
        }
        assert!(sentences > 15, "{sentences}");
    }
}
