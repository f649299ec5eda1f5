//! Codes as a second factor: those an application makes, those on paper, and those that are mailed.
//!
//! Tries of applications are counted for the person before anything is compared, and only who proved a first factor can make one. A code on
//! paper, which nobody guesses, is taken whatever was typed before, and wrong ones alone are counted. A device on which a second factor of
//! the person was proved before is counted for itself: whoever has the password alone keeps the owner out of neither. After a hundred wrong codes in a row those of applications open nothing on any
//! other device, until something else of the person was proved.

use crate::visitor::Secret;
use crate::{Fault, FaultKind, Hub, Visitor, remembered};
use http::HeaderValue;
use preau_domain::{Authentication, Factor, FactorId, FactorKind, Instant, KeptKind, KeptThing, PersonId, Seconds};
use preau_keys::{Keyring, OtpSecret, Sealer, one_time_key};
use preau_store::{Attempt, Delays, FactorUse, StoreError};

/// Seconds to wait after wrong codes: of a million codes three are right, and nobody may try many.
const TRIES: Delays = Delays(&[(1, 1_000), (3, 5_000), (5, 60_000), (10, 600_000)]);
/// The same after wrong codes on paper, for those that are wrong again.
const PAPER_TRIES: Delays = Delays(&[(5, 1_000), (20, 60_000)]);
/// Wrong codes in a row after which those of applications are taken no more.
const MOST_WRONG: u32 = 100;
/// How long that is remembered.
const WRONG_LIFE: Seconds = Seconds(400 * 86_400);
/// What the secret of an application is sealed for, beside its person and the name of its factor.
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
    /// Nothing was compared: there were too many wrong ones.
    Stopped,
}

/// A code as it is compared: in groups or not, small letters, and those that look like others are those others.
pub(crate) fn read(typed: &str) -> String {
    let plain = typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—')).take(64);
    let alike = |c: char| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        'u' => 'v',
        other => other,
    };
    plain.map(alike).collect()
}

fn wait(now: Instant, until: Instant) -> Proved {
    Proved::Wait(((until - now) + 999).div_euclid(1000).max(1))
}

/// The counters of tries of a person, on devices that are not known: for whoever was helped.
pub fn factor_tries(keyring: &Keyring, person: &PersonId) -> [String; 2] {
    ["second-factor-tries", "paper-code-tries"].map(|what| keyring.mac(what, &[person.as_str()]))
}

impl Hub {
    /// Takes a code of a person who proved a first factor; `within` is the sign-in or session in which it is typed.
    pub(crate) async fn code_proved(
        &self,
        visitor: &Visitor,
        person: &PersonId,
        within: &str,
        typed: &str,
    ) -> Result<Proved, Fault> {
        let (now, code) = (self.now(), read(typed));
        if code.len() == LETTERS {
            return self.paper_proved(person, &code).await;
        }
        let device = self.proving_device(visitor, person).await?;
        let key = match &device {
            Some(device) => self.keyring.mac("second-factor-tries", &[person.as_str(), device.expose()]),
            None => self.keyring.mac("second-factor-tries", &[person.as_str()]),
        };
        if let Attempt::NotBefore(until) = self.store.count_attempt(&key, now, TRIES).await? {
            return Ok(wait(now, until));
        }
        let guessable = device.is_none();
        if guessable && self.wrong_codes(person).await?.1 >= MOST_WRONG {
            return Ok(Proved::Stopped);
        }
        match self.shown_code(person, within, &code).await {
            Ok(Some(kind)) => {
                self.store.forgive(&key).await?;
                self.factor_proved(person).await?;
                Ok(Proved::Right(kind))
            }
            Ok(None) if guessable => self.count_wrong(person).await.map(|()| Proved::Wrong),
            Ok(None) => Ok(Proved::Wrong),
            Err(error) => {
                self.store.uncount_attempt(&key, now, TRIES).await?;
                Err(error.into())
            }
        }
    }

    /// Takes a code on paper. Nothing that somebody else typed holds a right one off: of 60 bits none is found by trying.
    async fn paper_proved(&self, person: &PersonId, code: &str) -> Result<Proved, Fault> {
        let (now, id) = (self.now(), self.paper_id(person, code));
        let key = self.keyring.mac("paper-code-tries", &[person.as_str()]);
        // Looked at before it is removed: a wrong one costs no lock of the person.
        if self.store.factor(&id).await?.is_some() {
            match self.store.remove_factor(person, &id, false).await {
                Ok(()) => {
                    self.store.forgive(&key).await?;
                    self.factor_proved(person).await?;
                    return Ok(Proved::Right(FactorKind::RecoveryCode));
                }
                // Taken elsewhere meanwhile.
                Err(StoreError::Conflict) => {}
                Err(other) => return Err(other.into()),
            }
        }
        if let Attempt::NotBefore(until) = self.store.count_attempt(&key, now, PAPER_TRIES).await? {
            return Ok(wait(now, until));
        }
        Ok(Proved::Wrong)
    }

