//! One run, from lease to report.

use crate::births::BirthCodes;
use crate::delta::{self, Delta};
use crate::digest::Digest;
use crate::guard::{Reason, Thresholds, Verdict, guard, unseen, waiting};
use crate::index::Index;
use crate::lease::Lease;
use crate::pairing::{self, KeyRule, Paired};
use crate::plan::{Gain, SchoolLoss};
use crate::progress::{Phase, Progress};
use crate::report::{DeltaCounts, Report, SCHOOLS_KEPT, SHARED_KEPT, WAITING_KEPT};
use crate::snapshot::PAGE;
use crate::state::{Census, State};
use crate::withheld::Withheld;
use crate::{apply, snapshot};
use preau_connector_api::Directory;
use preau_domain::{AuditEvent, AuditKind, Clock, CorrelationId, Ids, Instant, RunId, Seconds, SourceId, Uai};
use preau_store::{
    Audit, Establishments, Operations, Pairings, Provisioning, RunOutcome, RunRecord, StoreError, Undoable,
};
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// What a synchronisation asks of a store.
pub trait SyncStore: Provisioning + Pairings + Establishments + Operations + Audit {}

impl<T: Provisioning + Pairings + Establishments + Operations + Audit + ?Sized> SyncStore for T {}

/// What a synchronisation works with.
pub struct SyncContext<S: ?Sized> {
    /// Where people are kept.
    pub store: Arc<S>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives names.
    pub ids: Arc<dyn Ids>,
    /// Folder for the spool and the locks; created for its owner alone if it is not there.
    pub spool_dir: PathBuf,
}

/// How long the source's word that nothing changed is taken: then it is read again whatever it says, because rights and
/// settings on its side may change what we see without changing its version.
const READ_AGAIN_MS: i64 = 24 * 3_600 * 1_000;

/// How a run behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Read the source even when it says that nothing changed since the latest run.
    pub full: bool,
    /// Read, plan and judge, but write nothing.
    pub dry_run: bool,
    /// When the guard holds a run.
    pub thresholds: Thresholds,
    /// What the schools lost in the report of the run that is let go, when a run is: whatever else a school would lose waits.
    pub seen: Option<Arc<[SchoolLoss]>>,
    /// What is told and not stored.
    pub withheld: Withheld,
    /// What is stored of dates of birth, where the source is asked for them.
    pub births: BirthCodes,
    /// Which sources tell the same key of the same person.
    pub links: Arc<[KeyRule]>,
    /// Most people whom a run may change or suspend and still be undone; any number when absent.
    pub undo_people: Option<u64>,
}

/// How long a run can be undone.
pub(crate) const UNDO: Seconds = Seconds(30 * 24 * 3_600);
/// How much longer rows are kept as they were: whoever undoes a run at the last moment finds all of them.
const UNDO_GRACE: Seconds = Seconds(24 * 3_600);

/// Why a run ended without a report. What it had written stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Another run of this source is under way.
    #[error("another synchronisation of this source is under way")]
    Busy,
    /// Another machine took the lease over.
    #[error("the lease of this synchronisation was lost to another machine")]
    LeaseLost,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool failed.
    #[error("spool: {0}")]
    Spool(#[from] io::Error),
    /// The process is stopping.
    #[error("the synchronisation was interrupted")]
    Interrupted,
    /// It cannot be undone, for this reason.
    #[error("{0}")]
    Refused(String),
}

impl SyncError {
    /// The word of the audit.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            SyncError::Busy => "busy",
            SyncError::LeaseLost => "lease-lost",
            SyncError::Store(_) => "store-failed",
            SyncError::Spool(_) => "spool-failed",
            SyncError::Interrupted => "interrupted",
            SyncError::Refused(_) => "refused",
        }
    }
}

/// Brings the house in line with a source. One run of a source at a time; a run killed anywhere is simply run again.
pub async fn synchronise<S: SyncStore + ?Sized>(
    ctx: &SyncContext<S>,
    source: &SourceId,
    directory: &dyn Directory,
    options: Options,
    progress: Arc<dyn Progress>,
) -> Result<Report, SyncError> {
    prepare(&ctx.spool_dir)?;
    let lease = Lease::take(&*ctx.store, &*ctx.clock, &*ctx.ids, source, &ctx.spool_dir).await?;
    let run = RunId::generate(&*ctx.ids);
    let result = tokio::select! {
        lost = lease.keep(&*ctx.store, &*ctx.clock) => Err(lost),
        result = recorded(ctx, &run, source, directory, options, progress) => result,
    };
    lease.release(&*ctx.store).await;
    result
}

