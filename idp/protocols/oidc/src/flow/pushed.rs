//! Requests that a service pushes ahead of the browser (RFC 9126), and requests it signs (RFC 9101).
//!
//! Either way the parameters that count are those the service itself vouched for: whatever else stands in the address of the
//! browser is not read, and no other service's request is believed.

use super::proof::{self, Caller, For};
use super::{authorize, client};
use crate::OidcError;
use crate::config::{MAX_PUSHED, PUSHED, SKEW};
use crate::foreign::ForeignKeys;
use crate::grants;
use crate::wire::{Asked, Target, is_secret};
use preau_domain::{Instant, KeptKind, KeptThing, OneTimeKey, Seconds, ServiceId};
use preau_keys::jose::{ClaimRules, Exp, Expect, Parties, Typ};
use preau_store::StoreError;
use preau_web::{Door, Fault, FaultKind, Fields, Hub};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What every name of a pushed request begins with.
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// What is kept of a pushed request.
#[derive(Serialize, Deserialize)]
struct Pushed {
    client: String,
    query: String,
    /// Until when a browser may bring it. It is kept for longer once one did: until the person has signed in.
    until: Instant,
    /// The key that was proved, to which the code is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jkt: Option<String>,
}

/// A request as it counts.
pub struct Request {
    /// Its parameters.
    pub fields: Fields,
    /// The pushed request it is, which ends with the answer to it.
    pub pushed: Option<OneTimeKey>,
    /// The key that was proved when it was pushed.
    pub jkt: Option<String>,
}

/// Takes a request that a service pushes: checked as the browser's would be, and kept for a minute. Gives its name.
pub async fn push(
    hub: &Hub,
    keys: &ForeignKeys,
    caller: &Caller<'_>,
    fields: &Fields,
) -> Result<(Door, String), OidcError> {
    let proof = proof::read(hub, caller, For::Tokens)?;
    let door = client::authenticate(hub, keys, caller, fields).await?;
    let oidc = super::spoken(&door)?;
    if fields.one("request_uri")?.is_some() {
        return Err(OidcError::InvalidRequest("a pushed request does not point to another"));
    }
    let query = without_proof(fields, door.service.id.as_str());
    if query.len() > MAX_PUSHED {
        return Err(OidcError::InvalidRequest("a pushed request has at most 16 KiB"));
    }
    let whole = signed(hub, keys, &door, Fields::parse(&query)?).await?;
    let target =
        Target::read(&whole).map_err(|_| OidcError::InvalidRequest("redirect_uri is missing or given twice"))?;
    let to = door.service.trust_exactly(target.redirect_uri, &oidc.redirect_uris);
    to.ok_or(OidcError::InvalidRequest("the redirect_uri is not one of this service"))?;
    let asked = Asked::read(&whole, target.redirect_uri)?;
    authorize::allowed(oidc, &asked)?;
    if proof.as_ref().is_some_and(|proof| asked.dpop_jkt.as_ref().is_some_and(|jkt| *jkt != proof.jkt)) {
        return Err(OidcError::InvalidDpopProof("dpop_jkt names another key than the proof"));
    }
    let jkt = match proof {
        Some(proof) => Some(proof.once(hub).await?),
        None => None,
    };
    let secret = grants::generate(&*hub.ids);
    let now = hub.now();
    let pushed = Pushed { client: door.service.id.to_string(), query, until: now + PUSHED, jkt };
    let doc = serde_json::to_string(&pushed);
    let thing = KeptThing {
        key: grants::key(&secret),
        kind: KeptKind::PushedRequest,
        doc: doc.map_err(|_| OidcError::ServerError)?,
        expires: now + PUSHED,
    };
    let place = client::place(hub, caller.visitor, oidc);
    hub.store.keep_of(&door.service.id, place.as_deref(), &thing, now).await?;
    Ok((door, format!("{URN}{secret}")))
}

/// What a service pushed, without what proved that it is itself.
fn without_proof(fields: &Fields, client: &str) -> String {
    let proof = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
    let asked = fields.iter().filter(|(name, _)| !proof.contains(name));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked).append_pair("client_id", client).finish()
}

