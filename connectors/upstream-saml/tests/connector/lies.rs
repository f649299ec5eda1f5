//! Answers that a provider could give and that are not what was asked (SAML-15 to 27): one change at a time, each signed
//! like the truth.

use crate::peer::*;
use preau_connector_api::{POSTED, RedirectError, Round};
use preau_domain::Instant;
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::sign;
use preau_saml::messages::{Confirmation, Status};
use preau_saml::names::{SAML, SAMLP, status};

type Lie = fn(&mut Answer);

fn bearer(answer: &mut Answer) -> &mut Confirmation {
    &mut answer.assertion.subject.confirmations[0]
}

fn at(seconds: i64) -> Option<Instant> {
    Some(Instant(NOW.0 + seconds * 1000))
}

/// The word of the check that catches it, and the lie.
const LIES: &[(&str, Lie)] = &[
    ("issuer of the response", |a| a.response.issuer = Some("https://evil.test".into())),
    ("issuer of the response", |a| a.response.issuer = Some(format!("{IDP}/"))),
    ("issuer of the response", |a| a.response.issuer = None),
    ("issuer of the assertion", |a| a.assertion.issuer = "https://evil.test".into()),
    ("destination", |a| a.response.destination = Some("https://evil.test/acs".into())),
    ("destination", |a| a.response.destination = Some(format!("{ACS}/"))),
    ("destination", |a| a.response.destination = None),
    ("request of the response", |a| a.response.in_response_to = Some("_another".into())),
    ("request of the response", |a| a.response.in_response_to = None),
    ("request of the assertion", |a| bearer(a).in_response_to = Some("_another".into())),
    ("request of the assertion", |a| bearer(a).in_response_to = None),
    ("recipient", |a| bearer(a).recipient = Some("https://evil.test/acs".into())),
    ("recipient", |a| bearer(a).recipient = None),
    ("no bearer", |a| bearer(a).method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".into()),
    ("no bearer", |a| a.assertion.subject.confirmations.clear()),
    ("confirmation expired", |a| bearer(a).not_on_or_after = at(-61)),
    ("confirmation expired", |a| bearer(a).not_on_or_after = at(-60)),
    ("confirmation expired", |a| bearer(a).not_on_or_after = None),
    ("confirmation too long", |a| bearer(a).not_on_or_after = Some(Instant(253_402_300_799_000))),
    ("confirmation not yet", |a| bearer(a).not_before = at(61)),
    ("not yet", |a| a.assertion.conditions.not_before = at(61)),
    ("expired", |a| a.assertion.conditions.not_on_or_after = at(-60)),
    ("expired", |a| a.assertion.conditions.not_on_or_after = None),
    ("audience", |a| a.assertion.conditions.audiences = vec![vec!["https://other.example".into()]]),
    ("audience", |a| a.assertion.conditions.audiences = Vec::new()),
    ("audience", |a| a.assertion.conditions.audiences = vec![vec![SP.into(), "https://other.example".into()]]),
    ("audience", |a| a.assertion.conditions.audiences.push(vec!["https://other.example".into()])),
    ("instant of the response", |a| a.response.issue_instant = Instant(NOW.0 - 661_000)),
    ("instant of the response", |a| a.response.issue_instant = Instant(NOW.0 + 61_000)),
    ("instant of the assertion", |a| a.assertion.issue_instant = Instant(NOW.0 - 661_000)),
    ("session expired", |a| a.assertion.authn[0].session_not_on_or_after = at(-61)),
    ("proof of the future", |a| a.assertion.authn[0].authn_instant = Instant(NOW.0 + 61_000)),
    ("no statement", |a| a.assertion.authn.clear()),
    ("no name", |a| a.assertion.subject.name_id = None),
    ("name", |a| a.assertion.subject.name_id.as_mut().unwrap().value = "x".repeat(256)),
];

#[test]
fn an_answer_with_one_wrong_value_is_not_believed() {
    let upstream = open("");
    for (word, lie) in LIES {
        let judged = judge(&upstream, &Answer::changed(lie).signed(Signs::Both));
        assert_eq!(judged, Err(RedirectError::NotBelieved(word)));
    }
    for truth in [
        (|a| bearer(a).not_on_or_after = at(-59)) as Lie,
        |a| bearer(a).not_before = at(59),
        |a| a.assertion.conditions.not_on_or_after = at(-59),
        |a| a.assertion.conditions.audiences.push(vec![SP.into()]),
        |a| a.assertion.authn[0].session_not_on_or_after = at(3600),
        |a| {
            let mut other = bearer(a).clone();
            other.recipient = Some("https://elsewhere.example".into());
            a.assertion.subject.confirmations.insert(0, other);
        },
        |_| {},
    ] {
        assert!(judge(&upstream, &Answer::changed(truth).signed(Signs::Both)).is_ok(), "control");
    }
}

/// SAML-25: an answer that nobody asked for, or that answers another browser's round.
#[test]
fn an_answer_to_another_round_is_not_believed() {
    let upstream = open("");
    let other = Round { nonce: "0therother0therother0therother0therother0th", ..round() };
    let judged = judge_in(&upstream, &answer().signed(Signs::Both), &other);
    assert_eq!(judged, Err(RedirectError::NotBelieved("request of the response")));
    let elsewhere = Round { callback: "https://ent.example/upstream/guichet/callback", ..round() };
    assert!(judge_in(&upstream, &answer().signed(Signs::Both), &elsewhere).is_err());
    assert!(judge(&upstream, &answer().signed(Signs::Both)).is_ok(), "control");
    for answer in [&[][..], &[("SAMLResponse", "x")], &[(POSTED, "")], &[(POSTED, "!")], &[("code", "x")]] {
        assert!(now(upstream.complete(&round(), answer)).is_err(), "{answer:?}");
    }
}

/// SAML-27: what the provider refused it refused, whatever stands beside.
#[test]
fn a_no_is_a_no() {
    let upstream = open("");
    for (sub, word) in [
        (Some(status::AUTHN_FAILED), "AuthnFailed"),
        (Some(status::NO_AUTHN_CONTEXT), "NoAuthnContext"),
        (Some("urn:x"), "other"),
        (None, "other"),
    ] {
        for code in [status::RESPONDER, status::REQUESTER, "urn:oasis:names:tc:SAML:2.0:status:Successful"] {
            let said = Status { code: code.to_owned(), sub: sub.map(str::to_owned), message: None };
            let no = Answer::changed(|answer| answer.response.status = said.clone());
            assert_eq!(judge(&upstream, &no.signed(Signs::Both)), Err(RedirectError::Refused(word)), "{code} {sub:?}");
        }
    }
}

/// SAML-17, 18, 26: no signature, one of the two, another's, or of another kind.
#[test]
fn what_is_not_signed_as_asked_by_the_provider_s_key_is_not_believed() {
    let not_signed = Err(RedirectError::NotBelieved("not signed"));
    for (asked, given) in [
        (Signs::Response, Signs::Nothing),
        (Signs::Response, Signs::Assertion),
        (Signs::Assertion, Signs::Nothing),
        (Signs::Assertion, Signs::Response),
        (Signs::Both, Signs::Nothing),
        (Signs::Both, Signs::Response),
        (Signs::Both, Signs::Assertion),
    ] {
        assert_eq!(judge(&open(asks(asked)), &answer().signed(given)), not_signed, "{asked:?} {given:?}");
    }
    let foreign = Err(RedirectError::NotBelieved("signature"));
    for signs in [Signs::Response, Signs::Assertion, Signs::Both] {
        let upstream = open(asks(signs));
        assert_eq!(judge(&upstream, &answer().signed_by(signs, &FOREIGN)), foreign, "{signs:?}");
        assert!(judge(&upstream, &answer().signed(signs)).is_ok(), "control");
    }
    // A key that the message brings along is not looked at.
    let shown = certificate(&FOREIGN, Alg::ES256);
    let plain = answer().signed(Signs::Nothing);
    let brought = sign(&plain, SAMLP, "Response", &FOREIGN, Alg::ES256, Some(&shown)).unwrap();
    assert_eq!(judge(&open(asks(Signs::Response)), &brought), foreign);
    let theirs = sign(&plain, SAMLP, "Response", &THEIRS, Alg::ES256, Some(&shown)).unwrap();
    assert!(judge(&open(asks(Signs::Response)), &theirs).is_ok(), "control");
    let other_kind = sign(&plain, SAMLP, "Response", &PrivateKey::draw(Alg::RS256), Alg::RS256, None).unwrap();
    assert_eq!(judge(&open(asks(Signs::Response)), &other_kind), foreign);
    // What is signed besides what is asked for must be right: a wrong signature is never a missing one.
    let half = answer().signed_by(Signs::Assertion, &FOREIGN);
    let whole = sign(&half, SAMLP, "Response", &THEIRS, Alg::ES256, None).unwrap();
    assert_eq!(judge(&open(asks(Signs::Response)), &whole), foreign);
    let assertion = sign(&answer().assertion.write(), SAML, "Assertion", &THEIRS, Alg::ES256, None).unwrap();
    let wrong = sign(&around(&answer().response, &assertion), SAMLP, "Response", &FOREIGN, Alg::ES256, None);
    assert_eq!(judge(&open(asks(Signs::Assertion)), &wrong.unwrap()), foreign);
}

/// SAML-16, 19: digests of nothing, weaker algorithms, other transforms.
#[test]
fn a_signature_of_another_form_is_not_believed() {
    let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for signs in [Signs::Response, Signs::Assertion] {
        let (upstream, signed) = (open(asks(signs)), answer().signed(signs));
        let (before, rest) = signed.split_once("<ds:DigestValue>").unwrap();
        let (_, after) = rest.split_once('<').unwrap();
        let void = format!("{before}<ds:DigestValue>{empty}<{after}");
        assert_eq!(judge(&upstream, &void), Err(RedirectError::NotBelieved("digest")), "{signs:?}");
        for (from, to) in [
            ("xmldsig-more#ecdsa-sha256", "xmldsig-more#ecdsa-sha1"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#hmac-sha1"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#dsa-sha1"),
            ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
            (
                "2001/10/xml-exc-c14n#\"/><ds:SignatureMethod",
                "2001/10/xml-exc-c14n#WithComments\"/><ds:SignatureMethod",
            ),
            ("2000/09/xmldsig#enveloped-signature", "TR/1999/REC-xslt-19991116"),
            ("2000/09/xmldsig#enveloped-signature", "TR/1999/REC-xpath-19991116"),
            ("<ds:Reference ", "<ds:Reference URI=\"#x\"/><ds:Reference "),
        ] {
            assert!(signed.contains(from), "{from}");
            let judged = judge(&upstream, &signed.replacen(from, to, 1));
            assert_eq!(judged, Err(RedirectError::NotBelieved("form of the signature")), "{signs:?} {to}");
        }
        assert!(judge(&upstream, &signed).is_ok(), "control");
    }
}
