//! Filling the house from a source.

use crate::fixture::school;
use crate::fixture::{LATER, NOW, change, conflicts, live, local, source, sourced, ticket, uai};
use preau_domain::{
    AccountState, Affiliation, Child, Enrolment, Instant, JoinKey, Legal, OneTimeKey, Person, PersonId, Profile, RunId,
    Seconds, SourceId, TicketKind,
};
use preau_store::{
    IndexRow, PersonChange, RecordName, RunOutcome, RunRecord, SharedLogin, SourceRecord, Store, Told, UndoPart,
    Undoable,
};

/// A person who comes back, whatever id is proposed for them, finds the account they had.
pub async fn an_account_keeps_its_id(store: &dyn Store) {
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    let back = Person { id: PersonId::new("p-proposed"), given_name: "Zaza".into(), ..sourced("k1") };
    store.put_people(None, &[change(back.clone())]).await.unwrap();
    let expected = Person { id: PersonId::new("p-k1"), ..back };
    assert_eq!(store.person(&expected.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.person_by_join(expected.join.as_ref().unwrap()).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.people_by_login("l-k1", 9).await.unwrap(), [expected]);
    assert_eq!(store.person(&PersonId::new("p-proposed")).await.unwrap(), None);
}

/// A thousand people are written at once, and written again in place; one more is refused.
pub async fn a_thousand_people_are_written_at_once(store: &dyn Store) {
    let mut people: Vec<PersonChange> = (0..1000).map(|n| change(sourced(&format!("k{n:04}")))).collect();
    store.put_people(None, &people).await.unwrap();
    for one in &mut people {
        one.digest = "f".repeat(32);
        one.person.id = PersonId::new(format!("again-{}", one.person.id));
    }
    store.put_people(None, &people).await.unwrap();
    let index = store.source_index(&source(), "", 2000).await.unwrap();
    assert_eq!(index.len(), 1000);
    assert!(index.iter().all(|row| row.digest == "f".repeat(32)));
    assert!(index.iter().map(|row| &row.key).is_sorted());
    assert_eq!(store.person(&PersonId::new("p-k0999")).await.unwrap(), Some(sourced("k0999")));
    people.push(change(sourced("one-too-many")));
    assert!(store.put_people(None, &people).await.is_err());
    store.put_people(None, &[]).await.unwrap();
}

/// Of the people of one source who may sign in, those with one login are named; two sources may use one login.
pub async fn who_shares_a_login_is_named(store: &dyn Store) {
    let with = |key: &str, login: &str| change(Person { login: Some(login.into()), ..sourced(key) });
    let mut elsewhere = with("k1", "twin");
    elsewhere.person.id = PersonId::new("p-elsewhere");
    elsewhere.person.join.as_mut().unwrap().source = SourceId::new("ailleurs");
    let none = change(Person { login: None, ..sourced("n1") });
    let none_either = change(Person { login: None, ..sourced("n2") });
    store.put_people(None, &[with("k1", "twin"), with("k3", "solo"), elsewhere, none, none_either]).await.unwrap();
    assert!(store.shared_logins(&source(), 9).await.unwrap().is_empty());
    store.put_people(None, &[with("k2", "twin"), with("k4", "again"), with("k5", "again")]).await.unwrap();
    let shared = |login: &str, key: &str| SharedLogin { login: login.into(), key: key.into() };
    let all = [shared("again", "k4"), shared("again", "k5"), shared("twin", "k1"), shared("twin", "k2")];
    assert_eq!(store.shared_logins(&source(), 9).await.unwrap(), all);
    assert_eq!(store.shared_logins(&source(), 3).await.unwrap(), all[..3]);
    store.suspend_people(None, &source(), &["k2".into()]).await.unwrap();
    assert_eq!(store.shared_logins(&source(), 9).await.unwrap(), all[..2], "one of the twins is gone");
}

/// All or none: an id that belongs to somebody else refuses the whole batch and leaves the store usable.
pub async fn a_conflict_refuses_the_whole_batch(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    let mut people: Vec<PersonChange> = (0..600).map(|n| change(sourced(&format!("k{n:04}")))).collect();
    people[599].person.id = local("zoe").id;
    assert!(conflicts(&store.put_people(None, &people).await));
    assert!(store.source_index(&source(), "", 2000).await.unwrap().is_empty());
    assert_eq!(store.person(&local("zoe").id).await.unwrap(), Some(local("zoe")));
    people.pop();
    store.put_people(None, &people).await.unwrap();
    assert_eq!(store.source_index(&source(), "", 2000).await.unwrap().len(), 599);
}

/// A person of a source comes from a record; a record given twice counts as given last.
pub async fn every_record_is_written_once(store: &dyn Store) {
    assert!(store.put_people(None, &[change(sourced("k1")), change(local("zoe"))]).await.is_err());
    assert!(store.source_index(&source(), "", 9).await.unwrap().is_empty());
    let twice = Person { given_name: "Deux".into(), ..sourced("k1") };
    store.put_people(None, &[change(sourced("k1")), change(twice.clone())]).await.unwrap();
    assert_eq!(store.person(&twice.id).await.unwrap(), Some(twice));
}

/// The index is read in pages, in the order of bytes, of one source alone.
pub async fn the_index_is_read_in_pages(store: &dyn Store) {
    let mut other = sourced("a");
    other.join.as_mut().unwrap().source = SourceId::new("elsewhere");
    other.id = PersonId::new("p-elsewhere");
    let people = ["b", "É", "B", "a", "10", "9", "a b"].map(|key| change(sourced(key)));
    store.put_people(None, &people).await.unwrap();
    store.put_people(None, &[change(other)]).await.unwrap();
    let (mut keys, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.source_index(&source(), &after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = last.key.clone();
        keys.extend(page.into_iter().map(|row| row.key));
    }
    assert_eq!(keys, ["10", "9", "B", "a", "a b", "b", "É"]);
    assert_eq!(store.source_index(&SourceId::new("elsewhere"), "", 9).await.unwrap().len(), 1);
}

/// An index row tells what is needed to see a change: digest, state, and what the person is where, each once.
pub async fn an_index_row_tells_enough(store: &dyn Store) {
    let mut person = sourced("k1");
    person.affiliations = [3, 1, 3].map(|school| Affiliation::new(uai(school), Profile::Teacher)).into_iter().collect();
    person.affiliations.push(Affiliation::new(uai(3), Profile::Pupil));
    let nowhere = Person { affiliations: vec![], state: AccountState::Suspended, ..sourced("k2") };
    store.put_people(None, &[change(person), PersonChange { digest: "d2".into(), ..change(nowhere) }]).await.unwrap();
    let first = IndexRow {
        key: "k1".into(),
        digest: change(sourced("k1")).digest,
        state: AccountState::Active,
        places: vec![(uai(1), Profile::Teacher), (uai(3), Profile::Pupil), (uai(3), Profile::Teacher)],
    };
    let second = IndexRow { key: "k2".into(), digest: "d2".into(), state: AccountState::Suspended, places: vec![] };
    assert_eq!(store.source_index(&source(), "", 9).await.unwrap(), [first, second]);
}

/// A record that changes ends no session; one that says the person is suspended ends theirs.
pub async fn sessions_outlive_a_change_but_not_a_suspension(store: &dyn Store) {
    store.put_people(None, &[change(sourced("k1")), change(sourced("k2"))]).await.unwrap();
    let (one, two) = (live(store, "s1", "p-k1").await, live(store, "s2", "p-k2").await);
    let renamed = Person { given_name: "Zaza".into(), ..sourced("k1") };
    let stopped = Person { state: AccountState::Suspended, id: PersonId::new("other"), ..sourced("k2") };
    store.put_people(None, &[change(renamed), change(stopped)]).await.unwrap();
    assert!(store.session(&one, NOW).await.unwrap().is_some());
    assert_eq!(store.session(&two, NOW).await.unwrap(), None);
}

/// Suspension counts who was active, passes over the unknown, and ends sessions and tickets of those people alone.
pub async fn suspended_people_lose_their_sessions(store: &dyn Store) {
    store.put_people(None, &["k1", "k2", "k3"].map(|key| change(sourced(key)))).await.unwrap();
    let (hers, his) = (live(store, "s1", "p-k1").await, live(store, "s3", "p-k3").await);
    store.issue_ticket(&ticket("t1", &hers), None).await.unwrap();
    store.issue_ticket(&ticket("t3", &his), None).await.unwrap();
    let keys = ["k1", "k2", "unknown", "K3"].map(String::from);
    assert_eq!(store.suspend_people(None, &SourceId::new("elsewhere"), &keys).await.unwrap(), 0);
    assert_eq!(store.suspend_people(None, &source(), &keys).await.unwrap(), 2);
    assert_eq!(store.suspend_people(None, &source(), &keys).await.unwrap(), 0, "they were suspended already");
    let state = async |id: &str| store.person(&PersonId::new(id)).await.unwrap().map(|p| p.state);
    assert_eq!(state("p-k1").await, Some(AccountState::Suspended));
    assert_eq!(state("p-k3").await, Some(AccountState::Active));
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert_eq!(store.consume_ticket(&OneTimeKey::new("t1"), TicketKind::CasService).await.unwrap(), None);
    assert!(store.session(&his, NOW).await.unwrap().is_some());
    assert!(store.consume_ticket(&OneTimeKey::new("t3"), TicketKind::CasService).await.unwrap().is_some());
}

/// A suspended person whose record returns may sign in again, with the account they had.
pub async fn a_suspended_person_comes_back(store: &dyn Store) {
    store.put_people(None, &[change(sourced("k1"))]).await.unwrap();
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    assert_eq!(store.source_index(&source(), "", 9).await.unwrap()[0].state, AccountState::Suspended);
    store.put_people(None, &[change(Person { id: PersonId::new("new"), ..sourced("k1") })]).await.unwrap();
    assert_eq!(store.person(&PersonId::new("p-k1")).await.unwrap(), Some(sourced("k1")));
    let many: Vec<String> = (0..1001).map(|n| format!("k{n}")).collect();
    assert!(store.suspend_people(None, &source(), &many).await.is_err(), "more than a thousand at once");
    assert_eq!(store.suspend_people(None, &source(), &many[..1000]).await.unwrap(), 1);
    assert_eq!(store.suspend_people(None, &source(), &[]).await.unwrap(), 0);
}

/// A run is noted when it begins and replaced when it ends; runs come latest first, of one source.
pub async fn runs_come_latest_first(store: &dyn Store) {
    let run = |id: &str, started| RunRecord {
        id: RunId::new(id),
        source: source(),
        started,
        finished: None,
        outcome: RunOutcome::Running,
        report: "{}".into(),
    };
    store.put_run(&run("r1", NOW)).await.unwrap();
    store.put_run(&run("r2", LATER)).await.unwrap();
    store.put_run(&RunRecord { source: SourceId::new("elsewhere"), ..run("r3", LATER) }).await.unwrap();
    let report = r#"{"created":3,"reason":"l'accent é"}"#.to_owned();
    let ended = RunRecord { finished: Some(LATER), outcome: RunOutcome::Incomplete, report, ..run("r1", NOW) };
    store.put_run(&ended).await.unwrap();
    assert_eq!(store.runs(&source(), 9).await.unwrap(), [run("r2", LATER), ended]);
    assert_eq!(store.runs(&source(), 1).await.unwrap(), [run("r2", LATER)]);
}

/// Old runs go, but for the latest ones of each source, which forget whom they name.
pub async fn old_runs_are_forgotten_and_whom_they_name(store: &dyn Store) {
    let day = |day: i64| NOW + Seconds(day * 86_400);
    let named = r#"{"rejected":{"total":1,"entries":[{"dn":"uid=zoe","reason":"no name"}]},"shared_logins":[{"login":"zoe","key":"k"}],"absent":["00"],"undone":"r0"}"#;
    let put = async |id: &str, source: &str, on: i64| {
        let run = RunRecord { source: SourceId::new(source), report: named.into(), ..record(id, day(on)) };
        store.put_run(&run).await.unwrap();
    };
    for on in 0..6 {
        put(&format!("a{on}"), "a", on).await;
    }
    put("b0", "b", 0).await;
    let left = async |source: &str| -> Vec<(String, bool)> {
        let runs = store.runs(&SourceId::new(source), 9).await.unwrap();
        runs.iter().map(|run| (run.id.to_string(), run.report.contains("zoe"))).collect()
    };
    let of = |runs: &[(&str, bool)]| runs.iter().map(|(id, names)| ((*id).to_owned(), *names)).collect::<Vec<_>>();
    assert_eq!(store.forget_runs(day(0), 2, 9).await.unwrap(), 0, "none is older");
    while store.forget_runs(day(3), 2, 1).await.unwrap() > 0 {}
    assert_eq!(left("a").await, of(&[("a5", true), ("a4", true), ("a3", true)]));
    assert_eq!(left("b").await, of(&[("b0", false)]), "the latest of its source");
    while store.forget_runs(day(9), 2, 9).await.unwrap() > 0 {}
    assert_eq!(left("a").await, of(&[("a5", false), ("a4", false)]));
    let report = store.run(&RunId::new("a5")).await.unwrap().unwrap().report;
    assert!(report.contains(r#""total":1"#) && report.contains(r#""undone":"r0""#), "the figures stay: {report}");
}

/// Sources are those of people who may sign in.
pub async fn sources_are_those_of_people(store: &dyn Store) {
    assert_eq!(store.sources().await.unwrap(), []);
    let of = |source: &str, key: &str| {
        let join = Some(JoinKey { source: SourceId::new(source), key: key.into() });
        change(Person { id: PersonId::new(format!("p-{source}-{key}")), join, ..sourced(key) })
    };
    store.put_people(None, &[of("b", "1"), of("a", "1"), of("a", "2"), of("c", "1")]).await.unwrap();
    store.suspend_people(None, &SourceId::new("c"), &["1".into()]).await.unwrap();
    assert_eq!(store.sources().await.unwrap(), ["a", "b"].map(SourceId::new));
}

/// An entry that was given another key is the record of the key it has.
pub async fn an_entry_is_the_record_that_lives(store: &dyn Store) {
    let of = |key: &str| {
        let told = Told { entry: Some("entry".into()), ..Told::default() };
        PersonChange { told, ..change(sourced(key)) }
    };
    let found = async || -> Vec<String> {
        let records = store.source_records(&source(), RecordName::Entry, &["entry".to_owned()]).await.unwrap();
        records.into_iter().map(|record| record.row.key).collect()
    };
    for (lives, dead) in [("k2", "k1"), ("k3", "k4")] {
        store.put_people(None, &[of(lives), of(dead)]).await.unwrap();
        store.suspend_people(None, &source(), &[dead.into()]).await.unwrap();
        assert_eq!(found().await, [lives]);
        store.suspend_people(None, &source(), &[lives.into()]).await.unwrap();
    }
    assert_eq!(found().await, ["k4"], "of the dead the last by key");
}

/// What a run of that name signs with.
fn by(run: &str) -> Option<Undoable> {
    Some(Undoable { run: RunId::new(run), until: LATER })
}

fn record(id: &str, started: Instant) -> RunRecord {
    let (id, outcome) = (RunId::new(id), RunOutcome::Running);
    RunRecord { id, source: source(), started, finished: None, outcome, report: "{}".into() }
}

/// Undoes all of one part, two rows at a time; how many were undone and left.
async fn undone(store: &dyn Store, run: &str, part: UndoPart) -> (u64, u64) {
    let (mut undone, mut left, mut after) = (0, 0, String::new());
    loop {
        let page = store.undo(&record(run, NOW), part, &after, 2).await.unwrap();
        assert!(page.undone + page.left <= 2);
        let Some(last) = page.last else { return (undone, left) };
        assert!(last > after, "each page begins after the one before");
        (undone, left, after) = (undone + page.undone, left + page.left, last);
    }
}

async fn index(store: &dyn Store) -> Vec<IndexRow> {
    store.source_index(&source(), "", 100).await.unwrap()
}

fn renamed(key: &str, name: &str) -> PersonChange {
    PersonChange { digest: name.into(), ..change(Person { given_name: name.into(), ..sourced(key) }) }
}

/// Who was changed or suspended by a run is as they were, digest and all; and the run before it can then be undone as well.
pub async fn a_run_is_undone_and_then_the_one_before_it(store: &dyn Store) {
    let people = ["k1", "k2", "k3", "k4", "k5"].map(|key| change(sourced(key)));
    store.put_people(None, &people).await.unwrap();
    let before = index(store).await;
    let whole = store.person(&PersonId::new("p-k2")).await.unwrap();
    store.put_people(by("r1").as_ref(), &["k1", "k2", "k3"].map(|key| renamed(key, "Un"))).await.unwrap();
    let first = index(store).await;
    store.put_people(by("r2").as_ref(), &[renamed("k2", "Deux")]).await.unwrap();
    // The same batch may be written twice: what was before it is what was before the first.
    store.put_people(by("r2").as_ref(), &[renamed("k2", "Deux")]).await.unwrap();
    assert_eq!(store.suspend_people(by("r2").as_ref(), &source(), &["k3".into(), "k4".into()]).await.unwrap(), 2);
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (1, 2), "what a later run wrote is not turned back");
    store.put_people(by("r1").as_ref(), &[renamed("k1", "Un")]).await.unwrap();
    assert_eq!(undone(store, "r2", UndoPart::Changed).await, (3, 0));
    assert_eq!(index(store).await, first);
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (3, 0));
    assert_eq!(index(store).await, before);
    assert_eq!(store.person(&PersonId::new("p-k2")).await.unwrap(), whole);
    assert_eq!(store.people_by_login("l-k2", 9).await.unwrap().len(), 1);
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (0, 3), "a second time there is nothing left to undo");
}

/// Whom a run moved to another number of their school is found by the one before, when the run is undone.
pub async fn an_undone_run_leaves_people_where_they_were_found(store: &dyn Store) {
    let at = |number: &str| {
        let enrolment = Enrolment { establishment: uai(2), number: number.into(), first_degree: false };
        let at = Affiliation { enrolment: Some(Box::new(enrolment)), ..Affiliation::new(uai(2), Profile::Pupil) };
        change(Person { affiliations: vec![at], ..sourced("k1") })
    };
    let found = async |number: &str| store.people_enrolled(&source(), &uai(2), number, 9).await.unwrap().len();
    store.put_people(None, &[at("11")]).await.unwrap();
    store.put_people(by("r1").as_ref(), &[at("12")]).await.unwrap();
    assert_eq!((found("11").await, found("12").await), (0, 1));
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (1, 0));
    assert_eq!((found("11").await, found("12").await), (1, 0));
}

