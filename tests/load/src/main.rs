//! `make bench`: what Préau costs, as ratios taken in one run.
//!
//! The server is the release binary, started as a process; the yardsticks (a bare axum answer, a bare Argon2id call, a
//! durable insert) are measured in turn with it, pair by pair, on processor time of the process. Absolute times are
//! printed for orientation only: machines differ and are shared.

mod bare;
mod client;
mod cpu;
mod federation;
mod feeds;
mod guests;
mod home;
mod measure;
mod memory;
mod openid;
mod openings;
mod passkey;
mod policy;
mod postgres;
mod rentree;
mod report;
mod saml;
mod storm;
mod sync;
mod world;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use measure::Yardsticks;
use report::Report;
use std::path::{Path, PathBuf};
use storm::Sends;
use world::{Server, Size, World};

/// Benchmarks of Préau.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every benchmark and writes docs/reference/benchmarks.md.
    All {
        /// The binary that is measured.
        #[arg(long, default_value = "target/release/preau")]
        preau: PathBuf,
        /// Where worlds are built.
        #[arg(long, default_value = "target/bench")]
        folder: PathBuf,
        /// Where the page goes.
        #[arg(long, default_value = "docs/reference/benchmarks.md")]
        page: PathBuf,
        /// People of the large world.
        #[arg(long, default_value_t = 1_000_000)]
        people: u32,
        /// People of the synchronised annuaire.
        #[arg(long, default_value_t = 100_000)]
        annuaire: usize,
        /// People of the feeds of national size; ten minutes for a million.
        #[arg(long, default_value_t = 1_000_000)]
        feeds: usize,
        /// Only one part of it; the page is not written then.
        #[arg(long, value_enum)]
        only: Option<Part>,
        /// Commit the figures belong to.
        #[arg(long)]
        commit: String,
        /// Day of the run.
        #[arg(long)]
        date: String,
    },
    /// Repeats one flow against a small world, for whoever watches the server with a profiler; prints its process and cost.
    One {
        /// Which.
        #[arg(value_enum)]
        flow: Flow,
        /// The binary that is watched.
        #[arg(long, default_value = "target/release/preau")]
        preau: PathBuf,
        /// Where the world is built.
        #[arg(long, default_value = "target/bench")]
        folder: PathBuf,
        /// How many figures are taken.
        #[arg(long, default_value_t = 10)]
        rounds: u32,
    },
    /// The bare server the others are compared with.
    Bare {
        /// Its port.
        #[arg(long)]
        port: u16,
    },
}

/// A flow by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Flow {
    /// Login and password of a local account.
    SignIn,
    /// A passkey.
    Passkey,
    /// Session, ticket, validation.
    SignOn,
    /// Validation of tickets that are there.
    Validation,
    /// Session, code, tokens.
    Code,
    /// One refresh token after the other.
    Refresh,
    /// Userinfo with one access token.
    Userinfo,
    /// Introspection of one access token.
    Introspection,
    /// SAML, one RSA signature.
    SamlRsa,
    /// SAML, one ECDSA signature.
    SamlEc,
    /// SAML, one RSA signature, the first at a service.
    SamlFirst,
    /// The same, of many people together.
    SamlTogether,
    /// A bare RSA signature, here.
    Rsa,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Requests,
    /// SAML, which is part of the requests.
    Saml,
    /// Decisions and tiles by themselves.
    Policy,
    /// The home page, whole.
    Home,
    /// The yeses of all heads of a nation.
    Openings,
    /// Guests of other ENTs.
    Guests,
    /// Sign-ins with a local password, likewise.
    SignIn,
    /// Sign-ins with a passkey, likewise.
    Passkey,
    /// Memory of live sessions, likewise.
    Memory,
    Storm,
    /// Ten times as many people as passwords can be hashed.
    Rentree,
    Synchronisation,
    /// Feeds of national size.
    Feeds,
    Federation,
}

/// The small world.
const SMALL: Size = Size { establishments: 1, people: 1_000, services: 10 };

