//! The token endpoint: one redemption of a code, one rotation of a refresh token, and the ID token.
//!
//! A code is taken out of the store before anything is asked of it, so that every attempt is its last. Everything born of
//! it is one family: who presents a spent code or a spent refresh token revokes the family, because two hold a copy.
//! Access is decided again each time.

use super::proof::{self, Caller, For};
use super::{acr, alg, amr, client, device, encrypted, service, sid, sign, spoken};
use crate::OidcError;
use crate::config::{ACCESS, CODE, ID_TOKEN, OFFLINE};
use crate::foreign::ForeignKeys;
use crate::grants::{self, Bound, Code, Given, Holder};
use crate::wire::{ClaimsRequest, TokenRequest, Wanted, claims, is_secret, left, tells_visitor};
use preau_connector_api::{OidcGrant, OidcService};
use preau_domain::{AuditEvent, AuditKind, Authentication, Grant, GrantKind, Instant, Seconds, TicketKind};
use preau_policy::Released;
use preau_store::Rotation;
use preau_web::{Door, Fields, Hub, Live, Visitor};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the token endpoint answers (RFC 6749 5.1).
#[derive(Debug, Serialize)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

impl Tokens {
    /// An access token and nothing else.
    pub fn access(secret: String, grant: &Grant, scopes: &[String], bound: &Bound) -> Tokens {
        Tokens {
            access_token: secret,
            token_type: bound.token_type(),
            expires_in: (grant.expires - grant.issued) / 1000,
            refresh_token: None,
            id_token: None,
            issued_token_type: None,
            scope: scopes.join(" "),
        }
    }

    /// The same, in the words of an exchange.
    pub fn exchanged(self) -> Tokens {
        Tokens { issued_token_type: Some(crate::wire::ACCESS_TOKEN), ..self }
    }
}

/// A service that proved itself and redeems something.
pub struct Redeemer<'a> {
    /// The house.
    pub hub: &'a Hub,
    /// Keys of services.
    pub keys: &'a ForeignKeys,
    /// Its call.
    pub visitor: &'a Visitor,
    /// The service.
    pub door: &'a Door,
    /// The key it proved that it holds: what it is given is for the holder of that key.
    pub bound: Bound,
}

/// Redeems what a service presents. `event` learns whom it is about.
pub async fn redeem(
    hub: &Hub,
    keys: &ForeignKeys,
    caller: &Caller<'_>,
    fields: &Fields,
    event: &mut AuditEvent,
) -> Result<(Door, Tokens), OidcError> {
    let proof = proof::read(hub, caller, For::Tokens)?;
    let door = client::authenticate(hub, keys, caller, fields).await?;
    event.service = Some(door.service.id.clone());
    let may = |grant: OidcGrant| match spoken(&door)?.grants.contains(&grant) {
        true => Ok(()),
        false => Err(OidcError::UnauthorizedClient("the service did not declare this grant type")),
    };
    // Remembered only of a service that proved itself: nobody else fills the store.
    let jkt = match proof {
        Some(proof) => Some(proof.once(hub).await?),
        None if spoken(&door)?.require_dpop => {
            return Err(OidcError::InvalidRequest("this service shows a DPoP proof of its key"));
        }
        None => None,
    };
    let x5t = match caller.certificate {
        Some(certificate) if spoken(&door)?.certificate_bound => Some(certificate.thumbprint().to_owned()),
        None if spoken(&door)?.certificate_bound => {
            return Err(OidcError::InvalidRequest(
                "this service shows its certificate, where certificates are asked for",
            ));
        }
        _ => None,
    };
    let who = Redeemer { hub, keys, visitor: caller.visitor, door: &door, bound: Bound { jkt, x5t } };
    let tokens = match TokenRequest::read(fields)? {
        TokenRequest::Code { code, redirect_uri, verifier } => {
            may(OidcGrant::AuthorizationCode)?;
            by_code(&who, &code, redirect_uri.as_deref(), verifier.as_deref(), event).await?
        }
        TokenRequest::Refresh { token, scopes } => {
            may(OidcGrant::RefreshToken)?;
            by_refresh(&who, &token, scopes, event).await?
        }
        TokenRequest::Own { audience, scopes } => {
            may(OidcGrant::ClientCredentials)?;
            service::own(&who, audience.as_deref(), &scopes, event).await?
        }
        TokenRequest::Exchange { token, audience, scopes } => {
            may(OidcGrant::TokenExchange)?;
            service::exchange(&who, &token, &audience, &scopes, event).await?
        }
        TokenRequest::Device { code } => {
            may(OidcGrant::DeviceCode)?;
            device::redeem(&who, &code, event).await?
        }
        TokenRequest::Other => return Err(OidcError::UnsupportedGrantType),
    };
    Ok((door, tokens))
}

