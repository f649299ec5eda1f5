//! What is written: word for word, valid by the schemas, right for `xmlsec1`, and read back as it was meant.

use crate::samples::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::SystemIds;
use preau_keys::jose::jwe::{DecryptionKey, KeyWrap};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::{ContentCipher, Document, decrypt, encrypt};
use preau_saml::messages::*;
use preau_saml::names::{SAML, SAMLP};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every message, by the name of its golden file.
fn messages() -> Vec<(&'static str, String)> {
    let response = around(&response(), &assertion().write());
    vec![
        ("authn-request", authn_request().write().into_text()),
        ("authn-request-plain", plain_request().write().into_text()),
        ("logout-request", logout_request().write(None).into_text()),
        ("logout-response", logout_response().write().into_text()),
        ("artifact-resolve", artifact_resolve().write().into_text()),
        ("artifact-response", artifact_response().write(Some(&no_passive().around(None)))),
        ("response-refused", no_passive().around(None).into_text()),
        ("soap-artifact-resolve", soap::envelope(&artifact_resolve().write())),
        ("soap-fault", soap::fault("Client", "R&D")),
        ("ecp-response", soap::ecp_response(ACS, &response)),
        ("response", response),
    ]
}

fn plain_request() -> AuthnRequest {
    AuthnRequest {
        subject: None,
        name_id_policy: None,
        requested_context: None,
        force_authn: false,
        acs_index: Some(1),
        acs_url: None,
        protocol_binding: None,
        attribute_index: None,
        provider_name: None,
        ..authn_request()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

/// What the schemas say of a document.
pub fn validate(xml: &str) -> Result<(), String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), xml).unwrap();
    let mut tool = Command::new("xmllint");
    tool.args(["--nonet", "--noout", "--schema"]).arg(folder().join("saml.xsd")).arg(file.path());
    let run = tool.output().expect("xmllint is missing: install the package libxml2-utils");
    if run.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
}

/// What `xmlsec1` says of the signature of an element.
fn xmlsec1(xml: &str, element: &str, key: &PrivateKey) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (file, pem) = (folder.path().join("signed.xml"), folder.path().join("key.pem"));
    let kind = "PRIVATE KEY";
    std::fs::write(&file, xml).unwrap();
    let encoded = STANDARD.encode(key.to_pkcs8().as_slice());
    std::fs::write(&pem, format!("-----BEGIN {kind}-----\n{encoded}\n-----END {kind}-----\n")).unwrap();
    let path = format!("//*[local-name()='{element}']/*[local-name()='Signature']");
    let mut tool = Command::new("xmlsec1");
    tool.args(["--verify", "--id-attr:ID", "Response", "--id-attr:ID", "Assertion", "--node-xpath", &path]);
    tool.arg("--privkey-pem").arg(&pem).arg(&file).output().expect("xmlsec1 is missing").status.success()
}

