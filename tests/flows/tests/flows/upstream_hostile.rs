//! A provider, or somebody between, that lies (RP-01 to RP-06 and RP-10): each lie beside the truth it differs from.

use crate::oidc_tokens::written;
use crate::upstream::{Change, come_back, come_in, leave, without};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_domain::Seconds;
use preau_flows::{Answer, NOE, Provider, TestHub, Trip, stories};
use preau_keys::jose::{Alg, PrivateKey};
use serde_json::{Value, json};

stories!(
    a_token_with_one_wrong_claim_opens_nothing,
    a_token_with_a_wrong_signature_opens_nothing,
    userinfo_about_somebody_else_opens_nothing,
    a_discovery_page_of_another_issuer_is_not_followed,
    a_round_belongs_to_one_browser,
    a_round_is_used_once_and_in_time,
    rounds_fill_nothing,
    answers_to_one_round_fill_no_journal,
    a_round_is_believed_once_whatever_becomes_of_it,
    a_code_of_another_round_opens_nothing,
    new_keys_are_found_and_a_storm_of_unknown_ones_asks_once,
    a_callback_says_which_provider_it_comes_from,
);

fn iat(claims: &Value) -> i64 {
    claims["iat"].as_i64().unwrap_or_default()
}

const LIES: &[(&str, Change)] = &[
    ("iss", |c| c["iss"] = json!("https://evil.test")),
    ("iss with a slash", |c| c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap_or_default()))),
    ("no iss", |c| without(c, "iss")),
    ("aud", |c| c["aud"] = json!("other")),
    ("no aud", |c| without(c, "aud")),
    ("several aud", |c| c["aud"] = json!(["preau", "other"])),
    ("azp", |c| c["azp"] = json!("other")),
    ("nonce", |c| c["nonce"] = json!("another")),
    ("no nonce", |c| without(c, "nonce")),
    ("exp", |c| c["exp"] = json!(iat(c) - 61)),
    ("no exp", |c| without(c, "exp")),
    ("iat of the future", |c| c["iat"] = json!(iat(c) + 120)),
    ("old iat", |c| c["iat"] = json!(iat(c) - 3600)),
    ("nbf", |c| c["nbf"] = json!(iat(c) + 120)),
    ("at_hash", |c| c["at_hash"] = json!("77QmUPtjPfzWtF2AnpK9RQ")),
    ("auth_time of the future", |c| c["auth_time"] = json!(iat(c) + 3600)),
    ("no sub", |c| without(c, "sub")),
    ("sub too long", |c| c["sub"] = json!("x".repeat(256))),
    ("sub that is no text", |c| c["sub"] = json!(7)),
];

const TRUTHS: &[(&str, Change)] = &[
    ("one aud in a list", |c| c["aud"] = json!(["preau"])),
    ("azp that is us", |c| c["azp"] = json!("preau")),
    ("a clock that is a little ahead", |c| c["iat"] = json!(iat(c) + 30)),
    ("at_hash", |c| c["at_hash"] = json!(preau_keys::jose::Alg::ES256.left_half("acces-libre"))),
];

/// RP-01, one claim at a time.
async fn a_token_with_one_wrong_claim_opens_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    for (what, lie) in LIES {
        let mut browser = hub.browser();
        let trip = leave(&hub, &mut browser).await;
        let mut claims = provider.claims(&hub, &trip);
        lie(&mut claims);
        let token = provider.sign("k1", "JWT", &claims);
        let attack = hub.under_attack();
        let answer = come_back(&provider, &mut browser, &trip, &token).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.words());
        assert!(answer.words().contains("Nous n’avons pas pu vous reconnaître"), "{what}: {}", answer.words());
        attack.repelled(&answer).await;
    }
    for (what, truth) in TRUTHS {
        let answer = come_in(&hub, &provider, &mut hub.browser(), truth).await;
        assert_eq!(answer.location(), Some("/"), "control: {what}: {}", answer.words());
    }
}

