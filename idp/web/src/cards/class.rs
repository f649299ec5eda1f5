//! The page on which whoever teaches young pupils makes their cards and opens a lesson, sees who is signed in, and ends it.
//!
//! It is there for those who help pupils of a class (`activation::class`), each for their own, and for whoever of the staff manages a shared
//! space with guests whose home cannot vouch for them. Cards are made by whoever proved who they are within a quarter of an hour; a lesson is opened by
//! whoever is signed in, in front of the class.

use super::{PICTURES_OF_ONE, digest, drawn, is_of, key, printed, shuts};
use crate::activation::{LETTERS, Printed, class as helped};
use crate::lately::{Lately, RECENT};
use crate::pages::{self, CardRow, CardState, CardsPage, LessonNow};
use crate::{Begin, Fault, FaultKind, Fields, Hub, Known, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use preau_domain::{
    ClassCard, ClassPlace, GroupKind, Instant, Lesson, Person, PersonId, Profile, Public, Role, SPACE_GROUP, Session,
    SpaceGrant, Uai,
};
use preau_paper::Picture;
use preau_store::GuestsOf;
use std::sync::Arc;

pub(super) const HERE: &str = "/cards";
const FORM: &str = "class-cards";
/// Most pupils of a class.
const MOST: u32 = 1_000;
/// Most guests of a space.
const MOST_GUESTS: u32 = 200;

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/cards", get(show))
        .route("/cards/lesson", get(back).post(lesson))
        .route("/cards/sheet", get(back).post(sheet))
        .route("/cards/card", get(back).post(card))
}

async fn back(State(hub): State<Arc<Hub>>) -> Response {
    hub.see_other(HERE)
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "cards of a class, for whom there are none to make")
}

/// Those whom somebody teaches together: a class, or the guests of a space.
#[derive(Clone)]
pub(crate) struct Taught {
    /// The code of the class, or the group of the space.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Of a space.
    pub guests: bool,
}

/// Where somebody works now, if cards of its classes open anything.
fn place_of<'l>(hub: &Hub, live: &'l Live, person: &Person) -> Option<&'l Uai> {
    let here = live.session.establishment.as_ref().filter(|at| hub.config.class_cards.at(at).is_some());
    here.filter(|_| !person.is_hosted())
}

/// The classes whose pupils somebody helps there, as their session knows them.
fn classes(live: &Live, person: &Person, at: &Uai) -> Vec<Taught> {
    let Some(place) = live.establishment(at) else { return Vec::new() };
    let class = |code: &String| place.groups.iter().find(|one| one.kind == GroupKind::Class && one.code == *code);
    let one = |code: String| Taught {
        name: class(&code).map_or_else(|| code.clone(), |class| class.label.clone()),
        guests: false,
        code,
    };
    helped::classes(person, place).into_iter().map(one).collect()
}

/// Spaces of that establishment that somebody manages, as their session knows them.
fn managed<'l>(live: &'l Live, at: &'l Uai) -> impl Iterator<Item = &'l SpaceGrant> {
    let own = |one: &&SpaceGrant| one.host == *at && one.role == Role::Gestionnaire && one.holds(live.loaded);
    live.spaces().iter().filter(own)
}

/// The guests of a space, where they come by cards and this manager makes them.
async fn guests_of(hub: &Hub, person: &Person, grant: &SpaceGrant) -> Result<Option<Taught>, Fault> {
    if let Some(found) = hub.store.space(&grant.space).await?
        // A space may call pupils its managers: they make no cards.
        && preau_hosting::may_manage(person, &found).is_some()
        && let Some(convention) = &found.convention
        && let Some(convention) = hub.store.convention(convention).await?
        && convention.peer.comes_by_card()
    {
        return Ok(Some(Taught { code: format!("{SPACE_GROUP}{}", found.id), name: found.title, guests: true }));
    }
    Ok(None)
}

/// Those for whom somebody makes cards where they work now; nobody where there are none to make.
async fn taught(hub: &Hub, live: &Live, person: &Person) -> Result<Vec<Taught>, Fault> {
    let Some(at) = place_of(hub, live, person) else { return Ok(Vec::new()) };
    let mut all = classes(live, person, at);
    for grant in managed(live, at) {
        all.extend(guests_of(hub, person, grant).await?);
    }
    Ok(all)
}

