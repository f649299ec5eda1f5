//! How a source understands its files, for a person who looks before anything is written.

use crate::{PersonRecord, Rejected, Unavailable};
use async_trait::async_trait;
use serde::Serialize;

/// A file, and what would be made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FilePreview {
    /// Which, as the settings name it.
    pub file: String,
    /// Whom it is about.
    pub people: &'static str,
    /// Why it cannot be read, when it cannot.
    pub trouble: Option<String>,
    /// How it writes letters.
    pub encoding: &'static str,
    /// What stands between its cells.
    pub separator: char,
    /// Rows below its headings.
    pub rows: u64,
    /// Its columns, in their order.
    pub columns: Vec<ColumnPreview>,
    /// What it cannot do without and no column seems to hold.
    pub missing: Vec<&'static str>,
    /// The first people in it.
    pub first: Vec<PersonPreview>,
    /// How many rows do not fit.
    pub rejected_rows: u64,
    /// The first of them, each with its line and its reason.
    pub rejected: Vec<Rejected>,
    /// The line of the settings that says so: to be looked at, and put there.
    pub settings: String,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnPreview {
    /// Its heading, safe to show.
    pub heading: String,
    /// What it is read as; `None` when it is not read.
    pub read_as: Option<&'static str>,
    /// Whether that is a guess: a synchronisation goes by the settings alone.
    pub guessed: bool,
}

/// Somebody in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonPreview {
    /// The line of the file they begin on.
    pub line: u64,
    /// Who they would be.
    pub person: PersonRecord,
}

/// Shows how it understands its files. Writes nothing.
#[async_trait]
pub trait Preview: Send + Sync {
    /// Every file, with at most `people` people and `people` rejected rows of each.
    async fn preview(&self, people: usize) -> Result<Vec<FilePreview>, Unavailable>;
}
