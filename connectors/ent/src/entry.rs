//! An entry as its source sent it, read with bounds: how many values, how long, and only text.

use preau_connector_api::Rejected;
use preau_domain::{Bounded, bounded, display_safe};

/// Most values taken of one attribute.
const MAX_VALUES: usize = 4_000;
/// Longest name of an entry shown in a report.
const MAX_DN: usize = 270;

/// Why an entry does not fit, in a sentence that names the attribute and never its value.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit(
    /// The sentence.
    pub String,
);

impl Misfit {
    /// The rejection of an entry for this reason; `key` is its join key, if it could be read.
    pub fn rejects(self, entry: &Entry, key: Option<String>) -> Rejected {
        Rejected { dn: entry.shown_dn(), key, reason: self.0 }
    }
}

/// One entry.
#[derive(Debug)]
pub struct Entry {
    /// Name of the entry in its source, as sent.
    pub dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// An entry of that name. An attribute may come in several parts.
    pub fn new(dn: impl Into<String>, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Self {
        Entry { dn: dn.into(), attributes }
    }

    #[cfg(test)]
    pub(crate) fn made(dn: &str, attributes: &[(&str, &[&str])]) -> Self {
        let values = |values: &[&str]| values.iter().map(|v| v.as_bytes().to_vec()).collect();
        Entry { dn: dn.into(), attributes: attributes.iter().map(|(n, v)| ((*n).to_owned(), values(v))).collect() }
    }

    /// Its name, safe to show.
    pub fn shown_dn(&self) -> String {
        display_safe(&self.dn, MAX_DN)
    }

    /// The values of an attribute, as text; more than are ever taken, or what is no text, makes the entry a misfit.
    pub fn texts(&self, attribute: &str) -> Result<Vec<&str>, Misfit> {
        // Some servers send one attribute in several parts.
        let parts = self.attributes.iter().filter(|(name, _)| name.eq_ignore_ascii_case(attribute));
        let values: Vec<&Vec<u8>> = parts.flat_map(|(_, values)| values).collect();
        if values.len() > MAX_VALUES {
            return Err(Misfit(format!("{attribute} has more than {MAX_VALUES} values")));
        }
        let read = values.into_iter().map(|value| std::str::from_utf8(value)).collect::<Result<_, _>>();
        read.map_err(|_| Misfit(format!("{attribute} is not text")))
    }

    /// Those values of an attribute that are text, as many as are ever taken: for an entry that is rejected anyway.
    pub fn lossy_texts(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let parts = self.attributes.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(attribute));
        parts.flat_map(|(_, values)| values).take(MAX_VALUES).filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The value of an attribute, cleaned, of at most `most` characters; `None` when it is absent or blank. Of several
    /// values, the first in alphabetical order: the order in which a directory sends them means nothing.
    pub fn one(&self, attribute: &str, most: usize) -> Result<Option<String>, Misfit> {
        let Some(first) = self.texts(attribute)?.into_iter().min() else { return Ok(None) };
        match bounded(first, most) {
            Bounded::Fits(text) if text.is_empty() => Ok(None),
            Bounded::Fits(text) => Ok(Some(text)),
            Bounded::TooLong { length } => {
                Err(Misfit(format!("{attribute} has {length} characters; at most {most} are taken")))
            }
        }
    }

    /// As [`Entry::one`], for what must be there.
    pub fn needed(&self, attribute: &str, most: usize) -> Result<String, Misfit> {
        self.one(attribute, most)?.ok_or_else(|| Misfit(format!("{attribute} is missing")))
    }
}

/// A text of a vector, cleaned and bounded.
pub(crate) fn field(attribute: &str, text: &str, most: usize) -> Result<String, Misfit> {
    match bounded(text, most) {
        Bounded::Fits(text) => Ok(text),
        Bounded::TooLong { length } => {
            Err(Misfit(format!("a field of {attribute} has {length} characters; at most {most} are taken")))
        }
    }
}

/// A distinguished name in the one spelling that is compared: lower case, no spaces around separators.
pub fn comparable_dn(dn: &str) -> String {
    let mut out = String::with_capacity(dn.len());
    let mut escaped = false;
    let mut after_separator = true;
    for c in dn.trim().chars() {
        let separator = !escaped && matches!(c, ',' | '=' | '+' | ';');
        if separator {
            out.truncate(out.trim_end_matches(' ').len());
            out.push(if c == ';' { ',' } else { c });
        } else if !(c == ' ' && after_separator) {
            out.extend(c.to_lowercase());
        }
        after_separator = separator || (after_separator && c == ' ');
        escaped = !escaped && c == '\\';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(comparable_dn("UID=Abc , ou= People,DC=x"), "uid=abc,ou=people,dc=x");
        assert_eq!(comparable_dn("cn=a\\, b,dc=x"), "cn=a\\, b,dc=x");
    }

    #[test]
    fn values_are_bounded_and_never_shown() {
        let entry = Entry::made("uid=x", &[("SN", &["b", "a"]), ("mail", &["  "]), ("l", &["secret-town"])]);
        assert_eq!(entry.one("sn", 9), Ok(Some("a".into())));
        assert_eq!(entry.one("mail", 9), Ok(None));
        assert_eq!(entry.needed("mail", 9), Err(Misfit("mail is missing".into())));
        let Err(Misfit(reason)) = entry.one("l", 5) else { panic!("too long") };
        assert!(!reason.contains("secret"), "{reason}");
    }
}
