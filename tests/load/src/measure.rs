//! Figures that survive a noisy machine: the processor time of two things done in turn in one run, pair by pair, and
//! the median of the ratios.

use crate::client::Client;
use crate::cpu;
use crate::world::{LOGIN, PASSWORD, Server, World};
use anyhow::{Result, ensure};
use futures::future::try_join_all;
use http::StatusCode;
use preau_keys::Passwords;
use std::time::Duration;

/// Pairs in a series; the median is quoted.
pub const PAIRS: usize = 15;

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Microseconds of a process per operation.
pub async fn cost<F: AsyncFnMut() -> Result<()>>(pid: u32, count: u32, mut operation: F) -> Result<f64> {
    let before = cpu::of(pid)?;
    for _ in 0..count {
        operation().await?;
    }
    // Answers go out before the thread that wrote them is booked: let it go back to sleep.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok((cpu::of(pid)? - before).as_secs_f64() * 1e6 / f64::from(count))
}

/// A signed-in client of a server.
pub async fn signed_in(server: &Server) -> Result<Client> {
    let mut client = Client::connect(server.port()).await?;
    client.sign_in("/", LOGIN, PASSWORD).await?;
    Ok(client)
}

/// Asks the bare server.
pub async fn bare_answer(client: &mut Client) -> Result<()> {
    ensure!(client.get("/").await?.status == StatusCode::OK, "the bare server failed");
    Ok(())
}

/// People at once, where a figure speaks of several.
pub const TOGETHER: usize = 32;

const SERVICE: &str = "https://service0.example/app/";

async fn ticket(client: &mut Client) -> Result<String> {
    let answer = client.get(&format!("/cas/login?service={}", SERVICE.replace(':', "%3A").replace('/', "%2F"))).await?;
    let location = answer.location.unwrap_or_default();
    let ticket = location.split("ticket=").nth(1).unwrap_or_default().to_owned();
    ensure!(!ticket.is_empty(), "no ticket: {}", answer.status);
    Ok(ticket)
}

async fn validate(client: &mut Client, ticket: &str) -> Result<()> {
    let path =
        format!("/cas/p3/serviceValidate?service={}&ticket={ticket}", SERVICE.replace(':', "%3A").replace('/', "%2F"));
    let answer = client.get(&path).await?;
    ensure!(answer.body.contains("authenticationSuccess"), "validation failed: {}", answer.body);
    Ok(())
}

/// What a session costs in a small world and in a large one, each in turn with the bare server and with the other.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// A bare answer, in microseconds.
    pub bare: f64,
    /// Session to ticket to validation in the small world, in microseconds.
    pub sign_on: f64,
    /// The same with [`TOGETHER`] people at once, each.
    pub together: f64,
    /// Validation alone in the small world, in bare answers.
    pub validation: f64,
    /// `sign_on` of the large world in those of the small one.
    pub sign_on_growth: f64,
    /// Validation of the large world in those of the small one.
    pub validation_growth: f64,
}

/// A browser in a session, and a service with a connection of its own.
struct Pair {
    pid: u32,
    browser: Client,
    service: Client,
}

impl Pair {
    async fn of(server: &Server) -> Result<Pair> {
        let (browser, service) = (signed_in(server).await?, Client::connect(server.port()).await?);
        Ok(Pair { pid: server.pid(), browser, service })
    }

    async fn sign_on(&mut self) -> Result<f64> {
        cost(self.pid, 300, async || {
            let ticket = ticket(&mut self.browser).await?;
            validate(&mut self.service, &ticket).await
        })
        .await
    }

    async fn validation(&mut self) -> Result<f64> {
        let mut tickets = Vec::new();
        for _ in 0..300 {
            tickets.push(ticket(&mut self.browser).await?);
        }
        cost(self.pid, 300, async || validate(&mut self.service, &tickets.pop().unwrap_or_default()).await).await
    }
}

/// Microseconds per sign-on of [`TOGETHER`] people who never wait for one another.
async fn together(pairs: &mut [Pair]) -> Result<f64> {
    const EACH: u32 = 20;
    let pid = pairs[0].pid;
    let all = cost(pid, EACH, async || {
        let flows = pairs.iter_mut().map(async |pair| {
            let ticket = ticket(&mut pair.browser).await?;
            validate(&mut pair.service, &ticket).await
        });
        try_join_all(flows).await.map(drop)
    });
    Ok(all.await? / TOGETHER as f64)
}

