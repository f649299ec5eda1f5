//! What the bench shows of this protocol: the assertion a service would receive about a synthetic person, by the functions that
//! make the real one. Nothing is signed: what is shown opens nothing.

use super::assertion::attributes;
use super::{context, entity_id, name};
use crate::config::ASSERTION;
use crate::partner::Partner;
use preau_connector_api::NameIdKind;
use preau_saml::messages::{Assertion, AttributeStatement, AuthnStatement, Conditions, Confirmation, NameId, Subject};
use preau_saml::metadata::Peers;
use preau_saml::names::confirmation;
use preau_web::bench::{Preview, Sample};
use preau_web::{Door, Hub};

/// The assertion; nothing for a service of another protocol, or one whose metadata are not there.
pub fn preview(hub: &Hub, peers: &Peers, door: &Door, sample: &Sample) -> Vec<Preview> {
    let Ok(partner) = Partner::at(peers, door, hub.now()) else { return Vec::new() };
    let kind = partner.saml().nameid;
    let value = match kind {
        NameIdKind::Persistent => "<pairwise identifier>".to_owned(),
        NameIdKind::Transient => "<new at each sign-on>".to_owned(),
        NameIdKind::Email | NameIdKind::Unspecified => sample.released.user().to_owned(),
    };
    let qualified = matches!(kind, NameIdKind::Persistent | NameIdKind::Transient);
    let at = hub.now();
    let acs = partner.sp().acs.first().map(|acs| acs.location.clone());
    let assertion = Assertion {
        id: "_identifier-of-the-assertion".to_owned(),
        issue_instant: at,
        issuer: entity_id(hub),
        subject: Subject {
            name_id: Some(NameId {
                format: Some(name::format(kind).to_owned()),
                value,
                name_qualifier: qualified.then(|| entity_id(hub)),
                sp_name_qualifier: qualified.then(|| partner.entity_id().to_owned()),
            }),
            encrypted_id: None,
            confirmations: vec![Confirmation {
                method: confirmation::BEARER.to_owned(),
                not_on_or_after: Some(at + ASSERTION),
                recipient: acs,
                in_response_to: Some("_identifier-of-the-request".to_owned()),
                ..Confirmation::default()
            }],
        },
        conditions: Conditions {
            not_on_or_after: Some(at + ASSERTION),
            audiences: vec![vec![partner.entity_id().to_owned()]],
            ..Conditions::default()
        },
        authn: vec![AuthnStatement {
            authn_instant: sample.authentication.at,
            session_index: Some("<name of the session>".to_owned()),
            class: Some(context::Own::of(hub, &sample.authentication).told().to_owned()),
            ..AuthnStatement::default()
        }],
        attributes: vec![AttributeStatement { attributes: attributes(hub, &partner, &sample.released, None) }],
    };
    vec![Preview { title: "Assertion", text: indented(&assertion.write()) }]
}

/// One element a line, so that people can read it.
fn indented(xml: &str) -> String {
    xml.replace("><", ">\n<")
}
