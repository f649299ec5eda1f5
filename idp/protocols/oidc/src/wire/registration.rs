//! Client metadata (OpenID Connect Registration 1.0 section 2, RFC 7591 section 2): what a service says of itself when it
//! registers, and what it is answered.
//!
//! What is not known is passed over (RFC 7591 section 2). What is known and not done here is refused, where a service that
//! believed it was done would be less safe or would not work.

use crate::OidcError;
use preau_connector_api::{
    ClientAuthentication, ContentEncryption, Encryption, KeyManagement, OidcFlow, OidcGrant, OidcSettings, Problem,
    ProofAlgorithm, SigningAlgorithm,
};
use preau_domain::strict_url;
use preau_web::registered::Registered;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::{Host, Url};

/// Longest document read, in bytes.
pub const MAX_METADATA: usize = 32 * 1024;
/// Addresses of one kind.
const MAX_ADDRESSES: usize = 20;
/// Scopes that may be asked besides `openid`.
const SCOPES: &[&str] = &["profile", "email", "ent", "offline_access"];

/// Why a registration is refused, in the words of RFC 7591 section 3.2.2 or in those every call is refused with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRegistered {
    /// `invalid_redirect_uri`.
    RedirectUri(String),
    /// `invalid_client_metadata`.
    Metadata(String),
    /// `unapproved_software_statement`.
    SoftwareStatement,
    /// Anything else.
    Told(OidcError),
}

impl NotRegistered {
    /// The code of the standard.
    pub fn code(&self) -> &'static str {
        match self {
            NotRegistered::RedirectUri(_) => "invalid_redirect_uri",
            NotRegistered::Metadata(_) => "invalid_client_metadata",
            NotRegistered::SoftwareStatement => "unapproved_software_statement",
            NotRegistered::Told(error) => error.code(),
        }
    }

    /// A sentence for whoever registers.
    pub fn description(&self) -> &str {
        match self {
            NotRegistered::RedirectUri(what) | NotRegistered::Metadata(what) => what,
            NotRegistered::SoftwareStatement => "no software statement is believed here: say it in the metadata",
            NotRegistered::Told(error) => error.description(),
        }
    }
}

impl<E: Into<OidcError>> From<E> for NotRegistered {
    fn from(error: E) -> NotRegistered {
        NotRegistered::Told(error.into())
    }
}

/// What the checks of an instance file found, in the words of the standard.
impl From<Vec<Problem>> for NotRegistered {
    fn from(problems: Vec<Problem>) -> NotRegistered {
        let answers = |problem: &&Problem| problem.at.ends_with("oidc.redirect_uris");
        match (problems.iter().find(answers), problems.first()) {
            (Some(problem), _) => NotRegistered::RedirectUri(format!("redirect_uris: {}", problem.what)),
            (None, Some(problem)) => {
                let key = problem.at.rsplit([' ', '.']).next().unwrap_or_default();
                NotRegistered::Metadata(format!("{key}: {}", problem.what))
            }
            (None, None) => NotRegistered::Metadata("the metadata is not accepted".to_owned()),
        }
    }
}

fn metadata(what: &str) -> NotRegistered {
    NotRegistered::Metadata(what.to_owned())
}

