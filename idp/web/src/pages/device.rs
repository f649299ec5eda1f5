//! The pages on which a person lets a device in: the code it shows, the question, the answer.

use super::{Page, html};
use crate::{Door, Hub, Locale, Visitor};
use askama::Template;
use axum::response::Response;

/// What a person reads of a device.
pub enum DevicePage<'a> {
    /// Type the code it shows.
    Code {
        /// The hidden token of the form.
        token: &'a str,
        /// The key of the sentence that says what went wrong.
        problem: Option<&'static str>,
    },
    /// Say yes or no.
    Question {
        /// The hidden token of the form.
        token: &'a str,
        /// The device.
        device: &'a str,
        /// The service that asks.
        door: &'a Door,
        /// The network address it asks from.
        place: Option<&'a str>,
        /// It is the one of this browser.
        nearby: bool,
        /// Since how many minutes.
        minutes: usize,
    },
    /// It is said.
    Done {
        /// The service that asked.
        door: &'a Door,
        /// The answer.
        yes: bool,
    },
}

#[derive(Template)]
#[template(path = "device_code.html")]
pub(super) struct Code<'a> {
    pub(super) page: Page<'a>,
    pub(super) form_token: &'a str,
    pub(super) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "device_question.html")]
pub(super) struct Question<'a> {
    pub(super) page: Page<'a>,
    pub(super) form_token: &'a str,
    pub(super) device: &'a str,
    pub(super) service: String,
    pub(super) place: Option<&'a str>,
    pub(super) nearby: bool,
    pub(super) since: String,
}

#[derive(Template)]
#[template(path = "device_done.html")]
pub(super) struct Done<'a> {
    pub(super) page: Page<'a>,
    pub(super) service: String,
    pub(super) yes: bool,
}

impl Hub {
    /// One of the pages on which a person lets a device in.
    pub fn device_page(&self, visitor: &Visitor, what: &DevicePage<'_>) -> Response {
        let page = Page::new(self, visitor);
        let title = |door: &Door| match visitor.locale {
            Locale::Fr => door.title.fr.clone(),
            Locale::En => door.title.en.clone(),
        };
        match *what {
            DevicePage::Code { token, problem } => {
                let problem = problem.map(|key| page.t(key));
                html("device-code", &Code { page: page.at("/oidc/device"), form_token: token, problem })
            }
            DevicePage::Question { token, device, door, place, nearby, minutes } => {
                let (service, since) = (title(door), page.count("device-question-since", minutes));
                html("device-question", &Question { page, form_token: token, device, service, place, nearby, since })
            }
            DevicePage::Done { door, yes } => html("device-done", &Done { page, service: title(door), yes }),
        }
    }
}
