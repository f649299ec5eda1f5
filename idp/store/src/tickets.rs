//! Single-use things.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Instant, OneTimeKey, ServiceId, SessionId, Ticket, TicketKind, Visit};

/// Tickets. One that lives for seconds ([`TicketKind::is_fleeting`]) may be forgotten when the process that issued it ends,
/// and is known to no other process where a database belongs to one server: it is then absent, and never given twice.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Keeps a ticket and, with it, the visit it stands for. `Conflict` if the key is taken, or the session is
    /// gone or expired when the ticket is issued. A visit is of the ticket's session. Of one session some
    /// [`TICKETS_OF_ONE`] wait at most; one more is refused, and not with `Conflict`.
    async fn issue_ticket(&self, ticket: &Ticket, visit: Option<&Visit>) -> Result<()>;

    /// Keeps a visit that needs no ticket. `Conflict` if the session is gone, or has expired at the instant of the visit.
    async fn add_visit(&self, visit: &Visit) -> Result<()>;

    /// What a protocol noted last of a service within a session that has not expired.
    async fn last_visit(
        &self,
        session: &SessionId,
        protocol: &str,
        service: &ServiceId,
        now: Instant,
    ) -> Result<Option<Visit>>;

    /// Takes a ticket out for good; among concurrent callers exactly one gets it, also when it has expired (the caller
    /// looks at `expires`). Absent if there is none of that key *and kind*.
    async fn consume_ticket(&self, key: &OneTimeKey, kind: TicketKind) -> Result<Option<Ticket>>;

    /// Reads a ticket that may be used many times (proxy-granting); absent if none of that key and kind, or expired.
    async fn ticket(&self, key: &OneTimeKey, kind: TicketKind, now: Instant) -> Result<Option<Ticket>>;
}

/// Tickets of one session that may wait to be redeemed: a session that asks for ever fills nothing.
pub const TICKETS_OF_ONE: u32 = 500;
