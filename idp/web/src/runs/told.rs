//! What the report of a run tells, as far as a page shows it. `idp/provision` writes it; what is missing is nothing.

use preau_domain::{Instant, PersonId, Profile, Uai};
use preau_store::RunRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Figures on establishments, by their names.
    pub establishments: BTreeMap<String, u64>,
    /// Figures on people, by their names.
    pub people: BTreeMap<String, u64>,
    /// What does not fit.
    pub rejected: Rejected,
    /// What could not be read of people who are read all the same.
    pub remarks: Rejected,
    /// People who share a login.
    pub shared_logins: Vec<Shared>,
    /// Why it was held, a sentence each, in English.
    pub held: Vec<String>,
    /// The same, rule by rule, with its figures; nothing in reports of former releases.
    pub reasons: Vec<Reason>,
    /// Schools that wait for their complete file, a sentence each, in English.
    pub waiting_schools: Vec<String>,
    /// The same with its figures; nothing in reports of former releases.
    pub waits: Vec<Waits>,
    /// Who would leave which school.
    pub losses: Vec<Loss>,
    /// Where at least as many come as were there.
    pub gains: Vec<Gain>,
    /// What was cut short.
    pub incomplete: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    /// The run whose reading still holds.
    pub same_as: Option<String>,
    /// It read changes alone: how many.
    pub delta: Option<BTreeMap<String, u64>>,
    /// Why everybody was read.
    pub read_all: Option<String>,
    /// Until when it can be undone.
    pub undo_until: Option<Instant>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// Most memory of the process, in bytes.
    pub peak_memory: Option<u64>,
    /// Who refused to let it go.
    pub refused: Option<Refused>,
}

/// Why a run was held.
#[derive(Clone, Debug, Deserialize)]
pub struct Reason {
    /// Which rule of the guard.
    pub rule: String,
    /// What it says, by name.
    #[serde(flatten)]
    figures: BTreeMap<String, Value>,
}

impl Reason {
    /// A figure of it.
    pub fn figure(&self, name: &str) -> Option<u64> {
        self.figures.get(name)?.as_u64()
    }

    /// The profile it is about.
    pub fn profile(&self) -> Option<Profile> {
        Profile::deserialize(self.figures.get("profile")?).ok()
    }

    /// Everything it says, as text.
    pub fn told(&self) -> impl Iterator<Item = (&str, String)> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.figures.iter().map(move |(name, value)| (name.as_str(), text(value)))
    }
}

/// Entries that do not fit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rejected {
    /// How many.
    pub total: u64,
    /// How many for each reason.
    pub by_reason: BTreeMap<String, u64>,
    /// The first thousand.
    pub entries: Vec<Entry>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its name in the source.
    pub dn: String,
    /// Why.
    pub reason: String,
}

/// One who shares a login.
#[derive(Clone, Debug, Deserialize)]
pub struct Shared {
    /// The login.
    pub login: String,
    /// The join key.
    pub key: String,
}

/// Who would leave a school.
#[derive(Clone, Debug, Deserialize)]
pub struct Loss {
    /// Which.
    pub establishment: Uai,
    /// Its active people.
    pub active: u64,
    /// Of them, absent from the reading.
    pub absent: u64,
    /// Of them, read without the school.
    pub lost: u64,
    /// The same of each profile.
    pub profiles: Vec<ProfileLoss>,
}

/// The same of one profile.
#[derive(Clone, Debug, Deserialize)]
pub struct ProfileLoss {
    /// Which.
    pub profile: Profile,
    /// Those who have it there.
    pub active: u64,
    /// Of them, absent.
    pub absent: u64,
    /// Of them, read without it.
    pub lost: u64,
    /// Of them, in another school.
    pub moved: u64,
    /// Who has it there and had not.
    pub came: u64,
}

/// Where at least as many come as were there.
#[derive(Clone, Debug, Deserialize)]
pub struct Gain {
    /// Which establishment.
    pub establishment: Uai,
    /// What they are there.
    pub profile: Profile,
    /// How many were.
    pub active: u64,
    /// How many come.
    pub came: u64,
}

/// A school that waits for its complete file.
#[derive(Clone, Debug, Deserialize)]
pub struct Waits {
    /// Which.
    pub establishment: Uai,
    /// Of which profile too few are read.
    pub profile: Profile,
    /// Those who have it there.
    pub active: u64,
    /// How many of them would leave.
    pub leaving: u64,
    /// How many would come.
    pub came: u64,
}

/// Who looked at a held run and refused to let it go.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Refused {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: PersonId,
}

impl Report {
    /// The report of a run; an empty one when it says nothing to this release.
    pub fn of(run: &RunRecord) -> Report {
        serde_json::from_str(&run.report).unwrap_or_default()
    }

    /// A figure on people.
    pub fn people(&self, name: &str) -> u64 {
        self.people.get(name).copied().unwrap_or(0)
    }
}

/// The text of a report, with who refused to let its run go.
pub(super) fn refused(report: &str, by: &PersonId, at: Instant) -> String {
    let mut report: Value = serde_json::from_str(report).unwrap_or_default();
    if let Some(fields) = report.as_object_mut() {
        fields.insert("refused".into(), json!(Refused { at, by: by.clone() }));
    }
    report.to_string()
}
