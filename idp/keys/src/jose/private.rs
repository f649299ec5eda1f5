//! Private keys that sign: drawn, kept as PKCS #8, and never shown.

use super::{Alg, JoseError, PublicKey};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPublicKeyUncompressedBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use std::fmt;
use zeroize::Zeroizing;

/// A private key, with the public half at hand.
pub struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public.thumbprint())
    }
}

impl PrivateKey {
    /// Draws a key for an algorithm: RSA of 2048 bits (which takes its time: some tenths of a second), P-256 or Ed25519.
    ///
    /// # Panics
    /// If the operating system has no randomness, as [`crate::SystemIds`] does.
    pub fn draw(alg: Alg) -> PrivateKey {
        let drawn = match alg {
            Alg::RS256 | Alg::PS256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Alg::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            Alg::EdDSA => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        let pair = drawn.expect("the operating system gives randomness");
        PrivateKey::from_pair(pair).expect("a key just drawn has a public half")
    }

    /// Reads PKCS #8. None unless it is a key of this algorithm, consistent and long enough.
    pub fn from_pkcs8(alg: Alg, pkcs8: &[u8]) -> Option<PrivateKey> {
        let pair = match alg {
            Alg::RS256 | Alg::PS256 => Pair::Rsa(RsaKeyPair::from_pkcs8(pkcs8).ok()?),
            Alg::ES256 => Pair::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?),
            Alg::EdDSA => Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?),
        };
        PrivateKey::from_pair(pair)
    }

    /// The key as PKCS #8: to be sealed, never to be shown.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let der = match &self.pair {
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| der.as_ref().to_vec()),
            Pair::P256(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        Zeroizing::new(der.expect("a key that was read can be written"))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of a message; [`JoseError::Algorithm`] if the key is of another kind.
    pub fn sign(&self, alg: Alg, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let random = SystemRandom::new();
        match (&self.pair, alg) {
            (Pair::Rsa(pair), Alg::RS256 | Alg::PS256) => {
                let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if alg == Alg::RS256 { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(|_| JoseError::Signature)?;
                Ok(signature)
            }
            (Pair::P256(pair), Alg::ES256) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| JoseError::Signature),
            (Pair::Ed25519(pair), Alg::EdDSA) => Ok(pair.sign(message).as_ref().to_vec()),
            _ => Err(JoseError::Algorithm),
        }
    }

    fn from_pair(pair: Pair) -> Option<PrivateKey> {
        let public = match &pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                PublicKey::rsa(
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                )
            }
            Pair::P256(pair) => {
                let point: EcPublicKeyUncompressedBin<'_> = pair.public_key().as_be_bytes().ok()?;
                PublicKey::p256(point.as_ref())
            }
            Pair::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref()),
        };
        Some(PrivateKey { public: public?, pair })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_and_read_again() {
        for alg in Alg::ALL {
            let key = PrivateKey::draw(*alg);
            let read = PrivateKey::from_pkcs8(*alg, &key.to_pkcs8()).unwrap();
            assert_eq!(read.public().thumbprint(), key.public().thumbprint(), "{alg:?}");
            assert!(key.public().verify(*alg, b"m", &read.sign(*alg, b"m").unwrap()), "{alg:?}");
            for other in Alg::ALL.iter().filter(|other| !key.public().serves(**other)) {
                assert_eq!(key.sign(*other, b"m"), Err(JoseError::Algorithm), "{alg:?} as {other:?}");
                assert!(PrivateKey::from_pkcs8(*other, &key.to_pkcs8()).is_none(), "{alg:?} as {other:?}");
            }
        }
        assert!(PrivateKey::from_pkcs8(Alg::ES256, b"").is_none());
    }

    #[test]
    fn a_private_key_never_prints_itself() {
        let key = PrivateKey::draw(Alg::EdDSA);
        assert_eq!(format!("{key:?}"), format!("PrivateKey({})", key.public().thumbprint()));
    }
}
