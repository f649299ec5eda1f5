//! The how-tos of synchronising, followed to the letter: every command of `docs/how-to/synchronise.md` and of `follow-an-account.md`
//! in the order in which they stand there, and every configuration. Changed is only what a page gives as an example: names of runs
//! and accounts, and the numbers of a report.

use crate::source::Annuaire;
use preau_rig::SlapdOptions;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;

/// What a page tells its reader to do.
#[derive(Debug, PartialEq)]
enum Step {
    Type(String),
    Configure(String),
}

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/how-to").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The commands and configurations of a page, without the indent of lists.
fn steps(page: &str) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    for (nth, piece) in page.split("```").enumerate() {
        let Some((language, block)) = piece.split_once('\n').filter(|_| nth % 2 == 1) else { continue };
        let lines = block.lines().map(str::trim);
        match language {
            "sh" => steps.extend(lines.filter(|line| !line.is_empty()).map(|line| Step::Type(line.to_owned()))),
            "toml" => steps.push_back(Step::Configure(lines.collect::<Vec<_>>().join("\n"))),
            _ => {}
        }
    }
    steps
}

/// Puts the tables of a file into another; lists of tables grow.
fn put_in(into: &mut toml::Table, from: toml::Table) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(more)) => put_in(known, more),
            (_, value) => drop(into.insert(name, value)),
        }
    }
}

struct Walk {
    annuaire: Annuaire,
    steps: VecDeque<Step>,
}

impl Walk {
    fn through(annuaire: Annuaire, name: &str) -> Walk {
        Walk { annuaire, steps: steps(&page(name)) }
    }

    /// Types a line in a shell; its exit code and everything it said.
    fn types(&self, line: &str) -> (i32, String) {
        let program = Path::new(env!("CARGO_BIN_EXE_preau"));
        let found = std::env::var("PATH").unwrap();
        let path = format!("{}:{found}", program.parent().unwrap().display());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.annuaire.desk.path("")).env("PATH", path);
        let done = shell.env_remove("PREAU_LISTEN").env_remove("PREAU_STORAGE_URL").output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// The next step is this command: it is typed, with something of one's own in place of the examples.
    fn next(&mut self, written: &str, instead: &[(&str, &str)], code: i32) -> String {
        assert_eq!(self.steps.pop_front(), Some(Step::Type(written.to_owned())));
        let line = instead.iter().fold(written.to_owned(), |line, (example, own)| line.replace(example, own));
        let (ended, said) = self.types(&line);
        assert_eq!(ended, code, "{line}\n{said}");
        said
    }

    /// The next step is a configuration: it goes into the file, and the file is right.
    fn configures(&mut self, example: &str, own: &str) {
        let Some(Step::Configure(text)) = self.steps.pop_front() else { panic!("a configuration comes here") };
        self.writes(|file| put_in(file, text.replace(example, own).parse().unwrap()));
    }

    fn writes(&self, change: impl FnOnce(&mut toml::Table)) {
        let path = self.annuaire.desk.path("preau.toml");
        let mut file: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        change(&mut file);
        std::fs::write(path, toml::to_string(&file).unwrap()).unwrap();
        let (code, said) = self.types("preau config check");
        assert_eq!(code, 0, "{said}");
    }

    /// The runs of a source, the latest first.
    fn runs(&self, source: &str) -> Vec<Value> {
        let (_, said) = self.types(&format!("preau sync runs {source} --json"));
        serde_json::from_str(&said).unwrap()
    }

    /// The name of the latest run.
    fn run(&self, source: &str) -> String {
        self.runs(source)[0]["id"].as_str().unwrap().to_owned()
    }

    /// Somebody of the annuaire who is still there.
    fn somebody(&self) -> String {
        let ldif = std::fs::read_to_string(self.annuaire.desk.path("annuaire.ldif")).unwrap();
        let mut logins = ldif.lines().rev().filter_map(|line| line.strip_prefix("ENTPersonLogin: "));
        logins.find(|login| self.types(&format!("preau account show '{login}'")).0 == 0).unwrap().to_owned()
    }
}

/// The number that a held run asks for.
fn number(said: &str) -> String {
    let after = said.split("--accept-suspensions ").nth(1).unwrap();
    after.chars().take_while(char::is_ascii_digit).collect()
}

