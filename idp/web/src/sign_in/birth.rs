//! The date of birth of whoever shows a code on paper, where a source told it: asked after the code and before anything is said of its owner.
//!
//! What is kept is a code of date and record (ADR 54). Every date that is typed is counted with the code on paper before it is compared; after a few
//! wrong ones the code is worth nothing. Whoever typed the right one is given a word for the form that follows, so that no page holds the date.

use super::{carried, said, token};
use crate::pages::{self, BirthPage};
use crate::{Fault, Fields, Hub, Visitor};
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, BirthDate, OneTimeKey, PendingSignIn, Person};
use preau_store::KeptBirth;

/// Wrong dates with which a code ends. Of the days of one year, which is what somebody knows who finds a card of a class, that is one in seventy.
pub(super) const MOST: u32 = 5;

/// What came of it.
pub(super) enum Asked {
    /// Nothing is to be asked, or it was answered: then the word that says so, for the form that follows.
    Answered(Option<String>),
    /// The page that asks.
    Asks(Response),
    /// The code is worth nothing any more, for that many dates were wrong.
    Ended,
    /// The code is worth nothing any more, for whatever reason.
    Gone,
}

/// Asks for the date of birth of whoever the code is for, if there is something to compare it with.
pub(super) async fn ask(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    (code, key, person): (&str, &OneTimeKey, &Person),
    fields: &Fields,
) -> Result<Asked, Fault> {
    let kept = hub.store.births_of(&person.id).await?;
    if kept.is_empty() {
        return Ok(Asked::Answered(None));
    }
    // Of this sign-in, which is one browser's, and of this code.
    let word = hub.keyring.mac("birth date typed", &[pending.id.as_str(), key.as_str()]);
    let shown = fields.one("confirmed")?.unwrap_or_default();
    if preau_keys::constant_time_eq(shown.as_bytes(), word.as_bytes()) {
        return Ok(Asked::Answered(Some(word)));
    }
    let typed = [fields.one("day")?, fields.one("month")?, fields.one("year")?];
    let [Some(day), Some(month), Some(year)] = typed else {
        return Ok(Asked::Asks(page(hub, visitor, pending, code, None)));
    };
    // What no calendar has is nobody's date: it says nothing of anybody, and is not counted.
    let Some(date) = BirthDate::typed(day, month, year) else {
        return Ok(Asked::Asks(page(hub, visitor, pending, code, Some("birth-problem-day"))));
    };
    let Some(tries) = hub.store.begin_date(key, hub.now()).await? else { return Ok(Asked::Gone) };
    let right = tries <= MOST && is_one_of(hub, &kept, &date);
    let ended = hub.store.end_date(key, right, MOST).await?;
    if right {
        return Ok(Asked::Answered(Some(word)));
    }
    let mut events = vec![(AuditKind::SignInRefused, "wrong-birth-date")];
    if ended {
        events.push((AuditKind::CredentialsChanged, "code-ended-by-wrong-dates"));
    }
    for (kind, what) in events {
        let mut event = AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), what);
        event.person = Some(person.id.clone());
        hub.audit(event);
    }
    // Of several who are too many at once, one ended it.
    if tries >= MOST {
        return Ok(Asked::Ended);
    }
    Ok(Asked::Asks(page(hub, visitor, pending, code, Some("birth-problem-wrong"))))
}

/// Whether it is the date of one of them. All are looked at, whichever fits.
fn is_one_of(hub: &Hub, kept: &[KeptBirth], date: &BirthDate) -> bool {
    kept.iter().fold(false, |one, kept| one | hub.keyring.birth_code_ok(&kept.of, date, &kept.code))
}

fn page(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, code: &str, problem: Option<&'static str>) -> Response {
    let shown = BirthPage {
        pending_id: pending.id.as_str(),
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        code,
        most: MOST,
        problem,
    };
    said(pages::birth(hub, visitor, shown), problem)
}
