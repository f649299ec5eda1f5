//! One connection, whichever database is behind it: a statement and its values go in, rows come out. Also the only place
//! where a database's error becomes the port's.

use futures::future::BoxFuture;
use preau_domain::Instant;
use preau_store::{Result, StoreError};
use rusqlite::CachedStatement;
use rusqlite::types::Value;
use sqlx::error::ErrorKind;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{Row as _, query};

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
///
/// SQLite answers at once, on the thread that asks: work over it never waits.
pub(crate) enum Link<'c> {
    Sqlite(&'c mut rusqlite::Connection),
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
            Link::Sqlite(connection) => sqlite_rows(connection, text, args).map_err(sqlite_refusal),
            Link::Postgres(connection) => {
                let rows = bound(text, args).fetch_all(&mut **connection).await.map_err(refusal)?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a statement that gives back no rows; says how many it added, changed or took away. What SQLite gives back it
    /// gathers in a table of its own first, which costs as much as the write.
    pub async fn changed(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<u64> {
        let sql = sql.into();
        match self {
            Link::Sqlite(connection) => sqlite_changed(connection, sql.sqlite(), args).map_err(sqlite_refusal),
            Link::Postgres(connection) => {
                let done = bound(sql.postgres(), args).execute(&mut **connection).await.map_err(refusal)?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Whether nobody else writes until the commit: on SQLite, which has one writer.
    pub fn writes_alone(&self) -> bool {
        matches!(self, Link::Sqlite(_))
    }

    /// Runs a statement that gives at most one row.
    pub async fn row(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.pop())
    }
}

/// A statement of PostgreSQL with its values.
fn bound(text: &'static str, args: Vec<Arg>) -> Query<'static, sqlx::Postgres, PgArguments> {
    args.into_iter().fold(query::<sqlx::Postgres>(text), |statement, arg| match arg {
        Arg::Text(text) => statement.bind(text.map(without_nul)),
        Arg::Int(number) => statement.bind(number),
        Arg::Texts(texts) => statement.bind(texts.into_iter().map(without_nul).collect::<Vec<_>>()),
    })
}

/// A statement of SQLite with its values. It is prepared once for each connection.
fn prepared<'c>(
    connection: &'c rusqlite::Connection,
    text: &str,
    args: &[Arg],
) -> rusqlite::Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(text)?;
    // A place `$3` is a name to SQLite, which numbers places as it meets them; one without a name has its own number.
    for place in 1..=statement.parameter_count() {
        let named = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        match args.get(named.unwrap_or(place) - 1) {
            Some(Arg::Text(text)) => statement.raw_bind_parameter(place, text.as_deref())?,
            Some(Arg::Int(number)) => statement.raw_bind_parameter(place, number)?,
            Some(Arg::Texts(texts)) => statement.raw_bind_parameter(place, serde_json::json!(texts).to_string())?,
            None => return Err(rusqlite::Error::InvalidParameterCount(args.len(), statement.parameter_count())),
        }
    }
    Ok(statement)
}

/// Runs one statement on SQLite that gives back no rows.
fn sqlite_changed(connection: &rusqlite::Connection, text: &str, args: Vec<Arg>) -> rusqlite::Result<u64> {
    prepared(connection, text, &args)?.raw_execute().map(|count| count as u64)
}

/// Runs one statement on SQLite and gives back its rows.
pub(crate) fn sqlite_rows(connection: &rusqlite::Connection, text: &str, args: Vec<Arg>) -> rusqlite::Result<Vec<Row>> {
    let mut statement = prepared(connection, text, &args)?;
    let width = statement.column_count();
    let (mut found, mut rows) = (Vec::new(), statement.raw_query());
    while let Some(row) = rows.next()? {
        found.push(Row::Sqlite((0..width).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?));
    }
    Ok(found)
}

/// PostgreSQL knows no character zero in a text and would fail the statement; a name that holds one names nobody, so it
/// becomes a character no name of the house holds.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A row of an answer.
pub(crate) enum Row {
    Sqlite(Vec<Value>),
    Postgres(PgRow),
}

impl Row {
    /// The text in a column that is never null.
    pub fn text(&self, column: usize) -> Result<&str> {
        self.text_or_none(column)?.ok_or_else(|| unfit(column))
    }

    /// The text in a column that may be null.
    pub fn text_or_none(&self, column: usize) -> Result<Option<&str>> {
        match self {
            Row::Sqlite(values) => match values.get(column) {
                Some(Value::Text(text)) => Ok(Some(text)),
                Some(Value::Null) => Ok(None),
                _ => Err(unfit(column)),
            },
            Row::Postgres(row) => row.try_get(column).map_err(refusal),
        }
    }

    /// The number in a column that is never null.
    pub fn int(&self, column: usize) -> Result<i64> {
        self.int_or_none(column)?.ok_or_else(|| unfit(column))
    }

    /// The number in a column that may be null.
    pub fn int_or_none(&self, column: usize) -> Result<Option<i64>> {
        match self {
            Row::Sqlite(values) => match values.get(column) {
                Some(Value::Integer(number)) => Ok(Some(*number)),
                Some(Value::Null) => Ok(None),
                _ => Err(unfit(column)),
            },
            Row::Postgres(row) => row.try_get(column).map_err(refusal),
        }
    }

    /// The instant in a column that is never null.
    pub fn instant(&self, column: usize) -> Result<Instant> {
        self.int(column).map(Instant)
    }
}

fn unfit(column: usize) -> StoreError {
    StoreError::Backend(format!("column {column} of an answer does not hold what was expected"))
}

/// What an error of PostgreSQL means to a caller. Neither database puts bound values into the messages kept here.
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

/// What an error of SQLite means to a caller.
pub(crate) fn sqlite_refusal(error: rusqlite::Error) -> StoreError {
    if sqlite_conflicts(&error) {
        return StoreError::Conflict;
    }
    StoreError::Backend(match &error {
        rusqlite::Error::SqliteFailure(code, message) => {
            let message = message.clone().unwrap_or_else(|| code.to_string());
            format!("{message} (code {})", code.extended_code)
        }
        _ => error.to_string(),
    })
}

/// Whether a statement was refused for a unique name that is taken or a row that is not there: nothing was written by it.
pub(crate) fn sqlite_conflicts(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_FOREIGNKEY | SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE))
}
