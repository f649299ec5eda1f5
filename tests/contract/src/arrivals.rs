//! Promises of guests who become pupils of ours: whom an establishment finds, and that one of several who decide is believed.

use crate::fixture::{NOW, change, sourced, uai, winners};
use crate::hosting::{all, convention, guest, list, newcomer, set_up, space};
use preau_domain::{PersonId, Retention, Seconds};
use preau_store::{Admission, Conversion, Pairable, Store};

const BY_A_HEAD: Conversion = Conversion { keep_guest: true, despite: false };

async fn left(store: &dyn Store, host: u32) -> Vec<String> {
    let departed = store.departed(&uai(host), (&PersonId::new(""), ""), 9).await.unwrap();
    assert!(departed.iter().all(|one| one.guest.person == one.person.id && one.person.is_hosted()));
    departed.into_iter().map(|one| one.person.id.to_string()).collect()
}

/// An establishment finds who was a guest of its own spaces and is nobody's any more, as long as the name is known.
pub async fn who_was_a_guest_is_found_by_their_host(store: &dyn Store) {
    set_up(store, 10).await;
    let elsewhere = preau_domain::Space { host: uai(3), ..space("ailleurs", Some("c")) };
    store.put_space(&elsewhere, None, NOW).await.unwrap();
    store.admit(&list("b1", "fables", [1, 2, 3].map(newcomer).to_vec()), NOW).await.unwrap();
    store.admit(&list("b2", "ailleurs", vec![newcomer(4)]), NOW).await.unwrap();
    assert!(left(store, 1).await.is_empty(), "they are guests");
    store.end_guests(&[guest(1), guest(2), guest(4)], NOW).await.unwrap();
    assert_eq!((left(store, 1).await, left(store, 3).await), (vec!["g-1".into(), "g-2".into()], vec!["g-4".into()]));
    let next = store.departed(&uai(1), (&guest(1), "c"), 1).await.unwrap();
    assert_eq!((next[0].person.given_name.as_str(), next[0].guest.ended), ("Lou", Some(NOW)));
    assert_eq!((next.len(), &next[0].person.id), (1, &guest(2)));
    assert_eq!((next[0].space.as_str(), next[0].since), ("Fables", NOW), "by which list");
    assert_eq!(store.departure(&uai(1), &guest(2)).await.unwrap(), next, "the same of one alone");
    let alone = async |host: u32, number| store.departure(&uai(host), &guest(number)).await.unwrap().len();
    assert_eq!((alone(3, 4).await, alone(1, 4).await, alone(3, 1).await), (1, 0, 0), "by their own host");
    assert_eq!((alone(1, 3).await, alone(1, 9).await), (0, 0), "a guest still, and nobody");
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    assert!(store.convert_guest(&guest(1), &sourced("k1").id, BY_A_HEAD, NOW).await.unwrap());
    assert_eq!((left(store, 1).await, alone(1, 1).await), (vec!["g-2".into()], 0), "one is ours");
    store.let_time_pass(NOW, Retention::days(31, 89), 10).await.unwrap();
    store.let_time_pass(NOW + Seconds(60 * 86_400), Retention::days(31, 89), 10).await.unwrap();
    assert!(left(store, 1).await.is_empty(), "no name is known any more");
}

