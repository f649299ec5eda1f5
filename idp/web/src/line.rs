//! The line in which people wait before they type a password, when more come than can be hashed: the morning of the rentrée.
//!
//! Whoever meets a full pool, or comes while others wait, is given a number: one for a sign-in, however often its page is asked for. Numbers
//! are called in their order, as many as the pool takes in while those who were called come back and type. Only those are called who asked
//! lately; the others are passed over, and called when they ask again within ten minutes. A pool with little to do makes nobody wait. The
//! line is kept in memory, since it is about the processors of this server: another process has a line of its own.

use preau_domain::{Instant, PendingId, Seconds};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How long room is held for somebody who was called, and how lately they asked.
const TURN: Seconds = Seconds(60);
/// How long a number is kept for whoever does not ask: a telephone in a pocket.
const KEPT: Seconds = Seconds(600);
/// For so many seconds of work people are called ahead.
const AHEAD: f64 = 20.0;
/// So many are called however slow the pool is.
const LEAST: usize = 16;
/// How often the pace is measured, in milliseconds.
const MEASURED: i64 = 1_000;
/// People who have a number at once. Whoever comes beyond is told how many go first and is given one when there is room: numbers are for the
/// asking, and their memory has an end.
const MOST: usize = 50_000;

/// How the pool of passwords is doing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Passwords hashed so far.
    pub hashed: u64,
    /// Passwords that wait in the pool, and how many may.
    pub waiting: (usize, usize),
}

impl Load {
    fn full(self) -> bool {
        self.waiting.0 >= self.waiting.1
    }

    /// Whether the pool has enough to do for anybody to wait.
    fn busy(self) -> bool {
        4 * self.waiting.0 >= self.waiting.1
    }
}

/// How a sign-in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was called: its bearer may type.
    Called,
    /// So many go first, its bearer included, and it may take so many seconds.
    Waits(u64, u64),
    /// It has no number here.
    Unknown,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Line {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    given: u64,
    /// The greatest number that was called or passed over.
    reached: u64,
    /// The numbers that were given, and when each was asked about last.
    places: HashMap<PendingId, (u64, Instant)>,
    /// Those that were not reached yet, in their order.
    order: VecDeque<(u64, PendingId)>,
    /// Those who were called and are about to type, and since when.
    about: HashMap<PendingId, Instant>,
    /// When the pace was measured last, and the hashes until then.
    measured: Option<(Instant, u64)>,
    /// Hashes a second.
    pace: f64,
}

impl Line {
    /// Whether somebody waits, for a pool that has enough to do.
    pub fn is_there(&self, now: Instant, load: Load) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(now, load);
        !state.order.is_empty() && load.busy()
    }

    /// A number at the end for a sign-in, or the one it has.
    pub fn join(&self, id: &PendingId, now: Instant, load: Load) -> Standing {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.places.contains_key(id) {
            state.advance(now, load);
            if state.places.len() >= MOST {
                return state.waits(state.order.len());
            }
            state.given += 1;
            let number = state.given;
            state.places.insert(id.clone(), (number, now));
            state.order.push_back((number, id.clone()));
        }
        state.standing(id, now, load)
    }

    /// How a sign-in stands.
    pub fn standing(&self, id: &PendingId, now: Instant, load: Load) -> Standing {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).standing(id, now, load)
    }

    /// Whoever has that number came in: the next one may be called.
    pub fn came_in(&self, id: &PendingId) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.about.remove(id);
        state.places.remove(id);
    }
}

impl State {
    fn standing(&mut self, id: &PendingId, now: Instant, load: Load) -> Standing {
        self.advance(now, load);
        let Some((number, asked)) = self.places.get_mut(id) else { return Standing::Unknown };
        *asked = now;
        let number = *number;
        if self.about.contains_key(id) {
            return Standing::Called;
        }
        let passed = number <= self.reached;
        if !load.busy() || (passed && !load.full()) {
            self.about.insert(id.clone(), now);
            if let Ok(at) = self.order.binary_search_by_key(&number, |(number, _)| *number) {
                self.order.remove(at);
            }
            return Standing::Called;
        }
        self.waits(self.order.partition_point(|(other, _)| *other < number))
    }

    /// How somebody stands behind so many.
    fn waits(&self, before: usize) -> Standing {
        let first = before as u64 + 1;
        Standing::Waits(first, (first as f64 / self.pace.max(1.0)).ceil() as u64)
    }

