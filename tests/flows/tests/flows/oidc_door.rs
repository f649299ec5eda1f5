//! Hostile requests at the doors of OpenID Connect that a browser meets: rows OIDC-01 to 04, 08 to 10, 18, 19, 23, 24 and 27
//! to 31 of the security page. Each stands beside the same request without its hostile part.

use preau_connector_api::{ClientAuthentication, OidcFlow};
use preau_flows::{ALICE, BASE, NOE, TestHub, VERIFIER, stories};

stories!(
    oidc_01_an_address_is_the_registered_one_to_the_letter,
    oidc_01_a_program_on_the_persons_machine_may_choose_its_port,
    oidc_02_an_address_must_be_named,
    oidc_03_every_response_mode_keeps_to_the_registered_address,
    oidc_04_an_error_leads_nobody_to_a_stranger,
    oidc_08_a_public_client_shows_what_it_alone_knows,
    oidc_09_a_challenge_that_was_taken_away_is_missed,
    oidc_10_every_answer_says_who_gave_it,
    oidc_18_no_request_is_fetched_from_elsewhere,
    oidc_19_no_request_object_is_read,
    oidc_23_a_hint_that_is_not_believed_opens_nothing,
    oidc_24_a_nonce_is_echoed_whole_or_refused,
    oidc_24_another_person_than_the_hinted_one_signs_in_again,
    oidc_27_signing_out_by_a_link_of_somebody_else_asks_the_person,
    oidc_27_a_form_of_another_site_signs_nobody_out,
    a_form_of_another_site_finds_the_session,
    oidc_28_no_page_is_shown_in_a_frame,
    oidc_29_no_redirect_repeats_a_password,
    oidc_30_answers_are_kept_by_nobody,
    oidc_31_signing_out_leads_to_a_registered_address_only,
    oidc_35_what_a_service_did_not_declare_is_refused,
);

async fn oidc_01_an_address_is_the_registered_one_to_the_letter(hub: TestHub) {
    let rp = hub.rp("rp");
    for address in [
        "https://rp.example/cb/",
        "https://rp.example/cb?x=1",
        "https://rp.example/cb#x",
        "https://rp.example/cb/../cb",
        "https://rp.example/%63b",
        "https://rp.example:443/cb",
        "https://RP.example/cb",
        "https://rp.example.evil.test/cb",
        "https://rp.example@evil.test/cb",
        "https:/\\evil.test/cb",
        "//rp.example/cb",
        "http://rp.example/cb",
        "javascript:alert(1)",
        "https://rp.example/other",
        "https://rp.example/cb\r\nSet-Cookie:a=1",
    ] {
        let attack = hub.under_attack();
        let answer = hub.browser().get(&rp.url_with(&[("redirect_uri", address)])).await;
        assert!(answer.status.is_client_error() && answer.location().is_none(), "{address}");
        attack.repelled(&answer).await;
    }
    let answer = hub.browser().get(&rp.url_with(&[("redirect_uri", "https://rp.example/other?a=1")])).await;
    assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "control");
}

async fn oidc_01_a_program_on_the_persons_machine_may_choose_its_port(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.redirect_uris = vec!["http://127.0.0.1/cb".into()]);
    for (address, taken) in [
        ("http://127.0.0.1:49152/cb", true),
        ("http://127.0.0.1/cb", true),
        ("http://localhost:49152/cb", false),
        ("http://[::1]:49152/cb", false),
        ("http://127.0.0.1:49152/cb2", false),
        ("http://127.0.0.1:49152@evil.test/cb", false),
    ] {
        let answer = hub.browser().get(&rp.url_with(&[("redirect_uri", address)])).await;
        assert_eq!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), taken, "{address}");
    }
}

