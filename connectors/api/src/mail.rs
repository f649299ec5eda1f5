//! What a connector to a mail server does: it hands over one letter, and says whether the server took it.

use crate::Unavailable;
use async_trait::async_trait;
use thiserror::Error;

/// A letter of plain text to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What makes it the same letter when it is handed over twice: letters, digits, `-` and `_` alone.
    pub id: String,
    /// The mail address it goes to.
    pub to: String,
    /// What it is about, on one line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// Why a letter was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotSent {
    /// It may be tried again.
    #[error("{0}")]
    Later(String),
    /// It would be the same the next time: the address is none, or nobody is there.
    #[error("{0}")]
    Never(String),
}

/// A way for letters. What it says of a failure names no address.
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands a letter over; when this returns `Ok`, somebody else answers for it.
    async fn send(&self, letter: &Letter) -> Result<(), NotSent>;

    /// Whether letters would be taken now, and by whom.
    async fn probe(&self) -> Result<String, Unavailable>;
}
