//! The page of an invitation: whom it would name, and what became of it.

use super::sharing::{Choice, last_day, reason};
use super::{Page, html};
use crate::sharing::{Answered, Invitation, Refusal, Whom};
use crate::{Hub, Live, Visitor};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preau_domain::{Instant, display_safe};

/// How an invitation stands.
pub(crate) enum Sending {
    /// Whom it would name.
    Ask {
        invitation: Box<Invitation>,
        peer: String,
        classes: Vec<String>,
        whom: Option<Box<Whom>>,
        /// Who of them is not to be on the list, by their codes.
        without: Vec<String>,
    },
    /// The list is there.
    Done { title: String, peer: String, answered: Answered },
    /// The other ENT refused it, whole.
    Refused { peer: String, problems: Vec<Refusal> },
    /// It cannot be accepted: the key of a sentence.
    Not(&'static str),
}

/// What [`join`] shows.
pub struct JoinPage {
    pub(crate) sending: Sending,
    /// The invitation itself, to be sent again with the form.
    pub(crate) invitation: String,
    pub(crate) token: String,
}

/// A pupil, the code by which a form says that they stay off the list, and whether it does.
struct Named {
    name: String,
    code: String,
    without: bool,
}

#[derive(Template)]
#[template(path = "join.html")]
pub(super) struct Join<'a> {
    page: Page<'a>,
    lead: String,
    problem: Option<String>,
    /// Each with whether it is in the words of the other ENT.
    problems: Vec<(String, bool)>,
    done: Option<String>,
    /// How many of them the host keeps out.
    stopped: Option<String>,
    classes: Vec<Choice>,
    /// The class that is looked at.
    class: Option<String>,
    people: Vec<Named>,
    count: String,
    teacher: Option<String>,
    until: String,
    /// What is shown, in one word.
    shown: String,
    invitation: String,
    token: String,
}

impl<'a> Join<'a> {
    pub(super) fn new(page: Page<'a>, shown: JoinPage) -> Self {
        let JoinPage { sending, invitation, token } = shown;
        let mut join = Join {
            lead: page.t("join-title"),
            problem: None,
            problems: Vec::new(),
            done: None,
            stopped: None,
            classes: Vec::new(),
            class: None,
            people: Vec::new(),
            count: String::new(),
            teacher: None,
            until: String::new(),
            shown: String::new(),
            invitation,
            token,
            page,
        };
        let page = &join.page;
        match sending {
            Sending::Not(key) => join.problem = Some(page.t(key)),
            Sending::Refused { peer, problems } => {
                join.problem = Some(page.with("join-refused", "peer", &display_safe(&peer, 60)));
                let said = |one: &Refusal| match one {
                    Refusal::Known(known) => (reason(page, known), false),
                    Refusal::Told(told) => (told.clone(), true),
                };
                join.problems = problems.iter().map(said).collect();
            }
            Sending::Done { title, peer, answered } => {
                let (title, peer) = (display_safe(&title, 100), display_safe(&peer, 60));
                let (added, known) = (answered.added.to_string(), answered.known.to_string());
                let said = [("title", &*title), ("peer", &peer), ("added", &added), ("known", &known)];
                join.done = Some(page.texts.with(page.locale, "join-done", &said));
                let stopped = usize::try_from(answered.stopped).unwrap_or(usize::MAX);
                join.stopped = (stopped > 0).then(|| page.count("join-stopped", stopped));
            }
            Sending::Ask { invitation, peer, classes, whom, without } => {
                let (title, peer) = (display_safe(&invitation.title, 100), display_safe(&peer, 60));
                let class = display_safe(&invitation.class, 64);
                let said = [("title", &*title), ("peer", &peer), ("class", &class)];
                join.lead = page.texts.with(page.locale, "join-lead", &said);
                join.until = last_day(page, Instant(invitation.until.saturating_mul(1_000)));
                let chosen = whom.as_ref().map(|whom| whom.class.clone());
                let choice =
                    |code: String| Choice { label: code.clone(), chosen: chosen.as_ref() == Some(&code), value: code };
                join.classes = classes.into_iter().map(choice).collect();
                if let Some(whom) = whom {
                    let name = |one: &preau_hosting::Listed| format!("{} {}", one.given_name, one.initial);
                    join.shown = whom.word();
                    join.count = page.count("space-people", whom.all().len());
                    let named = |one: &preau_hosting::Listed| {
                        let code = Whom::code(one);
                        Named { name: name(one), without: without.contains(&code), code }
                    };
                    join.people = whom.pupils.iter().map(named).collect();
                    join.teacher = whom.teacher.as_ref().map(name);
                    join.class = Some(whom.class);
                }
            }
        }
        join
    }
}

/// An invitation: whom it would name, and what became of it.
pub fn join(hub: &Hub, visitor: &Visitor, _: &Live, shown: JoinPage) -> Response {
    let wrong = matches!(shown.sending, Sending::Not(_) | Sending::Refused { .. });
    let page = html("join", &Join::new(Page::new(hub, visitor), shown));
    if wrong { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() } else { page }
}
