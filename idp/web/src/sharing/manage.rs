//! The spaces somebody manages: who is in them, until when, the lists that brought them, the invitations; one more year in one click, and the ends.

use super::invite::{Invitation, invitations};
use super::{MOST_GUESTS, MOST_SHOWN, Member, asks, every_guest, journal, journal_of, nothing, sent, told};
use crate::lately::Lately;
use crate::pages::{self, SpacePage, SpacesPage};
use crate::spaces::{NotTaken, Taken, take_in};
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{AuditKind, Convention, Guest, GuestList, Instant, PersonId, Role, Space, Uai};
use preau_hosting::{may_manage, next_summer};
use preau_store::{GuestsOf, ListsOf, StoreError};
use std::collections::HashMap;
use std::sync::Arc;

/// How a space stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    Over,
    Closed,
    /// Its convention is suspended, or over.
    Stopped,
}

/// A guest, as whoever manages a space sees them.
pub(crate) struct ShownGuest {
    pub person: PersonId,
    /// Given name and initial.
    pub name: String,
    pub home: Uai,
    pub class: String,
    pub until: Instant,
}

/// A list that was taken in, and whether it may be taken back.
pub(crate) type ListLine = GuestList;

/// What a list that was handed in would do.
pub(crate) struct Preview {
    /// The list itself, to be handed in again with a yes.
    pub text: String,
    pub taken: Option<Taken>,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

pub(super) fn standing(space: &Space, convention: Option<&Convention>, now: Instant) -> Standing {
    if space.closed {
        Standing::Closed
    } else if now >= space.until {
        Standing::Over
    } else if convention.is_some_and(|one| !one.in_force(now)) {
        Standing::Stopped
    } else {
        Standing::Open
    }
}

pub(super) async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, "/spaces", false).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let now = hub.now();
    let mut spaces = hub.store.spaces_at(&member.at, MOST_SHOWN).await?;
    let is_in: HashMap<&str, Role> =
        member.live.spaces().iter().map(|grant| (grant.space.as_str(), grant.role)).collect();
    spaces.retain(|space| may_manage(&member.known.person, space).is_some() || is_in.contains_key(space.id.as_str()));
    let of_others: Vec<_> = member.live.spaces().iter().filter(|one| one.host != member.at).collect();
    for grant in of_others {
        spaces.extend(hub.store.space(&grant.space).await?);
    }
    let shown = spaces.into_iter().map(|space| {
        let manages = may_manage(&member.known.person, &space).is_some();
        (standing(&space, None, now), manages, space)
    });
    let lists = hub.store.lists(ListsOf::Home(&member.at), MOST_SHOWN).await?;
    let own = |list: &GuestList| member.is_head() || list.by.as_ref() == Some(&member.known.person.id);
    let page = SpacesPage {
        spaces: shown.collect(),
        sent: lists.into_iter().filter(own).collect(),
        head: member.is_head(),
        token: member.token(&hub),
        now,
    };
    Ok(pages::spaces(&hub, &visitor, &member.live, &member.at, page))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, &format!("/space/{id}"), false).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let space = member.manages(&hub, &id).await?;
    page(&hub, &visitor, &member, space, None).await
}

/// Names of guests, by their accounts.
pub(super) async fn named(hub: &Hub, guests: Vec<Guest>) -> Result<Vec<ShownGuest>, Fault> {
    let ids: Vec<PersonId> = guests.iter().map(|one| one.person.clone()).collect();
    let people = hub.store.records_named(&ids).await?;
    let names: HashMap<PersonId, String> =
        people.into_iter().map(|held| (held.person.id.clone(), held.person.display_name())).collect();
    let shown = |guest: Guest| ShownGuest {
        name: names.get(&guest.person).cloned().unwrap_or_default(),
        person: guest.person,
        home: guest.home,
        class: guest.class,
        until: guest.until,
    };
    let mut shown: Vec<ShownGuest> = guests.into_iter().filter(|one| one.ended.is_none()).map(shown).collect();
    shown.sort_by(|one, other| (&one.home, &one.class, &one.name).cmp(&(&other.home, &other.class, &other.name)));
    Ok(shown)
}

