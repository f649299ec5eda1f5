//! Says whether the provider answers, in one sentence for an operator.

use crate::provider::Provider;
use async_trait::async_trait;
use preau_connector_api::{Probe, Unavailable};
use std::sync::Arc;

/// Reads the discovery page and the keys.
pub(crate) struct Look {
    pub(crate) provider: Arc<Provider>,
}

#[async_trait]
impl Probe for Look {
    async fn probe(&self) -> Result<String, Unavailable> {
        let issuer = &self.provider.settings.issuer;
        match self.provider.look().await? {
            0 => Err(Unavailable(format!("{issuer} answers, and publishes no key that signs"))),
            keys => Ok(format!("{issuer} answers, keys published: {keys}")),
        }
    }
}
