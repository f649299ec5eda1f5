//! Promises about one person whom several sources know.

use crate::fixture::{
    LATER, NOW, change, conflicts, elsewhere, grant, live, local, registration, session, source, sourced, ticket, uai,
};
use preau_domain::{
    AccountState, Affiliation, Enrolment, FederatedLink, GrantKind, Instant, JoinKey, Life, OneTimeKey, Person,
    PersonId, Profile, RegistrationKind, Retention, RunId, Seconds, SourceId, TicketKind,
};
use preau_store::{Alike, Common, Held, Pair, RunOutcome, RunRecord, SaidBy, Store, UndoPart, Undoable};

fn town() -> SourceId {
    SourceId::new("ville")
}

/// The record `key` of the other source, of somebody who is a guardian in another school.
fn elsewhere_known(key: &str) -> Person {
    Person {
        join: Some(JoinKey { source: town(), key: key.into() }),
        affiliations: vec![Affiliation::new(uai(2), Profile::Guardian)],
        mail: Some(format!("{key}@ville.example")),
        ..sourced(key)
    }
}

/// Two records of different sources.
async fn two(store: &dyn Store) -> (PersonId, PersonId) {
    let (one, other) = (sourced("k1"), elsewhere_known("k9"));
    store.put_people(None, &[change(one.clone()), change(other.clone())]).await.unwrap();
    (one.id, other.id)
}

/// Whether two became one account.
async fn pair(store: &dyn Store, kept: &PersonId, added: &PersonId, who: SaidBy) -> bool {
    let done = store.pair(&[(kept.clone(), added.clone())], who, NOW).await.unwrap();
    assert_eq!(done.len(), 1);
    done[0]
}

fn day(day: i64) -> Instant {
    NOW + Seconds(day * 86_400)
}

/// Two records that are paired are one account, which is found by either of them and is what both say.
pub async fn two_records_are_one_account(store: &dyn Store) {
    let (one, other) = two(store).await;
    let before = (store.person(&one).await.unwrap().unwrap(), store.person(&other).await.unwrap().unwrap());
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    let whole = store.person(&one).await.unwrap().unwrap();
    assert_eq!((&whole.id, &whole.join), (&one, &before.0.join));
    assert_eq!(whole.affiliations, [before.0.affiliations.clone(), before.1.affiliations.clone()].concat());
    assert_eq!((whole.mail.as_deref(), whole.login.as_deref()), (Some("k9@ville.example"), Some("l-k1")));
    assert_eq!(store.person(&other).await.unwrap(), None, "the second name names nobody");
    for join in [&before.0.join, &before.1.join] {
        assert_eq!(store.person_by_join(join.as_ref().unwrap()).await.unwrap().as_ref(), Some(&whole));
    }
    assert_eq!(store.people_by_login("l-k9", 9).await.unwrap(), std::slice::from_ref(&whole));
    assert_eq!(store.people_by_mail(&town(), "k9@ville.example", 9).await.unwrap(), std::slice::from_ref(&whole));
    for (of, login, found) in [(town(), "l-k9", 1), (source(), "l-k1", 1), (source(), "l-k9", 0), (town(), "l-k1", 0)] {
        let accounts = store.people_of_login(&of, login, 9).await.unwrap();
        assert_eq!(accounts, vec![whole.clone(); found], "a login is that of the source which tells it: {of} {login}");
    }
    assert_eq!(store.records_of(&one).await.unwrap(), [before.0.clone(), before.1.clone()]);
    assert!(store.records_of(&other).await.unwrap().is_empty());
    let pair = Pair { account: one.clone(), record: other.clone(), who: SaidBy::Hand, at: NOW };
    assert_eq!(store.pairs(&PersonId::new(""), 9).await.unwrap(), [pair]);
    assert!(store.pairs(&other, 9).await.unwrap().is_empty());
    assert_eq!(store.health().await.unwrap().people, 1);
    let renamed = Person { given_name: "Zaza".into(), affiliations: vec![], ..before.1.clone() };
    store.put_people(None, &[change(Person { id: PersonId::new("new"), ..renamed })]).await.unwrap();
    let now = store.person(&one).await.unwrap().unwrap();
    assert_eq!((now.given_name.as_str(), now.affiliations), ("Zoé", before.0.affiliations.clone()), "as both say now");
    let index = store.source_index(&town(), "", 9).await.unwrap();
    assert_eq!((index.len(), index[0].places.len()), (1, 0), "to its source the record is what it says");
}

