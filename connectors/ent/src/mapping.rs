//! Which attribute carries what, as data: a file of `mapping/` for each rendering of the ENT schema, a file of the
//! operator's for others. Reading values is [`crate::people`]'s and [`crate::structures`]'s.

use crate::entry::{Entry, Misfit};
use preau_domain::{Affiliation, EstablishmentKind, Profile};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The ENT schema in a directory.
const LDAP: &str = include_str!("../mapping/ldap.toml");
/// AAF of the first degree: écoles.
const AAF_1D: &str = include_str!("../mapping/aaf-1d.toml");
/// AAF of the second degree: collèges and lycées.
const AAF_2D: &str = include_str!("../mapping/aaf-2d.toml");

/// A whole mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Structures.
    pub structures: Structures,
    /// Everybody.
    pub people: People,
    /// Pupils.
    pub pupils: Pupils,
    /// Everybody else.
    pub staff: Staff,
    /// Profiles whose dates of birth are asked for.
    #[serde(skip)]
    confirmed: Vec<Profile>,
}

/// What is read of a structure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structures {
    /// Filter of the search, where the source is searched.
    #[serde(default)]
    pub filter: String,
    /// Join key.
    pub key: String,
    /// National number.
    pub uai: OneOf,
    /// Name people know.
    pub name: String,
    /// Town.
    pub city: String,
    /// The collège of an école's sector: a join key or a national number.
    pub sector: String,
    /// Classes.
    pub classes: Vector,
    /// Groups.
    pub groups: Vector,
    /// Kinds; the first that fits.
    pub kinds: Vec<KindRule>,
}

/// What makes a structure of some kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindRule {
    /// The kind.
    pub kind: EstablishmentKind,
    /// Attribute that says so.
    pub attribute: String,
    /// Values that say so, whole.
    #[serde(default)]
    pub values: Vec<String>,
    /// Beginnings of values that say so; an empty one fits any value.
    #[serde(default)]
    pub begins: Vec<String>,
}

impl KindRule {
    /// Whether a value says so; case does not matter.
    pub fn fits(&self, value: &str) -> bool {
        let value = value.to_uppercase();
        self.values.iter().any(|v| v.to_uppercase() == value)
            || self.begins.iter().any(|v| value.starts_with(&v.to_uppercase()))
    }
}

/// What is read of everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Join key.
    pub key: String,
    /// Login, where the source has one.
    pub login: Option<String>,
    /// Family name.
    pub family_name: String,
    /// Given name.
    pub given_name: String,
    /// `M.` or `Mme`, in any of the spellings of `titles`.
    pub title: String,
    /// Mail address.
    pub mail: String,
    /// National profiles.
    pub profiles: String,
    /// Home structure.
    pub home: String,
    /// Date of birth, where the source tells it: asked for by [`Mapping::confirming`] alone.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// Filter that finds a login, where the source is searched.
    #[serde(default)]
    pub sign_in: String,
    /// Spellings of titles.
    #[serde(default)]
    pub titles: BTreeMap<String, String>,
}

/// What is read of a pupil.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pupils {
    /// Filter of the search, where the source is searched.
    #[serde(default)]
    pub filter: String,
    /// National education level.
    pub mef: String,
    /// Level; the first attribute that is there.
    pub level: Vec<String>,
    /// Number by which the office of the home structure knows the pupil.
    #[serde(default)]
    pub number: Option<String>,
    /// Classes.
    pub classes: Vector,
    /// Groups.
    pub groups: Vector,
    /// Adults around the pupil.
    pub guardians: Vector,
    /// Legal weight of every adult the vector names, where the vector does not say it.
    #[serde(default)]
    pub legal: Option<String>,
}

/// What is read of everybody else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Filter of the search, where the source is searched.
    #[serde(default)]
    pub filter: String,
    /// What people do where.
    pub functions: Vector,
    /// Classes, groups and subjects taught.
    pub teaching: Vec<Vector>,
    /// Pupils whom the entry of an adult names, by DN or join key. It gives no right: it says which pupils to ask.
    #[serde(default)]
    pub pupils: Option<String>,
}

/// What a field of a vector is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// DN, join key or national number of a structure.
    Structure,
    /// Class code.
    Class,
    /// Group code.
    Group,
    /// Function code.
    Function,
    /// Discipline code.
    Discipline,
    /// Subject code.
    Subject,
    /// Class that the teacher is the *professeur principal* of.
    HeadClass,
    /// DN or join key of a person.
    Person,
    /// Link code.
    Link,
    /// Legal weight.
    Legal,
    /// Code of what the value describes.
    Code,
    /// Its label.
    Label,
    /// National education level.
    Mef,
    /// Not read.
    #[serde(rename = "-")]
    Unread,
}

