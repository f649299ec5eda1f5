//! SAML as a service meets it: a sign-on, what it is told, how it is signed and encrypted, tiles.

use preau_connector_api::{NameIdKind, SamlEncryption, SamlSigned, SigningAlgorithm};

use preau_domain::Seconds;
use preau_flows::{ALICE, BASE, NOE, TestHub, partner, saml_service, stories};
use preau_saml::messages::NameIdPolicy;
use preau_saml::metadata::{PublishedKey, RequestedAttribute, Service};
use preau_saml::names::{context, nameid};

stories!(
    a_service_learns_who_came_and_what_they_are,
    a_session_opens_a_service_without_a_question,
    a_form_of_another_site_finds_the_session,
    each_service_knows_a_person_by_another_name,
    a_service_chooses_among_its_addresses_by_number,
    a_service_that_says_what_it_asks_for_is_told_no_more,
    what_is_signed_is_as_the_service_wants_it,
    a_refusal_is_signed_for_who_looks_at_responses,
    the_domains_behind_identifiers_are_told,
    an_assertion_is_encrypted_for_whoever_has_a_key,
    a_name_travels_encrypted_where_that_is_asked,
    a_person_the_service_does_not_open_for_reads_why,
    a_tile_hands_over_without_being_asked,
    a_tile_whose_service_is_not_in_force_says_to_come_back,
    a_link_from_elsewhere_asks_to_sign_in_first,
    the_bench_shows_the_assertion,
);

async fn a_service_learns_who_came_and_what_they_are(hub: TestHub) {
    let sp = hub.sp("sp");
    let answer = hub.browser().sign_in(&ALICE).through(&sp.url()).await.answer;
    let told = sp.told(&answer).await;
    assert_eq!(
        (told.to.as_str(), told.relay_state.as_deref()),
        ("https://sp.example/saml/acs", Some("state-of-the-story"))
    );
    assert_eq!(told.values("displayName"), ["Alice Martin"]);
    assert_eq!(told.values("mail"), ["alice.martin@college.example"]);
    assert_eq!(told.values("ENTPersonProfils"), ["National_ENS"]);
    assert!(told.values("title").is_empty(), "what does not leave by SAML stays");
    let pairwise = format!("{}@ent.example", told.name().value);
    assert_eq!(told.values("pairwise-id"), [pairwise]);
    assert_eq!(told.name().format.as_deref(), Some(nameid::PERSISTENT));
    let statement = &told.assertion().authn[0];
    assert_eq!(statement.class.as_deref(), Some(context::PASSWORD_PROTECTED_TRANSPORT));
    assert_eq!(statement.authn_instant, hub.hub.now());
}

async fn a_session_opens_a_service_without_a_question(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&NOE).to(&hub.app("app")).await;
    hub.clock.advance(60);
    let request = sp.request();
    let told = sp.told(&browser.get(&sp.url_of(&request)).await).await;
    assert_eq!(told.response.in_response_to, Some(request.id));
    assert!(told.assertion().authn[0].authn_instant < hub.hub.now(), "the proof is that of the session");
}

async fn a_form_of_another_site_finds_the_session(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let form = sp.form_of(&sp.request(), Some(&sp.key));
    // A browser leaves its cookies out of a form that another site posts.
    let bare = hub.browser().submit_once(&form, &[]).await;
    let back = bare.location().expect("it is sent back to ask with its cookie").to_owned();
    assert_eq!(sp.told(&browser.get(&back).await).await.status(), "Success");
    hub.clock.advance(121);
    assert_eq!(browser.get(&back).await.status, 400, "the detour is short");
}

async fn each_service_knows_a_person_by_another_name(hub: TestHub) {
    let (one, two) = (hub.sp("one"), hub.sp("two"));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let name = async |sp: &preau_flows::SamlSp, browser: &mut preau_flows::Browser| {
        sp.told(&browser.get(&sp.url()).await).await.name().value.clone()
    };
    let first = name(&one, &mut browser).await;
    assert_eq!(name(&one, &mut browser).await, first);
    assert_ne!(name(&two, &mut browser).await, first);
    let passing = hub.sp_with("passing", |saml| saml.nameid = NameIdKind::Transient);
    assert_ne!(name(&passing, &mut browser).await, name(&passing, &mut browser).await);
    let mut by_mail = saml_service("mail");
    by_mail.identifier = preau_domain::Identifier::Mail;
    by_mail.saml.as_mut().expect("it is there").nameid = NameIdKind::Email;
    let by_mail = hub.sp_of(by_mail, |_| {});
    assert_eq!(name(&by_mail, &mut browser).await, "alice.martin@college.example");
}

