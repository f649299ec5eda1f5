//! Guests who leave: by hand, by what frames them, by time. Whoever is in no space of a convention is its guest no more; whoever is nobody's guest any
//! more has an account that is suspended. Sessions fall in the same stroke, so that services hear of it.

use super::texts;
use crate::back::{Back, Shape};
use crate::link::{Link, Sql, Work, args};
use crate::pairings;
use crate::people::{stop_sessions, stop_whose_records_ended};
use preau_domain::{ConventionState, GUESTS, Instant, PersonId, Seconds, SessionId, StopLift, member_by_name};
use preau_store::{Result, StoreError};
use std::collections::BTreeMap;

/// Lists are known for so long.
const LISTS_STAY: Seconds = Seconds(400 * 86_400);

/// Milliseconds of an hour, and of those at its beginning in which whoever looks every minute looks at least once.
const HOUR: i64 = 3_600_000;
const FIRST_OF_AN_HOUR: i64 = 120_000;

/// What is known of guests is taken in hand before their accounts, and in one order, as by whoever lets them in.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT person FROM guest WHERE person IN (SELECT value FROM json_each($1)) AND ended IS NULL ORDER BY person",
    postgres: "SELECT person FROM guest WHERE person = ANY($1) AND ended IS NULL ORDER BY person, convention FOR UPDATE",
};
const END: Sql = Sql::Each {
    sqlite: "UPDATE guest SET ended = $2 WHERE person IN (SELECT value FROM json_each($1)) AND ended IS NULL",
    postgres: "UPDATE guest SET ended = $2 WHERE person = ANY($1) AND ended IS NULL",
};
const END_OF_CONVENTION: Sql = Sql::Each {
    sqlite: "UPDATE guest SET ended = $3
        WHERE convention = $1 AND person IN (SELECT value FROM json_each($2)) AND ended IS NULL",
    postgres: "UPDATE guest SET ended = $3 WHERE convention = $1 AND person = ANY($2) AND ended IS NULL",
};
/// Of these people, those who are in no space of the convention any more.
const END_IN_NONE: Sql = Sql::Each {
    sqlite: "UPDATE guest SET ended = $3
        WHERE convention = $1 AND person IN (SELECT value FROM json_each($2)) AND ended IS NULL
            AND NOT EXISTS (SELECT 1 FROM space_member m JOIN space s ON s.id = m.space
                WHERE m.member = 'person/' || guest.person AND s.convention = $1)",
    postgres: "UPDATE guest SET ended = $3 WHERE convention = $1 AND person = ANY($2) AND ended IS NULL
            AND NOT EXISTS (SELECT 1 FROM space_member m JOIN space s ON s.id = m.space
                WHERE m.member = 'person/' || guest.person AND s.convention = $1)",
};
/// Of these people, those who are nobody's guest any more.
const NOBODYS: Sql = Sql::Each {
    sqlite: "SELECT value FROM json_each($1)
        WHERE NOT EXISTS (SELECT 1 FROM guest WHERE person = value AND ended IS NULL) ORDER BY value",
    postgres: "SELECT one FROM unnest($1::text[]) AS one
        WHERE NOT EXISTS (SELECT 1 FROM guest WHERE person = one AND ended IS NULL) ORDER BY one COLLATE \"C\"",
};
const LEAVE: Sql = Sql::Each {
    sqlite: "DELETE FROM space_member WHERE member IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM space_member WHERE member = ANY($1)",
};
const LEAVE_CONVENTION: Sql = Sql::Each {
    sqlite: "DELETE FROM space_member WHERE member IN (SELECT value FROM json_each($1))
        AND space IN (SELECT id FROM space WHERE convention = $2)",
    postgres: "DELETE FROM space_member WHERE member = ANY($1)
        AND space IN (SELECT id FROM space WHERE convention = $2)",
};
const SUSPEND: Sql = Sql::Each {
    sqlite: "UPDATE person SET state = 'suspended', written = NULL
        WHERE id IN (SELECT value FROM json_each($1)) AND source = $2 AND state IN ('active', 'precreated')",
    postgres: "UPDATE person SET state = 'suspended', written = NULL
        WHERE id = ANY($1) AND source = $2 AND state IN ('active', 'precreated')",
};
/// Whoever stops something of a convention waits for whoever admits by it, and the other way round: then guests, then where they are members, then
/// their accounts, everywhere.
pub(super) const HOLD_CONVENTION: Sql = Sql::Each {
    sqlite: "SELECT id FROM convention WHERE id = $1",
    postgres: "SELECT id FROM convention WHERE id = $1 FOR UPDATE",
};
const NAMED_BY: &str = "SELECT substr(member, 8) FROM space_member WHERE batch = $2
    AND space IN (SELECT id FROM space WHERE convention = $1)";
