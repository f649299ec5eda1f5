//! Figures that survive a noisy machine: the processor time of two things done in turn in one run, pair by pair, and
//! the median of the ratios.

use crate::client::Client;
use crate::cpu::Used;
use crate::world::{LOGIN, PASSWORD, SAML_EC, SAML_RSA, Server};
use crate::{Flow, cpu, openid, passkey, saml};
use anyhow::{Result, bail, ensure};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use futures::future::try_join_all;
use http::StatusCode;
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant};
use preau_keys::jose::{Alg, PrivateKey};
use preau_store::Store;
use std::sync::Arc;
use std::time::Duration;

/// Pairs in a series; the median is quoted.
pub const PAIRS: usize = 15;

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Longer than a server keeps events of its journal back (a tenth of a second), with time to commit them.
const AT_REST: Duration = Duration::from_millis(150);
/// What the clocks of a process at rest may use up meanwhile.
const TICKS: Duration = Duration::from_millis(1);

/// Processor time of a process, once it has written everything its answers left to be written: what follows an operation
/// belongs to it, whenever it happens.
async fn at_rest(pid: u32) -> Result<Used> {
    let mut used = cpu::of(pid)?;
    for _ in 0..100 {
        tokio::time::sleep(AT_REST).await;
        let now = cpu::of(pid)?;
        if now.since(&used).iter().sum::<Duration>() < TICKS {
            return Ok(now);
        }
        used = now;
    }
    bail!("process {pid} does not come to rest")
}

/// Microseconds of a process per operation, from rest to rest.
pub async fn cost<F: AsyncFnMut() -> Result<()>>(pid: u32, count: u32, mut operation: F) -> Result<f64> {
    let all = spent(pid, async || {
        for _ in 0..count {
            operation().await?;
        }
        Ok(())
    });
    Ok(all.await?.iter().sum::<Duration>().as_secs_f64() * 1e6 / f64::from(count))
}

/// What each thread of a process spends on something, from rest to rest.
pub async fn spent<F: AsyncFnMut() -> Result<()>>(pid: u32, mut operation: F) -> Result<Vec<Duration>> {
    let before = at_rest(pid).await?;
    operation().await?;
    Ok(at_rest(pid).await?.since(&before))
}

/// A signed-in client of a server.
pub async fn signed_in(server: &Server) -> Result<Client> {
    let mut client = Client::connect(server.port()).await?;
    client.sign_in("/", LOGIN, PASSWORD).await?;
    Ok(client)
}

/// People at once, where a figure speaks of several.
pub const TOGETHER: usize = 32;

const SERVICE: &str = "https://service0.example/app/";

/// A ticket for the service, within the session of that browser.
pub async fn ticket(client: &mut Client) -> Result<String> {
    let answer = client.get(&format!("/cas/login?service={}", SERVICE.replace(':', "%3A").replace('/', "%2F"))).await?;
    let location = answer.location.unwrap_or_default();
    let ticket = location.split("ticket=").nth(1).unwrap_or_default().to_owned();
    ensure!(!ticket.is_empty(), "no ticket: {}", answer.status);
    Ok(ticket)
}

/// Validates a ticket as the service does.
pub async fn validate(client: &mut Client, ticket: &str) -> Result<()> {
    let path =
        format!("/cas/p3/serviceValidate?service={}&ticket={ticket}", SERVICE.replace(':', "%3A").replace('/', "%2F"));
    let answer = client.get(&path).await?;
    ensure!(answer.body.contains("authenticationSuccess"), "validation failed: {}", answer.body);
    Ok(())
}

/// What a session costs in a small world and in a large one, each in turn with the yardsticks and with the other.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// The yardsticks.
    pub units: Units,
    /// Session to ticket to validation in the small world: microseconds, and times its floor.
    pub sign_on: (f64, f64),
    /// The same with [`TOGETHER`] people at once, each, in microseconds.
    pub together: f64,
    /// Validation alone in the small world.
    pub validation: (f64, f64),
    /// `sign_on` of the large world in those of the small one.
    pub sign_on_growth: f64,
    /// Validation of the large world in those of the small one.
    pub validation_growth: f64,
}

