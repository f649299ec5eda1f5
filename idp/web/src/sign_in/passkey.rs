//! The step that takes a passkey: instead of a login and a password, or after them as a second factor.

use super::enter::{Proof, enter};
use super::{First, Step, first_factor, next_step, posted, show_step};
use crate::passkey::{NoProof, RACED, Shown};
use crate::{Fault, FaultKind, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use preau_domain::{AuditEvent, AuditKind, Authentication, AuthnMethod, FactorKind, PendingSignIn, Strength};
use preau_store::{ProvedBy, StoreError};
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
    let shown = (challenge, answer);
    let entered = match first {
        Some(first) => {
            let remember = fields.one("remember")?.is_some();
            beside(&hub, &visitor, &mut pending, first, shown, remember).await
        }
        None => alone(&hub, &visitor, &pending, shown).await,
    };
    match entered {
        Ok(response) => Ok(response),
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

/// A passkey besides what was proved before.
async fn beside(
    hub: &Hub,
    visitor: &Visitor,
    pending: &mut PendingSignIn,
    First { person: only, proof, .. }: First,
    (challenge, answer): (&str, &str),
    remember: bool,
) -> Result<Response, NoProof> {
    let person = hub.passkey_proved(Some(&only), pending.id.as_str(), challenge, answer).await?;
    let authentication = proof.with_second(FactorKind::Passkey);
    let vouched = pending.vouched.take().filter(|_| pending.person.is_some());
    // On a device where somebody proved a second factor others keep nobody out by wrong codes.
    let proved = authentication.clone();
    let besides = |_| async {
        // Together, so that they share a commit.
        let device = hub.proved_here(visitor, &person.id, &proved, remember);
        let (noted, device) = tokio::join!(hub.factor_proved(&person.id), device);
        noted.and(device).map(Some)
    };
    let proof = Proof::vouched(authentication, vouched);
    Ok(enter(hub, visitor, pending.clone(), &person.id, proof, besides).await?)
}

/// A passkey and nothing else: that it was used, that its question was answered and on which device is noted in the stroke in which the session
/// begins, so that whoever comes in waits for the disk once.
async fn alone(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    (challenge, answer): (&str, &str),
) -> Result<Response, NoProof> {
    let Shown { person, used, answers } = hub.passkey_shown(None, pending.id.as_str(), challenge, answer).await?;
    let (device, cookie) = hub.proving_here(visitor, &person.id);
    let by = ProvedBy { used, answers: answers.clone(), device, forgives: hub.wrong_key(&person.id) };
    let proof = Proof::by(Authentication::here(AuthnMethod::Passkey, hub.now()), by);
    let onward = PendingSignIn { vouched: None, ..pending.clone() };
    let cookie = async { Ok(Some(cookie)) };
    let fault = match enter(hub, visitor, onward, &person.id, proof, |_| cookie).await {
        Err(fault) if fault.kind == FaultKind::SignInExpired => fault,
        entered => return Ok(entered?),
    };
    // Nothing was noted: the sign-in ended in another tab, or the answer was one too many.
    let refused = hub.not_noted(&answers).await;
    let raced = matches!(&refused, NoProof::Refused(why, _) if *why == RACED);
    if raced && has_ended(hub, pending).await? { Err(fault.into()) } else { Err(refused.of(&person.id)) }
}

/// Whether a sign-in is over, by its time or by its end.
async fn has_ended(hub: &Hub, pending: &PendingSignIn) -> Result<bool, Fault> {
    let over = match hub.store.pending(&pending.id, hub.now()).await {
        Ok(_) => hub.now() >= pending.expires,
        Err(StoreError::Conflict) => true,
        Err(other) => return Err(other.into()),
    };
    Ok(over)
}
