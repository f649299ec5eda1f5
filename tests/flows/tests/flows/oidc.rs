//! OpenID Connect as a service meets it: a sign-on, what it is told, tiles, and the end of a session across protocols.

use preau_connector_api::OidcService;
use preau_domain::AuditKind;
use preau_flows::{ALICE, BASE, Listener, NOE, TestHub, oidc_service, stories};
use preau_keys::jose::Alg;
use serde_json::json;

stories!(
    a_service_learns_who_came_and_what_they_are_in_each_school,
    a_session_opens_a_service_without_a_question,
    a_person_the_service_does_not_open_for_reads_why,
    whoever_lacks_what_the_service_knows_people_by_is_refused,
    tokens_may_pass_through_the_browser_where_that_was_declared,
    a_token_through_the_browser_binds_what_follows_to_the_session,
    userinfo_is_signed_where_that_was_asked,
    a_tile_leads_to_where_the_service_begins,
    one_sign_out_reaches_the_services_of_every_protocol,
    a_session_that_is_proven_again_keeps_its_tokens,
    opening_and_redeeming_share_one_incident_number,
    what_an_id_token_tells_is_in_the_journal,
    a_code_in_a_session_asks_the_store_once,
);

async fn a_service_learns_who_came_and_what_they_are_in_each_school(hub: TestHub) {
    let rp = hub.rp("rp");
    let asked = rp.url_with(&[("scope", "openid profile email ent")]);
    let code = hub.browser().sign_in(&ALICE).through(&asked).await.answer.code();
    let tokens = rp.redeem(&code).await;
    let mut told = rp.userinfo(tokens.access()).await.json;
    assert_eq!(
        told.as_object_mut().and_then(|all| all.remove("sub")).and_then(|sub| sub.as_str().map(str::len)),
        Some(32)
    );
    let pair = |establishment, name: &str, value| json!({ "establishment": establishment, name: value });
    let class = |establishment, value| pair(establishment, "class", value);
    let expected = json!({
        "name": "Alice Martin",
        "given_name": "Alice",
        "family_name": "Martin",
        "email": "alice.martin@college.example",
        "ent_establishment": "0990001N",
        "ent_profiles": [pair("0990001N", "profile", "National_ENS"), pair("0990002P", "profile", "National_ENS")],
        "ent_classes": [class("0990001N", "6A"), class("0990001N", "6B"), class("0990002P", "6A"), class("0990002P", "6B")],
    });
    assert_eq!(told, expected);
}

async fn a_session_opens_a_service_without_a_question(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&NOE).to(&hub.app("app")).await;
    let answer = browser.get(&rp.url()).await;
    let claims = rp.claims(rp.redeem(&answer.code()).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("password"), &json!(["pwd"])));
}

async fn a_person_the_service_does_not_open_for_reads_why(hub: TestHub) {
    let mut strict = oidc_service("strict");
    strict.audience.allow[0].profiles = vec![preau_domain::Profile::Head];
    let rp = hub.rp_of(strict, |_| {});
    let mut browser = hub.browser();
    let page = browser.sign_in(&NOE).through(&rp.url()).await.answer;
    assert!(page.status == 403 && page.is_html() && page.location().is_none(), "{}", page.words());
    let silent = browser.get(&rp.url_with(&[("prompt", "none")])).await;
    assert_eq!((silent.told("error").as_str(), silent.told("code").as_str()), ("access_denied", ""));
}

async fn whoever_lacks_what_the_service_knows_people_by_is_refused(hub: TestHub) {
    let mut by_mail = oidc_service("mail");
    by_mail.identifier = preau_domain::Identifier::Mail;
    let rp = hub.rp_of(by_mail, |_| {});
    hub.put(preau_domain::Person { mail: None, ..NOE.person() }).await;
    let page = hub.browser().sign_in(&NOE).through(&rp.url()).await.answer;
    assert!(page.status == 403 && page.location().is_none(), "nothing takes its place");
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!(claims["sub"], "alice.martin@college.example", "control");
}

async fn tokens_may_pass_through_the_browser_where_that_was_declared(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for (kind, code, id_token, access) in [
        ("code id_token", true, true, false),
        ("code token", true, false, true),
        ("code id_token token", true, true, true),
        ("id_token token", false, true, true),
        ("id_token", false, true, false),
    ] {
        let answer = browser.get(&rp.url_with(&[("response_type", kind), ("scope", "openid profile")])).await;
        let there = |name: &str| !answer.told(name).is_empty();
        assert_eq!((there("code"), there("id_token"), there("access_token")), (code, id_token, access), "{kind}");
        assert!(answer.location().is_some_and(|to| to.starts_with("https://rp.example/cb#")), "{kind}");
        if id_token {
            let claims = rp.claims(&answer.told("id_token")).await;
            assert_eq!(claims.get("c_hash"), code.then(|| json!(Alg::ES256.left_half(&answer.told("code")))).as_ref());
            assert_eq!(claims.contains_key("name"), kind == "id_token", "everything, where userinfo cannot be asked");
        }
        if access {
            assert_eq!(rp.userinfo(&answer.told("access_token")).await.text("name"), "Alice Martin", "{kind}");
        }
    }
}

