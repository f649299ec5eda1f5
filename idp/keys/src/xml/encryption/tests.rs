//! What is encrypted, who opens it, and what is never opened.

use super::*;
use crate::SystemIds;
use crate::jose::jwe::KeyWrap;
use proptest::prelude::*;
use std::sync::LazyLock;

static KEY: LazyLock<[DecryptionKey; 1]> = LazyLock::new(|| [DecryptionKey::draw(KeyWrap::RsaOaep256)]);

const CONTENT: &str = "<a xmlns=\"urn:a\">secret</a>";

fn sealed(cipher: ContentCipher) -> String {
    format!("<h>{}</h>", encrypt(&SystemIds, CONTENT, KEY[0].public(), cipher).unwrap())
}

fn opened(text: &str) -> Result<String, XmlError> {
    let holder = Document::parse(text.as_bytes())?;
    let document = decrypt(holder.unverified(), &*KEY)?;
    Ok(document.unverified().text()?.to_owned())
}

#[test]
fn what_is_encrypted_opens_and_is_still_unverified() {
    for cipher in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
        let text = sealed(cipher);
        assert!(!text.contains("secret"));
        assert_eq!(opened(&text), Ok("secret".to_owned()), "{cipher:?}");
        let document = decrypt(Document::parse(text.as_bytes()).unwrap().unverified(), &*KEY).unwrap();
        assert_eq!(
            document.verify::<crate::jose::PublicKey>("urn:a", "a", &[]).unwrap_err(),
            XmlError::NotSigned,
            "anybody can encrypt for us"
        );
        let stranger = [DecryptionKey::draw(KeyWrap::RsaOaep256), DecryptionKey::draw(KeyWrap::EcdhEs)];
        let holder = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(decrypt(holder.unverified(), &stranger).err(), Some(XmlError::Sealed));
    }
}

/// Each try costs as much as a signature.
#[test]
fn our_keys_are_tried_eight_times_and_no_more() {
    let (text, stranger) = (sealed(ContentCipher::Aes256Gcm), DecryptionKey::draw(KeyWrap::EcdhEs));
    let holder = Document::parse(text.as_bytes()).unwrap();
    let behind = |strangers: usize| {
        let keys: Vec<&DecryptionKey> = std::iter::repeat_n(&stranger, strangers).chain(&*KEY).collect();
        decrypt(holder.unverified(), &keys).map(|_| ())
    };
    assert_eq!(behind(7), Ok(()));
    assert_eq!(behind(8), Err(XmlError::Sealed));
}

#[test]
fn the_wrapped_key_may_stand_beside_the_content() {
    let text = sealed(ContentCipher::Aes256Gcm);
    let (start, end) = (text.find("<xenc:EncryptedKey>").unwrap(), text.find("</xenc:EncryptedKey>").unwrap() + 20);
    let key = text[start..end].replacen(
        "<xenc:EncryptedKey>",
        &format!("<xenc:EncryptedKey xmlns:xenc=\"{XENC}\" xmlns:ds=\"{DS}\">"),
        1,
    );
    let beside = format!("{}{}", &text[..start], &text[end..]).replacen("</h>", &format!("{key}</h>"), 1);
    assert_eq!(opened(&beside), Ok("secret".to_owned()));
    let neither = format!("{}{}", &text[..start], &text[end..]);
    assert_eq!(opened(&neither), Err(XmlError::Form));
}

