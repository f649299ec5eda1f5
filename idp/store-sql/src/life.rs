//! What time does to accounts. The transitions are those of `preau_domain::Life`; the contract suite holds the two together.
//!
//! A row of a purged person stays with nothing in it but its id: that is what keeps the id from being given again.

use crate::back::{Back, Shape};
use crate::link::{Arg, Link, Row, Sql, args};
use crate::people::stop_sessions;
use crate::{activations, cards, doc, enrolments, factors, hosting, inspections, marks, shortcuts};
use async_trait::async_trait;
use preau_domain::{
    AccountState, AuditEvent, AuditKind, CorrelationId, Instant, Life, Person, PersonId, Retention, Seconds, SessionId,
    guests_named_since, leapt,
};
use preau_store::{Aged, Audit, Lives, Operations, Result};
use std::sync::atomic::{AtomicU64, Ordering};

const LIFE: &str = "SELECT state, ended FROM person
    WHERE (id = $1 AND account IS NULL AND state <> 'purged') OR account = $1";
const USED: &str = "UPDATE person SET state = 'active'
    WHERE (id = $1 OR account = $1) AND state = 'precreated' RETURNING id";

// Each names the words of the index `person_ended`, which holds these rows alone. Whoever is being written by a run is passed over.
const COUNT: Sql = Sql::Each {
    sqlite: "UPDATE person SET ended = $1 WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND ended IS NULL AND source IS NOT NULL LIMIT $2)
        RETURNING id",
    postgres: "UPDATE person SET ended = $1 WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND ended IS NULL AND source IS NOT NULL LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
/// Guests of other ENTs whose school year just ended are left their names until the pupils they become are there to be matched with.
const DUE_PREDELETE: &str = "SELECT id FROM person
    WHERE state IN ('suspended', 'predeleted') AND state = 'suspended' AND ended <= $1
        AND NOT (source = 'invites' AND ended >= $3) LIMIT $2";
/// Records that are no account of several: what stands under the name of an account stays as long as the account.
const ALONE: Sql = Sql::Each {
    sqlite: "SELECT id FROM person WHERE id IN (SELECT value FROM json_each($1))
        AND NOT EXISTS (SELECT 1 FROM person further WHERE further.account = person.id) ORDER BY id",
    postgres: "SELECT id FROM person WHERE id = ANY($1)
        AND NOT EXISTS (SELECT 1 FROM person further WHERE further.account = person.id) ORDER BY id",
};
const DUE_PURGE: &str = "SELECT id FROM person WHERE state IN ('suspended', 'predeleted') AND ended <= $1
    AND NOT EXISTS (SELECT 1 FROM person further WHERE further.account = person.id) LIMIT $2";
const PREDELETE: Sql = Sql::Each {
    sqlite: "UPDATE person SET state = 'predeleted', login = NULL, mail = NULL, digest = NULL, establishments = '',
            doc = $3, written = NULL, entry = NULL, ties = NULL, birth = NULL WHERE id IN (SELECT value FROM json_each($2))
            AND state = 'suspended' AND ended <= $1
        RETURNING id",
    postgres: "UPDATE person SET state = 'predeleted', login = NULL, mail = NULL, digest = NULL, establishments = '',
            doc = $3, written = NULL, entry = NULL, ties = NULL, birth = NULL WHERE id IN (SELECT id FROM person
            WHERE id = ANY($2) AND state = 'suspended' AND ended <= $1
            FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
/// The row of an account stays as long as a record of another source is the same person's.
const PURGE: Sql = Sql::Each {
    sqlite:
        "UPDATE person SET state = 'purged', source = NULL, join_key = NULL, login = NULL, mail = NULL, digest = NULL,
            establishments = '', password_hash = NULL, doc = '{}', stopped = NULL, written = NULL, ended = NULL,
            entry = NULL, ties = NULL, birth = NULL
        WHERE id IN (SELECT value FROM json_each($2))
            AND state IN ('suspended', 'predeleted') AND ended <= $1
            AND NOT EXISTS (SELECT 1 FROM person further WHERE further.account = person.id)
        RETURNING id",
    postgres:
        "UPDATE person SET state = 'purged', source = NULL, join_key = NULL, login = NULL, mail = NULL, digest = NULL,
            establishments = '', password_hash = NULL, doc = '{}', stopped = NULL, written = NULL, ended = NULL,
            entry = NULL, ties = NULL, birth = NULL
        WHERE id IN (SELECT id FROM person
            WHERE id = ANY($2) AND state IN ('suspended', 'predeleted') AND ended <= $1
                AND NOT EXISTS (SELECT 1 FROM person further WHERE further.account = person.id) FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
const CLOCK: &str = "SELECT at FROM clock WHERE one = 1";
const LATEST_RUN: &str = "SELECT coalesce(max(started), 0) FROM run";
const SET_CLOCK: &str = "INSERT INTO clock (one, at) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET at = excluded.at";
/// What stands under the name of a record is that of the account the record belonged to, which goes on.
const PASS_LINKS_ON: Sql = Sql::Each {
    sqlite: "INSERT INTO link (provider, issuer, subject, person, at)
        SELECT link.provider, link.issuer, link.subject, person.account, link.at
        FROM link JOIN person ON person.id = link.person
        WHERE person.id IN (SELECT value FROM json_each($1)) AND person.account IS NOT NULL ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO link (provider, issuer, subject, person, at)
        SELECT link.provider, link.issuer, link.subject, person.account, link.at
        FROM link JOIN person ON person.id = link.person
        WHERE person.id = ANY($1) AND person.account IS NOT NULL ON CONFLICT DO NOTHING",
};
const PASS_REGISTRATIONS_ON: Sql = Sql::Each {
    sqlite: "UPDATE registration SET owner = (SELECT account FROM person WHERE person.id = registration.owner)
        WHERE owner IN (SELECT id FROM person
            WHERE id IN (SELECT value FROM json_each($1)) AND account IS NOT NULL)",
    postgres: "UPDATE registration SET owner = (SELECT account FROM person WHERE person.id = registration.owner)
        WHERE owner IN (SELECT id FROM person WHERE id = ANY($1) AND account IS NOT NULL)",
};
const LEAVE: Sql = Sql::Each {
    sqlite: "UPDATE person SET account = NULL
        WHERE id IN (SELECT value FROM json_each($1)) AND account IS NOT NULL",
    postgres: "UPDATE person SET account = NULL WHERE id = ANY($1) AND account IS NOT NULL",
};
const UNLINK: Sql = Sql::Each {
    sqlite: "DELETE FROM link WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM link WHERE person = ANY($1)",
};
const UNPAIR: Sql = Sql::Each {
    sqlite: "DELETE FROM pairing WHERE one IN (SELECT value FROM json_each($1))
        OR other IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM pairing WHERE one = ANY($1) OR other = ANY($1)",
};
/// What heads opened is their establishment's: it stays until its day, without anybody who answers for it.
const LEAVE_OPENINGS: Sql = Sql::Each {
    sqlite: "UPDATE registration SET owner = NULL
        WHERE kind = 'opening' AND owner IN (SELECT value FROM json_each($1))",
    postgres: "UPDATE registration SET owner = NULL WHERE kind = 'opening' AND owner = ANY($1)",
};
const WITHDRAW: Sql = Sql::Each {
    sqlite: "DELETE FROM registration WHERE owner IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM registration WHERE owner = ANY($1)",
};

async fn ids(link: &mut Link<'_>, sql: Sql, args: Vec<Arg>) -> Result<Vec<String>> {
    link.rows(sql, args).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Two nodes that let time pass at once would both say of everybody what one of them does.
const TURN: &str = "life";
const TURN_LASTS: Seconds = Seconds(300);
/// Turns asked for in this process: each is somebody else's to every other.
static TURNS: AtomicU64 = AtomicU64::new(0);

/// Whom time does something to.
struct Due {
    predelete: Vec<String>,
    purge: Vec<String>,
}

async fn pass(
    link: &mut Link<'_>,
    now: Instant,
    retention: Retention,
    limit: u32,
    due: Due,
    nobody: String,
) -> Result<(Aged, Vec<SessionId>)> {
    let counted = ids(link, COUNT, args![now, limit]).await?.len() as u64;
    let purged = ids(link, PURGE, args![now - retention.purge, due.purge]).await?;
    let predeleted = ids(link, PREDELETE, args![now - retention.predelete, due.predelete, nobody]).await?;
    let mut emptied = [predeleted.clone(), purged.clone()].concat();
    emptied.sort();
    let alone = ids(link, ALONE, args![emptied.clone()]).await?;
    shortcuts::forget(link, alone.clone()).await?;
    factors::forget(link, alone.clone()).await?;
    activations::forget(link, alone.clone()).await?;
    cards::forget(link, alone.clone()).await?;
    inspections::forget(link, alone.clone()).await?;
    marks::forget(link, alone).await?;
    enrolments::renew(link, emptied).await?;
    let mut sessions = Vec::new();
    if !purged.is_empty() {
        // None should be there since they were suspended; none may stay. In one order everywhere.
        let mut people = purged.clone();
        people.sort();
        sessions = stop_sessions(link, people.clone()).await?;
        link.changed(PASS_LINKS_ON, args![people.clone()]).await?;
        link.changed(PASS_REGISTRATIONS_ON, args![people.clone()]).await?;
        link.changed(LEAVE, args![people.clone()]).await?;
        link.changed(UNLINK, args![people.clone()]).await?;
        link.changed(UNPAIR, args![people.clone()]).await?;
        link.changed(LEAVE_OPENINGS, args![people.clone()]).await?;
        link.changed(WITHDRAW, args![people.clone()]).await?;
        hosting::forget(link, people).await?;
    }
    let people = |ids: Vec<String>| ids.into_iter().map(PersonId::new).collect();
    Ok((Aged { counted, predeleted: people(predeleted), purged: people(purged) }, sessions))
}

#[async_trait]
impl Lives for Back {
    async fn life(&self, id: &PersonId) -> Result<Option<Life>> {
        let rows = self.rows(LIFE, args![id.as_str()]).await?;
        let life = |row: &Row| {
            let state = doc::word("account state", row.text(0)?)?;
            Ok(Life { state, ended: row.int_or_none(1)?.map(Instant) })
        };
        Ok(Life::of(&rows.iter().map(life).collect::<Result<Vec<_>>>()?))
    }

    async fn used(&self, id: &PersonId) -> Result<()> {
        self.change(USED, args![id.as_str()]).await.map(drop)
    }

    async fn let_time_pass(&self, now: Instant, retention: Retention, limit: u32) -> Result<Aged> {
        let holder = format!("{}-{self:p}-{}", std::process::id(), TURNS.fetch_add(1, Ordering::Relaxed));
        if !self.acquire_lease(TURN, &holder, now, now + TURN_LASTS).await? {
            return Ok(Aged::default());
        }
        let aged = self.age(now, retention, limit).await;
        // Whoever does not hear of it waits until the turn is over by itself.
        if let Err(error) = self.release_lease(TURN, &holder).await {
            tracing::warn!(%error, "the turn to let time pass was not given back");
        }
        aged
    }
    async fn note_clock(&self, now: Instant) -> Result<Option<Instant>> {
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let before = match link.row(CLOCK, Vec::new()).await? {
                    Some(row) => row.instant(0)?,
                    None => match link.row(LATEST_RUN, Vec::new()).await?.map(|row| row.instant(0)).transpose()? {
                        None | Some(Instant(0)) => now,
                        Some(latest) => latest,
                    },
                };
                if leapt(before, now) {
                    return Ok(Some(before));
                }
                link.changed(SET_CLOCK, args![now]).await?;
                Ok(None)
            })
        });
        written.await
    }

    async fn clock_noted(&self) -> Result<Option<Instant>> {
        self.row(CLOCK, Vec::new()).await?.map(|row| row.instant(0)).transpose()
    }

    async fn trust_clock(&self, now: Instant) -> Result<()> {
        self.change(SET_CLOCK, args![now]).await.map(drop)
    }
}

impl Back {
    /// Lets time do what it does, in the turn of this node.
    async fn age(&self, now: Instant, retention: Retention, limit: u32) -> Result<Aged> {
        let nobody = doc::write("person", &Person::unknown(PersonId::new(""), AccountState::PreDeleted))?;
        let due = self.due(now, retention, limit).await?;
        // Events that are handed over before a write are written with it or before it.
        let correlation = CorrelationId::new(format!("age-{}", now.0));
        for (what, people) in [("pre-deleted", &due.predelete), ("purged", &due.purge)] {
            for id in people {
                let mut event = AuditEvent::new(now, AuditKind::AccountAged, correlation.clone(), what);
                event.person = Some(PersonId::new(id.clone()));
                self.record(event);
            }
        }
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move { pass(link, now, retention, limit, due, nobody).await })
        });
        let (aged, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(aged)
    }

    async fn due(&self, now: Instant, retention: Retention, limit: u32) -> Result<Due> {
        let (predelete, purge) = (now - retention.predelete, now - retention.purge);
        let ids = |rows: Vec<Row>| rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<Vec<_>>>();
        let purge = ids(self.many_rows(DUE_PURGE, args![purge, limit]).await?)?;
        // Whoever is due to be purged is due to be pre-deleted as well, and takes nobody's turn.
        let most = limit.saturating_add(u32::try_from(purge.len()).unwrap_or(u32::MAX));
        let named = guests_named_since(now);
        let mut predelete = ids(self.many_rows(DUE_PREDELETE, args![predelete, most, named]).await?)?;
        predelete.retain(|id| !purge.contains(id));
        predelete.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Due { predelete, purge })
    }
}
