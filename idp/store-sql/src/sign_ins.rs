//! Sign-ins under way.

use crate::back::Back;
use crate::doc;
use crate::link::{Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Instant, PendingId, PendingSignIn};
use preau_store::{Result, SignIns, StoreError};
use std::sync::atomic::{AtomicU32, Ordering};

const ADD: &str = "INSERT INTO pending (id, expires, doc) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const GET: &str = "SELECT doc FROM pending WHERE id = $1 AND expires > $2";
const UPDATE: &str = "UPDATE pending SET expires = $2, doc = $3 WHERE id = $1";
const CONSUME: &str = "DELETE FROM pending WHERE id = $1 AND expires > $2 RETURNING doc";

/// Those beyond so many that expire last: whoever asks for sign-in pages for ever fills nothing. Whoever types a first
/// password meanwhile has the time that the flood needs to fill the bound; one whose password was checked lasts longer, and so
/// stands before all that were only begun.
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

impl Back {
    async fn put_pending(&self, sql: &'static str, pending: &PendingSignIn) -> Result<()> {
        let values = args![pending.id.as_str(), pending.expires, doc::write("sign-in", pending)?];
        if self.changed(sql, values).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }
}

#[async_trait]
impl SignIns for Back {
    async fn add_pending(&self, pending: &PendingSignIn) -> Result<()> {
        self.put_pending(ADD, pending).await?;
        if self.sign_ins.passed()
            && let Err(error) = self.changed(TRIM, args![self.sign_ins.most]).await
        {
            tracing::warn!(%error, "the number of sign-ins under way was not looked at");
        }
        Ok(())
    }

    async fn pending(&self, id: &PendingId, now: Instant) -> Result<Option<PendingSignIn>> {
        self.row(GET, args![id.as_str(), now]).await?.as_ref().map(pending).transpose()
    }

    async fn update_pending(&self, pending: &PendingSignIn) -> Result<()> {
        self.put_pending(UPDATE, pending).await
    }

    async fn consume_pending(&self, id: &PendingId, now: Instant) -> Result<Option<PendingSignIn>> {
        self.change(CONSUME, args![id.as_str(), now]).await?.first().map(pending).transpose()
    }
}
