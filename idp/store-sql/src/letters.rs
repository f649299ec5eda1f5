//! Letters that wait for the mail server.

use crate::back::{Back, Shape};
use crate::link::{Link, Row, Sql, args};
use crate::{kept, throttle};
use async_trait::async_trait;
use preau_domain::{Instant, PersonId};
use preau_store::{Answer, Attempt, Delays, Letter, Letters, Result, StoreError, TakenLetter, WaitingLetters};

const POST: &str = "INSERT INTO letter (id, kind, person, doc, at, due, expires) VALUES ($1, $2, $3, $4, $5, $5, $6)
    ON CONFLICT (id) DO NOTHING";
/// Counted no further than the bound.
const REQUEST: &str = "INSERT INTO letter (id, kind, person, doc, at, due, expires) SELECT $1, $2, $3, $4, $5, $5, $6
    WHERE (SELECT count(*) FROM (SELECT 1 FROM letter WHERE kind = $2 LIMIT $7) AS those) < $7
    ON CONFLICT (id) DO NOTHING";
/// Found by when they are due, of which there are few, and not by when they expire: those that were sent are known until then.
const READY: &str = "SELECT id FROM letter WHERE due <= $1 AND expires > $1 ORDER BY +expires, due, id LIMIT $2";
/// Whoever comes second finds a letter that is not due any more.
const TAKE: Sql = Sql::Each {
    sqlite: "UPDATE letter SET due = $3, tries = tries + 1
        WHERE id IN (SELECT value FROM json_each($1)) AND due <= $2
        RETURNING id, kind, person, doc, at, expires, tries",
    postgres: "UPDATE letter SET due = $3, tries = tries + 1
        WHERE id IN (SELECT id FROM letter WHERE id = ANY($1) AND due <= $2 FOR UPDATE SKIP LOCKED)
        RETURNING id, kind, person, doc, at, expires, tries",
};
/// A time that never comes says that nothing is to be done.
const NEVER: Instant = Instant(i64::MAX);
const SETTLE: &str = "UPDATE letter SET doc = '', due = $2 WHERE id = $1";
const DROP: &str = "DELETE FROM letter WHERE id = $1";
const POSTPONE: &str = "UPDATE letter SET due = $2 WHERE id = $1";
const WAITING: &str = "SELECT count(*), coalesce(min(at), 0) FROM letter WHERE due < $1 AND expires > $2";
const EXPIRED: &str = "DELETE FROM letter WHERE id IN
    (SELECT id FROM letter WHERE expires <= $1 ORDER BY expires LIMIT $2) RETURNING id";
const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM letter WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM letter WHERE person = ANY($1)",
};

/// Forgets what was written to these people.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    link.changed(FORGET, args![people]).await.map(drop)
}

/// Takes away those that expired.
pub(crate) async fn sweep(link: &mut Link<'_>, now: Instant, limit: u32) -> Result<u64> {
    Ok(link.rows(EXPIRED, args![now, limit]).await?.len() as u64)
}

/// Keeps one, unless its name is known; how many were kept.
pub(crate) async fn post(link: &mut Link<'_>, one: Letter) -> Result<u64> {
    let person = one.person.as_ref().map(PersonId::as_str);
    link.changed(POST, args![one.id, one.kind, person, one.doc, one.at, one.expires]).await
}

/// Keeps the name of one and nothing else: it is sent no more.
pub(crate) async fn settle(link: &mut Link<'_>, id: String) -> Result<()> {
    link.changed(SETTLE, args![id, NEVER]).await.map(drop)
}

fn taken(row: &Row) -> Result<TakenLetter> {
    Ok(TakenLetter {
        letter: Letter {
            id: row.text(0)?.to_owned(),
            kind: row.text(1)?.to_owned(),
            person: row.text_or_none(2)?.map(PersonId::new),
            doc: row.text(3)?.to_owned(),
            at: row.instant(4)?,
            expires: row.instant(5)?,
        },
        tries: u32::try_from(row.int(6)?).unwrap_or(u32::MAX),
    })
}

#[async_trait]
impl Letters for Back {
    async fn post_letters(&self, letters: &[Letter]) -> Result<u64> {
        let letters = letters.to_vec();
        let posted = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let mut new = 0;
                for one in letters {
                    new += post(link, one).await?;
                }
                Ok(new)
            })
        });
        posted.await
    }

    async fn post_request(&self, one: &Letter, most: u32) -> Result<()> {
        let person = one.person.as_ref().map(PersonId::as_str);
        let values = args![one.id.as_str(), one.kind.as_str(), person, one.doc.as_str(), one.at, one.expires, most];
        if self.changed(REQUEST, values).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn answer_request(
        &self,
        request: &str,
        answers: &[Answer],
        now: Instant,
        delays: Delays,
    ) -> Result<Option<Vec<bool>>> {
        let (request, answers) = (request.to_owned(), answers.to_vec());
        let answered = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                if link.changed(DROP, args![request]).await? == 0 {
                    return Ok(None);
                }
                let mut written = Vec::new();
                for Answer { letter, counter, kept } in answers {
                    let counted = throttle::count(link, counter, now, delays).await?;
                    let may = matches!(counted, Attempt::Allowed { .. });
                    if may {
                        for thing in kept {
                            kept::put(link, thing).await?;
                        }
                        post(link, letter).await?;
                    }
                    written.push(may);
                }
                Ok(Some(written))
            })
        });
        answered.await
    }

    async fn take_letters(&self, now: Instant, again: Instant, limit: u32) -> Result<Vec<TakenLetter>> {
        // Most of the time there is nothing: then nothing is written.
        let ready = self.many_rows(READY, args![now, limit]).await?;
        let ready: Vec<String> = ready.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_>>()?;
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.change(TAKE, args![ready, now, again]).await?;
        let mut all: Vec<TakenLetter> = rows.iter().map(taken).collect::<Result<_>>()?;
        let soon = |one: &TakenLetter| (one.letter.expires, one.letter.at, one.letter.id.clone());
        all.sort_by_key(soon);
        Ok(all)
    }

    async fn settle_letter(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(Shape::One, move |link| Box::pin(settle(link, id))).await
    }

    async fn drop_letter(&self, id: &str) -> Result<()> {
        self.changed(DROP, args![id]).await.map(drop)
    }

    async fn postpone_letter(&self, id: &str, until: Instant) -> Result<()> {
        self.changed(POSTPONE, args![id, until]).await.map(drop)
    }

    async fn waiting_letters(&self, now: Instant) -> Result<WaitingLetters> {
        let Some(row) = self.row(WAITING, args![NEVER, now]).await? else { return Ok(WaitingLetters::default()) };
        let count = u64::try_from(row.int(0)?).unwrap_or(0);
        Ok(WaitingLetters { count, oldest: (count > 0).then_some(row.instant(1)?) })
    }
}
