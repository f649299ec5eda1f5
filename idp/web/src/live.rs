//! A session as a request meets it: the session, the person and the facts policy decides on, loaded together and kept
//! for a few seconds, so that the hot path reads no database.

use preau_domain::{Establishment, Instant, Person, ServiceId, Session, Uai};
use preau_policy::{Decision, Facts, Released};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    answers: Mutex<HashMap<ServiceId, Answer>>,
}

/// What policy answered for one service. The facts never change within a [`Live`], so the answer holds as long as it
/// lives and the rules are the same.
#[derive(Clone)]
pub(crate) struct Answer {
    /// Of which table of services.
    pub generation: u64,
    /// May the person open it?
    pub decision: Arc<Decision>,
    /// What it receives, once asked.
    pub released: Option<Arc<Released>>,
}

impl Live {
    /// Milliseconds a loaded session is believed. Rights taken away on another node are gone after this at the latest.
    pub const FRESH_MS: i64 = 3_000;

    /// Puts together what was loaded at that instant.
    pub fn new(
        session: Session,
        person: Arc<Person>,
        establishments: Vec<Establishment>,
        facts: Facts,
        loaded: Instant,
    ) -> Live {
        Live { session, person, establishments, facts, loaded, answers: Mutex::new(HashMap::new()) }
    }

    /// What policy answered for a service with that table of services, if it was asked.
    pub(crate) fn answer(&self, service: &ServiceId, generation: u64) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(service).filter(|answer| answer.generation == generation).cloned()
    }

    /// Keeps what policy answered.
    pub(crate) fn keep(&self, service: &ServiceId, answer: Answer) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(service.clone(), answer);
    }

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
