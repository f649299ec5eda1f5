//! Letters to people: a password they lost, a code they asked for, a change they should know of, an end that comes near.
//!
//! A letter is written whole, sealed, and waits in the store ([`preau_store::Letters`]) until the mail server took it: whoever asked for one
//! waits for no server, and a process that is killed loses none. It goes to the address the person's record has, and is kept no longer than
//! it is of use. The journal and the metrics know its kind and never its address. Without a mail server nobody is offered one.

mod codes;
mod reminders;
pub(crate) mod resets;
mod sending;

pub(crate) use codes::Mailed;
pub use reminders::BEFORE_THE_END;

use crate::{Fault, FaultKind, Hub, Locale, Texts, WebConfig};
use preau_domain::{Ids, Instant, Person, PersonId, Seconds, normalised_mail};
use preau_keys::{Keyring, Sealer};
use preau_store::{Attempt, Delays, Letter, Store};
use serde::{Deserialize, Serialize};

/// How long a code that was mailed is good for, in a sign-in or on the account page.
pub(crate) const CODE_LASTS: Seconds = Seconds(10 * 60);
/// How long it is tried to tell somebody of a change.
pub(crate) const NEWS_LAST: Seconds = Seconds(2 * 86_400);
/// Milliseconds between letters that somebody can have sent to somebody else: never more than five an hour.
const RHYTHM: Delays = Delays(&[(1, 60_000), (3, 600_000), (5, 3_600_000)]);
/// What letters are sealed for.
const SEALED: &str = "letter";

/// Kinds of letters: a closed list, for the journal and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LetterKind {
    /// The code by which somebody replaces a password they lost.
    PasswordReset,
    /// The same for several accounts that have one address.
    PasswordResets,
    /// Somebody's password was replaced.
    PasswordChanged,
    /// A code that is a second factor.
    Code,
    /// A space is over soon.
    SpaceEnds,
    /// An inspector may look at somebody's space.
    Inspection,
    /// They may not any more, sooner than was said.
    InspectionEnded,
}

impl LetterKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            LetterKind::PasswordReset => "password-reset",
            LetterKind::PasswordResets => "password-resets",
            LetterKind::PasswordChanged => "password-changed",
            LetterKind::Code => "code",
            LetterKind::SpaceEnds => "space-ends",
            LetterKind::Inspection => "inspection",
            LetterKind::InspectionEnded => "inspection-ended",
        }
    }
}

/// A letter before it is sealed.
#[derive(Serialize, Deserialize)]
struct Sheet {
    to: String,
    /// Whose accounts it is about: it goes nowhere once none of them has that address any more.
    #[serde(default)]
    people: Vec<PersonId>,
    subject: String,
    text: String,
}

/// What is said in a letter, by the name of its texts.
pub(crate) struct Say<'a> {
    pub kind: LetterKind,
    /// The language of whoever asked, for whoever chose none.
    pub locale: Locale,
    /// Before the end of that time it must have been sent.
    pub lasts: Seconds,
    pub words: &'a [(&'a str, &'a str)],
    /// What makes it the same letter; none for one of its own.
    pub id: Option<String>,
}

/// The address a person is written to: that of their record, if it is one, and of somebody whom letters may reach.
pub(crate) fn address(person: &Person) -> Option<&str> {
    let reached = person.state.may_sign_in() && !person.is_hosted();
    person.mail.as_deref().filter(|mail| reached && normalised_mail(mail).is_some())
}

/// An address as it is shown to whoever may only half know it: enough to tell which mailbox to look into.
pub(crate) fn masked(address: &str) -> String {
    let (name, domain) = address.split_once('@').unwrap_or((address, ""));
    let first: String = name.chars().take(1).collect();
    format!("{first}…@{domain}")
}

/// What letters are written with, by a server and by an operator's command alike.
pub struct Pen<'a> {
    /// Where people are, and the language they chose.
    pub store: &'a dyn Store,
    /// What letters are sealed with.
    pub keyring: &'a Keyring,
    /// Where their names come from.
    pub ids: &'a dyn Ids,
    /// The name of the house and its address.
    pub config: &'a WebConfig,
    /// What they say.
    pub texts: &'a Texts,
    /// When they are written.
    pub now: Instant,
}

