//! Live sessions.

use crate::fixture::{
    LATER, NOW, beginning, change, conflicts, ending, live, pending, session, source, sourced, ticket, uai, visit,
    winners,
};
use preau_domain::{
    Authentication, AuthnMethod, Factor, FactorId, FactorKind, Instant, KeptKind, KeptThing, OneTimeKey, PendingId,
    PersonId, Session, SessionId, TicketKind,
};
use preau_store::{FactorUse, NewSession, ProvedBy, Store};

/// What is stored is what comes back, until the instant it expires.
pub async fn a_session_is_kept(store: &dyn Store) {
    let bare = Session { establishment: None, ..session("s2", "p-ali") };
    store.begin_session(&beginning(session("s1", "p-zoe"))).await.unwrap();
    store.begin_session(&beginning(bare.clone())).await.unwrap();
    let (id, end) = (SessionId::new("s1"), session("s1", "p-zoe").expires);
    assert_eq!(store.session(&id, NOW).await.unwrap(), Some(session("s1", "p-zoe")));
    assert_eq!(store.session(&bare.id, NOW).await.unwrap(), Some(bare));
    assert!(store.session(&id, Instant(end.0 - 1)).await.unwrap().is_some());
    assert_eq!(store.session(&id, end).await.unwrap(), None);
    assert_eq!(store.session(&SessionId::new("S1"), NOW).await.unwrap(), None);
    assert_eq!(store.session(&SessionId::new("s1\0"), NOW).await.unwrap(), None);
    assert!(conflicts(&store.begin_session(&beginning(session("s1", "p-ali"))).await));
    assert_eq!(store.session(&id, NOW).await.unwrap(), Some(session("s1", "p-zoe")));
}

/// A session ends its sign-in in the same stroke; when that ended before, nothing begins and nothing is ended.
pub async fn a_session_ends_its_sign_in(store: &dyn Store) {
    let old = live(store, "old", "p-ali").await;
    let new = |id: &str, sign_in: &str| NewSession {
        pending: Some(ending(sign_in)),
        replaces: Some(old.clone()),
        ..beginning(session(id, "p-zoe"))
    };
    store.end_pending(&ending("a")).await.unwrap();
    assert!(conflicts(&store.begin_session(&new("s1", "a")).await));
    assert_eq!(store.session(&SessionId::new("s1"), NOW).await.unwrap(), None);
    assert!(store.session(&old, NOW).await.unwrap().is_some());
    store.put_pending(&pending("b")).await.unwrap();
    store.begin_session(&new("s2", "b")).await.unwrap();
    assert!(conflicts(&store.pending(&PendingId::new("b"), NOW).await));
    assert_eq!(store.session(&old, NOW).await.unwrap(), None);
}

/// A session whose name is taken leaves its sign-in as it was.
pub async fn a_session_that_cannot_begin_changes_nothing(store: &dyn Store) {
    store.put_pending(&pending("a")).await.unwrap();
    live(store, "taken", "p-ali").await;
    let new = |id: &str| NewSession { pending: Some(ending("a")), ..beginning(session(id, "p-zoe")) };
    assert!(conflicts(&store.begin_session(&new("taken")).await));
    assert!(store.pending(&PendingId::new("a"), NOW).await.unwrap().is_some());
    store.begin_session(&new("s1")).await.unwrap();
}

/// Somebody with a passkey, a wrong code before it, and what they prove: that it moved its counter from one to the other, in answer to a question.
async fn with_a_passkey(store: &dyn Store) -> (PersonId, impl Fn(&str, i64, i64) -> ProvedBy) {
    let zoe = sourced("zoe");
    store.put_people(None, &[change(zoe.clone())]).await.unwrap();
    let (id, kind) = (FactorId::new("k"), FactorKind::Passkey);
    let (name, doc) = ("Clé".to_owned(), "{}".to_owned());
    let key = Factor { id, person: zoe.id.clone(), kind, name, doc, counter: 0, added: NOW, used: None };
    store.add_factor(&key).await.unwrap();
    store.keep(&kept("wrong", KeptKind::WrongCodes), NOW).await.unwrap();
    let proved = move |question: &str, was, counter| ProvedBy {
        used: FactorUse { id: key.id.clone(), was, counter, doc: "used".into(), at: NOW },
        answers: kept(question, KeptKind::ReplayGuard),
        device: format!("device of {question}"),
        forgives: OneTimeKey::new("wrong"),
    };
    (zoe.id, proved)
}

