//! Names that were met, for whoever must tell the second of a name from the first among millions: eight bytes a name and a little
//! room, whatever its length.
//!
//! Kept are hashes with keys of this process, in order; the latest wait in a small table of their own and are merged in, so that
//! memory grows evenly and never doubles. Of a million names two are taken for one once in thirty million readings, and nobody
//! outside can choose which.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// Names that wait to be merged in.
const LATEST: usize = 16 * 1024;

/// See the module.
#[derive(Default)]
pub struct Met {
    keys: RandomState,
    ordered: Vec<u64>,
    latest: HashSet<u64>,
}

impl Met {
    /// Whether this is the first time.
    pub fn first_time(&mut self, name: &str) -> bool {
        let hash = self.keys.hash_one(name);
        if self.ordered.binary_search(&hash).is_ok() || !self.latest.insert(hash) {
            return false;
        }
        if self.latest.len() >= LATEST {
            self.merge();
        }
        true
    }

    /// Whether it was met.
    pub fn has(&self, name: &str) -> bool {
        let hash = self.keys.hash_one(name);
        self.latest.contains(&hash) || self.ordered.binary_search(&hash).is_ok()
    }

    /// Puts the latest among the others, from the end, where there is room.
    fn merge(&mut self) {
        let mut latest: Vec<u64> = self.latest.drain().collect();
        latest.sort_unstable();
        let before = self.ordered.len();
        self.ordered.reserve_exact(latest.len());
        self.ordered.resize(before + latest.len(), 0);
        let (mut from, mut to) = (before, self.ordered.len());
        while let Some(last) = latest.last().copied() {
            to -= 1;
            match from.checked_sub(1).map(|at| self.ordered[at]).filter(|known| *known > last) {
                Some(known) => {
                    self.ordered[to] = known;
                    from -= 1;
                }
                None => {
                    self.ordered[to] = last;
                    latest.pop();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_met_once_however_many_there_are() {
        let mut met = Met::default();
        let names = || (0..5 * LATEST / 2).map(|n| format!("name {n}"));
        assert!(names().all(|name| !met.has(&name) && met.first_time(&name)));
        assert!(names().all(|name| met.has(&name) && !met.first_time(&name)));
        assert!(!met.has("nobody"));
        assert_eq!((met.ordered.len(), met.latest.len()), (2 * LATEST, LATEST / 2));
        assert!(met.ordered.is_sorted());
        assert!(met.ordered.capacity() < met.ordered.len() + LATEST, "memory does not double");
    }
}
