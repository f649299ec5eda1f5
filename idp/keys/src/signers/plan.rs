//! The life of signing keys as a pure function: what to make and what to take away, from the rows there are and the hour.
//!
//! A key is published before it signs, so that whoever keeps our set for a while knows it in time; it signs until the next
//! one does; it stays published until nothing it signed is of use any more.

use crate::jose::Alg;
use preau_domain::{Instant, Seconds, StoredKey};

/// The algorithms the house signs with. Those drawn in no time come first.
pub const SIGNED_WITH: &[Alg] = &[Alg::ES256, Alg::EdDSA, Alg::RS256];

/// The lengths of a key's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How long a key is published before it signs.
    pub ahead: Seconds,
    /// How long it signs.
    pub signs: Seconds,
    /// How long it stays published after the next one took over.
    pub lingers: Seconds,
}

impl Default for Rhythm {
    /// Three days ahead, ninety days of signing, thirty more in the set.
    fn default() -> Self {
        const DAY: i64 = 86_400;
        Rhythm { ahead: Seconds(3 * DAY), signs: Seconds(90 * DAY), lingers: Seconds(30 * DAY) }
    }
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Make {
    /// Its place: one name for all servers, so that two of them that make the same key meet there.
    pub place: String,
    /// Its algorithm.
    pub alg: Alg,
    /// From when on it signs.
    pub use_from: Instant,
    /// When the next one is to take over.
    pub retire_at: Instant,
    /// When it may leave the set.
    pub remove_at: Instant,
}

/// What there is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Keys to make, those drawn in no time first.
    pub make: Vec<Make>,
    /// Places of keys to take away.
    pub remove: Vec<String>,
}

/// What becomes of the keys there are. Applied, and asked again at the same instant, nothing is left to do.
pub fn plan(rows: &[StoredKey], now: Instant, rhythm: &Rhythm) -> Plan {
    let mut plan = Plan::default();
    for alg in SIGNED_WITH {
        let newest = of(rows, *alg).max_by_key(|row| row.use_from);
        match newest {
            None => plan.make.push(next(rows, *alg, now, rhythm)),
            Some(row) if row.retire_at - rhythm.ahead <= now => {
                // One that should have come long ago is announced all the same: meanwhile the old one goes on.
                plan.make.push(next(rows, *alg, row.retire_at.max(now + rhythm.ahead), rhythm));
            }
            Some(_) => {}
        }
        let superseded = |row: &StoredKey| {
            of(rows, *alg).any(|by| by.use_from > row.use_from && by.use_from + rhythm.lingers <= now)
        };
        let gone = of(rows, *alg).filter(|row| row.remove_at <= now && superseded(row));
        plan.remove.extend(gone.map(|row| row.kid.clone()));
    }
    plan
}

/// The key to make when somebody asks for a new one: announced as usual, or at once and in place of all others.
pub fn replacement(rows: &[StoredKey], alg: Alg, now: Instant, rhythm: &Rhythm, at_once: bool) -> Plan {
    let from = if at_once { now } else { now + rhythm.ahead };
    let remove = of(rows, alg).filter(|_| at_once).map(|row| row.kid.clone()).collect();
    Plan { make: vec![next(rows, alg, from, rhythm)], remove }
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Published, and not signing yet.
    Next,
    /// Signing.
    Active,
    /// Not signing any more, and still published.
    Retired,
}

/// Where one of these keys stands.
pub fn phase(rows: &[StoredKey], row: &StoredKey, now: Instant) -> Phase {
    let active = signs(rows.iter().filter(|other| other.alg == row.alg), now);
    if active.is_some_and(|active| active.kid == row.kid) {
        Phase::Active
    } else if row.use_from > now {
        Phase::Next
    } else {
        Phase::Retired
    }
}

/// Which row signs with an algorithm now: the newest whose time has come. A key is never retired without a successor.
pub(super) fn signs<'a>(rows: impl Iterator<Item = &'a StoredKey>, now: Instant) -> Option<&'a StoredKey> {
    rows.filter(|row| row.use_from <= now).max_by(|a, b| (a.use_from, &a.kid).cmp(&(b.use_from, &b.kid)))
}

fn of(rows: &[StoredKey], alg: Alg) -> impl Iterator<Item = &StoredKey> {
    rows.iter().filter(move |row| row.alg == alg.as_str())
}

/// The key of the first place that was never taken after those there are.
fn next(rows: &[StoredKey], alg: Alg, use_from: Instant, rhythm: &Rhythm) -> Make {
    let word = alg.as_str().to_ascii_lowercase();
    let number = |row: &StoredKey| row.kid.strip_prefix(&word)?.strip_prefix('-')?.parse::<u64>().ok();
    let last = of(rows, alg).filter_map(number).max().unwrap_or(0);
    let retire_at = use_from + rhythm.signs;
    Make {
        place: format!("{word}-{}", last.saturating_add(1)),
        alg,
        use_from,
        retire_at,
        remove_at: retire_at + rhythm.lingers,
    }
}

#[cfg(test)]
#[path = "plan/tests.rs"]
mod tests;
