//! The page on which the direction of an establishment prints activation codes.
//!
//! It is there for whoever is of the direction of the establishment they work in now and proved it within a quarter of an hour, where some
//! public proves itself by a password that lives here; to everybody else there is nothing.

use super::{LASTS, Printed, lots, make, sheet};
use crate::lately::{Lately, RECENT};
use crate::offers::heads;
use crate::pages::{self, DeskPage};
use crate::{Fault, FaultKind, Fields, Hub, Known, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header;
use preau_domain::{AuditEvent, AuditKind, GroupKind, Person, PersonId, Public, Uai};
use std::sync::Arc;

const HERE: &str = "/activation";
const FORM: &str = "activation-desk";

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/activation", get(show)).route("/activation/sheets", post(print))
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "activation codes, for whom there are none to make")
}

/// Pupils and parents, as far as they prove themselves here.
fn publics(hub: &Hub) -> Vec<Public> {
    [Public::Pupil, Public::Guardian].into_iter().filter(|public| hub.proves_here(*public)).collect()
}

/// Whether the page is there for somebody who works there now.
pub(crate) fn is_for(hub: &Hub, person: &Person, at: &Uai) -> bool {
    heads(&person.affiliations, at) && !publics(hub).is_empty()
}

/// Whoever may print, and for which establishment.
async fn door(hub: &Hub, visitor: &Visitor) -> Result<Lately<(Arc<Live>, Uai)>, Fault> {
    if publics(hub).is_empty() {
        return Err(nothing());
    }
    let since = hub.now() - RECENT;
    if let Some(live) = visitor.live(hub).await? {
        let Known { person, .. } = live.known()?;
        let at = live.session.establishment.clone().filter(|at| is_for(hub, &person, at)).ok_or_else(nothing)?;
        if hub.proved_lately(&live, since).await? {
            return Ok(Lately::Proved((live, at)));
        }
    }
    hub.prove_again(visitor, HERE.to_owned(), since).await
}

async fn show(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    match door(&hub, &visitor).await? {
        Lately::Proved((live, at)) => page(&hub, &visitor, &live, &at, None).await,
        Lately::Onward(response) => Ok(response),
    }
}

async fn page(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    at: &Uai,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let establishment = hub.store.establishment(at).await?.ok_or_else(nothing)?;
    let class = |group: preau_domain::Group| (group.kind == GroupKind::Class).then_some((group.code, group.label));
    let shown = DeskPage {
        place: establishment.name,
        classes: establishment.groups.into_iter().filter_map(class).collect(),
        publics: publics(hub),
        token: hub.form_token(&live.session.id, FORM),
        problem,
    };
    Ok(pages::desk(hub, visitor, shown))
}

async fn print(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (live, at) = match door(&hub, &visitor).await? {
        Lately::Proved(head) => head,
        Lately::Onward(response) => return Ok(response),
    };
    let fields = Fields::of_body(&body)?;
    hub.check_form(&live.session.id, FORM, fields.required("token")?)?;
    let all = |name: &str| fields.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect();
    let (classes, asked): (Vec<String>, Vec<String>) = (all("class"), all("public"));
    let chosen: Vec<Public> = publics(&hub).into_iter().filter(|p| asked.iter().any(|a| a == p.as_str())).collect();
    let again = fields.one("again")?.is_some();
    let mut lots =
        lots(&*hub.store, &at, &chosen, &classes, (hub.now(), again), |public| hub.proves_here(public)).await?;
    // A head hands out no keys of colleagues, be they parents too, nor of administrators.
    let family = |person: &Person| {
        person.affiliations.iter().all(|one| matches!(one.profile.public(), Public::Pupil | Public::Guardian))
            && !hub.config.administrators.iter().any(|id| *id == *person.id.as_str())
    };
    lots.iter_mut().for_each(|lot| lot.people.retain(|(person, _)| family(person)));
    lots.retain(|lot| !lot.people.is_empty());
    let count: usize = lots.iter().map(|lot| lot.people.len()).sum();
    if count == 0 {
        return page(&hub, &visitor, &live, &at, Some("desk-problem-nobody")).await;
    }
    // What is done is said before it is done.
    let whom = chosen.iter().map(|public| public.as_str()).collect::<Vec<_>>().join(",");
    let what = format!("codes-printed {whom} {count}");
    let event = hub.event_of(&visitor, &live, AuditKind::CredentialsChanged, what);
    hub.audit_before(AuditEvent { establishment: Some(at.clone()), ..event }).await?;
    let establishment = hub.store.establishment(&at).await?.ok_or_else(nothing)?;
    let printed = Printed::now(&hub, &visitor, &establishment.name);
    let mut sheets = Vec::new();
    for lot in &lots {
        let people: Vec<PersonId> = lot.people.iter().map(|(person, _)| person.id.clone()).collect();
        let (times, by) = ((printed.made, LASTS), Some(&live.session.person));
        let codes = make(&*hub.store, &hub.keyring, &*hub.ids, &people, times, by).await?;
        sheets.push(sheet(&printed, lot, &codes, printed.made + LASTS));
    }
    let title = hub.texts.text(visitor.locale, "sheet-document");
    Ok(document(preau_paper::pdf(&title, visitor.locale.code(), &sheets), "codes.pdf"))
}

/// A document that a browser shows or keeps, and no cache does.
pub(crate) fn document(pdf: Vec<u8>, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, pdf).into_response()
}
