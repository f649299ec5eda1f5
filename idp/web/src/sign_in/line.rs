//! The step of whoever waits in line: a page that says how many go first, and asks again by itself.

use super::{Typed, ask_password, asked};
use crate::line::{Load, Standing};
use crate::{Fault, Fields, Hub, Visitor, pages};
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use preau_domain::{PendingSignIn, Public};
use std::sync::Arc;

/// Least and most seconds after which the page asks again.
const AGAIN: (u64, u64) = (3, 30);
/// How whoever is about to be called stands.
pub(super) const SOON: (u64, u64) = (1, 1);
/// What a number is given for.
const PURPOSE: &str = "place in line";

/// Shows somebody how they stand, or the form once they are called.
pub(super) async fn stand(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (pending, fields) = asked(&hub, &visitor, &id, query.as_deref()).await?;
    let Some(public) = pending.public.filter(|public| hub.hashes_for(*public)) else {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    };
    match number(&hub, &pending, &fields)? {
        Some(number) => match hub.line.standing(number, hub.now(), hub.pool_load()) {
            Standing::Called => {
                let typed = Typed { public, login: "", turn: Some(number) };
                Ok(ask_password(&hub, &visitor, &pending, typed, None, None))
            }
            Standing::Waits(first, seconds) => Ok(page(&hub, &visitor, &pending, public, number, (first, seconds))),
            Standing::Unknown => Ok(join(&hub, &visitor, &pending, public)),
        },
        None => Ok(join(&hub, &visitor, &pending, public)),
    }
}

/// Gives somebody a number.
pub(super) fn join(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, public: Public) -> Response {
    let number = hub.line.number();
    match hub.line.standing(number, hub.now(), hub.pool_load()) {
        Standing::Waits(first, seconds) => page(hub, visitor, pending, public, number, (first, seconds)),
        // There is room again at this moment: the page comes back at once.
        Standing::Called | Standing::Unknown => page(hub, visitor, pending, public, number, SOON),
    }
}

/// The number that came with a request, if it was given to this sign-in by this process.
pub(super) fn number(hub: &Hub, pending: &PendingSignIn, fields: &Fields) -> Result<Option<u64>, Fault> {
    let Some((number, code)) = fields.one("turn")?.and_then(|turn| turn.split_once('.')) else { return Ok(None) };
    let ours = hub.keyring.mac_ok(PURPOSE, &[pending.id.as_str(), &hub.line.epoch, number], code);
    Ok(number.parse().ok().filter(|_| ours))
}

/// How a number is written, for a form or an address.
pub(super) fn written(hub: &Hub, pending: &PendingSignIn, number: u64) -> String {
    let number = number.to_string();
    let code = hub.keyring.mac(PURPOSE, &[pending.id.as_str(), &hub.line.epoch, &number]);
    format!("{number}.{code}")
}

/// The page of a number.
pub(super) fn page(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    public: Public,
    number: u64,
    (first, seconds): (u64, u64),
) -> Response {
    let turn = written(hub, pending, number);
    let to = format!("/sign-in/{}/line?public={}&turn={turn}", pending.id, public.as_str());
    // Spread, so that a crowd does not come back as one.
    let mut byte = [0u8; 1];
    hub.ids.fill(&mut byte);
    let again = (seconds / 2).clamp(AGAIN.0, AGAIN.1);
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
