//! Passkeys between the pages and the store: a challenge travels with the page, sealed, and is answered once.
//!
//! Nothing is written for a page that only offers a passkey, which is most of them: what is written is that a challenge was
//! answered. What an answer is worth is the business of `idp/passkeys`; whose session it opens that of `sign_in`, and who may add one
//! that of `account`.

use crate::{Fault, Hub};
use preau_domain::{Factor, FactorId, FactorKind, Instant, KeptKind, KeptThing, Person, PersonId};
use preau_keys::Sealer;
use preau_passkeys::{Asked, Flaw, Passkeys, Used};
use preau_store::{FactorUse, StoreError};
use serde::{Deserialize, Serialize};

/// What a passkey is refused for that was used elsewhere meanwhile.
pub(crate) const RACED: &str = "passkey-raced";

/// What is asked of an authenticator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ceremony {
    /// Make a passkey.
    Make,
    /// Prove one.
    Prove,
}

impl Ceremony {
    fn purpose(self) -> &'static str {
        match self {
            Ceremony::Make => "passkey to make",
            Ceremony::Prove => "passkey to prove",
        }
    }
}

/// What a page needs to ask an authenticator.
#[derive(Clone, Debug)]
pub struct Question {
    /// For the browser.
    pub options: String,
    /// For the form: the challenge, sealed.
    pub challenge: String,
}

#[derive(Serialize, Deserialize)]
struct Challenge {
    state: String,
    until: Instant,
}

/// A passkey that was proved, whose, and what is to be noted of it.
pub(crate) struct Shown {
    pub person: Person,
    pub used: FactorUse,
    pub answers: KeptThing,
}

/// Why an answer was refused.
pub(crate) enum NoProof {
    /// A word for the journal, and whose passkey it is said to be, once that is known.
    Refused(&'static str, Option<PersonId>),
    /// Something of ours.
    Fault(Fault),
}

impl NoProof {
    fn refused(word: &'static str) -> NoProof {
        NoProof::Refused(word, None)
    }

    /// The same, of somebody.
    pub fn of(self, person: &PersonId) -> NoProof {
        match self {
            NoProof::Refused(word, _) => NoProof::Refused(word, Some(person.clone())),
            fault => fault,
        }
    }
}

impl From<Fault> for NoProof {
    fn from(fault: Fault) -> NoProof {
        NoProof::Fault(fault)
    }
}

impl From<StoreError> for NoProof {
    fn from(error: StoreError) -> NoProof {
        NoProof::Fault(error.into())
    }
}

impl From<Flaw> for NoProof {
    fn from(flaw: Flaw) -> NoProof {
        let word = match flaw {
            Flaw::Malformed => "passkey-malformed",
            Flaw::Challenge => "passkey-challenge",
            Flaw::Origin => "passkey-origin",
            Flaw::Domain => "passkey-domain",
            Flaw::Kind => "passkey-kind",
            Flaw::Unverified => "passkey-unverified",
            Flaw::Signature => "passkey-signature",
            Flaw::Counter => "passkey-counter",
            Flaw::Backup => "passkey-backup",
            Flaw::Unknown => "passkey-unknown",
            Flaw::Refused => "passkey-refused",
        };
        NoProof::refused(word)
    }
}

impl Hub {
    /// A question that may be answered until then, by whoever has what it is sealed beside.
    fn question(&self, ceremony: Ceremony, beside: &str, until: Instant, asked: Asked) -> Option<Question> {
        let doc = serde_json::to_vec(&Challenge { state: asked.state, until }).ok()?;
        let challenge = Sealer::new(&self.keyring).seal(&*self.ids, ceremony.purpose(), &[beside], &doc)?;
        Some(Question { options: asked.options, challenge })
    }

    /// Asks whoever has a passkey to prove it; none where there are no passkeys.
    pub(crate) fn ask_passkey(&self, beside: &str, until: Instant) -> Option<Question> {
        let asked = self.passkeys.as_ref()?.ask().ok()?;
        self.question(Ceremony::Prove, beside, until, asked)
    }

    /// Asks for a new passkey of a person who has these.
    pub(crate) fn offer_passkey(
        &self,
        person: &Person,
        known: &[Factor],
        beside: &str,
        until: Instant,
    ) -> Option<Question> {
        let known: Vec<String> = known.iter().map(|factor| factor.id.to_string()).collect();
        let (handle, name) = (self.keyring.handle(&person.id), person.display_name());
        let login = person.login.as_deref().unwrap_or(&name);
        let asked = self.passkeys.as_ref()?.offer(handle, login, &name, &known).ok()?;
        self.question(Ceremony::Make, beside, until, asked)
    }

    /// What was asked with a challenge whose time is not over. Whether it was answered before is not looked at: see [`Hub::spend`].
    fn asked(&self, ceremony: Ceremony, beside: &str, sealed: &str) -> Result<Challenge, NoProof> {
        let doc = Sealer::new(&self.keyring).open(ceremony.purpose(), &[beside], sealed);
        let challenge = doc.and_then(|doc| serde_json::from_slice::<Challenge>(&doc).ok());
        let challenge = challenge.ok_or(NoProof::refused("passkey-challenge"))?;
        if self.now() < challenge.until { Ok(challenge) } else { Err(NoProof::refused("passkey-late")) }
    }

