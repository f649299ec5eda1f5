//! Access and refresh tokens.
//!
//! On SQLite access tokens are kept in memory (`sqlite::AccessTokens`); everything else is in the tables.
//!
//! A refresh token that names its family stands in the row of the family, which has one at a time: it is found without an index of
//! its own, and spent by the next one that takes its place. Others have a row each.
//!
//! A session holds families, a family holds tokens, and everything takes its locks in that order: whoever adds to a family
//! holds it, so that nothing is added behind the back of who revokes it.

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Link, Row, Sql, args};
use crate::people::DROP_TOKENS;
use crate::sqlite::{Held, Reserved};
use async_trait::async_trait;
use preau_domain::{Grant, GrantKind, Instant, OneTimeKey, PersonId, ServiceId, SessionId};
use preau_store::{Grants, Result, Rotation, StoreError};

/// What a token says in place of its document when its family says the same: documents are JSON, this is none.
const AS_FAMILY: &str = "=";

/// A family is born of a session that is there and has not expired, or of none; one that exists is held. Either way it
/// says whose it is.
const FAMILY_OF_SESSION: &str = "INSERT INTO token_family
        (id, session, person, expires, service, doc, refresh, refresh_doc, refresh_issued, refresh_expires)
    SELECT $1, id, $3, $4, $6, $7, $8, $9, $10, $11 FROM session WHERE id = $2 AND expires > $5
    ON CONFLICT (id) DO UPDATE SET
        expires = CASE WHEN token_family.expires < $4 THEN $4 ELSE token_family.expires END,
        refresh = coalesce(token_family.refresh, excluded.refresh),
        refresh_doc = CASE WHEN token_family.refresh IS NULL
            THEN coalesce(excluded.refresh_doc, excluded.doc) ELSE token_family.refresh_doc END,
        refresh_issued = coalesce(token_family.refresh_issued, excluded.refresh_issued),
        refresh_expires = coalesce(token_family.refresh_expires, excluded.refresh_expires)
    WHERE token_family.session IS NOT DISTINCT FROM excluded.session
        AND token_family.person IS NOT DISTINCT FROM excluded.person
        AND (excluded.refresh IS NULL OR token_family.refresh IS DISTINCT FROM excluded.refresh)
    RETURNING service, doc, refresh";
