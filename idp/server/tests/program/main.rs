//! The program as its operator runs it: what it says, how it ends, what it refuses.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod account;
mod audit;
mod bench;
mod birth;
mod connectors;
mod cut;
mod desk;
mod files;
mod guests;
mod how_to;
mod keys;
mod links;
mod mount;
mod refusals;
mod register;
mod source;
mod sp;
mod tls;
mod truncated;
mod undo;
mod unit;

use desk::Desk;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn a_configuration_tells_all_that_is_wrong_and_ends_with_2() {
    let desk = Desk::new();
    let (code, out, _) = desk.run(&["config", "check"]);
    assert_eq!(code, 0);
    assert!(out.contains("is sound"));
    desk.write("preau.toml", "[server]\nlisten = 3\nwrong = 1\n[sources.a]\nkind = \"nothing\"\n");
    let (code, _, err) = desk.run(&["config", "check"]);
    assert_eq!(code, 2);
    assert!(err.contains("server.listen:") && err.contains("server.wrong:"), "{err}");
    desk.write("preau.toml", "[sources.a]\nkind = \"nothing\"\n");
    let (code, _, err) = desk.run(&["config", "check"]);
    assert!(code == 2 && err.contains("sources.a.kind:") && err.contains("ldap"), "{err}");
    assert_eq!(desk.run(&["--config", "absent.toml", "config", "check"]).0, 2);
    assert_eq!(desk.run(&["no-such-command"]).0, 2);
    assert_eq!(desk.run(&["serve"]).0, 2);
    assert_eq!(desk.run(&["runs", "b"]).0, 2);
}

#[test]
fn a_server_is_ready_and_stops_when_told() {
    let desk = Desk::new();
    let server = desk.serve(&[]).ready();
    assert!(server.get("/healthz", "").unwrap().ends_with("alive\n"));
    let ready = server.get("/readyz", "").unwrap();
    for part in ["storage", "signing", "services"] {
        assert!(ready.contains(&format!("\"{part}\":\"ok\"")), "{ready}");
    }
    let metadata = server.get("/saml/metadata", "").unwrap();
    assert!(metadata.starts_with("HTTP/1.1 200"), "what is ready can sign: {metadata}");
    let page = server.get("/", "").unwrap();
    assert!(page.starts_with("HTTP/1.1 303"), "{page}");
    assert_eq!(server.stop(), 0);
    let log = std::fs::read_to_string(desk.path("log")).unwrap();
    for line in log.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    }
    let key = desk.path("data/keys/master.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&key).unwrap();
    assert!(!log.contains(secret.trim()));
}

