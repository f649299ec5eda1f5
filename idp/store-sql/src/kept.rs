//! Documents kept for a while outside any session.

use crate::back::Back;
use crate::doc;
use crate::link::{Arg, Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Instant, KeptKind, KeptThing, OneTimeKey, ServiceId};
use preau_store::{Keeping, Result, StoreError};

/// One that expired gives its place up.
const KEEP: &str = "INSERT INTO kept (id, kind, doc, expires, owner) VALUES ($1, $2, $3, $4, $6)
    ON CONFLICT (id, kind) DO UPDATE SET doc = excluded.doc, expires = excluded.expires, owner = excluded.owner
    WHERE kept.expires <= $5";
/// Whatever is there gives its place up.
const PUT: &str = "INSERT INTO kept (id, kind, doc, expires) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id, kind) DO UPDATE SET doc = excluded.doc, expires = excluded.expires, owner = NULL";
macro_rules! trim {
    ($service:literal) => {
        concat!(
            "DELETE FROM kept WHERE (id, kind) IN (
    SELECT id, kind FROM (
        SELECT id, kind, own, row_number() OVER (PARTITION BY kind ORDER BY own) AS whole
        FROM (
            SELECT id, kind, row_number() OVER (PARTITION BY kind, service ORDER BY here, expires DESC) AS own
            FROM (
                SELECT id, kind, expires, ",
            $service,
            " AS service, row_number() OVER (PARTITION BY kind, owner ORDER BY expires DESC) AS here
                FROM kept WHERE owner IS NOT NULL) AS placed) AS ranked) AS numbered
    WHERE own > $1 OR whole > $2)"
        )
    };
}
/// Those beyond so many of one service, and of all: of each place from which something was asked in its name the latest, then the one
/// before of each, and so on; and of all services likewise. A flood from some place or in the name of some service takes nothing from others.
/// An owner is the name of a service, alone or before a blank and a place.
const TRIM: Sql = Sql::Each {
    sqlite: trim!("substr(owner, 1, instr(owner || ' ', ' ') - 1)"),
    postgres: trim!("split_part(owner, ' ', 1)"),
};
const GET: &str = "SELECT id, kind, doc, expires FROM kept WHERE id = $1 AND kind = $2 AND expires > $3";
const ALL: &str = "SELECT id, kind, doc, expires FROM kept WHERE kind = $1 AND expires > $2
    ORDER BY expires, id LIMIT $3";
const REPLACE: &str = "UPDATE kept SET doc = $3, expires = $4
    WHERE id = $1 AND kind = $2 AND expires > $5 AND doc = $6";
const TAKE: &str = "DELETE FROM kept WHERE id = $1 AND kind = $2 AND expires > $3 RETURNING id, kind, doc, expires";

fn thing(row: &Row) -> Result<KeptThing> {
    Ok(KeptThing {
        key: OneTimeKey::new(row.text(0)?),
        kind: doc::word("kept thing", row.text(1)?)?,
        doc: row.text(2)?.to_owned(),
        expires: row.instant(3)?,
    })
}

fn bounded(thing: &KeptThing) -> Result<()> {
    if thing.doc.len() <= KeptThing::MOST {
        return Ok(());
    }
    Err(StoreError::Backend(format!("a kept document has at most {} bytes", KeptThing::MOST)))
}

/// What [`KEEP`] is given.
fn row(thing: &KeptThing, now: Instant, owner: Option<&str>) -> Vec<Arg> {
    args![thing.key.as_str(), thing.kind.as_str(), thing.doc.as_str(), thing.expires, now, owner]
}

/// Keeps a document in place of what had its key.
pub(crate) async fn put(link: &mut Link<'_>, thing: KeptThing) -> Result<()> {
    bounded(&thing)?;
    link.changed(PUT, args![thing.key.as_str(), thing.kind.as_str(), thing.doc, thing.expires]).await.map(drop)
}

/// Keeps a document under a key that is free; says whether it was.
pub(crate) async fn keep(link: &mut Link<'_>, thing: KeptThing, now: Instant) -> Result<bool> {
    bounded(&thing)?;
    Ok(link.changed(KEEP, row(&thing, now, None)).await? > 0)
}

/// Takes a document out for good; says whether it was there.
pub(crate) async fn take(link: &mut Link<'_>, key: &str, kind: KeptKind, now: Instant) -> Result<bool> {
    Ok(link.row(TAKE, args![key, kind.as_str(), now]).await?.is_some())
}

impl Back {
    async fn put_kept(&self, thing: &KeptThing, now: Instant, owner: Option<&str>) -> Result<()> {
        bounded(thing)?;
        let kept = self.changed(KEEP, row(thing, now, owner)).await?;
        if kept == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }
}

#[async_trait]
impl Keeping for Back {
    async fn keep(&self, thing: &KeptThing, now: Instant) -> Result<()> {
        self.put_kept(thing, now, None).await
    }

    async fn keep_of(&self, owner: &ServiceId, from: Option<&str>, thing: &KeptThing, now: Instant) -> Result<()> {
        let owner = from.map_or_else(|| owner.to_string(), |place| format!("{owner} {place}"));
        self.put_kept(thing, now, Some(&owner)).await?;
        if self.kept_of_one.passed()
            && let Err(error) = self.changed(TRIM, args![self.kept_of_one.most, self.kept_of_all]).await
        {
            tracing::warn!(%error, "the number of kept documents was not looked at");
        }
        Ok(())
    }

    async fn kept(&self, key: &OneTimeKey, kind: KeptKind, now: Instant) -> Result<Option<KeptThing>> {
        self.row(GET, args![key.as_str(), kind.as_str(), now]).await?.as_ref().map(thing).transpose()
    }

    async fn all_kept(&self, kind: KeptKind, now: Instant, limit: u32) -> Result<Vec<KeptThing>> {
        self.rows(ALL, args![kind.as_str(), now, limit]).await?.iter().map(thing).collect()
    }

    async fn replace_kept(&self, thing: &KeptThing, expected: &str, now: Instant) -> Result<()> {
        bounded(thing)?;
        let values = args![thing.key.as_str(), thing.kind.as_str(), thing.doc.as_str(), thing.expires, now, expected];
        let replaced = self.changed(REPLACE, values).await?;
        if replaced == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn take_kept(&self, key: &OneTimeKey, kind: KeptKind, now: Instant) -> Result<Option<KeptThing>> {
        self.change(TAKE, args![key.as_str(), kind.as_str(), now]).await?.first().map(thing).transpose()
    }
}
