//! One person whom several sources know: which records are one account.
//!
//! Every record has a row of its own, which the runs of its source write, suspend and undo, and which grows old by itself. Pairing two records
//! makes the account of one of them the account of both, and nothing else: reading it unites them ([`preau_domain::Precedence`]), and parting
//! them leaves each as its source tells it.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Instant, Person, PersonId, SourceId};
use serde::{Deserialize, Serialize};

/// A record as its source tells it, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What the record alone says, under the name it has, or would have, as an account of its own.
    pub person: Person,
    /// The account it belongs to: the same name, unless it is another record's.
    pub account: PersonId,
}

/// A record that belongs to the account of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The account of both.
    pub account: PersonId,
    /// The name that the record had as an account of its own, and would have again.
    pub record: PersonId,
    /// Who said so.
    pub who: SaidBy,
    /// When.
    pub at: Instant,
}

/// Who said that two records are one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SaidBy {
    /// A key that both sources tell, by a rule of the configuration.
    Key,
    /// A person who looked.
    Hand,
}

/// What two records of different sources have in common besides a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Common {
    /// The mail address.
    Mail,
    /// A number by which the office of an establishment knows the pupil, or a child of theirs.
    Enrolment,
}

/// Whether two accounts may be one, as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairable {
    /// Nothing is in the way.
    Yes,
    /// Somebody said that a record of one is not the person whom a record of the other is.
    Apart,
    /// Each has a record of one and the same source, which knows them as two.
    OfOneSource,
    /// One of them is no account, or comes from no source.
    No,
}

/// Two active records of different accounts that have something in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alike {
    /// The record of the first source.
    pub one: PersonId,
    /// That of the second.
    pub other: PersonId,
    /// What they have in common.
    pub common: Common,
}

/// Which records are one account.
#[async_trait]
pub trait Pairings: Send + Sync {
    /// The records of an account, each as its source tells it and under its own name: that of the account first, the others by name. None when
    /// there is no such account, or none any more.
    async fn records_of(&self, account: &PersonId) -> Result<Vec<Person>>;

    /// The records of these names, at most 1 000 at once, ordered by name; unknown names are passed over.
    async fn records_named(&self, names: &[PersonId]) -> Result<Vec<Held>>;

    /// Of each two accounts, makes the first that of the second as well, at most 1 000 at once, all or none; says of each two whether that was done.
    /// Whoever was signed in to the second is signed out, and what was given on their behalf is taken back, in the same stroke; who they are at other
    /// providers leads to the first from now on. The name of the second is given to nobody. It is done only if both are accounts that come from records
    /// of different sources, the second has no further record, the first none of that source, and nobody said that they are not one person, unless it
    /// is somebody who says the contrary now.
    async fn pair(&self, pairs: &[(PersonId, PersonId)], who: SaidBy, now: Instant) -> Result<Vec<bool>>;

    /// Makes a record that was added to an account an account of its own again, with the name it had; gives the account it is taken from, whose people
    /// are signed out as in [`Pairings::pair`]. Who the account was found to be at other providers since the two are one leads nowhere any more: it may be
    /// the other's. From now on the two are not one person unless somebody says so. `None` if it belongs to no other account.
    async fn part(&self, record: &PersonId, now: Instant) -> Result<Option<PersonId>>;

    /// Notes that two accounts are not one person, nor any record of one a record of the other, also once they are parted. `Conflict` if they
    /// are one, or one of them is no account.
    async fn keep_apart(&self, one: &PersonId, other: &PersonId, now: Instant) -> Result<()>;

    /// Of each two accounts, at most 1 000 at once, whether they may be one, or the first thing that is in the way.
    async fn may_be_paired(&self, pairs: &[(PersonId, PersonId)]) -> Result<Vec<Pairable>>;

    /// Records that belong to the account of another one, ordered by their names, those after `after`, at most `limit`.
    async fn pairs(&self, after: &PersonId, limit: u32) -> Result<Vec<Pair>>;

    /// Active records of `source` with these keys, at most 1 000 at once, that have something in common with an active record of `other` which is another
    /// account; of whom nobody said that they are not one person. Ordered, each once, at most `limit` in all.
    async fn alike(&self, source: &SourceId, keys: &[String], other: &SourceId, limit: u32) -> Result<Vec<Alike>>;

    /// Active records of `source` with these keys, at most 1 000 at once, and those of `other` whose key is the same behind `prefix`; of whom they are, and of whom they
    /// are not, as for [`Pairings::alike`]. First the record of `source`.
    async fn of_one_key(
        &self,
        source: &SourceId,
        keys: &[String],
        other: &SourceId,
        prefix: &str,
    ) -> Result<Vec<(PersonId, PersonId)>>;
}
