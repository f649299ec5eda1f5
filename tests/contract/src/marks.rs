//! The promises of [`preau_store::Marks`].

use crate::fixture::{LATER, NOW, change, source, sourced};
use preau_domain::{Instant, OneTimeKey, PersonId, Retention, Seconds};
use preau_store::{Marked, Store, StoredMark};

const MOST: Option<u32> = Some(3);

/// A mark of somebody of that key, until the end of the cases.
pub fn mark(column: &str, user: &str, at: Instant, doc: &str) -> StoredMark {
    StoredMark {
        column: OneTimeKey::new(column),
        user: user.into(),
        person: PersonId::new(format!("p-{user}")),
        at,
        doc: doc.into(),
        expires: NOW + Seconds(90 * 86_400),
    }
}

async fn users(store: &dyn Store, column: &str, after: &str, limit: u32, now: Instant) -> Vec<String> {
    let found = store.marks(&OneTimeKey::new(column), after, limit, now).await.unwrap();
    found.into_iter().map(|one| one.user).collect()
}

/// Of the marks of somebody in a column the latest stays, whatever came last; of another column nothing changes.
pub async fn the_latest_mark_of_a_person_stays(store: &dyn Store) {
    let (early, late) = (mark("c1", "zoe", NOW, "1"), mark("c1", "zoe", LATER, "2"));
    let other = mark("c2", "zoe", NOW, "3");
    assert_eq!(store.put_mark(&early, MOST, NOW).await.unwrap(), Marked::Kept);
    assert_eq!(store.put_mark(&other, MOST, NOW).await.unwrap(), Marked::Kept);
    assert_eq!(store.put_mark(&late, MOST, NOW).await.unwrap(), Marked::Kept);
    assert_eq!(store.put_mark(&early, MOST, NOW).await.unwrap(), Marked::Overtaken);
    let again = mark("c1", "zoe", LATER, "4");
    assert_eq!(store.put_mark(&again, MOST, NOW).await.unwrap(), Marked::Kept, "said again at the same moment");
    assert_eq!(store.mark(&early.column, "zoe", NOW).await.unwrap(), Some(again));
    assert_eq!(store.mark(&other.column, "zoe", NOW).await.unwrap(), Some(other));
    assert_eq!(store.mark(&early.column, "ali", NOW).await.unwrap(), None);
}

/// A column takes so many people; who is there is marked again, and room that time makes is room.
pub async fn a_column_has_so_many_people(store: &dyn Store) {
    for user in ["a", "b"] {
        store.put_mark(&mark("c1", user, NOW, "1"), MOST, NOW).await.unwrap();
    }
    let passing = StoredMark { expires: LATER, ..mark("c1", "c", NOW, "1") };
    assert_eq!(store.put_mark(&passing, MOST, NOW).await.unwrap(), Marked::Kept);
    let fourth = mark("c1", "d", NOW, "1");
    assert_eq!(store.put_mark(&fourth, MOST, NOW).await.unwrap(), Marked::Full);
    assert_eq!(store.put_mark(&mark("c1", "a", LATER, "2"), MOST, NOW).await.unwrap(), Marked::Kept);
    assert_eq!(store.put_mark(&mark("c2", "d", NOW, "1"), MOST, NOW).await.unwrap(), Marked::Kept, "another column");
    assert_eq!(store.put_mark(&fourth, MOST, LATER).await.unwrap(), Marked::Kept);
    let names = mark("c1", "e", NOW, "");
    assert_eq!(store.put_mark(&names, MOST, LATER).await.unwrap(), Marked::Full, "control");
    assert_eq!(store.put_mark(&names, None, LATER).await.unwrap(), Marked::Kept, "where nobody is counted");
    assert_eq!(users(store, "c1", "", 9, LATER).await, ["a", "b", "d", "e"]);
}