fn kept(name: &str, kind: KeptKind) -> KeptThing {
    KeptThing { key: OneTimeKey::new(name), kind, doc: String::new(), expires: LATER }
}

/// By what a session was proved is noted with it; when that cannot be, nothing begins, nothing is ended and nothing is noted.
pub async fn a_session_begins_with_its_proof(store: &dyn Store) {
    let (zoe, proved) = with_a_passkey(store).await;
    let new = |id: &str, sign_in: &str, by: ProvedBy| NewSession {
        pending: Some(ending(sign_in)),
        proved: Some(by),
        ..beginning(session(id, zoe.as_str()))
    };
    store.put_pending(&pending("a")).await.unwrap();
    store.keep(&kept("answered", KeptKind::ReplayGuard), NOW).await.unwrap();
    for (question, was) in [("answered", 0), ("q1", 7)] {
        assert!(conflicts(&store.begin_session(&new("s1", "a", proved(question, was, 9))).await), "{question}");
        assert_eq!(store.session(&SessionId::new("s1"), NOW).await.unwrap(), None);
        assert!(store.pending(&PendingId::new("a"), NOW).await.unwrap().is_some(), "it goes on");
        assert!(!store.device_known(&format!("device of {question}"), NOW).await.unwrap());
        assert_eq!(store.factor(&FactorId::new("k")).await.unwrap().unwrap().counter, 0);
    }
    assert!(store.kept(&OneTimeKey::new("wrong"), KeptKind::WrongCodes, NOW).await.unwrap().is_some());
    store.begin_session(&new("s1", "a", proved("q1", 0, 9))).await.unwrap();
    assert!(store.session(&SessionId::new("s1"), NOW).await.unwrap().is_some(), "control");
    let key = store.factor(&FactorId::new("k")).await.unwrap().unwrap();
    assert_eq!((key.counter, key.used, key.doc.as_str()), (9, Some(NOW), "used"));
    assert!(store.device_known("device of q1", NOW).await.unwrap());
    assert_eq!(store.kept(&OneTimeKey::new("wrong"), KeptKind::WrongCodes, NOW).await.unwrap(), None);
    assert!(conflicts(&store.keep(&kept("q1", KeptKind::ReplayGuard), NOW).await), "it is spent");
}

/// Of many sessions that would begin with the answer to one question, in sign-ins of their own, exactly one does.
pub async fn one_of_many_sessions_has_the_proof(store: &dyn Store) {
    let (zoe, proved) = with_a_passkey(store).await;
    let begin = async |n: usize| {
        let (pending, by) = (Some(ending(&format!("a{n}"))), Some(proved("q", 0, 0)));
        let new = NewSession { pending, proved: by, ..beginning(session(&format!("s{n}"), zoe.as_str())) };
        store.begin_session(&new).await
    };
    let answers = futures::future::join_all((0..20).map(begin)).await;
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|a| conflicts(a)).count(), 19);
    assert_eq!(store.sessions_of(&zoe, NOW).await.unwrap().len(), 1);
}

/// Of a hundred sessions that would begin from one sign-in, exactly one does.
pub async fn one_of_many_sessions_begins(store: &dyn Store) {
    let begin = async |n: usize| {
        let pending = Some(ending("a"));
        let new = NewSession { pending, ..beginning(session(&format!("s{n}"), "p-zoe")) };
        store.begin_session(&new).await
    };
    let answers = futures::future::join_all((0..100).map(begin)).await;
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|a| conflicts(a)).count(), 99);
    assert_eq!(store.sessions_of(&PersonId::new("p-zoe"), NOW).await.unwrap().len(), 1);
}

