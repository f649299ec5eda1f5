//! How many guests a pair of schools needs.

use preau_domain::{Person, Profile, SchoolPair, Uai};
use std::collections::BTreeMap;

/// How many pupils of each class of the levels asked for there are in the schools of a pair.
#[derive(Clone, Debug)]
pub struct Estimate {
    schools: Vec<Uai>,
    levels: Vec<String>,
    found: BTreeMap<(Uai, String, String), u64>,
}

/// A line of the table: where, which level, which class, how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The establishment.
    pub establishment: Uai,
    /// The level, as it was asked for.
    pub level: String,
    /// The class.
    pub class: String,
    /// How many pupils.
    pub pupils: u64,
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

impl Estimate {
    /// Of the écoles of a pair, or of its collège, for these levels.
    pub fn of(pair: &SchoolPair, college: bool, levels: &[String]) -> Estimate {
        let schools = if college { vec![pair.college.clone()] } else { pair.ecoles.clone() };
        Estimate { schools, levels: levels.to_vec(), found: BTreeMap::new() }
    }

    /// Takes one more person in; those who are no pupils there, or cannot sign in, count for nothing.
    pub fn see(&mut self, person: &Person) {
        if !person.state.may_sign_in() {
            return;
        }
        let pupil = |own: &&preau_domain::Affiliation| {
            own.profile == Profile::Pupil && self.schools.contains(&own.establishment)
        };
        for own in person.affiliations.iter().filter(pupil) {
            let Some(level) = self.levels.iter().find(|asked| own.level.as_deref().is_some_and(|has| same(asked, has)))
            else {
                continue;
            };
            let class = own.classes.first().cloned().unwrap_or_default();
            *self.found.entry((own.establishment.clone(), level.clone(), class)).or_default() += 1;
        }
    }

    /// The table, in the order of establishments, levels and classes.
    pub fn table(&self) -> Vec<Needed> {
        let line = |((establishment, level, class), pupils): (&(Uai, String, String), &u64)| Needed {
            establishment: establishment.clone(),
            level: level.clone(),
            class: class.clone(),
            pupils: *pupils,
        };
        self.found.iter().map(line).collect()
    }

    /// How many guests that makes.
    pub fn total(&self) -> u64 {
        self.found.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{AccountState, Affiliation, Credentials, PersonId};

    #[test]
    fn pupils_of_the_levels_are_counted_by_class() {
        let (ecole, college): (Uai, Uai) = ("0990001N".parse().unwrap(), "0990010Y".parse().unwrap());
        let pair = SchoolPair { college: college.clone(), ecoles: vec![ecole.clone()] };
        let pupil = |at: &Uai, level: &str, state| {
            let mut own = Affiliation::new(at.clone(), Profile::Pupil);
            (own.level, own.classes) = (Some(level.into()), vec!["B".into()]);
            Person {
                id: PersonId::new("p"),
                join: None,
                state,
                given_name: "Lou".into(),
                family_name: "V.".into(),
                title: None,
                login: None,
                mail: None,
                credentials: Credentials::Directory,
                affiliations: vec![own],
                children: vec![],
            }
        };
        let mut estimate = Estimate::of(&pair, false, &["CM1".into(), "CM2".into()]);
        for person in [
            pupil(&ecole, "CM2", AccountState::Active),
            pupil(&ecole, "cm2", AccountState::PreCreated),
            pupil(&ecole, "CE2", AccountState::Active),
            pupil(&ecole, "CM1", AccountState::Suspended),
            pupil(&college, "CM2", AccountState::Active),
        ] {
            estimate.see(&person);
        }
        assert_eq!(estimate.total(), 2);
        let line = &estimate.table()[0];
        assert_eq!((line.level.as_str(), line.class.as_str(), line.pupils), ("CM2", "B", 2));
    }
}
