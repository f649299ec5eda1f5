//! One person whom several sources describe. Pure: records in, one account out.
//!
//! A record that is not active says nothing: what only it knew is not known any more. Of the others each attribute is taken from the
//! source that comes first for it and has one. Rights are another matter, since no source knows them all: whatever any active record says
//! the person is counts, and where two say the same profile in the same establishment, classes and groups are those of the source
//! that comes first. An account may sign in as long as one of its records is active.

use crate::vector::likened;
use crate::{AccountState, Affiliation, Child, Life, Person, SourceId};

/// Whose word counts first, attribute by attribute. A source that is not named comes after those that are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precedence {
    /// For every attribute of which nothing else is said.
    pub sources: Vec<SourceId>,
    /// For given name and family name, which are taken together.
    pub names: Vec<SourceId>,
    /// For `M.` and `Mme`.
    pub title: Vec<SourceId>,
    /// For the login that services are told.
    pub login: Vec<SourceId>,
    /// For the mail address.
    pub mail: Vec<SourceId>,
    /// For classes, groups and subjects of one profile in one establishment, and for the tie to one child.
    pub affiliations: Vec<SourceId>,
}

impl Precedence {
    /// Records in the order of their sources; of equals, as they came.
    fn order<'a>(&self, of: &[SourceId], records: &[&'a Person]) -> Vec<&'a Person> {
        let list = if of.is_empty() { &self.sources } else { of };
        let place = |person: &Person| {
            let named = person.join.as_ref().and_then(|join| list.iter().position(|source| *source == join.source));
            named.unwrap_or(list.len())
        };
        let mut ordered = records.to_vec();
        ordered.sort_by_key(|person| place(person));
        ordered
    }

    /// The account of several records of one person: its own record, and the others. Name and join key of the account are those of its own;
    /// but who was a guest of another ENT and is one of ours now is what a record of ours says, under the name that services know.
    pub fn united(&self, own: &Person, further: &[Person]) -> Person {
        let all: Vec<&Person> = std::iter::once(own).chain(further).collect();
        let mut active: Vec<&Person> = all.iter().copied().filter(|record| record.state.may_sign_in()).collect();
        let state = state(&all);
        if active.is_empty() {
            // Nobody may sign in: what is still known is shown as it was.
            active = all.iter().copied().filter(|record| record.state == state).collect();
        }
        let first = |of: &[SourceId], value: fn(&Person) -> Option<&String>| {
            self.order(of, &active).into_iter().find_map(value).cloned()
        };
        let named = self.order(&self.names, &active).into_iter().find(|one| !one.display_name().is_empty());
        let named = named.unwrap_or(own);
        let (mut affiliations, mut children): (Vec<Affiliation>, Vec<Child>) = (Vec::new(), Vec::new());
        for record in self.order(&self.affiliations, &active) {
            let same = |one: &Affiliation, other: &Affiliation| {
                one.establishment == other.establishment && one.profile == other.profile
            };
            let new: Vec<_> =
                record.affiliations.iter().filter(|at| affiliations.iter().all(|one| !same(one, at))).collect();
            let new: Vec<Affiliation> = new.into_iter().cloned().collect();
            affiliations.extend(new);
            let known = |child: &&Child| children.iter().all(|one| one.pupil != child.pupil);
            let new: Vec<Child> = record.children.iter().filter(known).cloned().collect();
            children.extend(new);
        }
        Person {
            id: own.id.clone(),
            join: match active.iter().find(|record| !record.is_hosted()) {
                Some(record) if own.is_hosted() => record.join.clone(),
                _ => own.join.clone(),
            },
            state,
            given_name: named.given_name.clone(),
            family_name: named.family_name.clone(),
            title: first(&self.title, |record| record.title.as_ref()),
            login: first(&self.login, |record| record.login.as_ref()),
            mail: first(&self.mail, |record| record.mail.as_ref()),
            credentials: own.credentials,
            affiliations,
            children,
        }
    }
}

impl Person {
    /// Whether somebody else bears both names, as two offices write them alike: whatever the case, accents, hyphens and blanks.
    pub fn is_namesake_of(&self, other: &Person) -> bool {
        let alike = |one: &str, other: &str| likened(one).is_some_and(|name| Some(name) == likened(other));
        alike(&self.family_name, &other.family_name) && alike(&self.given_name, &other.given_name)
    }
}

