//! A store and a directory in memory, each able to fail where a test asks.

use async_trait::async_trait;
use preau_connector_api::{Completion, Directory, Record};
use preau_domain::chain::{Entry, Seal};
use preau_domain::{
    AccountState, AuditEvent, AuditKind, Clock, CorrelationId, Establishment, Ids, Instant, JoinKey, Person, PersonId,
    RunId, SourceId, Uai,
};
use preau_store::{
    Alike, Audit, Common, Establishments, Health, Held, IndexRow, Operations, Pair, Pairable, Pairings, PersonChange,
    Provisioning, RecordName, Result, RunRecord, SaidBy, SharedLogin, SourceRecord, StoreError, Swept, Told, UndoPart,
    Undoable, Undone,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Where a write is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nowhere.
    Never,
    /// The n-th write does not happen, nor any after it.
    Before(usize),
    /// The n-th write happens, but nobody hears of it.
    After(usize),
}

#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) people: BTreeMap<JoinKey, (Person, String)>,
    pub(crate) told: BTreeMap<JoinKey, Told>,
    pub(crate) state: Option<String>,
    pub(crate) establishments: BTreeMap<Uai, Establishment>,
    /// Who wrote a row last: a join key, or the number of an establishment.
    written: BTreeMap<String, Option<RunId>>,
    /// Rows as they were before a run, by run and name.
    former: BTreeMap<(RunId, String), Former>,
    /// Records that belong to the account of another one.
    pub(crate) accounts: BTreeMap<PersonId, PersonId>,
    apart: BTreeSet<(PersonId, PersonId)>,
    pub(crate) runs: Vec<RunRecord>,
    pub(crate) audit: Vec<AuditEvent>,
    leases: BTreeMap<String, (String, Instant)>,
}

/// A row as it was, and who had written it.
#[derive(Clone)]
enum Former {
    Person(Person, String, Option<RunId>),
    Establishment(Establishment, Option<RunId>),
}

impl Tables {
    /// Signs a row; the first time a run does, it is kept as it was.
    fn sign(&mut self, undo: Option<&Undoable>, name: &str, former: Option<Former>) {
        let run = undo.map(|undo| undo.run.clone());
        let before = self.written.insert(name.to_owned(), run.clone()).flatten();
        let (Some(run), Some(former)) = (run.clone().filter(|_| before != run), former) else { return };
        let former = match former {
            Former::Person(person, digest, _) => Former::Person(person, digest, before),
            Former::Establishment(establishment, _) => Former::Establishment(establishment, before),
        };
        self.former.entry((run, name.to_owned())).or_insert(former);
    }
}

pub(crate) struct Memory {
    pub(crate) tables: Mutex<Tables>,
    pub(crate) cut: Mutex<Cut>,
    /// Writes of people and establishments so far.
    pub(crate) writes: AtomicUsize,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Memory { tables: Mutex::default(), cut: Mutex::new(Cut::Never), writes: AtomicUsize::new(0) }
    }

    /// What a reader of the tables sees, ids aside, which are random, and whether somebody who may sign in was suspended before.
    pub(crate) fn state(&self) -> String {
        let tables = self.tables.lock().unwrap();
        let mut out = String::new();
        for (person, digest) in tables.people.values() {
            let mut person = person.clone();
            person.id = PersonId::new("");
            if person.state.may_sign_in() {
                person.state = AccountState::Active;
            }
            out += &format!("{} {digest}\n", serde_json::to_string(&person).unwrap());
        }
        for establishment in tables.establishments.values() {
            out += &format!("{}\n", serde_json::to_string(establishment).unwrap());
        }
        out
    }

    fn write(&self, change: impl FnOnce(&mut Tables)) -> Result<()> {
        let nth = self.writes.fetch_add(1, Ordering::SeqCst);
        let cut = *self.cut.lock().unwrap();
        let dead = match cut {
            Cut::Never => false,
            Cut::Before(at) => nth >= at,
            Cut::After(at) => nth > at,
        };
        if !dead {
            change(&mut self.tables.lock().unwrap());
        }
        if dead || cut == Cut::After(nth) { Err(StoreError::Backend("cut".into())) } else { Ok(()) }
    }
}

