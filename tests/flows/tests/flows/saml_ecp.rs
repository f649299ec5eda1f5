//! ECP: a program that is no browser signs a person in to a service that is open to it.

use preau_domain::{AccountState, Person, Public};
use preau_flows::{ALICE, Answer, BASE, GAELLE, HUGO, NOE, Role, SamlSp, TestHub, saml_service, stories};
use preau_saml::messages::{AuthnRequest, Comparison, RequestedContext};
use preau_saml::metadata::Indexed;
use preau_saml::names::{binding, context, nameid};
use std::time::{Duration, Instant};

stories!(
    a_program_signs_a_person_in,
    a_service_is_open_to_programs_when_it_says_so,
    one_answer_for_every_failure_of_a_program,
    a_program_does_not_hear_sooner_that_a_password_was_right,
    a_program_waits_as_a_person_does,
    a_pupil_has_no_program_unless_it_is_said,
    a_guest_is_proven_here,
    what_a_program_cannot_have_is_told_to_the_service,
    an_answer_for_a_program_goes_to_an_address_of_the_metadata,
    a_browser_is_not_made_to_ask_for_a_password,
    a_program_that_must_sign_signs,
);

const THERE: &str = "https://sp.example/saml/paos";

/// A service that is open to programs of these publics.
fn open(hub: &TestHub, publics: &[Public]) -> SamlSp {
    open_with(hub, publics, false)
}

fn open_with(hub: &TestHub, publics: &[Public], signs: bool) -> SamlSp {
    let mut service = saml_service("sp");
    service.saml.as_mut().expect("a service of SAML").ecp = publics.to_vec();
    hub.sp_of(service, |sp| {
        sp.authn_requests_signed = signs;
        let location = THERE.to_owned();
        sp.acs.push(Indexed { index: 9, default: None, binding: binding::PAOS.to_owned(), location });
    })
}

fn asks(sp: &SamlSp) -> AuthnRequest {
    let binding = Some(binding::PAOS.to_owned());
    AuthnRequest { destination: Some(format!("{BASE}/saml/ecp")), protocol_binding: binding, ..sp.request() }
}

/// What a program of somebody is answered.
async fn tried(hub: &TestHub, sp: &SamlSp, who: &Role) -> Answer {
    hub.program(&asks(sp).write(), Some((who.login, who.password))).await
}

async fn a_program_signs_a_person_in(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    let answer = tried(&hub, &sp, &ALICE).await;
    assert!(answer.status == 200 && answer.header("content-type").starts_with("text/xml"), "{}", answer.body);
    let told = sp.told_in_envelope(&answer).await;
    assert_eq!((told.to.as_str(), told.response.destination.as_deref()), (THERE, Some(THERE)));
    assert_eq!(told.values("displayName"), ["Alice Martin"]);
    assert_eq!(told.name().format.as_deref(), Some(nameid::PERSISTENT));
    assert_eq!(told.assertion().authn[0].class.as_deref(), Some(context::PASSWORD_PROTECTED_TRANSPORT));
    assert!(answer.cookies().is_empty(), "no session begins: {:?}", answer.cookies());
    let bare = hub.program(&asks(&sp).write(), None).await;
    assert_eq!(
        (bare.status.as_u16(), bare.header("www-authenticate")),
        (401, "Basic realm=\"SAML\", charset=\"UTF-8\"")
    );
    let published = hub.browser().get("/saml/metadata").await.body;
    assert!(published.contains(&format!("Binding=\"{}\" Location=\"{BASE}/saml/ecp\"", binding::SOAP)));
}

async fn a_service_is_open_to_programs_when_it_says_so(hub: TestHub) {
    let closed = open(&hub, &[]);
    let answer = tried(&hub, &closed, &ALICE).await;
    assert!(answer.status == 400 && answer.body.contains("Fault") && !answer.body.contains("Assertion"));
    assert_eq!(hub.directory.asked(), 0, "nobody's password was looked at");
    let sp = open(&hub, &[Public::Staff]);
    assert_eq!(tried(&hub, &sp, &ALICE).await.status, 200, "control");
}

