//! Deep linking: a teacher chooses, in the tool, what a link of their class opens. The tool's answer is signed, and comes by a form of another
//! site, which brings no cookie: what it holds is kept until the teacher, in the session that asked, has read it and said yes.

use super::super::proofs;
use super::kept::{self, Column, Link};
use super::{CHOICE, FORM, Person, Place, What, begin, opened, page_of, person, sealed, tool};
use crate::OidcError;
use crate::config::SKEW;
use crate::foreign::ForeignKeys;
use crate::wire::lti::grades::Said;
use crate::wire::lti::items::{self, Item};
use axum::response::Response;
use preau_connector_api::LtiMay;
use preau_domain::{AuditEvent, AuditKind, Instant, KeptKind, KeptThing, Seconds, SessionId};
use preau_keys::jose::{ClaimRules, Exp, Expect, Parties, Typ};
use preau_store::StoreError;
use preau_web::{Door, Fault, FaultKind, Fields, Hub, Live, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a teacher may take to choose, and then to say yes.
const CHOOSING: Seconds = Seconds(3600);
const DECIDING: Seconds = Seconds(600);
/// Characters of the name of what was chosen, and of a link.
const SECRET: usize = 43;
const NAME: usize = 22;

/// For whom something is chosen: sealed, so that the tool gives it back as it is.
#[derive(Serialize, Deserialize)]
struct Choice {
    #[serde(rename = "s")]
    session: SessionId,
    #[serde(rename = "p")]
    place: Place,
    #[serde(rename = "t")]
    at: Instant,
}

/// What was chosen, until somebody says yes.
#[derive(Serialize, Deserialize)]
struct Draft {
    session: SessionId,
    place: Place,
    chosen: Vec<Chosen>,
}

#[derive(Serialize, Deserialize)]
struct Chosen {
    title: String,
    url: Option<String>,
    custom: BTreeMap<String, String>,
    column: Option<Said>,
}

/// What a request to choose carries, for the answer to bring back.
pub(super) fn data(hub: &Hub, door: &Door, live: &Live, place: &Place) -> Result<String, OidcError> {
    let choice = Choice { session: live.session.id.clone(), place: place.clone(), at: hub.now() };
    sealed(hub, CHOICE, door, &choice).ok_or(OidcError::ServerError)
}

/// Opens a tool for a teacher to choose in.
pub async fn choose(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let place = person.taught(fields.required("for")?, LtiMay::Links)?.clone();
    begin(hub, &person.door, &person.tool, &person.live, &person.released, (Some(place), What::Choice), None)
}

/// Opens a link of a class.
pub async fn open(hub: &Hub, visitor: &Visitor, (id, link): (&str, &str), fields: &Fields) -> Result<Response, Fault> {
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let place = person.place(fields.required("for")?)?.clone();
    let links = kept::shelf(hub, &person.door, &place).await?.links;
    let link = links.into_iter().find(|one| one.id == link).filter(|_| person.may(LtiMay::Links));
    let link = link.ok_or_else(|| Fault::new(FaultKind::NotFound, "no link of this class"))?;
    let Person { live, door, tool, released, .. } = &person;
    begin(hub, door, tool, live, released, (Some(place), What::Link(link.id)), link.url.as_deref())
}

/// Takes the answer of a tool: believed by its signature and by what it brings back, once, and kept until the teacher says yes.
pub async fn answered(hub: &Hub, keys: &ForeignKeys, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let bad = |what: &'static str| Fault::new(FaultKind::BadRequest, what);
    let (door, tool) = tool(hub, id)?;
    if !tool.may.contains(&LtiMay::Links) {
        return Err(Fault::new(FaultKind::NotFound, "a tool that chooses nothing"));
    }
    let expect = Expect { algs: proofs(None), typ: Typ::IsOrAbsent(&["JWT"]) };
    let verified = keys.verify(hub, &door, fields.required("JWT")?, expect).await.map_err(|error| {
        tracing::info!(service.id = id, %error, "what a teacher chose in a tool is not believed");
        bad("an answer that is not signed by the tool")
    })?;
    let now = hub.now();
    let rules = ClaimRules {
        issuer: id,
        audiences: &[hub.base()],
        parties: Parties::Any,
        exp: Exp::Required,
        oldest: Some(CHOOSING),
        now,
        skew: SKEW,
    };
    verified.check(&rules).map_err(|error| {
        tracing::info!(service.id = id, %error, "what a teacher chose in a tool is not for us, or not for now");
        bad("an answer that is not for us, or not for now")
    })?;
    let says = |name: &str, value: &str| verified.text(&crate::wire::lti::claim(name)) == Some(value);
    if !says("message_type", "LtiDeepLinkingResponse") || !says("version", "1.3.0") {
        return Err(bad("no answer of deep linking"));
    }
    if !says("deployment_id", &tool.deployment_id) {
        return Err(bad("an answer of another deployment"));
    }
    let data = verified.text(items::DATA).unwrap_or_default();
    let choice: Choice = opened(hub, CHOICE, &door, data).ok_or_else(|| bad("an answer to nothing that was asked"))?;
    if choice.at > now || choice.at + CHOOSING <= now {
        return Err(bad("an answer that comes too late"));
    }
    let chosen = items::read(verified.claims()).ok_or_else(|| bad("an answer with no links, or too many"))?;
    let chosen = chosen.into_iter().map(|item| taken(&door, item)).collect::<Option<Vec<_>>>();
    let chosen = chosen.ok_or_else(|| bad("a link that does not lead to the tool"))?;
    once(hub, data, choice.at + CHOOSING).await?;
    if chosen.is_empty() {
        return Ok(hub.see_other(&page_of(&door)));
    }
    let secret = hub.ids.text(SECRET);
    let draft = Draft { session: choice.session, place: choice.place, chosen };
    let doc = serde_json::to_string(&draft).map_err(|error| Fault::new(FaultKind::Internal, error.to_string()))?;
    let key = preau_keys::one_time_key(&secret);
    hub.store.keep(&KeptThing { key, kind: KeptKind::LtiDraft, doc, expires: now + DECIDING }, now).await?;
    // The way back has the session's cookie, which a form of another site has not.
    Ok(hub.see_other(&format!("{}/links/{secret}", page_of(&door))))
}

/// A link as it is kept: it leads to the tool, and brings a column only where the tool keeps marks.
fn taken(door: &Door, item: Item) -> Option<Chosen> {
    let Item { title, url, custom, column } = item;
    if url.as_ref().is_some_and(|url| door.service.trust(url).is_none()) {
        return None;
    }
    Some(Chosen { title, url, custom, column: column.filter(|_| door.keeps_grades()) })
}

/// An answer is taken once.
async fn once(hub: &Hub, data: &str, until: Instant) -> Result<(), Fault> {
    let key = preau_keys::one_time_key(&hub.keyring.mac(CHOICE, &[data]));
    let thing = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: until };
    match hub.store.keep(&thing, hub.now()).await {
        Err(StoreError::Conflict) => Err(Fault::new(FaultKind::BadRequest, "an answer that was given before")),
        other => Ok(other?),
    }
}

