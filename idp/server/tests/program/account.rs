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
