//! The plan as tables: what is stored, what is read, what would happen.

use super::*;
use preau_connector_api::Birth;
use preau_domain::{AccountState, Affiliation, EstablishmentKind, Profile};
use preau_store::IndexRow;

const SCHOOLS: [&str; 3] = ["0990001N", "0990002P", "0990003R"];

/// A person of these schools.
fn at(key: &str, name: &str, schools: &[usize]) -> PersonRecord {
    let affiliations =
        schools.iter().map(|at| Affiliation::new(SCHOOLS[*at].parse().unwrap(), Profile::Guardian)).collect();
    PersonRecord { affiliations, ..record(key, name) }
}

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
        entry: None,
        ties: Vec::new(),
        birth: Birth::Untold,
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
            places: schools.iter().map(|at| (SCHOOLS[*at].parse().unwrap(), Profile::Guardian)).collect(),
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
    let mut planner = Planner::new(SourceId::new("annuaire"), index, Withheld::default());
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
        planned.plan.losses.iter().map(|l| (l.establishment.as_str(), l.active, l.absent)).collect();
    assert_eq!(losses, [(SCHOOLS[0], 3, 1), (SCHOOLS[1], 2, 1)]);
    let lost: Vec<&str> =
        ["1", "2", "3", "4", "5"].into_iter().filter(|key| planned.index.lost(Digest::of_key(key))).collect();
    assert_eq!(lost, ["2", "5"]);
}

