//! Whether a plan may be applied. Pure: a plan and thresholds in, a verdict out.
//!
//! What the guard is afraid of is not a person who leaves but a source that forgets: a filter mistyped, a branch that
//! is not readable any more, an export cut short. All of these look like many departures at once.

use crate::plan::Plan;
use preau_connector_api::Completion;
use preau_domain::Uai;
use serde::Serialize;
use std::fmt;

/// From which point departures look like an accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// More than this share of the source's active people, in percent …
    pub people_percent: u8,
    /// … or more than this number of them: the smaller of the two counts.
    pub people: u64,
    /// More than this share of one establishment's active people, in percent,
    pub school_percent: u8,
    /// as long as it is at least this many people.
    pub school_floor: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { people_percent: 5, people: 200, school_percent: 20, school_floor: 5 }
    }
}

impl Thresholds {
    /// Thresholds of somebody who has read why a run was held and accepts that many suspensions, wherever they are.
    pub fn accepting(suspensions: u64) -> Self {
        Thresholds { people_percent: 100, people: suspensions, school_percent: 100, school_floor: 0 }
    }
}

/// Why a run is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Reason {
    /// Too many people of the source would be suspended.
    TooManyPeople {
        /// Active people of the source.
        active: u64,
        /// Of them, absent from the reading.
        lost: u64,
        /// How many would have been let through.
        allowed: u64,
    },
    /// Too many people of one establishment would be suspended.
    TooManyOfOneSchool {
        /// Which establishment.
        establishment: Uai,
        /// Its active people.
        active: u64,
        /// Of them, absent from the reading.
        lost: u64,
        /// The share that would have been let through, in percent.
        percent: u8,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::TooManyPeople { active, lost, allowed } => write!(
                f,
                "{lost} of the {active} active people of the source would be suspended ({} %); at most {allowed} may be",
                share(*lost, *active)
            ),
            Reason::TooManyOfOneSchool { establishment, active, lost, percent } => write!(
                f,
                "{} % of {establishment} would vanish ({lost} of {active} people); at most {percent} % may",
                share(*lost, *active)
            ),
        }
    }
}

/// A share as people read it: one decimal below ten percent.
fn share(part: u64, whole: u64) -> String {
    let permille = part.saturating_mul(1000).checked_div(whole).unwrap_or(0);
    if permille < 100 { format!("{}.{}", permille / 10, permille % 10) } else { (permille / 10).to_string() }
}

/// May the plan be applied?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    Go,
    /// Additions and changes, but nobody is suspended: the source did not answer to the end, so absence means nothing.
    GoWithoutSuspensions(String),
    /// None of it.
    Held(Vec<Reason>),
}

/// Looks at a plan.
pub fn guard(plan: &Plan, thresholds: &Thresholds) -> Verdict {
    if let Completion::Incomplete(why) = &plan.completion {
        return Verdict::GoWithoutSuspensions(why.clone());
    }
    let mut reasons = Vec::new();
    let lost = plan.people.suspended;
    let allowed = thresholds.people.min(portion(plan.active, thresholds.people_percent));
    if lost > allowed {
        reasons.push(Reason::TooManyPeople { active: plan.active, lost, allowed });
    }
    for school in &plan.losses {
        if school.lost >= thresholds.school_floor && school.lost > portion(school.active, thresholds.school_percent) {
            reasons.push(Reason::TooManyOfOneSchool {
                establishment: school.establishment.clone(),
                active: school.active,
                lost: school.lost,
                percent: thresholds.school_percent,
            });
        }
    }
    if reasons.is_empty() { Verdict::Go } else { Verdict::Held(reasons) }
}

/// That many percent, rounded down.
fn portion(whole: u64, percent: u8) -> u64 {
    whole.saturating_mul(u64::from(percent)) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SchoolLoss;
    use crate::report::{PeopleCounts, RejectedCounts};

    fn plan(active: u64, lost: u64, schools: &[(u64, u64)]) -> Plan {
        Plan {
            completion: Completion::Complete,
            active,
            people: PeopleCounts { suspended: lost, ..PeopleCounts::default() },
            losses: schools
                .iter()
                .zip(["0990001N", "0990002P"])
                .map(|((active, lost), uai)| SchoolLoss {
                    establishment: uai.parse().unwrap(),
                    active: *active,
                    lost: *lost,
                })
                .collect(),
            rejected: RejectedCounts::default(),
        }
    }

    #[test]
    fn a_run_is_held_from_the_threshold_on() {
        /// Active people, lost, (people of a school, lost there) each, and the rules that hold it.
        type Row = (u64, u64, &'static [(u64, u64)], &'static [&'static str]);
        let table: &[Row] = &[
            (0, 0, &[], &[]),
            (1_000, 0, &[], &[]),
            (1_000, 50, &[(1_000, 50)], &[]),
            (1_000, 51, &[(1_000, 51)], &["people"]),
            (10, 1, &[(10, 1)], &["people"]),
            (20, 1, &[(20, 1)], &[]),
            (100_000, 200, &[(2_000, 200)], &[]),
            (100_000, 201, &[(2_000, 201)], &["people"]),
            (100_000, 20, &[(100, 20)], &[]),
            (100_000, 21, &[(100, 21)], &["school"]),
            (100_000, 4, &[(4, 4)], &[]),
            (100_000, 5, &[(5, 5)], &["school"]),
            (100_000, 42, &[(100, 21), (100, 21)], &["school", "school"]),
            (100, 100, &[(100, 100)], &["people", "school"]),
        ];
        for (active, lost, schools, expected) in table {
            let verdict = guard(&plan(*active, *lost, schools), &Thresholds::default());
            let rules: Vec<&str> = match &verdict {
                Verdict::Held(reasons) => reasons
                    .iter()
                    .map(|reason| match reason {
                        Reason::TooManyPeople { .. } => "people",
                        Reason::TooManyOfOneSchool { .. } => "school",
                    })
                    .collect(),
                _ => Vec::new(),
            };
            assert_eq!(&rules, expected, "{active} active, {lost} lost, {schools:?}");
            assert_eq!(matches!(verdict, Verdict::Go), expected.is_empty());
        }
    }

    #[test]
    fn an_incomplete_reading_suspends_nobody() {
        let mut cut = plan(1_000, 900, &[(1_000, 900)]);
        cut.completion = Completion::Incomplete("the server closed the connection".into());
        assert_eq!(
            guard(&cut, &Thresholds::default()),
            Verdict::GoWithoutSuspensions("the server closed the connection".into())
        );
    }

    #[test]
    fn somebody_may_accept_an_exact_number() {
        let many = plan(1_000, 300, &[(400, 300)]);
        assert_eq!(guard(&many, &Thresholds::accepting(300)), Verdict::Go);
        assert!(matches!(guard(&many, &Thresholds::accepting(299)), Verdict::Held(_)));
    }

    #[test]
    fn the_reason_reads_well() {
        let Verdict::Held(reasons) = guard(&plan(1_500, 80, &[(300, 80)]), &Thresholds::default()) else {
            panic!("held");
        };
        let text: Vec<String> = reasons.iter().map(Reason::to_string).collect();
        assert_eq!(
            text,
            [
                "80 of the 1500 active people of the source would be suspended (5.3 %); at most 75 may be",
                "26 % of 0990001N would vanish (80 of 300 people); at most 20 % may",
            ]
        );
    }
}