/// A token like the right one, but for what is said.
fn forged(provider: &Provider, what: &str, claims: &Value, right: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let parts: Vec<&str> = right.split('.').collect();
    match what {
        "none" => format!("{}.{}.", part(&json!({ "alg": "none" })), parts[1]),
        "HS256" => {
            // The public key, taken for a secret.
            let said = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": "k1" })), parts[1]);
            let key = hmac::Key::new(hmac::HMAC_SHA256, provider.jwk("k1").to_string().as_bytes());
            format!("{said}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, said.as_bytes()).as_ref()))
        }
        "jwk" => {
            let thief = PrivateKey::draw(Alg::ES256);
            let header = json!({ "alg": "ES256", "kid": "k1", "jwk": thief.public().to_jwk("k1", Alg::ES256) });
            written(&thief, &ECDSA_P256_SHA256_FIXED_SIGNING, &header.to_string(), &claims.to_string())
        }
        "other key" => {
            // Its own key under the name of a published one.
            let foreign = provider.sign("k2", "JWT", claims);
            format!("{}.{}.{}", parts[0], parts[1], foreign.rsplit('.').next().unwrap_or_default())
        }
        "type" => provider.sign("k1", "logout+jwt", claims),
        "cut" => right[..right.len() - 4].to_owned(),
        "changed" => {
            let mut other = claims.clone();
            other["sub"] = json!("agent-9");
            format!("{}.{}.{}", parts[0], part(&other), parts[2])
        }
        "two parts" => format!("{}.{}", parts[0], parts[1]),
        _ => String::new(),
    }
}

/// RP-01: `none`, a secret for a signature, a key the token brings along, another's key, a token of another type.
async fn a_token_with_a_wrong_signature_opens_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    for what in ["none", "HS256", "jwk", "other key", "type", "cut", "changed", "two parts", "empty"] {
        let mut browser = hub.browser();
        let trip = leave(&hub, &mut browser).await;
        let claims = provider.claims(&hub, &trip);
        let right = provider.sign("k1", "JWT", &claims);
        let token = forged(&provider, what, &claims, &right);
        let attack = hub.under_attack();
        let answer = come_back(&provider, &mut browser, &trip, &token).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.words());
        attack.repelled(&answer).await;
    }
    assert_eq!(come_in(&hub, &provider, &mut hub.browser(), |_| {}).await.location(), Some("/"), "control");
}

/// RP-02: userinfo is believed for the person of the ID token alone.
async fn userinfo_about_somebody_else_opens_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let record = preau_flows::ALICE.key();
    let told = async |said: Value| {
        provider.json("/userinfo", &said);
        come_in(&hub, &provider, &mut hub.browser(), |claims| without(claims, "record")).await
    };
    for other in [json!("agent-8"), json!(7), Value::Null] {
        let answer = told(json!({ "sub": other, "record": record })).await;
        assert_eq!(answer.status, 403, "{other}: {}", answer.words());
    }
    assert_eq!(told(json!({ "record": record })).await.status, 403, "no sub");
    assert_eq!(told(json!({ "sub": "agent-7", "record": record })).await.location(), Some("/"), "control");
    assert!(provider.heard("/userinfo")[0].head.contains("Bearer acces-libre"));
    for (issuer, status) in [("https://evil.test", 403), (provider.issuer().as_str(), 303)] {
        let said = json!({ "sub": "agent-7", "record": record, "iss": issuer, "aud": "preau" });
        let signed = provider.sign("k1", "JWT", &said);
        provider.body("/userinfo", 200, "application/jwt", &signed);
        let answer = come_in(&hub, &provider, &mut hub.browser(), |claims| {
            claims["sub"] = json!("agent-7");
            without(claims, "record");
        })
        .await;
        assert_eq!(answer.status, status, "signed, of {issuer}: {}", answer.words());
    }
}

/// RP-03: a page that names another issuer, or addresses that may not be called, is no page.
async fn a_discovery_page_of_another_issuer_is_not_followed(hub: TestHub) {
    let provider = Provider::start().await;
    let lies: &[(&str, Value)] = &[
        ("issuer", json!("https://evil.test")),
        ("issuer", json!(format!("{}/", provider.issuer()))),
        ("token_endpoint", json!("http://evil.test/token")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", Value::Null),
    ];
    let page = "/.well-known/openid-configuration";
    for (name, lie) in lies {
        let hub = provider.serves_staff(&hub, "").await;
        let mut told = provider.page();
        told[name] = lie.clone();
        provider.json(page, &told);
        let mut browser = hub.browser();
        let choices = browser.visit("/").await;
        let way = choices.link("Enseignant").expect("a way to the provider");
        let answer = browser.get(&way).await;
        assert_eq!(answer.status, 503, "{name}: {lie}");
        assert!(answer.location().is_none() && answer.words().contains("ne répond pas"), "{}", answer.words());
    }
    provider.json(page, &provider.page());
    let hub = provider.serves_staff(&hub, "").await;
    assert_eq!(come_in(&hub, &provider, &mut hub.browser(), |_| {}).await.location(), Some("/"), "control");
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.words());
    assert!(answer.words().contains("a expiré"), "{}", answer.words());
}