/// Whom a run added is suspended with their sessions, and finds the same account when the record comes back; who was there
/// before it is not counted as added.
pub async fn whom_a_run_added_is_suspended(store: &dyn Store) {
    store.put_people(None, &[change(sourced("k0"))]).await.unwrap();
    let people = ["k0", "k1", "k2", "k3"].map(|key| renamed(key, "Un"));
    store.put_people(by("r1").as_ref(), &people).await.unwrap();
    store.put_people(by("r2").as_ref(), &[renamed("k3", "Deux")]).await.unwrap();
    let (hers, his) = (live(store, "s1", "p-k1").await, live(store, "s3", "p-k3").await);
    assert_eq!(undone(store, "r1", UndoPart::Added).await, (2, 0));
    let states: Vec<AccountState> = index(store).await.into_iter().map(|row| row.state).collect();
    let (active, suspended) = (AccountState::Active, AccountState::Suspended);
    assert_eq!(states, [active, suspended, suspended, active], "k3 is what a later run made of them");
    assert_eq!(store.session(&hers, NOW).await.unwrap(), None);
    assert!(store.session(&his, NOW).await.unwrap().is_some());
    store.put_people(None, &[change(Person { id: PersonId::new("new"), ..sourced("k1") })]).await.unwrap();
    assert_eq!(store.person(&PersonId::new("p-k1")).await.unwrap(), Some(sourced("k1")));
}

