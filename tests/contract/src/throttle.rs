//! Delays between attempts.

use crate::fixture::{NOW, winners};
use preau_domain::{Instant, Seconds};
use preau_store::Attempt::{Allowed, NotBefore};
use preau_store::{Delays, Store};

/// Nothing for two failures, then one second, then ten.
const DELAYS: Delays = Delays(&[(3, 1_000), (5, 10_000)]);
const DAY: Seconds = Seconds(24 * 3600);

/// Failures are counted; from a step on, the next attempt waits as long as the step says, and waiting counts for nothing.
pub async fn attempts_wait_longer_and_longer(store: &dyn Store) {
    let count = async |at: Instant| store.count_attempt("k", at, DELAYS).await.unwrap();
    for failures in 1..=3 {
        assert_eq!(count(NOW).await, Allowed { failures });
    }
    let free = NOW + Seconds(1);
    assert_eq!(count(NOW).await, NotBefore(free));
    assert_eq!(count(Instant(free.0 - 1)).await, NotBefore(free));
    assert_eq!(count(free).await, Allowed { failures: 4 });
    assert_eq!(count(free + Seconds(1)).await, Allowed { failures: 5 });
    assert_eq!(count(free + Seconds(2)).await, NotBefore(free + Seconds(11)));
    assert_eq!(store.count_attempt("other", NOW, DELAYS).await.unwrap(), Allowed { failures: 1 });
    assert_eq!(store.count_attempt("K", NOW, DELAYS).await.unwrap(), Allowed { failures: 1 });
}

/// Of a hundred attempts made at once, only as many pass as the delays permit.
pub async fn parallel_attempts_do_not_outrun_the_count(store: &dyn Store) {
    let allowed = |answer: &preau_store::Result<_>| matches!(answer, Ok(Allowed { .. }));
    assert_eq!(winners(|_| store.count_attempt("k", NOW, DELAYS), allowed).await, 3);
    let next = NOW + Seconds(1);
    assert_eq!(winners(|_| store.count_attempt("k", next, DELAYS), allowed).await, 1);
    let waiting = store.count_attempt("k", next, DELAYS).await.unwrap();
    assert_eq!(waiting, NotBefore(next + Seconds(1)), "the 4 that passed are counted, the 196 others are not");
}

/// Who proved to be the person starts from nothing, as does a counter left alone for a day.
pub async fn a_counter_is_forgotten(store: &dyn Store) {
    let count = async |at| store.count_attempt("k", at, DELAYS).await.unwrap();
    for _ in 0..3 {
        count(NOW).await;
    }
    store.forgive("k").await.unwrap();
    store.forgive("unknown").await.unwrap();
    assert_eq!(count(NOW).await, Allowed { failures: 1 });
    assert_eq!(count(Instant((NOW + DAY).0 - 1)).await, Allowed { failures: 2 });
    assert_eq!(count(NOW + DAY).await, Allowed { failures: 3 }, "touched a moment ago");
    assert_eq!(count(NOW + DAY + DAY).await, Allowed { failures: 1 }, "left alone for a day");
}

/// An attempt that failed through no fault of the person leaves counter and delay as they were.
pub async fn an_attempt_is_taken_back(store: &dyn Store) {
    let count = async |at| store.count_attempt("k", at, DELAYS).await.unwrap();
    for _ in 0..3 {
        count(NOW).await;
    }
    let later = NOW + Seconds(30);
    assert_eq!(count(later).await, Allowed { failures: 4 });
    store.uncount_attempt("k", later, DELAYS).await.unwrap();
    assert_eq!(count(later).await, Allowed { failures: 4 }, "at once: its delay is over, as it was");
    assert_eq!(count(later).await, NotBefore(later + Seconds(1)));
    store.uncount_attempt("unknown", NOW, DELAYS).await.unwrap();
    assert_eq!(store.count_attempt("unknown", NOW, DELAYS).await.unwrap(), Allowed { failures: 1 });
    for _ in 0..3 {
        store.uncount_attempt("unknown", NOW, DELAYS).await.unwrap();
    }
    assert_eq!(store.count_attempt("unknown", NOW, DELAYS).await.unwrap(), Allowed { failures: 1 });
}

/// Taking an attempt back does not free one that must still wait.
pub async fn taking_back_keeps_the_delay_before(store: &dyn Store) {
    let delays = Delays(&[(1, 1_000)]);
    store.count_attempt("k", NOW, delays).await.unwrap();
    let second = NOW + Seconds(1);
    assert_eq!(store.count_attempt("k", second, delays).await.unwrap(), Allowed { failures: 2 });
    store.uncount_attempt("k", second, delays).await.unwrap();
    assert_eq!(store.count_attempt("k", Instant(second.0 - 1), delays).await.unwrap(), NotBefore(second));
    assert_eq!(store.count_attempt("k", second, delays).await.unwrap(), Allowed { failures: 2 });
}