const IN_SPACE: &str = "SELECT substr(member, 8) FROM space_member WHERE space = $1 AND batch <> ''";
const WITHDRAW: &str = "DELETE FROM space_member WHERE batch = $2
    AND space IN (SELECT id FROM space WHERE convention = $1) RETURNING substr(member, 8)";
/// Also of a list that is yet to come: its name is used up.
const WITHDRAWN: &str = "INSERT INTO guest_list (convention, id, sent, space, home, at, withdrawn, doc)
    VALUES ($1, $2, 0, '', '', $3, $3, '{}')
    ON CONFLICT (convention, id, sent) DO UPDATE SET withdrawn = coalesce(guest_list.withdrawn, excluded.withdrawn)";
const CLOSE: &str = "UPDATE space SET closed = 1 WHERE id = $1 RETURNING convention";
const LEAVE_SPACE: &str = "DELETE FROM space_member WHERE space = $1 AND batch <> '' RETURNING substr(member, 8)";
const CONVENTION_OF: &str = "SELECT convention FROM space WHERE id = $1 AND convention IS NOT NULL";
const LEAVE_ONE_SPACE: Sql = Sql::Each {
    sqlite: "DELETE FROM space_member
        WHERE space = $1 AND batch <> '' AND member IN (SELECT value FROM json_each($2)) RETURNING substr(member, 8)",
    postgres: "DELETE FROM space_member WHERE space = $1 AND batch <> '' AND member = ANY($2)
        RETURNING substr(member, 8)",
};
const SUSPEND_CONVENTION: &str = "UPDATE convention SET state = 'suspended'
    WHERE id = $1 AND state = 'signed-by-both' RETURNING id";
const END_CONVENTION: &str = "UPDATE convention SET state = 'ended' WHERE id = $1 AND state <> 'ended' RETURNING id";
const OF_CONVENTION: &str = "SELECT person FROM guest WHERE convention = $1 AND ended IS NULL ORDER BY person";
/// Whom to look at: by the index, and nobody else.
const DUE: &str =
    "SELECT person, convention FROM guest WHERE ended IS NULL AND due <= $1 ORDER BY due, person, convention LIMIT $2";
/// When the time of these guests of a convention is over, as things stand: their own, that of the convention, that of the last of its spaces, and
/// so long after they were here.
const SETTLE: Sql = Sql::Each {
    sqlite: "UPDATE guest SET due = min(ends, used + $3,
            (SELECT CASE WHEN c.state = 'ended' THEN 0 ELSE c.ends END FROM convention c WHERE c.id = guest.convention),
            coalesce((SELECT max(s.ends) FROM space_member m CROSS JOIN space s ON s.id = m.space
                WHERE m.member = 'person/' || guest.person AND s.convention = guest.convention AND s.closed = 0), 0))
        WHERE convention = $1 AND person IN (SELECT value FROM json_each($2)) AND ended IS NULL RETURNING person, due",
    postgres: "UPDATE guest SET due = least(ends, used + $3,
            (SELECT CASE WHEN c.state = 'ended' THEN 0 ELSE c.ends END FROM convention c WHERE c.id = guest.convention),
            coalesce((SELECT max(s.ends) FROM space_member m JOIN space s ON s.id = m.space
                WHERE m.member = 'person/' || guest.person AND s.convention = guest.convention AND s.closed = 0), 0))
        WHERE convention = $1 AND person = ANY($2) AND ended IS NULL RETURNING person, due",
};
/// Whoever goes on by another space may have less time.
const LOOK_AGAIN: Sql = Sql::Each {
    sqlite: "UPDATE guest SET due = 0 WHERE person IN (SELECT value FROM json_each($1)) AND ended IS NULL",
    postgres: "UPDATE guest SET due = 0 WHERE person = ANY($1) AND ended IS NULL",
};
const FORGET_LISTS: &str = "DELETE FROM guest_list WHERE at < $1";
/// What was said of a convention stays as long as that goes on: it names nobody.
const FORGET_STOPS: &str = "DELETE FROM guest_stop WHERE at < $1 AND (substr(whom, 1, 11) <> 'convention/'
    OR NOT EXISTS (SELECT 1 FROM convention c
        WHERE 'convention/' || c.id = guest_stop.whom AND c.state <> 'ended' AND c.ends > $2))";