/// The document, as it was sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    client_id: Option<String>,
    client_secret: Option<String>,
    redirect_uris: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    application_type: Option<String>,
    client_name: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    contacts: Option<Vec<String>>,
    scope: Option<String>,
    subject_type: Option<String>,
    token_endpoint_auth_method: Option<ClientAuthentication>,
    token_endpoint_auth_signing_alg: Option<ProofAlgorithm>,
    request_object_signing_alg: Option<ProofAlgorithm>,
    id_token_signed_response_alg: Option<SigningAlgorithm>,
    userinfo_signed_response_alg: Option<SigningAlgorithm>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    post_logout_redirect_uris: Option<Vec<String>>,
    initiate_login_uri: Option<String>,
    backchannel_logout_uri: Option<String>,
    frontchannel_logout_uri: Option<String>,
    require_pushed_authorization_requests: Option<bool>,
    software_statement: Option<Value>,
    sector_identifier_uri: Option<Value>,
    request_uris: Option<Vec<Value>>,
    id_token_encrypted_response_alg: Option<KeyManagement>,
    id_token_encrypted_response_enc: Option<ContentEncryption>,
    userinfo_encrypted_response_alg: Option<KeyManagement>,
    userinfo_encrypted_response_enc: Option<ContentEncryption>,
    request_object_encryption_alg: Option<Value>,
    request_object_encryption_enc: Option<Value>,
    require_signed_request_object: Option<bool>,
    authorization_signed_response_alg: Option<Value>,
    authorization_encrypted_response_alg: Option<Value>,
    introspection_signed_response_alg: Option<Value>,
    introspection_encrypted_response_alg: Option<Value>,
    default_max_age: Option<Value>,
    require_auth_time: Option<Value>,
    default_acr_values: Option<Vec<Value>>,
    dpop_bound_access_tokens: Option<bool>,
    tls_client_certificate_bound_access_tokens: Option<bool>,
    tls_client_auth_subject_dn: Option<String>,
    tls_client_auth_san_dns: Option<String>,
    tls_client_auth_san_uri: Option<String>,
    tls_client_auth_san_ip: Option<String>,
    tls_client_auth_san_email: Option<String>,
}

/// What a document says, read and bounded; the addresses are still to be checked as those of an instance file are.
#[derive(Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Name of the service.
    pub title: String,
    /// Where it lives.
    pub url: String,
    /// How it speaks, without a secret.
    pub settings: OidcSettings,
    /// Runs on the person's own machine.
    pub native: bool,
    /// The name it believes it has, when it changes its registration (RFC 7592 section 2.2).
    pub client_id: Option<String>,
    /// The secret it believes it has.
    pub client_secret: Option<String>,
}

impl Metadata {
    /// Reads a document.
    pub fn read(body: &[u8]) -> Result<Metadata, NotRegistered> {
        if body.len() > MAX_METADATA {
            return Err(metadata("the document is longer than 32 KiB"));
        }
        const SHAPE: &str = "not a JSON object of client metadata, or a value is of another kind than its name says";
        // A list would be read as the values of the object.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let sent = serde_json::from_slice(body).ok().filter(|_: &Sent| is_object);
        let sent = sent.ok_or_else(|| metadata(SHAPE))?;
        if sent.software_statement.is_some() {
            return Err(NotRegistered::SoftwareStatement);
        }
        sent.refuse_what_is_not_done()?;
        let native = match sent.application_type.as_deref() {
            None | Some("web") => false,
            Some("native") => true,
            Some(_) => return Err(metadata("application_type is web or native")),
        };
        let redirect_uris = sent.redirect_uris.clone().unwrap_or_default();
        let first = sent.check_answers(&redirect_uris, native)?;
        sent.check_addresses()?;
        let title = title(sent.client_name.as_deref(), &first)?;
        let url = home(sent.client_uri.as_deref(), &redirect_uris, &first, native)?;
        Ok(Metadata {
            title,
            url,
            native,
            client_id: sent.client_id.clone(),
            client_secret: sent.client_secret.clone(),
            settings: sent.settings(redirect_uris)?,
        })
    }
}

