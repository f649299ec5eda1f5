//! Live sessions and the visits made with them. Tickets, tokens and visits fall with their session: the tables see to it.

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Arg, Link, Row, Sql, args};
use crate::{factors, kept, outbox, sign_ins, throttle};
use async_trait::async_trait;
use preau_domain::{
    Authentication, CorrelationId, Instant, KeptKind, PersonId, ServiceId, Session, SessionId, Uai, Upstream, Visit,
};
use preau_store::{NewSession, ProvedBy, Result, Sessions, StoreError};

const ADD: &str = "INSERT INTO session (id, person, authentication, establishment, created, expires, last_seen, child)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const GET: &str = "SELECT id, person, authentication, establishment, created, expires, last_seen, child FROM session
    WHERE id = $1 AND expires > $2";
const OF_PERSON: &str =
    "SELECT id, person, authentication, establishment, created, expires, last_seen, child FROM session
    WHERE person = $1 AND expires > $2 ORDER BY created DESC, id LIMIT 100";
const TOUCH: &str = "UPDATE session SET last_seen = $2 WHERE id = $1 AND last_seen < $2";
const SET_ESTABLISHMENT: &str = "UPDATE session SET establishment = $2, child = $3 WHERE id = $1";
const SET_AUTHENTICATION: &str = "UPDATE session SET authentication = $2 WHERE id = $1";
const MOVE_TICKETS: &str = "UPDATE ticket SET session = $2 WHERE session = $1";
const MOVE_VISITS: &str = "UPDATE visit SET session = $2 WHERE session = $1";
const MOVE_TOKENS: &str = "UPDATE token_family SET session = $2 WHERE session = $1";
const OWE: &str = "INSERT INTO upstream (session, provider, issuer, subject, sid) VALUES ($1, $2, $3, $4, $5)";
/// What the new session owes by itself stands for what the one before owed.
const MOVE_UPSTREAM: &str = "UPDATE upstream SET session = $2
    WHERE session = $1 AND NOT EXISTS (SELECT 1 FROM upstream WHERE session = $2)";
const VISITS: &str = "SELECT session, protocol, service, notice, at FROM visit WHERE session = $1 ORDER BY at, seq";
const EXPIRED: &str = "SELECT id FROM session WHERE expires <= $1 ORDER BY expires, id LIMIT $2";
const IDLE: &str = "SELECT id FROM session WHERE last_seen < $1 ORDER BY last_seen, id LIMIT $2";
const FORGET: &str = "DELETE FROM visit WHERE session = $1 AND protocol = $2 AND service = $3";
const END: &str = "DELETE FROM session WHERE id = $1";

/// Whose session it is; from here on nobody else can add to it or end it. SQLite has one writer, nothing to lock.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT person FROM session WHERE id = $1",
    postgres: "SELECT person FROM session WHERE id = $1 FOR UPDATE",
};
const HOLD_IDLE: Sql = Sql::Each {
    sqlite: "SELECT person FROM session WHERE id = $1 AND last_seen < $2",
    postgres: "SELECT person FROM session WHERE id = $1 AND last_seen < $2 FOR UPDATE",
};
const HOLD_ALL: Sql = Sql::Each {
    sqlite: "SELECT id FROM session WHERE person = $1 ORDER BY id",
    postgres: "SELECT id FROM session WHERE person = $1 ORDER BY id FOR UPDATE",
};

pub(crate) fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: SessionId::new(row.text(0)?),
        person: PersonId::new(row.text(1)?),
        authentication: doc::read("session", row.text(2)?)?,
        establishment: row.text_or_none(3)?.map(|uai| doc::word("session", uai)).transpose()?,
        created: row.instant(4)?,
        expires: row.instant(5)?,
        last_seen: row.instant(6)?,
        child: row.text_or_none(7)?.map(PersonId::new),
    })
}

