//! Sweeping, readiness, figures, leases.

use crate::fixture::{
    LATER, NOW, beginning, change, event, grant, kept, live, local, pending, registration, session, source, sourced,
    ticket, visit,
};
use preau_domain::{
    AuditEvent, CorrelationId, Grant, GrantKind, Instant, KeptKind, KeptThing, OneTimeKey, PendingId, Registration,
    RegistrationKind, Seconds, Session, Ticket, TicketKind,
};
use preau_store::{Attempt, Delays, Rotation, Store, Swept};

/// A sweep takes what expired and nothing else, and says how much it took.
pub async fn a_sweep_takes_what_expired(store: &dyn Store) {
    let kept = live(store, "s1", "p-zoe").await;
    let old = Session { expires: LATER, ..session("s2", "p-zoe") };
    store.begin_session(&beginning(old.clone())).await.unwrap();
    let short = Ticket { expires: LATER, ..ticket("t1", &kept) };
    let long = Ticket { expires: LATER + Seconds(1), ..ticket("t2", &kept) };
    let fallen = Ticket { expires: LATER + Seconds(9), ..ticket("t3", &old.id) };
    store.issue_ticket(&short, None).await.unwrap();
    store.issue_ticket(&long, None).await.unwrap();
    store.issue_ticket(&fallen, Some(&visit(&old.id, "moodle", NOW))).await.unwrap();
    store.put_pending(&preau_domain::PendingSignIn { expires: LATER, ..pending("a") }).await.unwrap();
    store.put_pending(&pending("b")).await.unwrap();
    let swept = store.sweep(LATER, NOW, 100).await.unwrap();
    assert_eq!(swept, Swept { sessions: 1, pending: 1, tickets: 1, ..Swept::default() });
    assert!(store.session(&kept, NOW).await.unwrap().is_some());
    assert!(store.visits(&old.id).await.unwrap().is_empty());
    assert!(store.pending(&PendingId::new("b"), NOW).await.unwrap().is_some());
    assert!(store.consume_ticket(&long.key, TicketKind::CasService).await.unwrap().is_some());
    assert_eq!(store.consume_ticket(&fallen.key, TicketKind::CasService).await.unwrap(), None);
    assert_eq!(store.sweep(LATER, NOW, 100).await.unwrap(), Swept::default());
}

/// Documents and tokens go when they expire; a spent refresh token stays until then, and a family as long as one of its
/// tokens. What falls with its session is not counted.
pub async fn a_sweep_takes_documents_and_tokens(store: &dyn Store) {
    let session = live(store, "s1", "p-zoe").await;
    store.keep(&KeptThing { expires: LATER, ..kept("k1", "{}") }, NOW).await.unwrap();
    store.keep(&kept("k2", "{}"), NOW).await.unwrap();
    let inside = |key: &str| Grant { expires: LATER, ..grant(key, GrantKind::Access, "f3", Some(&session)) };
    store.grant(&[inside("a9")]).await.unwrap();
    let short = |key: &str| Grant { expires: LATER, ..grant(key, GrantKind::Access, "f1", None) };
    store.grant(&[short("a1"), grant("r1", GrantKind::Refresh, "f1", None)]).await.unwrap();
    store.rotate(&OneTimeKey::new("r1"), NOW, &[short("a2")]).await.unwrap();
    store.grant(&[Grant { family: OneTimeKey::new("f2"), ..short("a3") }]).await.unwrap();
    let swept = store.sweep(LATER, NOW, 100).await.unwrap();
    assert_eq!(swept, Swept { kept: 1, grants: 4, ..Swept::default() }, "a family with its token, and three tokens");
    assert!(store.kept(&OneTimeKey::new("k2"), KeptKind::PushedRequest, NOW).await.unwrap().is_some());
    let again = store.rotate(&OneTimeKey::new("r1"), LATER, &[short("a4")]).await.unwrap();
    assert_eq!(again, Rotation::Reused, "a copy is still noticed");
    assert_eq!(store.sweep(NOW + Seconds(600), NOW, 100).await.unwrap(), Swept { kept: 1, ..Swept::default() });
}

/// Registrations go when they expire; those without an end stay.
pub async fn a_sweep_takes_registrations(store: &dyn Store) {
    let dynamic = Registration { kind: RegistrationKind::Dynamic, expires: None, ..registration("app") };
    store.add_registration(&registration("bench")).await.unwrap();
    store.add_registration(&dynamic).await.unwrap();
    assert_eq!(store.sweep(NOW + Seconds(599), NOW, 100).await.unwrap(), Swept::default());
    let swept = store.sweep(NOW + Seconds(600), NOW, 100).await.unwrap();
    assert_eq!(swept, Swept { registrations: 1, ..Swept::default() });
    store.add_registration(&registration("bench")).await.unwrap();
    assert_eq!(store.registration(&dynamic.id, NOW).await.unwrap(), Some(dynamic));
}

