//! The step that asks for login and password.

use super::enter::enter;
use super::proof::{self, Outcome};
use super::{Typed, ask_password, carried, line, posted};
use crate::line::Standing;
use crate::visitor::Secret;
use crate::{Fault, FaultKind, Hub, Visitor, remembered};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use preau_domain::{AuditEvent, AuditKind, Person, Public, SourceId, display_safe, normalised_login};
use std::sync::Arc;

/// Handles the form. On success the session begins, the sign-in is taken out, and the protocol hands over.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (mut pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let Some(public) = pending.public.filter(|public| hub.asks_password(*public)) else {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    };
    let (typed, password) = (fields.required("login")?, fields.required("password")?);
    let shown = display_safe(typed, 128);
    let now = hub.now();
    let load = hub.pool_load();
    let called = hub.line.standing(&pending.id, now, load) == Standing::Called;
    if !called && hub.hashes_for(public) && hub.line.is_there(now, load) {
        // Others were here before.
        return Ok(line::join(&hub, &visitor, &pending, public));
    }
    let form = Typed { public, login: &shown };
    // An empty password never reaches a directory: some answer success to a bind without one.
    if typed.trim().is_empty() || password.trim_matches(['\0', ' ', '\t']).is_empty() {
        let page = ask_password(&hub, &visitor, &pending, form, Some("problem-empty"), None);
        return Ok(with_status(page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let event = |kind, detail| AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), detail);
    let outcome = match proved(&hub, &visitor, public, typed, password).await {
        Err(fault) if fault.kind == FaultKind::Busy => {
            return Ok(line::join(&hub, &visitor, &pending, public));
        }
        outcome => outcome?,
    };
    match outcome {
        Outcome::Refused(why) => {
            hub.audit(event(AuditKind::SignInRefused, why));
            let tried = why != proof::TOO_LONG;
            if tried {
                // Somebody is at it: what comes next counts longer.
                pending.expires = hub.held(&pending).expires;
            }
            let page = ask_password(&hub, &visitor, &pending, form, Some("problem-credentials"), None);
            let mut page = with_status(page, StatusCode::UNPROCESSABLE_ENTITY);
            if tried {
                carried::carry(&hub, &hub.held(&pending), &carried::pages_of(&pending.id), &mut page);
            }
            Ok(page)
        }
        Outcome::Wait(seconds) => {
            hub.audit(event(AuditKind::SignInRefused, "too-soon"));
            let page = ask_password(&hub, &visitor, &pending, form, Some("problem-wait"), Some(seconds));
            let mut page = with_status(page, StatusCode::TOO_MANY_REQUESTS);
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(page)
        }
        Outcome::Proven(person, authentication, attempt) => {
            if called {
                hub.line.came_in(&pending.id);
            }
            let (hub, visitor) = (&*hub, &visitor);
            let authentication = hub.with_remembered(visitor, &person.id, authentication).await?;
            let besides = move |halfway: bool| async move {
                // A password alone makes no known device of somebody who is asked for more.
                let device = async {
                    if halfway { Ok(None) } else { remember_device(hub, visitor, public, typed).await.map(Some) }
                };
                // Together, so that they share a commit.
                let (forgiven, device) = tokio::join!(attempt.forgive(), device);
                forgiven?;
                device
            };
            enter(hub, visitor, pending, &person.id, authentication, besides).await
        }
    }
}

/// What a login and a password prove of somebody who says that they are of this public. Whoever chose what they are not is told what a
/// wrong password is told, at the same moment, and stays counted: else the answer would say that the password was right.
async fn proved(hub: &Hub, visitor: &Visitor, public: Public, typed: &str, password: &str) -> Result<Outcome, Fault> {
    match proof::prove(hub, visitor, public, typed, password).await? {
        Outcome::Proven(person, authentication, attempt)
            if chose_another(hub, &person, public, authentication.by.as_ref()) =>
        {
            attempt.fail().await?;
            Ok(Outcome::Refused("other-public"))
        }
        outcome => Ok(outcome),
    }
}

/// Whether somebody chose what they are not, though what they are leads to the same check.
fn chose_another(hub: &Hub, person: &Person, public: Public, by: Option<&SourceId>) -> bool {
    let same = |public: Public| hub.asks_password(public) && hub.source_of(public) == by;
    !person.is_of(public) && person.affiliations.iter().any(|one| same(one.profile.public()))
}

async fn remember_device(hub: &Hub, visitor: &Visitor, public: Public, typed: &str) -> Result<HeaderValue, Fault> {
    let device = visitor.device.clone().unwrap_or_else(|| Secret::generate(&*hub.ids));
    let login = normalised_login(typed).ok_or_else(|| Fault::new(FaultKind::Internal, "proven without a login"))?;
    hub.store.remember_device(&proof::device_key(hub, public, &login, device.expose()), hub.now()).await?;
    Ok(remembered::cookie(hub.secure(), &device, &visitor.remembered))
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}
