//! The spaces somebody manages: who is in them, until when, the lists that brought them, the invitations; one more year in one click, and the ends.

use super::invite::{Invitation, invitations};
use super::receive::{self, MOST_PROBLEMS};
use super::stops;
use super::{
    MOST_GUESTS, MOST_OF_A_LIST, Member, Turn, asks, asks_since, every_guest, journal, journal_of, nothing, sent_by,
    told,
};
use crate::lately::Lately;
use crate::pages::{self, SpacePage, SpacesPage};
use crate::spaces::{Checked, Taken};
use crate::{Fault, FaultKind, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use preau_domain::{AuditKind, Convention, Guest, GuestList, Instant, PersonId, Seconds, Space, Uai};
use preau_hosting::{Manager, Problem, Reason, Why, may_be_typed, may_manage, next_summer};
use preau_store::{GuestsOf, Hosted, ListsOf, StoreError};
use std::sync::Arc;

/// How long ago somebody who writes a list proved who they are, before they begin: what they write is to arrive within a quarter of an hour.
const TO_WRITE: Seconds = Seconds(5 * 60);

/// Whether a list can be written on the page of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typing {
    /// The head did not say yes.
    NotAllowed,
    /// Once they prove who they are: what was written would be lost on the way.
    ProveFirst,
    Here,
}

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
    /// Of a list that is written here: its class, as the form says it, and its name.
    pub typed: Option<(String, String)>,
    pub taken: Option<Taken>,
    /// What is wrong with it.
    pub problems: Vec<Reason>,
}

impl Preview {
    /// Of what a list would do, or of what is wrong with it.
    pub(super) fn of(text: String, typed: Option<(String, String)>, would: Result<Taken, Vec<Problem>>) -> Preview {
        match would {
            Ok(taken) => Preview { text, typed, taken: Some(taken), problems: Vec::new() },
            Err(problems) => {
                let problems = problems.iter().take(MOST_PROBLEMS).map(Problem::reason).collect();
                Preview { text, typed, taken: None, problems }
            }
        }
    }
}

/// What a list would do; nothing more is to be seen of one that was taken in, by a yes and with this line in the journal.
pub(super) async fn settled(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    list: &Checked,
    yes: Option<String>,
) -> Result<Result<Option<Taken>, Vec<Problem>>, Fault> {
    let would = receive::would(hub, list).await?;
    let (Ok(_), Some(what)) = (&would, yes) else { return Ok(would.map(Some)) };
    journal(hub, visitor, member, what).await?;
    Ok(receive::take(hub, visitor, list).await?.map(|_| None))
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

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, "/spaces", false).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let (now, fields) = (hub.now(), Fields::parse(query.as_deref().unwrap_or_default())?);
    let (mut turn, mut lists_turn) = (Turn::read(&fields, "page")?, Turn::read(&fields, "lists")?);
    // Whoever is no head manages what they are in; the head everything of the establishment.
    let mut spaces = match member.is_head() {
        true => hub.store.spaces_at(&member.at, turn.skip(), turn.limit()).await?,
        false => Vec::new(),
    };
    turn.cut(&mut spaces);
    let grants = member.live.spaces().iter().filter(|one| !member.is_head() || one.host != member.at);
    let named: Vec<String> = grants.map(|one| one.space.clone()).collect();
    if turn.page == 1 && !named.is_empty() {
        spaces.extend(hub.store.spaces_named(&named).await?);
    }
    let shown = spaces.into_iter().map(|space| {
        let manages = may_manage(&member.known.person, &space).is_some();
        (standing(&space, None, now), manages, space)
    });
    let sent = match member.is_head() {
        true => ListsOf::Home(&member.at),
        false => ListsOf::SentBy(&member.at, &member.known.person.id),
    };
    let mut sent = hub.store.lists(sent, lists_turn.skip(), lists_turn.limit()).await?;
    lists_turn.cut(&mut sent);
    let mut named: Vec<String> = sent.iter().map(|list| list.convention.clone()).collect();
    named.sort();
    named.dedup();
    let conventions = match named.is_empty() {
        true => Vec::new(),
        false => hub.store.conventions_named(&named).await?,
    };
    let page = SpacesPage {
        spaces: shown.collect(),
        sent,
        peers: conventions.into_iter().map(|one| (one.id, one.peer.name)).collect(),
        turns: [turn, lists_turn],
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
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let since = fields.one("write")?.map(|_| hub.now() - TO_WRITE);
    let here = format!("/space/{id}{}", if since.is_some() { "?write=1" } else { "" });
    let member = match asks_since(&hub, &visitor, &here, since).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let (space, as_what) = member.manages(&hub, &id).await?;
    let (lists, stops) = (Turn::read(&fields, "lists")?, Turn::read(&fields, "stops")?);
    let reading = Reading { after: fields.one("after")?.map(PersonId::new), lists, stops };
    page(&hub, &visitor, &member, (space, as_what), reading, None).await
}

