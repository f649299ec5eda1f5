//! A person, what they are in each establishment, and where their credentials live.
//!
//! Minimisation: only what some service or screen needs is here. No birth date, no INE, no postal address.

use crate::{PersonId, Profile, Public, SourceId, Uai};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a record in its source: `source$key`. Join keys are unique inside an academy only, hence the prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JoinKey {
    /// The source that speaks.
    pub source: SourceId,
    /// The key in that source, at most 128 characters.
    pub key: String,
}

impl fmt::Display for JoinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}${}", self.source, self.key)
    }
}

/// An account and the person it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account's name.
    pub id: PersonId,
    /// The record this account comes from; absent for a local account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinKey>,
    /// Where the account stands in its life.
    pub state: AccountState,
    /// Given name, at most 100 characters.
    pub given_name: String,
    /// Family name, at most 100 characters.
    pub family_name: String,
    /// `M.` or `Mme`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the person types to sign in, normalised by [`crate::normalised_login`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Mail address, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Where the password is checked.
    pub credentials: Credentials,
    /// What the person is, in each establishment. May be empty: such a person sees no tile.
    #[serde(default)]
    pub affiliations: Vec<Affiliation>,
    /// Pupils this person answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
}

impl Person {
    /// The name as a screen greets the person.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// Whether one of their affiliations is of that public.
    pub fn is_of(&self, public: Public) -> bool {
        self.affiliations.iter().any(|one| one.profile.public() == public)
    }

    /// An account of which nothing is known but its name and its state.
    pub fn unknown(id: PersonId, state: AccountState) -> Person {
        Person {
            id,
            join: None,
            state,
            given_name: String::new(),
            family_name: String::new(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Directory,
            affiliations: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The children of whom this person is a legal representative, as the record names them.
    pub fn represented(&self) -> impl Iterator<Item = &Child> {
        self.children.iter().filter(|child| child.legal == Legal::Representative)
    }

    /// Whether this person is a legal representative of that pupil.
    pub fn represents(&self, pupil: &Person) -> bool {
        self.represented().any(|child| Some(&child.pupil) == pupil.join.as_ref())
    }

    /// This person as they act for one of the children they represent: as a parent they are in the establishments of that child alone,
    /// with the class, groups and level of the child, and answer for no other. What they are besides stays.
    pub fn acting_for(&self, pupil: &Person) -> Person {
        let mut one = self.clone();
        one.children.retain(|child| Some(&child.pupil) == pupil.join.as_ref());
        one.affiliations.retain_mut(|own| {
            if own.profile != Profile::Guardian {
                return true;
            }
            let there = |of: &&Affiliation| of.profile == Profile::Pupil && of.establishment == own.establishment;
            let Some(of) = pupil.affiliations.iter().find(there) else { return false };
            own.classes.clone_from(&of.classes);
            own.groups.clone_from(&of.groups);
            own.level.clone_from(&of.level);
            own.mef.clone_from(&of.mef);
            true
        });
        one
    }

    /// The establishments of the person, each once, in the order of the affiliations.
    pub fn establishments(&self) -> Vec<&Uai> {
        let mut seen: Vec<&Uai> = Vec::new();
        for a in &self.affiliations {
            if !seen.contains(&&a.establishment) {
                seen.push(&a.establishment);
            }
        }
        seen
    }
}

/// Where the secret of a person lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credentials {
    /// In the directory the person comes from: checked by a bind.
    Directory,
    /// Here, as an Argon2id hash.
    Local,
}

/// Where an account stands in its life: see [`crate::Life`]. One that is purged has no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// May sign in, and never did.
    PreCreated,
    /// May sign in.
    Active,
    /// Kept, may not sign in: absent from its source, or stopped by a human.
    Suspended,
    /// The same; of the person nothing is left but the name of the account and its join key.
    PreDeleted,
}

impl AccountState {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            AccountState::PreCreated => "precreated",
            AccountState::Active => "active",
            AccountState::Suspended => "suspended",
            AccountState::PreDeleted => "predeleted",
        }
    }

    /// Whether the person may sign in.
    pub fn may_sign_in(self) -> bool {
        matches!(self, AccountState::PreCreated | AccountState::Active)
    }
}

/// One profile in one establishment, with the classes, groups and subjects that belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Affiliation {
    /// Where.
    pub establishment: Uai,
    /// What.
    pub profile: Profile,
    /// Class codes: the pupil's class, or the classes a teacher teaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Group codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Subjects taught (code) or discipline codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Function codes such as `ENS` or `EDU`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Education level (MEF code) of a pupil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mef: Option<String>,
    /// Level a person reads, such as `CM2` or `6EME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Classes this teacher is the *professeur principal* of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head_teacher_of: Vec<String>,
    /// How the office of the establishment knows a pupil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Box<Enrolment>>,
}

/// The number by which the office of an establishment knows a pupil (SIECLE, ONDE), as `FrEduVecteur` tells it. It is no INE:
/// it says nothing elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Enrolment {
    /// Where.
    pub establishment: Uai,
    /// The number, at most 20 letters and digits.
    pub number: String,
    /// Whether it is an école.
    #[serde(default)]
    pub first_degree: bool,
}

impl Affiliation {
    /// A bare affiliation, without class or group.
    pub fn new(establishment: Uai, profile: Profile) -> Self {
        Affiliation {
            establishment,
            profile,
            classes: Vec::new(),
            groups: Vec::new(),
            subjects: Vec::new(),
            functions: Vec::new(),
            mef: None,
            level: None,
            head_teacher_of: Vec::new(),
            enrolment: None,
        }
    }
}

/// A pupil somebody answers for, and with what legal weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Child {
    /// The pupil's join key; the pupil may not be known here yet.
    pub pupil: JoinKey,
    /// Kind of link, code of the national nomenclature (`10` mother, `20` father, …).
    pub link: String,
    /// Legal weight.
    pub legal: Legal,
    /// How the office of the pupil's establishment knows the pupil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Box<Enrolment>>,
}

/// What the law lets a responsible adult do. Only [`Legal::Representative`] opens the parent's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Legal {
    /// `1`: legal representative.
    Representative,
    /// `2`: person in charge.
    InCharge,
    /// `3` and anything else: a mere contact.
    Contact,
}
