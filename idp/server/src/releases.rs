//! Runs that an administrator lets go on a page: done here, one after the other, as `preau sync apply --accept-run` does them.

use crate::cli::Failure;
use crate::commands::runs;
use crate::jobs::House;
use crate::{SystemClock, assembly};
use preau_connector_api::Connector;
use preau_domain::{Clock, RunId, SourceId};
use preau_keys::SystemIds;
use preau_provision::{Options, Silent, SyncContext, Thresholds, synchronise};
use preau_web::runs::Synchronisations;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Runs that wait to be let go, at most.
const WAITING: usize = 8;

/// What is to be let go.
pub(crate) type Wish = (SourceId, RunId);

/// The near end, which the pages have.
pub(crate) struct Releases {
    sources: Vec<SourceId>,
    wishes: mpsc::Sender<Wish>,
}

impl Releases {
    /// Over the sources that hand over people; and the far end.
    pub(crate) fn over(connectors: &BTreeMap<SourceId, Connector>) -> (Releases, mpsc::Receiver<Wish>) {
        let (wishes, far) = mpsc::channel(WAITING);
        let handing = connectors.iter().filter(|(_, connector)| connector.directory.is_some());
        (Releases { sources: handing.map(|(source, _)| source.clone()).collect(), wishes }, far)
    }
}

impl Synchronisations for Releases {
    fn sources(&self) -> Vec<SourceId> {
        self.sources.clone()
    }

    fn release(&self, source: &SourceId, run: &RunId) -> bool {
        self.wishes.try_send((source.clone(), run.clone())).is_ok()
    }
}

/// Does what is wished.
pub(crate) async fn grant(house: Arc<House>, mut wishes: mpsc::Receiver<Wish>) {
    while let Some((source, run)) = wishes.recv().await {
        match one(&house, &source, &run).await {
            Ok(outcome) => tracing::info!(source.id = %source, run.id = %run, outcome, "a held run was let go"),
            Err(error) => tracing::error!(source.id = %source, run.id = %run, error, "a held run was not let go"),
        }
    }
}

async fn one(house: &House, source: &SourceId, run: &RunId) -> Result<String, String> {
    let directory = house.connectors.get(source).and_then(|connector| connector.directory.clone());
    let directory = directory.ok_or("it hands over no people")?;
    let looked_at = runs::accepted(&*house.store, source, run.as_str()).await.map_err(|failure| match failure {
        Failure::Failed(why) => why,
        _ => "it does not wait any more".to_owned(),
    })?;
    let (sync, clock) = (&house.loaded.config.sync, Arc::new(SystemClock::new()));
    let ctx = SyncContext {
        store: Arc::clone(&house.store),
        clock: clock as Arc<dyn Clock>,
        ids: Arc::new(SystemIds),
        spool_dir: house.loaded.path(&sync.spool_dir),
    };
    let usual = sync.thresholds(ctx.clock.now());
    let options = Options {
        thresholds: Thresholds { accepted: Some(looked_at.people.losing()), new_year: false, ..usual },
        seen: Some(looked_at.losses.into()),
        withheld: sync.withheld(),
        births: assembly::births(&house.hub.keyring),
        links: sync.key_rules().into(),
        undo_people: Some(sync.undo_people),
        ..Options::default()
    };
    let report = synchronise(&ctx, source, &*directory, options, Arc::new(Silent)).await;
    report.map(|report| format!("{:?}", report.outcome)).map_err(|error| error.to_string())
}
