//! An authorization request (OpenID Connect Core 3.1.2.1, 3.2.2.1, 3.3.2.1; RFC 7636; Form Post Response Mode).
//!
//! It is read in two steps, so that an error goes where the standard wants it. [`Target::read`] reads for whom the answer
//! is and to which address it would go: while that is not certain, nothing may be sent anywhere. [`Asked::read`] reads the
//! rest, whose errors are told to that address.

use super::claims::ClaimsRequest;
use crate::OidcError;
use crate::config::{MAX_NONCE, MAX_STATE};
use preau_domain::OneTimeKey;
use preau_web::{Fault, FaultKind, Fields};
use serde::{Deserialize, Serialize};

/// Scopes read of one request.
const MAX_SCOPES: usize = 50;
/// Longest answer kept beside a sign-in or a code: the bound of the storage port.
const MAX_KEPT: usize = 8 * 1024;

/// For whom an answer is, and where it would go. Both are still what somebody wrote.
pub struct Target<'a> {
    /// The service.
    pub client_id: &'a str,
    /// The address.
    pub redirect_uri: &'a str,
}

impl<'a> Target<'a> {
    /// Reads both; a request that lacks one, or gives it twice, has no address to answer to.
    pub fn read(fields: &'a Fields) -> Result<Target<'a>, Fault> {
        let required = |name: &str| {
            let value = fields.one(name)?.filter(|value| !value.is_empty());
            value.ok_or_else(|| Fault::new(FaultKind::BadRequest, format!("authorization request without {name}")))
        };
        Ok(Target { client_id: required("client_id")?, redirect_uri: required("redirect_uri")? })
    }
}

/// What is answered through the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseType {
    /// A code.
    pub code: bool,
    /// An ID token.
    pub id_token: bool,
    /// An access token.
    pub token: bool,
}

impl ResponseType {
    /// Reads the words, in any order; a set the standard does not know is none.
    pub fn read(text: &str) -> Option<ResponseType> {
        let mut read = ResponseType { code: false, id_token: false, token: false };
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let flag = match word {
                "code" => &mut read.code,
                "id_token" => &mut read.id_token,
                "token" => &mut read.token,
                _ => return None,
            };
            if std::mem::replace(flag, true) {
                return None;
            }
        }
        // `token` alone is OAuth without OpenID Connect.
        (read.code || read.id_token).then_some(read)
    }

    /// Whether a token passes through the browser: such an answer never stands in a query, and needs a nonce.
    pub fn is_front(self) -> bool {
        self.id_token || self.token
    }
}

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// In the query.
    Query,
    /// Behind the `#`.
    Fragment,
    /// In a form that the browser posts.
    FormPost,
}

impl Mode {
    /// How an answer to this request travels, errors included: what was asked for if it is allowed, else what is usual.
    pub fn of(fields: &Fields, response_type: Option<ResponseType>) -> Result<Mode, OidcError> {
        let front = response_type.is_some_and(ResponseType::is_front);
        match one(fields, "response_mode")? {
            None if front => Ok(Mode::Fragment),
            None => Ok(Mode::Query),
            Some("query") if front => Err(OidcError::InvalidRequest("tokens are not answered in a query")),
            Some("query") => Ok(Mode::Query),
            Some("fragment") => Ok(Mode::Fragment),
            Some("form_post") => Ok(Mode::FormPost),
            Some(_) => Err(OidcError::InvalidRequest("response_mode is query, fragment or form_post")),
        }
    }
}

/// What the person is asked, or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing.
    pub none: bool,
    /// A new proof: `login`, or `select_account`, since a browser has one session.
    pub login: bool,
}

