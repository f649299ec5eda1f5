//! Whether a plan may be applied. Pure: a plan and thresholds in, a verdict out.
//!
//! What the guard is afraid of is not a person who leaves but a source that forgets: a filter mistyped, a branch that
//! is not readable any more, an export cut short. All of these look like many departures at once. A source may forget
//! people, or only where they are: an attribute that is not readable any more leaves everybody in the reading, and
//! nobody with a right. So whoever is read without an establishment they had counts there as whoever is absent. And it may
//! mistake one school for another: pupils who move are no loss, unless they leave almost nobody behind.

use crate::plan::{Plan, ProfileLoss, SchoolLoss};
use preau_connector_api::Completion;
use preau_domain::{Profile, RunId, Uai};
use serde::{Deserialize, Serialize};
use std::fmt;

/// More than this share of those who have one profile in one establishment, in percent, may not leave it, even to have it in
/// another: a cohort that moves on leaves the others behind, a school read under the number of another leaves nobody.
/// A higher `profile_percent` counts instead.
pub const MOVED_PERCENT: u8 = 60;

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
    /// More than this share of those who have one profile in one establishment, in percent, as long as it is at least
    /// `school_floor` people: a school loses all its teachers without losing a fifth of its people.
    pub profile_percent: u8,
    /// It is the rentrée: a school of which not enough is read waits, and the others go on whoever leaves them: see [`waiting`].
    pub new_year: bool,
    /// Somebody read why a run was held and accepts that this many people lose something or move, wherever they are:
    /// nothing above counts then.
    pub accepted: Option<u64>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            people_percent: 5,
            people: 200,
            school_percent: 20,
            school_floor: 5,
            profile_percent: 50,
            new_year: false,
            accepted: None,
        }
    }
}

impl Thresholds {
    /// Thresholds of somebody who has read why a run was held and accepts that so many people lose something, wherever
    /// they are: [`crate::PeopleCounts::losing`].
    pub fn accepting(people: u64) -> Self {
        Thresholds { accepted: Some(people), ..Thresholds::default() }
    }
}

