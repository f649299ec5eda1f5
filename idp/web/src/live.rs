//! A session as a request meets it: the session, the person and what policy answered, loaded together and kept for a few
//! seconds, so that the hot path reads no database.
//!
//! What sessions have in common is in `shared`, the sessions of the latest seconds are in `recent`, and `record` folds a person
//! into one text.

mod recent;
mod record;
mod shared;

pub(crate) use recent::Recent;
pub(crate) use shared::Common;

use crate::{Fault, FaultKind};
use preau_domain::{Establishment, Inspection, Instant, Person, ServiceId, Session, SpaceGrant, Uai};
use preau_policy::{Decision, Facts, Proof, Released};
use record::{folded, unfolded};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers kept in one session: of more services, those asked longest ago are asked again.
const MOST_ANSWERS: usize = 8;

/// A live session with everything a decision needs.
pub struct Live {
    /// The session.
    pub session: Session,
    /// The record of the person as one text, a quarter as large as its parts: most requests find what policy answered before,
    /// and the others open it. Of a parent who acts for a child, that of the child stands on a second line.
    record: Box<str>,
    /// The establishments of the person that are known, ordered by number; sessions of the same ones share them.
    pub establishments: Arc<[Arc<Establishment>]>,
    /// What shared spaces give the person; what they make of the person stands in the record.
    spaces: Box<[SpaceGrant]>,
    /// The spaces of teachers that an inspector may look at, also what has not begun.
    inspections: Box<[Inspection]>,
    /// Somebody looks at a space of theirs or did lately, or they look at one: else nobody asks which.
    pub inspected: bool,
    /// The person has yet to accept the charte: no service opens before they do.
    pub charte_due: bool,
    /// When it was loaded: older than [`Live::FRESH_MS`] is loaded again.
    pub loaded: Instant,
    /// Of the services asked about last, the latest at the end.
    answers: Mutex<Box<[Answer]>>,
}

/// The record of a live session, opened.
pub struct Known {
    /// Whose session it is.
    pub person: Arc<Person>,
    /// The child for whom they act.
    pub child: Option<Person>,
    /// What policy decides on: of a parent who acts for a child, what they are for that child.
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
    /// Whether a visit was noted since the record of the session was read.
    pub visited: bool,
    /// May the person open it?
    pub decided: Decided,
    /// What it receives, where it may be opened and there is something to tell.
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

    /// Puts together what was loaded at that instant, of a person whose account is active, and of the child they act for.
    pub fn new(
        session: Session,
        person: &Person,
        child: Option<Person>,
        establishments: Arc<[Arc<Establishment>]>,
        loaded: Instant,
    ) -> Result<Live, Fault> {
        let mut record = folded(person).map_err(|_| unread())?;
        if let Some(child) = &child {
            record = format!("{record}\n{}", serde_json::to_string(child).map_err(|_| unread())?).into();
        }
        let (spaces, inspections, answers) = (Box::default(), Box::default(), Mutex::default());
        let (charte_due, inspected) = (false, false);
        Ok(Live { session, record, establishments, spaces, inspections, inspected, charte_due, loaded, answers })
    }

    /// The same of a person who has yet to accept the charte, or not.
    pub fn with_charte_due(self, charte_due: bool) -> Live {
        Live { charte_due, ..self }
    }

    /// The same of a person in these spaces, whose record says so already.
    pub fn with_spaces(mut self, grants: Vec<SpaceGrant>) -> Live {
        self.spaces = grants.into();
        self
    }

    /// The same of an inspector who was granted these, or of somebody of whom there are `any`.
    pub fn with_inspections(mut self, granted: Vec<Inspection>, any: bool) -> Live {
        (self.inspections, self.inspected) = (granted.into(), any);
        self
    }

    /// What an inspector was granted, also what has not begun.
    pub fn inspections(&self) -> &[Inspection] {
        &self.inspections
    }

    /// What shared spaces give the person, also what has not begun.
    pub fn spaces(&self) -> &[SpaceGrant] {
        &self.spaces
    }