impl Sent {
    fn refuse_what_is_not_done(&self) -> Result<(), NotRegistered> {
        let only = |list: &Option<Vec<String>>, word: &str| list.as_ref().is_none_or(|list| list.iter().eq([word]));
        let may = [
            (only(&self.response_types, "code"), "response_types is [\"code\"]"),
            (self.subject_type.as_deref().is_none_or(|kind| kind == "pairwise"), "subject_type is pairwise"),
            (self.sector_identifier_uri.is_none(), "sector_identifier_uri is not read: each service is its own sector"),
            (
                self.request_uris.as_ref().is_none_or(Vec::is_empty),
                "request_uris is not read: push the request (RFC 9126)",
            ),
            (
                self.request_object_encryption_alg.is_none() && self.request_object_encryption_enc.is_none(),
                "encrypted request objects are not read: push the request (RFC 9126)",
            ),
            (
                self.require_signed_request_object != Some(true),
                "require_signed_request_object is not kept: a request that is pushed (RFC 9126) is yours as surely",
            ),
            (
                self.authorization_signed_response_alg.is_none() && self.authorization_encrypted_response_alg.is_none(),
                "answers are not signed as a whole (JARM): check iss, state and nonce",
            ),
            (
                self.introspection_signed_response_alg.is_none() && self.introspection_encrypted_response_alg.is_none(),
                "introspection answers plain JSON",
            ),
            (self.default_max_age.is_none(), "default_max_age is not kept: ask with max_age"),
            (
                self.default_acr_values.as_ref().is_none_or(Vec::is_empty),
                "default_acr_values is not kept: ask with claims",
            ),
            (self.require_auth_time.as_ref().is_none_or(Value::is_boolean), "require_auth_time is true or false"),
            (
                self.contacts
                    .as_ref()
                    .is_none_or(|all| all.len() <= MAX_ADDRESSES && all.iter().all(|one| one.len() <= 254)),
                "contacts is a short list of addresses of mail",
            ),
        ];
        may.into_iter().find(|(done, _)| !done).map_or(Ok(()), |(_, what)| Err(metadata(what)))
    }

    /// Where answers may go: on the web by TLS to a named host, on the person's machine to the machine itself as well.
    fn check_answers(&self, answers: &[String], native: bool) -> Result<Url, NotRegistered> {
        let no = |what: &str| NotRegistered::RedirectUri(format!("redirect_uris: {what}"));
        if answers.is_empty() || answers.len() > MAX_ADDRESSES {
            return Err(no("1 to 20 addresses"));
        }
        let ok = |answer: &String| is_of_web(answer) || (native && is_loopback(answer));
        if !answers.iter().all(ok) {
            return Err(no(if native {
                "https with the name of a host, or http to 127.0.0.1, [::1] or localhost; no fragment"
            } else {
                "https with the name of a host, and no fragment; localhost is for application_type native"
            }));
        }
        answers.first().and_then(|first| strict_url(first)).ok_or_else(|| no("not a plain address"))
    }