impl Tables {
    fn account(&self, record: &PersonId) -> PersonId {
        self.accounts.get(record).unwrap_or(record).clone()
    }

    /// Active records of two sources whose accounts are two, and of whom nobody said that they are not one person.
    fn candidates(&self, source: &SourceId, keys: &[String], other: &SourceId) -> Vec<(&Person, &Person)> {
        let of = |source: &SourceId| {
            let theirs =
                self.people.iter().filter(|(join, (person, _))| join.source == *source && person.state.may_sign_in());
            theirs.map(|(join, (person, _))| (join, person)).collect::<Vec<_>>()
        };
        let ours = of(source).into_iter().filter(|(join, _)| keys.contains(&join.key));
        let pairs = ours.flat_map(|(_, one)| of(other).into_iter().map(move |(_, other)| (one, other)));
        let open = |(one, other): &(&Person, &Person)| {
            let apart = [(&one.id, &other.id), (&other.id, &one.id)];
            self.account(&one.id) != self.account(&other.id)
                && apart.iter().all(|(one, other)| !self.apart.contains(&((*one).clone(), (*other).clone())))
        };
        pairs.filter(open).collect()
    }
}

#[async_trait]
impl Pairings for Memory {
    async fn records_of(&self, account: &PersonId) -> Result<Vec<Person>> {
        let tables = self.tables.lock().unwrap();
        let theirs = tables.people.values().map(|(person, _)| person.clone());
        let mut theirs: Vec<Person> = theirs.filter(|person| tables.account(&person.id) == *account).collect();
        theirs.sort_by_key(|person| (person.id != *account, person.id.clone()));
        Ok(theirs)
    }

    async fn records_named(&self, names: &[PersonId]) -> Result<Vec<Held>> {
        let tables = self.tables.lock().unwrap();
        let named = tables.people.values().map(|(person, _)| person).filter(|person| names.contains(&person.id));
        Ok(named.map(|person| Held { person: person.clone(), account: tables.account(&person.id) }).collect())
    }

    async fn may_be_paired(&self, pairs: &[(PersonId, PersonId)]) -> Result<Vec<Pairable>> {
        let tables = self.tables.lock().unwrap();
        let sources = |account: &PersonId| {
            let theirs = tables.people.iter().filter(|(_, (person, _))| tables.account(&person.id) == *account);
            theirs.map(|(join, _)| join.source.clone()).collect::<std::collections::BTreeSet<_>>()
        };
        let may = |(one, other): &(PersonId, PersonId)| {
            let apart = [(one, other), (other, one)];
            let apart = apart.iter().any(|(one, other)| tables.apart.contains(&((*one).clone(), (*other).clone())));
            let (one, other) = (sources(one), sources(other));
            match (apart, one.is_disjoint(&other)) {
                _ if one.is_empty() || other.is_empty() => Pairable::No,
                (true, _) => Pairable::Apart,
                (false, false) => Pairable::OfOneSource,
                (false, true) => Pairable::Yes,
            }
        };
        Ok(pairs.iter().map(may).collect())
    }

    async fn pair(&self, pairs: &[(PersonId, PersonId)], _who: SaidBy, _now: Instant) -> Result<Vec<bool>> {
        let mut tables = self.tables.lock().unwrap();
        let mut done = Vec::new();
        for (kept, added) in pairs {
            let free =
                !tables.accounts.contains_key(added) && !tables.accounts.values().any(|account| account == added);
            if free {
                tables.accounts.insert(added.clone(), kept.clone());
            }
            done.push(free);
        }
        Ok(done)
    }

    async fn part(&self, record: &PersonId, _now: Instant) -> Result<Option<PersonId>> {
        let mut tables = self.tables.lock().unwrap();
        let account = tables.accounts.remove(record);
        if let Some(account) = &account {
            tables.apart.insert((account.clone(), record.clone()));
        }
        Ok(account)
    }

    async fn keep_apart(&self, one: &PersonId, other: &PersonId, _now: Instant) -> Result<()> {
        self.tables.lock().unwrap().apart.insert((one.clone(), other.clone()));
        Ok(())
    }

