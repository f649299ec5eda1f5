//! Devices without a browser: rows OIDC-22, 27, 33 and 35 of the security page. Each attack stands beside the same request
//! without its hostile part.

use preau_authenticator::Said;
use preau_connector_api::{ClientAuthentication, Network, OidcGrant};
use preau_domain::{AuditKind, Population, Profile};
use preau_flows::{
    ALICE, Answer, Browser, COLLEGE, Document, HUGO, INES, Listener, NOE, OidcRp, Role, TestHub, authenticator,
    oidc_service, stories, uai,
};
use serde_json::{Value, json};

stories!(
    a_person_lets_a_device_in,
    oidc_22_a_device_is_let_in_as_long_as_the_person_may,
    oidc_27_a_device_is_let_in_by_the_form_the_person_was_shown,
    oidc_33_five_codes_are_tried_and_no_more,
    oidc_33_a_device_that_asks_too_often_waits_longer,
    oidc_33_a_proof_from_before_lets_nobody_in,
    oidc_33_the_question_says_who_asks_and_from_where,
    oidc_33_no_is_no_and_no_answer_is_none,
    oidc_33_pupils_are_not_asked,
    oidc_33_a_flood_from_elsewhere_pushes_no_device_out,
    a_second_factor_is_asked_for_on_the_page_of_a_device,
    oidc_35_a_device_belongs_to_a_service_that_declared_it,
    a_device_hears_of_the_end_of_the_session,
    the_address_of_a_form_leads_to_the_page,
);

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn television(hub: &TestHub, id: &str) -> OidcRp {
    hub.rp_with(id, |oidc| {
        (oidc.authentication, oidc.secret) = (ClientAuthentication::None, None);
        oidc.grants.push(OidcGrant::DeviceCode);
    })
}

async fn asks(hub: &TestHub, rp: &OidcRp) -> Document {
    hub.clock.advance(1);
    let told = rp.call("/oidc/device_authorization", &[("scope", "openid profile")]).await;
    hub.secrets.saw("device code", told.text("device_code"));
    told
}

/// The same from that address of the network.
async fn asks_at(hub: &TestHub, rp: &OidcRp, peer: &str) -> Document {
    let form = [("client_id", rp.id.as_str()), ("scope", "openid profile")];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = hub.browser().at(peer).post("/oidc/device_authorization", &form).await;
    let told = Document { json: serde_json::from_str(&answer.body).unwrap_or_default(), answer };
    hub.secrets.saw("device code", told.text("device_code"));
    told
}

async fn poll(rp: &OidcRp, device: &Document) -> Document {
    rp.call("/oidc/token", &[("grant_type", GRANT), ("device_code", device.text("device_code"))]).await
}

async fn types(browser: &mut Browser, code: &str) -> Answer {
    let page = browser.visit("/oidc/device").await;
    browser.submit(&page.form_to("/oidc/device/code"), &[("code", code)]).await
}

/// Signs in, types the code of a device, and proves again who they are.
async fn meets(hub: &TestHub, who: &Role, device: &Document) -> (Browser, Answer) {
    let mut browser = hub.browser();
    browser.sign_in(who).at_home().await;
    let page = types(&mut browser, device.text("user_code")).await;
    if page.forms().iter().all(|form| form.value("public").is_none()) {
        return (browser, page);
    }
    let page = browser.choose(&page, who).await;
    let answer = browser.try_password(&page, who.login, who.password).await;
    (browser, answer)
}

async fn a_person_lets_a_device_in(hub: TestHub) {
    let tv = television(&hub, "tv");
    let device = asks(&hub, &tv).await;
    assert_eq!(device.text("verification_uri"), "https://ent.example/oidc/device");
    assert_eq!((&device.json["expires_in"], &device.json["interval"]), (&json!(600), &json!(5)));
    assert!(device.text("user_code").len() == 9 && device.json.get("verification_uri_complete").is_none());
    assert_eq!(poll(&tv, &device).await.error(), (400, "authorization_pending"));
    let (mut browser, question) = meets(&hub, &ALICE, &device).await;
    let done = browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
    assert_eq!(done.status, 200, "{}", done.words());
    let journal = hub.journal(done.incident()).await;
    let opened = journal.iter().find(|event| event.kind == AuditKind::ServiceOpened).expect("it is noted");
    assert_eq!((&opened.person, &opened.establishment), (&Some(ALICE.person_id()), &Some(uai(COLLEGE))));
    let tokens = poll(&tv, &device).await;
    assert_eq!(tv.userinfo(tokens.access()).await.text("name"), "Alice Martin");
    tv.claims(tokens.text("id_token")).await;
    assert_eq!(poll(&tv, &device).await.error(), (400, "expired_token"), "once");
    browser.sign_out().await;
    assert_eq!(tv.userinfo(tokens.access()).await.error(), (401, "invalid_token"));
}

