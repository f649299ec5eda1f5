//! The provider's discovery page and keys: fetched when needed, believed for a while, and never fetched in a storm.
//!
//! The page must name the issuer of the configuration, byte for byte (OpenID Connect Discovery 4.3). A token signed with
//! a key that is not known makes the keys be fetched again, at most once a minute whoever sends such tokens. One asks the
//! provider at a time; meanwhile nobody waits who can do with what is known.

use crate::config::Settings;
use bytes::Bytes;
use http::{Request, header};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, LogoutProviderMetadata, ProviderMetadata};
use preau_connector_api::{RedirectError, Unavailable};
use preau_domain::Instant;
use preau_egress::is_endpoint;
use preau_keys::jose::{self, Alg, Expect, JoseError, Jwks, Typ, Verified};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Mutex as Turn;

/// Milliseconds the page and the keys are believed without asking again.
const FRESH_MS: i64 = 3_600_000;
/// Milliseconds they serve on while the provider does not answer.
const STALE_MS: i64 = 24 * 3_600_000;
/// Milliseconds between two fetches of the keys because one was not known.
const KEYS_AGAIN_MS: i64 = 60_000;
/// Milliseconds nobody asks again after a failure, so that a crowd does not wait one after the other.
const FAILED_MS: i64 = 5_000;
/// Longest answer read, in bytes.
pub(crate) const MAX_ANSWER: usize = 256 * 1024;

/// What the page says besides the standard's first edition.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Additional {
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Additional {}

type Page = ProviderMetadata<
    LogoutProviderMetadata<Additional>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is used of the page: every address is one that may be called or shown.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization: String,
    pub(crate) token: String,
    pub(crate) userinfo: Option<String>,
    pub(crate) end_session: Option<String>,
    /// The callback names the issuer (RFC 9207), and one that does not is not believed.
    pub(crate) names_issuer: bool,
    jwks: String,
}

/// See the module.
pub(crate) struct Provider {
    pub(crate) settings: Arc<Settings>,
    /// Held for a moment, and never while the provider is asked.
    known: Mutex<Known>,
    /// Whoever asks the provider holds it.
    turn: Turn<()>,
}

#[derive(Clone, Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Instant)>,
    keys: Option<(Arc<Jwks>, Instant)>,
    /// The keys were asked for because one was not known.
    again: Option<Instant>,
    failed: Option<(Unavailable, Instant)>,
}

fn within(since: Instant, now: Instant, milliseconds: i64) -> bool {
    (0..milliseconds).contains(&(now - since))
}

impl Known {
    /// The page, not older than that.
    fn page(&self, now: Instant, age: i64) -> Option<Arc<Metadata>> {
        self.metadata.as_ref().filter(|(_, at)| within(*at, now, age)).map(|(page, _)| page.clone())
    }

    /// The keys, not older than that.
    fn set(&self, now: Instant, age: i64) -> Option<Arc<Jwks>> {
        self.keys.as_ref().filter(|(_, at)| within(*at, now, age)).map(|(keys, _)| keys.clone())
    }

    /// The keys, where nobody has to be asked: they are other ones than those that did not do, or were asked for a moment
    /// ago.
    fn enough(&self, now: Instant, other_than: Option<&Arc<Jwks>>) -> Option<Arc<Jwks>> {
        let soon = self.again.is_some_and(|again| within(again, now, KEYS_AGAIN_MS));
        let does = |keys: &Arc<Jwks>| soon || !other_than.is_some_and(|old| Arc::ptr_eq(old, keys));
        self.set(now, FRESH_MS).filter(does)
    }
}

impl Provider {
    pub(crate) fn new(settings: Arc<Settings>) -> Provider {
        Provider { settings, known: Mutex::default(), turn: Turn::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the page says.
    pub(crate) async fn metadata(&self, now: Instant) -> Result<Arc<Metadata>, Unavailable> {
        if let Some(page) = self.known().page(now, FRESH_MS) {
            return Ok(page);
        }
        // Somebody asks already: who can do with what is known does not wait.
        let turn = self.turn.try_lock();
        if turn.is_err()
            && let Some(page) = self.known().page(now, STALE_MS)
        {
            return Ok(page);
        }
        let _turn = match turn {
            Ok(turn) => turn,
            Err(_) => self.turn.lock().await,
        };
        self.metadata_in_turn(now).await
    }

    async fn metadata_in_turn(&self, now: Instant) -> Result<Arc<Metadata>, Unavailable> {
        if let Some(page) = self.known().page(now, FRESH_MS) {
            return Ok(page);
        }
        match self.unless_failed(now, self.fetch_metadata()).await {
            Ok(page) => {
                let page = Arc::new(page);
                self.known().metadata = Some((page.clone(), now));
                Ok(page)
            }
            Err(error) => self.known().page(now, STALE_MS).ok_or(error),
        }
    }

    /// Its keys: other ones than those that did not do, if it has any and was not asked a moment ago.
    async fn keys(&self, now: Instant, other_than: Option<&Arc<Jwks>>) -> Result<Arc<Jwks>, Unavailable> {
        if let Some(keys) = self.known().enough(now, other_than) {
            return Ok(keys);
        }
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have found them.
        if let Some(keys) = self.known().enough(now, other_than) {
            return Ok(keys);
        }
        if other_than.is_some() {
            self.known().again = Some(now);
        }
        let metadata = self.metadata_in_turn(now).await?;
        match self.unless_failed(now, self.fetch_keys(&metadata.jwks)).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                self.known().keys = Some((keys.clone(), now));
                Ok(keys)
            }
            Err(error) => self.known().set(now, STALE_MS).ok_or(error),
        }
    }

