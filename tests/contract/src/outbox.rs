//! Notices of visits that are over.

use crate::fixture::{LATER, NOW, beginning, grant, live, local, session, ticket, visit};
use preau_domain::{
    Activation, CorrelationId, Grant, GrantKind, Instant, OneTimeKey, PersonId, Seconds, ServiceId, Session, SessionId,
    Visit,
};
use preau_store::{NewSession, Notice, Ousted, Store, TOLD_TO_ONE, YetToHear};
use std::collections::BTreeSet;

/// Begins a session that opened these services, once each.
async fn opened(store: &dyn Store, id: &str, services: &[&str]) -> SessionId {
    let id = live(store, id, "p-zoe").await;
    for service in services {
        let (key, visit) = (format!("{id}-{service}"), made(&id, service));
        store.issue_ticket(&ticket(&key, &id), Some(&visit)).await.unwrap();
    }
    id
}

/// A visit whose notice is of that session alone.
fn made(session: &SessionId, service: &str) -> Visit {
    Visit { notice: format!("{session} {service}"), ..visit(session, service, NOW) }
}

async fn taken(store: &dyn Store, now: Instant) -> Vec<Notice> {
    store.take_notices(now, now + Seconds(15), &[], 100, 1_000).await.unwrap()
}

fn services(notices: &[Notice]) -> Vec<&str> {
    let mut services: Vec<&str> = notices.iter().map(|notice| notice.visit.service.as_str()).collect();
    services.sort_unstable();
    services
}

/// Whatever ends a session leaves its notices behind, each once.
pub async fn every_end_leaves_its_notices(store: &dyn Store) {
    assert_eq!(taken(store, NOW).await, []);
    let left = opened(store, "left", &["a"]).await;
    let way = |number: &str| Some(CorrelationId::new(number));
    store.end_session(&left, NOW, way("w1").as_ref()).await.unwrap();
    assert_eq!(store.end_session(&left, NOW, way("w2").as_ref()).await.unwrap(), None);
    let replaced = opened(store, "replaced", &["b"]).await;
    let new = NewSession { replaces: Some(replaced), way: way("w3"), ..beginning(session("s1", "p-ali")) };
    store.begin_session(&new).await.unwrap();
    opened(store, "stopped", &["c"]).await;
    store.end_sessions_of(&PersonId::new("p-zoe"), NOW).await.unwrap();
    let short = Session { expires: LATER, ..session("short", "p-zoe") };
    store.begin_session(&beginning(short.clone())).await.unwrap();
    store.issue_ticket(&ticket("t9", &short.id), Some(&made(&short.id, "d"))).await.unwrap();
    store.sweep(LATER, NOW, 100).await.unwrap();
    opened(store, "lives", &["e"]).await;
    let notices = taken(store, LATER).await;
    assert_eq!(services(&notices), ["a", "b", "c", "d"]);
    let ways: Vec<_> = notices.iter().map(|notice| notice.way.clone()).collect();
    assert_eq!(ways, [way("w1"), way("w3"), None, None], "each under the number of its way, where it had one");
    assert!(notices.iter().all(|notice| notice.tries == 1));
    assert_eq!(notices[0].visit, made(&left, "a"));
}

/// A notice that is not settled is taken again when its time has come, and one that is settled is not.
pub async fn a_notice_is_taken_until_it_is_settled(store: &dyn Store) {
    let id = opened(store, "s1", &["a", "b", "c"]).await;
    store.end_session(&id, NOW, None).await.unwrap();
    assert_eq!(taken(store, Instant(NOW.0 - 1)).await, []);
    let first = taken(store, NOW).await;
    assert_eq!(services(&first), ["a", "b", "c"]);
    assert_eq!(taken(store, NOW + Seconds(14)).await, [], "somebody is telling them");
    store.settle_notices(&[first[0].id]).await.unwrap();
    let visits: Vec<Visit> = first.iter().map(|notice| notice.visit.clone()).collect();
    let mut yet = store.yet_to_hear(&visits).await.unwrap();
    yet.waiting.sort();
    assert_eq!(yet.waiting, [ServiceId::new("b"), ServiceId::new("c")], "those that did not hear");
    let other = Visit { notice: "of-another-session".to_owned(), ..visits[1].clone() };
    assert_eq!(store.yet_to_hear(&[visits[0].clone(), other]).await.unwrap(), YetToHear::default());
    store.postpone_notice(first[1].id, NOW + Seconds(60)).await.unwrap();
    let again = taken(store, NOW + Seconds(15)).await;
    assert_eq!(services(&again), ["c"], "whoever took it is gone");
    assert_eq!(again[0].tries, 2);
    store.settle_notices(&[again[0].id, first[0].id]).await.unwrap();
    let last = taken(store, NOW + Seconds(60)).await;
    assert_eq!((services(&last), last[0].tries), (vec!["b"], 2));
    store.settle_notices(&[last[0].id]).await.unwrap();
    assert_eq!(taken(store, NOW + Seconds(9_999)).await, []);
}