/// What is in front of a teacher to say yes to, in the session that asked for it.
async fn draft(hub: &Hub, person: &Person, secret: &str) -> Result<(KeptThing, Draft), Fault> {
    let nothing = || Fault::new(FaultKind::NotFound, "nothing that was chosen in this session, or not lately");
    let key = preau_keys::one_time_key(secret);
    let kept = hub.store.kept(&key, KeptKind::LtiDraft, hub.now()).await?.ok_or_else(nothing)?;
    let draft: Draft = serde_json::from_str(&kept.doc).map_err(|_| nothing())?;
    if draft.session != person.live.session.id || *person.taught(&draft.place.name, LtiMay::Links)? != draft.place {
        return Err(nothing());
    }
    Ok((kept, draft))
}

/// Shows a teacher what they chose.
pub async fn show(hub: &Hub, visitor: &Visitor, (id, secret): (&str, &str)) -> Result<Response, Fault> {
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let (_, draft) = draft(hub, &person, secret).await?;
    let titles: Vec<&str> = draft.chosen.iter().map(|one| one.title.as_str()).collect();
    let token = hub.form_token(&person.live.session.id, FORM);
    Ok(hub.lti_choice(visitor, &person.door, &draft.place.name, &titles, secret, token))
}

/// Who sent a form of a tool's page, when it is of this very session.
async fn sent(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Result<Person, Response>, Fault> {
    let token = fields.required("token")?;
    if visitor.live(hub).await?.is_none() {
        return Err(Fault::new(FaultKind::BadRequest, "form of a tool without a session"));
    }
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(Err(onward)),
    };
    hub.check_form(&person.live.session.id, FORM, token)?;
    Ok(Ok(person))
}

