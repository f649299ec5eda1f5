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

/// A service of OpenID Connect, as an instance file mounts it.
const NOTES: &str = "connector = \"oidc-application\"\n\n[parameters]\nurl = \"https://notes.example\"\n\n\
                     [oidc]\nclient_secret_file = \"notes.secret\"\nredirect_uris = [\"{url}/cb\"]\n";

fn with_notes() -> Desk {
    let desk = open();
    desk.write("services/notes.secret", &"x".repeat(43));
    desk.write("services/notes.toml", NOTES);
    desk
}

#[test]
fn a_configuration_is_copied_from_a_terminal() {
    let desk = with_notes();
    let (code, out, err) = desk.run(&["bench", "stacks", "notes"]);
    let all = ["Nextcloud", "Moodle", "Discourse", "Apache", "Node", "Python", "PHP"];
    assert!(code == 0 && all.iter().all(|name| out.contains(name)), "{code} {out} {err}");
    let (code, out, _) = desk.run(&["bench", "stacks", "notes", "--stack", "node"]);
    let filled =
        out.contains("\"notes\"") && out.contains("https://notes.example/cb") && out.contains("import * as client");
    assert!(code == 0 && filled && !out.contains("xxx"), "{out}");
    let (_, made, _) = desk.run(&["bench", "register", "--name", "A", "--address", "http://localhost:3000/cb"]);
    let id = said(&made, "client_id");
    let (code, out, _) = desk.run(&["bench", "stacks", id, "--stack", "python"]);
    assert!(
        code == 0 && out.contains(&format!("/oidc/sandbox/{id}")) && out.contains("http://localhost:3000/cb"),
        "{out}"
    );
    for (args, why) in [(["notes", "--stack", "cobol"], "Discourse"), (["nobody", "--stack", "node"], "no service")] {
        let (code, _, err) = desk.run(&[&["bench", "stacks"], &args[..]].concat());
        assert!(code == 1 && err.contains(why), "{err}");
    }
}

#[test]
fn a_request_is_replayed_in_a_terminal() {
    let desk = with_notes();
    let asked = |change: &str| {
        format!(
            "https://ent.example/oidc/authorize?response_type=code&client_id=notes&scope=openid&redirect_uri={change}"
        )
    };
    let (code, out, err) = desk.run(&["bench", "replay", "notes", &asked("https%3A%2F%2Fnotes.example%2Fcb")]);
    assert!(code == 0 && out.contains("it would pass"), "{code} {out} {err}");
    let (code, _, err) = desk.run(&["bench", "replay", "notes", &asked("https%3A%2F%2Fnotes.example%2Fbc%3Fcode%3D1")]);
    let told = ["redirect_uri", "https://notes.example/bc?code=x", "https://notes.example/cb"];
    assert!(code == 1 && told.iter().all(|one| err.contains(one)), "{err}");
    let cas = "https://ent.example/cas/login?service=https%3A%2F%2Fnotes.example%2F";
    for (request, why) in [("nonsense", "an address of this hub"), (cas, "does not speak cas")] {
        let (code, _, err) = desk.run(&["bench", "replay", "notes", request]);
        assert!(code == 1 && err.contains(why), "{request}: {err}");
    }
}

/// The issue of every editor who guesses: where the file is wrong, and what it should have been.
#[test]
fn a_wrong_file_is_refused_with_its_line() {
    let desk = with_notes();
    assert_eq!(desk.run(&["services"]).0, 0, "control");
    for (from, to, told) in [
        ("{url}/cb", "{url}/*", "notes.toml:8 oidc.redirect_uris: `https://notes.example/*`: no wildcard"),
        (
            "{url}/cb",
            "http://notes.example/cb",
            "notes.toml:8 oidc.redirect_uris: `http://notes.example/cb`: https is required",
        ),
        ("https://notes", "http://notes", "notes.toml:4 parameters.url"),
        ("redirect_uris", "redirect_uri", "notes.toml:8 oidc.redirect_uri: unknown field"),
        ("connector", "conector", "notes.toml:1 conector: unknown field"),
    ] {
        desk.write("services/notes.toml", &NOTES.replace(from, to));
        let (code, _, err) = desk.run(&["services"]);
        assert!(code == 2 && err.contains(told), "{to}: {code} {err}");
    }
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
