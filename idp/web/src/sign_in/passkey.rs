//! The step that takes a passkey: instead of a login and a password, or after them as a second factor.

use super::enter::enter;
use super::{Step, next_step, posted, show_step};
use crate::passkey::NoProof;
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use preau_domain::{AuditEvent, AuditKind, Authentication, AuthnMethod, FactorKind, PendingSignIn, PersonId};
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
    let only = first.as_ref().map(|(person, _)| person);
    match hub.passkey_proved(only, pending.id.as_str(), challenge, answer).await {
        Ok(person) => {
            let authentication = match first {
                Some((_, first)) => with_second(first, FactorKind::Passkey),
                None => Authentication::here(AuthnMethod::Passkey, hub.now()),
            };
            let vouched = pending.vouched.take().filter(|_| pending.person.is_some());
            enter(&hub, &visitor, pending, &person.id, authentication, vouched, |_| async { Ok(None) }).await
        }
        Err(NoProof::Refused(why)) => {
            hub.audit(AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), why));
            let live = visitor.live(&hub).await?;
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

/// Who proved a first factor and is asked for a second one, and how; none where a passkey is all that is asked for.
pub(super) async fn first_factor(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
) -> Result<Option<(PersonId, Authentication)>, Fault> {
    let live = visitor.live(hub).await?;
    if next_step(pending, live.as_deref(), |public| hub.asks_password(public)) != Step::Second {
        return Ok(None);
    }
    let halfway = pending.person.clone().zip(pending.authentication.clone());
    Ok(halfway.or_else(|| live.map(|live| (live.session.person.clone(), live.session.authentication.clone()))))
}

/// A proof, and a second factor besides. The proof stays as old as it is: whoever finds a code beside an open session proves no password.
pub(super) fn with_second(first: Authentication, second: FactorKind) -> Authentication {
    Authentication { second: Some(second), ..first }
}
