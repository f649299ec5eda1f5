//! How long things live. Nothing here is a setting.

use preau_domain::Seconds;

/// An assertion is presented at once.
pub const ASSERTION: Seconds = Seconds(300);
/// How far the clock of a service may differ from ours.
pub const SKEW: Seconds = Seconds(60);
/// Oldest request that is answered: a page that was kept open, or an address that was kept as a bookmark, begins anew at
/// the service.
pub const REQUEST: Seconds = Seconds(600);
/// How long a service may keep somebody whose program asked: no end is told it, since no session begins here.
pub const CLIENT_SESSION: Seconds = Seconds(3600);
/// How long it is remembered at least whom a service calls by a name that they always have.
pub const NAME: Seconds = Seconds(30 * 86_400);
/// A service fetches the message of an artifact at once.
pub const ARTIFACT: Seconds = Seconds(60);
/// A request that came by a form waits for the browser to come back with its cookie.
pub const DETOUR: Seconds = Seconds(120);
/// Most bytes of a message that arrives in a form, with what surrounds it.
pub const MAX_BODY: usize = 400 * 1024;
