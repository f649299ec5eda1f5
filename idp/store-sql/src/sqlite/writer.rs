//! The one writer of a SQLite file. A commit waits for the disk (milliseconds); a write costs microseconds. So writes
//! queue, the writer takes all that wait, runs them inside one transaction, commits once, and only then answers each
//! caller. The longer the disk takes, the more writes share the next commit.

use crate::audit::{self, Waiting};
use crate::back::Shape;
use crate::link::{Link, Work, refusal};
use futures::FutureExt;
use futures::future::BoxFuture;
use preau_domain::AuditEvent;
use preau_store::{Result, StoreError};
use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};

/// At most so many entries of the queue in one commit.
const GROUP: usize = 256;
/// Beyond so many waiting writes a new one is refused at once.
const MOST_WAITING: usize = 8192;

/// The near end of the queue.
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Entry>,
    load: Arc<Load>,
}

/// What waits.
#[derive(Default)]
struct Load {
    events: Waiting,
    jobs: AtomicUsize,
}

/// The queue keeps the order in which one caller hands things over, events and writes alike.
enum Entry {
    Event(AuditEvent),
    Job(Job),
}

struct Job {
    shape: Shape,
    run: Box<dyn for<'l, 'c> FnOnce(&'l mut Link<'c>) -> BoxFuture<'l, Ran> + Send>,
}

/// A job that ran and awaits the commit.
struct Ran {
    /// What went wrong, if anything did.
    trouble: Option<Trouble>,
    /// Answers the caller: with what the job found, or with the reason why the commit did not happen.
    answer: Box<dyn FnOnce(Option<String>) + Send>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Conflict,
    Backend,
}

impl Writer {
    /// Starts the writer on its connection. It ends when the near end is dropped and the queue is empty.
    pub fn start(connection: SqliteConnection) -> Self {
        let (queue, entries) = mpsc::unbounded_channel();
        let load = Arc::new(Load::default());
        tokio::spawn(write_all(connection, entries, Arc::clone(&load)));
        Writer { queue, load }
    }

    /// Runs work within the next commit and waits for that commit.
    pub async fn write<T: Send + 'static>(&self, shape: Shape, work: impl Work<T>) -> Result<T> {
        if self.load.jobs.load(Ordering::Relaxed) >= MOST_WAITING {
            return Err(StoreError::Backend("too many writes are waiting".into()));
        }
        let (answer, answered) = oneshot::channel::<Result<T>>();
        self.load.jobs.fetch_add(1, Ordering::Relaxed);
        let stopped = || StoreError::Backend("the database is closed for writing".into());
        let job = Job { shape, run: Box::new(move |link| Box::pin(run(link, work, answer))) };
        self.queue.send(Entry::Job(job)).map_err(|_| stopped())?;
        let unanswered = |_| StoreError::Backend("the database did not take the write".into());
        answered.await.map_err(unanswered)?
    }

    /// Queues an event; nobody waits for it.
    pub fn record(&self, event: AuditEvent) {
        if self.load.events.enter() && self.queue.send(Entry::Event(event)).is_err() {
            Waiting::give_up(1);
        }
    }
}

async fn run<T: Send + 'static>(link: &mut Link<'_>, work: impl Work<T>, answer: oneshot::Sender<Result<T>>) -> Ran {
    // A caller that went away while waiting (its request timed out) was told no: its write must not happen any more.
    if answer.is_closed() {
        return Ran { trouble: None, answer: Box::new(|_| ()) };
    }
    let result = work(link).await;
    let trouble = match &result {
        Ok(_) => None,
        Err(StoreError::Conflict) => Some(Trouble::Conflict),
        Err(StoreError::Backend(_)) => Some(Trouble::Backend),
    };
    let answer = move |failure: Option<String>| {
        let result = failure.map_or(result, |reason| Err(StoreError::Backend(reason)));
        // A caller that is gone by now hears nothing; what it asked for is done.
        let _ = answer.send(result);
    };
    Ran { trouble, answer: Box::new(answer) }
}