async fn framed(hub: &Hub, space: &Space) -> Result<Option<Convention>, Fault> {
    match &space.convention {
        Some(id) => Ok(hub.store.convention(id).await?),
        None => Ok(None),
    }
}

/// Until when a space and its guests may go on, where that is longer than they have: as long as its convention, and the school year.
fn longest(space: &Space, convention: Option<&Convention>, guests: &[Guest], now: Instant) -> Option<Instant> {
    let until = convention.map_or_else(|| next_summer(now), |one| one.until.min(next_summer(now)));
    let shorter = |one: &Guest| one.ended.is_none() && one.until < until;
    let may = standing(space, convention, now) == Standing::Open;
    (may && (until > space.until || guests.iter().any(shorter))).then_some(until)
}

async fn page(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    space: Space,
    preview: Option<Preview>,
) -> Result<Response, Fault> {
    let (now, convention) = (hub.now(), framed(hub, &space).await?);
    let guests = hub.store.guests(GuestsOf::Space(&space.id), &PersonId::new(""), MOST_GUESTS).await?;
    let quota = match &convention {
        Some(one) => Some((hub.store.guest_count(&one.id).await?, one.quota)),
        None => None,
    };
    let state = standing(&space, convention.as_ref(), now);
    let invitations: Vec<(Invitation, String)> = match &convention {
        Some(one) if state == Standing::Open => invitations(hub, &space, one)?,
        _ => Vec::new(),
    };
    let shown = SpacePage {
        longest: longest(&space, convention.as_ref(), &guests, now),
        guests: named(hub, guests).await?,
        lists: hub.store.lists(ListsOf::Space(&space.id), MOST_SHOWN).await?,
        can_change: super::draft::can_say(&space),
        token: member.token(hub),
        state,
        convention,
        quota,
        invitations,
        preview,
        space,
    };
    Ok(pages::space(hub, visitor, &member.live, shown))
}

/// Somebody who sent a form about a space they manage.
async fn acts(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    body: &Bytes,
) -> Result<Result<(Member, crate::Fields, Space), Response>, Fault> {
    let (member, fields) = match sent(hub, visitor, &format!("/space/{id}"), body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(Err(onward)),
    };
    let space = member.manages(hub, id).await?;
    Ok(Ok((member, fields, space)))
}

macro_rules! acting {
    ($acts:expr) => {
        match $acts.await? {
            Ok(acting) => acting,
            Err(onward) => return Ok(onward),
        }
    };
}

