//! One validation of one ticket (section 2.5). The ticket is taken out of the store before anything is asked of it, so
//! that every attempt is its last, whatever comes of it (section 3.1.1).

use super::About;
use super::proxy::{self, Grant};
use crate::ticket::{self, Payload, Prefix};
use crate::wire::{Success, ValidateParameters, class_of, is_writable};
use crate::{CasError, TicketFault};
use preau_domain::{AuditKind, TicketKind};
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
    let mut about = About::default();
    match check(hub, visitor, asked, endpoint, &mut about).await {
        Ok((success, not_taken)) => {
            let names = endpoint.attributes.then(|| success.released.names()).into_iter().flatten();
            let mut left = "user".to_owned();
            for word in names.chain(not_taken) {
                left.push(' ');
                left.push_str(word);
            }
            count("success");
            hub.audit(about.event(hub, visitor, AuditKind::AttributesReleased, left));
            Ok(success)
        }
        Err(error) => {
            super::tell_refusal(hub, visitor, about, error, count);
            Err(error)
        }
    }
}

/// Refuses a validation that cannot be read as a whole, and tells the journal. A ticket that could be read of it is spent
/// all the same: it was its one attempt.
pub async fn refused(hub: &Hub, visitor: &Visitor, ticket: Option<&str>, error: CasError) -> CasError {
    let kind = ticket.and_then(Prefix::of).filter(|prefix| *prefix != Prefix::ProxyGranting).map(Prefix::kind);
    let (mut about, mut error) = (About::default(), error);
    if let (Some(ticket), Some(kind)) = (ticket, kind) {
        match hub.store.consume_ticket(&ticket::key(ticket), kind).await {
            Ok(spent) => about = spent.as_ref().map(About::ticket).unwrap_or_default(),
            Err(failed) => error = failed.into(),
        }
    }
    super::tell_refusal(hub, visitor, about, error, count);
    error
}

fn count(result: &'static str) {
    metrics::counter!("preau_cas_validations_total", "result" => result).increment(1);
}

/// What is answered, and why a proxy-granting ticket that was wanted was not taken. `about` learns whom it is about, also where it fails.
async fn check(
    hub: &Hub,
    visitor: &Visitor,
    asked: &ValidateParameters,
    endpoint: Endpoint,
    about: &mut About,
) -> Result<(Success, Option<&'static str>), CasError> {
    use TicketFault::{Expired, NotATicket, NotFresh, Proxy, Unknown};
    let kind = match Prefix::of(&asked.ticket) {
        Some(prefix @ (Prefix::Service | Prefix::Proxy)) => prefix.kind(),
        Some(Prefix::ProxyGranting) | None => return Err(CasError::InvalidTicket(NotATicket)),
    };
    let taken = hub.store.consume_ticket(&ticket::key(&asked.ticket), kind).await?;
    let ticket = taken.ok_or(CasError::InvalidTicket(Unknown))?;
    let payload = Payload::read(&ticket.payload).ok_or(CasError::Internal)?;
    visitor.goes_on_with(&payload.correlation);
    *about = About::ticket(&ticket);
    if hub.now() >= ticket.expires {
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
    about.establishment = decision.establishment.clone();
    let released = hub.release(&live, door)?;
    // An answer without attributes would take a visitor for anybody.
    if !released.tells_visitor(|name| endpoint.attributes && is_writable(name)) {
        return Err(CasError::UnauthorizedService);
    }
    let (mut pgt_iou, mut not_taken) = (None, None);
    if let Some(url) = &asked.pgt_url {
        match proxy::grant(hub, &live, door, url, &payload).await? {
            Grant::Given(iou) => pgt_iou = Some(iou),
            Grant::NotTaken(why) => not_taken = Some(why),
        }
    }
    let success = Success {
        released,
        authenticated: live.session.authentication.at,
        method: live.session.authentication.method,
        fresh: payload.fresh,
        address: payload.address,
        pgt_iou,
        proxies: payload.via,
        // Told only of a proof that is one: the session may have been proved anew since the ticket was made.
        context: payload.context.filter(|asked| live.session.authentication.is(*asked)).and_then(class_of),
    };
    Ok((success, not_taken))
}
