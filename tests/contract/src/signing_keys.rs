//! The keys the house signs with.

use crate::fixture::{NOW, conflicts, winners};
use preau_domain::{Seconds, StoredKey};
use preau_store::Store;

fn key(kid: &str, after: i64) -> StoredKey {
    let use_from = NOW + Seconds(after);
    StoredKey {
        kid: kid.into(),
        alg: "ES256".into(),
        sealed: "c2VhbGVk".into(),
        public: r#"{"kty":"EC"}"#.into(),
        created: NOW,
        use_from,
        retire_at: use_from + Seconds(100),
        remove_at: use_from + Seconds(200),
    }
}

/// Keys come back whole, in the order in which they begin to sign.
pub async fn a_signing_key_comes_back_whole(store: &dyn Store) {
    assert!(store.signing_keys().await.unwrap().is_empty());
    for key in [key("b", 60), key("c", 0), key("a", 60)] {
        store.add_signing_key(&key).await.unwrap();
    }
    assert!(store.signing_keys().await.unwrap() == [key("c", 0), key("a", 60), key("b", 60)]);
}

/// A taken name conflicts and keeps its key; of a hundred who add one name at once, exactly one does.
pub async fn a_signing_key_is_named_once(store: &dyn Store) {
    store.add_signing_key(&key("a", 0)).await.unwrap();
    assert!(conflicts(&store.add_signing_key(&key("a", 60)).await));
    store.add_signing_key(&key("A", 60)).await.unwrap();
    assert!(store.signing_keys().await.unwrap() == [key("a", 0), key("A", 60)]);
    let next = key("b", 120);
    assert_eq!(winners(|_| store.add_signing_key(&next), Result::is_ok).await, 1);
}

/// A removed key is gone, and no other.
pub async fn a_signing_key_is_removed(store: &dyn Store) {
    store.add_signing_key(&key("a", 0)).await.unwrap();
    store.add_signing_key(&key("b", 60)).await.unwrap();
    assert!(store.remove_signing_key("a").await.unwrap());
    assert!(!store.remove_signing_key("a").await.unwrap() && !store.remove_signing_key("B").await.unwrap());
    assert!(store.signing_keys().await.unwrap() == [key("b", 60)]);
}
