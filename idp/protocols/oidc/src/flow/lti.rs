//! Tools of LTI 1.3: a tile opens one for a class or group, the tool begins its sign-on, and is answered with a signed message about
//! the person and what they came for; it may then ask who else is of that class or group.
//!
//! A launch is OpenID Connect begun by a third party (Core, section 4). What it is for travels through the browser as a sealed hint that
//! opens for the same tool, in the same session, once, within five minutes. A roster names those whom the rules of the door let in and of
//! whom the release rules tell that class or group, and tells of each what it would tell at their own launch.

use super::userinfo::{self, Shown};
use super::{alg, encrypted, service, sign, spoken, token};
use crate::OidcError;
use crate::config::LAUNCH;
use crate::foreign::ForeignKeys;
use crate::grants::{Given, Holder, Own};
use crate::wire::lti::{self, Context, Launch, values};
use crate::wire::{Asked, Wanted};
use axum::response::Response;
use preau_connector_api::{LtiTool, NAMES_AND_ROLES};
use preau_domain::{
    Affiliation, AuditEvent, Fact, GrantKind, Instant, KeptKind, KeptThing, LocalTime, Person, ReleaseRule,
    SPACE_GROUP, ServiceId, SessionId, Uai,
};
use preau_keys::Sealer;
use preau_policy::{Decision, Released};
use preau_store::{Attempt, Delays, StoreError};
use preau_web::sign_in::PORTAL;
use preau_web::{Begin, Door, Fault, FaultKind, Fields, Hub, Live, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What hints and places are sealed for.
const HINT: &str = "lti-hint";
const PLACE: &str = "lti-place";
/// A tool reads each of its rosters so often.
const ROSTERS: Delays = Delays(&[(1, 10_000)]);

/// A class or group of an establishment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where.
    #[serde(rename = "u")]
    establishment: Uai,
    /// Which, as the release rules of the tool tell it.
    #[serde(rename = "n")]
    name: String,
    /// In the school year that begins then: next year's class of that name is another one.
    #[serde(rename = "y")]
    year: u16,
}

/// The school year by the clock of an establishment; absent where nobody can tell the time.
fn year_of(hub: &Hub, at: &Uai) -> Option<u16> {
    LocalTime::at(at, hub.now()).map(|now| now.day.school_year())
}

/// What a tool was opened for.
#[derive(Serialize, Deserialize)]
struct Hint {
    #[serde(rename = "s")]
    session: SessionId,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(rename = "t")]
    at: Instant,
}

/// The page of a tool, where a person with several classes or groups says for which one it opens.
fn page_of(door: &Door) -> String {
    format!("/oidc/lti/{}", door.service.id)
}

/// Opens a tool from its tile: for the only class or group there is, or on the page that asks.
pub fn from_tile(hub: &Hub, door: &Door, lti: &LtiTool, live: &Live) -> Result<Response, Fault> {
    let released = hub.release(live, door)?;
    let mut places = places(hub, live, door, &released);
    if places.len() > 1 {
        return Ok(hub.see_other(&page_of(door)));
    }
    begin(hub, door, lti, live, &released, places.pop())
}

/// Opens a tool for the class or group that is named, or asks which one it is.
pub async fn choose(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let door = hub.services().get(&ServiceId::new(id)).cloned();
    let tool = |door: &Door| door.oidc.as_ref().and_then(|oidc| oidc.lti.clone());
    let known = door.and_then(|door| Some((tool(&door)?, door)));
    let (lti, door) = known.ok_or_else(|| Fault::new(FaultKind::NotFound, "no tool of this name"))?;
    let Some(live) = visitor.live(hub).await? else {
        let (service, request) = (Some(door.service.id.clone()), page_of(&door));
        let begin = Begin { protocol: PORTAL, service, request, fresh_after: None, strong: false };
        return hub.begin_sign_in(visitor, begin).await;
    };
    if let Decision::Deny(why) = &*hub.decide(&live, &door) {
        return Err(hub.refused(visitor, &live, &door, why));
    }
    let released = hub.release(&live, &door)?;
    let places = places(hub, &live, &door, &released);
    let chosen = match fields.one("for")? {
        None if places.len() > 1 => {
            let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
            return Ok(hub.lti_page(visitor, &door, &names));
        }
        None => places.into_iter().next(),
        Some(name) => {
            let own = places.into_iter().find(|place| place.name == name);
            Some(own.ok_or_else(|| Fault::new(FaultKind::BadRequest, "no class or group of this person"))?)
        }
    };
    begin(hub, &door, &lti, &live, &released, chosen)
}