/// Measures sign-on with a session, and validation alone, in both worlds.
pub async fn sign_on(small: &Server, large: &Server, bare: &Server) -> Result<Costs> {
    let (mut few, mut many) = (Pair::of(small).await?, Pair::of(large).await?);
    let mut yardstick = Client::connect(bare.port()).await?;
    let mut crowd = Vec::new();
    for _ in 0..TOGETHER {
        crowd.push(Pair::of(small).await?);
    }
    let (mut bares, mut flows, mut crowds, mut validations) = (vec![], vec![], vec![], vec![]);
    let (mut flow_growth, mut validation_growth) = (vec![], vec![]);
    for round in 0..=PAIRS {
        let unit = cost(bare.pid(), 2000, async || bare_answer(&mut yardstick).await).await?;
        let (flow, larger_flow) = (few.sign_on().await?, many.sign_on().await?);
        let each_of_many = together(&mut crowd).await?;
        let (validation, larger_validation) = (few.validation().await?, many.validation().await?);
        // The first round warms caches and connections.
        if round > 0 {
            bares.push(unit);
            flows.push(flow);
            crowds.push(each_of_many);
            validations.push(validation / unit);
            flow_growth.push(larger_flow / flow);
            validation_growth.push(larger_validation / validation);
        }
    }
    Ok(Costs {
        bare: median(bares),
        sign_on: median(flows),
        together: median(crowds),
        validation: median(validations),
        sign_on_growth: median(flow_growth),
        validation_growth: median(validation_growth),
    })
}

/// Processor time of a sign-in with a local password over that of one bare hash with the same parameters, pair by pair.
pub async fn password(server: &Server) -> Result<(f64, f64)> {
    let pool = Passwords::new(1, 4);
    let hash = pool.hash(PASSWORD).await.map_err(|_| anyhow::anyhow!("the password pool is busy"))?;
    let own = std::process::id();
    let (mut units, mut ratios) = (vec![], vec![]);
    for round in 0..=PAIRS {
        let unit = cost(own, 10, async || {
            ensure!(pool.verify(PASSWORD, Some(&hash)).await.is_ok_and(|right| right), "the hash does not fit");
            Ok(())
        })
        .await?;
        let flow = cost(server.pid(), 10, async || {
            let mut client = Client::connect(server.port()).await?;
            client.sign_in("/", LOGIN, PASSWORD).await?;
            Ok(())
        })
        .await?;
        if round > 0 {
            units.push(unit);
            ratios.push(flow / unit);
        }
    }
    Ok((median(units), median(ratios)))
}

/// Bytes of resident memory one more live session costs, all of them in use within seconds of one another. The sessions
/// are put into the database as a sign-in does, so that the memory of password hashing does not cover theirs.
pub async fn memory_per_session(world: &World, server: &Server, sessions: u32) -> Result<f64> {
    let secrets = world.sessions(2 * sessions).await?;
    let (first, second) = secrets.split_at(sessions as usize);
    let mut client = Client::connect(server.port()).await?;
    for secret in first {
        client.visit("/", secret).await?;
    }
    let before = cpu::resident(server.pid())?;
    for secret in first.iter().chain(second) {
        client.visit("/", secret).await?;
    }
    Ok(cpu::resident(server.pid())?.saturating_sub(before) as f64 / f64::from(sessions))
}

/// Microseconds of processor time of one durable insert into SQLite with the same engine and settings, shared commits
/// aside: the floor of anything that must survive.
pub async fn durable_insert(file: &std::path::Path) -> Result<f64> {
    use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant};
    let _ = std::fs::remove_file(file);
    let store = preau_store_sql::open(&format!("sqlite://{}", file.display())).await?;
    let own = std::process::id();
    let mut figures = Vec::new();
    for round in 0..=PAIRS {
        let figure = cost(own, 300, async || {
            let correlation = CorrelationId::new("000000000000");
            store.record(AuditEvent::new(Instant(0), AuditKind::ServiceOpened, correlation, "bench"));
            Ok(store.flush_audit().await?)
        })
        .await?;
        if round > 0 {
            figures.push(figure);
        }
    }
    Ok(median(figures))
}
