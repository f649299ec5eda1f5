//! The sign-in as it travels, sealed: begun, it is nowhere but in a cookie that its own pages alone are sent, so that looking at a
//! sign-in page writes nothing and a flood of them fills nothing ([ADR 0040](../../../../docs/adr/0040-a-sign-in-begins-in-the-browser.md)).
//! A form carries a copy of its own; on the way to another provider and back there is one for that provider's answers.
//!
//! What is stored counts as long as it is there. The copy opens for the browser that began the sign-in, within its time,
//! and unless it ended: that is remembered by the store, so that a sign-in ends once.

use super::is_of;
use crate::visitor::Cookie;
use crate::{Hub, Visitor};
use axum::response::Response;
use http::header;
use preau_domain::{PendingId, PendingSignIn, SourceId};
use preau_keys::Sealer;

/// What the copy is sealed for.
const PURPOSE: &str = "sign-in that travels";
/// Longest copy: the password beside it in a form may be long too.
const MOST: usize = 12 * 1024;

/// Where the cookie of a sign-in is sent: to its pages, and to those of no other in another tab.
pub(crate) fn pages_of(id: &PendingId) -> String {
    format!("/sign-in/{id}")
}

/// Where the cookie of the sign-in is sent that left for a provider.
pub(super) fn answers_of(source: &SourceId) -> String {
    format!("/upstream/{source}")
}

/// Has the browser carry a sign-in for the pages below a path, if it is short enough; says whether it is.
pub(crate) fn carry(hub: &Hub, pending: &PendingSignIn, path: &str, response: &mut Response) -> bool {
    let copy = seal(hub, pending).filter(|copy| Cookie::SignIn.holds(copy));
    let cookie = copy.map(|copy| Cookie::SignIn.set_at(path, hub.secure(), &copy));
    let carried = cookie.is_some();
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    carried
}

/// The copy; none for what is too long to travel.
pub(crate) fn seal(hub: &Hub, pending: &PendingSignIn) -> Option<String> {
    let doc = serde_json::to_vec(pending).ok()?;
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, PURPOSE, &[pending.id.as_str()], &doc)?;
    (sealed.len() <= MOST).then_some(sealed)
}

/// The sign-in of that name as a copy in the hands of this browser has it, in its time. Whether it ended is for the store to say.
pub(super) fn open(hub: &Hub, visitor: &Visitor, id: &str, sealed: &str) -> Option<PendingSignIn> {
    let browser = visitor.browser.as_ref()?;
    let doc = Sealer::new(&hub.keyring).open(PURPOSE, &[id], sealed)?;
    let pending = serde_json::from_slice::<PendingSignIn>(&doc).ok()?;
    (is_of(browser, &pending) && hub.now() < pending.expires).then_some(pending)
}
