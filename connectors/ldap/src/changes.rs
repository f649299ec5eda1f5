//! Reads what changed since a mark, and nobody else: the cost is that of the changes, whatever the size of the directory.
//!
//! First the names of what changed or went, from the server's own account of it ([`crate::sync`]) or from the time of the
//! latest modification, which knows nothing of deletions. Then the entries of those names, and the adults whom a change of
//! a pupil concerns: what a pupil said of them before, and what their other children say, is stored and asked of the house.
//! Whatever this cannot tell for certain is left to a reading of everything.

use crate::config::{Settings, Telling};
use crate::read::{Pages, Reading};
use crate::session::{Query, Session};
use crate::sync::{MAX_COOKIE, Synced};
use crate::version::{self, settings_text};
use ldap3::Scope;
use preau_connector_api::{Changes, Known, KnownRecord, Record, Rejected, Unavailable};
use preau_domain::Instant;
use preau_ent::{ENTRY, Entry, Everybody, Misfit, Table, adult_of};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Most entries of one reading of changes, and most adults whom they concern: more are read faster with everybody else.
const MOST: usize = 20_000;
/// Most adults fetched by a DN, which takes a search for each.
const BY_DN: usize = 500;
/// Entries fetched by one search, and names asked of the house at once.
const AT_ONCE: usize = 200;
/// Entries remembered that could not be used.
const DUE: usize = 1_000;
/// Pupils remembered who name an adult that was not there.
const DANGLING: usize = 1_000;
/// How far behind our own clock changes are looked for where only their time tells: clocks differ, and copies lag behind.
const LAG_MS: i64 = 15 * 60 * 1_000;

/// Where a reading of changes goes on from.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// Of the settings and structures it counts for: people must be read alike.
    settings: u64,
    structures: u64,
    since: Since,
    /// Pupils who name an adult that was not there.
    #[serde(default)]
    dangling: BTreeSet<String>,
    /// Entries that changed and could not be used, or not wholly: another entry's change may mend them, so they are read again.
    #[serde(default)]
    due: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Since {
    /// Cookies of the two branches.
    Cookies { structures: String, people: String },
    /// The clock of this house.
    Time(Instant),
}

