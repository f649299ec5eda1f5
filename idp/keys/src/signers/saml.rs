//! Keys of SAML: a private key and the certificate that carries its public half in metadata. The certificate is signed by the
//! key itself and says nothing that matters: partners believe the key because they were given our metadata.

use crate::jose::jwe::{DecryptionKey, KeyWrap};
use crate::jose::{Alg, PrivateKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_domain::{Instant, StoredKey};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::Value;
use std::sync::Arc;

/// A key that signs messages, read once.
#[derive(Debug)]
pub struct SamlKey {
    /// The private half.
    pub private: PrivateKey,
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    /// What it signs with.
    pub alg: Alg,
}

/// What of our keys stands in our metadata: certificates as DER, the one in force first, then those to come, then those that
/// served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamlPublished {
    /// Of the keys that sign: RSA before elliptic curves, since every partner reads those.
    pub signing: Vec<Vec<u8>>,
    /// Of the keys that open what is encrypted for us: the one in force, or the one to come once it is announced. A partner
    /// encrypts for one of them, and every one that is still kept opens.
    pub opening: Vec<Vec<u8>>,
}

/// A key that opens, read once.
pub(super) struct Opener {
    pub key: Arc<DecryptionKey>,
    pub certificate: Vec<u8>,
}

/// A certificate over the public half, signed by the key itself. None for a kind of key that metadata do not carry.
pub(super) fn self_signed(
    private: &PrivateKey,
    kind: Alg,
    name: &str,
    from: Instant,
    until: Instant,
) -> Option<Vec<u8>> {
    let algorithm = match kind {
        Alg::RS256 => &PKCS_RSA_SHA256,
        Alg::ES256 => &PKCS_ECDSA_P256_SHA256,
        Alg::PS256 | Alg::EdDSA => return None,
    };
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&private.to_pkcs8().as_slice().into(), algorithm).ok()?;
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = named;
    params.not_before = time::OffsetDateTime::from_unix_timestamp(from.seconds()).ok()?;
    params.not_after = time::OffsetDateTime::from_unix_timestamp(until.seconds()).ok()?;
    Some(params.self_signed(&pair).ok()?.der().to_vec())
}

/// The certificate as a member of a JSON Web Key (RFC 7517, 4.7).
pub(super) fn x5c(certificate: &[u8]) -> Value {
    Value::Array(vec![Value::String(STANDARD.encode(certificate))])
}

/// The certificate a row carries, as DER; none if it is a key of tokens. The row may not open.
pub fn certificate_of(row: &StoredKey) -> Option<Vec<u8>> {
    let public: Value = serde_json::from_str(&row.public).ok()?;
    STANDARD.decode(public["x5c"][0].as_str()?).ok()
}

/// The same, if it is of this key.
pub(super) fn certificate_by(row: &StoredKey, private: &PrivateKey) -> Option<Vec<u8>> {
    let certificate = certificate_of(row)?;
    let of_this_key = crate::xml::public_key_of(&certificate).as_ref() == Some(private.public());
    of_this_key.then_some(certificate)
}

impl Opener {
    pub(super) fn new(private: &PrivateKey, certificate: Vec<u8>) -> Option<Opener> {
        let key = DecryptionKey::from_pkcs8(KeyWrap::RsaOaep256, &private.to_pkcs8())?;
        Some(Opener { key: Arc::new(key), certificate })
    }
}
