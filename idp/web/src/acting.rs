//! For which child a parent acts: at the doors, and where an operator asks what the doors would say.

use preau_domain::{Instant, Person, PersonId, Profile};
use preau_store::{Result, Store};
use std::collections::BTreeSet;

/// The child for whom a parent acts: the one they said, or the only one they represent. None when that pupil is not theirs to act for,
/// or not here any more; then they are what they are by themselves.
pub async fn child_of(store: &dyn Store, person: &Person, said: Option<&PersonId>) -> Result<Option<Person>> {
    if person.children.is_empty() {
        return Ok(None);
    }
    let child = match said {
        Some(id) => named_by(store, person, store.person(id).await?).await?,
        None => only_child(store, person).await?.filter(|child| {
            // Nobody loses by it what they did not give away.
            person.acting_for(child).affiliations.len() == person.affiliations.len()
        }),
    };
    let is_theirs = |child: &Person| {
        let acts = || person.acting_for(child).affiliations.iter().any(|one| one.profile == Profile::Guardian);
        child.state.may_sign_in() && person.represents(child) && acts()
    };
    // A source that says a group of a space is not believed, of a child neither.
    Ok(child.filter(is_theirs).map(|child| child.in_spaces(&[], Instant(0))))
}

/// A pupil under the key by which the parent's record names them, whichever of the pupil's records has it.
async fn named_by(store: &dyn Store, parent: &Person, pupil: Option<Person>) -> Result<Option<Person>> {
    let Some(pupil) = pupil else { return Ok(None) };
    if parent.represents(&pupil) {
        return Ok(Some(pupil));
    }
    let records = store.records_of(&pupil.id).await?;
    let named = records.into_iter().find(|record| record.state.may_sign_in() && parent.represents(record));
    Ok(named.map(|record| Person { join: record.join, ..pupil }))
}

/// The child of somebody who represents no other. Several sources may name the same child; one source names each child once.
async fn only_child(store: &dyn Store, person: &Person) -> Result<Option<Person>> {
    let sources: BTreeSet<_> = person.represented().map(|child| &child.pupil.source).collect();
    if sources.len() < person.represented().count() {
        return Ok(None);
    }
    let mut known = Vec::new();
    for child in person.represented() {
        let Some(pupil) = store.person_by_join(&child.pupil).await? else { return Ok(None) };
        known.push(Person { join: Some(child.pupil.clone()), ..pupil });
    }
    Ok(known.pop().filter(|last| known.iter().all(|child| child.id == last.id)))
}

/// What somebody is at a door before they say anything: a parent of one child acts for that child.
pub async fn at_first(store: &dyn Store, person: Person) -> Result<Person> {
    Ok(match child_of(store, &person, None).await? {
        Some(child) => person.acting_for(&child),
        None => person,
    })
}