impl Pen<'_> {
    /// The language somebody chose, else that one.
    pub(crate) async fn language(&self, person: &Person, otherwise: Locale) -> Result<Locale, Fault> {
        Ok(self.store.language_of(&person.id).await?.and_then(|code| Locale::read(&code)).unwrap_or(otherwise))
    }

    /// A letter about the accounts of these people, sealed; in the language the first of them chose, if they chose one.
    pub(crate) async fn letter(&self, people: &[&Person], to: &str, say: Say<'_>) -> Result<Letter, Fault> {
        let Say { kind, locale, lasts, words, id } = say;
        let kind = kind.as_str();
        let locale = match people.first() {
            Some(person) => self.language(person, locale).await?,
            None => locale,
        };
        let people: Vec<PersonId> = people.iter().map(|person| person.id.clone()).collect();
        let mut words = words.to_vec();
        words
            .extend([("workspace", self.config.name.as_str()), ("base", self.config.public_url.trim_end_matches('/'))]);
        let text = |part: &str| self.texts.with(locale, &format!("letter-{kind}-{part}"), &words);
        let signed = self.texts.with(locale, "letter-signed", &words);
        let (subject, text) = (text("subject"), format!("{}\n\n-- \n{signed}\n", text("text")));
        let id = id.unwrap_or_else(|| self.ids.text(24));
        // Of several, none is the one whose end would take the letter away.
        let person = if let [only] = &people[..] { Some(only.clone()) } else { None };
        let (to, at) = (to.to_owned(), self.now);
        let doc = self.sealed(&id, kind, &Sheet { to, people, subject, text })?;
        Ok(Letter { id, kind: kind.to_owned(), person, doc, at, expires: at + lasts })
    }

    fn sealed(&self, id: &str, kind: &str, what: &impl Serialize) -> Result<String, Fault> {
        let bad = || Fault::new(FaultKind::Internal, "a letter that cannot be sealed");
        let plain = serde_json::to_vec(what).map_err(|_| bad())?;
        Sealer::new(self.keyring).seal(self.ids, SEALED, &[id, kind], &plain).ok_or_else(bad)
    }
}

impl Hub {
    /// What letters are written with here.
    pub(crate) fn pen(&self) -> Pen<'_> {
        let (store, ids) = (&*self.store, &*self.ids);
        Pen { store, keyring: &self.keyring, ids, config: &self.config, texts: &self.texts, now: self.now() }
    }

    /// Whether letters can be sent at all.
    pub(crate) fn sends_mail(&self) -> bool {
        self.mail.is_some()
    }

    /// Writes a letter to somebody, which waits until it is sent; says whether there is somebody to write to.
    pub(crate) async fn write_to(&self, person: &Person, say: Say<'_>) -> Result<bool, Fault> {
        let Some(to) = address(person).filter(|_| self.sends_mail()) else { return Ok(false) };
        let letter = self.pen().letter(&[person], to, say).await?;
        self.store.post_letters(&[letter]).await?;
        self.letters.notify_one();
        Ok(true)
    }

    /// Counts a letter that somebody asked for, of that sort, to that person at that address; the instant before which there is none.
    async fn held_back(&self, sort: &str, person: &Person, to: &str) -> Result<Option<Instant>, Fault> {
        let now = self.now();
        // Several accounts may have one address, and whoever bombs one mailbox names them all.
        let address = normalised_mail(to).unwrap_or_default();
        for key in [["letters", sort, "to", address.as_str()], ["letters", sort, "of", person.id.as_str()]] {
            let key = self.keyring.mac(key[0], &key[1..]);
            if let Attempt::NotBefore(until) = self.store.count_attempt(&key, now, RHYTHM).await? {
                return Ok(Some(until));
            }
        }
        Ok(None)
    }

    /// Tells somebody that their password was replaced, and by its login which: a parent and several children may have one address. What
    /// the letters say that replace a password, and no name. Best effort: it was, whether they hear of it or not.
    pub(crate) async fn tell_of_password(&self, (person, login): (&Person, &str), locale: Locale) {
        let (kind, words) = (LetterKind::PasswordChanged, [("login", login)]);
        let told = self.write_to(person, Say { kind, locale, lasts: NEWS_LAST, words: &words, id: None }).await;
        if let Err(fault) = told {
            tracing::warn!(fault = fault.kind.as_str(), "somebody was not written to of their new password");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_half_shown() {
        assert_eq!(masked("alice.martin@college.example"), "a…@college.example");
        assert_eq!(masked("x"), "x…@");
    }
}
