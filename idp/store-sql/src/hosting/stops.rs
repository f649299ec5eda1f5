//! Who is kept out of the spaces of an establishment until somebody there lifts it.

use super::ending::{HOLD_CONVENTION, left};
use crate::doc;
use crate::link::{Link, Row, Sql, args};
use preau_domain::{
    GUESTS, GuestStop, Instant, Lifter, PersonId, SessionId, StopLift, Uai, member_by_name, stops_convention,
    stops_guest,
};
use preau_store::{Result, StopsOf};

/// Conventions come first: by their names.
pub(super) const STOPS: &str = "SELECT whom, space, person, head, at FROM guest_stop
    WHERE host = $1 AND ($2 = '' OR space = $2 OR space = $3) ORDER BY whom, space LIMIT $5 OFFSET $4";
pub(super) const STOP_OF: &str =
    "SELECT whom, space, person, head, at FROM guest_stop WHERE host = $1 AND whom = $2 AND space = $3";
const LIFT: &str = "DELETE FROM guest_stop WHERE host = $1 AND whom = $2 AND space = $3 AND (head = 0 OR head <= $4)
    RETURNING person";
const NOTE_LIFT: &str = "INSERT INTO guest_lift (host, whom, space, person, lifter, why, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (host, whom, space) DO UPDATE SET person = excluded.person,
        lifter = excluded.lifter, why = excluded.why, at = excluded.at";
pub(super) const ALLOW_TYPING: &str = "INSERT INTO guest_typing (host, convention, at) VALUES ($1, $2, $3)
    ON CONFLICT (host, convention) DO NOTHING";
const FORBID_TYPING: &str = "DELETE FROM guest_typing WHERE host = $1 AND convention = $2";
pub(super) const TYPING_ALLOWED: Sql = Sql::Each {
    sqlite: "SELECT convention FROM guest_typing WHERE host = $1 AND convention IN (SELECT value FROM json_each($2))
        ORDER BY convention",
    postgres: "SELECT convention FROM guest_typing WHERE host = $1 AND convention = ANY($2) ORDER BY convention",
};
/// Whether a list for a space may be written by a convention.
pub(super) const MAY_BE_TYPED: &str = "SELECT at FROM guest_typing
    WHERE host = (SELECT host FROM space WHERE id = $1) AND convention = $2";
/// What is stopped again was not lifted.
const SAID_AGAIN: &str = "DELETE FROM guest_lift WHERE host = $1 AND whom = $2 AND space = $3";
pub(super) const LIFTS: &str = "SELECT whom, space, person, lifter, why, at FROM guest_lift
    WHERE host = $1 AND ($2 = '' OR space = $2 OR space = $3) AND at > $4 ORDER BY at DESC, whom, space LIMIT $5";
/// Of these, those who are kept out of a space.
pub(super) const KEPT_OUT: Sql = Sql::Each {
    sqlite: "SELECT whom FROM guest_stop WHERE host = (SELECT host FROM space WHERE id = $1) AND space IN ('', $1)
        AND whom IN (SELECT value FROM json_each($2))",
    postgres: "SELECT whom FROM guest_stop WHERE host = (SELECT host FROM space WHERE id = $1) AND space IN ('', $1)
        AND whom = ANY($2)",
};
/// Whether a convention is stopped at an establishment.
pub(super) const STOPPED_HERE: &str = "SELECT whom FROM guest_stop WHERE host = $1 AND whom = $2 AND space = ''";
const KEY: &str = "SELECT join_key FROM person WHERE id = $1 AND source = $2 AND join_key IS NOT NULL";
/// Whoever lets in by one of them waits, and then reads the stop: also by those they are in no space of yet.
pub(super) const CONVENTIONS: &str = "SELECT DISTINCT convention FROM space
    WHERE host = $1 AND convention IS NOT NULL AND ($2 = '' OR id = $2) ORDER BY convention";
const STOP: &str = "INSERT INTO guest_stop (host, whom, space, person, head, at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (host, whom, space) DO UPDATE SET person = excluded.person, at = excluded.at,
        head = CASE WHEN guest_stop.head = 1 THEN 1 ELSE excluded.head END";
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT person FROM guest WHERE person = $1 AND ended IS NULL",
    postgres: "SELECT person FROM guest WHERE person = $1 AND ended IS NULL ORDER BY convention FOR UPDATE",
};
const LEAVE: &str = "DELETE FROM space_member WHERE member = $1 AND batch <> '' AND space IN
    (SELECT id FROM space WHERE host = $2 AND convention = $3 AND ($4 = '' OR id = $4)) RETURNING space";

