//! Sign-ins under way.

use crate::back::Back;
use crate::doc;
use crate::link::{Row, args};
use async_trait::async_trait;
use preau_domain::{Instant, PendingId, PendingSignIn};
use preau_store::{Result, SignIns, StoreError};

const ADD: &str = "INSERT INTO pending (id, expires, doc) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id";
const GET: &str = "SELECT doc FROM pending WHERE id = $1 AND expires > $2";
const UPDATE: &str = "UPDATE pending SET expires = $2, doc = $3 WHERE id = $1 RETURNING id";
/// Also what `begin_session` uses: the same stroke for everyone who takes a sign-in out.
pub(crate) const CONSUME: &str = "DELETE FROM pending WHERE id = $1 AND expires > $2 RETURNING doc";

fn pending(row: &Row) -> Result<PendingSignIn> {
    doc::read("sign-in", row.text(0)?)
}

impl Back {
    async fn put_pending(&self, sql: &'static str, pending: &PendingSignIn) -> Result<()> {
        let values = args![pending.id.as_str(), pending.expires, doc::write("sign-in", pending)?];
        let written = self.change(sql, values).await?;
        if written.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }
}

#[async_trait]
impl SignIns for Back {
    async fn add_pending(&self, pending: &PendingSignIn) -> Result<()> {
        self.put_pending(ADD, pending).await
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
