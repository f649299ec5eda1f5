//! The pages of sandbox clients: what to configure, who comes, and what the application would be told.

use super::{Page, html};
use crate::bench::sandbox::{Sandbox, Told};
use crate::bench::{Asked, CAST, Judged, Refused, Rehearsal, Wrong};
use crate::{Fields, Hub, Visitor};
use askama::Template;
use axum::response::Response;

/// What [`sandbox()`] shows.
pub struct SandboxPage<'a> {
    /// The sandbox.
    pub sandbox: &'a Sandbox,
    /// Its secret, when it was made just now.
    pub secret: Option<&'a str>,
    /// Its latest refused request.
    pub refused: Option<Refused>,
    /// What would come of that now, when it was asked again.
    pub now: Option<Rehearsal>,
    /// Configurations to copy.
    pub stacks: Vec<(&'static str, String)>,
}

/// A request that was refused, as a page tells it.
pub(super) struct Replay {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) wrong: Option<Wrong>,
    pub(super) asked: Vec<(String, String)>,
    /// Whether it can be asked again.
    pub(super) can: bool,
    /// Asked again, it would pass.
    pub(super) good: bool,
    /// Asked again, nothing would be wrong but what was not kept.
    pub(super) partly: bool,
    /// Asked again, this would be wrong.
    pub(super) still: Option<Wrong>,
}

impl Replay {
    pub(super) fn new(page: &Page<'_>, refused: Refused, now: Option<Rehearsal>) -> Replay {
        let can = refused.asked.is_some();
        let Asked { fields, wrong, .. } =
            refused.asked.unwrap_or(Asked { protocol: "", fields: Vec::new(), wrong: None });
        Replay {
            title: page.with("bench-refused-at", "when", &page.moment(refused.at)),
            text: format!("{} ({}): {}", refused.word, refused.incident, refused.why),
            wrong,
            asked: fields,
            can,
            good: now == Some(Ok(Judged::Whole)),
            partly: now == Some(Ok(Judged::AllButSecrets)),
            still: now.and_then(Result::err),
        }
    }
}

#[derive(Template)]
#[template(path = "bench_sandbox.html")]
pub(in crate::pages) struct Show<'a> {
    page: Page<'a>,
    name: String,
    here: String,
    until: String,
    settings: Vec<(String, String)>,
    secret: Option<String>,
    replay: Option<Replay>,
    /// What asking again needs besides: nothing.
    kept: Vec<(String, String)>,
    stacks: Vec<(&'static str, String)>,
}

impl<'a> Show<'a> {
    pub(in crate::pages) fn new(hub_base: &str, page: Page<'a>, shown: SandboxPage<'_>) -> Self {
        let SandboxPage { sandbox, secret, refused, now, stacks } = shown;
        let provider = format!("{hub_base}/{}/sandbox/{}", sandbox.wish.speaks.as_str(), sandbox.id());
        let row = |key: &str, value: String| (page.t(key), value);
        let mut settings = Vec::new();
        if let Some(oidc) = &sandbox.door().oidc {
            settings.push(row("sandbox-issuer", provider));
            settings.push(row("sandbox-client", sandbox.id().to_owned()));
            settings.push(row("sandbox-authentication", oidc.authentication.as_str().to_owned()));
            settings.extend(oidc.redirect_uris.iter().map(|uri| row("sandbox-redirect", uri.clone())));
            settings.push(row("sandbox-scopes", format!("openid {}", oidc.scopes.join(" "))));
            settings.push(row("sandbox-signing", format!("{:?}", oidc.signing)));
        } else {
            settings.push(row("sandbox-cas", provider));
            settings.push(row("sandbox-service", sandbox.door().service.home.to_string()));
        }
        let here = format!("/bench/sandbox/{}", sandbox.id());
        let until = page.with("sandbox-until", "when", &page.moment(sandbox.expires));
        let replay = refused.map(|refused| Replay::new(&page, refused, now));
        let (name, secret) = (sandbox.wish.name.clone(), secret.map(str::to_owned));
        // A page that shows a secret is not asked again.
        let page = if secret.is_some() { page } else { page.at(here.clone()) };
        Show { page, name, here, until, settings, secret, replay, kept: Vec::new(), stacks }
    }
}

/// The page of a sandbox.
pub fn sandbox(hub: &Hub, visitor: &Visitor, shown: SandboxPage<'_>) -> Response {
    html("bench-sandbox", &Show::new(hub.base(), Page::new(hub, visitor), shown))
}

#[derive(Template)]
#[template(path = "bench_person.html")]
pub(in crate::pages) struct WhoComes<'a> {
    page: Page<'a>,
    action: &'a str,
    purpose: String,
    hidden: Vec<(String, String)>,
    people: Vec<(&'static str, String)>,
}

impl<'a> WhoComes<'a> {
    pub(in crate::pages) fn new(page: Page<'a>, sandbox: &Sandbox, action: &'a str, asked: &Fields) -> Self {
        let people = CAST.iter().map(|one| (one.word, page.t(&format!("bench-person-{}", one.word)))).collect();
        let own = |(name, value): (&str, &str)| (name != "bench_person").then(|| (name.to_owned(), value.to_owned()));
        let to = sandbox.door().origins().join(", ");
        let purpose = page.texts.with(page.locale, "sandbox-who-lead", &[("name", &sandbox.wish.name), ("to", &to)]);
        WhoComes { page, action, purpose, hidden: asked.iter().filter_map(own).collect(), people }
    }
}

/// Asks who of the cast comes.
pub fn who_comes(hub: &Hub, visitor: &Visitor, sandbox: &Sandbox, action: &str, asked: &Fields) -> Response {
    html("bench-person", &WhoComes::new(Page::new(hub, visitor), sandbox, action, asked))
}

#[derive(Template)]
#[template(path = "bench_told.html")]
pub(in crate::pages) struct WouldBeTold<'a> {
    page: Page<'a>,
    name: String,
    here: String,
    why: String,
    wrong: Option<Wrong>,
    answer: Option<String>,
}

impl<'a> WouldBeTold<'a> {
    pub(in crate::pages) fn new(page: Page<'a>, sandbox: &Sandbox, told: Told<'_>) -> Self {
        let here = format!("/bench/sandbox/{}", sandbox.id());
        let why = format!("{}: {}", told.word, told.why);
        WouldBeTold { page, name: sandbox.wish.name.clone(), here, why, wrong: told.wrong, answer: told.answer }
    }
}

/// Says what is wrong with a request of a sandbox.
pub fn would_be_told(hub: &Hub, visitor: &Visitor, sandbox: &Sandbox, told: Told<'_>) -> Response {
    let mut page = html("bench-told", &WouldBeTold::new(Page::new(hub, visitor), sandbox, told));
    *page.status_mut() = http::StatusCode::BAD_REQUEST;
    page
}
