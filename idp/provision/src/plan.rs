//! What a run would do. Pure: it is fed what is stored and what was read, and touches neither.

use crate::births::BirthCodes;
use crate::digest::Digest;
use crate::guard::Waiting;
use crate::index::{Index, Place};
use crate::report::{PeopleCounts, RejectedCounts};
use crate::state::Census;
use crate::withheld::Withheld;
use preau_connector_api::{Completion, EstablishmentRecord, Met, PersonRecord, Rejected};
use preau_domain::{Affiliation, Establishment, JoinKey, Profile, SourceId, Uai};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Most establishments one source may bring: three times what a whole country has.
pub(crate) const MAX_ESTABLISHMENTS: usize = 200_000;

/// Longest join key the store takes, in characters.
const MAX_KEY: usize = 128;

/// People of one establishment who would have no right there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolLoss {
    /// Which establishment.
    pub establishment: Uai,
    /// Its active people that came from this source.
    pub active: u64,
    /// How many of them are absent from the reading.
    pub absent: u64,
    /// How many of them are in the reading, and not in this establishment any more. Pupils and guardians who go from one
    /// school to another in the same reading are not lost: see [`PeopleCounts::moved`].
    pub lost: u64,
    /// Profiles that somebody loses there or takes elsewhere, in the order of [`Profile`].
    pub profiles: Vec<ProfileLoss>,
}

/// The same of one profile in an establishment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileLoss {
    /// Which profile.
    pub profile: Profile,
    /// The establishment's active people who have it, from this source.
    pub active: u64,
    /// How many of them are absent from the reading.
    pub absent: u64,
    /// How many of them are in the reading, and do not have it there any more.
    pub lost: u64,
    /// How many of them have it in another school instead.
    pub moved: u64,
    /// How many people have it there who did not before.
    pub came: u64,
}

/// People who would be something in an establishment that they are not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gain {
    /// Which establishment.
    pub establishment: Uai,
    /// Which profile.
    pub profile: Profile,
    /// The establishment's active people who have it, from this source.
    pub active: u64,
    /// How many would have it who do not yet.
    pub came: u64,
}

impl Gain {
    /// Whether at least as many come as were there, and so many: nothing is taken from anybody, and somebody should look.
    pub(crate) fn doubles(&self, floor: u64) -> bool {
        self.active > 0 && self.came >= self.active && self.came >= floor
    }
}

/// What a run would do, in figures: the people themselves wait in the spool, and those to suspend in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether absence from the reading means anything.
    pub completion: Completion,
    /// Active people of the source before the run.
    pub active: u64,
    /// Figures on people. `suspended` and `stripped` are what would become of them if the guard lets it.
    pub people: PeopleCounts,
    /// Establishments that somebody leaves, in the order of their numbers.
    pub losses: Vec<SchoolLoss>,
    /// People who are absent and were in no establishment.
    pub nowhere: u64,
    /// Who comes where, in the order of establishments; nobody when nobody was anywhere before.
    pub gains: Vec<Gain>,
    /// What does not fit.
    pub rejected: RejectedCounts,
}

/// Somebody who is read without something they had.
pub(crate) struct Leaver {
    key: Digest,
    loss: Loss,
    /// What they were where, and whether they are it elsewhere instead.
    places: Vec<(Place, bool)>,
}

/// As what somebody counts: for the most they lose.
#[derive(Clone, Copy)]
enum Loss {
    Stripped,
    Narrowed,
    Ceased,
    Moved,
}

impl Loss {
    /// Adds one to the figures, or takes one away.
    fn count(self, people: &mut PeopleCounts, change: impl Fn(&mut u64)) {
        match self {
            Loss::Stripped => {
                change(&mut people.narrowed);
                change(&mut people.stripped);
            }
            Loss::Narrowed => change(&mut people.narrowed),
            Loss::Ceased => change(&mut people.ceased),
            Loss::Moved => change(&mut people.moved),
        }
    }
}

/// What becomes of one person of the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// To be written.
    Write,
    /// As stored already, or refused.
    Pass,
}

