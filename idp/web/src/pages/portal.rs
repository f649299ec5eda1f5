//! The portal: the home page with its tiles, the establishment a person works in, and the opening of a service.
//!
//! A tile is on the page exactly when the rule that guards its door opens it for the person in the establishment they
//! work in now; opening it asks the rule again.

use super::tiles::{self, MAX_SEARCH, Section};
use super::{Accessibility, Page, html};
use crate::sign_in::PORTAL;
use crate::visitor::SpentAt;
use crate::{Begin, Door, Fault, FaultKind, Fields, Hub, Live, Visitor, logout};
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::header;
use preau_domain::{AuditEvent, AuditKind, Person, Profile, ServiceId, Uai};
use preau_policy::Decision;
use std::sync::Arc;

/// Name of the form that changes the establishment.
const ESTABLISHMENT_FORM: &str = "establishment";
/// Name of the form that ends the session.
const SIGN_OUT_FORM: &str = "sign-out";

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/", get(home))
        .route("/establishment", get(logout::home).post(switch_establishment))
        .route("/open/{service}", get(open))
        .route("/accessibility", get(accessibility))
}

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct Home<'a> {
    pub page: Page<'a>,
    pub greeting: String,
    pub place: Place,
    pub profiles: String,
    pub sign_out_token: String,
    pub establishment_token: String,
    pub query: String,
    /// Tiles the person has, whatever the search.
    pub total: usize,
    pub found: String,
    pub sections: Vec<Section>,
    pub empty_title: String,
    pub empty_text: String,
}

/// Where a person works now.
pub(super) enum Place {
    /// In no establishment.
    Nowhere,
    /// In the only one they have.
    One(String),
    /// In one of these.
    Several(Vec<Workplace>),
}

/// An establishment a person can choose.
pub(super) struct Workplace {
    pub uai: String,
    pub name: String,
    pub current: bool,
}

async fn home(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let Some(live) = visitor.live(&hub).await? else {
        let begin = Begin { protocol: PORTAL, service: None, request: "/".into(), fresh_after: None };
        return hub.begin_sign_in(&visitor, begin).await;
    };
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let search: String = fields.one("q")?.unwrap_or_default().trim().chars().take(MAX_SEARCH).collect();
    let services = hub.services();
    let place = live.session.establishment.as_ref();
    // Without an establishment there is no affiliation, and without an affiliation no rule opens anything.
    let known = live.known()?;
    let who = known.facts.prepared();
    let opens =
        |door: &&Door| place.is_some_and(|uai| preau_policy::opens(&who, &services.rules, &door.service.id, Some(uai)));
    let page = Page::new(&hub, &visitor);
    let sections = tiles::sections(services.all().iter().filter(opens), visitor.locale, &search, |key| page.t(key));
    let token = |form: &str| hub.form_token(&live.session.id, form);
    Ok(html("home", &Home::new(page, &live, &known.person, search, sections, token)))
}

impl<'a> Home<'a> {
    /// The home page of a person, over the tiles they may open.
    pub fn new(
        page: Page<'a>,
        live: &Live,
        person: &Person,
        query: String,
        sections: Vec<Section>,
        token: impl Fn(&str) -> String,
    ) -> Home<'a> {
        let total = sections.iter().map(|section| section.tiles.len()).sum();
        let shown = tiles::shown(&sections);
        let found = match shown {
            _ if query.is_empty() => String::new(),
            0 => page.t("search-none"),
            1 => page.t("search-found-one"),
            many => page.count("search-found-many", many),
        };
        let place = place(live, person);
        let empty = if matches!(place, Place::Nowhere) { "home-nowhere" } else { "home-empty" };
        let here = match query.as_str() {
            "" => "/".to_owned(),
            query => {
                format!("/?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish())
            }
        };
        Home {
            greeting: page.with("home-greeting", "name", &person.display_name()),
            profiles: profiles(&page, live, person),
            sign_out_token: token(SIGN_OUT_FORM),
            establishment_token: token(ESTABLISHMENT_FORM),
            empty_title: page.t(&format!("{empty}-title")),
            empty_text: page.t(&format!("{empty}-text")),
            page: page.at(here),
            place,
            query,
            total,
            found,
            sections,
        }
    }
}

fn place(live: &Live, person: &Person) -> Place {
    let current = live.session.establishment.as_ref();
    let mut places: Vec<Workplace> = person
        .establishments()
        .into_iter()
        .map(|uai| Workplace { uai: uai.to_string(), name: place_name(live, uai), current: Some(uai) == current })
        .collect();
    match places.len() {
        0 => Place::Nowhere,
        1 => Place::One(places.remove(0).name),
        _ => Place::Several(places),
    }
}

