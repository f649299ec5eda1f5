//! Services of SAML that hear of the end of a session by a form alone: the browser makes a round of them, and what they answer is
//! read.

use preau_domain::{Instant, Seconds, ServiceId, SessionId, Visit};
use preau_flows::{ALICE, Answer, Browser, Form, Listener, SamlSp, TestHub, form_to, heard, saml_service, stories};
use preau_keys::xml::Document;
use preau_saml::bindings::redirect;
use preau_saml::messages::{LogoutRequest, LogoutResponse, Status, soap};
use preau_saml::names::{SAMLP, binding, status};

stories!(
    the_browser_makes_a_round_of_services_that_hear_by_a_form,
    a_round_is_made_though_another_service_cannot_be_told,
    a_round_that_cas_begins_ends_where_cas_leads,
    a_person_reads_that_a_service_did_not_confirm,
    a_service_that_ends_a_session_hears_whether_others_confirmed,
    an_answer_that_is_not_believed_does_not_end_a_round,
    an_answer_in_an_address_that_cannot_be_read_does_not_end_a_round,
    the_service_that_asked_hears_that_another_was_not_believed,
    a_round_is_gone_once,
    an_answer_in_a_frame_is_read_too,
    an_answer_in_a_frame_is_counted,
    an_answer_in_a_frame_is_of_that_service_and_that_end,
    an_answer_by_soap_is_read,
);

/// A service that hears by a form and in no other way.
fn by_form(hub: &TestHub, id: &str) -> SamlSp {
    let there = format!("https://{id}.example/saml/slo");
    hub.sp_of(saml_service(id), |sp| sp.slo = vec![heard(binding::POST, there)])
}

/// Signs in to each of the services.
async fn inside(hub: &TestHub, services: &[&SamlSp]) -> Browser {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for sp in services {
        assert_eq!(sp.told(&browser.get(&sp.url()).await).await.status(), "Success");
    }
    browser
}

/// What the browser posts to a service: believed, with the state that goes with it.
async fn told(hub: &TestHub, sp: &SamlSp, page: &Answer) -> (LogoutRequest, String) {
    let form = page.form_with("SAMLRequest");
    assert_eq!(form.action, format!("https://{}.example/saml/slo", sp.id));
    let document =
        preau_saml::bindings::post::decode(form.value("SAMLRequest").expect("it is there")).expect("a request");
    let believed = document.verify(SAMLP, "LogoutRequest", &hub.saml_keys().await).expect("signed by us");
    let request = LogoutRequest::read(believed.element()).expect("a request");
    assert_eq!(request.destination.as_ref(), Some(&form.action));
    (request, form.value("RelayState").expect("a state").to_owned())
}

/// The form by which a service answers.
fn answers(sp: &SamlSp, response: &LogoutResponse, state: &str) -> Form {
    let mut form = form_to("/saml/slo", "SAMLResponse", &sp.signed_answer(response));
    form.fields[1].1 = state.to_owned();
    form
}

async fn the_browser_makes_a_round_of_services_that_hear_by_a_form(hub: TestHub) {
    let (one, two) = (by_form(&hub, "one"), by_form(&hub, "two"));
    let mut browser = inside(&hub, &[&one, &two]).await;
    let page = browser.sign_out().await;
    assert!(!browser.signed_in(), "it is over here before anybody answers");
    assert!(page.body.contains("<button"), "without a script there is a button");
    let (request, state) = told(&hub, &one, &page).await;
    let page = browser.submit(&answers(&one, &one.logout_answer(&request, Status::success()), &state), &[]).await;
    let (request, state) = told(&hub, &two, &page).await;
    let page = browser.submit(&answers(&two, &two.logout_answer(&request, Status::success()), &state), &[]).await;
    assert!(page.status == 200 && page.words().contains("tout est fermé"), "{}", page.words());
}

