//! Every message of SAML the house itself sends, as it sends it: valid by the schemas of OASIS, its signatures right for
//! `xmlsec1`, what is encrypted opened by it, and each word for word as it is kept in `saml_wire/`. What changes with the keys
//! of a run is not looked at there. `UPDATE_GOLDEN=1` writes the files anew.

use preau_connector_api::{NameIdKind, SamlEncryption, SigningAlgorithm};
use preau_domain::{Identifier, ReleaseRule};
use preau_flows::{ALICE, Answer, Browser, Listener, SamlSp, TestHub, Told, heard, saml_service, stories};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::Document;
use preau_saml::bindings::redirect;
use preau_saml::messages::{AuthnRequest, LogoutRequest, NameIdPolicy};
use preau_saml::metadata::{Entity, Indexed, OurSp, PublishedKey};
use preau_saml::names::{binding, nameid};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::NamedTempFile;

stories!(
    a_response_is_right_with_every_kind_of_name,
    a_response_is_right_that_refuses_or_was_not_asked_for,
    what_is_encrypted_is_right,
    a_response_by_ticket_and_for_a_program_is_right,
    requests_about_an_end_are_right,
    answers_about_an_end_are_right,
    metadata_are_right,
);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/saml_wire")
}

fn written(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("it is written");
    file
}

/// What the schemas say of a document.
fn validate(xml: &str) -> Result<(), String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../idp/saml/tests/wire/saml.xsd");
    let file = written(xml);
    let mut tool = Command::new("xmllint");
    tool.args(["--nonet", "--noout", "--schema"]).arg(schema).arg(file.path());
    let run = tool.output().expect("xmllint is missing: install the package libxml2-utils");
    if run.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
}