/// Whether the page is there for somebody where they work now. The home page asks: whoever has a class costs no look into the store.
pub(crate) async fn is_for(hub: &Hub, live: &Live, person: &Person) -> Result<bool, Fault> {
    let Some(at) = place_of(hub, live, person) else { return Ok(false) };
    if !classes(live, person, at).is_empty() {
        return Ok(true);
    }
    for grant in managed(live, at) {
        if guests_of(hub, person, grant).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Teacher {
    live: Arc<Live>,
    person: Arc<Person>,
    at: Uai,
    all: Vec<Taught>,
}

impl Teacher {
    /// The class of that code, if it is theirs.
    fn own(&self, class: &str) -> Result<ClassPlace, Fault> {
        let own = self.all.iter().find(|one| one.code == class).ok_or_else(nothing)?;
        Ok(ClassPlace { establishment: self.at.clone(), class: own.code.clone() })
    }
}

/// Whoever may be here; with `recently`, who proved it within a quarter of an hour, and else does and comes back to the page of that class.
async fn door(hub: &Hub, visitor: &Visitor, class: Option<&str>, recently: bool) -> Result<Lately<Teacher>, Fault> {
    hub.cards_are_there()?;
    let since = hub.now() - RECENT;
    let Some(live) = visitor.live(hub).await? else {
        return hub.begin_sign_in(visitor, Begin::for_page(HERE)).await.map(Lately::Onward);
    };
    let Known { person, .. } = live.known()?;
    let at = live.session.establishment.clone().ok_or_else(nothing)?;
    let all = taught(hub, &live, &person).await?;
    if all.is_empty() {
        return Err(nothing());
    }
    let teacher = Teacher { live, person, at, all };
    if recently && !hub.proved_lately(&teacher.live, since).await? {
        let here = class.map(|class| teacher.own(class)).transpose()?;
        return hub.prove_again(visitor, here.map_or_else(|| HERE.to_owned(), |place| address(&place)), since).await;
    }
    Ok(Lately::Proved(teacher))
}

/// Whoever sent a form of the page, its fields and the class it is about.
async fn sent(
    hub: &Hub,
    visitor: &Visitor,
    body: &Bytes,
    recently: bool,
) -> Result<Result<(Teacher, Fields, ClassPlace), Response>, Fault> {
    hub.cards_are_there()?;
    let fields = Fields::of_body(body)?;
    let class = fields.required("class")?;
    let teacher = match door(hub, visitor, Some(class), recently).await? {
        Lately::Proved(teacher) => teacher,
        Lately::Onward(response) => return Ok(Err(response)),
    };
    hub.check_form(&teacher.live.session.id, FORM, fields.required("token")?)?;
    let place = teacher.own(class)?;
    Ok(Ok((teacher, fields, place)))
}

/// Those of a class who may have a card, in the order of their names: pupils who are nothing else, or guests who are pupils at home.
async fn pupils(hub: &Hub, place: &ClassPlace) -> Result<Vec<Person>, Fault> {
    let mut found: Vec<Person> = match place.class.strip_prefix(SPACE_GROUP) {
        Some(space) => guests(hub, space).await?,
        None => {
            let only = |person: &Person| person.affiliations.iter().all(|one| one.profile == Profile::Pupil);
            let all = hub.store.pupils_of_class(&place.establishment, &place.class, MOST).await?;
            all.into_iter().filter(|one| !one.is_hosted() && only(one) && is_of(one, place)).collect()
        }
    };
    found.retain(|one| one.state.may_sign_in());
    found.sort_by_cached_key(|one| (one.family_name.to_lowercase(), one.given_name.to_lowercase(), one.id.clone()));
    Ok(found)
}

async fn guests(hub: &Hub, space: &str) -> Result<Vec<Person>, Fault> {
    let all = hub.store.guests(GuestsOf::Space(space), &PersonId::new(""), MOST_GUESTS).await?;
    let mut found = Vec::new();
    for guest in all.into_iter().filter(|guest| guest.public == Public::Pupil && guest.ended.is_none()) {
        found.extend(hub.store.person(&guest.person).await?);
    }
    Ok(found)
}

async fn show(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let teacher = match door(&hub, &visitor, None, false).await? {
        Lately::Proved(teacher) => teacher,
        Lately::Onward(response) => return Ok(response),
    };
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let class = match fields.one("class")? {
        Some(class) => class.to_owned(),
        None => teacher.all.first().map(|one| one.code.clone()).unwrap_or_default(),
    };
    let place = teacher.own(&class)?;
    page(&hub, &visitor, &teacher, &place, None).await
}

async fn page(
    hub: &Hub,
    visitor: &Visitor,
    teacher: &Teacher,
    place: &ClassPlace,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let now = hub.now();
    let (cards, sessions) = (hub.store.cards_of(place).await?, hub.store.card_sessions(place, now).await?);
    let row = |pupil: Person| {
        let card = cards.iter().find(|card| card.person == pupil.id);
        let session = sessions.iter().rev().find(|session| session.person == pupil.id);
        CardRow {
            name: pupil.display_name(),
            id: pupil.id.to_string(),
            made: card.map(|card| card.made),
            state: card.map_or(CardState::None, state),
            since: session.map(|session| session.created),
        }
    };
    let rows = pupils(hub, place).await?.into_iter().map(row).collect();
    let shown = CardsPage {
        at: place.establishment.clone(),
        classes: teacher.all.clone(),
        class: place.class.clone(),
        rows,
        lesson: match hub.store.lesson(place, now).await? {
            Some(lesson) => LessonNow::Open(lesson.until),
            None => match ends(hub, place, now) {
                // Less than a whole lesson, where hours of class are over before.
                Some(until) => LessonNow::Closed(usize::try_from((until - now + 59_999) / 60_000).unwrap_or_default()),
                None => LessonNow::OutOfHours,
            },
        },
        // Where cards open in the network of the school alone, a teacher elsewhere would wonder why none does.
        elsewhere: hub.cards_until(visitor, &place.establishment).is_none() && ends(hub, place, now).is_some(),
        token: hub.form_token(&teacher.live.session.id, FORM),
        problem,
    };
    Ok(pages::cards(hub, visitor, shown))
}

fn state(card: &ClassCard) -> CardState {
    match card {
        _ if card.revoked => CardState::Revoked,
        _ if card.spent => CardState::Spent,
        _ if !card.opens() => CardState::Stopped,
        _ => CardState::Good,
    }
}

/// When a lesson that is opened now ends by itself: where a school is known by its network at any hour, else no later than its hours.
fn ends(hub: &Hub, place: &ClassPlace, now: Instant) -> Option<Instant> {
    let (cards, at) = (&hub.config.class_cards, &place.establishment);
    let (lasts, here) = (now + cards.lasts(), cards.at(at)?);
    if !here.networks.is_empty() {
        return Some(lasts);
    }
    here.hours.and_then(|hours| shuts(&hours, at, now)).map(|shut| lasts.min(shut))
}

/// What is done to cards and lessons is said before it is done: of each child, and of whoever does it, in one word.
async fn tell<'p>(
    hub: &Hub,
    visitor: &Visitor,
    teacher: &Teacher,
    pupils: impl IntoIterator<Item = &'p PersonId>,
    what: &str,
) -> Result<(), Fault> {
    helped::tell(hub, visitor, (&teacher.live, &teacher.at), pupils, (what, what)).await
}

/// Opens a lesson, or ends it at once.
async fn lesson(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (teacher, fields, place) = match sent(&hub, &visitor, &body, false).await? {
        Ok(sent) => sent,
        Err(response) => return Ok(response),
    };
    let now = hub.now();
    match fields.required("what")? {
        "open" => {
            let Some(until) = ends(&hub, &place, now) else {
                return page(&hub, &visitor, &teacher, &place, Some("cards-problem-hours")).await;
            };
            tell(&hub, &visitor, &teacher, None, "lesson-opened").await?;
            let by = teacher.person.id.clone();
            hub.store.open_lesson(&Lesson { place: place.clone(), by, from: now, until }).await?;
        }
        "end" => {
            let sessions = hub.store.card_sessions(&place, now).await?;
            tell(&hub, &visitor, &teacher, None, "lesson-ended").await?;
            hub.store.end_lesson(&place, now).await?;
            end(&hub, &visitor, &sessions, "lesson-ended").await?;
        }
        _ => return Err(Fault::new(FaultKind::BadRequest, "a lesson is opened or ended")),
    }
    Ok(hub.see_other(&address(&place)))
}

/// Ends sessions that are none any more, so that services hear of it at once.
async fn end(hub: &Hub, visitor: &Visitor, sessions: &[Session], why: &'static str) -> Result<(), Fault> {
    for session in sessions {
        hub.end_session(&session.id, why, visitor.correlation()).await?;
    }
    Ok(())
}

fn address(place: &ClassPlace) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("class", &place.class).finish();
    format!("{HERE}?{query}")
}

