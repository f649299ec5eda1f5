//! A directory that knows some passwords, counts what it is asked, and can be taken down, held up, or made to keep back its
//! refusals.

use async_trait::async_trait;
use preau_connector_api::{Checked, PasswordCheck, Probe, Unavailable, Verdict};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// See the module.
pub struct Directory {
    people: Mutex<HashMap<String, (String, String)>>,
    stopped: Mutex<HashMap<String, &'static str>>,
    down: AtomicBool,
    held: watch::Sender<bool>,
    keeping: Mutex<Duration>,
    set_at: Mutex<Option<String>>,
    asked: AtomicUsize,
    waiting: watch::Sender<usize>,
}

impl Directory {
    pub(crate) fn new() -> Directory {
        Directory {
            people: Mutex::default(),
            stopped: Mutex::default(),
            down: AtomicBool::new(false),
            held: watch::Sender::new(false),
            keeping: Mutex::default(),
            set_at: Mutex::default(),
            asked: AtomicUsize::new(0),
            waiting: watch::Sender::new(0),
        }
    }

    /// Adds a person by login, password and join key.
    pub fn add(&self, login: &str, password: &str, key: &str) {
        let mut people = self.people.lock().expect("no story panics while it adds a person");
        people.insert(login.to_owned(), (password.to_owned(), key.to_owned()));
    }

    /// From now on it refuses that login with that word, whatever the password: a policy of its own.
    pub fn stop(&self, login: &str, why: &'static str) {
        let mut stopped = self.stopped.lock().expect("no story panics while it stops a person");
        stopped.insert(login.to_owned(), why);
    }

    /// From now on it says that passwords were set then.
    pub fn passwords_set_at(&self, when: &str) {
        *self.set_at.lock().expect("no story panics while it says when") = Some(when.to_owned());
    }

    /// From now on it wants no refusal told before it was asked that long ago.
    pub fn keep_back(&self, refusals: Duration) {
        *self.keeping.lock().expect("no story panics while it says how long") = refusals;
    }

    /// From now on it refuses connections.
    pub fn take_down(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    /// It answers again.
    pub fn bring_up(&self) {
        self.down.store(false, Ordering::SeqCst);
    }

    /// From now on it takes questions and answers none of them.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// It answers everything it was asked meanwhile.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// How many passwords it was asked to check.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until that many questions stand unanswered; the story fails when they do not come.
    pub async fn waiting(&self, count: usize) {
        let mut watched = self.waiting.subscribe();
        let come = tokio::time::timeout(Duration::from_secs(20), watched.wait_for(|waiting| *waiting >= count)).await;
        assert!(come.is_ok(), "the directory is not asked {count} times");
    }
}

#[async_trait]
impl PasswordCheck for Directory {
    async fn check(&self, login: &str, password: &str) -> Result<Checked, Unavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let refusal_at = Instant::now() + *self.keeping.lock().expect("no story panics while it says how long");
        if self.down.load(Ordering::SeqCst) {
            return Err(Unavailable("connection refused".to_owned()));
        }
        let mut held = self.held.subscribe();
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _ = held.wait_for(|held| !held).await;
        self.waiting.send_modify(|waiting| *waiting -= 1);
        let stopped = self.stopped.lock().expect("no story panics while it stops a person").get(login).copied();
        let people = self.people.lock().expect("no story panics while it adds a person");
        let verdict = match (stopped, people.get(login)) {
            (Some(why), _) => Verdict::Refused(why),
            (None, Some((right, key))) if right == password => Verdict::Proven { key: key.clone() },
            (None, Some(_)) => Verdict::Refused("wrong-password"),
            (None, None) => Verdict::Refused("unknown"),
        };
        let password = self.set_at.lock().expect("no story panics while it says when").clone();
        Ok(Checked { verdict, password, refusal_at })
    }
}

#[async_trait]
impl Probe for Directory {
    async fn probe(&self) -> Result<String, Unavailable> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Unavailable("connection refused".to_owned()));
        }
        Ok("the directory of the stories answers".to_owned())
    }
}