#[test]
fn oracles_and_mixtures_are_not_spoken() {
    let text = sealed(ContentCipher::Aes256Gcm);
    assert!(opened(&text).is_ok(), "control");
    for (from, to) in [
        (AES256_GCM, "http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
        (AES256_GCM, "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
        (RSA_OAEP_MGF1P, "http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        (RSA_OAEP_MGF1P, "http://www.w3.org/2001/04/xmlenc#kw-aes256"),
        (SHA1, SHA256),
        (SHA1, "http://www.w3.org/2001/04/xmldsig-more#md5"),
    ] {
        assert_eq!(opened(&text.replacen(from, to, 1)), Err(XmlError::Form), "{to}");
    }
    let elsewhere = text
        .replace("<xenc:CipherValue>", "<xenc:CipherReference URI=\"https://canary.test/\"/><xenc:X>")
        .replace("</xenc:CipherValue>", "</xenc:X>");
    assert_eq!(opened(&elsewhere), Err(XmlError::Form));
    let parameters = text.replacen("<ds:DigestMethod", "<xenc:OAEPparams>AAAA</xenc:OAEPparams><ds:DigestMethod", 1);
    assert_eq!(opened(&parameters), Err(XmlError::Form));
    assert_eq!(opened("<h/>"), Err(XmlError::Absent));
    let twice = text.replacen(
        "<h>",
        &format!("<h>{}", encrypt(&SystemIds, CONTENT, KEY[0].public(), ContentCipher::Aes128Gcm).unwrap()),
        1,
    );
    assert_eq!(opened(&twice), Err(XmlError::Several));
}

#[test]
fn a_changed_ciphertext_does_not_open_in_one_way() {
    let text = sealed(ContentCipher::Aes256Gcm);
    let value = |n: usize| text.split("<xenc:CipherValue>").nth(n).unwrap().split('<').next().unwrap().to_owned();
    for (which, bits) in [(1, 2048), (2, value(2).len() * 6)] {
        let original = STANDARD.decode(value(which)).unwrap();
        for bit in (0..bits.min(original.len() * 8)).step_by(if which == 1 { 61 } else { 1 }) {
            let mut flipped = original.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                opened(&text.replacen(&value(which), &STANDARD.encode(flipped), 1)),
                Err(XmlError::Sealed),
                "{bit}"
            );
        }
        for short in [0, 1, 11, 27] {
            let cut = STANDARD.encode(&original[..short]);
            assert_eq!(opened(&text.replacen(&value(which), &cut, 1)), Err(XmlError::Sealed), "{short} bytes");
        }
    }
}

#[test]
fn what_comes_out_is_read_within_the_same_bounds() {
    let holding = |content: &str| {
        // Sealed by hand: our own side would not encrypt what it would not read.
        let (key, wrapped) = KEY[0].public().wrap_with_sha1(&SystemIds, Enc::A128GCM).unwrap();
        let (iv, ciphertext, tag) = Enc::A128GCM.seal(&SystemIds, &key, b"", content.as_bytes()).unwrap();
        let text = sealed(ContentCipher::Aes128Gcm);
        let value = |n: usize| text.split("<xenc:CipherValue>").nth(n).unwrap().split('<').next().unwrap().to_owned();
        let text = text.replacen(&value(1), &STANDARD.encode(wrapped), 1);
        text.replacen(&value(2), &STANDARD.encode([iv, ciphertext, tag].concat()), 1)
    };
    assert_eq!(opened(&holding(CONTENT)), Ok("secret".to_owned()), "control");
    for content in ["<!DOCTYPE a><a/>", "text", "<a/><b/>", "<a ID=\"1\"><b ID=\"1\"/></a>"] {
        assert!(opened(&holding(content)).is_err(), "{content}");
    }
    assert!(encrypt(&SystemIds, "<!DOCTYPE a><a/>", KEY[0].public(), ContentCipher::Aes128Gcm).is_err());
    let elliptic = DecryptionKey::draw(KeyWrap::EcdhEs);
    assert_eq!(encrypt(&SystemIds, CONTENT, elliptic.public(), ContentCipher::Aes128Gcm), Err(XmlError::Form));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_values_are_refused(key in "[A-Za-z0-9+/]{0,400}", content in "[A-Za-z0-9+/]{0,200}") {
        let text = sealed(ContentCipher::Aes128Gcm);
        let value = |n: usize| text.split("<xenc:CipherValue>").nth(n).unwrap().split('<').next().unwrap().to_owned();
        let changed = text.replacen(&value(1), &key, 1).replacen(&value(2), &content, 1);
        prop_assert!(opened(&changed).is_err());
    }
}
