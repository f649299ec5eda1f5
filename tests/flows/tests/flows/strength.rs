//! What a proof must be: a service that is not content with any proof is given one that satisfies it, or is told so; nobody is asked for what
//! would not.

use crate::upstream::come_in;
use preau_authenticator::{Authenticator, Said};
use preau_domain::{Population, Profile};
use preau_flows::{
    ALICE, Answer, Arrival, Browser, Form, NOE, Provider, Role, TestHub, authenticator, code_of, stories,
};
use preau_saml::messages::{AuthnRequest, Comparison, RequestedContext};
use serde_json::json;

stories!(
    a_passkey_is_asked_for_where_a_code_will_not_do,
    no_passkey_is_taken_where_a_password_is_insisted_on,
    a_code_is_not_asked_for_where_it_makes_no_two_factors,
    a_service_of_cas_asks_for_two_factors_and_hears_of_them,
    a_service_of_cas_that_asks_in_vain_gets_nothing,
    a_rule_asks_two_factors_at_every_door,
    a_rule_asks_two_factors_of_whom_it_names,
    nobody_is_asked_where_nothing_may_be_shown,
    a_password_typed_for_a_ticket_is_new_after_the_second_factor_too,
);

const TWO_FACTORS: &str = "https://refeds.org/profile/mfa";
const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const ASKED: &str = "Confirmez que c’est bien vous";

/// Somebody signed in at home, who has an application; its secret.
async fn with_codes(hub: &TestHub, who: &Role) -> (Browser, String) {
    let mut browser = hub.browser();
    browser.sign_in(who).at_home().await;
    let secret = add_codes(hub, &mut browser).await;
    (browser, secret)
}

async fn add_codes(hub: &TestHub, browser: &mut Browser) -> String {
    let page = browser.get("/account/codes/new").await;
    let (_, rest) = page.body.split_once("<code>").expect("a secret is shown");
    let secret = rest.split('<').next().unwrap_or_default().replace(' ', "");
    let code = code_of(&secret, hub.hub.now());
    let paper = browser.submit_once(&page.form_with("code"), &[("code", &code), ("name", "Téléphone")]).await;
    assert_eq!(paper.status, 200, "{}", paper.words());
    hub.clock.advance(60);
    secret
}

async fn type_code(hub: &TestHub, browser: &mut Browser, page: &Answer, secret: &str) -> Answer {
    browser.submit_once(&page.form_with("code"), &[("code", &code_of(secret, hub.hub.now()))]).await
}

/// A passkey of somebody, made in a session of its own.
async fn with_passkey(hub: &TestHub, who: &Role) -> (Browser, Authenticator) {
    let (mut browser, mut device) = (hub.browser(), authenticator());
    browser.sign_in(who).at_home().await;
    assert_eq!(browser.add_passkey(&mut device, &Said::default()).await.location(), Some("/account"));
    (browser, device)
}

fn insisting(class: &str) -> Vec<(&'static str, String)> {
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": class } } });
    vec![("claims", claims.to_string())]
}

fn url_insisting(hub: &TestHub, class: &str) -> String {
    let more = insisting(class);
    let more: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    hub.rp("rp").url_with(&more)
}

fn two_factors_of_teachers(hub: &TestHub, service: &str) {
    let teachers = Population { profiles: vec![Profile::Teacher], ..Population::default() };
    hub.amend(service, |service| service.audience.two_factors = vec![teachers]);
}

async fn a_passkey_is_asked_for_where_a_code_will_not_do(hub: TestHub) {
    let (mut alice, mut device) = with_passkey(&hub, &ALICE).await;
    let page = alice.visit("/account/codes/new").await;
    alice.prove_passkey(&page, &mut device, &Said::default()).await;
    let secret = add_codes(&hub, &mut alice).await;
    let mut other = hub.browser();
    let page = other.sign_in(&ALICE).through(&url_insisting(&hub, TWO_FACTORS)).await.answer;
    type_code(&hub, &mut other, &page, &secret).await.code();
    let page = other.visit(&url_insisting(&hub, "phr")).await;
    assert!(page.words().contains(ASKED) && page.forms().iter().all(|form| form.value("code").is_none()));
    hub.clock.advance(60);
    let form = page.form_with("answer");
    let (forged, shown) =
        (Form { action: form.action.replace("/passkey", "/code"), ..form }, code_of(&secret, hub.hub.now()));
    let typed = other.submit_once(&forged, &[("code", &shown)]).await;
    assert!(typed.location().is_some_and(|to| to.starts_with("/sign-in/")), "a code is not taken: {}", typed.status);
    let rp = hub.rp("rp");
    let code = other.prove_passkey(&page, &mut device, &Said::default()).await.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["pwd", "pop", "user", "mfa"])));
}

/// What most libraries of SAML ask for by default.
fn insisting_on_a_password(hub: &TestHub) -> AuthnRequest {
    let mut request = hub.sp("sp").request();
    let (comparison, classes) = (Comparison::Exact, vec![PASSWORD.to_owned()]);
    request.requested_context = Some(RequestedContext { comparison, classes });
    request
}

