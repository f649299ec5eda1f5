//! The structures of the invented académie: one rectorat, then sectors of a collège, its two écoles, a lycée and the
//! commune that employs the staff of the écoles.

use crate::ldif::Entry;
use crate::{Options, names};
use preau_domain::Uai;
use std::io::{self, Write};

/// What a structure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Academy,
    College,
    Ecole,
    Lycee,
    Commune,
}

/// A level taught: what people call it, and its national codes.
#[derive(Clone, Copy)]
pub(crate) struct Level {
    /// Short code, first part of a class code.
    pub(crate) code: &'static str,
    /// Label of the education level.
    pub(crate) label: &'static str,
    /// Education level, eleven digits.
    pub(crate) mef: &'static str,
}

const fn level(code: &'static str, label: &'static str, mef: &'static str) -> Level {
    Level { code, label, mef }
}

const ECOLE: [Level; 5] = [
    level("CP", "CP", "00110002110"),
    level("CE1", "CE1", "00210002210"),
    level("CE2", "CE2", "00210002220"),
    level("CM1", "CM1", "00310002210"),
    level("CM2", "CM2", "00310002220"),
];
const COLLEGE: [Level; 4] = [
    level("6", "6EME", "10010012110"),
    level("5", "5EME", "10110001110"),
    level("4", "4EME", "10210001110"),
    level("3", "3EME", "10310019110"),
];
const LYCEE: [Level; 3] = [
    level("2", "2NDE GENERALE ET TECHNOLOGIQUE", "20010018110"),
    level("1", "PREMIERE GENERALE", "20111010110"),
    level("T", "TERMINALE GENERALE", "20211010110"),
];

/// A class of a school.
pub(crate) struct Class {
    pub(crate) code: String,
    pub(crate) level: Level,
}

/// A structure.
pub(crate) struct Structure {
    pub(crate) kind: Kind,
    pub(crate) uai: Uai,
    pub(crate) key: u64,
    pub(crate) dn: String,
    pub(crate) name: String,
    pub(crate) city: String,
    pub(crate) classes: Vec<Class>,
    /// Group codes, each with the class it takes its pupils from.
    pub(crate) groups: Vec<(String, String)>,
    /// Join key of the collège of the sector.
    pub(crate) sector: Option<u64>,
}

/// The schools of one sector and their commune.
pub(crate) struct Sector {
    pub(crate) college: Structure,
    pub(crate) ecoles: [Structure; 2],
    pub(crate) lycee: Structure,
    pub(crate) commune: Structure,
}

impl Sector {
    /// Every structure of the sector; a collège comes before its écoles.
    pub(crate) fn all(&self) -> [&Structure; 5] {
        [&self.college, &self.ecoles[0], &self.ecoles[1], &self.lycee, &self.commune]
    }
}

/// Structures that one sector holds.
pub(crate) const PER_SECTOR: usize = 5;
/// Sectors that fit in the seven-digit numbers of the invented département.
pub(crate) const MOST_SECTORS: usize = 9_998 / PER_SECTOR;

/// The n-th structure of the académie.
fn structure(options: &Options, number: usize, kind: Kind, name: String, city: String) -> Structure {
    let digits = 990_001 + number as u32;
    let uai = format!("{digits:07}{}", Uai::key_letter(digits));
    let siret = format!("9900{:010}", number + 1);
    Structure {
        kind,
        uai: uai.parse().expect("the key letter was just computed"),
        key: 9_001 + number as u64,
        dn: format!("ENTStructureSIREN={siret},ou=structures,{}", options.suffix),
        name,
        city,
        classes: Vec::new(),
        groups: Vec::new(),
        sector: None,
    }
}

/// The rectorat.
pub(crate) fn academy(options: &Options) -> Structure {
    structure(options, 0, Kind::Academy, "Rectorat de l'académie de Notos".into(), names::town(0))
}

/// "de", as it is written before this name.
fn of(name: &str) -> &'static str {
    if name.starts_with(['A', 'E', 'É', 'È', 'I', 'O', 'U', 'Y']) { "d'" } else { "de " }
}

