//! Cards of classes: how a child who reads no password yet signs in, for a lesson and in class.
//!
//! A card has a code of 60 bits, which is in its drawing, and three pictures out of twelve that its child knows and no paper of theirs shows;
//! both are kept by codes of the master key. It opens while the teacher has a lesson open, on the network of the school or in its hours, and
//! a session of one is looked at again each time it is read: it goes on while the lesson lasts, the card is the one it was, and nobody used
//! it since. Making cards and opening lessons is `class`, what is printed `printed`, the step of a sign-in `sign_in/card`.

mod class;
mod config;
mod printed;

pub(crate) use class::{Taught, is_for};
pub use config::{ClassCardsAt, ClassCardsConfig};

use crate::{Fault, FaultKind, Hub, Visitor};
use axum::Router;
use preau_domain::{
    ClassPlace, Ids, Instant, LocalTime, OneTimeKey, Person, PersonId, Profile, SPACE_GROUP, Session, SpaceGrant, Uai,
};
use preau_keys::Keyring;
use preau_paper::{PICTURES, Picture};
use preau_store::{Result as Stored, Store};
use std::sync::Arc;

/// Pictures of a card.
pub(crate) const PICTURES_OF_ONE: usize = 3;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    class::routes()
}

/// The name under which the code of a card is kept.
pub(crate) fn key(keyring: &Keyring, code: &str) -> OneTimeKey {
    OneTimeKey::new(keyring.mac("class-card", &[code]))
}

/// Three different pictures by their names, in the order of all of them, whatever the order they come in; `None` for anything else.
pub(crate) fn chosen<'a>(names: impl Iterator<Item = &'a str>) -> Option<[&'static Picture; PICTURES_OF_ONE]> {
    let names: Vec<&str> = names.collect();
    let found: Vec<&'static Picture> = PICTURES.iter().filter(|one| names.contains(&one.name)).collect();
    let all = <[&Picture; PICTURES_OF_ONE]>::try_from(found).ok()?;
    (names.len() == PICTURES_OF_ONE).then_some(all)
}

/// What is kept of the pictures of a card: by the code as well, so that the same three are another text on every card.
pub(crate) fn digest(keyring: &Keyring, code: &str, pictures: &[&Picture; PICTURES_OF_ONE]) -> OneTimeKey {
    let [first, second, third] = pictures.map(|picture| picture.name);
    OneTimeKey::new(keyring.mac("class-card-pictures", &[code, first, second, third]))
}

/// Draws three pictures out of all, each three as likely as any other.
fn drawn(ids: &dyn Ids) -> [&'static Picture; PICTURES_OF_ONE] {
    loop {
        let mut bytes = [0u8; 16];
        ids.fill(&mut bytes);
        // Bytes above the last multiple of twelve would make some likelier.
        let fair = bytes.iter().filter(|byte| usize::from(**byte) < 256 / PICTURES.len() * PICTURES.len());
        let mut found: Vec<&'static Picture> = Vec::new();
        for picture in fair.filter_map(|byte| PICTURES.get(usize::from(*byte) % PICTURES.len())) {
            if found.len() < PICTURES_OF_ONE && !found.contains(&picture) {
                found.push(picture);
            }
        }
        if let Some(all) = chosen(found.iter().map(|picture| picture.name)) {
            return all;
        }
    }
}

/// Whether somebody is of a class or, as a guest, of a space.
pub(crate) fn is_of(person: &Person, place: &ClassPlace) -> bool {
    person.affiliations.iter().any(|one| belongs(person, one, place))
}

fn belongs(person: &Person, one: &preau_domain::Affiliation, place: &ClassPlace) -> bool {
    let in_it = match person.is_hosted() {
        true => one.groups.contains(&place.class),
        false => one.profile == Profile::Pupil && one.classes.contains(&place.class),
    };
    in_it && one.establishment == place.establishment
}

/// Leaves of somebody what they are in a class, and nothing else.
pub(crate) fn narrow(person: &mut Person, spaces: &mut Vec<SpaceGrant>, place: &ClassPlace) {
    let whole = person.clone();
    person.affiliations.retain(|one| belongs(&whole, one, place));
    person.children.clear();
    let roles = format!("{}:", place.class);
    for one in &mut person.affiliations {
        match whole.is_hosted() {
            true => one.groups.retain(|group| *group == place.class || group.starts_with(&roles)),
            false => one.classes.retain(|class| *class == place.class),
        }
    }
    if whole.is_hosted() {
        spaces.retain(|grant| place.class.strip_prefix(SPACE_GROUP) == Some(grant.space.as_str()));
    }
}

