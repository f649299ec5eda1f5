//! Metadata: what is read of an entity, every way to poison a document, and what we say of ourselves. Each refusal stands
//! beside a document that is taken.

use crate::writing::validate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_domain::{Instant, Seconds};
use preau_keys::jose::{Alg, PrivateKey, PublicKey};
use preau_keys::xml::{ContentCipher, Document, KeyKind, XmlError, sign};
use preau_saml::metadata::*;
use preau_saml::names::{DS, MD, MDRPI, SAMLP, binding};
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use std::sync::LazyLock;

const DAY: i64 = 86_400_000;
/// 2026-11-28T10:00:00Z.
const NOW: Instant = Instant(1_795_860_000_000);

static FEDERATION: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
static CERTIFICATE: LazyLock<Vec<u8>> = LazyLock::new(|| certificate(&PrivateKey::draw(Alg::RS256), Alg::RS256));

fn certificate(key: &PrivateKey, alg: Alg) -> Vec<u8> {
    let kind = if alg == Alg::RS256 { &PKCS_RSA_SHA256 } else { &PKCS_ECDSA_P256_SHA256 };
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.to_pkcs8().as_slice().into(), kind).unwrap();
    CertificateParams::new(vec!["sp.example".to_owned()]).unwrap().self_signed(&pair).unwrap().der().to_vec()
}

/// A self-signed certificate of an RSA key of 1024 bits, made once with a public tool: nothing here makes such keys any more.
const WEAK: &str = include_str!("weak-1024.b64");

fn shown(der: &str) -> String {
    format!(
        "<ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )
}

fn key(kind: &str) -> String {
    let usage = if kind.is_empty() { String::new() } else { format!(" use=\"{kind}\"") };
    format!("<md:KeyDescriptor{usage}>{}</md:KeyDescriptor>", shown(&STANDARD.encode(&*CERTIFICATE)))
}

const ACS: &str = "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" index=\"0\"/>";

/// A service with this in its role, on lines of its own.
fn service(entity_id: &str, attributes: &str, role: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{entity_id}\">\n<md:SPSSODescriptor \
         protocolSupportEnumeration=\"{SAMLP}\"{attributes}>\n{role}\n</md:SPSSODescriptor>\n</md:EntityDescriptor>"
    )
}

fn taken(document: &str) -> Result<Entity, MetadataError> {
    read(document.as_bytes(), &Rules { now: NOW, ..Rules::default() }, |_| true)?.only(None)
}

/// A federation of these, signed.
fn federation(attributes: &str, entities: &str) -> String {
    let document = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_f\" Name=\"urn:f\"{attributes}>{entities}</md:EntitiesDescriptor>"
    );
    sign(&document, MD, "EntitiesDescriptor", &FEDERATION, Alg::ES256, None).unwrap()
}

fn three() -> String {
    (1..=3).map(|n| format!("\n{}", service(&format!("https://sp{n}.example"), "", ACS))).collect()
}

fn rules(signer: &PublicKey) -> Rules {
    Rules { now: NOW, signers: Some(vec![signer.clone()]), longest: Some(Seconds(30 * 86_400)), before: None }
}

fn until(days: i64) -> String {
    format!(" validUntil=\"{}\"", Instant(NOW.0 + days * DAY).rfc3339())
}

#[test]
fn everything_a_service_says_is_read() {
    let entity = taken(include_str!("service.xml")).unwrap();
    assert_eq!(entity.entity_id, "https://atelier.example/saml");
    assert_eq!((entity.display_name("fr"), entity.display_name("de")), ("L’atelier", "The workshop"));
    assert_eq!(entity.ui.logos[0].url, "https://atelier.example/logo.png");
    assert_eq!(entity.ui.privacy[0].1, "https://atelier.example/donnees");
    assert_eq!(entity.scopes, ["atelier.example"], "a scope that is an expression is left out");
    assert_eq!(entity.categories, ["http://refeds.org/category/research-and-scholarship"]);
    assert_eq!(entity.registered_by.as_deref(), Some("https://federation.example"));
    assert_eq!(entity.contacts[0].mail, ["technique@atelier.example"]);
    assert_eq!(entity.cache_duration, Some(Seconds(3600)), "the shorter of entity and role");
    let sp = entity.sp.unwrap();
    assert_eq!((sp.keys.signing.len(), sp.keys.encryption.len()), (3, 2), "several X509Data, and one without use");
    assert_eq!(sp.keys.signing[0].about.kind, KeyKind::Rsa(2048));
    assert!(sp.authn_requests_signed && sp.want_assertions_signed);
    assert_eq!(sp.acs_by(&[binding::POST], None).map(|one| one.index), Some(2), "the one that is the default");
    assert_eq!(sp.acs_by(&[binding::POST], Some(1)).unwrap().location, "https://atelier.example/acs1");
    assert_eq!(sp.acs_by(&[binding::POST], Some(7)), None);
    assert_eq!(sp.requested(None).iter().map(|one| one.required).collect::<Vec<_>>(), [true, false]);
    assert_eq!(sp.slo[0].response_location.as_deref(), Some("https://atelier.example/slo/back"));
}

