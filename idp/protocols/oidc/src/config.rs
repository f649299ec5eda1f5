//! How long things live, and how large they may be. Nothing here is a setting: a service that needs a longer life asks for
//! a refresh token.

use preau_domain::Seconds;
use preau_store::Delays;

/// A code waits for its one redemption.
pub const CODE: Seconds = Seconds(60);
/// A request that a service pushed ahead of the browser.
pub const PUSHED: Seconds = Seconds(60);
/// An access token.
pub const ACCESS: Seconds = Seconds(600);
/// An ID token says who signed in just now; it is no ticket.
pub const ID_TOKEN: Seconds = Seconds(300);
/// A refresh token that outlives the browser (`offline_access`), counted from its latest rotation.
pub const OFFLINE: Seconds = Seconds(30 * 86_400);
/// And the end of a family of such tokens, counted from its first, however often they were rotated: the person is asked again.
pub const OFFLINE_IN_ALL: Seconds = Seconds(365 * 86_400);
/// A logout token, from its making to its last try.
pub const LOGOUT_TOKEN: Seconds = Seconds(120);
/// A device waits for a person.
pub const DEVICE: Seconds = Seconds(600);
/// A device asks again not before; each question that comes too early adds as much.
pub const POLL: Seconds = Seconds(5);
/// Five codes are tried by one person, then one in ten minutes.
pub const TRIES: Delays = Delays(&[(5, 600_000)]);
/// A tool of LTI begins its sign-on after it was opened, at the latest.
pub const LAUNCH: Seconds = Seconds(300);
/// The context of a link waits for the browser that carries it.
pub const CONTEXT: Seconds = Seconds(60);
/// How far the clock of a service may differ from ours.
pub const SKEW: Seconds = Seconds(30);
/// Longest life an assertion of a service may claim: it is remembered for as long.
pub const ASSERTION: Seconds = Seconds(3600);

/// How far the clock of whoever makes a proof of its key may differ from ours: the nonce says how fresh it is.
pub const PROOF: Seconds = Seconds(300);
/// How long the nonce of such proofs stays the same; it is good for as long again.
pub const NONCE: Seconds = Seconds(120);

/// Characters of a code or token: 215 random bits.
pub const SECRET: usize = 43;
/// Longest code or token that is looked up.
pub const MAX_SECRET: usize = 128;
/// Longest request that is pushed, in bytes: thousands of them wait at once.
pub const MAX_PUSHED: usize = 16 * 1024;
/// Longest `nonce`, in bytes: echoed whole or refused, never cut.
pub const MAX_NONCE: usize = 512;
/// Longest `state`, in bytes.
pub const MAX_STATE: usize = 2048;
/// Longest value of `claims`, in bytes.
pub const MAX_CLAIMS: usize = 4096;