const BARE_PORT: u16 = 18_090;
const SMALL_PORT: u16 = 18_091;
const LARGE_PORT: u16 = 18_092;
const POSTGRES_PORT: u16 = 18_093;
const STORM_PORT: u16 = 18_094;
const FEEDS_PORT: u16 = 18_095;
const HOME_PORT: u16 = 18_096;
const OPENINGS_PORT: u16 = 18_097;
const RENTREE_PORT: u16 = 18_098;
/// And the next one.
const GUESTS_PORT: u16 = 18_099;

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Task::Bare { port } => bare::serve(port).await,
        Task::One { flow, preau, folder, rounds } => one(flow, &preau, &folder, rounds).await,
        Task::All { preau, folder, page, people, annuaire, feeds, only, commit, date } => {
            let mut report = Report::new(&date, &commit);
            let folder = std::path::absolute(&folder)?;
            if only.is_none_or(|part| part == Part::Requests) {
                requests(&preau, &folder, people, &mut report).await?;
            }
            if only.is_none_or(|part| part == Part::Policy) {
                report
                    .say("policy by itself: decisions among few services and among many, and the tiles of a home page");
                policy::measure().await?.tell(&mut report);
            }
            if only.is_none_or(|part| part == Part::Home) {
                report.say("the home page over many services");
                home::measure(&preau, &folder, HOME_PORT, &mut report).await?;
            }
            if only.is_none_or(|part| part == Part::Openings) {
                report.say("a server that holds the yeses of all heads of a nation");
                openings::measure(&preau, &folder, OPENINGS_PORT, &mut report).await?;
            }
            if only.is_none_or(|part| part == Part::Guests) {
                report.say("guests of other ENTs: ten thousand taken in, and sign-ons among many spaces");
                guests::measure(&preau, &folder, GUESTS_PORT, &mut report).await?;
            }
            if only == Some(Part::Saml) {
                let mut bench = Bench::new(&preau, &folder, people, &mut report).await?;
                let costs = saml::measure(&bench.small, &bench.large, &mut bench.yardsticks).await?;
                costs.tell(&mut report, people);
            }
            if only == Some(Part::SignIn) {
                let bench = Bench::new(&preau, &folder, people, &mut report).await?;
                report.password(&measure::password(&bench.small, &bench.large).await?, people);
            }
            if only == Some(Part::Passkey) {
                let mut bench = Bench::new(&preau, &folder, people, &mut report).await?;
                passkey::measure(&bench.small, &bench.large, &mut bench.yardsticks, people, &mut report).await?;
            }
            if only == Some(Part::Memory) {
                let world = World::create(&folder.join("small"), SMALL_PORT, SMALL).await?;
                report.session_memory(memory::per_session(&world, &preau).await?);
            }
            if only.is_none_or(|part| part == Part::Storm) {
                storms(&preau, &folder, &mut report).await?;
            }
            if only.is_none_or(|part| part == Part::Rentree) {
                rentree(&preau, &folder, &mut report).await?;
            }
            if only.is_none_or(|part| part == Part::Synchronisation) {
                synchronisation(&preau, &folder, annuaire, &mut report)?;
            }
            if only.is_none_or(|part| part == Part::Feeds) {
                feeds::measure(&std::path::absolute(&preau)?, &folder.join("feeds"), feeds, FEEDS_PORT, &mut report)
                    .await?;
            }
            if only.is_none_or(|part| part == Part::Federation) {
                report.say("reading a signed SAML federation as a process of its own");
                let (bytes, run) = federation::read(&std::path::absolute(&preau)?, &folder.join("federation"))?;
                report.federation(bytes, run);
            }
            if only.is_some() {
                return Ok(());
            }
            std::fs::write(&page, report.page()).with_context(|| format!("cannot write {}", page.display()))?;
            println!("\nwritten to {}", page.display());
            Ok(())
        }
    }
}

async fn one(flow: Flow, preau: &Path, folder: &Path, rounds: u32) -> Result<()> {
    let world = World::create(&std::path::absolute(folder)?.join("one"), SMALL_PORT, SMALL).await?;
    let (server, _) = world.start(preau)?;
    println!("process {}", server.pid());
    // A passkey is added once.
    let mut holder = if flow == Flow::Passkey { Some(passkey::Holder::of(&server).await?) } else { None };
    for _ in 0..rounds {
        let cost = match &mut holder {
            Some(holder) => holder.flow().await?,
            None => measure::one(flow, &server).await?,
        };
        println!("{cost:.1} µs");
    }
    Ok(())
}