/// Signing in again as the same person keeps visits and tickets, so that single logout stays whole.
pub async fn the_same_person_keeps_visits_and_tickets(store: &dyn Store) {
    let old = live(store, "old", "p-zoe").await;
    store.issue_ticket(&ticket("t1", &old), Some(&visit(&old, "moodle", NOW))).await.unwrap();
    let new = NewSession { replaces: Some(old.clone()), ..beginning(session("new", "p-zoe")) };
    assert!(store.begin_session(&new).await.unwrap().is_empty(), "no service is told of an end");
    let new = new.session.id;
    assert_eq!(store.session(&old, NOW).await.unwrap(), None);
    assert_eq!(store.visits(&new).await.unwrap(), [visit(&new, "moodle", NOW)]);
    let moved = store.consume_ticket(&OneTimeKey::new("t1"), TicketKind::CasService).await.unwrap();
    assert_eq!(moved.map(|t| t.session), Some(new));
}

/// Signing in as another person ends the session before, and its visits come back to be told.
pub async fn another_person_ends_the_session_before(store: &dyn Store) {
    let old = live(store, "old", "p-ali").await;
    store.issue_ticket(&ticket("t1", &old), Some(&visit(&old, "moodle", NOW))).await.unwrap();
    let new = NewSession { replaces: Some(old.clone()), ..beginning(session("new", "p-zoe")) };
    assert_eq!(store.begin_session(&new).await.unwrap(), [visit(&old, "moodle", NOW)]);
    assert_eq!(store.session(&old, NOW).await.unwrap(), None);
    assert_eq!(store.consume_ticket(&OneTimeKey::new("t1"), TicketKind::CasService).await.unwrap(), None);
    assert!(store.visits(&new.session.id).await.unwrap().is_empty());
    let gone = NewSession { replaces: Some(old), ..beginning(session("next", "p-zoe")) };
    assert!(store.begin_session(&gone).await.unwrap().is_empty(), "replacing what is gone is no failure");
}

/// Sessions of a person come latest first, without those that expired, and at most a hundred.
pub async fn sessions_of_a_person_come_latest_first(store: &dyn Store) {
    for n in 0..105 {
        let created = Instant(NOW.0 + n);
        let expires = if n == 104 { LATER } else { session("", "").expires };
        let new = Session { created, expires, ..session(&format!("s{n}"), "p-zoe") };
        store.begin_session(&beginning(new)).await.unwrap();
    }
    live(store, "his", "p-ali").await;
    let sessions = store.sessions_of(&PersonId::new("p-zoe"), LATER).await.unwrap();
    let ids: Vec<&str> = sessions.iter().map(|s| s.id.as_str()).collect();
    assert_eq!((ids.len(), ids[0], ids[99]), (100, "s103", "s4"));
    assert!(store.sessions_of(&PersonId::new("p-nobody"), NOW).await.unwrap().is_empty());
}

/// What changes in a live session: last use (never backwards), establishment, proof. A session that is gone stays gone.
pub async fn a_live_session_changes(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let proof = Authentication {
        method: AuthnMethod::LocalPassword,
        at: LATER,
        unsaid: false,
        password: None,
        by: None,
        acr: None,
        turn: None,
        delegations: Vec::new(),
        second: None,
    };
    store.touch_session(&id, LATER).await.unwrap();
    store.touch_session(&id, NOW).await.unwrap();
    store.set_session_establishment(&id, &uai(7), Some(&PersonId::new("p-noe"))).await.unwrap();
    store.set_session_authentication(&id, &proof).await.unwrap();
    let changed = Session {
        last_seen: LATER,
        child: Some(PersonId::new("p-noe")),
        establishment: Some(uai(7)),
        authentication: proof.clone(),
        ..session("s1", "p-zoe")
    };
    assert_eq!(store.session(&id, NOW).await.unwrap(), Some(changed));
    store.end_session(&id, NOW, None).await.unwrap();
    store.touch_session(&id, LATER).await.unwrap();
    store.set_session_establishment(&id, &uai(7), None).await.unwrap();
    store.set_session_authentication(&id, &proof).await.unwrap();
    assert_eq!(store.session(&id, NOW).await.unwrap(), None);
}

/// Visits come oldest first; those made at the same instant in the order they were made.
pub async fn visits_come_oldest_first(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    for (n, (service, at)) in [("late", LATER), ("b", NOW), ("a", NOW)].into_iter().enumerate() {
        store.issue_ticket(&ticket(&format!("t{n}"), &id), Some(&visit(&id, service, at))).await.unwrap();
    }
    let services: Vec<_> = store.visits(&id).await.unwrap().into_iter().map(|v| v.service.to_string()).collect();
    assert_eq!(services, ["b", "a", "late"]);
    assert!(store.visits(&SessionId::new("nothing")).await.unwrap().is_empty());
}

