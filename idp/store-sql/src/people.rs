//! Accounts, one by one.
//!
//! The columns `id`, `source`, `join_key` and `state` are the truth; the same facts inside the JSON of the row are
//! overwritten on every read, so that a person who comes back under another proposed id keeps the first one.

use crate::back::{Back, Shape};
use crate::link::{Arg, Link, Row, Sql, args};
use crate::{activations, doc, enrolments};
use async_trait::async_trait;
use preau_domain::{
    AccountState, Instant, JoinKey, Person, PersonId, Profile, SessionId, SourceId, Uai, normalised_mail,
};
use preau_store::{Caller, Ousted, People, Result, StoreError};
use std::collections::BTreeSet;

/// Rows of people as [`Back::accounts`] reads them. A person stopped by hand reads as suspended, whatever the source says.
macro_rules! records {
    ($rest:literal) => {
        records!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT id, source, join_key, CASE WHEN stopped IS NULL THEN state ELSE 'suspended' END, doc, account,
                CASE WHEN stopped IS NOT NULL THEN 'stopped' END,
                CASE WHEN EXISTS (SELECT 1 FROM person further WHERE further.account = person.id) THEN 'several' END",
            $more,
            " FROM person ",
            $rest
        )
    };
}
pub(crate) use records;

const BY_ID: &str = records!("WHERE id = $1 AND state <> 'purged' AND account IS NULL");
/// With what its person has to have accepted, and whether anybody inspects.
const CALLER: &str = records!(
    ", CASE WHEN EXISTS (SELECT 1 FROM accepted WHERE accepted.person = person.id AND version = $2) THEN 'accepted' END,
    CASE WHEN EXISTS (SELECT 1 FROM inspection WHERE teacher = person.id AND ends > $3)
        OR EXISTS (SELECT 1 FROM inspection WHERE inspector = person.id AND ends > $3) THEN 'inspections' END",
    "WHERE id = $1 AND state <> 'purged' AND account IS NULL"
);
const NAMED: Sql = Sql::Each {
    sqlite: records!(
        "WHERE id IN (SELECT value FROM json_each($1)) AND state <> 'purged' AND account IS NULL ORDER BY id"
    ),
    postgres: records!("WHERE id = ANY($1) AND state <> 'purged' AND account IS NULL ORDER BY id"),
};
const BY_JOIN: &str = records!("WHERE source = $1 AND join_key = $2");
const BY_LOGIN: &str = records!("WHERE login = $1 AND id > $2 ORDER BY id LIMIT $3");
const OF_LOGIN: &str = records!("WHERE login = $2 AND source = $1 AND id > $3 ORDER BY id LIMIT $4");
const BY_MAIL: &str = records!("WHERE source = $1 AND mail = $2 AND id > $3 ORDER BY id LIMIT $4");
const LOCAL_BY_MAIL: &str = records!("WHERE source IS NULL AND mail = $1 AND id > $2 ORDER BY id LIMIT $3");
/// All records of an account, its own first.
const OF_ACCOUNT: &str = "SELECT id, source, join_key, state, doc, account,
        CASE WHEN stopped IS NOT NULL THEN 'stopped' END
    FROM person WHERE (id = $1 AND account IS NULL AND state <> 'purged') OR account = $1
    ORDER BY account IS NOT NULL, id";
const AFTER: &str = records!("WHERE id > $1 AND state <> 'purged' AND account IS NULL ORDER BY id LIMIT $2");
const COUNT: &str = "SELECT COUNT(*) FROM person WHERE state <> 'purged' AND account IS NULL";
const ADD_LOCAL: &str = "INSERT INTO person (id, login, state, establishments, password_hash, doc, mail)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id";
const UPDATE: &str =
    "UPDATE person SET login = $2, state = $3, establishments = $4, doc = $5, mail = $6, written = NULL, ended = NULL
        WHERE id = $1 AND account IS NULL AND state <> 'purged' RETURNING id";
const STOP: &str = "UPDATE person SET stopped = $2
    WHERE id = $1 AND account IS NULL AND state <> 'purged' RETURNING id";
