//! The end of a session at the provider: its notice to us (OpenID Connect Back-Channel Logout 2.4 to 2.6), and the
//! address where a person ends it there (RP-Initiated Logout).

use crate::claims::{is_name, not_believed, rules};
use crate::config::Settings;
use crate::provider::Metadata;
use openidconnect::core::CoreIdToken;
use openidconnect::{ClientId, CsrfToken, EndSessionUrl, LogoutRequest, PostLogoutRedirectUrl};
use preau_connector_api::{RedirectError, UpstreamLogout};
use preau_domain::{Instant, Seconds};
use preau_keys::jose::{Exp, Verified};
use serde_json::Value;
use std::str::FromStr;

/// The event that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds a notice is remembered at least, so that it is heard once: more than one may be on its way.
const REMEMBERED_SECONDS: i64 = 1_200;

/// Believes a logout token whose signature is right.
pub(crate) fn notice(settings: &Settings, token: &Verified, now: Instant) -> Result<UpstreamLogout, RedirectError> {
    let refuse = |word| Err(RedirectError::NotBelieved(word));
    let audiences = [settings.client_id.as_str()];
    token.check(&rules(settings, &audiences, Exp::Honoured, now)).map_err(not_believed)?;
    let claims = token.claims();
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return refuse("events");
    }
    if claims.contains_key("nonce") {
        return refuse("nonce");
    }
    let name = |key| match claims.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if is_name(text) => Ok(Some(text.clone())),
        Some(_) => Err(RedirectError::NotBelieved(key)),
    };
    let (subject, sid) = (name("sub")?, name("sid")?);
    if subject.is_none() && sid.is_none() {
        return refuse("sub");
    }
    let Some(id) = name("jti")? else { return refuse("jti") };
    let until = token.instant("exp").map_err(not_believed)?.unwrap_or(now) + Seconds(REMEMBERED_SECONDS);
    Ok(UpstreamLogout { issuer: settings.issuer.clone(), subject, sid, named: None, id, expires: until })
}

/// Where a person ends their session at the provider.
pub(crate) fn address(settings: &Settings, metadata: &Metadata, hint: Option<&str>, back: &str) -> Option<String> {
    let end = EndSessionUrl::new(metadata.end_session.clone()?).ok()?;
    let back = PostLogoutRedirectUrl::new(back.to_owned()).ok()?;
    // Some providers want a state, and give it back. Whoever comes back with it finds nothing that depends on it: it need not
    // be drawn, and is not kept.
    let state = hint.map(|token| CsrfToken::new(preau_keys::digest(token)));
    let hint = hint.and_then(|token| CoreIdToken::from_str(token).ok());
    let mut request = LogoutRequest::from(end)
        .set_client_id(ClientId::new(settings.client_id.clone()))
        .set_post_logout_redirect_uri(back);
    if let Some(hint) = &hint {
        request = request.set_id_token_hint(hint);
    }
    if let Some(state) = state {
        request = request.set_state(state);
    }
    Some(request.http_get_url().into())
}
