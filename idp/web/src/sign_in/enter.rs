//! The end of every way in: the session begins, the sign-in is taken out, the protocol hands over.

use super::{carried, ended, finish, proof};
use crate::visitor::Cookie;
use crate::{Fault, FaultKind, Hub, Visitor};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use preau_domain::{AuditEvent, AuditKind, Authentication, KeptKind, KeptThing, PendingSignIn, PersonId, Vouched};
use preau_store::ProvedBy;

/// What was proved, by the end of a way in.
pub(super) struct Proof {
    authentication: Authentication,
    /// By another provider.
    vouched: Option<Vouched>,
    /// By something of which nothing is noted yet, and which is enough whatever is wanted.
    by: Option<ProvedBy>,
}

impl Proof {
    /// The same, of whom another provider vouches for.
    pub fn vouched(authentication: Authentication, vouched: Option<Vouched>) -> Proof {
        Proof { authentication, vouched, by: None }
    }

    /// The same, noted with the beginning of the session.
    pub fn by(authentication: Authentication, by: ProvedBy) -> Proof {
        Proof { authentication, vouched: None, by: Some(by) }
    }
}

impl From<Authentication> for Proof {
    fn from(authentication: Authentication) -> Proof {
        Proof::vouched(authentication, None)
    }
}

/// Lets a proven person in. `besides` is done meanwhile, so that it shares a commit with the beginning of the session, and may give one
/// more cookie; it is told whether no session begins yet, because a second factor is asked for.
pub(super) async fn enter<F: Future<Output = Result<Option<HeaderValue>, Fault>>>(
    hub: &Hub,
    visitor: &Visitor,
    pending: PendingSignIn,
    person: &PersonId,
    proof: impl Into<Proof>,
    besides: impl FnOnce(bool) -> F,
) -> Result<Response, Fault> {
    let Proof { authentication, vouched, by } = proof.into();
    if let Some(wanted) = pending.wants
        && !hub.lacks(person, &authentication, wanted).await?.is_empty()
    {
        if by.is_some() {
            return Err(Fault::new(FaultKind::Internal, "half a proof of which nothing was noted"));
        }
        return halfway(hub, visitor, pending, person, authentication, vouched, besides(true)).await;
    }
    let (method, second) = (authentication.method, authentication.second);
    let mut carried_at = vec![carried::pages_of(&pending.id)];
    let (mut upstream, mut hint, mut posts) = (None, None, Vec::new());
    if let Some(vouched) = vouched {
        carried_at.push(carried::answers_of(&vouched.upstream.identity.provider));
        (upstream, hint, posts) = (Some(vouched.upstream), vouched.logout_hint, vouched.posts);
    }
    let begun = hub.begin_session(visitor, &pending, person, (authentication, by), upstream, &posts);
    let (begun, besides, language) = tokio::join!(begun, besides(false), hub.speaks_to(visitor, person));
    let (live, cookie) = begun?;
    let session = live.session.id.clone();
    let (at, kind) = (hub.now(), AuditKind::SignInSucceeded);
    let how = match second {
        Some(second) => format!("{} {}", method.as_str(), second.as_str()),
        None => method.as_str().to_owned(),
    };
    let mut success = AuditEvent::new(at, kind, visitor.correlation().clone(), how);
    success.person = Some(person.clone());
    success.session = Some(session.clone());
    success.service = pending.service.clone();
    let finished = async {
        let (besides, language) = (besides?, language?);
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
        Ok::<_, Fault>((response, [besides, language]))
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
    let over = if visitor.sign_in.is_some() { carried_at } else { Vec::new() };
    let over = over.iter().map(|path| Cookie::SignIn.clear_at(path, hub.secure()));
    for cookie in [Some(cookie)].into_iter().chain(besides).flatten().chain(over) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Keeps what was proved in the sign-in, which asks for a second factor next: no session begins before that.
async fn halfway(
    hub: &Hub,
    visitor: &Visitor,
    mut pending: PendingSignIn,
    person: &PersonId,
    authentication: Authentication,
    vouched: Option<Vouched>,
    besides: impl Future<Output = Result<Option<HeaderValue>, Fault>>,
) -> Result<Response, Fault> {
    let onward = format!("/sign-in/{}", pending.id);
    let waiting = proof::waiting(hub, person, authentication).await?;
    (pending.person, pending.authentication) = (Some(person.clone()), Some(waiting));
    pending.vouched = vouched;
    let pending = hub.held(&pending);
    let (kept, besides) = tokio::join!(hub.store.put_pending(&pending), besides);
    kept.map_err(ended)?;
    // Somebody who has the password and nothing else is what a second factor is there to show.
    let (kind, why) = (AuditKind::SignInRefused, "second-factor-wanted");
    let mut told = AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), why);
    (told.person, told.service) = (Some(person.clone()), pending.service.clone());
    hub.audit(told);
    let mut response = hub.see_other(&onward);
    if let Some(cookie) = besides? {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