/// The visit must survive, so that the service hears of the end of the session; the ticket lives for seconds, in memory.
pub const SIGN_ON: Floor = Floor { answers: 2, inserts: 1, signatures: 0 };
/// Nothing waits for the disk.
pub const ANSWER: Floor = Floor { answers: 1, inserts: 0, signatures: 0 };

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
pub async fn sign_on(small: &Server, large: &Server, yardsticks: &mut Yardsticks) -> Result<Costs> {
    let (mut few, mut many) = (Pair::of(small).await?, Pair::of(large).await?);
    let mut crowd = Vec::new();
    for _ in 0..TOGETHER {
        crowd.push(Pair::of(small).await?);
    }
    let (mut rounds, mut flows, mut crowds, mut validations) = (vec![], Series::default(), vec![], Series::default());
    let (mut flow_growth, mut validation_growth) = (vec![], vec![]);
    for round in 0..=PAIRS {
        let units = yardsticks.units().await?;
        let (flow, larger_flow) = (few.sign_on().await?, many.sign_on().await?);
        let each_of_many = together(&mut crowd).await?;
        let (validation, larger_validation) = (few.validation().await?, many.validation().await?);
        // The first round warms caches and connections.
        if round > 0 {
            flows.add(flow, SIGN_ON.of(&units));
            crowds.push(each_of_many);
            validations.add(validation, ANSWER.of(&units));
            flow_growth.push(larger_flow / flow);
            validation_growth.push(larger_validation / validation);
            rounds.push(units);
        }
    }
    Ok(Costs {
        units: Units::median(&rounds),
        sign_on: flows.middle(),
        together: median(crowds),
        validation: validations.middle(),
        sign_on_growth: median(flow_growth),
        validation_growth: median(validation_growth),
    })
}

/// What a sign-in with a local password costs beside a bare hash with the same parameters.
#[derive(Clone, Copy, Debug)]
pub struct PasswordCosts {
    /// The library's plain call, which takes memory of its own each time: microseconds.
    pub plain: f64,
    /// The same hash in memory that is there already: microseconds.
    pub kept: f64,
    /// A sign-in in plain calls.
    pub of_plain: f64,
    /// A sign-in in hashes whose memory is there already.
    pub of_kept: f64,
    /// A sign-in in the large world in those of the small one.
    pub growth: f64,
}

/// Hashes and sign-ins in one figure.
const HASHES: u32 = 10;

/// Processor time of a sign-in with a local password over that of one bare hash with the same parameters, pair by pair, and in
/// a large world over that in the small one.
pub async fn password(server: &Server, large: &Server) -> Result<PasswordCosts> {
    let own = std::process::id();
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(|error| anyhow::anyhow!("{error}"))?;
    let (argon, mut memory) =
        (Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()), vec![Block::new(); params.block_count()]);
    let (salt, mut output) = ([7; 16], [0; 32]);
    let (mut plains, mut kepts, mut of_plain, mut of_kept, mut growth) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..=PAIRS {
        let plain = cost(own, HASHES, async || {
            let done = argon.hash_password_into(PASSWORD.as_bytes(), &salt, &mut output);
            done.map_err(|error| anyhow::anyhow!("{error}"))
        })
        .await?;
        let kept = cost(own, HASHES, async || {
            let done =
                argon.hash_password_into_with_memory(PASSWORD.as_bytes(), &salt, &mut output, memory.as_mut_slice());
            done.map_err(|error| anyhow::anyhow!("{error}"))
        })
        .await?;
        let flow = sign_in(server).await?;
        if round > 0 {
            plains.push(plain);
            kepts.push(kept);
            of_plain.push(flow / plain);
            of_kept.push(flow / kept);
        }
    }
    // Apart from the others: a second server would sweep from the caches what the first one left there.
    for round in 0..=PAIRS {
        let (flow, larger_flow) = (sign_in(server).await?, sign_in(large).await?);
        if round > 0 {
            growth.push(larger_flow / flow);
        }
    }
    Ok(PasswordCosts {
        plain: median(plains),
        kept: median(kepts),
        of_plain: median(of_plain),
        of_kept: median(of_kept),
        growth: median(growth),
    })
}

