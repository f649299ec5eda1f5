//! Hostile requests at the addresses a service itself calls: rows OIDC-05 to 07, 11 to 17, 21, 22, 25, 26, 32 to 34 and 36 to
//! 40 of the security page. Each stands beside the same request without its hostile part.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use preau_connector_api::{ClientAuthentication, ClientSecret, OidcService, ProofAlgorithm, SigningAlgorithm};
use preau_domain::{AccountState, Grant, GrantKind, OneTimeKey, Profile, Seconds, TicketKind};
use preau_flows::{ALICE, BASE, Document, Listener, MTLS_HOST, NOE, OidcRp, SECRET, TestHub, oidc_service, stories};
use preau_keys::jose::{self, Alg, PrivateKey};
use preau_web::ServiceTable;
use serde_json::{Value, json};
use std::collections::BTreeSet;

stories!(
    oidc_05_a_code_used_twice_revokes_what_it_gave,
    oidc_06_among_a_hundred_redemptions_on_two_nodes_one_succeeds,
    oidc_06_a_code_shown_while_it_is_redeemed_leaves_nothing,
    oidc_07_a_code_is_for_one_service_one_address_and_one_minute,
    oidc_11_to_16_no_twisted_token_passes_for_an_assertion,
    oidc_12_to_16_a_true_signature_mends_no_twisted_token,
    oidc_13_14_a_header_brings_no_key_and_no_name_of_one,
    oidc_17_no_token_passes_for_another,
    oidc_17_a_logout_token_names_nobody,
    oidc_21_a_refresh_token_is_used_once,
    oidc_21_among_many_refreshes_one_succeeds,
    oidc_21_whoever_refreshes_in_time_signs_in_again_once_a_year,
    oidc_22_a_refresh_gives_nothing_that_was_taken_away,
    oidc_22_tokens_die_with_their_session_unless_asked_otherwise,
    oidc_25_a_service_proves_itself_in_the_one_way_it_registered,
    oidc_25_no_secret_is_read_from_an_address,
    oidc_26_an_assertion_is_for_us_now_and_once,
    oidc_26_an_assertion_is_signed_as_the_service_registered,
    oidc_26_an_assertion_names_us_by_any_address_of_ours,
    a_former_secret_is_taken_while_it_is_replaced,
    each_service_is_answered_in_the_algorithm_it_registered,
    oidc_34_asking_for_more_brings_nothing_more,
    oidc_34_each_service_knows_a_person_by_another_name,
    a_sector_is_not_another_service_s_name,
    oidc_36_pages_of_strangers_read_nothing,
    oidc_37_a_token_is_told_of_to_its_service_only,
    oidc_38_the_issuer_does_not_follow_the_host,
    oidc_39_a_service_that_hangs_keeps_nobody_waiting,
    oidc_40_no_private_part_is_published,
);

async fn signed_in(hub: &TestHub, rp: &OidcRp, change: &[(&str, &str)]) -> Document {
    let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(change)).await.answer.code();
    rp.redeem(&code).await
}

