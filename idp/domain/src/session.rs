//! A live session: who, how and when they proved it, and where they have been with it.

use crate::{Delegation, FactorKind, Instant, PersonId, ServiceId, SessionId, SourceId, Uai};
use serde::{Deserialize, Serialize};

/// How a person proved who they are. Never more than what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthnMethod {
    /// A password checked by the directory the person comes from.
    DirectoryPassword,
    /// A password checked here.
    LocalPassword,
    /// Proven to another provider, which vouches for it: an ENT, a guichet, ProConnect.
    Federated,
    /// A passkey, which verified its user: something they have, and something they know or are.
    Passkey,
}

impl AuthnMethod {
    /// The word used in claims, logs and the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            AuthnMethod::DirectoryPassword => "directory-password",
            AuthnMethod::LocalPassword => "local-password",
            AuthnMethod::Federated => "federated",
            AuthnMethod::Passkey => "passkey",
        }
    }
}

/// One proof of identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// How.
    pub method: AuthnMethod,
    /// What the person proved besides, in the same sign-in or later in the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<FactorKind>,
    /// When: for a federated proof, when that provider says the person proved themselves to it; see `unsaid`.
    pub at: Instant,
    /// The provider did not say when: `at` is when it vouched for them, and the proof may be much older.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsaid: bool,
    /// By which source of the configuration; absent for a local password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SourceId>,
    /// The class of proof another provider says it asked for, in its own words and never more; at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// What was delegated to the person, as the provider that vouched for them said; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
}

impl Authentication {
    /// A proof of one factor made to us at that instant.
    pub fn here(method: AuthnMethod, at: Instant) -> Authentication {
        Authentication { method, second: None, at, unsaid: false, by: None, acr: None, delegations: Vec::new() }
    }

    /// Whether two factors were proved here: a passkey is both. What another provider did is its own word, and not counted: a code
    /// beside it makes no two factors.
    pub fn is_strong(&self) -> bool {
        self.by_passkey() || (self.by_password() && self.second.is_some())
    }

    /// Whether that kind of factor, proved besides, makes it two.
    pub fn is_strong_with(&self, kind: FactorKind) -> bool {
        kind == FactorKind::Passkey || self.by_passkey() || self.by_password()
    }

    /// Whether a passkey was proved, alone or besides.
    pub fn by_passkey(&self) -> bool {
        self.method == AuthnMethod::Passkey || self.second == Some(FactorKind::Passkey)
    }

    /// Whether a password was proved here.
    pub fn by_password(&self) -> bool {
        matches!(self.method, AuthnMethod::DirectoryPassword | AuthnMethod::LocalPassword)
    }

    /// When the person proved themselves, where that is known.
    pub fn known_at(&self) -> Option<Instant> {
        (!self.unsaid).then_some(self.at)
    }

    /// Whether the proof is known not to be older than that.
    pub fn since(&self, instant: Instant) -> bool {
        self.known_at().is_some_and(|at| at >= instant)
    }
}

/// A browser's session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of the secret in the cookie.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// The latest proof.
    pub authentication: Authentication,
    /// The establishment the person is working in now, when they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub establishment: Option<Uai>,
    /// The child for whom a parent acts, when they said which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<PersonId>,
    /// When it began.
    pub created: Instant,
    /// When it ends whatever happens.
    pub expires: Instant,
    /// Last time it was used, exact to a few minutes: every request does not write.
    pub last_seen: Instant,
}

/// A service that received something within a session and must hear of its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// In which session.
    pub session: SessionId,
    /// Which protocol told the service, as the protocol registry names it.
    pub protocol: String,
    /// Which service.
    pub service: ServiceId,
    /// What the protocol needs to say it is over: for CAS the ticket and the address.
    pub notice: String,
    /// When.
    pub at: Instant,
}
