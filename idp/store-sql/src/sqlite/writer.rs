//! The one writer of a SQLite file, on a thread of its own. A commit waits for the disk (milliseconds); a write costs
//! microseconds. So writes queue, the writer takes all that wait, runs them inside one transaction, commits once, and
//! only then answers each caller. The longer the disk takes, the more writes share the next commit.
//!
//! What waits, and when the writer sleeps, is `queue`'s matter.

mod queue;

use super::execute;
use super::log::Log;
use super::turn::Turn;
use crate::audit::{self, Recorded, Waiting};
use crate::back::Shape;
use crate::link::{Link, Work, sqlite_refusal};
use futures::FutureExt;
use preau_store::{Result, StoreError};
use queue::{Group, Queue};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The near end of the queue.
pub(super) struct Writer(Arc<Queue>);

/// A write that waits.
struct Job {
    shape: Shape,
    run: Box<dyn FnOnce(&mut Link<'_>) -> Ran + Send>,
}

/// A job that ran.
struct Ran {
    /// What went wrong, if anything did.
    trouble: Option<Trouble>,
    answer: Answer,
}

enum Trouble {
    Conflict,
    Backend(String),
}

/// Answers a caller once the commit is decided: with what its write found, or with the reason why there was no commit.
type Answer = Box<dyn FnOnce(Option<&str>) + Send>;

impl Writer {
    /// Starts the writer on its connection. It ends when the near end is dropped and the queue is empty.
    pub fn start(connection: Connection, patience: Duration) -> Result<Self> {
        let turn = Turn::of(&connection, patience)?;
        let near = Arc::new(Queue::default());
        let far = Arc::clone(&near);
        let thread = std::thread::Builder::new().name("preau-writer".into());
        let started = thread.spawn(move || write_all(connection, turn, &FarEnd(far)));
        started.map_err(|error| StoreError::Backend(format!("the writer did not start: {error}")))?;
        Ok(Writer(near))
    }

    /// Runs work within the next commit and waits for that commit.
    pub async fn write<T: Send + 'static>(&self, shape: Shape, work: impl Work<T>) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.0.push(Job { shape, run: Box::new(move |link| run(link, work, answer)) })?;
        answered.await.map_err(|_| StoreError::Backend("the database did not take the write".into()))?
    }

    /// Keeps an event for the next commit; nobody waits for it.
    pub fn record(&self, event: Recorded) {
        self.0.record(event);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The writer's end of the queue. However the writer ends, nobody waits for it any more.
struct FarEnd(Arc<Queue>);

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn run<T: Send + 'static>(link: &mut Link<'_>, work: impl Work<T>, answer: oneshot::Sender<Result<T>>) -> Ran {
    // A caller that went away while waiting (its request timed out) was told no: its write must not happen any more.
    if answer.is_closed() {
        return Ran { trouble: None, answer: Box::new(|_| ()) };
    }
    let result = at_once(work(link));
    let trouble = match &result {
        Ok(_) => None,
        Err(StoreError::Conflict) => Some(Trouble::Conflict),
        Err(StoreError::Backend(reason)) => Some(Trouble::Backend(reason.clone())),
        Err(error @ StoreError::Closed) => Some(Trouble::Backend(error.to_string())),
    };
    let answer = Box::new(move |failure: Option<&str>| {
        let result = failure.map_or(result, |reason| Err(StoreError::Backend(reason.to_owned())));
        // A caller that is gone by now hears nothing; what it asked for is done.
        let _ = answer.send(result);
    });
    Ran { trouble, answer }
}

/// The end of work over SQLite, which never waits.
fn at_once<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let waited = || Err(StoreError::Backend("work within a commit waited for something else".into()));
    work.now_or_never().unwrap_or_else(waited)
}

fn write_all(mut connection: Connection, mut turn: Turn, far: &FarEnd) {
    let mut log = Log::of(&connection);
    while let Some(group) = far.0.next() {
        if let Err(failure) = commit(&mut connection, &mut turn, group, &far.0) {
            let error = failure.reason;
            tracing::error!(error, "the disk failed under a commit; nothing is written any more until a restart");
            return;
        }
        log.committed(&connection);
    }
}

