//! Why a service is refused, in closed lists: what a person reads is found by the reason's key, what an operator reads
//! is the change that would be needed.

use crate::population::{Criterion, Miss};
use crate::second_key::Locked;
use preau_domain::{Profile, Uai, Window};
use std::fmt;

/// Why a service is refused. The keys are messages of `idp/web`, labels of the metrics and words of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No such service is mounted.
    ServiceUnknown,
    /// The account is suspended.
    Suspended,
    /// The person belongs to no establishment.
    NoAffiliation,
    /// The person is in a population the service excludes.
    Excepted,
    /// The service does not take guests.
    Guest,
    /// No space that the guest is in mounts it.
    Space,
    /// A responsible adult without legal weight.
    LegalWeight,
    /// Another profile is asked.
    Profile,
    /// Another establishment is asked.
    Establishment,
    /// Another level is asked.
    Level,
    /// Another class or group is asked.
    ClassOrGroup,
    /// Another subject or function is asked.
    SubjectOrFunction,
    /// Only accounts named one by one.
    Account,
    /// Not at this time.
    Time,
    /// A level above the service keeps it for others.
    Narrowed,
    /// The establishment did not open it, or not for them.
    SecondKey,
    /// What the service receives is not what the head said yes to.
    SheetChanged,
    /// Two factors are wanted, and one was proved.
    TwoFactors,
    /// The service does not admit cards of classes, and somebody signed in with one.
    ClassCard,
    /// Somebody looks at a space as a visitor, and the service would take them for anybody.
    Visitor,
    /// The service is for nobody yet.
    NoAudience,
    /// The rules could not be evaluated.
    PolicyError,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 22] = [
        Reason::ServiceUnknown,
        Reason::Suspended,
        Reason::NoAffiliation,
        Reason::Excepted,
        Reason::Guest,
        Reason::Space,
        Reason::LegalWeight,
        Reason::Profile,
        Reason::Establishment,
        Reason::Level,
        Reason::ClassOrGroup,
        Reason::SubjectOrFunction,
        Reason::Account,
        Reason::Time,
        Reason::Narrowed,
        Reason::SecondKey,
        Reason::SheetChanged,
        Reason::TwoFactors,
        Reason::ClassCard,
        Reason::Visitor,
        Reason::NoAudience,
        Reason::PolicyError,
    ];

    /// The word of messages, metrics and audit.
    pub fn key(self) -> &'static str {
        match self {
            Reason::ServiceUnknown => "service-unknown",
            Reason::Suspended => "suspended",
            Reason::NoAffiliation => "no-affiliation",
            Reason::Excepted => "excepted",
            Reason::Guest => "guest",
            Reason::Space => "space",
            Reason::LegalWeight => "legal-weight",
            Reason::Profile => "profile",
            Reason::Establishment => "establishment",
            Reason::Level => "level",
            Reason::ClassOrGroup => "class-or-group",
            Reason::SubjectOrFunction => "subject-or-function",
            Reason::Account => "account",
            Reason::Time => "time",
            Reason::Narrowed => "narrowed",
            Reason::SecondKey => "second-key",
            Reason::SheetChanged => "sheet-changed",
            Reason::TwoFactors => "two-factors",
            Reason::ClassCard => "class-card",
            Reason::Visitor => "visitor",
            Reason::NoAudience => "no-audience",
            Reason::PolicyError => "policy-error",
        }
    }

    /// One letter, for the matrix.
    pub fn letter(self) -> char {
        match self {
            Reason::ServiceUnknown => 'U',
            Reason::Suspended => 'S',
            Reason::NoAffiliation => 'N',
            Reason::Excepted => 'X',
            Reason::Guest => 'I',
            Reason::Space => 'M',
            Reason::LegalWeight => 'W',
            Reason::Profile => 'P',
            Reason::Establishment => 'E',
            Reason::Level => 'L',
            Reason::ClassOrGroup => 'C',
            Reason::SubjectOrFunction => 'F',
            Reason::Account => 'A',
            Reason::Time => 'T',
            Reason::Narrowed => 'R',
            Reason::SecondKey => 'K',
            Reason::SheetChanged => 'H',
            Reason::TwoFactors => 'D',
            Reason::ClassCard => 'B',
            Reason::Visitor => 'V',
            Reason::NoAudience => '0',
            Reason::PolicyError => '!',
        }
    }
}