/// The classes and groups a launch may be about: those the tool's own rules tell of the person, where they open it.
fn places(hub: &Hub, live: &Live, door: &Door, released: &Released) -> Vec<Place> {
    let Some(establishment) = hub.decide(live, door).establishment else { return Vec::new() };
    let Some(year) = year_of(hub, &establishment) else { return Vec::new() };
    let place = |name| Place { establishment: establishment.clone(), name, year };
    // The group of a shared space is no class of the establishment.
    let own = values(released, "context").into_iter().filter(|name| !name.starts_with(SPACE_GROUP));
    own.map(place).collect()
}

/// Sends the browser to where the tool begins its sign-on.
fn begin(
    hub: &Hub,
    door: &Door,
    lti: &LtiTool,
    live: &Live,
    released: &Released,
    place: Option<Place>,
) -> Result<Response, Fault> {
    let internal = |what: &str| Fault::new(FaultKind::Internal, what.to_owned());
    let uri = door.oidc.as_ref().and_then(|oidc| oidc.initiate_login_uri.as_ref());
    let to = uri.and_then(|uri| door.service.trust_exactly(uri, [uri]));
    let to = to.ok_or_else(|| internal("the sign-on of a tool begins at none of its addresses"))?;
    let hint = Hint { session: live.session.id.clone(), place, at: hub.now() };
    let hint = sealed(hub, HINT, door, &hint).ok_or_else(|| internal("a hint cannot be sealed"))?;
    let mut url = to.url().clone();
    url.query_pairs_mut().extend_pairs([
        ("iss", hub.base()),
        ("client_id", door.service.id.as_str()),
        ("login_hint", released.user()),
        ("target_link_uri", &lti.target_link_uri),
        ("lti_message_hint", &hint),
        ("lti_deployment_id", &lti.deployment_id),
    ]);
    Ok(hub.see_other(url.as_str()))
}

fn sealed(hub: &Hub, purpose: &str, door: &Door, what: &impl Serialize) -> Option<String> {
    let text = serde_json::to_vec(what).ok()?;
    Sealer::new(&hub.keyring).seal(&*hub.ids, purpose, &[door.service.id.as_str()], &text)
}

fn opened<T: for<'d> Deserialize<'d>>(hub: &Hub, purpose: &str, door: &Door, sealed: &str) -> Option<T> {
    let text = Sealer::new(&hub.keyring).open(purpose, &[door.service.id.as_str()], sealed)?;
    serde_json::from_slice(&text).ok()
}

/// What a sign-on of a tool is for, when it is the one that was begun here: the same tool, session and person, within five minutes, once.
/// A tool that asks without a hint is a service of OpenID Connect like any other.
pub async fn asked_for(
    hub: &Hub,
    door: &Door,
    live: &Live,
    released: &Released,
    asked: &Asked,
) -> Result<Option<Opened>, OidcError> {
    let (Some(_), Some(text)) = (&spoken(door)?.lti, &asked.lti_message_hint) else { return Ok(None) };
    let hint: Hint = opened(hub, HINT, door, text)
        .ok_or(OidcError::InvalidRequest("lti_message_hint is not one that this tool was opened with"))?;
    let now = hub.now();
    if hint.at > now || hint.at + LAUNCH <= now {
        return Err(OidcError::InvalidRequest("the tool was opened more than five minutes ago"));
    }
    if hint.session != live.session.id || asked.login_hint.as_deref() != Some(released.user()) {
        return Err(OidcError::LoginRequired("the tool was opened by somebody else"));
    }
    if hint.place.as_ref().is_some_and(|place| !places(hub, live, door, released).contains(place)) {
        return Err(OidcError::AccessDenied);
    }
    if !asked.response_type.id_token {
        return Err(OidcError::UnsupportedResponseType);
    }
    Ok(Some(Opened { place: hint.place, hint: text.clone(), until: hint.at + LAUNCH }))
}

