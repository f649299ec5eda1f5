//! Codes by mail as a second factor, for whoever turned them on and has nothing better.
//!
//! A code is of six figures, good for ten minutes and once, in the sign-in that asked for it and nowhere else; another one ends it. Tries are
//! counted with those of applications (`codes`), whatever number of codes were mailed. It proves that somebody reads that mailbox, and is
//! told as no second factor: the mailbox may open with the same password, or replace it ([`FactorKind::MailedCode`]).

use super::{CODE_LASTS, LetterKind, Say, address, masked};
use crate::{Fault, Hub, Visitor};
use preau_domain::{
    Factor, FactorId, FactorKind, Instant, KeptKind, KeptThing, OneTimeKey, Person, PersonId, normalised_mail,
};
use preau_keys::{constant_time_eq, one_time_key};
use preau_store::StoreError;

/// What came of asking for a code.
pub(crate) enum Mailed {
    /// It is on its way to that address, half shown.
    Sent(String),
    /// There were several lately: none before that instant.
    NotBefore(Instant),
    /// There is no address to send it to.
    Nowhere,
}

impl Hub {
    /// The address codes of a person go to, half shown; none for whoever is not written to.
    pub(crate) async fn codes_go_to(&self, person: &PersonId) -> Result<Option<String>, Fault> {
        if !self.sends_mail() {
            return Ok(None);
        }
        let person = self.store.person(person).await?;
        Ok(person.as_ref().and_then(address).map(masked))
    }

    /// Mails a code to somebody who proved a first factor, good within that sign-in or session.
    pub(crate) async fn mail_code(&self, visitor: &Visitor, person: &PersonId, within: &str) -> Result<Mailed, Fault> {
        let Some(person) = self.store.person(person).await?.filter(|_| self.sends_mail()) else {
            return Ok(Mailed::Nowhere);
        };
        let Some(to) = address(&person) else { return Ok(Mailed::Nowhere) };
        if let Some(until) = self.held_back("code", &person, to).await? {
            return Ok(Mailed::NotBefore(until));
        }
        let mut drawn = [0u8; 8];
        self.ids.fill(&mut drawn);
        let code = format!("{:06}", u64::from_le_bytes(drawn) % 1_000_000);
        let (key, kind, now) = (self.mailed_key(&person.id, within), KeptKind::MailedCode, self.now());
        let doc = self.mailed_doc(&person, within, &code);
        self.store.take_kept(&key, kind, now).await?;
        match self.store.keep(&KeptThing { key, kind, doc, expires: now + CODE_LASTS }, now).await {
            Ok(()) => {}
            // Another tab asked at the same moment: its code is the one that counts.
            Err(StoreError::Conflict) => return Ok(Mailed::Sent(masked(to))),
            Err(other) => return Err(other.into()),
        }
        let (kind, locale, words) = (LetterKind::Code, visitor.locale, [("code", code.as_str())]);
        self.write_to(&person, Say { kind, locale, lasts: CODE_LASTS, words: &words, id: None }).await?;
        Ok(Mailed::Sent(masked(to)))
    }

    /// Whether that is the code which was mailed for that sign-in or session; then it is good no more.
    pub(crate) async fn shown_by_mail(&self, person: &PersonId, within: &str, code: &str) -> Result<bool, StoreError> {
        let (key, kind, now) = (self.mailed_key(person, within), KeptKind::MailedCode, self.now());
        let Some(kept) = self.store.kept(&key, kind, now).await? else { return Ok(false) };
        let Some(person) = self.store.person(person).await? else { return Ok(false) };
        if !constant_time_eq(self.mailed_doc(&person, within, code).as_bytes(), kept.doc.as_bytes()) {
            return Ok(false);
        }
        let taken = self.store.take_kept(&key, kind, now).await?;
        Ok(taken.is_some_and(|taken| taken.doc == kept.doc))
    }

    /// What is kept of a code: one that went to an address which is theirs no more proves nothing.
    fn mailed_doc(&self, person: &Person, within: &str, code: &str) -> String {
        let mailbox = address(person).and_then(normalised_mail).unwrap_or_default();
        self.keyring.mac("mailed-code", &[person.id.as_str(), within, code, &mailbox])
    }

    fn mailed_key(&self, person: &PersonId, within: &str) -> OneTimeKey {
        one_time_key(&self.keyring.mac("mailed-code-of", &[person.as_str(), within]))
    }

    /// Whether somebody may turn codes by mail on: they are written to, administer nothing, and have nothing better.
    pub(crate) fn may_have_codes_mailed(&self, person: &Person, theirs: &[Factor]) -> bool {
        let administers = self.config.administrators.iter().any(|id| *id == *person.id.as_str());
        self.sends_mail() && address(person).is_some() && !administers && !theirs.iter().any(Factor::lasts)
    }

    /// The factor of somebody to whom codes are mailed.
    pub(crate) fn mailed_factor(&self, person: &PersonId, name: String) -> Factor {
        Factor {
            id: FactorId::new(self.keyring.mac("mailed-codes", &[person.as_str()])),
            person: person.clone(),
            kind: FactorKind::MailedCode,
            name,
            doc: String::new(),
            counter: 0,
            added: self.now(),
            used: None,
        }
    }

    /// Of these factors those that somebody can prove: without an address, or without a mail server, no code comes.
    pub(crate) async fn provable(&self, person: &PersonId, mut theirs: Vec<Factor>) -> Result<Vec<Factor>, Fault> {
        let mailed = theirs.iter().any(|factor| factor.kind == FactorKind::MailedCode);
        if mailed && self.codes_go_to(person).await?.is_none() {
            theirs.retain(|factor| factor.kind != FactorKind::MailedCode);
        }
        Ok(theirs)
    }
}
