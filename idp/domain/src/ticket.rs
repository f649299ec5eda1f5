//! Single-use things a protocol hands out. They leave the store through `consume` and nothing else.

use crate::{Instant, OneTimeKey, PersonId, ServiceId, SessionId};
use serde::{Deserialize, Serialize};

/// What kind of single-use thing. A ticket consumed under another kind is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TicketKind {
    /// CAS service ticket (`ST-`).
    CasService,
    /// CAS proxy ticket (`PT-`).
    CasProxy,
    /// CAS proxy-granting ticket (`PGT-`). Read many times, dies with its session.
    CasProxyGranting,
    /// OpenID Connect authorization code.
    OidcCode,
}

impl TicketKind {
    /// Whether it lives for seconds: it may be forgotten when the process that handed it out ends.
    pub fn is_fleeting(self) -> bool {
        !matches!(self, TicketKind::CasProxyGranting)
    }

    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            TicketKind::CasService => "cas-service",
            TicketKind::CasProxy => "cas-proxy",
            TicketKind::CasProxyGranting => "cas-proxy-granting",
            TicketKind::OidcCode => "oidc-code",
        }
    }
}

/// A ticket as stored: its secret is known only by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Digest of the secret.
    pub key: OneTimeKey,
    /// What it is.
    pub kind: TicketKind,
    /// The session it was born in; when that session ends the ticket is worth nothing.
    pub session: SessionId,
    /// For whom.
    pub person: PersonId,
    /// For which service.
    pub service: ServiceId,
    /// What its protocol needs again; only that protocol reads it. At most 8 KiB.
    pub payload: String,
    /// When it was handed out.
    pub issued: Instant,
    /// After this it is worth nothing.
    pub expires: Instant,
}
