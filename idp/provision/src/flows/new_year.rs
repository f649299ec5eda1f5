//! The rentrée: schools change years one by one, each when its complete file is there.

use super::{COLLEGE, House, complete, guardian, pupil, school};
use crate::{Options, Report, Thresholds};
use preau_connector_api::{PersonRecord, Record};
use preau_domain::{Affiliation, Child, Establishment, Group, GroupKind, JoinKey, Legal, PersonId, Profile};
use preau_store::{Establishments, RunOutcome};

const ECOLE: &str = "0990003R";

fn rentree() -> Options {
    Options { thresholds: Thresholds { new_year: true, ..Thresholds::default() }, ..Options::default() }
}

/// A pupil in a class of some level.
fn in_class(n: usize, uai: &str, class: &str) -> Record {
    let Record::Person(mut record) = pupil(n, "Martin", uai) else { panic!("a pupil is a person") };
    record.affiliations[0].classes = vec![class.to_owned()];
    Record::Person(record)
}

/// A school with classes of those names.
fn with_classes(uai: &str, classes: &[String]) -> Record {
    let Record::Establishment(mut record) = school(uai, "École des Lilas") else { panic!("a school is one") };
    let group = |code: &String| Group { code: code.clone(), label: code.clone(), kind: GroupKind::Class, mefs: vec![] };
    record.groups = classes.iter().map(group).collect();
    Record::Establishment(record)
}

/// A school of four levels in its year: twenty pupils each, numbered from the year they came in; each year the first number of the
/// oldest is twenty higher. Classes bear the year.
fn year(uai: &str, first: usize, year: usize) -> Vec<Record> {
    let class = |level: usize| format!("{level}-{year}");
    let classes: Vec<String> = (1..=4).map(class).collect();
    let mut records = vec![with_classes(uai, &classes)];
    records.extend((0..80).map(|n| in_class(first + 20 * year + n, uai, &class(4 - n / 20))));
    records
}

/// An école and a collège; whoever leaves the école goes to the collège.
fn both(ecole: usize, college: usize) -> Vec<Record> {
    let mut records = year(ECOLE, 1_000, ecole);
    // The twenty youngest of the collège are the twenty who left the école last.
    let oldest = 1_000 + 20 * college - 80;
    let class = |n: usize| format!("{}e-{college}", 3 + n / 20);
    records.push(with_classes(COLLEGE, &[]));
    records.extend((0..80).map(|n| in_class(oldest + n, COLLEGE, &class(n))));
    records
}

/// The reading without a second file of somebody who is in both: as the connector puts it together.
fn once(records: Vec<Record>) -> Vec<Record> {
    let mut seen = std::collections::BTreeSet::new();
    // What the second degree says counts.
    let mut kept: Vec<Record> = records
        .into_iter()
        .rev()
        .filter(|record| match record {
            Record::Person(person) => seen.insert(person.key.clone()),
            _ => true,
        })
        .collect();
    kept.reverse();
    kept
}

impl House {
    async fn at_rentree(&self, records: Vec<Record>) -> Report {
        self.run(&complete(once(records)), rentree()).await.unwrap()
    }

    /// Somebody who answers for these pupils, as a guardian of that school.
    fn parent(&self, n: usize, children: &[usize], uai: &str) -> Record {
        let child = |n: &usize| Child {
            pupil: JoinKey { source: self.source.clone(), key: format!("{n:05}") },
            link: "10".into(),
            legal: Legal::Representative,
            enrolment: None,
        };
        let children = children.iter().map(child).collect();
        Record::Person(PersonRecord { children, ..guardian(n, Some(uai)) })
    }

    /// Account, school and class of a pupil, and whether they may sign in.
    fn of(&self, n: usize) -> (PersonId, String, Vec<String>, bool) {
        let tables = self.ctx.store.tables.lock().unwrap();
        let (person, _) = tables.people.values().find(|(p, _)| p.login == Some(format!("alix.{n}"))).unwrap();
        let at: &Affiliation = &person.affiliations[0];
        let may = person.state.may_sign_in();
        (person.id.clone(), at.establishment.to_string(), at.classes.clone(), may)
    }

    async fn classes(&self, uai: &str) -> Vec<String> {
        let school: Option<Establishment> = self.ctx.store.establishment(&uai.parse().unwrap()).await.unwrap();
        school.unwrap().groups.into_iter().map(|group| group.code).collect()
    }
}

