//! `preau sync`: one synchronisation, watched by a person or read by a script.

use crate::cli::{Failure, SyncArgs, SyncCommand, SyncOptions};
use crate::config::Loaded;
use crate::output::{self, say};
use crate::{SystemClock, aside, assembly, commands};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use preau_connector_api::Directory;
use preau_domain::{SourceId, display_safe};
use preau_keys::{Keyring, SystemIds};
use preau_provision::{
    Gain, Nobody, Options, Phase, Progress, REJECTED_KEPT, Report, SHARED_KEPT, SyncContext, Thresholds, synchronise,
};
use preau_store::{RunOutcome, SharedLogin, Store};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Does what the command line says.
pub async fn obey(loaded: &Loaded, args: &SyncArgs) -> Result<(), Failure> {
    match (&args.what, &args.source) {
        (Some(SyncCommand::Plan { source, options }), _) => run(loaded, source, true, options).await,
        (Some(SyncCommand::Apply { source, options }), _) => run(loaded, source, false, options).await,
        (Some(SyncCommand::Retire { source, options }), _) => retire(loaded, source, options).await,
        (Some(SyncCommand::Preview { source, rows, json }), _) => {
            commands::preview::run(loaded, source, *rows, *json).await
        }
        (Some(SyncCommand::Links { what }), _) => commands::links::obey(loaded, what).await,
        (Some(SyncCommand::Undo { run, json }), _) => commands::undo::run(loaded, run, *json).await,
        (Some(SyncCommand::Show { run, json, csv }), _) => commands::runs::show(loaded, run, *json, *csv).await,
        (Some(SyncCommand::Held { json }), _) => commands::runs::held(loaded, *json).await,
        (Some(SyncCommand::Runs(args)), _) => commands::runs::run(loaded, args).await,
        (None, Some(source)) => run(loaded, source, args.dry_run, &args.options).await,
        (None, None) => Err(Failure::new("name a source: preau sync plan SOURCE, or preau sync --help")),
    }
}

/// Runs it and prints the report.
async fn run(loaded: &Loaded, source: &str, dry_run: bool, args: &SyncOptions) -> Result<(), Failure> {
    let source = commands::source(loaded, source)?;
    let connector = assembly::connector(loaded, &source).map_err(Failure::Config)?;
    let directory = connector
        .directory
        .ok_or_else(|| Failure::new(format!("{source} checks passwords but hands over no people")))?;
    let keys = assembly::keyring(loaded, true)?;
    let ctx = context(loaded, &keys).await?;
    go(loaded, (&ctx, &keys), (&source, &*directory, "apply"), dry_run, args).await
}

/// Reads a source that is none any more as one that holds nobody.
async fn retire(loaded: &Loaded, source: &str, args: &SyncOptions) -> Result<(), Failure> {
    let source = SourceId::new(source);
    if loaded.config.sources.contains_key(&source) {
        return Err(Failure::new(format!("{source} is a source of the configuration: take it out first")));
    }
    if source.as_str() == preau_domain::GUESTS {
        return Err(Failure::new("guests of other ENTs end with their spaces: preau guests end"));
    }
    let keys = assembly::keyring(loaded, true)?;
    let ctx = context(loaded, &keys).await?;
    if !ctx.store.sources().await?.contains(&source) {
        return Err(Failure::new(format!("nobody who may sign in came from a source {source}")));
    }
    commands::journal(&*ctx.store, None, None, &format!("source-retired {source}")).await?;
    go(loaded, (&ctx, &keys), (&source, &Nobody, "retire"), false, args).await
}

/// Runs it over what a directory hands over.
async fn go(
    loaded: &Loaded,
    (ctx, keys): (&SyncContext<dyn Store>, &Keyring),
    (source, directory, again): (&SourceId, &dyn Directory, &str),
    dry_run: bool,
    args: &SyncOptions,
) -> Result<(), Failure> {
    let usual = loaded.config.sync.thresholds(ctx.clock.now());
    let (accepted, seen) = match &args.accept_run {
        None => (args.accept_suspensions, None),
        Some(run) => {
            let report = commands::runs::accepted(&*ctx.store, source, run).await?;
            (Some(report.people.losing()), Some(report.losses.into()))
        }
    };
    let options = Options {
        full: args.full,
        dry_run,
        thresholds: Thresholds { accepted, new_year: usual.new_year && accepted.is_none(), ..usual },
        seen,
        withheld: loaded.config.sync.withheld(),
        births: assembly::births(keys),
        links: loaded.config.sync.key_rules().into(),
        undo_people: Some(loaded.config.sync.undo_people),
    };
    let progress = progress();
    let report = tokio::select! {
        report = synchronise(ctx, source, directory, options, Arc::clone(&progress)) => report.map_err(Failure::new)?,
        _ = tokio::signal::ctrl_c() => {
            return Err(Failure::new("interrupted: what was written stays, and running it again goes on from there"));
        }
    };
    drop(progress);
    if args.json {
        say!("{:#}", serde_json::to_value(&report).map_err(Failure::new)?)?;
    } else {
        output::text(&text(&report, again))?;
    }
    match report.outcome {
        RunOutcome::Held => Err(Failure::Held),
        RunOutcome::Incomplete => Err(Failure::new("the source did not answer to the end; nobody was suspended")),
        _ => Ok(()),
    }
}

