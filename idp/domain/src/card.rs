//! How a child who cannot read a password comes in: a card of their class, three pictures, and a lesson that their teacher opens.

use crate::{Instant, OneTimeKey, PersonId, Uai};

/// Pupils who are taught together: a class of an establishment, or the guests of a shared space there, by the name of its group
/// (`espace:<space>`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassPlace {
    /// Where.
    pub establishment: Uai,
    /// The code of the class, or the name of the group.
    pub class: String,
}

/// A card of a class. A person has one at most: another one takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCard {
    /// Whose.
    pub person: PersonId,
    /// Of which class.
    pub place: ClassPlace,
    /// The digest of the code: the code itself is on paper and nowhere else.
    pub key: OneTimeKey,
    /// The digest of its pictures under the master key, with the code.
    pub pictures: OneTimeKey,
    /// When it was made.
    pub made: Instant,
    /// Who made it; nobody any more once that account is purged.
    pub by: Option<PersonId>,
    /// It opens one session, and nothing more before the teacher says so again.
    pub once: bool,
    /// Wrong pictures since the last right ones.
    pub tries: u32,
    /// It opened its one session.
    pub spent: bool,
    /// The teacher took it back.
    pub revoked: bool,
    /// How often it came into use or was stopped: a session goes on for as long as this is what it was when it began.
    pub turn: i64,
}

impl ClassCard {
    /// Wrong pictures in a row after which a card opens nothing before the teacher says so. Of 220 threes of twelve pictures, whoever
    /// found a card guesses right in one of seventy-three.
    pub const MOST_TRIES: u32 = 3;

    /// Whether pictures are looked at.
    pub fn opens(&self) -> bool {
        !self.revoked && !self.spent && self.tries < Self::MOST_TRIES
    }
}

/// A while in which the cards of a class open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Of which class.
    pub place: ClassPlace,
    /// Who opened it.
    pub by: PersonId,
    /// Since when.
    pub from: Instant,
    /// From then on it is over.
    pub until: Instant,
}

/// What came of a card and three pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tapped {
    /// They are its pictures: whose card it is, which use of it this is, and when the lesson ends.
    Right {
        /// Whose.
        person: PersonId,
        /// See [`ClassCard::turn`].
        turn: i64,
        /// The end of the lesson.
        until: Instant,
    },
    /// They are not, and that was counted.
    Wrong,
    /// The card opens nothing, whatever the pictures; nothing was counted.
    Stopped,
    /// Its class has no lesson now; nothing was counted.
    NoLesson,
}
