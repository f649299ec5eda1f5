//! Which attribute of a directory carries what, as data: `mapping/ent.toml` for the ENT schema, a file of the operator's
//! for others. Reading values is [`crate::people`]'s and [`crate::structures`]'s.

use crate::entry::{Entry, Misfit};
use preau_domain::EstablishmentKind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The mapping of the ENT schema.
const BUILT_IN: &str = include_str!("../mapping/ent.toml");

/// A whole mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    pub(crate) structures: Structures,
    pub(crate) people: People,
    pub(crate) pupils: Pupils,
    pub(crate) staff: Staff,
}

/// What is read of a structure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Structures {
    pub(crate) filter: String,
    pub(crate) key: String,
    pub(crate) uai: String,
    pub(crate) name: String,
    pub(crate) city: String,
    pub(crate) sector: String,
    pub(crate) classes: Vector,
    pub(crate) groups: Vector,
    pub(crate) kinds: Vec<KindRule>,
}

/// What makes a structure of some kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindRule {
    pub(crate) kind: EstablishmentKind,
    pub(crate) attribute: String,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) begins: Vec<String>,
}

impl KindRule {
    /// Whether a value says so; case does not matter.
    pub(crate) fn fits(&self, value: &str) -> bool {
        let value = value.to_uppercase();
        self.values.iter().any(|v| v.to_uppercase() == value)
            || self.begins.iter().any(|v| value.starts_with(&v.to_uppercase()))
    }
}

/// What is read of everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct People {
    pub(crate) key: String,
    pub(crate) login: String,
    pub(crate) family_name: String,
    pub(crate) given_name: String,
    pub(crate) title: String,
    pub(crate) mail: String,
    pub(crate) profiles: String,
    pub(crate) home: String,
    pub(crate) sign_in: String,
    #[serde(default)]
    pub(crate) titles: BTreeMap<String, String>,
}

/// What is read of a pupil.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pupils {
    pub(crate) filter: String,
    pub(crate) mef: String,
    pub(crate) level: Vec<String>,
    pub(crate) classes: Vector,
    pub(crate) groups: Vector,
    pub(crate) guardians: Vector,
}

/// What is read of everybody else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Staff {
    pub(crate) filter: String,
    pub(crate) functions: Vector,
    pub(crate) teaching: Vec<Vector>,
}

/// What a field of a vector is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Field {
    Structure,
    Class,
    Group,
    Function,
    Discipline,
    Subject,
    HeadClass,
    Person,
    Link,
    Legal,
    Code,
    Label,
    Mef,
    #[serde(rename = "-")]
    Unread,
}

/// An attribute whose values pack several fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) attribute: String,
    fields: Vec<Field>,
    #[serde(default)]
    rest: Option<Field>,
}

/// One value of a vector, taken apart.
pub(crate) struct Fields<'a> {
    vector: &'a Vector,
    parts: Vec<&'a str>,
}

impl Vector {
    /// Takes the values of an entry apart. One with another number of fields makes the entry a misfit.
    pub(crate) fn read<'a>(&'a self, entry: &'a Entry) -> Result<Vec<Fields<'a>>, Misfit> {
        entry.texts(&self.attribute)?.into_iter().map(|value| self.take_apart(value)).collect()
    }

    /// Whatever may be the person of a value: the field that says so, or any field of a value that cannot be taken apart.
    pub(crate) fn may_name<'a>(&'a self, entry: &'a Entry) -> Vec<&'a str> {
        let mut names = Vec::new();
        for value in entry.lossy_texts(&self.attribute) {
            match self.take_apart(value) {
                Ok(fields) => names.push(fields.get(Field::Person)),
                Err(_) => names.extend(value.split('$').map(str::trim)),
            }
        }
        names.retain(|name| !name.is_empty());
        names
    }

    fn take_apart<'a>(&'a self, value: &'a str) -> Result<Fields<'a>, Misfit> {
        let parts: Vec<&str> = value.split('$').map(str::trim).collect();
        let (found, wanted) = (parts.len(), self.fields.len());
        if found == wanted || (self.rest.is_some() && found > wanted) {
            Ok(Fields { vector: self, parts })
        } else {
            Err(Misfit(format!("a value of {} has {found} fields instead of {wanted}", self.attribute)))
        }
    }

    fn has(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }
}

impl<'a> Fields<'a> {
    /// A field; empty when the vector has none of this kind.
    pub(crate) fn get(&self, field: Field) -> &'a str {
        self.all(field).next().unwrap_or_default()
    }

    /// All fields of a kind.
    pub(crate) fn all(&self, field: Field) -> impl Iterator<Item = &'a str> + '_ {
        let kinds = self.vector.fields.iter().copied().map(Some).chain(std::iter::repeat(self.vector.rest));
        kinds.zip(&self.parts).filter(move |(kind, _)| *kind == Some(field)).map(|(_, part)| *part)
    }
}