/// Who was suspended before a run is so after it was undone, without a session; who was stopped by hand stays stopped; who
/// was changed by hand since stays as they are.
pub async fn an_undo_gives_nobody_more_than_they_had(store: &dyn Store) {
    store.put_people(None, &["k1", "k2", "k3"].map(|key| change(sourced(key)))).await.unwrap();
    store.suspend_people(None, &source(), &["k1".into(), "k2".into()]).await.unwrap();
    store.put_people(by("r1").as_ref(), &["k1", "k2", "k3"].map(|key| renamed(key, "Un"))).await.unwrap();
    let session = live(store, "s1", "p-k1").await;
    let stopped = PersonId::new("p-k2");
    store.stop_person(&stopped, "asked for").await.unwrap();
    let by_hand = Person { given_name: "Main".into(), ..sourced("k3") };
    store.update_person(&by_hand).await.unwrap();
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (2, 1));
    assert_eq!(store.session(&session, NOW).await.unwrap(), None);
    assert_eq!(store.why_stopped(&stopped).await.unwrap().as_deref(), Some("asked for"));
    assert_eq!(store.person(&by_hand.id).await.unwrap(), Some(by_hand));
    assert_eq!(undone(store, "unknown", UndoPart::Changed).await, (0, 0));
    let elsewhere = RunRecord { source: SourceId::new("elsewhere"), ..record("r1", NOW) };
    assert_eq!(store.undo(&elsewhere, UndoPart::Added, "", 9).await.unwrap().last, None);
}

