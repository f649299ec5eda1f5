//! The public key inside an X.509 certificate. Metadata carry keys as certificates; nothing else of them counts there: the
//! key is trusted because the metadata are, not because of who issued the certificate or until when.

use crate::jose::PublicKey;

/// Longest certificate read.
const MAX_CERTIFICATE: usize = 16 * 1024;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The key of a certificate (DER), if it is of a kind we speak and strong enough.
pub fn public_key_of(certificate: &[u8]) -> Option<PublicKey> {
    if certificate.len() > MAX_CERTIFICATE {
        return None;
    }
    let mut outer = Der(Der(certificate).only(SEQUENCE)?);
    let mut certified = Der(outer.next(SEQUENCE)?);
    if certified.0.first() == Some(&0xa0) {
        certified.next(0xa0)?;
    }
    certified.next(INTEGER)?;
    for _signature_issuer_validity_subject in 0..4 {
        certified.next(SEQUENCE)?;
    }
    let mut info = Der(certified.next(SEQUENCE)?);
    let mut algorithm = Der(info.next(SEQUENCE)?);
    let key = info.next(BIT_STRING)?.strip_prefix(&[0])?;
    match algorithm.next(OID)? {
        RSA => {
            let mut numbers = Der(Der(key).only(SEQUENCE)?);
            let (n, e) = (unsigned(numbers.next(INTEGER)?)?, unsigned(numbers.next(INTEGER)?)?);
            PublicKey::rsa(n, e)
        }
        EC if algorithm.next(OID)? == P256 => PublicKey::p256(key),
        ED25519 => PublicKey::ed25519(key),
        _ => None,
    }
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
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must be of this tag.
    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
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
        (*found == tag).then_some(content)
    }

    /// The content of the one element there is.
    fn only(mut self, tag: u8) -> Option<&'a [u8]> {
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

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = public_key_of(&bytes);
        }
    }
}
