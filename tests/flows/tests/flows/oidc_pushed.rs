//! Requests a service pushes ahead of the browser, and requests it signs: rows OIDC-19 and OIDC-20 of the security page, and
//! the keys that services publish.

use preau_connector_api::{ClientAuthentication, Network, OidcService, ProofAlgorithm};
use preau_flows::{ALICE, BASE, Document, Listener, OidcRp, Provider, TestHub, VERIFIER, oidc_service, stories};
use preau_keys::jose::{self, Alg, PrivateKey};
use serde_json::{Value, json};

stories!(
    a_pushed_request_leads_to_a_code,
    oidc_20_a_pushed_request_is_for_its_service_for_a_minute_and_once,
    oidc_20_only_a_sound_request_is_taken,
    oidc_20_a_flood_from_elsewhere_pushes_no_request_out,
    oidc_20_a_service_may_have_none_but_pushed_requests,
    oidc_19_only_what_the_service_signed_counts,
    oidc_19_a_request_object_is_the_services_for_us_and_for_now,
    oidc_19_a_request_object_is_signed_as_the_service_registered,
    oidc_20_a_pushed_request_waits_for_the_person_who_types,
    keys_at_an_address_are_fetched_once,
    of_many_who_need_keys_one_asks,
    a_key_that_was_withdrawn_dies_also_where_nobody_answers,
);

/// The name of a pushed request.
async fn pushed(rp: &OidcRp, change: &[(&str, &str)]) -> Document {
    let query = rp.query(change);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    rp.call("/oidc/par", &form).await
}

/// Where a browser goes with it.
fn through(rp: &OidcRp, told: &Document) -> String {
    let pairs = [("client_id", rp.id.as_str()), ("request_uri", told.text("request_uri"))];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{BASE}/oidc/authorize?{query}")
}

async fn a_pushed_request_leads_to_a_code(hub: TestHub) {
    let rp = hub.rp("rp");
    let told = pushed(&rp, &[]).await;
    assert_eq!((told.answer.status.as_u16(), &told.json["expires_in"]), (201, &json!(60)));
    let answer = hub.browser().sign_in(&ALICE).through(&through(&rp, &told)).await.answer;
    assert_eq!(answer.told("state"), "state-of-the-story");
    rp.redeem(&answer.code()).await.access();
}

async fn oidc_20_a_pushed_request_is_for_its_service_for_a_minute_and_once(hub: TestHub) {
    let (rp, other) = (hub.rp("rp"), hub.rp("other-rp"));
    let mut browser = hub.browser();
    let told = pushed(&rp, &[]).await;
    // Visiting twice before signing in is fine.
    browser.visit(&through(&rp, &told)).await;
    browser.sign_in(&ALICE).through(&through(&rp, &told)).await.answer.code();
    for stale in [through(&rp, &told), through(&other, &pushed(&rp, &[]).await)] {
        let attack = hub.under_attack();
        let answer = browser.get(&stale).await;
        assert!(answer.status == 400 && answer.location().is_none());
        attack.repelled(&answer).await;
    }
    let late = pushed(&rp, &[]).await;
    hub.clock.advance(61);
    assert_eq!(browser.get(&through(&rp, &late)).await.status, 400);
    browser.get(&through(&rp, &pushed(&rp, &[]).await)).await.code();
}

/// Only who brought it within the minute has the time to type.
async fn oidc_20_a_pushed_request_waits_for_the_person_who_types(hub: TestHub) {
    let rp = hub.rp("rp");
    let told = pushed(&rp, &[]).await;
    let mut browser = hub.browser();
    let page = browser.password_page(&through(&rp, &told), &ALICE).await;
    hub.clock.advance(300);
    assert_eq!(hub.browser().get(&through(&rp, &told)).await.status, 400, "another browser comes too late");
    browser.try_password(&page, ALICE.login, ALICE.password).await.code();
    assert_eq!(browser.get(&through(&rp, &told)).await.status, 400, "it was answered");
}

