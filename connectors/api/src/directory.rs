//! What a directory hands over, and how it checks a password.

use async_trait::async_trait;
use preau_domain::{Affiliation, BirthDate, Child, EstablishmentKind, Group, Uai};
use serde::{Deserialize, Serialize};
use std::time::Instant;
use tokio::sync::mpsc;

/// One thing read from a directory. Nothing is written before everything was read: establishments and their people come in
/// any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A structure.
    Establishment(EstablishmentRecord),
    /// A person.
    Person(PersonRecord),
    /// A person of whom a part could not be read, such as a guardian of a pupil whose entry was rejected. An account that
    /// is active stays as it is; another is made of this part when the part says of some establishment.
    Partial(PersonRecord),
    /// An entry that does not fit.
    Rejected(Rejected),
}

/// A structure as its source tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstablishmentRecord {
    /// Join key in the source.
    pub key: String,
    /// National number.
    pub uai: Uai,
    /// What kind of structure.
    pub kind: EstablishmentKind,
    /// Name people know.
    pub name: String,
    /// Town.
    pub city: Option<String>,
    /// The collège of an école's sector.
    pub sector: Option<Uai>,
    /// Classes and groups.
    pub groups: Vec<Group>,
}

/// A person as their source tells it: bounded, with structures already resolved to national numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonRecord {
    /// Join key in the source.
    pub key: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// `M.` or `Mme`.
    pub title: Option<String>,
    /// Login, normalised.
    pub login: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// What the person is, where. A guardian's come from their children, and only with legal weight.
    pub affiliations: Vec<Affiliation>,
    /// Pupils the person answers for.
    pub children: Vec<Child>,
    /// The source's own name of the entry, for as long as the entry lives; of a source that tells changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Of a pupil of such a source, the ties to the adults around: texts that only the connector reads, and that are another
    /// text whenever an adult's record may be another one because of this pupil: four parts with `|` between them, of which the third
    /// holds places as `UAI:number of the pupil` with spaces between them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<String>,
    /// The date of birth, of whoever is one of the profiles whose dates the configuration of the source asks for, and of nobody else.
    #[serde(default, skip_serializing_if = "Birth::is_untold")]
    pub birth: Birth,
}

/// What is known of a date of birth. A date itself cannot be written into any document: what is kept is a code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Birth {
    /// Nothing was told, or nobody asked.
    #[default]
    Untold,
    /// What was told is no date.
    #[serde(skip)]
    Unread,
    /// A date, on its way from the source to the code that takes its place.
    #[serde(skip)]
    Told(BirthDate),
    /// A code of date and record, under a key of the house.
    Coded(String),
}

impl Birth {
    /// Reads what a source tells; no text is nothing told.
    pub fn read(text: Option<&str>) -> Birth {
        text.map_or(Birth::Untold, |text| BirthDate::read(text).map_or(Birth::Unread, Birth::Told))
    }

    /// Whether there is nothing to keep or to say.
    pub fn is_untold(&self) -> bool {
        *self == Birth::Untold
    }

    /// This, or the other where this is nothing: of somebody who is told of twice.
    pub fn or(self, other: Birth) -> Birth {
        if self.is_untold() { other } else { self }
    }
}

/// What is stored of a record, for a connector that reads changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRecord {
    /// Join key in the source.
    pub key: String,
    /// Whether the account may sign in.
    pub active: bool,
    /// As [`PersonRecord::entry`].
    pub entry: Option<String>,
    /// As [`PersonRecord::ties`].
    pub ties: Vec<String>,
    /// Join keys of the pupils the person answers for.
    pub children: Vec<String>,
}

/// Tells a connector what is stored of its source. The error is that of the store.
#[async_trait]
pub trait Known: Send + Sync {
    /// The records of these join keys, as far as they are known.
    async fn by_key(&self, keys: &[String]) -> Result<Vec<KnownRecord>, Unavailable>;

    /// The records of these entries, as far as they are known.
    async fn by_entry(&self, entries: &[String]) -> Result<Vec<KnownRecord>, Unavailable>;
}

