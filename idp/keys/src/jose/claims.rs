//! The claims every token has in common (RFC 7519 4.1): from whom, for whom, when. What else a type of token must say
//! (a nonce, an event, a hash) is checked where that type is understood.

use super::Verified;
use preau_domain::{Instant, Seconds};
use serde_json::{Map, Value};
use thiserror::Error;

/// Most audiences of a token.
const MAX_AUDIENCES: usize = 20;

/// What a token must say to be for us, now.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRules<'a> {
    /// The one issuer.
    pub issuer: &'a str,
    /// Our names: one of them is an audience.
    pub audiences: &'a [&'a str],
    /// Who else it may be for.
    pub parties: Parties<'a>,
    /// Whether it must say when it ends.
    pub exp: Exp,
    /// The oldest it may be, counted from `iat`, which it must then have.
    pub oldest: Option<Seconds>,
    /// The present instant.
    pub now: Instant,
    /// How far the clocks of two servers may differ.
    pub skew: Seconds,
}

/// Who else a token may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parties<'a> {
    /// Nobody: `aud` is one text, and no list. For what a client says of itself to us.
    Alone,
    /// Others may be, when `azp` names this client; an `azp` that is there names it in any case (OpenID Connect Core
    /// 3.1.3.7).
    Authorized(&'a str),
    /// Anybody.
    Any,
}

/// Whether a token must say when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exp {
    /// It must, and has not ended.
    Required,
    /// It has not ended, if it says when.
    Honoured,
    /// It may have ended: a hint of who somebody was.
    Ignored,
}

/// Which claim is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// A claim is not there, or is no such thing.
    #[error("the claim `{0}` is missing or malformed")]
    Malformed(&'static str),
    /// It is from somebody else.
    #[error("the token is from another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It was given to another client, or does not say to which of several.
    #[error("the token was given to another party")]
    Party,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
    /// It has not begun, or was made in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// It was made too long ago.
    #[error("the token is too old")]
    TooOld,
}

impl Verified {
    /// Whether what the token says of itself fits the rules.
    pub fn check(&self, rules: &ClaimRules<'_>) -> Result<(), ClaimError> {
        check(self.claims(), rules)
    }

    /// A claim that is an instant, to the second.
    pub fn instant(&self, name: &'static str) -> Result<Option<Instant>, ClaimError> {
        instant(self.claims(), name)
    }
}

fn check(claims: &Map<String, Value>, rules: &ClaimRules<'_>) -> Result<(), ClaimError> {
    match claims.get("iss") {
        Some(Value::String(issuer)) if issuer == rules.issuer => {}
        Some(Value::String(_)) => return Err(ClaimError::Issuer),
        _ => return Err(ClaimError::Malformed("iss")),
    }
    audience(claims, rules)?;
    let at = |name| instant(claims, name);
    match (at("exp")?, rules.exp) {
        (None, Exp::Required) => return Err(ClaimError::Malformed("exp")),
        (Some(exp), Exp::Required | Exp::Honoured) if exp + rules.skew <= rules.now => return Err(ClaimError::Expired),
        _ => {}
    }
    if at("nbf")?.is_some_and(|nbf| nbf > rules.now + rules.skew) {
        return Err(ClaimError::NotYet);
    }
    match (at("iat")?, rules.oldest) {
        (None, Some(_)) => return Err(ClaimError::Malformed("iat")),
        (Some(iat), _) if iat > rules.now + rules.skew => return Err(ClaimError::NotYet),
        (Some(iat), Some(oldest)) if iat + oldest + rules.skew < rules.now => return Err(ClaimError::TooOld),
        _ => {}
    }
    Ok(())
}

fn audience(claims: &Map<String, Value>, rules: &ClaimRules<'_>) -> Result<(), ClaimError> {
    let malformed = ClaimError::Malformed("aud");
    let (listed, several): (Vec<&str>, bool) = match claims.get("aud") {
        Some(Value::String(one)) => (vec![one], false),
        Some(Value::Array(items)) if !items.is_empty() && items.len() <= MAX_AUDIENCES => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            (texts.ok_or(malformed)?, items.len() > 1)
        }
        _ => return Err(malformed),
    };
    if !listed.iter().any(|one| rules.audiences.contains(one)) {
        return Err(ClaimError::Audience);
    }
    match rules.parties {
        Parties::Any => Ok(()),
        Parties::Alone if matches!(claims.get("aud"), Some(Value::String(_))) => Ok(()),
        Parties::Alone => Err(ClaimError::Audience),
        Parties::Authorized(client) => match claims.get("azp") {
            Some(Value::String(azp)) if azp == client => Ok(()),
            None if !several => Ok(()),
            _ => Err(ClaimError::Party),
        },
    }
}

