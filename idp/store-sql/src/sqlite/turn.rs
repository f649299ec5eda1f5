//! Whose turn it is to write, among processes: a server, and a synchronisation that somebody started beside it.
//!
//! SQLite lets one process write at a time, and whoever waits looks again after a while, and then after a longer while: a
//! synchronisation that writes batch after batch takes the lock again before anybody has looked. So whoever wants it first
//! takes a lock that only those who wait hold: while one waits, nobody else can begin.

use preau_store::Result;
use rusqlite::{Connection, ErrorCode};
use std::fs::{File, OpenOptions, TryLockError};
use std::time::{Duration, Instant};

/// How often whoever waits looks again.
const LOOK: Duration = Duration::from_millis(1);

/// See the module.
pub(super) struct Turn {
    /// Beside the database; empty, and its owner's alone as the database is. Absent where it cannot be opened.
    file: Option<File>,
    patience: Duration,
    /// Whether a commit of the connection waits for the disk.
    waits: bool,
}

impl Turn {
    /// The turns of a database; the connection no longer waits by itself for the lock of writers.
    pub fn of(connection: &Connection, patience: Duration) -> Result<Turn> {
        let path = format!("{}-turn", connection.path().unwrap_or_default());
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // It may be that of another user who ran a command here first: turns are a courtesy, writing is not.
        let file = options.open(&path).inspect_err(|error| tracing::warn!(path, %error, "writers take no turns")).ok();
        connection.busy_timeout(Duration::ZERO).map_err(crate::link::sqlite_refusal)?;
        Ok(Turn { file, patience, waits: true })
    }

    /// Begins a transaction that writes, and whose commit waits for the disk if it is said to.
    pub fn begin(&mut self, connection: &Connection, waits: bool) -> rusqlite::Result<()> {
        if waits != self.waits {
            // Whatever was committed without waiting reaches the disk with the first commit that waits.
            connection.pragma_update(None, "synchronous", if waits { "FULL" } else { "NORMAL" })?;
            self.waits = waits;
        }
        let until = Instant::now() + self.patience;
        let held = self.take(until);
        let begun = loop {
            match super::execute(connection, "BEGIN IMMEDIATE") {
                Err(error) if busy(&error) && Instant::now() < until => std::thread::sleep(LOOK),
                begun => break begun,
            }
        };
        if let Some(file) = held {
            // It is let go in any case with the file.
            let _ = file.unlock();
        }
        begun
    }

    /// Waits for the others who wait. Whoever does not come to hold the lock goes on without it: a file system that knows no locks,
    /// or one who waits and was stopped, keeps nobody from writing.
    fn take(&self, until: Instant) -> Option<&File> {
        let file = self.file.as_ref()?;
        loop {
            match file.try_lock() {
                Ok(()) => return Some(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOOK),
                Err(_) => return None,
            }
        }
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::back::Shape;
    use crate::sqlite::Sqlite;

    const ADD: &str = "INSERT INTO device (id, seen) SELECT $1, count(*) FROM device";

    /// A synchronisation that is at its next batch already, and a server that has waited for longer.
    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_waits_comes_before_whoever_begins_again() {
        let folder = std::env::temp_dir().join(format!("preau-turn-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("preau.db");
        let url = format!("sqlite://{}", path.display());
        let (server, run) = (open(&url).await, open(&url).await);
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let add = |store: Sqlite, shape, id: &'static str| {
            tokio::spawn(async move {
                let values = vec![id.into()];
                store.write(shape, move |link| Box::pin(link.changed(ADD, values))).await.unwrap()
            })
        };
        let first = add(server, Shape::One, "server");
        let turn = OpenOptions::new().write(true).open(folder.join("preau.db-turn")).unwrap();
        while turn.try_lock().is_ok() {
            turn.unlock().unwrap();
            tokio::task::yield_now().await;
        }
        let second = add(run, Shape::Bulk, "run");
        other.execute_batch("COMMIT").unwrap();
        first.await.unwrap();
        second.await.unwrap();
        let place =
            |id: &str| other.query_row("SELECT seen FROM device WHERE id = ?", [id], |row| row.get::<_, i64>(0));
        assert_eq!((place("server").unwrap(), place("run").unwrap()), (0, 1));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_lock_that_cannot_be_opened_keeps_nobody_from_writing() {
        let folder = std::env::temp_dir().join(format!("preau-turn-none-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("preau.db-turn")).unwrap();
        let store = open(&format!("sqlite://{}", folder.join("preau.db").display())).await;
        let added = store.write(Shape::One, |link| Box::pin(link.changed(ADD, vec!["server".into()]))).await;
        assert_eq!(added.unwrap(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    async fn open(url: &str) -> Sqlite {
        Sqlite::open(url, &Options::default()).await.unwrap()
    }

    #[test]
    fn only_a_run_that_is_made_again_does_not_wait_for_the_disk() {
        let folder = std::env::temp_dir().join(format!("preau-turn-disk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let connection = Connection::open(folder.join("preau.db")).unwrap();
        connection.pragma_update(None, "synchronous", "FULL").unwrap();
        let mut turn = Turn::of(&connection, Duration::from_secs(5)).unwrap();
        for (waits, level) in [(true, 2), (false, 1), (true, 2)] {
            turn.begin(&connection, waits).unwrap();
            let set: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            assert_eq!(set, level);
            connection.execute_batch("COMMIT").unwrap();
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
