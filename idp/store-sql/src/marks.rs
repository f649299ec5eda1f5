//! Marks that tools keep here.

use crate::back::{Back, Shape};
use crate::link::{Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Instant, OneTimeKey, PersonId};
use preau_store::{Marked, Marks, Result, StoredMark};

/// One that expired gives its place up.
const PUT: &str = "INSERT INTO mark (col, who, person, at, doc, expires) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (col, who) DO UPDATE SET person = excluded.person, at = excluded.at, doc = excluded.doc,
        expires = excluded.expires
    WHERE mark.at <= excluded.at OR mark.expires <= $7 RETURNING who";
const COUNT: &str = "SELECT count(*) FROM mark WHERE col = $1 AND who <> $2 AND expires > $3";
const HAS: &str = "SELECT 1 FROM mark WHERE col = $1 AND who = $2 AND expires > $3";
const GET: &str = "SELECT col, who, person, at, doc, expires FROM mark WHERE col = $1 AND who = $2 AND expires > $3";
const ALL: &str = "SELECT col, who, person, at, doc, expires FROM mark WHERE col = $1 AND who > $2 AND expires > $3
    ORDER BY who LIMIT $4";
const NAME: &str = "UPDATE mark SET person = $3 WHERE col = $1 AND who = $2 AND person = ''";
const FORGET_COLUMN: &str = "DELETE FROM mark WHERE col = $1";
const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM mark WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM mark WHERE person = ANY($1)",
};

/// Forgets the marks of these people.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    link.changed(FORGET, args![people]).await.map(drop)
}

fn mark(row: &Row) -> Result<StoredMark> {
    Ok(StoredMark {
        column: OneTimeKey::new(row.text(0)?),
        user: row.text(1)?.to_owned(),
        person: PersonId::new(row.text(2)?),
        at: row.instant(3)?,
        doc: row.text(4)?.to_owned(),
        expires: row.instant(5)?,
    })
}

async fn put(link: &mut Link<'_>, one: StoredMark, most: Option<i64>, now: Instant) -> Result<Marked> {
    let (column, user) = (one.column.as_str(), one.user.as_str());
    if let Some(most) = most
        && link.row(HAS, args![column, user, now]).await?.is_none()
    {
        let there = link.row(COUNT, args![column, user, now]).await?.map(|row| row.int(0)).transpose()?;
        if there.is_some_and(|there| there >= most) {
            return Ok(Marked::Full);
        }
    }
    let values = args![column, user, one.person.as_str(), one.at, one.doc.as_str(), one.expires, now];
    Ok(if link.rows(PUT, values).await?.is_empty() { Marked::Overtaken } else { Marked::Kept })
}

#[async_trait]
impl Marks for Back {
    async fn put_mark(&self, mark: &StoredMark, most: Option<u32>, now: Instant) -> Result<Marked> {
        let one = mark.clone();
        self.write(Shape::Checked, move |link| Box::pin(put(link, one, most.map(i64::from), now))).await
    }

    async fn mark(&self, column: &OneTimeKey, user: &str, now: Instant) -> Result<Option<StoredMark>> {
        self.row(GET, args![column.as_str(), user, now]).await?.as_ref().map(mark).transpose()
    }

    async fn marks(&self, column: &OneTimeKey, after: &str, limit: u32, now: Instant) -> Result<Vec<StoredMark>> {
        self.many_rows(ALL, args![column.as_str(), after, now, limit]).await?.iter().map(mark).collect()
    }

    async fn name_marks(&self, column: &OneTimeKey, names: &[(String, PersonId)]) -> Result<u64> {
        let (column, mut names) = (column.as_str().to_owned(), names.to_vec());
        // In one order everywhere: two who name the same column wait for each other, and neither for the other in turn.
        names.sort();
        let named = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let mut named = 0;
                for (user, person) in &names {
                    named += link.changed(NAME, args![column.as_str(), user.as_str(), person.as_str()]).await?;
                }
                Ok(named)
            })
        });
        named.await
    }

    async fn forget_marks(&self, column: &OneTimeKey) -> Result<u64> {
        self.changed(FORGET_COLUMN, args![column.as_str()]).await
    }
}
