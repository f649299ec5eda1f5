//! The journal of what happened: reading it, and how events are written. When they are written is each back end's matter.

use crate::back::{Back, Base, Shape};
use crate::bulk::{Bulk, Kind};
use crate::chain;
use crate::doc;
use crate::link::{Arg, Link, Row, Sql, args, without_nul};
use async_trait::async_trait;
use preau_domain::chain::{Entry, Seal};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, PersonId, ServiceId, SessionId, Uai};
use preau_store::{Audit, MOST_OF_A_REQUEST, Result, StoreError};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// An event on its way to the database.
pub(crate) struct Recorded {
    event: AuditEvent,
    /// Its place in the chain, when there is one.
    link: Option<String>,
}

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
        ("link", Kind::Text),
    ],
    "",
);
const OF_CORRELATION: &str = "SELECT at, kind, correlation, person, session, service, establishment, detail FROM audit
    WHERE correlation = $1 ORDER BY seq LIMIT $2";
const ABOUT_PERSON: &str = "SELECT at, kind, correlation, person, session, service, establishment, detail FROM audit
    WHERE person = $1 AND at >= $2 ORDER BY seq DESC LIMIT $3";

const OF_KINDS: Sql = Sql::Each {
    sqlite: "SELECT at, kind, correlation, person, session, service, establishment, detail FROM audit
        WHERE person = $1 AND at >= $2 AND kind IN (SELECT value FROM json_each($4)) ORDER BY seq DESC LIMIT $3",
    postgres: "SELECT at, kind, correlation, person, session, service, establishment, detail FROM audit
        WHERE person = $1 AND at >= $2 AND kind = ANY($4) ORDER BY seq DESC LIMIT $3",
};

const ENTRIES: &str = "SELECT seq, at, kind, correlation, person, session, service, establishment, detail, link
    FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2";

const AMONG_LATEST: &str =
    "SELECT seq FROM (SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 100000) AS latest WHERE link = $1";

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

/// An event as it stands in a row of its columns with `seq` before them and `link` behind.
pub(crate) fn entry(row: &Row) -> Result<Entry> {
    let text_or_none = |column| Ok::<_, StoreError>(row.text_or_none(column)?.map(str::to_owned));
    Ok(Entry {
        seq: row.int(0)?,
        at: row.int(1)?,
        kind: row.text(2)?.to_owned(),
        correlation: row.text(3)?.to_owned(),
        person: text_or_none(4)?,
        session: text_or_none(5)?,
        service: text_or_none(6)?,
        establishment: text_or_none(7)?,
        detail: row.text(8)?.to_owned(),
        link: text_or_none(9)?,
    })
}

/// The values of events, one event after the other.
fn values(events: &[Recorded]) -> Vec<Arg> {
    let mut values = Vec::with_capacity(events.len() * 9);
    for Recorded { event, link } in events {
        values.extend(args![
            event.at,
            event.kind.as_str(),
            event.correlation.as_str(),
            event.person.as_ref().map(PersonId::as_str),
            event.session.as_ref().map(SessionId::as_str),
            event.service.as_ref().map(ServiceId::as_str),
            event.establishment.as_ref().map(Uai::as_str),
            event.detail.as_str(),
            link.as_deref()
        ]);
    }
    values
}

/// Writes events in the order they were handed over.
pub(crate) async fn write(link: &mut Link<'_>, events: &[Recorded]) -> Result<()> {
    if events.is_empty() { Ok(()) } else { EVENTS.write(link, values(events)).await }
}

/// Whether an event is among the latest of the journal. One that belongs to no chain is not found.
pub(crate) async fn there(link: &mut Link<'_>, event: &Recorded) -> Result<bool> {
    let Some(place) = &event.link else { return Ok(false) };
    Ok(link.row(AMONG_LATEST, args![place.as_str()]).await?.is_some())
}

