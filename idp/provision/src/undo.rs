//! The way back: people and establishments as they were before a run, as far as what it wrote still stands.
//!
//! What a later run wrote, or anybody by hand, is left as it is. Whom the run added is suspended, not removed: a name is never
//! used again. The source still says what it said, so its next run is held until somebody lets it go.

use crate::lease::Lease;
use crate::progress::{Phase, Progress};
use crate::report::Report;
use crate::synchronise::{SyncContext, SyncError, SyncStore, prepare, word};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, RunId, SourceId};
use preau_store::{RunOutcome, RunRecord, UndoPart};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Rows put back at once. Small in tests, where an undo is cut after every page.
const PAGE: u32 = if cfg!(test) { 10 } else { 500 };

/// What undoing a run came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoReport {
    /// Its own name, which is also the correlation of its audit event.
    pub run: RunId,
    /// Which source.
    pub source: SourceId,
    /// The run that was undone.
    pub undone: RunId,
    /// People who are as they were before it.
    pub people: u64,
    /// People whom it had added, and who are suspended now.
    pub added: u64,
    /// Establishments that are as they were before it.
    pub establishments: u64,
    /// People and establishments that were written again since, and stay as they are.
    pub left: u64,
    /// How long it took.
    pub duration_ms: i64,
}

/// Undoes a run. It waits for nobody: while a run of the source is under way it is refused. One that is killed is simply
/// run again.
pub async fn undo<S: SyncStore + ?Sized>(
    ctx: &SyncContext<S>,
    run: &RunId,
    progress: Arc<dyn Progress>,
) -> Result<UndoReport, SyncError> {
    let found = undoable(&*ctx.store, run, ctx.clock.now()).await?;
    prepare(&ctx.spool_dir)?;
    let lease = Lease::take(&*ctx.store, &*ctx.clock, &*ctx.ids, &found.source, &ctx.spool_dir).await?;
    let result = tokio::select! {
        lost = lease.keep(&*ctx.store, &*ctx.clock) => Err(lost),
        result = recorded(ctx, &found, &*progress) => result,
    };
    lease.release(&*ctx.store).await;
    result
}

/// The run of that name, if it can be undone at all.
pub async fn undoable<S: SyncStore + ?Sized>(store: &S, run: &RunId, now: Instant) -> Result<RunRecord, SyncError> {
    let refused = |why: &str| SyncError::Refused(format!("run {run} cannot be undone: {why}"));
    let found = store.run(run).await?.ok_or_else(|| refused("there is no run of that name"))?;
    let report: Value = serde_json::from_str(&found.report).unwrap_or_default();
    match found.outcome {
        RunOutcome::Held => return Err(refused("it was held, and wrote nothing")),
        RunOutcome::Undone => return Err(refused("it undid another: synchronise the source instead")),
        _ if report["same_as"].is_string() => return Err(refused("it found nothing changed, and wrote nothing")),
        RunOutcome::Running | RunOutcome::Applied | RunOutcome::Incomplete | RunOutcome::Failed => {}
    }
    match report["undo_until"].as_i64() {
        None => Err(refused("people were not kept as they were before it; it changed more than sync.undo_people")),
        Some(until) if until <= now.0 => Err(refused("it is more than thirty days old")),
        Some(_) => Ok(found),
    }
}

/// The undoing with its record in the store, which is there before anything is written: the next run of the source must not
/// take it for a state that nobody questioned.
async fn recorded<S: SyncStore + ?Sized>(
    ctx: &SyncContext<S>,
    undone: &RunRecord,
    progress: &dyn Progress,
) -> Result<UndoReport, SyncError> {
    let started = ctx.clock.now();
    let mut report = UndoReport {
        run: RunId::generate(&*ctx.ids),
        source: undone.source.clone(),
        undone: undone.id.clone(),
        people: 0,
        added: 0,
        establishments: 0,
        left: 0,
        duration_ms: 0,
    };
    let mut record = RunRecord {
        id: report.run.clone(),
        source: report.source.clone(),
        started,
        finished: None,
        outcome: RunOutcome::Undone,
        report: json(&report),
    };
    ctx.store.put_run(&record).await?;
    let result = put_back(&*ctx.store, undone, &mut report, progress).await;
    let finished = ctx.clock.now();
    report.duration_ms = (finished - started).max(0);
    (record.finished, record.report) = (Some(finished), json(&report));
    let detail = result.as_ref().err().map_or(word(RunOutcome::Undone), SyncError::word);
    let correlation = CorrelationId::new(report.run.as_str());
    ctx.store.record(AuditEvent::new(finished, AuditKind::Synchronised, correlation, detail));
    ctx.store.put_run(&record).await?;
    ctx.store.flush_audit().await?;
    result.map(|()| report)
}

fn json(report: &UndoReport) -> String {
    serde_json::to_string(report).unwrap_or_default()
}

/// How many rows a run says it wrote; one that was killed says nothing.
fn written(run: &RunRecord) -> Option<u64> {
    let report: Report = serde_json::from_str(&run.report).ok()?;
    let (people, schools) = (report.people, report.establishments);
    Some(people.created + people.updated + people.reactivated + people.suspended + schools.created + schools.updated)
}

async fn put_back<S: SyncStore + ?Sized>(
    store: &S,
    run: &RunRecord,
    report: &mut UndoReport,
    progress: &dyn Progress,
) -> Result<(), SyncError> {
    progress.phase(Phase::Undoing, written(run));
    for part in [UndoPart::Changed, UndoPart::Added, UndoPart::Establishments] {
        let mut after = String::new();
        loop {
            let page = store.undo(run, part, &after, PAGE).await?;
            let Some(last) = page.last else { break };
            after = last;
            *match part {
                UndoPart::Changed => &mut report.people,
                UndoPart::Added => &mut report.added,
                UndoPart::Establishments => &mut report.establishments,
            } += page.undone;
            report.left += page.left;
            progress.advance(page.undone + page.left);
        }
    }
    Ok(())
}
