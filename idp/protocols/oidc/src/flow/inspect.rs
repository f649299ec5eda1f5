//! Introspection (RFC 7662): what a token is worth, told to the service it was given to and to nobody else.

use super::{token, userinfo};
use crate::OidcError;
use preau_domain::GrantKind;
use preau_web::{Door, Hub};
use serde_json::{Value, json};

/// Tells what a token is worth. A token of another service, a guess and a dead token are all the same: not active.
pub async fn introspect(hub: &Hub, door: &Door, secret: &str) -> Result<Value, OidcError> {
    let inactive = json!({ "active": false });
    let (found, kind) = match userinfo::held(hub, secret, GrantKind::Access).await? {
        Some(found) => (Some(found), "Bearer"),
        None => (userinfo::held(hub, secret, GrantKind::Refresh).await?, "N_A"),
    };
    let Some((held, given)) = found.filter(|(held, _)| held.service == door.service.id) else { return Ok(inactive) };
    let Some(live) = token::person_of(hub, &held, &given).await? else { return Ok(inactive) };
    if !hub.decide(&live, door).allows() {
        return Ok(inactive);
    }
    let Ok(released) = hub.release(&live, door) else { return Ok(inactive) };
    Ok(json!({
        "active": true,
        "iss": hub.base(),
        "client_id": door.service.id.as_str(),
        "sub": released.user(),
        "scope": given.scopes.join(" "),
        "token_type": kind,
        "iat": held.issued.seconds(),
        "exp": held.expires.seconds(),
    }))
}
