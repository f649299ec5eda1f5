//! Cards of classes, and the lessons in which they open.

use crate::fixture::{LATER, NOW, beginning, change, conflicts, session, sourced, uai};
use preau_domain::{
    Authentication, AuthnMethod, ClassCard, ClassPlace, Instant, Lesson, OneTimeKey, PersonId, Seconds, Session, Tapped,
};
use preau_store::Store;

async fn somebody(store: &dyn Store, key: &str) -> PersonId {
    let person = sourced(key);
    store.put_people(None, &[change(person.clone())]).await.unwrap();
    person.id
}

fn class(code: &str) -> ClassPlace {
    ClassPlace { establishment: uai(1), class: code.into() }
}

fn card(person: &PersonId, key: &str) -> ClassCard {
    ClassCard {
        person: person.clone(),
        place: class("CP"),
        key: OneTimeKey::new(key),
        pictures: OneTimeKey::new("sun-fish-boat"),
        made: NOW,
        by: None,
        once: false,
        tries: 0,
        spent: false,
        revoked: false,
        turn: 0,
    }
}

fn lesson(until: Instant) -> Lesson {
    Lesson { place: class("CP"), by: PersonId::new("p-teacher"), from: NOW, until }
}

async fn tap(store: &dyn Store, key: &str, pictures: &str, now: Instant) -> Option<Tapped> {
    store.tap(&OneTimeKey::new(key), &OneTimeKey::new(pictures), now).await.unwrap()
}

fn right(person: &PersonId, turn: i64) -> Option<Tapped> {
    Some(Tapped::Right { person: person.clone(), turn, until: LATER })
}

/// A card is found by its code and its person; another one of the same person takes its place, and nobody has the code of somebody else.
pub async fn a_card_is_one_persons(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let by = Some(ali.clone());
    let first = ClassCard { by, once: true, ..card(&zoe, "z1") };
    store.put_cards(&[first.clone(), card(&ali, "a1")]).await.unwrap();
    assert_eq!(store.card(&OneTimeKey::new("z1")).await.unwrap(), Some(first));
    store.put_cards(&[card(&zoe, "z2")]).await.unwrap();
    assert_eq!(store.card(&OneTimeKey::new("z1")).await.unwrap(), None, "a reprint takes the former back");
    let second = ClassCard { turn: 1, ..card(&zoe, "z2") };
    assert_eq!(store.card_of(&zoe).await.unwrap(), Some(second.clone()));
    assert!(conflicts(&store.put_cards(&[card(&zoe, "z3"), card(&ali, "z2")]).await));
    assert!(conflicts(&store.put_cards(&[card(&zoe, "z3"), card(&PersonId::new("p-nobody"), "n")]).await));
    let mut all = [second, card(&ali, "a1")];
    all.sort_by(|a, b| a.person.cmp(&b.person));
    assert_eq!(store.cards_of(&class("CP")).await.unwrap(), all, "nothing of it happened");
    assert_eq!(store.cards_of(&class("CE1")).await.unwrap(), []);
}

/// A card opens in a lesson of its class and not before or after it, and a second opening moves the end of the lesson and not its beginning.
pub async fn a_card_opens_in_a_lesson(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, None, "there is no such card");
    store.put_cards(&[card(&zoe, "z1")]).await.unwrap();
    store.open_lesson(&Lesson { place: class("CE1"), ..lesson(LATER) }).await.unwrap();
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, Some(Tapped::NoLesson), "the lesson of others");
    store.open_lesson(&lesson(LATER)).await.unwrap();
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, right(&zoe, 1));
    assert_eq!(tap(store, "z1", "sun-fish-boat", LATER).await, Some(Tapped::NoLesson), "it ended by itself");
    let next = Lesson { from: Instant(NOW.0 + 1), ..lesson(LATER + Seconds(60)) };
    store.open_lesson(&next).await.unwrap();
    assert_eq!(store.lesson(&class("CP"), LATER).await.unwrap(), Some(Lesson { from: NOW, ..next }));
    assert!(store.end_lesson(&class("CP"), NOW).await.unwrap());
    assert!(!store.end_lesson(&class("CP"), NOW).await.unwrap(), "it ended already");
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, Some(Tapped::NoLesson));
    assert!(store.lesson(&class("CE1"), NOW).await.unwrap().is_some(), "of others nothing ended");
    store.sweep(LATER, NOW, 100).await.unwrap();
    assert_eq!(store.lesson(&class("CE1"), NOW).await.unwrap(), None, "what is over is forgotten");
}

/// After wrong pictures a card opens nothing, whatever is shown, until it is let open again; right ones before that forget the wrong ones.
pub async fn wrong_pictures_stop_a_card(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.put_cards(&[card(&zoe, "z1")]).await.unwrap();
    store.open_lesson(&lesson(LATER)).await.unwrap();
    for turn in 1..3 {
        for _ in 1..ClassCard::MOST_TRIES {
            assert_eq!(tap(store, "z1", "wrong", NOW).await, Some(Tapped::Wrong));
        }
        assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, right(&zoe, turn));
    }
    for _ in 0..ClassCard::MOST_TRIES {
        assert_eq!(tap(store, "z1", "wrong", NOW).await, Some(Tapped::Wrong));
    }
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, Some(Tapped::Stopped));
    assert!(!store.restore_card(&class("CE1"), &zoe).await.unwrap(), "of another class");
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, Some(Tapped::Stopped));
    assert!(store.restore_card(&class("CP"), &zoe).await.unwrap());
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, right(&zoe, 3));
}

