//! Instants as XML Schema writes them.

use preau_domain::Instant;
use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

/// The instant of an `xs:dateTime`: in UTC, as SAML has it, or with an offset, as some write it. Parts of a second below the
/// millisecond are cut off.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let (date, clock) = text.split_once('T')?;
    let at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if fraction.is_empty() || fraction.len() > 20 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis = format!("{fraction:0<3}")[..3].parse().ok()?;
    let offset = match zone {
        "" | "Z" => UtcOffset::UTC,
        _ => {
            let [hours, minutes] = numbers(&zone[1..], ':', [2, 2])?;
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = (i8::try_from(hours).ok()?, i8::try_from(minutes).ok()?);
            (hours <= 14).then(|| UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok())??
        }
    };
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    let (hour, minute) = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?);
    let clock = Time::from_hms_milli(hour, minute, u8::try_from(second).ok()?, millis).ok()?;
    let nanoseconds = PrimitiveDateTime::new(date, clock).assume_offset(offset).unix_timestamp_nanos();
    i64::try_from(nanoseconds.div_euclid(1_000_000)).ok().map(Instant)
}

/// Numbers of exactly so many digits, with something between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u16; N]> {
    let parts: Vec<&str> = text.split(between).collect();
    let parts: [&str; N] = parts.try_into().ok()?;
    let mut read = [0; N];
    for ((part, digits), read) in parts.iter().zip(digits).zip(&mut read) {
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *read = part.parse().ok()?;
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_instant_is_read_as_it_is_meant() {
        let noon = Some(Instant(1_788_000_000_123));
        for text in [
            "2026-08-29T10:40:00.123Z",
            "2026-08-29T10:40:00.1239999Z",
            "2026-08-29T12:40:00.123+02:00",
            "2026-08-29T05:10:00.123-05:30",
            " 2026-08-29T10:40:00.123Z\n",
            "2026-08-29T10:40:00.123",
        ] {
            assert_eq!(instant(text), noon, "{text}");
        }
        assert_eq!(instant("1969-12-31T23:59:59.9Z"), Some(Instant(-100)));
        assert_eq!(instant("9999-12-31T23:59:59Z"), Some(Instant(253_402_300_799_000)));
    }

    #[test]
    fn what_is_no_instant_is_not_read() {
        for text in [
            "",
            "T",
            "now",
            "2026-08-29",
            "2026-08-29T10:40Z",
            "2026-02-30T10:40:00Z",
            "2026-08-29T24:00:00Z",
            "2026-08-29T10:40:60Z",
            "2026-8-29T10:40:00Z",
            "+2026-08-29T10:40:00Z",
            "12026-08-29T10:40:00Z",
            "2026-08-29T10:40:00.Z",
            "2026-08-29T10:40:00.1x3Z",
            "2026-08-29T10:40:00ZZ",
            "2026-08-29T10:40:00+2",
            "2026-08-29T10:40:00+15:00",
            "2026-08-29T10:40:00+02:60",
            "2026-08-29 10:40:00Z",
            "２026-08-29T10:40:00Z",
            "2026-08-29T10:40:00.123456789012345678901Z",
            "2026-08-29T-1:40:00Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_that_was_written_is_read_back(millis in -62_167_219_200_000i64..=253_402_300_799_999) {
            prop_assert_eq!(instant(&Instant(millis).rfc3339()), Some(Instant(millis)));
        }

        #[test]
        fn any_text_is_an_instant_or_not(text in "[0-9TZ:+.\\-é ]{0,40}") {
            let _ = instant(&text);
        }
    }
}
