//! Marks of a tool (*Assignment and Grade Services 2.0*): columns it makes, marks it gives, and what it may read of them again. It asks with a
//! token of its own, at the address it was told for a class or group, and reads and changes what is that tool's alone.

use super::super::userinfo::Shown;
use super::kept::{self, Column, MOST};
use super::roster::{asking, is_of, people, some, wait};
use super::{Place, page_of, resource_of, year_of};
use crate::OidcError;
use crate::wire::lti::grades::{Mark, Said};
use preau_connector_api::{LINE_ITEMS, LINE_ITEMS_READ, RESULTS_READ, SCORES};
use preau_domain::{AuditEvent, PersonId};
use preau_policy::Released;
use preau_store::{Attempt, Delays, Marked, StoredMark};
use preau_web::{Door, Fields, Hub};
use serde_json::Value;
use std::collections::HashMap;

/// Characters of the name of a column.
const NAME: usize = 22;
/// Marks for people who are not of the class, which is looked up for each.
const STRANGERS: Delays = Delays(&[(200, 60_000)]);

/// A tool at the marks of a class or group.
pub struct Asking<'a> {
    hub: &'a Hub,
    door: Door,
    place: Place,
    /// Where its columns are.
    base: String,
}

impl<'a> Asking<'a> {
    /// Who asks, and for which class or group; `event` learns both.
    async fn of(
        hub: &'a Hub,
        shown: &Shown,
        (id, context): (&str, &str),
        scopes: &[&str],
        event: &mut AuditEvent,
    ) -> Result<Asking<'a>, OidcError> {
        let door = asking(hub, shown, id, scopes, event).await?;
        let place = kept::place(hub, &door, context).await?.ok_or(OidcError::Unknown)?;
        if year_of(hub, &place.establishment) != Some(place.year) {
            return Err(OidcError::InvalidRequest("the marks of another school year"));
        }
        event.establishment = Some(place.establishment.clone());
        let base = format!("{}{}/items/{context}", hub.base(), page_of(&door));
        Ok(Asking { hub, door, place, base })
    }

    fn address(&self, column: &str) -> String {
        format!("{}/{column}", self.base)
    }

    async fn columns(&self) -> Result<Vec<Column>, OidcError> {
        Ok(kept::shelf(self.hub, &self.door, &self.place).await?.columns)
    }

    async fn column(&self, id: &str) -> Result<Column, OidcError> {
        self.columns().await?.into_iter().find(|column| column.id == id).ok_or(OidcError::Unknown)
    }

    /// Whether a link that a column is said to belong to is one of this class or group.
    async fn has_link(&self, said: &Said) -> Result<bool, OidcError> {
        let Some(link) = &said.resource_link_id else { return Ok(true) };
        let links = kept::shelf(self.hub, &self.door, &self.place).await?.links;
        let tile = resource_of(self.hub, &self.door, Some(&self.place));
        Ok(*link == tile || links.iter().any(|one| one.id == *link))
    }
}

/// The columns of a class or group, as far as they are asked for.
pub async fn columns(
    hub: &Hub,
    shown: &Shown,
    at: (&str, &str),
    fields: &Fields,
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    let asking = Asking::of(hub, shown, at, &[LINE_ITEMS, LINE_ITEMS_READ], event).await?;
    let wanted = [fields.one("resource_link_id")?, fields.one("resource_id")?, fields.one("tag")?];
    let fits = |column: &&Column| {
        let said = &column.said;
        let own = [&said.resource_link_id, &said.resource_id, &said.tag];
        wanted.iter().zip(own).all(|(wanted, own)| wanted.is_none_or(|wanted| own.as_deref() == Some(wanted)))
    };
    let columns = asking.columns().await?;
    Ok(columns.iter().filter(fits).map(|column| column.said.told(&asking.address(&column.id))).collect())
}

/// Makes a column.
pub async fn make(
    hub: &Hub,
    shown: &Shown,
    at: (&str, &str),
    body: &[u8],
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    let asking = Asking::of(hub, shown, at, &[LINE_ITEMS], event).await?;
    let said = Said::read(body)?;
    if !asking.has_link(&said).await? {
        return Err(OidcError::Unknown);
    }
    let column = Column { id: hub.ids.text(NAME), said };
    let made = kept::change_shelf(hub, &asking.door, &asking.place, |shelf| {
        let room = shelf.columns.len() < MOST;
        if room {
            shelf.columns.push(column.clone());
        }
        room
    });
    if !made.await? {
        return Err(OidcError::InvalidRequest("more line items than a class has for one tool"));
    }
    event.detail = "lti line item made".to_owned();
    Ok(column.said.told(&asking.address(&column.id)))
}

