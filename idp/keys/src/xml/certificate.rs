//! The public key inside an X.509 certificate. Metadata carry keys as certificates; nothing else of them counts there: the
//! key is trusted because the metadata are, not because of who issued the certificate or until when.

use crate::jose::PublicKey;
use preau_domain::Instant;

/// Longest certificate read.
pub(crate) const MAX_CERTIFICATE: usize = 16 * 1024;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What a certificate says, for people: none of it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
    /// Which kind of key it carries.
    pub kind: KeyKind,
    /// From when and until when it is said to be valid.
    pub validity: Option<(Instant, Instant)>,
}

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, of so many bits.
    Rsa(usize),
    /// On the curve P-256.
    P256,
    /// Ed25519.
    Ed25519,
    /// Something else.
    Other,
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeyKind::Rsa(bits) => write!(f, "RSA {bits}"),
            KeyKind::P256 => f.write_str("ECDSA P-256"),
            KeyKind::Ed25519 => f.write_str("Ed25519"),
            KeyKind::Other => f.write_str("another kind"),
        }
    }
}

impl Certificate {
    /// Reads one (DER), whatever key it carries; `None` if it is no certificate.
    pub fn read(der: &[u8]) -> Option<Certificate> {
        let parts = Parts::read(der)?;
        let kind = match parts.key()? {
            Key::Rsa(n, _) => KeyKind::Rsa(bits(n)),
            Key::P256(_) => KeyKind::P256,
            Key::Ed25519(_) => KeyKind::Ed25519,
            Key::Other => KeyKind::Other,
        };
        let mut validity = Der(parts.validity);
        let times = validity.time().and_then(|from| Some((from, validity.time()?)));
        Some(Certificate { fingerprint: crate::fingerprint(der), kind, validity: times })
    }
}

/// The certificates (DER) of a PEM text, each with its reading.
pub fn certificates_of(pem: &str) -> Option<Vec<Vec<u8>>> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    all.ok().map(|all| all.into_iter().map(|one| one.to_vec()).collect())
}

/// The key of a certificate (DER), if it is of a kind we speak and strong enough.
pub fn public_key_of(certificate: &[u8]) -> Option<PublicKey> {
    match Parts::read(certificate)?.key()? {
        Key::Rsa(n, e) => PublicKey::rsa(n, e),
        Key::P256(point) => PublicKey::p256(point),
        Key::Ed25519(x) => PublicKey::ed25519(x),
        Key::Other => None,
    }
}

/// What is read of a certificate.
struct Parts<'a> {
    validity: &'a [u8],
    info: &'a [u8],
}

/// The numbers of a key.
enum Key<'a> {
    Rsa(&'a [u8], &'a [u8]),
    P256(&'a [u8]),
    Ed25519(&'a [u8]),
    Other,
}

impl<'a> Parts<'a> {
    fn read(certificate: &'a [u8]) -> Option<Parts<'a>> {
        if certificate.len() > MAX_CERTIFICATE {
            return None;
        }
        let mut outer = Der(Der(certificate).only(SEQUENCE)?);
        let mut certified = Der(outer.next(SEQUENCE)?);
        if certified.0.first() == Some(&0xa0) {
            certified.next(0xa0)?;
        }
        certified.next(INTEGER)?;
        let (_signature, _issuer) = (certified.next(SEQUENCE)?, certified.next(SEQUENCE)?);
        let (validity, _subject) = (certified.next(SEQUENCE)?, certified.next(SEQUENCE)?);
        Some(Parts { validity, info: certified.next(SEQUENCE)? })
    }

    fn key(&self) -> Option<Key<'a>> {
        let mut info = Der(self.info);
        let mut algorithm = Der(info.next(SEQUENCE)?);
        let key = info.next(BIT_STRING)?.strip_prefix(&[0])?;
        match algorithm.next(OID)? {
            RSA => {
                let mut numbers = Der(Der(key).only(SEQUENCE)?);
                Some(Key::Rsa(unsigned(numbers.next(INTEGER)?)?, unsigned(numbers.next(INTEGER)?)?))
            }
            EC if algorithm.next(OID)? == P256 => Some(Key::P256(key)),
            ED25519 => Some(Key::Ed25519(key)),
            _ => Some(Key::Other),
        }
    }
}

/// The length of a number without zeros in front.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// A positive integer without the zero that keeps its sign.
fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0, rest @ ..] => Some(rest),
        [first, ..] if *first < 0x80 => Some(integer),
        _ => None,
    }
}

/// What is left to be read of DER.
pub(crate) struct Der<'a>(pub(crate) &'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must be of this tag.
    pub(crate) fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// The tag and the content of the next element.
    pub(crate) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (found, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81 | 0x82 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 3))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*found, content))
    }

    /// A `UTCTime` or `GeneralizedTime`, in UTC as certificates have them.
    fn time(&mut self) -> Option<Instant> {
        let tag = *self.0.first()?;
        let text = std::str::from_utf8(self.next(tag)?).ok()?.strip_suffix('Z')?;
        let text = match (tag, text.len()) {
            (UTC_TIME, 12) => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
            (GENERALIZED_TIME, 14) => text.to_owned(),
            _ => return None,
        };
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let seconds = number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?;
        // Days since 1970 in the Gregorian calendar, counted from March so that the leap day comes last.
        let (shifted, moved) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days =
            shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (moved * 153 + 2) / 5 + day - 1 - 719_468;
        Some(Instant((days * 86_400 + seconds) * 1000))
    }

    /// The content of the one element there is.
    pub(crate) fn only(mut self, tag: u8) -> Option<&'a [u8]> {
        let content = self.next(tag)?;
        self.0.is_empty().then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Alg, PrivateKey};
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};

    #[test]
    fn the_key_of_a_certificate_is_the_one_it_was_made_with() {
        for (alg, kind) in
            [(Alg::RS256, &PKCS_RSA_SHA256), (Alg::ES256, &PKCS_ECDSA_P256_SHA256), (Alg::EdDSA, &PKCS_ED25519)]
        {
            let key = PrivateKey::draw(alg);
            let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.to_pkcs8().as_slice().into(), kind).unwrap();
            let made = CertificateParams::new(vec!["idp.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
            assert_eq!(public_key_of(made.der()).as_ref(), Some(key.public()), "{alg:?}");
            for end in 0..made.der().len() {
                assert!(public_key_of(&made.der()[..end]).is_none(), "cut at {end}");
            }
        }
    }

    #[test]
    fn what_a_certificate_says_is_shown() {
        let key = PrivateKey::draw(Alg::ES256);
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.to_pkcs8().as_slice().into(), &PKCS_ECDSA_P256_SHA256);
        let mut params = CertificateParams::new(vec!["sp.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2024, 2, 29);
        params.not_after = rcgen::date_time_ymd(2051, 12, 31);
        let made = params.self_signed(&pair.unwrap()).unwrap();
        let about = Certificate::read(made.der()).unwrap();
        assert_eq!(about.kind, KeyKind::P256);
        let (from, until) = about.validity.unwrap();
        assert_eq!(from.rfc3339(), "2024-02-29T00:00:00.000Z", "UTCTime");
        assert_eq!(until.rfc3339(), "2051-12-31T00:00:00.000Z", "GeneralizedTime");
        assert_eq!(about.fingerprint, crate::fingerprint(made.der()));
        let pem = made.pem();
        assert_eq!(certificates_of(&format!("{pem}{pem}")).unwrap(), [made.der().to_vec(), made.der().to_vec()]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (public_key_of(&bytes), Certificate::read(&bytes));
        }
    }
}
