//! The step that takes a code as a second factor: of an application, or on paper.

use super::enter::enter;
use super::{First, Step, first_factor, posted, show_step};
use crate::codes::Proved;
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use preau_domain::{AuditEvent, AuditKind, FactorKind};
use std::sync::Arc;

/// Handles the form.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (mut pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let typed = fields.required("code")?;
    let codes = |first: &First| first.asked.iter().any(|kind| *kind != FactorKind::Passkey);
    let Some(First { person, proof, .. }) = first_factor(&hub, &visitor, &pending).await?.filter(codes) else {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    };
    let (why, problem, wait) = match hub.code_proved(&visitor, &person, typed).await? {
        Proved::Right(kind) => {
            let vouched = pending.vouched.take();
            let authentication = proof.clone().with_second(kind);
            let remember = fields.one("remember")?.is_some();
            let besides = |_| async { hub.proved_here(&visitor, &person, &proof, remember).await.map(Some) };
            return enter(&hub, &visitor, pending, &person, authentication, vouched, besides).await;
        }
        Proved::Wrong => ("wrong-code", "problem-code", None),
        Proved::Stopped => ("codes-stopped", "problem-code-stopped", None),
        Proved::Wait(seconds) => ("too-soon", "problem-code-wait", Some(seconds)),
    };
    let mut event = AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), why);
    event.person = Some(person);
    hub.audit(event);
    let mut page = show_step(&hub, &visitor, &pending, Step::Second, Some(problem)).await?;
    *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(seconds) = wait {
        *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(page)
}
