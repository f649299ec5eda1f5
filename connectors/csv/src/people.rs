//! What rows say of people. Pupils first: what an adult may see comes from the pupils whose keys stand in their rows.
//!
//! A row that does not fit is rejected with its line, and what it says of nobody else is lost with it: an adult who names a
//! rejected pupil is known in part only.

use crate::columns::{Columns, Field, Who, plain};
use crate::config::{File, Settings, profile_of_staff};
use crate::files::Sheet;
use crate::table::Row;
use preau_connector_api::{Birth, EstablishmentRecord, PersonRecord, Record, Rejected};
use preau_domain::{
    Affiliation, Bounded, Child, Group, GroupKind, JoinKey, Legal, Profile, Uai, bounded, display_safe,
    normalised_login, normalised_mail,
};
use std::collections::{BTreeMap, BTreeSet};

const MAX_KEY: usize = 128;
const MAX_NAME: usize = 100;
const MAX_MAIL: usize = 254;
const MAX_CODE: usize = 60;
/// Most classes, groups or pupils in one cell.
const MAX_IN_A_CELL: usize = 100;
/// Most classes and groups of one school.
const MAX_GROUPS: usize = 1_000;
/// Most affiliations, and most children, of one person.
const MAX_OF_ONE: usize = 100;

/// Somebody, and the row they begin on.
pub(crate) struct Somebody {
    pub(crate) file: usize,
    pub(crate) line: u64,
    pub(crate) person: PersonRecord,
    /// A row that says more of them was rejected.
    partial: bool,
    pupil: bool,
}

/// Everybody in the files of a source.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) people: BTreeMap<String, Somebody>,
    /// Rows that do not fit, each with the number of its file.
    pub(crate) rejected: Vec<(usize, Rejected)>,
    /// Rows of each file.
    pub(crate) rows: Vec<u64>,
    groups: BTreeMap<Uai, BTreeMap<String, GroupKind>>,
    /// Keys of pupils whose rows were rejected.
    lost_pupils: BTreeSet<String>,
    /// Whether there is a rejected pupil whose key could not be read.
    nameless_pupil: bool,
}

/// One row as it is read.
struct Cells<'a> {
    settings: &'a Settings,
    file: &'a File,
    header: &'a [String],
    columns: &'a Columns,
    row: Row<'a>,
}

impl World {
    /// Reads sheets, each with its file and its columns. A sheet that cannot be taken apart, or holds nobody, is a sentence.
    pub(crate) fn read(settings: &Settings, sheets: &[Option<(&Sheet, &Columns)>]) -> Result<World, (usize, String)> {
        let mut world = World { rows: vec![0; sheets.len()], ..World::default() };
        for who in [Who::Pupils, Who::Staff, Who::Guardians] {
            for (nth, file) in settings.files.iter().enumerate().filter(|(_, file)| file.who == who) {
                let Some((sheet, columns)) = sheets.get(nth).copied().flatten() else { continue };
                for row in sheet.rows() {
                    let row = row.map_err(|what| (nth, what))?;
                    world.rows[nth] += 1;
                    world.row(nth, Cells { settings, file, header: &sheet.header, columns, row });
                }
                if world.rows[nth] == 0 {
                    return Err((nth, "nobody is in it: it has headings alone".into()));
                }
            }
        }
        Ok(world)
    }

    fn row(&mut self, nth: usize, cells: Cells<'_>) {
        let line = cells.row.line;
        let done = cells.fits().and_then(|()| match cells.file.who {
            Who::Pupils => self.pupil(nth, &cells),
            Who::Staff => self.staff(nth, &cells),
            Who::Guardians => self.guardian(nth, &cells),
        });
        let Err(reason) = done else { return };
        let key = cells.needed(Field::Key, MAX_KEY).ok();
        match (cells.file.who, &key) {
            (Who::Pupils, Some(key)) if !self.people.contains_key(key) => drop(self.lost_pupils.insert(key.clone())),
            (Who::Pupils, None) => self.nameless_pupil = true,
            (_, Some(key)) => {
                if let Some(known) = self.people.get_mut(key) {
                    known.partial |= !known.pupil;
                }
            }
            (_, None) => {}
        }
        self.reject(nth, cells.file, line, key, reason);
    }

    fn reject(&mut self, nth: usize, file: &File, line: u64, key: Option<String>, reason: String) {
        self.rejected.push((nth, Rejected { dn: format!("{} line {line}", file.shown), key, reason }));
    }

