//! An entry as the directory sent it, read with bounds: how many values, how long, and only text.

use ldap3::ResultEntry;
use ldap3::asn1::{PL, StructureTag};
use preau_domain::{Bounded, bounded, display_safe};

/// Most values taken of one attribute.
const MAX_VALUES: usize = 4_000;
/// Longest name of an entry shown in a report.
const MAX_DN: usize = 270;

/// Why an entry does not fit, in a sentence that names the attribute and never its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) String);

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Name of the entry, as sent.
    pub(crate) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// Takes an entry apart; `None` if it is not one. The shape was checked on the wire, see [`crate::ber`].
    pub(crate) fn take(raw: ResultEntry) -> Option<Self> {
        if raw.is_ref() || raw.is_intermediate() {
            return None;
        }
        let mut parts = raw.0.expect_constructed()?.into_iter();
        let dn = text(parts.next()?)?;
        let mut attributes = Vec::new();
        for attribute in parts.next()?.expect_constructed()? {
            let mut parts = attribute.expect_constructed()?.into_iter();
            let name = text(parts.next()?)?;
            let values = parts.next()?.expect_constructed()?;
            attributes.push((name, values.into_iter().map(octets).collect::<Option<_>>()?));
        }
        Some(Entry { dn, attributes })
    }

    #[cfg(test)]
    pub(crate) fn made(dn: &str, attributes: &[(&str, &[&str])]) -> Self {
        let values = |values: &[&str]| values.iter().map(|v| v.as_bytes().to_vec()).collect();
        Entry { dn: dn.into(), attributes: attributes.iter().map(|(n, v)| ((*n).to_owned(), values(v))).collect() }
    }

    /// Its name, safe to show.
    pub(crate) fn shown_dn(&self) -> String {
        display_safe(&self.dn, MAX_DN)
    }

    /// The values of an attribute, as text.
    pub(crate) fn texts(&self, attribute: &str) -> Result<Vec<&str>, Misfit> {
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
    pub(crate) fn lossy_texts(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let parts = self.attributes.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(attribute));
        parts.flat_map(|(_, values)| values).take(MAX_VALUES).filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The value of an attribute, cleaned, of at most `most` characters; `None` when it is absent or blank. Of several
    /// values, the first in alphabetical order: the order in which a directory sends them means nothing.
    pub(crate) fn one(&self, attribute: &str, most: usize) -> Result<Option<String>, Misfit> {
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
    pub(crate) fn needed(&self, attribute: &str, most: usize) -> Result<String, Misfit> {
        self.one(attribute, most)?.ok_or_else(|| Misfit(format!("{attribute} is missing")))
    }
}

fn octets(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(octets(tag)?).ok()
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
pub(crate) fn comparable_dn(dn: &str) -> String {
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