/// A limit is one of accounts: fewer than it are all there are, however many records they have.
pub async fn several_records_take_one_place(store: &dyn Store) {
    let known = |key: &str, of: SourceId| {
        let mut at = Affiliation::new(uai(2), Profile::Pupil);
        at.enrolment = Some(Box::new(Enrolment { establishment: uai(2), number: "11".into(), first_degree: false }));
        let (login, mail) = (Some("io".to_owned()), Some("io@ville.example".to_owned()));
        let join = Some(JoinKey { source: of, key: key.into() });
        Person { join, login, mail, affiliations: vec![at], ..sourced(key) }
    };
    let all = [known("k1", town()), known("k2", source()), known("k3", town()), known("k4", town())];
    store.put_people(None, &all.clone().map(change)).await.unwrap();
    assert!(pair(store, &all[1].id, &all[0].id, SaidBy::Hand).await);
    // The record that belongs to the account of the second, and says nothing any more.
    store.suspend_people(None, &town(), &["k1".into()]).await.unwrap();
    let names = |people: Vec<Person>| people.into_iter().map(|person| person.id.to_string()).collect::<Vec<_>>();
    let two = ["p-k3".to_owned(), "p-k4".to_owned()];
    assert_eq!(names(store.people_by_mail(&town(), "io@ville.example", 2).await.unwrap()), two);
    assert_eq!(names(store.people_of_login(&town(), "io", 2).await.unwrap()), two);
    assert_eq!(names(store.people_enrolled(&town(), &uai(2), "11", 2).await.unwrap()), two);
    let three = ["p-k2".to_owned(), "p-k3".to_owned(), "p-k4".to_owned()];
    for (limit, found) in [(2, &three[..2]), (3, &three[..]), (9, &three[..])] {
        assert_eq!(names(store.people_by_login("io", limit).await.unwrap()), found, "{limit}");
        assert_eq!(names(store.people_at(&uai(2), limit).await.unwrap()), found, "{limit}");
    }
}

/// Whoever was signed in to the second account is signed out, and nobody else; who they are elsewhere leads to the first.
pub async fn a_pair_signs_the_second_out(store: &dyn Store) {
    let (one, other) = two(store).await;
    let (hers, theirs) = (live(store, "s1", "p-k1").await, live(store, "s2", "p-k9").await);
    store.issue_ticket(&ticket("t2", &theirs), None).await.unwrap();
    let offline = grant("g2", GrantKind::Refresh, "f2", None);
    store.grant(&[preau_domain::Grant { person: Some(other.clone()), ..offline }]).await.unwrap();
    let link = FederatedLink { identity: elsewhere("x"), person: other.clone(), at: NOW };
    store.add_link(&link).await.unwrap();
    let mut made = registration("r-1");
    made.owner = Some(other.clone());
    store.add_registration(&made).await.unwrap();
    assert!(pair(store, &one, &other, SaidBy::Key).await);
    assert!(store.session(&hers, NOW).await.unwrap().is_some());
    assert_eq!(store.session(&theirs, NOW).await.unwrap(), None);
    assert_eq!(store.expired_sessions(NOW, 9).await.unwrap(), [theirs], "its services will hear of it");
    assert_eq!(store.consume_ticket(&OneTimeKey::new("t2"), TicketKind::CasService).await.unwrap(), None);
    assert_eq!(store.granted(&OneTimeKey::new("g2"), GrantKind::Refresh, NOW).await.unwrap(), None);
    let led = FederatedLink { person: one.clone(), ..link.clone() };
    assert_eq!(store.links_of(&elsewhere("x")).await.unwrap(), std::slice::from_ref(&led));
    assert_eq!(store.links_of_person(&one).await.unwrap(), [led]);
    assert_eq!(store.registrations(made.kind, Some(&one), NOW, 9).await.unwrap().len(), 1);
    assert!(store.remove_link(&elsewhere("x"), &one).await.unwrap());
    assert!(store.links_of(&elsewhere("x")).await.unwrap().is_empty());
    assert!(store.registrations(RegistrationKind::Dynamic, Some(&sourced("k7").id), NOW, 9).await.unwrap().is_empty());
}

