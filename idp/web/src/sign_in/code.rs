//! The step that takes a code as a second factor: of an application, or on paper.

use super::enter::{Proof, enter};
use super::{First, Step, ask_second, first_factor, posted, show_step};
use crate::codes::Proved;
use crate::mail::Mailed;
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
    let (why, problem, wait) = match hub.code_proved(&visitor, &person, pending.id.as_str(), typed).await? {
        Proved::Right(kind) => {
            let vouched = pending.vouched.take();
            let authentication = proof.clone().with_second(kind);
            let remember = fields.one("remember")?.is_some() && kind.stands_alone();
            let besides = |_| async { hub.proved_here(&visitor, &person, &proof, remember).await.map(Some) };
            let proof = Proof::vouched(authentication, vouched);
            return enter(&hub, &visitor, pending, &person, proof, besides).await;
        }
        Proved::Wrong => ("wrong-code", "problem-code", None),
        Proved::Stopped => ("codes-stopped", "problem-code-stopped", None),
        Proved::Wait(seconds) => ("too-soon", "problem-code-wait", Some(seconds)),
    };
    let mut event = AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), why);
    event.person = Some(person);
    hub.audit(event);
    let page = show_step(&hub, &visitor, &pending, Step::Second, Some(problem)).await?;
    Ok(refused(page, wait))
}

/// Mails a code to whoever has codes mailed.
pub async fn mail(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (pending, _) = posted(&hub, &visitor, &id, &body).await?;
    let mailed = |first: &First| first.asked.contains(&FactorKind::MailedCode);
    let Some(First { person, .. }) = first_factor(&hub, &visitor, &pending).await?.filter(mailed) else {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    };
    match hub.mail_code(&visitor, &person, pending.id.as_str()).await? {
        Mailed::Sent(to) => ask_second(&hub, &visitor, &pending, None, Some(to)).await,
        Mailed::NotBefore(until) => {
            let page = ask_second(&hub, &visitor, &pending, Some("mailed-problem-many"), None).await?;
            let seconds = ((until - hub.now()) + 999).div_euclid(1000).max(1);
            Ok(refused(page, Some(seconds)))
        }
        Mailed::Nowhere => Ok(hub.see_other(&format!("/sign-in/{}", pending.id))),
    }
}

/// A page that says that a code was not right, or that it comes too soon.
pub(super) fn refused(mut page: Response, wait: Option<i64>) -> Response {
    *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(seconds) = wait {
        *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    page
}
