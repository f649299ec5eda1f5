//! The page of guests who may be pupils by now.

use super::home::place_name;
use super::sharing::last_day;
use super::{Page, html};
use crate::arrivals::Proposals;
use crate::{Hub, Live, Visitor};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preau_domain::{Uai, display_safe};
use preau_hosting::{Arrival, Sign, becomes};
use std::collections::HashMap;

/// Proposals on one page: those that follow come when these are decided.
const MOST_SHOWN: usize = 50;

/// What [`arrivals`] shows.
pub struct ArrivalsPage {
    pub(crate) proposals: Proposals,
    /// What the other party of each convention is called.
    pub(crate) peers: HashMap<String, String>,
    /// What was to be decided is not proposed any more.
    pub(crate) gone: bool,
    pub(crate) token: String,
}

struct Line {
    guest: String,
    pupil: String,
    /// The pupil, in a few words, and which of several guests this is.
    title: String,
    was: String,
    reasons: Vec<String>,
    /// What to mind where others are proposed for the same pupil, or the same guest for others.
    mind: Vec<String>,
    follows: bool,
}

#[derive(Template)]
#[template(path = "arrivals.html")]
pub(super) struct Arrivals<'a> {
    page: Page<'a>,
    place: String,
    lines: Vec<Line>,
    /// Whose pupil is another guest already.
    taken: Vec<Line>,
    more: bool,
    gone: bool,
    token: String,
}

fn sign(page: &Page<'_>, sign: &Sign) -> String {
    match sign {
        Sign::NextLevel { left, now } => {
            let (left, now) = (display_safe(left, 40), display_safe(now, 40));
            page.texts.with(page.locale, "arrival-level", &[("left", &left), ("now", &now)])
        }
        Sign::Paired => page.t("arrival-paired"),
        Sign::Sector => page.t("arrival-sector"),
    }
}

/// What to mind of one of these proposals, and the title as that of one of several where it is.
fn beside(page: &Page<'_>, all: &[Arrival], one: &Arrival, title: String) -> (String, Vec<String>) {
    let of_pupil: Vec<&Arrival> = all.iter().filter(|other| other.pupil.id == one.pupil.id).collect();
    let pupils = all.iter().filter(|other| other.was.id == one.was.id).count();
    let mut mind = Vec::new();
    let mut titled = title;
    if of_pupil.len() > 1 {
        let number = 1 + of_pupil.iter().take_while(|other| other.was.id != one.was.id).count();
        let (number, count) = (number.to_string(), of_pupil.len().to_string());
        let said = [("title", titled.as_str()), ("number", &number), ("count", &count)];
        titled = page.texts.with(page.locale, "arrival-of-several", &said);
        mind.push(page.with("arrival-several-guests", "count", &count));
        let list = |one: &Arrival| (one.guest.convention.clone(), one.guest.batch.clone());
        if of_pupil.iter().copied().any(|other| other.was.id != one.was.id && list(other) == list(one)) {
            mind.push(page.t("arrival-same-list"));
        }
    }
    if pupils > 1 {
        mind.push(page.with("arrival-several-pupils", "count", &pupils.to_string()));
    }
    (titled, mind)
}

fn line(page: &Page<'_>, shown: &ArrivalsPage, all: &[Arrival], one: &Arrival) -> Line {
    let classes = one.place.classes.iter().map(|code| display_safe(code, 64)).collect::<Vec<_>>().join(", ");
    let name = display_safe(&one.pupil.display_name(), 100);
    let (guest, class) = (display_safe(&one.was.display_name(), 100), display_safe(&one.guest.class, 64));
    let peer = shown.peers.get(&one.guest.convention).map_or(one.guest.convention.as_str(), String::as_str);
    let (peer, space) = (display_safe(peer, 60), display_safe(&one.space, 100));
    let (since, until) = (page.moment(one.since), one.guest.ended.map_or_else(String::new, |at| last_day(page, at)));
    let said = [("guest", guest.as_str()), ("class", &class), ("place", one.guest.home.as_str()), ("peer", &peer)];
    let came = [("space", space.as_str()), ("since", &since), ("until", &until)];
    let came = page.texts.with(page.locale, "arrival-here", &came);
    let reasons = [page.t("arrival-name"), came].into_iter().chain(one.signs.iter().map(|one| sign(page, one)));
    let title = match classes.is_empty() {
        true => name,
        false => page.texts.with(page.locale, "arrival-pupil", &[("name", &name), ("classes", &classes)]),
    };
    let (title, mind) = beside(page, all, one, title);
    Line {
        guest: one.was.id.to_string(),
        pupil: one.pupil.id.to_string(),
        title,
        was: page.texts.with(page.locale, "arrival-guest", &said),
        reasons: reasons.collect(),
        mind,
        follows: becomes(&one.was, &one.pupil).is_some_and(|how| how.keeps_guest),
    }
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(page: Page<'a>, place: String, shown: &ArrivalsPage) -> Self {
        let Proposals { open, taken } = &shown.proposals;
        let lines = |all: &[Arrival], among: &[Arrival]| -> Vec<Line> {
            all.iter().take(MOST_SHOWN).map(|one| line(&page, shown, among, one)).collect()
        };
        Arrivals {
            lines: lines(open, open),
            taken: lines(taken, &[]),
            more: open.len().max(taken.len()) > MOST_SHOWN,
            gone: shown.gone,
            token: shown.token.clone(),
            place,
            page: page.at("/spaces/guests/pupils"),
        }
    }
}

/// Who was a guest of an establishment and may be a pupil there by now, for its head.
pub fn arrivals(hub: &Hub, visitor: &Visitor, live: &Live, at: &Uai, shown: ArrivalsPage) -> Response {
    let page = html("arrivals", &Arrivals::new(Page::new(hub, visitor), place_name(live, at), &shown));
    if shown.gone { (StatusCode::CONFLICT, page).into_response() } else { page }
}