    /// Asks the provider, unless it failed a moment ago.
    async fn unless_failed<T>(
        &self,
        now: Instant,
        ask: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        if let Some((error, at)) = &self.known().failed
            && within(*at, now, FAILED_MS)
        {
            return Err(error.clone());
        }
        let answer = ask.await;
        self.known().failed = answer.as_ref().err().map(|error| (error.clone(), now));
        answer
    }

    /// Believes a token of the provider, fetching its keys again if one is not known.
    pub(crate) async fn verify(&self, token: &str, typ: Typ<'_>, now: Instant) -> Result<Verified, RedirectError> {
        let expect = Expect { algs: Alg::ALL, typ };
        let keys = self.keys(now, None).await?;
        let mut answer = jose::verify(token, &keys, expect);
        if answer.as_ref().err() == Some(&JoseError::UnknownKey) {
            let newer = self.keys(now, Some(&keys)).await?;
            answer = jose::verify(token, &newer, expect);
        }
        answer.map_err(|error| RedirectError::NotBelieved(word(error)))
    }

    async fn fetch_metadata(&self) -> Result<Metadata, Unavailable> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let bytes = self.get(&url).await?;
        let wrong = |what: &str| Unavailable(format!("the discovery page of {issuer} {what}"));
        let page: Page = serde_json::from_slice(&bytes).map_err(|_| wrong("is no discovery page"))?;
        if page.issuer().as_str() != issuer {
            return Err(wrong("names another issuer"));
        }
        let checked = |name: &str, address: Option<&str>| match address {
            Some(address) if is_endpoint(address) => Ok(Some(address.to_owned())),
            Some(_) => Err(wrong(&format!("gives an address for {name} that is neither https nor on loopback"))),
            None => Ok(None),
        };
        let needed = |name: &str, address: Option<&str>| {
            checked(name, address)?.ok_or_else(|| wrong(&format!("names no {name}")))
        };
        let more = page.additional_metadata();
        Ok(Metadata {
            authorization: needed("authorization_endpoint", Some(page.authorization_endpoint().as_str()))?,
            token: needed("token_endpoint", page.token_endpoint().map(|url| url.as_str()))?,
            userinfo: checked("userinfo_endpoint", page.userinfo_endpoint().map(|url| url.as_str()))?,
            end_session: checked("end_session_endpoint", more.end_session_endpoint.as_ref().map(|url| url.as_str()))?,
            names_issuer: more.additional_metadata.authorization_response_iss_parameter_supported,
            jwks: needed("jwks_uri", Some(page.jwks_uri().as_str()))?,
        })
    }

    async fn fetch_keys(&self, url: &str) -> Result<Jwks, Unavailable> {
        let bytes = self.get(url).await?;
        Jwks::parse(&bytes).map_err(|error| Unavailable(format!("the keys of {}: {error}", self.settings.issuer)))
    }

    /// How many keys the provider has now; nothing that is kept is believed.
    pub(crate) async fn look(&self) -> Result<usize, Unavailable> {
        let metadata = self.fetch_metadata().await?;
        Ok(self.fetch_keys(&metadata.jwks).await?.keys().len())
    }

    async fn get(&self, url: &str) -> Result<Bytes, Unavailable> {
        let failed = |what: String| Unavailable(format!("{}: {what}", self.settings.issuer));
        let request = Request::get(url).header(header::ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|_| failed("address cannot be asked".to_owned()))?;
        let answer = self.settings.egress.send(request, self.settings.network, MAX_ANSWER).await;
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        match answer.status().as_u16() {
            200 => Ok(answer.into_body()),
            status => Err(failed(format!("answers with status {status}"))),
        }
    }
}

/// The word that says why a token was not believed.
fn word(error: JoseError) -> &'static str {
    match error {
        JoseError::TooLong => "token too long",
        JoseError::Malformed => "token malformed",
        JoseError::Header => "token header",
        JoseError::Algorithm => "token algorithm",
        JoseError::Type => "token type",
        JoseError::UnknownKey => "token key unknown",
        JoseError::Signature => "token signature",
        JoseError::Sealed => "token sealed",
    }
}