async fn storms(preau: &Path, folder: &Path, report: &mut Report) -> Result<()> {
    report.say("sign-ons with a session in storms, in turn with the same in quiet");
    let world = World::create(&folder.join("storm"), STORM_PORT, SMALL).await?;
    world.ask_directory(storm::mute().await?)?;
    let (server, _) = world.start(preau)?;
    saml::ready(&server).await?;
    for (sends, of, what) in [
        (Sends::Passwords("guest"), "passwords", "passwords hashed here"),
        (Sends::Passwords("staff"), "passwords", "passwords for a directory that never answers"),
        (Sends::Requests, "requests", "requests of SAML whose refusal is signed"),
        (Sends::Documents, "documents", "SAML documents of 192 KB that nobody known sent"),
    ] {
        report.storm(what, of, &storm::measure(&server, sends).await?);
    }
    Ok(())
}

async fn rentree(preau: &Path, folder: &Path, report: &mut Report) -> Result<()> {
    report.say("ten times as many people sign in as passwords can be hashed");
    let world = World::create(&folder.join("rentree"), RENTREE_PORT, SMALL).await?;
    let (server, _) = world.start(preau)?;
    report.rentree(&rentree::measure(&world, &server).await?);
    Ok(())
}

/// Two worlds and what is measured in turn with them.
struct Bench {
    small_world: World,
    small: Server,
    large: Server,
    bare: Server,
    yardsticks: Yardsticks,
}

impl Bench {
    async fn new(preau: &Path, folder: &Path, people: u32, report: &mut Report) -> Result<Bench> {
        report.say("filling two worlds: 1 establishment and 1,000 people; 11,000 establishments and the large number");
        let large = Size { establishments: 11_000, people, services: 1_000 };
        let small_world = World::create(&folder.join("small"), SMALL_PORT, SMALL).await?;
        let large_world = World::create(&folder.join("large"), LARGE_PORT, large).await?;
        let bare = Server::bare(BARE_PORT)?;
        let (small, small_start) = small_world.start(preau)?;
        let (large, large_start) = large_world.start(preau)?;
        report.start(small_start, large_start, people);
        report.idle_memory(cpu::resident(small.pid())?, cpu::resident(large.pid())?);

        let file = folder.join("insert.sqlite");
        let _ = std::fs::remove_file(&file);
        let yardsticks = Yardsticks::new(&bare, &format!("sqlite://{}", file.display())).await?;
        Ok(Bench { small_world, small, large, bare, yardsticks })
    }
}

async fn requests(preau: &Path, folder: &Path, people: u32, report: &mut Report) -> Result<()> {
    let Bench { small_world, small, large, bare, mut yardsticks } = Bench::new(preau, folder, people, report).await?;
    report.say("sign-on with a session: ticket and validation, in turn with the parts of its floor");
    report.sign_on(&measure::sign_on(&small, &large, &mut yardsticks).await?, people);

    report.say("OpenID Connect: code flow with a session, refresh, userinfo, introspection, in the same way");
    openid::measure(&small, &large, &mut yardsticks).await?.tell(report, people);

    report.say("SAML: a sign-on with a session, signed in three ways, in the same way");
    saml::measure(&small, &large, &mut yardsticks).await?.tell(report, people);

    report.say("sign-in with a local password, in turn with bare Argon2id calls");
    report.password(&measure::password(&small, &large).await?, people);

    report.say("sign-in with a passkey, in turn with the parts of its floor");
    passkey::measure(&small, &large, &mut yardsticks, people, report).await?;

    // Where `tests/contract/with-postgres.sh` started one.
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        report.say("the same over PostgreSQL");
        let world = World::create_over(&folder.join("postgres"), POSTGRES_PORT, SMALL, &url).await?;
        let (server, _) = world.start(preau)?;
        postgres::measure(&server, &mut Yardsticks::new(&bare, &url).await?, report).await?;
    }

    report.say("memory of live sessions, between two numbers of them");
    drop(small);
    report.session_memory(memory::per_session(&small_world, preau).await?);
    Ok(())
}

fn synchronisation(preau: &Path, folder: &Path, people: usize, report: &mut Report) -> Result<()> {
    report.say("synchronising a real slapd into SQLite, three times, at two sizes");
    let small = sync::runs(preau, &folder.join("sync-small"), people / 10)?;
    let runs = sync::runs(preau, &folder.join("sync"), people)?;
    report.synchronisation(people, &small.first, &runs);
    Ok(())
}
