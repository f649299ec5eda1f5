//! Synchronising a real directory, run by run: what each exit code means.

use crate::desk::Desk;
use preau_rig::{Slapd, SlapdOptions};
use serde_json::Value;
use std::io::Write;

/// A directory with 1,500 people, and a desk that knows it.
pub struct Annuaire {
    pub desk: Desk,
    pub slapd: Slapd,
}

impl Annuaire {
    pub fn start() -> Annuaire {
        Annuaire::start_with(SlapdOptions::default())
    }

    pub fn start_with(options: SlapdOptions) -> Annuaire {
        let desk = Desk::new();
        let ldif = desk.path("annuaire.ldif");
        let mut out = std::io::BufWriter::new(std::fs::File::create(&ldif).unwrap());
        preau_annuaire::generate(&preau_annuaire::Options { faults: true, ..Default::default() }, &mut out).unwrap();
        out.flush().unwrap();
        let options = SlapdOptions { ldif: Some(ldif), ..options };
        let slapd = Slapd::start(&desk.path("slapd"), &options).unwrap();
        let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
        desk.write(
            "preau.toml",
            &format!(
                "{config}[sources.annuaire]\nkind = \"ldap\"\nurl = \"{}\"\nbind_dn = \"{}\"\npassword_file = {:?}\n\
                 people = \"ou=people,{suffix}\"\nstructures = \"ou=structures,{suffix}\"\nacademy = \"AC-NOTOS\"\n",
                slapd.url(),
                slapd.service_dn(),
                slapd.password_file(),
                suffix = slapd.suffix(),
            ),
        );
        Annuaire { desk, slapd }
    }

    /// One run, as a script sees it.
    pub fn sync(&self, more: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.desk.run(&[&["sync", "annuaire", "--json"], more].concat());
        let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}"));
        (code, report)
    }

    /// Takes people out of the directory.
    pub fn remove(&self, count: usize) {
        let ldif = std::fs::read_to_string(self.desk.path("annuaire.ldif")).unwrap();
        let people = ldif.lines().filter(|line| line.starts_with("dn: uid=")).take(count);
        let change: String = people.map(|dn| format!("{dn}\nchangetype: delete\n\n")).collect();
        self.slapd.change(&change).unwrap();
    }

    /// How many may sign in.
    pub fn active(&self) -> u64 {
        let (_, out, _) = self.desk.run(&["doctor", "--json"]);
        let checks: Value = serde_json::from_str(&out).unwrap();
        let database = checks.as_array().unwrap().iter().find(|check| check["what"] == "database").unwrap();
        let found = database["found"].as_str().unwrap();
        let people = found.split(", ").find_map(|part| part.strip_suffix(" people")).unwrap();
        people.parse().unwrap()
    }
}

#[test]
fn a_source_fills_the_house_is_held_when_it_forgets_and_obeys_a_human() {
    let annuaire = Annuaire::start();
    let (code, tried) = annuaire.sync(&["--dry-run"]);
    assert_eq!((code, annuaire.active()), (0, 0), "{tried}");
    let (code, first) = annuaire.sync(&[]);
    assert_eq!((code, &first["outcome"]), (0, &Value::from("applied")));
    assert_eq!(first["people"]["created"], tried["people"]["created"]);
    assert!(first["rejected"]["total"].as_u64().unwrap() > 0);
    let everybody = annuaire.active();
    assert_eq!(Some(everybody), first["people"]["created"].as_u64());

    // Unchanged: by the word of the directory, and by reading it.
    assert!(annuaire.sync(&[]).1["same_as"].is_string());
    let (_, read) = annuaire.sync(&["--full"]);
    assert_eq!(read["people"]["unchanged"], first["people"]["created"]);

    annuaire.remove(100);
    let (code, held) = annuaire.sync(&[]);
    assert_eq!((code, &held["outcome"]), (3, &Value::from("held")));
    assert_eq!(held["people"]["suspended"], 100);
    assert!(held["held"][0].as_str().unwrap().contains("100 would be suspended"), "{held}");
    assert_eq!(
        (&held["reasons"][0]["rule"], &held["reasons"][0]["absent"]),
        (&Value::from("too-many-people"), &Value::from(100))
    );
    assert_eq!(annuaire.active(), everybody);
    // The number covers those who would lose an establishment or a profile, or move, as well.
    let losing = ["suspended", "narrowed", "ceased", "moved"].iter().map(|what| held["people"][what].as_u64().unwrap());
    let losing: u64 = losing.sum();
    let (code, out, _) = annuaire.desk.run(&["sync", "held"]);
    assert!(code == 0 && out.contains(&format!("preau sync apply annuaire --accept-suspensions {losing}\n")), "{out}");
    let waiting: Value = serde_json::from_str(&annuaire.desk.run(&["sync", "held", "--json"]).1).unwrap();
    assert_eq!((&waiting[0]["accept_suspensions"], &waiting[0]["held"]), (&Value::from(losing), &held["held"]));
    assert_eq!(annuaire.sync(&["--accept-suspensions", &(losing - 1).to_string()]).0, 3);
    let planned =
        annuaire.desk.run(&["sync", "plan", "annuaire", "--json", "--accept-suspensions", &losing.to_string()]);
    assert!(planned.0 == 0 && planned.1.contains("\"dry_run\": true"), "{planned:?}");
    assert_eq!(annuaire.active(), everybody, "a plan writes nothing");
    let applied = annuaire.desk.run(&["sync", "apply", "annuaire", "--accept-suspensions", &losing.to_string()]);
    assert_eq!(applied.0, 0, "{applied:?}");
    assert_eq!(annuaire.active(), everybody - 100);
    assert!(annuaire.desk.run(&["sync", "held"]).1.contains("no run waits"));
    assert_eq!(annuaire.desk.run(&["sync", "runs", "annuaire"]), annuaire.desk.run(&["runs", "annuaire"]));
    assert_eq!(annuaire.desk.run(&["sync"]).0, 2, "nothing is done without a source");

    let (code, out, _) = annuaire.desk.run(&["runs", "annuaire"]);
    let outcomes: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(code, 0);
    assert!(out.contains("held: would suspend 100,") && !out.contains("held        "), "{out}");
    assert!(out.contains("nothing changed since") && !out.contains(" 0 read"), "{out}");
    let word = |line: &&&str| ["applied", "held:"].contains(*line);
    assert_eq!(
        outcomes.iter().filter(word).collect::<Vec<_>>(),
        [&"applied", &"held:", &"held:", &"applied", &"applied", &"applied"]
    );
}

