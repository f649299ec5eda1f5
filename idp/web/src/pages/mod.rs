//! Everything people see: the pages, their context, and the portal.
//!
//! A page is a template of `templates/`, escaped at compile time, over words of `locales/`. Owns no decision: what the
//! sign-in asks next is in `sign_in`, what goes wrong is in `fault`. The home page, the tiles and the files pages need
//! are in the modules below. No page needs a script, none loads anything from elsewhere, none has inline style or script.

mod account;
mod activation;
mod arrivals;
mod assets;
mod bench;
mod board;
mod cards;
mod class;
mod device;
mod document;
mod elsewhere;
mod farewell;
mod help;
mod home;
mod inspections;
mod join;
mod lost;
mod lti;
mod offers;
mod outgoing;
mod portal;
mod runs;
mod sandbox;
mod sharing;
mod stops;
mod tiles;
mod written;

pub use account::{
    AccountPage, CodeForm, CodesPage, PasskeyForm, Received, account, factor_wanted, new_codes, new_passkey, paper,
    second,
};
pub use activation::{
    ActivatePage, BirthPage, ChartePage, ChoosePage, DeskPage, accept_charte, activate, birth, choose_password, desk,
};
pub use arrivals::{ArrivalsPage, arrivals};
pub use bench::{BenchPage, Shown, bench};
pub use cards::{CardPage, CardRow, CardState, CardsPage, LessonNow, PicturesPage, card, cards, pictures};
pub use class::{
    ClassPage, NewPasswordPage, PupilCodePage, PupilRow, class, new_password, password_changed, pupil_code,
};
pub use elsewhere::{choose_account, elsewhere, said};
pub use inspections::inspections;
pub(crate) use inspections::said_of_inspection;
pub(crate) use join::Sending;
pub use join::{JoinPage, join};
pub use offers::{Shown as ShownOffer, offer, offers};
pub use outgoing::{OutgoingPage, outgoing};
pub use runs::{Shown as ShownRun, run, source, sources};
pub use sandbox::{SandboxPage, sandbox, who_comes, would_be_told};
pub(crate) use sharing::last_day_of;
pub use sharing::{GuestsPage, SpaceForm, SpacePage, SpacesPage, guests, new_space, space, spaces};
pub(crate) use tiles::{holds, words as searched_words};

use crate::goodbye::StillOpen;
use crate::{Door, Fault, FaultKind, Hub, Locale, Texts, Visitor, WebConfig, compress};
use askama::Template;
use axum::Router;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use http::{HeaderValue, header};
use preau_domain::{Instant, LocalTime, Public, ServiceId, Uai};
use preau_policy::Reason;
use std::sync::Arc;

pub use device::DevicePage;
pub use document::HomeDocument;
pub use farewell::{ask_sign_out, framed, leaving, posting, posting_back, posting_elsewhere, unconfirmed};
pub use lost::{
    ForgottenPage, Lost, MailedPage, ResetPage, ResetSecondPage, forgotten, mailed, reset, reset_done, reset_second,
};
pub use lti::{LtiLink, LtiMarks, LtiPlace};

/// The home page, its forms, the tiles, and the files pages need.
pub fn portal_routes() -> Router<Arc<Hub>> {
    portal::routes().merge(help::routes()).merge(assets::routes())
}

/// The address of the one stylesheet, for a page that a protocol writes itself.
pub fn stylesheet() -> &'static str {
    assets::STYLE.path()
}

/// What every page knows: the language, the words, the name of the workspace and where help is.
#[derive(Clone)]
pub struct Page<'a> {
    texts: &'a Texts,
    locale: Locale,
    workspace: &'a str,
    help: Option<&'a str>,
    /// There is a charte.
    charte: bool,
    base: &'a str,
    /// The path of the page when it can be asked again in another language.
    here: Option<String>,
}

/// The way to the same page in the other language.
struct Switch {
    href: String,
    to: Locale,
    label: String,
}

