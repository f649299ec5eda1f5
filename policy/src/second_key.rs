//! The second key: what the academy vouches for is opened by the head of each establishment, for whom they choose, until a day, on the
//! very sheet they read. It can only take away from what the audience of the service allows.

use crate::facts::Facts;
use crate::population::within;
use crate::reason::Reason;
use preau_domain::{Affiliation, Day, Opening, Uai};
use std::collections::HashMap;

/// A service that asks for two keys: the digest of its sheet as it is, and who opened it, each establishment once.
#[derive(Debug)]
pub(crate) struct Lock {
    sheet: String,
    openings: HashMap<Uai, Opening>,
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

impl Lock {
    /// Nobody opened it yet.
    pub fn new(sheet: String) -> Lock {
        Lock { sheet, openings: HashMap::new() }
    }

    /// Takes an opening in.
    pub fn open(&mut self, opening: &Opening) {
        self.openings.insert(opening.establishment.clone(), opening.clone());
    }

    /// How it stands in an establishment on that day of its own clock; where nobody said the day nothing that ends is open. Costs one
    /// look-up, however many establishments there are.
    pub fn standing(&self, at: &Uai, today: Option<Day>) -> Standing<'_> {
        match self.openings.get(at) {
            None => Standing::Shut,
            Some(opening) if today.is_none_or(|today| today > opening.until) => Standing::Over(opening),
            Some(opening) if opening.sheet != self.sheet => Standing::SheetChanged(opening),
            Some(opening) => Standing::Open(opening),
        }
    }

    /// What keeps an affiliation out that the audience lets in; nothing when the establishment opened the service for it.
    pub fn keeps_out(&self, affiliation: &Affiliation, facts: &Facts) -> Option<Locked> {
        let today = facts.clock(affiliation).map(|now| now.day);
        let opening = match self.standing(&affiliation.establishment, today) {
            Standing::Shut | Standing::Over(_) => return Some(Locked::NotOpened),
            Standing::SheetChanged(_) => return Some(Locked::SheetChanged),
            Standing::Open(opening) => opening,
        };
        let named = opening.allow.iter().any(|population| within(population, affiliation, facts));
        (!named).then_some(Locked::ForOthers)
    }
}
