//! Sealed tokens: who opens them, and who does not.

use super::*;
use crate::SystemIds;
use crate::jose::{Alg, PrivateKey};
use proptest::prelude::*;
use std::sync::LazyLock;

static KEYS: LazyLock<Vec<DecryptionKey>> =
    LazyLock::new(|| [KeyWrap::RsaOaep256, KeyWrap::EcdhEs].map(DecryptionKey::draw).into());

fn key(wrap: KeyWrap) -> &'static DecryptionKey {
    KEYS.iter().find(|key| key.opens(wrap)).unwrap()
}

fn sealed(wrap: KeyWrap, enc: Enc) -> String {
    let public = key(wrap).public();
    seal(&SystemIds, public, Some(public.thumbprint()), wrap, enc, Some("JWT"), b"content").unwrap()
}

fn opened(token: &str) -> Result<Opened, JoseError> {
    open(token, &KEYS, KeyWrap::ALL, Enc::ALL)
}

/// A token whose header says something else than what it was sealed with.
fn reheaded(token: &str, change: impl Fn(&mut Map<String, Value>)) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut members = json::object(&decode(header).unwrap()).unwrap();
    change(&mut members);
    format!("{}.{rest}", encode(Value::Object(members).to_string().as_bytes()))
}

#[test]
fn what_is_sealed_opens_whatever_the_algorithms() {
    for wrap in KeyWrap::ALL {
        for enc in Enc::ALL {
            let token = sealed(*wrap, *enc);
            let read = opened(&token).unwrap();
            assert_eq!((read.text().unwrap(), read.cty.as_deref()), ("content", Some("JWT")), "{wrap:?} {enc:?}");
            let stranger = DecryptionKey::draw(KeyWrap::EcdhEs);
            let judged = open(&token, &[stranger], KeyWrap::ALL, Enc::ALL);
            assert_eq!(judged.unwrap_err(), JoseError::UnknownKey, "{wrap:?} {enc:?}");
        }
    }
}

#[test]
fn a_key_of_another_kind_seals_nothing() {
    let ed25519 = PrivateKey::draw(Alg::EdDSA);
    for wrap in KeyWrap::ALL {
        let judged = seal(&SystemIds, ed25519.public(), None, *wrap, Enc::A256GCM, None, b"content");
        assert_eq!(judged.unwrap_err(), JoseError::Algorithm, "{wrap:?}");
    }
    let rsa = key(KeyWrap::RsaOaep256).public();
    let judged = seal(&SystemIds, rsa, None, KeyWrap::EcdhEs, Enc::A256GCM, None, b"content");
    assert_eq!(judged.unwrap_err(), JoseError::Algorithm);
}

#[test]
fn a_token_that_names_no_key_is_tried_and_fails_in_one_way() {
    let public = key(KeyWrap::EcdhEs).public();
    let token = seal(&SystemIds, public, None, KeyWrap::EcdhEsA256Kw, Enc::A256GCM, None, b"content").unwrap();
    assert!(opened(&token).is_ok(), "control");
    let strangers = [DecryptionKey::draw(KeyWrap::EcdhEs)];
    assert_eq!(open(&token, &strangers, KeyWrap::ALL, Enc::ALL).unwrap_err(), JoseError::Sealed);
}

#[test]
fn only_what_was_agreed_is_opened() {
    let token = sealed(KeyWrap::RsaOaep256, Enc::A128CBCHS256);
    assert!(open(&token, &KEYS, &[KeyWrap::RsaOaep256], &[Enc::A128CBCHS256]).is_ok(), "control");
    assert_eq!(open(&token, &KEYS, &[KeyWrap::EcdhEs], Enc::ALL).unwrap_err(), JoseError::Algorithm);
    assert_eq!(open(&token, &KEYS, KeyWrap::ALL, &[Enc::A256GCM]).unwrap_err(), JoseError::Algorithm);
    for alg in ["dir", "RSA1_5", "RSA-OAEP", "A256KW", "PBES2-HS256+A128KW", "none", ""] {
        let changed = reheaded(&token, |header| drop(header.insert("alg".into(), json!(alg))));
        assert_eq!(opened(&changed).unwrap_err(), JoseError::Algorithm, "{alg}");
    }
    for member in REFUSED {
        let changed = reheaded(&token, |header| drop(header.insert((*member).to_owned(), json!("DEF"))));
        assert_eq!(opened(&changed).unwrap_err(), JoseError::Header, "{member}");
    }
}

