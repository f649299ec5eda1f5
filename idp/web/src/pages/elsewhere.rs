//! The pages of a sign-in that goes through another provider: where to go, and which account to open.

use super::home::profile_key;
use super::{Page, html};
use crate::{Hub, Locale, Visitor};
use askama::Template;
use axum::response::Response;
use preau_connector_api::Names;
use preau_domain::{Establishment, Person, Public};

/// Most lines said of one account.
const MOST_LINES: usize = 5;

/// A way to another provider.
pub struct Way {
    pub href: String,
    pub label: String,
}

/// The ways of a public, the one that serves it first.
pub fn ways(hub: &Hub, page: &Page<'_>, pending_id: &str, public: Public) -> Vec<Way> {
    let way = |(source, provider): (preau_domain::SourceId, std::sync::Arc<dyn preau_connector_api::Redirect>)| Way {
        href: address(pending_id, source.as_str(), public),
        label: page.with("elsewhere-go", "provider", said(provider.title(), page.locale)),
    };
    hub.providers_of(public).into_iter().map(way).collect()
}

/// Straight to the provider of a public that has this one way in and no other.
pub fn straight(hub: &Hub, pending_id: &str, public: Public) -> Option<String> {
    match hub.providers_of(public).as_slice() {
        [(source, _)] if !hub.asks_password(public) => Some(address(pending_id, source.as_str(), public)),
        _ => None,
    }
}

fn address(pending_id: &str, source: &str, public: Public) -> String {
    format!("/sign-in/{pending_id}/elsewhere/{source}?public={}", public.as_str())
}

/// What a provider is called in the language of the page.
pub fn said(names: &Names, locale: Locale) -> &str {
    match locale {
        Locale::Fr => &names.fr,
        Locale::En => &names.en,
    }
}

#[derive(Template)]
#[template(path = "elsewhere.html")]
pub(super) struct Elsewhere<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    purpose: String,
    public_label: String,
    ways: Vec<Way>,
}

impl<'a> Elsewhere<'a> {
    pub(super) fn new(
        page: Page<'a>,
        pending_id: &'a str,
        public: Public,
        service_title: Option<&str>,
        ways: Vec<Way>,
    ) -> Self {
        let purpose = match service_title {
            Some(title) => page.with("elsewhere-purpose-service", "service", title),
            None => page.with("elsewhere-purpose", "workspace", page.workspace),
        };
        let public_label = page.t(&format!("public-{}", public.as_str()));
        let page = page.at(format!("/sign-in/{pending_id}?public={}", public.as_str()));
        Elsewhere { purpose, public_label, ways, pending_id, page }
    }
}

/// Says that the person signs in at another provider, and leads there.
pub fn elsewhere(
    hub: &Hub,
    visitor: &Visitor,
    pending_id: &str,
    public: Public,
    service_title: Option<&str>,
) -> Response {
    let page = Page::new(hub, visitor);
    let ways = ways(hub, &page, pending_id, public);
    html("elsewhere", &Elsewhere::new(page, pending_id, public, service_title, ways))
}

/// An account to choose.
pub struct Account {
    index: usize,
    name: String,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "choose_account.html")]
pub(super) struct ChooseAccount<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    form_token: &'a str,
    carried: Option<String>,
    purpose: String,
    accounts: Vec<Account>,
}

impl<'a> ChooseAccount<'a> {
    pub(super) fn new(
        page: Page<'a>,
        pending_id: &'a str,
        form_token: &'a str,
        carried: Option<String>,
        accounts: &[(usize, Person, Vec<Establishment>)],
    ) -> Self {
        let accounts = accounts.iter().map(|(index, person, places)| account(&page, *index, person, places)).collect();
        let purpose = page.with("account-purpose", "workspace", page.workspace);
        let page = page.at(format!("/sign-in/{pending_id}"));
        ChooseAccount { purpose, accounts, pending_id, form_token, carried, page }
    }
}

fn account(page: &Page<'_>, index: usize, person: &Person, places: &[Establishment]) -> Account {
    let title = person.title.as_deref().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for affiliation in &person.affiliations {
        let place = places.iter().find(|place| place.uai == affiliation.establishment);
        let profile = page.with(profile_key(affiliation.profile), "title", title);
        let line = format!("{profile}, {}", place.map_or(affiliation.establishment.as_str(), |place| &place.name));
        if lines.len() < MOST_LINES && !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        lines.push(page.t("account-nowhere"));
    }
    Account { index, name: person.display_name(), lines }
}

/// Asks which of several accounts the person wants to open.
pub fn choose_account(
    hub: &Hub,
    visitor: &Visitor,
    pending_id: &str,
    form_token: &str,
    carried: Option<String>,
    accounts: &[(usize, Person, Vec<Establishment>)],
) -> Response {
    html("choose-account", &ChooseAccount::new(Page::new(hub, visitor), pending_id, form_token, carried, accounts))
}