async fn oidc_05_a_code_used_twice_revokes_what_it_gave(hub: TestHub) {
    let rp = hub.rp("rp");
    for wait in [1, 30] {
        let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
        let tokens = rp.redeem(&code).await;
        assert_eq!(rp.userinfo(tokens.access()).await.answer.status, 200, "control");
        hub.clock.advance(wait);
        let attack = hub.under_attack();
        let again = rp.redeem(&code).await;
        assert_eq!(again.error(), (400, "invalid_grant"));
        attack.repelled(&again.answer).await;
        assert_eq!(rp.userinfo(tokens.access()).await.error(), (401, "invalid_token"));
        assert_eq!(rp.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    }
}

/// By choice, the attempts that lose leave the winner nothing, whether they come before or after its tokens.
async fn oidc_06_among_a_hundred_redemptions_on_two_nodes_one_succeeds(hub: TestHub) {
    let rp = hub.rp("rp");
    let elsewhere = rp.clone().meets(&hub.node().await);
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let attempts = (0..100).map(|n| if n % 2 == 0 { &rp } else { &elsewhere }).map(|rp| rp.redeem(&code));
    let answers = futures::future::join_all(attempts).await;
    let lost = answers.iter().filter(|told| told.error() == (400, "invalid_grant")).count();
    assert!(lost >= 99, "{lost}");
    // Two hold the code: the one who was faster may be the thief.
    for won in answers.iter().filter(|told| told.answer.status == 200) {
        assert_eq!(rp.userinfo(won.access()).await.error(), (401, "invalid_token"));
    }
}

/// The other attempt comes when the code is taken out and its tokens are not there yet.
async fn oidc_06_a_code_shown_while_it_is_redeemed_leaves_nothing(hub: TestHub) {
    let rp = hub.rp("rp");
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let (family, now, store) = (preau_keys::one_time_key(&code), hub.hub.now(), &hub.hub.store);
    let taken = store.consume_ticket(&family, TicketKind::OidcCode).await.expect("a store").expect("a code");
    assert_eq!(rp.redeem(&code).await.error(), (400, "invalid_grant"));
    let late = Grant {
        key: OneTimeKey::new("late"),
        kind: GrantKind::Access,
        family,
        session: Some(taken.session),
        person: Some(taken.person),
        service: taken.service,
        doc: "{}".to_owned(),
        issued: now,
        expires: now + Seconds(60),
    };
    assert!(store.grant(std::slice::from_ref(&late)).await.is_err());
    let other = Grant { family: OneTimeKey::new("another"), ..late };
    store.grant(std::slice::from_ref(&other)).await.expect("control");
}

async fn oidc_07_a_code_is_for_one_service_one_address_and_one_minute(hub: TestHub) {
    let (rp, other) = (hub.rp("rp"), hub.rp("other-rp"));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let code = browser.get(&rp.url()).await.code();
    assert_eq!(other.redeem(&code).await.error(), (400, "invalid_grant"));
    for address in ["https://rp.example/other?a=1", "https://evil.test/", ""] {
        let code = browser.get(&rp.url()).await.code();
        assert_eq!(
            rp.redeem_with(&code, &[("redirect_uri", address)]).await.error(),
            (400, "invalid_grant"),
            "{address}"
        );
        assert_eq!(rp.redeem(&code).await.error(), (400, "invalid_grant"), "every attempt is the last");
    }
    for (wait, status) in [(59, 200), (60, 400)] {
        let code = browser.get(&rp.url()).await.code();
        hub.clock.advance(wait);
        assert_eq!(rp.redeem(&code).await.answer.status.as_u16(), status, "after {wait} s");
    }
    for bad in ["", "a b", "' OR 1=1--", "ST-0123456789abcdefghjkmnpqrstvw", &"a".repeat(43), &"a".repeat(10_000)] {
        assert_eq!(rp.redeem(bad).await.answer.status, 400, "{bad}");
    }
}

/// A service with a key of its own, and the set it registered.
fn keyed(hub: &TestHub, alg: Alg) -> (OidcRp, PrivateKey) {
    let key = PrivateKey::draw(alg);
    let set = json!({ "keys": [key.public().to_jwk("own", alg)] }).to_string();
    let rp = hub.rp_with("keyed", |oidc: &mut OidcService| {
        oidc.authentication = ClientAuthentication::PrivateKeyJwt;
        (oidc.secret, oidc.jwks) = (None, Some(set));
    });
    (rp, key)
}

/// What an assertion says, with some of it changed; null takes a claim away.
fn asserted(hub: &TestHub, jti: &str, change: &[(&str, Value)]) -> Value {
    let now = hub.hub.now().seconds();
    let mut claims = json!({ "iss": "keyed", "sub": "keyed", "aud": BASE, "jti": jti, "iat": now, "exp": now + 60 });
    for (name, value) in change {
        claims[*name] = value.clone();
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    claims
}

/// Asks for tokens with an assertion. The refresh token is nobody's: `invalid_grant` means that the assertion was believed.
async fn shown(rp: &OidcRp, assertion: &str) -> (u16, String) {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "unknown"),
        ("client_assertion", assertion),
        ("client_assertion_type", kind),
    ];
    let told = rp.post("/oidc/token", &[], &form).await;
    (told.answer.status.as_u16(), told.text("error").to_owned())
}

fn believed() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

fn not_believed() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

