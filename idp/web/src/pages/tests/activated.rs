//! Pages of activation and of those who help pupils, drawn over invented people.

use super::super::*;

pub fn activation_pages<'a>(
    page: &impl Fn() -> Page<'a>,
    add: &mut impl FnMut(&str, askama::Result<String>),
    charte: &crate::Charte,
) {
    use super::super::activation::{AcceptCharte, Activate, Birth, ChoosePassword, Desk};
    let (token, carried) = (|| "token".to_owned(), || Some("sealed".to_owned()));
    let wrong = ("activate-wrong", Some("activate-problem-code"));
    for (name, problem) in [("activate", None), wrong, ("activate-ended", Some("birth-problem-ended"))] {
        let shown = ActivatePage { pending_id: "abc", token: token(), carried: carried(), problem };
        add(name, Activate::new(page(), shown).render());
    }
    let no_day = ("birth-no-day", Some("birth-problem-day"));
    for (name, problem) in [("birth", None), no_day, ("birth-wrong", Some("birth-problem-wrong"))] {
        let (token, carried, code) = (token(), carried(), "7K2M-9XQ4-HD3W");
        let shown = BirthPage { pending_id: "abc", token, carried, code, most: 5, problem };
        add(name, Birth::new(page(), shown).render());
    }
    let problems =
        ["short", "long", "common", "personal", "breached", "again"].map(|p| format!("password-problem-{p}"));
    let others = ["activate-problem-charte", "activate-problem-login", "activate-problem-taken"].map(str::to_owned);
    for problem in [None].into_iter().chain(problems.into_iter().chain(others).map(Some)) {
        let name = problem.as_deref().unwrap_or("choose-password").to_owned();
        let shown = ChoosePage {
            pending_id: "abc",
            token: token(),
            carried: carried(),
            code: "7K2M-9XQ4-HD3W",
            confirmed: problem.is_none().then(|| "sealed too".into()),
            name: "Noé Petit".into(),
            keeps_login: problem.is_some(),
            login: "noe.petit",
            least: 8,
            charte: problem.is_none().then_some(charte),
            problem: problem.map(|key| &*key.leak()),
        };
        add(&name, ChoosePassword::new(page(), shown).render());
    }
    let shown = ChartePage { pending_id: "abc", token: token(), carried: carried(), charte };
    add("accept-charte", AcceptCharte::new(page(), shown).render());
    for (name, problem) in [("activation-desk", None), ("activation-desk-nobody", Some("desk-problem-nobody"))] {
        let shown = DeskPage {
            place: "Collège des Tilleuls".into(),
            classes: vec![("6A".into(), "Sixième A".into()), ("6B".into(), "Sixième B".into())],
            publics: vec![Public::Pupil, Public::Guardian],
            token: token(),
            problem,
        };
        add(name, Desk::new(page(), shown).render());
    }
}

pub fn class_pages<'a>(page: &impl Fn() -> Page<'a>, add: &mut impl FnMut(&str, askama::Result<String>)) {
    use super::super::class::{Class, NewPassword, PasswordChanged, PupilCode};
    let token = || "token".to_owned();
    let row = |name: &str, active| PupilRow { name: name.into(), id: format!("p-{name}"), active };
    for (name, rows) in [("class", vec![row("Noé Petit", true), row("Lou Vanneau", false)]), ("class-empty", vec![])] {
        let classes = vec!["6A".to_owned(), "6B".to_owned()];
        let shown = ClassPage { classes, class: "6B".into(), rows, token: token() };
        add(name, Class::new(page(), shown).render());
    }
    let shown = PupilCodePage {
        name: "Noé Petit".into(),
        code: "7K2M-9XQ4-HD3W".into(),
        address: "https://ent.example/activate".into(),
        expires: Instant(1_790_000_000_000),
    };
    add("pupil-code", PupilCode::new(page(), shown).render());
    for (name, problem) in [("new-password", None), ("new-password-short", Some("password-problem-short"))] {
        let shown = NewPasswordPage { login: "noe.petit".into(), least: 8, token: token(), problem };
        add(name, NewPassword::new(page(), shown).render());
    }
    for left in [0, 1, 2] {
        add(&format!("password-changed-{left}"), PasswordChanged::new(page(), left).render());
    }
}

pub fn lost_pages<'a>(page: &impl Fn() -> Page<'a>, add: &mut impl FnMut(&str, askama::Result<String>)) {
    use super::super::lost::{Forgotten, MailedCodes, Reset, ResetDone, ResetSecond};
    use crate::passkey::Question;
    let (token, carried) = (|| "token".to_owned(), || Some("sealed".to_owned()));
    let there = Some("https://motdepasse.ac-notos.example/");
    for (name, lost, there, problem) in [
        ("forgotten", Lost::ByMail, None, None),
        ("forgotten-empty", Lost::ByMail, None, Some("forgotten-problem-empty")),
        ("forgotten-asked", Lost::Asked, None, None),
        ("forgotten-people", Lost::ByPeople, None, None),
        ("forgotten-staff", Lost::Elsewhere(Public::Staff), there, None),
        ("forgotten-others", Lost::Elsewhere(Public::Guardian), None, None),
    ] {
        let public = Some(Public::Guardian);
        let shown = ForgottenPage { pending_id: "abc", public, token: token(), carried: carried(), lost, problem };
        add(name, Forgotten::new(page(), shown, there).render());
    }
    for (name, code, problem) in [
        ("reset-code", None, None),
        ("reset-code-wrong", None, Some("reset-problem-code")),
        ("reset", Some("7K2M-9XQ4-HD3W"), None),
        ("reset-short", Some("7K2M-9XQ4-HD3W"), Some("password-problem-short")),
    ] {
        let (login, least) = ("ines.petit", 8);
        let (token, carried, proved) = (token(), carried(), code.map(|_| "sealed too"));
        let shown = ResetPage { pending_id: "abc", token, carried, code, login, least, proved, problem };
        add(name, Reset::new(page(), shown).render());
    }
    for (name, key, codes, problem) in [
        ("reset-second", true, true, None),
        ("reset-second-key", true, false, Some("reset-problem-passkey")),
        ("reset-second-code", false, true, Some("problem-code")),
        ("reset-second-none", false, false, None),
    ] {
        let (token, carried, code) = (token(), carried(), "7K2M-9XQ4-HD3W");
        let passkey = key.then(|| Question { options: "{}".into(), challenge: "sealed".into() });
        let shown = ResetSecondPage { pending_id: "abc", token, carried, code, passkey, codes, problem };
        add(name, ResetSecond::new(page(), shown).render());
    }
    for left in [0, 1] {
        add(&format!("reset-done-{left}"), ResetDone::new(page(), "abc", left).render());
    }
    for (name, on_its_way, problem) in [
        ("mailed-codes", false, None),
        ("mailed-codes-sent", true, None),
        ("mailed-codes-wrong", true, Some("mailed-problem-code")),
        ("mailed-codes-many", true, Some("mailed-problem-many")),
    ] {
        let shown = MailedPage { address: "s…@ac-notos.example".into(), on_its_way, token: token(), problem };
        add(name, MailedCodes::new(page(), shown).render());
    }
}
