//! The same world as deliveries of AAF: écoles in the first degree, collèges and lycées in the second. What a feed does not
//! carry is not written: logins, the rectorat and the communes with their staff, and in the first degree who teaches which
//! class and the adults without parental authority.
//!
//! With a delta, the complete delivery tells of the day before, when some pupils were in another class, not there yet or
//! still there and some adults had another address, and the delta leads from there to the world.

use crate::faults::Fault;
use crate::people::{Adult, Being, Pupil, Staff};
use crate::structures::{Kind, Sector, Structure};
use crate::{Options, Sink, Summary, world};
use anyhow::Result;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How deliveries are written.
#[derive(Clone, Debug)]
pub struct Deliveries {
    /// Folder that gets `1d` and `2d`.
    pub folder: PathBuf,
    /// Leaves some changes to a delta.
    pub delta: bool,
    /// Writes ISO-8859-15 instead of UTF-8.
    pub latin: bool,
    /// Records of a file; the next ones go to the file of the next number.
    pub per_file: usize,
}

impl Deliveries {
    /// A complete delivery in UTF-8, in that folder.
    pub fn into(folder: &Path) -> Self {
        Deliveries { folder: folder.to_owned(), delta: false, latin: false, per_file: 10_000 }
    }
}

/// Day of the complete delivery.
const COMPLETE: &str = "20260901";
/// Day of the delta.
const DELTA: &str = "20260902";

