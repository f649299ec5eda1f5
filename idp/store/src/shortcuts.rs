//! What people keep at hand on their home page: favourites, and the services they opened last; and the language they prefer.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{AtHand, Instant, PersonId, ServiceId, Uai};

/// What is at hand, for one person in one establishment. It is forgotten with the person: nothing of it outlives their record
/// ([`crate::Lives::let_time_pass`]).
#[async_trait]
pub trait Shortcuts: Send + Sync {
    /// What a person keeps at hand in an establishment.
    async fn at_hand(&self, person: &PersonId, at: &Uai) -> Result<AtHand>;

    /// Adds a favourite; one that is there stays where it was. `Conflict` if there are [`AtHand::MOST_FAVOURITES`] of others already, or
    /// no such person; two callers at the same time may make it one more.
    async fn add_favourite(&self, person: &PersonId, at: &Uai, service: &ServiceId, now: Instant) -> Result<()>;

    /// Takes a favourite away; nothing happens if it is none.
    async fn remove_favourite(&self, person: &PersonId, at: &Uai, service: &ServiceId) -> Result<()>;

    /// Notes that a person opened a service; of those beyond the latest [`AtHand::MOST_RECENT`] nothing is left. `Conflict` if there is no
    /// such person.
    async fn note_opened(&self, person: &PersonId, at: &Uai, service: &ServiceId, now: Instant) -> Result<()>;

    /// The language a person chose for themselves, wherever they are.
    async fn language_of(&self, person: &PersonId) -> Result<Option<String>>;

    /// Notes the language a person chose, or that they prefer none. `Conflict` if there is no such person.
    async fn choose_language(&self, person: &PersonId, language: Option<&str>) -> Result<()>;
}
