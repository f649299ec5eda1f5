//! The store itself: which database it is, and how reading and writing reach it.

use crate::chain::Writing;
use crate::link::{Arg, Row, Sql, Work};
use crate::postgres::Postgres;
use crate::sign_ins::Bound;
use crate::sqlite::{AccessTokens, Fleeting, Sqlite};
use preau_domain::{Precedence, SessionId};
use preau_store::Result;
use std::sync::atomic::AtomicU32;

/// Either back end. The traits of the port are implemented on it, one file each.
pub(crate) struct Back {
    pub base: Base,
    /// The chain of the events this process records.
    pub chain: Option<Writing>,
    /// How many sign-ins may be under way.
    pub sign_ins: Bound,
    /// How many documents of one kind a service may have.
    pub kept_of_one: Bound,
    /// And all services together.
    pub kept_of_all: u32,
    /// Whose word counts first of a person whom several sources know.
    pub precedence: Precedence,
    /// Visits this process wrote.
    pub visits: AtomicU32,
}

/// Which database it is.
pub(crate) enum Base {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// What a write may meet, which says how much it takes to make it all or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It is one statement.
    One,
    /// Only the first statement can conflict, when nothing has been written yet.
    Checked,
    /// Any of them may conflict.
    Several,
    /// The same, of a run that is made again if it does not come to its end. Nobody waits for the disk: it is there for everybody
    /// at once, and durable with the next write that is waited for.
    Bulk,
}

impl Back {
    /// Where tickets of seconds are kept in memory: on SQLite, whose file belongs to one server.
    pub fn fleeting(&self) -> Option<&Fleeting> {
        match &self.base {
            Base::Sqlite(sqlite) => Some(&sqlite.fleeting),
            Base::Postgres(_) => None,
        }
    }

    /// Where access tokens are kept in memory, for the same reason.
    pub fn access_tokens(&self) -> Option<&AccessTokens> {
        match &self.base {
            Base::Sqlite(sqlite) => Some(&sqlite.access),
            Base::Postgres(_) => None,
        }
    }

    /// How many writes of [`Shape::Bulk`] go on at once. Over PostgreSQL one is prepared here while the other is made there; more
    /// would only take connections from those who sign in.
    pub fn bulk_writers(&self) -> usize {
        match &self.base {
            Base::Sqlite(_) => 1,
            Base::Postgres(_) => 2,
        }
    }

    /// Forgets the tickets in memory of sessions that ended.
    pub fn forget_tickets(&self, sessions: &[SessionId]) {
        if let Some(fleeting) = self.fleeting() {
            sessions.iter().for_each(|session| fleeting.end_session(session));
        }
    }

    /// Runs one reading statement.
    pub async fn rows(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Vec<Row>> {
        match &self.base {
            Base::Sqlite(sqlite) => sqlite.rows(sql.into().sqlite(), args),
            // Boxed, here and below: what waits for PostgreSQL is large, and nobody over SQLite should carry it around.
            Base::Postgres(postgres) => Box::pin(postgres.rows(sql.into(), args)).await,
        }
    }

    /// Runs one reading statement that looks at many rows. On SQLite it holds up no other request meanwhile.
    pub async fn many_rows(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Vec<Row>> {
        match &self.base {
            Base::Sqlite(sqlite) => sqlite.many_rows(sql.into().sqlite(), args).await,
            Base::Postgres(postgres) => Box::pin(postgres.rows(sql.into(), args)).await,
        }
    }

    /// Runs one reading statement that gives at most one row.
    pub async fn row(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.pop())
    }

    /// Runs one writing statement and gives back its rows; what it returns is durable when this returns.
    pub async fn change(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Vec<Row>> {
        let sql = sql.into();
        self.write(Shape::One, move |link| Box::pin(link.rows(sql, args))).await
    }

    /// Runs one writing statement that gives back no rows; how many it wrote is durable when this returns.
    pub async fn changed(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<u64> {
        let sql = sql.into();
        self.write(Shape::One, move |link| Box::pin(link.changed(sql, args))).await
    }

    /// Runs work of several statements that writes: all of it is durable when this returns, or nothing of it happened. Of
    /// [`Shape::Bulk`], all of it is there, or nothing of it happened.
    pub async fn write<T: Send + 'static>(&self, shape: Shape, work: impl Work<T>) -> Result<T> {
        match &self.base {
            Base::Sqlite(sqlite) => sqlite.write(shape, work).await,
            Base::Postgres(postgres) if shape == Shape::One => Box::pin(postgres.one(work)).await,
            Base::Postgres(postgres) => Box::pin(postgres.write(shape, work)).await,
        }
    }

    /// Told how many people were written at once: a database that plans by what it knows of its tables is to know of them.
    pub async fn grew(&self, people: usize) -> Result<()> {
        match &self.base {
            Base::Sqlite(_) => Ok(()),
            Base::Postgres(postgres) => Box::pin(postgres.grew(people)).await,
        }
    }
}