async fn a_service_chooses_among_its_addresses_by_number(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for (index, end) in [(None, "acs"), (Some(0), "acs"), (Some(1), "other")] {
        let asked = preau_saml::messages::AuthnRequest { acs_index: index, ..sp.request() };
        let told = sp.told(&browser.get(&sp.url_of(&asked)).await).await;
        assert_eq!(told.to, format!("https://sp.example/saml/{end}"));
    }
}

async fn a_service_that_says_what_it_asks_for_is_told_no_more(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let numbered = |index| preau_saml::messages::AuthnRequest { attribute_index: Some(index), ..sp.request() };
    let told = sp.told(&browser.get(&sp.url_of(&numbered(7))).await).await;
    assert!(!told.values("mail").is_empty(), "who lists nothing may say any number");
    let asked =
        |name: &str| RequestedAttribute { name: name.to_owned(), friendly: None, format: None, required: false };
    let attributes = vec![asked("urn:oid:2.16.840.1.113730.3.1.241"), asked("urn:oid:2.5.4.12")];
    let listed = Service { index: 3, default: None, names: Vec::new(), attributes };
    hub.change_peer(&sp.entity_id, |peer| peer.entity.sp.as_mut().expect("a service").services.push(listed));
    let told = sp.told(&browser.get(&sp.url_of(&numbered(3))).await).await;
    assert_eq!(told.values("displayName"), ["Alice Martin"]);
    assert!(told.values("mail").is_empty() && told.values("title").is_empty(), "a list takes away and never adds");
    let wrong = sp.told(&browser.get(&sp.url_of(&numbered(7))).await).await;
    assert_eq!((wrong.status(), wrong.assertion.is_none()), ("RequestUnsupported", true));
    assert!(!sp.told(&browser.get(&sp.url()).await).await.values("mail").is_empty(), "without a number: all of it");
}

async fn what_is_signed_is_as_the_service_wants_it(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for (what, signing, count) in [
        (SamlSigned::Response, SigningAlgorithm::ES256, 1),
        (SamlSigned::Assertion, SigningAlgorithm::RS256, 1),
        (SamlSigned::Both, SigningAlgorithm::RS256, 2),
    ] {
        let sp = hub.sp_with("sp", |saml| (saml.sign, saml.signing) = (what, signing));
        let told = sp.told(&browser.get(&sp.url()).await).await;
        assert_eq!(told.xml.matches("<ds:SignatureValue>").count(), count, "{what:?}");
        let method = if signing == SigningAlgorithm::RS256 { "#rsa-sha256" } else { "#ecdsa-sha256" };
        assert_eq!(told.xml.matches(method).count(), count, "{what:?}");
        assert_eq!(told.values("displayName"), ["Alice Martin"], "and believed");
    }
}

/// Anybody can have a refusal made.
async fn a_refusal_is_signed_for_who_looks_at_responses(hub: TestHub) {
    for (what, count) in [(SamlSigned::Assertion, 0), (SamlSigned::Response, 1), (SamlSigned::Both, 1)] {
        let sp = hub.sp_with("sp", |saml| saml.sign = what);
        let passive = preau_saml::messages::AuthnRequest { is_passive: true, ..sp.request() };
        let told = sp.told(&hub.browser().get(&sp.url_of(&passive)).await).await;
        assert_eq!((told.status(), told.assertion.is_none()), ("NoPassive", true));
        assert_eq!(told.xml.matches("<ds:SignatureValue>").count(), count, "{what:?}");
    }
}

/// A service may believe an identifier only with a domain that is ours to speak for.
async fn the_domains_behind_identifiers_are_told(hub: TestHub) {
    let told = async || hub.browser().get("/saml/metadata").await.body;
    assert!(!told().await.contains("shibmd:Scope"));
    hub.sp("sp");
    let metadata = told().await;
    assert!(metadata.contains("regexp=\"false\">ent.example</shibmd:Scope>"), "{metadata}");
    assert_eq!(metadata.matches("<shibmd:Scope").count(), 1);
}

fn opens() -> PublishedKey {
    let certificate = partner().0.saml_published(preau_domain::Instant(0)).opening.remove(0);
    PublishedKey { certificate, signing: false, encryption: true }
}

