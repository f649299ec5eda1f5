//! A hub for one story, over a database of its own.

use crate::app::CasApp;
use crate::browser::Browser;
use crate::cast::{self, ANNUAIRE};
use crate::clock::{ManualClock, SeededIds};
use crate::database::Database;
use crate::directory::Directory;
use crate::faulty::{Faults, FaultyStore};
use crate::keys::hashed;
use crate::listener::Listener;
use crate::log::{Log, Secrets};
use crate::page::Answer;
use crate::recorder::Recorder;
use axum::Router;
use axum::body::Body;
use bytes::BytesMut;
use futures::StreamExt;
use http::Request;

use preau_connector_api::{MountedService, Network, Post, Turns};
use preau_domain::{AuditEvent, CorrelationId, Person, Profile, SourceId};
use preau_egress::Egress;
use preau_keys::strength::Breached;
use preau_keys::{ClientAuthorities, Keyring, Passwords, Sealer, Signers};
use preau_saml::metadata::{Peer, Peers};
use preau_store::{PersonChange, Store, Told};
use preau_store_sql::Options;
use preau_web::{Hub, HubParts, ServiceTable, SignInSource, WebConfig};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;

/// Our own address in every story.
pub const BASE: &str = "https://ent.example";
/// Our own host in every story.
pub const HOST: &str = "ent.example";

/// What a story may change before the hub is put together.
#[derive(Clone)]
pub struct Setup {
    /// Settings.
    pub config: WebConfig,
    /// Services.
    pub services: Vec<MountedService>,
    /// Sign-ins under way that there is room for, if it is not what there is for them in earnest.
    pub sign_ins: Option<u32>,
    /// Documents of one kind that there is room for of one service, likewise.
    pub kept_of_one: Option<u32>,
    /// Passwords checked at once, and how many may wait.
    pub password_pool: (usize, usize),
    /// Signatures made at once for those who have not signed in, and how many may wait.
    pub turns: (usize, usize),
    /// Sources besides the directory.
    pub sources: Vec<(SourceId, SignInSource)>,
    /// PEM files of certificate authorities that are believed besides those of the system.
    pub authorities: Vec<PathBuf>,
    /// Those that issue certificates to services.
    pub client_authorities: ClientAuthorities,
    /// What the house would synchronise with.
    pub synchronised: Arc<Recorder>,
    /// The way for letters.
    pub mail: Option<Arc<dyn Post>>,
}

impl Default for Setup {
    fn default() -> Self {
        let config = WebConfig { public_url: BASE.to_owned(), ..WebConfig::default() };
        Setup {
            config,
            services: cast::services(),
            sign_ins: None,
            kept_of_one: None,
            password_pool: (2, 64),
            turns: (1, 64),
            sources: Vec::new(),
            authorities: Vec::new(),
            client_authorities: ClientAuthorities::default(),
            synchronised: Arc::default(),
            mail: None,
        }
    }
}

/// The hub, its database and everything around it. Clones are the same hub.
#[derive(Clone)]
pub struct TestHub {
    /// The hub itself.
    pub hub: Arc<Hub>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// The directory people of every story but guests come from.
    pub directory: Arc<Directory>,
    /// Makes the store fail.
    pub faults: Arc<Faults>,
    /// Its log so far.
    pub log: Log,
    /// What must not stand in it.
    pub secrets: Secrets,
    /// Every service asks for its answers in a form that the browser posts, and none may stand in an address.
    pub by_form: bool,
    database: Database,
    store: Arc<dyn Store>,
    ids: Arc<SeededIds>,
    services: Arc<Mutex<Vec<MountedService>>>,
    setup: Arc<Setup>,
    peers: Arc<Peers>,
    router: Router,
    _telling: Arc<Telling>,
    _end: Arc<End>,
}

/// What a server does beside its answers: it tells services of ends of sessions, and sends letters. It stops with its hub.
struct Telling(tokio::task::JoinHandle<()>);

