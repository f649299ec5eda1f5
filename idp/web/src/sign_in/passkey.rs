//! The step that takes a passkey: instead of a login and a password, or after them as a second factor.

use super::enter::enter;
use super::{First, Step, first_factor, next_step, posted, show_step};
use crate::passkey::NoProof;
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use preau_domain::{AuditEvent, AuditKind, Authentication, AuthnMethod, FactorKind, Strength};
use std::sync::Arc;

/// Handles the form that carries what an authenticator answered.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (mut pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let (challenge, answer) = (fields.required("challenge")?, fields.required("answer")?);
    let first = first_factor(&hub, &visitor, &pending).await?;
    // A page that does not offer one takes none.
    let offered = match &first {
        Some(first) => first.asked.contains(&FactorKind::Passkey),
        None => pending.wants != Some(Strength::Password),
    };
    if !offered {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    }
    let (only, beside) = (first.as_ref().map(|first| &first.person), first.is_some());
    match hub.passkey_proved(only, pending.id.as_str(), challenge, answer).await {
        Ok(person) => {
            let authentication = match first {
                Some(First { proof, .. }) => proof.with_second(FactorKind::Passkey),
                None => Authentication::here(AuthnMethod::Passkey, hub.now()),
            };
            let vouched = pending.vouched.take().filter(|_| pending.person.is_some());
            // On a device where somebody proved a second factor others keep nobody out by wrong codes.
            let remember = beside && fields.one("remember")?.is_some();
            let proved = authentication.clone();
            let besides = |_| async {
                // Together, so that they share a commit.
                let device = hub.proved_here(&visitor, &person.id, &proved, remember);
                let (noted, device) = tokio::join!(hub.factor_proved(&person.id), device);
                noted.and(device).map(Some)
            };
            enter(&hub, &visitor, pending, &person.id, authentication, vouched, besides).await
        }
        Err(NoProof::Refused(why, person)) => {
            let (at, kind) = (hub.now(), AuditKind::SignInRefused);
            let told = AuditEvent::new(at, kind, visitor.correlation().clone(), why);
            hub.audit(AuditEvent { person, service: pending.service.clone(), ..told });
            let live = visitor.live_by_anything(&hub).await?;
            let step = match next_step(&pending, live.as_deref(), |public| hub.asks_password(public)) {
                // Whoever is signed in and was asked for nothing more, asked to be somebody else.
                Step::Enough => Step::ChoosePublic,
                step => step,
            };
            let mut page = show_step(&hub, &visitor, &pending, step, Some("problem-passkey")).await?;
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(page)
        }
        Err(NoProof::Fault(fault)) => Err(fault),
    }
}
