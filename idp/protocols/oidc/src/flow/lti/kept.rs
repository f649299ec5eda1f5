//! What is kept of a class or group for one tool: the links a teacher chose, and the columns of marks with the marks in them, each by the
//! name the tool knows a person by. It ends a month after the school year, so that marks can still be read when it is over.

use super::{Place, context_id};
use crate::wire::lti::grades::{Mark, Said};
use preau_domain::{Day, Instant, KeptKind, KeptThing, OneTimeKey, PersonId, Seconds};
use preau_store::{Marked, StoreError, StoredMark};
use preau_web::{Door, Fault, FaultKind, Hub};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Links and columns of a class or group, at most.
pub const MOST: usize = 50;
/// Marks of one column, at most.
pub const MOST_MARKS: u32 = 400;
/// How often a document that others change at the same time is tried.
const TRIES: usize = 30;
/// How long it is kept after the school year.
const AFTER: Seconds = Seconds(31 * 86_400);

/// The links and columns of a class or group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    /// Which it is.
    #[serde(rename = "p", default)]
    place: Option<Place>,
    /// Links, in the order they were chosen.
    #[serde(rename = "l", default)]
    pub links: Vec<Link>,
    /// Columns, in the order they were made.
    #[serde(rename = "c", default)]
    pub columns: Vec<Column>,
}

/// A link a teacher chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Its name here, and the tool's.
    #[serde(rename = "i")]
    pub id: String,
    /// What people read.
    #[serde(rename = "t")]
    pub title: String,
    /// What it opens; the tool's own address without it.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the tool hears when it is opened.
    #[serde(rename = "d", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

/// A column of marks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    #[serde(rename = "i")]
    pub id: String,
    /// What the tool says of it.
    #[serde(rename = "s")]
    pub said: Said,
}

/// The marks of a column, by the name the tool knows a person by.
pub type Marks = BTreeMap<String, Mark>;

/// Where the document of a class or group is, by its name for the tool, or of something of it.
fn key(hub: &Hub, door: &Door, context: &str, of: &str) -> OneTimeKey {
    preau_keys::one_time_key(&hub.keyring.mac("lti-kept", &[door.service.id.as_str(), context, of]))
}

fn key_of(hub: &Hub, door: &Door, place: &Place, of: &str) -> OneTimeKey {
    key(hub, door, &context_id(hub, door, place), of)
}

fn end(place: &Place) -> Option<Instant> {
    let (year, month, day) = Day::end_of_school_year(place.year).parts();
    Instant::french_day(year, month, day).map(|(_, end)| end + AFTER)
}

fn internal(what: impl ToString) -> Fault {
    Fault::new(FaultKind::Internal, what.to_string())
}

async fn read<T: DeserializeOwned + Default>(hub: &Hub, kind: KeptKind, key: &OneTimeKey) -> Result<T, Fault> {
    match hub.store.kept(key, kind, hub.now()).await? {
        Some(kept) => serde_json::from_str(&kept.doc).map_err(internal),
        None => Ok(T::default()),
    }
}

/// Changes a document; what others change meanwhile is not lost. Nothing is written where nothing changed.
async fn change<T: Serialize + DeserializeOwned + Default, R>(
    hub: &Hub,
    kind: KeptKind,
    key: OneTimeKey,
    expires: Instant,
    change: impl Fn(&mut T) -> R + Send,
) -> Result<R, Fault> {
    for _ in 0..TRIES {
        let now = hub.now();
        let kept = hub.store.kept(&key, kind, now).await?;
        let mut all: T = match &kept {
            Some(kept) => serde_json::from_str(&kept.doc).map_err(internal)?,
            None => T::default(),
        };
        let done = change(&mut all);
        let doc = serde_json::to_string(&all).map_err(internal)?;
        if doc.len() > KeptThing::MOST {
            return Err(Fault::new(FaultKind::TooLarge, "more than is kept of a class for one tool"));
        }
        let next = KeptThing { key: key.clone(), kind, doc, expires };
        let written = match &kept {
            Some(kept) if kept.doc == next.doc => return Ok(done),
            Some(kept) => hub.store.replace_kept(&next, &kept.doc, now).await,
            None => hub.store.keep(&next, now).await,
        };
        match written {
            Err(StoreError::Conflict) => {}
            other => return Ok(other.map(|()| done)?),
        }
    }
    Err(Fault::new(FaultKind::Busy, "what is kept of a class changes all the time"))
}

/// The links and columns of a class or group.
pub async fn shelf(hub: &Hub, door: &Door, place: &Place) -> Result<Shelf, Fault> {
    read(hub, KeptKind::LtiShelf, &key_of(hub, door, place, "")).await
}

/// The same, kept from now on where it was not: it is found by the name of the class or group alone.
pub async fn made(hub: &Hub, door: &Door, place: &Place) -> Result<Shelf, Fault> {
    let shelf = shelf(hub, door, place).await?;
    if shelf.place.is_none() {
        return change_shelf(hub, door, place, |shelf| shelf.clone()).await;
    }
    Ok(shelf)
}

