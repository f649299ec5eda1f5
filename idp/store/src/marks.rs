//! Marks that tools keep here, and the names by which they know people.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Instant, OneTimeKey, PersonId};

/// A mark of somebody in a column of a tool; what it says is its writer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMark {
    /// The column.
    pub column: OneTimeKey,
    /// What the tool calls the person.
    pub user: String,
    /// The person: it goes with them. Empty where nobody knows whose it is, until somebody looked ([`Marks::name_marks`]).
    pub person: PersonId,
    /// When the tool says it was.
    pub at: Instant,
    /// What it says.
    pub doc: String,
    /// After this it is forgotten.
    pub expires: Instant,
}

/// What became of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It is kept, in place of an earlier one of that person.
    Kept,
    /// A later one is there, and stays.
    Overtaken,
    /// The column has as many as it may have.
    Full,
}

/// Marks. One that expired at or before `now` is absent, whether or not a sweep has passed.
#[async_trait]
pub trait Marks: Send + Sync {
    /// Keeps a mark. Of several of one person in one column the latest stays, whatever the order they come in; where `most` is said a column
    /// has at most so many people, and a few more where many come at once. Without it nobody is counted.
    async fn put_mark(&self, mark: &StoredMark, most: Option<u32>, now: Instant) -> Result<Marked>;

    /// The mark of somebody, by what the tool calls them.
    async fn mark(&self, column: &OneTimeKey, user: &str, now: Instant) -> Result<Option<StoredMark>>;

    /// Marks of a column in the order of what the tool calls people, from the one after `after` on, at most `limit`.
    async fn marks(&self, column: &OneTimeKey, after: &str, limit: u32, now: Instant) -> Result<Vec<StoredMark>>;

    /// Says whose those marks of a column are that name nobody, by what the tool calls people; one that names somebody stays theirs. Gives the
    /// number of those that are named now.
    async fn name_marks(&self, column: &OneTimeKey, names: &[(String, PersonId)]) -> Result<u64>;

    /// Forgets the marks of a column; says how many there were.
    async fn forget_marks(&self, column: &OneTimeKey) -> Result<u64>;
}
