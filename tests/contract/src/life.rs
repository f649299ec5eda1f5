//! The promises of [`preau_store::Lives`], and that accounts live as the table of [`preau_domain::Life`] says.

use crate::fixture::{NOW, beginning, change, conflicts, elsewhere, local, registration, session, source, sourced};
use preau_domain::{
    AccountState, AuditKind, FederatedLink, Instant, Life, LifeEvent, Person, PersonId, Registration, RegistrationKind,
    Retention, RunId, Seconds, ServiceId, SessionId,
};
use preau_store::{Aged, RunOutcome, RunRecord, Store, UndoPart, Undoable};

fn retention() -> Retention {
    Retention::days(45, 85)
}

fn day(day: i64) -> Instant {
    NOW + Seconds(day * 86_400)
}

fn id(key: &str) -> PersonId {
    PersonId::new(format!("p-{key}"))
}

/// A person as a reading names them.
fn named(key: &str) -> Person {
    Person { state: AccountState::PreCreated, ..sourced(key) }
}

async fn name(store: &dyn Store, key: &str) {
    store.put_people(None, &[change(named(key))]).await.unwrap();
}

/// Suspends somebody, whose days count from then on.
async fn lose(store: &dyn Store, key: &str, on: Instant) {
    store.suspend_people(None, &source(), &[key.into()]).await.unwrap();
    store.let_time_pass(on, retention(), 100).await.unwrap();
}

/// Whatever happens to an account in whatever state, it stands afterwards where the table says.
pub async fn accounts_live_as_the_table_says(store: &dyn Store) {
    let states = [AccountState::PreCreated, AccountState::Active, AccountState::Suspended, AccountState::PreDeleted];
    let events = [(LifeEvent::Named, 1), (LifeEvent::SignedIn, 1), (LifeEvent::Missing, 1), (LifeEvent::TimeWent, 44)];
    let later = [(LifeEvent::TimeWent, 45), (LifeEvent::TimeWent, 84), (LifeEvent::TimeWent, 85)];
    for (state, (event, on)) in states.iter().flat_map(|state| events.iter().chain(&later).map(move |e| (*state, *e))) {
        let key = format!("{}-{event:?}-{on}", state.as_str());
        name(store, &key).await;
        if state == AccountState::Active {
            store.used(&id(&key)).await.unwrap();
        }
        if !state.may_sign_in() {
            lose(store, &key, NOW).await;
        }
        if state == AccountState::PreDeleted {
            store.let_time_pass(day(45), retention(), 100).await.unwrap();
        }
        let before = store.life(&id(&key)).await.unwrap().unwrap();
        assert_eq!(before.state, state, "{key}");
        match event {
            LifeEvent::Named => name(store, &key).await,
            LifeEvent::SignedIn => store.used(&id(&key)).await.unwrap(),
            LifeEvent::Missing => lose(store, &key, day(on)).await,
            LifeEvent::TimeWent => drop(store.let_time_pass(day(on), retention(), 100).await.unwrap()),
        }
        assert_eq!(store.life(&id(&key)).await.unwrap(), before.after(event, day(on), retention()), "{key}");
        // Nobody of this turn is touched by the next one.
        if store.life(&id(&key)).await.unwrap().is_some() {
            name(store, &key).await;
        }
    }
}

/// Of whoever is pre-deleted nothing is left but the account and its join key; whoever comes back is who they were.
pub async fn a_pre_deleted_person_is_a_name_and_a_key(store: &dyn Store) {
    let mail = Some("zoe@college.example".to_owned());
    store.put_people(None, &[change(Person { mail: mail.clone(), ..named("k1") })]).await.unwrap();
    lose(store, "k1", NOW).await;
    assert_eq!(store.let_time_pass(day(44), retention(), 9).await.unwrap(), Aged::default());
    assert_eq!(store.person(&id("k1")).await.unwrap().map(|p| p.family_name), Some("k1".into()), "control");
    let aged = store.let_time_pass(day(45), retention(), 9).await.unwrap();
    assert_eq!(aged, Aged { predeleted: vec![id("k1")], ..Aged::default() });
    let left = store.person(&id("k1")).await.unwrap().unwrap();
    assert_eq!((left.display_name(), &left.login, &left.mail), (String::new(), &None, &None));
    assert_eq!((left.affiliations.len(), left.join), (0, sourced("k1").join));
    assert!(store.people_by_login("l-k1", 9).await.unwrap().is_empty());
    assert!(store.people_by_mail(&source(), "zoe@college.example", 9).await.unwrap().is_empty());
    let row = store.source_index(&source(), "", 9).await.unwrap().remove(0);
    assert_eq!((row.digest.as_str(), row.places.len(), row.state), ("", 0, AccountState::PreDeleted));
    assert_eq!(store.let_time_pass(day(46), retention(), 9).await.unwrap(), Aged::default(), "once");
    store.flush_audit().await.unwrap();
    let said = store.audit_about(&id("k1"), day(0), 9).await.unwrap();
    let said: Vec<_> = said.iter().map(|event| (event.kind, event.detail.as_str())).collect();
    assert_eq!(said, [(AuditKind::AccountAged, "pre-deleted")]);
    let back = Person { id: PersonId::new("new"), mail, ..named("k1") };
    store.put_people(None, &[change(back.clone())]).await.unwrap();
    let expected = Person { id: id("k1"), state: AccountState::Active, ..back };
    assert_eq!(store.person(&id("k1")).await.unwrap(), Some(expected));
    assert_eq!(store.let_time_pass(day(99), retention(), 9).await.unwrap(), Aged::default());
}

