//! Who a service is for, as data. What it means is decided in `policy`; connectors and instance files carry it.

use crate::{PersonId, Profile, Uai, Window};
use serde::{Deserialize, Serialize};

/// A set of people described by what they are in *one* establishment. An empty list asks nothing; every list that is
/// not empty must be satisfied by the same affiliation (a teacher of A who is a parent in B is no teacher of B).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Has one of these profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
    /// In one of these establishments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub establishments: Vec<Uai>,
    /// Belongs to (or teaches) one of these classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Belongs to (or teaches) one of these groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Teaches one of these subjects or has one of these disciplines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Has one of these function codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Was delegated one of these for the establishment (`FrEduResDel`), and still is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<String>,
    /// Is of one of these levels, such as `CM2`, or has one of these MEF codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// Is one of these accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonId>,
    /// Only then, by the clock of the establishment of the affiliation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<Box<Window>>,
}

/// Who may open a service: the union of some populations, minus others. Without any population: nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// May open it when in one of these.
    #[serde(default)]
    pub allow: Vec<Population>,
    /// May not open it when in one of these, whatever `allow` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Population>,
    /// Opens it only after two factors when in one of these; it lets nobody in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub two_factors: Vec<Population>,
    /// Of them, whoever signed in with a password on a device where their second factor is not asked for again for a while opens it too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remembered: bool,
    /// Young pupils who signed in with a card of their class open it too. Without it they do not, whatever `allow` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub class_cards: bool,
    /// What people are in the service, once they may open it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleGrant>,
}

/// What somebody is in a service, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads.
    Visiteur,
    /// Writes what somebody else publishes.
    Redacteur,
    /// Writes and publishes.
    RedacteurPublication,
    /// Watches over what others write.
    Moderateur,
    /// Sets the service up.
    Gestionnaire,
}

impl Role {
    /// From the least to the most.
    pub const ALL: [Role; 5] =
        [Role::Visiteur, Role::Redacteur, Role::RedacteurPublication, Role::Moderateur, Role::Gestionnaire];

    /// The word of files and of the attribute that carries it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Visiteur => "visiteur",
            Role::Redacteur => "redacteur",
            Role::RedacteurPublication => "redacteur-publication",
            Role::Moderateur => "moderateur",
            Role::Gestionnaire => "gestionnaire",
        }
    }
}

/// One role and whom it is given to. It opens nothing: that is what `allow` is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleGrant {
    /// Which.
    pub role: Role,
    /// The union of these.
    pub to: Vec<Population>,
}
