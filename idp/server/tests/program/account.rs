//! Accounts kept here, and what the rules say of them.

use crate::desk::Desk;

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
