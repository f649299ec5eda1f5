//! Entries of people as records: what they are in each structure, from vectors taken apart by [`crate::mapping`].

use crate::entry::{Entry, Misfit, field};
use crate::guardians::{Links, MAX_CHILDREN, legal};
use crate::keys::Keys;
use crate::mapping::{Field, Mapping, Vector};
use crate::structures::{Place, Table};
use crate::ties;
use preau_connector_api::{Birth, Met, PersonRecord, Record, Rejected};
use preau_domain::{Affiliation, Legal, Profile, SourceId, normalised_login};

const MAX_NAME: usize = 100;
const MAX_MAIL: usize = 254;
const MAX_CODE: usize = 60;
const MAX_ENTRY: usize = 64;
const MAX_ADULT: usize = 300;
/// Longest number of a pupil.
const MAX_NUMBER: usize = 20;
/// Most adults around one pupil.
const MAX_ADULTS: usize = 20;
/// Most affiliations of one person.
const MAX_AFFILIATIONS: usize = 100;
/// Most classes, groups or subjects of one affiliation.
const MAX_OF_ONE: usize = 300;

/// What decides on people besides the mapping.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The source, for the keys of children.
    pub source: SourceId,
    /// Source of the join keys that are kept without their prefix.
    pub academy: Option<String>,
    /// Whether legal weight 2 opens the parents' view.
    pub in_charge: bool,
}

/// Reads everybody of one source: all pupils first, since what an adult may do comes from the pupils who name them.
pub struct Everybody<'a> {
    table: &'a Table,
    rules: Rules,
    keys: Keys,
    seen: Met,
    links: Links,
}

impl<'a> Everybody<'a> {
    /// Has read nobody yet; `table` knows every structure.
    pub fn new(table: &'a Table, rules: Rules) -> Self {
        let keys = Keys::new(rules.academy.clone());
        Everybody { table, rules, keys, seen: Met::default(), links: Links::default() }
    }

    fn reader<'m>(&'m self, mapping: &'m Mapping) -> Reader<'m> {
        Reader { mapping, keys: &self.keys, table: self.table }
    }

    /// The join key of an entry.
    pub fn key(&self, entry: &Entry, mapping: &Mapping) -> Result<String, Misfit> {
        self.keys.of(entry, &mapping.people.key)
    }

    /// A pupil. The adults whom a rejected pupil may name are doubtful from then on.
    pub fn pupil(&mut self, entry: &Entry, mapping: &Mapping) -> Record {
        let key = match self.first_time(entry, mapping) {
            Ok(key) => key,
            Err(rejected) => return self.reject_pupil(rejected, entry, mapping),
        };
        let reader = Reader { mapping, keys: &self.keys, table: self.table };
        match reader.pupil(entry, key.clone(), &mut self.links) {
            Ok(record) => Record::Person(record),
            Err(misfit) => self.reject_pupil(misfit.rejects(entry, Some(key)), entry, mapping),
        }
    }

    /// Notes that a pupil was rejected, for whatever reason: the adults whom the entry may name are doubtful.
    pub fn reject_pupil(&mut self, rejected: Rejected, entry: &Entry, mapping: &Mapping) -> Record {
        let reader = Reader { mapping, keys: &self.keys, table: self.table };
        reader.doubt_adults(entry, rejected.key.as_deref(), &mut self.links);
        Record::Rejected(rejected)
    }

    /// A pupil whose entry is not read, for it is as it was: what it says of adults is in the ties of the record. False when
    /// there is no room left.
    pub fn known_pupil(&mut self, key: &str, ties: &[String]) -> bool {
        ties.iter().all(|tie| ties::add(&mut self.links, key, tie, self.table))
    }

    /// The pupils whom the entry of an adult names, by DN or by join key: where somebody is met before the pupils who name them are.
    pub fn pupils_named(&self, entry: &Entry, mapping: &Mapping) -> Vec<String> {
        let own = self.key(entry, mapping).unwrap_or_default();
        let named = mapping.staff.pupils.iter().flat_map(|attribute| entry.lossy_texts(attribute));
        named
            .take(MAX_CHILDREN)
            .map(|name| if name.contains('=') { name.to_owned() } else { self.keys.beside(&own, name) })
            .collect()
    }

