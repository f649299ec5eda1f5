//! The pages of a lost password, and the one on which codes by mail are turned on.

use super::{Page, html};
use crate::mail::resets;
use crate::passkey::Question;
use crate::{Hub, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::Public;

/// Where a lost password is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Where the password of that public lives.
    Elsewhere(Public),
    /// Here, by a letter.
    ByMail,
    /// Here, by people who hand out a code.
    ByPeople,
    /// A letter was asked for.
    Asked,
}

/// What [`forgotten`] shows.
pub struct ForgottenPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The choice made before, where one was.
    pub public: Option<Public>,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// What is said.
    pub lost: Lost,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "forgotten.html")]
pub(super) struct Forgotten<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    public: Option<&'static str>,
    token: String,
    carried: Option<String>,
    /// Sentences, the first of them in larger letters.
    said: Vec<String>,
    /// There is a form.
    asks: bool,
    /// Where the operator says that such a password is replaced.
    there: Option<&'a str>,
    problem: Option<String>,
}

impl<'a> Forgotten<'a> {
    pub(super) fn new(page: Page<'a>, shown: ForgottenPage<'a>, there: Option<&'a str>) -> Forgotten<'a> {
        let ForgottenPage { pending_id, public, token, carried, lost, problem } = shown;
        let minutes = (resets::LASTS.0 / 60).to_string();
        let said = match lost {
            Lost::Elsewhere(public) => vec![
                page.t("forgotten-elsewhere"),
                page.t(match public {
                    Public::Staff => "forgotten-elsewhere-staff",
                    _ => "forgotten-elsewhere-others",
                }),
            ],
            Lost::ByMail => vec![page.t("forgotten-purpose"), page.t("forgotten-none")],
            Lost::ByPeople => vec![page.t("forgotten-people")],
            Lost::Asked => vec![
                page.t("forgotten-asked"),
                page.with("forgotten-asked-then", "minutes", &minutes),
                page.t("forgotten-none"),
            ],
        };
        let choice = public.map(|public| format!("?public={}", public.as_str())).unwrap_or_default();
        Forgotten {
            page: page.clone().at(format!("/sign-in/{pending_id}/forgotten{choice}")),
            heading: if lost == Lost::Asked { "forgotten-asked-title" } else { "forgotten-title" },
            pending_id,
            public: public.map(Public::as_str),
            token,
            carried,
            said,
            asks: lost == Lost::ByMail,
            there,
            problem: problem.map(|key| page.t(key)),
        }
    }
}

/// Asks who lost a password, says where it is replaced, or that a letter was asked for.
pub fn forgotten(hub: &Hub, visitor: &Visitor, shown: ForgottenPage<'_>) -> Response {
    let of = |public: Public| hub.config.sign_in.lost.get(public.as_str()).map(String::as_str);
    let there = match shown.lost {
        Lost::Elsewhere(public) => of(public),
        _ => None,
    };
    html("forgotten", &Forgotten::new(Page::new(hub, visitor), shown, there))
}

/// What [`reset`] shows: the form for a code, and with a code the form for a password.
pub struct ResetPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The code that was typed.
    pub code: Option<&'a str>,
    /// The login it is for.
    pub login: &'a str,
    /// Fewest characters of the password.
    pub least: usize,
    /// The second factor that was proved, sealed.
    pub proved: Option<&'a str>,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "reset.html")]
pub(super) struct Reset<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    code: Option<&'a str>,
    login: &'a str,
    proved: Option<&'a str>,
    length: String,
    at_fault: bool,
    problem: Option<String>,
}

impl<'a> Reset<'a> {
    pub(super) fn new(page: Page<'a>, shown: ResetPage<'a>) -> Reset<'a> {
        let least = shown.least.to_string();
        let here = format!("/sign-in/{}/reset", shown.pending_id);
        Reset {
            heading: "reset-title",
            pending_id: shown.pending_id,
            token: shown.token,
            carried: shown.carried,
            code: shown.code,
            login: shown.login,
            proved: shown.proved,
            length: page.with("choose-password-length", "least", &least),
            at_fault: shown.problem.is_some(),
            problem: shown.problem.map(|key| page.with(key, "least", &least)),
            page: page.at(here),
        }
    }
}