/// What a synchronisation works with. Once the database is open, with the thread that writes to it, this thread gives way as well.
pub(super) async fn context(loaded: &Loaded, keys: &Keyring) -> Result<SyncContext<dyn Store>, Failure> {
    let store = assembly::store(loaded, Some(keys)).await?;
    aside::give_way();
    Ok(SyncContext {
        store,
        clock: Arc::new(SystemClock::new()),
        ids: Arc::new(SystemIds),
        spool_dir: loaded.path(&loaded.config.sync.spool_dir),
    })
}

/// A bar in a terminal, one line a step elsewhere.
pub(super) fn progress() -> Arc<dyn Progress> {
    if std::io::stderr().is_terminal() { Arc::new(Bar::default()) } else { Arc::new(Lines::default()) }
}

/// The report as people read it; `again` is the command that would let it go.
pub(super) fn text(report: &Report, again: &str) -> String {
    if let Some(run) = &report.same_as {
        return format!(
            "{}: nothing changed since run {run} ({} ms): {} people stay as they are, {} entries stay rejected\n\
             \x20 the source says so itself, and is read at least once a day; --full reads it now\n",
            report.source, report.duration_ms, report.people.unchanged, report.rejected.total
        ) + &shared(&report.shared_logins, "  ");
    }
    let kind = match &report.delta {
        Some(delta) => format!(", delta of {} changes", delta.entries),
        None => String::new(),
    };
    let outcome = match (report.outcome, report.dry_run) {
        (RunOutcome::Held, _) => "held: nothing was written",
        (RunOutcome::Incomplete, false) => "incomplete: nobody was suspended",
        (RunOutcome::Incomplete, true) => "tried, and the source did not answer to the end: nothing was written",
        (_, true) => "tried: nothing was written",
        _ => "applied",
    };
    let (e, p) = (&report.establishments, &report.people);
    let seconds = report.duration_ms / 1000;
    let tenths = report.duration_ms % 1000 / 100;
    let would = report.dry_run || report.outcome == RunOutcome::Held;
    let mut out = format!(
        "{}: {outcome}{kind} ({seconds}.{tenths} s, {} people/s{})\n\
         \x20 establishments  {} created, {} updated, {} unchanged\n\
         \x20 people          {} read: {} created, {} updated, {} reactivated, {} unchanged, {} kept as they are; {} {}\n\
         \x20 absent once     {} are suspended if the next complete reading does not find them either\n\
         \x20 fewer rights    {} {} an establishment, {} of them every one; {} a profile only; {} move to another school\n\
         \x20 rejected        {}\n",
        report.source,
        report.people_per_second,
        report.peak_memory.map(|bytes| format!(", {} MB of memory at most", bytes / 1_000_000)).unwrap_or_default(),
        e.created,
        e.updated,
        e.unchanged,
        p.read,
        p.created,
        p.updated,
        p.reactivated,
        p.unchanged,
        p.kept,
        p.suspended,
        if would { "would be suspended" } else { "suspended" },
        p.waiting,
        p.narrowed,
        if would { "would lose" } else { "lost" },
        p.stripped,
        p.ceased,
        p.moved,
        report.rejected.total,
    );
    for Gain { establishment, profile, active, came } in report.gains.iter().take(10) {
        out += &format!("  doubles         {establishment} {}: {came} come, {active} were there\n", profile.code());
    }
    if let Some(delta) = &report.delta {
        out += &format!(
            "  changes alone   {} entries changed, {} records are gone of them; all others stay as they are\n",
            delta.entries, delta.gone
        );
    }
    if let Some(why) = &report.read_all {
        out += &format!("  everybody read  {why}\n");
    }
    if report.paired + report.doubtful > 0 {
        out += &format!(
            "  other sources   {} records are of somebody whom another source knows too, by key; {} have such a key, and another name or both accounts in use: \
             preau sync links list\n",
            report.paired, report.doubtful
        );
    }
    for (reason, count) in &report.rejected.by_reason {
        out += &format!("    {count:>6}  {reason}\n");
    }
    for entry in report.rejected.entries.iter().take(10) {
        out += &format!("            {}: {}\n", entry.dn, entry.reason);
    }
    if report.rejected.total > 10 {
        let more = report.rejected.total - 10;
        // A trial is not recorded: only its own output tells.
        let command = if report.dry_run { "sync plan --json" } else { "sync runs --json" };
        out += &format!("            … and {more} more: preau {command} {}", report.source);
        let kept = u64::try_from(REJECTED_KEPT).unwrap_or(u64::MAX);
        out += if report.rejected.total > kept { " names the first thousand\n" } else { " names them\n" };
    }
    for (reason, count) in &report.remarks.by_reason {
        out += &format!("  remark          {count} people are read all the same: {reason}\n");
    }
    for entry in report.remarks.entries.iter().take(10) {
        out += &format!("            {}\n", entry.dn);
    }
    out += &shared(&report.shared_logins, "  ");
    if !report.waiting_schools.is_empty() {
        out += &format!(
            "  rentrée         {} people are left as they are: schools of theirs wait for their complete file of the new year\n",
            p.spared
        );
    }
    for school in report.waiting_schools.iter().take(10) {
        out += &format!("            {school}\n");
    }
    if report.waiting_schools.len() > 10 {
        out += &format!("            … and others: preau sync show {} --json\n", report.run);
    }
    if !report.waiting_schools.is_empty() && report.held.is_empty() {
        out += &format!(
            "            each goes on when its file is there; all of them at once, if it is right so:\n\
             \x20             preau sync {again} {} --accept-suspensions {}\n",
            report.source,
            p.losing() + p.spared
        );
    }
    for reason in &report.held {
        out += &format!("  held: {reason}\n");
    }
    if !report.held.is_empty() {
        out += &format!(
            "  Look at the source first. If it is right: preau sync {again} {} --accept-suspensions {}\n\
             \x20   (the number covers the {} who would be suspended, the {} who would lose an establishment, the {} who would\n\
             \x20   lose a profile and the {} who would move to another school)\n",
            report.source,
            p.losing(),
            p.suspended,
            p.narrowed,
            p.ceased,
            p.moved
        );
    }
    if report.undo_until.is_some() {
        out += &format!("  within thirty days it can be undone: preau sync undo {}\n", report.run);
    }
    if let Some(why) = &report.incomplete {
        out += &format!("  incomplete: {why}\n");
    }
    out
}

