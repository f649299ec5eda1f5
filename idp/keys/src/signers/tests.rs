//! The running set: what signs, what is published, what stays closed.

use super::*;
use crate::{Keyring, SystemIds};
use preau_domain::Seconds;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

const NOW: Instant = Instant(1_800_000_000_000);
const ANY: Typ<'static> = Typ::IsOrAbsent(&["JWT"]);

fn signers(seed: &[u8]) -> Signers {
    Signers::new(Sealer::new(&Keyring::ephemeral(seed)))
}

fn drawn(signers: &Signers, alg: Alg, place: &str, use_from: Instant) -> StoredKey {
    let (retire_at, remove_at) = (use_from + Seconds(10), use_from + Seconds(20));
    let make = Make { place: place.to_owned(), usage: KeyUse::Token(alg), use_from, retire_at, remove_at };
    signers.row(&SystemIds, &make, &PrivateKey::draw(alg), NOW)
}

#[test]
fn a_set_without_keys_says_so_and_never_signs_with_another() {
    let signers = signers(b"1");
    assert_eq!(signers.sign(Alg::RS256, "JWT", &json!({}), NOW), Err(SignError::NotReady(Alg::RS256)));
    assert_eq!(&*signers.jwks(), r#"{"keys":[]}"#);
    let row = drawn(&signers, Alg::ES256, "es256-1", NOW);
    assert!(signers.take(&[row]).is_empty());
    assert!(signers.sign(Alg::ES256, "JWT", &json!({}), NOW).is_ok(), "control");
    assert_eq!(signers.sign(Alg::RS256, "JWT", &json!({}), NOW), Err(SignError::NotReady(Alg::RS256)));
    assert_eq!(signers.ready(NOW), [Alg::ES256]);
}

#[test]
fn what_is_signed_is_believed_with_what_is_published() {
    let signers = signers(b"1");
    let rows: Vec<StoredKey> = SIGNED_WITH.iter().map(|alg| drawn(&signers, *alg, &format!("{alg:?}"), NOW)).collect();
    assert!(signers.take(&rows).is_empty());
    let published = Jwks::parse(signers.jwks().as_bytes()).unwrap();
    for alg in SIGNED_WITH {
        let token = signers.sign(*alg, "JWT", &json!({ "sub": "alice" }), NOW).unwrap();
        let foreign = jose::verify(&token, &published, Expect { algs: &[*alg], typ: ANY }).unwrap();
        assert_eq!(foreign.text("sub"), Some("alice"));
        assert_eq!(signers.verify_own(&token, ANY).unwrap().kid(), foreign.kid());
        assert_eq!(signers.verify_own(&token, Typ::Is(&["at+jwt"])).unwrap_err(), JoseError::Type);
    }
    let elsewhere = self::signers(b"2");
    let row = drawn(&elsewhere, Alg::ES256, "es256-1", NOW);
    elsewhere.take(&[row]);
    let token = elsewhere.sign(Alg::ES256, "JWT", &json!({}), NOW).unwrap();
    assert_eq!(signers.verify_own(&token, ANY).unwrap_err(), JoseError::UnknownKey);
}

#[test]
fn the_published_set_holds_public_parts_and_distinct_names() {
    let signers = signers(b"1");
    let rows = [drawn(&signers, Alg::ES256, "es256-1", NOW), drawn(&signers, Alg::ES256, "es256-2", NOW + Seconds(5))];
    signers.take(&rows);
    let set: Value = serde_json::from_str(&signers.jwks()).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
    for key in keys {
        let mut names: Vec<&String> = key.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
}

#[test]
fn the_next_key_takes_over_at_its_hour_and_the_old_one_is_still_believed() {
    let signers = signers(b"1");
    let rows = [drawn(&signers, Alg::ES256, "es256-1", NOW), drawn(&signers, Alg::ES256, "es256-2", NOW + Seconds(5))];
    signers.take(&rows);
    let kid = |at| {
        let token = signers.sign(Alg::ES256, "JWT", &json!({}), at).unwrap();
        signers.verify_own(&token, ANY).unwrap().kid().map(str::to_owned)
    };
    assert_eq!(kid(NOW), kid(NOW + Seconds(4)));
    assert_ne!(kid(NOW), kid(NOW + Seconds(5)));
    let old = signers.sign(Alg::ES256, "JWT", &json!({}), NOW).unwrap();
    signers.take(&rows[1..]);
    assert_eq!(signers.verify_own(&old, ANY).unwrap_err(), JoseError::UnknownKey, "gone from the set");
    assert_eq!(signers.sign(Alg::ES256, "JWT", &json!({}), NOW), Err(SignError::NotReady(Alg::ES256)));
}

#[test]
fn a_row_that_was_changed_or_sealed_elsewhere_stays_closed() {
    let ours = signers(b"1");
    let row = drawn(&ours, Alg::ES256, "es256-1", NOW);
    let other = drawn(&ours, Alg::ES256, "es256-2", NOW);
    assert!(ours.opens(&row), "control");
    let changed = [
        StoredKey { kid: "es256-3".to_owned(), ..row.clone() },
        StoredKey { alg: "EdDSA".to_owned(), ..row.clone() },
        StoredKey { alg: "HS256".to_owned(), ..row.clone() },
        StoredKey { public: other.public.clone(), ..row.clone() },
        StoredKey { sealed: other.sealed.clone(), ..row.clone() },
        StoredKey { sealed: String::new(), ..row.clone() },
        drawn(&signers(b"2"), Alg::ES256, "es256-1", NOW),
    ];
    for row in changed {
        assert!(!ours.opens(&row), "{} {}", row.kid, row.alg);
        assert_eq!(ours.take(std::slice::from_ref(&row)).first(), Some(&row.kid));
        assert_eq!(&*ours.jwks(), r#"{"keys":[]}"#);
    }
}

#[test]
fn the_same_rows_change_nothing() {
    let signers = signers(b"1");
    let rows = [drawn(&signers, Alg::ES256, "es256-1", NOW)];
    signers.take(&rows);
    let before = signers.jwks();
    signers.take(&rows);
    assert!(Arc::ptr_eq(&before, &signers.jwks()));
    assert_eq!(format!("{signers:?}"), "Signers(es256-1)");
}

fn saml(signers: &Signers, usage: KeyUse, place: &str, use_from: Instant) -> StoredKey {
    let (retire_at, remove_at) = (use_from + Seconds(10), use_from + Seconds(20));
    let make = Make { place: place.to_owned(), usage, use_from, retire_at, remove_at };
    signers.row(&SystemIds, &make, &PrivateKey::draw(usage.kind()), NOW)
}

#[test]
fn a_key_of_saml_has_a_certificate_signs_no_token_and_is_in_no_set_of_tokens() {
    let signers = signers(b"1");
    let rows = [
        saml(&signers, KeyUse::Saml(Alg::ES256), "saml-es256-1", NOW),
        saml(&signers, KeyUse::SamlOpening, "saml-rsa-oaep-1", NOW),
    ];
    assert!(signers.take(&rows).is_empty());
    let key = signers.saml(Alg::ES256, NOW).unwrap();
    assert_eq!(crate::xml::public_key_of(&key.certificate).as_ref(), Some(key.private.public()));
    assert_eq!(signers.saml_published(NOW).signing, std::slice::from_ref(&key.certificate));
    assert_eq!(signers.saml_published(NOW).opening.len(), 1);
    assert_eq!(signers.saml(Alg::RS256, NOW).unwrap_err(), SignError::NotReady(Alg::RS256), "what opens does not sign");
    assert_eq!(&*signers.jwks(), r#"{"keys":[]}"#);
    assert_eq!(signers.sign(Alg::ES256, "JWT", &json!({}), NOW), Err(SignError::NotReady(Alg::ES256)));
    let forged = jose::sign(&key.private, Alg::ES256, key.private.public().thumbprint(), "JWT", &json!({})).unwrap();
    assert_eq!(signers.verify_own(&forged, ANY).unwrap_err(), JoseError::UnknownKey);
}

#[test]
fn old_and_new_certificates_stand_side_by_side_and_the_old_key_signs_until_the_hour() {
    let signers = signers(b"1");
    let usage = KeyUse::Saml(Alg::ES256);
    let rows = [
        saml(&signers, usage, "saml-es256-1", NOW),
        saml(&signers, usage, "saml-es256-2", NOW + Seconds(5)),
        saml(&signers, KeyUse::SamlOpening, "saml-rsa-oaep-1", NOW),
        saml(&signers, KeyUse::SamlOpening, "saml-rsa-oaep-2", NOW + Seconds(5)),
    ];
    signers.take(&rows);
    let signs = |at| signers.saml(Alg::ES256, at).unwrap().certificate.clone();
    let (old, new) = (signs(NOW + Seconds(4)), signs(NOW + Seconds(5)));
    assert_ne!(old, new);
    assert_eq!(signers.saml_published(NOW + Seconds(4)).signing, [old.clone(), new.clone()]);
    assert_eq!(signers.saml_published(NOW + Seconds(5)).signing, [new, old]);
    let opening = |at| signers.saml_published(at).opening;
    assert_ne!(opening(NOW), opening(NOW + Seconds(5)), "partners encrypt for one key");
    assert_eq!(signers.saml_opening().len(), 2, "and each that is kept opens");
}

#[test]
fn a_certificate_of_another_key_keeps_the_row_closed() {
    let ours = signers(b"1");
    let usage = KeyUse::Saml(Alg::ES256);
    let (row, other) = (saml(&ours, usage, "a", NOW), saml(&ours, usage, "b", NOW));
    assert!(ours.opens(&row), "control");
    assert!(!ours.opens(&StoredKey { public: other.public.clone(), ..row.clone() }));
    assert!(!ours.opens(&StoredKey { alg: "ES256".to_owned(), ..row.clone() }), "nor does it become one of tokens");
    let (private, stranger) = (PrivateKey::draw(Alg::ES256), PrivateKey::draw(Alg::ES256));
    let certified = saml::self_signed(&stranger, Alg::ES256, "a", NOW, NOW + Seconds(1)).unwrap();
    let row = |public: Value| StoredKey { public: public.to_string(), ..row.clone() };
    let carries = row(json!({ "x5c": saml::x5c(&certified) }));
    assert_eq!(saml::certificate_by(&carries, &stranger).as_ref(), Some(&certified), "control");
    assert_eq!(saml::certificate_by(&carries, &private), None);
    assert_eq!(saml::certificate_by(&row(json!({})), &private), None);
}

/// F13: keys come, sign, give way and leave while tokens are signed without a pause. Whoever reads the published set before
/// and whoever reads it after believes every one of them.
#[test]
fn rotation_under_load_fails_nobody() {
    let signers = signers(b"1");
    let mut rows: Vec<StoredKey> = Vec::new();
    let mut settle = |now: Instant| {
        let todo = plan(&rows, now);
        let due = todo.make.iter().filter(|make| make.usage == KeyUse::Token(Alg::ES256));
        rows.extend(due.map(|make| signers.row(&SystemIds, make, &PrivateKey::draw(make.usage.kind()), now)));
        rows.retain(|row| !todo.remove.contains(&row.kid));
        assert!(signers.take(&rows).is_empty());
    };
    settle(NOW);
    let (clock, over) = (AtomicI64::new(NOW.0), AtomicBool::new(false));
    let signed: [AtomicUsize; 3] = Default::default();
    let published = || Jwks::parse(signers.jwks().as_bytes()).unwrap();
    let kids = std::thread::scope(|scope| {
        let sign = |signed: &AtomicUsize| {
            let mut kids = BTreeSet::new();
            while !over.load(Ordering::SeqCst) {
                let (before, now) = (published(), Instant(clock.load(Ordering::SeqCst)));
                let token = signers.sign(Alg::ES256, "JWT", &json!({}), now).unwrap();
                let expect = || Expect { algs: &[Alg::ES256], typ: ANY };
                kids.insert(jose::verify(&token, &before, expect()).unwrap().kid().map(str::to_owned));
                jose::verify(&token, &published(), expect()).unwrap();
                signed.fetch_add(1, Ordering::SeqCst);
            }
            kids
        };
        let busy: Vec<_> = signed.iter().map(|signed| scope.spawn(move || sign(signed))).collect();
        for _day in 0..365 {
            settle(Instant(clock.fetch_add(86_400_000, Ordering::SeqCst) + 86_400_000));
            // Everybody signs on every day.
            for (signed, one) in signed.iter().zip(&busy) {
                let before = signed.load(Ordering::SeqCst);
                while signed.load(Ordering::SeqCst) == before && !one.is_finished() {
                    std::thread::yield_now();
                }
            }
        }
        over.store(true, Ordering::SeqCst);
        busy.into_iter().flat_map(|one| one.join().unwrap()).collect::<BTreeSet<_>>()
    });
    assert!(kids.len() >= 4, "a year sees more keys than {kids:?}");
}