async fn oidc_22_a_device_is_let_in_as_long_as_the_person_may(hub: TestHub) {
    let tv = television(&hub, "tv");
    for ends in [false, true] {
        let device = asks(&hub, &tv).await;
        let (mut browser, question) = meets(&hub, &ALICE, &device).await;
        browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
        if ends {
            browser.sign_out().await;
            assert_eq!(poll(&tv, &device).await.error(), (400, "invalid_grant"));
        } else {
            poll(&tv, &device).await.access();
        }
    }
}

async fn oidc_27_a_device_is_let_in_by_the_form_the_person_was_shown(hub: TestHub) {
    let tv = television(&hub, "tv");
    let (device, other) = (asks(&hub, &tv).await, asks(&hub, &tv).await);
    let (mut browser, question) = meets(&hub, &ALICE, &device).await;
    let (mut hugo, foreign) = meets(&hub, &HUGO, &other).await;
    let (form, foreign) = (question.form_to("/oidc/device/answer"), foreign.form_to("/oidc/device/answer"));
    let token = |form: &preau_flows::Form| form.value("token").unwrap_or_default().to_owned();
    for stolen in [token(&foreign), "of-nobody".to_owned()] {
        let attack = hub.under_attack();
        let refused = browser.submit_once(&form, &[("answer", "yes"), ("token", &stolen)]).await;
        assert_eq!(refused.status, 403);
        attack.repelled(&refused).await;
    }
    let elsewhere = foreign.value("device").unwrap_or_default().to_owned();
    let refused = browser.submit_once(&form, &[("answer", "yes"), ("device", &elsewhere)]).await;
    assert_eq!(refused.status, 403, "another device than the one that was asked about");
    assert_eq!(poll(&tv, &other).await.error(), (400, "authorization_pending"));
    hugo.submit(&foreign, &[("answer", "yes")]).await;
    hub.clock.advance(30);
    poll(&tv, &other).await.access();
}

async fn oidc_33_five_codes_are_tried_and_no_more(hub: TestHub) {
    let tv = television(&hub, "tv");
    let device = asks(&hub, &tv).await;
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for bad in ["0000-0000", "", "abcd", "' OR 1=1--", "zzzz-zzzz"] {
        let page = types(&mut browser, bad).await;
        assert!(page.words().contains("Aucun appareil"), "{bad}: {}", page.words());
    }
    let page = types(&mut browser, device.text("user_code")).await;
    assert!(page.words().contains("dix minutes"), "the right one, too late: {}", page.words());
    let (_, question) = meets(&hub, &HUGO, &device).await;
    question.form_to("/oidc/device/answer");
    hub.clock.advance(601);
    let later = asks(&hub, &tv).await;
    let page = types(&mut browser, later.text("user_code")).await;
    assert!(page.url.starts_with("/sign-in/"), "control: {}", page.words());
}

async fn oidc_33_a_device_that_asks_too_often_waits_longer(hub: TestHub) {
    let tv = television(&hub, "tv");
    let device = asks(&hub, &tv).await;
    for (wait, told) in [
        (0, "authorization_pending"),
        (5, "authorization_pending"),
        (4, "slow_down"),
        (9, "slow_down"),
        (15, "authorization_pending"),
        (14, "slow_down"),
        (20, "authorization_pending"),
        (600, "expired_token"),
    ] {
        hub.clock.advance(wait);
        assert_eq!(poll(&tv, &device).await.error(), (400, told), "after {wait} s");
    }
}

async fn oidc_33_a_proof_from_before_lets_nobody_in(hub: TestHub) {
    let tv = television(&hub, "tv");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let device = asks(&hub, &tv).await;
    let page = types(&mut browser, device.text("user_code")).await;
    assert!(page.url.starts_with("/sign-in/"), "a session is not enough: {}", page.words());
    let page = browser.choose(&page, &ALICE).await;
    let question = browser.try_password(&page, ALICE.login, ALICE.password).await;
    let form = question.form_to("/oidc/device/answer");
    browser.submit(&form, &[("answer", "yes")]).await;
    poll(&tv, &device).await.access();
    assert_eq!(browser.submit_once(&form, &[("answer", "yes")]).await.status, 400, "it is said");
}

