//! `make bench`: what Préau costs, as ratios taken in one run.
//!
//! The server is the release binary, started as a process; the yardsticks (a bare axum answer, a bare Argon2id call, a
//! durable insert) are measured in turn with it, pair by pair, on processor time of the process. Absolute times are
//! printed for orientation only: machines differ and are shared.

mod bare;
mod client;
mod cpu;
mod measure;
mod openid;
mod report;
mod sync;
mod world;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use report::Report;
use std::path::{Path, PathBuf};
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
        /// Only the requests, or only the synchronisation; the page is not written then.
        #[arg(long, value_enum)]
        only: Option<Part>,
        /// Commit the figures belong to.
        #[arg(long)]
        commit: String,
        /// Day of the run.
        #[arg(long)]
        date: String,
    },
    /// The bare server the others are compared with.
    Bare {
        /// Its port.
        #[arg(long)]
        port: u16,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Requests,
    Synchronisation,
}

const BARE_PORT: u16 = 18_090;
const SMALL_PORT: u16 = 18_091;
const LARGE_PORT: u16 = 18_092;

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Task::Bare { port } => bare::serve(port).await,
        Task::All { preau, folder, page, people, annuaire, only, commit, date } => {
            let mut report = Report::new(&date, &commit);
            let folder = std::path::absolute(&folder)?;
            if only != Some(Part::Synchronisation) {
                requests(&preau, &folder, people, &mut report).await?;
            }
            if only != Some(Part::Requests) {
                synchronisation(&preau, &folder, annuaire, &mut report)?;
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

async fn requests(preau: &Path, folder: &Path, people: u32, report: &mut Report) -> Result<()> {
    report.say("filling two worlds: 1 establishment and 1,000 people; 11,000 establishments and the large number");
    let small = Size { establishments: 1, people: 1_000, services: 10 };
    let large = Size { establishments: 11_000, people, services: 1_000 };
    let small_world = World::create(&folder.join("small"), SMALL_PORT, small).await?;
    let large_world = World::create(&folder.join("large"), LARGE_PORT, large).await?;
    let bare = Server::bare(BARE_PORT)?;
    let (small, small_start) = small_world.start(preau)?;
    let (large, large_start) = large_world.start(preau)?;
    report.start(small_start, large_start, people);
    report.idle_memory(cpu::resident(small.pid())?, cpu::resident(large.pid())?);

    report.say("sign-in with a local password, in turn with bare Argon2id calls");
    let (hash, ratio) = measure::password(&small).await?;
    report.password(hash, ratio);

    report.say("sign-on with a session: ticket and validation, in turn with bare answers");
    let insert = measure::durable_insert(&folder.join("insert.sqlite")).await?;
    let costs = measure::sign_on(&small, &large, &bare).await?;
    report.sign_on(&costs, insert);
    report.sizes(&costs, people);

    report.say("OpenID Connect: code flow with a session, userinfo, introspection, refresh, in turn with bare answers");
    openid::measure(&small, &large, &bare).await?.tell(report, insert, people);

    report.say("memory of 20,000 more live sessions");
    let bytes = measure::memory_per_session(&small_world, &small, 20_000).await?;
    report.session_memory(bytes);
    Ok(())
}

fn synchronisation(preau: &Path, folder: &Path, people: usize, report: &mut Report) -> Result<()> {
    report.say("synchronising a real slapd into SQLite, twice, at two sizes");
    let (small, _) = sync::runs(preau, &folder.join("sync-small"), people / 10)?;
    let (first, again) = sync::runs(preau, &folder.join("sync"), people)?;
    report.synchronisation(people, &small, &first, &again);
    Ok(())
}
