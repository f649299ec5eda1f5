//! Identities of elsewhere. What a session owes is written by `sessions`, with the session.

use crate::back::Back;
use crate::link::{Row, args};
use async_trait::async_trait;
use preau_domain::{FederatedIdentity, FederatedLink, Instant, PersonId, SessionId, SourceId, Upstream};
use preau_store::{Links, Result, StoreError, Upstreams};

/// More accounts than any rule could offer one person to choose from.
const MOST: u32 = 100;
const ADD: &str = "INSERT INTO link (provider, issuer, subject, person, at) SELECT $1, $2, $3, $4, $5
    WHERE (SELECT count(*) FROM link WHERE provider = $1 AND issuer = $2 AND subject = $3) < $6
    ON CONFLICT DO NOTHING RETURNING person";
const REMOVE: &str = "DELETE FROM link WHERE provider = $1 AND issuer = $2 AND subject = $3
        AND (person = $4 OR person IN (SELECT id FROM person WHERE account = $4))
    RETURNING person";
/// Who was linked to an account that is another one's now is linked to that one.
const OF_IDENTITY: &str = "SELECT provider, issuer, subject,
        coalesce((SELECT account FROM person WHERE person.id = link.person), person) AS account, min(at) AS at FROM link
    WHERE provider = $1 AND issuer = $2 AND subject = $3
    GROUP BY provider, issuer, subject, account ORDER BY at, account LIMIT $4";
const OF_PERSON: &str = "SELECT provider, issuer, subject, $1, min(at) AS at FROM link
    WHERE person = $1 OR person IN (SELECT id FROM person WHERE account = $1)
    GROUP BY provider, issuer, subject ORDER BY at, provider, issuer, subject LIMIT $2";

const OF_SESSION: &str = "SELECT u.provider, u.issuer, u.subject, u.sid
    FROM upstream u JOIN session s ON s.id = u.session WHERE u.session = $1 AND s.expires > $2";
const BY_SUBJECT: &str = "SELECT session FROM upstream WHERE provider = $1 AND issuer = $2 AND subject = $3
    AND session > $5 ORDER BY session LIMIT $4";
const BY_SID: &str = "SELECT session FROM upstream WHERE provider = $1 AND issuer = $2 AND sid = $3
    AND session > $5 ORDER BY session LIMIT $4";
const BY_BOTH: &str = "SELECT session FROM upstream WHERE provider = $1 AND issuer = $2 AND sid = $3 AND subject = $6
    AND session > $5 ORDER BY session LIMIT $4";

fn identity(row: &Row) -> Result<FederatedIdentity> {
    Ok(FederatedIdentity {
        provider: SourceId::new(row.text(0)?),
        issuer: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
    })
}

fn link(row: &Row) -> Result<FederatedLink> {
    Ok(FederatedLink { identity: identity(row)?, person: PersonId::new(row.text(3)?), at: row.instant(4)? })
}

#[async_trait]
impl Links for Back {
    async fn add_link(&self, link: &FederatedLink) -> Result<()> {
        let FederatedIdentity { provider, issuer, subject } = &link.identity;
        let values = args![provider.as_str(), issuer.as_str(), subject.as_str(), link.person.as_str(), link.at, MOST];
        let added = self.change(ADD, values).await?;
        if added.is_empty() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn remove_link(&self, identity: &FederatedIdentity, person: &PersonId) -> Result<bool> {
        let FederatedIdentity { provider, issuer, subject } = identity;
        let values = args![provider.as_str(), issuer.as_str(), subject.as_str(), person.as_str()];
        Ok(!self.change(REMOVE, values).await?.is_empty())
    }

    async fn links_of(&self, identity: &FederatedIdentity) -> Result<Vec<FederatedLink>> {
        let FederatedIdentity { provider, issuer, subject } = identity;
        let values = args![provider.as_str(), issuer.as_str(), subject.as_str(), MOST];
        self.rows(OF_IDENTITY, values).await?.iter().map(link).collect()
    }

    async fn links_of_person(&self, person: &PersonId) -> Result<Vec<FederatedLink>> {
        self.rows(OF_PERSON, args![person.as_str(), MOST]).await?.iter().map(link).collect()
    }
}

#[async_trait]
impl Upstreams for Back {
    async fn upstream_of(&self, session: &SessionId, now: Instant) -> Result<Option<Upstream>> {
        let Some(row) = self.row(OF_SESSION, args![session.as_str(), now]).await? else { return Ok(None) };
        Ok(Some(Upstream { identity: identity(&row)?, sid: row.text_or_none(3)?.map(str::to_owned) }))
    }

    async fn sessions_upstream(
        &self,
        provider: &SourceId,
        issuer: &str,
        about: (Option<&str>, Option<&str>),
        after: &SessionId,
    ) -> Result<Vec<SessionId>> {
        let after = after.as_str();
        let (sql, values) = match about {
            (None, None) => return Ok(Vec::new()),
            (Some(subject), None) => (BY_SUBJECT, args![provider.as_str(), issuer, subject, MOST, after]),
            (None, Some(sid)) => (BY_SID, args![provider.as_str(), issuer, sid, MOST, after]),
            (Some(subject), Some(sid)) => (BY_BOTH, args![provider.as_str(), issuer, sid, MOST, after, subject]),
        };
        self.rows(sql, values).await?.iter().map(|row| row.text(0).map(SessionId::new)).collect()
    }
}
