//! What a run tells afterwards: the same facts for the screen, the store and scripts.

use crate::guard::{Reason, Waiting};
use crate::plan::{Gain, SchoolLoss};
use preau_connector_api::Rejected;
use preau_domain::{Instant, RunId, SourceId};
use preau_store::{RunOutcome, SharedLogin};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many rejected entries a report names; all are counted.
pub const REJECTED_KEPT: usize = 1_000;

/// How many people who share a login a report names.
pub const SHARED_KEPT: u32 = 1_000;

/// How many people who are absent for the first time one run remembers; the others wait for a run more.
pub(crate) const WAITING_KEPT: usize = 10_000;

/// How many schools that wait a report names.
pub(crate) const SCHOOLS_KEPT: usize = 200;

/// How many distinct reasons are counted apart.
const REASONS_KEPT: usize = 100;

/// Figures on people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleCounts {
    /// People the source told of.
    pub read: u64,
    /// New accounts.
    pub created: u64,
    /// Accounts whose record changed.
    pub updated: u64,
    /// Accounts that were suspended and are back.
    pub reactivated: u64,
    /// Accounts whose record is the one stored.
    pub unchanged: u64,
    /// Accounts kept as they are: their entry, or that of a pupil they answer for, was rejected; or the reading was
    /// incomplete and would have taken an establishment or a profile from them.
    pub kept: u64,
    /// Accounts suspended because their record is absent; in a run that was held or tried, those that would have been.
    pub suspended: u64,
    /// Active accounts whose record is absent for the first time: suspended if the next complete reading agrees.
    #[serde(default)]
    pub waiting: u64,
    /// Active accounts that lose an establishment because their record does not say it any more; each is among `updated`.
    /// In a run that was held or tried, those that would.
    #[serde(default)]
    pub narrowed: u64,
    /// Of them, those left without any establishment.
    #[serde(default)]
    pub stripped: u64,
    /// Active accounts that keep their establishments and lose a profile in one of them; each is among `updated`.
    #[serde(default)]
    pub ceased: u64,
    /// Pupils and guardians who go from one school to another and lose nothing else; each is among `updated`.
    #[serde(default)]
    pub moved: u64,
    /// Active accounts left as they are because a school of theirs waits for its complete file of the new year.
    #[serde(default)]
    pub spared: u64,
}

impl PeopleCounts {
    /// How many people lose something where they are: suspended, an establishment less, a profile less, or gone to
    /// another school. The number somebody accepts covers them all, each once.
    pub fn losing(&self) -> u64 {
        self.suspended + self.waiting + self.narrowed + self.ceased + self.moved
    }
}

/// Figures on establishments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstablishmentCounts {
    /// New ones.
    pub created: u64,
    /// Changed ones.
    pub updated: u64,
    /// Unchanged ones.
    pub unchanged: u64,
}

/// Figures on a reading of changes alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeltaCounts {
    /// Entries of the source that changed or went, as far as they concern anybody.
    pub entries: u64,
    /// Of them, records that the source says are gone.
    pub gone: u64,
}

/// Entries that do not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedCounts {
    /// How many.
    pub total: u64,
    /// How many for each reason; past the first hundred reasons, under `other`.
    pub by_reason: BTreeMap<String, u64>,
    /// The first thousand.
    pub entries: Vec<RejectedEntry>,
}

/// One entry that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedEntry {
    /// Its name in the source.
    pub dn: String,
    /// Why.
    pub reason: String,
}

impl RejectedCounts {
    fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Counts one more.
    pub(crate) fn add(&mut self, rejected: Rejected) {
        self.total += 1;
        let reason = preau_domain::display_safe(&rejected.reason, 300);
        let counted = self.by_reason.len() < REASONS_KEPT || self.by_reason.contains_key(&reason);
        *self.by_reason.entry(if counted { reason.clone() } else { "other".to_owned() }).or_default() += 1;
        if self.entries.len() < REJECTED_KEPT {
            self.entries.push(RejectedEntry { dn: preau_domain::display_safe(&rejected.dn, 300), reason });
        }
    }
}

