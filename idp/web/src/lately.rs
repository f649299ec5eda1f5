//! Pages where something lasting is changed: whoever passes proved who they are within a quarter of an hour, and is asked again
//! otherwise. Who may pass at all is for each page to say.

use crate::{Begin, Fault, Hub, Live, Visitor};
use axum::response::Response;
use preau_domain::{Instant, Seconds, Strength};

/// How long ago somebody may have proved who they are.
pub(crate) const RECENT: Seconds = Seconds(15 * 60);

/// Whoever passes, or where their browser goes first.
pub(crate) enum Lately<T> {
    Proved(T),
    Onward(Response),
}

impl Hub {
    /// Whether the person of a session proved who they are since that moment, and by two factors where they have a second one. Of a provider
    /// that never says when it asked somebody, the moment it vouched for them counts.
    pub(crate) async fn proved_lately(&self, live: &Live, since: Instant) -> Result<bool, Fault> {
        let proof = &live.session.authentication;
        Ok(proof.at >= since && !self.lacks_a_factor(&live.session.person, proof).await?)
    }

    /// Has somebody prove anew who they are, since that moment and by two factors where they have a second one, and come back to that page.
    pub(crate) async fn prove_again<T>(
        &self,
        visitor: &Visitor,
        here: String,
        since: Instant,
    ) -> Result<Lately<T>, Fault> {
        let begin = Begin { fresh_after: Some(since), wants: Some(Strength::Utmost), ..Begin::for_page(here) };
        self.begin_sign_in(visitor, begin).await.map(Lately::Onward)
    }
}