impl Prompt {
    fn read(text: Option<&str>) -> Result<Prompt, OidcError> {
        let mut read = Prompt::default();
        let mut words = 0;
        for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            words += 1;
            match word {
                "none" => read.none = true,
                "login" | "select_account" => read.login = true,
                // Nobody is asked for a consent here: what a service receives is settled by the school, and shown to it.
                "consent" => {}
                _ => {
                    return Err(OidcError::InvalidRequest("prompt is none, or some of login, consent, select_account"));
                }
            }
        }
        if read.none && words > 1 {
            return Err(OidcError::InvalidRequest("prompt=none goes with nothing else"));
        }
        Ok(read)
    }
}

/// What a service asks for. Kept beside the sign-in it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The registered address the answer goes to.
    #[serde(rename = "u")]
    pub redirect_uri: String,
    /// What is answered.
    #[serde(rename = "t")]
    pub response_type: ResponseType,
    /// How it travels.
    #[serde(rename = "m")]
    pub mode: Mode,
    /// Given back as it came.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Written into the ID token as it came.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Scopes, as they were asked.
    #[serde(rename = "c")]
    pub scopes: Vec<String>,
    /// The S256 challenge.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// Claims asked one by one.
    #[serde(rename = "r", default)]
    pub claims: ClaimsRequest,
    /// Seconds since the proof, at most.
    #[serde(skip)]
    pub max_age: Option<i64>,
    /// What the person is asked.
    #[serde(skip)]
    pub prompt: Prompt,
    /// An ID token of ours, as it was sent.
    #[serde(skip)]
    pub id_token_hint: Option<String>,
    /// What the person may be about to type.
    #[serde(skip)]
    pub login_hint: Option<String>,
    /// Languages of the person, the best first.
    #[serde(skip)]
    pub ui_locales: Option<String>,
    /// The subject a hint or the `claims` parameter insists on.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The key whose holder alone may redeem the code, by its thumbprint (RFC 9449 10).
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// What a tool of LTI was opened with.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lti_message_hint: Option<String>,
    /// The pushed request it is.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<OneTimeKey>,
}

impl Asked {
    /// Reads everything else of a request whose address is known to be the service's.
    pub fn read(fields: &Fields, redirect_uri: &str) -> Result<Asked, OidcError> {
        for (name, error) in [
            ("request", OidcError::RequestNotSupported),
            ("request_uri", OidcError::RequestUriNotSupported),
            ("registration", OidcError::RegistrationNotSupported),
        ] {
            if one(fields, name)?.is_some() {
                return Err(error);
            }
        }
        let response_type = one(fields, "response_type")?.and_then(ResponseType::read);
        let response_type = response_type.ok_or(OidcError::UnsupportedResponseType)?;
        let mode = Mode::of(fields, Some(response_type))?;
        let scopes = scopes(one(fields, "scope")?)?;
        if !scopes.iter().any(|scope| scope == "openid") {
            return Err(OidcError::InvalidScope("openid is missing from scope"));
        }
        let nonce = one(fields, "nonce")?.map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE || !visible(nonce)) {
            return Err(OidcError::InvalidRequest("nonce is at most 512 visible ASCII characters"));
        }
        if nonce.is_none() && response_type.id_token {
            return Err(OidcError::InvalidRequest("nonce is required where an ID token passes through the browser"));
        }
        // A wish (5.5.1.1): what comes of it is what the person proves, and `acr` says which.
        let wished = text(fields, "acr_values", 1024)?;
        let mut claims = one(fields, "claims")?.map(ClaimsRequest::read).transpose()?.unwrap_or_default();
        claims.wished_acr = wished
            .iter()
            .flat_map(|all| all.split(' '))
            .filter(|acr| !acr.is_empty())
            .take(8)
            .map(str::to_owned)
            .collect();
        let asked = Asked {
            redirect_uri: redirect_uri.to_owned(),
            response_type,
            mode,
            state: state(fields)?,
            nonce,
            scopes,
            challenge: challenge(fields)?,
            max_age: max_age(one(fields, "max_age")?)?,
            prompt: Prompt::read(one(fields, "prompt")?)?,
            id_token_hint: text(fields, "id_token_hint", 16 * 1024)?,
            login_hint: text(fields, "login_hint", 512)?,
            ui_locales: text(fields, "ui_locales", 256)?,
            subject: claims.subject.clone(),
            dpop_jkt: thumbprint(fields)?,
            lti_message_hint: text(fields, "lti_message_hint", 2048)?,
            pushed: None,
            claims,
        };
        if serde_json::to_string(&asked).map_or(true, |kept| kept.len() > MAX_KEPT) {
            return Err(OidcError::InvalidRequest("the request is too long"));
        }
        Ok(asked)
    }
}

