//! Checks a password by a bind: one search for exactly one entry, then one bind as that entry, on a connection that
//! serves for nothing else and is closed at once. What the directory answers is one of a few words for the audit; whether
//! it could answer at all is never the person's fault.
//!
//! An unknown login takes the same road, to an entry that is not there. A directory hashes nothing for such an entry, nor for
//! one it has locked, and with slow hashes answers ten times sooner. So a refusal, whatever its reason, is told at one
//! moment: `refusal` after its bind began, which is later than a bind ends, and about when the second is over that everybody
//! waits after a failure. It counts from the bind, so that whoever crowds the line before it learns nothing more; and it is
//! waited for elsewhere, without a place (docs/adr, 0024).
//!
//! A decoy makes the work the same and not only the time, for whoever looks at how others are slowed down, or where hashing
//! takes longer than that. No person is ever bound to in the place of somebody else: a policy would lock them.

use crate::config::Settings;
use crate::pool::{Attempt, Pool};
use crate::session::{BindAnswer, Query};
use async_trait::async_trait;
use ldap3::{Scope, ldap_escape};
use preau_connector_api::{Checked, PasswordCheck, Unavailable, Verdict};
use preau_domain::normalised_login;
use preau_ent::{Entry, Keys};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

/// Where directories say when a password was set: OpenLDAP, Active Directory, 389, FreeIPA, and what Samba and shadow add. One that is told
/// another time is another password; who may not read it is told nothing.
const SET_AT: [&str; 6] =
    ["pwdChangedTime", "pwdLastSet", "pwdUpdateTime", "krbLastPwdChange", "sambaPwdLastSet", "shadowLastChange"];
/// Longest password taken.
const MAX_PASSWORD: usize = 4096;

/// Checks passwords against the directory.
pub(crate) struct Passwords {
    work: Arc<Work>,
}

struct Work {
    settings: Arc<Settings>,
    pool: Arc<Pool>,
    binds: Semaphore,
}

impl Passwords {
    /// Shares the pool that searches; the connections that bind are its own.
    pub(crate) fn new(settings: Arc<Settings>, pool: Arc<Pool>) -> Self {
        let binds = Semaphore::new(settings.binds);
        Passwords { work: Arc::new(Work { settings, pool, binds }) }
    }
}

#[async_trait]
impl PasswordCheck for Passwords {
    async fn check(&self, login: &str, password: &str) -> Result<Checked, Unavailable> {
        // What depends on what was typed and on nothing else says nothing about anybody: it may be told at once.
        let refusal_at = Instant::now().into_std();
        let typed = |word| Ok(Checked { verdict: Verdict::Refused(word), password: None, refusal_at });
        // A bind with a name and an empty password proves nothing and succeeds on some servers (RFC 4513, 5.1.2); some
        // take a password to end at the first zero byte.
        if password.trim_matches(|c: char| c == '\0' || c.is_whitespace()).is_empty() || password.starts_with('\0') {
            return typed("empty");
        }
        if password.len() > MAX_PASSWORD || password.contains('\0') {
            return typed("wrong-password");
        }
        if normalised_login(login).as_deref() != Some(login) {
            return typed("unknown");
        }
        let attempt = self.work.pool.breaker.begin()?;
        let (work, login, password) = (self.work.clone(), login.to_owned(), Zeroizing::new(password.to_owned()));
        // In a task of its own: should the library panic on an answer, this check fails and nothing else.
        let mut task = JoinSet::new();
        let mine = Arc::clone(&attempt);
        task.spawn(async move { work.prove(&mine, &login, &password).await });
        match timeout(attempt.patience(self.work.settings.sign_in), task.join_next()).await {
            Ok(ended) => {
                // Whatever failed without an answer told the breaker already, and the first word counts.
                attempt.answered();
                match ended {
                    Some(Ok(verdict)) => verdict,
                    _ => Err(Unavailable("the directory answered something that could not be read".into())),
                }
            }
            Err(_) => {
                attempt.silent();
                self.work.pool.forget();
                Err(Unavailable("the directory took too long".into()))
            }
        }
    }
}

impl Work {
    async fn prove(&self, attempt: &Attempt, login: &str, password: &str) -> Result<Checked, Unavailable> {
        let found = self.find(attempt, login).await?;
        let dn = found.as_ref().map_or(self.settings.nobody.as_str(), |found| found.dn.as_str());
        let (began, answer) = self.bind(attempt, dn, password).await?;
        let (verdict, password) = match found {
            Ok(Found { key, set_at, .. }) => (verdict(&answer, key)?, set_at),
            // What the directory cannot do for the moment it cannot do for anybody, and says so of either.
            Err(word) => (verdict(&answer, String::new()).map(|_| Verdict::Refused(word))?, None),
        };
        Ok(Checked { verdict, password, refusal_at: (began + self.settings.refusal).into_std() })
    }

