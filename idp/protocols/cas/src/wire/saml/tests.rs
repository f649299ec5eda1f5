//! Requests that are read, requests that are not, and every answer byte by byte.

use super::*;
use crate::wire::cas::tests::{elements, person, rule, success_of};
use preau_domain::Fact;
use proptest::prelude::*;

const GOOD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/><SOAP-ENV:Body>\
    <samlp:Request xmlns:samlp=\"urn:oasis:names:tc:SAML:1.0:protocol\" MajorVersion=\"1\" MinorVersion=\"1\" \
    RequestID=\"_r.1\" IssueInstant=\"2026-08-29T10:40:00Z\"><samlp:AssertionArtifact> ST-abc \
    </samlp:AssertionArtifact></samlp:Request></SOAP-ENV:Body></SOAP-ENV:Envelope>";

struct Fixed;
impl Ids for Fixed {
    fn fill(&self, out: &mut [u8]) {
        out.fill(1);
    }
}

fn heading(in_response_to: Option<&'static str>) -> Heading<'static> {
    Heading { issuer: "https://ent.example", in_response_to, now: Instant(1_788_000_000_123), ids: &Fixed }
}

#[test]
fn a_request_gives_its_ticket() {
    let request = read(GOOD.as_bytes()).unwrap();
    assert_eq!((request.artifact.as_str(), request.id.as_deref()), ("ST-abc", Some("_r.1")));
    // Prefixes are the sender's own; name spaces count.
    let renamed = GOOD.replace("SOAP-ENV", "s").replace("samlp", "p");
    assert_eq!(read(renamed.as_bytes()).unwrap().artifact, "ST-abc");
    let odd = GOOD.replace("_r.1", "a&#34;b");
    assert_eq!(read(odd.as_bytes()).unwrap().id, None);
}

#[test]
fn anything_else_is_refused_whole() {
    let with = |from: &str, to: &str| {
        let changed = GOOD.replace(from, to);
        assert_ne!(changed, GOOD, "{from}");
        changed
    };
    let artifact = "<samlp:AssertionArtifact> ST-abc </samlp:AssertionArtifact>";
    let dtd = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><SOAP-ENV:Envelope ";
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><SOAP-ENV:Envelope ";
    let hostile = [
        with("<SOAP-ENV:Envelope ", dtd),
        with("<SOAP-ENV:Envelope ", bomb),
        with("ST-abc", "ST-&e;"),
        with("ST-abc", "ST-&#97;bc"),
        with("ST-abc", "ST-a<!-- x -->bc"),
        with("ST-abc", "<![CDATA[ST-abc]]>"),
        with("ST-abc", "<?php x?>ST-abc"),
        with("ST-abc", ""),
        with(artifact, &format!("{artifact}{artifact}")),
        with(artifact, ""),
        with("urn:oasis:names:tc:SAML:1.0:protocol", "urn:evil"),
        with("</SOAP-ENV:Envelope>", ""),
        with("</SOAP-ENV:Body>", "</SOAP-ENV:Bodi>"),
        with("samlp:Request ", "samlp:Wrong "),
        format!("{GOOD}{GOOD}"),
        "<a>".repeat(5000),
        format!("{GOOD}{}", " ".repeat(MAX_MESSAGE)),
        String::new(),
        "not xml".into(),
    ];
    for body in hostile {
        assert!(matches!(read(body.as_bytes()), Err(CasError::InvalidRequest(_))), "{body:.400}");
    }
    assert!(read(&[0xff, 0xfe, 0x00]).is_err());
}

#[test]
fn a_text_beside_the_ticket_is_not_the_ticket() {
    let beside = GOOD.replace("<SOAP-ENV:Body>", "<SOAP-ENV:Body>ST-evil");
    assert_eq!(read(beside.as_bytes()).unwrap().artifact, "ST-abc");
    let inside = GOOD.replace("ST-abc", "<x>ST-evil</x>ST-abc");
    assert_eq!(read(inside.as_bytes()).unwrap().artifact, "ST-abc");
}

#[test]
fn a_success_is_one_assertion() {
    let who = success_of(&person("Exemple"), &[rule("classes", Fact::Classes)]);
    let written = success(&heading(Some("_r.1")), &who, true);
    let id = format!("_{}", "1".repeat(32));
    let subject = "<Subject><NameIdentifier>elodie.exemple</NameIdentifier><SubjectConfirmation><ConfirmationMethod>\
                   urn:oasis:names:tc:SAML:1.0:cm:artifact</ConfirmationMethod></SubjectConfirmation></Subject>";
    let expected = format!(
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/>\
         <SOAP-ENV:Body><Response xmlns=\"urn:oasis:names:tc:SAML:1.0:protocol\" \
         xmlns:samlp=\"urn:oasis:names:tc:SAML:1.0:protocol\" MajorVersion=\"1\" MinorVersion=\"1\" \
         ResponseID=\"{id}\" IssueInstant=\"2026-08-29T10:40:00.123Z\" InResponseTo=\"_r.1\" \
         Recipient=\"https://app.example/cas/?a=1&amp;b=2\"><Status><StatusCode Value=\"samlp:Success\"></StatusCode>\
         </Status><Assertion xmlns=\"urn:oasis:names:tc:SAML:1.0:assertion\" MajorVersion=\"1\" MinorVersion=\"1\" \
         AssertionID=\"{id}\" Issuer=\"https://ent.example\" IssueInstant=\"2026-08-29T10:40:00.123Z\"><Conditions \
         NotBefore=\"2026-08-29T10:40:00.123Z\" NotOnOrAfter=\"2026-08-29T10:40:30.123Z\">\
         <AudienceRestrictionCondition><Audience>https://app.example/cas/?a=1&amp;b=2</Audience>\
         </AudienceRestrictionCondition></Conditions><AuthenticationStatement \
         AuthenticationInstant=\"2026-08-29T10:40:00.123Z\" \
         AuthenticationMethod=\"urn:oasis:names:tc:SAML:1.0:am:password\">{subject}</AuthenticationStatement>\
         <AttributeStatement>{subject}<Attribute AttributeName=\"classes\" \
         AttributeNamespace=\"http://www.ja-sig.org/products/cas/\"><AttributeValue>6A</AttributeValue>\
         <AttributeValue>6B</AttributeValue></Attribute></AttributeStatement></Assertion></Response></SOAP-ENV:Body>\
         </SOAP-ENV:Envelope>\n"
    );
    assert_eq!(written, expected);
    // Where attributes must not go, not even their statement does.
    assert!(!success(&heading(None), &who, false).contains("Attribute"));
}

#[test]
fn a_hostile_value_stays_one_text() {
    let hostile = "</AttributeValue><AttributeValue>admin";
    let written = success(&heading(None), &success_of(&person(hostile), &[rule("nom", Fact::FamilyName)]), true);
    let values: Vec<String> =
        elements(&written).into_iter().filter(|(n, _)| n == "AttributeValue").map(|(_, t)| t).collect();
    assert_eq!(values, [hostile]);
}

#[test]
fn a_failure_holds_no_assertion() {
    let denied = failure(&heading(None), CasError::InvalidTicket(TicketFault::Unknown));
    assert!(denied.contains(
        "<Status><StatusCode Value=\"samlp:Requester\"><StatusCode Value=\"samlp:RequestDenied\"></StatusCode>\
         </StatusCode><StatusMessage>INVALID_TICKET: "
    ));
    assert!(!denied.contains("Assertion") && !denied.contains("NameIdentifier"));
    assert!(failure(&heading(None), CasError::Internal).contains("\"samlp:Responder\""));
    elements(&denied);
}

proptest! {
    /// A message that was cut, turned or filled with anything gives its own ticket or nothing: never another text.
    #[test]
    fn a_mangled_request_gives_no_other_ticket(at in 0..GOOD.len(), length in 0..40usize, with in any::<String>()) {
        let end = (at + length).min(GOOD.len());
        if GOOD.is_char_boundary(at) && GOOD.is_char_boundary(end) {
            let touched = GOOD[at..end].contains("ST-abc") || with.contains("ST-");
            let mangled = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
            if let Ok(request) = read(mangled.as_bytes()) {
                let inside = GOOD.find("<samlp:AssertionArtifact>").is_some_and(|start| at > start && at < start + 40);
                prop_assert!(touched || inside || request.artifact == "ST-abc", "{}", request.artifact);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_fail(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(read(&bytes).is_err());
    }
}
