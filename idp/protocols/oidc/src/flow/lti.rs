//! Tools of LTI 1.3: a tile opens one for a class or group, the tool begins its sign-on, and is answered with a signed message about
//! the person and what they came for. What it may do besides is below: ask who is of the class (`roster`), have a teacher choose what a link
//! opens (`links`), and keep marks (`grades`), both of which are `kept` for a school year.
//!
//! A launch is OpenID Connect begun by a third party (Core, section 4). What it is for travels through the browser as a sealed hint that
//! opens for the same tool, in the same session, once, within five minutes.

pub mod grades;
mod kept;
pub mod links;
mod marks;
pub mod roster;

pub use marks::{export, marks, own};

use super::{alg, encrypted, sign, spoken, token};
use crate::OidcError;
use crate::config::LAUNCH;
use crate::foreign::ForeignKeys;
use crate::grants::{Given, Holder};
use crate::wire::Asked;
use crate::wire::lti::{self, Context, Endpoint, Launch, Purpose, values};
use axum::response::Response;
use preau_connector_api::{LtiMay, LtiTool};
use preau_domain::{Instant, KeptKind, KeptThing, LocalTime, SPACE_GROUP, ServiceId, SessionId, Strength, Uai};
use preau_keys::Sealer;
use preau_policy::{Decision, Released};
use preau_store::StoreError;
use preau_web::{Begin, Door, Fault, FaultKind, Fields, Hub, Live, LtiLink, LtiPlace, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::sync::Arc;

/// What hints, places and choices are sealed for.
const HINT: &str = "lti-hint";
const PLACE: &str = "lti-place";
const CHOICE: &str = "lti-choice";
/// The forms of a tool's page.
const FORM: &str = "lti-links";

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
    #[serde(rename = "w", default)]
    what: What,
}

/// What of a class or group it was opened for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    /// The tool as it is.
    #[default]
    #[serde(rename = "t")]
    Tool,
    /// A link that a teacher chose.
    #[serde(rename = "l")]
    Link(String),
    /// Choosing one.
    #[serde(rename = "c")]
    Choice,
}

/// The page of a tool: for which class or group it opens, what was chosen there, and the marks.
fn page_of(door: &Door) -> String {
    format!("/oidc/lti/{}", door.service.id)
}

/// Where a tool reads who is of a class or group: an address that only it can use.
fn roster_of(hub: &Hub, door: &Door, place: &Place) -> Result<String, OidcError> {
    let place = sealed(hub, PLACE, door, place).ok_or(OidcError::ServerError)?;
    Ok(format!("{}{}/members/{place}", hub.base(), page_of(door)))
}

/// A query that names a class or group.
fn naming(place: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("for", place).finish()
}

/// Somebody in front of a tool they may open.
struct Person {
    live: Arc<Live>,
    door: Door,
    tool: LtiTool,
    released: Released,
    places: Vec<Place>,
}

impl Person {
    /// Whether the tool's own rules call them an instructor.
    fn teaches(&self) -> bool {
        is_instructor(&self.released)
    }

    fn may(&self, what: LtiMay) -> bool {
        self.tool.may.contains(&what)
    }

    /// One of their classes and groups, by its name.
    fn place(&self, name: &str) -> Result<&Place, Fault> {
        let own = self.places.iter().find(|place| place.name == name);
        own.ok_or_else(|| Fault::new(FaultKind::BadRequest, "no class or group of this person"))
    }

    /// The same for who teaches it, where the tool may do that.
    fn taught(&self, name: &str, what: LtiMay) -> Result<&Place, Fault> {
        if !self.teaches() || !self.may(what) {
            return Err(Fault::new(FaultKind::NotFound, "a page of teachers, of a tool that may do this"));
        }
        self.place(name)
    }
}

fn is_instructor(released: &Released) -> bool {
    values(released, "roles").iter().any(|role| role == "Instructor" || role.ends_with("#Instructor"))
}

