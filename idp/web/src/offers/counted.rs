//! Who of an establishment would gain and who would lose a service, before a head says so.

use crate::{Door, Fault, FaultKind, Hub, second_key};
use preau_domain::{JoinKey, Opening, Person, Profile, Uai};
use preau_policy::{AccessRules, Facts, Gains, Moved};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// People looked at, at most: more than the largest establishment has, parents included.
const MOST: u32 = 20_000;
/// After so many, others are let in.
const AT_ONCE: usize = 200;

/// How many people of each profile would gain or lose it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// By profile, those of whom anybody does.
    pub moved: BTreeMap<Profile, Moved>,
    /// The establishment has more people than were looked at.
    pub cut: bool,
}

/// Counts by the rules of the door, hours apart: a service of class hours is not closed to whoever asks in the evening.
pub(crate) async fn count(
    hub: &Hub,
    door: &Door,
    at: &Uai,
    before: Option<&Opening>,
    after: Option<&Opening>,
) -> Result<Counted, Fault> {
    let levels = Arc::clone(hub.services().rules.levels());
    let (before, after) = (rules(door, before)?.under(Arc::clone(&levels)), rules(door, after)?.under(levels));
    let people = hub.store.people_at(at, MOST).await?;
    let mut counted = Counted { cut: people.len() >= MOST as usize, ..Counted::default() };
    let by_join: HashMap<&JoinKey, &Person> =
        people.iter().filter_map(|person| Some((person.join.as_ref()?, person))).collect();
    let mut gains = Gains::of(vec![door.service.id.clone()]);
    for (seen, person) in people.iter().enumerate() {
        if seen % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let acting = only_child(person, &by_join).map(|child| person.acting_for(child));
        let facts = Facts::of(acting.as_ref().unwrap_or(person), Some(at), None, None).at(hub.now());
        gains.see(&facts, &before, &after);
    }
    for (_, place, profile, moved) in gains.places() {
        if place == at {
            counted.moved.insert(profile, moved);
        }
    }
    Ok(counted)
}

/// The child for whom a parent of one acts, among the people of the establishment.
fn only_child<'p>(person: &Person, by_join: &HashMap<&JoinKey, &'p Person>) -> Option<&'p Person> {
    let mut represented = person.represented();
    let child = represented.next().filter(|_| represented.next().is_none())?;
    by_join.get(&child.pupil).copied()
}

fn rules(door: &Door, opening: Option<&Opening>) -> Result<AccessRules, Fault> {
    let mut audience = door.audience.clone();
    audience.allow.iter_mut().for_each(|one| one.during = None);
    let id = &door.service.id;
    let wrong = |found: Vec<String>| Fault::new(FaultKind::BadRequest, found.join("; "));
    let mut rules = AccessRules::compile([(id, &audience)].into_iter()).map_err(wrong)?;
    rules.lock(id, second_key::sheet(door));
    if let Some(opening) = opening {
        rules.open(opening);
    }
    Ok(rules)
}
