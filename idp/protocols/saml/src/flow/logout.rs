//! The end of a session, asked for by a service (saml-profiles-2.0, 4.4).
//!
//! A request ends a session when it is signed by a service that holds an assertion of that very session: the name of the
//! person and the name of the session must be those it was given; a request that names no session means every one in which
//! this service was given that name. What it may be told is its own; every other service, of whatever protocol, hears of
//! the end as of any other. What we tell services, and what they answer, is in `leaving`.

use super::hand_over::{Notice, person_named, person_of};
use super::received::Received;
use super::sso::{meant_for_us, recent};
use super::{entity_id, event, signed, signing_key, unsigned};
use crate::config::{REQUEST, SKEW};
use crate::error::{another_issuer, bad_envelope, bad_message};
use crate::partner::Partner;
use preau_domain::{AuditKind, Instant, KeptKind, KeptThing, ServiceId, SessionId, TrustedUrl, Visit};
use preau_keys::xml::{Element, decrypt};
use preau_keys::{Sealer, one_time_key};
use preau_saml::bindings::{Kind, post, redirect};
use preau_saml::messages::{LogoutRequest, LogoutResponse, NameId, Status, new_id, soap};
use preau_saml::metadata::{Endpoint, Peers};
use preau_saml::names::{binding, nameid, status};
use preau_store::StoreError;
use preau_web::{Fault, FaultKind, Hub, Visitor};
use serde::{Deserialize, Serialize};

/// What an answer that waits is sealed for.
const WAITING: &str = "saml logout answer";

