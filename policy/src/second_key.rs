//! The second key: what the academy vouches for is opened by the head of each establishment, for whom they choose, until a day, on the
//! very sheet they read. It can only take away from what the audience of the service allows.

use crate::facts::Facts;
use crate::population::within;
use crate::reason::Reason;
use preau_domain::{Affiliation, Day, Opening, ServiceId, Uai};
use std::collections::HashMap;
use std::sync::Arc;

/// What heads opened: each service in each establishment once. A copy costs nothing of what did not change.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    of: HashMap<ServiceId, Arc<HashMap<Uai, Arc<Opening>>>>,
}

impl Openings {
    /// Takes a yes in, in place of an earlier one of the same service and establishment.
    pub fn put(&mut self, opening: Opening) {
        let there = Arc::make_mut(self.of.entry(opening.service.clone()).or_default());
        there.insert(opening.establishment.clone(), Arc::new(opening));
    }

    /// Takes a yes back.
    pub fn remove(&mut self, service: &ServiceId, at: &Uai) {
        if let Some(there) = self.of.get_mut(service).filter(|there| there.contains_key(at)) {
            Arc::make_mut(there).remove(at);
        }
    }

    /// The yes to a service in an establishment. Costs two look-ups, however many there are.
    pub fn get(&self, service: &ServiceId, at: &Uai) -> Option<&Opening> {
        Some(&**self.of.get(service)?.get(at)?)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.of.values().map(|there| there.len()).sum()
    }
}

/// How the second key of a service stands in an establishment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nobody opened it there.
    Shut,
    /// Its last day is over.
    Over(&'a Opening),
    /// What is released is not what the head said yes to.
    SheetChanged(&'a Opening),
    /// It is open, for whom the head said.
    Open(&'a Opening),
}

/// Why the second key does not turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// The establishment did not open it, or no longer.
    NotOpened,
    /// It opened it for others.
    ForOthers,
    /// What is released is not what the head said yes to.
    SheetChanged,
}

impl Locked {
    /// The reason a person reads.
    pub fn reason(self) -> Reason {
        match self {
            Locked::NotOpened | Locked::ForOthers => Reason::SecondKey,
            Locked::SheetChanged => Reason::SheetChanged,
        }
    }
}

/// How the second key of a service stands in an establishment on that day of its own clock, when its sheet is the one of that digest; where
/// nobody said the day nothing that ends is open.
pub(crate) fn standing<'o>(opening: Option<&'o Opening>, sheet: &str, today: Option<Day>) -> Standing<'o> {
    match opening {
        None => Standing::Shut,
        Some(opening) if today.is_none_or(|today| today > opening.until) => Standing::Over(opening),
        Some(opening) if opening.sheet != sheet => Standing::SheetChanged(opening),
        Some(opening) => Standing::Open(opening),
    }
}

/// What keeps an affiliation out that the audience lets in; nothing when the establishment opened the service for it.
pub(crate) fn keeps_out(
    opening: Option<&Opening>,
    sheet: &str,
    affiliation: &Affiliation,
    facts: &Facts,
) -> Option<Locked> {
    let today = facts.clock(affiliation).map(|now| now.day);
    let opening = match standing(opening, sheet, today) {
        Standing::Shut | Standing::Over(_) => return Some(Locked::NotOpened),
        Standing::SheetChanged(_) => return Some(Locked::SheetChanged),
        Standing::Open(opening) => opening,
    };
    let named = opening.allow.iter().any(|population| within(population, affiliation, facts));
    (!named).then_some(Locked::ForOthers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Instant, PersonId};

    fn opening(service: usize, school: u32) -> Opening {
        let number = 9_900_000 + school;
        Opening {
            service: ServiceId::new(format!("s{service}")),
            establishment: format!("{number:07}{}", Uai::key_letter(number)).parse().unwrap(),
            allow: Vec::new(),
            until: "2027-07-05".parse().unwrap(),
            sheet: "sheet".into(),
            by: PersonId::new("p1"),
            at: Instant(0),
        }
    }

    #[test]
    fn every_opening_of_a_nation_is_held_and_a_change_touches_one_service() {
        let mut all = Openings::default();
        for service in 0..10 {
            (0..11_000).for_each(|school| all.put(opening(service, school)));
        }
        assert_eq!(all.count(), 110_000);
        let before = all.clone();
        let last = opening(9, 10_999);
        all.put(Opening { sheet: "another".into(), ..last.clone() });
        assert_eq!(all.get(&last.service, &last.establishment).map(|one| one.sheet.as_str()), Some("another"));
        assert_eq!(before.get(&last.service, &last.establishment), Some(&last), "whoever decides meanwhile goes on");
        let same = |n: usize| {
            let id = ServiceId::new(format!("s{n}"));
            Arc::ptr_eq(&all.of[&id], &before.of[&id])
        };
        assert!((0..9).all(same) && !same(9));
        all.remove(&last.service, &last.establishment);
        assert_eq!((all.count(), all.get(&last.service, &last.establishment)), (109_999, None));
    }
}