impl<'a> Page<'a> {
    /// The context of a page for a visitor.
    pub fn new(hub: &'a Hub, visitor: &Visitor) -> Page<'a> {
        let charte = hub.words().charte.is_some();
        Page { charte, ..Page::of(&hub.texts, &hub.config, visitor.locale) }
    }

    fn of(texts: &'a Texts, config: &'a WebConfig, locale: Locale) -> Page<'a> {
        let help = config.help_url.as_deref();
        let followed = |url: &&str| ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
        Page {
            texts,
            locale,
            workspace: &config.name,
            help: help.filter(followed),
            charte: false,
            base: "",
            here: None,
        }
    }

    /// The page can be asked again at this path, to read it in the other language.
    fn at(mut self, path: impl Into<String>) -> Page<'a> {
        self.here = Some(path.into());
        self
    }

    /// The links of the page name our host: the browser is at another one.
    fn seen_elsewhere(mut self, hub: &'a Hub) -> Page<'a> {
        self.base = hub.base();
        self
    }

    fn t(&self, key: &str) -> String {
        self.texts.text(self.locale, key)
    }

    fn with(&self, key: &str, name: &str, value: &str) -> String {
        self.texts.with(self.locale, key, &[(name, value)])
    }

    fn count(&self, key: &str, count: usize) -> String {
        self.texts.count(self.locale, key, count)
    }

    /// An instant as people read one, to the minute, by the clock of Paris.
    fn moment(&self, at: Instant) -> String {
        self.by_clock(LocalTime::in_paris(at), at)
    }

    /// The same by the clock that hangs on the wall of an establishment.
    fn moment_at(&self, place: &Uai, at: Instant) -> String {
        self.by_clock(LocalTime::at(place, at), at)
    }

    fn by_clock(&self, local: Option<LocalTime>, at: Instant) -> String {
        // Of an instant outside all calendars, as it is written.
        let text = local.map_or_else(|| at.rfc3339().replace('T', " "), |local| local.to_string());
        let (date, time) = text.split_once(' ').unwrap_or_default();
        let mut date = date.split('-');
        let [year, month, day] = [(); 3].map(|()| date.next().unwrap_or_default());
        let (hour, minute) = (time.get(..2).unwrap_or_default(), time.get(3..5).unwrap_or_default());
        let month = format!("m{month}");
        let nth = if day == "01" { "first" } else { "other" };
        let day = day.trim_start_matches('0');
        let said = [("year", year), ("month", &month), ("nth", nth), ("day", day), ("hour", hour), ("minute", minute)];
        self.texts.with(self.locale, "moment", &said)
    }

    /// A number of tenths as people write it.
    fn tenths(&self, tenths: u64) -> String {
        let mark = if self.locale == Locale::Fr { ',' } else { '.' };
        format!("{}{mark}{}", tenths / 10, tenths % 10)
    }

    fn switch(&self) -> Option<Switch> {
        let here = self.here.as_deref()?;
        let to = Locale::ALL.into_iter().find(|l| *l != self.locale)?;
        let joint = if here.contains('?') { '&' } else { '?' };
        let label = self.texts.text(to, "language-switch");
        Some(Switch { href: format!("{here}{joint}lang={to}"), to, label })
    }

    fn help(&self) -> Option<&str> {
        self.help
    }

    fn home(&self) -> String {
        self.local("/")
    }

    fn local(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn stylesheet(&self) -> String {
        self.local(assets::STYLE.path())
    }

    fn passkeys_script(&self) -> String {
        self.local(assets::PASSKEYS.path())
    }

    fn script(&self) -> String {
        self.local(assets::SCRIPT.path())
    }
}

/// Writes a page and counts it. `name` is a label of the metrics.
fn html(name: &'static str, template: &impl Template) -> Response {
    html_with(name, template, 0)
}

/// The same of a page that holds so many bytes besides its own.
fn html_with<T: Template>(name: &'static str, template: &T, room: usize) -> Response {
    match drawn(name, template, room) {
        Ok(text) => {
            ([(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], text).into_response()
        }
        Err(fault) => fault.into_response(),
    }
}

/// The same, written small where that was asked for and gives nothing away: see `compress`.
fn html_over<T: Template>(name: &'static str, template: &T, small: bool, room: usize) -> Response {
    match drawn(name, template, room) {
        Ok(text) => {
            let gzip = if small { compress::gzip(text.as_bytes(), Compression::fast()) } else { None };
            compress::answer("text/html; charset=utf-8", text, gzip)
        }
        Err(fault) => fault.into_response(),
    }
}

fn drawn<T: Template>(name: &'static str, template: &T, room: usize) -> Result<String, Fault> {
    metrics::counter!("preau_pages_total", "page" => name).increment(1);
    let mut text = String::with_capacity(T::SIZE_HINT + room);
    let done = template.render_into(&mut text);
    done.map(|()| text).map_err(|error| Fault::new(FaultKind::Internal, format!("page {name}: {error}")))
}

/// "Qui êtes-vous ?"
#[derive(Template)]
#[template(path = "choose_public.html")]
struct ChoosePublic<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    purpose: String,
    choices: Vec<Choice>,
    passkey: Option<PasskeyForm>,
    /// Somebody may have come with a code on paper.
    activates: bool,
    /// Somebody may have come with a card of their class.
    cards: bool,
    problem: Option<String>,
}

struct Choice {
    value: &'static str,
    label: String,
    hint: String,
    /// Straight to the one provider where this public signs in.
    href: Option<String>,
}

impl<'a> ChoosePublic<'a> {
    fn new(
        page: Page<'a>,
        pending_id: &'a str,
        service_title: Option<&str>,
        straight: impl Fn(Public) -> Option<String>,
    ) -> Self {
        let choice = |public: Public| Choice {
            href: straight(public),
            value: public.as_str(),
            label: page.t(&format!("public-{}", public.as_str())),
            hint: page.t(&format!("public-{}-hint", public.as_str())),
        };
        let choices = Public::ALL.into_iter().map(choice).collect();
        let purpose = match service_title {
            Some(title) => page.with("choose-purpose-service", "service", title),
            None => page.with("choose-purpose", "workspace", page.workspace),
        };
        let page = page.at(format!("/sign-in/{pending_id}"));
        ChoosePublic { page, pending_id, purpose, choices, passkey: None, activates: true, cards: true, problem: None }
    }
}

/// Asks which of the four publics the person belongs to, or takes a passkey, which says who they are.
pub fn choose_public(
    hub: &Hub,
    visitor: &Visitor,
    pending_id: &str,
    service_title: Option<&str>,
    passkey: Option<PasskeyForm>,
    problem: Option<&'static str>,
) -> Response {
    let straight = |public| elsewhere::straight(hub, pending_id, public);
    let page = Page::new(hub, visitor);
    let problem = problem.map(|key| page.t(key));
    let page = ChoosePublic::new(page, pending_id, service_title, straight);
    let activates = Public::ALL.into_iter().any(|public| public != Public::Guest && hub.proves_here(public));
    let cards = hub.config.class_cards.anywhere();
    html("choose-public", &ChoosePublic { passkey, problem, activates, cards, ..page })
}

/// What [`password`] shows.
pub struct PasswordPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub form_token: &'a str,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The choice made on the page before.
    pub public: Public,
    /// What was typed before, empty at first.
    pub login: &'a str,
    /// The key of the sentence that says what went wrong, `problem-…`.
    pub problem: Option<&'static str>,
    /// For `problem-wait`: seconds to wait.
    pub wait_seconds: Option<i64>,
    /// The service the person is on the way to.
    pub service_title: Option<&'a str>,
    /// The way by a passkey.
    pub passkey: Option<PasskeyForm>,
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    form_token: &'a str,
    carried: Option<String>,
    public: &'static str,
    login: &'a str,
    purpose: String,
    public_label: String,
    login_hint: String,
    problem: Option<String>,
    /// The problem lies in what was typed.
    at_fault: bool,
    /// Other ways to sign in.
    ways: Vec<elsewhere::Way>,
    passkey: Option<PasskeyForm>,
    /// Their password lives here: a code on paper begins it.
    activates: bool,
    focus_login: bool,
    focus_password: bool,
}

