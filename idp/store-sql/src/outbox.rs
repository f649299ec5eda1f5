//! Notices of visits that are over, and the bound on the visits of one session.

use crate::back::Back;
use crate::link::{Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{CorrelationId, Instant, PersonId, Seconds, ServiceId, SessionId, Visit};
use preau_store::{Notice, Outbox, Result, TOLD_TO_ONE, YetToHear};
use std::sync::atomic::Ordering;

/// The latest visits of ended sessions to each service; a notice that waits already is not written again.
const WRITE: Sql = Sql::Each {
    sqlite: "INSERT INTO outbox (session, protocol, service, notice, at, due, way, person)
        SELECT session, protocol, service, notice, $2, $2, $4, (SELECT person FROM session WHERE id = ranked.session) FROM (
            SELECT session, protocol, service, notice, seq,
                row_number() OVER (PARTITION BY session, service ORDER BY at DESC, seq DESC) AS place
            FROM visit WHERE session IN (SELECT value FROM json_each($1))) AS ranked
        WHERE place <= $3 ORDER BY seq
        ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO outbox (session, protocol, service, notice, at, due, way, person)
        SELECT session, protocol, service, notice, $2, $2, $4::text, (SELECT person FROM session WHERE id = ranked.session)
        FROM (
            SELECT session, protocol, service, notice, seq,
                row_number() OVER (PARTITION BY session, service ORDER BY at DESC, seq DESC) AS place
            FROM visit WHERE session = ANY($1)) AS ranked
        WHERE place <= $3 ORDER BY seq
        ON CONFLICT DO NOTHING",
};
/// Those whose time has come, a few of each service. It leaps from one service to the next and reads only the rows it
/// gives, all through one index: a service that is owed a hundred thousand notices costs no more than one that is owed few.
const READY: Sql = Sql::Each {
    sqlite: "WITH RECURSIVE owed(service) AS (
            SELECT min(service) FROM outbox
            UNION ALL
            SELECT (SELECT min(service) FROM outbox WHERE service > owed.service) FROM owed
            WHERE owed.service IS NOT NULL)
        SELECT CAST(o.seq AS TEXT) FROM owed CROSS JOIN outbox AS o ON o.seq IN
            (SELECT seq FROM outbox WHERE service = owed.service AND due <= $1 ORDER BY due, seq LIMIT $3)
        WHERE owed.service NOT IN (SELECT value FROM json_each($2)) ORDER BY o.due, o.seq LIMIT $4",
    postgres: "WITH RECURSIVE owed(service) AS (
            (SELECT service FROM outbox ORDER BY service LIMIT 1)
            UNION ALL
            SELECT (SELECT o.service FROM outbox AS o WHERE o.service > owed.service ORDER BY o.service LIMIT 1)
            FROM owed WHERE owed.service IS NOT NULL)
        SELECT ready.seq::text FROM owed CROSS JOIN LATERAL
            (SELECT seq, due FROM outbox WHERE service = owed.service AND due <= $1 ORDER BY due, seq LIMIT $3) AS ready
        WHERE owed.service <> ALL($2) ORDER BY ready.due, ready.seq LIMIT $4",
};
/// Whoever comes second finds a notice that is not due any more.
const TAKE: Sql = Sql::Each {
    sqlite: "UPDATE outbox SET due = $3, tries = tries + 1
        WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each($1)) AND due <= $2
        RETURNING seq, session, protocol, service, notice, at, tries, way",
    postgres: "UPDATE outbox SET due = $3, tries = tries + 1
        WHERE seq IN (SELECT seq FROM outbox WHERE seq = ANY($1::text[]::bigint[]) AND due <= $2 FOR UPDATE SKIP LOCKED)
        RETURNING seq, session, protocol, service, notice, at, tries, way",
};
const SETTLE: Sql = Sql::Each {
    sqlite: "DELETE FROM outbox WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each($1))",
    postgres: "DELETE FROM outbox WHERE seq = ANY($1::text[]::bigint[])",
};
/// A time that never comes says that the service refused.
const NEVER: Instant = Instant(i64::MAX);
const REFUSE: Sql = Sql::Each {
    sqlite: "UPDATE outbox SET due = $2 WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each($1))",
    postgres: "UPDATE outbox SET due = $2 WHERE seq = ANY($1::text[]::bigint[])",
};
/// Found by the names of the notices: how many others wait makes no difference.
const YET_TO_HEAR: Sql = Sql::Each {
    sqlite: "SELECT service, MAX(due) FROM outbox WHERE service IN (SELECT value FROM json_each($1))
        AND protocol IN (SELECT value FROM json_each($2)) AND notice IN (SELECT value FROM json_each($3)) GROUP BY service",
    postgres: "SELECT service, MAX(due) FROM outbox WHERE service = ANY($1) AND protocol = ANY($2) AND notice = ANY($3)
        GROUP BY service",
};
/// The same of the sessions of people: the first and the last time of each service.
const YET_TO_HEAR_OF: Sql = Sql::Each {
    sqlite: "SELECT service, MIN(due), MAX(due) FROM outbox
        WHERE person IN (SELECT value FROM json_each($1)) GROUP BY service",
    postgres: "SELECT service, MIN(due), MAX(due) FROM outbox WHERE person = ANY($1) GROUP BY service",
};
const POSTPONE: &str = "UPDATE outbox SET due = $2 WHERE seq = $1";