/// RP-04: the state of another browser, of nobody, or of a round that ended.
async fn a_round_belongs_to_one_browser(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let (mut victim, mut thief) = (hub.browser(), hub.browser());
    let trip = leave(&hub, &mut victim).await;
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let attack = hub.under_attack();
    let answer = come_back(&provider, &mut thief, &trip, &token).await;
    refused(&answer);
    attack.ignored(&answer).await;
    for state in ["", "x", &"a".repeat(32), &"a".repeat(5000)] {
        let answer = victim.get(&trip.back(&[("code", "c"), ("state", state), ("iss", &provider.issuer())])).await;
        refused(&answer);
    }
    assert!(provider.heard("/token").is_empty(), "no code was spent for any of them");
    let control = come_back(&provider, &mut victim, &trip, &token).await;
    assert_eq!(control.location(), Some("/"), "and nobody spoilt the round of another: {}", control.words());
}

/// RP-04: whoever leaves again and again fills nothing, and comes back from where they will, once.
async fn rounds_fill_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let way = page.links().into_iter().map(|(_, to)| to).find(|to| to.contains("/elsewhere/")).expect("a way there");
    let mut trips = Vec::new();
    for _ in 0..20 {
        trips.push(Trip::read(&hub, browser.get(&way).await.location().expect("an address")));
    }
    let (first, last) = (&trips[0], &trips[19]);
    assert_ne!(first.value("state"), last.value("state"), "each has its own");
    for (trip, nonce_of) in [(first, last), (last, first)] {
        let crossed = provider.sign("k1", "JWT", &provider.claims(&hub, nonce_of));
        assert_eq!(come_back(&provider, &mut browser, trip, &crossed).await.status, 403, "an answer fits its own");
    }
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, first));
    assert_eq!(come_back(&provider, &mut browser, first, &token).await.location(), Some("/"), "control");
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, last));
    refused(&come_back(&provider, &mut browser, last, &token).await);
    let swept = hub.hub.store.sweep(hub.hub.now() + Seconds(3600), hub.hub.now(), 100).await.expect("a sweep");
    assert_eq!(swept.kept, 2, "that a sign-in ended, that a round was believed, and none of the twenty");
}

/// Whoever brings their own round a no, again and again, writes twenty lines a second at most, and hides nobody's guesses.
async fn answers_to_one_round_fill_no_journal(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let (state, issuer) = (trip.value("state"), provider.issuer());
    let no = [("error", "access_denied"), ("state", &state), ("iss", &issuer)];
    let told = async |why: &str| {
        hub.hub.store.flush_audit().await.expect("the journal is kept");
        let entries = hub.hub.store.audit_entries(i64::MIN, 1_000).await.expect("the journal is read");
        entries.iter().filter(|entry| entry.detail.starts_with(why)).count()
    };
    hub.clock.advance(1);
    for _ in 0..50 {
        let answer = browser.get(&trip.back(&no)).await;
        assert!(answer.words().contains("Votre identification n’a pas abouti"), "{}", answer.words());
    }
    assert_eq!(told("provider-refused").await, 20);
    let mut thief = hub.browser();
    let page = thief.password_page("/", &NOE).await;
    assert_eq!(thief.try_password(&page, NOE.login, "au-hasard").await.status, 422);
    assert_eq!(told("wrong-password").await, 1, "control");
}

/// RP-04: a round that ended, or took too long.
async fn a_round_is_used_once_and_in_time(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut victim = hub.browser();
    let trip = leave(&hub, &mut victim).await;
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    assert_eq!(come_back(&provider, &mut victim, &trip, &token).await.location(), Some("/"), "control");
    refused(&come_back(&provider, &mut victim, &trip, &token).await);
    hub.clock.advance(3600);
    let mut late = hub.browser();
    let trip = leave(&hub, &mut late).await;
    hub.clock.advance(15 * 60);
    refused(&come_back(&provider, &mut late, &trip, "late").await);
}

