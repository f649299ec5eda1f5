//! What a service receives, as data: a closed list of verbs over a closed list of facts. Applying them is `policy`'s.

use crate::Population;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A fact about a person that a rule may copy. Nothing outside this list can leave the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The account's opaque name.
    Uid,
    /// What the person types to sign in.
    Login,
    /// An identifier only this service receives.
    Pairwise,
    /// Given name.
    GivenName,
    /// Family name.
    FamilyName,
    /// Given name and family name.
    DisplayName,
    /// `M.` or `Mme`.
    Title,
    /// Mail address.
    Mail,
    /// Number of the establishment the person works in now.
    Uai,
    /// Name of the establishment the person works in now.
    EstablishmentName,
    /// Numbers of every establishment of the person.
    Establishments,
    /// National profile codes in the establishment of now.
    Profiles,
    /// Every pair `UAI$profile`, so that nobody has to guess by position.
    Affiliations,
    /// Class codes in the establishment of now.
    Classes,
    /// Every pair `UAI$class`.
    ClassesPaired,
    /// Group codes in the establishment of now.
    Groups,
    /// Every pair `UAI$group`.
    GroupsPaired,
    /// Subject codes in the establishment of now.
    Subjects,
    /// Every pair `UAI$subject`.
    SubjectsPaired,
    /// Function codes in the establishment of now.
    Functions,
    /// What is delegated to the person in the establishment of now.
    Delegations,
    /// Level (MEF code) in the establishment of now.
    Mef,
    /// Level people read, in the establishment of now.
    Level,
    /// `FrEduVecteur` of the State's services: of a pupil, and of each child of a legal representative,
    /// `profile|family name|given name|number of the pupil|UAI`, without the names of a pupil.
    FrEduVecteur,
    /// How the person proved who they are.
    AuthnMethod,
    /// What the person is in the service: the most of the roles its audience gives them in the establishment of now.
    Role,
    /// What the service calls the teachers whose spaces the person looks at there as an inspector ([`crate::Inspection`]).
    Inspected,
}

/// One attribute of the answer: where its values come from and what is done to them, always in this order:
/// `when`, `copy`, `add`, `map`, `limit`, `scope`, `first`, `join`. An attribute without a value is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRule {
    /// The name the service reads: `[A-Za-z_][A-Za-z0-9_.:-]{0,127}`. `block/name` puts the attribute inside a block, which
    /// CAS alone can say: `<cas:block><cas:name>…`.
    pub name: String,
    /// Only for people of this population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Population>,
    /// Takes the values of a fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Fact>,
    /// Adds constant values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// Replaces values; `*` is for every value not named. Without `*`, a value not named stays.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Keeps only these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit: Vec<String>,
    /// Appends this text to every value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Keeps the first value only.
    #[serde(default)]
    pub first: bool,
    /// Makes one value of all, with this between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
}

/// What a service knows a person by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identifier {
    /// An identifier only this service receives.
    #[default]
    Pairwise,
    /// The account's opaque name, the same for every service that asks for it.
    Uid,
    /// What the person types to sign in.
    Login,
    /// The mail address; without one the sign-on is refused.
    Mail,
    /// The establishment of now instead of the person.
    Uai,
}
