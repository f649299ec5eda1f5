//! What people prove themselves with besides a password.

use crate::back::{Back, Shape};
use crate::doc;
use crate::kept;
use crate::link::{Arg, Link, Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Factor, FactorId, FactorKind, Instant, KeptThing, PersonId};
use preau_store::{BoundTo, FactorUse, Factors, Result, StoreError};

const ADD: &str = "INSERT INTO factor (id, person, kind, name, doc, counter, added, used)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM factor WHERE person = $2 AND kind = $3) < $9
    ON CONFLICT (id) DO NOTHING";
const GET: &str = "SELECT id, person, kind, name, doc, counter, added, used FROM factor WHERE id = $1";
const OF: &str = "SELECT id, person, kind, name, doc, counter, added, used FROM factor WHERE person = $1
    ORDER BY added, id LIMIT 100";
const USE: &str = "UPDATE factor SET counter = $3, doc = $4, used = $5 WHERE id = $1 AND counter = $2";
const RENAME: &str = "UPDATE factor SET name = $3 WHERE id = $2 AND person = $1";
const REMOVE: &str = "DELETE FROM factor WHERE id = $2 AND person = $1";
const LASTING: &str =
    "SELECT 1 FROM factor WHERE person = $1 AND id <> $2 AND kind IN ('passkey', 'one-time-code') LIMIT 1";
/// Nobody else adds, replaces or removes one of theirs until the commit: two that are removed at once would each find the other, and two
/// sheets that are made at once would not see each other's codes.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT id FROM person WHERE id = $1",
    postgres: "SELECT id FROM person WHERE id = $1 FOR UPDATE",
};
const CLEAR: &str = "DELETE FROM factor WHERE person = $1 AND kind = $2";
const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM factor WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM factor WHERE person = ANY($1)",
};
const FORGET_KIND: Sql = Sql::Each {
    sqlite: "DELETE FROM factor WHERE person IN (SELECT value FROM json_each($1)) AND kind = $2",
    postgres: "DELETE FROM factor WHERE person = ANY($1) AND kind = $2",
};

macro_rules! by_domain {
    ($domain:literal) => {
        concat!(
            "SELECT domain, COUNT(*), COUNT(DISTINCT person) FROM (SELECT person, ",
            $domain,
            " AS domain FROM factor WHERE kind = 'passkey') found GROUP BY domain
            ORDER BY 2 DESC, coalesce(domain, '') LIMIT 100"
        )
    };
}
const BY_DOMAIN: Sql = Sql::Each {
    sqlite: by_domain!("CASE WHEN json_valid(doc) THEN doc ->> '$.domain' END"),
    postgres: by_domain!("CASE WHEN left(doc, 1) = '{' THEN doc::json ->> 'domain' END"),
};

/// Forgets what these people prove themselves with, of one kind.
pub(crate) async fn forget_kind(link: &mut Link<'_>, people: Vec<String>, kind: FactorKind) -> Result<()> {
    link.changed(FORGET_KIND, args![people, kind.as_str()]).await.map(drop)
}

/// Forgets what these people prove themselves with.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    link.changed(FORGET, args![people]).await.map(drop)
}

fn factor(row: &Row) -> Result<Factor> {
    Ok(Factor {
        id: FactorId::new(row.text(0)?),
        person: PersonId::new(row.text(1)?),
        kind: doc::word("factor", row.text(2)?)?,
        name: row.text(3)?.to_owned(),
        doc: row.text(4)?.to_owned(),
        counter: row.int(5)?,
        added: row.instant(6)?,
        used: row.int_or_none(7)?.map(Instant),
    })
}

/// Notes that a factor proved its person, in answer to a question that is spent by it; says whether both could be.
pub(crate) async fn answered(link: &mut Link<'_>, used: &FactorUse, answers: KeptThing) -> Result<bool> {
    Ok(kept::keep(link, answers, used.at).await? && link.changed(USE, values(used)).await? > 0)
}

