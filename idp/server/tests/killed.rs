//! A synchronisation killed by the operating system at any moment, on a real database file or on PostgreSQL, converges when it
//! is run again: the tables are those of a run that nobody killed. The moments are drawn from a seed.
//!
//! The process that is killed is this test itself, started again with a variable that names its folder.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use preau_connector_api::{Completion, Directory, EstablishmentRecord, PersonRecord, Record};
use preau_domain::{Affiliation, EstablishmentKind, JoinKey, PersonId, Profile, SourceId};
use preau_keys::SystemIds;
use preau_provision::{Options, Silent, SyncContext, Thresholds, synchronise};
use preau_server::SystemClock;
use preau_store::Store;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const FOLDER: &str = "PREAU_TEST_KILLED_FOLDER";
const DATABASE: &str = "PREAU_TEST_KILLED_DATABASE";
const AFTER: &str = "PREAU_TEST_KILLED_AFTER";
const PEOPLE: usize = 1_200;
const KILLS: u32 = 50;

/// The source before and after: a third of the people changed, some came, some left.
struct Source {
    after: bool,
}

impl Source {
    fn person(&self, n: usize) -> Record {
        let name = if self.after && n.is_multiple_of(3) { "Changé" } else { "Martin" };
        Record::Person(PersonRecord {
            key: format!("{n:06}"),
            given_name: "Alix".into(),
            family_name: name.into(),
            title: None,
            login: Some(format!("alix.{n}")),
            mail: None,
            affiliations: vec![Affiliation::new("0990001N".parse().unwrap(), Profile::Pupil)],
            children: Vec::new(),
            entry: None,
            ties: Vec::new(),
            birth: preau_connector_api::Birth::Untold,
        })
    }
}

#[async_trait]
impl Directory for Source {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        let school = Record::Establishment(EstablishmentRecord {
            key: "e1".into(),
            uai: "0990001N".parse().unwrap(),
            kind: EstablishmentKind::College,
            name: if self.after { "Collège du Bois" } else { "Collège des Lilas" }.into(),
            city: None,
            sector: None,
            groups: Vec::new(),
        });
        let people = if self.after { 40..PEOPLE + 300 } else { 0..PEOPLE };
        for record in std::iter::once(school).chain(people.map(|n| self.person(n))) {
            if out.send(record).await.is_err() {
                return Completion::Incomplete("nobody listens".into());
            }
        }
        Completion::Complete
    }

    async fn estimate(&self) -> Option<u64> {
        None
    }
}

fn source() -> SourceId {
    SourceId::new("annuaire")
}

/// Where a run works: its folder, and the address of its database.
#[derive(Clone)]
struct Place {
    folder: PathBuf,
    database: String,
}

impl Place {
    /// With a database file.
    fn sqlite(folder: PathBuf) -> Place {
        std::fs::create_dir_all(&folder).unwrap();
        let database = format!("sqlite://{}/preau.db", folder.display());
        Place { folder, database }
    }

    /// The place that the process was started for.
    fn given() -> Option<Place> {
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        Some(Place { folder, database: std::env::var(DATABASE).unwrap() })
    }

    async fn open(&self) -> Arc<dyn Store> {
        preau_store_sql::open(&self.database).await.unwrap()
    }

    /// This test itself, as a process that does one run here.
    fn child(&self, after: bool) -> std::process::Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        if after {
            command.env(AFTER, "yes");
        }
        command
            .args(["--exact", "one_run"])
            .env(FOLDER, &self.folder)
            .env(DATABASE, &self.database)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

async fn run(place: &Place, after: bool) {
    let ctx = SyncContext {
        store: place.open().await,
        clock: Arc::new(SystemClock::new()),
        ids: Arc::new(SystemIds),
        spool_dir: place.folder.join("sync"),
    };
    let options = Options { thresholds: Thresholds::accepting(1_000), ..Options::default() };
    synchronise(&ctx, &source(), &Source { after }, options, Arc::new(Silent)).await.unwrap();
}

/// Everything the tables say of the source; ids are random, so they are left out, and runs have their own times.
async fn state(place: &Place) -> Vec<String> {
    let store = place.open().await;
    let mut lines = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.source_index(&source(), &after, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.key);
        for row in page {
            let join = JoinKey { source: source(), key: row.key.clone() };
            let mut person = store.person_by_join(&join).await.unwrap().unwrap();
            person.id = PersonId::new("");
            lines.push(format!("{row:?} {person:?}"));
        }
    }
    lines.push(format!("{:?}", store.establishment(&"0990001N".parse().unwrap()).await.unwrap()));
    lines
}

/// A copy of a folder with a database that nobody has open.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// What a process does that is started to be killed; nothing where nobody says where.
#[tokio::test]
async fn one_run() {
    if let Some(place) = Place::given() {
        run(&place, std::env::var_os(AFTER).is_some()).await;
    }
}

#[tokio::test]
async fn a_killed_run_converges() {
    let root = tempfile::tempdir().unwrap();
    let before = Place::sqlite(root.path().join("before"));
    // In a process of its own: when it has ended, nobody has the database open, and it may be copied.
    assert!(before.child(false).wait().unwrap().success());
    let copied = |name: &str| {
        let place = Place::sqlite(root.path().join(name));
        copy(&before.folder, &place.folder);
        place
    };
    killed_again_and_again(copied).await;
}

#[tokio::test]
async fn a_killed_run_converges_on_postgresql() {
    let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
        return println!("TEST_POSTGRES_URL is not set: this was shown on SQLite only");
    };
    let (server, _) = url.rsplit_once('/').unwrap();
    let name = |of: &str| format!("run_{of}_{}", std::process::id()).replace('-', "_");
    let create = |of: &str, like: &str| {
        let statement = format!("CREATE DATABASE {} TEMPLATE {like}", name(of));
        assert!(Command::new("psql").args(["-q", "-d", &url, "-c", &statement]).status().unwrap().success());
    };
    let root = tempfile::tempdir().unwrap();
    let place = |of: &str| {
        let folder = root.path().join(of);
        std::fs::create_dir_all(&folder).unwrap();
        Place { folder, database: format!("{server}/{}", name(of)) }
    };
    create("before", "template1");
    assert!(place("before").child(false).wait().unwrap().success());
    let copied = |of: &str| {
        create(of, &name("before"));
        place(of)
    };
    killed_again_and_again(copied).await;
}

/// Kills a run in a copy of the same state, again and again.
async fn killed_again_and_again(copied: impl Fn(&str) -> Place) {
    let whole = copied("whole");
    let began = Instant::now();
    assert!(whole.child(true).wait().unwrap().success());
    let mut length = began.elapsed();
    let expected = state(&whole).await;

    let (mut killed, mut dice) = (0, 20_260_914_u64);
    for n in 0..KILLS {
        let place = copied(&format!("killed-{n}"));
        let mut process = place.child(true);
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = length.mul_f64((dice >> 33) as f64 / f64::from(1_u32 << 31));
        let until = Instant::now() + moment;
        while Instant::now() < until && process.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        match process.try_wait().unwrap() {
            None => killed += 1,
            // The machine had other things to do when the whole run was timed.
            Some(_) => length = length.min(moment),
        }
        process.kill().unwrap();
        process.wait().unwrap();
        run(&place, true).await;
        assert!(state(&place).await == expected, "killed after {moment:?} of {length:?}");
        std::fs::remove_dir_all(&place.folder).unwrap();
    }
    assert!(killed > KILLS / 2, "only {killed} runs were alive when they were killed");
}
