//! An invented annuaire of any size, the same for the same seed, written as LDIF for the schema of `schemas/ldap` or as
//! deliveries of AAF.
//!
//! Everyone and every place in it is made up: given names are moons, asteroids and stars, family names are stones, plants
//! and winds, national numbers begin with `099`, a département that does not exist, and carry a valid key letter. Writing
//! is a stream: one sector (a collège, its two écoles, a lycée, their commune: 1,500 people) is in memory at a time.

mod aaf;
mod faults;
mod known;
mod ldif;
mod names;
mod people;
mod population;
mod random;
mod structures;

pub use aaf::{Deliveries, deliver};
pub use faults::Fault;

use anyhow::{Result, bail};
use ldif::Entry;
use people::{Adult, Pupil, Staff};
use population::Population;
use std::io::{self, Write};
use structures::{Sector, Structure};

/// What to invent.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many people; faulty entries come on top.
    pub people: usize,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Adds the handful of faulty entries.
    pub faults: bool,
    /// Root of the tree.
    pub suffix: String,
    /// Source of the join keys.
    pub academy: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { people: 1500, seed: 1, faults: false, suffix: "dc=ent,dc=example".into(), academy: "AC-NOTOS".into() }
    }
}

/// What was invented.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Entries of people, faulty ones included.
    pub people: usize,
    /// Entries of structures, faulty ones included.
    pub structures: usize,
    /// The establishments that fit.
    pub establishments: Vec<Establishment>,
    /// One account per profile, in the order a person would want to try them.
    pub accounts: Vec<Account>,
    /// The faulty entries.
    pub faults: Vec<Fault>,
}

/// An establishment that was invented.
#[derive(Clone, Debug)]
pub struct Establishment {
    /// National number.
    pub uai: String,
    /// Its name.
    pub name: String,
    /// Its town.
    pub city: String,
    /// `academy`, `college`, `ecole`, `lycee` or `commune`.
    pub kind: &'static str,
}

/// An account somebody may sign in with.
#[derive(Clone, Debug)]
pub struct Account {
    /// Word for scripts, such as `teacher-two-schools`.
    pub role: &'static str,
    /// What the person is, in French.
    pub label_fr: &'static str,
    /// What the person is, in English.
    pub label_en: &'static str,
    /// National profile, such as `National_ENS`.
    pub profile: &'static str,
    /// Given and family name.
    pub name: String,
    /// Login.
    pub login: String,
    /// Password.
    pub password: String,
    /// Entry in the directory.
    pub dn: String,
    /// Join key, without its source.
    pub key: String,
    /// National numbers of the establishments: for a parent, those of the children.
    pub establishments: Vec<String>,
}

/// Order in which accounts are announced.
const ROLES: [&str; 15] = [
    "teacher",
    "teacher-two-schools",
    "teacher-ecole",
    "pupil-cm2",
    "pupil-6e",
    "pupil-lycee",
    "parent",
    "head",
    "cpe",
    "librarian",
    "inspector",
    "municipal",
    "teacher-neighbour",
    "pupil-neighbour",
    "head-neighbour",
];

/// Writes the whole annuaire to `out`.
pub fn generate(options: &Options, out: &mut impl Write) -> Result<Summary> {
    generate_with(options, out, &mut |_, _, _| Ok(()))
}

/// As [`generate`], and calls `each` with the profile, login and password of everybody, for those who need many accounts.
pub fn generate_with(options: &Options, out: &mut impl Write, each: &mut Each<'_>) -> Result<Summary> {
    branches(options, out)?;
    world(options, &mut Ldif { out }, each)
}

/// Writes the annuaire of the écoles of another sector to `out`: a world of its own, as the écoles' own ENT has it.
pub fn generate_ecoles(options: &Options, out: &mut impl Write) -> Result<Summary> {
    branches(options, out)?;
    let mut ecoles = structures::sector(options, structures::MOST_SECTORS - 1).ecoles;
    let out = &mut Ldif { out };
    for ecole in &mut ecoles {
        // Its collège is another ENT's.
        ecole.sector = None;
        out.structure(options, ecole)?;
    }
    let each: &mut Each<'_> = &mut |_, _, _| Ok(());
    let mut population = Population { options, out, each, made: 0, accounts: Vec::new() };
    population.fill_ecoles(&ecoles)?;
    let (people, mut accounts) = (population.made, population.accounts);
    accounts.sort_by_key(|account| ROLES.iter().position(|role| *role == account.role));
    let establishments: Vec<Establishment> = ecoles.iter().map(establishment).collect();
    Ok(Summary { people, structures: establishments.len(), establishments, accounts, faults: Vec::new() })
}