fn hashed(what: impl Hash) -> u64 {
    // Another hash in another release costs one reading of everything.
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Mark {
    fn read(text: &str, settings: &Settings) -> Result<Mark, String> {
        let mark: Mark = serde_json::from_str(text).map_err(|_| "what was read last does not say where to go on")?;
        if mark.settings != hashed(settings_text(settings)) {
            return Err("the settings of the source are others, or the program is".into());
        }
        Ok(mark)
    }
}

fn time_text(at: Instant) -> String {
    let plain: String = at.rfc3339().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{plain}Z")
}

impl Reading {
    /// The mark before a reading of everything; `None` when this directory tells no changes.
    pub(crate) async fn marked(&self, now: Instant) -> Option<String> {
        let settings = &*self.settings;
        self.keep(None);
        if settings.telling == Telling::Never {
            return None;
        }
        let mut session = self.open().await.ok()?;
        // What cannot be read cannot be searched for: changes would be missed without a word.
        let shown = session.search(&version::base(&settings.people, &[ENTRY, "modifyTimestamp"]), 1).await.ok()?;
        let shows =
            |attribute| shown.first().is_some_and(|entry| entry.texts(attribute).is_ok_and(|texts| !texts.is_empty()));
        let numbers = match settings.telling {
            Telling::Times => None,
            _ => version::numbers(&mut session, settings).await,
        };
        let since = match numbers {
            _ if !shows(ENTRY) => return None,
            Some([people, structures]) => {
                // Composed as a replica of OpenLDAP does that begins from what it holds.
                let cookie = |numbers: Vec<String>| format!("rid=000,csn={}", numbers.join(";"));
                Since::Cookies { people: cookie(people), structures: cookie(structures) }
            }
            None if shows("modifyTimestamp") => Since::Time(now),
            None => return None,
        };
        let (table, session) = self.names(session).await.ok()?;
        self.keep(Some(session));
        let mark = Mark {
            settings: hashed(settings_text(settings)),
            structures: hashed(table.names()),
            since,
            dangling: BTreeSet::new(),
            due: BTreeSet::new(),
        };
        serde_json::to_string(&mark).ok()
    }

    /// Waits until something changed since the mark; `None` when that cannot be heard.
    pub(crate) async fn rung(&self, mark: &str) -> Option<Result<(), Unavailable>> {
        if self.settings.telling != Telling::Heard {
            return None;
        }
        let mark = Mark::read(mark, &self.settings).ok()?;
        let Since::Cookies { people, .. } = &mark.since else { return None };
        let listening = async {
            let mut session = self.open().await?;
            session.rings(&self.people_named(), people).await
        };
        Some(listening.await.map_err(Unavailable))
    }

    fn people_named(&self) -> Query {
        let (base, m) = (&self.settings.people, &self.settings.mapping);
        self.query(base, &format!("(|{}{})", m.pupils.filter, m.staff.filter), vec!["1.1".into()])
    }

    fn structures_named(&self) -> Query {
        self.query(&self.settings.structures, &self.settings.mapping.structures.filter, vec!["1.1".into()])
    }

    /// Everything that changed since the mark, or why only a reading of everything can tell.
    pub(crate) async fn changed_since(&self, mark: &str, known: &dyn Known, now: Instant) -> Result<Changes, String> {
        let settings = &*self.settings;
        let mark = Mark::read(mark, settings)?;
        let (table, mut session) = self.names(self.open().await?).await?;
        let structures = hashed(table.names());
        if structures != mark.structures {
            return Err("structures were added, taken away, renamed or renumbered".into());
        }
        // Structures first: of people who name a class that came with it both are told.
        let (schools, mut people, since) = match &mark.since {
            Since::Cookies { structures: old, people: cookie } => {
                let patience = settings.page * 10;
                let schools = session.synced(&self.structures_named(), old, MOST, patience).await?;
                let people = session.synced(&self.people_named(), cookie, MOST, patience).await?;
                let next = |synced: &Synced, before: &String| synced.cookie.clone().unwrap_or_else(|| before.clone());
                let since = Since::Cookies { structures: next(&schools, old), people: next(&people, cookie) };
                (schools, people, since)
            }
            Since::Time(at) => {
                let from = Instant(at.0 - LAG_MS);
                let schools;
                let people;
                (schools, session) = self.modified(session, self.structures_named(), from).await?;
                (people, session) = self.modified(session, self.people_named(), from).await?;
                (schools, people, Since::Time(now))
            }
        };
        let mut reading = Delta {
            reading: self,
            session: Some(session),
            known,
            everybody: Everybody::new(&table, self.rules()),
            records: Vec::new(),
            gone: BTreeSet::new(),
            dangling: mark.dangling,
            due: BTreeSet::new(),
        };
        let again = mark.due.difference(&people.changed).count() as u64;
        people.changed.extend(mark.due);
        // Of all the tree's entries that went only the people of ours concern anybody.
        let entries = reading.read(&table, &schools.changed, &people).await?.saturating_sub(again);
        let Delta { records, gone, dangling, due, .. } = reading;
        if due.len() > DUE {
            return Err(format!("more than {DUE} entries that changed cannot be used"));
        }
        let Mark { settings, structures, .. } = mark;
        let mark = Mark { settings, structures, since, dangling, due };
        let mark = serde_json::to_string(&mark).map_err(|_| "the place to go on from cannot be kept")?;
        if mark.len() > 2 * MAX_COOKIE + (DANGLING + DUE) * 200 {
            return Err("the place to go on from is too long to be kept".into());
        }
        Ok(Changes { records, gone: gone.into_iter().collect(), entries, mark })
    }

    /// Names of the entries that were modified since.
    async fn modified(&self, session: Session, query: Query, from: Instant) -> Result<(Synced, Session), String> {
        let filter = format!("(&{}(modifyTimestamp>={}))", query.filter, time_text(from));
        let query = Query { filter, attributes: vec![ENTRY.into()], ..query };
        let mut pages = self.pages(session, query);
        let mut synced = Synced::default();
        while let Some(page) = pages.next().await {
            for entry in page {
                synced.changed.insert(name_of(&entry).ok_or_else(|| format!("an entry has no {ENTRY}"))?);
            }
            if synced.changed.len() > MOST {
                return Err(format!("more than {MOST} entries changed"));
            }
        }
        Ok((synced, pages.finish().await?))
    }
}

fn name_of(entry: &Entry) -> Option<String> {
    entry.one(ENTRY, 64).ok().flatten().map(|name| name.to_lowercase())
}

/// A reading of changes under way.
struct Delta<'a> {
    reading: &'a Reading,
    session: Option<Session>,
    known: &'a dyn Known,
    everybody: Everybody<'a>,
    records: Vec<Record>,
    gone: BTreeSet<String>,
    dangling: BTreeSet<String>,
    due: BTreeSet<String>,
}