/// The class or group of that name, when a tool was opened for it.
pub async fn place(hub: &Hub, door: &Door, context: &str) -> Result<Option<Place>, Fault> {
    let shelf: Shelf = read(hub, KeptKind::LtiShelf, &key(hub, door, context, "")).await?;
    Ok(shelf.place)
}

/// Changes them.
pub async fn change_shelf<R>(
    hub: &Hub,
    door: &Door,
    place: &Place,
    with: impl Fn(&mut Shelf) -> R + Send + Sync,
) -> Result<R, Fault> {
    let until = end(place).ok_or_else(|| internal("a school year no calendar has"))?;
    let with = |shelf: &mut Shelf| {
        shelf.place = Some(place.clone());
        with(shelf)
    };
    change(hub, KeptKind::LtiShelf, key_of(hub, door, place, ""), until, with).await
}

/// Where the names stand by which a tool knows people: as marks of a column that is nobody's.
fn names_of(hub: &Hub, door: &Door) -> OneTimeKey {
    key(hub, door, "", "names")
}

fn read_mark(kept: &StoredMark) -> Result<Mark, Fault> {
    serde_json::from_str(&kept.doc).map_err(internal)
}

/// The marks of a column.
pub async fn marks(hub: &Hub, door: &Door, place: &Place, column: &str) -> Result<Marks, Fault> {
    let all = page_of_marks(hub, door, place, column, "", MOST_MARKS).await?;
    all.into_iter().map(|(kept, mark)| Ok((kept.user, mark))).collect()
}

/// So many of them, after those of this name.
pub async fn page_of_marks(
    hub: &Hub,
    door: &Door,
    place: &Place,
    column: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<(StoredMark, Mark)>, Fault> {
    let kept = hub.store.marks(&key_of(hub, door, place, column), after, limit, hub.now()).await?;
    kept.into_iter().map(|kept| read_mark(&kept).map(|mark| (kept, mark))).collect()
}

/// The mark of one person.
pub async fn mark_of(
    hub: &Hub,
    door: &Door,
    place: &Place,
    column: &str,
    user: &str,
) -> Result<Option<(StoredMark, Mark)>, Fault> {
    let kept = hub.store.mark(&key_of(hub, door, place, column), user, hub.now()).await?;
    kept.map(|kept| read_mark(&kept).map(|mark| (kept, mark))).transpose()
}

/// Keeps a mark; the latest of a person counts.
pub async fn put_mark(
    hub: &Hub,
    door: &Door,
    place: &Place,
    column: &str,
    (person, user): (&PersonId, &str),
    mark: &Mark,
) -> Result<Marked, Fault> {
    let kept = StoredMark {
        column: key_of(hub, door, place, column),
        user: user.to_owned(),
        person: person.clone(),
        at: mark.at,
        doc: serde_json::to_string(mark).map_err(internal)?,
        expires: end(place).ok_or_else(|| internal("a school year no calendar has"))?,
    };
    Ok(hub.store.put_mark(&kept, Some(MOST_MARKS), hub.now()).await?)
}

/// What the tool calls those of whom a column has a mark that names nobody.
pub async fn nameless(hub: &Hub, door: &Door, place: &Place, column: &str) -> Result<HashSet<String>, Fault> {
    let all = hub.store.marks(&key_of(hub, door, place, column), "", MOST_MARKS, hub.now()).await?;
    Ok(all.into_iter().filter(|kept| kept.person.as_str().is_empty()).map(|kept| kept.user).collect())
}

/// Says whose the marks of a column are that name nobody.
pub async fn name_marks(
    hub: &Hub,
    door: &Door,
    place: &Place,
    column: &str,
    names: &[(String, PersonId)],
) -> Result<(), Fault> {
    Ok(hub.store.name_marks(&key_of(hub, door, place, column), names).await.map(drop)?)
}

/// Forgets the marks of a column.
pub async fn forget_marks(hub: &Hub, door: &Door, place: &Place, column: &str) -> Result<(), Fault> {
    Ok(hub.store.forget_marks(&key_of(hub, door, place, column)).await.map(drop)?)
}

/// Whom a tool may mean by a name: whoever it was last told by that name, on a launch or on a roster that was looked at for it.
pub async fn named(hub: &Hub, door: &Door, user: &str) -> Result<Option<PersonId>, Fault> {
    Ok(hub.store.mark(&names_of(hub, door), user, hub.now()).await?.map(|kept| kept.person))
}

/// Notes by what name a tool knows somebody of a class or group. Nothing is written where that is known.
pub async fn note_name(hub: &Hub, door: &Door, place: &Place, person: &PersonId, user: &str) -> Result<(), Fault> {
    let expires = end(place).ok_or_else(|| internal("a school year no calendar has"))?;
    let (column, now) = (names_of(hub, door), hub.now());
    let known = hub.store.mark(&column, user, now).await?;
    if known.is_some_and(|known| known.person == *person && known.expires >= expires) {
        return Ok(());
    }
    let (user, person, doc) = (user.to_owned(), person.clone(), String::new());
    let kept = StoredMark { column, user, person, at: now, doc, expires };
    Ok(hub.store.put_mark(&kept, None, now).await.map(drop)?)
}
