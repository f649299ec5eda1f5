//! Signatures that are believed, and every way to wrap, strip, move and change one.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

static RSA: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::RS256));
static EC: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

/// An assertion that says who somebody is.
fn assertion(id: &str, who: &str) -> String {
    format!(
        "<saml:Assertion xmlns:saml=\"{SAML}\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"{id}\" Version=\"2.0\">\
         <saml:Issuer>https://idp.example</saml:Issuer><saml:Subject><saml:NameID>{who}</saml:NameID></saml:Subject>\
         <saml:Advice></saml:Advice></saml:Assertion>"
    )
}

fn response(id: &str, inner: &str) -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"{SAMLP}\" ID=\"{id}\"><saml:Issuer xmlns:saml=\"{SAML}\">https://idp.example\
         </saml:Issuer><samlp:Extensions></samlp:Extensions><samlp:Status><samlp:StatusDetail></samlp:StatusDetail>\
         </samlp:Status>{inner}</samlp:Response>"
    )
}

/// A response that holds a signed assertion about alice.
fn signed_assertion() -> String {
    response("r", &sign(&assertion("a", "alice"), SAML, "Assertion", &EC, Alg::ES256, None).unwrap())
}

/// A signed response with an assertion about alice.
fn signed_response() -> String {
    sign(&response("r", &assertion("a", "alice")), SAMLP, "Response", &EC, Alg::ES256, None).unwrap()
}

fn judge(document: &str, namespace: &str, local: &str) -> Result<Verified, XmlError> {
    Document::parse(document.as_bytes())?.verify(namespace, local, std::slice::from_ref(EC.public()))
}

/// Who a document names, as a service would read it: from a signed response or from its signed assertion.
fn who(document: &str) -> Result<String, XmlError> {
    let inner = |element: &Element| -> Result<String, XmlError> {
        let subject = element.one(SAML, "Subject")?.ok_or(XmlError::Absent)?;
        Ok(subject.one(SAML, "NameID")?.ok_or(XmlError::Absent)?.text()?.to_owned())
    };
    match judge(document, SAMLP, "Response") {
        Ok(response) => inner(response.element().one(SAML, "Assertion")?.ok_or(XmlError::Absent)?),
        Err(of_response) => {
            let assertion = judge(document, SAML, "Assertion").map_err(|of_assertion| match of_response {
                XmlError::NotSigned => of_assertion,
                other => other,
            })?;
            inner(assertion.element())
        }
    }
}

/// The signature of a document, and the document without it.
fn detached(document: &str) -> (String, String) {
    let (start, end) = (document.find("<ds:Signature ").unwrap(), document.find("</ds:Signature>").unwrap() + 15);
    (document[start..end].to_owned(), format!("{}{}", &document[..start], &document[end..]))
}

/// The assertion inside a document.
fn assertion_of(document: &str) -> String {
    let (start, end) = (document.find("<saml:Assertion ").unwrap(), document.find("</saml:Assertion>").unwrap() + 17);
    document[start..end].to_owned()
}

#[test]
fn what_is_signed_is_believed_and_is_all_that_is_read() {
    for (key, alg) in [(&*EC, Alg::ES256), (&*RSA, Alg::RS256), (&*RSA, Alg::PS256)] {
        let signed = sign(&assertion("a", "alice"), SAML, "Assertion", key, alg, Some(b"certificate")).unwrap();
        let document = Document::parse(signed.as_bytes()).unwrap();
        let verified = document.verify(SAML, "Assertion", std::slice::from_ref(key.public())).unwrap();
        assert_eq!(verified.alg(), alg);
        assert!(verified.element().one(DS, "Signature").unwrap().is_none(), "the signature is not part of it");
        let stranger = PrivateKey::draw(Alg::ES256);
        let judged = document.verify(SAML, "Assertion", std::slice::from_ref(stranger.public()));
        assert_eq!(judged.unwrap_err(), XmlError::Signature, "{alg:?}");
        assert_eq!(document.verify::<crate::jose::PublicKey>(SAML, "Assertion", &[]).unwrap_err(), XmlError::Signature);
    }
    assert_eq!(who(&signed_assertion()), Ok("alice".to_owned()));
    assert_eq!(who(&signed_response()), Ok("alice".to_owned()));
}

