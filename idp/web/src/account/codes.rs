//! Applications that make codes, and codes on paper: how somebody comes by them.

use super::{FORM, HERE, Sent, door, named, sent, short, tell};
use crate::lately::Lately;
use crate::pages::{self, CodesPage};
use crate::{Fault, FaultKind, Hub, Live, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use preau_domain::{FactorKind, Instant, Seconds};
use preau_keys::{OtpSecret, Sealer};
use preau_store::StoreError;
use std::sync::Arc;

/// What a secret is sealed for until its first code was typed.
const NEW: &str = "one-time code in the making";
/// How long that may take.
const MAKING: Seconds = Seconds(10 * 60);
const WHERE: &str = "/account/codes/new";

pub(super) async fn ask(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    match door(&hub, &visitor, WHERE).await? {
        Lately::Proved(live) => {
            let until = hub.now() + MAKING;
            show(&hub, &visitor, &live, &OtpSecret::generate(&*hub.ids), until, None)
        }
        Lately::Onward(response) => Ok(response),
    }
}

/// Shows a secret, sealed with the time until which it may be taken up.
fn show(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    secret: &OtpSecret,
    until: Instant,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let doc = [&until.0.to_be_bytes()[..], secret.expose()].concat();
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, NEW, &[live.session.id.as_str()], &doc);
    let sealed = sealed.ok_or_else(|| Fault::new(FaultKind::Internal, "a secret cannot be sealed"))?;
    let known = live.known()?;
    let login = known.person.login.clone().unwrap_or_else(|| known.person.display_name());
    let token = hub.form_token(&live.session.id, FORM);
    let shown = CodesPage { login: &login, secret: secret.written(), sealed, token, problem };
    let mut page = pages::new_codes(hub, visitor, shown)?;
    if problem.is_some() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

pub(super) async fn add(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, fields } = match sent(&hub, &visitor, &body, WHERE).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (sealed, code, now) = (fields.required("secret")?, fields.required("code")?, hub.now());
    let doc = Sealer::new(&hub.keyring).open(NEW, &[live.session.id.as_str()], sealed);
    let doc = doc.as_deref().and_then(|doc| doc.split_first_chunk::<8>());
    let late = || Fault::new(FaultKind::StaleForm, "a secret of another session, or of too long ago");
    let (until, secret) = doc.ok_or_else(late)?;
    let until = Instant(i64::from_be_bytes(*until));
    if now >= until {
        return Err(late());
    }
    let secret = OtpSecret::of(secret);
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let again = |problem| show(&hub, &visitor, &live, &secret, until, Some(problem));
    let Some(name) = named(&fields)? else { return again("account-problem-name") };
    let Some(step) = secret.taken(&code, now, 0) else { return again("account-problem-code") };
    let person = &live.session.person;
    let factor = hub.application(person, &secret, step, name);
    let factor = factor.ok_or_else(|| Fault::new(FaultKind::Internal, "a secret cannot be sealed"))?;
    match hub.store.add_factor(&factor).await {
        Ok(()) => tell(&hub, &visitor, &live, format!("one-time-code-added {}", short(&factor.id))),
        // A form that was sent twice.
        Err(StoreError::Conflict) if hub.store.factor(&factor.id).await?.is_some() => return Ok(hub.see_other(HERE)),
        Err(StoreError::Conflict) => return again("account-problem-many"),
        Err(other) => return Err(other.into()),
    }
    let factors = hub.store.factors_of(person).await?;
    if factors.iter().any(|factor| factor.kind == FactorKind::RecoveryCode) {
        return Ok(hub.see_other(HERE));
    }
    paper(&hub, &visitor, &live).await
}

/// Makes new codes on paper, and shows them this once.
pub(super) async fn renew(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, .. } = match sent(&hub, &visitor, &body, HERE).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    if !hub.has_second_factor(&live.session.person).await? {
        return Ok(hub.see_other(HERE));
    }
    paper(&hub, &visitor, &live).await
}

async fn paper(hub: &Hub, visitor: &Visitor, live: &Live) -> Result<Response, Fault> {
    let codes = hub.new_paper(&live.session.person).await?;
    tell(hub, visitor, live, "recovery-codes-made".into());
    Ok(pages::paper(hub, visitor, &codes))
}
