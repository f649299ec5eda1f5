//! `preau explain`: why a person may or may not open a service, decided by the very rules of the door.

use crate::cli::{ExplainArgs, Failure};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{Clock, Role, ServiceId, Uai};
use preau_policy::{Decision, Facts};
use serde_json::json;

/// Explains.
pub async fn run(loaded: &Loaded, args: &ExplainArgs) -> Result<(), Failure> {
    let mut table = assembly::table(loaded).map_err(Failure::Config)?;
    let id = ServiceId::new(&args.service);
    let store = assembly::store(loaded, None).await?;
    if table.asks_two_keys() {
        for opening in preau_web::second_key::openings(&*store, SystemClock::new().now()).await? {
            table.rules.open(&opening);
        }
    }
    let door = table.get(&id).ok_or_else(|| {
        let known: Vec<&str> = table.all().iter().map(|door| door.service.id.as_str()).take(50).collect();
        Failure::new(format!("no service {id} is mounted; there is: {}", known.join(", ")))
    })?;
    let person = commands::find(&*store, &args.person).await?;
    let person = preau_web::acting::at_first(&*store, person).await?;
    let now = SystemClock::new().now();
    let (person, grants) = preau_web::spaces::of(&*store, person, now).await?;
    let current = person.establishments().first().map(|uai| Uai::clone(uai));
    let name = match &current {
        Some(uai) => store.establishment(uai).await?.map(|establishment| establishment.name),
        None => None,
    };
    let inspections = preau_web::inspections::of(&*store, &person, now).await?;
    let facts = Facts::of(&person, current.as_ref(), name.as_deref(), None).with_spaces(&grants, now).at(now);
    let facts = facts.with_inspections(&inspections, now);
    let explanation = preau_policy::explain(&facts, &table.rules, &id, &door.audience);
    let stopped = store.why_stopped(&person.id).await?;
    let may_sign_in = person.state.may_sign_in();
    if !args.json {
        if let Some(why) = &stopped {
            say!("person {} was stopped by hand and cannot sign in: {}\n", person.id, why.escape_debug())?;
        } else if !may_sign_in {
            say!("person {} cannot sign in: its source does not name it any more\n", person.id)?;
        }
        say!("person {} and service {id}\n\n{}\n\n{explanation}", person.id, explanation.fr())?;
        return Ok(());
    }
    let mut value = match &explanation.decision {
        Decision::Allow { rule, affiliations } => json!({
            "person": person.id,
            "service": id,
            "allowed": true,
            "rule": rule,
            "establishments": affiliations
                .iter()
                .filter_map(|index| person.affiliations.get(*index))
                .map(|affiliation| affiliation.establishment.as_str())
                .collect::<Vec<_>>(),
        }),
        Decision::StepUp(refusal) | Decision::Deny(refusal) => json!({
            "person": person.id,
            "service": id,
            "allowed": false,
            "rule": refusal.rule,
            "reason": refusal.reason.key(),
            "would_change": refusal.would_change.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
    };
    value["sentence"] = json!(explanation.fr());
    value["two_factors"] = json!(explanation.two_factors);
    value["role"] = json!(explanation.role.map(Role::as_str));
    value["inspections"] = json!(explanation.inspections);
    value["may_sign_in"] = json!(may_sign_in);
    value["stopped"] = json!(stopped);
    say!("{value:#}")?;
    Ok(())
}