/// The state in which the account of these records is: the one that gives most.
fn state(records: &[&Person]) -> AccountState {
    use AccountState::{Active, PreCreated, PreDeleted, Suspended};
    let any = |state| records.iter().any(|record| record.state == state);
    [Active, PreCreated, Suspended].into_iter().find(|state| any(*state)).unwrap_or(PreDeleted)
}

impl Life {
    /// The life of an account, from those of its records: it ends with the last of them.
    pub fn of(records: &[Life]) -> Option<Life> {
        let most = [AccountState::Active, AccountState::PreCreated, AccountState::Suspended, AccountState::PreDeleted];
        let state = most.into_iter().find(|state| records.iter().any(|life| life.state == *state))?;
        if state.may_sign_in() {
            return Some(Life { state, ended: None });
        }
        // One that is not counted yet ended after all that are.
        let uncounted = records.iter().any(|life| life.ended.is_none());
        let ended = if uncounted { None } else { records.iter().filter_map(|life| life.ended).max() };
        Some(Life { state, ended })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Instant, JoinKey, Legal, PersonId, Profile, Uai};

    fn uai(text: &str) -> Uai {
        text.parse().unwrap()
    }

    fn record(source: &str, name: &str) -> Person {
        Person {
            id: PersonId::new(format!("p-{source}")),
            join: Some(JoinKey { source: SourceId::new(source), key: "1".into() }),
            state: AccountState::Active,
            given_name: "Iris".into(),
            family_name: name.into(),
            title: None,
            login: Some(format!("iris.{source}")),
            mail: Some(format!("iris@{source}.example")),
            credentials: Credentials::Directory,
            affiliations: Vec::new(),
            children: Vec::new(),
        }
    }

    fn sources(names: &[&str]) -> Vec<SourceId> {
        names.iter().copied().map(SourceId::new).collect()
    }

    fn at(uai_of: &str, profile: Profile, classes: &[&str]) -> Affiliation {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        Affiliation { classes, ..Affiliation::new(uai(uai_of), profile) }
    }

    #[test]
    fn each_attribute_is_of_the_source_that_comes_first_for_it_and_has_one() {
        let (own, other) = (record("ent", "Basalte"), Person { title: Some("Mme".into()), ..record("aaf", "Granite") });
        let precedence = |all: &[&str], names: &[&str], mail: &[&str]| Precedence {
            sources: sources(all),
            names: sources(names),
            mail: sources(mail),
            ..Precedence::default()
        };
        let table = [
            (precedence(&[], &[], &[]), ["Basalte", "iris@ent.example", "iris.ent"]),
            (precedence(&["aaf"], &[], &[]), ["Granite", "iris@aaf.example", "iris.aaf"]),
            (precedence(&["ent", "aaf"], &["aaf"], &[]), ["Granite", "iris@ent.example", "iris.ent"]),
            (precedence(&["aaf", "ent"], &["ent"], &["ent"]), ["Basalte", "iris@ent.example", "iris.aaf"]),
            (precedence(&["unknown"], &["unknown"], &[]), ["Basalte", "iris@ent.example", "iris.ent"]),
        ];
        for (precedence, [name, mail, login]) in table {
            let one = precedence.united(&own, std::slice::from_ref(&other));
            assert_eq!((one.family_name.as_str(), one.mail.as_deref()), (name, Some(mail)), "{precedence:?}");
            assert_eq!((one.login.as_deref(), one.title.as_deref()), (Some(login), Some("Mme")), "{precedence:?}");
            assert_eq!((&one.id, &one.join), (&own.id, &own.join), "the account stays the one it is");
        }
        let silent = Person { mail: None, ..record("aaf", "Granite") };
        let one = precedence(&["aaf"], &[], &[]).united(&own, &[silent]);
        assert_eq!(one.mail.as_deref(), Some("iris@ent.example"), "who has none says nothing of it");
    }

