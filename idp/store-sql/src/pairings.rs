//! Which records are one account. What a person is of several records is read in `people`; here is who belongs to whom.

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Arg, Link, Row, Sql, args};
use crate::people::{person, stop_sessions};
use async_trait::async_trait;
use preau_domain::{Instant, Person, PersonId, SessionId, SourceId};
use preau_store::{Alike, Common, Held, Pair, Pairable, Pairings, Result, SaidBy, StoreError};
use std::collections::{BTreeMap, BTreeSet};

const BY_NAME: Sql = Sql::Each {
    sqlite: "SELECT id, source, join_key, state, doc, coalesce(account, id) FROM person
        WHERE id IN (SELECT value FROM json_each($1)) AND state <> 'purged' ORDER BY id",
    postgres: "SELECT id, source, join_key, state, doc, coalesce(account, id) FROM person
        WHERE id = ANY($1) AND state <> 'purged' ORDER BY id",
};
/// The rows of accounts that may be paired, in one order everywhere: two who pair the same ones wait for each other. SQLite has one writer.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT id FROM person WHERE id IN (SELECT value FROM json_each($1))
        AND state <> 'purged' AND source IS NOT NULL AND account IS NULL",
    postgres: "SELECT id FROM person WHERE id = ANY($1)
        AND state <> 'purged' AND source IS NOT NULL AND account IS NULL ORDER BY id FOR UPDATE",
};
/// The same for the run of a source: rows that another writer has in hand are passed over, for that one takes rows in an order of its own and each
/// would wait for the other. They are the next run's.
const HOLD_FREE: Sql = Sql::Each {
    sqlite: "SELECT id FROM person WHERE id IN (SELECT value FROM json_each($1))
        AND state <> 'purged' AND source IS NOT NULL AND account IS NULL",
    postgres: "SELECT id FROM person WHERE id = ANY($1)
        AND state <> 'purged' AND source IS NOT NULL AND account IS NULL ORDER BY id FOR UPDATE SKIP LOCKED",
};
const ADD: &str = "UPDATE person SET account = $1 WHERE id = $2 AND account IS NULL
        AND EXISTS (SELECT 1 FROM person kept WHERE kept.id = $1 AND kept.account IS NULL)
        AND NOT EXISTS (SELECT 1 FROM person further WHERE further.account = $2)
        AND NOT EXISTS (SELECT 1 FROM person kept
            WHERE (kept.id = $1 OR kept.account = $1) AND kept.source = person.source)";
const SAY: &str = "INSERT INTO pairing (one, other, said, who, at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (one, other) DO UPDATE SET said = excluded.said, who = excluded.who, at = excluded.at";
const RECORDS: &str = "SELECT id FROM person WHERE id = $1 OR account = $1";
/// Whether somebody said that the second is not a person whom a record of the first is.
const APART: &str = "SELECT 1 FROM pairing WHERE said = 'apart'
        AND one = $2 AND other IN (SELECT id FROM person WHERE id = $1 OR account = $1)
    UNION ALL SELECT 1 FROM pairing WHERE said = 'apart'
        AND other = $2 AND one IN (SELECT id FROM person WHERE id = $1 OR account = $1)";
