//! Devices on which somebody's second factor is not asked for again for a while: bound to the person, to the device and to the password as it
//! is kept here, or as the directory says when it was set, so that a new one ends them all. What such a device is worth is for policy to say, and it is told to nobody as a factor.
//!
//! They are kept among the factors of their person, who sees them on the account page and removes them there.

use crate::visitor::Secret;
use crate::{Fault, Hub, Locale, Visitor};
use preau_domain::{Authentication, Factor, FactorId, FactorKind, Instant, PersonId, Seconds};
use preau_store::StoreError;

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
        let Some(device) = visitor.device.as_ref().filter(|_| self.remembers_devices().is_some()) else {
            return Ok(proof);
        };
        let found = self.store.factor(&self.remembered_id(person, device, &proof).await?).await?;
        let until = found.filter(|found| found.kind == FactorKind::RememberedDevice && found.person == *person);
        let until = until.and_then(|found| remembered_until(&found));
        if until.is_some_and(|until| self.now() < until) {
            return Ok(proof.with_second(FactorKind::RememberedDevice));
        }
        Ok(proof)
    }

    /// Remembers a device for a person who proved two factors on it, the first of which is told by `proof`, in place of what was remembered of it before, of what is over, and of the
    /// oldest of more than a person may have.
    pub(crate) async fn remember_device_of(
        &self,
        visitor: &Visitor,
        person: &PersonId,
        device: &Secret,
        proof: &Authentication,
    ) -> Result<(), Fault> {
        let Some(days) = self.remembers_devices() else { return Ok(()) };
        let (id, now) = (self.remembered_id(person, device, proof).await?, self.now());
        let until = now + Seconds(i64::from(days) * 86_400);
        let here = self.keyring.mac("remembered-where", &[person.as_str(), device.expose()]);
        let mut kept = self.store.factors_of(person).await?;
        kept.retain(|factor| factor.kind == FactorKind::RememberedDevice);
        let over = |factor: &Factor| {
            factor.id == id
                || factor.doc.split_once(' ').is_some_and(|(_, device)| device == here)
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
        let factor = Factor {
            id,
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
        match self.store.add_factor(&factor).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    async fn remembered_id(
        &self,
        person: &PersonId,
        device: &Secret,
        proof: &Authentication,
    ) -> Result<FactorId, Fault> {
        let password = match &proof.password {
            Some(told) => told.clone(),
            None => self.store.password_hash(person).await?.unwrap_or_default(),
        };
        let parts = [person.as_str(), device.expose(), password.as_str()];
        Ok(FactorId::new(self.keyring.mac("remembered-device", &parts)))
    }
}
