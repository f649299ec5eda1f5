//! A session as a request meets it: the session, the person and what policy answered, loaded together and kept for a few
//! seconds, so that the hot path reads no database.

use crate::{Fault, FaultKind};
use preau_domain::{
    AccountState, Affiliation, Child, Credentials, Establishment, Instant, JoinKey, Person, PersonId, ServiceId,
    Session, SessionId, Uai,
};
use preau_policy::{Decision, Facts, Released};
use std::borrow::{Borrow, Cow};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Answers kept in one session: of more services, those asked longest ago are asked again.
const MOST_ANSWERS: usize = 8;
/// Sessions kept: of more that are in use at once, those loaded first are loaded again. Whatever the number of people, their
/// sessions take less than ten megabytes.
const MOST_SESSIONS: usize = 8_192;

/// A live session with everything a decision needs.
pub struct Live {
    /// The session.
    pub session: Session,
    /// The record of the person as one text, a quarter as large as its parts: most requests find what policy answered before,
    /// and the others open it.
    record: Box<str>,
    /// The establishments of the person that are known, ordered by number; sessions of the same ones share them.
    pub establishments: Arc<[Arc<Establishment>]>,
    /// When it was loaded: older than [`Live::FRESH_MS`] is loaded again.
    pub loaded: Instant,
    /// Of the services asked about last, the latest at the end.
    answers: Mutex<Box<[Answer]>>,
}

/// What a record holds besides the name of the account, which is active: in an order, without the names of the fields.
type Record<'a> = (
    Option<Cow<'a, JoinKey>>,
    [Cow<'a, str>; 2],
    [Option<Cow<'a, str>>; 3],
    Credentials,
    Cow<'a, [Affiliation]>,
    Cow<'a, [Child]>,
);

/// The record of an active account as one text.
fn folded(person: &Person) -> Result<Box<str>, serde_json::Error> {
    let Person {
        id: _,
        join,
        state: _,
        given_name,
        family_name,
        title,
        login,
        mail,
        credentials,
        affiliations,
        children,
    } = person;
    let record: Record<'_> = (
        join.as_ref().map(Cow::Borrowed),
        [given_name, family_name].map(|name| Cow::Borrowed(name.as_str())),
        [title, login, mail].map(|text| text.as_deref().map(Cow::Borrowed)),
        *credentials,
        Cow::Borrowed(affiliations),
        Cow::Borrowed(children),
    );
    serde_json::to_string(&record).map(Into::into)
}

/// The active account of that name, from its record.
fn unfolded(id: &PersonId, record: &str) -> Result<Person, serde_json::Error> {
    let (join, [given_name, family_name], [title, login, mail], credentials, affiliations, children): Record<'_> =
        serde_json::from_str(record)?;
    let [title, login, mail] = [title, login, mail].map(|text| text.map(Cow::into_owned));
    Ok(Person {
        id: id.clone(),
        join: join.map(Cow::into_owned),
        state: AccountState::Active,
        given_name: given_name.into_owned(),
        family_name: family_name.into_owned(),
        title,
        login,
        mail,
        credentials,
        affiliations: affiliations.into_owned(),
        children: children.into_owned(),
    })
}

/// The record of a live session, opened.
pub struct Known {
    /// Whose session it is.
    pub person: Arc<Person>,
    /// What policy decides on.
    pub facts: Facts,
}

/// What policy answered for one service. The facts never change within a [`Live`], so the answer holds as long as it
/// lives and the rules are the same.
#[derive(Clone)]
pub(crate) struct Answer {
    /// For which.
    pub service: ServiceId,
    /// Of which table of services.
    pub generation: u32,
    /// May the person open it?
    pub decided: Decided,
    /// What it receives, once asked.
    pub released: Option<Released>,
}

/// A decision about the person of a live session.
#[derive(Clone)]
pub struct Decided {
    decision: Arc<Decision>,
    /// The establishment the person opens the service from, if they may.
    pub establishment: Option<Uai>,
}

impl Decided {
    /// A decision on these facts.
    pub(crate) fn on(facts: &Facts, decision: Arc<Decision>) -> Decided {
        Decided { establishment: decision.establishment(facts).cloned(), decision }
    }

    /// A refusal for want of facts.
    pub(crate) fn closed(decision: Decision) -> Decided {
        Decided { decision: Arc::new(decision), establishment: None }
    }
}

impl Deref for Decided {
    type Target = Decision;

    fn deref(&self) -> &Decision {
        &self.decision
    }
}

fn unread() -> Fault {
    Fault::new(FaultKind::Internal, "the record of a live session cannot be read")
}

impl Live {
    /// Milliseconds a loaded session is believed. Rights taken away on another node are gone after this at the latest.
    pub const FRESH_MS: i64 = 3_000;

    /// Puts together what was loaded at that instant, of a person whose account is active.
    pub fn new(
        session: Session,
        person: &Person,
        establishments: Arc<[Arc<Establishment>]>,
        loaded: Instant,
    ) -> Result<Live, Fault> {
        let record = folded(person).map_err(|_| unread())?;
        Ok(Live { session, record, establishments, loaded, answers: Mutex::default() })
    }

    /// Whether it is still believed: when a delegation begins or ends, the facts are others.
    fn is_fresh(&self, now: Instant) -> bool {
        let delegations = self.session.authentication.delegations.iter();
        let mut turns = delegations.flat_map(|one| [one.from, one.until]);
        (0..Live::FRESH_MS).contains(&(now - self.loaded)) && !turns.any(|at| self.loaded < at && at <= now)
    }

