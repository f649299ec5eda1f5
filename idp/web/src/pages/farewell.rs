//! Pages of the ways out to a service: the form that carries an answer to it, the question before a sign-out that a service
//! asks for, and the frames by which a browser tells services that it is over.

use super::{End, Page, html, html_with, over};
use crate::{Fault, FaultKind, Hub, Visitor, headers};
use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures::{FutureExt, StreamExt, stream};
use http::{HeaderName, HeaderValue, header};
use preau_domain::TrustedUrl;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::sync::Arc;
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
    pub(super) to: &'a str,
}

/// Says that it is over here, and that a service did not say so; leads on to `to`.
pub fn unconfirmed(hub: &Hub, visitor: &Visitor, to: &str) -> Response {
    html("unconfirmed", &Unconfirmed { page: Page::new(hub, visitor), to })
}

/// Where a page of frames may wait: its frames stand before, what is said of them behind.
const TITLE_ENDS: &str = "</h1>";
/// What a proxy in front is asked: to pass on each part of an answer as it comes.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The page at `here` that says goodbye, whose frames the browser loads at once, and whose sentence comes when it is known who has
/// heard by then.
pub fn framed(
    hub: &Arc<Hub>,
    visitor: &Visitor,
    here: &str,
    frames: Vec<String>,
    end: impl Future<Output = End> + Send + 'static,
) -> Response {
    let written = |hub: &Hub, visitor: &Visitor, here: &str, end, frames: &[String]| {
        over(hub, visitor, here, end, frames, |page| page.render())
    };
    let begins = match written(hub, visitor, here, End::default(), &frames) {
        Ok(text) => text.split_once(TITLE_ENDS).map_or_else(String::new, |(begins, _)| begins.to_owned()),
        Err(error) => return Fault::new(FaultKind::Internal, format!("page signed-out: {error}")).into_response(),
    };
    metrics::counter!("preau_pages_total", "page" => "signed-out").increment(1);
    let empty = framing(Response::new(Body::empty()), &frames);
    let (hub, visitor, here) = (Arc::clone(hub), visitor.clone(), here.to_owned());
    let ends = end.map(move |end| {
        let text = written(&hub, &visitor, &here, end, &frames).unwrap_or_default();
        text.find(TITLE_ENDS).and_then(|at| text.get(at..)).unwrap_or_default().to_owned()
    });
    let parts = stream::once(ready(begins)).chain(stream::once(ends)).map(Ok::<_, Infallible>);
    let mut response = empty.map(|_| Body::from_stream(parts));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    response
}

/// Lets a page show these frames and no others.
fn framing(mut response: Response, frames: &[String]) -> Response {
    let origin = |frame: &String| Some(Url::parse(frame).ok()?.origin().ascii_serialization());
    let mut origins: Vec<String> = frames.iter().filter_map(origin).collect();
    origins.dedup();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, headers::frame_src(&origins));
    response
}
