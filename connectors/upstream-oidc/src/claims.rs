//! What makes an ID token believed, once its signature is (OpenID Connect Core 3.1.3.7), and the claims of userinfo.

use crate::config::Settings;
use preau_connector_api::{RedirectError, Round};
use preau_domain::{Instant, Seconds};
use preau_keys::constant_time_eq;
use preau_keys::jose::{ClaimError, ClaimRules, Exp, Parties, Verified};
use serde_json::{Map, Value};

/// Longest name of a person or a session at a provider.
const MAX_NAME: usize = 255;
/// Longest name of a class of proof.
const MAX_ACR: usize = 128;
/// Seconds after which an ID token that arrives is too old: it was made during this round.
const OLDEST_SECONDS: i64 = 600;

/// What an ID token said, checked.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) subject: String,
    pub(crate) at: Option<Instant>,
    pub(crate) acr: Option<String>,
    pub(crate) sid: Option<String>,
}

/// The rules every token of the provider follows: from it, for us, of now.
pub(crate) fn rules<'a>(settings: &'a Settings, audiences: &'a [&'a str], exp: Exp, now: Instant) -> ClaimRules<'a> {
    ClaimRules {
        issuer: &settings.issuer,
        audiences,
        parties: Parties::Authorized(&settings.client_id),
        exp,
        oldest: Some(Seconds(OLDEST_SECONDS)),
        now,
        skew: Seconds(settings.skew_seconds),
    }
}

/// Believes an ID token for a round.
pub(crate) fn id_token(
    settings: &Settings,
    round: &Round<'_>,
    token: &Verified,
    access_token: &str,
) -> Result<Proof, RedirectError> {
    let refuse = |word| Err(RedirectError::NotBelieved(word));
    let audiences = [settings.client_id.as_str()];
    token.check(&rules(settings, &audiences, Exp::Required, round.now)).map_err(not_believed)?;
    if !token.text("nonce").is_some_and(|nonce| constant_time_eq(nonce.as_bytes(), round.nonce.as_bytes())) {
        return refuse("nonce");
    }
    match token.claims().get("at_hash") {
        None => {}
        Some(Value::String(hash)) if *hash == token.alg().left_half(access_token) => {}
        Some(_) => return refuse("at_hash"),
    }
    let Some(subject) = token.text("sub").filter(|sub| is_name(sub)) else { return refuse("sub") };
    let acr = token.text("acr").filter(|acr| acr.len() <= MAX_ACR);
    if !settings.acr_values.is_empty() && !acr.is_some_and(|acr| settings.acr_values.iter().any(|asked| asked == acr)) {
        return refuse("acr");
    }
    let at = token.instant("auth_time").map_err(not_believed)?;
    let skew = Seconds(settings.skew_seconds);
    let at = match (at, round.fresh_after) {
        (Some(at), _) if at > round.now + skew => return refuse("auth_time"),
        // The other clock may be behind ours: what it calls a moment before we asked was after.
        (Some(at), Some(after)) if at + skew >= after => Some(at.max(after)),
        (_, Some(_)) => return refuse("auth_time"),
        (at, None) => at,
    };
    let sid = token.text("sid").filter(|sid| is_name(sid)).map(str::to_owned);
    Ok(Proof { subject: subject.to_owned(), at: at.map(|at| at.min(round.now)), acr: acr.map(str::to_owned), sid })
}

/// Believes what userinfo says if it is about the person of the ID token (OpenID Connect Core 5.3.2).
pub(crate) fn userinfo(claims: Map<String, Value>, subject: &str) -> Result<Map<String, Value>, RedirectError> {
    if claims.get("sub").and_then(Value::as_str) == Some(subject) {
        Ok(claims)
    } else {
        Err(RedirectError::NotBelieved("userinfo sub"))
    }
}

/// The texts of a claim: one, or those of a list.
pub(crate) fn texts<'a>(claims: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    match claims.get(name) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The texts of a claim that names an account: an address that the provider itself says is not verified names none.
pub(crate) fn named<'a>(claims: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    let unverified = || claims.get("email_verified").is_some_and(|said| *said != Value::Bool(true));
    if name == "email" && unverified() { Vec::new() } else { texts(claims, name) }
}

/// A name that may be kept: not empty, not long, nothing invisible.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control)
}

/// The word that says which claim is wrong.
pub(crate) fn not_believed(error: ClaimError) -> RedirectError {
    RedirectError::NotBelieved(match error {
        ClaimError::Malformed(name) => name,
        ClaimError::Issuer => "iss",
        ClaimError::Audience => "aud",
        ClaimError::Party => "azp",
        ClaimError::Expired => "exp",
        ClaimError::NotYet => "iat",
        ClaimError::TooOld => "iat",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_is_a_text_or_a_list_of_texts() {
        let claims = json!({ "one": "a", "many": ["a", 7, null, "b", ["c"]], "number": 4512345, "none": null });
        let texts = |name| texts(claims.as_object().unwrap(), name);
        assert_eq!(texts("one"), ["a"]);
        assert_eq!(texts("many"), ["a", "b"]);
        for name in ["number", "none", "absent"] {
            assert_eq!(texts(name), [""; 0], "{name}");
        }
    }

    #[test]
    fn an_address_that_is_not_verified_names_nobody() {
        for (verified, names) in
            [(json!(true), true), (json!(false), false), (json!("true"), false), (json!(null), false)]
        {
            let claims = json!({ "email": "zoe@ac-notos.example", "uid": "zoe", "email_verified": verified });
            let claims = claims.as_object().unwrap();
            assert_eq!(!named(claims, "email").is_empty(), names, "{claims:?}");
            assert_eq!(named(claims, "uid"), ["zoe"]);
        }
    }
}
