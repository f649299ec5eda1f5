//! Sandboxes of the bench: an editor's application goes the whole way as somebody who does not exist, and what it is handed
//! opens nothing else.

use preau_connector_api::ClientAuthentication;
use preau_flows::{ALICE, Answer, BASE, Browser, Document, OidcRp, TestHub, Validation, oidc_service, stories};
use preau_web::bench::sandbox::{self, MOST, NotMade, Spoken, Wish};
use serde_json::json;

stories!(
    a_sandbox_is_a_page_that_does_not_exist_where_the_bench_is_off,
    an_application_goes_the_whole_way_by_openid_connect,
    an_application_without_a_secret_uses_pkce,
    an_application_goes_the_whole_way_by_cas,
    what_a_sandbox_hands_out_opens_nothing_else,
    a_ticket_of_a_sandbox_opens_nothing_else,
    what_a_service_is_handed_opens_no_sandbox,
    nobody_real_comes_into_a_sandbox_and_nobody_of_it_comes_in,
    no_link_of_a_sandbox_leads_out,
    no_form_of_a_sandbox_leads_elsewhere,
    a_sandbox_expires,
    there_are_so_many_sandboxes_and_no_more,
    hostile_wishes_make_no_sandbox,
    a_page_of_another_site_makes_no_sandbox,
    a_page_of_another_site_chooses_nobody,
    a_refused_request_is_replayed_before_and_after_its_mend,
    each_protocol_names_the_parameter_at_fault,
    a_refused_call_of_a_sandbox_is_replayed,
);

const BACK: &str = "http://localhost:3000/callback";

async fn on(hub: &TestHub) -> TestHub {
    hub.again_with(|setup| setup.config.bench = true).await
}