/// Establishments are put back as well; one that a run added stays: people may be there.
pub async fn establishments_are_put_back(store: &dyn Store) {
    store.put_establishments(None, &[school(1), school(2)]).await.unwrap();
    let other = |number| preau_domain::Establishment { name: "Autre".into(), ..school(number) };
    store.put_establishments(by("r1").as_ref(), &[other(1), other(2), other(3)]).await.unwrap();
    store.put_establishments(by("r2").as_ref(), &[other(2)]).await.unwrap();
    assert_eq!(undone(store, "r1", UndoPart::Establishments).await, (1, 1));
    let read = store.establishments(&[uai(1), uai(2), uai(3)]).await.unwrap();
    assert_eq!(read, [school(1), other(2), other(3)]);
}

/// What was before a run is kept until its time, and no longer.
pub async fn what_was_before_a_run_ends_with_its_time(store: &dyn Store) {
    store.put_people(None, &["k1", "k2"].map(|key| change(sourced(key)))).await.unwrap();
    store.put_people(by("r1").as_ref(), &["k1", "k2"].map(|key| renamed(key, "Un"))).await.unwrap();
    assert_eq!(store.sweep(NOW, NOW, 100).await.unwrap().former, 0);
    assert_eq!(store.sweep(LATER, NOW, 1).await.unwrap().former, 1);
    assert_eq!(store.sweep(LATER, NOW, 100).await.unwrap().former, 1);
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (0, 0));
}

