//! `preau services`: what is mounted, from which file, by which protocol, at which address.

use crate::assembly;
use crate::cli::Failure;
use crate::commands::told;
use crate::config::Loaded;
use crate::output::say;
use preau_connector_api::MountedService;
use serde_json::{Value, json};

/// Lists them.
pub fn run(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    // The table is built as the server builds it, so that what is listed is what would be served.
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let folder = assembly::instances(loaded);
    let file = |service: &MountedService| folder.join(format!("{}.toml", service.service.id)).display().to_string();
    if json {
        let rows: Vec<Value> = table
            .all()
            .iter()
            .map(|door| {
                json!({
                    "id": door.service.id,
                    "title": door.title,
                    "connector": door.connector,
                    "category": door.category.as_str(),
                    "protocols": protocols(door),
                    "address": door.service.home,
                    "file": file(door),
                })
            })
            .collect();
        say!("{:#}", Value::Array(rows))?;
        return Ok(());
    }
    if table.all().is_empty() {
        say!("no service is mounted: put a file in {}", folder.display())?;
    }
    let widest = table.all().iter().map(|door| door.service.id.as_str().len()).max().unwrap_or_default();
    for door in table.all() {
        let protocols = protocols(door).join(", ");
        let (id, home) = (door.service.id.as_str(), &door.service.home);
        say!("{id:<widest$}  {protocols:<11}  {home}  ({}, {})", door.connector, file(door))?;
    }
    Ok(())
}

fn protocols(service: &MountedService) -> Vec<&'static str> {
    told::spoken(service.cas.is_some(), service.oidc.is_some(), service.saml.is_some(), service.link.is_some())
}
