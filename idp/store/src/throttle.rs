//! Delays between attempts, per account and never per address, and between tries of one password that many accounts refused.
//! Counted before the attempt is made, so that parallel attempts cannot outrun the count; kept in the database, so that failures
//! survive a restart and hold on every node.

use crate::Result;
use async_trait::async_trait;
use preau_domain::Instant;

/// May this attempt be made?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; it is counted as a failure until [`Throttle::forgive`] says otherwise.
    Allowed {
        /// Failures counted, this one included.
        failures: u32,
    },
    /// Not before that instant. It was not counted.
    NotBefore(Instant),
}

/// How long to wait after the n-th failure.
#[derive(Clone, Copy, Debug)]
pub struct Delays(
    /// Steps `(failures, milliseconds)` in growing order: from that many failures on, wait that long.
    pub &'static [(u32, i64)],
);

impl Delays {
    /// Milliseconds to wait after `failures` failures; 0 before the first step.
    pub fn after(&self, failures: u32) -> i64 {
        self.0.iter().rev().find(|(from, _)| failures >= *from).map_or(0, |(_, wait)| *wait)
    }
}

/// The counters.
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Counts an attempt on `key` and says whether it may be made now. Among concurrent callers only as many are allowed
    /// as the delays permit: once one is counted, the others see its delay. A counter that was not touched for 24 hours
    /// starts again from zero.
    async fn count_attempt(&self, key: &str, now: Instant, delays: Delays) -> Result<Attempt>;

    /// The same for an attempt whose end is told, by [`Throttle::fail_attempt`], [`Throttle::uncount_attempt`] or
    /// [`Throttle::forgive`], once each. Whoever asks sees it counted from now on. Where a database belongs to one server the count
    /// is written when the end is told: a process that is killed forgets the attempts that were under way, and no others. A key
    /// is counted in this way or in the other one.
    async fn begin_attempt(&self, key: &str, now: Instant, delays: Delays) -> Result<Attempt>;

    /// An attempt that was begun failed: it stays counted, whatever happens once this returns.
    async fn fail_attempt(&self, key: &str) -> Result<()>;

    /// Takes back one attempt that failed through no fault of the person (the directory did not answer): the counter and
    /// its delay are as they were before it.
    async fn uncount_attempt(&self, key: &str, now: Instant, delays: Delays) -> Result<()>;

    /// Whether an attempt on `key` was counted later than `since` and neither taken back nor forgiven. Of a key that
    /// [`Throttle::count_attempt`] counts; looking counts nothing.
    async fn is_counted(&self, key: &str, since: Instant) -> Result<bool>;

    /// Forgets the counter: the person proved who they are.
    async fn forgive(&self, key: &str) -> Result<()>;

    /// Remembers that this device has signed in to this account. `key` is a digest of both.
    async fn remember_device(&self, key: &str, now: Instant) -> Result<()>;

    /// Whether this device has signed in to this account within the last 180 days.
    async fn device_known(&self, key: &str, now: Instant) -> Result<bool>;
}
