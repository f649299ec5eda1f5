//! The life of an account. Pure: a state, dates and what happens in, a state out.
//!
//! | state | its source names the person | the person signs in | two readings, or an undo, without them | time goes by |
//! |---|---|---|---|---|
//! | none yet, or purged | pre-created, under a new name | | | |
//! | pre-created | pre-created | active | suspended | pre-created |
//! | active | active | active | suspended | active |
//! | suspended | active, under the same name | refused | suspended | pre-deleted, then purged |
//! | pre-deleted | active, under the same name | refused | pre-deleted | purged |
//!
//! An entitlement ends when an account is suspended, and days are counted from there. Until it is pre-deleted everything is kept, because a
//! run may be undone. What is pre-deleted is a name and a join key, and nothing else of the person: enough for who comes back to be
//! who they were. What is purged is a name that nobody is ever given again. Who is stopped by hand is not suspended here: that is
//! said beside the state, and ends no entitlement. An account that comes from no source is not counted either.

use crate::{AccountState, Instant, Seconds};
use serde::Serialize;

/// How long after the end of an entitlement what is known of a person goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Everything but the name of the account and its join key.
    pub predelete: Seconds,
    /// These too.
    pub purge: Seconds,
}

const DAY: i64 = 86_400;

impl Retention {
    /// Fewest days before anything goes: thirty during which a run can be undone, and one of grace.
    pub const LEAST_DAYS: u16 = 31;
    /// Most days before all of it is gone. The law says three months, and the shortest three have 89 days.
    pub const MOST_DAYS: u16 = 89;

    /// Retention of so many days.
    pub fn days(predelete: u16, purge: u16) -> Self {
        Retention { predelete: Seconds(i64::from(predelete) * DAY), purge: Seconds(i64::from(purge) * DAY) }
    }
}

/// Days count by the clock of a machine, and a clock may be wrong: 1970 at the start, or years ahead. A clock that says something so
/// far from what it said when it was last looked at, which is a minute ago, is not believed until a person says that it is right.
pub const CLOCK_LEAP: Seconds = Seconds(7 * DAY);

/// Whether a clock leapt, forth or back, since it was last looked at.
pub fn leapt(before: Instant, now: Instant) -> bool {
    (now - before).abs() > CLOCK_LEAP.0 * 1_000
}

/// What happens to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeEvent {
    /// A reading of its source names the person, and was applied.
    Named,
    /// The person signs in.
    SignedIn,
    /// Two complete readings do not name the person, or the run that added them is undone.
    Missing,
    /// Nothing but time.
    TimeWent,
}

/// Where an account stands, whether or not it is stopped by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Life {
    /// The state.
    pub state: AccountState,
    /// Since when the person is entitled to nothing; absent as long as they are, and until that is noticed.
    pub ended: Option<Instant>,
}

impl Life {
    /// An account that was just made.
    pub const BEGUN: Life = Life { state: AccountState::PreCreated, ended: None };

    /// Where it stands after that. `None` when it is purged.
    pub fn after(self, event: LifeEvent, now: Instant, retention: Retention) -> Option<Life> {
        use AccountState::{Active, PreCreated, PreDeleted, Suspended};
        Some(match (event, self.state) {
            (LifeEvent::SignedIn, PreCreated) | (LifeEvent::Named, Suspended | PreDeleted) => {
                Life { state: Active, ended: None }
            }
            (LifeEvent::Missing, PreCreated | Active) => Life { state: Suspended, ended: Some(now) },
            (LifeEvent::TimeWent, state @ (Suspended | PreDeleted)) => match self.ended {
                None => Life { state, ended: Some(now) },
                Some(ended) if ended + retention.purge <= now => return None,
                Some(ended) if ended + retention.predelete <= now => Life { state: PreDeleted, ..self },
                Some(_) => self,
            },
            _ => self,
        })
    }

    /// When everything but its name and its join key goes, if nothing happens; absent when it went, or will not.
    pub fn predeleted_at(self, retention: Retention) -> Option<Instant> {
        self.ended.filter(|_| self.state == AccountState::Suspended).map(|ended| ended + retention.predelete)
    }

    /// When nothing is left of it, if nothing happens.
    pub fn purged_at(self, retention: Retention) -> Option<Instant> {
        self.ended.map(|ended| ended + retention.purge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AccountState::{Active, PreCreated, PreDeleted, Suspended};
    use LifeEvent::{Missing, Named, SignedIn, TimeWent};

    const RETENTION: fn() -> Retention = || Retention::days(45, 85);

    fn day(day: i64) -> Instant {
        Instant(day * DAY * 1_000)
    }

    #[test]
    fn every_transition_is_that_of_the_table() {
        let entitled = |state| Life { state, ended: None };
        let ended = |state| Life { state, ended: Some(day(0)) };
        let table = [
            (entitled(PreCreated), Named, 1, Some(entitled(PreCreated))),
            (entitled(PreCreated), SignedIn, 1, Some(entitled(Active))),
            (entitled(PreCreated), Missing, 0, Some(ended(Suspended))),
            (entitled(PreCreated), TimeWent, 9_999, Some(entitled(PreCreated))),
            (entitled(Active), Named, 1, Some(entitled(Active))),
            (entitled(Active), SignedIn, 1, Some(entitled(Active))),
            (entitled(Active), Missing, 0, Some(ended(Suspended))),
            (entitled(Active), TimeWent, 9_999, Some(entitled(Active))),
            (ended(Suspended), Named, 84, Some(entitled(Active))),
            (ended(Suspended), SignedIn, 1, Some(ended(Suspended))),
            (ended(Suspended), Missing, 9, Some(ended(Suspended))),
            (ended(Suspended), TimeWent, 44, Some(ended(Suspended))),
            (ended(Suspended), TimeWent, 45, Some(ended(PreDeleted))),
            (ended(Suspended), TimeWent, 85, None),
            (entitled(Suspended), TimeWent, 0, Some(ended(Suspended))),
            (ended(PreDeleted), Named, 84, Some(entitled(Active))),
            (ended(PreDeleted), SignedIn, 50, Some(ended(PreDeleted))),
            (ended(PreDeleted), Missing, 50, Some(ended(PreDeleted))),
            (ended(PreDeleted), TimeWent, 84, Some(ended(PreDeleted))),
            (ended(PreDeleted), TimeWent, 85, None),
        ];
        for (life, event, on, after) in table {
            assert_eq!(life.after(event, day(on), RETENTION()), after, "{life:?} {event:?} on day {on}");
        }
    }

    #[test]
    fn a_clock_that_leaps_is_not_believed() {
        for (now, expected) in
            [(100, false), (107, false), (93, false), (108, true), (92, true), (0, true), (36_500, true)]
        {
            assert_eq!(leapt(day(100), day(now)), expected, "day {now}");
        }
    }

    #[test]
    fn dates_are_those_on_which_time_does_something() {
        let life = Life { state: Suspended, ended: Some(day(0)) };
        assert_eq!((life.predeleted_at(RETENTION()), life.purged_at(RETENTION())), (Some(day(45)), Some(day(85))));
        let life = Life { state: PreDeleted, ..life };
        assert_eq!((life.predeleted_at(RETENTION()), life.purged_at(RETENTION())), (None, Some(day(85))));
        assert_eq!((Life::BEGUN.predeleted_at(RETENTION()), Life::BEGUN.purged_at(RETENTION())), (None, None));
    }
}
