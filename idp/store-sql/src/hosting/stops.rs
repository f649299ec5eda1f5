//! Who is kept out of the spaces of an establishment until somebody there lifts it.

use super::ending::{HOLD_CONVENTION, left};
use crate::link::{Link, Row, Sql, args};
use preau_domain::{
    GUESTS, GuestStop, Instant, PersonId, SessionId, Uai, member_by_name, stops_convention, stops_guest,
};
use preau_store::Result;

/// Conventions come first: by their names.
pub(super) const STOPS: &str =
    "SELECT whom, space, person, head, at FROM guest_stop WHERE host = $1 ORDER BY whom, space LIMIT $2";
pub(super) const STOP_OF: &str =
    "SELECT whom, space, person, head, at FROM guest_stop WHERE host = $1 AND whom = $2 AND space = $3";
pub(super) const LIFT: &str =
    "DELETE FROM guest_stop WHERE host = $1 AND whom = $2 AND space = $3 AND (head = 0 OR head <= $4)";
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

/// Lets nobody in by a convention at an establishment.
pub(super) async fn convention(
    link: &mut Link<'_>,
    host: String,
    convention: String,
    now: Instant,
) -> Result<((), Vec<SessionId>)> {
    link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    link.changed(STOP, args![host, stops_convention(&convention), "", "", 1i64, now]).await?;
    Ok(((), Vec::new()))
}
