//! Counters of failed attempts, and the devices that are known.

use crate::back::{Back, Base, Shape};
use crate::link::{Link, args};
use crate::sqlite::{Attempts, Counter, Left, Sqlite};
use async_trait::async_trait;
use preau_domain::{Instant, Seconds};
use preau_store::{Attempt, Delays, Result, StoreError, Throttle};
use std::sync::Arc;

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
const COUNTER: &str = "SELECT failures, touched, previous, not_before FROM throttle WHERE id = $1";
const PUT: &str = "INSERT INTO throttle (id, failures, touched, previous, not_before) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET failures = excluded.failures, touched = excluded.touched,
        previous = excluded.previous, not_before = excluded.not_before";
const WAIT: &str = "SELECT not_before FROM throttle WHERE id = $1";
const UNCOUNT: &str = "UPDATE throttle SET failures = failures - 1, touched = previous
    WHERE id = $1 AND failures > 0 RETURNING failures, touched";
const COUNTED: &str = "SELECT 1 FROM throttle WHERE id = $1 AND touched > $2 AND failures > 0";
const FORGIVE: &str = "DELETE FROM throttle WHERE id = $1";
const REMEMBER: &str = "INSERT INTO device (id, seen) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET seen = excluded.seen";
const KNOWN: &str = "SELECT seen FROM device WHERE id = $1 AND seen > $2";

/// Counts one more as [`Throttle::count_attempt`] does.
pub(crate) async fn count(link: &mut Link<'_>, key: String, now: Instant, delays: Delays) -> Result<Attempt> {
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

/// Remembers a device as [`Throttle::remember_device`] does.
pub(crate) async fn remember(link: &mut Link<'_>, key: String, now: Instant) -> Result<()> {
    link.changed(REMEMBER, args![key, now]).await.map(drop)
}

async fn uncount(link: &mut Link<'_>, key: String, delays: Delays) -> Result<()> {
    if let Some(row) = link.row(UNCOUNT, args![key.as_str()]).await? {
        let failures = u32::try_from(row.int(0)?).unwrap_or(u32::MAX);
        let not_before = row.int(1)?.saturating_add(delays.after(failures));
        link.changed(HOLD_OFF, args![key, not_before]).await?;
    }
    Ok(())
}

impl Back {
    /// The counter as the table has it, of a SQLite file.
    fn counter(&self, sqlite: &Sqlite, key: &str) -> Result<Option<Counter>> {
        let row = sqlite.rows(COUNTER, args![key])?.pop();
        row.map(|row| {
            let failures = u32::try_from(row.int(0)?).unwrap_or(u32::MAX);
            let (touched, previous, not_before) = (row.instant(1)?, row.instant(2)?, row.instant(3)?);
            Ok(Counter { failures, touched, previous, not_before })
        })
        .transpose()
    }

    /// Writes what became of a counter, and ends an attempt on it.
    async fn write_counter(&self, attempts: &Arc<Attempts>, key: &str) -> Result<()> {
        let (all, name) = (Arc::clone(attempts), key.to_owned());
        let written = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                // As it is when it is written: what comes later is written later.
                match all.to_write(&name) {
                    Some(Some(Counter { failures, touched, previous, not_before })) => {
                        link.changed(PUT, args![name, failures, touched, previous, not_before]).await.map(drop)
                    }
                    Some(None) => link.changed(FORGIVE, args![name]).await.map(drop),
                    None => Ok(()),
                }
            })
        });
        written.await?;
        attempts.end(key);
        Ok(())
    }
}

#[async_trait]
impl Throttle for Back {
    async fn begin_attempt(&self, key: &str, now: Instant, delays: Delays) -> Result<Attempt> {
        match &self.base {
            Base::Sqlite(sqlite) => sqlite.attempts.begin(key, now, delays, COUNTER_LIFE, || self.counter(sqlite, key)),
            Base::Postgres(_) => self.count_attempt(key, now, delays).await,
        }
    }

    async fn fail_attempt(&self, key: &str) -> Result<()> {
        match &self.base {
            Base::Sqlite(sqlite) => self.write_counter(&sqlite.attempts, key).await,
            Base::Postgres(_) => Ok(()),
        }
    }

    async fn count_attempt(&self, key: &str, now: Instant, delays: Delays) -> Result<Attempt> {
        let key = key.to_owned();
        self.write(Shape::Checked, move |link| Box::pin(count(link, key, now, delays))).await
    }

    async fn uncount_attempt(&self, key: &str, _now: Instant, delays: Delays) -> Result<()> {
        if let Base::Sqlite(sqlite) = &self.base {
            match sqlite.attempts.uncount(key, delays) {
                Left::Nothing => return Ok(()),
                Left::ToWrite => return self.write_counter(&sqlite.attempts, key).await,
                Left::Unknown => {}
            }
        }
        let key = key.to_owned();
        self.write(Shape::Checked, move |link| Box::pin(uncount(link, key, delays))).await
    }

    async fn is_counted(&self, key: &str, since: Instant) -> Result<bool> {
        Ok(self.row(COUNTED, args![key, since]).await?.is_some())
    }

    async fn forgive(&self, key: &str) -> Result<()> {
        if let Base::Sqlite(sqlite) = &self.base {
            match sqlite.attempts.forgive(key) {
                Left::Nothing => return Ok(()),
                Left::ToWrite => return self.write_counter(&sqlite.attempts, key).await,
                Left::Unknown => {}
            }
        }
        self.changed(FORGIVE, args![key]).await.map(drop)
    }

    async fn remember_device(&self, key: &str, now: Instant) -> Result<()> {
        self.changed(REMEMBER, args![key, now]).await.map(drop)
    }

    async fn device_known(&self, key: &str, now: Instant) -> Result<bool> {
        Ok(self.row(KNOWN, args![key, now - DEVICE_LIFE]).await?.is_some())
    }
}
