//! The journal of what happened.

use crate::Result;
use async_trait::async_trait;
use preau_domain::chain::{Entry, Seal};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, PersonId};

/// Events of one request that are read, at most.
pub const MOST_OF_A_REQUEST: u32 = 1_000;

/// Audit events.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Hands over an event. It is written with the next commit, before any write the same caller asks for afterwards,
    /// and a tenth of a second later when there is none; the call itself waits for nothing. What a write stands for is
    /// therefore in the journal whenever the write is; a process that is killed loses at most the events of requests
    /// that wrote nothing else.
    fn record(&self, event: AuditEvent);

    /// Waits until every event handed over so far is durable, and writes down how far the chain of this process has come.
    async fn flush_audit(&self) -> Result<()>;

    /// Events with that correlation id, in order, the first [`MOST_OF_A_REQUEST`].
    async fn audit_of(&self, correlation: &CorrelationId) -> Result<Vec<AuditEvent>>;

    /// Events about a person since an instant, latest first, at most `limit`.
    async fn audit_about(&self, person: &PersonId, since: Instant, limit: u32) -> Result<Vec<AuditEvent>>;

    /// The same of these kinds alone.
    async fn audit_of_kinds(
        &self,
        person: &PersonId,
        kinds: &[AuditKind],
        since: Instant,
        limit: u32,
    ) -> Result<Vec<AuditEvent>>;

    /// The journal as it stands, for whoever checks it: entries from that number on, in order, at most `limit`.
    async fn audit_entries(&self, from: i64, limit: u32) -> Result<Vec<Entry>>;

    /// What every process that wrote to the journal said of its chain. Whoever checks asks before the entries, so that
    /// no seal is younger than what it speaks of.
    async fn audit_seals(&self) -> Result<Vec<Seal>>;
}
