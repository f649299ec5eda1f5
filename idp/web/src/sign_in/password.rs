//! The step that asks for login and password.

use super::proof::{self, Outcome};
use super::{ask_password, check_token, chosen, finish, load};
use crate::visitor::{Cookie, Secret};
use crate::{Fault, FaultKind, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use preau_domain::{AuditEvent, AuditKind, display_safe, normalised_login};
use std::sync::Arc;

/// Handles the form. On success the session begins, the sign-in is taken out, and the protocol hands over.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let mut pending = load(&hub, &visitor, &id).await?;
    check_token(&hub, &visitor, &pending.id, &fields)?;
    chosen(&mut pending, &fields)?;
    let Some(public) = pending.public else {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    };
    let (typed, password) = (fields.required("login")?, fields.required("password")?);
    let shown = display_safe(typed, 128);
    // An empty password never reaches a directory: some answer success to a bind without one.
    if typed.trim().is_empty() || password.trim_matches(['\0', ' ', '\t']).is_empty() {
        let page = ask_password(&hub, &visitor, &pending, public, &shown, Some("problem-empty"), None);
        return Ok(with_status(page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let event = |kind, detail| AuditEvent::new(hub.now(), kind, visitor.correlation.clone(), detail);
    match proof::prove(&hub, &visitor, public, typed, password).await? {
        Outcome::Refused(why) => {
            hub.audit(event(AuditKind::SignInRefused, why));
            let page = ask_password(&hub, &visitor, &pending, public, &shown, Some("problem-credentials"), None);
            Ok(with_status(page, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Outcome::Wait(seconds) => {
            hub.audit(event(AuditKind::SignInRefused, "too-soon"));
            let page = ask_password(&hub, &visitor, &pending, public, &shown, Some("problem-wait"), Some(seconds));
            let mut page = with_status(page, StatusCode::TOO_MANY_REQUESTS);
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(page)
        }
        Outcome::Proven(person, authentication, counter) => {
            let method = authentication.method;
            // Together, so that they share a commit.
            let begun = hub.begin_session(&visitor, &pending, &person.id, authentication);
            let (begun, forgiven, device) =
                tokio::join!(begun, hub.store.forgive(&counter), remember_device(&hub, &visitor, typed));
            let (live, cookie) = begun?;
            let session = live.session.id.clone();
            let mut success = event(AuditKind::SignInSucceeded, method.as_str());
            success.person = Some(person.id.clone());
            success.session = Some(session.clone());
            success.service = pending.service.clone();
            let finished = async {
                forgiven?;
                let device = device?;
                hub.audit(success);
                let response = match finish(&hub, &visitor, live, pending).await {
                    // A refusal by the service still leaves the person signed in: the cookies go with its page.
                    Err(fault) if !fault.kind.status().is_server_error() => fault.into_response(),
                    other => other?,
                };
                Ok::<_, Fault>((response, device))
            };
            let (mut response, device) = match finished.await {
                Ok(finished) => finished,
                // A failure of ours leaves nothing: neither a cookie nor, if the store still answers, a session.
                Err(fault) => {
                    if let Err(error) = hub.end_session(&session, "failure", &visitor.correlation).await {
                        tracing::warn!(fault = error.kind.as_str(), "a session without a browser is left to expire");
                    }
                    return Err(fault);
                }
            };
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, cookie);
            headers.append(header::SET_COOKIE, device);
            Ok(response)
        }
    }
}

async fn remember_device(hub: &Hub, visitor: &Visitor, typed: &str) -> Result<HeaderValue, Fault> {
    let device = visitor.device.clone().unwrap_or_else(|| Secret::generate(&*hub.ids));
    let login = normalised_login(typed).ok_or_else(|| Fault::new(FaultKind::Internal, "proven without a login"))?;
    hub.store.remember_device(&proof::device_key(hub, &login, device.expose()), hub.now()).await?;
    Ok(Cookie::Device.set(hub.secure(), device.expose()))
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}