/// Builds the plan while the source is read.
pub(crate) struct Planner {
    withheld: Withheld,
    births: BirthCodes,
    source: SourceId,
    index: Index,
    new_keys: Met,
    /// People read who leave an establishment, for each.
    leaving: BTreeMap<Uai, u64>,
    /// People read who are there no more what they were, for each establishment and profile.
    ceasing: BTreeMap<Place, u64>,
    /// People read who are elsewhere what they were, for each establishment they leave and profile.
    moving: BTreeMap<Place, u64>,
    /// People read who are somewhere what they were not before.
    coming: BTreeMap<Place, u64>,
    leavers: Vec<Leaver>,
    written: Census,
    uais: HashSet<Uai>,
    establishments: Vec<Establishment>,
    people: PeopleCounts,
    rejected: RejectedCounts,
    remarks: RejectedCounts,
}

/// The plan, with what is needed to carry it out.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) index: Index,
    pub(crate) establishments: Vec<Establishment>,
    /// How many more people are where once all of it is written, of those who were read.
    pub(crate) written: Census,
    /// What could not be read of people who are read all the same.
    pub(crate) remarks: RejectedCounts,
    leavers: Vec<Leaver>,
}

impl Planned {
    /// Leaves schools as they are: who was there is not suspended, whoever would be there no more is not written, and neither are
    /// the schools.
    pub(crate) fn spare(&mut self, waiting: &[Waiting]) {
        if waiting.is_empty() {
            return;
        }
        let schools: HashSet<&Uai> = waiting.iter().map(|school| &school.establishment).collect();
        let emptied: HashSet<&Uai> =
            waiting.iter().filter(|school| school.emptied).map(|school| &school.establishment).collect();
        let people = &mut self.plan.people;
        let absent = self.index.spare_absent(|(uai, _)| schools.contains(uai));
        people.suspended -= absent;
        people.spared += absent;
        for leaver in &self.leavers {
            let stays = |(place, moved): &(Place, bool)| {
                if *moved { emptied.contains(&place.0) } else { schools.contains(&place.0) }
            };
            if leaver.places.iter().any(stays) {
                self.index.narrow(leaver.key);
                leaver.loss.count(people, |figure| *figure -= 1);
                people.updated -= 1;
                people.spared += 1;
            }
        }
        self.establishments.retain(|school| !schools.contains(&school.uai));
    }
}

impl Planner {
    /// A plan that has seen nothing yet; `index` is sealed.
    pub(crate) fn new(source: SourceId, index: Index, withheld: Withheld) -> Self {
        Planner {
            withheld,
            births: BirthCodes::default(),
            source,
            index,
            new_keys: Met::default(),
            leaving: BTreeMap::new(),
            ceasing: BTreeMap::new(),
            moving: BTreeMap::new(),
            coming: BTreeMap::new(),
            leavers: Vec::new(),
            written: Census::default(),
            uais: HashSet::new(),
            establishments: Vec::new(),
            people: PeopleCounts::default(),
            rejected: RejectedCounts::default(),
            remarks: RejectedCounts::default(),
        }
    }

    /// The same, which keeps codes of dates of birth.
    pub(crate) fn coding(self, births: BirthCodes) -> Self {
        Planner { births, ..self }
    }

    /// Takes out of a record what is not stored: before it is digested.
    pub(crate) fn leave_out(&mut self, record: &mut PersonRecord) {
        self.withheld.leave_out(record);
        if self.births.replace(&self.source, record) {
            let reason = "the date of birth is no date: with an activation code nobody is asked for it".to_owned();
            self.remarks.add(Rejected { dn: shown(&record.key), key: None, reason });
        }
    }

    /// An establishment of the reading.
    pub(crate) fn establishment(&mut self, record: EstablishmentRecord) {
        let reason = if key_fault(&record.key).is_some() {
            "the join key of this establishment is empty, too long or holds a control character"
        } else if self.establishments.len() >= MAX_ESTABLISHMENTS {
            "too many establishments for one source"
        } else if !self.uais.insert(record.uai.clone()) {
            "an entry before this one has the same establishment number"
        } else {
            self.establishments.push(Establishment {
                join: JoinKey { source: self.source.clone(), key: record.key },
                uai: record.uai,
                kind: record.kind,
                name: record.name,
                city: record.city,
                sector: record.sector,
                groups: record.groups,
            });
            return;
        };
        self.rejected.add(Rejected {
            dn: format!("establishment {}", record.uai),
            key: None,
            reason: reason.to_owned(),
        });
    }

