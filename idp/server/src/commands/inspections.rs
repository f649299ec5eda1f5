//! `preau inspections`: an inspector's access to the space of one teacher, granted by an operator, ended, listed.

use crate::cli::{Failure, GrantInspectionArgs, InspectionsCommand, InspectionsOfArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{Clock, CorrelationId, Inspection, ServiceId};
use preau_keys::{Keyring, SystemIds};
use preau_store::{InspectionsOf, Store, StoreError};
use preau_web::inspections::{Asked, DROPPED, ENDED, GRANTED, Problem, draft, events, in_the_way, letters};
use preau_web::{Fault, Pen, Texts, second_key};
use serde_json::json;

/// Most that are listed.
const MOST: u32 = 1_000;

/// Does what is asked.
pub async fn run(loaded: &Loaded, what: &InspectionsCommand) -> Result<(), Failure> {
    preau_keys::install_provider();
    match what {
        InspectionsCommand::Grant(args) => grant(loaded, args).await,
        InspectionsCommand::End { id } => end(loaded, id).await,
        InspectionsCommand::List(args) => list(loaded, args).await,
    }
}

async fn grant(loaded: &Loaded, args: &GrantInspectionArgs) -> Result<(), Failure> {
    let keyring = assembly::keyring(loaded, true)?;
    let mut table = assembly::table(loaded).map_err(Failure::Config)?;
    let store = assembly::store(loaded, Some(&keyring)).await?;
    let now = SystemClock::new().now();
    if table.asks_two_keys() {
        for opening in second_key::openings(&*store, now).await? {
            table.rules.open(&opening);
        }
    }
    let id = ServiceId::new(&args.service);
    let door = table.get(&id).ok_or_else(|| Failure::new(format!("no service {id} is mounted")))?;
    let inspector = commands::find(&*store, &args.inspector).await?;
    let teacher = commands::find(&*store, &args.teacher).await?;
    let asked = Asked {
        inspector: &inspector,
        teacher: &teacher,
        at: &args.establishment,
        door,
        reason: &args.reason,
        days: args.days,
        by: None,
    };
    let one = draft(&table, &keyring, &SystemIds, now, &asked).map_err(|why| Failure::new(said(why, args)))?;
    if let Some(why) = in_the_way(&*store, &one).await? {
        return Err(Failure::new(said(why, args)));
    }
    let texts = Texts::load();
    let pen = pen(loaded, &*store, &keyring, &texts);
    let letter = match loaded.config.mail.is_set() {
        true => letters::of_grant(&pen, &one, &teacher, Some(door)).await.map_err(unwritten)?,
        false => None,
    };
    journal(&*store, &one, GRANTED).await?;
    match store.grant_inspection(&one, letter.as_ref(), now).await {
        Err(StoreError::Conflict) => {
            journal(&*store, &one, DROPPED).await?;
            return Err(Failure::new(said(Problem::Already, args)));
        }
        other => other?,
    }
    say!(
        "inspection {}: {} looks at the space of {} in {id} until {}; the teacher is told {}",
        one.id,
        args.inspector,
        args.teacher,
        one.until.rfc3339(),
        if letter.is_some() { "at home and by mail" } else { "at home" }
    )
}

/// What a letter is written with here.
fn pen<'a>(loaded: &'a Loaded, store: &'a dyn Store, keyring: &'a Keyring, texts: &'a Texts) -> Pen<'a> {
    Pen { store, keyring, ids: &SystemIds, config: &loaded.config.web, texts, now: SystemClock::new().now() }
}

fn unwritten(fault: Fault) -> Failure {
    Failure::new(format!("the letter to the teacher was not written: {}", fault.detail))
}

fn said(why: Problem, args: &GrantInspectionArgs) -> String {
    let (inspector, teacher, service, at) = (&args.inspector, &args.teacher, &args.service, &args.establishment);
    match why {
        Problem::NoInspector => format!("{inspector} is not of an academy, not active, or the teacher themselves"),
        Problem::NoTeacher => format!("{teacher} does not teach in {at}, or is not active"),
        Problem::Untold => format!(
            "{service} is not told `role` and `inspected`: it would take an inspector for anybody else; see docs/how-to/mount-a-service.md"
        ),
        Problem::NoSpace => format!("{teacher} does not open {service} in {at}: there is no space to look at"),
        Problem::Reason => "--reason: a sentence of 10 to 500 characters".to_owned(),
        Problem::Days => format!("--days: from 1 to {}", Inspection::MOST_DAYS),
        Problem::KeptOut => format!("a rule of {service}, or of a level above it, keeps {inspector} out"),
        Problem::Already => {
            format!("{inspector} looks at that space already: wait for the end, or end it by `preau inspections end`")
        }
        Problem::Many => {
            format!("{inspector} looks at {} spaces already, as many as anybody may at once", Inspection::MOST)
        }
        Problem::Often => {
            format!("{teacher} was granted {} in a day, and had a letter of each: wait", Inspection::MOST_A_DAY)
        }
        Problem::Oneself => format!("{inspector} lets nobody in, and themselves neither"),
    }
}

async fn end(loaded: &Loaded, id: &str) -> Result<(), Failure> {
    let keyring = assembly::keyring(loaded, true)?;
    let store = assembly::store(loaded, Some(&keyring)).await?;
    let one = store.inspection(id).await?.ok_or_else(|| Failure::new(format!("there is no inspection {id}")))?;
    if one.until <= SystemClock::new().now() {
        return Err(Failure::new(format!("inspection {id} was over")));
    }
    let texts = Texts::load();
    let pen = pen(loaded, &*store, &keyring, &texts);
    // A service that is not mounted any more is called by its name.
    let table = assembly::table(loaded).ok();
    let door = table.as_ref().and_then(|table| table.get(&one.service));
    let teacher = store.person(&one.teacher).await?.filter(|_| loaded.config.mail.is_set());
    let letter = match &teacher {
        Some(teacher) => letters::of_end(&pen, &one, teacher, door).await.map_err(unwritten)?,
        None => None,
    };
    journal(&*store, &one, ENDED).await?;
    let granted = letters::name_of_grant(&keyring, &one);
    match store.end_inspection(id, letter.as_ref(), &granted, pen.now).await? {
        true => say!("inspection {id} is over; a running server tells {} within seconds", one.service),
        false => Err(Failure::new(format!("inspection {id} was over"))),
    }
}

async fn list(loaded: &Loaded, args: &InspectionsOfArgs) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let now = SystemClock::new().now();
    let of = InspectionsOf::Establishment(&args.establishment);
    let all = store.inspections(of, now - Inspection::KEPT, MOST).await?;
    if args.json {
        return say!("{:#}", json!(all));
    }
    if all.is_empty() {
        return say!("no inspection in {}", args.establishment);
    }
    for one in all {
        let state = if one.holds(now) { "holds" } else { "over" };
        let by = one.by.as_ref().map_or("an operator", |by| by.as_str());
        let (id, inspector, teacher, until) = (&one.id, &one.inspector, &one.teacher, one.until.rfc3339());
        let reason = preau_domain::display_safe(&one.reason, 80);
        say!("{id} {state:<5} {inspector} at {teacher} in {} until {until} by {by}: {reason}", one.service)?;
    }
    Ok(())
}

/// Notes durably what is about to be done: of the operator, of the teacher and of the inspector.
async fn journal(store: &dyn Store, one: &Inspection, what: &str) -> Result<(), Failure> {
    let correlation = CorrelationId::generate(&SystemIds, SystemClock::new().now());
    for event in events(one, what, SystemClock::new().now(), &correlation) {
        store.record(event);
    }
    commands::journal(store, None, Some(&one.service), &format!("inspection {what} {}", one.id)).await
}
