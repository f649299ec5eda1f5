//! Sign-ins under way and live sessions.

use crate::{FactorUse, Result};
use async_trait::async_trait;
use preau_domain::{
    Authentication, CorrelationId, Instant, KeptThing, OneTimeKey, PendingId, PendingSignIn, PersonId, ServiceId,
    Session, SessionId, Uai, Upstream, Visit,
};

/// Sign-ins under way, those that are more than their browser can carry by itself.
#[async_trait]
pub trait SignIns: Send + Sync {
    /// Keeps the state of a sign-in, in place of the one before. `Conflict` if it ended, by [`SignIns::end_pending`] or
    /// [`Sessions::begin_session`]. The number of those kept is bounded: of too many, the oldest go.
    async fn put_pending(&self, pending: &PendingSignIn) -> Result<()>;

    /// The sign-in of that name, unless it expired at or before `now`; none where it is not kept. `Conflict` if it ended, as long as a copy of it
    /// could come.
    async fn pending(&self, id: &PendingId, now: Instant) -> Result<Option<PendingSignIn>>;

    /// Ends a sign-in, whether it is kept here or not; among concurrent callers exactly one is told yes.
    async fn end_pending(&self, ending: &Ending) -> Result<bool>;
}

/// The end of a sign-in, which is remembered ([`preau_domain::KeptKind::SpentSignIn`], by its name) as long as a copy of it could come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Which.
    pub id: PendingId,
    /// From when on no copy of it counts.
    pub until: Instant,
}

/// What somebody proved a moment ago, noted in the stroke in which their session begins.
#[derive(Clone, Debug)]
pub struct ProvedBy {
    /// Of the factor, as by [`crate::Factors::answer_by_factor`].
    pub used: FactorUse,
    /// The question it answered.
    pub answers: KeptThing,
    /// The device it was proved on, as by [`crate::Throttle::remember_device`].
    pub device: String,
    /// The wrong codes before it ([`preau_domain::KeptKind::WrongCodes`]), which are forgotten.
    pub forgives: OneTimeKey,
}

/// A session about to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The sign-in that led to it, which ends in the same stroke; that its time is not over is for the caller to see.
    pub pending: Option<Ending>,
    /// The session this browser had before. When it is the same person's, its visits, tickets and tokens move to the new one
    /// (a re-authentication keeps single logout whole); another person's is ended.
    pub replaces: Option<SessionId>,
    /// By what it was proved, where nothing of that was noted yet.
    pub proved: Option<ProvedBy>,
    /// By whom it was opened from elsewhere. Without it, a session that goes on owes what the one before owed.
    pub upstream: Option<Upstream>,
    /// The number of the way here, for the notices of a session that this one ends.
    pub way: Option<CorrelationId>,
}

/// Live sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a session. `Conflict` if its id is taken, if `pending` is given and somebody else ended that sign-in first, or if what `proved`
    /// says cannot be noted, its question having been answered or another counter being there: then nothing was written. Another person's session is ended as by
    /// [`Sessions::end_session`]; its visits are returned.
    async fn begin_session(&self, new: &NewSession) -> Result<Vec<Visit>>;

    /// The session of that name, unless it expired at or before `now`.
    async fn session(&self, id: &SessionId, now: Instant) -> Result<Option<Session>>;

    /// Sessions of a person that have not expired, latest first, at most 100.
    async fn sessions_of(&self, person: &PersonId, now: Instant) -> Result<Vec<Session>>;

    /// Notes that a session was used; an instant before the one known changes nothing.
    async fn touch_session(&self, id: &SessionId, at: Instant) -> Result<()>;

    /// Sets the establishment the person works in now, and the child they act for. Nothing happens if the session is gone.
    async fn set_session_establishment(&self, id: &SessionId, uai: &Uai, child: Option<&PersonId>) -> Result<()>;

    /// Replaces the proof a live session rests on. Nothing happens if the session is gone.
    async fn set_session_authentication(&self, id: &SessionId, authentication: &Authentication) -> Result<()>;

    /// Ends a session: it, its tickets and its visits are gone, and the notices of the visits wait in the [`crate::Outbox`]
    /// from `now` on, under the number of the way that ended it. The visits are returned: among concurrent callers exactly one
    /// gets them; the others get `None`.
    async fn end_session(
        &self,
        id: &SessionId,
        now: Instant,
        way: Option<&CorrelationId>,
    ) -> Result<Option<Vec<Visit>>>;

    /// Ends a session in the same way, unless somebody used it since an instant: what [`Sessions::idle_sessions`] named a
    /// moment ago may be in use by now.
    async fn end_idle_session(
        &self,
        id: &SessionId,
        since: Instant,
        now: Instant,
        way: Option<&CorrelationId>,
    ) -> Result<Option<Vec<Visit>>>;

    /// Ends every session of a person in the same way and returns their visits.
    async fn end_sessions_of(&self, person: &PersonId, now: Instant) -> Result<Vec<Visit>>;

    /// Sessions that expired at or before `now`, and those that were stopped with their person, oldest first, at most
    /// `limit`: they are no sessions any more, and wait to be ended so that their services hear of it.
    async fn expired_sessions(&self, now: Instant, limit: u32) -> Result<Vec<SessionId>>;

    /// Sessions that were not used since an instant, longest first, at most `limit`.
    async fn idle_sessions(&self, since: Instant, limit: u32) -> Result<Vec<SessionId>>;

    /// Visits of a session, oldest first: of each service some dozens of the latest.
    async fn visits(&self, id: &SessionId) -> Result<Vec<Visit>>;

    /// Forgets what a protocol noted of a service within a session: it asked for the end itself, and need not hear of it.
    async fn forget_visits(&self, id: &SessionId, protocol: &str, service: &ServiceId) -> Result<()>;
}
