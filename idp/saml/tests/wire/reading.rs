//! What is read, and what refuses a message: each change of a message that is read.

use crate::samples::*;
use preau_keys::xml::{Document, XmlError};
use preau_saml::messages::*;
use preau_saml::names::SAML;

/// Reads an assertion as somebody sent it.
fn assertion_of(xml: &str) -> Result<Assertion, Why> {
    let document = Document::parse(xml.as_bytes())?;
    Assertion::read(document.unverified()).map_err(|refused| refused.why)
}

fn request_of(xml: &str) -> Result<AuthnRequest, Why> {
    let document = Document::parse(xml.as_bytes())?;
    AuthnRequest::read(document.unverified()).map_err(|refused| refused.why)
}

fn response_of(xml: &str) -> Result<Response, Why> {
    let document = Document::parse(xml.as_bytes())?;
    Response::read(document.unverified()).map_err(|refused| refused.why)
}

/// The message with one thing changed, which must be there.
fn changed(message: &str, from: &str, to: &str) -> String {
    assert!(message.contains(from), "nothing to change: {from} in {message}");
    message.replacen(from, to, 1)
}

const NAME: &str = ">g7Jc2mZr9w<";

/// The same with `saml` declared once, for all that is put in.
fn declared_at_the_top(written: &str) -> String {
    let declared = format!(" xmlns:saml=\"{SAML}\"");
    written.replace(&declared, "").replacen(" xmlns:samlp=", &format!("{declared} xmlns:samlp="), 1)
}

#[test]
fn a_name_is_the_whole_name() {
    let written = assertion().write();
    for (from, to) in [
        (NAME, ">admin@x<!-- -->.evil<"),
        (NAME, "><![CDATA[admin@x]]>.evil<"),
        (NAME, ">admin@x<!----><![CDATA[.ev]]>il<"),
    ] {
        let read = assertion_of(&changed(&written, from, to)).unwrap();
        assert_eq!(read.subject.name_id.unwrap().value, "admin@x.evil", "{to}");
    }
    for (place, closing) in [(NAME, "NameID"), (&format!(">{IDP}<"), "Issuer"), (&format!(">{SP}<"), "Audience")] {
        for inner in ["admin@x<b/>.evil", "<saml:NameID>admin@x</saml:NameID>", ""] {
            let read = assertion_of(&changed(&written, place, &format!(">{inner}<")));
            assert_eq!(read, Err(Why::Content), "{closing}: {inner}");
        }
        let read = assertion_of(&changed(&written, place, ">admin@x<?pi?>.evil<"));
        assert_eq!(read, Err(Why::Xml(XmlError::Malformed)), "{closing}");
    }
    let value = assertion_of(&changed(&written, ">Ninon<", ">Ni<!-- x -->non<")).unwrap();
    assert_eq!(value.attributes[0].attributes[0].texts().collect::<Vec<_>>(), ["Ninon"]);
    assert_eq!(assertion_of(&changed(&written, ">Ninon<", ">Ni<b/>non<")), Err(Why::Content));
}