/// One column.
pub async fn column(
    hub: &Hub,
    shown: &Shown,
    at: (&str, &str, &str),
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    let asking = Asking::of(hub, shown, (at.0, at.1), &[LINE_ITEMS, LINE_ITEMS_READ], event).await?;
    Ok(asking.column(at.2).await?.said.told(&asking.address(at.2)))
}

/// Says a column anew; the link it belongs to stays unless another one is said.
pub async fn change(
    hub: &Hub,
    shown: &Shown,
    at: (&str, &str, &str),
    body: &[u8],
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    let asking = Asking::of(hub, shown, (at.0, at.1), &[LINE_ITEMS], event).await?;
    let said = Said::read(body)?;
    if !asking.has_link(&said).await? {
        return Err(OidcError::Unknown);
    }
    let changed = kept::change_shelf(hub, &asking.door, &asking.place, |shelf| {
        let column = shelf.columns.iter_mut().find(|column| column.id == at.2)?;
        let link = said.resource_link_id.clone().or(column.said.resource_link_id.take());
        column.said = Said { resource_link_id: link, ..said.clone() };
        Some(column.said.clone())
    });
    let said = changed.await?.ok_or(OidcError::Unknown)?;
    event.detail = "lti line item changed".to_owned();
    Ok(said.told(&asking.address(at.2)))
}

/// Removes a column, and the marks in it.
pub async fn remove(hub: &Hub, shown: &Shown, at: (&str, &str, &str), event: &mut AuditEvent) -> Result<(), OidcError> {
    let asking = Asking::of(hub, shown, (at.0, at.1), &[LINE_ITEMS], event).await?;
    let removed = kept::change_shelf(hub, &asking.door, &asking.place, |shelf| {
        let before = shelf.columns.len();
        shelf.columns.retain(|column| column.id != at.2);
        shelf.columns.len() < before
    });
    if !removed.await? {
        return Err(OidcError::Unknown);
    }
    kept::forget_marks(hub, &asking.door, &asking.place, at.2).await?;
    event.detail = "lti line item removed".to_owned();
    Ok(())
}

/// Takes a mark, of somebody of the class whom the tool may know; the latest counts.
pub async fn mark(
    hub: &Hub,
    shown: &Shown,
    at: (&str, &str, &str),
    body: &[u8],
    event: &mut AuditEvent,
) -> Result<(), OidcError> {
    let asking = Asking::of(hub, shown, (at.0, at.1), &[SCORES], event).await?;
    let (user, mark) = Mark::read(body)?;
    let Asking { door, place, .. } = &asking;
    asking.column(at.2).await?;
    let person = match known(hub, door, place, at.2, &user).await? {
        Some(person) => person,
        None => stranger(hub, door, place, at.1, &user).await?,
    };
    match kept::put_mark(hub, door, place, at.2, (&person, &user), &mark).await? {
        Marked::Kept => {}
        Marked::Overtaken => return Err(OidcError::Overtaken),
        Marked::Full => return Err(OidcError::InvalidRequest("more marks than a column has")),
    }
    event.detail = "lti mark".to_owned();
    Ok(())
}

/// Whose name that is, if the tool was told it before and may know them now: one person is asked for, however large their school is.
async fn known(hub: &Hub, door: &Door, place: &Place, column: &str, user: &str) -> Result<Option<PersonId>, OidcError> {
    let marked = kept::mark_of(hub, door, place, column, user).await?.map(|(kept, _)| kept.person);
    let marked = marked.filter(|person| !person.as_str().is_empty());
    let Some(person) = marked.or(kept::named(hub, door, user).await?) else { return Ok(None) };
    let told = some(hub, door, place, std::slice::from_ref(&person)).await?;
    Ok(told.iter().any(|(_, told)| told.user() == user).then_some(person))
}

/// The same of somebody whose name the tool was not told here before: the whole school is looked through, so many times a minute.
async fn stranger(hub: &Hub, door: &Door, place: &Place, context: &str, user: &str) -> Result<PersonId, OidcError> {
    let key = count_stranger(hub, door, context).await?;
    let people = people(hub, door, place).await?;
    let (person, _) = people.into_iter().find(|(_, told)| told.user() == user).ok_or(OidcError::Unknown)?;
    hub.store.uncount_attempt(&key, hub.now(), STRANGERS).await?;
    kept::note_name(hub, door, place, &person.id, user).await?;
    Ok(person.id)
}

/// Counts that a tool has the whole school looked through, for one class or group; the counter that says so.
async fn count_stranger(hub: &Hub, door: &Door, context: &str) -> Result<String, OidcError> {
    let key = hub.keyring.mac("lti-strangers", &[door.service.id.as_str(), context]);
    match hub.store.count_attempt(&key, hub.now(), STRANGERS).await? {
        Attempt::NotBefore(until) => Err(OidcError::TooSoon { seconds: wait(hub.now(), until) }),
        Attempt::Allowed { .. } => Ok(key),
    }
}