/// How many events wait to be written, so that a database that stopped cannot fill the memory.
#[derive(Default)]
pub(crate) struct Waiting {
    now: AtomicUsize,
    lost: AtomicU64,
    /// The database refused the last try.
    refused: AtomicBool,
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

    /// So many are written. Says in the log how many found no room since it was last asked.
    pub fn leave(&self, count: usize) {
        if count > 0 && self.refused.swap(false, Ordering::Relaxed) {
            tracing::info!("audit events that had to wait are written");
        }
        self.now.fetch_sub(count, Ordering::Relaxed);
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(audit.lost = lost, "audit events were lost: the database was too slow");
        }
    }

    /// The database refused events, which wait for the next try: said in the log once until it takes some.
    pub fn hold(&self, error: &str) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            tracing::error!(error, "audit events could not be written now; they wait");
        }
    }

    /// So many were given up because the database refused them.
    pub fn give_up(count: usize) {
        if count > 0 {
            tracing::error!(audit.lost = count, "audit events were lost: the database refused them");
        }
    }
}

/// How often the seal of a chain is tried when others begin theirs at the same time.
const SEAL_TRIES: u32 = 20;

impl Back {
    fn hand_over(&self, event: Recorded) {
        match &self.base {
            Base::Sqlite(sqlite) => sqlite.record(event),
            Base::Postgres(postgres) => postgres.record(event),
        }
    }
}

#[async_trait]
impl Audit for Back {
    fn record(&self, mut event: AuditEvent) {
        // The code of an event is that of the text which both databases keep.
        event.detail = without_nul(event.detail);
        let Some(chain) = &self.chain else { return self.hand_over(Recorded { event, link: None }) };
        chain.hand_over(event, |event, link| self.hand_over(Recorded { event, link: Some(link.to_string()) }));
    }

    async fn flush_audit(&self) -> Result<()> {
        // What is said of the chain afterwards is durable by then.
        let unsealed = self.chain.as_ref().and_then(|chain| Some((chain, chain.unsealed()?)));
        match &self.base {
            Base::Sqlite(sqlite) => sqlite.flush().await?,
            Base::Postgres(postgres) => postgres.flush().await?,
        }
        let Some((chain, (id, place, latest))) = unsealed else { return Ok(()) };
        for _ in 0..SEAL_TRIES {
            let (code, id, latest) = (chain.code.clone(), id.clone(), latest.clone());
            let said = self.write(Shape::Several, move |link| Box::pin(chain::advance(link, code, id, place, latest)));
            match said.await {
                // Another process took the number meanwhile.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    chain.sealed(place);
                    return Ok(());
                }
            }
        }
        Err(StoreError::Backend("the journal could not be sealed: too many processes begin at once".into()))
    }

    async fn audit_of(&self, correlation: &CorrelationId) -> Result<Vec<AuditEvent>> {
        let values = args![correlation.as_str(), MOST_OF_A_REQUEST];
        self.many_rows(OF_CORRELATION, values).await?.iter().map(event).collect()
    }

    async fn audit_about(&self, person: &PersonId, since: Instant, limit: u32) -> Result<Vec<AuditEvent>> {
        self.many_rows(ABOUT_PERSON, args![person.as_str(), since, limit]).await?.iter().map(event).collect()
    }

    async fn audit_of_kinds(
        &self,
        person: &PersonId,
        kinds: &[AuditKind],
        since: Instant,
        limit: u32,
    ) -> Result<Vec<AuditEvent>> {
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        let rows = self.many_rows(OF_KINDS, args![person.as_str(), since, limit, kinds]).await?;
        rows.iter().map(event).collect()
    }

    async fn audit_entries(&self, from: i64, limit: u32) -> Result<Vec<Entry>> {
        self.many_rows(ENTRIES, args![from, limit]).await?.iter().map(entry).collect()
    }

    async fn audit_seals(&self) -> Result<Vec<Seal>> {
        self.rows(chain::SEALS, Vec::new()).await?.iter().map(chain::seal).collect()
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
