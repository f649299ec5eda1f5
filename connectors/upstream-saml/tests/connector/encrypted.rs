//! Assertions that are encrypted for us (SAML-20, 21): whoever has our certificate can make one.

use crate::peer::*;
use preau_connector_api::RedirectError;
use preau_keys::SystemIds;
use preau_keys::xml::{ContentCipher, encrypt};

#[test]
fn an_encrypted_assertion_is_believed_when_it_is_signed() {
    for signs in [Signs::Response, Signs::Assertion, Signs::Both] {
        let upstream = open(&format!("encrypted = true\n{}", asks(signs)));
        let identity = judge(&upstream, &answer().sealed(signs)).unwrap();
        assert_eq!(identity.subject, "eleve-7", "{signs:?}");
        let plain = judge(&upstream, &answer().signed(signs));
        assert_eq!(plain, Err(RedirectError::NotBelieved("not encrypted")), "{signs:?}");
        let not_asked = judge(&open(asks(signs)), &answer().sealed(signs));
        assert_eq!(not_asked, Err(RedirectError::NotBelieved("encrypted")), "{signs:?}");
        // SAML-20: anybody can encrypt for us.
        let unsigned = judge(&upstream, &answer().sealed(Signs::Nothing));
        assert_eq!(unsigned, Err(RedirectError::NotBelieved("not signed")), "{signs:?}");
    }
    let both = open("encrypted = true");
    for half in [Signs::Response, Signs::Assertion] {
        assert_eq!(judge(&both, &answer().sealed(half)), Err(RedirectError::NotBelieved("not signed")), "{half:?}");
    }
}

#[test]
fn an_encrypted_assertion_in_a_response_that_is_not_its_own_is_not_believed() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let sealed = answer().sealed(Signs::Assertion);
    assert!(judge(&upstream, &sealed).is_ok(), "control");
    let twice = sealed.replace("</samlp:Response>", "<saml:EncryptedAssertion/></samlp:Response>");
    assert!(judge(&upstream, &twice).is_err());
    let beside = sealed.replace("</samlp:Response>", &format!("{}</samlp:Response>", answer().assertion.write()));
    assert!(judge(&upstream, &beside).is_err());
}

/// One word, whatever is wrong with keys and ciphertexts: an oracle learns nothing.
#[test]
fn whatever_does_not_open_says_so_in_one_word() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let sealed = answer().sealed(Signs::Assertion);
    let does_not_open = Err(RedirectError::NotBelieved("does not open"));
    let values: Vec<&str> = sealed.split("<xenc:CipherValue>").skip(1).map(|one| &one[..40]).collect();
    for value in values {
        for at in [0, 20, 39] {
            let flipped = if value.as_bytes()[at] == b'A' { 'B' } else { 'A' };
            let other = format!("{}{flipped}{}", &value[..at], &value[at + 1..]);
            assert_eq!(judge(&upstream, &sealed.replace(value, &other)), does_not_open, "{at}");
        }
    }
    for (from, to) in [
        ("2001/04/xmlenc#rsa-oaep-mgf1p", "2001/04/xmlenc#rsa-1_5"),
        ("2009/xmlenc11#aes256-gcm", "2001/04/xmlenc#aes256-cbc"),
        ("2009/xmlenc11#aes256-gcm", "2009/xmlenc11#aes128-gcm"),
    ] {
        assert!(sealed.contains(from));
        assert_eq!(judge(&upstream, &sealed.replace(from, to)), does_not_open, "{to}");
    }
    let foreign = preau_keys::jose::PrivateKey::draw(preau_keys::jose::Alg::RS256);
    let other = encrypt(&SystemIds, "<a/>", foreign.public(), ContentCipher::Aes256Gcm).unwrap();
    assert_eq!(judge(&upstream, &answer().response.write(Some(&other), true)), does_not_open);
    let not_one = encrypt(&SystemIds, "<a/>", OURS.public(), ContentCipher::Aes256Gcm).unwrap();
    let judged = judge(&upstream, &answer().response.write(Some(&not_one), true));
    assert_eq!(judged, Err(RedirectError::NotBelieved("absent")));
    assert!(judge(&upstream, &sealed).is_ok(), "control");
}
