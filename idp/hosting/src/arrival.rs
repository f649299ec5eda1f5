//! Whether somebody who was a guest is a pupil of ours by now.
//!
//! A name finds and proves nothing: two children of one valley are called Lou V. Two are proposed to a person who knows the child only where what is known
//! besides says so too, and never where it says the contrary.

use preau_domain::{AccountState, Affiliation, Guest, Instant, Person, PersonId, Profile, Public, SchoolPair, Uai};
use preau_store::Departed;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// The levels of a life at school in their order, each as records write it.
const LEVELS: [&[&str]; 15] = [
    &["PS"],
    &["MS"],
    &["GS"],
    &["CP"],
    &["CE1"],
    &["CE2"],
    &["CM1"],
    &["CM2"],
    &["6EME", "6E", "SIXIEME"],
    &["5EME", "5E", "CINQUIEME"],
    &["4EME", "4E", "QUATRIEME"],
    &["3EME", "3E", "TROISIEME"],
    &["2NDE", "2DE", "SECONDE"],
    &["1ERE", "PREMIERE"],
    &["TERM", "TLE", "TERMINALE"],
];

/// What says, besides the name and that they came here, that a guest is a pupil of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The pupil is in the level after the one in which the guest was.
    NextLevel {
        /// In which the guest was.
        left: String,
        /// In which the pupil is.
        now: String,
    },
    /// Somebody declared that the school of the guest is paired with ours.
    Paired,
    /// The annuaire says that ours is the collège of that school.
    Sector,
}

/// A guest who may be a pupil of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The guest they were.
    pub guest: Guest,
    /// Their account, which says a given name and an initial.
    pub was: Person,
    /// The pupil.
    pub pupil: Person,
    /// What the pupil is at the establishment.
    pub place: Affiliation,
    /// What the space is called into which a list brought the guest.
    pub space: String,
    /// When that list came.
    pub since: Instant,
    /// What says so; never nothing.
    pub signs: Vec<Sign>,
}

/// Which account stays where a guest and a pupil become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Becomes {
    /// The name that stays.
    pub kept: PersonId,
    /// The other one.
    pub added: PersonId,
    /// The guest's stays, because the pupil's was never used: services go on with what they know.
    pub keeps_guest: bool,
}

/// How a guest and a pupil become one account; none unless they are a guest and a pupil of ours.
pub fn becomes(guest: &Person, pupil: &Person) -> Option<Becomes> {
    let is_pupil = !pupil.is_hosted() && pupil.affiliations.iter().any(|own| own.profile == Profile::Pupil);
    let keeps_guest = pupil.state == AccountState::PreCreated;
    let (kept, added) = if keeps_guest { (guest, pupil) } else { (pupil, guest) };
    (guest.is_hosted() && is_pupil).then(|| Becomes { kept: kept.id.clone(), added: added.id.clone(), keeps_guest })
}

fn rank(level: &str) -> Option<usize> {
    let plain: String = level.to_uppercase().replace(['È', 'É'], "E");
    let word = plain.split_whitespace().next()?;
    LEVELS.iter().position(|one| one.contains(&word))
}

/// What says that this guest is that pupil; nothing where a level says that they are not.
fn signs(guest: &Guest, place: &Affiliation, pair: Option<&(SchoolPair, bool)>) -> Vec<Sign> {
    let now = place.level.as_deref().unwrap_or_default();
    let mut signs = Vec::new();
    match (rank(&guest.level), rank(now)) {
        (Some(left), Some(is)) if is == left + 1 => {
            signs.push(Sign::NextLevel { left: guest.level.clone(), now: now.to_owned() });
        }
        // A year that is done again, at another school.
        (Some(left), Some(is)) if is == left => {}
        (Some(_), Some(_)) => return Vec::new(),
        _ => {}
    }
    if let Some((pair, declared)) = pair
        && pair.college == place.establishment
        && pair.ecoles.contains(&guest.home)
    {
        signs.push(if *declared { Sign::Paired } else { Sign::Sector });
    }
    signs
}

