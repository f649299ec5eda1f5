//! What a configuration must say, and what it must not.

use crate::peer::*;
use preau_connector_api::{Departure, RedirectError, Round};
use preau_domain::Instant;
use preau_keys::jose::Alg;
use preau_saml::messages::AuthnRequest;
use preau_saml::metadata::{self, Endpoint, OurIdp, Ours, PublishedKey, Rules};
use preau_saml::names::{SAMLP, binding};

#[test]
fn the_example_says_all_there_is() {
    let example: toml::Table = preau_connector_upstream_saml::KIND.example.parse().unwrap();
    let schema = (preau_connector_upstream_saml::KIND.schema)();
    let known = schema["properties"].as_object().unwrap();
    assert!(example.keys().all(|key| key == "sources" || known.contains_key(key)), "{example:?}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (more, place) in [
        ("entity_id = \"\"", "entity_id"),
        ("sso = \"http://educonnect.example/sso\"", "sso"),
        ("sso = \"https://user@educonnect.example/sso\"", "sso"),
        ("certificates = []", "metadata"),
        ("metadata = \"idp.xml\"", "metadata"),
        ("certificates = [\"absent.pem\"]", "certificates"),
        ("metadata_url = \"https://educonnect.example/m\"\nmetadata_certificates = [\"idp.pem\"]", "metadata_url"),
        ("metadata_certificates = [\"idp.pem\"]", "metadata_certificates"),
        ("certificates = [\"saml.key\"]", "certificates"),
        ("keys = []", "keys"),
        ("keys = [{ key = \"saml.pem\", certificate = \"saml.pem\" }]", "keys[0].key"),
        ("keys = [{ key = \"saml.key\", certificate = \"idp.pem\" }]", "keys[0].certificate"),
        ("keys = [{ key = \"elliptic.key\", certificate = \"elliptic.pem\" }]\nencrypted = true", "keys"),
        ("name = \"https://educonnect.example/idp\"", "name"),
        ("logout = \"single\"", "logout"),
        ("logout = \"soft\"\nslo = \"https://educonnect.example/slo\"", "logout"),
        ("logout_address = \"https://educonnect.example/out\"", "logout"),
        ("skew_seconds = 301", "skew_seconds"),
        ("title = { fr = \"\", en = \"x\" }", "title.fr"),
        ("match = [{ claim = \"mail\", as = \"login\", source = \"annuaire\" }]", "match[0].claim"),
    ] {
        let problems = try_open(more).err().unwrap_or_default();
        let at = format!("sources.educonnect.{place}:");
        assert!(problems.iter().any(|problem| problem.starts_with(&at)), "{more}: {problems:?}");
    }
    assert!(try_open("unknown = 1").is_err());
    open("");
    open("keys = [{ key = \"elliptic.key\", certificate = \"elliptic.pem\" }]");
    open(
        "keys = [{ key = \"saml.key\", certificate = \"saml.pem\" }, { key = \"elliptic.key\", certificate = \"elliptic.pem\" }]",
    );
}

/// The same provider, described by itself.
#[test]
fn metadata_say_where_the_provider_is_and_what_it_signs_with() {
    let keys = [PublishedKey { certificate: certificate(&THEIRS, Alg::ES256), signing: true, encryption: false }];
    let at = |location: &str| Endpoint {
        binding: binding::REDIRECT.to_owned(),
        location: location.to_owned(),
        response_location: None,
    };
    let idp = OurIdp {
        sso: vec![at("https://educonnect.example/idp/sso")],
        slo: vec![at("https://educonnect.example/idp/slo")],
        keys: keys.to_vec(),
        ..OurIdp::default()
    };
    let valid_until = Some(Instant(NOW.0 + 1));
    let entity =
        Ours { entity_id: IDP.to_owned(), id: "_m".to_owned(), valid_until, idp: Some(idp), ..Ours::default() };
    let more = "metadata = \"idp.xml\"\nsso = \"\"\ncertificates = \"\"\nlogout = \"single\"";
    let upstream = open_with(more, &[("idp.xml", &entity.write())]);
    let address = sent_to(&upstream, &round());
    assert!(address.starts_with("https://educonnect.example/idp/sso?SAMLRequest="), "{address}");
    assert!(judge(&upstream, &answer().signed(Signs::Both)).is_ok());
    let later = Round { now: Instant(NOW.0 + 1), ..round() };
    let expired = judge_in(&upstream, &answer().signed(Signs::Both), &later);
    assert!(matches!(expired, Err(RedirectError::Unavailable(_))), "{expired:?}");
    let other = more.to_owned() + "\nentity_id = \"https://other.example/idp\"";
    let problems = try_open_with(&other, &[("idp.xml", &entity.write())]).err().unwrap_or_default();
    assert!(problems[0].contains("is not in the document"), "{problems:?}");
}