/// The same of all who are named, two by two: SQLite is kept to this order.
macro_rules! all_apart {
    ($is_named:literal, $join:literal) => {
        concat!(
            "WITH named AS (SELECT id, id AS account FROM person WHERE id ",
            $is_named,
            " UNION ALL SELECT id, account FROM person WHERE account ",
            $is_named,
            ") SELECT a.account, b.account FROM named a ",
            $join,
            " pairing ON pairing.one = a.id AND pairing.said = 'apart' ",
            $join,
            " named b ON b.id = pairing.other"
        )
    };
}
const ALL_APART: Sql = Sql::Each {
    sqlite: all_apart!("IN (SELECT value FROM json_each($1))", "CROSS JOIN"),
    postgres: all_apart!("= ANY($1)", "JOIN"),
};
/// The sources of the records of these accounts.
const SOURCES: Sql = Sql::Each {
    sqlite: "SELECT id, source FROM person
            WHERE id IN (SELECT value FROM json_each($1)) AND source IS NOT NULL AND state <> 'purged'
        UNION ALL SELECT account, source FROM person
            WHERE account IN (SELECT value FROM json_each($1)) AND source IS NOT NULL",
    postgres: "SELECT id, source FROM person WHERE id = ANY($1) AND source IS NOT NULL AND state <> 'purged'
        UNION ALL SELECT account, source FROM person WHERE account = ANY($1) AND source IS NOT NULL",
};
const ACCOUNT: Sql = Sql::Each {
    sqlite: "SELECT account FROM person WHERE id = $1 AND account IS NOT NULL",
    postgres: "SELECT account FROM person WHERE id = $1 AND account IS NOT NULL FOR UPDATE",
};
/// Who somebody was found to be elsewhere since the two were one account: it may be who the record alone is.
const UNLINK_SINCE: &str = "DELETE FROM link WHERE person = $1 AND at >= (SELECT min(at) FROM pairing
    WHERE said = 'joined' AND ((one = $1 AND other = $2) OR (one = $2 AND other = $1)))";
const TAKE: &str = "UPDATE person SET account = NULL WHERE id = $1";
const PAIRS: &str = "SELECT person.account, person.id, pairing.who, pairing.at FROM person JOIN pairing
        ON (pairing.one = person.id AND pairing.other = person.account)
            OR (pairing.other = person.id AND pairing.one = person.account)
    WHERE person.account IS NOT NULL AND person.id > $1 ORDER BY person.id LIMIT $2";

macro_rules! alike {
    ($from:literal, $keys:literal $(, $limit:literal)?) => {
        concat!(
            "SELECT DISTINCT a.id, b.id FROM ",
            $from,
            " WHERE a.source = $1 AND a.join_key ",
            $keys,
            " AND a.state IN ('active', 'precreated') AND b.source = $3 AND b.state IN ('active', 'precreated')
                AND coalesce(a.account, a.id) <> coalesce(b.account, b.id)
                AND NOT EXISTS (SELECT 1 FROM pairing WHERE said = 'apart'
                    AND ((one = a.id AND other = b.id) OR (one = b.id AND other = a.id)))
            ORDER BY 1, 2"
            $(, $limit)?
        )
    };
}
const OF_ONE_KEY: Sql = Sql::Each {
    sqlite: alike!("person a JOIN person b ON b.join_key = $4 || a.join_key", "IN (SELECT value FROM json_each($2))"),
    postgres: alike!("person a JOIN person b ON b.join_key = $4 || a.join_key", "= ANY($2)"),
};
const OF_ONE_MAIL: Sql = Sql::Each {
    sqlite: alike!("person a JOIN person b ON b.mail = a.mail", "IN (SELECT value FROM json_each($2))", " LIMIT $4"),
    postgres: alike!("person a JOIN person b ON b.mail = a.mail", "= ANY($2)", " LIMIT $4"),
};
const OF_ONE_NUMBER: Sql = Sql::Each {
    sqlite: alike!(
        "person a JOIN enrolled here ON here.person = a.id AND here.number <> ''
            JOIN enrolled there ON there.establishment = here.establishment AND there.number = here.number
            JOIN person b ON b.id = there.person",
        "IN (SELECT value FROM json_each($2))",
        " LIMIT $4"
    ),
    postgres: alike!(
        "person a JOIN enrolled here ON here.person = a.id AND here.number <> ''
            JOIN enrolled there ON there.establishment = here.establishment AND there.number = here.number
            JOIN person b ON b.id = there.person",
        "= ANY($2)",
        " LIMIT $4"
    ),
};

/// Most keys of one question.
const MOST: usize = 1000;

fn bounded(count: usize) -> Result<()> {
    if count > MOST { Err(StoreError::Backend(format!("at most {MOST} at once, not {count}"))) } else { Ok(()) }
}

fn held(row: &Row) -> Result<Held> {
    Ok(Held { person: person(row)?, account: PersonId::new(row.text(5)?) })
}

