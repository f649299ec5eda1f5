//! What the head of an establishment hands to one of its staff for a while (DELEG-CE), as the guichet that vouches for them
//! says.

use crate::{Instant, Uai};
use serde::{Deserialize, Serialize};

/// A delegation. It lasts no longer than it says, nor than the session that the guichet opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// What is delegated, in the guichet's words: the name of an application; `[A-Za-z0-9._-]{1,64}`.
    pub name: String,
    /// For which establishment.
    pub establishment: Uai,
    /// From when on.
    pub from: Instant,
    /// Until when, and not at that instant any more.
    pub until: Instant,
}

impl Delegation {
    /// Whether it holds at that instant.
    pub fn holds(&self, now: Instant) -> bool {
        self.from <= now && now < self.until
    }

    /// Whether a text may be the name of one.
    pub fn is_name(text: &str) -> bool {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }
}