const FAMILY_ALONE: &str = "INSERT INTO token_family
        (id, session, person, expires, service, doc, refresh, refresh_doc, refresh_issued, refresh_expires)
    VALUES ($1, NULL, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO UPDATE SET
        expires = CASE WHEN token_family.expires < $3 THEN $3 ELSE token_family.expires END,
        refresh = coalesce(token_family.refresh, excluded.refresh),
        refresh_doc = CASE WHEN token_family.refresh IS NULL
            THEN coalesce(excluded.refresh_doc, excluded.doc) ELSE token_family.refresh_doc END,
        refresh_issued = coalesce(token_family.refresh_issued, excluded.refresh_issued),
        refresh_expires = coalesce(token_family.refresh_expires, excluded.refresh_expires)
    WHERE token_family.session IS NULL AND token_family.person IS NOT DISTINCT FROM excluded.person
        AND (excluded.refresh IS NULL OR token_family.refresh IS DISTINCT FROM excluded.refresh)
    RETURNING service, doc, refresh";
/// The same where nobody else writes and there is no such family: what a statement gives back costs as much as the write.
const NEW_OF_SESSION: &str = "INSERT INTO token_family
        (id, session, person, expires, service, doc, refresh, refresh_doc, refresh_issued, refresh_expires)
    SELECT $1, id, $3, $4, $6, $7, $8, $9, $10, $11 FROM session WHERE id = $2 AND expires > $5";
const FAMILY_THERE: &str = "SELECT id FROM token_family WHERE id = $1";
const ADD: &str = "INSERT INTO token (id, kind, family, service, doc, issued, expires)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const TAKEN: &str = "SELECT id FROM token WHERE id = $1";
const GET: &str = "SELECT t.id, t.kind, t.family, f.session, f.person, t.service,
        CASE WHEN t.doc = '=' THEN f.doc ELSE t.doc END, t.issued, t.expires
    FROM token t JOIN token_family f ON f.id = t.family LEFT JOIN session s ON s.id = f.session
    WHERE t.id = $1 AND t.kind = $2 AND t.expires > $3 AND t.spent IS NULL AND (f.session IS NULL OR s.expires > $3)";
/// The refresh token that stands in its family.
const STANDING: &str = "SELECT f.id, f.session, f.person, f.service, coalesce(f.refresh_doc, f.doc), f.refresh_issued,
        f.refresh_expires
    FROM token_family f LEFT JOIN session s ON s.id = f.session
    WHERE f.id = $1 AND f.refresh = $2 AND f.refresh_expires > $3 AND (f.session IS NULL OR s.expires > $3)";
/// A family, held, and whether its session goes on.
const HOLD_FAMILY: Sql = Sql::Each {
    sqlite: "SELECT f.expires, f.service, f.doc, f.refresh, f.refresh_expires, f.session, f.person, s.expires
        FROM token_family f LEFT JOIN session s ON s.id = f.session WHERE f.id = $1",
    postgres: "SELECT f.expires, f.service, f.doc, f.refresh, f.refresh_expires, f.session, f.person, s.expires
        FROM token_family f LEFT JOIN session s ON s.id = f.session WHERE f.id = $1 FOR UPDATE OF f",
};
const SUCCEED: &str = "UPDATE token_family
    SET refresh = $2, refresh_doc = $3, refresh_issued = $4, refresh_expires = $5, expires = $6 WHERE id = $1";
const LEAVE: &str = "UPDATE token_family
    SET refresh = NULL, refresh_doc = NULL, refresh_issued = NULL, refresh_expires = NULL
    WHERE id = $1 AND refresh IS NOT NULL AND ($2 = '' OR refresh = $2)";
/// A family whose tokens are worth something.
const FAMILY: &str = "SELECT f.session, f.person, f.service, f.doc
    FROM token_family f LEFT JOIN session s ON s.id = f.session
    WHERE f.id = $1 AND (f.session IS NULL OR s.expires > $2)";
/// The family of a token, held.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT f.id, f.expires, f.service, f.doc FROM token t JOIN token_family f ON f.id = t.family WHERE t.id = $1",
    postgres: "SELECT id, expires, service, doc FROM token_family
        WHERE id = (SELECT family FROM token WHERE id = $1) FOR UPDATE",
};
const SPEND: &str = "UPDATE token SET spent = $2
    WHERE id = $1 AND kind = 'refresh' AND spent IS NULL AND expires > $2 AND EXISTS
        (SELECT 1 FROM token_family f LEFT JOIN session s ON s.id = f.session
         WHERE f.id = token.family AND (f.session IS NULL OR s.expires > $2))";
const SPENT: &str = "SELECT id FROM token WHERE id = $1 AND spent IS NOT NULL";
const PROLONG: &str = "UPDATE token_family SET expires = $2 WHERE id = $1 AND expires < $2";
/// What expired of a family; on PostgreSQL a sweep finds it.
const FORGET: &str = "DELETE FROM token WHERE family = $1 AND expires <= $2";
const REVOKE: &str = "DELETE FROM token WHERE id = $1";
/// A family of nobody: whoever wants to add to it finds that it is not theirs.
const BURY: &str = "INSERT INTO token_family (id, session, person, expires) VALUES ($1, NULL, NULL, $2)
    ON CONFLICT (id) DO UPDATE SET session = NULL, person = NULL, expires = excluded.expires";
const REVOKE_BURIED: &str = "DELETE FROM token WHERE family = $1";
const REVOKE_FAMILY: &str = "DELETE FROM token_family WHERE id = $1";

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

fn standing(key: &OneTimeKey, row: &Row) -> Result<Grant> {
    Ok(Grant {
        key: key.clone(),
        kind: GrantKind::Refresh,
        family: OneTimeKey::new(row.text(0)?),
        session: row.text_or_none(1)?.map(SessionId::new),
        person: row.text_or_none(2)?.map(PersonId::new),
        service: ServiceId::new(row.text(3)?),
        doc: row.text(4)?.to_owned(),
        issued: row.instant(5)?,
        expires: row.instant(6)?,
    })
}

