//! Shared spaces in the hands of those who teach: a teacher opens one, chooses the classes of both schools and invites the colleague across the
//! road, who sends the list of a class from their own ENT; whoever manages a space, and the head of the school that answers for it, sees who
//! comes in and stops it at once.
//!
//! What a space may be, and who may manage one, is `preau_hosting`'s to say; what a list must be is `spaces`'; what a guest opens is `policy`'s.
//! These pages are for staff of the establishment they work in now; to everybody else there is nothing. Whoever changes something proved who they
//! are within a quarter of an hour.

mod arrivals;
mod draft;
mod heads;
mod invite;
mod join;
mod manage;
mod outgoing;
mod receive;
mod stops;
mod turn;
mod typed;

pub(crate) use draft::{Change, Draft, Estimate, Offered, Partner, ROLES};
pub(crate) use heads::Framed;
pub(crate) use invite::Invitation;
pub(crate) use join::{Answered, Refusal, Whom};
pub(crate) use manage::{ListLine, Preview, ShownGuest, Standing, Typing};
pub(crate) use stops::{ShownLift, ShownStop, Stops};
pub(crate) use turn::Turn;

use crate::lately::{Lately, RECENT};
use crate::{Begin, Fault, FaultKind, Fields, Hub, Known, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::{get, post};
use preau_domain::{
    AuditEvent, AuditKind, Convention, Establishment, EstablishmentKind, Guest, Instant, Person, PersonId, Profile,
    Space, SpaceGrant, Uai,
};
use preau_hosting::Manager;
use preau_store::{ConventionsAt, GuestsOf, ListsOf};
use std::sync::Arc;

/// The forms of these pages.
const FORM: &str = "spaces";
/// Largest list that is taken by a page or from another ENT: a few thousand guests.
const MOST_OF_A_LIST: usize = 1024 * 1024;
/// Conventions read at once.
const CONVENTIONS_AT_ONCE: u32 = 200;
/// What a form adds to it.
const MOST_OF_A_FORM: usize = 16 * 1024;
/// People of an establishment looked at.
const MOST_PEOPLE: u32 = 20_000;
/// Spaces and lists shown on one page.
const MOST_SHOWN: u32 = 50;

/// Guests read at once, and those of one space that are shown on one page.
const MOST_GUESTS: u32 = 1_000;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    let long = || DefaultBodyLimit::max(MOST_OF_A_LIST);
    Router::new()
        .route("/spaces", get(manage::list).post(draft::open))
        .route("/spaces/new", get(draft::ask))
        .route("/spaces/join", get(join::ask).post(join::send))
        .route("/spaces/recall", post(join::recall))
        .route("/spaces/sent", get(outgoing::show))
        .route("/spaces/guests", get(heads::list).post(heads::stop))
        .route("/spaces/guests/lift", post(stops::lift_of_head))
        .route("/spaces/guests/pupils", get(arrivals::list).post(arrivals::confirm))
        .route("/spaces/guests/pupils/refused", post(arrivals::refuse))
        .route("/spaces/guests/written", post(typed::allow))
        .route("/space/{space}", get(manage::show))
        .route("/space/{space}/change", get(draft::ask_change).post(draft::change))
        .route("/space/{space}/renew", post(manage::renew))
        .route("/space/{space}/close", post(manage::close))
        .route("/space/{space}/stop", post(manage::stop))
        .route("/space/{space}/lift", post(stops::lift))
        .route("/space/{space}/undo", post(manage::undo))
        .route("/space/{space}/written", post(typed::write))
        .route(
            "/space/{space}/list",
            post(manage::upload).layer(DefaultBodyLimit::max(MOST_OF_A_LIST + MOST_OF_A_FORM)),
        )
        .route("/hosting/lists", post(receive::list).layer(long()))
        .route("/hosting/recalls", post(receive::recall))
}

/// Somebody of the staff, and the establishment they work in now.
struct Member {
    live: Arc<Live>,
    known: Known,
    at: Uai,
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "a page of spaces, of which there is none for them")
}

/// Whether somebody works with pupils in an establishment: they may open a space there.
fn works(person: &Person, at: &Uai) -> bool {
    let profiles = [Profile::Teacher, Profile::Head, Profile::SchoolLife, Profile::Librarian];
    let works = |own: &preau_domain::Affiliation| own.establishment == *at && profiles.contains(&own.profile);
    !person.is_hosted() && person.affiliations.iter().any(works)
}

/// Whether somebody finds a way to these pages at home: an operator lets services into spaces, there is a space already, or, for the head, people of the
/// school were sent to one of another ENT.
pub(crate) async fn has_spaces(hub: &Hub, live: &Live, person: &Person) -> Result<bool, Fault> {
    let Some(at) = live.session.establishment.as_ref().filter(|at| works(person, at)) else { return Ok(false) };
    if !live.spaces().is_empty() || draft::mountable(&hub.services(), at).next().is_some() {
        return Ok(true);
    }
    let head = crate::offers::heads(&person.affiliations, at);
    Ok(head && !hub.store.lists(ListsOf::Home(at), 0, 1).await?.is_empty())
}

/// A space that somebody manages and that is over within a month.
pub(crate) fn ends_soon(live: &Live, now: Instant) -> bool {
    let soon = now + crate::BEFORE_THE_END;
    let manages = |one: &SpaceGrant| one.role == preau_domain::Role::Gestionnaire;
    live.spaces().iter().any(|one| manages(one) && one.holds(now) && one.until <= soon)
}

/// Lets in staff of the establishment they work in; with `recently`, who proved it within a quarter of an hour, by two factors where they have a
/// second one.
async fn asks(hub: &Hub, visitor: &Visitor, here: &str, recently: bool) -> Result<Lately<Member>, Fault> {
    asks_since(hub, visitor, here, recently.then(|| hub.now() - RECENT)).await
}

