//! Populations as they are typed: `profile=National_ENS;subject=L1300,L0202;establishment=0990001N;until=2027-07-05`. What one means
//! is in `preau_domain::Population`; what an instance file writes of it is in `instance`.

use crate::cli::Failure;
use preau_domain::{Day, Population, Role, RoleGrant, Window};
use serde::Deserialize;

/// What may be typed, and the key of the instance file it stands for.
const LISTS: [(&str, &str); 9] = [
    ("profile", "profiles"),
    ("establishment", "establishments"),
    ("level", "levels"),
    ("class", "classes"),
    ("group", "groups"),
    ("subject", "subjects"),
    ("function", "functions"),
    ("delegation", "delegations"),
    ("person", "persons"),
];
const DAYS: [&str; 2] = ["from", "until"];
const HOURS: [&str; 2] = ["days", "hours"];

/// Reads one population. `option` is how it is named in what is wrong.
pub fn parse(option: &str, text: &str) -> Result<Population, Failure> {
    let wrong = |what: String| Failure::new(format!("{option} {text}: {what}"));
    let (mut keys, mut during) = (toml::Table::new(), toml::Table::new());
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or_else(|| wrong(format!("`{part}` is not KEY=VALUE")))?;
        let (key, value) = (key.trim(), value.trim());
        let values = || value.split(',').map(|one| toml::Value::String(one.trim().to_owned())).collect::<Vec<_>>();
        let before = if let Some((_, name)) = LISTS.iter().find(|(word, _)| *word == key) {
            keys.insert((*name).to_owned(), toml::Value::Array(values()))
        } else if DAYS.contains(&key) {
            during.insert(key.to_owned(), toml::Value::String(value.to_owned()))
        } else if HOURS.contains(&key) {
            during.insert(key.to_owned(), toml::Value::Array(values()))
        } else {
            let known = LISTS.iter().map(|(word, _)| *word).chain(DAYS).chain(HOURS).collect::<Vec<_>>().join(", ");
            return Err(wrong(format!("no key `{key}`: there is {known}")));
        };
        if before.is_some() {
            return Err(wrong(format!("`{key}` stands twice: several values with commas")));
        }
    }
    if !during.is_empty() {
        keys.insert("during".to_owned(), toml::Value::Table(during));
    }
    Population::deserialize(keys).map_err(|error| wrong(error.message().to_owned()))
}

/// Reads `ROLE:POPULATION`.
pub fn role(text: &str) -> Result<RoleGrant, Failure> {
    let known = || Role::ALL.map(Role::as_str).join(", ");
    let wrong = || Failure::new(format!("--role {text}: ROLE:POPULATION, where ROLE is one of {}", known()));
    let (role, population) = text.split_once(':').ok_or_else(wrong)?;
    let role = Role::ALL.into_iter().find(|one| one.as_str() == role).ok_or_else(wrong)?;
    Ok(RoleGrant { role, to: vec![parse("--role", population)?] })
}

/// The same population within these days, as far as it does not say others.
pub fn within(population: &Population, from: Option<Day>, until: Option<Day>) -> Population {
    let mut window = population.during.as_deref().cloned().unwrap_or_default();
    window.from = window.from.max(from);
    window.until = [window.until, until].into_iter().flatten().min();
    let during = (window != Window::default()).then(|| Box::new(window));
    Population { during, ..population.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_population_is_typed_on_one_line() {
        let typed = "profile=National_ENS, National_DOC;subject=L1300;establishment=0990001N;level=6EME;group=6 LATIN;until=2027-07-05;\
                     days=monday,friday;hours=08:00-12:00";
        let meant: Population = toml::from_str(
            r#"
            profiles = ["National_ENS", "National_DOC"]
            subjects = ["L1300"]
            establishments = ["0990001N"]
            levels = ["6EME"]
            groups = ["6 LATIN"]
            during = { until = "2027-07-05", days = ["monday", "friday"], hours = ["08:00-12:00"] }
            "#,
        )
        .unwrap();
        assert_eq!(parse("--who", typed).unwrap(), meant);
        let said = |text: &str| match parse("--who", text) {
            Err(Failure::Failed(why)) => why,
            other => panic!("{text}: {other:?}"),
        };
        assert!(said("profil=National_ENS").contains("no key `profil`: there is profile, establishment"));
        assert!(said("level=6EME;level=5EME").ends_with("`level` stands twice: several values with commas"));
        assert!(said("establishment=0990001A").contains("key letter"));
        assert!(said("until=soon").contains("2026-09-01"));
        assert!(said("National_ENS").ends_with("`National_ENS` is not KEY=VALUE"));
        assert_eq!(role("moderateur:profile=National_DOC").unwrap().role, Role::Moderateur);
        assert!(role("empereur:").is_err() && role("moderateur").is_err());
    }

    #[test]
    fn days_narrow_and_never_widen() {
        let day = |text: &str| Some(text.parse::<Day>().unwrap());
        let own = parse("--who", "from=2026-09-01;until=2027-07-05").unwrap();
        let wider = within(&own, day("2026-08-01"), day("2027-08-01"));
        assert_eq!(wider, own);
        let narrower = within(&own, day("2026-10-01"), day("2027-06-01"));
        assert_eq!(narrower.during.unwrap().to_string(), "2026-10-01/2027-06-01");
        assert_eq!(within(&Population::default(), None, None), Population::default());
    }
}
