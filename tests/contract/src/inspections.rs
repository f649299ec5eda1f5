//! The promises of [`preau_store::Inspections`].

use crate::fixture::{NOW, beginning, change, conflicts, session, source, sourced, uai, winners};
use crate::letters::letter;
use preau_domain::{Inspection, Instant, Person, PersonId, Retention, Seconds, ServiceId, Session, SessionId};
use preau_store::{InspectionsOf, Store};

/// One of a week, of somebody in the space of somebody.
pub fn inspection(id: &str, inspector: &str, teacher: &str) -> Inspection {
    Inspection {
        id: id.into(),
        inspector: PersonId::new(inspector),
        teacher: PersonId::new(teacher),
        establishment: uai(1),
        service: ServiceId::new("blog"),
        space: "zoe".into(),
        reason: "Rendez-vous de carrière".into(),
        by: None,
        from: NOW,
        until: day(7),
    }
}

fn day(day: i64) -> Instant {
    NOW + Seconds(day * 86_400)
}

async fn names(store: &dyn Store, of: InspectionsOf<'_>, after: Instant) -> Vec<String> {
    store.inspections(of, after, 9).await.unwrap().into_iter().map(|one| one.id).collect()
}

/// It is found by its inspector, its teacher and its establishment as long as it is not over at the instant asked for, and by nobody else.
pub async fn an_inspection_is_found_from_every_side(store: &dyn Store) {
    let long = Inspection { until: day(9), service: ServiceId::new("notes"), ..inspection("long", "vera", "zoe") };
    for one in [&inspection("short", "vera", "zoe"), &long, &inspection("other", "max", "zoe")] {
        store.grant_inspection(one, None, NOW).await.unwrap();
    }
    assert_eq!(store.inspection("long").await.unwrap(), Some(long));
    assert_eq!(store.inspection("none").await.unwrap(), None);
    let (vera, zoe) = (PersonId::new("vera"), PersonId::new("zoe"));
    assert_eq!(names(store, InspectionsOf::Inspector(&vera), NOW).await, ["long", "short"]);
    assert_eq!(names(store, InspectionsOf::Inspector(&vera), day(7)).await, ["long"]);
    assert_eq!(names(store, InspectionsOf::Inspector(&zoe), NOW).await, [""; 0]);
    assert_eq!(names(store, InspectionsOf::Teacher(&zoe), NOW).await, ["long", "other", "short"]);
    assert_eq!(names(store, InspectionsOf::Establishment(&uai(1)), NOW).await.len(), 3);
    assert_eq!(names(store, InspectionsOf::Establishment(&uai(2)), NOW).await, [""; 0]);
    assert_eq!(store.inspections(InspectionsOf::Teacher(&zoe), NOW, 1).await.unwrap().len(), 1);
}

/// Of a hundred who grant the same to one inspector exactly one does, and nobody else while it is not over; then somebody may.
pub async fn one_of_many_grants_an_inspection(store: &dyn Store) {
    let grant = |n: usize| {
        let one = inspection(&format!("i{n}"), "vera", "zoe");
        async move { store.grant_inspection(&one, None, NOW).await }
    };
    assert_eq!(winners(grant, Result::is_ok).await, 1);
    let again = Inspection { from: day(6), until: day(12), ..inspection("again", "vera", "zoe") };
    assert!(conflicts(&store.grant_inspection(&again, None, day(6)).await));
    store.grant_inspection(&inspection("elsewhere", "vera", "ali"), None, NOW).await.unwrap();
    store.grant_inspection(&Inspection { from: day(7), ..again }, None, day(7)).await.unwrap();
    assert!(store.end_inspection("again", None, "granted", day(8)).await.unwrap());
    store.grant_inspection(&inspection("third", "vera", "zoe"), None, day(8)).await.unwrap();
}

