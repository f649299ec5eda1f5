//! What the house would synchronise with: it notes which held runs were let go, and does nothing.

use preau_domain::{RunId, SourceId};
use preau_web::runs::Synchronisations;
use std::sync::{Mutex, PoisonError};

/// See the module.
#[derive(Default)]
pub struct Recorder {
    sources: Vec<SourceId>,
    released: Mutex<Vec<(SourceId, RunId)>>,
}

impl Recorder {
    /// Over these sources.
    pub fn over(sources: &[SourceId]) -> Recorder {
        Recorder { sources: sources.to_vec(), released: Mutex::default() }
    }

    /// What was let go, in order.
    pub fn released(&self) -> Vec<(SourceId, RunId)> {
        self.released.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Synchronisations for Recorder {
    fn sources(&self) -> Vec<SourceId> {
        self.sources.clone()
    }

    fn release(&self, source: &SourceId, run: &RunId) -> bool {
        self.released.lock().unwrap_or_else(PoisonError::into_inner).push((source.clone(), run.clone()));
        true
    }
}
