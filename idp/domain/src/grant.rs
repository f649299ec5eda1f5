//! What a service holds after a sign-on and may come back with: access and refresh tokens.

use crate::{Instant, OneTimeKey, PersonId, ServiceId, SessionId};
use serde::{Deserialize, Serialize};

/// What a token is good for. One presented as another kind is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantKind {
    /// Asks for claims, many times.
    Access,
    /// Asks for new tokens, once: it is spent by its rotation.
    Refresh,
}

impl GrantKind {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            GrantKind::Access => "access",
            GrantKind::Refresh => "refresh",
        }
    }
}

/// A token as stored: its secret is known only by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Digest of the token; of a refresh token it may name the family as well ([`OneTimeKey::within`]).
    pub key: OneTimeKey,
    /// What it is good for.
    pub kind: GrantKind,
    /// What it descends from: everything born of one code shares the digest of that code, and is revoked together.
    pub family: OneTimeKey,
    /// The session it dies with; absent for what outlives the browser on purpose.
    pub session: Option<SessionId>,
    /// On whose behalf; absent when the service acts for itself.
    pub person: Option<PersonId>,
    /// To which service.
    pub service: ServiceId,
    /// What its protocol needs again; only that protocol reads it. At most 8 KiB.
    pub doc: String,
    /// When it was handed out.
    pub issued: Instant,
    /// After this it is worth nothing.
    pub expires: Instant,
}
