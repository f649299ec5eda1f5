//! Promises of conventions, spaces and guests.

use crate::fixture::{LATER, NOW, change, conflicts, live, school, sourced, uai, winners};
use crate::guest_stops::lift;
use preau_domain::{
    AccountState, Convention, ConventionState, Credentials, FederatedIdentity, Guest, GuestList, Instant, Lifter, Peer,
    Person, PersonId, Public, Retention, Role, SchoolPair, Seconds, ServiceId, SourceId, Space, SpaceGroup, guest_key,
};
use preau_store::{Admission, Admitted, Conversion, DueGuests, GuestsOf, ListsOf, NewGuest, StopsOf, Store};

pub(crate) const END: Instant = Instant(NOW.0 + 10_000_000);

pub(crate) fn convention(id: &str, quota: u32) -> Convention {
    Convention {
        id: id.into(),
        peer: Peer {
            url: "https://ecoles.example".into(),
            name: "ENT des écoles".into(),
            provider: Some(SourceId::new("ecoles")),
            cards: false,
            typed: false,
            issuer: "https://ecoles.example/oidc".into(),
            service: None,
            keys: r#"{"keys":[]}"#.into(),
        },
        purposes: vec!["cycle 3".into()],
        data: vec!["prénom".into()],
        establishments: vec![uai(2)],
        ours: vec![],
        from: NOW,
        until: END,
        quota,
        signatories: vec![],
        state: ConventionState::SignedByBoth,
    }
}

pub(crate) fn space(id: &str, convention: Option<&str>) -> Space {
    let group =
        |number, code: &str, public, role| SpaceGroup { establishment: uai(number), code: code.into(), public, role };
    Space {
        id: id.into(),
        title: "Fables".into(),
        host: uai(1),
        convention: convention.map(str::to_owned),
        groups: vec![
            group(1, "6A", Public::Pupil, Role::Redacteur),
            group(1, "6A", Public::Staff, Role::Gestionnaire),
            group(2, "CM2", Public::Pupil, Role::Redacteur),
        ],
        services: vec![ServiceId::new("pad")],
        from: NOW,
        until: END,
        closed: false,
    }
}

pub(crate) fn newcomer(number: usize) -> NewGuest {
    let person = Person {
        id: PersonId::new(format!("g-{number}")),
        join: Some(guest_key(format!("key-{number}"))),
        state: AccountState::PreCreated,
        given_name: "Lou".into(),
        family_name: "V.".into(),
        title: None,
        login: None,
        mail: None,
        credentials: Credentials::Directory,
        affiliations: vec![],
        children: vec![],
    };
    let guest = Guest {
        person: person.id.clone(),
        convention: "c".into(),
        home: uai(2),
        class: "CM2".into(),
        level: "CM2".into(),
        public: Public::Pupil,
        until: END,
        batch: String::new(),
        ended: None,
    };
    NewGuest { person, identity: who(number), guest, role: Role::Redacteur }
}

fn who(number: usize) -> FederatedIdentity {
    FederatedIdentity {
        provider: SourceId::new("ecoles"),
        issuer: "https://ecoles.example/oidc".into(),
        subject: format!("subject-{number}"),
    }
}

pub(crate) fn list(batch: &str, space: &str, guests: Vec<NewGuest>) -> Admission {
    Admission { convention: "c".into(), space: space.into(), batch: batch.into(), typed: false, guests }
}

/// Everybody of a list is in.
pub(crate) fn all(added: u64, known: u64) -> Admitted {
    Admitted::All { added, known, stopped: vec![] }
}

/// A convention of that quota, with two spaces.
pub(crate) async fn set_up(store: &dyn Store, quota: u32) {
    store.put_convention(&convention("c", quota), None).await.unwrap();
    store.put_space(&space("fables", Some("c")), None, NOW).await.unwrap();
    store.put_space(&space("potager", Some("c")), None, NOW).await.unwrap();
}

pub(crate) fn guest(number: usize) -> PersonId {
    PersonId::new(format!("g-{number}"))
}

/// The spaces somebody is in.
pub(crate) async fn is_in(store: &dyn Store, number: usize, now: Instant) -> Vec<String> {
    let grants = store.spaces_of_guest(&guest(number), now).await.unwrap();
    grants.into_iter().filter(|grant| grant.holds(now)).map(|grant| grant.space).collect()
}

/// A convention is replaced by whoever read it as it is, and named once.
pub async fn a_convention_is_replaced_by_who_read_it(store: &dyn Store) {
    let first = convention("c", 10);
    store.put_convention(&first, None).await.unwrap();
    assert!(conflicts(&store.put_convention(&first, None).await));
    let stopped = Convention { state: ConventionState::Suspended, ..first.clone() };
    store.put_convention(&stopped, Some(&first)).await.unwrap();
    assert!(conflicts(&store.put_convention(&first, Some(&first)).await), "somebody was quicker");
    assert_eq!(store.convention("c").await.unwrap(), Some(stopped.clone()));
    assert_eq!(store.convention("other").await.unwrap(), None);
    store.put_convention(&convention("b", 1), None).await.unwrap();
    assert_eq!(store.conventions("", 10).await.unwrap(), [convention("b", 1), stopped.clone()]);
    assert_eq!(store.conventions("b", 1).await.unwrap(), [stopped]);
}

/// A pair of schools is kept, and the latest word counts.
pub async fn a_pair_of_schools_is_kept(store: &dyn Store) {
    assert_eq!(store.school_pair(&uai(1)).await.unwrap(), None);
    for ecoles in [vec![uai(2)], vec![uai(2), uai(3)]] {
        let pair = SchoolPair { college: uai(1), ecoles };
        store.put_school_pair(&pair).await.unwrap();
        assert_eq!(store.school_pair(&uai(1)).await.unwrap(), Some(pair));
    }
}

