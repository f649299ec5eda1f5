//! How a service speaks OpenID Connect: what a product or an installation may say of it, and the two put together.
//!
//! Names of settings are those of dynamic registration (OpenID Connect Registration 1.0, RFC 7591) wherever it has one.
//! What the settings mean at run time is in `idp/protocols/oidc`.

use crate::ReadFile;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Section `[oidc]` of a product, and of an installation, which replaces key by key what the product says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcSettings {
    /// Where answers may be sent, such as `{url}/callback`: compared byte by byte, so without wildcard. A public client
    /// on the person's own machine may register `http://127.0.0.1/…`, which fits any port.
    pub redirect_uris: Option<Vec<String>>,
    /// Where a browser may be sent after signing out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// How the service proves that it is itself at the token endpoint.
    pub authentication: Option<ClientAuthentication>,
    /// File that holds the secret, beside the instance file or by its full path: one line of at least 32 characters. While a
    /// secret is replaced the former one may stand in a second line: both are taken.
    pub client_secret_file: Option<String>,
    /// In place of the secret, its SHA-256 in base64url without padding (43 characters).
    pub client_secret_hash: Option<String>,
    /// With `tls_client_auth`, the subject of the service's certificate, as RFC 4514 writes it: `CN=atelier,O=Atelier,C=FR`.
    pub tls_client_auth_subject_dn: Option<String>,
    /// Or the host its certificate is for,
    pub tls_client_auth_san_dns: Option<String>,
    /// or the address,
    pub tls_client_auth_san_uri: Option<String>,
    /// or the network address,
    pub tls_client_auth_san_ip: Option<String>,
    /// or the mail address: exactly one of the five.
    pub tls_client_auth_san_email: Option<String>,
    /// Access tokens are of use only with the certificate with which they were asked for (RFC 8705 3).
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Public keys of the service, a JWK set as JSON text.
    pub jwks: Option<String>,
    /// Where the service publishes its public keys.
    pub jwks_uri: Option<String>,
    /// How its assertions are signed (`private_key_jwt`), and no other way; by any algorithm read here unless said.
    pub assertion_signing: Option<ProofAlgorithm>,
    /// How its request objects are signed, likewise.
    pub request_signing: Option<ProofAlgorithm>,
    /// How ID tokens are signed: RS256 unless said otherwise.
    pub signing: Option<SigningAlgorithm>,
    /// How userinfo is signed; plain JSON unless said otherwise.
    pub userinfo_signing: Option<SigningAlgorithm>,
    /// How ID tokens are encrypted for the service after they were signed, such as
    /// `{ alg = "ECDH-ES", enc = "A256GCM" }`: with a key of its `jwks` or `jwks_uri`. Not at all unless said.
    pub id_token_encryption: Option<Encryption>,
    /// How userinfo is encrypted, likewise; it is signed first, so `userinfo_signing` is needed.
    pub userinfo_encryption: Option<Encryption>,
    /// Ways through the browser: the code flow unless said otherwise.
    pub flows: Option<Vec<OidcFlow>>,
    /// What may be redeemed at the token endpoint: codes unless said otherwise.
    pub grants: Option<Vec<OidcGrant>>,
    /// Scopes that may be asked besides `openid`: `profile`, `email` and `ent` unless said otherwise.
    pub scopes: Option<Vec<String>>,
    /// A request without PKCE is refused. Always so for a public client.
    pub require_pkce: Option<bool>,
    /// A request that was not pushed ahead of the browser is refused.
    pub require_pushed: Option<bool>,
    /// A request for tokens without the proof of a key (DPoP, RFC 9449) is refused: no token of the service is worth
    /// anything to whoever finds it.
    pub require_dpop: Option<bool>,
    /// Services of one sector know a person by the same pairwise identifier; without it each service is a sector.
    pub sector: Option<String>,
    /// Where a tile sends the browser so that the service begins the sign-on (OpenID Connect Core, section 4).
    pub initiate_login_uri: Option<String>,
    /// Where the service hears of the end of a session, from us.
    pub backchannel_logout_uri: Option<String>,
    /// Where the service hears of the end of a session, from the browser.
    pub frontchannel_logout_uri: Option<String>,
    /// Services it may call with a token made for them, by name. Each of them must name this one in `called_by`.
    pub calls: Option<Vec<String>>,
    /// Services that may call it with a token made for it, by name.
    pub called_by: Option<Vec<String>>,
    /// It is a tool of LTI 1.3.
    pub lti: Option<LtiSettings>,
}

