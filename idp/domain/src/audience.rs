//! Who a service is for, as data. What it means is decided in `policy`; connectors and instance files carry it.

use crate::{PersonId, Profile, Uai};
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
    /// Is of one of these levels, such as `CM2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// Is one of these accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonId>,
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
}