async fn a_round_is_made_though_another_service_cannot_be_told(hub: TestHub) {
    let sp = by_form(&hub, "one");
    let rp = hub.rp_with("rp", |oidc| (oidc.backchannel_logout_uri, oidc.frontchannel_logout_uri) = (None, None));
    let mut browser = inside(&hub, &[&sp]).await;
    assert!(browser.visit(&rp.url()).await.location().is_some(), "it opens");
    let page = browser.sign_out().await;
    let (request, state) = told(&hub, &sp, &page).await;
    let page = browser.submit(&answers(&sp, &sp.logout_answer(&request, Status::success()), &state), &[]).await;
    assert!(page.words().contains("ne se ferme pas d’ici"), "{}", page.words());
    let odd = browser.get(&format!("{}&unsure=nobody,%3Cb%3E,one", page.url)).await.words();
    assert!(odd.contains("encore ouverts : rp, one.") && !odd.contains("nobody"), "where they had been alone: {odd}");
    let inside = inside(&hub, &[]).await.get(&page.url).await;
    assert_eq!(inside.location(), Some("/"), "nobody who is signed in reads that it is over");
}

async fn a_round_that_cas_begins_ends_where_cas_leads(hub: TestHub) {
    let (sp, out) = (by_form(&hub, "one"), "/cas/logout?service=https%3A%2F%2Fapp.example%2Fcas%2F");
    let mut browser = inside(&hub, &[&sp]).await;
    let page = browser.visit(out).await;
    assert!(!browser.signed_in(), "it is over here before anybody answers");
    let (request, state) = told(&hub, &sp, &page).await;
    let page = browser.submit(&answers(&sp, &sp.logout_answer(&request, Status::success()), &state), &[]).await;
    assert_eq!(page.location(), Some("https://app.example/cas/"), "{}", page.words());
    let page = inside(&hub, &[]).await.visit(out).await;
    assert_eq!(page.location(), Some("https://app.example/cas/"), "control: nobody is left to tell");
}

async fn a_person_reads_that_a_service_did_not_confirm(hub: TestHub) {
    let sp = by_form(&hub, "one");
    for (status, confirmed) in [
        (Status::success(), true),
        (Status::failure(status::SUCCESS, status::PARTIAL_LOGOUT), false),
        (Status::failure(status::RESPONDER, status::PARTIAL_LOGOUT), false),
        (Status::failure(status::REQUESTER, status::REQUEST_DENIED), false),
        (Status::failure(status::REQUESTER, status::UNKNOWN_PRINCIPAL), true),
    ] {
        let mut browser = inside(&hub, &[&sp]).await;
        let page = browser.sign_out().await;
        let (request, state) = told(&hub, &sp, &page).await;
        let page = browser.submit(&answers(&sp, &sp.logout_answer(&request, status.clone()), &state), &[]).await;
        assert_eq!(
            page.words().contains("ne dit pas s’il a fermé la sienne"),
            !confirmed,
            "{status:?} {}",
            page.words()
        );
    }
}

async fn a_service_that_ends_a_session_hears_whether_others_confirmed(hub: TestHub) {
    let (sp, other) = (hub.sp("sp"), by_form(&hub, "other"));
    for confirms in [true, false] {
        let mut browser = inside(&hub, &[&other]).await;
        let said = sp.told(&browser.get(&sp.url()).await).await;
        let page = browser.visit(&sp.logout_url(&sp.logout(&said), Some(&sp.key))).await;
        assert!(!browser.signed_in());
        let (request, state) = told(&hub, &other, &page).await;
        let status =
            if confirms { Status::success() } else { Status::failure(status::RESPONDER, status::PARTIAL_LOGOUT) };
        let mut page = browser.submit(&answers(&other, &other.logout_answer(&request, status), &state), &[]).await;
        if !confirms {
            assert!(page.words().contains("n’a pas confirmé"), "{}", page.words());
            page = browser.visit(&page.link("Continuer").expect("the way on")).await;
        }
        let to = page.location().unwrap_or_else(|| panic!("{}", page.words())).to_owned();
        let received = redirect::Received::read(to.split_once('?').expect("it is there").1).expect("an answer");
        let read = LogoutResponse::read(received.verified(&hub.saml_keys().await).expect("signed")).expect("an answer");
        assert_eq!(read.status.is_success() && read.status.sub.is_none(), confirms, "{:?}", read.status);
    }
}