/// Of a purged guest the account goes; the key by which a later list would find them stays with the stop.
const FORGET_STOPPED: Sql = Sql::Each {
    sqlite: "UPDATE guest_stop SET person = '' WHERE person <> '' AND person IN (SELECT value FROM json_each($1))",
    postgres: "UPDATE guest_stop SET person = '' WHERE person <> '' AND person = ANY($1)",
};
const UNSTOP: &str = "DELETE FROM guest_stop WHERE person = $1 AND person <> ''";
/// That a stop was lifted is of no use long after.
const FORGET_LIFTS: &str = "DELETE FROM guest_lift WHERE at < $1";
const FORGET_LIFTED: Sql = Sql::Each {
    sqlite: "DELETE FROM guest_lift WHERE person <> '' AND person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM guest_lift WHERE person <> '' AND person = ANY($1)",
};
const FORGET_TYPING: &str = "DELETE FROM guest_typing
    WHERE NOT EXISTS (SELECT 1 FROM convention c WHERE c.id = guest_typing.convention AND c.state <> 'ended' AND c.ends > $1)";
const UNLINK: &str = "DELETE FROM link WHERE person = $1";
const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM guest WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM guest WHERE person = ANY($1)",
};

fn in_order(mut people: Vec<String>) -> Vec<String> {
    people.sort();
    people.dedup();
    people
}

fn members(people: &[String]) -> Vec<String> {
    people.iter().map(|id| member_by_name(&PersonId::new(id.as_str()))).collect()
}

/// Forgets what is known of purged guests.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    link.changed(LEAVE, args![members(&people)]).await?;
    link.changed(FORGET_STOPPED, args![people.clone()]).await?;
    link.changed(FORGET_LIFTED, args![people.clone()]).await?;
    link.changed(FORGET, args![people]).await.map(drop)
}

/// Stops the accounts of those who are nobody's guest any more; gives the sessions that fell.
async fn suspend(link: &mut Link<'_>, people: Vec<String>) -> Result<Vec<SessionId>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    link.changed(SUSPEND, args![people.clone(), GUESTS]).await?;
    stop_whose_records_ended(link, people).await
}

/// Ends guests; gives how many there were, and the sessions that fell.
pub(super) async fn end(link: &mut Link<'_>, people: Vec<String>, now: Instant) -> Result<(u64, Vec<SessionId>)> {
    let ended = in_order(texts(&link.rows(HOLD, args![in_order(people)]).await?)?);
    if ended.is_empty() {
        return Ok((0, Vec::new()));
    }
    link.changed(END, args![ended.clone(), now]).await?;
    link.changed(LEAVE, args![members(&ended)]).await?;
    let count = ended.len() as u64;
    Ok((count, suspend(link, ended).await?))
}