    /// The name under which entries of an academy write a join key, and the key itself.
    pub fn written(&self, key: &str) -> Vec<String> {
        let own = self.rules.academy.as_ref().filter(|_| !key.contains('$'));
        own.map(|academy| format!("{academy}${key}")).into_iter().chain([key.to_owned()]).collect()
    }

    /// All pupils were read.
    pub fn pupils_done(&mut self) {
        self.links.sort();
    }

    /// Anybody who is no pupil.
    pub fn adult(&mut self, entry: &Entry, mapping: &Mapping) -> Record {
        match self.first_time(entry, mapping) {
            Ok(key) => self.adult_of(entry, key, mapping),
            Err(rejected) => Record::Rejected(rejected),
        }
    }

    /// As [`Everybody::adult`], for a source that says itself which entries are of one person.
    pub fn adult_of(&self, entry: &Entry, key: String, mapping: &Mapping) -> Record {
        let reader = self.reader(mapping);
        match reader.adult(entry, key.clone(), &self.links, &self.rules) {
            Ok(person) if reader.is_doubtful(entry, &person.key, &self.links) => Record::Partial(person),
            Ok(person) => Record::Person(person),
            Err(misfit) => Record::Rejected(misfit.rejects(entry, Some(key))),
        }
    }

    fn first_time(&mut self, entry: &Entry, mapping: &Mapping) -> Result<String, Rejected> {
        let key = self.key(entry, mapping).map_err(|misfit| misfit.rejects(entry, None))?;
        if self.seen.first_time(&key) {
            return Ok(key);
        }
        let twice = Misfit(format!("another entry has the same {}", mapping.people.key));
        Err(twice.rejects(entry, Some(key)))
    }
}

/// What people are read with.
pub(crate) struct Reader<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) keys: &'a Keys,
    pub(crate) table: &'a Table,
}