/// Everything of a purged person goes, and of nobody else: session, tokens, links, what they registered. What they opened as a head stays.
pub async fn a_purge_takes_everything_of_one_person(store: &dyn Store) {
    for key in ["k1", "k2"] {
        name(store, key).await;
        let link = FederatedLink { identity: elsewhere(key), person: id(key), at: NOW };
        store.add_link(&link).await.unwrap();
        let mut made = registration(&format!("r-{key}"));
        made.owner = Some(id(key));
        store.add_registration(&made).await.unwrap();
        let opened = Registration { id: ServiceId::new(format!("o-{key}")), kind: RegistrationKind::Opening, ..made };
        store.add_registration(&opened).await.unwrap();
    }
    lose(store, "k1", NOW).await;
    let lasting = preau_domain::Session { expires: day(100), ..session("s1", "p-k1") };
    store.begin_session(&beginning(lasting)).await.unwrap();
    assert!(store.session(&SessionId::new("s1"), day(84)).await.unwrap().is_some(), "control");
    assert_eq!(store.let_time_pass(day(85), retention(), 9).await.unwrap().purged, [id("k1")]);
    assert_eq!(store.session(&SessionId::new("s1"), day(85)).await.unwrap(), None);
    for (key, left) in [("k1", 0), ("k2", 1)] {
        assert_eq!(store.links_of_person(&id(key)).await.unwrap().len(), left, "{key}");
        let registered = store.registration(&ServiceId::new(format!("r-{key}")), NOW).await.unwrap();
        assert_eq!(usize::from(registered.is_some()), left, "{key}");
        let opened = store.registration(&ServiceId::new(format!("o-{key}")), NOW).await.unwrap();
        let owner = opened.expect("what a head opened is their establishment's").owner;
        assert_eq!(owner.is_some(), left == 1, "{key}: nobody answers for it any more");
        assert_eq!(usize::from(store.person(&id(key)).await.unwrap().is_some()), left, "{key}");
        assert_eq!(usize::from(store.person_by_join(&named(key).join.unwrap()).await.unwrap().is_some()), left);
        assert_eq!(usize::from(store.life(&id(key)).await.unwrap().is_some()), left);
    }
}

/// A clock that leaps is not noted until somebody says that it is right, and the latest run stands for a clock that was never noted.
pub async fn a_clock_that_leaps_is_not_noted(store: &dyn Store) {
    assert_eq!(store.clock_noted().await.unwrap(), None);
    let outcome = RunOutcome::Applied;
    let run = RunRecord {
        id: RunId::new("r1"),
        source: source(),
        started: NOW,
        finished: None,
        outcome,
        report: "{}".into(),
    };
    store.put_run(&run).await.unwrap();
    for leap in [Instant(0), day(8), day(-8)] {
        assert_eq!(store.note_clock(leap).await.unwrap(), Some(NOW), "{leap:?}");
    }
    assert_eq!(store.clock_noted().await.unwrap(), None);
    assert_eq!(store.note_clock(day(6)).await.unwrap(), None);
    assert_eq!(store.note_clock(day(12)).await.unwrap(), None, "day by day it goes as far as it likes");
    assert_eq!(store.note_clock(day(4)).await.unwrap(), Some(day(12)));
    assert_eq!(store.clock_noted().await.unwrap(), Some(day(12)));
    store.trust_clock(day(400)).await.unwrap();
    assert_eq!((store.note_clock(day(401)).await.unwrap(), store.clock_noted().await.unwrap()), (None, Some(day(401))));
}

