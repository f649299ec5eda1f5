//! Passwords that live here of people who come from a source, the codes by which they choose them, and the charte they accept.

use crate::back::{Back, Shape};
use crate::link::{Link, Row, Sql, args};
use crate::pairings::records_of;
use crate::people::stop_sessions;
use crate::{factors, kept, letters};
use async_trait::async_trait;
use preau_domain::{Activation, Credential, FactorKind, Instant, JoinKey, KeptKind, OneTimeKey, PersonId, SourceId};
use preau_store::{Activations, KeptBirth, Result, StoreError};
use std::collections::HashSet;

const OF_LOGIN: &str = "SELECT coalesce(person.account, person.id), credential.login, credential.hash, credential.since
    FROM credential JOIN person ON person.id = credential.person WHERE credential.login = $1";
/// The one of an account: that of its own record before those of its further ones.
const OF_ACCOUNT: &str =
    "SELECT coalesce(person.account, person.id), credential.login, credential.hash, credential.since,
        credential.person
    FROM person JOIN credential ON credential.person = person.id WHERE person.id = $1 OR person.account = $1
    ORDER BY person.account IS NOT NULL, person.id LIMIT 1";
const PUT: &str = "INSERT INTO activation (person, code, made, expires, made_by)
    SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM activation WHERE code = $2)
    ON CONFLICT (person) DO UPDATE SET code = excluded.code, made = excluded.made, expires = excluded.expires,
        made_by = excluded.made_by, tries = 0";
/// A code may be one of a record that became another account's since it was printed.
const OF_CODE: &str = "SELECT coalesce(person.account, person.id), code, made, expires, made_by
    FROM activation JOIN person ON person.id = activation.person WHERE code = $1 AND expires > $2";
const CODE_OF: &str = "SELECT coalesce(person.account, person.id), code, made, expires, made_by
    FROM person JOIN activation ON activation.person = person.id
    WHERE (person.id = $1 OR person.account = $1) AND expires > $2
    ORDER BY person.account IS NOT NULL, person.id LIMIT 1";
macro_rules! provided {
    ($people:literal) => {
        concat!(
            "SELECT one FROM ",
            $people,
            " WHERE EXISTS (SELECT 1 FROM person WHERE id = one AND password_hash IS NOT NULL)
                OR EXISTS (SELECT 1 FROM credential WHERE person = one)
                OR EXISTS (SELECT 1 FROM activation WHERE person = one AND expires > $2)
                OR EXISTS (SELECT 1 FROM person record LEFT JOIN credential ON credential.person = record.id
                    LEFT JOIN activation ON activation.person = record.id AND activation.expires > $2
                    WHERE record.account = one AND (credential.person IS NOT NULL OR activation.person IS NOT NULL))"
        )
    };
}
const PROVIDED: Sql = Sql::Each {
    sqlite: provided!("(SELECT value AS one FROM json_each($1)) people"),
    postgres: provided!("unnest($1::text[]) AS one"),
};
const TAKE_BACK: &str = "DELETE FROM activation
    WHERE person IN (SELECT id FROM person record WHERE record.id = $1 OR record.account = $1)";
const BIRTHS: &str = "SELECT source, join_key, birth FROM person
    WHERE (id = $1 OR account = $1) AND birth IS NOT NULL AND state IN ('active', 'precreated')
    ORDER BY source, join_key";
const COUNT_DATE: &str = "UPDATE activation SET tries = tries + 1 WHERE code = $1 AND expires > $2 RETURNING tries";
const RIGHT_DATE: &str = "UPDATE activation SET tries = 0 WHERE code = $1";
const WRONG_DATE: &str = "DELETE FROM activation WHERE code = $1 AND tries >= $2";
const TAKE: &str = "DELETE FROM activation WHERE code = $1 AND expires > $2 RETURNING person";
/// Nobody else gives that record a password or a code until the commit.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT coalesce(account, id) FROM person WHERE id = $1 AND state <> 'purged'",
    postgres: "SELECT coalesce(account, id) FROM person WHERE id = $1 AND state <> 'purged' FOR UPDATE",
};
const SET_LOCAL: &str = "UPDATE person SET password_hash = $2 WHERE id = $1 AND password_hash IS NOT NULL RETURNING id";
const REPLACE: &str = "UPDATE credential SET hash = $2, since = $3 WHERE person = $1";
/// A person has one password, whatever number of records they have.
const DROP_OTHERS: &str = "DELETE FROM credential WHERE person <> $2
    AND person IN (SELECT id FROM person record WHERE record.id = $1 OR record.account = $1)";
