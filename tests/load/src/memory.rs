//! What one more live session costs in memory: the slope between two numbers of sessions that are all in use.
//!
//! A session is in memory while it is in use, so each number signs on to a service round after round, every session well within
//! the time for which it is believed, until the memory of the server stays as it is. Their tickets are redeemed, as a service
//! does: one that is not would be counted as well. They are put into the database as a sign-in does, so that the memory of
//! password hashing does not cover theirs. Before that each of them has been in use once, few at a time, and each has visited as
//! much as in a day: what the database keeps of its file, some megabytes, is there for both numbers and does not grow between
//! them. Several servers are asked, since each lays its memory out in its own way.

use crate::client::Client;
use crate::cpu;
use crate::measure::{median, ticket, validate};
use crate::world::{Server, World};
use anyhow::{Context, Result};
use futures::future::try_join_all;
use std::path::Path;
use std::time::{Duration, Instant};

/// The two numbers of sessions. Both are below what the server keeps in memory at most.
const FEW: usize = 1_000;
/// See [`FEW`].
const MANY: usize = 6_000;
/// Servers that are asked.
const SERVERS: usize = 3;
/// Browsers and services that ask at once.
const TOGETHER: usize = 16;
/// How long the server believes what it has in memory.
const BELIEVED: Duration = Duration::from_secs(3);
/// A round that takes longer has lost its first sessions from memory before its last came: it says nothing.
const ROUND: Duration = Duration::from_millis(2_500);
/// Rounds in a row after which the memory is the same within [`SAME`].
const STEADY: usize = 3;
/// Bytes that make no difference.
const SAME: u64 = 256 * 1024;

/// Bytes of resident memory one more live session costs, the middle, the least and the most of what the servers said; absent
/// where the machine is too busy to have so many in use at once.
pub async fn per_session(world: &World, preau: &Path) -> Result<Option<[f64; 3]>> {
    let secrets = world.sessions(MANY as u32).await?;
    let mut slopes = Vec::new();
    for _ in 0..SERVERS {
        let (server, _) = world.start(preau)?;
        let mut crowd = Crowd::of(&server).await?;
        for few in secrets.chunks(FEW) {
            crowd.round(few).await?;
            tokio::time::sleep(BELIEVED).await;
        }
        let Some(few) = crowd.steady(&server, &secrets[..FEW]).await? else { return Ok(None) };
        let Some(many) = crowd.steady(&server, &secrets).await? else { return Ok(None) };
        slopes.push((many as f64 - few as f64) / (MANY - FEW) as f64);
    }
    let least = slopes.iter().copied().reduce(f64::min).context("no server was asked")?;
    let most = slopes.iter().copied().reduce(f64::max).context("no server was asked")?;
    Ok(Some([median(slopes), least, most]))
}

/// Connections of browsers and of services.
struct Crowd(Vec<(Client, Client)>);

impl Crowd {
    async fn of(server: &Server) -> Result<Crowd> {
        let mut pairs = Vec::new();
        for _ in 0..TOGETHER {
            pairs.push((Client::connect(server.port()).await?, Client::connect(server.port()).await?));
        }
        Ok(Crowd(pairs))
    }

    /// Uses each session once; says how long all of them took.
    async fn round(&mut self, secrets: &[String]) -> Result<Duration> {
        let began = Instant::now();
        let shares = secrets.chunks(secrets.len().div_ceil(self.0.len()));
        let visits = self.0.iter_mut().zip(shares).map(async |((browser, service), share)| {
            for secret in share {
                browser.enter(secret);
                let ticket = ticket(browser).await.context("a session was not believed")?;
                validate(service, &ticket).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
        try_join_all(visits).await?;
        Ok(began.elapsed())
    }

    /// Resident memory while these sessions are in use.
    async fn steady(&mut self, server: &Server, secrets: &[String]) -> Result<Option<u64>> {
        let (mut before, mut same) = (0, 0);
        for _ in 0..40 {
            let took = self.round(secrets).await?;
            let now = cpu::resident(server.pid())?;
            same = if took <= ROUND && now.abs_diff(before) <= SAME { same + 1 } else { 0 };
            if same == STEADY {
                return Ok(Some(now));
            }
            before = now;
        }
        Ok(None)
    }
}