/// An account may sign in as long as one of its records is active, and is no more than those say.
pub async fn an_account_ends_with_its_last_record(store: &dyn Store) {
    let (one, other) = two(store).await;
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    let hers = live(store, "s1", "p-k1").await;
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    assert!(store.session(&hers, NOW).await.unwrap().is_some(), "another source names her");
    let left = store.person(&one).await.unwrap().unwrap();
    assert_eq!((left.state, left.affiliations.clone()), (AccountState::Active, elsewhere_known("k9").affiliations));
    assert_eq!(
        store.people_after(None, 9).await.unwrap(),
        std::slice::from_ref(&left),
        "whoever goes through all meets it"
    );
    assert_eq!(store.life(&one).await.unwrap(), Some(Life { state: AccountState::Active, ended: None }));
    let (ended, unknown) = (sourced("k1").join.unwrap(), sourced("k0").join.unwrap());
    assert_eq!(store.person_by_join(&ended).await.unwrap(), None, "that record opens nothing");
    assert_eq!(store.record_state(&ended).await.unwrap(), Some(AccountState::Suspended), "and is there");
    assert_eq!(store.record_state(&unknown).await.unwrap(), None);
    assert_eq!(store.health().await.unwrap().people, 1);
    let gone = Person { state: AccountState::Suspended, ..elsewhere_known("k9") };
    store.put_people(None, &[change(gone)]).await.unwrap();
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert_eq!(store.person(&one).await.unwrap().map(|person| person.state), Some(AccountState::Suspended));
    assert_eq!(store.health().await.unwrap().people, 0);
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    assert_eq!(store.person(&one).await.unwrap().map(|person| person.state), Some(AccountState::Active));
}

/// Whichever record is stopped by hand, the account is; starting it starts all of it.
pub async fn an_account_is_stopped_whole(store: &dyn Store) {
    let (one, other) = two(store).await;
    store.stop_person(&other, "a lost phone").await.unwrap();
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    let state = async || store.person(&one).await.unwrap().map(|person| person.state);
    assert_eq!(state().await, Some(AccountState::Suspended));
    assert_eq!(store.why_stopped(&one).await.unwrap().as_deref(), Some("a lost phone"));
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    assert_eq!(state().await, Some(AccountState::Suspended));
    store.start_person(&one).await.unwrap();
    assert_eq!((state().await, store.why_stopped(&one).await.unwrap()), (Some(AccountState::Active), None));
    assert!(conflicts(&store.stop_person(&other, "x").await), "the second name names nobody");
    store.stop_person(&one, "again").await.unwrap();
    assert_eq!(state().await, Some(AccountState::Suspended));
}

