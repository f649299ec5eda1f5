//! Runs that read changes alone.

use super::{COLLEGE, House, academy, pupil};
use crate::{Options, Report, Silent, SyncError, Thresholds, synchronise};
use async_trait::async_trait;
use preau_connector_api::{Changes, Completion, Directory, Known, ReadAll, Record};
use preau_domain::{Instant, SourceId};
use preau_store::{Provisioning, RunOutcome, StoreError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// A directory that keeps a log of what changed: each entry of it is a record or the key of one that is gone.
#[derive(Default)]
struct Logged {
    records: Vec<Record>,
    log: Mutex<Vec<Result<Record, String>>>,
    /// How often everybody was read.
    whole: AtomicU64,
    /// What it says instead of what changed.
    lost: Mutex<Option<&'static str>>,
}

impl Logged {
    fn of(records: Vec<Record>) -> Logged {
        Logged { records, ..Logged::default() }
    }

    fn tells(&self, changes: impl IntoIterator<Item = Result<Record, String>>) {
        self.log.lock().unwrap().extend(changes);
    }

    fn gone(&self, pupils: std::ops::Range<usize>) {
        self.tells(pupils.map(|n| Err(format!("{n:05}"))));
    }
}

#[async_trait]
impl Directory for Logged {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        self.whole.fetch_add(1, Ordering::SeqCst);
        for record in &self.records {
            out.send(record.clone()).await.unwrap();
        }
        Completion::Complete
    }

    async fn estimate(&self) -> Option<u64> {
        None
    }

    async fn mark(&self, _: Instant) -> Option<String> {
        Some(self.log.lock().unwrap().len().to_string())
    }

    async fn changes(&self, mark: &str, known: &dyn Known, _: Instant) -> Result<Changes, ReadAll> {
        if let Some(why) = *self.lost.lock().unwrap() {
            return Err(ReadAll(why.into()));
        }
        assert_eq!(known.by_key(&["00001".to_owned(), "none".to_owned()]).await.unwrap().len(), 1);
        let log = self.log.lock().unwrap();
        let changed = &log[mark.parse::<usize>().unwrap()..];
        let records = changed.iter().filter_map(|change| change.clone().ok()).collect();
        let gone = changed.iter().filter_map(|change| change.clone().err()).collect();
        Ok(Changes { records, gone, entries: changed.len() as u64, mark: log.len().to_string() })
    }
}

impl House {
    async fn goes_on(&self, directory: &Logged, options: Options) -> Result<Report, SyncError> {
        synchronise(&self.ctx, &self.source, directory, options, Arc::new(Silent)).await
    }

    async fn went_on(&self, directory: &Logged) -> Report {
        self.goes_on(directory, Options::default()).await.unwrap()
    }

    async fn mark(&self) -> Option<String> {
        crate::goes_on_from(&*self.ctx.store, &self.source, Instant(self.clock.0.load(Ordering::SeqCst))).await.unwrap()
    }

    /// Hours go by.
    fn hours(&self, hours: i64) {
        self.clock.0.fetch_add(hours * 3_600_000, Ordering::SeqCst);
    }
}

/// Two schools of a hundred people each, read once.
async fn read_once() -> (House, Logged) {
    let (house, directory) = (House::new(), Logged::of(academy(200)));
    assert_eq!(house.went_on(&directory).await.delta, None);
    (house, directory)
}

#[tokio::test]
async fn whoever_a_delta_does_not_name_stays_as_they_are() {
    let (house, directory) = read_once().await;
    directory.tells([Ok(pupil(3, "Brise", COLLEGE)), Ok(pupil(900, "Neuf", COLLEGE)), Err("00004".to_owned())]);
    let report = house.went_on(&directory).await;
    let (delta, people) = (report.delta.unwrap(), report.people);
    assert_eq!((delta.entries, delta.gone, directory.whole.load(Ordering::SeqCst)), (3, 1, 1));
    assert_eq!((people.created, people.updated, people.suspended, people.waiting), (1, 1, 1, 0));
    assert_eq!(house.ctx.store.state().matches("\"suspended\"").count(), 1, "at once: the source said so");
    let again = house.went_on(&directory).await;
    assert_eq!(again.delta.unwrap().entries, 0, "told once");
}

