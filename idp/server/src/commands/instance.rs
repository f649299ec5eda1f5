//! Instance files that commands write: as anybody could write them by hand, checked whole before they are there.

use crate::assembly;
use crate::cli::Failure;
use crate::config::Loaded;
use crate::output::say;
use preau_connector_api::MountedService;
use preau_domain::{Audience, Population, Profile, RoleGrant, Uai};
use preau_web::ServiceTable;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

/// A TOML string.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The service of an instance file that is not written yet.
pub fn mounted(loaded: &Loaded, file: &Path, id: &str, text: &str) -> Result<MountedService, Failure> {
    let catalogue = assembly::catalogue(loaded).map_err(Failure::Config)?;
    let mounted = preau_connectors::mount(&file.display().to_string(), id, text, &catalogue);
    mounted.map_err(Failure::Config)?.ok_or_else(|| Failure::new("the service is off"))
}

/// The services as they will be, with the new one: no address and no name may be another's.
pub fn table_with(loaded: &Loaded, service: &MountedService) -> Result<ServiceTable, Failure> {
    let mut services = assembly::services(loaded).map_err(Failure::Config)?;
    services.push(service.clone());
    preau_connectors::Mounted::new(services.iter().cloned()).map_err(Failure::Config)?;
    let table = ServiceTable::new(services).map_err(|problems| Failure::new(problems.join("\n")))?;
    Ok(table.under(assembly::levels(loaded).0))
}

/// Writes a file that is not there yet.
pub fn create(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", file.display()));
    let mut out = fs::File::create_new(file).map_err(failed)?;
    out.write_all(text.as_bytes()).map_err(failed)
}

/// What `--for` says: a profile, an establishment, or one in the other.
pub fn whom(who: &str) -> Result<(Option<Profile>, Option<Uai>), Failure> {
    let (profile, place) = match who.split_once('@') {
        Some((profile, place)) => (Some(profile), Some(place)),
        None if who.parse::<Uai>().is_ok() => (None, Some(who)),
        None => (Some(who), None),
    };
    let profile = profile.map(str::parse).transpose();
    let profile = profile
        .map_err(|()| Failure::new(format!("--for {who}: neither a profile nor the number of an establishment")))?;
    let place = place.map(str::parse).transpose();
    let place = place.map_err(|_| Failure::new(format!("--for {who}: no number of an establishment")))?;
    Ok((profile, place))
}

/// Says which establishments of an audience nobody knows: a wrong number opens to nobody, without a word. Says nothing where
/// there is no database yet: a service may be mounted before the first synchronisation.
pub async fn tell_unknown(loaded: &Loaded, audience: &Audience) -> Result<(), Failure> {
    if assembly::database_file(loaded).is_some_and(|file| !file.exists()) {
        return Ok(());
    }
    let populations = audience.allow.iter().chain(&audience.except).chain(&audience.two_factors);
    let named: BTreeSet<Uai> = populations.flat_map(|one| &one.establishments).cloned().collect();
    let named: Vec<Uai> = named.into_iter().collect();
    let known = assembly::store(loaded, None).await?.establishments(&named).await?;
    for uai in named.iter().filter(|uai| known.iter().all(|one| one.uai != **uai)) {
        say!(
            "            {uai}: no source has told us of that establishment; until one does, it opens to nobody there"
        )?;
    }
    Ok(())
}

/// A population as an instance file writes it, below its heading.
pub fn population(heading: &str, population: &Population) -> Result<String, Failure> {
    Ok(format!("\n[[audience.{heading}]]\n{}", lines(population)?))
}

/// A role as an instance file writes it.
pub fn role(grant: &RoleGrant) -> Result<String, Failure> {
    let to: Result<Vec<toml::Value>, _> = grant.to.iter().map(toml::Value::try_from).collect();
    let to = toml::Value::Array(to.map_err(Failure::new)?);
    Ok(format!("\n[[audience.roles]]\nrole = {}\nto = {to}\n", quoted(grant.role.as_str())))
}

/// The keys of a population, each on a line of its own.
fn lines(population: &Population) -> Result<String, Failure> {
    let keys = toml::Table::try_from(population).map_err(Failure::new)?;
    Ok(keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect())
}