/// Each is who they were after a parting, the account is signed out, and only a person may say the contrary of it.
pub async fn parting_gives_each_their_own(store: &dyn Store) {
    let (one, other) = two(store).await;
    let before = (store.person(&one).await.unwrap(), store.person(&other).await.unwrap());
    assert_eq!(store.part(&other, NOW).await.unwrap(), None);
    assert!(pair(store, &one, &other, SaidBy::Key).await);
    let hers = live(store, "s1", "p-k1").await;
    assert_eq!(store.part(&one, NOW).await.unwrap(), None, "the account itself is taken from nobody");
    assert_eq!(store.part(&other, LATER).await.unwrap(), Some(one.clone()));
    assert_eq!((store.person(&one).await.unwrap(), store.person(&other).await.unwrap()), before);
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert!(store.pairs(&PersonId::new(""), 9).await.unwrap().is_empty());
    for (kept, added) in [(&one, &other), (&other, &one)] {
        assert!(!pair(store, kept, added, SaidBy::Key).await, "a key does not undo what a person said");
    }
    assert_eq!(store.person(&one).await.unwrap(), before.0);
    let third = |id: &str, source: &str| Person {
        id: PersonId::new(id),
        join: Some(JoinKey { source: SourceId::new(source), key: "k".into() }),
        ..sourced("k4")
    };
    let (third, fourth) = (third("p-third", "region"), third("p-fourth", "rectorat"));
    store.put_people(None, &[change(third.clone()), change(fourth.clone())]).await.unwrap();
    assert!(pair(store, &third.id, &one, SaidBy::Key).await);
    assert!(!pair(store, &third.id, &other, SaidBy::Key).await, "nor through a third source");
    assert!(pair(store, &third.id, &fourth.id, SaidBy::Key).await, "control: of that one nobody said so");
    assert_eq!(store.part(&one, LATER).await.unwrap(), Some(third.id));
    assert!(pair(store, &other, &one, SaidBy::Hand).await);
    assert_eq!(store.person(&one).await.unwrap(), None);
}

/// Who an account was found to be elsewhere while two were one leads to neither after a parting; what led to each before does again.
pub async fn parting_forgets_who_they_were_found_to_be_meanwhile(store: &dyn Store) {
    let (one, other) = two(store).await;
    let link = async |name: &str, person: &PersonId, at| {
        let link = FederatedLink { identity: elsewhere(name), person: person.clone(), at };
        store.add_link(&link).await.unwrap();
    };
    link("hers", &one, NOW).await;
    link("theirs", &other, NOW).await;
    assert_eq!(store.pair(&[(one.clone(), other.clone())], SaidBy::Key, day(1)).await.unwrap(), [true]);
    link("met", &one, day(2)).await;
    assert_eq!(store.links_of_person(&one).await.unwrap().len(), 3, "control");
    assert_eq!(store.part(&other, day(3)).await.unwrap(), Some(one.clone()));
    assert!(store.links_of(&elsewhere("met")).await.unwrap().is_empty());
    for (name, person) in [("hers", &one), ("theirs", &other)] {
        let links = store.links_of(&elsewhere(name)).await.unwrap();
        assert_eq!(links.iter().map(|link| &link.person).collect::<Vec<_>>(), [person], "{name}");
    }
}

/// Two are paired only if they are accounts of different sources, and the second is no more than one record.
pub async fn accounts_that_are_no_pair_stay_two(store: &dyn Store) {
    let (one, other) = two(store).await;
    let third = Person { id: PersonId::new("p-third"), ..elsewhere_known("k3") };
    let fourth = SourceId::new("region");
    let fourth = Person { join: Some(JoinKey { source: fourth, key: "k".into() }), ..sourced("k4") };
    store.put_people(None, &[change(sourced("k2")), change(third.clone()), change(fourth.clone())]).await.unwrap();
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    let pair =
        async |kept: &str, added: &str| pair(store, &PersonId::new(kept), &PersonId::new(added), SaidBy::Hand).await;
    for (kept, added) in [
        ("p-k1", "p-k1"),
        ("p-k1", "p-k2"),
        ("p-k1", "p-zoe"),
        ("p-zoe", "p-k1"),
        ("p-k1", "nobody"),
        ("nobody", "p-k1"),
    ] {
        assert!(!pair(kept, added).await, "{kept} {added}");
    }
    assert!(pair("p-k1", "p-k9").await, "control");
    for (kept, added) in [("p-k1", "p-k9"), ("p-k9", "p-k4"), ("p-k4", "p-k9"), ("p-k4", "p-k1"), ("p-k1", "p-third")] {
        assert!(!pair(kept, added).await, "{kept} {added}");
    }
    assert!(conflicts(&store.keep_apart(&one, &other, NOW).await));
    assert!(pair("p-k1", "p-k4").await, "a third source");
    assert_eq!(store.records_of(&one).await.unwrap().len(), 3);
    store.suspend_people(None, &town(), &["k3".into()]).await.unwrap();
    let retention = Retention::days(45, 85);
    store.let_time_pass(NOW, retention, 9).await.unwrap();
    store.let_time_pass(day(85), retention, 9).await.unwrap();
    assert!(!pair("p-k2", "p-third").await, "nobody is left of it");
}

