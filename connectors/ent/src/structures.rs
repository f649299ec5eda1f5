//! Structures: the table that turns a DN, a join key or a national number into an establishment, and the records.

use crate::entry::{Entry, Misfit, comparable_dn, field};
use crate::keys::bare_key;
use crate::mapping::{Field, Mapping, Vector};
use preau_connector_api::EstablishmentRecord;
use preau_domain::{Enrolment, EstablishmentKind, Group, GroupKind, Uai};
use std::collections::HashMap;

const MAX_KEY: usize = 128;
const MAX_NAME: usize = 200;
const MAX_CODE: usize = 60;
const MAX_LABEL: usize = 120;
/// Most classes and groups of one structure.
pub const MAX_GROUPS: usize = 1_000;
const MAX_MEFS: usize = 60;

/// Number of a structure in the table.
pub type Place = u32;

/// Every structure with a national number, by its names.
#[derive(Default)]
pub struct Table {
    places: Vec<(Uai, EstablishmentKind)>,
    by_uai: HashMap<Uai, Place>,
    by_dn: HashMap<Box<str>, Place>,
    /// By join key without its source; `None` when two sources use the same.
    by_key: HashMap<Box<str>, Option<Place>>,
}

impl Table {
    /// Learns the names of a structure. The second with the same national number is not learnt, and is rejected when its
    /// turn to be read comes.
    pub fn learn(&mut self, entry: &Entry, mapping: &Mapping) {
        let (Ok(uai), Ok(keys)) = (national_number(entry, mapping), entry.texts(&mapping.structures.key)) else {
            return;
        };
        if self.by_uai.contains_key(&uai) {
            return;
        }
        let Ok(place) = Place::try_from(self.places.len()) else { return };
        for key in keys {
            let known = self.by_key.entry(bare_key(key).into()).or_insert(Some(place));
            if *known != Some(place) {
                *known = None;
            }
        }
        self.by_dn.insert(comparable_dn(&entry.dn).into(), place);
        self.by_uai.insert(uai.clone(), place);
        self.places.push((uai, kind(entry, mapping).unwrap_or(EstablishmentKind::Other)));
    }

    /// Whether none was learnt.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many were learnt.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The structure a value names: by DN, by join key with or without its source, or by national number.
    pub fn find(&self, name: &str) -> Option<Place> {
        if name.contains('=') {
            return self.by_dn.get(comparable_dn(name).as_str()).copied();
        }
        if let Some(place) = self.by_key.get(bare_key(name)) {
            return *place;
        }
        self.by_uai.get(&name.parse().ok()?).copied()
    }

    /// The collège of a sector, by its national number also where it is in no source of ours: écoles and their collège may be of two ENTs.
    fn sector(&self, name: &str) -> Option<Uai> {
        self.find(name).map(|place| self.uai(place).clone()).or_else(|| name.parse().ok())
    }

    /// The structure of a national number.
    pub(crate) fn place(&self, uai: &Uai) -> Option<Place> {
        self.by_uai.get(uai).copied()
    }

    /// Every name of every structure, and what it names, in one order: two tables that differ in none of them read
    /// everybody alike.
    pub fn names(&self) -> Vec<String> {
        let what = |place: Place| {
            let (uai, kind) = &self.places[place as usize];
            format!("{uai} {kind:?}")
        };
        let by_dn = self.by_dn.iter().map(|(dn, place)| format!("{dn} {}", what(*place)));
        let by_key = self.by_key.iter().map(|(key, place)| format!("{key} {}", place.map(what).unwrap_or_default()));
        let mut names: Vec<String> = by_dn.chain(by_key).collect();
        names.sort_unstable();
        names
    }

    /// The national number of a structure.
    pub fn uai(&self, place: Place) -> &Uai {
        &self.places[place as usize].0
    }

    /// How the office of a structure knows a pupil, whose number it is.
    pub(crate) fn enrolment(&self, place: Place, number: &str) -> Box<Enrolment> {
        let (establishment, kind) = &self.places[place as usize];
        let first_degree = *kind == EstablishmentKind::Ecole;
        Box::new(Enrolment { establishment: establishment.clone(), number: number.to_owned(), first_degree })
    }