/// A sound answer with one thing wrong at a time.
fn twisted(hub: &TestHub, sound: &LogoutResponse) -> Vec<LogoutResponse> {
    let id = |id: Option<String>| LogoutResponse { in_response_to: id, ..sound.clone() };
    let drawn = sound.in_response_to.as_ref().map(|id| id[..33].to_owned());
    let to =
        |destination: Option<&str>| LogoutResponse { destination: destination.map(str::to_owned), ..sound.clone() };
    let old = LogoutResponse { issue_instant: hub.hub.now() - Seconds(601), ..sound.clone() };
    let guessed = Some(format!("_{}", "a".repeat(75)));
    vec![id(None), id(guessed), id(drawn), to(None), to(Some("https://evil.test/")), old]
}

async fn an_answer_that_is_not_believed_does_not_end_a_round(hub: TestHub) {
    let (sp, last, other) = (by_form(&hub, "one"), by_form(&hub, "two"), by_form(&hub, "other"));
    for at in 0..10 {
        let mut browser = inside(&hub, &[&sp, &last]).await;
        let page = browser.sign_out().await;
        let (request, state) = told(&hub, &sp, &page).await;
        let sound = sp.logout_answer(&request, Status::success());
        let foreign = LogoutResponse { issuer: Some(other.entity_id.clone()), ..sound.clone() };
        let mut forms: Vec<Form> = twisted(&hub, &sound).iter().map(|one| answers(&sp, one, &state)).collect();
        let mut unsigned = answers(&sp, &sound, &state);
        unsigned.fields[0].1 = form_to("/", "SAMLResponse", &sound.write()).fields[0].1.clone();
        let mut torn = unsigned.clone();
        torn.fields[0].1 = "PHg+".to_owned();
        forms.extend([unsigned, torn, answers(&other, &foreign, &state)]);
        forms.push(answers(&sp, &sound, &state));
        let sure = at + 1 == forms.len();
        let page = browser.submit(&forms[at], &[]).await;
        let (request, state) = told(&hub, &last, &page).await;
        let page = browser.submit(&answers(&last, &last.logout_answer(&request, Status::success()), &state), &[]).await;
        assert_eq!(page.words().contains("ne dit pas s’il a fermé la sienne"), !sure, "{at}: {}", page.words());
        assert_eq!(page.words().contains("tout est fermé"), sure, "{at}: {}", page.words());
    }
}

async fn an_answer_in_an_address_that_cannot_be_read_does_not_end_a_round(hub: TestHub) {
    let (sp, last) = (by_form(&hub, "one"), by_form(&hub, "two"));
    let mut browser = inside(&hub, &[&sp, &last]).await;
    let page = browser.sign_out().await;
    let (_, state) = told(&hub, &sp, &page).await;
    let strange = hub.browser().get("/saml/slo?SAMLResponse=PHg%2B&RelayState=another").await;
    assert_eq!(strange.status, 400, "control: it belongs to no round");
    let page = browser.visit(&format!("/saml/slo?SAMLResponse=PHg%2B&RelayState={state}")).await;
    let (request, state) = told(&hub, &last, &page).await;
    let page = browser.submit(&answers(&last, &last.logout_answer(&request, Status::success()), &state), &[]).await;
    assert!(page.words().contains("mais one, que seul votre navigateur prévient, ne dit pas"), "{}", page.words());
}

async fn the_service_that_asked_hears_that_another_was_not_believed(hub: TestHub) {
    let (sp, other) = (hub.sp("sp"), by_form(&hub, "other"));
    let mut browser = inside(&hub, &[&other]).await;
    let said = sp.told(&browser.get(&sp.url()).await).await;
    let page = browser.visit(&sp.logout_url(&sp.logout(&said), Some(&sp.key))).await;
    let (request, state) = told(&hub, &other, &page).await;
    let mut unsigned = form_to("/saml/slo", "SAMLResponse", &other.logout_answer(&request, Status::success()).write());
    unsigned.fields[1].1 = state;
    let page = browser.submit(&unsigned, &[]).await;
    assert!(page.words().contains("n’a pas confirmé"), "{}", page.words());
    let page = browser.visit(&page.link("Continuer").expect("the way on")).await;
    let to = page.location().expect("the answer").to_owned();
    let received = redirect::Received::read(to.split_once('?').expect("it is there").1).expect("an answer");
    let read = LogoutResponse::read(received.verified(&hub.saml_keys().await).expect("signed")).expect("an answer");
    assert_eq!(read.status.sub.as_deref(), Some(status::PARTIAL_LOGOUT));
}

