//! The end of a session, asked for by a service (RP-Initiated Logout 1.0), and what services are told of it (Back-Channel
//! and Front-Channel Logout 1.0).
//!
//! A service that shows an ID token of the very person ends their session; anybody else may only show the person the
//! question. The browser goes on to a registered address of a service that showed such a token, and nowhere else.

use super::{alg, hint, sid, sign};
use crate::config::LOGOUT_TOKEN;
use crate::grants::Notice;
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, ServiceId, TrustedUrl, Visit};
use preau_web::{Door, Fault, Fields, Hub, Live, LogoutFrame, LogoutNotice, NoticeBody, Visitor};
use serde_json::json;
use std::sync::Arc;

/// Longest `state` given back.
const MAX_STATE: usize = 2048;

/// What a service asks for.
struct Asked {
    hint: Option<(Door, hint::Hint)>,
    /// Something was wrong with it, in a word of the journal.
    wrong: Option<&'static str>,
    go_on: Option<GoOn>,
}

/// Where the browser goes on to.
struct GoOn {
    to: TrustedUrl,
    state: Option<String>,
}

impl Asked {
    /// Reads it. Signing out must always work: what cannot be read is not there.
    fn read(hub: &Hub, fields: &Fields) -> Asked {
        let one = |name: &str| fields.one(name).ok().flatten().filter(|value| !value.is_empty());
        let (token, client, uri) = (one("id_token_hint"), one("client_id"), one("post_logout_redirect_uri"));
        let mut asked = Asked { hint: None, wrong: None, go_on: None };
        if let Some(token) = token {
            let named = hint::claimed_audience(token).filter(|aud| client.is_none_or(|client| client == aud));
            let door = named.and_then(|id| hub.services().get(&ServiceId::new(id)).cloned());
            let door = door.filter(|door| door.oidc.is_some());
            asked.hint = door.and_then(|door| hint::read(hub, &door, token).map(|hint| (door, hint)));
            asked.wrong = asked.hint.is_none().then_some("oidc-logout-hint");
        }
        if let Some(uri) = uri {
            asked.go_on = asked.hint.as_ref().and_then(|(door, _)| {
                let registered = &door.oidc.as_ref()?.post_logout_redirect_uris;
                let state = one("state").filter(|state| state.len() <= MAX_STATE).map(str::to_owned);
                Some(GoOn { to: door.service.trust_exactly(uri, registered)?, state })
            });
            if asked.go_on.is_none() && asked.wrong.is_none() {
                asked.wrong = Some("oidc-logout-elsewhere");
            }
        }
        asked
    }
}

/// Answers a browser that a service sent to sign out.
pub async fn logout(hub: &Arc<Hub>, visitor: &Visitor, fields: &Fields) -> Result<Response, Fault> {
    let asked = Asked::read(hub, fields);
    if let Some(wrong) = asked.wrong {
        hub.audit(AuditEvent::new(hub.now(), AuditKind::RequestRefused, visitor.correlation().clone(), wrong));
    }
    let Some(live) = visitor.live_by_anything(hub).await? else {
        return go_on(hub, visitor, asked.go_on).await;
    };
    match &asked.hint {
        Some((door, hint)) if is_about(hub, &live, door, hint) => go_on(hub, visitor, asked.go_on).await,
        _ => Ok(hub.ask_sign_out(visitor, &live)),
    }
}

/// Whether a hint is about the person of this session.
fn is_about(hub: &Hub, live: &Live, door: &Door, hint: &hint::Hint) -> bool {
    hint.sid.as_deref() == Some(sid(hub, &live.session.id, door).as_str())
        || hub.release(live, door).is_ok_and(|released| released.user() == hint.sub)
}

/// Ends the session of the browser, if there is one, and leads on.
async fn go_on(hub: &Arc<Hub>, visitor: &Visitor, go_on: Option<GoOn>) -> Result<Response, Fault> {
    let to = go_on.map(|GoOn { to, state }| match state {
        Some(state) => to.with_query("state", &state),
        None => to.as_str().to_owned(),
    });
    hub.sign_out_to(visitor, to).await
}

/// The logout token a service is sent (Back-Channel Logout 2.4).
pub fn notice(hub: &Hub, visit: &Visit) -> Option<LogoutNotice> {
    let (door, told) = read(hub, visit)?;
    let oidc = door.oidc.as_ref()?;
    let to = oidc.backchannel_logout_uri.as_ref()?;
    let to = door.service.trust_exactly(to, [to])?;
    let now = hub.now();
    let token = json!({
        "iss": hub.base(),
        "aud": door.service.id.as_str(),
        "sub": told.sub,
        "sid": told.sid,
        "iat": now.seconds(),
        "exp": (now + LOGOUT_TOKEN).seconds(),
        "jti": hub.ids.text(26),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    // What cannot be signed is in the log; the service's own session then ends by itself.
    let token = sign(hub, alg(oidc.signing), "logout+jwt", &token).ok()?;
    Some(LogoutNotice { to, body: NoticeBody::Form(vec![("logout_token", token)]), door })
}

/// What the browser loads to tell a service (Front-Channel Logout 3): nothing comes back.
pub fn frame(hub: &Hub, visit: &Visit) -> Option<LogoutFrame> {
    let (door, told) = read(hub, visit)?;
    let to = door.oidc.as_ref()?.frontchannel_logout_uri.as_ref()?;
    let mut url = door.service.trust_exactly(to, [to])?.url().clone();
    url.query_pairs_mut().append_pair("iss", hub.base()).append_pair("sid", &told.sid);
    Some(LogoutFrame { address: url.into(), answers: false })
}

fn read(hub: &Hub, visit: &Visit) -> Option<(Door, Notice)> {
    let told: Notice = serde_json::from_str(&visit.notice).ok()?;
    let door = hub.services().get(&visit.service)?.clone();
    Some((door, told))
}
