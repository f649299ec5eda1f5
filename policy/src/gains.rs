//! Who gains and who loses when rules change: two sets of rules asked about the same people, one after the other, so that it costs
//! the memory of the answer and not of the people.

use crate::access::{Decision, access};
use crate::facts::Facts;
use crate::rules::AccessRules;
use preau_domain::{Profile, ServiceId, Uai};
use std::collections::{BTreeMap, BTreeSet};

/// Rows kept at most: of more establishments the numbers stand in the totals alone.
const MOST_ROWS: usize = 50_000;

/// A number that grows and one that shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many could not and will.
    pub gain: u64,
    /// How many could and will not.
    pub lose: u64,
}

impl Moved {
    fn add(&mut self, gains: bool) {
        *(if gains { &mut self.gain } else { &mut self.lose }) += 1;
    }
}

/// What a change of rules does to people, counted.
#[derive(Debug, Default)]
pub struct Gains {
    services: Vec<ServiceId>,
    people: u64,
    totals: BTreeMap<(ServiceId, Profile), Moved>,
    places: BTreeMap<(ServiceId, Uai, Profile), Moved>,
    left_out: bool,
}

impl Gains {
    /// Counts for these services: those whose audience is another.
    pub fn of(services: Vec<ServiceId>) -> Gains {
        Gains { services, ..Gains::default() }
    }

    /// Looks at one person. Somebody who opens a service as what they are in one school, and did so in another before, moved in
    /// both places and neither gains nor loses the service itself.
    pub fn see(&mut self, facts: &Facts, before: &AccessRules, after: &AccessRules) {
        self.people += 1;
        for service in &self.services {
            let (had, has) = (allowed(facts, before, service), allowed(facts, after, service));
            let mut profiles = BTreeSet::new();
            for (place, profile, gains) in has
                .difference(&had)
                .map(|one| (one.0, one.1, true))
                .chain(had.difference(&has).map(|one| (one.0, one.1, false)))
            {
                if had.is_empty() || has.is_empty() {
                    profiles.insert((profile, gains));
                }
                let key = (service.clone(), place.clone(), profile);
                if self.places.len() < MOST_ROWS || self.places.contains_key(&key) {
                    self.places.entry(key).or_default().add(gains);
                } else {
                    self.left_out = true;
                }
            }
            for (profile, gains) in profiles {
                self.totals.entry((service.clone(), profile)).or_default().add(gains);
            }
        }
    }

    /// People looked at.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// Of each service and profile, how many people gain or lose it altogether. Somebody of two profiles counts in both.
    pub fn totals(&self) -> impl Iterator<Item = (&ServiceId, Profile, Moved)> {
        self.totals.iter().map(|((service, profile), moved)| (service, *profile, *moved))
    }

    /// The same of each establishment, and of people who keep the service by another one.
    pub fn places(&self) -> impl Iterator<Item = (&ServiceId, &Uai, Profile, Moved)> {
        self.places.iter().map(|((service, place, profile), moved)| (service, place, *profile, *moved))
    }

    /// Whether there were more establishments than are told.
    pub fn left_out(&self) -> bool {
        self.left_out
    }
}

/// As what somebody opens a service.
fn allowed<'f>(facts: &'f Facts, rules: &AccessRules, service: &ServiceId) -> BTreeSet<(&'f Uai, Profile)> {
    let Decision::Allow { affiliations, .. } = access(facts, rules, service) else { return BTreeSet::new() };
    let all = affiliations.iter().filter_map(|index| facts.affiliations().get(*index));
    all.map(|affiliation| (&affiliation.establishment, affiliation.profile)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Audience, Person};

    fn facts(id: &str, affiliations: &str) -> Facts {
        let person: Person = toml::from_str(&format!(
            "id = '{id}'\nstate = 'active'\ngiven_name = 'Ondine'\nfamily_name = 'Clairval'\ncredentials = 'local'\naffiliations = {affiliations}"
        ))
        .unwrap();
        Facts::of(&person, None, None, None)
    }

    #[test]
    fn who_gains_and_who_loses_is_counted_by_place_and_profile() {
        let service = ServiceId::new("moodle");
        let rules = |text: &str| {
            let audience: Audience = toml::from_str(text).unwrap();
            AccessRules::compile([(&service, &audience)].into_iter()).unwrap()
        };
        let before = rules("allow = [{ profiles = ['National_ENS', 'National_ELV'], establishments = ['0990001N'] }]");
        let after = rules("allow = [{ profiles = ['National_ENS'] }]");
        let mut gains = Gains::of(vec![service.clone()]);
        for person in [
            facts("p1", "[{ establishment = '0990001N', profile = 'National_ELV' }]"),
            facts("p2", "[{ establishment = '0990001N', profile = 'National_ELV' }]"),
            facts("p3", "[{ establishment = '0990010Y', profile = 'National_ENS' }]"),
            // Had it in one school, has it in two.
            facts(
                "p4",
                "[{ establishment = '0990001N', profile = 'National_ENS' }, { establishment = '0990010Y', profile = 'National_ENS' }]",
            ),
            facts("p5", "[{ establishment = '0990101X', profile = 'National_TUT' }]"),
        ] {
            gains.see(&person, &before, &after);
        }
        let totals: Vec<_> = gains.totals().map(|(_, profile, moved)| (profile, moved.gain, moved.lose)).collect();
        assert_eq!(totals, [(Profile::Pupil, 0, 2), (Profile::Teacher, 1, 0)]);
        let places: Vec<_> =
            gains.places().map(|(_, at, profile, m)| (at.to_string(), profile, m.gain, m.lose)).collect();
        assert_eq!(
            places,
            [("0990001N".to_owned(), Profile::Pupil, 0, 2), ("0990010Y".to_owned(), Profile::Teacher, 2, 0)]
        );
        assert_eq!((gains.people(), gains.left_out()), (5, false));
        let mut same = Gains::of(vec![service]);
        same.see(&facts("p1", "[{ establishment = '0990001N', profile = 'National_ELV' }]"), &before, &before);
        assert_eq!((same.totals().count(), same.places().count()), (0, 0));
    }
}
