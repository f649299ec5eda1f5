//! The end of a session, as services of SAML ask for it and hear of it.

use preau_flows::{ALICE, Answer, Listener, NOE, SamlSp, TestHub, oidc_service, stories};
use preau_keys::xml::Document;
use preau_saml::bindings::redirect;
use preau_saml::messages::{LogoutRequest, LogoutResponse, soap};
use preau_saml::names::SAMLP;

stories!(
    a_service_ends_the_session_everywhere,
    one_sign_out_reaches_services_of_saml,
    whoever_comes_again_is_on_the_same_visit,
    a_service_that_hears_through_browsers_is_told_in_a_frame,
    a_service_ends_a_session_without_a_browser,
    a_session_that_was_proven_again_is_still_found,
    saml_47_nobody_is_signed_out_by_a_forgery,
    saml_47_a_service_ends_what_it_was_told_of_and_nothing_else,
    saml_47_a_request_that_was_heard_ends_no_later_session,
    without_a_session_every_one_of_the_person_at_the_service_ends,
    a_name_that_lasts_a_session_ends_that_session,
    a_name_that_always_is_theirs_ends_the_session_of_any_day,
);

/// What a service is answered through the browser, believed.
async fn answered(hub: &TestHub, answer: &Answer) -> LogoutResponse {
    let to = answer.location().unwrap_or_else(|| panic!("no way on: {} {}", answer.status, answer.words()));
    let (place, query) = to.split_once('?').expect("an answer in a query");
    assert!(place.ends_with(".example/saml/slo"), "{place}");
    let received = redirect::Received::read(query).expect("an answer is read");
    assert_eq!(received.relay_state.as_deref(), Some("bye"));
    let keys = hub.saml_keys().await;
    LogoutResponse::read(received.verified(&keys).expect("an answer is signed")).expect("an answer is one")
}

async fn a_service_ends_the_session_everywhere(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut listener = Listener::start().await;
    let app = hub.mount_at("heard", &listener);
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    browser.open(&app).await;
    let request = sp.logout(&told);
    let answer = browser.visit(&sp.logout_url(&request, Some(&sp.key))).await;
    let response = answered(&hub, &answer).await;
    assert!(response.status.is_success() && response.in_response_to == Some(request.id));
    assert!(!browser.signed_in() && listener.next().await.field("logoutRequest").contains("SessionIndex"));
}

async fn one_sign_out_reaches_services_of_saml(hub: TestHub) {
    let mut listener = Listener::start().await;
    let sp = hub.sp_at("sp", &listener);
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    browser.sign_out().await;
    let heard = listener.next().await;
    assert!(heard.line.starts_with("POST /slo") && heard.head.to_lowercase().contains("content-type: text/xml"));
    let message = soap::open(&Document::parse(heard.body.as_bytes()).expect("it is there"), &[]).expect("an envelope");
    let believed = message.verify(SAMLP, "LogoutRequest", &hub.saml_keys().await).expect("signed by us");
    let request = LogoutRequest::read(believed.element()).expect("a request");
    assert_eq!(request.name_id.as_ref(), Some(told.name()));
    assert_eq!(request.session_indexes, [told.session()]);
}