/// What of a space is read: which guests, which lists, and who is kept out.
pub(super) struct Reading {
    after: Option<PersonId>,
    lists: Turn,
    stops: Turn,
}

impl Reading {
    pub(super) fn first() -> Reading {
        Reading { after: None, lists: Turn::first("lists"), stops: Turn::first("stops") }
    }
}

/// Guests as they are shown, by school, class and name.
pub(super) fn shown(guests: Vec<Hosted>) -> Vec<ShownGuest> {
    let shown = |Hosted { guest, name, .. }: Hosted| ShownGuest {
        name,
        person: guest.person,
        home: guest.home,
        class: guest.class,
        until: guest.until,
    };
    let mut shown: Vec<ShownGuest> = guests.into_iter().filter(|one| one.guest.ended.is_none()).map(shown).collect();
    shown.sort_by(|one, other| (&one.home, &one.class, &one.name).cmp(&(&other.home, &other.class, &other.name)));
    shown
}

async fn framed(hub: &Hub, space: &Space) -> Result<Option<Convention>, Fault> {
    match &space.convention {
        Some(id) => Ok(hub.store.convention(id).await?),
        None => Ok(None),
    }
}

/// Until when a space that is open and its guests may go on: as long as its convention, and the school year.
fn may_last(space: &Space, convention: Option<&Convention>, now: Instant) -> Option<Instant> {
    let until = convention.map_or_else(|| next_summer(now), |one| one.until.min(next_summer(now)));
    (standing(space, convention, now) == Standing::Open).then_some(until)
}

/// The same, where that is longer than they have.
fn longest<'g>(
    space: &Space,
    convention: Option<&Convention>,
    mut guests: impl Iterator<Item = &'g Guest>,
    now: Instant,
) -> Option<Instant> {
    let until = may_last(space, convention, now)?;
    let shorter = |one: &Guest| one.ended.is_none() && one.until < until;
    (until > space.until || guests.any(shorter)).then_some(until)
}

