//! What is said of a service that speaks SAML: who it is, where it listens, with which keys, and exactly what leaves for it.

use crate::cli::Failure;
use crate::commands::told;
use crate::output::say;
use preau_connector_api::{MountedService, NameIdKind, SamlEncryption, SamlMetadata, SamlService};
use preau_domain::{Instant, display_safe};
use preau_keys::xml::ContentCipher;
use preau_saml::metadata::{Entity, RequestedAttribute, RoleKey, SpRole};
use preau_web::ServiceTable;
use std::collections::BTreeSet;

/// A text of the metadata on a line of ours: whoever wrote them writes no other line, and moves no cursor.
fn said(text: &str) -> String {
    display_safe(text, 300)
}

/// Says all of it.
pub(super) fn whole(
    service: &MountedService,
    entity: &Entity,
    table: &ServiceTable,
    source: &str,
) -> Result<(), Failure> {
    let (Some(saml), Some(sp)) = (&service.saml, &entity.sp) else { return Ok(()) };
    say!("{}", said(entity.display_name("fr")))?;
    say!("  id            {}", service.service.id)?;
    say!("  entity id     {}", entity.entity_id)?;
    say!("  metadata      {source}")?;
    if matches!(&saml.metadata, SamlMetadata::Url { signers, .. } if signers.is_empty()) {
        say!(
            "  signature     not looked at: whoever answers at that address is believed (`metadata_certificates`, --certificate)"
        )?;
    }
    if let Some(until) = entity.valid_until {
        say!("  valid until   {}", until.rfc3339())?;
    }
    if let Some(by) = &entity.registered_by {
        say!("  registered by {}", said(by))?;
    }
    for (language, url) in &entity.ui.privacy {
        say!("  privacy       {} ({})", said(url), said(language))?;
    }
    for contact in entity.contacts.iter().filter(|contact| !contact.mail.is_empty()) {
        say!("  contact       {} ({})", said(&contact.mail.join(", ")), said(&contact.kind))?;
    }
    addresses(sp)?;
    keys(saml, sp)?;
    attributes(service, saml, sp)?;
    say!("\nFor people who do not exist (NameID {:?})", saml.nameid)?;
    if saml.nameid == NameIdKind::Email {
        say!("  who has no mail address does not get in")?;
    }
    told::people(service, table)
}

fn short(binding: &str) -> String {
    said(binding.rsplit(':').next().unwrap_or(binding))
}

fn addresses(sp: &SpRole) -> Result<(), Failure> {
    say!("\nAddresses")?;
    for one in &sp.acs {
        let default = if one.default == Some(true) { ", default" } else { "" };
        say!("  answers       {} ({}, {}{default})", one.location, short(&one.binding), one.index)?;
    }
    for one in &sp.slo {
        say!("  logout        {} ({})", one.location, short(&one.binding))?;
    }
    if sp.slo.is_empty() {
        say!("  logout        none: it does not hear of the end of a session")?;
    }
    Ok(())
}

fn keys(saml: &SamlService, sp: &SpRole) -> Result<(), Failure> {
    say!("\nKeys")?;
    let one = |usage: &str, key: &RoleKey| {
        let until = key.about.validity.map_or_else(|| "?".to_owned(), |(_, until): (Instant, Instant)| until.rfc3339());
        let until = until.get(..10).unwrap_or_default();
        say!("  {usage:<13} {}, certificate until {until}, SHA-256 {}", key.about.kind, key.about.fingerprint)
    };
    for key in &sp.keys.signing {
        one("signs", key)?;
    }
    for key in &sp.keys.encryption {
        one("decrypts", &key.key)?;
    }
    for left in &sp.keys.left_out {
        say!("  left out      {}", left.why)?;
    }
    let requests = if sp.authn_requests_signed || saml.authn_requests_signed {
        "refused unless signed"
    } else {
        "taken unsigned; a signature is checked when there is one"
    };
    say!("  requests      {requests}")?;
    let encrypted = match saml.encrypt {
        SamlEncryption::Never => "never, by the instance file",
        SamlEncryption::Always => "always",
        SamlEncryption::Auto => match sp.keys.encryption.first().map(|key| key.cipher) {
            Some(ContentCipher::Aes256Gcm) => "yes, with AES-256-GCM",
            Some(ContentCipher::Aes128Gcm) => "yes, with AES-128-GCM: the metadata list no better",
            None => "no: what is said of people leaves in clear, inside TLS (the metadata hold no RSA key for it)",
        },
    };
    say!("  encryption    {encrypted}")
}

/// Whether an attribute that is asked for is this one of the product: by its name, on the wire or in words. A friendly name names
/// nothing (saml-core-2.0, 2.7.3.1).
pub(super) fn asks_for(requested: &RequestedAttribute, name: &str, service: &MountedService) -> bool {
    let wire = service.saml.as_ref().and_then(|saml| saml.wire(name));
    requested.name == name || wire.is_some_and(|wire| wire.name == requested.name)
}

fn attributes(service: &MountedService, saml: &SamlService, sp: &SpRole) -> Result<(), Failure> {
    say!("\nAttributes")?;
    let requested = sp.requested(None);
    let mut met = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for rule in service.release.iter().filter(|rule| seen.insert(rule.name.as_str())) {
        let asked = requested.iter().position(|one| asks_for(one, &rule.name, service));
        met.extend(asked);
        let required = asked.is_some_and(|at| requested[at].required);
        match saml.wire(&rule.name) {
            Some(wire) => {
                let why = if asked.is_some() { "asked for" } else { "by the instance file" };
                say!("  released      {} as {} ({why})", rule.name, wire.name)?;
            }
            None => {
                let why = match (asked.is_some(), required) {
                    (false, _) => "not asked for",
                    (true, false) => "asked for; not in `attributes` of the instance file",
                    (true, true) => "REQUIRED by the service; not in `attributes` of the instance file",
                };
                say!("  not released  {}: {why}", rule.name)?;
            }
        }
    }
    for (_, one) in requested.iter().enumerate().filter(|(at, _)| !met.contains(at)) {
        let name = said(one.friendly.as_deref().unwrap_or(&one.name));
        let required = if one.required { ", and required" } else { "" };
        say!("  not released  {name}: asked for{required}; the product `{}` has no such attribute", service.connector)?;
    }
    Ok(())
}