async fn whoever_comes_again_is_on_the_same_visit(hub: TestHub) {
    let mut listener = Listener::start().await;
    let (sp, other) = (hub.sp_at("sp", &listener), hub.sp("other"));
    let (mut browser, mut elsewhere) = (hub.browser(), hub.browser());
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    hub.clock.advance(4);
    let again = sp.told(&browser.get(&sp.url()).await).await;
    assert_eq!((again.session(), again.name()), (told.session(), told.name()));
    let apart = other.told(&browser.get(&other.url()).await).await;
    let later = sp.told(&elsewhere.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    assert!(apart.session() != told.session() && later.session() != told.session(), "control: others have their own");
    browser.sign_out().await;
    assert!(listener.next().await.line.starts_with("POST /slo"));
    elsewhere.sign_out().await;
    let heard = listener.next().await.body;
    assert!(heard.contains(later.session()) && !heard.contains(told.session()), "it was told once");
}

async fn a_service_that_hears_through_browsers_is_told_in_a_frame(hub: TestHub) {
    let (sp, rp) = (hub.sp("sp"), hub.rp_of(oidc_service("rp"), |_| {}));
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    browser.get(&rp.url()).await;
    let page = browser.sign_out().await;
    let at = page.body.find("https://sp.example/saml/slo?").unwrap_or_else(|| panic!("no frame: {}", page.body));
    let frame = page.body[at..].split('"').next().expect("it is there").replace("&#38;", "&").replace("&amp;", "&");
    let received = redirect::Received::read(frame.split_once('?').expect("it is there").1).expect("a request");
    let keys = hub.saml_keys().await;
    let request = LogoutRequest::read(received.verified(&keys).expect("signed by us")).expect("a request");
    assert_eq!(request.name_id.as_ref(), Some(told.name()));
}

async fn a_service_ends_a_session_without_a_browser(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let there = format!("{}/saml/slo/soap", preau_flows::BASE);
    let request = LogoutRequest { destination: Some(there), ..sp.logout(&told) };
    let call = async |message: &str| hub.soap("/saml/slo/soap", message).await;
    let refused = call(&request.write(None)).await;
    assert!(refused.status == 400 && refused.body.contains("Fault"), "unsigned: {}", refused.body);
    assert!(browser.get("/").await.body.contains("/sign-out"), "control: still signed in");
    let answer = call(&sp.signed(&request)).await;
    assert!(answer.status == 200 && answer.body.contains("status:Success"), "{}", answer.body);
    hub.clock.advance(4);
    assert!(!browser.get("/").await.body.contains("/sign-out"));
    assert!(call(&sp.signed(&request)).await.body.contains("UnknownPrincipal"), "it is over already");
}

async fn a_session_that_was_proven_again_is_still_found(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    hub.clock.advance(1);
    browser.sign_in(&ALICE).through("/cas/login?service=https://app.example/cas/&renew=true").await;
    let answer = browser.visit(&sp.logout_url(&sp.logout(&told), Some(&sp.key))).await;
    assert!(answered(&hub, &answer).await.status.is_success() && !browser.signed_in());
}

/// Whether somebody is still signed in.
async fn stays(hub: &TestHub, browser: &mut preau_flows::Browser) -> bool {
    hub.clock.advance(4);
    browser.get("/").await.body.contains("/sign-out")
}

async fn saml_47_nobody_is_signed_out_by_a_forgery(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut alice = hub.browser();
    let told = sp.told(&alice.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let sound = sp.logout(&told);
    let signed = |request: &LogoutRequest| sp.logout_url(request, Some(&sp.key));
    let late = LogoutRequest { not_on_or_after: Some(hub.hub.now()), ..sound.clone() };
    let foreign = LogoutRequest { issuer: "https://evil.test/".to_owned(), ..sound.clone() };
    let nowhere = LogoutRequest { destination: None, ..sound.clone() };
    let elsewhere = LogoutRequest { destination: Some("https://evil.test/".to_owned()), ..sound.clone() };
    let old = LogoutRequest { issue_instant: hub.hub.now() - preau_domain::Seconds(601), ..sound.clone() };
    let by_stranger = sp.logout_url(&sound, Some(&crate::saml_door::stranger()));
    let wrong = [late, foreign, nowhere, elsewhere, old].map(|request| signed(&request));
    for url in wrong.into_iter().chain([sp.logout_url(&sound, None), by_stranger]) {
        let answer = alice.get(&url).await;
        assert!(answer.status.is_client_error() && stays(&hub, &mut alice).await, "{}", answer.status);
    }
    assert!(answered(&hub, &alice.visit(&signed(&sound)).await).await.status.is_success(), "control");
    assert!(!stays(&hub, &mut alice).await);
}

async fn saml_47_a_service_ends_what_it_was_told_of_and_nothing_else(hub: TestHub) {
    let (sp, other) = (hub.sp("sp"), hub.sp("other-sp"));
    let (mut alice, mut noe) = (hub.browser(), hub.browser());
    let hers = sp.told(&alice.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let his = sp.told(&noe.sign_in(&NOE).through(&sp.url()).await.answer).await;
    let sound = |sp: &SamlSp| sp.logout(&hers);
    for request in [
        LogoutRequest { name_id: Some(his.name().clone()), ..sound(&sp) },
        LogoutRequest { session_indexes: vec![his.session().to_owned()], ..sound(&sp) },
        LogoutRequest { session_indexes: vec!["guessed".to_owned()], ..sound(&sp) },
        sound(&other),
    ] {
        let answer = alice.get(&sp.logout_url(&request, Some(&sp.key))).await;
        assert!(!answered(&hub, &answer).await.status.is_success());
        assert!(stays(&hub, &mut alice).await && stays(&hub, &mut noe).await);
    }
}

async fn saml_47_a_request_that_was_heard_ends_no_later_session(hub: TestHub) {
    let sp = hub.sp("sp");
    let mut alice = hub.browser();
    let told = sp.told(&alice.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let every = LogoutRequest { session_indexes: Vec::new(), ..sp.logout(&told) };
    let url = sp.logout_url(&every, Some(&sp.key));
    assert!(answered(&hub, &alice.visit(&url).await).await.status.is_success(), "control");
    sp.told(&alice.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let answer = alice.get(&url).await;
    assert!(answer.status.is_client_error() && stays(&hub, &mut alice).await, "{}", answer.status);
}

async fn without_a_session_every_one_of_the_person_at_the_service_ends(hub: TestHub) {
    let (sp, other) = (hub.sp("sp"), hub.sp("other-sp"));
    let (mut desk, mut home, mut phone, mut noe) = (hub.browser(), hub.browser(), hub.browser(), hub.browser());
    let hers = sp.told(&desk.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    sp.told(&home.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    other.told(&phone.sign_in(&ALICE).through(&other.url()).await.answer).await;
    sp.told(&noe.sign_in(&NOE).through(&sp.url()).await.answer).await;
    let there = Some(format!("{}/saml/slo/soap", preau_flows::BASE));
    let all =
        |sp: &SamlSp| LogoutRequest { session_indexes: Vec::new(), destination: there.clone(), ..sp.logout(&hers) };
    // The name another service was given is nobody's there.
    assert!(hub.soap("/saml/slo/soap", &other.signed(&all(&other))).await.body.contains("UnknownPrincipal"));
    let guessed = LogoutRequest { name_id: Some(preau_saml::messages::NameId::default()), ..all(&sp) };
    assert!(!hub.soap("/saml/slo/soap", &sp.signed(&guessed)).await.body.contains("status:Success"));
    assert!(stays(&hub, &mut desk).await && stays(&hub, &mut home).await, "control");
    assert!(hub.soap("/saml/slo/soap", &sp.signed(&all(&sp))).await.body.contains("status:Success"));
    assert!(!stays(&hub, &mut desk).await && !stays(&hub, &mut home).await);
    assert!(stays(&hub, &mut phone).await && stays(&hub, &mut noe).await, "who never came to the service stays");
}

async fn a_name_that_lasts_a_session_ends_that_session(hub: TestHub) {
    let sp = hub.sp_with("sp", |saml| saml.nameid = preau_connector_api::NameIdKind::Transient);
    let (mut desk, mut home) = (hub.browser(), hub.browser());
    let told = sp.told(&desk.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    sp.told(&home.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let request = LogoutRequest { session_indexes: Vec::new(), destination: None, ..sp.logout(&told) };
    assert!(hub.soap("/saml/slo/soap", &sp.signed(&request)).await.body.contains("status:Success"));
    assert!(!stays(&hub, &mut desk).await && stays(&hub, &mut home).await);
}

async fn a_name_that_always_is_theirs_ends_the_session_of_any_day(hub: TestHub) {
    let sp = hub.sp("sp");
    sp.told(&hub.browser().sign_in(&ALICE).through(&sp.url()).await.answer).await;
    // It is remembered from then for thirty days; of two later sessions one begins well within them, one outlasts them.
    for days in [20, 10] {
        hub.clock.advance(days * 86_400 - 3_600);
        let mut desk = hub.browser();
        let told = sp.told(&desk.sign_in(&ALICE).through(&sp.url()).await.answer).await;
        hub.clock.advance(6_900);
        assert!(stays(&hub, &mut desk).await, "control");
        let request = LogoutRequest { session_indexes: Vec::new(), destination: None, ..sp.logout(&told) };
        assert!(hub.soap("/saml/slo/soap", &sp.signed(&request)).await.body.contains("status:Success"));
        assert!(!stays(&hub, &mut desk).await);
    }
}