/// The same, of who proved it since that moment.
async fn asks_since(hub: &Hub, visitor: &Visitor, here: &str, since: Option<Instant>) -> Result<Lately<Member>, Fault> {
    if let Some(live) = visitor.live(hub).await? {
        let known = live.known()?;
        let at = live.session.establishment.clone().filter(|at| works(&known.person, at)).ok_or_else(nothing)?;
        return match since {
            Some(since) if !hub.proved_lately(&live, since).await? => {
                hub.prove_again(visitor, here.to_owned(), since).await
            }
            _ => Ok(Lately::Proved(Member { live, known, at })),
        };
    }
    hub.begin_sign_in(visitor, Begin::for_page(here)).await.map(Lately::Onward)
}

/// Who sent a form, and what it holds, when it is one of this very session.
async fn sent(
    hub: &Hub,
    visitor: &Visitor,
    here: &str,
    body: &Bytes,
) -> Result<Result<(Member, Fields), Response>, Fault> {
    let fields = Fields::of_message(body)?;
    Ok(sent_by(hub, visitor, here, &fields).await?.map(|member| (member, fields)))
}

/// Who sent these fields, when they are of a form of this very session.
async fn sent_by(hub: &Hub, visitor: &Visitor, here: &str, fields: &Fields) -> Result<Result<Member, Response>, Fault> {
    let token = fields.required("token")?;
    match asks(hub, visitor, here, true).await? {
        Lately::Proved(member) => {
            hub.check_form(&member.live.session.id, FORM, token)?;
            Ok(Ok(member))
        }
        Lately::Onward(response) => Ok(Err(response)),
    }
}

impl Member {
    fn token(&self, hub: &Hub) -> String {
        hub.form_token(&self.live.session.id, FORM)
    }

    /// Whether they are of the direction of the establishment they work in.
    fn is_head(&self) -> bool {
        crate::offers::heads(&self.known.person.affiliations, &self.at)
    }

    /// A space they may manage; to whoever may not there is none. Nobody is in one that ended, so that it gives no group any more: whom it names
    /// go on reading how it stands.
    async fn manages(&self, hub: &Hub, id: &str) -> Result<(Space, Manager), Fault> {
        let (space, person) = (hub.store.space(id).await?.ok_or_else(nothing)?, &self.known.person);
        let ended = space.closed || hub.now() >= space.until;
        let named = || ended && !preau_hosting::managers(std::slice::from_ref(person), &space).is_empty();
        let as_what = preau_hosting::may_manage(person, &space).or_else(|| named().then_some(Manager::Manager));
        Ok((space, as_what.ok_or_else(nothing)?))
    }
}

/// Notes durably what somebody is about to do.
async fn journal(hub: &Hub, visitor: &Visitor, member: &Member, what: String) -> Result<(), Fault> {
    let event = hub.event_of(visitor, &member.live, AuditKind::Administered, what);
    hub.audit_before(AuditEvent { establishment: Some(member.at.clone()), ..event }).await
}

/// Notes of each guest what became of them: who let a child in, and who stopped it, is found by the child.
fn journal_of(hub: &Hub, visitor: &Visitor, at: Option<&Uai>, people: &[PersonId], kind: AuditKind, what: &str) {
    for person in people {
        let mut event = AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), what);
        event.person = Some(person.clone());
        event.establishment = at.cloned();
        hub.audit(event);
    }
}

/// All guests of a space or a list.
async fn every_guest(hub: &Hub, of: GuestsOf<'_>) -> Result<Vec<Guest>, Fault> {
    let (mut all, mut after) = (Vec::new(), PersonId::new(""));
    loop {
        let page = hub.store.guests(of, &after, MOST_GUESTS).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.person.clone();
        all.extend(page);
    }
}

/// The schools that are paired with one of ours: of a collège its écoles, of an école its collège.
async fn paired_with(hub: &Hub, ours: Option<&Establishment>) -> Result<Vec<Uai>, Fault> {
    match ours {
        Some(one) if one.kind == EstablishmentKind::College => {
            let pair = crate::arrivals::pair_of(&*hub.store, &one.uai).await?;
            Ok(pair.map_or_else(Vec::new, |(pair, _)| pair.ecoles))
        }
        Some(one) => Ok(one.sector.clone().into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

/// The conventions in force at a school, whose guests may come there: all that name it; of those for all of ours, those of the schools that are paired with
/// it, and of the others so many that one question reads them.
async fn conventions_at(hub: &Hub, at: &Uai, paired: &[Uai]) -> Result<Vec<Convention>, Fault> {
    let (now, mut all, mut after) = (hub.now(), Vec::new(), String::new());
    loop {
        let page = hub.store.conventions_of(at, ConventionsAt::Named, now, &after, CONVENTIONS_AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        all.extend(page);
    }
    for which in [ConventionsAt::Meeting(paired), ConventionsAt::ForAll] {
        all.extend(hub.store.conventions_of(at, which, now, "", CONVENTIONS_AT_ONCE).await?);
    }
    all.retain(|one| one.in_force(now) && one.peer.comes_by().is_some() && one.is_for(at));
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all.dedup_by(|one, other| one.id == other.id);
    Ok(all)
}

/// Has services hear at once of the sessions that fell. They are over already: where it cannot be told now, the job of every few seconds does.
async fn told(hub: &Hub) {
    if let Err(fault) = hub.end_expired_sessions(1_000).await {
        tracing::warn!(detail = %fault.detail, "services are told of ended sessions later");
    }
}
