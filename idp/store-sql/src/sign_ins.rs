//! Sign-ins under way.

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Instant, KeptKind, PendingId, PendingSignIn};
use preau_store::{Result, SignIns, StoreError};
use std::sync::atomic::{AtomicU32, Ordering};

const ADD: &str = "INSERT INTO pending (id, expires, doc) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const GET: &str = "SELECT doc FROM pending WHERE id = $1 AND expires > $2";
const UPDATE: &str = "UPDATE pending SET expires = $2, doc = $3 WHERE id = $1";
/// One that is there is touched, so that it counts.
const PUT_BACK: &str = "INSERT INTO pending (id, expires, doc)
    SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM kept WHERE id = $1 AND kind = $4)
    ON CONFLICT (id) DO UPDATE SET expires = pending.expires";
const CONSUME: &str = "DELETE FROM pending WHERE id = $1 AND expires > $2 RETURNING doc, expires";
/// That a sign-in ended is remembered as long as one of its forms could come.
const SPEND: &str = "INSERT INTO kept (id, kind, doc, expires) VALUES ($1, $2, '', $3) ON CONFLICT DO NOTHING";

/// Those beyond so many that expire last: whoever asks for sign-in pages for ever fills nothing. One whose password was
/// checked lasts longer, and so stands before all that were only begun; one that had to go can be put back.
const TRIM: Sql = Sql::Each {
    sqlite: "DELETE FROM pending WHERE id IN (SELECT id FROM pending ORDER BY expires DESC LIMIT -1 OFFSET $1)",
    postgres: "DELETE FROM pending WHERE id IN
        (SELECT id FROM pending ORDER BY expires DESC OFFSET $1 FOR UPDATE SKIP LOCKED)",
};

/// How many of something may be there, such as sign-ins under way, and how many this process added since it last looked.
pub(crate) struct Bound {
    pub most: u32,
    begun: AtomicU32,
}

impl Bound {
    /// Nothing begun yet.
    pub fn new(most: u32) -> Self {
        Bound { most, begun: AtomicU32::new(0) }
    }

    /// Whether it is time to look, after one more: looking costs as much as there are.
    pub fn passed(&self) -> bool {
        let every = (self.most / 16).clamp(1, 256);
        self.begun.fetch_add(1, Ordering::Relaxed) % every == every - 1
    }
}

fn pending(row: &Row) -> Result<PendingSignIn> {
    doc::read("sign-in", row.text(0)?)
}

/// Takes a sign-in out that has not expired, and remembers that it ended. Of two who found it there at once, one does.
pub(crate) async fn spend(link: &mut Link<'_>, id: &str, now: Instant) -> Result<Option<PendingSignIn>> {
    let Some(row) = link.rows(CONSUME, args![id, now]).await?.pop() else { return Ok(None) };
    let spent = link.changed(SPEND, args![id, KeptKind::SpentSignIn.as_str(), row.instant(1)?]).await?;
    if spent == 0 { Err(StoreError::Conflict) } else { pending(&row).map(Some) }
}

impl Back {
    /// Looks at the number of sign-ins under way, from time to time.
    async fn trim_pending(&self) {
        if self.sign_ins.passed()
            && let Err(error) = self.changed(TRIM, args![self.sign_ins.most]).await
        {
            tracing::warn!(%error, "the number of sign-ins under way was not looked at");
        }
    }

    async fn put_pending(&self, sql: &'static str, pending: &PendingSignIn) -> Result<()> {
        let values = args![pending.id.as_str(), pending.expires, doc::write("sign-in", pending)?];
        if self.changed(sql, values).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }
}

#[async_trait]
impl SignIns for Back {
    async fn add_pending(&self, pending: &PendingSignIn) -> Result<()> {
        self.put_pending(ADD, pending).await?;
        self.trim_pending().await;
        Ok(())
    }

    async fn pending(&self, id: &PendingId, now: Instant) -> Result<Option<PendingSignIn>> {
        self.row(GET, args![id.as_str(), now]).await?.as_ref().map(pending).transpose()
    }

    async fn update_pending(&self, pending: &PendingSignIn) -> Result<()> {
        self.put_pending(UPDATE, pending).await
    }

    async fn put_back_pending(&self, pending: &PendingSignIn) -> Result<()> {
        let (id, doc) = (pending.id.as_str(), doc::write("sign-in", pending)?);
        if self.changed(PUT_BACK, args![id, pending.expires, doc, KeptKind::SpentSignIn.as_str()]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        self.trim_pending().await;
        Ok(())
    }

    async fn consume_pending(&self, id: &PendingId, now: Instant) -> Result<Option<PendingSignIn>> {
        let id = id.as_str().to_owned();
        self.write(Shape::Several, move |link| Box::pin(async move { spend(link, &id, now).await })).await
    }
}
