//! Letters that wait for the mail server.

use crate::fixture::{LATER, NOW, conflicts, kept};
use preau_domain::{Instant, KeptKind, OneTimeKey, PersonId, Seconds};
use preau_store::{Answer, Delays, Letter, Store, TakenLetter, WaitingLetters};
use std::collections::BTreeSet;

/// A letter of that name, for ten minutes.
pub fn letter(id: &str) -> Letter {
    let person = Some(PersonId::new("p-zoe"));
    let (doc, expires) = (format!("sealed {id}"), NOW + Seconds(600));
    Letter { id: id.into(), kind: "code".into(), person, doc, at: NOW, expires }
}

async fn taken(store: &dyn Store, now: Instant) -> Vec<TakenLetter> {
    store.take_letters(now, now + Seconds(60), 100).await.unwrap()
}

fn names(taken: &[TakenLetter]) -> Vec<&str> {
    taken.iter().map(|one| one.letter.id.as_str()).collect()
}

/// A letter is taken again and again until it is settled, and each time it is the same one.
pub async fn a_letter_is_taken_until_it_is_settled(store: &dyn Store) {
    assert_eq!(store.post_letters(&[letter("a"), letter("b"), letter("c")]).await.unwrap(), 3);
    assert_eq!(taken(store, Instant(NOW.0 - 1)).await, [], "its time has not come");
    let first = taken(store, NOW).await;
    assert_eq!(names(&first), ["a", "b", "c"]);
    assert_eq!(first[0], TakenLetter { letter: letter("a"), tries: 1 });
    assert_eq!(taken(store, NOW + Seconds(59)).await, [], "somebody is sending them");
    store.settle_letter("a").await.unwrap();
    store.postpone_letter("b", NOW + Seconds(120)).await.unwrap();
    let again = taken(store, NOW + Seconds(60)).await;
    assert_eq!((names(&again), again[0].tries), (vec!["c"], 2), "whoever took it is gone");
    store.drop_letter("c").await.unwrap();
    assert_eq!(names(&taken(store, NOW + Seconds(120)).await), ["b"]);
    assert_eq!(taken(store, NOW + Seconds(600)).await, [], "it is of no use any more");
}

/// What is known by its name is not written again, also after it was sent, until it expires.
pub async fn a_letter_is_written_once(store: &dyn Store) {
    assert_eq!(store.post_letters(&[letter("a")]).await.unwrap(), 1);
    let other = Letter { doc: "another text".into(), ..letter("a") };
    assert_eq!(store.post_letters(&[other.clone(), letter("b")]).await.unwrap(), 1);
    assert_eq!(taken(store, NOW).await[0].letter.doc, "sealed a");
    store.settle_letter("a").await.unwrap();
    assert_eq!(store.post_letters(std::slice::from_ref(&other)).await.unwrap(), 0, "it was sent");
    assert_eq!(store.sweep(Instant(letter("a").expires.0 - 1), NOW, 100).await.unwrap().letters, 0);
    assert_eq!(store.sweep(letter("a").expires, NOW, 100).await.unwrap().letters, 2);
    assert_eq!(store.post_letters(&[other]).await.unwrap(), 1, "control");
}

/// What anybody may write is bounded, by its kind.
pub async fn requests_are_bounded(store: &dyn Store) {
    let asked = |id: &str| Letter { kind: "asked".into(), person: None, ..letter(id) };
    store.post_letters(&[letter("of-another-kind")]).await.unwrap();
    for id in ["a", "b", "c"] {
        store.post_request(&asked(id), 3).await.unwrap();
    }
    assert!(conflicts(&store.post_request(&asked("d"), 3).await));
    assert!(!names(&taken(store, NOW).await).contains(&"d"));
    store.drop_letter("a").await.unwrap();
    store.post_request(&asked("e"), 3).await.unwrap();
}

/// Those that are of no use soon come before those that wait for longer.
pub async fn what_is_urgent_is_taken_first(store: &dyn Store) {
    let reminder = |n: u32| Letter { expires: NOW + Seconds(86_400), ..letter(&format!("r{n:02}")) };
    store.post_letters(&(0..20).map(reminder).collect::<Vec<_>>()).await.unwrap();
    let (at, later) = (NOW + Seconds(1), NOW + Seconds(2));
    store.post_letters(&[Letter { at, ..letter("code") }]).await.unwrap();
    let first = store.take_letters(later, later + Seconds(60), 3).await.unwrap();
    assert_eq!(names(&first), ["code", "r00", "r01"]);
}

