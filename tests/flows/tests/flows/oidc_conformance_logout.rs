//! The modules of the OpenID Foundation's logout plans for providers; the table is in `oidc_conformance`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_connector_api::OidcService;
use preau_flows::{ALICE, BASE, Browser, Listener, OidcRp, TestHub, stories};
use preau_keys::jose::{self, Alg, PrivateKey};
use serde_json::{Value, json};
use std::collections::BTreeSet;

stories!(
    oidcc_rp_initiated_logout_discovery_endpoint_verification,
    oidcc_rp_initiated_logout,
    oidcc_rp_initiated_logout_bad_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_no_id_token_hint,
    oidcc_rp_initiated_logout_modified_id_token_hint,
    oidcc_rp_initiated_logout_bad_id_token_hint,
    oidcc_rp_initiated_logout_no_params,
    oidcc_rp_initiated_logout_no_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_only_state,
    oidcc_rp_initiated_logout_no_state,
    oidcc_backchannel_rp_initiated_logout_discovery,
    oidcc_backchannel_rp_initiated_logout,
    oidcc_frontchannel_rp_initiated_logout_discovery,
    oidcc_frontchannel_rp_initiated_logout,
);

/// A service, a browser that signed in to it, and the ID token it got.
async fn hinted(hub: &TestHub) -> (OidcRp, Browser, String) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let code = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let token = rp.redeem(&code).await.text("id_token").to_owned();
    (rp, browser, token)
}

/// The address that signs out, with these parameters.
fn logout(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oidc/logout?{query}")
}

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap_or_default()).unwrap_or_default()
}

async fn oidcc_rp_initiated_logout_discovery_endpoint_verification(hub: TestHub) {
    let told = hub.rp("rp").get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(told.text("end_session_endpoint"), "https://ent.example/oidc/logout");
}

async fn oidcc_rp_initiated_logout(hub: TestHub) {
    let (rp, mut browser, token) = hinted(&hub).await;
    let asked =
        [("id_token_hint", &*token), ("post_logout_redirect_uri", "https://rp.example/bye"), ("state", "s t&1")];
    let answer = browser.get(&logout(&asked)).await;
    assert_eq!(answer.location(), Some("https://rp.example/bye?state=s+t%261"));
    assert_eq!(browser.get(&rp.url_with(&[("prompt", "none")])).await.told("error"), "login_required");
}

async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(hub: TestHub) {
    let (_, mut browser, token) = hinted(&hub).await;
    let answer = browser
        .visit(&logout(&[("id_token_hint", &*token), ("post_logout_redirect_uri", "https://rp.example/elsewhere")]))
        .await;
    assert!(answer.location().is_none() && answer.is_html());
}

async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(hub: TestHub) {
    let (_, mut browser, token) = hinted(&hub).await;
    let answer = browser
        .visit(&logout(&[("id_token_hint", &*token), ("post_logout_redirect_uri", "https://rp.example/bye?foo=bar")]))
        .await;
    assert!(answer.location().is_none() && answer.is_html());
}

async fn oidcc_rp_initiated_logout_no_id_token_hint(hub: TestHub) {
    let (_, mut browser, _) = hinted(&hub).await;
    let answer =
        browser.get(&logout(&[("post_logout_redirect_uri", "https://rp.example/bye"), ("client_id", "rp")])).await;
    assert!(answer.location().is_none() && browser.signed_in());
    let end = browser.submit(&answer.form_to("/sign-out"), &[]).await;
    assert!(end.is_html() && !browser.signed_in());
}

async fn oidcc_rp_initiated_logout_modified_id_token_hint(hub: TestHub) {
    let (_, mut browser, token) = hinted(&hub).await;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    let answer = browser
        .get(&logout(&[("id_token_hint", &unsigned), ("post_logout_redirect_uri", "https://rp.example/bye")]))
        .await;
    assert!(answer.location().is_none() && browser.signed_in(), "the person is asked");
}

async fn oidcc_rp_initiated_logout_bad_id_token_hint(hub: TestHub) {
    let (_, mut browser, token) = hinted(&hub).await;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap_or_default()).unwrap_or_default();
    let foreign = PrivateKey::draw(Alg::ES256);
    let kid = header_of(&token)["kid"].as_str().unwrap_or_default().to_owned();
    let forged = jose::sign(&foreign, Alg::ES256, &kid, "JWT", &claims).expect("a foreign key signs");
    let answer = browser
        .get(&logout(&[("id_token_hint", &forged), ("post_logout_redirect_uri", "https://rp.example/bye")]))
        .await;
    assert!(answer.location().is_none() && browser.signed_in(), "the person is asked");
}