/// What can be told apart of an answer.
fn seen(answer: &Answer) -> (u16, String, Vec<String>) {
    let skip = ["x-correlation-id"];
    let names = answer.headers.iter().filter(|(name, _)| !skip.contains(&name.as_str()));
    (answer.status.as_u16(), answer.body.clone(), names.map(|(name, value)| format!("{name}: {value:?}")).collect())
}

async fn one_answer_for_every_failure_of_a_program(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    hub.put(Person { state: AccountState::Suspended, ..HUGO.person() }).await;
    let unknown = Role { login: "nobody.atall", ..ALICE };
    let wrong = Role { password: "not-it", ..ALICE };
    let empty = Role { password: "", ..ALICE };
    let first = seen(&tried(&hub, &sp, &unknown).await);
    assert_eq!(first.0, 401);
    for who in [wrong, HUGO, NOE, empty] {
        assert_eq!(seen(&tried(&hub, &sp, &who).await), first, "{}", who.login);
    }
    hub.clock.advance(2);
    assert_eq!(tried(&hub, &sp, &ALICE).await.status, 200, "control");
}

async fn a_program_does_not_hear_sooner_that_a_password_was_right(hub: TestHub) {
    const KEPT_BACK: Duration = Duration::from_secs(2);
    let sp = open(&hub, &[Public::Staff]);
    hub.directory.add("pas.encore", "bon-mot-de-passe", "key-of-nobody-here");
    hub.directory.keep_back(KEPT_BACK);
    let new = Role { login: "pas.encore", password: "bon-mot-de-passe", ..ALICE };
    let wrong = Role { password: "not-it", ..NOE };
    for who in [NOE, new, wrong] {
        let began = Instant::now();
        assert_eq!(tried(&hub, &sp, &who).await.status, 401, "{}", who.login);
        assert!(began.elapsed() >= KEPT_BACK, "{} after {:?}", who.login, began.elapsed());
        hub.clock.advance(2);
    }
    let began = Instant::now();
    assert_eq!(tried(&hub, &sp, &ALICE).await.status, 200);
    assert!(began.elapsed() < KEPT_BACK, "control: whoever is let in waits for nothing");
}

async fn a_program_waits_as_a_person_does(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    let wrong = Role { password: "not-it", ..ALICE };
    assert_eq!(tried(&hub, &sp, &wrong).await.status, 401);
    let soon = tried(&hub, &sp, &ALICE).await;
    assert_eq!((soon.status.as_u16(), soon.header("retry-after")), (429, "1"));
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    assert_eq!(browser.try_password(&page, ALICE.login, ALICE.password).await.status, 429, "one counter for both");
    hub.clock.advance(2);
    assert_eq!(tried(&hub, &sp, &ALICE).await.status, 200, "control");
}

async fn a_pupil_has_no_program_unless_it_is_said(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    assert_eq!(tried(&hub, &sp, &NOE).await.status, 401);
    // Who is a pupil somewhere is a pupil, whatever else they are.
    let mut both = NOE.person();
    both.affiliations.extend(ALICE.person().affiliations);
    hub.put(both).await;
    hub.clock.advance(5);
    assert_eq!(tried(&hub, &sp, &NOE).await.status, 401);
    let sp = open(&hub, &[Public::Staff, Public::Pupil]);
    hub.clock.advance(5);
    assert_eq!(tried(&hub, &sp, &NOE).await.status, 200, "control");
}

async fn a_guest_is_proven_here(hub: TestHub) {
    let sp = open(&hub, &[Public::Guest]);
    assert_eq!(sp.told_in_envelope(&tried(&hub, &sp, &GAELLE).await).await.values("displayName"), ["Gaëlle Riou"]);
    assert_eq!(tried(&hub, &sp, &ALICE).await.status, 401, "she is no guest");
}