/// The end of a session takes its tickets and visits with it, and no other's; only the first who ends it is told where
/// it had been.
pub async fn the_end_of_a_session_is_whole(store: &dyn Store) {
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-zoe").await);
    store.issue_ticket(&ticket("t1", &hers), Some(&visit(&hers, "moodle", NOW))).await.unwrap();
    store.issue_ticket(&ticket("t2", &his), Some(&visit(&his, "pronote", NOW))).await.unwrap();
    assert_eq!(store.end_session(&hers, NOW, None).await.unwrap(), Some(vec![visit(&hers, "moodle", NOW)]));
    assert_eq!(store.end_session(&hers, NOW, None).await.unwrap(), None);
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert!(store.visits(&hers).await.unwrap().is_empty());
    assert_eq!(store.consume_ticket(&OneTimeKey::new("t1"), TicketKind::CasService).await.unwrap(), None);
    assert!(store.session(&his, NOW).await.unwrap().is_some());
    assert_eq!(store.visits(&his).await.unwrap().len(), 1);
    assert!(store.consume_ticket(&OneTimeKey::new("t2"), TicketKind::CasService).await.unwrap().is_some());
}

/// Of a hundred who end one session at once, exactly one is told where it had been.
pub async fn one_of_many_ends_a_session(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    store.issue_ticket(&ticket("t1", &id), Some(&visit(&id, "moodle", NOW))).await.unwrap();
    let whole = |answer: &preau_store::Result<Option<Vec<_>>>| matches!(answer, Ok(Some(visits)) if visits.len() == 1);
    assert_eq!(winners(|_| store.end_session(&id, NOW, None), whole).await, 1);
}

/// Ending all sessions of a person gives all their visits back and leaves other people alone.
pub async fn all_sessions_of_a_person_end(store: &dyn Store) {
    for (n, person) in ["p-zoe", "p-zoe", "p-ali"].into_iter().enumerate() {
        let id = live(store, &format!("s{n}"), person).await;
        store.issue_ticket(&ticket(&format!("t{n}"), &id), Some(&visit(&id, "moodle", NOW))).await.unwrap();
    }
    let mut told: Vec<_> = store
        .end_sessions_of(&PersonId::new("p-zoe"), NOW)
        .await
        .unwrap()
        .into_iter()
        .map(|v| v.session.to_string())
        .collect();
    told.sort();
    assert_eq!(told, ["s0", "s1"]);
    assert!(store.sessions_of(&PersonId::new("p-zoe"), NOW).await.unwrap().is_empty());
    assert_eq!(store.sessions_of(&PersonId::new("p-ali"), NOW).await.unwrap().len(), 1);
    assert!(store.end_sessions_of(&PersonId::new("p-zoe"), NOW).await.unwrap().is_empty());
}

/// However tickets and the end of their session race, no ticket and no visit is left behind, and every visit that was
/// accepted is told.
pub async fn no_ticket_slips_past_the_end(store: &dyn Store) {
    for round in 0..10 {
        let id = live(store, &format!("s{round}"), "p-zoe").await;
        let issue = async |n: usize| {
            let ticket = ticket(&format!("t{round}-{n}"), &id);
            store.issue_ticket(&ticket, Some(&visit(&id, "moodle", NOW))).await
        };
        let issuing = futures::future::join_all((0..20).map(issue));
        let (issued, ended) = futures::join!(issuing, store.end_session(&id, NOW, None));
        let accepted = issued.iter().filter(|answer| answer.is_ok()).count();
        assert!(issued.iter().all(|answer| answer.is_ok() || conflicts(answer)));
        assert_eq!(ended.unwrap().map(|visits| visits.len()), Some(accepted));
        for n in 0..20 {
            let key = OneTimeKey::new(format!("t{round}-{n}"));
            assert_eq!(store.consume_ticket(&key, TicketKind::CasService).await.unwrap(), None);
        }
    }
}

