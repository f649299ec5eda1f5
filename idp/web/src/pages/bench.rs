//! The pages of the editor's bench.

use super::sandbox::Replay;
use super::{Page, html};
use crate::bench::sandbox::NotMade;
use crate::bench::{CAST, Outcome, Preview, Refused, Rehearsal, Synthetic};
use crate::{Door, Hub, Locale, Visitor};
use askama::Template;
use axum::response::Response;

/// What [`bench()`] shows.
pub struct BenchPage<'a> {
    /// Every service there is.
    pub services: &'a [Door],
    /// The one that was chosen.
    pub shown: Option<Shown<'a>>,
    /// Why no sandbox was made, when one was asked for.
    pub problem: Option<NotMade>,
}

/// A service that was chosen, and what comes of a synthetic person there.
pub struct Shown<'a> {
    /// The service.
    pub door: &'a Door,
    /// Who goes there.
    pub person: &'a Synthetic,
    /// What comes of it.
    pub outcome: Outcome,
    /// Its latest refused request.
    pub refused: Option<Refused>,
    /// What would come of that now, when it was asked again.
    pub now: Option<Rehearsal>,
    /// Configurations to copy.
    pub stacks: Vec<(&'static str, String)>,
}

struct Choosable {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "bench.html")]
pub(super) struct Bench<'a> {
    page: Page<'a>,
    services: Vec<Choosable>,
    service: Option<Service>,
    problem: Option<String>,
}

struct Service {
    id: String,
    title: String,
    people: Vec<Choosable>,
    verdict: String,
    opens: bool,
    previews: Vec<Preview>,
    replay: Option<Replay>,
    /// Where the request is asked again, and what that needs besides.
    here: String,
    kept: Vec<(String, String)>,
    stacks: Vec<(&'static str, String)>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(page: Page<'a>, bench: BenchPage<'_>) -> Self {
        let title = |door: &Door| match page.locale {
            Locale::Fr => door.title.fr.clone(),
            Locale::En => door.title.en.clone(),
        };
        let here = bench.shown.as_ref().map(|shown| shown.door.service.id.clone());
        let services = bench.services.iter().map(|door| Choosable {
            value: door.service.id.to_string(),
            label: title(door),
            chosen: Some(&door.service.id) == here.as_ref(),
        });
        let services = services.collect();
        let path = match &bench.shown {
            Some(shown) => format!("/bench/{}?person={}", shown.door.service.id, shown.person.word),
            None => "/bench".to_owned(),
        };
        let problem = bench.problem.map(|problem| match problem {
            NotMade::Name => page.t("sandbox-problem-name"),
            NotMade::Address(what) => page.with("sandbox-problem-address", "what", &what),
            NotMade::Full | NotMade::Store(_) => page.t("sandbox-problem-full"),
        });
        let service = bench.shown.map(|shown| Service::new(&page, title(shown.door), shown));
        Bench { services, service, problem, page: page.at(path) }
    }
}

impl Service {
    fn new(page: &Page<'_>, title: String, shown: Shown<'_>) -> Service {
        let people = CAST.iter().map(|one| Choosable {
            value: one.word.to_owned(),
            label: page.t(&format!("bench-person-{}", one.word)),
            chosen: one == shown.person,
        });
        let (verdict, opens, previews) = match shown.outcome {
            Outcome::Opens(previews) => (page.t("bench-opens"), true, previews),
            Outcome::Shut(reason) => (page.t(&format!("refusal-{}", reason.key())), false, Vec::new()),
            Outcome::Unsound(what) => (page.with("bench-unsound", "what", &what), false, Vec::new()),
        };
        let replay = shown.refused.map(|refused| Replay::new(page, refused, shown.now));
        let here = format!("/bench/{}", shown.door.service.id);
        let kept = vec![("person".to_owned(), shown.person.word.to_owned())];
        Service {
            id: shown.door.service.id.to_string(),
            title,
            people: people.collect(),
            verdict,
            opens,
            previews,
            replay,
            here,
            kept,
            stacks: shown.stacks,
        }
    }
}

/// The bench: every service, or one with a synthetic person in front of its door.
pub fn bench(hub: &Hub, visitor: &Visitor, bench: BenchPage<'_>) -> Response {
    html("bench", &Bench::new(Page::new(hub, visitor), bench))
}
