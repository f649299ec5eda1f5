//! A server killed between the end of a session and the moment its services hear of it: they hear of it from the next
//! one. The server is the program itself; the service hangs until the server is gone.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use preau_domain::{Factor, FactorId, FactorKind, Instant, PersonId};
use preau_rig::Preau;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

const PASSWORD: &str = "un préau couvert de tuiles";

/// A browser of one person.
struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Where an answer leads, and what it says.
    async fn ask(&mut self, target: &str, fields: &[(&str, &str)]) -> (Option<String>, String) {
        let url = format!("{}{}", self.base, target.strip_prefix(&self.base).unwrap_or(target));
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if fields.is_empty() {
            self.http.get(url)
        } else {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body)
        };
        let response = request.header(COOKIE, pairs.join("; ")).send().await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let to = response.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (to, response.text().await.unwrap())
    }

    /// Signs in on the way to a service; gives the ticket it arrives with.
    async fn arrive(&mut self, service: &str) -> String {
        let (arrived, page) = self.set_out(service).await;
        arrived.unwrap_or_else(|| panic!("{page}")).split_once("ticket=").unwrap().1.to_owned()
    }

    /// Types a password on the way to a service: where that leads, and what it says.
    async fn set_out(&mut self, service: &str) -> (Option<String>, String) {
        let (step, _) = self.ask(&format!("/cas/login?service={service}"), &[]).await;
        let step = step.unwrap();
        let token = token(&self.ask(&format!("{step}?public=guest"), &[]).await.1);
        let typed = [("token", token.as_str()), ("public", "guest"), ("login", "camille"), ("password", PASSWORD)];
        self.ask(&format!("{step}/password"), &typed).await
    }
}