#[tokio::test]
async fn schools_change_years_one_by_one_and_pupils_keep_their_accounts() {
    let house = House::new();
    house.applied(&once(both(0, 0))).await;
    let (cm2, eldest) = (1_005, 925);
    let (before, gone) = (house.of(cm2), house.of(eldest));
    assert_eq!((before.1.as_str(), before.2[0].as_str()), (ECOLE, "4-0"));

    // The collège has its file of the new year, the école says last year's: nobody waits for it.
    let report = house.at_rentree(both(0, 1)).await;
    assert_eq!((report.outcome, report.people.moved, report.people.spared), (RunOutcome::Applied, 20, 0));
    assert_eq!(report.waiting_schools, ["0990003R: of 80 people who are National_ELV 20 would leave and 0 come"]);
    let after = house.of(cm2);
    assert_eq!((&after.0, after.1.as_str(), after.2[0].as_str()), (&before.0, COLLEGE, "6e-1"));
    assert_eq!(house.classes(ECOLE).await[0], "1-0");

    // Then the école changes: its classes of last year are closed.
    let report = house.at_rentree(both(1, 1)).await;
    assert_eq!((report.outcome, report.people.suspended, report.waiting_schools.len()), (RunOutcome::Applied, 20, 0));
    assert_eq!(house.classes(ECOLE).await, ["1-1", "2-1", "3-1", "4-1"]);
    assert_eq!(house.of(1_025).2, ["4-1"]);
    assert!(!house.of(eldest).3 && house.of(eldest).0 == gone.0, "who left the collège is suspended, not forgotten");
}

#[tokio::test]
async fn a_school_whose_file_is_not_there_waits_and_the_others_go_on() {
    let house = House::new();
    house.applied(&once(both(0, 0))).await;
    let only_college = || both(0, 1).split_off(81);
    let held = house.run(&complete(only_college()), Options::default()).await.unwrap();
    assert_eq!(held.outcome, RunOutcome::Held, "control: outside the rentrée nothing is written");
    for _ in 0..3 {
        let report = house.at_rentree(only_college()).await;
        assert_eq!((report.outcome, report.people.spared), (RunOutcome::Applied, 60));
        assert_eq!(report.waiting_schools.len(), 1);
    }
    let waits = house.of(1_030);
    assert_eq!((waits.1.as_str(), waits.2[0].as_str(), waits.3), (ECOLE, "3-0", true));
    assert!(!house.of(925).3, "the collège went on");
    assert_eq!(house.classes(ECOLE).await[0], "1-0");
    let report = house.at_rentree(both(1, 1)).await;
    assert_eq!((report.waiting_schools.len(), report.people.spared), (0, 0));
    assert_eq!((house.of(1_030).0, house.of(1_030).2), (waits.0, vec!["4-1".to_owned()]));
}

/// One child goes to the collège, the other is in the école whose file is not there: the parent is read with the first alone.
#[tokio::test]
async fn a_parent_keeps_the_child_whose_school_waits() {
    let house = House::new();
    let parent = |n, children: &[usize], uai| house.parent(n, children, uai);
    let with = |mut records: Vec<Record>, parents: [Record; 2]| {
        records.extend(parents);
        records
    };
    let (leaves, stays, other) = (1_005, 1_030, 1_006);
    let before = [parent(1, &[leaves, stays], ECOLE), parent(2, &[other], ECOLE)];
    house.applied(&once(with(both(0, 0), before))).await;
    let only_college = both(0, 1).split_off(81);
    let report =
        house.at_rentree(with(only_college, [parent(1, &[leaves], COLLEGE), parent(2, &[other], COLLEGE)])).await;
    assert_eq!((report.outcome, report.people.spared), (RunOutcome::Applied, 61));
    assert_eq!(house.children("g00001").await, [format!("{leaves:05}"), format!("{stays:05}")]);
    let tables = house.ctx.store.tables.lock().unwrap();
    let at = |login: &str| {
        let (person, _) = tables.people.values().find(|(p, _)| p.login.as_deref() == Some(login)).unwrap();
        person.affiliations[0].establishment.to_string()
    };
    assert_eq!(at("dominique.2"), COLLEGE, "control: whose only child went went with it");
    assert_eq!(at("dominique.1"), ECOLE, "until the file of the école is there");
}

/// Whoever was suspended is not kept out because the school of another child waits.
#[tokio::test]
async fn a_parent_who_was_suspended_comes_back_with_the_child_who_is_read() {
    let house = House::new();
    let (leaves, stays) = (1_005, 1_030);
    let with = |mut records: Vec<Record>, children: &[usize], uai| {
        records.push(house.parent(1, children, uai));
        once(records)
    };
    house.applied(&with(both(0, 0), &[leaves, stays], ECOLE)).await;
    assert_eq!(house.accepted(&once(both(0, 0))).await.people.suspended, 1);
    let people = house.at_rentree(with(both(0, 1).split_off(81), &[leaves], COLLEGE)).await.people;
    assert_eq!((people.reactivated, people.spared), (1, 60), "counted once");
    assert_eq!(house.children("g00001").await, [format!("{leaves:05}")]);
}

