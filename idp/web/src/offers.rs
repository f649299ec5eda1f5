//! The second key in the hands of a head of establishment: what the academy offers, the sheet of each service, for whom it opens there
//! and until when, who would gain and who would lose it, and the yes.
//!
//! These pages are there for whoever is of the direction of the establishment they work in now, and say nothing of any other
//! establishment. A yes is given by somebody who proved who they are within a quarter of an hour. What a yes means at a door is
//! `policy`'s; how it is kept is in `second_key`.

mod choice;
mod counted;

pub(crate) use choice::{Choice, kept_as, profiles_of};
pub(crate) use counted::Counted;

use crate::lately::{Lately, RECENT};
use crate::pages::{self, ShownOffer};
use crate::{Begin, Door as Service, Fault, FaultKind, Fields, Hub, Known, Live, ServiceTable, Visitor, second_key};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use preau_domain::{Affiliation, AuditEvent, AuditKind, Opening, PersonId, Profile, ServiceId, Uai};
use preau_policy::Standing;
use std::sync::Arc;

/// The form by which a head says yes, or takes it back.
const FORM: &str = "second-key";

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/services", get(list))
        .route("/services/{service}", get(show))
        .route("/services/{service}/open", post(open))
        .route("/services/{service}/close", post(close))
}

/// The services that ask for the key of an establishment and are for somebody there, in the order of the home page.
pub(crate) fn offered<'t>(table: &'t ServiceTable, at: &Uai) -> impl Iterator<Item = &'t Service> {
    table.all().iter().filter(|door| {
        let reaches =
            |whom: &preau_domain::Population| whom.establishments.is_empty() || whom.establishments.contains(at);
        door.two_keys && door.audience.allow.iter().any(reaches)
    })
}

/// Whether somebody with these affiliations is of the direction of an establishment.
pub(crate) fn heads(affiliations: &[Affiliation], at: &Uai) -> bool {
    affiliations.iter().any(|one| one.profile == Profile::Head && one.establishment == *at)
}

/// A head, and the establishment they work in now.
struct Head {
    live: Arc<Live>,
    person: PersonId,
    at: Uai,
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "a page of heads of establishment, for whom there is none")
}

/// Lets in whoever is of the direction of the establishment they work in; with `recently`, who proved it within a quarter of an hour, by two
/// factors where they have a second one.
async fn asks(hub: &Hub, visitor: &Visitor, here: &str, recently: bool) -> Result<Lately<Head>, Fault> {
    if !hub.services().asks_two_keys() {
        return Err(nothing());
    }
    let since = hub.now() - RECENT;
    if let Some(live) = visitor.live(hub).await? {
        let Known { person, .. } = live.known()?;
        let at = live.session.establishment.clone().filter(|at| heads(&person.affiliations, at)).ok_or_else(nothing)?;
        if !recently || hub.proved_lately(&live, since).await? {
            let person = person.id.clone();
            return Ok(Lately::Proved(Head { live, person, at }));
        }
        return hub.prove_again(visitor, here.to_owned(), since).await;
    }
    hub.begin_sign_in(visitor, Begin::for_page(here)).await.map(Lately::Onward)
}

fn service(table: &ServiceTable, id: &str, at: &Uai) -> Result<Service, Fault> {
    offered(table, at).find(|door| door.service.id.as_str() == id).cloned().ok_or_else(nothing)
}

/// How the key of a service stands; one that asks for none was filtered out before.
fn standing<'t>(hub: &Hub, table: &'t ServiceTable, id: &ServiceId, at: &Uai) -> Standing<'t> {
    table.rules.standing(id, at, hub.now()).unwrap_or(Standing::Shut)
}

async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    let head = match asks(&hub, &visitor, "/services", false).await? {
        Lately::Proved(head) => head,
        Lately::Onward(response) => return Ok(response),
    };
    let table = hub.services();
    let all: Vec<_> =
        offered(&table, &head.at).map(|door| (door, standing(&hub, &table, &door.service.id, &head.at))).collect();
    Ok(pages::offers(&hub, &visitor, &head.live, &head.at, &all))
}

async fn show(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let head = match asks(&hub, &visitor, &format!("/services/{id}"), true).await? {
        Lately::Proved(head) => head,
        Lately::Onward(response) => return Ok(response),
    };
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let chosen = fields.one("until")?.is_some().then(|| Choice::read(&fields)).transpose()?;
    sheet(&hub, &visitor, &head, &id, chosen, None).await
}

