//! Conversations with the directory: bind, search for a few, read page by page. Every answer is either a success or a
//! sentence; a referral is never followed.

use crate::ber;
use crate::entry;
use crate::wire::{Budget, Target, Wire};
use ldap3::controls::{ControlType, MakeCritical, PagedResults, RawControl};
use ldap3::{LdapError, LdapResult, Scope, SearchOptions};
use preau_ent::Entry;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Control by which a server says why it refuses a password.
const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
const SUCCESS: u32 = 0;
const SIZE_LIMIT: u32 = 4;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN: u32 = 34;

/// Name and password of the account that searches.
#[derive(Clone)]
pub(crate) struct ServiceAccount {
    pub(crate) dn: String,
    pub(crate) password: Zeroizing<String>,
}

/// What a server said to a bind.
pub(crate) struct BindAnswer {
    pub(crate) code: u32,
    /// For the codes some servers hide in it; never shown.
    pub(crate) text: String,
    /// Error of the password policy control.
    pub(crate) policy: Option<u8>,
}

/// A search.
#[derive(Clone)]
pub(crate) struct Query {
    pub(crate) base: String,
    pub(crate) scope: Scope,
    pub(crate) filter: String,
    pub(crate) attributes: Vec<String>,
}

/// An open connection that has something to say.
pub(crate) struct Session {
    pub(crate) wire: Wire,
    answer: Duration,
}

impl Session {
    /// Connects. The error is a sentence for a log.
    pub(crate) async fn open(target: &Target, budget: Budget, answer: Duration) -> Result<Session, String> {
        Ok(Session { wire: Wire::open(target, budget).await?, answer })
    }

    /// Says who searches.
    pub(crate) async fn bind_service(&mut self, account: &ServiceAccount) -> Result<(), String> {
        match self.bind(&account.dn, &account.password).await? {
            BindAnswer { code: SUCCESS, policy: None, .. } => Ok(()),
            BindAnswer { code, .. } => Err(format!(
                "the directory refuses the service account (result {code}): look at bind_dn and password_file"
            )),
        }
    }

    /// Binds as somebody. A connection that was used for this is used for nothing else.
    pub(crate) async fn bind(&mut self, dn: &str, password: &str) -> Result<BindAnswer, String> {
        let ask = RawControl { ctype: PASSWORD_POLICY.into(), crit: false, val: None };
        let answer = timeout(self.answer, self.wire.ldap.with_controls(ask).simple_bind(dn, password)).await;
        let result = self.answered(answer)?;
        let policy = result.ctrls.iter().find(|c| c.1.ctype == PASSWORD_POLICY);
        let policy = policy.and_then(|c| c.1.val.as_deref()).and_then(ber::policy_error);
        if !result.refs.is_empty() {
            return Err("the directory refers elsewhere, and that is never followed".into());
        }
        Ok(BindAnswer { code: result.rc, text: result.text, policy })
    }

    /// Searches for at most `most` entries; one more is returned when there are more.
    pub(crate) async fn search(&mut self, query: &Query, most: usize) -> Result<Vec<Entry>, String> {
        let answer = timeout(self.answer, self.search_unhurried(query, most)).await;
        answer.unwrap_or_else(|_| Err(self.silent()))
    }

    async fn search_unhurried(&mut self, query: &Query, most: usize) -> Result<Vec<Entry>, String> {
        let limit = i32::try_from(most + 1).unwrap_or(i32::MAX);
        let Query { base, scope, filter, attributes } = query;
        self.wire.ldap.with_search_options(SearchOptions::new().sizelimit(limit));
        let started = self.wire.ldap.streaming_search(base, *scope, filter, attributes).await;
        let mut stream = started.map_err(|error| self.lost(&error))?;
        let mut entries = Vec::new();
        loop {
            match stream.next().await {
                Ok(Some(raw)) if raw.is_ref() => return Err(elsewhere()),
                Ok(Some(raw)) => entries.push(entry::take(raw).ok_or("an entry could not be read")?),
                Ok(None) => break,
                Err(error) => return Err(self.lost(&error)),
            }
            if entries.len() > most + 1 {
                return Err("the directory answers more entries than were asked for".into());
            }
        }
        let result = stream.finish().await;
        match result.rc {
            _ if !result.refs.is_empty() => Err(elsewhere()),
            SUCCESS => Ok(entries),
            SIZE_LIMIT if entries.len() > most => Ok(entries),
            _ => Err(failed(&result)),
        }
    }

    /// Whether an entry is there.
    pub(crate) async fn exists(&mut self, dn: &str) -> Result<bool, String> {
        let query = Query {
            base: dn.into(),
            scope: Scope::Base,
            filter: "(objectClass=*)".into(),
            attributes: vec!["1.1".into()],
        };
        match self.search(&query, 1).await {
            Ok(entries) => Ok(entries.len() == 1),
            Err(sentence) if sentence == no_such_object() => Ok(false),
            Err(sentence) => Err(sentence),
        }
    }