/// Two names in the order in which the table has them.
fn ordered(one: &str, other: &str) -> [String; 2] {
    let mut pair = [one.to_owned(), other.to_owned()];
    pair.sort();
    pair
}

/// The records of an account, by their names.
pub(crate) async fn records_of(link: &mut Link<'_>, account: &str) -> Result<Vec<String>> {
    link.rows(RECORDS, args![account]).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Notes what was said of two.
async fn say(link: &mut Link<'_>, [one, other]: [String; 2], said: &str, who: SaidBy, at: Instant) -> Result<()> {
    let who = match who {
        SaidBy::Key => "key",
        SaidBy::Hand => "hand",
    };
    link.changed(SAY, args![one, other, said, who, at]).await.map(drop)
}

/// Which of these names are accounts that may be paired; nobody else pairs them meanwhile.
async fn hold(link: &mut Link<'_>, names: Vec<String>, who: SaidBy) -> Result<BTreeSet<String>> {
    let hold = match who {
        SaidBy::Key => HOLD_FREE,
        SaidBy::Hand => HOLD,
    };
    link.rows(hold, args![names]).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Whether somebody said that two accounts are not one person. Whoever would say it now waits.
pub(crate) async fn said_apart(link: &mut Link<'_>, one: &str, other: &str) -> Result<bool> {
    hold(link, ordered(one, other).to_vec(), SaidBy::Hand).await?;
    Ok(!link.rows(APART, args![one, other]).await?.is_empty())
}

pub(crate) async fn pair(
    link: &mut Link<'_>,
    pairs: Vec<(String, String)>,
    who: SaidBy,
    now: Instant,
) -> Result<(Vec<bool>, Vec<SessionId>)> {
    let names = pairs.iter().flat_map(|(kept, added)| [kept.clone(), added.clone()]).collect();
    let free = hold(link, names, who).await?;
    let (mut done, mut signed_out) = (Vec::with_capacity(pairs.len()), Vec::new());
    for (kept, added) in pairs {
        let mut may = free.contains(&kept) && free.contains(&added);
        let names = ordered(&kept, &added);
        if may && who == SaidBy::Key {
            may = link.rows(APART, args![kept.clone(), added.clone()]).await?.is_empty();
        }
        // Of what was held, some may have been paired by now: the statement looks again.
        let joined = may && link.changed(ADD, args![kept, added.clone()]).await? > 0;
        if joined {
            say(link, names, "joined", who, now).await?;
            signed_out.push(added);
        }
        done.push(joined);
    }
    signed_out.sort();
    Ok((done, stop_sessions(link, signed_out).await?))
}

async fn part(link: &mut Link<'_>, record: String, now: Instant) -> Result<Option<(PersonId, Vec<SessionId>)>> {
    let rows = link.rows(ACCOUNT, args![record.clone()]).await?;
    let Some(account) = rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()? else { return Ok(None) };
    link.changed(TAKE, args![record.clone()]).await?;
    link.changed(UNLINK_SINCE, args![account.clone(), record.clone()]).await?;
    say(link, ordered(&account, &record), "apart", SaidBy::Hand, now).await?;
    let sessions = stop_sessions(link, vec![account.clone()]).await?;
    Ok(Some((PersonId::new(account), sessions)))
}

#[async_trait]
impl Pairings for Back {
    async fn records_of(&self, account: &PersonId) -> Result<Vec<Person>> {
        Ok(self.records(account.as_str()).await?.0)
    }

    async fn records_named(&self, names: &[PersonId]) -> Result<Vec<Held>> {
        bounded(names.len())?;
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        self.many_rows(BY_NAME, args![names]).await?.iter().map(held).collect()
    }

    async fn pair(&self, pairs: &[(PersonId, PersonId)], who: SaidBy, now: Instant) -> Result<Vec<bool>> {
        bounded(pairs.len())?;
        let pairs: Vec<_> = pairs.iter().map(|(kept, added)| (kept.to_string(), added.to_string())).collect();
        let written =
            self.write(Shape::Several, move |link| Box::pin(async move { pair(link, pairs, who, now).await }));
        let (done, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(done)
    }

    async fn part(&self, record: &PersonId, now: Instant) -> Result<Option<PersonId>> {
        let record = record.as_str().to_owned();
        let written = self.write(Shape::Several, move |link| Box::pin(async move { part(link, record, now).await }));
        let Some((account, sessions)) = written.await? else { return Ok(None) };
        self.forget_tickets(&sessions);
        Ok(Some(account))
    }

    async fn keep_apart(&self, one: &PersonId, other: &PersonId, now: Instant) -> Result<()> {
        let names = ordered(one.as_str(), other.as_str());
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                if hold(link, names.to_vec(), SaidBy::Hand).await?.len() != 2 {
                    return Err(StoreError::Conflict);
                }
                let [one, other] = &names;
                let others = records_of(link, other.as_str()).await?;
                // Of each record: whose account it is may be undone, and what was said of the person is true all the same.
                for one in records_of(link, one.as_str()).await? {
                    for other in &others {
                        say(link, ordered(&one, other), "apart", SaidBy::Hand, now).await?;
                    }
                }
                Ok(())
            })
        });
        written.await
    }

    async fn may_be_paired(&self, pairs: &[(PersonId, PersonId)]) -> Result<Vec<Pairable>> {
        bounded(pairs.len())?;
        let names: BTreeSet<&str> = pairs.iter().flat_map(|(one, other)| [one.as_str(), other.as_str()]).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let (mut apart, mut sources) = (BTreeSet::new(), BTreeMap::new());
        for row in self.many_rows(ALL_APART, args![names.clone()]).await? {
            apart.insert(ordered(row.text(0)?, row.text(1)?));
        }
        for row in self.many_rows(SOURCES, args![names]).await? {
            let of: &mut BTreeSet<String> = sources.entry(row.text(0)?.to_owned()).or_default();
            of.insert(row.text(1)?.to_owned());
        }
        let may = |(one, other): &(PersonId, PersonId)| match (sources.get(one.as_str()), sources.get(other.as_str())) {
            (Some(_), Some(_)) if apart.contains(&ordered(one.as_str(), other.as_str())) => Pairable::Apart,
            (Some(of_one), Some(of_other)) if !of_one.is_disjoint(of_other) => Pairable::OfOneSource,
            (Some(_), Some(_)) => Pairable::Yes,
            _ => Pairable::No,
        };
        Ok(pairs.iter().map(may).collect())
    }

    async fn pairs(&self, after: &PersonId, limit: u32) -> Result<Vec<Pair>> {
        let rows = self.many_rows(PAIRS, args![after.as_str(), limit]).await?;
        let pair = |row: &Row| {
            Ok(Pair {
                account: PersonId::new(row.text(0)?),
                record: PersonId::new(row.text(1)?),
                who: doc::word("pairing", row.text(2)?)?,
                at: row.instant(3)?,
            })
        };
        rows.iter().map(pair).collect()
    }

    async fn alike(&self, source: &SourceId, keys: &[String], other: &SourceId, limit: u32) -> Result<Vec<Alike>> {
        bounded(keys.len())?;
        let mut found = Vec::new();
        for (sql, common) in [(OF_ONE_MAIL, Common::Mail), (OF_ONE_NUMBER, Common::Enrolment)] {
            let values: Vec<Arg> = args![source.as_str(), keys.to_vec(), other.as_str(), limit];
            for row in self.many_rows(sql, values).await? {
                found.push(Alike { one: PersonId::new(row.text(0)?), other: PersonId::new(row.text(1)?), common });
            }
        }
        found.sort();
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn of_one_key(
        &self,
        source: &SourceId,
        keys: &[String],
        other: &SourceId,
        prefix: &str,
    ) -> Result<Vec<(PersonId, PersonId)>> {
        bounded(keys.len())?;
        let values = args![source.as_str(), keys.to_vec(), other.as_str(), prefix];
        let rows = self.many_rows(OF_ONE_KEY, values).await?;
        rows.iter().map(|row| Ok((PersonId::new(row.text(0)?), PersonId::new(row.text(1)?)))).collect()
    }
}
