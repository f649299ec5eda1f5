//! What a purge leaves, looked for in every column of every table.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::Place;
use preau_contract::fixture::{NOW, beginning, change, event, session, source, sourced, ticket, uai};
use preau_contract::inspections::inspection;
use preau_contract::marks::mark;
use preau_domain::{
    Activation, AuditEvent, ClassCard, ClassPlace, Enrolment, Factor, FactorId, FactorKind, Lesson, OneTimeKey,
    PersonId, Retention, RunId, Seconds, ServiceId,
};
use preau_store::{Letter, PersonChange, StoredMark, Told, Undoable};
use sqlx::{AssertSqlSafe, Connection, PgConnection, query_scalar, raw_sql};
use std::collections::BTreeSet;

/// The tables in which that text stands somewhere.
async fn tables_with(place: &Place, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(schema) = &place.options.schema {
        let mut connection = PgConnection::connect(&place.url).await.unwrap();
        raw_sql(AssertSqlSafe(format!("SET search_path TO {schema}"))).execute(&mut connection).await.unwrap();
        let tables: Vec<String> = query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
            .bind(schema)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for table in tables {
            let count = format!("SELECT count(*) FROM {table} t WHERE position($1 IN row_to_json(t)::text) > 0");
            let count: i64 = query_scalar(AssertSqlSafe(count)).bind(text).fetch_one(&mut connection).await.unwrap();
            if count > 0 {
                found.insert(table);
            }
        }
        return found;
    }
    let connection = rusqlite::Connection::open(place.url.trim_start_matches("sqlite://")).unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
        for column in names(&format!("SELECT name FROM pragma_table_info('{table}')")) {
            let count = format!("SELECT count(*) FROM {table} WHERE instr(CAST({column} AS TEXT), ?1) > 0");
            let count: i64 = connection.query_row(&count, [text], |row| row.get(0)).unwrap();
            if count > 0 {
                found.insert(table.clone());
            }
        }
    }
    found
}

/// The tables that name the person in any way: the account, the record, the login, the family name.
async fn traces(place: &Place) -> [BTreeSet<String>; 4] {
    [
        tables_with(place, "p-partie").await,
        tables_with(place, "k-partie").await,
        tables_with(place, "l-partie").await,
        tables_with(place, "Nom-de-la-partie").await,
    ]
}

fn set(tables: &[&str]) -> BTreeSet<String> {
    tables.iter().map(|table| (*table).to_owned()).collect()
}

