//! The keys the house signs with, tokens as well as SAML: the running set, and the rows it is made of.
//!
//! Owns drawing and sealing a key, making the certificates of SAML, opening the rows of the store, choosing the one that signs, and the published set. The
//! life of keys is a pure function ([`plan()`]); loading and keeping rows, and how often, belong to `idp/server`.

mod plan;
mod saml;
mod usage;

pub use plan::{CutOver, Make, Phase, Plan, end, phase, plan, replacement};
pub use saml::{SamlKey, SamlPublished, certificate_of};
pub use usage::{KeyUse, Rhythm, SIGNED_WITH};

use crate::jose::jwe::DecryptionKey;
use crate::jose::{self, Alg, Expect, JoseError, Jwk, Jwks, PrivateKey, Typ, Verified};
use crate::{MAX_SEALED, Sealer};
use arc_swap::ArcSwap;
use preau_domain::{Ids, Instant, Seconds, StoredKey};
use saml::Opener;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// What signing keys are sealed for.
const PURPOSE: &str = "signing key";

/// How long a certificate says it is good for. Nobody should look; whoever does finds ten years.
const CERTIFIED: Seconds = Seconds(10 * 365 * 86_400);

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
    opening: Arc<[Arc<DecryptionKey>]>,
}

struct Key {
    row: StoredKey,
    usage: KeyUse,
    part: Part,
}

/// What a key does, read once and ready.
enum Part {
    Token(Box<PrivateKey>),
    Saml(Arc<SamlKey>),
    Opens(Opener),
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

    /// Seals a key as a row of the store. Drawing one ([`PrivateKey::draw`], of the kind its use has) is the caller's: RSA
    /// takes its time, and is not for a thread that serves.
    pub fn row(&self, ids: &dyn Ids, make: &Make, private: &PrivateKey, now: Instant) -> StoredKey {
        let (word, mut public) = (make.usage.as_str(), jwk(private, make.usage.kind()));
        if !matches!(make.usage, KeyUse::Token(_)) {
            let until = make.remove_at.max(now + CERTIFIED);
            let made = saml::self_signed(private, make.usage.kind(), &make.place, now, until);
            let certificate = made.unwrap_or_else(|| unreachable!("a key drawn for SAML has a certificate"));
            public["x5c"] = saml::x5c(&certificate);
        }
        let public = public.to_string();
        let sealed = self.sealer.seal(ids, PURPOSE, &[make.place.as_str(), word, &public], &private.to_pkcs8());
        StoredKey {
            sealed: sealed.unwrap_or_else(|| unreachable!("no key is longer than {MAX_SEALED} bytes")),
            kid: make.place.clone(),
            alg: word.to_owned(),
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
        let usage = KeyUse::named(&row.alg)?;
        let beside = [row.kid.as_str(), row.alg.as_str(), &row.public];
        let private = PrivateKey::from_pkcs8(usage.kind(), &self.sealer.open(PURPOSE, &beside, &row.sealed)?)?;
        let part = match usage {
            KeyUse::Token(_) => Part::Token(Box::new(private)),
            KeyUse::Saml(alg) => {
                let certificate = saml::certificate_by(row, &private)?;
                Part::Saml(Arc::new(SamlKey { private, certificate, alg }))
            }
            KeyUse::SamlOpening => {
                let certificate = saml::certificate_by(row, &private)?;
                Part::Opens(Opener::new(&private, certificate)?)
            }
        };
        Some(Key { row: row.clone(), usage, part })
    }

    /// Signs claims, which must be an object, as a token of the type `typ`, with the key whose time it is.
    pub fn sign(&self, alg: Alg, typ: &str, claims: &impl Serialize, now: Instant) -> Result<String, SignError> {
        let set = self.set.load();
        match set.serves(KeyUse::Token(alg), now).map(|key| &key.part) {
            Some(Part::Token(key)) => {
                jose::sign(key, alg, key.public().thumbprint(), typ, claims).map_err(SignError::Jose)
            }
            _ => Err(SignError::NotReady(alg)),
        }
    }

    /// The key that signs messages of SAML now: the one whose time it is, and never another one.
    pub fn saml(&self, alg: Alg, now: Instant) -> Result<Arc<SamlKey>, SignError> {
        match self.set.load().serves(KeyUse::Saml(alg), now).map(|key| &key.part) {
            Some(Part::Saml(key)) => Ok(Arc::clone(key)),
            _ => Err(SignError::NotReady(alg)),
        }
    }

    /// Every key that opens what was encrypted for us: a partner that still holds an old certificate is understood too.
    pub fn saml_opening(&self) -> Arc<[Arc<DecryptionKey>]> {
        Arc::clone(&self.set.load().opening)
    }

    /// What of the keys of SAML is to stand in metadata.
    pub fn saml_published(&self, now: Instant) -> SamlPublished {
        let set = self.set.load();
        let signing = [Alg::RS256, Alg::ES256].into_iter().flat_map(|alg| set.ordered(KeyUse::Saml(alg), now));
        let opening = set.ordered(KeyUse::SamlOpening, now);
        let certificate = |key: &Key| match &key.part {
            Part::Token(_) => None,
            Part::Saml(key) => Some(key.certificate.clone()),
            Part::Opens(key) => Some(key.certificate.clone()),
        };
        SamlPublished {
            signing: signing.filter_map(certificate).collect(),
            opening: opening.into_iter().filter_map(certificate).take(1).collect(),
        }
    }

    /// Believes a token that this house signed, with a key that is still in the set.
    pub fn verify_own(&self, compact: &str, typ: Typ<'_>) -> Result<Verified, JoseError> {
        jose::verify(compact, &self.set.load().public, Expect { algs: SIGNED_WITH, typ })
    }

    /// The published set: a JSON document with the public parts of every key that will sign, signs or signed.
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.set.load().published)
    }

    /// The algorithms that tokens can be signed with now.
    pub fn ready(&self, now: Instant) -> Vec<Alg> {
        let set = self.set.load();
        SIGNED_WITH.iter().copied().filter(|alg| set.serves(KeyUse::Token(*alg), now).is_some()).collect()
    }

    /// What there is no key for now.
    pub fn missing(&self, now: Instant) -> Vec<KeyUse> {
        let set = self.set.load();
        KeyUse::ALL.iter().copied().filter(|usage| set.serves(*usage, now).is_none()).collect()
    }
}