/// Which of those who were guests of an establishment may be which of its pupils: alike in given name and initial, and by more than that. `pair` says
/// which écoles are those of the establishment, and whether somebody declared so.
pub fn arrivals(
    mut departed: Vec<Departed>,
    pupils: &[Person],
    at: &Uai,
    pair: Option<&(SchoolPair, bool)>,
) -> Vec<Arrival> {
    let mut named: HashMap<(String, char), Vec<(&Person, &Affiliation)>> = HashMap::new();
    for pupil in pupils.iter().filter(|one| one.state.may_sign_in() && !one.is_hosted()) {
        let place = pupil.affiliations.iter().find(|own| own.establishment == *at && own.profile == Profile::Pupil);
        if let (Some(place), Some(alike)) = (place, pupil.given_and_initial()) {
            named.entry(alike).or_default().push((pupil, place));
        }
    }
    // By whatever convention they came last, of several.
    departed.sort_by_key(|one| Reverse(one.guest.ended));
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for Departed { guest, person, space, since } in departed {
        if guest.public != Public::Pupil || !seen.insert(guest.person.clone()) {
            continue;
        }
        let alike = person.given_and_initial().and_then(|alike| named.get(&alike));
        for (pupil, place) in alike.into_iter().flatten() {
            let signs = signs(&guest, place, pair);
            if !signs.is_empty() {
                let (guest, was, space) = (guest.clone(), person.clone(), space.clone());
                let (pupil, place) = ((*pupil).clone(), (*place).clone());
                found.push(Arrival { guest, was, pupil, place, space, since, signs });
            }
        }
    }
    let order =
        |one: &Arrival| (one.pupil.display_name(), one.pupil.id.to_string(), one.since, one.guest.person.to_string());
    found.sort_by_cached_key(order);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Credentials, JoinKey, SourceId, guest_key};

    fn uai(text: &str) -> Uai {
        text.parse().unwrap()
    }

    fn person(id: &str, given_name: &str, family_name: &str) -> Person {
        Person {
            id: PersonId::new(id),
            join: Some(JoinKey { source: SourceId::new("annuaire"), key: id.into() }),
            state: AccountState::PreCreated,
            given_name: given_name.into(),
            family_name: family_name.into(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Directory,
            affiliations: vec![],
            children: vec![],
        }
    }

    fn pupil(id: &str, family_name: &str, level: Option<&str>) -> Person {
        let mut own = Affiliation::new(uai("0990010Y"), Profile::Pupil);
        own.level = level.map(str::to_owned);
        Person { affiliations: vec![own], ..person(id, "Lou", family_name) }
    }

    fn departed(level: &str) -> Departed {
        let was =
            Person { join: Some(guest_key("k".into())), state: AccountState::Suspended, ..person("g", "LOU", "V.") };
        let guest = Guest {
            person: was.id.clone(),
            convention: "c".into(),
            home: uai("0990001N"),
            class: "CM2A".into(),
            level: level.into(),
            public: Public::Pupil,
            until: Instant(9),
            batch: "b".into(),
            ended: Some(Instant(9)),
        };
        Departed { guest, person: was, space: "Fables".into(), since: Instant(1) }
    }

    /// The pupils proposed, and how many signs say so.
    fn proposed(level: &str, pupils: &[Person], declared: Option<bool>) -> Vec<(String, usize)> {
        let (at, ecoles) = (uai("0990010Y"), vec![uai("0990001N")]);
        let pair = declared.map(|said| (SchoolPair { college: at.clone(), ecoles }, said));
        let found = arrivals(vec![departed(level)], pupils, &at, pair.as_ref());
        found.into_iter().map(|one| (one.pupil.id.to_string(), one.signs.len())).collect()
    }

    #[test]
    fn a_name_alone_proposes_nobody() {
        let in_6e = [pupil("p", "Valombreuse", Some("6ème"))];
        assert_eq!(proposed("CM2", &in_6e, None), [("p".to_owned(), 1)], "control: the level");
        assert_eq!(proposed("CM2", &in_6e, Some(false)), [("p".to_owned(), 2)]);
        assert!(proposed("", &in_6e, None).is_empty(), "nothing is known besides the name");
        assert_eq!(proposed("", &in_6e, Some(true)), [("p".to_owned(), 1)], "control: the pair");
        assert!(proposed("CM2", &[pupil("p", "Barbier", Some("6EME"))], Some(true)).is_empty(), "another initial");
    }

    #[test]
    fn a_level_that_does_not_follow_says_no() {
        for (left, now, yes) in [
            ("CM2", "5EME", false),
            ("CM1", "6EME", false),
            ("6EME", "CM2", false),
            ("CM2", "CM2", true),
            ("cm2", "6eme SEGPA", true),
            ("3EME", "2NDE", true),
            ("CM2", "ULIS", true),
        ] {
            let found = proposed(left, &[pupil("p", "Valombreuse", Some(now))], Some(true));
            assert_eq!(found.len() == 1, yes, "{left} {now}");
        }
    }

    #[test]
    fn the_account_that_was_used_stays() {
        let (guest, new) = (departed("CM2").person, pupil("p", "Valombreuse", None));
        let used = Person { state: AccountState::Active, ..new.clone() };
        assert_eq!(becomes(&guest, &new).map(|one| (one.kept, one.keeps_guest)), Some((guest.id.clone(), true)));
        assert_eq!(becomes(&guest, &used).map(|one| (one.added, one.keeps_guest)), Some((guest.id.clone(), false)));
        assert_eq!(becomes(&guest, &guest), None);
        assert_eq!(becomes(&new, &used), None);
        assert_eq!(becomes(&guest, &person("p", "Lou", "Valombreuse")), None, "no pupil");
    }
}
