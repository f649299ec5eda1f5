//! What the configuration says of the files of a school.

use crate::columns::{Field, Who, plain};
use crate::text::Encoding;
use preau_connector_api::{OpenContext, Problem, profiles_of};
use preau_domain::{EstablishmentKind, Profile, SourceId, Uai};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A complete example, for the reference page and `preau config example`.
pub(crate) const EXAMPLE: &str = r#"# Whether a person in charge (legal weight 2) gets the parents' view like a legal representative. A contact never does.
legal_in_charge = false
# Profiles whose date of birth is asked for when one of them uses an activation code, such as "National_ELV". Only then is its column read
# (birth_date), and a code of it is kept in its place. Nobody's by default.
confirm_birth_date = []

# The schools. Nothing of them is in the files.
[[sources.ecoles.establishments]]
uai = "0990011Z"
kind = "ecole"
name = "École des Lilas"
city = "Ajoncval"

# One for each file. `preau sync preview ecoles` shows what is in it and proposes its columns.
[[sources.ecoles.files]]
path = "ecoles/eleves.csv"
# pupils, guardians or staff.
people = "pupils"
# Establishment of everybody in the file, where no column says it; the only one above if absent.
establishment = "0990011Z"
# Both are told from the file if absent.
# encoding = "utf-8"
# separator = ";"
# Profile of everybody in a file of staff, where no column says their function.
# profile = "National_ENS"
# Legal weight of everybody in a file of guardians, where no column says it: 1, 2 or 3.
# legal = "1"
# Words of the function column that are neither profiles nor codes of AAF, and what they mean.
# functions = { "Professeure des écoles" = "National_ENS" }
# Heading of each column that is read; no other is. Guardians have child, link and legal too, staff function.
columns = { key = "Identifiant", family_name = "Nom", given_name = "Prénom", class = "Classe", level = "Niveau" }
"#;

/// Most files of one source.
const MAX_FILES: usize = 200;
/// Most establishments of one source.
const MAX_ESTABLISHMENTS: usize = 1_000;

/// CSV files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The schools, 1 to 1 000.
    establishments: Vec<School>,
    /// The files, 1 to 200.
    files: Vec<Described>,
    /// Whether legal weight 2 opens the parents' view.
    #[serde(default)]
    legal_in_charge: bool,
    /// Profiles whose date of birth is asked for with an activation code.
    #[serde(default)]
    confirm_birth_date: Vec<String>,
}

/// A school.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct School {
    /// National number.
    uai: String,
    /// ecole, college or lycee.
    #[serde(default = "ecole")]
    kind: SchoolKind,
    /// Name people know.
    name: String,
    /// Town.
    #[serde(default)]
    city: Option<String>,
}

/// The kinds of school that may have nothing but files.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SchoolKind {
    Ecole,
    College,
    Lycee,
}

fn ecole() -> SchoolKind {
    SchoolKind::Ecole
}

/// A file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Described {
    /// Where it is.
    path: String,
    /// Whom it is about.
    people: Who,
    /// Establishment of everybody in it, where no column says it.
    #[serde(default)]
    establishment: Option<String>,
    /// How it writes letters; told from the file if absent.
    #[serde(default)]
    encoding: Option<Encoding>,
    /// What stands between two cells; told from the file if absent.
    #[serde(default)]
    separator: Option<char>,
    /// Profile of everybody in a file of staff, where no column says their function.
    #[serde(default)]
    profile: Option<String>,
    /// Legal weight of everybody in a file of guardians, where no column says it: 1, 2 or 3.
    #[serde(default)]
    legal: Option<String>,
    /// Words of the function column and the profile each means.
    #[serde(default)]
    functions: BTreeMap<String, String>,
    /// Heading of each column that is read.
    #[serde(default)]
    columns: BTreeMap<Field, String>,
}

/// What the rest of the crate works with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) source: SourceId,
    pub(crate) in_charge: bool,
    /// Profiles whose dates of birth are read.
    pub(crate) confirmed: Vec<Profile>,
    pub(crate) schools: Vec<(Uai, EstablishmentKind, String, Option<String>)>,
    pub(crate) files: Vec<File>,
}

/// A file, and how it is read.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// As the settings write it, for reports.
    pub(crate) shown: String,
    pub(crate) path: PathBuf,
    pub(crate) who: Who,
    /// Where everybody in it is; `None` when a column says it.
    pub(crate) establishment: Option<Uai>,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) separator: Option<char>,
    pub(crate) profile: Option<Profile>,
    pub(crate) legal: Option<String>,
    /// Words in their plain spelling.
    pub(crate) functions: BTreeMap<String, Profile>,
    pub(crate) columns: BTreeMap<Field, String>,
    /// Whether dates of birth are read of somebody in it.
    pub(crate) births: bool,
}

impl File {
    /// The fields this file cannot do without.
    pub(crate) fn needed(&self) -> Vec<Field> {
        let mut needed = vec![Field::Key, Field::FamilyName, Field::GivenName];
        if self.who == Who::Guardians {
            needed.push(Field::Child);
        } else if self.establishment.is_none() {
            needed.push(Field::Establishment);
        }
        match self.who {
            Who::Guardians if self.legal.is_none() => needed.push(Field::Legal),
            Who::Staff if self.profile.is_none() => needed.push(Field::Function),
            _ => {}
        }
        needed
    }
}