/// Why a run is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Reason {
    /// Too many people of the source would be suspended or left without any establishment.
    TooManyPeople {
        /// Active people of the source.
        active: u64,
        /// Of them, absent from the reading.
        absent: u64,
        /// Of them, in the reading and in no establishment any more.
        stripped: u64,
        /// How many would have been let through.
        allowed: u64,
    },
    /// Too many people of one establishment would have no right there any more.
    TooManyOfOneSchool {
        /// Which establishment.
        establishment: Uai,
        /// Its active people.
        active: u64,
        /// Of them, absent from the reading.
        absent: u64,
        /// Of them, in the reading and not in this establishment any more.
        lost: u64,
        /// The share that would have been let through, in percent.
        percent: u8,
    },
    /// Too many of those who have one profile in one establishment would not have it any more.
    TooManyOfOneProfile {
        /// Which establishment.
        establishment: Uai,
        /// Which profile.
        profile: Profile,
        /// Its active people who have it.
        active: u64,
        /// Of them, absent from the reading.
        absent: u64,
        /// Of them, in the reading without it.
        lost: u64,
        /// The share that would have been let through, in percent.
        percent: u8,
    },
    /// Almost nobody who has one profile in one establishment would stay: most would have it elsewhere.
    TooManyMoved {
        /// Which establishment.
        establishment: Uai,
        /// Which profile.
        profile: Profile,
        /// Its active people who have it.
        active: u64,
        /// Of them, absent from the reading or in it without the profile.
        gone: u64,
        /// Of them, in another school.
        moved: u64,
        /// The share that would have been let through, in percent.
        percent: u8,
    },
    /// More people would lose something than somebody accepted.
    MoreThanAccepted {
        /// How many would be suspended, lose an establishment or a profile, or move: [`crate::PeopleCounts::losing`].
        losing: u64,
        /// How many were accepted.
        accepted: u64,
    },
    /// The source tells an older state than it told before.
    Older {
        /// What it is as of.
        now: String,
        /// What it was as of.
        before: String,
    },
    /// The run before was undone, and nobody accepted one since.
    Undone {
        /// Which.
        run: RunId,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::TooManyPeople { active, absent, stripped, allowed } => {
                match (absent, stripped) {
                    (_, 0) => write!(f, "{absent} of the {active} active people of the source would be suspended")?,
                    (0, _) => write!(
                        f,
                        "{stripped} of the {active} active people of the source would be left without any establishment"
                    )?,
                    _ => write!(
                        f,
                        "of the {active} active people of the source {absent} would be suspended and {stripped} left \
                         without any establishment"
                    )?,
                }
                write!(f, " ({} %); at most {allowed} may be", share(absent + stripped, *active))
            }
            Reason::TooManyOfOneSchool { establishment, active, absent, lost, percent } => {
                if *lost == 0 {
                    write!(
                        f,
                        "{} % of {establishment} would vanish ({absent} of {active} people)",
                        share(*absent, *active)
                    )?;
                } else {
                    write!(f, "{lost} people of {establishment} would lose every right there")?;
                    if *absent > 0 {
                        write!(f, " and {absent} would be suspended")?;
                    }
                    write!(f, " ({} % of its {active} people)", share(absent + lost, *active))?;
                }
                write!(f, "; at most {percent} % may")
            }
            Reason::TooManyOfOneProfile { establishment, profile, active, absent, lost, percent } => {
                let gone = absent + lost;
                write!(
                    f,
                    "{gone} of the {active} people who are {} in {establishment} would not be any more ({} %); \
                     at most {percent} % may",
                    profile.code(),
                    share(gone, *active)
                )
            }
            Reason::TooManyMoved { establishment, profile, active, gone, moved, percent } => {
                write!(
                    f,
                    "of the {active} people who are {} in {establishment} {moved} would move to another school",
                    profile.code()
                )?;
                if *gone > 0 {
                    write!(f, " and {gone} would not be any more")?;
                }
                write!(f, " ({} %); at most {percent} % may leave", share(gone + moved, *active))
            }
            Reason::MoreThanAccepted { losing, accepted } => write!(
                f,
                "{losing} people would be suspended, lose an establishment or a profile, or move to another school; \
                 {accepted} were accepted"
            ),
            Reason::Older { now, before } => write!(
                f,
                "the source is as of {now}, and was as of {before} already: is an older state in place of a newer one?"
            ),
            Reason::Undone { run } => write!(f, "run {run} was undone: does the source say something else by now?"),
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
    if let Some(accepted) = thresholds.accepted {
        let losing = plan.people.losing();
        let more = Reason::MoreThanAccepted { losing, accepted };
        return if losing > accepted { Verdict::Held(vec![more]) } else { Verdict::Go };
    }
    let mut reasons = Vec::new();
    let (absent, stripped) = (plan.people.suspended, plan.people.stripped);
    let allowed = thresholds.people.min(portion(plan.active, thresholds.people_percent));
    if thresholds.new_year {
        // Whatever is not whole waits. Nothing can be said of people of no school but how many they are.
        let (active, absent, stripped) = (plan.active, plan.nowhere, 0);
        let nowhere = Reason::TooManyPeople { active, absent, stripped, allowed };
        return if absent > allowed { Verdict::Held(vec![nowhere]) } else { Verdict::Go };
    }
    if absent + stripped > allowed {
        reasons.push(Reason::TooManyPeople { active: plan.active, absent, stripped, allowed });
    }
    reasons.extend(plan.losses.iter().flat_map(|school| of_school(school, thresholds)));
    if reasons.is_empty() { Verdict::Go } else { Verdict::Held(reasons) }
}

/// Why a plan that somebody lets go waits for them all the same: a school loses more than one may, and is not among those they saw
/// lose as much. A number that is not exceeded says nothing of where.
pub(crate) fn unseen(losses: &[SchoolLoss], thresholds: &Thresholds, seen: &[SchoolLoss]) -> Vec<Reason> {
    let leaving = |loss: &ProfileLoss| loss.absent + loss.lost + loss.moved;
    let covers = |known: &SchoolLoss, school: &SchoolLoss| {
        let profile = |loss: &ProfileLoss| {
            known.profiles.iter().any(|known| known.profile == loss.profile && leaving(known) >= leaving(loss))
        };
        known.establishment == school.establishment
            && known.absent + known.lost >= school.absent + school.lost
            && school.profiles.iter().all(profile)
    };
    let new = losses.iter().filter(|school| !seen.iter().any(|known| covers(known, school)));
    new.flat_map(|school| of_school(school, thresholds)).collect()
}

