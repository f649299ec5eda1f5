//! The page of the head: who comes into the spaces their establishment answers for, by convention, space and class, what they may open and until
//! when; and the stop, for one convention at once.

use super::manage::{close_one, shown, standing};
use super::stops;
use super::{Member, ShownGuest, Standing, Turn, asks, conventions_at, journal, nothing, paired_with, sent, told};
use crate::lately::Lately;
use crate::pages::{self, GuestsPage};
use crate::{Fault, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use preau_domain::{Convention, PersonId, Space, Uai};
use preau_hosting::may_be_typed;
use preau_store::Hosted;
use std::collections::HashMap;
use std::sync::Arc;

/// Guests that one page of spaces shows: a class and a half in each.
const MOST_GUESTS: u32 = 2_000;

/// Of one convention: the spaces of the establishment under it, how each stands, and who is in it.
pub(crate) struct Framed {
    pub convention: Convention,
    /// The fingerprint of what was signed.
    pub terms: String,
    pub spaces: Vec<(Space, Standing, Vec<ShownGuest>)>,
}

pub(super) fn head(member: Member) -> Result<Member, Fault> {
    if member.is_head() { Ok(member) } else { Err(nothing()) }
}

/// So many reads, however many spaces, guests and conventions there are.
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, "/spaces/guests", false).await? {
        Lately::Proved(member) => head(member)?,
        Lately::Onward(response) => return Ok(response),
    };
    let (now, fields) = (hub.now(), Fields::parse(query.as_deref().unwrap_or_default())?);
    let mut turn = Turn::read(&fields, "page")?;
    let mut spaces = hub.store.spaces_at(&member.at, turn.skip(), turn.limit()).await?;
    turn.cut(&mut spaces);
    spaces.retain(|space| space.convention.is_some());
    let named: Vec<String> = spaces.iter().filter_map(|space| space.convention.clone()).collect();
    let conventions = hub.store.conventions_named(&named).await?;
    let ids: Vec<String> = spaces.iter().map(|space| space.id.clone()).collect();
    let guests = hub.store.guests_in(&ids, &PersonId::new(""), MOST_GUESTS).await?;
    let cut = guests.len() >= MOST_GUESTS as usize;
    let mut of: HashMap<String, Vec<Hosted>> = HashMap::new();
    for one in guests {
        of.entry(one.space.clone()).or_default().push(one);
    }
    let frame = |convention: Convention| {
        let own = spaces.iter().filter(|space| space.convention.as_ref() == Some(&convention.id));
        let own = own.map(|space| {
            let state = standing(space, Some(&convention), now);
            (space.clone(), state, shown(of.get(&space.id).cloned().unwrap_or_default()))
        });
        // What is over and empty is nothing to look after.
        let spaces = own
            .filter(|(_, state, guests)| *state == Standing::Open || *state == Standing::Stopped || !guests.is_empty());
        let terms = crate::spaces::fingerprint(&convention, hub.base());
        Framed { spaces: spaces.collect(), terms, convention }
    };
    let framed = conventions.into_iter().map(frame).filter(|one| !one.spaces.is_empty()).collect();
    let stops = stops::of(&hub, &member.at, None, true, Turn::read(&fields, "stops")?).await?;
    let written = written(&hub, &member.at).await?;
    let page = GuestsPage { framed, written, stops, turn, cut, token: member.token(&hub) };
    Ok(pages::guests(&hub, &visitor, &member.live, &member.at, page))
}

/// The conventions by which lists may be written at an establishment, where its head says yes, and whether that is so.
async fn written(hub: &Hub, at: &Uai) -> Result<Vec<(Convention, bool)>, Fault> {
    let ours = hub.store.establishment(at).await?;
    let paired = paired_with(hub, ours.as_ref()).await?;
    let mut all = conventions_at(hub, at, &paired).await?;
    all.retain(may_be_typed);
    let named: Vec<String> = all.iter().map(|one| one.id.clone()).collect();
    let allowed = if named.is_empty() { Vec::new() } else { hub.store.typing_allowed(at, &named).await? };
    let with = |one: Convention| {
        let yes = allowed.contains(&one.id);
        (one, yes)
    };
    Ok(all.into_iter().map(with).collect())
}

pub(super) async fn stop(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, "/spaces/guests", &body).await? {
        Ok((member, fields)) => (head(member)?, fields),
        Err(onward) => return Ok(onward),
    };
    let id = fields.required("convention")?;
    hub.store.convention(id).await?.filter(|one| one.is_for(&member.at)).ok_or_else(nothing)?;
    journal(&hub, &visitor, &member, format!("convention-stopped-here {id}")).await?;
    // First of all: nobody opens another one meanwhile.
    hub.store.stop_here(&member.at, id, hub.now()).await?;
    for space in hub.store.open_spaces_under(&member.at, id).await? {
        close_one(&hub, &visitor, &member, (&space, &member.at)).await?;
    }
    told(&hub).await;
    Ok(hub.see_other("/spaces/guests"))
}
