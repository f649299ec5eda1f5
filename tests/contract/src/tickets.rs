//! Single-use things.

use crate::fixture::{LATER, NOW, beginning, conflicts, live, session, ticket, visit, winners};
use preau_domain::{Instant, OneTimeKey, Session, SessionId, Ticket, TicketKind};
use preau_store::{Store, TICKETS_OF_ONE};

/// A visit may come without a ticket, of a session that is there.
pub async fn a_visit_may_come_alone(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let seen = visit(&id, "moodle", NOW);
    store.add_visit(&seen).await.unwrap();
    assert_eq!(store.visits(&id).await.unwrap().as_slice(), std::slice::from_ref(&seen));
    assert_eq!(store.end_session(&id, NOW, None).await.unwrap(), Some(vec![seen.clone()]));
    assert!(conflicts(&store.add_visit(&seen).await));
}

/// A ticket is taken out once and comes back whole.
pub async fn a_ticket_is_consumed_once(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let issued = ticket("t1", &id);
    store.issue_ticket(&issued, None).await.unwrap();
    assert_eq!(store.consume_ticket(&issued.key, TicketKind::CasService).await.unwrap(), Some(issued.clone()));
    assert_eq!(store.consume_ticket(&issued.key, TicketKind::CasService).await.unwrap(), None);
    store.issue_ticket(&issued, None).await.unwrap();
}

/// A ticket is found only by its exact key and kind; looking for it in vain does not burn it.
pub async fn a_ticket_of_another_kind_is_absent(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    store.issue_ticket(&ticket("t1", &id), None).await.unwrap();
    for key in ["T1", "t1 ", "t_", "%", "", "t1\0"] {
        assert_eq!(store.consume_ticket(&OneTimeKey::new(key), TicketKind::CasService).await.unwrap(), None, "{key}");
    }
    let key = OneTimeKey::new("t1");
    assert_eq!(store.consume_ticket(&key, TicketKind::CasProxy).await.unwrap(), None);
    assert_eq!(store.ticket(&key, TicketKind::CasProxyGranting, NOW).await.unwrap(), None);
    assert!(store.consume_ticket(&key, TicketKind::CasService).await.unwrap().is_some());
}

/// An expired ticket is still burnt by the first who asks; reading passes over it.
pub async fn an_expired_ticket_is_consumed_but_not_read(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let granting = Ticket { kind: TicketKind::CasProxyGranting, ..ticket("pgt", &id) };
    store.issue_ticket(&granting, None).await.unwrap();
    let read = async |at| store.ticket(&granting.key, TicketKind::CasProxyGranting, at).await.unwrap();
    assert_eq!(read(Instant(granting.expires.0 - 1)).await.as_ref(), Some(&granting));
    assert_eq!(read(NOW).await.as_ref(), Some(&granting), "it is read as often as wanted");
    assert_eq!(read(granting.expires).await, None);
    let burnt = store.consume_ticket(&granting.key, TicketKind::CasProxyGranting).await.unwrap();
    assert_eq!(burnt, Some(granting));
}

/// A taken key conflicts, keeps the first ticket, and leaves no visit behind.
pub async fn a_taken_key_conflicts(store: &dyn Store) {
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-ali").await);
    store.issue_ticket(&ticket("t1", &hers), Some(&visit(&hers, "moodle", NOW))).await.unwrap();
    assert!(conflicts(&store.issue_ticket(&ticket("t1", &his), Some(&visit(&his, "moodle", NOW))).await));
    assert!(store.visits(&his).await.unwrap().is_empty());
    let kept = store.consume_ticket(&OneTimeKey::new("t1"), TicketKind::CasService).await.unwrap();
    assert_eq!(kept.map(|t| t.session), Some(hers));
    store.issue_ticket(&ticket("t1", &his), Some(&visit(&his, "moodle", NOW))).await.unwrap();
    assert_eq!(store.visits(&his).await.unwrap().len(), 1);
}

/// No ticket is born of a session that is gone, has expired or never was; a visit belongs to the session of its ticket.
pub async fn a_ticket_needs_its_session(store: &dyn Store) {
    let gone = live(store, "s1", "p-zoe").await;
    store.end_session(&gone, NOW, None).await.unwrap();
    let short = Session { expires: LATER, ..session("s2", "p-zoe") };
    store.begin_session(&beginning(short.clone())).await.unwrap();
    let late = Ticket { issued: LATER, ..ticket("t2", &short.id) };
    for ticket in [ticket("t1", &gone), late, ticket("t3", &SessionId::new("never"))] {
        assert!(conflicts(&store.issue_ticket(&ticket, None).await));
        assert!(conflicts(&store.issue_ticket(&ticket, Some(&visit(&ticket.session, "moodle", NOW))).await));
        assert_eq!(store.consume_ticket(&ticket.key, TicketKind::CasService).await.unwrap(), None);
        assert!(store.visits(&ticket.session).await.unwrap().is_empty());
    }
    let stray = store.issue_ticket(&ticket("t4", &short.id), Some(&visit(&gone, "moodle", NOW))).await;
    assert!(stray.is_err());
    assert_eq!(store.consume_ticket(&OneTimeKey::new("t4"), TicketKind::CasService).await.unwrap(), None);
    store.issue_ticket(&ticket("t4", &short.id), None).await.unwrap();
}

/// Of one session a bounded number of tickets waits; others are not concerned, and a redeemed one makes room.
pub async fn tickets_of_one_session_are_bounded(store: &dyn Store) {
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-ali").await);
    for n in 0..TICKETS_OF_ONE {
        store.issue_ticket(&ticket(&format!("t{n}"), &hers), None).await.unwrap();
    }
    let (more, seen) = (ticket("more", &hers), visit(&hers, "moodle", NOW));
    for visit in [None, Some(&seen)] {
        let refused = store.issue_ticket(&more, visit).await;
        assert!(refused.is_err() && !conflicts(&refused), "{refused:?}");
    }
    assert!(store.visits(&hers).await.unwrap().is_empty());
    store.issue_ticket(&ticket("his", &his), None).await.unwrap();
    store.consume_ticket(&OneTimeKey::new("t0"), TicketKind::CasService).await.unwrap().unwrap();
    store.issue_ticket(&more, Some(&seen)).await.unwrap();
}

/// Of a hundred who consume one ticket at once, exactly one gets it, and nobody fails.
pub async fn one_of_many_consumes_a_ticket(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    for round in 0..5 {
        let key = OneTimeKey::new(format!("t{round}"));
        store.issue_ticket(&ticket(key.as_str(), &id), None).await.unwrap();
        let consume = |_| store.consume_ticket(&key, TicketKind::CasService);
        let answers = futures::future::join_all((0..100).map(consume)).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count(), 1);
    }
}

/// Of a hundred tickets of one key, exactly one is issued.
pub async fn one_of_many_issues_a_key(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let (ticket, visit) = (ticket("t1", &id), visit(&id, "moodle", NOW));
    assert_eq!(winners(|_| store.issue_ticket(&ticket, Some(&visit)), Result::is_ok).await, 1);
    assert_eq!(store.visits(&id).await.unwrap().len(), 1);
}
