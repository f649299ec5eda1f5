//! Why a list of guests is refused, in a sentence for an operator and for the other ENT, and by a key for the pages of both.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Why a list is refused, and on which line if it is one of them. Nothing of the line is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file, the head being 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: Why,
}

impl Problem {
    /// With the whole list.
    pub fn whole(why: Why) -> Problem {
        Problem { line: None, why }
    }

    /// With a line of it.
    pub fn on(line: usize, why: Why) -> Problem {
        Problem { line: Some(line), why }
    }

    /// The same, for whoever says it in their reader's language.
    pub fn reason(&self) -> Reason {
        let (key, said) = self.why.parts();
        let said = said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Reason { line: self.line, key: Cow::Borrowed(key), said }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => self.why.fmt(f),
        }
    }
}

/// A problem as one ENT tells it to the other: which of them says what the key means is for the reader's ENT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The line, the head being 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One that [`Why::knows`], or of another version.
    pub key: Cow<'static, str>,
    /// What the sentence says besides, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, String>,
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Known from its name alone: the key of a sentence without more.
    Plain(&'static str),
    /// Where in the line the reader stopped. The message of the parser could repeat what stands there.
    NoGuest {
        /// The column.
        column: usize,
    },
    /// The signature, or the keys it is looked at with.
    NotSigned {
        /// What is wrong with it.
        how: String,
    },
    /// Its maker signed another text of the convention.
    OtherTerms {
        /// Their fingerprint.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// Its maker runs a version whose lists say no fingerprint.
    NoTerms {
        /// Ours.
        ours: String,
    },
    /// The convention allows fewer.
    OverQuota {
        /// How many it allows.
        quota: u64,
        /// How many there are.
        there: u64,
        /// How many more would have come.
        more: u64,
    },
}

// The sentences of `too-many` and `typed-too-many` say it, here and on the pages.
const _: () = assert!(crate::MOST_GUESTS == 20_000 && crate::MOST_TYPED == 40);

/// Sentences that say nothing besides, by their keys.
const PLAIN: [(&str, &str); 35] = [
    ("no-list", "this is no list of guests"),
    ("no-convention", "it is under no convention of ours"),
    ("no-space", "there is no space of the name it says"),
    ("other-lines", "the lines are not those that were signed"),
    ("too-many", "a list has at most 20000 guests"),
    ("by-other", "it was made by somebody else than the other party"),
    ("for-other", "it was made for somebody else"),
    ("other-convention", "it is under another convention"),
    ("other-space", "it is for another space"),
    ("future", "it was signed in the future"),
    ("expired", "it expired"),
    ("holds-long", "it holds for longer than 31 days"),
    ("count", "its head counts other lines than there are"),
    ("nobody", "it names nobody"),
    ("not-in-force", "the convention is not in force"),
    ("not-open", "the space is not open, or not one of the convention"),
    ("not-for", "the convention is not for the establishment of the space"),
    ("name", "its name is not 1 to 64 letters, digits, - and _"),
    ("one-way", "our convention names no source by which these guests would sign in: it is for guests of theirs"),
    ("ended", "the convention or the space ended meanwhile"),
    ("stopped", "the head of the establishment stopped what comes there by this convention"),
    ("already", "a list of this name was taken in already: ask for a new one"),
    ("too-often", "so many lists came for this space within a day: try again tomorrow"),
    (
        "line-length",
        "a given name has 1 to 60 characters, an initial 1 to 3, a class 1 to 64, a level at most 32, a subject 1 to 255",
    ),
    ("line-school", "the convention does not name this establishment"),
    ("line-staff", "by this convention pupils come, and no staff"),
    ("line-class", "the space is not for this class"),
    ("line-twice", "the same person stands on a line before"),
    ("line-ours", "this guest comes in by no list any more"),
    ("typed-not-allowed", "the head of the establishment did not say yes to lists that are written here"),
    ("typed-too-many", "a list that is written here has at most 40 lines"),
    ("typed-line", "a line is a given name, a space and the initial of the family name, and nothing else"),
    ("typed-twice", "the same name stands on a line before: tell the two apart"),
    ("typed-there", "somebody of that name and class is in the space already"),
    ("typed-stopped", "somebody of that name was stopped here"),
];

impl Why {
    /// Every key: the pages have a sentence for each.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        let said = ["no-guest", "not-signed", "other-terms", "no-terms", "over-quota"];
        said.into_iter().chain(PLAIN.iter().map(|(key, _)| *key))
    }

    /// Whether a key is one of ours.
    pub fn knows(key: &str) -> bool {
        Why::keys().any(|known| known == key)
    }

    /// The key, and what the sentence says besides.
    fn parts(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self {
            Why::Plain(key) => (key, Vec::new()),
            Why::NoGuest { column } => ("no-guest", vec![("column", column.to_string())]),
            Why::NotSigned { how } => ("not-signed", vec![("how", how.clone())]),
            Why::OtherTerms { theirs, ours } => {
                ("other-terms", vec![("theirs", preau_domain::display_safe(theirs, 40)), ("ours", ours.clone())])
            }
            Why::NoTerms { ours } => ("no-terms", vec![("ours", ours.clone())]),
            Why::OverQuota { quota, there, more } => (
                "over-quota",
                vec![("quota", quota.to_string()), ("there", there.to_string()), ("more", more.to_string())],
            ),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Plain(key) => {
                let found = PLAIN.iter().find(|(known, _)| known == key);
                f.write_str(found.map_or(key, |(_, said)| said))
            }
            Why::NoGuest { column } => {
                write!(f, "this is no guest, or says more than a guest is known by (column {column})")
            }
            Why::NotSigned { how } => write!(f, "not signed by the other party: {how}"),
            Why::OtherTerms { theirs, ours } => write!(
                f,
                "its maker signed another text of the convention (fingerprint {}, ours {ours}): compare both by `preau conventions list`, make them alike by \
                 `preau conventions amend` and sign again",
                preau_domain::display_safe(theirs, 40)
            ),
            Why::NoTerms { ours } => write!(
                f,
                "its maker runs an older version, whose lists do not say the fingerprint of the convention: upgrade it, or add \"terms\" to the head of the \
                 list (ours: {ours})"
            ),
            Why::OverQuota { quota, there, more } => {
                write!(f, "{more} guests more than the {there} there are would exceed the {quota} of the convention")
            }
        }
    }
}
