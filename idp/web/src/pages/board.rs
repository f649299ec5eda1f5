//! What stands on the home page of one person, whoever writes it: the services they may open in the establishment they work in now,
//! those they keep at hand, and why one they look for is not among them. Pure.

use super::tiles::{self, named};
use crate::{Door, Known, Live, Locale, ServiceTable, offers};
use preau_domain::{AtHand, Audience, Instant, Uai};
use preau_policy::{Decision, Reason, Standing};

/// Most services a search gives reasons for.
const MOST_MISSING: usize = 5;

/// See the module. Doors are those of the table, in its order but for what is at hand.
pub(crate) struct Board<'t> {
    /// Those that open.
    pub open: Vec<&'t Door>,
    /// The favourites among them, in the order of the person.
    pub favourites: Vec<&'t Door>,
    /// Those opened last, the latest first, without the favourites.
    pub recent: Vec<&'t Door>,
    /// Those that a search names and that do not open.
    pub missing: Vec<(&'t Door, Reason)>,
    /// Of the services that wait for the key of the establishment, when the person is of its direction: how many they have to read again.
    pub to_read: Option<usize>,
}

impl<'t> Board<'t> {
    /// What the rules say for this person.
    pub fn of(
        table: &'t ServiceTable,
        live: &Live,
        known: &Known,
        at_hand: &AtHand,
        search: &str,
        locale: Locale,
    ) -> Board<'t> {
        // Without an establishment there is no affiliation, and without an affiliation no rule opens anything.
        let Some(here) = live.session.establishment.as_ref() else {
            return Board {
                open: Vec::new(),
                favourites: Vec::new(),
                recent: Vec::new(),
                missing: Vec::new(),
                to_read: None,
            };
        };
        let who = known.facts.prepared();
        let opens = |door: &&Door| preau_policy::opens(&who, &table.rules, &door.service.id, Some(here));
        let (open, shut): (Vec<&Door>, Vec<&Door>) = table.all().iter().partition(opens);
        let of = |ids: &[preau_domain::ServiceId]| -> Vec<&'t Door> {
            ids.iter().filter_map(|id| open.iter().find(|door| door.service.id == *id)).copied().collect()
        };
        let favourites = of(&at_hand.favourites);
        let mut recent = of(&at_hand.recent);
        recent.retain(|door| !at_hand.favourites.contains(&door.service.id));
        let words = tiles::words(search);
        let looked_for = shut
            .into_iter()
            .filter(|door| !words.is_empty() && named(door, locale, &words) && may_be_known(&door.audience, here))
            .take(MOST_MISSING);
        let why = |door: &'t Door| match preau_policy::access_in(&known.facts, &table.rules, &door.service.id, here) {
            Decision::Deny(refusal) => Some((door, refusal.reason)),
            Decision::Allow { .. } | Decision::StepUp(_) => None,
        };
        let to_read = to_read(table, known, here, live.loaded);
        Board { missing: looked_for.filter_map(why).collect(), open, favourites, recent, to_read }
    }
}

fn to_read(table: &ServiceTable, known: &Known, here: &Uai, now: Instant) -> Option<usize> {
    if !offers::heads(&known.person.affiliations, here) {
        return None;
    }
    let changed = |door: &&Door| {
        let standing = table.rules.standing(&door.service.id, here, now);
        matches!(standing, Some(Standing::SheetChanged(_)))
    };
    let mut offered = offers::offered(table, here).peekable();
    offered.peek()?;
    Some(offered.filter(changed).count())
}

/// Whether people of an establishment may know that there is such a service: it is opened to some population there, and not to named
/// accounts alone. Of any other nobody hears, however they search.
fn may_be_known(audience: &Audience, here: &Uai) -> bool {
    audience.allow.iter().any(|population| {
        population.persons.is_empty()
            && (population.establishments.is_empty() || population.establishments.contains(here))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{PersonId, Population};

    #[test]
    fn a_service_of_elsewhere_or_of_a_few_is_not_known_here() {
        let (here, there): (Uai, Uai) = ("0990001N".parse().unwrap(), "0990002P".parse().unwrap());
        let known =
            |population: Population| may_be_known(&Audience { allow: vec![population], ..Audience::default() }, &here);
        let at = |uai: &Uai| Population { establishments: vec![uai.clone()], ..Population::default() };
        assert!(known(Population::default()) && known(at(&here)));
        assert!(!known(at(&there)));
        assert!(!known(Population { persons: vec![PersonId::new("p")], ..at(&here) }));
        assert!(!may_be_known(&Audience::default(), &here));
    }
}
