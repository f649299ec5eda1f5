//! The production clock.

use preau_domain::{Clock, Instant};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of the operating system, except that it never goes back: when somebody sets the system clock back, this one
/// goes on at half speed until the two agree again. What has expired stays expired.
pub struct SystemClock {
    last: Mutex<Last>,
}

struct Last {
    told_us: i64,
    steady: std::time::Instant,
}

impl SystemClock {
    /// A clock that starts from the time of the operating system.
    pub fn new() -> Self {
        SystemClock { last: Mutex::new(Last { told_us: system_us(), steady: std::time::Instant::now() }) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let steady = std::time::Instant::now();
        let elapsed = i64::try_from((steady - last.steady).as_micros()).unwrap_or(i64::MAX);
        last.told_us = next(last.told_us, system_us(), elapsed);
        last.steady = steady;
        Instant(last.told_us.div_euclid(1000))
    }
}

/// What to tell after `told`, when the system says `system` and `elapsed` went by; all in microseconds.
fn next(told: i64, system: i64, elapsed: i64) -> i64 {
    system.max(told.saturating_add(elapsed / 2))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where time comes from")]
fn system_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_catches_up() {
        // Ordinary time, then the system clock set back by one second while it goes on.
        assert_eq!(next(1_000, 2_000, 1_000), 2_000);
        let (mut told, mut system) = (10_000_000, 9_000_000);
        for _ in 0..20 {
            let after = next(told, system + 100_000, 100_000);
            assert!(after > told);
            (told, system) = (after, system + 100_000);
        }
        assert_eq!(told, system);
        assert_eq!(next(0, 50, 1_000_000), 500_000);
    }

    #[test]
    fn two_readings_are_in_order() {
        let clock = SystemClock::new();
        assert!(clock.now() <= clock.now());
    }
}