/// Seconds since 1970, whole or not; nothing before, and nothing after the year 9999.
fn instant(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Instant>, ClaimError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..253_402_300_800.0).contains(seconds));
    let seconds = seconds.ok_or(ClaimError::Malformed(name))?;
    Ok(Some(Instant(0) + Seconds(seconds as i64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn rules() -> ClaimRules<'static> {
        ClaimRules {
            issuer: "https://op.example",
            audiences: &["rp"],
            parties: Parties::Authorized("rp"),
            exp: Exp::Required,
            oldest: Some(Seconds(600)),
            now: Instant(NOW * 1000),
            skew: Seconds(60),
        }
    }

    /// Sound claims with one changed; `null` takes it away.
    fn told(name: &str, value: Value, rules: &ClaimRules<'_>) -> Result<(), ClaimError> {
        let mut claims = json!({ "iss": "https://op.example", "aud": "rp", "iat": NOW, "exp": NOW + 300 });
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        check(claims.as_object().unwrap(), rules)
    }

    #[test]
    fn the_issuer_is_the_one_expected_to_the_letter() {
        assert_eq!(told("iss", json!("https://op.example"), &rules()), Ok(()), "control");
        for other in ["https://op.example/", "https://OP.example", "https://evil.test", ""] {
            assert_eq!(told("iss", json!(other), &rules()), Err(ClaimError::Issuer), "{other}");
        }
        for wrong in [Value::Null, json!(["https://op.example"]), json!(1)] {
            assert_eq!(told("iss", wrong, &rules()), Err(ClaimError::Malformed("iss")));
        }
    }

    #[test]
    fn an_audience_is_ours_and_a_second_one_needs_an_authorised_party() {
        let audience = |aud, azp| {
            let mut claims = json!({ "iss": "https://op.example", "iat": NOW, "exp": NOW + 300, "aud": aud });
            if azp != Value::Null {
                claims["azp"] = azp;
            }
            let judged = |parties| check(claims.as_object().unwrap(), &ClaimRules { parties, ..rules() });
            (judged(Parties::Authorized("rp")), judged(Parties::Alone), judged(Parties::Any))
        };
        let (party, other) = (Err(ClaimError::Party), Err(ClaimError::Audience));
        assert_eq!(audience(json!("rp"), Value::Null), (Ok(()), Ok(()), Ok(())));
        assert_eq!(audience(json!(["rp"]), Value::Null), (Ok(()), other, Ok(())));
        assert_eq!(audience(json!("rp"), json!("rp")), (Ok(()), Ok(()), Ok(())));
        assert_eq!(audience(json!("rp"), json!("other")), (party, Ok(()), Ok(())));
        assert_eq!(audience(json!("rp"), json!(["rp"])).0, party);
        assert_eq!(audience(json!(["rp", "other"]), Value::Null), (party, other, Ok(())));
        assert_eq!(audience(json!(["other", "rp"]), json!("rp")), (Ok(()), other, Ok(())));
        assert_eq!(audience(json!("other"), json!("rp")), (other, other, other));
        for wrong in [json!([]), json!([1]), json!({}), json!(vec!["rp"; 21])] {
            assert_eq!(audience(wrong, Value::Null).2, Err(ClaimError::Malformed("aud")));
        }
    }

    #[test]
    fn a_token_has_its_time_and_clocks_may_differ_by_a_minute() {
        let exp = |exp: i64| told("exp", json!(exp), &rules());
        assert_eq!(exp(NOW - 59), Ok(()), "control");
        assert_eq!(exp(NOW - 60), Err(ClaimError::Expired));
        assert_eq!(told("exp", Value::Null, &rules()), Err(ClaimError::Malformed("exp")));
        let honoured = ClaimRules { exp: Exp::Honoured, ..rules() };
        assert_eq!(told("exp", Value::Null, &honoured), Ok(()));
        assert_eq!(told("exp", json!(NOW - 60), &honoured), Err(ClaimError::Expired));
        let ignored = ClaimRules { exp: Exp::Ignored, ..rules() };
        assert_eq!(told("exp", json!(NOW - 60), &ignored), Ok(()));
        assert_eq!(told("exp", json!("soon"), &ignored), Err(ClaimError::Malformed("exp")));
        for name in ["nbf", "iat"] {
            assert_eq!(told(name, json!(NOW + 60), &rules()), Ok(()), "control: {name}");
            assert_eq!(told(name, json!(NOW + 61), &rules()), Err(ClaimError::NotYet), "{name}");
        }
        assert_eq!(told("iat", json!(NOW - 660), &rules()), Ok(()), "control");
        assert_eq!(told("iat", json!(NOW - 661), &rules()), Err(ClaimError::TooOld));
        assert_eq!(told("iat", Value::Null, &rules()), Err(ClaimError::Malformed("iat")));
        assert_eq!(told("iat", Value::Null, &ClaimRules { oldest: None, ..rules() }), Ok(()));
    }

    #[test]
    fn an_instant_is_a_number_of_our_era() {
        for wrong in
            [json!("1800000000"), json!(-1), json!(1e300), json!(253_402_300_800_i64), json!(u64::MAX), json!([])]
        {
            assert_eq!(told("exp", wrong.clone(), &rules()), Err(ClaimError::Malformed("exp")), "{wrong}");
        }
        assert_eq!(told("exp", json!(1_800_000_300.5), &rules()), Ok(()));
    }
}