#[test]
fn an_ephemeral_key_is_a_point_of_the_curve() {
    let token = sealed(KeyWrap::EcdhEs, Enc::A256GCM);
    let epk = |name: &'static str, value: Value| {
        opened(&reheaded(&token, |header| {
            drop(header["epk"].as_object_mut().unwrap().insert(name.to_owned(), value.clone()))
        }))
    };
    for (name, value) in
        [("x", encode(&[1; 32])), ("y", encode(&[0; 32])), ("x", encode(&[1; 31])), ("crv", "P-384".into())]
    {
        assert_eq!(epk(name, json!(value)).unwrap_err(), JoseError::Sealed, "{name}");
    }
    let without = reheaded(&token, |header| drop(header.remove("epk")));
    assert_eq!(opened(&without).unwrap_err(), JoseError::Sealed);
    assert!(opened(&token).is_ok(), "control");
}

#[test]
fn a_signed_token_is_no_sealed_one_nor_the_other_way_round() {
    let signer = PrivateKey::draw(Alg::EdDSA);
    let signed = crate::jose::sign(&signer, Alg::EdDSA, "k", "JWT", &json!({})).unwrap();
    assert_eq!(opened(&signed).unwrap_err(), JoseError::Malformed);
    let token = sealed(KeyWrap::EcdhEs, Enc::A256GCM);
    let expect = crate::jose::Expect { algs: Alg::ALL, typ: crate::jose::Typ::IsOrAbsent(&["JWT"]) };
    let judged = crate::jose::verify(&token, &crate::jose::Jwks::default(), expect);
    assert_eq!(judged.unwrap_err(), JoseError::Malformed);
    assert_eq!(opened(&format!("{token}.")).unwrap_err(), JoseError::Malformed);
    assert_eq!(opened(&"a".repeat(MAX_SEALED_TOKEN + 1)).unwrap_err(), JoseError::TooLong);
}

#[test]
fn every_flipped_bit_is_refused() {
    for (wrap, enc) in [(KeyWrap::EcdhEs, Enc::A128CBCHS256), (KeyWrap::EcdhEsA256Kw, Enc::A256GCM)] {
        let good = sealed(wrap, enc);
        for bit in 0..good.len() * 8 {
            let mut flipped = good.clone().into_bytes();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(text) = String::from_utf8(flipped) else { continue };
            assert!(opened(&text).is_err(), "{wrap:?} {enc:?} bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_sealed_token_or_not(text in "\\PC{0,80}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 5)) {
        prop_assert!(opened(&text).is_err());
        prop_assert!(opened(&parts.join(".")).is_err());
    }

    #[test]
    fn any_rest_under_a_good_header_is_refused(parts in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 4)) {
        for wrap in [KeyWrap::EcdhEs, KeyWrap::EcdhEsA256Kw] {
            let token = sealed(wrap, Enc::A128CBCHS256);
            let header = token.split('.').next().unwrap();
            let judged = opened(&[header, &parts.join(".")].join("."));
            prop_assert!(judged.is_err());
        }
    }

    #[test]
    fn what_is_sealed_is_what_is_opened(content in proptest::collection::vec(any::<u8>(), 0..200)) {
        for enc in Enc::ALL {
            let token = seal(&SystemIds, key(KeyWrap::EcdhEs).public(), None, KeyWrap::EcdhEs, *enc, None, &content).unwrap();
            let read = opened(&token).unwrap();
            prop_assert_eq!(read.content.as_slice(), content.as_slice());
        }
    }
}