/// Writes deliveries of the world of these options. Faulty entries are not written.
pub fn deliver(options: &Options, how: &Deliveries) -> Result<Summary> {
    for degree in ["1d", "2d"] {
        fs::create_dir_all(how.folder.join(degree))?;
    }
    let mut out = Writer { how, files: BTreeMap::new() };
    let summary = world(&Options { faults: false, ..options.clone() }, &mut out, &mut |_, _, _| Ok(()))?;
    out.end()?;
    Ok(summary)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Degree {
    First,
    Second,
}

/// Degree of the establishments of AAF.
fn degree(structure: &Structure) -> Option<Degree> {
    match structure.kind {
        Kind::Ecole => Some(Degree::First),
        Kind::College | Kind::Lycee => Some(Degree::Second),
        Kind::Academy | Kind::Commune => None,
    }
}

/// Attributes of a record.
type Attributes = Vec<(&'static str, Vec<String>)>;

/// What a delta does.
enum Change<'a> {
    Add(&'a Attributes),
    Replace(&'a Attributes),
    Delete,
}

/// One file being written.
struct Open {
    out: BufWriter<File>,
    records: usize,
    sequence: usize,
}

struct Writer<'h> {
    how: &'h Deliveries,
    files: BTreeMap<(Degree, &'static str, &'static str), Open>,
}

impl Writer<'_> {
    /// Writes one request into the file of its kind.
    fn put(
        &mut self,
        degree: Degree,
        delta: bool,
        kind: &'static str,
        key: u64,
        change: &Change<'_>,
    ) -> io::Result<()> {
        let mode = if delta { "Delta" } else { "Complet" };
        let place = (degree, mode, kind);
        if self.files.get(&place).is_none_or(|file| file.records == self.how.per_file) {
            let sequence = self.files.remove(&place).map_or(Ok(0), |full| full.end())?;
            let open = self.open(degree, mode, kind, sequence)?;
            self.files.insert(place, open);
        }
        let latin = self.how.latin;
        let Some(file) = self.files.get_mut(&place) else { return Ok(()) };
        file.records += 1;
        let out = &mut file.out;
        let (request, inner, attribute, operation) = match change {
            Change::Add(_) => ("addRequest", "attributes", "attr", ""),
            Change::Replace(_) => ("modifyRequest", "modifications", "modification", " operation=\"replace\""),
            Change::Delete => ("deleteRequest", "", "", ""),
        };
        let category = if kind == "EtabEducNat" { "categorieStructure" } else { "categoriePersonne" };
        writeln!(out, "<{request}>")?;
        writeln!(
            out,
            "  <operationalAttributes><attr name=\"{category}\"><value>{kind}</value></attr></operationalAttributes>"
        )?;
        writeln!(out, "  <identifier><id>{key}</id></identifier>")?;
        if let Change::Add(attributes) | Change::Replace(attributes) = change {
            writeln!(out, "  <{inner}>")?;
            for (name, values) in *attributes {
                write!(out, "    <{attribute} name=\"{name}\"{operation}>")?;
                if values.is_empty() {
                    write!(out, "<value/>")?;
                }
                for value in values {
                    write!(out, "<value>")?;
                    text(out, value, latin)?;
                    write!(out, "</value>")?;
                }
                writeln!(out, "</{attribute}>")?;
            }
            writeln!(out, "  </{inner}>")?;
        }
        writeln!(out, "</{request}>")
    }

    fn open(&self, degree: Degree, mode: &str, kind: &str, sequence: usize) -> io::Result<Open> {
        let (folder, prefix) = match degree {
            Degree::First => ("1d", "ENT1D-NOTOS"),
            Degree::Second => ("2d", "ENT2D-NOTOS"),
        };
        let day = if mode == "Delta" { DELTA } else { COMPLETE };
        let name = format!("{prefix}_{mode}_{day}_{kind}_{sequence:04}.xml");
        let mut out = BufWriter::new(File::create(self.how.folder.join(folder).join(&name))?);
        let encoding = if self.how.latin { "ISO-8859-15" } else { "UTF-8" };
        writeln!(out, "<?xml version=\"1.0\" encoding=\"{encoding}\"?>")?;
        writeln!(out, "<!DOCTYPE ficAlimMENESR SYSTEM \"ficAlimMENESR.dtd\">")?;
        writeln!(out, "<ficAlimMENESR>\n<!-- {name} : invented people -->")?;
        Ok(Open { out, records: 0, sequence })
    }

    /// Ends every file.
    fn end(self) -> io::Result<()> {
        self.files.into_values().try_for_each(|file| file.end().map(drop))
    }

    /// Writes a record of the world, which the delta brings when there is one and the number says so.
    fn record(
        &mut self,
        degree: Degree,
        kind: &'static str,
        being: &Being,
        now: &Attributes,
        before: Before,
    ) -> io::Result<()> {
        let key = being.key();
        match (self.how.delta, before) {
            (false, _) | (true, Before::Same) => self.put(degree, false, kind, key, &Change::Add(now)),
            (true, Before::Other(changed)) => {
                let names: Vec<&str> = changed.iter().map(|(name, _)| *name).collect();
                let (mut old, mut new) = (now.clone(), now.clone());
                old.retain(|(name, _)| !names.contains(name));
                old.extend(changed.clone());
                new.retain(|(name, _)| names.contains(name));
                self.put(degree, false, kind, key, &Change::Add(&old))?;
                self.put(degree, true, kind, key, &Change::Replace(&new))
            }
            (true, Before::Absent) => self.put(degree, true, kind, key, &Change::Add(now)),
            (true, Before::Double) => {
                self.put(degree, false, kind, key, &Change::Add(now))?;
                // Somebody like them, who has left.
                let left = key + 4_000_000;
                let mut other = now.clone();
                for (_, values) in other.iter_mut().filter(|(name, _)| *name == "ENTPersonJointure") {
                    *values = vec![left.to_string()];
                }
                self.put(degree, false, kind, left, &Change::Add(&other))?;
                self.put(degree, true, kind, left, &Change::Delete)
            }
        }
    }
}

/// What the complete delivery says of somebody when a delta follows.
enum Before {
    Same,
    Absent,
    Other(Attributes),
    Double,
}

impl Open {
    /// Ends the file; gives the number of the next.
    fn end(mut self) -> io::Result<usize> {
        writeln!(self.out, "</ficAlimMENESR>")?;
        self.out.flush()?;
        Ok(self.sequence + 1)
    }
}

/// Writes a value, escaped, in the encoding of the file.
fn text(out: &mut impl Write, value: &str, latin: bool) -> io::Result<()> {
    for letter in value.chars() {
        match letter {
            '&' => out.write_all(b"&amp;")?,
            '<' => out.write_all(b"&lt;")?,
            '>' => out.write_all(b"&gt;")?,
            'œ' if latin => out.write_all(&[0xbd])?,
            'Œ' if latin => out.write_all(&[0xbc])?,
            'é' => out.write_all(if latin { b"&eacute;" } else { "é".as_bytes() })?,
            letter if !latin || letter.is_ascii() => write!(out, "{letter}")?,
            '\u{c0}'..='\u{ff}' => out.write_all(&[letter as u8])?,
            letter => write!(out, "&#{};", u32::from(letter))?,
        }
    }
    Ok(())
}

fn one(name: &'static str, value: impl Into<String>) -> (&'static str, Vec<String>) {
    (name, vec![value.into()])
}

/// What everybody has, under the names of a degree.
fn anybody(degree: Degree, being: &Being, mail: Option<String>) -> Attributes {
    let [family, given, title, address] = match degree {
        Degree::First => ["ENTPersonNom", "ENTPersonPrenom", "ENTPersonCivilite", "ENTPersonMail"],
        Degree::Second => ["sn", "givenName", "personalTitle", "mail"],
    };
    let mut attributes = vec![
        one("ENTPersonJointure", being.key().to_string()),
        one(family, &*being.family),
        one(given, &*being.given),
        one(title, if being.female { "Mme" } else { "M." }),
    ];
    attributes.extend(mail.map(|mail| one(address, mail)));
    attributes
}

impl Sink for Writer<'_> {
    fn structure(&mut self, _: &Options, structure: &Structure) -> io::Result<()> {
        let Some(degree) = degree(structure) else { return Ok(()) };
        let mut attributes = vec![
            one("ENTStructureJointure", structure.key.to_string()),
            one("ENTStructureUAI", structure.uai.as_str()),
            one("ENTStructureNomCourant", format!("{}${}${}", structure.short(), structure.name, structure.city)),
            one("ENTStructureTypeStruct", structure.kind_name()),
        ];
        attributes.push(one(if degree == Degree::First { "ENTStructureVille" } else { "l" }, &*structure.city));
        match degree {
            Degree::First => {
                attributes.push(one("ENTEcoleMinistereTutelle", "MINISTERE DE L'EDUCATION NATIONALE"));
                attributes.extend(structure.sector.map(|sector| one("ENTEcoleSecteur", sector.to_string())));
            }
            Degree::Second => {
                let class = |class: &crate::structures::Class| {
                    format!("{}${}${}", class.code, structure.label(class), class.level.mef)
                };
                let group = |(code, from): &(String, String)| format!("{code}$Groupe {code}${from}");
                attributes.push(("ENTStructureClasses", structure.classes.iter().map(class).collect()));
                attributes.push(("ENTStructureGroupes", structure.groups.iter().map(group).collect()));
            }
        }
        self.put(degree, false, "EtabEducNat", structure.key, &Change::Add(&attributes))
    }

    fn staff(&mut self, options: &Options, staff: &Staff<'_>) -> io::Result<()> {
        if matches!(staff.post.profile, "National_ACA" | "National_COL") {
            return Ok(());
        }
        let mail = format!("{}@{}.example", staff.being.login, options.academy.to_lowercase());
        for wanted in [Degree::First, Degree::Second] {
            let places: Vec<_> = staff.places.iter().filter(|(at, _)| degree(at) == Some(wanted)).collect();
            let Some((home, _)) = places.first() else { continue };
            let mut attributes = anybody(wanted, &staff.being, Some(mail.clone()));
            let post = &staff.post;
            let functions = places.iter().map(|(at, _)| {
                let (code, label) = post.discipline;
                format!("{}${}${}${code}${label}", at.key, post.function, post.label)
            });
            attributes.push(one("ENTPersonStructRattach", home.key.to_string()));
            attributes.push(("ENTPersonFonctions", functions.collect()));
            if wanted == Degree::Second {
                attributes.extend(teaching(staff));
            }
            let before = if staff.being.number % 40 == 7 {
                Before::Other(vec![one(mail_of(wanted), format!("avant.{mail}"))])
            } else {
                Before::Same
            };
            self.record(wanted, "PersEducNat", &staff.being, &attributes, before)?;
        }
        Ok(())
    }

    fn pupil(&mut self, _: &Options, pupil: &Pupil<'_>) -> io::Result<()> {
        let (school, class) = (pupil.school, pupil.class);
        let Some(degree) = degree(school) else { return Ok(()) };
        let mut attributes = anybody(degree, &pupil.being, None);
        attributes.push(one("ENTPersonStructRattach", school.key.to_string()));
        attributes.push(one("ENTEleveStructRattachId", pupil.enrolled()));
        let in_class = |class: &crate::structures::Class| match degree {
            Degree::First => {
                one("ENTPersonClasses", format!("{}$CLASSE$${}${}", school.key, class.code, school.label(class)))
            }
            Degree::Second => one("ENTEleveClasses", format!("{}${}", school.key, class.code)),
        };
        attributes.push(in_class(class));
        match degree {
            Degree::First => {
                attributes.push(one("ENTEleveNiveau", class.level.label));
                let parents = pupil.adults.iter().filter(|(_, _, legal)| *legal == 1);
                let parents = parents.map(|(key, link, _)| format!("{key}${link}")).collect();
                attributes.push(("ENTEleveAutoriteParentale", parents));
            }
            Degree::Second => {
                attributes.push(one("ENTEleveMEF", class.level.mef));
                attributes.push(one("ENTEleveNivFormation", class.level.label));
                let groups = school.groups.iter().filter(|(_, from)| *from == class.code);
                attributes
                    .push(("ENTEleveGroupes", groups.map(|(group, _)| format!("{}${group}", school.key)).collect()));
                let adults = pupil.adults.iter().map(|(key, link, legal)| {
                    let flag = u8::from(*legal == 1);
                    format!("{key}${link}${flag}${legal}${flag}${flag}")
                });
                attributes.push(("ENTElevePersRelEleve", adults.collect()));
            }
        }
        let before = match pupil.being.number % 40 {
            7 => Before::Other(vec![in_class(&school.classes[0])]),
            17 => Before::Absent,
            27 => Before::Double,
            _ => Before::Same,
        };
        self.record(degree, "Eleve", &pupil.being, &attributes, before)
    }

    fn adult(&mut self, _: &Options, adult: &Adult) -> io::Result<()> {
        let mail = format!("{}@courriel.example", adult.being.login);
        for wanted in [Degree::First, Degree::Second] {
            let first = wanted == Degree::First;
            let wards: Vec<String> =
                adult.wards.iter().filter(|ward| ward.ecole == first).map(|ward| ward.key.to_string()).collect();
            if wards.is_empty() || (first && adult.legal != 1) {
                continue;
            }
            let mut attributes = anybody(wanted, &adult.being, Some(mail.clone()));
            attributes.push((if first { "ENTPersRelEleveEleve" } else { "ENTAuxPersRelEleveEleve" }, wards));
            let before = match adult.being.number % 40 {
                7 => Before::Other(vec![one(mail_of(wanted), format!("avant.{mail}"))]),
                _ => Before::Same,
            };
            self.record(wanted, "PersRelEleve", &adult.being, &attributes, before)?;
        }
        Ok(())
    }

    fn faults(&mut self, _: &Options, _: &Sector) -> io::Result<Vec<Fault>> {
        Ok(Vec::new())
    }
}

fn mail_of(degree: Degree) -> &'static str {
    if degree == Degree::First { "ENTPersonMail" } else { "mail" }
}

/// Who teaches what to whom.
fn teaching(staff: &Staff<'_>) -> Attributes {
    let (mut classes, mut subjects, mut groups, mut taught) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, own) in &staff.places {
        for class in own {
            classes.push(format!("{}${}", at.key, class.code));
            subjects.extend(staff.subject.map(|(code, _)| format!("{}${}${code}", at.key, class.code)));
        }
        let Some((code, _)) = staff.subject else { continue };
        for (group, _) in at.groups.iter().filter(|(_, from)| own.iter().any(|class| class.code == *from)) {
            groups.push(format!("{}${group}", at.key));
            taught.push(format!("{}${group}${code}", at.key));
        }
    }
    let head = staff.head_of.zip(staff.places.first()).map(|(class, (at, _))| format!("{}${}", at.key, class.code));
    vec![
        ("ENTAuxEnsClasses", classes),
        ("ENTAuxEnsClassesMatieres", subjects),
        ("ENTAuxEnsGroupes", groups),
        ("ENTAuxEnsGroupesMatieres", taught),
        ("ENTAuxEnsClassesPrincipal", head.into_iter().collect()),
    ]
}
