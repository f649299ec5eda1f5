//! Reads everything: the structures, the pupils, the adults, of both degrees. One thread, a few passes over the files of the
//! latest complete delivery, each record as the deltas since have made it.
//!
//! An entry that does not fit is reported and passed over. Anything else that goes wrong ends the reading, which then
//! counts as incomplete: what was not read must not be taken for gone. Nothing is handed over before every file of every
//! delivery was seen to be there.

mod degree;
mod held;

use crate::config::{Place, Settings};
use crate::delivery;
use crate::name::Kind;
use async_trait::async_trait;
use degree::{Degree, Item};
use held::Held;
use preau_connector_api::{Completion, Directory, Met, Record, Rejected};
use preau_domain::{Group, GroupKind};
use preau_ent::{Entry, Everybody, Keys, MAX_GROUPS, Mapping, Misfit, READER, Table};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Hands over everything.
pub(crate) struct Reading {
    pub(crate) settings: Arc<Settings>,
}

/// Stops the thread that reads when nobody waits for it any more.
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Directory for Reading {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        let stop = Arc::new(AtomicBool::new(false));
        let (_guard, settings) = (Abandoned(Arc::clone(&stop)), Arc::clone(&self.settings));
        let done = tokio::task::spawn_blocking(move || read_all(&settings, &Hand { out, stop })).await;
        match done {
            Ok(Ok(None)) => Completion::Complete,
            Ok(Ok(Some(sentence)) | Err(sentence)) => Completion::Incomplete(sentence),
            Err(_) => Completion::Incomplete("a delivery holds something that could not be read".into()),
        }
    }

    async fn estimate(&self) -> Option<u64> {
        let settings = Arc::clone(&self.settings);
        let about = move || {
            let of = |place: &Place| delivery::chain(delivery::list(&place.path)?, settings.gap)?.complete.about();
            settings.degrees.iter().map(of).sum::<Result<u64, String>>().ok()
        };
        tokio::task::spawn_blocking(about).await.ok()?
    }

    async fn version(&self) -> Option<String> {
        let settings = Arc::clone(&self.settings);
        let listed = tokio::task::spawn_blocking(move || {
            let mut told = vec![format!("{READER} {} {settings:?}", env!("CARGO_PKG_VERSION"))];
            for place in &settings.degrees {
                told.extend(delivery::list(&place.path).ok()?.iter().map(|part| part.version()));
            }
            Some(told.join("\n"))
        });
        listed.await.ok()?
    }

    async fn as_of(&self) -> Vec<String> {
        let settings = Arc::clone(&self.settings);
        let days = move || {
            let day = |place: &Place| {
                let chain = delivery::chain(delivery::list(&place.path)?, settings.gap)?;
                Ok(chain.deltas.last().unwrap_or(&chain.complete).day.to_string())
            };
            settings.degrees.iter().map(day).collect::<Result<_, String>>().unwrap_or_default()
        };
        tokio::task::spawn_blocking(days).await.unwrap_or_default()
    }
}

/// Where records go.
struct Hand {
    out: mpsc::Sender<Record>,
    stop: Arc<AtomicBool>,
}

impl Hand {
    fn over(&self, record: Record) -> Result<(), String> {
        let gone = self.stop.load(Ordering::Relaxed) || self.out.blocking_send(record).is_err();
        if gone { Err("nobody reads any more".into()) } else { Ok(()) }
    }
}

/// Reads it all; what keeps the reading from being complete although all was read, if anything, is the sentence.
fn read_all(settings: &Settings, hand: &Hand) -> Result<Option<String>, String> {
    let mut degrees = Vec::new();
    for place in &settings.degrees {
        degrees.push(Degree::open(place, settings.gap).map_err(|what| format!("{}: {what}", place.called))?);
    }
    let own = Keys::new(settings.rules.academy.clone());
    let mut rejected = Vec::new();
    for degree in &mut degrees {
        degree.load_deltas(&own, &mut rejected)?;
    }

    let mut table = Table::default();
    let mut structures: Vec<Vec<Entry>> = Vec::new();
    let mut staff: Vec<Met> = Vec::new();
    for degree in &mut degrees {
        let (mut entries, mut keys, mapping) = (Vec::new(), Met::default(), degree.mapping);
        degree.records(&[Kind::Structures, Kind::Staff], |kind, item| {
            match (kind, item.fault) {
                (Kind::Structures, None) => entries.push(item.entry),
                (Kind::Structures, Some(what)) => rejected.push(Misfit(what).rejects(&item.entry, None)),
                _ => {
                    if let Ok(key) = own.of(&item.entry, &mapping.people.key) {
                        keys.first_time(&key);
                    }
                }
            }
            Ok(())
        })?;
        entries.iter().for_each(|entry| table.learn(entry, degree.mapping));
        structures.push(entries);
        staff.push(keys);
    }
    if table.is_empty() {
        return Err("no structure has a national number".into());
    }
    rejected.into_iter().try_for_each(|rejected| hand.over(Record::Rejected(rejected)))?;

    let mut everybody = Everybody::new(&table, settings.rules.clone());
    let mut before = Met::default();
    for (degree, structures) in degrees.iter_mut().zip(structures) {
        before = pupils(degree, &structures, &table, &mut everybody, &before, hand)?;
    }
    everybody.pupils_done();
    adults(&mut degrees, &staff, &everybody, hand)?;
    let broken = degrees.iter().filter_map(|d| Some(format!("{}: {}", d.called, d.broken()?)));
    let cut = degrees
        .iter()
        .filter(|_| !settings.full_may_be_last)
        .filter_map(|d| Some(format!("{}: {}", d.called, d.cut()?)));
    let broken: Vec<String> = broken.chain(cut).collect();
    Ok((!broken.is_empty()).then(|| broken.join("; ")))
}

