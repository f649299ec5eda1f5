//! For which child a parent acts: at the doors, and where an operator asks what the doors would say.

use preau_domain::{Legal, Person, PersonId, Profile};
use preau_store::{Result, Store};

/// The child for whom a parent acts: the one they said, or the only one they represent. None when that pupil is not theirs to act for,
/// or not here any more; then they are what they are by themselves.
pub async fn child_of(store: &dyn Store, person: &Person, said: Option<&PersonId>) -> Result<Option<Person>> {
    if person.children.is_empty() {
        return Ok(None);
    }
    let child = match said {
        Some(id) => store.person(id).await?,
        None => {
            let mut represented = person.children.iter().filter(|child| child.legal == Legal::Representative);
            match (represented.next(), represented.next()) {
                (Some(only), None) => store.person_by_join(&only.pupil).await?.filter(|child| {
                    // Nobody loses by it what they did not give away.
                    person.acting_for(child).affiliations.len() == person.affiliations.len()
                }),
                _ => None,
            }
        }
    };
    let is_theirs = |child: &Person| {
        let acts = || person.acting_for(child).affiliations.iter().any(|one| one.profile == Profile::Guardian);
        child.state.may_sign_in() && person.represents(child) && acts()
    };
    Ok(child.filter(is_theirs))
}

/// What somebody is at a door before they say anything: a parent of one child acts for that child.
pub async fn at_first(store: &dyn Store, person: Person) -> Result<Person> {
    Ok(match child_of(store, &person, None).await? {
        Some(child) => person.acting_for(&child),
        None => person,
    })
}
