//! Tokens by which one service calls another: in its own name (RFC 6749 4.4), or on behalf of a person whose access token it
//! holds (RFC 8693). The records of both services must allow it.
//!
//! Such a token is made for the service that is called, which learns by introspection what it is worth, and which decides
//! and is told what its own record allows. The service that calls learns nothing by it: userinfo does not answer it.

use super::{sid, spoken};
use crate::OidcError;
use crate::config::ACCESS;
use crate::flow::token::{self, Redeemer, Tokens};
use crate::grants::{self, Given, Holder, Own};
use crate::wire::{ClaimsRequest, is_secret, known_scope};
use preau_domain::{AuditEvent, Grant, GrantKind, ServiceId};
use preau_web::{Door, Hub};
use serde::Deserialize;

/// An access token for the service itself, or for one that it may call: no person, and none of their scopes.
pub async fn own(
    who: &Redeemer<'_>,
    audience: Option<&str>,
    asked: &[String],
    event: &mut AuditEvent,
) -> Result<Tokens, OidcError> {
    let Redeemer { hub, door, .. } = *who;
    confidential(door)?;
    let target = match audience {
        Some(name) if name != door.service.id.as_str() => callable(hub, door, name)?,
        _ => door.clone(),
    };
    let may = |scope: &&String| !known_scope(scope) && spoken(&target).is_ok_and(|oidc| oidc.scopes.contains(scope));
    let scopes: Vec<String> = asked.iter().filter(may).cloned().collect();
    let (secret, now) = (grants::generate(&*hub.ids), hub.now());
    let key = grants::key(&secret);
    let kept = Own { scopes, by: door.service.id.clone(), bound: who.bound.clone() };
    let grant = Grant {
        family: key.clone(),
        key,
        kind: GrantKind::Access,
        session: None,
        person: None,
        service: target.service.id.clone(),
        doc: serde_json::to_string(&kept).map_err(|_| OidcError::ServerError)?,
        issued: now,
        expires: now + ACCESS,
    };
    hub.store.grant(std::slice::from_ref(&grant)).await?;
    event.service = Some(target.service.id.clone());
    event.detail = format!("client_credentials {}", door.service.id);
    Ok(Tokens::access(secret, &grant, &kept.scopes, &kept.bound))
}

/// An access token for a service that is called on behalf of a person. It gives no more than the token that was shown, dies
/// with it, and goes no further.
pub async fn exchange(
    who: &Redeemer<'_>,
    secret: &str,
    audience: &str,
    narrower: &[String],
    event: &mut AuditEvent,
) -> Result<Tokens, OidcError> {
    const UNKNOWN: OidcError =
        OidcError::InvalidRequest("subject_token is not an access token of this service: unknown, revoked or expired");
    let Redeemer { hub, door, .. } = *who;
    confidential(door)?;
    let target = callable(hub, door, audience)?;
    let oidc = spoken(&target)?;
    if !is_secret(secret) {
        return Err(UNKNOWN);
    }
    let (key, now) = (grants::key(secret), hub.now());
    let held = hub.store.granted(&key, GrantKind::Access, now).await?;
    let held = held.filter(|held| held.service == door.service.id && held.person.is_some()).ok_or(UNKNOWN)?;
    let shown: Given = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    event.correlation = who.visitor.goes_on_with(&shown.correlation);
    event.person.clone_from(&held.person);
    event.session.clone_from(&held.session);
    if shown.by.is_some() {
        return Err(OidcError::InvalidRequest("a token that was exchanged is not exchanged again"));
    }
    if !shown.bound.is_free() && shown.bound != who.bound {
        return Err(OidcError::InvalidRequest("subject_token is for the holder of a key: prove that one here"));
    }
    let live = token::person_of(hub, &held, &shown).await?.ok_or(UNKNOWN)?;
    event.service = Some(target.service.id.clone());
    // Both doors, each as its own record says: a service does not borrow the rights of another.
    if !hub.decide(&live, door).allows() || !hub.decide(&live, &target).allows() {
        return Err(OidcError::AccessDenied);
    }
    hub.release(&live, &target)?;
    let wanted = if narrower.is_empty() { &shown.scopes } else { narrower };
    let may = |scope: &&String| {
        let declared = scope.as_str() == "openid" || oidc.scopes.contains(scope);
        shown.scopes.contains(scope) && declared && scope.as_str() != "offline_access"
    };
    let given = Given {
        scopes: wanted.iter().filter(may).cloned().collect(),
        claims: ClaimsRequest::default(),
        authentication: shown.authentication.clone(),
        sid: sid(hub, &live.session.id, &target),
        by: Some(door.service.id.clone()),
        from: Some(key),
        bound: who.bound.clone(),
        began: shown.began,
        correlation: shown.correlation.clone(),
    };
    event.establishment = hub.decide(&live, &target).establishment;
    let holder = Holder { door: &target, live: &live, session: held.session.clone(), family: held.family.clone() };
    let access = grants::generate(&*hub.ids);
    let mut grant =
        holder.grant(grants::key(&access), GrantKind::Access, &given, now, ACCESS).ok_or(OidcError::ServerError)?;
    grant.expires = grant.expires.min(held.expires);
    hub.store.grant(std::slice::from_ref(&grant)).await?;
    event.detail = format!("sub exchange {}", door.service.id);
    Ok(Tokens::access(access, &grant, &given.scopes, &given.bound).exchanged())
}

/// A service that another one may call, by the records of both.
fn callable(hub: &Hub, door: &Door, name: &str) -> Result<Door, OidcError> {
    let target = hub.services().get(&ServiceId::new(name)).cloned().ok_or(OidcError::InvalidTarget)?;
    if may_call(door, &target) { Ok(target) } else { Err(OidcError::InvalidTarget) }
}

/// Whether the records of both services still allow the call that a token was made for.
pub fn allowed(hub: &Hub, by: &ServiceId, target: &Door) -> bool {
    *by == target.service.id || hub.services().get(by).is_some_and(|door| may_call(door, target))
}

/// Anybody can give the name of a public client.
fn confidential(door: &Door) -> Result<(), OidcError> {
    let public = spoken(door)?.is_public();
    if public { Err(OidcError::UnauthorizedClient("a public client has no credentials of its own")) } else { Ok(()) }
}

fn may_call(door: &Door, target: &Door) -> bool {
    let names = |names: &[String], other: &Door| names.iter().any(|name| name == other.service.id.as_str());
    match (&door.oidc, &target.oidc) {
        (Some(from), Some(to)) => names(&from.calls, target) && names(&to.called_by, door),
        _ => false,
    }
}

/// Whether a token is a service's to revoke: it is made for it, or it was handed to it.
pub fn is_of(door: &Door, held: &Grant) -> bool {
    #[derive(Deserialize)]
    struct By {
        b: Option<ServiceId>,
    }
    let by = || serde_json::from_str::<By>(&held.doc).ok().and_then(|kept| kept.b);
    held.service == door.service.id || by().is_some_and(|by| by == door.service.id)
}
