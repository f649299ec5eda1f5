//! Who of an establishment would gain and who would lose a service, before a head says so.

use crate::{Door, Fault, FaultKind, Hub, second_key};
use preau_domain::{JoinKey, Opening, Person, Profile, Uai};
use preau_policy::{AccessRules, Facts, Gains, Moved, Openings};
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

/// Counts what each of these changes would do, in one reading of the establishment, by the rules of the door, hours apart: a service of
/// class hours is not closed to whoever asks in the evening.
pub(crate) async fn count(
    hub: &Hub,
    door: &Door,
    at: &Uai,
    before: Option<&Opening>,
    after: &[Option<&Opening>],
) -> Result<Vec<Counted>, Fault> {
    if after.is_empty() {
        return Ok(Vec::new());
    }
    let rules = rules(door)?.under(Arc::clone(hub.services().rules.levels()));
    let with = |opening: Option<&Opening>| {
        let mut openings = Openings::default();
        opening.into_iter().for_each(|opening| openings.put(opening.clone()));
        rules.opened(Arc::new(openings))
    };
    let before = with(before);
    let mut all: Vec<(AccessRules, Gains)> =
        after.iter().map(|after| (with(*after), Gains::of(vec![door.service.id.clone()]))).collect();
    let people = hub.store.people_at(at, MOST).await?;
    let by_join: HashMap<&JoinKey, &Person> =
        people.iter().filter_map(|person| Some((person.join.as_ref()?, person))).collect();
    for (seen, person) in people.iter().enumerate() {
        if seen % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let acting = only_child(person, &by_join).map(|child| person.acting_for(child));
        let facts = Facts::of(acting.as_ref().unwrap_or(person), Some(at), None, None).at(hub.now());
        all.iter_mut().for_each(|(after, gains)| gains.see(&facts, &before, after));
    }
    let cut = people.len() >= MOST as usize;
    let counted = all.iter().map(|(_, gains)| {
        let here = gains.places().filter(|(_, place, ..)| *place == at);
        Counted { moved: here.map(|(.., profile, moved)| (profile, moved)).collect(), cut }
    });
    Ok(counted.collect())
}

/// The child for whom a parent of one acts, among the people of the establishment.
fn only_child<'p>(person: &Person, by_join: &HashMap<&JoinKey, &'p Person>) -> Option<&'p Person> {
    let mut represented = person.represented();
    let child = represented.next().filter(|_| represented.next().is_none())?;
    by_join.get(&child.pupil).copied()
}

fn rules(door: &Door) -> Result<AccessRules, Fault> {
    let mut audience = door.audience.clone();
    audience.allow.iter_mut().for_each(|one| one.during = None);
    let id = &door.service.id;
    let wrong = |found: Vec<String>| Fault::new(FaultKind::BadRequest, found.join("; "));
    let mut rules = AccessRules::compile([(id, &audience)].into_iter()).map_err(wrong)?;
    rules.lock(id, second_key::sheet(door));
    Ok(rules)
}
