//! What a server does without being asked: sweep what expired, let accounts grow old, take up changed services and certificates, ask the
//! sources whether they answer, synchronise those that have a rhythm, and keep the signing keys young.

use crate::aside::Aside;
use crate::config::Loaded;
use crate::health::{Health, Services};
use crate::metadata::refresh::Partners;
use crate::releases::{self, Wish};
use crate::signing::Signing;
use crate::{SystemClock, assembly, words};
use axum_server::tls_rustls::RustlsConfig;
use metrics_exporter_prometheus::PrometheusHandle;
use preau_connector_api::{Connector, Directory, FileState, Problem, ReadFile};
use preau_domain::{AuditEvent, AuditKind, Clock, CorrelationId, Instant, Seconds, SourceId, leapt};
use preau_keys::SystemIds;
use preau_provision::{Options, Silent, SyncContext, SyncError, synchronise};
use preau_store::{DueGuests, Provisioning, RunOutcome, Store, StoreError, Swept};
use preau_web::Hub;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Rows of each kind taken away at once, so that a sweep never holds the database for long.
const SWEEP: u32 = 1_000;

/// What the jobs work with.
pub(crate) struct House {
    pub(crate) loaded: Loaded,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) signing: Signing,
    pub(crate) hub: Arc<Hub>,
    pub(crate) health: Arc<Health>,
    pub(crate) connectors: BTreeMap<SourceId, Connector>,
    pub(crate) tls: Option<RustlsConfig>,
    pub(crate) mtls: Option<RustlsConfig>,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) aside: Aside,
}

/// The jobs of a running server.
pub(crate) struct Jobs {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    again: Arc<Notify>,
    closed: CancellationToken,
}

impl Jobs {
    /// Takes services and certificate again now.
    pub(crate) fn reload(&self) {
        self.again.notify_one();
    }

    /// Waits until the database is closed for writing for good.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Ends them. A synchronisation under way is dropped where it stands; the next run goes on from there.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts them.
pub(crate) fn start(
    house: House,
    partners: Partners,
    seen: assembly::Seen,
    wishes: mpsc::Receiver<Wish>,
    stop: CancellationToken,
) -> Jobs {
    let house = Arc::new(house);
    let again = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();
    let (hub, ends) = (Arc::clone(&house.hub), stop.clone());
    tasks.spawn(async move { hub.send_letters(ends.cancelled()).await });
    let mut job = |job: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
        let stop = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = job => {}
            }
        });
    };
    job(Box::pin(end_sessions(Arc::clone(&house))));
    let hub = Arc::clone(&house.hub);
    job(Box::pin(async move { hub.tell_services().await }));
    job(Box::pin(remind(Arc::clone(&house))));
    let (closed, store) = (CancellationToken::new(), Arc::clone(&house.store));
    let told = closed.clone();
    job(Box::pin(async move {
        writable(|| store.ready()).await;
        told.cancel();
    }));
    job(Box::pin(seal(Arc::clone(&house.store))));
    job(Box::pin(sweep(Arc::clone(&house))));
    job(Box::pin(age(Arc::clone(&house))));
    job(Box::pin(rotate(Arc::clone(&house))));
    job(Box::pin(releases::grant(Arc::clone(&house), wishes)));
    job(Box::pin(saml_metadata(Arc::clone(&house), partners)));
    job(Box::pin(take_registrations(Arc::clone(&house.hub))));
    job(Box::pin(reload(Arc::clone(&house), seen, Arc::clone(&again))));
    for (source, connector) in &house.connectors {
        job(Box::pin(probe(Arc::clone(&house), source.clone(), connector.clone())));
        let every = house.loaded.config.sources.get(source).and_then(|config| config.every);
        if let (Some(every), Some(directory)) = (every, connector.directory.clone()) {
            job(Box::pin(schedule(Arc::clone(&house), source.clone(), directory, every)));
        }
    }
    Jobs { tasks, stop, again, closed }
}

/// Writes every problem on a line of its own.
pub(crate) fn tell(problems: &[Problem]) {
    for problem in problems {
        tracing::error!(at = %problem.at, problem = %problem.what, "services not mounted");
    }
}