/// An attribute whose values pack several fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The attribute.
    pub attribute: String,
    fields: Vec<Field>,
    #[serde(default)]
    rest: Option<Field>,
}

/// A text that one of several attributes carries, the first that does.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOf {
    /// One attribute.
    One(String),
    /// Several, the one in use first.
    Several(Vec<String>),
}

impl OneOf {
    /// The attributes.
    pub fn names(&self) -> &[String] {
        match self {
            OneOf::One(name) => std::slice::from_ref(name),
            OneOf::Several(names) => names,
        }
    }

    /// The name of the attribute in use, for a report.
    pub fn first(&self) -> &str {
        self.names().first().map_or("", String::as_str)
    }

    /// The value, cleaned, of at most `most` characters.
    pub(crate) fn needed(&self, entry: &Entry, most: usize) -> Result<String, Misfit> {
        for name in self.names() {
            if let Some(value) = entry.one(name, most)? {
                return Ok(value);
            }
        }
        Err(Misfit(format!("{} is missing", self.first())))
    }
}

/// One value of a vector, taken apart.
pub struct Fields<'a> {
    vector: &'a Vector,
    parts: Vec<&'a str>,
}

impl Vector {
    /// Takes the values of an entry apart. One with another number of fields makes the entry a misfit.
    pub fn read<'a>(&'a self, entry: &'a Entry) -> Result<Vec<Fields<'a>>, Misfit> {
        entry.texts(&self.attribute)?.into_iter().map(|value| self.take_apart(value)).collect()
    }

    /// Whatever may be the person of a value: the field that says so, or any field of a value that cannot be taken apart.
    pub fn may_name<'a>(&'a self, entry: &'a Entry) -> Vec<&'a str> {
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

    pub(crate) fn has(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }
}

impl<'a> Fields<'a> {
    /// A field; empty when the vector has none of this kind.
    pub fn get(&self, field: Field) -> &'a str {
        self.all(field).next().unwrap_or_default()
    }

    /// All fields of a kind.
    pub fn all(&self, field: Field) -> impl Iterator<Item = &'a str> + '_ {
        let kinds = self.vector.fields.iter().copied().map(Some).chain(std::iter::repeat(self.vector.rest));
        kinds.zip(&self.parts).filter(move |(kind, _)| *kind == Some(field)).map(|(_, part)| *part)
    }
}

impl Mapping {
    /// The ENT schema in a directory.
    pub fn ldap() -> Self {
        Self::built_in(LDAP)
    }

    /// AAF of the first degree.
    pub fn aaf_1d() -> Self {
        Self::built_in(AAF_1D)
    }

    /// AAF of the second degree.
    pub fn aaf_2d() -> Self {
        Self::built_in(AAF_2D)
    }

    fn built_in(text: &str) -> Self {
        toml::from_str(text).expect("the mappings in this crate are read by its tests")
    }

