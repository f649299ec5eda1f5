//! `/login` (sections 2.1 and 2.2): who may have a ticket for which address, now or after signing in.
//!
//! Credentials are never taken here: whoever has no session goes through the sign-in of the house and comes back in
//! [`complete`]. Access is decided each time a ticket is made.

use super::owner;
use crate::page;
use crate::ticket::{self, Asked, NewTicket, Payload, Prefix};
use crate::wire::LoginParameters;
use axum::response::Response;
use preau_domain::{Identifier, Instant, Strength, TrustedUrl};
use preau_policy::Decision;
use preau_store::StoreError;
use preau_web::{Begin, CompletedSignIn, Door, Fault, FaultKind, Hub, Live, Visitor};

/// Answers a browser at the door.
pub async fn login(hub: &Hub, visitor: &Visitor, asked: LoginParameters) -> Result<Response, Fault> {
    let fresh_after = asked.renew.then(|| hub.now());
    let Some(service) = &asked.service else {
        // Without a service this is the home page of the house (section 2.1.1), whatever `gateway` says.
        if fresh_after.is_none() {
            return Ok(hub.see_other("/"));
        }
        let begin = Begin { fresh_after, ..Begin::for_page("/") };
        return hub.begin_sign_in(visitor, begin).await;
    };
    let services = hub.services();
    let (door, address) = owner(&services, service)?;
    let (dialect, post, context) = (asked.dialect, asked.post, asked.context);
    let wanted = Asked { service: address.as_str().to_owned(), dialect, post, context, since: None };
    if asked.renew {
        // Whatever session there is does not matter, and is not read.
        visitor.comes_from_tile(hub, &door.service.id);
    } else {
        if let Some(live) = visitor.live_at(hub, &door.service.id).await? {
            match open(hub, visitor, &live, door, &address, (false, context)).await {
                Ok(Opened::Ticket(ticket)) => return Ok(hand_over(hub, visitor, &address, &wanted, &ticket)),
                Ok(Opened::Gone) => hub.forget_live(&live.session.id),
                Ok(Opened::TooWeak(_)) if asked.gateway => return Ok(hub.see_other(address.as_str())),
                Ok(Opened::TooWeak(strength)) => return step_up(hub, visitor, &live, door, &wanted, strength).await,
                // `gateway` promises not to show the person anything: a refused one is as unknown as an absent one.
                Err(fault) if asked.gateway && fault.kind == FaultKind::Refused => {
                    return Ok(hub.see_other(address.as_str()));
                }
                Err(fault) => return Err(fault),
            }
        }
        if asked.gateway {
            return Ok(hub.see_other(address.as_str()));
        }
    }
    begin(hub, visitor, door, &wanted, fresh_after, context).await
}

/// Asks whoever proved less than is wanted for what they lack, if they have it.
async fn step_up(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    door: &Door,
    wanted: &Asked,
    strength: Strength,
) -> Result<Response, Fault> {
    hub.may_step_up(visitor, live, door, strength).await?;
    begin(hub, visitor, door, wanted, None, Some(strength)).await
}

async fn begin(
    hub: &Hub,
    visitor: &Visitor,
    door: &Door,
    wanted: &Asked,
    fresh_after: Option<Instant>,
    wants: Option<Strength>,
) -> Result<Response, Fault> {
    let request = serde_json::to_string(wanted).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?;
    let begin = Begin { protocol: crate::NAME, service: Some(door.service.id.clone()), request, fresh_after, wants };
    hub.begin_sign_in(visitor, begin).await
}