/// Takes the card of one child back, lets it open again, or ends the session it opened.
async fn card(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (teacher, fields, place) = match sent(&hub, &visitor, &body, false).await? {
        Ok(sent) => sent,
        Err(response) => return Ok(response),
    };
    let pupil = PersonId::new(fields.required("pupil")?);
    let known = hub.store.card_of(&pupil).await?.filter(|card| card.place == place);
    known.ok_or_else(nothing)?;
    let mut sessions = hub.store.card_sessions(&place, hub.now()).await?;
    sessions.retain(|session| session.person == pupil);
    match fields.required("what")? {
        "revoke" => {
            tell(&hub, &visitor, &teacher, Some(&pupil), "card-revoked").await?;
            hub.store.revoke_card(&place, &pupil).await?;
            end(&hub, &visitor, &sessions, "card-revoked").await?;
        }
        "restore" => {
            tell(&hub, &visitor, &teacher, Some(&pupil), "card-restored").await?;
            hub.store.restore_card(&place, &pupil).await?;
        }
        "leave" => {
            tell(&hub, &visitor, &teacher, Some(&pupil), "card-left").await?;
            hub.store.leave_card(&place, &pupil).await?;
            end(&hub, &visitor, &sessions, "card-left").await?;
        }
        _ => return Err(Fault::new(FaultKind::BadRequest, "nothing that is done to a card")),
    }
    Ok(hub.see_other(&address(&place)))
}

