//! Documents kept for a while outside any session.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{Instant, KeptKind, KeptThing, OneTimeKey, ServiceId};

/// Kept documents. One that expired at or before `now` is absent, whether or not a sweep has passed.
#[async_trait]
pub trait Keeping: Send + Sync {
    /// Keeps a document. `Conflict` if the key is taken by one of that kind that has not expired: among concurrent callers
    /// exactly one keeps it, which is what guards against a replay.
    async fn keep(&self, thing: &KeptThing, now: Instant) -> Result<()>;

    /// The same for something that anybody may ask for in the name of a service, `from` wherever that is, where it makes a difference: a
    /// word without blanks. Of one service and kind thousands stay, and of one kind some thousands more: of more, those that expire
    /// first go, of wherever most came from, and of whichever service has most. A few hundred more may be there for a moment.
    async fn keep_of(&self, owner: &ServiceId, from: Option<&str>, thing: &KeptThing, now: Instant) -> Result<()>;

    /// The document of that key and kind; it stays.
    async fn kept(&self, key: &OneTimeKey, kind: KeptKind, now: Instant) -> Result<Option<KeptThing>>;

    /// Every document of that kind that has not expired, the first to expire first, at most `limit`. Looks at all that is
    /// kept: for an operator, never on a request.
    async fn all_kept(&self, kind: KeptKind, now: Instant, limit: u32) -> Result<Vec<KeptThing>>;

    /// Replaces a document that still says `expected`. `Conflict` if it says something else by now, or is gone: among
    /// concurrent callers who read the same, exactly one replaces it.
    async fn replace_kept(&self, thing: &KeptThing, expected: &str, now: Instant) -> Result<()>;

    /// Takes a document out for good; among concurrent callers exactly one gets it.
    async fn take_kept(&self, key: &OneTimeKey, kind: KeptKind, now: Instant) -> Result<Option<KeptThing>>;
}
