//! Codes by mail: whoever turns them on shows first that one arrived.

use super::{HERE, Sent, door, sent, short, tell};
use crate::codes::Proved;
use crate::lately::Lately;
use crate::mail::Mailed;
use crate::pages::{self, MailedPage};
use crate::{Fault, FaultKind, Hub, Live, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use preau_domain::FactorKind;
use preau_store::StoreError;
use std::sync::Arc;

const WHERE: &str = "/account/mail";

pub(super) async fn ask(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    match door(&hub, &visitor, WHERE).await? {
        Lately::Proved(live) => page(&hub, &visitor, &live, false, None).await,
        Lately::Onward(response) => Ok(response),
    }
}

async fn page(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    on_its_way: bool,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let none = || Fault::new(FaultKind::NotFound, "codes by mail, for whom there are none");
    let (person, theirs) = (live.known()?.person, hub.store.factors_of(&live.session.person).await?);
    let address = hub.codes_go_to(&person.id).await?.filter(|_| hub.may_have_codes_mailed(&person, &theirs));
    let shown = MailedPage {
        address: address.ok_or_else(none)?,
        on_its_way,
        token: hub.form_token(&live.session.id, super::FORM),
        problem,
    };
    let mut page = pages::mailed(hub, visitor, shown);
    if problem.is_some() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

/// Mails a code, or takes the one that arrived.
pub(super) async fn submit(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, fields } = match sent(&hub, &visitor, &body, WHERE).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (person, within) = (live.known()?.person, live.session.id.as_str());
    let theirs = hub.store.factors_of(&person.id).await?;
    if !hub.may_have_codes_mailed(&person, &theirs) {
        return Ok(hub.see_other(HERE));
    }
    let Some(typed) = fields.one("code")? else {
        return match hub.mail_code(&visitor, &person.id, within).await? {
            Mailed::Sent(_) => page(&hub, &visitor, &live, true, None).await,
            Mailed::NotBefore(_) => page(&hub, &visitor, &live, true, Some("mailed-problem-many")).await,
            Mailed::Nowhere => Ok(hub.see_other(HERE)),
        };
    };
    let problem = match hub.code_proved(&visitor, &person.id, within, typed).await? {
        Proved::Right(FactorKind::MailedCode) => {
            let factor = hub.mailed_factor(&person.id, hub.texts.text(visitor.locale, "account-kind-mailed-code"));
            return match hub.store.add_factor(&factor).await {
                Ok(()) => {
                    tell(&hub, &visitor, &live, format!("mailed-code-added {}", short(&factor.id)));
                    Ok(hub.see_other(HERE))
                }
                // In another tab.
                Err(StoreError::Conflict) => Ok(hub.see_other(HERE)),
                Err(other) => Err(other.into()),
            };
        }
        Proved::Right(_) | Proved::Wrong => "mailed-problem-code",
        Proved::Stopped => "problem-code-stopped",
        Proved::Wait(_) => "problem-code-wait",
    };
    tell(&hub, &visitor, &live, "refused mailed-code".to_owned());
    page(&hub, &visitor, &live, true, Some(problem)).await
}
