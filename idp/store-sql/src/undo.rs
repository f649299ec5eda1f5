//! Rows as they were before a run, and the way back to them.
//!
//! A run signs every row it writes. What it wrote stands as long as its name does: a row that another run, or anybody else,
//! wrote since is not ours to turn back.

use crate::link::{Arg, Link, Sql, args};
use crate::people::stop_whose_records_ended;
use crate::{doc, enrolments};
use preau_domain::{AccountState, SessionId};
use preau_store::{Result, RunRecord, UndoPart, Undoable, Undone};

const KEEP_PEOPLE: Sql = Sql::Each {
    sqlite: "INSERT INTO before_run (run, kind, key, expires, written, login, state, digest, establishments, mail, doc, entry, ties, birth)
        SELECT $1, 'person', join_key, $2, written, login, state, digest, establishments, mail, doc, entry, ties, birth FROM person
        WHERE source = $3 AND join_key IN (SELECT value FROM json_each($4)) AND written IS NOT $1
        ON CONFLICT DO NOTHING",
    postgres:
        "INSERT INTO before_run (run, kind, key, expires, written, login, state, digest, establishments, mail, doc, entry, ties, birth)
        SELECT $1, 'person', join_key, $2, written, login, state, digest, establishments, mail, doc, entry, ties, birth FROM person
        WHERE source = $3 AND join_key = ANY($4) AND written IS DISTINCT FROM $1
        ON CONFLICT DO NOTHING",
};
const KEEP_ESTABLISHMENTS: Sql = Sql::Each {
    sqlite: "INSERT INTO before_run (run, kind, key, expires, written, doc)
        SELECT $1, 'establishment', uai, $2, written, doc FROM establishment
        WHERE uai IN (SELECT value FROM json_each($3)) AND written IS NOT $1 ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO before_run (run, kind, key, expires, written, doc)
        SELECT $1, 'establishment', uai, $2, written, doc FROM establishment
        WHERE uai = ANY($3) AND written IS DISTINCT FROM $1 ON CONFLICT DO NOTHING",
};
const KEPT: &str = "SELECT key FROM before_run WHERE run = $1 AND kind = $2 AND key > $3 ORDER BY key LIMIT $4";
const PUT_PEOPLE_BACK: Sql = Sql::Each {
    sqlite: "UPDATE person SET login = b.login, ended = NULL,
            state = CASE WHEN b.state = 'precreated' AND person.state = 'active' THEN 'active' ELSE b.state END, digest = b.digest, establishments = b.establishments,
            mail = b.mail, doc = b.doc, entry = b.entry, ties = b.ties, birth = b.birth, written = b.written
        FROM before_run b WHERE b.run = $1 AND b.kind = 'person' AND b.key IN (SELECT value FROM json_each($2))
            AND person.source = $3 AND person.join_key = b.key AND person.written = $1
        RETURNING id, state",
    postgres:
        "UPDATE person SET login = b.login, ended = NULL,
            state = CASE WHEN b.state = 'precreated' AND person.state = 'active' THEN 'active' ELSE b.state END, digest = b.digest, establishments = b.establishments,
            mail = b.mail, doc = b.doc, entry = b.entry, ties = b.ties, birth = b.birth, written = b.written
        FROM before_run b WHERE b.run = $1 AND b.kind = 'person' AND b.key = ANY($2)
            AND person.source = $3 AND person.join_key = b.key AND person.written = $1
        RETURNING person.id, person.state",
};
const PUT_ESTABLISHMENTS_BACK: Sql = Sql::Each {
    sqlite: "UPDATE establishment SET doc = b.doc, written = b.written
        FROM before_run b WHERE b.run = $1 AND b.kind = 'establishment' AND b.key IN (SELECT value FROM json_each($2))
            AND establishment.uai = b.key AND establishment.written = $1
        RETURNING uai",
    postgres: "UPDATE establishment SET doc = b.doc, written = b.written
        FROM before_run b WHERE b.run = $1 AND b.kind = 'establishment' AND b.key = ANY($2)
            AND establishment.uai = b.key AND establishment.written = $1
        RETURNING establishment.uai",
};
/// Whoever the run wrote and who was not there before it.
const ADDED: &str = "SELECT join_key FROM person WHERE source = $1 AND written = $2 AND join_key > $3
        AND NOT EXISTS (SELECT 1 FROM before_run b WHERE b.run = $2 AND b.kind = 'person' AND b.key = join_key)
    ORDER BY join_key LIMIT $4";
