//! Carries a plan out: establishments, then people, then suspensions. Each batch is one atomic write that the next run
//! finds in the index, so a run killed between two of them is simply run again.

use crate::digest::Digest;
use crate::index::{Index, Place};
use crate::plan::Planned;
use crate::progress::{Phase, Progress};
use crate::report::{EstablishmentCounts, RejectedCounts};
use crate::snapshot::PAGE;
use crate::spool::{Spool, SpoolReader};
use crate::synchronise::{SyncError, SyncStore};
use futures::{StreamExt, stream};
use preau_connector_api::{Birth, PersonRecord, Rejected};
use preau_domain::{AccountState, Credentials, Establishment, Ids, JoinKey, Person, PersonId, Profile, SourceId, Uai};
use preau_store::{PersonChange, RecordName, SourceRecord, Told, Undoable};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// People written at once. Small in tests, where a run is cut after every batch.
const BATCH: usize = if cfg!(test) { 10 } else { 125 };

/// Establishments asked for at once: the store answers at most that many.
const ASK: usize = 100;

/// People suspended at once.
const SUSPEND: usize = if cfg!(test) { 2 } else { 500 };

/// Which establishments of the reading differ from what is stored; the others are dropped. One that another source
/// brought stays that source's: it is rejected here.
pub(crate) async fn compare_establishments<S: SyncStore + ?Sized>(
    store: &S,
    planned: &mut Planned,
) -> Result<EstablishmentCounts, SyncError> {
    let mut counts = EstablishmentCounts::default();
    let mut changed = Vec::new();
    let mut read = std::mem::take(&mut planned.establishments).into_iter().peekable();
    while read.peek().is_some() {
        let chunk: Vec<Establishment> = read.by_ref().take(ASK).collect();
        let uais: Vec<Uai> = chunk.iter().map(|e| e.uai.clone()).collect();
        let stored: HashMap<Uai, Establishment> =
            store.establishments(&uais).await?.into_iter().map(|e| (e.uai.clone(), e)).collect();
        for establishment in chunk {
            match stored.get(&establishment.uai) {
                None => {
                    counts.created += 1;
                    changed.push(establishment);
                }
                Some(known) if known.join.source != establishment.join.source => {
                    reject_foreign(&mut planned.plan.rejected, &establishment.uai, &known.join.source);
                }
                Some(known) if *known == establishment => counts.unchanged += 1,
                Some(_) => {
                    counts.updated += 1;
                    changed.push(establishment);
                }
            }
        }
    }
    planned.establishments = changed;
    Ok(counts)
}

fn reject_foreign(rejected: &mut RejectedCounts, uai: &Uai, owner: &SourceId) {
    rejected.add(Rejected {
        dn: format!("establishment {uai}"),
        key: None,
        reason: format!("source {owner} brings this establishment already; it stays as that source tells it"),
    });
}

/// Writes establishments.
pub(crate) async fn establishments<S: SyncStore + ?Sized>(
    store: &S,
    undo: Option<&Undoable>,
    establishments: &[Establishment],
) -> Result<(), SyncError> {
    for chunk in establishments.chunks(BATCH) {
        store.put_establishments(undo, chunk).await?;
    }
    Ok(())
}

/// Writes the people of the spool; when the reading was cut short, except those from whom `cut_short` says it takes an
/// establishment or a profile, and the parents of children who are left as they are at these schools. Returns how many those are.
pub(crate) async fn people<S: SyncStore + ?Sized>(
    store: &S,
    (source, undo): (&SourceId, Option<&Undoable>),
    spool: Spool,
    cut_short: Option<(&Index, &HashSet<Uai>)>,
    ids: &Arc<dyn Ids>,
    progress: &dyn Progress,
) -> Result<u64, SyncError> {
    progress.phase(Phase::Writing, Some(spool.records()));
    let (sender, mut receiver) = mpsc::channel(2);
    let (from, ids) = (source.clone(), Arc::clone(ids));
    // The next batch is read from the spool while the store writes this one.
    let reading = tokio::task::spawn_blocking(move || batches(spool.rewind()?, &from, ids.as_ref(), &sender));
    // A record is in one batch alone, so that they may be written in any order.
    let mut written = stream::poll_fn(|context| receiver.poll_recv(context))
        .map(|mut batch| async move {
            let (read, mut parents) = (batch.len() as u64, 0);
            if let Some((index, waiting)) = cut_short {
                let narrowed = |join: &JoinKey| index.narrowed(Digest::of_key(&join.key));
                batch.retain(|change| !change.person.join.as_ref().is_some_and(narrowed));
                parents = spare_parents(store, source, (index, waiting), &mut batch).await?;
            }
            if !batch.is_empty() {
                store.put_people(undo, &batch).await?;
            }
            Ok::<_, SyncError>((read, parents))
        })
        .buffer_unordered(store.writers());
    let mut spared = 0;
    while let Some(done) = written.next().await {
        let (read, parents) = done?;
        spared += parents;
        progress.advance(read);
    }
    reading.await.map_err(|_| SyncError::Interrupted)??;
    Ok(spared)
}