/// Where people were, where they are read to be: how many lose an establishment, how many lose all, and the losses of
/// each school as (absent, lost).
#[test]
fn who_is_read_without_an_establishment_loses_it() {
    type Row = (&'static str, Index, Vec<PersonRecord>, (u64, u64), [(u64, u64); 2]);
    let table: Vec<Row> = vec![
        ("all of it", stored(&[("1", "A", true, &[0, 1])]), vec![at("1", "A", &[])], (1, 1), [(0, 1), (0, 1)]),
        ("one of two", stored(&[("1", "A", true, &[0, 1])]), vec![at("1", "A", &[1])], (1, 0), [(0, 1), (0, 0)]),
        ("another", stored(&[("1", "A", true, &[0])]), vec![at("1", "A", &[1])], (0, 0), [(0, 0), (0, 0)]),
        ("one more", stored(&[("1", "A", true, &[0])]), vec![at("1", "B", &[0, 1])], (0, 0), [(0, 0), (0, 0)]),
        ("nowhere before", stored(&[("1", "A", true, &[])]), vec![at("1", "B", &[])], (0, 0), [(0, 0), (0, 0)]),
        ("not active", stored(&[("1", "A", false, &[0])]), vec![at("1", "A", &[])], (0, 0), [(0, 0), (0, 0)]),
        (
            "one absent, one stripped",
            stored(&[("1", "A", true, &[0]), ("2", "B", true, &[0])]),
            vec![at("2", "B", &[])],
            (1, 1),
            [(1, 1), (0, 0)],
        ),
    ];
    for (story, index, reading, counts, schools) in table {
        let mut planner = Planner::new(SourceId::new("annuaire"), index, Withheld::default());
        for read in &reading {
            // The digest stored is that of a record without affiliations: what is read here is another one.
            let other = Digest::of_record(format!("{story} {}", read.key).as_bytes());
            planner.person(read, other);
        }
        let plan = planner.finish(Completion::Complete).plan;
        assert_eq!((plan.people.narrowed, plan.people.stripped), counts, "{story}");
        let loss = |uai: &str| {
            let loss = plan.losses.iter().find(|loss| loss.establishment.as_str() == uai);
            loss.map_or((0, 0), |loss| (loss.absent, loss.lost))
        };
        assert_eq!([loss(SCHOOLS[0]), loss(SCHOOLS[1])], schools, "{story}");
    }
}

/// What somebody was, what they are read to be, and: who loses an establishment, a profile only, or moves; and the profiles
/// lost and moved in the first school.
#[test]
fn who_moves_is_not_lost_and_who_ceases_to_be_something_is() {
    use Profile::{Guardian, Pupil, SchoolLife, Teacher};
    type Places = &'static [(usize, Profile)];
    type Row = (&'static str, Places, Places, (u64, u64, u64), &'static [Profile], &'static [Profile]);
    let table: &[Row] = &[
        ("a pupil goes to the next school", &[(0, Pupil)], &[(1, Pupil)], (0, 0, 1), &[], &[Pupil]),
        ("and so do the guardians", &[(0, Guardian)], &[(1, Guardian)], (0, 0, 1), &[], &[Guardian]),
        ("a pupil of both keeps one", &[(0, Pupil), (1, Pupil)], &[(1, Pupil)], (1, 0, 0), &[Pupil], &[]),
        ("two places, one elsewhere", &[(0, Pupil), (1, Pupil)], &[(2, Pupil)], (1, 0, 0), &[], &[Pupil]),
        ("so of guardians", &[(0, Guardian), (1, Guardian)], &[(2, Guardian)], (1, 0, 0), &[], &[Guardian]),
        ("one place, two elsewhere", &[(0, Pupil)], &[(1, Pupil), (2, Pupil)], (0, 0, 1), &[], &[Pupil]),
        ("each to another", &[(0, Pupil), (0, Guardian)], &[(1, Pupil)], (1, 0, 0), &[Guardian], &[Pupil]),
        ("a pupil goes nowhere", &[(0, Pupil)], &[], (1, 0, 0), &[Pupil], &[]),
        ("a teacher goes elsewhere", &[(0, Teacher)], &[(1, Teacher)], (1, 0, 0), &[Teacher], &[]),
        ("a pupil comes back as a teacher", &[(0, Pupil)], &[(1, Teacher)], (1, 0, 0), &[Pupil], &[]),
        ("only a guardian now", &[(0, Teacher), (0, Guardian)], &[(0, Guardian)], (0, 1, 0), &[Teacher], &[]),
        ("a teacher becomes something else", &[(0, Teacher)], &[(0, SchoolLife)], (0, 1, 0), &[Teacher], &[]),
        ("one child moves, one stays", &[(0, Guardian)], &[(0, Guardian), (1, Guardian)], (0, 0, 0), &[], &[]),
        (
            "a teacher leaves, as a guardian too",
            &[(0, Teacher), (0, Guardian)],
            &[(1, Guardian)],
            (1, 0, 0),
            &[Teacher],
            &[Guardian],
        ),
    ];
    for (story, before, after, counts, lost, gone) in table {
        let place = |(school, profile): &(usize, Profile)| (SCHOOLS[*school].parse().unwrap(), *profile);
        let mut index = Index::default();
        index.extend(&[IndexRow {
            key: "1".into(),
            digest: digest(&record("1", "A")).hex(),
            state: AccountState::Active,
            places: before.iter().map(place).collect::<BTreeSet<_>>().into_iter().collect(),
        }]);
        index.seal();
        let affiliations = after.iter().map(place).map(|(uai, profile)| Affiliation::new(uai, profile)).collect();
        let read = PersonRecord { affiliations, ..record("1", "B") };
        let mut planner = Planner::new(SourceId::new("annuaire"), index, Withheld::default());
        planner.person(&read, digest(&read));
        let plan = planner.finish(Completion::Complete).plan;
        assert_eq!((plan.people.narrowed, plan.people.ceased, plan.people.moved), *counts, "{story}");
        assert_eq!(plan.people.losing(), counts.0 + counts.1 + counts.2, "{story}");
        let school = plan.losses.iter().find(|loss| loss.establishment.as_str() == SCHOOLS[0]);
        let named = |which: fn(&ProfileLoss) -> u64| -> Vec<Profile> {
            let losses = school.into_iter().flat_map(|school| &school.profiles);
            losses.filter(|loss| which(loss) > 0).map(|loss| loss.profile).collect()
        };
        assert_eq!(named(|loss| loss.lost), *lost, "{story}");
        assert_eq!(named(|loss| loss.moved), *gone, "{story}");
    }
}

#[test]
fn a_record_read_in_part_changes_nobody() {
    let index = || stored(&[("1", "A", true, &[0, 1]), ("2", "B", false, &[0])]);
    for (read, fate, [created, reactivated, kept, suspended, narrowed]) in [
        (at("1", "Z", &[]), Fate::Pass, [0, 0, 1, 0, 0]),
        (at("1", "Z", &[0]), Fate::Pass, [0, 0, 1, 0, 0]),
        // The same part as last time.
        (record("1", "A"), Fate::Pass, [0, 0, 0, 0, 0]),
        (at("2", "B", &[]), Fate::Pass, [0, 0, 0, 1, 0]),
        (at("2", "B", &[0]), Fate::Write, [0, 1, 0, 1, 0]),
        (at("3", "C", &[]), Fate::Pass, [0, 0, 0, 1, 0]),
        (at("3", "C", &[0]), Fate::Write, [1, 0, 0, 1, 0]),
    ] {
        let mut planner = Planner::new(SourceId::new("annuaire"), index(), Withheld::default());
        assert_eq!(planner.partial(&read, digest(&read)), fate, "{read:?}");
        let people = planner.finish(Completion::Complete).plan.people;
        let found = [people.created, people.reactivated, people.kept, people.suspended, people.narrowed];
        assert_eq!(found, [created, reactivated, kept, suspended, narrowed], "{read:?}");
    }
}

#[test]
fn one_number_is_one_establishment() {
    let mut planner = Planner::new(SourceId::new("annuaire"), Index::default(), Withheld::default());
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
