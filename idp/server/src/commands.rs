//! One file for each command.

pub mod account;
pub mod activation;
pub mod audit;
pub mod bench;
pub mod config;
pub mod connectors;
pub mod doctor;
pub mod explain;
pub mod freeze;
pub mod guests;
pub mod hosting;
pub mod inspections;
pub mod instance;
pub mod keys;
pub mod links;
pub mod mount;
pub mod policy;
pub mod population;
pub mod preview;
pub mod register;
pub mod registration;
pub mod runs;
pub mod serve;
pub mod service;
pub mod services;
pub mod sp;
pub mod sync;
pub mod told;
pub mod undo;

use crate::SystemClock;
use crate::cli::Failure;
use preau_domain::{
    AuditEvent, AuditKind, Clock, CorrelationId, JoinKey, Person, PersonId, ServiceId, SourceId, normalised_login,
};
use preau_keys::SystemIds;
use preau_store::Store;

/// Finds somebody by id, login, or source and key of their record. Several people may have one login: then an id must be given.
pub async fn find(store: &dyn Store, who: &str) -> Result<Person, Failure> {
    if let Some(person) = store.person(&PersonId::new(who)).await? {
        return Ok(person);
    }
    if let Some((source, key)) = who.split_once('$') {
        let join = JoinKey { source: SourceId::new(source), key: key.to_owned() };
        if let Some(person) = store.person_by_join(&join).await? {
            return Ok(person);
        }
    }
    let login = normalised_login(who).ok_or_else(|| Failure::new("this is neither an id nor a login"))?;
    let mut found = store.people_by_login(&login, 20).await?;
    // The login they chose here, whatever their source calls them.
    if let Some(chosen) = store.credential_of_login(&login).await?
        && found.iter().all(|person| person.id != chosen.person)
    {
        found.extend(store.person(&chosen.person).await?);
    }
    match found.len() {
        0 => Err(Failure::new(format!("nobody has the id or the login {who}"))),
        1 => Ok(found.remove(0)),
        _ => {
            let ids: Vec<String> = found
                .iter()
                .map(|p| match &p.join {
                    Some(join) => format!("{} (from {})", p.id, join.source),
                    None => format!("{} (kept here)", p.id),
                })
                .collect();
            Err(Failure::new(format!("several people have this login, give an id: {}", ids.join(", "))))
        }
    }
}

/// A source of the configuration, by its name.
pub fn source(loaded: &crate::config::Loaded, name: &str) -> Result<SourceId, Failure> {
    let id = SourceId::new(name);
    if loaded.config.sources.contains_key(&id) {
        return Ok(id);
    }
    let names: Vec<&str> = loaded.config.sources.keys().map(SourceId::as_str).collect();
    let known = if names.is_empty() { "the configuration names none".to_owned() } else { names.join(", ") };
    Err(Failure::Config(vec![preau_connector_api::Problem::new(
        format!("sources.{name}"),
        format!("is no source of the configuration; there is: {known}"),
    )]))
}

/// Notes durably what is about to be done: nothing that an operator changes goes without a trace, even when the process ends
/// in between.
pub async fn journal(
    store: &dyn Store,
    person: Option<&PersonId>,
    service: Option<&ServiceId>,
    what: &str,
) -> Result<(), Failure> {
    let now = SystemClock::new().now();
    let correlation = CorrelationId::generate(&SystemIds, now);
    let mut event = AuditEvent::new(now, AuditKind::Administered, correlation, what);
    event.person = person.cloned();
    event.service = service.cloned();
    let correlation = event.correlation.clone();
    store.record(event);
    store.flush_audit().await?;
    // Events that the database refuses are counted as lost, and flushing says nothing of them.
    if store.audit_of(&correlation).await?.is_empty() {
        return Err(Failure::new("the journal did not take what was to be done: nothing more was done"));
    }
    Ok(())
}
