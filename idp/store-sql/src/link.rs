//! One connection, whichever database is behind it: a statement and its values go in, rows come out. Also the only place
//! where a database's error becomes the port's.

use futures::future::BoxFuture;
use preau_domain::Instant;
use preau_store::{Result, StoreError};
use sqlx::error::ErrorKind;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, SqlSafeStr, query};

/// A statement: one text for both, or one each where locking or lists differ.
#[derive(Clone, Copy)]
pub(crate) enum Sql {
    Both(&'static str),
    Each { sqlite: &'static str, postgres: &'static str },
}

impl Sql {
    /// The text for SQLite.
    pub fn sqlite(self) -> &'static str {
        match self {
            Sql::Both(text) | Sql::Each { sqlite: text, .. } => text,
        }
    }

    /// The text for PostgreSQL.
    pub fn postgres(self) -> &'static str {
        match self {
            Sql::Both(text) | Sql::Each { postgres: text, .. } => text,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Sql::Both(text)
    }
}

/// A value to bind.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    /// A list of texts: JSON on SQLite, an array on PostgreSQL.
    Texts(Vec<String>),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Arg::Text(Some(text.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Arg::Text(Some(text))
    }
}

impl From<Option<&str>> for Arg {
    fn from(text: Option<&str>) -> Self {
        Arg::Text(text.map(str::to_owned))
    }
}

impl From<Instant> for Arg {
    fn from(at: Instant) -> Self {
        Arg::Int(Some(at.0))
    }
}

impl From<Option<Instant>> for Arg {
    fn from(at: Option<Instant>) -> Self {
        Arg::Int(at.map(|at| at.0))
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Arg::Int(Some(number))
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Arg::Int(Some(i64::from(number)))
    }
}

impl From<Vec<String>> for Arg {
    fn from(texts: Vec<String>) -> Self {
        Arg::Texts(texts)
    }
}

/// The values of a statement, in the order of its `$1`, `$2`, ….
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::link::Arg::from($value)),*] };
}
pub(crate) use args;

/// A connection that runs statements. On the writing side it stands inside a transaction when there are several.
pub(crate) enum Link<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Work that runs over a connection.
pub(crate) trait Work<T>:
    for<'l, 'c> FnOnce(&'l mut Link<'c>) -> BoxFuture<'l, Result<T>> + Send + 'static
{
}

impl<T, W> Work<T> for W where W: for<'l, 'c> FnOnce(&'l mut Link<'c>) -> BoxFuture<'l, Result<T>> + Send + 'static {}

impl Link<'_> {
    /// Runs a statement to its end and gives back its rows. A unique name that is taken, or a session that is gone under
    /// a ticket, is `Conflict`.
    pub async fn rows(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Vec<Row>> {
        let sql = sql.into();
        let text = match self {
            Link::Sqlite(_) => sql.sqlite(),
            Link::Postgres(_) => sql.postgres(),
        };
        match self {
            Link::Sqlite(connection) => sqlite_rows(connection, text, args).await.map_err(refusal),
            Link::Postgres(connection) => {
                let mut statement = query::<sqlx::Postgres>(text);
                for arg in args {
                    statement = match arg {
                        Arg::Text(text) => statement.bind(text.map(without_nul)),
                        Arg::Int(number) => statement.bind(number),
                        Arg::Texts(texts) => statement.bind(texts.into_iter().map(without_nul).collect::<Vec<_>>()),
                    };
                }
                let rows = statement.fetch_all(&mut **connection).await.map_err(refusal)?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a statement that gives at most one row.
    pub async fn row(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.pop())
    }
}

/// Runs a text of one or several statements on SQLite, which share the values, and gives back the rows of all.
pub(crate) async fn sqlite_rows(
    connection: &mut SqliteConnection,
    text: impl SqlSafeStr,
    args: Vec<Arg>,
) -> sqlx::Result<Vec<Row>> {
    let mut statement = query::<sqlx::Sqlite>(text);
    for arg in args {
        statement = match arg {
            Arg::Text(text) => statement.bind(text),
            Arg::Int(number) => statement.bind(number),
            Arg::Texts(texts) => statement.bind(serde_json::json!(texts).to_string()),
        };
    }
    let rows = statement.fetch_all(connection).await?;
    Ok(rows.into_iter().map(Row::Sqlite).collect())
}

/// PostgreSQL knows no character zero in a text and would fail the statement; a name that holds one names nobody, so it
/// becomes a character no name of the house holds.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The text in a column that is never null.
    pub fn text(&self, column: usize) -> Result<&str> {
        match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        }
        .map_err(refusal)
    }

    /// The text in a column that may be null.
    pub fn text_or_none(&self, column: usize) -> Result<Option<&str>> {
        match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        }
        .map_err(refusal)
    }

    /// The number in a column that is never null.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        }
        .map_err(refusal)
    }

    /// The number in a column that may be null.
    pub fn int_or_none(&self, column: usize) -> Result<Option<i64>> {
        match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        }
        .map_err(refusal)
    }

    /// The instant in a column that is never null.
    pub fn instant(&self, column: usize) -> Result<Instant> {
        self.int(column).map(Instant)
    }
}

/// What a database's error means to a caller. Neither database puts bound values into the messages kept here.
pub(crate) fn refusal(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(refused) => match refused.kind() {
            ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation => StoreError::Conflict,
            _ => StoreError::Backend(match refused.code() {
                Some(code) => format!("{} (code {code})", refused.message()),
                None => refused.message().to_owned(),
            }),
        },
        _ => StoreError::Backend(error.to_string()),
    }
}
