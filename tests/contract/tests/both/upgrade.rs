//! A database of an earlier version, with rows in it as that version wrote them: what it knew is known after the upgrade, and
//! what it had given is worth what it was worth.

use crate::Place;
use crate::chain::alter;
use preau_contract::fixture::{NOW, grant, source, uai};
use preau_domain::{AccountState, Grant, GrantKind, OneTimeKey, Person, PersonId, Retention, Seconds, SessionId};
use preau_store::{Aged, Rotation, Store};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A database as the version knew it whose latest migration begins with those digits, with these rows.
async fn of_version(place: &Place, latest: &str, rows: &str) -> Arc<dyn Store> {
    let back = if place.options.schema.is_some() { "postgres" } else { "sqlite" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/sql").join(back);
    let listed = fs::read_dir(folder).expect("the migrations are there");
    let mut files: Vec<_> = listed.filter_map(|file| Some(file.ok()?.path())).collect();
    files.sort();
    let mut made = "CREATE TABLE migration (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL);".to_owned();
    if let Some(schema) = &place.options.schema {
        made = format!("CREATE SCHEMA {schema}; {made}");
    }
    for file in &files {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a migration has a name");
        let text = fs::read_to_string(file).expect("a migration is text");
        made.push_str(&text);
        made.push_str(&format!(";INSERT INTO migration VALUES ('{name}', '{}');", text.replace('\'', "''")));
        if name.starts_with(latest) {
            break;
        }
    }
    alter(place, &format!("{made}\n{rows}")).await;
    place.open().await
}

/// The row of somebody, of the source by that key or kept here, with that in the record behind the login.
fn mailed(id: &str, key: Option<&str>, more: &str) -> String {
    let (columns, join) = match key {
        Some(key) => (
            format!("'{}', '{key}'", source()),
            format!(r#""join":{{"source":"{}","key":"{key}"}},"credentials":"directory","#, source()),
        ),
        None => ("NULL, NULL".to_owned(), r#""credentials":"local","#.to_owned()),
    };
    format!(
        "INSERT INTO person (id, source, join_key, login, state, digest, establishments, doc) VALUES ('{id}', {columns},
         'l-{id}', 'active', NULL, '', '{{\"id\":\"{id}\",{join}\"state\":\"active\",\"given_name\":\"Zoé\",
         \"family_name\":\"O''Néant\",\"login\":\"l-{id}\"{more},\"affiliations\":[]}}');"
    )
}

fn address(mail: &str) -> String {
    format!(",\"mail\":\"{mail}\"")
}

fn ids(people: &[Person]) -> Vec<&str> {
    people.iter().map(|person| person.id.as_str()).collect()
}

/// Mail addresses stood in the record alone.
#[tokio::test]
async fn people_are_found_by_the_mail_address_they_had() {
    let rows = [
        mailed("p-1", Some("k1"), &address("Zoe.Neant@College.Example")),
        mailed("p-2", Some("k2"), ""),
        mailed("p-3", None, &address("zoe.neant@college.example")),
    ];
    for place in Place::each("upgrade_mail") {
        let store = of_version(&place, "0006", &rows.concat()).await;
        let found = store.people_by_mail(&source(), "zoe.neant@college.example", 9).await.unwrap();
        assert_eq!(ids(&found), ["p-1"], "the record of the source, and not the guest");
        assert_eq!(found[0].family_name, "O'Néant");
        assert!(store.people_by_mail(&source(), "", 9).await.unwrap().is_empty());
    }
}

/// Those of accounts that are kept here stood in the record alone for longer. What is no address stays one by which nobody is found.
#[tokio::test]
async fn accounts_kept_here_are_found_by_the_mail_address_they_had() {
    let wrong =
        ["zoé@x.example", "a@b@c", "@x.example", "a b@x.example", "a\\\\b@x.example", "a]@x.example", "a[@x.example"];
    let long = format!("{}@x.example", "a".repeat(245));
    let mut rows = vec![
        mailed("p-1", None, &address("Zoe.Neant@College.Example")),
        mailed("p-2", None, ""),
        mailed("p-3", Some("k3"), &address("zoe.neant@college.example")),
        mailed("p-4", None, &address("l'aube+1@x_y.example")),
        mailed("p-5", None, &address(&long)),
        "INSERT INTO person (id, state, establishments, doc) VALUES ('p-6', 'purged', '', '{}');".to_owned(),
    ];
    rows[3] = rows[3].replace("l'aube", "l''aube");
    rows.extend(wrong.iter().enumerate().map(|(nth, mail)| mailed(&format!("w-{nth}"), None, &address(mail))));
    for place in Place::each("upgrade_local_mail") {
        let store = of_version(&place, "0032", &rows.concat()).await;
        let found = async |mail: &str| store.local_people_by_mail(mail, 9).await.unwrap();
        assert_eq!(ids(&found("zoe.neant@college.example").await), ["p-1"], "and not the record of the source");
        assert_eq!(ids(&found("l'aube+1@x_y.example").await), ["p-4"]);
        for mail in wrong.into_iter().chain(["", &long]) {
            assert!(found(&mail.replace("\\\\", "\\")).await.is_empty(), "{mail}");
        }
    }
}

/// The row of somebody of the source, with the rest of the record.
fn person(id: &str, state: &str, more: &str) -> String {
    format!(
        "INSERT INTO person (id, source, join_key, state, establishments, doc) VALUES ('{id}', '{}', '{id}', '{state}', '',
         '{{\"id\":\"{id}\",\"credentials\":\"directory\",\"state\":\"active\",\"given_name\":\"Zoé\",
         \"family_name\":\"O''Néant\",{more}}}');",
        source()
    )
}

/// The numbers of pupils stood in the record alone.
#[tokio::test]
async fn pupils_and_parents_are_found_by_the_number_they_had() {
    let person = |id: &str, more: &str| person(id, "active", more);
    let at = r#""enrolment":{"establishment":"0990002P","number":"11"}"#;
    let pupil = format!(r#""affiliations":[{{"establishment":"0990002P","profile":"National_ELV",{at}}}]"#);
    let parent = format!(
        r#""affiliations":[],"children":[{{"pupil":{{"source":"s","key":"k"}},"link":"10","legal":"contact",{at}}}]"#
    );
    let rows = [person("a", &pupil), person("b", &parent), person("c", r#""affiliations":[]"#)];
    for place in Place::each("upgrade_enrolled") {
        let store = of_version(&place, "0009", &rows.concat()).await;
        let found = store.people_enrolled(&source(), &uai(2), "11", 9).await.unwrap();
        let names: Vec<&str> = found.iter().map(|person| person.id.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(store.people_enrolled(&source(), &uai(3), "11", 9).await.unwrap().is_empty());
    }
}

/// Where people are stood in the record alone.
#[tokio::test]
async fn people_are_found_by_where_they_were() {
    let at = |uais: &[&str]| {
        let one = |uai: &&str| format!(r#"{{"establishment":"{uai}","profile":"National_ENS"}}"#);
        format!(r#""affiliations":[{}]"#, uais.iter().map(one).collect::<Vec<_>>().join(","))
    };
    let here = uai(2).to_string();
    let rows = [
        person("a", "active", &at(&[&here, &here])),
        person("b", "active", &at(&[])),
        person("c", "active", &at(&[uai(3).as_str()])),
    ];
    for place in Place::each("upgrade_placed") {
        let store = of_version(&place, "0016", &rows.concat()).await;
        let found = store.people_at(&uai(2), 9).await.unwrap();
        assert_eq!(found.iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}

/// Refresh tokens had a row each, and what was spent was kept; of a family that says nothing each token says all.
#[tokio::test]
async fn tokens_of_before_are_worth_what_they_were() {
    let (now, later) = (NOW.0, NOW.0 + 600_000);
    let doc = grant("r1", GrantKind::Refresh, "f1", None).doc;
    let token = |id: &str, family: &str, doc: &str, spent: &str| {
        format!("INSERT INTO token VALUES ('{id}', 'refresh', '{family}', 'moodle', '{doc}', {now}, {later}, {spent});")
    };
    let rows = [
        format!("INSERT INTO session VALUES ('s1', 'p-zoe', '{{}}', NULL, {now}, {later}, {now});"),
        format!("INSERT INTO token_family VALUES ('f1', 's1', 'p-zoe', {later}, NULL, NULL);"),
        format!("INSERT INTO token_family VALUES ('f2', NULL, 'p-zoe', {later}, 'moodle', '{doc}');"),
        format!("INSERT INTO token_family VALUES ('f3', 's1', 'p-zoe', {later}, 'moodle', '{doc}');"),
        token("r1", "f1", &doc, "NULL"),
        token("r2", "f2", "=", "NULL"),
        token("r0", "f3", "=", &now.to_string()),
        token("r3", "f3", "=", "NULL"),
    ];
    let session = SessionId::new("s1");
    let refresh = |key, family, session| grant(key, GrantKind::Refresh, family, session);
    for place in Place::each("upgrade_tokens") {
        let store = of_version(&place, "0007", &rows.concat()).await;
        let there = async |key: &str| store.granted(&OneTimeKey::new(key), GrantKind::Refresh, NOW).await.unwrap();
        let spend = async |key: &str, next: Grant| store.rotate(&OneTimeKey::new(key), NOW, &[next]).await.unwrap();
        assert_eq!(there("r1").await, Some(refresh("r1", "f1", Some(&session))));
        assert_eq!(there("r2").await, Some(refresh("r2", "f2", None)));
        assert_eq!(there("r0").await, None, "it was spent");
        assert_eq!(spend("r0", refresh("n0", "f3", Some(&session))).await, Rotation::Reused);
        assert_eq!(there("r3").await, None, "and whoever shows it loses the family");
        assert_eq!(spend("r2", refresh("n2", "f2", None)).await, Rotation::Rotated);
        assert_eq!(spend("r2", refresh("m2", "f2", None)).await, Rotation::Reused);
        assert_eq!((there("n2").await, there("m2").await), (None, None));
        assert_eq!(spend("r1", refresh("n1", "f1", Some(&session))).await, Rotation::Rotated);
        assert!(there("n1").await.is_some(), "control");
        store.end_session(&session, NOW, None).await.unwrap();
        assert_eq!(there("n1").await, None, "a session takes its tokens along");
    }
}

/// Accounts were suspended without a date: their days count from when they are first seen, and nobody goes on the day of the upgrade.
#[tokio::test]
async fn who_was_suspended_before_days_were_counted_is_counted_from_now() {
    let person = |id: &str, state: &str| person(id, state, r#""affiliations":[]"#);
    let rows = [person("a", "suspended"), person("b", "active")];
    for place in Place::each("upgrade_life") {
        let store = of_version(&place, "0010", &rows.concat()).await;
        let retention = Retention::days(31, 31);
        let pass = async |days: i64| store.let_time_pass(NOW + Seconds(days * 86_400), retention, 9).await.unwrap();
        assert_eq!(pass(0).await, Aged { counted: 1, ..Aged::default() });
        assert_eq!(pass(30).await, Aged::default());
        assert_eq!(pass(31).await.purged, [PersonId::new("a")]);
        let life = store.life(&PersonId::new("b")).await.unwrap();
        assert_eq!(life.map(|life| (life.state, life.ended)), Some((AccountState::Active, None)));
    }
}
