//! Accounts kept here, and what the rules say of them.

use crate::desk::Desk;
use preau_domain::{Factor, FactorId, FactorKind};

#[test]
fn an_account_is_added_once_and_its_password_replaced() {
    let desk = Desk::new().with_school();
    desk.write("password", "a long enough one\n");
    let add = [
        "account",
        "add",
        "--login",
        "Camille.Invitee",
        "--given-name",
        "Camille",
        "--family-name",
        "Invitée",
        "--establishment",
        "0990001N",
        "--password-file",
        "password",
    ];
    let (code, out, err) = desk.run(&add);
    assert!(code == 0 && !out.contains("long enough"), "{code} {out} {err}");
    let (code, _, err) = desk.run(&add);
    assert!(code == 1 && err.contains("already"), "{err}");

    let (code, out, _) = desk.run(&["account", "password", "--login", "camille.invitee"]);
    assert!(code == 0 && out.contains("shown this once"), "{out}");
    let mut elsewhere = add;
    elsewhere[9] = "0990002P";
    elsewhere[3] = "another";
    let (code, _, err) = desk.run(&elsewhere);
    assert!(code == 1 && err.contains("not known here"), "{err}");

    desk.mount("intranet");
    let (code, out, err) = desk.run(&["explain", "--person", "camille.invitee", "--service", "intranet"]);
    assert!(code == 0 && out.contains("intranet"), "{out} {err}");
    let (code, _, err) = desk.run(&["explain", "--person", "nobody", "--service", "intranet"]);
    assert!(code == 1 && err.contains("nobody"), "{err}");
}

#[test]
fn an_account_is_stopped_with_a_reason_and_started_again() {
    let desk = Desk::new().with_school();
    desk.mount("intranet");
    let add = [
        "account",
        "add",
        "--login",
        "camille",
        "--given-name",
        "C",
        "--family-name",
        "I",
        "--establishment",
        "0990001N",
    ];
    assert_eq!(desk.run(&add).0, 0);
    assert_eq!(desk.run(&["account", "stop", "camille"]).0, 2, "a reason is asked");
    assert_eq!(desk.run(&["account", "stop", "nobody", "--why", "x"]).0, 1);
    assert_eq!(desk.run(&["account", "start", "camille"]).0, 1, "it is not stopped");
    let (code, out, err) = desk.run(&["account", "stop", "camille", "--why", "a lost phone"]);
    assert!(code == 0 && out.contains("stopped"), "{out} {err}");
    let explain = ["explain", "--person", "camille", "--service", "intranet"];
    let (_, out, _) = desk.run(&explain);
    assert!(out.contains("stopped by hand and cannot sign in: a lost phone"), "{out}");
    let (code, out, _) = desk.run(&["account", "start", "camille"]);
    assert!(code == 0 && out.contains("may sign in"), "{out}");
    assert!(!desk.run(&explain).1.contains("stopped"));
    let (_, out, _) = desk.run(&["audit", "show", "--person", "camille"]);
    assert!(out.contains("account-stopped: a lost phone"), "{out}");
    assert!(out.contains("account-started, was stopped: a lost phone"), "{out}");
}

#[test]
fn an_account_is_shown_with_what_will_become_of_it() {
    let (desk, pupils) = crate::undo::read_once();
    let show = ["account", "show", "ecoles$3"];
    let (code, out, err) = desk.run(&show);
    assert!(code == 0 && out.contains("precreated, because its source names the person, who never"), "{out} {err}");
    assert!(!out.contains("purged on"), "{out}");
    desk.write("eleves.csv", &format!("Id;Nom;Prénom;Classe\n{}", pupils.replace("3;NOM3;Io;CP\n", "")));
    assert_eq!(desk.run(&["sync", "apply", "ecoles", "--accept-suspensions", "1"]).0, 0);
    let (_, out, _) = desk.run(&show);
    assert!(out.contains("suspended, because its source does not name") && !out.contains("purged on"), "{out}");
    // A server counts its days.
    let mut server = desk.serve(&[]);
    let counted = server.until("count", |_| Some(desk.run(&show).1).filter(|out| out.contains("purged on")));
    assert!(counted.contains("pre-deleted on") && counted.contains("entitled until"), "{counted}");
    drop(server);
    desk.write("eleves.csv", &format!("Id;Nom;Prénom;Classe\n{pupils}"));
    assert_eq!(desk.run(&["sync", "apply", "ecoles"]).0, 0);
    let (_, out, _) = desk.run(&["account", "show", "ecoles$3", "--json"]);
    assert!(out.contains("\"state\": \"active\"") && out.contains("\"purged_at\": null"), "{out}");
}

/// An address that moved: browsers offer nobody the passkeys of the former one.
#[test]
fn a_doctor_tells_of_passkeys_of_a_former_address() {
    let desk = Desk::new().with_school();
    let at = |name: &str, more: &str| {
        desk.write("preau.toml", &format!("[web]\npublic_url = \"https://{name}\"\n{more}"));
        let out = desk.run(&["doctor"]).1;
        let told = out.lines().skip_while(|line| !line.contains(" passkeys "));
        told.take_while(|line| line.contains(" passkeys ") || line.contains('→')).collect::<Vec<_>>().join(" ")
    };
    let add = ["account", "add", "--login", "a", "--given-name", "A", "--family-name", "B"];
    assert_eq!(desk.run(&[&add[..], &["--establishment", "0990001N"]].concat()).0, 0);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite://{}", desk.path("data/preau.db").display());
        let store = preau_store_sql::open(&url).await.unwrap();
        let person = store.people_by_login("a", 2).await.unwrap().remove(0).id;
        let (id, kind, name) = (FactorId::new("k"), FactorKind::Passkey, String::new());
        let doc = r#"{"domain":"ent.example.fr"}"#.to_owned();
        let factor = Factor { id, person, kind, name, doc, counter: 0, added: preau_domain::Instant(1), used: None };
        store.add_factor(&factor).await.unwrap();
    });
    let good = at("ent.example.fr", "");
    assert!(good.starts_with("ok") && good.contains("bound to ent.example.fr"), "control: {good}");
    let moved = at("nouveau.example", "");
    assert!(moved.starts_with("warn") && moved.contains("1 of 1 people are bound to ent.example.fr"), "{moved}");
    assert!(moved.contains("give web.public_url its former name back") && !moved.contains("there can be"), "{moved}");
    let below = at("portail.ent.example.fr", "");
    assert!(below.contains("write web.passkey_domain = \"ent.example.fr\""), "{below}");
    let mended = at("portail.ent.example.fr", "passkey_domain = \"ent.example.fr\"\n");
    assert!(mended.starts_with("ok"), "as it says: {mended}");
    let above = at("ent.example.fr", "passkey_domain = \"example.fr\"\n");
    assert!(above.contains("take web.passkey_domain away") && !above.contains("former name"), "{above}");
}