/// Ends the sessions that expired or were stopped with their person, so that the services they reached hear of it.
async fn end_sessions(house: Arc<House>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = house.hub.end_due_inspections(SWEEP).await {
            tracing::warn!(fault = fault.kind.as_str(), "inspections whose time is over are told to services later");
        }
        if let Err(fault) = house.hub.end_expired_sessions(SWEEP).await {
            tracing::warn!(fault = fault.kind.as_str(), "expired sessions were not ended; they will be");
        }
    }
}

/// How often the database is asked whether it still takes writes.
const WATCH: Duration = Duration::from_secs(2);

/// How often in a row it must say that it is closed.
const CLOSED: u32 = 3;

/// Ends when the database has closed for writing, which only a new process repairs: after a failed disk SQLite is not
/// written to any more by whoever saw it fail. A database that is slow, full or away may come back, and is waited for.
async fn writable<F: Future<Output = Result<(), StoreError>> + Send>(ready: impl Fn() -> F) {
    let mut ticks = tokio::time::interval(WATCH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut closed = 0;
    while closed < CLOSED {
        ticks.tick().await;
        match ready().await {
            Err(StoreError::Closed) => closed += 1,
            _ => closed = 0,
        }
    }
    tracing::error!("the database is closed for writing: the server stops, so that it may be started again");
}

/// Writes down every few seconds how far the chain of the journal has come: of what came since, the end could be cut off
/// unseen if this process were killed.
async fn seal(store: Arc<dyn Store>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(10));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = store.flush_audit().await {
            tracing::warn!(%error, "the journal was not sealed; it will be");
        }
    }
}

/// How often the signing keys are read again: what another server made is published here within that time.
const KEYS: Duration = Duration::from_secs(30);

/// The same while a key is missing that somebody may be waiting for.
const KEYS_MISSING: Duration = Duration::from_secs(2);

/// Takes the signing keys, those other servers made among them, and makes and removes what is due.
async fn rotate(house: Arc<House>) {
    let mut closed = Vec::new();
    loop {
        let whole = signing_keys(&house.signing, true, &mut closed).await;
        if whole {
            house.health.signing();
        }
        tokio::time::sleep(if whole { KEYS } else { KEYS_MISSING }).await;
    }
}

/// Does once what is due with the signing keys, tells it and writes it in the journal; says whether there is nothing to
/// hurry for. A failure is told too, and ends nothing: what is not done now is done at the next turn. Keys that do not open
/// are told once, and remembered in `closed`.
pub(crate) async fn signing_keys(signing: &Signing, patient: bool, closed: &mut Vec<String>) -> bool {
    let done = match signing.settle(patient).await {
        Ok(done) => done,
        Err(error) => {
            metrics::counter!("preau_signing_keys_failures_total").increment(1);
            tracing::warn!(%error, "the signing keys were not read: those at hand go on");
            return false;
        }
    };
    for (what, places) in [("made", &done.made), ("removed", &done.removed)] {
        for place in places {
            tracing::info!(key = %place, "signing key {what}");
            let now = signing.clock.now();
            let correlation = CorrelationId::generate(&SystemIds, now);
            let detail = format!("{what} {place}");
            signing.store.record(AuditEvent::new(now, AuditKind::SigningKeysChanged, correlation, detail));
        }
    }
    for place in done.closed.iter().filter(|place| !closed.contains(place)) {
        tracing::error!(key = %place, "signing key does not open: it was sealed with another master key, see `preau doctor`");
    }
    metrics::gauge!("preau_signing_keys_closed").set(done.closed.len() as f64);
    *closed = done.closed;
    !closed.is_empty() || signing.signers.missing(signing.clock.now()).is_empty()
}

/// How often it is looked whether metadata are due.
const METADATA: Duration = Duration::from_secs(30);

/// Keeps the metadata of SAML partners in force: at once when the services changed, else twice a minute.
async fn saml_metadata(house: Arc<House>, mut partners: Partners) {
    loop {
        let services = house.hub.services();
        partners.turn(services.all(), true).await;
        let taken = services.generation();
        drop(services);
        for _second in 0..METADATA.as_secs() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if house.hub.services().generation() != taken {
                break;
            }
        }
    }
}