impl From<Criterion> for Reason {
    fn from(criterion: Criterion) -> Reason {
        match criterion {
            Criterion::Profile => Reason::Profile,
            Criterion::Establishment => Reason::Establishment,
            Criterion::Level => Reason::Level,
            Criterion::Class | Criterion::Group => Reason::ClassOrGroup,
            Criterion::Subject | Criterion::Function | Criterion::Delegation => Reason::SubjectOrFunction,
            Criterion::Account => Reason::Account,
            Criterion::Time => Reason::Time,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, the nearest to being allowed.
    pub reason: Reason,
    /// The rule that refused; `None` when no rule allowed.
    pub rule: Option<String>,
    /// What would have to change, all of it together, for the nearest rule to allow.
    pub would_change: Vec<Change>,
}

impl Refusal {
    /// Of whoever proved one factor where two are wanted, by that rule or by the service itself.
    pub fn one_factor(rule: Option<String>) -> Refusal {
        Refusal { reason: Reason::TwoFactors, rule, would_change: vec![Change::ProveTwo] }
    }

    /// Of a visitor whom the service, or what it asked for, does not tell from others.
    pub fn visitor() -> Refusal {
        Refusal { reason: Reason::Visitor, rule: None, would_change: vec![Change::TellVisitor] }
    }

    /// When the service opens, if the time alone is in the way.
    pub fn window(&self) -> Option<&Window> {
        self.would_change.iter().filter(|_| self.reason == Reason::Time).find_map(|change| match change {
            Change::Have { miss, .. } => miss.window.as_ref(),
            _ => None,
        })
    }
}

/// One thing that would have to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The service must be mounted.
    Mount,
    /// The account must be active again.
    Reactivate,
    /// The person must belong to an establishment.
    Affiliate,
    /// The person must leave the population that rule excludes, or the rule must go.
    LeaveExcepted(String),
    /// The audience must name guests, or this account.
    NameGuests,
    /// A space that the guest is in must mount it.
    MountInSpace,
    /// The person must be the legal representative of a pupil.
    RepresentPupil,
    /// The audience must name somebody.
    NameAudience,
    /// The affiliation must have what is asked.
    Have {
        /// In which establishment.
        establishment: Uai,
        /// As what.
        profile: Profile,
        /// What is missing.
        miss: Miss,
    },
    /// The rules of a level above the service must let them in.
    Level {
        /// Where.
        establishment: Uai,
        /// Which level.
        level: String,
    },
    /// The head of the establishment must open the service.
    Open {
        /// Where.
        establishment: Uai,
        /// What is in the way.
        why: Locked,
    },
    /// The person must prove two factors.
    ProveTwo,
    /// The audience must admit cards of classes, or the person must sign in with something else.
    AdmitCards,
    /// The service must ask for, and be told, that a visitor is one and whose space they look at.
    TellVisitor,
    /// The rules of the service must be repaired: see the log of the last reload.
    RepairRules,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Mount => f.write_str("a service of that name must be mounted"),
            Change::Reactivate => f.write_str("the account must be active again"),
            Change::Affiliate => f.write_str("the person must belong to an establishment"),
            Change::LeaveExcepted(rule) => write!(f, "the person must no longer be in the population {rule} excludes"),
            Change::NameGuests => f.write_str("the audience must name the profile Invite, or this account"),
            Change::MountInSpace => f.write_str("a space that the guest is in, and that has not ended, must mount it"),
            Change::RepresentPupil => f.write_str("the person must be the legal representative of a pupil"),
            Change::NameAudience => f.write_str("the audience must allow somebody: it is empty"),
            Change::Have { establishment, profile, miss } => write!(f, "as {profile} in {establishment}: {miss}"),
            Change::Level { establishment, level } => {
                write!(f, "the rules of the level {level} must let them open it in {establishment}")
            }
            Change::Open { establishment, why } => match why {
                Locked::NotOpened => write!(f, "the head of {establishment} must open the service there"),
                Locked::ForOthers => write!(f, "the head of {establishment} must open the service for them too"),
                Locked::SheetChanged => write!(f, "the head of {establishment} must say yes to the sheet as it is now"),
            },
            Change::ProveTwo => {
                f.write_str("the person must prove a second factor: a passkey, or a code beside a password")
            }
            Change::AdmitCards => {
                f.write_str("the audience must say class_cards = true, or the person must not sign in with a card")
            }
            Change::TellVisitor => f.write_str(
                "the service must read `role` and `inspected`: CAS at /p3/, OpenID Connect with the scope of them, SAML with both chosen",
            ),
            Change::RepairRules => f.write_str("the rules of the service must be repaired"),
        }
    }
}