    /// Reads a mapping; the error says what is wrong where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mapping: Mapping = toml::from_str(text).map_err(|error| error.to_string())?;
        mapping.check()?;
        Ok(mapping)
    }

    /// The same, which asks for the date of birth of whoever is one of these; the error says that no attribute tells it.
    pub fn confirming(self, profiles: &[Profile]) -> Result<Self, String> {
        if !profiles.is_empty() && self.people.birth_date.is_none() {
            return Err("people.birth_date is missing, and confirm_birth_date asks for it".into());
        }
        Ok(Mapping { confirmed: profiles.to_vec(), ..self })
    }

    /// The attribute that tells the date of birth, if it is asked for of somebody for whom that holds.
    fn birth_date(&self, of: impl Fn(&Profile) -> bool) -> Option<&String> {
        self.people.birth_date.as_ref().filter(|_| self.confirmed.iter().any(of))
    }

    /// The same of somebody who is that.
    pub(crate) fn birth_date_of(&self, affiliations: &[Affiliation]) -> Option<&String> {
        self.birth_date(|asked| affiliations.iter().any(|at| at.profile == *asked))
    }

    /// Says what a mapping cannot do without.
    fn check(&self) -> Result<(), String> {
        let mut needs: Vec<(&Vector, &[Field])> = vec![
            (&self.structures.classes, &[Field::Code]),
            (&self.structures.groups, &[Field::Code]),
            (&self.pupils.classes, &[Field::Structure, Field::Class]),
            (&self.pupils.groups, &[Field::Structure, Field::Group]),
            (
                &self.pupils.guardians,
                if self.pupils.legal.is_some() { &[Field::Person] } else { &[Field::Person, Field::Legal] },
            ),
            (&self.staff.functions, &[Field::Structure, Field::Function]),
        ];
        needs.extend(self.staff.teaching.iter().map(|vector| (vector, &[Field::Structure][..])));
        for (vector, fields) in needs {
            if let Some(field) = fields.iter().find(|field| !vector.has(**field)) {
                return Err(format!("the fields of {} must have one that is {field:?}", vector.attribute));
            }
        }
        if self.structures.uai.names().is_empty() {
            return Err("structures.uai must name an attribute".into());
        }
        Ok(())
    }

    /// Attributes asked for when the names and kinds of structures are learnt.
    pub fn structure_names(&self) -> Vec<String> {
        let s = &self.structures;
        attributes([&s.key], s.uai.names().iter().chain(s.kinds.iter().map(|rule| &rule.attribute)))
    }

    /// Attributes asked for of a structure.
    pub fn of_structures(&self) -> Vec<String> {
        let s = &self.structures;
        let kinds = s.kinds.iter().map(|rule| &rule.attribute);
        attributes(
            [&s.key, &s.name, &s.city, &s.sector],
            [&s.classes.attribute, &s.groups.attribute].into_iter().chain(s.uai.names()).chain(kinds),
        )
    }

    fn of_everybody(&self) -> [&String; 7] {
        let p = &self.people;
        [&p.key, &p.family_name, &p.given_name, &p.title, &p.mail, &p.profiles, &p.home]
    }

    /// Attributes asked for of a pupil.
    pub fn of_pupils(&self) -> Vec<String> {
        let p = &self.pupils;
        let vectors = [&p.mef, &p.classes.attribute, &p.groups.attribute, &p.guardians.attribute];
        let birth_date = self.birth_date(|asked| *asked == Profile::Pupil);
        let more = p.level.iter().chain(&p.number).chain(&self.people.login).chain(birth_date);
        attributes(self.of_everybody(), vectors.into_iter().chain(more))
    }

    /// Attributes asked for of everybody else.
    pub fn of_staff(&self) -> Vec<String> {
        let teaching = self.staff.teaching.iter().map(|vector| &vector.attribute);
        attributes(
            self.of_everybody(),
            std::iter::once(&self.staff.functions.attribute)
                .chain(teaching)
                .chain(&self.people.login)
                .chain(self.birth_date(|asked| *asked != Profile::Pupil)),
        )
    }

    /// Attributes asked for of everybody else where pupils are not read beside them.
    pub fn of_staff_alone(&self) -> Vec<String> {
        self.of_staff().into_iter().chain(self.staff.pupils.clone()).collect()
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
    fn the_built_in_mappings_hold_together() {
        for text in [LDAP, AAF_1D, AAF_2D] {
            assert!(Mapping::parse(text).is_ok(), "{:?}", Mapping::parse(text).err());
        }
        assert!(Mapping::ldap().of_pupils().contains(&"ENTEleveClasses".to_owned()));
        assert!(!Mapping::ldap().of_staff().iter().any(|a| a == "userPassword"));
    }

    #[test]
    fn a_date_of_birth_is_asked_for_where_somebody_said_so() {
        let asked = |profiles: &[Profile]| {
            let mapping = Mapping::ldap().confirming(profiles).expect("it tells the date");
            [mapping.of_pupils(), mapping.of_staff(), mapping.of_staff_alone()]
                .map(|attributes| attributes.contains(&"ENTPersonDateNaissance".to_owned()))
        };
        assert_eq!(asked(&[]), [false; 3]);
        assert_eq!(asked(&[Profile::Pupil]), [true, false, false]);
        assert_eq!(asked(&[Profile::Guardian]), [false, true, true]);
        let without = LDAP.replacen("birth_date = ", "# ", 1);
        let without = || Mapping::parse(&without).expect("it can do without");
        assert!(without().confirming(&[Profile::Pupil]).is_err() && without().confirming(&[]).is_ok());
    }

    #[test]
    fn a_mapping_that_lacks_something_is_refused() {
        for (from, to) in [
            ("\"person\", \"link\"", "\"-\", \"link\""),
            ("uai = \"ENTStructureUAI\"", "uai = []"),
            ("[people]", "[people]\nbirthday = \"x\""),
        ] {
            assert!(Mapping::parse(&LDAP.replacen(from, to, 1)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_vector_has_the_fields_it_says() {
        let mapping = Mapping::ldap();
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
