//! When a door is open: days and hours by the clock of a school, as data. What they mean for a door is decided in `policy`; what
//! the time is, is said by whoever asks.
//!
//! A school reads its own clock: that of Paris, or of the territory its number belongs to.

use crate::{Instant, Uai};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Periods of hours a window may have.
const MOST_HOURS: usize = 16;

/// A day of the calendar: `2026-09-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day as a number that sorts: `20260901`.
    pub fn number(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }

    /// Year, month and day.
    pub fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The year in which its school year began: they turn over in August, when last year's classes are gone and the next ones are not
    /// there yet.
    pub fn school_year(self) -> u16 {
        if self.month >= 8 { self.year } else { self.year - 1 }
    }

    /// The last day of the school year that begins in that one.
    pub fn end_of_school_year(began: u16) -> Day {
        Day { year: began + 1, month: 7, day: 31 }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Day {
    type Err = &'static str;
    /// Reads a day that a calendar has, of the years 2000 to 2999.
    fn from_str(text: &str) -> Result<Day, &'static str> {
        const FORM: &str = "a day is written as 2026-09-01";
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()));
            part.and_then(|part| part.parse::<u16>().ok()).ok_or(FORM)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        if parts.next().is_some() || !(2000..=2999).contains(&year) {
            return Err(FORM);
        }
        let (month, day) = (u8::try_from(month).map_err(|_| FORM)?, u8::try_from(day).map_err(|_| FORM)?);
        Instant::french_day(year, month, day).map(|_| Day { year, month, day }).ok_or("no calendar has this day")
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Day, &'static str> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weekday {
    /// Lundi.
    Monday,
    /// Mardi.
    Tuesday,
    /// Mercredi.
    Wednesday,
    /// Jeudi.
    Thursday,
    /// Vendredi.
    Friday,
    /// Samedi.
    Saturday,
    /// Dimanche.
    Sunday,
}

impl Weekday {
    /// From Monday to Sunday.
    pub const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// One for Monday, seven for Sunday.
    pub fn number(self) -> u8 {
        match self {
            Weekday::Monday => 1,
            Weekday::Tuesday => 2,
            Weekday::Wednesday => 3,
            Weekday::Thursday => 4,
            Weekday::Friday => 5,
            Weekday::Saturday => 6,
            Weekday::Sunday => 7,
        }
    }

    /// The word of files.
    pub fn as_str(self) -> &'static str {
        match self {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        }
    }
}

/// Hours of a day, the last minute excluded: `08:00-18:00`. They do not go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    from: u16,
    until: u16,
}

impl Hours {
    /// Minutes of the day: the first within, and the first that is not any more.
    pub fn minutes(self) -> (u16, u16) {
        (self.from, self.until)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl FromStr for Hours {
    type Err = &'static str;
    /// Reads `08:00-18:00`; a day ends at `24:00`.
    fn from_str(text: &str) -> Result<Hours, &'static str> {
        const FORM: &str = "hours are written as 08:00-18:00, and do not go over midnight";
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            let (hour, minute) =
                (two(hour).then(|| hour.parse::<u16>().ok())??, two(minute).then(|| minute.parse::<u16>().ok())??);
            Some(hour * 60 + minute).filter(|all| minute < 60 && *all <= 1440)
        };
        let (from, until) = text.split_once('-').ok_or(FORM)?;
        let (from, until) = (minute(from).ok_or(FORM)?, minute(until).ok_or(FORM)?);
        if from < until { Ok(Hours { from, until }) } else { Err(FORM) }
    }
}

impl TryFrom<String> for Hours {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Hours, &'static str> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> String {
        hours.to_string()
    }
}

/// Days and hours. What is not said is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Not before that day: the rentrée.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// That day still: the last one of a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// On one of these days of the week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// Within one of these hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
}

