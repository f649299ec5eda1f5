//! Establishments, read one by one. They are written by `provisioning`.

use crate::back::Back;
use crate::doc;
use crate::link::{Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Establishment, Uai};
use preau_store::{Establishments, Result};

const ONE: &str = "SELECT doc FROM establishment WHERE uai = $1";
const SOME: Sql = Sql::Each {
    sqlite: "SELECT doc FROM establishment WHERE uai IN (SELECT value FROM json_each($1)) ORDER BY uai LIMIT 100",
    postgres: "SELECT doc FROM establishment WHERE uai = ANY($1) ORDER BY uai LIMIT 100",
};

fn establishment(row: &Row) -> Result<Establishment> {
    doc::read("establishment", row.text(0)?)
}

#[async_trait]
impl Establishments for Back {
    async fn establishment(&self, uai: &Uai) -> Result<Option<Establishment>> {
        self.row(ONE, args![uai.as_str()]).await?.as_ref().map(establishment).transpose()
    }

    async fn establishments(&self, uais: &[Uai]) -> Result<Vec<Establishment>> {
        // Most people have one. To SQLite a list is a table of its own, which costs three times as much.
        if let [uai] = uais {
            return Ok(self.establishment(uai).await?.into_iter().collect());
        }
        let uais: Vec<String> = uais.iter().take(100).map(|uai| uai.as_str().to_owned()).collect();
        self.rows(SOME, args![uais]).await?.iter().map(establishment).collect()
    }
}