/// Counters go after a day, devices after 180, events when they are older than asked.
pub async fn a_sweep_takes_counters_and_events(store: &dyn Store) {
    let (day, delays) = (Seconds(24 * 3600), Delays(&[(1, 1000)]));
    store.count_attempt("old", NOW, delays).await.unwrap();
    store.count_attempt("new", LATER, delays).await.unwrap();
    store.remember_device("d", NOW).await.unwrap();
    store.record(event("c1", "old"));
    store.record(AuditEvent { at: LATER, ..event("c1", "new") });
    store.flush_audit().await.unwrap();
    let swept = store.sweep(NOW + day, LATER, 100).await.unwrap();
    assert_eq!(swept, Swept { counters: 1, audit: 1, ..Swept::default() });
    assert!(matches!(store.count_attempt("new", LATER, delays).await.unwrap(), Attempt::NotBefore(_)));
    assert_eq!(store.audit_of(&CorrelationId::new("c1")).await.unwrap()[0].detail, "new");
    assert!(store.device_known("d", LATER).await.unwrap());
    let half_a_year = store.sweep(NOW + Seconds(180 * 24 * 3600), NOW, 100).await.unwrap();
    assert_eq!(half_a_year.counters, 2, "the other counter and the device");
}

/// A sweep takes no more than asked of each kind, the oldest first.
pub async fn a_sweep_is_bounded(store: &dyn Store) {
    for n in 0..5 {
        let end = Instant(NOW.0 + 5 - n);
        let late = preau_domain::PendingSignIn { expires: end, ..pending(&format!("p{n}")) };
        store.put_pending(&late).await.unwrap();
        store.record(event("c1", &n.to_string()));
    }
    store.flush_audit().await.unwrap();
    let swept = store.sweep(LATER, LATER, 2).await.unwrap();
    assert_eq!((swept.pending, swept.audit), (2, 2));
    assert_eq!(
        store.pending(&PendingId::new("p4"), NOW).await.unwrap(),
        None,
        "the first to expire is the first to go"
    );
    assert!(store.pending(&PendingId::new("p0"), NOW).await.unwrap().is_some());
    assert_eq!(store.audit_of(&CorrelationId::new("c1")).await.unwrap()[0].detail, "2");
    assert_eq!(store.sweep(LATER, LATER, 100).await.unwrap().pending, 3);
}

/// A database that works says so, with its name and a few figures.
pub async fn a_healthy_store_says_so(store: &dyn Store) {
    store.ready().await.unwrap();
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    store.put_people(None, &[change(sourced("k1")), change(sourced("k2"))]).await.unwrap();
    store.suspend_people(None, &source(), &["k2".into()]).await.unwrap();
    live(store, "s1", "p-zoe").await;
    let health = store.health().await.unwrap();
    assert_eq!((health.people, health.sessions), (2, 1));
    assert!(health.backend.starts_with("sqlite 3.") || health.backend.starts_with("postgresql "), "{}", health.backend);
    store.ready().await.unwrap();
}

/// A lease has one holder, who may renew it and give it back; it is free again at the instant it ends.
pub async fn a_lease_has_one_holder(store: &dyn Store) {
    let take =
        async |holder: &str, now: Instant| store.acquire_lease("sync", holder, now, now + Seconds(60)).await.unwrap();
    assert!(take("a", NOW).await);
    assert!(!take("b", NOW).await);
    assert!(take("a", NOW + Seconds(30)).await, "its holder renews it");
    assert!(!take("b", NOW + Seconds(89)).await);
    assert!(take("b", NOW + Seconds(90)).await, "it ended");
    assert!(!take("a", NOW + Seconds(91)).await);
    store.release_lease("sync", "a").await.unwrap();
    assert!(!take("a", NOW + Seconds(92)).await, "who does not hold it gives nothing back");
    store.release_lease("sync", "b").await.unwrap();
    assert!(take("a", NOW + Seconds(93)).await);
    assert!(store.acquire_lease("other", "b", NOW, LATER).await.unwrap(), "another name is another lease");
}

/// Of a hundred who ask for a lease at once, exactly one gets it.
pub async fn one_of_many_gets_a_lease(store: &dyn Store) {
    let take = async |n: usize| store.acquire_lease("sync", &format!("h{n}"), NOW, LATER).await;
    let answers = futures::future::join_all((0..100).map(take)).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(true))).count(), 1);
    assert!(answers.iter().all(Result::is_ok));
}

/// Many different writes at once all succeed: nobody is refused because somebody else writes.
pub async fn contended_writers_all_succeed(store: &dyn Store) {
    let work = async |n: usize| -> preau_store::Result<()> {
        let (id, sign_in) = (format!("s{n}"), pending(&format!("p{n}")));
        store.put_pending(&sign_in).await?;
        store.record(event(&id, "signed in"));
        let pending = Some(crate::fixture::ending(&format!("p{n}")));
        let new = preau_store::NewSession { pending, ..beginning(session(&id, "p-zoe")) };
        store.begin_session(&new).await?;
        let id = new.session.id;
        store.issue_ticket(&ticket(&format!("t{n}"), &id), Some(&visit(&id, "moodle", NOW))).await?;
        store.put_people(None, &[change(sourced(&format!("k{}", n % 10)))]).await?;
        store.consume_ticket(&OneTimeKey::new(format!("t{n}")), TicketKind::CasService).await?.expect("its own ticket");
        store.end_session(&id, NOW, None).await?.expect("its own session");
        Ok(())
    };
    for answer in futures::future::join_all((0..200).map(work)).await {
        answer.unwrap();
    }
}
