//! A password that was lost and lives here: a code by mail replaces it, once.
//!
//! Whoever asks is told the same, by the same work, whatever they typed: the request itself is what is kept, sealed, and who it is about is
//! looked up in the background. A code is of 60 bits, good for half an hour, and bound to the password as it is: whatever changes that ends
//! the code, and so does a later one.

use super::{LetterKind, Say, address};
use crate::{Fault, FaultKind, Hub, Locale, Visitor, activation};
use preau_domain::{
    AuditEvent, AuditKind, CorrelationId, FactorKind, KeptKind, KeptThing, OneTimeKey, Person, PersonId, Seconds,
    normalised_login, normalised_mail,
};
use preau_keys::{Sealer, one_time_key};
use preau_store::{Letter, StoreError};
use serde::{Deserialize, Serialize};

/// How long a code is good for.
pub(crate) const LASTS: Seconds = Seconds(30 * 60);
/// The kind of a request.
pub(super) const ASKED: &str = "password-reset-asked";
/// Requests that wait at most: what anybody can fill is bounded.
const MOST_ASKED: u32 = 5_000;
/// Longest name or address that is looked for.
const LONGEST: usize = 254;
/// Accounts of one name or address that are written to.
const MOST_ACCOUNTS: u32 = 5;

/// What somebody typed who lost a password.
#[derive(Serialize, Deserialize)]
struct Asked {
    typed: String,
    locale: String,
    way: CorrelationId,
}

/// Whose password a code replaces.
#[derive(Serialize, Deserialize)]
struct Bound {
    person: PersonId,
    /// A code of the password as it was.
    password: String,
}

impl Hub {
    /// Keeps the request of somebody who lost a password. The same work for everybody.
    pub(crate) async fn ask_for_reset(&self, visitor: &Visitor, typed: &str) -> Result<(), Fault> {
        let typed = typed.trim().chars().take(LONGEST).collect();
        let (locale, way) = (visitor.locale.code().to_owned(), visitor.correlation().clone());
        let (id, at) = (self.ids.text(24), self.now());
        let doc = self.sealed(&id, ASKED, &Asked { typed, locale, way })?;
        let letter = Letter { id, kind: ASKED.to_owned(), person: None, doc, at, expires: at + LASTS };
        match self.store.post_request(&letter, MOST_ASKED).await {
            Ok(()) => {
                self.letters.notify_one();
                Ok(())
            }
            Err(StoreError::Conflict) => Err(Fault::new(FaultKind::Busy, "too many ask for new passwords at once")),
            Err(other) => Err(other.into()),
        }
    }

    /// Writes to whoever lost a password, if it is somebody who is written to.
    pub(super) async fn answer_request(&self, request: &Letter) -> Result<(), Fault> {
        let opened = Sealer::new(&self.keyring).open(super::SEALED, &[&request.id, ASKED], &request.doc);
        let Some(asked) = opened.and_then(|plain| serde_json::from_slice::<Asked>(&plain).ok()) else { return Ok(()) };
        let locale = Locale::read(&asked.locale).unwrap_or(Locale::Fr);
        for person in self.who_forgot(&asked.typed).await? {
            let (Some(to), Some(login)) = (address(&person), self.login_here(&person).await?) else { continue };
            let result = match self.held_back("reset", &person, to).await? {
                Some(_) => "reset-held-back",
                None => match self.new_reset(&person.id).await? {
                    Some(code) => {
                        let code = activation::shown(&code);
                        let words = [("code", code.as_str()), ("login", login.as_str())];
                        let kind = LetterKind::PasswordReset;
                        self.write_to(&person, Say { kind, locale, lasts: LASTS, words: &words, id: None }).await?;
                        "reset-mailed"
                    }
                    None => "reset-held-back",
                },
            };
            let kind = AuditKind::CredentialsChanged;
            let mut event = AuditEvent::new(self.now(), kind, asked.way.clone(), result);
            event.person = Some(person.id.clone());
            self.audit(event);
        }
        Ok(())
    }

    /// The people whose login or address that is, and whose password a letter may replace.
    async fn who_forgot(&self, typed: &str) -> Result<Vec<Person>, Fault> {
        let mut found = Vec::new();
        if let Some(login) = normalised_login(typed) {
            if let Some(credential) = self.store.credential_of_login(&login).await? {
                found.extend(self.store.person(&credential.person).await?);
            }
            let local = self.store.people_by_login(&login, 10).await?;
            found.extend(local.into_iter().filter(|person| person.join.is_none()));
        }
        if let Some(mail) = normalised_mail(typed) {
            for source in self.sources.keys() {
                let theirs = self.store.people_by_mail(source, &mail, MOST_ACCOUNTS).await?;
                // Another record of theirs may have it, which is not the one they are written to.
                let same = |person: &Person| address(person).and_then(normalised_mail).is_some_and(|own| own == mail);
                found.extend(theirs.into_iter().filter(same));
            }
        }
        found.sort_by(|one, other| one.id.cmp(&other.id));
        found.dedup_by(|one, other| one.id == other.id);
        found.retain(|person| self.may_reset(person));
        found.truncate(MOST_ACCOUNTS as usize);
        Ok(found)
    }