/// A house in which nothing ever ran takes whatever its clock says.
pub async fn a_first_clock_is_believed(store: &dyn Store) {
    assert_eq!(store.note_clock(NOW).await.unwrap(), None);
    assert_eq!(store.clock_noted().await.unwrap(), Some(NOW));
}

/// The name of a purged account is given to nobody, and whoever comes back has another one.
pub async fn the_name_of_a_purged_account_is_burnt(store: &dyn Store) {
    name(store, "k1").await;
    lose(store, "k1", NOW).await;
    store.let_time_pass(day(85), retention(), 9).await.unwrap();
    let other = Person { id: id("k1"), ..named("k2") };
    assert!(conflicts(&store.put_people(None, &[change(other)]).await));
    assert!(conflicts(&store.add_local_person(&Person { id: id("k1"), ..local("zoe") }, "$argon2id$").await));
    assert!(conflicts(&store.update_person(&sourced("k1")).await));
    assert!(conflicts(&store.stop_person(&id("k1"), "asked for").await));
    assert!(conflicts(&store.start_person(&id("k1")).await));
    assert_eq!(store.life(&id("k1")).await.unwrap(), None);
    store.put_people(None, &[change(Person { id: PersonId::new("new"), ..named("k1") })]).await.unwrap();
    assert_eq!(store.life(&PersonId::new("new")).await.unwrap(), Some(Life::BEGUN));
    assert_eq!(store.life(&id("k1")).await.unwrap(), None);
}

/// Undoing a run brings back nobody who was purged since, and touches no account that came after.
pub async fn an_undo_brings_back_nobody_who_was_purged(store: &dyn Store) {
    for key in ["k1", "k2", "k3"] {
        name(store, key).await;
    }
    let undo = Undoable { run: RunId::new("r1"), until: day(200) };
    store.suspend_people(Some(&undo), &source(), &["k1".into(), "k2".into(), "k3".into()]).await.unwrap();
    store.let_time_pass(NOW, retention(), 9).await.unwrap();
    store.let_time_pass(day(85), retention(), 2).await.unwrap();
    let lives = async |key: &str| store.life(&id(key)).await.unwrap().is_some();
    let left: Vec<&str> = futures::future::join_all(["k1", "k2", "k3"].map(async |key| (key, lives(key).await)))
        .await
        .into_iter()
        .filter_map(|(key, lives)| lives.then_some(key))
        .collect();
    let [left] = left[..] else { panic!("two were purged: {left:?}") };
    let run = RunRecord {
        id: RunId::new("r1"),
        source: source(),
        started: NOW,
        finished: None,
        outcome: RunOutcome::Applied,
        report: "{}".into(),
    };
    let undone = store.undo(&run, UndoPart::Changed, "", 9).await.unwrap();
    assert_eq!((undone.undone, undone.left), (0, 3), "the one who is left was pre-deleted since");
    assert_eq!(
        store.source_index(&source(), "", 9).await.unwrap().iter().map(|row| &*row.key).collect::<Vec<_>>(),
        [left]
    );
}

/// So many of each kind are done at once, people stopped by hand and those of no source are not counted, and an undo counts anew.
pub async fn time_passes_in_bounds(store: &dyn Store) {
    for key in ["k1", "k2", "k3"] {
        name(store, key).await;
    }
    store.add_local_person(&local("zoe"), "$argon2id$").await.unwrap();
    store.update_person(&Person { state: AccountState::Suspended, ..local("zoe") }).await.unwrap();
    store.stop_person(&id("k3"), "asked for").await.unwrap();
    store.suspend_people(None, &source(), &["k1".into(), "k2".into()]).await.unwrap();
    let counted = |counted| Aged { counted, ..Aged::default() };
    for expected in [1, 1, 0] {
        assert_eq!(store.let_time_pass(NOW, retention(), 1).await.unwrap(), counted(expected));
    }
    let pass = async |on| {
        let aged = store.let_time_pass(day(on), retention(), 1).await.unwrap();
        (aged.predeleted.len(), aged.purged.len())
    };
    assert_eq!([pass(45).await, pass(45).await, pass(45).await], [(1, 0), (1, 0), (0, 0)]);
    assert_eq!([pass(85).await, pass(85).await, pass(9_999).await], [(0, 1), (0, 1), (0, 0)]);
    assert_eq!(store.life(&id("k3")).await.unwrap(), Some(Life::BEGUN), "stopped by hand, and named by the source");
}
