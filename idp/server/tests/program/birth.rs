//! Dates of birth of a list, which somebody confirms with a code on paper: whatever the program keeps or says, it is not the date.

use crate::desk::Desk;
use preau_domain::{BirthDate, JoinKey, SourceId};
use preau_keys::Keyring;
use std::path::Path;
use std::process::Command;

const PUPILS: &str = "Id;Nom;Prénom;Classe;Né(e) le\n1;PETIT;Noé;CP;03/11/2014\n2;SAHIN;Elif;CP;le 4 mars\n3;ROY;Lou;CP;\n4;BLE;Tim;CP;2014-11-03\n";

/// How the day may be written, by us or by a library.
const SPELLINGS: [&str; 9] = [
    "03/11/2014",
    "3/11/2014",
    "2014-11-03",
    "03-11-2014",
    "20141103",
    "03112014",
    "Nov 2014",
    "le 4 mars",
    "2014-307",
];

fn config(url: &str, confirmed: &str, column: &str) -> String {
    format!(
        "[storage]\nurl = \"{url}\"\n[web]\npublic_url = \"https://ent.example\"\n[sources.ecoles]\nkind = \"csv\"\n{confirmed}\n\
         [[sources.ecoles.establishments]]\nuai = \"0990011Z\"\nname = \"École des Lilas\"\n[[sources.ecoles.files]]\npath = \"eleves.csv\"\n\
         people = \"pupils\"\ncolumns = {{ key = \"Id\", family_name = \"Nom\", given_name = \"Prénom\", class = \"Classe\"{column} }}\n"
    )
}

fn silent(what: &str, text: &str) {
    for spelling in SPELLINGS {
        assert!(!text.contains(spelling), "{what} says {spelling}: {text}");
    }
}

/// Every file below a folder but what the operator wrote.
fn files_are_silent(folder: &Path) {
    for found in std::fs::read_dir(folder).unwrap() {
        let path = found.unwrap().path();
        if path.is_dir() {
            files_are_silent(&path);
        } else if !path.ends_with("eleves.csv") {
            silent(&path.display().to_string(), &String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

/// For how many records a code is kept, each the one of its date.
async fn kept(desk: &Desk, url: &str) -> Vec<&'static str> {
    let keys = Keyring::open(&desk.path("data/keys"), true).unwrap();
    let store = preau_store_sql::open(url).await.unwrap();
    let (born, mut kept) = (BirthDate::read("03/11/2014").unwrap(), Vec::new());
    for key in ["1", "2", "3", "4"] {
        let join = JoinKey { source: SourceId::new("ecoles"), key: key.into() };
        let person = store.person_by_join(&join).await.unwrap().unwrap();
        for birth in store.births_of(&person.id).await.unwrap() {
            assert!(birth.of == join && keys.birth_code_ok(&join, &born, &birth.code), "{join}");
            assert!(kept.iter().all(|(_, other)| *other != birth.code), "born on one day, and nothing tells");
            kept.push((key, birth.code));
        }
    }
    kept.into_iter().map(|(key, _)| key).collect()
}

/// Reads the list with the setting, looks everywhere, and reads it again without.
fn told(url: &dyn Fn(&Desk) -> String, database_is_silent: &dyn Fn(&Desk)) {
    let (desk, wait) = (Desk::new(), tokio::runtime::Runtime::new().unwrap());
    std::fs::create_dir(desk.path("data")).unwrap();
    let url = url(&desk);
    desk.write("eleves.csv", PUPILS);
    let column = ", birth_date = \"Né(e) le\"";
    desk.write("preau.toml", &config(&url, "confirm_birth_date = [\"National_ELV\"]", column));
    for args in [
        &["sync", "preview", "ecoles"][..],
        &["sync", "preview", "ecoles", "--json"],
        &["sync", "plan", "ecoles", "--json"],
        &["sync", "apply", "ecoles"],
        &["sync", "runs", "ecoles", "--json"],
        &["account", "show", "ecoles$1"],
        &["audit", "show", "--person", "ecoles$1"],
    ] {
        let (code, out, err) = desk.run(args);
        assert_eq!(code, 0, "{args:?}: {err}");
        silent(&args.join(" "), &(out + &err));
    }
    let (_, out, _) = desk.run(&["sync", "runs", "ecoles", "--json"]);
    let runs: serde_json::Value = serde_json::from_str(&out).unwrap();
    let report = &runs[0]["report"];
    assert_eq!((&report["people"]["created"], &report["rejected"]["total"]), (&4.into(), &0.into()), "{report}");
    assert_eq!((&report["remarks"]["total"], &report["remarks"]["entries"][0]["dn"]), (&1.into(), &"record 2".into()));
    assert_eq!(wait.block_on(kept(&desk, &url)), ["1", "4"]);
    let register = || desk.run(&["register", "--establishment", "0990011Z", "--format", "csv"]).1;
    assert!(register().contains("de la date de naissance, seul un code"), "{}", register());
    files_are_silent(&desk.path("."));
    database_is_silent(&desk);
    desk.write("preau.toml", &config(&url, "", ""));
    assert!(!register().contains("naissance"));
    assert_eq!(desk.run(&["sync", "apply", "ecoles"]).0, 0);
    assert_eq!(wait.block_on(kept(&desk, &url)), [""; 0], "the setting is gone, and the codes with it");
}

#[test]
fn a_date_of_birth_is_kept_nowhere() {
    let url = |desk: &Desk| format!("sqlite://{}", desk.path("data/preau.db").display());
    // Its files were looked at with all the others.
    told(&url, &|desk| assert!(desk.path("data/preau.db").exists()));
}

#[test]
fn a_date_of_birth_is_kept_nowhere_on_postgresql() {
    let Ok(base) = std::env::var("TEST_POSTGRES_URL") else {
        return println!("TEST_POSTGRES_URL is not set: this was shown on SQLite only");
    };
    let (server, name) = (base.rsplit_once('/').unwrap().0, format!("birth_{}", std::process::id()));
    let ask = |url: &str, statement: &str| {
        let asked =
            Command::new("psql").args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]).output().unwrap();
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        String::from_utf8(asked.stdout).unwrap()
    };
    ask(&base, &format!("CREATE DATABASE {name}"));
    let url = format!("{server}/{name}");
    told(&|_| url.clone(), &|_| {
        let tables = ask(&url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        assert!(tables.contains("person") && tables.contains("before_run"), "control: {tables}");
        for table in tables.lines() {
            silent(table, &ask(&url, &format!("SELECT row_to_json(t) FROM {table} t")));
        }
    });
}

#[test]
fn a_setting_that_says_nothing_is_told() {
    let desk = Desk::new();
    let said = |confirmed: &str, column: &str| {
        desk.write("preau.toml", &config("sqlite://preau.db", confirmed, column));
        desk.run(&["config", "check"])
    };
    let column = ", birth_date = \"Né(e) le\"";
    assert_eq!(said("confirm_birth_date = [\"National_ELV\"]", column).0, 0, "control");
    let (code, _, err) = said("confirm_birth_date = [\"eleve\"]", "");
    assert!(code == 2 && err.contains("sources.ecoles.confirm_birth_date") && err.contains("National_ELV"), "{err}");
    let (code, _, err) = said("confirm_birth_date = [\"National_TUT\"]", column);
    assert!(code == 2 && err.contains("sources.ecoles.files[0].columns") && err.contains("birth_date"), "{err}");
}