async fn a_round_is_gone_once(hub: TestHub) {
    let sp = by_form(&hub, "one");
    let mut browser = inside(&hub, &[&sp]).await;
    let page = browser.sign_out().await;
    let (request, state) = told(&hub, &sp, &page).await;
    assert_eq!(hub.browser().get(&format!("/saml/slo/round?at={state}")).await.status, 400, "it waits for an answer");
    let mut browser = inside(&hub, &[&sp]).await;
    let again = browser.sign_out().await;
    let (second, other) = told(&hub, &sp, &again).await;
    assert_ne!(second.id, request.id);
    let answer = |state: &str| answers(&sp, &sp.logout_answer(&request, Status::success()), state);
    assert_eq!(browser.submit(&answer("guessed"), &[]).await.status, 400);
    let crossed = browser.submit(&answer(&other), &[]).await;
    let words = crossed.words();
    assert!(words.contains("ne dit pas s’il a fermé la sienne"), "an answer to the request before: {words}");
    assert_eq!(browser.submit(&answer(&other), &[]).await.status, 400, "it is gone");
    for id in ["", "guessed", &"a".repeat(5_000)] {
        assert_eq!(browser.get(&format!("/saml/slo/round?at={id}")).await.status, 400);
        assert_eq!(browser.get(&format!("/saml/slo/answer?to={id}")).await.status, 400);
    }
}

/// Signs in to these services, and out again: what the frame tells the first of them, and the page.
async fn framed(hub: &TestHub, services: &[&SamlSp]) -> (Browser, LogoutRequest, Answer) {
    let mut browser = inside(hub, services).await;
    let page = browser.sign_out().await;
    let address = format!("https://{}.example/saml/slo?", services[0].id);
    let at = page.body.find(&address).unwrap_or_else(|| panic!("no frame: {}", page.body));
    let frame = page.body[at..].split('"').next().expect("it is there").replace("&#38;", "&").replace("&amp;", "&");
    let received = redirect::Received::read(frame.split_once('?').expect("it is there").1).expect("a request");
    (browser, LogoutRequest::read(received.unverified()).expect("a request"), page)
}

/// The page says what is known when it is asked for; a service that confirmed is not told once more.
async fn an_answer_in_a_frame_is_counted(hub: TestHub) {
    let sp = hub.sp("sp");
    let failure = |code| Status::failure(status::RESPONDER, code);
    for (status, sentence, told_again) in [
        (Some(Status::success()), "tout est fermé, et le service que vous aviez ouvert en est averti.", false),
        (Some(failure(status::UNKNOWN_PRINCIPAL)), "tout est fermé, et le service", false),
        (Some(failure(status::PARTIAL_LOGOUT)), "mais sp n’a pas fermé la sienne", true),
        (None, "mais sp, que seul votre navigateur prévient, ne dit pas s’il a fermé la sienne", true),
    ] {
        let (mut browser, request, page) = framed(&hub, &[&sp]).await;
        assert!(page.words().contains("ne dit pas s’il a fermé la sienne"), "no frame was loaded: {}", page.words());
        if let Some(status) = &status {
            let answer = sp.logout_answer(&request, status.clone());
            assert_eq!(browser.get(&sp.answer_url(&answer, Some(&sp.key))).await.status, 204);
        }
        let again = browser.get(&page.url).await;
        assert!(again.words().contains(sentence), "{status:?}: {}", again.words());
        assert_eq!(again.body.contains("<iframe"), told_again, "{status:?}");
        hub.clock.advance(61);
        let late = browser.get(&page.url).await;
        assert!(late.words().contains(sentence) && !late.body.contains("<iframe"), "what names the person is over");
    }
}

