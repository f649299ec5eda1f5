//! What an academy's guichet says of an agent besides who they are: posts (`FrEduRne`, `FrEduRneResp`) and what the head of an
//! establishment handed to them for a while (`FrEduResDel`). Pure. Posts give no right: those come from the annuaire.

use preau_domain::{Delegation, Instant, Uai};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most values of one attribute that are looked at, and most establishments or delegations that are kept.
const MOST: usize = 32;
/// Longest value.
const LONGEST: usize = 1024;

/// Where a provider tells them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentClaims {
    /// Attributes or claims that name the establishments of an agent, `FrEduRneResp` and `FrEduRne`: of those that the annuaire
    /// gives them, the session begins in the first one named here.
    #[serde(default)]
    pub posts: Vec<String>,
    /// The attribute or claim that tells delegations, `FrEduResDel`. Without it they count for nothing.
    #[serde(default)]
    pub delegations: Option<String>,
}

/// What a provider said of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Establishments, in the order they were named, each once.
    pub posts: Vec<Uai>,
    /// Delegations, whether they hold now or not.
    pub delegations: Vec<Delegation>,
}

impl AgentClaims {
    /// What is wrong with them: the key, and a sentence.
    pub(crate) fn problems(&self) -> Vec<(String, &'static str)> {
        let named = |name: &String| !name.is_empty() && name.len() <= 128;
        let mut problems = Vec::new();
        if self.posts.len() > 4 || !self.posts.iter().all(named) {
            problems.push(("agents.posts".to_owned(), "is a list of at most 4 attributes"));
        }
        if !self.delegations.iter().all(named) {
            problems.push(("agents.delegations".to_owned(), "names an attribute"));
        }
        problems
    }

    /// Every name they are told under.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.posts.iter().chain(&self.delegations)
    }

    /// What is said of an agent; `said` gives the values of a name. A value that is not of the known form says nothing.
    pub fn read<'a, I>(&self, said: impl Fn(&str) -> I) -> Agent
    where
        I: IntoIterator<Item = &'a str>,
    {
        let mut agent = Agent::default();
        let values = |name: &str| said(name).into_iter().take(MOST).filter(|value| value.len() <= LONGEST);
        for uai in self.posts.iter().flat_map(|name| values(name)).filter_map(post) {
            if agent.posts.len() < MOST && !agent.posts.contains(&uai) {
                agent.posts.push(uai);
            }
        }
        for one in self.delegations.iter().flat_map(|name| values(name)).flat_map(delegations) {
            if agent.delegations.len() < MOST && !agent.delegations.contains(&one) {
                agent.delegations.push(one);
            }
        }
        agent
    }
}

/// The establishment of a post (eight fields) or a responsibility (seven): the first field of either.
fn post(value: &str) -> Option<Uai> {
    let mut fields = value.split('$');
    let uai = fields.next()?.parse().ok()?;
    matches!(fields.count(), 6 | 7).then_some(uai)
}

/// Name, address, first day, last day, who wrote it, responsibilities, server and module, between vertical bars; some write one
/// more bar at the end. One delegation for each establishment of the responsibilities.
fn delegations(value: &str) -> Vec<Delegation> {
    let fields: Vec<&str> = value.split('|').collect();
    let (name, from, until, places) = match fields.as_slice() {
        [name, _, from, until, _, places, _, _] | [name, _, from, until, _, places, _, _, ""] => {
            (name, from, until, places)
        }
        _ => return Vec::new(),
    };
    let (Some((from, _)), Some((_, until)), Some(places)) =
        (day(from), day(until), places.strip_prefix("FrEduRneResp="))
    else {
        return Vec::new();
    };
    if !Delegation::is_name(name) || from >= until {
        return Vec::new();
    }
    let one = |establishment| Delegation { name: (*name).to_owned(), establishment, from, until };
    places.split(';').take(MOST).filter_map(post).map(one).collect()
}

