//! The pages of cards of classes: the card, its pictures, and the page of the teacher.

use super::{Page, html};
use crate::cards::Taught;
use crate::{Hub, Visitor};
use askama::Template;
use axum::response::Response;
use http::{HeaderValue, header};
use preau_domain::{Instant, Uai};
use preau_paper::{PICTURES, Picture};

/// What [`card`] shows.
pub struct CardPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// What was typed or photographed and opened nothing: a child need not do it again when the lesson is open, or for one letter.
    pub typed: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "card.html")]
pub(super) struct Card<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    typed: String,
    problem: Option<String>,
}

impl<'a> Card<'a> {
    pub(super) fn new(page: Page<'a>, shown: CardPage<'a>) -> Card<'a> {
        let CardPage { pending_id, token, carried, typed, problem } = shown;
        let problem = problem.map(|key| page.t(key));
        let page = page.at(format!("/sign-in/{pending_id}/card"));
        Card { page, heading: "card-title", pending_id, token, carried, typed, problem }
    }
}

/// Asks for the code of a card.
pub fn card(hub: &Hub, visitor: &Visitor, shown: CardPage<'_>) -> Response {
    html("card", &Card::new(Page::new(hub, visitor), shown))
}

/// What [`pictures`] shows.
pub struct PicturesPage<'a> {
    /// The sign-in under way.
    pub pending_id: &'a str,
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// The code of the card.
    pub code: &'a str,
    /// Given name of its child.
    pub name: &'a str,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "pictures.html")]
pub(super) struct Pictures<'a> {
    page: Page<'a>,
    pending_id: &'a str,
    token: String,
    carried: Option<String>,
    code: &'a str,
    hello: String,
    /// Each with what it is called.
    all: Vec<(&'static Picture, String)>,
    problem: Option<String>,
}

impl<'a> Pictures<'a> {
    pub(super) fn new(page: Page<'a>, shown: PicturesPage<'a>) -> Pictures<'a> {
        let PicturesPage { pending_id, token, carried, code, name, problem } = shown;
        Pictures {
            hello: page.with("pictures-hello", "name", name),
            all: PICTURES.iter().map(|one| (one, page.t(&format!("picture-{}", one.name)))).collect(),
            problem: problem.map(|key| page.t(key)),
            page: page.at(format!("/sign-in/{pending_id}/card")),
            pending_id,
            token,
            carried,
            code,
        }
    }
}

/// Asks for the pictures of a card.
pub fn pictures(hub: &Hub, visitor: &Visitor, shown: PicturesPage<'_>) -> Response {
    html("pictures", &Pictures::new(Page::new(hub, visitor), shown))
}

/// What is so of the card of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// There is none.
    None,
    /// It opens in a lesson.
    Good,
    /// Wrong pictures stopped it.
    Stopped,
    /// It opened its one session.
    Spent,
    /// It was taken back.
    Revoked,
}

/// A child of a class.
pub struct CardRow {
    /// Their name.
    pub name: String,
    /// Their account.
    pub id: String,
    /// When their card was made.
    pub made: Option<Instant>,
    /// What is so of it.
    pub state: CardState,
    /// Since when they are signed in with it.
    pub since: Option<Instant>,
}

/// Whether the class has a lesson.
pub enum LessonNow {
    /// Until then.
    Open(Instant),
    /// It has none; one that is opened now lasts so many minutes.
    Closed(usize),
    /// It has none, and none is opened at this hour.
    OutOfHours,
}

/// What [`cards`] shows.
pub struct CardsPage {
    /// Where: times are by its clock.
    pub at: Uai,
    /// The classes to choose from.
    pub classes: Vec<Taught>,
    /// The code of the one that is shown.
    pub class: String,
    /// Its pupils.
    pub rows: Vec<CardRow>,
    /// Its lesson.
    pub lesson: LessonNow,
    /// Cards open in the network of the school, and whoever looks at the page is not there.
    pub elsewhere: bool,
    /// The hidden token of the forms.
    pub token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

/// A child as the template sees them.
struct Child {
    name: String,
    id: String,
    said: String,
    since: Option<String>,
    has_card: bool,
    /// It may be taken back.
    good: bool,
    /// What the button says that lets it open again.
    restore: &'static str,
}

#[derive(Template)]
#[template(path = "cards.html")]
pub(super) struct Cards<'a> {
    page: Page<'a>,
    classes: Vec<(String, String)>,
    class: String,
    title: String,
    rows: Vec<Child>,
    /// What is said of the lesson.
    lesson: String,
    open: bool,
    /// What the button that opens one says.
    opens: Option<String>,
    signed_in: String,
    elsewhere: bool,
    token: String,
    problem: Option<String>,
}

impl<'a> Cards<'a> {
    pub(super) fn new(page: Page<'a>, shown: CardsPage) -> Cards<'a> {
        let CardsPage { at, classes, class, rows, lesson, elsewhere, token, problem } = shown;
        let chosen = classes.iter().find(|one| one.code == class);
        let title = match chosen.map(|one| (one.guests, &one.name)) {
            Some((false, name)) => page.with("class-of", "class", name),
            Some((true, name)) => page.with("cards-guests-of", "space", name),
            None => String::new(),
        };
        let said = |one: Taught| match one.guests {
            false => (one.code, one.name),
            true => (one.code, page.with("cards-guests-of", "space", &one.name)),
        };
        let classes: Vec<(String, String)> = classes.into_iter().map(said).collect();
        let (told, open, opens) = match lesson {
            LessonNow::Open(until) => (page.with("cards-open-until", "until", &page.moment_at(&at, until)), true, None),
            LessonNow::Closed(minutes) => (page.t("cards-closed"), false, Some(page.count("cards-open", minutes))),
            LessonNow::OutOfHours => (page.t("cards-out-of-hours"), false, None),
        };
        let signed_in = rows.iter().filter(|row| row.since.is_some()).count();
        Cards {
            title,
            elsewhere,
            rows: rows.into_iter().map(|row| child(&page, &at, row)).collect(),
            lesson: told,
            open,
            opens,
            signed_in: page.count("cards-signed-in-count", signed_in),
            token,
            problem: problem.map(|key| page.t(key)),
            page: page.at("/cards"),
            classes,
            class,
        }
    }
}

fn child(page: &Page<'_>, at: &Uai, row: CardRow) -> Child {
    let said = match (row.state, row.made) {
        (CardState::Good, Some(made)) => page.with("cards-made", "when", &page.moment_at(at, made)),
        (CardState::Stopped, _) => page.t("cards-stopped"),
        (CardState::Spent, _) => page.t("cards-spent"),
        (CardState::Revoked, _) => page.t("cards-revoked"),
        (CardState::None | CardState::Good, _) => page.t("cards-none"),
    };
    Child {
        since: row.since.map(|since| page.with("cards-signed-in", "since", &page.moment_at(at, since))),
        has_card: row.state != CardState::None,
        good: row.state == CardState::Good,
        restore: match row.state {
            CardState::Stopped => "cards-unblock",
            CardState::Spent => "cards-once-more",
            _ => "cards-restore",
        },
        name: row.name,
        id: row.id,
        said,
    }
}

/// Shows the cards of a class.
pub fn cards(hub: &Hub, visitor: &Visitor, shown: CardsPage) -> Response {
    let mut page = html("cards", &Cards::new(Page::new(hub, visitor), shown));
    page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}
