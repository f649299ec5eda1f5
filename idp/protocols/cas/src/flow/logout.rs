//! `/logout` and what services are told of it (section 2.3).

use crate::ticket;
use crate::wire::{LogoutParameters, logout};
use axum::response::Response;
use http::header;
use preau_domain::{AuditEvent, AuditKind, Visit};
use preau_web::{Fault, Hub, LogoutNotice, NoticeBody, Visitor};
use std::sync::Arc;

/// Ends the session of this browser. It goes on to the service it named if that address is registered, at once unless others hear of
/// the end by this browser alone, and otherwise reads the page that says it is over.
pub async fn logout(hub: &Arc<Hub>, visitor: &Visitor, asked: &LogoutParameters) -> Result<Response, Fault> {
    let services = hub.services();
    match asked.service.as_deref().map(|address| services.owner_of(address)) {
        Some(Some((_, address))) => hub.sign_out_to(visitor, Some(address.as_str().to_owned())).await,
        Some(None) => {
            let correlation = visitor.correlation().clone();
            let event = AuditEvent::new(hub.now(), AuditKind::RequestRefused, correlation, "cas-logout-elsewhere");
            hub.audit(event);
            hub.sign_out(visitor).await
        }
        None => hub.sign_out(visitor).await,
    }
}

/// Whether a service that was told closed its session: it answers with 2xx, or sends whoever comes to our door. Clients that guard
/// whole sites (`mod_auth_cas`) read the notice on the way, and then treat the call as they do any other without a session.
pub fn confirmed<T>(hub: &Hub, answer: &http::Response<T>) -> bool {
    let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    let door = to.strip_prefix(hub.base()).and_then(|path| path.strip_prefix("/cas/login"));
    let at_our_door = door.is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
    answer.status().is_success() || (answer.status().is_redirection() && at_our_door)
}

/// The call that tells a service its visit is over, at the address its ticket was made for or the one it has for this.
pub fn notice(hub: &Hub, visit: &Visit) -> Option<LogoutNotice> {
    let (secret, address) = ticket::read_notice(&visit.notice)?;
    let services = hub.services();
    let door = services.get(&visit.service)?.clone();
    let cas = door.cas.as_ref().filter(|cas| cas.single_logout)?;
    let to = door.service.trust(cas.logout_url.as_deref().unwrap_or(address))?;
    let id = format!("_{}", hub.ids.text(32));
    let form = vec![("logoutRequest", logout::request(&id, hub.now(), secret))];
    Some(LogoutNotice { door, to, body: NoticeBody::Form(form) })
}