/// Takes away what expired.
async fn sweep(house: Arc<House>) {
    let clock = SystemClock::new();
    let keep = Seconds(i64::from(house.loaded.config.storage.audit_days) * 86_400);
    let reports = Seconds(i64::from(house.loaded.config.sync.keep_reports_days) * 86_400);
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        house.metrics.run_upkeep();
        // What is kept for days is not thrown away because a clock leapt: it goes by the last time that was believed.
        let noted = house.store.clock_noted().await.ok().flatten();
        let by = |now: Instant| noted.filter(|noted| leapt(*noted, now)).unwrap_or(now);
        if let Err(error) = forget_runs(&*house.store, by(clock.now()) - reports).await {
            tracing::warn!(%error, "old reports of synchronisations were not forgotten; they will be");
        }
        loop {
            // What lives for minutes ends by the clock that began it.
            let now = clock.now();
            let swept = house.store.sweep(now, by(now) - keep, SWEEP).await;
            if let Ok(Swept { notices: late @ 1.., .. }) = swept {
                metrics::counter!("preau_logout_notices_total", "result" => "too-old").increment(late);
                tracing::warn!(late, "services were not told of logouts in time: their own sessions may live on");
            }
            match swept {
                Ok(swept) if full(&swept) => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "what expired was not taken away; it will be");
                    break;
                }
            }
        }
    }
}

/// The latest runs of each source that stay whatever their age: a run looks back on as many.
const RUNS_KEPT: u32 = 20;
/// Runs forgotten at once.
const FORGET: u32 = 200;

/// Forgets reports of runs that began before, and whom those name that stay.
async fn forget_runs(store: &dyn Store, before: Instant) -> Result<(), StoreError> {
    while store.forget_runs(before, RUNS_KEPT, FORGET).await? >= u64::from(FORGET) {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Accounts that time does something to at once.
const AGE: u32 = 500;

/// Lets time do what it does to the accounts of people who are entitled to nothing any more.
async fn age(house: Arc<House>) {
    let (clock, retention) = (SystemClock::new(), house.loaded.config.sync.retention());
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = false;
    loop {
        ticks.tick().await;
        match house.store.note_clock(clock.now()).await {
            Ok(None) => told = false,
            Ok(Some(before)) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::error!(
                        now = clock.now().rfc3339(),
                        before = before.rfc3339(),
                        "the clock leapt: no account grows old by it until it is set, or until `preau account trust-clock`"
                    );
                }
                metrics::gauge!("preau_clock_leapt").set(1.0);
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "what the clock said before is not known: no account grows old; it will be done");
                continue;
            }
        }
        metrics::gauge!("preau_clock_leapt").set(0.0);
        end_guests(&house, clock.now()).await;
        loop {
            let now = clock.now();
            let aged = match house.store.let_time_pass(now, retention, AGE).await {
                Ok(aged) => aged,
                Err(error) => {
                    tracing::warn!(%error, "accounts whose time has come were left as they are; it will be done");
                    break;
                }
            };
            for (what, people) in [("pre-deleted", &aged.predeleted), ("purged", &aged.purged)] {
                metrics::counter!("preau_accounts_aged_total", "to" => what).increment(people.len() as u64);
                if !people.is_empty() {
                    tracing::info!(
                        accounts = people.len(),
                        "accounts {what}: their people are entitled to nothing any more"
                    );
                }
            }
            if aged.counted.max(aged.predeleted.len() as u64).max(aged.purged.len() as u64) < u64::from(AGE) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Ends the guests of other ENTs whose time is over; what is known of them goes with their accounts. They opened nothing since the very end:
/// this is what tells the services, and makes room for others.
async fn end_guests(house: &House, now: Instant) {
    loop {
        let DueGuests { ended, more } = match house.store.end_due_guests(now, now - preau_hosting::UNUSED, SWEEP).await
        {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "guests whose time is over were left as they are; it will be done");
                return;
            }
        };
        let correlation = CorrelationId::generate(&SystemIds, now);
        for person in &ended {
            let mut event = AuditEvent::new(now, AuditKind::GuestEnded, correlation.clone(), "time-over");
            event.person = Some(person.clone());
            house.store.record(event);
        }
        if !ended.is_empty() {
            tracing::info!(guests = ended.len(), "guests of other ENTs ended: their time is over");
        }
        if !more {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Reminds those who manage spaces of ends that come near, and counts the letters that wait.
async fn remind(house: Arc<House>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        loop {
            match house.hub.remind_of_ends().await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(fault) => {
                    tracing::warn!(
                        fault = fault.kind.as_str(),
                        "nobody was reminded of ends that come near; it will be done"
                    );
                    break;
                }
            }
        }
        if let Ok(waiting) = house.store.waiting_letters(house.hub.now()).await {
            metrics::gauge!("preau_letters_waiting").set(waiting.count as f64);
        }
    }
}

/// Whether there may be more of some kind.
fn full(swept: &Swept) -> bool {
    let limit = u64::from(SWEEP);
    let Swept { sessions, pending, tickets, kept, grants, registrations, former, notices, letters, counters, audit } =
        *swept;
    [sessions, pending, tickets, kept, grants, registrations, former, notices, letters, counters, audit]
        .into_iter()
        .any(|count| count >= limit)
}

/// Takes up changed services, secrets of services and certificates: every second it looks whether a file changed, and it looks at once when
/// told to. What does not hold together changes nothing.
async fn reload(house: Arc<House>, mut seen: assembly::Seen, again: Arc<Notify>) {
    let server = &house.loaded.config.server;
    let files: Vec<PathBuf> = [&server.tls_cert_file, &server.tls_key_file]
        .into_iter()
        .flatten()
        .map(|file| house.loaded.path(file))
        .collect();
    // Read once more at the first look: it may have been replaced since the listener read it.
    let mut certificate = Vec::new();
    // How they were before the services were read.
    let mut secrets = secrets_of(&house);
    let mut said = None;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let told = tokio::select! {
            _ = ticks.tick() => false,
            () = again.notified() => true,
        };
        let now = assembly::seen(&house.loaded);
        let found: Vec<ReadFile> = secrets_of(&house).into_iter().map(|file| ReadFile::at(file.path)).collect();
        if told || now != seen || found != secrets {
            (seen, secrets) = (now, found);
            if take_services(&house) {
                secrets = secrets_of(&house);
            }
        }
        let now = words::seen(&house.loaded);
        if told || said.as_ref() != Some(&now) {
            take_words(&house, &now);
            said = Some(now);
        }
        let now: Vec<FileState> = files.iter().map(|file| FileState::of(file)).collect();
        if told || now != certificate {
            certificate = now;
            take_certificate(&house, &files);
        }
    }
}

