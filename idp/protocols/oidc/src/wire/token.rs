//! What a service sends to the token endpoint and its neighbours: who it says it is, and what it wants (RFC 6749 sections
//! 2.3.1, 4.1.3 and 6; RFC 7523; RFC 7636 4.5).

use super::authorize::{one, scopes};
use crate::OidcError;
use crate::config::MAX_SECRET;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_web::Fields;

/// The one kind of assertion read.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The one kind of token that is exchanged, and that comes of it (RFC 8693 3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Longest name, secret or header read.
const MAX_CREDENTIAL: usize = 1024;

/// What a service shows to prove that it is itself: exactly one thing.
#[derive(Clone, PartialEq, Eq)]
pub enum Presented {
    /// Name and secret in the header.
    Basic(String, String),
    /// Name and secret in the form.
    Post(String, String),
    /// An assertion, and the name in the form if there is one.
    Assertion(String, Option<String>),
    /// Its name alone.
    Nothing(String),
}

impl Presented {
    /// Reads it. Several proofs at once are none: two readers may believe different ones.
    pub fn read(authorization: Option<&str>, fields: &Fields) -> Result<Presented, OidcError> {
        let name = one(fields, "client_id")?;
        let secret = one(fields, "client_secret")?;
        let assertion = one(fields, "client_assertion")?;
        let kind = one(fields, "client_assertion_type")?;
        let proofs = [authorization.is_some(), secret.is_some(), assertion.is_some() || kind.is_some()];
        if proofs.into_iter().filter(|shown| *shown).count() > 1 {
            return Err(OidcError::InvalidClient("several ways of authentication at once"));
        }
        if let Some(header) = authorization {
            let (basic_name, secret) = basic(header).ok_or(OidcError::InvalidClient("the header is no Basic one"))?;
            if name.is_some_and(|name| name != basic_name) {
                return Err(OidcError::InvalidClient("the form names another client than the header"));
            }
            return Ok(Presented::Basic(basic_name, secret));
        }
        if let (Some(assertion), Some(ASSERTION)) = (assertion, kind) {
            return Ok(Presented::Assertion(assertion.to_owned(), name.map(str::to_owned)));
        }
        if assertion.is_some() || kind.is_some() {
            return Err(OidcError::InvalidClient("client_assertion goes with the type jwt-bearer"));
        }
        let name = name.filter(|name| name.len() <= MAX_CREDENTIAL).map(str::to_owned);
        match (name, secret) {
            (None, _) => Err(OidcError::InvalidClient("the client does not say who it is")),
            (Some(name), None) => Ok(Presented::Nothing(name)),
            (Some(name), Some(secret)) if secret.len() <= MAX_CREDENTIAL => {
                Ok(Presented::Post(name, secret.to_owned()))
            }
            (Some(_), Some(_)) => Err(OidcError::InvalidClient("the secret is too long")),
        }
    }
}

/// Name and secret of a Basic header, each encoded as in a form (RFC 6749 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 4 * MAX_CREDENTIAL {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, secret) = text.split_once(':')?;
    Some((decoded(name)?, decoded(secret)?))
}

/// A text as a form encodes it. One that holds nothing to decode, as many libraries send it, is itself.
fn decoded(text: &str) -> Option<String> {
    let pair = format!("v={}", text.replace('&', "%26"));
    let (_, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
    (!value.contains('\u{fffd}') && value.len() <= MAX_CREDENTIAL).then(|| value.into_owned())
}

/// What is to be redeemed.
pub enum TokenRequest {
    /// A code (RFC 6749 4.1.3).
    Code {
        /// The code.
        code: String,
        /// The address it was answered to.
        redirect_uri: Option<String>,
        /// The secret behind the challenge.
        verifier: Option<String>,
    },
    /// A refresh token (RFC 6749 6).
    Refresh {
        /// The token.
        token: String,
        /// Scopes, if fewer are wanted than before.
        scopes: Vec<String>,
    },
    /// Nothing but the service's own proof (RFC 6749 4.4).
    Own {
        /// The service that is called with the token; the one that asks, if it is absent.
        audience: Option<String>,
        /// Scopes.
        scopes: Vec<String>,
    },
    /// An access token of a person, for one with which another service is called (RFC 8693).
    Exchange {
        /// The token.
        token: String,
        /// The service that is called.
        audience: String,
        /// Scopes, if fewer are wanted than the token has.
        scopes: Vec<String>,
    },
    /// A device asks whether somebody let it in (RFC 8628 3.4).
    Device {
        /// Its code.
        code: String,
    },
    /// Something else, by its name.
    Other,
}

impl TokenRequest {
    /// Reads it.
    pub fn read(fields: &Fields) -> Result<TokenRequest, OidcError> {
        let secret = |name: &str, missing: &'static str| {
            let value = one(fields, name)?.ok_or(OidcError::InvalidRequest(missing))?;
            Ok::<_, OidcError>(value.to_owned())
        };
        match one(fields, "grant_type")?.ok_or(OidcError::InvalidRequest("grant_type is missing"))? {
            "authorization_code" => {
                let verifier = one(fields, "code_verifier")?;
                // RFC 7636 4.1.
                let legal = |v: &str| v.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
                if verifier.is_some_and(|v| !(43..=128).contains(&v.len()) || !legal(v)) {
                    return Err(OidcError::InvalidGrant("code_verifier is 43 to 128 letters of the standard"));
                }
                Ok(TokenRequest::Code {
                    code: secret("code", "code is missing")?,
                    redirect_uri: one(fields, "redirect_uri")?.map(str::to_owned),
                    verifier: verifier.map(str::to_owned),
                })
            }
            "refresh_token" => Ok(TokenRequest::Refresh {
                token: secret("refresh_token", "refresh_token is missing")?,
                scopes: scopes(one(fields, "scope")?)?,
            }),
            "client_credentials" => {
                none_of(fields, &["resource"])?;
                Ok(TokenRequest::Own {
                    audience: one(fields, "audience")?.map(str::to_owned),
                    scopes: scopes(one(fields, "scope")?)?,
                })
            }
            "urn:ietf:params:oauth:grant-type:token-exchange" => {
                none_of(fields, &["resource", "actor_token", "actor_token_type"])?;
                if one(fields, "subject_token_type")? != Some(ACCESS_TOKEN) {
                    return Err(OidcError::InvalidRequest("subject_token_type is that of an access token"));
                }
                if one(fields, "requested_token_type")?.is_some_and(|wanted| wanted != ACCESS_TOKEN) {
                    return Err(OidcError::InvalidRequest("requested_token_type is that of an access token"));
                }
                Ok(TokenRequest::Exchange {
                    token: secret("subject_token", "subject_token is missing")?,
                    audience: secret("audience", "audience is missing: the service that is called, by its name")?,
                    scopes: scopes(one(fields, "scope")?)?,
                })
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                Ok(TokenRequest::Device { code: secret("device_code", "device_code is missing")? })
            }
            _ => Ok(TokenRequest::Other),
        }
    }
}

/// What is not read is refused, so that nobody takes it for granted.
fn none_of(fields: &Fields, names: &[&str]) -> Result<(), OidcError> {
    for name in names {
        if one(fields, name)?.is_some() {
            return Err(OidcError::InvalidRequest("a parameter is not read here: the service is named by audience"));
        }
    }
    Ok(())
}

/// Whether a text may be one of our codes or tokens: nothing else is ever looked up.
pub fn is_secret(text: &str) -> bool {
    (1..=MAX_SECRET).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
#[path = "token/tests.rs"]
mod tests;