/// A key of this certificate for encryption, with what its owner reads.
fn sealed_with(der: &[u8], usage: &str, methods: &[&str]) -> String {
    let methods: String =
        methods.iter().map(|one| format!("<md:EncryptionMethod Algorithm=\"http://www.w3.org/{one}\"/>")).collect();
    format!("<md:KeyDescriptor{usage}>\n{}{methods}</md:KeyDescriptor>", shown(&STANDARD.encode(der)))
}

#[test]
fn a_key_that_nothing_is_encrypted_to_is_told_and_never_counted() {
    let keys =
        |text: &str| taken(&service("https://sp.example", "", &format!("{text}{ACS}"))).unwrap().sp.unwrap().keys;
    let rsa = |methods: &[&str]| keys(&sealed_with(&CERTIFICATE, " use=\"encryption\"", methods));
    let cipher = |keys: &Keys| keys.encryption.first().map(|key| key.cipher);
    for (methods, read) in [
        (vec![], Some(ContentCipher::Aes256Gcm)),
        (vec!["2009/xmlenc11#aes128-gcm", "2001/04/xmlenc#aes128-cbc"], Some(ContentCipher::Aes128Gcm)),
        (vec!["2009/xmlenc11#aes256-gcm", "2001/04/xmlenc#rsa-oaep-mgf1p"], Some(ContentCipher::Aes256Gcm)),
        (vec!["2001/04/xmlenc#rsa-oaep-mgf1p"], Some(ContentCipher::Aes256Gcm)),
        (vec!["2009/xmlenc11#rsa-oaep"], Some(ContentCipher::Aes256Gcm)),
        (vec!["2001/04/xmlenc#aes128-cbc"], None),
        (vec!["2009/xmlenc11#aes256-gcm", "2001/04/xmlenc#rsa-1_5"], None),
    ] {
        let keys = rsa(&methods);
        assert_eq!(cipher(&keys), read, "{methods:?}");
        assert_eq!(keys.unmet_encryption().is_some(), read.is_none(), "{methods:?}");
    }
    for (methods, read) in [(vec!["2001/04/xmlenc#aes128-cbc"], 0), (vec![], 1), (vec!["2009/xmlenc11#aes256-gcm"], 1)]
    {
        let keys = keys(&sealed_with(&CERTIFICATE, "", &methods));
        assert_eq!((keys.signing.len(), keys.encryption.len()), (1, read), "without use: {methods:?}");
        assert_eq!(keys.unmet_encryption().is_some(), read == 0, "without use: {methods:?}");
    }
    let elliptic = certificate(&PrivateKey::draw(Alg::ES256), Alg::ES256);
    let asked = keys(&sealed_with(&elliptic, " use=\"encryption\"", &[]));
    let why = asked.unmet_encryption().unwrap().to_string();
    assert!(asked.encryption.is_empty() && why.starts_with("line 3, <KeyDescriptor>: "), "{why}");
    let both = keys(&sealed_with(&elliptic, "", &[]));
    assert_eq!(
        (both.signing.len(), both.encryption.len(), both.unmet_encryption()),
        (1, 0, None),
        "it asks for nothing"
    );
    let lists = keys(&sealed_with(&elliptic, "", &["2009/xmlenc11#aes256-gcm"]));
    assert_eq!((lists.signing.len(), lists.unmet_encryption().is_some()), (1, true), "who lists what they read asks");
    let second = keys(&format!("{}{}", sealed_with(&elliptic, " use=\"encryption\"", &[]), key("encryption")));
    assert_eq!((second.encryption.len(), second.unmet_encryption()), (1, None), "one that serves is enough");
}

