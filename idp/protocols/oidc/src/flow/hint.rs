//! ID tokens that come back to us as hints. A hint proves nothing: it only says who somebody was, to this service.

use preau_domain::Seconds;
use preau_keys::jose::{ClaimRules, Exp, Parties, Typ};
use preau_web::{Door, Hub};

/// What a hint says.
pub struct Hint {
    /// Of whom.
    pub sub: String,
    /// In which session, by its name for this service.
    pub sid: Option<String>,
}

/// Reads an ID token that this house gave to this service. One that has expired still says who it was about.
pub fn read(hub: &Hub, door: &Door, token: &str) -> Option<Hint> {
    let verified = hub.signers.verify_own(token, Typ::IsOrAbsent(&["JWT"])).ok()?;
    let client = door.service.id.as_str();
    let rules = ClaimRules {
        issuer: hub.base(),
        audiences: &[client],
        parties: Parties::Alone,
        exp: Exp::Ignored,
        oldest: None,
        now: hub.now(),
        skew: Seconds(30),
    };
    verified.check(&rules).ok()?;
    // What else we sign for a service has no end, as userinfo, or is of another type, as logout tokens.
    verified.instant("exp").ok()??;
    Some(Hint { sub: verified.text("sub")?.to_owned(), sid: verified.text("sid").map(str::to_owned) })
}

/// For whom a hint says it is, before it is verified: only to find the service whose hint it may be.
pub fn claimed_audience(token: &str) -> Option<String> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = token.split('.').nth(1).filter(|part| part.len() <= 16 * 1024)?;
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.get("aud")?.as_str().map(str::to_owned)
}
