//! Documents kept for a while outside any session.

use crate::back::Back;
use crate::doc;
use crate::link::{Row, args};
use async_trait::async_trait;
use preau_domain::{Instant, KeptKind, KeptThing, OneTimeKey};
use preau_store::{Keeping, Result, StoreError};

/// One that expired gives its place up.
const KEEP: &str = "INSERT INTO kept (id, kind, doc, expires) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id, kind) DO UPDATE SET doc = excluded.doc, expires = excluded.expires
    WHERE kept.expires <= $5 RETURNING id";
const GET: &str = "SELECT id, kind, doc, expires FROM kept WHERE id = $1 AND kind = $2 AND expires > $3";
const REPLACE: &str = "UPDATE kept SET doc = $3, expires = $4
    WHERE id = $1 AND kind = $2 AND expires > $5 AND doc = $6 RETURNING id";
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

#[async_trait]
impl Keeping for Back {
    async fn keep(&self, thing: &KeptThing, now: Instant) -> Result<()> {
        bounded(thing)?;
        let values = args![thing.key.as_str(), thing.kind.as_str(), thing.doc.as_str(), thing.expires, now];
        let kept = self.change(KEEP, values).await?;
        if kept.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn kept(&self, key: &OneTimeKey, kind: KeptKind, now: Instant) -> Result<Option<KeptThing>> {
        self.row(GET, args![key.as_str(), kind.as_str(), now]).await?.as_ref().map(thing).transpose()
    }

    async fn replace_kept(&self, thing: &KeptThing, expected: &str, now: Instant) -> Result<()> {
        bounded(thing)?;
        let values = args![thing.key.as_str(), thing.kind.as_str(), thing.doc.as_str(), thing.expires, now, expected];
        let replaced = self.change(REPLACE, values).await?;
        if replaced.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn take_kept(&self, key: &OneTimeKey, kind: KeptKind, now: Instant) -> Result<Option<KeptThing>> {
        self.change(TAKE, args![key.as_str(), kind.as_str(), now]).await?.first().map(thing).transpose()
    }
}
