//! A list that was sent to another ENT, for whoever sent it and for the head of the school: into which space, whom it names, and the way to take it back.
//!
//! No table says who is on it: the journal does, of each of them, under the number of the request that sent it, for as long as it is kept.

use super::{Member, asks, journal_of, nothing};
use crate::lately::Lately;
use crate::pages::{self, OutgoingPage};
use crate::{Fault, Fields, Hub, Visitor};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use preau_domain::{AuditKind, GuestList, PersonId};
use preau_store::MOST_OF_A_REQUEST;
use std::sync::Arc;

/// What the journal says of each of those on a list.
fn said(list: &GuestList) -> String {
    format!("guest-sent {} of {}", list.id, list.convention)
}

/// Notes of each of them that they are on a list that leaves.
pub(super) fn note(hub: &Hub, visitor: &Visitor, list: &GuestList, people: &[PersonId]) {
    journal_of(hub, visitor, Some(&list.home), people, AuditKind::Administered, &said(list));
}

/// A list that somebody may look at and take back: theirs, and, of the direction, every one of the establishment.
pub(super) async fn theirs(hub: &Hub, member: &Member, named: (&str, &str)) -> Result<Option<GuestList>, Fault> {
    let list = hub.store.guest_list(named.0, named.1, true).await?;
    let own = |one: &GuestList| member.is_head() || one.by.as_ref() == Some(&member.known.person.id);
    Ok(list.filter(|one| one.home == member.at && own(one)))
}

/// Whom a list names, as far as that is known and they are of that school still: what becomes of the name of somebody who left is not its business. And
/// whether the journal may say more of it than is read.
async fn named(hub: &Hub, list: &GuestList) -> Result<(Vec<String>, bool), Fault> {
    let Some(way) = &list.way else { return Ok((Vec::new(), false)) };
    let said = said(list);
    let events = hub.store.audit_of(way).await?;
    let cut = events.len() >= MOST_OF_A_REQUEST as usize;
    let people: Vec<PersonId> =
        events.into_iter().filter(|event| event.detail == said).filter_map(|event| event.person).collect();
    let records = hub.store.records_named(&people).await?;
    let of_school =
        records.iter().filter(|held| held.person.affiliations.iter().any(|at| at.establishment == list.home));
    let mut names: Vec<String> = of_school.map(|held| held.person.display_name()).collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    Ok((names, cut))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(&query)?;
    let named_by = |field: &str| Ok::<_, Fault>(fields.one(field)?.unwrap_or_default().to_owned());
    let (convention, id) = (named_by("convention")?, named_by("list")?);
    let member = match asks(&hub, &visitor, &format!("/spaces/sent?{query}"), false).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let list = theirs(&hub, &member, (&convention, &id)).await?.ok_or_else(nothing)?;
    let peer = hub.store.convention(&list.convention).await?.map(|one| one.peer.name);
    let by = match &list.by {
        Some(by) => hub.store.person(by).await?.map(|person| person.display_name()),
        None => None,
    };
    let (names, cut) = named(&hub, &list).await?;
    let page = OutgoingPage { peer, by, names, cut, token: member.token(&hub), list };
    Ok(pages::outgoing(&hub, &visitor, &member.live, page))
}
