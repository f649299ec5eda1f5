//! The page of a list that was sent to another ENT.

use super::{Page, html};
use crate::{Hub, Live, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::{GuestList, display_safe};
use preau_store::MOST_OF_A_REQUEST;

/// What [`outgoing`] shows.
pub struct OutgoingPage {
    pub(crate) list: GuestList,
    /// What the other ENT is called.
    pub(crate) peer: Option<String>,
    /// Who sent it.
    pub(crate) by: Option<String>,
    /// Whom it names, as far as that is known.
    pub(crate) names: Vec<String>,
    /// The journal may say more of it than was read.
    pub(crate) cut: bool,
    pub(crate) token: String,
}

/// The address of that page.
pub(super) fn address(list: &GuestList) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("convention", &list.convention).append_pair("list", &list.id);
    format!("/spaces/sent?{}", query.finish())
}

#[derive(Template)]
#[template(path = "outgoing.html")]
pub(super) struct Outgoing<'a> {
    page: Page<'a>,
    class: String,
    lead: String,
    by: Option<String>,
    count: String,
    names: Vec<String>,
    /// Why it names more people than the page.
    fewer: Option<String>,
    withdrawn: bool,
    convention: String,
    list: String,
    token: String,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(page: Page<'a>, shown: OutgoingPage) -> Self {
        let OutgoingPage { list, peer, by, names, cut, token } = shown;
        let space = display_safe(if list.title.is_empty() { &list.space } else { &list.title }, 100);
        let (peer, at) = (display_safe(peer.as_ref().unwrap_or(&list.convention), 60), page.moment(list.at));
        let said = [("space", space.as_str()), ("peer", &peer), ("at", &at)];
        Outgoing {
            class: display_safe(&list.class, 64),
            lead: page.texts.with(page.locale, "sent-lead", &said),
            by: by.filter(|by| !by.is_empty()).map(|by| page.with("sent-by", "name", &display_safe(&by, 100))),
            count: page.count("space-people", list.guests as usize),
            fewer: (names.len() < list.guests as usize).then(|| match (cut, names.is_empty()) {
                (true, _) => page.with("sent-first", "count", &MOST_OF_A_REQUEST.to_string()),
                (false, true) => page.t("sent-forgotten"),
                (false, false) => page.t("sent-fewer"),
            }),
            names: names.iter().map(|name| display_safe(name, 100)).collect(),
            withdrawn: list.withdrawn.is_some(),
            page: page.at(address(&list)),
            convention: list.convention,
            list: list.id,
            token,
        }
    }
}

/// A list that was sent, for whoever sent it or heads the school.
pub fn outgoing(hub: &Hub, visitor: &Visitor, _: &Live, shown: OutgoingPage) -> Response {
    html("outgoing", &Outgoing::new(Page::new(hub, visitor), shown))
}
