//! What a run leaves for the next one: from where changes are read on, how many people there were, and how many were lost lately.
//! A reading of everybody in between forgives nothing: whoever deletes a little and has everybody read, again and again, empties a
//! school too, and so does a source that forgets a little more each time. What schools lose at the rentrée is added up apart, with who
//! comes: it says which of them wait, and nothing any more once the rentrée is over.
//!
//! It is written in the same stroke as the end of the run: a run that was killed left nothing, and the next one reads
//! everybody.

use crate::digest::Digest;
use crate::guard::Waiting;
use crate::index::{Index, Place};
use crate::plan::{Plan, ProfileLoss, SchoolLoss};
use preau_domain::{Instant, Profile, Uai};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Raised when the state of before says nothing to this release.
const FORMAT: u64 = 2;

/// For how long changes alone are read: then everybody is, because rights and settings on the source's side may change what we
/// see without an entry changing.
const READ_ALL_MS: i64 = 24 * 3_600 * 1_000;

/// For how long what a school lost is added up. Of the source as a whole it is a day: there people leave every day.
const ADDED_UP_MS: i64 = 7 * READ_ALL_MS;

/// Losses kept apart, at most: of those between readings of everybody. More are taken together with the one before.
const LOSSES_KEPT: usize = 50;

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
    /// The latest may be that since everybody was read; the others were lost before or by that reading, and are not in the census.
    lost: Vec<Lost>,
}

/// Active people of a source, when everybody was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Census {
    people: i64,
    schools: BTreeMap<Uai, School>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct School {
    people: i64,
    profiles: BTreeMap<Profile, i64>,
}

/// What readings of changes took from people between two readings of everybody, or one of everybody took. Many small losses are a
/// large one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lost {
    /// When the latest of it was.
    at: Instant,
    /// Before everybody was read last.
    counted: bool,
    /// At the rentrée.
    #[serde(default)]
    new_year: bool,
    suspended: u64,
    stripped: u64,
    schools: Vec<SchoolLoss>,
}

impl Lost {
    fn adds(&mut self, at: Instant, suspended: u64, stripped: u64, losses: &[SchoolLoss]) {
        self.at = at;
        self.suspended += suspended;
        self.stripped += stripped;
        let mut schools = BTreeMap::new();
        self.schools.iter().chain(losses).for_each(|loss| add(&mut schools, loss));
        self.schools = schools.into_values().collect();
    }

    /// Adds what schools lost to what those of a plan would lose.
    fn adds_to(&self, losses: &mut [SchoolLoss]) {
        for school in losses {
            let Some(before) = self.schools.iter().find(|before| before.establishment == school.establishment) else {
                continue;
            };
            school.active += before.absent + before.lost;
            school.absent += before.absent;
            school.lost += before.lost;
            for loss in &mut school.profiles {
                let Some(before) = before.profiles.iter().find(|before| before.profile == loss.profile) else {
                    continue;
                };
                let came = if self.new_year { before.came } else { 0 };
                // As many as there were before they went, and before the others came.
                loss.active = (loss.active + before.absent + before.lost + before.moved).saturating_sub(came);
                loss.absent += before.absent;
                loss.lost += before.lost;
                loss.moved += before.moved;
                loss.came += came;
            }
        }
    }
}

impl State {
    /// After everybody was read; `lost` is what was lost before, and what this reading takes.
    pub(crate) fn whole(
        mark: Option<String>,
        withheld: String,
        read_at: Instant,
        census: Census,
        (mut lost, taken): (Vec<Lost>, Option<Lost>),
    ) -> State {
        lost.retain(|lost| read_at - lost.at < ADDED_UP_MS);
        lost.iter_mut().for_each(|lost| lost.counted = true);
        if let Some(taken) = taken {
            let full = lost.len() >= LOSSES_KEPT;
            match lost.last_mut().filter(|last| full && last.new_year == taken.new_year) {
                Some(last) => last.adds(read_at, taken.suspended, taken.stripped, &taken.schools),
                None => lost.push(taken),
            }
        }
        State { format: FORMAT, withheld, mark, read_at, census, lost }
    }

    /// What was lost lately, as it is kept; nothing when the state says nothing to this release.
    pub(crate) fn lost_of(text: &str) -> Vec<Lost> {
        let state = serde_json::from_str::<State>(text).ok();
        state.filter(|state| state.format == FORMAT).map(|state| state.lost).unwrap_or_default()
    }