#[test]
fn an_assertion_that_says_more_than_is_understood_is_refused() {
    let written = assertion().write();
    assert!(assertion_of(&written).is_ok());
    for (from, to, why) in [
        ("Version=\"2.0\"", "Version=\"1.1\"", Why::Value("Version")),
        ("ID=\"_assertion\" ", "", Why::Missing("ID")),
        ("ID=\"_assertion\"", "ID=\"1\"", Why::Value("ID")),
        ("IssueInstant=\"2026", "IssueInstant=\"02026", Why::Value("IssueInstant")),
        ("<saml:Subject>", "text<saml:Subject>", Why::Content),
        ("<saml:Subject>", "<saml:Issuer>other</saml:Issuer><saml:Subject>", Why::Missing("Subject")),
        ("<saml:OneTimeUse></saml:OneTimeUse>", "<saml:Condition/>", Why::Unsupported),
        ("<saml:OneTimeUse></saml:OneTimeUse>", "<x:OneTimeUse xmlns:x=\"urn:x\"/>", Why::Unsupported),
        ("<saml:AuthnStatement ", "<saml:AuthzDecisionStatement/><saml:AuthnStatement ", Why::Unsupported),
        ("<saml:AuthnStatement ", "<saml:Statement/><saml:AuthnStatement ", Why::Unsupported),
        ("<saml:AttributeStatement>", "<saml:AttributeStatement><saml:EncryptedAttribute/>", Why::Unsupported),
        ("Name=\"urn:oid:2.5.4.42\"", "Name=\"\"", Why::Missing("Name")),
        ("NotBefore=\"2026-08-29T", "NotBefore=\"2026-08-32T", Why::Value("NotBefore")),
        ("<saml:SubjectConfirmation ", "<saml:NameID>b</saml:NameID><saml:SubjectConfirmation ", Why::Unexpected),
        ("Recipient=\"https:", "Recipient=\"https: ", Why::Value("Recipient")),
        ("InResponseTo=\"_req\"", "InResponseTo=\"a b\"", Why::Value("InResponseTo")),
    ] {
        assert_eq!(assertion_of(&changed(&written, from, to)), Err(why), "{from} -> {to}");
    }
    let data = "</saml:SubjectConfirmationData>";
    let inside = format!("{}</saml:SubjectConfirmationData>", assertion().write());
    assert_eq!(assertion_of(&changed(&written, data, &inside)), Err(Why::Xml(XmlError::Identifier)));
    let other = inside.replace("ID=\"_assertion\"", "ID=\"_other\"");
    assert_eq!(assertion_of(&changed(&written, data, &other)), Err(Why::Unexpected));
}

#[test]
fn prefixes_say_nothing_and_namespaces_say_all() {
    let written = assertion().write();
    let other = written.replace("saml:", "evil:").replace("xmlns:saml", "xmlns:evil");
    let mut same = assertion_of(&other).unwrap();
    // The text of the one hostile value holds the prefix too.
    same.attributes = assertion_of(&written).unwrap().attributes;
    assert_eq!(Ok(same), assertion_of(&written));
    for uri in ["urn:oasis:names:tc:SAML:1.0:assertion", "urn:oasis:names:tc:SAML:2.0:assertion ", "urn:x"] {
        let read = assertion_of(&written.replace("urn:oasis:names:tc:SAML:2.0:assertion", uri));
        assert_eq!(read, Err(Why::Unexpected), "{uri}");
    }
    let redeclared = changed(&written, "<saml:NameID ", "<saml:NameID xmlns:saml=\"urn:x\" ");
    assert_eq!(assertion_of(&redeclared), Err(Why::Unexpected));
    let unbound = changed(&written, "<saml:Issuer>", "<Issuer>").replacen("</saml:Issuer>", "</Issuer>", 1);
    assert_eq!(assertion_of(&unbound), Err(Why::Missing("Issuer")));
}

#[test]
fn document_types_bombs_and_second_identifiers_are_refused() {
    let written = assertion().write();
    let xml = |why| Err(Why::Xml(why));
    for dtd in [
        "<!DOCTYPE saml:Assertion [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE saml:Assertion [<!ENTITY % p SYSTEM \"http://canary.test/\">%p;]>",
        "<!DOCTYPE saml:Assertion>",
    ] {
        assert_eq!(assertion_of(&format!("{dtd}{written}")), xml(XmlError::Malformed), "{dtd}");
    }
    for second in ["xml:id=\"y\"", "Id=\"y\"", "id=\"_assertion\"", "saml:ID=\"y\""] {
        let polluted = changed(&written, "ID=\"_assertion\"", &format!("ID=\"_assertion\" {second}"));
        assert_eq!(assertion_of(&polluted), xml(XmlError::Identifier), "{second}");
    }
    let deep = changed(&written, ">Ninon<", &format!(">{}{}<", "<b>".repeat(10_000), "</b>".repeat(10_000)));
    let wide: String = (0..100_000).map(|n| format!(" a{n}=\"\"")).collect();
    let many = "<b/>".repeat(60_000);
    for hostile in [deep, changed(&written, "<saml:Subject>", &format!("<saml:Subject{wide}>")), many + &written] {
        assert!(assertion_of(&hostile).is_err());
    }
}