impl Delta<'_> {
    /// Reads it all; how many entries changed or went that concern anybody.
    async fn read(&mut self, table: &Table, schools: &BTreeSet<String>, people: &Synced) -> Result<u64, String> {
        let m = &self.reading.settings.mapping;
        let structures = &self.reading.settings.structures;
        let found = self.entries(structures, &m.structures.filter, m.of_structures(), schools).await?;
        let mut count = found.len() as u64;
        for entry in found.into_values() {
            let record = table.record(&entry, m).map(Record::Establishment);
            self.records.push(record.unwrap_or_else(|misfit| Record::Rejected(misfit.rejects(&entry, None))));
        }

        let branch = &self.reading.settings.people;
        let mut pupils = self.entries(branch, &m.pupils.filter, m.of_pupils(), &people.changed).await?;
        let mut adults = self.entries(branch, &m.staff.filter, m.of_staff_alone(), &people.changed).await?;
        let named: Vec<String> = people.changed.iter().chain(&people.gone).cloned().collect();
        let before = self.by_entry(&named).await?;
        for name in &people.gone {
            self.gone.extend(before.get(name).map(|record| record.key.clone()));
        }
        for (name, entry) in pupils.iter().chain(&adults) {
            // An entry with another key than it had: the record of the old one is gone.
            if let (Some(known), Ok(key)) = (before.get(name), self.everybody.key(entry, m))
                && known.key != key
            {
                self.gone.insert(known.key.clone());
            }
        }
        self.fetch_heirs(&mut pupils, &mut adults).await?;
        adults.retain(|name, _| !pupils.contains_key(name));
        count += (pupils.len() + adults.len() + self.gone.len()) as u64;

        // A pupil's ties as they were, and the adults of those that are otherwise now.
        let keys: Vec<String> = pupils.values().filter_map(|entry| self.everybody.key(entry, m).ok()).collect();
        let stored = self.by_key(&keys).await?;
        let gone: Vec<String> = self.gone.iter().cloned().collect();
        let left = self.by_key(&gone).await?;
        let mut concerned: BTreeSet<String> = BTreeSet::new();
        concerned
            .extend(left.values().flat_map(|record| &record.ties).filter_map(|tie| adult_of(tie)).map(str::to_owned));
        let mut told: BTreeSet<String> = gone.into_iter().collect();
        // Who was a pupil and is an adult now says nothing of others any more.
        for record in adults.keys().filter_map(|name| before.get(name)) {
            concerned.extend(record.ties.iter().filter_map(|tie| adult_of(tie)).map(str::to_owned));
            told.insert(record.key.clone());
        }
        let mut naming: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, entry) in &pupils {
            if let Some(record) = self.stranger(name, entry, &stored, people) {
                let record = self.everybody.reject_pupil(record, entry, m);
                self.told(name, record);
                continue;
            }
            let record = self.everybody.pupil(entry, m);
            if let Record::Person(person) = &record {
                let ties: BTreeSet<&String> = person.ties.iter().collect();
                let old = stored.get(&person.key).filter(|known| known.active);
                let old: BTreeSet<&String> = old.map(|known| known.ties.iter().collect()).unwrap_or_default();
                concerned.extend(ties.symmetric_difference(&old).filter_map(|tie| adult_of(tie)).map(str::to_owned));
                for adult in person.ties.iter().filter_map(|tie| adult_of(tie)) {
                    naming.entry(adult.to_owned()).or_default().push(person.key.clone());
                }
                told.insert(person.key.clone());
            }
            self.told(name, record);
        }

        self.fetch_adults(&mut adults, concerned, &naming).await?;
        self.adults(adults, people, told).await?;
        let kept: BTreeSet<&String> = self.records.iter().filter_map(key_of).collect();
        let gone = self.gone.iter().filter(|key| !kept.contains(key)).cloned().collect();
        self.gone = gone;
        Ok(count)
    }

    /// Reads the entries that have a key whose entry is gone, and did not change themselves: such an entry was passed over for as
    /// long as the other one was there, and is the person now.
    async fn fetch_heirs(
        &mut self,
        pupils: &mut BTreeMap<String, Entry>,
        adults: &mut BTreeMap<String, Entry>,
    ) -> Result<(), String> {
        let m = &self.reading.settings.mapping;
        let read: BTreeSet<String> =
            pupils.values().chain(adults.values()).filter_map(|entry| self.everybody.key(entry, m).ok()).collect();
        let keys: Vec<String> = self.gone.difference(&read).cloned().collect();
        let found = self.with_keys(&m.pupils.filter, m.of_pupils(), &keys).await?;
        pupils.extend(found);
        let found = self.with_keys(&m.staff.filter, m.of_staff_alone(), &keys).await?;
        adults.extend(found);
        Ok(())
    }

    /// Entries of people who have these keys, by their names.
    async fn with_keys(
        &mut self,
        filter: &str,
        mut attributes: Vec<String>,
        keys: &[String],
    ) -> Result<BTreeMap<String, Entry>, String> {
        attributes.push(ENTRY.to_owned());
        let (branch, m) = (&self.reading.settings.people, &self.reading.settings.mapping);
        let mut found = BTreeMap::new();
        for chunk in keys.chunks(AT_ONCE) {
            let written = chunk.iter().flat_map(|key| self.everybody.written(key));
            let wanted: String =
                written.map(|key| format!("({}={})", m.people.key, ldap3::ldap_escape(&*key))).collect();
            let query = self.reading.query(branch, &format!("(&{filter}(|{wanted}))"), attributes.clone());
            let entries = self.all(query).await?;
            // Other values of the attribute, and another case, are another key.
            let wanted = |entry: &Entry| self.everybody.key(entry, m).is_ok_and(|key| chunk.contains(&key));
            found.extend(entries.into_iter().filter(wanted).filter_map(|entry| Some((name_of(&entry)?, entry))));
        }
        Ok(found)
    }

    /// Reads the adults whom a change of a pupil concerns and who did not change themselves.
    async fn fetch_adults(
        &mut self,
        adults: &mut BTreeMap<String, Entry>,
        mut concerned: BTreeSet<String>,
        naming: &BTreeMap<String, Vec<String>>,
    ) -> Result<(), String> {
        let m = &self.reading.settings.mapping;
        let branch = &self.reading.settings.people;
        for entry in adults.values() {
            concerned.remove(&preau_ent::comparable_dn(&entry.dn));
            if let Ok(key) = self.everybody.key(entry, m) {
                concerned.remove(&key);
            }
        }
        if concerned.len() + adults.len() > MOST {
            return Err(format!("what changed concerns more than {MOST} adults"));
        }
        let (by_dn, by_key): (Vec<String>, Vec<String>) = concerned.into_iter().partition(|name| name.contains('='));
        let here: Vec<&String> = by_dn.iter().filter(|dn| version::below(dn, branch)).collect();
        if here.len() > BY_DN {
            return Err(format!("what changed concerns more than {BY_DN} adults who are named by their DN"));
        }
        let known = self.by_key(&by_key).await?;
        let names: BTreeSet<String> = known.values().filter_map(|record| record.entry.clone()).collect();
        let mut found = self.entries(branch, &m.staff.filter, m.of_staff_alone(), &names).await?;
        let unknown: Vec<String> =
            by_key.iter().filter(|key| known.get(*key).is_none_or(|record| record.entry.is_none())).cloned().collect();
        found.extend(self.with_keys(&m.staff.filter, m.of_staff_alone(), &unknown).await?);
        let attributes: Vec<String> = m.of_staff_alone().into_iter().chain([ENTRY.to_owned()]).collect();
        for dn in here {
            let query = Query { scope: Scope::Base, ..self.reading.query(dn, &m.staff.filter, attributes.clone()) };
            let session = self.session.as_mut().ok_or("the connection is gone")?;
            for entry in session.at(&query).await? {
                found.extend(name_of(&entry).map(|name| (name, entry)));
            }
        }
        // Whoever is named and is not there may come later: then those who name them say what they are.
        let mut there: BTreeSet<String> = BTreeSet::new();
        for entry in found.values() {
            there.insert(preau_ent::comparable_dn(&entry.dn));
            there.extend(self.everybody.key(entry, m).ok());
        }
        for missing in by_dn.iter().chain(&by_key).filter(|name| !there.contains(*name)) {
            self.dangling.extend(naming.get(missing).into_iter().flatten().cloned());
        }
        if self.dangling.len() > DANGLING {
            return Err(format!("more than {DANGLING} pupils name adults who are not there"));
        }
        for (name, entry) in found {
            adults.entry(name).or_insert(entry);
        }
        Ok(())
    }

    /// Reads adults, with what their other children say of them.
    async fn adults(
        &mut self,
        adults: BTreeMap<String, Entry>,
        people: &Synced,
        told: BTreeSet<String>,
    ) -> Result<(), String> {
        let m = &self.reading.settings.mapping;
        let keys: Vec<String> = adults.values().filter_map(|entry| self.everybody.key(entry, m).ok()).collect();
        let stored = self.by_key(&keys).await?;
        let mut children: BTreeSet<String> =
            stored.values().flat_map(|record| record.children.iter().cloned()).collect();
        if !adults.is_empty() {
            children.extend(self.dangling.iter().cloned());
        }
        children.extend(self.pupils_of_newcomers(&adults, &stored).await?);
        let children: Vec<String> = children.difference(&told).cloned().collect();
        for child in self.by_key(&children).await?.into_values() {
            if child.active && !self.everybody.known_pupil(&child.key, &child.ties) {
                return Err("more parent links than can be held".into());
            }
        }
        self.everybody.pupils_done();
        for (name, entry) in &adults {
            let record = match self.stranger(name, entry, &stored, people) {
                Some(rejected) => Record::Rejected(rejected),
                None => self.everybody.adult(entry, m),
            };
            self.told(name, record);
        }
        Ok(())
    }

    /// The pupils whom the entries of adults name who were not there before: such a pupil may have named them all along. What the pupil
    /// says of them counts, and is stored.
    async fn pupils_of_newcomers(
        &mut self,
        adults: &BTreeMap<String, Entry>,
        stored: &HashMap<String, KnownRecord>,
    ) -> Result<BTreeSet<String>, String> {
        let (branch, m) = (&self.reading.settings.people, &self.reading.settings.mapping);
        let known = |entry: &Entry| {
            self.everybody.key(entry, m).is_ok_and(|key| stored.get(&key).is_some_and(|known| known.active))
        };
        let newcomers = adults.values().filter(|entry| !known(entry));
        let named: BTreeSet<String> = newcomers.flat_map(|entry| self.everybody.pupils_named(entry, m)).collect();
        let (by_dn, mut keys): (BTreeSet<String>, BTreeSet<String>) =
            named.into_iter().partition(|name| name.contains('='));
        let here: Vec<&String> = by_dn.iter().filter(|dn| version::below(dn, branch)).collect();
        if here.len() > BY_DN {
            return Err(format!("adults who came name more than {BY_DN} pupils by their DN"));
        }
        for dn in here {
            let key = vec![m.people.key.clone()];
            let query = Query { scope: Scope::Base, ..self.reading.query(dn, &m.pupils.filter, key) };
            let session = self.session.as_mut().ok_or("the connection is gone")?;
            for entry in session.at(&query).await? {
                keys.extend(self.everybody.key(&entry, m).ok());
            }
        }
        Ok(keys)
    }

    /// Hands a record over, and remembers the entry when it was not wholly used.
    fn told(&mut self, name: &str, record: Record) {
        if matches!(record, Record::Partial(_) | Record::Rejected(_)) {
            self.due.insert(name.to_owned());
        }
        self.records.push(record);
    }

    /// The rejection of an entry that claims the key of another one which is still there.
    fn stranger(
        &self,
        name: &str,
        entry: &Entry,
        stored: &HashMap<String, KnownRecord>,
        people: &Synced,
    ) -> Option<Rejected> {
        let m = &self.reading.settings.mapping;
        let key = self.everybody.key(entry, m).ok()?;
        let known = stored.get(&key).filter(|known| known.active)?;
        let owner = known.entry.as_deref()?;
        let free = owner == name || people.gone.contains(owner) || self.gone.contains(&key);
        (!free).then(|| Misfit(format!("another entry has the same {}", m.people.key)).rejects(entry, Some(key)))
    }

    /// Entries of a branch by their names.
    async fn entries(
        &mut self,
        base: &str,
        filter: &str,
        mut attributes: Vec<String>,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Entry>, String> {
        attributes.push(ENTRY.to_owned());
        let names: Vec<&String> = names.iter().collect();
        let mut found = BTreeMap::new();
        for chunk in names.chunks(AT_ONCE) {
            let wanted: String =
                chunk.iter().map(|name| format!("({ENTRY}={})", ldap3::ldap_escape(name.as_str()))).collect();
            let query = self.reading.query(base, &format!("(&{filter}(|{wanted}))"), attributes.clone());
            for entry in self.all(query).await? {
                found.extend(name_of(&entry).map(|name| (name, entry)));
            }
        }
        Ok(found)
    }

    /// Everything a query finds, which is known to be little.
    async fn all(&mut self, query: Query) -> Result<Vec<Entry>, String> {
        let session = self.session.take().ok_or("the connection is gone")?;
        let mut pages: Pages = self.reading.pages(session, query);
        let mut entries = Vec::new();
        while let Some(page) = pages.next().await {
            entries.extend(page);
            if entries.len() > 2 * AT_ONCE {
                return Err("the directory answers more entries than were asked for".into());
            }
        }
        self.session = Some(pages.finish().await?);
        Ok(entries)
    }

    async fn by_key(&self, keys: &[String]) -> Result<HashMap<String, KnownRecord>, String> {
        let mut found = HashMap::new();
        for chunk in keys.chunks(AT_ONCE) {
            let records = self.known.by_key(chunk).await.map_err(|Unavailable(why)| why)?;
            found.extend(records.into_iter().map(|record| (record.key.clone(), record)));
        }
        Ok(found)
    }

    async fn by_entry(&self, names: &[String]) -> Result<HashMap<String, KnownRecord>, String> {
        let mut found = HashMap::new();
        for chunk in names.chunks(AT_ONCE) {
            let records = self.known.by_entry(chunk).await.map_err(|Unavailable(why)| why)?;
            found.extend(records.into_iter().filter_map(|record| Some((record.entry.clone()?, record))));
        }
        Ok(found)
    }
}

fn key_of(record: &Record) -> Option<&String> {
    match record {
        Record::Person(person) | Record::Partial(person) => Some(&person.key),
        Record::Rejected(rejected) => rejected.key.as_ref(),
        Record::Establishment(_) => None,
    }
}
