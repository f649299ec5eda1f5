//! What nobody gets past the door of SAML, row by row (SAML-28, 30 to 32, 40 to 49).

use preau_domain::{Instant, Person, Seconds};
use preau_flows::{ALICE, BASE, NOE, SamlSp, TestHub, form_to, saml_service, stories};
use preau_keys::jose::{Alg, PrivateKey, PublicKey};
use preau_keys::signers::{CutOver, KeyUse, Make, SamlKey, plan, replacement};
use preau_keys::xml::public_key_of;
use preau_keys::{Keyring, Sealer, Signers, SystemIds};
use preau_saml::bindings::{Kind, redirect};
use preau_saml::messages::{AuthnRequest, Comparison, NameId, NameIdPolicy, RequestedContext};
use preau_saml::names::{binding, context, nameid};
use std::sync::Arc;

stories!(
    saml_28_a_value_cannot_leave_its_place,
    saml_30_no_document_type_is_read,
    saml_31_and_32_bombs_do_not_go_off,
    saml_40_an_answer_goes_to_an_address_of_the_metadata,
    saml_41_who_must_sign_signs,
    saml_42_a_relay_state_is_given_back_and_never_followed,
    saml_43_only_a_known_service_is_answered,
    saml_44_who_must_prove_again_does_and_who_must_not_be_asked_is_not,
    saml_45_a_name_of_another_service_is_never_told,
    saml_46_nothing_is_claimed_that_did_not_happen,
    saml_48_an_identifier_is_repeated_only_if_it_is_one,
    saml_49_old_and_new_key_stand_side_by_side,
    whoever_asks_for_our_metadata_again_and_again_costs_one_signature,
    a_request_for_somebody_else_is_told_so,
    a_request_is_for_now_and_for_us,
    a_declaration_of_a_proof_is_met_by_nothing,
    a_refusal_says_who_asked_and_what_is_wrong_and_where,
);

async fn saml_28_a_value_cannot_leave_its_place(hub: TestHub) {
    let sp = hub.sp("sp");
    let hostile = "</saml:AttributeValue><saml:AttributeValue>admin & <x>";
    hub.put(Person { given_name: hostile.to_owned(), ..NOE.person() }).await;
    let told = sp.told(&hub.browser().sign_in(&NOE).through(&sp.url()).await.answer).await;
    let name = told.values("displayName");
    assert_eq!(name.len(), 1, "{name:?}");
    assert!(name[0].starts_with(hostile), "{name:?}");
}

/// Sends a document as it is, both ways; the answer of each.
async fn both_ways(hub: &TestHub, xml: &str) -> Vec<preau_flows::Answer> {
    let query = redirect::encode("/saml/sso", Kind::Request, xml, None, None).expect("it is there");
    vec![
        hub.browser().get(&query).await,
        hub.browser().submit_once(&form_to("/saml/sso", "SAMLRequest", xml), &[]).await,
    ]
}

async fn saml_30_no_document_type_is_read(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut listener = preau_flows::Listener::start().await;
    let sound = sp.request().write();
    for subset in [
        "<!ENTITY x SYSTEM \"file:///etc/passwd\">".to_owned(),
        format!("<!ENTITY x SYSTEM \"{}\">", listener.url()),
        format!("<!ENTITY % x SYSTEM \"{}\"> %x;", listener.url()),
        String::new(),
    ] {
        let attack = format!("<!DOCTYPE samlp:AuthnRequest [{subset}]>{sound}");
        for answer in both_ways(&hub, &attack).await {
            assert!(answer.status == 400 && !answer.body.contains("root:"), "{}", answer.status);
        }
    }
    assert!(listener.heard_nothing());
    assert!(both_ways(&hub, &sound).await.iter().all(|answer| answer.status == 303), "control");
}

