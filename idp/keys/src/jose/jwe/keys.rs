//! How the content key of an encrypted token reaches its reader (RFC 7518 4): wrapped by RSA, or agreed upon.

use super::Enc;
use crate::jose::{JoseError, PublicKey, decode};
use aws_lc_rs::agreement::{self, ECDH_P256, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use preau_domain::Ids;
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// How a content key is handed over, with the words of RFC 7518.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWrap {
    /// RSA, OAEP with SHA-256.
    RsaOaep256,
    /// Agreed upon by ephemeral and static key on P-256.
    EcdhEs,
    /// The same, and the agreed key wraps the content key.
    EcdhEsA256Kw,
}

impl KeyWrap {
    /// Everything we speak.
    pub const ALL: &[KeyWrap] = &[KeyWrap::EcdhEsA256Kw, KeyWrap::EcdhEs, KeyWrap::RsaOaep256];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyWrap::RsaOaep256 => "RSA-OAEP-256",
            KeyWrap::EcdhEs => "ECDH-ES",
            KeyWrap::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// The one of this exact name.
    pub fn named(name: &str) -> Option<KeyWrap> {
        KeyWrap::ALL.iter().copied().find(|wrap| wrap.as_str() == name)
    }

    fn agreed(self) -> bool {
        self != KeyWrap::RsaOaep256
    }
}

/// A private key that opens what was sealed for it.
pub struct DecryptionKey {
    private: Private,
    public: PublicKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Private {
    Rsa(OaepPrivateDecryptingKey),
    P256(agreement::PrivateKey),
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKey({})", self.public.thumbprint())
    }
}

