//! Signature wrapping (SAML-01 to 10, 12): the signed element is kept somewhere, and another one is put where it is read.

use crate::peer::*;
use preau_connector_api::RedirectError;
use preau_keys::jose::Alg;
use preau_keys::xml::sign;
use preau_saml::names::SAML;

const THERE: &str = "eleve-7";
const EVIL: &str = "directeur";

/// The element of that name, from its first tag to its last.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let start = xml.find(&format!("<{name} ")).unwrap();
    let end = xml.rfind(&format!("</{name}>")).unwrap() + name.len() + 3;
    &xml[start..end]
}

fn signature(xml: &str) -> &str {
    element(xml, "ds:Signature")
}

fn without_signature(xml: &str) -> String {
    xml.replace(signature(xml), "")
}

/// The same element about somebody else, with or without another identifier.
fn forged(xml: &str, renamed: bool) -> String {
    let forged = xml.replace(THERE, EVIL).replace("4512345", "666");
    if renamed {
        forged.replace("ID=\"_response\"", "ID=\"_f\"").replace("ID=\"_assertion\"", "ID=\"_g\"")
    } else {
        forged
    }
}

fn inside_signature(xml: &str, content: &str) -> String {
    xml.replacen("</ds:Signature>", &format!("{content}</ds:Signature>"), 1)
}

/// Wrappings of a signed response, by their names.
fn of_the_response() -> Vec<(&'static str, String)> {
    let whole = answer().signed(Signs::Response);
    let (own, bare) = (signature(&whole).to_owned(), without_signature(&whole));
    let outer = forged(&bare, true);
    let place = |signature: &str| outer.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1);
    // The original keeps its identifiers, so the forged assertion has another one.
    vec![
        ("1", place(&inside_signature(&own, &bare))),
        ("2", place(&format!("{bare}{own}"))),
        ("1 in an object", place(&inside_signature(&own, &format!("<ds:Object>{bare}</ds:Object>")))),
        ("in extensions", place(&format!("{own}<samlp:Extensions>{bare}</samlp:Extensions>"))),
        (
            "in the detail",
            place(&own)
                .replace("</samlp:Status>", &format!("<samlp:StatusDetail>{bare}</samlp:StatusDetail></samlp:Status>")),
        ),
        (
            "the whole below another",
            place("").replace(
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{whole}</samlp:StatusDetail></samlp:Status>"),
            ),
        ),
        ("moved", place(&own)),
        ("same identifier", forged(&whole, false)),
    ]
}

/// Wrappings of a signed assertion.
fn of_the_assertion() -> Vec<(&'static str, String)> {
    let whole = answer().signed(Signs::Assertion);
    let signed = element(&whole, "saml:Assertion");
    let (own, bare) = (signature(signed).to_owned(), without_signature(signed));
    let (evil, twin) = (forged(&bare, true), forged(&bare, false));
    let swap = |content: &str| whole.replace(signed, content);
    let with = |assertion: &str, signature: &str| {
        assertion.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
    };
    let nested = |outer: &str, place: &str, inner: &str| outer.replacen(place, &format!("{inner}{place}"), 1);
    let advice = |inner: &str| format!("</saml:Conditions><saml:Advice>{inner}</saml:Advice>");
    let data = "<saml:SubjectConfirmationData ";
    let confirmation = |outer: &str, inner: &str| {
        let start = outer.find(data).unwrap();
        let end = start + outer[start..].find("/>").unwrap();
        format!("{}>{inner}</saml:SubjectConfirmationData>{}", &outer[..end], &outer[end + 2..])
    };
    let detail = |inner: &str| {
        let detail = format!("<samlp:StatusDetail>{inner}</samlp:StatusDetail></samlp:Status>");
        swap(&evil).replace("</samlp:Status>", &detail)
    };
    let extensions = |inner: &str, rest: &str| {
        let extensions = format!("</saml:Issuer><samlp:Extensions>{inner}</samlp:Extensions>");
        swap(rest).replacen("</saml:Issuer>", &extensions, 1)
    };
    vec![
        ("3", swap(&format!("{evil}{signed}"))),
        ("3 behind", swap(&format!("{signed}{evil}"))),
        ("4", swap(&nested(&evil, "</saml:Assertion>", signed))),
        ("5", swap(&with(&evil, &own)).replace("</samlp:Response>", &format!("{bare}</samlp:Response>"))),
        ("6", swap(&with(&evil, &inside_signature(&own, &bare)))),
        ("7", extensions(&twin, signed)),
        ("7 with another identifier", extensions(&evil, signed)),
        ("7 the other way round", extensions(signed, &evil)),
        ("8", swap(&with(&twin, &inside_signature(&own, &format!("<ds:Object>{bare}</ds:Object>"))))),
        ("9 in the advice", swap(&evil.replacen("</saml:Conditions>", &advice(signed), 1))),
        ("9 in the detail", detail(signed)),
        ("9 in the confirmation", swap(&confirmation(&evil, signed))),
        ("9 in the key", swap(&with(&evil, &inside_signature(&own, &format!("<ds:KeyInfo>{bare}</ds:KeyInfo>"))))),
        ("10", swap(&format!("{bare}{evil}")).replacen("</saml:Issuer>", &format!("</saml:Issuer>{own}"), 1)),
        ("10 with one assertion", swap(&bare).replacen("</saml:Issuer>", &format!("</saml:Issuer>{own}"), 1)),
        ("12", swap(&signed.replacen("<ds:SignedInfo>", &format!("{}<ds:SignedInfo>", element_of_info(signed)), 1))),
        ("13", swap(&signed.replacen("<ds:Signature ", "<ds:Signature xmlns:x=\"1\" ", 1))),
        ("stripped", swap(&without_signature(&evil_signed(signed)))),
        ("twin", swap(&forged(signed, false))),
        ("two signatures", swap(&signed.replacen(&own, &format!("{own}{own}"), 1))),
        ("empty value", swap(&emptied(signed, "ds:SignatureValue"))),
        ("void reference", swap(&signed.replacen("URI=\"#_assertion\"", "URI=\"\"", 1))),
        ("polluted", swap(&evil.replacen("ID=\"_g\"", "ID=\"_g\" saml:ID=\"_assertion\"", 1))),
        ("look-alike", swap(&with(&evil, &own.replace("2000/09/xmldsig#", "2000/09/xmldsig")))),
    ]
}

