//! Documents kept for a while outside any session.

use crate::fixture::{LATER, NOW, conflicts, kept, winners};
use preau_domain::{Instant, KeptKind, KeptThing, OneTimeKey, Seconds};
use preau_store::Store;

const KIND: KeptKind = KeptKind::PushedRequest;

/// A document is read as often as wanted, by its exact key and kind, until the instant it expires.
pub async fn a_document_is_kept(store: &dyn Store) {
    let thing = kept("k1", r#"{"é":1}"#);
    store.keep(&thing, NOW).await.unwrap();
    let read = async |at| store.kept(&thing.key, KIND, at).await.unwrap();
    assert_eq!(read(NOW).await.as_ref(), Some(&thing));
    assert_eq!(read(Instant(thing.expires.0 - 1)).await.as_ref(), Some(&thing));
    assert_eq!(read(thing.expires).await, None);
    assert_eq!(store.kept(&thing.key, KeptKind::DeviceGrant, NOW).await.unwrap(), None);
    assert_eq!(store.take_kept(&thing.key, KeptKind::DeviceGrant, NOW).await.unwrap(), None);
    for key in ["K1", "k1 ", "k_", "%", "", "k1\0"] {
        assert_eq!(store.kept(&OneTimeKey::new(key), KIND, NOW).await.unwrap(), None, "{key}");
    }
}

/// A taken key conflicts and keeps its document; another kind is another place.
pub async fn a_taken_key_keeps_its_document(store: &dyn Store) {
    store.keep(&kept("k1", "first"), NOW).await.unwrap();
    assert!(conflicts(&store.keep(&kept("k1", "second"), NOW).await));
    let other = KeptThing { kind: KeptKind::ReplayGuard, ..kept("k1", "other") };
    store.keep(&other, NOW).await.unwrap();
    let read = async |kind| store.kept(&other.key, kind, NOW).await.unwrap().map(|thing| thing.doc);
    assert_eq!(read(KIND).await.as_deref(), Some("first"));
    assert_eq!(read(KeptKind::ReplayGuard).await.as_deref(), Some("other"));
}

/// From the instant a document expires its key is free, also before a sweep.
pub async fn an_expired_document_gives_its_place_up(store: &dyn Store) {
    store.keep(&KeptThing { expires: LATER, ..kept("k1", "first") }, NOW).await.unwrap();
    assert!(conflicts(&store.keep(&kept("k1", "second"), Instant(LATER.0 - 1)).await));
    let second = kept("k1", "second");
    store.keep(&second, LATER).await.unwrap();
    assert_eq!(store.kept(&second.key, KIND, LATER).await.unwrap(), Some(second));
}

/// Those of one kind are listed by their end, as many as are wanted; one that expired is not there any more.
pub async fn documents_of_a_kind_are_listed(store: &dyn Store) {
    let (long, short) = (kept("k1", "long"), KeptThing { expires: LATER, ..kept("k2", "short") });
    let other = KeptThing { kind: KeptKind::ReplayGuard, ..kept("k3", "other") };
    for thing in [&long, &short, &other] {
        store.keep(thing, NOW).await.unwrap();
    }
    assert_eq!(store.all_kept(KIND, NOW, 9).await.unwrap(), [short.clone(), long.clone()]);
    assert_eq!(store.all_kept(KIND, NOW, 1).await.unwrap(), [short]);
    assert_eq!(store.all_kept(KIND, LATER, 9).await.unwrap(), [long]);
    assert_eq!(store.all_kept(KeptKind::DeviceGrant, NOW, 9).await.unwrap(), []);
}

/// A document leaves once; an expired one does not leave any more.
pub async fn a_document_is_taken_once(store: &dyn Store) {
    let thing = kept("k1", "{}");
    store.keep(&thing, NOW).await.unwrap();
    assert_eq!(store.take_kept(&thing.key, KIND, thing.expires).await.unwrap(), None);
    assert_eq!(store.take_kept(&thing.key, KIND, NOW).await.unwrap().as_ref(), Some(&thing));
    assert_eq!(store.take_kept(&thing.key, KIND, NOW).await.unwrap(), None);
    assert_eq!(store.kept(&thing.key, KIND, NOW).await.unwrap(), None);
    store.keep(&thing, NOW).await.unwrap();
}

/// The next state replaces the one that was read, and nothing else: one that changed, expired or went is left alone.
pub async fn a_document_is_replaced_by_who_read_it(store: &dyn Store) {
    let (first, second) = (kept("k1", "first"), KeptThing { expires: LATER, ..kept("k1", "second") });
    assert!(conflicts(&store.replace_kept(&second, "first", NOW).await));
    store.keep(&first, NOW).await.unwrap();
    store.replace_kept(&second, "first", NOW).await.unwrap();
    assert_eq!(store.kept(&first.key, KIND, NOW).await.unwrap().as_ref(), Some(&second));
    assert_eq!(store.kept(&first.key, KIND, LATER).await.unwrap(), None, "the new end counts");
    assert!(conflicts(&store.replace_kept(&kept("k1", "third"), "first", NOW).await));
    assert!(conflicts(&store.replace_kept(&kept("k1", "third"), "second", LATER).await));
    assert_eq!(store.kept(&first.key, KIND, NOW).await.unwrap(), Some(second));
}

/// A document of 64 KiB is kept whole, a longer one is refused.
pub async fn a_document_is_bounded(store: &dyn Store) {
    let most = kept("k1", &"x".repeat(KeptThing::MOST));
    store.keep(&most, NOW).await.unwrap();
    assert_eq!(store.kept(&most.key, KIND, NOW).await.unwrap().as_ref(), Some(&most));
    let more = "x".repeat(KeptThing::MOST + 1);
    assert!(store.keep(&kept("k2", &more), NOW).await.is_err());
    assert!(store.replace_kept(&kept("k1", &more), &most.doc, NOW).await.is_err());
    assert_eq!(store.kept(&OneTimeKey::new("k2"), KIND, NOW).await.unwrap(), None);
}

/// Of a hundred who keep one key at once, exactly one does, also where something that expired lay before.
pub async fn one_of_many_keeps_a_key(store: &dyn Store) {
    let guard = KeptThing { kind: KeptKind::ReplayGuard, expires: LATER, ..kept("jti", "") };
    assert_eq!(winners(|_| store.keep(&guard, NOW), Result::is_ok).await, 1);
    let next = KeptThing { expires: LATER + Seconds(60), ..guard };
    assert_eq!(winners(|_| store.keep(&next, LATER), Result::is_ok).await, 1);
}

/// Of a hundred who take one document out at once, exactly one gets it, and nobody fails.
pub async fn one_of_many_takes_a_document(store: &dyn Store) {
    let thing = kept("k1", "{}");
    store.keep(&thing, NOW).await.unwrap();
    let take = |_| store.take_kept(&thing.key, KIND, NOW);
    let answers = futures::future::join_all((0..100).map(take)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count(), 1);
}

/// Of a hundred who read a document and replace it, exactly one does.
pub async fn one_of_many_replaces_a_document(store: &dyn Store) {
    store.keep(&kept("k1", "first"), NOW).await.unwrap();
    let replace = async |n: usize| store.replace_kept(&kept("k1", &format!("by {n}")), "first", NOW).await;
    assert_eq!(winners(replace, Result::is_ok).await, 1);
}
