//! What is said of a service that speaks SAML: who it is, where it listens, with which keys, and exactly what leaves for it.

use crate::cli::Failure;
use crate::commands::told;
use crate::output::say;
use preau_connector_api::{MountedService, SamlEncryption, SamlService};
use preau_domain::{Instant, display_safe};
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
        one("decrypts", key)?;
    }
    if sp.keys.left_out > 0 {
        say!("  left out      {} of a kind that is not spoken", sp.keys.left_out)?;
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
        SamlEncryption::Auto if sp.keys.encryption.is_empty() => "no: the metadata hold no key for it",
        SamlEncryption::Auto => "yes",
    };
    say!("  encryption    {encrypted}")
}

/// Whether an attribute that is asked for is this one of the product: by its name on the wire, by its number or in words.
pub(super) fn asks_for(requested: &RequestedAttribute, name: &str, service: &MountedService) -> bool {
    let wire = service.saml.as_ref().and_then(|saml| saml.wire(name));
    requested.name == name
        || requested.friendly.as_deref() == Some(name)
        || wire.is_some_and(|wire| wire.name == requested.name)
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