/// Hands a person who just signed in over to the service.
pub async fn complete(hub: &Hub, visitor: &Visitor, done: &CompletedSignIn) -> Result<Response, Fault> {
    let wanted: Asked = serde_json::from_str(&done.pending.request)
        .map_err(|_| Fault::new(FaultKind::Internal, "a CAS sign-in holds what CAS did not write"))?;
    let services = hub.services();
    let (door, address) = owner(&services, &wanted.service)?;
    // The sign-in may have ended without a proof, because another tab had made a session meanwhile.
    let since = wanted.since.unwrap_or(done.pending.created);
    let fresh = done.live.session.authentication.since(since);
    match open(hub, visitor, &done.live, door, &address, (fresh, wanted.context)).await? {
        Opened::Ticket(ticket) => Ok(hand_over(hub, visitor, &address, &wanted, &ticket)),
        Opened::Gone => Err(Fault::new(FaultKind::SignInExpired, "the session ended during its sign-in")),
        Opened::TooWeak(strength) => {
            let wanted = Asked { since: Some(since), ..wanted };
            step_up(hub, visitor, &done.live, door, &wanted, strength).await
        }
    }
}

/// Sends the browser to the service from its tile.
pub fn launch(hub: &Hub, door: &Door) -> Result<Response, Fault> {
    let home = door.service.trust(door.service.home.as_str());
    let home =
        home.ok_or_else(|| Fault::new(FaultKind::Internal, "the home of a service is not one of its addresses"))?;
    Ok(hub.see_other(home.as_str()))
}

/// What became of a wish for a ticket.
enum Opened {
    /// There it is.
    Ticket(String),
    /// The session has ended elsewhere.
    Gone,
    /// More is to be proved first.
    TooWeak(Strength),
}

/// Decides, and makes a ticket for the address, from a proof that was made for it or not, and is what the service asked for.
async fn open(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    door: &Door,
    address: &TrustedUrl,
    (fresh, context): (bool, Option<Strength>),
) -> Result<Opened, Fault> {
    let decision = hub.decide(live, door);
    // Whoever lacks what the service knows people by reads so here, and not on an error page of the service.
    if decision.allows() && !matches!(door.identifier, Identifier::Pairwise | Identifier::Uid) {
        hub.release(live, door)?;
    }
    let rule = match &*decision {
        Decision::Allow { rule, .. } => rule,
        Decision::StepUp(_) => return Ok(Opened::TooWeak(context.unwrap_or(Strength::TwoFactors))),
        Decision::Deny(why) => return Err(hub.refused(visitor, live, door, why)),
    };
    if let Some(strength) = context.filter(|wanted| !live.session.authentication.is(*wanted)) {
        return Ok(Opened::TooWeak(strength));
    }
    let at = hub.now();
    let secret = Prefix::Service.generate(&*hub.ids);
    let payload = Payload {
        address: address.as_str().to_owned(),
        fresh,
        context,
        via: Vec::new(),
        correlation: visitor.correlation().clone(),
    };
    let payload = payload.write().ok_or_else(|| Fault::new(FaultKind::BadRequest, "service address too long"))?;
    let service = &door.service.id;
    let ticket = NewTicket { secret: &secret, prefix: Prefix::Service, service, live, payload, at }.stored();
    let notes = door.cas.as_ref().is_some_and(|cas| cas.single_logout) || live.notes_visit(service);
    let visit = notes.then(|| ticket::visit(&live.session.id, service, &secret, address.as_str(), at));
    // Before the ticket, so that no ticket is durable without it.
    hub.audit(hub.opened(visitor, live, door, &decision, rule));
    match hub.store.issue_ticket(&ticket, visit.as_ref()).await {
        Ok(()) => Ok(Opened::Ticket(secret)),
        Err(StoreError::Conflict) => Ok(Opened::Gone),
        Err(error) => Err(error.into()),
    }
}

fn hand_over(hub: &Hub, visitor: &Visitor, address: &TrustedUrl, wanted: &Asked, ticket: &str) -> Response {
    let name = wanted.dialect.ticket_name();
    if wanted.post {
        page::posting(visitor.locale, address, name, ticket)
    } else {
        hub.see_other(&address.with_query(name, ticket))
    }
}
