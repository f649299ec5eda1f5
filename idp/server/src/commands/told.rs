//! What is said of a service before anybody opens it: who it is for, what leaves by its rules, and what would leave for people who do
//! not exist, by the very rules of the door.

use crate::SystemClock;
use crate::cli::Failure;
use crate::output::say;
use preau_connector_api::MountedService;
use preau_domain::{Audience, Clock, Identifier, Population, ReleaseRule};
use preau_policy::{Decision, access, identifier_words, release, sent, window_en};
use preau_web::ServiceTable;
use preau_web::bench::CAST;

/// Shown in the place of an identifier that rests on the keys of the house.
const OPAQUE: &str = "opaque0identifier0of0this0service";

/// What a service speaks: `signed-link` when its link carries a context, `link` when it is a plain link.
pub fn spoken(cas: bool, oidc: bool, saml: bool, signed_link: bool) -> Vec<&'static str> {
    let all = [("cas", cas), ("oidc", oidc), ("saml", saml), ("signed-link", signed_link)];
    let all: Vec<&str> = all.into_iter().filter(|(_, speaks)| *speaks).map(|(word, _)| word).collect();
    if all.is_empty() { vec!["link"] } else { all }
}

/// What leaves, in words, as pairs of a name and what it holds: the user first. A plain link sends nothing.
pub fn sheet(identifier: Identifier, rules: &[ReleaseRule], speaks: bool) -> Vec<(String, String)> {
    if !speaks {
        return Vec::new();
    }
    let user = ("(user)".to_owned(), identifier_words(identifier).en.to_owned());
    std::iter::once(user).chain(sent(rules).iter().map(|one| (one.name.to_owned(), one.en()))).collect()
}

/// Who may open something, in words.
pub fn audience(audience: &Audience) -> String {
    let one = |population: &Population| {
        let Population { profiles, establishments, .. } = population;
        let Population { classes, groups, subjects, functions, delegations, levels, persons, during, .. } = population;
        let mut words = match profiles.as_slice() {
            [] if persons.is_empty() => "everyone, guests excepted".to_owned(),
            [] => persons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let places: Vec<&str> = establishments.iter().map(|place| place.as_str()).collect();
        let more = [classes, groups, subjects, functions, delegations, levels].into_iter().flatten();
        let more: Vec<&str> = places.into_iter().chain(more.map(String::as_str)).collect();
        if !more.is_empty() {
            words.push_str(&format!(" in {}", more.join(", ")));
        }
        if let Some(window) = during {
            words.push_str(&format!(" {}", window_en(window)));
        }
        words
    };
    if audience.allow.is_empty() {
        return "nobody".to_owned();
    }
    let allowed: Vec<String> = audience.allow.iter().map(one).collect();
    let except: Vec<String> = audience.except.iter().map(one).collect();
    let but = if except.is_empty() { String::new() } else { format!("; except {}", except.join("; ")) };
    let two: Vec<String> = audience.two_factors.iter().map(one).collect();
    let after = if two.is_empty() { String::new() } else { format!("; after two factors {}", two.join("; ")) };
    format!("{}{but}{after}", allowed.join("; "))
}

/// Says what leaves by the rules of a service.
pub fn rules(service: &MountedService) -> Result<(), Failure> {
    let rows = sheet(service.identifier, &service.release, service.speaks());
    let rows: Vec<_> = rows.into_iter().filter(|(name, _)| name == "(user)" || service.sends(name)).collect();
    if rows.is_empty() {
        return say!("  nothing: it is a plain link");
    }
    let widest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, what) in rows {
        say!("  {name:<widest$}  {what}")?;
    }
    if let Some(oidc) = &service.oidc {
        if oidc.lti.is_none() {
            say!("  as far as it asks, among the scopes openid {}", oidc.scopes.join(" "))?;
        }
        if service.tells_roster() {
            say!("  names and roles: {}", preau_policy::ROSTER.en)?;
        }
        if service.keeps_grades() {
            say!("  grades: {}", preau_policy::GRADES.en)?;
        }
        if service.tells_home() {
            say!("  scope home: {}", preau_policy::HOME.en)?;
        }
    }
    Ok(())
}

/// What leaves for people who do not exist.
pub fn people(service: &MountedService, table: &ServiceTable) -> Result<(), Failure> {
    let now = SystemClock::new().now();
    for person in CAST {
        let (_, facts) = person.before(service);
        let facts = facts.at(now);
        match access(&facts, &table.rules, &service.service.id) {
            Decision::StepUp(refusal) | Decision::Deny(refusal) => {
                say!("  {:<17} refused: {}", person.word, refusal.reason.key())?
            }
            Decision::Allow { .. } => {
                let told = release(&facts, service.identifier, &service.release, &service.audience.roles, || {
                    OPAQUE.to_owned()
                });
                let told = match told {
                    Ok(told) => told,
                    Err(why) => {
                        say!("  {:<17} nothing: {why}", person.word)?;
                        continue;
                    }
                };
                let leaves = told.attributes().filter(|(name, _)| service.sends(name));
                let shown: Vec<String> = leaves
                    .map(|(name, values)| format!("{name} = {}", values.collect::<Vec<_>>().join(" | ")))
                    .collect();
                let shown =
                    if shown.is_empty() { "its identifier and nothing else".to_owned() } else { shown.join("; ") };
                say!("  {:<17} {shown}", person.word)?;
            }
        }
    }
    Ok(())
}