/// Whose those marks of a column are that name nobody, since they once stood together in a document. The school is looked through once for
/// all of them, and what is found is kept, so that nobody looks again; of whom it does not know any more the next call looks again, as
/// often as for strangers. A name gives no right: whom the tool may know is asked afterwards.
async fn found(
    asking: &Asking<'_>,
    (context, column): (&str, &str),
    marks: &[(StoredMark, Mark)],
) -> Result<HashMap<String, PersonId>, OidcError> {
    let nobody = |(kept, _): &&(StoredMark, Mark)| kept.person.as_str().is_empty();
    if !marks.iter().any(|mark| nobody(&mark)) {
        return Ok(HashMap::new());
    }
    let Asking { hub, door, place, .. } = asking;
    let key = count_stranger(hub, door, context).await?;
    let mut nameless = kept::nameless(hub, door, place, column).await?;
    nameless.extend(marks.iter().filter(nobody).map(|(kept, _)| kept.user.clone()));
    let fits = |told: &Released| nameless.contains(told.user());
    let people = hub.roster(door, &place.establishment, |_| true, fits).await?;
    // Of two whom a tool calls the same it is the one of the class.
    let (here, elsewhere): (Vec<_>, Vec<_>) = people.into_iter().partition(|(_, told)| is_of(told, place));
    let both = elsewhere.into_iter().chain(here);
    let names: HashMap<String, PersonId> = both.map(|(person, told)| (told.user().to_owned(), person.id)).collect();
    let all: Vec<(String, PersonId)> = names.iter().map(|(user, person)| (user.clone(), person.clone())).collect();
    kept::name_marks(hub, door, place, column, &all).await?;
    if names.len() == nameless.len() {
        hub.store.uncount_attempt(&key, hub.now(), STRANGERS).await?;
    }
    Ok(names)
}

/// Marks, and the address of those after them, if there may be any.
pub struct Results {
    /// What is told.
    pub told: Value,
    /// Where the next ones are.
    pub next: Option<String>,
}

/// The marks of a column, of all or of one: of those who are of the class now and whom the tool may know. With `limit` so many of them are
/// looked at, and the next ones have an address.
pub async fn results(
    hub: &Hub,
    shown: &Shown,
    at: (&str, &str, &str),
    fields: &Fields,
    event: &mut AuditEvent,
) -> Result<Results, OidcError> {
    let asking = Asking::of(hub, shown, (at.0, at.1), &[RESULTS_READ], event).await?;
    asking.column(at.2).await?;
    let Asking { door, place, .. } = &asking;
    let address = asking.address(at.2);
    let limit = match fields.one("limit")? {
        None => kept::MOST_MARKS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| *limit > 0)
            .map(|limit: u32| limit.min(kept::MOST_MARKS))
            .ok_or(OidcError::InvalidRequest("limit is a number"))?,
    };
    let user = fields.one("user_id")?;
    let mut marks: Vec<(StoredMark, Mark)> = match user {
        Some(user) => kept::mark_of(hub, door, place, at.2, user).await?.into_iter().collect(),
        None => kept::page_of_marks(hub, door, place, at.2, fields.one("after")?.unwrap_or_default(), limit).await?,
    };
    let last = marks.last().filter(|_| marks.len() >= limit as usize).map(|(kept, _)| kept.user.clone());
    // Of one person there is one mark: what comes after it is of others.
    let next = last.filter(|_| user.is_none() && limit < kept::MOST_MARKS).map(|last| {
        let after: String = url::form_urlencoded::byte_serialize(last.as_bytes()).collect();
        format!("{address}/results?limit={limit}&after={after}")
    });
    let found = found(&asking, (at.1, at.2), &marks).await?;
    for (kept, _) in &mut marks {
        if let Some(person) = found.get(&kept.user).filter(|_| kept.person.as_str().is_empty()) {
            kept.person = person.clone();
        }
    }
    let named = marks.iter().map(|(kept, _)| kept.person.clone()).filter(|person| !person.as_str().is_empty());
    let told = some(hub, door, place, &named.collect::<Vec<_>>()).await?;
    let known: HashMap<&str, &PersonId> = told.iter().map(|(person, told)| (told.user(), &person.id)).collect();
    let may_know = |kept: &StoredMark| known.get(kept.user.as_str()).is_some_and(|person| **person == kept.person);
    let told = marks.iter().filter(|(kept, _)| may_know(kept)).map(|(kept, mark)| mark.told(&address, &kept.user));
    let told: Vec<Value> = told.collect();
    event.detail = format!("lti results of {}", told.len());
    Ok(Results { told: told.into(), next })
}
