//! Digests: how a secret is known without being kept, and how bytes are compared without telling where they differ.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest as hash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_domain::{OneTimeKey, SessionId};
use std::fmt::Write;

/// SHA-256 of a secret, as 43 characters of base64url. The secrets digested here are random and long, so that a plain
/// hash cannot be searched; passwords go through [`crate::Passwords`].
pub fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash(&SHA256, secret.as_bytes()))
}

/// The name under which a single-use secret is stored.
pub fn one_time_key(secret: &str) -> OneTimeKey {
    OneTimeKey::new(digest(secret))
}

/// The name under which a session is stored, from the secret its browser carries.
pub fn session_id(secret: &str) -> SessionId {
    SessionId::new(digest(secret))
}

/// SHA-256 of bytes, as 64 hexadecimal digits.
pub fn fingerprint(bytes: &[u8]) -> String {
    hex(hash(&SHA256, bytes).as_ref())
}

/// The name under which a SAML artifact knows an entity: SHA-1 of its entityID (saml-bindings-2.0, 3.6.4.2). It is looked up
/// among entities we know, and proves nothing.
pub fn artifact_source(entity_id: &str) -> [u8; 20] {
    let mut source = [0; 20];
    source.copy_from_slice(hash(&SHA1_FOR_LEGACY_USE_ONLY, entity_id.as_bytes()).as_ref());
    source
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Bytes in lower case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_published_one() {
        // FIPS 180-4, message "abc".
        assert_eq!(fingerprint(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(hex(&artifact_source("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(one_time_key("abc").as_str().len(), 43);
        assert_eq!(session_id("abc").as_str(), one_time_key("abc").as_str());
    }

    #[test]
    fn equality_is_equality() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(constant_time_eq(b"", b""));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"abcd"));
    }
}