async fn oidc_02_an_address_must_be_named(hub: TestHub) {
    let rp = hub.rp("rp");
    for change in [("redirect_uri", ""), ("client_id", "")] {
        let attack = hub.under_attack();
        let answer = hub.browser().get(&rp.url_with(&[change])).await;
        assert!(answer.status.is_client_error() && answer.location().is_none(), "{change:?}");
        attack.repelled(&answer).await;
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.test%2F", rp.url());
    let attack = hub.under_attack();
    attack.repelled(&hub.browser().get(&twice).await).await;
    assert!(hub.browser().get(&rp.url()).await.location().is_some(), "control");
}

async fn oidc_03_every_response_mode_keeps_to_the_registered_address(hub: TestHub) {
    let rp = hub.rp("rp");
    for mode in ["query", "fragment", "form_post", "form_post.jwt", "query.jwt", "jwt", "web_message"] {
        let attack = hub.under_attack();
        let asked = [("response_mode", mode), ("redirect_uri", "https://evil.test/cb"), ("prompt", "none")];
        let answer = hub.browser().get(&rp.url_with(&asked)).await;
        assert!(answer.location().is_none(), "{mode}");
        attack.repelled(&answer).await;
        let answer = hub.browser().get(&rp.url_with(&[("response_mode", mode), ("prompt", "none")])).await;
        assert!(!answer.told("error").is_empty() && answer.told("code").is_empty(), "control: {mode}");
    }
}

async fn oidc_04_an_error_leads_nobody_to_a_stranger(hub: TestHub) {
    let rp = hub.rp("rp");
    for change in [
        [("client_id", "nobody"), ("redirect_uri", "https://evil.test/")],
        [("client_id", "nobody"), ("prompt", "none")],
        [("client_id", "app"), ("redirect_uri", "https://app.example/cas/")],
        [("redirect_uri", "https://evil.test/"), ("response_type", "nonsense")],
    ] {
        let attack = hub.under_attack();
        let answer = hub.browser().get(&rp.url_with(&change)).await;
        assert!(answer.location().is_none(), "{change:?}");
        attack.repelled(&answer).await;
    }
    let answer = hub.browser().get(&rp.url_with(&[("prompt", "none")])).await;
    assert_eq!(answer.told("error"), "login_required", "control: a registered address hears of it");
}

async fn oidc_08_a_public_client_shows_what_it_alone_knows(hub: TestHub) {
    let page = hub.rp_with("page", |oidc| {
        oidc.authentication = ClientAuthentication::None;
        (oidc.secret, oidc.require_pkce) = (None, true);
    });
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(browser.get(&page.url_with(&none)).await.told("error"), "invalid_request");
    let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "plain")];
    assert_eq!(browser.get(&page.url_with(&plain)).await.told("error"), "invalid_request");
    for verifier in ["", "another-verifier-of-the-stories-0123456789-abcdef"] {
        let code = browser.get(&page.url()).await.code();
        assert_eq!(page.redeem_with(&code, &[("code_verifier", verifier)]).await.error(), (400, "invalid_grant"));
        assert_eq!(page.redeem(&code).await.error(), (400, "invalid_grant"), "every attempt is the last");
    }
    let code = browser.get(&page.url()).await.code();
    page.redeem(&code).await.access();
}

async fn oidc_09_a_challenge_that_was_taken_away_is_missed(hub: TestHub) {
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let strict = hub.rp_with("strict", |oidc| oidc.require_pkce = true);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    assert_eq!(browser.get(&strict.url_with(&none)).await.told("error"), "invalid_request");
    // Where PKCE is not required, the verifier the service sends gives the theft away (RFC 9700 4.8.2).
    let rp = hub.rp("rp");
    let code = browser.get(&rp.url_with(&none)).await.code();
    assert_eq!(rp.redeem(&code).await.error(), (400, "invalid_grant"));
    let code = browser.get(&rp.url_with(&none)).await.code();
    rp.redeem_with(&code, &[("code_verifier", "")]).await.access();
}

async fn oidc_10_every_answer_says_who_gave_it(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    assert_eq!(browser.get(&rp.url_with(&[("prompt", "none")])).await.told("iss"), BASE);
    browser.sign_in(&ALICE).at_home().await;
    for mode in ["query", "fragment", "form_post"] {
        let answer = browser.get(&rp.url_with(&[("response_mode", mode)])).await;
        assert_eq!(
            (answer.told("iss").as_str(), answer.told("state").as_str()),
            (BASE, "state-of-the-story"),
            "{mode}"
        );
    }
}

async fn oidc_18_no_request_is_fetched_from_elsewhere(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut listener = preau_flows::Listener::start().await;
    for address in [&listener.url(), "https://127.0.0.1/", "file:///etc/passwd", "urn:example:request"] {
        let attack = hub.under_attack();
        let answer = hub.browser().get(&rp.url_with(&[("request_uri", address)])).await;
        assert_eq!(answer.told("error"), "request_uri_not_supported", "{address}");
        attack.repelled(&answer).await;
    }
    assert!(listener.heard_nothing());
    assert_eq!(hub.browser().get(&rp.url_with(&[("prompt", "none")])).await.told("error"), "login_required", "control");
}

