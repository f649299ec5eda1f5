//! What people prove themselves with besides a password: passkeys, codes that an application makes, codes on paper, codes by mail.

use crate::{FactorId, Instant, PersonId};
use serde::{Deserialize, Serialize};

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorKind {
    /// A key of an authenticator, which verifies its user.
    Passkey,
    /// A secret shared with an application that makes codes of the time.
    OneTimeCode,
    /// A code on paper, good once.
    RecoveryCode,
    /// A code that is mailed to them. It shows that they read that mailbox, by which a password that lives here can be replaced, and which often
    /// opens with the password itself: it is never told as one of two factors.
    MailedCode,
    /// A device on which their second factor is not asked for again for a while. It proves nothing, and is never told as one.
    RememberedDevice,
}

impl FactorKind {
    /// Every kind.
    pub const ALL: [FactorKind; 5] = [
        FactorKind::Passkey,
        FactorKind::OneTimeCode,
        FactorKind::RecoveryCode,
        FactorKind::MailedCode,
        FactorKind::RememberedDevice,
    ];

    /// Whether it is a proof.
    pub fn proves(self) -> bool {
        self != FactorKind::RememberedDevice
    }

    /// Whether it proves something that a password does not come by.
    pub fn stands_alone(self) -> bool {
        self.proves() && self != FactorKind::MailedCode
    }

    /// The word of the store and of the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            FactorKind::Passkey => "passkey",
            FactorKind::OneTimeCode => "one-time-code",
            FactorKind::RecoveryCode => "recovery-code",
            FactorKind::MailedCode => "mailed-code",
            FactorKind::RememberedDevice => "remembered-device",
        }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Its name: of a passkey the one its authenticator gave, of a code its digest.
    pub id: FactorId,
    /// Whose.
    pub person: PersonId,
    /// What.
    pub kind: FactorKind,
    /// What its person calls it; at most [`Factor::MAX_NAME`] characters.
    pub name: String,
    /// What verifies its proofs, sealed where it is a secret. At most [`Factor::MAX_DOC`] bytes.
    pub doc: String,
    /// What must not go back: how often a passkey says it signed, or the latest time for which a code was given.
    pub counter: i64,
    /// Since when.
    pub added: Instant,
    /// When it last proved somebody.
    pub used: Option<Instant>,
}

impl Factor {
    /// Most of one kind that a person has.
    pub const MOST: usize = 20;
    /// Longest name, in characters.
    pub const MAX_NAME: usize = 60;
    /// Longest document, in bytes.
    pub const MAX_DOC: usize = 32 * 1024;

    /// Whether it may take part in a sign-in for good: codes on paper are for the day when the others are lost.
    pub fn lasts(&self) -> bool {
        matches!(self.kind, FactorKind::Passkey | FactorKind::OneTimeCode | FactorKind::MailedCode)
    }
}
