//! What keeps a database in good order, and what `preau doctor` asks.

use crate::Result;
use async_trait::async_trait;
use preau_domain::Instant;
use serde::Serialize;

/// How many expired things a sweep took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Sessions, with their tickets and tokens; their visits went to the [`crate::Outbox`].
    pub sessions: u64,
    /// Sign-ins under way.
    pub pending: u64,
    /// Tickets.
    pub tickets: u64,
    /// Kept documents.
    pub kept: u64,
    /// Access and refresh tokens, spent ones too, and families without any.
    pub grants: u64,
    /// Registrations.
    pub registrations: u64,
    /// Rows as they were before a run that can no longer be undone.
    pub former: u64,
    /// Notices that no service could be told of in time.
    pub notices: u64,
    /// Letters, whether they were sent or not.
    pub letters: u64,
    /// Throttle counters and devices.
    pub counters: u64,
    /// Audit events past their retention.
    pub audit: u64,
}

/// What a back end says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// `sqlite` or `postgresql`, with its version.
    pub backend: String,
    /// Accounts that may sign in; an estimate is enough above 100 000.
    pub people: u64,
    /// Live rows of sessions.
    pub sessions: u64,
}

/// Care.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Takes away what expired at or before `now`, at most `limit` of each kind, and audit events older than
    /// `audit_before`.
    async fn sweep(&self, now: Instant, audit_before: Instant, limit: u32) -> Result<Swept>;

    /// Answers as soon as the database can read and write.
    async fn ready(&self) -> Result<()>;

    /// A few figures for people.
    async fn health(&self) -> Result<Health>;

    /// Takes the lease of that name for `holder` until `until`, if nobody else holds it at `now`; the same holder may
    /// renew. Two synchronisations of one source never run together.
    async fn acquire_lease(&self, name: &str, holder: &str, now: Instant, until: Instant) -> Result<bool>;

    /// Gives a lease back; nothing happens if `holder` does not hold it.
    async fn release_lease(&self, name: &str, holder: &str) -> Result<()>;
}
