//! ProConnect as its documentation for service providers describes it: a request with any other parameter than it lists is an
//! error, the secret goes in the form, userinfo is a signed token, and signing out there wants a `state` of 32 characters.

use crate::upstream::{come_back, leave};
use preau_domain::AuthnMethod;
use preau_flows::{ALICE, Answer, Browser, Provider, TestHub, Trip, stories};
use serde_json::{Value, json};

stories!(
    an_agent_comes_in_by_proconnect,
    proconnect_is_asked_for_nothing_it_does_not_list,
    a_userinfo_that_proconnect_did_not_sign_brings_nobody_in,
    a_weaker_class_than_was_asked_of_proconnect_is_refused,
    signing_out_goes_on_at_proconnect,
);

/// What step 2 of the how-to writes.
const SOURCE: &str = "authentication = \"client_secret_post\"\nscopes = [\"email\", \"uid\"]\n\
    acr_values = [\"eidas1\"]\nonly_listed = true\nlogout = true";
/// Every parameter of the authorization request it lists.
const LISTED: [&str; 9] =
    ["response_type", "client_id", "redirect_uri", "scope", "claims", "state", "nonce", "prompt", "idp_hint"];

/// A provider that behaves so; it names no issuer in its answers.
async fn proconnect(hub: &TestHub) -> (Provider, TestHub) {
    let provider = Provider::start().await;
    let mut page = provider.page();
    page["userinfo_signing_alg_values_supported"] = json!(["ES256", "RS256", "HS256"]);
    page["authorization_response_iss_parameter_supported"] = json!(false);
    provider.json("/.well-known/openid-configuration", &page);
    let hub = provider.serves_staff(hub, SOURCE).await;
    (provider, hub)
}

/// The claims of its ID token: nothing of the person but a name that stays.
fn id_token(provider: &Provider, hub: &TestHub, trip: &Trip, acr: &str) -> Value {
    let mut claims = provider.claims(hub, trip);
    let all = claims.as_object_mut().expect("claims are an object");
    all.remove("record");
    all.remove("sid");
    all.insert("acr".to_owned(), json!(acr));
    all.insert("amr".to_owned(), json!(["pwd"]));
    claims
}

/// Userinfo as it signs it, with the key of that name.
fn tells(provider: &Provider, kid: &str) {
    let told = json!({
        "sub": "agent-7", "aud": "preau", "iss": provider.issuer(), "email": "alice@ac-notos.example",
        "record": ALICE.key(), "exp": 4_000_000_000_i64, "iat": 1_700_000_000,
    });
    provider.body("/userinfo", 200, "application/jwt", &provider.sign(kid, "JWT", &told));
}

async fn comes(hub: &TestHub, provider: &Provider, browser: &mut Browser, acr: &str) -> Answer {
    let trip = leave(hub, browser).await;
    let token = provider.sign("k1", "JWT", &id_token(provider, hub, &trip, acr));
    come_back(provider, browser, &trip, &token).await
}

async fn an_agent_comes_in_by_proconnect(hub: TestHub) {
    let (provider, hub) = proconnect(&hub).await;
    tells(&provider, "k1");
    let mut browser = hub.browser();
    let answer = comes(&hub, &provider, &mut browser, "eidas1").await;
    assert_eq!(answer.location(), Some("/"), "{}", answer.words());
    let sessions = hub.hub.store.sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("sessions");
    let proof = &sessions[0].authentication;
    assert_eq!((proof.method, proof.acr.as_deref()), (AuthnMethod::Federated, Some("eidas1")));
    let asked = &provider.heard("/token")[0];
    assert!(asked.field("client_secret") == "grille-Noire-202" && asked.field("code_verifier").is_empty());
    assert!(!asked.head.to_ascii_lowercase().contains("authorization:"), "{}", asked.head);
}

async fn proconnect_is_asked_for_nothing_it_does_not_list(hub: TestHub) {
    let (_provider, hub) = proconnect(&hub).await;
    let trip = leave(&hub, &mut hub.browser()).await;
    let asked = trip.path();
    let query = asked.split_once('?').map_or("", |(_, query)| query);
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        assert!(LISTED.contains(&&*name), "{name} is not listed");
    }
    let claims: Value = serde_json::from_str(&trip.value("claims")).expect("a document");
    assert_eq!(claims, json!({ "id_token": { "acr": { "essential": true, "value": "eidas1" } } }));
    assert!(trip.value("state").len() >= 32 && trip.value("nonce").len() >= 32);
}

async fn a_userinfo_that_proconnect_did_not_sign_brings_nobody_in(hub: TestHub) {
    let (provider, hub) = proconnect(&hub).await;
    tells(&provider, "k2");
    let answer = comes(&hub, &provider, &mut hub.browser(), "eidas1").await;
    assert_eq!(answer.status, 403, "a key that is not published: {}", answer.words());
    tells(&provider, "k1");
    let answer = comes(&hub, &provider, &mut hub.browser(), "eidas1").await;
    assert_eq!(answer.location(), Some("/"), "control: {}", answer.words());
}

async fn a_weaker_class_than_was_asked_of_proconnect_is_refused(hub: TestHub) {
    let (provider, hub) = proconnect(&hub).await;
    tells(&provider, "k1");
    let answer = comes(&hub, &provider, &mut hub.browser(), "eidas0").await;
    assert_eq!(answer.status, 403, "{}", answer.words());
}

async fn signing_out_goes_on_at_proconnect(hub: TestHub) {
    let (provider, hub) = proconnect(&hub).await;
    tells(&provider, "k1");
    let mut browser = hub.browser();
    comes(&hub, &provider, &mut browser, "eidas1").await;
    let goodbye = browser.sign_out().await;
    let way = goodbye.link("Se déconnecter aussi : Guichet de l’académie").expect("a way");
    let way = url::Url::parse(&way).expect("an address");
    let value = |name: &str| way.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert!(value("state").is_some_and(|state| state.len() >= 32), "{way}");
    assert!(value("id_token_hint").is_some_and(|hint| hint.starts_with("ey")), "{way}");
    assert_eq!(value("post_logout_redirect_uri").as_deref(), Some("https://ent.example/"));
    let state = value("state").unwrap_or_default();
    let back = browser.get(&format!("/?state={state}")).await;
    assert!(!browser.signed_in() && back.status.as_u16() < 400, "it leads back to the start: {}", back.status);
}
