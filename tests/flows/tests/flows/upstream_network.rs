//! A provider that is slow, endless, silent or points elsewhere (RP-08), and networks that may not be called.

use crate::upstream::{come_back, come_in, leave};
use preau_flows::{Listener, Provider, TestHub, stories};
use std::time::{Duration, Instant};

stories!(
    an_answer_without_end_or_that_points_elsewhere_opens_nothing,
    a_provider_that_keeps_silent_keeps_nobody_for_long,
    who_waits_for_keys_keeps_nobody_else_waiting,
    a_provider_that_is_down_is_said_to_be_and_comes_back,
    a_private_network_is_called_only_where_the_operator_says_so,
);

async fn an_answer_without_end_or_that_points_elsewhere_opens_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let mut elsewhere = Listener::start().await;
    let huge = format!("HTTP/1.1 200 -\r\ncontent-type: application/json\r\n\r\n{{\"a\":\"{}\"}}", "a".repeat(5 << 20));
    let away = format!("HTTP/1.1 302 -\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
    for path in ["/token", "/userinfo", "/jwks"] {
        for bytes in [&huge, &away, "HTTP/1.1 200 -\r\ncontent-length: 4\r\n\r\nnull", "junk\r\n\r\n"] {
            let hub = provider.serves_staff(&hub, "").await;
            let mut browser = hub.browser();
            let trip = leave(&hub, &mut browser).await;
            let mut claims = provider.claims(&hub, &trip);
            crate::upstream::without(&mut claims, "record");
            provider.hands_out(&provider.sign("k1", "JWT", &claims));
            provider.publish(&["k1"]);
            provider.bytes(path, bytes.to_owned());
            let (state, issuer) = (trip.value("state"), provider.issuer());
            let answer = browser.get(&trip.back(&[("code", "c"), ("state", &state), ("iss", &issuer)])).await;
            assert!(matches!(answer.status.as_u16(), 403 | 503), "{path}: {}", answer.status);
            assert!(!browser.signed_in());
        }
    }
    assert!(elsewhere.heard_nothing(), "a redirect was followed");
    provider.publish(&["k1"]);
    let hub = provider.serves_staff(&hub, "").await;
    assert_eq!(come_in(&hub, &provider, &mut hub.browser(), |_| {}).await.location(), Some("/"), "control");
}

async fn a_provider_that_keeps_silent_keeps_nobody_for_long(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    provider.bytes("/token", "");
    let (state, issuer) = (trip.value("state"), provider.issuer());
    let began = Instant::now();
    let answer = browser.get(&trip.back(&[("code", "c"), ("state", &state), ("iss", &issuer)])).await;
    assert_eq!(answer.status, 503, "{}", answer.words());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

async fn who_waits_for_keys_keeps_nobody_else_waiting(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    provider.bytes("/jwks", "");
    let waiting = come_back(&provider, &mut browser, &trip, &token);
    let others = async {
        while provider.heard("/jwks").is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            leave(&hub, &mut hub.browser()).await;
        }
    };
    tokio::select! {
        biased;
        answer = waiting => panic!("nobody left meanwhile: {}", answer.status),
        () = others => {}
    }
}

async fn a_provider_that_is_down_is_said_to_be_and_comes_back(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let page = "/.well-known/openid-configuration";
    provider.body(page, 500, "text/plain", "");
    let mut browser = hub.browser();
    let way = browser.visit("/").await.link("Enseignant").expect("a way to the provider");
    for _ in 0..5 {
        let answer = browser.get(&way).await;
        assert_eq!(answer.status, 503);
        assert!(answer.words().contains("Le site où vous vous identifiez ne répond pas"), "{}", answer.words());
    }
    assert_eq!(provider.heard(page).len(), 1, "nobody asks again within seconds");
    provider.json(page, &provider.page());
    hub.clock.advance(6);
    let answer = come_in(&hub, &provider, &mut browser, |_| {}).await;
    assert_eq!(answer.location(), Some("/"), "{}", answer.words());
    provider.body(page, 500, "text/plain", "");
    provider.body("/jwks", 500, "text/plain", "");
    hub.clock.advance(3700);
    let mut other = hub.browser();
    let trip = leave(&hub, &mut other).await;
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let answer = come_back(&provider, &mut other, &trip, &token).await;
    assert_eq!(answer.location(), Some("/"), "what is known of it serves on for a day");
}

/// I4: neither its discovery nor what its discovery names.
async fn a_private_network_is_called_only_where_the_operator_says_so(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "network = \"public\"").await;
    let mut browser = hub.browser();
    let way = browser.visit("/").await.link("Enseignant").expect("a way to the provider");
    let answer = browser.get(&way).await;
    assert_eq!(answer.status, 503);
    assert!(provider.heard("/.well-known/openid-configuration").is_empty(), "it was called");
    let control = provider.serves_staff(&hub, "network = \"private\"").await;
    assert_eq!(come_in(&control, &provider, &mut control.browser(), |_| {}).await.location(), Some("/"));
    for issuer in ["http://evil.test", "https://user@evil.test", "https://evil.test/?a=1", "ftp://evil.test", ""] {
        let problems = provider.try_source(&format!("issuer = \"{issuer} \"")).err().unwrap_or_default();
        assert!(problems.iter().any(|what| what.contains("issuer")), "{issuer}: {problems:?}");
    }
}