    /// The one entry of a login, or the word that says why there is none.
    async fn find(&self, attempt: &Attempt, login: &str) -> Result<Result<Found, &'static str>, Unavailable> {
        let m = &self.settings.mapping.people;
        let query = Query {
            base: self.settings.people.clone(),
            scope: Scope::Subtree,
            filter: m.sign_in.replace("{login}", &ldap_escape(login)),
            attributes: {
                let said = [Some(m.key.as_str()), m.login.as_deref()].into_iter().flatten();
                said.chain(SET_AT).map(str::to_owned).collect()
            },
        };
        let entries = self.pool.search(attempt, &query, 1).await?;
        let [entry] = entries.as_slice() else {
            return Ok(Err(if entries.is_empty() { "unknown" } else { "ambiguous" }));
        };
        let key = Keys::new(self.settings.academy.clone()).of(entry, &m.key);
        Ok(match key {
            Ok(key) if self.is_login_of(entry, login) => Ok(Found { dn: entry.dn.clone(), key, set_at: set_at(entry) }),
            _ => Err("unknown"),
        })
    }

    /// A directory compares more loosely than we do (spaces, invisible characters): a spelling that is not the login
    /// itself would escape the counting of failures.
    fn is_login_of(&self, entry: &Entry, login: &str) -> bool {
        let attribute = self.settings.mapping.people.login.as_deref().unwrap_or_default();
        let values = entry.texts(attribute).unwrap_or_default();
        values.into_iter().any(|value| normalised_login(value).as_deref() == Some(login))
    }

    /// Binds in vain or not; says from when on, its turn in the line having come.
    async fn bind(&self, attempt: &Attempt, dn: &str, password: &str) -> Result<(Instant, BindAnswer), Unavailable> {
        let _place = self.binds.acquire().await.map_err(|_| Unavailable("no more binds".into()))?;
        let began = Instant::now();
        let mut session = self.pool.connect(attempt).await?;
        let answer = session.bind(dn, password).await.map_err(|sentence| {
            attempt.failed(&sentence);
            Unavailable(sentence)
        })?;
        session.close().await;
        Ok((began, answer))
    }
}

/// An entry of a login.
struct Found {
    dn: String,
    key: String,
    /// When its password was set, in the words of the directory.
    set_at: Option<String>,
}

/// When the password of an entry was set, in all the ways in which the directory says it.
fn set_at(entry: &Entry) -> Option<String> {
    let said = |name: &&str| {
        let value = entry.lossy_texts(name).next()?;
        Some(format!("{name}={}", value.chars().take(64).collect::<String>()))
    };
    let all: Vec<String> = SET_AT.iter().filter_map(said).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// What the answer to a bind means. Codes whose fault is the directory's are no verdict.
fn verdict(answer: &BindAnswer, key: String) -> Result<Verdict, Unavailable> {
    // Errors of the password policy control: expired, locked, to be changed before anything else.
    let policy = match answer.policy {
        Some(0 | 2) => Some("expired"),
        Some(1) => Some("locked"),
        _ => None,
    };
    Ok(match answer.code {
        0 => policy.map_or(Verdict::Proven { key }, Verdict::Refused),
        49 => Verdict::Refused(policy.or_else(|| hidden_code(&answer.text)).unwrap_or("wrong-password")),
        // No such entry any more; an entry without a password.
        32 | 48 => Verdict::Refused("wrong-password"),
        // Too many failures, said in the two ways some servers say it.
        19 => Verdict::Refused("locked"),
        53 if answer.text.to_ascii_lowercase().contains("inactivated") => Verdict::Refused("locked"),
        code => return Err(Unavailable(format!("the directory answers a bind with result {code}"))),
    })
}

/// The code Active Directory hides in the text of a refusal: `… data 775, v…`.
fn hidden_code(text: &str) -> Option<&'static str> {
    let (_, after) = text.split_once("data ")?;
    match after.split([',', ' ']).next()? {
        "532" | "701" | "773" => Some("expired"),
        "530" | "531" | "533" | "775" => Some("locked"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u32, text: &str, policy: Option<u8>) -> Result<Verdict, Unavailable> {
        verdict(&BindAnswer { code, text: text.into(), policy }, "7".into())
    }

    #[test]
    fn each_refusal_has_its_word() {
        assert_eq!(said(0, "", None), Ok(Verdict::Proven { key: "7".into() }));
        for (code, text, policy, word) in [
            (49, "", None, "wrong-password"),
            (49, "", Some(0), "expired"),
            (49, "", Some(1), "locked"),
            (0, "", Some(2), "expired"),
            (
                49,
                "80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 52e, v2580",
                None,
                "wrong-password",
            ),
            (
                49,
                "80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 532, v2580",
                None,
                "expired",
            ),
            (49, "80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 533, v2580", None, "locked"),
            (
                49,
                "80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 773, v2580",
                None,
                "expired",
            ),
            (49, "80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 775, v2580", None, "locked"),
            (19, "Exceed password retry limit", None, "locked"),
            (53, "Account inactivated. Contact system administrator.", None, "locked"),
            (48, "", None, "wrong-password"),
        ] {
            assert_eq!(said(code, text, policy), Ok(Verdict::Refused(word)), "{code} {text} {policy:?}");
        }
    }

    #[test]
    fn a_directory_in_trouble_is_no_verdict() {
        for code in [1, 2, 3, 10, 13, 51, 52, 53, 80] {
            assert!(said(code, "", None).is_err(), "{code}");
        }
    }
}
