//! What time does to accounts whose person is entitled to nothing any more.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Instant, Life, PersonId, Retention};

/// What time did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aged {
    /// How many are counted from now on: they were suspended since the last time.
    pub counted: u64,
    /// Of whom everything went but the name of the account and its join key.
    pub predeleted: Vec<PersonId>,
    /// Of whom nothing is left but a name that nobody is given again.
    pub purged: Vec<PersonId>,
}

/// The lives of accounts: the transitions of [`preau_domain::Life`] that no reading makes. Those that one makes, or the undoing of one,
/// are of [`crate::Provisioning`].
#[async_trait]
pub trait Lives: Send + Sync {
    /// Where an account stands, whether or not it is stopped by hand. Absent when there is none, or none any more.
    async fn life(&self, id: &PersonId) -> Result<Option<Life>>;

    /// Notes that a person signed in: an account that was pre-created is active from now on. Nothing happens to any other.
    async fn used(&self, id: &PersonId) -> Result<()>;

    /// Lets time do what it does at `now`, to at most `limit` accounts of each kind, all or none: [`preau_domain::LifeEvent::TimeWent`].
    /// Accounts that come from no source stay. Of whom is purged go the record, links, password, sessions, tickets,
    /// tokens and what they registered; the journal keeps what it says. What is done to whom is in the journal before it is done, one
    /// event each: whoever kills the process in between finds it said once more. Of two callers at a time one does it, and the
    /// other nothing.
    async fn let_time_pass(&self, now: Instant, retention: Retention, limit: u32) -> Result<Aged>;

    /// Notes that the clock says `now`, unless it leapt since it was last noted: then nothing is noted, and what it said is the
    /// answer. Where nothing was ever noted the latest synchronisation stands for it. See [`preau_domain::leapt`].
    async fn note_clock(&self, now: Instant) -> Result<Option<Instant>>;

    /// What the clock said when it was last noted.
    async fn clock_noted(&self) -> Result<Option<Instant>>;

    /// Notes that the clock says `now` whatever it said before: a person looked at it.
    async fn trust_clock(&self, now: Instant) -> Result<()>;
}
