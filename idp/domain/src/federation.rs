//! Who somebody is elsewhere, and what the house owes to that elsewhere.

use crate::{Instant, PersonId, SourceId};
use serde::{Deserialize, Serialize};

/// A person as an upstream provider names them. The name itself is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FederatedIdentity {
    /// Which provider of the configuration.
    pub provider: SourceId,
    /// The issuer it proved to be.
    pub issuer: String,
    /// Digest of the subject.
    pub subject: String,
}

/// An account that opens to an identity of elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederatedLink {
    /// Who, elsewhere.
    pub identity: FederatedIdentity,
    /// Who, here.
    pub person: PersonId,
    /// Since when.
    pub at: Instant,
}

/// By whom a session was opened from elsewhere: whoever logs out there is logged out here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Upstream {
    /// Who, elsewhere.
    pub identity: FederatedIdentity,
    /// Digest of the session's name there, where the provider gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}
