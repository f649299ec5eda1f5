//! The life of an account: how a source fills the house, and what stops a broken source from emptying it.
//!
//! Four steps, each in its own module and each done before the next begins:
//!
//! 1. **snapshot** (`snapshot`): the directory is read once, to its end, in bounded memory. A record whose digest is the
//!    one stored is dropped on the spot; the others wait in a spool file that has no name and dies with the process.
//! 2. **plan** (`plan`, pure): what would be created, changed, suspended, and what does not fit.
//! 3. **guard** (`guard`, pure): may this plan be applied? A source that lost a school by mistake is held here.
//! 4. **apply** (`apply`): establishments, then people in batches, then suspensions. Each batch is atomic and tells the
//!    next run what it did, so that a run killed anywhere converges when it is run again.
//!
//! Where a source tells what changed, a run reads only that (`delta`) and weighs it by what the run before left (`state`); plan,
//! guard and apply are the same.
//!
//! Whom several sources know is one account (`pairing`): by a key that the configuration allows, or because somebody said so. Each record keeps a row of its
//! own all the same, which the runs of its source plan, weigh, write and undo without looking at any other.
//!
//! And a way back: **undo** (`undo`) puts people and establishments back as they were before a run, for thirty days.
//!
//! A source that the configuration names no more is read as one that holds nobody (`retire`).
//!
//! Reading a foreign system is `connectors/*`; storing is `idp/store`. Nothing here deletes an account: time does, see
//! `preau_domain::Life`. What no service needs of a profile is not stored (`withheld`), and of a date of birth a code alone (`births`).

mod apply;
mod births;
mod config;
mod delta;
mod digest;
#[cfg(test)]
mod flows;
mod guard;
mod index;
mod lease;
mod pairing;
mod plan;
mod progress;
mod report;
mod retire;
mod snapshot;
mod spool;
mod state;
mod synchronise;
mod undo;
mod withheld;

pub use births::BirthCodes;
pub use config::{LinkConfig, PrecedenceConfig, SyncConfig};
pub use guard::{MOVED_PERCENT, Reason, Thresholds, Verdict, Waiting, guard, waiting};
pub use pairing::{KeyRule, Proposal, Side, Why, proposals, reasons};
pub use plan::{Gain, Plan, ProfileLoss, SchoolLoss};
pub use progress::{Phase, Progress, Silent};
pub use report::{DeltaCounts, EstablishmentCounts, PeopleCounts, REJECTED_KEPT, RejectedCounts, Report, SHARED_KEPT};
pub use retire::Nobody;
pub use synchronise::{Options, SyncContext, SyncError, SyncStore, goes_on_from, synchronise};
pub use undo::{UndoReport, undo, undoable};
pub use withheld::Withheld;
