//! The pages of heads of establishment: what is offered there, and the sheet of one service with the form of the yes.

use super::home::place_name;
use super::{Page, html};
use crate::offers::{Choice, Counted, kept_as, last_yes, profiles_of};
use crate::words::in_language;
use crate::{Door, Hub, Live, Locale, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::{Day, Opening, Population, Profile, Uai};
use preau_policy::{
    GRADES, HOME, ROSTER, Said, Standing, Words, concerned, identifier_words, people, profile_words, sent,
};

#[derive(Template)]
#[template(path = "offers.html")]
pub(super) struct Offers<'a> {
    page: Page<'a>,
    place: String,
    services: Vec<Offered>,
}

struct Offered {
    id: String,
    title: String,
    summary: String,
    state: String,
    /// The head is to do something.
    waits: bool,
}

impl<'a> Offers<'a> {
    pub(super) fn new(page: Page<'a>, place: String, all: &[(&Door, Standing<'_>)]) -> Self {
        let offered = |(door, standing): &(&Door, Standing<'_>)| Offered {
            id: door.service.id.to_string(),
            title: in_language(&door.title, page.locale).to_owned(),
            summary: in_language(&door.summary, page.locale).to_owned(),
            state: state(&page, *standing),
            waits: matches!(standing, Standing::SheetChanged(_)),
        };
        let services = all.iter().map(offered).collect();
        Offers { services, place, page: page.at("/services") }
    }
}

