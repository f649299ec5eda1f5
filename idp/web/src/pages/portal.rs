//! The portal: the home page with its tiles, the establishment a person works in, what they keep at hand, and the opening of a
//! service. The page itself is in `home`.
//!
//! A tile is on the page exactly when the rule that guards its door opens it for the person in the establishment they
//! work in now; opening it asks the rule again.

use super::board::Board;
use super::home::{CHILD_FORM, ESTABLISHMENT_FORM, FAVOURITES_FORM, Home, Owner, here as here_is};
use super::tiles::MAX_SEARCH;
use super::{Accessibility, Page, html, html_over, inspections};
use crate::activation::{class, desk, proves_here};
use crate::visitor::SpentAt;
use crate::{Begin, Fault, FaultKind, Fields, Hub, Known, Live, Visitor, cards, compress, logout, sharing};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, header};
use preau_domain::{AtHand, AuditEvent, AuditKind, Person, Profile, ServiceId, Strength, Uai};
use preau_policy::Decision;
use preau_store::StoreError;
use std::sync::Arc;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/", get(home))
        .route("/establishment", get(logout::home).post(switch_establishment))
        .route("/child", get(logout::home).post(switch_child))
        .route("/favourites", get(logout::home).post(favourites))
        .route("/open/{service}", get(open))
        .route("/accessibility", get(accessibility))
}

async fn home(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let Some(live) = visitor.live_by_anything(&hub).await? else {
        return hub.begin_sign_in(&visitor, Begin::for_page("/")).await;
    };
    let query = query.unwrap_or_default();
    let search = searched(&Fields::parse(&query)?)?;
    let home = page(&hub, &visitor, &live, search).await?;
    // Nobody but us put a word into a page that was asked for without one.
    let small = query.is_empty() && compress::reads_gzip(&headers);
    Ok(html_over("home", &home, small, 700 * home.total))
}

/// The home page of the person of a session, in the language of the visitor.
pub(super) async fn page<'a>(hub: &'a Hub, visitor: &Visitor, live: &Live, search: String) -> Result<Home<'a>, Fault> {
    let at_hand = at_hand(hub, live).await?;
    let (services, known) = (hub.services(), live.known()?);
    let board = Board::of(&services, live, &known, &at_hand, &search, visitor.locale);
    let token = |form: &str| hub.form_token(&live.session.id, form);
    let children = hub.children_of(&known.person).await?;
    let words = hub.words();
    let notices = match &live.session.establishment {
        Some(here) => words.notices_for(&known.person, here, hub.now()),
        None => Vec::new(),
    };
    let owner =
        Owner { person: &known.person, child: known.child.as_ref(), children: &children, at_hand: &at_hand, notices };
    let mut home = Home::new(Page::new(hub, visitor), live, owner, search, &board, token);
    if home.by_card {
        return Ok(home);
    }
    home.spaces = home.query.is_empty() && sharing::has_spaces(hub, live, &known.person).await?;
    home.ends_soon = home.spaces && sharing::ends_soon(live, hub.now());
    home.desk = live.session.establishment.as_ref().is_some_and(|here| desk::is_for(hub, &known.person, here));
    home.grants = live.session.establishment.as_ref().is_some_and(|at| hub.grants_inspections(&known.person, at));
    if home.query.is_empty() {
        home.inspections = inspections::said(hub, visitor, live, &known.person).await?;
    }
    home.nudge = hub.recommends_passkey(live, &known.person).await?;
    home.helps = class::is_for(hub, live, &known.person);
    home.cards = cards::is_for(hub, live, &known.person).await?;
    home.waits = waits(hub, visitor, &known.person).await?;
    Ok(home)
}

/// What somebody is told who has a code on paper that they may know nothing of.
async fn waits(hub: &Hub, visitor: &Visitor, person: &Person) -> Result<Option<String>, Fault> {
    if !proves_here(person, |public| hub.proves_here(public)) {
        return Ok(None);
    }
    let Some(code) = hub.store.activation_of(&person.id, hub.now()).await? else { return Ok(None) };
    let page = Page::new(hub, visitor);
    let by = match &code.by {
        Some(by) => hub.store.person(by).await?.map(|by| by.display_name()),
        None => None,
    };
    let when = page.moment(code.made);
    Ok(Some(match by {
        Some(by) => page.texts.with(page.locale, "class-waits-by", &[("when", &when), ("by", &by)]),
        None => page.with("class-waits", "when", &when),
    }))
}

/// What is searched, cut to what is read.
fn searched(fields: &Fields) -> Result<String, Fault> {
    Ok(fields.one("q")?.unwrap_or_default().trim().chars().take(MAX_SEARCH).collect())
}

/// What the person of a session keeps at hand where they work now.
async fn at_hand(hub: &Hub, live: &Live) -> Result<AtHand, Fault> {
    match &live.session.establishment {
        Some(here) => Ok(hub.store.at_hand(&live.session.person, here).await?),
        None => Ok(AtHand::default()),
    }
}