/// The page of one service: its sheet, and what became of a choice.
async fn sheet(
    hub: &Hub,
    visitor: &Visitor,
    head: &Head,
    id: &str,
    chosen: Option<Choice>,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let table = hub.services();
    let door = service(&table, id, &head.at)?;
    let standing = standing(hub, &table, &door.service.id, &head.at);
    let now = match standing {
        Standing::Open(opening) => Some(opening),
        _ => None,
    };
    let said = last_yes(standing);
    let wrong = chosen.as_ref().and_then(|choice| choice.problem(&door, &head.at, hub.now(), said));
    let then = match &chosen {
        Some(choice) if wrong.is_none() && problem.is_none() => {
            Some(opening(hub, head, &door, choice, said).ok_or_else(nothing)?)
        }
        _ => None,
    };
    let mut after: Vec<Option<&Opening>> = then.iter().map(Some).collect();
    after.extend(now.map(|_| None));
    let mut counted = counted::count(hub, &door, &head.at, now, &after).await?;
    let closing = now.and_then(|_| counted.pop());
    let preview = counted.pop();
    let token = hub.form_token(&head.live.session.id, FORM);
    let shown = ShownOffer {
        door: &door,
        at: &head.at,
        standing,
        chosen,
        problem: problem.or(wrong),
        preview,
        closing,
        sheet: second_key::sheet(&door),
        token,
    };
    Ok(pages::offer(hub, visitor, &head.live, shown))
}

/// What was said last, in force or not.
pub(crate) fn last_yes(standing: Standing<'_>) -> Option<&Opening> {
    match standing {
        Standing::Shut => None,
        Standing::Over(opening) | Standing::SheetChanged(opening) | Standing::Open(opening) => Some(opening),
    }
}

/// The yes that a choice would be; absent when it has no last day, or keeps what is no longer there.
fn opening(hub: &Hub, head: &Head, door: &Service, choice: &Choice, said: Option<&Opening>) -> Option<Opening> {
    Some(Opening {
        service: door.service.id.clone(),
        establishment: head.at.clone(),
        allow: choice.whom(said)?,
        until: choice.until?,
        sheet: second_key::sheet(door),
        by: head.person.clone(),
        at: hub.now(),
    })
}

/// Who sent a form, and what it holds, when it is one of this very session.
async fn sent(hub: &Hub, visitor: &Visitor, id: &str, body: &Bytes) -> Result<Result<(Head, Fields), Response>, Fault> {
    let head = match asks(hub, visitor, &format!("/services/{id}"), true).await? {
        Lately::Proved(head) => head,
        Lately::Onward(response) => return Ok(Err(response)),
    };
    let fields = Fields::of_body(body)?;
    hub.check_form(&head.live.session.id, FORM, fields.required("token")?)?;
    // Somebody who works elsewhere since the page was shown would say yes for the wrong school.
    if fields.required("at")? != head.at.as_str() {
        return Err(Fault::new(FaultKind::StaleForm, "form of a second key of another establishment"));
    }
    Ok(Ok((head, fields)))
}

async fn open(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (head, fields) = match sent(&hub, &visitor, &id, &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let table = hub.services();
    let door = service(&table, &id, &head.at)?;
    let said = last_yes(standing(&hub, &table, &door.service.id, &head.at));
    let choice = Choice::read(&fields)?;
    if fields.required("sheet")? != second_key::sheet(&door) {
        return sheet(&hub, &visitor, &head, &id, Some(choice), Some("offer-problem-sheet")).await;
    }
    if choice.problem(&door, &head.at, hub.now(), said).is_some() {
        return sheet(&hub, &visitor, &head, &id, Some(choice), None).await;
    }
    let opening = opening(&hub, &head, &door, &choice, said).ok_or_else(nothing)?;
    let signed: String = opening.sheet.chars().take(12).collect();
    journal(&hub, &visitor, &head, &door, format!("opened in {} until {}, sheet {signed}", head.at, opening.until))
        .await?;
    second_key::keep(&*hub.store, &opening).await?;
    hub.take_opening(&door.service.id, &head.at).await?;
    Ok(hub.see_other("/services"))
}

async fn close(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let head = match sent(&hub, &visitor, &id, &body).await? {
        Ok((head, _)) => head,
        Err(onward) => return Ok(onward),
    };
    let door = service(&hub.services(), &id, &head.at)?;
    journal(&hub, &visitor, &head, &door, format!("closed in {}", head.at)).await?;
    hub.store.remove_registration(&Opening::name(&door.service.id, &head.at)).await?;
    hub.take_opening(&door.service.id, &head.at).await?;
    Ok(hub.see_other("/services"))
}

/// Notes durably what a head is about to do.
async fn journal(hub: &Hub, visitor: &Visitor, head: &Head, door: &Service, what: String) -> Result<(), Fault> {
    let event = hub.event_of(visitor, &head.live, AuditKind::Administered, what);
    let (service, establishment) = (Some(door.service.id.clone()), Some(head.at.clone()));
    hub.audit_before(AuditEvent { service, establishment, ..event }).await
}
