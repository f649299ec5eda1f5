//! A request asked again for the bench: what would come of it now, and which parameter is to be mended. An authorization
//! request is read and judged by the functions that read and judge the real ones; nothing is begun, stored or told. Of a call
//! of a service itself the form is kept without its secrets, and with the way the service proved itself: what is judged again
//! is what the service's record decides.

use super::authorize::allowed;
use crate::OidcError;
use crate::wire::{Asked, Presented, Target};
use preau_connector_api::OidcService;
use preau_domain::ServiceId;
use preau_keys::jose;
use preau_web::bench::sandbox::Told;
use preau_web::bench::{Judged, Rehearsal, Wrong, address};
use preau_web::{Door, Fields, Hub, Visitor};

/// How a service proved itself, beside the form of a call: a name no parameter of the standard has.
const WAY: &str = "client_authentication";

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
    if fields.one(WAY).ok().flatten().is_some() {
        return Some(rehearse_call(oidc, fields));
    }
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
    let Err(error) = judged else { return Some(Ok(Judged::Whole)) };
    let parameter = parameter(error);
    wrong(parameter, one(parameter), expected(oidc, parameter, error))
}

/// A call of the service itself, as far as its record decides it.
fn rehearse_call(oidc: &OidcService, fields: &Fields) -> Rehearsal {
    let one = |name: &str| fields.one(name).ok().flatten().unwrap_or_default().to_owned();
    let wrong =
        |parameter: &'static str, received: String, expected: String| Err(Wrong { parameter, received, expected });
    let (way, own) = (one(WAY), oidc.authentication.as_str());
    // A certificate is shown beside the name alone.
    let named = way == "none" && own.ends_with("tls_client_auth");
    if way != own && !named {
        return wrong(WAY, way, own.to_owned());
    }
    let grant = one("grant_type");
    let declared: Vec<&str> = oidc.grants.iter().map(|grant| grant.as_str()).collect();
    if !grant.is_empty() && !declared.contains(&grant.as_str()) {
        return wrong("grant_type", grant, declared.join("\n"));
    }
    if grant == "authorization_code" && !oidc.redirect_uris.contains(&one("redirect_uri")) {
        return wrong("redirect_uri", one("redirect_uri"), oidc.redirect_uris.join("\n"));
    }
    if grant == "authorization_code" && oidc.require_pkce && one("code_verifier").is_empty() {
        return wrong("code_verifier", String::new(), "PKCE: the text behind the code_challenge".to_owned());
    }
    Ok(Judged::AllButSecrets)
}

/// Remembers a refused call of a service for whoever integrates it: also when it did not prove who it is.
pub fn remember_call(hub: &Hub, visitor: &Visitor, authorization: Option<&str>, fields: &Fields, error: OidcError) {
    // Who is told to ask again, as a device is, was refused nothing.
    if !hub.config.bench || error.audit_kind().is_none() {
        return;
    }
    let named = match Presented::read(authorization, fields) {
        Ok(Presented::Basic(name, _) | Presented::Post(name, _) | Presented::Nothing(name)) => name,
        Ok(Presented::Assertion(assertion, _)) => jose::claimed_issuer(&assertion).unwrap_or_default(),
        Err(_) => return,
    };
    let services = hub.services();
    if let Some(door) = services.get(&ServiceId::new(named)).filter(|door| door.oidc.is_some()) {
        remember_call_of(hub, visitor, door, authorization, fields, error);
    }
}

/// The same of a service or sandbox that is known.
pub fn remember_call_of(
    hub: &Hub,
    visitor: &Visitor,
    door: &Door,
    authorization: Option<&str>,
    fields: &Fields,
    error: OidcError,
) {
    let Some(oidc) = door.oidc.as_ref() else { return };
    let way = match Presented::read(authorization, fields) {
        Ok(Presented::Basic(..)) => "client_secret_basic",
        Ok(Presented::Post(..)) => "client_secret_post",
        Ok(Presented::Assertion(..)) => "private_key_jwt",
        Ok(Presented::Nothing(_)) => "none",
        Err(_) => "unreadable",
    };
    let said = fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let asked: Fields = std::iter::once((WAY.to_owned(), way.to_owned())).chain(said).collect();
    let wrong = rehearse_call(oidc, &asked).err().or_else(|| {
        let parameter = parameter_of_call(way, error)?;
        let received = fields.one(parameter).ok().flatten().unwrap_or_default();
        Some(Wrong {
            parameter,
            received: "x".repeat(received.chars().count()),
            expected: error.description().to_owned(),
        })
    });
    let (word, why) = (error.code(), error.description());
    hub.bench_refusal(door, visitor, &Told { protocol: crate::NAME, word, why, wrong, asked: &asked, answer: None });
}

/// The parameter of a call that an error is about, where it is not the record of the service that says so.
fn parameter_of_call(way: &str, error: OidcError) -> Option<&'static str> {
    const SAID: &[(&str, &str)] = &[
        ("redirect_uri", "redirect_uri"),
        ("code_verifier", "code_verifier"),
        ("refresh token", "refresh_token"),
        ("subject_token", "subject_token"),
        ("device", "device_code"),
        ("the code", "code"),
        ("a code", "code"),
    ];
    match error {
        OidcError::InvalidClient(_) if way == "private_key_jwt" => Some("client_assertion"),
        OidcError::InvalidClient(_) => Some("client_secret"),
        OidcError::InvalidScope(_) => Some("scope"),
        OidcError::InvalidGrant(what) | OidcError::InvalidRequest(what) => {
            SAID.iter().find(|(said, _)| what.contains(said)).map(|(_, parameter)| *parameter)
        }
        _ => None,
    }
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
        "scope" => format!("{said}\nscope: openid {}", oidc.scopes.join(" ")),
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