/// Microseconds of one flow alone.
pub async fn one(flow: Flow, server: &Server) -> Result<f64> {
    match flow {
        Flow::SignIn => sign_in(server).await,
        Flow::Passkey => passkey::Holder::of(server).await?.flow().await,
        Flow::SignOn => Pair::of(server).await?.sign_on().await,
        Flow::Validation => Pair::of(server).await?.validation().await,
        Flow::Code | Flow::Refresh | Flow::Userinfo | Flow::Introspection => openid::one(flow, server).await,
        Flow::SamlRsa | Flow::SamlEc | Flow::SamlFirst | Flow::SamlTogether => {
            saml::ready(server).await?;
            match flow {
                Flow::SamlRsa => saml::Visit::of(server).await?.flow(SAML_RSA[0], 1).await,
                Flow::SamlEc => saml::Visit::of(server).await?.flow(SAML_EC[0], 1).await,
                Flow::SamlFirst => saml::alone(server, &SAML_RSA).await,
                _ => saml::together(server, &SAML_RSA).await.map(|(cost, _)| cost),
            }
        }
        Flow::Rsa => saml::bare(&PrivateKey::draw(Alg::RS256)).await,
    }
}

async fn sign_in(server: &Server) -> Result<f64> {
    cost(server.pid(), HASHES, async || {
        let mut client = Client::connect(server.port()).await?;
        client.sign_in("/", LOGIN, PASSWORD).await?;
        Ok(())
    })
    .await
}

/// What the floors are made of, one figure each for a round.
pub struct Yardsticks {
    bare: Client,
    bare_pid: u32,
    store: Arc<dyn Store>,
    key: PrivateKey,
}

impl Yardsticks {
    /// The bare server, a database that is opened as the server opens its own, and a key.
    pub async fn new(bare: &Server, database: &str) -> Result<Yardsticks> {
        Ok(Yardsticks {
            bare: Client::connect(bare.port()).await?,
            bare_pid: bare.pid(),
            store: preau_store_sql::open(database).await?,
            key: PrivateKey::draw(Alg::ES256),
        })
    }

    /// Measures them.
    pub async fn units(&mut self) -> Result<Units> {
        let own = std::process::id();
        let answer = cost(self.bare_pid, 2000, async || {
            ensure!(self.bare.get("/").await?.status == StatusCode::OK, "the bare server failed");
            Ok(())
        })
        .await?;
        let insert = cost(own, 300, async || {
            let correlation = CorrelationId::new("000000000000");
            self.store.record(AuditEvent::new(Instant(0), AuditKind::ServiceOpened, correlation, "bench"));
            Ok(self.store.flush_audit().await?)
        })
        .await?;
        let signature = cost(own, 500, async || {
            ensure!(self.key.sign(Alg::ES256, &[7; 400]).is_ok_and(|signature| signature.len() == 64), "no signature");
            Ok(())
        })
        .await?;
        Ok(Units { answer, insert, signature })
    }
}

/// Microseconds of what nobody can do without.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    /// A request that a bare axum server answers with one line, on a connection that stays.
    pub answer: f64,
    /// One row of one table, written by our own writer in a commit of its own that waits for the disk.
    pub insert: f64,
    /// One signature with ES256.
    pub signature: f64,
}

impl Units {
    /// The middle of each.
    pub fn median(rounds: &[Units]) -> Units {
        let of = |part: fn(&Units) -> f64| median(rounds.iter().map(part).collect());
        Units { answer: of(|u| u.answer), insert: of(|u| u.insert), signature: of(|u| u.signature) }
    }
}

/// The least a flow can cost: its answers, its signatures, and one durable insert for each change of state that must survive.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// Answers.
    pub answers: u32,
    /// Durable inserts.
    pub inserts: u32,
    /// Signatures.
    pub signatures: u32,
}

impl Floor {
    /// In microseconds.
    pub fn of(&self, units: &Units) -> f64 {
        f64::from(self.answers) * units.answer
            + f64::from(self.inserts) * units.insert
            + f64::from(self.signatures) * units.signature
    }

    /// In words.
    pub fn words(&self) -> String {
        let part = |count: u32, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let parts = [
            part(self.answers, "answer", "answers"),
            part(self.inserts, "insert", "inserts"),
            part(self.signatures, "signature", "signatures"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" + ")
    }
}

/// One ratio after the other, and what they come to.
#[derive(Default)]
pub struct Series {
    costs: Vec<f64>,
    ratios: Vec<f64>,
}

impl Series {
    /// One more round.
    pub fn add(&mut self, cost: f64, floor: f64) {
        self.costs.push(cost);
        self.ratios.push(cost / floor);
    }

    /// Microseconds, and how many times the floor of the same round.
    pub fn middle(self) -> (f64, f64) {
        (median(self.costs), median(self.ratios))
    }
}