pub(crate) fn prepare(dir: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// A run with its record in the store; a dry run leaves none.
async fn recorded<S: SyncStore + ?Sized>(
    ctx: &SyncContext<S>,
    run: &RunId,
    source: &SourceId,
    directory: &dyn Directory,
    options: Options,
    progress: Arc<dyn Progress>,
) -> Result<Report, SyncError> {
    let started = ctx.clock.now();
    let undone = undone_before(&*ctx.store, source).await?;
    let until = started + UNDO;
    let mut record = RunRecord {
        id: run.clone(),
        source: source.clone(),
        started,
        finished: None,
        outcome: RunOutcome::Running,
        // All there will ever be of a run whose process is killed.
        report: serde_json::json!({ "undone": undone, "undo_until": until }).to_string(),
    };
    if !options.dry_run {
        ctx.store.put_run(&record).await?;
    }
    let dry_run = options.dry_run;
    let result = attempt(ctx, run, source, directory, options, progress, (started, undone.clone())).await;
    if dry_run {
        return result.map(|(report, _)| report);
    }
    let finished = ctx.clock.now();
    record.finished = Some(finished);
    let detail = match &result {
        Ok((report, _)) => {
            record.outcome = report.outcome;
            record.report = serde_json::to_string(report).unwrap_or_default();
            word(report.outcome)
        }
        Err(error) => {
            record.outcome = RunOutcome::Failed;
            let report = serde_json::json!({ "failure": error.to_string(), "undone": undone, "undo_until": until });
            record.report = report.to_string();
            error.word()
        }
    };
    let correlation = CorrelationId::new(run.as_str());
    ctx.store.record(AuditEvent::new(finished, AuditKind::Synchronised, correlation, detail));
    let ended = match &result {
        Ok((_, Some(state))) => ctx.store.end_run(&record, &state.text()).await,
        _ => ctx.store.put_run(&record).await,
    };
    let written = match ended {
        Ok(()) => ctx.store.flush_audit().await,
        failed => failed,
    };
    // Of two failures the first is the one to tell.
    result.and_then(|(report, _)| written.map(|()| report).map_err(SyncError::from))
}

async fn attempt<S: SyncStore + ?Sized>(
    ctx: &SyncContext<S>,
    run: &RunId,
    source: &SourceId,
    directory: &dyn Directory,
    options: Options,
    progress: Arc<dyn Progress>,
    (started, undone): (Instant, Option<RunId>),
) -> Result<(Report, Option<State>), SyncError> {
    let store = &*ctx.store;
    // Before the reading: what changes during it makes another version, and is read by the next run.
    let withheld = options.withheld.mark() + &pairing::mark(&options.links);
    let version = directory.version().await.map(|version| Digest::of_record((version + &withheld).as_bytes()).hex());
    let latest = latest(store, run, source).await?;
    if let (Some(version), false) = (&version, options.full)
        && let Some(latest) = latest.as_ref().filter(|latest| latest.outcome == RunOutcome::Applied)
        && latest.version.as_ref() == Some(version)
        // A number is accepted for a run that weighs people anew.
        && options.thresholds.accepted.is_none()
        // Whoever waits for a second reading is not left to the word of the source.
        && latest.absent.is_empty()
        && (0..READ_AGAIN_MS).contains(&(started - latest.read_at))
    {
        let mut report = latest.clone().still_holds(run.clone(), options.dry_run);
        report.timed(ctx.clock.now() - started);
        return Ok((report, None));
    }
    let as_of = directory.as_of().await;
    let before = applied_state(store, source, as_of.len()).await?;
    // A source that was turned back is not left to changes alone, nor are schools that may wait for their complete file.
    let whole = latest.is_some_and(|latest| latest.leaves_whole());
    let may = !options.full && !options.thresholds.new_year && whole && undone.is_none();
    let kept = store.source_state(source).await?;
    let state = kept.as_deref().filter(|_| may).and_then(|text| State::read(text, &withheld));
    let spool_at = (ctx.spool_dir.as_path(), run.as_str());
    let kept_of = || (spool_at, options.withheld, options.births.clone());
    let (mut read_all, mut delta, mut marked, mut told) = (None, None, None, None);
    if let Some(state) = state
        && let Some(mark) = state.mark(started)
    {
        progress.phase(Phase::Reading, None);
        match delta::take(store, source, directory, (mark, started), kept_of()).await? {
            Ok(read) => delta = Some((state, read)),
            Err(why) => read_all = Some(why),
        }
    }
    let (mut planned, spool, delta) = match delta {
        Some((state, Delta { planned, spool, keys, gone, entries, mark })) => {
            progress.advance(entries);
            told = Some(keys);
            (planned, spool, Some((state, gone, entries, mark)))
        }
        None => {
            // Before the reading: what changes meanwhile is told again.
            let mark = directory.mark(started).await;
            let index = snapshot::load(store, source, &*progress).await?;
            let (planned, spool) = snapshot::take(source, index, directory, kept_of(), Arc::clone(&progress)).await?;
            marked = mark;
            (planned, spool, None)
        }
    };
    let lost = kept.as_deref().map(State::lost_of).unwrap_or_default();
    let waiting = waiting(&State::weighed_new_year(&lost, &planned.plan, started), &options.thresholds);
    planned.spare(&waiting);
    let establishments = apply::compare_establishments(store, &mut planned).await?;
    let weighed = match &delta {
        Some((state, ..)) => state.weighed(&planned.plan, started),
        None => State::weighed_whole(&lost, &planned.plan, started),
    };
    // The number somebody accepts is that of this run.
    let own = options.thresholds.accepted.is_some();
    let mut verdict = guard(if own { &planned.plan } else { &weighed }, &options.thresholds);
    // The schools are those of the report that was looked at: as it is told.
    if let (Verdict::Go, Some(seen)) = (&verdict, &options.seen) {
        let more = unseen(&weighed.losses, &options.thresholds, seen);
        verdict = if more.is_empty() { Verdict::Go } else { Verdict::Held(more) };
    }

    let mut report = Report {
        run: run.clone(),
        source: source.clone(),
        dry_run: options.dry_run,
        outcome: RunOutcome::Applied,
        establishments,
        people: planned.plan.people,
        rejected: std::mem::take(&mut planned.plan.rejected),
        remarks: std::mem::take(&mut planned.remarks),
        shared_logins: Vec::new(),
        held: Vec::new(),
        reasons: Vec::new(),
        losses: largest(&weighed.losses),
        gains: doubling(&weighed.gains, options.thresholds.school_floor),
        waits: waiting.iter().take(SCHOOLS_KEPT).cloned().collect(),
        waiting_schools: waiting.iter().take(SCHOOLS_KEPT).map(ToString::to_string).collect(),
        incomplete: None,
        read_at: delta.as_ref().map_or(started, |(state, ..)| state.read_at),
        version,
        as_of,
        absent: Vec::new(),
        same_as: None,
        delta: delta.as_ref().map(|(_, gone, entries, _)| DeltaCounts { entries: *entries, gone: gone.len() as u64 }),
        read_all,
        undo_until: None,
        undone: None,
        paired: 0,
        doubtful: 0,
        duration_ms: 0,
        people_per_second: 0,
        peak_memory: None,
    };
    let mut to_suspend = report.people.suspended;
    let mut agreed = None;
    match verdict {
        // Somebody who looked agrees in place of a second reading.
        Verdict::Go if options.thresholds.accepted.is_some() => {}
        // Whoever is gone was said to be: nobody was merely not there.
        Verdict::Go if delta.is_some() => {}
        Verdict::Go => {
            let twice = absent_before(store, run, source).await?;
            let (gone, first) = split(&planned.index, &twice);
            report.absent = first.iter().take(WAITING_KEPT).map(|key| key.hex()).collect();
            report.people.waiting = first.len() as u64;
            report.people.suspended = gone.len() as u64;
            to_suspend = report.people.suspended;
            agreed = Some(gone);
        }
        Verdict::GoWithoutSuspensions(why) => {
            report.outcome = RunOutcome::Incomplete;
            report.incomplete = Some(why);
            report.people.suspended = 0;
            to_suspend = 0;
            // Absence means nothing, and what a record does not say of a person is absence too.
            let people = &mut report.people;
            let spared = people.losing();
            people.updated -= spared;
            people.kept += spared;
            (people.narrowed, people.stripped, people.ceased, people.moved) = (0, 0, 0, 0);
        }
        Verdict::Held(reasons) => {
            report.outcome = RunOutcome::Held;
            report.reasons = reasons;
        }
    }
    if let (Some(older), None) = (older(&report.as_of, &before), options.thresholds.accepted) {
        report.outcome = RunOutcome::Held;
        report.reasons.insert(0, older);
    }
    if let (Some(undone), None) = (undone, options.thresholds.accepted) {
        report.outcome = RunOutcome::Held;
        report.reasons.insert(0, Reason::Undone { run: undone.clone() });
        report.undone = Some(undone);
    }
    report.held = report.reasons.iter().map(ToString::to_string).collect();
    if report.outcome == RunOutcome::Held {
        report.as_of = before;
        // All of them, whatever held it: that is what somebody accepts.
        report.people.suspended += std::mem::take(&mut report.people.waiting);
        report.absent = Vec::new();
    }
    if !options.dry_run && report.outcome != RunOutcome::Held {
        let changed = report.people.updated + report.people.reactivated + to_suspend;
        let written = changed + report.people.created + establishments.created + establishments.updated;
        let keeps = written > 0 && options.undo_people.is_none_or(|most| changed <= most);
        let undo = keeps.then(|| Undoable { run: run.clone(), until: started + UNDO + UNDO_GRACE });
        let (by, undo) = ((source, undo.as_ref()), undo.as_ref());
        report.undo_until = undo.map(|_| started + UNDO);
        apply::establishments(store, undo, &planned.establishments).await?;
        let in_part = report.outcome == RunOutcome::Incomplete || !waiting.is_empty();
        let schools: HashSet<Uai> = waiting.iter().map(|school| school.establishment.clone()).collect();
        let cut_short = in_part.then_some((&planned.index, &schools));
        let parents = apply::people(store, by, spool, cut_short, &ctx.ids, &*progress).await?;
        report.people.updated -= parents;
        report.people.spared += parents;
        report.people.suspended = match &delta {
            Some((_, gone, ..)) => apply::gone(store, by, (&planned.index, gone), &*progress).await?,
            None => apply::suspensions(store, by, (&planned.index, agreed.as_ref()), to_suspend, &*progress).await?,
        };
        let Paired { paired, doubtful } = pair(store, &options.links, source, told, started).await?;
        (report.paired, report.doubtful) = (paired, doubtful);
        // Looked for among everybody, which costs with their number: a run of changes leaves it to the reading of the day.
        if delta.is_none() {
            report.shared_logins = store.shared_logins(source, SHARED_KEPT).await?;
        }
    }
    let accepted = options.thresholds.accepted.is_some();
    let state = match (report.outcome, delta) {
        (RunOutcome::Applied, Some((state, _, _, mark))) => Some(state.went_on(mark, &planned.plan, started, accepted)),
        (RunOutcome::Applied, None) if !options.dry_run => {
            let index = &planned.index;
            let gone =
                |key| index.lost(key) && agreed.as_ref().is_none_or(|agreed: &HashSet<Digest>| agreed.contains(&key));
            let census = Census::known(index, gone).with(&planned.written);
            // Whoever looked starts the sum anew.
            let rentree = options.thresholds.new_year.then_some(&waiting[..]);
            let lost = match &agreed {
                Some(agreed) => (lost, State::taken(&planned.plan, (index, agreed), rentree, started)),
                None => (Vec::new(), None),
            };
            // Who was spared was read, and is to be read again.
            let marked = marked.filter(|_| waiting.is_empty());
            Some(State::whole(marked, withheld, started, census, lost))
        }
        _ => None,
    };
    report.timed(ctx.clock.now() - started);
    Ok((report, state))
}

/// Pairs records of a source with those of others by their keys: those that were told, or all.
async fn pair<S: SyncStore + ?Sized>(
    store: &S,
    links: &[KeyRule],
    source: &SourceId,
    told: Option<Vec<String>>,
    now: Instant,
) -> Result<Paired, SyncError> {
    let mut done = Paired::default();
    if !links.iter().any(|rule| rule.concerns(source)) {
        return Ok(done);
    }
    if let Some(keys) = told {
        done.add(pairing::by_key(store, links, (source, &keys), now).await?);
        return Ok(done);
    }
    let mut after = String::new();
    loop {
        let page = store.source_index(source, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after.clone_from(&last.key);
        let keys: Vec<String> = page.into_iter().map(|row| row.key).collect();
        done.add(pairing::by_key(store, links, (source, &keys), now).await?);
    }
}

/// The mark from which the next run would read changes alone; `None` when it would read everybody, or waits for a person.
pub async fn goes_on_from<S: Provisioning + ?Sized>(
    store: &S,
    source: &SourceId,
    now: Instant,
) -> Result<Option<String>, StoreError> {
    let latest = store.runs(source, 1).await?.pop().and_then(ended);
    // A source that could not tell its changes last time is not waited for to tell the next ones: that may read everybody again.
    let listens =
        |latest: &Report| latest.outcome == RunOutcome::Applied && latest.leaves_whole() && latest.read_all.is_none();
    if !latest.is_some_and(|latest| listens(&latest)) {
        return Ok(None);
    }
    Ok(store.source_state(source).await?.and_then(|text| State::mark_of(&text, now)))
}

/// Runs looked back on for one that knows which state was applied latest: a held one remembers, a failed one does not.
const LOOK_BACK: u32 = 20;

/// Of when the state of a source is that was applied latest, when it has as many parts.
async fn applied_state<S: SyncStore + ?Sized>(
    store: &S,
    source: &SourceId,
    parts: usize,
) -> Result<Vec<String>, SyncError> {
    if parts == 0 {
        return Ok(Vec::new());
    }
    let runs = store.runs(source, LOOK_BACK).await?.into_iter();
    let mut states = runs.filter_map(|run| serde_json::from_str::<Report>(&run.report).ok()).map(|report| report.as_of);
    Ok(states.find(|before| before.len() == parts).unwrap_or_default())
}

/// The run that was undone latest, when nobody has let its source go since: every run in between remembers it.
async fn undone_before<S: SyncStore + ?Sized>(store: &S, source: &SourceId) -> Result<Option<RunId>, SyncError> {
    let Some(latest) = store.runs(source, 1).await?.pop() else { return Ok(None) };
    let report: serde_json::Value = serde_json::from_str(&latest.report).unwrap_or_default();
    Ok(report["undone"].as_str().map(RunId::new))
}

/// Who was absent from the complete reading before this one, if that is the latest that was applied.
async fn absent_before<S: SyncStore + ?Sized>(
    store: &S,
    run: &RunId,
    source: &SourceId,
) -> Result<HashSet<Digest>, SyncError> {
    let runs = store.runs(source, LOOK_BACK).await?.into_iter().filter(|before| before.id != *run);
    let latest = runs.into_iter().find(|run| matches!(run.outcome, RunOutcome::Applied | RunOutcome::Incomplete));
    let report = latest.and_then(|run| serde_json::from_str::<Report>(&run.report).ok());
    let absent = report.map(|report| report.absent).unwrap_or_default();
    Ok(absent.iter().filter_map(|key| Digest::from_hex(key)).collect())
}

/// Those who are absent now: who was absent from the reading before as well, and for whom this is the first.
fn split(index: &Index, twice: &HashSet<Digest>) -> (HashSet<Digest>, Vec<Digest>) {
    let (gone, first): (Vec<Digest>, Vec<Digest>) = index.all_lost().partition(|key| twice.contains(key));
    (gone.into_iter().collect(), first)
}

/// Whether a state is older than the one before.
fn older(now: &[String], before: &[String]) -> Option<Reason> {
    let (now, before) = now.iter().zip(before).find(|(now, before)| now < before)?;
    Some(Reason::Older { now: now.clone(), before: before.clone() })
}

/// The report of the latest run of a source other than this one, when that run came to its end.
async fn latest<S: SyncStore + ?Sized>(store: &S, run: &RunId, source: &SourceId) -> Result<Option<Report>, SyncError> {
    let runs = store.runs(source, 2).await?;
    Ok(runs.into_iter().find(|before| before.id != *run).and_then(ended))
}

/// The report of a run that applied what it had read, or was held and wrote nothing.
fn ended(run: RunRecord) -> Option<Report> {
    let ended = matches!(run.outcome, RunOutcome::Applied | RunOutcome::Held);
    serde_json::from_str(&run.report).ok().filter(|_| ended)
}

/// Where at least as many come as were there, as many as a report tells.
fn doubling(gains: &[Gain], floor: u64) -> Vec<Gain> {
    gains.iter().filter(|gain| gain.doubles(floor)).take(SCHOOLS_KEPT).cloned().collect()
}

/// The schools that lose most of their people, as many as a report tells.
fn largest(losses: &[SchoolLoss]) -> Vec<SchoolLoss> {
    let share = |loss: &SchoolLoss| {
        let gone = |absent: u64, lost: u64, active: u64| {
            (absent + lost).saturating_mul(1_000).checked_div(active).unwrap_or(0)
        };
        let profiles = loss.profiles.iter().map(|one| gone(one.absent, one.lost + one.moved, one.active));
        profiles.max().unwrap_or(0).max(gone(loss.absent, loss.lost, loss.active))
    };
    let mut largest: Vec<&SchoolLoss> = losses.iter().collect();
    largest.sort_by_key(|loss| std::cmp::Reverse(share(loss)));
    largest.into_iter().take(SCHOOLS_KEPT).cloned().collect()
}

/// The word the store and the audit keep for an outcome.
pub(crate) fn word(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Running => "running",
        RunOutcome::Applied => "applied",
        RunOutcome::Held => "held",
        RunOutcome::Incomplete => "incomplete",
        RunOutcome::Failed => "failed",
        RunOutcome::Undone => "undone",
    }
}