/// The accounts of records that are not active any more, none of whose records is.
const OVER: Sql = Sql::Each {
    sqlite: "SELECT DISTINCT coalesce(p.account, p.id) FROM person p WHERE p.id IN (SELECT value FROM json_each($1))
        AND NOT EXISTS (SELECT 1 FROM person own
            WHERE own.id = coalesce(p.account, p.id) AND own.state IN ('active', 'precreated'))
        AND NOT EXISTS (SELECT 1 FROM person further
            WHERE further.account = coalesce(p.account, p.id) AND further.state IN ('active', 'precreated'))
        ORDER BY 1",
    postgres: "SELECT DISTINCT coalesce(p.account, p.id) FROM person p WHERE p.id = ANY($1)
        AND NOT EXISTS (SELECT 1 FROM person own
            WHERE own.id = coalesce(p.account, p.id) AND own.state IN ('active', 'precreated'))
        AND NOT EXISTS (SELECT 1 FROM person further
            WHERE further.account = coalesce(p.account, p.id) AND further.state IN ('active', 'precreated'))
        ORDER BY 1",
};
const START: &str = "UPDATE person SET stopped = NULL
    WHERE (id = $1 OR account = $1) AND state <> 'purged' RETURNING id";
const WHY_STOPPED: &str = "SELECT stopped FROM person
    WHERE (id = $1 OR account = $1) AND stopped IS NOT NULL ORDER BY account IS NOT NULL, id LIMIT 1";
/// What an account was activated with may stand beside a further record of it.
const HASH: &str = "SELECT coalesce(person.password_hash, credential.hash, (SELECT further.hash FROM person record
        JOIN credential further ON further.person = record.id WHERE record.account = person.id ORDER BY record.id LIMIT 1))
    FROM person LEFT JOIN credential ON credential.person = person.id WHERE person.id = $1";
const SET_HASH: &str = "UPDATE person SET password_hash = $2 WHERE id = $1 AND password_hash IS NOT NULL RETURNING id";

/// Ends every session of the people of a list, in one order everywhere so that two such statements cannot block each
/// other.
pub(crate) const DROP_TICKETS: Sql = Sql::Each {
    sqlite: "DELETE FROM ticket WHERE session IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM ticket WHERE session = ANY($1)",
};
/// What the house gave on their behalf, in sessions and outside of them.
pub(crate) const DROP_TOKENS: Sql = Sql::Each {
    sqlite: "DELETE FROM token_family WHERE (session IS NULL AND person IN (SELECT value FROM json_each($1)))
        OR session IN (SELECT id FROM session WHERE person IN (SELECT value FROM json_each($1)))",
    postgres: "DELETE FROM token_family WHERE id IN
        (SELECT id FROM token_family WHERE person = ANY($1) ORDER BY id FOR UPDATE)",
};
/// A session that is stopped expires at once; whoever ends it for good tells its services.
pub(crate) const STOP_SESSIONS: Sql = Sql::Each {
    sqlite: "UPDATE session SET expires = 0 WHERE person IN (SELECT value FROM json_each($1)) RETURNING id",
    postgres: "UPDATE session SET expires = 0 WHERE id IN
        (SELECT id FROM session WHERE person = ANY($1) ORDER BY id FOR UPDATE) RETURNING id",
};

/// The record a row of `id, source, join_key, state, doc` holds.
pub(crate) fn person(row: &Row) -> Result<Person> {
    let mut person: Person = doc::read("person", row.text(4)?)?;
    person.id = PersonId::new(row.text(0)?);
    person.join = match (row.text_or_none(1)?, row.text_or_none(2)?) {
        (Some(source), Some(key)) => Some(JoinKey { source: SourceId::new(source), key: key.to_owned() }),
        _ => None,
    };
    person.state = doc::word("account state", row.text(3)?)?;
    Ok(person)
}

/// What a person is where, ordered, each once: `0990001N:National_ENS`, separated by one space.
pub(crate) fn places(person: &Person) -> String {
    let places = person.affiliations.iter().map(|at| format!("{}:{}", at.establishment, at.profile.code()));
    places.collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>().join(" ")
}