/// Writes the lists of an école, headed as some software heads them.
fn lists(annuaire: &Annuaire) {
    std::fs::create_dir(annuaire.desk.path("ecoles")).unwrap();
    let write = |name: &str, text: &str| annuaire.desk.write(&format!("ecoles/{name}.csv"), text);
    write("eleves", "Identifiant;Nom;Prénom;Classe\n1;BASALTE;Iris;CP-A\n2;MICA;Élio;CM2\n");
    write("responsables", "Identifiant;Nom;Prénom;Enfant;Responsable légal\n11;BASALTE;Ode;1;Oui\n12;MICA;Noé;2;Oui\n");
    write("personnels", "Identifiant;Nom;Prénom;Fonction\n21;GRANITE;Io;Directrice\n");
}

#[test]
fn synchronising_is_followed_to_the_letter() {
    let annuaire = Annuaire::start_with(SlapdOptions { session_log: Some(10_000), ..SlapdOptions::default() });
    let mut walk = Walk::through(annuaire, "synchronise.md");
    assert!(walk.next("preau sync plan annuaire", &[], 0).contains("tried: nothing was written"));
    assert!(walk.next("preau sync apply annuaire", &[], 0).contains("annuaire: applied"));
    assert!(walk.next("preau sync runs annuaire", &[], 0).contains("applied"));
    assert!(walk.next("preau sync held", &[], 0).contains("no run waits for anybody"));
    let latest: Value = serde_json::from_str(&walk.next("preau sync runs annuaire --limit 1 --json", &[], 0)).unwrap();
    assert_eq!((latest.as_array().unwrap().len(), &latest[0]["outcome"]), (1, &"applied".into()));
    assert_eq!(walk.next("preau sync held --json", &[], 0), "[]\n");

    // Changes alone.
    let dns: Vec<String> = {
        let ldif = std::fs::read_to_string(walk.annuaire.desk.path("annuaire.ldif")).unwrap();
        ldif.lines().filter(|line| line.starts_with("dn: uid=")).take(103).map(str::to_owned).collect()
    };
    let changed: String =
        dns[..2].iter().map(|dn| format!("{dn}\nchangetype: modify\nreplace: givenName\ngivenName: Zed\n\n")).collect();
    walk.annuaire.slapd.change(&format!("{changed}{}\nchangetype: delete\n", dns[2])).unwrap();
    let (code, said) = walk.types("preau sync apply annuaire");
    let told = page("synchronise.md");
    for words in [
        "annuaire: applied, delta of 3 changes (",
        "  changes alone   3 entries changed, 1 records are gone of them; all others stay as they are",
    ] {
        assert!(code == 0 && said.contains(words) && told.contains(words), "{words}: {said}");
    }

    // Deliveries.
    walk.configures("", "");
    let invented = preau_annuaire::Options::default();
    let into =
        preau_annuaire::Deliveries { delta: true, ..preau_annuaire::Deliveries::into(&walk.annuaire.desk.path("aaf")) };
    preau_annuaire::deliver(&invented, &into).unwrap();
    assert!(walk.next("preau doctor", &[], 0).contains("complete delivery of 20260901, 1 deltas"));
    let generates = "cargo run -p preau-annuaire -- --people 3000 --aaf aaf --delta";
    assert_eq!(walk.steps.pop_front(), Some(Step::Type(generates.to_owned())), "done above by the same code");
    for line in ["preau sync plan aaf", "preau sync apply aaf"] {
        assert_eq!(walk.types(line).0, 0, "{line}");
    }

    // Lists.
    walk.configures("", "");
    lists(&walk.annuaire);
    let proposed = walk.next("preau sync preview ecoles", &[], 1);
    let lines: Vec<&str> = proposed.lines().map(str::trim).filter(|line| line.starts_with("columns = ")).collect();
    assert_eq!(lines.len(), 3, "{proposed}");
    walk.writes(|file| {
        let files = file["sources"]["ecoles"]["files"].as_array_mut().unwrap();
        for (file, line) in files.iter_mut().zip(&lines) {
            put_in(file.as_table_mut().unwrap(), line.parse().unwrap());
        }
    });
    for line in ["preau sync preview ecoles", "preau sync plan ecoles", "preau sync apply ecoles"] {
        let (code, said) = walk.types(line);
        assert_eq!(code, 0, "{line}\n{said}");
    }

    // A run that is held, in the terminal and on the page.
    let left: String = dns[3..].iter().map(|dn| format!("{dn}\nchangetype: delete\n\n")).collect();
    walk.annuaire.slapd.change(&left).unwrap();
    let (code, held) = walk.types("preau sync apply annuaire");
    assert_eq!(code, 3, "{held}");
    // What scripts read has the keys that the page shows.
    let shown: Value =
        serde_json::from_str(told.split("```json").nth(1).unwrap().split("```").next().unwrap()).unwrap();
    let waiting: Value = serde_json::from_str(&walk.types("preau sync held --json").1).unwrap();
    let keys = |list: &Value| list[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&shown), keys(&waiting));
    let said = walk.next("preau sync apply annuaire --accept-suspensions 312", &[("312", &number(&held))], 0);
    assert!(said.contains("annuaire: applied"), "{said}");
    let claire =
        "preau account add --login claire.azur --given-name Claire --family-name Azur --establishment 0990001N";
    let added = walk.next(claire, &[], 0);
    let account = added.split_whitespace().nth(1).unwrap();
    walk.configures("pajw7d2k4r9m1xqe", account);

    // The rentrée, which is over by the clock of this machine or is yet to come.
    walk.configures("", "");
    walk.next("preau sync show RUN", &[("RUN", &walk.run("annuaire"))], 0);
    walk.next("preau sync plan aaf", &[], 0);
    walk.next("preau sync apply aaf --accept-suspensions 612", &[], 0);

    // Store less.
    walk.configures("", "");
    let (code, said) = walk.types("preau sync apply annuaire");
    let updated = walk.runs("annuaire")[0]["report"]["people"]["updated"].as_u64().unwrap();
    assert!(code == 0 && updated > 500, "{said}");
    let wrote = walk.run("annuaire");

    // A source is taken out.
    walk.writes(|file| drop(file["sources"].as_table_mut().unwrap().remove("ecoles")));
    let held = walk.next("preau sync retire ecoles", &[], 3);
    assert!(held.contains("preau sync retire ecoles --accept-suspensions 5"), "{held}");
    let all = number(&held);
    assert!(
        walk.next("preau sync retire ecoles --accept-suspensions 412", &[("412", &all)], 0).contains("5 suspended")
    );

    // A run is taken back.
    walk.next("preau sync runs annuaire", &[], 0);
    walk.next("preau sync show RUN", &[("RUN", &wrote)], 0);
    walk.next("preau sync undo RUN", &[("RUN", &wrote)], 0);
    assert!(walk.next("preau sync plan annuaire", &[], 3).contains("was undone"));
    walk.next("preau sync apply annuaire --accept-suspensions 0", &[], 0);

    // Somebody is stopped.
    let login = walk.somebody();
    walk.next("preau account stop iris.basalte --why \"account misused, 12 May\"", &[("iris.basalte", &login)], 0);
    walk.next("preau account start iris.basalte", &[("iris.basalte", &login)], 0);

    // One person in two sources.
    walk.configures("", "");
    // Which of the two reasons comes first is as names of accounts are drawn.
    let proposed = walk.next("preau sync links list", &[], 0);
    assert!(
        proposed.contains("the same names, the same ") && proposed.contains("preau sync links accept "),
        "{proposed}"
    );
    walk.configures("", "");
    assert_eq!(walk.steps, VecDeque::new(), "nothing of the page is left out");
    follow(walk, &login);
}

