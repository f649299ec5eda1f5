//! Services that register themselves (OpenID Connect Registration 1.0, RFC 7591), and what they may do with their
//! registration afterwards (RFC 7592).
//!
//! Whoever holds an initial access token registers; nobody may open what they registered until an operator says who. Another
//! name or place, more that it receives and less that it proves close the door again. What a registration is, and how it becomes a service, is in
//! `preau_web::registered`.

use crate::OidcError;
use crate::grants;
use crate::wire::{Metadata, NotRegistered, is_secret, told};
use preau_connector_api::{ClientAuthentication, MountedService};
use preau_domain::{Audience, AuditEvent, AuditKind, Registration, RegistrationKind, ServiceId};
use preau_store::StoreError;
use preau_web::registered::{MOST, Registered, access, taken};
use preau_web::{Hub, Visitor};
use serde_json::{Map, Value, json};

/// The bearer shows nothing that counts.
const UNKNOWN: OidcError = OidcError::InvalidToken("the token is unknown, used up or expired");
/// Characters of the random part of a name.
const NAME: usize = 16;

/// Registers a service; the answer holds its secrets, once.
pub async fn register(
    hub: &Hub,
    visitor: &Visitor,
    token: &str,
    body: &[u8],
) -> Result<Map<String, Value>, NotRegistered> {
    if !is_secret(token) || !access::counts(&*hub.store, token, hub.now()).await? {
        return Err(UNKNOWN.into());
    }
    let metadata = Metadata::read(body)?;
    let id = ServiceId::new(format!("dyn-{}", hub.ids.text(NAME)));
    let (own, secret) = (grants::generate(&*hub.ids), grants::generate(&*hub.ids));
    let mut registered = Registered {
        title: metadata.title,
        url: metadata.url,
        settings: metadata.settings,
        native: metadata.native,
        access: preau_keys::digest(&own),
        audience: Audience::default(),
    };
    let by_secret = has_secret(&registered);
    if by_secret {
        registered.settings.client_secret_hash = Some(preau_keys::digest(&secret));
    }
    mountable(hub, &id, &registered)?;
    let most = u32::try_from(MOST).unwrap_or(u32::MAX);
    if hub.store.registrations(RegistrationKind::Dynamic, None, hub.now(), most).await?.len() >= MOST {
        tracing::error!(most = MOST, "no more services may register themselves: `preau registration list`");
        return Err(OidcError::TemporarilyUnavailable.into());
    }
    if !access::spend(&*hub.store, token, hub.now()).await? {
        return Err(UNKNOWN.into());
    }
    let registration = Registration {
        id: id.clone(),
        kind: RegistrationKind::Dynamic,
        owner: None,
        doc: registered.write().ok_or_else(too_long)?,
        created: hub.now(),
        expires: None,
    };
    tell(hub, visitor, &id, "registered");
    hub.store.add_registration(&registration).await?;
    hub.take_registrations().await?;
    let mut answer = answer(hub, &registration, &registered, &own);
    if by_secret {
        answer.insert("client_secret".to_owned(), json!(secret));
    }
    Ok(answer)
}

/// Tells a service its registration (RFC 7592 2.1). Its secret is known here by its digest alone, and not told again.
pub async fn read(hub: &Hub, id: &str, token: &str) -> Result<Map<String, Value>, NotRegistered> {
    let (registration, registered) = own(hub, id, token).await?;
    Ok(answer(hub, &registration, &registered, token))
}