/// Section `[oidc.lti]`: how a tool of LTI 1.3 is opened, and what it may do besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LtiSettings {
    /// Where a launch ends: an address of the service.
    pub target_link_uri: Option<String>,
    /// The name of this installation for the tool: `1` unless said otherwise.
    pub deployment_id: Option<String>,
    /// What it may do besides; nothing unless said otherwise.
    pub may: Option<Vec<LtiMay>>,
}

/// What a tool may do besides being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LtiMay {
    /// Ask who is of the class or group it was opened for (Names and Role Provisioning Services 2.0).
    Roster,
    /// Keep marks here (Assignment and Grade Services 2.0).
    Grades,
    /// Have a teacher choose what a link of a class opens (Deep Linking 2.0).
    Links,
}

impl LtiMay {
    /// The scopes of a token by which a tool does it.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            LtiMay::Roster => &[NAMES_AND_ROLES],
            LtiMay::Grades => &[LINE_ITEMS, LINE_ITEMS_READ, RESULTS_READ, SCORES],
            LtiMay::Links => &[],
        }
    }
}

/// How a tool of LTI 1.3 is opened, and what it may do besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LtiTool {
    /// Where a launch ends: an address of the service.
    pub target_link_uri: String,
    /// The name of this installation for the tool.
    pub deployment_id: String,
    /// What it may do besides.
    pub may: Vec<LtiMay>,
}

/// The scope by which a tool asks who is of a class or group.
pub const NAMES_AND_ROLES: &str = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly";
/// The scope by which a tool keeps its columns of marks.
pub const LINE_ITEMS: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem";
/// The scope by which it reads them.
pub const LINE_ITEMS_READ: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly";
/// The scope by which it reads its marks.
pub const RESULTS_READ: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly";
/// The scope by which it gives marks.
pub const SCORES: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/score";

impl OidcSettings {
    /// What an installation says, and for the rest what its product says.
    pub fn over(self, product: OidcSettings) -> OidcSettings {
        OidcSettings {
            redirect_uris: self.redirect_uris.or(product.redirect_uris),
            post_logout_redirect_uris: self.post_logout_redirect_uris.or(product.post_logout_redirect_uris),
            authentication: self.authentication.or(product.authentication),
            client_secret_file: self.client_secret_file.or(product.client_secret_file),
            client_secret_hash: self.client_secret_hash.or(product.client_secret_hash),
            tls_client_auth_subject_dn: self.tls_client_auth_subject_dn.or(product.tls_client_auth_subject_dn),
            tls_client_auth_san_dns: self.tls_client_auth_san_dns.or(product.tls_client_auth_san_dns),
            tls_client_auth_san_uri: self.tls_client_auth_san_uri.or(product.tls_client_auth_san_uri),
            tls_client_auth_san_ip: self.tls_client_auth_san_ip.or(product.tls_client_auth_san_ip),
            tls_client_auth_san_email: self.tls_client_auth_san_email.or(product.tls_client_auth_san_email),
            tls_client_certificate_bound_access_tokens: self
                .tls_client_certificate_bound_access_tokens
                .or(product.tls_client_certificate_bound_access_tokens),
            jwks: self.jwks.or(product.jwks),
            jwks_uri: self.jwks_uri.or(product.jwks_uri),
            assertion_signing: self.assertion_signing.or(product.assertion_signing),
            request_signing: self.request_signing.or(product.request_signing),
            signing: self.signing.or(product.signing),
            userinfo_signing: self.userinfo_signing.or(product.userinfo_signing),
            id_token_encryption: self.id_token_encryption.or(product.id_token_encryption),
            userinfo_encryption: self.userinfo_encryption.or(product.userinfo_encryption),
            flows: self.flows.or(product.flows),
            grants: self.grants.or(product.grants),
            scopes: self.scopes.or(product.scopes),
            require_pkce: self.require_pkce.or(product.require_pkce),
            require_pushed: self.require_pushed.or(product.require_pushed),
            require_dpop: self.require_dpop.or(product.require_dpop),
            sector: self.sector.or(product.sector),
            initiate_login_uri: self.initiate_login_uri.or(product.initiate_login_uri),
            backchannel_logout_uri: self.backchannel_logout_uri.or(product.backchannel_logout_uri),
            frontchannel_logout_uri: self.frontchannel_logout_uri.or(product.frontchannel_logout_uri),
            calls: self.calls.or(product.calls),
            called_by: self.called_by.or(product.called_by),
            lti: match (self.lti, product.lti) {
                (Some(own), Some(product)) => Some(LtiSettings {
                    target_link_uri: own.target_link_uri.or(product.target_link_uri),
                    deployment_id: own.deployment_id.or(product.deployment_id),
                    may: own.may.or(product.may),
                }),
                (own, product) => own.or(product),
            },
        }
    }

