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
}
