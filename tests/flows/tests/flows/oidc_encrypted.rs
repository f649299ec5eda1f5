//! ID tokens and userinfo that only the service can read: signed, then encrypted with a key of its own (OpenID Connect Core
//! 10.2 and 16.14). Where there is no such key there is no token.

use preau_connector_api::{ContentEncryption, Encryption, KeyManagement, Network, OidcService};
use preau_flows::{ALICE, Document, Listener, OidcRp, TestHub, oidc_service, stories};
use preau_keys::jose::jwe::{DecryptionKey, Enc, KeyWrap, open};
use preau_keys::jose::{Alg, PrivateKey};
use serde_json::json;

stories!(
    a_service_alone_reads_what_is_encrypted_for_it,
    what_passes_through_the_browser_is_encrypted_too,
    without_a_key_of_the_service_nothing_is_told,
    a_key_at_an_address_is_fetched,
    the_provider_says_how_it_encrypts,
);

const WAYS: [(KeyManagement, KeyWrap); 3] = [
    (KeyManagement::EcdhEs, KeyWrap::EcdhEs),
    (KeyManagement::EcdhEsA256Kw, KeyWrap::EcdhEsA256Kw),
    (KeyManagement::RsaOaep256, KeyWrap::RsaOaep256),
];
const CONTENTS: [ContentEncryption; 3] =
    [ContentEncryption::A128CbcHs256, ContentEncryption::A128Gcm, ContentEncryption::A256Gcm];

fn encrypting(hub: &TestHub, how: Encryption, jwks: String) -> OidcRp {
    hub.rp_with("rp", |oidc: &mut OidcService| {
        oidc.userinfo_signing = Some(oidc.signing);
        (oidc.id_token_encryption, oidc.userinfo_encryption) = (Some(how), Some(how));
        oidc.jwks = Some(jwks);
    })
}

/// A set with a key to encrypt with, after one to sign with that must not be taken for it.
fn set(key: &DecryptionKey, wrap: KeyWrap) -> String {
    let signs = PrivateKey::draw(Alg::ES256);
    json!({ "keys": [signs.public().to_jwk("signs", Alg::ES256), key.to_jwk(wrap)] }).to_string()
}

async fn tokens(hub: &TestHub, rp: &OidcRp) -> Document {
    let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid profile")])).await.answer.code();
    rp.redeem(&code).await
}

fn opened(token: &str, key: &DecryptionKey, wrap: KeyWrap) -> String {
    let opened = open(token, std::slice::from_ref(key), &[wrap], Enc::ALL).expect("the service opens it");
    assert_eq!(opened.cty.as_deref(), Some("JWT"));
    opened.text().expect("a token inside").to_owned()
}

async fn a_service_alone_reads_what_is_encrypted_for_it(hub: TestHub) {
    for ((alg, wrap), enc) in WAYS.into_iter().zip(CONTENTS) {
        let key = DecryptionKey::draw(wrap);
        let rp = encrypting(&hub, Encryption { alg, enc }, set(&key, wrap));
        let tokens = tokens(&hub, &rp).await;
        let inside = opened(tokens.text("id_token"), &key, wrap);
        let claims = rp.claims(&inside).await;
        assert_eq!(claims["nonce"], "nonce-of-the-story", "{alg:?} {enc:?}");
        let userinfo = rp.userinfo(tokens.access()).await.answer;
        assert!(userinfo.headers["content-type"] == "application/jwt" && !userinfo.body.contains("Alice"));
        let told = rp.verified(&opened(&userinfo.body, &key, wrap), "JWT").await;
        assert_eq!((&told["name"], &told["sub"]), (&json!("Alice Martin"), &claims["sub"]));
        let other = DecryptionKey::draw(wrap);
        assert!(open(tokens.text("id_token"), &[other], &[wrap], Enc::ALL).is_err());
    }
}

async fn what_passes_through_the_browser_is_encrypted_too(hub: TestHub) {
    let (wrap, key) = (KeyWrap::EcdhEs, DecryptionKey::draw(KeyWrap::EcdhEs));
    let how = Encryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A256Gcm };
    let rp = encrypting(&hub, how, set(&key, wrap));
    let asked = rp.url_with(&[("response_type", "id_token"), ("scope", "openid profile")]);
    let answer = hub.browser().sign_in(&ALICE).through(&asked).await.answer;
    let claims = rp.claims(&opened(&answer.told("id_token"), &key, wrap)).await;
    assert_eq!(claims["name"], "Alice Martin");
    let refreshed = rp.refresh(tokens(&hub, &rp).await.text("refresh_token")).await;
    rp.claims(&opened(refreshed.text("id_token"), &key, wrap)).await;
}

async fn without_a_key_of_the_service_nothing_is_told(hub: TestHub) {
    let key = DecryptionKey::draw(KeyWrap::EcdhEs);
    let how = Encryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A256Gcm };
    let rp = encrypting(&hub, how, set(&key, KeyWrap::EcdhEs));
    let held = tokens(&hub, &rp).await;
    assert_eq!(rp.userinfo(held.access()).await.answer.status, 200, "control");
    let signs = PrivateKey::draw(Alg::ES256);
    let keyless = json!({ "keys": [signs.public().to_jwk("signs", Alg::ES256)] }).to_string();
    let rp = encrypting(&hub, how, keyless);
    let refused = tokens(&hub, &rp).await;
    assert_eq!(refused.error(), (503, "temporarily_unavailable"));
    assert!(refused.text("id_token").is_empty() && refused.text("access_token").is_empty());
    let userinfo = rp.userinfo(held.access()).await;
    assert!(userinfo.error() == (503, "temporarily_unavailable") && !userinfo.answer.body.contains("Alice"));
    let asked = rp.url_with(&[("response_type", "id_token")]);
    let answer = hub.browser().sign_in(&ALICE).through(&asked).await.answer;
    assert_eq!((answer.told("error").as_str(), answer.told("id_token").as_str()), ("temporarily_unavailable", ""));
}

async fn a_key_at_an_address_is_fetched(hub: TestHub) {
    let (wrap, key) = (KeyWrap::RsaOaep256, DecryptionKey::draw(KeyWrap::RsaOaep256));
    let set = set(&key, wrap);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", set.len());
    let mut listener = Listener::answering(format!("{head}\r\nconnection: close\r\n\r\n{set}").leak()).await;
    let mut service = oidc_service("keyed");
    service.network = Network::Private;
    let uri = format!("{}keys", listener.url());
    let rp = hub.rp_of(service, |oidc| {
        let enc = ContentEncryption::A128CbcHs256;
        oidc.id_token_encryption = Some(Encryption { alg: KeyManagement::RsaOaep256, enc });
        oidc.jwks_uri = Some(uri);
    });
    rp.claims(&opened(tokens(&hub, &rp).await.text("id_token"), &key, wrap)).await;
    assert_eq!(listener.next().await.line, "GET /keys HTTP/1.1");
}

async fn the_provider_says_how_it_encrypts(hub: TestHub) {
    let told = hub.rp("rp").get("/.well-known/openid-configuration", &[]).await.json;
    for what in ["id_token", "userinfo"] {
        let list = |of: &str| told[format!("{what}_encryption_{of}_values_supported")].clone();
        assert_eq!(list("alg"), json!(["ECDH-ES+A256KW", "ECDH-ES", "RSA-OAEP-256"]));
        assert_eq!(list("enc"), json!(["A256GCM", "A128GCM", "A128CBC-HS256"]));
    }
    assert!(told.get("request_object_encryption_alg_values_supported").is_none(), "none is read");
}
