//! `preau guests stops` and `preau guests lift`: who is kept out of the spaces of an establishment, and the way back where whoever said so is not there
//! any more.

use super::{PAGE, reason, writing};
use crate::cli::Failure;
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{Clock, GuestStop, Lifter, PersonId, StopLift, Uai, display_safe};
use preau_store::{StopsOf, Store};
use serde_json::json;
use std::collections::HashMap;

/// Lists all of them, a page at a time.
pub(super) async fn list(loaded: &Loaded, host: &Uai, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let (mut all, mut skip): (Vec<GuestStop>, u32) = (Vec::new(), 0);
    loop {
        let page = store.stops(StopsOf::Host(host), skip, PAGE).await?;
        let read = u32::try_from(page.len()).unwrap_or(PAGE);
        all.extend(page);
        skip += read;
        if read < PAGE {
            break;
        }
    }
    if json {
        return say!("{:#}", json!(all));
    }
    let names = names(&*store, &all).await?;
    for stop in &all {
        let (at, by) = (stop.at.rfc3339(), if stop.by_head { "the head" } else { "who manages the space" });
        let space = stop.space.as_deref().map_or("every space".to_owned(), |id| format!("space {id}"));
        let name = stop.person.as_ref().and_then(|id| names.get(id)).map_or("", String::as_str);
        say!("{}  {space}  by {by} since {at}  {name}", stop.whom)?;
    }
    say!("{} stops at {host}", all.len())
}

/// The given names and initials that are still known.
async fn names(store: &dyn Store, stops: &[GuestStop]) -> Result<HashMap<PersonId, String>, Failure> {
    let ids: Vec<PersonId> = stops.iter().filter_map(|one| one.person.clone()).collect();
    let mut names = HashMap::new();
    for part in ids.chunks(1_000) {
        let held = store.records_named(part).await?;
        names
            .extend(held.into_iter().map(|one| (one.person.id.clone(), display_safe(&one.person.display_name(), 100))));
    }
    Ok(names)
}

/// Lifts one.
pub(super) async fn lift(
    loaded: &Loaded,
    host: &Uai,
    (whom, space): (&str, Option<&str>),
    why: &str,
) -> Result<(), Failure> {
    let (why, store) = (reason(why)?, writing(loaded).await?);
    let stop = store.stop_of(host, whom, space).await?;
    let stop = stop.ok_or_else(|| Failure::new(format!("no such stop at {host}: see `preau guests stops`")))?;
    let what = match stop.convention() {
        Some(id) => format!("convention-goes-on-here {id} at {host}: {why}"),
        None => format!("guest-stop-lifted {} at {host}: {why}", space.unwrap_or("everywhere")),
    };
    commands::journal(&*store, stop.person.as_ref(), None, &what).await?;
    let lift = StopLift {
        host: host.clone(),
        whom: whom.to_owned(),
        space: space.map(str::to_owned),
        person: None,
        by: Lifter::Operator,
        why,
        at: SystemClock::new().now(),
    };
    match store.lift_stop(&lift).await? {
        true => {
            say!("the stop is lifted: a later list may bring them back; the pages of {host} say that an operator did")
        }
        false => Err(Failure::new("somebody lifted it at the same moment")),
    }
}