impl Mapping {
    /// The mapping of the ENT schema.
    pub(crate) fn built_in() -> Self {
        toml::from_str(BUILT_IN).expect("the mapping in this crate is read by its tests")
    }

    /// Reads a mapping; the error says what is wrong where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mapping: Mapping = toml::from_str(text).map_err(|error| error.to_string())?;
        mapping.check()?;
        Ok(mapping)
    }

    /// Says what a mapping cannot do without.
    fn check(&self) -> Result<(), String> {
        let mut needs: Vec<(&Vector, &[Field])> = vec![
            (&self.structures.classes, &[Field::Code]),
            (&self.structures.groups, &[Field::Code]),
            (&self.pupils.classes, &[Field::Structure, Field::Class]),
            (&self.pupils.groups, &[Field::Structure, Field::Group]),
            (&self.pupils.guardians, &[Field::Person, Field::Legal]),
            (&self.staff.functions, &[Field::Structure, Field::Function]),
        ];
        needs.extend(self.staff.teaching.iter().map(|vector| (vector, &[Field::Structure][..])));
        for (vector, fields) in needs {
            if let Some(field) = fields.iter().find(|field| !vector.has(**field)) {
                return Err(format!("the fields of {} must have one that is {field:?}", vector.attribute));
            }
        }
        if self.people.sign_in.matches("{login}").count() != 1 {
            return Err("people.sign_in must hold {login} once".into());
        }
        let filled = self.people.sign_in.replace("{login}", "x");
        for filter in [&self.structures.filter, &self.pupils.filter, &self.staff.filter, &filled] {
            ldap3::parse_filter(filter).map_err(|_| format!("{filter} is not a filter"))?;
        }
        Ok(())
    }

    /// Attributes asked for when the names of structures are learnt.
    pub(crate) fn structure_names(&self) -> Vec<String> {
        attributes([&self.structures.key, &self.structures.uai], [])
    }

    /// Attributes asked for of a structure.
    pub(crate) fn of_structures(&self) -> Vec<String> {
        let s = &self.structures;
        let kinds = s.kinds.iter().map(|rule| &rule.attribute);
        attributes(
            [&s.key, &s.uai, &s.name, &s.city, &s.sector],
            [&s.classes.attribute, &s.groups.attribute].into_iter().chain(kinds),
        )
    }

    fn of_everybody(&self) -> [&String; 8] {
        let p = &self.people;
        [&p.key, &p.login, &p.family_name, &p.given_name, &p.title, &p.mail, &p.profiles, &p.home]
    }

    /// Attributes asked for of a pupil.
    pub(crate) fn of_pupils(&self) -> Vec<String> {
        let p = &self.pupils;
        let vectors = [&p.mef, &p.classes.attribute, &p.groups.attribute, &p.guardians.attribute];
        attributes(self.of_everybody(), vectors.into_iter().chain(&p.level))
    }

    /// Attributes asked for of everybody else.
    pub(crate) fn of_staff(&self) -> Vec<String> {
        let teaching = self.staff.teaching.iter().map(|vector| &vector.attribute);
        attributes(self.of_everybody(), std::iter::once(&self.staff.functions.attribute).chain(teaching))
    }
}

fn attributes<'a, const N: usize>(some: [&'a String; N], more: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut all: Vec<String> = some.into_iter().chain(more).cloned().collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_mapping_holds_together() {
        assert!(Mapping::parse(BUILT_IN).is_ok());
        assert!(Mapping::built_in().of_pupils().contains(&"ENTEleveClasses".to_owned()));
        assert!(!Mapping::built_in().of_staff().iter().any(|a| a == "userPassword"));
    }

    #[test]
    fn a_mapping_that_lacks_something_is_refused() {
        for (from, to) in [
            ("(ENTPersonLogin={login})", "(ENTPersonLogin=x)"),
            ("\"person\", \"link\"", "\"-\", \"link\""),
            ("(objectClass=ENTEleve)\"", "(objectClass=ENTEleve\""),
            ("[people]", "[people]\nbirthday = \"x\""),
        ] {
            assert!(Mapping::parse(&BUILT_IN.replacen(from, to, 1)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_vector_has_the_fields_it_says() {
        let mapping = Mapping::built_in();
        let entry = |value| Entry::made("x", &[("ENTStructureClasses", &[value]), ("ENTPersonFonctions", &[value])]);
        let fits = entry("6B$Sixième B$1001$1002");
        let read = mapping.structures.classes.read(&fits).expect("two fields and more");
        assert_eq!(read[0].get(Field::Label), "Sixième B");
        assert_eq!(read[0].all(Field::Mef).collect::<Vec<_>>(), ["1001", "1002"]);
        assert!(mapping.structures.classes.read(&entry("6B")).is_err());
        let Err(Misfit(reason)) = mapping.staff.functions.read(&fits) else { panic!("four fields") };
        assert_eq!(reason, "a value of ENTPersonFonctions has 4 fields instead of 5");
    }
}