#[test]
fn a_request_too_large_is_refused_at_once() {
    let desk = Desk::new();
    desk.mount("intranet");
    let server = desk.serve(&[]).ready();
    let validation = |ticket: usize| {
        format!("/cas/serviceValidate?service=https%3A%2F%2Fintranet.example%2F&ticket={}", "a".repeat(ticket))
    };
    let address = |length: usize| format!("/cas/login?service=https%3A%2F%2Fintranet.example%2F{}", "a".repeat(length));
    let parameters = format!("{}{}", address(0), "&a=1".repeat(10_000));
    let megabyte = validation(1 << 20);
    for (target, status) in [
        (validation(100), "200"),
        (validation(20_000), "413"),
        (address(20_000), "413"),
        (parameters, "413"),
        (megabyte, "431"),
    ] {
        let try_it = |_| {
            let began = Instant::now();
            // Whoever writes on while it is refused may find the connection closed before the refusal is read.
            let answer = server.get(&target, "").unwrap_or_else(|| format!("HTTP/1.1 {status} closed"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{} letters: {answer:.300}", target.len());
            began.elapsed()
        };
        let fastest = (0..5).map(try_it).min().unwrap();
        assert!(fastest < Duration::from_millis(50), "{} letters: {fastest:?}", target.len());
    }
    assert!(server.get("/healthz", "").unwrap().ends_with("alive\n"), "it goes on");
}

#[test]
fn figures_are_for_this_machine_alone() {
    let desk = Desk::new();
    let server = desk.serve(&[]).ready();
    assert!(server.get("/metrics", "").unwrap().contains("preau_services_mounted 0"));
    for header in ["X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=192.0.2.1\r\n", "Via: 1.1 proxy\r\n"] {
        assert!(server.get("/metrics", header).unwrap().starts_with("HTTP/1.1 404"), "{header}");
    }
    // A proxy on this machine that adds nothing of its own passes on the name it was asked by.
    let asked_by = |host: &str| server.get_as(host, "/metrics", "").unwrap();
    for host in ["localhost", "127.0.0.1:9464", "[::1]"] {
        assert!(asked_by(host).contains("preau_services_mounted 0"), "{host}");
    }
    for host in ["ent.example.fr", "localhost.example", "10.0.0.1", "evil@127.0.0.1", ""] {
        assert!(asked_by(host).starts_with("HTTP/1.1 40"), "{host}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = server.get(path, "").unwrap().to_lowercase();
        for header in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "no-store"] {
            assert!(answer.contains(header), "{path} {header}");
        }
    }
}

#[test]
fn a_changed_folder_is_taken_up_and_a_broken_one_changes_nothing() {
    let desk = Desk::new();
    let mut server = desk.serve(&[]).ready();
    desk.mount("intranet");
    let mounted = |count: &'static str| {
        move |server: &desk::Server| {
            server.get("/metrics", "").filter(|m| m.contains(&format!("preau_services_mounted {count}\n")))
        }
    };
    server.until("the new service", mounted("1"));
    let (code, out, _) = desk.run(&["services"]);
    assert!(code == 0 && out.contains("intranet") && out.contains("https://intranet.example/"), "{out}");

    desk.write("services/broken.toml", "connector = \"apache-cas\"\nunknown = 1\n");
    server.until("the refusal", |server| {
        server.get("/metrics", "").filter(|m| m.contains("preau_services_reloads_total{outcome=\"refused\"} 1"))
    });
    assert!(server.get("/readyz", "").unwrap().starts_with("HTTP/1.1 200"));
    assert!(mounted("1")(&server).is_some());
    let log = std::fs::read_to_string(desk.path("log")).unwrap();
    assert!(log.contains("services/broken.toml"), "{log}");
    assert_eq!(desk.run(&["services"]).0, 2);

    std::fs::remove_file(desk.path("services/broken.toml")).unwrap();
    std::fs::remove_file(desk.path("services/intranet.toml")).unwrap();
    server.until("the empty folder", mounted("0"));
    server.signal("-HUP");
    server.until("a reload on the signal", |server| {
        server.get("/metrics", "").filter(|m| m.contains("preau_services_reloads_total{outcome=\"applied\"} 3"))
    });
}

#[test]
fn a_replaced_secret_of_a_service_is_taken_up() {
    let desk = Desk::new();
    let mut server = desk.serve(&[]).ready();
    // In place whole: the server may look at any moment.
    let put = |file: &str, text: &str| {
        desk.write(".draft", text);
        std::fs::rename(desk.path(".draft"), desk.path(file)).unwrap();
    };
    put("services/app.secret", "a-secret-of-the-tests-0123456789abcdef\n");
    put(
        "services/app.toml",
        "connector = \"oidc-application\"\n[parameters]\nurl = \"https://app.example\"\n[oidc]\nclient_secret_file = \"app.secret\"\n",
    );
    let reloads = |outcome: &'static str, count: u32| {
        let line = format!("preau_services_reloads_total{{outcome=\"{outcome}\"}} {count}\n");
        move |server: &desk::Server| server.get("/metrics", "").filter(|m| m.contains(&line))
    };
    server.until("the service", reloads("applied", 1));
    put("services/app.secret", "another-one-of-the-tests-0123456789abcdef\na-secret-of-the-tests-0123456789abcdef\n");
    server.until("its new secret", reloads("applied", 2));
    put("services/app.secret", "too short\n");
    server.until("a refusal", reloads("refused", 1));
}

#[test]
fn a_server_that_starts_with_a_broken_folder_says_so_until_it_is_repaired() {
    let desk = Desk::new();
    desk.write("services/broken.toml", "connector = ");
    let mut server = desk.serve(&[]);
    let answer = server.until("an answer", |server| server.get("/readyz", ""));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"services\":\"failed\""), "{answer}");
    std::fs::remove_file(desk.path("services/broken.toml")).unwrap();
    server.ready();
}

#[test]
fn a_published_key_serves_a_demonstration_only() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("data/keys")).unwrap();
    let key = desk.path("data/keys/master.key");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../certs/dev-master.key"), &key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    for folder in ["data", "data/keys"] {
        std::fs::set_permissions(desk.path(folder), std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let (code, _, err) = desk.run(&["serve"]);
    assert!(code == 1 && err.contains("development key"), "{code} {err}");
    assert_eq!(desk.serve(&["--demo"]).ready().stop(), 0);

    // A secret in a file is looked at in the same way, whatever it is for.
    std::fs::rename(&key, desk.path("secret")).unwrap();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write(
        "preau.toml",
        &format!(
            "{config}[sources.annuaire]\nkind = \"ldap\"\nurl = \"ldap://127.0.0.1:1\"\nbind_dn = \"cn=a\"\npassword_file = \"secret\"\n\
             people = \"ou=p\"\nstructures = \"ou=s\"\nacademy = \"A\"\n"
        ),
    );
    let (code, _, err) = desk.run(&["serve"]);
    assert!(code == 2 && err.contains("sources.annuaire.password_file") && err.contains("published"), "{code} {err}");
}

