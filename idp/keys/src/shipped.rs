//! Keys and secrets published with the source. Whoever reads the repository holds them, so only a demo may use them.

use crate::fingerprint;

const SHIPPED: &str = include_str!("../../../certs/SHIPPED");

/// Whether these bytes are a key or a secret published in the repository. A server that is no demo refuses to start
/// with any of them.
pub fn shipped(secret: &[u8]) -> bool {
    let print = fingerprint(secret);
    lines().any(|(listed, _)| listed == print)
}

/// The same for a secret read from a text file: as it stands, without surrounding blanks, and as hexadecimal.
pub fn shipped_text(text: &str) -> bool {
    let trimmed = text.trim();
    shipped(text.as_bytes())
        || shipped(trimmed.as_bytes())
        || trimmed
            .lines()
            .any(|line| crate::keyring::from_hex(line.trim()).is_some_and(|bytes| shipped(bytes.as_ref())))
}

/// Fingerprint and file name of each line of the list.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHIPPED.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.trim().split_once(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_key_is_listed_and_nothing_else_is() {
        assert!(shipped_text(include_str!("../../../certs/dev-master.key")));
        assert!(!shipped_text("a secret of its own"));
        assert!(!shipped(b""));
    }

    #[test]
    fn every_line_is_a_fingerprint_and_a_file() {
        assert!(lines().count() > 0);
        for (print, file) in lines() {
            assert_eq!(print.len(), 64, "{print}");
            assert!(print.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{print}");
            assert!(std::path::Path::new("../../certs").join(file).is_file(), "{file}");
        }
    }
}
