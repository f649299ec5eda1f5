//! What the name of a file says: `ENT2D-NOTOS_Delta_20260914_Eleve_0000.xml`.

use std::fmt;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Structures,
    Pupils,
    Relatives,
    Staff,
    /// Subjects, levels, people of other systems: not read.
    Other,
}

/// The kinds that are read, in the order in which a report names them.
pub(crate) const READ: [Kind; 4] = [Kind::Structures, Kind::Pupils, Kind::Relatives, Kind::Staff];

impl Kind {
    /// The word in a file name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Structures => "EtabEducNat",
            Kind::Pupils => "Eleve",
            Kind::Relatives => "PersRelEleve",
            Kind::Staff => "PersEducNat",
            Kind::Other => "-",
        }
    }
}

/// Everything or what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    Complete,
    Delta,
}

/// A day, as the names write it: 20260914.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(u32);

impl Day {
    fn parse(text: &str) -> Option<Day> {
        let number: u32 = text.parse().ok().filter(|_| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()))?;
        let (month, day) = (number / 100 % 100, number % 100);
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Day(number))
    }

    /// Days since some day long ago.
    fn number(self) -> i64 {
        let (year, month, day) = (i64::from(self.0 / 10_000), i64::from(self.0 / 100 % 100), i64::from(self.0 % 100));
        // Years that begin in March have their odd day at the end.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day
    }

    /// Days from another day to this one.
    pub(crate) fn since(self, other: Day) -> i64 {
        self.number() - other.number()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) mode: Mode,
    pub(crate) day: Day,
    pub(crate) kind: Kind,
    /// The word the file has for its kind, which tells two files of other kinds apart.
    word: String,
    pub(crate) sequence: u16,
    pub(crate) prefix: String,
}

impl Name {
    /// Takes a name apart; `None` when it is not one of AAF.
    pub(crate) fn parse(file: &str) -> Option<Name> {
        let stem = file.strip_suffix(".xml").filter(|stem| stem.len() <= 120)?;
        let mut parts = stem.rsplitn(5, '_');
        let (sequence, word, day, mode, prefix) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if sequence.len() != 4 || !plain(word) || !plain(prefix) {
            return None;
        }
        Some(Name {
            mode: match mode {
                "Complet" => Mode::Complete,
                "Delta" => Mode::Delta,
                _ => return None,
            },
            day: Day::parse(day)?,
            kind: READ.into_iter().find(|kind| kind.word() == word).unwrap_or(Kind::Other),
            word: word.to_owned(),
            sequence: sequence.parse().ok()?,
            prefix: prefix.to_owned(),
        })
    }

    /// The word for what it holds.
    pub(crate) fn word(&self) -> &str {
        &self.word
    }

    /// The name of the file of another number.
    pub(crate) fn numbered(&self, sequence: u16) -> Name {
        Name { sequence, ..self.clone() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Complete => "Complet",
            Mode::Delta => "Delta",
        };
        write!(f, "{}_{mode}_{}_{}_{:04}.xml", self.prefix, self.day, self.word, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_file_is() {
        let name = Name::parse("FULL_ENTTSSERVICES_Complet_20130117_Eleve_0003.xml").expect("it is one");
        assert_eq!((name.mode, name.kind, name.sequence), (Mode::Complete, Kind::Pupils, 3));
        assert_eq!(name.prefix, "FULL_ENTTSSERVICES");
        assert_eq!(name.to_string(), "FULL_ENTTSSERVICES_Complet_20130117_Eleve_0003.xml");
        assert_eq!(Name::parse("ENT2D_Delta_20260914_MefEducNat_0000.xml").map(|name| name.kind), Some(Kind::Other));
        for not in [
            "ENT2D_Delta_20260914_Eleve.xml",
            "ENT2D_Partiel_20260914_Eleve_0000.xml",
            "ENT2D_Delta_20261314_Eleve_0000.xml",
            "ENT2D_Delta_2026091_Eleve_0000.xml",
            "ENT2D_Delta_20260914_Eleve_00x0.xml",
            "_Delta_20260914_Eleve_0000.xml",
            "ENT2D_Delta_20260914_Eleve_0000.xml.tmp",
        ] {
            assert_eq!(Name::parse(not), None, "{not}");
        }
    }

    #[test]
    fn days_are_counted_across_months_and_years() {
        let day = |text| Day::parse(text).expect("a day");
        assert_eq!(day("20261001").since(day("20260930")), 1);
        assert_eq!(day("20270101").since(day("20261231")), 1);
        assert_eq!(day("20280301").since(day("20280228")), 2);
        assert_eq!(day("20260914").since(day("20260910")), 4);
    }
}
