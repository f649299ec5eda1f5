//! The journal as its operator reads and checks it.

use crate::desk::Desk;
use preau_domain::{AuditEvent, AuditKind, Clock, Seconds};

#[test]
fn a_journal_is_read_and_checked() {
    let desk = Desk::new().with_school();
    let (code, out, _) = desk.run(&["audit", "verify"]);
    assert!(code == 0 && out.starts_with("0 events checked"), "{out}");
    for login in ["camille", "dominique"] {
        let add = [
            "account",
            "add",
            "--login",
            login,
            "--given-name",
            "A",
            "--family-name",
            "B",
            "--establishment",
            "0990001N",
        ];
        assert_eq!(desk.run(&add).0, 0);
    }
    let (code, out, _) = desk.run(&["audit", "show", "--person", "camille"]);
    assert!(code == 0 && out.contains("administered") && out.contains("account-added"), "{out}");
    let number = out.rsplit("request ").next().unwrap().trim();
    let (_, same, _) = desk.run(&["audit", "show", "--correlation", number]);
    assert_eq!(out, same);
    for of_nobody in [&["audit", "show"][..], &["audit", "show", "--json"]] {
        assert_eq!(desk.run(of_nobody).0, 2, "of nobody in particular");
    }
    let (code, latest, err) = desk.run(&["audit", "show", "--person", "camille", "--limit", "1", "--json"]);
    let latest: serde_json::Value = serde_json::from_str(&latest).expect(&err);
    assert_eq!((code, latest.as_array().map(Vec::len)), (0, Some(1)));

    let (code, out, err) = desk.run(&["audit", "verify"]);
    assert!(code == 0 && out.starts_with("2 events checked"), "{out} {err}");
    // What an event written without the key looks like; tests/contract alters rows in every other way.
    std::fs::remove_file(desk.path("data/keys/master.key")).unwrap();
    let (code, out, _) = desk.run(&["audit", "verify"]);
    assert!(code == 1 && out.contains("event 1: it does not say what it said"), "{out}");
    let (_, out, _) = desk.run(&["audit", "verify", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["whole"], &told["found"]), (&serde_json::json!(false), &serde_json::json!(4)));
}

#[test]
fn the_doctor_says_that_a_stolen_list_is_tried() {
    let desk = Desk::new().with_school();
    let told = || {
        let checks: serde_json::Value = serde_json::from_str(&desk.run(&["doctor", "--json"]).1).unwrap();
        let of_sign_ins = |check: &&serde_json::Value| check["what"] == "sign-ins";
        let one = checks.as_array().unwrap().iter().find(of_sign_ins).unwrap().clone();
        (one["state"].as_str().unwrap().to_owned(), one["found"].as_str().unwrap().to_owned())
    };
    assert_eq!(told().0, "ok", "control");
    let url = format!("sqlite://{}", desk.path("data/preau.db").display());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = preau_store_sql::open(&url).await.unwrap();
        let at = preau_server::SystemClock::new().now() - Seconds(3600);
        let (kind, number) = (AuditKind::SignInsFailing, preau_web::alarms_of(at));
        store.record(AuditEvent::new(at, kind, number, "accounts-fail 312 of 340"));
        store.flush_audit().await.unwrap();
    });
    let (state, found) = told();
    assert!(state == "warn" && found.contains("alarms since yesterday: 1") && found.contains("312 of 340"), "{found}");
}
