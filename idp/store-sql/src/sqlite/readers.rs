//! Connections that only read. A statement runs on the thread that asks: finding a row costs a few microseconds, less than
//! waking another thread. So there are at most as many readers at once as threads, and nobody waits for one.

use super::connect;
use crate::link::{Arg, Row, sqlite_refusal, sqlite_rows};
use preau_store::Result;
use rusqlite::{Connection, OpenFlags};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// See the module.
pub(super) struct Readers {
    path: PathBuf,
    patience: Duration,
    /// At most so many stay open when nobody reads.
    kept: usize,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Opens the first one, so that a file that cannot be read is noticed at the start.
    pub fn open(path: PathBuf, patience: Duration, kept: usize) -> Result<Self> {
        let first = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY, patience)?;
        Ok(Readers { path, patience, kept, idle: Mutex::new(vec![first]) })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A panic elsewhere leaves a list of good connections.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one reading statement on a connection nobody uses, opening one when all are busy.
    pub fn rows(&self, text: &str, args: Vec<Arg>) -> Result<Vec<Row>> {
        let free = self.idle().pop();
        let connection = match free {
            Some(connection) => connection,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY, self.patience)?,
        };
        // A connection that failed is closed.
        let rows = sqlite_rows(&connection, text, args).map_err(sqlite_refusal)?;
        let mut idle = self.idle();
        if idle.len() < self.kept {
            idle.push(connection);
        }
        Ok(rows)
    }
}