    /// Every address written here, with its key.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let lists = [
            ("oidc.redirect_uris", &self.redirect_uris),
            ("oidc.post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ];
        let single = [
            ("oidc.jwks_uri", &self.jwks_uri),
            ("oidc.initiate_login_uri", &self.initiate_login_uri),
            ("oidc.backchannel_logout_uri", &self.backchannel_logout_uri),
            ("oidc.frontchannel_logout_uri", &self.frontchannel_logout_uri),
        ];
        let launched =
            self.lti.iter().filter_map(|lti| Some(("oidc.lti.target_link_uri", lti.target_link_uri.as_ref()?)));
        let lists = lists.into_iter().flat_map(|(key, urls)| urls.iter().flatten().map(move |url| (key, url)));
        lists.chain(single.into_iter().flat_map(|(key, url)| url.iter().map(move |url| (key, url)))).chain(launched)
    }

    /// The same addresses, to be filled in.
    pub fn addresses_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let lists = self.redirect_uris.iter_mut().chain(&mut self.post_logout_redirect_uris).flatten();
        let single = self.jwks_uri.iter_mut().chain(&mut self.initiate_login_uri);
        let launched = self.lti.iter_mut().filter_map(|lti| lti.target_link_uri.as_mut());
        lists
            .chain(single)
            .chain(&mut self.backchannel_logout_uri)
            .chain(&mut self.frontchannel_logout_uri)
            .chain(launched)
    }
}

/// How a service proves that it is itself (`token_endpoint_auth_method`). Exactly one way is taken from each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// Its secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Its secret in the form.
    ClientSecretPost,
    /// An assertion signed with its own key.
    PrivateKeyJwt,
    /// The certificate of its connection, which an authority issued.
    TlsClientAuth,
    /// The certificate of its connection, whose key is one of its own.
    SelfSignedTlsClientAuth,
    /// Not at all: a public client, such as a mobile application or a page. It must use PKCE.
    None,
}

impl ClientAuthentication {
    /// The word of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            ClientAuthentication::ClientSecretBasic => "client_secret_basic",
            ClientAuthentication::ClientSecretPost => "client_secret_post",
            ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
            ClientAuthentication::TlsClientAuth => "tls_client_auth",
            ClientAuthentication::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            ClientAuthentication::None => "none",
        }
    }
}

/// How something is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSA, the default of the standard.
    #[default]
    RS256,
    /// P-256: eighteen times cheaper to sign.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// How something is encrypted for a service (RFC 7518).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// How the content key reaches the service.
    pub alg: KeyManagement,
    /// How the content is encrypted; `A128CBC-HS256` unless said otherwise, as in the standard.
    #[serde(default)]
    pub enc: ContentEncryption,
}

/// How a content key reaches its reader (`id_token_encrypted_response_alg`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyManagement {
    /// RSA, OAEP with SHA-256.
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// Agreed upon, on P-256.
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// Agreed upon, and the agreed key wraps the content key.
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

impl KeyManagement {
    /// The word of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyManagement::RsaOaep256 => "RSA-OAEP-256",
            KeyManagement::EcdhEs => "ECDH-ES",
            KeyManagement::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }
}

/// How content is encrypted (`id_token_encrypted_response_enc`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentEncryption {
    /// AES-128 in block chaining mode with HMAC-SHA-256, the default of the standard.
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    /// AES-128 in Galois counter mode.
    #[serde(rename = "A128GCM")]
    A128Gcm,
    /// AES-256 in Galois counter mode.
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    /// The word of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            ContentEncryption::A128CbcHs256 => "A128CBC-HS256",
            ContentEncryption::A128Gcm => "A128GCM",
            ContentEncryption::A256Gcm => "A256GCM",
        }
    }
}