    /// A person of the reading and the digest of the record.
    pub(crate) fn person(&mut self, record: &PersonRecord, digest: Digest) -> Fate {
        self.people.read += 1;
        if let Some(fault) = key_fault(&record.key) {
            self.rejected.add(Rejected { dn: shown(&record.key), key: None, reason: fault.to_owned() });
            return Fate::Pass;
        }
        let key = Digest::of_key(&record.key);
        let known = self.index.known(key);
        let twice = match known {
            Some(known) => known.used,
            None => !self.new_keys.first_time(&record.key),
        };
        if twice {
            self.rejected.add(Rejected {
                dn: shown(&record.key),
                key: Some(record.key.clone()),
                reason: "an entry before this one has the same join key".to_owned(),
            });
            return Fate::Pass;
        }
        let Some(known) = known else {
            self.people.created += 1;
            self.arrive(record, &[]);
            self.written.rewritten(None, &places_of(record));
            return Fate::Write;
        };
        self.index.mark(key, true);
        match (known.active, known.digest == digest) {
            (true, true) => {
                self.people.unchanged += 1;
                return Fate::Pass;
            }
            (true, false) => {
                self.people.updated += 1;
                self.compare(key, record);
                self.written.rewritten(Some(self.index.places(key)), &places_of(record));
            }
            (false, _) => {
                self.people.reactivated += 1;
                self.arrive(record, &[]);
                self.written.rewritten(None, &places_of(record));
            }
        }
        Fate::Write
    }

    /// Counts what a person is from now on, and where.
    fn arrive(&mut self, record: &PersonRecord, stored: &[Place]) {
        // Where nobody was before, nobody leaves.
        if self.index.len() == 0 {
            return;
        }
        for (nth, at) in record.affiliations.iter().enumerate() {
            let same = |other: &Affiliation| other.establishment == at.establishment && other.profile == at.profile;
            let place = (at.establishment.clone(), at.profile);
            if !stored.contains(&place) && !record.affiliations.iter().take(nth).any(same) {
                count(&mut self.coming, &place);
            }
        }
    }

    /// Counts what a known and active person is no more, and where.
    fn compare(&mut self, key: Digest, record: &PersonRecord) {
        let stored = self.index.places(key);
        let is = |(uai, profile): &Place| {
            record.affiliations.iter().any(|at| at.establishment == *uai && at.profile == *profile)
        };
        let stays = |uai: &Uai| record.affiliations.iter().any(|at| at.establishment == *uai);
        // A cohort goes from one school to the next, and its guardians with it: what they were in one they are in another.
        // One new place stands for one lost: whoever had two and has one elsewhere lost one.
        let mut came: BTreeSet<(&Uai, Profile)> = record
            .affiliations
            .iter()
            .filter(|at| matches!(at.profile, Profile::Pupil | Profile::Guardian))
            .filter(|at| stored.iter().all(|(uai, _)| *uai != at.establishment))
            .map(|at| (&at.establishment, at.profile))
            .collect();
        let (mut left, mut ceased, mut moved) = (BTreeSet::new(), false, false);
        let mut places = Vec::new();
        for place in stored.iter().filter(|place| !is(place)) {
            let instead = came.iter().find(|(_, profile)| *profile == place.1).copied();
            if let Some(instead) = instead {
                came.remove(&instead);
                count(&mut self.moving, place);
                places.push((place.clone(), true));
                moved = true;
                continue;
            }
            count(&mut self.ceasing, place);
            places.push((place.clone(), false));
            ceased = true;
            if !stays(&place.0) {
                left.insert(&place.0);
            }
        }
        for uai in &left {
            count(&mut self.leaving, *uai);
        }
        // Each person counts once, for the most they lose. Leaving one school is not the same as being nowhere.
        let loss = match (left.is_empty(), ceased, moved) {
            (false, ..) if record.affiliations.is_empty() => Some(Loss::Stripped),
            (false, ..) => Some(Loss::Narrowed),
            (true, true, _) => Some(Loss::Ceased),
            (true, false, true) => Some(Loss::Moved),
            (true, false, false) => None,
        };
        let stored = stored.to_vec();
        self.arrive(record, &stored);
        if let Some(loss) = loss {
            loss.count(&mut self.people, |figure| *figure += 1);
            self.index.narrow(key);
            self.leavers.push(Leaver { key, loss, places });
        }
    }

