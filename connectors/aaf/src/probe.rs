//! Says which deliveries are in force, in one sentence for an operator.

use crate::config::Settings;
use crate::delivery;
use async_trait::async_trait;
use preau_connector_api::{Probe, Unavailable};
use std::sync::Arc;

/// Looks which deliveries are there.
pub(crate) struct Look {
    pub(crate) settings: Arc<Settings>,
}

impl Look {
    fn look(&self) -> Result<String, Unavailable> {
        let mut told = Vec::new();
        for place in &self.settings.degrees {
            let wrong = |what: String| Unavailable(format!("{}: {what}", place.called));
            let parts = delivery::list(&place.path).map_err(wrong)?;
            let chain = delivery::chain(parts, self.settings.gap).map_err(wrong)?;
            if let Some(broken) = chain.broken {
                return Err(wrong(broken));
            }
            let latest = chain.deltas.last().map_or(String::new(), |delta| format!(", the latest of {}", delta.day));
            let (called, day, deltas) = (place.called, chain.complete.day, chain.deltas.len());
            told.push(format!("{called}: complete delivery of {day}, {deltas} deltas{latest}"));
        }
        Ok(told.join("; "))
    }
}

#[async_trait]
impl Probe for Look {
    async fn probe(&self) -> Result<String, Unavailable> {
        let look = Look { settings: Arc::clone(&self.settings) };
        let looked = tokio::task::spawn_blocking(move || look.look()).await;
        looked.unwrap_or_else(|_| Err(Unavailable("the deliveries could not be read".into())))
    }
}
