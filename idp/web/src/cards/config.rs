//! Where and when cards of classes open.

use crate::visitor::Network;
use preau_connector_api::Problem;
use preau_domain::{Hours, Seconds, Uai, Weekday, Window};
use schemars::JsonSchema;
use serde::de::value::{Error, StrDeserializer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Section `[web.class_cards]`: cards by which young pupils sign in, in a lesson that their teacher opens. They open on the networks of a
/// school or in hours of class, and nowhere while neither is said.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassCardsConfig {
    /// Minutes a lesson lasts unless its teacher ends it before.
    pub minutes: u32,
    /// Days of class of every establishment: `monday` and so on; all of them where hours are said and no days.
    #[schemars(example = &["monday", "tuesday", "thursday", "friday"])]
    pub days: Vec<String>,
    /// Hours of class of every establishment, by its own clock.
    #[schemars(example = &["08:30-11:45", "13:30-16:30"])]
    pub hours: Vec<String>,
    /// The number of an establishment to what is so there.
    pub establishments: BTreeMap<String, ClassCardsAt>,
}

/// What is so in one establishment.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassCardsAt {
    /// Networks of the school, as we see them: there cards open in a lesson whatever the hour.
    #[schemars(example = &["192.0.2.0/24"])]
    pub networks: Vec<String>,
    /// Its days of class, instead of those of every establishment.
    pub days: Vec<String>,
    /// Its hours of class, instead of those of every establishment.
    pub hours: Vec<String>,
}

impl Default for ClassCardsConfig {
    fn default() -> Self {
        ClassCardsConfig { minutes: 55, days: Vec::new(), hours: Vec::new(), establishments: BTreeMap::new() }
    }
}

/// Where and when cards open in one establishment: one of the two is there.
pub(crate) struct Here {
    /// Networks of the school.
    pub networks: Vec<Network>,
    /// Hours of class.
    pub hours: Option<Window>,
}

impl ClassCardsConfig {
    /// Whether there is an establishment where they open.
    pub(crate) fn anywhere(&self) -> bool {
        let said = |at: &ClassCardsAt| !at.networks.is_empty() || !at.hours.is_empty();
        !self.hours.is_empty() || self.establishments.values().any(said)
    }

    /// Where and when they open in that establishment.
    pub(crate) fn at(&self, uai: &Uai) -> Option<Here> {
        let own = self.establishments.get(uai.as_str());
        let (days, hours) = match own {
            Some(own) if !own.hours.is_empty() => (&own.days, &own.hours),
            Some(own) if !own.days.is_empty() => (&own.days, &self.hours),
            _ => (&self.days, &self.hours),
        };
        let networks = own.into_iter().flat_map(|own| &own.networks).filter_map(|text| Network::parse(text)).collect();
        let here = Here { networks, hours: window(days, hours).ok().flatten() };
        (!here.networks.is_empty() || here.hours.is_some()).then_some(here)
    }

    /// How long a lesson lasts.
    pub(crate) fn lasts(&self) -> Seconds {
        Seconds(i64::from(self.minutes) * 60)
    }

    /// Everything that is wrong.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(5..=240).contains(&self.minutes) {
            problems.push(Problem::new("web.class_cards.minutes", "must lie between 5 and 240 minutes"));
        }
        if let Err(what) = window(&self.days, &self.hours) {
            problems.push(Problem::new("web.class_cards", what));
        }
        for (uai, at) in &self.establishments {
            let here = format!("web.class_cards.establishments.{uai}");
            // It is looked up as it is written: another spelling would say nothing of anybody.
            if uai.parse::<Uai>().map_or(true, |number| number.as_str() != uai) {
                problems.push(Problem::new(here.clone(), "is no number of an establishment, such as 0990001N"));
            }
            if at.networks.iter().any(|text| Network::parse(text).is_none()) {
                problems.push(Problem::new(here.clone(), "names something that is no network such as 192.0.2.0/24"));
            }
            let hours = if at.hours.is_empty() { &self.hours } else { &at.hours };
            if let Err(what) = window(&at.days, hours) {
                problems.push(Problem::new(here, what));
            }
        }
        problems
    }
}

/// Hours of class as a window; none where no hours are said.
fn window(days: &[String], hours: &[String]) -> Result<Option<Window>, &'static str> {
    let day = |text: &String| Weekday::deserialize(StrDeserializer::<Error>::new(text));
    let days: Vec<Weekday> = days.iter().map(day).collect::<Result<_, _>>().map_err(|_| "days are monday, tuesday…")?;
    let hours: Vec<Hours> = hours.iter().map(|text| text.parse::<Hours>()).collect::<Result<_, _>>()?;
    if hours.is_empty() {
        return if days.is_empty() { Ok(None) } else { Err("says days of class, and no hours") };
    }
    let window = Window { days, hours, ..Window::default() };
    window.fault().map_or(Ok(Some(window)), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ClassCardsConfig {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn cards_open_where_a_network_or_hours_are_said_and_nowhere_else() {
        let (one, two): (Uai, Uai) = ("0990001N".parse().unwrap(), "0990002P".parse().unwrap());
        let nowhere = read("{}");
        assert!(!nowhere.anywhere() && nowhere.at(&one).is_none() && nowhere.problems().is_empty());
        let there = read(r#"{ "establishments": { "0990001N": { "networks": ["192.0.2.0/24"] } } }"#);
        assert!(there.anywhere() && there.at(&one).is_some() && there.at(&two).is_none());
        let hours = read(
            r#"{ "hours": ["08:30-11:45"], "establishments": { "0990001N": { "days": ["friday"] },
                "0990002P": { "hours": ["09:00-12:00"] } } }"#,
        );
        assert!(hours.problems().is_empty());
        let shown = |uai: &Uai| hours.at(uai).unwrap().hours.unwrap().to_string();
        assert_eq!((shown(&one).as_str(), shown(&two).as_str()), ("friday 08:30-11:45", "09:00-12:00"));
    }

    #[test]
    fn what_nobody_would_mean_is_said() {
        for (text, at) in [
            (r#"{ "minutes": 600 }"#, "web.class_cards.minutes"),
            (r#"{ "days": ["monday"] }"#, "web.class_cards"),
            (r#"{ "hours": ["8h30-11h45"] }"#, "web.class_cards"),
            (r#"{ "hours": ["08:30-11:45"], "days": ["lundi"] }"#, "web.class_cards"),
            (
                r#"{ "establishments": { "0990001A": { "networks": ["192.0.2.0/24"] } } }"#,
                "web.class_cards.establishments.0990001A",
            ),
            (
                r#"{ "establishments": { "0990001n": { "networks": ["192.0.2.0/24"] } } }"#,
                "web.class_cards.establishments.0990001n",
            ),
            (
                r#"{ "establishments": { "0990001N": { "networks": ["the school"] } } }"#,
                "web.class_cards.establishments.0990001N",
            ),
        ] {
            let problems = read(text).problems();
            assert_eq!(problems.iter().map(|one| one.at.as_str()).collect::<Vec<_>>(), [at], "{text}");
        }
    }
}
