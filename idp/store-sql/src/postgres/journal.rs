//! Writes events to PostgreSQL in batches, in the background. A write that follows an event waits for the batch the event
//! is in, so that nothing is ever done of which the journal does not tell.

use crate::audit::{self, Recorded, Waiting};
use crate::link::{Link, refusal};
use preau_store::{Result, StoreError};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// At most so many entries of the queue in one statement.
const BATCH: usize = 512;

/// The near end of the queue.
pub(super) struct Journal {
    queue: mpsc::UnboundedSender<Entry>,
    load: Arc<Load>,
}

#[derive(Default)]
struct Load {
    waiting: Waiting,
    /// Events handed over, and events that are no longer under way.
    recorded: AtomicU64,
    settled: AtomicU64,
}

enum Entry {
    Event(Recorded),
    Settle(oneshot::Sender<Result<()>>),
}

impl Journal {
    /// Starts the background task. It ends when the near end is dropped and the queue is empty.
    pub fn start(pool: PgPool) -> Self {
        let (queue, entries) = mpsc::unbounded_channel();
        let load = Arc::new(Load::default());
        tokio::spawn(write_all(pool, entries, Arc::clone(&load)));
        Journal { queue, load }
    }

    /// Queues an event; nobody waits for it.
    pub fn record(&self, event: Recorded) {
        if !self.load.waiting.enter() {
            return;
        }
        self.load.recorded.fetch_add(1, Ordering::SeqCst);
        if self.queue.send(Entry::Event(event)).is_err() {
            Waiting::give_up(1);
        }
    }

    /// Waits until the events recorded so far are durable; when none is under way, for nothing.
    pub async fn settle(&self) -> Result<()> {
        if self.load.settled.load(Ordering::SeqCst) >= self.load.recorded.load(Ordering::SeqCst) {
            return Ok(());
        }
        let stopped = || StoreError::Backend("the journal is closed".into());
        let (settle, settled) = oneshot::channel();
        self.queue.send(Entry::Settle(settle)).map_err(|_| stopped())?;
        settled.await.map_err(|_| stopped())?
    }
}

async fn write_all(pool: PgPool, mut entries: mpsc::UnboundedReceiver<Entry>, load: Arc<Load>) {
    let mut batch = Vec::with_capacity(BATCH);
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let (mut events, mut waiting) = (Vec::new(), Vec::new());
        for entry in batch.drain(..) {
            match entry {
                Entry::Event(event) => events.push(event),
                Entry::Settle(settle) => waiting.push(settle),
            }
        }
        let count = events.len();
        load.waiting.leave(count);
        let written = write(&pool, events).await;
        load.settled.fetch_add(count as u64, Ordering::SeqCst);
        if written.is_err() {
            Waiting::give_up(count);
        }
        for settle in waiting {
            let outcome = match &written {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::Backend(error.to_string())),
            };
            // Whoever went away meanwhile does not need to know.
            let _ = settle.send(outcome);
        }
    }
}

async fn write(pool: &PgPool, events: Vec<Recorded>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut connection = pool.acquire().await.map_err(refusal)?;
    audit::write(&mut Link::Postgres(&mut connection), events).await
}