async fn saml_31_and_32_bombs_do_not_go_off(hub: TestHub) {
    let sp = hub.sp("sp");
    let sound = sp.request().write();
    // Where a request may hold anything, so that nothing but its size can be wrong.
    let with = |more: &str| {
        sound.replace("</saml:Issuer>", &format!("</saml:Issuer><samlp:Extensions>{more}</samlp:Extensions>"))
    };
    let deep = |times: usize| with(&format!("{}{}", "<a>".repeat(times), "</a>".repeat(times)));
    let attributes =
        |times: usize| with(&format!("<a{}/>", (0..times).map(|n| format!(" a{n}=\"\"")).collect::<String>()));
    let long = |bytes: usize| format!("{sound}{}", " ".repeat(bytes));
    let asks = async |request: &str| {
        let url = redirect::encode("/saml/sso", Kind::Request, request, None, None).expect("it is there");
        hub.browser().get(&url).await
    };
    for bomb in [deep(8_000), attributes(5_000), long(100 << 10), long(8 << 20)] {
        let attack = hub.under_attack();
        let answer = asks(&bomb).await;
        assert!(answer.status.is_client_error(), "{}: {:.80}", answer.status, bomb);
        attack.repelled(&answer).await;
    }
    for small in [deep(10), attributes(20), long(10 << 10)] {
        assert_eq!(asks(&small).await.status, 303, "control: {small:.200}");
    }
}

async fn saml_40_an_answer_goes_to_an_address_of_the_metadata(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let url = |url: &str| AuthnRequest { acs_url: Some(url.to_owned()), ..sp.request() };
    let wrong = [
        url("https://evil.test/"),
        url("https://sp.example/saml/acs/more"),
        url("https://sp.example/saml"),
        url("https://sp.example/saml/acs?x=1"),
        url("https://SP.example/saml/acs"),
        url("https://sp.example@evil.test/saml/acs"),
        AuthnRequest { acs_index: Some(7), ..sp.request() },
        AuthnRequest { protocol_binding: Some(binding::ARTIFACT.to_owned()), ..url("https://sp.example/saml/acs") },
        AuthnRequest { protocol_binding: Some(binding::REDIRECT.to_owned()), ..sp.request() },
        AuthnRequest { is_passive: true, ..url("https://evil.test/") },
    ];
    for request in wrong {
        let attack = hub.under_attack();
        let answer = browser.get(&sp.url_of(&request)).await;
        assert!(answer.status == 403 && answer.forms().iter().all(|form| form.value("SAMLResponse").is_none()));
        attack.repelled(&answer).await;
    }
    let told = sp.told(&browser.get(&sp.url_of(&url("https://sp.example/saml/other"))).await).await;
    assert_eq!(told.to, "https://sp.example/saml/other", "control");
}

/// A key of somebody else.
pub fn stranger() -> Arc<SamlKey> {
    let signers = Signers::new(Sealer::new(&Keyring::ephemeral(b"a stranger")));
    let usage = KeyUse::Saml(Alg::ES256);
    let make = replacement(&[], usage, preau_domain::Instant(0), CutOver::Compromised).make.remove(0);
    signers.take(&[signers.row(&SystemIds, &make, &PrivateKey::draw(Alg::ES256), preau_domain::Instant(0))]);
    signers.saml(Alg::ES256, preau_domain::Instant(0)).expect("it is there")
}

/// A signed request, with one thing wrong at a time.
fn twisted(sp: &SamlSp, sound: &str) -> Vec<String> {
    let (before, signature) = sound.split_once("&Signature=").expect("it is signed");
    let (message, rest) = before.split_once("&RelayState=state-of-the-story&").expect("it has a state");
    let other = sp.url();
    let other = other.split_once("SAMLRequest=").and_then(|(_, rest)| rest.split('&').next()).expect("it asks");
    vec![
        sp.url(),
        before.to_owned(),
        sp.signed_url(&sp.request(), &stranger()),
        sound.replace("state-of-the-story", "another-state"),
        format!("{message}&{rest}&Signature={signature}"),
        format!("{sound}&SAMLRequest={other}"),
        format!("/saml/sso?SAMLRequest={other}&{}", &sound["/saml/sso?".len()..]),
        sound.replace("SAMLRequest=", "SAML%52equest="),
        // The same values, encoded anew: what was signed is the bytes.
        sound.replace("%3A%2F%2F", "%3a%2f%2f"),
    ]
}

