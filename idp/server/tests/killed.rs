//! A synchronisation killed by the operating system at any moment, on a real database file, converges when it is run
//! again: the tables are those of a run that nobody killed.
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

async fn open(folder: &Path) -> Arc<dyn Store> {
    preau_store_sql::open(&format!("sqlite://{}/preau.db", folder.display())).await.unwrap()
}

async fn run(folder: &Path, after: bool) {
    let ctx = SyncContext {
        store: open(folder).await,
        clock: Arc::new(SystemClock::new()),
        ids: Arc::new(SystemIds),
        spool_dir: folder.join("sync"),
    };
    let options = Options { thresholds: Thresholds::accepting(1_000), ..Options::default() };
    synchronise(&ctx, &source(), &Source { after }, options, Arc::new(Silent)).await.unwrap();
}

/// Everything the tables say of the source; ids are random, so they are left out, and runs have their own times.
async fn state(folder: &Path) -> Vec<String> {
    let store = open(folder).await;
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
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn a_killed_run_converges() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        run(&PathBuf::from(folder), std::env::var_os(AFTER).is_some()).await;
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let before = root.path().join("before");
    std::fs::create_dir_all(&before).unwrap();
    // In a process of its own: when it has ended, nobody has the database open, and it may be copied.
    assert!(child(&before, false).wait().unwrap().success());

    let whole = root.path().join("whole");
    copy(&before, &whole);
    let began = Instant::now();
    assert!(child(&whole, true).wait().unwrap().success());
    let length = began.elapsed();
    let expected = state(&whole).await;

    let mut killed = 0;
    for n in 0..KILLS {
        let folder = root.path().join(format!("killed-{n}"));
        copy(&before, &folder);
        let mut process = child(&folder, true);
        let until = Instant::now() + length * n / KILLS;
        while Instant::now() < until && process.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        killed += u32::from(process.try_wait().unwrap().is_none());
        process.kill().unwrap();
        process.wait().unwrap();
        run(&folder, true).await;
        assert!(state(&folder).await == expected, "killed after {n}/{KILLS} of its time");
        std::fs::remove_dir_all(&folder).unwrap();
    }
    assert!(killed > KILLS / 2, "only {killed} runs were alive when they were killed");
}

fn child(folder: &Path, after: bool) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    if after {
        command.env(AFTER, "yes");
    }
    command
        .args(["--exact", "a_killed_run_converges"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