async fn by_code(
    who: &Redeemer<'_>,
    secret: &str,
    redirect_uri: Option<&str>,
    verifier: Option<&str>,
    event: &mut AuditEvent,
) -> Result<Tokens, OidcError> {
    const UNKNOWN: OidcError =
        OidcError::InvalidGrant("the code is not recognised: never issued, used already, or the session has ended");
    let Redeemer { hub, door, .. } = *who;
    if !grants::is_code(hub, secret) {
        return Err(OidcError::InvalidGrant("this is not the text of a code"));
    }
    let key = grants::key(secret);
    let Some(ticket) = hub.store.consume_ticket(&key, TicketKind::OidcCode).await? else {
        // Used before, or in this very moment: whoever used it first may not be the service, and keeps nothing.
        if hub.store.bury_family(&key, hub.now() + CODE).await? {
            return Err(OidcError::InvalidGrant("the code was used before: what it gave is revoked"));
        }
        return Err(UNKNOWN);
    };
    let code: Code = serde_json::from_str(&ticket.payload).map_err(|_| OidcError::ServerError)?;
    event.correlation = who.visitor.goes_on_with(&code.correlation);
    event.person = Some(ticket.person.clone());
    event.session = Some(ticket.session.clone());
    if ticket.service != door.service.id {
        return Err(OidcError::InvalidGrant("the code was made for another service"));
    }
    if hub.now() >= ticket.expires {
        return Err(OidcError::InvalidGrant("the code was presented too late"));
    }
    if redirect_uri != Some(code.asked.redirect_uri.as_str()) {
        return Err(OidcError::InvalidGrant("redirect_uri is not the one the code was answered to"));
    }
    proved(code.asked.challenge.as_deref(), verifier)?;
    if code.asked.dpop_jkt.is_some() && code.asked.dpop_jkt != who.bound.jkt {
        return Err(OidcError::InvalidGrant("the code is for the holder of another key"));
    }
    let live = hub.live(&ticket.session).await?.filter(|live| live.session.person == ticket.person).ok_or(UNKNOWN)?;
    // A family is of one session or of none: one that began with a token in the address of the answer is the session's.
    let offline = !code.asked.response_type.token && code.scopes.iter().any(|scope| scope == "offline_access");
    let given = Given {
        scopes: code.scopes.clone(),
        claims: code.asked.claims.clone(),
        authentication: live.session.authentication.clone(),
        sid: sid(hub, &live.session.id, door),
        by: None,
        from: None,
        bound: who.bound.clone(),
        began: offline.then(|| hub.now()),
        correlation: code.correlation.clone(),
    };
    let session = (!offline).then(|| live.session.id.clone());
    let holder = Holder { door, live: &live, session, family: key };
    event.establishment = hub.decide(&live, door).establishment;
    let made = Made::new(hub, &holder, &given, &lasting(&given, door)?, spoken(door)?)?;
    let (tokens, left) = made.tokens(who, &holder, &given, code.asked.nonce.as_deref(), Some(secret)).await?;
    hub.store.grant(&made.grants).await?;
    event.detail = left;
    Ok(tokens)
}

