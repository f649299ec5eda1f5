//! `preau register`: the record of processing of an establishment says what is mounted there and what really leaves.

use crate::desk::Desk;
use preau_domain::{
    AccountState, Affiliation, Credentials, JoinKey, Person, PersonId, Profile, SourceId, Uai, normalised_login,
};
use preau_store::{PersonChange, Told};
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

/// Somebody of a place, as an annuaire names them.
fn somebody(login: &str, family: &str, place: &str, profile: Profile) -> PersonChange {
    let person = Person {
        id: PersonId::new(format!("p{login}")),
        join: Some(JoinKey { source: SourceId::new("annuaire"), key: login.to_owned() }),
        state: AccountState::Active,
        given_name: "Ondine".into(),
        family_name: family.into(),
        title: None,
        login: normalised_login(login),
        mail: None,
        credentials: Credentials::Directory,
        affiliations: vec![Affiliation::new(place.parse::<Uai>().unwrap(), profile)],
        children: vec![],
    };
    PersonChange { person, digest: "0".repeat(32), told: Told::default() }
}

#[test]
fn the_record_says_that_inspectors_look_at_spaces_as_far_as_it_was_granted() {
    let desk = Desk::new().with_school();
    let people = [
        somebody("vd2031", "Duvalier", "0990010Y", Profile::Academy),
        somebody("oc2032", "Clairval", "0990001N", Profile::Teacher),
    ];
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite://{}", desk.path("data/preau.db").display());
        preau_store_sql::open(&url).await.unwrap().put_people(None, &people).await.unwrap();
    });
    let blog = "connector = \"php-cas\"\n[parameters]\nurl = \"https://blog.example\"\n[title]\nfr = \"Blog\"\nen = \"Blog\"\n\
                [[audience.allow]]\nprofiles = [\"National_ENS\"]\n";
    desk.write("services/blog.toml", blog);
    let record = |format: &str, lang: &str| {
        let args = ["register", "--establishment", "0990001N", "--format", format, "--lang", lang];
        let (code, out, err) = desk.run(&args);
        assert_eq!(code, 0, "{err}");
        out
    };
    assert!(
        !record("csv", "fr").contains("Blog\u{a0}: inspections"),
        "control: nothing is said before anything is granted"
    );
    let grant = "inspections grant --inspector vd2031 --teacher oc2032 --establishment 0990001N --service blog --days 7 --reason";
    let (code, out, err) =
        desk.run(&[&grant.split(' ').collect::<Vec<_>>()[..], &["Rendez-vous de carrière"]].concat());
    assert_eq!(code, 0, "{err}");
    let row = |text: String| {
        let row =
            text.lines().find(|line| line.contains("Blog\u{a0}: inspections") || line.contains("Blog: inspections"));
        row.map(str::to_owned).unwrap_or_else(|| panic!("no row: {text}"))
    };
    assert!(row(record("html", "fr")).starts_with("<tr><th scope=\"row\">Blog\u{a0}: inspections</th>"));
    let page = record("html", "fr");
    for told in ["(1 en treize mois, dont 1 en cours)", "role\u{a0}: ", "inspected\u{a0}: ", "400 jours après la fin"]
    {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(record("csv", "en").contains("1 in thirteen months, 1 of them not over"));
    for kept in ["Duvalier", "Clairval", "vd2031", "oc2032", "carrière"] {
        assert!(!page.contains(kept), "it names nobody, and no reason: {kept}");
    }
    let id = out.split([' ', ':']).nth(1).unwrap();
    assert_eq!(desk.run(&["inspections", "end", id]).0, 0);
    assert!(record("html", "fr").contains("(1 en treize mois, dont 0 en cours)"), "and what is over is not forgotten");
    // What the service is told no more leaves no more, whatever was granted.
    desk.write("services/blog.toml", &blog.replace("php-cas", "apache-cas"));
    assert!(record("html", "fr").contains("ce service n’ouvre à aucun inspecteur"));
}
