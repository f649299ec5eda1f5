//! Connections kept open for searching, all bound as the service account and never as anybody else; and the breaker that
//! spares a directory which does not answer, and those who would wait for it.

use crate::session::{Query, SILENT, ServiceAccount, Session};
use crate::wire::{Budget, Target};
use preau_connector_api::Unavailable;
use preau_ent::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// A connection that was idle for longer is asked whether it still answers before it is used.
const STALE: Duration = Duration::from_secs(10);
/// How long nobody tries after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Checks in a row that got no answer before the breaker opens. One may be bad luck; a connection that cannot be opened
/// never is.
const SILENCES: u32 = 2;
/// Most patience with a directory that was silent a moment ago.
const DOUBT: Duration = Duration::from_millis(1500);

/// Says whether it makes sense to try. Once open it stays so until an attempt succeeds, and lets one through at a time.
#[derive(Default)]
pub(crate) struct Breaker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When it is open: from when on one attempt may be made.
    open: Option<Instant>,
    /// That attempt is under way.
    trying: bool,
    /// Attempts in a row that got no answer.
    silences: u32,
}

impl Breaker {
    /// Begins an attempt; an error at once while the directory is given a rest or somebody else is trying it.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Arc<Attempt>, Unavailable> {
        let mut state = self.state();
        let alone = match state.open {
            None => false,
            Some(from) if !state.trying && Instant::now() >= from => true,
            Some(_) => return Err(not_reachable()),
        };
        state.trying |= alone;
        let doubted = state.silences > 0;
        drop(state);
        Ok(Arc::new(Attempt { breaker: Arc::clone(self), alone, doubted, told: AtomicBool::new(false) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_reachable() -> Unavailable {
    Unavailable("the directory is not reachable".into())
}

/// One attempt at the directory. It tells the breaker how it went, once; dropped without a word, because nobody waits for
/// it any more, it proves nothing.
pub(crate) struct Attempt {
    breaker: Arc<Breaker>,
    /// The one let through an open breaker.
    alone: bool,
    /// The directory was silent a moment ago.
    doubted: bool,
    told: AtomicBool,
}

impl Attempt {
    /// An error when the breaker opened meanwhile: asked by whoever waited in a line.
    pub(crate) fn go_on(&self) -> Result<(), Unavailable> {
        if self.alone || self.breaker.state().open.is_none() {
            return Ok(());
        }
        // Nothing was asked of the directory: that proves nothing either.
        self.tell(|_| ());
        Err(not_reachable())
    }

    /// How long to wait. The one let through an open breaker has all the time there is: a directory that is slow, and no
    /// more, must be able to close it.
    pub(crate) fn patience(&self, whole: Duration) -> Duration {
        if self.doubted && !self.alone { whole.min(DOUBT) } else { whole }
    }

    /// The directory answered, whatever it said.
    pub(crate) fn answered(&self) {
        self.tell(|state| *state = State { trying: state.trying, ..State::default() });
    }

    /// No connection.
    pub(crate) fn unreachable(&self) {
        self.tell(|state| {
            state.silences = state.silences.max(1);
            state.open = Some(Instant::now() + PAUSE);
        });
    }

    /// No answer in time.
    pub(crate) fn silent(&self) {
        self.tell(|state| {
            state.silences += 1;
            if self.alone || state.silences >= SILENCES {
                state.open = Some(Instant::now() + PAUSE);
            }
        });
    }

    /// Notes an exchange that failed with this sentence.
    pub(crate) fn failed(&self, sentence: &str) {
        if sentence == SILENT {
            self.silent();
        }
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let mut state = self.breaker.state();
            change(&mut state);
            state.trying &= !self.alone;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.tell(|_| ());
    }
}

/// The connections.
pub(crate) struct Pool {
    target: Target,
    account: ServiceAccount,
    answer: Duration,
    idle: Mutex<Vec<(Instant, Session)>>,
    places: Semaphore,
    pub(crate) breaker: Arc<Breaker>,
}

impl Pool {
    /// A pool of at most `most` connections; opens none.
    pub(crate) fn new(target: Target, account: ServiceAccount, answer: Duration, most: usize) -> Self {
        Pool { target, account, answer, idle: Mutex::default(), places: Semaphore::new(most), breaker: Arc::default() }
    }

    /// Opens a connection outside the pool, not bound to anybody.
    pub(crate) async fn connect(&self, attempt: &Attempt) -> Result<Session, Unavailable> {
        attempt.go_on()?;
        let opened = Session::open(&self.target, Budget::INTERACTIVE, self.answer).await;
        opened.map_err(|sentence| {
            attempt.unreachable();
            Unavailable(sentence)
        })
    }

    /// Searches for at most `most` entries; one more is returned when there are more.
    pub(crate) async fn search(
        &self,
        attempt: &Attempt,
        query: &Query,
        most: usize,
    ) -> Result<Vec<Entry>, Unavailable> {
        let _place = self.places.acquire().await.map_err(|_| Unavailable("the pool is closed".into()))?;
        attempt.go_on()?;
        // A kept connection that fails may have been closed while it was idle: a new one tells. One that was in use a
        // moment ago and is silent now tells already.
        if let Some(mut session) = self.kept().await {
            match session.search(query, most).await {
                Ok(entries) => {
                    self.keep(session);
                    return Ok(entries);
                }
                Err(sentence) if sentence == SILENT => {
                    self.forget();
                    attempt.silent();
                    return Err(Unavailable(sentence));
                }
                Err(_) => {}
            }
        }
        let mut session = self.connect(attempt).await?;
        let answered = match session.bind_service(&self.account).await {
            Ok(()) => session.search(query, most).await,
            Err(sentence) => Err(sentence),
        };
        let entries = answered.map_err(|sentence| {
            attempt.failed(&sentence);
            Unavailable(sentence)
        })?;
        self.keep(session);
        Ok(entries)
    }

    /// Asks whether an entry is there, on a connection of its own.
    pub(crate) async fn exists(&self, attempt: &Attempt, dn: &str) -> Result<bool, Unavailable> {
        let mut session = self.connect(attempt).await?;
        let found = match session.bind_service(&self.account).await {
            Ok(()) => session.exists(dn).await,
            Err(sentence) => Err(sentence),
        };
        let found = found.map_err(|sentence| {
            attempt.failed(&sentence);
            Unavailable(sentence)
        })?;
        session.close().await;
        Ok(found)
    }

    /// A connection that was kept and still answers.
    async fn kept(&self) -> Option<Session> {
        let (since, mut session) = self.idle().pop()?;
        if since.elapsed() < STALE || timeout(self.target.connect, session.is_alive()).await == Ok(true) {
            return Some(session);
        }
        // What cut this one off (a restart, a firewall) cut the others too: not each in turn.
        self.forget();
        None
    }

    /// Drops what was kept: the directory is silent, and may have lost these connections too.
    pub(crate) fn forget(&self) {
        self.idle().clear();
    }

    fn keep(&self, session: Session) {
        self.idle().push((Instant::now(), session));
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Session)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(breaker: &Arc<Breaker>) -> bool {
        breaker.state().open.is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_lets_one_through_at_a_time_until_one_succeeds() {
        let breaker = Arc::new(Breaker::default());
        breaker.begin().expect("it is closed").unreachable();
        for _ in 0..3 {
            assert!(breaker.begin().is_err(), "a rest");
            tokio::time::advance(PAUSE).await;
            let one = breaker.begin().expect("one may try");
            assert!(breaker.begin().is_err(), "and nobody else meanwhile");
            assert_eq!(one.patience(Duration::from_secs(9)), Duration::from_secs(9));
            one.silent();
        }
        tokio::time::advance(PAUSE).await;
        drop(breaker.begin().expect("one may try"));
        assert!(open(&breaker), "one that is given up proves nothing");
        let one = breaker.begin().expect("the next may try at once");
        one.answered();
        one.silent();
        assert!(breaker.begin().is_ok() && breaker.begin().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_opens_it_when_it_lasts() {
        let breaker = Arc::new(Breaker::default());
        let begin = || breaker.begin().expect("it is closed");
        begin().silent();
        begin().answered();
        assert_eq!(begin().patience(Duration::from_secs(9)), Duration::from_secs(9));
        let waiting = begin();
        begin().silent();
        assert_eq!(begin().patience(Duration::from_secs(9)), DOUBT);
        assert!(waiting.go_on().is_ok());
        begin().silent();
        assert!(breaker.begin().is_err());
        assert!(waiting.go_on().is_err(), "who stood in a line is sent away too");
    }
}