async fn begin(store: &dyn Store, id: &str, person: &str) {
    let lasting = Session { expires: day(90), ..session(id, person) };
    store.begin_session(&beginning(lasting)).await.unwrap();
}

/// Whether a session of that name is there that is not over.
async fn lives(store: &dyn Store, id: &str) -> bool {
    store.session(&SessionId::new(id), NOW).await.unwrap().is_some()
}

/// Ended, it is over since then, once; the sessions of the inspector are, and those of nobody else.
pub async fn an_inspection_ends_before_its_time_with_its_sessions(store: &dyn Store) {
    for (id, key) in [("s1", "vera"), ("s2", "zoe")] {
        let person = sourced(key);
        store.put_people(None, &[change(person.clone())]).await.unwrap();
        begin(store, id, person.id.as_str()).await;
    }
    let (vera, zoe) = (sourced("vera").id, sourced("zoe").id);
    store.grant_inspection(&inspection("i", vera.as_str(), zoe.as_str()), None, NOW).await.unwrap();
    assert!(lives(store, "s1").await, "control");
    assert!(store.end_inspection("i", None, "granted", day(1)).await.unwrap());
    assert!(
        !store.end_inspection("i", None, "granted", day(2)).await.unwrap()
            && !store.end_inspection("none", None, "granted", day(1)).await.unwrap()
    );
    assert_eq!((lives(store, "s1").await, lives(store, "s2").await), (false, true));
    assert_eq!(store.inspection("i").await.unwrap().unwrap().until, day(1));
    assert_eq!(names(store, InspectionsOf::Inspector(&vera), day(1)).await, [""; 0]);
    assert_eq!(names(store, InspectionsOf::Teacher(&zoe), NOW).await, ["i"]);
}

/// The letter of a grant, and of an end before its time, is kept in the same stroke: none of one that is refused, or that was over.
pub async fn the_letter_of_an_inspection_goes_with_it(store: &dyn Store) {
    let waiting = async || store.waiting_letters(NOW).await.unwrap().count;
    let one = inspection("i", "vera", "zoe");
    store.grant_inspection(&one, Some(&letter("granted")), NOW).await.unwrap();
    assert_eq!(waiting().await, 1);
    let again = store.grant_inspection(&inspection("j", "vera", "zoe"), Some(&letter("again")), NOW).await;
    assert!(conflicts(&again));
    assert_eq!(waiting().await, 1, "of what was not granted");
    assert!(store.end_inspection("i", Some(&letter("ended")), "granted", day(1)).await.unwrap());
    let taken = store.take_letters(NOW, day(1), 9).await.unwrap();
    let taken: Vec<_> = taken.iter().map(|one| one.letter.id.as_str()).collect();
    assert_eq!(taken, ["ended"], "nobody reads last that it was granted");
    assert!(!store.end_inspection("i", Some(&letter("late")), "granted", day(2)).await.unwrap());
    assert_eq!(waiting().await, 1, "of what was over");
    store.grant_inspection(&inspection("k", "vera", "zoe"), None, day(2)).await.unwrap();
    assert!(store.end_inspection("k", None, "granted", day(3)).await.unwrap(), "control: without one");
}

/// Whose time is over is given once, with the end of the sessions of its inspector; long after nothing is left of it.
pub async fn inspections_come_due_once(store: &dyn Store) {
    let person = sourced("vera");
    store.put_people(None, &[change(person.clone())]).await.unwrap();
    begin(store, "s1", person.id.as_str()).await;
    store.grant_inspection(&inspection("i", person.id.as_str(), "zoe"), None, NOW).await.unwrap();
    store.grant_inspection(&inspection("ended", "max", "zoe"), None, NOW).await.unwrap();
    store.end_inspection("ended", None, "granted", day(1)).await.unwrap();
    assert_eq!(store.end_due_inspections(Instant(day(7).0 - 1), 9).await.unwrap(), []);
    assert!(lives(store, "s1").await, "control");
    let due = store.end_due_inspections(day(7), 9).await.unwrap();
    assert_eq!(due.into_iter().map(|one| one.id).collect::<Vec<_>>(), ["i"], "nor one that somebody ended");
    assert!(!lives(store, "s1").await);
    assert_eq!(store.end_due_inspections(day(8), 9).await.unwrap(), []);
    assert!(store.inspection("i").await.unwrap().is_some());
    store.end_due_inspections(day(7) + Inspection::KEPT, 9).await.unwrap();
    assert_eq!(store.inspection("i").await.unwrap(), None);
}