async fn a_token_through_the_browser_binds_what_follows_to_the_session(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let asked = rp.url_with(&[("response_type", "code token"), ("scope", "openid offline_access")]);
    let tokens = rp.redeem(&browser.get(&asked).await.told("code")).await;
    let next = rp.refresh(tokens.text("refresh_token")).await;
    browser.sign_out().await;
    assert_eq!(rp.refresh(next.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

async fn userinfo_is_signed_where_that_was_asked(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc: &mut OidcService| oidc.userinfo_signing = Some(oidc.signing));
    let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid profile")])).await.answer.code();
    let told = rp.userinfo(rp.redeem(&code).await.access()).await.answer;
    assert_eq!(told.header("content-type"), "application/jwt");
    let claims = rp.verified(&told.body, "JWT").await;
    assert_eq!((&claims["iss"], &claims["aud"], &claims["name"]), (&json!(BASE), &json!("rp"), &json!("Alice Martin")));
}

async fn a_tile_leads_to_where_the_service_begins(hub: TestHub) {
    hub.rp("plain");
    hub.rp_with("initiated", |oidc| oidc.initiate_login_uri = Some("https://initiated.example/login?a=1".into()));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    assert_eq!(browser.open_tile("plain").await.location(), Some("https://plain.example/"));
    let begins = "https://initiated.example/login?a=1&iss=https%3A%2F%2Fent.example";
    assert_eq!(browser.open_tile("initiated").await.location(), Some(begins));
}

async fn one_sign_out_reaches_the_services_of_every_protocol(hub: TestHub) {
    for by_service in [true, false] {
        let (mut at_cas, mut at_oidc) = (Listener::start().await, Listener::start().await);
        let (app, rp) = (hub.mount_at("cas-there", &at_cas), hub.rp_at("oidc-there", &at_oidc));
        let mut browser = hub.browser();
        browser.sign_in(&ALICE).to(&app).await;
        let tokens = rp.redeem(&browser.get(&rp.url()).await.code()).await;
        browser.get(&rp.url()).await.code();
        let out = match by_service {
            true => format!("/oidc/logout?id_token_hint={}", tokens.text("id_token")),
            false => "/cas/logout".to_owned(),
        };
        browser.get(&out).await;
        assert!(at_cas.next().await.field("logoutRequest").contains("SessionIndex"));
        rp.verified(at_oidc.next().await.field("logout_token"), "logout+jwt").await;
        assert!(at_oidc.heard_nothing(), "a service opened twice in one session is told once");
        assert_eq!(rp.userinfo(tokens.access()).await.answer.status, 401);
    }
}

async fn a_session_that_is_proven_again_keeps_its_tokens(hub: TestHub) {
    let mut listener = Listener::start().await;
    let rp = hub.rp_at("rp", &listener);
    let mut browser = hub.browser();
    let before = rp.redeem(&browser.sign_in(&ALICE).through(&rp.url()).await.answer.code()).await;
    hub.clock.advance(5);
    browser.sign_in(&ALICE).through(&rp.url_with(&[("prompt", "login")])).await.answer.code();
    assert_eq!(rp.userinfo(before.access()).await.answer.status, 200);
    browser.sign_out().await;
    let sid = rp.claims(before.text("id_token")).await["sid"].clone();
    let told = [listener.next().await, listener.next().await];
    let mut sids = Vec::new();
    for heard in &told {
        sids.push(rp.verified(heard.field("logout_token"), "logout+jwt").await["sid"].clone());
    }
    assert!(sids.contains(&sid) && sids[0] != sids[1], "each name the session had is told");
}

async fn opening_and_redeeming_share_one_incident_number(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let answer = browser.get(&rp.url_with(&[("scope", "openid profile")])).await;
    let tokens = rp.redeem(&answer.code()).await;
    rp.userinfo(tokens.access()).await;
    let journal = hub.journal(answer.incident()).await;
    let told: Vec<(&str, &str)> = journal.iter().map(|event| (event.kind.as_str(), event.detail.as_str())).collect();
    assert_eq!(told[1..], [("attributes-released", "sub"), ("attributes-released", "sub name given_name family_name")]);
    assert_eq!(told[0].0, "service-opened");
}

/// Also where it passes through the browser, and no call of the service follows.
async fn what_an_id_token_tells_is_in_the_journal(hub: TestHub) {
    let (rp, mut browser) = (hub.rp("rp"), hub.browser());
    browser.sign_in(&ALICE).at_home().await;
    let by_name = json!({ "id_token": { "name": null } }).to_string();
    for (kind, claims, left) in [
        ("id_token", "", &["sub name given_name family_name"][..]),
        ("code id_token", &by_name, &["sub name", "sub name"]),
        ("code", &by_name, &["sub name"]),
    ] {
        let asked = rp.url_with(&[("response_type", kind), ("scope", "openid profile"), ("claims", claims)]);
        let answer = browser.get(&asked).await;
        if kind.contains("code") {
            rp.redeem(&answer.code()).await.access();
        }
        let journal = hub.journal(answer.incident()).await;
        let named = journal.iter().filter(|event| event.kind == AuditKind::AttributesReleased);
        assert_eq!(named.map(|event| event.detail.as_str()).collect::<Vec<_>>(), left, "{kind}");
        assert!(journal.iter().all(|event| event.establishment.is_some()), "{journal:?}");
    }
}

/// The hot path: one call to the store each.
async fn a_code_in_a_session_asks_the_store_once(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    hub.faults.fail(0, preau_flows::When::Before);
    let code = browser.get(&rp.url()).await.code();
    assert_eq!(hub.faults.calls(), ["issue_ticket"]);
    hub.faults.fail(0, preau_flows::When::Before);
    let tokens = rp.redeem(&code).await;
    assert_eq!(hub.faults.calls(), ["consume_ticket", "grant"]);
    hub.faults.fail(0, preau_flows::When::Before);
    rp.userinfo(tokens.access()).await;
    assert_eq!(hub.faults.calls(), ["granted"]);
}
