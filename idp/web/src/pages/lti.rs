//! The pages of a tool of LTI: for which of their classes or groups a person opens it and what was chosen there, what a teacher is about to
//! keep for a class, and the marks of a class.

use super::{Page, html};
use crate::words::in_language;
use crate::{Door, Hub, Visitor};
use askama::Template;
use axum::response::Response;

/// A class or group, and what there is for it.
#[derive(Clone, Debug)]
pub struct LtiPlace {
    /// What people call it.
    pub name: String,
    /// The address that opens the tool for it.
    pub open: String,
    /// What was chosen for it.
    pub links: Vec<LtiLink>,
    /// Where a teacher chooses more.
    pub choose: Option<String>,
    /// Where a teacher reads the marks.
    pub marks: Option<String>,
}

impl LtiPlace {
    /// Whether there is more than opening the tool.
    pub fn has_more(&self) -> bool {
        !self.links.is_empty() || self.choose.is_some() || self.marks.is_some()
    }
}

/// A link of a class.
#[derive(Clone, Debug)]
pub struct LtiLink {
    /// Its name.
    pub id: String,
    /// What people read.
    pub title: String,
    /// The address that opens it.
    pub href: String,
}

/// The marks of a class.
#[derive(Clone, Debug)]
pub struct LtiMarks {
    /// Which class.
    pub place: String,
    /// What each column is called, and its best mark.
    pub columns: Vec<(String, String)>,
    /// The pupils, each with a mark for each column, or nothing.
    pub rows: Vec<(String, Vec<String>)>,
}

#[derive(Template)]
#[template(path = "lti.html")]
pub(super) struct Lti<'a> {
    page: Page<'a>,
    here: String,
    service: String,
    /// There is nothing but opening it.
    plain: bool,
    places: Vec<LtiPlace>,
    token: String,
}

impl<'a> Lti<'a> {
    pub(super) fn new(page: Page<'a>, door: &Door, places: Vec<LtiPlace>, token: String) -> Lti<'a> {
        let here = format!("/oidc/lti/{}", door.service.id);
        let service = in_language(&door.title, page.locale).to_owned();
        let plain = !places.iter().any(LtiPlace::has_more);
        Lti { service, plain, places, token, page: page.at(here.clone()), here }
    }

    fn says(&self, key: &str, place: &str, title: &str) -> String {
        self.page.texts.with(self.page.locale, key, &[("place", place), ("title", title)])
    }
}

#[derive(Template)]
#[template(path = "lti_choice.html")]
pub(super) struct Choice<'a> {
    page: Page<'a>,
    here: String,
    service: String,
    place: String,
    titles: Vec<String>,
    token: String,
}

impl<'a> Choice<'a> {
    pub(super) fn new(page: Page<'a>, door: &Door, place: &str, titles: &[&str], chosen: &str, token: String) -> Self {
        let here = format!("/oidc/lti/{}/links/{chosen}", door.service.id);
        let service = in_language(&door.title, page.locale).to_owned();
        let titles = titles.iter().map(|&title| title.to_owned()).collect();
        Choice { service, place: place.to_owned(), titles, token, page: page.at(here.clone()), here }
    }
}

#[derive(Template)]
#[template(path = "lti_marks.html")]
pub(super) struct Marks<'a> {
    page: Page<'a>,
    back: String,
    export: String,
    service: String,
    place: String,
    /// What is above a column, and the mark of each pupil.
    columns: Vec<(String, Vec<(String, String)>)>,
}

impl<'a> Marks<'a> {
    pub(super) fn new(page: Page<'a>, door: &Door, table: LtiMarks) -> Marks<'a> {
        let back = format!("/oidc/lti/{}", door.service.id);
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("for", &table.place).finish();
        let LtiMarks { place, columns, rows } = table;
        let columns = columns.into_iter().enumerate().map(|(n, (label, most))| {
            let mark = |marks: &Vec<String>| marks.get(n).filter(|mark| !mark.is_empty()).cloned();
            let own = rows.iter().map(|(name, marks)| (name.clone(), mark(marks).unwrap_or_else(|| "—".to_owned())));
            (format!("{label} /{most}"), own.collect())
        });
        Marks {
            columns: columns.collect(),
            export: format!("{back}/marks.csv?{query}"),
            service: in_language(&door.title, page.locale).to_owned(),
            place,
            page: page.at(format!("{back}/marks?{query}")),
            back,
        }
    }
}

impl Hub {
    /// The page that asks for which class or group a tool opens, and shows what there is for each.
    pub fn lti_page(&self, visitor: &Visitor, door: &Door, places: Vec<LtiPlace>, token: String) -> Response {
        html("lti", &Lti::new(Page::new(self, visitor), door, places, token))
    }

    /// The page on which a teacher says yes to what they chose in a tool for a class.
    pub fn lti_choice(
        &self,
        visitor: &Visitor,
        door: &Door,
        place: &str,
        titles: &[&str],
        chosen: &str,
        token: String,
    ) -> Response {
        html("lti-choice", &Choice::new(Page::new(self, visitor), door, place, titles, chosen, token))
    }

    /// The marks of a class.
    pub fn lti_marks(&self, visitor: &Visitor, door: &Door, table: LtiMarks) -> Response {
        html("lti-marks", &Marks::new(Page::new(self, visitor), door, table))
    }
}