    /// What a reading of everybody takes: of those who are absent, those who are suspended now; whoever waits for a second reading is
    /// counted by it. At the rentrée, which of the schools waited: whoever moves away from these does so all the same.
    pub(crate) fn taken(
        plan: &Plan,
        (index, agreed): (&Index, &HashSet<Digest>),
        rentree: Option<&[Waiting]>,
        now: Instant,
    ) -> Option<Lost> {
        let mut absent: BTreeMap<&Uai, (u64, BTreeMap<Profile, u64>)> = BTreeMap::new();
        for key in agreed {
            let mut before = None;
            for (uai, profile) in index.places(*key) {
                let school = absent.entry(uai).or_default();
                school.0 += u64::from(before != Some(uai));
                *school.1.entry(*profile).or_default() += 1;
                before = Some(uai);
            }
        }
        let mut schools = plan.losses.clone();
        for school in &mut schools {
            let gone = absent.get(&school.establishment);
            school.absent = gone.map_or(0, |gone| gone.0);
            for loss in &mut school.profiles {
                loss.absent = gone.and_then(|gone| gone.1.get(&loss.profile)).copied().unwrap_or(0);
            }
            if let Some(waits) = rentree.into_iter().flatten().find(|waits| waits.establishment == school.establishment)
            {
                (school.absent, school.lost) = (0, 0);
                for loss in &mut school.profiles {
                    (loss.absent, loss.lost, loss.moved) = (0, 0, if waits.emptied { 0 } else { loss.moved });
                }
            }
            let came = |loss: &ProfileLoss| if rentree.is_some() { loss.came } else { 0 };
            school.profiles.retain(|loss| loss.absent + loss.lost + loss.moved + came(loss) > 0);
        }
        schools.retain(|school| school.absent + school.lost > 0 || !school.profiles.is_empty());
        let (suspended, stripped) = (agreed.len() as u64, plan.people.stripped);
        (suspended + stripped > 0 || !schools.is_empty()).then_some(Lost {
            at: now,
            counted: true,
            new_year: rentree.is_some(),
            suspended,
            stripped,
            schools,
        })
    }

    /// A plan made of everybody, as the guard weighs it: with what its schools lost before. Whoever was lost is not in it any more.
    pub(crate) fn weighed_whole(lost: &[Lost], plan: &Plan, now: Instant) -> Plan {
        let mut plan = plan.clone();
        for lost in lost.iter().filter(|lost| !lost.new_year && now - lost.at < ADDED_UP_MS) {
            if now - lost.at < READ_ALL_MS {
                plan.people.suspended += lost.suspended;
                plan.people.stripped += lost.stripped;
                plan.active += lost.suspended;
            }
            lost.adds_to(&mut plan.losses);
        }
        plan
    }