/// A run is found by its name.
pub async fn a_run_is_found_by_its_name(store: &dyn Store) {
    store.put_run(&record("r1", NOW)).await.unwrap();
    assert_eq!(store.run(&RunId::new("r1")).await.unwrap(), Some(record("r1", NOW)));
    assert_eq!(store.run(&RunId::new("r2")).await.unwrap(), None);
}

/// Whoever is written again is found by the names the record tells now, whichever of them changed, and by no other.
pub async fn names_follow_the_record(store: &dyn Store) {
    let record = |given_name: &str, login: &str, mail: &str| {
        let login = Some(login.to_owned());
        Person { given_name: given_name.into(), login, mail: Some(mail.to_owned()), ..sourced("k1") }
    };
    let found = async |login: &str, mail: &str| {
        let by_login = store.people_by_login(login, 9).await.unwrap();
        let by_mail = store.people_by_mail(&source(), mail, 9).await.unwrap();
        [by_login, by_mail].map(|people| people.first().map(|person| person.given_name.clone()))
    };
    let both = |given_name: &str| [Some(given_name.to_owned()), Some(given_name.to_owned())];
    let write = async |given_name, login, mail| {
        store.put_people(None, &[change(record(given_name, login, mail)), change(sourced("k2"))]).await.unwrap();
    };
    write("Un", "l1", "m1@notos.example").await;
    write("Deux", "l1", "m1@notos.example").await;
    assert_eq!(found("l1", "m1@notos.example").await, both("Deux"));
    write("Trois", "l1", "m2@notos.example").await;
    assert_eq!(found("l1", "m2@notos.example").await, both("Trois"));
    write("Quatre", "l2", "m2@notos.example").await;
    assert_eq!(found("l2", "m2@notos.example").await, both("Quatre"));
    assert_eq!(found("l1", "m1@notos.example").await, [None, None]);
}