/// Makes cards: of those who have none, of all, or of one child; those they had are worth nothing from now on.
async fn sheet(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (teacher, fields, place) = match sent(&hub, &visitor, &body, true).await? {
        Ok(sent) => sent,
        Err(response) => return Ok(response),
    };
    let (one, again) = (fields.one("pupil")?, fields.one("again")?.is_some());
    let there = hub.store.cards_of(&place).await?;
    let lacks = |pupil: &Person| there.iter().all(|card| card.person != pupil.id);
    let wanted = |pupil: &Person| match one {
        Some(id) => pupil.id.as_str() == id,
        None => again || lacks(pupil),
    };
    let pupils: Vec<Person> = pupils(&hub, &place).await?.into_iter().filter(wanted).collect();
    if pupils.is_empty() {
        return match one {
            Some(_) => Err(nothing()),
            None => page(&hub, &visitor, &teacher, &place, Some("cards-problem-nobody")).await,
        };
    }
    tell(&hub, &visitor, &teacher, pupils.iter().map(|pupil| &pupil.id), "card-made").await?;
    let mut sessions = hub.store.card_sessions(&place, hub.now()).await?;
    sessions.retain(|session| pupils.iter().any(|pupil| pupil.id == session.person));
    let made = make(&hub, &teacher, &place, &pupils).await?;
    end(&hub, &visitor, &sessions, "card-replaced").await?;
    let establishment = hub.store.establishment(&teacher.at).await?.ok_or_else(nothing)?;
    let printed = Printed::now(&hub, &visitor, &establishment.name);
    let name = teacher.all.iter().find(|one| one.code == place.class).map(|one| one.name.as_str());
    Ok(printed::document(&printed, name.unwrap_or(&place.class), &pupils, &made))
}

/// The code of a card, and its pictures.
pub(super) type Made = (String, [&'static Picture; PICTURES_OF_ONE]);

async fn make(hub: &Hub, teacher: &Teacher, place: &ClassPlace, pupils: &[Person]) -> Result<Vec<Made>, Fault> {
    let made: Vec<Made> = pupils.iter().map(|_| (hub.ids.text(LETTERS), drawn(&*hub.ids))).collect();
    let one = |(pupil, (code, pictures)): (&Person, &Made)| ClassCard {
        person: pupil.id.clone(),
        place: place.clone(),
        key: key(&hub.keyring, code),
        pictures: digest(&hub.keyring, code, pictures),
        made: hub.now(),
        by: Some(teacher.person.id.clone()),
        once: pupil.is_hosted(),
        tries: 0,
        spent: false,
        revoked: false,
        turn: 0,
    };
    let cards: Vec<ClassCard> = pupils.iter().zip(&made).map(one).collect();
    hub.store.put_cards(&cards).await?;
    Ok(made)
}
