//! Services that no administrator mounted.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Instant, PersonId, Registration, RegistrationKind, ServiceId};

/// Registrations. One that expired at or before `now` is absent, whether or not a sweep has passed.
#[async_trait]
pub trait Registrations: Send + Sync {
    /// Adds a registration. `Conflict` if its name is taken, also by one that expired and was not swept yet.
    async fn add_registration(&self, registration: &Registration) -> Result<()>;

    /// Replaces the settings and the end of a registration whose settings still say `expected`; its kind, owner and
    /// beginning stay. `Conflict` if they say something else by now, or it is gone: among concurrent callers who read the
    /// same, exactly one replaces it.
    async fn replace_registration(&self, registration: &Registration, expected: &str, now: Instant) -> Result<()>;

    /// Keeps a registration whole, in the place of one of its name if there is one, whatever that said.
    async fn put_registration(&self, registration: &Registration) -> Result<()>;

    /// Removes a registration for good; says whether it was there.
    async fn remove_registration(&self, id: &ServiceId) -> Result<bool>;

    /// The registration of that name.
    async fn registration(&self, id: &ServiceId, now: Instant) -> Result<Option<Registration>>;

    /// Registrations of that kind, of one owner or of all, latest first, at most `limit`.
    async fn registrations(
        &self,
        kind: RegistrationKind,
        owner: Option<&PersonId>,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<Registration>>;

    /// What became of the openings of heads after that change, in the order of the changes, each name once with its latest one, at most
    /// `limit`. Nothing that was durable before a change that was read comes after it: whoever goes on from the latest number they read
    /// misses nothing, whichever process wrote it.
    async fn openings_changed(&self, after: u64, now: Instant, limit: u32) -> Result<Vec<OpeningChange>>;
}

/// The latest change of the opening of a service in an establishment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningChange {
    /// Its place among the changes of all.
    pub number: u64,
    /// The name of the opening.
    pub id: ServiceId,
    /// As it is since; absent when it was taken back, forgot itself or expired.
    pub now: Option<Registration>,
}
