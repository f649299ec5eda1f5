//! The alarm for what no count of an account and none of a network shows: passwords that were stolen elsewhere, tried once at each account,
//! from as many addresses.
//!
//! Accounts are counted for an hour: those at which a password failed and none was right since, beside those of which one was. On a morning on
//! which one in twelve mistypes, nearly all of them are proved a moment later; whoever tries a list fails at nearly every account of it. Nobody
//! is slowed by it: an operator is told, once an hour. Devices that are known are not counted. Accounts are kept by their tags (`spray`), in
//! memory alone, and each node counts what it sees itself: of a share, that is enough.

use crate::Hub;
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, Seconds};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long accounts are counted together.
const TOGETHER: Seconds = Seconds(3600);
/// Accounts that fail before anybody is told: of fewer, a share says nothing.
const MANY: usize = 100;
/// The alarm rings where one account fails for so many that are proved: four times what a Monday morning would have if nobody typed again.
const PROVED: usize = 2;
/// Accounts told from one another; the hour goes on with those it has.
const MOST: usize = 200_000;

/// The accounts of this hour.
#[derive(Default)]
pub(crate) struct Failing(Mutex<Hour>);

#[derive(Default)]
struct Hour {
    since: Instant,
    /// Whether one of its passwords was right.
    proved: HashMap<u64, bool>,
    failing: usize,
    told: bool,
}

/// More accounts fail than people mistype.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    failing: usize,
    tried: usize,
}

impl Hour {
    fn rings(&self) -> bool {
        let proved = self.proved.len() - self.failing;
        !self.told && self.failing >= MANY && self.failing * PROVED > proved
    }
}

impl Failing {
    /// A password was not the account's, or was not even looked at because it fails everywhere.
    pub fn failed(&self, account: u64, now: Instant) -> Option<Alarm> {
        let mut hour = self.hour(now);
        if hour.proved.len() < MOST
            && let Entry::Vacant(place) = hour.proved.entry(account)
        {
            place.insert(false);
            hour.failing += 1;
        }
        let rings = hour.rings();
        hour.told |= rings;
        rings.then(|| Alarm { failing: hour.failing, tried: hour.proved.len() })
    }

    /// It was.
    pub fn right(&self, account: u64, now: Instant) {
        let mut hour = self.hour(now);
        if (hour.proved.len() < MOST || hour.proved.contains_key(&account))
            && hour.proved.insert(account, true) == Some(false)
        {
            hour.failing -= 1;
        }
    }

    fn hour(&self, now: Instant) -> MutexGuard<'_, Hour> {
        // A panic elsewhere leaves whole counts.
        let mut hour = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= hour.since + TOGETHER {
            *hour = Hour { since: now, ..Hour::default() };
        }
        hour
    }
}

/// Under which number the journal has the alarms of a day, whichever node they rang on.
pub fn alarms_of(day: Instant) -> CorrelationId {
    CorrelationId::new(format!("sign-ins-failing-{}", day.rfc3339().split('T').next().unwrap_or_default()))
}

impl Hub {
    /// Tells whoever watches that more accounts fail than people mistype.
    pub(crate) fn tell_of_failing(&self, alarm: &Alarm) {
        let Alarm { failing, tried } = alarm;
        metrics::counter!("preau_sign_in_alarms_total").increment(1);
        tracing::warn!(failing, tried, "passwords fail at many accounts, as where a stolen list is tried");
        let now = self.now();
        let detail = format!("accounts-fail {failing} of {tried}");
        self.audit(AuditEvent::new(now, AuditKind::SignInsFailing, alarms_of(now), detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_790_000_000_000);

    /// Alarms of so many accounts, one in so many of which fails.
    fn rang(failing: &Failing, accounts: u64, one_in: u64) -> usize {
        let of = |account: &u64| match account.is_multiple_of(one_in) {
            true => failing.failed(*account, NOW).is_some(),
            false => {
                failing.right(*account, NOW);
                false
            }
        };
        (0..accounts).filter(of).count()
    }

    #[test]
    fn a_list_rings_once_an_hour_and_a_morning_does_not() {
        assert_eq!(rang(&Failing::default(), 3_000, 12), 0, "also if nobody who mistyped typed again");
        assert_eq!(rang(&Failing::default(), 99, 1), 0, "of few, a share says nothing");
        let failing = Failing::default();
        assert_eq!(rang(&failing, 3_000, 1), 1);
        assert_eq!(failing.failed(9_999, NOW + Seconds(3_599)), None, "once an hour");
        for account in 0..99 {
            assert_eq!(failing.failed(account, NOW + TOGETHER), None, "an hour begins with nothing");
        }
        assert_eq!(failing.failed(99, NOW + TOGETHER), Some(Alarm { failing: 100, tried: 100 }));
    }

    #[test]
    fn whoever_is_right_after_all_does_not_fail() {
        let mistyped = |right| {
            let failing = Failing::default();
            for account in 0..99 {
                failing.failed(account, NOW);
                (0..right).for_each(|_| failing.right(account, NOW));
            }
            failing.failed(99, NOW).is_some()
        };
        assert!(mistyped(0), "control");
        assert!(!mistyped(1) && !mistyped(2), "and is counted once");
    }

    #[test]
    fn one_account_is_one_however_often_it_is_tried() {
        let failing = Failing::default();
        (0..99).for_each(|account| failing.right(account, NOW));
        (0..1_000).for_each(|_| failing.right(7, NOW));
        let rang = (1_000..1_100).filter(|account| failing.failed(*account, NOW).is_some()).count();
        assert_eq!(rang, 1, "signing in again and again hides nothing");
        let failing = Failing::default();
        assert!((0..1_000).all(|_| failing.failed(7, NOW).is_none()), "one account that fails is no list");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let failing = Failing::default();
        (0..MOST as u64 + 10).for_each(|account| failing.right(account, NOW));
        assert_eq!(failing.hour(NOW).proved.len(), MOST);
    }
}
