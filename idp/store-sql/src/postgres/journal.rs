//! Writes events to PostgreSQL in batches, in the background. A write that follows an event waits for the batch the event
//! is in, so that nothing is ever done of which the journal does not tell. While the database takes no events they wait in
//! their order, and such writes are refused.

use crate::audit::{self, Recorded, Waiting};
use crate::link::{Link, refusal};
use preau_store::{Result, StoreError};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// At most so many entries of the queue in one statement.
const BATCH: usize = 512;
/// When events that the database did not take are tried again, if nobody asks for it before.
const AGAIN: Duration = Duration::from_secs(1);

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
    let (mut batch, mut backlog) = (Vec::with_capacity(BATCH), Backlog::default());
    loop {
        let received = entries.recv_many(&mut batch, BATCH);
        // Nothing new for a while: the backlog is tried again.
        let received = if backlog.events.is_empty() { Ok(received.await) } else { timeout(AGAIN, received).await };
        let ended = received == Ok(0);
        let mut waiting = Vec::new();
        for entry in batch.drain(..) {
            match entry {
                Entry::Event(event) => backlog.events.push(event),
                Entry::Settle(settle) => waiting.push(settle),
            }
        }
        let written = backlog.write(&pool, &load).await;
        if let Err(error) = &written {
            load.waiting.hold(&error.to_string());
        }
        for settle in waiting {
            let outcome = match &written {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::Backend(error.to_string())),
            };
            // Whoever went away meanwhile does not need to know.
            let _ = settle.send(outcome);
        }
        if ended {
            return Waiting::give_up(backlog.events.len());
        }
    }
}

/// Events that are not known to be in the database, in their order.
#[derive(Default)]
struct Backlog {
    events: Vec<Recorded>,
    /// So many of the first were sent, all in one statement, and the answer was no or did not come.
    sent: usize,
}

impl Backlog {
    async fn write(&mut self, pool: &PgPool, load: &Load) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let mut connection = pool.acquire().await.map_err(refusal)?;
        let mut link = Link::Postgres(&mut connection);
        // A connection that broke may have taken the answer with it and not the events.
        if let Some(last) = self.sent.checked_sub(1)
            && audit::there(&mut link, &self.events[last]).await?
        {
            self.leave(self.sent, load);
        }
        self.sent = self.events.len();
        audit::write(&mut link, &self.events).await?;
        self.leave(self.sent, load);
        Ok(())
    }

    /// The first events are in the database.
    fn leave(&mut self, count: usize, load: &Load) {
        self.events.drain(..count);
        self.sent = 0;
        load.waiting.leave(count);
        load.settled.fetch_add(count as u64, Ordering::SeqCst);
    }
}
