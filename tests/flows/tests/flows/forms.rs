//! Forms that somebody else sends, fills twice, or fills with too much.

use preau_flows::{ALICE, Form, NOE, TestHub, stories};

stories!(
    a_form_without_its_token_is_refused,
    a_form_of_another_browser_is_refused,
    a_form_of_another_sign_in_is_refused,
    signing_out_asks_for_a_token,
    nobody_signs_me_out_from_elsewhere,
    a_field_given_twice_is_refused,
    too_many_fields_are_refused,
    a_body_too_large_is_refused,
    text_that_is_not_text_is_refused,
    no_parameter_sends_a_browser_away,
    a_made_up_sign_in_is_refused,
);

fn without(form: &Form, name: &str) -> Form {
    let fields = form.fields.iter().filter(|(key, _)| key != name).cloned().collect();
    Form { fields, ..form.clone() }
}

async fn a_form_without_its_token_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let choice = page.form_with("public");
    let watch = hub.under_attack();
    let answer = browser.submit_once(&choice, &[("public", "nobody")]).await;
    assert_eq!(answer.status, 400);
    watch.repelled(&answer).await;
    let page = browser.submit(&choice, &[("public", "staff")]).await;
    let form = page.form_with("password");
    let typed = [("login", ALICE.login), ("password", ALICE.password)];
    for bad in [&form, &without(&form, "public")] {
        let watch = hub.under_attack();
        let answer = browser.submit_once(bad, &[("token", "x"), typed[0], typed[1]]).await;
        assert_eq!((answer.status.as_u16(), hub.directory.asked()), (403, hub.directory.asked()));
        watch.repelled(&answer).await;
    }
    assert_eq!(browser.submit_once(&form, &typed).await.status, 303, "the control");
}

async fn a_form_of_another_browser_is_refused(hub: TestHub) {
    let (mut mine, mut theirs) = (hub.browser(), hub.browser());
    let (page, other) = (mine.password_page("/", &ALICE).await, theirs.password_page("/", &ALICE).await);
    let token = other.form_with("password").value("token").unwrap_or_default().to_owned();
    let typed = [("login", ALICE.login), ("password", ALICE.password)];
    let (watch, asked) = (hub.under_attack(), hub.directory.asked());
    let answer = mine.submit_once(&page.form_with("password"), &[("token", &token), typed[0], typed[1]]).await;
    assert_eq!((answer.status.as_u16(), hub.directory.asked(), mine.signed_in()), (403, asked, false));
    watch.repelled(&answer).await;
    assert_eq!(mine.submit_once(&page.form_with("password"), &typed).await.status, 303, "the control");
}

async fn a_form_of_another_sign_in_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let (first, second) = (browser.password_page("/", &ALICE).await, browser.password_page("/", &ALICE).await);
    let token = first.form_with("password").value("token").unwrap_or_default().to_owned();
    let typed = [("login", ALICE.login), ("password", ALICE.password)];
    let watch = hub.under_attack();
    let answer = browser.submit_once(&second.form_with("password"), &[("token", &token), typed[0], typed[1]]).await;
    assert_eq!((answer.status.as_u16(), browser.signed_in()), (403, false));
    watch.repelled(&answer).await;
    assert_eq!(browser.submit_once(&second.form_with("password"), &typed).await.status, 303, "the control");
}

async fn signing_out_asks_for_a_token(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.sign_in(&ALICE).at_home().await.answer.form_to("/sign-out");
    for (fields, status) in
        [(without(&form, "token"), 400), (Form { fields: vec![("token".into(), "x".into())], ..form.clone() }, 403)]
    {
        let watch = hub.under_attack();
        let answer = browser.submit_once(&fields, &[]).await;
        assert_eq!(answer.status.as_u16(), status);
        watch.repelled(&answer).await;
        assert!(browser.visit("/").await.words().contains("Alice Martin"), "the session lives");
    }
    browser.get("/sign-out").await;
    assert_eq!(browser.get("/").await.status, 200, "and a link does not sign out");
    assert!(browser.submit(&form, &[]).await.words().contains("tout est fermé"));
}

