//! A session as a request meets it: the session, the person and the facts policy decides on, loaded together and kept
//! for a few seconds, so that the hot path reads no database.

use preau_domain::{Establishment, Instant, Person, ServiceId, Session, SessionId, Uai};
use preau_policy::{Decision, Facts, Released};
use std::borrow::Borrow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Answers kept in one session: of more services, those asked longest ago are asked again.
const MOST_ANSWERS: usize = 8;
/// Sessions kept: of more that are in use at once, those loaded first are loaded again. Whatever the number of people, their
/// sessions take some ten megabytes.
const MOST_SESSIONS: usize = 8_192;

/// A live session with everything a decision needs.
pub struct Live {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub person: Arc<Person>,
    /// The establishments of the person that are known, ordered by number; sessions of one establishment share it.
    pub establishments: Vec<Arc<Establishment>>,
    /// What policy decides on.
    pub facts: Facts,
    /// When it was loaded: older than [`Live::FRESH_MS`] is loaded again.
    pub loaded: Instant,
    /// When a delegation begins or ends, after which the facts are others.
    turns: Option<Instant>,
    /// Of the services asked about last, the latest at the end.
    answers: Mutex<Vec<(ServiceId, Answer)>>,
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
        establishments: Vec<Arc<Establishment>>,
        facts: Facts,
        loaded: Instant,
    ) -> Live {
        let delegations = session.authentication.delegations.iter();
        let turns = delegations.flat_map(|one| [one.from, one.until]).filter(|at| *at > loaded).min();
        Live { session, person, establishments, facts, loaded, turns, answers: Mutex::new(Vec::new()) }
    }

    /// Whether it is still believed.
    fn is_fresh(&self, now: Instant) -> bool {
        (0..Live::FRESH_MS).contains(&(now - self.loaded)) && self.turns.is_none_or(|at| now < at)
    }

    /// What policy answered for a service with that table of services, if it was asked.
    pub(crate) fn answer(&self, service: &ServiceId, generation: u64) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers.iter().find(|(id, answer)| id == service && answer.generation == generation);
        known.map(|(_, answer)| answer.clone())
    }

    /// Keeps what policy answered.
    pub(crate) fn keep(&self, service: &ServiceId, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|(id, _)| id != service);
        if answers.len() >= MOST_ANSWERS {
            answers.remove(0);
        }
        answers.reserve_exact(1);
        answers.push((service.clone(), answer));
    }

    /// The establishment the person works in now, if it is known.
    pub fn current(&self) -> Option<&Establishment> {
        let uai = self.session.establishment.as_ref()?;
        self.establishment(uai)
    }

    /// One of the person's establishments.
    pub fn establishment(&self, uai: &Uai) -> Option<&Establishment> {
        self.establishments.iter().map(|establishment| &**establishment).find(|e| &e.uai == uai)
    }
}

/// What sessions have in common, kept once: a school is that of all its people, and what opens a service to one of them
/// opens it to most.
#[derive(Default)]
pub(crate) struct Common {
    establishments: Mutex<HashMap<Uai, Weak<Establishment>>>,
    decisions: Mutex<HashMap<ServiceId, Weak<Decision>>>,
}

impl Common {
    /// An establishment as it was read; the one that others hold, where it is the same.
    pub fn establishment(&self, read: Establishment) -> Arc<Establishment> {
        one_of(&self.establishments, read.uai.clone(), read)
    }

    /// A decision about a service, likewise.
    pub fn decision(&self, service: &ServiceId, made: Decision) -> Arc<Decision> {
        one_of(&self.decisions, service.clone(), made)
    }

    /// Lets go of what nobody holds any more.
    pub fn sweep(&self) {
        let held = |weak: &Weak<Establishment>| weak.strong_count() > 0;
        self.establishments.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, weak| held(weak));
        let held = |weak: &Weak<Decision>| weak.strong_count() > 0;
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, weak| held(weak));
    }
}

fn one_of<K: Eq + Hash, T: PartialEq>(known: &Mutex<HashMap<K, Weak<T>>>, key: K, new: T) -> Arc<T> {
    // A panic elsewhere leaves the map whole.
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(held) = known.get(&key).and_then(Weak::upgrade).filter(|held| **held == new) {
        return held;
    }
    let new = Arc::new(new);
    known.insert(key, Arc::downgrade(&new));
    new
}

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
    use super::*;
    use preau_domain::{Authentication, AuthnMethod};
    use preau_policy::Reason;

    fn person() -> Arc<Person> {
        let text =
            r#"{"id":"p1","state":"active","given_name":"Ondine","family_name":"Clairval","credentials":"local"}"#;
        Arc::new(serde_json::from_str(text).unwrap())
    }

    fn live(name: &str, loaded: i64) -> Arc<Live> {
        let person = person();
        let session = Session {
            id: SessionId::new(name),
            person: person.id.clone(),
            authentication: Authentication {
                method: AuthnMethod::LocalPassword,
                at: Instant(0),
                by: None,
                acr: None,
                unsaid: false,
                delegations: Vec::new(),
            },
            establishment: None,
            created: Instant(0),
            expires: Instant(i64::MAX),
            last_seen: Instant(0),
        };
        let facts = Facts::about(person.clone(), None, None, None);
        Arc::new(Live::new(session, person, Vec::new(), facts, Instant(loaded)))
    }

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

    #[test]
    fn what_is_the_same_is_kept_once_and_as_long_as_somebody_holds_it() {
        let common = Common::default();
        let shut = preau_policy::Refusal { reason: Reason::NoAffiliation, rule: None, would_change: Vec::new() };
        let decided = |open| match open {
            true => Decision::Allow { rule: "a".into(), affiliations: vec![0] },
            false => Decision::Deny(shut.clone()),
        };
        let (moodle, grr) = (ServiceId::new("moodle"), ServiceId::new("grr"));
        let one = common.decision(&moodle, decided(false));
        assert!(Arc::ptr_eq(&one, &common.decision(&moodle, decided(false))));
        assert!(!Arc::ptr_eq(&one, &common.decision(&grr, decided(false))), "of another service");
        let other = common.decision(&moodle, decided(true));
        assert!(other.allows() && !one.allows(), "nobody is given the answer of another");
        drop((one, other));
        common.sweep();
        assert!(common.decisions.lock().unwrap().is_empty());
    }

    #[test]
    fn a_session_keeps_the_latest_answers_and_none_of_another_table() {
        let live = live("a", 0);
        let refused = preau_policy::Refusal { reason: Reason::NoAffiliation, rule: None, would_change: Vec::new() };
        let answer = Answer { generation: 1, decision: Arc::new(Decision::Deny(refused)), released: None };
        let service = |n: usize| ServiceId::new(format!("s{n}"));
        for n in 0..=MOST_ANSWERS {
            live.keep(&service(n), answer.clone());
        }
        assert!(live.answer(&service(0), 1).is_none() && live.answer(&service(1), 1).is_some());
        assert!(live.answer(&service(1), 2).is_none());
        live.keep(&service(1), Answer { generation: 2, ..answer });
        assert!(live.answer(&service(1), 2).is_some() && live.answer(&service(1), 1).is_none());
        assert!(live.answer(&service(2), 1).is_some());
    }
}
