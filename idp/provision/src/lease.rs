//! One synchronisation of a source at a time: a lock on a file of this machine, and a lease in the store between
//! machines. The kernel gives the lock back when a process is killed, and the lease is held in the name written in the
//! locked file, so that a run killed a second ago may be run again now.

use crate::synchronise::{SyncError, SyncStore};
use preau_domain::{Clock, Ids, Seconds, SourceId};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long a lease holds without being renewed.
const HOLD: Seconds = Seconds(60);

/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(15);

/// The right to synchronise a source.
pub(crate) struct Lease {
    name: String,
    holder: String,
    _lock: File,
}

impl Lease {
    /// Takes it, or says that somebody else has it.
    pub(crate) async fn take<S: SyncStore + ?Sized>(
        store: &S,
        clock: &dyn Clock,
        ids: &dyn Ids,
        source: &SourceId,
        dir: &Path,
    ) -> Result<Lease, SyncError> {
        let (lock, holder) = lock(&dir.join(format!("{source}.lock")), ids)?.ok_or(SyncError::Busy)?;
        let lease = Lease { name: format!("sync:{source}"), holder, _lock: lock };
        if lease.renew(store, clock).await? { Ok(lease) } else { Err(SyncError::Busy) }
    }

    async fn renew<S: SyncStore + ?Sized>(&self, store: &S, clock: &dyn Clock) -> Result<bool, SyncError> {
        let now = clock.now();
        Ok(store.acquire_lease(&self.name, &self.holder, now, now + HOLD).await?)
    }

    /// Renews it for as long as it is polled; ends only when it is lost.
    pub(crate) async fn keep<S: SyncStore + ?Sized>(&self, store: &S, clock: &dyn Clock) -> SyncError {
        let mut ticks = tokio::time::interval(RENEW);
        ticks.tick().await;
        let mut missed = 0;
        loop {
            ticks.tick().await;
            match self.renew(store, clock).await {
                Ok(true) => missed = 0,
                Ok(false) => return SyncError::LeaseLost,
                // Two missed renewals still leave the lease standing; with a third it may be somebody else's.
                Err(error) if missed < 2 => {
                    missed += 1;
                    tracing::warn!(%error, "the lease of a synchronisation was not renewed");
                }
                Err(_) => return SyncError::LeaseLost,
            }
        }
    }

    /// Gives it back.
    pub(crate) async fn release<S: SyncStore + ?Sized>(self, store: &S) {
        if let Err(error) = store.release_lease(&self.name, &self.holder).await {
            tracing::warn!(%error, "the lease of a synchronisation was not given back; it lapses by itself");
        }
    }
}

/// Locks the file and reads the name written in it, writing one the first time; `None` when another process has it.
fn lock(path: &Path, ids: &dyn Ids) -> io::Result<Option<(File, String)>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
        Err(std::fs::TryLockError::Error(error)) => return Err(error),
    }
    let mut name = String::new();
    (&mut file).take(64).read_to_string(&mut name)?;
    if name.len() != 26 {
        name = ids.text(26);
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(name.as_bytes())?;
        file.sync_data()?;
    }
    Ok(Some((file, name)))
}