#[tokio::test]
async fn no_school_is_taken_for_another_and_no_key_for_another_at_the_rentree() {
    let house = House::new();
    house.applied(&once(both(0, 0))).await;
    let state = house.ctx.store.state();
    // The école is read under the number of the collège, and the other way round.
    let swapped: Vec<Record> = both(0, 0)
        .into_iter()
        .map(|record| match record {
            Record::Person(mut person) => {
                let at = &mut person.affiliations[0];
                at.establishment = if at.establishment.as_str() == ECOLE { COLLEGE } else { ECOLE }.parse().unwrap();
                Record::Person(person)
            }
            school => school,
        })
        .collect();
    let report = house.at_rentree(swapped.clone()).await;
    assert_eq!((report.people.spared, report.people.moved, house.ctx.store.state()), (160, 0, state));
    let accepting = Options { thresholds: Thresholds::accepting(160), ..Options::default() };
    assert_eq!(
        house.run(&complete(swapped), accepting).await.unwrap().people.moved,
        160,
        "unless somebody says that it is so"
    );

    // The source numbers everybody anew: as many as before, and none of them.
    let house = House::new();
    house.applied(&once(both(0, 0))).await;
    let anew = || year(ECOLE, 5_000, 0).into_iter().chain(both(0, 0).split_off(81)).collect::<Vec<_>>();
    for _ in 0..2 {
        assert_eq!(house.at_rentree(anew()).await.people.spared, 80);
    }
    assert!(house.of(1_030).3);
}

#[tokio::test]
async fn staff_that_is_not_read_and_people_of_no_school_are_still_guarded_at_the_rentree() {
    let staff = |n: usize| {
        let mut record = guardian(n, Some(COLLEGE));
        record.affiliations[0].profile = Profile::Teacher;
        Record::Person(record)
    };
    let house = House::new();
    let with_staff = |count: usize| both(0, 0).into_iter().chain((0..count).map(staff)).collect::<Vec<_>>();
    house.applied(&with_staff(20)).await;
    assert_eq!(house.at_rentree(with_staff(9)).await.people.spared, 11, "more than half of them");
    assert_eq!(house.at_rentree(with_staff(11)).await.people.waiting, 9, "control: fewer than half");

    let house = House::new();
    let nowhere = (0..40).map(|n| Record::Person(guardian(n, None)));
    house.applied(&both(0, 0).into_iter().chain(nowhere).collect::<Vec<_>>()).await;
    let report = house.at_rentree(both(0, 0)).await;
    assert_eq!((report.outcome, report.people.suspended), (RunOutcome::Held, 40), "{:?}", report.held);
}

/// A source that forgets a little at each two readings that agree empties a school at the rentrée as at any other time.
#[tokio::test]
async fn readings_of_the_rentree_are_weighed_together() {
    let house = House::new();
    let pupils = |range: std::ops::Range<usize>| -> Vec<Record> {
        let records = range.map(|n| in_class(n, COLLEGE, "6e-0"));
        std::iter::once(with_classes(COLLEGE, &[])).chain(records).collect()
    };
    house.applied(&pupils(0..100)).await;
    for suspended in [0, 15] {
        let report = house.at_rentree(pupils(0..85)).await;
        assert_eq!((report.people.suspended, report.waiting_schools.len()), (suspended, 0), "fifteen of a hundred");
    }
    let report = house.at_rentree(pupils(0..72)).await;
    assert_eq!((report.people.spared, report.people.waiting), (13, 0), "twenty-eight of a hundred");
    assert_eq!(
        report.waiting_schools,
        ["0990001N: of 100 people who are National_ELV 28 would leave and 0 come"],
        "with those of the reading before"
    );
    // Control: as many come as leave.
    let mut others = pupils(0..72);
    others.extend((200..213).map(|n| in_class(n, COLLEGE, "6e-0")));
    for suspended in [0, 13] {
        let report = house.at_rentree(others.clone()).await;
        assert_eq!((report.people.suspended, report.waiting_schools.len()), (suspended, 0));
    }
    // Control: what left at the rentrée says nothing of the days after it.
    let mut fewer = others.clone();
    fewer.pop();
    let report = house.applied(&fewer).await;
    assert_eq!((report.outcome, report.people.waiting), (RunOutcome::Applied, 1));
    // Control: nor of a week later.
    house.clock.0.fetch_add(8 * 86_400_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(house.at_rentree(pupils(0..72)).await.people.spared, 0);
}