/// The establishment, and the spaces whose stops are asked for: of '' all.
pub(super) fn places<'a>(of: StopsOf<'a>) -> (&'a Uai, &'a str, &'a str) {
    match of {
        StopsOf::Host(host) => (host, "", ""),
        StopsOf::Space(host, space) => (host, space, space),
        StopsOf::SpaceAndAll(host, space) => (host, space, ""),
    }
}

pub(super) fn lifted(host: &Uai, row: &Row) -> Result<StopLift> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(StopLift {
        host: host.clone(),
        whom: row.text(0)?.to_owned(),
        space: some(row.text(1)?),
        person: some(row.text(2)?).map(PersonId::new),
        by: doc::word("lifter", row.text(3)?)?,
        why: row.text(4)?.to_owned(),
        at: row.instant(5)?,
    })
}

/// Lifts a stop; says whether there was one that they may.
pub(super) async fn lift(link: &mut Link<'_>, lift: StopLift) -> Result<bool> {
    let space = lift.space.as_deref().unwrap_or_default();
    let may = i64::from(lift.by != Lifter::Manager);
    let gone = link.row(LIFT, args![lift.host.as_str(), lift.whom.as_str(), space, may]).await?;
    let Some(gone) = gone else { return Ok(false) };
    let values = args![
        lift.host.as_str(),
        lift.whom.as_str(),
        space,
        gone.text(0)?,
        lift.by.as_str(),
        lift.why.as_str(),
        lift.at
    ];
    link.changed(NOTE_LIFT, values).await?;
    Ok(true)
}

pub(super) fn read(host: &Uai, row: &Row) -> Result<GuestStop> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(GuestStop {
        host: host.clone(),
        whom: row.text(0)?.to_owned(),
        space: some(row.text(1)?),
        person: some(row.text(2)?).map(PersonId::new),
        by_head: row.int(3)? != 0,
        at: row.instant(4)?,
    })
}

/// Takes a guest out of a space, or of every one of the establishment, and keeps them out; gives how many they were in, and the conventions that were
/// held. Nothing where they are no guest.
pub(super) async fn guest(
    link: &mut Link<'_>,
    (host, space): (String, String),
    person: String,
    by_head: bool,
    now: Instant,
) -> Result<(Option<(u64, Vec<String>)>, Vec<SessionId>)> {
    let Some(row) = link.row(KEY, args![person.clone(), GUESTS]).await? else { return Ok((None, Vec::new())) };
    let whom = stops_guest(row.text(0)?);
    let conventions = super::texts(&link.rows(CONVENTIONS, args![host.clone(), space.clone()]).await?)?;
    for convention in &conventions {
        link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    }
    link.rows(HOLD, args![person.clone()]).await?;
    link.changed(SAID_AGAIN, args![host.clone(), whom.clone(), space.clone()]).await?;
    let values = args![host.clone(), whom, space.clone(), person.clone(), i64::from(by_head), now];
    link.changed(STOP, values).await?;
    let (member, mut spaces, mut sessions) = (member_by_name(&PersonId::new(person.as_str())), 0, Vec::new());
    for convention in &conventions {
        let values = args![member.clone(), host.clone(), convention.clone(), space.clone()];
        let of = link.rows(LEAVE, values).await?.len();
        if of > 0 {
            spaces += of as u64;
            sessions.extend(left(link, convention.clone(), vec![person.clone()], now).await?.1);
        }
    }
    Ok((Some((spaces, conventions)), sessions))
}

/// Takes a yes back; whoever lets somebody in by it waits.
pub(super) async fn forbid_typing(link: &mut Link<'_>, host: String, convention: String) -> Result<bool> {
    link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    Ok(link.changed(FORBID_TYPING, args![host, convention]).await? > 0)
}

/// Lets nobody in by a convention at an establishment.
pub(super) async fn convention(
    link: &mut Link<'_>,
    host: String,
    convention: String,
    now: Instant,
) -> Result<((), Vec<SessionId>)> {
    link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    let whom = stops_convention(&convention);
    link.changed(SAID_AGAIN, args![host.clone(), whom.clone(), ""]).await?;
    link.changed(STOP, args![host, whom, "", "", 1i64, now]).await?;
    Ok(((), Vec::new()))
}
