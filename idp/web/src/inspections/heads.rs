//! The page of the head: who looks at the space of which teacher, why and until when; one more, and the end of one.

use super::{
    Asked, DROPPED, ENDED, GRANTED, Problem, TEACHING, draft, events, in_the_way, inspects, letters, may_be_inspected,
    teaches,
};
use crate::lately::{Lately, RECENT};
use crate::offers::heads;
use crate::pages;
use crate::{Begin, Door, Fault, FaultKind, Fields, Hub, Known, Live, ServiceTable, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use preau_domain::{AuditEvent, AuditKind, Inspection, Person, PersonId, Uai, normalised_login};
use preau_store::{InspectionsOf, Store, StoreError};
use std::collections::HashMap;
use std::sync::Arc;

const HERE: &str = "/inspections";
const FORM: &str = "inspection";
/// Most teachers of an establishment that are looked at.
const MOST_TEACHERS: u32 = 2_000;
/// Most of them that a search finds.
const MOST_FOUND: usize = 20;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/inspections", get(list).post(grant)).route("/inspections/end", post(end))
}

/// One inspection, with the names of those it is about.
pub(crate) struct Line {
    pub inspection: Inspection,
    pub inspector: String,
    pub teacher: String,
    pub by: By,
}

/// Who granted one.
pub(crate) enum By {
    /// A head of establishment, by name.
    Head(String),
    /// A head whose account is no more.
    Former,
    /// An operator, for the academy.
    Operator,
}

impl By {
    /// Their name, if a head's is known.
    pub fn name(&self) -> Option<&str> {
        match self {
            By::Head(name) => Some(name),
            By::Former | By::Operator => None,
        }
    }
}

/// What stands on the page of a head.
pub(crate) struct Sheet {
    pub lines: Vec<Line>,
    /// Who reads it: of their own space they end none.
    pub reader: PersonId,
    /// Teachers of the establishment whom the search names, by account and name; none without a search.
    pub teachers: Vec<(PersonId, String)>,
    /// There are more.
    pub more: bool,
    pub doors: Vec<Door>,
    /// What was typed, and what is wrong with it.
    pub typed: Typed,
    pub problem: Option<Problem>,
    pub token: String,
}

/// A form of the page.
#[derive(Default)]
pub(crate) struct Typed {
    /// What is searched among the names of teachers.
    pub search: String,
    pub inspector: String,
    pub teacher: String,
    pub service: String,
    pub days: String,
    pub reason: String,
}

impl Typed {
    fn read(fields: &Fields) -> Result<Typed, Fault> {
        let one = |name: &str| -> Result<String, Fault> { Ok(fields.one(name)?.unwrap_or_default().trim().to_owned()) };
        let (inspector, teacher, service) = (one("inspector")?, one("teacher")?, one("service")?);
        let (days, reason, search) = (one("days")?, one("reason")?, one("q")?);
        Ok(Typed { search, inspector, teacher, service, days, reason })
    }
}

struct Head {
    live: Arc<Live>,
    person: PersonId,
    at: Uai,
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "a page of inspections, of which there is none for them")
}

/// The services whose spaces can be looked at.
fn doors(table: &ServiceTable) -> impl Iterator<Item = &Door> {
    table.all().iter().filter(|door| may_be_inspected(door))
}

impl Hub {
    /// Whether somebody finds a way to the page at home.
    pub(crate) fn grants_inspections(&self, person: &Person, at: &Uai) -> bool {
        heads(&person.affiliations, at) && doors(&self.services()).next().is_some()
    }

    /// These, with the names of those they are about.
    pub(crate) async fn inspection_lines(&self, all: Vec<Inspection>) -> Result<Vec<Line>, Fault> {
        Ok(lines(&*self.store, all).await?)
    }
}