/// Takes in what registered itself and what heads opened, on whichever server that was.
async fn take_registrations(hub: Arc<Hub>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(2));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match hub.take_registrations().await {
            Ok(false) => {}
            Ok(true) => {
                let count = hub.services().all().len();
                metrics::gauge!("preau_services_mounted").set(count as f64);
                tracing::info!(services = count, "registrations and openings taken in");
            }
            Err(fault) => {
                tracing::warn!(fault = fault.kind.as_str(), "registrations were not read: those at hand stay")
            }
        }
    }
}

/// Whether they were taken.
fn take_services(house: &House) -> bool {
    let detail = match assembly::table(&house.loaded) {
        Ok(table) => {
            let count = table.all().len();
            house.hub.set_services(table);
            house.health.services(Services::Whole);
            metrics::gauge!("preau_services_mounted").set(count as f64);
            tracing::info!(services = count, "services mounted");
            "applied"
        }
        Err(problems) => {
            tell(&problems);
            tracing::error!("the services that were mounted stay mounted");
            "refused"
        }
    };
    metrics::counter!("preau_services_reloads_total", "outcome" => detail).increment(1);
    let correlation = CorrelationId::generate(&*house.hub.ids, house.hub.now());
    house.hub.audit(AuditEvent::new(house.hub.now(), AuditKind::ServicesReloaded, correlation, detail));
    detail == "applied"
}

/// Takes in what the operator says on the portal; a broken file leaves what was said before.
fn take_words(house: &House, seen: &words::Seen) {
    match words::read(seen) {
        Ok(said) => {
            tracing::info!(
                notices = said.notices.len(),
                charte = said.charte.is_some(),
                "words of the portal taken in"
            );
            house.hub.set_words(said);
        }
        Err(problems) => {
            tell(&problems);
            tracing::error!("what was said on the portal stays as it was");
        }
    }
}

/// The files that hold secrets of the services that are mounted, as they were just before they were read.
fn secrets_of(house: &House) -> Vec<ReadFile> {
    let services = house.hub.services();
    services.all().iter().filter_map(|door| door.oidc.as_ref()?.secret_file.clone()).collect()
}