/// The form under which somebody is found by the mail address of their record.
pub(crate) fn mail(person: &Person) -> Option<String> {
    person.mail.as_deref().and_then(normalised_mail)
}

/// Reads what [`places`] wrote. What an earlier version wrote, without profiles, says nothing here: see [`places_in`].
pub(crate) fn places_of(text: &str) -> Result<Vec<(Uai, Profile)>> {
    let mut places = Vec::new();
    for (uai, profile) in text.split(' ').filter_map(|place| place.split_once(':')) {
        let unknown = |()| StoreError::Backend(format!("a row holds no profile: {profile}"));
        places.push((doc::word("establishment", uai)?, profile.parse().map_err(unknown)?));
    }
    places.sort_unstable();
    Ok(places)
}

/// The same of a stored person.
pub(crate) fn places_in(person: &Person) -> Vec<(Uai, Profile)> {
    let places = person.affiliations.iter().map(|at| (at.establishment.clone(), at.profile));
    places.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Stops the sessions of people who may no longer sign in, and takes back what was given on their behalf; gives the
/// sessions.
pub(crate) async fn stop_sessions(link: &mut Link<'_>, people: Vec<String>) -> Result<Vec<SessionId>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let stopped = link.rows(STOP_SESSIONS, args![people.clone()]).await?;
    let stopped: Vec<String> = stopped.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_>>()?;
    link.rows(DROP_TICKETS, args![stopped.clone()]).await?;
    link.rows(DROP_TOKENS, args![people]).await?;
    Ok(stopped.into_iter().map(SessionId::new).collect())
}

/// Stops the sessions of accounts none of whose records is active any more, these not being so; gives the sessions. Whoever another
/// source still names goes on.
pub(crate) async fn stop_whose_records_ended(link: &mut Link<'_>, records: Vec<String>) -> Result<Vec<SessionId>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let over = link.rows(OVER, args![records]).await?;
    let over = over.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_>>()?;
    stop_sessions(link, over).await
}

impl Back {
    /// The records of an account, each as its source tells it, its own first; and whether somebody stopped one of them.
    pub(crate) async fn records(&self, account: &str) -> Result<(Vec<Person>, bool)> {
        let rows = self.rows(OF_ACCOUNT, args![account]).await?;
        let mut stopped = false;
        for row in &rows {
            stopped |= row.text_or_none(6)?.is_some();
        }
        Ok((rows.iter().map(person).collect::<Result<_>>()?, stopped))
    }

    /// The accounts of records, after those found before and each once. The record of an account that has several finds it as long as it
    /// is active.
    async fn accounts(&self, rows: &[Row], mut found: Vec<Person>) -> Result<Vec<Person>> {
        for row in rows {
            let record = person(row)?;
            let (account, several) = (row.text_or_none(5)?, row.text_or_none(7)?.is_some());
            if account.is_none() && !several {
                found.push(record);
                continue;
            }
            let account = account.unwrap_or(record.id.as_str());
            let (records, stopped) = self.records(account).await?;
            let counts = records.iter().any(|one| one.id == record.id && one.state.may_sign_in());
            let met = found.iter().any(|one| one.id.as_str() == account);
            if let (true, false, Some((own, further))) = (counts, met, records.split_first()) {
                found.push(self.united(own, further, stopped));
            }
        }
        Ok(found)
    }

    /// Accounts of the records that a statement finds in the order of their names, after a name and up to a limit: its last two arguments. As
    /// many as the limit unless there are no more: where several records make one account, and where a record opens none, it goes on.
    async fn accounts_found(
        &self,
        sql: impl Into<Sql> + Copy + Send,
        by: Vec<Arg>,
        limit: u32,
        many: bool,
    ) -> Result<Vec<Person>> {
        let (most, mut found, mut after) = (limit as usize, Vec::new(), String::new());
        loop {
            let mut values = by.clone();
            values.extend(args![after.as_str(), limit]);
            let rows = if many { self.many_rows(sql, values).await? } else { self.rows(sql, values).await? };
            found = self.accounts(&rows, found).await?;
            let last = rows.last().filter(|_| rows.len() >= most && found.len() < most);
            let Some(last) = last else { break };
            after = last.text(0)?.to_owned();
        }
        found.truncate(most);
        Ok(found)
    }

    /// The whole account of its own record, active or not; `None` if it ended meanwhile.
    async fn whole(&self, row: &Row) -> Result<Option<Person>> {
        let own = person(row)?;
        if row.text_or_none(7)?.is_none() {
            return Ok(Some(own));
        }
        let (records, stopped) = self.records(own.id.as_str()).await?;
        Ok(records.split_first().map(|(own, further)| self.united(own, further, stopped)))
    }

    /// One account of several records.
    fn united(&self, own: &Person, further: &[Person], stopped: bool) -> Person {
        let united = self.precedence.united(own, further);
        if stopped && united.state.may_sign_in() {
            return Person { state: AccountState::Suspended, ..united };
        }
        united
    }
}

#[async_trait]
impl People for Back {
    async fn person(&self, id: &PersonId) -> Result<Option<Person>> {
        let Some(row) = self.row(BY_ID, args![id.as_str()]).await? else { return Ok(None) };
        self.whole(&row).await
    }

    async fn caller(&self, id: &PersonId, charte: Option<&str>, after: Instant) -> Result<Option<Caller>> {
        let values = args![id.as_str(), charte.unwrap_or_default(), after];
        let Some(row) = self.row(CALLER, values).await? else { return Ok(None) };
        let accepted = charte.is_some() && row.text_or_none(8)?.is_some();
        // What stands under the name of a further record is asked for where there is one.
        let inspections = row.text_or_none(9)?.is_some() || row.text_or_none(7)?.is_some();
        Ok(self.whole(&row).await?.map(|person| Caller { person, accepted, inspections }))
    }

    async fn people_named(&self, ids: &[PersonId]) -> Result<Vec<Person>> {
        let (ids, mut found) = (ids.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::new());
        for row in self.many_rows(NAMED, args![ids]).await? {
            found.extend(self.whole(&row).await?);
        }
        Ok(found)
    }

    async fn person_by_join(&self, join: &JoinKey) -> Result<Option<Person>> {
        let rows = self.rows(BY_JOIN, args![join.source.as_str(), join.key.as_str()]).await?;
        Ok(self.accounts(&rows, Vec::new()).await?.pop())
    }

    async fn record_state(&self, join: &JoinKey) -> Result<Option<AccountState>> {
        let rows = self.rows(BY_JOIN, args![join.source.as_str(), join.key.as_str()]).await?;
        rows.first().map(|row| Ok(person(row)?.state)).transpose()
    }

    async fn people_by_login(&self, login: &str, limit: u32) -> Result<Vec<Person>> {
        self.accounts_found(BY_LOGIN, args![login], limit, false).await
    }

    async fn people_of_login(&self, source: &SourceId, login: &str, limit: u32) -> Result<Vec<Person>> {
        self.accounts_found(OF_LOGIN, args![source.as_str(), login], limit, false).await
    }

    async fn people_by_mail(&self, source: &SourceId, mail: &str, limit: u32) -> Result<Vec<Person>> {
        self.accounts_found(BY_MAIL, args![source.as_str(), mail], limit, false).await
    }

    async fn local_people_by_mail(&self, mail: &str, limit: u32) -> Result<Vec<Person>> {
        self.accounts_found(LOCAL_BY_MAIL, args![mail], limit, false).await
    }

    async fn people_enrolled(&self, source: &SourceId, at: &Uai, number: &str, limit: u32) -> Result<Vec<Person>> {
        // A row without a number says something else.
        if number.is_empty() {
            return Ok(Vec::new());
        }
        self.accounts_found(enrolments::OF, args![source.as_str(), at.as_str(), number], limit, false).await
    }

    async fn people_at(&self, at: &Uai, limit: u32) -> Result<Vec<Person>> {
        self.accounts_found(enrolments::AT, args![at.as_str()], limit, true).await
    }

    async fn people_as(&self, at: &Uai, profiles: &[Profile], limit: u32) -> Result<Vec<Person>> {
        let places = enrolments::as_places(at, profiles);
        self.accounts_found(enrolments::AS, args![at.as_str(), places], limit, true).await
    }

    async fn pupils_of_class(&self, at: &Uai, class: &str, limit: u32) -> Result<Vec<Person>> {
        self.accounts_found(enrolments::OF_CLASS, args![at.as_str(), class], limit, true).await
    }

    async fn people_after(&self, after: Option<&PersonId>, limit: u32) -> Result<Vec<Person>> {
        let mut found = Vec::new();
        for row in self.rows(AFTER, args![after.map_or("", PersonId::as_str), limit]).await? {
            found.extend(self.whole(&row).await?);
        }
        Ok(found)
    }

    async fn people_count(&self) -> Result<u64> {
        let row = self.row(COUNT, args![]).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }

    async fn add_local_person(&self, person: &Person, password_hash: &str) -> Result<()> {
        if person.join.is_some() {
            return Err(StoreError::Backend("a local account comes from no record".into()));
        }
        let values = args![
            person.id.as_str(),
            person.login.as_deref(),
            person.state.as_str(),
            places(person),
            password_hash,
            doc::write("person", person)?,
            mail(person).as_deref()
        ];
        let places = enrolments::of(person).into_iter().map(|at| (at, person.id.as_str().to_owned())).collect();
        let added = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.row(ADD_LOCAL, values).await?.ok_or(StoreError::Conflict)?;
                enrolments::learn(link, places).await
            })
        });
        added.await
    }

    async fn update_person(&self, person: &Person) -> Result<()> {
        let id = person.id.as_str().to_owned();
        let suspended = !person.state.may_sign_in();
        let values = args![
            id.as_str(),
            person.login.as_deref(),
            person.state.as_str(),
            places(person),
            doc::write("person", person)?,
            mail(person).as_deref()
        ];
        let updated = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.row(UPDATE, values).await?.ok_or(StoreError::Conflict)?;
                enrolments::renew(link, vec![id.clone()]).await?;
                if suspended { stop_whose_records_ended(link, vec![id]).await } else { Ok(Vec::new()) }
            })
        });
        self.forget_tickets(&updated.await?);
        Ok(())
    }

    async fn stop_person(&self, id: &PersonId, why: &str) -> Result<()> {
        let (id, why) = (id.as_str().to_owned(), why.to_owned());
        let stopped = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.row(STOP, args![id.as_str(), why]).await?.ok_or(StoreError::Conflict)?;
                stop_sessions(link, vec![id]).await
            })
        });
        self.forget_tickets(&stopped.await?);
        Ok(())
    }

    async fn oust(&self, people: &[PersonId], why: Option<&str>, now: Instant) -> Result<Ousted> {
        self.put_out(people, why, now).await
    }

    async fn start_person(&self, id: &PersonId) -> Result<()> {
        let started = self.change(START, args![id.as_str()]).await?;
        if started.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn why_stopped(&self, id: &PersonId) -> Result<Option<String>> {
        let row = self.row(WHY_STOPPED, args![id.as_str()]).await?;
        Ok(row.as_ref().map(|row| row.text_or_none(0)).transpose()?.flatten().map(str::to_owned))
    }

    async fn password_hash(&self, id: &PersonId) -> Result<Option<String>> {
        let row = self.row(HASH, args![id.as_str()]).await?;
        Ok(row.as_ref().map(|row| row.text_or_none(0)).transpose()?.flatten().map(str::to_owned))
    }

    async fn set_password_hash(&self, id: &PersonId, password_hash: &str) -> Result<()> {
        let (id, password_hash) = (id.as_str().to_owned(), password_hash.to_owned());
        let changed = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                if link.row(SET_HASH, args![id.as_str(), password_hash.as_str()]).await?.is_none() {
                    activations::replace(link, &id, &password_hash).await?;
                }
                activations::take_back(link, &id).await?;
                link.rows(DROP_TOKENS, args![vec![id]]).await.map(drop)
            })
        });
        changed.await
    }
}