/// A card that was taken back, or that opened its one session, opens again when somebody says so.
pub async fn a_card_is_taken_back_and_given_again(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.put_cards(&[ClassCard { once: true, ..card(&zoe, "z1") }]).await.unwrap();
    store.open_lesson(&lesson(LATER)).await.unwrap();
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, right(&zoe, 1));
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, Some(Tapped::Stopped), "once");
    store.restore_card(&class("CP"), &zoe).await.unwrap();
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, right(&zoe, 2));
    store.restore_card(&class("CP"), &zoe).await.unwrap();
    assert!(!store.revoke_card(&class("CE1"), &zoe).await.unwrap(), "of another class");
    assert!(store.revoke_card(&class("CP"), &zoe).await.unwrap());
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, Some(Tapped::Stopped));
    store.restore_card(&class("CP"), &zoe).await.unwrap();
    assert_eq!(tap(store, "z1", "sun-fish-boat", NOW).await, right(&zoe, 4), "taking back was a turn");
}

/// Of many who guess at once no more are heard than one after the other.
pub async fn many_who_guess_are_heard_three_times(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.put_cards(&[card(&zoe, "z1")]).await.unwrap();
    store.open_lesson(&lesson(LATER)).await.unwrap();
    let guesses = futures::future::join_all((0..20).map(|_| tap(store, "z1", "wrong", NOW))).await;
    let heard = guesses.iter().filter(|guess| **guess == Some(Tapped::Wrong)).count();
    assert_eq!(heard, ClassCard::MOST_TRIES as usize, "{guesses:?}");
    store.restore_card(&class("CP"), &zoe).await.unwrap();
    let right = futures::future::join_all((0..20).map(|_| tap(store, "z1", "sun-fish-boat", NOW))).await;
    let mut turns: Vec<i64> = right.iter().filter_map(turn).collect();
    turns.sort_unstable();
    assert_eq!(turns, (1..=20).collect::<Vec<_>>(), "control: right ones are all heard, each a turn of its own");
}

fn turn(tapped: &Option<Tapped>) -> Option<i64> {
    if let Some(Tapped::Right { turn, .. }) = tapped { Some(*turn) } else { None }
}

fn by_card(name: &str, person: &PersonId, turn: i64) -> Session {
    let proof = Authentication { turn: Some(turn), ..Authentication::here(AuthnMethod::ClassCard, NOW) };
    Session { authentication: proof, ..session(name, person.as_str()) }
}

/// The sessions of a class are those its cards opened last: not one by a password, nor one that another use, the end of the lesson or
/// somebody ended.
pub async fn sessions_of_cards_are_those_in_use(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.put_cards(&[card(&zoe, "z1")]).await.unwrap();
    store.open_lesson(&lesson(LATER)).await.unwrap();
    tap(store, "z1", "sun-fish-boat", NOW).await;
    tap(store, "z1", "sun-fish-boat", NOW).await;
    let (before, now) = (by_card("before", &zoe, 1), by_card("now", &zoe, 2));
    for one in [&before, &now, &session("password", zoe.as_str())] {
        store.begin_session(&beginning(one.clone())).await.unwrap();
    }
    let names = async || -> Vec<String> {
        let all = store.card_sessions(&class("CP"), NOW).await.unwrap();
        all.iter().map(|one| one.id.to_string()).collect()
    };
    assert_eq!(names().await, [now.id.to_string()]);
    assert!(store.leave_card(&class("CP"), &zoe).await.unwrap());
    assert_eq!(names().await, Vec::<String>::new(), "somebody ended it");
    store.begin_session(&beginning(by_card("again", &zoe, 3))).await.unwrap();
    assert_eq!(names().await.len(), 1, "control");
    store.end_lesson(&class("CP"), NOW).await.unwrap();
    assert_eq!(names().await, Vec::<String>::new());
}

/// Cards are made again while the lesson ends, and neither stops the other, in whatever order the rows lie.
pub async fn a_sheet_is_made_while_a_lesson_ends(store: &dyn Store) {
    let mut cards = Vec::new();
    for n in 0..12 {
        cards.push(card(&somebody(store, &format!("child-{n}")).await, &format!("c-{n}")));
    }
    cards.sort_by(|a, b| b.person.cmp(&a.person));
    // The last one is written first, and so lies before the others.
    for one in &cards {
        store.put_cards(std::slice::from_ref(one)).await.unwrap();
    }
    let again = |turn: u32| {
        let one = |card: &ClassCard| ClassCard {
            key: OneTimeKey::new(format!("{}-{turn}", card.key.as_str())),
            ..card.clone()
        };
        cards.iter().map(one).collect::<Vec<_>>()
    };
    let sheets = futures::future::join_all((0..20).map(async |turn| store.put_cards(&again(turn)).await));
    let ends = futures::future::join_all((0..20).map(async |_| {
        store.open_lesson(&lesson(LATER)).await?;
        store.end_lesson(&class("CP"), NOW).await
    }));
    let (sheets, ends) = futures::future::join(sheets, ends).await;
    assert!(sheets.iter().all(Result::is_ok), "{sheets:?}");
    assert!(ends.iter().all(Result::is_ok), "{ends:?}");
    assert_eq!(store.cards_of(&class("CP")).await.unwrap().len(), 12, "control");
}
