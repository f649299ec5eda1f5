//! Letters that wait for the mail server, and requests for one.

use crate::{Delays, Result};
use async_trait::async_trait;
use preau_domain::{Instant, KeptThing, PersonId};

/// A letter, or a request for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What makes it the same letter: while it is known nobody writes it again.
    pub id: String,
    /// A word of a closed list, for the journal and the metrics.
    pub kind: String,
    /// Whom it is for; nobody is known of a request.
    pub person: Option<PersonId>,
    /// Whom it goes to and what it says, sealed by whoever wrote it.
    pub doc: String,
    /// When it was written.
    pub at: Instant,
    /// From then on it is of no use to anybody.
    pub expires: Instant,
}

/// A letter that somebody takes to the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenLetter {
    /// The letter.
    pub letter: Letter,
    /// How often somebody began to send it, this time included.
    pub tries: u32,
}

/// A letter that answers a request, and what it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The letter.
    pub letter: Letter,
    /// What counts letters to that address.
    pub counter: String,
    /// What is kept with it, in place of what had those names.
    pub kept: Vec<KeptThing>,
}

/// Letters that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingLetters {
    /// How many.
    pub count: u64,
    /// When the oldest was written.
    pub oldest: Option<Instant>,
}

/// The letters. Those of a person go when the person is forgotten ([`crate::Lives::let_time_pass`]).
#[async_trait]
pub trait Letters: Send + Sync {
    /// Keeps letters until they are sent; one whose name is known is left as it is. Gives the number of those that were not known.
    async fn post_letters(&self, letters: &[Letter]) -> Result<u64>;

    /// The same for one that anybody may have written: `Conflict` if so many of its kind are there. A few more may be there for a moment.
    async fn post_request(&self, request: &Letter, most: u32) -> Result<()>;

    /// Takes a request out and writes its answers in the same stroke: whoever is killed meanwhile answered nothing, and of two who answer it
    /// one does. Each answer counts by its counter, and is written unless that says that there were too many; then nothing of it happens. Says
    /// which were written; nothing of a request that is gone.
    async fn answer_request(
        &self,
        request: &str,
        answers: &[Answer],
        now: Instant,
        delays: Delays,
    ) -> Result<Option<Vec<bool>>>;

    /// Takes letters whose time has come at `now` and that did not expire, those first that expire first: a code of ten minutes does not
    /// wait behind thousands of reminders. Whoever takes one has until `again` to settle it; then it is taken again. Among concurrent takers
    /// each letter goes to one.
    async fn take_letters(&self, now: Instant, again: Instant, limit: u32) -> Result<Vec<TakenLetter>>;

    /// A letter was sent, or given up: what it says is forgotten, and its name is known until it expires.
    async fn settle_letter(&self, id: &str) -> Result<()>;

    /// Takes a letter out for good, with its name.
    async fn drop_letter(&self, id: &str) -> Result<()>;

    /// Lets a letter be taken again at an instant.
    async fn postpone_letter(&self, id: &str, until: Instant) -> Result<()>;

    /// Those that wait. Looks at all of them: for an operator, and once a minute.
    async fn waiting_letters(&self, now: Instant) -> Result<WaitingLetters>;
}
