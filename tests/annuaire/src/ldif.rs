//! Writes entries as LDIF (RFC 2849), one after the other, and holds nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::io::{self, Write};

/// Writes one entry: its name, then its attributes, then an empty line.
pub(crate) struct Entry<'w, W: Write> {
    out: &'w mut W,
}

impl<'w, W: Write> Entry<'w, W> {
    /// Begins an entry.
    pub(crate) fn begin(out: &'w mut W, dn: &str) -> io::Result<Self> {
        let mut entry = Entry { out };
        entry.put("dn", dn)?;
        Ok(entry)
    }

    /// Writes a value, in Base64 when RFC 2849 wants it.
    pub(crate) fn put(&mut self, attribute: &str, value: &str) -> io::Result<()> {
        let plain = !value.is_empty()
            && !value.starts_with([' ', ':', '<'])
            && !value.ends_with(' ')
            && value.bytes().all(|b| (0x20..0x7f).contains(&b));
        if plain {
            writeln!(self.out, "{attribute}: {value}")
        } else {
            writeln!(self.out, "{attribute}:: {}", STANDARD.encode(value))
        }
    }

    /// Writes several values of one attribute.
    pub(crate) fn put_all(&mut self, attribute: &str, values: &[String]) -> io::Result<()> {
        values.iter().try_for_each(|value| self.put(attribute, value))
    }

    /// Writes a password as salted SHA-1, the form every OpenLDAP knows. Good for invented people only.
    pub(crate) fn put_password(&mut self, password: &str, salt: [u8; 8]) -> io::Result<()> {
        let mut hash = Sha1::new();
        hash.update(password.as_bytes());
        hash.update(salt);
        let mut stored = hash.finalize().to_vec();
        stored.extend_from_slice(&salt);
        self.put("userPassword", &format!("{{SSHA}}{}", STANDARD.encode(stored)))
    }

    /// Ends the entry.
    pub(crate) fn end(self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_plain_is_encoded() {
        let mut out = Vec::new();
        let mut entry = Entry::begin(&mut out, "cn=x").expect("memory");
        entry.put("sn", "Grès").expect("memory");
        entry.put("sn", " x").expect("memory");
        entry.put("sn", "a$b, c").expect("memory");
        entry.end().expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), "dn: cn=x\nsn:: R3LDqHM=\nsn:: IHg=\nsn: a$b, c\n\n");
    }
}