/// What a run did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its name, which is also the correlation of its audit event.
    pub run: RunId,
    /// Which source.
    pub source: SourceId,
    /// A trial: nothing was written, and `outcome` is what a real run would have come to.
    pub dry_run: bool,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Figures on establishments.
    pub establishments: EstablishmentCounts,
    /// Figures on people.
    pub people: PeopleCounts,
    /// What does not fit.
    pub rejected: RejectedCounts,
    /// What could not be read of people who are read all the same: dates of birth.
    #[serde(default, skip_serializing_if = "RejectedCounts::is_empty")]
    pub remarks: RejectedCounts,
    /// People of the source who share a login and so cannot sign in, after what was written: the first thousand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_logins: Vec<SharedLogin>,
    /// Why it was held, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    /// The same with its figures, for who says it in other words; empty in reports of former releases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Who would leave which school, where most would: the first two hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<SchoolLoss>,
    /// Where at least as many come as were there: the first two hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
    /// Schools that wait for their complete file of the new year and are left as they are: the first two hundred, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_schools: Vec<String>,
    /// The same with its figures, for who says it in other words; empty in reports of former releases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Waiting>,
    /// What was cut short, when the source did not answer to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// When the source was last read to its end.
    pub read_at: Instant,
    /// Digest of what the source said its version was, when it can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of when the state is that was applied latest, when the source can say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub as_of: Vec<String>,
    /// Digests of the keys of those who wait, for the next run; at most ten thousand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// The run whose reading still holds: the source says that nothing changed since, and was not read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<RunId>,
    /// The run read what changed and nobody else; its counts are of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<DeltaCounts>,
    /// Why everybody was read, when what changed was asked for first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_all: Option<String>,
    /// Until when it can be undone; `None` when it wrote nothing, or changed more people than are kept as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_until: Option<Instant>,
    /// The run that was undone and whose source nobody has let go since; such a run is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<RunId>,
    /// Records that belong to the account of a record of another source from now on, by a key that both tell.
    #[serde(default)]
    pub paired: u64,
    /// Records whose key says that they are somebody of another source whose name says no, or who used both accounts: left to a person.
    #[serde(default)]
    pub doubtful: u64,
    /// How long it took.
    pub duration_ms: i64,
    /// People read per second over the whole run.
    pub people_per_second: u64,
    /// Highest resident memory of the process until then, in bytes; `None` where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
}

impl Report {
    /// The report of a run that found the source at the version this run read.
    pub(crate) fn still_holds(self, run: RunId, dry_run: bool) -> Report {
        let (e, p) = (self.establishments, self.people);
        Report {
            same_as: self.same_as.or(Some(self.run)),
            run,
            dry_run,
            undo_until: None,
            undone: None,
            // Whom the report of that reading names, it names: one place to forget them.
            rejected: RejectedCounts { entries: Vec::new(), ..self.rejected },
            remarks: RejectedCounts { entries: Vec::new(), ..self.remarks },
            shared_logins: Vec::new(),
            losses: Vec::new(),
            gains: Vec::new(),
            // Nothing was asked of this one.
            delta: None,
            read_all: None,
            paired: 0,
            establishments: EstablishmentCounts {
                unchanged: e.created + e.updated + e.unchanged,
                ..EstablishmentCounts::default()
            },
            people: PeopleCounts {
                unchanged: p.created + p.updated + p.reactivated + p.unchanged,
                kept: p.kept,
                ..PeopleCounts::default()
            },
            ..self
        }
    }

    /// Whether all it left is of one reading, so that the next run may read changes alone. Which adults a pupil's change
    /// concerns is found by what is stored of the pupil: where a pupil was written and the adults were not, nothing tells
    /// any more that they were due. A reading of everybody that was held leaves open what it would have changed.
    pub(crate) fn leaves_whole(&self) -> bool {
        let ended = match self.outcome {
            RunOutcome::Applied => true,
            RunOutcome::Held => self.delta.is_some(),
            _ => false,
        };
        // Who waits for a second reading, or for the complete file of a school, is not named among changes.
        ended && self.absent.is_empty() && self.waiting_schools.is_empty()
    }

    /// Notes how long it took.
    pub(crate) fn timed(&mut self, milliseconds: i64) {
        self.duration_ms = milliseconds.max(0);
        let duration = u64::try_from(self.duration_ms).unwrap_or(0).max(1);
        self.people_per_second = self.people.read.saturating_mul(1000) / duration;
        self.peak_memory = peak_memory();
    }
}

/// What the kernel says of this process.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_rejections_stays_bounded() {
        let mut counts = RejectedCounts::default();
        for n in 0..5_000 {
            counts.add(Rejected { dn: "x".repeat(5_000), key: None, reason: format!("reason {n}\n") });
        }
        assert_eq!(counts.total, 5_000);
        assert_eq!(counts.entries.len(), REJECTED_KEPT);
        assert_eq!(counts.by_reason.len(), REASONS_KEPT + 1);
        assert_eq!(counts.by_reason.values().sum::<u64>(), 5_000);
        assert!(counts.entries.iter().all(|e| e.dn.len() < 1_000 && !e.reason.contains('\n')));
    }
}