const SUSPEND_ADDED: Sql = Sql::Each {
    sqlite: "UPDATE person SET state = 'suspended', written = NULL
        WHERE source = $1 AND written = $2 AND join_key IN (SELECT value FROM json_each($3)) RETURNING id, state",
    postgres: "UPDATE person SET state = 'suspended', written = NULL
        WHERE source = $1 AND written = $2 AND join_key = ANY($3) RETURNING id, state",
};

/// Keeps people of a source as they are before a run changes them.
pub(crate) async fn keep_people(
    link: &mut Link<'_>,
    undo: Option<&Undoable>,
    source: &str,
    keys: Vec<String>,
) -> Result<()> {
    let Some(Undoable { run, until }) = undo else { return Ok(()) };
    link.changed(KEEP_PEOPLE, args![run.as_str(), *until, source, keys]).await.map(drop)
}

/// Keeps establishments as they are before a run changes them.
pub(crate) async fn keep_establishments(link: &mut Link<'_>, undo: Option<&Undoable>, uais: Vec<String>) -> Result<()> {
    let Some(Undoable { run, until }) = undo else { return Ok(()) };
    link.changed(KEEP_ESTABLISHMENTS, args![run.as_str(), *until, uais]).await.map(drop)
}

/// Undoes one part of a run for a page of rows; gives the sessions that end by it.
pub(crate) async fn page(
    link: &mut Link<'_>,
    run: &RunRecord,
    part: UndoPart,
    after: String,
    limit: u32,
) -> Result<(Undone, Vec<SessionId>)> {
    let (name, source) = (run.id.as_str(), run.source.as_str());
    let keys = match part {
        UndoPart::Changed => keys(link, KEPT, args![name, "person", after, limit]).await?,
        UndoPart::Establishments => keys(link, KEPT, args![name, "establishment", after, limit]).await?,
        UndoPart::Added => keys(link, ADDED, args![source, name, after, limit]).await?,
    };
    let Some(last) = keys.last().cloned() else { return Ok((Undone::default(), Vec::new())) };
    let looked_at = keys.len() as u64;
    let (mut suspended, undone) = match part {
        UndoPart::Establishments => (Vec::new(), link.rows(PUT_ESTABLISHMENTS_BACK, args![name, keys]).await?.len()),
        UndoPart::Changed => people(link, PUT_PEOPLE_BACK, args![name, keys, source]).await?,
        UndoPart::Added => people(link, SUSPEND_ADDED, args![source, name, keys]).await?,
    };
    // In one order everywhere, so that two such statements cannot block each other.
    suspended.sort();
    let sessions = stop_whose_records_ended(link, suspended).await?;
    let undone = undone as u64;
    Ok((Undone { undone, left: looked_at - undone, last: Some(last) }, sessions))
}

async fn keys(link: &mut Link<'_>, sql: &'static str, args: Vec<Arg>) -> Result<Vec<String>> {
    link.rows(sql, args).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Writes people; gives those who are suspended then, and how many were written.
async fn people(link: &mut Link<'_>, sql: Sql, args: Vec<Arg>) -> Result<(Vec<String>, usize)> {
    let rows = link.rows(sql, args).await?;
    let (mut written, mut suspended) = (Vec::new(), Vec::new());
    for row in &rows {
        if !doc::word::<AccountState>("account state", row.text(1)?)?.may_sign_in() {
            suspended.push(row.text(0)?.to_owned());
        }
        written.push(row.text(0)?.to_owned());
    }
    enrolments::renew(link, written).await?;
    Ok((suspended, rows.len()))
}
