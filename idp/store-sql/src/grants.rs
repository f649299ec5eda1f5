//! Access and refresh tokens.
//!
//! A session holds families, a family holds tokens, and everything takes its locks in that order: whoever adds to a family
//! holds it, so that nothing is added behind the back of who revokes it.

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Grant, GrantKind, Instant, OneTimeKey, PersonId, ServiceId, SessionId};
use preau_store::{Grants, Result, Rotation, StoreError};

/// A family is born of a session that is there and has not expired, or of none; one that exists is held. Either way it
/// says whose it is.
const FAMILY_OF_SESSION: &str = "INSERT INTO token_family (id, session, person, expires)
    SELECT $1, id, $3, $4 FROM session WHERE id = $2 AND expires > $5
    ON CONFLICT (id) DO UPDATE SET
        expires = CASE WHEN token_family.expires < $4 THEN $4 ELSE token_family.expires END
    RETURNING session, person";
const FAMILY_ALONE: &str = "INSERT INTO token_family (id, session, person, expires) VALUES ($1, NULL, $2, $3)
    ON CONFLICT (id) DO UPDATE SET
        expires = CASE WHEN token_family.expires < $3 THEN $3 ELSE token_family.expires END
    RETURNING session, person";
const ADD: &str = "INSERT INTO token (id, kind, family, service, doc, issued, expires)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id";
const GET: &str = "SELECT t.id, t.kind, t.family, f.session, f.person, t.service, t.doc, t.issued, t.expires
    FROM token t JOIN token_family f ON f.id = t.family LEFT JOIN session s ON s.id = f.session
    WHERE t.id = $1 AND t.kind = $2 AND t.expires > $3 AND t.spent IS NULL AND (f.session IS NULL OR s.expires > $3)";
/// The family of a token, held.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT family FROM token WHERE id = $1",
    postgres: "SELECT id FROM token_family WHERE id = (SELECT family FROM token WHERE id = $1) FOR UPDATE",
};
const SPEND: &str = "UPDATE token SET spent = $2
    WHERE id = $1 AND kind = 'refresh' AND spent IS NULL AND expires > $2 AND EXISTS
        (SELECT 1 FROM token_family f LEFT JOIN session s ON s.id = f.session
         WHERE f.id = token.family AND (f.session IS NULL OR s.expires > $2))
    RETURNING id";
const SPENT: &str = "SELECT id FROM token WHERE id = $1 AND spent IS NOT NULL";
const PROLONG: &str = "UPDATE token_family SET expires = $2 WHERE id = $1 AND expires < $2";
const REVOKE: &str = "DELETE FROM token WHERE id = $1 RETURNING id";
/// A family of nobody: whoever wants to add to it finds that it is not theirs.
const BURY: &str = "INSERT INTO token_family (id, session, person, expires) VALUES ($1, NULL, NULL, $2)
    ON CONFLICT (id) DO UPDATE SET session = NULL, person = NULL, expires = excluded.expires RETURNING id";
const REVOKE_BURIED: &str = "DELETE FROM token WHERE family = $1 RETURNING id";
const REVOKE_FAMILY: &str = "DELETE FROM token_family WHERE id = $1 RETURNING id";

fn read(row: &Row) -> Result<Grant> {
    Ok(Grant {
        key: OneTimeKey::new(row.text(0)?),
        kind: doc::word("token", row.text(1)?)?,
        family: OneTimeKey::new(row.text(2)?),
        session: row.text_or_none(3)?.map(SessionId::new),
        person: row.text_or_none(4)?.map(PersonId::new),
        service: ServiceId::new(row.text(5)?),
        doc: row.text(6)?.to_owned(),
        issued: row.instant(7)?,
        expires: row.instant(8)?,
    })
}

fn mixed() -> StoreError {
    StoreError::Backend("tokens of one family belong to one session and one person".into())
}

/// The latest end of tokens that may be kept together; absent if there are none.
fn latest(grants: &[Grant]) -> Result<Option<Instant>> {
    let Some(first) = grants.first() else { return Ok(None) };
    let same = |g: &Grant| g.family == first.family && g.session == first.session && g.person == first.person;
    if !grants.iter().all(same) {
        return Err(mixed());
    }
    Ok(grants.iter().map(|grant| grant.expires).max())
}

