//! A server killed at any moment while people sign in: whatever a browser or a service was told stays true when it is
//! started again. A session whose cookie arrived opens the portal, a session whose end was answered stays ended, and no
//! ticket is worth anything twice.
//!
//! The server is the program itself, over a database file or over PostgreSQL; several of each are killed side by side, two
//! hundred times in all. The moments are drawn from a seed: each is a number of answers that the clients received, and what
//! the others were waiting for then is cut wherever it stood.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use preau_domain::{
    AccountState, Affiliation, Credentials, Establishment, EstablishmentKind, JoinKey, Person, PersonId, Profile,
    SourceId,
};
use preau_rig::{Preau, Process};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Servers over each database, and how often each of them is killed.
const SQLITE: (u64, u64) = (3, 40);
const POSTGRES: (u64, u64) = (2, 40);
const CLIENTS: usize = 3;
/// Most answers between two kills.
const MOMENTS: u64 = 45;
/// One for each sign-in: an attempt that is cut stays counted, and the next one of its account would have to wait.
const ACCOUNTS: usize = 500;
const PASSWORD: &str = "un préau couvert de tuiles";
const SERVICE: &str = "https%3A%2F%2Fintranet.example%2F";

/// What was told to browsers and services.
#[derive(Default)]
struct Told {
    /// Cookies of sessions, save those whose end was asked for.
    sessions: Vec<String>,
    /// Cookies of sessions whose end was answered.
    ended: Vec<String>,
    /// Every ticket.
    tickets: Vec<String>,
    /// Tickets for which a service was told a person.
    redeemed: Vec<String>,
}

/// A browser, and the service it goes to. What a request gives is `None` when the server is gone.
struct Client {
    http: reqwest::Client,
    base: String,
    cookies: BTreeMap<String, String>,
    told: Told,
    answered: mpsc::UnboundedSender<()>,
}

struct Answer {
    status: u16,
    location: Option<String>,
    /// Seconds to wait, where it says so.
    wait: Option<u32>,
    body: String,
}

impl Client {
    fn new(base: &str, answered: mpsc::UnboundedSender<()>) -> Client {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Client { http, base: base.to_owned(), cookies: BTreeMap::new(), told: Told::default(), answered }
    }

