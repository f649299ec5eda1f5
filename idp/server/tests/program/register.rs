//! `preau register`: the record of processing of an establishment says what is mounted there and what really leaves.

use crate::desk::Desk;
use std::process::Command;

/// Two services of the collège, one of another school, one that is a plain link.
fn desk() -> Desk {
    let desk = Desk::new().with_school();
    let mount = |id: &str, connector: &str, audience: &str| {
        let text = format!("connector = \"{connector}\"\n[parameters]\nurl = \"https://{id}.example\"\n{audience}");
        desk.write(&format!("services/{id}.toml"), &text);
    };
    mount("moodle", "moodle", "[[audience.allow]]\nprofiles = [\"National_ELV\"]\nclasses = [\"6B\"]\n");
    let titled = "[title]\nfr = \"=Intranet <b>\"\nen = \"=Intranet <b>\"\n";
    let here = "[[audience.allow]]\nestablishments = [\"0990001N\"]\nprofiles = [\"National_ENS\"]\n";
    mount("intranet", "apache-cas", &format!("{titled}{here}"));
    mount("ailleurs", "apache-cas", "[[audience.allow]]\nestablishments = [\"0990002P\"]\n");
    desk
}

#[test]
fn the_record_says_who_receives_what_of_whom() {
    let desk = desk();
    let (code, out, err) = desk.run(&["register", "--establishment", "0990001N"]);
    assert_eq!(code, 0, "{err}");
    for told in [
        "<html lang=\"fr\">",
        "Registre des traitements – Collège des Lilas (0990001N)",
        "<th scope=\"row\">Moodle</th>",
        "élèves ; classe 6B",
        "nom de compte opaque",
        "firstName : prénom",
        "https://moodle.example",
        "=Intranet &lt;b&gt;",
        "enseignants",
        "journal : 365 jours",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    assert!(!out.contains("ailleurs.example") && !out.contains("<b>"), "{out}");
    let (code, out, _) = desk.run(&["register", "--establishment", "0990001N", "--lang", "en"]);
    assert!(code == 0 && out.contains("Record of processing") && out.contains("pupils ; class 6B"), "{out}");
}

#[test]
fn a_mail_address_that_names_people_stands_in_the_record() {
    let desk = Desk::new().with_school();
    let data = |nameid: &str| {
        let saml =
            format!("[saml]\nentity_id = \"https://app.example/saml\"\nattributes = []\nnameid = \"{nameid}\"\n");
        let text =
            "connector = \"saml-application\"\n[parameters]\nurl = \"https://app.example\"\nscope = \"ent.example\"\n";
        desk.write("services/app.toml", &format!("{text}{saml}[[audience.allow]]\n"));
        let (code, out, err) = desk.run(&["register", "--establishment", "0990001N"]);
        assert!(code == 0 && out.contains("https://app.example"), "{out}{err}");
        out
    };
    assert!(data("email").contains("mail : "), "{}", data("email"));
    assert!(!data("persistent").contains("mail : "), "control");
}

#[test]
fn a_spreadsheet_reads_it_and_takes_no_cell_for_a_formula() {
    let desk = desk();
    let (code, out, err) = desk.run(&["register", "--establishment", "0990001N", "--format", "csv"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("\u{feff}\"Traitement\",\"Finalité\"") && out.contains("\r\n\"'=Intranet <b>\","), "{out}");
    let (code, _, err) =
        desk.run(&["register", "--establishment", "0990001N", "--format", "ods", "--out", "registre.ods"]);
    assert_eq!(code, 0, "{err}");
    // Somebody else's reading of a zip.
    let script = "import sys, zipfile\nfrom xml.dom import minidom\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                  print(z.infolist()[0].filename, z.read('mimetype').decode())\n\
                  t = minidom.parseString(z.read('content.xml'))\n\
                  print([c.firstChild.firstChild.data for c in t.getElementsByTagName('table:table-cell') if c.firstChild][9:])";
    let read = Command::new("python3").args(["-c", script]).arg(desk.path("registre.ods")).output().unwrap();
    let told = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(told.starts_with("mimetype application/vnd.oasis.opendocument.spreadsheet"), "{read:?}");
    assert!(told.contains("'=Intranet <b>'") && told.contains("'Moodle'"), "{told}");
}

#[test]
fn an_establishment_that_is_not_known_has_no_record() {
    let desk = desk();
    let (code, _, err) = desk.run(&["register", "--establishment", "0990002P"]);
    assert!(code == 1 && err.contains("no establishment 0990002P is known"), "{err}");
    assert_eq!(desk.run(&["register", "--establishment", "0990001A"]).0, 1);
    assert_eq!(desk.run(&["register", "--establishment", "0990001N", "--lang", "de"]).0, 1);
}
