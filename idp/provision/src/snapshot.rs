//! Reads a source once, to its end, and keeps what is new. Memory: the index of what is known, one hash for each new
//! key, and a channel of a few hundred records.

use crate::births::BirthCodes;
use crate::digest::Digest;
use crate::index::Index;
use crate::plan::{Fate, Planned, Planner};
use crate::progress::{Phase, Progress};
use crate::spool::Spool;
use crate::synchronise::{SyncError, SyncStore};
use crate::withheld::Withheld;
use preau_connector_api::{Directory, PersonRecord, Record};
use preau_domain::SourceId;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows of the index read at once.
pub(crate) const PAGE: u32 = 5_000;

/// Records between the connector and the planner.
const CHANNEL: usize = 512;

/// Loads what is known of a source.
pub(crate) async fn load<S: SyncStore + ?Sized>(
    store: &S,
    source: &SourceId,
    progress: &dyn Progress,
) -> Result<Index, SyncError> {
    progress.phase(Phase::Loading, None);
    let mut index = Index::default();
    let mut after = String::new();
    loop {
        let page = store.source_index(source, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.key);
        index.extend(&page);
        progress.advance(page.len() as u64);
    }
    index.seal();
    Ok(index)
}

/// Reads the source; gives back the plan and what there is to write.
pub(crate) async fn take(
    source: &SourceId,
    index: Index,
    directory: &dyn Directory,
    (spool, withheld, births): ((&Path, &str), Withheld, BirthCodes),
    progress: Arc<dyn Progress>,
) -> Result<(Planned, Spool), SyncError> {
    let total = match index.len() {
        0 if progress.wants_total() => directory.estimate().await,
        0 => None,
        // As many as last time is near enough, and costs nothing.
        known => Some(known),
    };
    progress.phase(Phase::Reading, total);
    let spool = Spool::create(spool.0, spool.1)?;
    let planner = Planner::new(source.clone(), index, withheld).coding(births);
    let (sender, receiver) = mpsc::channel(CHANNEL);
    // Digesting and spooling are work for a thread of their own: the connector keeps reading meanwhile, and no thread
    // that serves requests waits for a disk.
    let keeping = tokio::task::spawn_blocking(move || keep(receiver, planner, spool, progress.as_ref()));
    let completion = directory.read(sender).await;
    let (planner, spool) = keeping.await.map_err(|_| SyncError::Interrupted)??;
    Ok((planner.finish(completion), spool))
}

fn keep(
    mut receiver: mpsc::Receiver<Record>,
    mut planner: Planner,
    mut spool: Spool,
    progress: &dyn Progress,
) -> io::Result<(Planner, Spool)> {
    let mut json = Vec::with_capacity(4096);
    let mut told = 0;
    while let Some(record) = receiver.blocking_recv() {
        keep_one(record, &mut planner, &mut spool, &mut json)?;
        told += 1;
        if told == 256 {
            progress.advance(told);
            told = 0;
        }
    }
    progress.advance(told);
    Ok((planner, spool))
}

/// Plans one record, and keeps it if it is to be written.
pub(crate) fn keep_one(record: Record, planner: &mut Planner, spool: &mut Spool, json: &mut Vec<u8>) -> io::Result<()> {
    let (mut record, partial) = match record {
        Record::Establishment(record) => {
            planner.establishment(record);
            return Ok(());
        }
        Record::Rejected(rejected) => {
            planner.rejected(rejected);
            return Ok(());
        }
        Record::Person(record) => (record, false),
        Record::Partial(record) => (record, true),
    };
    planner.leave_out(&mut record);
    let digest = digested(&record, json)?;
    let fate = if partial { planner.partial(&record, digest) } else { planner.person(&record, digest) };
    if fate == Fate::Write { spool.write(digest, json) } else { Ok(()) }
}

/// Writes a record as its canonical bytes and gives their digest.
fn digested(record: &PersonRecord, json: &mut Vec<u8>) -> io::Result<Digest> {
    json.clear();
    serde_json::to_writer(&mut *json, record)?;
    Ok(Digest::of_record(json))
}
