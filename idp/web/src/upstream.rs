//! What another provider tells us by itself: that a session of its own has ended, by a notice (OpenID Connect Back-Channel
//! Logout) or by a message that a browser carries (SAML single logout); the way out of it that we offer to who signs
//! out here; and what it must know of us.
//!
//! What it says is believed by the connector; here it is heard once, and the sessions it opened end like any other, with
//! every service told.

use crate::goodbye::OVER_HERE;
use crate::{Fault, FaultKind, Fields, Hub, Visitor, pages};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use preau_connector_api::{Carried, LogoutMessage, RedirectError, UpstreamLogout};
use preau_domain::{AuditEvent, AuditKind, KeptKind, KeptThing, SessionId, SourceId};
use preau_keys::Keyring;
use preau_store::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// Longest the provider's keys may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a person who signs out waits to be told the way out of the provider they came from.
const WAY_OUT: Duration = Duration::from_millis(500);
/// Pages of a hundred sessions that one notice looks at; nobody has more.
const ROUNDS: usize = 10;
/// Sessions of a page: fewer is the last one.
const PAGE: usize = 100;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/upstream/{source}/backchannel-logout", post(backchannel_logout))
        .route("/upstream/{source}/slo", get(carried_in_a_query).post(carried_in_a_form))
        .route("/upstream/{source}/metadata", get(metadata))
}

async fn backchannel_logout(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let source = SourceId::new(source);
    let provider = hub.provider(&source).ok_or_else(|| Fault::new(FaultKind::NotFound, "no such provider"))?;
    let fields = Fields::of_body(&body)?;
    let Some(token) = fields.one("logout_token")? else {
        return Ok(refused(&hub, &visitor, &source, "logout_token missing"));
    };
    match tokio::time::timeout(PATIENCE, provider.logout_notice(token, hub.now())).await {
        Ok(Ok(notice)) => match hear(&hub, &visitor, &source, &notice).await? {
            Some(_) => Ok(StatusCode::OK.into_response()),
            None => Ok(refused(&hub, &visitor, &source, "heard before")),
        },
        Ok(Err(RedirectError::NotBelieved(why) | RedirectError::Refused(why))) => {
            Ok(refused(&hub, &visitor, &source, why))
        }
        Ok(Err(RedirectError::Unavailable(what))) => Err(Fault::new(FaultKind::ProviderDown, what)),
        Ok(Err(RedirectError::Crowded(crowded))) => Err(crowded.into()),
        Err(_) => Err(Fault::new(FaultKind::ProviderDown, "no keys in time")),
    }
}

async fn carried_in_a_query(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    carried(&hub, &visitor, source, Carried::Query(query.as_deref().unwrap_or_default())).await
}

async fn carried_in_a_form(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let fields = Fields::of_message(&body)?;
    let form: Vec<(&str, &str)> = fields.iter().collect();
    carried(&hub, &visitor, source, Carried::Form(&form)).await
}

/// Ends the sessions that a message names, then sends the browser on to the provider with our answer.
async fn carried(hub: &Hub, visitor: &Visitor, source: String, message: Carried<'_>) -> Result<Response, Fault> {
    let source = SourceId::new(source);
    let provider = hub.provider(&source).ok_or_else(|| Fault::new(FaultKind::NotFound, "no such provider"))?;
    let callback = hub.callback(&source);
    let believed = provider.logout_message(message, &callback, hub.now(), &hub.turns);
    let believed = tokio::time::timeout(PATIENCE, believed).await;
    let fault = |kind, what: String| Fault::new(kind, what).claimed(source.as_str());
    match believed {
        // Whoever has signed in here again meanwhile is not told that it is over.
        Ok(Ok(LogoutMessage::Answered { ended: true })) => match visitor.live_by_anything(hub).await? {
            Some(_) => Ok(hub.see_other("/")),
            // What this browser had open is not known here any more.
            None => Ok(hub.see_other(OVER_HERE)),
        },
        Ok(Ok(LogoutMessage::Answered { ended: false })) => {
            Err(Fault::new(FaultKind::ProviderSessionStays, format!("{source} says that its session did not end")))
        }
        Ok(Ok(LogoutMessage::Ended { notices, then, unknown })) => {
            let mut ended = 0;
            for notice in &notices {
                let heard = hear(hub, visitor, &source, notice).await?;
                ended += heard.ok_or_else(|| fault(FaultKind::BadRequest, "logout message heard before".to_owned()))?;
            }
            if ended == 0 {
                tracing::info!(%source, correlation = %visitor.correlation(), "a provider ends a session that is not there");
            }
            Ok(hub.see_other(if ended == 0 { &unknown } else { &then }))
        }
        Ok(Err(RedirectError::NotBelieved(why) | RedirectError::Refused(why))) => {
            Err(fault(FaultKind::BadRequest, format!("{source}: logout message refused: {why}")))
        }
        Ok(Err(RedirectError::Crowded(crowded))) => Err(crowded.into()),
        Ok(Err(RedirectError::Unavailable(what))) => Err(fault(FaultKind::ProviderDown, what)),
        Err(_) => Err(fault(FaultKind::ProviderDown, "no keys in time".to_owned())),
    }
}

