//! Who is kept out of shared spaces, and which of that was lifted lately and by whom, as the head reads it and whoever manages a space.

use super::Page;
use super::sharing::Turning;
use crate::sharing::{ShownLift, ShownStop, Stops};
use preau_domain::{Lifter, display_safe};

/// What stands below the guests of a page.
pub(super) struct KeptOut {
    /// Where a stop is lifted.
    pub to: String,
    pub stops: Vec<StopLine>,
    pub lifts: Vec<String>,
    pub turning: Option<Turning>,
}

/// Somebody who is kept out.
pub(super) struct StopLine {
    pub said: String,
    pub whom: String,
    /// Of one space; none where it is everywhere.
    pub space: Option<String>,
    pub may_lift: bool,
}

impl KeptOut {
    /// On the page at that path, below which a stop is lifted.
    pub(super) fn of(page: &Page<'_>, at: &str, stops: &Stops) -> KeptOut {
        KeptOut {
            to: format!("{at}/lift"),
            stops: stops.shown.iter().map(|one| stop_line(page, one)).collect(),
            lifts: stops.lifts.iter().map(|one| lifted(page, one)).collect(),
            turning: Turning::of(at, stops.turn),
        }
    }
}

fn named(page: &Page<'_>, name: Option<&str>) -> String {
    name.map_or_else(|| page.t("stop-forgotten"), |name| display_safe(name, 100))
}

fn stop_line(page: &Page<'_>, stop: &ShownStop) -> StopLine {
    let (name, at) = (named(page, stop.name.as_deref()), page.moment(stop.at));
    let key = match (stop.convention, &stop.space, stop.by_head) {
        (true, ..) => "stop-convention",
        (_, None, _) => "stop-everywhere",
        (_, Some(_), true) => "stop-head",
        (_, Some(_), false) => "stop-manager",
    };
    StopLine {
        said: page.texts.with(page.locale, key, &[("name", &name), ("at", &at)]),
        whom: stop.whom.clone(),
        space: stop.space.clone(),
        may_lift: stop.may_lift,
    }
}

fn lifted(page: &Page<'_>, lift: &ShownLift) -> String {
    let (name, at) = (named(page, lift.name.as_deref()), page.moment(lift.at));
    let by = page.t(match lift.by {
        Lifter::Manager => "lifter-manager",
        Lifter::Head => "lifter-head",
        Lifter::Operator => "lifter-operator",
    });
    let key = if lift.convention { "lifted-convention" } else { "lifted" };
    let said = page.texts.with(page.locale, key, &[("name", &name), ("by", &by), ("at", &at)]);
    match &lift.why {
        Some(why) => format!("{said} {}", page.with("lifted-why", "why", why)),
        None => said,
    }
}