/// Replaces a registration as a whole (RFC 7592 2.2). The name and the secret stay; so does whom an operator let in, unless
/// that is not any more what they said yes to.
pub async fn update(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    token: &str,
    body: &[u8],
) -> Result<Map<String, Value>, NotRegistered> {
    let (registration, before) = own(hub, id, token).await?;
    let metadata = Metadata::read(body)?;
    if metadata.client_id.as_deref() != Some(id) {
        return Err(NotRegistered::Metadata("client_id is the name of this registration".to_owned()));
    }
    let shown = metadata.client_secret.as_deref().map(preau_keys::digest);
    if shown.is_some() && shown != before.settings.client_secret_hash {
        return Err(NotRegistered::Metadata("client_secret is the one that was given, or left out".to_owned()));
    }
    let mut after = Registered {
        title: metadata.title,
        url: metadata.url,
        settings: metadata.settings,
        native: metadata.native,
        access: before.access.clone(),
        audience: before.audience.clone(),
    };
    let mut secret = None;
    if has_secret(&after) {
        // Who had none before is given one now.
        let hash = before.settings.client_secret_hash.clone().unwrap_or_else(|| {
            let new = secret.insert(grants::generate(&*hub.ids));
            preau_keys::digest(new)
        });
        after.settings.client_secret_hash = Some(hash);
    }
    let closes = after.differs_at_the_door(&before);
    if closes {
        after.audience = Audience::default();
    }
    mountable(hub, &registration.id, &after)?;
    let read = registration.doc.clone();
    let changed = Registration { doc: after.write().ok_or_else(too_long)?, ..registration };
    tell(hub, visitor, &changed.id, if closes { "changed, closed" } else { "changed" });
    // An operator who closes the door meanwhile is not undone by what was read before.
    match hub.store.replace_registration(&changed, &read, hub.now()).await {
        Err(StoreError::Conflict) => return Err(OidcError::TemporarilyUnavailable.into()),
        other => other?,
    }
    hub.take_registrations().await?;
    let mut answer = answer(hub, &changed, &after, token);
    if let Some(secret) = secret {
        answer.insert("client_secret".to_owned(), json!(secret));
    }
    Ok(answer)
}

/// Withdraws a registration (RFC 7592 2.3): the service is gone, and its tokens are worth nothing.
pub async fn remove(hub: &Hub, visitor: &Visitor, id: &str, token: &str) -> Result<(), NotRegistered> {
    let (registration, _) = own(hub, id, token).await?;
    tell(hub, visitor, &registration.id, "withdrawn");
    hub.store.remove_registration(&registration.id).await?;
    hub.take_registrations().await?;
    Ok(())
}

/// The registration of that name, if the token is its own. One that does not exist costs and reads the same.
async fn own(hub: &Hub, id: &str, token: &str) -> Result<(Registration, Registered), NotRegistered> {
    let known = id.starts_with("dyn-") && id.len() == 4 + NAME && is_secret(token);
    let found = match known {
        true => hub.store.registration(&ServiceId::new(id), hub.now()).await?,
        false => None,
    };
    let found = found.filter(|found| found.kind == RegistrationKind::Dynamic);
    let found = found.and_then(|found| Registered::read(&found).map(|registered| (found, registered)));
    let expected = found.as_ref().map_or_else(|| preau_keys::digest("\0"), |(_, registered)| registered.access.clone());
    let right = preau_keys::constant_time_eq(preau_keys::digest(token).as_bytes(), expected.as_bytes());
    found.filter(|_| right).ok_or_else(|| UNKNOWN.into())
}

/// The checks of an instance file, and those between services.
fn mountable(hub: &Hub, id: &ServiceId, registered: &Registered) -> Result<MountedService, NotRegistered> {
    let service = registered.mount(id, &*hub.mounting)?;
    if taken(&hub.services(), &service) {
        let what = "an address belongs to another service: give a client_uri of your own, below the others of its host";
        return Err(NotRegistered::Metadata(what.to_owned()));
    }
    if service.oidc.as_ref().is_some_and(|oidc| oidc.shows_certificate()) && !hub.sees_certificates() {
        return Err(NotRegistered::Metadata("no certificate of a service is seen here".to_owned()));
    }
    if service.oidc.as_ref().is_some_and(|oidc| oidc.tls_subject.is_some()) && !hub.client_authorities.any() {
        return Err(NotRegistered::Metadata(
            "tls_client_auth: no authority is believed here; self_signed_tls_client_auth may be registered".to_owned(),
        ));
    }
    Ok(service)
}

fn has_secret(registered: &Registered) -> bool {
    let way = registered.settings.authentication.unwrap_or_default();
    matches!(way, ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost)
}

fn too_long() -> NotRegistered {
    NotRegistered::Metadata("the document is too long".to_owned())
}

fn answer(hub: &Hub, registration: &Registration, registered: &Registered, token: &str) -> Map<String, Value> {
    let id = registration.id.as_str();
    let at = format!("{}/oidc/register/{id}", hub.base());
    told(registered, id, registration.created.seconds(), &at, token)
}

fn tell(hub: &Hub, visitor: &Visitor, id: &ServiceId, what: &str) {
    let mut event = AuditEvent::new(hub.now(), AuditKind::ServiceRegistered, visitor.correlation().clone(), what);
    event.service = Some(id.clone());
    hub.audit(event);
}
