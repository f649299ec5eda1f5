//! One validation of one ticket (section 2.5). The ticket is taken out of the store before anything is asked of it, so
//! that every attempt is its last, whatever comes of it (section 3.1.1).

use super::proxy::{self, Grant};
use crate::ticket::{self, Payload, Prefix};
use crate::wire::{Success, ValidateParameters, class_of, is_writable};
use crate::{CasError, TicketFault};
use preau_domain::{AuditEvent, AuditKind, TicketKind};
use preau_web::{Hub, Visitor};

/// What an address of the protocol takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Takes proxy tickets as well.
    pub proxy_tickets: bool,
    /// Answers attributes.
    pub attributes: bool,
}

/// Validates a ticket, and tells the journal what came of it.
pub async fn validate(
    hub: &Hub,
    visitor: &Visitor,
    asked: &ValidateParameters,
    endpoint: Endpoint,
) -> Result<Success, CasError> {
    let correlation = visitor.correlation().clone();
    let mut event = AuditEvent::new(hub.now(), AuditKind::AttributesReleased, correlation, String::new());
    let result = check(hub, visitor, asked, endpoint, &mut event).await;
    match &result {
        Ok(success) => {
            let missed = std::mem::replace(&mut event.detail, "user".to_owned());
            if endpoint.attributes {
                for name in success.released.names() {
                    event.detail.push(' ');
                    event.detail.push_str(name);
                }
            }
            if !missed.is_empty() {
                event.detail.push(' ');
                event.detail.push_str(&missed);
            }
            count("success");
            hub.audit(event);
        }
        Err(error) => super::tell_refusal(hub, event, *error, count),
    }
    result
}

/// Refuses a validation that cannot be read as a whole, and tells the journal. A ticket that could be read of it is spent
/// all the same: it was its one attempt.
pub async fn refused(hub: &Hub, visitor: &Visitor, ticket: Option<&str>, error: CasError) -> CasError {
    let kind = ticket.and_then(Prefix::of).filter(|prefix| *prefix != Prefix::ProxyGranting).map(Prefix::kind);
    let mut event = AuditEvent::new(hub.now(), AuditKind::RequestRefused, visitor.correlation().clone(), "");
    let mut error = error;
    if let (Some(ticket), Some(kind)) = (ticket, kind) {
        match hub.store.consume_ticket(&ticket::key(ticket), kind).await {
            Ok(Some(spent)) => {
                event.person = Some(spent.person);
                event.session = Some(spent.session);
                event.service = Some(spent.service);
            }
            Ok(None) => {}
            Err(failed) => error = failed.into(),
        }
    }
    super::tell_refusal(hub, event, error, count);
    error
}

fn count(result: &'static str) {
    metrics::counter!("preau_cas_validations_total", "result" => result).increment(1);
}

async fn check(
    hub: &Hub,
    visitor: &Visitor,
    asked: &ValidateParameters,
    endpoint: Endpoint,
    event: &mut AuditEvent,
) -> Result<Success, CasError> {
    use TicketFault::{Expired, NotATicket, NotFresh, Proxy, Unknown};
    let kind = match Prefix::of(&asked.ticket) {
        Some(prefix @ (Prefix::Service | Prefix::Proxy)) => prefix.kind(),
        Some(Prefix::ProxyGranting) | None => return Err(CasError::InvalidTicket(NotATicket)),
    };
    let taken = hub.store.consume_ticket(&ticket::key(&asked.ticket), kind).await?;
    let ticket = taken.ok_or(CasError::InvalidTicket(Unknown))?;
    let payload = Payload::read(&ticket.payload).ok_or(CasError::Internal)?;
    event.correlation = visitor.goes_on_with(&payload.correlation);
    event.person = Some(ticket.person.clone());
    event.session = Some(ticket.session.clone());
    event.service = Some(ticket.service.clone());
    if event.at >= ticket.expires {
        return Err(CasError::InvalidTicket(Expired));
    }
    if kind == TicketKind::CasProxy && !endpoint.proxy_tickets {
        return Err(CasError::InvalidTicket(Proxy));
    }
    if asked.service.as_deref() != Some(payload.address.as_str()) {
        return Err(CasError::InvalidService);
    }
    if asked.renew && !payload.fresh {
        return Err(CasError::InvalidTicket(NotFresh));
    }
    let live = hub.live(&ticket.session).await?;
    let live = live.filter(|l| l.session.person == ticket.person).ok_or(CasError::InvalidTicket(Unknown))?;
    let services = hub.services();
    let door = services.get(&ticket.service).filter(|d| d.cas.is_some()).ok_or(CasError::UnauthorizedService)?;
    let decision = hub.decide(&live, door);
    if !decision.allows() {
        return Err(CasError::UnauthorizedService);
    }
    event.establishment = decision.establishment.clone();
    let released = hub.release(&live, door)?;
    // An answer without attributes would take a visitor for anybody.
    if !released.tells_visitor(|name| endpoint.attributes && is_writable(name)) {
        return Err(CasError::UnauthorizedService);
    }
    let mut pgt_iou = None;
    if let Some(url) = &asked.pgt_url {
        match proxy::grant(hub, &live, door, url, &payload).await? {
            Grant::Given(iou) => pgt_iou = Some(iou),
            Grant::NotTaken(why) => event.detail.push_str(why),
        }
    }
    Ok(Success {
        released,
        authenticated: live.session.authentication.at,
        method: live.session.authentication.method,
        fresh: payload.fresh,
        address: payload.address,
        pgt_iou,
        proxies: payload.via,
        // Told only of a proof that is one: the session may have been proved anew since the ticket was made.
        context: payload.context.filter(|asked| live.session.authentication.is(*asked)).and_then(class_of),
    })
}
