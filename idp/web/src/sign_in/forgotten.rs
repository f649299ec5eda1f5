//! Whoever lost their password: where it lives elsewhere the page says where; where it lives here, a code by mail replaces it, for whoever is
//! written to. Nobody learns from the page whether an account, an address or a letter exists.

use super::{asked, begin_on, carried, ended, load, posted, said, token};
use crate::pages::{self, ForgottenPage, Lost, ResetPage};
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, Factor, PendingSignIn};
use std::sync::Arc;

/// Asks who lost a password, or says where it is replaced.
pub async fn ask(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (pending, _) = asked(&hub, &visitor, &id, query.as_deref()).await?;
    let lost = match pending.public {
        Some(public) if !hub.proves_here(public) => Lost::Elsewhere(public),
        _ if hub.sends_mail() => Lost::ByMail,
        _ => Lost::ByPeople,
    };
    Ok(page(&hub, &visitor, &pending, lost, None))
}

fn page(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, lost: Lost, problem: Option<&'static str>) -> Response {
    let shown = ForgottenPage {
        pending_id: pending.id.as_str(),
        public: pending.public,
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        lost,
        problem,
    };
    said(pages::forgotten(hub, visitor, shown), problem)
}

/// Keeps the request. The answer is the same for everybody, and so is the work.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let here = pending.public.is_none_or(|public| hub.proves_here(public));
    if !here || !hub.sends_mail() {
        return Ok(hub.see_other(&format!("/sign-in/{}", pending.id)));
    }
    let typed = fields.required("who")?;
    if typed.trim().is_empty() {
        return Ok(page(&hub, &visitor, &pending, Lost::ByMail, Some("forgotten-problem-empty")));
    }
    hub.ask_for_reset(&visitor, typed).await?;
    Ok(page(&hub, &visitor, &pending, Lost::Asked, None))
}

/// Somebody follows the address of a letter: a sign-in begins on the page of its code. What stands behind `#` stays with their browser, and
/// whatever looks at the address before them uses nothing up.
pub async fn begin(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    begin_on(&hub, &visitor, "reset").await
}

/// Asks for the code of a letter.
pub async fn ask_code(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let pending = load(&hub, &visitor, &id).await?;
    Ok(step(&hub, &visitor, &pending, None, None))
}

/// What is known of a code that was typed.
struct Typed<'a> {
    code: &'a str,
    login: &'a str,
    least: usize,
}

fn step(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    typed: Option<Typed<'_>>,
    problem: Option<&'static str>,
) -> Response {
    let shown = ResetPage {
        pending_id: pending.id.as_str(),
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        code: typed.as_ref().map(|typed| typed.code),
        login: typed.as_ref().map_or("", |typed| typed.login),
        least: typed.as_ref().map_or(0, |typed| typed.least),
        problem,
    };
    said(pages::reset(hub, visitor, shown), problem)
}

/// Takes the code, and then the new password.
pub async fn replace(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let code = fields.required("code")?;
    let nothing = || {
        let (kind, why) = (AuditKind::SignInRefused, "unknown-reset-code");
        hub.audit(AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), why));
        Ok(step(&hub, &visitor, &pending, None, Some("reset-problem-code")))
    };
    let Some((key, person)) = hub.reset_typed(code).await? else { return nothing() };
    let Some(login) = hub.login_here(&person).await? else { return nothing() };
    let typed = || Typed { code, login: &login, least: hub.least(&person) };
    let Some(password) = fields.one("password")? else {
        return Ok(step(&hub, &visitor, &pending, Some(typed()), None));
    };
    if fields.one("again")? != Some(password) {
        return Ok(step(&hub, &visitor, &pending, Some(typed()), Some("password-problem-again")));
    }
    if let Err(weak) = hub.judge_password(&person, &login, password).await? {
        return Ok(step(&hub, &visitor, &pending, Some(typed()), Some(weak.key())));
    }
    let hash = hub.new_hash(password).await?;
    if !hub.reset(&visitor, &key, (&person, &login), &hash).await? {
        // Somebody else was quicker with the same letter.
        return nothing();
    }
    if visitor.live_by_anything(&hub).await?.is_some() {
        // Somebody is signed in in this browser who may be another one: that session is not enough to go on.
        let anew = PendingSignIn { public: None, fresh_after: Some(hub.now()), ..pending.clone() };
        hub.store.put_pending(&anew).await.map_err(ended)?;
    }
    let left = hub.store.factors_of(&person.id).await?.iter().filter(|factor| Factor::lasts(factor)).count();
    Ok(pages::reset_done(&hub, &visitor, pending.id.as_str(), left))
}
