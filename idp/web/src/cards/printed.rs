//! What the cards of a class say, and what their teacher keeps: who has which pictures.

use super::class::Made;
use crate::activation::{Printed, document as served, shown};
use axum::response::Response;
use preau_domain::Person;
use preau_paper::{Card, Roll, Row, Sheet};

/// The cards of a class as a document, before them the list that stays with the teacher. The codes and the pictures stand in the order of the
/// pupils, this once.
pub(super) fn document(printed: &Printed<'_>, class: &str, pupils: &[Person], made: &[Made]) -> Response {
    let title = printed.with("cards-sheet-title", &[("class", class)]);
    let (place, day) = (printed.establishment, printed.day(printed.made));
    let subtitle = printed.with("cards-sheet-subtitle", &[("place", place), ("day", &day)]);
    let address = format!("{}/card", printed.base);
    let card = |(pupil, (code, _)): (&Person, &Made)| Card {
        name: called(pupil),
        what: printed.with("cards-sheet-of", &[("class", class), ("place", place)]),
        steps: vec![printed.with("cards-sheet-step-1", &[("address", &address)]), printed.t("cards-sheet-step-2")],
        code: Some(shown(code)),
        // Behind the mark that browsers keep to themselves: no server, no journal and no referrer sees the code.
        square: Some(format!("{address}#{code}")),
        foot: printed.t("cards-sheet-foot"),
    };
    let row = |(pupil, (_, pictures)): (&Person, &Made)| Row {
        name: pupil.display_name(),
        pictures: pictures.to_vec(),
        words: pictures.map(|picture| printed.t(&format!("picture-{}", picture.name))).join(", "),
    };
    let sheet = Sheet {
        title: title.clone(),
        subtitle: subtitle.clone(),
        note: printed.t("cards-sheet-note"),
        cards: pupils.iter().zip(made).map(card).collect(),
    };
    let roll = Roll {
        title: printed.with("cards-roll-title", &[("class", class)]),
        subtitle,
        note: printed.t("cards-roll-note"),
        rows: pupils.iter().zip(made).map(row).collect(),
    };
    served(preau_paper::pdf_of_class(&title, printed.locale.code(), &roll, &sheet), "cartes.pdf")
}

/// A given name and an initial: a card that is lost says no more.
fn called(pupil: &Person) -> String {
    match pupil.family_name.chars().next() {
        Some(initial) => format!("{} {}.", pupil.given_name, initial.to_uppercase()),
        None => pupil.given_name.clone(),
    }
}
