//! Who of an establishment a service may know: for a service that is told of others than the person in front of it.

use crate::{Door, Fault, FaultKind, Hub};
use preau_domain::{Person, PersonId, Uai};
use preau_policy::{Facts, Released};

/// People of an establishment that are looked at, at most.
const MOST: u32 = 20_000;
/// After so many, others are let in.
const AT_ONCE: usize = 200;

impl Hub {
    /// What a service would be told of each person of an establishment whom the rules of its door let in there, as far as it `fits`;
    /// ordered by account. Whoever `may` not fit by their record alone is not looked at any closer. Nobody acts for a child here, and a guest of a shared space is none of the establishment. Nothing where there
    /// are more people than are looked at: a list that is cut would be believed.
    pub async fn roster(
        &self,
        door: &Door,
        at: &Uai,
        may: impl Fn(&Person) -> bool + Send,
        fits: impl Fn(&Released) -> bool + Send,
    ) -> Result<Vec<(Person, Released)>, Fault> {
        let place = self.store.establishment(at).await?;
        let name = place.as_ref().map(|place| place.name.as_str());
        let mut told = Vec::new();
        let people = self.store.people_at(at, MOST).await?;
        if people.len() >= MOST as usize {
            return Err(Fault::new(FaultKind::Internal, "more people in an establishment than a roster looks at"));
        }
        for (seen, person) in people.iter().enumerate() {
            if seen % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            let released = self.on_roster(door, at, name, person, &may);
            told.extend(released.filter(&fits).map(|told| (person.clone(), told)));
        }
        Ok(told)
    }

    /// The same of these people alone: whoever would not be among those is not.
    pub async fn roster_of(
        &self,
        door: &Door,
        at: &Uai,
        people: &[PersonId],
        may: impl Fn(&Person) -> bool + Send,
        fits: impl Fn(&Released) -> bool + Send,
    ) -> Result<Vec<(Person, Released)>, Fault> {
        let people = self.store.people_named(people).await?;
        let place = match people.is_empty() {
            true => None,
            false => self.store.establishment(at).await?,
        };
        let name = place.as_ref().map(|place| place.name.as_str());
        let told = people.into_iter().filter_map(|person| {
            let released = self.on_roster(door, at, name, &person, &may).filter(&fits)?;
            Some((person, released))
        });
        Ok(told.collect())
    }

    /// What a service would be told of somebody there; nothing of whom there is nothing to be known by.
    fn on_roster(
        &self,
        door: &Door,
        at: &Uai,
        name: Option<&str>,
        person: &Person,
        may: &impl Fn(&Person) -> bool,
    ) -> Option<Released> {
        if !person.state.may_sign_in() || person.is_hosted() || !may(person) {
            return None;
        }
        let facts = Facts::of(person, Some(at), name, None).at(self.now());
        let table = self.services();
        if facts.current() != Some(at) || !preau_policy::access_in(&facts, &table.rules, &door.service.id, at).allows()
        {
            return None;
        }
        let pairwise = || self.keyring.pairwise(door.sector(), &person.id);
        preau_policy::release(&facts, door.identifier, &door.release, &door.audience.roles, pairwise).ok()
    }
}
