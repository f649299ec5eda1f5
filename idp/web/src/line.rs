//! The line in which people wait before they type a password, when more come than can be hashed: the morning of the rentrée.
//!
//! Whoever meets a full pool, or comes while others wait, is given a number. Numbers are called in their order, as many as the pool takes in
//! while those who were called come back and type; whoever was called has a minute. It is kept in memory, since it is about the processors
//! of this server: another process gives numbers of its own.

use preau_domain::{Ids, Instant, Seconds};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long somebody who was called may take to come back and type.
const TURN: Seconds = Seconds(60);
/// For so many seconds of work people are called ahead.
const AHEAD: f64 = 20.0;
/// So many are called however slow the pool is.
const LEAST: usize = 16;
/// How often the pace is measured, in milliseconds.
const MEASURED: i64 = 1_000;

/// How the pool of passwords is doing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Passwords hashed so far.
    pub hashed: u64,
    /// Passwords that wait in the pool, and how many may.
    pub waiting: (usize, usize),
}

/// How a number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was called: its bearer may type.
    Called,
    /// So many go first, its bearer included, and it may take so many seconds.
    Waits(u64, u64),
    /// It is none of this process, or its minute is over.
    Unknown,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Line {
    /// Tells its numbers from those of other processes.
    pub epoch: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    given: u64,
    called: u64,
    /// Those who were called and are about to type, and since when.
    about: BTreeMap<u64, Instant>,
    /// When the pace was measured last, and the hashes until then.
    measured: Option<(Instant, u64)>,
    /// Hashes a second.
    pace: f64,
}

impl Line {
    pub fn new(ids: &dyn Ids) -> Line {
        Line { epoch: ids.text(8), state: Mutex::default() }
    }

    /// Whether somebody waits, for a pool that has enough to do: numbers that nobody comes back with keep nobody out.
    pub fn is_there(&self, now: Instant, load: Load) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(now, load);
        let (waiting, limit) = load.waiting;
        state.called < state.given && 4 * waiting >= limit
    }

    /// A new number, at the end.
    pub fn number(&self) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.given += 1;
        state.given
    }

    /// How a number stands.
    pub fn standing(&self, number: u64, now: Instant, load: Load) -> Standing {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(now, load);
        if state.about.contains_key(&number) {
            return Standing::Called;
        }
        if number <= state.called || number > state.given {
            return Standing::Unknown;
        }
        let first = number - state.called;
        Standing::Waits(first, (first as f64 / state.pace.max(1.0)).ceil() as u64)
    }

    /// Whoever had that number came in: the next one may be called.
    pub fn came_in(&self, number: u64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).about.remove(&number);
    }
}

impl State {
    fn advance(&mut self, now: Instant, load: Load) {
        match self.measured {
            Some((at, hashed)) if now - at >= MEASURED => {
                let pace = load.hashed.saturating_sub(hashed) as f64 * 1000.0 / (now - at) as f64;
                self.pace = if self.pace == 0.0 { pace } else { (self.pace + pace) / 2.0 };
                self.measured = Some((now, load.hashed));
            }
            Some(_) => {}
            None => self.measured = Some((now, load.hashed)),
        }
        self.about.retain(|_, since| now < *since + TURN);
        let (waiting, limit) = load.waiting;
        if waiting >= limit {
            return;
        }
        let ahead = LEAST.max((self.pace * AHEAD) as usize);
        // A pool with nothing to do: of those who were called many do not come back.
        let ahead = if waiting == 0 { ahead.max(self.about.len() + LEAST).min(3 * ahead) } else { ahead };
        while self.called < self.given && self.about.len() < ahead {
            self.called += 1;
            self.about.insert(self.called, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same;
    impl Ids for Same {
        fn fill(&self, out: &mut [u8]) {
            out.fill(7);
        }
    }

    const FULL: Load = Load { hashed: 0, waiting: (4, 4) };

    fn at(seconds: i64) -> Instant {
        Instant(seconds * 1000)
    }

    #[test]
    fn numbers_are_called_in_their_order_and_at_the_pace_of_the_pool() {
        let line = Line::new(&Same);
        assert!(!line.is_there(at(0), FULL));
        let numbers: Vec<u64> = (0..200).map(|_| line.number()).collect();
        assert!(line.is_there(at(0), FULL), "a full pool calls nobody");
        assert_eq!(line.standing(numbers[9], at(0), FULL), Standing::Waits(10, 10));
        let room = |hashed| Load { hashed, waiting: (3, 4) };
        assert_eq!(line.standing(numbers[15], at(0), room(0)), Standing::Called);
        assert_eq!(line.standing(numbers[16], at(0), room(0)), Standing::Waits(1, 1));
        for number in &numbers[..16] {
            line.came_in(*number);
        }
        // Four hashes a second, twenty seconds ahead.
        assert_eq!(line.standing(numbers[16 + 79], at(1), room(4)), Standing::Called);
        assert_eq!(line.standing(numbers[16 + 80], at(1), room(4)), Standing::Waits(1, 1));
        assert_eq!(line.standing(numbers[199], at(1), room(4)), Standing::Waits(104, 26));
    }

    #[test]
    fn whoever_does_not_come_back_makes_room_and_has_no_turn_any_more() {
        let line = Line::new(&Same);
        let numbers: Vec<u64> = (0..40).map(|_| line.number()).collect();
        let busy = Load { hashed: 0, waiting: (1, 4) };
        assert_eq!(line.standing(numbers[0], at(0), busy), Standing::Called);
        assert_eq!(line.standing(numbers[16], at(59), busy), Standing::Waits(1, 1));
        assert_eq!(line.standing(numbers[16], at(60), busy), Standing::Called);
        assert_eq!(line.standing(numbers[0], at(60), busy), Standing::Unknown);
        assert_eq!(line.standing(99, at(60), busy), Standing::Unknown, "nobody was given it");
    }

    #[test]
    fn a_pool_with_nothing_to_do_calls_more() {
        let line = Line::new(&Same);
        assert_eq!((0..100).map(|_| line.number()).last(), Some(100));
        let idle = Load { hashed: 0, waiting: (0, 4) };
        assert_eq!(line.standing(16, at(0), idle), Standing::Called);
        assert_eq!(line.standing(32, at(0), idle), Standing::Called, "they were called, and nobody has come yet");
        assert!(matches!(line.standing(60, at(0), idle), Standing::Waits(..)), "but not all of them");
        assert!(!line.is_there(at(0), idle), "and whoever comes now types at once");
        assert!(line.is_there(at(0), Load { hashed: 0, waiting: (1, 4) }));
    }
}