/// The token of the form of a page.
fn token(page: &str) -> String {
    let field = page.split("name=\"token\"").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
    field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Reads one request; gives its body.
fn body(stream: &TcpStream) -> Option<String> {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':').map(|(n, v)| (n, v.trim())) {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// A service that hangs at what it is told for as long as that says so, of so many that hang already.
fn service(hangs: impl Fn(usize) -> bool + Send + 'static) -> (String, mpsc::Receiver<String>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://127.0.0.1:{}", socket.local_addr().unwrap().port());
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in socket.incoming().flatten() {
            let Some(said) = body(&stream) else { continue };
            if hangs(held.len()) {
                held.push(stream);
            } else {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            }
            if told.send(said).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

fn furnish(folder: &Path, port: u16, service: &str) {
    let place = folder.display();
    std::fs::create_dir(folder.join("services")).unwrap();
    let text = format!(
        "connector = \"apache-cas\"\nnetwork = \"private\"\n[parameters]\nurl = \"{service}\"\n\
         [[audience.allow]]\nprofiles = [\"Invite\"]\n"
    );
    std::fs::write(folder.join("services/intranet.toml"), text).unwrap();
    std::fs::write(folder.join("password"), PASSWORD).unwrap();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[storage]\nurl = \"sqlite://{place}/preau.db\"\n\
         [keys]\ndir = \"{place}/keys\"\n[services]\ninstances = \"{place}/services\"\n[log]\nlevel = \"info\"\n\
         [web]\npublic_url = \"http://localhost:{port}\"\n"
    );
    std::fs::write(folder.join("preau.toml"), text).unwrap();
}

/// The place the account belongs to.
async fn place(folder: &Path) {
    let store = preau_store_sql::open(&format!("sqlite://{}/preau.db", folder.display())).await.unwrap();
    let school = preau_domain::Establishment {
        uai: "0990001N".parse().unwrap(),
        join: preau_domain::JoinKey { source: preau_domain::SourceId::new("annuaire"), key: "1".into() },
        kind: preau_domain::EstablishmentKind::College,
        name: "Collège des Lilas".into(),
        city: None,
        sector: None,
        groups: Vec::new(),
    };
    store.put_establishments(None, &[school]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_did_not_tell_is_told_by_the_next() {
    preau_keys::install_provider();
    let (folder, port) = (tempfile::tempdir().unwrap(), preau_rig::free_port().unwrap());
    let (address, heard) = service(|held| held == 0);
    furnish(folder.path(), port, &address);
    place(folder.path()).await;
    let preau = Preau::new(&folder.path().join("preau.toml")).unwrap();
    let file = folder.path().join("password").display().to_string();
    let add = ["--login", "camille", "--given-name", "C", "--family-name", "I", "--establishment", "0990001N"];
    preau.run(&[&["account", "add"], &add[..], &["--password-file", &file]].concat(), "").unwrap();
    let serve = || preau.serve(&["--demo"], port, true, &folder.path().join("log")).unwrap();

    let mut server = serve();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut browser = Browser { http, base: format!("http://localhost:{port}"), cookies: BTreeMap::new() };
    let ticket = browser.arrive(&format!("{}%2F", address.replace("://", "%3A%2F%2F"))).await;
    let (to, goodbye) = browser.ask("/cas/logout", &[]).await;
    let (_, goodbye) = match to {
        Some(to) => browser.ask(&to, &[]).await,
        None => (None, goodbye),
    };
    assert!(goodbye.contains("<h1"), "{goodbye}");
    assert!(heard.recv_timeout(Duration::from_secs(20)).unwrap().contains(&ticket), "it is under way");
    server.kill();

    let _server = serve();
    assert!(heard.recv_timeout(Duration::from_secs(40)).unwrap().contains(&ticket));

    // A command that ends sessions has the server tell of it.
    let ticket = browser.arrive(&format!("{}%2F", address.replace("://", "%3A%2F%2F"))).await;
    preau.run(&["account", "password", "--login", "camille", "--password-file", &file], "").unwrap();
    assert!(heard.recv_timeout(Duration::from_secs(20)).unwrap().contains(&ticket));
}

/// A population in which one guest has a passkey and a device that is remembered, and somebody else is there.
async fn populate(folder: &Path, preau: &Preau) -> PersonId {
    place(folder).await;
    let file = folder.join("password").display().to_string();
    for (login, profile) in [("camille", "Invite"), ("dominique", "National_ENS")] {
        let add = ["account", "add", "--login", login, "--given-name", "C", "--family-name", "I", "--profile", profile];
        preau.run(&[&add[..], &["--establishment", "0990001N", "--password-file", &file]].concat(), "").unwrap();
    }
    let store = preau_store_sql::open(&format!("sqlite://{}/preau.db", folder.display())).await.unwrap();
    let camille = store.people_by_login("camille", 2).await.unwrap().remove(0).id;
    for kind in [FactorKind::Passkey, FactorKind::RememberedDevice] {
        let (id, person, name) = (FactorId::new(kind.as_str()), camille.clone(), String::new());
        let (doc, added) = (i64::MAX.to_string(), Instant(1));
        store.add_factor(&Factor { id, person, kind, name, doc, counter: 0, added, used: None }).await.unwrap();
    }
    camille
}

/// The factors that somebody has.
async fn factors(folder: &Path, person: &PersonId) -> Vec<FactorKind> {
    let store = preau_store_sql::open(&format!("sqlite://{}/preau.db", folder.display())).await.unwrap();
    store.factors_of(person).await.unwrap().into_iter().map(|factor| factor.kind).collect()
}

/// What a command that writes JSON says, whether it succeeds or not.
fn report(preau: &Preau, config: &Path, words: &[&str]) -> serde_json::Value {
    let mut command = Command::new(preau.program());
    let said = command.arg("--demo").arg("--config").arg(config).args(words).output().unwrap();
    serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_population_is_out_of_every_service_and_that_is_shown() {
    preau_keys::install_provider();
    let (folder, port) = (tempfile::tempdir().unwrap(), preau_rig::free_port().unwrap());
    let busy = Arc::new(AtomicBool::new(true));
    let hangs = Arc::clone(&busy);
    let (address, heard) = service(move |_| hangs.load(Ordering::SeqCst));
    furnish(folder.path(), port, &address);
    let config = folder.path().join("preau.toml");
    let preau = Preau::new(&config).unwrap();
    let camille = populate(folder.path(), &preau).await;
    let _server = preau.serve(&["--demo"], port, true, &folder.path().join("log")).unwrap();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut browser = Browser { http, base: format!("http://localhost:{port}"), cookies: BTreeMap::new() };
    let there = format!("{}%2F", address.replace("://", "%3A%2F%2F"));
    let ticket = browser.arrive(&there).await;

    let freeze = |name: &str, wait: &str| {
        let who =
            ["account", "freeze", "--population", "profile=Invite", "--why", "stolen passwords", "--keep-factors"];
        report(&preau, &config, &[&who[..], &["--name", name, "--wait", wait, "--json"]].concat())
    };
    // Nobody says that it is done while the service hangs, however often it is run, and whoever ended the session.
    for (wait, sessions) in [("1", 1), ("0", 0)] {
        let hasty = freeze("vol", wait);
        assert_eq!((&hasty["done"], &hasty["sessions"]), (&false.into(), &sessions.into()), "{hasty}");
        assert_eq!((&hasty["waiting"], &hasty["services"]), (&json!(["intranet"]), &json!(["intranet"])), "{hasty}");
    }
    busy.store(false, Ordering::SeqCst);
    let last = freeze("vol", "90");
    let heard: Vec<String> = heard.try_iter().collect();
    assert!(heard.iter().filter(|said| said.contains(&ticket)).count() >= 2, "told until it heard: {heard:?}");
    assert_eq!((&last["done"], &last["people"], &last["open"]), (&true.into(), &1.into(), &0.into()), "{last}");
    let (to, page) = browser.set_out(&there).await;
    assert_eq!(to, None, "nobody comes in: {page}");
    let kinds = factors(folder.path(), &camille).await;
    assert_eq!(kinds, [FactorKind::Passkey], "a device that is remembered is no factor to keep");

    // Whom two freezes name is let in by both.
    assert_eq!(freeze("encore", "9")["stopped_before"], 1);
    let thaw = |name: &str| preau.run(&["account", "thaw", "--name", name, "--population", "profile=Invite"], "");
    let may = |yes: &str| {
        let shown = preau.run(&["account", "show", "camille"], "").unwrap();
        assert!(String::from_utf8_lossy(&shown.stdout).contains(&format!("may sign in     {yes}")), "{shown:?}");
    };
    assert!(thaw("other").is_err(), "of another freeze");
    thaw("vol").unwrap();
    may("no");
    thaw("encore").unwrap();
    may("yes");
    // What failed was counted on the device that is known: another browser does not wait for it.
    let mut other = Browser { cookies: BTreeMap::new(), http: browser.http.clone(), base: browser.base.clone() };
    assert_eq!(other.set_out(&there).await.0, None, "the old password is dead");
}
