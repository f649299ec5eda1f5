//! A device without a browser (RFC 8628): it shows a code, a person types it elsewhere, and it asks until they decided.
//!
//! Whoever sends a code to somebody else would be given that person's rights. So the person proves who they are after the
//! device asked, reads which service asks from where, and tries few codes; an address that holds the code is never made.
//! Pupils are not asked at all. Access is decided when the person says yes, and again when the device comes for it.

use super::hand_over::{granted_scopes, visit};
use super::proof::Caller;
use super::token::{self, Redeemer, Tokens};
use super::{client, sid, spoken};
use crate::OidcError;
use crate::config::{DEVICE, POLL, TRIES};
use crate::foreign::ForeignKeys;
use crate::grants::{self, Given, Holder, Notice};
use crate::wire::{ClaimsRequest, is_secret, scopes_of, user_code};
use axum::response::Response;
use preau_connector_api::OidcGrant;
use preau_domain::{
    AuditEvent, AuditKind, CorrelationId, Instant, KeptKind, KeptThing, OneTimeKey, Profile, Seconds, ServiceId,
    SessionId, Strength,
};
use preau_policy::Decision;
use preau_store::{Attempt, StoreError};
use preau_web::{Begin, DevicePage, Door, Fault, FaultKind, Fields, Hub, Live, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The form in which a person says yes or no to one device.
const FORM: &str = "device";

/// What is kept of a device that waits.
#[derive(Debug, Serialize, Deserialize)]
struct Device {
    service: ServiceId,
    scopes: Vec<String>,
    /// The network address it asked from.
    place: Option<String>,
    since: Instant,
    /// Seconds between two questions, and when the last one came.
    interval: i64,
    polled: Option<Instant>,
    correlation: CorrelationId,
    state: State,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Waiting,
    Denied,
    Allowed(SessionId),
}

/// What a sign-in that leads to a device holds: nothing that a request of a service could be taken for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Towards {
    device: Option<OneTimeKey>,
}

/// A device asks to be let in: a code for it, and one for the person.
pub async fn begin(
    hub: &Hub,
    keys: &ForeignKeys,
    visitor: &Visitor,
    caller: &Caller<'_>,
    fields: &Fields,
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    let door = client::authenticate(hub, keys, caller, fields).await?;
    event.service = Some(door.service.id.clone());
    let oidc = spoken(&door)?;
    if !oidc.grants.contains(&OidcGrant::DeviceCode) {
        return Err(OidcError::UnauthorizedClient("the service did not declare this grant type"));
    }
    let scopes = granted_scopes(oidc, &scopes_of(fields)?);
    if !scopes.iter().any(|scope| scope == "openid") {
        return Err(OidcError::InvalidScope("openid is missing from scope"));
    }
    let now = hub.now();
    let secret = grants::generate(&*hub.ids);
    let device = Device {
        service: door.service.id.clone(),
        scopes,
        place: visitor.address.map(|address| address.to_string()),
        since: now,
        interval: POLL.0,
        polled: None,
        correlation: visitor.correlation().clone(),
        state: State::Waiting,
    };
    let (key, expires) = (grants::key(&secret), now + DEVICE);
    let place = client::place(hub, visitor, oidc);
    hub.store.keep_of(&door.service.id, place.as_deref(), &kept(key.clone(), &device, expires)?, now).await?;
    let typed = hub.ids.text(user_code::LENGTH);
    let leads =
        KeptThing { key: code_key(hub, &typed), kind: KeptKind::UserCode, doc: key.as_str().to_owned(), expires };
    // A code that somebody else shows at this moment: the device asks again.
    hub.store.keep_of(&door.service.id, place.as_deref(), &leads, now).await.map_err(|error| match error {
        StoreError::Conflict => OidcError::TemporarilyUnavailable,
        other => other.into(),
    })?;
    Ok(json!({
        "device_code": secret,
        "user_code": user_code::shown(&typed),
        "verification_uri": format!("{}/oidc/device", hub.base()),
        "expires_in": DEVICE.0,
        "interval": POLL.0,
    }))
}

/// The page on which a person types the code of a device.
pub async fn ask(hub: &Hub, visitor: &Visitor) -> Result<Response, Fault> {
    match visitor.live(hub).await? {
        Some(live) => Ok(page(hub, visitor, &live, None)),
        None => sign_in(hub, visitor, None, None, (None, None)).await,
    }
}

fn page(hub: &Hub, visitor: &Visitor, live: &Live, problem: Option<&'static str>) -> Response {
    let token = hub.form_token(&live.session.id, FORM);
    hub.device_page(visitor, &DevicePage::Code { token: &token, problem })
}

async fn sign_in(
    hub: &Hub,
    visitor: &Visitor,
    service: Option<ServiceId>,
    device: Option<OneTimeKey>,
    (fresh_after, wants): (Option<Instant>, Option<Strength>),
) -> Result<Response, Fault> {
    let request = serde_json::to_string(&Towards { device }).map_err(|_| internal())?;
    hub.begin_sign_in(visitor, Begin { protocol: crate::NAME, service, request, fresh_after, wants }).await
}

