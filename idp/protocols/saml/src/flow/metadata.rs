//! What we say of ourselves, signed: addresses, keys of now and of the time to come, formats.

use super::{artifact, ecp, entity_id, logout, signing_key, sso, vouched};
use preau_connector_api::SigningAlgorithm;
use preau_domain::Seconds;
use preau_saml::messages::new_id;
use preau_saml::metadata::{Endpoint, Indexed, OurIdp, Ours, PublishedKey};
use preau_saml::names::{MD, binding, nameid};
use preau_web::{Fault, Hub};
use std::collections::BTreeSet;

/// For how long a copy is fresh: far less than a new key waits before it signs.
const FRESH: Seconds = Seconds(6 * 3600);
/// For how long what is published holds at all: a partner that cannot read it again for that long goes on.
const VALID: Seconds = Seconds(14 * 86_400);

/// The document.
pub fn metadata(hub: &Hub) -> Result<String, Fault> {
    let now = hub.now();
    let published = hub.signers.saml_published(now);
    let heard =
        |binding: &str, location: String| Endpoint { binding: binding.to_owned(), location, response_location: None };
    let sso = sso::address(hub);
    let key = |certificate: Vec<u8>, signing: bool| PublishedKey { certificate, signing, encryption: !signing };
    let workspace = hub.config.name.clone();
    let ours = Ours {
        entity_id: entity_id(hub),
        id: new_id(&*hub.ids),
        valid_until: Some(now + VALID),
        cache_duration: Some(FRESH),
        names: ["fr", "en"].map(|language| (language.to_owned(), workspace.clone())).into(),
        url: hub.base().to_owned(),
        scopes: scopes(hub),
        idp: Some(OurIdp {
            sso: vec![
                heard(binding::REDIRECT, sso.clone()),
                heard(binding::POST, sso),
                heard(binding::SOAP, ecp::address(hub)),
            ],
            slo: vec![
                heard(binding::REDIRECT, logout::address(hub)),
                heard(binding::POST, logout::address(hub)),
                heard(binding::SOAP, format!("{}/soap", logout::address(hub))),
            ],
            artifact: vec![Indexed {
                index: artifact::INDEX,
                default: Some(true),
                binding: binding::SOAP.to_owned(),
                location: artifact::address(hub),
            }],
            nameid_formats: [nameid::PERSISTENT, nameid::TRANSIENT, nameid::EMAIL, nameid::UNSPECIFIED]
                .map(str::to_owned)
                .into(),
            keys: published
                .signing
                .into_iter()
                .map(|certificate| key(certificate, true))
                .chain(published.opening.into_iter().map(|certificate| key(certificate, false)))
                .collect(),
            want_authn_requests_signed: false,
        }),
        ..Ours::default()
    };
    vouched(&ours.write(), MD, "EntityDescriptor", &*signing_key(hub, SigningAlgorithm::RS256)?)
}

/// The domains that stand behind identifiers we tell services of SAML: a service that looks believes no other domain of us
/// (SAML V2.0 Subject Identifier Attributes Profile, 2.3).
fn scopes(hub: &Hub) -> Vec<String> {
    let services = hub.services();
    let doors = services.all().iter().filter(|door| door.saml.is_some());
    let scopes = doors.flat_map(|door| &door.release).filter_map(|rule| rule.scope.as_deref());
    let domains: BTreeSet<&str> = scopes.filter_map(|scope| scope.strip_prefix('@')).collect();
    domains.into_iter().map(str::to_owned).collect()
}