fn wish(protocol: &str) -> Vec<(String, String)> {
    let pairs = [("name", "Atelier d’essai"), ("protocol", protocol), ("addresses", BACK)];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// A sandbox, registered on the page, and its secret.
async fn sandboxed(hub: &TestHub, wish: &[(String, String)]) -> (OidcRp, Answer) {
    let page = hub.browser().post("/bench/register", wish).await;
    assert_eq!(page.status, 200, "{}", page.words());
    let words = page.words();
    let found = |stem: &str, long: usize| {
        let is = |word: &&str| {
            word.starts_with(stem) && word.len() == long && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        words.split_whitespace().find(is).unwrap_or_default().to_owned()
    };
    let id = words.split("bench-").nth(1).map(|rest| format!("bench-{}", &rest[..20])).unwrap_or_default();
    let told = json!({ "client_id": id, "client_secret": found("", 43), "redirect_uris": [BACK] });
    (hub.rp_registered(&told), page)
}

fn at(rp: &OidcRp, end: &str) -> String {
    format!("/oidc/sandbox/{}/{end}", rp.id)
}

/// The way of a browser: what was asked, and somebody of the cast.
async fn comes(hub: &TestHub, rp: &OidcRp, change: &[(&str, &str)], who: &str) -> Answer {
    let mut browser = hub.browser();
    let page = browser.get(&format!("{}?{}", at(rp, "authorize"), rp.query(change))).await;
    assert_eq!((page.status.as_u16(), page.location()), (200, None), "{}", page.words());
    browser.submit_once(&page.form_to("/person"), &[("bench_person", who)]).await
}

async fn redeem(rp: &OidcRp, code: &str) -> Document {
    rp.redeem_at(&at(rp, "token"), code).await
}

async fn userinfo(rp: &OidcRp, token: &str) -> Document {
    rp.get(&at(rp, "userinfo"), &[("authorization", &format!("Bearer {token}"))]).await
}

async fn a_sandbox_is_a_page_that_does_not_exist_where_the_bench_is_off(hub: TestHub) {
    let lit = on(&hub).await;
    let (rp, _) = sandboxed(&lit, &wish("oidc")).await;
    let (cas, _) = sandboxed(&lit, &wish("cas")).await;
    let paths = [
        at(&rp, "authorize"),
        at(&rp, "userinfo"),
        at(&rp, ".well-known/openid-configuration"),
        format!("/cas/sandbox/{}/login", cas.id),
        format!("/cas/sandbox/{}/p3/serviceValidate", cas.id),
        format!("/bench/sandbox/{}", rp.id),
    ];
    for path in &paths {
        assert_eq!(hub.browser().get(path).await.status, 404, "{path}");
        assert_ne!(lit.browser().get(path).await.status, 404, "control: {path}");
    }
    assert_eq!(hub.browser().post("/bench/register", &wish("oidc")).await.status, 404);
    assert_eq!(lit.browser().get(&format!("/cas/sandbox/{}/login", rp.id)).await.status, 404, "each speaks its own");
}

async fn an_application_goes_the_whole_way_by_openid_connect(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, page) = sandboxed(&hub, &wish("oidc")).await;
    let issuer = format!("{BASE}/oidc/sandbox/{}", rp.id);
    assert!(page.words().contains(&issuer) && page.words().contains(BACK), "{}", page.words());
    let told = rp.get(&at(&rp, ".well-known/openid-configuration"), &[]).await;
    assert_eq!(told.text("issuer"), issuer);
    assert_eq!(told.json["token_endpoint_auth_methods_supported"], json!(["client_secret_basic"]));
    let answer = comes(&hub, &rp, &[("scope", "openid profile ent")], "pupil").await;
    assert!(answer.location().is_some_and(|to| to.starts_with(BACK)), "{:?}", answer.location());
    assert_eq!((answer.told("state"), answer.told("iss")), ("state-of-the-story".to_owned(), issuer.clone()));
    assert!(answer.cookies().is_empty());
    let tokens = redeem(&rp, &answer.code()).await;
    let claims = rp.verified(tokens.text("id_token"), "JWT").await;
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(&*issuer), Some(&*rp.id)));
    assert_eq!(claims["nonce"], "nonce-of-the-story");
    let told = userinfo(&rp, tokens.access()).await.json;
    assert_eq!((&told["sub"], &told["family_name"]), (&claims["sub"], &json!("Banc-d’Essai")));
    assert!(told["ent_classes"].to_string().contains("6B"), "{told}");
    assert_eq!(told["email"], json!(null), "a scope that was not asked for");
    let again = comes(&hub, &rp, &[], "teacher").await.code();
    let other = rp.verified(redeem(&rp, &again).await.text("id_token"), "JWT").await;
    assert_ne!(other["sub"], claims["sub"], "another person is another subject");
}

async fn an_application_without_a_secret_uses_pkce(hub: TestHub) {
    let hub = on(&hub).await;
    let mut wish = wish("oidc");
    wish.extend([("public".to_owned(), "1".to_owned()), ("rsa".to_owned(), "1".to_owned())]);
    let (mut rp, page) = sandboxed(&hub, &wish).await;
    rp.authentication = ClientAuthentication::None;
    assert!(page.words().contains("none") && !page.words().contains("Notez-le"), "{}", page.words());
    let mut browser = hub.browser();
    let bare =
        format!("{}?{}", at(&rp, "authorize"), rp.query(&[("code_challenge", ""), ("code_challenge_method", "")]));
    let refused = browser.get(&bare).await;
    assert!(refused.status == 400 && refused.words().contains("code_challenge"), "{}", refused.words());
    let code = comes(&hub, &rp, &[], "guest").await.code();
    assert_eq!(
        rp.redeem_at_with(&at(&rp, "token"), &code, &[("code_verifier", "")]).await.error(),
        (400, "invalid_grant")
    );
    let code = comes(&hub, &rp, &[], "guest").await.code();
    let tokens = redeem(&rp, &code).await;
    assert!(tokens.text("id_token").len() > 400, "signed by RSA: {}", tokens.answer.body);
}

