//! The feeds of an academy at national size: a slapd and deliveries of AAF of a million people, read into both databases; a
//! thousand changes at two sizes; people who sign in meanwhile.
//!
//! The runs are whole processes, as an operator's timer starts them. Processor time is that of the synchronisation alone: what
//! slapd and PostgreSQL do in their own processes is not counted, but the clock sees it.

use crate::client::Client;
use crate::report::Report;
use crate::sync::{Run, watch};
use crate::world::{LOGIN, PASSWORD, Server};
use anyhow::{Context, Result, bail, ensure};
use preau_annuaire::{Deliveries, Options};
use preau_domain::{AccountState, Affiliation, Credentials, Person, PersonId, Profile};
use preau_keys::Passwords;
use preau_rig::slapd::{Slapd, SlapdOptions};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// People whose entry changes.
const CHANGES: usize = 1_000;
/// How much smaller the small annuaire is.
const SMALLER: usize = 100;
/// Sign-ins of the quiet half.
const SIGN_INS: usize = 300;

/// An annuaire of that many people: a slapd, and the deliveries of the same people.
struct Annuaire {
    folder: PathBuf,
    ldif: PathBuf,
    slapd: Slapd,
    people: usize,
}

impl Annuaire {
    fn invent(folder: &Path, people: usize) -> Result<Annuaire> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
        let ldif = folder.join("annuaire.ldif");
        let options = Options { people, ..Options::default() };
        let mut out = BufWriter::new(File::create(&ldif)?);
        preau_annuaire::generate(&options, &mut out)?;
        out.flush()?;
        preau_annuaire::deliver(&options, &Deliveries::into(&folder.join("aaf")))?;
        let loaded = SlapdOptions { ldif: Some(ldif.clone()), session_log: Some(100_000), ..SlapdOptions::default() };
        let slapd = Slapd::start(&folder.join("slapd"), &loaded)?;
        Ok(Annuaire { folder: folder.to_owned(), ldif, slapd, people })
    }

    /// A house over an empty database that reads both.
    fn house(&self, name: &str, port: u16, database: Option<&str>) -> Result<House> {
        let folder = self.folder.join(name);
        fs::create_dir_all(folder.join("services"))?;
        let database = database.map_or(format!("sqlite://{}/preau.sqlite", folder.display()), str::to_owned);
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n\n[storage]\nurl = \"{database}\"\n\n\
             [keys]\ndir = \"{folder}/keys\"\n\n[services]\ninstances = \"{folder}/services\"\n\n[log]\nlevel = \"warn\"\n\n\
             [web]\npublic_url = \"http://localhost:{port}\"\n\n\
             [sources.annuaire]\nkind = \"ldap\"\nurl = \"{url}\"\nbind_dn = \"{bind}\"\npassword_file = \"{secret}\"\nacademy = \"AC-NOTOS\"\n\
             people = \"ou=people,{suffix}\"\nstructures = \"ou=structures,{suffix}\"\n\n\
             [sources.aaf]\nkind = \"aaf\"\nsecond_degree = \"{aaf}/2d\"\nfirst_degree = \"{aaf}/1d\"\nacademy = \"AC-NOTOS\"\n",
            folder = folder.display(),
            url = self.slapd.url(),
            bind = self.slapd.service_dn(),
            secret = self.slapd.password_file().display(),
            suffix = self.slapd.suffix(),
            aaf = self.folder.join("aaf").display(),
        );
        fs::write(folder.join("preau.toml"), text)?;
        Ok(House { folder, port, database })
    }

    /// Gives a thousand people, evenly spread, another given name.
    fn change(&self) -> Result<()> {
        let mut people = Vec::with_capacity(self.people);
        for line in BufReader::new(File::open(&self.ldif)?).lines() {
            let line = line?;
            if line.starts_with("dn: ") && line.contains(",ou=people,") {
                people.push(line);
            }
        }
        ensure!(people.len() >= CHANGES, "the annuaire has only {} people", people.len());
        let mut changes = String::new();
        for dn in people.iter().step_by(people.len() / CHANGES).take(CHANGES) {
            writeln!(changes, "{dn}\nchangetype: modify\nreplace: givenName\ngivenName: Ysoline\n")?;
        }
        self.slapd.change(&changes)
    }
}

/// A database and the configuration that fills it.
struct House {
    folder: PathBuf,
    port: u16,
    database: String,
}

impl House {
    fn begin(&self, preau: &Path, source: &str, more: &[&str]) -> Result<(Child, Instant)> {
        let log = File::create(self.folder.join("sync.log"))?;
        let began = Instant::now();
        let child = Command::new(preau)
            .args(["sync", "apply", source, "--config"])
            .arg(self.folder.join("preau.toml"))
            .args(more)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", preau.display()))?;
        Ok((child, began))
    }

    fn end(&self, (child, began): (Child, Instant)) -> Result<Run> {
        let (status, run) = watch(child, began)?;
        if !status.success() {
            bail!("the synchronisation ended with {status}: {}", self.log()?);
        }
        ensure!(run.peak > 0, "the synchronisation ended before it could be watched");
        Ok(run)
    }

