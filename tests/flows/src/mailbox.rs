//! A mail server of the stories: it keeps every letter it took, and fails as it is told to.

use async_trait::async_trait;
use preau_connector_api::{Letter, NotSent, Post, Unavailable};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// See the module.
pub struct Mailbox {
    taken: Mutex<Vec<Letter>>,
    failures: Mutex<VecDeque<NotSent>>,
    seen: watch::Sender<usize>,
}

/// How long a story waits for a letter.
const PATIENCE: Duration = Duration::from_secs(30);

impl Mailbox {
    /// An empty one.
    pub fn new() -> Arc<Mailbox> {
        Arc::new(Mailbox { taken: Mutex::default(), failures: Mutex::default(), seen: watch::Sender::new(0) })
    }

    /// The next letters fail like that, one after the other.
    pub fn fail(&self, failures: impl IntoIterator<Item = NotSent>) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).extend(failures);
    }

    /// Everything it took so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The letter of that number, the first being 1, when it has come.
    pub async fn letter(&self, number: usize) -> Letter {
        self.tried(|letters, _| letters >= number).await;
        self.letters().swap_remove(number - 1)
    }

    /// Waits until it is shown a letter, for at most that long.
    pub async fn next_within(&self, at_most: Duration) {
        let mut seen = self.seen.subscribe();
        drop(tokio::time::timeout(at_most, seen.changed()).await);
    }

    /// Waits until that is so of the letters it took, and of those it was shown.
    pub async fn tried(&self, is: impl Fn(usize, usize) -> bool) {
        let mut seen = self.seen.subscribe();
        let came = seen.wait_for(|seen| is(self.letters().len(), *seen));
        let came = tokio::time::timeout(PATIENCE, came).await;
        came.expect("a letter comes").expect("the mailbox is there");
    }
}

#[async_trait]
impl Post for Mailbox {
    async fn send(&self, letter: &Letter) -> Result<(), NotSent> {
        let failure = self.failures.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if failure.is_none() {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
        }
        self.seen.send_modify(|seen| *seen += 1);
        failure.map_or(Ok(()), Err)
    }

    async fn probe(&self) -> Result<String, Unavailable> {
        Ok("a mailbox of the stories".to_owned())
    }
}
