//! `preau account freeze` and `thaw`: what is done on the day when many passwords are in wrong hands.
//!
//! A frozen account is one stopped by hand, for a reason that begins with the name of the freeze: nobody comes in with it, whatever its
//! source says, until every freeze that names it is thawed. Everybody is put out first, many at once. What they prove themselves with dies once no running
//! server believes a session of theirs any more, and everything is looked at again at the end: what is reported is what was found then, not
//! what was asked for. Whether services have heard is asked of the outbox by person, so that it does not matter who ended a session, or in which run.

mod reason;

use super::population;
use crate::cli::{Failure, FreezeArgs, ThawArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{
    AuditEvent, AuditKind, Clock, CorrelationId, FactorKind, Ids, Person, PersonId, Population, ServiceId,
};
use preau_keys::{Passwords, SystemIds};
use preau_policy::Facts;
use preau_store::{Store, StoreError};
use reason::beginning;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Accounts read, or put out, at once.
const PART: u32 = 500;
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
    /// Those that are stopped for another reason as well, another freeze or by hand, and stay so when this one is thawed.
    stopped_before: usize,
    /// Passwords kept here that open nothing any more.
    passwords: usize,
    /// Passkeys, applications and codes that were forgotten.
    factors: u64,
    /// Live sessions that this run ended.
    sessions: u64,
    /// Accounts that may still sign in, and sessions that were found at the last look: none when it is done.
    open: u64,
    /// Services that this run found to have been reached, or to be owed the end of a session.
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
    let reason = reason::reason(&args.name, &args.why)?;
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
    let ids: Vec<PersonId> = people.iter().map(|person| person.id.clone()).collect();
    stop(&*store, &people, (&beginning(&args.name)?, &reason), &mut report).await?;
    // What is taken away before that comes back by a session that is believed a moment longer.
    tokio::time::sleep(BELIEVED).await;
    oust(&*store, &ids, &mut report).await?;
    disarm(&*store, &ids, args.keep_factors, &mut report).await?;
    prove(&*store, &ids, Duration::from_secs(args.wait), &mut report).await?;
    let words = if report.done { "done" } else { "not done" };
    commands::journal(&*store, None, None, &format!("freeze {}: {words}, {} sessions", args.name, report.sessions))
        .await?;
    told(&report, args.json, if report.done { "frozen" } else { "NOT DONE: run it again" })?;
    if report.done { Ok(()) } else { Err(Failure::new("the freeze is not done: see the report")) }
}

/// Stops everybody and ends what they have, before anything else: from then on nobody comes in anew.
async fn stop(
    store: &dyn Store,
    people: &[Person],
    (begins, reason): (&str, &str),
    report: &mut Report,
) -> Result<(), Failure> {
    for part in people.chunks(PART as usize) {
        let mut reasons: BTreeMap<String, Vec<PersonId>> = BTreeMap::new();
        for person in part {
            let before = match person.state.may_sign_in() {
                true => String::new(),
                false => store.why_stopped(&person.id).await?.unwrap_or_default(),
            };
            let all = reason::with(&before, begins, reason);
            report.stopped_before += usize::from(all != reason);
            reasons.entry(all).or_default().push(person.id.clone());
        }
        for (why, part) in &reasons {
            journal(store, part, why).await?;
            let ousted = store.oust(part, Some(why), SystemClock::new().now()).await?;
            report.sessions += ousted.sessions;
            report.services.extend(ousted.services);
        }
    }
    Ok(())
}

/// Writes into the journal that these people are stopped, under one number, before they are.
async fn journal(store: &dyn Store, part: &[PersonId], why: &str) -> Result<(), Failure> {
    let now = SystemClock::new().now();
    let correlation = CorrelationId::generate(&SystemIds, now);
    for person in part {
        let mut event = AuditEvent::new(now, AuditKind::Administered, correlation.clone(), why);
        event.person = Some(person.clone());
        store.record(event);
    }
    store.flush_audit().await?;
    // Events that the database refuses are counted as lost, and flushing says nothing of them.
    if store.audit_of(&correlation).await?.len() < part.len() {
        return Err(Failure::new("the journal did not take who was to be stopped: the others were not"));
    }
    Ok(())
}

