//! The digest by which an unchanged record is recognised from one release to the next. Not a secret and not a proof:
//! a stable 128-bit hash of the record's canonical JSON (SipHash-1-3, whose output its authors promise never changes).

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// Raised when the way a record becomes a stored person changes: every record is then written once more.
const FORMAT: u64 = 2;

/// A 128-bit hash in two halves: eight-byte alignment keeps the index compact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest([u64; 2]);

impl Digest {
    /// Of a record, as its canonical bytes.
    pub(crate) fn of_record(bytes: &[u8]) -> Self {
        Self::hash(FORMAT, bytes)
    }

    /// Of a join key; the same whatever the format.
    pub(crate) fn of_key(key: &str) -> Self {
        Self::hash(0, key.as_bytes())
    }

    fn hash(format: u64, bytes: &[u8]) -> Self {
        let mut hasher = SipHasher13::new_with_keys(0x7072_6561_755f_7379, format);
        hasher.write(bytes);
        let (high, low) = hasher.finish128().as_u64();
        Digest([high, low])
    }

    /// As the store keeps it: 32 hexadecimal characters.
    pub(crate) fn hex(self) -> String {
        format!("{:016x}{:016x}", self.0[0], self.0[1])
    }

    /// Reads what [`Digest::hex`] wrote; `None` for anything else, such as a digest of a former release.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let (high, low) = text.split_at(16);
        Some(Digest([u64::from_str_radix(high, 16).ok()?, u64::from_str_radix(low, 16).ok()?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_for_ever() {
        // Computed once: if this fails, every record of every source would be written again without a reason.
        assert_eq!(Digest::of_record(b"{}").hex(), GOLDEN);
        assert_eq!(Digest::from_hex(GOLDEN), Some(Digest::of_record(b"{}")));
    }

    const GOLDEN: &str = "1f84e855fa36348617a90a62075123ae";

    #[test]
    fn what_is_no_digest_is_none() {
        for text in ["", "12", "+0000000000000000000000000000001", "zz000000000000000000000000000000"] {
            assert_eq!(Digest::from_hex(text), None, "{text}");
        }
    }
}