async fn write_all(mut connection: SqliteConnection, mut entries: mpsc::UnboundedReceiver<Entry>, load: Arc<Load>) {
    let mut group = Vec::with_capacity(GROUP);
    while entries.recv_many(&mut group, GROUP).await > 0 {
        let (mut events, mut jobs) = (Vec::new(), Vec::new());
        for entry in group.drain(..) {
            match entry {
                Entry::Event(event) => events.push(event),
                Entry::Job(job) => jobs.push(job),
            }
        }
        load.events.leave(events.len());
        load.jobs.fetch_sub(jobs.len(), Ordering::Relaxed);
        if let Err(fatal) = commit(&mut connection, events, jobs).await {
            tracing::error!(
                error = fatal.reason,
                "the disk failed under a commit; nothing is written any more until a restart"
            );
            return;
        }
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
    fn of(error: sqlx::Error) -> Self {
        Failure { reason: refusal(error).to_string(), fatal: false }
    }
}

/// Runs a group within one commit and answers everybody. A failure is returned only when nothing may be written any more.
async fn commit(
    connection: &mut SqliteConnection,
    events: Vec<AuditEvent>,
    jobs: Vec<Job>,
) -> std::result::Result<(), Failure> {
    let (count, mut ran) = (events.len(), Vec::with_capacity(jobs.len()));
    let done = attempt(connection, events, jobs, &mut ran).await;
    if done.is_err() {
        Waiting::give_up(count);
        // Nothing may stay open; when the transaction is gone already, this fails and changes nothing.
        let _ = execute(connection, "ROLLBACK").await;
    }
    for Ran { answer, .. } in ran {
        answer(done.as_ref().err().map(|failure| failure.reason.clone()));
    }
    done.or_else(|failure| if failure.fatal { Err(failure) } else { Ok(()) })
}

/// Runs a group up to and with its commit. Jobs that ran are in `ran` whatever happens; a job that did not run answers
/// by being dropped.
async fn attempt(
    connection: &mut SqliteConnection,
    events: Vec<AuditEvent>,
    jobs: Vec<Job>,
    ran: &mut Vec<Ran>,
) -> std::result::Result<(), Failure> {
    execute(connection, "BEGIN IMMEDIATE").await.map_err(Failure::of)?;
    audit::write(&mut Link::Sqlite(connection), events)
        .await
        .map_err(|error| Failure { reason: error.to_string(), fatal: false })?;
    for job in jobs {
        if job.shape == Shape::Several {
            execute(connection, "SAVEPOINT job").await.map_err(Failure::of)?;
        }
        let work = AssertUnwindSafe((job.run)(&mut Link::Sqlite(connection))).catch_unwind().await;
        let trouble = work.as_ref().map_or(Some(Trouble::Backend), |work| work.trouble);
        ran.extend(work);
        match (job.shape, trouble) {
            (Shape::Several, None) => execute(connection, "RELEASE job").await.map_err(Failure::of)?,
            (Shape::Several, Some(_)) => {
                execute(connection, "ROLLBACK TO job").await.map_err(Failure::of)?;
                execute(connection, "RELEASE job").await.map_err(Failure::of)?;
            }
            // Nothing was written by this job: its neighbours go on.
            (_, None | Some(Trouble::Conflict)) => {}
            // The database itself is in trouble, and may have left the transaction already.
            (_, Some(Trouble::Backend)) => {
                return Err(Failure { reason: "a write of the same commit failed".into(), fatal: false });
            }
        }
    }
    execute(connection, "COMMIT").await.map_err(|error| {
        let fatal = disk_failed(&error);
        Failure { fatal, ..Failure::of(error) }
    })
}

async fn execute(connection: &mut SqliteConnection, text: &'static str) -> sqlx::Result<()> {
    query(text).execute(connection).await.map(drop)
}

/// Whether an error is SQLite's I/O error (10) in any of its extended forms.
fn disk_failed(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 10)
}
