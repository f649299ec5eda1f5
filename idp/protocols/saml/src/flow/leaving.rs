//! The end of a visit, told to a service of ours, and what it says to that.
//!
//! A service is told in the way its metadata have: by SOAP, which needs no browser; by HTTP-Redirect, in a frame of the page
//! that says goodbye; by HTTP-POST alone, on a round that the browser makes from one service to the next. Each request of
//! ours holds in its identifier a code for its service, so that an answer says to which request it belongs without anything
//! being kept; where the page waits for what is said in a frame, the identifier ends with the mark that says so. Nobody stays signed in here because a service does not answer.

use super::hand_over::Notice;
use super::received::Received;
use super::sso::{meant_for_us, recent};
use super::{entity_id, logout, signed, signing_key};
use crate::config::REQUEST;
use crate::error::{another_issuer, bad_envelope, bad_message};
use crate::partner::Partner;
use preau_domain::{Instant, KeptKind, KeptThing, ServiceId, TrustedUrl, Visit};
use preau_keys::one_time_key;
use preau_keys::signers::SamlKey;
use preau_keys::xml::Document;
use preau_saml::bindings::{Kind, post, redirect};
use preau_saml::messages::{LogoutRequest, LogoutResponse, NameId, Status, new_id, soap};
use preau_saml::metadata::{Endpoint, Peers};
use preau_saml::names::{binding, nameid, status};
use preau_web::{Door, Fault, FaultKind, Hub, LogoutFrame, LogoutNotice, NoticeBody, Visitor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the codes in identifiers are for.
const CODE: &str = "saml logout request";
/// Length of an identifier without its code.
const DRAWN: usize = 33;
/// Length of the code.
const CODED: usize = 43;

/// What a service that hears by SOAP is told of the end of a visit.
pub fn notice(hub: &Hub, peers: &Peers, visit: &Visit) -> Option<LogoutNotice> {
    let told = Ended::of(hub, peers, &visit.service, &visit.notice)?;
    let there = told.partner.slo(&[binding::SOAP])?;
    let to = told.partner.trust(&there.location)?;
    let request = told.request(hub, there, None).write(None);
    let message = signed(request, &told.key).ok()?;
    let body = NoticeBody::Soap(soap::envelope(&message));
    Some(LogoutNotice { to, body, door: told.partner.door.clone() })
}

/// Whether a service that was told by SOAP says that it is over there too. It was called at its own address: a signature is
/// looked at where there is one.
pub fn confirmed(hub: &Hub, peers: &Peers, visit: &Visit, answer: &[u8]) -> bool {
    let read = || {
        let partner = Partner::at(peers, hub.services().get(&visit.service)?, hub.now()).ok()?;
        let envelope = Document::parse(answer).ok()?;
        let received = Received::document(soap::open(&envelope, &[]).ok()?);
        let believed = received.believed("LogoutResponse", partner.keys(), false).ok()?;
        let response = LogoutResponse::read(&believed.element).ok()?;
        let from_it = response.issuer.as_deref().is_none_or(|issuer| issuer == partner.entity_id());
        let answers = response.in_response_to.as_deref().is_some_and(|id| ours(hub, &visit.service, id).is_some());
        Some(from_it && answers && over(&response.status))
    };
    read().unwrap_or(false)
}

/// What the browser loads to tell a service that hears through browsers alone. Its answer leads to the mark.
pub fn frame(hub: &Hub, peers: &Peers, visit: &Visit, mark: Option<&str>) -> Option<LogoutFrame> {
    let told = Ended::of(hub, peers, &visit.service, &visit.notice)?;
    if told.partner.slo(&[binding::SOAP]).is_some() {
        return None;
    }
    let there = told.partner.slo(&[binding::REDIRECT])?;
    let to = told.partner.trust(&there.location)?;
    let request = told.request(hub, there, mark).write(None);
    let signed = redirect::encode(to.as_str(), Kind::Request, &request, None, Some((&told.key.private, told.key.alg)));
    // One without a key has nothing to prove its answer with.
    Some(LogoutFrame { address: signed.ok()?, answers: !told.partner.keys().is_empty() })
}

/// Whether a service hears of the end of a visit, in one of the three ways.
pub fn hears(hub: &Hub, peers: &Peers, visit: &Visit) -> bool {
    let told = Ended::of(hub, peers, &visit.service, &visit.notice);
    told.is_some_and(|told| told.partner.slo(&[binding::SOAP, binding::REDIRECT]).is_some() || told.by_post().is_some())
}

/// Whether a service hears of the end of a visit by a form alone.
pub fn hears_on_a_round(hub: &Hub, peers: &Peers, visit: &Visit) -> bool {
    let told = Ended::of(hub, peers, &visit.service, &visit.notice);
    told.is_some_and(|told| told.partner.slo(&[binding::SOAP, binding::REDIRECT]).is_none() && told.by_post().is_some())
}

/// The way of a browser from one service to the next.
#[derive(Serialize, Deserialize)]
struct Round {
    /// Services that are still to be told, and what their visits are remembered by.
    #[serde(rename = "w")]
    waiting: Vec<(ServiceId, String)>,
    /// Who was told last, by which request.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    asked: Option<(ServiceId, String)>,
    /// Who did not confirm.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    unconfirmed: Vec<ServiceId>,
    /// Where it goes then.
    #[serde(rename = "o")]
    onward: String,
}

/// Where a round of the browser begins; none when none of the visits is told in this way.
pub async fn begin(hub: &Hub, peers: &Peers, visits: &[Visit], onward: &str) -> Result<Option<String>, Fault> {
    let mut waiting: Vec<(ServiceId, String)> = Vec::new();
    for visit in visits.iter().filter(|visit| hears_on_a_round(hub, peers, visit)) {
        let one = (visit.service.clone(), visit.notice.clone());
        if !waiting.contains(&one) {
            waiting.push(one);
        }
    }
    if waiting.is_empty() {
        return Ok(None);
    }
    let round = Round { waiting, asked: None, unconfirmed: Vec::new(), onward: onward.to_owned() };
    Ok(Some(format!("/saml/slo/round?at={}", keep(hub, &round).await?)))
}

/// What becomes of a browser on its round.
pub enum Way {
    /// It posts this to the next service.
    Post(TrustedUrl, Vec<(&'static str, String)>),
    /// It goes on to this address; second, which services did not confirm.
    Onward(String, Vec<ServiceId>),
    /// Nobody waits for it: the answer came in a frame.
    Heard,
}

/// Sets out on a round.
pub async fn set_out(hub: &Hub, peers: &Peers, at: &str) -> Result<Way, Fault> {
    let over = || Fault::new(FaultKind::SignInExpired, "saml: this round of a sign-out is over");
    let round = take(hub, at).await?.filter(|round| round.asked.is_none()).ok_or_else(over)?;
    next(hub, peers, round).await
}

/// Reads what a service says to a request of ours, and goes on. On a round an answer that is not believed is one that did not
/// confirm: whoever is still to be told hears of the end all the same.
pub async fn answered(hub: &Hub, peers: &Peers, visitor: &Visitor, received: &Received) -> Result<Way, Fault> {
    let Some(at) = received.relay_state.as_deref() else {
        let (service, answer) = believed(hub, peers, received)?;
        let whole = answer.as_ref().is_some_and(|(_, whole)| *whole);
        if !whole {
            tracing::info!(service.id = %service, correlation = %visitor.correlation(), "saml: a service did not confirm an end");
        }
        let mark = answer.as_ref().and_then(|(id, _)| ours(hub, &service, id));
        if let Some(mark) = mark.filter(|mark| !mark.is_empty()) {
            hub.heard_in_frame(mark, whole).await;
        }
        return Ok(Way::Heard);
    };
    let over = || bad_message("it belongs to no round of a sign-out");
    let mut round = take(hub, at).await?.ok_or_else(over)?;
    let (asked, request) = round.asked.take().ok_or_else(over)?;
    let why = match believed(hub, peers, received) {
        Ok((service, _)) if service != asked => Some("another service answers".to_owned()),
        Ok((_, Some((id, _)))) if id != request => Some("it answers another request".to_owned()),
        Ok((_, Some((_, true)))) => None,
        Ok((_, Some((_, false)))) => Some("it says that not everything is over".to_owned()),
        Ok((_, None)) => Some("it has no key to answer with".to_owned()),
        Err(fault) => Some(fault.detail),
    };
    if let Some(why) = why {
        tracing::warn!(service.id = %asked, why, correlation = %visitor.correlation(), "saml: a service did not confirm an end");
        round.unconfirmed.push(asked);
    }
    next(hub, peers, round).await
}

/// Which service answers, to which request of ours to it, and whether everything is over there; of a service without a key only
/// who it says it is, because it has nothing to prove the rest with.
fn believed(hub: &Hub, peers: &Peers, received: &Received) -> Result<(ServiceId, Option<(String, bool)>), Fault> {
    let partner = Partner::named(hub, peers, received.claimed_issuer()?)?;
    let service = partner.door.service.id.clone();
    if partner.keys().is_empty() {
        return Ok((service, None));
    }
    believed_of(hub, &partner, received).map_err(|fault| partner.fault(fault))
}

fn believed_of(
    hub: &Hub,
    partner: &Partner,
    received: &Received,
) -> Result<(ServiceId, Option<(String, bool)>), Fault> {
    let service = partner.door.service.id.clone();
    let believed = received.believed("LogoutResponse", partner.keys(), true)?;
    let response = LogoutResponse::read(&believed.element).map_err(bad_message)?;
    if response.issuer.as_deref() != Some(partner.entity_id()) {
        return Err(another_issuer(&believed.element));
    }
    meant_for_us(&believed.element, response.destination.as_deref(), &logout::address(hub), true)?;
    recent(hub, &believed.element, response.issue_instant)?;
    let whole = over(&response.status);
    let id = response.in_response_to.filter(|id| ours(hub, &service, id).is_some());
    let id =
        id.ok_or_else(|| bad_envelope(&believed.element, "InResponseTo", "it answers nothing we asked this service"))?;
    Ok((service, Some((id, whole))))
}

/// Goes on though the answer of a service cannot be read.
pub async fn unread(hub: &Hub, peers: &Peers, visitor: &Visitor, at: &str, why: Fault) -> Result<Way, Fault> {
    let Some(mut round) = take(hub, at).await? else { return Err(why) };
    let Some((asked, _)) = round.asked.take() else { return Err(why) };
    tracing::warn!(service.id = %asked, why = why.detail, correlation = %visitor.correlation(), "saml: a service did not confirm an end");
    round.unconfirmed.push(asked);
    next(hub, peers, round).await
}

async fn next(hub: &Hub, peers: &Peers, mut round: Round) -> Result<Way, Fault> {
    while !round.waiting.is_empty() {
        let (service, notice) = round.waiting.remove(0);
        let told = Ended::of(hub, peers, &service, &notice);
        let Some((told, there, to)) = told.and_then(|told| told.by_post().map(|(there, to)| (told.clone(), there, to)))
        else {
            // Its metadata are gone meanwhile.
            round.unconfirmed.push(service);
            continue;
        };
        let request = told.request(hub, &there, None);
        round.asked = Some((service, request.id.clone()));
        let message = signed(request.write(None), &told.key)?;
        let state = keep(hub, &round).await?;
        return Ok(Way::Post(to, vec![("SAMLRequest", post::encode(&message)), ("RelayState", state)]));
    }
    Ok(Way::Onward(round.onward, round.unconfirmed))
}

async fn keep(hub: &Hub, round: &Round) -> Result<String, Fault> {
    let at = hub.ids.text(32);
    let doc = serde_json::to_string(round).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?;
    let kept = KeptThing { key: one_time_key(&at), kind: KeptKind::Redirect, doc, expires: hub.now() + REQUEST };
    hub.store.keep(&kept, hub.now()).await?;
    Ok(at)
}

async fn take(hub: &Hub, at: &str) -> Result<Option<Round>, Fault> {
    let taken = hub.store.take_kept(&one_time_key(at), KeptKind::Redirect, hub.now()).await?;
    Ok(taken.and_then(|kept| serde_json::from_str(&kept.doc).ok()))
}

/// Whether nobody is signed in any more, at a service or wherever it answers for. One that knows nobody by the name it was given
/// at the sign-on has no session of theirs.
fn over(said: &Status) -> bool {
    match said.sub.as_deref() {
        Some(status::PARTIAL_LOGOUT) => false,
        Some(status::UNKNOWN_PRINCIPAL) => true,
        _ => said.is_success(),
    }
}

/// The identifier of a request to a service, which its answer repeats.
fn id_for(hub: &Hub, service: &ServiceId, mark: Option<&str>) -> String {
    let (drawn, mark) = (new_id(&*hub.ids), mark.unwrap_or_default());
    let code = hub.keyring.mac(CODE, &[service.as_str(), &drawn, mark]);
    drawn + &code + mark
}

/// The mark of an identifier, which may be empty; none of one that is not ours, to that service.
fn ours<'a>(hub: &Hub, service: &ServiceId, id: &'a str) -> Option<&'a str> {
    let (drawn, rest) = id.split_at_checked(DRAWN)?;
    let (code, mark) = rest.split_at_checked(CODED)?;
    hub.keyring.mac_ok(CODE, &[service.as_str(), drawn, mark], code).then_some(mark)
}

/// A visit that is over.
#[derive(Clone)]
struct Ended {
    partner: Partner,
    notice: Notice,
    key: Arc<SamlKey>,
    at: Instant,
}

impl Ended {
    fn of(hub: &Hub, peers: &Peers, service: &ServiceId, notice: &str) -> Option<Ended> {
        let notice: Notice = serde_json::from_str(notice).ok()?;
        let door: Door = hub.services().get(service)?.clone();
        let partner = Partner::at(peers, &door, hub.now()).ok()?;
        let key = signing_key(hub, partner.saml().signing).ok()?;
        Some(Ended { partner, notice, key, at: hub.now() })
    }

    fn by_post(&self) -> Option<(Endpoint, TrustedUrl)> {
        let there = self.partner.slo(&[binding::POST])?;
        Some((there.clone(), self.partner.trust(&there.location)?))
    }

    fn request(&self, hub: &Hub, there: &Endpoint, mark: Option<&str>) -> LogoutRequest {
        let ours = matches!(self.notice.format.as_str(), nameid::PERSISTENT | nameid::TRANSIENT);
        LogoutRequest {
            id: id_for(hub, &self.partner.door.service.id, mark),
            issue_instant: self.at,
            destination: Some(there.location.clone()),
            issuer: entity_id(hub),
            not_on_or_after: Some(self.at + REQUEST),
            reason: None,
            name_id: Some(NameId {
                format: Some(self.notice.format.clone()),
                value: self.notice.name.clone(),
                name_qualifier: ours.then(|| entity_id(hub)),
                sp_name_qualifier: ours.then(|| self.partner.entity_id().to_owned()),
            }),
            encrypted_id: None,
            session_indexes: vec![self.notice.session.clone()],
        }
    }
}
