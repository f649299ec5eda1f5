//! Who is kept out by somebody of the establishment, and how that is lifted: what the head said by the head, what else by whoever manages the space.

use super::manage::{Acting, acts};
use super::{Member, heads, journal, journal_of, sent};
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{AuditKind, GuestStop, Instant, PersonId, Uai};
use std::collections::HashMap;
use std::sync::Arc;

/// Stops read of one establishment.
const MOST: u32 = 500;

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
pub(super) async fn of(hub: &Hub, host: &Uai, space: Option<&str>, head: bool) -> Result<Vec<ShownStop>, Fault> {
    let mut stops = hub.store.stops(host, MOST).await?;
    // Whom the head stopped everywhere may never have been in this space: that is for the head to read.
    stops.retain(|one| space.is_none_or(|id| one.space.as_deref().map_or(head, |own| own == id)));
    if stops.is_empty() {
        return Ok(Vec::new());
    }
    let people: Vec<PersonId> = stops.iter().filter_map(|one| one.person.clone()).collect();
    let records = hub.store.records_named(&people).await?;
    let names: HashMap<PersonId, String> =
        records.into_iter().map(|held| (held.person.id.clone(), held.person.display_name())).collect();
    let conventions: Vec<String> = stops.iter().filter_map(|one| one.convention().map(str::to_owned)).collect();
    let conventions = hub.store.conventions_named(&conventions).await?;
    let shown = |stop: GuestStop| {
        let convention = stop.convention().map(str::to_owned);
        let name = match &convention {
            Some(id) => {
                let found = conventions.iter().find(|one| one.id == *id);
                Some(found.map_or_else(|| id.clone(), |one| one.peer.name.clone()))
            }
            None => stop.person.as_ref().and_then(|id| names.get(id).cloned()).filter(|name| !name.is_empty()),
        };
        ShownStop {
            name,
            convention: convention.is_some(),
            may_lift: head || (!stop.by_head && stop.space.is_some()),
            whom: stop.whom,
            space: stop.space,
            by_head: stop.by_head,
            at: stop.at,
        }
    };
    Ok(stops.into_iter().map(shown).collect())
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
    hub.store.lift_stop(host, whom, space, head).await?;
    Ok(())
}

/// Lifts a stop of one space, and, of the head, one that is for all of them.
pub(super) async fn lift(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let Acting { member, fields, space, head } = match acts(&hub, &visitor, &id, &body).await? {
        Ok(acting) => acting,
        Err(onward) => return Ok(onward),
    };
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