pub(crate) fn visit(row: &Row) -> Result<Visit> {
    Ok(Visit {
        session: SessionId::new(row.text(0)?),
        protocol: row.text(1)?.to_owned(),
        service: ServiceId::new(row.text(2)?),
        notice: row.text(3)?.to_owned(),
        at: row.instant(4)?,
    })
}

/// Ends a session that is held, and says where it had been.
async fn end(link: &mut Link<'_>, id: &str, now: Instant, way: Option<&CorrelationId>) -> Result<Option<Vec<Visit>>> {
    let visits = link.rows(VISITS, args![id]).await?.iter().map(visit).collect::<Result<Vec<_>>>()?;
    if !visits.is_empty() {
        outbox::write(link, vec![id.to_owned()], now, way).await?;
    }
    Ok((link.changed(END, args![id]).await? > 0).then_some(visits))
}

/// What became of the session a browser had before.
enum Before {
    None,
    Moved,
    Ended(Vec<Visit>),
}

fn values(session: &Session, authentication: &str) -> Vec<Arg> {
    args![
        session.id.as_str(),
        session.person.as_str(),
        authentication,
        session.establishment.as_ref().map(Uai::as_str),
        session.created,
        session.expires,
        session.last_seen,
        session.child.as_ref().map(PersonId::as_str)
    ]
}

async fn begin(link: &mut Link<'_>, new: NewSession, authentication: String) -> Result<Before> {
    let session = new.session;
    let id = session.id.as_str();
    if let Some(ending) = &new.pending
        && !sign_ins::end(link, ending, id).await?
    {
        return Err(StoreError::Conflict);
    }
    if link.changed(ADD, values(&session, &authentication)).await? == 0 {
        return Err(StoreError::Conflict);
    }
    if let Some(ProvedBy { used, answers, device, forgives }) = new.proved {
        if !factors::answered(link, &used, answers).await? {
            return Err(StoreError::Conflict);
        }
        kept::take(link, forgives.as_str(), KeptKind::WrongCodes, used.at).await?;
        throttle::remember(link, device, used.at).await?;
    }
    if let Some(Upstream { identity, sid }) = &new.upstream {
        let (provider, issuer) = (identity.provider.as_str(), identity.issuer.as_str());
        link.changed(OWE, args![id, provider, issuer, identity.subject.as_str(), sid.as_deref()]).await?;
    }
    let Some(old) = new.replaces else { return Ok(Before::None) };
    let old = old.as_str();
    let Some(owner) = link.row(HOLD, args![old]).await? else { return Ok(Before::None) };
    if owner.text(0)? != session.person.as_str() {
        return Ok(Before::Ended(end(link, old, session.created, new.way.as_ref()).await?.unwrap_or_default()));
    }
    link.changed(MOVE_TICKETS, args![old, id]).await?;
    link.changed(MOVE_VISITS, args![old, id]).await?;
    link.changed(MOVE_TOKENS, args![old, id]).await?;
    link.changed(MOVE_UPSTREAM, args![old, id]).await?;
    link.changed(END, args![old]).await?;
    Ok(Before::Moved)
}

impl Back {
    /// Ends a session if that statement holds it.
    async fn end_held(
        &self,
        hold: Sql,
        values: Vec<Arg>,
        id: &SessionId,
        now: Instant,
        way: Option<&CorrelationId>,
    ) -> Result<Option<Vec<Visit>>> {
        let (id, way) = (id.as_str().to_owned(), way.cloned());
        let ended = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                match link.row(hold, values).await? {
                    Some(_) => end(link, &id, now, way.as_ref()).await,
                    None => Ok(None),
                }
            })
        });
        ended.await
    }
}

