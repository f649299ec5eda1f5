//! One person in two lists: joined by a key that both tell, proposed where they look alike, accepted, separated again.

use crate::desk::Desk;
use serde_json::Value;

fn source(name: &str, uai: &str) -> String {
    format!(
        "[sources.{name}]\nkind = \"csv\"\n[[sources.{name}.establishments]]\nuai = \"{uai}\"\nname = \"École {name}\"\n\
         [[sources.{name}.files]]\npath = \"{name}.csv\"\npeople = \"staff\"\nprofile = \"National_ENS\"\n\
         columns = {{ key = \"Id\", family_name = \"Nom\", given_name = \"Prénom\", mail = \"Mail\" }}\n"
    )
}

/// Two schools that have one teacher under one key, and perhaps another.
fn two_lists() -> Desk {
    let desk = Desk::new();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    let links = "[[sync.links]]\nfrom = \"lilas\"\nto = \"tilleuls\"\nprefix = \"AC-\"\n[sync.precedence]\nnames = [\"lilas\"]\n";
    desk.write(
        "preau.toml",
        &[config.as_str(), links, &source("tilleuls", "0990001N"), &source("lilas", "0990011Z")].concat(),
    );
    desk.write(
        "tilleuls.csv",
        "Id;Nom;Prénom;Mail\nAC-1;BASALTE;Iris;\nAC-2;GRANITE;Noé;noe@ac-notos.example\nAC-3;MARBRE;Io;\n",
    );
    desk.write(
        "lilas.csv",
        "Id;Nom;Prénom;Mail\n1;Basalte;Iris;\n22;Granite;Noé;noe@ac-notos.example\n3;Ardoise;Io;\n",
    );
    desk
}

fn json(desk: &Desk, args: &[&str]) -> Value {
    let (code, out, err) = desk.run(args);
    assert_eq!(code, 0, "{args:?}: {out} {err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}"))
}

fn records(desk: &Desk, who: &str) -> Vec<String> {
    let shown = json(desk, &["account", "show", who, "--json"]);
    shown["records"].as_array().unwrap().iter().map(|record| record.as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_person_in_two_lists_is_joined_proposed_and_separated() {
    let desk = two_lists();
    assert_eq!(json(&desk, &["sync", "apply", "tilleuls", "--json"])["paired"], 0);
    let report = json(&desk, &["sync", "apply", "lilas", "--json"]);
    assert_eq!((&report["paired"], &report["doubtful"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(records(&desk, "lilas$1"), ["tilleuls$AC-1", "lilas$1"]);

    let listed = json(&desk, &["sync", "links", "list", "--json"]);
    let mut why: Vec<String> =
        listed["proposals"].as_array().unwrap().iter().map(|one| one["why"].to_string()).collect();
    why.sort();
    assert_eq!(why, [r#"["key"]"#, r#"["names","mail"]"#], "{listed}");
    assert_eq!(listed["joined"][0]["said_by"], "key");
    assert_eq!((&listed["more"], &listed["more_joined"]), (&false.into(), &false.into()), "control");
    let one = json(&desk, &["sync", "links", "list", "--limit", "1", "--json"]);
    assert_eq!((one["proposals"].as_array().unwrap().len(), &one["more"]), (1, &true.into()), "{one}");
    let (_, text, _) = desk.run(&["sync", "links", "list"]);
    assert!(text.contains("the same names, the same mail address") && text.contains("Granite"), "{text}");

    // Somebody decides: the one is a person, the others are two.
    let accepted = json(&desk, &["sync", "links", "accept", "tilleuls$AC-2", "lilas$22", "--json"]);
    let (account, added) = (accepted["account"].as_str().unwrap(), accepted["record"].as_str().unwrap());
    assert_eq!(records(&desk, account), ["tilleuls$AC-2", "lilas$22"]);
    let one = json(&desk, &["sync", "links", "list", "--limit", "1", "--json"]);
    assert_eq!((one["joined"].as_array().unwrap().len(), &one["more_joined"]), (1, &true.into()), "of two: {one}");
    assert_eq!(desk.run(&["account", "show", added]).0, 1, "that name names nobody");
    json(&desk, &["sync", "links", "refuse", "tilleuls$AC-3", "lilas$3", "--json"]);
    assert_eq!(json(&desk, &["sync", "links", "list", "--json"])["proposals"], serde_json::json!([]));
    let (code, _, err) = desk.run(&["sync", "links", "accept", "tilleuls$AC-3", "lilas$3"]);
    assert!(code == 1 && err.contains("--why"), "{err}");
    assert_eq!(desk.run(&["sync", "links", "accept", "tilleuls$AC-3", "tilleuls$AC-2", "--why", "x"]).0, 1, "one list");

    // Undone, each is who they were, and the next runs leave it so.
    for record in ["lilas$22", "lilas$1"] {
        json(&desk, &["sync", "links", "undo", record, "--json"]);
        assert_eq!(records(&desk, record), [record]);
    }
    assert_eq!(records(&desk, added), ["lilas$22"], "under the name it had");
    assert_eq!(json(&desk, &["sync", "apply", "lilas", "--full", "--json"])["paired"], 0);
    assert_eq!(desk.run(&["sync", "links", "undo", "lilas$22"]).0, 1, "once");
    let (_, journal, _) = desk.run(&["audit", "show", "--person", account, "--json"]);
    assert!(journal.contains("accounts-joined") && !journal.contains("accounts-not-joined"), "{journal}");
    let (_, journal, _) = desk.run(&["audit", "show", "--person", "tilleuls$AC-3", "--json"]);
    assert!(journal.contains("accounts-not-joined"), "what was refused says so: {journal}");
}

#[test]
fn a_rule_that_names_no_source_is_refused() {
    let desk = two_lists();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write("preau.toml", &config.replace("from = \"lilas\"", "from = \"lila\""));
    let (code, _, err) = desk.run(&["sync", "plan", "lilas"]);
    assert!(code == 2 && err.contains("names lila, which is no source"), "{code} {err}");
}
