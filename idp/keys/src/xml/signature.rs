//! Enveloped signatures (W3C xmldsig-core), the one shape that SAML uses and no other: one reference, to the element that
//! holds the signature, by its ID; the enveloped transform and exclusive canonicalisation; SHA-256 or SHA-512.
//!
//! The key of a signature is one the caller knows for the sender. What a message says of keys is not looked at.

use super::names::{DS, ECDSA_SHA256, ENVELOPED, EXCLUSIVE, RSA_PSS_SHA256, RSA_SHA256, SAML, SHA256, SHA512};
use super::tree::{Child, Document, Element};
use super::{XmlError, c14n, canonical};
use crate::constant_time_eq;
use crate::jose::{Alg, PrivateKey, PublicKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Keys tried for one signature: those a partner publishes, while it changes them.
const MAX_KEYS: usize = 10;
/// Prefixes a canonicalisation may list.
const MAX_PREFIXES: usize = 30;

/// An element whose signature was right, without the signature: what was signed, and nothing else of its document. Nothing
/// else makes one.
#[derive(Clone, Debug)]
pub struct Verified {
    element: Element,
    alg: Alg,
}

impl Verified {
    /// The element.
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// The element, to keep.
    pub fn into_element(self) -> Element {
        self.element
    }

    /// How it was signed.
    pub fn alg(&self) -> Alg {
        self.alg
    }
}

/// The element that is asked for, and the declarations around it.
struct Found<'a> {
    element: &'a Element,
    around: c14n::Scope<'a>,
}

impl Document {
    /// Believes the element of that name, or says why not. It is the outermost one, or stands right below it, and the
    /// document holds no second one anywhere; its signature is its own child and is by one of the keys.
    pub fn verify<K: AsRef<PublicKey>>(&self, namespace: &str, local: &str, keys: &[K]) -> Result<Verified, XmlError> {
        let Found { element, mut around } = self.find(namespace, local)?;
        let signature = element.one(DS, "Signature")?.ok_or(XmlError::NotSigned)?;
        let parts = Parts::read(signature)?;
        let id = element.attribute("ID").filter(|id| !id.is_empty()).ok_or(XmlError::Reference)?;
        if parts.uri.strip_prefix('#') != Some(id) {
            return Err(XmlError::Reference);
        }
        let content = c14n::exclusive(element, &around, &parts.content_prefixes, Some(signature));
        let found = digest::digest(parts.digest, &content);
        if !constant_time_eq(found.as_ref(), &parts.digest_value) {
            return Err(XmlError::Digest);
        }
        c14n::enter(&mut around, element);
        parts.signed_by(around, signature, keys)?;
        let mut element = element.clone();
        element.children.retain(|child| !matches!(child, Child::Element(inner) if inner.is(DS, "Signature")));
        Ok(Verified { element, alg: parts.alg })
    }

    fn find(&self, namespace: &str, local: &str) -> Result<Found<'_>, XmlError> {
        let mut count = 0;
        self.root.walk(&mut |element| count += usize::from(element.is(namespace, local)));
        if count > 1 {
            return Err(XmlError::Several);
        }
        let mut around = c14n::Scope::new();
        if self.root.is(namespace, local) {
            return Ok(Found { element: &self.root, around });
        }
        c14n::enter(&mut around, &self.root);
        let element = self.root.one(namespace, local)?.ok_or(XmlError::Absent)?;
        Ok(Found { element, around })
    }
}

/// A signature taken apart, and found to be of the one accepted shape.
pub(super) struct Parts<'a> {
    signed_info: &'a Element,
    prefixes: Vec<&'a str>,
    alg: Alg,
    /// The reference.
    pub(super) uri: &'a str,
    /// Prefixes the canonical form of the signed element writes wherever they are in scope.
    pub(super) content_prefixes: Vec<&'a str>,
    /// How the signed element is digested.
    pub(super) digest: &'static digest::Algorithm,
    /// What its digest must be.
    pub(super) digest_value: Vec<u8>,
    value: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Whether what the signature says is signed by one of the keys; `around` is what is declared around it.
    pub(super) fn signed_by<'b, K: AsRef<PublicKey>>(
        &self,
        mut around: c14n::Scope<'b>,
        signature: &'b Element,
        keys: &[K],
    ) -> Result<(), XmlError> {
        c14n::enter(&mut around, signature);
        let signed = c14n::exclusive(self.signed_info, &around, &self.prefixes, None);
        let by = |key: &K| key.as_ref().verify(self.alg, &signed, &self.value);
        if keys.len() <= MAX_KEYS && keys.iter().any(by) { Ok(()) } else { Err(XmlError::Signature) }
    }

    pub(super) fn read(signature: &'a Element) -> Result<Parts<'a>, XmlError> {
        let mut parts = signature.elements();
        let signed_info = expect(parts.next(), "SignedInfo")?;
        let value = bytes(expect(parts.next(), "SignatureValue")?)?;
        // KeyInfo may follow, and is not looked at. Objects could hold another copy of what was signed.
        if parts.next().is_some_and(|last| !last.is(DS, "KeyInfo")) || parts.next().is_some() {
            return Err(XmlError::Form);
        }
        let [method, signing, reference] = exactly(signed_info)?;
        let prefixes = exclusive(expect(Some(method), "CanonicalizationMethod")?)?;
        let signing = expect(Some(signing), "SignatureMethod")?;
        let alg = match (signing.attribute("Algorithm"), signing.children.is_empty()) {
            (Some(RSA_SHA256), true) => Alg::RS256,
            (Some(RSA_PSS_SHA256), true) => Alg::PS256,
            (Some(ECDSA_SHA256), true) => Alg::ES256,
            _ => return Err(XmlError::Form),
        };
        let reference = expect(Some(reference), "Reference")?;
        let [transforms, digesting, digested] = exactly(reference)?;
        let [enveloped, canonical] = exactly(expect(Some(transforms), "Transforms")?)?;
        let enveloped = expect(Some(enveloped), "Transform")?;
        if enveloped.attribute("Algorithm") != Some(ENVELOPED) || enveloped.elements().next().is_some() {
            return Err(XmlError::Form);
        }
        let content_prefixes = exclusive(expect(Some(canonical), "Transform")?)?;
        let digest = match expect(Some(digesting), "DigestMethod")?.attribute("Algorithm") {
            Some(SHA256) => &digest::SHA256,
            Some(SHA512) => &digest::SHA512,
            _ => return Err(XmlError::Form),
        };
        let digest_value = bytes(expect(Some(digested), "DigestValue")?)?;
        let uri = reference.attribute("URI").ok_or(XmlError::Form)?;
        Ok(Parts { signed_info, prefixes, alg, uri, content_prefixes, digest, digest_value, value })
    }
}