/// The request a browser brings, as it counts. Until it is known whose it is, an error is a page.
pub async fn resolve(hub: &Hub, keys: &ForeignKeys, fields: Fields) -> Result<Request, Fault> {
    let bad = |what: &str| Fault::new(FaultKind::BadRequest, what.to_owned());
    let client = fields.one("client_id")?.ok_or_else(|| bad("authorization request without client_id"))?.to_owned();
    let door = hub.services().get(&ServiceId::new(client.as_str())).filter(|door| door.oidc.is_some()).cloned();
    let door =
        door.ok_or_else(|| Fault::new(FaultKind::UnknownService, "no OpenID Connect service has this client_id"))?;
    let mut request = Request { fields, pushed: None, jkt: None };
    if let Some(secret) = request.fields.one("request_uri")?.and_then(|uri| uri.strip_prefix(URN)).map(str::to_owned) {
        let key = grants::key(&secret);
        let kept = match is_secret(&secret) {
            true => hub.store.kept(&key, KeptKind::PushedRequest, hub.now()).await?,
            false => None,
        };
        let pushed: Option<Pushed> = kept.and_then(|kept| serde_json::from_str(&kept.doc).ok());
        let pushed = pushed.filter(|pushed| pushed.client == client && hub.now() < pushed.until);
        let pushed =
            pushed.ok_or_else(|| bad("no such pushed request of this service: used, too old, or of another"))?;
        request = Request { fields: Fields::parse(&pushed.query)?, pushed: Some(key), jkt: pushed.jkt };
    } else if door.oidc.as_ref().is_some_and(|oidc| oidc.require_pushed) {
        return Err(bad("this service pushes its requests"));
    }
    let fields = signed(hub, keys, &door, request.fields).await;
    Ok(Request { fields: fields.map_err(|error| bad(error.description()))?, ..request })
}

/// The parameters a service signed, where it sent a request object; others as they are. A service without keys of its own
/// cannot sign: its request object is refused later, at its address.
async fn signed(hub: &Hub, keys: &ForeignKeys, door: &Door, fields: Fields) -> Result<Fields, OidcError> {
    const WRONG: OidcError = OidcError::InvalidRequestObject;
    let Some(object) = fields.one("request")?.filter(|object| !object.is_empty()) else { return Ok(fields) };
    let keyed = door.oidc.as_ref().filter(|oidc| oidc.jwks.is_some() || oidc.jwks_uri.is_some());
    let Some(oidc) = keyed else { return Ok(fields) };
    let client = door.service.id.as_str();
    let typ = Typ::IsOrAbsent(&["oauth-authz-req+jwt", "JWT"]);
    let verified = keys
        .verify(hub, door, object, Expect { algs: super::proofs(oidc.request_signing), typ })
        .await
        .map_err(|error| {
            tracing::info!(service.id = client, %error, "a request object is not believed");
            WRONG
        })?;
    let now = hub.now();
    let rules = ClaimRules {
        issuer: client,
        audiences: &[hub.base()],
        parties: Parties::Any,
        exp: Exp::Required,
        oldest: None,
        now,
        skew: SKEW,
    };
    verified.check(&rules).map_err(|_| WRONG)?;
    let exp = verified.instant("exp").ok().flatten().ok_or(WRONG)?;
    // An assertion of the service says who it is by `sub`; what authenticates it must not pass for a request.
    let claims = verified.claims();
    let strange = ["sub", "request", "request_uri"].iter().any(|name| claims.contains_key(*name));
    if strange || exp > now + Seconds(3600) + SKEW {
        return Err(WRONG);
    }
    let same = |name: &str| match (fields.one(name), claims.get(name)) {
        (Ok(Some(outside)), Some(inside)) => inside.as_str() == Some(outside),
        (Ok(None), _) => true,
        (Ok(Some(_)), None) => name == "client_id",
        (Err(_), _) => false,
    };
    if !same("client_id") || !same("response_type") {
        return Err(WRONG);
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        claims.iter().filter(|(name, _)| !["iss", "aud", "exp", "nbf", "iat", "jti"].contains(&&***name))
    {
        match value {
            Value::String(text) => query.append_pair(name, text),
            other => query.append_pair(name, &other.to_string()),
        };
    }
    if !claims.contains_key("client_id") {
        query.append_pair("client_id", client);
    }
    Ok(Fields::parse(&query.finish())?)
}

/// Keeps a pushed request that a browser brought for as long as the sign-in it leads to.
pub async fn take_up(hub: &Hub, key: &OneTimeKey) -> Result<(), Fault> {
    let now = hub.now();
    if let Some(thing) = hub.store.kept(key, KeptKind::PushedRequest, now).await? {
        let longer = KeptThing { expires: now + Seconds(hub.config.session.sign_in_seconds), ..thing.clone() };
        // In another tab it was answered in this very moment: the answer to this sign-in will say so.
        match hub.store.replace_kept(&longer, &thing.doc, now).await {
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Ends a pushed request with the answer to it; says whether it had not ended before.
pub async fn end(hub: &Hub, key: &OneTimeKey) -> Result<bool, OidcError> {
    Ok(hub.store.take_kept(key, KeptKind::PushedRequest, hub.now()).await?.is_some())
}