async fn what_a_program_cannot_have_is_told_to_the_service(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    let classes = vec![context::REFEDS_MFA.to_owned()];
    let more = RequestedContext { comparison: Comparison::Exact, classes };
    let request = AuthnRequest { requested_context: Some(more), ..asks(&sp) };
    let answer = hub.program(&request.write(), Some((ALICE.login, ALICE.password))).await;
    let told = sp.told_in_envelope(&answer).await;
    assert_eq!((told.status(), told.assertion.is_none()), ("NoAuthnContext", true), "a password is no second factor");
    let mut strict = saml_service("sp");
    strict.saml.as_mut().expect("it is there").ecp = vec![Public::Staff];
    strict.audience.allow[0].profiles = vec![preau_domain::Profile::Head];
    let location = THERE.to_owned();
    let paos = Indexed { index: 9, default: None, binding: binding::PAOS.to_owned(), location };
    let sp = hub.sp_of(strict, |sp| sp.acs.push(paos));
    let told = sp.told_in_envelope(&tried(&hub, &sp, &ALICE).await).await;
    assert_eq!((told.status(), told.assertion.is_none()), ("RequestDenied", true));
    assert_eq!(sp.told_in_envelope(&tried(&hub, &sp, &HUGO).await).await.status(), "Success", "control");
}

async fn an_answer_for_a_program_goes_to_an_address_of_the_metadata(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    let url = |url: &str| AuthnRequest { acs_url: Some(url.to_owned()), ..asks(&sp) };
    let post = Some(binding::POST.to_owned());
    for request in [
        url("https://evil.test/"),
        url("https://sp.example/saml/acs"),
        AuthnRequest { protocol_binding: post, ..asks(&sp) },
        AuthnRequest { destination: Some("https://evil.test/".to_owned()), ..asks(&sp) },
        AuthnRequest { issuer: "https://evil.test/".to_owned(), ..asks(&sp) },
    ] {
        let answer = hub.program(&request.write(), Some((ALICE.login, ALICE.password))).await;
        assert!(answer.status == 400 && !answer.body.contains("Assertion"), "{}", answer.body);
    }
    assert_eq!(hub.directory.asked(), 0, "nobody's password was looked at");
    let sound = hub.program(&url(THERE).write(), Some((ALICE.login, ALICE.password))).await;
    assert_eq!(sp.told_in_envelope(&sound).await.to, THERE, "control");
    // At the door of browsers an address for programs is none.
    let asked = AuthnRequest { acs_url: Some(THERE.to_owned()), ..sp.request() };
    assert_eq!(hub.browser().get(&sp.url_of(&asked)).await.status, 403);
}

async fn a_browser_is_not_made_to_ask_for_a_password(hub: TestHub) {
    let sp = open(&hub, &[Public::Staff]);
    let body = preau_saml::messages::soap::envelope(&asks(&sp).write());
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let headers = [("content-type", kind)];
        let answer = hub.browser().send(http::Method::POST, "/saml/ecp", &headers, Some(body.as_bytes())).await;
        assert!(answer.status == 400 && answer.header("www-authenticate").is_empty(), "{kind}");
    }
    assert_eq!(hub.program(&asks(&sp).write(), None).await.status, 401, "control");
}

async fn a_program_that_must_sign_signs(hub: TestHub) {
    let sp = open_with(&hub, &[Public::Staff], true);
    let password = Some((ALICE.login, ALICE.password));
    assert_eq!(hub.program(&asks(&sp).write(), password).await.status, 400);
    let signed = sp.signed_request(&asks(&sp));
    assert_eq!(hub.program(&signed.replace("PAOS", "SOAP"), password).await.status, 400);
    assert_eq!(hub.program(&signed, password).await.status, 200, "control");
}
