//! Tokens of every kind of attacker, each beside one that is believed.

use super::*;
use crate::jose::{Jwk, PublicKey};
use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

/// One key for each algorithm, drawn once: RSA takes its time.
static KEYS: LazyLock<Vec<(Alg, PrivateKey)>> =
    LazyLock::new(|| Alg::ALL.iter().map(|alg| (*alg, PrivateKey::draw(*alg))).collect());

fn key(alg: Alg) -> &'static PrivateKey {
    &KEYS.iter().find(|(own, _)| *own == alg).unwrap().1
}

fn jwk(kid: &str, alg: Alg) -> Jwk {
    Jwk { kid: Some(kid.to_owned()), alg: Some(alg.as_str().to_owned()), usage: None, key: key(alg).public().clone() }
}

fn published() -> Jwks {
    Jwks::new(Alg::ALL.iter().map(|alg| jwk(alg.as_str(), *alg)).collect())
}

const EXPECT: Expect<'static> = Expect { algs: Alg::ALL, typ: Typ::IsOrAbsent(&["JWT"]) };

fn token(alg: Alg) -> String {
    sign(key(alg), alg, alg.as_str(), "JWT", &json!({ "sub": "alice" })).unwrap()
}

/// A token with this header, signed rightly by the key of an algorithm whatever the header says.
fn headed(header: &str, alg: Alg) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(br#"{"sub":"alice"}"#));
    let signature = key(alg).sign(alg, signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&signature))
}

fn judged(token: &str) -> Result<Verified, JoseError> {
    verify(token, &published(), EXPECT)
}

fn refusal(token: &str) -> JoseError {
    judged(token).unwrap_err()
}

#[test]
fn what_is_signed_is_believed_with_every_algorithm() {
    for alg in Alg::ALL {
        let verified = judged(&token(*alg)).unwrap();
        assert_eq!(verified.text("sub"), Some("alice"));
        assert_eq!((verified.alg(), verified.kid(), verified.typ()), (*alg, Some(alg.as_str()), Some("JWT")));
    }
}

#[test]
fn a_token_of_another_library_is_believed() {
    // RFC 8037 A.4 and RFC 7515 A.3 sign what is no JSON object, or with keys of the text: the signature is what counts.
    let set = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let foreign = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                   hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let keys = Jwks::parse(set).unwrap();
    assert_eq!(verify(foreign, &keys, EXPECT).unwrap_err(), JoseError::Malformed, "signed, and no claims");
    let other = foreign.replace("hgyY", "hgyZ");
    assert_eq!(verify(&other, &keys, EXPECT).unwrap_err(), JoseError::Signature);
}

