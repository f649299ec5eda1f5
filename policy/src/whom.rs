//! Who a service is for, in words that people of an establishment read.

use crate::sent::Words;
use preau_domain::{Audience, Population, Profile, Uai};

/// A text in the two languages of the house, made for the occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// Who of an establishment may open a service; absent when nobody may.
pub fn concerned(audience: &Audience, uai: &Uai) -> Option<Said> {
    let here =
        |population: &&Population| population.establishments.is_empty() || population.establishments.contains(uai);
    let said = |side: &[Population]| -> Vec<Said> { side.iter().filter(here).map(people).collect() };
    let (allow, except) = (said(&audience.allow), said(&audience.except));
    if allow.is_empty() {
        return None;
    }
    let lines = |pick: fn(&Said) -> &str, but: &str| {
        let joined = |all: &[Said], with: &str| all.iter().map(pick).collect::<Vec<_>>().join(with);
        let except = if except.is_empty() { String::new() } else { format!("\n{but} {}", joined(&except, " ; ")) };
        format!("{}{except}", joined(&allow, "\n"))
    };
    Some(Said { fr: lines(|said| &said.fr, "sauf"), en: lines(|said| &said.en, "except") })
}

/// A population as a person reads it. Its establishments are not named: what is read is about one of them.
pub fn people(population: &Population) -> Said {
    let Population { profiles, classes, groups, subjects, functions, delegations, levels, persons, .. } = population;
    let everyone = Words {
        fr: "toute personne de l’établissement, sauf les invités",
        en: "everyone of the establishment, guests excepted",
    };
    let who: Vec<Words> = match profiles.as_slice() {
        [] if persons.is_empty() => vec![everyone],
        [] => Vec::new(),
        all => all.iter().map(|profile| profile_words(*profile)).collect(),
    };
    let lists = [
        ("niveau", "level", levels),
        ("classe", "class", classes),
        ("groupe", "group", groups),
        ("matière", "subject", subjects),
        ("fonction", "function", functions),
        ("délégation", "delegation", delegations),
    ];
    let text = |french: bool| {
        let pick = |fr: &str, en: &str| if french { fr.to_owned() } else { en.to_owned() };
        let who = who.iter().map(|words| pick(words.fr, words.en)).collect::<Vec<_>>().join(", ");
        let mut parts: Vec<String> = if who.is_empty() { Vec::new() } else { vec![who] };
        for (fr, en, values) in lists.iter().filter(|(_, _, values)| !values.is_empty()) {
            parts.push(format!("{} {}", pick(fr, en), values.join(", ")));
        }
        match persons.len() {
            0 => {}
            1 => parts.push(pick("une personne nommée", "one named person")),
            many => parts.push(format!("{many} {}", pick("personnes nommées", "named people"))),
        }
        parts.join(" ; ")
    };
    Said { fr: text(true), en: text(false) }
}

/// What people of a profile are called, several of them.
pub fn profile_words(profile: Profile) -> Words {
    let (fr, en) = match profile {
        Profile::Pupil => ("élèves", "pupils"),
        Profile::Guardian => ("responsables d’élèves", "parents and guardians"),
        Profile::Teacher => ("enseignants", "teachers"),
        Profile::Head => ("direction", "heads of school"),
        Profile::SchoolLife => ("vie scolaire", "school life"),
        Profile::SchoolStaff => ("personnels administratifs et techniques", "administrative and technical staff"),
        Profile::Academy => ("personnels académiques", "academic authority"),
        Profile::Librarian => ("documentalistes", "librarians"),
        Profile::LocalAuthority => ("collectivité territoriale", "local authority"),
        Profile::Guest => ("invités", "guests"),
    };
    Words { fr, en }
}
