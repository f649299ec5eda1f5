//! Passwords that live here of people who come from a source, the codes by which they choose them, and the charte they accept.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Activation, Credential, Instant, JoinKey, OneTimeKey, PersonId};
use std::collections::HashSet;

/// The code that is kept of a date of birth ([`crate::Told::birth`]), and the record it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBirth {
    /// The record.
    pub of: JoinKey,
    /// The code.
    pub code: String,
}

/// Credentials, activation codes and acceptances of the charte. An account of several records ([`crate::Pairings`]) may have come to credentials
/// of each; a new password ends them all but one. They are forgotten with what is known of their person
/// ([`crate::Lives::let_time_pass`]).
#[async_trait]
pub trait Activations: Send + Sync {
    /// The credential of that login (normalised), under the name of the account its person's record belongs to now.
    async fn credential_of_login(&self, login: &str) -> Result<Option<Credential>>;

    /// The credential of a person: of several records, that of the account's own before those of further ones.
    async fn credential_of(&self, person: &PersonId) -> Result<Option<Credential>>;

    /// Gives each of these people a code in place of the one they had, by whatever record, which opens nothing from then on. `Conflict` if a code is
    /// somebody else's, or if there is no such person: then nothing was written.
    async fn put_activations(&self, codes: &[Activation]) -> Result<()>;

    /// The code of that key, unless it expired at or before `now`; it stays.
    async fn activation(&self, key: &OneTimeKey, now: Instant) -> Result<Option<Activation>>;

    /// The code a person has, unless it expired at or before `now`.
    async fn activation_of(&self, person: &PersonId, now: Instant) -> Result<Option<Activation>>;

    /// Those of these people who need no code: who have a password that lives here, or a code that did not expire at or before `now`, by
    /// whatever record. One reading, of as many people as an establishment has.
    async fn provided(&self, people: &[PersonId], now: Instant) -> Result<HashSet<PersonId>>;

    /// Takes back the code of a person, if they have one.
    async fn take_activation_back(&self, person: &PersonId) -> Result<()>;

    /// What is kept of the date of birth of somebody, by every record of theirs that may sign in; mostly nothing.
    async fn births_of(&self, person: &PersonId) -> Result<Vec<KeptBirth>>;

    /// Counts one more date of birth that is typed with a code, before it is compared; how many since the latest that was right. Concurrent callers are
    /// given different numbers. Absent if the code is gone or expired at or before `now`.
    async fn begin_date(&self, key: &OneTimeKey, now: Instant) -> Result<Option<u32>>;

    /// Says what came of it: after a right one none are counted any more, and a wrong one ends the code if there were that many. Whether it did.
    async fn end_date(&self, key: &OneTimeKey, right: bool, most: u32) -> Result<bool>;

    /// Takes a code out for good and gives its person that password, under that login unless they have one already; what they proved
    /// themselves with before goes in the same stroke, whichever of their records it came with, and so do their sessions, tickets and tokens. Gives the name of the account;
    /// among concurrent callers exactly one gets it. Absent if the code is gone or expired. `Conflict` if somebody else has the login:
    /// then nothing was written, and the code stays.
    async fn activate(&self, key: &OneTimeKey, login: &str, hash: &str, now: Instant) -> Result<Option<PersonId>>;

    /// Takes a code that was mailed ([`preau_domain::KeptKind::PasswordReset`]) out for good and replaces the password of that account; in the same
    /// stroke the devices go on which their second factor is not asked for, and codes on paper, sessions, tickets and tokens. Other factors stay.
    /// `false` if the code is gone or expired, or there is no password to replace: among concurrent callers exactly one replaces it.
    async fn reset_password(&self, key: &OneTimeKey, person: &PersonId, hash: &str, now: Instant) -> Result<bool>;

    /// Notes that a person accepted that version of the charte; of twice, the first time counts.
    async fn accept_charte(&self, person: &PersonId, version: &str, at: Instant) -> Result<()>;

    /// When a person accepted that version of the charte.
    async fn charte_accepted(&self, person: &PersonId, version: &str) -> Result<Option<Instant>>;
}