/// The tool of that name.
fn tool(hub: &Hub, id: &str) -> Result<(Door, LtiTool), Fault> {
    let door = hub.services().get(&ServiceId::new(id)).cloned();
    let tool = |door: &Door| door.oidc.as_ref().and_then(|oidc| oidc.lti.clone());
    let known = door.and_then(|door| Some((tool(&door)?, door)));
    let (tool, door) = known.ok_or_else(|| Fault::new(FaultKind::NotFound, "no tool of this name"))?;
    Ok((door, tool))
}

/// Who is in front of a tool, as far as they may open it; or the way to sign in, back to the page of the tool.
async fn person(hub: &Hub, visitor: &Visitor, id: &str) -> Result<Result<Person, Response>, Fault> {
    let (door, tool) = tool(hub, id)?;
    let begin = |wants| Begin { service: Some(door.service.id.clone()), wants, ..Begin::for_page(page_of(&door)) };
    let Some(live) = visitor.live_by_anything(hub).await? else {
        return hub.begin_sign_in(visitor, begin(None)).await.map(Err);
    };
    match &*hub.decide(&live, &door) {
        Decision::Allow { .. } => {}
        Decision::StepUp(_) => {
            hub.may_step_up(visitor, &live, &door, Strength::TwoFactors).await?;
            return hub.begin_sign_in(visitor, begin(Some(Strength::TwoFactors))).await.map(Err);
        }
        Decision::Deny(why) => return Err(hub.refused(visitor, &live, &door, why)),
    }
    let released = hub.release(&live, &door)?;
    let places = places(hub, &live, &door, &released);
    Ok(Ok(Person { live, door, tool, released, places }))
}

/// Opens a tool from its tile: for the only class or group there is, or on the page that asks and shows what is kept.
pub fn from_tile(hub: &Hub, door: &Door, tool: &LtiTool, live: &Live) -> Result<Response, Fault> {
    let released = hub.release(live, door)?;
    let mut places = places(hub, live, door, &released);
    let keeps = tool.may.iter().any(|may| matches!(may, LtiMay::Links | LtiMay::Grades));
    if places.len() > 1 || (keeps && !places.is_empty()) {
        return Ok(hub.see_other(&page_of(door)));
    }
    begin(hub, door, tool, live, &released, (places.pop(), What::Tool), None)
}

/// Opens a tool for the class or group that is named, or asks which one it is and shows what is kept of each.
pub async fn choose(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let place = match fields.one("for")? {
        Some(name) => Some(person.place(name)?.clone()),
        None => {
            let shown = shown(hub, &person).await?;
            let asks = person.places.len() > 1 || shown.iter().any(LtiPlace::has_more);
            if asks {
                let token = hub.form_token(&person.live.session.id, FORM);
                return Ok(hub.lti_page(visitor, &person.door, shown, token));
            }
            person.places.first().cloned()
        }
    };
    begin(hub, &person.door, &person.tool, &person.live, &person.released, (place, What::Tool), None)
}

