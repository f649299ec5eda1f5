//! The keys the house signs with.

use crate::back::Back;
use crate::link::{Row, args};
use async_trait::async_trait;
use preau_domain::StoredKey;
use preau_store::{Result, SigningKeys, StoreError};

const ALL: &str = "SELECT kid, alg, sealed, public, created, use_from, retire_at, remove_at FROM signing_key
    ORDER BY use_from, kid";
const ADD: &str = "INSERT INTO signing_key (kid, alg, sealed, public, created, use_from, retire_at, remove_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING kid";
const REMOVE: &str = "DELETE FROM signing_key WHERE kid = $1 RETURNING kid";

fn key(row: &Row) -> Result<StoredKey> {
    Ok(StoredKey {
        kid: row.text(0)?.to_owned(),
        alg: row.text(1)?.to_owned(),
        sealed: row.text(2)?.to_owned(),
        public: row.text(3)?.to_owned(),
        created: row.instant(4)?,
        use_from: row.instant(5)?,
        retire_at: row.instant(6)?,
        remove_at: row.instant(7)?,
    })
}

#[async_trait]
impl SigningKeys for Back {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>> {
        self.rows(ALL, Vec::new()).await?.iter().map(key).collect()
    }

    async fn add_signing_key(&self, key: &StoredKey) -> Result<()> {
        let values = args![
            key.kid.as_str(),
            key.alg.as_str(),
            key.sealed.as_str(),
            key.public.as_str(),
            key.created,
            key.use_from,
            key.retire_at,
            key.remove_at
        ];
        let added = self.change(ADD, values).await?;
        if added.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn remove_signing_key(&self, kid: &str) -> Result<bool> {
        Ok(!self.change(REMOVE, args![kid]).await?.is_empty())
    }
}