/// A person typed a code: after few wrong ones they wait. A right one leads to a proof made after the device asked.
pub async fn typed(hub: &Hub, visitor: &Visitor, fields: &Fields) -> Result<Response, Fault> {
    let live = visitor.live(hub).await?.ok_or_else(late)?;
    hub.check_form(&live.session.id, FORM, fields.required("token")?)?;
    let (now, counter) = (hub.now(), hub.keyring.mac("device-tries", &[live.session.person.as_str()]));
    if let Attempt::NotBefore(_) = hub.store.count_attempt(&counter, now, TRIES).await? {
        return Ok(page(hub, visitor, &live, Some("device-wait")));
    }
    let found = match user_code::read(fields.one("code")?.unwrap_or_default()) {
        Some(code) => hub.store.kept(&code_key(hub, &code), KeptKind::UserCode, now).await?,
        None => None,
    };
    let key = found.map(|leads| OneTimeKey::new(leads.doc));
    let waiting = match &key {
        Some(key) => waiting(hub, key, now).await?,
        None => None,
    };
    let (Some(key), Some((device, _))) = (key, waiting) else {
        let mut event = super::event(hub, visitor);
        event.person = Some(live.session.person.clone());
        super::tell_refusal(hub, event, OidcError::InvalidGrant("no device shows this code"));
        return Ok(page(hub, visitor, &live, Some("device-unknown")));
    };
    // Taken back and not forgiven: whoever has a device of their own would try without end.
    hub.store.uncount_attempt(&counter, now, TRIES).await?;
    visitor.goes_on_with(&device.correlation);
    sign_in(hub, visitor, Some(device.service), Some(key), (Some(device.since), None)).await
}

/// The end of a sign-in that leads to a device: which service asks, and from where.
pub async fn confirm(hub: &Hub, visitor: &Visitor, live: &Live, towards: Towards) -> Result<Response, Fault> {
    if live.session.authentication.by_card() {
        return Err(Fault::new(FaultKind::ClassCard, "a card of a class lets no device in"));
    }
    let Some(key) = towards.device else { return Ok(hub.see_other("/oidc/device")) };
    let Some((device, _)) = waiting(hub, &key, hub.now()).await? else { return Err(late()) };
    let door = hub.services().get(&device.service).cloned().ok_or_else(late)?;
    if matches!(&*hub.decide(live, &door), Decision::StepUp(_)) && !is_pupil(live)? {
        // The page is in a browser, where a second factor can be asked for.
        hub.may_step_up(visitor, live, &door, Strength::TwoFactors).await?;
        let wants = (Some(device.since), Some(Strength::TwoFactors));
        return sign_in(hub, visitor, Some(device.service), Some(key), wants).await;
    }
    opens(hub, visitor, live, &door)?;
    let token = hub.form_token(&live.session.id, &format!("{FORM}-{key}"));
    let here = visitor.address.map(|address| address.to_string());
    let question = DevicePage::Question {
        token: &token,
        device: key.as_str(),
        door: &door,
        place: device.place.as_deref(),
        nearby: device.place.is_some() && device.place == here,
        minutes: usize::try_from((hub.now() - device.since) / 60_000).unwrap_or(0),
    };
    Ok(hub.device_page(visitor, &question))
}

/// A person said yes or no.
pub async fn decided(hub: &Hub, visitor: &Visitor, fields: &Fields) -> Result<Response, Fault> {
    let live = visitor.live(hub).await?.ok_or_else(late)?;
    let key = OneTimeKey::new(fields.required("device")?);
    hub.check_form(&live.session.id, &format!("{FORM}-{key}"), fields.required("token")?)?;
    let now = hub.now();
    let (device, doc) = waiting(hub, &key, now).await?.ok_or_else(late)?;
    let door = hub.services().get(&device.service).cloned().ok_or_else(late)?;
    let yes = fields.one("answer")? == Some("yes");
    if !live.session.authentication.since(device.since) {
        return Err(late());
    }
    visitor.goes_on_with(&device.correlation);
    let event = if yes {
        opens(hub, visitor, &live, &door)?
    } else {
        let denied = hub.event_of(visitor, &live, AuditKind::ServiceRefused, "device-denied");
        AuditEvent { service: Some(door.service.id.clone()), ..denied }
    };
    let state = if yes { State::Allowed(live.session.id.clone()) } else { State::Denied };
    let next = Device { state, ..device };
    let expires = next.since + DEVICE;
    hub.store.replace_kept(&kept(key, &next, expires).map_err(|_| internal())?, &doc, now).await?;
    hub.audit(event);
    Ok(hub.device_page(visitor, &DevicePage::Done { door: &door, yes }))
}