async fn saml_41_who_must_sign_signs(hub: TestHub) {
    let sp = hub.sp_of(saml_service("sp"), |sp| sp.authn_requests_signed = true);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let sound = sp.signed_url(&sp.request(), &sp.key);
    for url in twisted(&sp, &sound) {
        let attack = hub.under_attack();
        let answer = browser.get(&url).await;
        assert_eq!(answer.status, 400, "{url}");
        attack.repelled(&answer).await;
    }
    assert_eq!(sp.told(&browser.get(&sound).await).await.status(), "Success", "control");
    for (form, status) in [
        (sp.form_of(&sp.request(), None), 400),
        (sp.form_of(&sp.request(), Some(&stranger())), 400),
        (sp.form_of(&sp.request(), Some(&sp.key)), 200),
    ] {
        assert_eq!(browser.submit_once(&form, &[]).await.status, status);
    }
}

async fn saml_42_a_relay_state_is_given_back_and_never_followed(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let with = |state: &str| {
        redirect::encode("/saml/sso", Kind::Request, &sp.request().write(), Some(state), None).expect("it is there")
    };
    for state in ["javascript:alert(1)", "\"><script>alert(1)</script>", "https://evil.test/", "é & ü"] {
        let answer = browser.get(&with(state)).await;
        assert!(!answer.body.contains("<script>alert"), "{state}");
        let told = sp.told(&answer).await;
        assert_eq!((told.relay_state.as_deref(), told.to.as_str()), (Some(state), "https://sp.example/saml/acs"));
    }
    for state in ["x\r\nSet-Cookie: a=1".to_owned(), "x".repeat(10 * 1024)] {
        assert_eq!(browser.get(&with(&state)).await.status, 400);
    }
}

async fn saml_43_only_a_known_service_is_answered(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for issuer in ["https://evil.test/", &format!("{BASE}/saml/metadata"), "https://SP.example/saml/metadata", "app"] {
        let attack = hub.under_attack();
        let answer = browser.get(&sp.url_of(&AuthnRequest { issuer: issuer.to_owned(), ..sp.request() })).await;
        assert_eq!(answer.status, 403, "{issuer}");
        attack.repelled(&answer).await;
    }
    assert_eq!(sp.told(&browser.get(&sp.url()).await).await.status(), "Success", "control");
}

async fn saml_44_who_must_prove_again_does_and_who_must_not_be_asked_is_not(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    let passive = AuthnRequest { is_passive: true, ..sp.request() };
    let told = sp.told(&browser.get(&sp.url_of(&passive)).await).await;
    assert_eq!((told.status(), told.assertion.is_none()), ("NoPassive", true));
    browser.sign_in(&ALICE).at_home().await;
    hub.clock.advance(30);
    let passive = AuthnRequest { is_passive: true, ..sp.request() };
    assert_eq!(sp.told(&browser.get(&sp.url_of(&passive)).await).await.status(), "Success", "control");
    let forced = AuthnRequest { force_authn: true, ..sp.request() };
    let both = AuthnRequest { is_passive: true, ..forced.clone() };
    assert_eq!(sp.told(&browser.get(&sp.url_of(&both)).await).await.status(), "NoPassive");
    let answer = browser.sign_in(&ALICE).through(&sp.url_of(&forced)).await.answer;
    assert_eq!(sp.told(&answer).await.assertion().authn[0].authn_instant, hub.hub.now(), "a new proof");
}

async fn saml_45_a_name_of_another_service_is_never_told(hub: TestHub) {
    let (sp, other) = (hub.sp("sp"), hub.sp("other-sp"));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let policy = |format: Option<&str>, qualifier: Option<&str>| AuthnRequest {
        name_id_policy: Some(NameIdPolicy {
            format: format.map(str::to_owned),
            sp_name_qualifier: qualifier.map(str::to_owned),
            allow_create: true,
        }),
        ..sp.request()
    };
    for request in [
        policy(Some(nameid::PERSISTENT), Some(&other.entity_id)),
        policy(None, Some("https://affiliation.example/")),
        policy(Some(nameid::EMAIL), None),
        policy(Some("urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"), None),
    ] {
        let told = sp.told(&browser.get(&sp.url_of(&request)).await).await;
        assert_eq!((told.status(), told.assertion.is_none()), ("InvalidNameIDPolicy", true));
    }
    let own = policy(Some(nameid::PERSISTENT), Some(&sp.entity_id));
    assert_eq!(sp.told(&browser.get(&sp.url_of(&own)).await).await.status(), "Success", "control");
}

