//! What the operator says to people on the portal, as data: notices of establishments, and the charte everybody accepts to follow.
//!
//! Owns what such a text may be and to whom a notice is shown. The files are read by `idp/server`; pages write every word as text.

use crate::Locale;
use preau_connector_api::Names;
use preau_domain::{Instant, Person, Profile, Uai};
use serde::Deserialize;

/// Most notices one person is shown at a time: those that end first.
pub const MOST_SHOWN: usize = 5;
/// Longest title, in characters.
const MAX_TITLE: usize = 120;
/// Longest notice, in characters.
const MAX_NOTICE: usize = 1_000;
/// Longest charte, in characters.
const MAX_CHARTE: usize = 30_000;

/// Everything said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The charte, if there is one.
    pub charte: Option<Charte>,
    /// Notices, in any order.
    pub notices: Vec<Notice>,
}

/// A versioned text that people accept to follow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charte {
    /// Which version, such as `2026-09`; another text is another version.
    pub version: String,
    /// What it is called.
    pub title: Names,
    /// Paragraphs, parted by an empty line; one that begins with `## ` is a heading.
    pub text: Names,
    /// Everybody accepts this version before a service opens. `false` for a text that is there to be read.
    #[serde(default = "yes")]
    pub asked: bool,
}

fn yes() -> bool {
    true
}

/// A notice, for some people of some establishments, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its title.
    pub title: Names,
    /// Paragraphs, parted by an empty line.
    pub text: Names,
    /// In these establishments; in every one when it is empty.
    #[serde(default)]
    pub establishments: Vec<Uai>,
    /// For these profiles; for everybody when it is empty.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// First day, `2026-12-01`; shown at once without it.
    #[serde(default)]
    pub from: Option<Day>,
    /// Last day.
    pub until: Day,
}

/// A day in metropolitan France, written `2026-12-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day {
    begins: Instant,
    ends: Instant,
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Day, String> {
        let wrong = || "a day is written 2026-12-01".to_owned();
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if [year.len(), month.len(), day.len()] != [4, 2, 2] || !plain {
            return Err(wrong());
        }
        let day = match (year.parse(), month.parse(), day.parse()) {
            (Ok(year), Ok(month), Ok(day)) => Instant::french_day(year, month, day),
            _ => None,
        };
        day.map(|(begins, ends)| Day { begins, ends }).ok_or_else(wrong)
    }
}

/// Whether both languages say something, and neither too much.
fn sound(what: &str, text: &Names, most: usize) -> Result<(), String> {
    for (language, text) in [("fr", &text.fr), ("en", &text.en)] {
        let length = text.trim().chars().count();
        if length == 0 || length > most {
            return Err(format!("{what}.{language} must have 1 to {most} characters"));
        }
    }
    Ok(())
}

impl Charte {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if self.version.is_empty() || self.version.len() > 40 || !self.version.chars().all(plain) {
            return Err("version must have 1 to 40 letters, digits, - or .".to_owned());
        }
        sound("title", &self.title, MAX_TITLE)?;
        sound("text", &self.text, MAX_CHARTE)
    }
}

impl Notice {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), String> {
        sound("title", &self.title, MAX_TITLE)?;
        sound("text", &self.text, MAX_NOTICE)?;
        match self.from {
            Some(from) if from.begins >= self.until.ends => Err("until must not come before from".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether somebody who works there now reads it.
    fn is_for(&self, person: &Person, here: &Uai, now: Instant) -> bool {
        let begun = self.from.is_none_or(|day| day.begins <= now);
        let there = self.establishments.is_empty() || self.establishments.contains(here);
        let is_one = |profile: Profile| self.profiles.is_empty() || self.profiles.contains(&profile);
        let own = person.affiliations.iter().filter(|one| one.establishment == *here);
        begun && now < self.until.ends && there && own.map(|one| one.profile).any(is_one)
    }
}

impl Words {
    /// What somebody who works there reads now, what ends first before the rest.
    pub fn notices_for(&self, person: &Person, here: &Uai, now: Instant) -> Vec<&Notice> {
        let mut all: Vec<&Notice> = self.notices.iter().filter(|notice| notice.is_for(person, here, now)).collect();
        all.sort_by(|a, b| (a.until.ends, &a.title.fr).cmp(&(b.until.ends, &b.title.fr)));
        all.truncate(MOST_SHOWN);
        all
    }
}

/// A text in the language of a page, as paragraphs.
pub(crate) fn paragraphs(text: &Names, locale: Locale) -> Vec<String> {
    let text = in_language(text, locale).replace("\r\n", "\n");
    text.split("\n\n").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// A text in the language of a page.
pub(crate) fn in_language(text: &Names, locale: Locale) -> &str {
    match locale {
        Locale::Fr => &text.fr,
        Locale::En => &text.en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_of_the_calendar_in_france() {
        let day = |text: &str| Day::try_from(text.to_owned());
        let winter = day("2026-12-01").unwrap();
        assert_eq!((winter.begins, winter.ends), Instant::french_day(2026, 12, 1).unwrap());
        for wrong in ["", "2026-12", "2026-13-01", "2026-02-30", "26-12-01", "2026-12-01-01", "2026-12-1", "+026-12-01"]
        {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_that_says_nothing_or_too_much_is_wrong() {
        let names = |fr: &str, en: &str| Names { fr: fr.into(), en: en.into() };
        let day = |text: &str| Day::try_from(text.to_owned()).unwrap();
        let notice = |title: Names, from: Option<Day>| Notice {
            title,
            text: names("Texte", "Text"),
            establishments: Vec::new(),
            profiles: Vec::new(),
            from,
            until: day("2026-12-01"),
        };
        assert_eq!(notice(names("Titre", "Title"), Some(day("2026-12-01"))).check(), Ok(()));
        for (title, from) in [
            (names("Titre", " "), None),
            (names(&"é".repeat(MAX_TITLE + 1), "Title"), None),
            (names("Titre", "Title"), Some(day("2026-12-02"))),
        ] {
            assert!(notice(title, from).check().is_err());
        }
        let charte = |version: &str| Charte {
            version: version.into(),
            title: names("Charte", "Charter"),
            text: names("Texte", "Text"),
            asked: true,
        };
        assert_eq!(charte("2026-09").check(), Ok(()));
        assert!(charte("").check().is_err() && charte("a b").check().is_err() && charte("<b>").check().is_err());
    }

    #[test]
    fn an_empty_line_parts_paragraphs() {
        let text = Names { fr: "Un\nun\r\n\r\n\n\n## Deux\n\n".into(), en: String::new() };
        assert_eq!(paragraphs(&text, Locale::Fr), ["Un\nun", "## Deux"]);
    }
}