#[test]
fn a_request_whose_values_are_no_values_is_refused() {
    let written = declared_at_the_top(&authn_request().write());
    assert!(request_of(&written).is_ok());
    let (long_id, markup) = (format!("_{}", "a".repeat(10_240)), "&lt;script>alert(1)&lt;/script>");
    for (from, to, why) in [
        ("ID=\"_req\"", &*format!("ID=\"{long_id}\""), Why::Value("ID")),
        ("ID=\"_req\"", &*format!("ID=\"{markup}\""), Why::Value("ID")),
        ("ID=\"_req\"", "ID=\"-a\"", Why::Value("ID")),
        ("ID=\"_req\"", "ID=\"a:b\"", Why::Value("ID")),
        ("ID=\"_req\"", "ID=\"\"", Why::Value("ID")),
        ("ForceAuthn=\"true\"", "ForceAuthn=\"yes\"", Why::Value("ForceAuthn")),
        ("Comparison=\"minimum\"", "Comparison=\"none\"", Why::Value("Comparison")),
        (
            "AttributeConsumingServiceIndex=\"3\"",
            "AttributeConsumingServiceIndex=\"-1\"",
            Why::Value("AttributeConsumingServiceIndex"),
        ),
        (
            "AttributeConsumingServiceIndex=\"3\"",
            "AssertionConsumerServiceIndex=\"3\"",
            Why::Both("AssertionConsumerServiceIndex", "an address or a binding"),
        ),
        ("<samlp:NameIDPolicy", "<samlp:Scoping/><samlp:NameIDPolicy", Why::Unexpected),
        ("<samlp:RequestedAuthnContext ", "<saml:Conditions/><samlp:RequestedAuthnContext ", Why::Unsupported),
        ("</samlp:AuthnRequest>", "<samlp:AuthnRequest/></samlp:AuthnRequest>", Why::Unexpected),
        ("<saml:Issuer>", "<saml:Issuer Format=\"urn:x\">", Why::Unsupported),
        ("<saml:Issuer>", "<saml:Issuer SPProvidedID=\"x\">", Why::Unsupported),
        ("<saml:Issuer>https://service.example/sp</saml:Issuer>", "", Why::Missing("Issuer")),
    ] {
        assert_eq!(request_of(&changed(&written, from, to)), Err(why), "{from} -> {}", &to[..to.len().min(60)]);
    }
    let long = format!("<saml:Issuer>{}</saml:Issuer>", "a".repeat(1025));
    let read = request_of(&changed(&written, "<saml:Issuer>https://service.example/sp</saml:Issuer>", &long));
    assert_eq!(read, Err(Why::TooLong));
    let entity = "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">\n ";
    assert_eq!(request_of(&changed(&written, "<saml:Issuer>", entity)), Ok(authn_request()));
}

#[test]
fn extensions_advice_and_signatures_are_skipped_where_they_belong() {
    let request = declared_at_the_top(&authn_request().write());
    let extended = "</saml:Issuer><samlp:Extensions><x:y xmlns:x=\"urn:x\">1</x:y></samlp:Extensions>";
    assert_eq!(request_of(&changed(&request, "</saml:Issuer>", extended)), Ok(authn_request()));
    let twice = format!("{extended}<samlp:Extensions/>");
    assert_eq!(request_of(&changed(&request, "</saml:Issuer>", &twice)), Err(Why::Unexpected));
    let written = assertion().write();
    let advised = "</saml:Conditions><saml:Advice><saml:AssertionIDRef>x</saml:AssertionIDRef></saml:Advice>";
    assert_eq!(assertion_of(&changed(&written, "</saml:Conditions>", advised)), assertion_of(&written));
    let signed = "</saml:Issuer><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>";
    assert_eq!(assertion_of(&changed(&written, "</saml:Issuer>", signed)), assertion_of(&written));
    let last = signed.replace("</saml:Issuer>", "") + "</saml:Assertion>";
    assert_eq!(assertion_of(&changed(&written, "</saml:Assertion>", &last)), Err(Why::Unsupported));
    let lookalike = signed.replace("xmldsig#", "xmldsig");
    assert_eq!(assertion_of(&changed(&written, "</saml:Issuer>", &lookalike)), Err(Why::Missing("Subject")));
}

