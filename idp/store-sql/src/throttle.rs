//! Counters of failed attempts, and the devices that are known.

use crate::back::{Back, Shape};
use crate::link::{Link, args};
use async_trait::async_trait;
use preau_domain::{Instant, Seconds};
use preau_store::{Attempt, Delays, Result, StoreError, Throttle};

/// A counter nobody touched for so long starts again.
pub(crate) const COUNTER_LIFE: Seconds = Seconds(24 * 3600);
/// A device nobody used for so long is forgotten.
pub(crate) const DEVICE_LIFE: Seconds = Seconds(180 * 24 * 3600);

/// Counts one more, unless the delay of the last one is still running: then no row comes back. The row stays locked
/// until the commit, so that concurrent callers count one after the other. $3 is the instant before which a counter is
/// forgotten.
const COUNT: &str = "INSERT INTO throttle (id, failures, touched, previous, not_before) VALUES ($1, 1, $2, $3, $2)
    ON CONFLICT (id) DO UPDATE SET
        failures = CASE WHEN throttle.touched <= $3 THEN 1 ELSE throttle.failures + 1 END,
        previous = throttle.touched, touched = $2, not_before = $2
    WHERE throttle.not_before <= $2 OR throttle.touched <= $3
    RETURNING failures";
const HOLD_OFF: &str = "UPDATE throttle SET not_before = $2 WHERE id = $1";
const WAIT: &str = "SELECT not_before FROM throttle WHERE id = $1";
const UNCOUNT: &str = "UPDATE throttle SET failures = failures - 1, touched = previous
    WHERE id = $1 AND failures > 0 RETURNING failures, touched";
const FORGIVE: &str = "DELETE FROM throttle WHERE id = $1";
const REMEMBER: &str = "INSERT INTO device (id, seen) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET seen = excluded.seen";
const KNOWN: &str = "SELECT seen FROM device WHERE id = $1 AND seen > $2";

async fn count(link: &mut Link<'_>, key: String, now: Instant, delays: Delays) -> Result<Attempt> {
    let Some(row) = link.row(COUNT, args![key.as_str(), now, now - COUNTER_LIFE]).await? else {
        let row = link.row(WAIT, args![key]).await?.ok_or(StoreError::Conflict)?;
        return Ok(Attempt::NotBefore(row.instant(0)?));
    };
    let failures = u32::try_from(row.int(0)?).unwrap_or(u32::MAX);
    let wait = delays.after(failures);
    if wait > 0 {
        link.changed(HOLD_OFF, args![key, now.0.saturating_add(wait)]).await?;
    }
    Ok(Attempt::Allowed { failures })
}

async fn uncount(link: &mut Link<'_>, key: String, delays: Delays) -> Result<()> {
    if let Some(row) = link.row(UNCOUNT, args![key.as_str()]).await? {
        let failures = u32::try_from(row.int(0)?).unwrap_or(u32::MAX);
        let not_before = row.int(1)?.saturating_add(delays.after(failures));
        link.changed(HOLD_OFF, args![key, not_before]).await?;
    }
    Ok(())
}

#[async_trait]
impl Throttle for Back {
    async fn count_attempt(&self, key: &str, now: Instant, delays: Delays) -> Result<Attempt> {
        let key = key.to_owned();
        self.write(Shape::Checked, move |link| Box::pin(count(link, key, now, delays))).await
    }

    async fn uncount_attempt(&self, key: &str, _now: Instant, delays: Delays) -> Result<()> {
        let key = key.to_owned();
        self.write(Shape::Checked, move |link| Box::pin(uncount(link, key, delays))).await
    }

    async fn forgive(&self, key: &str) -> Result<()> {
        self.changed(FORGIVE, args![key]).await.map(drop)
    }

    async fn remember_device(&self, key: &str, now: Instant) -> Result<()> {
        self.changed(REMEMBER, args![key, now]).await.map(drop)
    }

    async fn device_known(&self, key: &str, now: Instant) -> Result<bool> {
        Ok(self.row(KNOWN, args![key, now - DEVICE_LIFE]).await?.is_some())
    }
}
