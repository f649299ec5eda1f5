//! Keys of a role. They come in certificates, of which only the key counts: it is believed because the metadata are, not
//! because of who issued the certificate or until when.

use super::{MetadataError, Reason};
use crate::names::{DS, MD};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::jose::PublicKey;
use preau_keys::xml::{Certificate, Element, KeyKind};

/// Keys of one role.
const MAX_KEYS: usize = 20;
/// Characters of one certificate, white space included.
const MAX_CERTIFICATE: usize = 32 * 1024;
/// Shortest RSA key.
const MIN_RSA: usize = 2048;

/// A key of a role, with the certificate that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKey {
    /// The certificate (DER).
    pub certificate: Vec<u8>,
    /// What the certificate says, for people.
    pub about: Certificate,
    /// The key.
    pub key: PublicKey,
}

impl AsRef<PublicKey> for RoleKey {
    fn as_ref(&self) -> &PublicKey {
        &self.key
    }
}

impl RoleKey {
    /// The key of a certificate (DER), if it is of a kind we speak and strong enough.
    pub fn of(certificate: Vec<u8>) -> Result<RoleKey, MetadataError> {
        let whole = MetadataError::whole;
        let about = Certificate::read(&certificate)
            .ok_or_else(|| whole(Reason::Value("X509Certificate", "no certificate in base64")))?;
        match about.kind {
            KeyKind::Rsa(bits) if bits < MIN_RSA => return Err(whole(Reason::WeakKey(bits))),
            _ => {}
        }
        let key = preau_keys::xml::public_key_of(&certificate).ok_or_else(|| whole(Reason::KeyKind))?;
        Ok(RoleKey { certificate, about, key })
    }
}

/// The keys of a role by what they serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Those its signatures are checked with.
    pub signing: Vec<RoleKey>,
    /// Those it is encrypted to.
    pub encryption: Vec<RoleKey>,
    /// How many keys are of a kind that is not spoken, and left out.
    pub left_out: usize,
}

impl Keys {
    /// The keys signatures are checked with.
    pub fn verifying(&self) -> Vec<PublicKey> {
        self.signing.iter().map(|one| one.key.clone()).collect()
    }

    /// Reads the keys of a role. One without `use` serves both; a weak one is refused with its role, because whoever
    /// publishes it may sign with it.
    pub(super) fn read(role: &Element) -> Result<Keys, MetadataError> {
        let mut keys = Keys::default();
        for descriptor in role.all(MD, "KeyDescriptor") {
            let (signing, encryption) = match descriptor.attribute("use") {
                None => (true, true),
                Some("signing") => (true, false),
                Some("encryption") => (false, true),
                Some(_) => {
                    return Err(MetadataError::at(descriptor, Reason::Value("use", "neither signing nor encryption")));
                }
            };
            let found = read_one(descriptor)?;
            if found.is_empty() {
                keys.left_out += 1;
            }
            for key in found {
                if signing && !keys.signing.contains(&key) {
                    keys.signing.push(key.clone());
                }
                if encryption && !keys.encryption.contains(&key) {
                    keys.encryption.push(key);
                }
            }
            if keys.signing.len().max(keys.encryption.len()) > MAX_KEYS {
                return Err(MetadataError::at(role, Reason::Many(MAX_KEYS, "keys")));
            }
        }
        Ok(keys)
    }
}

/// The keys of one descriptor: every certificate of every `X509Data`.
fn read_one(descriptor: &Element) -> Result<Vec<RoleKey>, MetadataError> {
    let mut keys: Vec<RoleKey> = Vec::new();
    let information = descriptor.all(DS, "KeyInfo").flat_map(|info| info.all(DS, "X509Data"));
    for shown in information.flat_map(|data| data.all(DS, "X509Certificate")) {
        let wrong = |reason| MetadataError::at(shown, reason);
        let text = shown.text().map_err(|error| wrong(error.into()))?;
        if text.len() > MAX_CERTIFICATE {
            return Err(wrong(Reason::Value("X509Certificate", "too long")));
        }
        let text: String = text.split_ascii_whitespace().collect();
        let der = STANDARD.decode(text).unwrap_or_default();
        match RoleKey::of(der) {
            Ok(key) => keys.push(key),
            // A key of another kind, such as one on P-384 that only encrypts, is nobody's loss while there is one we speak.
            Err(MetadataError { reason: Reason::KeyKind, .. }) => {}
            Err(error) => return Err(wrong(error.reason)),
        }
    }
    Ok(keys)
}