#[tokio::test]
async fn a_day_later_everybody_is_read_and_so_they_are_when_it_is_asked_or_the_log_is_lost() {
    let (house, directory) = read_once().await;
    house.hours(23);
    assert!(house.went_on(&directory).await.delta.is_some());
    house.hours(2);
    assert!(house.went_on(&directory).await.delta.is_none(), "counted from the reading of everybody");
    assert!(house.goes_on(&directory, Options { full: true, ..Options::default() }).await.unwrap().delta.is_none());
    *directory.lost.lock().unwrap() = Some("the log is too short");
    let report = house.went_on(&directory).await;
    assert_eq!((report.delta, report.read_all.as_deref()), (None, Some("the log is too short")));
    *directory.lost.lock().unwrap() = None;
    assert!(house.went_on(&directory).await.delta.is_some(), "from the mark of that reading on");
}

/// A script that deletes one entry after the other makes many small deltas: together they are one large one.
#[tokio::test]
async fn many_small_deltas_are_weighed_together() {
    let (house, directory) = read_once().await;
    for n in 0..5 {
        directory.gone(n * 2..n * 2 + 2);
        let report = house.went_on(&directory).await;
        assert_eq!((report.outcome, report.people.suspended), (RunOutcome::Applied, 2), "{n}");
    }
    directory.gone(10..12);
    let held = house.went_on(&directory).await;
    assert_eq!((held.outcome, held.people.losing()), (RunOutcome::Held, 2), "{:?}", held.held);
    assert!(held.held[0].contains("12 of the 200"), "{:?}", held.held);
    assert_eq!(house.ctx.store.state().matches("\"suspended\"").count(), 10);
    assert_eq!(house.mark().await, None, "nobody listens to a source that waits for a person");
    let more = house.went_on(&directory).await;
    assert_eq!((more.outcome, more.delta.unwrap().gone), (RunOutcome::Held, 2), "nothing was skipped");
    let options = Options { thresholds: Thresholds::accepting(2), ..Options::default() };
    let accepted = house.goes_on(&directory, options).await.unwrap();
    assert_eq!((accepted.outcome, accepted.people.suspended), (RunOutcome::Applied, 2));
    directory.gone(12..14);
    let next = house.went_on(&directory).await;
    assert_eq!(next.outcome, RunOutcome::Applied, "somebody looked: counted anew: {:?}", next.held);
}

/// Wherever a run is cut, the next one is told again what it was told.
#[tokio::test]
async fn a_delta_that_was_cut_loses_and_skips_nothing() {
    for at in 0..3 {
        let (house, directory) = read_once().await;
        directory.tells((0..15).map(|n| Ok(pupil(n, "Brise", COLLEGE))));
        directory.gone(16..18);
        let written = house.ctx.store.writes.load(Ordering::SeqCst);
        *house.ctx.store.cut.lock().unwrap() = super::Cut::Before(written + at);
        let mark = house.ctx.store.source_state(&SourceId::new("annuaire")).await.unwrap();
        let cut = house.goes_on(&directory, Options::default()).await;
        assert!(matches!(cut, Err(SyncError::Store(StoreError::Backend(_)))), "{cut:?}");
        assert_eq!(house.ctx.store.source_state(&house.source).await.unwrap(), mark);
        *house.ctx.store.cut.lock().unwrap() = super::Cut::Never;
        directory.tells([Ok(pupil(20, "Brise", COLLEGE))]);
        let report = house.went_on(&directory).await;
        assert_eq!(report.delta.unwrap().entries, 18, "{at}");
        let state = house.ctx.store.state();
        assert_eq!((state.matches("Brise").count(), state.matches("\"suspended\"").count()), (16, 2), "{at}");
    }
}

#[tokio::test]
async fn a_trial_of_a_delta_writes_nothing_and_an_undone_one_has_everybody_read() {
    let (house, directory) = read_once().await;
    directory.gone(0..2);
    let before = (house.ctx.store.state(), house.mark().await);
    let tried = house.goes_on(&directory, Options { dry_run: true, ..Options::default() }).await.unwrap();
    assert_eq!((tried.delta.unwrap().gone, tried.people.suspended), (2, 2));
    assert_eq!((house.ctx.store.state(), house.mark().await), before);
    let report = house.went_on(&directory).await;
    let undone = crate::undo(&house.ctx, &report.run, Arc::new(Silent)).await.unwrap();
    assert_eq!((undone.people, house.ctx.store.state()), (2, before.0));
    let held = house.went_on(&directory).await;
    assert_eq!((held.outcome, held.delta), (RunOutcome::Held, None));
}
