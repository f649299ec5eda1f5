//! Where somebody is signed in, and which services received what of them.

use super::{FORM, HERE};
use crate::{Fault, FaultKind, Fields, Hub, Live, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, Seconds, Session};
use std::sync::Arc;

/// How far back the page looks at what services received.
const SINCE: Seconds = Seconds(31 * 86_400);
/// Events of a person looked at, and those shown.
const LOOKED_AT: u32 = 500;
const SHOWN: usize = 30;

/// What a page calls a session: nobody else's page, and no cookie, has the word.
pub(super) fn word(hub: &Hub, live: &Live, session: &Session) -> String {
    hub.keyring.mac("session-on-page", &[live.session.id.as_str(), session.id.as_str()])
}

/// What services received lately, the latest first.
pub(super) async fn received(hub: &Hub, live: &Live) -> Result<Vec<AuditEvent>, Fault> {
    let told = hub.store.audit_about(&live.session.person, hub.now() - SINCE, LOOKED_AT).await?;
    let left = |event: &AuditEvent| event.kind == AuditKind::AttributesReleased && event.service.is_some();
    Ok(told.into_iter().filter(left).take(SHOWN).collect())
}

/// Ends one other session of a person, or all of them.
pub(super) async fn end(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, which) = (fields.required("token")?, fields.one("session")?);
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other(HERE)) };
    if !hub.form_token_ok(&live.session.id, FORM, token) {
        return Err(Fault::new(FaultKind::StaleForm, "account form of another session"));
    }
    for session in hub.store.sessions_of(&live.session.person, hub.now()).await? {
        let meant = which.is_none_or(|which| which == word(&hub, &live, &session));
        if meant && session.id != live.session.id {
            hub.end_session(&session.id, "from-elsewhere", visitor.correlation()).await?;
        }
    }
    Ok(hub.see_other(HERE))
}