/// Called with the profile, login and password of everybody.
type Each<'e> = dyn FnMut(&str, &str, &str) -> io::Result<()> + 'e;

/// Where an invented world is written.
trait Sink {
    fn structure(&mut self, options: &Options, structure: &Structure) -> io::Result<()>;
    fn staff(&mut self, options: &Options, staff: &Staff<'_>) -> io::Result<()>;
    fn pupil(&mut self, options: &Options, pupil: &Pupil<'_>) -> io::Result<()>;
    fn adult(&mut self, options: &Options, adult: &Adult) -> io::Result<()>;
    /// Writes the faulty entries.
    fn faults(&mut self, options: &Options, sector: &Sector) -> io::Result<Vec<Fault>>;
}

/// A directory.
struct Ldif<'w, W: Write> {
    out: &'w mut W,
}

impl<W: Write> Sink for Ldif<'_, W> {
    fn structure(&mut self, options: &Options, structure: &Structure) -> io::Result<()> {
        structure.write(options, self.out)
    }
    fn staff(&mut self, options: &Options, staff: &Staff<'_>) -> io::Result<()> {
        staff.write(options, self.out)
    }
    fn pupil(&mut self, options: &Options, pupil: &Pupil<'_>) -> io::Result<()> {
        pupil.write(options, self.out)
    }
    fn adult(&mut self, options: &Options, adult: &Adult) -> io::Result<()> {
        adult.write(options, self.out)
    }
    fn faults(&mut self, options: &Options, sector: &Sector) -> io::Result<Vec<Fault>> {
        faults::write(options, sector, self.out)
    }
}

/// Invents the world of some options.
fn world(options: &Options, out: &mut dyn Sink, each: &mut Each<'_>) -> Result<Summary> {
    let sectors = options.people.div_ceil(population::PER_SECTOR).max(1);
    if sectors > structures::MOST_SECTORS {
        bail!("at most {} people fit in one département", structures::MOST_SECTORS * population::PER_SECTOR);
    }
    let academy = structures::academy(options);
    out.structure(options, &academy)?;
    let mut establishments = vec![establishment(&academy)];
    let mut faults = Vec::new();
    let mut population = Population { options, out, each, made: 0, accounts: Vec::new() };
    for number in 0..sectors {
        let sector = structures::sector(options, number);
        for structure in sector.all() {
            population.out.structure(options, structure)?;
            establishments.push(establishment(structure));
        }
        population.fill(number, &sector, &academy)?;
        if number == 0 && options.faults {
            faults = population.out.faults(options, &sector)?;
        }
    }
    let (people, mut accounts) = (population.made, population.accounts);
    accounts.sort_by_key(|account| ROLES.iter().position(|role| *role == account.role));
    let faulty_structures = usize::from(!faults.is_empty());
    Ok(Summary {
        people: people + faults.len() - faulty_structures,
        structures: establishments.len() + faulty_structures,
        establishments,
        accounts,
        faults,
    })
}

fn establishment(structure: &structures::Structure) -> Establishment {
    use structures::Kind;
    Establishment {
        uai: structure.uai.as_str().to_owned(),
        name: structure.name.clone(),
        city: structure.city.clone(),
        kind: match structure.kind {
            Kind::Academy => "academy",
            Kind::College => "college",
            Kind::Ecole => "ecole",
            Kind::Lycee => "lycee",
            Kind::Commune => "commune",
        },
    }
}

/// The root and the branches of the tree.
fn branches(options: &Options, out: &mut impl Write) -> Result<()> {
    let Some((attribute, value)) = options.suffix.split(',').next().and_then(|rdn| rdn.split_once('=')) else {
        bail!("a suffix looks like dc=ent,dc=example");
    };
    if attribute != "dc" {
        bail!("the suffix begins with dc=");
    }
    let mut entry = Entry::begin(out, &options.suffix)?;
    for class in ["top", "dcObject", "organization"] {
        entry.put("objectClass", class);
    }
    entry.put("dc", value);
    entry.put("o", "Annuaire de démonstration");
    entry.end()?;
    for branch in ["people", "structures", "groups", "applications", "administrateurs"] {
        let mut entry = Entry::begin(out, &format!("ou={branch},{}", options.suffix))?;
        entry.put("objectClass", "top");
        entry.put("objectClass", "organizationalUnit");
        entry.put("ou", branch);
        entry.end()?;
    }
    Ok(())
}
