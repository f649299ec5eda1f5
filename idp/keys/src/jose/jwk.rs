//! Public keys and sets of them, as others publish theirs (RFC 7517, 7518, 8037) and as we publish ours.
//!
//! A set with a private or a symmetric key in it is refused whole: whoever publishes that publishes by mistake. A key of a
//! kind we do not speak, too weak or malformed is left out, as the standard asks: its neighbours may serve.

use super::{Alg, decode, encode, json};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use serde_json::{Map, Value};
use std::fmt;
use thiserror::Error;

/// Longest set that is read.
pub const MAX_SET: usize = 256 * 1024;
/// Most keys of a set.
pub const MAX_KEYS: usize = 100;

/// Longest name of a key.
pub(super) const MAX_KID: usize = 256;

/// Members that only a private key has, or a symmetric one.
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key that was read, is of a kind we speak and strong enough.
#[derive(Clone)]
pub struct PublicKey {
    kind: Kind,
    thumbprint: String,
}

#[derive(Clone)]
enum Kind {
    Rsa { n: Vec<u8>, e: Vec<u8>, pkcs1: ParsedPublicKey, pss: ParsedPublicKey },
    P256 { x: Vec<u8>, y: Vec<u8>, parsed: ParsedPublicKey },
    Ed25519 { x: Vec<u8>, parsed: ParsedPublicKey },
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &PublicKey) -> bool {
        self.thumbprint == other.thumbprint
    }
}

impl Eq for PublicKey {}

impl AsRef<PublicKey> for PublicKey {
    fn as_ref(&self) -> &PublicKey {
        self
    }
}

