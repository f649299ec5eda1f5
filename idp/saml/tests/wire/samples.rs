//! One of each message, about invented people, at an instant that stands still.

use preau_domain::{Ids, Instant};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::{Document, Element};
use preau_saml::messages::*;
use preau_saml::names::{attribute_format, binding, confirmation, context, logout_reason, nameid, status};
use std::sync::LazyLock;

pub const IDP: &str = "https://ent.example/saml/metadata";
pub const SP: &str = "https://service.example/sp";
pub const ACS: &str = "https://service.example/acs";
pub const NOW: Instant = Instant(1_788_000_000_123);
/// A value that would be somebody's right if it were not escaped.
pub const HOSTILE: &str = "x</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"role\"><saml:AttributeValue>\
                           admin & \"R&D\" ]]> <!-- --> \u{1}\r\n\t'é";

pub static RSA: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::RS256));
pub static EC: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

/// Names that are the same in every run.
pub struct Same;

impl Ids for Same {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

pub fn parsed(xml: &str) -> Element {
    Document::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{error}: {xml}")).unverified().clone()
}

pub fn text(value: &str) -> AttributeValue {
    AttributeValue::Text(value.to_owned())
}

pub fn name_id() -> NameId {
    NameId {
        format: Some(nameid::PERSISTENT.to_owned()),
        value: "g7Jc2mZr9w".to_owned(),
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: Some(SP.to_owned()),
    }
}

pub fn authn_request() -> AuthnRequest {
    AuthnRequest {
        id: "_req".to_owned(),
        issue_instant: NOW,
        destination: Some("https://ent.example/saml/sso".to_owned()),
        issuer: SP.to_owned(),
        subject: Some(name_id()),
        name_id_policy: Some(NameIdPolicy {
            format: Some(nameid::PERSISTENT.to_owned()),
            sp_name_qualifier: Some(SP.to_owned()),
            allow_create: true,
        }),
        requested_context: Some(RequestedContext {
            comparison: Comparison::Minimum,
            classes: vec![context::PASSWORD_PROTECTED_TRANSPORT.to_owned(), context::REFEDS_MFA.to_owned()],
        }),
        force_authn: true,
        is_passive: false,
        acs_index: None,
        acs_url: Some(ACS.to_owned()),
        protocol_binding: Some(binding::POST.to_owned()),
        attribute_index: Some(3),
        provider_name: Some("R&D".to_owned()),
    }
}

pub fn assertion() -> Assertion {
    let attribute = |name: &str, friendly: &str, values: Vec<AttributeValue>| Attribute {
        name: name.to_owned(),
        name_format: Some(attribute_format::URI.to_owned()),
        friendly_name: Some(friendly.to_owned()),
        values,
    };
    Assertion {
        id: "_assertion".to_owned(),
        issue_instant: NOW,
        issuer: IDP.to_owned(),
        subject: Subject {
            name_id: Some(name_id()),
            encrypted_id: None,
            confirmations: vec![Confirmation {
                method: confirmation::BEARER.to_owned(),
                not_on_or_after: Some(Instant(NOW.0 + 300_000)),
                recipient: Some(ACS.to_owned()),
                in_response_to: Some("_req".to_owned()),
                ..Confirmation::default()
            }],
        },
        conditions: Conditions {
            not_before: Some(NOW),
            not_on_or_after: Some(Instant(NOW.0 + 300_000)),
            audiences: vec![vec![SP.to_owned()]],
            one_time_use: true,
        },
        authn: vec![AuthnStatement {
            authn_instant: NOW,
            session_index: Some("s1".to_owned()),
            session_not_on_or_after: Some(Instant(NOW.0 + 3_600_000)),
            class: Some(context::PASSWORD_PROTECTED_TRANSPORT.to_owned()),
            authorities: vec!["https://educonnect.example/idp".to_owned()],
        }],
        attributes: vec![AttributeStatement {
            attributes: vec![
                attribute("urn:oid:2.5.4.42", "givenName", vec![text("Ninon")]),
                attribute("urn:oid:2.16.840.1.113730.3.1.241", "displayName", vec![text(HOSTILE), text("")]),
                attribute(
                    "urn:oid:1.3.6.1.4.1.5923.1.1.1.10",
                    "eduPersonTargetedID",
                    vec![AttributeValue::NameId(name_id())],
                ),
                attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "eduPersonEntitlement", Vec::new()),
            ],
        }],
    }
}

pub fn response() -> Response {
    Response {
        id: "_response".to_owned(),
        in_response_to: Some("_req".to_owned()),
        issue_instant: NOW,
        destination: Some(ACS.to_owned()),
        issuer: Some(IDP.to_owned()),
        status: Status::success(),
        assertion: None,
    }
}

/// A response around XML of any form, which our own writer would not put there.
pub fn around(response: &Response, inside: &str) -> String {
    response.around(None).into_text().replace("</samlp:Response>", &format!("{inside}</samlp:Response>"))
}

pub fn no_passive() -> Response {
    let mut status = Status::failure(status::RESPONDER, status::NO_PASSIVE);
    status.message = Some(HOSTILE.to_owned());
    Response { status, ..response() }
}

pub fn logout_request() -> LogoutRequest {
    LogoutRequest {
        id: "_logout".to_owned(),
        issue_instant: NOW,
        destination: Some("https://service.example/slo".to_owned()),
        issuer: IDP.to_owned(),
        not_on_or_after: Some(Instant(NOW.0 + 60_000)),
        reason: Some(logout_reason::USER.to_owned()),
        name_id: Some(name_id()),
        encrypted_id: None,
        session_indexes: vec!["s1".to_owned(), "s2".to_owned()],
    }
}

pub fn logout_response() -> LogoutResponse {
    LogoutResponse {
        id: "_loggedout".to_owned(),
        in_response_to: Some("_logout".to_owned()),
        issue_instant: NOW,
        destination: Some("https://ent.example/saml/slo".to_owned()),
        issuer: Some(SP.to_owned()),
        status: Status::failure(status::SUCCESS, status::PARTIAL_LOGOUT),
    }
}

pub fn artifact_resolve() -> ArtifactResolve {
    ArtifactResolve {
        id: "_resolve".to_owned(),
        issue_instant: NOW,
        destination: Some("https://ent.example/saml/artifact".to_owned()),
        issuer: SP.to_owned(),
        artifact: preau_saml::bindings::Artifact::draw(&Same, IDP, 0).encode(),
    }
}

pub fn artifact_response() -> ArtifactResponse {
    ArtifactResponse {
        id: "_resolved".to_owned(),
        in_response_to: Some("_resolve".to_owned()),
        issue_instant: NOW,
        issuer: Some(IDP.to_owned()),
        status: Status::success(),
        message: None,
    }
}
