//! `preau explain`: why a person may or may not open a service, decided by the very rules of the door.

use crate::cli::{ExplainArgs, Failure};
use crate::config::Loaded;
use crate::{assembly, commands};
use preau_domain::{ServiceId, Uai};
use preau_policy::{Decision, Facts};
use serde_json::{Value, json};

/// Explains.
pub async fn run(loaded: &Loaded, args: &ExplainArgs) -> Result<(), Failure> {
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let id = ServiceId::new(&args.service);
    let door = table.get(&id).ok_or_else(|| {
        let known: Vec<&str> = table.all().iter().map(|door| door.service.id.as_str()).take(50).collect();
        Failure::new(format!("no service {id} is mounted; there is: {}", known.join(", ")))
    })?;
    let store = assembly::store(loaded).await?;
    let person = commands::find(&*store, &args.person).await?;
    let current = person.establishments().first().map(|uai| Uai::clone(uai));
    let name = match &current {
        Some(uai) => store.establishment(uai).await?.map(|establishment| establishment.name),
        None => None,
    };
    let facts = Facts::of(&person, current.as_ref(), name.as_deref(), None);
    let explanation = preau_policy::explain(&facts, &table.rules, &id, &door.audience);
    if !args.json {
        println!("person {} and service {id}\n\n{explanation}", person.id);
        return Ok(());
    }
    let decision = match &explanation.decision {
        Decision::Allow { .. } => json!({ "allowed": true }),
        _ => json!({ "allowed": false }),
    };
    let value = json!({
        "person": person.id,
        "service": id,
        "decision": decision,
        "text": Value::String(explanation.to_string()),
    });
    println!("{value:#}");
    Ok(())
}
