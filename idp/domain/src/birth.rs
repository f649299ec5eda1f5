//! A day of birth as a source tells it and as somebody types it, for as long as it takes to make a code of it.

use crate::Instant;
use std::fmt;
use std::str::FromStr;

/// A date of birth. It is kept nowhere: it cannot be written into a document, and shows itself in no log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BirthDate {
    year: u16,
    month: u8,
    day: u8,
}

impl BirthDate {
    /// A day as somebody types it, part by part; `None` when there is no such day, or nobody here can be born on it.
    pub fn typed(day: &str, month: &str, year: &str) -> Option<BirthDate> {
        let (day, month, year) = (number(day)?, number(month)?, number(year)?);
        let there = (1900..=2100).contains(&year) && Instant::french_day(year, month, day).is_some();
        there.then_some(BirthDate { year, month, day })
    }

    /// A day as a source tells it: `03/11/2014`, or `2014-11-03` as spreadsheets write it. The year has its four digits.
    pub fn read(text: &str) -> Option<BirthDate> {
        let parts: Vec<&str> = text.trim().split(['/', '-', '.']).collect();
        let [first, month, last] = parts[..] else { return None };
        if first.len() == 4 { BirthDate::typed(last, month, first) } else { BirthDate::typed(first, month, last) }
    }

    /// The one spelling of which a code is made.
    pub fn day(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate")
    }
}

fn number<N: FromStr>(text: &str) -> Option<N> {
    let text = text.trim();
    let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_spelling_whoever_writes_it() {
        for text in ["03/11/2014", "3/11/2014", " 2014-11-03 ", "03.11.2014", "03-11-2014"] {
            assert_eq!(BirthDate::read(text).map(|date| date.day()).as_deref(), Some("2014-11-03"), "{text}");
        }
        assert_eq!(BirthDate::typed(" 3", "11 ", "2014"), BirthDate::read("03/11/2014"));
    }

    #[test]
    fn what_is_no_day_is_none() {
        let wrong = ["", "2014", "31/02/2014", "29/02/2015", "11/2014", "03/11/14", "0/11/2014", "03/13/2014"];
        let odd = ["3/11/1899", "3/11/2101", "+3/11/2014", "3/11/2014/1", "3 11 2014", "é/11/2014", "03/11/20144"];
        for text in wrong.into_iter().chain(odd) {
            assert_eq!(BirthDate::read(text), None, "{text}");
        }
        assert!(BirthDate::read("29/02/2016").is_some(), "control");
    }

    #[test]
    fn a_date_does_not_show_itself() {
        assert_eq!(format!("{:?}", BirthDate::read("03/11/2014")), "Some(BirthDate)");
    }
}
