//! The page of guests who may be pupils by now.

use super::home::place_name;
use super::sharing::last_day;
use super::{Page, html};
use crate::{Hub, Live, Visitor};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preau_domain::{PersonId, Uai, display_safe};
use preau_hosting::{Arrival, Sign, becomes};
use std::collections::HashMap;

/// Proposals on one page: those that follow come when these are decided.
const MOST_SHOWN: usize = 50;

/// What [`arrivals`] shows.
pub struct ArrivalsPage {
    pub(crate) arrivals: Vec<Arrival>,
    /// What the other party of each convention is called.
    pub(crate) peers: HashMap<String, String>,
    /// What was to be decided is not proposed any more.
    pub(crate) gone: bool,
    pub(crate) token: String,
}

struct Line {
    guest: String,
    pupil: String,
    /// The pupil, in a few words.
    title: String,
    was: String,
    reasons: Vec<String>,
    /// Another proposal names one of the two.
    contested: bool,
    follows: bool,
}

#[derive(Template)]
#[template(path = "arrivals.html")]
pub(super) struct Arrivals<'a> {
    page: Page<'a>,
    place: String,
    lines: Vec<Line>,
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

fn line(page: &Page<'_>, shown: &ArrivalsPage, named: &HashMap<&PersonId, usize>, one: &Arrival) -> Line {
    let classes = one.place.classes.iter().map(|code| display_safe(code, 64)).collect::<Vec<_>>().join(", ");
    let name = display_safe(&one.pupil.display_name(), 100);
    let (guest, class) = (display_safe(&one.was.display_name(), 100), display_safe(&one.guest.class, 64));
    let peer = shown.peers.get(&one.guest.convention).map_or(one.guest.convention.as_str(), String::as_str);
    let peer = display_safe(peer, 60);
    let until = one.guest.ended.map_or_else(String::new, |at| last_day(page, at));
    let said = [("guest", guest.as_str()), ("class", &class), ("place", one.guest.home.as_str()), ("peer", &peer)];
    let here = page.with("arrival-here", "until", &until);
    let reasons = [page.t("arrival-name"), here].into_iter().chain(one.signs.iter().map(|one| sign(page, one)));
    let several = |id: &PersonId| named.get(id).is_some_and(|times| *times > 1);
    Line {
        guest: one.was.id.to_string(),
        pupil: one.pupil.id.to_string(),
        title: match classes.is_empty() {
            true => name,
            false => page.texts.with(page.locale, "arrival-pupil", &[("name", &name), ("classes", &classes)]),
        },
        was: page.texts.with(page.locale, "arrival-guest", &said),
        reasons: reasons.collect(),
        contested: several(&one.was.id) || several(&one.pupil.id),
        follows: becomes(&one.was, &one.pupil).is_some_and(|how| how.keeps_guest),
    }
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(page: Page<'a>, place: String, shown: &ArrivalsPage) -> Self {
        let mut named: HashMap<&PersonId, usize> = HashMap::new();
        for one in &shown.arrivals {
            *named.entry(&one.was.id).or_default() += 1;
            *named.entry(&one.pupil.id).or_default() += 1;
        }
        Arrivals {
            lines: shown.arrivals.iter().take(MOST_SHOWN).map(|one| line(&page, shown, &named, one)).collect(),
            more: shown.arrivals.len() > MOST_SHOWN,
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
