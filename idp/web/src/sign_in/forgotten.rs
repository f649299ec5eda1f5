//! Whoever lost their password: where it lives elsewhere the page says where; where it lives here, a code by mail replaces it, for whoever is
//! written to. Nobody learns from the page whether an account, an address or a letter exists. Whoever has a second factor proves it before
//! the code of a letter replaces the first: a mailbox stands for one of them and not for both.

use super::code::refused;
use super::{asked, begin_on, carried, ended, load, posted, said, token};
use crate::codes::Proved;
use crate::pages::{self, ForgottenPage, Lost, ResetPage, ResetSecondPage};
use crate::passkey::NoProof;
use crate::{Fault, FaultKind, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, Factor, FactorKind, Instant, OneTimeKey, PendingSignIn, Person, Seconds};
use preau_keys::Sealer;
use std::sync::Arc;

/// What a proof of a second factor is sealed for, beside the sign-in it was made in and the code it was made for.
const PROVED: &str = "reset proved";
/// How long it is good for.
const PROVED_LASTS: Seconds = Seconds(10 * 60);

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
    proved: Option<&'a str>,
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
        proved: typed.as_ref().and_then(|typed| typed.proved),
        problem,
    };
    said(pages::reset(hub, visitor, shown), problem)
}

/// Takes the code, then a second factor of whoever has one, and then the new password.
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
    let proved = match second(&hub, &visitor, &pending, (code, &key, &person), &fields).await? {
        Ok(proved) => proved,
        Err(page) => return Ok(page),
    };
    let typed = || Typed { code, login: &login, least: hub.least(&person), proved: proved.as_deref() };
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

/// The second factor that somebody proved with this form or one before, sealed for the next; none for whoever has no such factor; or the page
/// that asks for it.
async fn second(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    (code, key, person): (&str, &OneTimeKey, &Person),
    fields: &Fields,
) -> Result<Result<Option<String>, Response>, Fault> {
    let theirs = hub.store.factors_of(&person.id).await?;
    if !theirs.iter().any(|factor| factor.lasts() && factor.kind.stands_alone()) {
        return Ok(Ok(None));
    }
    let (sealer, beside) = (Sealer::new(&hub.keyring), [pending.id.as_str(), key.as_str(), person.id.as_str()]);
    if let Some(sealed) = fields.one("proved")?
        && let Some(until) = sealer.open(PROVED, &beside, sealed)
        && serde_json::from_slice::<Instant>(&until).is_ok_and(|until| hub.now() < until)
    {
        return Ok(Ok(Some(sealed.to_owned())));
    }
    let (why, problem, wait) = match shown(hub, visitor, pending, person, fields).await? {
        Shown::Right => {
            let until = serde_json::to_vec(&(hub.now() + PROVED_LASTS)).ok();
            let sealed = until.and_then(|until| sealer.seal(&*hub.ids, PROVED, &beside, &until));
            let sealed = sealed.ok_or_else(|| Fault::new(FaultKind::Internal, "a proof that cannot be sealed"))?;
            return Ok(Ok(Some(sealed)));
        }
        Shown::Nothing => (None, None, None),
        Shown::Wrong(why, problem, wait) => (Some(why), Some(problem), wait),
    };
    if let Some(why) = why {
        let mut event = AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), why);
        event.person = Some(person.id.clone());
        hub.audit(event);
    }
    let has = |kind: FactorKind| theirs.iter().any(|factor| factor.kind == kind);
    let page = pages::reset_second(
        hub,
        visitor,
        ResetSecondPage {
            pending_id: pending.id.as_str(),
            token: token(hub, visitor, &pending.id),
            carried: carried::seal(hub, pending),
            code,
            passkey: has(FactorKind::Passkey).then(|| hub.ask_passkey(pending.id.as_str(), pending.expires)).flatten(),
            codes: has(FactorKind::OneTimeCode) || has(FactorKind::RecoveryCode),
            problem,
        },
    );
    Ok(Err(if problem.is_some() { refused(page, wait) } else { page }))
}

/// What a form shows of a second factor.
enum Shown {
    Right,
    Nothing,
    /// The word for the journal, the sentence for the page, and the seconds to wait.
    Wrong(&'static str, &'static str, Option<i64>),
}

async fn shown(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    person: &Person,
    fields: &Fields,
) -> Result<Shown, Fault> {
    if let Some(answer) = fields.one("answer")? {
        let challenge = fields.required("challenge")?;
        return match hub.passkey_proved(Some(&person.id), pending.id.as_str(), challenge, answer).await {
            Ok(_) => hub.factor_proved(&person.id).await.map(|()| Shown::Right),
            Err(NoProof::Refused(why, _)) => Ok(Shown::Wrong(why, "reset-problem-passkey", None)),
            Err(NoProof::Fault(fault)) => Err(fault),
        };
    }
    let Some(typed) = fields.one("second")? else { return Ok(Shown::Nothing) };
    Ok(match hub.code_proved(visitor, &person.id, pending.id.as_str(), typed).await? {
        Proved::Right(kind) if kind.stands_alone() => Shown::Right,
        Proved::Right(_) | Proved::Wrong => Shown::Wrong("wrong-code", "problem-code", None),
        Proved::Stopped => Shown::Wrong("codes-stopped", "problem-code-stopped", None),
        Proved::Wait(seconds) => Shown::Wrong("too-soon", "problem-code-wait", Some(seconds)),
    })
}