async fn an_application_goes_the_whole_way_by_cas(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, _) = sandboxed(&hub, &wish("cas")).await;
    let app = hub.app("app").coming_back_to("http://localhost:3000/any/page?x=1");
    let service = url::form_urlencoded::byte_serialize(app.service.as_bytes()).collect::<String>();
    let mut browser = hub.browser();
    let page = browser.get(&format!("/cas/sandbox/{}/login?service={service}", rp.id)).await;
    let answer = browser.submit_once(&page.form_to("/person"), &[("bench_person", "teacher")]).await;
    let ticket = answer.told("ticket");
    assert!(answer.location().is_some_and(|to| to.starts_with("http://localhost:3000/any/page?x=1&ticket=ST-")));
    let validate = format!("sandbox/{}/p3/serviceValidate", rp.id);
    let told = app.validate_at(&validate, &ticket, &[]).await;
    let Validation::Success { attributes, .. } = &told else { panic!("{told:?}") };
    assert!(attributes["sn"].contains(&"Banc-d’Essai".to_owned()), "{attributes:?}");
    assert_eq!(app.validate_at(&validate, &ticket, &[]).await.code(), Some("INVALID_TICKET"), "once");
    let page = browser.get(&format!("/cas/sandbox/{}/login?service=https%3A%2F%2Fevil.example%2F", rp.id)).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None));
    assert!(page.words().contains("http://localhost:3000/"), "what was expected: {}", page.words());
}

/// Each attempt against the real provider and against another sandbox, then the control: it was good where it belongs.
async fn what_a_sandbox_hands_out_opens_nothing_else(hub: TestHub) {
    let hub = on(&hub).await;
    let real = hub.rp("real");
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let (other, _) = sandboxed(&hub, &wish("oidc")).await;
    let code = comes(&hub, &rp, &[], "head").await.code();
    assert_eq!(real.redeem_with(&code, &[("redirect_uri", BACK)]).await.error(), (400, "invalid_grant"));
    assert_eq!(rp.redeem(&code).await.error(), (401, "invalid_client"), "a sandbox is no client of the provider");
    let tokens = redeem(&rp, &code).await;
    let access = tokens.access();
    assert_eq!(real.userinfo(access).await.error(), (401, "invalid_token"));
    assert_eq!(userinfo(&other, access).await.error(), (401, "invalid_token"));
    assert_eq!(real.call("/oidc/introspect", &[("token", access)]).await.json, json!({ "active": false }));
    let hint = [("prompt", "none"), ("id_token_hint", tokens.text("id_token"))];
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let answer = alice.get(&real.url_with(&hint)).await;
    assert_eq!((answer.told("error"), answer.told("code")), ("login_required".to_owned(), String::new()));
    assert_eq!(userinfo(&rp, access).await.answer.status, 200, "control: where it belongs");
    let code = comes(&hub, &rp, &[], "head").await.code();
    assert_eq!(redeem(&other, &code).await.error(), (400, "invalid_grant"), "another sandbox");
    let page = hub.browser().get(&rp.url()).await;
    assert_eq!((page.status.as_u16(), page.location()), (403, None), "its name means nothing to the provider");
}

async fn a_ticket_of_a_sandbox_opens_nothing_else(hub: TestHub) {
    let hub = on(&hub).await;
    let (cas, _) = sandboxed(&hub, &wish("cas")).await;
    let app = hub.app("app").coming_back_to(BACK);
    let mut browser = hub.browser();
    let login = format!("/cas/sandbox/{}/login?service={BACK}", cas.id);
    let page = browser.get(&login).await;
    let ticket = browser.submit_once(&page.form_to("/person"), &[("bench_person", "head")]).await.told("ticket");
    for endpoint in ["p3/serviceValidate", "proxyValidate"] {
        assert_eq!(app.validate_at(endpoint, &ticket, &[]).await.code(), Some("INVALID_TICKET"));
    }
    assert!(
        app.validate_at(&format!("sandbox/{}/serviceValidate", cas.id), &ticket, &[]).await.user().is_some(),
        "control"
    );
}