#[test]
fn a_key_that_is_no_use_is_told_where_it_stands() {
    let signs = " AuthnRequestsSigned=\"true\"";
    let named = format!(
        "<md:KeyDescriptor>\n<ds:KeyInfo xmlns:ds=\"{DS}\"><ds:KeyName>k</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>"
    );
    let error = taken(&service("urn:a", signs, &format!("{named}{ACS}"))).unwrap_err();
    assert_eq!((error.line, error.element.as_str()), (3, "KeyDescriptor"), "{error}");
    let error = taken(&service("urn:a", "", &format!("<md:KeyDescriptor/>{ACS}"))).unwrap_err();
    assert_eq!(error.reason, Reason::Missing("KeyInfo"));
    let typed = ACS.replace("HTTP-POST", "HTTP-Post");
    let error = taken(&service("urn:a", "", &typed)).unwrap_err();
    assert_eq!((error.line, error.element.as_str()), (3, "AssertionConsumerService"), "{error}");
    assert!(taken(&service("urn:a", signs, &format!("{}{ACS}", key("signing")))).is_ok(), "control");
}

#[test]
fn a_key_without_use_serves_both_and_turns_no_check_off() {
    let sp = |attributes: &str, keys: &str| taken(&service("https://sp.example", attributes, &format!("{keys}{ACS}")));
    let both = sp(" AuthnRequestsSigned=\"true\"", &key("")).unwrap().sp.unwrap();
    assert!(both.authn_requests_signed);
    assert_eq!((both.keys.signing.len(), both.keys.encryption.len()), (1, 1));
    let error = sp(" AuthnRequestsSigned=\"true\"", &key("encryption")).unwrap_err();
    assert!(matches!(error.reason, Reason::NoKey(_)), "requests that nobody could check: {error}");
    assert!(sp("", &key("encryption")).is_ok(), "control");
}

#[test]
fn weak_and_broken_keys_are_refused_where_they_stand() {
    let sp = |der: &str| {
        let role = format!("<md:KeyDescriptor>\n{}</md:KeyDescriptor>{ACS}", shown(der));
        taken(&service("https://sp.example", "", &role))
    };
    assert!(sp(&STANDARD.encode(&*CERTIFICATE)).is_ok(), "control");
    let weak = sp(WEAK).unwrap_err();
    assert_eq!(
        (weak.line, weak.element.as_str(), &weak.reason),
        (4, "X509Certificate", &Reason::WeakKey(1024)),
        "{weak}"
    );
    assert_eq!(weak.to_string(), "line 4, <X509Certificate>: an RSA key of 1024 bits: 2048 at least");
    for bad in ["", "AAAA", "not base64", &STANDARD.encode(&CERTIFICATE[..100])] {
        assert!(matches!(sp(bad).unwrap_err().reason, Reason::Value("X509Certificate", _)), "{bad}");
    }
}

