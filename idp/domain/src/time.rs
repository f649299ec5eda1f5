//! Instants as the store keeps them: whole milliseconds since 1970, UTC. Reading the clock is [`Clock`]'s, an argument.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// Tells the time. The production implementation lives in `idp/server`; tests hold one still.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// An instant: milliseconds since 1 January 1970, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A length of time in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub i64);

impl Instant {
    /// RFC 3339 in UTC with milliseconds, as SAML 1.1, logs and audit write it; clamped to the years 0000 to 9999.
    pub fn rfc3339(self) -> String {
        let clamped = self.0.clamp(-62_167_219_200_000, 253_402_300_799_999);
        let at = ::time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(clamped) * 1_000_000)
            .unwrap_or(::time::OffsetDateTime::UNIX_EPOCH);
        // Written by hand: the machinery of formats costs ten times as much, and a SAML response holds eight instants.
        let mut text = String::with_capacity(24);
        let year = at.year().unsigned_abs();
        for (number, digits, after) in [
            (year, 4, '-'),
            (u32::from(u8::from(at.month())), 2, '-'),
            (u32::from(at.day()), 2, 'T'),
            (u32::from(at.hour()), 2, ':'),
            (u32::from(at.minute()), 2, ':'),
            (u32::from(at.second()), 2, '.'),
            (u32::from(at.millisecond()), 3, 'Z'),
        ] {
            let digit = |place: u32| char::from_digit(number / 10u32.pow(place) % 10, 10).unwrap_or('0');
            text.extend((0..digits).rev().map(digit));
            text.push(after);
        }
        text
    }

    /// Beginning and end of a day of metropolitan France, whose clocks stand one hour before those of UTC, and two from the last
    /// Sunday of March to that of October; `None` for a day that no calendar has.
    pub fn french_day(year: u16, month: u8, day: u8) -> Option<(Instant, Instant)> {
        use ::time::{Date, Duration, Month};
        let date = Date::from_calendar_date(i32::from(year), Month::try_from(month).ok()?, day).ok()?;
        let last_sunday = |month| {
            let last = Date::from_calendar_date(date.year(), month, 31).ok()?;
            last.checked_sub(Duration::days(i64::from(last.weekday().number_days_from_sunday())))
        };
        let (spring, autumn) = (last_sunday(Month::March)?, last_sunday(Month::October)?);
        let midnight = date.midnight().assume_utc().unix_timestamp();
        // Clocks change in the small hours: the day of the change begins by the old time and ends by the new one.
        let begins = if spring < date && date <= autumn { 7_200 } else { 3_600 };
        let ends = if spring <= date && date < autumn { 7_200 } else { 3_600 };
        Some((Instant((midnight - begins) * 1_000), Instant((midnight + 86_400 - ends) * 1_000)))
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Add<Seconds> for Instant {
    type Output = Instant;
    fn add(self, seconds: Seconds) -> Instant {
        Instant(self.0.saturating_add(seconds.0.saturating_mul(1000)))
    }
}

impl Sub<Seconds> for Instant {
    type Output = Instant;
    fn sub(self, seconds: Seconds) -> Instant {
        Instant(self.0.saturating_sub(seconds.0.saturating_mul(1000)))
    }
}

impl Sub<Instant> for Instant {
    type Output = i64;
    /// Milliseconds from `earlier` to `self`.
    fn sub(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_france_is_23_to_25_hours_long() {
        let day = |year, month, day| {
            let (from, until) = Instant::french_day(year, month, day)?;
            Some((from.rfc3339()[5..16].to_owned(), (until - from) / 3_600_000))
        };
        assert_eq!(day(2026, 1, 1), Some(("12-31T23:00".to_owned(), 24)));
        assert_eq!(day(2026, 3, 29), Some(("03-28T23:00".to_owned(), 23)));
        assert_eq!(day(2026, 3, 30), Some(("03-29T22:00".to_owned(), 24)));
        assert_eq!(day(2026, 10, 25), Some(("10-24T22:00".to_owned(), 25)));
        assert_eq!(day(2026, 10, 26), Some(("10-25T23:00".to_owned(), 24)));
        assert_eq!(day(9999, 12, 31).map(|(_, hours)| hours), Some(24));
        for (year, month, wrong) in [(2026, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0)] {
            assert_eq!(day(year, month, wrong), None);
        }
    }

    #[test]
    fn an_instant_is_written_in_utc() {
        assert_eq!(Instant(1_788_000_000_123).rfc3339(), "2026-08-29T10:40:00.123Z");
        assert_eq!(Instant(i64::MAX).rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Instant(i64::MIN).rfc3339(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Instant(-1).rfc3339(), "1969-12-31T23:59:59.999Z");
    }
}
