//! Services that no administrator mounted.

use crate::back::Back;
use crate::doc;
use crate::link::{Arg, Row, args};
use async_trait::async_trait;
use preau_domain::{Instant, PersonId, Registration, RegistrationKind, ServiceId};
use preau_store::{OpeningChange, Registrations, Result, StoreError};

const ADD: &str = "INSERT INTO registration (id, kind, owner, doc, created, expires)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id";
const PUT: &str = "INSERT INTO registration (id, kind, owner, doc, created, expires)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, owner = excluded.owner,
        doc = excluded.doc, created = excluded.created, expires = excluded.expires RETURNING id";
const REPLACE: &str = "UPDATE registration SET doc = $2, expires = $3
    WHERE id = $1 AND (expires IS NULL OR expires > $4) AND doc = $5 RETURNING id";
const REMOVE: &str = "DELETE FROM registration WHERE id = $1 RETURNING id";
const GET: &str = "SELECT id, kind, owner, doc, created, expires FROM registration
    WHERE id = $1 AND (expires IS NULL OR expires > $2)";
const OF_ALL: &str = "SELECT id, kind, owner, doc, created, expires FROM registration
    WHERE kind = $1 AND (expires IS NULL OR expires > $2) ORDER BY created DESC, id LIMIT $3";
const OF_OWNER: &str = "SELECT id, kind, owner, doc, created, expires FROM registration
    WHERE kind = $1 AND (expires IS NULL OR expires > $2)
        AND (owner = $4 OR owner IN (SELECT id FROM person WHERE account = $4)) ORDER BY created DESC, id LIMIT $3";
/// The numbers are given by the tables themselves, whatever changes a row.
const CHANGED: &str = "SELECT r.id, r.kind, r.owner, r.doc, r.created, r.expires, c.number, c.id
    FROM opening_change c
    LEFT JOIN registration r ON r.id = c.id AND r.kind = 'opening' AND (r.expires IS NULL OR r.expires > $2)
    WHERE c.number > $1 ORDER BY c.number LIMIT $3";

fn registration(row: &Row) -> Result<Registration> {
    Ok(Registration {
        id: ServiceId::new(row.text(0)?),
        kind: doc::word("registration", row.text(1)?)?,
        owner: row.text_or_none(2)?.map(PersonId::new),
        doc: row.text(3)?.to_owned(),
        created: row.instant(4)?,
        expires: row.int_or_none(5)?.map(Instant),
    })
}

fn bounded(registration: &Registration) -> Result<()> {
    if registration.doc.len() <= Registration::MOST {
        return Ok(());
    }
    Err(StoreError::Backend(format!("a registration has at most {} bytes", Registration::MOST)))
}

/// The values of a row, in the order of its columns.
fn whole(registration: &Registration) -> Vec<Arg> {
    args![
        registration.id.as_str(),
        registration.kind.as_str(),
        registration.owner.as_ref().map(PersonId::as_str),
        registration.doc.as_str(),
        registration.created,
        registration.expires
    ]
}

#[async_trait]
impl Registrations for Back {
    async fn add_registration(&self, registration: &Registration) -> Result<()> {
        bounded(registration)?;
        let added = self.change(ADD, whole(registration)).await?;
        if added.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn replace_registration(&self, registration: &Registration, expected: &str, now: Instant) -> Result<()> {
        bounded(registration)?;
        let values = args![registration.id.as_str(), registration.doc.as_str(), registration.expires, now, expected];
        let replaced = self.change(REPLACE, values).await?;
        if replaced.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn put_registration(&self, registration: &Registration) -> Result<()> {
        bounded(registration)?;
        self.change(PUT, whole(registration)).await.map(drop)
    }

    async fn remove_registration(&self, id: &ServiceId) -> Result<bool> {
        Ok(!self.change(REMOVE, args![id.as_str()]).await?.is_empty())
    }

    async fn registration(&self, id: &ServiceId, now: Instant) -> Result<Option<Registration>> {
        self.row(GET, args![id.as_str(), now]).await?.as_ref().map(registration).transpose()
    }

    async fn registrations(
        &self,
        kind: RegistrationKind,
        owner: Option<&PersonId>,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<Registration>> {
        let mut values = args![kind.as_str(), now, limit];
        let sql = match owner {
            None => OF_ALL,
            Some(owner) => {
                values.extend(args![owner.as_str()]);
                OF_OWNER
            }
        };
        self.rows(sql, values).await?.iter().map(registration).collect()
    }

    async fn openings_changed(&self, after: u64, now: Instant, limit: u32) -> Result<Vec<OpeningChange>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let change = |row: &Row| {
            let is = row.text_or_none(0)?.is_some().then(|| registration(row)).transpose()?;
            let number = u64::try_from(row.int(6)?).unwrap_or_default();
            Ok(OpeningChange { number, id: ServiceId::new(row.text(7)?), now: is })
        };
        self.many_rows(CHANGED, args![after, now, limit]).await?.iter().map(change).collect()
    }
}
