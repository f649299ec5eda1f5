//! Instants as XML Schema writes them.

use preau_domain::{Instant, Seconds};
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

/// The length of an `xs:duration` that counts days, hours, minutes and seconds; a month counts thirty days and a year 365,
/// since it is used as a bound. Negative ones are none.
pub(crate) fn duration(text: &str) -> Option<Seconds> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace()).strip_prefix('P')?;
    let (days, clock) = text.split_once('T').map_or((text, None), |(days, clock)| (days, Some(clock)));
    if clock.is_some_and(str::is_empty) || text.is_empty() {
        return None;
    }
    let days = parts(days, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)])?;
    let clock = parts(clock.unwrap_or_default(), &[('H', 3600), ('M', 60), ('S', 1)])?;
    days.checked_add(clock).map(Seconds)
}

/// Numbers, each followed by its unit, in the order of the units.
fn parts(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut total, mut units) = (text, 0i64, units.iter());
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit = rest[end..].chars().next()?;
        let (_, worth) = units.find(|(one, _)| *one == unit)?;
        let (whole, fraction) = rest[..end].split_once('.').unwrap_or((&rest[..end], "0"));
        let fractional = rest[..end].contains('.');
        let digits = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (fractional && unit != 'S') {
            return None;
        }
        total = total.checked_add(whole.parse::<i64>().ok()?.checked_mul(*worth)?)?;
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(total)
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

    #[test]
    fn a_duration_is_read_as_it_is_meant() {
        for (text, seconds) in [
            ("PT24H", 86_400),
            ("P1D", 86_400),
            ("PT1H30M", 5_400),
            ("P1Y2M3DT4H5M6.5S", 36_993_906),
            ("PT0S", 0),
            ("P7D", 604_800),
        ] {
            assert_eq!(duration(text), Some(Seconds(seconds)), "{text}");
        }
        for text in
            ["", "P", "PT", "P1DT", "-P1D", "1D", "P1H", "PT1D", "P1M1Y", "PT1.5H", "PT9999999999S", "P1", "P.5D"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_duration_or_not(text in "P?[0-9YMDTHS.é-]{0,30}") {
            let _ = duration(&text);
        }

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
