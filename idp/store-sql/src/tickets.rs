//! Single-use things.

use crate::back::Back;
use crate::doc;
use crate::link::{Row, Sql, args};
use async_trait::async_trait;
use preau_domain::{Instant, OneTimeKey, PersonId, ServiceId, SessionId, Ticket, TicketKind, Visit};
use preau_store::{Result, StoreError, Tickets};

/// Born only of a session that is there and has not expired. On PostgreSQL the foreign key holds the session until the
/// commit, so that a ticket cannot slip past its end.
const ISSUE: &str = "INSERT INTO ticket (id, kind, session, person, service, payload, issued, expires)
    SELECT $1, $2, id, $4, $5, $6, $7, $8 FROM session WHERE id = $3 AND expires > $7
    ON CONFLICT DO NOTHING RETURNING id";
/// The same with the visit it stands for, in one stroke, because this is what every opened service writes. On SQLite two
/// statements, of which the second looks at what the first one did.
const ISSUE_WITH_VISIT: Sql = Sql::Each {
    sqlite: "INSERT INTO ticket (id, kind, session, person, service, payload, issued, expires)
            SELECT $1, $2, id, $4, $5, $6, $7, $8 FROM session WHERE id = $3 AND expires > $7
            ON CONFLICT DO NOTHING;
        INSERT INTO visit (session, protocol, service, notice, at)
            SELECT $3, $9, $10, $11, $12 WHERE changes() > 0 RETURNING seq",
    postgres: "WITH issued AS (
            INSERT INTO ticket (id, kind, session, person, service, payload, issued, expires)
            SELECT $1, $2, id, $4, $5, $6, $7, $8 FROM session WHERE id = $3 AND expires > $7
            ON CONFLICT DO NOTHING RETURNING session)
        INSERT INTO visit (session, protocol, service, notice, at)
            SELECT session, $9, $10, $11, $12 FROM issued RETURNING seq",
};
const CONSUME: &str = "DELETE FROM ticket WHERE id = $1 AND kind = $2
    RETURNING id, kind, session, person, service, payload, issued, expires";
const GET: &str = "SELECT id, kind, session, person, service, payload, issued, expires FROM ticket
    WHERE id = $1 AND kind = $2 AND expires > $3";

fn ticket(row: &Row) -> Result<Ticket> {
    Ok(Ticket {
        key: OneTimeKey::new(row.text(0)?),
        kind: doc::word("ticket", row.text(1)?)?,
        session: SessionId::new(row.text(2)?),
        person: PersonId::new(row.text(3)?),
        service: ServiceId::new(row.text(4)?),
        payload: row.text(5)?.to_owned(),
        issued: row.instant(6)?,
        expires: row.instant(7)?,
    })
}

#[async_trait]
impl Tickets for Back {
    async fn issue_ticket(&self, ticket: &Ticket, visit: Option<&Visit>) -> Result<()> {
        let mut values = args![
            ticket.key.as_str(),
            ticket.kind.as_str(),
            ticket.session.as_str(),
            ticket.person.as_str(),
            ticket.service.as_str(),
            ticket.payload.as_str(),
            ticket.issued,
            ticket.expires
        ];
        let sql = match visit {
            None => Sql::Both(ISSUE),
            Some(visit) if visit.session == ticket.session => {
                let (protocol, service) = (visit.protocol.as_str(), visit.service.as_str());
                values.extend(args![protocol, service, visit.notice.as_str(), visit.at]);
                ISSUE_WITH_VISIT
            }
            Some(_) => return Err(StoreError::Backend("a ticket and its visit belong to one session".into())),
        };
        let issued = self.change(sql, values).await?;
        if issued.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn consume_ticket(&self, key: &OneTimeKey, kind: TicketKind) -> Result<Option<Ticket>> {
        self.change(CONSUME, args![key.as_str(), kind.as_str()]).await?.first().map(ticket).transpose()
    }

    async fn ticket(&self, key: &OneTimeKey, kind: TicketKind, now: Instant) -> Result<Option<Ticket>> {
        self.row(GET, args![key.as_str(), kind.as_str(), now]).await?.as_ref().map(ticket).transpose()
    }
}
