//! The keys the house signs with, as an operator sees them.

use crate::desk::Desk;

#[test]
fn a_server_makes_its_keys_and_an_operator_replaces_one() {
    let desk = Desk::new();
    let (code, out, _) = desk.run(&["keys", "list"]);
    assert!(code == 0 && out.contains("no signing key yet"), "{out}");
    let mut server = desk.serve(&[]).ready();
    let listed = |phase: &'static str, count: usize| {
        let (_, out, err) = desk.run(&["keys", "list", "--json"]);
        assert_eq!(out.matches(phase).count(), count, "{out} {err}");
        assert!(!out.contains("sealed") && !out.contains("\"d\""), "{out}");
    };
    server.until("the last key", |_| desk.run(&["keys", "list"]).1.contains("saml-rsa-oaep-1").then_some(()));
    listed("\"active\"", 6);
    let (_, out, _) = desk.run(&["keys", "list"]);
    assert_eq!(out.matches("certificate sha256").count(), 3, "those of SAML: {out}");
    let (code, out, err) = desk.run(&["keys", "rotate", "--alg", "ES256"]);
    assert!(code == 0 && out.contains("es256-2 made") && !out.contains("sooner"), "{out} {err}");
    listed("\"next\"", 1);
    let (code, out, err) = desk.run(&["keys", "rotate", "--alg", "ES256", "--compromised"]);
    assert!(code == 0 && out.contains("es256-1 removed") && out.contains("es256-3 made"), "{out} {err}");
    listed("\"active\"", 6);
    let (code, out, err) = desk.run(&["keys", "rotate", "--alg", "saml-RS256", "--in-days", "120"]);
    assert!(code == 0 && out.contains("saml-rs256-2 made") && !out.contains("sooner"), "{out} {err}");
    let (_, out, _) = desk.run(&["keys", "rotate", "--alg", "EdDSA", "--in-days", "0"]);
    assert!(out.contains("sooner than the 3 days"), "nobody has read that key: {out}");
    listed("\"next\"", 1);
    let (_, out, _) = desk.run(&["keys", "list"]);
    let line = |key: &str| out.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    let told = |key: &str, word: &str| line(key).split(word).nth(1).unwrap_or_default()[..24].to_owned();
    let (gives_way, signs) = (told("saml-rs256-1 ", "gives way "), told("saml-rs256-2 ", "signs from "));
    assert_eq!(gives_way, signs, "the old one gives way to the new: {out}");
    let (code, _, err) = desk.run(&["keys", "rotate", "--alg", "HS256"]);
    assert!(code == 1 && err.contains("HS256"), "{err}");
    assert_eq!(server.stop(), 0);
    let (code, out, _) = desk.run(&["audit", "verify"]);
    assert!(code == 0 && out.starts_with("10 events checked"), "six keys made, four replaced: {out}");
}

#[test]
fn keys_of_another_master_key_are_told_with_what_to_do() {
    let desk = Desk::new();
    let server = desk.serve(&[]).ready();
    assert_eq!(server.stop(), 0);
    assert!(desk.run(&["doctor"]).1.contains("signing keys"), "control");
    std::fs::remove_file(desk.path("data/keys/master.key")).unwrap();
    let server = desk.serve(&[]).ready();
    assert_eq!(server.stop(), 0);
    let (_, out, _) = desk.run(&["doctor"]);
    assert!(out.contains("sealed with another master key") && out.contains("keys rotate"), "{out}");
}
