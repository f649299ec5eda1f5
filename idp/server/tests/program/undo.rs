//! A run that should not have been: seen, taken back by one command, and let go again by a person.

use crate::desk::Desk;
use serde_json::Value;

const HEADINGS: &str = "Id;Nom;Prénom;Classe\n";

/// A desk with a list of seven pupils that was read.
pub fn read_once() -> (Desk, String) {
    let desk = Desk::new();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write(
        "preau.toml",
        &format!(
            "{config}[sources.ecoles]\nkind = \"csv\"\n[[sources.ecoles.establishments]]\nuai = \"0990011Z\"\nname = \"École des Lilas\"\n\
             [[sources.ecoles.files]]\npath = \"eleves.csv\"\npeople = \"pupils\"\n\
             columns = {{ key = \"Id\", family_name = \"Nom\", given_name = \"Prénom\", class = \"Classe\" }}\n"
        ),
    );
    let pupils: String = (1..8).map(|n| format!("{n};NOM{n};Io;CP\n")).collect();
    desk.write("eleves.csv", &format!("{HEADINGS}{pupils}"));
    assert_eq!(desk.run(&["sync", "apply", "ecoles"]).0, 0);
    (desk, pupils)
}

fn json(desk: &Desk, args: &[&str]) -> (i32, Value) {
    let (code, out, err) = desk.run(args);
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}")))
}

#[test]
fn one_command_takes_a_run_back() {
    let (desk, pupils) = read_once();
    let wrong = format!("{HEADINGS}{}8;NEUF;Io;CM2\n;=1+1;Io;CP\n", pupils.replace("NOM3", "AUTRE"));
    desk.write("eleves.csv", &wrong);
    let (code, out, _) = desk.run(&["sync", "apply", "ecoles"]);
    let run = out
        .lines()
        .find_map(|line| line.trim().strip_prefix("within thirty days it can be undone: preau sync undo "))
        .unwrap();
    assert!(code == 0 && out.contains("1 created, 1 updated"), "{out}");
    assert!(desk.run(&["sync", "show", run]).1.contains("1 created, 1 updated"));
    let (_, rejected, _) = desk.run(&["sync", "show", run, "--csv"]);
    assert_eq!(rejected, "\"entry\";\"reason\"\r\n\"eleves.csv line 10\";\"Id is missing\"\r\n");

    let (code, undone) = json(&desk, &["sync", "undo", run, "--json"]);
    assert_eq!((code, &undone["people"], &undone["added"], &undone["left"]), (0, &1.into(), &1.into(), &0.into()));

    // The source has not changed its mind: it waits, and says for whom.
    let (code, held) = json(&desk, &["sync", "apply", "ecoles", "--json"]);
    assert!(code == 3 && held["held"][0].as_str().unwrap().starts_with(&format!("run {run} was undone")), "{held}");
    let (_, waiting, _) = desk.run(&["sync", "held"]);
    let name = held["run"].as_str().unwrap();
    assert!(waiting.contains(&format!("preau sync apply ecoles --accept-run {name}\n")), "{waiting}");
    let (_, table, _) = desk.run(&["sync", "runs", "ecoles", "--csv"]);
    let outcomes: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split(';').nth(3)).collect();
    assert_eq!(outcomes, ["\"held\"", "\"undo\"", "\"applied\"", "\"applied\""]);
    assert!(desk.run(&["sync", "runs", "ecoles"]).1.contains(&format!("run {run} undone: 1 people")), "one line each");

    for refused in
        [&["sync", "undo", name][..], &["sync", "undo", "nobody"], &["sync", "apply", "ecoles", "--accept-run", run]]
    {
        assert_eq!(desk.run(refused).0, 1, "{refused:?}");
    }
    let (code, applied) = json(&desk, &["sync", "apply", "ecoles", "--json", "--accept-run", name]);
    assert_eq!((code, &applied["people"]["reactivated"], &applied["people"]["updated"]), (0, &1.into(), &1.into()));
    assert_eq!(desk.run(&["sync", "apply", "ecoles"]).0, 0, "from then on it goes by itself");
}

/// Two people with one login: the run that brings the second says so, and so does whoever looks at the house.
#[test]
fn a_shared_login_is_told_by_the_run_and_by_the_doctor() {
    let (desk, _) = read_once();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write("preau.toml", &config.replace("class = \"Classe\" }", "class = \"Classe\", login = \"Login\" }"));
    desk.write(
        "eleves.csv",
        "Id;Nom;Prénom;Classe;Login\n1;NOM1;Io;CP;gemeau\n2;NOM2;Io;CP;Gemeau\n3;NOM3;Io;CP;seul\n",
    );
    let (code, out, err) = desk.run(&["sync", "apply", "ecoles", "--accept-suspensions", "7"]);
    assert!(code == 0 && out.contains("shared logins   1 shared by 2 people, none of whom can sign in"), "{out}{err}");
    assert!(out.contains("gemeau: 1\n") && out.contains("gemeau: 2\n") && !out.contains("seul"), "{out}");
    let (_, found, _) = desk.run(&["doctor"]);
    assert!(found.contains("people who share a login, and cannot sign in: gemeau (1), gemeau (2)\n"), "{found}");
}
