//! Services that are still to be told of the end of a visit.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{CorrelationId, Instant, PersonId, ServiceId, Visit};

/// A visit that is over, and whose service has not heard of it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its name here.
    pub id: i64,
    /// The visit.
    pub visit: Visit,
    /// How often somebody began to tell it, this time included.
    pub tries: u32,
    /// The number of the way that ended the session, where whoever ended it had one.
    pub way: Option<CorrelationId>,
}

/// Services that have not heard of the end of some visits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YetToHear {
    /// Those that are being told.
    pub waiting: Vec<ServiceId>,
    /// Those that said no to one at least.
    pub refused: Vec<ServiceId>,
}

/// What is to be told. Notices are written in the stroke that ends their session: the latest [`TOLD_TO_ONE`] visits of a
/// session to one service, equal ones once.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes notices whose time has come at `now`, those that waited longest first: at most `each` of one service, none of
    /// `busy` services, at most `limit` in all. Whoever takes one has until `again` to settle it; then it is taken
    /// again. Among concurrent takers each notice goes to one.
    async fn take_notices(
        &self,
        now: Instant,
        again: Instant,
        busy: &[ServiceId],
        each: u32,
        limit: u32,
    ) -> Result<Vec<Notice>>;

    /// Takes notices out for good: told, or given up.
    async fn settle_notices(&self, ids: &[i64]) -> Result<()>;

    /// Notes that services said no to these: nobody takes them any more, and [`Outbox::yet_to_hear`] says so until they are
    /// too old.
    async fn refuse_notices(&self, ids: &[i64]) -> Result<()>;

    /// The services of these visits, which are over, that have not closed theirs.
    async fn yet_to_hear(&self, visits: &[Visit]) -> Result<YetToHear>;

    /// The services that have not closed the sessions of these people which are over, whoever ended them: one that said no to one notice and
    /// is being told another is both. Notices that grew too old are not known any more.
    async fn yet_to_hear_of(&self, people: &[PersonId]) -> Result<YetToHear>;

    /// Lets a notice be taken again at an instant.
    async fn postpone_notice(&self, id: i64, until: Instant) -> Result<()>;
}

/// Visits of one session that one service is told of: the latest. Nobody works in more places of one service at once, and
/// whoever asks for hundreds of tickets makes nobody wait.
pub const TOLD_TO_ONE: u32 = 20;
