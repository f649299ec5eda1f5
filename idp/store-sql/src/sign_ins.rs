//! Sign-ins under way.

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Instant, KeptKind, PendingId, PendingSignIn};
use preau_store::{Ending, Result, SignIns, StoreError};
use std::sync::atomic::{AtomicU32, Ordering};

/// What is kept of it, or that it ended.
const GET: &str = "SELECT doc FROM pending WHERE id = $1 AND expires > $2
    UNION ALL SELECT NULL FROM kept WHERE id = $1 AND kind = $3 AND expires > $2";
const PUT: &str = "INSERT INTO pending (id, expires, doc)
    SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM kept WHERE id = $1 AND kind = $4)
    ON CONFLICT (id) DO UPDATE SET expires = excluded.expires, doc = excluded.doc";
/// That a sign-in ended is remembered as long as one of its copies could come: whoever writes it is the one who ended it.
const END: &str = "INSERT INTO kept (id, kind, doc, expires)
    SELECT $1, $2, '', $3 WHERE NOT EXISTS (SELECT 1 FROM session WHERE id = $4) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM pending WHERE id = $1";

/// Those beyond so many that expire last: whoever asks for sign-in pages for ever fills nothing. One whose password was
/// checked lasts longer, and so stands before all that were only begun.
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
    doc::read("sign-in", row.text_or_none(0)?.ok_or(StoreError::Conflict)?)
}

/// Ends a sign-in, unless there is a session already of the name that it would begin. Of several who do at once, one is told yes.
pub(crate) async fn end(link: &mut Link<'_>, ending: &Ending, session: &str) -> Result<bool> {
    let id = ending.id.as_str();
    let ended = link.changed(END, args![id, KeptKind::SpentSignIn.as_str(), ending.until, session]).await?;
    if ended > 0 {
        link.changed(FORGET, args![id]).await?;
    }
    Ok(ended > 0)
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
}

#[async_trait]
impl SignIns for Back {
    async fn put_pending(&self, pending: &PendingSignIn) -> Result<()> {
        let (id, doc) = (pending.id.as_str(), doc::write("sign-in", pending)?);
        if self.changed(PUT, args![id, pending.expires, doc, KeptKind::SpentSignIn.as_str()]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        self.trim_pending().await;
        Ok(())
    }

    async fn pending(&self, id: &PendingId, now: Instant) -> Result<Option<PendingSignIn>> {
        self.row(GET, args![id.as_str(), now, KeptKind::SpentSignIn.as_str()]).await?.as_ref().map(pending).transpose()
    }

    async fn end_pending(&self, ending: &Ending) -> Result<bool> {
        let ending = ending.clone();
        self.write(Shape::Checked, move |link| Box::pin(async move { end(link, &ending, "").await })).await
    }
}
