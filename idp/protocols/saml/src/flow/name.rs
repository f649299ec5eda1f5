//! What a service calls a person (saml-core-2.0, 2.2.2 and 8.3).

use super::entity_id;
use crate::error::SamlError;
use crate::partner::Partner;
use preau_connector_api::NameIdKind;
use preau_domain::{Identifier, Ids};
use preau_policy::Released;
use preau_saml::messages::{NameId, NameIdPolicy};
use preau_saml::names::nameid;
use preau_web::{Hub, Live};

/// What kind of name is given, and whether it travels encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    pub kind: NameIdKind,
    pub encrypted: bool,
}

/// The name that is given when this is asked for. A service is given the kind its settings say, or one that tells less:
/// a name for this service alone in place of one that others know too, or a name for the occasion.
pub fn given(partner: &Partner, policy: Option<&NameIdPolicy>) -> Result<Given, SamlError> {
    let configured = partner.saml().nameid;
    let plain = |kind| Ok(Given { kind, encrypted: false });
    let Some(policy) = policy else { return plain(configured) };
    // A name made for another service, or for a group of them, is never told.
    if policy.sp_name_qualifier.as_ref().is_some_and(|name| name != partner.entity_id()) {
        return Err(SamlError::NameIdPolicy);
    }
    match policy.format.as_deref() {
        None | Some(nameid::UNSPECIFIED) => plain(configured),
        Some(nameid::ENCRYPTED) if partner.encryption_key().is_some() => {
            Ok(Given { kind: configured, encrypted: true })
        }
        Some(nameid::TRANSIENT) => plain(NameIdKind::Transient),
        Some(nameid::PERSISTENT) if configured != NameIdKind::Transient => plain(NameIdKind::Persistent),
        Some(nameid::EMAIL) if configured == NameIdKind::Email => plain(NameIdKind::Email),
        Some(_) => Err(SamlError::NameIdPolicy),
    }
}

/// The name of a person of whom this is released; none for somebody who has no such name, and nothing else takes its place.
pub fn named(hub: &Hub, partner: &Partner, live: &Live, released: &Released, kind: NameIdKind) -> Option<NameId> {
    let qualified = |format: &str, value: String| NameId {
        format: Some(format.to_owned()),
        value,
        name_qualifier: Some(entity_id(hub)),
        sp_name_qualifier: Some(partner.entity_id().to_owned()),
    };
    let plain = |format: &str, value: &str| NameId {
        format: Some(format.to_owned()),
        value: value.to_owned(),
        ..NameId::default()
    };
    Some(match kind {
        NameIdKind::Persistent => qualified(
            nameid::PERSISTENT,
            match partner.door.identifier {
                Identifier::Pairwise => released.user().to_owned(),
                _ => hub.keyring.pairwise(partner.door.sector(), &live.session.person),
            },
        ),
        NameIdKind::Transient => qualified(nameid::TRANSIENT, transient(&*hub.ids)),
        NameIdKind::Email => plain(nameid::EMAIL, mail(partner, released)?),
        NameIdKind::Unspecified => plain(nameid::UNSPECIFIED, released.user()),
    })
}

/// The mail address of a person: what the service knows them by, else its rule of that name.
fn mail<'a>(partner: &Partner, released: &'a Released) -> Option<&'a str> {
    if partner.door.identifier == Identifier::Mail {
        return Some(released.user());
    }
    released.attributes().find(|(name, _)| *name == "mail").and_then(|(_, mut values)| values.next())
}

/// A name for the occasion: 160 bits nobody can guess.
fn transient(ids: &dyn Ids) -> String {
    format!("_{}", ids.text(32))
}

/// The name of a format, for metadata.
pub fn format(kind: NameIdKind) -> &'static str {
    match kind {
        NameIdKind::Persistent => nameid::PERSISTENT,
        NameIdKind::Transient => nameid::TRANSIENT,
        NameIdKind::Email => nameid::EMAIL,
        NameIdKind::Unspecified => nameid::UNSPECIFIED,
    }
}