#[test]
fn what_a_service_must_say_and_does_not_is_told_with_its_line() {
    let at = |location: &str| ACS.replace("https://sp.example/acs", location);
    for (document, line, told) in [
        (service("https://sp.example", "", ""), 2, "`AssertionConsumerService` is missing"),
        (service("", "", ACS), 1, "`entityID` is no URI"),
        (service("a b", "", ACS), 1, "`entityID` is no URI"),
        (service("urn:x", "", &ACS.replace(" index=\"0\"", "")), 3, "`index` is missing"),
        (service("urn:x", "", &ACS.replace("\"0\"", "\"70000\"")), 3, "`index` is no number"),
        (service("urn:x", "", &format!("{ACS}\n{ACS}")), 4, "taken by another address"),
        (service("urn:x", "", &at("javascript:alert(1)")), 3, "no plain address of the web"),
        (service("urn:x", "", &at("https://user@sp.example/")), 3, "no plain address of the web"),
        (service("urn:x", "", &at("https://sp.example/#x")), 3, "no plain address of the web"),
        (service("urn:x", "", &at("/acs")), 3, "no plain address of the web"),
        (service("urn:x", " AuthnRequestsSigned=\"yes\"", ACS), 2, "neither true nor false"),
        (service("urn:x", " cacheDuration=\"1 day\"", ACS), 2, "`cacheDuration` is no duration"),
        (service("urn:x", " validUntil=\"tomorrow\"", ACS), 2, "`validUntil` is no instant"),
        (service("urn:x", "", &format!("<md:KeyDescriptor use=\"both\"/>{ACS}")), 3, "neither signing nor encryption"),
        (
            format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\">\n<md:AffiliationDescriptor/></md:EntitiesDescriptor>"),
            2,
            "neither EntityDescriptor",
        ),
        (service("urn:x", "", ACS).replace("</md:SPSSODescriptor>", "</md:SPSSODescripto>"), 2, "is not closed"),
    ] {
        let error = taken(&document).unwrap_err();
        assert!(error.line == line && error.to_string().contains(told), "{error}\n{document}");
    }
    assert!(taken(&service("urn:x", " cacheDuration=\"PT24H\"", ACS)).is_ok(), "control");
    let plain = taken(&service("urn:x", "", &at("http://sp.example/acs"))).unwrap();
    assert_eq!(plain.plain_address(), Some("http://sp.example/acs"), "for the operator to allow or not");
    assert_eq!(taken(&service("urn:x", "", &at("http://127.0.0.1:8080/acs"))).unwrap().plain_address(), None);
}

#[test]
fn a_federation_is_believed_when_it_is_signed_and_in_time() {
    let good = federation(&until(10), &three());
    let read_by = |document: &str, rules: &Rules| read(document.as_bytes(), rules, |name| name.contains("sp2"));
    let found = read_by(&good, &rules(FEDERATION.public())).unwrap();
    assert_eq!((found.count, found.entities.len(), found.signed), (3, 1, true));
    assert_eq!(found.entities[0].valid_until, Some(Instant(NOW.0 + 10 * DAY)), "of the document around it");
    for (what, document, told) in [
        (
            "unsigned",
            format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\">{}</md:EntitiesDescriptor>", three()),
            "not signed",
        ),
        ("changed", good.replace("https://sp3.example", "https://sp4.example"), "not what was signed"),
        ("expired", federation(&until(-1), &three()), "expired"),
        ("of no time", federation("", &three()), "`validUntil` is missing"),
        ("of all time", federation(&until(4000), &three()), "nobody vouches"),
        (
            "one name twice",
            federation(&until(10), &format!("{}{}", three(), service("https://sp3.example", "", ACS))),
            "two entities",
        ),
        ("an entity bomb", format!("<!DOCTYPE a [<!ENTITY b \"b\">]>{good}"), "malformed"),
    ] {
        let error = read_by(&document, &rules(FEDERATION.public())).unwrap_err();
        assert!(error.to_string().contains(told), "{what}: {error}");
    }
    let stranger = PrivateKey::draw(Alg::ES256);
    let error = read_by(&good, &rules(stranger.public())).unwrap_err();
    assert_eq!(error.reason, Reason::Xml(XmlError::Signature));
    let one = sign(
        &service("https://sp2.example", "", ACS).replace("entityID", "ID=\"_1\" entityID"),
        MD,
        "EntityDescriptor",
        &FEDERATION,
        Alg::ES256,
        None,
    )
    .unwrap();
    let lax = Rules { longest: None, ..rules(FEDERATION.public()) };
    assert!(read_by(&one, &lax).is_ok(), "one entity, signed, as an MDQ server gives it");
    assert!(read_by(&one.replace("/acs", "/evil"), &lax).is_err());
}

#[test]
fn an_entity_that_is_wrong_takes_itself_away_and_no_other() {
    let weak = format!("<md:KeyDescriptor>{}</md:KeyDescriptor>{ACS}", shown(WEAK));
    let past = service("https://past.example", &until(-1), ACS);
    let document = federation(&until(10), &format!("{}{}{past}", three(), service("https://weak.example", "", &weak)));
    let found = read(document.as_bytes(), &rules(FEDERATION.public()), |_| true).unwrap();
    assert_eq!((found.count, found.entities.len()), (5, 3));
    let refused: Vec<&str> = found.refused.iter().map(|one| one.entity_id.as_str()).collect();
    assert_eq!(refused, ["https://weak.example", "https://past.example"]);
    let error = found.only(Some("https://weak.example")).unwrap_err();
    assert_eq!(error.reason, Reason::WeakKey(1024));
}