impl Settings {
    /// Reads the table of a source; every problem at once.
    pub(crate) fn read(context: &OpenContext<'_>) -> Result<Settings, Vec<Problem>> {
        let config: Config = context.settings()?;
        let mut problems = Vec::new();
        let mut wrong = |key: String, what: &str| problems.push(Problem::new(context.at(&key), what));
        let mut schools: Vec<(Uai, EstablishmentKind, String, Option<String>)> = Vec::new();
        for (nth, school) in config.establishments.into_iter().enumerate() {
            let kind = match school.kind {
                SchoolKind::Ecole => EstablishmentKind::Ecole,
                SchoolKind::College => EstablishmentKind::College,
                SchoolKind::Lycee => EstablishmentKind::Lycee,
            };
            let texts = [Some(&school.name), school.city.as_ref()];
            if texts.into_iter().flatten().any(|text| text.trim().is_empty() || text.chars().count() > 200) {
                wrong(format!("establishments[{nth}].name"), "name and town have 1 to 200 characters");
            }
            match school.uai.parse::<Uai>() {
                Ok(uai) if schools.iter().any(|(known, ..)| *known == uai) => {
                    wrong(format!("establishments[{nth}].uai"), "this school is there twice");
                }
                Ok(uai) => schools.push((uai, kind, school.name, school.city)),
                Err(what) => wrong(format!("establishments[{nth}].uai"), what),
            }
        }
        if schools.is_empty() || schools.len() > MAX_ESTABLISHMENTS {
            wrong("establishments".into(), "name 1 to 1 000 schools");
        }
        if config.files.is_empty() || config.files.len() > MAX_FILES {
            wrong("files".into(), "name 1 to 200 files");
        }
        let confirmed = profiles_of(&config.confirm_birth_date).unwrap_or_else(|what| {
            wrong("confirm_birth_date".into(), &what);
            Vec::new()
        });
        let mut files = Vec::new();
        for (nth, described) in config.files.into_iter().enumerate() {
            match described.checked(context, &schools, &confirmed) {
                Ok(file) => files.push(file),
                Err((key, what)) => wrong(format!("files[{nth}].{key}"), &what),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (source, in_charge) = (context.source.clone(), config.legal_in_charge);
        Ok(Settings { source, in_charge, confirmed, schools, files })
    }
}

type Wrong = (&'static str, String);

impl Described {
    fn checked(
        self,
        context: &OpenContext<'_>,
        schools: &[(Uai, EstablishmentKind, String, Option<String>)],
        confirmed: &[Profile],
    ) -> Result<File, Wrong> {
        let only = |who, key, there| {
            let what = || format!("only a file of {} has it", Who::word(who));
            if there && self.people != who { Err((key, what())) } else { Ok(()) }
        };
        only(Who::Staff, "profile", self.profile.is_some())?;
        only(Who::Staff, "functions", !self.functions.is_empty())?;
        only(Who::Guardians, "legal", self.legal.is_some())?;
        if let Some(field) = self.columns.keys().find(|field| !field.fits(self.people)) {
            return Err(("columns", format!("a file of {} has no {}", self.people.word(), field.word())));
        }
        let theirs = |profile: &Profile| match self.people {
            Who::Pupils => *profile == Profile::Pupil,
            Who::Guardians => *profile == Profile::Guardian,
            Who::Staff => works(profile),
        };
        let births = confirmed.iter().any(theirs);
        if self.columns.contains_key(&Field::BirthDate) && !births {
            return Err((
                "columns",
                "birth_date is read of nobody here: confirm_birth_date names no such profile".into(),
            ));
        }
        if self.legal.as_ref().is_some_and(|legal| !["1", "2", "3"].contains(&legal.as_str())) {
            return Err(("legal", "is 1, 2 or 3".into()));
        }
        if self.separator.is_some_and(|mark| !mark.is_ascii() || mark.is_alphanumeric() || "\"\r\n".contains(mark)) {
            return Err(("separator", "is one mark, such as ;".into()));
        }
        let known = |uai: &Uai| schools.iter().any(|(known, ..)| known == uai);
        let establishment = match (&self.establishment, self.people, schools) {
            (Some(_), Who::Guardians, _) => return Err(("establishment", "adults are where their pupils are".into())),
            (Some(written), ..) => match written.parse::<Uai>() {
                Ok(uai) if known(&uai) => Some(uai),
                _ => return Err(("establishment", "is none of the schools above".into())),
            },
            (None, Who::Pupils | Who::Staff, [(only, ..)]) if !self.columns.contains_key(&Field::Establishment) => {
                Some(only.clone())
            }
            _ => None,
        };
        let functions = self.functions.iter().map(|(word, code)| Ok((plain(word), staff(code, "functions")?)));
        Ok(File {
            path: context.path(&self.path),
            shown: preau_domain::display_safe(&self.path, 200),
            who: self.people,
            establishment,
            encoding: self.encoding,
            separator: self.separator,
            profile: self.profile.as_deref().map(|code| staff(code, "profile")).transpose()?,
            legal: self.legal,
            functions: functions.collect::<Result<_, Wrong>>()?,
            columns: self.columns,
            births,
        })
    }
}

/// Whether people who work in a school have that profile.
fn works(profile: &Profile) -> bool {
    matches!(
        profile,
        Profile::Teacher | Profile::Head | Profile::SchoolLife | Profile::SchoolStaff | Profile::Librarian
    )
}

/// The profile of that code, if people who work in a school have it.
pub(crate) fn profile_of_staff(code: &str) -> Option<Profile> {
    code.parse().ok().filter(works)
}

fn staff(code: &str, key: &'static str) -> Result<Profile, Wrong> {
    let what = || format!("{code:?} is no profile of staff, which are National_ENS, _DIR, _EVS, _ETA and _DOC");
    profile_of_staff(code).ok_or_else(|| (key, what()))
}