/// The same from a store alone.
pub(super) async fn lines(store: &dyn Store, all: Vec<Inspection>) -> preau_store::Result<Vec<Line>> {
    let mut names: HashMap<PersonId, String> = HashMap::new();
    let mut ids: Vec<PersonId> = Vec::new();
    for one in &all {
        ids.extend([one.inspector.clone(), one.teacher.clone()]);
        ids.extend(one.by.clone());
    }
    ids.sort();
    ids.dedup();
    if !ids.is_empty() {
        let people = store.people_named(&ids).await?;
        names.extend(people.into_iter().map(|one| (one.id.clone(), one.display_name())));
    }
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
    let line = |one: Inspection| Line {
        inspector: name(&one.inspector),
        teacher: name(&one.teacher),
        by: match &one.by {
            None => By::Operator,
            Some(by) => names.get(by).cloned().map_or(By::Former, By::Head),
        },
        inspection: one,
    };
    Ok(all.into_iter().map(line).collect())
}

/// Lets in whoever is of the direction of the establishment they work in, and proved who they are lately.
async fn asks(hub: &Hub, visitor: &Visitor) -> Result<Lately<Head>, Fault> {
    let since = hub.now() - RECENT;
    if let Some(live) = visitor.live(hub).await? {
        let Known { person, .. } = live.known()?;
        let at = live.session.establishment.clone().filter(|at| hub.grants_inspections(&person, at));
        let at = at.ok_or_else(nothing)?;
        if hub.proved_lately(&live, since).await? {
            let person = person.id.clone();
            return Ok(Lately::Proved(Head { live, person, at }));
        }
        return hub.prove_again(visitor, HERE.to_owned(), since).await;
    }
    hub.begin_sign_in(visitor, Begin::for_page(HERE)).await.map(Lately::Onward)
}

async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    match asks(&hub, &visitor).await? {
        Lately::Proved(head) => {
            let typed = Typed::read(&Fields::parse(query.as_deref().unwrap_or_default())?)?;
            sheet(&hub, &visitor, &head, typed, None).await
        }
        Lately::Onward(response) => Ok(response),
    }
}

/// The teachers of an establishment whom a search names. Nobody is read without one, and nobody who does not teach there.
async fn teachers(hub: &Hub, at: &Uai, search: &str) -> Result<Vec<Person>, Fault> {
    let words = pages::searched_words(search);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = hub.store.people_as(at, TEACHING, MOST_TEACHERS).await?;
    let named = |one: &Person| pages::holds(&one.display_name(), &words);
    all.retain(|one| one.state.may_sign_in() && teaches(one, at) && named(one));
    all.sort_by_cached_key(|one| (one.family_name.to_lowercase(), one.given_name.to_lowercase(), one.id.clone()));
    Ok(all)
}

async fn sheet(
    hub: &Hub,
    visitor: &Visitor,
    head: &Head,
    typed: Typed,
    problem: Option<Problem>,
) -> Result<Response, Fault> {
    let after = hub.now() - Inspection::SAID_AFTER;
    let known = hub.store.inspections(InspectionsOf::Establishment(&head.at), after, Inspection::MOST).await?;
    let found = teachers(hub, &head.at, &typed.search).await?;
    let teachers = found.iter().take(MOST_FOUND).map(|one| (one.id.clone(), one.display_name()));
    let sheet = Sheet {
        lines: hub.inspection_lines(known).await?,
        reader: head.person.clone(),
        more: found.len() > MOST_FOUND,
        teachers: teachers.collect(),
        doors: doors(&hub.services()).cloned().collect(),
        typed,
        problem,
        token: hub.form_token(&head.live.session.id, FORM),
    };
    Ok(pages::inspections(hub, visitor, &head.live, &head.at, sheet))
}

/// Who sent a form, and what it holds, when it is one of this very session.
async fn sent(hub: &Hub, visitor: &Visitor, body: &Bytes) -> Result<Result<(Head, Fields), Response>, Fault> {
    let head = match asks(hub, visitor).await? {
        Lately::Proved(head) => head,
        Lately::Onward(response) => return Ok(Err(response)),
    };
    let fields = Fields::of_body(body)?;
    hub.check_form(&head.live.session.id, FORM, fields.required("token")?)?;
    Ok(Ok((head, fields)))
}

/// The one inspector of that login; of several nobody knows whom a head means.
async fn inspector(hub: &Hub, login: &str) -> Result<Option<Person>, Fault> {
    let Some(login) = normalised_login(login) else { return Ok(None) };
    let mut found = hub.store.people_by_login(&login, 20).await?;
    found.retain(|one| inspects(one) && one.state.may_sign_in());
    let only = found.pop().filter(|_| found.is_empty());
    Ok(only)
}