#[test]
fn a_federation_that_shrank_is_not_believed() {
    let of = |count: usize| -> String { (0..count).map(|n| service(&format!("urn:{n}"), "", ACS)).collect() };
    let judged = |count: usize, before: usize| {
        let rules = Rules { before: Some(Before { count: before, ..Before::default() }), ..rules(FEDERATION.public()) };
        read(federation(&until(10), &of(count)).as_bytes(), &rules, |_| false).map(|found| found.count)
    };
    assert_eq!((judged(30, 30), judged(20, 30), judged(1, 10)), (Ok(30), Ok(20), Ok(1)));
    assert_eq!(judged(19, 30).unwrap_err().reason, Reason::Shrunk { before: 30, now: 19 });
    assert_eq!(judged(0, 30).unwrap_err().reason, Reason::Shrunk { before: 30, now: 0 });
}

#[test]
fn a_document_older_than_the_copy_is_not_believed() {
    let publication = |at: i64| {
        let at = Instant(NOW.0 + at).rfc3339();
        format!(
            "<md:Extensions><i:PublicationInfo xmlns:i=\"{MDRPI}\" publisher=\"urn:f\" creationInstant=\"{at}\"/></md:Extensions>"
        )
    };
    let judged = |made: Option<i64>, days: i64, copy: (Option<i64>, i64)| {
        let made = made.map(publication).unwrap_or_default();
        let created = copy.0.map(|at| Instant(NOW.0 + at));
        let before = Before { count: 3, created, valid_until: Some(Instant(NOW.0 + copy.1 * DAY)) };
        let rules = Rules { before: Some(before), ..rules(FEDERATION.public()) };
        let document = federation(&until(days), &format!("{made}{}", three()));
        read(document.as_bytes(), &rules, |_| false).map(|found| found.created.map(|at| at.0 - NOW.0))
    };
    let older = |judged: Result<Option<i64>, MetadataError>| judged.unwrap_err().reason == Reason::Older;
    assert!(older(judged(Some(-2 * DAY), 12, (Some(-DAY), 10))), "by when both were made");
    assert_eq!(judged(Some(-DAY), 9, (Some(-DAY), 10)), Ok(Some(-DAY)), "a later one may be valid for less time");
    assert!(older(judged(None, 9, (None, 10))), "else by until when both are valid");
    assert!(older(judged(None, 9, (Some(-DAY), 10))), "and not to say it helps nobody");
    assert_eq!(judged(None, 10, (None, 10)), Ok(None));
    assert_eq!(judged(None, 9, (None, -1)), Ok(None), "a copy whose own time is over keeps nothing away");
    assert_eq!(judged(Some(2 * DAY), 10, (None, 10)), Ok(None), "what was made in times to come says nothing");
}

#[test]
fn one_entity_is_found_by_its_name_or_is_the_only_one() {
    let document = format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\">{}</md:EntitiesDescriptor>", three());
    let found = || read(document.as_bytes(), &Rules::default(), |_| true).unwrap();
    assert_eq!(found().only(Some("https://sp3.example")).unwrap().entity_id, "https://sp3.example");
    assert!(found().only(None).unwrap_err().to_string().contains("say which"));
    assert!(matches!(found().only(Some("urn:absent")).unwrap_err().reason, Reason::Absent(_)));
}

#[test]
fn peers_are_replaced_as_a_whole() {
    let peers = Peers::default();
    let entity = |name: &str| Peer { entity: taken(&service(name, "", ACS)).unwrap(), source: "test".to_owned() };
    peers.set([entity("urn:a"), entity("urn:b")]);
    let source = preau_keys::artifact_source("urn:b");
    assert_eq!(peers.by_source(&source).unwrap().entity.entity_id, "urn:b");
    peers.set([entity("urn:a")]);
    assert!(
        peers.get("urn:a").unwrap().usable(NOW) && peers.get("urn:b").is_none() && peers.by_source(&source).is_none()
    );
}