impl Telling {
    fn start(hub: &Arc<Hub>) -> Arc<Telling> {
        let hub = Arc::clone(hub);
        Arc::new(Telling(tokio::spawn(async move {
            tokio::join!(hub.tell_services(), hub.send_letters(std::future::pending()));
        })))
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What happens when the last of a story's hubs goes.
struct End {
    log: Log,
    secrets: Secrets,
    _guard: DefaultGuard,
}

impl Drop for End {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            no_secret(&self.log, &self.secrets);
        }
    }
}

fn no_secret(log: &Log, secrets: &Secrets) {
    for line in log.lines() {
        let found = secrets.found_in(&line);
        assert!(found.is_empty(), "the log holds {found:?}: {line}");
    }
}

impl TestHub {
    /// A hub with the usual people, places and services.
    pub async fn new(database: Database) -> TestHub {
        TestHub::with(database, Setup::default()).await
    }

    /// A hub with some things changed.
    pub async fn with(database: Database, setup: Setup) -> TestHub {
        let (log, guard) = Log::start();
        let secrets = Secrets::default();
        let end = Arc::new(End { log: log.clone(), secrets: secrets.clone(), _guard: guard });
        let directory = Arc::new(Directory::new());
        let (clock, ids) = (Arc::new(ManualClock::new()), Arc::new(SeededIds::new(7)));
        let services = Arc::new(Mutex::new(setup.services.clone()));
        let (faults, setup) = (Arc::new(Faults::default()), Arc::new(setup));
        let (store, peers) = (database.open().await, Arc::new(Peers::default()));
        let hub = assemble(&setup, store.clone(), &faults, &clock, &ids, &directory, &peers);
        let router = preau_web::router(hub.clone());
        let (_telling, _end) = (Telling::start(&hub), end);
        let hub = TestHub {
            by_form: false,
            hub,
            clock,
            directory,
            faults,
            log,
            secrets,
            database,
            store,
            ids,
            services,
            setup,
            peers,
            router,
            _telling,
            _end,
        };
        hub.fill().await;
        hub
    }

    /// The people and places of every story.
    async fn fill(&self) {
        self.hub.set_words(cast::words());
        self.hub.store.put_establishments(None, &cast::establishments()).await.expect("the places are kept");
        for role in [&cast::ALICE, &cast::NOE, &cast::INES, &cast::HUGO] {
            self.directory.add(role.login, role.password, &role.key());
            self.put(role.person()).await;
        }
        let guest = &cast::GAELLE;
        let hash = hashed(&self.hub.passwords, guest.password).await;
        self.secrets.saw("password hash", &hash);
        self.hub.store.add_local_person(&guest.person(), &hash).await.expect("the guest is kept");
    }

    /// Writes people of the directory, as a synchronisation would.
    pub async fn put_all(&self, people: Vec<Person>) {
        let change = |person: Person| PersonChange { person, digest: "0".repeat(32), told: Told::default() };
        let changes: Vec<PersonChange> = people.into_iter().map(change).collect();
        for part in changes.chunks(1000) {
            self.hub.store.put_people(None, part).await.expect("the people are kept");
        }
    }

    /// Writes one person of the directory, as a synchronisation would.
    pub async fn put(&self, person: Person) {
        self.put_all(vec![person]).await;
    }

    /// This hub after a restart: another process over the same database, with nothing of the first one's memory.
    pub async fn again(&self) -> TestHub {
        self.again_with(|_| {}).await
    }

    /// The same with some settings changed.
    pub async fn again_with(&self, change: impl FnOnce(&mut Setup)) -> TestHub {
        let setup = self.changed(change);
        let options = Options::default();
        let sign_ins = setup.sign_ins.unwrap_or(options.sign_ins);
        let kept_of_one = setup.kept_of_one.unwrap_or(options.kept_of_one);
        let store = self.database.open_with(Options { sign_ins, kept_of_one, ..options }).await;
        self.beside(store, setup)
    }

    /// This hub after a restart with room for so many sign-ins under way.
    pub async fn again_with_room_for(&self, sign_ins: u32) -> TestHub {
        self.again_with(|setup| setup.sign_ins = Some(sign_ins)).await
    }