/// Tokens for a person who was let in without a code of the browser. `event` learns what leaves.
pub async fn give(
    who: &Redeemer<'_>,
    holder: &Holder<'_>,
    given: &Given,
    event: &mut AuditEvent,
) -> Result<Tokens, OidcError> {
    let made = Made::new(who.hub, holder, given, &lasting(given, holder.door)?, spoken(holder.door)?)?;
    let (tokens, left) = made.tokens(who, holder, given, None, None).await?;
    who.hub.store.grant(&made.grants).await?;
    event.detail = left;
    Ok(tokens)
}

/// PKCE (RFC 7636 4.6): a verifier is there exactly when a challenge was, and is what it was made of. A verifier without a
/// challenge means that somebody took the challenge away on the way (RFC 9700 4.8.2).
pub fn proved(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OidcError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier))
            if preau_keys::constant_time_eq(preau_keys::digest(verifier).as_bytes(), challenge.as_bytes()) =>
        {
            Ok(())
        }
        (None, Some(_)) => Err(OidcError::InvalidGrant("a code_verifier without a code_challenge")),
        _ => Err(OidcError::InvalidGrant("code_verifier is missing or wrong")),
    }
}

async fn by_refresh(
    who: &Redeemer<'_>,
    secret: &str,
    narrower: Vec<String>,
    event: &mut AuditEvent,
) -> Result<Tokens, OidcError> {
    const UNKNOWN: OidcError =
        OidcError::InvalidGrant("the refresh token is not recognised: revoked, expired, or the session has ended");
    let Redeemer { hub, door, .. } = *who;
    if !is_secret(secret) {
        return Err(OidcError::InvalidGrant("this is not the text of a refresh token"));
    }
    let (key, now) = (grants::key_of(hub, secret, GrantKind::Refresh), hub.now());
    let Some(held) = hub.store.granted(&key, GrantKind::Refresh, now).await? else {
        return Err(match hub.store.rotate(&key, now, &[]).await? {
            Rotation::Reused => OidcError::InvalidGrant("the refresh token was used before: its family is revoked"),
            Rotation::Rotated | Rotation::Unknown => UNKNOWN,
        });
    };
    let mut given: Given = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    event.correlation = who.visitor.goes_on_with(&given.correlation);
    event.person.clone_from(&held.person);
    event.session.clone_from(&held.session);
    if held.service != door.service.id {
        return Err(OidcError::InvalidGrant("the refresh token was given to another service"));
    }
    if !given.bound.is_free() && given.bound != who.bound {
        return Err(OidcError::InvalidGrant("the refresh token is for the holder of another key"));
    }
    let live = person_of(hub, &held, &given).await?.ok_or(UNKNOWN)?;
    if !narrower.iter().all(|scope| given.scopes.contains(scope)) {
        return Err(OidcError::InvalidScope("a refresh gives no scope that was not given before"));
    }
    if !hub.decide(&live, door).allows() {
        return Err(OidcError::InvalidGrant("the service does not open for this person any more"));
    }
    event.establishment = hub.decide(&live, door).establishment;
    let holder = Holder { door, live: &live, session: held.session.clone(), family: held.family.clone() };
    given.bound = who.bound.clone();
    // The next refresh token may ask for everything again (RFC 6749 6).
    let whole = lasting(&given, door)?;
    if !narrower.is_empty() {
        given.scopes = narrower;
    }
    let made = Made::new(hub, &holder, &given, &whole, spoken(door)?)?;
    let (tokens, left) = made.tokens(who, &holder, &given, None, None).await?;
    event.detail = left;
    match hub.store.rotate(&key, now, &made.grants).await? {
        Rotation::Rotated => Ok(tokens),
        Rotation::Reused => Err(OidcError::InvalidGrant("the refresh token was used before: its family is revoked")),
        Rotation::Unknown => Err(UNKNOWN),
    }
}