/// Why a group was not committed.
struct Failure {
    reason: String,
    /// The disk failed under the commit: the state of the file is unknown, and trying again could pass off a lost commit
    /// as a good one.
    fatal: bool,
}

impl Failure {
    fn before_commit(error: StoreError) -> Self {
        let reason = match error {
            StoreError::Backend(reason) => reason,
            StoreError::Conflict | StoreError::Closed => error.to_string(),
        };
        Failure { reason, fatal: false }
    }

    fn at_commit(error: rusqlite::Error) -> Self {
        // SQLite's I/O error in any of its forms.
        let fatal = error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure);
        Failure { fatal, ..Failure::before_commit(sqlite_refusal(error)) }
    }
}

type Committed<T> = std::result::Result<T, Failure>;

/// Runs a group within one commit and answers everybody. A failure is returned only when nothing may be written any more;
/// after any other one the events of the group wait for the next commit.
fn commit(connection: &mut Connection, turn: &mut Turn, group: Group, queue: &Queue) -> Committed<()> {
    let Group { events, jobs } = group;
    let mut ran = Vec::with_capacity(jobs.len());
    let done = attempt((connection, turn), &events, jobs, &mut ran);
    match &done {
        Ok(()) => queue.written(events.len()),
        Err(failure) => {
            // Nothing may stay open; when the transaction is gone already, this fails and changes nothing.
            let _ = execute(connection, "ROLLBACK");
            if failure.fatal {
                Waiting::give_up(events.len());
            } else {
                queue.put_back(events, &failure.reason);
            }
        }
    }
    for answer in ran {
        answer(done.as_ref().err().map(|failure| failure.reason.as_str()));
    }
    done.or_else(|failure| if failure.fatal { Err(failure) } else { Ok(()) })
}

/// Runs a group up to and with its commit. Jobs that ran are in `ran` whatever happens; one that did not run answers by
/// being dropped.
fn attempt(
    (connection, turn): (&mut Connection, &mut Turn),
    events: &[Recorded],
    jobs: Vec<Job>,
    ran: &mut Vec<Answer>,
) -> Committed<()> {
    let waits = !events.is_empty() || jobs.iter().any(|job| job.shape != Shape::Bulk);
    turn.begin(connection, waits).map_err(|error| Failure::before_commit(sqlite_refusal(error)))?;
    at_once(audit::write(&mut Link::Sqlite(connection), events)).map_err(Failure::before_commit)?;
    // Of a run that is made again anyway nothing has to be taken back by itself.
    let alone = !waits && jobs.len() == 1;
    for job in jobs {
        run_job((connection, alone), job, ran)?;
    }
    if alone && connection.is_autocommit() {
        // It was refused, and is taken back already.
        return Ok(());
    }
    execute(connection, "COMMIT").map_err(Failure::at_commit)
}

fn run_job((connection, alone): (&mut Connection, bool), job: Job, ran: &mut Vec<Answer>) -> Committed<()> {
    let several = matches!(job.shape, Shape::Several | Shape::Bulk) && !alone;
    if several {
        step(connection, "SAVEPOINT job")?;
    }
    // Work that panics must not take the writer with it.
    let work = catch_unwind(AssertUnwindSafe(|| (job.run)(&mut Link::Sqlite(connection))));
    let trouble = match work {
        Ok(Ran { trouble, answer }) => {
            ran.push(answer);
            trouble
        }
        Err(_) => Some(Trouble::Backend("a write of the same commit failed".into())),
    };
    match trouble {
        None if several => step(connection, "RELEASE job"),
        Some(_) if several => {
            step(connection, "ROLLBACK TO job")?;
            step(connection, "RELEASE job")
        }
        Some(Trouble::Conflict) if alone => step(connection, "ROLLBACK"),
        // Nothing was written by this job: its neighbours go on.
        None | Some(Trouble::Conflict) => Ok(()),
        // The database itself is in trouble, and may have left the transaction already.
        Some(Trouble::Backend(reason)) => Err(Failure { reason, fatal: false }),
    }
}

fn step(connection: &Connection, text: &str) -> Committed<()> {
    execute(connection, text).map_err(|error| Failure::before_commit(sqlite_refusal(error)))
}

#[cfg(test)]
mod tests;