/// A space that passed two thirds of its time and ends soon is told of until somebody was reminded; another end is told of again.
pub async fn an_end_that_comes_near_is_reminded_of_once(store: &dyn Store) {
    let day = |days: i64| NOW + Seconds(days * 86_400);
    let lasting = |id: &str, days: i64| Space { until: day(days), ..space(id, None) };
    for (id, days) in [("short", 9), ("long", 90), ("closed", 9)] {
        store.put_space(&lasting(id, days), None, NOW).await.unwrap();
    }
    store.close_space("closed", NOW).await.unwrap();
    let told = async |now: Instant| {
        let found = store.spaces_to_remind_of(now, now + Seconds(30 * 86_400), 100).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(told(day(5)).await, Vec::<String>::new(), "in the middle of its time");
    assert_eq!(told(day(6)).await, ["short"]);
    assert_eq!(told(day(59)).await, Vec::<String>::new(), "one is over, the other one is not yet near its end");
    assert_eq!(told(day(60)).await, ["long"]);
    store.note_reminded("long", day(90)).await.unwrap();
    assert_eq!(told(day(61)).await, Vec::<String>::new(), "once");
    store.put_space(&lasting("long", 120), Some(&lasting("long", 90)), NOW).await.unwrap();
    assert_eq!(told(day(100)).await, ["long"], "another end");
}

/// A space is found from what somebody is, as long as it is open.
pub async fn a_space_is_found_by_its_groups(store: &dyn Store) {
    let first = space("fables", None);
    store.put_space(&first, None, NOW).await.unwrap();
    assert!(conflicts(&store.put_space(&first, None, NOW).await));
    assert!(conflicts(&store.put_space(&space("x", Some("nowhere")), None, NOW).await), "a convention that is none");
    let member = |code: &str, public: &str| vec!["person/p".to_owned(), format!("{}/{public}/{code}", uai(1))];
    let found = store.spaces_of(&member("6A", "pupil"), NOW).await.unwrap();
    assert_eq!((found[0].space.as_str(), found[0].role, found[0].until), ("fables", Role::Redacteur, END));
    let both = [member("6A", "pupil"), member("6A", "staff")].concat();
    let found = store.spaces_of(&both, NOW).await.unwrap();
    assert_eq!((found.len(), found[0].role), (1, Role::Gestionnaire), "once, with the most of the roles");
    assert!(store.spaces_of(&member("6B", "pupil"), NOW).await.unwrap().is_empty());
    assert!(store.spaces_of(&member("6A", "pupil"), END).await.unwrap().is_empty(), "over");
    let other = Space { groups: vec![], ..first.clone() };
    store.put_space(&other, Some(&first), NOW).await.unwrap();
    assert!(store.spaces_of(&both, NOW).await.unwrap().is_empty(), "its groups are those it names now");
    let closed = Space { closed: true, ..first };
    store.put_space(&closed, Some(&other), NOW).await.unwrap();
    assert!(store.spaces_of(&both, NOW).await.unwrap().is_empty(), "closed");
    assert_eq!(store.space("fables").await.unwrap(), Some(closed.clone()));
    assert_eq!(store.spaces("", 10).await.unwrap(), [closed]);
}

/// A guest is in the spaces a list brought them into, until the first of all ends.
pub async fn a_guest_is_in_their_spaces_alone(store: &dyn Store) {
    set_up(store, 10).await;
    let admitted = store.admit(&list("b1", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    assert_eq!(admitted, all(2, 0));
    assert_eq!(is_in(store, 1, NOW).await, ["fables"]);
    assert_eq!(store.person(&guest(1)).await.unwrap().unwrap().join, newcomer(1).person.join);
    assert_eq!(store.links_of(&who(1)).await.unwrap()[0].person, guest(1));
    // A second list for another space: the same guest.
    let admitted = store.admit(&list("b2", "potager", vec![newcomer(1)]), NOW).await.unwrap();
    assert_eq!(admitted, all(0, 1));
    assert_eq!(is_in(store, 1, NOW).await, ["fables", "potager"]);
    assert_eq!(is_in(store, 2, NOW).await, ["fables"]);
    assert_eq!(store.guest_count("c").await.unwrap(), 2);
    for of in [GuestsOf::Convention("c"), GuestsOf::Space("fables"), GuestsOf::Batch("b1")] {
        let found = store.guests(of, &PersonId::new(""), 10).await.unwrap();
        assert_eq!(found.iter().map(|one| one.person.clone()).collect::<Vec<_>>(), [guest(1), guest(2)], "{of:?}");
        assert_eq!(store.guests(of, &guest(1), 10).await.unwrap().len(), 1);
    }
    let known = store.guest(&guest(1)).await.unwrap().unwrap();
    assert_eq!((known.batch.as_str(), known.home, known.ended), ("b1", uai(2), None));
    // The members of a space that is another one's are not theirs.
    assert!(store.spaces_of_guest(&PersonId::new("p-zoe"), NOW).await.unwrap().is_empty());
    // Each end is the end.
    let convention = store.convention("c").await.unwrap().unwrap();
    let sooner = Convention { until: LATER, ..convention.clone() };
    store.put_convention(&sooner, Some(&convention)).await.unwrap();
    assert_eq!(store.spaces_of_guest(&guest(1), NOW).await.unwrap()[0].until, LATER);
    assert!(store.spaces_of_guest(&guest(1), LATER).await.unwrap().is_empty());
    for state in [ConventionState::Suspended, ConventionState::SignedByOne, ConventionState::Ended] {
        let before = store.convention("c").await.unwrap().unwrap();
        store.put_convention(&Convention { state, ..before.clone() }, Some(&before)).await.unwrap();
        assert!(store.spaces_of_guest(&guest(1), NOW).await.unwrap().is_empty(), "{state:?}");
    }
}

/// Nobody comes in without a convention in force and an open space of it.
pub async fn nobody_comes_in_without_a_convention_in_force(store: &dyn Store) {
    set_up(store, 10).await;
    let one = |space: &str| list("b", space, vec![newcomer(1)]);
    let before = store.convention("c").await.unwrap().unwrap();
    store.put_space(&space("theme", None), None, NOW).await.unwrap();
    let closed = Space { closed: true, ..space("clos", Some("c")) };
    store.put_space(&closed, None, NOW).await.unwrap();
    for space in ["theme", "clos", "nowhere"] {
        assert_eq!(store.admit(&one(space), NOW).await.unwrap(), Admitted::NotInForce, "{space}");
    }
    assert_eq!(
        store.admit(&Admission { convention: "x".into(), ..one("fables") }, NOW).await.unwrap(),
        Admitted::NotInForce
    );
    assert_eq!(store.admit(&one("fables"), END).await.unwrap(), Admitted::NotInForce);
    assert_eq!(store.admit(&one("fables"), NOW - Seconds(1)).await.unwrap(), Admitted::NotInForce);
    let draft = Convention { state: ConventionState::SignedByOne, ..before.clone() };
    store.put_convention(&draft, Some(&before)).await.unwrap();
    assert_eq!(store.admit(&one("fables"), NOW).await.unwrap(), Admitted::NotInForce);
    assert_eq!(store.people_count().await.unwrap(), 0);
    assert!(store.links_of(&who(1)).await.unwrap().is_empty());
    store.put_convention(&before, Some(&draft)).await.unwrap();
    let twice = list("b", "fables", vec![newcomer(1), newcomer(1)]);
    assert!(conflicts(&store.admit(&twice, NOW).await));
    assert_eq!(store.admit(&one("fables"), NOW).await.unwrap(), all(1, 0), "control");
}

/// A hundred parallel invitations do not make more guests than the quota.
pub async fn there_are_never_more_guests_than_the_quota(store: &dyn Store) {
    set_up(store, 40).await;
    let many = list("b", "fables", (1000..1041).map(newcomer).collect());
    let refused = store.admit(&many, NOW).await.unwrap();
    assert_eq!(refused, Admitted::OverQuota { quota: 40, there: 0, more: 41 });
    assert_eq!(store.people_count().await.unwrap(), 0, "nobody is in");
    let lists: Vec<Admission> = (0..100).map(|n| list(&format!("b{n}"), "fables", vec![newcomer(n)])).collect();
    let came = winners(|n| store.admit(&lists[n], NOW), |a| matches!(a, Ok(Admitted::All { .. }))).await;
    assert_eq!((came, store.guest_count("c").await.unwrap()), (40, 40));
    assert_eq!(store.people_count().await.unwrap(), 40);
}

/// A list is taken back: whoever it alone brought is a guest no more.
pub async fn a_list_is_taken_back(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b1", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    live(store, "s2", "g-2").await;
    assert_eq!(store.withdraw("c", "b2", NOW).await.unwrap(), 2);
    assert_eq!(is_in(store, 1, NOW).await, ["fables"], "whom another list brought stays");
    assert!(is_in(store, 2, NOW).await.is_empty());
    assert_eq!(store.person(&guest(2)).await.unwrap().unwrap().state, AccountState::Suspended);
    assert!(store.session(&preau_domain::SessionId::new("s2"), NOW).await.unwrap().is_none());
    assert_eq!((store.guest_count("c").await.unwrap(), store.withdraw("c", "b2", NOW).await.unwrap()), (1, 0));
    assert_eq!(store.withdraw("c", "", NOW).await.unwrap(), 0);
}

/// Guests end with their sessions, and leave their place to others.
pub async fn guests_end_with_their_sessions(store: &dyn Store) {
    set_up(store, 2).await;
    store.admit(&list("b", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    let session = live(store, "s1", "g-1").await;
    let other = live(store, "s2", "g-2").await;
    let people = [guest(1), PersonId::new("p-zoe")];
    assert_eq!(store.end_guests(&people, LATER).await.unwrap(), 1);
    assert!(store.session(&session, NOW).await.unwrap().is_none());
    assert!(store.session(&other, NOW).await.unwrap().is_some(), "control");
    assert!(is_in(store, 1, NOW).await.is_empty());
    assert_eq!(store.guest(&guest(1)).await.unwrap().unwrap().ended, Some(LATER));
    assert_eq!(store.end_guests(&people, LATER).await.unwrap(), 0);
    // Their place is another's.
    let admitted = store.admit(&list("b3", "fables", vec![newcomer(3)]), NOW).await.unwrap();
    assert_eq!(admitted, all(1, 0));
}

/// Guests end to the millisecond by their own time, that of their convention and that of their spaces, and when they do not come.
pub async fn guests_come_due(store: &dyn Store) {
    set_up(store, 10).await;
    let short = |number| {
        let mut one = newcomer(number);
        one.guest.until = LATER;
        one
    };
    store.admit(&list("b", "fables", vec![newcomer(1), short(2), newcomer(3)]), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![newcomer(4)]), NOW).await.unwrap();
    let unused = LATER.0 - NOW.0;
    let end = |at: Instant| async move {
        let due = store.end_due_guests(at, Instant(at.0 - unused), 10).await.unwrap();
        assert!(!due.more, "there are four");
        due.ended
    };
    let session = live(store, "s2", "g-2").await;
    assert!(end(Instant(LATER.0 - 1)).await.is_empty());
    assert_eq!(end(LATER).await, [guest(2)], "to the millisecond");
    assert!(store.session(&session, NOW).await.unwrap().is_none());
    assert!(end(LATER).await.is_empty(), "once");
    store.guest_used(&guest(1), LATER).await.unwrap();
    store.guest_used(&guest(4), LATER).await.unwrap();
    assert_eq!(end(Instant(LATER.0 + 1)).await, [guest(3)], "who was not here for longer than that");
    let soon = Instant(LATER.0 + 1);
    let potager = space("potager", Some("c"));
    store.put_space(&Space { closed: true, ..potager.clone() }, Some(&potager), NOW).await.unwrap();
    assert_eq!(end(soon).await, [guest(4)], "whose spaces are closed");
    assert_eq!(store.stop_convention("c", ConventionState::Suspended, NOW).await.unwrap(), Some(1));
    assert!(end(soon).await.is_empty(), "what is stopped for a while ends nobody");
    store.guest_used(&guest(1), Instant(END.0 - 1)).await.unwrap();
    assert!(end(Instant(END.0 - 1)).await.is_empty());
    assert_eq!(end(END).await, [guest(1)]);
}

/// Whatever makes the time of guests shorter is noticed, although only those are looked at whose time may be over.
pub async fn guests_whose_time_became_shorter_come_due(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", (0..6).map(newcomer).collect()), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    let long_ago = Instant(NOW.0 - 86_400_000);
    let end = |at: Instant, limit| async move { store.end_due_guests(at, long_ago, limit).await.unwrap() };
    // A few at once, until everybody was looked at; and then nobody again.
    assert_eq!(end(NOW, 4).await, DueGuests { ended: vec![], more: true });
    assert_eq!(end(NOW, 4).await, DueGuests { ended: vec![], more: false });
    assert_eq!(end(NOW, 1).await, DueGuests::default(), "nobody is due");
    let fables = store.space("fables").await.unwrap().unwrap();
    store.put_space(&Space { until: LATER, ..fables.clone() }, Some(&fables), NOW).await.unwrap();
    assert!(end(Instant(LATER.0 - 1), 10).await.ended.is_empty());
    assert_eq!(end(LATER, 10).await.ended, [0, 3, 4, 5].map(guest), "by the space that ends sooner");
    assert_eq!(is_in(store, 1, LATER).await, ["potager"]);
    let convention = store.convention("c").await.unwrap().unwrap();
    let sooner = Convention { until: Instant(LATER.0 + 5), ..convention.clone() };
    store.put_convention(&sooner, Some(&convention)).await.unwrap();
    assert!(end(Instant(LATER.0 + 4), 10).await.ended.is_empty());
    assert_eq!(end(Instant(LATER.0 + 5), 10).await.ended, [1, 2].map(guest), "by the convention that ends sooner");
}

/// Whom somebody of the host stopped stays out, whatever lists name them, until that is lifted by somebody who may.
pub async fn whom_somebody_stopped_stays_out(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b1", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![newcomer(1)]), NOW).await.unwrap();
    let session = live(store, "s1", "g-1").await;
    assert_eq!(store.stop_guest(&uai(1), Some("fables"), &guest(1), false, NOW).await.unwrap(), Some(1));
    assert_eq!(store.stop_guest(&uai(1), None, &PersonId::new("p-zoe"), true, NOW).await.unwrap(), None);
    assert!(store.session(&session, NOW).await.unwrap().is_none());
    assert_eq!(is_in(store, 1, NOW).await, ["potager"], "one space");
    let both = |batch: &str, space| list(batch, space, vec![newcomer(3), newcomer(1)]);
    let passed = Admitted::All { added: 1, known: 0, stopped: vec![1] };
    assert_eq!(store.would_admit(&both("b3", "fables"), NOW).await.unwrap(), passed);
    assert_eq!(store.admit(&both("b3", "fables"), NOW).await.unwrap(), passed);
    assert_eq!(is_in(store, 3, NOW).await, ["fables"], "others come in");
    assert_eq!(is_in(store, 1, NOW).await, ["potager"], "a later list");
    // The head: out of every space there, also of those that are opened later, until the head says so.
    assert_eq!(store.stop_guest(&uai(1), None, &guest(1), true, NOW).await.unwrap(), Some(1));
    store.put_space(&space("orchestre", Some("c")), None, NOW).await.unwrap();
    store.admit(&both("b4", "orchestre"), NOW).await.unwrap();
    assert!(is_in(store, 1, NOW).await.is_empty() && store.guest_count("c").await.unwrap() == 2);
    let stops = store.stops(StopsOf::Host(&uai(1)), 0, 10).await.unwrap();
    let said: Vec<_> = stops.iter().map(|one| (one.space.as_deref(), one.by_head)).collect();
    assert_eq!(said, [(None, true), (Some("fables"), false)]);
    let (host, whom) = (uai(1), &stops[0].whom);
    assert!(!store.lift_stop(&lift(&host, whom, None, Lifter::Manager)).await.unwrap(), "what the head said");
    assert!(store.lift_stop(&lift(&host, whom, None, Lifter::Head)).await.unwrap());
    store.admit(&both("b5", "potager"), NOW).await.unwrap();
    assert_eq!(is_in(store, 1, NOW).await, ["potager"], "lifted");
    assert!(store.lift_stop(&lift(&host, whom, Some("fables"), Lifter::Manager)).await.unwrap());
    assert!(!store.lift_stop(&lift(&host, whom, Some("fables"), Lifter::Head)).await.unwrap(), "once");
    assert_eq!(store.admit(&both("b6", "fables"), NOW).await.unwrap(), all(0, 2), "control");
}

/// A stop outlasts the account: a list that comes when everything else is forgotten does not bring them back.
pub async fn a_stop_outlasts_the_account(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    store.stop_guest(&uai(1), None, &guest(1), true, NOW).await.unwrap();
    store.end_guests(&[guest(2)], NOW).await.unwrap();
    let retention = Retention::days(31, 89);
    let late = NOW + Seconds(89 * 86_400);
    store.let_time_pass(NOW, retention, 10).await.unwrap();
    assert_eq!(store.let_time_pass(late, retention, 10).await.unwrap().purged.len(), 2);
    let stop = store.stops(StopsOf::Host(&uai(1)), 0, 10).await.unwrap().remove(0);
    assert_eq!((stop.person, stop.by_head), (None, true), "no account is named");
    let mut anew = newcomer(2);
    anew.person.id = PersonId::new("another-name");
    let again = list("b2", "fables", vec![newcomer(1), anew]);
    assert_eq!(store.admit(&again, NOW).await.unwrap(), Admitted::All { added: 1, known: 0, stopped: vec![0] });
}

/// What a head stops at their school stays stopped there: no list, no new space, and other schools go on.
pub async fn a_convention_is_stopped_at_one_school(store: &dyn Store) {
    set_up(store, 10).await;
    let there = Space { host: uai(3), ..space("verger", Some("c")) };
    store.put_space(&there, None, NOW).await.unwrap();
    store.stop_here(&uai(1), "c", NOW).await.unwrap();
    assert_eq!(store.admit(&list("b", "fables", vec![newcomer(1)]), NOW).await.unwrap(), Admitted::Stopped);
    assert!(conflicts(&store.put_space(&space("neuf", Some("c")), None, NOW).await), "a space opened meanwhile");
    store.put_space(&space("theme", None), None, NOW).await.unwrap();
    assert_eq!(store.admit(&list("b", "verger", vec![newcomer(1)]), NOW).await.unwrap(), all(1, 0), "another school");
    let stop = store.stops(StopsOf::Host(&uai(1)), 0, 10).await.unwrap().remove(0);
    assert_eq!((stop.convention(), stop.by_head), (Some("c"), true));
    assert!(!store.lift_stop(&lift(&uai(1), &stop.whom, None, Lifter::Manager)).await.unwrap());
    assert!(store.lift_stop(&lift(&uai(1), &stop.whom, None, Lifter::Head)).await.unwrap());
    assert_eq!(store.admit(&list("b2", "fables", vec![newcomer(2)]), NOW).await.unwrap(), all(1, 0), "control");
}

/// Stops and lists at once: nobody who is stopped is left in.
pub async fn a_stop_and_a_list_at_once_leave_nobody_in(store: &dyn Store) {
    set_up(store, 200).await;
    store.admit(&list("first", "fables", (0..50).map(newcomer).collect()), NOW).await.unwrap();
    let lists: Vec<Admission> =
        (0..50).map(|n| list(&format!("b{n}"), ["fables", "potager"][n % 2], vec![newcomer(n)])).collect();
    let people: Vec<PersonId> = (0..50).map(guest).collect();
    let (host, lists, people) = (uai(1), &lists, &people);
    let call = |n: usize| {
        let host = host.clone();
        async move {
            match n % 2 {
                0 => store.admit(&lists[n / 2], NOW).await.map(drop),
                _ => store.stop_guest(&host, None, &people[n / 2], true, NOW).await.map(drop),
            }
        }
    };
    assert_eq!(winners(call, Result::is_ok).await, 100, "nobody loses");
    assert_eq!(store.guest_count("c").await.unwrap(), 0);
}

/// Guests of several spaces are read at once, with their names, and page by page.
pub async fn guests_of_several_spaces_are_read_at_once(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b1", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![newcomer(2)]), NOW).await.unwrap();
    let nobody = PersonId::new("");
    let found = store.guests_in(&["fables".into(), "potager".into()], &nobody, 10).await.unwrap();
    let said: Vec<_> =
        found.iter().map(|one| (one.space.as_str(), one.guest.person.clone(), one.name.as_str())).collect();
    assert_eq!(said, [("fables", guest(1), "Lou V."), ("fables", guest(2), "Lou V."), ("potager", guest(2), "Lou V.")]);
    assert_eq!(store.guests_in(&["fables".into()], &guest(1), 10).await.unwrap().len(), 1);
    assert_eq!(store.guests_in(&["fables".into()], &nobody, 1).await.unwrap().len(), 1);
    let names = |found: Vec<Convention>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(names(store.conventions_named(&["c".into(), "d".into()]).await.unwrap()), ["c"]);
    let spaces = store.spaces_named(&["potager".into(), "nowhere".into()]).await.unwrap();
    assert_eq!(spaces, [space("potager", Some("c"))]);
    let ids = |found: Vec<GuestList>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
    store.admit(&list("b3", "fables", vec![newcomer(3)]), LATER).await.unwrap();
    assert_eq!(ids(store.lists(ListsOf::Space("fables"), 0, 1).await.unwrap()), ["b3"]);
    assert_eq!(ids(store.lists(ListsOf::Space("fables"), 1, 10).await.unwrap()), ["b1"]);
    assert_eq!(store.guest_list("c", "b1", false).await.unwrap().map(|one| one.guests), Some(2));
    assert_eq!(store.guest_list("c", "b1", true).await.unwrap(), None);
}

/// The écoles of a sector, as their sources say.
pub async fn the_ecoles_of_a_sector_are_found(store: &dyn Store) {
    let ecole = |number, sector: Option<u32>| preau_domain::Establishment { sector: sector.map(uai), ..school(number) };
    store
        .put_establishments(None, &[ecole(2, Some(1)), ecole(4, Some(1)), ecole(3, Some(5)), ecole(6, None)])
        .await
        .unwrap();
    assert_eq!(store.ecoles_of_sector(&uai(1)).await.unwrap(), [uai(2), uai(4)]);
    store.put_establishments(None, &[ecole(2, Some(5))]).await.unwrap();
    assert_eq!(store.ecoles_of_sector(&uai(1)).await.unwrap(), [uai(4)], "as the source says now");
    assert!(store.ecoles_of_sector(&uai(9)).await.unwrap().is_empty());
}

/// Stopping never loses, however often a convention or a space is written meanwhile: sessions fall, and what was stopped reads so.
pub async fn what_is_stopped_stays_so(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b1", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    store.admit(&list("b2", "potager", vec![newcomer(2)]), NOW).await.unwrap();
    let (one, two) = (live(store, "s1", "g-1").await, live(store, "s2", "g-2").await);
    assert_eq!(store.leave_space("fables", &[guest(2), PersonId::new("p-zoe")], NOW).await.unwrap(), 1);
    assert_eq!(
        (is_in(store, 1, NOW).await, is_in(store, 2, NOW).await),
        (vec!["fables".into()], vec!["potager".into()])
    );
    assert!(store.session(&two, NOW).await.unwrap().is_none() && store.session(&one, NOW).await.unwrap().is_some());
    store.admit(&list("b3", "fables", vec![newcomer(2)]), NOW).await.unwrap();
    let two = live(store, "s4", "g-2").await;
    assert_eq!(store.close_space("nowhere", NOW).await.unwrap(), None);
    assert_eq!(store.close_space("fables", NOW).await.unwrap(), Some(2));
    for session in [&one, &two] {
        assert!(store.session(session, NOW).await.unwrap().is_none(), "services hear of it");
    }
    assert!(is_in(store, 1, NOW).await.is_empty() && store.guest(&guest(1)).await.unwrap().unwrap().ended.is_some());
    assert_eq!(is_in(store, 2, NOW).await, ["potager"], "whoever is in another space goes on");
    assert!(store.space("fables").await.unwrap().unwrap().closed);
    let open = space("fables", Some("c"));
    assert!(conflicts(&store.put_space(&open, Some(&open), NOW).await), "somebody read it before");
    let session = live(store, "s3", "g-2").await;
    assert_eq!(store.stop_convention("c", ConventionState::Suspended, NOW).await.unwrap(), Some(1));
    assert!(store.session(&session, NOW).await.unwrap().is_none());
    assert_eq!(store.stop_convention("c", ConventionState::Suspended, NOW).await.unwrap(), None, "once");
    assert_eq!(store.convention("c").await.unwrap().unwrap().state, ConventionState::Suspended);
    assert!(store.person(&guest(2)).await.unwrap().unwrap().state.may_sign_in(), "for a while");
    assert_eq!(store.stop_convention("c", ConventionState::Ended, NOW).await.unwrap(), Some(1));
    assert!(!store.person(&guest(2)).await.unwrap().unwrap().state.may_sign_in());
}

/// A space that is changed has its guests in the role of their class, and none whose class it names no longer.
pub async fn a_changed_space_keeps_whom_it_names(store: &dyn Store) {
    set_up(store, 10).await;
    let mut other = newcomer(2);
    other.guest.class = "CM1".into();
    store.admit(&list("b", "fables", vec![newcomer(1), other]), NOW).await.unwrap();
    let before = store.space("fables").await.unwrap().unwrap();
    let mut after = before.clone();
    after.groups[2].role = Role::Visiteur;
    assert_eq!(store.put_space(&after, Some(&before), NOW).await.unwrap(), 1);
    assert_eq!(store.spaces_of_guest(&guest(1), NOW).await.unwrap()[0].role, Role::Visiteur);
    assert!(is_in(store, 2, NOW).await.is_empty());
    assert_eq!(store.guest_count("c").await.unwrap(), 1);
    let mut further = after.clone();
    further.title = "Fables du cycle 3".into();
    assert_eq!(store.put_space(&further, Some(&after), NOW).await.unwrap(), 0, "control");
    assert_eq!(is_in(store, 1, NOW).await, ["fables"], "control");
}

/// Who comes by two conventions has one account, and goes on by the second when the first is over.
pub async fn two_conventions_make_one_guest(store: &dyn Store) {
    set_up(store, 10).await;
    store.put_convention(&Convention { until: LATER, ..convention("d", 10) }, None).await.unwrap();
    store.put_space(&Space { until: LATER, ..space("orchestre", Some("d")) }, None, NOW).await.unwrap();
    store.admit(&list("b", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    let mut again = newcomer(1);
    again.person.id = PersonId::new("another-name");
    (again.guest.convention, again.guest.until) = ("d".into(), LATER);
    let by = Admission { convention: "d".into(), ..list("b", "orchestre", vec![again]) };
    assert_eq!(store.guests_known("d", &["key-1".to_owned()]).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.admit(&by, NOW).await.unwrap(), all(1, 0));
    assert_eq!(is_in(store, 1, NOW).await, ["fables", "orchestre"]);
    assert_eq!(store.people_count().await.unwrap(), 1);
    assert_eq!((store.guest_count("c").await.unwrap(), store.guest_count("d").await.unwrap()), (1, 1));
    let known = store.guest(&guest(1)).await.unwrap().unwrap();
    assert_eq!((known.until, known.convention.as_str()), (END, "c"), "that which lasts longest");
    assert_eq!(store.guests_named(&[guest(1), guest(9)]).await.unwrap(), [known]);
    store.withdraw("x", "b", NOW).await.unwrap();
    assert_eq!(is_in(store, 1, NOW).await, ["fables", "orchestre"], "a list is one of its convention");
    assert_eq!(store.end_due_guests(LATER, NOW, 10).await.unwrap().ended, [guest(1)]);
    assert_eq!(is_in(store, 1, LATER).await, ["fables"]);
    assert!(store.person(&guest(1)).await.unwrap().unwrap().state.may_sign_in());
    assert_eq!((store.guest_count("c").await.unwrap(), store.guest_count("d").await.unwrap()), (1, 0));
    assert_eq!(store.guests_known("c", &["key-1".to_owned(), "key-2".to_owned()]).await.unwrap(), ["key-1"]);
}

/// A list is looked at without being taken in, and taken in once: also not again after it was taken back.
pub async fn a_list_is_taken_in_once(store: &dyn Store) {
    set_up(store, 2).await;
    let first = list("b", "fables", vec![newcomer(1), newcomer(2)]);
    assert_eq!(store.would_admit(&first, NOW).await.unwrap(), all(2, 0));
    assert_eq!(store.guest_count("c").await.unwrap(), 0);
    let over = list("b", "fables", vec![newcomer(1), newcomer(2), newcomer(3)]);
    let refused = Admitted::OverQuota { quota: 2, there: 0, more: 3 };
    assert_eq!(store.would_admit(&over, NOW).await.unwrap(), refused);
    let came = winners(|_| store.admit(&first, NOW), |a| matches!(a, Ok(Admitted::All { .. }))).await;
    assert_eq!((came, store.guest_count("c").await.unwrap()), (1, 2));
    let lists = store.lists(ListsOf::Space("fables"), 0, 10).await.unwrap();
    assert_eq!((lists.len(), lists[0].guests, lists[0].withdrawn, lists[0].sent), (1, 2, None, false));
    assert_eq!(store.withdraw("c", "b", LATER).await.unwrap(), 2);
    assert_eq!(store.lists(ListsOf::Space("fables"), 0, 10).await.unwrap()[0].withdrawn, Some(LATER));
    assert_eq!(store.admit(&first, LATER).await.unwrap(), Admitted::AlreadyIn);
    assert_eq!(store.guest_count("c").await.unwrap(), 0);
    let sent = GuestList { sent: true, by: Some(PersonId::new("p")), ..lists[0].clone() };
    store.note_list(&sent).await.unwrap();
    store.note_list(&GuestList { withdrawn: Some(LATER), ..sent.clone() }).await.unwrap();
    let found = store.lists(ListsOf::Home(&uai(2)), 0, 10).await.unwrap();
    assert_eq!(found, [GuestList { withdrawn: Some(LATER), ..sent }]);
    assert!(store.lists(ListsOf::Home(&uai(1)), 0, 10).await.unwrap().is_empty());
}

/// A word that takes a list back before it came holds: the list is not taken in any more. In parallel, nobody is left in.
pub async fn a_list_that_was_taken_back_before_it_came_stays_out(store: &dyn Store) {
    set_up(store, 200).await;
    assert_eq!(store.withdraw("c", "b0", NOW).await.unwrap(), 0);
    assert_eq!(store.admit(&list("b0", "fables", vec![newcomer(0)]), NOW).await.unwrap(), Admitted::AlreadyIn);
    assert_eq!(store.withdraw("nowhere", "b0", NOW).await.unwrap(), 0);
    let lists: Vec<Admission> = (1..51).map(|n| list(&format!("b{n}"), "fables", vec![newcomer(n)])).collect();
    let call = |n: usize| {
        let list = &lists[n / 2];
        async move {
            match n % 2 {
                0 => store.admit(list, NOW).await.map(drop),
                _ => store.withdraw("c", &list.batch, NOW).await.map(drop),
            }
        }
    };
    let done = winners(call, Result::is_ok);
    assert_eq!(done.await, 100, "nobody loses");
    assert_eq!(store.guest_count("c").await.unwrap(), 0);
}

/// Lists come in while spaces are closed, guests taken out and lists taken back: every stop is done, and nobody is left in what is closed.
pub async fn stops_and_lists_at_once_all_come_to_their_end(store: &dyn Store) {
    set_up(store, 200).await;
    store.admit(&list("first", "fables", (0..20).map(newcomer).collect()), NOW).await.unwrap();
    let again: Vec<Admission> =
        (0..100).map(|n| list(&format!("b{n}"), "fables", (0..20).map(newcomer).collect())).collect();
    let people: Vec<PersonId> = (0..20).map(guest).collect();
    let call = |n: usize| {
        let (again, people) = (&again[n], &people);
        async move {
            match n % 5 {
                0 => store.leave_space("fables", people, NOW).await.map(drop),
                1 => store.withdraw("c", &format!("b{}", n - 1), NOW).await.map(drop),
                2 if n == 62 => store.close_space("fables", NOW).await.map(drop),
                3 => store.end_guests(&people[..5], NOW).await.map(drop),
                _ => store.admit(again, NOW).await.map(drop),
            }
        }
    };
    let done = winners(call, Result::is_ok);
    assert_eq!(done.await, 100, "nobody loses");
    assert!(store.guests(GuestsOf::Space("fables"), &PersonId::new(""), 50).await.unwrap().is_empty());
    assert_eq!(store.guest_count("c").await.unwrap(), 0);
}

/// The spaces of an establishment are found, those that last longest first.
pub async fn the_spaces_of_an_establishment_are_found(store: &dyn Store) {
    for (id, host, until) in [("a", 1, LATER), ("b", 1, END), ("c", 2, END)] {
        store.put_space(&Space { host: uai(host), until, ..space(id, None) }, None, NOW).await.unwrap();
    }
    let names = |found: Vec<Space>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(names(store.spaces_at(&uai(1), 0, 10).await.unwrap()), ["b", "a"]);
    assert_eq!(names(store.spaces_at(&uai(1), 0, 1).await.unwrap()), ["b"]);
    assert_eq!(names(store.spaces_at(&uai(1), 1, 10).await.unwrap()), ["a"]);
    set_up(store, 10).await;
    store.close_space("potager", NOW).await.unwrap();
    assert_eq!(store.open_spaces_under(&uai(1), "c").await.unwrap(), ["fables"]);
}

/// A guest is given more time, never less.
pub async fn a_guest_is_renewed(store: &dyn Store) {
    set_up(store, 10).await;
    let mut one = newcomer(1);
    one.guest.until = LATER;
    store.admit(&list("b", "fables", vec![one]), NOW).await.unwrap();
    store.admit(&list("b", "potager", vec![newcomer(2)]), NOW).await.unwrap();
    assert_eq!(store.spaces_of_guest(&guest(1), NOW).await.unwrap()[0].until, LATER);
    assert_eq!(store.renew_guests("fables", END).await.unwrap(), 1);
    assert_eq!(store.spaces_of_guest(&guest(1), NOW).await.unwrap()[0].until, END);
    assert_eq!(store.renew_guests("fables", LATER).await.unwrap(), 0, "nobody is given less");
}

/// Who was a guest and is one again has the same account.
pub async fn who_was_a_guest_comes_back_the_same(store: &dyn Store) {
    set_up(store, 1).await;
    store.admit(&list("b1", "fables", vec![newcomer(1)]), NOW).await.unwrap();
    store.end_guests(&[guest(1)], NOW).await.unwrap();
    let mut again = newcomer(1);
    again.person.id = PersonId::new("another-name");
    let admitted = store.admit(&list("b2", "fables", vec![again]), LATER).await.unwrap();
    assert_eq!(admitted, all(1, 0));
    assert_eq!(is_in(store, 1, LATER).await, ["fables"]);
    assert!(store.person(&guest(1)).await.unwrap().unwrap().state.may_sign_in());
    let known = store.guest(&guest(1)).await.unwrap().unwrap();
    assert_eq!((known.batch.as_str(), known.ended), ("b2", None));
}

/// What is known of a guest goes when the account is purged.
pub async fn what_is_known_of_a_guest_goes_with_them(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    store.end_guests(&[guest(1)], NOW).await.unwrap();
    let retention = Retention::days(31, 89);
    store.let_time_pass(NOW, retention, 10).await.unwrap();
    let aged = store.let_time_pass(NOW + Seconds(89 * 86_400), retention, 10).await.unwrap();
    assert_eq!(aged.purged, [guest(1)]);
    assert_eq!(store.guest(&guest(1)).await.unwrap(), None);
    assert!(store.links_of(&who(1)).await.unwrap().is_empty());
    assert!(store.guest(&guest(2)).await.unwrap().is_some(), "control");
}

/// Somebody says so who knows what was said before.
fn how(keep_guest: bool) -> Conversion {
    Conversion { keep_guest, despite: true }
}

/// A guest who becomes a pupil of ours keeps the name that services know, is what the annuaire says, and a guest no more; what they keep at hand stays.
pub async fn a_guest_becomes_a_pupil_of_ours(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", vec![newcomer(1), newcomer(2)]), NOW).await.unwrap();
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    assert!(!store.convert_guest(&guest(1), &guest(2), how(true), NOW).await.unwrap(), "two guests are not one");
    assert_eq!(is_in(store, 1, NOW).await, ["fables"], "and nothing was changed");
    assert_eq!(store.links_of(&who(1)).await.unwrap().len(), 1);
    assert!(store.convert_guest(&guest(1), &sourced("k1").id, how(true), NOW).await.unwrap());
    let pupil = store.person(&guest(1)).await.unwrap().unwrap();
    let ours = sourced("k1");
    assert_eq!((&pupil.join, &pupil.affiliations, &pupil.login), (&ours.join, &ours.affiliations, &ours.login));
    assert!(!pupil.is_hosted() && pupil.state.may_sign_in());
    assert_eq!(store.person_by_join(&ours.join.unwrap()).await.unwrap().unwrap().id, guest(1));
    assert_eq!(store.guest(&guest(1)).await.unwrap(), None);
    assert!(store.links_of(&who(1)).await.unwrap().is_empty());
    let (here, kiosque) = (uai(1), ServiceId::new("kiosque"));
    store.add_favourite(&guest(1), &here, &kiosque, NOW).await.unwrap();
    let retention = Retention::days(31, 89);
    store.let_time_pass(NOW, retention, 10).await.unwrap();
    store.let_time_pass(NOW + Seconds(32 * 86_400), retention, 10).await.unwrap();
    assert_eq!(
        store.at_hand(&guest(1), &here).await.unwrap().favourites,
        [kiosque],
        "their old record ends, they do not"
    );
}

/// A later list does not take back a guest who became one of ours, whichever of the two accounts was kept: nobody else comes in with it either.
pub async fn a_pupil_of_ours_is_no_guest_again(store: &dyn Store) {
    set_up(store, 10).await;
    store.admit(&list("b", "fables", vec![newcomer(1), newcomer(2), newcomer(3)]), NOW).await.unwrap();
    store.put_people(None, &[change(sourced("k1")), change(sourced("k2"))]).await.unwrap();
    let pairs = [(sourced("k1").id, true), (sourced("k2").id, false)];
    for (number, (ours, keep)) in [1, 2].into_iter().zip(pairs) {
        assert!(store.convert_guest(&guest(number), &ours, how(keep), NOW).await.unwrap());
    }
    let again = list("b2", "fables", vec![newcomer(3), newcomer(1), newcomer(4), newcomer(2)]);
    assert_eq!(store.admit(&again, LATER).await.unwrap(), Admitted::AreOurs(vec![1, 3]));
    for number in [1, 2, 4] {
        assert!(store.links_of(&who(number)).await.unwrap().is_empty(), "{number}");
        assert_eq!(store.guest(&guest(number)).await.unwrap(), None);
    }
    assert_eq!(store.person(&guest(4)).await.unwrap(), None);
    let others = list("b2", "fables", vec![newcomer(3), newcomer(4)]);
    assert_eq!(store.admit(&others, LATER).await.unwrap(), all(1, 1), "control");
}