/// What is kept beside a refresh token: it is for the holder of the key where nothing else tells who comes with it, of a
/// public client. Any other proves itself each time, and may change its key (RFC 9449 5).
fn lasting(given: &Given, door: &Door) -> Result<Given, OidcError> {
    let bound = if spoken(door)?.is_public() { given.bound.clone() } else { Bound::default() };
    Ok(Given { bound, ..given.clone() })
}

/// The person a token stands for: in their session, or, for a token that outlives it, as their record says now and until its family
/// ends. One that was exchanged stands for nobody once the token it came of is gone.
pub async fn person_of(hub: &Hub, held: &Grant, given: &Given) -> Result<Option<Arc<Live>>, OidcError> {
    let Some(person) = &held.person else { return Ok(None) };
    if let Some(from) = &given.from
        && hub.store.granted(from, GrantKind::Access, hub.now()).await?.is_none()
    {
        return Ok(None);
    }
    let live = match &held.session {
        Some(session) => hub.live(session).await?,
        None if given.end() <= hub.now() => None,
        None => hub.offline(person, &given.authentication, held.expires).await?,
    };
    Ok(live.filter(|live| live.session.person == *person))
}

/// Tokens that are drawn and not kept yet.
struct Made {
    access: String,
    refresh: Option<String>,
    grants: Vec<Grant>,
}

impl Made {
    fn new(
        hub: &Hub,
        holder: &Holder<'_>,
        given: &Given,
        whole: &Given,
        oidc: &OidcService,
    ) -> Result<Made, OidcError> {
        let now = hub.now();
        let access = grants::generate(&*hub.ids);
        let refreshes = oidc.grants.contains(&OidcGrant::RefreshToken);
        let refresh = refreshes.then(|| grants::refresh(hub, &holder.family));
        let life = if holder.session.is_some() { Seconds(i64::from(u32::MAX)) } else { OFFLINE };
        let mut all = vec![holder.grant(grants::key(&access), GrantKind::Access, given, now, ACCESS)];
        all.extend(refresh.as_ref().map(|secret| {
            let key = grants::key_of(hub, secret, GrantKind::Refresh);
            holder.grant(key, GrantKind::Refresh, whole, now, life)
        }));
        let grants: Option<Vec<Grant>> = all.into_iter().collect();
        Ok(Made { access, refresh, grants: grants.ok_or(OidcError::ServerError)? })
    }

    /// The answer, and what of the person leaves with it.
    async fn tokens(
        &self,
        who: &Redeemer<'_>,
        holder: &Holder<'_>,
        given: &Given,
        nonce: Option<&str>,
        code: Option<&str>,
    ) -> Result<(Tokens, String), OidcError> {
        let beside = Beside { code, access: Some(&self.access), alone: false };
        let grant = self.grants.first().ok_or(OidcError::ServerError)?;
        let Signed { token, left } = id_token(who.hub, who.keys, holder, given, nonce, &beside).await?;
        let tokens = Tokens {
            id_token: Some(token),
            refresh_token: self.refresh.clone(),
            ..Tokens::access(self.access.clone(), grant, &given.scopes, &given.bound)
        };
        Ok((tokens, left))
    }
}

/// A signed message about a person.
pub struct Signed {
    /// The message.
    pub token: String,
    /// What of the person leaves with it, for the journal.
    pub left: String,
}

/// What stands beside an ID token, whose hashes it holds.
pub struct Beside<'a> {
    /// A code.
    pub code: Option<&'a str>,
    /// An access token.
    pub access: Option<&'a str>,
    /// Nothing with which userinfo could be asked: the ID token tells everything the scopes give (Core 5.4).
    pub alone: bool,
}

