//! Introspection (RFC 7662): what a token is worth, told to the service it is made for and to nobody else.

use super::{service, spoken, token, userinfo};
use crate::OidcError;
use crate::grants::{Bound, Given, Own};
use crate::wire::{Wanted, claims, left, tells_visitor};
use preau_domain::{AuditEvent, Grant, GrantKind};
use preau_web::{Door, Hub, Visitor};
use serde_json::{Map, Value, json};

/// How an access token is shown that is bound to no key.
const ACCESS: &str = "Bearer";

/// Tells what a token is worth. A token of another service, a guess and a dead token are all the same: not active. `event`
/// learns whom it is about and what leaves, where anything of a person does.
pub async fn introspect(
    hub: &Hub,
    visitor: &Visitor,
    door: &Door,
    secret: &str,
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    event.service = Some(door.service.id.clone());
    if spoken(door)?.is_public() {
        return Err(OidcError::InvalidClient("a public client cannot introspect"));
    }
    let (found, kind) = match userinfo::held(hub, secret, GrantKind::Access).await? {
        Some(found) => (Some(found), ACCESS),
        None => (userinfo::held(hub, secret, GrantKind::Refresh).await?, "N_A"),
    };
    let told = match found.filter(|held| held.service == door.service.id) {
        Some(held) if held.person.is_some() => person(hub, visitor, door, &held, event).await?,
        Some(held) => own(hub, door, &held)?,
        None => None,
    };
    let Some(mut told) = told else { return Ok(json!({ "active": false })) };
    let kind =
        if kind == ACCESS && told.get("cnf").is_some_and(|cnf| cnf.get("jkt").is_some()) { "DPoP" } else { kind };
    told.insert("token_type".to_owned(), json!(kind));
    Ok(Value::Object(told))
}

/// Tells the journal of what left: nothing, where a service asked of a token that was given to itself.
pub fn tell(hub: &Hub, event: AuditEvent) {
    if event.person.is_some() {
        hub.audit(event);
    }
}

/// A token that stands for a person.
async fn person(
    hub: &Hub,
    visitor: &Visitor,
    door: &Door,
    held: &Grant,
    event: &mut AuditEvent,
) -> Result<Option<Map<String, Value>>, OidcError> {
    let given: Given = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    let Some(live) = token::person_of(hub, held, &given).await? else { return Ok(None) };
    let called = given.by.as_ref().is_none_or(|by| service::allowed(hub, by, door));
    let decision = hub.decide(&live, door);
    if !called || !decision.allows() {
        return Ok(None);
    }
    let Ok(released) = hub.release(&live, door) else { return Ok(None) };
    // Whoever is called would take a visitor for anybody.
    if !tells_visitor(&released, &given.scopes, &given.claims, false) {
        return Ok(None);
    }
    let mut told = match &given.by {
        None => Map::new(),
        // Whoever is called cannot ask userinfo, which knows the bearer alone: it is told here.
        Some(_) => claims(&released, &Wanted { scopes: &given.scopes, names: &[] }),
    };
    if given.by.is_some() {
        event.correlation = visitor.goes_on_with(&given.correlation);
        event.person.clone_from(&held.person);
        event.session.clone_from(&held.session);
        event.establishment = decision.establishment.clone();
        event.detail = format!("introspection {}", left(told.keys().map(String::as_str)));
    }
    let client = given.by.as_ref().unwrap_or(&door.service.id);
    told.extend(worth(hub, held, client.as_str(), &given.scopes, &given.bound));
    told.insert("sub".to_owned(), json!(released.user()));
    if let Some(by) = &given.by {
        told.insert("aud".to_owned(), json!(door.service.id.as_str()));
        told.insert("act".to_owned(), json!({ "sub": by.as_str() }));
    }
    Ok(Some(told))
}

/// A token that stands for a service.
fn own(hub: &Hub, door: &Door, held: &Grant) -> Result<Option<Map<String, Value>>, OidcError> {
    let kept: Own = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    if !service::allowed(hub, &kept.by, door) {
        return Ok(None);
    }
    let mut told = worth(hub, held, kept.by.as_str(), &kept.scopes, &kept.bound);
    told.insert("sub".to_owned(), json!(kept.by.as_str()));
    told.insert("aud".to_owned(), json!(door.service.id.as_str()));
    Ok(Some(told))
}

/// What is told of every token.
fn worth(hub: &Hub, held: &Grant, client: &str, scopes: &[String], bound: &Bound) -> Map<String, Value> {
    let told = [
        ("active", json!(true)),
        ("iss", json!(hub.base())),
        ("client_id", json!(client)),
        ("scope", json!(scopes.join(" "))),
        ("iat", json!(held.issued.seconds())),
        ("exp", json!(held.expires.seconds())),
    ];
    // Whoever takes the token checks that it comes with this key.
    let key = (!bound.is_free()).then(|| ("cnf", json!(bound)));
    told.into_iter().chain(key).map(|(name, value)| (name.to_owned(), value)).collect()
}
