//! The log of commits beside the file (the WAL). SQLite makes it longer commit by commit until it is brought home and
//! written again from its beginning. A commit that makes it longer also has to write down the new length and where the new
//! part lies, which costs it half as much again. So a process that commits often lays the log out ahead of itself, in
//! strides; one that commits a few times never does.

use rusqlite::Connection;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

/// Pages in the log before they are brought home: 16 MiB. A page that is written again and again in the meantime, as the
/// indexes are during a synchronisation, is brought home once.
pub(super) const PAGES: u32 = 4000;
/// Bytes of a log of so many pages, and of a last commit of some more.
const LENGTH: u64 = 17 << 20;
/// So many bytes at once, after so many commits.
const STRIDE: usize = 1 << 20;
const COMMITS: u32 = 10;

/// See the module.
pub(super) struct Log {
    path: PathBuf,
    commits: u32,
    laid_out: bool,
}

impl Log {
    /// The log of a file.
    pub fn of(connection: &Connection) -> Log {
        let path = PathBuf::from(format!("{}-wal", connection.path().unwrap_or_default()));
        Log { path, commits: 0, laid_out: false }
    }

    /// Notes a commit; stands outside any transaction.
    pub fn committed(&mut self, connection: &Connection) {
        self.commits = self.commits.wrapping_add(1);
        if self.laid_out || !self.commits.is_multiple_of(COMMITS) {
            return;
        }
        match self.lay_out(connection) {
            Ok(laid_out) => self.laid_out = laid_out,
            Err(error) => {
                // Commits go on without, at their price.
                tracing::warn!(error, "the log of the database was not laid out ahead");
                self.laid_out = true;
            }
        }
    }

    /// Goes one stride on; says whether nothing is left to do.
    fn lay_out(&self, connection: &Connection) -> Result<bool, String> {
        // While it is held, the lock of writers keeps every other process from writing to the log or cutting it. To a
        // reader of the log, and to whoever recovers it, what follows its last commit is no commit, zeros least of all.
        let execute = |text| super::execute(connection, text).map_err(|error| error.to_string());
        execute("BEGIN IMMEDIATE")?;
        let grown = self.grow().map_err(|error| error.to_string());
        execute("ROLLBACK")?;
        grown
    }

    fn grow(&self) -> io::Result<bool> {
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        if file.metadata()?.len() >= LENGTH {
            return Ok(true);
        }
        file.write_all(&vec![0; STRIDE])?;
        file.sync_all()?;
        Ok(false)
    }
}
