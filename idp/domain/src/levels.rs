//! Rules above those of a service: what the country, the academy, the workspace and an establishment take away, each from what is left by
//! the level above it. A level narrows and never widens: there is no word by which it could. How they are read is in
//! `connectors/registry`, what they mean at a door in `policy`.

use crate::{Population, ServiceId, Uai};
use std::collections::HashMap;

/// What one rule of a level takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowing {
    /// The level, as an operator reads it: `national`, `academy`, `ent`, or the number of an establishment.
    pub level: String,
    /// In this establishment alone; everywhere without it.
    pub at: Option<Uai>,
    /// Of these services; of every one when it is empty.
    pub services: Vec<ServiceId>,
    /// Whoever is in none of these does not open it; of nobody is this asked when it is empty.
    pub only: Vec<Population>,
    /// Whoever is in one of these does not.
    pub except: Vec<Population>,
}

/// The rules of every level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    everywhere: Vec<Narrowing>,
    at: HashMap<Uai, Vec<Narrowing>>,
}

impl Levels {
    /// Adds a rule below those there are.
    pub fn add(&mut self, narrowing: Narrowing) {
        match &narrowing.at {
            None => self.everywhere.push(narrowing),
            Some(at) => self.at.entry(at.clone()).or_default().push(narrowing),
        }
    }

    /// The rules about a service in an establishment, from the highest level down. Costs what is said everywhere and there, however many
    /// establishments say something.
    pub fn about<'l>(&'l self, service: &'l ServiceId, at: &Uai) -> impl Iterator<Item = &'l Narrowing> {
        let there = self.at.get(at).map(Vec::as_slice).unwrap_or_default();
        let about = move |one: &&Narrowing| one.services.is_empty() || one.services.contains(service);
        self.everywhere.iter().chain(there).filter(about)
    }
}
