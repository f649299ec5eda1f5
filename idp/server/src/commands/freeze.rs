//! `preau account freeze` and `thaw`: what is done on the day when many passwords are in wrong hands.
//!
//! A frozen account is one stopped by hand, for a reason that begins with the name of the freeze: nobody comes in with it, whatever its
//! source says, until it is thawed. Everybody is stopped before anything is ended, and everything is looked at again at the end: what is
//! reported is what was found then, not what was asked for.

use super::population;
use crate::cli::{Failure, FreezeArgs, ThawArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{Bounded, Clock, Ids, Person, PersonId, Population, ServiceId, Visit, bounded};
use preau_keys::{Passwords, SystemIds};
use preau_policy::Facts;
use preau_store::{Store, StoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Accounts read at once.
const PART: u32 = 500;
/// Visits asked about at once.
const VISITS: usize = 500;
/// How long a running server may believe a session that has ended.
const BELIEVED: Duration = Duration::from_secs(4);
/// How often somebody looks whether services have heard.
const LOOK: Duration = Duration::from_secs(1);

/// What was found at the end.
#[derive(Debug, Default, Serialize)]
struct Report {
    name: String,
    /// Accounts of the population.
    people: usize,
    /// Those that were stopped for another reason before, and stay so.
    stopped_before: usize,
    /// Passwords kept here that open nothing any more.
    passwords: usize,
    /// Passkeys, applications and codes that were forgotten.
    factors: u64,
    /// Sessions that were ended.
    sessions: usize,
    /// Accounts that may still sign in, or have a session: none when it is done.
    open: usize,
    /// Services that were reached in those sessions.
    services: BTreeSet<ServiceId>,
    /// Services that are still being told.
    waiting: BTreeSet<ServiceId>,
    /// Services that said no.
    refused: BTreeSet<ServiceId>,
    /// Accounts by establishment and class: whom to let in again, one class after the other.
    classes: BTreeMap<String, usize>,
    done: bool,
}

/// Freezes a population.
pub async fn freeze(loaded: &Loaded, args: &FreezeArgs) -> Result<(), Failure> {
    let populations = populations(&args.population)?;
    let reason = reason(&args.name, &args.why)?;
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let people = of(&*store, &populations).await?;
    if people.is_empty() {
        return Err(Failure::new("nobody is in this population"));
    }
    let mut report = Report { name: args.name.clone(), people: people.len(), ..Report::default() };
    for person in &people {
        for place in classes(person) {
            *report.classes.entry(place).or_default() += 1;
        }
    }
    if args.dry_run {
        return told(&report, args.json, "would be frozen: nothing was changed");
    }
    let what = format!("freeze {}: {} accounts, {}", args.name, people.len(), args.why.trim());
    commands::journal(&*store, None, None, &what).await?;
    stop(&*store, &people, &reason, &mut report).await?;
    let unusable = Passwords::new(1, 1).hash(&SystemIds.text(40)).await.map_err(Failure::new)?;
    let mut visits = Vec::new();
    for person in &people {
        visits.extend(end(&*store, &person.id, &mut report).await?);
        match store.set_password_hash(&person.id, &unusable).await {
            Ok(()) => report.passwords += 1,
            // It is kept by the directory they come from, which changes it.
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
        store.revoke_tokens_of(&person.id).await?;
        // A code on paper that was handed out before is in wrong hands as well as a password.
        store.take_activation_back(&person.id).await?;
        if !args.keep_factors {
            report.factors += store.forget_factors(&person.id).await?;
        }
    }
    report.services = visits.iter().map(|visit| visit.service.clone()).collect();
    prove(&*store, &people, &mut visits, Duration::from_secs(args.wait), &mut report).await?;
    let words = if report.done { "done" } else { "not done" };
    commands::journal(&*store, None, None, &format!("freeze {}: {words}, {} sessions", args.name, report.sessions))
        .await?;
    told(&report, args.json, if report.done { "frozen" } else { "NOT DONE: run it again" })?;
    if report.done { Ok(()) } else { Err(Failure::new("the freeze is not done: see the report")) }
}

/// Stops everybody, before anything else: from then on nobody comes in anew.
async fn stop(store: &dyn Store, people: &[Person], reason: &str, report: &mut Report) -> Result<(), Failure> {
    for person in people {
        let before = store.why_stopped(&person.id).await?;
        if before.as_deref().is_some_and(|before| before != reason) {
            report.stopped_before += 1;
            continue;
        }
        commands::journal(store, Some(&person.id), None, reason).await?;
        match store.stop_person(&person.id, reason).await {
            // Purged this instant, or part of another account, which is in the population itself.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// Ends the sessions of one, whose services are told by a running server.
async fn end(store: &dyn Store, person: &PersonId, report: &mut Report) -> Result<Vec<Visit>, Failure> {
    let now = SystemClock::new().now();
    report.sessions += store.sessions_of(person, now).await?.len();
    Ok(store.end_sessions_of(person, now).await?)
}

/// Looks at everything again until nothing is open and every service has heard, or there is no time left.
async fn prove(
    store: &dyn Store,
    people: &[Person],
    visits: &mut Vec<Visit>,
    wait: Duration,
    report: &mut Report,
) -> Result<(), Failure> {
    // Who signed in at the very moment has a session that a running server may have begun since.
    tokio::time::sleep(BELIEVED.min(wait)).await;
    let until = std::time::Instant::now() + wait;
    loop {
        report.open = 0;
        for person in people {
            visits.extend(end(store, &person.id, report).await?);
            let there = store.person(&person.id).await?.is_some_and(|person| person.state.may_sign_in());
            let signed_in = !store.sessions_of(&person.id, SystemClock::new().now()).await?.is_empty();
            report.open += usize::from(there || signed_in);
        }
        (report.waiting, report.refused) = (BTreeSet::new(), BTreeSet::new());
        for part in visits.chunks(VISITS) {
            let heard = store.yet_to_hear(part).await?;
            report.waiting.extend(heard.waiting);
            report.refused.extend(heard.refused);
        }
        report.done = report.open == 0 && report.waiting.is_empty();
        if report.done || std::time::Instant::now() >= until {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Lets people of a frozen population in again.
pub async fn thaw(loaded: &Loaded, args: &ThawArgs) -> Result<(), Failure> {
    let populations = populations(&args.population)?;
    let begins = beginning(&args.name)?;
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let (mut thawed, mut without, mut left) = (0_usize, 0_usize, 0_usize);
    for person in all(&*store).await? {
        let frozen = store.why_stopped(&person.id).await?.is_some_and(|why| why.starts_with(&begins));
        if !frozen {
            continue;
        }
        if !is_of(&person, &populations) {
            left += 1;
            continue;
        }
        commands::journal(&*store, Some(&person.id), None, &format!("account-thawed, {begins}")).await?;
        store.start_person(&person.id).await?;
        thawed += 1;
        without += usize::from(store.password_hash(&person.id).await?.is_some());
    }
    if thawed == 0 {
        return Err(Failure::new(format!("nobody of this population is frozen by {}", args.name)));
    }
    say!("{thawed} accounts thawed; {left} of {} are still frozen", args.name)?;
    if without > 0 {
        say!("{without} of them have a password kept here, which opens nothing: preau activation sheets prints codes")?;
    }
    Ok(())
}

fn populations(typed: &[String]) -> Result<Vec<Population>, Failure> {
    typed.iter().map(|one| population::parse("--population", one)).collect()
}

/// How the reason of a frozen account begins.
fn beginning(name: &str) -> Result<String, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
        return Err(Failure::new("a freeze is named by 1 to 40 letters, digits and -"));
    }
    Ok(format!("frozen {name}:"))
}

fn reason(name: &str, why: &str) -> Result<String, Failure> {
    match bounded(&format!("{} {}", beginning(name)?, why.trim()), 200) {
        _ if why.trim().is_empty() => Err(Failure::new("the reason is empty")),
        Bounded::Fits(reason) => Ok(reason),
        Bounded::TooLong { .. } => Err(Failure::new("the reason is too long")),
    }
}

/// Everybody, whatever their state.
async fn all(store: &dyn Store) -> Result<Vec<Person>, Failure> {
    let mut all: Vec<Person> = Vec::new();
    loop {
        let part = store.people_after(all.last().map(|person| &person.id), PART).await?;
        let last = part.len() < PART as usize;
        all.extend(part);
        if last {
            return Ok(all);
        }
    }
}

async fn of(store: &dyn Store, populations: &[Population]) -> Result<Vec<Person>, Failure> {
    let mut people = all(store).await?;
    people.retain(|person| is_of(person, populations));
    Ok(people)
}

fn is_of(person: &Person, populations: &[Population]) -> bool {
    let facts = Facts::of(person, None, None, None).at(SystemClock::new().now());
    let within = |population: &Population| {
        person.affiliations.iter().any(|affiliation| preau_policy::within(population, affiliation, &facts))
    };
    populations.iter().any(within)
}

/// Where somebody is, as it is typed to let them in again.
fn classes(person: &Person) -> Vec<String> {
    let place = |one: &preau_domain::Affiliation| -> Vec<String> {
        let (at, profile) = (&one.establishment, one.profile);
        match one.classes.as_slice() {
            [] => vec![format!("establishment={at};profile={profile}")],
            classes => {
                classes.iter().map(|class| format!("establishment={at};class={class};profile={profile}")).collect()
            }
        }
    };
    person.affiliations.iter().flat_map(place).collect()
}

fn told(report: &Report, as_json: bool, end: &str) -> Result<(), Failure> {
    if as_json {
        return say!("{:#}", serde_json::to_value(report).map_err(Failure::new)?);
    }
    let names = |services: &BTreeSet<ServiceId>| match services.is_empty() {
        true => "none".to_owned(),
        false => services.iter().map(ServiceId::as_str).collect::<Vec<_>>().join(", "),
    };
    say!("freeze {}: {} accounts {end}", report.name, report.people)?;
    for (place, people) in &report.classes {
        say!("  {people:>6}  {place}")?;
    }
    say!("  stopped for another reason before  {}", report.stopped_before)?;
    say!("  passwords kept here, dead now      {}", report.passwords)?;
    say!("  factors forgotten                  {}", report.factors)?;
    say!("  sessions ended                     {}", report.sessions)?;
    say!("  still open                         {}", report.open)?;
    say!("  services reached in them           {}", names(&report.services))?;
    say!("  services that have yet to hear     {}", names(&report.waiting))?;
    say!("  services that said no              {}", names(&report.refused))
}
