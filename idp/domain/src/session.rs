//! A live session: who, how and when they proved it, and where they have been with it.

use crate::{Delegation, Factor, FactorKind, Instant, PersonId, ServiceId, SessionId, SourceId, Uai};
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
    /// A card of a class and three pictures, in a lesson that a teacher opened: less than a password, and nothing is added to it.
    ClassCard,
}

impl AuthnMethod {
    /// The word used in claims, logs and the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            AuthnMethod::DirectoryPassword => "directory-password",
            AuthnMethod::LocalPassword => "local-password",
            AuthnMethod::Federated => "federated",
            AuthnMethod::Passkey => "passkey",
            AuthnMethod::ClassCard => "class-card",
        }
    }
}

/// What a proof must be, for whoever is not content with any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// A password that was typed here, with or without something besides.
    Password,
    /// Two factors, proved here: a passkey is both.
    TwoFactors,
    /// A passkey, alone or besides.
    PhishingResistant,
    /// All a person can prove: two factors where they can, and a code beside the word of another provider, or by mail beside a password, which make no two.
    Utmost,
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
    /// What tells the password that was typed from the next one its person has, where its source says so, and of one that lives here while
    /// its sign-in waits for a second factor; a code of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// By which source of the configuration; absent for a local password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SourceId>,
    /// The class of proof another provider says it asked for, in its own words and never more; at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Of a card of a class: which use of it this is ([`crate::ClassCard::turn`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<i64>,
    /// What was delegated to the person, as the provider that vouched for them said; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
}

impl Authentication {
    /// A proof of one factor made to us at that instant.
    pub fn here(method: AuthnMethod, at: Instant) -> Authentication {
        Authentication {
            method,
            second: None,
            at,
            unsaid: false,
            password: None,
            by: None,
            acr: None,
            turn: None,
            delegations: Vec::new(),
        }
    }

    /// Whether two factors were proved here: a passkey is both. What another provider did is its own word, and not counted: a code
    /// beside it makes no two factors. Nor does a code by mail beside a password ([`FactorKind::MailedCode`]).
    pub fn is_strong(&self) -> bool {
        self.by_passkey() || (self.by_password() && self.second.is_some_and(FactorKind::stands_alone))
    }

    /// Whether it is as strong as that.
    pub fn is(&self, wanted: Strength) -> bool {
        match wanted {
            Strength::Password => self.by_password(),
            Strength::TwoFactors | Strength::Utmost => self.is_strong(),
            Strength::PhishingResistant => self.by_passkey(),
        }
    }

    /// Whether that kind of factor, proved besides, makes it as strong as that.
    pub fn is_with(&self, kind: FactorKind, wanted: Strength) -> bool {
        self.clone().with_second(kind).is(wanted)
    }

    /// The kinds of these factors that whoever proved this is asked for, so that it becomes as strong as that; of several that would do each
    /// will. None where it is that strong, or where nothing of theirs makes it so. A kind that does not last is no reason to ask.
    pub fn lacks(&self, wanted: Strength, theirs: &[Factor]) -> Vec<FactorKind> {
        let kinds = |does: &dyn Fn(FactorKind) -> bool| -> Vec<FactorKind> {
            let asked = theirs.iter().any(|factor| factor.lasts() && does(factor.kind));
            let all = FactorKind::ALL.into_iter().filter(|kind| kind.proves());
            let all = all.filter(|kind| theirs.iter().any(|factor| factor.kind == *kind));
            if asked { all.filter(|kind| does(*kind)).collect() } else { Vec::new() }
        };
        // What a child proved with a card is made no more of in a lesson: whoever is more signs in as that.
        if self.is(wanted) || self.by_card() {
            return Vec::new();
        }
        let better = kinds(&|kind| self.is_with(kind, wanted));
        match wanted {
            Strength::Utmost if better.is_empty() && !self.second.is_some_and(FactorKind::proves) => kinds(&|_| true),
            _ => better,
        }
    }

    /// The same proof, and that kind of factor besides. It stays as old as it is: whoever finds a code beside an open session proves no
    /// password.
    #[must_use]
    pub fn with_second(self, kind: FactorKind) -> Authentication {
        Authentication { second: Some(kind), ..self }
    }

    /// Whether it was a card of a class.
    pub fn by_card(&self) -> bool {
        self.method == AuthnMethod::ClassCard
    }

    /// Whether a passkey was proved, alone or besides; beside a card nothing is.
    pub fn by_passkey(&self) -> bool {
        self.method == AuthnMethod::Passkey || (self.second == Some(FactorKind::Passkey) && !self.by_card())
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