    async fn pairs(&self, _after: &PersonId, _limit: u32) -> Result<Vec<Pair>> {
        Err(StoreError::Backend("nobody who synchronises asks for pairs".into()))
    }

    async fn alike(&self, source: &SourceId, keys: &[String], other: &SourceId, limit: u32) -> Result<Vec<Alike>> {
        let tables = self.tables.lock().unwrap();
        let candidates = tables.candidates(source, keys, other).into_iter();
        let of_one_mail = candidates.filter(|(one, other)| one.mail.is_some() && one.mail == other.mail);
        let alike = |(one, other): (&Person, &Person)| Alike {
            one: one.id.clone(),
            other: other.id.clone(),
            common: Common::Mail,
        };
        Ok(of_one_mail.map(alike).take(limit as usize).collect())
    }

    async fn of_one_key(
        &self,
        source: &SourceId,
        keys: &[String],
        other: &SourceId,
        prefix: &str,
    ) -> Result<Vec<(PersonId, PersonId)>> {
        let tables = self.tables.lock().unwrap();
        let key = |person: &Person| person.join.clone().unwrap().key;
        let candidates = tables.candidates(source, keys, other).into_iter();
        let of_one_key = candidates.filter(|(one, other)| format!("{prefix}{}", key(one)) == key(other));
        Ok(of_one_key.map(|(one, other)| (one.id.clone(), other.id.clone())).collect())
    }
}

#[async_trait]
impl Provisioning for Memory {
    async fn source_index(&self, source: &SourceId, after: &str, limit: u32) -> Result<Vec<IndexRow>> {
        let tables = self.tables.lock().unwrap();
        Ok(tables
            .people
            .values()
            .filter(|(p, _)| p.join.as_ref().is_some_and(|j| j.source == *source && j.key.as_str() > after))
            .take(limit as usize)
            .map(|(person, digest)| {
                let places = person.affiliations.iter().map(|at| (at.establishment.clone(), at.profile));
                let places = places.collect::<BTreeSet<_>>().into_iter().collect();
                IndexRow { key: person.join.clone().unwrap().key, digest: digest.clone(), state: person.state, places }
            })
            .collect())
    }

    async fn source_records(&self, source: &SourceId, by: RecordName, names: &[String]) -> Result<Vec<SourceRecord>> {
        let index = self.source_index(source, "", u32::MAX).await?;
        let tables = self.tables.lock().unwrap();
        let record = |row: IndexRow| {
            let join = JoinKey { source: source.clone(), key: row.key.clone() };
            let children = tables.people[&join].0.children.iter().map(|child| child.pupil.key.clone()).collect();
            SourceRecord { told: tables.told.get(&join).cloned().unwrap_or_default(), row, children }
        };
        let named = |record: &SourceRecord| match by {
            RecordName::Key => names.contains(&record.row.key),
            RecordName::Entry => record.told.entry.as_ref().is_some_and(|entry| names.contains(entry)),
        };
        Ok(index.into_iter().map(record).filter(named).collect())
    }

    async fn put_people(&self, undo: Option<&Undoable>, changes: &[PersonChange]) -> Result<()> {
        self.write(|tables| {
            for change in changes {
                let mut person = change.person.clone();
                let join = person.join.clone().unwrap();
                let former = tables.people.get(&join).cloned();
                if let Some((known, _)) = &former {
                    person.id = known.id.clone();
                    if known.state != AccountState::PreCreated && person.state == AccountState::PreCreated {
                        person.state = AccountState::Active;
                    }
                }
                tables.sign(undo, &join.key, former.map(|(person, digest)| Former::Person(person, digest, None)));
                tables.told.insert(join.clone(), change.told.clone());
                tables.people.insert(join, (person, change.digest.clone()));
            }
        })
    }

    async fn suspend_people(&self, undo: Option<&Undoable>, source: &SourceId, keys: &[String]) -> Result<u64> {
        let mut count = 0;
        self.write(|tables| {
            for key in keys {
                let join = JoinKey { source: source.clone(), key: key.clone() };
                let former = tables.people.get(&join).cloned();
                tables.sign(undo, key, former.map(|(person, digest)| Former::Person(person, digest, None)));
                if let Some((person, _)) = tables.people.get_mut(&join) {
                    count += u64::from(person.state.may_sign_in());
                    person.state = AccountState::Suspended;
                }
            }
        })?;
        Ok(count)
    }

