//! Identities of elsewhere: which accounts they open, and which sessions they opened.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{FederatedIdentity, FederatedLink, Instant, PersonId, SessionId, SourceId, Upstream};

/// Links between identities of elsewhere and accounts. One identity may open several accounts, one account may open to
/// several identities.
#[async_trait]
pub trait Links: Send + Sync {
    /// Adds a link. `Conflict` if the account opens to that identity already, or the identity opens 100 accounts.
    async fn add_link(&self, link: &FederatedLink) -> Result<()>;

    /// Removes the link between an identity and an account; says whether it was there.
    async fn remove_link(&self, identity: &FederatedIdentity, person: &PersonId) -> Result<bool>;

    /// What an identity opens, oldest first, at most 100.
    async fn links_of(&self, identity: &FederatedIdentity) -> Result<Vec<FederatedLink>>;

    /// What an account opens to, oldest first, at most 100.
    async fn links_of_person(&self, person: &PersonId) -> Result<Vec<FederatedLink>>;
}

/// What sessions owe to an upstream provider. It is written with the session ([`crate::NewSession::upstream`]), goes on
/// with one that goes on, and falls with it.
#[async_trait]
pub trait Upstreams: Send + Sync {
    /// By whom a session was opened from elsewhere; absent for one that was opened here, expired or ended.
    async fn upstream_of(&self, session: &SessionId, now: Instant) -> Result<Option<Upstream>>;

    /// Sessions that provider and issuer opened for a subject, under a name of theirs (`about`, in this order), or both; with neither there are
    /// none. At most 100, ordered by id from the one after `after` on; those that expired but have not ended are among them.
    async fn sessions_upstream(
        &self,
        provider: &SourceId,
        issuer: &str,
        about: (Option<&str>, Option<&str>),
        after: &SessionId,
    ) -> Result<Vec<SessionId>>;
}
