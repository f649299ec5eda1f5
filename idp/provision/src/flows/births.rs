//! Dates of birth on their way through a run: what comes out is a code, or nothing.

use super::{COLLEGE, House, complete, pupil, school};
use crate::{BirthCodes, Options, Report};
use preau_connector_api::{Birth, PersonRecord, Record};
use preau_domain::{BirthDate, JoinKey};
use preau_store::Provisioning;

fn date(day: &str) -> Birth {
    Birth::Told(BirthDate::read(day).unwrap())
}

/// A code that shows what it is made of.
fn codes() -> BirthCodes {
    BirthCodes::new(|of, date| format!("code of {of} {}", date.day().len()))
}

/// Three pupils of whom these dates are told.
fn told(births: [Birth; 3]) -> Vec<Record> {
    let with = |(n, birth): (usize, Birth)| match pupil(n, "Martin", COLLEGE) {
        Record::Person(person) => Record::Person(PersonRecord { birth, ..person }),
        other => other,
    };
    std::iter::once(school(COLLEGE, "Collège des Lilas")).chain(births.into_iter().enumerate().map(with)).collect()
}

async fn read(house: &House, births: [Birth; 3], codes: BirthCodes) -> Report {
    house.run(&complete(told(births)), Options { births: codes, ..Options::default() }).await.unwrap()
}

/// What is stored of each, by the source's order of keys.
fn kept(house: &House) -> Vec<Option<String>> {
    let tables = house.ctx.store.tables.lock().unwrap();
    let of = |n| JoinKey { source: house.source.clone(), key: format!("{n:05}") };
    (0..3).map(|n| tables.told[&of(n)].birth.clone()).collect()
}

#[tokio::test]
async fn a_code_stands_in_the_place_of_a_date_and_goes_with_it() {
    let house = House::new();
    let births = || [date("03/11/2014"), Birth::Unread, Birth::Untold];
    let first = read(&house, births(), codes()).await;
    assert_eq!((first.people.created, first.rejected.total, first.remarks.total), (3, 0, 1), "one is remarked upon");
    assert_eq!(first.remarks.entries[0].dn, "record 00001");
    assert_eq!(kept(&house), [Some("code of annuaire$00000 10".to_owned()), None, None]);
    let again = read(&house, births(), codes()).await;
    assert_eq!((again.people.unchanged, again.remarks.total), (3, 1), "the same code is the same record");
    let without = read(&house, [const { Birth::Untold }; 3], codes()).await;
    assert_eq!((without.people.updated, without.people.unchanged, without.remarks.total), (1, 2, 0));
    assert_eq!(kept(&house), [None, None, None]);
}

#[tokio::test]
async fn another_key_makes_other_codes_of_the_same_dates() {
    let house = House::new();
    let births = || [date("03/11/2014"), date("04/11/2014"), Birth::Untold];
    read(&house, births(), codes()).await;
    let renewed = BirthCodes::new(|of, _| format!("new code of {of}"));
    assert_eq!(read(&house, births(), renewed).await.people.updated, 2);
    assert!(kept(&house).iter().flatten().all(|code| code.starts_with("new")), "{:?}", kept(&house));
}

#[tokio::test]
async fn where_nothing_makes_codes_nothing_is_kept() {
    let house = House::new();
    let report = read(&house, [date("03/11/2014"), Birth::Untold, Birth::Untold], BirthCodes::default()).await;
    assert_eq!((report.people.created, kept(&house)), (3, vec![None, None, None]));
    let runs = house.ctx.store.runs(&house.source, 9).await.unwrap();
    assert!(runs.iter().all(|run| !run.report.contains("2014-11-03") && !run.report.contains("remarks")), "{runs:?}");
}

#[test]
fn a_date_cannot_be_written_into_a_document() {
    let record = |birth| match &told([birth, Birth::Untold, Birth::Untold])[1] {
        Record::Person(person) => serde_json::to_string(person),
        _ => unreachable!("a pupil"),
    };
    assert!(record(date("03/11/2014")).is_err());
    assert!(record(Birth::Coded("x".into())).is_ok_and(|text| text.contains("{\"coded\":\"x\"}")), "control");
    assert!(record(Birth::Untold).is_ok_and(|text| !text.contains("birth")), "a record without is the record it was");
}
