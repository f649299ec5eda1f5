//! Guests who became pupils: who it may be, with what says so, and the yes or no of the head, who knows the children. A name alone proposes nobody, and
//! nobody but the head of the establishment decides; what was not proposed to them is none of theirs to decide. A pupil goes on as one guest alone: of two
//! who are like them, a yes to one leaves the other apart, and the page says so.

use super::{Member, asks, heads, journal, journal_of, sent, told};
use crate::arrivals::{self, Proposals};
use crate::lately::Lately;
use crate::pages::{self, ArrivalsPage};
use crate::{Fault, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use preau_domain::{AuditKind, PersonId};
use preau_hosting::{Arrival, becomes};
use preau_store::{Conversion, StoreError};
use std::collections::HashMap;
use std::sync::Arc;

const HERE: &str = "/spaces/guests/pupils";

async fn page(hub: &Hub, visitor: &Visitor, member: &Member, gone: bool) -> Result<Response, Fault> {
    let proposals = arrivals::proposed(&*hub.store, &member.at).await?;
    let both = proposals.open.iter().chain(&proposals.taken);
    let mut named: Vec<String> = both.map(|one| one.guest.convention.clone()).collect();
    named.sort();
    named.dedup();
    let mut peers = HashMap::new();
    for part in named.chunks(200) {
        let conventions = hub.store.conventions_named(part).await?;
        peers.extend(conventions.into_iter().map(|one| (one.id, one.peer.name)));
    }
    let page = ArrivalsPage { proposals, peers, gone, token: member.token(hub) };
    Ok(pages::arrivals(hub, visitor, &member.live, &member.at, page))
}

pub(super) async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, HERE, false).await? {
        Lately::Proved(member) => heads::head(member)?,
        Lately::Onward(response) => return Ok(response),
    };
    page(&hub, &visitor, &member, false).await
}

/// The proposal that a form names, as long as it is one.
async fn named(hub: &Hub, member: &Member, fields: &Fields) -> Result<Proposals, Fault> {
    let (guest, pupil) = (PersonId::new(fields.required("guest")?), PersonId::new(fields.required("pupil")?));
    Ok(arrivals::proposal(&*hub.store, &member.at, &guest, &pupil).await?)
}

/// Notes of both accounts, and of whoever says so, what is said of them.
async fn note(hub: &Hub, visitor: &Visitor, member: &Member, one: &Arrival, what: &str) -> Result<(), Fault> {
    let what = format!("{what}, {} with {}", one.was.id, one.pupil.id);
    let both = [one.was.id.clone(), one.pupil.id.clone()];
    journal_of(hub, visitor, Some(&member.at), &both, AuditKind::Administered, &what);
    journal(hub, visitor, member, what).await
}

/// The head says that the two are one child: what services know of the guest is the pupil's, where the pupil's account was never used.
pub(super) async fn confirm(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, HERE, &body).await? {
        Ok((member, fields)) => (heads::head(member)?, fields),
        Err(onward) => return Ok(onward),
    };
    let one = named(&hub, &member, &fields).await?.open.pop();
    let how = one.as_ref().and_then(|one| becomes(&one.was, &one.pupil));
    let (Some(one), Some(how)) = (one, how) else { return page(&hub, &visitor, &member, true).await };
    note(&hub, &visitor, &member, &one, "guest-converted").await?;
    let how = Conversion { keep_guest: how.keeps_guest, despite: false };
    if !hub.store.convert_guest(&one.was.id, &one.pupil.id, how, hub.now()).await? {
        note(&hub, &visitor, &member, &one, "guest-not-converted").await?;
        return page(&hub, &visitor, &member, true).await;
    }
    told(&hub).await;
    Ok(hub.see_other(HERE))
}

/// The head says that they are two children: they are proposed no more.
pub(super) async fn refuse(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, HERE, &body).await? {
        Ok((member, fields)) => (heads::head(member)?, fields),
        Err(onward) => return Ok(onward),
    };
    let Proposals { mut open, mut taken } = named(&hub, &member, &fields).await?;
    let Some(one) = open.pop().or_else(|| taken.pop()) else { return page(&hub, &visitor, &member, true).await };
    note(&hub, &visitor, &member, &one, "guest-kept-apart").await?;
    match hub.store.keep_apart(&one.was.id, &one.pupil.id, hub.now()).await {
        Ok(()) => Ok(hub.see_other(HERE)),
        // Somebody said meanwhile that they are one.
        Err(StoreError::Conflict) => page(&hub, &visitor, &member, true).await,
        Err(other) => Err(other.into()),
    }
}
