//! What people read of inspections: the head on a page of theirs, the teacher and the inspector at home.

use super::home::place_name;
use super::{Page, html};
use crate::inspections::{By, Line, Sheet, inspects};
use crate::words::in_language;
use crate::{Fault, Hub, Live, Locale, Pen, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::{Inspection, Instant, Person, Profile, ServiceId, Uai};
use preau_store::InspectionsOf;

#[derive(Template)]
#[template(path = "inspections.html")]
pub(super) struct Inspections<'a> {
    page: Page<'a>,
    place: String,
    text: String,
    days: String,
    lines: Vec<Shown>,
    teachers: Vec<Choice>,
    /// What is searched, and what came of it where that is not said by who is found.
    search: String,
    found: Option<String>,
    services: Vec<Choice>,
    inspector: String,
    typed_days: String,
    reason: String,
    problem: Option<String>,
    token: String,
    /// Nobody was chosen yet.
    unchosen: bool,
}

/// One that is or was.
struct Shown {
    id: String,
    sentence: String,
    /// Whose: what tells one button from the next.
    whom: String,
    holds: bool,
    /// Whoever reads the page may end it.
    ends: bool,
}

struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

impl<'a> Inspections<'a> {
    pub(super) fn new(
        page: Page<'a>,
        place: String,
        now: Instant,
        sheet: Sheet,
        titles: &[(ServiceId, String)],
    ) -> Self {
        let title = |id: &ServiceId| titles.iter().find(|(one, _)| one == id).map(|(_, title)| title.clone());
        let shown = |line: &Line| Shown {
            id: line.inspection.id.clone(),
            whom: format!("{} – {}", line.inspector, line.teacher),
            holds: line.inspection.holds(now),
            ends: line.inspection.holds(now) && line.inspection.teacher != sheet.reader,
            sentence: sentence(&page, "inspection-line", line, title(&line.inspection.service), now),
        };
        let lines = sheet.lines.iter().map(shown).collect();
        let chosen =
            |id: &str, name: &str, typed: &str| Choice { id: id.into(), name: name.into(), chosen: id == typed };
        let typed = &sheet.typed;
        let days = Inspection::MOST_DAYS.to_string();
        Inspections {
            lines,
            text: page.with("inspections-text", "place", &place),
            teachers: sheet.teachers.iter().map(|(id, name)| chosen(id.as_str(), name, &typed.teacher)).collect(),
            services: sheet
                .doors
                .iter()
                .map(|door| chosen(door.service.id.as_str(), in_language(&door.title, page.locale), &typed.service))
                .collect(),
            typed_days: match typed.days.as_str() {
                "" => Inspection::USUAL_DAYS.to_string(),
                days => days.to_owned(),
            },
            inspector: typed.inspector.clone(),
            reason: typed.reason.clone(),
            unchosen: typed.teacher.is_empty(),
            found: match (typed.search.is_empty(), sheet.teachers.is_empty(), sheet.more) {
                (true, _, _) => None,
                (false, true, _) => Some(page.t("inspection-found-none")),
                (false, false, true) => Some(page.t("inspection-found-more")),
                (false, false, false) => None,
            },
            search: typed.search.clone(),
            problem: sheet.problem.map(|problem| page.with(problem.key(), "days", &days)),
            token: sheet.token,
            days,
            place,
            page: page.at("/inspections"),
        }
    }
}

/// The inspections of an establishment, and the form that grants one.
pub fn inspections(hub: &Hub, visitor: &Visitor, live: &Live, at: &Uai, sheet: Sheet) -> Response {
    let page = Page::new(hub, visitor);
    let titles: Vec<_> = sheet.lines.iter().map(|line| line.inspection.service.clone()).collect();
    let titles: Vec<_> = titles.into_iter().map(|id| (id.clone(), title(hub, &page, &id))).collect();
    html("inspections", &Inspections::new(page, place_name(live, at), hub.now(), sheet, &titles))
}

/// What a service is called; one that is not mounted any more by its name.
fn title(hub: &Hub, page: &Page<'_>, id: &ServiceId) -> String {
    let table = hub.services();
    table.get(id).map_or_else(|| id.to_string(), |door| in_language(&door.title, page.locale).to_owned())
}

/// Who looks, or looked, at whose space, in which service, until when, why, and who granted it.
fn sentence(page: &Page<'_>, key: &str, line: &Line, service: Option<String>, now: Instant) -> String {
    let one = &line.inspection;
    let key = if one.holds(now) { key.to_owned() } else { format!("{key}-over") };
    let (from, until) = (page.moment(one.from), page.moment(one.until));
    let by = match &line.by {
        By::Head(name) => name.clone(),
        By::Former => page.t("inspection-by-former"),
        By::Operator => page.t("inspection-by-operator"),
    };
    let service = service.unwrap_or_else(|| one.service.to_string());
    page.texts.with(
        page.locale,
        &key,
        &[
            ("inspector", &line.inspector),
            ("teacher", &line.teacher),
            ("service", &service),
            ("from", &from),
            ("until", &until),
            ("reason", &one.reason),
            ("by", &by),
        ],
    )
}

/// What a letter to the teacher says of one: what stands at their home.
pub(crate) fn said_of_inspection(pen: &Pen<'_>, locale: Locale, line: &Line, service: Option<String>) -> String {
    sentence(&Page::of(pen.texts, pen.config, locale), "inspection-of-you", line, service, pen.now)
}

/// What stands at home: of a teacher for as long as an inspection lasts and a month more, of an inspector as long as it lasts.
pub(super) async fn said(hub: &Hub, visitor: &Visitor, live: &Live, person: &Person) -> Result<Vec<String>, Fault> {
    let (now, page) = (hub.now(), Page::new(hub, visitor));
    let mut all = Vec::new();
    if !live.inspected {
        return Ok(Vec::new());
    }
    let taught = person.affiliations.iter().any(|one| matches!(one.profile, Profile::Teacher | Profile::Librarian));
    if taught {
        let after = now - Inspection::SAID_AFTER;
        let theirs = hub.store.inspections(InspectionsOf::Teacher(&person.id), after, Inspection::MOST).await?;
        all.extend(hub.inspection_lines(theirs).await?.into_iter().map(|line| ("inspection-of-you", line)));
    }
    if inspects(person) {
        let own = live.inspections().iter().filter(|one| one.holds(now)).cloned().collect();
        all.extend(hub.inspection_lines(own).await?.into_iter().map(|line| ("inspection-for-you", line)));
    }
    let said = |(key, line): &(&str, Line)| {
        let service = title(hub, &page, &line.inspection.service);
        sentence(&page, key, line, Some(service), now)
    };
    Ok(all.iter().map(said).collect())
}
