//! Proving who a person is by a password: the count of attempts, the check, and one answer for every failure.
//!
//! Delays grow per account, as the source that is asked knows it, and are counted before the check: one login may be two people's in two
//! sources, and what is proved to one is nothing to the other. A device that signed in to the account before has a count of its own, so that a stranger who fails a hundred times keeps nobody out. A directory that does not answer is no
//! fault of the person: the attempt is taken back. A refusal is told when the source says that it may be, so that its moment tells
//! nothing; against a hash of ours the work itself is the same for everybody. One password on many accounts is slowed apart (`spray`), and where
//! too many accounts fail an operator is told (`failing`).

use crate::{Fault, FaultKind, Hub, Visitor};
use preau_connector_api::Verdict;
use preau_domain::{
    Authentication, AuthnMethod, Credentials, Instant, JoinKey, Person, PersonId, Public, SourceId, normalised_login,
};
use preau_store::{Attempt, Delays, Store};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Seconds to wait after failures: 1 s from the 1st, 3 s from the 3rd, 5 s from the 9th, 10 s from the 25th, ten minutes
/// from the 100th, and never for ever.
pub const SOFT_LOCK: Delays = Delays(&[(1, 1_000), (3, 3_000), (9, 5_000), (25, 10_000), (100, 600_000)]);

/// Longest password accepted, in bytes.
const MAX_PASSWORD: usize = 4096;

/// Why a password longer than that is refused: nothing was checked.
pub const TOO_LONG: &str = "too-long";

/// What came of an attempt.
pub enum Outcome {
    /// It is this person. The attempt, third, is to be forgiven.
    Proven(Box<Person>, Authentication, Counted),
    /// It is not: one answer for unknown, wrong and stopped accounts. The word is for the journal.
    Refused(&'static str),
    /// Too soon after a failure: seconds to wait.
    Wait(i64),
}

/// An attempt that is counted. It is a failure unless something else is said of it, also where nobody waits for its end any more.
pub struct Counted {
    store: Arc<dyn Store>,
    key: String,
    told: bool,
    /// Before that moment nobody is told that they may not come in, where a directory was asked.
    refusal_at: Option<std::time::Instant>,
}

impl Counted {
    /// The person proved who they are: all that was counted is forgotten.
    pub async fn forgive(mut self) -> Result<(), Fault> {
        self.store.forgive(&self.key).await?;
        self.told = true;
        Ok(())
    }

    /// It failed, and stays counted; returns when that may be told.
    pub async fn fail(mut self) -> Result<(), Fault> {
        self.store.fail_attempt(&self.key).await?;
        self.told = true;
        if let Some(from) = self.refusal_at {
            tokio::time::sleep_until(from.into()).await;
        }
        Ok(())
    }

