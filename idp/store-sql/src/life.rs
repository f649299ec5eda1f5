//! What time does to accounts. The transitions are those of `preau_domain::Life`; the contract suite holds the two together.
//!
//! A row of a purged person stays with nothing in it but its id: that is what keeps the id from being given again.

use crate::back::{Back, Shape};
use crate::link::{Arg, Link, Sql, args};
use crate::people::stop_sessions;
use crate::{doc, enrolments, shortcuts};
use async_trait::async_trait;
use preau_domain::{AccountState, Credentials, Instant, Life, Person, PersonId, Retention, SessionId};
use preau_store::{Aged, Lives, Result};

const LIFE: &str = "SELECT state, ended FROM person WHERE id = $1 AND state <> 'purged'";
const USED: &str = "UPDATE person SET state = 'active' WHERE id = $1 AND state = 'precreated' RETURNING id";

// Each names the words of the index `person_ended`, which holds these rows alone. Whoever is being written by a run is passed over.
const COUNT: Sql = Sql::Each {
    sqlite: "UPDATE person SET ended = $1 WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND ended IS NULL AND source IS NOT NULL LIMIT $2)
        RETURNING id",
    postgres: "UPDATE person SET ended = $1 WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND ended IS NULL AND source IS NOT NULL LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
const PREDELETE: Sql = Sql::Each {
    sqlite: "UPDATE person SET state = 'predeleted', login = NULL, mail = NULL, digest = NULL, establishments = '',
            doc = $3, written = NULL, entry = NULL, ties = NULL WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND state = 'suspended' AND ended <= $1 LIMIT $2)
        RETURNING id",
    postgres: "UPDATE person SET state = 'predeleted', login = NULL, mail = NULL, digest = NULL, establishments = '',
            doc = $3, written = NULL, entry = NULL, ties = NULL WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND state = 'suspended' AND ended <= $1 LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
const PURGE: Sql = Sql::Each {
    sqlite:
        "UPDATE person SET state = 'purged', source = NULL, join_key = NULL, login = NULL, mail = NULL, digest = NULL,
            establishments = '', password_hash = NULL, doc = '{}', stopped = NULL, written = NULL, ended = NULL,
            entry = NULL, ties = NULL
        WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND ended <= $1 LIMIT $2)
        RETURNING id",
    postgres:
        "UPDATE person SET state = 'purged', source = NULL, join_key = NULL, login = NULL, mail = NULL, digest = NULL,
            establishments = '', password_hash = NULL, doc = '{}', stopped = NULL, written = NULL, ended = NULL,
            entry = NULL, ties = NULL
        WHERE id IN (SELECT id FROM person
            WHERE state IN ('suspended', 'predeleted') AND ended <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING id",
};
const UNLINK: Sql = Sql::Each {
    sqlite: "DELETE FROM link WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM link WHERE person = ANY($1)",
};
const WITHDRAW: Sql = Sql::Each {
    sqlite: "DELETE FROM registration WHERE owner IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM registration WHERE owner = ANY($1)",
};

/// What is written in place of a person who is pre-deleted; id, join key and state stand in columns of their own.
fn nobody() -> Person {
    Person {
        id: PersonId::new(""),
        join: None,
        state: AccountState::PreDeleted,
        given_name: String::new(),
        family_name: String::new(),
        title: None,
        login: None,
        mail: None,
        credentials: Credentials::Directory,
        affiliations: Vec::new(),
        children: Vec::new(),
    }
}

async fn ids(link: &mut Link<'_>, sql: Sql, args: Vec<Arg>) -> Result<Vec<String>> {
    link.rows(sql, args).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

async fn pass(
    link: &mut Link<'_>,
    now: Instant,
    retention: Retention,
    limit: u32,
    nobody: String,
) -> Result<(Aged, Vec<SessionId>)> {
    let counted = ids(link, COUNT, args![now, limit]).await?.len() as u64;
    let purged = ids(link, PURGE, args![now - retention.purge, limit]).await?;
    let predeleted = ids(link, PREDELETE, args![now - retention.predelete, limit, nobody]).await?;
    let mut emptied = [predeleted.clone(), purged.clone()].concat();
    emptied.sort();
    shortcuts::forget(link, emptied.clone()).await?;
    enrolments::renew(link, emptied).await?;
    let mut sessions = Vec::new();
    if !purged.is_empty() {
        // None should be there since they were suspended; none may stay. In one order everywhere.
        let mut people = purged.clone();
        people.sort();
        sessions = stop_sessions(link, people.clone()).await?;
        link.changed(UNLINK, args![people.clone()]).await?;
        link.changed(WITHDRAW, args![people]).await?;
    }
    let people = |ids: Vec<String>| ids.into_iter().map(PersonId::new).collect();
    Ok((Aged { counted, predeleted: people(predeleted), purged: people(purged) }, sessions))
}

#[async_trait]
impl Lives for Back {
    async fn life(&self, id: &PersonId) -> Result<Option<Life>> {
        let row = self.row(LIFE, args![id.as_str()]).await?;
        let life = |row: &crate::link::Row| {
            let state = doc::word("account state", row.text(0)?)?;
            Ok(Life { state, ended: row.int_or_none(1)?.map(Instant) })
        };
        row.as_ref().map(life).transpose()
    }

    async fn used(&self, id: &PersonId) -> Result<()> {
        self.change(USED, args![id.as_str()]).await.map(drop)
    }

    async fn let_time_pass(&self, now: Instant, retention: Retention, limit: u32) -> Result<Aged> {
        let nobody = doc::write("person", &nobody())?;
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move { pass(link, now, retention, limit, nobody).await })
        });
        let (aged, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(aged)
    }
}
