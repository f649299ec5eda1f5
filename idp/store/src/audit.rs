//! The journal of what happened.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{AuditEvent, CorrelationId, Instant, PersonId};

/// Audit events.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Hands over an event. It is written with the next commit, before any write the same caller asks for afterwards;
    /// the call itself waits for nothing. An event lost with the process is lost with the request it belongs to.
    fn record(&self, event: AuditEvent);

    /// Waits until every event handed over so far is durable.
    async fn flush_audit(&self) -> Result<()>;

    /// Events with that correlation id, in order, at most 1 000.
    async fn audit_of(&self, correlation: &CorrelationId) -> Result<Vec<AuditEvent>>;

    /// Events about a person since an instant, latest first, at most `limit`.
    async fn audit_about(&self, person: &PersonId, since: Instant, limit: u32) -> Result<Vec<AuditEvent>>;
}