async fn oidc_19_no_request_object_is_read(hub: TestHub) {
    let rp = hub.rp("rp");
    for object in ["eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "x"] {
        let attack = hub.under_attack();
        let answer = hub.browser().get(&rp.url_with(&[("request", object)])).await;
        assert_eq!(answer.told("error"), "request_not_supported", "{object}");
        attack.repelled(&answer).await;
    }
    assert_eq!(hub.browser().get(&rp.url_with(&[("prompt", "none")])).await.told("error"), "login_required", "control");
}

async fn oidc_23_a_hint_that_is_not_believed_opens_nothing(hub: TestHub) {
    let (rp, other) = (hub.rp("rp"), hub.rp("other-rp"));
    let mut browser = hub.browser();
    let code = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let mine = rp.redeem(&code).await.text("id_token").to_owned();
    let code = browser.get(&other.url()).await.code();
    let others = other.redeem(&code).await.text("id_token").to_owned();
    let forged = format!("{}A", &mine[..mine.len() - 2]);
    for hint in [others.as_str(), forged.as_str(), "nonsense", "a.b.c"] {
        let answer = browser.get(&rp.url_with(&[("id_token_hint", hint), ("prompt", "none")])).await;
        assert_eq!(answer.told("error"), "login_required");
    }
    hub.clock.advance(600);
    let answer = browser.get(&rp.url_with(&[("id_token_hint", &mine), ("prompt", "none")])).await;
    rp.redeem(&answer.code()).await.access();
    let mut noe = hub.browser();
    noe.sign_in(&NOE).at_home().await;
    let answer = noe.get(&rp.url_with(&[("id_token_hint", &mine), ("prompt", "none")])).await;
    assert_eq!(answer.told("error"), "login_required", "another person is signed in");
}

async fn oidc_24_a_nonce_is_echoed_whole_or_refused(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for length in [64, 384, 512] {
        let nonce = "n".repeat(length);
        let code = browser.get(&rp.url_with(&[("nonce", &nonce), ("state", &nonce)])).await.code();
        let token = rp.redeem(&code).await;
        assert_eq!(rp.claims(token.text("id_token")).await["nonce"], nonce.as_str());
    }
    let long = browser.get(&rp.url_with(&[("nonce", &"n".repeat(513))])).await;
    assert_eq!((long.told("error").as_str(), long.told("code").as_str()), ("invalid_request", ""));
}

async fn oidc_24_another_person_than_the_hinted_one_signs_in_again(hub: TestHub) {
    let rp = hub.rp("rp");
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let hint = rp.redeem(&code).await.text("id_token").to_owned();
    let mut browser = hub.browser();
    browser.sign_in(&NOE).at_home().await;
    hub.clock.advance(2);
    let asked = rp.url_with(&[("id_token_hint", &hint)]);
    let answer = browser.clone().sign_in(&NOE).through(&asked).await.answer;
    assert_eq!(answer.told("error"), "login_required", "still the wrong person");
    browser.sign_in(&ALICE).through(&asked).await.answer.code();
}

async fn oidc_27_signing_out_by_a_link_of_somebody_else_asks_the_person(hub: TestHub) {
    let rp = hub.rp("rp");
    let (mut browser, mut evil) = (hub.browser(), hub.browser());
    browser.sign_in(&ALICE).through(&rp.url()).await;
    let code = evil.sign_in(&NOE).through(&rp.url()).await.answer.code();
    let foreign = rp.redeem(&code).await.text("id_token").to_owned();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("id_token_hint", &*foreign), ("post_logout_redirect_uri", "https://rp.example/bye")])
        .finish();
    for target in ["/oidc/logout".to_owned(), format!("/oidc/logout?{query}")] {
        let page = browser.get(&target).await;
        assert!(browser.signed_in() && page.location().is_none(), "{target}");
        let form = page.form_to("/sign-out");
        assert_eq!(browser.submit_once(&form, &[("token", "of-somebody-else")]).await.status, 403);
    }
    assert!(browser.signed_in());
}

async fn oidc_27_a_form_of_another_site_signs_nobody_out(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).through(&rp.url()).await;
    let mut elsewhere = browser.clone();
    elsewhere.forget("__Host-preau");
    for (target, leads) in [("/oidc/logout", Some("/oidc/logout?state=1+2")), ("/sign-out", Some("/signed-out"))] {
        let answer = elsewhere.post(target, &[("state".into(), "1 2".into())]).await;
        assert_eq!((answer.location(), answer.header("set-cookie")), (leads, ""), "{target}");
    }
    assert!(browser.get("/oidc/logout?state=1+2").await.form_to("/sign-out").action.ends_with("/sign-out"));
    assert!(browser.signed_in());
    let home = browser.visit("/").await;
    let answer = browser.submit_once(&home.form_to("/sign-out"), &[]).await;
    assert!(!answer.header("set-cookie").is_empty(), "whoever asks for it is signed out");
}

