//! Codes as a second factor: those an application makes, and those on paper.
//!
//! Tries are counted for the person before anything is compared, and only who proved a first factor can make one.

use crate::{Fault, FaultKind, Hub};
use preau_domain::{Factor, FactorId, FactorKind, PersonId};
use preau_keys::{OtpSecret, Sealer};
use preau_store::{Attempt, Delays, StoreError};

/// Seconds to wait after wrong codes: of a million codes three are right, and nobody may try many.
const TRIES: Delays = Delays(&[(1, 1_000), (3, 5_000), (5, 60_000), (10, 600_000)]);
/// What the secret of an application is sealed for, beside the name of its factor.
const SECRET: &str = "one-time code";
/// Codes on paper.
const PAPER: usize = 10;
/// Letters of one: 60 bits.
const LETTERS: usize = 12;

/// What came of a code.
pub(crate) enum Proved {
    /// It is theirs, and will not be taken again.
    Right(FactorKind),
    /// It is not.
    Wrong,
    /// Too soon after wrong ones: seconds to wait.
    Wait(i64),
}

impl Hub {
    /// Takes a code of a person who proved a first factor.
    pub(crate) async fn code_proved(&self, person: &PersonId, typed: &str) -> Result<Proved, Fault> {
        let (now, key) = (self.now(), self.keyring.mac("second-factor-tries", &[person.as_str()]));
        if let Attempt::NotBefore(until) = self.store.count_attempt(&key, now, TRIES).await? {
            return Ok(Proved::Wait(((until - now) + 999).div_euclid(1000).max(1)));
        }
        match self.code_of(person, typed).await {
            Ok(Some(kind)) => {
                self.store.forgive(&key).await?;
                Ok(Proved::Right(kind))
            }
            Ok(None) => Ok(Proved::Wrong),
            Err(error) => {
                self.store.uncount_attempt(&key, now, TRIES).await?;
                Err(error.into())
            }
        }
    }

    async fn code_of(&self, person: &PersonId, typed: &str) -> Result<Option<FactorKind>, StoreError> {
        let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).collect();
        let code = code.to_ascii_lowercase();
        if code.len() == LETTERS {
            let id = self.paper_id(person, &code);
            return match self.store.remove_factor(person, &id, false).await {
                Ok(()) => Ok(Some(FactorKind::RecoveryCode)),
                Err(StoreError::Conflict) => Ok(None),
                Err(other) => Err(other),
            };
        }
        let factors = self.store.factors_of(person).await?;
        for factor in factors.iter().filter(|factor| factor.kind == FactorKind::OneTimeCode) {
            let secret = Sealer::new(&self.keyring).open(SECRET, &[factor.id.as_str()], &factor.doc);
            let Some(secret) = secret.map(|bytes| OtpSecret::of(&bytes)) else { continue };
            let Some(step) = secret.taken(&code, self.now(), factor.counter) else { continue };
            return match self.store.use_factor(&factor.id, factor.counter, step, &factor.doc, self.now()).await {
                Ok(()) => Ok(Some(FactorKind::OneTimeCode)),
                // Taken elsewhere meanwhile.
                Err(StoreError::Conflict) => Ok(None),
                Err(other) => Err(other),
            };
        }
        Ok(None)
    }

    /// The factor of an application that showed a code of that time.
    pub(crate) fn application(&self, person: &PersonId, secret: &OtpSecret, step: i64, name: String) -> Option<Factor> {
        // The same secret twice would take every code twice.
        let id = FactorId::new(self.keyring.mac("application", &[person.as_str(), &secret.written()]));
        let doc = Sealer::new(&self.keyring).seal(&*self.ids, SECRET, &[id.as_str()], secret.expose())?;
        let (person, kind) = (person.clone(), FactorKind::OneTimeCode);
        Some(Factor { id, person, kind, name, doc, counter: step, added: self.now(), used: None })
    }

    /// New codes on paper for a person, in place of those they had. They are told once.
    pub(crate) async fn new_paper(&self, person: &PersonId) -> Result<Vec<String>, Fault> {
        let codes: Vec<String> = (0..PAPER).map(|_| self.ids.text(LETTERS)).collect();
        let factor = |code: &String| Factor {
            id: self.paper_id(person, code),
            person: person.clone(),
            kind: FactorKind::RecoveryCode,
            name: String::new(),
            doc: String::new(),
            counter: 0,
            added: self.now(),
            used: None,
        };
        let factors: Vec<Factor> = codes.iter().map(factor).collect();
        match self.store.replace_factors(person, FactorKind::RecoveryCode, &factors).await {
            Ok(_) => Ok(codes),
            Err(StoreError::Conflict) => Err(Fault::new(FaultKind::Internal, "a code on paper drawn twice")),
            Err(other) => Err(other.into()),
        }
    }

    /// The name under which a code on paper is kept: nobody without the master key tells the code by it.
    fn paper_id(&self, person: &PersonId, code: &str) -> FactorId {
        FactorId::new(self.keyring.mac("recovery-code", &[person.as_str(), code]))
    }
}