/// A session that expired, or was stopped with its person, is none any more, and waits with its visits to be ended.
pub async fn what_ends_by_itself_waits_to_be_told(store: &dyn Store) {
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-k1").await);
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    store.issue_ticket(&ticket("t2", &his), Some(&visit(&his, "moodle", NOW))).await.unwrap();
    assert!(store.expired_sessions(NOW, 9).await.unwrap().is_empty());
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    assert_eq!(store.session(&his, NOW).await.unwrap(), None);
    assert_eq!(store.expired_sessions(NOW, 9).await.unwrap(), vec![his.clone()]);
    assert_eq!(store.end_session(&his, NOW, None).await.unwrap(), Some(vec![visit(&his, "moodle", NOW)]));
    let end = session("s1", "p-zoe").expires;
    assert_eq!(store.expired_sessions(end, 9).await.unwrap(), vec![hers]);
}

/// Sessions that nobody used for long are named, longest first; those that were used are not.
pub async fn what_nobody_uses_is_named(store: &dyn Store) {
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-ali").await);
    assert!(store.idle_sessions(NOW, 9).await.unwrap().is_empty());
    store.touch_session(&hers, Instant(NOW.0 + 1)).await.unwrap();
    assert_eq!(store.idle_sessions(Instant(NOW.0 + 1), 9).await.unwrap(), vec![his.clone()]);
    assert_eq!(store.idle_sessions(LATER, 9).await.unwrap(), [his.clone(), hers.clone()]);
    assert_eq!(store.idle_sessions(LATER, 1).await.unwrap(), vec![his.clone()]);
    store.end_session(&his, LATER, None).await.unwrap();
    assert_eq!(store.idle_sessions(LATER, 9).await.unwrap(), [hers]);
}

/// A session somebody used since it was named idle goes on; one that nobody used ends like any other, once.
pub async fn a_session_used_meanwhile_is_not_idle(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    store.issue_ticket(&ticket("t1", &id), Some(&visit(&id, "moodle", NOW))).await.unwrap();
    assert_eq!(store.idle_sessions(LATER, 9).await.unwrap(), std::slice::from_ref(&id));
    store.touch_session(&id, LATER).await.unwrap();
    assert_eq!(store.end_idle_session(&id, LATER, LATER, None).await.unwrap(), None);
    assert!(store.session(&id, LATER).await.unwrap().is_some());
    assert!(store.consume_ticket(&OneTimeKey::new("t1"), TicketKind::CasService).await.unwrap().is_some());
    let since = Instant(LATER.0 + 1);
    assert_eq!(store.end_idle_session(&id, since, since, None).await.unwrap().map(|visits| visits.len()), Some(1));
    assert_eq!(store.end_idle_session(&id, since, since, None).await.unwrap(), None);
}

/// A visit of its own needs a session that is there; what one protocol noted of one service is forgotten, and nothing else.
pub async fn a_visit_is_noted_and_forgotten(store: &dyn Store) {
    let (here, there) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-zoe").await);
    for (session, service) in [(&here, "moodle"), (&here, "moodle"), (&here, "grr"), (&there, "moodle")] {
        store.add_visit(&visit(session, service, NOW)).await.unwrap();
    }
    let gone = SessionId::new("gone");
    assert!(conflicts(&store.add_visit(&visit(&gone, "moodle", NOW)).await));
    let late = session("s1", "p-zoe").expires;
    assert!(conflicts(&store.add_visit(&visit(&here, "moodle", late)).await));
    let (protocol, moodle) = (visit(&here, "moodle", NOW).protocol, visit(&here, "moodle", NOW).service);
    store.add_visit(&visit(&here, "moodle", LATER)).await.unwrap();
    let last = store.last_visit(&here, &protocol, &moodle, LATER).await.unwrap();
    assert_eq!(last, Some(visit(&here, "moodle", LATER)));
    assert_eq!(store.last_visit(&here, "another", &moodle, LATER).await.unwrap(), None);
    assert_eq!(store.last_visit(&here, &protocol, &moodle, late).await.unwrap(), None, "it has expired");
    store.forget_visits(&here, "another", &moodle).await.unwrap();
    assert_eq!(store.visits(&here).await.unwrap().len(), 4);
    store.forget_visits(&here, &protocol, &moodle).await.unwrap();
    assert_eq!(store.visits(&here).await.unwrap(), [visit(&here, "grr", NOW)]);
    assert_eq!(store.visits(&there).await.unwrap(), [visit(&there, "moodle", NOW)]);
}