/// Marks are read in pages that hold each person once, in an order that stays; a forgotten column holds none.
pub async fn marks_are_read_in_pages(store: &dyn Store) {
    for user in ["d", "b", "a", "É", "c"] {
        store.put_mark(&mark("c1", user, NOW, "1"), Some(9), NOW).await.unwrap();
    }
    store.put_mark(&mark("c2", "a", NOW, "1"), Some(9), NOW).await.unwrap();
    assert_eq!(users(store, "c1", "", 2, NOW).await, ["a", "b"]);
    assert_eq!(users(store, "c1", "b", 2, NOW).await, ["c", "d"]);
    assert_eq!(users(store, "c1", "d", 2, NOW).await, ["É"]);
    assert_eq!(store.forget_marks(&OneTimeKey::new("c1")).await.unwrap(), 5);
    assert_eq!(users(store, "c1", "", 9, NOW).await, [""; 0]);
    assert_eq!(users(store, "c2", "", 9, NOW).await, ["a"]);
}

/// A mark that names nobody is given to somebody once, and goes with them from then on; one that names somebody is taken from nobody.
pub async fn a_mark_that_names_nobody_is_named_once(store: &dyn Store) {
    let column = OneTimeKey::new("c1");
    let nobody = StoredMark { person: PersonId::new(""), ..mark("c1", "zoe", NOW, "1") };
    for one in [&nobody, &StoredMark { column: OneTimeKey::new("c2"), ..nobody.clone() }, &mark("c1", "ali", NOW, "1")]
    {
        store.put_mark(one, MOST, NOW).await.unwrap();
    }
    store.put_people(None, &[change(sourced("zoe"))]).await.unwrap();
    let say = async |person: &str| {
        let names = ["zoe", "ali", "nobody"].map(|user| (user.to_owned(), PersonId::new(person)));
        store.name_marks(&column, &names).await.unwrap()
    };
    assert_eq!((say("p-zoe").await, say("p-other").await), (1, 0));
    let person = async |user| store.mark(&column, user, NOW).await.unwrap().map(|kept| kept.person);
    assert_eq!(
        (person("zoe").await, person("ali").await),
        (Some(PersonId::new("p-zoe")), Some(PersonId::new("p-ali")))
    );
    assert_eq!(person("nobody").await, None, "and none is made");
    let kept = store.mark(&column, "zoe", NOW).await.unwrap().map(|kept| (kept.at, kept.doc));
    assert_eq!(kept, Some((NOW, "1".into())), "it says what it said");
    store.suspend_people(None, &source(), &["zoe".into()]).await.unwrap();
    store.let_time_pass(NOW, Retention::days(45, 85), 9).await.unwrap();
    store.let_time_pass(NOW + Seconds(45 * 86_400), Retention::days(45, 85), 9).await.unwrap();
    let later = NOW + Seconds(45 * 86_400);
    assert_eq!(users(store, "c1", "", 9, later).await, ["ali"], "it goes with her");
    assert_eq!(users(store, "c2", "", 9, later).await, ["zoe"], "control: of another column nobody is said");
}

/// A mark is absent at its end, swept after it, and goes with its person when they are pre-deleted; others stay.
pub async fn marks_go_with_their_person(store: &dyn Store) {
    for key in ["zoe", "ali"] {
        store.put_people(None, &[change(sourced(key))]).await.unwrap();
        store.put_mark(&mark("c1", key, NOW, "1"), MOST, NOW).await.unwrap();
    }
    store.suspend_people(None, &source(), &["zoe".into()]).await.unwrap();
    let retention = Retention::days(45, 85);
    store.let_time_pass(NOW, retention, 9).await.unwrap();
    assert_eq!(users(store, "c1", "", 9, NOW).await, ["ali", "zoe"], "control: suspended, they may be back");
    store.let_time_pass(NOW + Seconds(45 * 86_400), retention, 9).await.unwrap();
    assert_eq!(users(store, "c1", "", 9, NOW).await, ["ali"]);
    let end = NOW + Seconds(90 * 86_400);
    assert_eq!(users(store, "c1", "", 9, end).await, [""; 0]);
    let swept = store.sweep(end, NOW, 100).await.unwrap();
    assert_eq!((swept.kept, users(store, "c1", "", 9, NOW).await.len()), (1, 0));
}
