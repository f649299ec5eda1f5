//! Who is on which sheet: pupils by their class, their legal representatives by the class of the child, everybody else of the establishment
//! together.

use super::proves_here;
use preau_domain::{Instant, JoinKey, Person, PersonId, Profile, Public, Uai};
use preau_store::{Result, Store};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Most people of one establishment that are looked at.
const MOST: u32 = 20_000;

/// Somebody on a sheet, and of a parent the name of the child.
pub type Named = (Person, Option<String>);

/// Those who are handed their codes together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Which of the four.
    pub public: Public,
    /// The code of the class; empty for whoever has none.
    pub class: String,
    /// Who, in the order of their names, and of parents for which child.
    pub people: Vec<Named>,
}

/// The lots of an establishment: of these publics, and of these classes unless there are none. `here` says which publics prove
/// themselves by a password that lives here; whoever is something else besides is on no sheet. Without `again`, whoever has a password, or a code in force, is not
/// either.
pub async fn lots(
    store: &dyn Store,
    at: &Uai,
    publics: &[Public],
    classes: &[String],
    (now, again): (Instant, bool),
    here: impl Fn(Public) -> bool,
) -> Result<Vec<Lot>> {
    let everybody = store.people_at(at, MOST).await?;
    let pupils = pupils(&everybody, at);
    let may = |person: &&Person| person.state.may_sign_in() && !person.is_hosted() && proves_here(person, &here);
    // One card for each person, whatever they are.
    let stands = |person| {
        let on = |public: &Public| Some((*public, place(person, *public, at, &pupils, classes)?));
        publics.iter().find_map(on).map(|(public, (class, child))| (person, (public, class), child))
    };
    let standing: Vec<(&Person, (Public, String), Option<String>)> =
        everybody.iter().filter(may).filter_map(stands).collect();
    let provided = if again {
        HashSet::new()
    } else {
        let names: Vec<PersonId> = standing.iter().map(|(person, ..)| person.id.clone()).collect();
        store.provided(&names, now).await?
    };
    let mut lots: BTreeMap<(Public, String), Vec<Named>> = BTreeMap::new();
    for (person, lot, child) in standing {
        if !provided.contains(&person.id) {
            lots.entry(lot).or_default().push((person.clone(), child));
        }
    }
    let lot = |((public, class), mut people): ((Public, String), Vec<Named>)| {
        let name =
            |person: &Person| (person.family_name.to_lowercase(), person.given_name.to_lowercase(), person.id.clone());
        people.sort_by_cached_key(|(person, _)| name(person));
        Lot { public, class, people }
    };
    Ok(lots.into_iter().map(lot).collect())
}

/// The pupils of an establishment by the key of their record: their name and their classes.
fn pupils<'p>(everybody: &'p [Person], at: &Uai) -> HashMap<&'p JoinKey, (&'p Person, Vec<&'p String>)> {
    let classes = |person: &'p Person| -> Option<Vec<&'p String>> {
        let own: Vec<_> =
            person.affiliations.iter().filter(|a| a.profile == Profile::Pupil && a.establishment == *at).collect();
        (!own.is_empty()).then(|| own.into_iter().flat_map(|a| &a.classes).collect())
    };
    let pupil = |person: &'p Person| Some((person.join.as_ref()?, (person, classes(person)?)));
    everybody.iter().filter_map(pupil).collect()
}

/// The class on whose sheet somebody stands, and of a parent the name of the child; `None` when they stand on none.
fn place(
    person: &Person,
    public: Public,
    at: &Uai,
    pupils: &HashMap<&JoinKey, (&Person, Vec<&String>)>,
    wanted: &[String],
) -> Option<(String, Option<String>)> {
    let own = |profile: Profile| profile.public() == public;
    let mut there = person.affiliations.iter().filter(|a| a.establishment == *at && own(a.profile)).peekable();
    there.peek()?;
    let among = |class: &&String| wanted.is_empty() || wanted.contains(class);
    if public == Public::Guardian {
        let children = person.represented().filter_map(|child| pupils.get(&child.pupil));
        let named = |(child, classes): &(&Person, Vec<&String>)| {
            let class = classes.iter().copied().find(among);
            (class.is_some() || (wanted.is_empty() && classes.is_empty()))
                .then(|| (class.cloned().unwrap_or_default(), Some(child.display_name())))
        };
        return children.filter_map(named).next();
    }
    if public == Public::Pupil {
        let mut classes = there.flat_map(|a| &a.classes).peekable();
        if classes.peek().is_none() {
            return wanted.is_empty().then(|| (String::new(), None));
        }
        return classes.find(among).map(|class| (class.clone(), None));
    }
    wanted.is_empty().then(|| (String::new(), None))
}