    /// A person of whom a part could not be read: an active account stays as it is.
    pub(crate) fn partial(&mut self, record: &PersonRecord, digest: Digest) -> Fate {
        let key = Digest::of_key(&record.key);
        match self.index.known(key).filter(|known| known.active) {
            Some(known) if known.digest != digest => self.index.mark(key, false),
            // What is left of the record gives nothing: it waits for the rest.
            None if record.affiliations.is_empty() => {}
            _ => return self.person(record, digest),
        }
        self.people.read += 1;
        Fate::Pass
    }

    /// An entry its connector could not use. Its account, if it has one, stays as it is.
    pub(crate) fn rejected(&mut self, rejected: Rejected) {
        if let Some(key) = &rejected.key {
            self.index.mark(Digest::of_key(key), false);
        }
        self.rejected.add(rejected);
    }

    /// Nothing more will be read.
    pub(crate) fn finish(mut self, completion: Completion) -> Planned {
        let (mut active, mut nowhere) = (0, 0);
        let mut schools: BTreeMap<&Uai, School> = BTreeMap::new();
        for (absent, places) in self.index.active() {
            active += 1;
            self.people.suspended += u64::from(absent);
            nowhere += u64::from(absent && places.is_empty());
            let mut before = None;
            for (uai, profile) in places {
                let school = schools.entry(uai).or_default();
                school.profiles.entry(*profile).or_default().add(absent);
                // The places of one establishment stand side by side: a person counts there once.
                if before != Some(uai) {
                    school.people.add(absent);
                }
                before = Some(uai);
            }
        }
        self.people.kept = self.index.kept();
        let there = |(uai, profile): &Place| schools.get(uai).and_then(|school| school.profiles.get(profile));
        let gain = |(place, came): (&Place, &u64)| Gain {
            establishment: place.0.clone(),
            profile: place.1,
            active: there(place).map_or(0, |count| count.active),
            came: *came,
        };
        let gains = self.coming.iter().map(gain).collect();
        let losses = schools
            .into_iter()
            .map(|(uai, school)| {
                let profile_loss = |(profile, Count { active, absent }): (Profile, Count)| {
                    let lost = self.ceasing.get(&(uai.clone(), profile)).copied().unwrap_or(0);
                    let moved = self.moving.get(&(uai.clone(), profile)).copied().unwrap_or(0);
                    let came = self.coming.get(&(uai.clone(), profile)).copied().unwrap_or(0);
                    ProfileLoss { profile, active, absent, lost, moved, came }
                };
                let profiles = school.profiles.into_iter().map(profile_loss);
                SchoolLoss {
                    establishment: uai.clone(),
                    active: school.people.active,
                    absent: school.people.absent,
                    lost: self.leaving.get(uai).copied().unwrap_or(0),
                    profiles: profiles.filter(|loss| loss.absent + loss.lost + loss.moved > 0).collect(),
                }
            })
            .filter(|school| school.absent + school.lost > 0 || !school.profiles.is_empty())
            .collect();
        let plan = Plan { completion, active, people: self.people, losses, nowhere, gains, rejected: self.rejected };
        let Planner { index, establishments, written, leavers, remarks, .. } = self;
        Planned { plan, index, establishments, written, remarks, leavers }
    }
}

/// The active people of something, and how many of them are absent.
#[derive(Clone, Copy, Default)]
struct Count {
    active: u64,
    absent: u64,
}

impl Count {
    fn add(&mut self, absent: bool) {
        self.active += 1;
        self.absent += u64::from(absent);
    }
}

#[derive(Default)]
struct School {
    people: Count,
    profiles: BTreeMap<Profile, Count>,
}

/// What a record says that a person is where: ordered, each once.
fn places_of(record: &PersonRecord) -> Vec<Place> {
    let mut places: Vec<Place> = record.affiliations.iter().map(|at| (at.establishment.clone(), at.profile)).collect();
    places.sort();
    places.dedup();
    places
}

/// One more of that name.
fn count<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, name: &K) {
    match counts.get_mut(name) {
        Some(people) => *people += 1,
        None => drop(counts.insert(name.clone(), 1)),
    }
}

/// What is wrong with a join key, if anything.
fn key_fault(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        Some("the join key is empty")
    } else if key.chars().count() > MAX_KEY {
        Some("the join key is longer than 128 characters")
    } else if key.chars().any(char::is_control) {
        Some("the join key holds a control character")
    } else {
        None
    }
}

/// Names a record in a report by its key.
fn shown(key: &str) -> String {
    format!("record {}", preau_domain::display_safe(key, MAX_KEY))
}

#[cfg(test)]
mod tests;