async fn grant(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (head, fields) = match sent(&hub, &visitor, &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (typed, table) = (Typed::read(&fields)?, hub.services());
    let door = doors(&table).find(|door| door.service.id.as_str() == typed.service).cloned();
    let Some(door) = door else {
        return sheet(&hub, &visitor, &head, typed, Some(Problem::Untold)).await;
    };
    let Some(inspector) = inspector(&hub, &typed.inspector).await? else {
        return sheet(&hub, &visitor, &head, typed, Some(Problem::NoInspector)).await;
    };
    let teacher = hub.store.person(&PersonId::new(typed.teacher.as_str())).await?;
    let Some(teacher) = teacher.filter(|one| teaches(one, &head.at)) else {
        return sheet(&hub, &visitor, &head, typed, Some(Problem::NoTeacher)).await;
    };
    let asked = Asked {
        inspector: &inspector,
        teacher: &teacher,
        at: &head.at,
        door: &door,
        reason: &typed.reason,
        days: typed.days.parse().unwrap_or_default(),
        by: Some(head.person.clone()),
    };
    let one = match draft(&table, &hub.keyring, &*hub.ids, hub.now(), &asked) {
        Ok(one) => one,
        Err(problem) => return sheet(&hub, &visitor, &head, typed, Some(problem)).await,
    };
    if let Some(problem) = in_the_way(&*hub.store, &one).await? {
        return sheet(&hub, &visitor, &head, typed, Some(problem)).await;
    }
    let letter = match hub.sends_mail() {
        true => letters::of_grant(&hub.pen(), &one, &teacher, Some(&door)).await?,
        false => None,
    };
    journal(&hub, &visitor, &head, &one, GRANTED).await?;
    match hub.store.grant_inspection(&one, letter.as_ref(), hub.now()).await {
        // Somebody else was quicker within the same moment, and the journal says that this one never was.
        Err(StoreError::Conflict) => {
            journal(&hub, &visitor, &head, &one, DROPPED).await?;
            sheet(&hub, &visitor, &head, typed, Some(Problem::Already)).await
        }
        other => {
            other?;
            hub.letters.notify_one();
            Ok(hub.see_other(HERE))
        }
    }
}

async fn end(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (head, fields) = match sent(&hub, &visitor, &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let one = hub.store.inspection(fields.required("inspection")?).await?;
    let one = one.filter(|one| one.establishment == head.at && one.teacher != head.person).ok_or_else(nothing)?;
    if one.until > hub.now() {
        let teacher = hub.store.person(&one.teacher).await?.filter(|_| hub.sends_mail());
        let letter = match &teacher {
            Some(teacher) => letters::of_end(&hub.pen(), &one, teacher, hub.services().get(&one.service)).await?,
            None => None,
        };
        journal(&hub, &visitor, &head, &one, ENDED).await?;
        let granted = letters::name_of_grant(&hub.keyring, &one);
        hub.store.end_inspection(&one.id, letter.as_ref(), &granted, hub.now()).await?;
        hub.letters.notify_one();
        // Services are told now; where that fails the job of every few seconds does it.
        if let Err(fault) = hub.end_expired_sessions(1_000).await {
            tracing::warn!(detail = %fault.detail, "services are told of ended sessions later");
        }
    }
    Ok(hub.see_other(HERE))
}

/// Notes durably what a head is about to do: of the head, of the teacher and of the inspector.
async fn journal(hub: &Hub, visitor: &Visitor, head: &Head, one: &Inspection, what: &str) -> Result<(), Fault> {
    let (now, way) = (hub.now(), visitor.correlation());
    let detail = format!("inspection {what} {}", one.id);
    let event = hub.event_of(visitor, &head.live, AuditKind::Administered, detail);
    let (service, establishment) = (Some(one.service.clone()), Some(head.at.clone()));
    hub.audit(AuditEvent { service, establishment, ..event });
    events(one, what, now, way).into_iter().for_each(|event| hub.audit(event));
    Ok(hub.store.flush_audit().await?)
}