/// Notes durably what a teacher is about to do for a class.
async fn journal(hub: &Hub, visitor: &Visitor, person: &Person, place: &Place, what: String) -> Result<(), Fault> {
    let event = hub.event_of(visitor, &person.live, AuditKind::Administered, what);
    let (service, establishment) = (Some(person.door.service.id.clone()), Some(place.establishment.clone()));
    hub.audit_before(AuditEvent { service, establishment, ..event }).await
}

/// Keeps what a teacher chose, for the class.
pub async fn keep(
    hub: &Hub,
    visitor: &Visitor,
    (id, secret): (&str, &str),
    fields: &Fields,
) -> Result<Response, Fault> {
    let person = match sent(hub, visitor, id, fields).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let (thing, draft) = draft(hub, &person, secret).await?;
    journal(hub, visitor, &person, &draft.place, format!("lti links chosen: {}", draft.chosen.len())).await?;
    if hub.store.take_kept(&thing.key, KeptKind::LtiDraft, hub.now()).await?.is_none() {
        return Ok(hub.see_other(&page_of(&person.door)));
    }
    let new: Vec<(Link, Option<Column>)> = draft.chosen.into_iter().map(|one| made(hub, one)).collect();
    let kept = kept::change_shelf(hub, &person.door, &draft.place, |shelf| {
        let columns = new.iter().filter(|(_, column)| column.is_some()).count();
        if shelf.links.len() + new.len() > kept::MOST || shelf.columns.len() + columns > kept::MOST {
            return false;
        }
        for (link, column) in &new {
            shelf.links.push(link.clone());
            shelf.columns.extend(column.clone());
        }
        true
    });
    if !kept.await? {
        return Err(Fault::new(FaultKind::TooLarge, "more links than a class has for one tool"));
    }
    Ok(hub.see_other(&page_of(&person.door)))
}

fn made(hub: &Hub, chosen: Chosen) -> (Link, Option<Column>) {
    let id = hub.ids.text(NAME);
    let column = chosen
        .column
        .map(|said| Column { id: hub.ids.text(NAME), said: Said { resource_link_id: Some(id.clone()), ..said } });
    (Link { id, title: chosen.title, url: chosen.url, custom: chosen.custom }, column)
}

/// Takes a link of a class away; its marks stay until their tool removes them, or the year is over.
pub async fn remove(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let person = match sent(hub, visitor, id, fields).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let place = person.taught(fields.required("for")?, LtiMay::Links)?;
    let link = fields.required("link")?;
    journal(hub, visitor, &person, place, "lti link removed".to_owned()).await?;
    kept::change_shelf(hub, &person.door, place, |shelf| shelf.links.retain(|one| one.id != link)).await?;
    Ok(hub.see_other(&page_of(&person.door)))
}
