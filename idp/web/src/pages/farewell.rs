//! Pages of the ways out to a service: the form that carries an answer to it, the question before a sign-out that a service
//! asks for, and the frames by which a browser tells services that it is over.

use super::{Page, html, html_with};
use crate::{Hub, Visitor, headers};
use askama::Template;
use axum::response::Response;
use http::header;
use preau_domain::TrustedUrl;
use url::Url;

#[derive(Template)]
#[template(path = "posting.html")]
pub(super) struct Posting<'a> {
    pub(super) page: Page<'a>,
    pub(super) to: &'a str,
    pub(super) fields: &'a [(&'static str, String)],
    pub(super) title: String,
    pub(super) text: String,
}

impl<'a> Posting<'a> {
    /// `way` begins the keys of its words.
    pub(super) fn new(page: Page<'a>, to: &'a str, fields: &'a [(&'static str, String)], way: &str) -> Self {
        let (title, text) = (page.t(&format!("{way}-title")), page.t(&format!("{way}-text")));
        Posting { page, to, fields, title, text }
    }

    /// Whether a value is written as it is. A signed message is thousands of characters, none of which means anything in HTML;
    /// that is seen in a sixtieth of the time that it takes to write them one by one.
    fn is_plain(&self, value: &str) -> bool {
        !value.bytes().fold(false, |found, byte| found | matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\''))
    }
}

/// The page that posts fields to a service: a form that a script sends, and a button for browsers without scripts.
pub fn posting(hub: &Hub, visitor: &Visitor, to: &TrustedUrl, fields: &[(&'static str, String)]) -> Response {
    posts(hub, visitor, to.url(), fields, "posting")
}

/// The same to a provider where the person signs in, at an address of the configuration.
pub fn posting_elsewhere(hub: &Hub, visitor: &Visitor, to: &Url, fields: &[(&'static str, String)]) -> Response {
    posts(hub, visitor, to, fields, "posting-elsewhere")
}

/// The page that brings what a provider said to our own address, from our own page and so with the cookies of the browser. What
/// comes of it may lead on to any service, and browsers hold that against the form.
pub fn posting_back(hub: &Hub, visitor: &Visitor, to: &Url, fields: &[(&'static str, String)]) -> Response {
    let mut response = posts(hub, visitor, to, fields, "posting-back");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, headers::form_action(["http:"]));
    response
}

fn posts(hub: &Hub, visitor: &Visitor, to: &Url, fields: &[(&'static str, String)], way: &'static str) -> Response {
    let page = Page::new(hub, visitor);
    let room = fields.iter().map(|(_, value)| value.len()).sum();
    let mut response = html_with(way, &Posting::new(page, to.as_str(), fields, way), room);
    let origin = to.origin().ascii_serialization();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, headers::form_action([&*origin]));
    response
}

#[derive(Template)]
#[template(path = "ask_sign_out.html")]
pub(super) struct AskSignOut<'a> {
    pub(super) page: Page<'a>,
    pub(super) name: String,
    pub(super) form_token: &'a str,
}

/// Asks whether the person wants to sign out: somebody sent the browser here, and it may not have been the person.
pub fn ask_sign_out(hub: &Hub, visitor: &Visitor, name: String, form_token: &str) -> Response {
    html("ask-sign-out", &AskSignOut { page: Page::new(hub, visitor), name, form_token })
}

#[derive(Template)]
#[template(path = "leaving.html")]
pub(super) struct Leaving<'a> {
    pub(super) page: Page<'a>,
    pub(super) frames: &'a [String],
    pub(super) to: &'a str,
}

/// Lets the browser tell services that it is over, and then leads on: to a service, or to the page that says so.
pub fn leaving(hub: &Hub, visitor: &Visitor, frames: &[String], to: &str) -> Response {
    framing(html("leaving", &Leaving { page: Page::new(hub, visitor), frames, to }), frames)
}

#[derive(Template)]
#[template(path = "unconfirmed.html")]
pub(super) struct Unconfirmed<'a> {
    pub(super) page: Page<'a>,
    pub(super) to: Option<&'a str>,
}

/// Says that it is over here, and that a service did not say so; leads on to `to`.
pub fn unconfirmed(hub: &Hub, visitor: &Visitor, to: Option<&str>) -> Response {
    html("unconfirmed", &Unconfirmed { page: Page::new(hub, visitor), to })
}

/// Lets a page show these frames and no others.
pub(super) fn framing(mut response: Response, frames: &[String]) -> Response {
    let origin = |frame: &String| Some(Url::parse(frame).ok()?.origin().ascii_serialization());
    let mut origins: Vec<String> = frames.iter().filter_map(origin).collect();
    origins.dedup();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, headers::frame_src(&origins));
    response
}