    fn run(&self, preau: &Path, source: &str, more: &[&str]) -> Result<Run> {
        self.end(self.begin(preau, source, more)?)
    }

    fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join("sync.log"))?)
    }

    /// Adds the local account that signs in.
    async fn add_account(&self) -> Result<()> {
        let store = preau_store_sql::open(&self.database).await?;
        let hash = Passwords::new(1, 4).hash(PASSWORD).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let person = Person {
            id: PersonId::new("pbancessai000000"),
            join: None,
            state: AccountState::Active,
            given_name: "Banc".into(),
            family_name: "Essai".into(),
            title: None,
            login: Some(LOGIN.into()),
            mail: None,
            credentials: Credentials::Local,
            affiliations: vec![Affiliation::new(crate::world::uai(0)?, Profile::Guest)],
            children: Vec::new(),
        };
        store.add_local_person(&person, &hash).await?;
        Ok(())
    }
}

/// Measures all of it, and adds it to the page.
pub async fn measure(preau: &Path, folder: &Path, people: usize, port: u16, report: &mut Report) -> Result<()> {
    report.say(&format!("inventing an annuaire of {people} people, as a slapd and as deliveries of AAF"));
    let large = Annuaire::invent(&folder.join("large"), people)?;
    report.say("reading it whole from both into SQLite, then into PostgreSQL");
    let sqlite = large.house("annuaire-sqlite", port, None)?;
    report.feed("slapd into SQLite", people, &sqlite.run(preau, "annuaire", &[])?);
    report.unchanged("slapd, SQLite", &sqlite.run(preau, "annuaire", &[])?);
    report.compared("slapd, SQLite", people, &sqlite.run(preau, "annuaire", &["--full"])?);
    let deliveries = large.house("aaf-sqlite", port, None)?;
    report.feed("AAF into SQLite", people, &deliveries.run(preau, "aaf", &[])?);
    report.unchanged("AAF, SQLite", &deliveries.run(preau, "aaf", &[])?);
    report.compared("AAF, SQLite", people, &deliveries.run(preau, "aaf", &["--full"])?);
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        for (source, what) in [("annuaire", "slapd into PostgreSQL"), ("aaf", "AAF into PostgreSQL")] {
            let house = large.house(&format!("{source}-postgres"), port, Some(&database(&url, source)?))?;
            report.feed(what, people, &house.run(preau, source, &[])?);
        }
    }
    report.say("a thousand changes, at two sizes");
    let small = Annuaire::invent(&folder.join("small"), people / SMALLER)?;
    let few = small.house("annuaire-sqlite", port, None)?;
    few.run(preau, "annuaire", &[])?;
    small.change()?;
    large.change()?;
    let (few, many) = (few.run(preau, "annuaire", &[])?, sqlite.run(preau, "annuaire", &[])?);
    report.changes(CHANGES, (people / SMALLER, &few), (people, &many));
    small.slapd.stop();

    report.say("signing in, in quiet and while the whole is read into the same database");
    let house = large.house("meanwhile", port, None)?;
    house.add_account().await?;
    let (quiet, busy) = meanwhile(preau, &house).await?;
    report.meanwhile(people, quiet, busy);
    large.slapd.stop();
    Ok(())
}

/// 99 of 100 sign-ins came within this: in quiet, and during a whole reading into the same database.
async fn meanwhile(preau: &Path, house: &House) -> Result<(Duration, Duration)> {
    let server = Server::of(preau, &house.folder, house.port)?;
    let mut quiet = Vec::new();
    for _ in 0..SIGN_INS {
        quiet.push(sign_in(&server).await?);
    }
    let reading = house.begin(preau, "annuaire", &[])?;
    let mut ended = tokio::task::spawn_blocking(move || watch(reading.0, reading.1));
    let mut busy = Vec::new();
    let (status, _) = loop {
        tokio::select! {
            biased;
            ended = &mut ended => break ended??,
            took = sign_in(&server) => busy.push(took?),
        }
    };
    ensure!(status.success(), "the synchronisation ended with {status}: {}", house.log()?);
    Ok((p99(quiet), p99(busy)))
}

async fn sign_in(server: &Server) -> Result<Duration> {
    let began = Instant::now();
    Client::connect(server.port()).await?.sign_in("/", LOGIN, PASSWORD).await?;
    Ok(began.elapsed())
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

/// An empty database of that name beside the one at the address.
fn database(url: &str, name: &str) -> Result<String> {
    let name = format!("banc_{name}");
    for command in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        let done = Command::new("psql").args(["-q", "-d", url, "-c", &command]).status().context("starting psql")?;
        ensure!(done.success(), "psql: {command}: {done}");
    }
    let (place, _) = url.rsplit_once('/').context("the address of PostgreSQL names no database")?;
    Ok(format!("{place}/{name}"))
}
