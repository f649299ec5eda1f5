//! Sweeping, readiness, figures and leases.

use crate::back::{Back, Shape};
use crate::link::{Arg, Link, Sql, args};
use crate::throttle::{COUNTER_LIFE, DEVICE_LIFE};
use crate::{cards, chain, letters, outbox};
use async_trait::async_trait;
use preau_domain::chain::Code;
use preau_domain::{Instant, OneTimeKey, SessionId};
use preau_store::{Health, Operations, Result, StoreError, Swept};
use std::collections::HashSet;

/// Nobody else ends or adds to them until the commit.
const SESSIONS: Sql = Sql::Each {
    sqlite: "SELECT id FROM session WHERE expires <= $1 ORDER BY expires LIMIT $2",
    postgres: "SELECT id FROM session WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED",
};
const END_SESSIONS: Sql = Sql::Each {
    sqlite: "DELETE FROM session WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM session WHERE id = ANY($1)",
};
const PENDING: &str = "DELETE FROM pending WHERE id IN
    (SELECT id FROM pending WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING id";
const TICKETS: &str = "DELETE FROM ticket WHERE id IN
    (SELECT id FROM ticket WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING id";
const KEPT: &str = "DELETE FROM kept WHERE (id, kind) IN
    (SELECT id, kind FROM kept WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING id";
const MARKS: &str = "DELETE FROM mark WHERE (col, who) IN
    (SELECT col, who FROM mark WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING col";
/// Those of a session fall with it. Whoever holds one of these is about to use or to end it, and holds its family: it is passed over, not waited for.
const FAMILIES: Sql = Sql::Each {
    sqlite: "DELETE FROM token_family WHERE id IN
        (SELECT id FROM token_family WHERE expires <= $1 AND session IS NULL ORDER BY expires LIMIT $2)
        RETURNING id",
    postgres: "DELETE FROM token_family WHERE id IN
        (SELECT id FROM token_family WHERE expires <= $1 AND session IS NULL ORDER BY expires LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
/// On SQLite, where an index by their end would cost a page of every sign-on, tokens fall with their family or are taken
/// away by its next rotation.
const TOKENS: &str = "DELETE FROM token WHERE id IN
    (SELECT id FROM token WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id";
const REGISTRATIONS: &str = "DELETE FROM registration WHERE id IN
    (SELECT id FROM registration WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING id";
const FORMER: &str = "DELETE FROM before_run WHERE (run, kind, key) IN
    (SELECT run, kind, key FROM before_run WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING run";
const COUNTERS: &str = "DELETE FROM throttle WHERE id IN
    (SELECT id FROM throttle WHERE touched <= $1 ORDER BY touched LIMIT $2) RETURNING id";
const DEVICES: &str = "DELETE FROM device WHERE id IN
    (SELECT id FROM device WHERE seen <= $1 ORDER BY seen LIMIT $2) RETURNING id";
const VERSION: Sql = Sql::Each {
    sqlite: "SELECT 'sqlite ' || sqlite_version()",
    postgres: "SELECT 'postgresql ' || current_setting('server_version')",
};
/// Rows of the table, as far as the database knows without counting.
const PEOPLE_ESTIMATE: Sql = Sql::Each {
    sqlite: "SELECT coalesce(max(rowid), 0) FROM person",
    postgres: "SELECT coalesce(max(reltuples), 0)::bigint FROM pg_class WHERE oid = 'person'::regclass",
};
/// Accounts: a record that is another account's is not one, unless it is all that keeps that account active.
const PEOPLE: &str = "SELECT (SELECT count(*) FROM person
        WHERE state IN ('active', 'precreated') AND stopped IS NULL AND account IS NULL)
    + (SELECT count(DISTINCT account) FROM person p
        WHERE account IS NOT NULL AND state IN ('active', 'precreated') AND stopped IS NULL
            AND NOT EXISTS (SELECT 1 FROM person own WHERE own.id = p.account AND own.state IN ('active', 'precreated')))";
const LIVE_SESSIONS: &str = "SELECT count(*) FROM session";
const WRITABLE: Sql = Sql::Each { sqlite: "SELECT 'off'", postgres: "SELECT current_setting('transaction_read_only')" };

const ACQUIRE: &str = "INSERT INTO lease (name, holder, expires) VALUES ($1, $2, $4)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires
    WHERE lease.holder = excluded.holder OR lease.expires <= $3 RETURNING name";
const RELEASE: &str = "DELETE FROM lease WHERE name = $1 AND holder = $2";

/// Above so many rows an estimate is enough.
const COUNTED: i64 = 100_000;

async fn swept(link: &mut Link<'_>, sql: impl Into<Sql>, before: Instant, limit: u32) -> Result<u64> {
    Ok(link.rows(sql, args![before, limit]).await?.len() as u64)
}

async fn sweep(
    link: &mut Link<'_>,
    now: Instant,
    audit_before: Instant,
    limit: u32,
    code: Option<Code>,
) -> Result<(Swept, Vec<SessionId>, HashSet<OneTimeKey>)> {
    // A session before what it holds, as everyone else takes them.
    let rows = link.rows(SESSIONS, args![now, limit]).await?;
    let sessions = rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<Vec<_>>>()?;
    if !sessions.is_empty() {
        outbox::write(link, sessions.clone(), now, None).await?;
        link.rows(END_SESSIONS, args![sessions.clone()]).await?;
    }
    let families = link.rows(FAMILIES, args![now, limit]).await?;
    let families = families.iter().map(|row| row.text(0).map(OneTimeKey::new)).collect::<Result<HashSet<_>>>()?;
    let tokens = if link.writes_alone() { 0 } else { swept(link, TOKENS, now, limit).await? };
    cards::sweep(link, now, limit).await?;
    let counts = Swept {
        sessions: sessions.len() as u64,
        tickets: swept(link, TICKETS, now, limit).await?,
        kept: swept(link, KEPT, now, limit).await? + swept(link, MARKS, now, limit).await?,
        grants: families.len() as u64 + tokens,
        registrations: swept(link, REGISTRATIONS, now, limit).await?,
        former: swept(link, FORMER, now, limit).await?,
        pending: swept(link, PENDING, now, limit).await?,
        counters: swept(link, COUNTERS, now - COUNTER_LIFE, limit).await?
            + swept(link, DEVICES, now - DEVICE_LIFE, limit).await?,
        notices: outbox::forget(link, now, limit).await?,
        letters: letters::sweep(link, now, limit).await?,
        audit: chain::sweep(link, code, audit_before, limit).await?,
    };
    Ok((counts, sessions.into_iter().map(SessionId::new).collect(), families))
}

impl Back {
    async fn number(&self, sql: impl Into<Sql>) -> Result<i64> {
        let rows = self.many_rows(sql, Vec::new()).await?;
        rows.first().ok_or_else(|| StoreError::Backend("a count gave no row".into()))?.int(0)
    }

    async fn word(&self, sql: Sql, args: Vec<Arg>) -> Result<String> {
        let row = self.row(sql, args).await?;
        Ok(row.ok_or_else(|| StoreError::Backend("a setting gave no row".into()))?.text(0)?.to_owned())
    }
}

#[async_trait]
impl Operations for Back {
    async fn sweep(&self, now: Instant, audit_before: Instant, limit: u32) -> Result<Swept> {
        let code = self.chain.as_ref().map(|chain| chain.code.clone());
        let work = self.write(Shape::Several, move |link| Box::pin(sweep(link, now, audit_before, limit, code)));
        let (mut swept, sessions, families) = work.await?;
        if let Some(fleeting) = self.fleeting() {
            swept.tickets += fleeting.sweep(now);
        }
        if let Some(tokens) = self.access_tokens() {
            swept.grants += tokens.sweep(&families, now);
        }
        self.forget_tickets(&sessions);
        Ok(swept)
    }

    async fn ready(&self) -> Result<()> {
        if self.word(WRITABLE, Vec::new()).await? != "off" {
            return Err(StoreError::Backend("the database is read-only".into()));
        }
        // An empty write: on SQLite it takes the lock of writers and gives it back.
        self.write(Shape::Several, |_| Box::pin(async { Ok(()) })).await
    }

    async fn health(&self) -> Result<Health> {
        let estimate = self.number(PEOPLE_ESTIMATE).await?;
        let people = if estimate > COUNTED { estimate } else { self.number(PEOPLE).await? };
        let sessions = self.number(LIVE_SESSIONS).await?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Health { backend: self.word(VERSION, Vec::new()).await?, people: count(people), sessions: count(sessions) })
    }

    async fn acquire_lease(&self, name: &str, holder: &str, now: Instant, until: Instant) -> Result<bool> {
        Ok(!self.change(ACQUIRE, args![name, holder, now, until]).await?.is_empty())
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<()> {
        self.change(RELEASE, args![name, holder]).await.map(drop)
    }
}
