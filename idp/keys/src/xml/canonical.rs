//! Messages of our own, written in canonical form from the start: what is digested is what is sent, byte for byte, and nothing
//! has to be read again to be signed. Documents that somebody else wrote are signed by [`super::sign`].

use super::names::{DS, ECDSA_SHA256, ENVELOPED, EXCLUSIVE, RSA_PSS_SHA256, RSA_SHA256, SHA256};
use super::{Document, XmlError, c14n};
use crate::jose::{Alg, PrivateKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::ops::Deref;

/// Prefixes that stand in values, where canonicalisation does not see that they are used (`xsi:type="xs:string"`): a
/// signature says that they belong to what it covers.
const TYPES: [&str; 2] = ["xs", "xsi"];

/// An element as a document of its own, in exclusive canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    text: String,
    id: String,
    place: usize,
    typed: bool,
}

impl Canonical {
    /// Takes the caller's word that a text is in canonical form. `id` is the value of the `ID` of its element, `place` where in
    /// the text its signature belongs, and `typed` says that it declares `xs` and `xsi` somewhere.
    pub fn written(text: String, id: String, place: usize, typed: bool) -> Canonical {
        let canonical = Canonical { text, id, place, typed };
        debug_assert!(canonical.holds(), "not in canonical form: {}", canonical.text);
        canonical
    }

    fn holds(&self) -> bool {
        let listed: &[&str] = if self.typed { &TYPES } else { &[] };
        Document::parse_within(self.text.as_bytes(), super::Bounds::METADATA).is_ok_and(|document| {
            c14n::exclusive(&document.root, &c14n::Scope::new(), listed, None) == self.text.as_bytes()
        })
    }

    /// Whether it declares `xs` and `xsi` somewhere.
    pub fn typed(&self) -> bool {
        self.typed
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The same with a signature in its place. A certificate (DER) is for those who want to see one.
    /// [`XmlError::Reference`] without an identifier, [`XmlError::Form`] for a kind of key that signs no XML.
    pub fn signed(mut self, key: &PrivateKey, alg: Alg, certificate: Option<&[u8]>) -> Result<Canonical, XmlError> {
        if self.id.is_empty() || !self.text.is_char_boundary(self.place) {
            return Err(XmlError::Reference);
        }
        let digest = digest::digest(&digest::SHA256, self.text.as_bytes());
        let listed: &[&str] = if self.typed { &TYPES } else { &[] };
        let signature = signature(&self.id, digest.as_ref(), listed, key, alg, certificate)?;
        self.text.insert_str(self.place, &signature);
        // It is signed once.
        self.id.clear();
        Ok(self)
    }
}

impl Deref for Canonical {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A signature of an element with that ID and digest, in canonical form: a `ds:Signature` with the declaration it needs.
pub(super) fn signature(
    id: &str,
    digest: &[u8],
    prefixes: &[&str],
    key: &PrivateKey,
    alg: Alg,
    certificate: Option<&[u8]>,
) -> Result<String, XmlError> {
    let method = match alg {
        Alg::RS256 => RSA_SHA256,
        Alg::PS256 => RSA_PSS_SHA256,
        Alg::ES256 => ECDSA_SHA256,
        Alg::EdDSA => return Err(XmlError::Form),
    };
    let mut uri = Vec::with_capacity(id.len() + 3);
    c14n::value(&mut uri, &format!("#{id}"));
    let uri = String::from_utf8(uri).map_err(|_| XmlError::Reference)?;
    let inclusive = match prefixes {
        [] => String::new(),
        some => format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{}\"></ec:InclusiveNamespaces>",
            some.join(" ")
        ),
    };
    let said = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod><ds:Reference URI{uri}><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform><ds:Transform Algorithm=\"{EXCLUSIVE}\">{inclusive}\
         </ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{}\
         </ds:DigestValue></ds:Reference></ds:SignedInfo>",
        STANDARD.encode(digest)
    );
    // Alone it declares its prefix; inside the signature it has no need to.
    let alone = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{said}");
    let value = key.sign(alg, alone.as_bytes()).map_err(|_| XmlError::Form)?;
    let mut out = String::with_capacity(said.len() + 3 * certificate.map_or(0, <[u8]>::len) / 2 + 768);
    out.push_str("<ds:Signature xmlns:ds=\"");
    out.push_str(DS);
    out.push_str("\"><ds:SignedInfo>");
    out.push_str(&said);
    out.push_str("<ds:SignatureValue>");
    STANDARD.encode_string(value, &mut out);
    out.push_str("</ds:SignatureValue>");
    if let Some(certificate) = certificate {
        out.push_str("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>");
        STANDARD.encode_string(certificate, &mut out);
        out.push_str("</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
    }
    out.push_str("</ds:Signature>");
    Ok(out)
}
