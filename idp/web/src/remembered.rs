//! Devices on which somebody's second factor is not asked for again for a while: bound to the person, to a secret of the device and to the password as it
//! is kept here, or as the directory says when it was set, so that a new one ends them all. What such a device is worth is for policy to say, and it is told to nobody as a factor.
//!
//! That secret is drawn when the factor is remembered, as the name of a session is at each sign-in: whoever copied the cookie of a shared machine
//! before does not have it. It stands in the cookie behind the one by which accounts know the device, which stays what it is.
//!
//! They are kept among the factors of their person, who sees them on the account page and removes them there.

use crate::visitor::{Cookie, Secret};
use crate::{Fault, Hub, Locale, Visitor};
use http::HeaderValue;
use preau_domain::{Authentication, Factor, FactorId, FactorKind, Instant, PersonId, Seconds};
use preau_store::StoreError;

/// Secrets by which factors are remembered on one device, at most: with its own they fill the cookie. A family shares one.
const MOST: usize = 3;

/// What the cookie of a device holds: its own secret, and those by which factors are remembered on it, the latest first.
pub(crate) fn read(cookie: &str) -> Option<(Secret, Vec<Secret>)> {
    let whole = Secret::read(cookie)?;
    let one = |at: usize| whole.expose().get(at..at + Secret::LENGTH).and_then(Secret::read);
    let secrets: Option<Vec<Secret>> = (0..cookie.len()).step_by(Secret::LENGTH).map(one).collect();
    let mut secrets = secrets?.into_iter();
    Some((secrets.next()?, secrets.collect()))
}

/// The cookie that holds them.
pub(crate) fn cookie(secure: bool, device: &Secret, remembered: &[Secret]) -> HeaderValue {
    let secrets = [device].into_iter().chain(remembered.iter().take(MOST));
    Cookie::Device.set(secure, &secrets.map(Secret::expose).collect::<String>())
}

/// Until when a device is remembered.
pub(crate) fn remembered_until(factor: &Factor) -> Option<Instant> {
    factor.doc.split(' ').next().and_then(|until| until.parse().ok()).map(Instant)
}

impl Hub {
    /// How many days a device may be remembered for, where that is offered.
    pub(crate) fn remembers_devices(&self) -> Option<u32> {
        Some(self.config.remember_factor_days).filter(|days| *days > 0)
    }

    /// The proof of a password, on a device that is remembered for its person or not.
    pub(crate) async fn with_remembered(
        &self,
        visitor: &Visitor,
        person: &PersonId,
        proof: Authentication,
    ) -> Result<Authentication, Fault> {
        if visitor.remembered.is_empty() || self.remembers_devices().is_none() {
            return Ok(proof);
        }
        let password = self.password_behind(person, &proof).await?;
        for secret in &visitor.remembered {
            let found = self.store.factor(&self.remembered_id(person, secret, &password)).await?;
            let until = found.filter(|found| found.kind == FactorKind::RememberedDevice && found.person == *person);
            let until = until.and_then(|found| remembered_until(&found));
            if until.is_some_and(|until| self.now() < until) {
                return Ok(proof.with_second(FactorKind::RememberedDevice));
            }
        }
        Ok(proof)
    }

    /// Remembers a device for a person who proved two factors on it, the first of which is told by `proof`, in place of what was remembered of it before, of what is over, and of the
    /// oldest of more than a person may have. Gives the secrets its cookie holds from now on: those of other people on it stay.
    pub(crate) async fn remember_device_of(
        &self,
        visitor: &Visitor,
        person: &PersonId,
        device: &Secret,
        proof: &Authentication,
    ) -> Result<Vec<Secret>, Fault> {
        let Some(days) = self.remembers_devices() else { return Ok(visitor.remembered.clone()) };
        let (password, now) = (self.password_behind(person, proof).await?, self.now());
        let id = |secret: &Secret| self.remembered_id(person, secret, &password);
        let until = now + Seconds(i64::from(days) * 86_400);
        let here = self.keyring.mac("remembered-where", &[person.as_str(), device.expose()]);
        let mut kept = self.store.factors_of(person).await?;
        kept.retain(|factor| factor.kind == FactorKind::RememberedDevice);
        let over = |factor: &Factor| {
            factor.doc.split_once(' ').is_some_and(|(_, device)| device == here)
                || remembered_until(factor).is_none_or(|until| until <= now)
        };
        let (mut gone, kept): (Vec<Factor>, Vec<Factor>) = kept.into_iter().partition(over);
        // They are read in the order in which they were added.
        gone.extend(kept.into_iter().rev().skip(Factor::MOST - 1));
        for factor in &gone {
            match self.store.remove_factor(person, &factor.id, false).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(other) => return Err(other.into()),
            }
        }
        let secret = Secret::generate(&*self.ids);
        let others = visitor.remembered.iter().filter(|one| gone.iter().all(|factor| factor.id != id(one)));
        let factor = Factor {
            id: id(&secret),
            person: person.clone(),
            kind: FactorKind::RememberedDevice,
            name: match visitor.locale {
                Locale::Fr => "Appareil retenu".to_owned(),
                Locale::En => "Remembered device".to_owned(),
            },
            doc: format!("{} {here}", until.0),
            counter: 0,
            added: now,
            used: None,
        };
        let secrets = [&secret].into_iter().chain(others).cloned().collect();
        match self.store.add_factor(&factor).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(secrets),
            Err(other) => Err(other.into()),
        }
    }

    /// What tells the password of a proof from the next one, or from one set anew.
    async fn password_behind(&self, person: &PersonId, proof: &Authentication) -> Result<String, Fault> {
        Ok(match &proof.password {
            Some(told) => told.clone(),
            None => self.store.password_hash(person).await?.unwrap_or_default(),
        })
    }

    fn remembered_id(&self, person: &PersonId, secret: &Secret, password: &str) -> FactorId {
        FactorId::new(self.keyring.mac("remembered-device", &[person.as_str(), secret.expose(), password]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_holds_whole_secrets_and_no_more_than_fit() {
        let [own, one, two, three, four] = ["a", "b", "c", "d", "e"].map(|one| Secret::read(&one.repeat(32)).unwrap());
        let read_back = |remembered: &[Secret]| {
            let set = cookie(true, &own, remembered);
            let value = set.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
            read(&value)
        };
        assert_eq!(read_back(&[]), Some((own.clone(), vec![])));
        let all = [one, two, three, four];
        assert_eq!(read_back(&all), Some((own.clone(), all[..MOST].to_vec())), "the oldest goes");
        for odd in [String::new(), "a".to_owned(), "a".repeat(33), "a".repeat(160), format!("{}é", "a".repeat(30))] {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}