/// What becomes of a browser that brought a message about an end.
pub enum Answer {
    /// It goes to this address.
    Go(String),
    /// It posts this.
    Post(TrustedUrl, Vec<(&'static str, String)>),
    /// Its own session ends now, services are told through it, and then it comes for the answer at this address of ours.
    Leave(String),
}

/// A request that is believed.
struct Asked {
    partner: Partner,
    request: LogoutRequest,
    sessions: Vec<SessionId>,
}

/// An answer that waits until the services were told through the browser.
#[derive(Serialize, Deserialize)]
struct Waiting {
    service: ServiceId,
    request: String,
    relay_state: Option<String>,
    until: Instant,
}

/// Answers a browser that brings a request.
pub async fn browser(hub: &Hub, peers: &Peers, visitor: &Visitor, received: &Received) -> Result<Answer, Fault> {
    let asked = read(hub, peers, received, &address(hub), visitor.session.as_ref()).await?;
    there(&asked.partner)?;
    // The session of the browser ends where its services can be told through it, on the way.
    let own = visitor.session.as_ref().filter(|own| asked.sessions.contains(own));
    let status = end(hub, visitor, &asked, own).await?;
    let relay_state = received.relay_state.as_deref();
    if own.is_none() {
        // A message about an end that was heard is not heard again; one that ends nothing can be brought as often as somebody likes.
        let _turn = if asked.sessions.is_empty() { Some(hub.turns.take().await?) } else { None };
        return answer(hub, &asked.partner, &asked.request.id, status, relay_state);
    }
    let waiting = Waiting {
        service: asked.partner.door.service.id.clone(),
        request: asked.request.id,
        relay_state: relay_state.map(str::to_owned),
        until: hub.now() + REQUEST,
    };
    let text = serde_json::to_vec(&waiting).map_err(unsigned)?;
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, WAITING, &[], &text).ok_or_else(|| unsigned("an answer"))?;
    Ok(Answer::Leave(format!("/saml/slo/answer?to={sealed}")))
}

/// The answer that waited. Whoever changes `confirmed` on the way deceives themselves.
pub async fn at_last(hub: &Hub, peers: &Peers, sealed: &str, confirmed: bool) -> Result<Answer, Fault> {
    let opened = Sealer::new(&hub.keyring).open(WAITING, &[], sealed);
    let waiting: Option<Waiting> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let waiting = waiting.filter(|waiting| hub.now() < waiting.until);
    let late = || Fault::new(FaultKind::SignInExpired, "saml: an answer about an end came too late");
    let waiting = waiting.ok_or_else(late)?;
    let services = hub.services();
    let partner = Partner::at(peers, services.get(&waiting.service).ok_or_else(late)?, hub.now())?;
    // Nothing says that it was given before.
    let _turn = hub.turns.take().await?;
    let sub = (!confirmed).then(|| status::PARTIAL_LOGOUT.to_owned());
    answer(hub, &partner, &waiting.request, Status { sub, ..Status::success() }, waiting.relay_state.as_deref())
}

/// Answers a service that asks without a browser.
pub async fn back_channel(hub: &Hub, peers: &Peers, visitor: &Visitor, received: &Received) -> Result<String, Fault> {
    let asked = read(hub, peers, received, &soap_address(hub), None).await?;
    let status = end(hub, visitor, &asked, None).await?;
    let key = signing_key(hub, asked.partner.saml().signing)?;
    let response = response(hub, &asked.request.id, status, None);
    Ok(soap::envelope(&signed(response.write(), &key)?))
}

async fn read(
    hub: &Hub,
    peers: &Peers,
    received: &Received,
    here: &str,
    session: Option<&SessionId>,
) -> Result<Asked, Fault> {
    let partner = Partner::named(hub, peers, received.claimed_issuer()?)?;
    read_of(hub, partner.clone(), received, here, session).await.map_err(|fault| partner.fault(fault))
}

async fn read_of(
    hub: &Hub,
    partner: Partner,
    received: &Received,
    here: &str,
    session: Option<&SessionId>,
) -> Result<Asked, Fault> {
    // Anybody can name a person and a session: whoever ends it proves who they are.
    let believed = received.believed("LogoutRequest", partner.keys(), true)?;
    let request = LogoutRequest::read(&believed.element).map_err(bad_message)?;
    if request.issuer != partner.entity_id() {
        return Err(another_issuer(&believed.element));
    }
    // One that comes through a browser says where it was sent to (saml-bindings-2.0, 3.4.5.2 and 3.5.5.2).
    meant_for_us(&believed.element, request.destination.as_deref(), here, here != soap_address(hub))?;
    recent(hub, &believed.element, request.issue_instant)?;
    if request.not_on_or_after.is_some_and(|until| until <= hub.now()) {
        return Err(bad_envelope(&believed.element, "NotOnOrAfter", "its time is over"));
    }
    let name = name(hub, &believed.element, &request)?;
    let sessions = sessions(hub, &partner, &request, &name, session).await?;
    Ok(Asked { partner, request, sessions })
}

/// Where messages about ends are heard.
pub fn address(hub: &Hub) -> String {
    format!("{}/saml/slo", hub.base())
}

/// Where they are heard without a browser.
pub fn soap_address(hub: &Hub) -> String {
    format!("{}/soap", address(hub))
}

/// The name of the person, opened if it was encrypted.
fn name(hub: &Hub, message: &Element, request: &LogoutRequest) -> Result<NameId, Fault> {
    match (&request.name_id, &request.encrypted_id) {
        (Some(name), _) => Ok(name.clone()),
        (None, Some(sealed)) => {
            let opened = decrypt(sealed, &hub.signers.saml_opening()).map_err(bad_message)?;
            NameId::read(opened.unverified()).map_err(bad_message)
        }
        (None, None) => Err(bad_envelope(message, "NameID", "it names nobody")),
    }
}

/// The sessions that are meant: those in which this service was given these very names.
async fn sessions(
    hub: &Hub,
    partner: &Partner,
    request: &LogoutRequest,
    name: &NameId,
    own: Option<&SessionId>,
) -> Result<Vec<SessionId>, Fault> {
    let mut found: Vec<SessionId> = Vec::new();
    let is_it = |visit: &Visit| {
        let notice = (visit.protocol == crate::NAME && visit.service == partner.door.service.id)
            .then(|| serde_json::from_str::<Notice>(&visit.notice).ok());
        notice.flatten().is_some_and(|notice| {
            let format = name.format.as_deref().unwrap_or(nameid::UNSPECIFIED);
            let listed = request.session_indexes.is_empty() || request.session_indexes.contains(&notice.session);
            notice.name == name.value && (format == nameid::UNSPECIFIED || format == notice.format) && listed
        })
    };
    let mut candidates: Vec<SessionId> = own.cloned().into_iter().collect();
    if request.session_indexes.is_empty()
        && let Some(person) = person_named(hub, partner, name).await?
    {
        let live = hub.store.sessions_of(&person, hub.now()).await?;
        candidates.extend(live.into_iter().map(|session| session.id));
    }
    for index in &request.session_indexes {
        if let Some(person) = person_of(hub, partner, index) {
            let live = hub.store.sessions_of(&person, hub.now()).await?;
            candidates.extend(live.into_iter().map(|session| session.id));
        }
    }
    for id in candidates {
        if !found.contains(&id) && hub.store.visits(&id).await?.iter().any(is_it) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Ends the sessions but the one that is ended later; the status says whether there were any.
async fn end(hub: &Hub, visitor: &Visitor, asked: &Asked, later: Option<&SessionId>) -> Result<Status, Fault> {
    if asked.sessions.is_empty() {
        // It is over already, or never was: the service wants to hear that nobody is signed in any more, and hears why.
        let mut refused = event(hub, visitor, AuditKind::RequestRefused);
        refused.service = Some(asked.partner.door.service.id.clone());
        refused.detail = "saml-logout-of-nobody".to_owned();
        hub.audit_refusal(refused, "no session of this service has this NameID and SessionIndex");
        return Ok(Status::failure(status::REQUESTER, status::UNKNOWN_PRINCIPAL));
    }
    // One that names no session means those there are: brought again it would end those that began since.
    let heard = KeptThing {
        key: one_time_key(&format!("saml logout {} {}", asked.partner.entity_id(), asked.request.id)),
        kind: KeptKind::ReplayGuard,
        doc: String::new(),
        expires: asked.request.issue_instant + REQUEST + SKEW,
    };
    if hub.store.kept(&heard.key, heard.kind, hub.now()).await?.is_some() {
        return Err(bad_message("<LogoutRequest ID>: it was heard before"));
    }
    for id in &asked.sessions {
        // Whoever asks for the end knows of it.
        hub.store.forget_visits(id, crate::NAME, &asked.partner.door.service.id).await?;
        if later != Some(id) {
            hub.end_session(id, "saml", visitor.correlation()).await?;
        }
    }
    // Only now: a service that asks again after a failure of ours is heard.
    match hub.store.keep(&heard, hub.now()).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(Status::success()),
        Err(other) => Err(other.into()),
    }
}

fn response(hub: &Hub, request: &str, status: Status, destination: Option<String>) -> LogoutResponse {
    LogoutResponse {
        id: new_id(&*hub.ids),
        in_response_to: Some(request.to_owned()),
        issue_instant: hub.now(),
        destination,
        issuer: Some(entity_id(hub)),
        status,
    }
}

/// Where a service hears answers.
fn there(partner: &Partner) -> Result<&Endpoint, Fault> {
    let silent = || Fault::new(FaultKind::UnknownService, "the service does not say where it hears answers about ends");
    partner.slo(&[binding::REDIRECT, binding::POST]).ok_or_else(silent)
}

/// The answer, at an address of the metadata.
fn answer(
    hub: &Hub,
    partner: &Partner,
    request: &str,
    status: Status,
    relay_state: Option<&str>,
) -> Result<Answer, Fault> {
    let there = there(partner)?;
    let location = there.response_location.as_ref().unwrap_or(&there.location);
    let unknown = || Fault::new(FaultKind::UnknownService, "the address for the answer cannot be trusted");
    let to = partner.trust(location).ok_or_else(unknown)?;
    let key = signing_key(hub, partner.saml().signing)?;
    let response = response(hub, request, status, Some(location.clone())).write();
    if there.binding == binding::REDIRECT {
        let signer = Some((&key.private, key.alg));
        let go = redirect::encode(to.as_str(), Kind::Response, &response, relay_state, signer).map_err(unsigned)?;
        return Ok(Answer::Go(go));
    }
    let mut fields = vec![("SAMLResponse", post::encode(&signed(response, &key)?))];
    fields.extend(relay_state.map(|state| ("RelayState", state.to_owned())));
    Ok(Answer::Post(to, fields))
}
