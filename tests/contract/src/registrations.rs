//! Services that no administrator mounted.

use crate::fixture::{LATER, NOW, conflicts, registration, winners};
use futures::future::join_all;
use preau_domain::{Instant, PersonId, Registration, RegistrationKind, Seconds, ServiceId};
use preau_store::Store;
use std::collections::BTreeSet;

/// A registration is read until the instant it expires, by its exact name.
pub async fn a_registration_comes_back_whole(store: &dyn Store) {
    let bench = registration("bench");
    let app = Registration { kind: RegistrationKind::Dynamic, owner: None, expires: None, ..registration("app") };
    store.add_registration(&bench).await.unwrap();
    store.add_registration(&app).await.unwrap();
    let read = async |id: &ServiceId, at| store.registration(id, at).await.unwrap();
    let end = NOW + Seconds(600);
    assert_eq!(read(&bench.id, Instant(end.0 - 1)).await.as_ref(), Some(&bench));
    assert_eq!(read(&bench.id, end).await, None);
    assert_eq!(read(&app.id, end).await.as_ref(), Some(&app));
    assert_eq!(read(&ServiceId::new("App"), NOW).await, None);
    assert_eq!(read(&ServiceId::new("app\0"), NOW).await, None);
}

/// A taken name conflicts and keeps its settings, also when they expired: a name does not change hands unseen.
pub async fn a_registration_is_named_once(store: &dyn Store) {
    let first = registration("bench");
    store.add_registration(&first).await.unwrap();
    let second = Registration { owner: None, created: NOW + Seconds(700), expires: None, ..registration("bench") };
    assert!(conflicts(&store.add_registration(&second).await));
    assert_eq!(store.registration(&first.id, NOW).await.unwrap(), Some(first));
    let long = Registration { doc: "x".repeat(Registration::MOST + 1), ..registration("long") };
    assert!(store.add_registration(&long).await.is_err());
    let most = Registration { doc: "x".repeat(Registration::MOST), ..registration("long") };
    store.add_registration(&most).await.unwrap();
    assert!(store.replace_registration(&long, &most.doc, NOW).await.is_err());
}

/// New settings and a new end replace the old ones; whose it is and since when stays; what is gone is not brought back.
pub async fn a_registration_is_replaced(store: &dyn Store) {
    let first = registration("bench");
    let next = Registration {
        kind: RegistrationKind::Dynamic,
        owner: Some(PersonId::new("p-ali")),
        doc: "{}".into(),
        created: LATER,
        expires: Some(LATER),
        ..first.clone()
    };
    assert!(conflicts(&store.replace_registration(&next, &first.doc, NOW).await));
    store.add_registration(&first).await.unwrap();
    assert!(conflicts(&store.replace_registration(&next, "what it never said", NOW).await));
    store.replace_registration(&next, &first.doc, NOW).await.unwrap();
    assert!(conflicts(&store.replace_registration(&first, &first.doc, NOW).await), "what was read is old");
    let expected = Registration { doc: "{}".into(), expires: Some(LATER), ..first };
    assert_eq!(store.registration(&next.id, NOW).await.unwrap(), Some(expected));
    assert!(conflicts(&store.replace_registration(&registration("bench"), "{}", LATER).await));
}

/// One that is put takes the place of the one of its name, whole: the kind, the owner and the beginning as well.
pub async fn a_registration_is_put_in_the_place_of_another(store: &dyn Store) {
    let first = registration("bench");
    store.put_registration(&first).await.unwrap();
    store.add_registration(&registration("other")).await.unwrap();
    let next = Registration { owner: None, doc: "{}".into(), created: LATER, expires: None, ..first.clone() };
    store.put_registration(&next).await.unwrap();
    assert_eq!(store.registration(&first.id, NOW).await.unwrap(), Some(next.clone()));
    let long = Registration { doc: "x".repeat(Registration::MOST + 1), ..first.clone() };
    assert!(store.put_registration(&long).await.is_err());
    assert_eq!(store.registration(&first.id, NOW).await.unwrap(), Some(next), "what is refused changes nothing");
    let other = ServiceId::new("other");
    assert_eq!(store.registration(&other, NOW).await.unwrap(), Some(registration("other")), "control");
}

/// A removed registration is gone, and its name is free.
pub async fn a_registration_is_removed(store: &dyn Store) {
    let bench = registration("bench");
    store.add_registration(&bench).await.unwrap();
    assert!(store.remove_registration(&bench.id).await.unwrap());
    assert!(!store.remove_registration(&bench.id).await.unwrap());
    assert_eq!(store.registration(&bench.id, NOW).await.unwrap(), None);
    store.add_registration(&bench).await.unwrap();
}