    /// Whether it is still believed: when a delegation, a space or an inspection begins or ends, the facts are others.
    fn is_fresh(&self, now: Instant) -> bool {
        let delegations = self.session.authentication.delegations.iter();
        let delegations = delegations.flat_map(|one| [one.from, one.until]);
        let turns = delegations.chain(self.spaces.iter().flat_map(|one| [one.from, one.until]));
        let mut turns = turns.chain(self.inspections.iter().flat_map(|one| [one.from, one.until]));
        (0..Live::FRESH_MS).contains(&(now - self.loaded)) && !turns.any(|at| self.loaded < at && at <= now)
    }

    /// The person, and what policy decides on: for what was not answered before.
    pub fn known(&self) -> Result<Known, Fault> {
        let (own, child) = match self.record.split_once('\n') {
            Some((own, child)) => (own, Some(serde_json::from_str::<Person>(child).map_err(|_| unread())?)),
            None => (&*self.record, None),
        };
        let person: Arc<Person> = Arc::new(unfolded(&self.session.person, own).map_err(|_| unread())?);
        let (current, proof) = (self.session.establishment.as_ref(), &self.session.authentication);
        let name = current.and_then(|uai| self.establishment(uai)).map(|establishment| establishment.name.as_str());
        let acting = match &child {
            Some(child) => Arc::new(person.acting_for(child)),
            None => person.clone(),
        };
        let facts = Facts::about(acting, current, name, Some(proof.method)).proving(Proof::of(proof));
        let facts = facts.with_delegations(&proof.delegations, self.loaded).with_spaces(&self.spaces, self.loaded);
        let facts = facts.with_inspections(&self.inspections, self.loaded);
        Ok(Known { person, child, facts: facts.at(self.loaded) })
    }

    /// What policy answered for a service with that table of services, if it was asked.
    pub(crate) fn answer(&self, service: &ServiceId, generation: u32) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.iter().find(|answer| answer.service == *service && answer.generation == generation).cloned()
    }

    /// Keeps what policy answered.
    pub(crate) fn keep(&self, mut answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answer.visited |= answers.iter().any(|other| other.service == answer.service && other.visited);
        let others = answers.iter().filter(|other| other.service != answer.service).cloned();
        let mut all: Vec<Answer> = others.chain([answer.clone()]).collect();
        all.drain(..all.len().saturating_sub(MOST_ANSWERS));
        *answers = all.into();
    }

    /// Whether a visit to a service that hears of no end is to be noted: once is enough for saying so at the end of the
    /// session, and asking notes it. Whoever reads the session anew notes one more.
    pub fn notes_visit(&self, service: &ServiceId) -> bool {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers.iter_mut().find(|answer| answer.service == *service);
        known.is_none_or(|answer| !std::mem::replace(&mut answer.visited, true))
    }

    /// One of the person's establishments.
    pub fn establishment(&self, uai: &Uai) -> Option<&Establishment> {
        self.establishments.iter().map(|establishment| &**establishment).find(|e| &e.uai == uai)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Authentication, AuthnMethod, SessionId};
    use preau_policy::Reason;

    pub fn person() -> Person {
        let text =
            r#"{"id":"p1","state":"active","given_name":"Ondine","family_name":"Clairval","credentials":"local"}"#;
        serde_json::from_str(text).unwrap()
    }

    /// A session of that name that was loaded then.
    pub fn live(name: &str, loaded: i64) -> Arc<Live> {
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
                password: None,
                turn: None,
                delegations: Vec::new(),
                second: None,
            },
            establishment: None,
            created: Instant(0),
            expires: Instant(i64::MAX),
            last_seen: Instant(0),
            child: None,
        };
        Arc::new(Live::new(session, &person, None, Arc::default(), Instant(loaded)).unwrap())
    }

    #[test]
    fn a_session_keeps_the_latest_answers_and_none_of_another_table() {
        let live = live("a", 0);
        let refused = preau_policy::Refusal { reason: Reason::NoAffiliation, rule: None, would_change: Vec::new() };
        let service = |n: usize| ServiceId::new(format!("s{n}"));
        let answer = |n, generation| {
            let decided = Decided::closed(Decision::Deny(refused.clone()));
            Answer { service: service(n), generation, visited: false, decided, released: None }
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
