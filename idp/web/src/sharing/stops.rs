//! Who is kept out by somebody of the establishment, and how that is lifted: what the head said by the head, what else by whoever manages the space.

use super::manage::{Acting, acting, acts};
use super::{Member, Turn, heads, journal, journal_of, sent};
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{AuditKind, GuestStop, Instant, Lifter, PersonId, Space, StopLift, Uai};
use preau_store::StopsOf;
use std::collections::HashMap;
use std::sync::Arc;

/// Stops read at once.
const AT_ONCE: u32 = 500;
/// Stops that were lifted, shown at most.
const MOST_LIFTS: u32 = 50;

/// Who is kept out, a page of them, and which stops were lifted lately.
pub(crate) struct Stops {
    pub shown: Vec<ShownStop>,
    pub lifts: Vec<ShownLift>,
    pub turn: Turn,
}

impl Stops {
    /// Of a space without guests.
    pub fn none() -> Stops {
        Stops { shown: Vec::new(), lifts: Vec::new(), turn: Turn::first("stops") }
    }
}

/// That a stop was lifted, as whoever may see it does.
pub(crate) struct ShownLift {
    /// As of a stop.
    pub name: Option<String>,
    pub convention: bool,
    pub by: Lifter,
    /// What an operator said, to the head alone.
    pub why: Option<String>,
    pub at: Instant,
}

/// A stop, as whoever may see it does.
pub(crate) struct ShownStop {
    /// What a form says for it.
    pub whom: String,
    pub space: Option<String>,
    /// Given name and initial, where somebody still knows them; of a convention the name of the other ENT, or its own.
    pub name: Option<String>,
    pub by_head: bool,
    pub convention: bool,
    pub at: Instant,
    /// Whether they who look may lift it.
    pub may_lift: bool,
}

/// Those of an establishment; with `space`, those that keep somebody out of it.
pub(super) async fn of(hub: &Hub, host: &Uai, space: Option<&str>, head: bool, mut turn: Turn) -> Result<Stops, Fault> {
    let which = match space {
        None => StopsOf::Host(host),
        // Whom the head stopped everywhere may never have been in this space: that is for the head to read.
        Some(space) if head => StopsOf::SpaceAndAll(host, space),
        Some(space) => StopsOf::Space(host, space),
    };
    let mut stops = hub.store.stops(which, turn.skip(), turn.limit()).await?;
    turn.cut(&mut stops);
    let lifts = hub.store.lifts(which, hub.now() - StopLift::KEPT, MOST_LIFTS).await?;
    if stops.is_empty() && lifts.is_empty() {
        return Ok(Stops { shown: Vec::new(), lifts: Vec::new(), turn });
    }
    let people = stops.iter().filter_map(|one| one.person.clone());
    let people: Vec<PersonId> = people.chain(lifts.iter().filter_map(|one| one.person.clone())).collect();
    let records = hub.store.records_named(&people).await?;
    let names: HashMap<PersonId, String> =
        records.into_iter().map(|held| (held.person.id.clone(), held.person.display_name())).collect();
    let named = stops.iter().filter_map(GuestStop::convention).chain(lifts.iter().filter_map(StopLift::convention));
    let conventions = hub.store.conventions_named(&named.map(str::to_owned).collect::<Vec<_>>()).await?;
    let name = |convention: Option<&str>, person: Option<&PersonId>| match convention {
        Some(id) => {
            let found = conventions.iter().find(|one| one.id == id);
            Some(found.map_or_else(|| id.to_owned(), |one| one.peer.name.clone()))
        }
        None => person.and_then(|id| names.get(id).cloned()).filter(|name| !name.is_empty()),
    };
    let lifts = lifts.into_iter().map(|lift| ShownLift {
        name: name(lift.convention(), lift.person.as_ref()),
        convention: lift.convention().is_some(),
        by: lift.by,
        why: Some(lift.why).filter(|why| head && !why.is_empty()),
        at: lift.at,
    });
    let lifts = lifts.collect();
    let shown = stops.into_iter().map(|stop| ShownStop {
        name: name(stop.convention(), stop.person.as_ref()),
        convention: stop.convention().is_some(),
        may_lift: head || (!stop.by_head && stop.space.is_some()),
        whom: stop.whom,
        space: stop.space,
        by_head: stop.by_head,
        at: stop.at,
    });
    Ok(Stops { shown: shown.collect(), lifts, turn })
}

/// Given names and initials of those whom somebody keeps out of a space, or out of every one of the establishment, and who came from a school, as far as
/// that is still known.
pub(super) async fn named(hub: &Hub, space: &Space, home: &Uai) -> Result<Vec<(String, String)>, Fault> {
    let (which, mut names, mut skip) = (StopsOf::SpaceAndAll(&space.host, &space.id), Vec::new(), 0);
    loop {
        let page = hub.store.stops(which, skip, AT_ONCE).await?;
        skip += AT_ONCE;
        let people: Vec<PersonId> = page.iter().filter_map(|one| one.person.clone()).collect();
        let guests = hub.store.guests_named(&people).await?;
        let from: HashMap<PersonId, Uai> = guests.into_iter().map(|guest| (guest.person, guest.home)).collect();
        for held in hub.store.records_named(&people).await? {
            if from.get(&held.person.id).is_none_or(|from| from == home) {
                names.push((held.person.given_name, held.person.family_name));
            }
        }
        if page.len() < AT_ONCE as usize {
            return Ok(names);
        }
    }
}

/// A stop of that establishment, and of no other they may work in; `head` says what they are there. What is not there, or not theirs to lift, leaves no
/// trace; the rest is in the journal of whoever lifts it and of the child.
async fn lifted(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    host: &Uai,
    (whom, space): (&str, Option<&str>),
    head: bool,
) -> Result<(), Fault> {
    let found = hub.store.stop_of(host, whom, space).await?;
    let Some(stop) = found.filter(|one| head || !one.by_head) else { return Ok(()) };
    let what = match whom.strip_prefix("convention/") {
        Some(id) => format!("convention-goes-on-here {id}"),
        None => format!("guest-stop-lifted {}", space.unwrap_or("everywhere")),
    };
    journal_of(hub, visitor, Some(host), stop.person.as_slice(), AuditKind::Administered, &what);
    journal(hub, visitor, member, what).await?;
    let lift = StopLift {
        host: host.clone(),
        whom: whom.to_owned(),
        space: space.map(str::to_owned),
        person: None,
        by: if head { Lifter::Head } else { Lifter::Manager },
        why: String::new(),
        at: hub.now(),
    };
    hub.store.lift_stop(&lift).await?;
    Ok(())
}

/// Lifts a stop of one space, and, of the head, one that is for all of them.
pub(super) async fn lift(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let Acting { member, fields, space, head } = acting!(acts(&hub, &visitor, &id, &body));
    let everywhere = fields.one("everywhere")?.is_some() && head;
    let of = (!everywhere).then_some(space.id.as_str());
    lifted(&hub, &visitor, &member, &space.host, (fields.required("whom")?, of), head).await?;
    Ok(hub.see_other(&format!("/space/{id}")))
}

/// Lifts any stop of the establishment.
pub(super) async fn lift_of_head(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, "/spaces/guests", &body).await? {
        Ok((member, fields)) => (heads::head(member)?, fields),
        Err(onward) => return Ok(onward),
    };
    let space = fields.one("space")?.filter(|id| !id.is_empty());
    lifted(&hub, &visitor, &member, &member.at, (fields.required("whom")?, space), true).await?;
    Ok(hub.see_other("/spaces/guests"))
}