async fn oidcc_rp_initiated_logout_no_params(hub: TestHub) {
    let (_, mut browser, _) = hinted(&hub).await;
    let page = browser.get("/oidc/logout").await;
    let end = browser.submit(&page.form_to("/sign-out"), &[]).await;
    assert!(end.status == 200 && end.is_html() && !browser.signed_in());
}

async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri(hub: TestHub) {
    let (_, mut browser, token) = hinted(&hub).await;
    let end = browser.visit(&logout(&[("id_token_hint", &*token), ("state", "x")])).await;
    assert!(end.status == 200 && end.location().is_none() && !browser.signed_in());
}

async fn oidcc_rp_initiated_logout_only_state(hub: TestHub) {
    let (_, mut browser, _) = hinted(&hub).await;
    let page = browser.get(&logout(&[("state", "x")])).await;
    let end = browser.submit(&page.form_to("/sign-out"), &[]).await;
    assert!(end.status == 200 && end.location().is_none() && !browser.signed_in());
}

async fn oidcc_rp_initiated_logout_no_state(hub: TestHub) {
    let (_, mut browser, token) = hinted(&hub).await;
    let asked = [("id_token_hint", &*token), ("post_logout_redirect_uri", "https://rp.example/bye")];
    assert_eq!(browser.get(&logout(&asked)).await.location(), Some("https://rp.example/bye"));
}

async fn oidcc_backchannel_rp_initiated_logout_discovery(hub: TestHub) {
    let told = hub.rp("rp").get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(
        (&told.json["backchannel_logout_supported"], &told.json["backchannel_logout_session_supported"]),
        (&json!(true), &json!(true))
    );
}

async fn oidcc_backchannel_rp_initiated_logout(hub: TestHub) {
    let mut listener = Listener::start().await;
    let rp = hub.rp_at("rp", &listener);
    let mut browser = hub.browser();
    let tokens = rp.redeem(&browser.sign_in(&ALICE).through(&rp.url()).await.answer.code()).await;
    browser.get(&logout(&[("id_token_hint", tokens.text("id_token"))])).await;
    let heard = listener.next().await;
    assert!(heard.line.starts_with("POST /out ") && heard.form.len() == 1, "{heard:?}");
    let told = rp.verified(heard.field("logout_token"), "logout+jwt").await;
    let claims = rp.claims(tokens.text("id_token")).await;
    assert_eq!(
        (&told["sid"], &told["sub"], &told["iss"], &told["aud"]),
        (&claims["sid"], &claims["sub"], &json!(BASE), &json!("rp"))
    );
    assert!(told["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    let names: BTreeSet<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from(["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]),
        "no nonce, and nothing else"
    );
    assert_eq!(browser.get(&rp.url_with(&[("prompt", "none")])).await.told("error"), "login_required");
}

async fn oidcc_frontchannel_rp_initiated_logout_discovery(hub: TestHub) {
    let told = hub.rp("rp").get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(
        (&told.json["frontchannel_logout_supported"], &told.json["frontchannel_logout_session_supported"]),
        (&json!(true), &json!(true))
    );
}

async fn oidcc_frontchannel_rp_initiated_logout(hub: TestHub) {
    let front = |oidc: &mut OidcService| oidc.frontchannel_logout_uri = Some("https://rp.example/front?x=1".into());
    let rp = hub.rp_with("rp", front);
    let mut browser = hub.browser();
    let tokens = rp.redeem(&browser.sign_in(&ALICE).through(&rp.url()).await.answer.code()).await;
    let claims = rp.claims(tokens.text("id_token")).await;
    let asked = [
        ("id_token_hint", tokens.text("id_token")),
        ("post_logout_redirect_uri", "https://rp.example/bye"),
        ("state", "s"),
    ];
    let page = browser.get(&logout(&asked)).await;
    let sid = claims["sid"].as_str().unwrap_or_default();
    let frame = format!("https://rp.example/front?x=1&#38;iss=https%3A%2F%2Fent.example&#38;sid={sid}");
    assert!(page.body.contains(&frame) || page.body.contains(&frame.replace("&#38;", "&amp;")), "{}", page.body);
    assert!(page.header("content-security-policy").contains("frame-src https://rp.example"));
    assert!(page.links().iter().any(|(_, to)| to == "https://rp.example/bye?state=s"), "{}", page.words());
    assert_eq!(browser.get(&rp.url_with(&[("prompt", "none")])).await.told("error"), "login_required");
}
