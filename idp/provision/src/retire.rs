//! The end of a source: the configuration names it no more, and its people would keep their accounts for ever, for only a reading says
//! that somebody is gone.

use async_trait::async_trait;
use preau_connector_api::{Completion, Directory, Record};
use tokio::sync::mpsc;

/// A directory that holds nobody. A run that reads it is held like any other that would empty a school, until a person who looked
/// gives the number.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

#[async_trait]
impl Directory for Nobody {
    async fn read(&self, _: mpsc::Sender<Record>) -> Completion {
        Completion::Complete
    }

    async fn estimate(&self) -> Option<u64> {
        None
    }
}