    async fn ask(&mut self, method: Method, target: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        let path = target.strip_prefix(&self.base).unwrap_or(target);
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if !fields.is_empty() {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.ok()?;
        // Counted and believed from its headers on, whether or not its body arrives.
        let _nobody_counts = self.answered.send(());
        for line in response.headers().get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if name == "preau" && !value.is_empty() {
                self.told.sessions.push(value.to_owned());
            }
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let wait = response.headers().get(RETRY_AFTER).map(|seconds| seconds.to_str().unwrap().parse().unwrap());
        if let Some((_, ticket)) = location.as_deref().and_then(|to| to.split_once("ticket=")) {
            self.told.tickets.push(ticket.to_owned());
        }
        Some(Answer { status, location, wait, body: response.text().await.ok()? })
    }

    async fn get(&mut self, target: &str) -> Option<Answer> {
        self.ask(Method::GET, target, &[]).await
    }

    /// Whether the service is told a person for that ticket.
    async fn redeems(&mut self, ticket: &str) -> Option<bool> {
        let answer = self.get(&format!("/cas/serviceValidate?service={SERVICE}&ticket={ticket}")).await?;
        let (yes, no) = (answer.body.contains("<cas:user>"), answer.body.contains("\"INVALID_TICKET\""));
        assert!(answer.status == 200 && yes != no, "{}: {}", answer.status, answer.body);
        Some(yes)
    }

    /// Whether the cookie of a session opens the portal.
    async fn opens(&mut self, secret: &str) -> bool {
        self.cookies = BTreeMap::from([("preau".to_owned(), secret.to_owned())]);
        let answer = self.get("/").await.unwrap();
        assert!(matches!(answer.status, 200 | 302 | 303), "{}: {}", answer.status, answer.body);
        answer.status == 200
    }

    /// Types a password for an account, and nothing more.
    async fn tries(&mut self, number: usize, password: &str) -> Answer {
        let step = self.get("/").await.unwrap().location.expect("a sign-in begins");
        let (token, login) = (token(&self.get(&format!("{step}?public=guest")).await.unwrap().body), login(number));
        let typed = [("token", token.as_str()), ("public", "guest"), ("login", &login), ("password", password)];
        self.ask(Method::POST, &format!("{step}/password"), &typed).await.unwrap()
    }

    /// Signs in on the way to the service, which is told who comes; then takes a second ticket, and sometimes leaves.
    async fn visit(&mut self, number: usize) -> Option<()> {
        self.cookies.clear();
        let door = format!("/cas/login?service={SERVICE}");
        let step = self.get(&door).await?.location.expect("a sign-in begins");
        self.get(&step).await?;
        let (token, login) = (token(&self.get(&format!("{step}?public=guest")).await?.body), login(number));
        let typed = [("token", token.as_str()), ("public", "guest"), ("login", &login), ("password", PASSWORD)];
        let entered = self.ask(Method::POST, &format!("{step}/password"), &typed).await?;
        assert_eq!(entered.status, 303, "{}", entered.body);
        let ticket = self.told.tickets.last().expect("the way leads to the service").clone();
        assert!(self.redeems(&ticket).await?, "the first time, a ticket is worth its person");
        self.told.redeemed.push(ticket);
        self.get(&door).await?;
        if number.is_multiple_of(3) {
            let secret = self.told.sessions.pop().expect("a session began");
            let goodbye = self.get("/cas/logout").await?;
            assert!(
                goodbye.status == 303 && goodbye.location.is_some_and(|to| to.starts_with("/signed-out?")),
                "{}",
                goodbye.body
            );
            self.told.ended.push(secret);
        }
        Some(())
    }
}

/// The token of the form of a page.
fn token(page: &str) -> String {
    let field = page.split("name=\"token\"").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
    field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn login(number: usize) -> String {
    format!("invitee.{number}")
}

/// A server that can be killed, and everything it stands on.
struct House {
    folder: tempfile::TempDir,
    port: u16,
    base: String,
    preau: Preau,
}

impl House {
    /// A configuration, a service, and accounts of guests that share one password; the database is a file unless one is named.
    async fn new(database: Option<String>) -> House {
        preau_keys::install_provider();
        let folder = tempfile::tempdir().unwrap();
        let port = preau_rig::free_port().unwrap();
        let place = folder.path().display();
        let database = database.unwrap_or_else(|| format!("sqlite://{place}/preau.db"));
        std::fs::create_dir(folder.path().join("services")).unwrap();
        // One that hears of no end: a sign-out waits for nobody.
        let text = "connector = \"glpi\"\n[parameters]\nurl = \"https://intranet.example\"\n\
                    [[audience.allow]]\nprofiles = [\"Invite\"]\n";
        std::fs::write(folder.path().join("services/intranet.toml"), text).unwrap();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n[storage]\nurl = \"{database}\"\n\
             [keys]\ndir = \"{place}/keys\"\n[services]\ninstances = \"{place}/services\"\n[log]\nlevel = \"info\"\n\
             [web]\npublic_url = \"http://localhost:{port}\"\n"
        );
        std::fs::write(folder.path().join("preau.toml"), text).unwrap();
        furnish(&database).await;
        let preau = Preau::new(&folder.path().join("preau.toml")).unwrap();
        House { folder, port, base: format!("http://localhost:{port}"), preau }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn serve(&self) -> Process {
        self.preau.serve(&["--demo"], self.port, true, &self.log()).unwrap()
    }

    /// A client nobody waits for.
    fn client(&self) -> Client {
        Client::new(&self.base, mpsc::unbounded_channel().0)
    }
}

/// A database of its own on the server that `TEST_POSTGRES_URL` names.
fn postgres(name: &str) -> Option<String> {
    let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
        println!("TEST_POSTGRES_URL is not set: this was shown on SQLite only");
        return None;
    };
    let name = format!("killed_{name}_{}", std::process::id());
    let made =
        Command::new("psql").args(["-q", "-d", &url, "-c", &format!("CREATE DATABASE {name}")]).status().unwrap();
    assert!(made.success());
    let (server, _) = url.rsplit_once('/').unwrap();
    Some(format!("{server}/{name}"))
}

async fn furnish(database: &str) {
    let store = preau_store_sql::open(database).await.unwrap();
    let school = Establishment {
        uai: "0990001N".parse().unwrap(),
        join: JoinKey { source: SourceId::new("annuaire"), key: "1".into() },
        kind: EstablishmentKind::College,
        name: "Collège des Lilas".into(),
        city: None,
        sector: None,
        groups: Vec::new(),
    };
    store.put_establishments(None, &[school]).await.unwrap();
    let hash = preau_keys::Passwords::new(1, 4).hash(PASSWORD).await.unwrap();
    let mut writes = tokio::task::JoinSet::new();
    for number in 0..ACCOUNTS {
        let person = Person {
            id: PersonId::new(format!("pguest{number:010}")),
            join: None,
            state: AccountState::Active,
            given_name: "Camille".into(),
            family_name: format!("Invitée{number}"),
            title: None,
            login: Some(login(number)),
            mail: None,
            credentials: Credentials::Local,
            affiliations: vec![Affiliation::new("0990001N".parse().unwrap(), Profile::Guest)],
            children: Vec::new(),
        };
        let (store, hash) = (store.clone(), hash.clone());
        writes.spawn(async move { store.add_local_person(&person, &hash).await.unwrap() });
        // Enough at once to share commits, and no more than the queue of the writer takes.
        if writes.len() >= 200 {
            writes.join_next().await.unwrap().unwrap();
        }
    }
    writes.join_all().await;
}

/// Numbers that look like chance and are the same at each run.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most + 1
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_said_stays_true() {
    let (servers, kills) = SQLITE;
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..servers {
        lanes.spawn(async move { killed_again_and_again(House::new(None).await, lane, kills).await });
    }
    lanes.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_said_stays_true_on_postgresql() {
    let (servers, kills) = POSTGRES;
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..servers {
        let Some(database) = postgres(&lane.to_string()) else { break };
        lanes.spawn(async move { killed_again_and_again(House::new(Some(database)).await, lane, kills).await });
    }
    lanes.join_all().await;
}

async fn killed_again_and_again(house: House, lane: u64, kills: u64) {
    let (mut server, mut dice) = (house.serve(), Dice(20_260_914 + lane));
    let next = Arc::new(AtomicUsize::new(0));
    let (mut sessions, mut ended, mut tickets, mut redeemed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut log = String::new();
    for kill in 0..kills {
        let (answered, mut answers) = mpsc::unbounded_channel();
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..CLIENTS {
            let (mut client, next) = (Client::new(&house.base, answered.clone()), next.clone());
            crowd.spawn(async move {
                while client.visit(next.fetch_add(1, Ordering::Relaxed)).await.is_some() {}
                client.told
            });
        }
        drop(answered);
        for _ in 0..dice.up_to(MOMENTS) {
            answers.recv().await.expect("the crowd goes on");
        }
        server.kill();
        let told = crowd.join_all().await;
        log.push_str(&std::fs::read_to_string(house.log()).unwrap());
        server = house.serve();

        let (mut after, known) = (house.client(), sessions.len());
        for told in told {
            for ticket in &told.redeemed {
                assert_eq!(after.redeems(ticket).await, Some(false), "used again after kill {kill} of {lane}");
            }
            for ticket in told.tickets.iter().filter(|ticket| !told.redeemed.contains(ticket)) {
                let twice = (after.redeems(ticket).await, after.redeems(ticket).await);
                assert_eq!(twice.1, Some(false), "worth something twice after kill {kill} of {lane}");
            }
            redeemed += told.redeemed.len();
            sessions.extend(told.sessions);
            ended.extend(told.ended);
            tickets.extend(told.tickets);
        }
        // Those of this kill at once; every one so far now and then, and after the last kill.
        let all = kill % 10 == 9 || kill + 1 == kills;
        for secret in &sessions[if all { 0 } else { known }..] {
            assert!(after.opens(secret).await, "a session is lost after kill {kill} of {lane}");
        }
        for secret in &ended {
            assert!(!after.opens(secret).await, "a session came back after kill {kill} of {lane}");
        }
        assert!(!after.opens("0123456789abcdefghjkmnpqrstvwxyz").await, "the control: not every cookie opens");
    }
    let counts = (sessions.len(), ended.len(), redeemed);
    assert!(counts.0 > 20 && counts.1 > 5 && counts.2 > 20, "too little was said to be tested: {counts:?}");

    let figures = house.client().get("/metrics").await.unwrap().body;
    assert!(figures.contains("preau_requests_total"), "{figures}");
    assert!(log.contains("sign-in-succeeded"), "the control: the log tells of them: {log:.2000}");
    let people = [PASSWORD, "invitee.", "Camille", "Invitée"].map(str::to_owned);
    for secret in sessions.iter().chain(&ended).chain(&tickets).chain(&people) {
        assert!(!figures.contains(secret.as_str()) && !log.contains(secret.as_str()), "{secret} is told to operators");
    }
    server.stop();
    house.preau.run(&["audit", "verify"], "").expect("the journal is whole, however often its server was killed");
}

/// A stranger who guesses gains nothing by having the server fall.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_counted_before_a_kill_count_after_it() {
    let house = House::new(None).await;
    let mut server = house.serve();
    let fail = async |times: usize| {
        let mut failures = 0;
        while failures < times {
            let answer = house.client().tries(1, "deviné").await;
            failures += usize::from(answer.status == 422);
            assert!(matches!(answer.status, 422 | 429), "{}", answer.body);
        }
    };
    fail(2).await;
    server.kill();
    server = house.serve();
    fail(1).await;
    let next = house.client().tries(1, PASSWORD).await;
    assert_eq!((next.status, next.wait), (429, Some(3)), "as after the third failure, and not as after the first");
    assert_eq!(house.client().tries(2, PASSWORD).await.status, 303, "the control");
    server.stop();
}