/// The other page, in the house that is there now.
fn follow(walk: Walk, login: &str) {
    let mut walk = Walk::through(walk.annuaire, "follow-an-account.md");
    assert!(walk.next("preau account show iris.basalte", &[("iris.basalte", login)], 0).contains("precreated"));
    let (_, shown) = walk.types(&format!("preau account show '{login}' --json"));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let (account, record) = (shown["account"].as_str().unwrap(), shown["records"][0].as_str().unwrap());
    walk.next("preau account show 'aaf$4512345'", &[("aaf$4512345", record)], 0);
    walk.next("preau account show pk3v9q2m8x7d5c1h --json", &[("pk3v9q2m8x7d5c1h", account)], 0);
    let journal = walk.next("preau audit show --person pk3v9q2m8x7d5c1h", &[("pk3v9q2m8x7d5c1h", account)], 0);
    assert!(journal.contains("account-stopped"), "{journal}");
    assert_eq!(walk.steps, VecDeque::new(), "nothing of the page is left out");

    // What stands in a sentence is a command, too: it is one, with these arguments.
    for name in ["synchronise.md", "follow-an-account.md"] {
        let text = page(name);
        let prose: String = text.split("```").step_by(2).collect();
        let commands: Vec<&str> =
            prose.split('`').skip(1).step_by(2).filter(|code| code.starts_with("preau ")).collect();
        assert!(!commands.is_empty());
        for command in commands {
            let (code, said) = walk.types(&format!("{} --help", command.replace('\n', " ")));
            assert_eq!(code, 0, "{command}: {said}");
        }
    }
    assert_ne!(walk.types("preau sync apply annuaire --never --help").0, 0, "control");
}