fn evil_signed(signed: &str) -> String {
    forged(signed, true)
}

fn element_of_info(signed: &str) -> &str {
    let start = signed.find("<ds:SignedInfo>").unwrap();
    &signed[start..signed.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len()]
}

fn emptied(xml: &str, name: &str) -> String {
    let (before, rest) = xml.split_once(&format!("<{name}>")).unwrap();
    let (_, after) = rest.split_once(&format!("</{name}>")).unwrap();
    format!("{before}<{name}></{name}>{after}")
}

/// None of them opens, whatever the configuration asks for; and none says who somebody else is.
#[test]
fn what_is_wrapped_is_not_believed() {
    for (signs, wrapped) in [(Signs::Response, of_the_response()), (Signs::Assertion, of_the_assertion())] {
        let honest = answer().signed(signs);
        for (name, xml) in &wrapped {
            assert_ne!(*xml, honest, "{name} changes nothing");
            for asked in [Signs::Response, Signs::Assertion, Signs::Both] {
                let judged = judge(&open(asks(asked)), xml);
                assert!(matches!(judged, Err(RedirectError::NotBelieved(_))), "{signs:?} {name}: {judged:?}");
            }
        }
        assert_eq!(judge(&open(asks(signs)), &honest).map(|one| one.subject), Ok(THERE.to_owned()), "control");
    }
}

/// A signature that is right, over an assertion about somebody of another provider's (SAML-26).
#[test]
fn an_assertion_of_another_provider_is_not_believed() {
    let other = Answer::changed(|answer| answer.assertion.issuer = "https://other.example/idp".to_owned());
    let signed = sign(&other.assertion.write(), SAML, "Assertion", &FOREIGN, Alg::ES256, None).unwrap();
    let message = around(&answer().response, &signed);
    let upstream = open(asks(Signs::Assertion));
    assert_eq!(judge(&upstream, &message), Err(RedirectError::NotBelieved("signature")));
    let mixed = judge(&upstream, &other.signed(Signs::Assertion));
    assert_eq!(mixed, Err(RedirectError::NotBelieved("issuer of the assertion")));
    assert!(judge(&upstream, &answer().signed(Signs::Assertion)).is_ok(), "control");
}

/// SAML-11, seen through the whole connector: a comment splits nothing.
#[test]
fn a_name_with_a_comment_in_it_is_the_whole_name() {
    let named = Answer::changed(|answer| {
        answer.assertion.subject.name_id.as_mut().unwrap().value = "admin@x.evil.example".to_owned();
    });
    for signs in [Signs::Response, Signs::Assertion] {
        let cut = named.signed(signs).replace("admin@x.evil", "admin@x<!-- -->.evil");
        let judged = judge(&open(asks(signs)), &cut).map(|identity| identity.subject);
        assert_eq!(judged, Ok("admin@x.evil.example".to_owned()), "the comment was never signed, and says nothing");
        let with_child = named.signed(signs).replace("admin@x.evil", "admin@x<b/>.evil");
        assert!(judge(&open(asks(signs)), &with_child).is_err());
    }
}
