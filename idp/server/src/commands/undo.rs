//! `preau sync undo`: takes back what a run wrote.

use crate::cli::Failure;
use crate::config::Loaded;
use crate::output::say;
use crate::{assembly, commands};
use preau_domain::RunId;
use preau_provision::{UndoReport, undo, undoable};

/// Undoes it and says what came of it.
pub async fn run(loaded: &Loaded, run: &str, json: bool) -> Result<(), Failure> {
    let keys = assembly::keyring(loaded, true)?;
    let ctx = commands::sync::context(loaded, &keys).await?;
    let run = RunId::new(run);
    // Nothing is noted of what is refused anyway.
    undoable(&*ctx.store, &run, ctx.clock.now()).await.map_err(Failure::new)?;
    commands::journal(&*ctx.store, None, None, &format!("sync-undo {run}")).await?;
    let progress = commands::sync::progress();
    let report = tokio::select! {
        report = undo(&ctx, &run, std::sync::Arc::clone(&progress)) => report.map_err(Failure::new)?,
        _ = tokio::signal::ctrl_c() => {
            return Err(Failure::new("interrupted: what was put back stays so, and running it again goes on from there"));
        }
    };
    drop(progress);
    if json {
        return say!("{:#}", serde_json::to_value(&report).map_err(Failure::new)?);
    }
    say!("{}: {}", report.source, text(&report))?;
    say!("  the next run is held until somebody accepts it: mend the source, then preau sync apply {}", report.source)
}

/// What came of it, in a line.
pub(super) fn text(report: &UndoReport) -> String {
    format!(
        "run {} undone: {} people and {} establishments are as before it, {} people it had added are suspended; {} were written \
         again since and stay as they are",
        report.undone, report.people, report.establishments, report.added, report.left
    )
}