/// What the provider must know of us.
async fn metadata(State(hub): State<Arc<Hub>>, Path(source): Path<String>) -> Result<Response, Fault> {
    let none = || Fault::new(FaultKind::NotFound, "nothing is published for such a provider");
    let source = SourceId::new(source);
    let provider = hub.provider(&source).ok_or_else(none)?;
    let document = provider.metadata(&hub.callback(&source), hub.now()).ok_or_else(none)?;
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    Ok(([(header::CONTENT_TYPE, kind)], document).into_response())
}

/// Ends the sessions a notice is about, and says how many; nothing if it was heard before.
async fn hear(
    hub: &Hub,
    visitor: &Visitor,
    source: &SourceId,
    notice: &UpstreamLogout,
) -> Result<Option<usize>, Fault> {
    let digest = |what, name: &str| hub.upstream_digest(source, &notice.issuer, what, name);
    let key = preau_keys::one_time_key(&digest("jti", &notice.id));
    let once = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: notice.expires };
    if hub.store.kept(&once.key, once.kind, hub.now()).await?.is_some() {
        return Ok(None);
    }
    let mut ended = 0;
    let subject = notice.subject.as_deref().map(|name| digest("sub", name));
    let sid = notice.sid.as_deref().map(|name| digest("sid", name));
    // Not all that are found need be about the notice, and those that are not stay: page after page.
    let mut after = SessionId::new("");
    for _ in 0..ROUNDS {
        let (issuer, subject, sid) = (&notice.issuer, subject.as_deref(), sid.as_deref());
        let sessions = hub.store.sessions_upstream(source, issuer, (subject, sid), &after).await?;
        for session in &sessions {
            if is_about(hub, source, notice, session).await? {
                hub.end_session(session, "provider", visitor.correlation()).await?;
                ended += 1;
            }
        }
        match sessions.last() {
            Some(last) if sessions.len() >= PAGE => after = last.clone(),
            _ => break,
        }
    }
    // Only now: a provider that tries again after a failure of ours must be heard.
    match hub.store.keep(&once, hub.now()).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(Some(ended)),
        Err(other) => Err(other.into()),
    }
}

/// Whether a session is one of those a notice is about, as far as what was kept of its beginning says.
async fn is_about(hub: &Hub, source: &SourceId, notice: &UpstreamLogout, session: &SessionId) -> Result<bool, Fault> {
    let kept = hub.store.kept(&preau_keys::one_time_key(session.as_str()), KeptKind::LogoutHint, hub.now()).await?;
    let hint = kept.and_then(|kept| crate::sign_in::open_hint(hub, source, &kept.doc));
    let provider = hub.provider(source);
    Ok(hint.zip(provider).is_none_or(|(hint, provider)| provider.is_about(notice, &hint)))
}

/// The standard's answer to a notice that is not believed; the reason stays here.
fn refused(hub: &Hub, visitor: &Visitor, source: &SourceId, why: &'static str) -> Response {
    tracing::info!(%source, why, "logout notice of a provider refused");
    let (at, kind) = (hub.now(), AuditKind::RequestRefused);
    hub.audit(AuditEvent::new(at, kind, visitor.correlation().clone(), format!("upstream-logout {source}")));
    (StatusCode::BAD_REQUEST, axum::Json(serde_json::json!({ "error": "invalid_request" }))).into_response()
}

/// The digest under which a name that a provider gave is kept; `what` tells names of people from those of sessions.
pub(crate) fn digest(keyring: &Keyring, source: &SourceId, issuer: &str, what: &str, name: &str) -> String {
    keyring.mac("upstream-name", &[source.as_str(), issuer, what, name])
}

impl Hub {
    /// Our address a provider sends the browser back to.
    pub(crate) fn callback(&self, source: &SourceId) -> String {
        format!("{}/upstream/{source}/callback", self.base())
    }

    /// Name and way out of the provider this browser's session was opened by, if it offers one and answers at once.
    pub(crate) async fn way_out_elsewhere(&self, visitor: &Visitor) -> Result<Option<(String, String)>, Fault> {
        let Some(id) = &visitor.session else { return Ok(None) };
        let Some(upstream) = self.store.upstream_of(id, self.now()).await? else { return Ok(None) };
        let source = &upstream.identity.provider;
        let Some(provider) = self.provider(source) else { return Ok(None) };
        let key = preau_keys::one_time_key(id.as_str());
        let kept = self.store.take_kept(&key, KeptKind::LogoutHint, self.now()).await?;
        let hint = kept.and_then(|kept| crate::sign_in::open_hint(self, source, &kept.doc));
        let back = format!("{}/", self.base());
        let callback = self.callback(source);
        let address = provider.logout_address(hint.as_deref(), &back, &callback, self.now());
        let address = tokio::time::timeout(WAY_OUT, address).await.ok().flatten();
        Ok(address.map(|address| (pages::said(provider.title(), visitor.locale).to_owned(), address)))
    }
}
