//! The storage port: what the house asks of a database, in its own words.
//!
//! Owns the traits, their promises and [`StoreError`]. The two back ends live in `idp/store-sql`; the promises are
//! checked on both by `tests/contract`, so a method without a case there does not exist.
//!
//! **Operations, not transactions.** Every method is atomic and durable by itself when it returns: either all of it
//! happened or none. What must happen together is one method (`begin_session`, `end_session`, `issue_ticket`). This is
//! what lets a back end put the writes of many requests into one commit; no caller ever holds a transaction open.
//! Absent is `Option::None`, never an error. A unique name that is taken is [`StoreError::Conflict`].
//! Instants are arguments: no back end reads a clock.

mod activations;
mod audit;
mod cards;
mod factors;
mod federation;
mod grants;
mod hosting;
mod inspections;
mod kept;
mod letters;
mod life;
mod marks;
mod operations;
mod outbox;
mod pairings;
mod people;
mod provisioning;
mod registrations;
mod sessions;
mod shortcuts;
mod signing_keys;
mod throttle;
mod tickets;

pub use activations::{Activations, KeptBirth};
pub use audit::{Audit, MOST_OF_A_REQUEST};
pub use cards::Cards;
pub use factors::{BoundTo, FactorUse, Factors};
pub use federation::{Links, Upstreams};
pub use grants::{Grants, Rotation};
pub use hosting::{
    Admission, Admitted, ConventionsAt, Conversion, Departed, DueGuests, GuestsOf, Hosted, Hosting, ListsOf,
    MOST_LISTS_A_DAY, NewGuest, StopsOf,
};
pub use inspections::{Inspections, InspectionsOf};
pub use kept::Keeping;
pub use letters::{Answer, Letter, Letters, TakenLetter, WaitingLetters};
pub use life::{Aged, Lives};
pub use marks::{Marked, Marks, StoredMark};
pub use operations::{Health, Operations, Swept};
pub use outbox::{Notice, Outbox, TOLD_TO_ONE, YetToHear};
pub use pairings::{Alike, Common, Held, Pair, Pairable, Pairings, SaidBy};
pub use people::{Caller, Establishments, Ousted, People};
pub use provisioning::{
    IndexRow, PersonChange, Provisioning, RecordName, RunOutcome, RunRecord, SharedLogin, SourceRecord, Told, UndoPart,
    Undoable, Undone,
};
pub use registrations::{OpeningChange, Registrations};
pub use sessions::{Ending, NewSession, ProvedBy, Sessions, SignIns};
pub use shortcuts::Shortcuts;
pub use signing_keys::SigningKeys;
pub use throttle::{Attempt, Delays, Throttle};
pub use tickets::{TICKETS_OF_ONE, Tickets};

use thiserror::Error;

/// What a caller can do about a failed operation.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The name is taken, or the thing changed under the caller's hands: nothing was written.
    #[error("conflict")]
    Conflict,
    /// The database did not do it. The caller denies, and says so to the person; retrying is the person's choice.
    #[error("storage: {0}")]
    Backend(String),
    /// The database takes no write any more from this process, which has seen its disk fail under a commit: only a new
    /// process may write again.
    #[error("storage: the database is closed for writing")]
    Closed,
}

/// Result of a storage operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Everything the house stores. Callers take the narrowest trait that serves them.
pub trait Store:
    People
    + Establishments
    + Lives
    + Pairings
    + Provisioning
    + Sessions
    + SignIns
    + Tickets
    + Outbox
    + Keeping
    + Grants
    + Hosting
    + Inspections
    + Marks
    + SigningKeys
    + Links
    + Upstreams
    + Registrations
    + Shortcuts
    + Factors
    + Activations
    + Cards
    + Letters
    + Throttle
    + Audit
    + Operations
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: People
        + Establishments
        + Lives
        + Pairings
        + Provisioning
        + Sessions
        + SignIns
        + Tickets
        + Outbox
        + Keeping
        + Grants
        + Hosting
        + Inspections
        + Marks
        + SigningKeys
        + Links
        + Upstreams
        + Registrations
        + Shortcuts
        + Factors
        + Activations
        + Cards
        + Letters
        + Throttle
        + Audit
        + Operations
        + Send
        + Sync
{
}