async fn nobody_signs_me_out_from_elsewhere(hub: TestHub) {
    let (mut mine, mut theirs) = (hub.browser(), hub.browser());
    mine.sign_in(&ALICE).at_home().await;
    let form = theirs.sign_in(&NOE).at_home().await.answer.form_to("/sign-out");
    let watch = hub.under_attack();
    let answer = mine.submit_once(&form, &[]).await;
    assert_eq!(answer.status, 403, "a form of another session");
    watch.repelled(&answer).await;
    assert!(mine.visit("/").await.words().contains("Alice Martin"));
    assert!(theirs.submit(&form, &[]).await.words().contains("tout est fermé"), "the control");
}

async fn a_field_given_twice_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.password_page("/", &ALICE).await.form_with("password");
    let good = form.filled(&[("login", ALICE.login), ("password", ALICE.password)]);
    for name in ["login", "password", "token"] {
        let mut twice = good.clone();
        twice.extend(good.iter().find(|(key, _)| key == name).cloned());
        let watch = hub.under_attack();
        let answer = browser.post(&form.action, &twice).await;
        assert_eq!((answer.status.as_u16(), browser.signed_in()), (400, false), "{name}");
        watch.repelled(&answer).await;
    }
    assert_eq!(browser.post(&form.action, &good).await.status, 303, "the control");
}

async fn too_many_fields_are_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.password_page("/", &ALICE).await.form_with("password");
    let mut many = form.filled(&[("login", ALICE.login), ("password", ALICE.password)]);
    many.extend((0..10_000).map(|n| (format!("f{n}"), String::new())));
    let (watch, began) = (hub.under_attack(), std::time::Instant::now());
    let answer = browser.post(&form.action, &many).await;
    assert!(answer.status == 400 || answer.status == 413, "{}", answer.status);
    assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
    watch.repelled(&answer).await;
    let watch = hub.under_attack();
    let query: Vec<String> = (0..200).map(|n| format!("f{n}=1")).collect();
    let answer = browser.get(&format!("{}?{}", form.action.replace("/password", ""), query.join("&"))).await;
    assert_eq!(answer.status, 400);
    watch.repelled(&answer).await;
}

async fn a_body_too_large_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.password_page("/", &ALICE).await.form_with("password");
    for size in [64 * 1024 + 1, 4 << 20] {
        for target in [form.action.as_str(), "/sign-out", "/establishment"] {
            let watch = hub.under_attack();
            let answer = browser.post(target, &[("login".to_owned(), "a".repeat(size))]).await;
            assert_eq!(answer.status, 413, "{target} with {size} bytes");
            watch.repelled(&answer).await;
        }
    }
    let typed = [("login", ALICE.login), ("password", ALICE.password)];
    assert_eq!(browser.submit_once(&form, &typed).await.status, 303, "the control");
}

async fn text_that_is_not_text_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.password_page("/", &ALICE).await.form_with("password");
    let token = form.value("token").unwrap_or_default().to_owned();
    for bad in [&b"login=a%ff&password=b"[..], b"login=\xff\xfe&password=b", b"login=%c0%ae&password=b"] {
        let mut body = bad.to_vec();
        body.extend_from_slice(format!("&token={token}").as_bytes());
        let watch = hub.under_attack();
        let answer = browser.send(http::Method::POST, &form.action, &[], Some(&body)).await;
        assert_eq!(answer.status, 400);
        watch.repelled(&answer).await;
    }
}

async fn no_parameter_sends_a_browser_away(hub: TestHub) {
    for evil in ["//evil.test", "/%5Cevil.test", "https:evil.test", "https://evil.test/", "%2F%2Fevil.test"] {
        let all = ["next", "url", "return", "redirect", "continue", "q"].map(|name| format!("{name}={evil}")).join("&");
        for target in [format!("/?{all}"), format!("/?lang={evil}"), format!("/cas/login?{all}")] {
            let (mut browser, watch) = (hub.browser(), hub.under_attack());
            let answer = browser.visit(&target).await;
            watch.ignored(&answer).await;
            let page = browser.choose(&answer, &ALICE).await;
            let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
            assert_eq!((entered.status.as_u16(), entered.location()), (303, Some("/")), "{target}");
        }
    }
}

async fn a_made_up_sign_in_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let long = "0".repeat(3000);
    for name in ["unknown", "..%2f..%2fetc", "%00", "a'b", "%F0%9F%94%91", long.as_str()] {
        let watch = hub.under_attack();
        let answer = browser.get(&format!("/sign-in/{name}")).await;
        assert_eq!(answer.status, 400, "{name}");
        watch.ignored(&answer).await;
    }
    assert!(browser.get(&page.url).await.status.is_success(), "the control");
}
