//! Inspectors' access to the spaces of teachers.

use crate::back::{Back, Shape};
use crate::link::{Link, Row, Sql, args};
use crate::people::stop_sessions;
use crate::{doc, letters};
use async_trait::async_trait;
use preau_domain::{Inspection, Instant, SessionId};
use preau_store::{Inspections, InspectionsOf, Letter, Result, StoreError};

const GRANT: &str = "INSERT INTO inspection (id, inspector, teacher, service, establishment, ends, noted, doc)
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7) ON CONFLICT DO NOTHING RETURNING id";
const GET: &str = "SELECT doc, ends FROM inspection WHERE id = $1";
/// What stands under the name of a record that became another's account is that account's.
const OF_INSPECTOR: &str = "SELECT doc, ends FROM inspection
    WHERE (inspector = $1 OR inspector IN (SELECT id FROM person WHERE account = $1)) AND ends > $2
    ORDER BY ends DESC, id LIMIT $3";
const OF_TEACHER: &str = "SELECT doc, ends FROM inspection
    WHERE (teacher = $1 OR teacher IN (SELECT id FROM person WHERE account = $1)) AND ends > $2
    ORDER BY ends DESC, id LIMIT $3";
const OF_ESTABLISHMENT: &str = "SELECT doc, ends FROM inspection WHERE establishment = $1 AND ends > $2
    ORDER BY ends DESC, id LIMIT $3";
const END: &str =
    "UPDATE inspection SET ends = $2, noted = 1 WHERE id = $1 AND noted = 0 AND ends > $2 RETURNING doc, ends";
/// Rows that another server takes are its.
const END_DUE: Sql = Sql::Each {
    sqlite: "UPDATE inspection SET noted = 1 WHERE id IN
            (SELECT id FROM inspection WHERE noted = 0 AND ends <= $1 ORDER BY ends, id LIMIT $2)
        RETURNING doc, ends",
    postgres: "UPDATE inspection SET noted = 1 WHERE id IN
            (SELECT id FROM inspection WHERE noted = 0 AND ends <= $1 ORDER BY ends, id LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING doc, ends",
};
/// What there is to do at all: nobody writes every few seconds for nothing, nor looks through all that were over for a year. The sum keeps
/// the index of their ends out: of the few that are not noted there is one of their own.
const ANY_DUE: &str = "SELECT 1 FROM inspection WHERE noted = 0 AND ends + 0 <= $1
    UNION ALL SELECT 1 FROM inspection WHERE ends <= $2 LIMIT 1";
const NOTE_SAME: &str = "UPDATE inspection SET noted = 1
    WHERE inspector = $1 AND teacher = $2 AND service = $3 AND noted = 0 AND ends <= $4 RETURNING doc, ends";
const FORGET_OLD: &str = "DELETE FROM inspection WHERE ends <= $1 AND noted = 1";
const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM inspection WHERE inspector IN (SELECT value FROM json_each($1))
        OR teacher IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM inspection WHERE inspector = ANY($1) OR teacher = ANY($1)",
};

/// Forgets what these people looked at, and who looked at theirs.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    link.changed(FORGET, args![people]).await.map(drop)
}

/// One that was ended before its time is over since then.
fn inspection(row: &Row) -> Result<Inspection> {
    Ok(Inspection { until: row.instant(1)?, ..doc::read("inspection", row.text(0)?)? })
}

/// Stops the sessions of the inspectors of these, in one order everywhere.
async fn stop(link: &mut Link<'_>, over: &[Inspection]) -> Result<Vec<SessionId>> {
    let mut people: Vec<String> = over.iter().map(|one| one.inspector.to_string()).collect();
    people.sort();
    people.dedup();
    stop_sessions(link, people).await
}

async fn grant(
    link: &mut Link<'_>,
    one: Inspection,
    doc: String,
    letter: Option<Letter>,
    now: Instant,
) -> Result<Vec<SessionId>> {
    let same = args![one.inspector.as_str(), one.teacher.as_str(), one.service.as_str(), now];
    let over = link.rows(NOTE_SAME, same).await?.iter().map(inspection).collect::<Result<Vec<_>>>()?;
    let stopped = stop(link, &over).await?;
    let values = args![
        one.id.as_str(),
        one.inspector.as_str(),
        one.teacher.as_str(),
        one.service.as_str(),
        one.establishment.as_str(),
        one.until,
        doc
    ];
    if link.rows(GRANT, values).await?.is_empty() {
        return Err(StoreError::Conflict);
    }
    if let Some(letter) = letter {
        letters::post(link, letter).await?;
    }
    Ok(stopped)
}

#[async_trait]
impl Inspections for Back {
    async fn grant_inspection(&self, inspection: &Inspection, letter: Option<&Letter>, now: Instant) -> Result<()> {
        let (one, doc) = (inspection.clone(), doc::write("inspection", inspection)?);
        let letter = letter.cloned();
        let written = self.write(Shape::Several, move |link| Box::pin(grant(link, one, doc, letter, now)));
        self.forget_tickets(&written.await?);
        Ok(())
    }

    async fn inspection(&self, id: &str) -> Result<Option<Inspection>> {
        self.row(GET, args![id]).await?.as_ref().map(inspection).transpose()
    }

    async fn inspections(&self, of: InspectionsOf<'_>, after: Instant, limit: u32) -> Result<Vec<Inspection>> {
        let (sql, name) = match of {
            InspectionsOf::Inspector(person) => (OF_INSPECTOR, person.as_str()),
            InspectionsOf::Teacher(person) => (OF_TEACHER, person.as_str()),
            InspectionsOf::Establishment(uai) => (OF_ESTABLISHMENT, uai.as_str()),
        };
        self.rows(sql, args![name, after, limit]).await?.iter().map(inspection).collect()
    }

    async fn end_inspection(&self, id: &str, letter: Option<&Letter>, granted: &str, now: Instant) -> Result<bool> {
        let (id, letter, granted) = (id.to_owned(), letter.cloned(), granted.to_owned());
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let over = link.rows(END, args![id, now]).await?.iter().map(inspection).collect::<Result<Vec<_>>>()?;
                if !over.is_empty() {
                    letters::settle(link, granted).await?;
                    if let Some(letter) = letter {
                        letters::post(link, letter).await?;
                    }
                }
                Ok((!over.is_empty(), stop(link, &over).await?))
            })
        });
        let (was, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(was)
    }

    async fn end_due_inspections(&self, now: Instant, limit: u32) -> Result<Vec<Inspection>> {
        if self.row(ANY_DUE, args![now, now - Inspection::KEPT]).await?.is_none() {
            return Ok(Vec::new());
        }
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let due = link.rows(END_DUE, args![now, limit]).await?;
                let over = due.iter().map(inspection).collect::<Result<Vec<_>>>()?;
                let sessions = stop(link, &over).await?;
                link.changed(FORGET_OLD, args![now - Inspection::KEPT]).await?;
                Ok((over, sessions))
            })
        });
        let (over, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(over)
    }
}
