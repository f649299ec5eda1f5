//! A list of passwords that were stolen somewhere, on this machine: nothing of a password is asked of anybody else.
//!
//! The file is that of *Pwned Passwords*, ordered by hash: lines of SHA-1 in hexadecimal, a colon and how often. It is searched where it
//! lies, by halves, since it has tens of gigabytes; a shorter list of the same form does as well.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::cmp::Ordering;
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// More than a line has.
const LINE: usize = 64;

/// The list, or none. Copies share the file.
#[derive(Clone, Debug, Default)]
pub struct Breached(Option<Arc<(File, u64)>>);

impl Breached {
    /// Opens a list.
    pub fn open(path: &Path) -> io::Result<Breached> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let list = Breached(Some(Arc::new((file, length))));
        // A file of another form would find nothing, and nobody would know.
        match list.line_from(0)? {
            Some((_, hash)) if hash.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(list),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "does not begin with a SHA-1 in hexadecimal")),
        }
    }

    /// Whether a password is in the list. Reads the file some forty times.
    pub fn holds(&self, password: &str) -> io::Result<bool> {
        let Some(list) = &self.0 else { return Ok(false) };
        let typed: String = password.nfc().collect();
        let mut wanted = String::with_capacity(DIGITS);
        for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, typed.as_bytes()).as_ref() {
            // Writing to a String cannot fail.
            let _ = write!(wanted, "{byte:02X}");
        }
        let (mut low, mut high) = (0, list.1);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some((begins, hash)) = self.line_from(middle)? else {
                high = middle;
                continue;
            };
            match hash.to_ascii_uppercase().cmp(&wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => low = begins + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }

    /// Where the first line begins that begins at that place or behind it, and its hash.
    fn line_from(&self, place: u64) -> io::Result<Option<(u64, String)>> {
        let Some(list) = &self.0 else { return Ok(None) };
        // From the byte before: a line may begin right here.
        let from = place.saturating_sub(1);
        let mut bytes = [0; 2 * LINE];
        let mut read = 0;
        while read < bytes.len() {
            match list.0.read_at(&mut bytes[read..], from + read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        let bytes = &bytes[..read];
        let skipped = match place {
            0 => 0,
            _ => match bytes.iter().position(|byte| *byte == b'\n') {
                Some(end) => end + 1,
                None => return Ok(None),
            },
        };
        let hash = bytes.get(skipped..skipped + DIGITS).and_then(|hash| std::str::from_utf8(hash).ok());
        Ok(hash.map(|hash| (from + skipped as u64, hash.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn every_password_of_a_list_is_found_and_no_other() {
        let hash = |text: &str| -> String {
            digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref().iter().map(|b| format!("{b:02X}")).collect()
        };
        let mut lines: Vec<String> = (0..500).map(|n| format!("{}:{n}\r\n", hash(&format!("stolen{n}")))).collect();
        lines.sort();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(lines.concat().as_bytes()).unwrap();
        let list = Breached::open(file.path()).unwrap();
        for n in 0..500 {
            assert!(list.holds(&format!("stolen{n}")).unwrap(), "{n}");
            assert!(!list.holds(&format!("fresh{n}")).unwrap(), "{n}");
        }
        assert!(!Breached::default().holds("stolen1").unwrap(), "no list");
        let mut other = tempfile::NamedTempFile::new().unwrap();
        other.write_all(b"password\n123456\n").unwrap();
        assert!(Breached::open(other.path()).is_err(), "a list of another form");
    }
}
