//! Encrypted elements (W3C xmlenc-core1): AES in Galois counter mode, under a content key wrapped by RSA-OAEP. Older ways
//! (block chaining, PKCS #1 version 1.5) are oracles and are not spoken.
//!
//! Whoever has our public key can encrypt for us: what comes out is a [`Document`], which still has to be verified.

use super::names::{AES128_GCM, AES256_GCM, DS, MGF1_SHA256, RSA_OAEP, RSA_OAEP_MGF1P, SHA1, SHA256, XENC, XENC11};
use super::tree::{Document, Element};
use super::{Bounds, XmlError};
use crate::jose::PublicKey;
use crate::jose::jwe::{DecryptionKey, Enc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_domain::Ids;
use std::borrow::Borrow;
use zeroize::Zeroizing;

/// Wrapped keys for one content.
const MAX_KEYS: usize = 4;
/// How often a key of ours is tried on them: each costs as much as a signature, and nobody may have vouched for the message yet.
const MAX_TRIED: usize = 8;

/// How content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCipher {
    /// AES-128 in Galois counter mode.
    Aes128Gcm,
    /// AES-256 in Galois counter mode.
    Aes256Gcm,
}

impl ContentCipher {
    /// The cipher for somebody who lists these algorithms as what they read (`md:EncryptionMethod`), `None` when none of ours is
    /// among them. Whoever lists no cipher reads all of them, and whoever lists no way of wrapping a key the usual one.
    pub fn read_by(listed: &[&str]) -> Option<ContentCipher> {
        let mut wraps = listed.iter().filter(|one| one.contains("#rsa-")).peekable();
        if wraps.peek().is_some() && !wraps.any(|one| [RSA_OAEP_MGF1P, RSA_OAEP].contains(one)) {
            return None;
        }
        let mut ciphers = listed.iter().filter(|one| one.ends_with("-gcm") || one.ends_with("-cbc")).peekable();
        if ciphers.peek().is_none() {
            return Some(ContentCipher::Aes256Gcm);
        }
        [ContentCipher::Aes256Gcm, ContentCipher::Aes128Gcm].into_iter().find(|ours| listed.contains(&ours.uri()))
    }

    fn uri(self) -> &'static str {
        match self {
            ContentCipher::Aes128Gcm => AES128_GCM,
            ContentCipher::Aes256Gcm => AES256_GCM,
        }
    }

    fn enc(self) -> Enc {
        match self {
            ContentCipher::Aes128Gcm => Enc::A128GCM,
            ContentCipher::Aes256Gcm => Enc::A256GCM,
        }
    }
}

/// Encrypts an element, given as a document of its own, for the owner of an RSA key: an `EncryptedData` with the wrapped key
/// inside. [`XmlError::Form`] if the key is of another kind.
///
/// The key is wrapped with `rsa-oaep-mgf1p` and its SHA-1, the one way every partner reads: OAEP does not rest on
/// collisions.
pub fn encrypt(ids: &dyn Ids, element: &str, to: &PublicKey, cipher: ContentCipher) -> Result<String, XmlError> {
    Document::parse(element.as_bytes())?;
    let enc = cipher.enc();
    let (key, wrapped) = to.wrap_with_sha1(ids, enc).ok_or(XmlError::Form)?;
    let (iv, ciphertext, tag) = enc.seal(ids, &key, b"", element.as_bytes()).map_err(|_| XmlError::Form)?;
    let (wrapped, content) = (STANDARD.encode(wrapped), STANDARD.encode([iv, ciphertext, tag].concat()));
    Ok(format!(
        "<xenc:EncryptedData xmlns:xenc=\"{XENC}\" Type=\"{XENC}Element\">\
         <xenc:EncryptionMethod Algorithm=\"{}\"></xenc:EncryptionMethod>\
         <ds:KeyInfo xmlns:ds=\"{DS}\"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{RSA_OAEP_MGF1P}\">\
         <ds:DigestMethod Algorithm=\"{SHA1}\"></ds:DigestMethod></xenc:EncryptionMethod>\
         <xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>",
        cipher.uri()
    ))
}

/// Opens what stands in an element such as `EncryptedAssertion`: one `EncryptedData`, its key inside or beside it. Whatever
/// is wrong with keys and ciphertexts is one error.
pub fn decrypt(holder: &Element, keys: &[impl Borrow<DecryptionKey>]) -> Result<Document, XmlError> {
    let data = holder.one(XENC, "EncryptedData")?.ok_or(XmlError::Absent)?;
    let enc = match method(data)?.attribute("Algorithm") {
        Some(AES128_GCM) => Enc::A128GCM,
        Some(AES256_GCM) => Enc::A256GCM,
        _ => return Err(XmlError::Form),
    };
    let inside = data.one(DS, "KeyInfo")?.into_iter().flat_map(|info| info.all(XENC, "EncryptedKey"));
    let wrapped: Vec<&Element> = inside.chain(holder.all(XENC, "EncryptedKey")).collect();
    if wrapped.is_empty() || wrapped.len() > MAX_KEYS {
        return Err(XmlError::Form);
    }
    let content = cipher_value(data)?;
    // Every one of them is read before the first is tried.
    let wrapped = wrapped.iter().map(|one| Ok((with_sha1(method(one)?)?, cipher_value(one)?)));
    let wrapped = wrapped.collect::<Result<Vec<(bool, Vec<u8>)>, XmlError>>()?;
    let tried = wrapped.iter().flat_map(|one| keys.iter().map(move |key| (one, key.borrow()))).take(MAX_TRIED);
    let mut opened = tried.filter_map(|((sha1, value), key)| open(enc, &key.unwrap_oaep(*sha1, enc, value), &content));
    let opened = opened.next().ok_or(XmlError::Sealed)?;
    Document::parse_within(&opened, Bounds::MESSAGE)
}

fn open(enc: Enc, key: &[u8], content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (iv, rest) = content.split_at_checked(12)?;
    let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(16)?)?;
    enc.open(key, b"", iv, ciphertext, tag)
}

fn method(element: &Element) -> Result<&Element, XmlError> {
    element.one(XENC, "EncryptionMethod")?.ok_or(XmlError::Form)
}

/// Whether a key is wrapped with SHA-1 throughout (true) or SHA-256 throughout; mixtures and the rest are refused.
fn with_sha1(method: &Element) -> Result<bool, XmlError> {
    let digest = method.one(DS, "DigestMethod")?.map(|digest| digest.attribute("Algorithm").unwrap_or_default());
    let mask = method.one(XENC11, "MGF")?.map(|mask| mask.attribute("Algorithm").unwrap_or_default());
    if method.one(XENC, "OAEPparams")?.is_some() {
        return Err(XmlError::Form);
    }
    match (method.attribute("Algorithm"), digest, mask) {
        (Some(RSA_OAEP_MGF1P), None | Some(SHA1), None) => Ok(true),
        (Some(RSA_OAEP), None | Some(SHA1), None) => Ok(true),
        (Some(RSA_OAEP), Some(SHA256), Some(MGF1_SHA256)) => Ok(false),
        _ => Err(XmlError::Form),
    }
}

/// The bytes of an element's cipher value; references to elsewhere are refused.
fn cipher_value(element: &Element) -> Result<Vec<u8>, XmlError> {
    let data = element.one(XENC, "CipherData")?.ok_or(XmlError::Form)?;
    let value = data.one(XENC, "CipherValue")?.ok_or(XmlError::Form)?;
    let text: String = value.text()?.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| XmlError::Form)
}

#[cfg(test)]
#[path = "encryption/tests.rs"]
mod tests;