pub(super) async fn page(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    (space, as_what): (Space, Manager),
    reading: Reading,
    preview: Option<Preview>,
) -> Result<Response, Fault> {
    let (now, convention) = (hub.now(), framed(hub, &space).await?);
    let (nobody, one) = (PersonId::new(""), std::slice::from_ref(&space.id));
    let mut guests = hub.store.guests_in(one, reading.after.as_ref().unwrap_or(&nobody), MOST_GUESTS + 1).await?;
    let more = guests.len() > MOST_GUESTS as usize;
    guests.truncate(MOST_GUESTS as usize);
    let quota = match &convention {
        Some(one) => Some((hub.store.guest_count(&one.id).await?, one.quota)),
        None => None,
    };
    let state = standing(&space, convention.as_ref(), now);
    let invitations: Vec<(Invitation, String)> = match &convention {
        // Where nobody can sign in there is nobody to open one.
        Some(one) if state == Standing::Open && !one.peer.comes_by_card() => invitations(hub, &space, one)?,
        _ => Vec::new(),
    };
    let stops = match &convention {
        Some(_) => {
            let head = as_what == Manager::Head;
            stops::of(hub, &space.host, Some(&space.id), head, reading.stops).await?
        }
        None => stops::Stops::none(),
    };
    let typed = match &convention {
        Some(one) if may_be_typed(one) => {
            let named = std::slice::from_ref(&one.id);
            let allowed = !hub.store.typing_allowed(&space.host, named).await?.is_empty();
            let here = preview.as_ref().is_some_and(|one| one.typed.is_some());
            Some(match allowed {
                false => Typing::NotAllowed,
                true if here || hub.proved_lately(&member.live, now - TO_WRITE).await? => Typing::Here,
                true => Typing::ProveFirst,
            })
        }
        _ => None,
    };
    let mut turn = reading.lists;
    let mut lists = hub.store.lists(ListsOf::Space(&space.id), turn.skip(), turn.limit()).await?;
    turn.cut(&mut lists);
    let shown = SpacePage {
        longest: longest(&space, convention.as_ref(), guests.iter().map(|one| &one.guest), now),
        after: guests.last().filter(|_| more).map(|one| one.guest.person.clone()),
        guests: shown(guests),
        stops,
        lists,
        turn,
        can_change: super::draft::can_say(&space),
        token: member.token(hub),
        typed,
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
pub(super) struct Acting {
    pub member: Member,
    pub fields: Fields,
    pub space: Space,
    /// Whether they are the head of the establishment that answers for it.
    pub head: bool,
}

pub(super) async fn acts(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    body: &Bytes,
) -> Result<Result<Acting, Response>, Fault> {
    acts_by(hub, visitor, id, Fields::of_message(body)?).await
}

pub(super) async fn acts_by(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    fields: Fields,
) -> Result<Result<Acting, Response>, Fault> {
    let member = match sent_by(hub, visitor, &format!("/space/{id}"), &fields).await? {
        Ok(member) => member,
        Err(onward) => return Ok(Err(onward)),
    };
    let (space, as_what) = member.manages(hub, id).await?;
    Ok(Ok(Acting { member, fields, space, head: as_what == Manager::Head }))
}

macro_rules! acting {
    ($acts:expr) => {
        match $acts.await? {
            Ok(acting) => acting,
            Err(onward) => return Ok(onward),
        }
    };
}
pub(super) use acting;

pub(super) async fn renew(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let Acting { member, space, .. } = acting!(acts(&hub, &visitor, &id, &body));
    let (now, convention) = (hub.now(), framed(&hub, &space).await?);
    if let Some(until) = may_last(&space, convention.as_ref(), now) {
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
    let Acting { member, space, .. } = acting!(acts(&hub, &visitor, &id, &body));
    close_one(&hub, &visitor, &member, (&id, &space.host)).await?;
    told(&hub).await;
    // Its own page says so, and goes on saying so: the list is of spaces that somebody is in, and soon lets go of it.
    Ok(hub.see_other(&format!("/space/{id}")))
}

/// A guest is stopped: out of the space by whoever manages it, out of every one of the establishment by its head; and stays out.
pub(super) async fn stop(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let Acting { member, fields, space, head } = acting!(acts(&hub, &visitor, &id, &body));
    let guest = PersonId::new(fields.required("guest")?);
    if !hub.store.is_guest_in(&id, &guest).await? {
        return Ok(hub.see_other(&format!("/space/{id}")));
    }
    let (out_of, said) = if head { (None, space.host.as_str()) } else { (Some(id.as_str()), id.as_str()) };
    journal(&hub, &visitor, &member, format!("guest-stopped {said}")).await?;
    let why = format!("stopped in {said}");
    journal_of(&hub, &visitor, Some(&space.host), std::slice::from_ref(&guest), AuditKind::GuestEnded, &why);
    hub.store.stop_guest(&space.host, out_of, &guest, head, hub.now()).await?;
    told(&hub).await;
    Ok(hub.see_other(&format!("/space/{id}")))
}

pub(super) async fn undo(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let Acting { member, fields, space, .. } = acting!(acts(&hub, &visitor, &id, &body));
    let convention = space.convention.as_deref().ok_or_else(nothing)?;
    let list = hub.store.guest_list(convention, fields.required("list")?, false).await?;
    let list = list.filter(|one| one.space == space.id && one.withdrawn.is_none()).ok_or_else(nothing)?;
    journal(&hub, &visitor, &member, format!("guests-undone {} of {}", list.id, list.convention)).await?;
    let held = super::receive::held_by(&hub, &list.convention, &list.id).await?;
    let why = format!("list {} of {} taken back", list.id, list.convention);
    journal_of(&hub, &visitor, Some(&space.host), &held, AuditKind::GuestEnded, &why);
    hub.store.withdraw(&list.convention, &list.id, hub.now()).await?;
    told(&hub).await;
    Ok(hub.see_other(&format!("/space/{id}")))
}

/// The list that a form brings, as its file or as its text. What an editor adds when it saves one is taken away: a mark at the beginning, lines that end as on
/// Windows, and a last one that does not end.
fn brought(fields: &Fields) -> Result<String, Fault> {
    let (file, text) = (fields.one("file")?.unwrap_or_default(), fields.one("text")?.unwrap_or_default());
    let text = if file.is_empty() { text } else { file };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > MOST_OF_A_LIST {
        return Err(Fault::new(FaultKind::TooLarge, "a list of guests is too long"));
    }
    // A form writes lines as the web does; the list was signed with plain ones.
    let text = text.replace("\r\n", "\n");
    Ok(if text.ends_with('\n') { text } else { format!("{text}\n") })
}

/// A signed list that was brought by hand: of a home that cannot send it itself. It is shown first, and taken in by a yes.
pub(super) async fn upload(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: http::HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let fields = Fields::of_upload(kind, &body)?;
    let Acting { member, fields, space, head } = acting!(acts_by(&hub, &visitor, &id, fields));
    let (text, yes) = (brought(&fields)?, fields.one("yes")?.is_some());
    let shown = match receive::checked(&hub, &text).await? {
        Ok(list) if list.space().id != space.id => Err(vec![Problem::whole(Why::Plain("other-space"))]),
        Ok(list) => {
            let what = yes.then(|| format!("guests-imported {} of {}", list.head.jti, list.convention.id));
            settled(&hub, &visitor, &member, &list, what).await?
        }
        Err(problems) => Err(problems),
    };
    let Some(shown) = shown.transpose() else { return Ok(hub.see_other(&format!("/space/{id}"))) };
    let preview = Preview::of(text, None, shown);
    let as_what = if head { Manager::Head } else { Manager::Manager };
    page(&hub, &visitor, &member, (space, as_what), Reading::first(), Some(preview)).await
}
