//! The page on which a person says for which of their classes or groups a tool opens.

use super::{Page, html};
use crate::words::in_language;
use crate::{Door, Hub, Visitor};
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "lti.html")]
pub(super) struct Lti<'a> {
    pub(super) page: Page<'a>,
    pub(super) service: String,
    /// Names, and the addresses that open the tool for them.
    pub(super) places: Vec<(String, String)>,
}

impl<'a> Lti<'a> {
    pub(super) fn new(page: Page<'a>, door: &Door, names: &[&str]) -> Lti<'a> {
        let here = format!("/oidc/lti/{}", door.service.id);
        let to = |name: &&str| {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("for", name).finish();
            ((*name).to_owned(), format!("{here}?{query}"))
        };
        let service = in_language(&door.title, page.locale).to_owned();
        Lti { service, places: names.iter().map(to).collect(), page: page.at(here) }
    }
}

impl Hub {
    /// The page that asks for which class or group a tool opens.
    pub fn lti_page(&self, visitor: &Visitor, door: &Door, names: &[&str]) -> Response {
        html("lti", &Lti::new(Page::new(self, visitor), door, names))
    }
}