/// What changed in a source since a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Everything that is otherwise than it was, as [`Directory::read`] would hand it over now.
    pub records: Vec<Record>,
    /// Join keys of records that the source says are gone.
    pub gone: Vec<String>,
    /// How many entries of the source changed or went.
    pub entries: u64,
    /// The mark after these changes.
    pub mark: String,
}

/// Why only a whole reading can tell what changed, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAll(
    /// The sentence.
    pub String,
);

/// An entry that does not fit: it is reported and passed over, and never stops a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Name of the entry in its source, at most 300 characters, safe to show.
    pub dn: String,
    /// Join key when it could be read. A rejected entry whose key is known here keeps its account as it is.
    pub key: Option<String>,
    /// Why, in a sentence that names the attribute and never its value.
    pub reason: String,
}

/// How a reading ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Every search ended with success and every sentinel branch was there: absence means absence.
    Complete,
    /// Something was cut short: absence means nothing. The sentence says what, and what to look at.
    Incomplete(String),
}

/// The system did not answer: no fault of the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(
    /// What happened, for a log: never a credential.
    pub String,
);

/// Hands over everything it holds.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Reads everything, one record after the other, in bounded memory; waits when `out` is full and stops when it is
    /// closed. Never fails: what goes wrong is the [`Completion`].
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion;

    /// About how many records will come, for a progress bar; `None` when the source cannot say.
    async fn estimate(&self) -> Option<u64>;

    /// A text that is another one whenever [`Directory::read`] would hand over something else: the change number of the
    /// server, together with the settings that bear on what is read. It is asked before a reading begins. `None` when
    /// the source cannot say; then it is read.
    async fn version(&self) -> Option<String> {
        None
    }

    /// Of when the state is that [`Directory::read`] would hand over: for each part of the source a text that is greater the
    /// younger the part is, such as the day of its latest delivery. Empty when the source cannot say. A run that finds an
    /// older state than was applied before is held.
    async fn as_of(&self) -> Vec<String> {
        Vec::new()
    }

    /// A mark from which changes can be read later, taken before a whole reading begins; `None` when the source tells no changes.
    /// It is kept as it is, and may be read by another process with other settings.
    async fn mark(&self, _now: preau_domain::Instant) -> Option<String> {
        None
    }

    /// What changed since the mark, all of it: what is not told is as it was. It writes nothing and may be asked again. Memory
    /// is bounded: of too many changes it says that all is to be read.
    async fn changes(&self, _mark: &str, _known: &dyn Known, _now: preau_domain::Instant) -> Result<Changes, ReadAll> {
        Err(ReadAll("the source tells no changes".into()))
    }

    /// Returns when something may have changed since the mark, at once if it did already; an error when the source stops telling.
    /// `None` when it was never going to.
    async fn changed(&self, _mark: &str) -> Option<Result<(), Unavailable>> {
        None
    }
}

/// The answer to a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is theirs.
    Proven {
        /// Join key of the person in this source.
        key: String,
    },
    /// It is not, or cannot be: one answer for the person. The word is for the audit: `unknown`, `wrong-password`,
    /// `ambiguous`, `locked`, `expired`, `empty`.
    Refused(&'static str),
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The answer, to be told at once when it lets somebody in.
    pub verdict: Verdict,
    /// What the system says of a password that is theirs and would not say of the next one, such as when it was set; nothing where it does
    /// not say. A text that means nothing to anybody else.
    pub password: Option<String>,
    /// Before this moment nobody is told that they may not come in, whoever decides so: how long the system worked would say
    /// whether the login exists.
    pub refusal_at: Instant,
}

/// Checks passwords.
#[async_trait]
pub trait PasswordCheck: Send + Sync {
    /// Checks a login (normalised, at most 128 characters) and a password (at most 4 KiB, not empty) within 2 s unless its
    /// configuration says otherwise.
    /// When a refusal may be told does not depend on whether the login exists.
    async fn check(&self, login: &str, password: &str) -> Result<Checked, Unavailable>;
}

/// Says whether a system answers.
#[async_trait]
pub trait Probe: Send + Sync {
    /// One short sentence on what answered; or what is wrong and what to do.
    async fn probe(&self) -> Result<String, Unavailable>;

    /// What an operator should look at in a system that answers: a sentence each.
    async fn doubts(&self) -> Vec<String> {
        Vec::new()
    }
}
