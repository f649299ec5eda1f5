//! What the State's services know pupils and their legal representatives by: `profile|family name|given name|number|UAI`.

use crate::{Legal, Person, Uai};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest number of a pupil.
const MAX_NUMBER: usize = 20;
/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// One value of `FrEduVecteur`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrEduVecteur {
    /// The pupil's establishment.
    pub establishment: Uai,
    /// The number by which the office of that establishment knows the pupil.
    pub number: String,
    /// Of an adult who answers for the pupil: family name and given name, without what two offices write differently. Of a pupil, nothing.
    pub adult: Option<(String, String)>,
}

impl FrEduVecteur {
    /// Reads a value: five fields, profile 1 or 2 of an adult, 3 or 4 of a pupil. What a pupil's says of names is not read.
    pub fn read(value: &str) -> Option<FrEduVecteur> {
        let fields: Vec<&str> = value.splitn(6, '|').collect();
        let [profile, family, given, number, uai] = fields.try_into().ok()?;
        let adult = match profile {
            "1" | "2" => Some((likened(family)?, likened(given)?)),
            "3" | "4" => None,
            _ => return None,
        };
        let sound =
            !number.is_empty() && number.len() <= MAX_NUMBER && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let establishment = uai.parse().ok()?;
        sound.then(|| FrEduVecteur { establishment, number: number.to_owned(), adult })
    }

    /// Whether that is this person: the pupil of that number there, or a legal representative of that pupil with both names.
    pub fn names(&self, person: &Person) -> bool {
        let is = |at: &crate::Enrolment| at.establishment == self.establishment && at.number == self.number;
        match &self.adult {
            None => person.affiliations.iter().filter_map(|at| at.enrolment.as_deref()).any(is),
            Some((family, given)) => {
                let answers = |child: &crate::Child| {
                    child.legal == Legal::Representative && child.enrolment.as_deref().is_some_and(is)
                };
                likened(&person.family_name).as_ref() == Some(family)
                    && likened(&person.given_name).as_ref() == Some(given)
                    && person.children.iter().any(answers)
            }
        }
    }
}

/// A name as two offices write it alike: its letters and digits, without case, accents, hyphens and blanks. `None` when nothing
/// is left, or it is too long.
pub(crate) fn likened(name: &str) -> Option<String> {
    if name.chars().take(MAX_NAME + 1).count() > MAX_NAME {
        return None;
    }
    let plain = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let plain = plain.filter(|c| c.is_alphanumeric()).collect::<String>().replace('œ', "oe").replace('æ', "ae");
    (!plain.is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Affiliation, Child, Credentials, Enrolment, JoinKey, PersonId, Profile, SourceId};

    fn enrolled(uai: &str, number: &str) -> Option<Box<Enrolment>> {
        let establishment = uai.parse().expect("a number");
        Some(Box::new(Enrolment { establishment, number: number.to_owned(), first_degree: false }))
    }

    fn person(family: &str, given: &str) -> Person {
        Person {
            id: PersonId::new("p"),
            join: None,
            state: crate::AccountState::Active,
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Directory,
            affiliations: Vec::new(),
            children: Vec::new(),
        }
    }

    fn parent(family: &str, given: &str, legal: Legal) -> Person {
        let pupil = JoinKey { source: SourceId::new("annuaire"), key: "1".to_owned() };
        let child = Child { pupil, link: "10".to_owned(), legal, enrolment: enrolled("0990001N", "55021") };
        Person { children: vec![child], ..person(family, given) }
    }

    fn names(value: &str, person: &Person) -> bool {
        FrEduVecteur::read(value).is_some_and(|vector| vector.names(person))
    }

    #[test]
    fn a_pupil_is_named_by_number_and_school() {
        let school = "0990001N".parse().expect("a number");
        let mut at = Affiliation::new(school, Profile::Pupil);
        at.enrolment = enrolled("0990001N", "55021");
        let pupil = Person { affiliations: vec![at], ..person("Belombre", "Noé") };
        assert!(names("4|||55021|0990001N", &pupil) && names("3|||55021|0990001N", &pupil));
        assert!(names("4|Autre|Nom|55021|0990001N", &pupil), "what it says of names is not read");
        for other in ["4|||55022|0990001N", "4|||55021|0990002P", "2|Belombre|Noé|55021|0990001N"] {
            assert!(!names(other, &pupil), "{other}");
        }
    }

    #[test]
    fn a_parent_is_named_by_a_child_and_both_names_however_written() {
        let aude = parent("D'Orval-Belœuvre", "Anne Hélène", Legal::Representative);
        for same in ["2|D'ORVAL BELOEUVRE|Anne-Helene|55021|0990001N", "1|d’orval-belœuvre|ANNE HÉLÈNE|55021|0990001N"]
        {
            assert!(names(same, &aude), "{same}");
        }
        for other in [
            "2|D'Orval|Anne Hélène|55021|0990001N",
            "2|D'Orval-Belœuvre|Anne|55021|0990001N",
            "2|||55021|0990001N",
            "2|D'Orval-Belœuvre|Anne Hélène|5502|0990001N",
            "4|||55021|0990001N",
        ] {
            assert!(!names(other, &aude), "{other}");
        }
        for legal in [Legal::InCharge, Legal::Contact] {
            assert!(!names("2|Belombre|Aude|55021|0990001N", &parent("Belombre", "Aude", legal)), "{legal:?}");
        }
        assert!(names("2|Belombre|Aude|55021|0990001N", &parent("Belombre", "Aude", Legal::Representative)), "control");
    }

    #[test]
    fn what_is_no_vector_names_nobody() {
        let long = format!("2|{}|Aude|55021|0990001N", "b".repeat(MAX_NAME + 1));
        let odd = ["", "4|||55021", "4|||55021|0990001N|", "5|||55021|0990001N", "4||||0990001N", "4|||5 5|0990001N"];
        for value in odd.into_iter().chain(["4|||55021|0990001A", "4|||550215502155021550215|0990001N", &long]) {
            assert_eq!(FrEduVecteur::read(value), None, "{value}");
        }
    }
}