    /// Every other address: https, at a named host. Those we never call are held to the same.
    fn check_addresses(&self) -> Result<(), NotRegistered> {
        let after: Vec<String> = self.post_logout_redirect_uris.clone().unwrap_or_default();
        if after.len() > MAX_ADDRESSES {
            return Err(metadata("post_logout_redirect_uris: at most 20 addresses"));
        }
        let lists = after.iter().map(|address| ("post_logout_redirect_uris", address));
        let single = [
            ("client_uri", &self.client_uri),
            ("logo_uri", &self.logo_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
            ("jwks_uri", &self.jwks_uri),
            ("initiate_login_uri", &self.initiate_login_uri),
            ("backchannel_logout_uri", &self.backchannel_logout_uri),
            ("frontchannel_logout_uri", &self.frontchannel_logout_uri),
        ];
        let single = single.into_iter().filter_map(|(name, address)| Some((name, address.as_ref()?)));
        for (name, address) in lists.chain(single) {
            if !is_of_web(address) {
                return Err(NotRegistered::Metadata(format!("{name}: https with the name of a host, and no fragment")));
            }
        }
        Ok(())
    }

    fn settings(self, redirect_uris: Vec<String>) -> Result<OidcSettings, NotRegistered> {
        let grants: Option<Vec<OidcGrant>> = match self.grant_types.as_deref() {
            None => Some(vec![OidcGrant::AuthorizationCode]),
            Some(words) => {
                let known = [OidcGrant::AuthorizationCode, OidcGrant::RefreshToken];
                words.iter().map(|word| known.into_iter().find(|grant| grant.as_str() == word)).collect()
            }
        };
        let grants = grants.filter(|grants| grants.contains(&OidcGrant::AuthorizationCode) && grants.len() <= 2);
        let asked =
            self.scope.as_deref().map_or_else(|| vec!["profile", "email", "ent"], |scope| scope.split(' ').collect());
        let scopes = SCOPES.iter().filter(|scope| asked.contains(scope)).map(|scope| (*scope).to_owned());
        let authentication = self.token_endpoint_auth_method.unwrap_or_default();
        let by_key = authentication == ClientAuthentication::PrivateKeyJwt;
        let id_token = (self.id_token_encrypted_response_alg, self.id_token_encrypted_response_enc);
        let userinfo = (self.userinfo_encrypted_response_alg, self.userinfo_encrypted_response_enc);
        Ok(OidcSettings {
            redirect_uris: Some(redirect_uris),
            post_logout_redirect_uris: Some(self.post_logout_redirect_uris.unwrap_or_default()),
            authentication: Some(authentication),
            tls_client_auth_subject_dn: self.tls_client_auth_subject_dn,
            tls_client_auth_san_dns: self.tls_client_auth_san_dns,
            tls_client_auth_san_uri: self.tls_client_auth_san_uri,
            tls_client_auth_san_ip: self.tls_client_auth_san_ip,
            tls_client_auth_san_email: self.tls_client_auth_san_email,
            tls_client_certificate_bound_access_tokens: self.tls_client_certificate_bound_access_tokens,
            jwks: self.jwks.map(|keys| keys.to_string()),
            jwks_uri: self.jwks_uri,
            // Of a service that signs no assertion it says nothing.
            assertion_signing: self.token_endpoint_auth_signing_alg.filter(|_| by_key),
            request_signing: self.request_object_signing_alg,
            // What the standard says where nothing is said, whatever a product of the house has.
            signing: Some(self.id_token_signed_response_alg.unwrap_or(SigningAlgorithm::RS256)),
            // What is encrypted is signed first; the standard leaves that to the service, the house does not.
            userinfo_signing: self.userinfo_signed_response_alg.or(userinfo.0.map(|_| SigningAlgorithm::RS256)),
            id_token_encryption: encryption("id_token", id_token)?,
            userinfo_encryption: encryption("userinfo", userinfo)?,
            flows: Some(vec![OidcFlow::Code]),
            grants: Some(
                grants.ok_or_else(|| metadata("grant_types is authorization_code, with or without refresh_token"))?,
            ),
            scopes: Some(scopes.collect()),
            require_pushed: self.require_pushed_authorization_requests,
            require_dpop: self.dpop_bound_access_tokens,
            initiate_login_uri: self.initiate_login_uri,
            backchannel_logout_uri: self.backchannel_logout_uri,
            frontchannel_logout_uri: self.frontchannel_logout_uri,
            ..OidcSettings::default()
        })
    }
}

/// How something is encrypted, where both words are said, or the first alone.
fn encryption(
    what: &str,
    said: (Option<KeyManagement>, Option<ContentEncryption>),
) -> Result<Option<Encryption>, NotRegistered> {
    match said {
        (None, None) => Ok(None),
        (Some(alg), enc) => Ok(Some(Encryption { alg, enc: enc.unwrap_or_default() })),
        (None, Some(_)) => Err(NotRegistered::Metadata(format!("{what}_encrypted_response_enc needs its alg"))),
    }
}

/// The name people read on a tile, or the host.
fn title(name: Option<&str>, first: &Url) -> Result<String, NotRegistered> {
    let name = name.or(first.host_str()).unwrap_or_default().trim();
    let plain = !name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '&' | '"'));
    // What turns the direction of writing makes one name look like another.
    let straight =
        !name.chars().any(|c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'));
    if name.is_empty() || name.chars().count() > 80 || !plain || !straight {
        return Err(metadata("client_name: one line of 1 to 80 characters, without markup"));
    }
    Ok(name.to_owned())
}

/// Where the service lives: what it says, if answers may go there as well, or the root of the first of these.
fn home(said: Option<&str>, answers: &[String], first: &Url, native: bool) -> Result<String, NotRegistered> {
    let Some(said) = said else { return Ok(first.origin().ascii_serialization()) };
    let origin = |address: &str| strict_url(address).map(|url| url.origin());
    let plain = strict_url(said).is_some_and(|url| url.query().is_none());
    if !plain || !(native || answers.iter().any(|answer| origin(answer) == origin(said))) {
        return Err(metadata("client_uri: at the origin of one of redirect_uris, without query"));
    }
    Ok(said.to_owned())
}

