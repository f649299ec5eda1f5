//! The end of every way in: the session begins, the sign-in is taken out, the protocol hands over.

use super::finish;
use crate::visitor::Cookie;
use crate::{Fault, Hub, Visitor};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use preau_domain::{AuditEvent, AuditKind, Authentication, KeptKind, KeptThing, PendingSignIn, PersonId, Vouched};

/// Lets a proven person in. `besides` is done meanwhile, so that it shares a commit with the beginning of the session,
/// and may give one more cookie.
pub(super) async fn enter(
    hub: &Hub,
    visitor: &Visitor,
    pending: PendingSignIn,
    person: &PersonId,
    authentication: Authentication,
    vouched: Option<Vouched>,
    besides: impl Future<Output = Result<Option<HeaderValue>, Fault>>,
) -> Result<Response, Fault> {
    let method = authentication.method;
    let (mut upstream, mut hint, mut posts) = (None, None, Vec::new());
    if let Some(vouched) = vouched {
        (upstream, hint, posts) = (Some(vouched.upstream), vouched.logout_hint, vouched.posts);
    }
    let begun = hub.begin_session(visitor, &pending, person, authentication, upstream, &posts);
    let (begun, besides) = tokio::join!(begun, besides);
    let (live, cookie) = begun?;
    let session = live.session.id.clone();
    let (at, kind) = (hub.now(), AuditKind::SignInSucceeded);
    let mut success = AuditEvent::new(at, kind, visitor.correlation().clone(), method.as_str());
    success.person = Some(person.clone());
    success.session = Some(session.clone());
    success.service = pending.service.clone();
    let finished = async {
        let besides = besides?;
        if let Some(doc) = hint {
            let key = preau_keys::one_time_key(session.as_str());
            let kept = KeptThing { key, kind: KeptKind::LogoutHint, doc, expires: live.session.expires };
            hub.store.keep(&kept, at).await?;
        }
        hub.audit(success);
        let response = match finish(hub, visitor, live, pending).await {
            // A refusal by the service still leaves the person signed in: the cookies go with its page.
            Err(fault) if !fault.kind.status().is_server_error() => fault.into_response(),
            other => other?,
        };
        Ok::<_, Fault>((response, besides))
    };
    let (mut response, besides) = match finished.await {
        Ok(finished) => finished,
        // A failure of ours leaves nothing: neither a cookie nor, if the store still answers, a session.
        Err(fault) => {
            if let Err(error) = hub.end_session(&session, "failure", visitor.correlation()).await {
                tracing::warn!(fault = error.kind.as_str(), "a session without a browser is left to expire");
            }
            return Err(fault);
        }
    };
    let copy = visitor.sign_in.is_some().then(|| Cookie::SignIn.clear(hub.secure()));
    for cookie in [Some(cookie), besides, copy].into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