/// Whether something was counted lately is known without counting it, and not of what was taken back.
pub async fn what_is_counted_is_known(store: &dyn Store) {
    let before = Instant(NOW.0 - 1);
    assert!(!store.is_counted("k", before).await.unwrap());
    store.count_attempt("k", NOW, DELAYS).await.unwrap();
    assert!(store.is_counted("k", before).await.unwrap());
    assert!(!store.is_counted("k", NOW).await.unwrap(), "later than that");
    assert!(!store.is_counted("K", before).await.unwrap());
    assert_eq!(store.count_attempt("k", NOW, DELAYS).await.unwrap(), Allowed { failures: 2 }, "looking counts nothing");
    for left in [true, false] {
        store.uncount_attempt("k", NOW, DELAYS).await.unwrap();
        assert_eq!(store.is_counted("k", before).await.unwrap(), left);
    }
    store.count_attempt("k", NOW, DELAYS).await.unwrap();
    store.forgive("k").await.unwrap();
    assert!(!store.is_counted("k", before).await.unwrap());
}

/// An attempt that was begun is counted for everybody from then on, in the same steps; of a hundred at once only as many pass as the
/// delays permit, and those that fail stay counted.
pub async fn begun_attempts_count_at_once(store: &dyn Store) {
    let allowed = |answer: &preau_store::Result<_>| matches!(answer, Ok(Allowed { .. }));
    assert_eq!(winners(|_| store.begin_attempt("k", NOW, DELAYS), allowed).await, 3);
    let free = NOW + Seconds(1);
    assert_eq!(store.begin_attempt("k", NOW, DELAYS).await.unwrap(), NotBefore(free));
    for _ in 0..3 {
        store.fail_attempt("k").await.unwrap();
        assert_eq!(store.begin_attempt("k", NOW, DELAYS).await.unwrap(), NotBefore(free));
    }
    assert_eq!(store.begin_attempt("k", free, DELAYS).await.unwrap(), Allowed { failures: 4 });
    store.fail_attempt("k").await.unwrap();
    assert_eq!(store.begin_attempt("k", free + DAY, DELAYS).await.unwrap(), Allowed { failures: 1 }, "left for a day");
    assert_eq!(store.begin_attempt("other", free, DELAYS).await.unwrap(), Allowed { failures: 1 });
}

/// An attempt that was begun is taken back, with others under way and without; what they count stays.
pub async fn a_begun_attempt_is_taken_back(store: &dyn Store) {
    let begin = async |at| store.begin_attempt("k", at, DELAYS).await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 1 });
    store.uncount_attempt("k", NOW, DELAYS).await.unwrap();
    for failures in 1..=3 {
        assert_eq!(begin(NOW).await, Allowed { failures });
    }
    store.uncount_attempt("k", NOW, DELAYS).await.unwrap();
    store.fail_attempt("k").await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 3 }, "two are left of three");
    store.fail_attempt("k").await.unwrap();
    store.uncount_attempt("k", NOW, DELAYS).await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 3 }, "and two again");
}

/// Who proved to be the person starts from nothing, whatever is under way beside.
pub async fn a_begun_attempt_forgives(store: &dyn Store) {
    let begin = async |at| store.begin_attempt("k", at, DELAYS).await.unwrap();
    for _ in 0..2 {
        begin(NOW).await;
    }
    store.fail_attempt("k").await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 3 });
    store.forgive("k").await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 1 });
    store.fail_attempt("k").await.unwrap();
    store.fail_attempt("k").await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 2 });
    store.forgive("k").await.unwrap();
    assert_eq!(begin(NOW).await, Allowed { failures: 1 });
}

/// A device is known for 180 days after it was last seen.
pub async fn a_device_is_known_for_180_days(store: &dyn Store) {
    let life = Seconds(180 * 24 * 3600);
    assert!(!store.device_known("d", NOW).await.unwrap());
    store.remember_device("d", NOW).await.unwrap();
    assert!(store.device_known("d", Instant((NOW + life).0 - 1)).await.unwrap());
    assert!(!store.device_known("d", NOW + life).await.unwrap());
    assert!(!store.device_known("D", NOW).await.unwrap());
    store.remember_device("d", NOW + DAY).await.unwrap();
    assert!(store.device_known("d", NOW + life).await.unwrap());
}