async fn an_answer_in_a_frame_is_of_that_service_and_that_end(hub: TestHub) {
    let (sp, other) = (hub.sp("sp"), hub.sp("other-sp"));
    let (mut browser, request, page) = framed(&hub, &[&sp, &other]).await;
    let (_, elsewhere, theirs) = framed(&hub, &[&other]).await;
    let mut marked = sp.logout_answer(&request, Status::success());
    let id = marked.in_response_to.as_mut().expect("it answers something");
    // The mark of one end under the code of another request.
    id.replace_range(76.., &elsewhere.id[76..]);
    for (sp, answer) in [(&other, other.logout_answer(&request, Status::success())), (&sp, marked)] {
        assert_eq!(browser.get(&sp.answer_url(&answer, Some(&sp.key))).await.status, 400);
    }
    let unsure = browser.get(&page.url).await.words();
    assert!(unsure.contains("ne disent pas s’ils ont fermé la leur : other-sp, sp."), "{unsure}");
    let sound = sp.logout_answer(&request, Status::success());
    assert_eq!(browser.get(&sp.answer_url(&sound, Some(&sp.key))).await.status, 204, "control");
    let one = browser.get(&page.url).await.words();
    assert!(one.contains("mais other-sp, que seul votre navigateur prévient"), "{one}");
    assert!(browser.get(&theirs.url).await.words().contains("mais other-sp, que seul"), "another end is not concerned");
}

async fn an_answer_in_a_frame_is_read_too(hub: TestHub) {
    let sp = hub.sp("sp");
    let (mut browser, request, _) = framed(&hub, &[&sp]).await;
    let sound = sp.logout_answer(&request, Status::success());
    assert_eq!(browser.get(&sp.answer_url(&sound, None)).await.status, 400, "unsigned");
    let guessed = LogoutResponse { in_response_to: Some("_guessed".to_owned()), ..sound.clone() };
    assert_eq!(browser.get(&sp.answer_url(&guessed, Some(&sp.key))).await.status, 400, "to nothing we asked");
    assert_eq!(browser.get(&sp.answer_url(&sound, Some(&sp.key))).await.status, 204, "control");
}

async fn an_answer_by_soap_is_read(hub: TestHub) {
    let mut listener = Listener::start().await;
    let (sp, other) = (hub.sp_at("sp", &listener), hub.sp("other-sp"));
    let mut browser = inside(&hub, &[&sp]).await;
    browser.sign_out().await;
    let envelope = Document::parse(listener.next().await.body.as_bytes()).expect("it is told");
    let request = soap::open(&envelope, &[]).expect("an envelope");
    let request = LogoutRequest::read(request.unverified()).expect("a request");
    let visit = |sp: &SamlSp| Visit {
        session: SessionId::new("over"),
        protocol: "saml".to_owned(),
        service: ServiceId::new(sp.id.clone()),
        notice: String::new(),
        at: Instant(0),
    };
    let protocol = hub.hub.protocol("saml").expect("it is spoken");
    let says = |sp: &SamlSp, xml: &str| {
        let answer = http::Response::new(soap::envelope(xml).into_bytes().into());
        protocol.logout_confirmed(&hub.hub, &visit(sp), &answer)
    };
    let sound = sp.logout_answer(&request, Status::success());
    let failed = sp.logout_answer(&request, Status::failure(status::RESPONDER, status::PARTIAL_LOGOUT));
    let guessed = LogoutResponse { in_response_to: Some("_guessed".to_owned()), ..sound.clone() };
    assert!(says(&sp, &sp.signed_answer(&sound)) && says(&sp, &sound.write()));
    assert!(!says(&sp, &failed.write()) && !says(&sp, &guessed.write()) && !says(&sp, "<html/>"));
    assert!(!says(&other, &sp.signed_answer(&sound)), "another service was asked something else");
    assert!(!says(&sp, &sp.signed_answer(&sound).replace("_over", "_ever").replace("Success", "success")), "changed");
}