async fn oidc_20_only_a_sound_request_is_taken(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.require_pkce = true);
    for (change, error) in [
        (vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request"),
        (vec![("redirect_uri", "https://evil.test/")], "invalid_request"),
        (vec![("redirect_uri", "")], "invalid_request"),
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge", VERIFIER), ("code_challenge_method", "plain")], "invalid_request"),
        (vec![("scope", "profile")], "invalid_scope"),
        (vec![("unknown", &*"x".repeat(17_000))], "invalid_request"),
        (vec![("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
    ] {
        let told = pushed(&rp, &change).await;
        assert_eq!(told.error(), (400, error), "{change:?}");
        assert!(told.text("request_uri").is_empty());
    }
    assert_eq!(rp.post("/oidc/par", &[], &[("client_id", "rp")]).await.error(), (401, "invalid_client"));
    assert_eq!(pushed(&rp, &[]).await.answer.status, 201, "control");
}

/// Whoever knows the name of a public client may push in its name without end.
async fn oidc_20_a_flood_from_elsewhere_pushes_no_request_out(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.kept_of_one = Some(16)).await;
    let rp = hub.rp_with("rp", |oidc| (oidc.authentication, oidc.secret) = (ClientAuthentication::None, None));
    let fields: Vec<_> = url::form_urlencoded::parse(rp.query(&[]).as_bytes()).into_owned().collect();
    let at = async |peer: &str| {
        let answer = hub.browser().at(peer).post("/oidc/par", &fields).await;
        Document { json: serde_json::from_str(&answer.body).unwrap_or_default(), answer }
    };
    let (told, mut browser) = (at("203.0.113.9").await, hub.browser());
    hub.clock.advance(1);
    let first = at("198.51.100.66").await;
    hub.clock.advance(1);
    for _ in 0..40 {
        at("198.51.100.66").await;
    }
    let lost = browser.get(&through(&rp, &first)).await;
    assert_eq!(lost.status, 400, "control: the flood has so much room and no more");
    browser.sign_in(&ALICE).through(&through(&rp, &told)).await.answer.code();
}

async fn oidc_20_a_service_may_have_none_but_pushed_requests(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.require_pushed = true);
    let answer = hub.browser().get(&rp.url()).await;
    assert!(answer.status == 400 && answer.location().is_none());
    let told = pushed(&rp, &[]).await;
    hub.browser().sign_in(&ALICE).through(&through(&rp, &told)).await.answer.code();
}

/// A service that signs its requests, and its key.
fn signing(hub: &TestHub) -> (OidcRp, PrivateKey) {
    let key = PrivateKey::draw(Alg::ES256);
    let set = json!({ "keys": [key.public().to_jwk("own", Alg::ES256)] }).to_string();
    (hub.rp_with("rp", |oidc| oidc.jwks = Some(set)), key)
}

/// A request of that service, signed, with some of it changed; null takes a claim away.
fn object(hub: &TestHub, rp: &OidcRp, key: &PrivateKey, change: &[(&str, Value)]) -> String {
    let now = hub.hub.now().seconds();
    let mut claims = json!({ "iss": rp.id, "aud": BASE, "exp": now + 60, "iat": now });
    for (name, value) in url::form_urlencoded::parse(rp.query(&[]).as_bytes()) {
        claims[&*name] = json!(value);
    }
    for (name, value) in change {
        claims[*name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    jose::sign(key, Alg::ES256, "own", "oauth-authz-req+jwt", &claims).expect("a key signs")
}

async fn oidc_19_only_what_the_service_signed_counts(hub: TestHub) {
    let (rp, key) = signing(&hub);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let request = object(&hub, &rp, &key, &[("state", Value::Null), ("nonce", json!("signed"))]);
    let outside =
        [("request", request.as_str()), ("nonce", "outside"), ("state", "outside"), ("scope", "openid email")];
    let answer = browser.get(&rp.url_with(&outside)).await;
    assert_eq!(answer.told("state"), "", "nothing outside is read");
    let tokens = rp.redeem(&answer.code()).await;
    assert_eq!(rp.claims(tokens.text("id_token")).await["nonce"], "signed");
    assert_eq!(tokens.text("scope"), "openid");
    let evil = object(&hub, &rp, &key, &[("redirect_uri", json!("https://evil.test/"))]);
    assert!(browser.get(&rp.url_with(&[("request", &evil)])).await.location().is_none());
}

async fn oidc_19_a_request_object_is_the_services_for_us_and_for_now(hub: TestHub) {
    let (rp, key) = signing(&hub);
    let now = hub.hub.now().seconds();
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for (name, value, good) in [
        ("exp", json!(now - 31), false),
        ("exp", json!(now + 7200), false),
        ("exp", Value::Null, false),
        ("aud", json!("https://evil.test"), false),
        ("aud", json!([BASE, "https://other.example"]), true),
        ("iss", json!("other-rp"), false),
        ("sub", json!("rp"), false),
        ("request_uri", json!("https://127.0.0.1/"), false),
        ("client_id", json!("other-rp"), false),
        ("response_type", json!("code id_token"), false),
        ("nbf", json!(now + 8), true),
        ("nbf", json!(now + 61), false),
    ] {
        let request = object(&hub, &rp, &key, &[(name, value.clone())]);
        let answer = browser.get(&rp.url_with(&[("request", &request)])).await;
        assert_eq!(!answer.told("code").is_empty(), good, "{name} {value}");
    }
    let foreign = object(&hub, &rp, &PrivateKey::draw(Alg::ES256), &[]);
    for request in [foreign.as_str(), "eyJhbGciOiJub25lIn0.e30.", "a.b.c.d.e"] {
        assert!(browser.get(&rp.url_with(&[("request", request)])).await.location().is_none());
    }
}

async fn oidc_19_a_request_object_is_signed_as_the_service_registered(hub: TestHub) {
    let (_, key) = signing(&hub);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for (expected, good) in [(ProofAlgorithm::ES256, true), (ProofAlgorithm::PS256, false)] {
        let set = json!({ "keys": [key.public().to_jwk("own", Alg::ES256)] }).to_string();
        let rp = hub.rp_with("rp", |oidc| (oidc.jwks, oidc.request_signing) = (Some(set), Some(expected)));
        let answer = browser.get(&rp.url_with(&[("request", &object(&hub, &rp, &key, &[]))])).await;
        assert_eq!(!answer.told("code").is_empty(), good, "{expected:?}");
    }
}

/// A listener that publishes a key, and the service whose key it is.
async fn publisher(hub: &TestHub, key: &PrivateKey) -> (OidcRp, Listener) {
    let set = json!({ "keys": [key.public().to_jwk("own", Alg::ES256)] }).to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", set.len());
    let listener = Listener::answering(format!("{head}\r\nconnection: close\r\n\r\n{set}").leak()).await;
    (keyed(hub, format!("{}keys", listener.url())), listener)
}

/// A service that publishes its keys at an address.
fn keyed(hub: &TestHub, uri: String) -> OidcRp {
    let mut service = oidc_service("keyed");
    service.network = Network::Private;
    hub.rp_of(service, |oidc: &mut OidcService| {
        oidc.authentication = ClientAuthentication::PrivateKeyJwt;
        (oidc.secret, oidc.jwks_uri) = (None, Some(uri));
    })
}

/// Shows an assertion signed by one who publishes keys, and says what became of it.
async fn shows(hub: &TestHub, rp: &OidcRp, provider: &Provider, jti: &str) -> u16 {
    let now = hub.hub.now().seconds();
    let claims = json!({ "iss": "keyed", "sub": "keyed", "aud": BASE, "jti": jti, "exp": now + 60 });
    let assertion = provider.sign("k1", "JWT", &claims);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let form = [("token", "unknown"), ("client_assertion", &*assertion), ("client_assertion_type", kind)];
    rp.post("/oidc/revoke", &[], &form).await.answer.status.as_u16()
}

async fn of_many_who_need_keys_one_asks(hub: TestHub) {
    let provider = Provider::start().await;
    let rp = keyed(&hub, format!("{}/jwks", provider.issuer()));
    let names: Vec<String> = (0..20).map(|n| format!("j{n}")).collect();
    let all = futures::future::join_all(names.iter().map(|jti| shows(&hub, &rp, &provider, jti))).await;
    assert_eq!((all, provider.heard("/jwks").len()), (vec![200; 20], 1));
}

/// Whoever holds a stolen key may silence the address of the service, but not for ever.
async fn a_key_that_was_withdrawn_dies_also_where_nobody_answers(hub: TestHub) {
    let provider = Provider::start().await;
    let rp = keyed(&hub, format!("{}/jwks", provider.issuer()));
    assert_eq!(shows(&hub, &rp, &provider, "first").await, 200);
    provider.body("/jwks", 503, "text/plain", "");
    for (minutes, status) in [(61, 200), (50, 200), (10, 401), (61, 401)] {
        hub.clock.advance(minutes * 60);
        assert_eq!(shows(&hub, &rp, &provider, &format!("after {minutes}")).await, status, "after {minutes} more");
    }
    provider.publish(&["k1"]);
    hub.clock.advance(61);
    assert_eq!(shows(&hub, &rp, &provider, "last").await, 200, "control");
}

async fn keys_at_an_address_are_fetched_once(hub: TestHub) {
    let key = PrivateKey::draw(Alg::ES256);
    let (rp, mut listener) = publisher(&hub, &key).await;
    let show = async |jti: &str, key: &PrivateKey, kid: &str| {
        let now = hub.hub.now().seconds();
        let claims = json!({ "iss": "keyed", "sub": "keyed", "aud": BASE, "jti": jti, "exp": now + 60 });
        let assertion = jose::sign(key, Alg::ES256, kid, "JWT", &claims).expect("a key signs");
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let form = [("token", "unknown"), ("client_assertion", &*assertion), ("client_assertion_type", kind)];
        rp.post("/oidc/revoke", &[], &form).await.answer.status.as_u16()
    };
    assert_eq!((show("a", &key, "own").await, show("b", &key, "own").await), (200, 200));
    assert_eq!(listener.next().await.line, "GET /keys HTTP/1.1");
    for n in 0..10 {
        assert_eq!(show(&format!("x{n}"), &PrivateKey::draw(Alg::ES256), "unknown").await, 401);
    }
    assert!(listener.heard_nothing(), "a storm of unknown keys fetches nothing within the minute");
    hub.clock.advance(61);
    assert_eq!(show("c", &key, "unknown").await, 401);
    assert_eq!(listener.next().await.line, "GET /keys HTTP/1.1");
}