async fn saml_46_nothing_is_claimed_that_did_not_happen(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let asked = |comparison, class: &str| AuthnRequest {
        requested_context: Some(RequestedContext { comparison, classes: vec![class.to_owned()] }),
        ..sp.request()
    };
    for (request, status, class) in [
        (asked(Comparison::Exact, context::REFEDS_MFA), "NoAuthnContext", None),
        (asked(Comparison::Minimum, context::REFEDS_MFA), "NoAuthnContext", None),
        (asked(Comparison::Better, context::PASSWORD_PROTECTED_TRANSPORT), "NoAuthnContext", None),
        (asked(Comparison::Exact, context::PASSWORD), "Success", Some(context::PASSWORD)),
        (asked(Comparison::Minimum, context::PASSWORD), "Success", Some(context::PASSWORD_PROTECTED_TRANSPORT)),
    ] {
        let told = sp.told(&browser.visit(&sp.url_of(&request)).await).await;
        let claimed = told.assertion.as_ref().and_then(|assertion| assertion.authn[0].class.as_deref());
        assert_eq!((told.status(), claimed), (status, class));
    }
}

/// What the log says of the fault of that number.
fn said(hub: &TestHub, incident: &str) -> String {
    hub.log.lines().into_iter().filter(|line| line.contains(incident) && line.contains("\"fault\"")).collect()
}

async fn a_refusal_says_who_asked_and_what_is_wrong_and_where(hub: TestHub) {
    let sp = hub.sp("sp");
    let stranger = AuthnRequest { issuer: "https://stranger.example/sp".to_owned(), ..sp.request() };
    let lost = AuthnRequest { destination: Some("https://elsewhere.example/sso".to_owned()), ..sp.request() };
    let sent = AuthnRequest { acs_url: Some("https://sp.example/other".to_owned()), ..sp.request() };
    let old = AuthnRequest { issue_instant: Instant(hub.hub.now().0 - 3_600_000), ..sp.request() };
    for (request, service, words) in [
        (&stranger, None, "no SAML service is called https://stranger.example/sp"),
        (&lost, Some("sp"), "<Destination>, line 1: it was sent to https://elsewhere.example/sso, and came to"),
        (&old, Some("sp"), "<IssueInstant>, line 1: it was made at "),
        (&sent, Some("sp"), "AssertionConsumerServiceURL https://sp.example/other"),
    ] {
        let answer = hub.browser().get(&sp.url_of(request)).await;
        let line = said(&hub, answer.incident());
        assert!(line.contains(words), "{words}: {line}");
        let events = hub.journal(answer.incident()).await;
        assert_eq!(events[0].service.as_ref().map(|service| service.as_str()), service, "{events:?}");
        assert_eq!(events[0].detail.contains("stranger.example"), service.is_none(), "{events:?}");
    }
    let torn = sp.request().write().replacen("<saml:Issuer", "\n& <saml:Issuer", 1);
    for answer in both_ways(&hub, &torn).await {
        let line = said(&hub, answer.incident());
        assert!(line.contains("a `&` that begins no reference") && line.contains("line 2"), "{line}");
    }
}

async fn a_declaration_of_a_proof_is_met_by_nothing(hub: TestHub) {
    let sp = hub.sp("sp");
    let classes = vec!["urn:declared".to_owned()];
    let asked = AuthnRequest {
        requested_context: Some(RequestedContext { comparison: Comparison::Better, classes }),
        ..sp.request()
    };
    let text = asked.write().replace("AuthnContextClassRef", "AuthnContextDeclRef");
    let query = redirect::encode("/saml/sso", Kind::Request, &text, None, None).expect("it travels");
    let told = sp.told(&hub.browser().get(&query).await).await;
    assert_eq!((told.status(), told.assertion.is_none()), ("NoAuthnContext", true));
}

async fn saml_48_an_identifier_is_repeated_only_if_it_is_one(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for id in ["\"><x", "1abc", "a b", "", "a:b", &"a".repeat(10 * 1024)] {
        let attack = hub.under_attack();
        let answer = browser.get(&sp.url_of(&AuthnRequest { id: id.to_owned(), ..sp.request() })).await;
        assert_eq!(answer.status, 400, "{id:.20}");
        attack.repelled(&answer).await;
    }
    let sound = AuthnRequest { id: "_a-1.B".to_owned(), ..sp.request() };
    let told = sp.told(&browser.get(&sp.url_of(&sound)).await).await;
    assert_eq!(told.response.in_response_to.as_deref(), Some("_a-1.B"), "control");
}

