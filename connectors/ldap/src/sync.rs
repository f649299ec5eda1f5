//! Which entries changed, as a server tells it (RFC 4533, content synchronisation): asked once, or waited for.
//!
//! Only names of entries are asked for, sixteen bytes each: what they hold is read afterwards by name. A server that tells who
//! is present, instead of who is gone, has lost what it would take to tell changes: a reading of everything does better.

use crate::ber::Elements;
use crate::session::{Query, Session, elsewhere, failed};
use ldap3::SearchStream;
use ldap3::asn1::{PL, StructureTag};
use ldap3::controls::{Control, MakeCritical, RawControl, RefreshMode, SyncRequest};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const INFO: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.4";
/// The server knows the cookie no more (e-syncRefreshRequired).
const REFRESH_REQUIRED: u32 = 4096;
/// Longest cookie taken. OpenLDAP's has some sixty bytes for each server that takes writes.
pub(crate) const MAX_COOKIE: usize = 4 * 1024;
/// Most messages of one answer that name nobody.
const MAX_EMPTY: usize = 1_000;

/// What changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Synced {
    /// Names of entries that are new or not as they were.
    pub(crate) changed: BTreeSet<String>,
    /// Names of entries that are gone, of any part of the tree.
    pub(crate) gone: BTreeSet<String>,
    /// Where to go on from; as before when the server says nothing of it.
    pub(crate) cookie: Option<String>,
}

/// What one message says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Changed(String),
    Gone(Vec<String>),
    Present,
    Nothing,
}

impl Session {
    /// Everything that changed since the cookie, at most `most` entries. The error is a sentence on why only a reading of
    /// everything can tell.
    pub(crate) async fn synced(
        &mut self,
        query: &Query,
        cookie: &str,
        most: usize,
        patience: Duration,
    ) -> Result<Synced, String> {
        let asked = timeout(patience, self.synced_unhurried(query, cookie, most)).await;
        asked.unwrap_or_else(|_| Err("the directory takes too long to tell changes".into()))
    }

    async fn synced_unhurried(&mut self, query: &Query, cookie: &str, most: usize) -> Result<Synced, String> {
        let mut stream = self.asked(RefreshMode::RefreshOnly, query, cookie).await?;
        let mut synced = Synced::default();
        let mut empty = 0;
        loop {
            let raw = match stream.next().await {
                Ok(Some(raw)) if raw.is_ref() => return Err(elsewhere()),
                Ok(Some(raw)) => raw,
                Ok(None) => break,
                Err(error) => return Err(self.lost(&error)),
            };
            match said(&raw.0, &raw.1).ok_or("the directory tells changes in a way that RFC 4533 does not know")? {
                Said::Changed(name) => drop(synced.changed.insert(name)),
                Said::Gone(names) => synced.gone.extend(names),
                Said::Present => return Err(present()),
                Said::Nothing => empty += 1,
            }
            if empty > MAX_EMPTY {
                return Err("the directory goes on without telling anything".into());
            }
            if synced.changed.len() + synced.gone.len() > most {
                return Err(format!("more than {most} entries changed"));
            }
        }
        let result = stream.finish().await;
        match result.rc {
            _ if !result.refs.is_empty() => return Err(elsewhere()),
            0 => {}
            REFRESH_REQUIRED => return Err("the directory does not remember what changed since then".into()),
            _ => return Err(format!("changes were not told: {}", failed(&result))),
        }
        let done = result.ctrls.iter().find(|Control(_, raw)| raw.ctype == DONE);
        let done = done.and_then(|Control(_, raw)| done_of(raw.val.as_deref().unwrap_or_default()));
        match done.ok_or("the directory does not say how it told changes")? {
            (_, false) => Err(present()),
            (cookie, true) => Ok(Synced { cookie, ..synced }),
        }
    }

    /// Begins a search of what changed since the cookie.
    async fn asked<'q>(
        &mut self,
        mode: RefreshMode,
        query: &'q Query,
        cookie: &str,
    ) -> Result<SearchStream<'q, String, &'q Vec<String>>, String> {
        let search = self.wire.ldap.with_controls(request(mode, cookie));
        let started = search.streaming_search(&query.base, query.scope, &query.filter, &query.attributes).await;
        started.map_err(|error| self.lost(&error))
    }

    /// Waits until the server tells that something changed since the cookie, or cannot tell any more. The error is a
    /// connection that was lost.
    pub(crate) async fn rings(&mut self, query: &Query, cookie: &str) -> Result<(), String> {
        let mut stream = self.asked(RefreshMode::RefreshAndPersist, query, cookie).await?;
        for _ in 0..MAX_EMPTY {
            match stream.next().await {
                Ok(Some(raw)) if said(&raw.0, &raw.1) == Some(Said::Nothing) => {}
                // Whatever it is: the run that follows finds out.
                Ok(Some(_) | None) => return Ok(()),
                Err(error) => return Err(self.lost(&error)),
            }
        }
        Err("the directory goes on without telling anything".into())
    }
}