/// An https address at a host with a name of its own.
fn is_of_web(address: &str) -> bool {
    let named = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
        _ => false,
    };
    plain(address).is_some_and(|url| url.scheme() == "https" && named(&url))
}

fn is_loopback(address: &str) -> bool {
    let here = |url: &Url| matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    plain(address).is_some_and(|url| url.scheme() == "http" && here(&url))
}

fn plain(address: &str) -> Option<Url> {
    strict_url(address).filter(|url| url.fragment().is_none() && !address.contains(['*', '#']))
}

/// What a service is told of its registration (RFC 7591 section 3.2.1, RFC 7592 section 3).
pub fn told(registered: &Registered, client_id: &str, issued: i64, at: &str, access: &str) -> Map<String, Value> {
    let settings = &registered.settings;
    let mut told = Map::new();
    let mut put = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
    put("client_id", json!(client_id));
    put("client_id_issued_at", json!(issued));
    put("registration_client_uri", json!(at));
    put("registration_access_token", json!(access));
    put("client_name", json!(registered.title));
    put("client_uri", json!(registered.url));
    put("application_type", json!(if registered.native { "native" } else { "web" }));
    put("subject_type", json!("pairwise"));
    put("response_types", json!(["code"]));
    put("redirect_uris", json!(settings.redirect_uris));
    put("grant_types", json!(settings.grants));
    put("token_endpoint_auth_method", json!(settings.authentication.unwrap_or_default().as_str()));
    put("id_token_signed_response_alg", json!(settings.signing));
    put(
        "scope",
        json!(settings.scopes.iter().flatten().fold("openid".to_owned(), |all, scope| format!("{all} {scope}"))),
    );
    let after = settings.post_logout_redirect_uris.iter().filter(|list| !list.is_empty());
    after.for_each(|list| put("post_logout_redirect_uris", json!(list)));
    for (name, value) in [
        ("jwks_uri", &settings.jwks_uri),
        ("initiate_login_uri", &settings.initiate_login_uri),
        ("backchannel_logout_uri", &settings.backchannel_logout_uri),
        ("frontchannel_logout_uri", &settings.frontchannel_logout_uri),
        ("tls_client_auth_subject_dn", &settings.tls_client_auth_subject_dn),
        ("tls_client_auth_san_dns", &settings.tls_client_auth_san_dns),
        ("tls_client_auth_san_uri", &settings.tls_client_auth_san_uri),
        ("tls_client_auth_san_ip", &settings.tls_client_auth_san_ip),
        ("tls_client_auth_san_email", &settings.tls_client_auth_san_email),
    ] {
        value.iter().for_each(|value| put(name, json!(value)));
    }
    settings.userinfo_signing.iter().for_each(|alg| put("userinfo_signed_response_alg", json!(alg)));
    for (name, alg) in [
        ("token_endpoint_auth_signing_alg", settings.assertion_signing),
        ("request_object_signing_alg", settings.request_signing),
    ] {
        alg.iter().for_each(|alg| put(name, json!(alg)));
    }
    for (what, encryption) in [("id_token", settings.id_token_encryption), ("userinfo", settings.userinfo_encryption)] {
        if let Some(encryption) = encryption {
            put(&format!("{what}_encrypted_response_alg"), json!(encryption.alg));
            put(&format!("{what}_encrypted_response_enc"), json!(encryption.enc));
        }
    }
    for (name, value) in [
        ("require_pushed_authorization_requests", settings.require_pushed),
        ("dpop_bound_access_tokens", settings.require_dpop),
        ("tls_client_certificate_bound_access_tokens", settings.tls_client_certificate_bound_access_tokens),
    ] {
        value.iter().for_each(|value| put(name, json!(value)));
    }
    let keys = settings.jwks.as_deref().and_then(|keys| serde_json::from_str::<Value>(keys).ok());
    keys.into_iter().for_each(|keys| put("jwks", keys));
    if settings.client_secret_hash.is_some() {
        put("client_secret_expires_at", json!(0));
    }
    told
}

#[cfg(test)]
#[path = "registration/tests.rs"]
mod tests;
