//! `preau policy diff`: who would gain and who would lose a service, before the file that says so is saved. Each person of the house is
//! asked about once, by the rules in force and by those to come; nothing is written.

use crate::cli::{DiffArgs, Failure};
use crate::commands::instance;
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly};
use indicatif::{ProgressBar, ProgressStyle};
use preau_connector_api::{MountedService, Problem};
use preau_domain::{Clock, Levels, PersonId, Profile, ServiceId};
use preau_policy::{AccessRules, Facts, Gains, Moved};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;

/// People read at once.
const PAGE: u32 = 500;
/// Establishments named for one service before the rest is a number.
const SHOWN: usize = 20;

/// Says who would gain and who would lose.
pub async fn diff(loaded: &Loaded, args: &DiffArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    let before = assembly::services(loaded).map_err(Failure::Config)?;
    let mut after = before.clone();
    for file in &args.files {
        let id = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let at =
            |error: std::io::Error| Failure::Config(vec![Problem::new(file.display().to_string(), error.to_string())]);
        let text = std::fs::read_to_string(file).map_err(at)?;
        after.retain(|service| service.service.id.as_str() != id);
        after.push(instance::mounted(loaded, file, &id, &text)?);
    }
    for gone in &args.without {
        let known = after.len();
        after.retain(|service| service.service.id.as_str() != gone);
        if after.len() == known {
            return Err(Failure::new(format!("--without {gone}: no such service is mounted")));
        }
    }
    let (now, then) = (levels(assembly::levels(loaded))?, args.levels.as_ref());
    let then = match then {
        Some(folder) => levels(assembly::levels_of(folder))?,
        None => Arc::clone(&now),
    };
    let gains = count(loaded, (&before, now), (&after, then)).await?;
    let titles: BTreeMap<&ServiceId, &str> =
        before.iter().chain(&after).map(|service| (&service.service.id, service.title.fr.as_str())).collect();
    if args.json {
        let row = |moved: Moved| json!({ "gain": moved.gain, "lose": moved.lose });
        let totals = gains.totals().map(|(id, profile, moved)| {
            let mut one = row(moved);
            one["service"] = json!(id);
            one["profile"] = json!(profile);
            one
        });
        let places = gains.places().map(|(id, place, profile, moved)| {
            let mut one = row(moved);
            one["service"] = json!(id);
            one["establishment"] = json!(place);
            one["profile"] = json!(profile);
            one
        });
        let (totals, places): (Vec<_>, Vec<_>) = (totals.collect(), places.collect());
        return say!(
            "{:#}",
            json!({ "people": gains.people(), "totals": totals, "establishments": places, "left_out": gains.left_out() })
        );
    }
    said(&gains, &titles)
}

/// The same for a service that is about to be mounted, beside those that are.
pub async fn newcomer(loaded: &Loaded, service: &MountedService) -> Result<(), Failure> {
    // Looking makes no database.
    if assembly::database_file(loaded).is_some_and(|file| !file.exists()) {
        return say!("  nobody: there is no database yet");
    }
    let levels = levels(assembly::levels(loaded))?;
    let gains = count(loaded, (&[], Arc::clone(&levels)), (std::slice::from_ref(service), levels)).await?;
    said(&gains, &BTreeMap::from([(&service.service.id, service.title.fr.as_str())]))
}

/// The levels of a folder, when nothing is wrong with them.
fn levels((levels, problems): (Arc<Levels>, Vec<Problem>)) -> Result<Arc<Levels>, Failure> {
    if problems.is_empty() { Ok(levels) } else { Err(Failure::Config(problems)) }
}

/// Asks about every person, by both sets of rules, each below its levels, page by page.
async fn count(
    loaded: &Loaded,
    (before, levels_before): (&[MountedService], Arc<Levels>),
    (after, levels_after): (&[MountedService], Arc<Levels>),
) -> Result<Gains, Failure> {
    let audience = |services: &[MountedService]| -> BTreeMap<ServiceId, preau_domain::Audience> {
        services.iter().map(|service| (service.service.id.clone(), service.audience.clone())).collect()
    };
    let (had, has) = (audience(before), audience(after));
    // Other levels may say something of any service.
    let others = levels_before != levels_after;
    let mut changed: Vec<ServiceId> =
        had.keys().chain(has.keys()).filter(|id| others || had.get(*id) != has.get(*id)).cloned().collect();
    changed.sort_unstable();
    changed.dedup();
    let compiled = |all: &BTreeMap<ServiceId, preau_domain::Audience>, levels: Arc<Levels>| {
        let those = changed.iter().filter_map(|id| all.get(id).map(|audience| (id, audience)));
        let rules = AccessRules::compile(those).map_err(|problems| Failure::new(problems.join("\n")))?;
        Ok::<_, Failure>(rules.under(levels))
    };
    let (before, after) = (compiled(&had, levels_before)?, compiled(&has, levels_after)?);
    let mut gains = Gains::of(changed.clone());
    if changed.is_empty() {
        return Ok(gains);
    }
    let store = assembly::store(loaded, None).await?;
    let total = store.people_count().await?;
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(total) } else { ProgressBar::hidden() };
    let style = "{msg} {bar:30} {percent} % of {human_len}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message("asking about people");
    let now = SystemClock::new().now();
    let mut last: Option<PersonId> = None;
    loop {
        let people = store.people_after(last.as_ref(), PAGE).await?;
        let Some(end) = people.last() else { break };
        last = Some(end.id.clone());
        for person in people {
            let person = preau_web::acting::at_first(&*store, person).await?;
            gains.see(&Facts::of(&person, None, None, None).at(now), &before, &after);
        }
        bar.set_position(gains.people());
    }
    bar.finish_and_clear();
    Ok(gains)
}

fn said(gains: &Gains, titles: &BTreeMap<&ServiceId, &str>) -> Result<(), Failure> {
    let people = gains.people();
    let mut nobody = true;
    for (id, profile, moved) in gains.totals() {
        let title = titles.get(id).copied().unwrap_or(id.as_str());
        for (count, word) in [(moved.gain, "gain"), (moved.lose, "lose")].into_iter().filter(|(count, _)| *count > 0) {
            nobody = false;
            say!("  {count} {} would {word} {title}", plural(profile, count))?;
        }
    }
    if nobody {
        say!("  nobody would gain or lose a service, of {people} people")?;
    }
    for (shown, (id, place, profile, moved)) in gains.places().enumerate() {
        if shown == SHOWN {
            return say!("    … and other establishments: --json tells all of them");
        }
        let who = plural(profile, moved.gain.max(moved.lose));
        say!("    {place}  {id}  {who}: {} would gain, {} would lose", moved.gain, moved.lose)?;
    }
    Ok(())
}

fn plural(profile: Profile, count: u64) -> &'static str {
    let (one, many) = match profile {
        Profile::Pupil => ("pupil", "pupils"),
        Profile::Guardian => ("guardian", "guardians"),
        Profile::Teacher => ("teacher", "teachers"),
        Profile::Head => ("head", "heads"),
        Profile::SchoolLife => ("member of the vie scolaire", "members of the vie scolaire"),
        Profile::SchoolStaff => ("member of the staff", "members of the staff"),
        Profile::Academy => ("person of the academy", "people of the academy"),
        Profile::Librarian => ("librarian", "librarians"),
        Profile::LocalAuthority => ("person of the local authority", "people of the local authority"),
        Profile::Guest => ("guest", "guests"),
    };
    if count == 1 { one } else { many }
}
