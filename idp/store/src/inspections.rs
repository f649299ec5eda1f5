//! Inspectors' access to the spaces of teachers.

use crate::{Letter, Result};
use async_trait::async_trait;
use preau_domain::{Inspection, Instant, PersonId, Uai};

/// Which inspections are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectionsOf<'a> {
    /// What an inspector is granted.
    Inspector(&'a PersonId),
    /// Whose space a teacher's is.
    Teacher(&'a PersonId),
    /// What is granted in an establishment.
    Establishment(&'a Uai),
}

/// Inspections. Each ends by itself at its time: what the rules are told never hangs on a sweep.
#[async_trait]
pub trait Inspections: Send + Sync {
    /// Grants one. `Conflict` if its name is taken, or if the inspector has one of the same teacher in the same service that is not over:
    /// none is prolonged, and among concurrent callers exactly one grants it. The letter by which the teacher hears of it is kept in the same
    /// stroke, where there is one.
    async fn grant_inspection(&self, inspection: &Inspection, letter: Option<&Letter>, now: Instant) -> Result<()>;

    /// The inspection of that name, over or not.
    async fn inspection(&self, id: &str) -> Result<Option<Inspection>>;

    /// Inspections that end after that instant, those that end last first, at most `limit`; one that was ended before its time is over since
    /// then.
    async fn inspections(&self, of: InspectionsOf<'_>, after: Instant, limit: u32) -> Result<Vec<Inspection>>;

    /// Ends one before its time: it is over at `now`, and the sessions and tokens of the inspector fall in the same stroke, so that the
    /// service hears of it, and the letter is kept by which the teacher does; the one named `granted`, which said that it holds, is not sent any
    /// more where it waits. Says whether it was not over; of one that was nothing is kept.
    async fn end_inspection(&self, id: &str, letter: Option<&Letter>, granted: &str, now: Instant) -> Result<bool>;

    /// Takes note of those whose time is over, at most `limit`: sessions and tokens of their inspectors fall in the same stroke, so that
    /// services hear of it. Each is given once, whoever asks. Forgets those that were over long before.
    async fn end_due_inspections(&self, now: Instant, limit: u32) -> Result<Vec<Inspection>>;
}
