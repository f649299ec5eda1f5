//! What one more live session costs in memory: the slope between two numbers of sessions that are all in use.
//!
//! A session is in memory while it is in use, so each number opens a service round after round, every session well within the
//! time for which it is believed, until the memory of the server stays as it is: what is left between the two is what they
//! hold, not what the allocator took on the way. They are put into the database as a sign-in does, so that the memory of password
//! hashing does not cover theirs.

use crate::client::Client;
use crate::cpu;
use crate::world::{Server, World};
use anyhow::{Result, ensure};
use futures::future::try_join_all;
use http::StatusCode;
use std::time::{Duration, Instant};

/// The two numbers of sessions.
const FEW: usize = 6_000;
/// See [`FEW`]. Both are beyond what fills the pages that the database keeps of its file, which are the same for any number.
const MANY: usize = 12_000;
/// Connections that ask at once.
const CONNECTIONS: usize = 16;
/// A round that takes longer has lost its first sessions from memory before its last came: it says nothing.
const ROUND: Duration = Duration::from_millis(2_500);
/// Rounds in a row after which the memory is the same within [`SAME`].
const STEADY: usize = 3;
/// Bytes that make no difference.
const SAME: u64 = 256 * 1024;

/// Bytes of resident memory one more live session costs; absent where the machine is too busy to have so many in use at once.
pub async fn per_session(world: &World, server: &Server) -> Result<Option<f64>> {
    let secrets = world.sessions(MANY as u32).await?;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(server.port()).await?);
    }
    let Some(few) = steady(&mut clients, server, &secrets[..FEW]).await? else { return Ok(None) };
    let many = steady(&mut clients, server, &secrets).await?;
    Ok(many.map(|many| many.saturating_sub(few) as f64 / (MANY - FEW) as f64))
}

/// Resident memory while these sessions are in use.
async fn steady(clients: &mut [Client], server: &Server, secrets: &[String]) -> Result<Option<u64>> {
    let (mut before, mut same) = (0, 0);
    for _ in 0..40 {
        let began = Instant::now();
        let shares = secrets.chunks(secrets.len().div_ceil(clients.len()));
        let visits = clients.iter_mut().zip(shares).map(async |(client, share)| {
            for secret in share {
                client.enter(secret);
                let answer = client.get("/open/banc-0").await?;
                ensure!(answer.status == StatusCode::SEE_OTHER, "a session was not believed: {}", answer.status);
            }
            Ok::<_, anyhow::Error>(())
        });
        try_join_all(visits).await?;
        let now = cpu::resident(server.pid())?;
        same = if began.elapsed() <= ROUND && now.abs_diff(before) <= SAME { same + 1 } else { 0 };
        if same == STEADY {
            return Ok(Some(now));
        }
        before = now;
    }
    Ok(None)
}
