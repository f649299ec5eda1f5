//! Proxy authentication (sections 2.5.4 and 2.7): a service that holds a proxy-granting ticket asks tickets for other
//! services in the name of the person, as long as the person's session lives and policy allows both.

use super::{About, owner};
use crate::ticket::{self, NewTicket, Payload, Prefix};
use crate::wire::ProxyParameters;
use crate::{CasError, TicketFault};
use preau_domain::{Service, TicketKind, TrustedUrl, UrlRule};
use preau_egress::EgressError;
use preau_web::{Door, Hub, Live, Visitor};

/// What came of a wish for a proxy-granting ticket.
pub enum Grant {
    /// It was handed over; the service finds it by this name.
    Given(String),
    /// The callback did not take it, for a reason in a word of the journal. The person came all the same (section 2.5.4).
    NotTaken(&'static str),
}

/// Gives a service a proxy-granting ticket by calling its callback.
///
/// A callback that is not the service's, that may not be called, that shows no certificate we believe or that points
/// elsewhere is refused; one that is out of order is not taken for an attack. The ticket is stored once the callback has answered 200: one that nobody took never exists. The service cannot use it
/// before it has read our answer.
pub async fn grant(hub: &Hub, live: &Live, door: &Door, url: &str, from: &Payload) -> Result<Grant, CasError> {
    let callback = callback(door, url)?;
    let secret = Prefix::ProxyGranting.generate(&*hub.ids);
    let iou = ticket::generate_iou(&*hub.ids);
    let mut via = Vec::with_capacity(from.via.len() + 1);
    via.push(callback.as_str().to_owned());
    via.extend_from_slice(&from.via);
    let payload =
        Payload { address: String::new(), fresh: false, context: None, via, correlation: from.correlation.clone() };
    let payload = payload.write().ok_or(CasError::InvalidRequest("the chain of proxies is too long"))?;
    let mut call = callback.url().clone();
    call.query_pairs_mut().append_pair("pgtIou", &iou).append_pair("pgtId", &secret);
    match hub.egress.get(call.as_str(), door.network).await {
        Ok(200) => {}
        Ok(status) => {
            tracing::warn!(service.id = door.service.id.as_str(), status, "proxy callback answered badly");
            let elsewhere = (300..400).contains(&status);
            let out_of_order = Ok(Grant::NotTaken("proxy-callback-status"));
            return if elsewhere { Err(CasError::InvalidProxyCallback) } else { out_of_order };
        }
        Err(error @ EgressError::Unreachable(_)) => {
            tracing::warn!(service.id = door.service.id.as_str(), %error, "proxy callback not reached");
            return Ok(Grant::NotTaken("proxy-callback-unreachable"));
        }
        Err(error @ (EgressError::Forbidden(_) | EgressError::Untrusted)) => {
            tracing::warn!(service.id = door.service.id.as_str(), %error, "proxy callback refused");
            return Err(CasError::InvalidProxyCallback);
        }
    }
    let service = &door.service.id;
    let at = hub.now();
    let granted = NewTicket { secret: &secret, prefix: Prefix::ProxyGranting, service, live, payload, at }.stored();
    hub.store.issue_ticket(&granted, None).await?;
    Ok(Grant::Given(iou))
}

/// The callback, if the service may have one and this is one of its own, over TLS.
fn callback(door: &Door, url: &str) -> Result<TrustedUrl, CasError> {
    let cas = door.cas.as_ref().filter(|cas| cas.proxy).ok_or(CasError::UnauthorizedServiceProxy)?;
    let urls: Vec<UrlRule> =
        cas.proxy_callbacks.iter().filter_map(|u| UrlRule::below(u)).filter(|rule| rule.scheme == "https").collect();
    let callbacks = Service { id: door.service.id.clone(), home: door.service.home.clone(), urls };
    callbacks.trust(url).filter(|u| u.url().fragment().is_none()).ok_or(CasError::InvalidProxyCallback)
}

/// Makes a proxy ticket, and tells the journal what came of it.
pub async fn proxy(hub: &Hub, visitor: &Visitor, asked: &ProxyParameters) -> Result<String, CasError> {
    let mut about = About::default();
    let result = open(hub, visitor, asked, &mut about).await;
    match &result {
        Ok(_) => count("success"),
        Err(error) => super::tell_refusal(hub, visitor, about, *error, count),
    }
    result
}

/// Tells the journal of a request that was refused before any ticket was looked at.
pub fn refused(hub: &Hub, visitor: &Visitor, error: CasError) {
    super::tell_refusal(hub, visitor, About::default(), error, count);
}

fn count(result: &'static str) {
    metrics::counter!("preau_cas_proxy_tickets_total", "result" => result).increment(1);
}

async fn open(hub: &Hub, visitor: &Visitor, asked: &ProxyParameters, about: &mut About) -> Result<String, CasError> {
    const UNKNOWN: CasError = CasError::InvalidTicket(TicketFault::Unknown);
    if Prefix::of(&asked.pgt) != Some(Prefix::ProxyGranting) {
        return Err(CasError::InvalidTicket(TicketFault::NotATicket));
    }
    let at = hub.now();
    let found = hub.store.ticket(&ticket::key(&asked.pgt), TicketKind::CasProxyGranting, at).await?;
    let granted = found.ok_or(UNKNOWN)?;
    let from = Payload::read(&granted.payload).ok_or(CasError::Internal)?;
    visitor.goes_on_with(&from.correlation);
    *about = About::ticket(&granted);
    let live = hub.live(&granted.session).await?.filter(|l| l.session.person == granted.person).ok_or(UNKNOWN)?;
    let services = hub.services();
    // The proxying service must still be one, and still open for this person.
    let proxying = services.get(&granted.service).filter(|d| d.cas.as_ref().is_some_and(|cas| cas.proxy));
    let proxying = proxying.ok_or(CasError::UnauthorizedService)?;
    let (target, address) = owner(&services, &asked.target)?;
    let decision = hub.decide(&live, target);
    if !hub.decide(&live, proxying).allows() || !decision.allows() {
        return Err(CasError::UnauthorizedService);
    }
    let service = &target.service.id;
    let secret = Prefix::Proxy.generate(&*hub.ids);
    let payload = Payload {
        address: address.as_str().to_owned(),
        fresh: false,
        context: None,
        via: from.via,
        correlation: from.correlation,
    };
    let payload = payload.write().ok_or(CasError::InvalidRequest("the chain of proxies is too long"))?;
    let issued = NewTicket { secret: &secret, prefix: Prefix::Proxy, service, live: &live, payload, at }.stored();
    let notes = target.cas.as_ref().is_some_and(|cas| cas.single_logout) || live.notes_visit(service);
    let visit = notes.then(|| ticket::visit(&live.session.id, service, &secret, address.as_str(), at));
    // Before the ticket, so that no ticket is durable without it.
    hub.audit(hub.opened(visitor, &live, target, &decision, "cas-proxy"));
    hub.store.issue_ticket(&issued, visit.as_ref()).await?;
    Ok(secret)
}