/// `state`, as far as it can be given back.
pub fn state(fields: &Fields) -> Result<Option<String>, OidcError> {
    let state = one(fields, "state")?;
    if state.is_some_and(|state| state.len() > MAX_STATE || !visible(state)) {
        return Err(OidcError::InvalidRequest("state is at most 2048 visible ASCII characters"));
    }
    Ok(state.map(str::to_owned))
}

/// The words of a list of scopes, each once.
pub fn scopes(text: Option<&str>) -> Result<Vec<String>, OidcError> {
    let mut read: Vec<String> = Vec::new();
    for scope in text.unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()) {
        let legal = scope.len() <= 256 && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        if !legal || read.len() >= MAX_SCOPES {
            return Err(OidcError::InvalidScope("scope is at most 50 words of visible ASCII characters"));
        }
        if !read.iter().any(|known| known == scope) {
            read.push(scope.to_owned());
        }
    }
    Ok(read)
}

/// The scopes a request asks for.
pub fn scopes_of(fields: &Fields) -> Result<Vec<String>, OidcError> {
    scopes(one(fields, "scope")?)
}

/// The challenge of PKCE: S256 or none. `plain` would show the verifier to whoever sees the request.
fn challenge(fields: &Fields) -> Result<Option<String>, OidcError> {
    let (challenge, method) = (one(fields, "code_challenge")?, one(fields, "code_challenge_method")?);
    match (challenge, method) {
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) => {
            let told = OidcError::InvalidRequest("code_challenge is a SHA-256 in base64url, 43 characters");
            if is_digest(challenge) { Ok(Some(challenge.to_owned())) } else { Err(told) }
        }
        _ => Err(OidcError::InvalidRequest("code_challenge goes with code_challenge_method=S256")),
    }
}

/// `dpop_jkt`: the thumbprint of a key.
fn thumbprint(fields: &Fields) -> Result<Option<String>, OidcError> {
    let jkt = one(fields, "dpop_jkt")?;
    if jkt.is_some_and(|jkt| !is_digest(jkt)) {
        return Err(OidcError::InvalidRequest("dpop_jkt is a SHA-256 in base64url, 43 characters"));
    }
    Ok(jkt.map(str::to_owned))
}

/// Whether a text may be a SHA-256 in base64url.
fn is_digest(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn max_age(text: Option<&str>) -> Result<Option<i64>, OidcError> {
    let Some(text) = text else { return Ok(None) };
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    seconds.map(Some).ok_or(OidcError::InvalidRequest("max_age is a number of seconds"))
}

/// A text of at most so many bytes.
fn text(fields: &Fields, name: &'static str, max: usize) -> Result<Option<String>, OidcError> {
    let value = one(fields, name)?;
    if value.is_some_and(|value| value.len() > max) {
        return Err(OidcError::InvalidRequest("a parameter is too long"));
    }
    Ok(value.map(str::to_owned))
}

/// A parameter that is there once; an empty one is not there (RFC 6749, 3.1).
pub fn one<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a str>, OidcError> {
    let value = fields.one(name).map_err(|_| OidcError::InvalidRequest("a parameter is given twice"))?;
    Ok(value.filter(|value| !value.is_empty()))
}

fn visible(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

#[cfg(test)]
#[path = "authorize/tests.rs"]
mod tests;