/// A record is found by its key and by the source's own name of its entry, with what its source told; of its source only. An
/// undo puts back what was told as well.
pub async fn a_record_is_found_by_what_its_source_told(store: &dyn Store) {
    let told = |entry: &str, ties: &[&str]| Told {
        entry: Some(entry.to_owned()),
        ties: ties.iter().map(|&tie| tie.to_owned()).collect(),
        birth: None,
    };
    let child = |source, key: &str| {
        let pupil = JoinKey { source, key: key.to_owned() };
        Child { pupil, link: "1".into(), legal: Legal::Representative, enrolment: None }
    };
    let children = vec![child(source(), "k1"), child(SourceId::new("elsewhere"), "k9")];
    let adult = PersonChange { told: told("e2", &[]), ..change(Person { children, ..sourced("k2") }) };
    let pupil = PersonChange { told: told("e1", &["1 k2", "'\u{e9}\""]), ..change(sourced("k1")) };
    let stranger =
        Person { join: Some(JoinKey { source: SourceId::new("elsewhere"), key: "k1".into() }), ..local("x") };
    let stranger = PersonChange { told: told("e1", &[]), ..change(stranger) };
    store.put_people(None, &[pupil.clone(), adult, stranger, change(sourced("k3"))]).await.unwrap();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
    let found = async |by, asked: &[&str]| store.source_records(&source(), by, &names(asked)).await.unwrap();
    let index = index(store).await;
    let expected = SourceRecord { row: index[0].clone(), told: pupil.told.clone(), children: vec![] };
    assert_eq!(found(RecordName::Entry, &["e1", "unknown"]).await, std::slice::from_ref(&expected));
    let both = found(RecordName::Key, &["k2", "k1", "e1"]).await;
    assert_eq!(both[0], expected);
    assert_eq!((both.len(), &both[1].children), (2, &names(&["k1"])), "children of the same source");
    assert_eq!(found(RecordName::Key, &["k3"]).await[0].told, Told::default());
    assert_eq!(found(RecordName::Entry, &[""]).await, []);

    let changed = PersonChange { told: told("e8", &["0 k2"]), ..renamed("k1", "Un") };
    store.put_people(by("r1").as_ref(), &[changed]).await.unwrap();
    assert_eq!(found(RecordName::Entry, &["e1"]).await, []);
    assert_eq!(found(RecordName::Entry, &["e8"]).await[0].told.ties, ["0 k2"]);
    assert_eq!(undone(store, "r1", UndoPart::Changed).await, (1, 0));
    assert_eq!(found(RecordName::Entry, &["e1"]).await, [expected]);
}

/// What a run leaves for the next one is there when the run has ended, and of its source only.
pub async fn a_run_ends_with_what_it_leaves_for_the_next(store: &dyn Store) {
    store.put_run(&record("r1", NOW)).await.unwrap();
    assert_eq!(store.source_state(&source()).await.unwrap(), None);
    let ended = RunRecord { finished: Some(LATER), outcome: RunOutcome::Applied, ..record("r1", NOW) };
    store.end_run(&ended, "from here").await.unwrap();
    assert_eq!(store.run(&ended.id).await.unwrap(), Some(ended));
    assert_eq!(store.source_state(&source()).await.unwrap().as_deref(), Some("from here"));
    store.end_run(&record("r2", LATER), "and from there").await.unwrap();
    assert_eq!(store.source_state(&source()).await.unwrap().as_deref(), Some("and from there"));
    assert_eq!(store.source_state(&SourceId::new("elsewhere")).await.unwrap(), None);
}
