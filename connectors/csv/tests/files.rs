//! The connector on files written by hand, one oddity each: what people are made of them, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use preau_connector_api::{
    Birth, Completion, Connector, EstablishmentRecord, FilePreview, OpenContext, PersonRecord, Record, Rejected,
};
use preau_domain::{BirthDate, Legal, Profile, SourceId};
use std::collections::BTreeMap;

const PUPILS: &str = "Identifiant;Nom;Prénom;Classe;Niveau\n101;BASALTE;Iris;CP-A;CP\n102;MICA;Élio;CM2;CM2\n";
const GUARDIANS: &str = "Id;Nom;Prénom;Élève;Lien;Autorité parentale\n\
    201;BASALTE;Ana;101;Mère;Oui\n201;BASALTE;Ana;102;Mère;Non\n202;MICA;Joseph;102;Père;1\n";
const STAFF: &str = "Id,Nom,Prénom,Fonction,Classes,Courriel\n301,ORGE,Lou,Directrice,\"CP-A,CM2\",LOU@ecole.example\n302,ORGE,Noé,ENS,CM2,\n";

/// A folder with files, and a source that knows them.
struct School {
    folder: tempfile::TempDir,
    settings: String,
}

/// What a reading handed over.
#[derive(Default)]
struct Told {
    people: BTreeMap<String, PersonRecord>,
    partial: Vec<String>,
    rejected: Vec<Rejected>,
    schools: Vec<EstablishmentRecord>,
    incomplete: Option<String>,
}

impl School {
    fn empty() -> School {
        let settings =
            "[[establishments]]\nuai = \"0990011Z\"\nname = \"École des Lilas\"\ncity = \"Ajoncval\"\n".into();
        School { folder: tempfile::tempdir().unwrap(), settings }
    }

    /// Everybody, in three files.
    fn whole() -> School {
        School::empty()
            .with("eleves.csv", "pupils", PUPILS.as_bytes(), "key = 'Identifiant', class = 'Classe', level = 'Niveau'")
            .with(
                "parents.csv",
                "guardians",
                GUARDIANS.as_bytes(),
                "key = 'Id', child = 'eleve', link = 'Lien', legal = 'Autorité parentale'",
            )
            .with(
                "agents.csv",
                "staff",
                STAFF.as_bytes(),
                "key = 'Id', function = 'Fonction', class = 'Classes', mail = 'Courriel'",
            )
    }

    fn pupils(bytes: &[u8]) -> School {
        School::empty().with("eleves.csv", "pupils", bytes, "key = 'Identifiant', class = 'Classe'")
    }