#[test]
fn a_response_holds_one_assertion_or_none() {
    let (one, mut other) = (assertion().write(), assertion());
    other.id = "_other".to_owned();
    let written = declared_at_the_top(&around(&response(), &one));
    assert!(matches!(response_of(&written).unwrap().assertion, Some(Held::Plain(_))));
    assert_eq!(response_of(&response().around(None)).unwrap().assertion, None);
    for more in
        [other.write().into_text(), "<saml:EncryptedAssertion/>".to_owned(), "<x:y xmlns:x=\"urn:x\"/>".to_owned()]
    {
        let both = changed(&written, "</samlp:Response>", &format!("{more}</samlp:Response>"));
        assert_eq!(response_of(&both), Err(Why::Unexpected), "{more}");
        let both = changed(&written, "<saml:Assertion ", &format!("{more}<saml:Assertion "));
        assert_eq!(response_of(&both), Err(Why::Unexpected), "{more}");
    }
    let nested = written.replace(
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>",
        &format!("<samlp:StatusCode Value=\"urn:x\">{}</samlp:StatusCode>", other.write()),
    );
    assert_eq!(response_of(&nested), Err(Why::Unexpected));
    let unknown = written.replace("<samlp:Status>", "<samlp:Status><samlp:StatusDetail/>");
    assert_eq!(response_of(&unknown), Err(Why::Missing("StatusCode")));
}

#[test]
fn a_refusal_says_where() {
    let written =
        assertion().write().replace("<saml:Conditions ", "\n\n<saml:Conditions ").replace("OneTimeUse", "Never");
    let document = Document::parse(written.as_bytes()).unwrap();
    let refused = Assertion::read(document.unverified()).unwrap_err();
    assert_eq!(refused.to_string(), "this is not supported: <Never>, line 3");
}

#[test]
fn an_envelope_with_a_block_that_must_be_understood_is_refused() {
    let written = soap::envelope(&artifact_resolve().write());
    let open = |xml: &str, known: &[&str]| {
        let document = Document::parse(xml.as_bytes()).unwrap();
        soap::open(&document, known).map(|inner| inner.name().1.to_owned()).map_err(|refused| refused.why)
    };
    let header =
        |block: &str| changed(&written, "<soap:Body>", &format!("<soap:Header>{block}</soap:Header><soap:Body>"));
    let block = "<x:y xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"/>";
    assert_eq!(open(&written, &[]), Ok("ArtifactResolve".to_owned()));
    assert_eq!(open(&header("<x:y xmlns:x=\"urn:x\"/>"), &[]), Ok("ArtifactResolve".to_owned()));
    assert_eq!(open(&header(block), &["urn:x"]), Ok("ArtifactResolve".to_owned()));
    assert_eq!(open(&header(block), &[]), Err(Why::Unsupported));
    assert_eq!(open(&artifact_resolve().write(), &[]), Err(Why::Unexpected));
    assert_eq!(open(&changed(&written, "</soap:Body>", "<a/></soap:Body>"), &[]), Err(Why::Unexpected));
    assert_eq!(open(&changed(&written, "</soap:Envelope>", "<soap:Body/></soap:Envelope>"), &[]), Err(Why::Unexpected));
}

/// What a refusal says goes to a log, and whoever sends a message chooses the names of its elements.
#[test]
fn a_refusal_is_one_short_line() {
    let long = "x".repeat(100_000);
    let request =
        changed(&authn_request().write(), "</samlp:AuthnRequest>", &format!("<{long}/></samlp:AuthnRequest>"));
    let document = Document::parse(request.as_bytes()).unwrap();
    let refused = AuthnRequest::read(document.unverified()).unwrap_err();
    assert_eq!(refused.why, Why::Unexpected);
    assert!(refused.to_string().len() < 200, "{} bytes", refused.to_string().len());
}