    fn advance(&mut self, now: Instant, load: Load) {
        match self.measured {
            Some((at, hashed)) if now - at >= MEASURED => {
                let pace = load.hashed.saturating_sub(hashed) as f64 * 1000.0 / (now - at) as f64;
                self.pace = if self.pace == 0.0 { pace } else { (self.pace + pace) / 2.0 };
                self.measured = Some((now, load.hashed));
                self.places.retain(|_, (_, asked)| now < *asked + KEPT);
                self.order.retain(|(_, id)| self.places.contains_key(id));
            }
            Some(_) => {}
            None => self.measured = Some((now, load.hashed)),
        }
        self.about.retain(|_, since| now < *since + TURN);
        if load.full() {
            return;
        }
        let ahead = LEAST.max((self.pace * AHEAD) as usize);
        while self.about.len() < ahead {
            let Some((number, id)) = self.order.pop_front() else { return };
            self.reached = number;
            if self.places.get(&id).is_some_and(|(_, asked)| now < *asked + TURN) {
                self.about.insert(id, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Load = Load { hashed: 0, waiting: (4, 4) };
    const BUSY: Load = Load { hashed: 0, waiting: (1, 4) };
    const IDLE: Load = Load { hashed: 0, waiting: (0, 4) };

    fn at(seconds: i64) -> Instant {
        Instant(seconds * 1000)
    }

    /// So many sign-ins that met a full pool, one after the other.
    fn crowd(line: &Line, count: usize) -> Vec<PendingId> {
        let ids: Vec<PendingId> = (0..count).map(|one| PendingId::new(format!("s{one}"))).collect();
        for (before, id) in ids.iter().enumerate() {
            assert!(matches!(line.join(id, at(0), FULL), Standing::Waits(first, _) if first == before as u64 + 1));
        }
        ids
    }

    #[test]
    fn numbers_are_called_in_their_order_and_at_the_pace_of_the_pool() {
        let line = Line::default();
        assert!(!line.is_there(at(0), FULL));
        let ids = crowd(&line, 200);
        assert!(line.is_there(at(0), FULL), "a full pool calls nobody");
        assert_eq!(line.standing(&ids[9], at(0), FULL), Standing::Waits(10, 10));
        let room = |hashed| Load { hashed, waiting: (3, 4) };
        assert_eq!(line.standing(&ids[15], at(0), room(0)), Standing::Called);
        assert_eq!(line.standing(&ids[16], at(0), room(0)), Standing::Waits(1, 1));
        for id in &ids[..16] {
            line.came_in(id);
        }
        // Four hashes a second, twenty seconds ahead.
        assert_eq!(line.standing(&ids[16 + 79], at(1), room(4)), Standing::Called);
        assert_eq!(line.standing(&ids[16 + 80], at(1), room(4)), Standing::Waits(1, 1));
        assert_eq!(line.standing(&ids[199], at(1), room(4)), Standing::Waits(104, 26));
    }

    #[test]
    fn whoever_does_not_come_back_makes_room_and_goes_first_when_they_do() {
        let line = Line::default();
        let ids = crowd(&line, 40);
        assert_eq!(line.standing(&ids[0], at(0), BUSY), Standing::Called);
        assert_eq!(line.standing(&ids[16], at(59), BUSY), Standing::Waits(1, 1));
        assert_eq!(line.standing(&ids[16], at(60), BUSY), Standing::Called);
        assert_eq!(line.standing(&ids[0], at(61), FULL), Standing::Waits(1, 1), "their minute is over");
        assert_eq!(line.standing(&ids[0], at(61), BUSY), Standing::Called, "and they go before everybody else");
        assert_eq!(line.standing(&ids[1], at(700), BUSY), Standing::Unknown, "ten minutes, and it is kept no more");
        assert_eq!(line.standing(&PendingId::new("x"), at(700), BUSY), Standing::Unknown, "nobody was given it");
    }

    #[test]
    fn numbers_that_nobody_asks_about_hold_nobody_up() {
        let line = Line::default();
        let ids = crowd(&line, 10_001);
        let own = &ids[10_000];
        for _ in 0..100 {
            assert_eq!(line.join(own, at(1), FULL), Standing::Waits(10_001, 10_001), "the same number, asked again");
        }
        assert_eq!(line.standing(own, at(59), FULL), Standing::Waits(10_001, 10_001));
        assert_eq!(line.standing(own, at(60), BUSY), Standing::Called, "ten thousand who went away are passed over");
    }

    #[test]
    fn numbers_have_an_end_and_are_given_again() {
        let (line, late) = (Line::default(), PendingId::new("late"));
        crowd(&line, MOST);
        assert_eq!(line.join(&late, at(1), FULL), Standing::Waits(MOST as u64 + 1, MOST as u64 + 1));
        assert_eq!(line.standing(&late, at(1), FULL), Standing::Unknown, "no number was kept");
        assert!(line.state.lock().unwrap().places.len() == MOST);
        assert_eq!(line.join(&late, at(601), FULL), Standing::Waits(1, 1));
        assert_eq!(line.standing(&late, at(602), FULL), Standing::Waits(1, 1), "control: once the others have gone");
    }

    #[test]
    fn a_pool_with_little_to_do_makes_nobody_wait() {
        let line = Line::default();
        let ids = crowd(&line, 100);
        assert!(!line.is_there(at(0), IDLE), "whoever comes now types at once");
        assert_eq!(line.standing(&ids[99], at(0), IDLE), Standing::Called, "and so does whoever waits");
        assert!(line.is_there(at(0), BUSY));
        assert!(matches!(line.standing(&ids[60], at(0), BUSY), Standing::Waits(..)), "control");
        assert_eq!(line.standing(&ids[99], at(1), BUSY), Standing::Called, "who was told to type may");
    }
}