/// Marks a service, or takes the mark away; the browser comes back to the star it pressed.
async fn favourites(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, search) = (fields.required("token")?, searched(&fields)?);
    let (add, remove) = (fields.one("add")?, fields.one("remove")?);
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other("/")) };
    hub.check_form(&live.session.id, FAVOURITES_FORM, token)?;
    let person = &live.session.person;
    let Some(here) = &live.session.establishment else { return Ok(hub.see_other("/")) };
    match (add, remove) {
        (Some(service), None) => {
            let service = ServiceId::new(service);
            let (services, known) = (hub.services(), live.known()?);
            let opens = |id: &ServiceId| preau_policy::opens(&known.facts.prepared(), &services.rules, id, Some(here));
            if !opens(&service) {
                return Err(Fault::new(FaultKind::BadRequest, "not a tile of this person"));
            }
            if let Err(StoreError::Conflict) = hub.store.add_favourite(person, here, &service, hub.now()).await {
                // Those that are no tiles any more make room. Where all of them are, the page says that there is none.
                for former in at_hand(&hub, &live).await?.favourites.iter().filter(|id| !opens(id)) {
                    hub.store.remove_favourite(person, here, former).await?;
                }
                match hub.store.add_favourite(person, here, &service, hub.now()).await {
                    Err(StoreError::Conflict) => {}
                    other => other?,
                }
            }
        }
        (None, Some(service)) => hub.store.remove_favourite(person, here, &ServiceId::new(service)).await?,
        _ => return Err(Fault::new(FaultKind::BadRequest, "one service, marked or not")),
    }
    let pressed = add.or(remove).filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    Ok(hub.see_other(&here_is(&search, pressed.map(|id| format!("s-{id}")).as_deref())))
}

async fn switch_establishment(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, uai) = (fields.required("token")?, fields.required("uai")?);
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other("/")) };
    hub.check_form(&live.session.id, ESTABLISHMENT_FORM, token)?;
    let uai: Uai = uai.parse().map_err(|why| Fault::new(FaultKind::BadRequest, why))?;
    let Known { person, child, .. } = live.known()?;
    if !person.establishments().contains(&&uai) {
        return Err(Fault::new(FaultKind::BadRequest, "not an establishment of this person"));
    }
    // Whoever goes where the child is not does not act for that child any more.
    let child = child.filter(|child| as_parent(&person, child).contains(&uai));
    go_on(&hub, &visitor, &live, (uai, child), "person").await
}

/// Has a session go on in that establishment, for that child or for whomever they are there; the journal hears what was chosen.
async fn go_on(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    (place, child): (Uai, Option<Person>),
    what: &'static str,
) -> Result<Response, Fault> {
    let session = &live.session.id;
    hub.store.set_session_establishment(session, &place, child.as_ref().map(|child| &child.id)).await?;
    hub.forget_live(session);
    let switched = hub.event_of(visitor, live, AuditKind::EstablishmentSwitched, what);
    hub.audit(AuditEvent { establishment: Some(place), ..switched });
    Ok(hub.see_other("/"))
}

/// The establishments in which somebody is a parent of that child.
fn as_parent(person: &Person, child: &Person) -> Vec<Uai> {
    let acting = person.acting_for(child).affiliations.into_iter();
    acting.filter(|one| one.profile == Profile::Guardian).map(|one| one.establishment).collect()
}

/// Says for which child a parent acts, or for all of them; they go on in an establishment of that child.
async fn switch_child(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, chosen) = (fields.required("token")?, fields.required("child")?);
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other("/")) };
    hub.check_form(&live.session.id, CHILD_FORM, token)?;
    let person = live.known()?.person;
    let child = match chosen {
        "" => None,
        id => {
            let children = hub.children_of(&person).await?;
            let child = children.into_iter().find(|child| child.id.as_str() == id);
            Some(child.ok_or_else(|| Fault::new(FaultKind::BadRequest, "not a child of this person"))?)
        }
    };
    let here = live.session.establishment.clone();
    let place = match &child {
        None => here,
        Some(child) => {
            let places = as_parent(&person, child);
            here.filter(|here| places.contains(here)).or_else(|| places.into_iter().next())
        }
    };
    let Some(place) = place else {
        return Err(Fault::new(FaultKind::BadRequest, "a child of no establishment of this person"));
    };
    go_on(&hub, &visitor, &live, (place, child), "child").await
}

async fn open(State(hub): State<Arc<Hub>>, visitor: Visitor, Path(service): Path<String>) -> Result<Response, Fault> {
    let service = ServiceId::new(service);
    let Some(door) = hub.services().get(&service).cloned() else {
        return Err(Fault::new(FaultKind::NotFound, "tile of no mounted service"));
    };
    // A link that says who comes is a door by itself: there, whoever has yet to accept the charte has no session.
    let holds = |live: &Arc<Live>| door.link.is_none() || !live.charte_due;
    let begin = |wants| Begin { service: Some(service.clone()), wants, ..Begin::for_page(format!("/open/{service}")) };
    let Some(live) = visitor.live_by_anything(&hub).await?.filter(holds) else {
        return hub.begin_sign_in(&visitor, begin(None)).await;
    };
    visitor.comes_from(SpentAt::Tile, &hub, &service);
    // A tile that was opened before has nothing to do with this one, at whichever door it leads to.
    visitor.goes_on_with(&visitor.correlation().clone());
    let decision = hub.decide(&live, &door);
    let rule = match &*decision {
        Decision::Allow { rule, .. } => rule,
        Decision::StepUp(_) => {
            hub.may_step_up(&visitor, &live, &door, Strength::TwoFactors).await?;
            return hub.begin_sign_in(&visitor, begin(Some(Strength::TwoFactors))).await;
        }
        Decision::Deny(why) => return Err(hub.refused(&visitor, &live, &door, why)),
    };
    // The door behind the tile says of itself that it opened.
    hub.audit(AuditEvent { kind: AuditKind::TileOpened, ..hub.opened(&visitor, &live, &door, &decision, rule) });
    if let Some(here) = &decision.establishment
        && let Err(error) = hub.store.note_opened(&live.session.person, here, &service, hub.now()).await
    {
        // A service opens whether or not the home page will remember it.
        tracing::warn!(%error, "an opened service is not remembered");
    }
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
