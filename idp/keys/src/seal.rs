//! Sealing: what lies in the database and must not be read there, such as private keys. A sealed text opens only with
//! the master key, for the purpose it was sealed for and beside the texts it was bound to.

use crate::Keyring;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_domain::Ids;
use std::fmt;
use zeroize::Zeroizing;

/// Longest secret that is sealed, and the most an unsealing reads.
pub const MAX_SEALED: usize = 64 * 1024;

/// The first character of what is sealed today; another one is another way of sealing.
const FORMAT: &str = "1";

/// Drawn for each sealing: the salt of its key, then its nonce.
const DRAWN: usize = 16 + NONCE_LEN;

/// Seals and opens secrets with keys derived from the master key (AES-256-GCM).
#[derive(Clone)]
pub struct Sealer {
    keyring: Keyring,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// A sealer under the master key of this keyring.
    pub fn new(keyring: &Keyring) -> Sealer {
        Sealer { keyring: keyring.clone() }
    }

    /// Seals a secret for a purpose, bound to the texts it will lie beside (such as the name of its row): text of
    /// base64url that opens with the same purpose and texts alone. None if the secret is longer than [`MAX_SEALED`].
    pub fn seal(&self, ids: &dyn Ids, purpose: &str, beside: &[&str], secret: &[u8]) -> Option<String> {
        if secret.len() > MAX_SEALED {
            return None;
        }
        let mut drawn = [0u8; DRAWN];
        ids.fill(&mut drawn);
        let (key, nonce) = self.key(purpose, &drawn)?;
        let mut sealed = Vec::with_capacity(DRAWN + secret.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&drawn);
        sealed.extend_from_slice(secret);
        let bound = Aad::from(bound(purpose, beside));
        let tag = key.seal_in_place_separate_tag(nonce, bound, &mut sealed[DRAWN..]).ok()?;
        sealed.extend_from_slice(tag.as_ref());
        Some(format!("{FORMAT}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The secret, or none for anything that was not sealed with this master key, for this purpose, beside these texts.
    pub fn open(&self, purpose: &str, beside: &[&str], sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let longest = (DRAWN + MAX_SEALED + AES_256_GCM.tag_len()).div_ceil(3) * 4;
        let text = sealed.strip_prefix(FORMAT).filter(|text| text.len() <= longest)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (drawn, body) = bytes.split_at_checked(DRAWN)?;
        let (key, nonce) = self.key(purpose, drawn.try_into().ok()?)?;
        let mut secret = Zeroizing::new(body.to_vec());
        let length = key.open_in_place(nonce, Aad::from(bound(purpose, beside)), &mut secret).ok()?.len();
        secret.truncate(length);
        Some(secret)
    }

    /// The key of one sealing. A key of its own for each, so that no number of sealings wears the nonces out.
    fn key(&self, purpose: &str, drawn: &[u8; DRAWN]) -> Option<(LessSafeKey, Nonce)> {
        let (salt, nonce) = drawn.split_at(DRAWN - NONCE_LEN);
        let key = self.keyring.derive("seal", &[purpose.as_bytes(), salt]);
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?;
        Some((LessSafeKey::new(key), Nonce::try_assume_unique_for_key(nonce).ok()?))
    }
}

/// What is authenticated beside the secret; lengths in front, so that no two lists of texts are the same bytes.
fn bound(purpose: &str, beside: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in std::iter::once(&purpose).chain(beside) {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemIds;
    use proptest::prelude::*;

    fn sealer() -> Sealer {
        Sealer::new(&Keyring::ephemeral(b"1"))
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_in_its_place_with_its_key() {
        let sealer = sealer();
        let sealed = sealer.seal(&SystemIds, "signing", &["kid", "RS256"], b"secret").unwrap();
        assert_eq!(sealer.open("signing", &["kid", "RS256"], &sealed).unwrap().as_slice(), b"secret", "control");
        assert!(sealer.open("other", &["kid", "RS256"], &sealed).is_none());
        assert!(sealer.open("signing", &["kid2", "RS256"], &sealed).is_none());
        assert!(sealer.open("signing", &["kidRS256"], &sealed).is_none());
        assert!(sealer.open("signing", &["kid", "RS", "256"], &sealed).is_none());
        assert!(sealer.open("signing", &["kid", "RS256", ""], &sealed).is_none());
        let other = Sealer::new(&Keyring::ephemeral(b"2"));
        assert!(other.open("signing", &["kid", "RS256"], &sealed).is_none());
        assert!(!sealed.contains("secret"));
    }

    #[test]
    fn the_same_secret_is_never_sealed_twice_alike() {
        let seal = || sealer().seal(&SystemIds, "p", &[], b"secret").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_secret_has_a_length() {
        assert!(sealer().seal(&SystemIds, "p", &[], &vec![0; MAX_SEALED + 1]).is_none());
        let sealed = sealer().seal(&SystemIds, "p", &[], &vec![0; MAX_SEALED]).unwrap();
        assert_eq!(sealer().open("p", &[], &sealed).unwrap().len(), MAX_SEALED);
        assert!(sealer().open("p", &[], &format!("{sealed}AAAA")).is_none());
        let empty = sealer().seal(&SystemIds, "p", &[], b"").unwrap();
        assert_eq!(sealer().open("p", &[], &empty).unwrap().as_slice(), b"");
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = sealer().seal(&SystemIds, "p", &[], b"secret").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&sealed[1..]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer().open("p", &[], &format!("1{}", URL_SAFE_NO_PAD.encode(flipped))).is_none(), "{bit}");
        }
    }

    proptest! {
        #[test]
        fn nothing_foreign_opens(text in ".{0,200}") {
            prop_assert!(sealer().open("p", &[], &text).is_none());
        }
    }

    #[test]
    fn a_sealer_never_prints_its_key() {
        assert_eq!(format!("{:?}", sealer()), "Sealer");
    }
}
