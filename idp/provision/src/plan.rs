//! What a run would do. Pure: it is fed what is stored and what was read, and touches neither.

use crate::digest::Digest;
use crate::index::Index;
use crate::report::{PeopleCounts, RejectedCounts};
use preau_connector_api::{Completion, EstablishmentRecord, PersonRecord, Rejected};
use preau_domain::{Establishment, JoinKey, SourceId, Uai};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Most establishments one source may bring: three times what a whole country has.
pub(crate) const MAX_ESTABLISHMENTS: usize = 200_000;

/// Longest join key the store takes, in characters.
const MAX_KEY: usize = 128;

/// People of one establishment who would have no right there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchoolLoss {
    /// Which establishment.
    pub establishment: Uai,
    /// Its active people that came from this source.
    pub active: u64,
    /// How many of them are absent from the reading.
    pub absent: u64,
    /// How many of them are in the reading, and not in this establishment any more.
    pub lost: u64,
}

/// What a run would do, in figures: the people themselves wait in the spool, and those to suspend in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether absence from the reading means anything.
    pub completion: Completion,
    /// Active people of the source before the run.
    pub active: u64,
    /// Figures on people. `suspended` and `stripped` are what would become of them if the guard lets it.
    pub people: PeopleCounts,
    /// Establishments that lose somebody, in the order of their numbers.
    pub losses: Vec<SchoolLoss>,
    /// What does not fit.
    pub rejected: RejectedCounts,
}

/// What becomes of one person of the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// To be written.
    Write,
    /// As stored already, or refused.
    Pass,
}

/// Builds the plan while the source is read.
pub(crate) struct Planner {
    source: SourceId,
    index: Index,
    new_keys: HashSet<Digest>,
    /// People read who leave an establishment, for each.
    leaving: BTreeMap<Uai, u64>,
    uais: HashSet<Uai>,
    establishments: Vec<Establishment>,
    people: PeopleCounts,
    rejected: RejectedCounts,
}

/// The plan, with what is needed to carry it out.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) index: Index,
    pub(crate) establishments: Vec<Establishment>,
}

impl Planner {
    /// A plan that has seen nothing yet; `index` is sealed.
    pub(crate) fn new(source: SourceId, index: Index) -> Self {
        Planner {
            source,
            index,
            new_keys: HashSet::new(),
            leaving: BTreeMap::new(),
            uais: HashSet::new(),
            establishments: Vec::new(),
            people: PeopleCounts::default(),
            rejected: RejectedCounts::default(),
        }
    }

    /// An establishment of the reading.
    pub(crate) fn establishment(&mut self, record: EstablishmentRecord) {
        let reason = if key_fault(&record.key).is_some() {
            "the join key of this establishment is empty, too long or holds a control character"
        } else if self.establishments.len() >= MAX_ESTABLISHMENTS {
            "too many establishments for one source"
        } else if !self.uais.insert(record.uai.clone()) {
            "an entry before this one has the same establishment number"
        } else {
            self.establishments.push(Establishment {
                join: JoinKey { source: self.source.clone(), key: record.key },
                uai: record.uai,
                kind: record.kind,
                name: record.name,
                city: record.city,
                sector: record.sector,
                groups: record.groups,
            });
            return;
        };
        self.rejected.add(Rejected {
            dn: format!("establishment {}", record.uai),
            key: None,
            reason: reason.to_owned(),
        });
    }

    /// A person of the reading and the digest of the record.
    pub(crate) fn person(&mut self, record: &PersonRecord, digest: Digest) -> Fate {
        self.people.read += 1;
        if let Some(fault) = key_fault(&record.key) {
            self.rejected.add(Rejected { dn: shown(&record.key), key: None, reason: fault.to_owned() });
            return Fate::Pass;
        }
        let key = Digest::of_key(&record.key);
        let known = self.index.known(key);
        let twice = match known {
            Some(known) => known.used,
            None => !self.new_keys.insert(key),
        };
        if twice {
            self.rejected.add(Rejected {
                dn: shown(&record.key),
                key: Some(record.key.clone()),
                reason: "an entry before this one has the same join key".to_owned(),
            });
            return Fate::Pass;
        }
        let Some(known) = known else {
            self.people.created += 1;
            return Fate::Write;
        };
        self.index.mark(key, true);
        match (known.active, known.digest == digest) {
            (true, true) => {
                self.people.unchanged += 1;
                return Fate::Pass;
            }
            (true, false) => {
                self.people.updated += 1;
                self.compare(key, record);
            }
            (false, _) => self.people.reactivated += 1,
        }
        Fate::Write
    }

    /// Counts the establishments that a known and active person leaves.
    fn compare(&mut self, key: Digest, record: &PersonRecord) {
        let stored = self.index.establishments(key);
        let mut left = 0;
        for uai in stored.iter().filter(|uai| !record.affiliations.iter().any(|a| a.establishment == **uai)) {
            left += 1;
            match self.leaving.get_mut(uai) {
                Some(people) => *people += 1,
                None => drop(self.leaving.insert(uai.clone(), 1)),
            }
        }
        if left == 0 {
            return;
        }
        self.people.narrowed += 1;
        // Moving from one school to another is not the same as being nowhere.
        if record.affiliations.is_empty() {
            self.people.stripped += 1;
            self.index.strip(key);
        }
    }

    /// A person of whom a part could not be read: an active account stays as it is.
    pub(crate) fn partial(&mut self, record: &PersonRecord, digest: Digest) -> Fate {
        let key = Digest::of_key(&record.key);
        match self.index.known(key).filter(|known| known.active) {
            Some(known) if known.digest != digest => self.index.mark(key, false),
            // What is left of the record gives nothing: it waits for the rest.
            None if record.affiliations.is_empty() => {}
            _ => return self.person(record, digest),
        }
        self.people.read += 1;
        Fate::Pass
    }

    /// An entry its connector could not use. Its account, if it has one, stays as it is.
    pub(crate) fn rejected(&mut self, rejected: Rejected) {
        if let Some(key) = &rejected.key {
            self.index.mark(Digest::of_key(key), false);
        }
        self.rejected.add(rejected);
    }

    /// Nothing more will be read.
    pub(crate) fn finish(mut self, completion: Completion) -> Planned {
        let mut active = 0;
        let mut schools: BTreeMap<&Uai, (u64, u64)> = BTreeMap::new();
        for (absent, establishments) in self.index.active() {
            active += 1;
            self.people.suspended += u64::from(absent);
            for uai in establishments {
                let school = schools.entry(uai).or_default();
                school.0 += 1;
                school.1 += u64::from(absent);
            }
        }
        self.people.kept = self.index.kept();
        let losses = schools
            .into_iter()
            .map(|(uai, (active, absent))| {
                let lost = self.leaving.get(uai).copied().unwrap_or(0);
                SchoolLoss { establishment: uai.clone(), active, absent, lost }
            })
            .filter(|school| school.absent + school.lost > 0)
            .collect();
        let plan = Plan { completion, active, people: self.people, losses, rejected: self.rejected };
        Planned { plan, index: self.index, establishments: self.establishments }
    }
}

/// What is wrong with a join key, if anything.
fn key_fault(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        Some("the join key is empty")
    } else if key.chars().count() > MAX_KEY {
        Some("the join key is longer than 128 characters")
    } else if key.chars().any(char::is_control) {
        Some("the join key holds a control character")
    } else {
        None
    }
}

/// Names a record in a report by its key.
fn shown(key: &str) -> String {
    format!("record {}", preau_domain::display_safe(key, MAX_KEY))
}

#[cfg(test)]
mod tests;
