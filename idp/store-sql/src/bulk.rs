//! Many rows at once: multi-row statements on SQLite, arrays on PostgreSQL, from one description of the table.

use crate::link::{Arg, Link, refusal, sqlite_refusal, sqlite_rows, without_nul};
use preau_store::Result;
use sqlx::query;
use std::sync::OnceLock;

/// How the rows of one table are written.
pub(crate) struct Bulk {
    table: &'static str,
    columns: &'static [(&'static str, Kind)],
    /// What to do when a row is there already.
    on_conflict: &'static str,
    postgres: OnceLock<String>,
    /// By power of two of the number of rows, so that few texts serve every number and each is prepared once.
    sqlite: [OnceLock<String>; LARGEST + 1],
}

/// What a column holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Int,
}

/// At most 2⁸ = 256 rows in one statement of SQLite: beyond that, preparing and binding gain nothing.
const LARGEST: usize = 8;

impl Bulk {
    /// Describes rows of a table. Names and clauses are fixed texts of this crate, never values.
    pub const fn new(table: &'static str, columns: &'static [(&'static str, Kind)], on_conflict: &'static str) -> Self {
        Bulk {
            table,
            columns,
            on_conflict,
            postgres: OnceLock::new(),
            sqlite: [const { OnceLock::new() }; LARGEST + 1],
        }
    }

    /// Writes rows, given one after the other, column by column. Must stand inside a transaction when more than one
    /// statement may be needed.
    pub async fn write(&'static self, link: &mut Link<'_>, values: Vec<Arg>) -> Result<()> {
        debug_assert_eq!(values.len() % self.columns.len(), 0);
        if values.is_empty() {
            return Ok(());
        }
        match link {
            Link::Sqlite(connection) => {
                let mut left = values.len() / self.columns.len();
                let mut values = values.into_iter();
                while left > 0 {
                    let power = (left.ilog2() as usize).min(LARGEST);
                    left -= 1 << power;
                    let rows = values.by_ref().take(self.columns.len() << power).collect();
                    sqlite_rows(connection, self.sqlite_text(power), rows).map_err(sqlite_refusal)?;
                }
                Ok(())
            }
            Link::Postgres(connection) => {
                let mut columns: Vec<Column> = self.columns.iter().map(|(_, kind)| Column::new(*kind)).collect();
                for (place, value) in values.into_iter().enumerate() {
                    columns[place % self.columns.len()].push(value);
                }
                let mut statement = query::<sqlx::Postgres>(self.postgres_text());
                for column in columns {
                    statement = match column {
                        Column::Text(texts) => statement.bind(texts),
                        Column::Int(numbers) => statement.bind(numbers),
                    };
                }
                statement.execute(&mut **connection).await.map_err(refusal)?;
                Ok(())
            }
        }
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The text of SQLite for two to the `power` rows, at most [`LARGEST`].
    fn sqlite_text(&'static self, power: usize) -> &'static str {
        self.sqlite[power].get_or_init(|| {
            // Places without numbers: SQLite looks numbered ones up one by one, which costs the square of their number.
            let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
            let rows = vec![row; 1 << power];
            format!("INSERT INTO {} ({}) VALUES {} {}", self.table, self.names(), rows.join(", "), self.on_conflict)
        })
    }

    fn postgres_text(&'static self) -> &'static str {
        self.postgres.get_or_init(|| {
            let array = |(place, (_, kind)): (usize, &(&str, Kind))| match kind {
                Kind::Text => format!("${}::text[]", place + 1),
                Kind::Int => format!("${}::bigint[]", place + 1),
            };
            let arrays: Vec<String> = self.columns.iter().enumerate().map(array).collect();
            let (names, arrays) = (self.names(), arrays.join(", "));
            format!("INSERT INTO {} ({names}) SELECT * FROM unnest({arrays}) {}", self.table, self.on_conflict)
        })
    }
}

enum Column {
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
}

impl Column {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Column::Text(Vec::new()),
            Kind::Int => Column::Int(Vec::new()),
        }
    }

    fn push(&mut self, value: Arg) {
        match (self, value) {
            (Column::Text(column), Arg::Text(text)) => column.push(text.map(without_nul)),
            (Column::Int(column), Arg::Int(number)) => column.push(number),
            _ => unreachable!("a row fits the description of its table"),
        }
    }
}