/// Nothing is left of what somebody looked at, or of who looked at theirs, once they are pre-deleted; of others it is.
pub async fn inspections_are_forgotten_with_their_people(store: &dyn Store) {
    let [vera, zoe, max] = ["vera", "zoe", "max"].map(sourced);
    for person in [&vera, &zoe, &max] {
        store.put_people(None, &[change(person.clone())]).await.unwrap();
    }
    let named = |id, one: &PersonId, other: &PersonId| inspection(id, one.as_str(), other.as_str());
    for one in [named("by", &vera.id, &max.id), named("of", &max.id, &vera.id), named("stays", &max.id, &zoe.id)] {
        store.grant_inspection(&one, None, NOW).await.unwrap();
    }
    store.suspend_people(None, &source(), &["vera".into()]).await.unwrap();
    let retention = Retention::days(45, 85);
    store.let_time_pass(NOW, retention, 9).await.unwrap();
    assert!(store.inspection("of").await.unwrap().is_some(), "control: suspended, they may be back");
    store.let_time_pass(day(45), retention, 9).await.unwrap();
    let mut left = Vec::new();
    for id in ["by", "of", "stays"] {
        left.push(store.inspection(id).await.unwrap().is_some());
    }
    assert_eq!(left, [false, false, true]);
}

/// With the account of whoever comes it is known whether they accepted a version of the charte, and whether anybody inspects: of both sides, as
/// long as it is asked for, and of nobody else. Names are read together, each once.
pub async fn whoever_comes_is_known_in_one_reading(store: &dyn Store) {
    let [vera, zoe, max] = ["vera", "zoe", "max"].map(sourced);
    for person in [&vera, &zoe, &max] {
        store.put_people(None, &[change(person.clone())]).await.unwrap();
    }
    let caller = async |person: &Person, charte, after| {
        let caller = store.caller(&person.id, charte, after).await.unwrap().unwrap();
        assert_eq!(Some(&caller.person), store.person(&person.id).await.unwrap().as_ref());
        (caller.accepted, caller.inspections)
    };
    assert_eq!(caller(&zoe, Some("2026-09"), NOW).await, (false, false));
    store.accept_charte(&zoe.id, "2026-09", NOW).await.unwrap();
    store.grant_inspection(&inspection("i", vera.id.as_str(), zoe.id.as_str()), None, NOW).await.unwrap();
    assert_eq!(caller(&zoe, Some("2026-09"), NOW).await, (true, true));
    assert_eq!((caller(&zoe, Some("2027-09"), NOW).await.0, caller(&zoe, None, NOW).await.0), (false, false));
    assert_eq!(
        (caller(&vera, Some("2026-09"), NOW).await, caller(&max, None, NOW).await),
        ((false, true), (false, false))
    );
    assert_eq!((caller(&zoe, None, day(7)).await.1, caller(&vera, None, day(7)).await.1), (false, false), "at its end");
    assert_eq!(store.caller(&PersonId::new("nobody"), Some("2026-09"), NOW).await.unwrap(), None);
    let named = [zoe.id.clone(), PersonId::new("nobody"), max.id.clone(), zoe.id.clone()];
    let found = store.people_named(&named).await.unwrap();
    assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&max.id, &zoe.id]);
    assert_eq!(store.people_named(&[]).await.unwrap(), []);
}
