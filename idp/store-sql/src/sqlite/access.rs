//! Access tokens, kept in the memory of the one server a file belongs to. They live for minutes, and whoever holds one holds
//! a refresh token or can send the person through again: when the process ends they are forgotten, and services ask for new
//! ones. Their family is in the table all the same, and a token is believed only while its family is there: what revokes a
//! family, ends its session or stops its person, in whichever process, is heard at once.

use preau_domain::{Grant, GrantKind, Instant, OneTimeKey, ServiceId};
use preau_store::{Result, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most tokens held, some twenty megabytes: those that find no room go to the table.
const MOST: usize = 100_000;

/// See the module.
#[derive(Default)]
pub(crate) struct AccessTokens(Mutex<HashMap<OneTimeKey, Held>>);

/// What is known of a token besides its family.
#[derive(Clone)]
pub(crate) struct Held {
    /// Its family.
    pub family: OneTimeKey,
    /// When it was handed out.
    pub issued: Instant,
    /// After this it is worth nothing.
    pub expires: Instant,
    /// For which service, and what its protocol needs again, where that differs from what its family says.
    pub own: Option<Box<(ServiceId, String)>>,
}

/// Tokens that wait for the commit of their family; dropped before it, they are gone.
pub(crate) struct Reserved<'t> {
    tokens: &'t AccessTokens,
    keys: Vec<OneTimeKey>,
}

impl AccessTokens {
    fn held(&self) -> MutexGuard<'_, HashMap<OneTimeKey, Held>> {
        // A panic elsewhere leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the access tokens among these, all or none; `Conflict` if a key is taken. Absent if there is no room.
    pub fn reserve(&self, grants: &[Grant]) -> Result<Option<Reserved<'_>>> {
        let tokens = || grants.iter().filter(|grant| grant.kind == GrantKind::Access);
        let Some(now) = tokens().map(|grant| grant.issued).min() else {
            return Ok(Some(Reserved { tokens: self, keys: Vec::new() }));
        };
        let mut held = self.held();
        let room = |held: &HashMap<_, _>| held.len() + grants.len() <= MOST;
        if !room(&held) {
            held.retain(|_, token| now < token.expires);
        }
        let full = !room(&held);
        if tokens().any(|grant| held.contains_key(&grant.key)) {
            return Err(StoreError::Conflict);
        }
        if full {
            return Ok(None);
        }
        let mut reserved = Reserved { tokens: self, keys: Vec::new() };
        for grant in tokens() {
            let token = Held {
                family: grant.family.clone(),
                issued: grant.issued,
                expires: grant.expires,
                own: Some(Box::new((grant.service.clone(), grant.doc.clone()))),
            };
            if held.contains_key(&grant.key) {
                // Twice in one list. What was kept of it is taken back, once the lock is free.
                drop(held);
                return Err(StoreError::Conflict);
            }
            held.insert(grant.key.clone(), token);
            reserved.keys.push(grant.key.clone());
        }
        Ok(Some(reserved))
    }

    /// A token that has not expired; its family has the last word.
    pub fn get(&self, key: &OneTimeKey, now: Instant) -> Option<Held> {
        self.held().get(key).filter(|token| now < token.expires).cloned()
    }

    /// Takes a token out for good.
    pub fn take(&self, key: &OneTimeKey) -> Option<Held> {
        self.held().remove(key)
    }

    /// Forgets the tokens of a family that stays; says how many there were.
    pub fn end_family(&self, family: &OneTimeKey) -> u64 {
        let mut held = self.held();
        let before = held.len();
        held.retain(|_, token| token.family != *family);
        (before - held.len()) as u64
    }

    /// Forgets what fell with these families, then what expired at or before `now`; says how many expired.
    pub fn sweep(&self, families: &HashSet<OneTimeKey>, now: Instant) -> u64 {
        let mut held = self.held();
        held.retain(|_, token| !families.contains(&token.family));
        let before = held.len();
        held.retain(|_, token| now < token.expires);
        let gone = before - held.len();
        held.shrink_to(2 * before);
        gone as u64
    }
}

impl Reserved<'_> {
    /// Their family is durable: they stay. What it says as well is not kept twice.
    pub fn keep(mut self, service: &ServiceId, doc: &str) {
        let mut held = self.tokens.held();
        for key in self.keys.drain(..) {
            if let Some(token) = held.get_mut(&key)
                && token.own.as_ref().is_some_and(|own| own.0 == *service && own.1 == doc)
            {
                token.own = None;
            }
        }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let mut held = self.tokens.held();
        for key in &self.keys {
            held.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(key: &str, family: &str) -> Grant {
        Grant {
            key: OneTimeKey::new(key),
            kind: GrantKind::Access,
            family: OneTimeKey::new(family),
            session: None,
            person: None,
            service: ServiceId::new("grr"),
            doc: "{}".into(),
            issued: Instant(0),
            expires: Instant(600_000),
        }
    }

    #[test]
    fn what_is_not_kept_is_gone_and_nothing_is_kept_twice() {
        let tokens = AccessTokens::default();
        let get = |key: &str, now| tokens.get(&OneTimeKey::new(key), Instant(now));
        drop(tokens.reserve(&[token("a", "f")]).unwrap());
        assert!(get("a", 1).is_none(), "the commit failed");
        assert!(matches!(tokens.reserve(&[token("a", "f"), token("a", "f")]), Err(StoreError::Conflict)));
        assert!(get("a", 1).is_none());
        let other = Grant { doc: "other".into(), ..token("b", "f") };
        tokens.reserve(&[token("a", "f"), other]).unwrap().unwrap().keep(&ServiceId::new("grr"), "{}");
        assert!(get("a", 1).unwrap().own.is_none() && get("b", 1).unwrap().own.is_some());
        assert!(matches!(tokens.reserve(&[token("c", "f"), token("b", "f")]), Err(StoreError::Conflict)));
        assert!(get("c", 1).is_none() && get("b", 600_000).is_none() && get("b", 1).is_some());
        tokens.reserve(&[token("d", "g")]).unwrap().unwrap().keep(&ServiceId::new("grr"), "{}");
        assert_eq!(tokens.sweep(&HashSet::from([OneTimeKey::new("g")]), Instant(600_000)), 2);
        assert!(tokens.held().is_empty());
    }

    #[test]
    fn those_that_find_no_room_go_elsewhere() {
        let tokens = AccessTokens::default();
        let many: Vec<Grant> = (0..MOST).map(|n| token(&n.to_string(), "f")).collect();
        tokens.reserve(&many).unwrap().unwrap().keep(&ServiceId::new("grr"), "{}");
        assert!(tokens.reserve(&[token("more", "f")]).unwrap().is_none());
        assert!(matches!(tokens.reserve(&[token("0", "f")]), Err(StoreError::Conflict)));
        let later = Grant { issued: Instant(600_000), expires: Instant(700_000), ..token("later", "f") };
        assert!(tokens.reserve(&[later]).unwrap().is_some(), "those that expired leave room");
    }
}
