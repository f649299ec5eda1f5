//! Passkeys between the pages and the store: a challenge travels with the page, sealed, and is answered once.
//!
//! Nothing is written for a page that only offers a passkey, which is most of them: what is written is that a challenge was
//! answered. What an answer is worth is the business of `idp/passkeys`; whose session it opens that of `sign_in`, and who may add one
//! that of `account`.

use crate::{Fault, Hub};
use preau_domain::{Factor, FactorId, FactorKind, Instant, KeptKind, KeptThing, Person, PersonId};
use preau_keys::Sealer;
use preau_passkeys::{Asked, Flaw, Passkeys};
use preau_store::StoreError;
use serde::{Deserialize, Serialize};

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
    fn of(self, person: &PersonId) -> NoProof {
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

    /// What was asked with a challenge that may still be answered. From now on it may not.
    async fn spent(&self, ceremony: Ceremony, beside: &str, sealed: &str) -> Result<String, NoProof> {
        let doc = Sealer::new(&self.keyring).open(ceremony.purpose(), &[beside], sealed);
        let challenge = doc.and_then(|doc| serde_json::from_slice::<Challenge>(&doc).ok());
        let now = self.now();
        let Challenge { state, until } = challenge.ok_or(NoProof::refused("passkey-challenge"))?;
        if now >= until {
            return Err(NoProof::refused("passkey-late"));
        }
        let key = preau_keys::one_time_key(sealed);
        let once = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: until };
        match self.store.keep(&once, now).await {
            Ok(()) => Ok(state),
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
        let state = self.spent(Ceremony::Make, beside, challenge).await?;
        let made = passkeys.made(&state, answer)?;
        let (id, person, kind) = (FactorId::new(made.id), person.clone(), FactorKind::Passkey);
        let counter = i64::from(made.counter);
        Ok(Factor { id, person, kind, name, doc: made.doc, counter, added: self.now(), used: None })
    }

    /// Who proved a passkey, in answer to [`Hub::ask_passkey`]; where a person is given, nobody else.
    pub(crate) async fn passkey_proved(
        &self,
        only: Option<&PersonId>,
        beside: &str,
        challenge: &str,
        answer: &str,
    ) -> Result<Person, NoProof> {
        let passkeys = self.passkeys.as_ref().ok_or(NoProof::refused("passkey-none"))?;
        let state = self.spent(Ceremony::Prove, beside, challenge).await?;
        let claimed = Passkeys::claimed(answer)?;
        let found = self.store.factor(&FactorId::new(&claimed.id)).await?;
        let factor = found.filter(|factor| factor.kind == FactorKind::Passkey);
        let factor = factor.ok_or(NoProof::refused("passkey-unknown"))?;
        let owner = factor.person.clone();
        self.shown(passkeys, only, factor, &claimed.handle, &state, answer).await.map_err(|refused| refused.of(&owner))
    }

    /// Who proved this passkey of theirs.
    async fn shown(
        &self,
        passkeys: &Passkeys,
        only: Option<&PersonId>,
        factor: Factor,
        handle: &[u8],
        state: &str,
        answer: &str,
    ) -> Result<Person, NoProof> {
        let used = passkeys.used(state, answer, &factor.doc)?;
        // The authenticator says whose it is: no passkey of one account ever opens another.
        if handle != self.keyring.handle(&factor.person) || only.is_some_and(|only| *only != factor.person) {
            return Err(NoProof::refused("passkey-of-another"));
        }
        // Guests of another ENT come by it alone, whatever was kept of them.
        let person = self.store.person(&factor.person).await?;
        let person = person.filter(|person| person.state.may_sign_in() && !person.is_hosted());
        let person = person.ok_or(NoProof::refused("suspended"))?;
        let counter = i64::from(used.counter);
        match self.store.use_factor(&factor.id, factor.counter, counter, &used.doc, self.now()).await {
            Ok(()) => Ok(person),
            // Used elsewhere at this moment, or removed: no clone is known by it.
            Err(StoreError::Conflict) => Err(NoProof::refused("passkey-raced")),
            Err(other) => Err(other.into()),
        }
    }
}