    /// The entry of this name, if it is there and the name is one.
    pub(crate) async fn at(&mut self, query: &Query) -> Result<Vec<Entry>, String> {
        match self.search(query, 1).await {
            Err(sentence) if sentence == no_such_object() || sentence == no_name() => Ok(Vec::new()),
            found => found,
        }
    }

    /// Reads everything a query finds, page by page, handing each page over. A page that was not followed to a final
    /// success is an error: what was read is not everything.
    pub(crate) async fn read(
        &mut self,
        query: &Query,
        page_size: usize,
        page_time: Duration,
        out: mpsc::Sender<Vec<Entry>>,
    ) -> Result<(), String> {
        let mut cookie = Vec::new();
        loop {
            let page = timeout(page_time, self.page(query, page_size, cookie)).await;
            let (entries, next) = page.unwrap_or_else(|_| Err(self.silent()))?;
            if out.send(entries).await.is_err() {
                return Err("nobody reads any more".into());
            }
            if next.is_empty() {
                return Ok(());
            }
            cookie = next;
        }
    }

    /// One page, and the cookie of the next: empty after the last.
    async fn page(
        &mut self,
        query: &Query,
        page_size: usize,
        cookie: Vec<u8>,
    ) -> Result<(Vec<Entry>, Vec<u8>), String> {
        let size = i32::try_from(page_size).unwrap_or(i32::MAX);
        let control: RawControl = PagedResults { size, cookie }.critical().into();
        let Query { base, scope, filter, attributes } = query;
        let started = self.wire.ldap.with_controls(control).streaming_search(base, *scope, filter, attributes).await;
        let mut stream = started.map_err(|error| self.lost(&error))?;
        let mut entries = Vec::with_capacity(page_size);
        loop {
            match stream.next().await {
                Ok(Some(raw)) if raw.is_ref() => return Err(elsewhere()),
                Ok(Some(raw)) => entries.push(entry::take(raw).ok_or("an entry could not be read")?),
                Ok(None) => break,
                Err(error) => return Err(self.lost(&error)),
            }
            if entries.len() > page_size {
                return Err("the directory ignores the size of a page".into());
            }
        }
        let result = stream.finish().await;
        if !result.refs.is_empty() {
            return Err(elsewhere());
        }
        if result.rc != SUCCESS {
            return Err(failed(&result));
        }
        let paged = result.ctrls.iter().find(|c| matches!(c.0, Some(ControlType::PagedResults)));
        let cookie = paged.and_then(|c| c.1.val.as_deref()).and_then(ber::page_cookie);
        let cookie = cookie.ok_or("the directory lost count of the pages")?;
        Ok((entries, cookie))
    }

    /// Whether the connection still answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        let query = Query {
            base: String::new(),
            scope: Scope::Base,
            filter: "(objectClass=*)".into(),
            attributes: vec!["1.1".into()],
        };
        self.search(&query, 1).await.is_ok()
    }

    /// Says goodbye and closes.
    pub(crate) async fn close(self) {
        self.wire.close().await;
    }

    fn answered<T, E>(&self, answer: Result<Result<T, LdapError>, E>) -> Result<T, String> {
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.lost(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    fn silent(&self) -> String {
        SILENT.into()
    }

    /// A sentence on a connection that broke.
    pub(crate) fn lost(&self, error: &LdapError) -> String {
        match (self.wire.fault(), error) {
            (Some(fault), _) => fault.into(),
            (None, LdapError::FilterParsing) => "a filter of the mapping is malformed".into(),
            (None, _) => "the directory dropped the connection".into(),
        }
    }
}

/// What is said of a server that takes its time.
pub(crate) const SILENT: &str = "the directory did not answer in time";

pub(crate) fn elsewhere() -> String {
    "the directory refers part of the answer elsewhere, and that is never followed".into()
}

fn no_name() -> String {
    format!("the search ended with result {INVALID_DN} (no name of an entry)")
}

fn no_such_object() -> String {
    format!("the search ended with result {NO_SUCH_OBJECT} (no such entry)")
}

pub(crate) fn failed(result: &LdapResult) -> String {
    let meaning = match result.rc {
        1 => "operations error: does the service account have a right to search?",
        3 => "time limit: the directory gives the service account too little time",
        SIZE_LIMIT => "size limit: the directory gives the service account too few entries",
        10 => "referral: it is never followed",
        11 => "administrative limit: the directory gives the service account too little",
        12 => "the directory does not know paged searches",
        NO_SUCH_OBJECT => return no_such_object(),
        INVALID_DN => return no_name(),
        50 => "the service account may not read this",
        51 => "the directory is busy",
        52 => "the directory is unavailable",
        53 => "the directory is unwilling",
        _ => "see RFC 4511, appendix A",
    };
    format!("the search ended with result {} ({meaning})", result.rc)
}
