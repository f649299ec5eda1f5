//! The keys the house signs with.

use crate::Result;
use async_trait::async_trait;
use preau_domain::StoredKey;

/// Signing keys. They are few: a set is read whole.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// Every key, in the order in which they begin to sign.
    async fn signing_keys(&self) -> Result<Vec<StoredKey>>;

    /// Adds a key. `Conflict` if its name is taken.
    async fn add_signing_key(&self, key: &StoredKey) -> Result<()>;

    /// Removes a key for good; says whether it was there.
    async fn remove_signing_key(&self, kid: &str) -> Result<bool>;
}