#[test]
fn messages_are_written_word_for_word() {
    for (name, xml) in messages() {
        let path = folder().join(format!("golden/{name}.xml"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, format!("{xml}\n")).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(golden.trim_end_matches('\n'), xml, "{name}: UPDATE_GOLDEN=1 writes it anew");
    }
}

#[test]
fn messages_are_valid_by_the_schemas() {
    for (name, xml) in messages() {
        assert_eq!(validate(&xml), Ok(()), "{name}");
    }
    let wrong = authn_request()
        .write()
        .replace("<saml:Issuer ", "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/><saml:Issuer ");
    assert!(validate(&wrong).is_err(), "the schemas are looked at");
}

#[test]
fn messages_are_read_back_as_they_were_meant() {
    assert_eq!(AuthnRequest::read(&parsed(&authn_request().write())), Ok(authn_request()));
    assert_eq!(AuthnRequest::read(&parsed(&plain_request().write())), Ok(plain_request()));
    assert_eq!(LogoutRequest::read(&parsed(&logout_request().write(None))), Ok(logout_request()));
    assert_eq!(LogoutResponse::read(&parsed(&logout_response().write())), Ok(logout_response()));
    assert_eq!(ArtifactResolve::read(&parsed(&artifact_resolve().write())), Ok(artifact_resolve()));
    let carried = around(&response(), &assertion().write());
    let read = Response::read(&parsed(&carried)).unwrap();
    let Some(Held::Plain(element)) = &read.assertion else { panic!("{read:?}") };
    // Where XML has no way of writing a character, it is replaced: U+0001 in the one hostile value.
    let mut meant = assertion();
    meant.attributes[0].attributes[1].values[0] = text(&HOSTILE.replace('\u{1}', "\u{fffd}"));
    assert_eq!(Assertion::read(element), Ok(meant));
    let resolved = artifact_response().write(Some(&carried));
    let resolved = ArtifactResponse::read(&parsed(&resolved)).unwrap();
    assert_eq!(Response::read(&resolved.message.unwrap()), Ok(read));
    let enveloped = Document::parse(soap::envelope(&artifact_resolve().write()).as_bytes()).unwrap();
    let opened = soap::open(&enveloped, &[]).unwrap();
    assert_eq!(ArtifactResolve::read(opened.unverified()), Ok(artifact_resolve()));
}

#[test]
fn what_is_signed_and_encrypted_is_valid_for_others_and_opens_for_the_service() {
    let service = PrivateKey::draw(Alg::RS256);
    let opens = [DecryptionKey::from_pkcs8(KeyWrap::RsaOaep256, &service.to_pkcs8()).unwrap()];
    for (key, alg) in [(&*RSA, Alg::RS256), (&*EC, Alg::ES256)] {
        let signed = assertion().write().signed(key, alg, None).unwrap();
        let both = response().around(Some(Carried::Plain(&signed))).signed(key, alg, None).unwrap();
        assert_eq!(validate(&both), Ok(()));
        assert!(xmlsec1(&both, "Response", key) && xmlsec1(&both, "Assertion", key), "{alg:?}");
        assert!(!xmlsec1(&both.replace("Ninon", "Ninot"), "Response", key), "xmlsec1 looks");
        let sealed = encrypt(&SystemIds, &signed, service.public(), ContentCipher::Aes256Gcm).unwrap();
        let whole = response().around(Some(Carried::Encrypted(&sealed))).signed(key, alg, None).unwrap();
        assert_eq!(validate(&whole), Ok(()));
        assert!(xmlsec1(&whole, "Response", key));
        let keys = [key.public().clone()];
        let response = Document::parse(whole.as_bytes()).unwrap().verify(SAMLP, "Response", &keys).unwrap();
        let Some(Held::Encrypted(held)) = Response::read(response.element()).unwrap().assertion else { panic!() };
        let inner = decrypt(&held, &opens).unwrap().verify(SAML, "Assertion", &keys).unwrap();
        assert_eq!(Assertion::read(inner.element()).unwrap().subject.name_id, Some(name_id()));
    }
}

#[test]
fn a_name_travels_sealed() {
    let service = PrivateKey::draw(Alg::RS256);
    let opens = [DecryptionKey::from_pkcs8(KeyWrap::RsaOaep256, &service.to_pkcs8()).unwrap()];
    let sealed = encrypt(&SystemIds, &name_id().write(), service.public(), ContentCipher::Aes128Gcm).unwrap();
    let request = logout_request().write(Some(&sealed));
    assert_eq!(validate(&request), Ok(()));
    let read = LogoutRequest::read(&parsed(&request)).unwrap();
    assert_eq!(read.name_id, None);
    let opened = decrypt(&read.encrypted_id.unwrap(), &opens).unwrap();
    assert_eq!(NameId::read(opened.unverified()), Ok(name_id()));
}

/// Text that a directory could hold, with what is special in XML more often than people have it.
fn anything() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![Just('<'), Just('&'), Just('"'), Just('>'), Just('\''), any::<char>()], 1..40)
        .prop_map(|chars| chars.into_iter().collect::<String>())
        .prop_map(|text| text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect())
        .prop_map(|text: String| format!("a{text}z"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_value_is_it_comes_back(a in anything(), b in anything(), c in anything()) {
        let mut sent = assertion();
        sent.attributes[0].attributes[1].values = vec![text(&a), text(&b)];
        sent.attributes[0].attributes[1].name = b.clone();
        sent.subject.name_id.as_mut().unwrap().value = c.clone();
        sent.subject.name_id.as_mut().unwrap().sp_name_qualifier = Some(a.clone());
        sent.conditions.audiences = vec![vec![c.clone(), a.clone()]];
        sent.issuer = b;
        let signed = sent.write().signed(&EC, Alg::ES256, None).unwrap();
        let keys = [EC.public().clone()];
        let read = Document::parse(signed.as_bytes()).unwrap().verify(SAML, "Assertion", &keys).unwrap();
        prop_assert_eq!(Assertion::read(read.element()), Ok(sent));
    }
}