    /// The same at the rentrée, to say which schools wait: with what they lost since it began, and who came to them.
    pub(crate) fn weighed_new_year(lost: &[Lost], plan: &Plan, now: Instant) -> Plan {
        let mut plan = plan.clone();
        let lately = lost.iter().filter(|lost| lost.new_year && now - lost.at < ADDED_UP_MS);
        lately.for_each(|lost| lost.adds_to(&mut plan.losses));
        plan
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

    /// A plan made of changes, as the guard weighs it: by everybody there was, and with what was lost before.
    pub(crate) fn weighed(&self, plan: &Plan, now: Instant) -> Plan {
        let mut plan = plan.clone();
        plan.active = number(self.census.people);
        let mut schools: BTreeMap<Uai, SchoolLoss> = BTreeMap::new();
        // Whoever was lost before everybody was counted was somebody then.
        let mut gone: BTreeMap<Uai, SchoolLoss> = BTreeMap::new();
        for lost in self.lost.iter().filter(|lost| !lost.new_year && now - lost.at < ADDED_UP_MS) {
            if now - lost.at < READ_ALL_MS {
                plan.people.suspended += lost.suspended;
                plan.people.stripped += lost.stripped;
                plan.active += if lost.counted { lost.suspended } else { 0 };
            }
            for loss in &lost.schools {
                add(&mut schools, loss);
                if lost.counted {
                    add(&mut gone, loss);
                }
            }
        }
        plan.losses.iter().for_each(|loss| add(&mut schools, loss));
        for (uai, loss) in &mut schools {
            let (school, gone) = (self.census.schools.get(uai), gone.get(uai));
            loss.active =
                school.map_or(0, |school| number(school.people)) + gone.map_or(0, |gone| gone.absent + gone.lost);
            for profile in &mut loss.profiles {
                let there = school.and_then(|school| school.profiles.get(&profile.profile)).copied().map_or(0, number);
                let gone = gone.and_then(|gone| gone.profiles.iter().find(|gone| gone.profile == profile.profile));
                profile.active = there + gone.map_or(0, |gone| gone.absent + gone.lost + gone.moved);
            }
        }
        plan.losses = schools.into_values().collect();
        for gain in &mut plan.gains {
            let there = self.census.schools.get(&gain.establishment).and_then(|at| at.profiles.get(&gain.profile));
            gain.active = there.copied().map_or(0, number);
        }
        plan
    }

    /// The mark of a state, whatever was left out.
    pub(crate) fn mark_of(text: &str, now: Instant) -> Option<String> {
        serde_json::from_str::<State>(text).ok().and_then(|state| state.mark(now).map(str::to_owned))
    }

    /// After the changes of this plan were applied; `accepted` when somebody had looked.
    pub(crate) fn went_on(mut self, mark: String, plan: &Plan, now: Instant, accepted: bool) -> State {
        let takes = plan.people.suspended + plan.people.stripped > 0 || !plan.losses.is_empty();
        if accepted {
            self.lost.clear();
        } else if takes {
            let full = self.lost.len() >= LOSSES_KEPT;
            let goes_on = self.lost.last().is_some_and(|lost| !lost.new_year && (full || !lost.counted));
            if !goes_on {
                let (counted, new_year) = (false, false);
                self.lost.push(Lost { at: now, counted, new_year, suspended: 0, stripped: 0, schools: Vec::new() });
            }
            if let Some(lost) = self.lost.last_mut() {
                lost.counted = false;
                lost.adds(now, plan.people.suspended, plan.people.stripped, &plan.losses);
            }
        }
        State { mark: Some(mark), ..self }
    }
}

/// As many people, and never fewer than none.
fn number(people: i64) -> u64 {
    u64::try_from(people).unwrap_or(0)
}

/// Adds what a school lost to what schools lost.
fn add(schools: &mut BTreeMap<Uai, SchoolLoss>, more: &SchoolLoss) {
    let Some(known) = schools.get_mut(&more.establishment) else {
        schools.insert(more.establishment.clone(), more.clone());
        return;
    };
    known.absent += more.absent;
    known.lost += more.lost;
    for loss in &more.profiles {
        match known.profiles.iter_mut().find(|known| known.profile == loss.profile) {
            Some(ProfileLoss { absent, lost, moved, came, .. }) => {
                *absent += loss.absent;
                *lost += loss.lost;
                *moved += loss.moved;
                *came += loss.came;
            }
            None => known.profiles.push(loss.clone()),
        }
    }
    known.profiles.sort_by_key(|loss| loss.profile);
}

impl Census {
    /// Counts who is known and will be there: everybody active but those who are gone. Whoever the run writes is counted by
    /// [`Census::rewritten`].
    pub(crate) fn known(index: &Index, gone: impl Fn(Digest) -> bool) -> Census {
        let mut census = Census::default();
        index.each_active().filter(|(key, _)| !gone(*key)).for_each(|(_, places)| census.count(places, 1));
        census
    }

    /// Somebody is at these places now, and was at those before if they were anywhere: places are ordered, each once.
    pub(crate) fn rewritten(&mut self, before: Option<&[Place]>, now: &[Place]) {
        if let Some(before) = before {
            self.count(before, -1);
        }
        self.count(now, 1);
    }

    /// Adds what was counted apart.
    pub(crate) fn with(mut self, other: &Census) -> Census {
        self.people += other.people;
        for (uai, more) in &other.schools {
            let school = self.schools.entry(uai.clone()).or_default();
            school.people += more.people;
            for (profile, more) in &more.profiles {
                *school.profiles.entry(*profile).or_default() += more;
            }
        }
        self
    }

    fn count(&mut self, places: &[Place], one: i64) {
        self.people += one;
        let mut before = None;
        for (uai, profile) in places {
            if !self.schools.contains_key(uai) {
                self.schools.insert(uai.clone(), School::default());
            }
            let Some(school) = self.schools.get_mut(uai) else { continue };
            *school.profiles.entry(*profile).or_default() += one;
            // The places of one establishment stand side by side: a person counts there once.
            school.people += if before == Some(uai) { 0 } else { one };
            before = Some(uai);
        }
    }
}