/// The class of the card that opened a session, if it still opens it: its lesson lasts, nobody took it back or made another one, and this is
/// its latest use.
pub(crate) async fn in_use(store: &dyn Store, session: &Session, now: Instant) -> Stored<Option<ClassPlace>> {
    let Some(card) = store.card_of(&session.person).await? else { return Ok(None) };
    if card.revoked || session.authentication.turn != Some(card.turn) {
        return Ok(None);
    }
    Ok(store.lesson(&card.place, now).await?.map(|_| card.place))
}

impl Hub {
    /// Nothing of cards exists in a house where they open nowhere.
    pub(crate) fn cards_are_there(&self) -> Result<(), Fault> {
        let nothing = || Fault::new(FaultKind::NotFound, "a card of a class, where there are none");
        self.config.class_cards.anywhere().then_some(()).ok_or_else(nothing)
    }

    /// Until when cards of an establishment open there, seen from a browser: on the network of the school as long as anything, else until its
    /// hours of class are over. `None` where and when they do not.
    pub(crate) fn cards_until(&self, visitor: &Visitor, at: &Uai) -> Option<Instant> {
        let (now, here) = (self.now(), self.config.class_cards.at(at)?);
        if visitor.address.is_some_and(|address| here.networks.iter().any(|network| network.contains(address))) {
            return Some(Instant(i64::MAX));
        }
        here.hours.as_ref().and_then(|hours| shuts(hours, at, now))
    }

    /// The end of the session that somebody's card opens now, seen from a browser: that of its lesson, and no later than cards open there.
    pub(crate) async fn card_until(&self, visitor: &Visitor, person: &PersonId) -> Result<Instant, Fault> {
        let over = || Fault::new(FaultKind::ClassCard, "the lesson is over");
        let card = self.store.card_of(person).await?.ok_or_else(over)?;
        let until = self.cards_until(visitor, &card.place.establishment).ok_or_else(over)?;
        let lesson = self.store.lesson(&card.place, self.now()).await?.ok_or_else(over)?;
        Ok(lesson.until.min(until))
    }
}

/// When hours that are open now shut again.
fn shuts(hours: &preau_domain::Window, at: &Uai, now: Instant) -> Option<Instant> {
    let clock = LocalTime::at(at, now)?;
    let left = i64::from(hours.shuts(clock)?) - i64::from(clock.minute);
    Some(Instant(now.0 - now.0.rem_euclid(60_000) + left * 60_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Affiliation, Ids};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Numbers that are spread, and the same each time.
    #[derive(Default)]
    struct Numbers(AtomicU32);

    impl Ids for Numbers {
        fn fill(&self, out: &mut [u8]) {
            for byte in out {
                let next = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(2_654_435_761);
                *byte = (next ^ (next >> 13)).to_be_bytes()[1];
            }
        }
    }

    #[test]
    fn pictures_are_three_different_ones_in_any_order() {
        let names = |all: [&'static str; 3]| chosen(all.into_iter()).map(|found| found.map(|one| one.name));
        assert_eq!(names(["fish", "sun", "boat"]), Some(["sun", "fish", "boat"]));
        assert_eq!(names(["boat", "fish", "sun"]), Some(["sun", "fish", "boat"]));
        assert_eq!(names(["fish", "fish", "sun"]), None);
        assert_eq!(names(["fish", "sun", "whale"]), None);
        for wrong in [&["sun", "fish"][..], &["sun", "fish", "boat", "moon"], &["sun", "fish", "boat", "boat"], &[]] {
            assert!(chosen(wrong.iter().copied()).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn every_picture_is_drawn_about_as_often() {
        let ids = Numbers::default();
        let mut counts = [0usize; 12];
        for _ in 0..4_800 {
            for picture in drawn(&ids) {
                counts[PICTURES.iter().position(|one| one.name == picture.name).unwrap()] += 1;
            }
        }
        assert!(counts.iter().all(|count| (1_000..1_400).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_card_leaves_of_somebody_what_they_are_in_the_class() {
        let uai = |text: &str| text.parse::<Uai>().unwrap();
        let one = |at: &str, profile, classes: &[&str]| Affiliation {
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            ..Affiliation::new(uai(at), profile)
        };
        let text =
            r#"{"id":"p1","state":"active","given_name":"Lou","family_name":"Vanneau","credentials":"directory"}"#;
        let mut person: Person = serde_json::from_str(text).unwrap();
        person.affiliations = vec![
            one("0990001N", Profile::Pupil, &["CP", "ULIS"]),
            one("0990001N", Profile::Teacher, &["CP"]),
            one("0990002P", Profile::Pupil, &["CP"]),
        ];
        let place = ClassPlace { establishment: uai("0990001N"), class: "CP".into() };
        assert!(is_of(&person, &place));
        narrow(&mut person, &mut Vec::new(), &place);
        assert_eq!(person.affiliations, [one("0990001N", Profile::Pupil, &["CP"])]);
        assert!(!is_of(&person, &ClassPlace { class: "ULIS".into(), ..place }));
    }
}
