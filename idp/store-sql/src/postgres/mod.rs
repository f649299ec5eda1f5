//! PostgreSQL: a pool of connections, one transaction per operation of several statements. The server itself gathers the
//! commits of many connections. Events are written by `journal`; `statistics` has the planner know of what a run writes.

mod journal;
mod statistics;

use crate::Options;
use crate::audit::Recorded;
use crate::back::Shape;
use crate::link::{Arg, Link, Row, Sql, Work, refusal};
use crate::migration::{self, Migration};
use journal::Journal;
use preau_store::{Result, StoreError};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool, Row as _, query, raw_sql};
use statistics::Statistics;
use std::time::Duration;
use tokio::runtime::Handle;

/// A database on a server.
pub(crate) struct Postgres {
    pool: PgPool,
    /// Where its connections live.
    home: Handle,
    journal: Journal,
    statistics: Statistics,
}

/// A connection that was used so long ago is believed to be there still. Asking each time would cost as much as most of what is asked.
const TRUSTED: Duration = Duration::from_secs(1);

/// What nodes that start at the same time wait for, one after the other: the bytes of `preau`.
const MIGRATION_LOCK: &str =
    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(482955583861)";

/// A transaction whose end nobody waits for the disk with; the next one that does waits for this one as well.
const BEGIN_BULK: &str = "BEGIN; SET LOCAL synchronous_commit = off";

impl Postgres {
    /// Connects and brings the tables up to date.
    pub async fn open(url: &str, options: &Options) -> Result<Self> {
        let patience = options.patience.as_millis().to_string();
        let mut connect = url
            .parse::<PgConnectOptions>()
            .map_err(refusal)?
            .application_name("preau")
            .options([("lock_timeout", patience.as_str()), ("idle_in_transaction_session_timeout", "30000")])
            .statement_cache_capacity(128)
            .disable_statement_logging();
        if let Some(schema) = &options.schema {
            if !plain_name(schema) {
                return Err(StoreError::Backend("a schema is named by a-z, 0-9 and _, at most 63 characters".into()));
            }
            connect = connect.options([("search_path", schema.as_str())]);
        }
        let mut connection = connect.connect().await.map_err(refusal)?;
        migrate(&mut connection, options.schema.as_deref(), migration::POSTGRES).await?;
        connection.close().await.map_err(refusal)?;
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.unwrap_or_else(|| (crate::cores() * 8).min(64)).max(2))
            .acquire_timeout(options.patience)
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                Box::pin(async move {
                    if known.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(connect)
            .await
            .map_err(refusal)?;
        Ok(Postgres {
            journal: Journal::start(pool.clone()),
            statistics: Statistics::new(),
            pool,
            home: Handle::current(),
        })
    }

    /// A connection. Whoever works in another runtime, such as one that gives way to everybody, has a new one opened at home: what
    /// wakes it stays there, for those who have it next.
    async fn connection(&self) -> Result<PoolConnection<sqlx::Postgres>> {
        if Handle::current().id() == self.home.id() {
            return self.pool.acquire().await.map_err(refusal);
        }
        let pool = self.pool.clone();
        let acquired = self.home.spawn(async move { pool.acquire().await }).await;
        acquired.map_err(|_| StoreError::Backend("the database did not open".into()))?.map_err(refusal)
    }

    /// Runs one reading statement.
    pub async fn rows(&self, sql: Sql, args: Vec<Arg>) -> Result<Vec<Row>> {
        Link::Postgres(&mut *self.connection().await?).rows(sql, args).await
    }

    /// Runs work of one writing statement. Events handed over before are durable first.
    pub async fn one<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T> {
        self.journal.settle().await?;
        work(&mut Link::Postgres(&mut *self.connection().await?)).await
    }

    /// Runs work of several statements in a transaction of its own. Events handed over before are durable first.
    pub async fn write<T: Send + 'static>(&self, shape: Shape, work: impl Work<T>) -> Result<T> {
        self.journal.settle().await?;
        let mut connection = self.connection().await?;
        let transaction = match shape {
            Shape::Bulk => connection.begin_with(BEGIN_BULK).await,
            _ => connection.begin().await,
        };
        let mut transaction = transaction.map_err(refusal)?;
        // An early return drops the transaction, which rolls it back.
        let result = work(&mut Link::Postgres(&mut transaction)).await?;
        transaction.commit().await.map_err(refusal)?;
        Ok(result)
    }

    /// Told how many people were written.
    pub async fn grew(&self, people: usize) -> Result<()> {
        self.statistics.grew(self.connection(), people).await
    }

    /// Hands over an event.
    pub fn record(&self, event: Recorded) {
        self.journal.record(event);
    }

    /// Waits until every event handed over so far is durable.
    pub async fn flush(&self) -> Result<()> {
        self.journal.settle().await
    }
}

fn plain_name(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

async fn migrate(connection: &mut PgConnection, schema: Option<&str>, known: &[Migration]) -> Result<()> {
    let mut transaction = connection.begin().await.map_err(refusal)?;
    raw_sql(MIGRATION_LOCK).execute(&mut *transaction).await.map_err(refusal)?;
    if let Some(schema) = schema {
        // Safe: `plain_name` held for it, and a name cannot be bound.
        let create = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""));
        raw_sql(create).execute(&mut *transaction).await.map_err(refusal)?;
    }
    raw_sql(migration::TABLE).execute(&mut *transaction).await.map_err(refusal)?;
    let applied = query(migration::APPLIED).fetch_all(&mut *transaction).await.map_err(refusal)?;
    let applied: Vec<(String, String)> = applied.iter().map(|row| (row.get(0), row.get(1))).collect();
    for migration in migration::left(known, &applied)? {
        raw_sql(migration.text).execute(&mut *transaction).await.map_err(refusal)?;
        let note = query(migration::NOTE).bind(migration.name).bind(migration.text);
        note.execute(&mut *transaction).await.map_err(refusal)?;
    }
    transaction.commit().await.map_err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_name_cannot_carry_sql() {
        assert!(plain_name("preau_2"));
        for bad in ["", "a\"; DROP TABLE person; --", "É", "A", &"a".repeat(64)] {
            assert!(!plain_name(bad), "{bad}");
        }
    }
}
