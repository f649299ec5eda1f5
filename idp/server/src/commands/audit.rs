//! `preau audit`: what happened, and whether the journal still says what it said.

use crate::cli::{Failure, ShowArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{assembly, commands};
use indicatif::{ProgressBar, ProgressStyle};
use preau_domain::chain::{Check, Code, Finding, Seal};
use preau_domain::{AuditEvent, CorrelationId, Instant, PersonId};
use preau_store::Store;
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Entries read at once.
const PAGE: u32 = 2_000;
/// Findings shown to a person; a script reads a thousand.
const SHOWN: usize = 50;

/// Checks the journal and says what is wrong with it.
pub async fn verify(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let code = assembly::keyring(loaded, true)?.journal_code();
    let (events, findings, total) = checked(&*store, &code).await?;
    if json {
        let found: Vec<Value> =
            findings.iter().map(|finding| json!({ "event": finding.seq, "what": finding.to_string() })).collect();
        say!("{:#}", json!({ "events": events, "whole": total == 0, "found": total, "findings": found }))?;
    } else if total == 0 {
        say!("{events} events checked: the journal says what was written")?;
    } else {
        for finding in findings.iter().take(SHOWN) {
            say!("{finding}")?;
        }
        if total > SHOWN as u64 {
            say!("… and {} more", total - SHOWN as u64)?;
        }
        say!("{events} events checked: the journal is not what was written, in {total} places")?;
    }
    if total == 0 { Ok(()) } else { Err(Failure::Found) }
}

/// Checks until retention took nothing away meanwhile, which would look like a hole.
async fn checked(store: &dyn Store, code: &Code) -> Result<(u64, Vec<Finding>, u64), Failure> {
    let floors = |seals: &[Seal]| seals.iter().map(|seal| seal.floor).sum::<u64>();
    let mut seals = store.audit_seals().await?;
    loop {
        let mut check = Check::new(code.clone(), seals.clone());
        let total: u64 = seals.iter().map(|seal| seal.head.saturating_sub(seal.floor)).sum();
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(total) } else { ProgressBar::hidden() };
        let style = "{msg} {bar:30} {percent} % of {human_len}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message("checking");
        let mut next = Some(i64::MIN);
        while let Some(from) = next {
            let entries = store.audit_entries(from, PAGE).await?;
            entries.iter().for_each(|entry| check.see(entry));
            bar.set_position(check.events());
            next = entries.last().and_then(|entry| entry.seq.checked_add(1));
        }
        bar.finish_and_clear();
        let events = check.events();
        let (findings, found) = check.end();
        let now = store.audit_seals().await?;
        if found == 0 || floors(&now) == floors(&seals) {
            return Ok((events, findings, found));
        }
        seals = now;
    }
}

/// Shows events.
pub async fn show(loaded: &Loaded, args: &ShowArgs) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let events = match (&args.of.correlation, &args.of.person) {
        (Some(number), _) => store.audit_of(&CorrelationId::new(number)).await?,
        (None, Some(who)) => {
            let found = commands::find(&*store, who).await;
            let id = found.as_ref().map_or_else(|_| PersonId::new(who), |person| person.id.clone());
            let events = store.audit_about(&id, Instant(0), args.limit).await?;
            // The journal speaks of people who were purged, too.
            if events.is_empty() {
                found?;
            }
            events
        }
        (None, None) => Vec::new(),
    };
    if args.json {
        let rows: Vec<Value> = events.iter().map(row).collect();
        return say!("{:#}", Value::Array(rows));
    }
    if events.is_empty() {
        say!("the journal tells nothing of it, or not any more")?;
    }
    for event in &events {
        say!("{}", line(event))?;
    }
    Ok(())
}

fn row(event: &AuditEvent) -> Value {
    json!({
        "at": event.at.rfc3339(),
        "kind": event.kind,
        "detail": event.detail,
        "correlation": event.correlation,
        "person": event.person,
        "session": event.session,
        "service": event.service,
        "establishment": event.establishment,
    })
}

/// An event as people read it: no value of the journal breaks its line.
fn line(event: &AuditEvent) -> String {
    let mut line = format!("{}  {:<22} {}", event.at.rfc3339(), event.kind.as_str(), event.detail.escape_default());
    let names = [
        ("person", event.person.as_ref().map(|id| id.as_str())),
        ("service", event.service.as_ref().map(|id| id.as_str())),
        ("establishment", event.establishment.as_ref().map(|uai| uai.as_str())),
        ("request", Some(event.correlation.as_str())),
    ];
    for (name, value) in names {
        if let Some(value) = value {
            line += &format!("  {name} {}", value.escape_default());
        }
    }
    line
}