/// Such a form comes without the session's cookie, and would be answered as if nobody had signed in.
async fn a_form_of_another_site_finds_the_session(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let mut elsewhere = browser.clone();
    elsewhere.forget("__Host-preau");
    let query = rp.query(&[("prompt", "none"), ("state", "a&= +b")]);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let sent_back = elsewhere.post("/oidc/authorize", &fields).await;
    let to = sent_back.location().filter(|to| to.starts_with("/oidc/authorize?")).expect("a way back to us").to_owned();
    assert_eq!(sent_back.status, 303);
    let answer = browser.get(&to).await;
    rp.redeem(&answer.code()).await.access();
    assert_eq!(hub.browser().get(&to).await.told("error"), "login_required", "control: nobody's browser");
    let long = vec![("client_id".to_owned(), "rp".to_owned()), ("x".to_owned(), "y".repeat(8000))];
    assert_eq!(elsewhere.post("/oidc/authorize", &long).await.status, 400, "no address is that long");
}

async fn oidc_28_no_page_is_shown_in_a_frame(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let unknown = browser.get(&rp.url_with(&[("client_id", "nobody")])).await;
    browser.sign_in(&ALICE).at_home().await;
    let posting = browser.get(&rp.url_with(&[("response_mode", "form_post")])).await;
    let question = browser.get("/oidc/logout").await;
    for page in [unknown, posting, question] {
        assert!(page.is_html() && page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(page.header("x-frame-options"), "DENY");
    }
}

async fn oidc_29_no_redirect_repeats_a_password(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let page = browser.password_page(&rp.url(), &ALICE).await;
    let answer = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!(answer.status, 303);
    answer.code();
    assert_eq!(browser.get(&rp.url()).await.status, 303);
}

async fn oidc_30_answers_are_kept_by_nobody(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let answer = browser.sign_in(&ALICE).through(&rp.url()).await.answer;
    let tokens = rp.redeem(&answer.code()).await;
    let told = rp.userinfo(tokens.access()).await;
    let question = browser.get("/oidc/logout").await;
    for one in [&answer, &tokens.answer, &told.answer, &question, &rp.userinfo("unknown").await.answer] {
        assert_eq!((one.header("cache-control"), one.header("referrer-policy")), ("no-store", "no-referrer"));
    }
}

async fn oidc_31_signing_out_leads_to_a_registered_address_only(hub: TestHub) {
    let rp = hub.rp("rp");
    for (uri, leads) in [
        ("https://rp.example/bye", true),
        ("https://rp.example/bye?foo=bar", false),
        ("https://rp.example/bye/", false),
        ("https://rp.example/cb", false),
        ("https://evil.test/", false),
        ("//evil.test", false),
        ("javascript:alert(1)", false),
    ] {
        let mut browser = hub.browser();
        let code = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
        let hint = rp.redeem(&code).await.text("id_token").to_owned();
        let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri)];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let answer = browser.get(&format!("/oidc/logout?{query}")).await;
        let away = answer.location().filter(|to| !to.starts_with("/signed-out?end="));
        assert_eq!(away, leads.then_some(uri), "{uri}");
        assert!(!browser.signed_in(), "it is over all the same");
    }
}

async fn oidc_35_what_a_service_did_not_declare_is_refused(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.flows = vec![OidcFlow::Code]);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for kind in ["id_token", "id_token token", "code id_token", "code token"] {
        let answer = browser.get(&rp.url_with(&[("response_type", kind)])).await;
        assert_eq!(answer.told("error"), "unauthorized_client", "{kind}");
        assert!(
            answer.told("id_token").is_empty()
                && answer.told("access_token").is_empty()
                && answer.told("code").is_empty()
        );
    }
    assert_eq!(
        browser.get(&rp.url_with(&[("response_type", "token")])).await.told("error"),
        "unsupported_response_type"
    );
    for grant in ["password", "urn:ietf:params:oauth:grant-type:jwt-bearer"] {
        let told = rp.call("/oidc/token", &[("grant_type", grant), ("username", "a"), ("password", "b")]).await;
        assert_eq!(told.error(), (400, "unsupported_grant_type"), "{grant}");
    }
    let own = rp.call("/oidc/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.error(), (400, "unauthorized_client"));
    let quiet = hub.rp_with("quiet", |oidc| oidc.grants.truncate(1));
    assert_eq!(quiet.refresh("unknown").await.error(), (400, "unauthorized_client"));
    rp.redeem(&browser.get(&rp.url()).await.code()).await.access();
}
