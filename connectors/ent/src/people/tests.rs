//! Entries made by hand, one oddity each.

use super::*;
use preau_domain::{BirthDate, Child, Enrolment, SourceId};

const COLLEGE: &str = "ENTStructureSIREN=1,ou=structures,dc=x";
const LYCEE: &str = "ENTStructureSIREN=2,ou=structures,dc=x";

/// Two schools, `9001` and `9002`.
fn table(mapping: &Mapping) -> Table {
    let mut table = Table::default();
    for (dn, key, uai) in [(COLLEGE, "AC-NOTOS$9001", "0990001N"), (LYCEE, "AC-NOTOS$9002", "0990002P")] {
        let school = Entry::made(dn, &[("ENTStructureJointure", &[key]), ("ENTStructureUAI", &[uai])]);
        table.learn(&school, mapping);
    }
    table
}

/// Reads an adult with these attributes, after these pupils.
fn adult_after(pupils: &[Entry], dn: &str, attributes: &[(&str, &[&str])]) -> Result<PersonRecord, Misfit> {
    let mapping = Mapping::ldap();
    let (table, keys, source) = (table(&mapping), Keys::new(Some("AC-NOTOS".into())), SourceId::new("annuaire"));
    let reader = Reader { mapping: &mapping, keys: &keys, table: &table };
    let mut links = Links::default();
    for pupil in pupils {
        reader.pupil(pupil, keys.of(pupil, &mapping.people.key)?, &mut links)?;
    }
    links.sort();
    let entry = Entry::made(dn, &[EVERYBODY, attributes].concat());
    let rules = Rules { source, academy: Some("AC-NOTOS".into()), in_charge: false };
    reader.adult(&entry, keys.of(&entry, &mapping.people.key)?, &links, &rules)
}

fn adult(attributes: &[(&str, &[&str])]) -> Result<PersonRecord, Misfit> {
    adult_after(&[], "uid=a,ou=people,dc=x", attributes)
}

const EVERYBODY: &[(&str, &[&str])] = &[
    ("ENTPersonJointure", &["AC-NOTOS$7"]),
    ("ENTPersonLogin", &["Iris.Basalte"]),
    ("sn", &["Basalte"]),
    ("givenName", &["Iris"]),
];

fn pupil_entry(key: &str, attributes: &[(&str, &[&str])]) -> Entry {
    let own: &[(&str, &[&str])] =
        &[("ENTPersonJointure", &[key]), ("ENTPersonLogin", &["io"]), ("sn", &["Mica"]), ("givenName", &["Io"])];
    Entry::made("uid=p,ou=people,dc=x", &[own, attributes].concat())
}

fn pupil(attributes: &[(&str, &[&str])]) -> Result<PersonRecord, Misfit> {
    let mapping = Mapping::ldap();
    let (table, keys) = (table(&mapping), Keys::new(Some("AC-NOTOS".into())));
    let reader = Reader { mapping: &mapping, keys: &keys, table: &table };
    let entry = pupil_entry("AC-NOTOS$12", attributes);
    reader.pupil(&entry, keys.of(&entry, &mapping.people.key)?, &mut Links::default())
}

fn function(structure: &str, code: &str) -> String {
    format!("{structure}${code}$LABEL$L0202$LETTRES")
}

fn what(record: Result<PersonRecord, Misfit>) -> Vec<(String, Profile)> {
    let affiliations = record.expect("it fits").affiliations;
    affiliations.into_iter().map(|a| (a.establishment.as_str().to_owned(), a.profile)).collect()
}

#[test]
fn a_person_may_be_several_things_in_several_places() {
    let functions =
        [function(COLLEGE, "ENS"), function("9002", "DOC"), function("AC-NOTOS", "DIR"), function(LYCEE, "ENS")];
    let values: Vec<&str> = functions.iter().map(String::as_str).collect();
    let teaching = format!("{COLLEGE}$6A");
    let read = adult(&[("ENTPersonFonctions", &values), ("ENTAuxEnsClasses", &[&teaching, "9002$2A", "9003$1A"])]);
    let record = read.expect("it fits");
    assert_eq!(record.affiliations.iter().find(|a| a.profile == Profile::Librarian).map(|a| a.classes.len()), Some(0));
    assert_eq!(record.login.as_deref(), Some("iris.basalte"));
    let classes: Vec<&[String]> =
        record.affiliations.iter().filter(|a| a.profile == Profile::Teacher).map(|a| a.classes.as_slice()).collect();
    assert_eq!(classes, [["6A".to_owned()], ["2A".to_owned()]]);
    assert_eq!(
        what(Ok(record)),
        [
            ("0990001N".into(), Profile::Teacher),
            ("0990002P".into(), Profile::Teacher),
            ("0990002P".into(), Profile::Librarian),
        ]
    );
}

