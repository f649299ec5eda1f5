//! Client certificates (RFC 8705): what one says of its owner, read from DER and nothing more, and who issued it.
//!
//! Reading a certificate believes nothing. That whoever shows one holds its key is shown by the TLS handshake, ours or that
//! of a proxy; that an authority vouches for the name in it is [`ClientAuthorities`]' to say.

use crate::jose::PublicKey;
use crate::tls::{TlsProblem, certificates};
use crate::xml::certificate::{Der, MAX_CERTIFICATE, public_key_of};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use preau_domain::Instant;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::{CertificateDer, UnixTime};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Most certificates of a chain.
const MAX_CHAIN: usize = 8;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SUBJECT_ALTERNATIVES: &[u8] = &[0x55, 0x1d, 0x11];

/// Types of attributes of a name (RFC 4514 3), and those that authorities use besides.
const TYPES: &[(&str, &[u8])] = &[
    ("CN", &[0x55, 0x04, 0x03]),
    ("SERIALNUMBER", &[0x55, 0x04, 0x05]),
    ("C", &[0x55, 0x04, 0x06]),
    ("L", &[0x55, 0x04, 0x07]),
    ("ST", &[0x55, 0x04, 0x08]),
    ("STREET", &[0x55, 0x04, 0x09]),
    ("O", &[0x55, 0x04, 0x0a]),
    ("OU", &[0x55, 0x04, 0x0b]),
    ("DC", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19]),
    ("UID", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01]),
    ("EMAILADDRESS", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01]),
];

/// A name as a certificate has it: from the country down, each step with its attributes.
type Name = Vec<Vec<(&'static str, String)>>;

/// A certificate that somebody showed, with the chain that came with it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    thumbprint: String,
    subject: Option<Name>,
    alternatives: Vec<(u8, Vec<u8>)>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({})", self.thumbprint)
    }
}

impl ClientCertificate {
    /// Reads a chain whose first certificate is its owner's; none if that one is no certificate.
    pub fn read<C: AsRef<[u8]>>(chain: &[C]) -> Option<ClientCertificate> {
        let own = chain.first()?.as_ref();
        if own.len() > MAX_CERTIFICATE || chain.len() > MAX_CHAIN {
            return None;
        }
        let mut certified = Der(Der(Der(own).only(SEQUENCE)?).next(SEQUENCE)?);
        let mut elements = Vec::new();
        while !certified.0.is_empty() {
            elements.push(certified.any()?);
        }
        // Version (absent in the oldest), serial number, algorithm, issuer, validity, subject, key, extensions.
        let at = usize::from(elements.first()?.0 == 0xa0);
        let subject = elements.get(at + 4).filter(|(tag, _)| *tag == SEQUENCE)?.1;
        let extensions = elements.iter().skip(at + 6).find(|(tag, _)| *tag == 0xa3).map(|(_, content)| *content);
        Some(ClientCertificate {
            chain: chain.iter().map(|one| CertificateDer::from(one.as_ref().to_vec())).collect(),
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, own)),
            subject: name(subject),
            alternatives: match extensions {
                Some(content) => alternatives(content)?,
                None => Vec::new(),
            },
        })
    }

    /// Reads what a proxy says in a header: base64 of DER, also between colons (RFC 9440), or PEM, also with its line
    /// breaks taken away or written as `%0A`.
    pub fn of_header(text: &str) -> Option<ClientCertificate> {
        if text.len() > 3 * MAX_CERTIFICATE {
            return None;
        }
        let text = if text.contains('%') { percent_decoded(text)? } else { text.to_owned() };
        let text = text.trim().trim_matches(':');
        let body = match text.strip_prefix("-----BEGIN CERTIFICATE-----") {
            Some(rest) => rest.trim_end().strip_suffix("-----END CERTIFICATE-----")?,
            None => text,
        };
        let letters: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        ClientCertificate::read(&[STANDARD.decode(letters).ok()?])
    }

    /// SHA-256 of the certificate, in base64url: `x5t#S256`.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Its key, if it is of a kind we speak and strong enough.
    pub fn key(&self) -> Option<PublicKey> {
        public_key_of(self.chain.first()?)
    }

    /// Whether it names its owner so (RFC 4514), every attribute and no other.
    pub fn has_subject(&self, text: &str) -> bool {
        self.subject.is_some() && self.subject == written_name(text)
    }

    /// Whether it is for this host: the name itself, and no wildcard that would fit.
    pub fn has_dns(&self, host: &str) -> bool {
        self.has(0x82, |own| own.eq_ignore_ascii_case(host.as_bytes()))
    }

    /// Whether it is for this address.
    pub fn has_uri(&self, uri: &str) -> bool {
        self.has(0x86, |own| own == uri.as_bytes())
    }

    /// Whether it is for this network address.
    pub fn has_ip(&self, ip: &str) -> bool {
        match ip.parse() {
            Ok(IpAddr::V4(ip)) => self.has(0x87, |own| own == ip.octets()),
            Ok(IpAddr::V6(ip)) => self.has(0x87, |own| own == ip.octets()),
            Err(_) => false,
        }
    }

    /// Whether it is for this mail address.
    pub fn has_email(&self, email: &str) -> bool {
        self.has(0x81, |own| own == email.as_bytes())
    }

    fn has(&self, tag: u8, fits: impl Fn(&[u8]) -> bool) -> bool {
        self.alternatives.iter().any(|(own, value)| *own == tag && fits(value))
    }
}

