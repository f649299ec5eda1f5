//! Cards of classes, and the lessons in which they open.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{ClassCard, ClassPlace, Instant, Lesson, OneTimeKey, PersonId, Session, Tapped};

/// Cards and lessons. A card goes with what is known of its person.
#[async_trait]
pub trait Cards: Send + Sync {
    /// Keeps cards, each in place of the one its person had, with the sessions that one opened being none from now on. `Conflict` if a
    /// person is not there or a code is somebody else's: then none was kept.
    async fn put_cards(&self, cards: &[ClassCard]) -> Result<()>;

    /// The card of that code.
    async fn card(&self, key: &OneTimeKey) -> Result<Option<ClassCard>>;

    /// The card of a person.
    async fn card_of(&self, person: &PersonId) -> Result<Option<ClassCard>>;

    /// The cards of a class, at most 500.
    async fn cards_of(&self, place: &ClassPlace) -> Result<Vec<ClassCard>>;

    /// Tries pictures on a card, in a lesson of its class: right ones bring it into use, once more or for the only time, and what was wrong
    /// before is forgotten; wrong ones are counted. Of concurrent tries no more are looked at than [`ClassCard::MOST_TRIES`]. `None` when
    /// there is no such card.
    async fn tap(&self, key: &OneTimeKey, pictures: &OneTimeKey, now: Instant) -> Result<Option<Tapped>>;

    /// Takes a card of that class back: it opens nothing, and sessions it opened are none from now on. False when there is none.
    async fn revoke_card(&self, place: &ClassPlace, person: &PersonId) -> Result<bool>;

    /// Lets a card of that class open again: one that was taken back, that was tried with wrong pictures, or that opened its one session.
    /// False when there is none.
    async fn restore_card(&self, place: &ClassPlace, person: &PersonId) -> Result<bool>;

    /// Makes the sessions a card of that class opened none; the card goes on. False when there is none.
    async fn leave_card(&self, place: &ClassPlace, person: &PersonId) -> Result<bool>;

    /// Opens a lesson, or moves the end of the one there is, which began when it began.
    async fn open_lesson(&self, lesson: &Lesson) -> Result<()>;

    /// The lesson of a class, unless it is over at `now`.
    async fn lesson(&self, place: &ClassPlace, now: Instant) -> Result<Option<Lesson>>;

    /// Ends a lesson: sessions of cards of the class are none from now on. False when there was none.
    async fn end_lesson(&self, place: &ClassPlace, now: Instant) -> Result<bool>;

    /// Sessions that cards of a class opened and that are not over, in the order in which they began.
    async fn card_sessions(&self, place: &ClassPlace, now: Instant) -> Result<Vec<Session>>;
}