impl PublicKey {
    /// An RSA key from modulus and exponent, big-endian without leading zeros: 2048 to 8192 bits, and an odd exponent from
    /// 65537 to 33 bits.
    pub fn rsa(n: &[u8], e: &[u8]) -> Option<PublicKey> {
        let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
        let exponent = e.iter().try_fold(0u64, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)))?;
        let sound = (2048..=8192).contains(&bits)
            && n[0] != 0
            && n.last()? & 1 == 1
            && *e.first()? != 0
            && exponent & 1 == 1
            && (65_537..1 << 33).contains(&exponent);
        if !sound {
            return None;
        }
        let components = RsaPublicKeyComponents { n, e };
        let pkcs1 = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
        let pss = components.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256).ok()?;
        Some(PublicKey::new(Kind::Rsa { n: n.to_vec(), e: e.to_vec(), pkcs1, pss }))
    }

    /// A key on P-256 from its uncompressed point (`04`, x, y), which must be on the curve.
    pub fn p256(point: &[u8]) -> Option<PublicKey> {
        let coordinates = point.strip_prefix(&[4]).filter(|both| both.len() == 64)?;
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
        let (x, y) = coordinates.split_at(32);
        Some(PublicKey::new(Kind::P256 { x: x.to_vec(), y: y.to_vec(), parsed }))
    }

    /// An Ed25519 key from its 32 bytes, canonical and of full order: under a key of small order one signature fits
    /// every message.
    pub fn ed25519(x: &[u8]) -> Option<PublicKey> {
        let bytes: &[u8; 32] = x.try_into().ok()?;
        if degenerate(bytes) {
            return None;
        }
        let parsed = ParsedPublicKey::new(&ED25519, x).ok()?;
        Some(PublicKey::new(Kind::Ed25519 { x: x.to_vec(), parsed }))
    }

    fn new(kind: Kind) -> PublicKey {
        let mut key = PublicKey { kind, thumbprint: String::new() };
        // The members an RFC 7638 thumbprint is made of are these, in the order of their names, which `Value` may not keep.
        let mut members: Vec<(&str, String)> = key.members();
        members.sort_by_key(|(name, _)| *name);
        let text: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        key.thumbprint = encode(digest(&SHA256, format!("{{{}}}", text.join(",")).as_bytes()).as_ref());
        key
    }

    /// Reads one member of a set, `kid` and its like aside.
    fn from_members(members: &Map<String, Value>) -> Option<PublicKey> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let bytes = |name: &str| text(name).and_then(decode);
        match (text("kty")?, text("crv")) {
            ("RSA", _) => PublicKey::rsa(&bytes("n")?, &bytes("e")?),
            ("EC", Some("P-256")) => {
                let point = [vec![4], bytes("x")?, bytes("y")?].concat();
                PublicKey::p256(&point)
            }
            ("OKP", Some("Ed25519")) => PublicKey::ed25519(&bytes("x")?),
            _ => None,
        }
    }

    /// Reads a JWK that stands alone, which must hold nothing private.
    pub(super) fn alone(members: &Map<String, Value>) -> Option<PublicKey> {
        let private = PRIVATE.iter().any(|name| members.contains_key(*name));
        PublicKey::from_members(members).filter(|_| !private)
    }

    /// What names the key's value in a JWK, `kty` included.
    fn members(&self) -> Vec<(&'static str, String)> {
        match &self.kind {
            Kind::Rsa { n, e, .. } => vec![("kty", "RSA".to_owned()), ("n", encode(n)), ("e", encode(e))],
            Kind::P256 { x, y, .. } => {
                vec![("kty", "EC".to_owned()), ("crv", "P-256".to_owned()), ("x", encode(x)), ("y", encode(y))]
            }
            Kind::Ed25519 { x, .. } => vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", encode(x))],
        }
    }

    /// SHA-256 thumbprint (RFC 7638): the name of the key among all keys.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether keys of this kind verify that algorithm.
    pub fn serves(&self, alg: Alg) -> bool {
        match &self.kind {
            Kind::Rsa { .. } => matches!(alg, Alg::RS256 | Alg::PS256),
            Kind::P256 { .. } => alg == Alg::ES256,
            Kind::Ed25519 { .. } => alg == Alg::EdDSA,
        }
    }

    /// Whether this is the signature of that message under this key. An ECDSA signature is its two numbers, 64 bytes,
    /// never DER.
    pub fn verify(&self, alg: Alg, message: &[u8], signature: &[u8]) -> bool {
        let key = match (&self.kind, alg) {
            (Kind::Rsa { pkcs1, .. }, Alg::RS256) => pkcs1,
            (Kind::Rsa { pss, .. }, Alg::PS256) => pss,
            (Kind::P256 { parsed, .. }, Alg::ES256) if signature.len() == 64 => parsed,
            (Kind::Ed25519 { parsed, .. }, Alg::EdDSA) if signature.len() == 64 => parsed,
            _ => return false,
        };
        key.verify_sig(message, signature).is_ok()
    }

    /// The key as a public JWK.
    pub fn to_jwk(&self, kid: &str, alg: Alg) -> Map<String, Value> {
        self.named_jwk(kid, alg.as_str(), "sig")
    }

    /// The key as a public JWK with a name, an algorithm and a use.
    pub(super) fn named_jwk(&self, kid: &str, alg: &str, usage: &str) -> Map<String, Value> {
        let mut jwk = self.bare_jwk();
        for (name, value) in [("kid", kid), ("alg", alg), ("use", usage)] {
            jwk.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        jwk
    }

    /// The value of the key as a JWK.
    pub(super) fn bare_jwk(&self) -> Map<String, Value> {
        self.members().into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
    }

    /// An RSA key as a SubjectPublicKeyInfo.
    pub(super) fn rsa_der(&self) -> Option<Vec<u8>> {
        let Kind::Rsa { pkcs1, .. } = &self.kind else { return None };
        let der: PublicKeyX509Der<'_> = pkcs1.as_der().ok()?;
        Some(der.as_ref().to_vec())
    }

    /// A key on P-256 as its uncompressed point.
    pub(super) fn p256_point(&self) -> Option<Vec<u8>> {
        let Kind::P256 { x, y, .. } = &self.kind else { return None };
        Some([&[4], x.as_slice(), y].concat())
    }
}

/// Whether an encoded Ed25519 point is one of the eight of small order, or not in its one canonical form (a y that is not
/// below the prime 2^255 - 19). The sign bit is left out: both signs of such points are refused.
fn degenerate(encoded: &[u8; 32]) -> bool {
    // y of the points of order 4, 1 and 8; the one of order 2 has y = p - 1 and is caught by the comparison below.
    const SMALL: [[u8; 32]; 4] = [
        [0; 32],
        {
            let mut one = [0; 32];
            one[0] = 1;
            one
        },
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
            0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
            0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut y = *encoded;
    y[31] &= 0x7f;
    let at_least_p_minus_1 = y[0] >= 0xec && y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    at_least_p_minus_1 || SMALL.contains(&y)
}

/// One key of a set.
#[derive(Clone, Debug)]
pub struct Jwk {
    /// Its name in the set.
    pub kid: Option<String>,
    /// The one algorithm it is for, if it says so.
    pub alg: Option<String>,
    /// What it is for, if it says so: `sig` or `enc`.
    pub usage: Option<String>,
    /// Its value.
    pub key: PublicKey,
}

impl Jwk {
    /// Whether the key may be asked to verify a token of this algorithm.
    pub(super) fn verifies(&self, alg: Alg) -> bool {
        self.key.serves(alg)
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|own| own == alg.as_str())
    }
}

