//! What is kept of a class or group for one tool: the links a teacher chose, and the columns of marks with the marks in them, each by the
//! name the tool knows a person by. It ends a month after the school year, so that marks can still be read when it is over.

use super::{Place, context_id};
use crate::wire::lti::grades::{Mark, Said};
use preau_domain::{Day, Instant, KeptKind, KeptThing, OneTimeKey, Seconds};
use preau_store::StoreError;
use preau_web::{Door, Fault, FaultKind, Hub};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Links and columns of a class or group, at most.
pub const MOST: usize = 50;
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

/// The marks of a column.
pub async fn marks(hub: &Hub, door: &Door, place: &Place, column: &str) -> Result<Marks, Fault> {
    read(hub, KeptKind::LtiMarks, &key_of(hub, door, place, column)).await
}

/// Changes them.
pub async fn change_marks<R>(
    hub: &Hub,
    door: &Door,
    place: &Place,
    column: &str,
    with: impl Fn(&mut Marks) -> R + Send,
) -> Result<R, Fault> {
    let until = end(place).ok_or_else(|| internal("a school year no calendar has"))?;
    change(hub, KeptKind::LtiMarks, key_of(hub, door, place, column), until, with).await
}

/// Forgets the marks of a column.
pub async fn forget_marks(hub: &Hub, door: &Door, place: &Place, column: &str) -> Result<(), Fault> {
    let key = key_of(hub, door, place, column);
    Ok(hub.store.take_kept(&key, KeptKind::LtiMarks, hub.now()).await.map(drop)?)
}
