//! Accounts, one by one.

use crate::fixture::{NOW, change, conflicts, live, local, source, sourced, uai};
use preau_domain::{
    AccountState, Affiliation, Child, Enrolment, JoinKey, Legal, Person, PersonId, Profile, SourceId, Uai,
};
use preau_store::Store;

/// What is stored is what comes back, to the last detail.
pub async fn a_person_comes_back_whole(store: &dyn Store) {
    let mut zoe = local("zoe");
    zoe.title = Some("Mme".into());
    zoe.mail = Some("zoe@exemple.test".into());
    let mut affiliation = Affiliation::new(uai(2), Profile::Guardian);
    affiliation.classes = vec!["6A".into(), "CM2 \"b\" é".into()];
    zoe.affiliations.push(affiliation);
    let pupil = JoinKey { source: source(), key: "e'1".into() };
    let enrolment = Enrolment { establishment: uai(2), number: "55021".into(), first_degree: true };
    let enrolment = Some(Box::new(enrolment));
    zoe.children = vec![Child { pupil, link: "10".into(), legal: Legal::Representative, enrolment }];
    store.add_local_person(&zoe, "$argon2id$x").await.unwrap();
    assert_eq!(store.person(&zoe.id).await.unwrap(), Some(zoe));
}

/// Absent is `None`, never an error: also for names no database can hold.
pub async fn an_unknown_person_is_absent(store: &dyn Store) {
    for name in ["nobody", "", "a\0b", "'; DROP TABLE person; --", "%", &"x".repeat(10_000)] {
        assert_eq!(store.person(&PersonId::new(name)).await.unwrap(), None, "{name:.20}");
        assert_eq!(store.password_hash(&PersonId::new(name)).await.unwrap(), None);
        assert!(store.people_by_login(name, 10).await.unwrap().is_empty());
        let join = JoinKey { source: SourceId::new(name), key: name.into() };
        assert_eq!(store.person_by_join(&join).await.unwrap(), None);
    }
}

/// Upper and lower case, accents and wildcards are different names: nobody is found by looking like somebody.
pub async fn names_are_compared_exactly(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    store.put_people(None, &[change(sourced("Key"))]).await.unwrap();
    for login in ["ZOE", "Zoe", "zoé", "zo_", "zo%", "zoe ", " zoe"] {
        assert!(store.people_by_login(login, 10).await.unwrap().is_empty(), "{login}");
    }
    for key in ["key", "KEY", "Ke_", "%"] {
        let join = JoinKey { source: source(), key: key.into() };
        assert_eq!(store.person_by_join(&join).await.unwrap(), None, "{key}");
    }
    assert_eq!(store.person(&PersonId::new("P-ZOE")).await.unwrap(), None);
    assert_eq!(store.people_by_login("zoe", 10).await.unwrap().len(), 1);
    let join = JoinKey { source: source(), key: "Key".into() };
    assert_eq!(store.person_by_join(&join).await.unwrap().map(|p| p.id), Some(PersonId::new("p-Key")));
}

/// A taken id or local login conflicts, writes nothing, and leaves the store usable.
pub async fn a_taken_name_conflicts(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "first").await.unwrap();
    let same_login = Person { id: PersonId::new("other"), ..local("zoe") };
    assert!(conflicts(&store.add_local_person(&same_login, "second").await));
    let same_id = Person { login: Some("other".into()), ..local("zoe") };
    assert!(conflicts(&store.add_local_person(&same_id, "second").await));
    assert_eq!(store.password_hash(&PersonId::new("p-zoe")).await.unwrap().as_deref(), Some("first"));
    assert_eq!(store.person(&PersonId::new("other")).await.unwrap(), None);
    store.add_local_person(&local("ali"), "h").await.unwrap();
}

/// Two sources, or a source and a local account, may use one login; they come ordered by id, and no more than asked.
pub async fn a_login_may_be_shared_between_sources(store: &dyn Store) {
    let twin = |key: &str, id: &str| Person { id: PersonId::new(id), login: Some("zoe".into()), ..sourced(key) };
    store.put_people(None, &[change(twin("1", "p-b")), change(twin("2", "P-c"))]).await.unwrap();
    store.add_local_person(&Person { id: PersonId::new("p-a"), ..local("zoe") }, "h").await.unwrap();
    let ids = |people: Vec<Person>| people.into_iter().map(|p| p.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(store.people_by_login("zoe", 10).await.unwrap()), ["P-c", "p-a", "p-b"]);
    assert_eq!(ids(store.people_by_login("zoe", 2).await.unwrap()), ["P-c", "p-a"]);
}

