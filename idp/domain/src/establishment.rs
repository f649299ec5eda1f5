//! Schools and what they contain. An establishment is a row: nothing here knows how many there are.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The national number of an establishment: seven digits and a key letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uai([u8; 8]);

impl Uai {
    /// The key letter that belongs to a seven-digit number.
    pub fn key_letter(number: u32) -> char {
        const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
        char::from(LETTERS[(number % 23) as usize])
    }

    /// The number as text, eight characters, upper case.
    pub fn as_str(&self) -> &str {
        // Only digits and a letter ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Uai {
    type Err = &'static str;
    /// Reads eight characters and checks the key letter; lower case is accepted.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a UAI is seven digits and a letter";
        let mut own = <[u8; 8]>::try_from(text.trim().as_bytes()).map_err(|_| FORM)?;
        own.make_ascii_uppercase();
        let [digits @ .., letter] = own;
        if !own.is_ascii() {
            return Err(FORM);
        }
        let digits = std::str::from_utf8(&digits).map_err(|_| FORM)?;
        let number: u32 = digits.parse().map_err(|_| FORM)?;
        if digits.bytes().all(|b| b.is_ascii_digit()) && char::from(letter) == Uai::key_letter(number) {
            Ok(Uai(own))
        } else {
            Err("the key letter of this UAI does not fit its number")
        }
    }
}

impl TryFrom<String> for Uai {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Uai> for String {
    fn from(uai: Uai) -> String {
        uai.as_str().to_owned()
    }
}

impl fmt::Display for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uai({})", self.as_str())
    }
}

/// What kind of structure an establishment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EstablishmentKind {
    /// École maternelle, élémentaire ou primaire.
    Ecole,
    /// Collège.
    College,
    /// Lycée général, technologique ou professionnel.
    Lycee,
    /// Service académique (rectorat, inspection).
    Academy,
    /// Collectivité territoriale.
    LocalAuthority,
    /// Anything else a feed names.
    Other,
}

/// A structure people belong to: school, academic service or local authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Establishment {
    /// The national number: the name of the row.
    pub uai: Uai,
    /// The join key in its source, `source$key`.
    pub join: crate::JoinKey,
    /// What kind of structure.
    pub kind: EstablishmentKind,
    /// The name people know, at most 200 characters.
    pub name: String,
    /// The town, when the feed says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The collège of an école's sector, when the feed says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<Uai>,
    /// Its classes and groups.
    #[serde(default)]
    pub groups: Vec<Group>,
}

/// A class or a group of one establishment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its code in the establishment, such as `6B`.
    pub code: String,
    /// The name people read.
    pub label: String,
    /// Class or group.
    pub kind: GroupKind,
    /// Education level codes (MEF) taught in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mefs: Vec<String>,
}

/// Class (division) or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupKind {
    /// A division: a pupil has at most one per establishment.
    Class,
    /// A teaching group, inside or across divisions.
    Group,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uai_carries_its_key() {
        assert!("0990001N".parse::<Uai>().is_ok(), "{}", Uai::key_letter(990_001));
        assert!("0990001A".parse::<Uai>().is_err());
        assert!("099000".parse::<Uai>().is_err());
        assert!("é990001N".parse::<Uai>().is_err());
    }
}