async fn what_a_service_is_handed_opens_no_sandbox(hub: TestHub) {
    let hub = on(&hub).await;
    let real = hub.rp("real");
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let code = hub.browser().sign_in(&ALICE).through(&real.url()).await.answer.code();
    assert_eq!(redeem(&rp, &code).await.error(), (400, "invalid_grant"));
    let tokens = real.redeem(&code).await;
    assert_eq!(userinfo(&rp, tokens.access()).await.error(), (401, "invalid_token"));
    assert_eq!(real.userinfo(tokens.access()).await.answer.status, 200, "control: it was not spent");
    let (cas, _) = sandboxed(&hub, &wish("cas")).await;
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let refused = app.validate_at(&format!("sandbox/{}/p3/serviceValidate", cas.id), &ticket, &[]).await;
    assert_eq!(refused.code(), Some("INVALID_TICKET"));
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login), "control: it was not spent");
}

async fn nobody_real_comes_into_a_sandbox_and_nobody_of_it_comes_in(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let page = alice.get(&format!("{}?{}", at(&rp, "authorize"), rp.query(&[]))).await;
    assert!(page.location().is_none() && !page.words().contains(ALICE.name.1), "{}", page.words());
    for hostile in [ALICE.id, ALICE.login, "bench-teacher", "", "<b>"] {
        let answer = alice.submit_once(&page.form_to("/person"), &[("bench_person", hostile)]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None), "{hostile}");
    }
    let answer = alice.submit_once(&page.form_to("/person"), &[("bench_person", "pupil")]).await;
    let told = userinfo(&rp, redeem(&rp, &answer.code()).await.access()).await;
    assert!(!told.answer.body.contains(ALICE.name.1), "{}", told.answer.body);
    assert!(alice.visit("/").await.words().contains("Alice Martin"), "she is who she was");
    let mut nobody = hub.browser();
    let page = nobody.get(&format!("{}?{}", at(&rp, "authorize"), rp.query(&[]))).await;
    nobody.submit_once(&page.form_to("/person"), &[("bench_person", "teacher")]).await;
    assert!(nobody.cookie_names().is_empty() && !nobody.signed_in(), "no cookie at all");
    assert!(nobody.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "and no portal");
}

async fn no_link_of_a_sandbox_leads_out(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let mut browser = hub.browser();
    for (change, status) in [
        (&[("bench_person", "teacher")][..], 200),
        (&[("prompt", "none")], 400),
        (&[("response_type", "id_token")], 400),
        (&[("scope", "profile")], 400),
        (&[("redirect_uri", "https://evil.example/")], 400),
        (&[("redirect_uri", "http://localhost:3000/callback/../evil")], 400),
        (&[("client_id", "app")], 400),
        (&[("request_uri", "https://evil.example/r")], 400),
    ] {
        let answer = browser.get(&format!("{}?{}", at(&rp, "authorize"), rp.query(change))).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (status, None), "{change:?}");
        let away = answer.links().into_iter().filter(|(_, to)| to.contains("://"));
        assert!(away.into_iter().all(|(_, to)| to.starts_with(BACK)), "{change:?}");
    }
}

async fn no_form_of_a_sandbox_leads_elsewhere(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let mut browser = hub.browser();
    let page = browser.get(&format!("{}?{}", at(&rp, "authorize"), rp.query(&[]))).await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("form-action 'self' https: http:"), "{policy}");
    let mut form = page.form_to("/person").filled(&[("bench_person", "teacher")]);
    form.retain(|(name, _)| name != "redirect_uri");
    form.push(("redirect_uri".into(), "https://evil.example/".into()));
    let answer = browser.post(&at(&rp, "person"), &form).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None), "nor does its form");
}

async fn a_sandbox_expires(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let page = format!("/bench/sandbox/{}", rp.id);
    hub.clock.advance(7 * 86_400 - 60);
    assert_eq!(hub.browser().get(&page).await.status, 200, "control");
    let code = comes(&hub, &rp, &[], "pupil").await.code();
    hub.clock.advance(60);
    assert_eq!(hub.browser().get(&page).await.status, 404);
    assert_eq!(redeem(&rp, &code).await.answer.status, 404);
}