/// What is older is of no use to anybody: the service has ended its own session by then, or is gone.
const NOTICE_LIFE: Seconds = Seconds(6 * 3600);
const FORGET: &str = "DELETE FROM outbox WHERE seq IN
    (SELECT seq FROM outbox WHERE at <= $1 ORDER BY at LIMIT $2) RETURNING due";

/// Visits of one service beyond the latest that will be told of.
const TRIM: &str = "DELETE FROM visit WHERE session = $1 AND seq IN (
        SELECT seq FROM (
            SELECT seq, row_number() OVER (PARTITION BY service ORDER BY at DESC, seq DESC) AS place
            FROM visit WHERE session = $1) AS ranked
        WHERE place > $2)";

/// Writes the notices of sessions that are about to end, in the stroke that ends them.
pub(crate) async fn write(
    link: &mut Link<'_>,
    sessions: Vec<String>,
    now: Instant,
    way: Option<&CorrelationId>,
) -> Result<()> {
    link.rows(WRITE, args![sessions, now, TOLD_TO_ONE, way.map(CorrelationId::as_str)]).await.map(drop)
}

/// Takes notices away that grew too old; gives the number of those that nobody heard.
pub(crate) async fn forget(link: &mut Link<'_>, now: Instant, limit: u32) -> Result<u64> {
    let mut late = 0;
    for row in link.rows(FORGET, args![now - NOTICE_LIFE, limit]).await? {
        late += u64::from(row.instant(0)? != NEVER);
    }
    Ok(late)
}

fn notice(row: &Row) -> Result<Notice> {
    Ok(Notice {
        id: row.int(0)?,
        visit: Visit {
            session: SessionId::new(row.text(1)?),
            protocol: row.text(2)?.to_owned(),
            service: ServiceId::new(row.text(3)?),
            notice: row.text(4)?.to_owned(),
            at: row.instant(5)?,
        },
        tries: u32::try_from(row.int(6)?).unwrap_or(u32::MAX),
        way: row.text_or_none(7)?.map(CorrelationId::new),
    })
}

impl Back {
    /// Bounds the visits of a session, one time out of sixteen: a session that opens services for ever keeps some dozens
    /// of visits to each, and nobody else pays for looking.
    pub(crate) async fn trim_visits(&self, visit: Option<&Visit>) {
        let Some(visit) = visit else { return };
        if self.visits.fetch_add(1, Ordering::Relaxed) % 16 != 15 {
            return;
        }
        if let Err(error) = self.changed(TRIM, args![visit.session.as_str(), TOLD_TO_ONE]).await {
            tracing::warn!(%error, "old visits of a session were not taken away; they will be");
        }
    }
}

