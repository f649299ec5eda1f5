//! Says for an operator whether the directory answers, and whether the decoy is there.

use crate::config::Settings;
use crate::pool::Pool;
use async_trait::async_trait;
use preau_connector_api::{Probe, Unavailable};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Looks whether the branches are there.
pub(crate) struct Look {
    pub(crate) settings: Arc<Settings>,
    pub(crate) pool: Arc<Pool>,
}

#[async_trait]
impl Probe for Look {
    async fn probe(&self) -> Result<String, Unavailable> {
        let url = &self.settings.shown_url;
        let attempt = self.pool.breaker.begin().map_err(|Unavailable(what)| Unavailable(format!("{url}: {what}")))?;
        let (settings, pool, mine) = (self.settings.clone(), self.pool.clone(), Arc::clone(&attempt));
        let mut task = JoinSet::new();
        task.spawn(async move {
            for dn in [&settings.people, &settings.structures] {
                if !pool.exists(&mine, dn).await? {
                    return Err(Unavailable(format!("{dn} is missing, or the service account may not see it")));
                }
            }
            Ok(())
        });
        let ended = timeout(self.settings.total, task.join_next()).await;
        match &ended {
            Ok(_) => attempt.answered(),
            Err(_) => attempt.silent(),
        }
        match ended {
            Ok(Some(Ok(Ok(())))) => Ok(format!("{url} answers, people and structures are there")),
            Ok(Some(Ok(Err(Unavailable(what))))) => Err(Unavailable(format!("{url}: {what}"))),
            Ok(_) => Err(Unavailable(format!("{url} answered something that could not be read"))),
            Err(_) => Err(Unavailable(format!("{url} took too long"))),
        }
    }
    async fn doubts(&self) -> Vec<String> {
        let Some(decoy) = &self.settings.decoy else { return Vec::new() };
        let Ok(attempt) = self.pool.breaker.begin() else { return Vec::new() };
        // Whether it answers at all is said by the probe.
        let there = timeout(self.settings.total, self.pool.exists(&attempt, decoy)).await;
        match there {
            Ok(Ok(false)) => vec![format!("decoy_dn: {decoy} is missing, or the service account may not see it")],
            _ => Vec::new(),
        }
    }
}