impl Window {
    /// Whether it is open at that time.
    pub fn holds(&self, at: LocalTime) -> bool {
        self.from.is_none_or(|day| day <= at.day)
            && self.until.is_none_or(|day| at.day <= day)
            && (self.days.is_empty() || self.days.contains(&at.weekday))
            && (self.hours.is_empty() || self.hours.iter().any(|h| h.from <= at.minute && at.minute < h.until))
    }

    /// The minute of the day at which it shuts again, where it is open at that time.
    pub fn shuts(&self, at: LocalTime) -> Option<u16> {
        let within = self.hours.iter().filter(|h| h.from <= at.minute && at.minute < h.until).map(|h| h.until);
        let last = if self.hours.is_empty() { Some(1440) } else { within.max() };
        last.filter(|_| self.holds(at))
    }

    /// What is wrong with it: a window nobody would mean.
    pub fn fault(&self) -> Option<&'static str> {
        let empty = *self == Window::default();
        let backwards = self.from.zip(self.until).is_some_and(|(from, until)| until < from);
        match (empty, backwards) {
            (true, _) => Some("`during` says no day and no hour"),
            (_, true) => Some("`during` ends before it begins"),
            _ if self.hours.len() > MOST_HOURS || self.days.len() > 7 => {
                Some("`during` has more than seven days of the week, or sixteen hours")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Window {
    /// As an interval of ISO 8601, then days and hours: `2026-09-01/.. monday 08:00-18:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |day: Option<Day>| day.map_or_else(|| "..".to_owned(), |day| day.to_string());
        let mut parts = Vec::new();
        if self.from.is_some() || self.until.is_some() {
            parts.push(format!("{}/{}", day(self.from), day(self.until)));
        }
        parts.extend(self.days.iter().map(|day| day.as_str().to_owned()));
        parts.extend(self.hours.iter().map(Hours::to_string));
        f.write_str(&parts.join(" "))
    }
}

/// What a clock on a wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The day.
    pub day: Day,
    /// Of the week.
    pub weekday: Weekday,
    /// Minute of the day, from 0 to 1439.
    pub minute: u16,
}

impl LocalTime {
    /// What the clock of an establishment shows at that instant; nothing outside the years 2000 to 2999.
    pub fn at(establishment: &Uai, instant: Instant) -> Option<LocalTime> {
        LocalTime::in_zone(&zone(establishment), instant)
    }

    /// What the clock of Paris shows at that instant, for whoever reads in no establishment; nothing outside the same years.
    pub fn in_paris(instant: Instant) -> Option<LocalTime> {
        LocalTime::in_zone(&jiff::tz::get!("Europe/Paris"), instant)
    }

    fn in_zone(zone: &TimeZone, instant: Instant) -> Option<LocalTime> {
        let at = zone.to_datetime(Timestamp::from_millisecond(instant.0).ok()?);
        let year = u16::try_from(at.year()).ok().filter(|year| (2000..=2999).contains(year))?;
        let day = Day { year, month: u8::try_from(at.month()).ok()?, day: u8::try_from(at.day()).ok()? };
        let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).ok()?;
        let minute = u16::try_from(i16::from(at.hour()) * 60 + i16::from(at.minute())).ok()?;
        Some(LocalTime { day, weekday: *Weekday::ALL.get(weekday)?, minute })
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:02}:{:02}", self.day, self.minute / 60, self.minute % 60)
    }
}