/// Whoever was a guest by two conventions is on both sides of a page that ends between them, once for each.
pub async fn a_page_ends_between_two_conventions_of_one_guest(store: &dyn Store) {
    set_up(store, 10).await;
    store.put_convention(&convention("d", 10), None).await.unwrap();
    store.put_space(&space("verger", Some("d")), None, NOW).await.unwrap();
    store.admit(&list("b1", "fables", [1, 2, 3].map(newcomer).to_vec()), NOW).await.unwrap();
    let mut again = newcomer(2);
    (again.person.id, again.guest.convention) = (PersonId::new("another-name"), "d".into());
    let by_d = Admission { convention: "d".into(), ..list("b2", "verger", vec![again]) };
    assert_eq!(store.admit(&by_d, NOW).await.unwrap(), all(1, 0));
    store.end_guests(&[1, 2, 3].map(guest), NOW).await.unwrap();
    for limit in [1, 2, 3, 9] {
        let (mut found, mut after) = (Vec::new(), (PersonId::new(""), String::new()));
        loop {
            let page = store.departed(&uai(1), (&after.0, &after.1), limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = (last.person.id.clone(), last.guest.convention.clone());
            found.extend(page.iter().map(|one| (one.person.id.to_string(), one.guest.convention.clone())));
        }
        let each = [("g-1", "c"), ("g-2", "c"), ("g-2", "d"), ("g-3", "c")];
        assert_eq!(found, each.map(|(person, by)| (person.to_owned(), by.to_owned())), "{limit} at once");
    }
}

/// Whom somebody said to be two people are one by nobody who does not know that.
pub async fn two_who_were_told_apart_are_not_converted(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    store.end_guests(&[guest(1)], NOW).await.unwrap();
    store.put_people(None, &[change(sourced("k1")), change(sourced("k2"))]).await.unwrap();
    let [one, two] = ["k1", "k2"].map(|key| sourced(key).id);
    store.keep_apart(&one, &guest(1), NOW).await.unwrap();
    let pairs = [(guest(1), one.clone()), (two, guest(1)), (one.clone(), guest(1))];
    assert_eq!(store.may_be_paired(&pairs).await.unwrap(), [Pairable::Apart, Pairable::Yes, Pairable::Apart]);
    assert!(!store.convert_guest(&guest(1), &one, BY_A_HEAD, NOW).await.unwrap());
    assert_eq!(left(store, 1).await, ["g-1"], "and nothing was changed");
    let despite = Conversion { despite: true, ..BY_A_HEAD };
    assert!(store.convert_guest(&guest(1), &one, despite, NOW).await.unwrap(), "control");
    let now = store.may_be_paired(&pairs).await.unwrap();
    assert_eq!(now, [Pairable::OfOneSource; 3], "of one source an account has one record");
}

/// Whom somebody told apart from a record is apart from the account that goes on with it, under whatever name.
pub async fn a_record_that_was_told_apart_stays_so_in_its_account(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", [1, 2, 3].map(newcomer).to_vec()), NOW).await.unwrap();
    store.end_guests(&[1, 2, 3].map(guest), NOW).await.unwrap();
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    store.keep_apart(&guest(2), &sourced("k1").id, NOW).await.unwrap();
    assert!(store.convert_guest(&guest(1), &sourced("k1").id, BY_A_HEAD, NOW).await.unwrap());
    let pairs = [(guest(2), guest(1)), (guest(1), guest(2)), (guest(3), guest(1)), (PersonId::new("nobody"), guest(1))];
    let may = [Pairable::Apart, Pairable::Apart, Pairable::OfOneSource, Pairable::No];
    assert_eq!(store.may_be_paired(&pairs).await.unwrap(), may);
}

/// What was said of an account is said of its records: it outlives the yes that made them one.
pub async fn a_no_outlives_the_account_it_was_said_of(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", [1, 2, 3].map(newcomer).to_vec()), NOW).await.unwrap();
    store.end_guests(&[1, 2, 3].map(guest), NOW).await.unwrap();
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    let pupil = sourced("k1").id;
    assert!(store.convert_guest(&guest(1), &pupil, BY_A_HEAD, NOW).await.unwrap());
    store.keep_apart(&guest(2), &guest(1), NOW).await.unwrap();
    assert_eq!(store.part(&pupil, NOW).await.unwrap(), Some(guest(1)), "the yes is undone");
    let pairs = [1, 2, 3].map(|number| (guest(number), pupil.clone()));
    let may = store.may_be_paired(&pairs).await.unwrap();
    assert_eq!(may, [Pairable::Apart, Pairable::Apart, Pairable::Yes], "control: of whom nothing was said");
}

/// Of many who say at once that a guest is this pupil or that one, one is believed.
pub async fn one_of_many_converts_a_guest(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    store.end_guests(&[guest(1)], NOW).await.unwrap();
    let ours: Vec<PersonId> = (0..8).map(|number| sourced(&format!("k{number}")).id).collect();
    let changes: Vec<_> = (0..8).map(|number| change(sourced(&format!("k{number}")))).collect();
    store.put_people(None, &changes).await.unwrap();
    let (first, all) = (guest(1), &ours);
    let says = |number: usize| {
        let (first, pupil) = (guest(1), &all[number % 8]);
        let how = Conversion { keep_guest: number.is_multiple_of(3), despite: false };
        async move { store.convert_guest(&first, pupil, how, NOW).await }
    };
    assert_eq!(winners(says, |done| matches!(done, Ok(true))).await, 1);
    let mut one = 0;
    for pupil in &ours {
        let now = store.records_named(std::slice::from_ref(pupil)).await.unwrap();
        let with = store.records_of(&now[0].account).await.unwrap();
        one += usize::from(with.iter().any(|record| record.id == first));
    }
    assert_eq!(one, 1, "of one of them alone");
}
