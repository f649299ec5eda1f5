//! The home page as a document, for an application that draws it itself: what a person reads there and no word more, read off the
//! very page, so that neither says what the other does not.

use super::home::{Home, Place};
use super::portal;
use super::tiles::Tile;
use crate::{Fault, FaultKind, Hub, Live, Visitor};
use serde::Serialize;

/// A home page, written down.
pub struct HomeDocument {
    /// JSON.
    pub text: String,
    digest: String,
}

#[derive(Serialize)]
struct Told<'h> {
    greeting: &'h str,
    profiles: &'h str,
    establishments: Vec<Choice<'h>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acting: Option<&'h str>,
    children: Vec<Choice<'h>>,
    notices: Vec<Notice<'h>>,
    /// Where a head reads what waits for the key of the establishment, and what they have to read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    offers: Option<Offers<'h>>,
    favourites: Vec<&'h str>,
    recent: Vec<&'h str>,
    categories: Vec<Category<'h>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charte: Option<String>,
    help: String,
}

/// One of several, by the name a person reads: nothing here names anybody to others.
#[derive(Serialize)]
struct Choice<'h> {
    name: &'h str,
    current: bool,
}

#[derive(Serialize)]
struct Notice<'h> {
    title: &'h str,
    text: &'h [String],
}

#[derive(Serialize)]
struct Offers<'h> {
    open: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'h str>,
}

#[derive(Serialize)]
struct Category<'h> {
    id: &'h str,
    name: &'h str,
    services: Vec<Service<'h>>,
}

#[derive(Serialize)]
struct Service<'h> {
    id: &'h str,
    name: &'h str,
    summary: &'h str,
    icon: String,
    open: String,
}

impl HomeDocument {
    /// The home page of the person of a session, in the language of whoever asks.
    pub async fn of(hub: &Hub, visitor: &Visitor, live: &Live) -> Result<HomeDocument, Fault> {
        let home = portal::page(hub, visitor, live, String::new()).await?;
        let unwritten = |_| Fault::new(FaultKind::Internal, "a home page cannot be written down");
        let text = serde_json::to_string(&told(&home, hub.base())).map_err(unwritten)?;
        let digest = preau_keys::digest(&text);
        Ok(HomeDocument { text, digest })
    }

    /// What tells it from any other, as an `ETag`.
    pub fn tag(&self) -> String {
        format!("\"{}\"", self.digest)
    }

    /// Whether it is one of those an `If-None-Match` names.
    pub fn is_among(&self, known: &str) -> bool {
        let tag = self.tag();
        known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one == tag)
    }
}

fn told<'h>(home: &'h Home<'_>, base: &str) -> Told<'h> {
    let names = |tiles: &'h [Tile]| tiles.iter().map(|tile| tile.id.as_str()).collect();
    let service = |tile: &'h Tile| Service {
        id: tile.id.as_str(),
        name: &tile.title,
        summary: &tile.summary,
        icon: format!("{base}/icons/{}.svg", tile.id),
        open: format!("{base}/open/{}", tile.id),
    };
    Told {
        greeting: &home.greeting,
        profiles: &home.profiles,
        establishments: match &home.place {
            Place::Nowhere => Vec::new(),
            Place::One(name) => vec![Choice { name, current: true }],
            Place::Several(all) => all.iter().map(|one| Choice { name: &one.name, current: one.current }).collect(),
        },
        acting: home.acting.as_deref(),
        children: home.children.iter().map(|one| Choice { name: &one.name, current: one.current }).collect(),
        notices: home.notices.iter().map(|(title, text)| Notice { title, text }).collect(),
        offers: home.offers.then(|| Offers { open: format!("{base}/services"), text: home.to_read.as_deref() }),
        favourites: names(&home.favourites),
        recent: names(&home.recent),
        categories: home
            .sections
            .iter()
            .map(|section| Category {
                id: section.category,
                name: &section.label,
                services: section.tiles.iter().map(service).collect(),
            })
            .collect(),
        charte: home.page.charte.then(|| format!("{base}/charte")),
        help: format!("{base}/help"),
    }
}