async fn no_passkey_is_taken_where_a_password_is_insisted_on(hub: TestHub) {
    let (_, mut device) = with_passkey(&hub, &ALICE).await;
    let sp = hub.sp("sp");
    let mut control = hub.browser();
    let page = control.visit(&sp.url_of(&sp.request())).await;
    let taken = control.prove_passkey(&page, &mut device, &Said::default()).await;
    assert_eq!(sp.told(&taken).await.assertion().authn[0].class.as_deref(), Some(TWO_FACTORS), "control");
    let request = insisting_on_a_password(&hub);
    // Also in the session of the passkey.
    for (mut browser, n) in [(hub.browser(), "a"), (control, "b")] {
        let request = AuthnRequest { id: format!("{}{n}", request.id), ..request.clone() };
        let page = browser.password_page(&sp.url_of(&request), &ALICE).await;
        assert!(page.passkey_asked().is_none() && !page.body.contains("webauthn"), "nothing but a password is offered");
        let form = page.form_with("password");
        let forged = form.action.replace("/password", "/passkey");
        let posted = Form { action: forged, ..form.clone() };
        let refused = browser.submit_once(&posted, &[("challenge", "x"), ("answer", "x")]).await;
        assert!(refused.location().is_some_and(|to| to.starts_with("/sign-in/")), "{}", refused.status);
        let answer = browser.try_password(&page, ALICE.login, ALICE.password).await;
        assert_eq!(sp.told(&answer).await.assertion().authn[0].class.as_deref(), Some(PASSWORD));
    }
}

async fn a_code_is_not_asked_for_where_it_makes_no_two_factors(hub: TestHub) {
    let (mut alice, secret) = with_codes(&hub, &ALICE).await;
    let provider = Provider::start().await;
    let there = provider.serves_staff(&hub, "").await;
    let mut vouched = there.browser();
    come_in(&there, &provider, &mut vouched, |_| {}).await;
    let refused = vouched.visit(&url_insisting(&there, TWO_FACTORS)).await;
    assert_eq!(refused.told("error"), "unmet_authentication_requirements", "at once: {}", refused.words());
    let page = alice.visit(&url_insisting(&hub, TWO_FACTORS)).await;
    assert!(!type_code(&hub, &mut alice, &page, &secret).await.code().is_empty(), "control: beside a password it does");
    hub.clock.advance(60);
    let mut device = authenticator();
    alice.add_passkey(&mut device, &Said::default()).await;
    let page = vouched.visit(&url_insisting(&there, TWO_FACTORS)).await;
    assert!(page.words().contains(ASKED) && page.forms().iter().all(|form| form.value("code").is_none()));
    let code = vouched.prove_passkey(&page, &mut device, &Said::default()).await.code();
    let rp = there.rp("rp");
    assert_eq!(rp.claims(rp.redeem(&code).await.text("id_token")).await["acr"], TWO_FACTORS);
}

async fn a_service_of_cas_asks_for_two_factors_and_hears_of_them(hub: TestHub) {
    let (mut alice, mut device) = with_passkey(&hub, &ALICE).await;
    let app = hub.app("app");
    let plain = alice.open(&app).await.ticket();
    assert_eq!(app.validate(&plain).await.attribute("authnContextClass"), <[String; 0]>::default(), "nobody asked");
    for class in [TWO_FACTORS, "phr"] {
        let asks = app.login_with(&[("authnContext", class)]);
        let mut browser = hub.browser();
        let page = browser.sign_in(&ALICE).through(&asks).await.answer;
        assert!(page.words().contains(ASKED) && !browser.signed_in(), "{}", page.words());
        let opened = browser.prove_passkey(&page, &mut device, &Said::default()).await;
        let ticket = Arrival { answer: opened }.ticket();
        assert_eq!(app.validate(&ticket).await.attribute("authnContextClass"), [class.to_owned()]);
        let again = browser.visit(&asks).await;
        let json = app.validate_json(&Arrival { answer: again }.ticket()).await;
        let told = &json["serviceResponse"]["authenticationSuccess"]["attributes"]["authnContextClass"];
        assert_eq!(told, class, "in a session that is enough nobody is asked");
    }
    let page = alice.visit(&app.login_with(&[("authnContext", TWO_FACTORS)])).await;
    assert!(page.words().contains(ASKED), "a session of a password alone is not enough");
}

