//! SQLite: one connection that writes, several that only read. Every commit is durable (WAL, `synchronous=FULL`).
//! How writes are gathered into commits is `writer`'s matter.

mod fleeting;
mod writer;

use crate::Options;
use crate::audit::Recorded;
use crate::back::Shape;
use crate::link::{Arg, Row, Work, refusal};
use crate::migration::{self, Migration};
pub(crate) use fleeting::Fleeting;
use preau_store::{Result, StoreError};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, SqlitePool, query, raw_sql};
use std::path::Path;
use writer::Writer;

/// Pages in the log before they are brought home: 16 MiB. A page that is written again and again in the meantime, as the
/// indexes are during a synchronisation, is brought home once.
const WAL_PAGES: &str = "4000";

/// A database in a file.
pub(crate) struct Sqlite {
    readers: SqlitePool,
    writer: Writer,
    /// Tickets that live for seconds.
    pub fleeting: Fleeting,
}

impl Sqlite {
    /// Opens the file, creating it for its owner alone when absent, and brings its tables up to date.
    pub async fn open(url: &str, options: &Options) -> Result<Self> {
        let connect = url.parse::<SqliteConnectOptions>().map_err(refusal)?;
        let path = connect.get_filename().to_owned();
        create(&path)?;
        let connect = connect
            .create_if_missing(false)
            .foreign_keys(true)
            .busy_timeout(options.patience)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let writing = connect.clone().journal_mode(SqliteJournalMode::Wal).pragma("wal_autocheckpoint", WAL_PAGES);
        let mut connection = writing.connect().await.map_err(refusal)?;
        migrate(&mut connection, migration::SQLITE).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.connections.unwrap_or_else(|| crate::cores() + 2).max(1))
            .min_connections(1)
            .acquire_timeout(options.patience)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect.read_only(true))
            .await
            .map_err(refusal)?;
        Ok(Sqlite { readers, writer: Writer::start(connection), fleeting: Fleeting::default() })
    }

    /// A connection that only reads: it sees everything committed before it is asked.
    pub async fn reader(&self) -> Result<PoolConnection<sqlx::Sqlite>> {
        self.readers.acquire().await.map_err(refusal)
    }

    /// Runs one writing statement, within the next commit.
    pub async fn change(&self, text: &'static str, args: Vec<Arg>) -> Result<Vec<Row>> {
        self.writer.change(text, args).await
    }

    /// Runs work of several statements that writes, within the next commit.
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
async fn migrate(connection: &mut SqliteConnection, known: &[Migration]) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(refusal)?;
    raw_sql(migration::TABLE).execute(&mut *transaction).await.map_err(refusal)?;
    let applied = query(migration::APPLIED).fetch_all(&mut *transaction).await.map_err(refusal)?;
    let applied: Vec<(String, String)> = applied.iter().map(|row| (row.get(0), row.get(1))).collect();
    for migration in migration::left(known, &applied)? {
        raw_sql(AssertSqlSafe(migration.text)).execute(&mut *transaction).await.map_err(refusal)?;
        let note = query(migration::NOTE).bind(migration.name).bind(migration.text);
        note.execute(&mut *transaction).await.map_err(refusal)?;
    }
    transaction.commit().await.map_err(refusal)
}
