//! What SAML decides: the door, the assertion, what is told of a person, the end of a session.

pub mod artifact;
pub mod assertion;
pub mod context;
pub mod ecp;
pub mod hand_over;
pub mod leaving;
pub mod logout;
pub mod metadata;
pub mod name;
pub mod preview;
pub mod published;
pub mod received;
pub mod sso;

use crate::error::{SamlError, Stop};
use preau_connector_api::SigningAlgorithm;
use preau_domain::{AuditEvent, AuditKind};
use preau_keys::jose::Alg;
use preau_keys::signers::SamlKey;
use preau_keys::xml::{self, Canonical};
use preau_web::{Fault, FaultKind, Hub, Visitor};
use std::sync::Arc;

/// Our name: where our metadata are.
pub fn entity_id(hub: &Hub) -> String {
    format!("{}/saml/metadata", hub.base())
}

/// The key that signs for a service now.
fn signing_key(hub: &Hub, signing: SigningAlgorithm) -> Result<Arc<SamlKey>, Fault> {
    let alg = if signing == SigningAlgorithm::ES256 { Alg::ES256 } else { Alg::RS256 };
    // It is being drawn, as at the very first start: to be tried again.
    hub.signers.saml(alg, hub.now()).map_err(|error| Fault::new(FaultKind::Busy, format!("saml: {error}")))
}

/// A document that is not in canonical form, with a signature in the element of that name.
fn vouched(document: &str, namespace: &str, local: &str, key: &SamlKey) -> Result<String, Fault> {
    xml::sign(document, namespace, local, &key.private, key.alg, Some(&key.certificate)).map_err(unsigned)
}

/// A message with its signature inside.
fn signed(message: Canonical, key: &SamlKey) -> Result<Canonical, Fault> {
    message.signed(&key.private, key.alg, Some(&key.certificate)).map_err(unsigned)
}

fn unsigned(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Internal, format!("saml: nothing was signed or encrypted: {error}"))
}

/// Counts a refusal, and tells the journal of it where the journal wants to know.
fn tell_refusal(hub: &Hub, mut event: AuditEvent, error: SamlError) {
    metrics::counter!("preau_saml_refusals_total", "error" => error.word()).increment(1);
    if let Some(kind) = error.audit_kind() {
        event.kind = kind;
        event.detail = error.word().to_owned();
        hub.audit_refusal(event, error.description());
    }
}

/// An event of which nothing is known yet but who asks.
fn event(hub: &Hub, visitor: &Visitor, kind: AuditKind) -> AuditEvent {
    AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), "")
}

/// What goes wrong inside the house, where a service must be answered and nobody reads a page.
fn quietly(stop: Stop) -> SamlError {
    match stop {
        Stop::Told(error) => error,
        Stop::Page(fault) if fault.kind == FaultKind::Refused => SamlError::Denied,
        Stop::Page(fault) => {
            tracing::error!(fault = fault.kind.as_str(), detail = %fault.detail, "fault during a SAML call");
            SamlError::Unavailable
        }
    }
}
