//! The password that lives here: its owner changes it after a recent proof, by the former one or by what they have besides.

use super::{HERE, Sent, door, sent};
use crate::lately::Lately;
use crate::pages::{self, NewPasswordPage};
use crate::{Fault, FaultKind, Hub, Live, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use preau_domain::{AuditKind, Factor};
use preau_store::StoreError;
use std::sync::Arc;

const WHERE: &str = "/account/password";
/// The form of the page.
const FORM: &str = super::FORM;

/// Whether somebody has a password here.
pub(super) async fn lives_here(hub: &Hub, live: &Live) -> Result<bool, Fault> {
    Ok(hub.store.password_hash(&live.session.person).await?.is_some())
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "a password that lives elsewhere")
}

pub(super) async fn ask(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    match door(&hub, &visitor, WHERE).await? {
        Lately::Proved(live) => page(&hub, &visitor, &live, None).await,
        Lately::Onward(response) => Ok(response),
    }
}

async fn page(hub: &Hub, visitor: &Visitor, live: &Live, problem: Option<&'static str>) -> Result<Response, Fault> {
    if !lives_here(hub, live).await? {
        return Err(nothing());
    }
    let person = live.known()?.person;
    let shown = NewPasswordPage {
        login: login(hub, live).await?,
        least: hub.least(&person),
        token: hub.form_token(&live.session.id, FORM),
        problem,
    };
    let mut page = pages::new_password(hub, visitor, shown);
    if problem.is_some() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

/// What they type before it.
async fn login(hub: &Hub, live: &Live) -> Result<String, Fault> {
    let person = live.known()?.person;
    let chosen = hub.store.credential_of(&person.id).await?.map(|credential| credential.login);
    Ok(chosen.or_else(|| person.login.clone()).unwrap_or_default())
}

pub(super) async fn change(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, fields } = match sent(&hub, &visitor, &body, WHERE).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (password, again) = (fields.required("password")?, fields.required("again")?);
    if password != again {
        return page(&hub, &visitor, &live, Some("password-problem-again")).await;
    }
    if !lives_here(&hub, &live).await? {
        return Err(nothing());
    }
    let (person, login) = (live.known()?.person, login(&hub, &live).await?);
    if let Err(weak) = hub.judge_password(&person, &login, password).await? {
        return page(&hub, &visitor, &live, Some(weak.key())).await;
    }
    let hash = hub.new_hash(password).await?;
    match hub.store.set_password_hash(&person.id, &hash).await {
        Ok(()) => {}
        // It was taken away meanwhile.
        Err(StoreError::Conflict) => return Ok(hub.see_other(HERE)),
        Err(other) => return Err(other.into()),
    }
    hub.audit(hub.event_of(&visitor, &live, AuditKind::CredentialsChanged, "password-changed"));
    // A code on paper that nobody used yet would open what was just closed.
    hub.store.take_activation_back(&person.id).await?;
    hub.end_others(&person.id, &live.session.id, "password-changed", visitor.correlation()).await?;
    hub.tell_of_password((&person, &login), visitor.locale).await;
    let left = hub.store.factors_of(&person.id).await?.iter().filter(|factor| Factor::lasts(factor)).count();
    Ok(pages::password_changed(&hub, &visitor, left))
}
