//! `preau serve`: answers until it is told to stop.

use crate::cli::Failure;
use crate::config::Loaded;
use crate::{health, logging, server};
use tokio::signal::unix::{SignalKind, signal};

/// Serves.
pub async fn run(loaded: Loaded, demo: bool) -> Result<(), Failure> {
    logging::init(&loaded.config.log);
    preau_keys::install_provider();
    let metrics = health::recorder().map_err(Failure::new)?;
    metrics::gauge!("preau_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    if demo {
        tracing::warn!("this is a demonstration: keys and secrets that everybody knows are accepted");
    }
    let listen = |kind| signal(kind).map_err(Failure::new);
    let (mut terminate, mut interrupt, mut hang_up) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?, listen(SignalKind::hangup())?);
    let mut running = server::start(loaded, demo, metrics).await?;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => running.reload(),
            failure = running.ended() => return Err(failure),
        }
    }
    tokio::select! {
        stopped = running.stop() => stopped,
        // Whoever insists does not wait.
        _ = terminate.recv() => Err(Failure::new("stopped at once")),
        _ = interrupt.recv() => Err(Failure::new("stopped at once")),
    }
}