    /// Another node. Only nodes on PostgreSQL are processes of their own, with their own connections; a SQLite file
    /// belongs to one server, so the second hub shares the open database of the first, and nothing else of it.
    pub async fn node(&self) -> TestHub {
        let store = if self.database.is_shared() { self.database.open().await } else { self.store.clone() };
        self.beside(store, self.changed(|_| {}))
    }

    /// What this hub was put together from, with the services it has now, changed.
    fn changed(&self, change: impl FnOnce(&mut Setup)) -> Setup {
        let services = self.services.lock().map(|services| services.clone()).unwrap_or_default();
        let mut setup = Setup { services, ..(*self.setup).clone() };
        change(&mut setup);
        setup
    }

    fn beside(&self, store: Arc<dyn Store>, setup: Setup) -> TestHub {
        let hub = assemble(&setup, store.clone(), &self.faults, &self.clock, &self.ids, &self.directory, &self.peers);
        let router = preau_web::router(hub.clone());
        let (services, _telling) = (Arc::new(Mutex::new(setup.services.clone())), Telling::start(&hub));
        TestHub { hub, store, router, services, setup: Arc::new(setup), _telling, ..self.clone() }
    }

    /// Whether several servers share the database of this story.
    pub fn is_shared(&self) -> bool {
        self.database.is_shared()
    }

    /// Puts the metadata of one more entity in force, in place of those it had.
    pub fn put_peer(&self, peer: Peer) {
        let others = self.peers.all().into_iter().filter(|other| other.entity.entity_id != peer.entity.entity_id);
        let others: Vec<Peer> = others.map(|other| Peer::clone(&other)).collect();
        self.peers.set(others.into_iter().chain([peer]));
    }

    /// Changes the metadata of an entity that are in force.
    pub fn change_peer(&self, entity_id: &str, change: impl FnOnce(&mut Peer)) {
        let mut peer = Peer::clone(&self.peers.get(entity_id).expect("an entity of the story"));
        change(&mut peer);
        self.put_peer(peer);
    }

    /// Mounts one more service, while everything runs.
    pub fn mount(&self, service: MountedService) {
        let mut services = self.services.lock().expect("no story panics while it mounts a service");
        services.retain(|other| other.service.id != service.service.id);
        services.push(service);
        self.hub.set_services(ServiceTable::new(services.clone()).expect("the services of a story fit together"));
    }

    /// Changes a service that is mounted.
    pub fn amend(&self, id: &str, change: impl FnOnce(&mut MountedService)) {
        let services = self.services.lock().expect("no story panics while it mounts a service").clone();
        let service = services.into_iter().find(|service| service.service.id.as_str() == id);
        let mut service = service.unwrap_or_else(|| panic!("no service {id}"));
        change(&mut service);
        self.mount(service);
    }

    /// Mounts a service that lives at a listener and hears of logouts there.
    pub fn mount_at(&self, id: &str, listener: &Listener) -> CasApp {
        let mut service = cast::app_service(id, id, &listener.url(), &Profile::ALL);
        service.network = Network::Private;
        self.mount(service);
        CasApp::new(self, &listener.url())
    }

    /// A browser nobody has used yet.
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// One of the services of every story: `app`, `other` or `legacy`.
    pub fn app(&self, id: &str) -> CasApp {
        let services = self.hub.services();
        let door = services.get(&preau_domain::ServiceId::new(id)).unwrap_or_else(|| panic!("no service {id}"));
        CasApp::new(self, door.service.home.as_str())
    }

    /// Hosts a browser of this story may be sent to.
    pub fn known_hosts(&self) -> Vec<String> {
        let services = self.hub.services();
        let origins = services.all().iter().flat_map(|door| door.origins());
        let host = |origin: String| {
            let url = url::Url::parse(&origin).expect("an origin is an address");
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
        };
        let mut hosts: Vec<String> = origins.map(host).collect();
        hosts.push(format!("{HOST}:443"));
        hosts
    }