/// The login of an account that is kept here is nobody else's.
const ADD: &str = "INSERT INTO credential (person, login, hash, since)
    SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM person WHERE login = $2 AND source IS NULL)
    ON CONFLICT DO NOTHING";
const ACCEPT: &str =
    "INSERT INTO accepted (person, version, at) VALUES ($1, $2, $3) ON CONFLICT (person, version) DO NOTHING";
const ACCEPTED: &str = "SELECT at FROM accepted WHERE person = $1 AND version = $2";

const FORGET: [Sql; 3] = [
    Sql::Each {
        sqlite: "DELETE FROM activation WHERE person IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM activation WHERE person = ANY($1)",
    },
    Sql::Each {
        sqlite: "DELETE FROM credential WHERE person IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM credential WHERE person = ANY($1)",
    },
    Sql::Each {
        sqlite: "DELETE FROM accepted WHERE person IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM accepted WHERE person = ANY($1)",
    },
];

/// Forgets the passwords, codes and acceptances of these people, and what was written to them.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    for each in FORGET {
        link.changed(each, args![people.clone()]).await?;
    }
    letters::forget(link, people).await
}

/// Takes the codes of an account back, those of its further records too.
pub(crate) async fn take_back(link: &mut Link<'_>, account: &str) -> Result<()> {
    link.changed(TAKE_BACK, args![account]).await.map(drop)
}

/// Replaces the password of an account that was activated, since then or as before, and ends those its other records came with: each was a way in.
/// Says whether there was one.
async fn put_in_place(link: &mut Link<'_>, account: &str, hash: &str, since: Option<Instant>) -> Result<bool> {
    let Some(first) = link.row(OF_ACCOUNT, args![account]).await? else { return Ok(false) };
    let (record, since) = (first.text(4)?, since.map_or_else(|| first.instant(3), Ok)?);
    link.changed(REPLACE, args![record, hash, since]).await?;
    link.changed(DROP_OTHERS, args![account, record]).await?;
    Ok(true)
}