#[test]
fn a_response_and_its_assertion_may_both_be_signed() {
    let both = sign(&signed_assertion(), SAMLP, "Response", &EC, Alg::ES256, None).unwrap();
    assert!(judge(&both, SAMLP, "Response").is_ok());
    assert!(judge(&both, SAML, "Assertion").is_ok());
    let again = sign(&both, SAMLP, "Response", &EC, Alg::ES256, None);
    assert_eq!(again.unwrap_err(), XmlError::Several);
}

/// Signature wrapping 1 to 8, with the numbers of the usual tool: a forged copy where it is read, the original where the
/// signature still finds it.
#[test]
fn no_wrapping_is_believed() {
    let forged = assertion("f", "mallory");
    let (of_response, bare_response) = detached(&signed_response());
    let forged_response = response("f", &assertion("g", "mallory"));
    let into = |document: &str, at: &str, what: &str| document.replacen(at, &format!("{what}{at}"), 1);
    let wrapped_1 = into(&forged_response, "</samlp:Response>", &into(&of_response, "</ds:Signature>", &bare_response));
    let wrapped_2 = into(&forged_response, "</samlp:Response>", &format!("{bare_response}{of_response}"));
    let genuine = assertion_of(&signed_assertion());
    let (signature, bare) = detached(&genuine);
    let with_signature = |what: &str| into(&forged, "</saml:Assertion>", what);
    let nested = into(&signature, "</ds:Signature>", &format!("<ds:Object>{bare}</ds:Object>"));
    let same_id = assertion("a", "mallory");
    let extended = response("r", &genuine).replacen("<samlp:Extensions>", &format!("<samlp:Extensions>{same_id}"), 1);
    let attacks = [
        ("1: the original inside the signature", wrapped_1),
        ("2: the original before the signature", wrapped_2),
        ("3: a forged one before", response("r", &format!("{forged}{genuine}"))),
        ("3: a forged one after", response("r", &format!("{genuine}{forged}"))),
        ("4: the original inside the forged one", response("r", &with_signature(&genuine))),
        (
            "5: the signature in the forged one, the original at the end",
            response("r", &format!("{}{bare}", with_signature(&signature))),
        ),
        (
            "6: the original inside the forged one's signature",
            response("r", &with_signature(&into(&signature, "</ds:Signature>", &bare))),
        ),
        ("7: one of the same name in the extensions", extended),
        ("8: the original as object of the signature", response("r", &into(&same_id, "</saml:Assertion>", &nested))),
        ("8: the same with a name of its own", response("r", &with_signature(&nested))),
    ];
    for (what, attack) in attacks {
        assert!(who(&attack).is_err(), "{what}: {:?}", who(&attack));
    }
}

#[test]
fn a_copy_in_any_other_spot_is_refused() {
    let genuine = assertion_of(&signed_assertion());
    let document = response("r", &genuine.replacen("</ds:Signature>", "<ds:KeyInfo></ds:KeyInfo></ds:Signature>", 1));
    let document = document.replacen("<saml:Advice/>", "<saml:Advice></saml:Advice>", 1);
    assert_eq!(who(&document), Ok("alice".to_owned()), "control");
    for spot in ["<saml:Advice>", "<samlp:StatusDetail>", "<samlp:Extensions>", "<ds:KeyInfo>", "<ds:SignatureValue>"] {
        let attack = document.replacen(spot, &format!("{spot}{}", assertion("f", "mallory")), 1);
        assert_ne!(attack, document);
        assert!(who(&attack).is_err(), "{spot}: {:?}", who(&attack));
    }
}

#[test]
fn a_signature_of_a_response_that_points_at_its_assertion_is_refused() {
    let (signature, _) = detached(&signed_assertion());
    let attack =
        response("r", &assertion("a", "mallory")).replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1);
    assert_eq!(judge(&attack, SAMLP, "Response").unwrap_err(), XmlError::Reference);
    assert!(who(&attack).is_err());
}