/// A provider that is asked by a form, and by nothing else; it has two keys while it changes them.
#[test]
fn who_is_asked_by_a_form_only_is_asked_by_a_form() {
    let published = |key| PublishedKey { certificate: certificate(key, Alg::ES256), signing: true, encryption: false };
    let at = |binding: &str, location: &str| Endpoint {
        binding: binding.to_owned(),
        location: location.to_owned(),
        response_location: None,
    };
    let describes = |sso: Vec<Endpoint>| {
        let idp = OurIdp { sso, keys: vec![published(&FOREIGN), published(&THEIRS)], ..OurIdp::default() };
        Ours { entity_id: IDP.to_owned(), id: "_m".to_owned(), idp: Some(idp), ..Ours::default() }.write()
    };
    let more = "metadata = \"idp.xml\"\nsso = \"\"\ncertificates = \"\"";
    let (post, soap) = (
        at(binding::POST, "https://educonnect.example/idp/post"),
        at(binding::SOAP, "https://educonnect.example/idp/soap"),
    );
    let upstream = open_with(more, &[("idp.xml", &describes(vec![soap.clone(), post]))]);
    let Ok(Departure::Form { to, fields }) = now(upstream.begin(&round())) else { panic!("an address") };
    assert_eq!(to, "https://educonnect.example/idp/post");
    let [("SAMLRequest", message), ("RelayState", state)] = fields.as_slice() else { panic!("{fields:?}") };
    assert_eq!(state, STATE);
    let document = preau_saml::bindings::post::decode(message).unwrap();
    let verified = document.verify(SAMLP, "AuthnRequest", &[OURS.public().clone()]).unwrap();
    let request = AuthnRequest::read(verified.element()).unwrap();
    assert_eq!((request.destination.as_deref(), request.id), (Some(to.as_str()), format!("_{NONCE}")));
    for key in [&*THEIRS, &*FOREIGN] {
        assert!(judge(&upstream, &answer().signed_by(Signs::Both, key)).is_ok(), "old and new");
    }
    let third = preau_keys::jose::PrivateKey::draw(Alg::ES256);
    assert!(judge(&upstream, &answer().signed_by(Signs::Both, &third)).is_err());
    let neither = try_open_with(more, &[("idp.xml", &describes(vec![soap]))]).err().unwrap_or_default();
    assert!(neither[0].contains("neither by HTTP-Redirect nor by HTTP-POST"), "{neither:?}");
}

/// What the provider reads of us: read by our own reader here, by others in `tests/clients`.
#[test]
fn our_metadata_say_where_we_are_and_with_which_keys() {
    let more = "keys = [{ key = \"saml.key\", certificate = \"saml.pem\" }, { key = \"elliptic.key\", certificate = \"elliptic.pem\" }]";
    let single = format!("{more}\nlogout = \"single\"\nslo = \"https://educonnect.example/idp/slo\"");
    let document = open(&single).metadata(CALLBACK, NOW).unwrap();
    let rules = Rules { now: NOW, signers: Some(vec![OURS.public().clone()]), ..Rules::default() };
    let entity = metadata::read(document.as_bytes(), &rules, |_| true).unwrap().only(Some(SP)).unwrap();
    let role = entity.sp.unwrap();
    assert_eq!((role.acs.len(), role.acs[0].location.as_str()), (1, ACS));
    assert!(role.authn_requests_signed && role.want_assertions_signed);
    assert_eq!((role.keys.signing.len(), role.keys.encryption.len()), (2, 1));
    assert_eq!(role.slo.len(), 2);
    let plain = open(more).metadata(CALLBACK, NOW).unwrap();
    assert!(!plain.contains("SingleLogoutService"));
    // A signature on a curve is another one each time it is made.
    let first = "keys = [{ key = \"elliptic.key\", certificate = \"elliptic.pem\" }, { key = \"saml.key\", certificate = \"saml.pem\" }]";
    let upstream = open(first);
    let text = upstream.metadata(CALLBACK, NOW).unwrap();
    assert_eq!(upstream.metadata(CALLBACK, NOW).unwrap(), text, "signed once, whoever asks and how often");
    let elsewhere = CALLBACK.replace("ent.", "other.");
    assert!(upstream.metadata(&elsewhere, NOW).unwrap().contains("other."), "control");
}