    /// Whether a letter may replace somebody's password: it lives here, all they are proves itself here, and they administer nothing.
    fn may_reset(&self, person: &Person) -> bool {
        let here = person.join.is_none() || activation::proves_here(person, |public| self.proves_here(public));
        let administers = self.config.administrators.iter().any(|id| *id == *person.id.as_str());
        here && !administers && address(person).is_some()
    }

    /// What somebody types before a password that lives here; none for whoever has none.
    pub(crate) async fn login_here(&self, person: &Person) -> Result<Option<String>, Fault> {
        if let Some(credential) = self.store.credential_of(&person.id).await? {
            return Ok(Some(credential.login));
        }
        let has = self.store.password_hash(&person.id).await?.is_some();
        Ok(person.login.clone().filter(|_| has && person.join.is_none()))
    }

    /// A new code for somebody, in place of the one they had; none if somebody else was quicker.
    async fn new_reset(&self, person: &PersonId) -> Result<Option<String>, Fault> {
        let Some(hash) = self.store.password_hash(person).await? else { return Ok(None) };
        let (code, now, kind) = (self.ids.text(activation::LETTERS), self.now(), KeptKind::PasswordReset);
        let (key, whose) = (self.reset_key(&code), one_time_key(&self.keyring.mac("reset-of", &[person.as_str()])));
        if let Some(former) = self.store.take_kept(&whose, kind, now).await? {
            self.store.take_kept(&OneTimeKey::new(former.doc), kind, now).await?;
        }
        let bound = Bound { person: person.clone(), password: self.keyring.mac("reset-password", &[&hash]) };
        let doc = serde_json::to_string(&bound).map_err(|_| Fault::new(FaultKind::Internal, "a code of nobody"))?;
        let expires = now + LASTS;
        self.store.keep(&KeptThing { key: key.clone(), kind, doc, expires }, now).await?;
        match self.store.keep(&KeptThing { key: whose, kind, doc: key.as_str().to_owned(), expires }, now).await {
            Ok(()) => Ok(Some(code)),
            Err(StoreError::Conflict) => self.store.take_kept(&key, kind, now).await.map(|_| None).map_err(Fault::from),
            Err(other) => Err(other.into()),
        }
    }

    fn reset_key(&self, code: &str) -> OneTimeKey {
        one_time_key(&self.keyring.mac("reset-code", &[code]))
    }

    /// Whose password a code that was typed replaces, if it is good now; it stays.
    pub(crate) async fn reset_typed(&self, typed: &str) -> Result<Option<(OneTimeKey, Person)>, Fault> {
        let Some(code) = activation::read(typed) else { return Ok(None) };
        let key = self.reset_key(&code);
        let Some(kept) = self.store.kept(&key, KeptKind::PasswordReset, self.now()).await? else { return Ok(None) };
        let Ok(bound) = serde_json::from_str::<Bound>(&kept.doc) else { return Ok(None) };
        let Some(hash) = self.store.password_hash(&bound.person).await? else { return Ok(None) };
        if !self.keyring.mac_ok("reset-password", &[&hash], &bound.password) {
            return Ok(None);
        }
        let person = self.store.person(&bound.person).await?.filter(|person| self.may_reset(person));
        Ok(person.map(|person| (key, person)))
    }

    /// Takes a code out and replaces the password of its person by one of that hash: sessions and tokens end, and devices that were remembered
    /// are forgotten. Other factors stay: nobody was looked in the eye. Of many with one code exactly one does it.
    pub(crate) async fn reset(
        &self,
        visitor: &Visitor,
        key: &OneTimeKey,
        (person, login): (&Person, &str),
        hash: &str,
    ) -> Result<bool, Fault> {
        if self.store.take_kept(key, KeptKind::PasswordReset, self.now()).await?.is_none() {
            return Ok(false);
        }
        match self.store.set_password_hash(&person.id, hash).await {
            Ok(()) => {}
            // It was taken away meanwhile.
            Err(StoreError::Conflict) => return Ok(false),
            Err(other) => return Err(other.into()),
        }
        let (at, kind) = (self.now(), AuditKind::CredentialsChanged);
        let mut event = AuditEvent::new(at, kind, visitor.correlation().clone(), "password-replaced-by-mail");
        event.person = Some(person.id.clone());
        self.audit(event);
        self.store.replace_factors(&person.id, FactorKind::RememberedDevice, &[]).await?;
        for session in self.store.sessions_of(&person.id, at).await? {
            self.end_session(&session.id, "password-replaced-by-mail", visitor.correlation()).await?;
        }
        // Whoever tried the lost one in vain need not wait to type the new one: it is counted under no source.
        self.store.forgive(&self.keyring.mac("attempts", &["", login])).await?;
        self.tell_of_password(person, visitor.locale).await;
        Ok(true)
    }
}
