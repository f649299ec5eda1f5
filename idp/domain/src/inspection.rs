//! An inspector's access to the space of one teacher in one service: granted for a time, with a reason, and known to the teacher.

use crate::{Instant, PersonId, Seconds, ServiceId, Uai};
use serde::{Deserialize, Serialize};

/// See the module. It opens the one service to the one inspector, as a visitor and nothing more, between two instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Its name: drawn, and a secret of nobody.
    pub id: String,
    /// Who looks.
    pub inspector: PersonId,
    /// Whose space it is.
    pub teacher: PersonId,
    /// Where that teacher teaches: the establishment that grants it, or for which an operator does.
    pub establishment: Uai,
    /// The service that holds the space.
    pub service: ServiceId,
    /// What the service calls the teacher: the identifier it was told, or would be told.
    pub space: String,
    /// Why, as the teacher reads it.
    pub reason: String,
    /// The head who granted it; none where an operator did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// From then on.
    pub from: Instant,
    /// Before then.
    pub until: Instant,
}

impl Inspection {
    /// Days it lasts where nobody says otherwise.
    pub const USUAL_DAYS: i64 = 7;
    /// Days it lasts at most. It is never prolonged: another one has its own reason, and the teacher hears of it.
    pub const MOST_DAYS: i64 = 30;
    /// Characters of a reason at least and at most.
    pub const REASON: std::ops::RangeInclusive<usize> = 10..=500;
    /// So long after its end the home page of the teacher still says that it was.
    pub const SAID_AFTER: Seconds = Seconds(30 * 86_400);
    /// And so long after its end it is known at all.
    pub const KEPT: Seconds = Seconds(400 * 86_400);
    /// Most of one person that are looked at.
    pub const MOST: u32 = 50;
    /// Most that are granted of one teacher's spaces in a day: the teacher has a letter of each, and one more of each that is ended early.
    pub const MOST_A_DAY: usize = 8;

    /// Whether it holds at that instant.
    pub fn holds(&self, now: Instant) -> bool {
        self.from <= now && now < self.until
    }

    /// The reason as it is kept: one line, without blanks around it. Absent when it is too short to be one, or too long.
    pub fn reason(said: &str) -> Option<String> {
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let sound = Inspection::REASON.contains(&line.chars().count()) && !line.chars().any(char::is_control);
        sound.then_some(line)
    }

    /// When one of so many days ends that begins now; absent when those are none, or too many.
    pub fn end(now: Instant, days: i64) -> Option<Instant> {
        (1..=Inspection::MOST_DAYS).contains(&days).then(|| now + Seconds(days * 86_400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_line_that_says_something() {
        assert_eq!(Inspection::reason("  Rendez-vous de\n carrière "), Some("Rendez-vous de carrière".into()));
        assert_eq!(Inspection::reason("  visite \n\n\n     "), None);
        assert_eq!(Inspection::reason(&"x".repeat(501)), None);
    }

    #[test]
    fn it_lasts_a_month_at_most() {
        let end = |days| Inspection::end(Instant(0), days);
        assert_eq!((end(0), end(31), end(-1), end(i64::MAX)), (None, None, None, None));
        assert_eq!(end(30), Some(Instant(30 * 86_400_000)));
    }
}
