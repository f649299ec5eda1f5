//! Writes entries as LDIF (RFC 2849), one after the other, and holds nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::io::{self, Write};

/// One entry being written: its name, then its attributes, then an empty line. Values of one attribute are kept together
/// whatever the order in which they are put: a loader that does not sort wants them so.
pub(crate) struct Entry<'w, W: Write> {
    out: &'w mut W,
    attributes: Vec<(&'static str, Vec<String>)>,
}

impl<'w, W: Write> Entry<'w, W> {
    /// Begins an entry.
    pub(crate) fn begin(out: &'w mut W, dn: &str) -> io::Result<Self> {
        write_line(out, "dn", dn)?;
        Ok(Entry { out, attributes: Vec::new() })
    }

    /// Adds a value.
    pub(crate) fn put(&mut self, attribute: &'static str, value: &str) {
        match self.attributes.iter_mut().find(|(name, _)| *name == attribute) {
            Some((_, values)) => values.push(value.to_owned()),
            None => self.attributes.push((attribute, vec![value.to_owned()])),
        }
    }

    /// Adds a password as salted SHA-1, the form every OpenLDAP knows. Good for invented people only.
    pub(crate) fn put_password(&mut self, password: &str, salt: [u8; 8]) {
        let mut hash = Sha1::new();
        hash.update(password.as_bytes());
        hash.update(salt);
        let mut stored = hash.finalize().to_vec();
        stored.extend_from_slice(&salt);
        self.put("userPassword", &format!("{{SSHA}}{}", STANDARD.encode(stored)));
    }

    /// Writes it.
    pub(crate) fn end(self) -> io::Result<()> {
        for (attribute, values) in &self.attributes {
            values.iter().try_for_each(|value| write_line(self.out, attribute, value))?;
        }
        self.out.write_all(b"\n")
    }
}

/// Writes a value, in Base64 when RFC 2849 wants it.
fn write_line(out: &mut impl Write, attribute: &str, value: &str) -> io::Result<()> {
    let plain = !value.is_empty()
        && !value.starts_with([' ', ':', '<'])
        && !value.ends_with(' ')
        && value.bytes().all(|b| (0x20..0x7f).contains(&b));
    if plain {
        writeln!(out, "{attribute}: {value}")
    } else {
        writeln!(out, "{attribute}:: {}", STANDARD.encode(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_plain_is_encoded() {
        let mut out = Vec::new();
        let mut entry = Entry::begin(&mut out, "cn=x").expect("memory");
        entry.put("sn", "Grès");
        entry.put("l", "a$b, c");
        entry.put("sn", " x");
        entry.end().expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), "dn: cn=x\nsn:: R3LDqHM=\nsn:: IHg=\nl: a$b, c\n\n");
    }
}
