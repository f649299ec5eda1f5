//! Public keys of services: those written in their file, and those they publish at an address of theirs.
//!
//! A published set is fetched when it is needed and kept for an hour; a token whose key is not in it makes us look again, at
//! most once a minute for one service, so that nobody can make us call an address at will.

use http::header;
use preau_connector_api::OidcService;
use preau_domain::{Instant, Seconds, ServiceId};
use preau_keys::jose::jwe::KeyWrap;
use preau_keys::jose::{self, Expect, JoseError, Jwk, Jwks, MAX_SET, Verified};
use preau_web::{Door, Hub};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a published set is believed.
const KEPT: Seconds = Seconds(3600);
/// How soon a set may be fetched again.
const AGAIN: Seconds = Seconds(60);

/// The sets that were fetched. One for each service that publishes its keys: a closed list.
#[derive(Debug, Default)]
pub struct ForeignKeys(Mutex<HashMap<ServiceId, Fetched>>);

#[derive(Clone, Debug)]
struct Fetched {
    uri: String,
    at: Instant,
    /// None if nothing was there.
    keys: Option<Arc<Jwks>>,
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
        let (uri, now) = (oidc.jwks_uri.as_ref()?, hub.now());
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&door.service.id).cloned();
        let held = held.filter(|held| held.uri == *uri);
        if let Some(held) = &held {
            // An address where nothing was found is not asked again at once either.
            let age = if held.keys.is_some() { age } else { AGAIN };
            if now < held.at + age {
                return held.keys.clone();
            }
        }
        let found = fetch(hub, door, uri).await;
        let keys = found.or_else(|| held.filter(|held| now < held.at + KEPT)?.keys);
        let fetched = Fetched { uri: uri.clone(), at: now, keys: keys.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(door.service.id.clone(), fetched);
        keys
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