/// A notice that was refused is taken by nobody, and it is not forgotten that it was.
pub async fn a_refused_notice_is_not_taken_again(store: &dyn Store) {
    let id = opened(store, "s1", &["a", "b", "c"]).await;
    store.end_session(&id, NOW, None).await.unwrap();
    let first = taken(store, NOW).await;
    let visits: Vec<Visit> = first.iter().map(|notice| notice.visit.clone()).collect();
    store.settle_notices(&[first[0].id]).await.unwrap();
    store.refuse_notices(&[first[1].id, first[0].id]).await.unwrap();
    let yet = YetToHear { waiting: vec![ServiceId::new("c")], refused: vec![ServiceId::new("b")] };
    assert_eq!(store.yet_to_hear(&visits).await.unwrap(), yet);
    assert_eq!(services(&taken(store, LATER).await), ["c"]);
    assert_eq!(services(&taken(store, NOW + Seconds(5 * 3600)).await), ["c"]);
    assert_eq!(store.yet_to_hear(&visits[..2]).await.unwrap().refused, yet.refused);
    store.sweep(NOW + Seconds(7 * 3600), NOW, 100).await.unwrap();
    assert_eq!(store.yet_to_hear(&visits).await.unwrap(), YetToHear::default(), "in the end it is");
}

/// Who is put out is stopped, and has neither sessions nor tokens nor a code left; their services are known by them until they have heard,
/// whoever ended the session. A second time nothing is left to end, and nothing is forgotten. Others keep all of it.
pub async fn who_is_put_out_is_out_everywhere(store: &dyn Store) {
    let (zoe, ali) = (PersonId::new("p-zoe"), PersonId::new("p-ali"));
    for name in ["zoe", "ali"] {
        store.add_local_person(&local(name), "hash").await.unwrap();
        let id = live(store, &format!("s-{name}"), &format!("p-{name}")).await;
        store.issue_ticket(&ticket(&format!("t-{name}"), &id), Some(&made(&id, "a"))).await.unwrap();
        let person = Some(local(name).id);
        let outside = Grant { person, ..grant(&format!("{name}-out"), GrantKind::Refresh, name, None) };
        store.grant(&[outside]).await.unwrap();
        let (person, key) = (local(name).id, OneTimeKey::new(name));
        store.put_activations(&[Activation { person, key, made: NOW, expires: LATER, by: None }]).await.unwrap();
    }
    let swept = opened(store, "swept", &["b"]).await;
    store.end_session(&swept, NOW, None).await.unwrap();
    let both = [zoe.clone(), PersonId::new("p-nobody")];
    let ousted = store.oust(&both, Some("stolen"), NOW).await.unwrap();
    assert_eq!(ousted, Ousted { sessions: 1, services: vec![ServiceId::new("a")] });
    assert_eq!(store.oust(&both, None, NOW).await.unwrap(), Ousted::default());
    for (person, name, out) in [(&zoe, "zoe", true), (&ali, "ali", false)] {
        assert_eq!(store.why_stopped(person).await.unwrap().is_some(), out, "{name}");
        assert_eq!(store.sessions_of(person, NOW).await.unwrap().is_empty(), out, "{name}");
        assert_eq!(store.activation_of(person, NOW).await.unwrap().is_none(), out, "{name}");
        let token = OneTimeKey::new(format!("{name}-out"));
        assert_eq!(store.granted(&token, GrantKind::Refresh, NOW).await.unwrap().is_none(), out, "{name}");
    }
    let waiting = |yet: YetToHear| (yet.waiting.into_iter().collect::<BTreeSet<_>>(), yet.refused);
    let (a, b) = (ServiceId::new("a"), ServiceId::new("b"));
    let yet = store.yet_to_hear_of(&both).await.unwrap();
    assert_eq!(waiting(yet), (BTreeSet::from([a.clone(), b.clone()]), vec![]));
    assert_eq!(store.yet_to_hear_of(&[ali]).await.unwrap(), YetToHear::default());
    let notices = taken(store, NOW).await;
    let of = |service: &ServiceId| notices.iter().find(|one| one.visit.service == *service).unwrap().id;
    store.settle_notices(&[of(&a)]).await.unwrap();
    store.refuse_notices(&[of(&b)]).await.unwrap();
    assert_eq!(waiting(store.yet_to_hear_of(&both).await.unwrap()), (BTreeSet::new(), vec![b.clone()]));
    let again = opened(store, "again", &["b"]).await;
    store.end_session(&again, NOW, None).await.unwrap();
    let yet = store.yet_to_hear_of(&both).await.unwrap();
    assert_eq!(waiting(yet), (BTreeSet::from([b.clone()]), vec![b]), "one that said no and is being told is both");
}

