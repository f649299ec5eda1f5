//! `preau bench`: what a service would receive of somebody who does not exist.

use crate::desk::Desk;

/// A desk whose bench is open.
fn open() -> Desk {
    let desk = Desk::new();
    let text = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write("preau.toml", &text.replace("[web]\n", "[web]\nbench = true\n"));
    desk
}

/// What a line of an answer says after its first word.
fn said<'a>(out: &'a str, word: &str) -> &'a str {
    let line = out.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_default().trim();
    line.split_whitespace().next().unwrap_or_default()
}

#[test]
fn a_sandbox_is_registered_listed_and_forgotten_in_a_terminal() {
    let desk = open();
    let address = "http://localhost:3000/callback";
    let (code, out, err) = desk.run(&["bench", "register", "--name", "Atelier", "--address", address]);
    let (id, secret) = (said(&out, "client_id"), said(&out, "client_secret"));
    assert!(code == 0 && id.starts_with("bench-") && secret.len() == 43, "{code} {out} {err}");
    assert!(said(&out, "issuer").ends_with(&format!("/oidc/sandbox/{id}")), "{out}");
    let (code, listed, _) = desk.run(&["bench", "sandboxes"]);
    assert!(code == 0 && listed.contains(id) && listed.contains(address) && listed.contains("Atelier"), "{listed}");
    assert!(!listed.contains(secret), "the secret is told once");

    // A running server finds what a terminal registered, and no longer what a terminal took away.
    let server = desk.serve(&[]).ready();
    let document = format!("/oidc/sandbox/{id}/.well-known/openid-configuration");
    assert!(server.get(&document, "").unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(desk.run(&["bench", "forget", id]).0, 0);
    assert!(server.get(&document, "").unwrap().starts_with("HTTP/1.1 404"));
    assert_eq!(server.stop(), 0);
    let (code, out, _) = desk.run(&["bench", "sandboxes"]);
    assert!(code == 0 && out.contains("no sandbox"), "{out}");
}

#[test]
fn a_sandbox_that_cannot_be_is_refused_in_a_terminal() {
    let desk = open();
    let register = |more: &[&str]| desk.run(&[&["bench", "register"], more].concat());
    for (more, why) in [
        (&["--name", "A", "--address", "http://intranet.example/cb"][..], "address"),
        (&["--name", "", "--address", "https://a.example/cb"], "name"),
        (&["--name", "A", "--address", "https://a.example/cb", "--protocol", "saml"], "oidc or cas"),
    ] {
        let (code, out, err) = register(more);
        assert!(code == 1 && err.contains(why), "{more:?}: {code} {out} {err}");
    }
    let cas = ["--name", "A", "--address", "https://a.example/", "--protocol", "cas"];
    assert_eq!(register(&cas).0, 0, "control");
    desk.mount("intranet");
    for nobody in ["bench-00000000000000000000", "intranet", ""] {
        let (code, _, err) = desk.run(&["bench", "forget", nobody]);
        assert!(code == 1 && err.contains("no sandbox"), "{nobody}: {err}");
    }
    let shut = Desk::new();
    let (code, _, err) = shut.run(&["bench", "sandboxes"]);
    assert!(code == 1 && err.contains("bench = true"), "{err}");
}

#[test]
fn the_bench_shows_in_a_terminal_what_a_service_would_receive() {
    let desk = Desk::new();
    desk.mount("intranet");
    let (code, out, err) = desk.run(&["bench", "--service", "intranet", "--person", "teacher"]);
    assert!(code == 0 && out.contains("<cas:authenticationSuccess>"), "{code} {out} {err}");
    let (code, out, _) = desk.run(&["bench", "--service", "intranet", "--person", "pupil", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && told["person"] == "pupil" && told["allowed"].is_boolean(), "{out}");
    let (code, _, err) = desk.run(&["bench", "--service", "intranet", "--person", "nobody"]);
    assert!(code == 1 && err.contains("teacher-guardian"), "{code} {err}");
    let (code, _, err) = desk.run(&["bench", "--service", "nowhere"]);
    assert!(code == 1 && err.contains("intranet"), "{code} {err}");
}
