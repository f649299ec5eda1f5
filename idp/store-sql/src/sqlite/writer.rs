//! The one writer of a SQLite file. A commit waits for the disk (milliseconds); a write costs microseconds. So writes
//! queue, the writer takes all that wait, runs them inside one transaction, commits once, and only then answers each
//! caller. The longer the disk takes, the more writes share the next commit.
//!
//! Nobody waits for an event, so events alone wait a moment for company: see [`EVENTS_WAIT`].
//!
//! The database lives on a thread of its own, and going there and back costs as much as a small statement. A write of one
//! statement therefore travels with the beginning, the events and the commit around it when it is alone.

mod script;

use crate::audit::{self, Recorded, Waiting};
use crate::back::Shape;
use crate::link::{Arg, Link, Row, Work, refusal, sqlite_rows};
use futures::FutureExt;
use futures::future::BoxFuture;
use preau_store::{Result, StoreError};
use script::Scripts;
use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
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
    /// Events in the order they were handed over. They are taken when a commit begins, so that each is written before
    /// whatever its caller asked for afterwards.
    recorded: Mutex<Vec<Recorded>>,
    writes: AtomicUsize,
}

/// How long events wait for a write to travel with. A process that is killed loses at most these; the requests they tell
/// of changed nothing in the database.
const EVENTS_WAIT: Duration = Duration::from_millis(100);

enum Entry {
    /// Events wait where there were none.
    Events,
    Statement(Statement),
    Job(Job),
}

/// A write of one statement: atomic as it is.
struct Statement {
    text: &'static str,
    args: Vec<Arg>,
    answer: oneshot::Sender<Result<Vec<Row>>>,
}

/// A write of several statements.
struct Job {
    shape: Shape,
    run: Run,
}

type Run = Box<dyn for<'l, 'c> FnOnce(&'l mut Link<'c>) -> BoxFuture<'l, Ran> + Send>;

/// A job that ran.
struct Ran {
    /// What went wrong, if anything did.
    trouble: Option<Trouble>,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Conflict,
    Backend,
}

/// Answers a caller once the commit is decided: with what its write found, or with the reason why there was no commit.
type Answer = Box<dyn FnOnce(Option<&str>) + Send>;

impl Writer {
    /// Starts the writer on its connection. It ends when the near end is dropped and the queue is empty.
    pub fn start(connection: SqliteConnection) -> Self {
        let (queue, entries) = mpsc::unbounded_channel();
        let load = Arc::new(Load::default());
        tokio::spawn(write_all(connection, entries, Arc::clone(&load)));
        Writer { queue, load }
    }

    /// Runs one statement within the next commit and waits for that commit.
    pub async fn change(&self, text: &'static str, args: Vec<Arg>) -> Result<Vec<Row>> {
        let (answer, answered) = oneshot::channel();
        self.queue(Entry::Statement(Statement { text, args, answer }), answered).await
    }

    /// Runs work of several statements within the next commit and waits for that commit.
    pub async fn write<T: Send + 'static>(&self, shape: Shape, work: impl Work<T>) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job = Job { shape, run: Box::new(move |link| Box::pin(run(link, work, answer))) };
        self.queue(Entry::Job(job), answered).await
    }

    async fn queue<T>(&self, entry: Entry, answered: oneshot::Receiver<Result<T>>) -> Result<T> {
        if self.load.writes.load(Ordering::Relaxed) >= MOST_WAITING {
            return Err(StoreError::Backend("too many writes are waiting".into()));
        }
        self.load.writes.fetch_add(1, Ordering::Relaxed);
        self.queue.send(entry).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Backend("the database did not take the write".into()))?
    }

    /// Keeps an event for the next commit; nobody waits for it.
    pub fn record(&self, event: Recorded) {
        if self.load.events.enter() && self.load.push(event) && self.queue.send(Entry::Events).is_err() {
            Waiting::give_up(1);
        }
    }
}

impl Load {
    /// Adds an event; says whether it is the first to wait.
    fn push(&self, event: Recorded) -> bool {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.push(event);
        recorded.len() == 1
    }

    fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.recorded.lock().unwrap_or_else(PoisonError::into_inner))
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
        Err(StoreError::Backend(_) | StoreError::Closed) => Some(Trouble::Backend),
    };
    Ran { trouble, answer: later(answer, result) }
}

/// Keeps a result until the commit is decided.
fn later<T: Send + 'static>(answer: oneshot::Sender<Result<T>>, result: Result<T>) -> Answer {
    Box::new(move |failure| {
        let result = failure.map_or(result, |reason| Err(StoreError::Backend(reason.to_owned())));
        // A caller that is gone by now hears nothing; what it asked for is done.
        let _ = answer.send(result);
    })
}

/// What is committed together.
#[derive(Default)]
struct Group {
    events: Vec<Recorded>,
    jobs: Vec<Job>,
    statements: Vec<Statement>,
}