    fn pupil(&mut self, nth: usize, cells: &Cells<'_>) -> Result<(), String> {
        let mut person = cells.anybody()?;
        if self.people.contains_key(&person.key) {
            return Err(format!("a row before this one has the same {}", cells.heading(Field::Key)));
        }
        let mut at = Affiliation::new(cells.establishment()?, Profile::Pupil);
        at.classes.extend(cells.one(Field::Class, MAX_CODE)?);
        at.groups = cells.several(Field::Groups)?;
        at.level = cells.one(Field::Level, MAX_CODE)?;
        let groups = self.groups.entry(at.establishment.clone()).or_default();
        groups.extend(at.classes.iter().map(|class| (class.clone(), GroupKind::Class)));
        for group in &at.groups {
            groups.entry(group.clone()).or_insert(GroupKind::Group);
        }
        person.affiliations.push(at);
        person.birth = cells.birth(&person.affiliations);
        let somebody = Somebody { file: nth, line: cells.row.line, person, partial: false, pupil: true };
        self.people.insert(somebody.person.key.clone(), somebody);
        Ok(())
    }

    fn staff(&mut self, nth: usize, cells: &Cells<'_>) -> Result<(), String> {
        let mut person = cells.anybody()?;
        let (profile, code) = cells.function()?;
        let mut at = Affiliation::new(cells.establishment()?, profile);
        at.classes = cells.several(Field::Class)?;
        at.groups = cells.several(Field::Groups)?;
        at.functions.extend(code);
        person.affiliations.push(at);
        person.birth = cells.birth(&person.affiliations);
        self.adult(nth, cells, person, false)
    }

    fn guardian(&mut self, nth: usize, cells: &Cells<'_>) -> Result<(), String> {
        let mut person = cells.anybody()?;
        let legal = cells.legal()?;
        let link = cells.link()?;
        let keys = cells.several(Field::Child)?;
        if keys.is_empty() {
            return Err(format!("{} is missing", cells.heading(Field::Child)));
        }
        let (mut partial, mut unknown) = (false, false);
        for key in keys {
            let Some(pupil) = self.people.get(&key).filter(|known| known.pupil) else {
                let lost = self.nameless_pupil || self.lost_pupils.contains(&key);
                (partial, unknown) = (partial || lost, unknown || !lost);
                continue;
            };
            let weighs = legal == Legal::Representative || (legal == Legal::InCharge && cells.settings.in_charge);
            for at in pupil.person.affiliations.iter().filter(|_| weighs) {
                person.affiliations.push(Affiliation::new(at.establishment.clone(), Profile::Guardian));
            }
            let pupil = JoinKey { source: cells.settings.source.clone(), key };
            person.children.push(Child { pupil, link: link.clone(), legal, enrolment: None });
        }
        if unknown {
            // No key: whoever answers for nobody here is not kept for the sake of a row that names nobody.
            let reason = format!("{} names no pupil of these files", cells.heading(Field::Child));
            self.reject(nth, cells.file, cells.row.line, None, reason);
        }
        if person.children.is_empty() && !partial {
            return Ok(());
        }
        person.birth = cells.birth(&person.affiliations);
        self.adult(nth, cells, person, partial)
    }

    /// Puts the rows of one adult together.
    fn adult(&mut self, nth: usize, cells: &Cells<'_>, person: PersonRecord, partial: bool) -> Result<(), String> {
        let key = cells.heading(Field::Key);
        let Some(known) = self.people.get_mut(&person.key) else {
            let line = cells.row.line;
            let mut first = Somebody { file: nth, line, person, partial, pupil: false };
            tidied(&mut first.person);
            self.people.insert(first.person.key.clone(), first);
            return Ok(());
        };
        let names = |p: &PersonRecord| (plain(&p.family_name), plain(&p.given_name));
        if known.pupil || names(&known.person) != names(&person) {
            return Err(format!("a row before this one has the same {key} and is somebody else"));
        }
        let mut together = known.person.clone();
        for child in person.children {
            match together.children.iter().find(|other| other.pupil == child.pupil) {
                // Which is right decides on a parent's rights: not ours to guess.
                Some(other) if other.legal != child.legal => {
                    return Err("a row before this one gives another legal weight for the same pupil".into());
                }
                Some(_) => {}
                None => together.children.push(child),
            }
        }
        together.affiliations.extend(person.affiliations);
        together.login = together.login.or(person.login);
        together.mail = together.mail.or(person.mail);
        together.title = together.title.or(person.title);
        together.birth = together.birth.or(person.birth);
        tidied(&mut together);
        if together.children.len() > MAX_OF_ONE || together.affiliations.len() > MAX_OF_ONE {
            return Err(format!("the rows of this {key} give one person more than {MAX_OF_ONE} pupils or schools"));
        }
        (known.person, known.partial) = (together, known.partial || partial);
        Ok(())
    }

