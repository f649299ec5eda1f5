//! Names of the standards: namespaces and algorithms that are spoken. What is not listed here is refused.

/// XML Signature.
pub(super) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XML Encryption.
pub(super) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// XML Encryption 1.1.
pub(super) const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// What `xml:` stands for.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// SAML 2.0 assertions: a signature follows the issuer.
pub(super) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// Exclusive canonicalisation without comments.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The signature is part of what it signs, and left out of it.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Digests.
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
/// The same, longer.
pub(super) const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";

/// Signatures.
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// RSA with PSS padding.
pub(super) const RSA_PSS_SHA256: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
/// ECDSA.
pub(super) const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// Content encryption.
pub(super) const AES128_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
/// The same, with a longer key.
pub(super) const AES256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";

/// Key transport, mask generation fixed to SHA-1. Nothing of OAEP rests on collisions of its digest.
pub(super) const RSA_OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
/// Key transport, with the mask generation named.
pub(super) const RSA_OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
/// Mask generation.
pub(super) const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";
/// The digest of the older key transport, when it names one.
pub(super) const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
