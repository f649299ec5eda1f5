//! Encrypted tokens in compact form (RFC 7516, 7518): for whom a token is sealed, and what is inside. Who signed what is
//! inside is [`super::verify`]'s question, asked afterwards: anybody can seal for a public key.
//!
//! Every failure to open is one error, whatever the key was for: a peer that tries ciphertexts learns nothing from it.

mod content;
mod keys;

pub use content::Enc;
pub use keys::{DecryptionKey, KeyWrap};

use super::jwk::{MAX_KID, PublicKey};
use super::{JoseError, decode, encode, json};
use preau_domain::Ids;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// Longest sealed token that is read: a signed one of the longest, sealed.
pub const MAX_SEALED_TOKEN: usize = 24 * 1024;

/// What a header never brings along: keys, addresses of keys, extensions, compression, passwords.
const REFUSED: &[&str] = &["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "p2s", "p2c", "iv", "tag"];

/// What was inside a token.
#[derive(Debug)]
pub struct Opened {
    /// The content: most often a signed token.
    pub content: Zeroizing<Vec<u8>>,
    /// What the header says it is: `JWT` when it is a signed token.
    pub cty: Option<String>,
}

impl Opened {
    /// The content as text.
    pub fn text(&self) -> Result<&str, JoseError> {
        std::str::from_utf8(&self.content).map_err(|_| JoseError::Malformed)
    }
}

/// Seals content for the owner of a key. [`JoseError::Algorithm`] if the key is of another kind.
pub fn seal(
    ids: &dyn Ids,
    to: &PublicKey,
    kid: Option<&str>,
    wrap: KeyWrap,
    enc: Enc,
    cty: Option<&str>,
    content: &[u8],
) -> Result<String, JoseError> {
    let mut header = Map::new();
    for (name, value) in [("alg", Some(wrap.as_str())), ("enc", Some(enc.as_str())), ("kid", kid), ("cty", cty)] {
        if let Some(value) = value {
            header.insert(name.to_owned(), json!(value));
        }
    }
    let (key, wrapped) = keys::wrap(ids, to, wrap, enc, &mut header)?;
    let header = encode(Value::Object(header).to_string().as_bytes());
    let (iv, ciphertext, tag) = enc.seal(ids, &key, header.as_bytes(), content)?;
    Ok([header, encode(&wrapped), encode(&iv), encode(&ciphertext), encode(&tag)].join("."))
}

/// Opens a token with the one of our keys it names, or with each that fits if it names none.
pub fn open(compact: &str, keys: &[DecryptionKey], wraps: &[KeyWrap], encs: &[Enc]) -> Result<Opened, JoseError> {
    if compact.len() > MAX_SEALED_TOKEN {
        return Err(JoseError::TooLong);
    }
    let parts: Vec<&str> = compact.splitn(6, '.').collect();
    let [protected, wrapped, iv, ciphertext, tag] = parts[..] else { return Err(JoseError::Malformed) };
    let bytes = |text| decode(text).ok_or(JoseError::Malformed);
    let header = json::object(&bytes(protected)?).ok_or(JoseError::Malformed)?;
    let (wrapped, iv, ciphertext, tag) = (bytes(wrapped)?, bytes(iv)?, bytes(ciphertext)?, bytes(tag)?);
    if REFUSED.iter().any(|name| header.contains_key(*name)) {
        return Err(JoseError::Header);
    }
    let text = |name: &str| match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= MAX_KID => Ok(Some(text.as_str())),
        Some(_) => Err(JoseError::Header),
    };
    let wrap = text("alg")?.and_then(KeyWrap::named).filter(|wrap| wraps.contains(wrap)).ok_or(JoseError::Algorithm)?;
    let enc = text("enc")?.and_then(Enc::named).filter(|enc| encs.contains(enc)).ok_or(JoseError::Algorithm)?;
    let kid = text("kid")?;
    let fits = |key: &&DecryptionKey| key.opens(wrap) && kid.is_none_or(|kid| kid == key.public().thumbprint());
    let mut candidates = keys.iter().filter(fits).peekable();
    if candidates.peek().is_none() {
        return Err(JoseError::UnknownKey);
    }
    let content = candidates.find_map(|key| {
        let content_key = key.unwrap(wrap, enc, &header, &wrapped);
        enc.open(&content_key, protected.as_bytes(), &iv, &ciphertext, &tag)
    });
    Ok(Opened { content: content.ok_or(JoseError::Sealed)?, cty: text("cty")?.map(str::to_owned) })
}

#[cfg(test)]
#[path = "jwe/tests.rs"]
mod tests;