    /// The record of a structure.
    pub fn record(&self, entry: &Entry, mapping: &Mapping) -> Result<EstablishmentRecord, Misfit> {
        let m = &mapping.structures;
        let key = entry.needed(&m.key, MAX_KEY)?;
        let uai = national_number(entry, mapping)?;
        let learnt = self.by_dn.get(comparable_dn(&entry.dn).as_str());
        if learnt.is_none_or(|place| *self.uai(*place) != uai) {
            return Err(Misfit(format!("another entry has the same {}", m.uai.first())));
        }
        let shown = entry.needed(&m.name, 2 * MAX_NAME)?;
        let plain = plain_name(&shown);
        let parts: Vec<&str> = shown.split('$').map(str::trim).filter(|part| !part.is_empty()).collect();
        let (name, town) = match parts.as_slice() {
            [_, name, town, ..] => (*name, Some((*town).to_owned())),
            [_, name] => (*name, None),
            _ => (plain.as_str(), None),
        };
        let mut groups = read_groups(entry, &m.classes, GroupKind::Class)?;
        groups.extend(read_groups(entry, &m.groups, GroupKind::Group)?);
        if groups.len() > MAX_GROUPS {
            return Err(Misfit(format!("more than {MAX_GROUPS} classes and groups")));
        }
        let sector = entry.one(&m.sector, MAX_NAME)?;
        Ok(EstablishmentRecord {
            key: bare_key(&key).to_owned(),
            kind: kind(entry, mapping)?,
            name: field(&m.name, name, MAX_NAME)?,
            city: entry.one(&m.city, MAX_NAME)?.or(town),
            sector: sector.and_then(|name| self.sector(&name)).filter(|s| *s != uai),
            uai,
            groups,
        })
    }

    /// The classes and groups a pupil names together with their labels, and where they are: some schools do not list theirs.
    pub fn groups_named(&self, pupil: &Entry, mapping: &Mapping) -> Vec<(Uai, Group)> {
        let mut named = Vec::new();
        for (vector, code, kind) in [
            (&mapping.pupils.classes, Field::Class, GroupKind::Class),
            (&mapping.pupils.groups, Field::Group, GroupKind::Group),
        ] {
            if !vector.has(Field::Label) {
                continue;
            }
            for value in vector.read(pupil).unwrap_or_default() {
                let text = |part, most| field(&vector.attribute, value.get(part), most).unwrap_or_default();
                let (code, label) = (text(code, MAX_CODE), text(Field::Label, MAX_LABEL));
                if let (Some(place), false) = (self.find(value.get(Field::Structure)), code.is_empty()) {
                    let label = if label.is_empty() { code.clone() } else { label };
                    named.push((self.uai(place).clone(), Group { code, label, kind, mefs: Vec::new() }));
                }
            }
        }
        named
    }
}

/// A name written `CLG-DES TILLEULS-ac-NOTOS`, without the academy and with its kind as a word.
fn plain_name(shown: &str) -> String {
    match shown.rsplit_once("-ac-").map(|(name, _)| name.split_once('-')) {
        Some(Some((kind, name))) if !kind.trim().is_empty() && !name.trim().is_empty() => {
            format!("{} {}", kind.trim(), name.trim())
        }
        _ => shown.to_owned(),
    }
}

fn national_number(entry: &Entry, mapping: &Mapping) -> Result<Uai, Misfit> {
    let attribute = &mapping.structures.uai;
    let text = attribute.needed(entry, 20)?;
    text.parse().map_err(|what| Misfit(format!("{}: {what}", attribute.first())))
}

fn kind(entry: &Entry, mapping: &Mapping) -> Result<EstablishmentKind, Misfit> {
    for rule in &mapping.structures.kinds {
        if entry.texts(&rule.attribute)?.into_iter().any(|value| rule.fits(value)) {
            return Ok(rule.kind);
        }
    }
    Ok(EstablishmentKind::Other)
}