#[test]
fn the_number_of_a_pupil_is_that_of_the_home_structure_and_goes_to_the_adults_of_the_pupil() {
    let attributes: &[(&str, &[&str])] = &[
        ("ENTPersonStructRattach", &[LYCEE]),
        ("ENTEleveGroupes", &[&format!("{COLLEGE}$6LATIN")]),
        ("ENTEleveStructRattachId", &["55021"]),
        ("ENTElevePersRelEleve", &["7$10$1$1$1$1"]),
    ];
    let at_home =
        Enrolment { establishment: "0990002P".parse().expect("a number"), number: "55021".into(), first_degree: false };
    let record = pupil(attributes).expect("it fits");
    let known: Vec<_> = record.affiliations.iter().map(|a| a.enrolment.as_deref()).collect();
    assert_eq!(known, [None, Some(&at_home)]);
    let parent = adult_after(&[pupil_entry("AC-NOTOS$12", attributes)], "uid=a,ou=people,dc=x", &[]).expect("it fits");
    let known: Vec<_> = parent.children.iter().map(|child| child.enrolment.as_deref()).collect();
    assert_eq!(known, [Some(&at_home)], "one child, whatever the number of structures");
    for odd in ["5|5", "5 5", "é", "123456789012345678901"] {
        let record = pupil(&[("ENTPersonStructRattach", &[LYCEE]), ("ENTEleveStructRattachId", &[odd])]);
        assert!(record.expect("it fits").affiliations.iter().all(|a| a.enrolment.is_none()), "{odd}");
    }
}

#[test]
fn a_function_nobody_knows_leaves_the_word_to_the_profile() {
    let (unknown, dash, known) = (function(COLLEGE, "XYZ"), function(COLLEGE, "-"), function(LYCEE, "ENS"));
    let own: (&str, &[&str]) = ("ENTPersonProfils", &["National_eta"]);
    assert_eq!(what(adult(&[("ENTPersonFonctions", &[&unknown]), own])), [("0990001N".into(), Profile::SchoolStaff)]);
    assert_eq!(what(adult(&[("ENTPersonFonctions", &[&dash]), own])), [("0990001N".into(), Profile::SchoolStaff)]);
    assert_eq!(what(adult(&[("ENTPersonFonctions", &[&dash, &known])])), [("0990002P".into(), Profile::Teacher)]);
    let home = [("ENTPersonStructRattach", &[LYCEE][..]), own];
    assert_eq!(what(adult(&home)), [("0990002P".into(), Profile::SchoolStaff)]);
    assert!(adult(&[("ENTPersonFonctions", &[&unknown])]).is_err());
    // Two profiles say nothing of which is meant here; being a pupil or a parent is not said by a function.
    let two: (&str, &[&str]) = ("ENTPersonProfils", &["National_ETA", "National_DIR"]);
    assert!(adult(&[("ENTPersonFonctions", &[&unknown]), two]).is_err());
    let pupil: (&str, &[&str]) = ("ENTPersonProfils", &["National_ELV"]);
    assert!(adult(&[("ENTPersonFonctions", &[&unknown]), pupil]).is_err());
}

#[test]
fn what_does_not_fit_says_why() {
    for (attributes, reason) in [
        (vec![], "ENTPersonFonctions is missing"),
        (vec![("ENTPersonFonctions", "9001$ENS$LABEL")], "3 fields instead of 5"),
        (vec![("ENTPersonFonctions", "9009$ENS$LABEL$-$-")], "names no structure"),
        (vec![("ENTPersonFonctions", "9001$ENS$LABEL$-$-"), ("ENTAuxEnsClasses", "9001")], "1 fields instead of 2"),
    ] {
        let values: Vec<(&str, [&str; 1])> = attributes.iter().map(|(name, value)| (*name, [*value])).collect();
        let attributes: Vec<(&str, &[&str])> = values.iter().map(|(name, value)| (*name, &value[..])).collect();
        let Err(Misfit(said)) = adult(&attributes) else { panic!("{attributes:?}") };
        assert!(said.contains(reason), "{said}");
    }
    let classes = |values: &'static [&'static str]| pupil(&[("ENTEleveClasses", values)]);
    assert!(classes(&["9001$6A"]).is_ok());
    assert!(classes(&["9001$6A", "9002$2A"]).is_ok(), "one class in each of two structures");
    assert!(classes(&["9001$6A", "9001$6B"]).is_err());
    assert!(classes(&["9009$6A"]).is_err());
    assert!(classes(&["9001$6A", "9009$6B"]).is_ok(), "a school elsewhere takes nothing from the one here");
}