/// Registrations are listed by kind and owner, latest first, no more than asked, without those that expired.
pub async fn registrations_come_latest_first(store: &dyn Store) {
    let ali = PersonId::new("p-ali");
    let old = registration("old");
    let new = Registration { created: LATER, expires: None, ..registration("new") };
    let his = Registration { created: LATER + Seconds(1), owner: Some(ali.clone()), ..registration("his") };
    let app = Registration { kind: RegistrationKind::Dynamic, ..registration("app") };
    for one in [&old, &new, &his, &app] {
        store.add_registration(one).await.unwrap();
    }
    let list = async |owner: Option<&PersonId>, now, limit| {
        let listed = store.registrations(RegistrationKind::Sandbox, owner, now, limit).await.unwrap();
        listed.iter().map(|one| one.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, NOW, 9).await, ["his", "new", "old"]);
    assert_eq!(list(None, NOW, 2).await, ["his", "new"]);
    assert_eq!(list(Some(&ali), NOW, 9).await, ["his"]);
    assert_eq!(list(None, NOW + Seconds(600), 9).await, ["new"]);
    assert_eq!(store.registrations(RegistrationKind::Dynamic, None, NOW, 9).await.unwrap(), [app]);
}

/// Of a hundred who register one name at once, exactly one does.
pub async fn one_of_many_registers_a_name(store: &dyn Store) {
    let bench = registration("bench");
    assert_eq!(winners(|_| store.add_registration(&bench), Result::is_ok).await, 1);
}

fn opening(id: &str) -> Registration {
    Registration { kind: RegistrationKind::Opening, ..registration(id) }
}

/// Whoever goes on from the latest change of an opening they read learns what was put, replaced, taken back or swept since, in that order and
/// each once; other registrations are none of it.
pub async fn openings_are_told_by_their_changes(store: &dyn Store) {
    let since = async |after, now| {
        let changes = store.openings_changed(after, now, 9).await.unwrap();
        assert!(changes.is_sorted_by_key(|one| one.number) && changes.iter().all(|one| one.number > after));
        let told = changes.iter().map(|one| (one.id.as_str().to_owned(), one.now.clone())).collect::<Vec<_>>();
        (told, changes.last().map_or(after, |one| one.number))
    };
    let said = |one: &Registration| (one.id.as_str().to_owned(), Some(one.clone()));
    let (first, second) = (opening("a@0990001N"), opening("a@0990002P"));
    store.put_registration(&first).await.unwrap();
    store.add_registration(&second).await.unwrap();
    store.put_registration(&registration("bench")).await.unwrap();
    let (told, all) = since(0, NOW).await;
    assert_eq!(told, [said(&first), said(&second)]);
    assert_eq!(since(all, NOW).await.0, []);
    let again = Registration { doc: "{}".into(), expires: None, ..first.clone() };
    store.put_registration(&again).await.unwrap();
    let (told, replaced) = since(all, NOW).await;
    assert_eq!(told, [said(&again)], "what did not change is not told");
    assert_eq!(since(0, NOW).await.0, [said(&second), said(&again)], "and each once from the beginning");
    store.remove_registration(&first.id).await.unwrap();
    assert_eq!(since(replaced, NOW).await.0, [("a@0990001N".to_owned(), None)]);
    let end = NOW + Seconds(600);
    let gone = |id: &str| (id.to_owned(), None);
    assert_eq!(since(0, end).await.0, [gone("a@0990002P"), gone("a@0990001N")], "expired, before any sweep");
    let (_, before) = since(0, NOW).await;
    store.sweep(end, NOW, 9).await.unwrap();
    assert_eq!(since(before, end).await.0, [gone("a@0990002P")], "swept");
}

/// However many say yes at once, whoever reads meanwhile from change to change misses nobody.
pub async fn no_change_of_an_opening_is_passed_over(store: &dyn Store) {
    let write = join_all((0..100).map(|n| async move {
        store.put_registration(&opening(&format!("a{n}@0990001N"))).await.unwrap();
        store.put_registration(&opening(&format!("b{n}@0990001N"))).await.unwrap();
    }));
    let read = async {
        let (mut seen, mut after) = (BTreeSet::new(), 0);
        while seen.len() < 200 {
            for change in store.openings_changed(after, NOW, 7).await.unwrap() {
                assert!(seen.insert(change.id.as_str().to_owned()), "{:?} is told twice", change.id);
                after = change.number;
            }
        }
    };
    let both = async { futures::join!(write, read) };
    let (_, ()) = both.await;
}