async fn write_all(mut connection: SqliteConnection, mut entries: mpsc::UnboundedReceiver<Entry>, load: Arc<Load>) {
    let mut scripts = Scripts::default();
    let mut taken = Vec::with_capacity(GROUP);
    while entries.recv_many(&mut taken, GROUP).await > 0 {
        if taken.iter().all(|entry| matches!(entry, Entry::Events)) {
            // Whether company came or not, the events go now.
            let _ = tokio::time::timeout(EVENTS_WAIT, entries.recv_many(&mut taken, GROUP)).await;
        }
        let mut group = Group { events: load.take(), ..Group::default() };
        for entry in taken.drain(..) {
            match entry {
                Entry::Events => {}
                Entry::Job(job) => group.jobs.push(job),
                Entry::Statement(statement) => group.statements.push(statement),
            }
        }
        load.events.leave(group.events.len());
        load.writes.fetch_sub(group.jobs.len() + group.statements.len(), Ordering::Relaxed);
        group.statements.retain(|statement| !statement.answer.is_closed());
        if group.events.is_empty() && group.jobs.is_empty() && group.statements.is_empty() {
            continue;
        }
        if let Err(failure) = commit(&mut connection, &mut scripts, group).await {
            let error = failure.reason;
            tracing::error!(error, "the disk failed under a commit; nothing is written any more until a restart");
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
    fn before_commit(error: sqlx::Error) -> Self {
        Failure { reason: refusal(error).to_string(), fatal: false }
    }

    fn at_commit(error: sqlx::Error) -> Self {
        let fatal = disk_failed(&error);
        Failure { fatal, ..Failure::before_commit(error) }
    }
}

type Committed<T> = std::result::Result<T, Failure>;

/// Runs a group within one commit and answers everybody. A failure is returned only when nothing may be written any more.
async fn commit(connection: &mut SqliteConnection, scripts: &mut Scripts, group: Group) -> Committed<()> {
    let (events, mut ran) = (group.events.len(), Vec::with_capacity(group.jobs.len() + group.statements.len()));
    let done = attempt(connection, scripts, group, &mut ran).await;
    if done.is_err() {
        Waiting::give_up(events);
        // Nothing may stay open; when the transaction is gone already, this fails and changes nothing.
        let _ = execute(connection, "ROLLBACK").await;
    }
    for answer in ran {
        answer(done.as_ref().err().map(|failure| failure.reason.as_str()));
    }
    done.or_else(|failure| if failure.fatal { Err(failure) } else { Ok(()) })
}

/// Runs a group up to and with its commit. Writes that ran are in `ran` whatever happens; one that did not run answers by
/// being dropped.
async fn attempt(
    connection: &mut SqliteConnection,
    scripts: &mut Scripts,
    group: Group,
    ran: &mut Vec<Answer>,
) -> Committed<()> {
    let Group { events, jobs, statements } = group;
    let mut head = None;
    if jobs.is_empty() && !statements.is_empty() && script::carries(events.len()) {
        head = Some(events);
    } else {
        execute(connection, "BEGIN IMMEDIATE").await.map_err(Failure::before_commit)?;
        let written = audit::write(&mut Link::Sqlite(connection), events).await;
        written.map_err(|error| Failure { reason: error.to_string(), fatal: false })?;
    }
    for job in jobs {
        run_job(connection, job, ran).await?;
    }
    let (mut left, mut committed) = (statements.len(), false);
    for Statement { text, args, answer } in statements {
        left -= 1;
        let (script, args) = scripts.around(text, args, head.take(), left == 0);
        match sqlite_rows(connection, script, args).await {
            Ok(rows) => {
                committed = left == 0;
                ran.push(later(answer, Ok(rows)));
            }
            // Nothing was written by this statement: its neighbours go on, and the events before it are kept.
            Err(error) if conflicts(&error) => ran.push(later::<Vec<Row>>(answer, Err(StoreError::Conflict))),
            Err(error) => {
                // Told the reason with the others, whatever stands here.
                ran.push(later(answer, Ok(Vec::<Row>::new())));
                return Err(if left == 0 { Failure::at_commit(error) } else { Failure::before_commit(error) });
            }
        }
    }
    if committed { Ok(()) } else { execute(connection, "COMMIT").await.map_err(Failure::at_commit) }
}

async fn run_job(connection: &mut SqliteConnection, job: Job, ran: &mut Vec<Answer>) -> Committed<()> {
    if job.shape == Shape::Several {
        execute(connection, "SAVEPOINT job").await.map_err(Failure::before_commit)?;
    }
    // Work that panics must not take the writer with it.
    let work = AssertUnwindSafe((job.run)(&mut Link::Sqlite(connection))).catch_unwind().await;
    let trouble = work.as_ref().map_or(Some(Trouble::Backend), |work| work.trouble);
    ran.extend(work.map(|work| work.answer));
    match (job.shape, trouble) {
        (Shape::Several, None) => execute(connection, "RELEASE job").await.map_err(Failure::before_commit),
        (Shape::Several, Some(_)) => {
            execute(connection, "ROLLBACK TO job").await.map_err(Failure::before_commit)?;
            execute(connection, "RELEASE job").await.map_err(Failure::before_commit)
        }
        // Nothing was written by this job: its neighbours go on.
        (Shape::Checked, None | Some(Trouble::Conflict)) => Ok(()),
        // The database itself is in trouble, and may have left the transaction already.
        (Shape::Checked, Some(Trouble::Backend)) => {
            Err(Failure { reason: "a write of the same commit failed".into(), fatal: false })
        }
    }
}

async fn execute(connection: &mut SqliteConnection, text: &'static str) -> sqlx::Result<()> {
    query(text).execute(connection).await.map(drop)
}

fn conflicts(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation() || error.is_foreign_key_violation())
}

/// Whether an error is SQLite's I/O error (10) in any of its extended forms.
fn disk_failed(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 10)
}

#[cfg(test)]
mod tests;
