//! A sign-in under way. Its browser carries it, sealed, and what somebody proved on the way is stored, so that it survives a restart and any
//! node can go on with it; steps never call one another, they return to the dispatcher which reads this.

use crate::{
    Authentication, CorrelationId, Instant, OneTimeKey, PendingId, PersonId, Public, ServiceId, Strength, Uai, Upstream,
};
use serde::{Deserialize, Serialize};

/// Everything known of a sign-in that has not ended yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSignIn {
    /// Its name in addresses.
    pub id: PendingId,
    /// Digest of the secret cookie of the browser that began it: no other browser may go on with it.
    pub browser: OneTimeKey,
    /// Which protocol began it, as the protocol registry names it (`portal` when none did).
    pub protocol: String,
    /// For which service; absent for the portal itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// What the protocol must find again at the end; only that protocol reads it. At most [`PendingSignIn::MAX_REQUEST`]
    /// bytes.
    pub request: String,
    /// A proof made before this instant does not count (`renew`, `ForceAuthn`, `prompt=login`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_after: Option<Instant>,
    /// What the proof must be; whoever cannot give it is not kept from ending, and who began the sign-in decides what that is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<Strength>,
    /// Which of the four choices was made, where it must be found again; on the way to a password it travels with the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<Public>,
    /// What the service believes the person is about to type; at most 128 characters, and no more than a suggestion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Who it is, once proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// How it was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// What another provider vouched for, while the person chooses between their accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Vouched>,
    /// Ties log lines and audit events together.
    pub correlation: CorrelationId,
    /// When it began.
    pub created: Instant,
    /// After this it is forgotten.
    pub expires: Instant,
}

impl PendingSignIn {
    /// Longest [`PendingSignIn::request`]: anybody may begin a sign-in, so what one stores is bounded.
    pub const MAX_REQUEST: usize = 8 * 1024;
}

/// What another provider vouched for. It holds digests: the names a person has elsewhere are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// Who, elsewhere, in which session there.
    pub upstream: Upstream,
    /// How and when the person proved themselves there.
    pub authentication: Authentication,
    /// The accounts it may be, in the order they are shown.
    pub accounts: Vec<PersonId>,
    /// Establishments of theirs it names, the first one first: where the session begins, if the account belongs there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<Uai>,
    /// Whether they have the same name there next time; only then is the account they choose linked to it.
    #[serde(default = "lasting")]
    pub lasting: bool,
    /// What ends the session there, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logout_hint: Option<String>,
}

/// What a sign-in that was stored before said nothing of.
fn lasting() -> bool {
    true
}
