//! Tickets that live for seconds, kept in the memory of the one server a file belongs to. A redeemed ticket then costs no
//! commit. When the process ends they are forgotten: a service that comes with one is refused and asks again, and none
//! is ever given twice.

use crate::tickets::too_many_of_one;
use preau_domain::{Instant, OneTimeKey, SessionId, Ticket, TicketKind};
use preau_store::{Result, StoreError, TICKETS_OF_ONE};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most tickets held; a server that hands out ten thousand a second holds this many within their lives.
const MOST: usize = 300_000;

/// See the module.
#[derive(Default)]
pub(crate) struct Fleeting(Mutex<Held>);

#[derive(Default)]
struct Held {
    by_key: HashMap<OneTimeKey, Ticket>,
    by_session: HashMap<SessionId, HashSet<OneTimeKey>>,
}

impl Held {
    fn take(&mut self, key: &OneTimeKey) -> Option<Ticket> {
        let ticket = self.by_key.remove(key)?;
        if let Some(keys) = self.by_session.get_mut(&ticket.session) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_session.remove(&ticket.session);
            }
        }
        Some(ticket)
    }

    fn drop_where(&mut self, gone: impl Fn(&Ticket) -> bool) -> u64 {
        let keys: Vec<OneTimeKey> = self.by_key.values().filter(|t| gone(t)).map(|t| t.key.clone()).collect();
        for key in &keys {
            self.take(key);
        }
        keys.len() as u64
    }
}

impl Fleeting {
    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere leaves both maps whole: no step between them can fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a ticket. `Conflict` if its key is taken.
    pub fn add(&self, ticket: Ticket) -> Result<()> {
        let mut held = self.held();
        if held.by_key.len() >= MOST {
            held.drop_where(|other| other.expires <= ticket.issued);
        }
        if held.by_key.len() >= MOST {
            return Err(StoreError::Backend("too many tickets wait to be redeemed".into()));
        }
        if held.by_key.contains_key(&ticket.key) {
            return Err(StoreError::Conflict);
        }
        let keys = held.by_session.entry(ticket.session.clone()).or_default();
        if keys.len() >= TICKETS_OF_ONE as usize {
            return Err(too_many_of_one());
        }
        keys.insert(ticket.key.clone());
        held.by_key.insert(ticket.key.clone(), ticket);
        Ok(())
    }

    /// Takes a ticket of that kind out for good.
    pub fn take(&self, key: &OneTimeKey, kind: TicketKind) -> Option<Ticket> {
        let mut held = self.held();
        if held.by_key.get(key)?.kind == kind { held.take(key) } else { None }
    }

    /// A ticket of that kind that has not expired.
    pub fn get(&self, key: &OneTimeKey, kind: TicketKind, now: Instant) -> Option<Ticket> {
        self.held().by_key.get(key).filter(|t| t.kind == kind && now < t.expires).cloned()
    }

    /// Forgets the tickets of a session.
    pub fn end_session(&self, session: &SessionId) {
        let mut held = self.held();
        for key in held.by_session.remove(session).unwrap_or_default() {
            held.by_key.remove(&key);
        }
    }

    /// The tickets of a session belong to another from now on.
    pub fn move_session(&self, from: &SessionId, to: &SessionId) {
        let mut held = self.held();
        let Some(keys) = held.by_session.remove(from) else { return };
        for key in &keys {
            if let Some(ticket) = held.by_key.get_mut(key) {
                ticket.session = to.clone();
            }
        }
        held.by_session.entry(to.clone()).or_default().extend(keys);
    }

    /// Forgets what expired at or before `now`; says how many.
    pub fn sweep(&self, now: Instant) -> u64 {
        self.held().drop_where(|ticket| ticket.expires <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{PersonId, ServiceId};

    fn ticket(key: &str, session: &str) -> Ticket {
        Ticket {
            key: OneTimeKey::new(key),
            kind: TicketKind::CasService,
            session: SessionId::new(session),
            person: PersonId::new("p1"),
            service: ServiceId::new("grr"),
            payload: String::new(),
            issued: Instant(0),
            expires: Instant(30_000),
        }
    }

    #[test]
    fn nothing_is_left_behind() {
        let fleeting = Fleeting::default();
        for (key, session) in [("a", "s1"), ("b", "s1"), ("c", "s2"), ("d", "s3"), ("e", "s4")] {
            fleeting.add(ticket(key, session)).unwrap();
        }
        assert!(matches!(fleeting.add(ticket("a", "s9")), Err(StoreError::Conflict)));
        assert!(fleeting.take(&OneTimeKey::new("a"), TicketKind::CasProxy).is_none());
        assert!(fleeting.take(&OneTimeKey::new("a"), TicketKind::CasService).is_some());
        assert!(fleeting.take(&OneTimeKey::new("a"), TicketKind::CasService).is_none());
        fleeting.move_session(&SessionId::new("s1"), &SessionId::new("s2"));
        fleeting.end_session(&SessionId::new("s2"));
        assert_eq!(fleeting.sweep(Instant(29_999)), 0);
        assert_eq!(fleeting.sweep(Instant(30_000)), 2);
        let held = fleeting.held();
        assert!(held.by_key.is_empty() && held.by_session.is_empty());
    }
}
