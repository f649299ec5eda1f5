//! What a home page costs its server: one answer over many services, for somebody in many groups, written small as browsers ask for it.

use crate::measure::{PAIRS, cost, median, signed_in};
use crate::report::Report;
use crate::world::{Size, World};
use anyhow::{Result, ensure};
use http::StatusCode;
use std::path::Path;

/// The house.
const SIZE: Size = Size { establishments: 1, people: 1_000, services: 200 };
/// Groups of whoever looks.
const GROUPS: u32 = 40;
/// Answers in one figure.
const ANSWERS: u32 = 100;
/// Milliseconds one may take.
const MOST: f64 = 10.0;

/// Measures it, and tells it.
pub async fn measure(preau: &Path, folder: &Path, port: u16, report: &mut Report) -> Result<()> {
    let world = World::create(&folder.join("home"), port, SIZE).await?;
    world.in_groups(GROUPS).await?;
    let (server, _) = world.start(preau)?;
    let mut client = signed_in(&server).await?;
    let tiles = client.get("/").await?.body.matches("class=\"tile\"").count();
    ensure!(tiles >= SIZE.services as usize, "{tiles} tiles");
    client.read_gzip();
    let mut costs = Vec::new();
    for round in 0..=PAIRS {
        let one = cost(server.pid(), ANSWERS, async || {
            ensure!(client.get("/").await?.status == StatusCode::OK, "no home page");
            Ok(())
        });
        let one = one.await?;
        // The first round warms caches and connections.
        if round > 0 {
            costs.push(one / 1000.0);
        }
    }
    let middle = median(costs);
    let what = format!(
        "home page over {} services, for somebody in {GROUPS} groups: processor time of one answer",
        SIZE.services
    );
    report.row(&what, format!("{middle:.2} ms"), "≤ 10 ms", middle <= MOST);
    Ok(())
}
