//! The end of the corridor: the person is there, access is decided, and the assertion is made, signed and encrypted.

use super::sso::{self, Asked};
use super::{context, entity_id, event, name, signed, signing_key, tell_refusal, unsigned};
use crate::config::{ASSERTION, SKEW};
use crate::error::{SamlError, Stop};
use crate::partner::{Acs, Partner};
use preau_connector_api::{SamlEncryption, SamlSigned};
use preau_domain::{AuditKind, Instant, PersonId, TrustedUrl, Visit};
use preau_keys::Sealer;
use preau_keys::signers::SamlKey;
use preau_keys::xml::{ContentCipher, encrypt};
use preau_policy::{Decision, Released};
use preau_saml::bindings::post;
use preau_saml::messages::{
    Assertion, Attribute, AttributeStatement, AttributeValue, AuthnStatement, Conditions, Confirmation, NameId,
    Response, Status, Subject, new_id,
};
use preau_saml::metadata::Peers;
use preau_saml::names::{SAML, SAMLP, attribute_format, confirmation, nameid};
use preau_store::StoreError;
use preau_web::{CompletedSignIn, Fault, FaultKind, Hub, Live, Visitor};
use serde::{Deserialize, Serialize};

/// What the names of sessions are sealed for.
const SESSION: &str = "saml session";
/// The attribute whose value is a name identifier.
const TARGETED_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.10";

/// A message for a service, to be carried by the browser.
pub struct Outgoing {
    /// Where: an address of its metadata.
    pub to: TrustedUrl,
    /// The fields of the form.
    pub fields: Vec<(&'static str, String)>,
}

/// What a visit is remembered by, so that its end can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The name of the person.
    #[serde(rename = "n")]
    pub name: String,
    /// What kind of name it is.
    #[serde(rename = "f")]
    pub format: String,
    /// The name of the session.
    #[serde(rename = "s")]
    pub session: String,
}

/// Hands a person who just signed in over to the service.
pub async fn complete(hub: &Hub, peers: &Peers, visitor: &Visitor, done: &CompletedSignIn) -> Result<Outgoing, Fault> {
    let asked: Asked = serde_json::from_str(&done.pending.request)
        .map_err(|_| Fault::new(FaultKind::Internal, "a SAML sign-in holds what SAML did not write"))?;
    let (partner, acs) = sso::again(hub, peers, done.pending.service.as_ref(), &asked)?;
    match hand_over(hub, visitor, &done.live, &partner, &acs, &asked).await {
        Ok(Some(outgoing)) => Ok(outgoing),
        Ok(None) => Err(Fault::new(FaultKind::SignInExpired, "the session ended during its sign-in")),
        Err(Stop::Page(fault)) => Err(fault),
        Err(Stop::Told(error)) => refusal(hub, visitor, &partner, &acs, &asked, error),
    }
}

/// Decides, and makes the answer; absent when the session has ended elsewhere.
pub async fn hand_over(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
) -> Result<Option<Outgoing>, Stop> {
    let door = &partner.door;
    let decision = hub.decide(live, door);
    let rule = match &*decision {
        Decision::Allow { rule, .. } => rule.clone(),
        Decision::Deny(why) => return Err(hub.refused(visitor, live, door, why).into()),
    };
    let released = hub.release(live, door)?;
    let own = context::class(hub, &live.session.authentication);
    let class = context::claimed(own, asked.context.as_ref()).ok_or(SamlError::NoAuthnContext)?;
    let name = name::named(hub, partner, live, &released, asked.name);
    if asked.subject.as_ref().is_some_and(|subject| *subject != name.value) {
        return Err(SamlError::AnotherPerson.into());
    }
    let key = signing_key(hub, partner.saml().signing)?;
    let session = session_index(hub, &live.person.id, partner).ok_or_else(|| unsigned("the session"))?;
    let at = hub.now();
    let told = Told { name: &name, class, session: &session, released: &released };
    let answer = assertion(hub, live, partner, acs, asked, &told, at);
    let message = answered(hub, partner, acs, asked, &answer, &key, at)?;
    let mut opened = event(hub, visitor, AuditKind::ServiceOpened);
    opened.detail = rule;
    opened.person = Some(live.person.id.clone());
    opened.session = Some(live.session.id.clone());
    opened.service = Some(door.service.id.clone());
    opened.establishment = decision.establishment(&live.facts).cloned();
    let mut left = opened.clone();
    left.kind = AuditKind::AttributesReleased;
    left.detail = names(partner, &released);
    // Before the visit, so that no assertion leaves without them.
    hub.audit(opened);
    hub.audit(left);
    let notice = Notice { name: name.value, format: name.format.unwrap_or_default(), session };
    match hub.store.add_visit(&visit(live, partner, &notice, at)?).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    Ok(Some(carried(acs, asked, &message)))
}