/// What one school says against a plan.
fn of_school(school: &SchoolLoss, thresholds: &Thresholds) -> Vec<Reason> {
    let gone = school.absent + school.lost;
    if gone >= thresholds.school_floor && gone > portion(school.active, thresholds.school_percent) {
        // Whoever looks at the school sees its profiles.
        return vec![Reason::TooManyOfOneSchool {
            establishment: school.establishment.clone(),
            active: school.active,
            absent: school.absent,
            lost: school.lost,
            percent: thresholds.school_percent,
        }];
    }
    let mut reasons = Vec::new();
    for loss in &school.profiles {
        let gone = loss.absent + loss.lost;
        if gone >= thresholds.school_floor && gone > portion(loss.active, thresholds.profile_percent) {
            reasons.push(Reason::TooManyOfOneProfile {
                establishment: school.establishment.clone(),
                profile: loss.profile,
                active: loss.active,
                absent: loss.absent,
                lost: loss.lost,
                percent: thresholds.profile_percent,
            });
            continue;
        }
        let (leaving, percent) = (gone + loss.moved, thresholds.profile_percent.max(MOVED_PERCENT));
        if loss.moved > 0 && leaving >= thresholds.school_floor && leaving > portion(loss.active, percent) {
            reasons.push(Reason::TooManyMoved {
                establishment: school.establishment.clone(),
                profile: loss.profile,
                active: loss.active,
                gone,
                moved: loss.moved,
                percent,
            });
        }
    }
    reasons
}

/// A school that waits for its complete file of the new year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub establishment: Uai,
    /// Of which profile too few are read.
    pub profile: Profile,
    /// Its active people who have it.
    pub active: u64,
    /// How many of them would not have it there any more.
    pub leaving: u64,
    /// How many would have it who do not yet.
    pub came: u64,
    /// Almost all of them are read in another school: they wait, too.
    pub emptied: bool,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiting { establishment, profile, active, leaving, came, .. } = self;
        write!(
            f,
            "{establishment}: of {active} people who are {} {leaving} would leave and {came} come",
            profile.code()
        )
    }
}

/// The schools that wait, during the rentrée: those that would become smaller by more than what one school may lose, or of whom more would
/// leave than any cohort is. Who leaves a school says nothing then, a quarter of its pupils do; how many are read there says
/// whether its file is there. Nobody waits when somebody accepts, or when the reading is not whole anywhere.
pub fn waiting(plan: &Plan, thresholds: &Thresholds) -> Vec<Waiting> {
    if !thresholds.new_year || thresholds.accepted.is_some() || plan.completion != Completion::Complete {
        return Vec::new();
    }
    let most = thresholds.profile_percent.max(MOVED_PERCENT);
    let of_school = |school: &SchoolLoss| {
        school.profiles.iter().find_map(|loss| {
            let leaving = loss.absent + loss.lost + loss.moved;
            // Families come in cohorts, staff one by one.
            let percent = match loss.profile {
                Profile::Pupil | Profile::Guardian => thresholds.school_percent,
                _ => thresholds.profile_percent,
            };
            let smaller = leaving.saturating_sub(loss.came) > portion(loss.active, percent);
            (leaving >= thresholds.school_floor && (smaller || leaving > portion(loss.active, most))).then(|| Waiting {
                establishment: school.establishment.clone(),
                profile: loss.profile,
                active: loss.active,
                leaving,
                came: loss.came,
                emptied: loss.moved > portion(loss.active, most),
            })
        })
    };
    plan.losses.iter().filter_map(of_school).collect()
}

