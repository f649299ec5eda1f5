//! The bulk path by which a source fills the house, and the record of what each run did.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{AccountState, Establishment, Instant, Person, Profile, RunId, SourceId, Uai};
use serde::{Deserialize, Serialize};

/// What the house knows of one record of a source: enough to see whether it changed, without reading the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// The join key, without its source.
    pub key: String,
    /// The digest given when the record was last written: 32 hexadecimal characters.
    pub digest: String,
    /// Whether the account may sign in.
    pub state: AccountState,
    /// What the person is where, ordered, each once.
    pub places: Vec<(Uai, Profile)>,
}

/// One person to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChange {
    /// The person as they shall be. `join` must be present. If an account with that join key exists already, its id is
    /// kept whatever `person.id` says, so that a person who comes back finds the same account. One that is given as
    /// pre-created stays so if it was, and is active if it was anything else.
    pub person: Person,
    /// The digest of the record, for [`IndexRow::digest`].
    pub digest: String,
    /// What its source told besides.
    pub told: Told,
}

/// What a source that tells changes says of a record besides the person, to be understood when it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The source's own name of the entry, by which it tells that the entry is gone.
    pub entry: Option<String>,
    /// Of a pupil, the ties to the adults around: texts of the connector that read them.
    pub ties: Vec<String>,
    /// A code of the date of birth, where the source was asked for it. It is read by [`crate::Activations::births_of`] and nothing else.
    pub birth: Option<String>,
}

/// One record of a source, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    /// As in the index.
    pub row: IndexRow,
    /// What its source told besides.
    pub told: Told,
    /// Join keys of the pupils of the same source whom the person answers for.
    pub children: Vec<String>,
}

/// By what records are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordName {
    /// By join key.
    Key,
    /// By [`Told::entry`].
    Entry,
}

/// What it takes to undo a run: its name, under which rows are kept as they were before it, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoable {
    /// The run that writes.
    pub run: RunId,
    /// Until when what it changes is kept as it was.
    pub until: Instant,
}

/// One part of undoing a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoPart {
    /// People whom it changed or suspended are as they were before it.
    Changed,
    /// People whom it added are suspended: a name is never used again.
    Added,
    /// Establishments that it changed are as they were before it.
    Establishments,
}

/// What came of one page of undoing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// How many are as they were before the run, or suspended when it added them.
    pub undone: u64,
    /// How many were written again since, and stay as they are.
    pub left: u64,
    /// The last key looked at; `None` when there was nothing more.
    pub last: Option<String>,
}

/// One of several people of a source who may sign in and have the same login there: none of them can.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SharedLogin {
    /// The login, normalised.
    pub login: String,
    /// The join key of one who has it, without its source.
    pub key: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Under way, or its process died.
    Running,
    /// Everything it planned was written.
    Applied,
    /// The guard held it: nothing was written.
    Held,
    /// The source did not answer to the end: additions and changes were written, nobody was suspended.
    Incomplete,
    /// It failed: what was written before stays, and the next run starts again from what is stored.
    Failed,
    /// It was no reading: it undid a run.
    Undone,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub id: RunId,
    /// Which source.
    pub source: SourceId,
    /// When it began.
    pub started: Instant,
    /// When it ended.
    pub finished: Option<Instant>,
    /// How.
    pub outcome: RunOutcome,
    /// The report as JSON: counts, rejected entries with reasons (at most 1 000 kept), why it was held.
    pub report: String,
}

/// Filling the house from a source.
#[async_trait]
pub trait Provisioning: Send + Sync {
    /// The records known of a source whose key comes after `after` (bytewise), at most `limit`, ordered by key.
    async fn source_index(&self, source: &SourceId, after: &str, limit: u32) -> Result<Vec<IndexRow>>;

    /// The records of a source that have these names, at most 1 000 at once; unknown names are passed over. Of several that had one
    /// entry, one after the other, only the one who may sign in is given, or else the last by key. What is known of all others
    /// costs nothing.
    async fn source_records(&self, source: &SourceId, by: RecordName, names: &[String]) -> Result<Vec<SourceRecord>>;

    /// Adds or replaces people, at most 1 000 at once, all or none; a record given twice counts as given last. Sessions of
    /// people whose record changed go on, and their next request sees the new record; those of people whose record now
    /// says suspended end. `Conflict` if a new account's id is taken. With `undo`, those who were there already are kept as
    /// they were, in the same stroke. It is there for everybody when this returns, and durable with the next write that is waited
    /// for, at the latest with [`Provisioning::end_run`]: what a loss of power takes is the end of what was written, never its middle.
    async fn put_people(&self, undo: Option<&Undoable>, changes: &[PersonChange]) -> Result<()>;

    /// How many calls of [`Provisioning::put_people`] are worth making at once, of people who are not the same: one where one hand
    /// writes, whom others of this server would wait for the longer.
    fn writers(&self) -> usize {
        1
    }

    /// Marks people of a source who may sign in as suspended and ends their sessions and tickets, at most 1 000 at once, all or none.
    /// Unknown keys are passed over. Returns how many there were. `undo` as for [`Provisioning::put_people`].
    async fn suspend_people(&self, undo: Option<&Undoable>, source: &SourceId, keys: &[String]) -> Result<u64>;

    /// Adds or replaces establishments, at most 1 000 at once, all or none. `undo` as for [`Provisioning::put_people`].
    async fn put_establishments(&self, undo: Option<&Undoable>, establishments: &[Establishment]) -> Result<()>;

    /// Undoes one part of a run for at most `limit` rows whose key comes after `after` (bytewise), all or none. A row that was
    /// written again since stays as it is, one of a purged person too; so does who was stopped by hand. Whom it suspends is counted anew. Sessions of people who are suspended by it end.
    async fn undo(&self, run: &RunRecord, part: UndoPart, after: &str, limit: u32) -> Result<Undone>;

    /// The people of a source who may sign in and share a login with another of them, ordered by login and key, at most `limit`.
    /// Who has the login in another source shares nothing: a password is checked by one source.
    async fn shared_logins(&self, source: &SourceId, limit: u32) -> Result<Vec<SharedLogin>>;

    /// Adds the record of a run, or replaces it.
    async fn put_run(&self, run: &RunRecord) -> Result<()>;

    /// Replaces the record of a run that ends, and what is kept of its source for the next one: both or neither.
    async fn end_run(&self, run: &RunRecord, state: &str) -> Result<()>;

    /// What the latest run that ended by [`Provisioning::end_run`] left for the next one.
    async fn source_state(&self, source: &SourceId) -> Result<Option<String>>;

    /// The run of that name.
    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>>;

    /// Runs of a source, latest first, at most `limit`.
    async fn runs(&self, source: &SourceId, limit: u32) -> Result<Vec<RunRecord>>;

    /// Forgets runs that began before an instant, at most `limit`, but for the latest `keep` of each source, of which whom they name
    /// is forgotten. Returns how many runs were touched.
    async fn forget_runs(&self, before: Instant, keep: u32, limit: u32) -> Result<u64>;

    /// The sources that people who may sign in came from, whatever the configuration names.
    async fn sources(&self) -> Result<Vec<SourceId>>;
}