impl Reader<'_> {
    /// A pupil; what they say of the adults around them is added to `links`.
    pub(crate) fn pupil(&self, entry: &Entry, key: String, links: &mut Links) -> Result<PersonRecord, Misfit> {
        let m = &self.mapping.pupils;
        let mut record = self.anybody(entry, key)?;
        let mut unknown = false;
        let mut places: Vec<(Place, Affiliation)> = Vec::new();
        let mut home = None;
        for name in entry.texts(&self.mapping.people.home)? {
            unknown |= self.at(&mut places, name, Profile::Pupil).is_none();
            home = home.or(self.table.find(name));
        }
        for value in m.classes.read(entry)? {
            let class = field(&m.classes.attribute, value.get(Field::Class), MAX_CODE)?;
            match self.at(&mut places, value.get(Field::Structure), Profile::Pupil) {
                Some(affiliation) if affiliation.classes.first().is_some_and(|other| *other != class) => {
                    return Err(Misfit(format!("{} gives two classes in one structure", m.classes.attribute)));
                }
                Some(affiliation) => insert(&mut affiliation.classes, class),
                None => unknown = true,
            }
        }
        for value in m.groups.read(entry)? {
            let group = field(&m.groups.attribute, value.get(Field::Group), MAX_CODE)?;
            match self.at(&mut places, value.get(Field::Structure), Profile::Pupil) {
                Some(affiliation) => insert(&mut affiliation.groups, group),
                None => unknown = true,
            }
        }
        let mef = entry.one(&m.mef, MAX_CODE)?;
        let mut level = None;
        for attribute in &m.level {
            level = entry.one(attribute, MAX_CODE)?;
            if level.is_some() {
                break;
            }
        }
        for (_, affiliation) in &mut places {
            affiliation.mef.clone_from(&mef);
            affiliation.level.clone_from(&level);
        }
        // Everything is taken apart before anything is kept: a rejected pupil gives no adult any right.
        let adults = self.adults(entry, &record.key)?;
        if places.is_empty() {
            return Err(nowhere(unknown, &m.classes));
        }
        let number = self.number(entry)?;
        for (_, affiliation) in places.iter_mut().filter(|(place, _)| Some(*place) == home) {
            affiliation.enrolment =
                number.as_deref().zip(home).map(|(number, home)| self.table.enrolment(home, number));
        }
        let number_at = |place: Place| number.as_deref().filter(|_| Some(place) == home);
        let at: Vec<(Place, Option<&str>)> = places.iter().map(|(place, _)| (*place, number_at(*place))).collect();
        record.affiliations = finished(places)?;
        record.birth = self.birth(entry, &record.affiliations);
        if record.entry.is_some() {
            record.ties = ties::of(&adults, &at, self.table);
        }
        for (place, number) in at {
            for (adult, code, legal) in &adults {
                if !links.add(adult, &record.key, number, place, code, *legal) {
                    return Err(Misfit("more parent links than can be held".into()));
                }
            }
        }
        Ok(record)
    }

    /// What the office of the home structure knows a pupil by; nothing, of what does not look like it.
    fn number(&self, entry: &Entry) -> Result<Option<String>, Misfit> {
        let Some(attribute) = &self.mapping.pupils.number else { return Ok(None) };
        let number = entry.one(attribute, MAX_CODE)?;
        let plain = |number: &String| number.len() <= MAX_NUMBER && number.bytes().all(|b| b.is_ascii_alphanumeric());
        Ok(number.filter(plain))
    }

    /// Notes the adults a rejected pupil may name: their rights come from this entry, and it says nothing now. `key` is
    /// the pupil's, if it could be read.
    pub(crate) fn doubt_adults(&self, entry: &Entry, key: Option<&str>, links: &mut Links) {
        for adult in self.mapping.pupils.guardians.may_name(entry) {
            if adult.contains('=') {
                links.doubt(adult);
            } else {
                links.doubt(&self.keys.beside(key.unwrap_or_default(), adult));
            }
        }
    }

    /// Whether what was read of an adult may not be all, because a rejected pupil may name them.
    pub(crate) fn is_doubtful(&self, entry: &Entry, key: &str, links: &Links) -> bool {
        links.doubts([key, &crate::entry::comparable_dn(&entry.dn)])
    }

    /// The adults a pupil names: join key or DN, link code, legal weight.
    fn adults(&self, entry: &Entry, pupil: &str) -> Result<Vec<(String, String, Legal)>, Misfit> {
        let vector = &self.mapping.pupils.guardians;
        let mut adults: Vec<(String, String, Legal)> = Vec::new();
        for value in vector.read(entry)? {
            let adult = field(&vector.attribute, value.get(Field::Person), MAX_ADULT)?;
            let code = field(&vector.attribute, value.get(Field::Link), 4)?;
            let legal = legal(self.mapping.pupils.legal.as_deref().unwrap_or_else(|| value.get(Field::Legal)));
            if adult.is_empty() || !code.is_ascii() {
                return Err(Misfit(format!("a value of {} names no person or no link", vector.attribute)));
            }
            let adult = if adult.contains('=') { adult } else { self.keys.beside(pupil, &adult) };
            match adults.iter().find(|(same, _, _)| *same == adult) {
                Some((_, _, weight)) if *weight == legal => {}
                // Which is right decides on a parent's rights: not ours to guess.
                Some(_) => return Err(Misfit(format!("{} gives one person two legal weights", vector.attribute))),
                None => adults.push((adult, code, legal)),
            }
        }
        if adults.len() > MAX_ADULTS {
            return Err(Misfit(format!("{} names more than {MAX_ADULTS} people", vector.attribute)));
        }
        Ok(adults)
    }

    /// Anybody who is no pupil: staff, adults of pupils, or both.
    pub(crate) fn adult(
        &self,
        entry: &Entry,
        key: String,
        links: &Links,
        rules: &Rules,
    ) -> Result<PersonRecord, Misfit> {
        let mut record = self.anybody(entry, key)?;
        let dn = crate::entry::comparable_dn(&entry.dn);
        let (guardian, children) = links.adult([&record.key, &dn], self.table, rules);
        let profiles: Vec<Profile> = entry
            .texts(&self.mapping.people.profiles)?
            .into_iter()
            .filter_map(|code| code.trim().parse().ok())
            .collect();
        let staff = self.staff(entry, &profiles)?;
        let is_guardian = !children.is_empty() || profiles.contains(&Profile::Guardian);
        let mut affiliations = match staff {
            Ok(affiliations) => affiliations,
            Err(_) if is_guardian => Vec::new(),
            Err(misfit) => return Err(misfit),
        };
        affiliations.extend(guardian);
        record.affiliations = sorted(affiliations)?;
        record.birth = self.birth(entry, &record.affiliations);
        record.children = children;
        Ok(record)
    }

    /// What somebody is as a member of staff: an error inside when there is nothing, which only matters to those who
    /// are nothing else.
    fn staff(&self, entry: &Entry, profiles: &[Profile]) -> Result<Result<Vec<Affiliation>, Misfit>, Misfit> {
        let functions = &self.mapping.staff.functions;
        let own =
            profiles.iter().copied().filter(|p| !matches!(p, Profile::Pupil | Profile::Guardian | Profile::Guest));
        let own: Vec<Profile> = own.collect();
        let mut places: Vec<(Place, Affiliation)> = Vec::new();
        let (mut unknown_structure, mut unknown_function) = (false, false);
        for value in functions.read(entry)? {
            let code = field(&functions.attribute, value.get(Field::Function), MAX_CODE)?;
            // A function nobody knows does not stop the reading: the profile of the entry speaks for it if it is one.
            let told = if code == "-" { None } else { Profile::from_function(&code) };
            let Some(profile) = told.or(if own.len() == 1 { own.first().copied() } else { None }) else {
                unknown_function = true;
                continue;
            };
            let discipline = field(&functions.attribute, value.get(Field::Discipline), MAX_CODE)?;
            match self.at(&mut places, value.get(Field::Structure), profile) {
                Some(affiliation) => {
                    insert(&mut affiliation.functions, code);
                    insert(&mut affiliation.subjects, discipline);
                }
                None => unknown_structure = true,
            }
        }
        if places.is_empty() && own.len() == 1 {
            for name in entry.texts(&self.mapping.people.home)? {
                unknown_structure |= self.at(&mut places, name, own[0]).is_none();
            }
        }
        if places.is_empty() {
            return Ok(Err(if unknown_function {
                Misfit(format!(
                    "{} names no function that opens anything, and no profile says more",
                    functions.attribute
                ))
            } else {
                nowhere(unknown_structure, functions)
            }));
        }
        for vector in &self.mapping.staff.teaching {
            for value in vector.read(entry)? {
                let Some(place) = self.table.find(value.get(Field::Structure)) else { continue };
                // Teaching is told of those who work there; the rest of a feed that lags behind is not believed.
                let Some(affiliation) = teacher_at(&mut places, place) else { continue };
                for (kind, into) in [
                    (Field::Class, &mut affiliation.classes),
                    (Field::Group, &mut affiliation.groups),
                    (Field::Subject, &mut affiliation.subjects),
                    (Field::HeadClass, &mut affiliation.head_teacher_of),
                ] {
                    for part in value.all(kind) {
                        insert(into, field(&vector.attribute, part, MAX_CODE)?);
                    }
                }
            }
        }
        finished(places).map(Ok)
    }

    /// What everybody has.
    fn anybody(&self, entry: &Entry, key: String) -> Result<PersonRecord, Misfit> {
        let m = &self.mapping.people;
        let login = match &m.login {
            None => None,
            Some(attribute) => {
                let typed = normalised_login(&entry.needed(attribute, 512)?);
                Some(typed.ok_or_else(|| Misfit(format!("{attribute} cannot be typed")))?)
            }
        };
        let title = entry.one(&m.title, MAX_NAME)?;
        let mail = entry.one(&m.mail, 2 * MAX_MAIL)?.filter(|mail| is_mail(mail));
        Ok(PersonRecord {
            key,
            given_name: entry.needed(&m.given_name, MAX_NAME)?,
            family_name: entry.needed(&m.family_name, MAX_NAME)?,
            title: title.and_then(|title| m.titles.get(&title).cloned()),
            login,
            mail,
            affiliations: Vec::new(),
            children: Vec::new(),
            entry: entry.one(ties::ENTRY, MAX_ENTRY)?.map(|name| name.to_lowercase()),
            ties: Vec::new(),
            birth: Birth::Untold,
        })
    }

    /// The date of birth of somebody who is that, if it is asked for. One that cannot be read rejects nobody.
    fn birth(&self, entry: &Entry, affiliations: &[Affiliation]) -> Birth {
        let Some(attribute) = self.mapping.birth_date_of(affiliations) else { return Birth::Untold };
        entry.one(attribute, MAX_CODE).map_or(Birth::Unread, |text| Birth::read(text.as_deref()))
    }

    /// The affiliation with this profile in the structure named, made if need be; `None` when nobody knows the structure.
    fn at<'p>(
        &self,
        places: &'p mut Vec<(Place, Affiliation)>,
        structure: &str,
        profile: Profile,
    ) -> Option<&'p mut Affiliation> {
        let place = self.table.find(structure)?;
        let at = places.iter().position(|(p, a)| *p == place && a.profile == profile);
        let at = at.unwrap_or_else(|| {
            places.push((place, Affiliation::new(self.table.uai(place).clone(), profile)));
            places.len() - 1
        });
        Some(&mut places[at].1)
    }
}