/// Whether a text is a name as RFC 4514 writes it, of types that are known here.
pub fn is_subject(text: &str) -> bool {
    written_name(text).is_some_and(|name| !name.is_empty())
}

/// The name in a certificate; none if it has a type or a kind of text that is not read here.
fn name(content: &[u8]) -> Option<Name> {
    let (mut read, mut steps) = (Der(content), Vec::new());
    while !read.0.is_empty() {
        let (mut set, mut step) = (Der(read.next(SET)?), Vec::new());
        while !set.0.is_empty() {
            let mut pair = Der(set.next(SEQUENCE)?);
            let oid = pair.next(OID)?;
            let (word, _) = TYPES.iter().find(|(_, own)| *own == oid)?;
            // UTF-8, printable and ASCII texts; nobody writes the others any more.
            let (_, text) = pair.any().filter(|(tag, _)| [0x0c, 0x13, 0x16].contains(tag))?;
            step.push((*word, std::str::from_utf8(text).ok()?.to_owned()));
        }
        step.sort();
        steps.push(step);
    }
    Some(steps)
}

/// A name as people write it: the last step first.
fn written_name(text: &str) -> Option<Name> {
    let (mut steps, mut step) = (Vec::new(), Vec::new());
    let mut rest = text;
    loop {
        let (word, value) = rest.split_once('=')?;
        let (known, _) = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim()))?;
        let (value, end, after) = written_value(value)?;
        step.push((*known, value));
        if end != Some('+') {
            step.sort();
            steps.push(std::mem::take(&mut step));
        }
        match end {
            None => break,
            Some(_) => rest = after,
        }
    }
    steps.reverse();
    Some(steps)
}

/// One value, what ended it, and what comes after.
fn written_value(text: &str) -> Option<(String, Option<char>, &str)> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut solid = 0;
    let mut letters = text.char_indices();
    if text.trim_start().starts_with('#') {
        return None;
    }
    let finish = |mut bytes: Vec<u8>, solid: usize| {
        while bytes.len() > solid && bytes.last() == Some(&b' ') {
            bytes.pop();
        }
        String::from_utf8(bytes).ok().filter(|value| !value.is_empty())
    };
    while let Some((at, letter)) = letters.next() {
        match letter {
            ',' | '+' => return Some((finish(bytes, solid)?, Some(letter), &text[at + 1..])),
            '"' | ';' | '<' | '>' | '\0' => return None,
            ' ' if bytes.is_empty() => {}
            '\\' => {
                let (_, next) = letters.next()?;
                if let Some(high) = next.to_digit(16) {
                    let low = letters.next()?.1.to_digit(16)?;
                    bytes.push(u8::try_from(high * 16 + low).ok()?);
                } else {
                    bytes.push(
                        u8::try_from(next).ok().filter(u8::is_ascii_punctuation).or((next == ' ').then_some(b' '))?,
                    );
                }
                solid = bytes.len();
            }
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some((finish(bytes, solid)?, None, ""))
}

/// The other names of a certificate, each with its kind.
fn alternatives(content: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let (mut extensions, mut found) = (Der(Der(content).only(SEQUENCE)?), Vec::new());
    while !extensions.0.is_empty() {
        let mut extension = Der(extensions.next(SEQUENCE)?);
        if extension.next(OID)? != SUBJECT_ALTERNATIVES {
            continue;
        }
        let (tag, mut value) = extension.any()?;
        if tag != OCTETS {
            value = extension.next(OCTETS)?;
        }
        let mut names = Der(Der(value).only(SEQUENCE)?);
        while !names.0.is_empty() {
            let (tag, name) = names.any()?;
            found.push((tag, name.to_vec()));
        }
    }
    Some(found)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The authorities that vouch for the names of services. Without any, nobody is vouched for.
#[derive(Clone, Debug, Default)]
pub struct ClientAuthorities(Option<Arc<dyn ClientCertVerifier>>);

impl ClientAuthorities {
    /// Those of the given PEM files.
    pub fn load(files: &[PathBuf]) -> Result<ClientAuthorities, TlsProblem> {
        let mut roots = RootCertStore::empty();
        for path in files {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|source| TlsProblem::Rustls { path: path.clone(), source })?;
            }
        }
        if roots.is_empty() {
            return Ok(ClientAuthorities::default());
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider())).build();
        let unusable = |error: rustls::server::VerifierBuilderError| TlsProblem::Pem {
            path: files[0].clone(),
            reason: error.to_string(),
        };
        Ok(ClientAuthorities(Some(verifier.map_err(unusable)?)))
    }

    /// Whether there is any.
    pub fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Whether one of them issued the certificate, itself or through the chain that came with it, for a client, and it is
    /// valid now.
    pub fn issued(&self, certificate: &ClientCertificate, now: Instant) -> bool {
        let (Some(verifier), Some((own, between))) = (&self.0, certificate.chain.split_first()) else { return false };
        let Ok(seconds) = u64::try_from(now.seconds()) else { return false };
        verifier.verify_client_cert(own, between, UnixTime::since_unix_epoch(Duration::from_secs(seconds))).is_ok()
    }
}

#[cfg(test)]
#[path = "x509/tests.rs"]
mod tests;
