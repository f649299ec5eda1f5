//! What people keep at hand on their home page.

use crate::fixture::{LATER, NOW, change, conflicts, source, sourced, uai};
use preau_domain::{AtHand, Instant, PersonId, Retention, Seconds, ServiceId};
use preau_store::Store;

async fn somebody(store: &dyn Store, key: &str) -> PersonId {
    let person = sourced(key);
    store.put_people(None, &[change(person.clone())]).await.unwrap();
    person.id
}

fn service(name: &str) -> ServiceId {
    ServiceId::new(name)
}

fn services(names: &[&str]) -> Vec<ServiceId> {
    names.iter().map(|name| service(name)).collect()
}

/// A favourite is one of its person in its establishment and of nobody else; marked again it stays in its place, and it goes when
/// it is taken away.
pub async fn a_favourite_is_kept_where_it_was_marked(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let favourites = async |person: &PersonId, at: u32| store.at_hand(person, &uai(at)).await.unwrap().favourites;
    store.add_favourite(&zoe, &uai(1), &service("moodle"), NOW).await.unwrap();
    store.add_favourite(&zoe, &uai(1), &service("agenda"), LATER).await.unwrap();
    store.add_favourite(&zoe, &uai(1), &service("moodle"), Instant(LATER.0 + 1)).await.unwrap();
    assert_eq!(favourites(&zoe, 1).await, services(&["moodle", "agenda"]));
    assert_eq!(favourites(&zoe, 2).await, []);
    assert_eq!(favourites(&ali, 1).await, []);
    store.remove_favourite(&ali, &uai(1), &service("moodle")).await.unwrap();
    store.remove_favourite(&zoe, &uai(2), &service("moodle")).await.unwrap();
    assert_eq!(favourites(&zoe, 1).await, services(&["moodle", "agenda"]));
    store.remove_favourite(&zoe, &uai(1), &service("moodle")).await.unwrap();
    store.remove_favourite(&zoe, &uai(1), &service("moodle")).await.unwrap();
    assert_eq!(favourites(&zoe, 1).await, services(&["agenda"]));
    assert!(conflicts(&store.add_favourite(&PersonId::new("p-nobody"), &uai(1), &service("moodle"), NOW).await));
}

/// The language somebody chose is theirs until they choose another one or none, and is forgotten with them.
pub async fn a_language_is_one_persons(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let language = async |person: &PersonId| store.language_of(person).await.unwrap();
    assert_eq!(language(&zoe).await, None);
    store.choose_language(&zoe, Some("en")).await.unwrap();
    store.choose_language(&ali, Some("en")).await.unwrap();
    store.choose_language(&zoe, Some("fr")).await.unwrap();
    assert_eq!((language(&zoe).await.as_deref(), language(&ali).await.as_deref()), (Some("fr"), Some("en")));
    store.choose_language(&zoe, None).await.unwrap();
    store.choose_language(&zoe, None).await.unwrap();
    assert_eq!((language(&zoe).await, language(&ali).await.as_deref()), (None, Some("en")));
    assert!(conflicts(&store.choose_language(&PersonId::new("p-nobody"), Some("fr")).await));
}

/// There are so many favourites in an establishment and no more; one that goes makes room.
pub async fn favourites_are_bounded(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let add = async |n: usize| store.add_favourite(&zoe, &uai(1), &service(&format!("s{n:02}")), NOW).await;
    for n in 0..AtHand::MOST_FAVOURITES {
        add(n).await.unwrap();
    }
    assert!(conflicts(&add(99).await));
    add(0).await.unwrap();
    store.add_favourite(&zoe, &uai(2), &service("elsewhere"), NOW).await.unwrap();
    assert_eq!(store.at_hand(&zoe, &uai(1)).await.unwrap().favourites.len(), AtHand::MOST_FAVOURITES);
    store.remove_favourite(&zoe, &uai(1), &service("s00")).await.unwrap();
    add(99).await.unwrap();
}

/// Of the services somebody opened the last few are remembered, the latest first, each once; they are no favourites.
pub async fn the_last_few_services_are_remembered(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let open = async |n: i64, name: &str| {
        store.note_opened(&zoe, &uai(1), &service(name), NOW + Seconds(n)).await.unwrap();
    };
    for (n, name) in ["a", "b", "c", "d", "e", "f", "b"].into_iter().enumerate() {
        open(n as i64, name).await;
    }
    let found = store.at_hand(&zoe, &uai(1)).await.unwrap();
    assert_eq!(found, AtHand { favourites: vec![], recent: services(&["b", "f", "e", "d", "c"]) });
    open(9, "b").await;
    store.add_favourite(&zoe, &uai(1), &service("f"), NOW).await.unwrap();
    let found = store.at_hand(&zoe, &uai(1)).await.unwrap();
    assert_eq!(found, AtHand { favourites: services(&["f"]), recent: services(&["b", "f", "e", "d", "c"]) });
    assert_eq!(store.at_hand(&zoe, &uai(2)).await.unwrap(), AtHand::default());
    let nobody = store.note_opened(&PersonId::new("p-nobody"), &uai(1), &service("a"), NOW).await;
    assert!(conflicts(&nobody));
}

/// Whoever is pre-deleted keeps nothing at hand; others do.
pub async fn what_is_at_hand_is_forgotten_with_the_person(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    for person in [&zoe, &ali] {
        store.add_favourite(person, &uai(1), &service("moodle"), NOW).await.unwrap();
        store.note_opened(person, &uai(1), &service("agenda"), NOW).await.unwrap();
    }
    let retention = Retention::days(45, 85);
    store.suspend_people(None, &source(), &["zoe".into()]).await.unwrap();
    store.let_time_pass(NOW, retention, 9).await.unwrap();
    assert_ne!(store.at_hand(&zoe, &uai(1)).await.unwrap(), AtHand::default(), "suspended, they may be back");
    let aged = store.let_time_pass(NOW + Seconds(45 * 86_400), retention, 9).await.unwrap();
    assert_eq!(aged.predeleted, std::slice::from_ref(&zoe));
    assert_eq!(store.at_hand(&zoe, &uai(1)).await.unwrap(), AtHand::default());
    assert_ne!(store.at_hand(&ali, &uai(1)).await.unwrap(), AtHand::default());
}