    /// Events of the journal that carry an incident number.
    pub async fn journal(&self, incident: &str) -> Vec<AuditEvent> {
        self.hub.store.flush_audit().await.expect("the journal is kept");
        self.hub.store.audit_of(&CorrelationId::new(incident)).await.expect("the journal is read")
    }

    /// Fails when a secret stands in the log.
    pub fn assert_no_secret_in_log(&self) {
        no_secret(&self.log, &self.secrets);
    }

    /// Answers one request; what is secret in the answer is remembered.
    pub async fn answer(&self, request: Request<Body>) -> Answer {
        let url = request.uri().to_string();
        let response = self.router.clone().oneshot(request).await.expect("a router always answers");
        let (head, body) = response.into_parts();
        let mut pieces = body.into_data_stream();
        let (mut wire, mut parts) = (BytesMut::new(), Vec::new());
        while let Some(piece) = pieces.next().await {
            let piece = piece.expect("an answer has an end");
            wire.extend_from_slice(&piece);
            parts.push(String::from_utf8_lossy(&piece).into_owned());
        }
        let wire = wire.freeze();
        let body = String::from_utf8_lossy(&wire).into_owned();
        let answer = Answer { url, status: head.status, headers: head.headers, body, wire, parts };
        // A form holds its token and a page that posts holds its ticket; nothing else that is secret is ever shown.
        let shown = self.secrets.found_in(&format!("{}\n{}", answer.location().unwrap_or_default(), answer.body));
        assert!(
            !shown.iter().any(|what| what.contains("password") || *what == "cookie"),
            "{} shows {shown:?}",
            answer.url
        );
        self.remember(&answer);
        answer
    }

    fn remember(&self, answer: &Answer) {
        let location = answer.location().unwrap_or_default();
        for text in [location, &answer.body] {
            for kind in ["ST-", "PT-", "PGT-", "PGTIOU-"] {
                for (at, _) in text.match_indices(kind) {
                    let end = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.');
                    let ticket = text[at..].split(end).next().unwrap_or_default();
                    self.secrets.saw("ticket", ticket);
                }
            }
        }
        if answer.is_html() {
            for token in answer.forms().iter().filter_map(|form| form.value("token")) {
                self.secrets.saw("form token", token);
            }
        }
    }
}

fn assemble(
    setup: &Setup,
    store: Arc<dyn Store>,
    faults: &Arc<Faults>,
    clock: &Arc<ManualClock>,
    ids: &Arc<SeededIds>,
    directory: &Arc<Directory>,
    peers: &Arc<Peers>,
) -> Arc<Hub> {
    let source = SignInSource { password: Some(directory.clone()), redirect: None, probe: directory.clone() };
    preau_keys::install_provider();
    let tls = preau_keys::client_config(&setup.authorities).expect("the system has its authorities");
    let keyring = Keyring::ephemeral(b"stories");
    let parts = HubParts {
        store: Arc::new(FaultyStore::new(store, faults.clone())),
        clock: clock.clone(),
        ids: ids.clone(),
        signers: Arc::new(Signers::new(Sealer::new(&keyring))),
        keyring,
        passwords: Passwords::new(setup.password_pool.0, setup.password_pool.1),
        turns: Turns::new(setup.turns.0, setup.turns.1),
        config: setup.config.clone(),
        sources: setup.sources.iter().cloned().chain([(SourceId::new(ANNUAIRE), source)]).collect(),
        egress: Egress::new(tls).expect("a client can be made"),
        mounting: Arc::new(preau_connectors::catalogue().clone()),
        client_authorities: setup.client_authorities.clone(),
        breached: Breached::default(),
        mail: setup.mail.clone(),
    };
    let services = ServiceTable::new(setup.services.clone()).expect("the services of a story fit together");
    let hub = Hub::new(parts, services).with_synchronisations(setup.synchronised.clone());
    Arc::new(hub.with_protocols(preau_protocols::protocols(Arc::clone(peers))))
}
