//! Keys of a role. They come in certificates, of which only the key counts: it is believed because the metadata are, not
//! because of who issued the certificate or until when.

use super::{MetadataError, Reason};
use crate::names::{DS, MD};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::jose::{Alg, PublicKey};
use preau_keys::xml::{Certificate, ContentCipher, Element, KeyKind};

/// Keys of one role.
const MAX_KEYS: usize = 20;
/// Characters of one certificate, white space included.
const MAX_CERTIFICATE: usize = 32 * 1024;
/// Shortest RSA key.
const MIN_RSA: usize = 2048;
/// Algorithms the owner of one key lists.
const MAX_METHODS: usize = 50;

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

    /// Whether content can be encrypted to it.
    fn encrypts(&self) -> bool {
        self.key.serves(Alg::RS256)
    }
}

/// A key that content can be encrypted to, and how its owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionKey {
    /// The key: of RSA.
    pub key: RoleKey,
    /// The cipher.
    pub cipher: ContentCipher,
}

/// What a key is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Checking signatures.
    Signing,
    /// Encrypting to its owner.
    Encryption,
}

/// A key that is shown and serves nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is shown for; both when nothing is said.
    pub usage: Option<Usage>,
    /// Where it is, and why it does not serve.
    pub why: MetadataError,
}

/// The keys of a role by what they serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Those its signatures are checked with.
    pub signing: Vec<RoleKey>,
    /// Those it is encrypted to.
    pub encryption: Vec<EncryptionKey>,
    /// Those of a kind that is not spoken.
    pub left_out: Vec<LeftOut>,
}

impl Keys {
    /// The keys signatures are checked with.
    pub fn verifying(&self) -> Vec<PublicKey> {
        self.signing.iter().map(|one| one.key.clone()).collect()
    }

    /// Why nothing can be encrypted to a role that shows a key for that and nothing else: it asks for encryption, and clear text
    /// is not what it asks for.
    pub fn unmet_encryption(&self) -> Option<&MetadataError> {
        let asks = |one: &&LeftOut| one.usage == Some(Usage::Encryption);
        self.left_out.iter().find(asks).filter(|_| self.encryption.is_empty()).map(|one| &one.why)
    }

    /// Why there is no key to check signatures with: the first that was shown for it, if any was.
    pub(super) fn unmet_signing(&self) -> Option<&MetadataError> {
        let shown = |one: &&LeftOut| one.usage != Some(Usage::Encryption);
        self.left_out.iter().find(shown).filter(|_| self.signing.is_empty()).map(|one| &one.why)
    }

    /// Takes a key that the operator shows, for all it serves.
    pub fn add(&mut self, key: RoleKey) {
        if key.encrypts() {
            self.encryption.push(EncryptionKey { key: key.clone(), cipher: ContentCipher::Aes256Gcm });
        }
        self.signing.push(key);
    }

    /// Reads the keys of a role. One without `use` serves both; a weak one is refused with its role, because whoever
    /// publishes it may sign with it.
    pub(super) fn read(role: &Element) -> Result<Keys, MetadataError> {
        let mut keys = Keys::default();
        for descriptor in role.all(MD, "KeyDescriptor") {
            let usage = match descriptor.attribute("use") {
                None => None,
                Some("signing") => Some(Usage::Signing),
                Some("encryption") => Some(Usage::Encryption),
                Some(_) => {
                    return Err(MetadataError::at(descriptor, Reason::Value("use", "neither signing nor encryption")));
                }
            };
            let found = read_one(descriptor)?;
            if let Some(why) = found.unspoken.filter(|_| found.keys.is_empty()) {
                keys.left_out.push(LeftOut { usage, why });
            }
            let cipher = reads(descriptor)?;
            let lists = descriptor.all(MD, "EncryptionMethod").next().is_some();
            for key in found.keys {
                if usage != Some(Usage::Encryption) && !keys.signing.contains(&key) {
                    keys.signing.push(key.clone());
                }
                if usage == Some(Usage::Signing) {
                    continue;
                }
                match cipher.filter(|_| key.encrypts()) {
                    Some(cipher) if keys.encryption.iter().all(|known| known.key != key) => {
                        keys.encryption.push(EncryptionKey { key, cipher });
                    }
                    // Whoever lists what they read asks for encryption, whether or not they say what the key is for.
                    None if usage == Some(Usage::Encryption) || key.encrypts() || lists => {
                        let what =
                            if key.encrypts() { UNREAD } else { "nothing is encrypted to a key that is not of RSA" };
                        let why = MetadataError::at(descriptor, Reason::Other(what));
                        keys.left_out.push(LeftOut { usage: Some(Usage::Encryption), why });
                    }
                    _ => {}
                }
            }
            if keys.signing.len().max(keys.encryption.len()).max(keys.left_out.len()) > MAX_KEYS {
                return Err(MetadataError::at(role, Reason::Many(MAX_KEYS, "keys")));
            }
        }
        Ok(keys)
    }
}

/// What is said of a key whose owner reads nothing we write.
const UNREAD: &str = "of its `EncryptionMethod` none is spoken: AES in GCM, under RSA-OAEP";

/// The cipher the owner of a key reads, as its `EncryptionMethod` say.
fn reads(descriptor: &Element) -> Result<Option<ContentCipher>, MetadataError> {
    let methods: Vec<&Element> = descriptor.all(MD, "EncryptionMethod").take(MAX_METHODS + 1).collect();
    if methods.len() > MAX_METHODS {
        return Err(MetadataError::at(descriptor, Reason::Many(MAX_METHODS, "encryption methods")));
    }
    let listed: Vec<&str> = methods.into_iter().filter_map(|one| one.attribute("Algorithm")).collect();
    Ok(ContentCipher::read_by(&listed))
}

/// The keys of one descriptor.
struct Found {
    keys: Vec<RoleKey>,
    /// Why one of them is not taken.
    unspoken: Option<MetadataError>,
}

/// Every certificate of every `X509Data` of a descriptor.
fn read_one(descriptor: &Element) -> Result<Found, MetadataError> {
    let mut keys: Vec<RoleKey> = Vec::new();
    let mut unspoken = None;
    if descriptor.all(DS, "KeyInfo").next().is_none() {
        return Err(MetadataError::at(descriptor, Reason::Missing("KeyInfo")));
    }
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
            Err(MetadataError { reason: Reason::KeyKind, .. }) => unspoken = Some(wrong(Reason::KeyKind)),
            Err(error) => return Err(wrong(error.reason)),
        }
    }
    if keys.is_empty() && unspoken.is_none() {
        let what = Reason::NoKey("it shows none in an `X509Certificate`, and a name of a key is no key");
        unspoken = Some(MetadataError::at(descriptor, what));
    }
    Ok(Found { keys, unspoken })
}
