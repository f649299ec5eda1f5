//! Passwords that live here, when somebody chooses one: how long, how good, and the hash.

use crate::{Fault, FaultKind, Hub};
use preau_domain::{Person, Public};
use preau_keys::NotHashed;
use preau_keys::strength::{Weak, judge};

/// Fewest characters: of pupils, families and guests, and of whoever works there.
const LEAST: usize = 8;
const LEAST_OF_STAFF: usize = 12;

/// Why a password was not taken, for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooWeak(Weak);

impl TooWeak {
    /// The key of the sentence that says so.
    pub fn key(self) -> &'static str {
        match self.0 {
            Weak::Short => "password-problem-short",
            Weak::Long => "password-problem-long",
            Weak::Common => "password-problem-common",
            Weak::Personal => "password-problem-personal",
            Weak::Breached => "password-problem-breached",
        }
    }
}

impl Hub {
    /// Fewest characters of a password of that person.
    pub(crate) fn least(&self, person: &Person) -> usize {
        let staff = person.affiliations.iter().any(|one| one.profile.public() == Public::Staff);
        let administers = self.config.administrators.iter().any(|id| *id == *person.id.as_str());
        if staff || administers { LEAST_OF_STAFF } else { LEAST }
    }

    /// Judges a password that somebody chose under that login.
    pub(crate) async fn judge_password(
        &self,
        person: &Person,
        login: &str,
        password: &str,
    ) -> Result<Result<(), TooWeak>, Fault> {
        let about = [person.given_name.as_str(), &person.family_name, login, &self.config.name];
        if let Err(weak) = judge(password, self.least(person), &about) {
            return Ok(Err(TooWeak(weak)));
        }
        let (list, password) = (self.breached.clone(), password.to_owned());
        let found = tokio::task::spawn_blocking(move || list.holds(&password)).await;
        let found = found.map_err(|_| Fault::new(FaultKind::Internal, "the list of stolen passwords was not read"))?;
        match found {
            Ok(true) => Ok(Err(TooWeak(Weak::Breached))),
            Ok(false) => Ok(Ok(())),
            Err(error) => Err(Fault::new(FaultKind::Internal, format!("list of stolen passwords: {error}"))),
        }
    }

    /// The hash of a password that was judged.
    pub(crate) async fn new_hash(&self, password: &str) -> Result<String, Fault> {
        self.passwords.hash(password).await.map_err(|why| match why {
            NotHashed::Busy(busy) => busy.into(),
            other => Fault::new(FaultKind::BadRequest, other.to_string()),
        })
    }
}