/// An ID token (Core 2 and 3.1.3.6): who, how and when; of the person only what was asked here by name, or
/// everything the scopes give where it stands alone. A refusal of policy refuses it.
pub async fn id_token(
    hub: &Hub,
    keys: &ForeignKeys,
    holder: &Holder<'_>,
    given: &Given,
    nonce: Option<&str>,
    beside: &Beside<'_>,
) -> Result<Signed, OidcError> {
    let Holder { door, live, .. } = holder;
    let oidc = spoken(door)?;
    let released = hub.release(live, door)?;
    if !tells_visitor(&released, &given.scopes, &given.claims, beside.alone) {
        return Err(OidcError::InvalidGrant("a visitor, whom what was asked for does not tell from others"));
    }
    let alg = alg(oidc.signing);
    let scopes: &[String] = if beside.alone { &given.scopes } else { &[] };
    let wanted = Wanted { scopes, names: &given.claims.id_token };
    let told = claims(&released, &wanted);
    let left = left(told.keys().map(String::as_str));
    let mut token = said(hub, door, &released, told, &given.authentication, &given.sid);
    if let Some(acr) = acr(&given.authentication, &given.claims) {
        token.insert("acr".to_owned(), json!(acr));
    }
    for (name, value) in [
        ("nonce", nonce.map(|nonce| json!(nonce))),
        ("at_hash", beside.access.map(|access| json!(alg.left_half(access)))),
        ("c_hash", beside.code.map(|code| json!(alg.left_half(code)))),
    ] {
        if let Some(value) = value {
            token.insert(name.to_owned(), value);
        }
    }
    let signed = sign(hub, alg, "JWT", &token)?;
    let token = encrypted(hub, keys, door, oidc.id_token_encryption, signed).await?;
    Ok(Signed { token, left })
}

/// What is told of a person, with what every ID token says, whatever it answers: from whom, of whom, for whom, how and when they
/// proved themselves.
pub fn said(
    hub: &Hub,
    door: &Door,
    released: &Released,
    told: Map<String, Value>,
    authentication: &Authentication,
    sid: &str,
) -> Map<String, Value> {
    let now = hub.now();
    let mut token = told;
    let mut put = |name: &str, value: Value| drop(token.insert(name.to_owned(), value));
    put("iss", json!(hub.base()));
    put("sub", json!(released.user()));
    put("aud", json!(door.service.id.as_str()));
    put("iat", json!(now.seconds()));
    put("exp", json!((now + ID_TOKEN).seconds()));
    // Another provider may not have said; asked for by `max_age`, it must.
    if let Some(at) = authentication.known_at() {
        put("auth_time", json!(at.seconds()));
    }
    put("sid", json!(sid));
    if let Some(acr) = acr(authentication, &ClaimsRequest::default()) {
        put("acr", json!(acr));
    }
    if let Some(amr) = amr(authentication) {
        put("amr", json!(amr));
    }
    token
}

/// Tells the journal of what left.
pub fn tell(hub: &Hub, mut event: AuditEvent) {
    // A service that acts for itself is told of nobody.
    event.kind = if event.person.is_some() { AuditKind::AttributesReleased } else { AuditKind::ServiceOpened };
    hub.audit(event);
}

/// A revocation asked by the service itself (RFC 7009): with a refresh token everything of its family goes.
pub async fn revoke(hub: &Hub, door: &Door, secret: &str, now: Instant) -> Result<(), OidcError> {
    if !is_secret(secret) {
        return Ok(());
    }
    for kind in [GrantKind::Refresh, GrantKind::Access] {
        let key = grants::key_of(hub, secret, kind);
        let Some(held) = hub.store.granted(&key, kind, now).await?.filter(|held| service::is_of(door, held)) else {
            continue;
        };
        match kind {
            GrantKind::Refresh => drop(hub.store.revoke_family(&held.family).await?),
            GrantKind::Access => drop(hub.store.revoke(&key).await?),
        }
    }
    Ok(())
}
