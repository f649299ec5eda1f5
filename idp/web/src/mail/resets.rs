//! A password that was lost and lives here: a code by mail replaces it, once.
//!
//! Whoever asks is told the same, by the same work, whatever they typed: the request itself is what is kept, sealed, and who it is about is
//! looked up in the background. A code is of 60 bits, good for half an hour, and bound to the password as it is and to the mailbox it went to:
//! whatever changes one of them ends the code, and so does a later one.

use super::{LetterKind, RHYTHM, Say, address};
use crate::{Fault, FaultKind, Hub, Locale, Visitor, activation};
use preau_domain::{
    AuditEvent, AuditKind, CorrelationId, KeptKind, KeptThing, OneTimeKey, Person, PersonId, Seconds, normalised_login,
    normalised_mail,
};
use preau_keys::{Sealer, constant_time_eq, one_time_key};
use preau_store::{Answer, Letter, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// A code of the password as it was, and of the mailbox.
    password: String,
}

/// An account whose password a letter replaces.
struct Theirs {
    person: Person,
    to: String,
    login: String,
    hash: String,
}

impl Hub {
    /// Keeps the request of somebody who lost a password. The same work for everybody.
    pub(crate) async fn ask_for_reset(&self, visitor: &Visitor, typed: &str) -> Result<(), Fault> {
        let typed = typed.trim().chars().take(LONGEST).collect();
        let (locale, way) = (visitor.locale.code().to_owned(), visitor.correlation().clone());
        let (id, at) = (self.ids.text(24), self.now());
        let doc = self.pen().sealed(&id, ASKED, &Asked { typed, locale, way })?;
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

    /// Writes to whoever lost a password, if it is somebody who is written to. The request goes with what answers it: whoever is killed, or
    /// meets a store that is away, answered nothing, and the next one begins again.
    pub(super) async fn answer_request(&self, request: &Letter) -> Result<(), Fault> {
        let opened = Sealer::new(&self.keyring).open(super::SEALED, &[&request.id, ASKED], &request.doc);
        let asked = opened.and_then(|plain| serde_json::from_slice::<Asked>(&plain).ok());
        let mut mailboxes: BTreeMap<String, Vec<Theirs>> = BTreeMap::new();
        for person in self.who_forgot(asked.as_ref().map_or("", |asked| &asked.typed)).await? {
            let to = address(&person).and_then(|to| Some((to.to_owned(), normalised_mail(to)?)));
            let (Some((to, mailbox)), Some(login)) = (to, self.login_here(&person).await?) else { continue };
            let Some(hash) = self.store.password_hash(&person.id).await? else { continue };
            mailboxes.entry(mailbox).or_default().push(Theirs { person, to, login, hash });
        }
        let locale = asked.as_ref().and_then(|asked| Locale::read(&asked.locale)).unwrap_or(Locale::Fr);
        let mut answers = Vec::new();
        for (mailbox, theirs) in &mailboxes {
            answers.push(self.letter_of_codes(mailbox, theirs, locale).await?);
        }
        let written = self.store.answer_request(&request.id, &answers, self.now(), RHYTHM).await?;
        let Some((written, asked)) = written.zip(asked) else { return Ok(()) };
        self.letters.notify_one();
        for (theirs, written) in mailboxes.into_values().zip(written) {
            let result = if written { "reset-mailed" } else { "reset-held-back" };
            for Theirs { person, .. } in theirs {
                let kind = AuditKind::CredentialsChanged;
                let mut event = AuditEvent::new(self.now(), kind, asked.way.clone(), result);
                event.person = Some(person.id);
                self.audit(event);
            }
        }
        Ok(())
    }

    /// The letter to one mailbox, with a code for each account that is written to there: a family may have one address.
    async fn letter_of_codes(&self, mailbox: &str, theirs: &[Theirs], locale: Locale) -> Result<Answer, Fault> {
        let (mut kept, mut codes) = (Vec::new(), Vec::new());
        for Theirs { person, login, hash, .. } in theirs {
            let (code, expires) = (self.ids.text(activation::LETTERS), self.now() + LASTS);
            let (kind, key) = (KeptKind::PasswordReset, self.reset_key(&code));
            let bound = Bound { person: person.id.clone(), password: self.bound_to(hash, mailbox) };
            let doc = serde_json::to_string(&bound).map_err(|_| Fault::new(FaultKind::Internal, "a code of nobody"))?;
            let latest = key.as_str().to_owned();
            kept.push(KeptThing { key, kind, doc, expires });
            kept.push(KeptThing { key: self.latest_key(&person.id), kind, doc: latest, expires });
            codes.push((login.as_str(), activation::shown(&code)));
        }
        let people: Vec<&Person> = theirs.iter().map(|one| &one.person).collect();
        let to = theirs.first().map_or("", |one| one.to.as_str());
        let accounts = codes.iter().map(|(login, code)| format!("{login}\n{}/reset#{code}", self.base()));
        let accounts = accounts.collect::<Vec<_>>().join("\n\n");
        let (kind, words) = match &codes[..] {
            [(login, code)] => (LetterKind::PasswordReset, [("login", *login), ("code", code.as_str())]),
            _ => (LetterKind::PasswordResets, [("accounts", accounts.as_str()), ("code", "")]),
        };
        let letter =
            self.pen().letter(&people, to, Say { kind, locale, lasts: LASTS, words: &words, id: None }).await?;
        Ok(Answer { letter, counter: self.keyring.mac("letters", &["reset", "to", mailbox]), kept })
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
            // Another record of theirs may have it, which is not the one they are written to.
            let same = |person: &Person| address(person).and_then(normalised_mail).is_some_and(|own| own == mail);
            let mut theirs = self.store.local_people_by_mail(&mail, MOST_ACCOUNTS).await?;
            for source in self.sources.keys() {
                theirs.extend(self.store.people_by_mail(source, &mail, MOST_ACCOUNTS).await?);
            }
            found.extend(theirs.into_iter().filter(same));
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

    fn reset_key(&self, code: &str) -> OneTimeKey {
        one_time_key(&self.keyring.mac("reset-code", &[code]))
    }

    /// The name under which the code is told that counts: of several the latest.
    fn latest_key(&self, person: &PersonId) -> OneTimeKey {
        one_time_key(&self.keyring.mac("reset-of", &[person.as_str()]))
    }

    /// What a code is bound to: a password, and the mailbox it was sent to.
    fn bound_to(&self, hash: &str, mailbox: &str) -> String {
        self.keyring.mac("reset-password", &[hash, mailbox])
    }

    /// Whose password a code that was typed replaces, if it is good now; it stays.
    pub(crate) async fn reset_typed(&self, typed: &str) -> Result<Option<(OneTimeKey, Person)>, Fault> {
        let Some(code) = activation::read(typed) else { return Ok(None) };
        let (key, kind, now) = (self.reset_key(&code), KeptKind::PasswordReset, self.now());
        let Some(kept) = self.store.kept(&key, kind, now).await? else { return Ok(None) };
        let Ok(bound) = serde_json::from_str::<Bound>(&kept.doc) else { return Ok(None) };
        let latest = self.store.kept(&self.latest_key(&bound.person), kind, now).await?;
        if latest.is_none_or(|latest| latest.doc != key.as_str()) {
            return Ok(None);
        }
        let Some(hash) = self.store.password_hash(&bound.person).await? else { return Ok(None) };
        let Some(person) = self.store.person(&bound.person).await?.filter(|person| self.may_reset(person)) else {
            return Ok(None);
        };
        let mailbox = address(&person).and_then(normalised_mail).unwrap_or_default();
        let same = constant_time_eq(self.bound_to(&hash, &mailbox).as_bytes(), bound.password.as_bytes());
        Ok(same.then_some((key, person)))
    }

    /// Takes a code out and replaces the password of its person by one of that hash, in one stroke: sessions and tokens end, and devices that were
    /// remembered are forgotten. Other factors stay: nobody was looked in the eye; whoever has one proved it before (`sign_in/forgotten`). Of many
    /// with one code exactly one does it.
    pub(crate) async fn reset(
        &self,
        visitor: &Visitor,
        key: &OneTimeKey,
        (person, login): (&Person, &str),
        hash: &str,
    ) -> Result<bool, Fault> {
        let at = self.now();
        let open = self.store.sessions_of(&person.id, at).await?;
        if !self.store.reset_password(key, &person.id, hash, at).await? {
            return Ok(false);
        }
        let (kind, why) = (AuditKind::CredentialsChanged, "password-replaced-by-mail");
        let mut event = AuditEvent::new(at, kind, visitor.correlation().clone(), why);
        event.person = Some(person.id.clone());
        self.audit(event);
        // They are over, all of them: these are told to their services at once, and what is not told here is told within seconds.
        for session in open {
            self.end_session(&session.id, why, visitor.correlation()).await?;
        }
        // Whoever tried the lost one in vain need not wait to type the new one: it is counted under no source, and on this device apart.
        let device = visitor.device.as_ref().map(|device| self.keyring.mac("attempts", &["", login, device.expose()]));
        for key in device.into_iter().chain([self.keyring.mac("attempts", &["", login])]) {
            self.store.forgive(&key).await?;
        }
        self.tell_of_password((person, login), visitor.locale).await;
        Ok(true)
    }
}