/// Announces a new key of SAML, which takes over in a day; the certificates of the old one and of the new one.
fn announce(hub: &TestHub) -> (PublicKey, PublicKey) {
    let (start, signers) = (hub.hub.now(), &hub.hub.signers);
    let draw = |make: &Make| signers.row(&SystemIds, make, &PrivateKey::draw(make.usage.kind()), start);
    let usage = |make: &&Make| matches!(make.usage, KeyUse::Saml(_));
    let mut rows: Vec<_> = plan(&[], start).make.iter().filter(usage).map(draw).collect();
    let cut_over = CutOver::At(start + Seconds(86_400));
    rows.push(draw(&replacement(&rows, KeyUse::Saml(Alg::ES256), start, cut_over).make[0]));
    signers.take(&rows);
    let certificates = signers.saml_published(start).signing;
    let key = |at: usize| public_key_of(&certificates[at]).expect("a certificate of ours");
    (key(1), key(2))
}

async fn saml_49_old_and_new_key_stand_side_by_side(hub: TestHub) {
    let sp = hub.sp("sp");
    let (old, new) = announce(&hub);
    assert_eq!(hub.saml_keys().await.len(), 3, "RSA, the old key and the new one");
    let by = async |key: &PublicKey| {
        let answer = hub.browser().sign_in(&ALICE).through(&sp.url()).await.answer;
        let told = sp.told(&answer).await;
        let document = preau_keys::xml::Document::parse(told.xml.as_bytes()).expect("a response is read");
        document.verify(preau_saml::names::SAMLP, "Response", std::slice::from_ref(key)).is_ok()
    };
    assert!(by(&old).await && !by(&new).await, "whoever holds the old key alone is answered until the hour");
    hub.clock.advance(86_400);
    assert!(by(&new).await && !by(&old).await, "and after it the new key signs");
    assert_eq!(hub.saml_keys().await.len(), 3, "the old one lingers");
}

async fn a_request_for_somebody_else_is_told_so(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    let own = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await.name().clone();
    let about =
        |value: &str| AuthnRequest { subject: Some(NameId { value: value.to_owned(), ..own.clone() }), ..sp.request() };
    assert_eq!(sp.told(&browser.get(&sp.url_of(&about("somebody"))).await).await.status(), "UnknownPrincipal");
    assert_eq!(sp.told(&browser.get(&sp.url_of(&about(&own.value))).await).await.status(), "Success", "control");
}

async fn a_request_is_for_now_and_for_us(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let now = hub.hub.now();
    let made = |at| AuthnRequest { issue_instant: at, ..sp.request() };
    let sent = |to: &str| AuthnRequest { destination: Some(to.to_owned()), ..sp.request() };
    for (request, status) in [
        (made(now + Seconds(61)), 400),
        (made(now + Seconds(59)), 200),
        (made(now - Seconds(601)), 400),
        (sent("https://evil.test/saml/sso"), 400),
        (sent(&format!("{BASE}/saml/slo")), 400),
        (AuthnRequest { destination: None, ..sp.request() }, 200),
    ] {
        assert_eq!(browser.get(&sp.url_of(&request)).await.status, status);
    }
    let unsaid = AuthnRequest { destination: None, ..sp.request() };
    assert_eq!(browser.get(&sp.signed_url(&unsaid, &sp.key)).await.status, 400, "who signs says where to");
}

async fn whoever_asks_for_our_metadata_again_and_again_costs_one_signature(hub: TestHub) {
    let _keys = hub.sp("sp");
    let read = async || hub.browser().get("/saml/metadata").await.body;
    let first = read().await;
    assert!(first.contains("<ds:SignatureValue>"));
    hub.clock.advance(30);
    assert_eq!(read().await, first, "its identifier and its instants are those of the first");
    hub.clock.advance(31);
    let next = read().await;
    assert_ne!(next, first, "control");
    announce(&hub);
    assert_ne!(read().await, next, "a new key is told at once");
}