/// An error, told at the address of the service.
pub fn refusal(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    error: SamlError,
) -> Result<Outgoing, Fault> {
    let mut refused = event(hub, visitor, AuditKind::RequestRefused);
    refused.service = Some(partner.door.service.id.clone());
    tell_refusal(hub, refused, error);
    let key = signing_key(hub, partner.saml().signing)?;
    let response = response(hub, acs, asked, error.status(), hub.now());
    let message = signed(&response.write(None, false), SAMLP, "Response", &key)?;
    Ok(carried(acs, asked, &message))
}

fn carried(acs: &Acs, asked: &Asked, message: &str) -> Outgoing {
    let mut fields = vec![("SAMLResponse", post::encode(message))];
    fields.extend(asked.relay_state.clone().map(|state| ("RelayState", state)));
    Outgoing { to: acs.to.clone(), fields }
}

fn response(hub: &Hub, acs: &Acs, asked: &Asked, status: Status, at: Instant) -> Response {
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
fn assertion(
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
        attributes: vec![AttributeStatement { attributes: attributes(hub, partner, told.released) }],
    }
}

/// What leaves, named as the service reads it.
pub fn attributes(hub: &Hub, partner: &Partner, released: &Released) -> Vec<Attribute> {
    let wired = released.attributes().iter().filter_map(|(name, values)| Some((partner.saml().wire(name)?, values)));
    wired
        .map(|(wire, values)| {
            let value = |value: &String| match wire.name.as_str() {
                TARGETED_ID => AttributeValue::NameId(NameId {
                    format: Some(nameid::PERSISTENT.to_owned()),
                    value: value.clone(),
                    name_qualifier: Some(entity_id(hub)),
                    sp_name_qualifier: Some(partner.entity_id().to_owned()),
                }),
                _ => AttributeValue::Text(value.clone()),
            };
            Attribute {
                name: wire.name.clone(),
                name_format: Some(if wire.uri { attribute_format::URI } else { attribute_format::BASIC }.to_owned()),
                friendly_name: wire.friendly.clone(),
                values: values.iter().map(value).collect(),
            }
        })
        .collect()
}

/// The names of what leaves: for the journal, which never holds a value.
fn names(partner: &Partner, released: &Released) -> String {
    released.names().filter(|name| partner.saml().wire(name).is_some()).collect::<Vec<_>>().join(" ")
}

/// The response around the assertion, each signed and encrypted as the service wants it.
fn answered(
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
            Some(encrypt(&*hub.ids, &name.write(), to, ContentCipher::Aes256Gcm).map_err(unsigned)?)
        }
        (true, _, _) => return Err(unsigned("the service has no key to encrypt its name to")),
        _ => None,
    };
    let mut inner = assertion.write_sealed(sealed_name.as_deref());
    if wants_assertion {
        inner = signed(&inner, SAML, "Assertion", key)?;
    }
    let to = match (saml.encrypt, partner.encryption_key()) {
        (SamlEncryption::Never, _) | (SamlEncryption::Auto, None) => None,
        (_, Some(to)) => Some(to),
        (SamlEncryption::Always, None) => return Err(unsigned("the service has no key to encrypt to")),
    };
    let response = response(hub, acs, asked, Status::success(), at);
    let outer = match to {
        Some(to) => {
            response.write(Some(&encrypt(&*hub.ids, &inner, to, ContentCipher::Aes256Gcm).map_err(unsigned)?), true)
        }
        None => response.write(Some(&inner), false),
    };
    if saml.sign == SamlSigned::Assertion { Ok(outer) } else { signed(&outer, SAMLP, "Response", key) }
}

/// The name of a session for one service: unrelated to the one any other service hears. It holds whose session it is, for us
/// alone to open, so that the session is found again without a cookie; a session that goes on after a new proof keeps it.
fn session_index(hub: &Hub, person: &PersonId, partner: &Partner) -> Option<String> {
    let beside = [partner.door.service.id.as_str()];
    Sealer::new(&hub.keyring).seal(&*hub.ids, SESSION, &beside, person.as_str().as_bytes())
}

/// Whose session such a name, told by that service, stands for.
pub fn person_of(hub: &Hub, partner: &Partner, index: &str) -> Option<PersonId> {
    let opened = Sealer::new(&hub.keyring).open(SESSION, &[partner.door.service.id.as_str()], index)?;
    Some(PersonId::new(std::str::from_utf8(&opened).ok()?))
}

/// The visit an assertion stands for.
fn visit(live: &Live, partner: &Partner, notice: &Notice, at: Instant) -> Result<Visit, Fault> {
    Ok(Visit {
        session: live.session.id.clone(),
        protocol: crate::NAME.to_owned(),
        service: partner.door.service.id.clone(),
        notice: serde_json::to_string(notice).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?,
        at,
    })
}