/// Whoever goes through everybody meets each once, in the order of their ids, purged ones excepted.
pub async fn everybody_is_met_once_page_by_page(store: &dyn Store) {
    assert_eq!((store.people_count().await.unwrap(), store.people_after(None, 9).await.unwrap()), (0, vec![]));
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    store.put_people(None, &["k1", "k2", "k3"].map(|key| change(sourced(key)))).await.unwrap();
    store.stop_person(&PersonId::new("p-k2"), "why").await.unwrap();
    let mut met = Vec::new();
    loop {
        let page = store.people_after(met.last().map(|person: &Person| &person.id), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        met.extend(page);
    }
    let ids: Vec<&str> = met.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(ids, ["p-k1", "p-k2", "p-k3", "p-zoe"]);
    assert!(!met[1].state.may_sign_in() && met[0].state.may_sign_in(), "who was stopped by hand is stopped here too");
    assert_eq!(store.people_count().await.unwrap(), 4);
}

/// Somebody is found by the mail address of their record, of that source alone, as it is now; all who share it are.
pub async fn a_record_is_found_by_its_mail_address(store: &dyn Store) {
    let with = |key: &str, mail: &str| Person { mail: Some(mail.into()), ..sourced(key) };
    let [zoe, ali] = [with("zoe", "Zoe@AC-Notos.example"), with("ali", "ali@ac-notos.example")];
    let elsewhere = JoinKey { source: SourceId::new("autre"), key: "k".into() };
    let other = Person { id: PersonId::new("p-other"), join: Some(elsewhere), ..zoe.clone() };
    store
        .put_people(None, &[change(zoe.clone()), change(ali.clone()), change(other), change(sourced("none"))])
        .await
        .unwrap();
    store.add_local_person(&Person { mail: zoe.mail.clone(), ..local("guest") }, "h").await.unwrap();
    let found = async |mail: &str| store.people_by_mail(&source(), mail, 9).await.unwrap();
    assert_eq!(found("zoe@ac-notos.example").await, std::slice::from_ref(&zoe));
    let here = async |mail: &str| store.local_people_by_mail(mail, 9).await.unwrap();
    assert_eq!(here("zoe@ac-notos.example").await, [Person { mail: zoe.mail.clone(), ..local("guest") }]);
    store.update_person(&Person { mail: Some("Guest@autre.example".into()), ..local("guest") }).await.unwrap();
    assert_eq!((here("zoe@ac-notos.example").await.len(), here("guest@autre.example").await.len()), (0, 1));
    for stranger in ["Zoe@AC-Notos.example", "zoe@ac-notos_example", "zo%", "", "zoé@ac-notos.example", "\0"] {
        assert!(found(stranger).await.is_empty(), "{stranger}");
    }
    let shared = with("ali", "zoe@ac-notos.example");
    store.put_people(None, &[change(shared.clone())]).await.unwrap();
    assert_eq!(found("zoe@ac-notos.example").await, [shared, zoe.clone()]);
    assert_eq!(store.people_by_mail(&source(), "zoe@ac-notos.example", 1).await.unwrap().len(), 1);
    assert!(found("ali@ac-notos.example").await.is_empty(), "an address that was given up");
    store.update_person(&with("zoe", "zoe@autre.example")).await.unwrap();
    store.put_people(None, &[change(sourced("ali"))]).await.unwrap();
    assert!(found("zoe@ac-notos.example").await.is_empty());
    assert_eq!(found("zoe@autre.example").await.len(), 1);
}

/// Of a number, the pupil and whoever answers for the pupil are found, in that source, as their records say now.
pub async fn pupils_and_parents_are_found_by_the_number_of_a_school(store: &dyn Store) {
    let [here, there] = [uai(2), uai(3)];
    let enrolled = |at: &Uai, number: &str| {
        Some(Box::new(Enrolment { establishment: at.clone(), number: number.into(), first_degree: false }))
    };
    let pupil = |key: &str, number: &str| {
        let mut at = Affiliation::new(here.clone(), Profile::Pupil);
        at.enrolment = enrolled(&here, number);
        Person { affiliations: vec![at], ..sourced(key) }
    };
    let child = |number: &str, at: &Uai| Child {
        pupil: JoinKey { source: source(), key: "k".into() },
        link: "10".into(),
        legal: Legal::Representative,
        enrolment: enrolled(at, number),
    };
    let parent = Person { children: vec![child("11", &here), child("12", &there), child("11", &here)], ..sourced("b") };
    let elsewhere = Some(JoinKey { source: SourceId::new("autre"), key: "k".into() });
    let other = Person { id: PersonId::new("p-other"), join: elsewhere, ..pupil("a", "11") };
    let all = [change(pupil("a", "11")), change(parent.clone()), change(other), change(sourced("none"))];
    store.put_people(None, &all).await.unwrap();
    let found = async |at: &Uai, number: &str| store.people_enrolled(&source(), at, number, 9).await.unwrap();
    assert_eq!(found(&here, "11").await, [pupil("a", "11"), parent.clone()]);
    assert_eq!(found(&there, "12").await, std::slice::from_ref(&parent));
    for (at, number) in [(&there, "11"), (&here, "1"), (&here, "1%"), (&here, ""), (&here, "\0")] {
        assert!(found(at, number).await.is_empty(), "{at} {number}");
    }
    assert_eq!(store.people_enrolled(&source(), &here, "11", 1).await.unwrap().len(), 1);
    let renamed = Person { given_name: "Zo\u{eb}".into(), ..parent.clone() };
    store.put_people(None, &[change(pupil("a", "13")), change(renamed.clone())]).await.unwrap();
    assert_eq!(found(&there, "12").await, [renamed], "who keeps a number keeps it");
    store.update_person(&Person { children: vec![child("13", &here)], ..parent.clone() }).await.unwrap();
    assert!(found(&here, "11").await.is_empty() && found(&there, "12").await.is_empty());
    assert_eq!(found(&here, "13").await.len(), 2);
}

/// Whoever is of an establishment is found there, from whatever source, and nowhere else any more once they are elsewhere.
pub async fn people_are_found_by_where_they_are(store: &dyn Store) {
    let (here, there) = (uai(2), uai(3));
    let at = |person: Person, places: &[&Uai]| Person {
        affiliations: places.iter().map(|place| Affiliation::new((*place).clone(), Profile::Teacher)).collect(),
        ..person
    };
    let both = at(sourced("both"), &[&here, &there, &here]);
    store.put_people(None, &[change(both.clone()), change(at(sourced("there"), &[&there]))]).await.unwrap();
    store.add_local_person(&at(local("zoe"), &[&here]), "h").await.unwrap();
    let found = async |at: &Uai| {
        let people = store.people_at(at, 9).await.unwrap();
        people.into_iter().map(|person| person.login.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(
        (found(&here).await, found(&there).await),
        (vec!["l-both".into(), "zoe".into()], vec!["l-both".into(), "l-there".into()])
    );
    assert_eq!(store.people_at(&there, 1).await.unwrap().len(), 1);
    assert!(found(&uai(4)).await.is_empty());
    store.put_people(None, &[change(at(both, &[&there]))]).await.unwrap();
    store.update_person(&at(local("zoe"), &[&there])).await.unwrap();
    assert!(found(&here).await.is_empty());
    assert_eq!(found(&there).await.len(), 3);
}

/// Whoever is one of several things in an establishment is found there by it, from whatever source, and nobody who is something else there or
/// the same elsewhere.
pub async fn people_are_found_by_what_they_are_there(store: &dyn Store) {
    let (here, there) = (uai(2), uai(3));
    let at = |person: Person, places: &[(&Uai, Profile)]| Person {
        affiliations: places.iter().map(|(place, profile)| Affiliation::new((*place).clone(), *profile)).collect(),
        ..person
    };
    let both = at(sourced("both"), &[(&here, Profile::Pupil), (&there, Profile::Teacher)]);
    let teaches = at(sourced("teaches"), &[(&here, Profile::Guardian), (&here, Profile::Teacher)]);
    let documents = at(sourced("documents"), &[(&here, Profile::Librarian)]);
    store.put_people(None, &[change(both), change(teaches.clone()), change(documents)]).await.unwrap();
    store.add_local_person(&at(local("zoe"), &[(&here, Profile::Teacher)]), "h").await.unwrap();
    let found = async |at: &Uai, profiles: &[Profile]| {
        let people = store.people_as(at, profiles, 9).await.unwrap();
        people.into_iter().map(|person| person.login.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(found(&here, &[Profile::Teacher]).await, ["l-teaches", "zoe"]);
    assert_eq!(found(&here, &[Profile::Teacher, Profile::Librarian]).await, ["l-documents", "l-teaches", "zoe"]);
    assert_eq!(found(&there, &[Profile::Teacher]).await, ["l-both"]);
    assert_eq!((found(&here, &[]).await.len(), found(&here, &[Profile::Head]).await.len()), (0, 0));
    assert_eq!(store.people_as(&here, &[Profile::Teacher], 1).await.unwrap().len(), 1);
    store.put_people(None, &[change(at(teaches, &[(&here, Profile::Guardian)]))]).await.unwrap();
    assert_eq!(found(&here, &[Profile::Teacher]).await, ["zoe"], "who teaches no more");
}

/// Pupils are found by their class at an establishment, whatever stands in its code, and nobody else is: not who teaches it, who is in a class of
/// that name elsewhere, or in another class there.
pub async fn pupils_are_found_by_their_class(store: &dyn Store) {
    let (here, there) = (uai(2), uai(3));
    let of = |key: &str, at: &Uai, profile: Profile, classes: &[&str]| {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        Person { affiliations: vec![Affiliation { classes, ..Affiliation::new(at.clone(), profile) }], ..sourced(key) }
    };
    let odd = "6ème \"B\" %_'1";
    let two = Affiliation { classes: vec!["6B".into()], ..Affiliation::new(here.clone(), Profile::Pupil) };
    let mut both = of("both", &there, Profile::Pupil, &["6B"]);
    both.affiliations.push(two);
    let all = [
        of("one", &here, Profile::Pupil, &["6A", "6B"]),
        of("odd", &here, Profile::Pupil, &[odd]),
        of("teacher", &here, Profile::Teacher, &["6B"]),
        of("away", &there, Profile::Pupil, &["6B"]),
        of("none", &here, Profile::Pupil, &[]),
        both,
    ];
    store.put_people(None, &all.map(change)).await.unwrap();
    let found = async |at: &Uai, class: &str, limit| {
        let people = store.pupils_of_class(at, class, limit).await.unwrap();
        people.into_iter().map(|person| person.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(&here, "6B", 9).await, ["p-both", "p-one"]);
    assert_eq!(found(&here, "6B", 1).await.len(), 1);
    assert_eq!(found(&there, "6B", 9).await, ["p-away", "p-both"]);
    assert_eq!((found(&here, "6A", 9).await, found(&here, odd, 9).await), (vec!["p-one".into()], vec!["p-odd".into()]));
    for nothing in ["6b", "", "6", "%", "6B "] {
        assert!(found(&here, nothing, 9).await.is_empty(), "{nothing}");
    }
    store.put_people(None, &[change(of("one", &here, Profile::Pupil, &["5B"]))]).await.unwrap();
    assert_eq!(found(&here, "6B", 9).await, ["p-both"], "whoever left it");
}

/// An update replaces what is known; the id, the join key and the digest of the record stay.
pub async fn an_update_keeps_where_a_person_comes_from(store: &dyn Store) {
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    let stranger = JoinKey { source: SourceId::new("elsewhere"), key: "k9".into() };
    let renamed =
        Person { given_name: "Zoë".into(), join: Some(stranger.clone()), login: Some("new".into()), ..sourced("k1") };
    store.update_person(&renamed).await.unwrap();
    let expected = Person { join: sourced("k1").join, ..renamed };
    assert_eq!(store.person_by_join(&expected.join.clone().unwrap()).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.person_by_join(&stranger).await.unwrap(), None);
    assert_eq!(store.people_by_login("new", 9).await.unwrap(), [expected]);
    assert!(store.people_by_login("l-k1", 9).await.unwrap().is_empty());
    assert_eq!(store.source_index(&source(), "", 9).await.unwrap()[0].digest, change(sourced("k1")).digest);
}

/// Nobody is updated into being, and no local login is taken by an update.
pub async fn an_update_can_conflict(store: &dyn Store) {
    assert!(conflicts(&store.update_person(&local("zoe")).await));
    assert_eq!(store.person(&PersonId::new("p-zoe")).await.unwrap(), None);
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    store.add_local_person(&local("ali"), "h").await.unwrap();
    let taken = Person { login: Some("zoe".into()), ..local("ali") };
    assert!(conflicts(&store.update_person(&taken).await));
    assert_eq!(store.person(&taken.id).await.unwrap(), Some(local("ali")));
}

/// A person stopped by a human loses the sessions they have, in the same stroke.
pub async fn suspending_by_hand_ends_sessions(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-ali").await);
    store.update_person(&Person { given_name: "Zaza".into(), ..local("zoe") }).await.unwrap();
    assert!(store.session(&hers, NOW).await.unwrap().is_some(), "a change that suspends nobody ends nothing");
    let stopped = Person { state: AccountState::Suspended, ..local("zoe") };
    store.update_person(&stopped).await.unwrap();
    assert_eq!(store.person(&stopped.id).await.unwrap().map(|p| p.state), Some(AccountState::Suspended));
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert!(store.session(&his, NOW).await.unwrap().is_some());
}

/// Who is stopped by hand stays so whatever a source says of them, and is again what it says afterwards.
pub async fn who_is_stopped_by_hand_stays_stopped(store: &dyn Store) {
    store.put_people(None, &[change(sourced("k1")), change(sourced("k2"))]).await.unwrap();
    let (one, other) = (sourced("k1").id, sourced("k2").id);
    let (hers, his) = (live(store, "s1", one.as_str()).await, live(store, "s2", other.as_str()).await);
    let state = async |id: &PersonId| store.person(id).await.unwrap().map(|person| person.state);
    store.stop_person(&one, "a lost phone").await.unwrap();
    assert_eq!(state(&one).await, Some(AccountState::Suspended));
    assert_eq!(store.why_stopped(&one).await.unwrap().as_deref(), Some("a lost phone"));
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert_eq!(store.expired_sessions(NOW, 9).await.unwrap(), [hers], "its services will hear of it");
    assert!(store.session(&his, NOW).await.unwrap().is_some());
    let renamed = Person { family_name: "Autre".into(), ..sourced("k1") };
    store.put_people(None, &[change(renamed), change(sourced("k2"))]).await.unwrap();
    let read = store.people_by_login("l-k1", 9).await.unwrap().remove(0);
    assert_eq!((read.family_name.as_str(), read.state), ("Autre", AccountState::Suspended));
    let index = store.source_index(&source(), "", 9).await.unwrap();
    assert!(index.iter().all(|row| row.state == AccountState::Active), "to its source it is there");
    assert_eq!(store.health().await.unwrap().people, 1);
    store.start_person(&one).await.unwrap();
    assert_eq!((state(&one).await, store.why_stopped(&one).await.unwrap()), (Some(AccountState::Active), None));
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    store.start_person(&one).await.unwrap();
    assert_eq!(state(&one).await, Some(AccountState::Suspended), "its source does not name it any more");
    assert!(conflicts(&store.stop_person(&PersonId::new("nobody"), "x").await));
    assert!(conflicts(&store.start_person(&PersonId::new("nobody")).await));
}

/// Only a local account has a password hash, and only such an account can be given another.
pub async fn only_local_accounts_have_a_hash(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "one").await.unwrap();
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    let (zoe, pupil) = (PersonId::new("p-zoe"), PersonId::new("p-k1"));
    store.set_password_hash(&zoe, "two").await.unwrap();
    assert_eq!(store.password_hash(&zoe).await.unwrap().as_deref(), Some("two"));
    assert!(conflicts(&store.set_password_hash(&pupil, "three").await));
    assert!(conflicts(&store.set_password_hash(&PersonId::new("nobody"), "three").await));
    assert_eq!(store.password_hash(&pupil).await.unwrap(), None);
    store.update_person(&local("zoe")).await.unwrap();
    assert_eq!(store.password_hash(&zoe).await.unwrap().as_deref(), Some("two"), "an update keeps the hash");
    assert!(store.add_local_person(&sourced("k2"), "h").await.is_err(), "a record's account is not a local one");
}

/// Of a hundred who take one login at once, exactly one gets it; the others conflict and none fails otherwise.
pub async fn one_of_many_gets_a_login(store: &dyn Store) {
    let add = async |n: usize| {
        let person = Person { id: PersonId::new(format!("p{n}")), ..local("zoe") };
        store.add_local_person(&person, "h").await
    };
    let answers = futures::future::join_all((0..100).map(add)).await;
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|a| conflicts(a)).count(), 99);
    assert_eq!(store.people_by_login("zoe", 100).await.unwrap().len(), 1);
}