    /// The records of the schools and of everybody.
    pub(crate) fn records(self, settings: &Settings) -> impl Iterator<Item = Record> {
        let mut groups = self.groups;
        let school = move |(uai, kind, name, city): (Uai, _, String, Option<String>)| {
            let there = groups.remove(&uai).unwrap_or_default();
            let mut there: Vec<Group> = there
                .into_iter()
                .take(MAX_GROUPS)
                .map(|(code, kind)| Group { label: code.clone(), code, kind, mefs: Vec::new() })
                .collect();
            there.sort_by_key(|group| (group.kind == GroupKind::Group, group.code.clone()));
            Record::Establishment(EstablishmentRecord {
                key: uai.to_string(),
                uai,
                kind,
                name,
                city,
                sector: None,
                groups: there,
            })
        };
        let somebody = |known: Somebody| match known.partial {
            true => Record::Partial(known.person),
            false => Record::Person(known.person),
        };
        let schools = settings.schools.clone().into_iter().map(school);
        let rejected = self.rejected.into_iter().map(|(_, rejected)| Record::Rejected(rejected));
        schools.chain(rejected).chain(self.people.into_values().map(somebody))
    }
}

/// Always in the same order, each place and each pupil once: rows in another order are the same people.
fn tidied(person: &mut PersonRecord) {
    person.children.sort_by(|a, b| a.pupil.key.cmp(&b.pupil.key));
    person.children.dedup_by(|b, a| a.pupil == b.pupil);
    person.affiliations.sort_by(|a, b| (&a.establishment, a.profile).cmp(&(&b.establishment, b.profile)));
    person.affiliations.dedup_by(|b, a| {
        let same = (&a.establishment, a.profile) == (&b.establishment, b.profile);
        if same {
            for (into, from) in
                [(&mut a.classes, &mut b.classes), (&mut a.groups, &mut b.groups), (&mut a.functions, &mut b.functions)]
            {
                into.append(from);
                into.sort();
                into.dedup();
            }
        }
        same
    });
}

