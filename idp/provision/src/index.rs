//! What the house knows of a source, compact enough to hold in memory while the source is read: 40 bytes a person, and
//! the sets of places once each.

use crate::digest::Digest;
use preau_domain::{Profile, Uai};
use preau_store::IndexRow;
use std::collections::HashMap;

/// One profile in one establishment.
pub(crate) type Place = (Uai, Profile);

/// One known record.
#[derive(Clone, Copy, Debug)]
struct Row {
    key: Digest,
    digest: Digest,
    set: u32,
    active: bool,
    present: bool,
    used: bool,
    narrowed: bool,
}

impl Row {
    fn lost(&self) -> bool {
        self.active && !self.present && !self.narrowed
    }
}

/// What is known of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The digest stored, when it is one of this release.
    pub(crate) digest: Digest,
    /// May sign in.
    pub(crate) active: bool,
    /// A person of this reading already had this key.
    pub(crate) used: bool,
}

/// The table, searched by the hash of the join key.
#[derive(Debug, Default)]
pub(crate) struct Index {
    rows: Vec<Row>,
    sets: Vec<Vec<Place>>,
    known_sets: HashMap<Vec<Place>, u32>,
}

/// Stands for a stored digest that no record can have.
fn never() -> Digest {
    Digest::of_key("")
}

impl Index {
    /// Adds a page of the store's index.
    pub(crate) fn extend(&mut self, page: &[IndexRow]) {
        self.rows.reserve(page.len());
        for row in page {
            let set = match self.known_sets.get(&row.places) {
                Some(set) => *set,
                None => {
                    let set = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
                    self.sets.push(row.places.clone());
                    self.known_sets.insert(row.places.clone(), set);
                    set
                }
            };
            self.rows.push(Row {
                key: Digest::of_key(&row.key),
                digest: Digest::from_hex(&row.digest).unwrap_or_else(never),
                set,
                active: row.state.may_sign_in(),
                present: false,
                used: false,
                narrowed: false,
            });
        }
    }

    /// Makes the table ready to be searched.
    pub(crate) fn seal(&mut self) {
        self.known_sets = HashMap::new();
        self.rows.sort_unstable_by_key(|row| row.key);
    }

    /// How many records are known.
    pub(crate) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    fn at(&self, key: Digest) -> Option<usize> {
        self.rows.binary_search_by_key(&key, |row| row.key).ok()
    }

    /// What is known of that key.
    pub(crate) fn known(&self, key: Digest) -> Option<Known> {
        let row = &self.rows[self.at(key)?];
        Some(Known { digest: row.digest, active: row.active, used: row.used })
    }

    /// Notes that the key was in the reading; `used` when a person was made of it.
    pub(crate) fn mark(&mut self, key: Digest, used: bool) {
        if let Some(at) = self.at(key) {
            self.rows[at].present = true;
            self.rows[at].used |= used;
        }
    }

    /// What the person of that key is where, as it is stored; ordered.
    pub(crate) fn places(&self, key: Digest) -> &[Place] {
        let row = self.at(key).map(|at| &self.rows[at]);
        row.and_then(|row| self.sets.get(row.set as usize)).map_or(&[][..], Vec::as_slice)
    }

    /// Notes that the record read of that key takes an establishment or a profile from its account.
    pub(crate) fn narrow(&mut self, key: Digest) {
        if let Some(at) = self.at(key) {
            self.rows[at].narrowed = true;
        }
    }

    /// Whether the record read of that key takes an establishment or a profile from its account.
    pub(crate) fn narrowed(&self, key: Digest) -> bool {
        self.at(key).is_some_and(|at| self.rows[at].narrowed)
    }

    /// Says that a reading that is not whole somewhere may take nothing there: of those who are absent, whoever was at such a place is
    /// not lost; of those who were read, nobody is narrowed until it is said of them. Returns how many are spared.
    pub(crate) fn spare_absent(&mut self, at: impl Fn(&Place) -> bool) -> u64 {
        let spared: Vec<bool> = self.sets.iter().map(|set| set.iter().any(&at)).collect();
        let mut count = 0;
        for row in &mut self.rows {
            row.narrowed = row.lost() && spared.get(row.set as usize).copied().unwrap_or(false);
            count += u64::from(row.narrowed);
        }
        count
    }

    /// Whether the account of that key is active, its record was nowhere in the reading, and it stays as it is all the same.
    pub(crate) fn spared(&self, key: Digest) -> bool {
        self.at(key).is_some_and(|at| self.rows[at].active && !self.rows[at].present && self.rows[at].narrowed)
    }

    /// Whether the account of that key is active and its record was nowhere in the reading, and counts as gone.
    pub(crate) fn lost(&self, key: Digest) -> bool {
        self.at(key).is_some_and(|at| self.rows[at].lost())
    }

    /// The keys of everybody for whom [`Index::lost`] holds.
    pub(crate) fn all_lost(&self) -> impl Iterator<Item = Digest> {
        self.rows.iter().filter(|row| row.lost()).map(|row| row.key)
    }

    /// Known people who are present only as entries that could not be used, or not wholly.
    pub(crate) fn kept(&self) -> u64 {
        self.rows.iter().filter(|row| row.present && !row.used).count() as u64
    }

    /// Active people by their keys, and what they are where.
    pub(crate) fn each_active(&self) -> impl Iterator<Item = (Digest, &[Place])> {
        let active = self.rows.iter().filter(|row| row.active);
        active.map(|row| (row.key, self.sets.get(row.set as usize).map_or(&[][..], Vec::as_slice)))
    }

    /// Active people, whether each is lost, and what they are where.
    pub(crate) fn active(&self) -> impl Iterator<Item = (bool, &[Place])> {
        self.rows
            .iter()
            .filter(|row| row.active)
            .map(|row| (!row.present, self.sets.get(row.set as usize).map_or(&[][..], Vec::as_slice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_person_takes_forty_bytes() {
        assert_eq!(std::mem::size_of::<Row>(), 40);
    }
}