impl Set {
    fn new(keys: Vec<Arc<Key>>) -> Set {
        let tokens = || {
            keys.iter().filter_map(|key| match (&key.part, key.usage) {
                (Part::Token(private), KeyUse::Token(alg)) => Some((&**private, alg)),
                _ => None,
            })
        };
        let listed: Vec<Value> = tokens().map(|(private, alg)| jwk(private, alg)).collect();
        let public = tokens()
            .map(|(private, alg)| Jwk {
                kid: Some(private.public().thumbprint().to_owned()),
                alg: Some(alg.as_str().to_owned()),
                usage: Some("sig".to_owned()),
                key: private.public().clone(),
            })
            .collect();
        let opening = keys.iter().filter_map(|key| match &key.part {
            Part::Opens(opener) => Some(Arc::clone(&opener.key)),
            _ => None,
        });
        let opening = opening.collect();
        Set { public: Jwks::new(public), published: json!({ "keys": listed }).to_string().into(), opening, keys }
    }

    fn of(&self, usage: KeyUse) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.iter().filter(move |key| key.usage == usage)
    }

    fn serves(&self, usage: KeyUse, now: Instant) -> Option<&Key> {
        let row = plan::signs(self.of(usage).map(|key| &key.row), now)?;
        self.keys.iter().find(|key| key.row.kid == row.kid).map(Arc::as_ref)
    }

    /// The keys for one use: the one that serves, those to come, those that served.
    fn ordered(&self, usage: KeyUse, now: Instant) -> Vec<&Key> {
        let serves = self.serves(usage, now).map(|key| key.row.kid.as_str());
        let mut keys: Vec<&Key> = self.of(usage).map(Arc::as_ref).collect();
        let rank = |key: &Key| match () {
            () if Some(key.row.kid.as_str()) == serves => 0,
            () if key.row.use_from > now => 1,
            () => 2,
        };
        keys.sort_by_key(|key| (rank(key), key.row.use_from));
        keys
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