/// Ends what they have by now; gives how many sessions that were.
async fn oust(store: &dyn Store, people: &[PersonId], report: &mut Report) -> Result<u64, Failure> {
    let mut sessions = 0;
    for part in people.chunks(PART as usize) {
        let ousted = store.oust(part, None, SystemClock::new().now()).await?;
        sessions += ousted.sessions;
        report.services.extend(ousted.services);
    }
    report.sessions += sessions;
    Ok(sessions)
}

/// Takes from them what they prove themselves with.
async fn disarm(
    store: &dyn Store,
    people: &[PersonId],
    keep_factors: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    let unusable = Passwords::new(1, 1).hash(&SystemIds.text(40)).await.map_err(Failure::new)?;
    for person in people {
        for record in store.records_of(person).await? {
            // That of everybody else is kept by the directory they come from, which changes it.
            if store.password_hash(&record.id).await?.is_none() {
                continue;
            }
            match store.set_password_hash(&record.id, &unusable).await {
                Ok(()) => report.passwords += 1,
                // Purged this instant.
                Err(StoreError::Conflict) => {}
                Err(other) => return Err(other.into()),
            }
        }
        report.factors += match keep_factors {
            // A device that is remembered is no proof: whoever took the password may have had it remembered.
            true => store.replace_factors(person, FactorKind::RememberedDevice, &[]).await?,
            false => store.forget_factors(person).await?,
        };
    }
    Ok(())
}

/// Looks at everything again until nothing is open and every service has heard, or there is no time left.
async fn prove(store: &dyn Store, people: &[PersonId], wait: Duration, report: &mut Report) -> Result<(), Failure> {
    let (until, ours) = (Instant::now() + wait, people.iter().collect::<BTreeSet<_>>());
    report.open = 1;
    loop {
        // Once nothing is, nothing becomes open again.
        if report.open > 0 {
            let sessions = oust(store, people, report).await?;
            let all = all(store).await?;
            let may = all.iter().filter(|person| person.state.may_sign_in() && ours.contains(&person.id));
            report.open = sessions + may.count() as u64;
        }
        (report.waiting, report.refused) = (BTreeSet::new(), BTreeSet::new());
        for part in people.chunks(PART as usize) {
            let heard = store.yet_to_hear_of(part).await?;
            report.waiting.extend(heard.waiting);
            report.refused.extend(heard.refused);
        }
        report.services.extend(report.waiting.iter().chain(&report.refused).cloned());
        report.done = report.open == 0 && report.waiting.is_empty();
        if report.done || Instant::now() >= until {
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
    let (mut thawed, mut without, mut held, mut left) = (0_usize, 0_usize, 0_usize, 0_usize);
    for person in all(&*store).await?.iter().filter(|person| !person.state.may_sign_in()) {
        let why = store.why_stopped(&person.id).await?;
        let Some(others) = why.and_then(|why| reason::without(&why, &begins)) else { continue };
        if !is_of(person, &populations) {
            left += 1;
            continue;
        }
        commands::journal(&*store, Some(&person.id), None, &format!("account-thawed, {begins} {others}")).await?;
        if others.is_empty() {
            store.start_person(&person.id).await?;
            thawed += 1;
            without += usize::from(store.password_hash(&person.id).await?.is_some());
        } else {
            store.stop_person(&person.id, &others).await?;
            held += 1;
        }
    }
    if thawed + held == 0 {
        return Err(Failure::new(format!("nobody of this population is frozen by {}", args.name)));
    }
    say!("{thawed} accounts thawed; {left} of {} are still frozen", args.name)?;
    if held > 0 {
        say!("{held} others stay stopped, by another freeze or by hand: preau account show says why")?;
    }
    if without > 0 {
        say!("{without} of them have a password kept here, which opens nothing: preau activation sheets prints codes")?;
    }
    Ok(())
}

fn populations(typed: &[String]) -> Result<Vec<Population>, Failure> {
    typed.iter().map(|one| population::parse("--population", one)).collect()
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
    say!("  stopped for another reason too     {}", report.stopped_before)?;
    say!("  passwords kept here, dead now      {}", report.passwords)?;
    say!("  factors forgotten                  {}", report.factors)?;
    say!("  sessions ended by this run         {}", report.sessions)?;
    say!("  still open                         {}", report.open)?;
    say!("  services reached, as it found      {}", names(&report.services))?;
    say!("  services that have yet to hear     {}", names(&report.waiting))?;
    say!("  services that said no              {}", names(&report.refused))
}
