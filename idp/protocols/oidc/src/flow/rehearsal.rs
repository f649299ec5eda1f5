//! An authorization request asked again for the bench: what would come of it now, and which parameter is to be mended. It is
//! read and judged by the functions that read and judge the real ones; nothing is begun, stored or told.

use super::authorize::allowed;
use crate::OidcError;
use crate::wire::{Asked, Target};
use preau_connector_api::OidcService;
use preau_web::bench::{Rehearsal, Wrong, address};
use preau_web::{Door, Fields};

/// Parameters as the sentences about them name them; of those one sentence names, the first here is the one to mend.
const NAMES: &[&str] = &[
    "response_mode",
    "response_type",
    "code_challenge_method",
    "code_challenge",
    "request_uri",
    "redirect_uri",
    "id_token_hint",
    "client_id",
    "max_age",
    "prompt",
    "claims",
    "nonce",
    "state",
    "scope",
];

/// What would come of it; absent for a service of another protocol.
pub fn rehearse(door: &Door, fields: &Fields) -> Option<Rehearsal> {
    let oidc = door.oidc.as_ref()?;
    let one = |name: &str| fields.one(name).ok().flatten().unwrap_or_default().to_owned();
    let wrong = |parameter: &'static str, received: String, expected: String| {
        Some(Err(Wrong { parameter, received, expected }))
    };
    if let Some(twice) = NAMES.iter().copied().find(|name| fields.one(name).is_err()) {
        return wrong(twice, "…".to_owned(), "a parameter is given once".to_owned());
    }
    if one("client_id") != door.service.id.as_str() {
        return wrong("client_id", one("client_id"), door.service.id.to_string());
    }
    let to = Target::read(fields)
        .ok()
        .and_then(|target| door.service.trust_exactly(target.redirect_uri, &oidc.redirect_uris));
    if to.is_none() {
        let received = address(&one("redirect_uri"));
        return wrong("redirect_uri", received, oidc.redirect_uris.join("\n"));
    }
    let judged = Asked::read(fields, &one("redirect_uri")).and_then(|asked| allowed(oidc, &asked));
    let Err(error) = judged else { return Some(Ok(())) };
    let parameter = parameter(error);
    wrong(parameter, one(parameter), expected(oidc, parameter, error))
}

/// The parameter an error is about.
fn parameter(error: OidcError) -> &'static str {
    match error {
        OidcError::UnsupportedResponseType | OidcError::UnauthorizedClient(_) => "response_type",
        OidcError::InvalidScope(_) => "scope",
        OidcError::RequestNotSupported | OidcError::InvalidRequestObject => "request",
        OidcError::RequestUriNotSupported | OidcError::InvalidRequestUri => "request_uri",
        OidcError::RegistrationNotSupported => "registration",
        OidcError::UnmetAuthenticationRequirements => "claims",
        OidcError::InvalidRequest(what) if what.ends_with("in a query") => "response_mode",
        OidcError::InvalidRequest(what) | OidcError::LoginRequired(what) => {
            NAMES.iter().copied().find(|name| what.contains(name)).unwrap_or("request")
        }
        _ => "request",
    }
}

fn expected(oidc: &OidcService, parameter: &str, error: OidcError) -> String {
    let said = error.description();
    match parameter {
        "response_type" => {
            let flows: Vec<String> = oidc.flows.iter().map(|flow| format!("{flow:?}").to_lowercase()).collect();
            format!("{said}\nflows: {}", flows.join(", "))
        }
        "scope" => format!("{said}\nopenid {}", oidc.scopes.join(" ")),
        _ => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every sentence of an authorization request that says what is wrong names its parameter.
    #[test]
    fn a_sentence_names_its_parameter() {
        for (what, name) in [
            ("tokens are not answered in a query", "response_mode"),
            ("response_mode is query, fragment or form_post", "response_mode"),
            ("prompt=none goes with nothing else", "prompt"),
            ("nonce is required where an ID token passes through the browser", "nonce"),
            ("code_challenge goes with code_challenge_method=S256", "code_challenge_method"),
            ("code_challenge is required of this service", "code_challenge"),
            ("max_age is a number of seconds", "max_age"),
            ("state is at most 2048 visible ASCII characters", "state"),
        ] {
            assert_eq!(parameter(OidcError::InvalidRequest(what)), name, "{what}");
        }
        assert_eq!(parameter(OidcError::UnsupportedResponseType), "response_type");
        assert_eq!(parameter(OidcError::InvalidScope("openid is missing from scope")), "scope");
    }
}