/// Replaces the hash of somebody who was activated.
pub(crate) async fn replace(link: &mut Link<'_>, account: &str, hash: &str) -> Result<()> {
    if put_in_place(link, account, hash, None).await? { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Gives whoever a code was for their password, in place of every one they had.
async fn give(link: &mut Link<'_>, record: &str, account: &str, login: String, hash: &str, now: Instant) -> Result<()> {
    if link.row(SET_LOCAL, args![record, hash]).await?.is_none()
        && !put_in_place(link, account, hash, Some(now)).await?
        && link.changed(ADD, args![record, login, hash, now]).await? == 0
    {
        return Err(StoreError::Conflict);
    }
    Ok(())
}

fn credential(row: &Row) -> Result<Credential> {
    Ok(Credential {
        person: PersonId::new(row.text(0)?),
        login: row.text(1)?.to_owned(),
        hash: row.text(2)?.to_owned(),
        since: row.instant(3)?,
    })
}

fn activation(row: &Row) -> Result<Activation> {
    Ok(Activation {
        person: PersonId::new(row.text(0)?),
        key: OneTimeKey::new(row.text(1)?),
        made: row.instant(2)?,
        expires: row.instant(3)?,
        by: row.text_or_none(4)?.map(PersonId::new),
    })
}

#[async_trait]
impl Activations for Back {
    async fn credential_of_login(&self, login: &str) -> Result<Option<Credential>> {
        self.row(OF_LOGIN, args![login]).await?.as_ref().map(credential).transpose()
    }

    async fn credential_of(&self, person: &PersonId) -> Result<Option<Credential>> {
        self.row(OF_ACCOUNT, args![person.as_str()]).await?.as_ref().map(credential).transpose()
    }

    async fn put_activations(&self, codes: &[Activation]) -> Result<()> {
        let mut codes = codes.to_vec();
        // In one order everywhere: two sheets of one class that are made at once do not wait for each other.
        codes.sort_by(|a, b| a.person.cmp(&b.person));
        let put = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                for one in codes {
                    let held = link.row(HOLD, args![one.person.as_str()]).await?.ok_or(StoreError::Conflict)?;
                    take_back(link, held.text(0)?).await?;
                    let by = one.by.as_ref().map(PersonId::as_str);
                    let values = args![one.person.as_str(), one.key.as_str(), one.made, one.expires, by];
                    if link.changed(PUT, values).await? == 0 {
                        return Err(StoreError::Conflict);
                    }
                }
                Ok(())
            })
        });
        put.await
    }

    async fn activation(&self, key: &OneTimeKey, now: Instant) -> Result<Option<Activation>> {
        self.row(OF_CODE, args![key.as_str(), now]).await?.as_ref().map(activation).transpose()
    }

    async fn activation_of(&self, person: &PersonId, now: Instant) -> Result<Option<Activation>> {
        self.row(CODE_OF, args![person.as_str(), now]).await?.as_ref().map(activation).transpose()
    }

    async fn provided(&self, people: &[PersonId], now: Instant) -> Result<HashSet<PersonId>> {
        let people: Vec<String> = people.iter().map(ToString::to_string).collect();
        let found = self.many_rows(PROVIDED, args![people, now]).await?;
        found.iter().map(|row| row.text(0).map(PersonId::new)).collect()
    }

    async fn take_activation_back(&self, person: &PersonId) -> Result<()> {
        self.changed(TAKE_BACK, args![person.as_str()]).await.map(drop)
    }

    async fn births_of(&self, person: &PersonId) -> Result<Vec<KeptBirth>> {
        let kept = |row: &Row| -> Result<KeptBirth> {
            let of = JoinKey { source: SourceId::new(row.text(0)?), key: row.text(1)?.to_owned() };
            Ok(KeptBirth { of, code: row.text(2)?.to_owned() })
        };
        self.rows(BIRTHS, args![person.as_str()]).await?.iter().map(kept).collect()
    }

    async fn begin_date(&self, key: &OneTimeKey, now: Instant) -> Result<Option<u32>> {
        let counted = self.change(COUNT_DATE, args![key.as_str(), now]).await?;
        counted.first().map(|row| Ok(u32::try_from(row.int(0)?).unwrap_or(u32::MAX))).transpose()
    }

    async fn end_date(&self, key: &OneTimeKey, right: bool, most: u32) -> Result<bool> {
        if right {
            return self.changed(RIGHT_DATE, args![key.as_str()]).await.map(|_| false);
        }
        Ok(self.changed(WRONG_DATE, args![key.as_str(), most]).await? > 0)
    }

    async fn activate(&self, key: &OneTimeKey, login: &str, hash: &str, now: Instant) -> Result<Option<PersonId>> {
        let (key, login, hash) = (key.as_str().to_owned(), login.to_owned(), hash.to_owned());
        let activated = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                // The account before its codes: two codes of one account come one after the other.
                let Some(found) = link.row(OF_CODE, args![key.as_str(), now]).await? else { return Ok(None) };
                let account = found.text(0)?.to_owned();
                if link.row(HOLD, args![account.as_str()]).await?.is_none() {
                    return Ok(None);
                }
                let Some(taken) = link.row(TAKE, args![key, now]).await? else { return Ok(None) };
                let person = taken.text(0)?.to_owned();
                give(link, &person, &account, login, &hash, now).await?;
                take_back(link, &account).await?;
                let records = records_of(link, &account).await?;
                factors::forget(link, records.clone()).await?;
                let sessions = stop_sessions(link, records).await?;
                Ok(Some((PersonId::new(account), sessions)))
            })
        });
        Ok(activated.await?.map(|(account, sessions)| {
            self.forget_tickets(&sessions);
            account
        }))
    }

    async fn reset_password(&self, key: &OneTimeKey, person: &PersonId, hash: &str, now: Instant) -> Result<bool> {
        let (key, account, hash) = (key.as_str().to_owned(), person.as_str().to_owned(), hash.to_owned());
        let reset = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                // The account before its codes, as above.
                if link.row(HOLD, args![account.as_str()]).await?.is_none()
                    || !kept::take(link, &key, KeptKind::PasswordReset, now).await?
                {
                    return Ok(None);
                }
                if link.row(SET_LOCAL, args![account.as_str(), hash.as_str()]).await?.is_none()
                    && !put_in_place(link, &account, &hash, None).await?
                {
                    return Ok(None);
                }
                take_back(link, &account).await?;
                let records = records_of(link, &account).await?;
                factors::forget_kind(link, records.clone(), FactorKind::RememberedDevice).await?;
                stop_sessions(link, records).await.map(Some)
            })
        });
        let Some(stopped) = reset.await? else { return Ok(false) };
        self.forget_tickets(&stopped);
        Ok(true)
    }

    async fn accept_charte(&self, person: &PersonId, version: &str, at: Instant) -> Result<()> {
        self.changed(ACCEPT, args![person.as_str(), version, at]).await.map(drop)
    }

    async fn charte_accepted(&self, person: &PersonId, version: &str) -> Result<Option<Instant>> {
        self.row(ACCEPTED, args![person.as_str(), version]).await?.map(|row| row.instant(0)).transpose()
    }
}
