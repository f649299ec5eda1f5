//! The door: who may have an assertion at which address, now or after signing in.
//!
//! Until service and address are certain nothing leaves but a page. From then on what the standard has a status for is told
//! to the service, at that address.

use super::context::{self, Own, Wanted};
use super::received::Received;
use super::{ecp, hand_over, name, quietly};
use crate::config::{DETOUR, REQUEST, SKEW};
use crate::error::{SamlError, Stop, another_issuer, bad_envelope, bad_message};
use crate::partner::{Acs, AskedAcs, Asker, Partner, Way};
use preau_connector_api::NameIdKind;
use preau_domain::{CorrelationId, Instant, ServiceId, Strength};
use preau_keys::Sealer;
use preau_keys::xml::Element;
use preau_saml::bindings::Kind;
use preau_saml::messages::AuthnRequest;
use preau_saml::metadata::Peers;
use preau_web::{Begin, Fault, FaultKind, Hub, Live, Visitor};
use serde::{Deserialize, Serialize};

/// Longest request that waits, in bytes.
const MAX_ASKED: usize = 8 * 1024;
/// What a request is sealed for, on its detour.
const DETOUR_PURPOSE: &str = "saml detour";

/// What a service asks for, found sound. It waits in the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The request that is answered; none when nobody asked.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the assertion goes: looked up in the metadata again when it does.
    #[serde(rename = "a")]
    pub acs: String,
    /// How it gets there.
    #[serde(rename = "w", default)]
    pub way: Way,
    /// What is given back as it is.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub relay_state: Option<String>,
    /// What kind of name is given.
    #[serde(rename = "n")]
    pub name: NameIdKind,
    /// Whether the name travels encrypted.
    #[serde(rename = "e", default)]
    pub encrypted_name: bool,
    /// The person it must be about, by the name the service knows them by.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The proof that is wanted.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Wanted>,
    /// The number of what the service asks for, of all it may be told.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<u16>,
    /// The person must prove who they are now.
    #[serde(rename = "f", default)]
    pub force: bool,
    /// The person must not be asked anything.
    #[serde(rename = "p", default)]
    pub passive: bool,
}

/// A request on its detour through the browser.
#[derive(Serialize, Deserialize)]
struct Detour {
    correlation: CorrelationId,
    service: ServiceId,
    asked: Asked,
    until: Instant,
}

/// What a browser is answered at the door.
pub enum Answer {
    /// Something for the service.
    Service(hand_over::Outgoing),
    /// A page of the house.
    Page(axum::response::Response),
}

/// A request that was read: who asks for what, and what of it cannot be met.
pub struct Read {
    /// Who asks.
    pub partner: Partner,
    /// Where the answer goes.
    pub acs: Acs,
    /// What is asked.
    pub asked: Asked,
    /// What cannot be met.
    pub wrong: Option<SamlError>,
}

/// Reads a request. Whatever is wrong is a page; a policy that cannot be met is told.
pub fn read(hub: &Hub, peers: &Peers, received: &Received, asker: Asker) -> Result<Read, Fault> {
    if received.kind != Kind::Request {
        return Err(bad_message("an answer came where requests are answered"));
    }
    let partner = Partner::named(hub, peers, received.claimed_issuer()?)?;
    read_of(hub, partner.clone(), received, asker).map_err(|fault| partner.fault(fault))
}

