//! How long something takes, for what is to be refused in no time. Time of the processor and not of the clock, the quickest of five: what a busy
//! machine does meanwhile is no part of the figure.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The least that this took of the thread that calls.
pub fn quickest(mut attempt: impl FnMut()) -> Duration {
    let once = |_| {
        let begun = used();
        attempt();
        used() - begun
    };
    (0..5).map(once).min().unwrap_or_default()
}

fn used() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a thread has used some time")
}
