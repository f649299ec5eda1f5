//! The door itself: forms nobody asked for, pages that hold an address, cookies, and services that misbehave when the
//! person leaves.

use http::Method;
use preau_flows::{ALICE, Listener, NOE, TestHub, stories};
use std::time::{Duration, Instant};

stories!(
    asking_for_headers_alone_has_no_effect,
    credentials_posted_to_the_cas_door_open_nothing,
    a_hostile_address_cannot_break_out_of_the_posting_page,
    the_session_s_cookie_is_new_at_each_sign_in,
    a_service_hears_of_the_end_of_the_session_once,
    a_service_that_asked_for_silence_hears_nothing,
    a_service_that_hangs_fails_or_redirects_keeps_nobody_waiting,
);

/// Login CSRF (CAS-30): what another site can make a browser post is a request for a ticket, never a sign-in.
async fn credentials_posted_to_the_cas_door_open_nothing(hub: TestHub) {
    let app = hub.app("app");
    let fields = |lt: &str| {
        [("username", NOE.login), ("password", NOE.password), ("lt", lt), ("execution", "e1s1"), ("_eventId", "submit")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    for lt in ["", "LT-1-forged"] {
        let mut browser = hub.browser();
        let attack = hub.under_attack();
        let answer = browser.post(&app.login_url(), &fields(lt)).await;
        assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "{:?}", answer.location());
        assert_eq!(browser.cookie("__Host-preau"), None);
        attack.ignored(&answer).await;
    }
    // With a session, a form asks what a link asks, for the person of the session.
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let answer = browser.post(&app.login_url(), &fields("")).await;
    let ticket = preau_flows::Arrival { answer }.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}

/// An address with markup in a page (CAS-31).
async fn a_hostile_address_cannot_break_out_of_the_posting_page(hub: TestHub) {
    let hostile = "https://app.example/cas/?a=\"><script>alert(1)</script>&b='><img src=x onerror=alert(1)>";
    let app = hub.app("app").coming_back_to(&hostile.replace(' ', "%20"));
    let mut browser = hub.browser();
    let page = browser.sign_in(&ALICE).through(&app.login_with(&[("method", "POST")])).await.answer;
    assert_eq!(page.body.matches("<script").count(), 1, "ours, from its own file: {}", page.body);
    assert!(!page.body.contains("<img") && page.body.contains("<script src=\"/cas/continue.js\">"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    let form = page.form_with("ticket");
    assert!(form.action.starts_with("https://app.example/cas/?a=") && form.fields.len() == 1, "{form:?}");
    let ticket = form.value("ticket").unwrap_or_default().to_owned();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}

/// The cookie of the session (CAS-32); its protections are checked by the browser at each answer.
async fn the_session_s_cookie_is_new_at_each_sign_in(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..3 {
        hub.clock.advance(5);
        browser.sign_in(&ALICE).through(&app.login_with(&[("renew", "true")])).await.ticket();
        let cookie = browser.cookie("__Host-preau").expect("a session").to_owned();
        assert!(cookie.len() * 5 >= 128 && !seen.contains(&cookie));
        seen.push(cookie);
    }
    // The secret before is worth nothing any more.
    let old = format!("__Host-preau={}", seen[0]);
    let answer = hub.browser().saying("cookie", &old).get(&app.login_url()).await;
    assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "{:?}", answer.location());
}

/// Single logout: the message of the standard, naming the ticket, at the address of the ticket.
async fn a_service_hears_of_the_end_of_the_session_once(hub: TestHub) {
    let mut listener = Listener::start().await;
    let app = hub.mount_at("heard", &listener);
    let app = app.clone().coming_back_to(&format!("{}deep?page=1", app.service));
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
    browser.get("/cas/logout").await;
    let heard = listener.next().await;
    assert!(heard.line.starts_with("POST /deep?page=1 "), "{}", heard.line);
    let message = heard.field("logoutRequest");
    assert!(message.starts_with("<samlp:LogoutRequest "), "{message}");
    assert!(message.contains(&format!("<samlp:SessionIndex>{ticket}</samlp:SessionIndex>")), "{message}");
    assert!(
        message.contains("IssueInstant=\"2026-09-14T07:00:00.000Z\"") && !message.contains(ALICE.login),
        "{message}"
    );
    browser.get("/cas/logout").await;
    assert!(listener.heard_nothing());
}

async fn a_service_that_asked_for_silence_hears_nothing(hub: TestHub) {
    let (mut quiet, mut control) = (Listener::start().await, Listener::start().await);
    let (app, other) = (hub.mount_at("quiet", &quiet), hub.mount_at("heard", &control));
    let mut service = preau_flows::app_service("quiet", "quiet", &app.service, &preau_domain::Profile::ALL);
    service.network = preau_connector_api::Network::Private;
    service.cas.as_mut().expect("CAS").single_logout = false;
    hub.mount(service);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await.ticket();
    browser.open(&other).await.ticket();
    browser.get("/cas/logout").await;
    control.next().await;
    assert!(quiet.heard_nothing());
}

/// Services that misbehave at logout (CAS-33): the person leaves within a second, and a redirect is not followed.
async fn a_service_that_hangs_fails_or_redirects_keeps_nobody_waiting(hub: TestHub) {
    let mut canary = Listener::start().await;
    let moved: &'static str = Box::leak(
        format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", canary.url())
            .into_boxed_str(),
    );
    let mut services = [
        Listener::mute().await,
        Listener::answering("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await,
        Listener::answering(moved).await,
    ];
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for (n, listener) in services.iter().enumerate() {
        browser.open(&hub.mount_at(&format!("bad-{n}"), listener)).await.ticket();
    }
    let began = Instant::now();
    let answer = browser.visit("/cas/logout").await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.words());
    for listener in &mut services {
        assert!(listener.next().await.field("logoutRequest").contains("SessionIndex"));
    }
    assert!(canary.heard_nothing(), "a redirect is not followed");
}

/// HEAD, as previews of links and watches send it: no ticket is made, none is burnt, no session ends.
async fn asking_for_headers_alone_has_no_effect(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    let endpoints =
        ["validate", "serviceValidate", "proxyValidate", "p3/serviceValidate", "p3/proxyValidate", "proxy", "logout"];
    let query = format!("service={}&ticket={ticket}", app.service);
    let targets = endpoints.map(|endpoint| format!("/cas/{endpoint}?{query}")).into_iter();
    for target in targets.chain([app.login_url()]) {
        let answer = browser.send(Method::HEAD, &target, &[], None).await;
        assert_eq!(answer.status.as_u16(), 405, "{target}");
        assert_eq!((answer.location(), answer.cookies().is_empty()), (None, true), "{target}");
    }
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
    assert_eq!(app.validate(&browser.open(&app).await.ticket()).await.user(), Some(ALICE.login), "still signed in");
}