fn request(mode: RefreshMode, cookie: &str) -> RawControl {
    SyncRequest { mode, cookie: Some(cookie.as_bytes().to_vec()), reload_hint: true }.critical().into()
}

fn present() -> String {
    "the directory tells who is there, not who is gone: its log of changes does not go back that far".into()
}

/// What an entry or an intermediate message says; `None` when it is neither.
fn said(message: &StructureTag, controls: &[Control]) -> Option<Said> {
    if message.id != 25 {
        let state = controls.iter().find(|Control(_, raw)| raw.ctype == STATE)?;
        return state_of(state.1.val.as_deref()?);
    }
    let PL::C(parts) = &message.payload else { return None };
    let octets = |id| {
        parts.iter().find(|part| part.id == id).and_then(|part| match &part.payload {
            PL::P(bytes) => Some(bytes.as_slice()),
            PL::C(_) => None,
        })
    };
    if octets(0)? != INFO {
        return None;
    }
    info_of(octets(1)?)
}

/// The control of an entry.
fn state_of(value: &[u8]) -> Option<Said> {
    let mut parts = Elements::of(Elements::of(value).expect(0x30)?);
    let state = parts.expect(0x0a)?;
    let name = name(parts.expect(0x04)?)?;
    match state {
        [0] => Some(Said::Present),
        [1 | 2] => Some(Said::Changed(name)),
        [3] => Some(Said::Gone(vec![name])),
        _ => None,
    }
}

/// The value of an intermediate message: a new cookie, the end of a phase, or names.
fn info_of(value: &[u8]) -> Option<Said> {
    let (tag, content) = Elements::of(value).element()?;
    match tag {
        // Names come under these two only when the other phase follows; here they say how the phase before went.
        0x80 | 0xa1 => Some(Said::Nothing),
        0xa2 => Some(Said::Present),
        0xa3 => {
            let mut parts = Elements::of(content);
            let (mut deletes, mut names) = (false, Vec::new());
            while let Some((tag, content)) = parts.element() {
                match (tag, content) {
                    (0x04, _) => {}
                    (0x01, [flag]) => deletes = *flag != 0,
                    (0x31, set) => {
                        let mut set = Elements::of(set);
                        while let Some(bytes) = set.expect(0x04) {
                            names.push(name(bytes)?);
                        }
                    }
                    _ => return None,
                }
            }
            Some(match (names.is_empty(), deletes) {
                (true, _) => Said::Nothing,
                (false, true) => Said::Gone(names),
                (false, false) => Said::Present,
            })
        }
        _ => None,
    }
}

/// The control at the end: the cookie, and whether those who were not named are as they were.
fn done_of(value: &[u8]) -> Option<(Option<String>, bool)> {
    let mut parts = Elements::of(Elements::of(value).expect(0x30)?);
    let (mut cookie, mut deletes) = (None, false);
    while let Some((tag, content)) = parts.element() {
        match (tag, content) {
            (0x04, bytes) => {
                let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_COOKIE)?;
                cookie = Some(text.to_owned()).filter(|text| !text.is_empty());
            }
            (0x01, [flag]) => deletes = *flag != 0,
            _ => return None,
        }
    }
    Some((cookie, deletes))
}

/// A name of sixteen bytes, as the attribute writes it.
fn name(bytes: &[u8]) -> Option<String> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let mut out = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out += &format!("{byte:02x}");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [u8; 16] = [0xab; 16];

    fn told(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, content.len() as u8], content].concat()
    }

    #[test]
    fn messages_are_read_and_nonsense_is_none() {
        let name = "abababab-abab-abab-abab-abababababab".to_owned();
        let octets = told(0x04, &A);
        let state = |state: u8| state_of(&told(0x30, &[&[0x0a, 1, state], octets.as_slice()].concat()));
        assert_eq!(state(0), Some(Said::Present));
        assert_eq!(state(1), Some(Said::Changed(name.clone())));
        assert_eq!(state(3), Some(Said::Gone(vec![name.clone()])));
        assert_eq!(state(4), None);
        let set = told(0x31, &octets);
        let deletes = told(0xa3, &[&[0x01, 1, 0xff], set.as_slice()].concat());
        assert_eq!(info_of(&deletes), Some(Said::Gone(vec![name])));
        assert_eq!(info_of(&told(0xa3, &set)), Some(Said::Present), "who is there, unless it says otherwise");
        assert_eq!(info_of(&told(0xa1, &[])), Some(Said::Nothing));
        assert_eq!(info_of(&told(0xa2, &[])), Some(Said::Present));
        assert_eq!(info_of(&told(0xa4, &[])), None);
        assert_eq!(info_of(&told(0xa3, &told(0x31, &told(0x04, b"short")))), None);
        assert_eq!(done_of(&told(0x30, &[0x04, 1, b'c', 0x01, 1, 1])), Some((Some("c".into()), true)));
        assert_eq!(done_of(&told(0x30, &[])), Some((None, false)), "those who were not named are gone");
        assert_eq!(done_of(&told(0x30, &[0x04, 1, 0xff])), None);
        assert_eq!(done_of(b""), None);
    }
}
