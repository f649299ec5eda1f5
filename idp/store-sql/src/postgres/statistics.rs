//! What the planner of the server knows of the tables a run fills.
//!
//! A table that was empty a moment ago has no statistics, and the server gathers them by itself a minute later at the soonest. Until
//! then it takes a source for a few rows and reads them all, for every batch of people: the time of a first import grew with the
//! square of its people. So whoever writes many rows has them gathered as the table grows.

use crate::link::refusal;
use preau_store::Result;
use sqlx::pool::PoolConnection;
use sqlx::{Postgres, query};
use std::sync::atomic::{AtomicI64, Ordering};

/// After so many rows the planner is told for the first time; then after so many times as many.
const FIRST: i64 = 1_000;
const TIMES: i64 = 10;

/// More rows than the statistics know of: a table that was never looked at has −1.
const BEHIND: &str = "SELECT 1 FROM pg_class WHERE oid = 'person'::regclass AND reltuples < $1";
/// Whoever looks at a table already is not waited for: the statistics are theirs.
const GATHER: &str = "ANALYZE (SKIP_LOCKED) person, enrolled, establishment";

/// How many people this process wrote.
pub(super) struct Statistics {
    written: AtomicI64,
    due: AtomicI64,
}

impl Statistics {
    pub fn new() -> Self {
        Statistics { written: AtomicI64::new(0), due: AtomicI64::new(FIRST) }
    }

    /// Counts rows that were committed; has the statistics gathered, over a connection asked for then, when they are far behind.
    pub async fn grew(
        &self,
        connection: impl Future<Output = Result<PoolConnection<Postgres>>>,
        rows: usize,
    ) -> Result<()> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let written = self.written.fetch_add(rows, Ordering::Relaxed).saturating_add(rows);
        let due = self.due.load(Ordering::Relaxed);
        if written < due || self.due.fetch_max(written.saturating_mul(TIMES), Ordering::Relaxed) != due {
            return Ok(());
        }
        let mut connection = connection.await?;
        let behind = query(BEHIND).bind(written).fetch_optional(&mut *connection).await.map_err(refusal)?;
        if behind.is_some() {
            query(GATHER).execute(&mut *connection).await.map_err(refusal)?;
        }
        Ok(())
    }
}