/// Asks for the code of a letter, and then for a new password.
pub fn reset(hub: &Hub, visitor: &Visitor, shown: ResetPage<'_>) -> Response {
    html("reset", &Reset::new(Page::new(hub, visitor), shown))
}

/// What [`reset_second`] shows.
pub struct ResetSecondPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the forms.
    pub token: String,
    /// The sign-in, sealed, for the forms to carry.
    pub carried: Option<String>,
    /// The code of the letter.
    pub code: &'a str,
    /// What is asked of whoever has a passkey.
    pub passkey: Option<Question>,
    /// They have an application that makes codes, or codes on paper.
    pub codes: bool,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "reset_second.html")]
pub(super) struct ResetSecond<'a> {
    page: Page<'a>,
    heading: &'static str,
    shown: ResetSecondPage<'a>,
    problem: Option<String>,
}

impl<'a> ResetSecond<'a> {
    pub(super) fn new(page: Page<'a>, shown: ResetSecondPage<'a>) -> ResetSecond<'a> {
        let here = format!("/sign-in/{}/reset", shown.pending_id);
        let problem = shown.problem.map(|key| page.t(key));
        ResetSecond { page: page.at(here), heading: "second-title", shown, problem }
    }
}

/// Asks whoever has a second factor for it, before a letter replaces their password.
pub fn reset_second(hub: &Hub, visitor: &Visitor, shown: ResetSecondPage<'_>) -> Response {
    html("reset-second", &ResetSecond::new(Page::new(hub, visitor), shown))
}

#[derive(Template)]
#[template(path = "reset_done.html")]
pub(super) struct ResetDone<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    /// What else lets somebody in, where there is something: it may be of whoever had the password.
    left: Option<String>,
}

impl<'a> ResetDone<'a> {
    pub(super) fn new(page: Page<'a>, pending_id: &'a str, left: usize) -> ResetDone<'a> {
        let left = (left > 0).then(|| page.count("password-changed-left", left));
        ResetDone { page, pending_id, left }
    }
}

/// Says that the password was replaced, that so many other ways in are left, and where to go on.
pub fn reset_done(hub: &Hub, visitor: &Visitor, pending_id: &str, left: usize) -> Response {
    html("reset-done", &ResetDone::new(Page::new(hub, visitor), pending_id, left))
}

/// What [`mailed`] shows.
pub struct MailedPage {
    /// Where codes go to, half shown.
    pub address: String,
    /// One was asked for.
    pub on_its_way: bool,
    /// The hidden token of its forms.
    pub token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "mailed.html")]
pub(super) struct MailedCodes<'a> {
    page: Page<'a>,
    heading: &'static str,
    said: String,
    on_its_way: bool,
    token: String,
    /// What is wrong is the code that was typed.
    at_fault: bool,
    problem: Option<String>,
}

impl<'a> MailedCodes<'a> {
    pub(super) fn new(page: Page<'a>, shown: MailedPage) -> MailedCodes<'a> {
        let key = if shown.on_its_way && shown.problem.is_none() { "mailed-sent" } else { "mailed-to" };
        MailedCodes {
            said: page.with(key, "address", &shown.address),
            heading: "mailed-title",
            on_its_way: shown.on_its_way,
            token: shown.token,
            at_fault: shown.problem.is_some_and(|key| key != "mailed-problem-many"),
            problem: shown.problem.map(|key| page.t(key)),
            page: page.at("/account/mail"),
        }
    }
}

/// Shows somebody how codes by mail are turned on.
pub fn mailed(hub: &Hub, visitor: &Visitor, shown: MailedPage) -> Response {
    html("mailed-codes", &MailedCodes::new(Page::new(hub, visitor), shown))
}
