//! What an inspector looks at: the space of one teacher in one service, for a time. It is no right of its own
//! (`docs/adr/0046-an-inspection-is-no-right-of-its-own.md`): whatever stands above the service keeps out as ever, where the inspector is
//! from and where the space is.

use crate::facts::Facts;
use crate::levels::keeps_out;
use crate::rules::AccessRules;
use crate::second_key::Locked;
use preau_domain::{Affiliation, Inspection, Profile, ServiceId};

/// The spaces somebody looks at in a service as one of their affiliations: the service can be told that they are a visitor, and of whom; no
/// level above it keeps them out where they are from, nor would it in the establishment of that space; and there the head opened the
/// service if it asks for two keys, for whomever that was.
fn open_to<'a>(
    facts: &'a Facts,
    rules: &'a AccessRules,
    service: &'a ServiceId,
    affiliation: &'a Affiliation,
) -> impl Iterator<Item = &'a Inspection> {
    let may = rules.receives_visitors(service)
        && affiliation.profile == Profile::Academy
        && keeps_out(&rules.levels, service, affiliation, facts).is_none();
    facts.inspections_in(service).filter(move |one| {
        let there = Affiliation::new(one.establishment.clone(), Profile::Academy);
        may && keeps_out(&rules.levels, service, &there, facts).is_none()
            && matches!(rules.locked(service, &there, facts), None | Some(Locked::ForOthers))
    })
}

/// Whether an affiliation of somebody opens a service for the sake of a space they look at there.
pub(crate) fn inspects(facts: &Facts, rules: &AccessRules, service: &ServiceId, affiliation: &Affiliation) -> bool {
    open_to(facts, rules, service, affiliation).next().is_some()
}

/// The same as any of what they are.
pub(crate) fn looks_at_any(facts: &Facts, rules: &AccessRules, service: &ServiceId) -> bool {
    facts.affiliations().iter().any(|one| inspects(facts, rules, service, one))
}

/// The same person in front of a service where they look at somebody's space: its visitor and nothing more, also where a rule of the service
/// lets them in besides. Absent where they look at none.
pub fn inspecting(facts: &Facts, rules: &AccessRules, service: &ServiceId) -> Option<Facts> {
    let mut told: Vec<String> = Vec::new();
    for one in facts.affiliations().iter().flat_map(|one| open_to(facts, rules, service, one)) {
        if !told.contains(&one.space) {
            told.push(one.space.clone());
        }
    }
    facts.visiting(told)
}
