//! What a run leaves for the next one: from where changes are read on, how many people there were, and how many were lost since
//! by changes alone.
//!
//! It is written in the same stroke as the end of the run: a run that was killed left nothing, and the next one reads
//! everybody.

use crate::index::Index;
use crate::plan::{Plan, ProfileLoss, SchoolLoss};
use crate::snapshot::PAGE;
use crate::synchronise::{SyncError, SyncStore};
use preau_domain::{Instant, Profile, SourceId, Uai};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Raised when the state of before says nothing to this release.
const FORMAT: u64 = 1;

/// For how long changes alone are read: then everybody is, because rights and settings on the source's side may change what we
/// see without an entry changing.
const READ_ALL_MS: i64 = 24 * 3_600 * 1_000;

/// The state of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    format: u64,
    /// What was left out of records: others are read by their changes alone when it is the same.
    withheld: String,
    /// From where changes are read on; absent when the source tells none.
    mark: Option<String>,
    /// When everybody was read.
    pub(crate) read_at: Instant,
    census: Census,
    lost: Lost,
}

/// Active people of a source, when everybody was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Census {
    people: u64,
    schools: BTreeMap<Uai, School>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct School {
    people: u64,
    profiles: BTreeMap<Profile, u64>,
}

/// What readings of changes took from people since everybody was read, or since somebody accepted it. Many small losses are a
/// large one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lost {
    suspended: u64,
    stripped: u64,
    schools: Vec<SchoolLoss>,
}

impl State {
    /// After everybody was read.
    pub(crate) fn whole(mark: Option<String>, withheld: String, read_at: Instant, census: Census) -> State {
        State { format: FORMAT, withheld, mark, read_at, census, lost: Lost::default() }
    }

    /// The state as it is kept; `None` when it says nothing to this release, or to whoever leaves out other things.
    pub(crate) fn read(text: &str, withheld: &str) -> Option<State> {
        let state = serde_json::from_str::<State>(text).ok();
        state.filter(|state| state.format == FORMAT && state.withheld == withheld)
    }

    /// As [`State::read`] reads it.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The mark, if changes alone may be read now.
    pub(crate) fn mark(&self, now: Instant) -> Option<&str> {
        self.mark.as_deref().filter(|_| (0..READ_ALL_MS).contains(&(now - self.read_at)))
    }

    /// A plan made of changes, as the guard weighs it: by everybody there is, and with what was lost before.
    pub(crate) fn weighed(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        plan.active = self.census.people;
        plan.people.suspended += self.lost.suspended;
        plan.people.stripped += self.lost.stripped;
        let mut schools: BTreeMap<Uai, SchoolLoss> = BTreeMap::new();
        for loss in self.lost.schools.iter().chain(&plan.losses) {
            match schools.get_mut(&loss.establishment) {
                Some(known) => add(known, loss),
                None => drop(schools.insert(loss.establishment.clone(), loss.clone())),
            }
        }
        for (uai, loss) in &mut schools {
            let school = self.census.schools.get(uai);
            loss.active = school.map_or(0, |school| school.people);
            for profile in &mut loss.profiles {
                profile.active = school.and_then(|school| school.profiles.get(&profile.profile)).copied().unwrap_or(0);
            }
        }
        plan.losses = schools.into_values().collect();
        plan
    }

    /// The mark of a state, whatever was left out.
    pub(crate) fn mark_of(text: &str, now: Instant) -> Option<String> {
        serde_json::from_str::<State>(text).ok().and_then(|state| state.mark(now).map(str::to_owned))
    }

    /// After changes were applied, which the guard had weighed like this; `accepted` when somebody had looked.
    pub(crate) fn went_on(self, mark: String, weighed: &Plan, accepted: bool) -> State {
        let lost = if accepted {
            Lost::default()
        } else {
            let (suspended, stripped) = (weighed.people.suspended, weighed.people.stripped);
            Lost { suspended, stripped, schools: weighed.losses.clone() }
        };
        State { mark: Some(mark), lost, ..self }
    }
}

fn add(known: &mut SchoolLoss, more: &SchoolLoss) {
    known.absent += more.absent;
    known.lost += more.lost;
    for loss in &more.profiles {
        match known.profiles.iter_mut().find(|known| known.profile == loss.profile) {
            Some(ProfileLoss { absent, lost, moved, .. }) => {
                *absent += loss.absent;
                *lost += loss.lost;
                *moved += loss.moved;
            }
            None => known.profiles.push(loss.clone()),
        }
    }
    known.profiles.sort_by_key(|loss| loss.profile);
}

impl Census {
    /// Counts who is stored.
    pub(crate) async fn stored<S: SyncStore + ?Sized>(store: &S, source: &SourceId) -> Result<Census, SyncError> {
        let (mut census, mut after) = (Census::default(), String::new());
        loop {
            let page = store.source_index(source, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(census) };
            after.clone_from(&last.key);
            for row in page.iter().filter(|row| row.state.may_sign_in()) {
                census.count(&row.places);
            }
        }
    }

    /// Counts who is known, when a run changed nothing.
    pub(crate) fn known(index: &Index) -> Census {
        let mut census = Census::default();
        index.active().for_each(|(_, places)| census.count(places));
        census
    }

    fn count(&mut self, places: &[(Uai, Profile)]) {
        self.people += 1;
        let mut before = None;
        for (uai, profile) in places {
            if !self.schools.contains_key(uai) {
                self.schools.insert(uai.clone(), School::default());
            }
            let Some(school) = self.schools.get_mut(uai) else { continue };
            *school.profiles.entry(*profile).or_default() += 1;
            // The places of one establishment stand side by side: a person counts there once.
            school.people += u64::from(before != Some(uai));
            before = Some(uai);
        }
    }
}