#[test]
fn a_name_is_whole_or_nothing() {
    let said = |inner: &str| who(&signed_assertion().replacen(">alice<", &format!(">{inner}<"), 1));
    for inner in ["ali<!-- -->ce", "<!-- -->alice", "<![CDATA[alice]]>", "&#97;lice"] {
        assert_eq!(said(inner), Ok("alice".to_owned()), "what was signed has one canonical form: {inner}");
    }
    for inner in ["ali<?pi?>ce", "ali<b/>ce", "ali<!-- -->", "alice.evil", "alice\n", "", "<!-- alice -->"] {
        assert!(said(inner).is_err(), "{inner}");
    }
}

#[test]
fn one_text_of_a_digest_counts_and_a_second_signed_info_is_refused() {
    let good = signed_assertion();
    let value = |tag: &str| good.split(tag).nth(1).unwrap().split("</").next().unwrap().to_owned();
    let digest = value("<ds:DigestValue>");
    let other = STANDARD.encode([7; 32]);
    for inner in [
        format!("{other}<!-- {digest} -->"),
        format!("<!-- {digest} -->{other}"),
        format!("{digest}{other}"),
        String::new(),
    ] {
        assert!(who(&good.replacen(&digest, &inner, 1)).is_err(), "{inner}");
    }
    let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert!(who(&good.replacen(&digest, empty, 1)).is_err());
    let (start, end) = (good.find("<ds:SignedInfo>").unwrap(), good.find("</ds:SignedInfo>").unwrap() + 16);
    let twice = format!("{}{}{}", &good[..end], &good[start..end], &good[end..]);
    assert_eq!(judge(&twice, SAML, "Assertion").unwrap_err(), XmlError::Form);
}