/// The name of an establishment, with its town when another of the person's bears the same name; its number when it is
/// not known yet.
fn place_name(live: &Live, uai: &Uai) -> String {
    let Some(establishment) = live.establishment(uai) else { return uai.to_string() };
    let namesakes = live.establishments.iter().filter(|other| other.name == establishment.name).count();
    match &establishment.city {
        Some(city) if namesakes > 1 => format!("{} ({city})", establishment.name),
        _ => establishment.name.clone(),
    }
}

/// What the person is in the establishment of now, such as "Enseignante, Direction".
fn profiles(page: &Page<'_>, live: &Live, person: &Person) -> String {
    let Some(current) = live.session.establishment.as_ref() else { return String::new() };
    let title = person.title.as_deref().unwrap_or_default();
    let mut labels: Vec<String> = Vec::new();
    for affiliation in person.affiliations.iter().filter(|a| &a.establishment == current) {
        let label = page.with(profile_key(affiliation.profile), "title", title);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels.join(", ")
}

/// The key of what people read for a profile.
pub(super) fn profile_key(profile: Profile) -> &'static str {
    match profile {
        Profile::Pupil => "profile-pupil",
        Profile::Guardian => "profile-guardian",
        Profile::Teacher => "profile-teacher",
        Profile::Head => "profile-head",
        Profile::SchoolLife => "profile-school-life",
        Profile::SchoolStaff => "profile-school-staff",
        Profile::Academy => "profile-academy",
        Profile::Librarian => "profile-librarian",
        Profile::LocalAuthority => "profile-local-authority",
        Profile::Guest => "profile-guest",
    }
}

async fn switch_establishment(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, uai) = (fields.required("token")?, fields.required("uai")?);
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other("/")) };
    let session = &live.session.id;
    if !hub.form_token_ok(session, ESTABLISHMENT_FORM, token) {
        return Err(Fault::new(FaultKind::StaleForm, "establishment form of another session"));
    }
    let uai: Uai = uai.parse().map_err(|why| Fault::new(FaultKind::BadRequest, why))?;
    if !live.known()?.person.establishments().contains(&&uai) {
        return Err(Fault::new(FaultKind::BadRequest, "not an establishment of this person"));
    }
    hub.store.set_session_establishment(session, &uai).await?;
    hub.forget_live(session);
    let mut event =
        AuditEvent::new(hub.now(), AuditKind::EstablishmentSwitched, visitor.correlation().clone(), "person");
    event.person = Some(live.session.person.clone());
    event.session = Some(session.clone());
    event.establishment = Some(uai);
    hub.audit(event);
    Ok(hub.see_other("/"))
}

async fn open(State(hub): State<Arc<Hub>>, visitor: Visitor, Path(service): Path<String>) -> Result<Response, Fault> {
    let service = ServiceId::new(service);
    let Some(door) = hub.services().get(&service).cloned() else {
        return Err(Fault::new(FaultKind::NotFound, "tile of no mounted service"));
    };
    let Some(live) = visitor.live(&hub).await? else {
        let (service, request) = (Some(service.clone()), format!("/open/{service}"));
        let begin = Begin { protocol: PORTAL, service, request, fresh_after: None };
        return hub.begin_sign_in(&visitor, begin).await;
    };
    visitor.comes_from(SpentAt::Tile, &hub, &service);
    let decision = hub.decide(&live, &door);
    let rule = match &*decision {
        Decision::Allow { rule, .. } => rule.clone(),
        Decision::Deny(why) => return Err(hub.refused(&visitor, &live, &door, why)),
    };
    let mut event = AuditEvent::new(hub.now(), AuditKind::TileOpened, visitor.correlation().clone(), rule);
    event.person = Some(live.session.person.clone());
    event.session = Some(live.session.id.clone());
    event.service = Some(service.clone());
    event.establishment = decision.establishment.clone();
    hub.audit(event);
    for protocol in hub.protocols() {
        if let Some(answer) = protocol.launch(&hub, &visitor, &door, &live).await {
            let mut answer = answer?;
            // The service sends the browser back, to the door of its protocol.
            answer.headers_mut().append(header::SET_COOKIE, visitor.tile_cookie(SpentAt::Door, &hub, &live, &service));
            return Ok(answer);
        }
    }
    Ok(hub.see_other(door.service.home.as_str()))
}

async fn accessibility(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Response {
    html("accessibility", &Accessibility { page: Page::new(&hub, &visitor).at("/accessibility") })
}
