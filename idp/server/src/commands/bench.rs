//! `preau bench`: what a service would receive of somebody who does not exist, as the bench shows it in a browser.

use crate::assembly;
use crate::cli::{BenchArgs, Failure};
use crate::config::Loaded;
use crate::output::say;
use preau_domain::ServiceId;
use preau_web::bench::{CAST, Outcome, try_door};
use serde_json::json;
use std::collections::BTreeMap;

/// Shows it. Sources are not opened: nobody real takes part.
pub async fn run(loaded: &Loaded, demo: bool, args: &BenchArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let keyring = assembly::keyring(loaded, demo)?;
    let store = assembly::store(loaded, None).await?;
    let hub = assembly::hub(loaded, store, keyring, &BTreeMap::new(), table, std::sync::Arc::default())?;
    let services = hub.services();
    let known = |all: Vec<&str>| all.into_iter().take(50).collect::<Vec<_>>().join(", ");
    let door = services.get(&ServiceId::new(&args.service)).ok_or_else(|| {
        let ids = known(services.all().iter().map(|door| door.service.id.as_str()).collect());
        Failure::new(format!("no service {} is mounted; there is: {ids}", args.service))
    })?;
    let person = CAST.iter().find(|one| one.word == args.person).ok_or_else(|| {
        let words = known(CAST.iter().map(|one| one.word).collect());
        Failure::new(format!("nobody is called {} on the bench; there is: {words}", args.person))
    })?;
    match (try_door(&hub, door, person), args.json) {
        (Outcome::Opens(previews), true) => {
            let rows: Vec<_> = previews.iter().map(|p| json!({ "title": p.title, "text": p.text })).collect();
            say!(
                "{:#}",
                json!({ "service": door.service.id, "person": person.word, "allowed": true, "previews": rows })
            )
        }
        (Outcome::Opens(previews), false) => {
            for preview in previews {
                say!("# {}\n{}\n", preview.title, preview.text)?;
            }
            Ok(())
        }
        (Outcome::Shut(reason), true) => {
            let reason = reason.key();
            say!(
                "{:#}",
                json!({ "service": door.service.id, "person": person.word, "allowed": false, "reason": reason })
            )
        }
        (Outcome::Shut(reason), false) => say!("the service does not open for this person: {}", reason.key()),
        (Outcome::Unsound(what), _) => Err(Failure::new(format!("nothing can be released: {what}"))),
    }
}