async fn a_service_of_cas_that_asks_in_vain_gets_nothing(hub: TestHub) {
    let (app, mut noe) = (hub.app("app"), hub.browser());
    let asks = app.login_with(&[("authnContext", TWO_FACTORS)]);
    let refused = noe.sign_in(&NOE).through(&asks).await.answer;
    assert_eq!(refused.status, 403, "he has no second factor: {}", refused.words());
    assert!(refused.words().contains("demande un second facteur"), "{}", refused.words());
    assert_eq!(noe.visit(&asks).await.status, 403);
    let gateway = app.login_with(&[("authnContext", TWO_FACTORS), ("gateway", "true")]);
    assert_eq!(noe.get(&gateway).await.location(), Some(app.service.as_str()), "back without a ticket");
    let unknown = noe.get(&app.login_with(&[("authnContext", "urn:mace:incommon:iap:silver")])).await;
    assert_eq!((unknown.status.as_u16(), unknown.location()), (400, None), "nobody believes that it was heard");
    assert!(noe.open(&app).await.some_ticket().is_some(), "control");
}

async fn a_rule_asks_two_factors_at_every_door(hub: TestHub) {
    let (mut alice, mut device) = with_passkey(&hub, &ALICE).await;
    let (app, rp, sp) = (hub.app("app"), hub.rp("rp"), hub.sp("sp"));
    let doors = [app.login_url(), rp.url(), sp.url_of(&sp.request()), "/open/app".to_owned()];
    assert!(alice.open(&app).await.some_ticket().is_some(), "control: one factor is enough");
    ["app", "rp", "sp"].into_iter().for_each(|service| two_factors_of_teachers(&hub, service));
    for (n, door) in doors.iter().enumerate() {
        let (mut open, mut fresh) = (hub.browser(), hub.browser());
        open.sign_in(&ALICE).at_home().await;
        let asked = open.visit(door).await;
        assert!(asked.words().contains(ASKED), "{door}, in a session: {}", asked.words());
        let page = if n == 2 {
            asked
        } else {
            let page = fresh.sign_in(&ALICE).through(door).await.answer;
            assert!(page.words().contains(ASKED), "{door}, without one: {}", page.words());
            open = fresh;
            page
        };
        let answer = open.prove_passkey(&page, &mut device, &Said::default()).await;
        match n {
            0 => assert!(Arrival { answer }.some_ticket().is_some()),
            1 => assert!(!answer.code().is_empty()),
            2 => assert_eq!(sp.told(&answer).await.assertion().authn[0].class.as_deref(), Some(TWO_FACTORS)),
            _ => assert_eq!(answer.location(), Some("/open/app")),
        }
    }
}

async fn a_rule_asks_two_factors_of_whom_it_names(hub: TestHub) {
    let app = hub.app("app");
    two_factors_of_teachers(&hub, "app");
    let (mut alice, mut noe) = (hub.browser(), hub.browser());
    let refused = alice.sign_in(&ALICE).to(&app).await;
    assert_eq!(
        (refused.answer.status.as_u16(), refused.some_ticket()),
        (403, None),
        "a teacher without a second factor"
    );
    assert!(refused.answer.words().contains("demande un second facteur"), "{}", refused.answer.words());
    assert!(alice.visit("/").await.has_link("Cahier de textes"), "the tile is there");
    assert!(noe.sign_in(&NOE).to(&app).await.some_ticket().is_some(), "a pupil is not asked");
}

async fn nobody_is_asked_where_nothing_may_be_shown(hub: TestHub) {
    let (mut alice, _) = with_passkey(&hub, &ALICE).await;
    let (app, rp, sp) = (hub.app("app"), hub.rp("rp"), hub.sp("sp"));
    ["app", "rp", "sp"].into_iter().for_each(|service| two_factors_of_teachers(&hub, service));
    let gateway = alice.get(&app.login_with(&[("gateway", "true")])).await;
    assert_eq!(gateway.location(), Some(app.service.as_str()));
    let silent = alice.get(&rp.url_with(&[("prompt", "none")])).await;
    assert_eq!(silent.told("error"), "interaction_required");
    let passive = AuthnRequest { is_passive: true, ..sp.request() };
    assert_eq!(sp.told(&alice.get(&sp.url_of(&passive)).await).await.status(), "NoPassive");
}

async fn a_password_typed_for_a_ticket_is_new_after_the_second_factor_too(hub: TestHub) {
    let (mut alice, mut device) = with_passkey(&hub, &ALICE).await;
    two_factors_of_teachers(&hub, "app");
    let app = hub.app("app");
    hub.clock.advance(60);
    let page = alice.password_page(&app.login_with(&[("renew", "true")]), &ALICE).await;
    let half = alice.try_password(&page, ALICE.login, ALICE.password).await;
    let page = alice.visit(half.location().expect("a second factor is asked for")).await;
    hub.clock.advance(60);
    let opened = alice.prove_passkey(&page, &mut device, &Said::default()).await;
    let ticket = Arrival { answer: opened }.ticket();
    let renewed = app.validate_at("p3/serviceValidate", &ticket, &[("renew", "true")]).await;
    assert_eq!(renewed.user(), Some(ALICE.login), "{renewed:?}");
    let ticket = alice.open(&app).await.ticket();
    let old = app.validate_at("p3/serviceValidate", &ticket, &[("renew", "true")]).await;
    assert_eq!(old.code(), Some("INVALID_TICKET"), "control: nobody typed anything for this one");
}