async fn add(link: &mut Link<'_>, grants: &[Grant]) -> Result<()> {
    for grant in grants {
        let values = args![
            grant.key.as_str(),
            grant.kind.as_str(),
            grant.family.as_str(),
            grant.service.as_str(),
            grant.doc.as_str(),
            grant.issued,
            grant.expires
        ];
        link.row(ADD, values).await?.ok_or(StoreError::Conflict)?;
    }
    Ok(())
}

async fn give(link: &mut Link<'_>, grants: Vec<Grant>, end: Instant) -> Result<()> {
    let Some(first) = grants.first() else { return Ok(()) };
    let (session, person) =
        (first.session.as_ref().map(SessionId::as_str), first.person.as_ref().map(PersonId::as_str));
    let family = match session {
        Some(id) => link.row(FAMILY_OF_SESSION, args![first.family.as_str(), id, person, end, first.issued]).await?,
        None => link.row(FAMILY_ALONE, args![first.family.as_str(), person, end]).await?,
    };
    let family = family.ok_or(StoreError::Conflict)?;
    if person.is_some() && family.text_or_none(0)?.is_none() && family.text_or_none(1)?.is_none() {
        return Err(StoreError::Conflict);
    }
    if family.text_or_none(0)? != session || family.text_or_none(1)? != person {
        return Err(mixed());
    }
    add(link, &grants).await
}

async fn rotate(
    link: &mut Link<'_>,
    spent: String,
    now: Instant,
    next: Vec<Grant>,
    end: Option<Instant>,
) -> Result<Rotation> {
    let Some(family) = link.row(HOLD, args![spent.as_str()]).await? else { return Ok(Rotation::Unknown) };
    let family = family.text(0)?;
    if link.row(SPEND, args![spent.as_str(), now]).await?.is_some() {
        if next.iter().any(|grant| grant.family.as_str() != family) {
            return Err(mixed());
        }
        add(link, &next).await?;
        if let Some(end) = end {
            link.rows(PROLONG, args![family, end]).await?;
        }
        return Ok(Rotation::Rotated);
    }
    if link.row(SPENT, args![spent]).await?.is_some() {
        link.rows(REVOKE_FAMILY, args![family]).await?;
        return Ok(Rotation::Reused);
    }
    Ok(Rotation::Unknown)
}

#[async_trait]
impl Grants for Back {
    async fn grant(&self, grants: &[Grant]) -> Result<()> {
        let (end, grants) = (latest(grants)?.ok_or_else(mixed)?, grants.to_vec());
        self.write(Shape::Several, move |link| Box::pin(give(link, grants, end))).await
    }

    async fn granted(&self, key: &OneTimeKey, kind: GrantKind, now: Instant) -> Result<Option<Grant>> {
        self.row(GET, args![key.as_str(), kind.as_str(), now]).await?.as_ref().map(read).transpose()
    }

    async fn rotate(&self, spent: &OneTimeKey, now: Instant, next: &[Grant]) -> Result<Rotation> {
        let (end, next, spent) = (latest(next)?, next.to_vec(), spent.as_str().to_owned());
        self.write(Shape::Several, move |link| Box::pin(rotate(link, spent, now, next, end))).await
    }

    async fn revoke(&self, key: &OneTimeKey) -> Result<bool> {
        Ok(!self.change(REVOKE, args![key.as_str()]).await?.is_empty())
    }

    async fn bury_family(&self, family: &OneTimeKey, until: Instant) -> Result<bool> {
        let family = family.as_str().to_owned();
        let work = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.row(BURY, args![family.as_str(), until]).await?;
                link.rows(REVOKE_BURIED, args![family]).await
            })
        });
        Ok(!work.await?.is_empty())
    }

    async fn revoke_family(&self, family: &OneTimeKey) -> Result<bool> {
        Ok(!self.change(REVOKE_FAMILY, args![family.as_str()]).await?.is_empty())
    }
}
