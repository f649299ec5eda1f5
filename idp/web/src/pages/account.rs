//! The account page, the page on which a passkey is made, and the page that asks for a second factor.

use super::{Page, html};
use crate::passkey::Question;
use crate::{Hub, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::Factor;

/// What [`account`] shows.
pub struct AccountPage<'a> {
    /// Whose account it is.
    pub name: String,
    /// What they prove themselves with.
    pub factors: &'a [Factor],
    /// There can be passkeys at our address.
    pub passkeys: bool,
    /// The hidden token of its forms.
    pub token: String,
    /// That of the form that ends the session.
    pub sign_out_token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

/// A factor as the page tells it.
pub(super) struct Told<'a> {
    id: &'a str,
    name: &'a str,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Account<'a> {
    page: Page<'a>,
    name: String,
    passkeys: bool,
    factors: Vec<Told<'a>>,
    token: String,
    sign_out_token: String,
    problem: Option<String>,
    max_name: usize,
}

impl<'a> Account<'a> {
    pub(super) fn new(page: Page<'a>, shown: AccountPage<'a>) -> Account<'a> {
        let told = |factor: &'a Factor| {
            let added = page.with("account-added", "when", &page.moment(factor.added));
            let used = match factor.used {
                Some(used) => page.with("account-used", "when", &page.moment(used)),
                None => page.t("account-unused"),
            };
            Told { id: factor.id.as_str(), name: &factor.name, lines: vec![added, used] }
        };
        Account {
            factors: shown.factors.iter().filter(|factor| factor.lasts()).map(told).collect(),
            problem: shown.problem.map(|key| page.t(key)),
            passkeys: shown.passkeys,
            name: shown.name,
            token: shown.token,
            sign_out_token: shown.sign_out_token,
            max_name: Factor::MAX_NAME,
            page: page.at("/account"),
        }
    }
}

/// Shows a person their account.
pub fn account(hub: &Hub, visitor: &Visitor, shown: AccountPage<'_>) -> Response {
    html("account", &Account::new(Page::new(hub, visitor), shown))
}

#[derive(Template)]
#[template(path = "new_passkey.html")]
pub(super) struct NewPasskey<'a> {
    pub(super) page: Page<'a>,
    pub(super) question: Question,
    pub(super) token: &'a str,
    pub(super) problem: Option<String>,
    pub(super) max_name: usize,
}

/// Has the browser make a passkey.
pub fn new_passkey(
    hub: &Hub,
    visitor: &Visitor,
    question: Question,
    token: &str,
    problem: Option<&'static str>,
) -> Response {
    let page = Page::new(hub, visitor);
    let problem = problem.map(|key| page.t(key));
    let page = page.at("/account/passkeys/new");
    html("new-passkey", &NewPasskey { page, question, token, problem, max_name: Factor::MAX_NAME })
}

/// The form by which a sign-in goes on with a passkey.
pub struct PasskeyForm {
    /// The sign-in under way.
    pub pending_id: String,
    /// The hidden token of the form.
    pub token: String,
    /// The choice made on a page before.
    pub public: Option<&'static str>,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// What is asked.
    pub question: Question,
}

#[derive(Template)]
#[template(path = "second.html")]
pub(super) struct Second<'a> {
    pub(super) page: Page<'a>,
    pub(super) pending_id: &'a str,
    pub(super) purpose: String,
    pub(super) passkey: Option<PasskeyForm>,
    pub(super) problem: Option<String>,
}

impl<'a> Second<'a> {
    pub(super) fn new(
        page: Page<'a>,
        pending_id: &'a str,
        service_title: Option<&str>,
        passkey: Option<PasskeyForm>,
        problem: Option<&'static str>,
    ) -> Second<'a> {
        let purpose = match service_title {
            Some(title) => page.with("second-purpose-service", "service", title),
            None => page.t("second-purpose"),
        };
        let problem = problem.map(|key| page.t(key));
        Second { pending_id, purpose, passkey, problem, page: page.at(format!("/sign-in/{pending_id}")) }
    }
}

/// Asks for a second factor.
pub fn second(
    hub: &Hub,
    visitor: &Visitor,
    pending_id: &str,
    service_title: Option<&str>,
    passkey: Option<PasskeyForm>,
    problem: Option<&'static str>,
) -> Response {
    html("second", &Second::new(Page::new(hub, visitor), pending_id, service_title, passkey, problem))
}
