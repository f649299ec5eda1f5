//! Initial access tokens (RFC 7591 section 3): an operator makes one for an editor, who registers so many services with it
//! until a day. Only the digest is kept.

use preau_domain::{Ids, Instant, KeptKind, KeptThing, OneTimeKey, Seconds};
use preau_store::{Result, Store, StoreError};
use serde::{Deserialize, Serialize};

/// Longest life, in days.
pub const MOST_DAYS: u32 = 366;
/// Characters of a token: 215 random bits.
const LENGTH: usize = 43;
/// Characters of its digest by which an operator names a token.
const NAME: usize = 10;
/// How often a count that others change at the same time is tried.
const TRIES: usize = 20;

/// What is kept beside the digest of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Doc {
    made: Instant,
    left: Option<u32>,
    note: String,
}

/// A token as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialAccess {
    /// What it is called in lists: the beginning of its digest.
    pub name: String,
    /// Since when.
    pub made: Instant,
    /// Until when.
    pub expires: Instant,
    /// How many services may still register with it; as many as there is room for when it is absent.
    pub left: Option<u32>,
    /// For whom.
    pub note: String,
    key: OneTimeKey,
}

/// Makes a token; the text is told once.
pub async fn issue(
    store: &dyn Store,
    ids: &dyn Ids,
    now: Instant,
    days: u32,
    uses: Option<u32>,
    note: &str,
) -> Result<String> {
    let secret = ids.text(LENGTH);
    let doc = Doc { made: now, left: uses, note: note.to_owned() };
    let doc = serde_json::to_string(&doc).map_err(|error| StoreError::Backend(error.to_string()))?;
    let expires = now + Seconds(i64::from(days) * 86_400);
    let thing = KeptThing { key: preau_keys::one_time_key(&secret), kind: KeptKind::InitialAccess, doc, expires };
    store.keep(&thing, now).await?;
    Ok(secret)
}

/// Every token that still counts.
pub async fn list(store: &dyn Store, now: Instant) -> Result<Vec<InitialAccess>> {
    let all = store.all_kept(KeptKind::InitialAccess, now, 1_000).await?;
    let read = |thing: KeptThing| {
        let doc: Doc = serde_json::from_str(&thing.doc).ok()?;
        let name = thing.key.as_str().chars().take(NAME).collect();
        let Doc { made, left, note } = doc;
        Some(InitialAccess { name, made, expires: thing.expires, left, note, key: thing.key })
    };
    Ok(all.into_iter().filter_map(read).collect())
}

/// Takes a token back; says whether it was there. Services that registered with it stay.
pub async fn revoke(store: &dyn Store, name: &str, now: Instant) -> Result<bool> {
    let Some(token) = list(store, now).await?.into_iter().find(|token| token.name == name) else { return Ok(false) };
    Ok(store.take_kept(&token.key, KeptKind::InitialAccess, now).await?.is_some())
}

/// Whether a token counts, without spending it.
pub async fn counts(store: &dyn Store, secret: &str, now: Instant) -> Result<bool> {
    Ok(store.kept(&preau_keys::one_time_key(secret), KeptKind::InitialAccess, now).await?.is_some())
}

/// Spends one use; says whether there was one. Among concurrent callers no more succeed than there are uses.
pub async fn spend(store: &dyn Store, secret: &str, now: Instant) -> Result<bool> {
    let key = preau_keys::one_time_key(secret);
    for _ in 0..TRIES {
        let Some(thing) = store.kept(&key, KeptKind::InitialAccess, now).await? else { return Ok(false) };
        let doc: Doc = serde_json::from_str(&thing.doc).map_err(|error| StoreError::Backend(error.to_string()))?;
        let spent = match doc.left {
            None => return Ok(true),
            Some(0 | 1) => return Ok(store.take_kept(&key, KeptKind::InitialAccess, now).await?.is_some()),
            Some(left) => Doc { left: Some(left - 1), ..doc },
        };
        let doc = serde_json::to_string(&spent).map_err(|error| StoreError::Backend(error.to_string()))?;
        let next = KeptThing { doc, ..thing.clone() };
        match store.replace_kept(&next, &thing.doc, now).await {
            Err(StoreError::Conflict) => {}
            other => return other.map(|()| true),
        }
    }
    Ok(false)
}
