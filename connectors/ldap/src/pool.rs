//! Connections kept open for searching, all bound as the service account and never as anybody else; and the breaker that
//! spares a directory which does not answer, and those who would wait for it.

use crate::entry::Entry;
use crate::session::{Query, SILENT, ServiceAccount, Session};
use crate::wire::{Budget, Target};
use preau_connector_api::Unavailable;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// A connection that was idle for longer is asked whether it still answers before it is used.
const STALE: Duration = Duration::from_secs(10);
/// How long nobody tries after a failure to connect.
const PAUSE: Duration = Duration::from_secs(1);
/// Answers that did not come in a row before the breaker opens.
const SILENCES: u32 = 3;

/// Says whether it makes sense to try.
#[derive(Default)]
pub(crate) struct Breaker {
    shut_until: Mutex<Option<Instant>>,
    silences: AtomicU32,
}

impl Breaker {
    /// An error while the directory is given a rest.
    pub(crate) fn pass(&self) -> Result<(), Unavailable> {
        let until = *self.shut_until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if Instant::now() < until => Err(Unavailable("the directory is not reachable".into())),
            _ => Ok(()),
        }
    }

    fn open(&self) {
        *self.shut_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
    }

    /// Notes how an exchange went.
    pub(crate) fn note<T>(&self, outcome: &Result<T, String>) {
        match outcome {
            Err(sentence) if sentence == SILENT => {
                if self.silences.fetch_add(1, Ordering::Relaxed) + 1 >= SILENCES {
                    self.silences.store(0, Ordering::Relaxed);
                    self.open();
                }
            }
            _ => self.silences.store(0, Ordering::Relaxed),
        }
    }
}

/// The connections.
pub(crate) struct Pool {
    target: Target,
    account: ServiceAccount,
    answer: Duration,
    idle: Mutex<Vec<(Instant, Session)>>,
    places: Semaphore,
    pub(crate) breaker: Breaker,
}

impl Pool {
    /// A pool of at most `most` connections; opens none.
    pub(crate) fn new(target: Target, account: ServiceAccount, answer: Duration, most: usize) -> Self {
        Pool {
            target,
            account,
            answer,
            idle: Mutex::default(),
            places: Semaphore::new(most),
            breaker: Breaker::default(),
        }
    }

    /// Opens a connection outside the pool, not bound to anybody.
    pub(crate) async fn connect(&self) -> Result<Session, Unavailable> {
        self.breaker.pass()?;
        let opened = Session::open(&self.target, Budget::INTERACTIVE, self.answer).await;
        opened.map_err(|sentence| {
            self.breaker.open();
            Unavailable(sentence)
        })
    }

    /// Searches for at most `most` entries; one more is returned when there are more.
    pub(crate) async fn search(&self, query: &Query, most: usize) -> Result<Vec<Entry>, Unavailable> {
        self.breaker.pass()?;
        let _place = self.places.acquire().await.map_err(|_| Unavailable("the pool is closed".into()))?;
        // A kept connection that fails may have been closed while it was idle: a new one tells.
        if let Some(mut session) = self.kept().await
            && let Ok(entries) = session.search(query, most).await
        {
            self.keep(session);
            return Ok(entries);
        }
        let mut session = self.connect().await?;
        let answered = match session.bind_service(&self.account).await {
            Ok(()) => session.search(query, most).await,
            Err(sentence) => Err(sentence),
        };
        self.breaker.note(&answered);
        let entries = answered.map_err(Unavailable)?;
        self.keep(session);
        Ok(entries)
    }

    /// Asks whether an entry is there, on a connection of its own.
    pub(crate) async fn exists(&self, dn: &str) -> Result<bool, Unavailable> {
        let mut session = self.connect().await?;
        session.bind_service(&self.account).await.map_err(Unavailable)?;
        let found = session.exists(dn).await.map_err(Unavailable)?;
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
        self.idle().clear();
        None
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

    #[tokio::test(start_paused = true)]
    async fn a_breaker_opens_for_a_moment() {
        let breaker = Breaker::default();
        assert!(breaker.pass().is_ok());
        breaker.open();
        assert!(breaker.pass().is_err());
        tokio::time::advance(PAUSE).await;
        assert!(breaker.pass().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_opens_it_only_when_it_lasts() {
        let breaker = Breaker::default();
        let silent: Result<(), String> = Err(SILENT.into());
        for outcome in [&silent, &silent, &Ok(()), &silent, &silent] {
            breaker.note(outcome);
            assert!(breaker.pass().is_ok());
        }
        breaker.note(&silent);
        assert!(breaker.pass().is_err());
    }
}