    async fn put_establishments(&self, undo: Option<&Undoable>, establishments: &[Establishment]) -> Result<()> {
        self.write(|tables| {
            for establishment in establishments {
                let former = tables.establishments.get(&establishment.uai).cloned();
                let former = former.map(|establishment| Former::Establishment(establishment, None));
                tables.sign(undo, establishment.uai.as_str(), former);
                tables.establishments.insert(establishment.uai.clone(), establishment.clone());
            }
        })
    }

    async fn undo(&self, run: &RunRecord, part: UndoPart, after: &str, limit: u32) -> Result<Undone> {
        let mut undone = Undone::default();
        self.write(|tables| {
            let person = |name: &String| JoinKey { source: run.source.clone(), key: name.clone() };
            let former = |name: &String| tables.former.get(&(run.id.clone(), name.clone()));
            let wanted = |name: &&String| match part {
                UndoPart::Changed => matches!(former(name), Some(Former::Person(..))),
                UndoPart::Establishments => matches!(former(name), Some(Former::Establishment(..))),
                UndoPart::Added => {
                    former(name).is_none()
                        && tables.people.contains_key(&person(name))
                        && tables.written[*name].as_ref() == Some(&run.id)
                }
            };
            let names = tables.written.keys().filter(|name| name.as_str() > after).filter(wanted);
            let names: Vec<String> = names.take(limit as usize).cloned().collect();
            undone.last = names.last().cloned();
            for name in names {
                if tables.written[&name].as_ref() != Some(&run.id) {
                    undone.left += 1;
                    continue;
                }
                undone.undone += 1;
                let signed = match tables.former.get(&(run.id.clone(), name.clone())).cloned() {
                    Some(Former::Person(was, digest, by)) => {
                        tables.people.insert(person(&name), (was, digest));
                        by
                    }
                    Some(Former::Establishment(was, by)) => {
                        tables.establishments.insert(was.uai.clone(), was);
                        by
                    }
                    None => {
                        tables.people.get_mut(&person(&name)).unwrap().0.state = AccountState::Suspended;
                        None
                    }
                };
                tables.written.insert(name, signed);
            }
        })?;
        Ok(undone)
    }

    async fn shared_logins(&self, source: &SourceId, limit: u32) -> Result<Vec<SharedLogin>> {
        let tables = self.tables.lock().unwrap();
        let mut all: Vec<SharedLogin> = Vec::new();
        for (join, (person, _)) in tables.people.iter().filter(|(join, _)| join.source == *source) {
            let login = person.login.clone().filter(|_| person.state.may_sign_in());
            all.extend(login.map(|login| SharedLogin { login, key: join.key.clone() }));
        }
        all.sort();
        let shared = |one: &&SharedLogin| all.iter().filter(|other| other.login == one.login).count() > 1;
        Ok(all.iter().filter(shared).take(limit as usize).cloned().collect())
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        Ok(self.tables.lock().unwrap().runs.iter().find(|run| run.id == *id).cloned())
    }

    async fn put_run(&self, run: &RunRecord) -> Result<()> {
        let runs = &mut self.tables.lock().unwrap().runs;
        runs.retain(|known| known.id != run.id);
        runs.insert(0, run.clone());
        Ok(())
    }

    async fn end_run(&self, run: &RunRecord, state: &str) -> Result<()> {
        self.put_run(run).await?;
        self.tables.lock().unwrap().state = Some(state.to_owned());
        Ok(())
    }

    async fn source_state(&self, _: &SourceId) -> Result<Option<String>> {
        Ok(self.tables.lock().unwrap().state.clone())
    }

    async fn runs(&self, _: &SourceId, limit: u32) -> Result<Vec<RunRecord>> {
        Ok(self.tables.lock().unwrap().runs.iter().take(limit as usize).cloned().collect())
    }

    async fn forget_runs(&self, _: Instant, _: u32, _: u32) -> Result<u64> {
        Err(StoreError::Backend("not asked here".into()))
    }