/// The n-th sector.
pub(crate) fn sector(options: &Options, number: usize) -> Sector {
    let city = names::town(number);
    let first = 1 + number * PER_SECTOR;
    let named = |offset: usize, kind, title: &str| {
        let name = format!("{title} {}", names::school(first + offset));
        structure(options, first + offset, kind, name, city.clone())
    };
    let mut college = named(0, Kind::College, "Collège");
    let mut ecoles = [named(1, Kind::Ecole, "École"), named(2, Kind::Ecole, "École")];
    let mut lycee = named(3, Kind::Lycee, "Lycée");
    let commune = structure(options, first + 4, Kind::Commune, format!("Commune {}{city}", of(&city)), city.clone());
    for ecole in &mut ecoles {
        ecole.sector = Some(college.key);
        fill(ecole, &ECOLE, &["A"]);
    }
    fill(&mut college, &COLLEGE, &["A", "B"]);
    fill(&mut lycee, &LYCEE, &["A", "B"]);
    Sector { college, ecoles, lycee, commune }
}

/// Gives a school its classes and, above the écoles, two language groups per level.
fn fill(school: &mut Structure, levels: &[Level], letters: &[&str]) {
    for level in levels {
        for letter in letters {
            school.classes.push(Class { code: format!("{}{letter}", level.code), level: *level });
        }
        if school.kind != Kind::Ecole {
            for (language, letter) in ["ANG", "ESP"].iter().zip(letters) {
                school.groups.push((format!("{}{language}1", level.code), format!("{}{letter}", level.code)));
            }
        }
    }
}

impl Structure {
    /// What people call a class.
    pub(crate) fn label(&self, class: &Class) -> String {
        match self.kind {
            // Look-alikes of the separator: they belong to the label and split nothing.
            Kind::College if class.code == "3B" => "3B « Sciences & ＄avoirs »".to_owned(),
            _ => format!("Classe de {}", class.code),
        }
    }

    /// The short word of its kind.
    pub(crate) fn short(&self) -> &'static str {
        match self.kind {
            Kind::Academy => "REC",
            Kind::College => "CLG",
            Kind::Ecole => "E.E.PU",
            Kind::Lycee => "LYC",
            Kind::Commune => "COM",
        }
    }

    /// The name of its kind.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Academy => "RECTORAT",
            Kind::College => "COLLEGE",
            Kind::Ecole => "ECOLE ELEMENTAIRE",
            Kind::Lycee => "LYCEE GENERAL",
            Kind::Commune => "COMMUNE",
        }
    }

    /// Writes the entry.
    pub(crate) fn write(&self, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let mut entry = Entry::begin(out, &self.dn)?;
        let class = match self.kind {
            Kind::Academy => "ENTServAc",
            Kind::College | Kind::Ecole | Kind::Lycee => "ENTEtablissement",
            Kind::Commune => "ENTCollLoc",
        };
        for name in ["top", "organizationalUnit", "ENTStructure", class] {
            entry.put("objectClass", name);
        }
        if self.kind == Kind::Ecole {
            entry.put("objectClass", "preauEcole");
        }
        entry.put("ou", &self.name);
        entry.put("ENTStructureSIREN", self.dn.split(['=', ',']).nth(1).unwrap_or_default());
        entry.put("ENTStructureJointure", &format!("{}${}", options.academy, self.key));
        entry.put("ENTStructureNomCourant", &format!("{}${}${}", self.short(), self.name, self.city));
        entry.put("ENTStructureUAI", self.uai.as_str());
        entry.put("ENTStructureTypeStruct", self.kind_name());
        entry.put("l", &self.city);
        match self.kind {
            Kind::Academy => entry.put("ENTServAcAcademie", "NOTOS"),
            Kind::Commune => entry.put("ENTCollLocLieuGeographique", &self.city),
            _ => {
                entry.put("ENTEtablissementMinistereTutelle", "MINISTERE DE L'EDUCATION NATIONALE");
                entry.put("ENTEtablissementContrat", "PU");
            }
        }
        if let Some(sector) = self.sector {
            entry.put("ENTEcoleSecteur", &sector.to_string());
        }
        for class in &self.classes {
            let label = self.label(class);
            entry.put("ENTStructureClasses", &format!("{}${label}${}", class.code, class.level.mef));
        }
        for (code, from) in &self.groups {
            entry.put("ENTStructureGroupes", &format!("{code}$Groupe {code}${from}"));
        }
        entry.end()
    }
}