fn read_of(hub: &Hub, partner: Partner, received: &Received, asker: Asker) -> Result<Read, Fault> {
    let believed = received.believed("AuthnRequest", partner.keys(), partner.must_sign())?;
    let request = AuthnRequest::read(&believed.element).map_err(bad_message)?;
    if request.issuer != partner.entity_id() {
        return Err(another_issuer(&believed.element));
    }
    let here = match asker {
        Asker::Browser => address(hub),
        Asker::Program => ecp::address(hub),
    };
    meant_for_us(&believed.element, request.destination.as_deref(), &here, believed.signed && asker == Asker::Browser)?;
    recent(hub, &believed.element, request.issue_instant)?;
    let asked = AskedAcs {
        index: request.acs_index,
        url: request.acs_url.as_deref(),
        binding: request.protocol_binding.as_deref(),
    };
    let acs = partner.acs(asked, asker).ok_or_else(|| unknown_address(&asked))?;
    // Who says nothing of what it asks for is told what it may be told, whatever number it says.
    let listed = request.attribute_index.filter(|_| !partner.sp().services.is_empty());
    let (given, mut wrong) = match name::given(&partner, request.name_id_policy.as_ref()) {
        Ok(given) => (given, None),
        Err(error) => (name::Given { kind: partner.saml().nameid, encrypted: false }, Some(error)),
    };
    if listed.is_some_and(|index| !partner.sp().asks_by(index)) {
        wrong = Some(SamlError::Attributes);
    }
    let asked = Asked {
        id: Some(request.id),
        acs: acs.location.clone(),
        way: acs.way,
        relay_state: received.relay_state.clone(),
        name: given.kind,
        encrypted_name: given.encrypted,
        subject: request.subject.map(|subject| subject.value),
        context: request.requested_context.map(Wanted::from),
        listed,
        force: request.force_authn,
        passive: request.is_passive,
    };
    Ok(Read { partner, acs, asked, wrong })
}

/// What was asked for and is not in the metadata: the log tells the editor which.
fn unknown_address(asked: &AskedAcs<'_>) -> Fault {
    let mut said = Vec::new();
    said.extend(asked.index.map(|index| format!("AssertionConsumerServiceIndex {index}")));
    said.extend(asked.url.map(|url| format!("AssertionConsumerServiceURL {}", preau_domain::display_safe(url, 200))));
    said.extend(asked.binding.map(|name| format!("ProtocolBinding {}", preau_domain::display_safe(name, 100))));
    let said = if said.is_empty() { "none that can be answered at".to_owned() } else { said.join(", ") };
    Fault::new(FaultKind::UnknownService, format!("the address for the answer is not one of the metadata: {said}"))
}

/// Where browsers ask.
pub fn address(hub: &Hub) -> String {
    format!("{}/saml/sso", hub.base())
}

/// A message that says where it is sent to was sent here. One that is signed says so (saml-bindings-2.0, 3.4.5.2).
pub fn meant_for_us(message: &Element, destination: Option<&str>, here: &str, signed: bool) -> Result<(), Fault> {
    let wrong = |why: String| Err(bad_envelope(message, "Destination", why));
    match destination {
        Some(there) if there == here => Ok(()),
        None if !signed => Ok(()),
        Some(there) => {
            let there = preau_domain::display_safe(there, 200);
            wrong(format!("it was sent to {there}, and came to {here}"))
        }
        None => wrong("it is signed and does not say where it is sent to".to_owned()),
    }
}

/// A message was made a short while ago.
pub fn recent(hub: &Hub, message: &Element, made: Instant) -> Result<(), Fault> {
    let now = hub.now();
    if made > now + SKEW || made < now - REQUEST {
        let (made, now) = (made.rfc3339(), now.rfc3339());
        let why = format!("it was made at {made}, too long ago or in the future: it is {now}");
        return Err(bad_envelope(message, "IssueInstant", why));
    }
    Ok(())
}

/// Answers a browser that brings a request. One that came by a form of another site came without its cookie, and comes back
/// with it.
pub async fn sso(
    hub: &Hub,
    peers: &Peers,
    visitor: &Visitor,
    received: &Received,
    by_form: bool,
) -> Result<Answer, Fault> {
    let Read { partner, acs, asked, wrong } = read(hub, peers, received, Asker::Browser)?;
    if let Some(error) = wrong {
        return told(hub, visitor, &partner, &acs, &asked, error).await;
    }
    if by_form && visitor.session.is_none() {
        return detour(hub, visitor, &partner, asked).map(Answer::Page);
    }
    at_door(hub, visitor, &partner, &acs, asked).await
}

