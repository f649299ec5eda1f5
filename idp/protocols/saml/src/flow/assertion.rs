//! What is said of a person, written, signed and encrypted as the service wants it. Whether it is said is decided in
//! `hand_over`.

use super::sso::Asked;
use super::{entity_id, signed, unsigned};
use crate::config::{ASSERTION, SKEW};
use crate::partner::{Acs, Partner};
use preau_connector_api::{SamlEncryption, SamlSigned, WireName};
use preau_domain::Instant;
use preau_keys::signers::SamlKey;
use preau_keys::xml::encrypt;
use preau_policy::Released;
use preau_saml::messages::{
    Assertion, Attribute, AttributeStatement, AttributeValue, AuthnStatement, Carried, Conditions, Confirmation,
    NameId, Response, Status, Subject, new_id,
};
use preau_saml::names::{attribute_format, confirmation, nameid};
use preau_web::{Fault, Hub, Live};

/// The attribute whose value is a name identifier.
const TARGETED_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.10";

/// What is told of a person.
pub struct Told<'a> {
    /// What the service calls them.
    pub name: &'a NameId,
    /// The class of their proof.
    pub class: &'a str,
    /// The name of their session.
    pub session: &'a str,
    /// What leaves.
    pub released: &'a Released,
}

/// The assertion, in clear and unsigned.
pub fn assertion(
    hub: &Hub,
    live: &Live,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    told: &Told<'_>,
    at: Instant,
) -> Assertion {
    let until = at + ASSERTION;
    Assertion {
        id: new_id(&*hub.ids),
        issue_instant: at,
        issuer: entity_id(hub),
        subject: Subject {
            name_id: Some(told.name.clone()),
            encrypted_id: None,
            confirmations: vec![Confirmation {
                method: confirmation::BEARER.to_owned(),
                not_on_or_after: Some(until),
                recipient: Some(acs.location.clone()),
                in_response_to: asked.id.clone(),
                ..Confirmation::default()
            }],
        },
        conditions: Conditions {
            not_before: Some(at - SKEW),
            not_on_or_after: Some(until),
            audiences: vec![vec![partner.entity_id().to_owned()]],
            one_time_use: false,
        },
        authn: vec![AuthnStatement {
            authn_instant: live.session.authentication.at,
            session_index: Some(told.session.to_owned()),
            session_not_on_or_after: Some(live.session.expires),
            class: Some(told.class.to_owned()),
            authorities: Vec::new(),
        }],
        attributes: vec![AttributeStatement { attributes: attributes(hub, partner, told.released, asked.listed) }],
    }
}

/// What leaves, named as the service reads it: what is released, and of it what the service lists under the number it said. A
/// list takes away and never adds.
pub fn attributes(hub: &Hub, partner: &Partner, released: &Released, listed: Option<u16>) -> Vec<Attribute> {
    let wired = released.attributes().filter_map(|(name, values)| Some((wire(partner, name, listed)?, values)));
    wired
        .map(|(wire, values)| {
            let value = |value: &str| match wire.name.as_str() {
                TARGETED_ID => AttributeValue::NameId(NameId {
                    format: Some(nameid::PERSISTENT.to_owned()),
                    value: value.to_owned(),
                    name_qualifier: Some(entity_id(hub)),
                    sp_name_qualifier: Some(partner.entity_id().to_owned()),
                }),
                _ => AttributeValue::Text(value.to_owned()),
            };
            Attribute {
                name: wire.name.clone(),
                name_format: Some(if wire.uri { attribute_format::URI } else { attribute_format::BASIC }.to_owned()),
                friendly_name: wire.friendly.clone(),
                values: values.map(value).collect(),
            }
        })
        .collect()
}

/// How a released attribute is named, if it leaves.
fn wire<'a>(partner: &'a Partner, name: &str, listed: Option<u16>) -> Option<&'a WireName> {
    let wire = partner.saml().wire(name)?;
    let wanted = |index| partner.sp().requested(Some(index)).iter().any(|one| one.name == wire.name);
    listed.is_none_or(wanted).then_some(wire)
}

/// Whether an attribute of that name leaves.
pub fn leaves(partner: &Partner, name: &str, listed: Option<u16>) -> bool {
    wire(partner, name, listed).is_some()
}

/// The names of what leaves: for the journal, which never holds a value.
pub fn names(partner: &Partner, released: &Released, listed: Option<u16>) -> String {
    released.names().filter(|name| wire(partner, name, listed).is_some()).collect::<Vec<_>>().join(" ")
}

/// The response around the assertion, each signed and encrypted as the service wants it.
pub fn answered(
    hub: &Hub,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    assertion: &Assertion,
    key: &SamlKey,
    at: Instant,
) -> Result<String, Fault> {
    let (saml, sp) = (partner.saml(), partner.sp());
    let wants_assertion = saml.sign != SamlSigned::Response || sp.want_assertions_signed;
    let sealed_name = match (asked.encrypted_name, &assertion.subject.name_id, partner.encryption_key()) {
        (true, Some(name), Some(to)) => {
            Some(encrypt(&*hub.ids, &name.write(), &to.key.key, to.cipher).map_err(unsigned)?)
        }
        (true, _, _) => return Err(unsigned("the service has no key to encrypt its name to")),
        _ => None,
    };
    let mut inner = assertion.write_sealed(sealed_name.as_deref());
    if wants_assertion {
        inner = signed(inner, key)?;
    }
    let to = match (saml.encrypt, partner.encryption_key()) {
        (SamlEncryption::Never, _) => None,
        (_, Some(to)) => Some(to),
        (SamlEncryption::Auto, None) if sp.keys.unmet_encryption().is_some() => {
            return Err(unsigned("the service asks for encryption, and shows no key we can encrypt to"));
        }
        (SamlEncryption::Auto, None) => None,
        (SamlEncryption::Always, None) => return Err(unsigned("the service has no key to encrypt to")),
    };
    let response = response(hub, acs, asked, Status::success(), at);
    let outer = match to {
        Some(to) => {
            let sealed = encrypt(&*hub.ids, &inner, &to.key.key, to.cipher).map_err(unsigned)?;
            response.around(Some(Carried::Encrypted(&sealed)))
        }
        None => response.around(Some(Carried::Plain(&inner))),
    };
    let outer = if saml.sign == SamlSigned::Assertion { outer } else { signed(outer, key)? };
    Ok(outer.into_text())
}

/// The response, around nothing yet.
pub fn response(hub: &Hub, acs: &Acs, asked: &Asked, status: Status, at: Instant) -> Response {
    Response {
        id: new_id(&*hub.ids),
        in_response_to: asked.id.clone(),
        issue_instant: at,
        destination: Some(acs.location.clone()),
        issuer: Some(entity_id(hub)),
        status,
        assertion: None,
    }
}
