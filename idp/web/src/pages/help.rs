//! Pages that are always within reach: help, and the charte where there is one.

use super::{Page, html};
use crate::words::{in_language, paragraphs};
use crate::{Fault, FaultKind, Hub, Visitor};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/help", get(help)).route("/charte", get(charte))
}

/// What people ask first, as keys of `locales/`: `help-…-title` and `help-…-text`.
const QUESTIONS: [&str; 6] = ["password", "missing", "favourites", "child", "shared", "incident"];

#[derive(Template)]
#[template(path = "help.html")]
pub(super) struct Help<'a> {
    pub page: Page<'a>,
    pub questions: Vec<(String, String)>,
}

impl<'a> Help<'a> {
    pub fn new(page: Page<'a>) -> Help<'a> {
        let question = |key: &str| (page.t(&format!("help-{key}-title")), page.t(&format!("help-{key}-text")));
        Help { questions: QUESTIONS.into_iter().map(question).collect(), page: page.at("/help") }
    }
}

#[derive(Template)]
#[template(path = "charte.html")]
pub(super) struct Charte<'a> {
    pub page: Page<'a>,
    pub title: String,
    /// Its version, as a sentence.
    pub version: String,
    /// And bare.
    pub number: &'a str,
    /// Each a heading or a paragraph.
    pub parts: Vec<(bool, String)>,
}

impl<'a> Charte<'a> {
    pub fn new(page: Page<'a>, charte: &'a crate::Charte) -> Charte<'a> {
        let part = |text: String| match text.strip_prefix("## ") {
            Some(heading) => (true, heading.to_owned()),
            None => (false, text),
        };
        Charte {
            title: in_language(&charte.title, page.locale).to_owned(),
            version: page.with("charte-version", "version", &charte.version),
            number: &charte.version,
            parts: paragraphs(&charte.text, page.locale).into_iter().map(part).collect(),
            page: page.at("/charte"),
        }
    }
}

async fn help(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Response {
    html("help", &Help::new(Page::new(&hub, &visitor)))
}

async fn charte(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    let words = hub.words();
    let charte = words.charte.as_ref().ok_or_else(|| Fault::new(FaultKind::NotFound, "no charte"))?;
    Ok(html("charte", &Charte::new(Page::new(&hub, &visitor), charte)))
}
