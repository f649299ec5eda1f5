//! National profiles (SDET, "profil de l'accédant") and the publics of the sign-in page.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a person is *in one establishment*. Never a global role: see [`crate::Affiliation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Profile {
    /// Élève.
    #[serde(rename = "National_ELV")]
    Pupil,
    /// Responsable d'un élève.
    #[serde(rename = "National_TUT")]
    Guardian,
    /// Enseignant.
    #[serde(rename = "National_ENS")]
    Teacher,
    /// Personnel de direction.
    #[serde(rename = "National_DIR")]
    Head,
    /// Personnel de vie scolaire.
    #[serde(rename = "National_EVS")]
    SchoolLife,
    /// Personnel administratif, technique ou d'encadrement de l'établissement.
    #[serde(rename = "National_ETA")]
    SchoolStaff,
    /// Personnel de rectorat ou d'inspection.
    #[serde(rename = "National_ACA")]
    Academy,
    /// Documentaliste.
    #[serde(rename = "National_DOC")]
    Librarian,
    /// Personnel de collectivité territoriale.
    #[serde(rename = "National_COL")]
    LocalAuthority,
    /// Invité. There is no national code for a guest; this one is ours and never leaves as a `National_` code.
    #[serde(rename = "Invite")]
    Guest,
}

impl Profile {
    /// Every profile, in the order screens list them.
    pub const ALL: [Profile; 10] = [
        Profile::Teacher,
        Profile::Head,
        Profile::SchoolLife,
        Profile::SchoolStaff,
        Profile::Librarian,
        Profile::Academy,
        Profile::LocalAuthority,
        Profile::Pupil,
        Profile::Guardian,
        Profile::Guest,
    ];

    /// The code as LDAP, CAS and SAML carry it.
    pub fn code(self) -> &'static str {
        match self {
            Profile::Pupil => "National_ELV",
            Profile::Guardian => "National_TUT",
            Profile::Teacher => "National_ENS",
            Profile::Head => "National_DIR",
            Profile::SchoolLife => "National_EVS",
            Profile::SchoolStaff => "National_ETA",
            Profile::Academy => "National_ACA",
            Profile::Librarian => "National_DOC",
            Profile::LocalAuthority => "National_COL",
            Profile::Guest => "Invite",
        }
    }

    /// Which of the four choices of the sign-in page this profile belongs to.
    pub fn public(self) -> Public {
        match self {
            Profile::Pupil => Public::Pupil,
            Profile::Guardian => Public::Guardian,
            Profile::Guest => Public::Guest,
            _ => Public::Staff,
        }
    }

    /// The profile an AAF function code stands for; `None` for `-` and for codes nobody knows, which must not stop an
    /// import.
    pub fn from_function(code: &str) -> Option<Profile> {
        Some(match code {
            "ENS" | "BED" | "EAP" | "FCA" | "FCP" | "FIJ" | "IS" | "ISES" | "PPA" | "RH1D" | "RPL" | "UPI" => {
                Profile::Teacher
            }
            "DIR" | "DEC" | "DECPR" | "DSES" => Profile::Head,
            "EDU" | "ADE" | "AED" | "AES" | "SUR" => Profile::SchoolLife,
            "ADA" | "ADF" | "ADM" | "ALB" | "ASE" | "ASH" | "CFC" | "CPD" | "CTR" | "LAB" | "MDS" | "ORI" | "OUV"
            | "PSY" | "TEC" => Profile::SchoolStaff,
            "INS" | "INJ" => Profile::Academy,
            "DOC" => Profile::Librarian,
            "COLTER" => Profile::LocalAuthority,
            "ELE" => Profile::Pupil,
            _ => return None,
        })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Profile {
    type Err = ();
    /// Reads a national code whatever the case of its suffix: feeds for the GAR write `National_elv`.
    fn from_str(code: &str) -> Result<Self, ()> {
        Profile::ALL.into_iter().find(|p| p.code().eq_ignore_ascii_case(code)).ok_or(())
    }
}

/// The four choices of the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Public {
    /// Enseignant ou personnel.
    Staff,
    /// Élève.
    Pupil,
    /// Responsable d'élève.
    Guardian,
    /// Invité.
    Guest,
}

impl Public {
    /// Every choice, in the order of the page.
    pub const ALL: [Public; 4] = [Public::Staff, Public::Pupil, Public::Guardian, Public::Guest];

    /// The word used in addresses, configuration and catalogues.
    pub fn as_str(self) -> &'static str {
        match self {
            Public::Staff => "staff",
            Public::Pupil => "pupil",
            Public::Guardian => "guardian",
            Public::Guest => "guest",
        }
    }
}

impl FromStr for Public {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        Public::ALL.into_iter().find(|p| p.as_str() == word).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_either_case() {
        assert_eq!("National_elv".parse(), Ok(Profile::Pupil));
        assert_eq!("National_ENS".parse(), Ok(Profile::Teacher));
        assert!("National_XYZ".parse::<Profile>().is_err());
    }

    #[test]
    fn an_unknown_function_is_nobodys_profile() {
        assert_eq!(Profile::from_function("-"), None);
        assert_eq!(Profile::from_function("DOC"), Some(Profile::Librarian));
    }
}