/// RP-04: also by a browser that keeps what we took away, and where nobody came in the first time.
async fn a_round_is_believed_once_whatever_becomes_of_it(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let mut claims = provider.claims(&hub, &trip);
    without(&mut claims, "sub");
    let token = provider.sign("k1", "JWT", &claims);
    assert_eq!(come_back(&provider, &mut browser, &trip, &token).await.status, 403, "not believed");
    let mut kept = browser.clone();
    let mut claims = provider.claims(&hub, &trip);
    claims["record"] = "inconnue".into();
    let nobody = provider.sign("k1", "JWT", &claims);
    assert_eq!(come_back(&provider, &mut browser, &trip, &nobody).await.status, 403, "believed, and nobody's account");
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    for browser in [&mut browser, &mut kept] {
        refused(&come_back(&provider, browser, &trip, &token).await);
    }
    let trip = leave(&hub, &mut browser).await;
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    assert_eq!(come_back(&provider, &mut browser, &trip, &token).await.location(), Some("/"), "control: another round");
}

/// RP-05: the thief's code in the victim's round brings a token with the thief's nonce, and never fits the verifier.
async fn a_code_of_another_round_opens_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let (mut victim, mut thief) = (hub.browser(), hub.browser());
    let (of_victim, of_thief) = (leave(&hub, &mut victim).await, leave(&hub, &mut thief).await);
    let stolen = provider.sign("k1", "JWT", &provider.claims(&hub, &of_thief));
    let attack = hub.under_attack();
    let answer = come_back(&provider, &mut victim, &of_victim, &stolen).await;
    assert_eq!(answer.status, 403);
    attack.repelled(&answer).await;
    let answer = come_back(&provider, &mut thief, &of_thief, &stolen).await;
    assert_eq!(answer.location(), Some("/"), "control: where it belongs");
    let sent: Vec<String> =
        provider.heard("/token").iter().map(|heard| heard.field("code_verifier").to_owned()).collect();
    assert_ne!(sent[0], sent[1], "each round has its verifier");
}

/// RP-06: keys change hands without anybody noticing, and nobody makes us ask for them in a storm.
async fn new_keys_are_found_and_a_storm_of_unknown_ones_asks_once(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let signed_by = async |kid: &str| {
        let mut browser = hub.browser();
        let trip = leave(&hub, &mut browser).await;
        let token = provider.sign(kid, "JWT", &provider.claims(&hub, &trip));
        come_back(&provider, &mut browser, &trip, &token).await.status.as_u16()
    };
    assert_eq!((signed_by("k1").await, signed_by("k1").await), (303, 303));
    assert_eq!(provider.heard("/jwks").len(), 1, "keys are kept");
    provider.publish(&["k1", "k2"]);
    assert_eq!(signed_by("k2").await, 303, "a new key is found at once");
    for _ in 0..20 {
        assert_eq!(signed_by("k3").await, 403);
    }
    assert_eq!(provider.heard("/jwks").len(), 2, "one more fetch, and no other within the minute");
    hub.clock.advance(61);
    assert_eq!(signed_by("k3").await, 403);
    assert_eq!(provider.heard("/jwks").len(), 3);
    provider.publish(&["k2"]);
    hub.clock.advance(3601);
    assert_eq!(
        (signed_by("k1").await, signed_by("k2").await),
        (403, 303),
        "a key that was withdrawn is believed no more"
    );
}

/// RP-10: the provider says that it names itself (RFC 9207), and is held to it.
async fn a_callback_says_which_provider_it_comes_from(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let with = async |hub: &TestHub, fields: &[(&str, &str)]| {
        let mut browser = hub.browser();
        let trip = leave(hub, &mut browser).await;
        provider.hands_out(&provider.sign("k1", "JWT", &provider.claims(hub, &trip)));
        let state = trip.value("state");
        let all: Vec<(&str, &str)> =
            [("code", "c"), ("state", &state)].into_iter().chain(fields.iter().copied()).collect();
        browser.get(&trip.back(&all)).await.status.as_u16()
    };
    let issuer = provider.issuer();
    let slashed = format!("{issuer}/");
    assert_eq!(with(&hub, &[("iss", &issuer)]).await, 303, "control");
    for lie in [&[][..], &[("iss", "https://evil.test")], &[("iss", &slashed)], &[("iss", &issuer), ("iss", &issuer)]] {
        assert_eq!(with(&hub, lie).await, 403, "{lie:?}");
    }
    let spent = provider.heard("/token").len();
    assert_eq!(spent, 1, "no code was sent for a callback that is not believed");
    let mut page = provider.page();
    page["authorization_response_iss_parameter_supported"] = json!(false);
    provider.json("/.well-known/openid-configuration", &page);
    let hub = provider.serves_staff(&hub, "").await;
    assert_eq!(with(&hub, &[]).await, 303, "control: one that does not say so need not");
    assert_eq!(with(&hub, &[("iss", "https://evil.test")]).await, 403, "but a wrong name is wrong");
}