/// What a family says for its tokens, service and document; nothing, where an earlier version wrote it.
type Says = Option<(ServiceId, String)>;

fn says(row: &Row, column: usize) -> Result<Says> {
    let (service, doc) = (row.text_or_none(column)?, row.text_or_none(column + 1)?);
    Ok(service.zip(doc).map(|(service, doc)| (ServiceId::new(service), doc.to_owned())))
}

/// Tokens on their way to the table.
struct New {
    grants: Vec<Grant>,
    /// Access tokens are in memory.
    refresh_alone: bool,
    /// Which of them is to stand in the row of its family.
    standing: Option<usize>,
}

impl New {
    fn of(grants: Vec<Grant>, refresh_alone: bool) -> New {
        let stands = |grant: &Grant| {
            let named = grant.key.family().is_some_and(|(family, _)| family == grant.family.as_str());
            named
                && grant.kind == GrantKind::Refresh
                && grants.first().is_some_and(|first| first.service == grant.service)
        };
        let standing = grants.iter().position(stands);
        New { grants, refresh_alone, standing }
    }

    /// The one that is to stand in its family, and what its key says besides the family.
    fn standing(&self) -> Option<(&Grant, &str)> {
        let grant = self.grants.get(self.standing?)?;
        Some((grant, grant.key.family()?.1))
    }

