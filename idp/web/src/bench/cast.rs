//! The synthetic people of the bench. They are no accounts: no store knows them, and their names have a hyphen, which the
//! name of no account has.

use preau_connector_api::MountedService;
use preau_domain::{
    AccountState, Affiliation, AuthnMethod, Child, Credentials, JoinKey, Legal, Person, PersonId, Profile, SourceId,
    Uai,
};
use preau_policy::Facts;

/// Somebody who does not exist.
#[derive(Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// The word that chooses them.
    pub word: &'static str,
    /// Given name, family name, title.
    name: (&'static str, &'static str, &'static str),
    /// What they are in the first school, and in the second.
    is: &'static [(Profile, usize)],
}

/// The cast: one for each way of being somewhere.
pub const CAST: &[Synthetic] = &[
    Synthetic {
        word: "teacher",
        name: ("Solène", "Banc-d’Essai", "Mme"),
        is: &[(Profile::Teacher, 0), (Profile::Teacher, 1)],
    },
    Synthetic { word: "head", name: ("Ugo", "Banc-d’Essai", "M."), is: &[(Profile::Head, 0)] },
    Synthetic { word: "school-life", name: ("Maud", "Banc-d’Essai", "Mme"), is: &[(Profile::SchoolLife, 0)] },
    Synthetic { word: "librarian", name: ("Iris", "Banc-d’Essai", "Mme"), is: &[(Profile::Librarian, 0)] },
    Synthetic { word: "pupil", name: ("Noé", "Banc-d’Essai", ""), is: &[(Profile::Pupil, 0)] },
    Synthetic { word: "guardian", name: ("Inès", "Banc-d’Essai", "Mme"), is: &[(Profile::Guardian, 0)] },
    Synthetic {
        word: "teacher-guardian",
        name: ("Hugo", "Banc-d’Essai", "M."),
        is: &[(Profile::Teacher, 0), (Profile::Guardian, 1)],
    },
    Synthetic { word: "local-authority", name: ("Alma", "Banc-d’Essai", "Mme"), is: &[(Profile::LocalAuthority, 0)] },
    Synthetic { word: "guest", name: ("Gaëlle", "Banc-d’Essai", "Mme"), is: &[(Profile::Guest, 0)] },
];

/// The two schools of the cast: their numbers belong to nobody.
const SCHOOLS: [(u32, &str); 2] = [(990_001, "Collège du Banc d’essai"), (990_002, "Lycée du Banc d’essai")];

impl Synthetic {
    /// The person and what is known of them at a service, in a school it is for when it is for some schools only.
    pub fn before(&self, service: &MountedService) -> (Person, Facts) {
        let school = service.audience.allow.iter().flat_map(|population| &population.establishments).next();
        let (somebody, places) = self.at(school);
        let current: Option<&Uai> = somebody.affiliations.first().map(|affiliation| &affiliation.establishment);
        let name = current.and_then(|uai| places.iter().find(|(place, _)| place == uai)).map(|(_, name)| name.as_str());
        let facts = Facts::of(&somebody, current, name, Some(AuthnMethod::DirectoryPassword));
        (somebody, facts)
    }

    /// The one of that word.
    pub fn of(word: &str) -> Option<&'static Synthetic> {
        CAST.iter().find(|one| one.word == word)
    }

    /// The person, and the schools by number and name; the first school is another one when it is said which.
    fn at(&self, school: Option<&Uai>) -> (Person, Vec<(Uai, String)>) {
        let invented = |number: u32| format!("{number:07}{}", Uai::key_letter(number)).parse::<Uai>();
        let mut places: Vec<(Uai, String)> =
            SCHOOLS.iter().filter_map(|(number, name)| Some((invented(*number).ok()?, (*name).to_owned()))).collect();
        if let (Some(school), Some(first)) = (school, places.first_mut()) {
            first.0 = school.clone();
        }
        let here = |(profile, place): &(Profile, usize)| Some(affiliation(places.get(*place)?.0.clone(), *profile));
        let source = || SourceId::new("annuaire");
        let (given, family, title) = self.name;
        let guards = self.is.iter().any(|(profile, _)| *profile == Profile::Guardian);
        let child = Child {
            pupil: JoinKey { source: source(), key: "bench-pupil".to_owned() },
            link: "10".to_owned(),
            legal: Legal::Representative,
            enrolment: None,
        };
        let person = Person {
            id: PersonId::new(format!("bench-{}", self.word)),
            join: Some(JoinKey { source: source(), key: format!("bench-{}", self.word) }),
            state: AccountState::Active,
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            title: Some(title.to_owned()).filter(|title| !title.is_empty()),
            login: Some(format!("bench.{}", self.word)),
            mail: Some(format!("bench.{}@example.invalid", self.word)),
            credentials: Credentials::Directory,
            affiliations: self.is.iter().filter_map(here).collect(),
            children: if guards { vec![child] } else { Vec::new() },
        };
        (person, places)
    }
}

fn affiliation(school: Uai, profile: Profile) -> Affiliation {
    let mut one = Affiliation::new(school, profile);
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    match profile {
        Profile::Teacher => {
            one.classes = texts(&["6A", "6B"]);
            one.groups = texts(&["6LATIN"]);
            one.subjects = texts(&["030100"]);
            one.functions = texts(&["ENS"]);
        }
        Profile::Pupil => {
            one.classes = texts(&["6B"]);
            one.groups = texts(&["6LATIN"]);
            one.level = Some("6EME".to_owned());
            one.mef = Some("10010012110".to_owned());
        }
        Profile::Head => one.functions = texts(&["DIR"]),
        Profile::SchoolLife => one.functions = texts(&["EDU"]),
        Profile::Librarian => one.functions = texts(&["DOC"]),
        _ => {}
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_of_the_cast_can_be_an_account() {
        for one in CAST {
            let (person, places) = one.at(None);
            assert!(person.id.as_str().contains('-') && person.affiliations.len() == one.is.len(), "{}", one.word);
            assert!(places.iter().all(|(uai, _)| uai.as_str().starts_with("099")), "{}", one.word);
            assert!(person.mail.is_some_and(|mail| mail.ends_with(".invalid")));
        }
    }

    #[test]
    fn the_first_school_is_the_one_a_service_is_for() {
        let school: Uai = format!("0990009{}", Uai::key_letter(990_009)).parse().unwrap();
        let (person, _) = CAST[0].at(Some(&school));
        assert_eq!(person.affiliations[0].establishment, school);
        assert_ne!(person.affiliations[1].establishment, school);
    }
}
