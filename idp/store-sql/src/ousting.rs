//! Many people put out at once: stopped, without sessions, tokens and codes. One by one they are stopped in `people`.

use crate::back::{Back, Shape};
use crate::link::{Link, Sql, args};
use crate::people::{DROP_TICKETS, DROP_TOKENS};
use crate::{cards, outbox};
use preau_domain::{Instant, PersonId, ServiceId, SessionId};
use preau_store::{Ousted, Result};

const STOP: Sql = Sql::Each {
    sqlite: "UPDATE person SET stopped = $2
        WHERE id IN (SELECT value FROM json_each($1)) AND account IS NULL AND state <> 'purged'",
    postgres: "UPDATE person SET stopped = $2 WHERE id IN (SELECT id FROM person
        WHERE id = ANY($1) AND account IS NULL AND state <> 'purged' ORDER BY id FOR UPDATE)",
};
/// Nobody else adds to these sessions or ends them until the commit.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT id, expires FROM session WHERE person IN (SELECT value FROM json_each($1)) ORDER BY id",
    postgres: "SELECT id, expires FROM session WHERE person = ANY($1) ORDER BY id FOR UPDATE",
};
const SERVICES: Sql = Sql::Each {
    sqlite: "SELECT DISTINCT service FROM visit WHERE session IN (SELECT value FROM json_each($1))",
    postgres: "SELECT DISTINCT service FROM visit WHERE session = ANY($1)",
};
const END: Sql = Sql::Each {
    sqlite: "DELETE FROM session WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM session WHERE id = ANY($1)",
};
/// A code may be one of a further record of an account.
const TAKE_BACK: Sql = Sql::Each {
    sqlite: "DELETE FROM activation WHERE person IN (SELECT value FROM json_each($1))
        OR person IN (SELECT id FROM person WHERE account IN (SELECT value FROM json_each($1)))",
    postgres: "DELETE FROM activation WHERE person = ANY($1) OR person IN (SELECT id FROM person WHERE account = ANY($1))",
};

async fn oust(
    link: &mut Link<'_>,
    people: Vec<String>,
    why: Option<String>,
    now: Instant,
) -> Result<(Ousted, Vec<SessionId>)> {
    if let Some(why) = why {
        link.changed(STOP, args![people.clone(), why]).await?;
    }
    let (mut ousted, mut sessions) = (Ousted::default(), Vec::new());
    for row in link.rows(HOLD, args![people.clone()]).await? {
        ousted.sessions += u64::from(row.instant(1)? > now);
        sessions.push(row.text(0)?.to_owned());
    }
    // Tokens before the sessions that some are found by.
    link.rows(DROP_TOKENS, args![people.clone()]).await?;
    link.changed(TAKE_BACK, args![people.clone()]).await?;
    cards::take_back(link, people).await?;
    if !sessions.is_empty() {
        for row in link.rows(SERVICES, args![sessions.clone()]).await? {
            ousted.services.push(ServiceId::new(row.text(0)?));
        }
        link.rows(DROP_TICKETS, args![sessions.clone()]).await?;
        outbox::write(link, sessions.clone(), now, None).await?;
        link.changed(END, args![sessions.clone()]).await?;
    }
    Ok((ousted, sessions.into_iter().map(SessionId::new).collect()))
}

impl Back {
    /// See [`preau_store::People::oust`].
    pub(crate) async fn put_out(&self, people: &[PersonId], why: Option<&str>, now: Instant) -> Result<Ousted> {
        let (people, why) = (people.iter().map(|one| one.as_str().to_owned()).collect(), why.map(str::to_owned));
        let ousted = self.write(Shape::Several, move |link| Box::pin(oust(link, people, why, now)));
        let (ousted, sessions) = ousted.await?;
        self.forget_tickets(&sessions);
        Ok(ousted)
    }
}
