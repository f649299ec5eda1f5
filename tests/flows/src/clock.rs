//! Time and randomness that a story holds in its hand.

use preau_domain::{Clock, Ids, Instant};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A clock that stands still until it is moved.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A Monday morning of the school year.
    pub fn new() -> ManualClock {
        ManualClock(AtomicI64::new(1_789_369_200_000))
    }

    /// Lets that many seconds pass.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        ManualClock::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

/// Names that are different each time and the same in each run.
pub struct SeededIds(AtomicU64);

impl SeededIds {
    /// A source of names for that seed.
    pub fn new(seed: u64) -> SeededIds {
        SeededIds(AtomicU64::new(seed))
    }
}

impl Ids for SeededIds {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            // SplitMix64: every step of the counter gives eight bytes that look unlike the ones before.
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
