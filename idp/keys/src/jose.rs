//! JSON Web Signatures, Encryption and Keys, read strictly: what is refused here no protocol has to think of.
//!
//! Owns the compact serialisation, the four signature algorithms we speak ([`Alg`]), sets of foreign public keys
//! ([`Jwks`]), private keys ([`PrivateKey`]), the claims every token has in common ([`ClaimRules`]) and encryption
//! ([`jwe`]). A token is parsed, then verified, and only what was verified can be read: [`verify`] alone makes a
//! [`Verified`]. Which issuer, which keys and which type of token belong to the callers; so does what is single-use.
//!
//! Never read, whoever sends it: `none` and every symmetric algorithm, keys and addresses of keys inside a header (but for
//! [`dpop`], whose proofs speak for a key and for nobody), extensions (`crit`, `b64`), the same member twice, deep or long documents.

mod claims;
pub mod dpop;
mod json;
pub mod jwe;
mod jwk;
mod jws;
mod private;

pub use claims::{ClaimError, ClaimRules, Exp, Parties};
pub use jwk::{Jwk, Jwks, JwksError, MAX_KEYS, MAX_SET, PublicKey};
pub use jws::{Expect, MAX_TOKEN, Typ, Verified, claimed, claimed_issuer, sign, verify};
pub use private::PrivateKey;

use aws_lc_rs::digest::{Digest, SHA256, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// A signature algorithm, with the words of RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alg {
    /// RSA, PKCS #1 version 1.5, SHA-256.
    RS256,
    /// RSA, PSS, SHA-256.
    PS256,
    /// ECDSA on P-256, SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Alg {
    /// Every algorithm we speak.
    pub const ALL: &[Alg] = &[Alg::RS256, Alg::PS256, Alg::ES256, Alg::EdDSA];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Alg::RS256 => "RS256",
            Alg::PS256 => "PS256",
            Alg::ES256 => "ES256",
            Alg::EdDSA => "EdDSA",
        }
    }

    /// The algorithm of this exact name.
    pub fn named(name: &str) -> Option<Alg> {
        Alg::ALL.iter().copied().find(|alg| alg.as_str() == name)
    }

    /// The digest that goes with it.
    fn digest(self, bytes: &[u8]) -> Digest {
        // Ed25519 hashes with SHA-512, and OpenID Connect follows the algorithm of the signature.
        digest(if self == Alg::EdDSA { &SHA512 } else { &SHA256 }, bytes)
    }

    /// `at_hash` or `c_hash` of an access token or a code beside a token signed so: the left half of the digest, in
    /// base64url (OpenID Connect Core 3.1.3.6).
    pub fn left_half(self, value: &str) -> String {
        let hash = self.digest(value.as_bytes());
        encode(&hash.as_ref()[..hash.as_ref().len() / 2])
    }
}

/// Why a token is not believed. For logs: a peer learns less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JoseError {
    /// It is longer than what is read.
    #[error("the token is too long")]
    TooLong,
    /// It is no token of the expected form.
    #[error("the token is malformed")]
    Malformed,
    /// Its header asks for something that is never done.
    #[error("the token's header is refused")]
    Header,
    /// Its algorithm is not one of those expected.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// It is a token of another type.
    #[error("the token is of another type")]
    Type,
    /// No key of the set fits it. The set may have changed at its owner's.
    #[error("the token's key is not known")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// It does not open with the key it names.
    #[error("the token does not open")]
    Sealed,
}

/// Bytes in base64url.
fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a text in base64url, written in the one way there is: no padding, no blank, no stray bits.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_has_one_spelling() {
        for alg in Alg::ALL {
            assert_eq!(Alg::named(alg.as_str()), Some(*alg));
        }
        for name in ["none", "NONE", "nOnE", "", "HS256", "rs256", "RS256 ", "ES384", "RS1"] {
            assert_eq!(Alg::named(name), None, "{name}");
        }
    }

    #[test]
    fn the_left_half_of_a_hash_is_the_published_one() {
        // OpenID Connect Core, A.3 and A.4.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(Alg::RS256.left_half(token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            Alg::ES256.left_half("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
        assert_eq!(Alg::EdDSA.left_half(token).len(), 43);
    }
}