/// What becomes of people who left spaces of a convention; gives how many they are, and the sessions that fell: also of those who are in
/// another space, so that the service of the one they left hears of it.
pub(super) async fn left(
    link: &mut Link<'_>,
    convention: String,
    people: Vec<String>,
    now: Instant,
) -> Result<(u64, Vec<SessionId>)> {
    let people = in_order(people);
    if people.is_empty() {
        return Ok((0, Vec::new()));
    }
    link.rows(HOLD, args![people.clone()]).await?;
    link.changed(END_IN_NONE, args![convention, people.clone(), now]).await?;
    let over = texts(&link.rows(NOBODYS, args![people.clone()]).await?)?;
    let mut sessions = suspend(link, over.clone()).await?;
    let count = people.len() as u64;
    let others: Vec<String> = people.into_iter().filter(|one| !over.contains(one)).collect();
    if !others.is_empty() {
        link.changed(LOOK_AGAIN, args![others.clone()]).await?;
    }
    sessions.extend(stop_sessions(link, others).await?);
    Ok((count, sessions))
}

pub(super) async fn withdraw(
    link: &mut Link<'_>,
    convention: String,
    batch: String,
    now: Instant,
) -> Result<(u64, Vec<SessionId>)> {
    if batch.is_empty() {
        return Ok((0, Vec::new()));
    }
    if link.row(HOLD_CONVENTION, args![convention.clone()]).await?.is_none() {
        return Ok((0, Vec::new()));
    }
    let named = texts(&link.rows(NAMED_BY, args![convention.clone(), batch.clone()]).await?)?;
    link.rows(HOLD, args![in_order(named)]).await?;
    let people = texts(&link.rows(WITHDRAW, args![convention.clone(), batch.clone()]).await?)?;
    link.changed(WITHDRAWN, args![convention.clone(), batch, now]).await?;
    left(link, convention, people, now).await
}

pub(super) async fn close_space(
    link: &mut Link<'_>,
    id: String,
    now: Instant,
) -> Result<(Option<u64>, Vec<SessionId>)> {
    if let Some(row) = link.row(CONVENTION_OF, args![id.clone()]).await? {
        let convention = row.text(0)?.to_owned();
        link.rows(HOLD_CONVENTION, args![convention]).await?;
        let there = texts(&link.rows(IN_SPACE, args![id.clone()]).await?)?;
        link.rows(HOLD, args![in_order(there)]).await?;
    }
    let rows = link.rows(CLOSE, args![id.clone()]).await?;
    let Some(row) = rows.first() else { return Ok((None, Vec::new())) };
    let Some(convention) = row.text_or_none(0)?.map(str::to_owned) else { return Ok((Some(0), Vec::new())) };
    let people = texts(&link.rows(LEAVE_SPACE, args![id]).await?)?;
    let (count, sessions) = left(link, convention, people, now).await?;
    Ok((Some(count), sessions))
}

pub(super) async fn leave_space(
    link: &mut Link<'_>,
    id: String,
    members: Vec<String>,
    now: Instant,
) -> Result<(u64, Vec<SessionId>)> {
    let Some(row) = link.row(CONVENTION_OF, args![id.clone()]).await? else { return Ok((0, Vec::new())) };
    let convention = row.text(0)?.to_owned();
    link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    let named = members.iter().filter_map(|member| member.strip_prefix("person/").map(str::to_owned)).collect();
    link.rows(HOLD, args![in_order(named)]).await?;
    let people = texts(&link.rows(LEAVE_ONE_SPACE, args![id, members]).await?)?;
    left(link, convention, people, now).await
}

pub(super) async fn stop_convention(
    link: &mut Link<'_>,
    id: String,
    state: ConventionState,
    now: Instant,
) -> Result<(Option<u64>, Vec<SessionId>)> {
    let sql = match state {
        ConventionState::Suspended => SUSPEND_CONVENTION,
        ConventionState::Ended => END_CONVENTION,
        _ => return Err(StoreError::Backend("a convention is stopped or ended".into())),
    };
    if link.rows(sql, args![id.clone()]).await?.is_empty() {
        return Ok((None, Vec::new()));
    }
    let people = in_order(texts(&link.rows(OF_CONVENTION, args![id.clone()]).await?)?);
    let count = Some(people.len() as u64);
    let sessions = match state {
        ConventionState::Suspended => stop_sessions(link, people).await?,
        _ => end_of(link, id, people, now).await?,
    };
    Ok((count, sessions))
}

