//! What happened, for those who must be able to say so later. Pseudonymous: ids and reasons, never attribute values.

use crate::{CorrelationId, Instant, PersonId, ServiceId, SessionId, Uai};
use serde::{Deserialize, Serialize};

/// Kinds of audit events: a closed list, because each is documented and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditKind {
    /// A person proved who they are.
    SignInSucceeded,
    /// An attempt to sign in was refused.
    SignInRefused,
    /// Passwords failed at more accounts than people mistype.
    SignInsFailing,
    /// A session ended.
    SignedOut,
    /// A tile of the portal was opened.
    TileOpened,
    /// A service was opened: a ticket, assertion or code was handed out.
    ServiceOpened,
    /// A service was refused.
    ServiceRefused,
    /// A service redeemed what it was handed, and received attributes.
    AttributesReleased,
    /// A service was told again and again for half an hour that a session had ended, and never answered.
    LogoutGivenUp,
    /// A service was told that a session had ended, and answered that it did not end its own.
    LogoutRefused,
    /// A request was refused as hostile or malformed.
    RequestRefused,
    /// A letter to somebody was given up: its server refused it, or did not take it in time.
    MailGivenUp,
    /// The person changed the establishment they work in.
    EstablishmentSwitched,
    /// An account was linked to who its person is at another provider.
    AccountLinked,
    /// Something people prove themselves with besides a password was added, renamed or removed.
    FactorsChanged,
    /// A password that lives here was chosen or replaced, a code for it was made, or the charte was accepted.
    CredentialsChanged,
    /// A synchronisation was applied, held or failed.
    Synchronised,
    /// The set of mounted services changed, or a change was refused.
    ServicesReloaded,
    /// A service registered itself, changed or withdrew its registration.
    ServiceRegistered,
    /// A server made or removed a key that tokens are signed with.
    SigningKeysChanged,
    /// Time had its way with an account whose person is entitled to nothing any more: it was pre-deleted, or purged.
    AccountAged,
    /// A guest of another ENT is one no more: the time of the guest, the space or the convention is over, or they did not come.
    GuestEnded,
    /// An inspector was granted to look at the space of a teacher, or that ended: of each of the two.
    Inspection,
    /// An administrator acted, from the command line or on a page.
    Administered,
}

impl AuditKind {
    /// Whether it is what happens all day long when all is well.
    pub fn is_routine(self) -> bool {
        matches!(self, AuditKind::TileOpened | AuditKind::ServiceOpened | AuditKind::AttributesReleased)
    }

    /// The word the store and the metrics keep.
    pub fn as_str(self) -> &'static str {
        match self {
            AuditKind::SignInSucceeded => "sign-in-succeeded",
            AuditKind::SignInRefused => "sign-in-refused",
            AuditKind::SignInsFailing => "sign-ins-failing",
            AuditKind::SignedOut => "signed-out",
            AuditKind::TileOpened => "tile-opened",
            AuditKind::ServiceOpened => "service-opened",
            AuditKind::ServiceRefused => "service-refused",
            AuditKind::AttributesReleased => "attributes-released",
            AuditKind::LogoutGivenUp => "logout-given-up",
            AuditKind::LogoutRefused => "logout-refused",
            AuditKind::RequestRefused => "request-refused",
            AuditKind::MailGivenUp => "mail-given-up",
            AuditKind::EstablishmentSwitched => "establishment-switched",
            AuditKind::AccountLinked => "account-linked",
            AuditKind::FactorsChanged => "factors-changed",
            AuditKind::CredentialsChanged => "credentials-changed",
            AuditKind::Synchronised => "synchronised",
            AuditKind::ServicesReloaded => "services-reloaded",
            AuditKind::ServiceRegistered => "service-registered",
            AuditKind::SigningKeysChanged => "signing-keys-changed",
            AuditKind::AccountAged => "account-aged",
            AuditKind::GuestEnded => "guest-ended",
            AuditKind::Inspection => "inspection",
            AuditKind::Administered => "administered",
        }
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub at: Instant,
    /// What.
    pub kind: AuditKind,
    /// Which way: a request, and everything that followed from it.
    pub correlation: CorrelationId,
    /// Who, when known.
    pub person: Option<PersonId>,
    /// In which session, when there is one.
    pub session: Option<SessionId>,
    /// Which service, when there is one.
    pub service: Option<ServiceId>,
    /// Which establishment, when there is one.
    pub establishment: Option<Uai>,
    /// Why, as a word of a closed list such as `wrong-password` or the name of a rule; names of attributes, never values.
    /// The word is followed by the name of a source, or by what whoever asked called themselves, where that is no person: at most
    /// 200 characters. What an operator does to an account by hand bears the reason they give, of at most 200 characters.
    pub detail: String,
}

impl AuditEvent {
    /// An event that names nobody yet.
    pub fn new(at: Instant, kind: AuditKind, correlation: CorrelationId, detail: impl Into<String>) -> Self {
        AuditEvent {
            at,
            kind,
            correlation,
            person: None,
            session: None,
            service: None,
            establishment: None,
            detail: detail.into(),
        }
    }
}
