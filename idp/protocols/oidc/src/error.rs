//! What can go wrong, and the one table that says how the standards call it (OpenID Connect Core 3.1.2.6, RFC 6749 4.1.2.1
//! and 5.2, RFC 6750 3.1, RFC 9207). Where an answer goes, to the service's address or in a document, is `routes`'
//! business: an error of this type is only ever told to a service that is known.

use http::StatusCode;
use preau_domain::AuditKind;
use preau_store::StoreError;
use preau_web::{Fault, FaultKind};

/// Why a request of a service is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OidcError {
    /// A parameter is missing, given twice, malformed or unknown.
    InvalidRequest(&'static str),
    /// The service did not prove that it is itself.
    InvalidClient(&'static str),
    /// A code or a refresh token is worth nothing, or nothing here.
    InvalidGrant(&'static str),
    /// The service may not do this.
    UnauthorizedClient(&'static str),
    /// Nobody redeems this here.
    UnsupportedGrantType,
    /// An answer of this kind is not given.
    UnsupportedResponseType,
    /// A scope cannot be given, or `openid` is missing.
    InvalidScope(&'static str),
    /// A token for this service is not given.
    InvalidTarget,
    /// Policy refuses the person, or the person refused.
    AccessDenied,
    /// The person would have to sign in, and must not be asked.
    LoginRequired(&'static str),
    /// The person would have to do something else, and must not be asked.
    InteractionRequired,
    /// The proof that was asked for cannot be had here.
    UnmetAuthenticationRequirements,
    /// A request object is not signed by the service, not for us, or not for now.
    InvalidRequestObject,
    /// A pushed request was answered before.
    InvalidRequestUri,
    /// Request objects are not read.
    RequestNotSupported,
    /// Requests are not fetched from elsewhere.
    RequestUriNotSupported,
    /// Services do not register themselves here.
    RegistrationNotSupported,
    /// Nobody decided about the device yet.
    AuthorizationPending,
    /// The device asks too often.
    SlowDown,
    /// The device waited too long, or its code was used.
    ExpiredToken,
    /// The proof of a key is not one, or not for this call.
    InvalidDpopProof(&'static str),
    /// The proof of a key lacks our nonce, or has one that is too old.
    UseDpopNonce,
    /// The access token opens nothing.
    InvalidToken(&'static str),
    /// The access token is for something else.
    InsufficientScope,
    /// There is no such thing.
    Unknown,
    /// Something later was said before.
    Overtaken,
    /// This was asked for a moment ago.
    TooSoon {
        /// When it may be asked for again.
        seconds: u16,
    },
    /// The house failed.
    ServerError,
    /// The house is too busy, or its storage is down.
    TemporarilyUnavailable,
}

/// One line of the table: code of the standard, word of the audit and the metrics, status in a document, and a sentence for
/// whoever reads the log of the service. The sentence never repeats what was sent.
struct Row(&'static str, &'static str, StatusCode, &'static str);

impl OidcError {
    fn row(self) -> Row {
        use StatusCode as S;
        match self {
            OidcError::InvalidRequest(what) => Row("invalid_request", "oidc-invalid-request", S::BAD_REQUEST, what),
            OidcError::InvalidClient(what) => Row("invalid_client", "oidc-invalid-client", S::UNAUTHORIZED, what),
            OidcError::InvalidGrant(what) => Row("invalid_grant", "oidc-invalid-grant", S::BAD_REQUEST, what),
            OidcError::UnauthorizedClient(what) => {
                Row("unauthorized_client", "oidc-unauthorized-client", S::BAD_REQUEST, what)
            }
            OidcError::UnsupportedGrantType => Row(
                "unsupported_grant_type",
                "oidc-unsupported-grant-type",
                S::BAD_REQUEST,
                "this grant type is not redeemed here",
            ),
            OidcError::UnsupportedResponseType => Row(
                "unsupported_response_type",
                "oidc-unsupported-response-type",
                S::BAD_REQUEST,
                "the response type is missing, unknown, or not one the service declared",
            ),
            OidcError::InvalidScope(what) => Row("invalid_scope", "oidc-invalid-scope", S::BAD_REQUEST, what),
            OidcError::InvalidTarget => Row(
                "invalid_target",
                "oidc-invalid-target",
                S::BAD_REQUEST,
                "no such service, or the records of both do not allow it",
            ),
            OidcError::AccessDenied => Row(
                "access_denied",
                "oidc-access-denied",
                S::BAD_REQUEST,
                "the service does not open for this person, or is not told what it knows people by",
            ),
            OidcError::LoginRequired(what) => Row("login_required", "oidc-login-required", S::BAD_REQUEST, what),
            OidcError::InteractionRequired => Row(
                "interaction_required",
                "oidc-interaction-required",
                S::BAD_REQUEST,
                "the person would have to be asked something",
            ),
            OidcError::UnmetAuthenticationRequirements => Row(
                "unmet_authentication_requirements",
                "oidc-unmet-authentication",
                S::BAD_REQUEST,
                "the essential acr that was asked for cannot be reached here",
            ),
            OidcError::InvalidRequestObject => Row(
                "invalid_request_object",
                "oidc-invalid-request-object",
                S::BAD_REQUEST,
                "the request object is not signed by the client, not for this issuer, not for now, or differs from the address",
            ),
            OidcError::InvalidRequestUri => Row(
                "invalid_request_uri",
                "oidc-invalid-request-uri",
                S::BAD_REQUEST,
                "the pushed request was answered before",
            ),
            OidcError::RequestNotSupported => Row(
                "request_not_supported",
                "oidc-request-not-supported",
                S::BAD_REQUEST,
                "request objects are not read: send plain parameters",
            ),
            OidcError::RequestUriNotSupported => Row(
                "request_uri_not_supported",
                "oidc-request-uri-not-supported",
                S::BAD_REQUEST,
                "requests are not fetched from other addresses: send plain parameters",
            ),
            OidcError::RegistrationNotSupported => Row(
                "registration_not_supported",
                "oidc-registration-not-supported",
                S::BAD_REQUEST,
                "services are mounted by whoever runs the workspace",
            ),
            OidcError::AuthorizationPending => Row(
                "authorization_pending",
                "oidc-authorization-pending",
                S::BAD_REQUEST,
                "nobody has typed the code and decided yet: ask again",
            ),
            OidcError::SlowDown => Row(
                "slow_down",
                "oidc-slow-down",
                S::BAD_REQUEST,
                "too often: wait five seconds more between two questions from now on",
            ),
            OidcError::ExpiredToken => {
                Row("expired_token", "oidc-expired-token", S::BAD_REQUEST, "no device waits with this code")
            }
            OidcError::InvalidDpopProof(what) => {
                Row("invalid_dpop_proof", "oidc-invalid-dpop-proof", S::BAD_REQUEST, what)
            }
            OidcError::UseDpopNonce => Row(
                "use_dpop_nonce",
                "oidc-use-dpop-nonce",
                S::BAD_REQUEST,
                "ask again with the nonce of the DPoP-Nonce header in the proof",
            ),
            OidcError::InvalidToken(what) => Row("invalid_token", "oidc-invalid-token", S::UNAUTHORIZED, what),
            OidcError::InsufficientScope => Row(
                "insufficient_scope",
                "oidc-insufficient-scope",
                S::FORBIDDEN,
                "the access token was not given for this",
            ),
            OidcError::Unknown => {
                Row("not_found", "oidc-unknown", S::NOT_FOUND, "there is no such thing for this client")
            }
            OidcError::Overtaken => {
                Row("conflict", "oidc-overtaken", S::CONFLICT, "something of a later timestamp was said before")
            }
            OidcError::TooSoon { .. } => Row(
                "too_many_requests",
                "oidc-too-soon",
                S::TOO_MANY_REQUESTS,
                "this was asked for a moment ago: ask again after Retry-After",
            ),
            OidcError::ServerError => Row(
                "server_error",
                "oidc-server-error",
                S::INTERNAL_SERVER_ERROR,
                "the server could not answer; try again",
            ),
            OidcError::TemporarilyUnavailable => Row(
                "temporarily_unavailable",
                "oidc-temporarily-unavailable",
                S::SERVICE_UNAVAILABLE,
                "the server is too busy; try again in some seconds",
            ),
        }
    }

    /// The code of the standard.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// The word of the audit and of the metrics: a closed list.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// The status where the answer is a document.
    pub fn status(self) -> StatusCode {
        self.row().2
    }

    /// A sentence for whoever reads the log of the service.
    pub fn description(self) -> &'static str {
        self.row().3
    }

    /// How the audit calls it; nothing for what happens all day long, nor for a failure of ours, which the log tells.
    pub fn audit_kind(self) -> Option<AuditKind> {
        match self {
            OidcError::ServerError | OidcError::TemporarilyUnavailable => None,
            OidcError::LoginRequired(_) | OidcError::InteractionRequired => None,
            OidcError::AuthorizationPending | OidcError::SlowDown | OidcError::TooSoon { .. } => None,
            OidcError::Unknown | OidcError::Overtaken => None,
            OidcError::UseDpopNonce => None,
            OidcError::AccessDenied => Some(AuditKind::ServiceRefused),
            _ => Some(AuditKind::RequestRefused),
        }
    }
}

/// A failed storage operation: a session that ended under the request, or no storage.
impl From<StoreError> for OidcError {
    fn from(error: StoreError) -> OidcError {
        match error {
            StoreError::Conflict => OidcError::InvalidGrant("the session has ended"),
            other => {
                tracing::error!(error = %other, "storage failed during an OpenID Connect call");
                OidcError::TemporarilyUnavailable
            }
        }
    }
}

/// What the shared parts of the house refused, where a service is answered in a document.
impl From<Fault> for OidcError {
    fn from(fault: Fault) -> OidcError {
        match fault.kind {
            FaultKind::BadRequest | FaultKind::TooLarge => {
                OidcError::InvalidRequest("the parameters cannot be read: too many, too long, given twice or not UTF-8")
            }
            FaultKind::Refused | FaultKind::UnknownService => OidcError::AccessDenied,
            FaultKind::Busy | FaultKind::StorageDown | FaultKind::DirectoryDown => {
                tracing::error!(fault = fault.kind.as_str(), detail = %fault.detail, "fault during an OpenID Connect call");
                OidcError::TemporarilyUnavailable
            }
            _ => {
                tracing::error!(fault = fault.kind.as_str(), detail = %fault.detail, "fault during an OpenID Connect call");
                OidcError::ServerError
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 4.1.2.1: what may stand in a code and in a description.
    #[test]
    fn every_error_is_written_in_the_letters_of_the_standard() {
        for error in [
            OidcError::InvalidRequest("x"),
            OidcError::InvalidClient("x"),
            OidcError::InvalidGrant("x"),
            OidcError::UnauthorizedClient("x"),
            OidcError::UnsupportedGrantType,
            OidcError::UnsupportedResponseType,
            OidcError::InvalidScope("x"),
            OidcError::InvalidTarget,
            OidcError::AccessDenied,
            OidcError::LoginRequired("x"),
            OidcError::InteractionRequired,
            OidcError::UnmetAuthenticationRequirements,
            OidcError::InvalidRequestObject,
            OidcError::InvalidRequestUri,
            OidcError::RequestNotSupported,
            OidcError::RequestUriNotSupported,
            OidcError::RegistrationNotSupported,
            OidcError::AuthorizationPending,
            OidcError::SlowDown,
            OidcError::ExpiredToken,
            OidcError::InvalidDpopProof("x"),
            OidcError::UseDpopNonce,
            OidcError::InvalidToken("x"),
            OidcError::InsufficientScope,
            OidcError::Unknown,
            OidcError::Overtaken,
            OidcError::TooSoon { seconds: 1 },
            OidcError::ServerError,
            OidcError::TemporarilyUnavailable,
        ] {
            let legal = |text: &str| text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\');
            assert!(legal(error.code()) && legal(error.description()), "{error:?}");
            assert!(error.status().is_client_error() || error.status().is_server_error());
        }
    }
}
