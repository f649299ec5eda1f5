//! A handful of entries as real feeds hold them: wrong, or nearly. A first synchronisation must report those that do not
//! fit and go on.

use crate::Options;
use crate::ldif::Entry;
use crate::structures::{Sector, Structure};
use preau_domain::Uai;
use std::io::{self, Write};

/// One faulty entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Name of the entry.
    pub dn: String,
    /// What is odd in it.
    pub what: &'static str,
    /// Whether it must be rejected; the others are odd, and fit.
    pub rejected: bool,
}

/// What is written into a faulty entry of a person.
struct Person<'a> {
    what: &'static str,
    rejected: bool,
    family: String,
    title: &'a str,
    login: &'a str,
    key: Option<u64>,
    class: &'a str,
    values: Vec<(&'static str, String)>,
}

impl<'a> Person<'a> {
    fn new(what: &'static str, rejected: bool, class: &'a str, values: Vec<(&'static str, String)>) -> Self {
        Person { what, rejected, family: "Fêlure".into(), title: "M.", login: "", key: None, class, values }
    }
}

/// Writes the faulty entries of the first sector and says what they are.
pub(crate) fn write(options: &Options, sector: &Sector, out: &mut impl Write) -> io::Result<Vec<Fault>> {
    let college = &sector.college;
    let teaches = |label: &str| ("ENTPersonFonctions", format!("{}$ENS${label}$L0202$LETTRES", college.dn));
    let nowhere = format!("ENTStructureSIREN=99999999999999,ou=structures,{}", options.suffix);
    let staff = "ENTAuxEnseignant";
    let people = vec![
        Person::new(
            "a function with four fields",
            true,
            staff,
            vec![("ENTPersonFonctions", format!("{}$ENS$ENSEIGNEMENT$L0202", college.dn))],
        ),
        Person::new("a function with a separator in its label", true, staff, vec![teaches("ENSEIGNEMENT $ SCIENCES")]),
        Person::new("look-alikes of the separator in a label", false, staff, vec![teaches("SCIENCES & ＄AVOIRS")]),
        Person::new(
            "a structure nobody knows",
            true,
            staff,
            vec![("ENTPersonFonctions", format!("{nowhere}$ENS$ENSEIGNEMENT$L0202$LETTRES"))],
        ),
        Person::new(
            "no function: a dash",
            true,
            staff,
            vec![("ENTPersonFonctions", format!("{}$-$-$-$-", college.dn))],
        ),
        Person { login: " ", ..Person::new("no login", true, staff, vec![teaches("ENSEIGNEMENT")]) },
        Person {
            key: Some(30_000_000),
            ..Person::new("a join key, first", false, staff, vec![teaches("ENSEIGNEMENT")])
        },
        Person {
            key: Some(30_000_000),
            ..Person::new("a join key, again", true, staff, vec![teaches("ENSEIGNEMENT")])
        },
        Person { title: "Mlle", ..Person::new("a title of the past", false, staff, vec![teaches("ENSEIGNEMENT")]) },
        Person {
            family: "Fêlure".repeat(50),
            ..Person::new("a name of 300 letters", true, staff, vec![teaches("ENS")])
        },
        Person::new("two classes in one school", true, "ENTEleve", pupil(college, &["6A", "6B"], "4000000$10$1$1$1$1")),
        Person::new("a parent link with five fields", true, "ENTEleve", pupil(college, &["6A"], "4000000$10$1$1$1")),
    ];
    let mut faults = Vec::new();
    for (n, person) in people.iter().enumerate() {
        let uid = format!("N26FAUTE{n:02}");
        let dn = format!("uid={uid},ou=people,{}", options.suffix);
        let mut entry = Entry::begin(out, &dn)?;
        for class in ["top", "person", "organizationalPerson", "inetOrgPerson", "ENTPerson", person.class] {
            entry.put("objectClass", class);
        }
        let login = format!("felure{n:02}");
        entry.put("uid", &uid);
        entry.put("cn", "Kaolin Fêlure");
        entry.put("givenName", "Kaolin");
        entry.put("sn", &person.family);
        entry.put("personalTitle", person.title);
        entry.put("ENTPersonLogin", if person.login.is_empty() { &login } else { person.login });
        let key = person.key.unwrap_or(31_000_000 + n as u64);
        entry.put("ENTPersonJointure", &format!("{}${key}", options.academy));
        for (attribute, value) in &person.values {
            entry.put(attribute, value);
        }
        entry.end()?;
        faults.push(Fault { dn, what: person.what, rejected: person.rejected });
    }
    faults.push(structure(options, out)?);
    Ok(faults)
}

fn pupil(school: &Structure, classes: &[&str], link: &str) -> Vec<(&'static str, String)> {
    let mut values = vec![
        ("ENTPersonStructRattach", school.dn.clone()),
        ("ENTEleveStatutEleve", "SCOLAIRE".into()),
        ("ENTEleveMEF", "10010012110".into()),
        ("ENTEleveLibelleMEF", "6EME".into()),
        ("ENTEleveNivFormation", "6EME".into()),
        ("ENTEleveFiliere", "GENERALE".into()),
        ("ENTEleveMajeur", "N".into()),
        ("ENTElevePersRelEleve", link.to_owned()),
    ];
    values.extend(classes.iter().map(|class| ("ENTEleveClasses", format!("{}${class}", school.dn))));
    values
}

/// A school whose national number has the key letter of another.
fn structure(options: &Options, out: &mut impl Write) -> io::Result<Fault> {
    let dn = format!("ENTStructureSIREN=99000000000000,ou=structures,{}", options.suffix);
    let mut entry = Entry::begin(out, &dn)?;
    for class in ["top", "organizationalUnit", "ENTStructure", "ENTEtablissement"] {
        entry.put("objectClass", class);
    }
    entry.put("ou", "Collège Fêlure");
    entry.put("ENTStructureSIREN", "99000000000000");
    entry.put("ENTStructureJointure", &format!("{}$8999", options.academy));
    entry.put("ENTStructureNomCourant", "CLG$Collège Fêlure$Cassure");
    entry.put("ENTStructureUAI", &format!("0990000{}", Uai::key_letter(990_007)));
    entry.put("ENTStructureTypeStruct", "COLLEGE");
    entry.put("ENTEtablissementMinistereTutelle", "MINISTERE DE L'EDUCATION NATIONALE");
    entry.put("ENTEtablissementContrat", "PU");
    entry.end()?;
    Ok(Fault { dn, what: "a national number with the wrong key letter", rejected: true })
}