#[async_trait]
impl Sessions for Back {
    async fn begin_session(&self, new: &NewSession) -> Result<Vec<Visit>> {
        let authentication = doc::write("session", &new.session.authentication)?;
        let (id, replaces, new) = (new.session.id.clone(), new.replaces.clone(), new.clone());
        let shape = if new.proved.is_some() { Shape::Several } else { Shape::Checked };
        let before = self.write(shape, move |link| Box::pin(begin(link, new, authentication))).await?;
        match (before, replaces, self.fleeting()) {
            (Before::Moved, Some(old), Some(fleeting)) => fleeting.move_session(&old, &id),
            (Before::Ended(visits), Some(old), _) => {
                self.forget_tickets(&[old]);
                return Ok(visits);
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    async fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>> {
        self.row(GET, args![id.as_str(), now]).await?.as_ref().map(session).transpose()
    }

    async fn sessions_of(&self, person: &PersonId, now: Instant) -> Result<Vec<Session>> {
        self.rows(OF_PERSON, args![person.as_str(), now]).await?.iter().map(session).collect()
    }

    async fn touch_session(&self, id: &SessionId, at: Instant) -> Result<()> {
        self.changed(TOUCH, args![id.as_str(), at]).await.map(drop)
    }

    async fn set_session_establishment(&self, id: &SessionId, uai: &Uai, child: Option<&PersonId>) -> Result<()> {
        let values = args![id.as_str(), uai.as_str(), child.map(PersonId::as_str)];
        self.changed(SET_ESTABLISHMENT, values).await.map(drop)
    }

    async fn set_session_authentication(&self, id: &SessionId, authentication: &Authentication) -> Result<()> {
        let authentication = doc::write("session", authentication)?;
        self.changed(SET_AUTHENTICATION, args![id.as_str(), authentication]).await.map(drop)
    }

    async fn end_session(
        &self,
        id: &SessionId,
        now: Instant,
        way: Option<&CorrelationId>,
    ) -> Result<Option<Vec<Visit>>> {
        let visits = self.end_held(HOLD, args![id.as_str()], id, now, way).await?;
        self.forget_tickets(std::slice::from_ref(id));
        Ok(visits)
    }

    async fn end_idle_session(
        &self,
        id: &SessionId,
        since: Instant,
        now: Instant,
        way: Option<&CorrelationId>,
    ) -> Result<Option<Vec<Visit>>> {
        let visits = self.end_held(HOLD_IDLE, args![id.as_str(), since], id, now, way).await?;
        if visits.is_some() {
            self.forget_tickets(std::slice::from_ref(id));
        }
        Ok(visits)
    }

    async fn end_sessions_of(&self, person: &PersonId, now: Instant) -> Result<Vec<Visit>> {
        let person = person.as_str().to_owned();
        let ended = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let (mut sessions, mut visits) = (Vec::new(), Vec::new());
                for row in link.rows(HOLD_ALL, args![person]).await? {
                    visits.extend(end(link, row.text(0)?, now, None).await?.unwrap_or_default());
                    sessions.push(SessionId::new(row.text(0)?));
                }
                Ok((sessions, visits))
            })
        });
        let (sessions, visits) = ended.await?;
        self.forget_tickets(&sessions);
        Ok(visits)
    }

    async fn expired_sessions(&self, now: Instant, limit: u32) -> Result<Vec<SessionId>> {
        self.rows(EXPIRED, args![now, limit]).await?.iter().map(|row| row.text(0).map(SessionId::new)).collect()
    }

    async fn idle_sessions(&self, since: Instant, limit: u32) -> Result<Vec<SessionId>> {
        self.rows(IDLE, args![since, limit]).await?.iter().map(|row| row.text(0).map(SessionId::new)).collect()
    }

    async fn visits(&self, id: &SessionId) -> Result<Vec<Visit>> {
        self.rows(VISITS, args![id.as_str()]).await?.iter().map(visit).collect()
    }

    async fn forget_visits(&self, id: &SessionId, protocol: &str, service: &ServiceId) -> Result<()> {
        self.change(FORGET, args![id.as_str(), protocol, service.as_str()]).await.map(drop)
    }
}
