//! The secrets of OpenID Connect and what the store keeps beside each: never the secret itself, only its digest.

use crate::config::{CODE, OFFLINE_IN_ALL, SECRET};
use crate::wire::{Asked, ClaimsRequest};
use preau_domain::{
    Authentication, CorrelationId, Grant, GrantKind, Ids, Instant, OneTimeKey, Seconds, ServiceId, SessionId, Ticket,
    TicketKind,
};
use preau_web::{Door, Hub, Live};
use serde::{Deserialize, Serialize};

/// A new code or token.
pub fn generate(ids: &dyn Ids) -> String {
    ids.text(SECRET)
}

/// Letters of a code that nobody can guess: 135 bits. The others say that it is one of ours.
const UNGUESSABLE: usize = 27;

/// A new code. It tells by itself that it was made here, so that what nobody gave out is never looked up, and leaves nothing
/// behind when it is shown.
pub fn code(hub: &Hub) -> String {
    let secret = hub.ids.text(UNGUESSABLE);
    let tag = tag(hub, &secret);
    secret + &tag
}

/// Whether a text is a code of ours, redeemed or not.
pub fn is_code(hub: &Hub, text: &str) -> bool {
    let parts = text.split_at_checked(UNGUESSABLE);
    parts.is_some_and(|(secret, shown)| preau_keys::constant_time_eq(tag(hub, secret).as_bytes(), shown.as_bytes()))
}

fn tag(hub: &Hub, secret: &str) -> String {
    let code = hub.keyring.mac("oidc-code", &[secret]);
    code.chars().filter(char::is_ascii_alphanumeric).take(SECRET - UNGUESSABLE).collect()
}

/// Letters of the part by which a refresh token says that it was made here: 132 bits.
const TAG: usize = 22;

/// A new refresh token. It names its family and says by itself that it was made here: shown when it is not the latest of its family any
/// more, it is a copy, though nothing is kept of it.
pub fn refresh(hub: &Hub, family: &OneTimeKey) -> String {
    let secret = generate(&*hub.ids);
    let tag = refresh_tag(hub, family.as_str(), &secret);
    format!("{family}.{secret}{tag}")
}

fn refresh_tag(hub: &Hub, family: &str, secret: &str) -> String {
    hub.keyring.mac("oidc-refresh", &[family, secret]).chars().take(TAG).collect()
}

/// The name under which a token of that kind is stored. A refresh token that was made here is found by its family.
pub fn key_of(hub: &Hub, text: &str, kind: GrantKind) -> OneTimeKey {
    let own = key(text);
    let named = text.split_once('.').filter(|_| kind == GrantKind::Refresh).filter(|(family, rest)| {
        let parts = rest.split_at_checked(SECRET);
        parts.is_some_and(|(secret, shown)| {
            preau_keys::constant_time_eq(refresh_tag(hub, family, secret).as_bytes(), shown.as_bytes())
        })
    });
    named.map_or(own.clone(), |(family, _)| OneTimeKey::within(&OneTimeKey::new(family), &own))
}

/// The name under which a secret is stored.
pub fn key(secret: &str) -> OneTimeKey {
    preau_keys::one_time_key(secret)
}

/// What is kept beside a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// What was asked.
    #[serde(rename = "a")]
    pub asked: Asked,
    /// Scopes that are given.
    #[serde(rename = "g")]
    pub scopes: Vec<String>,
    /// The request it comes from, so that the audit holds together from the browser to the service.
    #[serde(rename = "c")]
    pub correlation: CorrelationId,
}

impl Code {
    /// The ticket of a code, for the person of a session and a service.
    pub fn stored(&self, secret: &str, live: &Live, door: &Door, at: Instant) -> Option<Ticket> {
        Some(Ticket {
            key: key(secret),
            kind: TicketKind::OidcCode,
            session: live.session.id.clone(),
            person: live.session.person.clone(),
            service: door.service.id.clone(),
            payload: serde_json::to_string(self).ok().filter(|text| text.len() <= 8 * 1024)?,
            issued: at,
            expires: live.session.expires.min(at + CODE),
        })
    }
}

/// The key whose holder alone may use a token, as `cnf` says it (RFC 7800, RFC 9449 6.1, RFC 8705 3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The thumbprint of a key that signs proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The thumbprint of a certificate (RFC 8705 3.1).
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
}

impl Bound {
    /// Whether whoever has the token may use it.
    pub fn is_free(&self) -> bool {
        *self == Bound::default()
    }

    /// How such a token is shown (RFC 6749 7.1).
    pub fn token_type(&self) -> &'static str {
        if self.jkt.is_some() { "DPoP" } else { "Bearer" }
    }
}

/// What is kept beside an access or refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Scopes that were given.
    #[serde(rename = "g")]
    pub scopes: Vec<String>,
    /// Claims asked one by one.
    #[serde(rename = "r", default)]
    pub claims: ClaimsRequest,
    /// The proof it rests on.
    #[serde(rename = "p")]
    pub authentication: Authentication,
    /// The name of its session for the service.
    #[serde(rename = "s")]
    pub sid: String,
    /// The service that calls with it, where that is another one than the one it is made for.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ServiceId>,
    /// The token it was exchanged for, without which it is worth nothing.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<OneTimeKey>,
    /// Who alone may use it.
    #[serde(rename = "k", default, skip_serializing_if = "Bound::is_free")]
    pub bound: Bound,
    /// When the first token of its family was given, where that outlives its session.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Instant>,
    /// The request it comes from.
    #[serde(rename = "c")]
    pub correlation: CorrelationId,
}

impl Given {
    /// From when on nothing of its family is worth anything, where that outlives its session. One of an earlier version does not say
    /// when it began: its proof was there before.
    pub fn end(&self) -> Instant {
        self.began.unwrap_or(self.authentication.at) + OFFLINE_IN_ALL
    }
}

/// What is kept beside an access token that stands for a service and for no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// Scopes that were given.
    #[serde(rename = "g")]
    pub scopes: Vec<String>,
    /// The service it stands for.
    #[serde(rename = "b")]
    pub by: ServiceId,
    /// Who alone may use it.
    #[serde(rename = "k", default, skip_serializing_if = "Bound::is_free")]
    pub bound: Bound,
}

/// What tokens are made for.
pub struct Holder<'a> {
    /// The service.
    pub door: &'a Door,
    /// The person, in a session or without one.
    pub live: &'a Live,
    /// The session they die with, if any.
    pub session: Option<SessionId>,
    /// The code they descend from.
    pub family: OneTimeKey,
}

impl Holder<'_> {
    /// A token for the store, under its name.
    pub fn grant(&self, key: OneTimeKey, kind: GrantKind, given: &Given, at: Instant, life: Seconds) -> Option<Grant> {
        let end = if self.session.is_some() { self.live.session.expires } else { given.end() };
        Some(Grant {
            key,
            kind,
            family: self.family.clone(),
            session: self.session.clone(),
            person: Some(self.live.session.person.clone()),
            service: self.door.service.id.clone(),
            doc: serde_json::to_string(given).ok().filter(|text| text.len() <= 8 * 1024)?,
            issued: at,
            expires: end.min(at + life),
        })
    }
}

/// What a service is told at the end of a session: which of its sessions, and whose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The name of the session for the service.
    pub sid: String,
    /// The person as the service knows them.
    pub sub: String,
}