impl DecryptionKey {
    /// Draws a key: RSA of 2048 bits (which takes its time) or P-256.
    ///
    /// # Panics
    /// If the operating system has no randomness, as [`crate::SystemIds`] does.
    pub fn draw(wrap: KeyWrap) -> DecryptionKey {
        let pkcs8: Option<Vec<u8>> = if wrap.agreed() {
            let drawn = agreement::PrivateKey::generate(&ECDH_P256).ok();
            drawn.and_then(|key| AsDer::<Pkcs8V1Der<'_>>::as_der(&key).ok().map(|der| der.as_ref().to_vec()))
        } else {
            let drawn = PrivateDecryptingKey::generate(KeySize::Rsa2048).ok();
            drawn.and_then(|key| AsDer::<Pkcs8V1Der<'_>>::as_der(&key).ok().map(|der| der.as_ref().to_vec()))
        };
        let pkcs8 = Zeroizing::new(pkcs8.expect("the operating system gives randomness"));
        DecryptionKey::from_pkcs8(wrap, &pkcs8).expect("a key just drawn is read")
    }

    /// Reads PKCS #8. None unless it is a key that serves this way of wrapping.
    pub fn from_pkcs8(wrap: KeyWrap, pkcs8: &[u8]) -> Option<DecryptionKey> {
        let (private, public) = if wrap.agreed() {
            let key = agreement::PrivateKey::from_private_key_der(&ECDH_P256, pkcs8).ok()?;
            let public = PublicKey::p256(key.compute_public_key().ok()?.as_ref())?;
            (Private::P256(key), public)
        } else {
            let pair = crate::jose::PrivateKey::from_pkcs8(crate::jose::Alg::RS256, pkcs8)?;
            let key = PrivateDecryptingKey::from_pkcs8(pkcs8).ok()?;
            (Private::Rsa(OaepPrivateDecryptingKey::new(key).ok()?), pair.public().clone())
        };
        Some(DecryptionKey { private, public, pkcs8: Zeroizing::new(pkcs8.to_vec()) })
    }

    /// The key as PKCS #8: to be sealed, never to be shown.
    pub fn to_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public half; its thumbprint is the name of the key.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The public half as a JWK for whoever seals for us.
    pub fn to_jwk(&self, wrap: KeyWrap) -> Map<String, Value> {
        self.public.named_jwk(self.public.thumbprint(), wrap.as_str(), "enc")
    }

    pub(super) fn opens(&self, wrap: KeyWrap) -> bool {
        matches!(self.private, Private::P256(_)) == wrap.agreed()
    }

    /// The content key. If it cannot be had, a random one stands in, so that the failure is that of the content whatever was
    /// wrong (RFC 7516 11.5).
    pub(super) fn unwrap(
        &self,
        wrap: KeyWrap,
        enc: Enc,
        header: &Map<String, Value>,
        wrapped: &[u8],
    ) -> Zeroizing<Vec<u8>> {
        let key = match &self.private {
            Private::Rsa(_) => return self.unwrap_oaep(false, enc, wrapped),
            Private::P256(key) => agreed(key, wrap, enc, header, wrapped),
        };
        sized(key, enc)
    }

    /// A content key wrapped by RSA-OAEP, with SHA-1 throughout or SHA-256 throughout; a random one if it cannot be had.
    pub(crate) fn unwrap_oaep(&self, sha1: bool, enc: Enc, wrapped: &[u8]) -> Zeroizing<Vec<u8>> {
        let algorithm = if sha1 { &OAEP_SHA1_MGF1SHA1 } else { &OAEP_SHA256_MGF1SHA256 };
        let key = match &self.private {
            Private::P256(_) => None,
            Private::Rsa(key) => {
                let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
                let opened = key.decrypt(algorithm, wrapped, &mut room, None);
                opened.ok().map(|key| Zeroizing::new(key.to_vec()))
            }
        };
        sized(key, enc)
    }
}

/// The key if it is there and of the right length, else a random one.
fn sized(key: Option<Zeroizing<Vec<u8>>>, enc: Enc) -> Zeroizing<Vec<u8>> {
    let mut stand_in = Zeroizing::new(vec![0; enc.key_len()]);
    crate::SystemIds.fill(&mut stand_in);
    key.filter(|key| key.len() == enc.key_len()).unwrap_or(stand_in)
}

impl PublicKey {
    /// A content key, and the same wrapped by RSA-OAEP with SHA-1 throughout, as XML Encryption has it; none if this is no
    /// RSA key.
    pub(crate) fn wrap_with_sha1(&self, ids: &dyn Ids, enc: Enc) -> Option<(Zeroizing<Vec<u8>>, Vec<u8>)> {
        let mut content_key = Zeroizing::new(vec![0; enc.key_len()]);
        ids.fill(&mut content_key);
        let wrapped = oaep(self, &OAEP_SHA1_MGF1SHA1, &content_key)?;
        Some((content_key, wrapped))
    }
}

/// A content key wrapped for the owner of an RSA key.
fn oaep(to: &PublicKey, algorithm: &'static OaepAlgorithm, content_key: &[u8]) -> Option<Vec<u8>> {
    let key = PublicEncryptingKey::from_der(&to.rsa_der()?).ok()?;
    let key = OaepPublicEncryptingKey::new(key).ok()?;
    let mut room = vec![0; key.ciphertext_size()];
    let length = key.encrypt(algorithm, content_key, &mut room, None).ok()?.len();
    room.truncate(length);
    Some(room)
}

/// A content key for the owner of a public key, and what it travels as.
pub(super) fn wrap(
    ids: &dyn Ids,
    to: &PublicKey,
    wrap: KeyWrap,
    enc: Enc,
    header: &mut Map<String, Value>,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), JoseError> {
    let mut content_key = Zeroizing::new(vec![0; enc.key_len()]);
    ids.fill(&mut content_key);
    let sealed = |_| JoseError::Sealed;
    if !wrap.agreed() {
        let wrapped = oaep(to, &OAEP_SHA256_MGF1SHA256, &content_key).ok_or(JoseError::Algorithm)?;
        return Ok((content_key, wrapped));
    }
    let point = to.p256_point().ok_or(JoseError::Algorithm)?;
    let ephemeral = agreement::PrivateKey::generate(&ECDH_P256).map_err(sealed)?;
    let ours = ephemeral.compute_public_key().map_err(sealed)?;
    let public = PublicKey::p256(ours.as_ref()).ok_or(JoseError::Sealed)?;
    header.insert("epk".to_owned(), Value::Object(public.bare_jwk()));
    let derived = derive(&ephemeral, &point, wrap, enc, &[], &[]).ok_or(JoseError::Sealed)?;
    if wrap == KeyWrap::EcdhEs {
        return Ok((derived, Vec::new()));
    }
    let mut room = vec![0; content_key.len() + 8];
    let kek = AesKek::new(&AES_256, &derived).map_err(sealed)?;
    let length = kek.wrap(&content_key, &mut room).map_err(sealed)?.len();
    room.truncate(length);
    Ok((content_key, room))
}

/// The content key that is agreed upon, or wrapped under the key that is.
fn agreed(
    key: &agreement::PrivateKey,
    wrap: KeyWrap,
    enc: Enc,
    header: &Map<String, Value>,
    wrapped: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let epk = header.get("epk")?.as_object()?;
    let member = |name: &str| epk.get(name).and_then(Value::as_str);
    if member("kty") != Some("EC") || member("crv") != Some("P-256") || epk.contains_key("d") {
        return None;
    }
    let point = [vec![4], decode(member("x")?)?, decode(member("y")?)?].concat();
    PublicKey::p256(&point)?;
    let info = |name: &str| match header.get(name) {
        None => Some(Vec::new()),
        Some(value) => decode(value.as_str()?),
    };
    let derived = derive(key, &point, wrap, enc, &info("apu")?, &info("apv")?)?;
    if wrap == KeyWrap::EcdhEs {
        return wrapped.is_empty().then_some(derived);
    }
    let mut room = Zeroizing::new(vec![0; wrapped.len()]);
    let kek = AesKek::new(&AES_256, &derived).ok()?;
    let content_key = kek.unwrap(wrapped, &mut room).ok()?.to_vec();
    Some(Zeroizing::new(content_key))
}

/// The derived key of RFC 7518 4.6.2: one round of the concatenation function, since no key is longer than the digest.
fn derive(
    ours: &agreement::PrivateKey,
    theirs: &[u8],
    wrap: KeyWrap,
    enc: Enc,
    apu: &[u8],
    apv: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (word, length) = if wrap == KeyWrap::EcdhEs { (enc.as_str(), enc.key_len()) } else { (wrap.as_str(), 32) };
    agree(ours, UnparsedPublicKey::new(&ECDH_P256, theirs), (), |secret| {
        let mut context = Context::new(&SHA256);
        context.update(&1u32.to_be_bytes());
        context.update(secret);
        for info in [word.as_bytes(), apu, apv] {
            context.update(&u32::try_from(info.len()).map_err(drop)?.to_be_bytes());
            context.update(info);
        }
        context.update(&u32::try_from(length * 8).map_err(drop)?.to_be_bytes());
        Ok(Zeroizing::new(context.finish().as_ref()[..length].to_vec()))
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::encode;

    #[test]
    fn the_derived_key_is_the_published_one() {
        // RFC 7518, appendix C.
        let bob = decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw").unwrap();
        let bob = agreement::PrivateKey::from_private_key(&ECDH_P256, &bob).unwrap();
        let (x, y) = ("gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps");
        let alice = [vec![4], decode(x).unwrap(), decode(y).unwrap()].concat();
        let derived = derive(&bob, &alice, KeyWrap::EcdhEs, Enc::A128GCM, b"Alice", b"Bob").unwrap();
        assert_eq!(encode(&derived), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn a_key_is_written_and_read_again_and_never_printed() {
        for wrap in KeyWrap::ALL {
            let key = DecryptionKey::draw(*wrap);
            let read = DecryptionKey::from_pkcs8(*wrap, key.to_pkcs8()).unwrap();
            assert_eq!(read.public(), key.public());
            let jwk = key.to_jwk(*wrap);
            assert_eq!((jwk["use"].as_str(), jwk["alg"].as_str()), (Some("enc"), Some(wrap.as_str())));
            assert!(!jwk.contains_key("d"));
            assert_eq!(format!("{key:?}"), format!("DecryptionKey({})", key.public().thumbprint()));
            let other = if wrap.agreed() { KeyWrap::RsaOaep256 } else { KeyWrap::EcdhEs };
            assert!(DecryptionKey::from_pkcs8(other, key.to_pkcs8()).is_none());
        }
    }
}