/// A token of this header and these claims, with that signature.
fn token(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// What a header may bring along, and nobody looks at.
fn headers_never_read(own: Value) -> [(&'static str, Value); 10] {
    [
        ("jwk", own),
        ("jku", json!("https://127.0.0.1/keys")),
        ("x5u", json!("https://127.0.0.1/cert")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1--")),
        ("kid", json!("k".repeat(10_240))),
        ("kid", json!("own\0")),
    ]
}

async fn oidc_11_to_16_no_twisted_token_passes_for_an_assertion(hub: TestHub) {
    let (rp, key) = keyed(&hub, Alg::ES256);
    let claims = |jti: &str| asserted(&hub, jti, &[]);
    let mut twisted: Vec<String> = ["none", "NONE", "nOnE", "HS256", "RS256", "ES384", "PS256"]
        .map(|alg| token(&json!({ "alg": alg, "kid": "own" }), &claims(alg), &[0; 64]))
        .into();
    twisted.extend(["a.b.c.d.e".to_owned(), "..".to_owned(), "[".repeat(2_000)]);
    twisted.push(token(&json!({ "alg": "ES256", "kid": "own" }), &claims("zero"), &[0; 64]));
    for one in &twisted {
        assert_eq!(shown(&rp, one).await, not_believed(), "{}", &one[..one.len().min(60)]);
    }
    let signed = jose::sign(&key, Alg::ES256, "own", "JWT", &claims("good")).expect("a key signs");
    assert_eq!(shown(&rp, &signed).await, believed(), "control");
}

/// A token of these very texts, signed with this key.
pub fn written(key: &PrivateKey, how: &'static EcdsaSigningAlgorithm, header: &str, claims: &str) -> String {
    let pair = EcdsaKeyPair::from_pkcs8(how, key.to_pkcs8().as_slice()).expect("a P-256 key");
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = pair.sign(&SystemRandom::new(), said.as_bytes()).expect("a key signs");
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// What a public key may be taken for, as a secret: its JWK, its point, its DER and its PEM.
fn as_secrets(key: &PrivateKey) -> [Vec<u8>; 4] {
    const P256: &[u8] =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
    let jwk = key.public().to_jwk("own", Alg::ES256);
    let half = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).expect("half a point");
    let point = [half("x"), half("y")].concat();
    let der = [P256, &point].concat();
    let pem = ["BEGIN", "END"]
        .map(|end| format!("-----{end} PUBLIC KEY-----\n"))
        .join(&format!("{}\n", STANDARD.encode(&der)));
    [json!(jwk).to_string().into_bytes(), point, der, pem.into_bytes()]
}

async fn oidc_12_to_16_a_true_signature_mends_no_twisted_token(hub: TestHub) {
    let (rp, key) = keyed(&hub, Alg::ES256);
    let header = r#"{"alg":"ES256","kid":"own"}"#;
    let claims =
        |jti: &str, before: &str| asserted(&hub, jti, &[]).to_string().replacen('{', &format!("{{{before}"), 1);
    let deep = format!("\"x\":{}{},", "[".repeat(1000), "]".repeat(1000));
    let (fixed, der) = (&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P256_SHA256_ASN1_SIGNING);
    for (what, how, header, before) in [
        ("a claim twice", fixed, header, "\"iss\":\"rp\","),
        ("a header twice", fixed, r#"{"alg":"ES256","alg":"ES256","kid":"own"}"#, ""),
        ("crit", fixed, r#"{"alg":"ES256","kid":"own","crit":["x"],"x":1}"#, ""),
        ("b64", fixed, r#"{"alg":"ES256","kid":"own","crit":["b64"],"b64":false}"#, ""),
        ("deep", fixed, header, &deep),
        ("DER", der, header, ""),
    ] {
        assert_eq!(shown(&rp, &written(&key, how, header, &claims(what, before))).await, not_believed(), "{what}");
    }
    for (index, secret) in as_secrets(&key).iter().enumerate() {
        let said = token(&json!({ "alg": "HS256", "kid": "own" }), &asserted(&hub, &format!("h{index}"), &[]), &[]);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), said.trim_end_matches('.').as_bytes());
        let signed = format!("{said}{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
        assert_eq!(shown(&rp, &signed).await, not_believed(), "an HMAC over the public key, {index}");
    }
    assert_eq!(shown(&rp, &written(&key, fixed, header, &claims("good", ""))).await, believed(), "control");
}

fn jwk(key: &PrivateKey) -> Value {
    json!(key.public().to_jwk("own", Alg::ES256))
}

/// Headers under the true signature of `own`, and headers that bring the key they are signed with.
fn hostile_headers<'a>(own: &'a PrivateKey, thief: &'a PrivateKey, keys: &str) -> Vec<(&'a PrivateKey, Value)> {
    let of = |name: &str, value| {
        let mut header = json!({ "alg": "ES256", "kid": "own" });
        header[name] = value;
        header
    };
    let brought = [("jwk", jwk(thief)), ("jku", json!(keys)), ("x5u", json!(keys))];
    let named = brought.clone().map(|(name, value)| (thief, of(name, value)));
    let nameless = brought.map(|(name, value)| (thief, json!({ "alg": "ES256", name: value })));
    headers_never_read(jwk(own))
        .map(|(name, value)| (own, of(name, value)))
        .into_iter()
        .chain(named)
        .chain(nameless)
        .collect()
}

/// Neither in the token nor at an address, and whoever signed it.
async fn oidc_13_14_a_header_brings_no_key_and_no_name_of_one(hub: TestHub) {
    let (rp, own) = keyed(&hub, Alg::ES256);
    let thief = PrivateKey::draw(Alg::ES256);
    let set = json!({ "keys": [jwk(&thief)] }).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    let mut canary = Listener::answering(format!("{head}{set}").leak()).await;
    let signed = |key: &PrivateKey, header: &Value, jti: &str| {
        let claims = asserted(&hub, jti, &[]).to_string();
        written(key, &ECDSA_P256_SHA256_FIXED_SIGNING, &header.to_string(), &claims)
    };
    for (at, (key, header)) in hostile_headers(&own, &thief, &canary.url()).iter().enumerate() {
        let told = shown(&rp, &signed(key, header, &format!("h{at}"))).await;
        assert_eq!(told, not_believed(), "{at}: {:.80}", header.to_string());
    }
    assert!(canary.heard_nothing());
    assert_eq!(
        shown(&rp, &signed(&own, &json!({ "alg": "ES256", "kid": "own" }), "good")).await,
        believed(),
        "control"
    );
}

/// It is signed by us, for this service, and names the person.
async fn oidc_17_a_logout_token_names_nobody(hub: TestHub) {
    let mut listener = Listener::start().await;
    let rp = hub.rp_at("rp", &listener);
    let mut browser = hub.browser();
    let tokens = rp.redeem(&browser.sign_in(&ALICE).through(&rp.url()).await.answer.code()).await;
    browser.sign_out().await;
    let logout = listener.next().await.field("logout_token").to_owned();
    rp.verified(&logout, "logout+jwt").await;
    browser.sign_in(&ALICE).at_home().await;
    let hinted = |hint: &str| rp.url_with(&[("id_token_hint", hint), ("prompt", "none")]);
    assert_eq!(browser.get(&hinted(&logout)).await.told("error"), "login_required");
    assert_eq!(rp.userinfo(&logout).await.error(), (401, "invalid_token"));
    let bye = browser.get(&format!("/oidc/logout?id_token_hint={logout}")).await;
    assert!(bye.location().is_none() && browser.signed_in(), "the person is asked");
    browser.get(&hinted(tokens.text("id_token"))).await.code();
}

async fn oidc_17_no_token_passes_for_another(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.userinfo_signing = Some(oidc.signing));
    let tokens = signed_in(&hub, &rp, &[]).await;
    let id_token = tokens.text("id_token");
    assert_eq!(rp.userinfo(id_token).await.error(), (401, "invalid_token"));
    assert_eq!(rp.userinfo(tokens.text("refresh_token")).await.error(), (401, "invalid_token"));
    assert_eq!(rp.refresh(tokens.access()).await.error(), (400, "invalid_grant"));
    assert_eq!(rp.redeem(tokens.access()).await.error(), (400, "invalid_grant"));
    let told = rp.userinfo(tokens.access()).await.answer.body;
    assert_eq!(rp.verified(&told, "JWT").await["aud"], "rp", "control: signed userinfo");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for hint in [told.as_str(), tokens.access()] {
        let answer = browser.get(&rp.url_with(&[("id_token_hint", hint), ("prompt", "none")])).await;
        assert_eq!(answer.told("error"), "login_required");
    }
    browser.get(&rp.url_with(&[("id_token_hint", id_token), ("prompt", "none")])).await.code();
}

async fn oidc_21_a_refresh_token_is_used_once(hub: TestHub) {
    let rp = hub.rp("rp");
    let first = signed_in(&hub, &rp, &[]).await;
    let second = rp.refresh(first.text("refresh_token")).await;
    assert_eq!(rp.userinfo(second.access()).await.answer.status, 200, "control");
    let attack = hub.under_attack();
    let again = rp.refresh(first.text("refresh_token")).await;
    assert_eq!(again.error(), (400, "invalid_grant"));
    attack.repelled(&again.answer).await;
    assert_eq!(rp.refresh(second.text("refresh_token")).await.error(), (400, "invalid_grant"));
    for token in [first.access(), second.access()] {
        assert_eq!(rp.userinfo(token).await.error(), (401, "invalid_token"), "the whole family is gone");
    }
}

async fn oidc_21_among_many_refreshes_one_succeeds(hub: TestHub) {
    let rp = hub.rp("rp");
    let elsewhere = rp.clone().meets(&hub.node().await);
    let first = signed_in(&hub, &rp, &[]).await;
    let secret = first.text("refresh_token").to_owned();
    let attempts = (0..20).map(|n| if n % 2 == 0 { &rp } else { &elsewhere }).map(|rp| rp.refresh(&secret));
    let answers = futures::future::join_all(attempts).await;
    let won: Vec<&Document> = answers.iter().filter(|told| told.answer.status == 200).collect();
    assert!(won.len() <= 1 && answers.len() == 20);
    for winner in won {
        assert_eq!(rp.userinfo(winner.access()).await.error(), (401, "invalid_token"), "the losers revoked the family");
    }
}

async fn oidc_21_whoever_refreshes_in_time_signs_in_again_once_a_year(hub: TestHub) {
    const DAY: i64 = 86_400;
    let rp = hub.rp("rp");
    let offline = [("scope", "openid offline_access")];
    let mut tokens = signed_in(&hub, &rp, &offline).await;
    let proved = rp.claims(tokens.text("id_token")).await["auth_time"].clone();
    for month in 1..=14 {
        hub.clock.advance(26 * DAY);
        tokens = rp.refresh(tokens.text("refresh_token")).await;
        let told = rp.claims(tokens.text("id_token")).await;
        assert_eq!(told["auth_time"], proved, "control: {month} times it is good, and the proof as old as it is");
    }
    hub.clock.advance(DAY - 60);
    tokens = rp.refresh(tokens.text("refresh_token")).await;
    assert_eq!(tokens.json["expires_in"], 60, "what is given in the last minute ends with it");
    assert_eq!(rp.userinfo(tokens.access()).await.answer.status, 200, "control");
    hub.clock.advance(60);
    assert_eq!(rp.userinfo(tokens.access()).await.error(), (401, "invalid_token"));
    assert_eq!(rp.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let again = signed_in(&hub, &rp, &offline).await;
    rp.refresh(again.text("refresh_token")).await.access();
}

async fn oidc_22_a_refresh_gives_nothing_that_was_taken_away(hub: TestHub) {
    let (rp, other) = (hub.rp("rp"), hub.rp("other-rp"));
    let offline = [("scope", "openid profile offline_access")];
    let tokens = signed_in(&hub, &rp, &offline).await;
    assert_eq!(other.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let wider =
        [("grant_type", "refresh_token"), ("refresh_token", tokens.text("refresh_token")), ("scope", "openid email")];
    assert_eq!(rp.call("/oidc/token", &wider).await.error(), (400, "invalid_scope"));
    let narrower =
        [("grant_type", "refresh_token"), ("refresh_token", tokens.text("refresh_token")), ("scope", "openid")];
    let next = rp.call("/oidc/token", &narrower).await;
    assert_eq!(rp.userinfo(next.access()).await.json.as_object().map(serde_json::Map::len), Some(1), "sub and no name");
    // The service opens for heads of school only from now on.
    let mut strict = oidc_service("rp");
    strict.audience.allow[0].profiles = vec![Profile::Head];
    hub.mount(strict);
    hub.clock.advance(4);
    assert_eq!(rp.refresh(next.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(rp.userinfo(next.access()).await.error(), (401, "invalid_token"));
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &offline).await;
    hub.put(preau_domain::Person { state: AccountState::Suspended, ..ALICE.person() }).await;
    hub.clock.advance(4);
    assert_eq!(rp.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

async fn oidc_22_tokens_die_with_their_session_unless_asked_otherwise(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let bound = rp.redeem(&browser.sign_in(&ALICE).through(&rp.url()).await.answer.code()).await;
    let offline = rp.url_with(&[("scope", "openid offline_access")]);
    let unbound = rp.redeem(&browser.get(&offline).await.code()).await;
    browser.sign_out().await;
    assert_eq!(rp.userinfo(bound.access()).await.error(), (401, "invalid_token"));
    assert_eq!(rp.refresh(bound.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let next = rp.refresh(unbound.text("refresh_token")).await;
    assert_eq!(rp.userinfo(next.access()).await.answer.status, 200);
}

async fn oidc_25_a_service_proves_itself_in_the_one_way_it_registered(hub: TestHub) {
    let rp = hub.rp("rp");
    let basic = |name: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")));
    let form = [("grant_type", "refresh_token"), ("refresh_token", "unknown")];
    let in_form = |secret| [form[0], form[1], ("client_id", "rp"), ("client_secret", secret)];
    let (right, wrong) = (basic("rp", SECRET), basic("rp", "a-wrong-secret-0123456789abcdef-0123456"));
    for (headers, form) in [
        (vec![("authorization", wrong.as_str())], form.to_vec()),
        (vec![("authorization", &*basic("nobody", SECRET).leak())], form.to_vec()),
        (vec![("authorization", right.as_str())], in_form(SECRET).to_vec()),
        (vec![], in_form(SECRET).to_vec()),
        (vec![], in_form("wrong").to_vec()),
        (vec![], [form[0], form[1], ("client_id", "rp")].to_vec()),
        (vec![], form.to_vec()),
    ] {
        let attack = hub.under_attack();
        let told = rp.post("/oidc/token", &headers, &form).await;
        assert_eq!(told.error(), (401, "invalid_client"), "{headers:?} {form:?}");
        assert!(told.answer.header("www-authenticate").starts_with("Basic"));
        attack.repelled(&told.answer).await;
    }
    assert_eq!(
        rp.post("/oidc/token", &[("authorization", &right)], &form).await.error(),
        (400, "invalid_grant"),
        "control"
    );
}

/// One claim of an assertion, and whether it is believed with it.
fn claims_of_assertions(now: i64) -> [((&'static str, Value), bool); 13] {
    [
        (("exp", json!(now - 31)), false),
        (("exp", json!(now + 86_400)), false),
        (("exp", Value::Null), false),
        (("aud", json!("https://evil.test")), false),
        (("aud", json!([BASE])), false),
        (("aud", json!(format!("{BASE}/oidc/token"))), true),
        (("sub", Value::Null), false),
        (("sub", json!("rp")), false),
        (("iss", json!("rp")), false),
        (("jti", Value::Null), false),
        (("nbf", json!(now + 8)), true),
        (("nbf", json!(now + 61)), false),
        (("iat", json!(now + 61)), false),
    ]
}

async fn oidc_25_no_secret_is_read_from_an_address(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.authentication = ClientAuthentication::ClientSecretPost);
    let form = [("grant_type", "refresh_token"), ("refresh_token", "unknown")];
    let in_query = format!("/oidc/token?client_id=rp&client_secret={SECRET}");
    assert_eq!(rp.post(&in_query, &[], &form).await.error(), (401, "invalid_client"));
    assert_eq!(rp.call("/oidc/token", &form).await.error(), (400, "invalid_grant"), "control");
}

async fn oidc_26_an_assertion_is_for_us_now_and_once(hub: TestHub) {
    let (rp, key) = keyed(&hub, Alg::ES256);
    let now = hub.hub.now().seconds();
    let signed = |jti: &str, change: &[(&str, Value)]| {
        jose::sign(&key, Alg::ES256, "own", "JWT", &asserted(&hub, jti, change)).expect("a key signs")
    };
    let once = signed("once", &[]);
    assert_eq!(shown(&rp, &once).await, believed(), "control");
    assert_eq!(shown(&rp, &once).await, not_believed(), "shown again");
    for (at, (change, good)) in claims_of_assertions(now).into_iter().enumerate() {
        let told = shown(&rp, &signed(&format!("n{at}"), std::slice::from_ref(&change))).await;
        assert_eq!(told, if good { believed() } else { not_believed() }, "{change:?}");
    }
    let foreign = jose::sign(&PrivateKey::draw(Alg::ES256), Alg::ES256, "own", "JWT", &asserted(&hub, "f", &[]))
        .expect("a key signs");
    assert_eq!(shown(&rp, &foreign).await, not_believed());
}

/// By our name, the token endpoint at either host, or the address that is called; not by that of another address.
async fn oidc_26_an_assertion_names_us_by_any_address_of_ours(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.config.mtls_url = Some(format!("https://{MTLS_HOST}"))).await;
    let (rp, key) = keyed(&hub, Alg::ES256);
    let aliased = rp.showing_none();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let mut shown = 0;
    for (rp, aud, good) in [
        (&rp, BASE.to_owned(), true),
        (&rp, format!("{BASE}/oidc/token"), true),
        (&rp, format!("{BASE}/oidc/introspect"), true),
        (&rp, format!("{BASE}/oidc/par"), false),
        (&rp, format!("https://{MTLS_HOST}/oidc/token"), false),
        (&aliased, format!("https://{MTLS_HOST}/oidc/token"), true),
        (&aliased, format!("https://{MTLS_HOST}/oidc/introspect"), true),
        (&aliased, format!("https://{MTLS_HOST}"), false),
        (&aliased, BASE.to_owned(), true),
    ] {
        shown += 1;
        let claims = asserted(&hub, &format!("of-{shown}"), &[("aud", json!(aud))]);
        let assertion = jose::sign(&key, Alg::ES256, "own", "JWT", &claims).expect("a key signs");
        let form = [("token", "unknown"), ("client_assertion", &*assertion), ("client_assertion_type", kind)];
        let told = rp.post("/oidc/introspect", &[], &form).await;
        assert_eq!(told.answer.status, if good { 200 } else { 401 }, "{aud}: {}", told.answer.body);
    }
}

/// One who stole a key of another kind signs nothing with it.
async fn oidc_26_an_assertion_is_signed_as_the_service_registered(hub: TestHub) {
    let keys = [(Alg::ES256, PrivateKey::draw(Alg::ES256)), (Alg::EdDSA, PrivateKey::draw(Alg::EdDSA))];
    let set: Vec<_> = keys.iter().map(|(alg, key)| key.public().to_jwk(alg.as_str(), *alg)).collect();
    let set = json!({ "keys": set }).to_string();
    for (expected, good) in [(None, [true, true]), (Some(ProofAlgorithm::ES256), [true, false])] {
        let rp = hub.rp_with("keyed", |oidc: &mut OidcService| {
            oidc.authentication = ClientAuthentication::PrivateKeyJwt;
            (oidc.secret, oidc.jwks, oidc.assertion_signing) = (None, Some(set.clone()), expected);
        });
        for ((alg, key), good) in keys.iter().zip(good) {
            let claims = asserted(&hub, &format!("{expected:?} {}", alg.as_str()), &[]);
            let signed = jose::sign(key, *alg, alg.as_str(), "JWT", &claims).expect("a key signs");
            assert_eq!(shown(&rp, &signed).await, if good { believed() } else { not_believed() }, "{expected:?}");
        }
    }
}

/// A secret is replaced without a moment in which the service is kept out.
async fn a_former_secret_is_taken_while_it_is_replaced(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| {
        let new = ClientSecret::Text("another-secret-of-the-stories-0123456789".to_owned());
        oidc.former_secret = oidc.secret.replace(new);
    });
    signed_in(&hub, &rp, &[]).await.access();
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("rp:{secret}")));
    for (secret, status) in [("another-secret-of-the-stories-0123456789", 200), ("neither-of-the-two", 401)] {
        let told = rp.post("/oidc/revoke", &[("authorization", &basic(secret))], &[("token", "unknown")]).await;
        assert_eq!(told.answer.status, status, "{secret}");
    }
}

async fn each_service_is_answered_in_the_algorithm_it_registered(hub: TestHub) {
    let algorithms = [SigningAlgorithm::RS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA];
    for (signing, alg) in algorithms.into_iter().zip(["RS256", "ES256", "EdDSA"]) {
        let rp = hub.rp_with("rp", |oidc| (oidc.signing, oidc.userinfo_signing) = (signing, Some(signing)));
        let tokens = signed_in(&hub, &rp, &[]).await;
        let told = rp.userinfo(tokens.access()).await.answer.body;
        for token in [tokens.text("id_token"), &told] {
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap_or_default()).expect("a header");
            assert!(String::from_utf8_lossy(&header).contains(&format!("\"alg\":\"{alg}\"")), "{alg}");
            rp.verified(token, "JWT").await;
        }
    }
}

async fn oidc_34_asking_for_more_brings_nothing_more(hub: TestHub) {
    let mut small = oidc_service("small");
    small.release.truncate(1);
    let rp = hub.rp_of(small, |oidc| oidc.scopes = vec!["profile".into(), "ent".into()]);
    let claims = r#"{"userinfo":{"email":null,"login":null,"sub":null,"ent_classes":{"essential":true}},"id_token":{"email":null,"iss":{"value":"x"},"name":null}}"#;
    let asked = [("scope", "openid profile email ent phone address admin offline_access"), ("claims", claims)];
    let tokens = signed_in(&hub, &rp, &asked).await;
    assert_eq!(tokens.text("scope"), "openid profile ent");
    let told = rp.userinfo(tokens.access()).await;
    let names: BTreeSet<&str> =
        told.json.as_object().into_iter().flat_map(|all| all.keys().map(String::as_str)).collect();
    assert_eq!(names, BTreeSet::from(["name", "sub"]));
    let token = rp.claims(tokens.text("id_token")).await;
    assert_eq!((token.get("email"), &token["name"]), (None, &json!("Alice Martin")));
}

async fn oidc_34_each_service_knows_a_person_by_another_name(hub: TestHub) {
    let sector = |oidc: &mut OidcService| oidc.sector = Some("twins".into());
    let (one, two) = (hub.rp("one"), hub.rp("two"));
    let (left, right) = (hub.rp_with("left", sector), hub.rp_with("right", sector));
    let mut names = Vec::new();
    for rp in [&one, &two, &left, &right] {
        let tokens = signed_in(&hub, rp, &[]).await;
        let sub = rp.claims(tokens.text("id_token")).await["sub"].as_str().unwrap_or_default().to_owned();
        assert!(sub.len() == 32 && !sub.contains(ALICE.id), "{sub}");
        names.push(sub);
    }
    assert_eq!(names[2], names[3], "services of one sector know her by one name");
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(different.len(), 3);
}

/// The name of another service is its own sector: nobody joins it unless its file says so too.
async fn a_sector_is_not_another_service_s_name(_: TestHub) {
    let of = |id: &str, sector: Option<&str>| {
        let mut service = oidc_service(id);
        service.oidc.as_mut().expect("it speaks that").sector = sector.map(str::to_owned);
        service
    };
    let mounts = |left, right| ServiceTable::new(vec![of("left", left), of("right", right)]);
    let problems = mounts(Some("right"), None).err().expect("refused");
    assert_eq!(problems, ["left: its sector is the service right, whose file does not say that sector too"]);
    for (left, right) in [(Some("right"), Some("right")), (Some("twins"), Some("twins")), (Some("left"), None)] {
        assert!(mounts(left, right).is_ok(), "control: {left:?} {right:?}");
    }
}

async fn oidc_36_pages_of_strangers_read_nothing(hub: TestHub) {
    let page = hub.rp_with("page", |oidc| {
        oidc.authentication = ClientAuthentication::None;
        (oidc.secret, oidc.require_pkce) = (None, true);
    });
    let allowed = |told: &Document| told.answer.header("access-control-allow-origin").to_owned();
    let tokens = signed_in(&hub, &page, &[]).await;
    let bearer = format!("Bearer {}", tokens.access());
    for (origin, reads) in [("https://page.example", true), ("https://evil.test", false), ("null", false)] {
        let told = page.get("/oidc/userinfo", &[("authorization", &bearer), ("origin", origin)]).await;
        assert_eq!(allowed(&told), if reads { origin } else { "" }, "{origin}");
        let told = page.post("/oidc/token", &[("origin", origin)], &[("client_id", "page")]).await;
        assert_eq!(allowed(&told), if reads { origin } else { "" }, "{origin}");
        for told in [
            page.get("/oidc/jwks", &[("origin", origin)]).await,
            page.get("/.well-known/openid-configuration", &[]).await,
        ] {
            assert_eq!(allowed(&told), "*");
        }
        let told = page.get(page.url().trim_start_matches(BASE), &[("origin", origin)]).await;
        assert_eq!(allowed(&told), "", "nobody reads what a browser is sent on with");
        assert!(told.answer.header("access-control-allow-credentials").is_empty());
    }
}

async fn oidc_37_a_token_is_told_of_to_its_service_only(hub: TestHub) {
    let (rp, other) = (hub.rp("rp"), hub.rp("other-rp"));
    let tokens = signed_in(&hub, &rp, &[]).await;
    let (access, refresh) = (tokens.access(), tokens.text("refresh_token"));
    let told = rp.call("/oidc/introspect", &[("token", access)]).await;
    assert_eq!((&told.json["active"], told.text("client_id")), (&json!(true), "rp"), "control");
    for (who, token) in [(&other, access), (&other, refresh), (&rp, "a-guess"), (&rp, tokens.text("id_token"))] {
        assert_eq!(who.call("/oidc/introspect", &[("token", token)]).await.json, json!({ "active": false }));
    }
    assert_eq!(rp.post("/oidc/introspect", &[], &[("token", access)]).await.error(), (401, "invalid_client"));
    assert_eq!(rp.post("/oidc/revoke", &[], &[("token", access)]).await.error(), (401, "invalid_client"));
    assert_eq!(other.call("/oidc/revoke", &[("token", refresh)]).await.answer.status, 200);
    assert_eq!(rp.userinfo(access).await.answer.status, 200, "another service revokes nothing");
    assert_eq!(rp.call("/oidc/revoke", &[("token", refresh)]).await.answer.status, 200);
    assert_eq!(rp.userinfo(access).await.error(), (401, "invalid_token"));
    assert_eq!(rp.refresh(refresh).await.error(), (400, "invalid_grant"));
}

async fn oidc_38_the_issuer_does_not_follow_the_host(hub: TestHub) {
    let rp = hub.rp("rp");
    let told = rp
        .get("/.well-known/openid-configuration", &[("x-forwarded-host", "evil.test"), ("forwarded", "host=evil.test")])
        .await;
    assert_eq!(told.text("issuer"), BASE);
    assert!(!told.answer.body.contains("evil.test"));
    let answer = hub
        .browser()
        .send(http::Method::GET, "/.well-known/openid-configuration", &[("host", "evil.test")], None)
        .await;
    assert_eq!(answer.status, 421);
}

async fn oidc_39_a_service_that_hangs_keeps_nobody_waiting(hub: TestHub) {
    let (mut mute, mut good) = (Listener::mute().await, Listener::start().await);
    let (slow, quick) = (hub.rp_at("slow", &mute), hub.rp_at("quick", &good));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).through(&slow.url()).await;
    let tokens = quick.redeem(&browser.get(&quick.url()).await.code()).await;
    let (began, _) = (std::time::Instant::now(), browser.sign_out().await);
    assert!(began.elapsed() < std::time::Duration::from_secs(4));
    mute.next().await;
    let told = quick.verified(good.next().await.field("logout_token"), "logout+jwt").await;
    assert_eq!(told["sid"], quick.claims(tokens.text("id_token")).await["sid"]);
    assert!(told.get("nonce").is_none() && told["events"].is_object());
    let noe = hub.browser().sign_in(&NOE).through(&quick.url()).await.answer.code();
    quick.redeem(&noe).await.access();
}

async fn oidc_40_no_private_part_is_published(hub: TestHub) {
    let told = hub.rp("rp").get("/oidc/jwks", &[]).await;
    let keys = told.json["keys"].as_array().cloned().unwrap_or_default();
    assert!(keys.len() >= 3 && told.answer.header("cache-control").starts_with("public, max-age="));
    let kids: BTreeSet<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    assert_eq!(kids.len(), keys.len(), "each key has a name of its own");
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key[private].is_null(), "{private}");
        }
        assert!(key["kty"] != "oct" && key["use"] == "sig");
    }
}