fn take_certificate(house: &House, files: &[PathBuf]) {
    let (Some(tls), [cert, key]) = (&house.tls, files) else { return };
    let both = preau_keys::server_config(cert, key)
        .and_then(|config| Ok((config, preau_keys::server_config_for_clients(cert, key)?)));
    match both {
        Ok((config, asking)) => {
            tls.reload_from_config(config);
            if let Some(mtls) = &house.mtls {
                mtls.reload_from_config(asking);
            }
            tracing::info!("certificate taken up");
        }
        Err(error) => tracing::error!(%error, "the certificate that was shown stays"),
    }
}

/// Asks a source whether it answers.
async fn probe(house: Arc<House>, source: SourceId, connector: Connector) {
    let mut ticks = tokio::time::interval(Duration::from_secs(15));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let answer = connector.probe.probe().await;
        metrics::gauge!("preau_source_up", "source" => source.to_string()).set(if answer.is_ok() { 1.0 } else { 0.0 });
        if house.health.source(&source, answer.is_ok()) {
            match answer {
                Ok(_) => tracing::info!(source.id = %source, "the source answers"),
                Err(error) => {
                    tracing::warn!(source.id = %source, %error, "the source does not answer: people who come from it cannot sign in")
                }
            }
        }
    }
}

/// Synchronises a source at its rhythm, counted from the latest run whoever asked for it.
async fn schedule(house: Arc<House>, source: SourceId, directory: Arc<dyn Directory>, every: Duration) {
    let clock = Arc::new(SystemClock::new());
    let ctx = Arc::new(SyncContext {
        store: Arc::clone(&house.store),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ids: Arc::new(SystemIds),
        spool_dir: house.loaded.path(&house.loaded.config.sync.spool_dir),
    });
    let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
    loop {
        let since = match house.store.runs(&source, 1).await {
            Ok(runs) => runs.first().map_or(i64::MAX, |run| clock.now() - run.started),
            Err(error) => {
                tracing::warn!(source.id = %source, %error, "the latest synchronisation is not known");
                0
            }
        };
        let mut heard = false;
        if since < every_ms {
            let wait = u64::try_from((every_ms - since).max(1_000)).unwrap_or(1_000);
            // While schools may wait for their complete file everybody is read: that comes at the rhythm, not at each change.
            let new_year = house.loaded.config.sync.thresholds(clock.now()).new_year;
            heard = tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait)) => false,
                () = bell(&*house.store, &source, &*directory, &*clock), if !new_year => true,
            };
            if !heard {
                continue;
            }
        }
        let sync = &house.loaded.config.sync;
        let thresholds = sync.thresholds(clock.now());
        let options = Options {
            thresholds,
            withheld: sync.withheld(),
            births: assembly::births(&house.hub.keyring),
            links: sync.key_rules().into(),
            undo_people: Some(sync.undo_people),
            ..Options::default()
        };
        let (ctx, of, from) = (Arc::clone(&ctx), source.clone(), Arc::clone(&directory));
        let run = async move { synchronise(&ctx, &of, &*from, options, Arc::new(Silent)).await };
        let outcome = match house.aside.run(run).await {
            Ok(report) => {
                let (people, rejected) = (report.people, report.rejected.total);
                tracing::info!(
                    source.id = %source, run.id = %report.run, outcome = ?report.outcome, read = people.read,
                    created = people.created, updated = people.updated, suspended = people.suspended, rejected,
                    delta = report.delta.is_some(), "synchronised"
                );
                for school in &report.waiting_schools {
                    tracing::info!(source.id = %source, school, "a school waits for its complete file of the new year");
                }
                for reason in &report.held {
                    tracing::error!(source.id = %source, reason, "synchronisation held");
                }
                match report.outcome {
                    RunOutcome::Applied => "applied",
                    RunOutcome::Held => "held",
                    _ => "incomplete",
                }
            }
            Err(SyncError::Busy) => "busy",
            Err(error) => {
                tracing::error!(source.id = %source, %error, "synchronisation failed");
                "failed"
            }
        };
        metrics::counter!("preau_synchronisations_total", "source" => source.to_string(), "outcome" => outcome)
            .increment(1);
        // A run that left no record, such as one that met another machine's, does not come back at once.
        let rest = if heard { REST } else { Duration::from_secs(30) };
        tokio::time::sleep(rest.min(every)).await;
    }
}

