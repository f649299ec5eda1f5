//! The step of whoever waits in line: a page that says how many go first, and asks again by itself.

use super::{Typed, ask_password, asked};
use crate::line::{Load, Standing};
use crate::{Fault, Hub, Visitor, pages};
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use preau_domain::{PendingSignIn, Public};
use std::sync::Arc;

/// Least and most seconds after which the page asks again.
const AGAIN: (u64, u64) = (3, 30);
/// How whoever is about to be called stands.
const SOON: (u64, u64) = (1, 1);

/// Shows somebody how they stand, or the form once they are called or nobody has to wait.
pub(super) async fn stand(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (pending, _) = asked(&hub, &visitor, &id, query.as_deref()).await?;
    let Some(public) = pending.public.filter(|public| hub.hashes_for(*public)) else {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    };
    let (now, load) = (hub.now(), hub.pool_load());
    Ok(match hub.line.standing(&pending.id, now, load) {
        Standing::Waits(first, seconds) => page(&hub, &visitor, &pending, public, (first, seconds)),
        Standing::Unknown if hub.line.is_there(now, load) => join(&hub, &visitor, &pending, public),
        Standing::Called | Standing::Unknown => {
            ask_password(&hub, &visitor, &pending, Typed { public, login: "" }, None, None)
        }
    })
}

/// Gives a sign-in its number.
pub(super) fn join(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, public: Public) -> Response {
    match hub.line.join(&pending.id, hub.now(), hub.pool_load()) {
        Standing::Waits(first, seconds) => page(hub, visitor, pending, public, (first, seconds)),
        // There is room again at this moment: the page comes back at once.
        Standing::Called | Standing::Unknown => page(hub, visitor, pending, public, SOON),
    }
}

/// The page of a number.
pub(super) fn page(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    public: Public,
    (first, seconds): (u64, u64),
) -> Response {
    let to = format!("/sign-in/{}/line?public={}", pending.id, public.as_str());
    // Spread, so that a crowd does not come back as one.
    let mut byte = [0u8; 1];
    hub.ids.fill(&mut byte);
    // At about the moment they are called: whoever asks before costs a page that says the same. Once called they have a minute, and there are
    // others who are called to keep the pool at work until they ask.
    let again = (3 * seconds / 4).clamp(AGAIN.0, AGAIN.1);
    let again = again + again * u64::from(byte[0]) / 512;
    let mut page = pages::line(hub, visitor, pending.id.as_str(), &to, first, seconds);
    *page.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(again));
    if let Ok(refresh) = HeaderValue::from_str(&format!("{again}; url={to}")) {
        page.headers_mut().insert(header::REFRESH, refresh);
    }
    page
}

impl Hub {
    /// Whether the passwords of a public are hashed here.
    pub(super) fn hashes_for(&self, public: Public) -> bool {
        self.asks_password(public) && self.source_of(public).is_none()
    }

    /// How the pool of passwords is doing.
    pub(super) fn pool_load(&self) -> Load {
        Load { hashed: self.passwords.hashed(), waiting: self.passwords.waiting() }
    }
}