/// Takes out of a batch the adults of these schools who would lose a child that is absent and left as it is: the record read of
/// such an adult does not name the child, whose file is not there. Returns how many.
async fn spare_parents<S: SyncStore + ?Sized>(
    store: &S,
    source: &SourceId,
    (index, waiting): (&Index, &HashSet<Uai>),
    batch: &mut Vec<PersonChange>,
) -> Result<u64, SyncError> {
    let answers = |(uai, profile): &Place| *profile == Profile::Guardian && waiting.contains(uai);
    let keys = batch.iter().filter_map(|change| change.person.join.as_ref()).map(|join| &join.key);
    // Whoever is suspended comes back as they are read: nothing is taken from them, and they are counted as reactivated.
    let theirs =
        |key: Digest| index.known(key).is_some_and(|known| known.active) && index.places(key).iter().any(answers);
    let keys: Vec<String> = keys.filter(|key| theirs(Digest::of_key(key))).cloned().collect();
    if keys.is_empty() {
        return Ok(0);
    }
    let stored = store.source_records(source, RecordName::Key, &keys).await?.into_iter();
    let spared = |record: &SourceRecord| record.children.iter().any(|child| index.spared(Digest::of_key(child)));
    let parents: HashSet<String> = stored.filter(spared).map(|record| record.row.key).collect();
    batch.retain(|change| change.person.join.as_ref().is_none_or(|join| !parents.contains(&join.key)));
    Ok(parents.len() as u64)
}

fn batches(
    mut spool: SpoolReader,
    source: &SourceId,
    ids: &dyn Ids,
    out: &mpsc::Sender<Vec<PersonChange>>,
) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut near = ids.text(6);
    while let Some((digest, mut record)) = spool.next()? {
        let birth = match std::mem::take(&mut record.birth) {
            Birth::Coded(code) => Some(code),
            _ => None,
        };
        let told = Told { entry: record.entry.take(), ties: std::mem::take(&mut record.ties), birth };
        batch.push(PersonChange { person: person(source, record, PersonId::beside(&near, ids)), digest, told });
        if batch.len() == BATCH {
            near = ids.text(6);
            // A closed channel means that the store failed: whoever reads it knows.
            if out.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_err() {
                return Ok(());
            }
        }
    }
    if !batch.is_empty() {
        let _closed = out.blocking_send(batch);
    }
    Ok(())
}

/// The account a record makes. The store keeps the id of an account that exists already, and that it was used.
fn person(source: &SourceId, record: PersonRecord, id: PersonId) -> Person {
    Person {
        id,
        join: Some(JoinKey { source: source.clone(), key: record.key }),
        state: AccountState::PreCreated,
        given_name: record.given_name,
        family_name: record.family_name,
        title: record.title,
        login: record.login,
        mail: record.mail,
        credentials: Credentials::Directory,
        affiliations: record.affiliations,
        children: record.children,
    }
}

/// Suspends people whose records the source says are gone; returns how many were active.
pub(crate) async fn gone<S: SyncStore + ?Sized>(
    store: &S,
    (source, undo): (&SourceId, Option<&Undoable>),
    (index, keys): (&Index, &[String]),
    progress: &dyn Progress,
) -> Result<u64, SyncError> {
    let lost: Vec<String> = keys.iter().filter(|key| index.lost(Digest::of_key(key))).cloned().collect();
    if lost.is_empty() {
        return Ok(0);
    }
    progress.phase(Phase::Suspending, Some(lost.len() as u64));
    let mut suspended = 0;
    for chunk in lost.chunks(SUSPEND) {
        suspended += store.suspend_people(undo, source, chunk).await?;
        progress.advance(chunk.len() as u64);
    }
    Ok(suspended)
}

/// Suspends the people whose record was nowhere in the reading, those of `agreed` alone if it is given; returns how many were
/// active.
pub(crate) async fn suspensions<S: SyncStore + ?Sized>(
    store: &S,
    (source, undo): (&SourceId, Option<&Undoable>),
    (index, agreed): (&Index, Option<&HashSet<Digest>>),
    expected: u64,
    progress: &dyn Progress,
) -> Result<u64, SyncError> {
    if expected == 0 {
        return Ok(0);
    }
    progress.phase(Phase::Suspending, Some(expected));
    let mut suspended = 0;
    let mut after = String::new();
    loop {
        let page = store.source_index(source, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.key);
        let gone = |key: &Digest| index.lost(*key) && agreed.is_none_or(|agreed| agreed.contains(key));
        let lost: Vec<String> =
            page.into_iter().filter(|row| gone(&Digest::of_key(&row.key))).map(|row| row.key).collect();
        for chunk in lost.chunks(SUSPEND) {
            suspended += store.suspend_people(undo, source, chunk).await?;
            progress.advance(chunk.len() as u64);
        }
    }
    Ok(suspended)
}
