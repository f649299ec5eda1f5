//! What people prove themselves with besides a password.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Factor, FactorId, FactorKind, Instant, KeptThing, PersonId};

/// What is noted when a factor proved its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorUse {
    /// Which.
    pub id: FactorId,
    /// The counter that was read before.
    pub was: i64,
    /// The counter from now on.
    pub counter: i64,
    /// What verifies the next proof.
    pub doc: String,
    /// When.
    pub at: Instant,
}

/// Passkeys of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundTo {
    /// The domain, as their documents say it in their member `domain`; none for those that were added before that was written, and not used since.
    pub domain: Option<String>,
    /// How many there are.
    pub passkeys: u64,
    /// Of how many people.
    pub people: u64,
}

/// Passkeys, secrets of applications that make codes, and codes on paper. They are forgotten with their person: nothing of them
/// outlives the record ([`crate::Lives::let_time_pass`]).
#[async_trait]
pub trait Factors: Send + Sync {
    /// Adds one. `Conflict` if anybody has one of that name, if its person has [`Factor::MOST`] of that kind, or if there is no such
    /// person; two callers at the same time may make it one more.
    async fn add_factor(&self, factor: &Factor) -> Result<()>;

    /// The one of that name, whosever it is.
    async fn factor(&self, id: &FactorId) -> Result<Option<Factor>>;

    /// Those of a person, the first that was added first.
    async fn factors_of(&self, person: &PersonId) -> Result<Vec<Factor>>;

    /// Notes that one proved its person. `Conflict` if it is gone, or if its counter is not the one that was read any more: among
    /// concurrent callers who read the same counter exactly one goes on.
    async fn use_factor(&self, used: &FactorUse) -> Result<()>;

    /// The same for one that answered a question, in the stroke in which that question is spent (`answers`, kept until its time is over).
    /// `Conflict` also if it was answered before, and then nothing is noted: of many answers to one question exactly one goes on.
    async fn answer_by_factor(&self, used: &FactorUse, answers: &KeptThing) -> Result<()>;

    /// Gives one of a person another name. `Conflict` if they have none of that id.
    async fn rename_factor(&self, person: &PersonId, id: &FactorId, name: &str) -> Result<()>;

    /// Removes one of a person; among concurrent callers exactly one removes it. `Conflict` if they have none of that id, or if
    /// `another` must remain that lasts ([`Factor::lasts`]) and none would, however many are removed at the same time.
    async fn remove_factor(&self, person: &PersonId, id: &FactorId, another: bool) -> Result<()>;

    /// Replaces all that a person has of a kind, with nothing if there are none; says how many there were.
    async fn replace_factors(&self, person: &PersonId, kind: FactorKind, with: &[Factor]) -> Result<u64>;

    /// How many passkeys are kept, by the domain they are bound to, at most a hundred domains, that of the most passkeys first. Looks at all of
    /// them: for an operator, never on a request.
    async fn passkeys_by_domain(&self) -> Result<Vec<BoundTo>>;

    /// Removes all that a person has, of every kind, in one stroke; says how many there were.
    async fn forget_factors(&self, person: &PersonId) -> Result<u64>;
}