/// What the academy offers an establishment.
pub fn offers(hub: &Hub, visitor: &Visitor, live: &Live, at: &Uai, all: &[(&Door, Standing<'_>)]) -> Response {
    html("offers", &Offers::new(Page::new(hub, visitor), place_name(live, at), all))
}

/// What [`offer`] shows.
pub struct Shown<'a> {
    /// The service.
    pub door: &'a Door,
    /// The establishment.
    pub at: &'a Uai,
    /// How its key stands there.
    pub standing: Standing<'a>,
    /// What the head chose.
    pub chosen: Option<Choice>,
    /// The key of what is wrong with it.
    pub problem: Option<&'static str>,
    /// Who would gain and who would lose it by that choice.
    pub preview: Option<Counted>,
    /// Who would lose it if it were closed.
    pub closing: Option<Counted>,
    /// The digest of the sheet.
    pub sheet: String,
    /// The hidden token of the forms.
    pub token: String,
}

#[derive(Template)]
#[template(path = "offer.html")]
pub(super) struct Offer<'a> {
    page: Page<'a>,
    id: String,
    at: String,
    title: String,
    summary: String,
    place: String,
    state: String,
    /// Labels and texts of the legal sheet.
    legal: Vec<(String, String)>,
    /// Names and contents of what leaves; empty for a plain link.
    sent: Vec<(String, String)>,
    profiles: Vec<(&'static str, String, bool)>,
    levels: String,
    classes: String,
    until: String,
    /// What was said last, which another day may be said for.
    last: Option<Last>,
    problem: Option<String>,
    preview: Option<Preview>,
    /// What closing it would do, a line for each profile; none when it is not open.
    closing: Option<Vec<String>>,
    sheet: String,
    token: String,
}

struct Preview {
    whom: Vec<String>,
    until: String,
    moved: Vec<String>,
    codes: Vec<&'static str>,
    kept: Option<String>,
}

struct Last {
    whom: Vec<String>,
    kept: String,
    /// No form of this page says it.
    fine: bool,
}

impl<'a> Offer<'a> {
    pub(super) fn new(page: Page<'a>, place: String, shown: Shown<'_>) -> Self {
        let Shown { door, at, standing, chosen, problem, preview, closing, sheet, token } = shown;
        let offered = profiles_of(door, at);
        let last = last_yes(standing);
        let form = last.and_then(|last| Choice::of(last, &offered));
        let fine = form.is_none();
        let filled = chosen.unwrap_or_else(|| match last {
            Some(_) => form.unwrap_or_default(),
            None => Choice { profiles: offered.clone(), ..Choice::default() },
        });
        let in_words = |whom: &[Population]| whom.iter().map(|one| said(&page, &people(one))).collect::<Vec<_>>();
        let ticked = |profile: &Profile| filled.profiles.contains(profile);
        let preview = preview.map(|counted| Preview {
            whom: in_words(&filled.whom(last).unwrap_or_default()),
            until: filled.until.map(|day| day_in_words(&page, day)).unwrap_or_default(),
            moved: moved(&page, &counted),
            codes: filled.profiles.iter().map(|one| one.code()).collect(),
            kept: filled.kept.clone(),
        });
        let last = last.map(|last| Last { whom: in_words(&last.allow), kept: kept_as(last), fine });
        Offer {
            id: door.service.id.to_string(),
            at: at.to_string(),
            title: in_language(&door.title, page.locale).to_owned(),
            summary: in_language(&door.summary, page.locale).to_owned(),
            state: state(&page, standing),
            legal: legal(&page, door, at),
            sent: leaving(&page, door),
            profiles: offered.iter().map(|one| (one.code(), word(&page, profile_words(*one)), ticked(one))).collect(),
            levels: filled.levels.join(", "),
            classes: filled.classes.join(", "),
            until: filled.until.map(|day| day.to_string()).unwrap_or_default(),
            last,
            problem: problem.map(|key| page.t(key)),
            preview,
            closing: closing.map(|counted| moved(&page, &counted)),
            sheet,
            token,
            place,
            page: page.at(format!("/services/{}", door.service.id)),
        }
    }
}

/// The sheet of a service, and the forms that open and close it.
pub fn offer(hub: &Hub, visitor: &Visitor, live: &Live, shown: Shown<'_>) -> Response {
    let place = place_name(live, shown.at);
    html("offer", &Offer::new(Page::new(hub, visitor), place, shown))
}

fn word(page: &Page<'_>, words: Words) -> String {
    match page.locale {
        Locale::Fr => words.fr.to_owned(),
        Locale::En => words.en.to_owned(),
    }
}

fn said(page: &Page<'_>, said: &Said) -> String {
    match page.locale {
        Locale::Fr => said.fr.clone(),
        Locale::En => said.en.clone(),
    }
}

pub(super) fn day_in_words(page: &Page<'_>, day: Day) -> String {
    let (year, month, day) = day.parts();
    let nth = if day == 1 { "first" } else { "other" };
    let (year, month, day) = (year.to_string(), format!("m{month:02}"), day.to_string());
    page.texts.with(page.locale, "day", &[("year", &year), ("month", &month), ("nth", nth), ("day", &day)])
}

/// How a key stands, as a sentence.
fn state(page: &Page<'_>, standing: Standing<'_>) -> String {
    let until = |key: &str, opening: &Opening| {
        let whom: Vec<String> = opening.allow.iter().map(|one| said(page, &people(one))).collect();
        let and = match page.locale {
            Locale::Fr => ", et ",
            Locale::En => ", and ",
        };
        let (until, whom) = (day_in_words(page, opening.until), whom.join(and));
        page.texts.with(page.locale, key, &[("until", &until), ("whom", &whom)])
    };
    match standing {
        Standing::Shut => page.t("offer-shut"),
        Standing::Over(opening) => until("offer-over", opening),
        Standing::SheetChanged(opening) => until("offer-changed", opening),
        Standing::Open(opening) => until("offer-open", opening),
    }
}

fn legal(page: &Page<'_>, door: &Door, at: &Uai) -> Vec<(String, String)> {
    let legal = &door.legal;
    let mut rows: Vec<(String, String)> = [
        ("offer-purpose", &legal.purpose),
        ("offer-controller", &legal.controller),
        ("offer-hosting", &legal.hosting),
        ("offer-retention", &legal.retention),
    ]
    .into_iter()
    .map(|(key, text)| (page.t(key), in_language(text, page.locale).to_owned()))
    .collect();
    rows.push((page.t("offer-addresses"), door.origins().join("\n")));
    rows.push((page.t("offer-for"), concerned(&door.audience, at).map(|whom| said(page, &whom)).unwrap_or_default()));
    rows
}

/// What leaves, by the rules of the door: what the person is known by first.
fn leaving(page: &Page<'_>, door: &Door) -> Vec<(String, String)> {
    if !door.speaks() {
        return Vec::new();
    }
    let mut rows = vec![(page.t("offer-identifier"), word(page, identifier_words(door.identifier)))];
    for one in sent(&door.release).into_iter().filter(|one| door.sends(one.name)) {
        let what = match page.locale {
            Locale::Fr => one.fr(),
            Locale::En => one.en(),
        };
        rows.push((one.name.to_owned(), what));
    }
    if door.tells_roster() {
        rows.push((page.t("offer-roster"), word(page, ROSTER)));
    }
    if door.keeps_grades() {
        rows.push((page.t("offer-grades"), word(page, GRADES)));
    }
    if door.tells_home() {
        rows.push((page.t("offer-home"), word(page, HOME)));
    }
    rows
}

/// Who gains and who loses, a sentence for each profile.
fn moved(page: &Page<'_>, counted: &Counted) -> Vec<String> {
    let mut lines = Vec::new();
    for (profile, moved) in &counted.moved {
        let who = word(page, profile_words(*profile));
        for (key, count) in [("offer-gain", moved.gain), ("offer-lose", moved.lose)] {
            if count > 0 {
                lines.push(page.texts.with(page.locale, key, &[("count", &count.to_string()), ("who", &who)]));
            }
        }
    }
    if lines.is_empty() {
        lines.push(page.t("offer-nobody"));
    }
    if counted.cut {
        lines.push(page.t("offer-cut"));
    }
    lines
}
