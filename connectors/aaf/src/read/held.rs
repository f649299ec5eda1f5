//! People who are in several files: an adult of a pupil who works in a school, a teacher of both degrees. They wait here
//! until the last of their records was read, and are handed over as one.

use super::Hand;
use preau_connector_api::{PersonRecord, Record};
use preau_domain::Affiliation;
use std::collections::BTreeMap;

/// Most people held.
const MOST: usize = 200_000;

/// What is known of somebody so far.
struct Known {
    person: Option<PersonRecord>,
    partial: bool,
    staff: bool,
}

/// Everybody who waits, by join key.
#[derive(Default)]
pub(super) struct Held {
    people: BTreeMap<String, Known>,
}

impl Held {
    pub(super) fn has(&self, key: &str) -> bool {
        self.people.contains_key(key)
    }

    /// Notes that a record of somebody could not be used: what waits is a part only.
    pub(super) fn doubt(&mut self, key: Option<&str>) {
        if let Some(known) = key.and_then(|key| self.people.get_mut(key)) {
            known.partial = true;
        }
    }

    /// Keeps one more record of somebody. One that was rejected is told, and leaves the others a part only.
    pub(super) fn keep(&mut self, key: String, record: Record, staff: bool, hand: &Hand) -> Result<(), String> {
        if self.people.len() >= MOST {
            return Err(format!("more than {MOST} people are in several files"));
        }
        let known = self.people.entry(key).or_insert(Known { person: None, partial: false, staff });
        known.partial |= !matches!(record, Record::Person(_));
        let person = match record {
            Record::Person(person) | Record::Partial(person) => person,
            other => return hand.over(other),
        };
        known.person = Some(match known.person.take() {
            // What the employer says of somebody goes before what a school notes of a parent.
            Some(before) if known.staff => together(before, person),
            Some(before) => together(person, before),
            None => person,
        });
        known.staff |= staff;
        Ok(())
    }

    /// Hands everybody over.
    pub(super) fn hand_over(self, hand: &Hand) -> Result<(), String> {
        for known in self.people.into_values() {
            let Some(person) = known.person else { continue };
            hand.over(if known.partial { Record::Partial(person) } else { Record::Person(person) })?;
        }
        Ok(())
    }
}

/// Two records of one person; the first says who they are.
fn together(first: PersonRecord, second: PersonRecord) -> PersonRecord {
    let mut affiliations = first.affiliations;
    for other in second.affiliations {
        let same = |a: &&mut Affiliation| (&a.establishment, a.profile) == (&other.establishment, other.profile);
        match affiliations.iter_mut().find(same) {
            None => affiliations.push(other),
            Some(known) => {
                known.enrolment = known.enrolment.take().or(other.enrolment);
                for (list, more) in [
                    (&mut known.classes, other.classes),
                    (&mut known.groups, other.groups),
                    (&mut known.subjects, other.subjects),
                    (&mut known.functions, other.functions),
                    (&mut known.head_teacher_of, other.head_teacher_of),
                ] {
                    list.extend(more);
                    list.sort();
                    list.dedup();
                }
            }
        }
    }
    affiliations.sort_by(|a, b| (&a.establishment, a.profile).cmp(&(&b.establishment, b.profile)));
    let children = if first.children.is_empty() { second.children } else { first.children };
    PersonRecord {
        title: first.title.or(second.title),
        login: first.login.or(second.login),
        mail: first.mail.or(second.mail),
        affiliations,
        children,
        entry: first.entry.or(second.entry),
        ties: first.ties,
        birth: first.birth.or(second.birth),
        key: first.key,
        given_name: first.given_name,
        family_name: first.family_name,
    }
}
