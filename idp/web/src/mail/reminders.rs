//! Reminders of spaces that are over soon, to those who manage them, once for each end.

use super::{LetterKind, Say, address};
use crate::pages::last_day_of;
use crate::{Fault, Hub, Locale};
use preau_domain::{Instant, Person, Seconds, Space};
use preau_hosting::{managers, next_summer};

/// How long before its end a space is reminded of: as the home page does.
pub const BEFORE_THE_END: Seconds = Seconds(30 * 86_400);
/// Spaces looked at in one turn.
const AT_ONCE: u32 = 50;
/// People of an establishment looked at.
const MOST_PEOPLE: u32 = 20_000;
/// Managers of one space who are written to.
const MOST_MANAGERS: usize = 20;

impl Hub {
    /// Writes to those who manage spaces that are over soon; says whether there may be more. Two servers that do it at once write each
    /// letter once.
    pub async fn remind_of_ends(&self) -> Result<bool, Fault> {
        if !self.sends_mail() {
            return Ok(false);
        }
        let now = self.now();
        let spaces = self.store.spaces_to_remind_of(now, now + BEFORE_THE_END, AT_ONCE).await?;
        for space in &spaces {
            self.remind_of(space, now).await?;
            self.store.note_reminded(&space.id, space.until).await?;
        }
        Ok(spaces.len() >= AT_ONCE as usize)
    }

    async fn remind_of(&self, space: &Space, now: Instant) -> Result<(), Fault> {
        let convention = match &space.convention {
            Some(id) => self.store.convention(id).await?,
            None => None,
        };
        if convention.as_ref().is_some_and(|one| !one.in_force(now)) {
            return Ok(());
        }
        let longest = convention.map_or_else(|| next_summer(now), |one| one.until.min(next_summer(now)));
        let further = if longest > space.until { "yes" } else { "no" };
        let people = self.store.people_at(&space.host, MOST_PEOPLE).await?;
        let reached = managers(&people, space).into_iter().filter(|person| address(person).is_some());
        let reached: Vec<&Person> = reached.take(MOST_MANAGERS).collect();
        for person in reached {
            let end = space.until.0.to_string();
            let id = Some(self.keyring.mac("space-ends", &[&space.id, &end, person.id.as_str()]));
            let lasts = Seconds((space.until - now) / 1_000);
            let (kind, locale) = (LetterKind::SpaceEnds, self.pen().language(person, Locale::Fr).await?);
            let (when, until) = (last_day_of(self, locale, space.until), last_day_of(self, locale, longest));
            let words = [
                ("title", space.title.as_str()),
                ("space", space.id.as_str()),
                ("when", when.as_str()),
                ("until", until.as_str()),
                ("further", further),
            ];
            self.write_to(person, Say { kind, locale, lasts, words: &words, id }).await?;
        }
        Ok(())
    }
}
