//! Access and refresh tokens.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Grant, GrantKind, Instant, OneTimeKey, PersonId};

/// What became of a refresh token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is spent, and the next ones are there.
    Rotated,
    /// It was spent before: somebody holds a copy, and its whole family is gone.
    Reused,
    /// There is no such refresh token, it has expired, or its session has ended.
    Unknown,
}

/// Tokens. They are worth nothing without their session where they have one, from the instant it ends, expires or is
/// stopped; those of a person who is suspended are gone, with or without a session. An access token, which lives for minutes, may be
/// forgotten when the process that gave it ends, and is known to no other process where a database belongs to one server.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Keeps tokens of one family, session and person, all or none. `Conflict` if a key is taken, or a session is given
    /// and gone or expired when the first of them is issued.
    async fn grant(&self, grants: &[Grant]) -> Result<()>;

    /// The token of that key and kind; absent if it expired at or before `now`, was spent or revoked.
    async fn granted(&self, key: &OneTimeKey, kind: GrantKind, now: Instant) -> Result<Option<Grant>>;

    /// Whoever presents a key that names its family ([`OneTimeKey::within`]) is believed to have been given it: one that is not the
    /// latest of its family is a spent one, and nothing is kept of those.
    ///
    /// Spends a refresh token and keeps the next ones of its family, if any, in one stroke; among concurrent callers exactly
    /// one does. Who presents a spent one revokes the family. `Conflict` if a key of the next is taken: then nothing changed.
    async fn rotate(&self, spent: &OneTimeKey, now: Instant, next: &[Grant]) -> Result<Rotation>;

    /// Revokes one token; says whether it was there.
    async fn revoke(&self, key: &OneTimeKey) -> Result<bool>;

    /// Revokes everything of a family, and until that instant nothing is born of it any more, not even by somebody who is about
    /// to: `grant` then meets a `Conflict`. Says whether there was any token.
    async fn bury_family(&self, family: &OneTimeKey, until: Instant) -> Result<bool>;

    /// Revokes everything that was given on behalf of a person, in sessions and outside of them.
    async fn revoke_tokens_of(&self, person: &PersonId) -> Result<()>;

    /// Revokes everything of a family, and what a rotation under way would add to it; says whether there was anything.
    async fn revoke_family(&self, family: &OneTimeKey) -> Result<bool>;
}
