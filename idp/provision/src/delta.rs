//! A reading of changes alone: what the source says changed or went, and nobody else. Whoever it does not name stays as they
//! are: here absence means nothing.

use crate::births::BirthCodes;
use crate::index::Index;
use crate::plan::{Planned, Planner};
use crate::snapshot;
use crate::spool::Spool;
use crate::synchronise::{SyncError, SyncStore};
use crate::withheld::Withheld;
use async_trait::async_trait;
use preau_connector_api::{
    Changes, Completion, Directory, Known, KnownRecord, PersonRecord, ReadAll, Record, Unavailable,
};
use preau_domain::{Instant, SourceId};
use preau_store::{IndexRow, RecordName, SourceRecord};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Records asked for at once.
const ASK: usize = 500;

/// What was read.
pub(crate) struct Delta {
    pub(crate) planned: Planned,
    pub(crate) spool: Spool,
    /// Keys of records that were told of.
    pub(crate) keys: Vec<String>,
    /// Keys of records that are gone.
    pub(crate) gone: Vec<String>,
    /// Entries of the source that changed or went.
    pub(crate) entries: u64,
    pub(crate) mark: String,
}

/// Answers a connector from the store, and keeps what the plan asks of the same records.
struct Stored<'a, S: ?Sized> {
    store: &'a S,
    source: &'a SourceId,
    met: Mutex<HashMap<String, IndexRow>>,
}

#[async_trait]
impl<S: SyncStore + ?Sized> Known for Stored<'_, S> {
    async fn by_key(&self, keys: &[String]) -> Result<Vec<KnownRecord>, Unavailable> {
        self.asked(RecordName::Key, keys).await
    }

    async fn by_entry(&self, entries: &[String]) -> Result<Vec<KnownRecord>, Unavailable> {
        self.asked(RecordName::Entry, entries).await
    }
}

impl<S: SyncStore + ?Sized> Stored<'_, S> {
    async fn asked(&self, by: RecordName, names: &[String]) -> Result<Vec<KnownRecord>, Unavailable> {
        let mut found = Vec::new();
        for chunk in names.chunks(ASK) {
            let records = self.store.source_records(self.source, by, chunk).await;
            let records = records.map_err(|error| Unavailable(error.to_string()))?;
            let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
            met.extend(records.iter().map(|record| (record.row.key.clone(), record.row.clone())));
            found.extend(records.into_iter().map(known));
        }
        Ok(found)
    }
}

fn known(SourceRecord { row, told, children }: SourceRecord) -> KnownRecord {
    let active = row.state.may_sign_in();
    KnownRecord { key: row.key, active, entry: told.entry, ties: told.ties, children }
}

/// Reads what changed since the mark, or says why everybody must be read.
pub(crate) async fn take<S: SyncStore + ?Sized>(
    store: &S,
    source: &SourceId,
    directory: &dyn Directory,
    (mark, now): (&str, Instant),
    ((dir, run), withheld, births): ((&Path, &str), Withheld, BirthCodes),
) -> Result<Result<Delta, String>, SyncError> {
    let stored = Stored { store, source, met: Mutex::default() };
    let Changes { records, gone, entries, mark } = match directory.changes(mark, &stored, now).await {
        Ok(changes) => changes,
        Err(ReadAll(why)) => return Ok(Err(why)),
    };
    let keys: BTreeSet<&String> = records.iter().filter_map(key).chain(&gone).collect();
    let keys: Vec<String> = keys.into_iter().cloned().collect();
    let mut index = Index::default();
    let mut met = stored.met.into_inner().unwrap_or_else(PoisonError::into_inner);
    // A run of this source alone writes them, and there is one at a time: they are as they were a moment ago.
    let (of_them, unmet): (Vec<_>, Vec<_>) = keys.iter().map(|key| met.remove(key).ok_or(key)).partition(Result::is_ok);
    index.extend(&of_them.into_iter().filter_map(Result::ok).collect::<Vec<_>>());
    let unmet: Vec<String> = unmet.into_iter().filter_map(Result::err).cloned().collect();
    for chunk in unmet.chunks(ASK) {
        let records = store.source_records(source, RecordName::Key, chunk).await?;
        index.extend(&records.into_iter().map(|record| record.row).collect::<Vec<_>>());
    }
    index.seal();
    let (source, mut spool) = (source.clone(), Spool::create(dir, run)?);
    let planning = tokio::task::spawn_blocking(move || {
        let mut planner = Planner::new(source, index, withheld).coding(births);
        let mut json = Vec::with_capacity(4096);
        for record in records {
            snapshot::keep_one(record, &mut planner, &mut spool, &mut json)?;
        }
        Ok::<_, SyncError>((planner.finish(Completion::Complete), spool))
    });
    let (planned, spool) = planning.await.map_err(|_| SyncError::Interrupted)??;
    Ok(Ok(Delta { planned, spool, keys, gone, entries, mark }))
}

fn key(record: &Record) -> Option<&String> {
    match record {
        Record::Person(PersonRecord { key, .. }) | Record::Partial(PersonRecord { key, .. }) => Some(key),
        Record::Rejected(rejected) => rejected.key.as_ref(),
        Record::Establishment(_) => None,
    }
}