    fn in_table(&self) -> impl Iterator<Item = &Grant> {
        let rows = self.grants.iter().enumerate().filter(|(place, _)| Some(*place) != self.standing);
        rows.map(|(_, grant)| grant).filter(|grant| grant.kind == GrantKind::Refresh || !self.refresh_alone)
    }
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

/// Whether a key is taken. Where others may write meanwhile, adding is what finds out.
async fn check(link: &mut Link<'_>, new: &New) -> Result<()> {
    if link.writes_alone() {
        for grant in new.in_table() {
            if link.row(TAKEN, args![grant.key.as_str()]).await?.is_some() {
                return Err(StoreError::Conflict);
            }
        }
    }
    Ok(())
}

async fn add(link: &mut Link<'_>, new: &New, says: &Says) -> Result<()> {
    for grant in new.in_table() {
        let same = says.as_ref().is_some_and(|(_, doc)| *doc == grant.doc);
        let values = args![
            grant.key.as_str(),
            grant.kind.as_str(),
            grant.family.as_str(),
            grant.service.as_str(),
            if same { AS_FAMILY } else { grant.doc.as_str() },
            grant.issued,
            grant.expires
        ];
        if link.changed(ADD, values).await? == 0 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

async fn give(link: &mut Link<'_>, mut new: New, end: Instant) -> Result<Says> {
    check(link, &new).await?;
    let Some(first) = new.grants.first() else { return Err(mixed()) };
    let (session, person) =
        (first.session.as_ref().map(SessionId::as_str), first.person.as_ref().map(PersonId::as_str));
    let (family, service, doc) = (first.family.as_str(), first.service.as_str(), first.doc.as_str());
    let (standing, refresh) = new.standing().unzip();
    let other = standing.map(|grant| grant.doc.as_str()).filter(|other| *other != doc);
    let (issued, expires) = standing.map(|grant| (grant.issued, grant.expires)).unzip();
    let row = match session {
        Some(id) => {
            let values = args![family, id, person, end, first.issued, service, doc, refresh, other, issued, expires];
            if link.writes_alone() && link.row(FAMILY_THERE, args![family]).await?.is_none() {
                if link.changed(NEW_OF_SESSION, values).await? == 0 {
                    return Err(StoreError::Conflict);
                }
                let says = Some((first.service.clone(), first.doc.clone()));
                add(link, &new, &says).await?;
                return Ok(says);
            }
            link.row(FAMILY_OF_SESSION, values).await?
        }
        None => {
            link.row(FAMILY_ALONE, args![family, person, end, service, doc, refresh, other, issued, expires]).await?
        }
    };
    let row = row.ok_or(StoreError::Conflict)?;
    let taken = row.text_or_none(2)? != refresh;
    if taken {
        // By another one, which stays: this one has a row.
        new.standing = None;
    }
    let says = says(&row, 0)?;
    add(link, &new, &says).await?;
    Ok(says)
}

/// Rotates a token that stands in its family; absent where it may have a row of its own.
async fn succeed(
    link: &mut Link<'_>,
    spent: &OneTimeKey,
    now: Instant,
    next: &New,
    end: Option<Instant>,
) -> Result<Option<(Rotation, Says)>> {
    const UNKNOWN: Option<(Rotation, Says)> = Some((Rotation::Unknown, None));
    let Some((family, own)) = spent.family() else { return Ok(None) };
    let Some(row) = link.row(HOLD_FAMILY, args![family]).await? else { return Ok(UNKNOWN) };
    if next.grants.iter().any(|grant| grant.family.as_str() != family) {
        return Err(StoreError::Conflict);
    }
    if row.text_or_none(3)? != Some(own) {
        if link.row(TAKEN, args![spent.as_str()]).await?.is_some() {
            return Ok(None);
        }
        // Buried, it is nobody's any more, and stays.
        if row.text_or_none(5)?.is_none() && row.text_or_none(6)?.is_none() {
            return Ok(UNKNOWN);
        }
        link.changed(REVOKE_FAMILY, args![family]).await?;
        return Ok(Some((Rotation::Reused, None)));
    }
    let ended = row.text_or_none(5)?.is_some() && row.int_or_none(7)?.is_none_or(|expires| expires <= now.0);
    if ended || row.int_or_none(4)?.is_none_or(|expires| expires <= now.0) {
        return Ok(UNKNOWN);
    }
    check(link, next).await?;
    let says = says(&row, 1)?;
    let (grant, refresh) = next.standing().unzip();
    let same = says.as_ref().zip(grant).is_some_and(|((_, doc), grant)| *doc == grant.doc);
    let doc = grant.map(|grant| grant.doc.as_str()).filter(|_| !same);
    let (issued, expires) = grant.map(|grant| (grant.issued, grant.expires)).unzip();
    let end = row.int(0)?.max(end.map_or(i64::MIN, |end| end.0));
    link.changed(SUCCEED, args![family, refresh, doc, issued, expires, end]).await?;
    add(link, next, &says).await?;
    Ok(Some((Rotation::Rotated, says)))
}

async fn rotate(
    link: &mut Link<'_>,
    spent: OneTimeKey,
    now: Instant,
    mut next: New,
    end: Option<Instant>,
) -> Result<(Rotation, Says)> {
    if let Some(succeeded) = succeed(link, &spent, now, &next, end).await? {
        return Ok(succeeded);
    }
    // What has a row is followed by what has one.
    next.standing = None;
    let Some(family) = link.row(HOLD, args![spent.as_str()]).await? else { return Ok((Rotation::Unknown, None)) };
    let (id, says) = (family.text(0)?, says(&family, 2)?);
    if next.grants.iter().any(|grant| grant.family.as_str() != id) {
        return Err(StoreError::Conflict);
    }
    check(link, &next).await?;
    if link.changed(SPEND, args![spent.as_str(), now]).await? > 0 {
        add(link, &next, &says).await?;
        if link.writes_alone() {
            link.changed(FORGET, args![id, now]).await?;
        }
        if let Some(end) = end.filter(|end| family.int(1).is_ok_and(|known| known < end.0)) {
            link.changed(PROLONG, args![id, end]).await?;
        }
        return Ok((Rotation::Rotated, says));
    }
    if link.row(SPENT, args![spent.as_str()]).await?.is_some() {
        link.changed(REVOKE_FAMILY, args![id]).await?;
        return Ok((Rotation::Reused, None));
    }
    Ok((Rotation::Unknown, None))
}

impl Back {
    /// Keeps the access tokens among these in memory, where there is one and it has room; says what is left for the table.
    fn reserve(&self, grants: &[Grant]) -> Result<(Option<Reserved<'_>>, New)> {
        let reserved = match self.access_tokens() {
            Some(tokens) => tokens.reserve(grants)?,
            None => None,
        };
        let refresh_alone = reserved.is_some();
        Ok((reserved, New::of(grants.to_vec(), refresh_alone)))
    }

    /// The token in memory of that key, if its family is there and its session has not ended.
    async fn access(&self, key: &OneTimeKey, held: Held, now: Instant) -> Result<Option<Grant>> {
        let Some(family) = self.row(FAMILY, args![held.family.as_str(), now]).await? else { return Ok(None) };
        let own = held.own.map(|own| *own);
        let Some((service, doc)) = own.or(says(&family, 2)?) else { return Ok(None) };
        Ok(Some(Grant {
            key: key.clone(),
            kind: GrantKind::Access,
            family: held.family,
            session: family.text_or_none(0)?.map(SessionId::new),
            person: family.text_or_none(1)?.map(PersonId::new),
            service,
            doc,
            issued: held.issued,
            expires: held.expires,
        }))
    }
}

#[async_trait]
impl Grants for Back {
    async fn grant(&self, grants: &[Grant]) -> Result<()> {
        let end = latest(grants)?.ok_or_else(mixed)?;
        let (reserved, new) = self.reserve(grants)?;
        let says = self.write(Shape::Checked, move |link| Box::pin(give(link, new, end))).await?;
        keep(reserved, says);
        Ok(())
    }

    async fn granted(&self, key: &OneTimeKey, kind: GrantKind, now: Instant) -> Result<Option<Grant>> {
        let tokens = self.access_tokens().filter(|_| kind == GrantKind::Access);
        if let Some(held) = tokens.and_then(|tokens| tokens.get(key, now)) {
            return self.access(key, held, now).await;
        }
        if let Some((family, own)) = key.family().filter(|_| kind == GrantKind::Refresh)
            && let Some(row) = self.row(STANDING, args![family, own, now]).await?
        {
            return standing(key, &row).map(Some);
        }
        self.row(GET, args![key.as_str(), kind.as_str(), now]).await?.as_ref().map(read).transpose()
    }

    async fn rotate(&self, spent: &OneTimeKey, now: Instant, next: &[Grant]) -> Result<Rotation> {
        let (end, spent) = (latest(next)?, spent.clone());
        let (reserved, next) = self.reserve(next)?;
        let (rotation, says) =
            self.write(Shape::Checked, move |link| Box::pin(rotate(link, spent, now, next, end))).await?;
        if rotation == Rotation::Rotated {
            keep(reserved, says);
        }
        Ok(rotation)
    }

    async fn revoke(&self, key: &OneTimeKey) -> Result<bool> {
        if let Some(held) = self.access_tokens().and_then(|tokens| tokens.take(key)) {
            return Ok(self.access(key, held, Instant(i64::MIN)).await?.is_some());
        }
        if let Some((family, own)) = key.family()
            && self.changed(LEAVE, args![family, own]).await? > 0
        {
            return Ok(true);
        }
        Ok(self.changed(REVOKE, args![key.as_str()]).await? > 0)
    }

    async fn bury_family(&self, family: &OneTimeKey, until: Instant) -> Result<bool> {
        let id = family.as_str().to_owned();
        let work = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.changed(BURY, args![id.as_str(), until]).await?;
                Ok(link.changed(LEAVE, args![id.as_str(), ""]).await? + link.changed(REVOKE_BURIED, args![id]).await?)
            })
        });
        let gone = work.await?;
        // After the commit: whoever keeps one from now on finds the family buried.
        let forgotten = self.access_tokens().map_or(0, |tokens| tokens.end_family(family));
        Ok(gone + forgotten > 0)
    }

    async fn revoke_tokens_of(&self, person: &PersonId) -> Result<()> {
        let person = vec![person.as_str().to_owned()];
        let dropped = self.write(Shape::Checked, move |link| {
            Box::pin(async move { link.rows(DROP_TOKENS, args![person]).await.map(drop) })
        });
        dropped.await
    }

    async fn revoke_family(&self, family: &OneTimeKey) -> Result<bool> {
        Ok(self.changed(REVOKE_FAMILY, args![family.as_str()]).await? > 0)
    }
}

/// Access tokens stay in memory: their family is durable.
fn keep(reserved: Option<Reserved<'_>>, says: Says) {
    let Some(reserved) = reserved else { return };
    let (service, doc) = says.unwrap_or_else(|| (ServiceId::new(""), String::new()));
    reserved.keep(&service, &doc);
}
