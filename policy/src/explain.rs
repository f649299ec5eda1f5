//! A decision at length, for the person who has to answer "why can't she open it?": every rule of the audience, every
//! affiliation, what was met and what was missing.

use crate::access::{Decision, access, asks_two};
use crate::facts::Facts;
use crate::inspection::inspecting;
use crate::population::{Listed, Miss, misses};
use crate::release::role;
use crate::rules::{AccessRules, rule_name};
use preau_domain::{AccountState, Affiliation, Audience, Inspection, Population, Role, ServiceId};
use std::fmt;

/// Everything that bears on one decision. Its text form is what `preau explain` prints; it holds what a person is in
/// each establishment, so it is for operators.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision itself, made by the same rules as at the door.
    pub decision: Decision,
    /// The service.
    pub service: ServiceId,
    /// Where the account stands.
    pub state: AccountState,
    /// What the person is.
    pub affiliations: Vec<Affiliation>,
    /// What is delegated to the person as each of them.
    pub delegations: Vec<Vec<String>>,
    /// Whether the person is the legal representative of a pupil.
    pub represents: bool,
    /// Every population of the audience, `except` first.
    pub populations: Vec<PopulationCheck>,
    /// The rule by which the person is to prove two factors.
    pub two_factors: Option<String>,
    /// What the person is in the service, once they may open it.
    pub role: Option<Role>,
    /// The spaces they look at in it as an inspector.
    pub inspections: Vec<Inspection>,
}

/// One population of the audience against every affiliation.
#[derive(Clone, Debug)]
pub struct PopulationCheck {
    /// Name of the rule: `<service>/allow/1`.
    pub rule: String,
    /// Whether it excludes.
    pub except: bool,
    /// What it asks.
    pub population: Population,
    /// One per affiliation, in order.
    pub affiliations: Vec<AffiliationCheck>,
}

/// One affiliation against one population.
#[derive(Clone, Debug)]
pub struct AffiliationCheck {
    /// Index in [`Facts::affiliations`].
    pub index: usize,
    /// What is missing; nothing when the affiliation is within the population.
    pub missing: Vec<Miss>,
}

/// Says at length why a service opens or not. `audience` is that of the service, as mounted.
pub fn explain(facts: &Facts, rules: &AccessRules, service: &ServiceId, audience: &Audience) -> Explanation {
    let check = |except: bool, side: &[Population]| -> Vec<PopulationCheck> {
        side.iter()
            .enumerate()
            .map(|(n, population)| PopulationCheck {
                rule: rule_name(service, except, n),
                except,
                population: population.clone(),
                affiliations: facts
                    .person
                    .affiliations
                    .iter()
                    .enumerate()
                    .map(|(index, a)| AffiliationCheck { index, missing: misses(population, a, facts) })
                    .collect(),
            })
            .collect()
    };
    let mut populations = check(true, &audience.except);
    populations.extend(check(false, &audience.allow));
    Explanation {
        decision: access(facts, rules, service),
        service: service.clone(),
        state: facts.person.state,
        affiliations: facts.person.affiliations.clone(),
        delegations: facts
            .affiliations()
            .iter()
            .map(|a| facts.delegated(a).into_iter().map(str::to_owned).collect())
            .collect(),
        represents: facts.represents,
        populations,
        two_factors: rules.slice(service).and_then(|slice| asks_two(facts, rules, slice, service)),
        role: role(inspecting(facts, rules, service).as_ref().unwrap_or(facts), &audience.roles),
        inspections: facts.inspections_in(service).cloned().collect(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.decision {
            Decision::Allow { rule, affiliations } => {
                writeln!(f, "decision: allow")?;
                writeln!(f, "rule: {rule}")?;
                let numbers: Vec<String> = affiliations.iter().map(|i| (i + 1).to_string()).collect();
                writeln!(f, "by affiliation: {}", numbers.join(", "))?;
                if let Some(role) = self.role {
                    writeln!(f, "role: {}", role.as_str())?;
                }
                if let Some(rule) = &self.two_factors {
                    writeln!(f, "two factors: asked for by {rule}")?;
                }
            }
            Decision::StepUp(refusal) => {
                writeln!(f, "decision: after two factors")?;
                writeln!(f, "rule: {}", refusal.rule.as_deref().unwrap_or_default())?;
            }
            Decision::Deny(refusal) => {
                writeln!(f, "decision: deny ({})", refusal.reason)?;
                match &refusal.rule {
                    Some(rule) => writeln!(f, "rule: {rule}")?,
                    None => writeln!(f, "rule: none of {} allows", self.service)?,
                }
                writeln!(f, "what would have to change:")?;
                for change in &refusal.would_change {
                    writeln!(f, "  - {change}")?;
                }
            }
        }
        for one in &self.inspections {
            let by = one.by.as_ref().map_or("an operator", |by| by.as_str());
            let (teacher, at, until) = (&one.teacher, &one.establishment, one.until.rfc3339());
            writeln!(f, "inspection: the space of {teacher} in {at} until {until}, granted by {by}: {}", one.reason)?;
        }
        writeln!(f, "account: {}", self.state.as_str())?;
        writeln!(f, "affiliations:{}", if self.affiliations.is_empty() { " none" } else { "" })?;
        for (i, a) in self.affiliations.iter().enumerate() {
            write!(f, "  {}. {} in {}", i + 1, a.profile, a.establishment)?;
            let lists = [
                ("level", a.level.as_slice()),
                ("mef", a.mef.as_slice()),
                ("classes", a.classes.as_slice()),
                ("groups", a.groups.as_slice()),
                ("subjects", a.subjects.as_slice()),
                ("functions", a.functions.as_slice()),
                ("delegations", self.delegations.get(i).map(Vec::as_slice).unwrap_or_default()),
            ];
            for (word, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
                write!(f, "; {word} {}", values.join(", "))?;
            }
            if a.profile == preau_domain::Profile::Guardian && !self.represents {
                write!(f, "; without legal weight")?;
            }
            writeln!(f)?;
        }
        for check in &self.populations {
            writeln!(f, "{} {}", check.rule, Asked(&check.population))?;
            for one in &check.affiliations {
                if one.missing.is_empty() {
                    writeln!(
                        f,
                        "  affiliation {}: {}",
                        one.index + 1,
                        if check.except { "excluded" } else { "within" }
                    )?;
                } else {
                    let missing: Vec<String> = one.missing.iter().map(ToString::to_string).collect();
                    writeln!(f, "  affiliation {}: {}", one.index + 1, missing.join("; "))?;
                }
            }
        }
        Ok(())
    }
}

/// What a population asks, on one line.
struct Asked<'a>(&'a Population);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = self.0;
        let lists: [(&str, Vec<String>); 10] = [
            ("profile", p.profiles.iter().map(ToString::to_string).collect()),
            ("establishment", p.establishments.iter().map(ToString::to_string).collect()),
            ("level", p.levels.clone()),
            ("class", p.classes.clone()),
            ("group", p.groups.clone()),
            ("subject", p.subjects.clone()),
            ("function", p.functions.clone()),
            ("delegation", p.delegations.clone()),
            ("account", p.persons.iter().map(ToString::to_string).collect()),
            ("time", p.during.iter().map(|window| crate::said::window_en(window)).collect()),
        ];
        let asked: Vec<String> = lists
            .iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(word, values)| format!("{word} {}", Listed(values)))
            .collect();
        if asked.is_empty() { f.write_str("(everyone)") } else { write!(f, "({})", asked.join("; ")) }
    }
}
