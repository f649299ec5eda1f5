//! Says whether the directory answers, in one sentence for an operator.

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
}