pub(super) async fn renew(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, _, space) = acting!(acts(&hub, &visitor, &id, &body));
    let (now, convention) = (hub.now(), framed(&hub, &space).await?);
    let guests = hub.store.guests(GuestsOf::Space(&id), &PersonId::new(""), MOST_GUESTS).await?;
    if let Some(until) = longest(&space, convention.as_ref(), &guests, now) {
        journal(&hub, &visitor, &member, format!("space-renewed {id} until {}", until.rfc3339())).await?;
        // Guests first: nobody outlives a space, and one that was not prolonged keeps its button.
        hub.store.renew_guests(&id, until).await?;
        if until > space.until {
            match hub.store.put_space(&Space { until, ..space.clone() }, Some(&space), now).await {
                // Somebody changed it meanwhile: the page shows how it stands.
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
    Ok(hub.see_other(&format!("/space/{id}")))
}

/// The guests in a space, by their accounts.
pub(super) async fn guests_in(hub: &Hub, id: &str) -> Result<Vec<PersonId>, Fault> {
    let all = every_guest(hub, GuestsOf::Space(id)).await?;
    Ok(all.into_iter().filter(|one| one.ended.is_none()).map(|one| one.person).collect())
}

/// Closes a space of a school, and says so of each of its guests.
pub(super) async fn close_one(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    (id, host): (&str, &Uai),
) -> Result<(), Fault> {
    let guests = guests_in(hub, id).await?;
    journal(hub, visitor, member, format!("space-closed {id}")).await?;
    let why = format!("space-closed {id}");
    journal_of(hub, visitor, Some(host), &guests, AuditKind::GuestEnded, &why);
    hub.store.close_space(id, hub.now()).await?;
    Ok(())
}

pub(super) async fn close(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, _, space) = acting!(acts(&hub, &visitor, &id, &body));
    close_one(&hub, &visitor, &member, (&id, &space.host)).await?;
    told(&hub).await;
    Ok(hub.see_other("/spaces"))
}

pub(super) async fn stop(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, fields, space) = acting!(acts(&hub, &visitor, &id, &body));
    let guest = PersonId::new(fields.required("guest")?);
    if !guests_in(&hub, &id).await?.contains(&guest) {
        return Ok(hub.see_other(&format!("/space/{id}")));
    }
    let guest = std::slice::from_ref(&guest);
    journal(&hub, &visitor, &member, format!("guest-stopped {id}")).await?;
    journal_of(&hub, &visitor, Some(&space.host), guest, AuditKind::GuestEnded, &format!("stopped in {id}"));
    hub.store.leave_space(&id, guest, hub.now()).await?;
    told(&hub).await;
    Ok(hub.see_other(&format!("/space/{id}")))
}

pub(super) async fn undo(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, fields, space) = acting!(acts(&hub, &visitor, &id, &body));
    let list = fields.required("list")?;
    let lists = hub.store.lists(ListsOf::Space(&space.id), MOST_SHOWN).await?;
    let list = lists.into_iter().find(|one| one.id == list && one.withdrawn.is_none()).ok_or_else(nothing)?;
    journal(&hub, &visitor, &member, format!("guests-undone {} of {}", list.id, list.convention)).await?;
    let held = super::receive::held_by(&hub, &list.convention, &list.id).await?;
    let why = format!("list {} of {} taken back", list.id, list.convention);
    journal_of(&hub, &visitor, Some(&space.host), &held, AuditKind::GuestEnded, &why);
    hub.store.withdraw(&list.convention, &list.id, hub.now()).await?;
    told(&hub).await;
    Ok(hub.see_other(&format!("/space/{id}")))
}

/// A signed list that was brought by hand: of a home that cannot send it itself. It is shown first, and taken in by a yes.
pub(super) async fn upload(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, fields, space) = acting!(acts(&hub, &visitor, &id, &body));
    // A form writes lines as the web does; the list was signed with plain ones.
    let text = fields.required("text")?.replace("\r\n", "\n");
    let text = if text.ends_with('\n') { text } else { format!("{text}\n") };
    let yes = fields.one("yes")?.is_some();
    let taken = take_in(&*hub.store, (&hub.keyring, &*hub.ids), hub.base(), &text, hub.now(), false).await;
    let taken = match taken {
        Ok(taken) if taken.space.id != space.id => Err(vec!["it is for another space".to_owned()]),
        Ok(taken) => Ok(taken),
        Err(NotTaken::Refused(problems)) => Err(super::receive::told_of(&problems)),
        Err(NotTaken::Store(error)) => return Err(error.into()),
    };
    let (taken, problems) = match taken {
        Ok(taken) if yes => {
            let (list, convention) = (&taken.head.jti, &taken.convention.id);
            journal(&hub, &visitor, &member, format!("guests-imported {list} of {convention}")).await?;
            match super::receive::take(&hub, &visitor, &text).await? {
                Ok(_) => return Ok(hub.see_other(&format!("/space/{id}"))),
                Err(problems) => (None, problems),
            }
        }
        Ok(taken) => (Some(taken), Vec::new()),
        Err(problems) => (None, problems),
    };
    page(&hub, &visitor, &member, space, Some(Preview { text, taken, problems })).await
}