/// A record grows old by itself. The name of an account stays as long as one of its records does, and is burnt with the last.
pub async fn a_record_of_several_grows_old_alone(store: &dyn Store) {
    let (one, other) = two(store).await;
    let retention = Retention::days(45, 85);
    let pass = async |on| store.let_time_pass(day(on), retention, 9).await.unwrap();
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    pass(0).await;
    assert_eq!(pass(45).await.predeleted, std::slice::from_ref(&one));
    assert!(pass(85).await.purged.is_empty() && pass(400).await.purged.is_empty());
    let left = store.person(&one).await.unwrap().unwrap();
    assert_eq!((left.state, left.mail.as_deref()), (AccountState::Active, Some("k9@ville.example")));
    store.suspend_people(None, &town(), &["k9".into()]).await.unwrap();
    pass(400).await;
    assert_eq!(store.life(&one).await.unwrap().and_then(|life| life.ended), Some(day(400)));
    pass(445).await;
    assert!(pass(484).await.purged.is_empty());
    assert_eq!(pass(485).await.purged, std::slice::from_ref(&other));
    assert_eq!(pass(485).await.purged, std::slice::from_ref(&one));
    assert_eq!((store.person(&one).await.unwrap(), store.life(&one).await.unwrap()), (None, None));
    assert!(store.pairs(&PersonId::new(""), 9).await.unwrap().is_empty());
    for name in [&one, &other] {
        let again = Person { id: name.clone(), ..sourced("k5") };
        assert!(conflicts(&store.put_people(None, &[change(again)]).await), "{name} is burnt");
    }
}

/// A further record that is purged leaves the account it belonged to; whoever comes back in that source is somebody new.
pub async fn a_further_record_is_purged_alone(store: &dyn Store) {
    let (one, other) = two(store).await;
    let retention = Retention::days(45, 85);
    for (name, person) in [("x", &other), ("both", &one), ("both", &other)] {
        let link = FederatedLink { identity: elsewhere(name), person: person.clone(), at: NOW };
        store.add_link(&link).await.unwrap();
    }
    let mut made = registration("r-1");
    (made.owner, made.expires) = (Some(other.clone()), Some(day(200)));
    store.add_registration(&made).await.unwrap();
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    let hers = preau_domain::Session { expires: day(200), ..session("s1", "p-k1") };
    store.begin_session(&crate::fixture::beginning(hers.clone())).await.unwrap();
    store.suspend_people(None, &town(), &["k9".into()]).await.unwrap();
    store.let_time_pass(NOW, retention, 9).await.unwrap();
    assert_eq!(store.let_time_pass(day(85), retention, 9).await.unwrap().purged, std::slice::from_ref(&other));
    assert_eq!(store.person(&one).await.unwrap(), Some(sourced("k1")));
    assert_eq!(store.links_of_person(&one).await.unwrap().len(), 2, "whoever they are elsewhere, they still are");
    assert!(store.links_of_person(&other).await.unwrap().is_empty());
    assert_eq!(store.registrations(made.kind, Some(&one), day(85), 9).await.unwrap().len(), 1);
    assert!(store.session(&hers.id, day(85)).await.unwrap().is_some());
    store.put_people(None, &[change(Person { id: PersonId::new("new"), ..elsewhere_known("k9") })]).await.unwrap();
    assert_eq!(store.person(&one).await.unwrap(), Some(sourced("k1")));
    assert!(store.person(&PersonId::new("new")).await.unwrap().is_some());
}