/// That many percent, rounded down.
fn portion(whole: u64, percent: u8) -> u64 {
    whole.saturating_mul(u64::from(percent)) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{PeopleCounts, RejectedCounts};

    /// Of so many active people, those absent and those stripped; and the same for each school: its people, those absent,
    /// those who are there no more.
    fn told(active: u64, absent: u64, stripped: u64, schools: &[(u64, u64, u64)]) -> Plan {
        let narrowed = schools.iter().map(|(_, _, lost)| *lost).sum::<u64>().max(stripped);
        Plan {
            completion: Completion::Complete,
            active,
            people: PeopleCounts { suspended: absent, narrowed, stripped, ..PeopleCounts::default() },
            nowhere: 0,
            gains: Vec::new(),
            losses: schools
                .iter()
                .zip(["0990001N", "0990002P"])
                .map(|((active, absent, lost), uai)| SchoolLoss {
                    establishment: uai.parse().unwrap(),
                    active: *active,
                    absent: *absent,
                    lost: *lost,
                    profiles: Vec::new(),
                })
                .collect(),
            rejected: RejectedCounts::default(),
        }
    }

    /// The same when nobody read loses anything.
    fn plan(active: u64, absent: u64, schools: &[(u64, u64)]) -> Plan {
        let schools: Vec<(u64, u64, u64)> = schools.iter().map(|(active, absent)| (*active, *absent, 0)).collect();
        told(active, absent, 0, &schools)
    }

    /// The rules that hold a plan.
    fn rules(verdict: &Verdict) -> Vec<&'static str> {
        let Verdict::Held(reasons) = verdict else { return Vec::new() };
        let rule = |reason: &Reason| match reason {
            Reason::TooManyPeople { .. } => "people",
            Reason::TooManyOfOneSchool { .. } => "school",
            Reason::TooManyOfOneProfile { .. } => "profile",
            Reason::TooManyMoved { .. } => "moved",
            Reason::MoreThanAccepted { .. } => "accepted",
            Reason::Older { .. } | Reason::Undone { .. } => "source",
        };
        reasons.iter().map(rule).collect()
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
            assert_eq!(&rules(&verdict), expected, "{active} active, {lost} lost, {schools:?}");
            assert_eq!(matches!(verdict, Verdict::Go), expected.is_empty());
        }
    }

    #[test]
    fn who_is_read_without_a_right_counts_as_who_is_absent() {
        /// Active people, absent, stripped, the same for each school, and the rules that hold it.
        type Row = (u64, u64, u64, &'static [(u64, u64, u64)], &'static [&'static str]);
        let table: &[Row] = &[
            (1_000, 0, 50, &[(1_000, 0, 50)], &[]),
            (1_000, 0, 51, &[(1_000, 0, 51)], &["people"]),
            (1_000, 25, 26, &[(1_000, 25, 26)], &["people"]),
            (100_000, 0, 201, &[(2_000, 0, 201)], &["people"]),
            // Nobody is left without a right, but a school empties itself.
            (100_000, 0, 0, &[(100, 0, 20)], &[]),
            (100_000, 0, 0, &[(100, 0, 21)], &["school"]),
            (100_000, 0, 0, &[(100, 10, 11)], &["school"]),
            (100_000, 2, 2, &[(4, 2, 2)], &[]),
            (100_000, 2, 3, &[(5, 2, 3)], &["school"]),
            (2_480, 0, 620, &[(1_240, 0, 620)], &["people", "school"]),
        ];
        for (active, absent, stripped, schools, expected) in table {
            let verdict = guard(&told(*active, *absent, *stripped, schools), &Thresholds::default());
            assert_eq!(
                &rules(&verdict),
                expected,
                "{active} active, {absent} absent, {stripped} stripped, {schools:?}"
            );
            assert_eq!(matches!(verdict, Verdict::Go), expected.is_empty());
        }
    }

    #[test]
    fn a_school_that_loses_one_profile_is_held() {
        use Profile::{Guardian, Head, Teacher};
        /// People of a school and those absent or lost, the same for each profile there, and the rules that hold it.
        type Row = (u64, u64, &'static [(Profile, u64, u64, u64)], &'static [&'static str]);
        let table: &[Row] = &[
            // All teachers, or all guardians of a small section.
            (600, 40, &[(Teacher, 40, 40, 0)], &["profile"]),
            (600, 40, &[(Teacher, 40, 0, 40)], &["profile"]),
            (600, 100, &[(Guardian, 100, 60, 40)], &["profile"]),
            // They are still of the school, and not what they were.
            (600, 0, &[(Teacher, 40, 0, 40)], &["profile"]),
            // Half of them may change in a summer, and few people are no accident.
            (600, 20, &[(Teacher, 40, 20, 0)], &[]),
            (600, 21, &[(Teacher, 40, 20, 1)], &["profile"]),
            (600, 4, &[(Head, 4, 4, 0)], &[]),
            (600, 5, &[(Head, 5, 5, 0)], &["profile"]),
            (600, 45, &[(Teacher, 40, 40, 0), (Head, 5, 0, 5)], &["profile", "profile"]),
            // The school itself says it already.
            (600, 130, &[(Teacher, 40, 40, 0), (Guardian, 200, 90, 0)], &["school"]),
        ];
        for (active, gone, profiles, expected) in table {
            let mut plan = plan(100_000, *gone, &[(*active, *gone)]);
            let loss = |(profile, active, absent, lost): &(Profile, u64, u64, u64)| ProfileLoss {
                profile: *profile,
                active: *active,
                absent: *absent,
                lost: *lost,
                moved: 0,
                came: 0,
            };
            plan.losses[0].profiles = profiles.iter().map(loss).collect();
            let verdict = guard(&plan, &Thresholds::default());
            assert_eq!(&rules(&verdict), expected, "{active} people, {gone} gone, {profiles:?}");
            assert_eq!(guard(&plan, &Thresholds::accepting(*gone)), Verdict::Go, "and somebody may accept it");
        }
    }

    #[test]
    fn a_school_that_empties_itself_into_another_is_held() {
        /// Pupils of a school, those absent, lost and moved, the operator's share of a profile, and the rules that hold it.
        type Row = (u64, u64, u64, u64, u8, &'static [&'static str]);
        let table: &[Row] = &[
            // The youngest of four levels come, the oldest go; a school of two levels sees half of its pupils go.
            (400, 0, 0, 100, 50, &[]),
            (40, 0, 0, 20, 50, &[]),
            (400, 0, 0, 240, 50, &[]),
            (400, 0, 0, 241, 50, &["moved"]),
            (400, 0, 0, 400, 50, &["moved"]),
            // Moves and losses add up.
            (400, 50, 40, 150, 50, &[]),
            (400, 50, 40, 151, 50, &["moved"]),
            (400, 201, 0, 199, 50, &["profile"]),
            (5, 0, 0, 4, 50, &[]),
            (5, 0, 0, 5, 50, &["moved"]),
            // Whoever lets more be lost lets as many move.
            (400, 0, 0, 300, 80, &[]),
            (400, 0, 0, 321, 80, &["moved"]),
        ];
        for (active, absent, lost, moved, profile_percent, expected) in table {
            let mut plan = plan(100_000, *absent, &[(2_000, *absent)]);
            plan.people.narrowed = *lost;
            plan.people.moved = *moved;
            let profile = Profile::Pupil;
            plan.losses[0].profiles =
                vec![ProfileLoss { profile, active: *active, absent: *absent, lost: *lost, moved: *moved, came: 0 }];
            plan.losses[0].lost = *lost;
            let thresholds = Thresholds { profile_percent: *profile_percent, people: 1_000, ..Thresholds::default() };
            let told = format!("{active} pupils: {absent} absent, {lost} lost, {moved} moved");
            assert_eq!(&rules(&guard(&plan, &thresholds)), expected, "{told}");
            let number = absent + lost + moved;
            assert_eq!(guard(&plan, &Thresholds::accepting(number)), Verdict::Go, "{told}");
            assert_eq!(rules(&guard(&plan, &Thresholds::accepting(number - 1))), ["accepted"], "{told}");
        }
    }

    #[test]
    fn one_number_accepts_who_is_absent_and_who_loses_an_establishment() {
        let year_end = told(1_000, 40, 10, &[(400, 40, 160)]);
        assert_eq!(rules(&guard(&year_end, &Thresholds::default())), ["school"]);
        assert_eq!(guard(&year_end, &Thresholds::accepting(200)), Verdict::Go);
        assert_eq!(rules(&guard(&year_end, &Thresholds::accepting(199))), ["accepted"]);
        assert_eq!(rules(&guard(&year_end, &Thresholds::accepting(0))), ["accepted"]);
        // Teachers who stay in their school and are not teachers there any more.
        let mut changed = plan(1_000, 0, &[(400, 0)]);
        changed.people.ceased = 40;
        assert_eq!(guard(&changed, &Thresholds::accepting(40)), Verdict::Go);
        for fewer in [0, 39] {
            assert_eq!(rules(&guard(&changed, &Thresholds::accepting(fewer))), ["accepted"]);
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
        let Verdict::Held(reasons) = guard(&told(2_480, 3, 620, &[(1_240, 0, 620), (9, 3, 2)]), &Thresholds::default())
        else {
            panic!("held");
        };
        let text: Vec<String> = reasons.iter().map(Reason::to_string).collect();
        assert_eq!(
            text,
            [
                "of the 2480 active people of the source 3 would be suspended and 620 left without any establishment \
                 (25 %); at most 124 may be",
                "620 people of 0990001N would lose every right there (50 % of its 1240 people); at most 20 % may",
                "2 people of 0990002P would lose every right there and 3 would be suspended (55 % of its 9 people); \
                 at most 20 % may",
            ]
        );
    }
}