/// The element that must stand here.
fn expect<'a>(element: Option<&'a Element>, local: &str) -> Result<&'a Element, XmlError> {
    element.filter(|element| element.is(DS, local)).ok_or(XmlError::Form)
}

/// The elements right below, when they are that many.
fn exactly<const N: usize>(element: &Element) -> Result<[&Element; N], XmlError> {
    let inner: Vec<&Element> = element.elements().collect();
    inner.try_into().map_err(|_| XmlError::Form)
}

/// The prefixes an exclusive canonicalisation lists; any other canonicalisation is refused.
fn exclusive(method: &Element) -> Result<Vec<&str>, XmlError> {
    if method.attribute("Algorithm") != Some(EXCLUSIVE) {
        return Err(XmlError::Form);
    }
    let mut inner = method.elements();
    let Some(listed) = inner.next() else { return Ok(Vec::new()) };
    if !listed.is(EXCLUSIVE, "InclusiveNamespaces") || inner.next().is_some() {
        return Err(XmlError::Form);
    }
    let listed = listed.attribute("PrefixList").unwrap_or_default();
    let prefixes: Vec<&str> =
        listed.split_ascii_whitespace().map(|prefix| if prefix == "#default" { "" } else { prefix }).collect();
    if prefixes.len() > MAX_PREFIXES { Err(XmlError::Form) } else { Ok(prefixes) }
}

/// The bytes of an element that holds base64 and white space.
fn bytes(element: &Element) -> Result<Vec<u8>, XmlError> {
    let text: String = element.text()?.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty()).ok_or(XmlError::Form)
}

/// Signs the element of that name, found as [`Document::verify`] finds it, and gives the whole document with the signature
/// in its place: after the issuer where there is one, else in front. A certificate (DER) is for those who want to see one.
pub fn sign(
    document: &str,
    namespace: &str,
    local: &str,
    key: &PrivateKey,
    alg: Alg,
    certificate: Option<&[u8]>,
) -> Result<String, XmlError> {
    let mut document = Document::parse_within(document.as_bytes(), super::Bounds::METADATA)?;
    let Found { element, around } = document.find(namespace, local)?;
    let id = element.attribute("ID").filter(|id| !id.is_empty()).ok_or(XmlError::Reference)?;
    if element.one(DS, "Signature")?.is_some() {
        return Err(XmlError::Several);
    }
    let content = c14n::exclusive(element, &around, &[], None);
    let digest = digest::digest(&digest::SHA256, &content);
    let signature = canonical::signature(id, digest.as_ref(), &[], key, alg, certificate)?;
    let signature = Child::Element(Document::parse_within(signature.as_bytes(), super::Bounds::METADATA)?.root);
    let target = document.find_mut(namespace, local).ok_or(XmlError::Absent)?;
    let issuer = |child: &Child| matches!(child, Child::Element(inner) if inner.is(SAML, "Issuer"));
    let at = target.children.iter().position(issuer).map_or(0, |at| at + 1);
    target.children.insert(at, signature);
    Ok(c14n::plain(&document.root))
}

impl Document {
    fn find_mut(&mut self, namespace: &str, local: &str) -> Option<&mut Element> {
        if self.root.is(namespace, local) {
            return Some(&mut self.root);
        }
        self.root.children.iter_mut().find_map(|child| match child {
            Child::Element(inner) if inner.is(namespace, local) => Some(inner),
            _ => None,
        })
    }
}

#[cfg(test)]
#[path = "signature/tests.rs"]
mod tests;