/// A run of one source is undone in its own record, whoever else the account is.
pub async fn a_run_is_undone_in_its_own_record(store: &dyn Store) {
    let (one, other) = two(store).await;
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    let undo = Undoable { run: RunId::new("r1"), until: day(30) };
    let renamed = Person { given_name: "Zaza".into(), ..sourced("k1") };
    store.put_people(Some(&undo), &[change(renamed)]).await.unwrap();
    store.suspend_people(Some(&undo), &town(), &["k9".into()]).await.unwrap();
    let run = |source: SourceId| RunRecord {
        id: RunId::new("r1"),
        source,
        started: NOW,
        finished: None,
        outcome: RunOutcome::Applied,
        report: "{}".into(),
    };
    let shown = async || store.person(&one).await.unwrap().map(|one| (one.given_name, one.affiliations.len()));
    assert_eq!(shown().await, Some(("Zaza".into(), 1)));
    store.undo(&run(source()), UndoPart::Changed, "", 9).await.unwrap();
    assert_eq!(shown().await, Some(("Zoé".into(), 1)));
    store.undo(&run(town()), UndoPart::Changed, "", 9).await.unwrap();
    assert_eq!(shown().await, Some(("Zoé".into(), 2)));
}

/// Records are read by their names, each with the account it belongs to.
pub async fn records_are_read_by_their_names(store: &dyn Store) {
    let (one, other) = two(store).await;
    let names = [other.clone(), PersonId::new("nobody"), one.clone()];
    let held = |person: Person, account: &PersonId| Held { person, account: account.clone() };
    let [own, alone] = [held(sourced("k1"), &one), held(elsewhere_known("k9"), &other)];
    assert_eq!(store.records_named(&names).await.unwrap(), [own.clone(), alone]);
    assert!(pair(store, &one, &other, SaidBy::Hand).await);
    assert_eq!(store.records_named(&names).await.unwrap(), [own, held(elsewhere_known("k9"), &one)]);
    let many: Vec<PersonId> = (0..1001).map(|n| PersonId::new(n.to_string())).collect();
    assert!(store.records_named(&many).await.is_err() && store.records_named(&[]).await.unwrap().is_empty());
}

/// Records of two sources have one key when that of the second is that of the first behind a prefix, exactly.
pub async fn records_of_one_key_are_found(store: &dyn Store) {
    let keyed = |id: &str, key: &str| Person {
        id: PersonId::new(id),
        join: Some(JoinKey { source: town(), key: key.into() }),
        ..elsewhere_known(key)
    };
    let all = [
        sourced("12"),
        sourced("13"),
        Person { state: AccountState::Suspended, ..sourced("14") },
        sourced("15"),
        keyed("t-12", "AC$12"),
        keyed("t-13", "AC$130"),
        keyed("t-14", "AC$14"),
        keyed("t-15", "15"),
    ];
    store.put_people(None, &all.map(change)).await.unwrap();
    let keys: Vec<String> = ["12", "13", "14", "15"].map(str::to_owned).into();
    let found = async |prefix: &str| store.of_one_key(&source(), &keys, &town(), prefix).await.unwrap();
    let [a, b] = [(sourced("12").id, PersonId::new("t-12")), (sourced("15").id, PersonId::new("t-15"))];
    assert_eq!(found("AC$").await, std::slice::from_ref(&a));
    assert_eq!(found("").await, std::slice::from_ref(&b));
    assert!(found("AC%").await.is_empty() && found("ac$").await.is_empty());
    store.keep_apart(&a.0, &a.1, NOW).await.unwrap();
    assert!(pair(store, &b.0, &b.1, SaidBy::Key).await);
    assert!(found("AC$").await.is_empty() && found("").await.is_empty());
    let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    assert!(store.of_one_key(&source(), &many, &town(), "").await.is_err());
    assert!(store.alike(&source(), &many, &town(), 9).await.is_err());
}