/// The structures and the pupils of a degree; those in `before` were in the degree before it. Gives back who was in this.
fn pupils(
    degree: &mut Degree<'_>,
    structures: &[Entry],
    table: &Table,
    everybody: &mut Everybody<'_>,
    before: &Met,
    hand: &Hand,
) -> Result<Met, String> {
    let mapping = degree.mapping;
    let mut schools = BTreeMap::new();
    for entry in structures {
        match table.record(entry, mapping) {
            Ok(record) => drop(schools.insert(record.uai.clone(), record)),
            Err(misfit) => hand.over(Record::Rejected(misfit.rejects(entry, None)))?,
        }
    }
    let mut now = Met::default();
    let mut people = 0u64;
    degree.records(&[Kind::Pupils], |_, item| {
        people += 1;
        let key = everybody.key(&item.entry, mapping);
        let record = match (item.fault, key) {
            (Some(what), key) => {
                everybody.reject_pupil(Misfit(what).rejects(&item.entry, key.ok()), &item.entry, mapping)
            }
            (None, Ok(key)) if before.has(&key) => {
                let what = "the degree above has this pupil too, and its word counts";
                Record::Rejected(Misfit(what.into()).rejects(&item.entry, Some(key)))
            }
            (None, key) => {
                if let Ok(key) = &key {
                    now.first_time(key);
                }
                everybody.pupil(&item.entry, mapping)
            }
        };
        if let Record::Person(_) = &record {
            // Schools of the first degree do not list their classes: their pupils name them.
            for (uai, group) in table.groups_named(&item.entry, mapping) {
                if let Some(school) = schools.get_mut(&uai) {
                    add(&mut school.groups, group);
                }
            }
        }
        hand.over(record)
    })?;
    if people == 0 {
        return Err(format!("{}: no pupil is in the deliveries", degree.called));
    }
    for mut school in schools.into_values() {
        school.groups.sort_by_key(|group| (group.kind == GroupKind::Group, group.code.clone()));
        hand.over(Record::Establishment(school))?;
    }
    Ok(now)
}

fn add(groups: &mut Vec<Group>, group: Group) {
    if groups.len() < MAX_GROUPS && groups.iter().all(|known| known.code != group.code) {
        groups.push(group);
    }
}

/// Everybody else: the adults of pupils, then the staff; whoever is in several files is put together.
fn adults(degrees: &mut [Degree<'_>], staff: &[Met], everybody: &Everybody<'_>, hand: &Hand) -> Result<(), String> {
    let mut held = Held::default();
    let mut before = Met::default();
    for degree in degrees.iter_mut() {
        let (mapping, mut now) = (degree.mapping, Met::default());
        degree.records(&[Kind::Relatives], |_, item| {
            let key = match key_of(&item, mapping, everybody, &mut now) {
                Ok(key) if before.has(&key) => return Ok(()),
                Ok(key) => key,
                Err(rejected) => return hand.over(Record::Rejected(rejected)),
            };
            let record = everybody.adult_of(&item.entry, key.clone(), mapping);
            if staff.iter().any(|keys| keys.has(&key)) {
                held.keep(key, record, false, hand)
            } else {
                hand.over(record)
            }
        })?;
        before = now;
    }
    for (at, degree) in degrees.iter_mut().enumerate() {
        let (mapping, mut now) = (degree.mapping, Met::default());
        degree.records(&[Kind::Staff], |_, item| {
            let key = match key_of(&item, mapping, everybody, &mut now) {
                Ok(key) => key,
                Err(rejected) => {
                    held.doubt(rejected.key.as_deref());
                    return hand.over(Record::Rejected(rejected));
                }
            };
            let record = everybody.adult_of(&item.entry, key.clone(), mapping);
            if staff[at + 1..].iter().any(|keys| keys.has(&key)) || held.has(&key) {
                held.keep(key, record, true, hand)
            } else {
                hand.over(record)
            }
        })?;
    }
    held.hand_over(hand)
}

/// The join key of an entry that can be used and is the first of its key in its file.
fn key_of(item: &Item, mapping: &Mapping, everybody: &Everybody<'_>, now: &mut Met) -> Result<String, Rejected> {
    let key = everybody.key(&item.entry, mapping);
    let twice = || format!("another entry has the same {}", mapping.people.key);
    match (&item.fault, key) {
        (Some(what), key) => Err(Misfit(what.clone()).rejects(&item.entry, key.ok())),
        (None, Ok(key)) if now.first_time(&key) => Ok(key),
        (None, Ok(key)) => Err(Misfit(twice()).rejects(&item.entry, Some(key))),
        (None, Err(misfit)) => Err(misfit.rejects(&item.entry, None)),
    }
}
