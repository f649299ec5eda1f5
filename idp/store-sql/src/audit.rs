//! The journal of what happened: reading it, and how events are written. When they are written is each back end's matter.

use crate::back::Back;
use crate::bulk::{Bulk, Kind};
use crate::doc;
use crate::link::{Arg, Link, Row, args};
use async_trait::async_trait;
use preau_domain::{AuditEvent, CorrelationId, Instant, PersonId, ServiceId, SessionId, Uai};
use preau_store::{Audit, Result};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// An event on its way to the database.
pub(crate) type Recorded = AuditEvent;

/// How events are written.
static EVENTS: Bulk = Bulk::new(
    "audit",
    &[
        ("at", Kind::Int),
        ("kind", Kind::Text),
        ("correlation", Kind::Text),
        ("person", Kind::Text),
        ("session", Kind::Text),
        ("service", Kind::Text),
        ("establishment", Kind::Text),
        ("detail", Kind::Text),
    ],
    "",
);
const OF_CORRELATION: &str = "SELECT at, kind, correlation, person, session, service, establishment, detail FROM audit
    WHERE correlation = $1 ORDER BY seq LIMIT 1000";
const ABOUT_PERSON: &str = "SELECT at, kind, correlation, person, session, service, establishment, detail FROM audit
    WHERE person = $1 AND at >= $2 ORDER BY seq DESC LIMIT $3";

fn event(row: &Row) -> Result<AuditEvent> {
    Ok(AuditEvent {
        at: row.instant(0)?,
        kind: doc::word("event", row.text(1)?)?,
        correlation: CorrelationId::new(row.text(2)?),
        person: row.text_or_none(3)?.map(PersonId::new),
        session: row.text_or_none(4)?.map(SessionId::new),
        service: row.text_or_none(5)?.map(ServiceId::new),
        establishment: row.text_or_none(6)?.map(|uai| doc::word("event", uai)).transpose()?,
        detail: row.text(7)?.to_owned(),
    })
}

/// The values of events, one event after the other.
fn values(events: Vec<Recorded>) -> Vec<Arg> {
    let mut values = Vec::with_capacity(events.len() * 8);
    for event in events {
        values.extend(args![
            event.at,
            event.kind.as_str(),
            event.correlation.as_str(),
            event.person.as_ref().map(PersonId::as_str),
            event.session.as_ref().map(SessionId::as_str),
            event.service.as_ref().map(ServiceId::as_str),
            event.establishment.as_ref().map(Uai::as_str),
            event.detail
        ]);
    }
    values
}

/// Writes events in the order they were handed over.
pub(crate) async fn write(link: &mut Link<'_>, events: Vec<Recorded>) -> Result<()> {
    if events.is_empty() { Ok(()) } else { EVENTS.write(link, values(events)).await }
}

/// How many events wait to be written, so that a database that stopped cannot fill the memory.
#[derive(Default)]
pub(crate) struct Waiting {
    now: AtomicUsize,
    lost: AtomicU64,
}

/// Beyond so many waiting events the newest are counted as lost.
const MOST_WAITING: usize = 16_384;

impl Waiting {
    /// Whether one more may wait.
    pub fn enter(&self) -> bool {
        if self.now.fetch_add(1, Ordering::Relaxed) < MOST_WAITING {
            return true;
        }
        self.now.fetch_sub(1, Ordering::Relaxed);
        self.lost.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// So many stopped waiting. Says in the log how many found no room since it was last asked.
    pub fn leave(&self, count: usize) {
        self.now.fetch_sub(count, Ordering::Relaxed);
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(audit.lost = lost, "audit events were lost: the database was too slow");
        }
    }

    /// So many were given up because the database refused them.
    pub fn give_up(count: usize) {
        if count > 0 {
            tracing::error!(audit.lost = count, "audit events were lost: the database refused them");
        }
    }
}

#[async_trait]
impl Audit for Back {
    fn record(&self, event: AuditEvent) {
        match self {
            Back::Sqlite(sqlite) => sqlite.record(event),
            Back::Postgres(postgres) => postgres.record(event),
        }
    }

    async fn flush_audit(&self) -> Result<()> {
        match self {
            Back::Sqlite(sqlite) => sqlite.flush().await,
            Back::Postgres(postgres) => postgres.flush().await,
        }
    }

    async fn audit_of(&self, correlation: &CorrelationId) -> Result<Vec<AuditEvent>> {
        self.many_rows(OF_CORRELATION, args![correlation.as_str()]).await?.iter().map(event).collect()
    }

    async fn audit_about(&self, person: &PersonId, since: Instant, limit: u32) -> Result<Vec<AuditEvent>> {
        self.many_rows(ABOUT_PERSON, args![person.as_str(), since, limit]).await?.iter().map(event).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_database_holds_a_bounded_number_of_events() {
        let waiting = Waiting::default();
        assert_eq!((0..MOST_WAITING + 10).filter(|_| waiting.enter()).count(), MOST_WAITING);
        waiting.leave(1);
        assert!(waiting.enter() && !waiting.enter());
    }
}