async fn an_assertion_is_encrypted_for_whoever_has_a_key(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let sealed = hub.sp_of(saml_service("sp"), |sp| sp.keys.push(opens()));
    let told = sealed.told(&browser.get(&sealed.url()).await).await;
    assert!(!told.xml.contains("Alice") && told.xml.contains("EncryptedAssertion"));
    assert_eq!(told.values("displayName"), ["Alice Martin"]);
    let plain = hub.sp_with("sp", |saml| saml.encrypt = SamlEncryption::Never);
    assert!(plain.told(&browser.get(&plain.url()).await).await.xml.contains("Alice"), "control");
    let strict = hub.sp_with("strict", |saml| saml.encrypt = SamlEncryption::Always);
    let answer = browser.get(&strict.url()).await;
    assert!(answer.status == 500 && !answer.body.contains("SAMLResponse"), "never in clear: {}", answer.words());
}

async fn a_name_travels_encrypted_where_that_is_asked(hub: TestHub) {
    let mut service = saml_service("sp");
    service.saml.as_mut().expect("it is there").encrypt = SamlEncryption::Never;
    let sp = hub.sp_of(service, |sp| sp.keys.push(opens()));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let format = Some(nameid::ENCRYPTED.to_owned());
    let asked = preau_saml::messages::AuthnRequest {
        name_id_policy: Some(NameIdPolicy { format, ..NameIdPolicy::default() }),
        ..sp.request()
    };
    let told = sp.told(&browser.get(&sp.url_of(&asked)).await).await;
    let subject = &told.assertion().subject;
    let sealed = subject.encrypted_id.as_ref().filter(|_| subject.name_id.is_none()).expect("an encrypted name");
    let name = preau_keys::xml::decrypt(sealed, &partner().0.saml_opening()).expect("for this service");
    let name = preau_saml::messages::NameId::read(name.unverified()).expect("a name");
    assert_eq!(told.values("pairwise-id"), [format!("{}@ent.example", name.value)]);
}

async fn a_person_the_service_does_not_open_for_reads_why(hub: TestHub) {
    let mut strict = saml_service("strict");
    strict.audience.allow[0].profiles = vec![preau_domain::Profile::Head];
    let sp = hub.sp_of(strict, |_| {});
    let mut browser = hub.browser();
    let page = browser.sign_in(&NOE).through(&sp.url()).await.answer;
    assert!(page.status == 403 && !page.body.contains("SAMLResponse"), "{}", page.words());
    let passive = preau_saml::messages::AuthnRequest { is_passive: true, ..sp.request() };
    let told = sp.told(&browser.get(&sp.url_of(&passive)).await).await;
    assert_eq!((told.status(), told.assertion.is_none()), ("RequestDenied", true));
}

async fn a_tile_hands_over_without_being_asked(hub: TestHub) {
    let sp = hub.sp_with("sp", |saml| saml.relay_state = Some("/start".to_owned()));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let told = sp.told(&browser.open_tile("sp").await).await;
    assert_eq!((told.relay_state.as_deref(), told.response.in_response_to.clone()), (Some("/start"), None));
    assert!(told.assertion().subject.confirmations[0].in_response_to.is_none());
}

async fn a_tile_whose_service_is_not_in_force_says_to_come_back(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let in_force = hub.hub.now() + Seconds(60);
    hub.change_peer(&sp.entity_id, |peer| peer.entity.valid_until = Some(in_force));
    assert_eq!(sp.told(&browser.open_tile("sp").await).await.status(), "Success", "control");
    hub.clock.advance(60);
    let page = browser.open_tile("sp").await;
    assert_eq!(page.status, 503);
    assert!(page.words().contains("momentanément indisponible"), "{}", page.words());
    let page = browser.get(&sp.url()).await;
    assert!(page.status == 503 && page.words().contains("momentanément indisponible"), "by itself: {}", page.words());
    assert!(
        hub.log.lines().iter().any(|line| line.contains("service sp: its metadata are not there, or have expired"))
    );
}

async fn a_link_from_elsewhere_asks_to_sign_in_first(hub: TestHub) {
    let sp = hub.sp("sp");
    let answer = hub.browser().sign_in(&ALICE).through("/saml/launch/sp").await.answer;
    assert_eq!(sp.told(&answer).await.values("displayName"), ["Alice Martin"]);
    for id in ["app", "nobody", "%2e%2e"] {
        assert_eq!(hub.browser().get(&format!("/saml/launch/{id}")).await.status, 404, "{id}");
    }
}

async fn the_bench_shows_the_assertion(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.config.bench = true).await;
    hub.sp("sp");
    let page = hub.browser().get("/bench/sp").await;
    assert!(page.words().contains("urn:oid:2.16.840.1.113730.3.1.241"), "{}", page.words());
    assert!(page.words().contains(BASE) && !page.body.contains("SignatureValue"));
}