/// Active records of two sources are alike by mail address or number of a school, unless they are one or somebody said that they are not.
pub async fn who_is_alike_is_found(store: &dyn Store) {
    let mail = |key: &str, person: Person| Person { mail: Some(format!("{key}@Mail.example")), ..person };
    let enrolled = |mut person: Person| {
        let number = Enrolment { establishment: uai(3), number: "77".into(), first_degree: false };
        person.affiliations[0].enrolment = Some(Box::new(number));
        person
    };
    let all = [
        mail("same", sourced("k1")),
        enrolled(sourced("k2")),
        mail("own", sourced("k3")),
        mail("same", sourced("k4")),
        mail("SAME", elsewhere_known("k9")),
        enrolled(mail("other", elsewhere_known("k8"))),
        mail("own", Person { state: AccountState::Suspended, ..elsewhere_known("k7") }),
        // Of the same establishment as the others, which says nothing of who somebody is.
        Person { affiliations: sourced("k6").affiliations, mail: None, ..elsewhere_known("k6") },
    ];
    store.put_people(None, &all.clone().map(change)).await.unwrap();
    let keys: Vec<String> = ["k1", "k2", "k3"].map(str::to_owned).into();
    let alike = |one: &str, other: &str, common| Alike { one: PersonId::new(one), other: PersonId::new(other), common };
    let found = async || store.alike(&source(), &keys, &town(), 9).await.unwrap();
    let [by_mail, by_number] = [alike("p-k1", "p-k9", Common::Mail), alike("p-k2", "p-k8", Common::Enrolment)];
    assert_eq!(found().await, [by_mail.clone(), by_number.clone()]);
    assert_eq!(store.alike(&source(), &keys, &town(), 1).await.unwrap(), std::slice::from_ref(&by_mail));
    assert!(store.alike(&source(), &keys, &source(), 9).await.unwrap().iter().all(|alike| alike.one != alike.other));
    store.keep_apart(&by_mail.other, &by_mail.one, NOW).await.unwrap();
    assert_eq!(found().await, std::slice::from_ref(&by_number));
    assert!(pair(store, &by_number.one, &by_number.other, SaidBy::Hand).await);
    assert!(found().await.is_empty());
    assert!(conflicts(&store.keep_apart(&by_mail.one, &PersonId::new("nobody"), NOW).await));
}

/// Of many who make two accounts one, each the other way round, one does.
pub async fn one_of_many_pairs(store: &dyn Store) {
    let (one, other) = two(store).await;
    let pair = async |n: usize| {
        let (kept, added) = if n.is_multiple_of(2) { (&one, &other) } else { (&other, &one) };
        pair(store, kept, added, SaidBy::Hand).await
    };
    let answers = futures::future::join_all((0..20).map(pair)).await;
    assert_eq!(answers.iter().filter(|answer| **answer).count(), 1);
    assert_eq!(store.pairs(&PersonId::new(""), 9).await.unwrap().len(), 1);
}

/// Many are paired at once, each two by themselves: what cannot be is left, and nothing of one name is done twice.
pub async fn many_are_paired_at_once(store: &dyn Store) {
    let (one, other) = two(store).await;
    let all = [change(sourced("k2")), change(elsewhere_known("k8"))];
    store.put_people(None, &all).await.unwrap();
    let name = |key: &str| PersonId::new(format!("p-{key}"));
    let pairs = [
        (one.clone(), other.clone()),
        (name("k2"), other.clone()),
        (other.clone(), name("k2")),
        (name("k1"), name("k8")),
        (name("k2"), name("k8")),
        (name("k2"), name("nobody")),
    ];
    let done = store.pair(&pairs, SaidBy::Key, NOW).await.unwrap();
    assert_eq!(done, [true, false, false, false, true, false]);
    assert_eq!(store.pairs(&PersonId::new(""), 9).await.unwrap().len(), 2);
    assert!(store.pair(&vec![(one, other); 1001], SaidBy::Key, NOW).await.is_err());
    assert!(store.pair(&[], SaidBy::Key, NOW).await.unwrap().is_empty());
}
