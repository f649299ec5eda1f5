//! What the yeses of all heads of a nation cost a server that holds them: its start, and its memory.

use crate::policy::{NATION, opening};
use crate::report::Report;
use crate::world::{Size, World, uai};
use crate::{cpu, saml};
use anyhow::{Context, Result};
use preau_domain::ServiceId;
use std::path::Path;
use std::sync::Arc;

/// The house.
const SIZE: Size = Size { establishments: 1, people: 1_000, services: 10 };
/// Seconds a start may take.
const MOST: f64 = 1.0;

/// Measures it, and tells it.
pub async fn measure(preau: &Path, folder: &Path, port: u16, report: &mut Report) -> Result<()> {
    let world = World::create(&folder.join("openings"), port, SIZE).await?;
    let without = {
        let (server, _) = world.start(preau)?;
        saml::ready(&server).await?;
        cpu::resident(server.pid())?
    };
    let store = world.store().await?;
    let mut writes = tokio::task::JoinSet::new();
    for n in 0..NATION {
        for service in 0..SIZE.services {
            let (store, opening) = (Arc::clone(&store), opening(&ServiceId::new(format!("banc-{service}")), uai(n)?));
            let doc = serde_json::to_string(&opening)?;
            writes.spawn(async move { store.put_registration(&opening.registration(doc)).await });
            // Enough at once to share commits, and no more than the queue of the writer takes.
            if writes.len() >= 200 {
                writes.join_next().await.context("a write")???;
            }
        }
    }
    while let Some(written) = writes.join_next().await {
        written??;
    }
    drop(store);
    let (server, took) = world.start(preau)?;
    saml::ready(&server).await?;
    let with = cpu::resident(server.pid())?;
    let (took, all) = (took.as_secs_f64(), NATION * SIZE.services);
    let what = format!("restart to first answer, with {all} yeses of heads");
    report.row(&what, format!("{took:.2} s"), "≤ 1 s", took <= MOST);
    let mb = |bytes: u64| bytes as f64 / 1e6;
    report.tell("resident memory, idle, with them", format!("{:.0} MB ({:.0} MB without)", mb(with), mb(without)));
    Ok(())
}
