//! Pages of cards of classes, drawn over invented people.

use super::super::cards::{Card, Cards, Pictures};
use super::super::*;
use crate::cards::Taught;

pub fn pages<'a>(page: &impl Fn() -> Page<'a>, add: &mut impl FnMut(&str, askama::Result<String>)) {
    let (token, carried) = (|| "token".to_owned(), || Some("sealed".to_owned()));
    let problems = ["card-problem-unknown", "card-problem-closed", "card-problem-elsewhere", "card-problem-stopped"];
    for problem in [None].into_iter().chain(problems.map(Some)) {
        let typed = if problem.is_some() { "7K2M-9XQ4-HD3W" } else { "" };
        let shown = CardPage { pending_id: "abc", token: token(), carried: carried(), typed: typed.into(), problem };
        add(problem.unwrap_or("card"), Card::new(page(), shown).render());
    }
    for problem in [None, Some("card-problem-three"), Some("card-problem-pictures")] {
        let (pending_id, code, name) = ("abc", "7k2m9xq4hd3w", "Lou");
        let shown = PicturesPage { pending_id, token: token(), carried: carried(), code, name, problem };
        add(problem.unwrap_or("pictures"), Pictures::new(page(), shown).render());
    }
    let at = Instant(1_790_000_000_000);
    let row = |name: &str, state, since: Option<Instant>| CardRow {
        name: name.into(),
        id: format!("p-{name}"),
        made: (state != CardState::None).then_some(at),
        state,
        since,
    };
    let rows = || {
        vec![
            row("Lou Vanneau", CardState::Good, Some(at)),
            row("Noé Petit", CardState::Good, None),
            row("Zoé Sterne", CardState::Stopped, None),
            row("Ali Pinson", CardState::Revoked, None),
            row("Ida Grive", CardState::Spent, None),
            row("Tom Merle", CardState::None, None),
        ]
    };
    let none = Vec::new;
    let taught = |code: &str, name: &str, guests| Taught { code: code.into(), name: name.into(), guests };
    for (name, lesson, rows, problem) in [
        ("cards-closed", LessonNow::Closed(55), rows(), None),
        ("cards-open", LessonNow::Open(at), rows(), None),
        ("cards-open-empty", LessonNow::Open(at), none(), None),
        ("cards-out-of-hours", LessonNow::OutOfHours, none(), Some("cards-problem-hours")),
        ("cards-problem-nobody", LessonNow::Closed(55), rows(), Some("cards-problem-nobody")),
    ] {
        let classes = vec![taught("12", "CP de Mme Duval", false), taught("espace:fables", "Fables", true)];
        let (class, elsewhere) = (if rows.is_empty() { "espace:fables" } else { "12" }, name == "cards-open");
        let school = "0990001N".parse().unwrap();
        let shown =
            CardsPage { at: school, classes, class: class.into(), rows, lesson, elsewhere, token: token(), problem };
        add(name, Cards::new(page(), shown).render());
    }
}