/// Whose clock an establishment reads: its number begins with that of its department or territory. An archipelago that reads
/// several reads that of its capital.
fn zone(establishment: &Uai) -> TimeZone {
    match establishment.as_str().get(..3) {
        Some("971") => jiff::tz::get!("America/Guadeloupe"),
        Some("972") => jiff::tz::get!("America/Martinique"),
        Some("973") => jiff::tz::get!("America/Cayenne"),
        Some("974") => jiff::tz::get!("Indian/Reunion"),
        Some("975") => jiff::tz::get!("America/Miquelon"),
        Some("976") => jiff::tz::get!("Indian/Mayotte"),
        Some("977") => jiff::tz::get!("America/St_Barthelemy"),
        Some("978") => jiff::tz::get!("America/Marigot"),
        Some("983" | "988") => jiff::tz::get!("Pacific/Noumea"),
        Some("984" | "987") => jiff::tz::get!("Pacific/Tahiti"),
        Some("986") => jiff::tz::get!("Pacific/Wallis"),
        _ => jiff::tz::get!("Europe/Paris"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uai(number: u32) -> Uai {
        format!("{number:07}{}", Uai::key_letter(number)).parse().unwrap()
    }

    fn shown(number: u32, instant: i64) -> String {
        LocalTime::at(&uai(number), Instant(instant)).unwrap().to_string()
    }

    #[test]
    fn a_school_reads_its_own_clock() {
        // 2026-07-01 12:00 UTC, then 2026-12-01 12:00 UTC.
        let (summer, winter) = (1_782_907_200_000, 1_796_126_400_000);
        assert_eq!(shown(990_001, summer), "2026-07-01 14:00");
        assert_eq!(shown(990_001, winter), "2026-12-01 13:00");
        for (number, at) in [
            (9_710_001, "2026-12-01 08:00"),
            (9_720_001, "2026-12-01 08:00"),
            (9_730_001, "2026-12-01 09:00"),
            (9_740_001, "2026-12-01 16:00"),
            (9_750_001, "2026-12-01 09:00"),
            (9_760_001, "2026-12-01 15:00"),
            (9_780_001, "2026-12-01 08:00"),
            (9_830_001, "2026-12-01 23:00"),
            (9_840_001, "2026-12-01 02:00"),
            (9_860_001, "2026-12-02 00:00"),
        ] {
            assert_eq!(shown(number, winter), at, "{number}");
        }
        assert_eq!(shown(9_750_001, summer), "2026-07-01 10:00", "as its neighbours of America do");
    }

    #[test]
    fn a_window_is_open_from_its_first_minute_to_its_last() {
        let window = Window {
            from: Some("2026-09-01".parse().unwrap()),
            until: Some("2027-07-05".parse().unwrap()),
            days: vec![Weekday::Monday, Weekday::Tuesday],
            hours: vec!["08:00-12:00".parse().unwrap(), "14:00-24:00".parse().unwrap()],
        };
        let at = |day: &str, weekday, minute| LocalTime { day: day.parse().unwrap(), weekday, minute };
        let (monday, tuesday) = (Weekday::Monday, Weekday::Tuesday);
        assert!(window.holds(at("2026-09-01", tuesday, 480)) && window.holds(at("2027-07-05", monday, 1439)));
        for (day, weekday, minute) in [
            ("2026-08-31", monday, 480),
            ("2027-07-06", tuesday, 480),
            ("2026-09-02", Weekday::Wednesday, 480),
            ("2026-09-01", tuesday, 479),
            ("2026-09-01", tuesday, 720),
        ] {
            assert!(!window.holds(at(day, weekday, minute)), "{day} {minute}");
        }
    }

    #[test]
    fn what_no_calendar_and_no_clock_has_is_refused() {
        assert_eq!("2028-02-29".parse::<Day>().map(Day::number), Ok(20_280_229), "control");
        for wrong in ["2026-02-29", "2026-9-1", "1999-01-01", "2026-09-01T08:00", "2026-13-01", "", "2026-09"] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        assert_eq!("08:05-24:00".parse::<Hours>().map(Hours::minutes), Ok((485, 1440)), "control");
        for wrong in ["8:00-18:00", "18:00-08:00", "08:00-08:00", "08:60-09:00", "08:00-24:01", "08:00", ""] {
            assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
        }
        let day = |text: &str| Some(text.parse().unwrap());
        assert!(Window::default().fault().is_some());
        let backwards = Window { from: day("2026-09-02"), until: day("2026-09-01"), ..Window::default() };
        assert!(backwards.fault().is_some());
        assert_eq!(Window { from: day("2026-09-01"), ..Window::default() }.fault(), None, "control");
    }
}