#[test]
fn a_signature_that_is_stripped_emptied_or_doubled_is_refused() {
    let good = signed_assertion();
    let (signature, bare) = detached(&good);
    assert_eq!(who(&bare), Err(XmlError::NotSigned));
    let value = good.split("<ds:SignatureValue>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(who(&good.replacen(value, "", 1)), Err(XmlError::Form));
    assert!(who(&good.replacen(&signature, &signature.repeat(2), 1)).is_err());
    let no_reference = signature.split("<ds:Reference ").next().unwrap().to_owned() + "</ds:SignedInfo></ds:Signature>";
    assert_eq!(who(&good.replacen(&signature, &no_reference, 1)), Err(XmlError::Form));
    let reference = format!(
        "<ds:Reference {}</ds:Reference>",
        signature.split("<ds:Reference ").nth(1).unwrap().split("</ds:Reference>").next().unwrap()
    );
    assert_eq!(who(&good.replacen(&reference, &reference.repeat(2), 1)), Err(XmlError::Form));
    for uri in
        ["", "a", "#", "#b", "#r", "#xpointer(/)", "#xpointer(id('a'))", "file:///etc/passwd", "https://canary.test/#a"]
    {
        assert_eq!(who(&good.replacen("URI=\"#a\"", &format!("URI=\"{uri}\""), 1)), Err(XmlError::Reference), "{uri}");
    }
    assert_eq!(who(&good.replacen(" URI=\"#a\"", "", 1)), Err(XmlError::Form));
}

#[test]
fn algorithms_are_those_listed() {
    let good = signed_assertion();
    for (from, to) in [
        (ECDSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (ECDSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
        (ECDSA_SHA256, "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        (ECDSA_SHA256, "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        (ECDSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        (ECDSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        (SHA256, SHA1_DIGEST),
        (SHA256, "http://www.w3.org/2001/04/xmldsig-more#md5"),
        (ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        (ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        (ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64"),
        ("xml-exc-c14n#\"", "xml-exc-c14n#WithComments\""),
    ] {
        assert_eq!(who(&good.replacen(from, to, 1)), Err(XmlError::Form), "{to}");
    }
    let both = good.replace(EXCLUSIVE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315");
    assert_eq!(who(&both), Err(XmlError::Form));
    assert_eq!(
        who(&good.replacen(ECDSA_SHA256, RSA_SHA256, 1)),
        Err(XmlError::Signature),
        "the family is that of the key"
    );
    let truncated = good.replacen(
        "#ecdsa-sha256\"/>",
        "#ecdsa-sha256\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
        1,
    );
    assert_eq!(who(&truncated), Err(XmlError::Form));
}

const SHA1_DIGEST: &str = "http://www.w3.org/2000/09/xmldsig#sha1";

#[test]
fn a_key_in_the_message_is_nothing() {
    let stranger = PrivateKey::draw(Alg::ES256);
    let signed =
        sign(&assertion("a", "mallory"), SAML, "Assertion", &stranger, Alg::ES256, Some(b"my own certificate"))
            .unwrap();
    assert_eq!(who(&response("r", &signed)), Err(XmlError::Signature));
    let address = "<ds:KeyInfo><ds:RetrievalMethod URI=\"https://canary.test/\"/></ds:KeyInfo></ds:Signature>";
    let good = signed_assertion().replacen("</ds:Signature>", address, 1);
    assert_eq!(who(&good), Ok("alice".to_owned()), "what it says of keys is not looked at");
}

#[test]
fn look_alike_namespaces_are_other_names() {
    let good = signed_assertion();
    let elsewhere = good.replacen(&format!("xmlns:ds=\"{DS}\""), "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig\"", 1);
    assert_eq!(who(&elsewhere), Err(XmlError::NotSigned));
    let forged = format!("<saml:Assertion xmlns:saml=\"{SAML}:x\" ID=\"f\"/>");
    assert_eq!(
        who(&good.replacen("</samlp:Response>", &format!("{forged}</samlp:Response>"), 1)),
        Ok("alice".to_owned())
    );
    let renamed = good.replacen("<saml:Subject>", "<saml:Subject xmlns:saml=\"urn:x\">", 1);
    assert_eq!(who(&renamed), Err(XmlError::Digest));
}

/// What is read is what was digested, also where the parser is more tolerant than the standard: it takes a default namespace
/// that is declared twice, and forgets the end of a name of more than 65,535 bytes.
#[test]
fn nothing_that_was_signed_is_hidden_by_another_name() {
    let plain = format!(
        "<Assertion xmlns=\"{SAML}\" ID=\"a\" Version=\"2.0\"><Issuer>https://idp.example</Issuer><Conditions>\
         <OneTimeUse/></Conditions></Assertion>"
    );
    let good = sign(&plain, SAML, "Assertion", &EC, Alg::ES256, None).unwrap();
    let read = |text: &str| judge(text, SAML, "Assertion").map(Verified::into_element);
    let control = read(&good).unwrap();
    assert!(control.one(SAML, "Conditions").unwrap().is_some() && control.attribute("Version").is_some(), "control");
    let (other, long) = ("xmlns=\"urn:other\"", "p".repeat(usize::from(u16::MAX) + 1));
    let attribute = good.replacen(" Version=", &format!(" xmlns:{long}=\"urn:other\" {long}:Version="), 1);
    for (what, attack) in [
        ("first", good.replacen("<Conditions>", &format!("<Conditions {other} xmlns=\"{SAML}\">"), 1)),
        ("last", good.replacen("<Conditions>", &format!("<Conditions xmlns=\"{SAML}\" {other}>"), 1)),
        (
            "twice the same",
            good.replacen("<Conditions>", &format!("<Conditions xmlns=\"{SAML}\" xmlns=\"{SAML}\">"), 1),
        ),
        ("an attribute", attribute),
        (
            "an odd declaration",
            good.replacen("<Conditions>", "<Conditions p:xmlns=\"urn:other\" xmlns:p=\"urn:p\">", 1),
        ),
    ] {
        assert_ne!(attack, good);
        assert!(read(&attack).is_err(), "{what}: {:?}", read(&attack).map(|read| read.children().len()));
    }
}

#[test]
fn an_element_moved_into_other_surroundings_is_the_same() {
    let moved =
        signed_assertion().replacen("<samlp:Response ", "<samlp:Response xmlns:unused=\"urn:u\" xmlns=\"urn:d\" ", 1);
    assert_eq!(
        who(&moved),
        Ok("alice".to_owned()),
        "exclusive canonicalisation leaves out what an element does not use"
    );
}

#[test]
fn only_what_has_a_name_is_signed_and_only_with_what_saml_knows() {
    let key = &*EC;
    assert_eq!(sign("<a/>", "", "a", key, Alg::ES256, None).unwrap_err(), XmlError::Reference);
    assert_eq!(sign("<a ID=\"1\"/>", "", "b", key, Alg::ES256, None).unwrap_err(), XmlError::Absent);
    assert_eq!(sign("<a ID=\"1\"/>", "", "a", key, Alg::RS256, None).unwrap_err(), XmlError::Form);
    assert_eq!(
        sign("<a ID=\"1\"/>", "", "a", &PrivateKey::draw(Alg::EdDSA), Alg::EdDSA, None).unwrap_err(),
        XmlError::Form
    );
}

#[test]
fn every_flipped_bit_of_what_counts_is_refused_or_means_the_same() {
    let good = signed_assertion();
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(text) = String::from_utf8(flipped) else { continue };
        if let Ok(name) = who(&text) {
            assert_eq!(name, "alice", "bit {bit}");
        }
    }
}

/// Takes out the n-th element of a tree, the outermost being 0, or only copies it.
fn element_at(root: &mut Element, at: &mut usize, take: bool) -> Option<Element> {
    let mut position = 0;
    while position < root.children.len() {
        if let Child::Element(inner) = &mut root.children[position] {
            *at -= 1;
            if *at == 0 {
                let found = inner.clone();
                if take {
                    root.children.remove(position);
                }
                return Some(found);
            }
            if let Some(found) = element_at(inner, at, take) {
                return Some(found);
            }
        }
        position += 1;
    }
    None
}

/// Puts an element into the n-th element of a tree, in front or at the end.
fn put(root: &mut Element, at: &mut usize, what: &Element, front: bool) {
    if *at == 0 {
        let position = if front { 0 } else { root.children.len() };
        root.children.insert(position, Child::Element(what.clone()));
    }
    *at = at.wrapping_sub(1);
    for child in &mut root.children {
        if let Child::Element(inner) = child
            && *at < usize::MAX / 2
        {
            put(inner, at, what, front);
        }
    }
}

/// Every name a document could be read to say, whoever is asked to sign for it.
fn all_names(document: &str) -> Vec<String> {
    let asked = [(SAMLP, "Response"), (SAML, "Assertion")];
    let believed = asked.iter().filter_map(|(namespace, local)| judge(document, namespace, local).ok());
    let mut names = Vec::new();
    for verified in believed {
        verified.element().walk(&mut |element| {
            if element.is(SAML, "NameID") {
                names.push(element.text().unwrap_or("").to_owned());
            }
        });
    }
    names
}

proptest! {
    #[test]
    fn no_rearrangement_names_somebody_else(
        of_response in any::<bool>(),
        moves in proptest::collection::vec((0..4_u8, 1..30_usize, 0..30_usize, any::<bool>()), 1..5),
    ) {
        let document = if of_response { signed_response() } else { signed_assertion() };
        let mut root = Document::parse(document.as_bytes()).unwrap().root;
        for (kind, from, to, front) in moves {
            let forged = |id| Document::parse(assertion(id, "mallory").as_bytes()).unwrap().root;
            let what = match kind {
                0 => Some(forged("f")),
                1 => Some(forged("a")),
                2 => element_at(&mut root, &mut { from }, true),
                _ => element_at(&mut root, &mut { from }, false),
            };
            if let Some(what) = what {
                put(&mut root, &mut { to }, &what, front);
            }
        }
        let names = all_names(&c14n::plain(&root));
        prop_assert!(names.iter().all(|name| name == "alice"), "{:?}", names);
    }

    #[test]
    fn any_insertion_is_refused_or_changes_nothing_that_is_read(at in 0..2_000usize, what in "[<>/a-z\"= ]{1,20}|<!--[a-z]{0,5}-->|<saml:NameID>mallory</saml:NameID>") {
        let good = signed_assertion();
        let at = at.min(good.len());
        let changed = format!("{}{what}{}", &good[..at], &good[at..]);
        if let Ok(name) = who(&changed) {
            prop_assert_eq!(name, "alice");
        }
    }

    #[test]
    fn hostile_values_come_back_as_text(value in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{1,60}") {
        let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;");
        let signed = sign(&assertion("a", &escaped), SAML, "Assertion", &EC, Alg::ES256, None).unwrap();
        let read = who(&response("r", &signed)).unwrap();
        prop_assert_eq!(read, value);
    }
}