    #[test]
    fn what_any_record_says_somebody_is_counts_and_the_same_place_is_of_the_first() {
        let (here, there) = ("0990001N", "0990002P");
        let own = Person {
            affiliations: vec![at(here, Profile::Teacher, &["6A"]), at(here, Profile::Guardian, &[])],
            ..record("ent", "Basalte")
        };
        let child = |source: &str, legal| Child {
            pupil: JoinKey { source: SourceId::new(source), key: "9".into() },
            link: "10".into(),
            legal,
            enrolment: None,
        };
        let other = Person {
            affiliations: vec![at(here, Profile::Teacher, &["6B"]), at(there, Profile::Teacher, &["3C"])],
            children: vec![child("aaf", Legal::Representative)],
            ..record("aaf", "Basalte")
        };
        let places = |person: &Person| {
            let told = |at: &Affiliation| (at.establishment.to_string(), at.profile, at.classes.join(" "));
            person.affiliations.iter().map(told).collect::<Vec<_>>()
        };
        let place = |uai: &str, profile, class: &str| (uai.to_owned(), profile, class.to_owned());
        let first_own = Precedence::default().united(&own, std::slice::from_ref(&other));
        assert_eq!(
            places(&first_own),
            [
                place(here, Profile::Teacher, "6A"),
                place(here, Profile::Guardian, ""),
                place(there, Profile::Teacher, "3C")
            ]
        );
        assert_eq!(first_own.children.len(), 1);
        let first_other = Precedence { affiliations: sources(&["aaf"]), ..Precedence::default() };
        assert_eq!(
            places(&first_other.united(&own, &[other])),
            [
                place(here, Profile::Teacher, "6B"),
                place(there, Profile::Teacher, "3C"),
                place(here, Profile::Guardian, "")
            ]
        );
    }

    #[test]
    fn a_record_that_is_not_active_says_nothing_as_long_as_another_is() {
        let here = "0990001N";
        let own = Person {
            state: AccountState::Suspended,
            affiliations: vec![at(here, Profile::Teacher, &["6A"])],
            ..record("ent", "Basalte")
        };
        let other = Person { state: AccountState::PreCreated, ..record("aaf", "Granite") };
        let one = Precedence { sources: sources(&["ent"]), ..Precedence::default() }.united(&own, &[other]);
        assert_eq!(
            (one.state, one.family_name.as_str(), one.affiliations.len()),
            (AccountState::PreCreated, "Granite", 0)
        );
        assert_eq!(one.mail.as_deref(), Some("iris@aaf.example"));
        let gone = Person { state: AccountState::PreDeleted, given_name: String::new(), ..record("aaf", "") };
        let ended = Precedence { sources: sources(&["aaf"]), ..Precedence::default() }.united(&own, &[gone]);
        assert_eq!((ended.state, ended.family_name.as_str()), (AccountState::Suspended, "Basalte"));
    }

    #[test]
    fn namesakes_are_so_however_two_offices_write_them() {
        let named = |given: &str, family: &str| Person { given_name: given.into(), ..record("ent", family) };
        let one = named("Anne-Laure", "L'Étang");
        for (other, same) in [
            (named("ANNE LAURE", "LETANG"), true),
            (named("Anne", "L'Étang"), false),
            (named("Anne-Laure", "Granite"), false),
            (named("L'Étang", "Anne-Laure"), false),
        ] {
            assert_eq!(one.is_namesake_of(&other), same, "{}", other.display_name());
        }
        let nobody = named("", "");
        assert!(!nobody.is_namesake_of(&nobody), "who has no name is nobody's namesake");
    }

    #[test]
    fn the_life_of_an_account_ends_with_the_last_of_its_records() {
        use AccountState::{Active, PreCreated, PreDeleted, Suspended};
        let life = |state, ended: Option<i64>| Life { state, ended: ended.map(Instant) };
        let table: [(&[Life], Option<Life>); 7] = [
            (&[], None),
            (&[life(Suspended, Some(1)), life(Active, None)], Some(life(Active, None))),
            (&[life(PreDeleted, Some(1)), life(PreCreated, None)], Some(life(PreCreated, None))),
            (&[life(Suspended, Some(1)), life(Suspended, Some(2))], Some(life(Suspended, Some(2)))),
            (&[life(PreDeleted, Some(1)), life(Suspended, Some(9))], Some(life(Suspended, Some(9)))),
            (&[life(PreDeleted, Some(1)), life(Suspended, None)], Some(life(Suspended, None))),
            (&[life(PreDeleted, Some(3)), life(PreDeleted, Some(2))], Some(life(PreDeleted, Some(3)))),
        ];
        for (records, whole) in table {
            assert_eq!(Life::of(records), whole, "{records:?}");
        }
    }
}
