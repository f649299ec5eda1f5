//! The page of the head: who comes into the spaces their establishment answers for, by convention, space and class, what they may open and until
//! when; and the stop, for one convention at once.

use super::manage::{close_one, named, standing};
use super::{MOST_GUESTS, MOST_SHOWN, Member, ShownGuest, Standing, asks, journal, nothing, sent, told};
use crate::lately::Lately;
use crate::pages::{self, GuestsPage};
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use preau_domain::{Convention, PersonId, Space};
use preau_store::GuestsOf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of one convention: the spaces of the establishment under it, how each stands, and who is in it.
pub(crate) struct Framed {
    pub convention: Convention,
    pub spaces: Vec<(Space, Standing, Vec<ShownGuest>)>,
}

fn head(member: Member) -> Result<Member, Fault> {
    if member.is_head() { Ok(member) } else { Err(nothing()) }
}

pub(super) async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, "/spaces/guests", false).await? {
        Lately::Proved(member) => head(member)?,
        Lately::Onward(response) => return Ok(response),
    };
    let now = hub.now();
    let mut framed: BTreeMap<String, Framed> = BTreeMap::new();
    for space in hub.store.spaces_at(&member.at, MOST_SHOWN).await? {
        let Some(id) = space.convention.clone() else { continue };
        if !framed.contains_key(&id)
            && let Some(convention) = hub.store.convention(&id).await?
        {
            framed.insert(id.clone(), Framed { convention, spaces: Vec::new() });
        }
        let Some(one) = framed.get_mut(&id) else { continue };
        let state = standing(&space, Some(&one.convention), now);
        let guests = hub.store.guests(GuestsOf::Space(&space.id), &PersonId::new(""), MOST_GUESTS).await?;
        let guests = named(&hub, guests).await?;
        // What is over and empties is nothing to look after.
        if state == Standing::Open || state == Standing::Stopped || !guests.is_empty() {
            one.spaces.push((space, state, guests));
        }
    }
    let framed = framed.into_values().filter(|one| !one.spaces.is_empty()).collect();
    let page = GuestsPage { framed, token: member.token(&hub) };
    Ok(pages::guests(&hub, &visitor, &member.live, &member.at, page))
}

pub(super) async fn stop(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, "/spaces/guests", &body).await? {
        Ok((member, fields)) => (head(member)?, fields),
        Err(onward) => return Ok(onward),
    };
    let id = fields.required("convention")?;
    journal(&hub, &visitor, &member, format!("convention-stopped-here {id}")).await?;
    for space in hub.store.open_spaces_under(&member.at, id).await? {
        close_one(&hub, &visitor, &member, (&space, &member.at)).await?;
    }
    told(&hub).await;
    Ok(hub.see_other("/spaces/guests"))
}
