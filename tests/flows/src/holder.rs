//! Somebody who holds a key and proves it (RFC 9449): an application whose tokens are worth nothing to whoever finds them.

use crate::hub::{BASE, TestHub};
use crate::rp::{Document, OidcRp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_keys::jose::{Alg, PrivateKey};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// See the module.
pub struct Holder {
    key: PrivateKey,
    made: AtomicU32,
}

impl Holder {
    /// With a key of its own.
    pub fn new() -> Holder {
        Holder { key: PrivateKey::draw(Alg::ES256), made: AtomicU32::new(0) }
    }

    /// The name of its key.
    pub fn thumbprint(&self) -> &str {
        self.key.public().thumbprint()
    }

    /// A proof for a POST of this path, with some of it changed; null takes a claim away.
    pub fn proof(&self, hub: &TestHub, path: &str, change: &[(&str, Value)]) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let now = hub.hub.now().seconds();
        let mut said =
            json!({ "jti": format!("proof-{number}"), "htm": "POST", "htu": format!("{BASE}{path}"), "iat": now });
        for (name, value) in change {
            said[*name] = value.clone();
        }
        said.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let jwk = self.key.public().to_jwk(self.thumbprint(), Alg::ES256);
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&said));
        let signature = self.key.sign(Alg::ES256, signed.as_bytes()).expect("a key signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Calls an address as that service, with the nonce that is asked for.
    pub async fn call(&self, hub: &TestHub, rp: &OidcRp, path: &str, form: &[(&str, &str)]) -> Document {
        let first = rp.call_with(path, &[("dpop", &self.proof(hub, path, &[]))], form).await;
        assert_eq!(first.error(), (400, "use_dpop_nonce"), "{}", first.answer.body);
        let proof = self.proof(hub, path, &[("nonce", json!(nonce_of(&first)))]);
        rp.call_with(path, &[("dpop", &proof)], form).await
    }

    /// Asks userinfo with a token, likewise.
    pub async fn userinfo(&self, hub: &TestHub, rp: &OidcRp, access: &str) -> Document {
        let (path, shown) = ("/oidc/userinfo", format!("DPoP {access}"));
        let mut change = vec![("htm", json!("GET")), ("ath", json!(preau_keys::digest(access)))];
        let ask = async |proof: String| rp.get(path, &[("authorization", &shown), ("dpop", &proof)]).await;
        let first = ask(self.proof(hub, path, &change)).await;
        assert_eq!(first.error(), (401, "use_dpop_nonce"), "{}", first.answer.body);
        change.push(("nonce", json!(nonce_of(&first))));
        ask(self.proof(hub, path, &change)).await
    }
}

impl Default for Holder {
    fn default() -> Self {
        Holder::new()
    }
}

/// The nonce an answer gives for the next proof; empty when there is none.
pub fn nonce_of(document: &Document) -> String {
    let header = document.answer.headers.get("dpop-nonce");
    header.and_then(|nonce| nonce.to_str().ok()).unwrap_or_default().to_owned()
}