    /// Wrong codes in a row, as they are kept and as a number.
    async fn wrong_codes(&self, person: &PersonId) -> Result<(Option<KeptThing>, u32), Fault> {
        let kept = self.store.kept(&self.wrong_key(person), KeptKind::WrongCodes, self.now()).await?;
        let count = kept.as_ref().and_then(|kept| kept.doc.parse().ok()).unwrap_or(0);
        Ok((kept, count))
    }

    async fn count_wrong(&self, person: &PersonId) -> Result<(), Fault> {
        let (now, (kept, count)) = (self.now(), self.wrong_codes(person).await?);
        let (key, kind) = (self.wrong_key(person), KeptKind::WrongCodes);
        let next = KeptThing { key, kind, doc: (count + 1).to_string(), expires: now + WRONG_LIFE };
        let counted = match &kept {
            Some(kept) => self.store.replace_kept(&next, &kept.doc, now).await,
            None => self.store.keep(&next, now).await,
        };
        match counted {
            // Two at the same time count as one: how many there are is bounded by the delays.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// A second factor of somebody was proved: wrong codes before it were theirs.
    pub(crate) async fn factor_proved(&self, person: &PersonId) -> Result<(), Fault> {
        self.store.take_kept(&self.wrong_key(person), KeptKind::WrongCodes, self.now()).await?;
        Ok(())
    }

    /// Where the wrong codes of a person are counted.
    pub(crate) fn wrong_key(&self, person: &PersonId) -> preau_domain::OneTimeKey {
        one_time_key(&self.keyring.mac("wrong-codes", &[person.as_str()]))
    }

    /// The device of this browser, if a second factor of the person was proved on it within half a year.
    async fn proving_device(&self, visitor: &Visitor, person: &PersonId) -> Result<Option<Secret>, Fault> {
        let Some(device) = &visitor.device else { return Ok(None) };
        let known = self.store.device_known(&self.proving_key(person, device), self.now()).await?;
        Ok(known.then(|| device.clone()))
    }

    /// Remembers that a second factor of the person was proved on this device, which is given its cookie; and if they wish so, that it is
    /// not asked for again on it for a while.
    pub(crate) async fn proved_here(
        &self,
        visitor: &Visitor,
        person: &PersonId,
        first: &Authentication,
        remember: bool,
    ) -> Result<HeaderValue, Fault> {
        let device = visitor.device.clone().unwrap_or_else(|| Secret::generate(&*self.ids));
        self.store.remember_device(&self.proving_key(person, &device), self.now()).await?;
        let remembered = match remember {
            true => self.remember_device_of(visitor, person, &device, first).await?,
            false => visitor.remembered.clone(),
        };
        Ok(remembered::cookie(self.secure(), &device, &remembered))
    }

    /// Under which name this browser's device is remembered as one where a person proved a factor, and its cookie.
    pub(crate) fn proving_here(&self, visitor: &Visitor, person: &PersonId) -> (String, HeaderValue) {
        let device = visitor.device.clone().unwrap_or_else(|| Secret::generate(&*self.ids));
        (self.proving_key(person, &device), remembered::cookie(self.secure(), &device, &visitor.remembered))
    }

    fn proving_key(&self, person: &PersonId, device: &Secret) -> String {
        self.keyring.mac("factor-device", &[person.as_str(), device.expose()])
    }

    /// What a code was shown by, if it is right.
    async fn shown_code(&self, person: &PersonId, within: &str, code: &str) -> Result<Option<FactorKind>, StoreError> {
        if self.shown_by_application(person, code).await? {
            return Ok(Some(FactorKind::OneTimeCode));
        }
        Ok(self.shown_by_mail(person, within, code).await?.then_some(FactorKind::MailedCode))
    }

    async fn shown_by_application(&self, person: &PersonId, code: &str) -> Result<bool, StoreError> {
        let factors = self.store.factors_of(person).await?;
        for factor in factors.iter().filter(|factor| factor.kind == FactorKind::OneTimeCode) {
            let beside = [person.as_str(), factor.id.as_str()];
            let secret = Sealer::new(&self.keyring).open(SECRET, &beside, &factor.doc);
            let Some(secret) = secret.map(|bytes| OtpSecret::of(&bytes)) else { continue };
            let Some(step) = secret.taken(code, self.now(), factor.counter) else { continue };
            let (id, doc) = (factor.id.clone(), factor.doc.clone());
            let used = FactorUse { id, was: factor.counter, counter: step, doc, at: self.now() };
            return match self.store.use_factor(&used).await {
                Ok(()) => Ok(true),
                // Taken elsewhere meanwhile.
                Err(StoreError::Conflict) => Ok(false),
                Err(other) => Err(other),
            };
        }
        Ok(false)
    }

    /// The factor of an application that showed a code of that time.
    pub(crate) fn application(&self, person: &PersonId, secret: &OtpSecret, step: i64, name: String) -> Option<Factor> {
        // The same secret twice would take every code twice.
        let id = FactorId::new(self.keyring.mac("application", &[person.as_str(), &secret.written()]));
        let doc =
            Sealer::new(&self.keyring).seal(&*self.ids, SECRET, &[person.as_str(), id.as_str()], secret.expose())?;
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
