//! Userinfo (Core 5.3): what is told of the person an access token stands for, decided again each time.

use super::proof::{self, Caller, For, Proof};
use super::{alg, encrypted, sign, spoken, token};
use crate::OidcError;
use crate::foreign::ForeignKeys;
use crate::grants::{self, Bound, Given};
use crate::wire::{Wanted, claims, is_secret, left, tells_visitor};
use preau_domain::{AuditEvent, Grant, GrantKind};
use preau_web::{Door, Hub, Live};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const UNKNOWN: OidcError = OidcError::InvalidToken("the access token is unknown, expired or revoked");

/// What userinfo answers.
pub enum Told {
    /// Plain.
    Plain(Map<String, Value>),
    /// Signed, and encrypted where the service wants it so.
    Signed(String),
}

/// The token of that secret and kind.
pub async fn held(hub: &Hub, secret: &str, kind: GrantKind) -> Result<Option<Grant>, OidcError> {
    if !is_secret(secret) {
        return Ok(None);
    }
    Ok(hub.store.granted(&grants::key_of(hub, secret, kind), kind, hub.now()).await?)
}

/// An access token as it was shown.
pub struct Shown {
    /// The token.
    pub token: String,
    /// In which way.
    pub scheme: Scheme,
}

/// How an access token is shown (RFC 6750 2, RFC 9449 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By itself.
    Bearer,
    /// With the proof of a key.
    Dpop,
}

/// Whether whoever shows a token holds the key it is bound to. A bound one shown by itself is refused, and so is one that
/// is bound to nothing beside a proof: what the proof promises would not be so.
async fn holds(hub: &Hub, bound: &Bound, scheme: Scheme, proof: Option<Proof>) -> Result<(), OidcError> {
    match (&bound.jkt, scheme, proof) {
        (None, Scheme::Bearer, _) => Ok(()),
        (None, Scheme::Dpop, _) => {
            Err(OidcError::InvalidToken("the access token is bound to no key: show it as Bearer"))
        }
        (Some(_), Scheme::Bearer, _) => {
            Err(OidcError::InvalidToken("the access token is bound to a key: show it as DPoP, with a proof"))
        }
        (Some(_), Scheme::Dpop, None) => Err(OidcError::InvalidDpopProof("the proof is missing")),
        (Some(jkt), Scheme::Dpop, Some(proof)) if *jkt == proof.jkt => proof.once(hub).await.map(drop),
        (Some(_), Scheme::Dpop, Some(_)) => Err(OidcError::InvalidToken("the access token is bound to another key")),
    }
}

/// Whom an access token stands for, at the service that holds it.
pub struct Bearer {
    /// The service.
    pub door: Door,
    /// The person.
    pub live: Arc<Live>,
    /// What was given.
    pub given: Given,
}

/// The bearer of an access token that was given for this scope, decided again each time. `event` learns whom it is about.
pub async fn bearer(
    hub: &Hub,
    caller: &Caller<'_>,
    shown: &Shown,
    scope: &str,
    event: &mut AuditEvent,
) -> Result<Bearer, OidcError> {
    let proof = match shown.scheme {
        Scheme::Bearer => None,
        Scheme::Dpop => proof::read(hub, caller, For::Access(&shown.token))?,
    };
    let held = held(hub, &shown.token, GrantKind::Access).await?.ok_or(UNKNOWN)?;
    if held.person.is_none() {
        return Err(OidcError::InsufficientScope);
    }
    let given: Given = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    let x5t = caller.certificate.map(|certificate| certificate.thumbprint());
    if given.bound.x5t.is_some() && given.bound.x5t.as_deref() != x5t {
        return Err(OidcError::InvalidToken("the access token is bound to a certificate that is not shown here"));
    }
    holds(hub, &given.bound, shown.scheme, proof).await?;
    event.correlation = caller.visitor.goes_on_with(&given.correlation);
    event.person.clone_from(&held.person);
    event.session.clone_from(&held.session);
    event.service = Some(held.service.clone());
    let live = token::person_of(hub, &held, &given).await?.ok_or(UNKNOWN)?;
    let door = hub.services().get(&held.service).cloned().ok_or(UNKNOWN)?;
    let oidc = spoken(&door).map_err(|_| UNKNOWN)?;
    // One that was exchanged is held by another service than the one whose record says what is told, and a record may have changed
    // since the token was given.
    let asked = given.scopes.iter().any(|one| one == scope);
    if given.by.is_some() || !asked || (scope != "openid" && !oidc.scopes.iter().any(|one| one == scope)) {
        return Err(OidcError::InsufficientScope);
    }
    let decision = hub.decide(&live, &door);
    if !decision.allows() {
        return Err(OidcError::InvalidToken("the service does not open for this person any more"));
    }
    event.establishment = decision.establishment.clone();
    Ok(Bearer { door, live, given })
}

/// Answers the bearer of an access token. `event` learns whom it is about and what leaves.
pub async fn userinfo(
    hub: &Hub,
    keys: &ForeignKeys,
    caller: &Caller<'_>,
    shown: &Shown,
    event: &mut AuditEvent,
) -> Result<(Door, Told), OidcError> {
    let Bearer { door, live, given } = bearer(hub, caller, shown, "openid", event).await?;
    let oidc = spoken(&door).map_err(|_| UNKNOWN)?;
    let released = hub.release(&live, &door).map_err(|_| UNKNOWN)?;
    if !tells_visitor(&released, &given.scopes, &given.claims, false) {
        return Err(OidcError::InsufficientScope);
    }
    let mut told = claims(&released, &Wanted { scopes: &given.scopes, names: &given.claims.userinfo });
    event.detail = left(told.keys().map(String::as_str));
    told.insert("sub".to_owned(), json!(released.user()));
    let Some(signing) = oidc.userinfo_signing else { return Ok((door, Told::Plain(told))) };
    told.insert("iss".to_owned(), json!(hub.base()));
    told.insert("aud".to_owned(), json!(door.service.id.as_str()));
    let signed = sign(hub, alg(signing), "JWT", &told)?;
    let told = encrypted(hub, keys, &door, oidc.userinfo_encryption, signed).await?;
    Ok((door, Told::Signed(told)))
}