impl Cells<'_> {
    /// Whether the row has the cells its headings say.
    fn fits(&self) -> Result<(), String> {
        let (cells, headings) = (self.row.cells.len(), self.header.len());
        let more = self.row.cells.iter().skip(headings).any(|cell| !cell.trim().is_empty());
        let less = self.columns.iter().any(|(_, at)| at >= cells);
        if more || less {
            return Err(format!("the row has {cells} cells, and there are {headings} headings"));
        }
        Ok(())
    }

    /// The heading of a field, for a reason.
    fn heading(&self, field: Field) -> String {
        let heading = self.columns.at(field).and_then(|at| self.header.get(at));
        heading.map_or_else(|| field.word().to_owned(), |heading| display_safe(heading, MAX_CODE))
    }

    /// The cell of a field, cleaned, of at most `most` characters; `None` when it is blank or there is no such column.
    fn one(&self, field: Field, most: usize) -> Result<Option<String>, String> {
        let Some(cell) = self.columns.at(field).and_then(|at| self.row.cells.get(at)) else { return Ok(None) };
        match bounded(cell, most) {
            Bounded::Fits(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            Bounded::TooLong { length } => {
                Err(format!("{} has {length} characters; at most {most} are taken", self.heading(field)))
            }
        }
    }

    fn needed(&self, field: Field, most: usize) -> Result<String, String> {
        self.one(field, most)?.ok_or_else(|| format!("{} is missing", self.heading(field)))
    }

    /// The texts of a cell that stand between commas or bars; ordered, each once.
    fn several(&self, field: Field) -> Result<Vec<String>, String> {
        let cell = self.one(field, MAX_IN_A_CELL * MAX_CODE)?.unwrap_or_default();
        let texts: BTreeSet<String> = cell.split([',', '|']).map(|text| text.trim().to_owned()).collect();
        let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        let most = if field == Field::Child { MAX_KEY } else { MAX_CODE };
        if texts.len() > MAX_IN_A_CELL || texts.iter().any(|text| text.chars().count() > most) {
            return Err(format!("{} holds too much", self.heading(field)));
        }
        Ok(texts)
    }

    /// What everybody has.
    fn anybody(&self) -> Result<PersonRecord, String> {
        let login = self.one(Field::Login, 512)?;
        let typed = login.map(|login| {
            normalised_login(&login).ok_or_else(|| format!("{} cannot be typed", self.heading(Field::Login)))
        });
        let title = self.one(Field::Title, MAX_NAME)?.unwrap_or_default();
        let title = match plain(&title).as_str() {
            "m" | "mr" | "monsieur" => Some("M."),
            "mme" | "mlle" | "mle" | "madame" => Some("Mme"),
            _ => None,
        };
        Ok(PersonRecord {
            key: self.needed(Field::Key, MAX_KEY)?,
            given_name: self.needed(Field::GivenName, MAX_NAME)?,
            family_name: self.needed(Field::FamilyName, MAX_NAME)?,
            title: title.map(str::to_owned),
            login: typed.transpose()?,
            mail: self.one(Field::Mail, 2 * MAX_MAIL)?.and_then(|mail| normalised_mail(&mail)),
            affiliations: Vec::new(),
            children: Vec::new(),
            entry: None,
            ties: Vec::new(),
            birth: Birth::Untold,
        })
    }

    /// The date of birth of somebody who is that, if it is asked for. One that cannot be read rejects no row.
    fn birth(&self, affiliations: &[Affiliation]) -> Birth {
        if !affiliations.iter().any(|at| self.settings.confirmed.contains(&at.profile)) {
            return Birth::Untold;
        }
        self.one(Field::BirthDate, MAX_CODE).map_or(Birth::Unread, |text| Birth::read(text.as_deref()))
    }

    fn establishment(&self) -> Result<Uai, String> {
        if let Some(uai) = &self.file.establishment {
            return Ok(uai.clone());
        }
        let written = self.needed(Field::Establishment, 20)?;
        let heading = self.heading(Field::Establishment);
        let uai: Uai = written.parse().map_err(|what| format!("{heading}: {what}"))?;
        let known = self.settings.schools.iter().any(|(school, ..)| *school == uai);
        if known { Ok(uai) } else { Err(format!("{heading} names none of the schools of this source")) }
    }

    /// What somebody does: their profile, and the code of AAF if it is one.
    fn function(&self) -> Result<(Profile, Option<String>), String> {
        let (written, alone) = (self.one(Field::Function, MAX_NAME)?, self.file.profile);
        let heading = self.heading(Field::Function);
        let Some(written) = written else {
            return alone.map(|profile| (profile, None)).ok_or_else(|| format!("{heading} is missing"));
        };
        let word = plain(&written);
        let told = self.file.functions.get(&word).copied().or_else(|| profile_of_staff(&written));
        let told = told.or(match word.as_str() {
            "enseignant" | "enseignante" | "professeur" | "professeure" | "professeur des ecoles" => {
                Some(Profile::Teacher)
            }
            "directeur" | "directrice" => Some(Profile::Head),
            _ => None,
        });
        let code = written.to_uppercase();
        let by_code = || Profile::from_function(&code).and_then(|profile| profile_of_staff(profile.code()));
        match (told, by_code()) {
            (Some(profile), _) => Ok((profile, None)),
            (None, Some(profile)) => Ok((profile, Some(code))),
            (None, None) => Err(format!("{heading} is a word that nothing explains: say in functions what it means")),
        }
    }

    fn legal(&self) -> Result<Legal, String> {
        let written = self.one(Field::Legal, MAX_NAME)?.or_else(|| self.file.legal.clone()).unwrap_or_default();
        Ok(match plain(&written).as_str() {
            "1" | "oui" | "o" | "representant legal" => Legal::Representative,
            "2" | "personne en charge" => Legal::InCharge,
            _ => Legal::Contact,
        })
    }

    /// The code of the national nomenclature.
    fn link(&self) -> Result<String, String> {
        let written = self.one(Field::Link, MAX_NAME)?.unwrap_or_default();
        Ok(match plain(&written).as_str() {
            "mere" => "10".into(),
            "pere" => "20".into(),
            code if code.len() <= 4 && code.bytes().all(|byte| byte.is_ascii_digit()) => code.to_owned(),
            _ => String::new(),
        })
    }
}
