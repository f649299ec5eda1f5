//! The sessions of the latest seconds, by their names.

use super::Live;
use preau_domain::{Instant, SessionId};
use std::borrow::Borrow;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sessions kept: of more that are in use at once, those loaded first are loaded again. Whatever the number of people, their
/// sessions take less than ten megabytes.
const MOST_SESSIONS: usize = 8_192;

/// The sessions of the latest seconds. One that is older than [`Live::FRESH_MS`] is worth nothing and goes when others come,
/// or at the next [`Recent::sweep`].
#[derive(Default)]
pub(crate) struct Recent(Mutex<Held>);

#[derive(Default)]
struct Held {
    by_id: HashSet<ById>,
    /// In the order they were loaded. What was dropped meanwhile waits here for its turn.
    loaded: VecDeque<Arc<Live>>,
}

/// A session, found by its name.
struct ById(Arc<Live>);

impl Borrow<SessionId> for ById {
    fn borrow(&self) -> &SessionId {
        &self.0.session.id
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.session.id.hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &ById) -> bool {
        self.0.session.id == other.0.session.id
    }
}

impl Eq for ById {}

impl Held {
    /// Lets go of what is too old, and of the oldest where there are too many; of both a few at a time, so that nobody waits
    /// for the end of a rush.
    fn let_go(&mut self, now: Instant, most: usize) {
        for _ in 0..most {
            let fresh = |live: &Live| (0..Live::FRESH_MS).contains(&(now - live.loaded));
            if self.loaded.front().is_none_or(|live| fresh(live) && self.loaded.len() < MOST_SESSIONS) {
                return;
            }
            let Some(gone) = self.loaded.pop_front() else { return };
            if self.by_id.get(&gone.session.id).is_some_and(|held| Arc::ptr_eq(&held.0, &gone)) {
                self.by_id.remove(&gone.session.id);
            }
        }
    }
}

impl Recent {
    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere leaves both whole: what is in one alone is let go in its turn.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of that name, if it was loaded within the time it is believed.
    pub fn get(&self, id: &SessionId, now: Instant) -> Option<Arc<Live>> {
        let live = self.held().by_id.get(id).map(|held| held.0.clone())?;
        live.is_fresh(now).then_some(live)
    }

    /// Keeps a session that was loaded just now, in place of what was known of it.
    pub fn keep(&self, live: &Arc<Live>) {
        let mut held = self.held();
        held.let_go(live.loaded, 4);
        held.loaded.push_back(live.clone());
        held.by_id.replace(ById(live.clone()));
    }

    /// Forgets a session.
    pub fn forget(&self, id: &SessionId) {
        self.held().by_id.remove(id);
    }

    /// Lets go of all that is too old.
    pub fn sweep(&self, now: Instant) {
        let mut held = self.held();
        held.let_go(now, usize::MAX);
        held.by_id.shrink_to_fit();
        held.loaded.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::live;
    use super::*;

    fn there(recent: &Recent, name: &str, now: i64) -> bool {
        recent.get(&SessionId::new(name), Instant(now)).is_some()
    }

    #[test]
    fn a_session_is_believed_for_three_seconds_from_when_it_was_loaded_last() {
        let recent = Recent::default();
        recent.keep(&live("a", 1_000));
        assert!(there(&recent, "a", 3_999) && !there(&recent, "a", 4_000) && !there(&recent, "b", 1_000));
        assert!(!there(&recent, "a", 999), "a clock that went back believes nothing");
        recent.keep(&live("a", 4_000));
        recent.sweep(Instant(6_999));
        assert!(there(&recent, "a", 6_999), "the earlier one does not take the later one with it");
        recent.forget(&SessionId::new("a"));
        assert!(!there(&recent, "a", 4_000));
        recent.sweep(Instant(7_000));
        let held = recent.held();
        assert!(held.by_id.is_empty() && held.loaded.is_empty());
    }

    #[test]
    fn of_too_many_the_first_go() {
        let recent = Recent::default();
        for n in 0..=MOST_SESSIONS {
            recent.keep(&live(&n.to_string(), 1_000));
        }
        assert!(!there(&recent, "0", 1_000) && there(&recent, "1", 1_000));
        assert_eq!(recent.held().by_id.len(), MOST_SESSIONS);
    }
}