async fn oidc_33_the_question_says_who_asks_and_from_where(hub: TestHub) {
    television(&hub, "tv");
    for (place, near) in [("203.0.113.9", false), ("198.51.100.7", true)] {
        hub.clock.advance(1);
        let form = [("client_id", "tv"), ("scope", "openid")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = hub.browser().at(place).post("/oidc/device_authorization", &form).await;
        let json: Value = serde_json::from_str(&answer.body).expect("a document");
        let (_, question) = meets(&hub, &ALICE, &Document { answer, json }).await;
        let words = question.words();
        assert!(words.contains("Ouvrir tv sur un appareil") && words.contains(place), "{words}");
        assert_eq!(words.contains("Ce n’est pas celle"), !near, "{words}");
        assert!(words.contains("répondez non"), "{words}");
        hub.clock.advance(5);
    }
}

async fn oidc_33_no_is_no_and_no_answer_is_none(hub: TestHub) {
    let tv = television(&hub, "tv");
    for answer in ["no", "", "maybe"] {
        let device = asks(&hub, &tv).await;
        let (mut browser, question) = meets(&hub, &ALICE, &device).await;
        browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", answer)]).await;
        assert_eq!(poll(&tv, &device).await.error(), (400, "access_denied"), "{answer}");
        assert_eq!(poll(&tv, &device).await.error(), (400, "expired_token"), "{answer}");
        hub.clock.advance(5);
    }
}

/// Whoever knows the name of a television may ask in its name without end.
async fn oidc_33_a_flood_from_elsewhere_pushes_no_device_out(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.kept_of_one = Some(16)).await;
    let tv = television(&hub, "tv");
    let device = asks_at(&hub, &tv, "203.0.113.9").await;
    hub.clock.advance(1);
    let first = asks_at(&hub, &tv, "2001:db8:1::1").await;
    hub.clock.advance(1);
    for n in 0..40 {
        asks_at(&hub, &tv, &format!("2001:db8:1:{n:x}::1")).await;
    }
    assert_eq!(poll(&tv, &first).await.error(), (400, "expired_token"), "control: so much room and no more");
    let (mut browser, question) = meets(&hub, &ALICE, &device).await;
    browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
    poll(&tv, &device).await.access();
}

async fn oidc_33_pupils_are_not_asked(hub: TestHub) {
    let tv = television(&hub, "tv");
    let device = asks(&hub, &tv).await;
    let (_, page) = meets(&hub, &NOE, &device).await;
    assert!(page.status == 403 && page.forms().is_empty(), "{}", page.words());
    assert_eq!(poll(&tv, &device).await.error(), (400, "authorization_pending"));
    let (mut browser, question) = meets(&hub, &INES, &device).await;
    browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
    hub.clock.advance(5);
    poll(&tv, &device).await.access();
}

async fn oidc_35_a_device_belongs_to_a_service_that_declared_it(hub: TestHub) {
    let (tv, other, plain) = (television(&hub, "tv"), television(&hub, "other-tv"), hub.rp("plain"));
    let device = asks(&hub, &tv).await;
    assert_eq!(asks(&hub, &plain).await.error(), (400, "unauthorized_client"));
    assert_eq!(poll(&plain, &device).await.error(), (400, "unauthorized_client"));
    let (mut browser, question) = meets(&hub, &ALICE, &device).await;
    browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
    assert_eq!(poll(&other, &device).await.error(), (400, "invalid_grant"));
    for bad in ["a-guess", "a b", device.text("user_code")] {
        let told = tv.call("/oidc/token", &[("grant_type", GRANT), ("device_code", bad)]).await;
        assert_eq!(told.answer.status, 400, "{bad}");
    }
    poll(&tv, &device).await.access();
}

async fn a_device_hears_of_the_end_of_the_session(hub: TestHub) {
    let mut listener = Listener::start().await;
    let mut service = oidc_service("tv");
    service.network = Network::Private;
    let tv = hub.rp_of(service, |oidc| {
        oidc.grants.push(OidcGrant::DeviceCode);
        oidc.backchannel_logout_uri = Some(format!("{}out", listener.url()));
    });
    let device = asks(&hub, &tv).await;
    let (mut browser, question) = meets(&hub, &ALICE, &device).await;
    browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
    let tokens = poll(&tv, &device).await;
    let claims = tv.claims(tokens.text("id_token")).await;
    browser.sign_out().await;
    let told = tv.verified(listener.next().await.field("logout_token"), "logout+jwt").await;
    assert_eq!((&told["sid"], &told["sub"]), (&claims["sid"], &claims["sub"]));
}

/// A telephone that opens its tabs again asks for them.
async fn the_address_of_a_form_leads_to_the_page(hub: TestHub) {
    television(&hub, "tv");
    for form in ["/oidc/device/code", "/oidc/device/answer"] {
        let answer = hub.browser().get(form).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, Some("/oidc/device")), "{form}");
    }
}

async fn a_second_factor_is_asked_for_on_the_page_of_a_device(hub: TestHub) {
    let (mut maker, mut key) = (hub.browser(), authenticator());
    maker.sign_in(&ALICE).at_home().await;
    maker.add_passkey(&mut key, &Said::default()).await;
    let tv = television(&hub, "tv");
    let teachers = Population { profiles: vec![Profile::Teacher], ..Population::default() };
    hub.amend("tv", |service| service.audience.two_factors = vec![teachers]);
    let device = asks(&hub, &tv).await;
    let (mut browser, page) = meets(&hub, &ALICE, &device).await;
    assert!(page.words().contains("Confirmez que c’est bien vous"), "{}", page.words());
    assert_eq!(poll(&tv, &device).await.error(), (400, "authorization_pending"), "nothing is open before");
    let question = browser.prove_passkey(&page, &mut key, &Said::default()).await;
    browser.submit(&question.form_to("/oidc/device/answer"), &[("answer", "yes")]).await;
    hub.clock.advance(10);
    poll(&tv, &device).await.access();
}
