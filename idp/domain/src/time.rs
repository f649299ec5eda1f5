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
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
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
    fn an_instant_is_written_in_utc() {
        assert_eq!(Instant(1_788_000_000_123).rfc3339(), "2026-08-29T10:40:00.123Z");
        assert_eq!(Instant(i64::MAX).rfc3339(), "9999-12-31T23:59:59.999Z");
    }
}