/// The service account loses the right to read one attribute: everybody is still in the directory, and no pupil names a
/// parent any more.
#[test]
fn a_source_that_hides_an_attribute_is_held() {
    let annuaire = Annuaire::start();
    assert_eq!(annuaire.sync(&[]).0, 0);
    let ldif = std::fs::read_to_string(annuaire.desk.path("annuaire.ldif")).unwrap();
    let pupils = ldif.split("\n\n").filter(|entry| entry.contains("\nENTElevePersRelEleve: "));
    let names = pupils.filter_map(|entry| entry.lines().find(|line| line.starts_with("dn: ")));
    let hidden: String =
        names.map(|dn| format!("{dn}\nchangetype: modify\ndelete: ENTElevePersRelEleve\n\n")).collect();
    annuaire.slapd.change(&hidden).unwrap();
    let (code, held) = annuaire.sync(&[]);
    assert_eq!((code, &held["outcome"], &held["people"]["suspended"]), (3, &Value::from("held"), &Value::from(0)));
    assert!(held["people"]["stripped"].as_u64().unwrap() > 300, "{held}");
    assert!(held["held"].to_string().contains("would lose every right there"), "{held}");
    // Nothing was written: what the next run reads is as far from what is stored.
    assert_eq!(annuaire.sync(&[]).1["people"], held["people"]);
}

#[test]
fn a_directory_that_is_down_takes_nothing_away() {
    let annuaire = Annuaire::start();
    assert_eq!(annuaire.sync(&[]).0, 0);
    let everybody = annuaire.active();
    let Annuaire { desk, slapd } = annuaire;
    slapd.stop();
    let (code, out, err) = desk.run(&["sync", "annuaire", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["outcome"]), (1, &Value::from("incomplete")), "{err}");
    assert_eq!(report["people"]["suspended"], 0);
    let (code, out, _) = desk.run(&["doctor"]);
    assert!(code == 1 && out.contains("FAIL  source annuaire"), "{out}");
    assert!(out.contains(&format!("{everybody} people")), "{out}");

    // The server is ready all the same, and says what is degraded.
    let mut server = desk.serve(&[]).ready();
    server.until("the state of the source", |server| {
        server
            .get("/readyz", "")
            .filter(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains("\"annuaire\":\"degraded\""))
    });
}

#[test]
fn a_server_synchronises_by_itself() {
    let annuaire = Annuaire::start();
    let config = std::fs::read_to_string(annuaire.desk.path("preau.toml")).unwrap();
    annuaire.desk.write("preau.toml", &format!("{config}every = \"1h\"\n"));
    let mut server = annuaire.desk.serve(&[]).ready();
    server.until("the synchronisation", |server| {
        server.get("/metrics", "").filter(|figures| {
            figures.contains("preau_synchronisations_total{source=\"annuaire\",outcome=\"applied\"} 1")
        })
    });
    assert!(annuaire.active() > 1_000);
    let log = std::fs::read_to_string(annuaire.desk.path("log")).unwrap();
    assert!(log.contains("\"message\":\"synchronised\""), "{log}");
    // A log counts people; it names nobody.
    let ldif = std::fs::read_to_string(annuaire.desk.path("annuaire.ldif")).unwrap();
    let names = ldif.lines().filter_map(|line| line.strip_prefix("ENTPersonLogin: ")).take(200);
    for name in names {
        assert!(!log.contains(name), "{name}");
    }
}

#[test]
fn a_person_stopped_by_hand_stays_stopped_whatever_is_read() {
    let annuaire = Annuaire::start();
    assert_eq!(annuaire.sync(&[]).0, 0);
    let everybody = annuaire.active();
    let ldif = std::fs::read_to_string(annuaire.desk.path("annuaire.ldif")).unwrap();
    let login = ldif.lines().find_map(|line| line.strip_prefix("ENTPersonLogin: ")).unwrap();
    let (code, out, err) = annuaire.desk.run(&["account", "stop", login, "--why", "a lost phone"]);
    assert_eq!(code, 0, "{out} {err}");
    for read in [&["--full"][..], &["--full"]] {
        assert_eq!(annuaire.sync(read).0, 0);
        assert_eq!(annuaire.active(), everybody - 1);
    }
    assert_eq!(annuaire.desk.run(&["account", "start", login]).0, 0);
    assert_eq!(annuaire.active(), everybody);
}
