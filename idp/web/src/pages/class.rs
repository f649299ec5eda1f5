//! The pages of whoever helps a pupil who lost their password, and of the owner of a password who changes it.

use super::{Page, html};
use crate::{Hub, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::Instant;

/// A pupil of a class.
pub struct PupilRow {
    /// Their name.
    pub name: String,
    /// Their account.
    pub id: String,
    /// They have a password.
    pub active: bool,
}

/// What [`class`] shows.
pub struct ClassPage {
    /// Codes of the classes to choose from.
    pub classes: Vec<String>,
    /// The one that is shown.
    pub class: String,
    /// Its pupils.
    pub rows: Vec<PupilRow>,
    /// The hidden token of the forms.
    pub token: String,
}

#[derive(Template)]
#[template(path = "class.html")]
pub(super) struct Class<'a> {
    page: Page<'a>,
    classes: Vec<String>,
    class: String,
    title: String,
    rows: Vec<PupilRow>,
    token: String,
}

impl<'a> Class<'a> {
    pub(super) fn new(page: Page<'a>, shown: ClassPage) -> Class<'a> {
        let ClassPage { classes, class, rows, token } = shown;
        Class { title: page.with("class-of", "class", &class), page: page.at("/pupils"), classes, class, rows, token }
    }
}

/// Shows the pupils of a class.
pub fn class(hub: &Hub, visitor: &Visitor, shown: ClassPage) -> Response {
    html("class", &Class::new(Page::new(hub, visitor), shown))
}

/// What [`pupil_code`] shows.
pub struct PupilCodePage {
    /// Whose code it is.
    pub name: String,
    /// The code, as people read it.
    pub code: String,
    /// Where it is typed.
    pub address: String,
    /// Until when.
    pub expires: Instant,
}

#[derive(Template)]
#[template(path = "pupil_code.html")]
pub(super) struct PupilCode<'a> {
    page: Page<'a>,
    name: String,
    code: String,
    address: String,
    until: String,
}

impl<'a> PupilCode<'a> {
    pub(super) fn new(page: Page<'a>, shown: PupilCodePage) -> PupilCode<'a> {
        let PupilCodePage { name, code, address, expires } = shown;
        PupilCode { until: page.with("class-code-until", "until", &page.moment(expires)), page, name, code, address }
    }
}

/// Shows a code, this once.
pub fn pupil_code(hub: &Hub, visitor: &Visitor, shown: PupilCodePage) -> Response {
    html("pupil-code", &PupilCode::new(Page::new(hub, visitor), shown))
}

/// What [`new_password`] shows.
pub struct NewPasswordPage {
    /// What its owner types before it.
    pub login: String,
    /// Fewest characters.
    pub least: usize,
    /// The hidden token of the form.
    pub token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "new_password.html")]
pub(super) struct NewPassword<'a> {
    page: Page<'a>,
    heading: &'static str,
    login: String,
    length: String,
    token: String,
    at_fault: bool,
    problem: Option<String>,
}

impl<'a> NewPassword<'a> {
    pub(super) fn new(page: Page<'a>, shown: NewPasswordPage) -> NewPassword<'a> {
        let least = shown.least.to_string();
        NewPassword {
            heading: "password-change",
            login: shown.login,
            length: page.with("choose-password-length", "least", &least),
            token: shown.token,
            at_fault: shown.problem.is_some(),
            problem: shown.problem.map(|key| page.with(key, "least", &least)),
            page: page.at("/account/password"),
        }
    }
}

/// Asks for another password.
pub fn new_password(hub: &Hub, visitor: &Visitor, shown: NewPasswordPage) -> Response {
    html("new-password", &NewPassword::new(Page::new(hub, visitor), shown))
}

#[derive(Template)]
#[template(path = "password_changed.html")]
pub(super) struct PasswordChanged<'a> {
    page: Page<'a>,
    left: String,
}

impl<'a> PasswordChanged<'a> {
    pub(super) fn new(page: Page<'a>, left: usize) -> PasswordChanged<'a> {
        PasswordChanged { left: page.count("password-changed-left", left), page }
    }
}

/// Says that it was changed, and that so many other ways in are left.
pub fn password_changed(hub: &Hub, visitor: &Visitor, left: usize) -> Response {
    html("password-changed", &PasswordChanged::new(Page::new(hub, visitor), left))
}
