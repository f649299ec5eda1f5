//! `/logout` and what services are told of it (section 2.3).

use crate::ticket;
use crate::wire::{LogoutParameters, logout};
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, Visit};
use preau_web::{Fault, Hub, LogoutNotice, NoticeBody, Visitor};

/// Ends the session of this browser. It goes on to the service it named if that address is registered, and otherwise
/// reads the page that says it is over.
pub async fn logout(hub: &Hub, visitor: &Visitor, asked: &LogoutParameters) -> Result<Response, Fault> {
    let services = hub.services();
    match asked.service.as_deref().map(|address| services.owner_of(address)) {
        Some(Some((_, address))) => {
            hub.end_visitor_session(visitor).await?;
            Ok(hub.without_session(hub.see_other(address.as_str())))
        }
        Some(None) => {
            let correlation = visitor.correlation().clone();
            let event = AuditEvent::new(hub.now(), AuditKind::RequestRefused, correlation, "cas-logout-elsewhere");
            hub.audit(event);
            hub.sign_out(visitor).await
        }
        None => hub.sign_out(visitor).await,
    }
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
