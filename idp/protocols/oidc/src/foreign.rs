//! Public keys of services: those written in their file, and those they publish at an address of theirs.
//!
//! A published set is fetched when it is needed and believed for an hour; a token whose key is not in it makes us look again, at
//! most once a minute for one service, so that nobody can make us call an address at will. While the address does not
//! answer, the latest set serves for one hour more and no longer: a key that was withdrawn there must die here too. Of those who need
//! a set at once, one asks for it and the others wait.

use http::header;
use preau_connector_api::OidcService;
use preau_domain::{Instant, Seconds, ServiceId};
use preau_keys::jose::jwe::KeyWrap;
use preau_keys::jose::{self, Expect, JoseError, Jwk, Jwks, MAX_SET, PublicKey, Verified};
use preau_web::{Door, Hub};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Mutex as Turn;

/// How long a published set is believed without looking again.
const KEPT: Seconds = Seconds(3600);
/// How long it is believed while the address does not answer.
const STALE: Seconds = Seconds(2 * 3600);
/// How soon an address may be asked again.
const AGAIN: Seconds = Seconds(60);

/// The sets that were fetched. One for each service that publishes its keys: a closed list.
#[derive(Debug, Default)]
pub struct ForeignKeys(Mutex<HashMap<ServiceId, Arc<Published>>>);

/// What one service publishes.
#[derive(Debug)]
struct Published {
    uri: String,
    held: Mutex<Held>,
    /// Whoever asks the address holds it.
    turn: Turn<()>,
}

#[derive(Clone, Debug, Default)]
struct Held {
    /// The latest set, and when it was read.
    keys: Option<(Arc<Jwks>, Instant)>,
    /// When the address was last asked.
    tried: Option<Instant>,
}

impl Held {
    /// The set, as long as it may be believed.
    fn believed(&self, now: Instant) -> Option<Arc<Jwks>> {
        self.keys.as_ref().filter(|(_, fetched)| now < *fetched + STALE).map(|(keys, _)| keys.clone())
    }

    /// Whether the address is to be asked, by somebody who wants a set that is not older than `age`.
    fn is_due(&self, now: Instant, age: Seconds) -> bool {
        let fresh = self.keys.as_ref().is_some_and(|(_, fetched)| now < *fetched + age);
        !fresh && self.tried.is_none_or(|tried| now >= tried + AGAIN)
    }
}

impl ForeignKeys {
    /// Believes a token that a service signed, or says why not.
    pub async fn verify(&self, hub: &Hub, door: &Door, token: &str, expect: Expect<'_>) -> Result<Verified, JoseError> {
        let Some(oidc) = &door.oidc else { return Err(JoseError::UnknownKey) };
        let held = self.keys(hub, door, oidc, KEPT).await.ok_or(JoseError::UnknownKey)?;
        match jose::verify(token, &held, expect) {
            Err(JoseError::UnknownKey) if oidc.jwks_uri.is_some() => {
                let newer = self.keys(hub, door, oidc, AGAIN).await.ok_or(JoseError::UnknownKey)?;
                jose::verify(token, &newer, expect)
            }
            result => result,
        }
    }

    /// Whether a key is one of the service's, and not kept for encryption.
    pub async fn holds(&self, hub: &Hub, door: &Door, key: &PublicKey) -> bool {
        let Some(oidc) = &door.oidc else { return false };
        let among = |set: Option<Arc<Jwks>>| {
            let own = |jwk: &Jwk| jwk.key == *key && jwk.usage.as_deref() != Some("enc");
            set.is_some_and(|set| set.keys().iter().any(own))
        };
        among(self.keys(hub, door, oidc, KEPT).await)
            || oidc.jwks_uri.is_some() && among(self.keys(hub, door, oidc, AGAIN).await)
    }

    /// The key to encrypt something with for a service.
    pub async fn sealing(&self, hub: &Hub, door: &Door, wrap: KeyWrap) -> Option<Jwk> {
        let oidc = door.oidc.as_ref()?;
        let held = self.keys(hub, door, oidc, KEPT).await?;
        match held.sealing(wrap) {
            None if oidc.jwks_uri.is_some() => self.keys(hub, door, oidc, AGAIN).await?.sealing(wrap).cloned(),
            found => found.cloned(),
        }
    }

    /// The keys of a service, not older than that if they are published.
    async fn keys(&self, hub: &Hub, door: &Door, oidc: &OidcService, age: Seconds) -> Option<Arc<Jwks>> {
        if let Some(text) = &oidc.jwks {
            return parsed(door, text.as_bytes());
        }
        let (published, now) = (self.published(door, oidc.jwks_uri.as_ref()?), hub.now());
        if published.held().is_due(now, age) {
            let _turn = published.turn.lock().await;
            // Somebody else may have had the turn before.
            if published.held().is_due(now, age) {
                let found = fetch(hub, door, &published.uri).await;
                let mut held = published.held();
                held.tried = Some(now);
                held.keys = found.map(|keys| (keys, now)).or(held.keys.take());
            }
        }
        published.held().believed(now)
    }

    /// What is held of a service; of another address it had before, nothing.
    fn published(&self, door: &Door, uri: &str) -> Arc<Published> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.get(&door.service.id).filter(|one| one.uri == uri).cloned();
        one.unwrap_or_else(|| {
            let new = Arc::new(Published { uri: uri.to_owned(), held: Mutex::default(), turn: Turn::default() });
            all.insert(door.service.id.clone(), new.clone());
            new
        })
    }
}

impl Published {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(hub: &Hub, door: &Door, uri: &str) -> Option<Arc<Jwks>> {
    let request = http::Request::get(uri).header(header::ACCEPT, "application/jwk-set+json, application/json");
    let request = request.body(Vec::new()).ok()?;
    match hub.egress.send(request, door.network, MAX_SET).await {
        Ok(answer) if answer.status() == http::StatusCode::OK => parsed(door, answer.body()),
        Ok(answer) => {
            let status = answer.status().as_u16();
            tracing::warn!(service.id = door.service.id.as_str(), status, "no keys at the jwks_uri");
            None
        }
        Err(error) => {
            tracing::warn!(service.id = door.service.id.as_str(), %error, "the jwks_uri is not reached");
            None
        }
    }
}

fn parsed(door: &Door, bytes: &[u8]) -> Option<Arc<Jwks>> {
    match Jwks::parse(bytes) {
        Ok(keys) => Some(Arc::new(keys)),
        Err(error) => {
            tracing::warn!(service.id = door.service.id.as_str(), %error, "the keys of a service cannot be read");
            None
        }
    }
}