    /// The person, and what policy decides on: for what was not answered before.
    pub fn known(&self) -> Result<Known, Fault> {
        let person: Arc<Person> = Arc::new(unfolded(&self.session.person, &self.record).map_err(|_| unread())?);
        let (current, proof) = (self.session.establishment.as_ref(), &self.session.authentication);
        let name = current.and_then(|uai| self.establishment(uai)).map(|establishment| establishment.name.as_str());
        let facts = Facts::about(person.clone(), current, name, Some(proof.method));
        Ok(Known { person, facts: facts.with_delegations(&proof.delegations, self.loaded) })
    }

    /// What policy answered for a service with that table of services, if it was asked.
    pub(crate) fn answer(&self, service: &ServiceId, generation: u32) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.iter().find(|answer| answer.service == *service && answer.generation == generation).cloned()
    }

    /// Keeps what policy answered.
    pub(crate) fn keep(&self, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let others = answers.iter().filter(|other| other.service != answer.service).cloned();
        let mut all: Vec<Answer> = others.chain([answer.clone()]).collect();
        all.drain(..all.len().saturating_sub(MOST_ANSWERS));
        *answers = all.into();
    }

    /// One of the person's establishments.
    pub fn establishment(&self, uai: &Uai) -> Option<&Establishment> {
        self.establishments.iter().map(|establishment| &**establishment).find(|e| &e.uai == uai)
    }
}

type Shared<K, T> = Mutex<HashMap<K, Weak<T>>>;

/// What sessions have in common, kept once: a school is that of all its people, and what opens a service to one of them
/// opens it to most.
#[derive(Default)]
pub(crate) struct Common {
    establishments: Shared<Uai, Establishment>,
    places: Shared<Vec<Uai>, [Arc<Establishment>]>,
    decisions: Shared<ServiceId, Decision>,
}

impl Common {
    /// The establishments of a person as they were read; those that others hold, where they are the same.
    pub fn establishments(&self, read: Vec<Establishment>) -> Arc<[Arc<Establishment>]> {
        let key = read.iter().map(|one| one.uai.clone()).collect();
        let each = read.into_iter().map(|one| one_of(&self.establishments, one.uai.clone(), Arc::new(one)));
        one_of(&self.places, key, each.collect())
    }

    /// A decision about a service, likewise.
    pub fn decision(&self, service: &ServiceId, made: Decision) -> Arc<Decision> {
        one_of(&self.decisions, service.clone(), Arc::new(made))
    }

    /// Lets go of what nobody holds any more.
    pub fn sweep(&self) {
        retain_held(&self.places);
        retain_held(&self.establishments);
        retain_held(&self.decisions);
    }
}

fn one_of<K: Eq + Hash, T: Eq + ?Sized>(known: &Shared<K, T>, key: K, new: Arc<T>) -> Arc<T> {
    // A panic elsewhere leaves the map whole.
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(held) = known.get(&key).and_then(Weak::upgrade).filter(|held| *held == new) {
        return held;
    }
    known.insert(key, Arc::downgrade(&new));
    new
}

fn retain_held<K: Eq + Hash, T: ?Sized>(known: &Shared<K, T>) {
    known.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, weak| weak.strong_count() > 0);
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

    fn person() -> Person {
        let text =
            r#"{"id":"p1","state":"active","given_name":"Ondine","family_name":"Clairval","credentials":"local"}"#;
        serde_json::from_str(text).unwrap()
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
        Arc::new(Live::new(session, &person, Arc::default(), Instant(loaded)).unwrap())
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
    fn the_record_opens_to_the_person_that_was_loaded() {
        let live = live("a", 1_000);
        let known = live.known().unwrap();
        assert_eq!(*known.person, person());
        assert_eq!(known.facts.account(), &live.session.person);
        let uai: Uai = "0990001N".parse().unwrap();
        let key = |key: &str| JoinKey { source: preau_domain::SourceId::new("annuaire"), key: key.into() };
        let whole = Person {
            join: Some(key("1")),
            family_name: "D'Arc \"é\"".into(),
            title: Some("Mme".into()),
            login: Some("o.clairval".into()),
            mail: Some("o@ecole.example".into()),
            credentials: Credentials::Directory,
            affiliations: vec![Affiliation {
                classes: vec!["6A".into()],
                ..Affiliation::new(uai, preau_domain::Profile::Pupil)
            }],
            children: vec![Child {
                pupil: key("2"),
                link: "10".into(),
                legal: preau_domain::Legal::Contact,
                enrolment: None,
            }],
            ..person()
        };
        assert_eq!(unfolded(&whole.id, &folded(&whole).unwrap()).unwrap(), whole);
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
        let service = |n: usize| ServiceId::new(format!("s{n}"));
        let answer = |n, generation| {
            let decided = Decided::closed(Decision::Deny(refused.clone()));
            Answer { service: service(n), generation, decided, released: None }
        };
        for n in 0..=MOST_ANSWERS {
            live.keep(answer(n, 1));
        }
        assert!(live.answer(&service(0), 1).is_none() && live.answer(&service(1), 1).is_some());
        assert!(live.answer(&service(1), 2).is_none());
        live.keep(answer(1, 2));
        assert!(live.answer(&service(1), 2).is_some() && live.answer(&service(1), 1).is_none());
        assert!(live.answer(&service(2), 1).is_some());
    }
}