/// How long nobody listens after a run that a source asked for: many changes make few runs.
const REST: Duration = Duration::from_secs(10);

/// How long a source is listened to that says nothing: a connection may be dead without anybody having said so.
const LISTEN: Duration = Duration::from_secs(300);

/// How long until a source is listened to again that was lost.
const LOST: Duration = Duration::from_secs(1);

/// Returns when a source tells that something changed since it was read; never when it is not one that tells.
async fn bell<S: Provisioning + ?Sized>(store: &S, source: &SourceId, directory: &dyn Directory, clock: &dyn Clock) {
    loop {
        let mark = match preau_provision::goes_on_from(store, source, clock.now()).await {
            Ok(mark) => mark,
            Err(error) => {
                tracing::warn!(source.id = %source, %error, "it is not known from where a source is listened to");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let Some(mark) = mark else { return std::future::pending().await };
        match tokio::time::timeout(LISTEN, directory.changed(&mark)).await {
            Ok(None) => return std::future::pending().await,
            Ok(Some(Ok(()))) => return,
            Ok(Some(Err(error))) => {
                tracing::debug!(source.id = %source, %error, "a source is not heard; it is listened to again");
                tokio::time::sleep(LOST).await;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use preau_connector_api::{Completion, Record, Unavailable};
    use std::future::ready;
    use std::sync::Mutex;

    fn closed() -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    fn away() -> Result<(), StoreError> {
        Err(StoreError::Backend("no connection".into()))
    }

    /// A directory of nobody that tells changes, and answers what was prepared when it is listened to.
    struct Belfry {
        answers: Mutex<Vec<Option<Result<(), Unavailable>>>>,
        asked: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Directory for Belfry {
        async fn read(&self, _: mpsc::Sender<Record>) -> Completion {
            Completion::Complete
        }

        async fn estimate(&self) -> Option<u64> {
            None
        }

        async fn mark(&self, _: Instant) -> Option<String> {
            Some("from here".into())
        }

        async fn changed(&self, mark: &str) -> Option<Result<(), Unavailable>> {
            self.asked.lock().unwrap().push(mark.to_owned());
            self.answers.lock().unwrap().pop().expect("it is asked no more than that")
        }
    }

    /// From the mark of the latest run on, again when the source was lost, until something changed; and not at all where the next run
    /// would read everybody.
    #[tokio::test]
    async fn a_source_is_listened_to_from_where_it_was_read_until_something_changes() {
        let folder = std::env::temp_dir().join(format!("preau-bell-{}", std::process::id()));
        assembly::private_folder(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("bell.db").display());
        let store = preau_store_sql::open_with(&url, &preau_store_sql::Options::default()).await.unwrap();
        let (source, clock) = (SourceId::new("annuaire"), Arc::new(SystemClock::new()));
        let ctx = SyncContext {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(SystemIds),
            spool_dir: folder.join("sync"),
        };
        let answers = Mutex::new(vec![Some(Ok(())), Some(Err(Unavailable("it was lost".into())))]);
        let belfry = Belfry { answers, asked: Mutex::default() };
        let ringing =
            async || tokio::time::timeout(Duration::from_secs(20), bell(&*store, &source, &belfry, &*clock)).await;
        let options = Options { full: true, ..Options::default() };
        synchronise(&ctx, &source, &belfry, options, Arc::new(Silent)).await.unwrap();
        assert!(ringing().await.is_ok(), "something changed");
        assert_eq!(*belfry.asked.lock().unwrap(), ["from here", "from here"], "once more after it was lost");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_ends_when_its_database_is_closed_for_good_and_not_before() {
        // The last answer is the first one given.
        let answers =
            Mutex::new(vec![closed(), closed(), closed(), Ok(()), closed(), closed(), away(), away(), away()]);
        writable(|| ready(answers.lock().unwrap().pop().expect("it ended when it had to"))).await;
        assert!(answers.lock().unwrap().is_empty(), "three times in a row");
        let waited = tokio::time::timeout(Duration::from_secs(3_600), writable(|| ready(away()))).await;
        assert!(waited.is_err(), "a database that is away may come back");
    }
}
