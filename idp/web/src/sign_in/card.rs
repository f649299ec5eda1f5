//! The step that takes a card of a class: whose it is, and the three pictures that its child knows.
//!
//! A card opens in a lesson, on the network of the school or in its hours ([`crate::cards`]). Of anything else its child is told to ask their
//! teacher, and no try is counted.

use super::enter::enter;
use super::{begin_on, carried, leads_to_service, load, posted, said, token};
use crate::activation::{read, shown};
use crate::cards::{chosen, digest, is_of, key};
use crate::pages::{self, CardPage, PicturesPage};
use crate::{Fault, Fields, Hub, Visitor, spaces};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{
    AuditEvent, AuditKind, Authentication, AuthnMethod, ClassCard, PendingSignIn, Person, PersonId, Tapped,
};
use std::sync::Arc;

/// Somebody follows the address of a card: a sign-in begins on the page of cards. What stands behind `#` stays with their browser.
pub async fn begin(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    hub.cards_are_there()?;
    begin_on(&hub, &visitor, "card").await
}

/// Asks for the code of the card.
pub async fn ask(State(hub): State<Arc<Hub>>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Fault> {
    hub.cards_are_there()?;
    let pending = load(&hub, &visitor, &id).await?;
    Ok(page(&hub, &visitor, &pending, "", None))
}

fn page(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, typed: &str, problem: Option<&'static str>) -> Response {
    let asks = CardPage {
        pending_id: pending.id.as_str(),
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        // In groups where it may be a code; what is longer is none.
        typed: read(typed).map_or_else(|| typed.chars().take(40).collect(), |code| shown(&code)),
        problem,
    };
    said(pages::card(hub, visitor, asks), problem)
}

/// Asks for the pictures.
fn ask_pictures(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    (code, name): (&str, &str),
    problem: Option<&'static str>,
) -> Response {
    let shown = PicturesPage {
        pending_id: pending.id.as_str(),
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        code,
        name,
        problem,
    };
    leads_to_service(hub, pending, said(pages::pictures(hub, visitor, shown), problem))
}

/// A card that somebody showed, and whose it is now.
struct Shown {
    code: String,
    card: ClassCard,
    person: Person,
}

/// The card of a code, while its person is of its class and nothing more than a child.
async fn card_shown(hub: &Hub, typed: &str) -> Result<Option<Shown>, Fault> {
    let Some(code) = read(typed) else { return Ok(None) };
    let Some(card) = hub.store.card(&key(&hub.keyring, &code)).await? else { return Ok(None) };
    let Some(person) = hub.store.person(&card.person).await? else { return Ok(None) };
    let (person, _) = spaces::of(&*hub.store, person, hub.now()).await?;
    let good = person.id == card.person && person.state.may_sign_in() && is_of(&person, &card.place);
    Ok(good.then_some(Shown { code, card, person }))
}

/// Takes the code, and then the pictures.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    hub.cards_are_there()?;
    let (pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let typed = fields.required("code")?;
    let Some(Shown { code, card, person }) = card_shown(&hub, typed).await? else {
        told(&hub, &visitor, &pending, None, "unknown-card");
        return Ok(page(&hub, &visitor, &pending, typed, Some("card-problem-unknown")));
    };
    let no = |why, problem| {
        told(&hub, &visitor, &pending, Some(&card.person), why);
        Ok(page(&hub, &visitor, &pending, typed, Some(problem)))
    };
    let until = hub.cards_until(&visitor, &card.place.establishment);
    if hub.store.lesson(&card.place, hub.now()).await?.is_none() {
        return no("card-outside-lesson", "card-problem-closed");
    }
    // Their teacher sees an open lesson: to ask for one would help nobody.
    if until.is_none() {
        return no("card-elsewhere", "card-problem-elsewhere");
    }
    if !card.opens() {
        return no("card-stopped", "card-problem-stopped");
    }
    let again = |problem| ask_pictures(&hub, &visitor, &pending, (&code, &person.given_name), problem);
    let pictures = match tapped(&fields) {
        None => return Ok(again(None)),
        Some(names) => match chosen(names.into_iter()) {
            Some(pictures) => pictures,
            None => return Ok(again(Some("card-problem-three"))),
        },
    };
    match hub.store.tap(&card.key, &digest(&hub.keyring, &code, &pictures), hub.now()).await? {
        Some(Tapped::Right { turn, .. }) => {
            let proof = Authentication::here(AuthnMethod::ClassCard, hub.now());
            let proof = Authentication { turn: Some(turn), ..proof };
            let besides = |_| async { left(&hub, &visitor, &card.person, turn).await.map(|()| None) };
            enter(&hub, &visitor, pending, &card.person, proof, besides).await
        }
        Some(Tapped::Wrong) => {
            told(&hub, &visitor, &pending, Some(&card.person), "card-wrong-pictures");
            // Whoever was wrong for the last time is not told to try again.
            match hub.store.card(&card.key).await?.filter(ClassCard::opens) {
                Some(_) => Ok(again(Some("card-problem-pictures"))),
                None => Ok(page(&hub, &visitor, &pending, typed, Some("card-problem-stopped"))),
            }
        }
        Some(Tapped::NoLesson) => no("card-outside-lesson", "card-problem-closed"),
        Some(Tapped::Stopped) => no("card-stopped", "card-problem-stopped"),
        None => no("unknown-card", "card-problem-unknown"),
    }
}

/// Ends what the card opened in other browsers: it is none any more, and services hear of it now and not when the lesson is over.
async fn left(hub: &Hub, visitor: &Visitor, person: &PersonId, turn: i64) -> Result<(), Fault> {
    for session in hub.store.sessions_of(person, hub.now()).await? {
        let before = session.authentication.turn.is_some_and(|one| one < turn);
        // That of this browser goes on under another name, with what it opened.
        if before && visitor.session.as_ref() != Some(&session.id) {
            hub.end_session(&session.id, "card-used-elsewhere", visitor.correlation()).await?;
        }
    }
    Ok(())
}

/// The pictures that a form names; none where it asked for the code alone.
fn tapped(fields: &Fields) -> Option<Vec<&str>> {
    let asked = fields.iter().any(|(name, _)| name == "pictures");
    asked.then(|| fields.iter().filter(|(name, _)| *name == "picture").map(|(_, value)| value).collect())
}

/// The card opens nothing now: the journal hears why.
fn told(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, person: Option<&PersonId>, why: &'static str) {
    let mut event = AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), why);
    (event.person, event.service) = (person.cloned(), pending.service.clone());
    hub.audit(event);
}
