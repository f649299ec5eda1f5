//! Our metadata as they were signed last. Anybody may ask for them as often as they like, and nothing we do for whoever asks is
//! as dear as a signature.

use super::metadata::metadata;
use preau_domain::{Instant, Seconds};
use preau_keys::signers::SamlPublished;
use preau_web::{Fault, Hub};
use std::sync::{Mutex, PoisonError};

/// For how long the same document is given.
const SAME: Seconds = Seconds(60);

/// The keys it names, and the services whose domains it tells.
type Made = (SamlPublished, u32);

/// The document, and what it was made of. Keys that change, or change places, and services that are mounted anew make another one.
#[derive(Debug, Default)]
pub struct Published(Mutex<Option<(Instant, Made, String)>>);

impl Published {
    /// The document.
    pub fn document(&self, hub: &Hub) -> Result<String, Fault> {
        let now = hub.now();
        let made = (hub.signers.saml_published(now), hub.services().generation());
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, made_of, document)) = &*last
            && *made_of == made
            && (*at..*at + SAME).contains(&now)
        {
            return Ok(document.clone());
        }
        let document = metadata(hub)?;
        *last = Some((now, made, document.clone()));
        Ok(document)
    }
}