#[tokio::test]
async fn a_purge_leaves_a_name_and_what_the_journal_says() {
    for place in Place::each("purge_traces") {
        let store = place.open().await;
        let mut person = sourced("k-partie");
        person.id = PersonId::new("p-partie");
        person.login = Some("l-partie".into());
        person.family_name = "Nom-de-la-partie".into();
        let enrolment = Enrolment { establishment: uai(1), number: "55021".into(), first_degree: true };
        person.affiliations[0].enrolment = Some(Box::new(enrolment));
        let (entry, birth) = (Some("entry of l-partie".into()), Some("birth of l-partie".into()));
        let told = Told { entry, ties: vec!["Nom-de-la-partie".into()], birth };
        let read = PersonChange { told, ..change(person.clone()) };
        store.put_people(None, std::slice::from_ref(&read)).await.unwrap();
        let undo = Undoable { run: RunId::new("r1"), until: NOW + Seconds(31 * 86_400) };
        store.put_people(Some(&undo), &[read]).await.unwrap();
        let code = |key: &str| Activation {
            person: person.id.clone(),
            key: OneTimeKey::new(key),
            made: NOW,
            expires: NOW + Seconds(9_000_000),
            by: None,
        };
        store.put_activations(&[code("first")]).await.unwrap();
        store.activate(&OneTimeKey::new("first"), "l-partie", "hash", NOW).await.unwrap().unwrap();
        store.put_activations(&[code("second")]).await.unwrap();
        let card = ClassCard {
            person: person.id.clone(),
            place: ClassPlace { establishment: uai(1), class: "CP".into() },
            key: OneTimeKey::new("card"),
            pictures: OneTimeKey::new("pictures"),
            made: NOW,
            by: Some(person.id.clone()),
            once: false,
            tries: 0,
            spent: false,
            revoked: false,
            turn: 0,
        };
        let another = sourced("k-another");
        store.put_people(None, &[change(another.clone())]).await.unwrap();
        let anothers = ClassCard { person: another.id, key: OneTimeKey::new("another"), ..card.clone() };
        store.put_cards(&[card.clone(), anothers]).await.unwrap();
        let lasting = Lesson { place: card.place, by: person.id.clone(), from: NOW, until: NOW + Seconds(90_000_000) };
        store.open_lesson(&lasting).await.unwrap();
        store.accept_charte(&person.id, "2026-09", NOW).await.unwrap();
        let lasting = preau_domain::Session { expires: NOW + Seconds(86_400), ..session("s1", "p-partie") };
        store.begin_session(&beginning(lasting.clone())).await.unwrap();
        store.add_favourite(&person.id, &uai(1), &ServiceId::new("moodle"), NOW).await.unwrap();
        store.choose_language(&person.id, Some("en")).await.unwrap();
        let key = Factor {
            id: FactorId::new("key"),
            person: person.id.clone(),
            kind: FactorKind::Passkey,
            name: "l-partie".into(),
            doc: "Nom-de-la-partie".into(),
            counter: 0,
            added: NOW,
            used: None,
        };
        store.add_factor(&key).await.unwrap();
        let to_them = Letter {
            id: "letter".into(),
            kind: "code".into(),
            person: Some(person.id.clone()),
            doc: "sealed".into(),
            at: NOW,
            expires: NOW + Seconds(9_000_000),
        };
        store.post_letters(&[to_them]).await.unwrap();
        let teacher = inspection("i-teacher", "p-other", "p-partie");
        let inspector = inspection("i-inspector", "p-partie", "p-other");
        store.grant_inspection(&teacher, None, NOW).await.unwrap();
        store.grant_inspection(&inspector, None, NOW).await.unwrap();
        let given = StoredMark { person: person.id.clone(), ..mark("c1", "zoe", NOW, "l-partie") };
        store.put_mark(&given, Some(9), NOW).await.unwrap();
        store.issue_ticket(&ticket("t1", &lasting.id), None).await.unwrap();
        store.record(AuditEvent { person: Some(person.id.clone()), ..event("c1", "password") });
        store.flush_audit().await.unwrap();
        let before = traces(&place).await;
        assert!(
            before[0].is_superset(&set(&["person", "session", "audit", "enrolled", "shortcut", "factor"])),
            "control: {before:?}"
        );
        assert!(
            before[0].is_superset(&set(&[
                "credential",
                "activation",
                "accepted",
                "preference",
                "class_card",
                "lesson",
                "letter"
            ])),
            "control: {before:?}"
        );
        assert!(before[0].is_superset(&set(&["inspection", "mark"])), "control: {before:?}");
        assert_eq!(before[3], set(&["person", "before_run", "factor"]), "control");

        let retention = Retention::days(31, 85);
        store.suspend_people(None, &source(), &["k-partie".into()]).await.unwrap();
        store.let_time_pass(NOW, retention, 9).await.unwrap();
        let on = |day: i64| NOW + Seconds(day * 86_400);
        assert_eq!(store.let_time_pass(on(31), retention, 9).await.unwrap().predeleted.len(), 1);
        store.sweep(on(31), NOW, 100).await.unwrap();
        let nothing = set(&[]);
        let [account, key, login, name] = traces(&place).await;
        assert_eq!((account, key), (set(&["person", "audit"]), set(&["person"])), "pre-deleted");
        assert_eq!((&login, &name), (&nothing, &nothing), "pre-deleted");
        assert_eq!(store.let_time_pass(on(85), retention, 9).await.unwrap().purged.len(), 1);
        let [account, key, login, name] = traces(&place).await;
        assert_eq!(account, set(&["person", "audit"]), "purged: its name is burnt, and the journal is kept");
        assert_eq!((key, login, name), (nothing.clone(), nothing.clone(), nothing), "purged");
    }
}

/// What is done to whom is said before it is done, and by the node that does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_say_of_nobody_twice_that_they_are_gone() {
    for place in Place::each("purge_nodes") {
        let nodes = [place.open().await, place.open().await];
        let keys: Vec<String> = (0..40).map(|n| format!("k{n}")).collect();
        let people: Vec<PersonChange> = keys.iter().map(|key| change(sourced(key))).collect();
        nodes[0].put_people(None, &people).await.unwrap();
        nodes[0].suspend_people(None, &source(), &keys).await.unwrap();
        let (retention, late) = (Retention::days(45, 40), NOW + Seconds(100 * 86_400));
        nodes[0].let_time_pass(NOW, retention, 100).await.unwrap();
        let passes = (0..8).map(|n| nodes[n % 2].let_time_pass(late, retention, 10));
        futures::future::try_join_all(passes).await.unwrap();
        while !nodes[0].let_time_pass(late, retention, 10).await.unwrap().purged.is_empty() {}
        for node in &nodes {
            node.flush_audit().await.unwrap();
        }
        let entries = nodes[0].audit_entries(i64::MIN, 1_000).await.unwrap();
        let mut said: Vec<_> = entries.into_iter().filter(|entry| entry.detail == "purged").map(|e| e.person).collect();
        said.sort();
        assert_eq!(said.len(), keys.len(), "control: of everybody");
        said.dedup();
        assert_eq!(said.len(), keys.len(), "{said:?}");
    }
}
