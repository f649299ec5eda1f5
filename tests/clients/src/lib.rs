//! A whole small world for tests with real clients: an annuaire in a real OpenLDAP, preau as its operator runs it, sites
//! behind real CAS and OpenID Connect clients, and visitors. The servers are in `tests/rig`; the stories in `tests/clients/tests/`.

mod application;
mod visitor;
mod workshop;
mod world;

use anyhow::{Context, Result};
use std::time::Duration;

/// How long something may take that a program of somebody else does by itself, and how often it is looked at: it tells nobody.
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(50);

/// Looks until something is so that comes by itself. An error with that sentence if it is not after twenty seconds.
pub async fn until(otherwise: &str, mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let looking = async {
        while !is_so().await? {
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, looking).await.with_context(|| otherwise.to_owned())?
}

pub use application::{Application, Client};
pub use visitor::{Form, Page, Visitor};
pub use workshop::{Sandbox, Workshop};
pub use world::World;