/// Who shares a login with whom, ten of them by their keys; empty when nobody does.
pub(super) fn shared(people: &[SharedLogin], indent: &str) -> String {
    if people.is_empty() {
        return String::new();
    }
    let logins: BTreeSet<&str> = people.iter().map(|one| one.login.as_str()).collect();
    let kept = usize::try_from(SHARED_KEPT).unwrap_or(usize::MAX);
    let more = if people.len() < kept { "" } else { " or more" };
    let mut out = format!(
        "{indent}shared logins   {} shared by {} people{more}, none of whom can sign in until each has one of their own in the source\n",
        logins.len(),
        people.len()
    );
    for one in people.iter().take(10) {
        out += &format!("{indent}          {}: {}\n", display_safe(&one.login, 130), display_safe(&one.key, 300));
    }
    if people.len() > 10 {
        out += &format!("{indent}          … and others: preau doctor, or --json\n");
    }
    out
}

/// A bar, for a person who watches.
#[derive(Default)]
struct Bar {
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress for Bar {
    fn phase(&self, phase: Phase, total: Option<u64>) {
        let template = match total {
            Some(_) => "{msg:<22} {bar:30} {human_pos}/{human_len} {rate}, {eta} left",
            None => "{msg:<22} {spinner} {human_pos} {rate}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            let _written = write!(out, "{:.0}/s", state.per_sec());
        });
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new).with_style(style);
        bar.set_message(phase.label());
        if let Some(before) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).replace(bar) {
            before.finish();
        }
    }

    fn advance(&self, records: u64) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(records);
        }
    }

    fn wants_total(&self) -> bool {
        true
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish();
        }
    }
}

/// One line a step, for a file.
#[derive(Default)]
struct Lines {
    step: Mutex<Option<Phase>>,
    records: AtomicU64,
}

impl Lines {
    fn finish(&self) {
        let records = self.records.swap(0, Ordering::Relaxed);
        if let Some(phase) = self.step.lock().unwrap_or_else(PoisonError::into_inner).take() {
            eprintln!("{}: {records}", phase.label());
        }
    }
}

impl Progress for Lines {
    fn phase(&self, phase: Phase, _: Option<u64>) {
        self.finish();
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Some(phase);
    }

    fn advance(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.finish();
    }
}