    async fn sources(&self) -> Result<Vec<SourceId>> {
        Err(StoreError::Backend("not asked here".into()))
    }
}

#[async_trait]
impl Establishments for Memory {
    async fn establishment(&self, uai: &Uai) -> Result<Option<Establishment>> {
        Ok(self.tables.lock().unwrap().establishments.get(uai).cloned())
    }

    async fn establishments(&self, uais: &[Uai]) -> Result<Vec<Establishment>> {
        let tables = self.tables.lock().unwrap();
        Ok(uais.iter().filter_map(|uai| tables.establishments.get(uai).cloned()).collect())
    }
}

#[async_trait]
impl Operations for Memory {
    async fn sweep(&self, _: Instant, _: Instant, _: u32) -> Result<Swept> {
        Ok(Swept::default())
    }

    async fn ready(&self) -> Result<()> {
        Ok(())
    }

    async fn health(&self) -> Result<Health> {
        Err(StoreError::Backend("not asked here".into()))
    }

    async fn acquire_lease(&self, name: &str, holder: &str, now: Instant, until: Instant) -> Result<bool> {
        let leases = &mut self.tables.lock().unwrap().leases;
        if leases.get(name).is_some_and(|(by, end)| by != holder && *end > now) {
            return Ok(false);
        }
        leases.insert(name.into(), (holder.into(), until));
        Ok(true)
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<()> {
        let leases = &mut self.tables.lock().unwrap().leases;
        if leases.get(name).is_some_and(|(by, _)| by == holder) {
            leases.remove(name);
        }
        Ok(())
    }
}

#[async_trait]
impl Audit for Memory {
    fn record(&self, event: AuditEvent) {
        self.tables.lock().unwrap().audit.push(event);
    }

    async fn flush_audit(&self) -> Result<()> {
        Ok(())
    }

    async fn audit_of(&self, correlation: &CorrelationId) -> Result<Vec<AuditEvent>> {
        let tables = self.tables.lock().unwrap();
        Ok(tables.audit.iter().filter(|event| event.correlation == *correlation).cloned().collect())
    }

    async fn audit_about(&self, _: &PersonId, _: Instant, _: u32) -> Result<Vec<AuditEvent>> {
        Ok(Vec::new())
    }

    async fn audit_of_kinds(&self, _: &PersonId, _: &[AuditKind], _: Instant, _: u32) -> Result<Vec<AuditEvent>> {
        Ok(Vec::new())
    }

    async fn audit_entries(&self, _: i64, _: u32) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    async fn audit_seals(&self) -> Result<Vec<Seal>> {
        Ok(Vec::new())
    }
}

/// A directory that hands over a list.
pub(crate) struct Listed {
    pub(crate) records: Vec<Record>,
    pub(crate) completion: Completion,
    /// Waited for before the first record, when a test holds a run open.
    pub(crate) gate: Option<std::sync::Arc<tokio::sync::Notify>>,
    /// What it says its version is.
    pub(crate) version: Option<&'static str>,
    /// Of when it says that it is.
    pub(crate) as_of: &'static [&'static str],
}

#[async_trait]
impl Directory for Listed {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        for record in &self.records {
            if out.send(record.clone()).await.is_err() {
                return Completion::Incomplete("nobody listens".into());
            }
        }
        self.completion.clone()
    }

    async fn estimate(&self) -> Option<u64> {
        Some(self.records.len() as u64)
    }

    async fn version(&self) -> Option<String> {
        self.version.map(str::to_owned)
    }

    async fn as_of(&self) -> Vec<String> {
        self.as_of.iter().map(|&part| part.to_owned()).collect()
    }
}

/// Holds still until it is moved.
pub(crate) struct Still(pub(crate) AtomicI64);

impl Clock for Still {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

/// Names that never repeat.
pub(crate) struct Counting(pub(crate) AtomicU64);

impl Ids for Counting {
    fn fill(&self, out: &mut [u8]) {
        let mut n = self.0.fetch_add(1, Ordering::SeqCst);
        for byte in out.iter_mut() {
            *byte = (n & 31) as u8;
            n >>= 5;
        }
    }
}