    /// From now on this challenge may not be answered; among concurrent answers exactly one finds that it could be.
    async fn spend(&self, sealed: &str, until: Instant) -> Result<(), NoProof> {
        match self.store.keep(&spent(sealed, until), self.now()).await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict) => Err(NoProof::refused("passkey-replayed")),
            Err(other) => Err(other.into()),
        }
    }

    /// The passkey that answers [`Hub::offer_passkey`], as it is to be kept.
    pub(crate) async fn passkey_made(
        &self,
        person: &PersonId,
        beside: &str,
        challenge: &str,
        answer: &str,
        name: String,
    ) -> Result<Factor, NoProof> {
        let passkeys = self.passkeys.as_ref().ok_or(NoProof::refused("passkey-none"))?;
        let Challenge { state, until } = self.asked(Ceremony::Make, beside, challenge)?;
        self.spend(challenge, until).await?;
        let made = passkeys.made(&state, answer)?;
        let (id, person, kind) = (FactorId::new(made.id), person.clone(), FactorKind::Passkey);
        let counter = i64::from(made.counter);
        Ok(Factor { id, person, kind, name, doc: made.doc, counter, added: self.now(), used: None })
    }

    /// Who proved a passkey, in answer to [`Hub::ask_passkey`]; where a person is given, nobody else. That it was used and its challenge
    /// answered is noted.
    pub(crate) async fn passkey_proved(
        &self,
        only: Option<&PersonId>,
        beside: &str,
        challenge: &str,
        answer: &str,
    ) -> Result<Person, NoProof> {
        let Shown { person, used, answers } = self.passkey_shown(only, beside, challenge, answer).await?;
        match self.store.answer_by_factor(&used, &answers).await {
            Ok(()) => Ok(person),
            Err(StoreError::Conflict) => Err(self.not_noted(&answers).await.of(&person.id)),
            Err(other) => Err(other.into()),
        }
    }

    /// The same with nothing noted yet: of many who show one answer, all get as far as this. What is refused spends its challenge.
    pub(crate) async fn passkey_shown(
        &self,
        only: Option<&PersonId>,
        beside: &str,
        challenge: &str,
        answer: &str,
    ) -> Result<Shown, NoProof> {
        let passkeys = self.passkeys.as_ref().ok_or(NoProof::refused("passkey-none"))?;
        let asked = self.asked(Ceremony::Prove, beside, challenge)?;
        let answers = spent(challenge, asked.until);
        let shown = match self.verified(passkeys, only, &asked.state, answer).await {
            Ok((factor, used)) => self.of_its_person(factor, used, answers).await,
            Err(refused) => Err(refused),
        };
        match shown {
            // Whatever it was answered by, a challenge is answered once.
            Err(refused) => Err(self.spend(challenge, asked.until).await.err().unwrap_or(refused)),
            shown => shown,
        }
    }

    /// A passkey that was proved, of somebody who may come in by it.
    async fn of_its_person(&self, factor: Factor, used: Used, answers: KeptThing) -> Result<Shown, NoProof> {
        let (at, counter) = (self.now(), i64::from(used.counter));
        // Guests of another ENT come by it alone, whatever was kept of them.
        let person = self.store.person(&factor.person).await?;
        let person = person.filter(|person| person.state.may_sign_in() && !person.is_hosted());
        let person = person.ok_or_else(|| NoProof::refused("suspended").of(&factor.person))?;
        let used = FactorUse { id: factor.id, was: factor.counter, counter, doc: used.doc, at };
        Ok(Shown { person, used, answers })
    }

    /// Why the use of a passkey could not be noted. From here on its challenge is spent.
    pub(crate) async fn not_noted(&self, answers: &KeptThing) -> NoProof {
        match self.store.keep(answers, self.now()).await {
            // Used elsewhere at this moment, or removed: no clone is known by it.
            Ok(()) => NoProof::refused(RACED),
            Err(StoreError::Conflict) => NoProof::refused("passkey-replayed"),
            Err(other) => other.into(),
        }
    }

    /// Which passkey was proved, and how.
    async fn verified(
        &self,
        passkeys: &Passkeys,
        only: Option<&PersonId>,
        state: &str,
        answer: &str,
    ) -> Result<(Factor, Used), NoProof> {
        let claimed = Passkeys::claimed(answer)?;
        let found = self.store.factor(&FactorId::new(&claimed.id)).await?;
        let factor = found.filter(|factor| factor.kind == FactorKind::Passkey);
        let factor = factor.ok_or(NoProof::refused("passkey-unknown"))?;
        let used = passkeys.used(state, answer, &factor.doc).map_err(|flaw| NoProof::from(flaw).of(&factor.person))?;
        // The authenticator says whose it is: no passkey of one account ever opens another.
        let handle = self.keyring.handle(&factor.person);
        if claimed.handle != handle || only.is_some_and(|only| *only != factor.person) {
            return Err(NoProof::refused("passkey-of-another").of(&factor.person));
        }
        Ok((factor, used))
    }
}

/// What is kept of a challenge that was answered, as long as it could be answered again.
fn spent(sealed: &str, until: Instant) -> KeptThing {
    let key = preau_keys::one_time_key(sealed);
    KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: until }
}
