//! Join keys: `source$key` in the directory, unique inside a source only.

use crate::entry::{Entry, Misfit};
use preau_domain::{Bounded, bounded};

const MAX_KEY: usize = 128;

/// A join key without its source.
pub fn bare_key(written: &str) -> &str {
    written.split_once('$').map_or(written, |(_, key)| key).trim()
}

/// How join keys are written on our side.
pub struct Keys {
    academy: Option<String>,
}

impl Keys {
    /// Keys of this source lose their prefix; those of others keep it.
    pub fn new(academy: Option<String>) -> Self {
        Keys { academy }
    }

    /// The join key of an entry. Of several, that of the academy, or the first in alphabetical order.
    pub fn of(&self, entry: &Entry, attribute: &str) -> Result<String, Misfit> {
        let values = entry.texts(attribute)?;
        let own = values.iter().copied().filter(|value| self.is_own(value)).min();
        let written = own.or(values.into_iter().min()).unwrap_or_default();
        match bounded(written, MAX_KEY) {
            Bounded::Fits(text) if !bare_key(&text).is_empty() => Ok(self.ours(&text).to_owned()),
            Bounded::Fits(_) => Err(Misfit(format!("{attribute} is missing"))),
            Bounded::TooLong { .. } => Err(Misfit(format!("{attribute} has more than {MAX_KEY} characters"))),
        }
    }

    /// The key a vector gives without a source: that of the entry it stands in.
    pub(crate) fn beside(&self, neighbour: &str, bare: &str) -> String {
        match neighbour.split_once('$') {
            Some((source, _)) if !bare.contains('$') => format!("{source}${bare}"),
            _ => self.ours(bare).to_owned(),
        }
    }

    fn is_own(&self, written: &str) -> bool {
        let source = written.split_once('$').map(|(source, _)| source);
        source.is_some() && source == self.academy.as_deref()
    }

    fn ours<'a>(&self, written: &'a str) -> &'a str {
        if self.is_own(written) { bare_key(written) } else { written.trim() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(academy: Option<&str>, values: &[&str]) -> Result<String, Misfit> {
        let entry = Entry::made("uid=x", &[("ENTPersonJointure", values)]);
        Keys::new(academy.map(str::to_owned)).of(&entry, "ENTPersonJointure")
    }

    #[test]
    fn the_source_of_the_academy_goes_without_saying() {
        assert_eq!(key(Some("AC-NOTOS"), &["AC-NOTOS$12"]), Ok("12".into()));
        assert_eq!(key(Some("AC-NOTOS"), &["ENT$7", "AC-NOTOS$12"]), Ok("12".into()));
        assert_eq!(key(Some("AC-NOTOS"), &["AC-BOREE$12"]), Ok("AC-BOREE$12".into()));
        assert_eq!(key(None, &["AC-NOTOS$12"]), Ok("AC-NOTOS$12".into()));
        assert_eq!(key(None, &["12"]), Ok("12".into()));
        assert!(key(None, &["AC-NOTOS$ "]).is_err());
        assert!(key(None, &[]).is_err());
    }

    #[test]
    fn a_vector_speaks_of_the_source_of_its_entry() {
        let keys = Keys::new(Some("AC-NOTOS".into()));
        assert_eq!(keys.beside("12", "34"), "34");
        assert_eq!(keys.beside("AC-BOREE$12", "34"), "AC-BOREE$34");
        assert_eq!(keys.beside("12", "AC-NOTOS$34"), "34");
    }
}