/// A certificate, as a file.
fn pem(kind: &str, der: &[u8]) -> NamedTempFile {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ascii")).collect();
    written(&format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n")))
}

/// The certificates of our metadata: RSA and P-256.
async fn certificates(hub: &TestHub) -> Vec<Vec<u8>> {
    let published = hub.browser().get("/saml/metadata").await.body;
    let document = Document::parse_within(published.as_bytes(), preau_keys::xml::Bounds::METADATA).expect("read");
    let entity = Entity::read(document.unverified()).unwrap_or_else(|error| panic!("{error}"));
    entity.idp.expect("we are one").keys.signing.into_iter().map(|one| one.certificate).collect()
}

/// Whether `xmlsec1` finds the signature of an element right, by one of the certificates.
fn signed(xml: &str, element: &str, certificates: &[Vec<u8>]) -> bool {
    let file = written(xml);
    let path = format!("//*[local-name()='{element}']/*[local-name()='Signature']");
    certificates.iter().any(|certificate| {
        let (mut tool, key) = (Command::new("xmlsec1"), pem("CERTIFICATE", certificate));
        // What the message itself shows as a key is not looked at.
        tool.args(["--verify", "--enabled-key-data", "raw-x509-cert", "--pubkey-cert-pem"]).arg(key.path());
        for name in ["Response", "Assertion", "ArtifactResponse", "LogoutRequest", "LogoutResponse", "EntityDescriptor"]
        {
            tool.args(["--id-attr:ID", name]);
        }
        tool.args(["--node-xpath", &path]).arg(file.path());
        tool.output().expect("xmlsec1 is missing: install the package xmlsec1").status.success()
    })
}

/// A message that went out: it is valid, these elements of it are signed, and it is as it is kept.
async fn right(hub: &TestHub, name: &str, xml: &str, elements: &[&str]) {
    assert_eq!(validate(xml), Ok(()), "{name}");
    let certificates = certificates(hub).await;
    for element in elements {
        assert!(signed(xml, element, &certificates), "{name}: {element}");
        let twisted = xml.replacen("https://ent.example/saml/metadata", "https://ent.example/saml/Metadata", 9);
        assert!(!signed(&twisted, element, &certificates), "{name}: xmlsec1 looks at {element}");
    }
    assert_eq!(xml.matches("<ds:SignatureValue>").count(), elements.len(), "{name}: nothing else is signed");
    let path = folder().join(format!("{name}.xml"));
    let masked = masked(xml);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(folder()).expect("a folder");
        std::fs::write(&path, format!("{masked}\n")).expect("it is written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(golden.trim_end_matches('\n'), masked, "{name}: UPDATE_GOLDEN=1 writes it anew");
}

/// The message without what is drawn or what the keys of a run make of it, one element a line.
fn masked(xml: &str) -> String {
    let mut text = xml.to_owned();
    let elements =
        ["ds:SignatureValue", "ds:DigestValue", "ds:X509Certificate", "xenc:CipherValue", "samlp:SessionIndex"];
    let between = elements.map(|name| (format!("<{name}>"), format!("</{name}>")));
    let drawn = [" ID=\"", "URI=\"#", " SessionIndex=\""].map(|start| (start.to_owned(), "\"".to_owned()));
    let passing = ("nameid-format:transient\">".to_owned(), "</saml:NameID>".to_owned());
    for (open, close) in between.into_iter().chain(drawn).chain([passing]) {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(&open) {
            let (_, later) = after.split_once(&close).expect("what begins ends");
            out += &format!("{before}{open}…{close}");
            rest = later;
        }
        text = out + rest;
    }
    text.replace("><", ">\n<")
}

async fn inside(hub: &TestHub) -> Browser {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    browser
}

/// A request that is the same in every run.
fn request(sp: &SamlSp) -> AuthnRequest {
    AuthnRequest { id: "_request-of-the-story".to_owned(), ..sp.request() }
}

async fn posted(sp: &SamlSp, answer: &Answer) -> String {
    sp.told(answer).await.xml
}

async fn a_response_is_right_with_every_kind_of_name(hub: TestHub) {
    let mut browser = inside(&hub).await;
    for (name, kind, identifier, signing) in [
        ("response-persistent", NameIdKind::Persistent, Identifier::Pairwise, SigningAlgorithm::RS256),
        ("response-transient", NameIdKind::Transient, Identifier::Pairwise, SigningAlgorithm::ES256),
        ("response-mail", NameIdKind::Email, Identifier::Mail, SigningAlgorithm::ES256),
        ("response-unspecified", NameIdKind::Unspecified, Identifier::Login, SigningAlgorithm::ES256),
    ] {
        let mut service = saml_service("sp");
        service.identifier = identifier;
        let saml = service.saml.as_mut().expect("a service of SAML");
        (saml.nameid, saml.signing) = (kind, signing);
        let wire = preau_connector_api::WireName {
            name: "urn:oid:1.3.6.1.4.1.5923.1.1.1.10".to_owned(),
            friendly: Some("eduPersonTargetedID".to_owned()),
            uri: true,
        };
        saml.attributes.insert("eduPersonTargetedID".to_owned(), wire);
        let pairwise = service.release.iter().find(|rule| rule.name == "pairwise-id").expect("it is there").clone();
        service.release.push(ReleaseRule { name: "eduPersonTargetedID".to_owned(), scope: None, ..pairwise });
        let sp = hub.sp_of(service, |_| {});
        let xml = posted(&sp, &browser.get(&sp.url_of(&request(&sp))).await).await;
        right(&hub, name, &xml, &["Response", "Assertion"]).await;
    }
}

async fn a_response_is_right_that_refuses_or_was_not_asked_for(hub: TestHub) {
    let sp = hub.sp("sp");
    let passive = AuthnRequest { is_passive: true, ..request(&sp) };
    let xml = posted(&sp, &hub.browser().get(&sp.url_of(&passive)).await).await;
    right(&hub, "response-refused", &xml, &["Response"]).await;
    let xml = posted(&sp, &inside(&hub).await.open_tile("sp").await).await;
    right(&hub, "response-unasked", &xml, &["Response", "Assertion"]).await;
}

/// A key of a service that opens, and its certificate.
fn opening() -> (PrivateKey, PublishedKey) {
    let key = PrivateKey::draw(Alg::RS256);
    let der = key.to_pkcs8();
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &rcgen::PKCS_RSA_SHA256);
    let pair = pair.expect("a key");
    let certificate = rcgen::CertificateParams::default().self_signed(&pair).expect("a certificate").der().to_vec();
    (key, PublishedKey { certificate, signing: false, encryption: true })
}

/// What `xmlsec1` makes of the one encrypted part of a document.
fn opened(xml: &str, key: &PrivateKey) -> String {
    let (file, key) = (written(xml), pem("PRIVATE KEY", &key.to_pkcs8()));
    let mut tool = Command::new("xmlsec1");
    tool.args(["--decrypt", "--privkey-pem"]).arg(key.path());
    tool.args(["--node-xpath", "//*[local-name()='EncryptedData']"]).arg(file.path());
    let run = tool.output().expect("xmlsec1 is missing: install the package xmlsec1");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("text")
}

async fn what_is_encrypted_is_right(hub: TestHub) {
    let (key, published) = opening();
    let mut browser = inside(&hub).await;
    let sp = hub.sp_of(saml_service("sp"), |sp| sp.keys.push(published.clone()));
    let form = browser.get(&sp.url_of(&request(&sp))).await;
    let xml = preau_flows::message_of(&form.form_with("SAMLResponse"));
    assert!(!xml.contains("Alice"));
    right(&hub, "response-encrypted", &xml, &["Response"]).await;
    let inner = opened(&xml, &key);
    assert!(inner.contains("Alice Martin") && signed(&inner, "Assertion", &certificates(&hub).await));
    let (from, to) = (inner.find("<saml:Assertion"), inner.find("</saml:Assertion>"));
    let alone = from.zip(to).map(|(from, to)| &inner[from..to + "</saml:Assertion>".len()]);
    assert_eq!(validate(alone.expect("an assertion")), Ok(()));
    let mut service = saml_service("sp");
    service.saml.as_mut().expect("it is there").encrypt = SamlEncryption::Never;
    let sp = hub.sp_of(service, |sp| sp.keys.push(published));
    let policy = NameIdPolicy { format: Some(nameid::ENCRYPTED.to_owned()), ..NameIdPolicy::default() };
    let asked = AuthnRequest { name_id_policy: Some(policy), ..request(&sp) };
    let form = browser.get(&sp.url_of(&asked)).await;
    let xml = preau_flows::message_of(&form.form_with("SAMLResponse"));
    right(&hub, "response-encrypted-name", &xml, &["Response", "Assertion"]).await;
    assert!(opened(&xml, &key).contains(nameid::PERSISTENT));
}

fn takes(sp: &mut OurSp, binding: &str) {
    let location = "https://sp.example/saml/there".to_owned();
    sp.acs.push(Indexed { index: 2, default: None, binding: binding.to_owned(), location });
}

async fn a_response_by_ticket_and_for_a_program_is_right(hub: TestHub) {
    let sp = hub.sp_of(saml_service("sp"), |sp| takes(sp, binding::ARTIFACT));
    let asked = AuthnRequest { protocol_binding: Some(binding::ARTIFACT.to_owned()), ..request(&sp) };
    let answer = inside(&hub).await.get(&sp.url_of(&asked)).await;
    let mut resolve = sp.resolve(&sp.artifact(&answer).0);
    resolve.id = "_resolve-of-the-story".to_owned();
    let answer = hub.soap("/saml/artifact", &sp.signed_resolve(&resolve, &sp.key)).await;
    right(&hub, "artifact-response", &answer.body, &["ArtifactResponse", "Response", "Assertion"]).await;
    let answer = hub.soap("/saml/artifact", &sp.signed_resolve(&resolve, &sp.key)).await;
    right(&hub, "artifact-response-empty", &answer.body, &["ArtifactResponse"]).await;
    let answer = hub.soap("/saml/artifact", "<a/>").await;
    right(&hub, "soap-fault", &answer.body, &[]).await;
    let mut service = saml_service("sp");
    service.saml.as_mut().expect("it is there").ecp = vec![preau_domain::Public::Staff];
    let sp = hub.sp_of(service, |sp| takes(sp, binding::PAOS));
    let asked = AuthnRequest { destination: None, ..request(&sp) };
    let answer = hub.program(&asked.write(), Some((ALICE.login, ALICE.password))).await;
    right(&hub, "ecp-response", &answer.body, &["Response", "Assertion"]).await;
}

/// Three services, one for each way of hearing, and what each was told of the person of this browser.
async fn heard_in_three_ways(hub: &TestHub, listener: &Listener) -> (Browser, [(SamlSp, Told); 3]) {
    let by_form = |sp: &mut OurSp| sp.slo = vec![heard(binding::POST, "https://by-form.example/saml/slo".to_owned())];
    let services = [hub.sp_at("by-soap", listener), hub.sp_of(saml_service("by-form"), by_form), hub.sp("by-query")];
    let mut browser = inside(hub).await;
    let mut told = Vec::new();
    for sp in services {
        let said = sp.told(&browser.get(&sp.url_of(&request(&sp))).await).await;
        told.push((sp, said));
    }
    (browser, told.try_into().unwrap_or_else(|_| unreachable!("three services")))
}

/// How a service asks for the end, the same in every run.
fn end((sp, told): &(SamlSp, Told), path: &str) -> LogoutRequest {
    let destination = Some(format!("{}{path}", preau_flows::BASE));
    LogoutRequest { id: "_end-of-the-story".to_owned(), destination, ..sp.logout(told) }
}

async fn requests_about_an_end_are_right(hub: TestHub) {
    let mut listener = Listener::start().await;
    let (mut browser, [_, _, by_query]) = heard_in_three_ways(&hub, &listener).await;
    let url = by_query.0.logout_url(&end(&by_query, "/saml/slo"), Some(&by_query.0.key));
    let page = browser.visit(&url).await;
    let by_form = preau_flows::message_of(&page.form_with("SAMLRequest"));
    right(&hub, "logout-request-by-form", &by_form, &["LogoutRequest"]).await;
    // Where the one service heard is loopback, at a port of this run.
    let said = listener.next().await.body;
    assert_eq!(validate(&said), Ok(()));
    assert!(signed(&said, "LogoutRequest", &certificates(&hub).await));
}

async fn answers_about_an_end_are_right(hub: TestHub) {
    let listener = Listener::start().await;
    let (mut browser, [by_soap, by_form, by_query]) = heard_in_three_ways(&hub, &listener).await;
    let asked = by_form.0.signed(&end(&by_form, "/saml/slo"));
    let page = hub.browser().submit_once(&preau_flows::form_to("/saml/slo", "SAMLRequest", &asked), &[]).await;
    let answer = preau_flows::message_of(&page.form_with("SAMLResponse"));
    right(&hub, "logout-response-by-form", &answer, &["LogoutResponse"]).await;
    let answer = hub.soap("/saml/slo/soap", &by_soap.0.signed(&end(&by_soap, "/saml/slo/soap"))).await;
    right(&hub, "logout-response-by-soap", &answer.body, &["LogoutResponse"]).await;
    let url = by_query.0.logout_url(&end(&by_query, "/saml/slo"), Some(&by_query.0.key));
    let to = browser.get(&url).await.location().expect("an answer").to_owned();
    let received = redirect::Received::read(to.split_once('?').expect("a query").1).expect("an answer");
    received.verified(&hub.saml_keys().await).expect("signed beside it");
}

async fn metadata_are_right(hub: TestHub) {
    hub.sp("sp");
    let xml = hub.browser().get("/saml/metadata").await.body;
    right(&hub, "metadata", &xml, &["EntityDescriptor"]).await;
}
