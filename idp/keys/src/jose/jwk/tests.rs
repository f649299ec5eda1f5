//! Sets of keys as others publish them, and ours.

use super::*;
use crate::jose::PrivateKey;
use proptest::prelude::*;
use serde_json::json;

fn set(keys: Value) -> Result<Jwks, JwksError> {
    Jwks::parse(json!({ "keys": keys }).to_string().as_bytes())
}

fn ours(alg: Alg) -> Map<String, Value> {
    PrivateKey::draw(alg).public().to_jwk("k1", alg)
}

fn with(alg: Alg, name: &str, value: Value) -> Value {
    let mut jwk = ours(alg);
    jwk.insert(name.to_owned(), value);
    Value::Object(jwk)
}

#[test]
fn a_thumbprint_is_the_published_one() {
    // RFC 7638 3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhM\
             stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS\
             D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let read = set(json!([{ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" }])).unwrap();
    assert_eq!(read.keys()[0].key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037 A.3.
    let read =
        set(json!([{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }])).unwrap();
    assert_eq!(read.keys()[0].key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn what_we_publish_is_read_again_and_holds_nothing_private() {
    for alg in Alg::ALL {
        let key = PrivateKey::draw(*alg);
        let jwk = key.public().to_jwk("k1", *alg);
        assert!(PRIVATE.iter().all(|name| !jwk.contains_key(*name)));
        let read = set(json!([jwk])).unwrap();
        assert_eq!(read.keys()[0].key, *key.public());
        assert!(read.keys()[0].verifies(*alg));
    }
}

#[test]
fn a_set_with_a_private_or_symmetric_key_is_refused_whole() {
    let sound = Value::Object(ours(Alg::ES256));
    assert_eq!(set(json!([sound])).unwrap().keys().len(), 1, "control");
    for name in PRIVATE {
        let open = with(Alg::ES256, name, json!("AAAA"));
        assert_eq!(set(json!([sound, open])).unwrap_err(), JwksError::Private, "{name}");
    }
    for kty in ["oct", "OCT"] {
        assert_eq!(set(json!([sound, { "kty": kty }])).unwrap_err(), JwksError::Private);
    }
}

#[test]
fn a_key_of_no_use_is_left_out_and_its_neighbours_serve() {
    let sound = Value::Object(ours(Alg::ES256));
    let rsa = |n: usize, e: &[u8]| json!({ "kty": "RSA", "n": encode(&vec![0xff; n]), "e": encode(e) });
    let useless = [
        json!({ "kty": "EC", "crv": "P-384", "x": encode(&[1; 48]), "y": encode(&[1; 48]) }),
        json!({ "kty": "EC", "crv": "P-256", "x": encode(&[1; 32]), "y": encode(&[1; 32]) }),
        with(Alg::ES256, "x", json!(encode(&[0; 33]))),
        with(Alg::ES256, "y", json!("AAA=")),
        with(Alg::ES256, "use", json!("other")),
        with(Alg::ES256, "use", json!(["sig"])),
        with(Alg::ES256, "kid", json!("k".repeat(257))),
        with(Alg::ES256, "key_ops", json!(["encrypt"])),
        with(Alg::ES256, "key_ops", json!(["verify", "sign"])),
        with(Alg::ES256, "key_ops", json!([])),
        rsa(128, &[1, 0, 1]),
        rsa(1025, &[1, 0, 1]),
        rsa(256, &[3]),
        rsa(256, &[1, 0, 0]),
        rsa(256, &[0, 1, 0, 1]),
        rsa(256, &[2, 0, 0, 0, 1]),
        rsa(256, &[]),
        rsa(0, &[1, 0, 1]),
        json!({ "kty": "OKP", "crv": "X25519", "x": encode(&[9; 32]) }),
        json!({ "kty": "future" }),
        json!({}),
    ];
    for key in useless {
        let read = set(json!([key, sound])).unwrap();
        assert_eq!((read.keys().len(), read.left_out()), (1, 1), "{key}");
    }
    assert_eq!(set(json!([rsa(256, &[1, 0, 1]), rsa(1024, &[1, 0, 1])])).unwrap().keys().len(), 2, "control");
    let verifying = with(Alg::ES256, "key_ops", json!(["verify"]));
    assert_eq!(set(json!([verifying])).unwrap().keys().len(), 1, "control");
}

#[test]
fn a_set_has_bounds_and_a_form() {
    let key = Value::Object(ours(Alg::EdDSA));
    assert_eq!(set(json!(vec![key.clone(); MAX_KEYS])).unwrap().keys().len(), MAX_KEYS, "control");
    assert_eq!(set(json!(vec![key.clone(); MAX_KEYS + 1])).unwrap_err(), JwksError::TooLarge);
    let long = format!("{{\"keys\":[],\"pad\":\"{}\"}}", "a".repeat(MAX_SET));
    assert_eq!(Jwks::parse(long.as_bytes()).unwrap_err(), JwksError::TooLarge);
    for text in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":[],\"keys\":[]}"] {
        assert_eq!(Jwks::parse(text.as_bytes()).unwrap_err(), JwksError::Malformed, "{text}");
    }
}

#[test]
fn an_ed25519_key_of_small_order_is_refused() {
    // Under the neutral element, the signature (neutral element, 0) fits every message: the library believes it.
    let mut neutral = [0u8; 32];
    neutral[0] = 1;
    let forged = [neutral, [0; 32]].concat();
    let believed = ParsedPublicKey::new(&ED25519, neutral).unwrap().verify_sig(b"anything", &forged);
    assert!(believed.is_ok(), "control: without our refusal the forgery passes");
    assert!(PublicKey::ed25519(&neutral).is_none());
    let mut top = [0xff_u8; 32];
    for low in 0xec..=0xff_u8 {
        top[0] = low;
        for sign in [0x7f, 0xff] {
            top[31] = sign;
            assert!(PublicKey::ed25519(&top).is_none(), "{low:x} {sign:x}");
        }
    }
    assert!(PublicKey::ed25519(&[0; 31]).is_none());
    assert!(PrivateKey::draw(Alg::EdDSA).public().serves(Alg::EdDSA), "control");
}

proptest! {
    #[test]
    fn any_bytes_are_a_set_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Jwks::parse(&bytes);
        let _ = PublicKey::ed25519(&bytes);
        let _ = PublicKey::p256(&bytes);
        let _ = PublicKey::rsa(&bytes, &bytes);
    }

    #[test]
    fn any_members_are_a_key_or_not(kty in "RSA|EC|OKP|oct", crv in "P-256|Ed25519|P-384", x in "[A-Za-z0-9_-]{0,90}") {
        let _ = set(json!([{ "kty": kty, "crv": crv, "x": x, "y": x, "n": x, "e": x }]));
    }
}