/// How a service signs what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProofAlgorithm {
    /// RSA.
    RS256,
    /// RSA, with the padding of today.
    PS256,
    /// P-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// A way through the browser (`response_types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OidcFlow {
    /// `code`.
    Code,
    /// `code id_token` and its kin.
    Hybrid,
    /// `id_token`, with or without `token`.
    Implicit,
}

/// What may be redeemed at the token endpoint (`grant_types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OidcGrant {
    /// A code.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// A refresh token.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// The service's own name, for calls without a person.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// A code typed on another machine.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// A token of another service.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl OidcGrant {
    /// The word of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            OidcGrant::AuthorizationCode => "authorization_code",
            OidcGrant::RefreshToken => "refresh_token",
            OidcGrant::ClientCredentials => "client_credentials",
            OidcGrant::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            OidcGrant::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

/// What the certificate of a service says of it (RFC 8705 2.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSubject {
    /// Its subject, as RFC 4514 writes it.
    Dn(String),
    /// A host.
    Dns(String),
    /// An address.
    Uri(String),
    /// A network address.
    Ip(String),
    /// A mail address.
    Email(String),
}

/// The secret of a service: it never shows in a log.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// The secret itself.
    Text(String),
    /// Its SHA-256 in base64url.
    Hash(String),
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// How a mounted service speaks OpenID Connect: settings put together, addresses filled in and checked, secret read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcService {
    /// Where answers may be sent: at least one.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// How the service proves that it is itself.
    pub authentication: ClientAuthentication,
    /// Its secret, where `authentication` is by secret.
    pub secret: Option<ClientSecret>,
    /// The secret it had before, while it is replaced.
    pub former_secret: Option<ClientSecret>,
    /// The file both were read from.
    pub secret_file: Option<ReadFile>,
    /// What its certificate says of it, where `authentication` is by one that an authority issued.
    pub tls_subject: Option<TlsSubject>,
    /// Its access tokens are of use only with its certificate.
    pub certificate_bound: bool,
    /// Its public keys as JSON text.
    pub jwks: Option<String>,
    /// Where it publishes them.
    pub jwks_uri: Option<String>,
    /// How its assertions are signed, if only one way is taken.
    pub assertion_signing: Option<ProofAlgorithm>,
    /// How its request objects are signed, likewise.
    pub request_signing: Option<ProofAlgorithm>,
    /// How ID tokens are signed.
    pub signing: SigningAlgorithm,
    /// How userinfo is signed; plain JSON without it.
    pub userinfo_signing: Option<SigningAlgorithm>,
    /// How ID tokens are encrypted, once signed.
    pub id_token_encryption: Option<Encryption>,
    /// How userinfo is encrypted, once signed.
    pub userinfo_encryption: Option<Encryption>,
    /// Ways through the browser.
    pub flows: Vec<OidcFlow>,
    /// What may be redeemed.
    pub grants: Vec<OidcGrant>,
    /// Scopes that may be asked besides `openid`.
    pub scopes: Vec<String>,
    /// A request without PKCE is refused.
    pub require_pkce: bool,
    /// A request that was not pushed is refused.
    pub require_pushed: bool,
    /// A request for tokens without the proof of a key is refused.
    pub require_dpop: bool,
    /// The sector of its pairwise identifiers, if it is not the service itself.
    pub sector: Option<String>,
    /// Where a tile sends the browser.
    pub initiate_login_uri: Option<String>,
    /// Where it hears of the end of a session, from us.
    pub backchannel_logout_uri: Option<String>,
    /// Where it hears of the end of a session, from the browser.
    pub frontchannel_logout_uri: Option<String>,
    /// Services it may call with a token made for them.
    pub calls: Vec<String>,
    /// Services that may call it with a token made for it.
    pub called_by: Vec<String>,
    /// It is a tool of LTI 1.3, opened so.
    pub lti: Option<LtiTool>,
}

impl OidcService {
    /// Whether nothing but PKCE and its addresses tells it from anybody else.
    pub fn is_public(&self) -> bool {
        self.authentication == ClientAuthentication::None
    }

    /// Whether it needs the certificate of its connection to be seen.
    pub fn shows_certificate(&self) -> bool {
        use ClientAuthentication::{SelfSignedTlsClientAuth, TlsClientAuth};
        matches!(self.authentication, TlsClientAuth | SelfSignedTlsClientAuth) || self.certificate_bound
    }
}
