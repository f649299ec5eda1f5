//! What the configuration says of every provider where people sign in, whatever it speaks.

use crate::matching::check_rules;
use crate::{AgentClaims, MatchRule, Names, Network};
use schemars::JsonSchema;
use serde::Deserialize;

/// What people call a provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl From<Title> for Names {
    fn from(Title { fr, en }: Title) -> Names {
        Names { fr, en }
    }
}

/// Where an address lives.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// Public addresses only.
    #[default]
    Public,
    /// Private and loopback addresses too.
    Private,
}

impl From<Where> for Network {
    fn from(place: Where) -> Network {
        match place {
            Where::Public => Network::Public,
            Where::Private => Network::Private,
        }
    }
}

/// Seconds the clock of a provider may differ from ours, where nothing is said.
pub fn skew_seconds() -> u32 {
    60
}

/// What is wrong with what every provider has: the key, and a sentence.
pub fn check_provider(
    title: &Title,
    skew_seconds: u32,
    rules: &[MatchRule],
    agents: &AgentClaims,
) -> Vec<(String, &'static str)> {
    let mut problems = Vec::new();
    for (language, text) in [("fr", &title.fr), ("en", &title.en)] {
        if text.trim().is_empty() || text.chars().count() > 80 {
            problems.push((format!("title.{language}"), "has 1 to 80 characters"));
        }
    }
    if skew_seconds > 300 {
        problems.push(("skew_seconds".to_owned(), "must lie between 0 and 300"));
    }
    problems.extend(check_rules(rules));
    problems.extend(agents.problems());
    problems
}
