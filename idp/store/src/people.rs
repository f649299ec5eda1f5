//! Accounts and establishments, read one by one. Bulk writing is `provisioning`.
//!
//! An account may have several records ([`crate::Pairings`]): whatever active record of it is found, the whole account is, once. A limit is one
//! of accounts, whatever number of records they have: fewer than the limit are all there are.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{
    AccountState, Establishment, Instant, JoinKey, Person, PersonId, Profile, ServiceId, SourceId, Uai,
};

/// What people had who were put out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ousted {
    /// Live sessions of theirs.
    pub sessions: u64,
    /// Services that were reached in sessions of theirs which nobody had ended before.
    pub services: Vec<ServiceId>,
}

/// Somebody who comes with a session: what has to be known of them at each, read in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub person: Person,
    /// They accepted the charte that was asked for.
    pub accepted: bool,
    /// There may be inspections of theirs, or of their spaces, that end after the instant that was asked for; else there are none.
    pub inspections: bool,
}

/// Accounts.
#[async_trait]
pub trait People: Send + Sync {
    /// The account of that name. A name that became another account's names nobody.
    async fn person(&self, id: &PersonId) -> Result<Option<Person>>;

    /// The same with what has to be known of whoever comes with a session: whether they accepted that version of the charte, which of none
    /// is no, and whether there are inspections that end after that instant.
    async fn caller(&self, id: &PersonId, charte: Option<&str>, after: Instant) -> Result<Option<Caller>>;

    /// The accounts of these names, each once, in the order of their names. A name that names nobody is passed over.
    async fn people_named(&self, ids: &[PersonId]) -> Result<Vec<Person>>;

    /// The account that came from that record.
    async fn person_by_join(&self, join: &JoinKey) -> Result<Option<Person>>;

    /// How that record stands, whatever the account says: one that is not active opens no account that goes on by another.
    async fn record_state(&self, join: &JoinKey) -> Result<Option<AccountState>>;

    /// Accounts with that login (normalised), at most `limit`, ordered by id. Two sources may use one login.
    async fn people_by_login(&self, login: &str, limit: u32) -> Result<Vec<Person>>;

    /// Accounts that a record of that source gives that login (normalised), at most `limit`, ordered by id. What records of other sources
    /// say of the login counts for nothing, whoever else the account is.
    async fn people_of_login(&self, source: &SourceId, login: &str, limit: u32) -> Result<Vec<Person>>;

    /// Accounts of that source whose record gives that mail address ([`preau_domain::normalised_mail`]), at most `limit`,
    /// ordered by id. An address that was not in a record finds nobody.
    async fn people_by_mail(&self, source: &SourceId, mail: &str, limit: u32) -> Result<Vec<Person>>;

    /// The same of accounts that are kept here and come from no source.
    async fn local_people_by_mail(&self, mail: &str, limit: u32) -> Result<Vec<Person>>;

    /// Accounts of that source that are the pupil of that number in that establishment ([`preau_domain::Enrolment`]), or whose
    /// child is, with whatever weight; at most `limit`, ordered by id.
    async fn people_enrolled(&self, source: &SourceId, at: &Uai, number: &str, limit: u32) -> Result<Vec<Person>>;

    /// Accounts of which a record is of that establishment, at most `limit`; what the whole account is there now is for the caller to read.
    /// Costs what the establishment has, however many there are.
    async fn people_at(&self, at: &Uai, limit: u32) -> Result<Vec<Person>>;

    /// Accounts of which a record is one of these there, at most `limit`, ordered by id; what the whole account is there now is for the caller to
    /// read. Of everybody else nothing is read but where they are.
    async fn people_as(&self, at: &Uai, profiles: &[Profile], limit: u32) -> Result<Vec<Person>>;

    /// Accounts of which a record is a pupil of that class of that establishment, by the code of the class, at most `limit`, in no order;
    /// what the whole account is there now is for the caller to read. Nobody else of the establishment leaves the store.
    async fn pupils_of_class(&self, at: &Uai, class: &str, limit: u32) -> Result<Vec<Person>>;

    /// Accounts whose id comes after this one, or from the first on, at most `limit`, ordered by id: for going through all of them,
    /// never on a request. Purged ones are not among them.
    async fn people_after(&self, after: Option<&PersonId>, limit: u32) -> Result<Vec<Person>>;

    /// How many accounts there are, purged ones excepted. Looks at all of them: for an operator, never on a request.
    async fn people_count(&self) -> Result<u64>;

    /// Adds a local account with the hash of its password (PHC string). `Conflict` if the id is taken or another local
    /// account has the login.
    async fn add_local_person(&self, person: &Person, password_hash: &str) -> Result<()>;

    /// Replaces what is known of an existing account, whatever its source, in its own record; its id and join key stay. One that becomes
    /// suspended loses its sessions and tickets in the same stroke. `Conflict` if there is no such account, or if another
    /// local account has the login of this local one.
    async fn update_person(&self, person: &Person) -> Result<()>;

    /// Stops an account by hand: from now on it reads as suspended, whatever its source says of it, and its sessions are
    /// stopped as those of a suspended person. A second time replaces the reason. `Conflict` if there is no such account.
    async fn stop_person(&self, id: &PersonId, why: &str) -> Result<()>;

    /// Puts accounts out, all in one stroke: with a reason they are stopped by hand, without one they stay as they are. Their sessions are over,
    /// the notices of their visits wait in the [`crate::Outbox`] from `now` on, and every token given on their behalf and every code of
    /// activation is taken back. Who is no account any more is left out.
    async fn oust(&self, people: &[PersonId], why: Option<&str>, now: Instant) -> Result<Ousted>;

    /// Takes that back: the account is again what its sources say. `Conflict` if there is no such account.
    async fn start_person(&self, id: &PersonId) -> Result<()>;

    /// Why an account was stopped by hand, if it was.
    async fn why_stopped(&self, id: &PersonId) -> Result<Option<String>>;

    /// The hash of the password of an account whose password is checked here: a local one, or one that was activated
    /// ([`crate::Activations::activate`]); absent for every other account.
    async fn password_hash(&self, id: &PersonId) -> Result<Option<String>>;

    /// Replaces the password hash of such an account, and takes back in the same stroke every token given on its behalf,
    /// in sessions and outside of them. `Conflict` if the account has none: then nothing changed.
    async fn set_password_hash(&self, id: &PersonId, password_hash: &str) -> Result<()>;
}

/// Establishments.
#[async_trait]
pub trait Establishments: Send + Sync {
    /// The establishment of that number.
    async fn establishment(&self, uai: &Uai) -> Result<Option<Establishment>>;

    /// Those of the given numbers that are known, ordered by number. At most 100 are asked at once.
    async fn establishments(&self, uais: &[Uai]) -> Result<Vec<Establishment>>;
}
