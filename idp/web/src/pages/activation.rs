//! The pages of activation: the code, the date of birth, the choice of a password, the charte, and the desk where codes are printed.

use super::{Page, help, html};
use crate::words::Charte;
use crate::{Hub, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::Public;

/// What [`activate`] shows.
pub struct ActivatePage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "activate.html")]
pub(super) struct Activate<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    problem: Option<String>,
}

impl<'a> Activate<'a> {
    pub(super) fn new(page: Page<'a>, shown: ActivatePage<'a>) -> Activate<'a> {
        let ActivatePage { pending_id, token, carried, problem } = shown;
        let problem = problem.map(|key| page.t(key));
        let page = page.at(format!("/sign-in/{pending_id}/activate"));
        Activate { page, heading: "activate-title", pending_id, token, carried, problem }
    }
}

/// Asks for a code on paper.
pub fn activate(hub: &Hub, visitor: &Visitor, shown: ActivatePage<'_>) -> Response {
    html("activate", &Activate::new(Page::new(hub, visitor), shown))
}

/// What [`birth`] shows.
pub struct BirthPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The code that was typed.
    pub code: &'a str,
    /// Wrong dates with which it ends.
    pub most: u32,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "birth.html")]
pub(super) struct Birth<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    code: &'a str,
    /// Names of the fields, what they are called, and how much is typed.
    parts: [(&'static str, &'static str, u8); 3],
    limit: String,
    problem: Option<String>,
}

impl<'a> Birth<'a> {
    pub(super) fn new(page: Page<'a>, shown: BirthPage<'a>) -> Birth<'a> {
        let BirthPage { pending_id, token, carried, code, most, problem } = shown;
        let parts = [("day", "birth-day", 2), ("month", "birth-month", 2), ("year", "birth-year", 4)];
        let limit = page.count("birth-limit", usize::try_from(most).unwrap_or(usize::MAX));
        let problem = problem.map(|key| page.t(key));
        let page = page.at(format!("/sign-in/{pending_id}/activate"));
        Birth { page, heading: "birth-title", pending_id, token, carried, code, parts, limit, problem }
    }
}

/// Asks for the date of birth of whoever shows a code; says nothing of who that is.
pub fn birth(hub: &Hub, visitor: &Visitor, shown: BirthPage<'_>) -> Response {
    html("birth", &Birth::new(Page::new(hub, visitor), shown))
}

/// What [`choose_password`] shows.
pub struct ChoosePage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The code that was typed.
    pub code: &'a str,
    /// The word that says that their date of birth was typed, where it was asked for.
    pub confirmed: Option<String>,
    /// Whose it is.
    pub name: String,
    /// They have a login already.
    pub keeps_login: bool,
    /// Their login, or one they may take.
    pub login: &'a str,
    /// Fewest characters of the password.
    pub least: usize,
    /// The charte they have to accept.
    pub charte: Option<&'a Charte>,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "choose_password.html")]
pub(super) struct ChoosePassword<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    code: &'a str,
    confirmed: Option<String>,
    name: String,
    keeps_login: bool,
    login: &'a str,
    length: String,
    charte: Option<help::Charte<'a>>,
    /// What is wrong is the password.
    at_fault: bool,
    problem: Option<String>,
}

impl<'a> ChoosePassword<'a> {
    pub(super) fn new(page: Page<'a>, shown: ChoosePage<'a>) -> ChoosePassword<'a> {
        let least = shown.least.to_string();
        ChoosePassword {
            heading: "choose-password-title",
            pending_id: shown.pending_id,
            token: shown.token,
            carried: shown.carried,
            code: shown.code,
            confirmed: shown.confirmed,
            name: page.with("choose-password-for", "name", &shown.name),
            keeps_login: shown.keeps_login,
            login: shown.login,
            length: page.with("choose-password-length", "least", &least),
            charte: shown.charte.map(|charte| help::Charte::new(page.clone(), charte)),
            at_fault: shown.problem.is_some_and(|key| key.starts_with("password-problem-")),
            problem: shown.problem.map(|key| page.with(key, "least", &least)),
            page,
        }
    }
}

/// Asks for a login and a password.
pub fn choose_password(hub: &Hub, visitor: &Visitor, shown: ChoosePage<'_>) -> Response {
    html("choose-password", &ChoosePassword::new(Page::new(hub, visitor), shown))
}

/// What [`accept_charte`] shows.
pub struct ChartePage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The charte.
    pub charte: &'a Charte,
}

#[derive(Template)]
#[template(path = "accept_charte.html")]
pub(super) struct AcceptCharte<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    charte: help::Charte<'a>,
}

impl<'a> AcceptCharte<'a> {
    pub(super) fn new(page: Page<'a>, shown: ChartePage<'a>) -> AcceptCharte<'a> {
        let ChartePage { pending_id, token, carried, charte } = shown;
        let charte = help::Charte::new(page.clone(), charte);
        AcceptCharte { page: page.at(format!("/sign-in/{pending_id}")), pending_id, token, carried, charte }
    }
}

/// Asks to accept the charte.
pub fn accept_charte(hub: &Hub, visitor: &Visitor, shown: ChartePage<'_>) -> Response {
    html("accept-charte", &AcceptCharte::new(Page::new(hub, visitor), shown))
}

/// What [`desk`] shows.
pub struct DeskPage {
    /// Name of the establishment.
    pub place: String,
    /// Codes and names of its classes.
    pub classes: Vec<(String, String)>,
    /// Who proves themselves here.
    pub publics: Vec<Public>,
    /// The hidden token of the form.
    pub token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "desk.html")]
pub(super) struct Desk<'a> {
    page: Page<'a>,
    place: String,
    classes: Vec<(String, String)>,
    /// Words of the form, and what a person reads.
    publics: Vec<(&'static str, String)>,
    token: String,
    problem: Option<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(page: Page<'a>, shown: DeskPage) -> Desk<'a> {
        let public = |public: Public| (public.as_str(), page.t(&format!("sheet-{}", public.as_str())));
        Desk {
            place: shown.place,
            classes: shown.classes,
            publics: shown.publics.into_iter().map(public).collect(),
            token: shown.token,
            problem: shown.problem.map(|key| page.t(key)),
            page: page.at("/activation"),
        }
    }
}

/// Shows the desk where codes are printed.
pub fn desk(hub: &Hub, visitor: &Visitor, shown: DeskPage) -> Response {
    let mut page = html("activation-desk", &Desk::new(Page::new(hub, visitor), shown));
    page.headers_mut().insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    page
}
