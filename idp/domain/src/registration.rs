//! What somebody registered about a service and no administrator wrote: it registered itself, an editor tries it out, or the head of an
//! establishment opened it there.

use crate::{Instant, PersonId, ServiceId};
use serde::{Deserialize, Serialize};

/// How it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationKind {
    /// An editor's bench: it sees synthetic people only.
    Sandbox,
    /// Dynamic registration behind an initial access token.
    Dynamic,
    /// The yes of a head to a service that asks for two keys ([`crate::Opening`]).
    Opening,
}

impl RegistrationKind {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            RegistrationKind::Sandbox => "sandbox",
            RegistrationKind::Dynamic => "dynamic",
            RegistrationKind::Opening => "opening",
        }
    }
}

/// A registration as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The name it is known by.
    pub id: ServiceId,
    /// How it came.
    pub kind: RegistrationKind,
    /// Who answers for it here, when somebody does.
    pub owner: Option<PersonId>,
    /// Its settings; only who registered it reads them. At most [`Registration::MOST`] bytes.
    pub doc: String,
    /// Since when.
    pub created: Instant,
    /// After this it is forgotten.
    pub expires: Option<Instant>,
}

impl Registration {
    /// Longest settings, in bytes.
    pub const MOST: usize = 64 * 1024;
}
