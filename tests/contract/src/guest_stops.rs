//! Promises of what keeps guests out, and of what does not: stops, spaces that move, classes that two spaces call otherwise.

use crate::fixture::{LATER, NOW, conflicts, uai, winners};
use crate::hosting::{END, all, convention, guest, is_in, list, newcomer, set_up, space};
use preau_domain::{
    Convention, ConventionState, Instant, Lifter, PersonId, Public, Role, Seconds, Space, SpaceGroup, StopLift, Uai,
    stops_convention,
};
use preau_store::ConventionsAt::{self, ForAll, Meeting, Named};
use preau_store::{Admission, Admitted, NewGuest, StopsOf, Store};

const DAY: i64 = 86_400;

/// That somebody lifts a stop.
pub(crate) fn lift(host: &Uai, whom: &str, space: Option<&str>, by: Lifter) -> StopLift {
    let (space, why) = (space.map(str::to_owned), String::new());
    StopLift { host: host.clone(), whom: whom.to_owned(), space, person: None, by, why, at: NOW }
}

/// A stop that was lifted is known to have been, by whom, for a month, to those who read of it; it is forgotten when somebody says it again, and goes
/// with the account.
pub async fn who_lifted_a_stop_is_known_for_a_while(store: &dyn Store) {
    for_years(store).await;
    store.admit(&list("b", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    for number in [1, 2] {
        store.stop_guest(&uai(1), Some("fables"), &guest(number), true, NOW).await.unwrap();
        store.stop_guest(&uai(1), None, &guest(number), true, NOW).await.unwrap();
    }
    let (host, stops) = (uai(1), store.stops(StopsOf::Host(&uai(1)), 0, 10).await.unwrap());
    let whom = |number| stops.iter().find(|one| one.person == Some(guest(number))).unwrap().whom.clone();
    let by_operator = StopLift { why: "Départ".into(), ..lift(&host, &whom(1), None, Lifter::Operator) };
    assert!(store.lift_stop(&by_operator).await.unwrap() && !store.lift_stop(&by_operator).await.unwrap());
    let of_space = lift(&host, &whom(2), Some("fables"), Lifter::Head);
    assert!(store.lift_stop(&StopLift { at: LATER, ..of_space.clone() }).await.unwrap());
    let of = async |of: StopsOf<'_>| store.lifts(of, Instant(NOW.0 - 1), 10).await.unwrap();
    let said = [(Some(guest(2)), Lifter::Head, ""), (Some(guest(1)), Lifter::Operator, "Départ")];
    let read = |lifts: Vec<StopLift>| lifts.into_iter().map(|one| (one.person, one.by, one.why)).collect::<Vec<_>>();
    let said: Vec<_> = said.into_iter().map(|(person, by, why)| (person, by, why.to_owned())).collect();
    assert_eq!(read(of(StopsOf::Host(&host)).await), said, "the latest first");
    assert_eq!(read(of(StopsOf::Space(&host, "fables")).await), said[..1]);
    assert_eq!(read(of(StopsOf::SpaceAndAll(&host, "potager")).await), said[1..]);
    assert!(
        of(StopsOf::Host(&uai(3))).await.is_empty()
            && store.lifts(StopsOf::Host(&host), LATER, 9).await.unwrap().is_empty()
    );
    store.stop_guest(&host, Some("fables"), &guest(2), true, NOW).await.unwrap();
    assert_eq!(read(of(StopsOf::Host(&host)).await), said[1..], "it was said again");
    store.end_due_guests(Instant((NOW.0 + 40 * DAY * 1_000).div_euclid(3_600_000) * 3_600_000), NOW, 10).await.unwrap();
    assert!(of(StopsOf::Host(&host)).await.is_empty(), "long after");
}

/// A list that is written here lets nobody in where the head of the establishment did not say yes by its convention, or said so at another one; a
/// signed one wants no yes. The yes is over with the convention.
pub async fn a_written_list_wants_a_yes(store: &dyn Store) {
    for_years(store).await;
    let written = |batch: &str, number| Admission { typed: true, ..list(batch, "fables", vec![newcomer(number)]) };
    store.allow_typing(&uai(3), "c", NOW).await.unwrap();
    store.allow_typing(&uai(1), "d", NOW).await.unwrap();
    assert_eq!(store.would_admit(&written("b1", 1), NOW).await.unwrap(), Admitted::NotAllowed);
    assert_eq!(store.admit(&written("b1", 1), NOW).await.unwrap(), Admitted::NotAllowed);
    assert_eq!(store.admit(&list("b2", "fables", vec![newcomer(2)]), NOW).await.unwrap(), all(1, 0), "control: signed");
    for _ in 0..2 {
        store.allow_typing(&uai(1), "c", NOW).await.unwrap();
    }
    let both = ["c".to_owned(), "x".to_owned()];
    assert_eq!(store.typing_allowed(&uai(1), &both).await.unwrap(), ["c"]);
    assert_eq!(store.admit(&written("b3", 1), NOW).await.unwrap(), all(1, 0), "and its name was not used up");
    assert!(store.forbid_typing(&uai(1), "c").await.unwrap() && !store.forbid_typing(&uai(1), "c").await.unwrap());
    assert_eq!(store.admit(&written("b4", 3), NOW).await.unwrap(), Admitted::NotAllowed);
    store.allow_typing(&uai(1), "c", NOW).await.unwrap();
    let hour = |days: i64| Instant((NOW.0 + days * DAY * 1_000).div_euclid(3_600_000) * 3_600_000);
    store.end_due_guests(hour(899), NOW, 10).await.unwrap();
    assert_eq!(store.typing_allowed(&uai(1), &both).await.unwrap(), ["c"], "control");
    store.end_due_guests(hour(902), NOW, 10).await.unwrap();
    assert!(store.typing_allowed(&uai(1), &both).await.unwrap().is_empty(), "over");
}

/// Stops are read in pages that hold each once: of an establishment, of a space, and of a space with those that are for every one.
pub async fn stops_are_read_in_pages(store: &dyn Store) {
    for_years(store).await;
    store.admit(&list("b", "fables", (0..5).map(newcomer).collect()), NOW).await.unwrap();
    for number in 0..5 {
        let space = ["fables", "potager"].get(number);
        store.stop_guest(&uai(1), space.copied(), &guest(number), true, NOW).await.unwrap();
    }
    store.stop_here(&uai(1), "c", NOW).await.unwrap();
    let (host, mut all) = (uai(1), Vec::new());
    for skip in [0, 2, 4, 6] {
        all.extend(store.stops(StopsOf::Host(&host), skip, 2).await.unwrap());
    }
    assert_eq!((all.len(), all[0].convention()), (6, Some("c")), "conventions come first");
    all.dedup_by_key(|one| one.whom.clone());
    assert_eq!(all.len(), 6, "each once");
    let count = async |of: StopsOf<'_>| store.stops(of, 0, 10).await.unwrap().len();
    assert_eq!(count(StopsOf::Space(&host, "fables")).await, 1);
    assert_eq!(count(StopsOf::SpaceAndAll(&host, "fables")).await, 5);
    assert_eq!(count(StopsOf::Host(&uai(3))).await, 0);
}

/// A school reads of the conventions that are in force, for it or for all, and that nobody stopped there; a convention that is said anew is read anew.
pub async fn a_school_reads_its_conventions_alone(store: &dyn Store) {
    let ours =
        |id: &str, ours: &[u32]| Convention { ours: ours.iter().map(|one| uai(*one)).collect(), ..convention(id, 1) };
    let draft = Convention { state: ConventionState::SignedByOne, ..ours("draft", &[1]) };
    let later = Convention { from: NOW + Seconds(60), ..ours("later", &[1]) };
    for one in [&ours("a", &[1, 3]), &ours("b", &[3]), &ours("c", &[]), &draft, &later, &ours("stopped", &[1])] {
        store.put_convention(one, None).await.unwrap();
    }
    store.stop_here(&uai(1), "stopped", NOW).await.unwrap();
    let of = async |at: u32, which: ConventionsAt<'_>, after: &str, now| {
        let found = store.conventions_of(&uai(at), which, now, after, 2).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!((of(1, Named, "", NOW).await, of(1, ForAll, "", NOW).await), (vec!["a".into()], vec!["c".into()]));
    assert_eq!(of(1, Named, "a", NOW + Seconds(60)).await, ["later"]);
    assert_eq!(
        (of(3, Named, "", NOW).await, of(3, Named, "a", NOW).await),
        (vec!["a".into(), "b".into()], vec!["b".into()])
    );
    assert!(of(1, Named, "", END).await.is_empty() && of(1, ForAll, "", END).await.is_empty(), "over");
    let moved = ours("a", &[3]);
    store.put_convention(&moved, Some(&ours("a", &[1, 3]))).await.unwrap();
    assert!(of(1, Named, "", NOW).await.is_empty(), "it is for that school no more");
}

/// Of the conventions for all a school reads those by which people of its écoles come, however many there are.
pub async fn a_school_reads_the_conventions_of_its_ecoles(store: &dyn Store) {
    let theirs = |id: &str, homes: &[u32]| Convention {
        establishments: homes.iter().map(|one| uai(*one)).collect(),
        ..convention(id, 1)
    };
    let named = Convention { ours: vec![uai(1)], ..theirs("named", &[7]) };
    for one in [&theirs("a", &[6]), &theirs("b", &[7, 8]), &theirs("c", &[8]), &named] {
        store.put_convention(one, None).await.unwrap();
    }
    let of = async |homes: &[u32]| {
        let homes: Vec<Uai> = homes.iter().map(|one| uai(*one)).collect();
        let found = store.conventions_of(&uai(1), Meeting(&homes), NOW, "", 9).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!((of(&[7]).await, of(&[7, 8]).await), (vec!["b".into()], vec!["b".into(), "c".into()]), "each once");
    assert!(of(&[]).await.is_empty() && of(&[9]).await.is_empty());
    store.put_convention(&theirs("b", &[6]), Some(&theirs("b", &[7, 8]))).await.unwrap();
    assert_eq!((of(&[7]).await, of(&[6]).await), (vec![], vec!["a".into(), "b".into()]), "as it says now");
    store.stop_here(&uai(1), "a", NOW).await.unwrap();
    assert_eq!(of(&[6]).await, ["b"]);
}

/// A convention and its spaces for longer than a stop of a guest is known.
async fn for_years(store: &dyn Store) {
    let until = NOW + Seconds(900 * DAY);
    store.put_convention(&Convention { until, ..convention("c", 100) }, None).await.unwrap();
    for id in ["fables", "potager"] {
        store.put_space(&Space { until, ..space(id, Some("c")) }, None, NOW).await.unwrap();
    }
}

/// What a head stopped of a convention stays stopped as long as that convention goes on; whom somebody stopped is forgotten after 400 days, also when no
/// guest ended meanwhile.
pub async fn a_stop_of_a_convention_lasts_as_long_as_it(store: &dyn Store) {
    for_years(store).await;
    store.put_convention(&Convention { until: NOW + Seconds(10 * DAY), ..convention("d", 10) }, None).await.unwrap();
    store.admit(&list("b", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    store.stop_guest(&uai(1), None, &guest(1), true, NOW).await.unwrap();
    store.stop_here(&uai(1), "c", NOW).await.unwrap();
    store.stop_here(&uai(1), "d", NOW).await.unwrap();
    let whom = async || -> Vec<String> {
        store.stops(StopsOf::Host(&uai(1)), 0, 10).await.unwrap().into_iter().map(|one| one.whom).collect()
    };
    // A day in the hour in which things are forgotten.
    let hour = |days: i64| Instant((NOW.0 + days * DAY * 1_000).div_euclid(3_600_000) * 3_600_000);
    store.end_due_guests(hour(399), NOW, 10).await.unwrap();
    assert_eq!(whom().await.len(), 3, "control");
    store.end_due_guests(hour(402), NOW, 10).await.unwrap();
    assert_eq!(whom().await, [stops_convention("c")]);
    assert_eq!(store.admit(&list("b2", "fables", vec![newcomer(2)]), hour(402)).await.unwrap(), Admitted::Stopped);
}

/// Whoever is stopped again is stopped from then on.
pub async fn a_stop_that_is_said_again_begins_anew(store: &dyn Store) {
    for_years(store).await;
    store.admit(&list("b", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    let later = NOW + Seconds(300 * DAY);
    store.stop_guest(&uai(1), None, &guest(1), true, NOW).await.unwrap();
    store.stop_guest(&uai(1), None, &guest(1), true, later).await.unwrap();
    assert_eq!(store.stops(StopsOf::Host(&uai(1)), 0, 10).await.unwrap()[0].at, later);
}

/// A stop and a list of a convention that is signed, and whose space is opened, at that very moment: nobody who is stopped is left in.
pub async fn a_stop_and_a_new_convention_at_once_leave_nobody_in(store: &dyn Store) {
    set_up(store, 200).await;
    store.admit(&list("first", "fables", (0..50).map(newcomer).collect()), NOW).await.unwrap();
    let call = |n: usize| async move {
        let number = n / 2;
        if n % 2 == 1 {
            return store.stop_guest(&uai(1), None, &guest(number), true, NOW).await.map(drop);
        }
        let id = format!("new-{number}");
        store.put_convention(&convention(&id, 10), None).await?;
        store.put_space(&space(&id, Some(&id)), None, NOW).await?;
        let one = under(&id, number);
        store.admit(&Admission { convention: id.clone(), ..list("b", &id, vec![one]) }, NOW).await.map(drop)
    };
    assert_eq!(winners(call, Result::is_ok).await, 100, "nobody loses");
    for number in 0..50 {
        assert_eq!(is_in(store, number, NOW).await, Vec::<String>::new(), "{number}");
    }
}

/// The same person by another convention.
fn under(convention: &str, number: usize) -> NewGuest {
    let mut one = newcomer(number);
    one.guest.convention = convention.to_owned();
    one
}

/// A space stays with the establishment that answers for it: whom another one stopped would be in it.
pub async fn a_space_moves_to_no_other_establishment(store: &dyn Store) {
    set_up(store, 10).await;
    let before = store.space("fables").await.unwrap().unwrap();
    let moved = Space { host: uai(3), ..before.clone() };
    assert!(conflicts(&store.put_space(&moved, Some(&before), NOW).await));
    let named = Space { title: "Contes".into(), ..before.clone() };
    store.put_space(&named, Some(&before), NOW).await.unwrap();
    assert_eq!(store.space("fables").await.unwrap(), Some(named), "control");
}

/// A class of another ENT is called as whoever opens a space writes it: a guest whom two spaces know by two names of their class stays in both when one of them is changed,
/// and leaves the one that names it no longer.
pub async fn a_class_of_two_names_is_in_both_spaces(store: &dyn Store) {
    set_up(store, 10).await;
    let potager = store.space("potager").await.unwrap().unwrap();
    let mut otherwise = potager.clone();
    otherwise.groups[2] = SpaceGroup { code: "CM2 A".into(), ..potager.groups[2].clone() };
    store.put_space(&otherwise, Some(&potager), NOW).await.unwrap();
    store.admit(&list("b1", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    let mut again = newcomer(1);
    again.guest.class = "CM2 A".into();
    assert_eq!(store.admit(&list("b2", "potager", vec![again]), NOW).await.unwrap(), all(0, 1));
    let fables = store.space("fables").await.unwrap().unwrap();
    let mut changed = Space { title: "Contes".into(), ..fables.clone() };
    changed.groups[2].role = Role::Visiteur;
    assert_eq!(store.put_space(&changed, Some(&fables), NOW).await.unwrap(), 0, "everybody stays");
    assert_eq!(is_in(store, 1, NOW).await, ["fables", "potager"]);
    let grants = store.spaces_of_guest(&guest(1), NOW).await.unwrap();
    assert_eq!((grants[0].role, grants[1].role), (Role::Visiteur, Role::Redacteur), "as the changed space says");
    let mut without = changed.clone();
    without.groups[2] = SpaceGroup { code: "CM1".into(), ..changed.groups[2].clone() };
    assert_eq!(store.put_space(&without, Some(&changed), NOW).await.unwrap(), 2, "whom it names no longer");
    assert_eq!(is_in(store, 1, NOW).await, ["potager"]);
}

/// Of a list of several classes nobody knows which of them somebody was on once another list called it otherwise: they leave with any doubt.
pub async fn a_list_of_several_classes_keeps_nobody_by_the_first(store: &dyn Store) {
    set_up(store, 10).await;
    let before = store.space("fables").await.unwrap().unwrap();
    let mut both = before.clone();
    both.groups.push(SpaceGroup { code: "CM1".into(), ..before.groups[2].clone() });
    store.put_space(&both, Some(&before), NOW).await.unwrap();
    let of = |number, class: &str| {
        let mut one = newcomer(number);
        (one.guest.class, one.guest.public) = (class.into(), Public::Pupil);
        one
    };
    store.admit(&list("b1", "fables", vec![of(1, "CM2"), of(2, "CM1")]), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![of(2, "CM1 B")]), NOW).await.unwrap();
    assert_eq!(store.put_space(&before, Some(&both), NOW).await.unwrap(), 1, "the class that is taken away");
    let left: Vec<PersonId> = store
        .guests_in(&["fables".into()], &PersonId::new(""), 10)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.guest.person)
        .collect();
    assert_eq!(left, [guest(1)], "control");
}

/// Another ENT sends so many lists for one space within a day, and no more; another space and the next day have their own.
pub async fn so_many_lists_of_a_space_come_within_a_day(store: &dyn Store) {
    set_up(store, 10).await;
    let comes = async |name: String, space: &str, now| {
        let one = list(&name, space, vec![newcomer(1)]);
        matches!(store.admit(&one, now).await.unwrap(), Admitted::All { .. })
    };
    for n in 0..200 {
        assert!(comes(format!("b{n}"), "fables", NOW).await, "{n}");
    }
    assert!(!comes("one-more".into(), "fables", NOW).await);
    assert!(comes("elsewhere".into(), "potager", NOW).await, "control");
    // The convention of these stories is over within hours: so is a day.
    let before = store.convention("c").await.unwrap().unwrap();
    store.put_convention(&Convention { until: NOW + Seconds(9 * DAY), ..before.clone() }, Some(&before)).await.unwrap();
    let fables = store.space("fables").await.unwrap().unwrap();
    let longer = Space { until: NOW + Seconds(9 * DAY), ..fables.clone() };
    store.put_space(&longer, Some(&fables), NOW).await.unwrap();
    assert!(comes("one-more".into(), "fables", NOW + Seconds(DAY)).await, "control");
}