#[test]
fn markup_in_a_class_is_a_text_like_any_other() {
    let read = pupil(&[("ENTEleveClasses", &["9001$<script>6\u{0}A"])]).expect("it fits");
    assert_eq!(read.affiliations[0].classes, ["<script>6A"]);
}

#[test]
fn only_legal_weight_gives_the_parents_view() {
    let child = |key: &str, links: &[&str]| {
        pupil_entry(key, &[("ENTEleveClasses", &["9001$6A"]), ("ENTElevePersRelEleve", links)])
    };
    let is_parent: &[(&str, &[&str])] = &[("ENTPersonProfils", &["National_TUT"])];
    let of = |pupils: &[Entry]| adult_after(pupils, "uid=A, ou=people,dc=x", is_parent).expect("it fits");
    for (links, affiliated, legal) in [
        ("7$10$1$1$1$1", true, Legal::Representative),
        ("AC-NOTOS$7$10$1$1$1", false, Legal::Contact),
        ("uid=a,ou=people,dc=x$10$1$1$1$1", true, Legal::Representative),
        ("7$43$0$2$0$0", false, Legal::InCharge),
        ("7$39$0$3$0$0", false, Legal::Contact),
        ("7$39$0$0$0$0", false, Legal::Contact),
        ("7$39$0$$0$0", false, Legal::Contact),
        ("7$39$0$11$0$0", false, Legal::Contact),
    ] {
        let record = of(&[child("AC-NOTOS$12", &[links])]);
        assert_eq!(!record.affiliations.is_empty(), affiliated, "{links}");
        if let [Child { legal: found, pupil, .. }] = record.children.as_slice() {
            assert_eq!((*found, pupil.key.as_str()), (legal, "12"));
        } else {
            assert_eq!(links, "AC-NOTOS$7$10$1$1$1", "{record:?}");
        }
    }
    let two = of(&[child("AC-NOTOS$12", &["7$10$1$1$1$1"]), child("AC-NOTOS$13", &["7$39$0$3$0$0", "8$10$1$1$1$1"])]);
    assert_eq!((two.children.len(), two.affiliations.len()), (2, 1));
    assert_eq!(two.affiliations[0], Affiliation::new("0990001N".parse().expect("a number"), Profile::Guardian));
    // A pupil of another source speaks of the adults of that source.
    let elsewhere = of(&[child("AC-BOREE$12", &["7$10$1$1$1$1"])]);
    assert!(elsewhere.children.is_empty() && elsewhere.affiliations.is_empty());
}

/// Whoever a rejected pupil may name, however the entry names them, and nobody else.
#[test]
fn whom_a_rejected_pupil_may_name_is_doubtful() {
    let (mapping, keys) = (Mapping::ldap(), Keys::new(Some("AC-NOTOS".into())));
    let table = table(&mapping);
    let reader = Reader { mapping: &mapping, keys: &keys, table: &table };
    for (pupil, link, adult, doubtful) in [
        (Some("12"), "7$10$1$1$1$1", "7", true),
        (Some("12"), "7$10$1$1$1", "7", true),
        (Some("12"), "AC-NOTOS$7$10$1$1$1$1", "7", true),
        (None, "7$10$1$1$1", "7", true),
        (Some("12"), "UID=A, ou=people,dc=x$10", "elsewhere", true),
        (Some("12"), "8$10$1$1$1", "7", false),
        (Some("AC-BOREE$12"), "7$10$1$1$1", "7", false),
        (Some("AC-BOREE$12"), "7$10$1$1$1", "AC-BOREE$7", true),
    ] {
        let mut links = Links::default();
        let entry = pupil_entry("AC-NOTOS$12", &[("ENTElevePersRelEleve", &[link])]);
        reader.doubt_adults(&entry, pupil, &mut links);
        let adult_entry = Entry::made("uid=a,ou=people,dc=x", &[]);
        assert_eq!(reader.is_doubtful(&adult_entry, adult, &links), doubtful, "{pupil:?} {link} {adult}");
    }
}

