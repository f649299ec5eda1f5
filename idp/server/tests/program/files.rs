//! A school that has nothing but lists: from a file nobody described to people, by what the program itself proposes.

use crate::desk::Desk;
use serde_json::Value;

const PUPILS: &str =
    "Identifiant élève;Nom élève;Prénom élève;Classe\n1;BASALTE;Iris;CP-A\n2;MICA;Élio;CM2\n3;SANS;;CM2\n";

#[test]
fn a_list_is_looked_at_described_and_read() {
    let desk = Desk::new();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    let described = |columns: &str| {
        desk.write(
            "preau.toml",
            &format!(
                "{config}[sources.ecoles]\nkind = \"csv\"\n[[sources.ecoles.establishments]]\nuai = \"0990011Z\"\nname = \"École des Lilas\"\n\
                 [[sources.ecoles.files]]\npath = \"eleves.csv\"\npeople = \"pupils\"\n{columns}\n"
            ),
        );
    };
    described("");
    desk.write("eleves.csv", PUPILS);
    let (code, out, err) = desk.run(&["sync", "apply", "ecoles"]);
    assert!(code == 1 && out.contains("preau sync preview ecoles"), "a column is nobody's guess: {out} {err}");

    let (code, out, _) = desk.run(&["sync", "preview", "ecoles"]);
    for told in [
        "Identifiant élève ",
        "key  (a guess)",
        "line 2 ",
        "Iris BASALTE: National_ELV 0990011Z (CP-A)",
        "line 4: Prénom élève is missing",
    ] {
        assert!(code == 1 && out.contains(told), "{told}: {code} {out}");
    }
    let columns = out.lines().map(str::trim).find(|line| line.starts_with("columns = ")).unwrap();
    described(columns);
    let (code, out, _) = desk.run(&["sync", "preview", "ecoles", "--json", "--rows", "1"]);
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &shown[0]["rows"], shown[0]["first"].as_array().unwrap().len()),
        (0, &Value::from(3), 1),
        "{out}"
    );

    let (code, out, _) = desk.run(&["sync", "apply", "ecoles", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["people"]["created"], &report["rejected"]["total"]),
        (0, &Value::from(2), &Value::from(1))
    );
    assert!(desk.run(&["sync", "apply", "ecoles"]).1.contains("nothing changed since run"));

    // A file cut in its middle takes nothing from anybody.
    desk.write("eleves.csv", "Identifiant élève;Nom élève;Prénom élève;Classe\n1;BASALTE;Iris;\"CP");
    let (code, out, _) = desk.run(&["sync", "apply", "ecoles", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["outcome"], &report["people"]["suspended"]),
        (1, &Value::from("incomplete"), &Value::from(0))
    );
    assert_eq!(desk.run(&["sync", "preview", "b"]).0, 2);
}

#[test]
fn a_service_for_a_school_that_nobody_told_of_is_told_so() {
    let desk = Desk::new();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    let source = "[sources.ecoles]\nkind = \"csv\"\n[[sources.ecoles.establishments]]\nuai = \"0990011Z\"\nname = \"École des Lilas\"\n\
                  [[sources.ecoles.files]]\npath = \"eleves.csv\"\npeople = \"pupils\"\n\
                  columns = { key = \"Identifiant élève\", family_name = \"Nom élève\", given_name = \"Prénom élève\", class = \"Classe\" }\n";
    desk.write("preau.toml", &format!("{config}{source}"));
    desk.write("eleves.csv", PUPILS);
    let (code, out, err) = desk.run(&["sync", "apply", "ecoles"]);
    assert_eq!(code, 0, "{out} {err}");
    let mount = |id: &str, place: &str| {
        let (code, out, err) =
            desk.run(&["mount", "grr", "--url", &format!("https://{id}.example"), "--id", id, "--for", place]);
        assert_eq!(code, 0, "{out} {err}");
        out
    };
    assert!(mount("typed", "0990001N").contains("0990001N: no source has told us of that establishment"));
    assert!(!mount("known", "0990011Z").contains("no source has told us"));
}