    /// It failed through no fault of the person. Best effort: if this fails too, the person waits one second more than they should.
    async fn uncount(mut self, now: Instant) {
        match self.store.uncount_attempt(&self.key, now, SOFT_LOCK).await {
            Ok(()) => self.told = true,
            Err(error) => tracing::warn!(%error, "an attempt could not be taken back"),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(runtime) = (!self.told).then(Handle::try_current).and_then(Result::ok) else { return };
        let (store, key) = (Arc::clone(&self.store), std::mem::take(&mut self.key));
        runtime.spawn(async move {
            if let Err(error) = store.fail_attempt(&key).await {
                tracing::warn!(%error, "a failed attempt is counted in memory alone");
            }
        });
    }
}

/// What a source or a hash says of a password.
enum Checked {
    Right(Box<Person>, Authentication, RefusalAt),
    Wrong(&'static str, RefusalAt),
}

/// Before that moment no refusal is to be told, where there is one.
type RefusalAt = Option<std::time::Instant>;

/// Tries a login and a password for a public.
pub async fn prove(
    hub: &Hub,
    visitor: &Visitor,
    public: Public,
    typed: &str,
    password: &str,
) -> Result<Outcome, Fault> {
    if password.len() > MAX_PASSWORD {
        return Ok(Outcome::Refused(TOO_LONG));
    }
    // A login nobody can have goes through the same work as any other.
    let login = normalised_login(typed).unwrap_or_else(|| "\u{fffd}".to_owned());
    let (key, known) = attempt_key(hub, visitor, public, &login).await?;
    let now = hub.now();
    let wait = |until: Instant| Ok(Outcome::Wait(((until - now) + 999).div_euclid(1000).max(1)));
    // Before it counts for the account: one password tried on everybody delays nobody who types another.
    let one_of_many = match known {
        true => None,
        false => match hub.begin_try(visitor, &key, password).await? {
            Ok(one) => Some(one),
            Err(until) => return wait(until),
        },
    };
    if let Attempt::NotBefore(until) = hub.store.begin_attempt(&key, now, SOFT_LOCK).await? {
        return wait(until);
    }
    let mut attempt = Counted { store: Arc::clone(&hub.store), key, told: false, refusal_at: None };
    let checked = match hub.source_of(public).cloned() {
        Some(source) => by_directory(hub, source, &login, password).await,
        None => by_hash(hub, &login, password).await,
    };
    match checked {
        Ok(Checked::Right(person, authentication, refusal_at)) => {
            if let Some(one) = one_of_many {
                hub.right_try(one, now).await?;
            }
            attempt.refusal_at = refusal_at;
            Ok(Outcome::Proven(person, authentication, attempt))
        }
        Ok(Checked::Wrong(why, refusal_at)) => {
            if let Some(one) = one_of_many {
                hub.failed_try(one, now).await?;
            }
            attempt.refusal_at = refusal_at;
            attempt.fail().await?;
            Ok(Outcome::Refused(why))
        }
        Err(fault) => {
            match fault.kind {
                FaultKind::DirectoryDown | FaultKind::Busy | FaultKind::StorageDown | FaultKind::NoAccount => {
                    attempt.uncount(hub.now()).await;
                }
                _ => attempt.fail().await?,
            }
            Err(fault)
        }
    }
}

/// Who is asked for the password of a public: nobody but us, under the empty name.
fn asked(hub: &Hub, public: Public) -> &str {
    hub.source_of(public).map_or("", SourceId::as_str)
}

/// The counter an attempt counts on: the account's, or the account's on a device that is known for it; and whether it is.
async fn attempt_key(hub: &Hub, visitor: &Visitor, public: Public, login: &str) -> Result<(String, bool), Fault> {
    if let Some(device) = &visitor.device {
        let known = device_key(hub, public, login, device.expose());
        if hub.store.device_known(&known, hub.now()).await? {
            return Ok((hub.keyring.mac("attempts", &[asked(hub, public), login, device.expose()]), true));
        }
    }
    Ok((hub.keyring.mac("attempts", &[asked(hub, public), login]), false))
}

/// The name under which a device is remembered for a login.
pub fn device_key(hub: &Hub, public: Public, login: &str, device: &str) -> String {
    hub.keyring.mac("device", &[asked(hub, public), login, device])
}

/// A proof as it is kept by a sign-in that waits for a second factor: with what tells a password that lives here from the next one.
pub async fn waiting(hub: &Hub, person: &PersonId, proof: Authentication) -> Result<Authentication, Fault> {
    match proof.method {
        AuthnMethod::LocalPassword => Ok(Authentication { password: password_here(hub, person).await?, ..proof }),
        _ => Ok(proof),
    }
}

/// The proof of a sign-in that waited, which is over where that password was changed meanwhile: a directory says no more of its own before it is
/// asked again.
pub async fn waited(hub: &Hub, person: &PersonId, proof: Authentication) -> Result<Authentication, Fault> {
    if proof.method != AuthnMethod::LocalPassword {
        return Ok(proof);
    }
    if proof.password.is_none() || proof.password != password_here(hub, person).await? {
        return Err(Fault::new(FaultKind::SignInExpired, "the password it began with was changed"));
    }
    Ok(Authentication { password: None, ..proof })
}

/// What tells the password somebody has here from the next one; none of whoever has none.
async fn password_here(hub: &Hub, person: &PersonId) -> Result<Option<String>, Fault> {
    let hash = hub.store.password_hash(person).await?;
    Ok(hash.map(|hash| hub.keyring.mac("password-here", &[person.as_str(), &hash])))
}

async fn by_directory(hub: &Hub, source: SourceId, login: &str, password: &str) -> Result<Checked, Fault> {
    let check = hub.sources.get(&source).and_then(|s| s.password.clone());
    let check = check.ok_or_else(|| Fault::new(FaultKind::Internal, "source cannot check passwords"))?;
    let limit = std::time::Duration::from_secs(5);
    let checked = match tokio::time::timeout(limit, check.check(login, password)).await {
        Ok(Ok(checked)) => checked,
        Ok(Err(unavailable)) => return Err(Fault::new(FaultKind::DirectoryDown, unavailable.0)),
        Err(_) => return Err(Fault::new(FaultKind::DirectoryDown, "no answer within 5 s")),
    };
    let refusal_at = Some(checked.refusal_at);
    let key = match checked.verdict {
        Verdict::Proven { key } => key,
        Verdict::Refused(why) => return Ok(Checked::Wrong(why, refusal_at)),
    };
    let password = checked.password.map(|set| hub.keyring.mac("password-set", &[source.as_str(), &key, &set]));
    let join = JoinKey { source: source.clone(), key };
    match hub.store.person_by_join(&join).await? {
        Some(person) if person.state.may_sign_in() => {
            let here = Authentication::here(AuthnMethod::DirectoryPassword, hub.now());
            let authentication = Authentication { by: Some(source), password, ..here };
            Ok(Checked::Right(Box::new(person), authentication, refusal_at))
        }
        Some(_) => Ok(Checked::Wrong("suspended", refusal_at)),
        // The account goes on, by what another source says of it.
        None if hub.store.record_state(&join).await?.is_some() => Ok(Checked::Wrong("suspended", refusal_at)),
        None => {
            // To a program it is a refusal like any other.
            tokio::time::sleep_until(checked.refusal_at.into()).await;
            Err(Fault::new(FaultKind::NoAccount, "proven by the directory, not synchronised yet"))
        }
    }
}

async fn by_hash(hub: &Hub, login: &str, password: &str) -> Result<Checked, Fault> {
    let found = hub.store.people_by_login(login, 10).await?;
    let mut local = found.into_iter().filter(|p| p.credentials == Credentials::Local);
    let kept_here = match (local.next(), local.next()) {
        (Some(person), None) => Some(person),
        _ => None,
    };
    let (person, hash) = match kept_here {
        Some(person) => {
            let hash = hub.store.password_hash(&person.id).await?;
            (Some(person), hash)
        }
        None => match hub.store.credential_of_login(login).await? {
            Some(credential) => {
                let person = hub.store.person(&credential.person).await?;
                // Whoever has another way in by now, in whatever they are, has no password here any more.
                let here = |person: &Person| crate::activation::proves_here(person, |public| hub.proves_here(public));
                (person.filter(here), Some(credential.hash))
            }
            None => (None, None),
        },
    };
    let right = hub.passwords.verify(password, hash.as_deref()).await?;
    Ok(match person {
        Some(person) if right && person.state.may_sign_in() => {
            let authentication = Authentication::here(AuthnMethod::LocalPassword, hub.now());
            Checked::Right(Box::new(person), authentication, None)
        }
        Some(_) if right => Checked::Wrong("suspended", None),
        Some(_) => Checked::Wrong("wrong-password", None),
        None => Checked::Wrong("unknown", None),
    })
}