#[test]
fn no_signature_is_no_token() {
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "ES384", "RS1"] {
        let header = format!("{{\"alg\":\"{alg}\"}}");
        let unsigned = format!("{}.{}.", encode(header.as_bytes()), encode(br#"{"sub":"alice"}"#));
        assert_eq!(refusal(&unsigned), JoseError::Algorithm, "{alg}");
        assert_eq!(refusal(&headed(&header, Alg::ES256)), JoseError::Algorithm, "{alg}, signed");
    }
    assert_eq!(refusal(&headed(r#"{"typ":"JWT"}"#, Alg::ES256)), JoseError::Algorithm);
    assert_eq!(refusal(&headed(r#"{"alg":["ES256"]}"#, Alg::ES256)), JoseError::Header);
    let (signed, _) = token(Alg::ES256).rsplit_once('.').map(|(s, _)| (s.to_owned(), ())).unwrap();
    assert_eq!(refusal(&format!("{signed}.")), JoseError::Signature);
    assert!(judged(&headed(r#"{"alg":"ES256"}"#, Alg::ES256)).is_ok(), "control");
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let jwk = serde_json::to_string(&key(Alg::RS256).public().to_jwk("RS256", Alg::RS256)).unwrap();
    for secret in [jwk.as_bytes(), key(Alg::RS256).public().thumbprint().as_bytes()] {
        for alg in ["HS256", "RS256"] {
            let header = format!("{{\"alg\":\"{alg}\",\"kid\":\"RS256\"}}");
            let signed = format!("{}.{}", encode(header.as_bytes()), encode(br#"{"sub":"alice"}"#));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
            assert!(judged(&format!("{signed}.{}", encode(tag.as_ref()))).is_err(), "{alg}");
        }
    }
}

#[test]
fn a_header_brings_no_key_no_address_and_no_extension() {
    let headers = [
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""jku":"https://evil.test/jwks""#,
        r#""x5u":"https://evil.test/x5u""#,
        r#""x5c":["AAAA"]"#,
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""enc":"A256GCM""#,
        r#""zip":"DEF""#,
    ];
    for member in headers {
        let header = format!("{{\"alg\":\"ES256\",{member}}}");
        assert_eq!(refusal(&headed(&header, Alg::ES256)), JoseError::Header, "{member}");
    }
    assert!(judged(&headed(r#"{"alg":"ES256","x5t":"AAAA"}"#, Alg::ES256)).is_ok(), "control");
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    let named = |kid: &str| headed(&json!({ "alg": "ES256", "kid": kid }).to_string(), Alg::ES256);
    assert!(judged(&named("ES256")).is_ok(), "control");
    for kid in ["../../dev/null", "'OR(1=1)--", "es256", "EdDSA", &"k".repeat(256)] {
        assert_eq!(refusal(&named(kid)), JoseError::UnknownKey, "{kid}");
    }
    for kid in ["", "a\0b", "a b", "é", "a\nb", &"k".repeat(257), &"k".repeat(10_240)] {
        assert_eq!(refusal(&named(kid)), JoseError::Header, "{kid:?}");
    }
    assert_eq!(refusal(&headed(r#"{"alg":"ES256","kid":1}"#, Alg::ES256)), JoseError::Header);
}

#[test]
fn a_token_that_names_no_key_is_tried_with_those_that_fit() {
    let nameless = headed(r#"{"alg":"ES256"}"#, Alg::ES256);
    let other = PrivateKey::draw(Alg::ES256);
    let decoy = |key: &PublicKey| Jwk { kid: None, alg: None, usage: None, key: key.clone() };
    let two = Jwks::new(vec![decoy(other.public()), decoy(key(Alg::ES256).public())]);
    assert!(verify(&nameless, &two, EXPECT).is_ok());
    let wrong = Jwks::new(vec![decoy(other.public())]);
    assert_eq!(verify(&nameless, &wrong, EXPECT).unwrap_err(), JoseError::Signature);
    assert_eq!(verify(&nameless, &Jwks::default(), EXPECT).unwrap_err(), JoseError::UnknownKey);
}

#[test]
fn a_key_serves_what_it_is_for() {
    let believed = |jwk: Jwk| verify(&token(Alg::RS256), &Jwks::new(vec![jwk]), EXPECT).map(drop);
    assert_eq!(believed(jwk("RS256", Alg::RS256)), Ok(()), "control");
    assert_eq!(believed(Jwk { usage: Some("enc".into()), ..jwk("RS256", Alg::RS256) }), Err(JoseError::UnknownKey));
    assert_eq!(believed(Jwk { alg: Some("PS256".into()), ..jwk("RS256", Alg::RS256) }), Err(JoseError::UnknownKey));
    assert_eq!(believed(Jwk { alg: None, ..jwk("RS256", Alg::RS256) }), Ok(()));
    assert_eq!(believed(jwk("RS256", Alg::ES256)), Err(JoseError::UnknownKey), "a P-256 key under RS256");
}

#[test]
fn the_algorithm_is_the_one_agreed() {
    let only = Expect { algs: &[Alg::ES256], ..EXPECT };
    assert!(verify(&token(Alg::ES256), &published(), only).is_ok(), "control");
    assert_eq!(verify(&token(Alg::RS256), &published(), only).unwrap_err(), JoseError::Algorithm);
}

#[test]
fn a_token_of_another_type_is_refused() {
    let typed = |typ: &str| headed(&format!("{{\"alg\":\"ES256\",\"typ\":\"{typ}\"}}"), Alg::ES256);
    let untyped = headed(r#"{"alg":"ES256"}"#, Alg::ES256);
    let access = Expect { typ: Typ::Is(&["at+jwt"]), ..EXPECT };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
        assert!(verify(&typed(typ), &published(), access).is_ok(), "{typ}");
        assert_eq!(refusal(&typed(typ)), JoseError::Type, "{typ}");
    }
    for typ in ["JWT", "", "logout+jwt", "application/", "x/at+jwt"] {
        assert_eq!(verify(&typed(typ), &published(), access).unwrap_err(), JoseError::Type, "{typ}");
    }
    assert_eq!(verify(&untyped, &published(), access).unwrap_err(), JoseError::Type);
    assert!(judged(&untyped).is_ok());
}

#[test]
fn an_ecdsa_signature_is_two_numbers_that_are_not_nought() {
    let (signed, good) = token(Alg::ES256).rsplit_once('.').map(|(s, g)| (s.to_owned(), decode(g).unwrap())).unwrap();
    let with = |signature: &[u8]| refusal(&format!("{signed}.{}", encode(signature)));
    let integer = |half: &[u8]| [&[2, 33, 0], half].concat();
    let der = [vec![0x30, 70], integer(&good[..32]), integer(&good[32..])].concat();
    let longer = [&good[..], &[0]].concat();
    for (what, signature) in
        [("nought", &[0u8; 64][..]), ("DER", &der), ("short", &good[..63]), ("long", &longer), ("none", &[])]
    {
        assert_eq!(with(signature), JoseError::Signature, "{what}");
    }
}

#[test]
fn base64_has_one_spelling_and_a_token_three_parts() {
    let good = token(Alg::EdDSA);
    assert!(judged(&good).is_ok(), "control");
    let (head, tail) = good.split_at(good.len() - 1);
    // 64 bytes end in a letter of which two bits count: the next letter decodes alike where stray bits are let through.
    let next = char::from(tail.as_bytes()[0] + 1);
    for bad in [
        format!("{good}="),
        format!("{good}=="),
        format!("{head}{next}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}."),
        format!("{good}.{good}"),
        format!(".{good}"),
        good.replacen('.', "..", 1),
        good.rsplit_once('.').unwrap().0.to_owned(),
        good.replace('.', ""),
        "..".to_owned(),
        String::new(),
    ] {
        assert!(judged(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_long_or_deep_token_or_a_member_twice_is_not_read() {
    let text = |n: usize| sign(key(Alg::ES256), Alg::ES256, "ES256", "JWT", &json!({ "a": "x".repeat(n) })).unwrap();
    assert!(judged(&text(MAX_TOKEN / 2)).is_ok(), "control");
    assert_eq!(refusal(&text(MAX_TOKEN)), JoseError::TooLong);
    let claiming = |payload: &str| {
        let signed = format!("{}.{}", encode(br#"{"alg":"ES256"}"#), encode(payload.as_bytes()));
        let signature = key(Alg::ES256).sign(Alg::ES256, signed.as_bytes()).unwrap();
        judged(&format!("{signed}.{}", encode(&signature)))
    };
    assert!(claiming(r#"{"sub":"a"}"#).is_ok(), "control");
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    for payload in [r#"{"sub":"a","sub":"b"}"#, &deep, "[]", "\"a\"", "", "{}{}"] {
        assert_eq!(claiming(payload).unwrap_err(), JoseError::Malformed, "{payload}");
    }
    assert_eq!(refusal(&headed(r#"{"alg":"ES256","alg":"ES256"}"#, Alg::ES256)), JoseError::Malformed);
}

#[test]
fn only_an_object_is_signed() {
    for claims in [json!([1]), json!("a"), json!(null)] {
        assert_eq!(sign(key(Alg::EdDSA), Alg::EdDSA, "k", "JWT", &claims), Err(JoseError::Malformed));
    }
    assert_eq!(sign(key(Alg::EdDSA), Alg::ES256, "k", "JWT", &json!({})), Err(JoseError::Algorithm));
}

#[test]
fn the_claimed_issuer_is_read_before_the_signature() {
    let token = |claims| sign(key(Alg::EdDSA), Alg::EdDSA, "k", "JWT", &claims).unwrap();
    assert_eq!(claimed_issuer(&token(json!({ "iss": "rp" }))), Ok("rp".to_owned()));
    assert_eq!(claimed_issuer(&token(json!({ "iss": ["rp"] }))), Err(JoseError::Malformed));
    assert_eq!(claimed_issuer("a.b.c"), Err(JoseError::Malformed));
}

#[test]
fn every_flipped_bit_is_refused() {
    for alg in [Alg::ES256, Alg::EdDSA, Alg::RS256] {
        let good = token(alg);
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let signature = decode(signature).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(judged(&format!("{signed}.{}", encode(&flipped))).is_err(), "{alg:?} bit {bit} of the signature");
        }
        for bit in 0..good.len() * 8 {
            let mut flipped = good.clone().into_bytes();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(text) = String::from_utf8(flipped) else { continue };
            assert!(judged(&text).is_err(), "{alg:?} bit {bit} of the token");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_token_or_not(text in "\\PC{0,120}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,40}", 0..6)) {
        let _ = judged(&text);
        let _ = judged(&parts.join("."));
        let _ = claimed_issuer(&parts.join("."));
    }

    #[test]
    fn any_header_is_judged(header in "\\{\"(alg|kid|typ|crit|b)\":(\"(ES256|none)\"|1|\\[\\]|null|\\{\\})\\}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let believed = judged(&headed(&header, Alg::ES256)).is_ok();
        prop_assert_eq!(believed, header == r#"{"alg":"ES256"}"#);
        let noise = encode(&bytes);
        prop_assert!(judged(&[noise.as_str(); 3].join(".")).is_err());
    }

    #[test]
    fn what_is_signed_is_what_is_read(claims in proptest::collection::btree_map("[a-z]{1,8}", "\\PC{0,40}", 0..8)) {
        for alg in [Alg::ES256, Alg::EdDSA] {
            let token = sign(key(alg), alg, alg.as_str(), "JWT", &claims).unwrap();
            let read = judged(&token).unwrap();
            prop_assert_eq!(read.claims().len(), claims.len());
            for (name, value) in &claims {
                prop_assert_eq!(read.text(name), Some(value.as_str()));
            }
        }
    }
}