fn detour(hub: &Hub, visitor: &Visitor, partner: &Partner, asked: Asked) -> Result<axum::response::Response, Fault> {
    let (correlation, service) = (visitor.correlation().clone(), partner.door.service.id.clone());
    let detour = Detour { correlation, service, asked, until: hub.now() + DETOUR };
    let internal = || Fault::new(FaultKind::Internal, "saml: a request could not be sealed");
    let text = serde_json::to_vec(&detour).map_err(|_| internal())?;
    if text.len() > MAX_ASKED {
        return Err(bad_message("it asks for too much"));
    }
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, DETOUR_PURPOSE, &[], &text).ok_or_else(internal)?;
    Ok(hub.see_other(&format!("/saml/sso/continue?request={sealed}")))
}

/// Goes on with a request that came by a form, now that the browser shows its cookie.
pub async fn resume(hub: &Hub, peers: &Peers, visitor: &Visitor, sealed: &str) -> Result<Answer, Fault> {
    let opened = Sealer::new(&hub.keyring).open(DETOUR_PURPOSE, &[], sealed);
    let detour: Option<Detour> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let detour = detour.filter(|detour| hub.now() < detour.until);
    let detour =
        detour.ok_or_else(|| Fault::new(FaultKind::SignInExpired, "saml: a request took too long to come back"))?;
    visitor.goes_on_with(&detour.correlation);
    let (partner, acs) = again(hub, peers, Some(&detour.service), &detour.asked)?;
    at_door(hub, visitor, &partner, &acs, detour.asked).await
}

/// The service and the address of a request that waited: its metadata may have changed meanwhile.
pub fn again(hub: &Hub, peers: &Peers, service: Option<&ServiceId>, asked: &Asked) -> Result<(Partner, Acs), Fault> {
    let gone = || Fault::new(FaultKind::UnknownService, "the service is gone, or its address is");
    let services = hub.services();
    let door = service.and_then(|id| services.get(id)).ok_or_else(gone)?;
    let partner = Partner::at(peers, door, hub.now())?;
    let acs = partner.acs_again(&asked.acs, asked.way).ok_or_else(gone)?;
    Ok((partner, acs))
}

async fn at_door(hub: &Hub, visitor: &Visitor, partner: &Partner, acs: &Acs, asked: Asked) -> Result<Answer, Fault> {
    match open(hub, visitor, partner, acs, &asked).await {
        Ok(Some(outgoing)) => Ok(Answer::Service(outgoing)),
        Ok(None) => {
            let wants = wants(hub, &asked);
            // A password that does not satisfy the request is given again as well.
            let again = asked.context.is_some() && wants != Some(Strength::TwoFactors);
            let fresh_after = (asked.force || again).then(|| hub.now());
            begin(hub, visitor, partner, &asked, fresh_after, wants).await.map(Answer::Page)
        }
        Err(Stop::Page(fault)) if fault.is_one_factor() && asked.passive => {
            told(hub, visitor, partner, acs, &asked, SamlError::NoPassive).await
        }
        Err(Stop::Page(fault)) if fault.is_one_factor() => {
            let live = visitor.live_by_anything(hub).await?.ok_or(fault)?;
            step_up(hub, visitor, partner, &live, &asked).await.map(Answer::Page)
        }
        Err(stop) if asked.passive => told(hub, visitor, partner, acs, &asked, quietly(stop)).await,
        Err(Stop::Told(error)) => told(hub, visitor, partner, acs, &asked, error).await,
        Err(Stop::Page(fault)) => Err(fault),
    }
}

async fn told(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    error: SamlError,
) -> Result<Answer, Fault> {
    let message = hand_over::refusal(hub, visitor, partner, acs, asked, error).await?;
    hand_over::outgoing(hub, visitor, partner, acs, asked, &message).await.map(Answer::Service)
}