/// No service takes more than its share, and a busy one takes none.
pub async fn notices_are_shared_out_by_service(store: &dyn Store) {
    for n in 0..5 {
        let id = opened(store, &format!("s{n}"), &["a", "b"]).await;
        store.end_session(&id, NOW, None).await.unwrap();
    }
    let busy = [ServiceId::new("b")];
    let take = async |busy: &[ServiceId]| store.take_notices(NOW, LATER, busy, 2, 100).await.unwrap();
    assert_eq!(services(&take(&busy).await), ["a", "a"]);
    assert_eq!(services(&take(&[]).await), ["a", "a", "b", "b"]);
    assert_eq!(store.take_notices(NOW, LATER, &[], 2, 1).await.unwrap().len(), 1);
}

/// Among takers at the same moment each notice goes to one.
pub async fn one_of_many_takes_a_notice(store: &dyn Store) {
    for n in 0..30 {
        let id = opened(store, &format!("s{n}"), &["a"]).await;
        store.end_session(&id, NOW, None).await.unwrap();
    }
    let take = |_| store.take_notices(NOW, LATER, &[], 7, 100);
    let answers = futures::future::join_all((0..20).map(take)).await;
    let mut ids: Vec<i64> = answers.into_iter().flat_map(|answer| answer.unwrap()).map(|notice| notice.id).collect();
    while let [one, ..] = &store.take_notices(NOW, LATER, &[], 7, 100).await.unwrap()[..] {
        ids.push(one.id);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "none twice");
    assert!(count >= 7);
}

/// Equal notices wait once; a service hears of the latest visits of a session only, and few more are ever kept.
pub async fn notices_are_bounded(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    for n in 0..200 {
        let made = Visit { notice: format!("n{n:03}"), ..visit(&id, "a", Instant(NOW.0 + n)) };
        store.issue_ticket(&ticket(&format!("t{n}"), &id), Some(&made)).await.unwrap();
    }
    let kept = store.visits(&id).await.unwrap();
    assert!((20..=36).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().unwrap().notice, "n199");
    store.end_session(&id, NOW, None).await.unwrap();
    let notices = taken(store, NOW).await;
    assert_eq!(notices.len(), TOLD_TO_ONE as usize);
    assert!(notices.iter().all(|notice| notice.visit.notice.as_str() >= "n180"));
    for id in ["s2", "s3"] {
        let id = live(store, id, "p-zoe").await;
        store.issue_ticket(&ticket(id.as_str(), &id), Some(&visit(&id, "equal", NOW))).await.unwrap();
        store.end_session(&id, LATER, None).await.unwrap();
    }
    assert_eq!(services(&taken(store, LATER).await).iter().filter(|service| **service == "equal").count(), 1);
}

/// Notices that nobody could be told of go after some hours.
pub async fn notices_grow_old(store: &dyn Store) {
    for (id, at) in [("old", NOW), ("new", LATER)] {
        let id = opened(store, id, &["a"]).await;
        store.end_session(&id, at, None).await.unwrap();
    }
    let hours = Seconds(6 * 3600);
    assert_eq!(store.sweep(Instant((NOW + hours).0 - 1), NOW, 100).await.unwrap().notices, 0);
    assert_eq!(store.sweep(NOW + hours, NOW, 100).await.unwrap().notices, 1);
    assert_eq!(taken(store, NOW + hours).await.len(), 1);
}