/// Why a set of keys is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwksError {
    /// Longer than [`MAX_SET`], or more than [`MAX_KEYS`] keys.
    #[error("the set of keys is too large")]
    TooLarge,
    /// No JSON, a member twice, or no list of keys.
    #[error("the set of keys is malformed")]
    Malformed,
    /// A private or symmetric key lies open in it.
    #[error("the set of keys holds a private or symmetric key")]
    Private,
}

/// The public keys somebody publishes or registered.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<Jwk>,
    left_out: usize,
}

impl Jwks {
    /// Reads a JWK set. Keys of another kind, too weak, malformed or for something else than to sign and encrypt are left
    /// out ([`Jwks::left_out`]).
    pub fn parse(bytes: &[u8]) -> Result<Jwks, JwksError> {
        if bytes.len() > MAX_SET {
            return Err(JwksError::TooLarge);
        }
        let set = json::object(bytes).ok_or(JwksError::Malformed)?;
        Jwks::from_members(&set)
    }

    /// The same for a set that is a JSON value already, such as `jwks` of a client's registration.
    pub fn from_members(set: &Map<String, Value>) -> Result<Jwks, JwksError> {
        let listed = set.get("keys").and_then(Value::as_array).ok_or(JwksError::Malformed)?;
        if listed.len() > MAX_KEYS {
            return Err(JwksError::TooLarge);
        }
        let mut read = Jwks::default();
        for entry in listed {
            let members = entry.as_object().ok_or(JwksError::Malformed)?;
            let symmetric =
                members.get("kty").and_then(Value::as_str).is_some_and(|kty| kty.eq_ignore_ascii_case("oct"));
            if symmetric || PRIVATE.iter().any(|name| members.contains_key(*name)) {
                return Err(JwksError::Private);
            }
            match jwk(members) {
                Some(key) => read.keys.push(key),
                None => read.left_out += 1,
            }
        }
        Ok(read)
    }

    /// The set of these keys.
    pub fn new(keys: Vec<Jwk>) -> Jwks {
        Jwks { keys, left_out: 0 }
    }

    /// The keys that can be used.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The key to seal something for the owner of the set: the first that fits and is not kept for signatures.
    pub fn sealing(&self, wrap: super::jwe::KeyWrap) -> Option<&Jwk> {
        self.keys.iter().find(|jwk| {
            let fits = if wrap == super::jwe::KeyWrap::RsaOaep256 {
                matches!(jwk.key.kind, Kind::Rsa { .. })
            } else {
                matches!(jwk.key.kind, Kind::P256 { .. })
            };
            fits && jwk.usage.as_deref().is_none_or(|usage| usage == "enc")
                && jwk.alg.as_deref().is_none_or(|alg| alg == wrap.as_str())
        })
    }

    /// How many keys of the set cannot.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

/// One entry of a set, or none if it is of no use here.
fn jwk(members: &Map<String, Value>) -> Option<Jwk> {
    let text = |name: &str| match members.get(name) {
        None => Some(None),
        Some(Value::String(text)) if text.len() <= MAX_KID => Some(Some(text.clone())),
        Some(_) => None,
    };
    let (kid, alg, usage) = (text("kid")?, text("alg")?, text("use")?);
    if let Some(operations) = members.get("key_ops") {
        let named: Vec<&str> = operations.as_array()?.iter().filter_map(Value::as_str).collect();
        let public = ["verify", "encrypt", "wrapKey", "deriveKey", "deriveBits"];
        if named.is_empty() || !named.iter().all(|name| public.contains(name)) {
            return None;
        }
        if usage.as_deref() != Some("enc") && !named.contains(&"verify") {
            return None;
        }
    }
    if usage.as_deref().is_some_and(|usage| usage != "sig" && usage != "enc") {
        return None;
    }
    Some(Jwk { kid, alg, usage, key: PublicKey::from_members(members)? })
}

#[cfg(test)]
#[path = "jwk/tests.rs"]
mod tests;