/// A sign-on that was begun here, whose hint is not spent yet.
pub struct Opened {
    place: Option<Place>,
    hint: String,
    until: Instant,
}

impl Opened {
    /// Spends the hint: of several who come with it one is answered.
    async fn spend(&self, hub: &Hub) -> Result<(), OidcError> {
        let key = preau_keys::one_time_key(&hub.keyring.mac(HINT, &[&self.hint]));
        let thing = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: self.until };
        match hub.store.keep(&thing, hub.now()).await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict) => Err(OidcError::InvalidRequest("this lti_message_hint was shown before")),
            Err(error) => Err(error.into()),
        }
    }
}

/// The signed message of a launch.
pub async fn message(
    hub: &Hub,
    keys: &ForeignKeys,
    visitor: &Visitor,
    holder: &Holder<'_>,
    given: &Given,
    nonce: Option<&str>,
    opened: &Opened,
) -> Result<String, OidcError> {
    let place = opened.place.as_ref();
    let Holder { door, live, .. } = holder;
    let oidc = spoken(door)?;
    let lti = oidc.lti.as_ref().ok_or(OidcError::ServerError)?;
    let released = hub.release(live, door)?;
    let title = match visitor.locale {
        preau_web::Locale::Fr => &door.title.fr,
        preau_web::Locale::En => &door.title.en,
    };
    let year = place.map(|place| place.year.to_string()).unwrap_or_default();
    let at = place.map_or(["", ""], |place| [place.establishment.as_str(), &place.name]);
    // A roster is for whoever teaches: of a pupil's classmates nothing leaves by their own launch.
    let teaches = values(&released, "roles").iter().any(|role| role == "Instructor" || role.ends_with("#Instructor"));
    let launch = Launch {
        deployment_id: &lti.deployment_id,
        target_link_uri: &lti.target_link_uri,
        resource: hub.keyring.mac("lti-resource", &[door.service.id.as_str(), at[0], at[1], &year]),
        title,
        context: place.map(|place| context(hub, door, place, teaches)).transpose()?,
        locale: visitor.locale.code(),
        base: hub.base(),
        workspace: &hub.config.name,
    };
    let nothing = Wanted { scopes: &[], names: &[] };
    let mut told = token::said(hub, door, &released, &nothing, &given.authentication, &given.sid);
    told.extend(lti::claims(&launch, &released));
    told.insert("nonce".to_owned(), json!(nonce.ok_or(OidcError::ServerError)?));
    let signed = sign(hub, alg(oidc.signing), "JWT", &told)?;
    let message = encrypted(hub, keys, door, oidc.id_token_encryption, signed).await?;
    // Last, so that whatever fails before can be asked again.
    opened.spend(hub).await?;
    Ok(message)
}

/// A class or group as this tool is told of it, with the address of its roster where the tool may ask.
fn context(hub: &Hub, door: &Door, place: &Place, teaches: bool) -> Result<Context, OidcError> {
    let roster = match teaches && door.tells_roster() {
        false => None,
        true => {
            let place = sealed(hub, PLACE, door, place).ok_or(OidcError::ServerError)?;
            Some(format!("{}{}/members/{place}", hub.base(), page_of(door)))
        }
    };
    let year = place.year.to_string();
    let of = [door.service.id.as_str(), place.establishment.as_str(), &place.name, &year];
    let id = hub.keyring.mac("lti-context", &of);
    Ok(Context { id, title: place.name.clone(), roster })
}