#[test]
fn a_doctor_names_what_is_ill_and_what_to_do() {
    let desk = Desk::new();
    let (code, out, _) = desk.run(&["doctor", "--json"]);
    assert_eq!(code, 0, "{out}");
    let checks: serde_json::Value = serde_json::from_str(&out).unwrap();
    let looked: Vec<&str> = checks.as_array().unwrap().iter().filter_map(|check| check["what"].as_str()).collect();
    for what in ["configuration", "database", "keys", "clock", "sources", "services"] {
        assert!(looked.contains(&what), "{what} in {looked:?}");
    }
    assert!(!desk.path("data/keys").exists(), "a doctor makes no key");
    for check in checks.as_array().unwrap() {
        assert!(check["state"] == "ok" || check["advice"].is_string(), "{check}");
    }
    std::fs::remove_dir(desk.path("services")).unwrap();
    let (code, out, _) = desk.run(&["doctor"]);
    assert!(code == 1 && out.contains("FAIL  services"), "{out}");
    desk.write("preau.toml", "wrong = 1");
    assert_eq!(desk.run(&["doctor"]).0, 2);
}

#[test]
fn one_broken_file_takes_its_own_service_away_at_start_and_nothing_while_running() {
    let desk = Desk::new();
    desk.mount("intranet");
    desk.write("services/broken.toml", "connector = \"apache-cas\"\nunknown = 1\n");
    let mut server = desk.serve(&[]).ready();
    let ready = server.get("/readyz", "").unwrap();
    assert!(ready.contains("\"services\":\"degraded\""), "{ready}");
    assert!(server.get("/metrics", "").unwrap().contains("preau_services_mounted 1\n"));
    let log = std::fs::read_to_string(desk.path("log")).unwrap();
    assert!(log.lines().any(|line| line.contains("ERROR") && line.contains("services/broken.toml:2 unknown")), "{log}");
    // While it runs a set is taken whole or not at all: what is mounted stays.
    std::fs::remove_file(desk.path("services/intranet.toml")).unwrap();
    server.until("the refusal", |server| {
        server.get("/metrics", "").filter(|m| m.contains("preau_services_reloads_total{outcome=\"refused\"} 1"))
    });
    assert!(server.get("/metrics", "").unwrap().contains("preau_services_mounted 1\n"));
    desk.mount("intranet");
    std::fs::remove_file(desk.path("services/broken.toml")).unwrap();
    server.until("a whole set", |server| server.get("/readyz", "").filter(|r| r.contains("\"services\":\"ok\"")));
}

#[test]
fn a_changed_product_of_the_site_is_taken_up() {
    let desk = Desk::new();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write("preau.toml", &format!("{config}[services]\ncatalogue = \"products\"\n"));
    std::fs::create_dir_all(desk.path("products/ours")).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors/services/apache-cas");
    std::fs::copy(shipped.join("icon.svg"), desk.path("products/ours/icon.svg")).unwrap();
    desk.write("products/ours/service.toml", "title = ");
    desk.write("services/ours.toml", "connector = \"ours\"\n[parameters]\nurl = \"https://ours.example\"\n");
    desk.mount("intranet");
    let mut server = desk.serve(&[]).ready();
    assert!(server.get("/metrics", "").unwrap().contains("preau_services_mounted 1\n"));
    std::fs::copy(shipped.join("service.toml"), desk.path("products/.draft")).unwrap();
    std::fs::rename(desk.path("products/.draft"), desk.path("products/ours/service.toml")).unwrap();
    server
        .until("the product", |server| server.get("/metrics", "").filter(|m| m.contains("preau_services_mounted 2\n")));
}

#[test]
fn plain_http_is_refused_without_the_word_that_this_is_a_demonstration() {
    let desk = Desk::new();
    desk.write(
        "preau.toml",
        &format!("[server]\nlisten = \"{0}\"\n[web]\npublic_url = \"http://{0}\"\n", desk.address),
    );
    for command in [&["config", "check"][..], &["serve"]] {
        let (code, _, err) = desk.run(command);
        assert!(code == 2 && err.contains("web.public_url") && err.contains("--demo"), "{command:?} {code} {err}");
    }
    let (code, out, _) = desk.run(&["doctor"]);
    assert!(code == 2 && out.contains("--demo"), "{code} {out}");
    // Looking endangers nobody: only serving asks for the word.
    for command in [&["config", "check", "--demo"][..], &["services"], &["doctor", "--demo"]] {
        let (code, out, err) = desk.run(command);
        assert_eq!(code, 0, "{command:?} {out} {err}");
    }
    assert_eq!(desk.serve(&["--demo"]).ready().stop(), 0);
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let desk = Desk::new();
    for command in [&["config", "example"][..], &["config", "schema"], &["doctor"], &["services"]] {
        // The reader is gone before the first word.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk.command(command).stdout(writer).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.is_empty(), "{command:?}: {:?} {said}", output.status);
    }
}

#[test]
fn a_server_whose_disk_failed_is_not_ready_and_ends_so_that_it_is_started_again() {
    let desk = Desk::new();
    let mut server = desk.serve_on_a_disk_that_may_fail().ready();
    server.take_its_disk_away();
    // A refused request stands in the journal: the first thing to be written.
    server.get("/cas/login?service=https%3A%2F%2Fstranger.example%2F", "").unwrap();
    server.until("unreadiness", |server| {
        server.get("/readyz", "").filter(|r| r.starts_with("HTTP/1.1 503") && r.contains("\"storage\":\"failed\""))
    });
    assert_eq!(server.end(), 1);
    assert_eq!(desk.serve(&[]).ready().stop(), 0, "started again, it serves");
}