#[test]
fn a_contradiction_about_legal_weight_is_not_ours_to_settle() {
    let links =
        |values: &'static [&'static str]| pupil(&[("ENTEleveClasses", &["9001$6A"]), ("ENTElevePersRelEleve", values)]);
    assert!(links(&["7$10$1$1$1$1", "7$10$1$3$1$1"]).is_err());
    assert!(links(&["7$10$1$1$1$1", "7$10$0$1$0$0"]).is_ok());
    assert!(links(&["7$10$1$1$1"]).is_err(), "five fields");
    assert!(links(&["$10$1$1$1$1"]).is_err(), "nobody");
}

#[test]
fn a_teacher_may_be_a_parent_too() {
    let child =
        pupil_entry("AC-NOTOS$12", &[("ENTEleveClasses", &["9002$2A"]), ("ENTElevePersRelEleve", &["7$10$1$1$1$1"])]);
    let teaches = function(COLLEGE, "ENS");
    let read = adult_after(&[child], "uid=a,ou=people,dc=x", &[("ENTPersonFonctions", &[&teaches])]);
    assert_eq!(what(read), [("0990001N".into(), Profile::Teacher), ("0990002P".into(), Profile::Guardian)]);
}

#[test]
fn more_than_anybody_has_does_not_fit() {
    let classes: Vec<String> = (0..=MAX_OF_ONE).map(|n| format!("9001${n}")).collect();
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    let teaches = function(COLLEGE, "ENS");
    let read = adult(&[("ENTPersonFonctions", &[&teaches]), ("ENTAuxEnsClasses", &classes)]);
    assert!(read.is_err());
    assert!(adult(&[("ENTPersonFonctions", &[&teaches]), ("ENTAuxEnsClasses", &classes[1..])]).is_ok());
}

#[test]
fn a_date_of_birth_is_read_of_those_who_were_named_and_rejects_nobody() {
    let read = |asked: &[Profile], day: &[&str]| {
        let mapping = Mapping::ldap().confirming(asked).expect("it tells the date");
        let (table, keys) = (table(&mapping), Keys::new(Some("AC-NOTOS".into())));
        let reader = Reader { mapping: &mapping, keys: &keys, table: &table };
        let own: &[(&str, &[&str])] = &[
            ("ENTPersonStructRattach", &[LYCEE]),
            ("ENTElevePersRelEleve", &["7$10$1$1$1$1"]),
            ("ENTPersonDateNaissance", day),
        ];
        let (pupil, mut links) = (pupil_entry("AC-NOTOS$12", own), Links::default());
        let pupil = reader.pupil(&pupil, "12".into(), &mut links).expect("it fits");
        links.sort();
        let source = SourceId::new("annuaire");
        let rules = Rules { source, academy: Some("AC-NOTOS".into()), in_charge: false };
        let entry = Entry::made("uid=a,ou=people,dc=x", &[EVERYBODY, &[("ENTPersonDateNaissance", day)]].concat());
        let parent = reader.adult(&entry, "7".into(), &links, &rules).expect("it fits");
        assert!(parent.affiliations.iter().any(|at| at.profile == Profile::Guardian), "control");
        [pupil.birth, parent.birth]
    };
    let told = || Birth::Told(BirthDate::read("03/11/2014").expect("a day"));
    assert_eq!(read(&[], &["03/11/2014"]), [Birth::Untold, Birth::Untold]);
    assert_eq!(read(&[Profile::Pupil], &["03/11/2014"]), [told(), Birth::Untold]);
    assert_eq!(read(&[Profile::Guardian, Profile::Head], &["03/11/2014"]), [Birth::Untold, told()]);
    let long = "1".repeat(2 * MAX_CODE);
    for odd in ["31/02/2014", "03/11/14", &long] {
        assert_eq!(read(&[Profile::Pupil], &[odd]), [Birth::Unread, Birth::Untold], "{odd}");
    }
    assert_eq!(read(&[Profile::Pupil], &[]), [Birth::Untold, Birth::Untold]);
    assert_eq!(read(&[Profile::Pupil], &[" "]), [Birth::Untold, Birth::Untold]);
}