/// Whole seconds until then, at least one.
fn wait(now: Instant, until: Instant) -> u16 {
    u16::try_from((until.0 - now.0 + 999) / 1_000).unwrap_or(u16::MAX).max(1)
}

/// Whether the release rules could tell that class or group of a person: as their record says where the rules copy it, and everybody where
/// they make another name of it.
fn may_be_of(door: &Door, person: &Person, place: &Place) -> bool {
    let copied = |rule: &ReleaseRule| {
        matches!(rule.copy, Some(Fact::Classes | Fact::Groups))
            && rule.add.is_empty()
            && rule.map.is_empty()
            && rule.scope.is_none()
            && rule.join.is_none()
    };
    let there = |one: &&Affiliation| one.establishment == place.establishment;
    let mut names =
        person.affiliations.iter().filter(there).flat_map(|one| one.classes.iter().chain(one.groups.iter()));
    !door.release.iter().filter(|rule| rule.name == "context").all(copied) || names.any(|name| *name == place.name)
}

/// The roster of a class or group, for the tool that was told its address and shows a token of its own that was given for it.
/// `event` learns where it is and how many are told of.
pub async fn members(
    hub: &Hub,
    shown: &Shown,
    id: &str,
    place: &str,
    event: &mut AuditEvent,
) -> Result<(Door, Value), OidcError> {
    const UNKNOWN: OidcError = OidcError::InvalidToken("the access token is unknown, expired or revoked");
    let held = userinfo::held(hub, &shown.token, GrantKind::Access).await?.ok_or(UNKNOWN)?;
    if held.person.is_some() {
        return Err(OidcError::InsufficientScope);
    }
    let own: Own = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    let door = hub.services().get(&held.service).cloned().ok_or(UNKNOWN)?;
    event.service = Some(held.service.clone());
    if !own.bound.is_free() || !service::allowed(hub, &own.by, &door) {
        return Err(OidcError::InvalidToken("a token of this tool is expected, bound to no key"));
    }
    if id != door.service.id.as_str() || !door.tells_roster() || !own.scopes.iter().any(|one| one == NAMES_AND_ROLES) {
        return Err(OidcError::InsufficientScope);
    }
    let text = place;
    let place: Place =
        opened(hub, PLACE, &door, text).ok_or(OidcError::InvalidRequest("no roster this tool was told of"))?;
    if year_of(hub, &place.establishment) != Some(place.year) || place.name.starts_with(SPACE_GROUP) {
        return Err(OidcError::InvalidRequest(
            "the roster of another school year: the tool is told the next one when it is opened",
        ));
    }
    let key = hub.keyring.mac("lti-roster", &[door.service.id.as_str(), place.establishment.as_str(), &place.name]);
    if let Attempt::NotBefore(until) = hub.store.count_attempt(&key, hub.now(), ROSTERS).await? {
        return Err(OidcError::TooSoon { seconds: wait(hub.now(), until) });
    }
    let fits = |told: &Released| values(told, "context").contains(&place.name);
    let people = hub.roster(&door, &place.establishment, |person| may_be_of(&door, person, &place), fits).await?;
    event.establishment = Some(place.establishment.clone());
    // Whoever asks what left of them finds it, though they never opened the tool.
    for (person, _) in &people {
        let one = AuditEvent { person: Some(person.clone()), detail: "lti roster".to_owned(), ..event.clone() };
        hub.audit(one);
    }
    event.detail = format!("lti roster of {}", people.len());
    let people: Vec<Released> = people.into_iter().map(|(_, told)| told).collect();
    let address = format!("{}{}/members/{text}", hub.base(), page_of(&door));
    Ok((door.clone(), lti::roster(&address, &context(hub, &door, &place, true)?, &people)))
}
