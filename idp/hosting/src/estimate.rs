//! How many guests a pair of schools needs, who teaches them, and what its schools share already.

use preau_domain::{Person, Profile, Public, SchoolPair, Space, Uai};
use std::collections::{BTreeMap, BTreeSet};

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

/// Who of these people teaches a class of the table, or is with it otherwise, in the order of their names.
pub fn teachers_of<'p>(people: &'p [Person], line: &Needed) -> Vec<&'p Person> {
    let with_it = |own: &preau_domain::Affiliation| {
        own.establishment == line.establishment
            && own.profile.public() == Public::Staff
            && own.classes.contains(&line.class)
    };
    let mut found: Vec<&Person> =
        people.iter().filter(|one| one.state.may_sign_in() && one.affiliations.iter().any(with_it)).collect();
    found.sort_by_cached_key(|one| (one.family_name.clone(), one.given_name.clone(), one.id.to_string()));
    found
}

/// Whether a space is for groups of several of these schools.
pub fn is_shared(space: &Space, schools: &[Uai]) -> bool {
    let named: BTreeSet<&str> = space.groups.iter().map(|group| group.establishment.as_str()).collect();
    schools.iter().filter(|school| named.contains(school.as_str())).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{AccountState, Affiliation, Credentials, Instant, PersonId, Role, SpaceGroup};

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

    #[test]
    fn teachers_of_a_class_are_those_of_its_school() {
        let (ecole, college): (Uai, Uai) = ("0990001N".parse().unwrap(), "0990010Y".parse().unwrap());
        let teacher = |family_name: &str, at: &Uai, profile, class: &str, state| {
            let mut own = Affiliation::new(at.clone(), profile);
            own.classes = vec![class.into()];
            let id = PersonId::new(family_name);
            Person { family_name: family_name.into(), affiliations: vec![own], ..Person::unknown(id, state) }
        };
        let line = Needed { establishment: ecole.clone(), level: "CM2".into(), class: "B".into(), pupils: 2 };
        let people = [
            teacher("Riou", &ecole, Profile::Teacher, "B", AccountState::Active),
            teacher("Abel", &ecole, Profile::Head, "B", AccountState::PreCreated),
            teacher("Gone", &ecole, Profile::Teacher, "B", AccountState::Suspended),
            teacher("Other", &ecole, Profile::Teacher, "A", AccountState::Active),
            teacher("Namesake", &college, Profile::Teacher, "B", AccountState::Active),
            teacher("Child", &ecole, Profile::Pupil, "B", AccountState::Active),
        ];
        let names: Vec<&str> = teachers_of(&people, &line).iter().map(|one| one.family_name.as_str()).collect();
        assert_eq!(names, ["Abel", "Riou"]);
    }

    #[test]
    fn what_is_shared_is_for_two_schools_of_the_pair() {
        let schools: Vec<Uai> = ["0990010Y", "0990001N", "0990002P"].iter().map(|uai| uai.parse().unwrap()).collect();
        let group = |at: &Uai, code: &str| SpaceGroup {
            establishment: at.clone(),
            code: code.into(),
            public: Public::Pupil,
            role: Role::Redacteur,
        };
        let space = |groups| Space {
            id: "fables".into(),
            title: "Fables".into(),
            host: schools[0].clone(),
            convention: None,
            groups,
            services: vec![],
            from: Instant(0),
            until: Instant(1),
            closed: false,
        };
        assert!(!is_shared(&space(vec![group(&schools[0], "6A"), group(&schools[0], "6B")]), &schools));
        let two = space(vec![group(&schools[0], "6A"), group(&schools[1], "CM2")]);
        assert!(is_shared(&two, &schools) && !is_shared(&two, &schools[..1]), "control");
    }
}
