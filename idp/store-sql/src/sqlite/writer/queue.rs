//! What waits for the writer, and when the writer sleeps. Waking a thread costs as much as a small write, so it is done
//! once for all that comes before the writer is up, and not at all for an event: nobody waits for one.

use super::Job;
use crate::audit::{Recorded, Waiting};
use preau_store::{Result, StoreError};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// At most so many writes in one commit.
const GROUP: usize = 256;
/// Beyond so many waiting writes a new one is refused at once.
const MOST_WAITING: usize = 8192;
/// How long events wait for a write to travel with. A process that is killed loses at most these; the requests they tell
/// of changed nothing in the database.
const EVENTS_WAIT: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    called: Condvar,
    events: Waiting,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// In the order they were handed over. They are taken with the jobs, so that each is written before whatever its
    /// caller asked for afterwards.
    events: Vec<Recorded>,
    writer: Sleep,
    /// Nothing more will come.
    ended: bool,
    /// Since then, events were put back once.
    last_try: bool,
    /// The writer is gone.
    stopped: bool,
}

/// How the writer sleeps.
#[derive(Default, PartialEq, Eq)]
enum Sleep {
    #[default]
    Awake,
    /// Until a write comes, but no longer than events may wait.
    Light,
    /// Until anything comes.
    Deep,
}

/// What is committed together.
pub(super) struct Group {
    pub events: Vec<Recorded>,
    pub jobs: Vec<Job>,
}

impl State {
    fn no_write(&mut self) -> bool {
        self.jobs.is_empty() && !self.ended
    }

    fn nothing(&mut self) -> bool {
        self.no_write() && self.events.is_empty()
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // No step between the fields can fail.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a write.
    pub fn push(&self, job: Job) -> Result<()> {
        let mut state = self.state();
        if state.stopped {
            return Err(StoreError::Closed);
        }
        if state.jobs.len() >= MOST_WAITING {
            return Err(StoreError::Backend("too many writes are waiting".into()));
        }
        state.jobs.push_back(job);
        let sleeps = std::mem::take(&mut state.writer) != Sleep::Awake;
        drop(state);
        if sleeps {
            self.called.notify_one();
        }
        Ok(())
    }

    /// Adds an event.
    pub fn record(&self, event: Recorded) {
        if !self.events.enter() {
            return;
        }
        let mut state = self.state();
        if state.stopped {
            return Waiting::give_up(1);
        }
        state.events.push(event);
        if state.writer == Sleep::Deep {
            state.writer = Sleep::Awake;
            drop(state);
            self.called.notify_one();
        }
    }

    /// Nothing more will come.
    pub fn end(&self) {
        self.state().ended = true;
        self.called.notify_one();
    }

    /// The writer is gone: what waits is refused, and what comes.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        state.jobs.clear();
        Waiting::give_up(std::mem::take(&mut state.events).len());
    }

    /// Waits for something to write; gives nothing when nothing more will come.
    pub fn next(&self) -> Option<Group> {
        let mut state = self.state();
        loop {
            state.writer = Sleep::Light;
            let waited = self.called.wait_timeout_while(state, EVENTS_WAIT, State::no_write);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !state.nothing() {
                break;
            }
            state.writer = Sleep::Deep;
            state = self.called.wait_while(state, State::nothing).unwrap_or_else(PoisonError::into_inner);
        }
        state.writer = Sleep::Awake;
        let count = state.jobs.len().min(GROUP);
        let group = Group { jobs: state.jobs.drain(..count).collect(), events: std::mem::take(&mut state.events) };
        drop(state);
        if group.jobs.is_empty() && group.events.is_empty() { None } else { Some(group) }
    }
    /// Events are in the database. Until then they take room in the queue.
    pub fn written(&self, count: usize) {
        self.events.leave(count);
    }

    /// Events that could not be written now: they go with the next commit, before all others. At the end they are tried
    /// once more.
    pub fn put_back(&self, mut events: Vec<Recorded>, reason: &str) {
        if events.is_empty() {
            return;
        }
        let mut state = self.state();
        if state.ended && std::mem::replace(&mut state.last_try, true) {
            return Waiting::give_up(events.len());
        }
        self.events.hold(reason);
        events.append(&mut state.events);
        state.events = events;
    }
}