async fn there_are_so_many_sandboxes_and_no_more(hub: TestHub) {
    let hub = on(&hub).await;
    let (store, ids, mounting) = (&*hub.hub.store, &*hub.hub.ids, &*hub.hub.mounting);
    let one = Wish { name: "x".into(), speaks: Spoken::Cas, addresses: vec![BACK.into()], public: false, rsa: false };
    for _ in 0..MOST {
        assert!(sandbox::register(store, ids, mounting, hub.hub.now(), one.clone()).await.is_ok());
    }
    let full = sandbox::register(store, ids, mounting, hub.hub.now(), one.clone()).await;
    assert!(matches!(full, Err(NotMade::Full)));
    let page = hub.browser().post("/bench/register", &wish("oidc")).await;
    assert!(page.status == 400 && page.words().contains("Tous les bacs à sable sont pris"), "{}", page.words());
    hub.clock.advance(7 * 86_400);
    assert!(sandbox::register(store, ids, mounting, hub.hub.now(), one).await.is_ok(), "they went by themselves");
}

async fn hostile_wishes_make_no_sandbox(hub: TestHub) {
    let hub = on(&hub).await;
    let many = [BACK; 6].join("\n");
    for (name, value) in [
        ("addresses", "javascript:alert(1)"),
        ("addresses", "http://evil.example/cb"),
        ("addresses", "https://app.example/cb#x"),
        ("addresses", "https://*.example/cb"),
        ("addresses", "https://a@app.example/cb"),
        ("addresses", ""),
        ("addresses", &many),
        ("name", ""),
        ("name", &"x".repeat(61)),
        ("protocol", "saml"),
    ] {
        let mut hostile = wish("oidc");
        hostile.iter_mut().filter(|(key, _)| key == name).for_each(|(_, old)| value.clone_into(old));
        let page = hub.browser().post("/bench/register", &hostile).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None), "{name}={value}");
    }
}

/// What browsers say of a form of another site, and of one of ours, which sends no referrer.
const FROM_WHERE: [(&[(&str, &str)], u16); 5] = [
    (&[("origin", "https://evil.example")], 400),
    (&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], 400),
    (&[("origin", "null"), ("sec-fetch-site", "same-site")], 400),
    (&[("origin", "null")], 400),
    (&[("origin", "null"), ("sec-fetch-site", "same-origin")], 200),
];

async fn sent(browser: &mut Browser, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    browser.send(http::Method::POST, path, &[headers, &form].concat(), Some(body.as_bytes())).await
}

async fn a_page_of_another_site_chooses_nobody(hub: TestHub) {
    let hub = on(&hub).await;
    let ((oidc, _), (cas, _)) = (sandboxed(&hub, &wish("oidc")).await, sandboxed(&hub, &wish("cas")).await);
    let service = url::form_urlencoded::byte_serialize(BACK.as_bytes()).collect::<String>();
    let bodies = [
        (at(&oidc, "person"), format!("{}&bench_person=teacher", oidc.query(&[]))),
        (format!("/cas/sandbox/{}/person", cas.id), format!("service={service}&bench_person=teacher")),
    ];
    for (path, body) in &bodies {
        for (headers, status) in FROM_WHERE {
            let answer = sent(&mut hub.browser(), path, headers, body).await;
            let gone = answer.location().is_some_and(|to| to.starts_with(BACK));
            assert_eq!(gone, status == 200, "{path} {headers:?}: {}", answer.status);
        }
    }
}

async fn a_page_of_another_site_makes_no_sandbox(hub: TestHub) {
    let hub = on(&hub).await;
    let body = "name=x&protocol=cas&addresses=http%3A%2F%2Flocalhost%2F";
    let mut browser = hub.browser();
    for (headers, status) in FROM_WHERE {
        let page = sent(&mut browser, "/bench/register", headers, body).await;
        assert_eq!(page.status, status, "{headers:?}");
    }
    let named = [("name", "<script>alert(1)</script>"), ("protocol", "oidc"), ("addresses", BACK)];
    let named: Vec<(String, String)> = named.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let page = hub.browser().post("/bench/register", &named).await;
    assert!(page.status == 200 && !page.body.contains("<script>alert"), "control: written as text");
}