fn read_groups(entry: &Entry, vector: &Vector, kind: GroupKind) -> Result<Vec<Group>, Misfit> {
    let mut groups: Vec<Group> = Vec::new();
    for value in vector.read(entry)? {
        let code = field(&vector.attribute, value.get(Field::Code), MAX_CODE)?;
        let label = field(&vector.attribute, value.get(Field::Label), MAX_LABEL)?;
        if code.is_empty() {
            return Err(Misfit(format!("a value of {} has no code", vector.attribute)));
        }
        let mefs = value.all(Field::Mef).filter(|mef| !mef.is_empty()).take(MAX_MEFS);
        let mefs = mefs.map(|mef| field(&vector.attribute, mef, MAX_CODE)).collect::<Result<_, _>>()?;
        let label = if label.is_empty() { code.clone() } else { label };
        groups.push(Group { code, label, kind, mefs });
    }
    // A directory sends values in any order: the same structure must always give the same record.
    groups.sort_by(|a, b| a.code.cmp(&b.code));
    groups.dedup_by(|a, b| a.code == b.code);
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn school(dn: &str, key: &str, uai: &str) -> Entry {
        Entry::made(
            dn,
            &[
                ("ENTStructureJointure", &[key]),
                ("ENTStructureUAI", &[uai]),
                ("ENTStructureNomCourant", &["CLG$Collège Mica$Ajoncval"]),
                ("ENTStructureTypeStruct", &["COLLEGE"]),
                ("ENTStructureClasses", &["6B$Sixième B$1001", "6A$$1001"]),
                ("ENTStructureGroupes", &["6ANG1$Anglais 1$6A$6B"]),
            ],
        )
    }

    #[test]
    fn a_structure_is_found_by_each_of_its_names() {
        let mapping = Mapping::ldap();
        let entry = school("ENTStructureSIREN=1,ou=structures,dc=x", "AC-NOTOS$9001", "0990001N");
        let mut table = Table::default();
        table.learn(&entry, &mapping);
        for name in ["entstructuresiren=1, ou=structures,dc=x", "9001", "AC-NOTOS$9001", "0990001N"] {
            assert_eq!(table.find(name), Some(0), "{name}");
        }
        assert_eq!(table.find("9002"), None);
        let record = table.record(&entry, &mapping).expect("it fits");
        assert_eq!((record.name.as_str(), record.city.as_deref()), ("Collège Mica", Some("Ajoncval")));
        assert_eq!(record.kind, EstablishmentKind::College);
        let codes: Vec<&str> = record.groups.iter().map(|g| g.code.as_str()).collect();
        assert_eq!(codes, ["6A", "6B", "6ANG1"]);
        assert_eq!(record.groups[0].label, "6A", "a class without a name is called by its code");
    }

    #[test]
    fn the_sector_of_an_ecole_is_known_also_where_its_college_is_not() {
        let mapping = Mapping::ldap();
        let college = school("cn=1", "AC-NOTOS$9001", "0990001N");
        let ecole = |sector: &str| {
            let said: &[(&str, &[&str])] = &[
                ("ENTStructureJointure", &["AC-NOTOS$9002"]),
                ("ENTStructureUAI", &["0990101X"]),
                ("ENTStructureNomCourant", &["École Mica"]),
                ("ENTStructureTypeStruct", &["ECOLE"]),
                ("ENTEcoleSecteur", &[sector]),
            ];
            Entry::made("cn=2", said)
        };
        let mut table = Table::default();
        table.learn(&college, &mapping);
        table.learn(&ecole("9001"), &mapping);
        let sector = |name: &str| table.record(&ecole(name), &mapping).expect("it fits").sector;
        let uai = |text: &str| Some(text.parse().expect("a number"));
        for name in ["9001", "AC-NOTOS$9001", "0990001N"] {
            assert_eq!(sector(name), uai("0990001N"), "{name}");
        }
        assert_eq!(sector("0990002P"), uai("0990002P"), "a collège of another ENT");
        for nothing in ["9003", "0990002A", "0990101X"] {
            assert_eq!(sector(nothing), None, "{nothing}: unknown, with the wrong letter, or itself");
        }
    }

    #[test]
    fn a_name_with_its_academy_is_shown_without() {
        assert_eq!(plain_name("CLG-DES TILLEULS-ac-NOTOS"), "CLG DES TILLEULS");
        assert_eq!(plain_name("LP-SAINT-MICA-ac-NOTOS"), "LP SAINT-MICA");
        assert_eq!(plain_name("Collège Saint-Mica"), "Collège Saint-Mica");
        assert_eq!(plain_name("-ac-NOTOS"), "-ac-NOTOS");
    }

    #[test]
    fn the_second_structure_of_a_number_is_rejected() {
        let mapping = Mapping::ldap();
        let mut table = Table::default();
        let first = school("cn=1", "AC-NOTOS$9001", "0990001N");
        let second = school("cn=2", "AC-NOTOS$9002", "0990001N");
        table.learn(&first, &mapping);
        table.learn(&second, &mapping);
        assert!(table.record(&first, &mapping).is_ok());
        assert!(table.record(&second, &mapping).is_err());
        assert!(table.record(&school("cn=3", "AC-NOTOS$9003", "0990001A"), &mapping).is_err(), "wrong key letter");
    }

    #[test]
    fn a_key_that_two_sources_use_names_nobody() {
        let mapping = Mapping::ldap();
        let mut table = Table::default();
        table.learn(&school("cn=1", "AC-NOTOS$9001", "0990001N"), &mapping);
        table.learn(&school("cn=2", "AC-BOREE$9001", "0990002P"), &mapping);
        assert_eq!(table.find("9001"), None);
        assert_eq!(table.find("cn=2"), Some(1));
    }
}
