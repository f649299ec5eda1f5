//! SQLite: one connection that writes, several that only read. Every commit is durable (WAL, `synchronous=FULL`).
//! How writes are gathered into commits is `writer`'s matter, who reads on which connection that of `readers`.
//!
//! The engine is called through `rusqlite`, on the thread that asks or on the writer's own: a statement costs less than a
//! journey to another thread ([ADR 0010](../../../../docs/adr/0010-rusqlite-for-sqlite.md)).

mod access;
mod attempts;
mod fleeting;
mod log;
mod readers;
mod turn;
mod writer;

use crate::Options;
use crate::audit::Recorded;
use crate::back::Shape;
use crate::link::{Arg, Row, Work, sqlite_refusal};
use crate::migration::{self, Migration};
pub(crate) use access::{AccessTokens, Held, Reserved};
pub(crate) use attempts::{Attempts, Counter, Left};
pub(crate) use fleeting::Fleeting;
use preau_store::{Result, StoreError};
use readers::Readers;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// Statements kept prepared by each connection: more than the crate has.
const PREPARED: usize = 256;

/// A database in a file.
pub(crate) struct Sqlite {
    readers: Arc<Readers>,
    writer: Writer,
    /// Tickets that live for seconds.
    pub fleeting: Fleeting,
    /// Access tokens.
    pub access: AccessTokens,
    /// Attempts under way.
    pub attempts: Arc<Attempts>,
}

impl Sqlite {
    /// Opens the file, creating it for its owner alone when absent, and brings its tables up to date.
    pub async fn open(url: &str, options: &Options) -> Result<Self> {
        let path = file(url)?;
        let kept = options.connections.unwrap_or_else(|| crate::cores() + 2).max(1);
        let patience = options.patience;
        // Another process may hold the lock of writers for as long as we have patience.
        let opened = tokio::task::spawn_blocking(move || {
            let writing = open_to_write(&path, patience)?;
            Ok((writing, Readers::open(path, patience, kept as usize)?))
        });
        let (writing, readers) =
            opened.await.map_err(|_| StoreError::Backend("the database did not open".into()))??;
        Ok(Sqlite {
            readers: Arc::new(readers),
            writer: Writer::start(writing, patience)?,
            fleeting: Fleeting::default(),
            access: AccessTokens::default(),
            attempts: Arc::default(),
        })
    }

    /// Runs one reading statement: it sees everything committed before it is asked.
    pub fn rows(&self, text: &str, args: Vec<Arg>) -> Result<Vec<Row>> {
        self.readers.rows(text, args)
    }

    /// The same on a thread that may be busy for long.
    pub async fn many_rows(&self, text: &'static str, args: Vec<Arg>) -> Result<Vec<Row>> {
        let readers = Arc::clone(&self.readers);
        let read = tokio::task::spawn_blocking(move || readers.rows(text, args));
        read.await.map_err(|_| StoreError::Backend("the database was not read to the end".into()))?
    }

    /// Runs work that writes, within the next commit.
    pub async fn write<T: Send + 'static>(&self, shape: Shape, work: impl Work<T>) -> Result<T> {
        self.writer.write(shape, work).await
    }

    /// Hands over an event for the next commit.
    pub fn record(&self, event: Recorded) {
        self.writer.record(event);
    }

    /// Waits for the commit of everything handed over so far.
    pub async fn flush(&self) -> Result<()> {
        self.writer.write(Shape::Checked, |_| Box::pin(async { Ok(()) })).await
    }
}

/// The file an address names, as it is written there: no character of it stands for another.
fn file(url: &str) -> Result<PathBuf> {
    let file = url.strip_prefix("sqlite://").unwrap_or_default();
    if file.is_empty() || file.starts_with(':') || file.contains(['?', '%']) {
        return Err(StoreError::Backend("a SQLite address is sqlite:// and a file, without ? and %".into()));
    }
    Ok(PathBuf::from(file))
}

/// Opens a connection to a file that is there.
fn connect(path: &Path, access: OpenFlags, patience: Duration) -> Result<Connection> {
    let open = || {
        // Each connection is used by one thread at a time: no lock of its own.
        let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(patience)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Without it a statement is prepared again whenever the value behind its LIMIT changes.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    };
    open().map_err(sqlite_refusal)
}

fn open_to_write(path: &Path, patience: Duration) -> Result<Connection> {
    create(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?;
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    let mode = mode.map_err(sqlite_refusal)?;
    if mode != "wal" {
        return Err(StoreError::Backend(format!("the database keeps a journal of kind {mode}, not a log")));
    }
    connection.pragma_update(None, "wal_autocheckpoint", log::PAGES).map_err(sqlite_refusal)?;
    migrate(&mut connection, migration::SQLITE)?;
    Ok(connection)
}

/// Creates an absent file so that nobody but its owner reads it; the files SQLite puts beside it take the same rights.
fn create(path: &Path) -> Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Backend(format!("cannot create {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// Several processes may open one file at once: the lock of writers is taken before the tables are looked at.
fn migrate(connection: &mut Connection, known: &[Migration]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite_refusal)?;
    transaction.execute_batch(migration::TABLE).map_err(sqlite_refusal)?;
    let applied = {
        let mut statement = transaction.prepare(migration::APPLIED).map_err(sqlite_refusal)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(sqlite_refusal)?;
        rows.collect::<rusqlite::Result<Vec<(String, String)>>>().map_err(sqlite_refusal)?
    };
    for migration in migration::left(known, &applied)? {
        transaction.execute_batch(migration.text).map_err(sqlite_refusal)?;
        transaction.execute(migration::NOTE, [migration.name, migration.text]).map_err(sqlite_refusal)?;
    }
    transaction.commit().map_err(sqlite_refusal)
}

/// Runs a statement that has neither values nor rows.
fn execute(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(text)?.raw_execute().map(drop)
}

#[cfg(test)]
mod tests;