async fn a_refused_request_is_replayed_before_and_after_its_mend(hub: TestHub) {
    let hub = on(&hub).await;
    let rp = hub.rp("notes");
    let wrong = [("redirect_uri", "https://notes.example/callback?code=secret"), ("state", "a-secret-state")];
    assert_eq!(hub.browser().get(&rp.url_with(&wrong)).await.status, 403);
    let page = hub.browser().get("/bench/notes").await;
    for said in ["redirect_uri", "https://notes.example/callback?code=x", "https://notes.example/cb"] {
        assert!(page.words().contains(said), "{said}: {}", page.words());
    }
    assert!(!page.body.contains("code=secret") && !page.body.contains("a-secret-state"));
    let replay = "/bench/notes?person=teacher&replay=1";
    assert!(hub.browser().get(replay).await.words().contains("Elle serait encore refusée."));
    let mut mended = oidc_service("notes");
    mended.oidc.iter_mut().for_each(|oidc| oidc.redirect_uris.push("https://notes.example/callback?code=x".into()));
    hub.mount(mended);
    let after = hub.browser().get(replay).await;
    assert!(after.words().contains("Aujourd’hui, elle passerait."), "{}", after.words());
}

async fn each_protocol_names_the_parameter_at_fault(hub: TestHub) {
    let hub = on(&hub).await;
    let rp = hub.rp("notes");
    let replay = "/bench/notes?person=teacher&replay=1";
    hub.browser().get(&rp.url_with(&[("scope", "profile")])).await;
    let page = hub.browser().get(replay).await;
    assert!(page.words().contains("openid is missing") && page.words().contains("scope"), "{}", page.words());
    let app = hub.app("app").coming_back_to("https://app.example/other/page?key=secret");
    hub.browser().get(&app.login_url()).await;
    let page = hub.browser().get("/bench/app?replay=1").await;
    assert!(page.words().contains("https://app.example/other/page?key=x"), "{}", page.words());
    assert!(page.words().contains("https://app.example:443/cas/"), "what was expected: {}", page.words());
    let quiet = hub.again_with(|setup| setup.config.bench = false).await;
    assert_eq!(quiet.browser().get("/bench/notes?replay=1").await.status, 404, "off");
}

async fn a_refused_call_of_a_sandbox_is_replayed(hub: TestHub) {
    let hub = on(&hub).await;
    let (rp, _) = sandboxed(&hub, &wish("oidc")).await;
    let page = format!("/bench/sandbox/{}?replay=1", rp.id);
    let form = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", BACK), ("client_id", &rp.id)];
    for (secret, parameter, again) in [
        (("client_secret", "not-the-secret"), "client_secret_post", "Elle serait encore refusée."),
        (("code_verifier", "not-the-verifier"), "none", "Elle serait encore refusée."),
    ] {
        let told = rp.post(&at(&rp, "token"), &[], &[&form[..], &[secret]].concat()).await;
        assert_eq!(told.error(), (401, "invalid_client"));
        let words = hub.browser().get(&page).await.words();
        assert!(words.contains(parameter) && words.contains("client_secret_basic") && words.contains(again), "{words}");
        assert!(!words.contains("not-the"), "{words}");
    }
    assert_eq!(redeem(&rp, &"a".repeat(43)).await.error(), (400, "invalid_grant"));
    let words = hub.browser().get(&page).await.words();
    assert!(words.contains("Rien d’autre n’y est faux.") && words.contains("the code is not recognised"), "{words}");
    assert_eq!(userinfo(&rp, "unknown").await.error(), (401, "invalid_token"));
    let page = hub.browser().get(&page).await;
    assert!(!page.words().contains("Rejouer"), "nothing of it was kept: {}", page.words());
}