fn teacher_at(places: &mut [(Place, Affiliation)], place: Place) -> Option<&mut Affiliation> {
    let wanted = [Profile::Teacher, Profile::Librarian, Profile::Head];
    let at = wanted.iter().find_map(|w| places.iter().position(|(p, a)| *p == place && a.profile == *w))?;
    Some(&mut places[at].1)
}

fn nowhere(unknown: bool, vector: &Vector) -> Misfit {
    Misfit(if unknown {
        format!("{} names no structure that this directory describes", vector.attribute)
    } else {
        format!("{} is missing: it does not say where the person is", vector.attribute)
    })
}

/// Adds a code once; blanks and dashes mean nothing.
fn insert(list: &mut Vec<String>, code: String) {
    if !code.is_empty() && code != "-" && !list.contains(&code) {
        list.push(code);
    }
}

fn finished(places: Vec<(Place, Affiliation)>) -> Result<Vec<Affiliation>, Misfit> {
    sorted(places.into_iter().map(|(_, affiliation)| affiliation).collect())
}

/// Always in the same order, whatever the order of the directory: an unchanged person gives an unchanged record.
fn sorted(mut affiliations: Vec<Affiliation>) -> Result<Vec<Affiliation>, Misfit> {
    if affiliations.len() > MAX_AFFILIATIONS {
        return Err(Misfit(format!("more than {MAX_AFFILIATIONS} affiliations")));
    }
    for a in &mut affiliations {
        for list in [&mut a.classes, &mut a.groups, &mut a.subjects, &mut a.functions, &mut a.head_teacher_of] {
            if list.len() > MAX_OF_ONE {
                return Err(Misfit(format!("more than {MAX_OF_ONE} classes, groups or subjects in one structure")));
            }
            list.sort();
        }
    }
    affiliations.sort_by(|a, b| (&a.establishment, a.profile).cmp(&(&b.establishment, b.profile)));
    Ok(affiliations)
}

fn is_mail(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    let shape = matches!(parts.as_slice(), [local, host] if !local.is_empty() && host.contains('.'));
    shape && text.len() <= MAX_MAIL && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests;
