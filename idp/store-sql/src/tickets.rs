//! Single-use things.

use crate::back::{Back, Base, Shape};
use crate::doc;
use crate::link::{Arg, Row, args};
use crate::sessions::visit;
use crate::sqlite::Fleeting;
use async_trait::async_trait;
use preau_domain::{Instant, OneTimeKey, PersonId, ServiceId, SessionId, Ticket, TicketKind, Visit};
use preau_store::{Result, StoreError, TICKETS_OF_ONE, Tickets};

/// Born only of a session that is there, has not expired and has not too many of them. On PostgreSQL the foreign key holds
/// the session until the commit, so that a ticket cannot slip past its end.
const ISSUE: &str = "INSERT INTO ticket (id, kind, session, person, service, payload, issued, expires)
    SELECT $1, $2, id, $4, $5, $6, $7, $8 FROM session WHERE id = $3 AND expires > $7
        AND (SELECT count(*) FROM ticket WHERE session = $3 AND expires > $7) < $9
    ON CONFLICT DO NOTHING";
/// The same with the visit it stands for, in one journey to the server, because this is what every opened service writes.
const ISSUE_WITH_VISIT: &str = "WITH issued AS (
        INSERT INTO ticket (id, kind, session, person, service, payload, issued, expires)
        SELECT $1, $2, id, $4, $5, $6, $7, $8 FROM session WHERE id = $3 AND expires > $7
            AND (SELECT count(*) FROM ticket WHERE session = $3 AND expires > $7) < $9
        ON CONFLICT DO NOTHING RETURNING session)
    INSERT INTO visit (session, protocol, service, notice, at)
        SELECT session, $10, $11, $12, $13 FROM issued";
const WAITING: &str = "SELECT count(*) FROM ticket WHERE session = $1 AND expires > $2";
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

/// A visit of a session that is there and has not expired.
const VISIT: &str = "INSERT INTO visit (session, protocol, service, notice, at)
    SELECT id, $3, $4, $5, $6 FROM session WHERE id = $1 AND expires > $2";
/// In the order they were noted, which is that of the index: nothing is sorted.
const LAST_VISIT: &str = "SELECT v.session, v.protocol, v.service, v.notice, v.at
    FROM visit v JOIN session s ON s.id = v.session
    WHERE v.session = $1 AND v.protocol = $2 AND v.service = $3 AND s.expires > $4
    ORDER BY v.seq DESC LIMIT 1";
const ALIVE: &str = "SELECT id FROM session WHERE id = $1 AND expires > $2";

fn visited(issued: Instant, visit: &Visit) -> Vec<Arg> {
    let session = visit.session.as_str();
    args![session, issued, visit.protocol.as_str(), visit.service.as_str(), visit.notice.as_str(), visit.at]
}

impl Back {
    /// Keeps a ticket in memory, and its visit in the table. The ticket is there before the session is looked at, so that
    /// whoever ends the session in between takes the ticket with it.
    async fn issue_fleeting(&self, fleeting: &Fleeting, ticket: &Ticket, visit: Option<&Visit>) -> Result<()> {
        fleeting.add(ticket.clone())?;
        let found = match visit {
            None => self.rows(ALIVE, args![ticket.session.as_str(), ticket.issued]).await.map(|rows| rows.len() as u64),
            Some(visit) => self.changed(VISIT, visited(ticket.issued, visit)).await,
        };
        let issued = found.and_then(|count| if count == 0 { Err(StoreError::Conflict) } else { Ok(()) });
        match &issued {
            Ok(()) => self.trim_visits(visit).await,
            Err(_) => drop(fleeting.take(&ticket.key, ticket.kind)),
        }
        issued
    }

    async fn why_not_issued(&self, ticket: &Ticket) -> StoreError {
        let waiting = self.row(WAITING, args![ticket.session.as_str(), ticket.issued]).await;
        match waiting.and_then(|row| row.map_or(Ok(0), |row| row.int(0))) {
            Ok(count) if count >= i64::from(TICKETS_OF_ONE) => too_many_of_one(),
            Ok(_) => StoreError::Conflict,
            Err(error) => error,
        }
    }
}

/// Why a session gets no further ticket.
pub(crate) fn too_many_of_one() -> StoreError {
    StoreError::Backend("too many tickets of one session wait to be redeemed".into())
}

#[async_trait]
impl Tickets for Back {
    async fn issue_ticket(&self, ticket: &Ticket, visit: Option<&Visit>) -> Result<()> {
        if visit.is_some_and(|visit| visit.session != ticket.session) {
            return Err(StoreError::Backend("a ticket and its visit belong to one session".into()));
        }
        if let Some(fleeting) = self.fleeting().filter(|_| ticket.kind.is_fleeting()) {
            return self.issue_fleeting(fleeting, ticket, visit).await;
        }
        let mut values = args![
            ticket.key.as_str(),
            ticket.kind.as_str(),
            ticket.session.as_str(),
            ticket.person.as_str(),
            ticket.service.as_str(),
            ticket.payload.as_str(),
            ticket.issued,
            ticket.expires,
            TICKETS_OF_ONE
        ];
        let issued = match (visit, &self.base) {
            (None, _) => self.changed(ISSUE, values).await?,
            (Some(visit), Base::Postgres(_)) => {
                let (protocol, service) = (visit.protocol.as_str(), visit.service.as_str());
                values.extend(args![protocol, service, visit.notice.as_str(), visit.at]);
                self.changed(ISSUE_WITH_VISIT, values).await?
            }
            (Some(visit), Base::Sqlite(_)) => {
                let seen = visited(ticket.issued, visit);
                let work = self.write(Shape::Checked, move |link| {
                    Box::pin(async move {
                        match link.changed(ISSUE, values).await? {
                            0 => Ok(0),
                            _ => link.changed(VISIT, seen).await,
                        }
                    })
                });
                work.await?
            }
        };
        if issued == 0 {
            return Err(self.why_not_issued(ticket).await);
        }
        self.trim_visits(visit).await;
        Ok(())
    }

    async fn add_visit(&self, visit: &Visit) -> Result<()> {
        if self.changed(VISIT, visited(visit.at, visit)).await? == 0 {
            return Err(StoreError::Conflict);
        }
        self.trim_visits(Some(visit)).await;
        Ok(())
    }

    async fn last_visit(
        &self,
        session: &SessionId,
        protocol: &str,
        service: &ServiceId,
        now: Instant,
    ) -> Result<Option<Visit>> {
        let of = args![session.as_str(), protocol, service.as_str(), now];
        self.row(LAST_VISIT, of).await?.as_ref().map(visit).transpose()
    }

    async fn consume_ticket(&self, key: &OneTimeKey, kind: TicketKind) -> Result<Option<Ticket>> {
        if let Some(fleeting) = self.fleeting().filter(|_| kind.is_fleeting()) {
            return Ok(fleeting.take(key, kind));
        }
        self.change(CONSUME, args![key.as_str(), kind.as_str()]).await?.first().map(ticket).transpose()
    }

    async fn ticket(&self, key: &OneTimeKey, kind: TicketKind, now: Instant) -> Result<Option<Ticket>> {
        if let Some(fleeting) = self.fleeting().filter(|_| kind.is_fleeting()) {
            return Ok(fleeting.get(key, kind, now));
        }
        self.row(GET, args![key.as_str(), kind.as_str(), now]).await?.as_ref().map(ticket).transpose()
    }
}
