//! The keys the house signs tokens with: the running set, and the rows it is made of.
//!
//! Owns drawing and sealing a key, opening the rows of the store, choosing the one that signs, and the published set. The
//! life of keys is a pure function ([`plan()`]); loading and keeping rows, and how often, belong to `idp/server`.

mod plan;

pub use plan::{Make, Phase, Plan, Rhythm, SIGNED_WITH, phase, plan, replacement};

use crate::jose::{self, Alg, Expect, JoseError, Jwk, Jwks, PrivateKey, Typ, Verified};
use crate::{MAX_SEALED, Sealer};
use arc_swap::ArcSwap;
use preau_domain::{Ids, Instant, StoredKey};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// What signing keys are sealed for.
const PURPOSE: &str = "signing key";

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignError {
    /// There is no key of that algorithm yet: it is being drawn, or does not open. To be tried again later.
    #[error("no key for {} yet", .0.as_str())]
    NotReady(Alg),
    /// What was to be signed is no object, or the key refused.
    #[error(transparent)]
    Jose(JoseError),
}

/// The running set of signing keys. Cheap to ask from everywhere; replaced as a whole.
pub struct Signers {
    sealer: Sealer,
    set: ArcSwap<Set>,
}

/// One moment of the running set.
struct Set {
    keys: Vec<Arc<Key>>,
    public: Jwks,
    published: Arc<str>,
}

struct Key {
    row: StoredKey,
    alg: Alg,
    private: PrivateKey,
}

impl fmt::Debug for Signers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<String> = self.set.load().keys.iter().map(|key| key.row.kid.clone()).collect();
        write!(f, "Signers({})", places.join(", "))
    }
}

impl Signers {
    /// A set without any key yet.
    pub fn new(sealer: Sealer) -> Signers {
        Signers { sealer, set: ArcSwap::from_pointee(Set::new(Vec::new())) }
    }

    /// Takes the rows for the running set, and gives the places of those that do not open with our master key: they sign
    /// nothing and are not published. A key that is in the set already is not opened again.
    pub fn take(&self, rows: &[StoredKey]) -> Vec<String> {
        let running = self.set.load();
        let mut closed = Vec::new();
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let known = running.keys.iter().find(|key| key.row == *row);
            match known.cloned().or_else(|| self.open(row).map(Arc::new)) {
                Some(key) => keys.push(key),
                None => closed.push(row.kid.clone()),
            }
        }
        if keys.len() != running.keys.len() || keys.iter().zip(&running.keys).any(|(a, b)| !Arc::ptr_eq(a, b)) {
            self.set.store(Arc::new(Set::new(keys)));
        }
        closed
    }

    /// Seals a key as a row of the store. Drawing one ([`PrivateKey::draw`]) is the caller's: RSA takes its time, and is
    /// not for a thread that serves.
    pub fn row(&self, ids: &dyn Ids, make: &Make, private: &PrivateKey, now: Instant) -> StoredKey {
        let public = jwk(private, make.alg).to_string();
        let beside = [make.place.as_str(), make.alg.as_str(), &public];
        let sealed = self.sealer.seal(ids, PURPOSE, &beside, &private.to_pkcs8());
        StoredKey {
            sealed: sealed.unwrap_or_else(|| unreachable!("no key is longer than {MAX_SEALED} bytes")),
            kid: make.place.clone(),
            alg: make.alg.as_str().to_owned(),
            public,
            created: now,
            use_from: make.use_from,
            retire_at: make.retire_at,
            remove_at: make.remove_at,
        }
    }

    /// Whether a row opens with our master key.
    pub fn opens(&self, row: &StoredKey) -> bool {
        self.open(row).is_some()
    }

    fn open(&self, row: &StoredKey) -> Option<Key> {
        let alg = Alg::named(&row.alg)?;
        let beside = [row.kid.as_str(), row.alg.as_str(), &row.public];
        let private = PrivateKey::from_pkcs8(alg, &self.sealer.open(PURPOSE, &beside, &row.sealed)?)?;
        Some(Key { row: row.clone(), alg, private })
    }

    /// Signs claims, which must be an object, as a token of the type `typ`, with the key whose time it is.
    pub fn sign(&self, alg: Alg, typ: &str, claims: &impl Serialize, now: Instant) -> Result<String, SignError> {
        let set = self.set.load();
        let key = set.signs(alg, now).ok_or(SignError::NotReady(alg))?;
        jose::sign(&key.private, alg, key.private.public().thumbprint(), typ, claims).map_err(SignError::Jose)
    }

    /// Believes a token that this house signed, with a key that is still in the set.
    pub fn verify_own(&self, compact: &str, typ: Typ<'_>) -> Result<Verified, JoseError> {
        jose::verify(compact, &self.set.load().public, Expect { algs: SIGNED_WITH, typ })
    }

    /// The published set: a JSON document with the public parts of every key that will sign, signs or signed.
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.set.load().published)
    }

    /// The algorithms that can be signed with now.
    pub fn ready(&self, now: Instant) -> Vec<Alg> {
        let set = self.set.load();
        SIGNED_WITH.iter().copied().filter(|alg| set.signs(*alg, now).is_some()).collect()
    }
}

impl Set {
    fn new(keys: Vec<Arc<Key>>) -> Set {
        let listed: Vec<Value> = keys.iter().map(|key| jwk(&key.private, key.alg)).collect();
        let public = keys
            .iter()
            .map(|key| Jwk {
                kid: Some(key.private.public().thumbprint().to_owned()),
                alg: Some(key.row.alg.clone()),
                usage: Some("sig".to_owned()),
                key: key.private.public().clone(),
            })
            .collect();
        Set { keys, public: Jwks::new(public), published: json!({ "keys": listed }).to_string().into() }
    }

    fn signs(&self, alg: Alg, now: Instant) -> Option<&Key> {
        let row = plan::signs(self.keys.iter().filter(|key| key.alg == alg).map(|key| &key.row), now)?;
        self.keys.iter().find(|key| key.row.kid == row.kid).map(Arc::as_ref)
    }
}

/// The public half as it is published. Its name is its thumbprint: the same key never has two, nor two keys one.
fn jwk(private: &PrivateKey, alg: Alg) -> Value {
    let public = private.public();
    Value::Object(public.to_jwk(public.thumbprint(), alg))
}

#[cfg(test)]
#[path = "signers/tests.rs"]
mod tests;
