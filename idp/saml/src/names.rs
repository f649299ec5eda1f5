//! Names of the standards, each written once: namespaces, bindings, formats, status codes and the identifiers of attributes.

/// Assertions (saml-core-2.0).
pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Requests and responses (saml-core-2.0).
pub const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Metadata (saml-metadata-2.0).
pub const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// How an entity presents itself to people (sstc-saml-metadata-ui).
pub const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
/// Attributes of an entity (sstc-metadata-attr).
pub const MDATTR: &str = "urn:oasis:names:tc:SAML:metadata:attribute";
/// Who registered an entity (saml-metadata-rpi).
pub const MDRPI: &str = "urn:oasis:names:tc:SAML:metadata:rpi";
/// Algorithms an entity supports (sstc-saml-metadata-algsupport).
pub const ALG: &str = "urn:oasis:names:tc:SAML:metadata:algsupport";
/// Shibboleth's extensions of metadata, for the scopes of an identity provider.
pub const SHIBMD: &str = "urn:mace:shibboleth:metadata:1.0";
/// XML Signature.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XML Schema.
pub const XS: &str = "http://www.w3.org/2001/XMLSchema";
/// XML Schema, in a document.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// What `xml:` stands for.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// SOAP 1.1.
pub const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Reverse SOAP (liberty-paos-v2.0), for clients that are no browsers.
pub const PAOS: &str = "urn:liberty:paos:2003-08";
/// Enhanced clients and proxies (saml-profiles-2.0, 4.2).
pub const ECP: &str = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp";

/// Values of `Binding`.
pub mod binding {
    /// HTTP-Redirect.
    pub const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
    /// HTTP-POST.
    pub const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
    /// HTTP-Artifact.
    pub const ARTIFACT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact";
    /// SOAP.
    pub const SOAP: &str = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP";
    /// Reverse SOAP.
    pub const PAOS: &str = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS";
}

/// Formats of a name identifier.
pub mod nameid {
    /// Nothing is said of it.
    pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    /// A mail address.
    pub const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    /// Opaque, of one person towards one service, for ever.
    pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    /// Opaque, of one session.
    pub const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    /// The name of a system entity, as issuers have.
    pub const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    /// In a policy: the answer is to be encrypted.
    pub const ENCRYPTED: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted";
}

/// Status codes; the first three stand at the top, the others below one of them.
pub mod status {
    /// It went well.
    pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
    /// The fault is the requester's.
    pub const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";
    /// The fault is the responder's.
    pub const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    /// The person could not be authenticated.
    pub const AUTHN_FAILED: &str = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
    /// The policy for the name identifier cannot be met.
    pub const INVALID_NAMEID_POLICY: &str = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy";
    /// The way of authenticating that was asked for is not to be had.
    pub const NO_AUTHN_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext";
    /// The person could not be authenticated without being asked.
    pub const NO_PASSIVE: &str = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";
    /// Not every participant was signed out.
    pub const PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
    /// It is understood and not done.
    pub const REQUEST_DENIED: &str = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";
    /// It is not supported.
    pub const REQUEST_UNSUPPORTED: &str = "urn:oasis:names:tc:SAML:2.0:status:RequestUnsupported";
    /// The person is not known.
    pub const UNKNOWN_PRINCIPAL: &str = "urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal";
}

/// Ways of authenticating.
pub mod context {
    /// A password, in clear.
    pub const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
    /// A password, over a protected connection.
    pub const PASSWORD_PROTECTED_TRANSPORT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    /// Nothing is said.
    pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";
    /// A second factor (REFEDS).
    pub const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";
}

/// Ways of confirming a subject.
pub mod confirmation {
    /// Whoever bears the assertion.
    pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
}

/// Formats of attribute names.
pub mod attribute_format {
    /// An address, most often `urn:oid:…`.
    pub const URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
    /// A plain name.
    pub const BASIC: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
}

/// Why somebody is signed out.
pub mod logout_reason {
    /// They asked for it.
    pub const USER: &str = "urn:oasis:names:tc:SAML:2.0:logout:user";
}