/// Ends these as guests of a convention; gives the sessions that fell.
async fn end_of(link: &mut Link<'_>, convention: String, people: Vec<String>, now: Instant) -> Result<Vec<SessionId>> {
    link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    link.rows(HOLD, args![people.clone()]).await?;
    link.changed(END_OF_CONVENTION, args![convention.clone(), people.clone(), now]).await?;
    link.changed(LEAVE_CONVENTION, args![members(&people), convention.clone()]).await?;
    Ok(left(link, convention, people, now).await?.1)
}

/// Looks at guests whose time may be over; gives who ended, and whether there may be more.
pub(super) async fn end_due(
    link: &mut Link<'_>,
    now: Instant,
    unused_since: Instant,
    limit: u32,
) -> Result<((Vec<String>, bool), Vec<SessionId>)> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rows = link.rows(DUE, args![now, limit]).await?;
    for row in &rows {
        of.entry(row.text(1)?.to_owned()).or_default().push(row.text(0)?.to_owned());
    }
    let more = rows.len() as u64 >= u64::from(limit);
    for convention in of.keys() {
        link.rows(HOLD_CONVENTION, args![convention.clone()]).await?;
    }
    let (mut ended, mut sessions) = (Vec::new(), Vec::new());
    // They are over in the very millisecond after as long as that.
    let unused = (now.0 - unused_since.0).saturating_add(1);
    for (convention, people) in of {
        let people = in_order(people);
        link.rows(HOLD, args![people.clone()]).await?;
        let mut due = Vec::new();
        for row in link.rows(SETTLE, args![convention.clone(), people, unused]).await? {
            if row.instant(1)? <= now {
                due.push(row.text(0)?.to_owned());
            }
        }
        if !due.is_empty() {
            let due = in_order(due);
            sessions.extend(end_of(link, convention, due.clone(), now).await?);
            ended.extend(due);
        }
    }
    // These tables are read whole for it: not at each minute in which nobody ended.
    if !ended.is_empty() || now.0.rem_euclid(HOUR) < FIRST_OF_AN_HOUR {
        link.changed(FORGET_LISTS, args![now - LISTS_STAY]).await?;
        link.changed(FORGET_STOPS, args![now - LISTS_STAY, now]).await?;
        link.changed(FORGET_LIFTS, args![now - StopLift::KEPT]).await?;
        link.changed(FORGET_TYPING, args![now]).await?;
    }
    Ok(((in_order(ended), more), sessions))
}

/// Two that cannot be one account are left as they are: `Conflict`.
pub(super) async fn convert(
    link: &mut Link<'_>,
    guest: String,
    (kept, added): (String, String),
    despite: bool,
    now: Instant,
) -> Result<((), Vec<SessionId>)> {
    let (_, mut sessions) = end(link, vec![guest.clone()], now).await?;
    link.changed(UNLINK, args![guest.clone()]).await?;
    if !despite && pairings::said_apart(link, &kept, &added).await? {
        return Err(StoreError::Conflict);
    }
    let (done, more) = pairings::pair(link, vec![(kept, added)], preau_store::SaidBy::Hand, now).await?;
    if done != [true] {
        return Err(StoreError::Conflict);
    }
    sessions.extend(more);
    link.changed(UNSTOP, args![guest.clone()]).await?;
    forget(link, vec![guest]).await?;
    Ok(((), sessions))
}

impl Back {
    /// Writes what makes people leave, and forgets the tickets of the sessions that fell.
    pub(super) async fn leaving<T: Send + 'static>(&self, work: impl Work<(T, Vec<SessionId>)>) -> Result<T> {
        let (done, sessions) = self.write(Shape::Several, work).await?;
        self.forget_tickets(&sessions);
        Ok(done)
    }
}