/// A device asks whether the person decided.
pub async fn redeem(who: &Redeemer<'_>, secret: &str, event: &mut AuditEvent) -> Result<Tokens, OidcError> {
    const UNKNOWN: OidcError = OidcError::InvalidGrant("this device code is not one of this service");
    let Redeemer { hub, door, .. } = *who;
    if !is_secret(secret) {
        return Err(UNKNOWN);
    }
    let (key, now) = (grants::key(secret), hub.now());
    let thing = hub.store.kept(&key, KeptKind::DeviceGrant, now).await?.ok_or(OidcError::ExpiredToken)?;
    let mut device: Device = serde_json::from_str(&thing.doc).map_err(|_| OidcError::ServerError)?;
    event.correlation = who.visitor.goes_on_with(&device.correlation);
    if device.service != door.service.id {
        return Err(UNKNOWN);
    }
    if device.state == State::Waiting {
        let early = device.polled.is_some_and(|last| now < last + Seconds(device.interval));
        device.interval += if early { POLL.0 } else { 0 };
        device.polled = Some(now);
        let next = kept(key, &device, thing.expires)?;
        return match hub.store.replace_kept(&next, &thing.doc, now).await {
            Ok(()) if early => Err(OidcError::SlowDown),
            // Somebody decided, or another question came in the same instant: the next one tells.
            Ok(()) | Err(StoreError::Conflict) => Err(OidcError::AuthorizationPending),
            Err(error) => Err(error.into()),
        };
    }
    if hub.store.take_kept(&key, KeptKind::DeviceGrant, now).await?.is_none() {
        return Err(OidcError::InvalidGrant("the device code was used in this very moment"));
    }
    let State::Allowed(session) = device.state else { return Err(OidcError::AccessDenied) };
    let live = hub.live(&session).await?.ok_or(OidcError::InvalidGrant("the session has ended"))?;
    event.person = Some(live.session.person.clone());
    event.session = Some(live.session.id.clone());
    let decision = hub.decide(&live, door);
    if !decision.allows() || is_pupil(&live)? {
        return Err(OidcError::AccessDenied);
    }
    event.establishment = decision.establishment.clone();
    let offline = device.scopes.iter().any(|scope| scope == "offline_access");
    let given = Given {
        scopes: device.scopes,
        claims: ClaimsRequest::default(),
        authentication: live.session.authentication.clone(),
        sid: sid(hub, &live.session.id, door),
        by: None,
        from: None,
        bound: who.bound.clone(),
        began: offline.then_some(now),
        correlation: device.correlation,
    };
    // Before the tokens, so that none is given of which the service would not hear.
    if spoken(door)?.backchannel_logout_uri.is_some() {
        let notice = Notice { sid: given.sid.clone(), sub: hub.release(&live, door)?.user().to_owned() };
        hub.store.add_visit(&visit(&live, door, &notice, now).ok_or(OidcError::ServerError)?).await?;
    }
    let session = (!offline).then(|| live.session.id.clone());
    token::give(who, &Holder { door, live: &live, session, family: key }, &given, event).await
}

/// The device of that key, if nobody decided yet, and how it is written.
async fn waiting(hub: &Hub, key: &OneTimeKey, now: Instant) -> Result<Option<(Device, String)>, Fault> {
    let Some(thing) = hub.store.kept(key, KeptKind::DeviceGrant, now).await? else { return Ok(None) };
    let device: Device = serde_json::from_str(&thing.doc).map_err(|_| internal())?;
    Ok((device.state == State::Waiting).then_some((device, thing.doc)))
}

/// Whether the service opens for the person, on a device: what the journal says of it if they say yes.
fn opens(hub: &Hub, visitor: &Visitor, live: &Live, door: &Door) -> Result<AuditEvent, Fault> {
    if is_pupil(live)? {
        let service = Some((door.title.fr.clone(), door.title.en.clone()));
        return Err(Fault { service, ..Fault::new(FaultKind::Refused, "devices are not for pupils") });
    }
    let decision = hub.decide(live, door);
    match &*decision {
        Decision::Allow { rule, .. } => {
            hub.release(live, door)?;
            Ok(hub.opened(visitor, live, door, &decision, rule))
        }
        Decision::StepUp(why) | Decision::Deny(why) => Err(hub.refused(visitor, live, door, why)),
    }
}

fn is_pupil(live: &Live) -> Result<bool, Fault> {
    Ok(live.known()?.person.affiliations.iter().any(|affiliation| affiliation.profile == Profile::Pupil))
}

fn kept(key: OneTimeKey, device: &Device, expires: Instant) -> Result<KeptThing, OidcError> {
    let doc = serde_json::to_string(device).map_err(|_| OidcError::ServerError)?;
    Ok(KeptThing { key, kind: KeptKind::DeviceGrant, doc, expires })
}

fn code_key(hub: &Hub, code: &str) -> OneTimeKey {
    preau_keys::one_time_key(&hub.keyring.mac("device-code", &[code]))
}

fn late() -> Fault {
    Fault::new(FaultKind::SignInExpired, "the device waits no longer, or somebody decided already")
}

fn internal() -> Fault {
    Fault::new(FaultKind::Internal, "what is kept of a device cannot be read")
}