/// What the page of a tool shows of each class and group of somebody.
async fn shown(hub: &Hub, person: &Person) -> Result<Vec<LtiPlace>, Fault> {
    let (here, teaches) = (page_of(&person.door), person.teaches());
    let mut all = Vec::new();
    for place in &person.places {
        let links = match person.may(LtiMay::Links) {
            true => kept::shelf(hub, &person.door, place).await?.links,
            false => Vec::new(),
        };
        let links = links.into_iter().map(|link| LtiLink {
            href: format!("{here}/link/{}?{}", link.id, naming(&place.name)),
            title: link.title,
            id: link.id,
        });
        let to = |what: &str| format!("{here}/{what}?{}", naming(&place.name));
        all.push(LtiPlace {
            name: place.name.clone(),
            open: format!("{here}?{}", naming(&place.name)),
            links: links.collect(),
            choose: (teaches && person.may(LtiMay::Links)).then(|| to("choose")),
            marks: (teaches && person.may(LtiMay::Grades)).then(|| to("marks")),
        });
    }
    Ok(all)
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

/// Sends the browser to where the tool begins its sign-on, for what it is to open.
fn begin(
    hub: &Hub,
    door: &Door,
    tool: &LtiTool,
    live: &Live,
    released: &Released,
    (place, what): (Option<Place>, What),
    target: Option<&str>,
) -> Result<Response, Fault> {
    let internal = |what: &str| Fault::new(FaultKind::Internal, what.to_owned());
    let uri = door.oidc.as_ref().and_then(|oidc| oidc.initiate_login_uri.as_ref());
    let to = uri.and_then(|uri| door.service.trust_exactly(uri, [uri]));
    let to = to.ok_or_else(|| internal("the sign-on of a tool begins at none of its addresses"))?;
    let hint = Hint { session: live.session.id.clone(), place, at: hub.now(), what };
    let hint = sealed(hub, HINT, door, &hint).ok_or_else(|| internal("a hint cannot be sealed"))?;
    let mut url = to.url().clone();
    url.query_pairs_mut().extend_pairs([
        ("iss", hub.base()),
        ("client_id", door.service.id.as_str()),
        ("login_hint", released.user()),
        ("target_link_uri", target.unwrap_or(&tool.target_link_uri)),
        ("lti_message_hint", &hint),
        ("lti_deployment_id", &tool.deployment_id),
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

/// Whether a request is the sign-on of a tool that was opened here, and is answered with a message.
pub fn is_launch(door: &Door, asked: &Asked) -> Result<bool, OidcError> {
    Ok(spoken(door)?.lti.is_some() && asked.lti_message_hint.is_some())
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
    let (Some(tool), Some(text)) = (&spoken(door)?.lti, &asked.lti_message_hint) else { return Ok(None) };
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
    let links = tool.may.contains(&LtiMay::Links);
    if (hint.what == What::Choice && !is_instructor(released)) || (hint.what != What::Tool && !links) {
        return Err(OidcError::AccessDenied);
    }
    if !asked.response_type.id_token {
        return Err(OidcError::UnsupportedResponseType);
    }
    Ok(Some(Opened { place: hint.place, what: hint.what, hint: text.clone(), until: hint.at + LAUNCH }))
}

/// A sign-on that was begun here, whose hint is not spent yet.
pub struct Opened {
    place: Option<Place>,
    what: What,
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
) -> Result<token::Signed, OidcError> {
    let Holder { door, live, .. } = holder;
    let oidc = spoken(door)?;
    let tool = oidc.lti.as_ref().ok_or(OidcError::ServerError)?;
    let released = hub.release(live, door)?;
    let title = match visitor.locale {
        preau_web::Locale::Fr => &door.title.fr,
        preau_web::Locale::En => &door.title.en,
    };
    // A roster is for whoever teaches: of a pupil's classmates nothing leaves by their own launch.
    let teaches = is_instructor(&released);
    let place = opened.place.as_ref();
    let (purpose, target) = purpose(hub, door, tool, live, title, opened).await?;
    let launch = Launch {
        deployment_id: &tool.deployment_id,
        target_link_uri: target.as_deref().unwrap_or(&tool.target_link_uri),
        grades: match (&purpose, place) {
            (Purpose::Link { id, .. }, Some(place)) if door.keeps_grades() => {
                Some(endpoint(hub, door, place, id).await?)
            }
            _ => None,
        },
        purpose,
        context: place.map(|place| context(hub, door, place, teaches)).transpose()?,
        locale: visitor.locale.code(),
        base: hub.base(),
        workspace: &hub.config.name,
    };
    // No claim of a scope: what a tool is told has names of its own.
    let mut told = token::said(hub, door, &released, Map::new(), &given.authentication, &given.sid);
    told.extend(lti::claims(&launch, &released));
    told.insert("nonce".to_owned(), json!(nonce.ok_or(OidcError::ServerError)?));
    let signed = sign(hub, alg(oidc.signing), "JWT", &told)?;
    let message = encrypted(hub, keys, door, oidc.id_token_encryption, signed).await?;
    let left = lti::left(&launch, &released);
    if let Some(place) = place.filter(|_| door.keeps_grades()) {
        kept::note_name(hub, door, place, &live.session.person, released.user()).await?;
    }
    // Last, so that whatever fails before can be asked again.
    opened.spend(hub).await?;
    Ok(token::Signed { token: message, left })
}

/// What a message is about, and where it leads unless that is the tool's own address.
async fn purpose(
    hub: &Hub,
    door: &Door,
    tool: &LtiTool,
    live: &Live,
    title: &str,
    opened: &Opened,
) -> Result<(Purpose, Option<String>), OidcError> {
    const GONE: OidcError = OidcError::InvalidRequest("the link the tool was opened by is gone");
    match (&opened.what, &opened.place) {
        (What::Tool, place) => {
            let id = resource_of(hub, door, place.as_ref());
            Ok((Purpose::Link { id, title: title.to_owned(), custom: Default::default() }, None))
        }
        (What::Link(id), Some(place)) => {
            let link =
                kept::shelf(hub, door, place).await?.links.into_iter().find(|link| link.id == *id).ok_or(GONE)?;
            // What the record of the tool allowed when it was chosen it may not allow any more.
            if link.url.as_ref().is_some_and(|url| door.service.trust(url).is_none()) {
                return Err(GONE);
            }
            Ok((Purpose::Link { id: link.id, title: link.title, custom: link.custom }, link.url))
        }
        (What::Choice, Some(place)) => {
            let data = links::data(hub, door, live, place)?;
            let back = format!("{}{}/links", hub.base(), page_of(door));
            let marks = tool.may.contains(&LtiMay::Grades);
            Ok((Purpose::Choice { back, data, marks }, None))
        }
        (_, None) => Err(GONE),
    }
}

/// The name of the tile as a link of a class or group, or of nobody's.
fn resource_of(hub: &Hub, door: &Door, place: Option<&Place>) -> String {
    let year = place.map(|place| place.year.to_string()).unwrap_or_default();
    let at = place.map_or(["", ""], |place| [place.establishment.as_str(), &place.name]);
    hub.keyring.mac("lti-resource", &[door.service.id.as_str(), at[0], at[1], &year])
}

/// Where the columns of marks of a class or group are, and the one of that link when there is one alone.
async fn endpoint(hub: &Hub, door: &Door, place: &Place, link: &str) -> Result<Endpoint, OidcError> {
    // The same each time, and found again by itself: a tool keeps the addresses of its columns.
    let all = format!("{}{}/items/{}", hub.base(), page_of(door), context_id(hub, door, place));
    let columns = kept::made(hub, door, place).await?.columns;
    let mut own = columns.iter().filter(|column| column.said.resource_link_id.as_deref() == Some(link));
    let one = own.next().filter(|_| own.next().is_none()).map(|column| format!("{all}/{}", column.id));
    Ok(Endpoint { columns: all, column: one })
}

/// A class or group as this tool is told of it, with the address of its roster where the tool may ask.
fn context(hub: &Hub, door: &Door, place: &Place, teaches: bool) -> Result<Context, OidcError> {
    let roster = match teaches && door.tells_roster() {
        false => None,
        true => Some(roster_of(hub, door, place)?),
    };
    Ok(Context { id: context_id(hub, door, place), title: place.name.clone(), roster })
}

/// The name of a class or group of a school year for one tool.
fn context_id(hub: &Hub, door: &Door, place: &Place) -> String {
    let year = place.year.to_string();
    let of = [door.service.id.as_str(), place.establishment.as_str(), &place.name, &year];
    hub.keyring.mac("lti-context", &of)
}