/// Beginning and end of a day, written `31/12/2026`.
fn day(written: &str) -> Option<(Instant, Instant)> {
    let (day, rest) = written.split_once('/')?;
    let (month, year) = rest.split_once('/')?;
    let number = |text: &str, digits| {
        let digits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (day, month) = (u8::try_from(number(day, 2)?).ok()?, u8::try_from(number(month, 2)?).ok()?);
    Instant::french_day(number(year, 4)?, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LYCEE: &str = "0990002P$UAJ$PU$N$T3$LYC$300";

    fn read(values: &[&str]) -> Vec<(String, String, String, String)> {
        let claims = AgentClaims { delegations: Some("FrEduResDel".to_owned()), ..AgentClaims::default() };
        let read = claims.read(|name| if name == "FrEduResDel" { values.to_vec() } else { Vec::new() });
        let shown =
            |one: Delegation| (one.name, one.establishment.to_string(), one.from.rfc3339(), one.until.rfc3339());
        read.delegations.into_iter().map(shown).collect()
    }

    fn written(name: &str, from: &str, until: &str, places: &str) -> String {
        format!("{name}|/redirectionhub/redirect.jsp?applicationname={name}|{from}|{until}|hlambert|{places}|proxy|")
    }

    #[test]
    fn a_delegation_holds_on_its_first_day_and_on_its_last() {
        let summer = written(
            "stages",
            "01/07/2026",
            "31/12/2026",
            &format!("FrEduRneResp={LYCEE};0990001N$UAJ$PU$N$T3$CLG$340"),
        );
        let read = read(&[&summer, &format!("{summer}|"), "X", ""]);
        assert_eq!(read.len(), 2, "one for each establishment, each once: {read:?}");
        let (name, place, from, until) = &read[0];
        assert_eq!((name.as_str(), place.as_str()), ("stages", "0990002P"));
        assert_eq!((from.as_str(), until.as_str()), ("2026-06-30T22:00:00.000Z", "2026-12-31T23:00:00.000Z"));
        let one = Delegation {
            name: String::new(),
            establishment: "0990002P".parse().unwrap(),
            from: Instant(10),
            until: Instant(20),
        };
        assert_eq!([9, 10, 19, 20].map(|now| one.holds(Instant(now))), [false, true, true, false]);
    }

    #[test]
    fn what_is_not_of_the_known_form_delegates_nothing() {
        let places = format!("FrEduRneResp={LYCEE}");
        let fits = |name: &str, from: &str, until: &str, places: &str| {
            !read(&[&written(name, from, until, places)]).is_empty()
        };
        assert!(
            fits("stages", "01/09/2026", "01/09/2026", &places) && fits("stages", "01/09/2026", "31/12/9999", &places)
        );
        for (name, from, until, places) in [
            ("", "01/09/2026", "31/12/2026", places.as_str()),
            ("a b", "01/09/2026", "31/12/2026", &places),
            ("stages", "02/09/2026", "01/09/2026", &places),
            ("stages", "", "31/12/2026", &places),
            ("stages", "01/09/2026", "", &places),
            ("stages", "1/9/2026", "31/12/2026", &places),
            ("stages", "01/09/2026", "31/02/2027", &places),
            ("stages", "01/09/2026", "2026-12-31", &places),
            ("stages", "01/09/2026", "+1/12/2026", &places),
            ("stages", "01/09/2026", "31/12/2026", LYCEE),
            ("stages", "01/09/2026", "31/12/2026", "FrEduRneResp=X"),
            ("stages", "01/09/2026", "31/12/2026", "FrEduRneResp=0990002Z$UAJ$PU$N$T3$LYC$300"),
            ("stages", "01/09/2026", "31/12/2026", "FrEduRneResp=0990002P"),
            ("stages|x", "01/09/2026", "31/12/2026", &places),
            (&"x".repeat(65), "01/09/2026", "31/12/2026", &places),
        ] {
            assert!(!fits(name, from, until, places), "{name} {from} {until} {places}");
        }
        let long = written("stages", "01/09/2026", "31/12/2026", &format!("{places}{}", ";x".repeat(600)));
        assert_eq!(read(&[&long]), []);
        let crowd: Vec<String> =
            (0..99).map(|n| written(&format!("s{n}"), "01/09/2026", "31/12/2026", &places)).collect();
        assert_eq!(read(&crowd.iter().map(String::as_str).collect::<Vec<_>>()).len(), MOST);
    }

    #[test]
    fn posts_name_establishments_in_their_order() {
        let claims = AgentClaims { posts: vec!["FrEduRneResp".to_owned(), "FrEduRne".to_owned()], delegations: None };
        let read = claims.read(|name| match name {
            "FrEduRneResp" => vec!["X", LYCEE],
            "FrEduRne" => {
                vec!["0990001N$UAJ$PU$ENS$0990001N$T3$CLG$340", "0990002P$UAJ$PU$ENS$0990002P$T3$LYC$300", "0990001N"]
            }
            _ => vec!["0990003W$UAJ$PU$N$T3$LYC$300"],
        });
        assert_eq!(read.posts.iter().map(ToString::to_string).collect::<Vec<_>>(), ["0990002P", "0990001N"]);
        assert!(read.delegations.is_empty(), "nobody said where they are told");
    }
}
