//! What can go wrong, and the one table that says how the standard calls it (sections 2.5.3 and 2.7.3).

use preau_domain::AuditKind;
use preau_store::StoreError;
use preau_web::{Fault, FaultKind};

/// Why a request of a service is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CasError {
    /// A parameter is missing, given twice, malformed or unknown.
    InvalidRequest(&'static str),
    /// The ticket opens nothing.
    InvalidTicket(TicketFault),
    /// The ticket was made for another address. It is burnt.
    InvalidService,
    /// The person may not open the service any more, or the service may not ask this.
    UnauthorizedService,
    /// The service may not have proxy-granting tickets.
    UnauthorizedServiceProxy,
    /// The proxy callback may not be called, shows no certificate we believe, or points elsewhere.
    InvalidProxyCallback,
    /// The house failed; the ticket is not worth more for it.
    Internal,
}

/// Why a ticket opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketFault {
    /// Not the text of a ticket; nothing was looked up.
    NotATicket,
    /// Never issued, used already, or its session ended.
    Unknown,
    /// Presented too late.
    Expired,
    /// A proxy ticket at an address that takes service tickets only.
    Proxy,
    /// `renew` was asked, and the ticket comes from a session that was there already.
    NotFresh,
}

/// One line of the table: code of the standard, word of the audit and the metrics, and a sentence for the log of the
/// service. The sentence never repeats what was sent.
struct Row(&'static str, &'static str, &'static str);

impl CasError {
    fn row(self) -> Row {
        use TicketFault::{Expired, NotATicket, NotFresh, Proxy, Unknown};
        match self {
            CasError::InvalidRequest(what) => Row("INVALID_REQUEST", "cas-invalid-request", what),
            CasError::InvalidTicket(NotATicket) => {
                Row("INVALID_TICKET", "cas-not-a-ticket", "this is not the text of a ticket")
            }
            CasError::InvalidTicket(Unknown) => Row(
                "INVALID_TICKET",
                "cas-unknown-ticket",
                "the ticket is not recognised: never issued, used already, or the session has ended",
            ),
            CasError::InvalidTicket(Expired) => {
                Row("INVALID_TICKET", "cas-expired-ticket", "the ticket was presented too late")
            }
            CasError::InvalidTicket(Proxy) => Row(
                "INVALID_TICKET",
                "cas-proxy-ticket",
                "a proxy ticket was presented where only service tickets are taken; use proxyValidate",
            ),
            CasError::InvalidTicket(NotFresh) => Row(
                "INVALID_TICKET",
                "cas-not-fresh",
                "renew was asked, and the ticket does not come from a new presentation of credentials",
            ),
            CasError::InvalidService => {
                Row("INVALID_SERVICE", "cas-wrong-service", "the ticket was issued for another service address")
            }
            CasError::UnauthorizedService => {
                Row("UNAUTHORIZED_SERVICE", "cas-unauthorized-service", "the service may not do this for this person")
            }
            CasError::UnauthorizedServiceProxy => Row(
                "UNAUTHORIZED_SERVICE_PROXY",
                "cas-unauthorized-proxy",
                "the service is not authorised to perform proxy authentication",
            ),
            CasError::InvalidProxyCallback => Row(
                "INVALID_PROXY_CALLBACK",
                "cas-proxy-callback",
                "the proxy callback is not one of this service, may not be called, has no valid certificate or points elsewhere",
            ),
            CasError::Internal => Row("INTERNAL_ERROR", "cas-internal", "the server could not answer; try again"),
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

    /// A sentence for whoever reads the log of the service.
    pub fn description(self) -> &'static str {
        self.row().2
    }

    /// How the audit calls it; nothing for a failure of ours, which the log tells.
    pub fn audit_kind(self) -> Option<AuditKind> {
        match self {
            CasError::Internal => None,
            CasError::UnauthorizedService => Some(AuditKind::ServiceRefused),
            _ => Some(AuditKind::RequestRefused),
        }
    }
}

/// A failed storage operation: a session that ended under the ticket, or no storage.
impl From<StoreError> for CasError {
    fn from(error: StoreError) -> CasError {
        match error {
            StoreError::Conflict => CasError::InvalidTicket(TicketFault::Unknown),
            StoreError::Backend(_) | StoreError::Closed => {
                tracing::error!(%error, "storage failed during a CAS call");
                CasError::Internal
            }
        }
    }
}

/// What the shared parts of the house refused, at an address where a service is answered in CAS.
impl From<Fault> for CasError {
    fn from(fault: Fault) -> CasError {
        match fault.kind {
            FaultKind::BadRequest | FaultKind::TooLarge => {
                CasError::InvalidRequest("the parameters cannot be read: too many, too long, given twice or not UTF-8")
            }
            FaultKind::Refused | FaultKind::UnknownService => CasError::UnauthorizedService,
            _ => {
                tracing::error!(fault = fault.kind.as_str(), detail = %fault.detail, "fault during a CAS call");
                CasError::Internal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_code_of_the_standard() {
        let codes = [
            (CasError::InvalidRequest("x"), "INVALID_REQUEST"),
            (CasError::InvalidTicket(TicketFault::Unknown), "INVALID_TICKET"),
            (CasError::InvalidService, "INVALID_SERVICE"),
            (CasError::UnauthorizedServiceProxy, "UNAUTHORIZED_SERVICE_PROXY"),
            (CasError::InvalidProxyCallback, "INVALID_PROXY_CALLBACK"),
            (CasError::UnauthorizedService, "UNAUTHORIZED_SERVICE"),
            (CasError::Internal, "INTERNAL_ERROR"),
        ];
        for (error, code) in codes {
            assert_eq!(error.code(), code);
        }
    }
}
