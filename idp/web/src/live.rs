//! A session as a request meets it: the session, the person and the facts policy decides on, loaded together and kept
//! for a few seconds, so that the hot path reads no database.

use preau_domain::{Establishment, Instant, Person, Session, Uai};
use preau_policy::Facts;
use std::sync::Arc;

/// A live session with everything a decision needs.
pub struct Live {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub person: Arc<Person>,
    /// The establishments of the person that are known, ordered by number.
    pub establishments: Vec<Establishment>,
    /// What policy decides on.
    pub facts: Facts,
    /// When it was loaded: older than [`Live::FRESH_MS`] is loaded again.
    pub loaded: Instant,
}

impl Live {
    /// Milliseconds a loaded session is believed. Rights taken away on another node are gone after this at the latest.
    pub const FRESH_MS: i64 = 3_000;

    /// The establishment the person works in now, if it is known.
    pub fn current(&self) -> Option<&Establishment> {
        let uai = self.session.establishment.as_ref()?;
        self.establishment(uai)
    }

    /// One of the person's establishments.
    pub fn establishment(&self, uai: &Uai) -> Option<&Establishment> {
        self.establishments.iter().find(|e| &e.uai == uai)
    }
}
