//! The life of signing keys as a pure function: what to make and what to take away, from the rows there are and the hour.
//!
//! A key is published before it signs, so that whoever keeps our set for a while knows it in time; it signs until the next
//! one does; it stays published until nothing it signed is of use any more.

use super::KeyUse;
use preau_domain::{Instant, StoredKey};

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Make {
    /// Its place: one name for all servers, so that two of them that make the same key meet there.
    pub place: String,
    /// What it is for.
    pub usage: KeyUse,
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
pub fn plan(rows: &[StoredKey], now: Instant) -> Plan {
    let mut plan = Plan::default();
    for usage in KeyUse::ALL {
        let rhythm = usage.rhythm();
        let newest = of(rows, *usage).max_by_key(|row| row.use_from);
        match newest {
            None => plan.make.push(next(rows, *usage, now)),
            Some(row) if row.retire_at - rhythm.ahead <= now => {
                // One that should have come long ago is announced all the same: meanwhile the old one goes on.
                plan.make.push(next(rows, *usage, row.retire_at.max(now + rhythm.ahead)));
            }
            Some(_) => {}
        }
        // However early or late it gave way: what it signed is of use for as long.
        let superseded = |row: &StoredKey| {
            of(rows, *usage).any(|by| by.use_from > row.use_from && by.use_from + rhythm.lingers <= now)
        };
        let gone = of(rows, *usage).filter(|row| superseded(row));
        plan.remove.extend(gone.map(|row| row.kid.clone()));
    }
    plan
}

/// When the key that somebody asks for takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOver {
    /// Once it was announced as long as usual.
    Announced,
    /// At an hour that was agreed upon.
    At(Instant),
    /// At once, and in place of all others: they may be known to somebody.
    Compromised,
}

/// The key to make when somebody asks for a new one.
pub fn replacement(rows: &[StoredKey], usage: KeyUse, now: Instant, cut_over: CutOver) -> Plan {
    let from = match cut_over {
        CutOver::Announced => now + usage.rhythm().ahead,
        CutOver::At(at) => at.max(now),
        CutOver::Compromised => now,
    };
    let remove = of(rows, usage).filter(|_| cut_over == CutOver::Compromised).map(|row| row.kid.clone()).collect();
    Plan { make: vec![next(rows, usage, from)], remove }
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

/// When one of these keys gives way and when it leaves the set: by the next one, or as they are when that is made in time.
pub fn end(rows: &[StoredKey], row: &StoredKey) -> (Instant, Instant) {
    let after = rows.iter().filter(|other| other.alg == row.alg && other.use_from > row.use_from);
    match (after.map(|next| next.use_from).min(), KeyUse::named(&row.alg)) {
        (Some(at), Some(usage)) => (at, at + usage.rhythm().lingers),
        _ => (row.retire_at, row.remove_at),
    }
}

/// Which row serves now, of those for one use: the newest whose time has come. A key is never retired without a successor.
pub(super) fn signs<'a>(rows: impl Iterator<Item = &'a StoredKey>, now: Instant) -> Option<&'a StoredKey> {
    rows.filter(|row| row.use_from <= now).max_by(|a, b| (a.use_from, &a.kid).cmp(&(b.use_from, &b.kid)))
}

fn of(rows: &[StoredKey], usage: KeyUse) -> impl Iterator<Item = &StoredKey> {
    rows.iter().filter(move |row| row.alg == usage.as_str())
}

/// The key of the first place that was never taken after those there are.
fn next(rows: &[StoredKey], usage: KeyUse, use_from: Instant) -> Make {
    let (word, rhythm) = (usage.as_str().to_ascii_lowercase(), usage.rhythm());
    let number = |row: &StoredKey| row.kid.strip_prefix(&word)?.strip_prefix('-')?.parse::<u64>().ok();
    let last = of(rows, usage).filter_map(number).max().unwrap_or(0);
    let retire_at = use_from + rhythm.signs;
    Make {
        place: format!("{word}-{}", last.saturating_add(1)),
        usage,
        use_from,
        retire_at,
        remove_at: retire_at + rhythm.lingers,
    }
}

#[cfg(test)]
#[path = "plan/tests.rs"]
mod tests;
