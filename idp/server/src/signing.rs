//! The keys the house signs with, between the store and the running set: taken from it, made when one is due, taken
//! away when nothing needs it any more. When that is belongs to the plan of `idp/keys`.

use preau_domain::{Clock, StoredKey};
use preau_keys::jose::PrivateKey;
use preau_keys::signers::{Make, Plan, plan};
use preau_keys::{Signers, SystemIds};
use preau_store::{Store, StoreError};
use std::sync::Arc;

/// The keys of a house: where they are kept, and where they run.
pub struct Signing {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// Where they run.
    pub signers: Arc<Signers>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Places of the keys that were made.
    pub made: Vec<String>,
    /// Places of the keys that were taken away.
    pub removed: Vec<String>,
    /// Places of the keys that do not open with our master key.
    pub closed: Vec<String>,
}

impl Signing {
    /// Takes the keys as they are kept. Those made by other servers come in this way.
    pub async fn load(&self) -> Result<(Vec<StoredKey>, Vec<String>), StoreError> {
        let rows = self.store.signing_keys().await?;
        let closed = self.signers.take(&rows);
        Ok((rows, closed))
    }

    /// Takes the keys, and does what is due. With `patient` false only what takes no time: an RSA key that is missing
    /// is left to a later call.
    pub async fn settle(&self, patient: bool) -> Result<Done, StoreError> {
        let (rows, closed) = self.load().await?;
        let mut todo = plan(&rows, self.clock.now());
        todo.make.retain(|make| patient || make.usage.quick());
        if todo == Plan::default() {
            return Ok(Done { closed, ..Done::default() });
        }
        self.apply(&todo).await
    }

    /// Does what a plan says. A place that another server took first is not made again: its key is taken over.
    pub async fn apply(&self, todo: &Plan) -> Result<Done, StoreError> {
        let mut done = Done::default();
        for make in &todo.make {
            let row = self.draw(make).await?;
            match self.store.add_signing_key(&row).await {
                Ok(()) => done.made.push(row.kid),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
            // Whoever waits for this key does not wait for the others too.
            self.load().await?;
        }
        for place in &todo.remove {
            if self.store.remove_signing_key(place).await? {
                done.removed.push(place.clone());
            }
        }
        done.closed = self.load().await?.1;
        Ok(done)
    }

    /// Draws a key where nobody is kept waiting.
    async fn draw(&self, make: &Make) -> Result<StoredKey, StoreError> {
        let (signers, make, now) = (Arc::clone(&self.signers), make.clone(), self.clock.now());
        tokio::task::spawn_blocking(move || signers.row(&SystemIds, &make, &PrivateKey::draw(make.usage.kind()), now))
            .await
            .map_err(|error| StoreError::Backend(format!("a key was not drawn: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use preau_keys::jose::Alg;
    use preau_keys::signers::{CutOver, KeyUse, SIGNED_WITH, replacement};
    use preau_keys::{Keyring, Sealer};
    use std::path::Path;

    async fn server(folder: &Path, seed: &[u8]) -> Signing {
        let url = format!("sqlite://{}", folder.join("preau.sqlite").display());
        let store = preau_store_sql::open(&url).await.unwrap();
        let signers = Arc::new(Signers::new(Sealer::new(&Keyring::ephemeral(seed))));
        Signing { store, signers, clock: Arc::new(SystemClock::new()) }
    }

    #[tokio::test]
    async fn a_first_start_has_quick_keys_at_once_and_rsa_soon() {
        let folder = tempfile::tempdir().unwrap();
        let house = server(folder.path(), b"1").await;
        assert_eq!(house.settle(false).await.unwrap().made, ["es256-1", "eddsa-1", "saml-es256-1"]);
        let now = house.clock.now();
        assert_eq!(house.signers.ready(now), [Alg::ES256, Alg::EdDSA]);
        let early = house.signers.sign(Alg::RS256, "JWT", &serde_json::json!({}), now);
        assert_eq!(early, Err(preau_keys::SignError::NotReady(Alg::RS256)), "a clear answer, and no other key");
        assert_eq!(house.settle(true).await.unwrap().made, ["rs256-1", "saml-rs256-1", "saml-rsa-oaep-1"]);
        assert_eq!(house.signers.ready(house.clock.now()), SIGNED_WITH);
        assert!(house.signers.missing(house.clock.now()).is_empty());
        assert_eq!(house.settle(true).await.unwrap(), Done::default(), "nothing is left to do");
    }

    #[tokio::test]
    async fn servers_that_start_at_once_make_one_set() {
        let folder = tempfile::tempdir().unwrap();
        let first = server(folder.path(), b"1").await;
        // One database, as two servers of one house see it; a file of SQLite has one writer.
        let second = Signing {
            store: Arc::clone(&first.store),
            signers: Arc::new(Signers::new(Sealer::new(&Keyring::ephemeral(b"1")))),
            clock: Arc::clone(&first.clock),
        };
        let (a, b) = tokio::join!(first.settle(true), second.settle(true));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.made.len() + b.made.len(), KeyUse::ALL.len(), "{a:?} {b:?}");
        // The one that was faster may have looked before the other's last key was there.
        first.settle(true).await.unwrap();
        second.settle(true).await.unwrap();
        assert_eq!(first.signers.jwks(), second.signers.jwks());
    }

    #[tokio::test]
    async fn keys_sealed_elsewhere_are_told_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let first = server(folder.path(), b"1").await;
        first.settle(true).await.unwrap();
        let foreign = Signing {
            store: Arc::clone(&first.store),
            signers: Arc::new(Signers::new(Sealer::new(&Keyring::ephemeral(b"another master key")))),
            clock: Arc::clone(&first.clock),
        };
        let done = foreign.settle(true).await.unwrap();
        assert_eq!((done.closed.len(), done.made.len()), (KeyUse::ALL.len(), 0));
        assert_eq!(foreign.signers.missing(foreign.clock.now()), KeyUse::ALL);
    }

    #[tokio::test]
    async fn a_compromised_key_is_replaced_at_once_and_leaves_the_set() {
        let folder = tempfile::tempdir().unwrap();
        let house = server(folder.path(), b"1").await;
        house.settle(false).await.unwrap();
        let token = house.signers.sign(Alg::ES256, "JWT", &serde_json::json!({}), house.clock.now()).unwrap();
        let typ = preau_keys::jose::Typ::Is(&["JWT"]);
        assert!(house.signers.verify_own(&token, typ).is_ok(), "control");
        let (rows, _) = house.load().await.unwrap();
        let todo = replacement(&rows, KeyUse::Token(Alg::ES256), house.clock.now(), CutOver::Compromised);
        let done = house.apply(&todo).await.unwrap();
        assert_eq!((done.made, done.removed), (vec!["es256-2".to_owned()], vec!["es256-1".to_owned()]));
        assert!(house.signers.verify_own(&token, typ).is_err());
        assert!(house.signers.ready(house.clock.now()).contains(&Alg::ES256));
    }
}
