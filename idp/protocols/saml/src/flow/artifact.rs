//! HTTP-Artifact (saml-bindings-2.0, 3.6; saml-core-2.0, 3.5): the browser carries a ticket, and the service fetches the message
//! with it.
//!
//! A ticket is 160 bits nobody can guess, lives for a minute, and is taken out once, whoever shows it: a service that shows a
//! ticket of another is told nothing, and spends it, since it is not where it belongs any more. What it stands for lies sealed,
//! and opens for the service it was made for alone.

use super::received::Received;
use super::sso::{meant_for_us, recent};
use super::{entity_id, event, signing_key, unsigned, vouched};
use crate::config::ARTIFACT;
use crate::error::{another_issuer, bad_message};
use crate::partner::Partner;
use preau_domain::{AuditKind, CorrelationId, KeptKind, KeptThing};
use preau_keys::{Sealer, one_time_key};
use preau_saml::bindings::Artifact;
use preau_saml::messages::{ArtifactResolve, ArtifactResponse, Status, new_id, soap};
use preau_saml::metadata::Peers;
use preau_saml::names::SAMLP;
use preau_web::{Fault, Hub, Visitor};

/// The number of the one address where tickets are brought back.
pub const INDEX: u16 = 0;
/// What messages are sealed for.
const PURPOSE: &str = "saml artifact";

/// Where tickets are brought back.
pub fn address(hub: &Hub) -> String {
    format!("{}/saml/artifact", hub.base())
}

/// Keeps a message for a service, and which way it ends; the ticket for it.
pub async fn keep(hub: &Hub, visitor: &Visitor, partner: &Partner, message: &str) -> Result<String, Fault> {
    let artifact = Artifact::draw(&*hub.ids, &entity_id(hub), INDEX).encode();
    let service = &partner.door.service.id;
    let kept = format!("{} {message}", visitor.correlation());
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, PURPOSE, &[service.as_str(), &artifact], kept.as_bytes());
    let doc = sealed.ok_or_else(|| unsigned("the message is too long to be kept"))?;
    let kept =
        KeptThing { key: one_time_key(&artifact), kind: KeptKind::SamlArtifact, doc, expires: hub.now() + ARTIFACT };
    hub.store.keep_of(service, None, &kept, hub.now()).await?;
    Ok(artifact)
}

/// Answers a service that brings a ticket: with the message, or with nothing (saml-core-2.0, 3.5.3).
pub async fn resolve(hub: &Hub, peers: &Peers, visitor: &Visitor, received: &Received) -> Result<String, Fault> {
    let partner = Partner::named(hub, peers, received.claimed_issuer()?)?;
    let request = read(hub, &partner, received).map_err(|fault| partner.fault(fault))?;
    let message = taken(hub, visitor, &partner, &request.artifact).await?;
    if message.is_none() {
        let mut refused = event(hub, visitor, AuditKind::RequestRefused);
        refused.service = Some(partner.door.service.id.clone());
        refused.detail = "saml-artifact-of-nothing".to_owned();
        hub.audit_refusal(refused, "the artifact is unknown, spent, too old, or another service's");
    }
    let response = ArtifactResponse {
        id: new_id(&*hub.ids),
        in_response_to: Some(request.id),
        issue_instant: hub.now(),
        issuer: Some(entity_id(hub)),
        status: Status::success(),
        message: None,
    };
    let key = signing_key(hub, partner.saml().signing)?;
    let response = response.write(message.as_deref());
    Ok(soap::envelope(&vouched(&response, SAMLP, "ArtifactResponse", &key)?))
}

/// The request, if it is the service's, for us and of now.
fn read(hub: &Hub, partner: &Partner, received: &Received) -> Result<ArtifactResolve, Fault> {
    let believed = received.believed("ArtifactResolve", partner.keys(), true)?;
    let request = ArtifactResolve::read(&believed.element).map_err(bad_message)?;
    if request.issuer != partner.entity_id() {
        return Err(another_issuer(&believed.element));
    }
    meant_for_us(&believed.element, request.destination.as_deref(), &address(hub), false)?;
    recent(hub, &believed.element, request.issue_instant)?;
    Ok(request)
}

async fn taken(hub: &Hub, visitor: &Visitor, partner: &Partner, shown: &str) -> Result<Option<String>, Fault> {
    let ours = |one: &Artifact| one.is_of(&entity_id(hub)) && one.index() == INDEX;
    let Some(artifact) = Artifact::read(shown).filter(ours).map(|one| one.encode()) else { return Ok(None) };
    let taken = hub.store.take_kept(&one_time_key(&artifact), KeptKind::SamlArtifact, hub.now()).await?;
    let Some(kept) = taken else { return Ok(None) };
    let beside = [partner.door.service.id.as_str(), artifact.as_str()];
    let opened = Sealer::new(&hub.keyring).open(PURPOSE, &beside, &kept.doc);
    let opened = opened.and_then(|kept| String::from_utf8(kept.to_vec()).ok());
    Ok(opened.as_deref().and_then(|kept| kept.split_once(' ')).map(|(way, message)| {
        visitor.goes_on_with(&CorrelationId::new(way));
        message.to_owned()
    }))
}