/// Hands over in the session of the browser; none when the person is to sign in.
async fn open(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
) -> Result<Option<hand_over::Outgoing>, Stop> {
    let live = visitor.live_at(hub, &partner.door.service.id).await?;
    let enough = |live: &Live| {
        let own = Own::of(hub, &live.session.authentication);
        !asked.force && context::claimed(own, asked.context.as_ref()).is_some()
    };
    if let Some(live) = live.filter(|live| enough(live)) {
        match hand_over::hand_over(hub, visitor, &live, partner, acs, asked).await? {
            Some(message) => return Ok(Some(hand_over::outgoing(hub, visitor, partner, acs, asked, &message).await?)),
            None => hub.forget_live(&live.session.id),
        }
    }
    if !password_will_do(hub, asked) && !two_factors_will_do(hub, asked) {
        // Only what the house itself can prove may be insisted on before anybody has signed in.
        return Err(SamlError::NoAuthnContext.into());
    }
    if asked.passive { Err(SamlError::NoPassive.into()) } else { Ok(None) }
}

fn password_will_do(hub: &Hub, asked: &Asked) -> bool {
    context::claimed(Own::password(hub), asked.context.as_ref()).is_some()
}

fn two_factors_will_do(hub: &Hub, asked: &Asked) -> bool {
    hub.passkeys.is_some() && context::claimed(Own::STRONG, asked.context.as_ref()).is_some()
}

/// What the proof must be for the classes that are asked for; none where either of what somebody proves here will do.
fn wants(hub: &Hub, asked: &Asked) -> Option<Strength> {
    let two_factors = context::claimed(Own::STRONG, asked.context.as_ref()).is_some();
    match (password_will_do(hub, asked), two_factors) {
        (true, true) => None,
        (true, false) => Some(Strength::Password),
        (false, _) => Some(Strength::TwoFactors),
    }
}

/// Asks whoever proved one factor for a second one, if they have one.
pub async fn step_up(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    live: &Live,
    asked: &Asked,
) -> Result<axum::response::Response, Fault> {
    hub.may_step_up(visitor, live, &partner.door, Strength::TwoFactors).await?;
    begin(hub, visitor, partner, asked, None, Some(Strength::TwoFactors)).await
}

async fn begin(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    asked: &Asked,
    fresh_after: Option<Instant>,
    wants: Option<Strength>,
) -> Result<axum::response::Response, Fault> {
    let request = serde_json::to_string(asked).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?;
    if request.len() > MAX_ASKED {
        return Err(bad_message("it asks for too much"));
    }
    let service = Some(partner.door.service.id.clone());
    hub.begin_sign_in(visitor, Begin { protocol: crate::NAME, service, request, fresh_after, wants }).await
}

/// What is handed over when a person opens a service here and nobody asked.
pub fn unasked(partner: &Partner, acs: &Acs) -> Asked {
    Asked {
        id: None,
        acs: acs.location.clone(),
        way: acs.way,
        relay_state: partner.saml().relay_state.clone(),
        name: partner.saml().nameid,
        encrypted_name: false,
        subject: None,
        context: None,
        listed: None,
        force: false,
        passive: false,
    }
}

/// Opens a service of ours without being asked by it: in the session of the browser, or after signing in.
pub async fn launch(hub: &Hub, peers: &Peers, visitor: &Visitor, service: &ServiceId) -> Result<Answer, Fault> {
    let services = hub.services();
    let unknown = || Fault::new(FaultKind::NotFound, "no such SAML service");
    let door = services.get(service).filter(|door| door.saml.is_some()).ok_or_else(unknown)?;
    let partner = Partner::at(peers, door, hub.now())?;
    let acs = partner.acs(AskedAcs::default(), Asker::Browser).ok_or_else(unknown)?;
    at_door(hub, visitor, &partner, &acs, unasked(&partner, &acs)).await
}
