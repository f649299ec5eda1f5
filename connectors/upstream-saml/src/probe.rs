//! Says how the provider is known, in one sentence for an operator. Nothing of it is called from here: browsers carry
//! everything.

use crate::config::Settings;
use crate::published::Known;
use async_trait::async_trait;
use preau_connector_api::{Probe, Unavailable};
use std::sync::Arc;

/// Reads nothing: what is needed was read when the source was opened.
pub(crate) struct Look {
    pub(crate) known: Arc<Known>,
}

#[async_trait]
impl Probe for Look {
    async fn probe(&self) -> Result<String, Unavailable> {
        let Settings { entity_id, theirs, keys, .. } = &*self.known.first;
        Ok(format!("{entity_id} is known, keys of its own: {}, keys of ours: {}", theirs.len(), keys.len()))
    }
}
