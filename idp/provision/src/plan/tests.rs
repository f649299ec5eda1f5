//! The plan as tables: what is stored, what is read, what would happen.

use super::*;
use preau_domain::{AccountState, EstablishmentKind};
use preau_store::IndexRow;

const SCHOOLS: [&str; 2] = ["0990001N", "0990002P"];

fn record(key: &str, name: &str) -> PersonRecord {
    PersonRecord {
        key: key.into(),
        given_name: "Alix".into(),
        family_name: name.into(),
        title: None,
        login: None,
        mail: None,
        affiliations: Vec::new(),
        children: Vec::new(),
    }
}

fn digest(record: &PersonRecord) -> Digest {
    Digest::of_record(&serde_json::to_vec(record).unwrap())
}

/// A stored record: key, name, active, numbers of its schools.
fn stored(rows: &[(&str, &str, bool, &[usize])]) -> Index {
    let mut index = Index::default();
    let mut page: Vec<IndexRow> = rows
        .iter()
        .map(|(key, name, active, schools)| IndexRow {
            key: (*key).into(),
            digest: digest(&record(key, name)).hex(),
            state: if *active { AccountState::Active } else { AccountState::Suspended },
            establishments: schools.iter().map(|at| SCHOOLS[*at].parse().unwrap()).collect(),
        })
        .collect();
    page.sort_by(|a, b| a.key.cmp(&b.key));
    index.extend(&page);
    index.seal();
    index
}

enum Read {
    Person(&'static str, &'static str),
    Rejected(Option<&'static str>),
}
use Read::{Person, Rejected as Bad};

fn planned(index: Index, reading: &[Read]) -> (Planned, Vec<Fate>) {
    let mut planner = Planner::new(SourceId::new("annuaire"), index);
    let mut fates = Vec::new();
    for entry in reading {
        match entry {
            Person(key, name) => {
                let record = record(key, name);
                fates.push(planner.person(&record, digest(&record)));
            }
            Bad(key) => planner.rejected(Rejected {
                dn: "cn=x".into(),
                key: key.map(Into::into),
                reason: "has no family name".into(),
            }),
        }
    }
    (planner.finish(Completion::Complete), fates)
}

/// created, updated, reactivated, unchanged, kept, suspended, rejected.
fn figures(plan: &Plan) -> [u64; 7] {
    let p = &plan.people;
    [p.created, p.updated, p.reactivated, p.unchanged, p.kept, p.suspended, plan.rejected.total]
}

#[test]
fn what_is_read_against_what_is_stored() {
    type Row = (&'static str, Index, Vec<Read>, [u64; 7]);
    let table: Vec<Row> = vec![
        ("nothing and nothing", stored(&[]), vec![], [0, 0, 0, 0, 0, 0, 0]),
        ("first run", stored(&[]), vec![Person("1", "A"), Person("2", "B")], [2, 0, 0, 0, 0, 0, 0]),
        ("same again", stored(&[("1", "A", true, &[0])]), vec![Person("1", "A")], [0, 0, 0, 1, 0, 0, 0]),
        ("changed", stored(&[("1", "A", true, &[0])]), vec![Person("1", "B")], [0, 1, 0, 0, 0, 0, 0]),
        ("back, unchanged", stored(&[("1", "A", false, &[0])]), vec![Person("1", "A")], [0, 0, 1, 0, 0, 0, 0]),
        ("back, changed", stored(&[("1", "A", false, &[0])]), vec![Person("1", "B")], [0, 0, 1, 0, 0, 0, 0]),
        (
            "gone",
            stored(&[("1", "A", true, &[0]), ("2", "B", true, &[0])]),
            vec![Person("1", "A")],
            [0, 0, 0, 1, 0, 1, 0],
        ),
        ("gone already", stored(&[("1", "A", false, &[0])]), vec![], [0, 0, 0, 0, 0, 0, 0]),
        ("rejected, known: kept", stored(&[("1", "A", true, &[0])]), vec![Bad(Some("1"))], [0, 0, 0, 0, 1, 0, 1]),
        ("rejected, key unread: gone", stored(&[("1", "A", true, &[0])]), vec![Bad(None)], [0, 0, 0, 0, 0, 1, 1]),
        ("rejected, unknown", stored(&[]), vec![Bad(Some("1"))], [0, 0, 0, 0, 0, 0, 1]),
        (
            "rejected then sound",
            stored(&[("1", "A", true, &[0])]),
            vec![Bad(Some("1")), Person("1", "A")],
            [0, 0, 0, 1, 0, 0, 1],
        ),
        ("one key twice, new", stored(&[]), vec![Person("1", "A"), Person("1", "B")], [1, 0, 0, 0, 0, 0, 1]),
        (
            "one key twice, known",
            stored(&[("1", "A", true, &[0])]),
            vec![Person("1", "A"), Person("1", "B")],
            [0, 0, 0, 1, 0, 0, 1],
        ),
        ("keys no one may have", stored(&[]), vec![Person("", "A"), Person("a\nb", "B")], [0, 0, 0, 0, 0, 0, 2]),
    ];
    for (story, index, reading, expected) in table {
        let (planned, _) = planned(index, &reading);
        assert_eq!(figures(&planned.plan), expected, "{story}");
    }
}

#[test]
fn only_what_changed_is_written() {
    let index = stored(&[("1", "A", true, &[0]), ("2", "B", true, &[0]), ("3", "C", false, &[0])]);
    let (_, fates) =
        planned(index, &[Person("1", "A"), Person("2", "Z"), Person("3", "C"), Person("4", "D"), Person("4", "E")]);
    assert_eq!(fates, [Fate::Pass, Fate::Write, Fate::Write, Fate::Write, Fate::Pass]);
}

#[test]
fn losses_are_counted_in_each_establishment() {
    let index = stored(&[
        ("1", "A", true, &[0]),
        ("2", "B", true, &[0, 1]),
        ("3", "C", true, &[0, 1]),
        ("4", "D", false, &[1]),
        ("5", "E", true, &[]),
    ]);
    let (planned, _) = planned(index, &[Person("1", "A"), Person("3", "C")]);
    assert_eq!(planned.plan.active, 4);
    assert_eq!(planned.plan.people.suspended, 2);
    let losses: Vec<(&str, u64, u64)> =
        planned.plan.losses.iter().map(|l| (l.establishment.as_str(), l.active, l.lost)).collect();
    assert_eq!(losses, [(SCHOOLS[0], 3, 1), (SCHOOLS[1], 2, 1)]);
    let lost: Vec<&str> =
        ["1", "2", "3", "4", "5"].into_iter().filter(|key| planned.index.lost(Digest::of_key(key))).collect();
    assert_eq!(lost, ["2", "5"]);
}

#[test]
fn one_number_is_one_establishment() {
    let mut planner = Planner::new(SourceId::new("annuaire"), Index::default());
    for key in ["a", "b"] {
        planner.establishment(EstablishmentRecord {
            key: key.into(),
            uai: SCHOOLS[0].parse().unwrap(),
            kind: EstablishmentKind::College,
            name: "Collège des Lilas".into(),
            city: None,
            sector: None,
            groups: Vec::new(),
        });
    }
    let planned = planner.finish(Completion::Complete);
    assert_eq!(planned.establishments.len(), 1);
    assert_eq!(planned.establishments[0].join.to_string(), "annuaire$a");
    assert_eq!(planned.plan.rejected.total, 1);
}