#[async_trait]
impl Outbox for Back {
    async fn take_notices(
        &self,
        now: Instant,
        again: Instant,
        busy: &[ServiceId],
        each: u32,
        limit: u32,
    ) -> Result<Vec<Notice>> {
        let busy: Vec<String> = busy.iter().map(|service| service.as_str().to_owned()).collect();
        // Most of the time there is nothing: then nothing is written.
        let ready = self.many_rows(READY, args![now, busy, each, limit]).await?;
        let ready: Vec<String> = ready.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_>>()?;
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let taken = self.change(TAKE, args![ready, now, again]).await?;
        let mut taken: Vec<Notice> = taken.iter().map(notice).collect::<Result<_>>()?;
        taken.sort_by_key(|notice| notice.id);
        Ok(taken)
    }

    async fn settle_notices(&self, ids: &[i64]) -> Result<()> {
        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
        self.changed(SETTLE, args![ids]).await.map(drop)
    }

    async fn refuse_notices(&self, ids: &[i64]) -> Result<()> {
        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
        self.changed(REFUSE, args![ids, NEVER]).await.map(drop)
    }

    async fn yet_to_hear(&self, visits: &[Visit]) -> Result<YetToHear> {
        let each = |of: fn(&Visit) -> &str| {
            let mut all: Vec<String> = visits.iter().map(|visit| of(visit).to_owned()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let (services, protocols) = (each(|visit| visit.service.as_str()), each(|visit| &visit.protocol));
        let rows = self.many_rows(YET_TO_HEAR, args![services, protocols, each(|visit| &visit.notice)]).await?;
        let mut yet = YetToHear::default();
        for row in &rows {
            let (service, due) = (ServiceId::new(row.text(0)?), row.instant(1)?);
            if due == NEVER { yet.refused.push(service) } else { yet.waiting.push(service) }
        }
        Ok(yet)
    }

    async fn yet_to_hear_of(&self, people: &[PersonId]) -> Result<YetToHear> {
        let people: Vec<String> = people.iter().map(|person| person.as_str().to_owned()).collect();
        let mut yet = YetToHear::default();
        for row in &self.many_rows(YET_TO_HEAR_OF, args![people]).await? {
            let service = ServiceId::new(row.text(0)?);
            if row.instant(1)? != NEVER {
                yet.waiting.push(service.clone());
            }
            if row.instant(2)? == NEVER {
                yet.refused.push(service);
            }
        }
        Ok(yet)
    }

    async fn postpone_notice(&self, id: i64, until: Instant) -> Result<()> {
        self.changed(POSTPONE, args![id, until]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::sqlite::Sqlite;

    #[tokio::test]
    async fn taking_and_forgetting_read_what_they_give_and_no_more() {
        let folder = std::env::temp_dir().join(format!("preau-outbox-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("preau.db").display());
        let store = Sqlite::open(&url, &Options::default()).await.unwrap();
        for (statement, values) in [
            (READY.sqlite(), args![Instant(1), Vec::<String>::new(), 48_u32, 256_u32]),
            (FORGET, args![Instant(1), 256_u32]),
            (YET_TO_HEAR_OF.sqlite(), args![vec!["p".to_owned()]]),
            (YET_TO_HEAR.sqlite(), args![vec!["s".to_owned()], vec!["p".to_owned()], vec!["n".to_owned()]]),
        ] {
            let plan = store.rows(&format!("EXPLAIN QUERY PLAN {statement}"), values).unwrap();
            let steps: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
            assert!(steps.iter().any(|step| step.contains("INDEX outbox_")), "{steps:?}");
            assert!(!steps.iter().any(|step| step.starts_with("SCAN outbox")), "{steps:?}");
        }
        drop(store);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
