//! The second key: what the academy vouches for is opened by the head of each establishment, for whom they choose, until a day, on the
//! very sheet they read. It can only take away from what the audience of the service allows.

use crate::facts::Facts;
use crate::population::within;
use crate::reason::Reason;
use preau_domain::{Affiliation, Opening, Uai};
use std::collections::HashMap;

/// A service that asks for two keys: the digest of its sheet as it is, and who opened it, each establishment once.
#[derive(Debug)]
pub(crate) struct Lock {
    sheet: String,
    openings: HashMap<Uai, Opening>,
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

    /// What keeps an affiliation out that the audience lets in; nothing when the establishment opened the service for it. Costs one
    /// look-up, however many establishments there are.
    pub fn keeps_out(&self, affiliation: &Affiliation, facts: &Facts) -> Option<Locked> {
        let Some(opening) = self.openings.get(&affiliation.establishment) else { return Some(Locked::NotOpened) };
        // Where nobody said the time nothing that ends is open.
        if facts.clock(affiliation).is_none_or(|now| now.day > opening.until) {
            return Some(Locked::NotOpened);
        }
        if opening.sheet != self.sheet {
            return Some(Locked::SheetChanged);
        }
        let named = opening.allow.iter().any(|population| within(population, affiliation, facts));
        (!named).then_some(Locked::ForOthers)
    }
}