/// What [`USE`] is given.
fn values(used: &FactorUse) -> Vec<Arg> {
    args![used.id.as_str(), used.was, used.counter, used.doc.as_str(), used.at]
}

async fn add(link: &mut Link<'_>, factor: Factor) -> Result<()> {
    if factor.doc.len() > Factor::MAX_DOC || factor.name.chars().count() > Factor::MAX_NAME {
        return Err(StoreError::Backend("a factor is longer than one may be".into()));
    }
    let most = Factor::MOST as i64;
    let values = args![
        factor.id.as_str(),
        factor.person.as_str(),
        factor.kind.as_str(),
        factor.name,
        factor.doc,
        factor.counter,
        factor.added,
        factor.used,
        most
    ];
    let added = link.changed(ADD, values).await?;
    if added == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

#[async_trait]
impl Factors for Back {
    async fn add_factor(&self, factor: &Factor) -> Result<()> {
        let factor = factor.clone();
        let added = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.rows(HOLD, args![factor.person.as_str()]).await?;
                add(link, factor).await
            })
        });
        added.await
    }

    async fn factor(&self, id: &FactorId) -> Result<Option<Factor>> {
        self.row(GET, args![id.as_str()]).await?.as_ref().map(factor).transpose()
    }

    async fn factors_of(&self, person: &PersonId) -> Result<Vec<Factor>> {
        self.rows(OF, args![person.as_str()]).await?.iter().map(factor).collect()
    }

    async fn use_factor(&self, used: &FactorUse) -> Result<()> {
        let noted = self.changed(USE, values(used)).await?;
        if noted == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn answer_by_factor(&self, used: &FactorUse, answers: &KeptThing) -> Result<()> {
        let (used, answers) = (used.clone(), answers.clone());
        let noted = self.write(Shape::Several, move |link| {
            Box::pin(
                async move { if answered(link, &used, answers).await? { Ok(()) } else { Err(StoreError::Conflict) } },
            )
        });
        noted.await
    }

    async fn rename_factor(&self, person: &PersonId, id: &FactorId, name: &str) -> Result<()> {
        let renamed = self.changed(RENAME, args![person.as_str(), id.as_str(), name]).await?;
        if renamed == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn remove_factor(&self, person: &PersonId, id: &FactorId, another: bool) -> Result<()> {
        let values = args![person.as_str(), id.as_str()];
        let person = person.as_str().to_owned();
        let removed = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.rows(HOLD, args![person]).await?;
                if another && link.rows(LASTING, values.clone()).await?.is_empty() {
                    return Err(StoreError::Conflict);
                }
                link.changed(REMOVE, values).await
            })
        });
        if removed.await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn passkeys_by_domain(&self) -> Result<Vec<BoundTo>> {
        let count = |row: &Row, column| row.int(column).map(|count| u64::try_from(count).unwrap_or_default());
        let bound = |row: &Row| {
            let domain = row.text_or_none(0)?.map(str::to_owned);
            Ok(BoundTo { domain, passkeys: count(row, 1)?, people: count(row, 2)? })
        };
        self.rows(BY_DOMAIN, args![]).await?.iter().map(bound).collect()
    }

    async fn forget_factors(&self, person: &PersonId) -> Result<u64> {
        let person = person.as_str().to_owned();
        let forgotten = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.rows(HOLD, args![person.as_str()]).await?;
                link.changed(FORGET, args![vec![person]]).await
            })
        });
        forgotten.await
    }

    async fn replace_factors(&self, person: &PersonId, kind: FactorKind, with: &[Factor]) -> Result<u64> {
        let (values, person) = (args![person.as_str(), kind.as_str()], person.as_str().to_owned());
        let with: Vec<Factor> = with.to_vec();
        let replaced = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                link.rows(HOLD, args![person]).await?;
                let before = link.changed(CLEAR, values).await?;
                for factor in with {
                    add(link, factor).await?;
                }
                Ok(before)
            })
        });
        replaced.await
    }
}