fn ours(name: &str) -> Ours {
    let (old, new) = (CERTIFICATE.clone(), certificate(&PrivateKey::draw(Alg::ES256), Alg::ES256));
    let at = |path: &str, how: &str| Endpoint {
        binding: how.to_owned(),
        location: format!("https://ent.example{path}"),
        response_location: None,
    };
    let numbered = |path: &str, how: &str| Indexed {
        index: 1,
        default: Some(true),
        binding: how.to_owned(),
        location: format!("https://ent.example{path}"),
    };
    let key = |certificate, encryption| PublishedKey { certificate, signing: true, encryption };
    let keys = vec![
        key(old, false),
        key(new.clone(), false),
        PublishedKey { certificate: new, signing: false, encryption: true },
    ];
    Ours {
        entity_id: "https://ent.example/saml/metadata".into(),
        id: "_0123".into(),
        valid_until: Some(Instant(NOW.0 + 7 * DAY)),
        cache_duration: Some(Seconds(21_600)),
        names: vec![("fr".into(), name.to_owned()), ("en".into(), "The portal".into())],
        descriptions: vec![("fr".into(), name.to_owned())],
        scopes: vec!["ent.example".into()],
        idp: Some(OurIdp {
            sso: vec![at("/saml/sso", binding::REDIRECT), at("/saml/sso", binding::POST)],
            slo: vec![at("/saml/slo", binding::REDIRECT)],
            artifact: vec![numbered("/saml/artifact", binding::SOAP)],
            nameid_formats: vec![preau_saml::names::nameid::PERSISTENT.into()],
            keys: keys.clone(),
            want_authn_requests_signed: false,
        }),
        sp: Some(OurSp {
            acs: vec![numbered("/upstream/acs", binding::POST)],
            keys,
            authn_requests_signed: true,
            want_assertions_signed: true,
            ..OurSp::default()
        }),
        url: "https://ent.example/".into(),
        technical_mail: Some("technique@ent.example".into()),
    }
}

#[test]
fn what_we_say_of_ourselves_is_valid_signed_and_read_back() {
    let ours = ours("L’ENT <R&D> \"x\"");
    let written = ours.write();
    assert_eq!(validate(&written), Ok(()), "{written}");
    let signed = sign(&written, MD, "EntityDescriptor", &FEDERATION, Alg::ES256, None).unwrap();
    assert_eq!(validate(&signed), Ok(()), "{signed}");
    let rules = Rules { longest: Some(Seconds(8 * 86_400)), ..rules(FEDERATION.public()) };
    let entity = read(signed.as_bytes(), &rules, |_| true).unwrap().only(Some(&ours.entity_id)).unwrap();
    assert_eq!(entity.ui.names, ours.names);
    assert_eq!(entity.organisation, ours.names);
    let (idp, sp) = (entity.idp.unwrap(), entity.sp.unwrap());
    assert_eq!((&idp.sso, &idp.slo), (&ours.idp.as_ref().unwrap().sso, &ours.idp.as_ref().unwrap().slo));
    assert_eq!(
        (idp.keys.signing.len(), idp.keys.encryption.len()),
        (2, 0),
        "the key of yesterday and the one of tomorrow; nothing is encrypted to an elliptic curve"
    );
    assert_eq!(sp.acs, ours.sp.unwrap().acs);
    assert!(
        validate(&written.replace("md:NameIDFormat", "md:NameFormat")).is_err(),
        "control: the schema is looked at"
    );
}

proptest! {
    #[test]
    fn whatever_our_name_is_it_stays_a_name(name in "\\PC{1,40}") {
        let document = Document::parse(ours(&name).write().as_bytes()).unwrap();
        let entity = Entity::read(document.unverified()).unwrap();
        let shown = name.split_whitespace().collect::<Vec<_>>().join(" ").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        prop_assert_eq!(&entity.ui.names[0].1, &shown);
    }

    #[test]
    fn any_text_is_metadata_or_not(text in "[<>a-z/=\"' :md]{0,200}") {
        let _ = taken(&text);
        let _ = taken(&service("urn:x", "", &text));
    }
}
