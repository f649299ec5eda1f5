//! Whether an affiliation is within a population, and what is missing when it is not.
//!
//! The door is decided by the rule engine, from rules made of the same data. This second reading serves explanations and
//! the `when` of release rules; a property test holds the two together.

use crate::Facts;
use preau_domain::{Affiliation, Population, Profile, Window};
use std::fmt;

/// What a population may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Criterion {
    /// One of some profiles.
    Profile,
    /// One of some establishments.
    Establishment,
    /// One of some levels.
    Level,
    /// One of some classes.
    Class,
    /// One of some groups.
    Group,
    /// One of some subjects.
    Subject,
    /// One of some functions.
    Function,
    /// One of some delegations.
    Delegation,
    /// One of some accounts.
    Account,
    /// Some days or hours.
    Time,
}

impl Criterion {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Criterion::Profile => ("profile", "profile"),
            Criterion::Establishment => ("establishment", "establishment"),
            Criterion::Level => ("level", "levels"),
            Criterion::Class => ("class", "classes"),
            Criterion::Group => ("group", "groups"),
            Criterion::Subject => ("subject", "subjects"),
            Criterion::Function => ("function", "functions"),
            Criterion::Delegation => ("delegation", "delegations"),
            Criterion::Account => ("account", "account"),
            Criterion::Time => ("time", "time"),
        }
    }
}

/// One thing a population asks and an affiliation does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// What was asked about.
    pub criterion: Criterion,
    /// What the affiliation has; may be empty.
    pub has: Vec<String>,
    /// What the population asks, one of which would do.
    pub asked: Vec<String>,
    /// For [`Criterion::Time`]: when it is open.
    pub window: Option<Window>,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many) = self.criterion.words();
        match self.has.as_slice() {
            [] => write!(f, "no {one}")?,
            [has] => write!(f, "{one} is {has}")?,
            has => write!(f, "{many} are {}", Listed(has))?,
        }
        write!(f, ", asked for {}", Listed(&self.asked))
    }
}

/// A list cut to what a person reads.
pub(crate) struct Listed<'a>(pub(crate) &'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&listed(self.0, "or", "others"))
    }
}

/// A list cut to what a person reads, with the words of a language.
pub(crate) fn listed(values: &[String], word: &str, others: &str) -> String {
    const SHOWN: usize = 8;
    let shown = values.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(&format!(" {word} "));
    match values.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} {word} {more} {others}"),
    }
}

/// Whether a population may mean parents. One that says a class, a group or a level and no profile means those who are in it or teach
/// it: a parent, who is in the class of the child they act for, is meant where parents are named.
pub(crate) fn means_parents(population: &Population) -> bool {
    let Population { profiles, classes, groups, levels, .. } = population;
    !profiles.is_empty() || [classes, groups, levels].iter().all(|list| list.is_empty())
}

/// Everything the affiliation lacks to be within the population; nothing when it is.
pub(crate) fn misses(population: &Population, affiliation: &Affiliation, facts: &Facts) -> Vec<Miss> {
    let mut misses = Vec::new();
    let mut ask = |criterion, has: Vec<String>, asked: Vec<String>| {
        if !asked.is_empty() && !has.iter().any(|value| asked.contains(value)) {
            misses.push(Miss { criterion, has, asked, window: None });
        }
    };
    let p = population;
    let a = affiliation;
    ask(Criterion::Profile, vec![a.profile.to_string()], p.profiles.iter().map(ToString::to_string).collect());
    if a.profile == Profile::Guardian && !means_parents(p) {
        let others = Profile::ALL.into_iter().filter(|profile| *profile != Profile::Guardian);
        ask(Criterion::Profile, vec![a.profile.to_string()], others.map(|profile| profile.to_string()).collect());
    }
    let uais = p.establishments.iter().map(ToString::to_string).collect();
    ask(Criterion::Establishment, vec![a.establishment.to_string()], uais);
    ask(Criterion::Level, a.level.iter().chain(&a.mef).cloned().collect(), p.levels.clone());
    ask(Criterion::Class, a.classes.clone(), p.classes.clone());
    ask(Criterion::Group, a.groups.clone(), p.groups.clone());
    ask(Criterion::Subject, a.subjects.clone(), p.subjects.clone());
    ask(Criterion::Function, a.functions.clone(), p.functions.clone());
    let delegated = facts.delegated(a).into_iter().map(str::to_owned).collect();
    ask(Criterion::Delegation, delegated, p.delegations.clone());
    ask(Criterion::Account, vec![facts.person.id.to_string()], p.persons.iter().map(ToString::to_string).collect());
    if let Some(window) = p.during.as_deref()
        && !on_time(population, affiliation, facts)
    {
        misses.push(Miss {
            criterion: Criterion::Time,
            has: facts.clock(a).iter().map(ToString::to_string).collect(),
            asked: vec![crate::said::window_en(window)],
            window: Some(window.clone()),
        });
    }
    misses
}

/// Whether the clock of the affiliation's establishment is within what the population asks.
fn on_time(population: &Population, affiliation: &Affiliation, facts: &Facts) -> bool {
    population.during.as_ref().is_none_or(|window| facts.clock(affiliation).is_some_and(|at| window.holds(at)))
}

/// Whether the affiliation is within the population.
pub fn within(population: &Population, affiliation: &Affiliation, facts: &Facts) -> bool {
    fn one_of<T: PartialEq>(asked: &[T], has: &[T]) -> bool {
        asked.is_empty() || has.iter().any(|value| asked.contains(value))
    }
    let p = population;
    let a = affiliation;
    (a.profile != Profile::Guardian || means_parents(p))
        && one_of(&p.profiles, &[a.profile])
        && one_of(&p.establishments, std::slice::from_ref(&a.establishment))
        && (one_of(&p.levels, a.level.as_slice()) || one_of(&p.levels, a.mef.as_slice()))
        && one_of(&p.classes, &a.classes)
        && one_of(&p.groups, &a.groups)
        && one_of(&p.subjects, &a.subjects)
        && one_of(&p.functions, &a.functions)
        && (p.delegations.is_empty()
            || facts.delegated(a).iter().any(|has| p.delegations.iter().any(|asked| asked == has)))
        && one_of(&p.persons, std::slice::from_ref(&facts.person.id))
        && on_time(p, a, facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Person, Uai};

    #[test]
    fn a_class_means_parents_only_where_they_are_named() {
        let here: Uai = "0990001N".parse().unwrap();
        let of = |profile| Affiliation { classes: vec!["6B".into()], ..Affiliation::new(here.clone(), profile) };
        let person: Person = toml::from_str(
            "id = 'p1'\nstate = 'active'\ngiven_name = 'Ondine'\nfamily_name = 'Clairval'\ncredentials = 'local'",
        )
        .unwrap();
        let facts = Facts::of(&person, None, None, None);
        let class = Population { classes: vec!["6B".into()], ..Population::default() };
        let parents = Population { profiles: vec![Profile::Guardian], ..class.clone() };
        let holds = |population: &Population, profile| within(population, &of(profile), &facts);
        assert!(holds(&class, Profile::Pupil) && holds(&class, Profile::Teacher));
        assert!(!holds(&class, Profile::Guardian) && !misses(&class, &of(Profile::Guardian), &facts).is_empty());
        assert!(holds(&parents, Profile::Guardian) && !holds(&parents, Profile::Pupil));
        assert!(holds(&Population::default(), Profile::Guardian), "control");
    }
}