    fn with(mut self, name: &str, people: &str, bytes: &[u8], columns: &str) -> School {
        self.write(name, bytes);
        self.settings += &format!(
            "[[files]]\npath = {name:?}\npeople = {people:?}\n\
             columns = {{ family_name = 'Nom', given_name = 'Prénom', {columns} }}\n"
        );
        self
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn connector(&self) -> Connector {
        let (source, table) = (SourceId::new("ecoles"), self.settings.parse().unwrap());
        let context = OpenContext { source: &source, config: &table, base: self.folder.path() };
        (preau_connector_csv::KIND.open)(&context).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    fn problems(&self) -> Vec<String> {
        let (source, table) = (SourceId::new("ecoles"), self.settings.parse().unwrap());
        let context = OpenContext { source: &source, config: &table, base: self.folder.path() };
        let problems = (preau_connector_csv::KIND.open)(&context).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.to_string()).collect()
    }

    async fn read(&self) -> Told {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(100_000);
        let mut told = Told::default();
        if let Completion::Incomplete(why) = self.connector().directory.unwrap().read(sender).await {
            told.incomplete = Some(why);
        }
        while let Some(record) = receiver.recv().await {
            match record {
                Record::Establishment(school) => told.schools.push(school),
                Record::Rejected(rejected) => told.rejected.push(rejected),
                Record::Person(person) => drop(told.people.insert(person.key.clone(), person)),
                Record::Partial(person) => told.partial.push(person.key),
            }
        }
        told
    }

    async fn preview(&self) -> Vec<FilePreview> {
        self.connector().preview.unwrap().preview(10).await.unwrap()
    }
}

impl Told {
    fn reasons(&self) -> Vec<(&str, &str)> {
        self.rejected.iter().map(|rejected| (rejected.dn.as_str(), rejected.reason.as_str())).collect()
    }
}

#[tokio::test]
async fn a_school_is_read_from_its_files() {
    let told = School::whole().read().await;
    assert_eq!((told.incomplete.as_deref(), told.reasons(), told.people.len()), (None, vec![], 6));
    let iris = &told.people["101"].affiliations[0];
    assert_eq!((iris.profile, iris.classes[0].as_str(), iris.level.as_deref()), (Profile::Pupil, "CP-A", Some("CP")));
    let ana = &told.people["201"];
    let children: Vec<_> = ana.children.iter().map(|c| (c.pupil.key.as_str(), c.link.as_str(), c.legal)).collect();
    assert_eq!(children, [("101", "10", Legal::Representative), ("102", "10", Legal::Contact)]);
    assert_eq!(ana.affiliations.len(), 1, "rights come from the pupil she answers for by law");
    let lou = &told.people["301"];
    assert_eq!((lou.affiliations[0].profile, lou.mail.as_deref()), (Profile::Head, Some("lou@ecole.example")));
    assert_eq!(lou.affiliations[0].classes, ["CM2", "CP-A"]);
    assert_eq!(told.people["302"].affiliations[0].functions, ["ENS"]);
    let groups: Vec<&str> = told.schools[0].groups.iter().map(|group| group.code.as_str()).collect();
    assert_eq!((told.schools[0].name.as_str(), groups), ("École des Lilas", vec!["CM2", "CP-A"]));
}

#[tokio::test]
async fn the_same_list_is_the_same_people_however_it_was_saved() {
    let expected = School::pupils(PUPILS.as_bytes()).read().await.people;
    assert_eq!(expected["102"].given_name, "Élio");
    let latin: Vec<u8> = PUPILS.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let reordered = "Classe,Prénom,Nom,Identifiant,\r\nCM2,Élio,MICA,102,\r\n\r\n\"CP-A\",Iris,BASALTE,101";
    for bytes in [&b"\xef\xbb\xbf"[..], b"sep=;\r\n"].map(|mark| [mark, PUPILS.as_bytes()].concat()) {
        assert_eq!(School::pupils(&bytes).read().await.people, expected);
    }
    for bytes in [latin, PUPILS.replace('\n', "\r\n").into(), PUPILS.replace(';', "\t").into(), reordered.into()] {
        assert_eq!(School::pupils(&bytes).read().await.people, expected, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[tokio::test]
async fn a_row_that_does_not_fit_is_named_by_its_line_and_stops_nothing() {
    let rows = "101;DOUBLE;Io;CP-A;CP\n;SANS;Io;CP-A;CP\n104;COURT\n105;LONG;Io;CP;CP;6;7\n106;A;Io;CP;CP;;\n=1+1;=cmd|' /C calc'!A0;Io;CP;CP\n";
    let school = School::pupils(format!("{PUPILS}{rows}").as_bytes());
    let told = school.read().await;
    assert_eq!(
        told.reasons(),
        [
            ("eleves.csv line 4", "a row before this one has the same Identifiant"),
            ("eleves.csv line 5", "Identifiant is missing"),
            ("eleves.csv line 6", "the row has 2 cells, and there are 5 headings"),
            ("eleves.csv line 7", "the row has 7 cells, and there are 5 headings"),
        ]
    );
    let keys: Vec<_> = told.rejected.iter().map(|rejected| rejected.key.as_deref()).collect();
    assert_eq!(keys, [Some("101"), None, Some("104"), Some("105")], "an account with such a key stays as it is");
    assert_eq!((told.incomplete, told.people["101"].family_name.as_str()), (None, "BASALTE"));
    assert!(told.people.contains_key("106"), "empty cells at the end are a habit of spreadsheets");
    assert_eq!(told.people["=1+1"].family_name, "=cmd|' /C calc'!A0", "a text like any other");
}

#[tokio::test]
async fn nothing_is_handed_over_of_a_file_that_cannot_be_believed() {
    let broken: &[(&[u8], &str)] = &[
        (b"", "it is empty"),
        (b"Identifiant;Nom;Pr\xe9nom;Classe;Niveau\n", "nobody is in it"),
        ("Identifiant;Nom;Prenom;Niveau\n1;A;B;\n".as_bytes(), "no column is called \"Classe\" (class)"),
        ("Identifiant;Nom;Prénom;Classe;classe;Niveau\n1;A;B;C;D;E\n".as_bytes(), "two columns are called \"Classe\""),
        (
            "Identifiant;Nom;Prénom;Classe;Niveau\n1;\"A;B;C;\n2;A;B;C;\n".as_bytes(),
            "line 2: a quotation mark is opened here",
        ),
        (b"PK\x03\x04\0\0", "is it a spreadsheet?"),
        (b"\xff\xfeI\0d\0", "UTF-16"),
    ];
    for (bytes, why) in broken {
        let school = School::whole();
        school.write("eleves.csv", bytes);
        let told = school.read().await;
        assert!(
            told.incomplete.as_ref().is_some_and(|told| told.starts_with("eleves.csv: ") && told.contains(why)),
            "{why}: {:?}",
            told.incomplete
        );
        assert!(told.people.is_empty() && told.schools.is_empty(), "{why}");
    }
    let school = School::whole();
    std::fs::remove_file(school.folder.path().join("parents.csv")).unwrap();
    assert!(school.read().await.people.is_empty(), "one is missing");
    std::os::unix::fs::symlink("eleves.csv", school.folder.path().join("parents.csv")).unwrap();
    assert!(school.read().await.incomplete.unwrap().contains("links are not followed"));
}

#[tokio::test]
async fn a_bomb_is_refused_and_a_large_list_is_not() {
    let row = |key: usize| format!("{key};NOM;Io;CP-A\n");
    let header = "Identifiant;Nom;Prénom;Classe\n";
    let large: String = (0..50_000).map(row).collect();
    let told = School::pupils(format!("{header}{large}").as_bytes()).read().await;
    assert_eq!((told.incomplete, told.people.len()), (None, 50_000));
    for (bomb, why) in [
        (format!("{header}1;{};Io;CP\n", "x".repeat(1 << 20)), "line 2: this row has more than 64 KiB"),
        (format!("{header}1;\"{}\";Io;CP\n", "\"\"".repeat(1 << 20)), "line 2: this row has more than 64 KiB"),
        (format!("{header}{}\n", ";".repeat(60_000)), "line 2: this row has more than 256 cells"),
        (format!("{header}{}", "1;A;B;C\n".repeat(200_001)), "more than 200 000 rows"),
        ("x".repeat((32 << 20) + 1), "larger than 32 MiB"),
    ] {
        let told = School::pupils(bomb.as_bytes()).read().await;
        assert!(told.incomplete.as_ref().is_some_and(|told| told.contains(why)), "{why}: {:?}", told.incomplete);
        assert!(told.people.is_empty(), "{why}");
    }
    let long_name = School::pupils(format!("{header}1;{};Io;CP\n2;A;B;C\n", "x".repeat(101)).as_bytes()).read().await;
    assert_eq!(long_name.reasons(), [("eleves.csv line 2", "Nom has 101 characters; at most 100 are taken")]);
}

#[tokio::test]
async fn an_adult_is_known_as_far_as_their_rows_can_be_read() {
    let school = School::whole();
    school.write("eleves.csv", PUPILS.replace("102;MICA;Élio", "102;MICA;").as_bytes());
    let told = school.read().await;
    assert_eq!(told.partial, ["201", "202"], "a rejected pupil says nothing of those who answer for them");
    school.write("eleves.csv", PUPILS.as_bytes());
    let more = "203;SEUL;Io;999;;1\n201;BASALTE;Ana;101;Mère;Non\n202;AUTRE;Io;101;;1\n";
    school.write("parents.csv", format!("{GUARDIANS}{more}").as_bytes());
    let told = school.read().await;
    assert_eq!(
        told.reasons(),
        [
            ("parents.csv line 5", "Élève names no pupil of these files"),
            ("parents.csv line 6", "a row before this one gives another legal weight for the same pupil"),
            ("parents.csv line 7", "a row before this one has the same Id and is somebody else"),
        ]
    );
    assert_eq!(told.rejected[0].key, None, "whoever answers for nobody here is absent");
    assert_eq!(told.partial, ["201", "202"]);
    assert!(!told.people.contains_key("203"));
}

#[tokio::test]
async fn what_the_settings_cannot_mean_is_told_at_once() {
    let mut school = School::whole();
    school.settings += "[[files]]\npath = 'a'\npeople = 'pupils'\nprofile = 'National_ENS'\n\
        [[files]]\npath = 'b'\npeople = 'staff'\nprofile = 'National_ELV'\n\
        [[files]]\npath = 'c'\npeople = 'guardians'\nlegal = '9'\n\
        [[files]]\npath = 'd'\npeople = 'pupils'\ncolumns = { child = 'x' }\n\
        [[files]]\npath = 'e'\npeople = 'pupils'\nestablishment = '0990001N'\n\
        [[establishments]]\nuai = '0990011A'\nname = 'x'\n";
    let problems = school.problems();
    for place in [
        "files[3].profile",
        "files[4].profile",
        "files[5].legal",
        "files[6].columns",
        "files[7].establishment",
        "establishments[1].uai",
    ] {
        assert!(
            problems.iter().any(|told| told.starts_with(&format!("sources.ecoles.{place}: "))),
            "{place}: {problems:?}"
        );
    }
    assert_eq!(problems.len(), 6);
}

#[tokio::test]
async fn a_person_sees_what_would_be_made_of_it_and_a_reading_guesses_nothing() {
    let mut school = School::empty();
    school.write("eleves.csv", format!("{PUPILS}103;SANS;;CP;CP\n").as_bytes());
    school.settings += "[[files]]\npath = 'eleves.csv'\npeople = 'pupils'\n";
    let told = school.read().await;
    assert!(told.incomplete.unwrap().contains("preau sync preview ecoles"), "the columns are nobody's word yet");
    let shown = school.preview().await.remove(0);
    let read_as: Vec<_> = shown.columns.iter().map(|column| (column.read_as, column.guessed)).collect();
    let guess = |field| (Some(field), true);
    assert_eq!(read_as, ["key", "family_name", "given_name", "class", "level"].map(guess));
    assert_eq!((shown.first[0].line, shown.first[0].person.key.as_str(), shown.first.len()), (2, "101", 2));
    assert_eq!((shown.rows, shown.rejected_rows, shown.rejected[0].dn.as_str()), (3, 1, "eleves.csv line 4"));

    // What it proposes, put where it says, is read as it was shown.
    school.settings += &format!("{}\n", shown.settings);
    let again = school.preview().await.remove(0);
    assert!(again.columns.iter().all(|column| !column.guessed) && again.first == shown.first);
    let told = school.read().await;
    assert_eq!((told.incomplete, told.people.len()), (None, 2));

    school.write("eleves.csv", b"Nom;Pr\xe9nom\nA;B\n");
    let shown = school.preview().await.remove(0);
    assert_eq!((shown.missing.as_slice(), shown.first.len()), (&["key"][..], 0));
}

#[tokio::test]
async fn a_changed_file_is_another_version_and_a_probe_says_what_is_not_there() {
    let school = School::whole();
    let version = || async { school.connector().directory.unwrap().version().await };
    let (before, again) = (version().await, version().await);
    assert_eq!(before, again);
    school.write("eleves.csv", format!("{PUPILS}103;A;B;C;D\n").as_bytes());
    assert_ne!(before, version().await);
    assert_eq!(school.connector().probe.probe().await.unwrap(), "3 files");
    std::fs::remove_file(school.folder.path().join("eleves.csv")).unwrap();
    assert!(school.connector().probe.probe().await.unwrap_err().0.contains("eleves.csv is not there"));
}

#[tokio::test]
async fn a_date_of_birth_is_read_where_it_is_asked_for_and_rejects_no_row() {
    const BORN: &str = "Identifiant;Nom;Prénom;Classe;Né(e) le\n1;A;Io;CP;03/11/2014\n2;B;Io;CP;2014-11-03\n3;C;Io;CP;\n4;D;Io;CP;demain\n";
    let school = |asked: &str, column: &str| {
        let mut school = School::empty();
        school.settings = format!("confirm_birth_date = [{asked}]\n{}", school.settings);
        school.with("eleves.csv", "pupils", BORN.as_bytes(), &format!("key = 'Identifiant', class = 'Classe'{column}"))
    };
    let day = || Birth::Told(BirthDate::read("03/11/2014").unwrap());
    let column = ", birth_date = 'né(e) le'";
    let told = school("'National_ELV'", column).read().await;
    let births: Vec<Birth> = told.people.into_values().map(|person| person.birth).collect();
    assert_eq!(births, [day(), day(), Birth::Untold, Birth::Unread]);
    assert!(told.rejected.is_empty() && told.incomplete.is_none());
    for quiet in [school("", ""), school("'National_ELV'", "")] {
        assert!(quiet.read().await.people.values().all(|person| person.birth == Birth::Untold));
    }
    for (asked, column) in [("", column), ("'National_TUT'", column), ("'eleve'", "")] {
        assert_eq!(school(asked, column).problems().len(), 1, "{asked}");
    }
    for (asked, proposes) in [("'National_ELV'", true), ("", false)] {
        let shown = school(asked, "").preview().await;
        assert_eq!(shown[0].settings.contains("birth_date"), proposes, "{}", shown[0].settings);
        assert!(shown[0].first.iter().all(|one| one.person.birth == Birth::Untold), "and shown to nobody");
    }
}
