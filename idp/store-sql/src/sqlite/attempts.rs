//! Attempts under way, counted in the memory of the one server a file belongs to. Whoever asks for another one meanwhile sees them
//! counted; what failed is written before anybody hears of it, and an attempt that succeeds costs no commit of its own. A process
//! that is killed forgets those that were under way, and no others.

use preau_domain::{Instant, Seconds};
use preau_store::{Attempt, Delays, Result};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<String, UnderWay>>);

/// A counter as its row has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    /// Failures, those under way included.
    pub failures: u32,
    /// The latest attempt.
    pub touched: Instant,
    /// The attempt before it.
    pub previous: Instant,
    /// No attempt before that.
    pub not_before: Instant,
}

/// A counter some of whose attempts are under way; there is none in memory without them.
struct UnderWay {
    attempts: u32,
    /// Nothing, once the person proved who they are.
    counter: Option<Counter>,
    /// What the table holds or is about to.
    written: Option<Counter>,
}

/// What there is to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing: the table is right.
    Nothing,
    /// The table says something else.
    ToWrite,
    /// This memory knows nothing of it.
    Unknown,
}

impl Attempts {
    fn all(&self) -> MutexGuard<'_, HashMap<String, UnderWay>> {
        // A panic elsewhere leaves whole counters.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt if it may be made. `stored` reads the row; it is asked only where no attempt is under way.
    pub fn begin(
        &self,
        key: &str,
        now: Instant,
        delays: Delays,
        life: Seconds,
        stored: impl FnOnce() -> Result<Option<Counter>>,
    ) -> Result<Attempt> {
        let mut all = self.all();
        let (known, written) = match all.get(key) {
            Some(under_way) => (under_way.counter, under_way.written),
            None => {
                let stored = stored()?;
                (stored, stored)
            }
        };
        let known = known.filter(|counter| counter.touched > now - life);
        if let Some(counter) = known.filter(|counter| counter.not_before > now) {
            return Ok(Attempt::NotBefore(counter.not_before));
        }
        let failures = known.map_or(0, |counter| counter.failures).saturating_add(1);
        let counter = Counter {
            failures,
            touched: now,
            previous: known.map_or(now - life, |counter| counter.touched),
            not_before: Instant(now.0.saturating_add(delays.after(failures))),
        };
        match all.get_mut(key) {
            Some(under_way) => {
                under_way.attempts += 1;
                under_way.counter = Some(counter);
            }
            None => drop(all.insert(key.to_owned(), UnderWay { attempts: 1, counter: Some(counter), written })),
        }
        Ok(Attempt::Allowed { failures })
    }

    /// What the table must say of that counter now; it is taken as said. Absent if none of its attempts is under way.
    pub fn to_write(&self, key: &str) -> Option<Option<Counter>> {
        let mut all = self.all();
        let under_way = all.get_mut(key)?;
        under_way.written = under_way.counter;
        Some(under_way.counter)
    }

    /// An attempt is over, and its counter is written.
    pub fn end(&self, key: &str) {
        let mut all = self.all();
        if let Some(under_way) = all.get_mut(key) {
            under_way.attempts -= 1;
            if under_way.attempts == 0 {
                all.remove(key);
            }
        }
    }

    /// Takes an attempt back.
    pub fn uncount(&self, key: &str, delays: Delays) -> Left {
        let undone = |counter: Counter| {
            let failures = counter.failures.saturating_sub(1);
            let not_before = Instant(counter.previous.0.saturating_add(delays.after(failures)));
            (failures > 0).then_some(Counter { failures, touched: counter.previous, not_before, ..counter })
        };
        self.change(key, |counter| counter.and_then(undone))
    }

    /// Forgets a counter.
    pub fn forgive(&self, key: &str) -> Left {
        self.change(key, |_| None)
    }

    /// Changes a counter at the end of an attempt, which is over if there is nothing to write.
    fn change(&self, key: &str, change: impl FnOnce(Option<Counter>) -> Option<Counter>) -> Left {
        let mut all = self.all();
        let Some(under_way) = all.get_mut(key) else { return Left::Unknown };
        under_way.counter = change(under_way.counter);
        // When the attempt before was is told of no other than the latest.
        let said = |counter: Option<Counter>| counter.map(|c| (c.failures, c.touched, c.not_before));
        if said(under_way.counter) != said(under_way.written) {
            return Left::ToWrite;
        }
        under_way.attempts -= 1;
        if under_way.attempts == 0 {
            all.remove(key);
        }
        Left::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: Delays = Delays(&[(1, 1_000)]);
    const LIFE: Seconds = Seconds(86_400);

    #[test]
    fn a_counter_leaves_memory_with_its_last_attempt_and_only_once_it_is_written() {
        let attempts = Attempts::default();
        let begin = |now, stored| attempts.begin("k", Instant(now), DELAYS, LIFE, || Ok(stored)).unwrap();
        assert_eq!(begin(0, None), Attempt::Allowed { failures: 1 });
        assert_eq!(begin(999, None), Attempt::NotBefore(Instant(1_000)), "what the table does not say yet");
        let counter = attempts.to_write("k").unwrap().unwrap();
        attempts.end("k");
        assert!(attempts.all().is_empty() && attempts.to_write("k").is_none());
        assert_eq!(begin(1_000, Some(counter)), Attempt::Allowed { failures: 2 });
        assert_eq!(attempts.uncount("k", DELAYS), Left::Nothing, "the table is right, and was not asked to change");
        assert_eq!(attempts.uncount("k", DELAYS), Left::Unknown);
        assert_eq!(begin(1_000, Some(counter)), Attempt::Allowed { failures: 2 });
        assert_eq!(attempts.forgive("k"), Left::ToWrite);
        assert_eq!(attempts.to_write("k"), Some(None));
        assert_eq!(begin(1_000, Some(counter)), Attempt::Allowed { failures: 1 }, "the table is not asked meanwhile");
        attempts.end("k");
        assert_eq!(attempts.forgive("k"), Left::Nothing, "nothing was written that would have to go");
        assert!(attempts.all().is_empty());
    }
}