const HOURLY: Delays = Delays(&[(2, 3_600_000)]);

/// An answer to a request, with a document that says so.
fn answer(id: &str, counter: &str) -> Answer {
    Answer { letter: letter(id), counter: counter.into(), kept: vec![kept("code", id)] }
}

/// A request goes with all that answers it, once; what would be too many is not written, and nothing that goes with it.
pub async fn a_request_is_answered_in_one_stroke(store: &dyn Store) {
    let request = async |id: &str| store.post_request(&Letter { person: None, ..letter(id) }, 9).await.unwrap();
    let said = async || {
        let found = store.kept(&OneTimeKey::new("code"), KeptKind::PushedRequest, NOW).await.unwrap();
        found.map(|thing| thing.doc)
    };
    for (id, written) in [("a", true), ("b", true), ("c", false)] {
        request("asked").await;
        let answers = [answer(id, "mailbox"), Answer { kept: Vec::new(), ..answer(&format!("other-{id}"), id) }];
        let answered = store.answer_request("asked", &answers, NOW, HOURLY).await.unwrap();
        assert_eq!(answered, Some(vec![written, true]), "{id}");
        assert_eq!(store.answer_request("asked", &answers, NOW, HOURLY).await.unwrap(), None, "it is gone");
    }
    assert_eq!(said().await.as_deref(), Some("b"), "in place of the one before, and by none that was too many");
    assert_eq!(names(&taken(store, NOW).await), ["a", "b", "other-a", "other-b", "other-c"]);
    request("long").await;
    let long = Answer { kept: vec![kept("long", &"x".repeat(70_000))], ..answer("d", "d") };
    assert!(store.answer_request("long", &[answer("e", "e"), long], NOW, HOURLY).await.is_err());
    assert_eq!((names(&taken(store, NOW).await), said().await.as_deref()), (vec!["long"], Some("b")), "nothing of it");
}

/// Of many who answer one request one does.
pub async fn one_of_many_answers_a_request(store: &dyn Store) {
    store.post_request(&Letter { person: None, ..letter("asked") }, 9).await.unwrap();
    let answers: Vec<[Answer; 1]> = (0..8).map(|n| [answer(&format!("l{n}"), "mailbox")]).collect();
    let all = answers.iter().map(|answers| store.answer_request("asked", answers, NOW, HOURLY));
    let all = futures::future::join_all(all).await;
    assert_eq!(all.iter().filter(|one| matches!(one, Ok(Some(_)))).count(), 1, "{all:?}");
    assert_eq!(taken(store, NOW).await.len(), 1);
}

/// Among takers at the same moment each letter goes to one.
pub async fn one_of_many_takes_a_letter(store: &dyn Store) {
    let all: Vec<Letter> = (0..30).map(|n| letter(&format!("l{n:02}"))).collect();
    store.post_letters(&all).await.unwrap();
    let answers = futures::future::join_all((0..20).map(|_| store.take_letters(NOW, LATER, 7))).await;
    let mut ids: Vec<String> = answers.into_iter().flat_map(|one| one.unwrap()).map(|one| one.letter.id).collect();
    while let [one, ..] = &store.take_letters(NOW, LATER, 7).await.unwrap()[..] {
        ids.push(one.letter.id.clone());
    }
    let (count, once) = (ids.len(), ids.into_iter().collect::<BTreeSet<_>>().len());
    assert!(count >= 7 && count == once, "none twice: {count} {once}");
}

/// Those that wait are counted, and no others.
pub async fn waiting_letters_are_counted(store: &dyn Store) {
    assert_eq!(store.waiting_letters(NOW).await.unwrap(), WaitingLetters::default());
    store.post_letters(&[Letter { at: LATER, ..letter("late") }, letter("a"), letter("sent")]).await.unwrap();
    store.settle_letter("sent").await.unwrap();
    store.postpone_letter("a", LATER).await.unwrap();
    assert_eq!(store.waiting_letters(NOW).await.unwrap(), WaitingLetters { count: 2, oldest: Some(NOW) });
    assert_eq!(store.waiting_letters(NOW + Seconds(600)).await.unwrap(), WaitingLetters::default(), "too old");
}