impl<'a> Password<'a> {
    fn new(page: Page<'a>, form: PasswordPage<'a>, ways: Vec<elsewhere::Way>) -> Self {
        let purpose = match form.service_title {
            Some(title) => page.with("password-purpose-service", "service", title),
            None => page.with("password-purpose", "workspace", page.workspace),
        };
        let public = form.public.as_str();
        let problem = form.problem.map(|key| problem_sentence(&page, key, form.wait_seconds));
        Password {
            pending_id: form.pending_id,
            form_token: form.form_token,
            carried: form.carried,
            public,
            login: form.login,
            purpose,
            public_label: page.t(&format!("public-{public}")),
            login_hint: page.t(&format!("password-login-hint-{public}")),
            at_fault: matches!(form.problem, Some("problem-credentials" | "problem-empty")),
            focus_login: problem.is_none() && form.login.is_empty(),
            focus_password: problem.is_none() && !form.login.is_empty(),
            problem,
            ways,
            passkey: form.passkey,
            activates: true,
            page: page.at(format!("/sign-in/{}?public={public}", form.pending_id)),
        }
    }
}

#[derive(Template)]
#[template(path = "line.html")]
struct Line<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    /// Where the page asks again.
    to: &'a str,
    place: String,
    when: String,
}

impl<'a> Line<'a> {
    fn new(page: Page<'a>, pending_id: &'a str, to: &'a str, first: u64, seconds: u64) -> Line<'a> {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let place = page.count("line-place", count(first));
        let when = page.count("line-minutes", count(seconds.div_ceil(60)));
        Line { page, pending_id, to, place, when }
    }
}

/// Tells somebody how many go first; the page asks again by itself, at that address.
pub fn line(hub: &Hub, visitor: &Visitor, pending_id: &str, to: &str, first: u64, seconds: u64) -> Response {
    html("line", &Line::new(Page::new(hub, visitor), pending_id, to, first, seconds))
}

fn problem_sentence(page: &Page<'_>, key: &str, wait_seconds: Option<i64>) -> String {
    match (key, wait_seconds) {
        ("problem-wait", Some(seconds)) if seconds > 90 => {
            page.count("problem-wait-minutes", usize::try_from((seconds + 59) / 60).unwrap_or(1))
        }
        ("problem-wait", seconds) => {
            page.count("problem-wait", usize::try_from(seconds.unwrap_or(1)).unwrap_or(1).max(1))
        }
        _ => page.t(key),
    }
}

/// Asks for login and password.
pub fn password(hub: &Hub, visitor: &Visitor, form: PasswordPage<'_>) -> Response {
    let page = Page::new(hub, visitor);
    let ways = elsewhere::ways(hub, &page, form.pending_id, form.public);
    let activates = form.public != Public::Guest && hub.proves_here(form.public);
    html("password", &Password { activates, ..Password::new(page, form, ways) })
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage<'a> {
    page: Page<'a>,
    title: String,
    text: String,
    advice: Option<String>,
    incident: &'a str,
}

impl<'a> FaultPage<'a> {
    fn new(page: Page<'a>, fault: &Fault, incident: &'a str) -> Self {
        let kind = fault.kind.as_str();
        if fault.kind != FaultKind::Refused {
            let (title, text) = (page.t(&format!("fault-{kind}-title")), page.t(&format!("fault-{kind}-text")));
            return FaultPage { page, title, text, advice: None, incident };
        }
        let service = fault.service.as_ref().map(|(fr, en)| match page.locale {
            Locale::Fr => fr,
            Locale::En => en,
        });
        let title = match service {
            Some(name) => page.with("fault-refused-title", "service", name),
            None => page.t("fault-refused-title-plain"),
        };
        let when = fault.window.as_deref().map(|window| match page.locale {
            Locale::Fr => preau_policy::window_fr(window),
            Locale::En => preau_policy::window_en(window),
        });
        let text = match (fault.reason, when) {
            (Some(Reason::Time), Some(when)) => page.with("refusal-time-when", "when", &when),
            (Some(reason), _) => page.t(&format!("refusal-{}", reason.key())),
            (None, _) => page.t("fault-refused-text"),
        };
        let advice = Some(page.t("fault-refused-advice"));
        FaultPage { page, title, text, advice, incident }
    }
}

/// Says what went wrong and what to do, with the number to quote. `here` is where the page is asked for again.
pub fn fault(hub: &Hub, visitor: &Visitor, fault: &Fault, here: &str) -> Response {
    let mut page = Page::new(hub, visitor);
    if fault.kind == FaultKind::WrongHost {
        page = page.seen_elsewhere(hub);
    }
    let here = page.local(here);
    let page = page.at(here);
    let mut response = html("fault", &FaultPage::new(page, fault, visitor.correlation().as_str()));
    *response.status_mut() = fault.kind.status();
    response
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'a> {
    page: Page<'a>,
    sentence: String,
    /// Whether to say that a shared browser is to be closed: the sentence does not say it.
    browser: bool,
    /// Name and way out of the provider where the person may still be signed in.
    elsewhere: Option<(String, String)>,
    /// Where services that hear one after the other are told.
    round: Option<String>,
    /// Addresses that tell services, where the browser does.
    frames: &'a [String],
}

/// Services that are still open are named, up to that many.
const NAMED: usize = 3;

/// What came of the end of a session.
#[derive(Default)]
pub struct End {
    /// How many services were told in the background.
    pub told: usize,
    /// Where the person may still be signed in.
    pub open: StillOpen,
    /// Name and way out of the provider where the person may still be signed in.
    pub elsewhere: Option<(String, String)>,
    /// Where services that hear one after the other are told.
    pub round: Option<String>,
    /// Whether everything is closed is not known.
    pub unsure: bool,
}

impl<'a> SignedOut<'a> {
    /// With the titles of the services that are still open.
    fn new(page: Page<'a>, end: End, open: &[String], frames: &'a [String]) -> Self {
        let StillOpen { silent, refused, deaf, unsure } = &end.open;
        let why = match (silent.is_empty(), refused.is_empty(), deaf.is_empty(), unsure.is_empty()) {
            (false, true, true, true) => "signed-out-silent",
            (true, false, true, true) => "signed-out-refused",
            (true, true, false, true) => "signed-out-deaf",
            (true, true, true, _) => "signed-out-unsure",
            _ => "signed-out-open",
        };
        let sentence = match open {
            // Where the person may still be signed in elsewhere, not everything is closed.
            [] if end.unsure || end.elsewhere.is_some() => page.count("signed-out-here", end.told),
            [] => page.count("signed-out", end.told),
            [one] => page.with(why, "service", one),
            some if some.len() <= NAMED => page.with(&format!("{why}-some"), "services", &some.join(", ")),
            many => page.count(&format!("{why}-many"), many.len()),
        };
        let (elsewhere, round) = (end.elsewhere, end.round);
        SignedOut { sentence, browser: open.is_empty(), page, elsewhere, round, frames }
    }
}

/// Says that everything is closed, or which services are still open, and where the person may still be signed in. The page is
/// asked for again at `here`.
pub fn signed_out(hub: &Hub, visitor: &Visitor, here: &str, end: End) -> Response {
    over(hub, visitor, here, end, &[], |page| html("signed-out", page))
}

/// The page that says so, with the titles of the services that are still open, as `draw` writes it.
fn over<T>(
    hub: &Hub,
    visitor: &Visitor,
    here: &str,
    end: End,
    frames: &[String],
    draw: impl FnOnce(&SignedOut<'_>) -> T,
) -> T {
    let services = hub.services();
    let title = |door: &Door| match visitor.locale {
        Locale::Fr => door.title.fr.clone(),
        Locale::En => door.title.en.clone(),
    };
    // A service that was taken away is open all the same.
    let named = |id: &ServiceId| services.get(id).map_or_else(|| id.to_string(), title);
    let StillOpen { silent, refused, deaf, unsure } = &end.open;
    let open: Vec<String> = silent.iter().chain(refused).chain(deaf).chain(unsure).map(named).collect();
    draw(&SignedOut::new(Page::new(hub, visitor).at(here), end, &open, frames))
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Accessibility<'a> {
    page: Page<'a>,
}

#[cfg(test)]
pub(crate) mod tests;
