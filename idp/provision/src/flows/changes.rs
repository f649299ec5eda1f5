//! Runs that read changes alone.

use super::{COLLEGE, House, LYCEE, academy, pupil};
use crate::{Options, Report, Silent, SyncError, Thresholds, synchronise};
use async_trait::async_trait;
use preau_connector_api::{Changes, Completion, Directory, Known, PersonRecord, ReadAll, Record};
use preau_domain::{Child, Instant, JoinKey, Legal, SourceId};
use preau_store::{Provisioning, RecordName, RunOutcome, StoreError};
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
    /// A pupil, and the adult who is told of as long as other ties of that pupil are stored.
    tied: Mutex<Option<(PersonRecord, PersonRecord)>>,
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

fn key_of(record: &Record) -> Option<&str> {
    person(record).map(|person| person.key.as_str())
}

fn person(record: &Record) -> Option<&PersonRecord> {
    match record {
        Record::Person(person) => Some(person),
        _ => None,
    }
}

/// A pupil who is there already, with a tie to an adult, and that adult.
fn family(source: &SourceId) -> (PersonRecord, PersonRecord) {
    let of = |n| person(&pupil(n, "Martin", COLLEGE)).unwrap().clone();
    let (mut child, mut parent) = (of(1), of(90_000));
    child.ties = vec![format!("1|10|{COLLEGE}:|{}", parent.key)];
    let pupil = JoinKey { source: source.clone(), key: child.key.clone() };
    parent.children = vec![Child { pupil, link: "10".into(), legal: Legal::Representative, enrolment: None }];
    (child, parent)
}

#[async_trait]
impl Directory for Logged {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        self.whole.fetch_add(1, Ordering::SeqCst);
        let mut records = self.records.clone();
        let adult = self.tied.lock().unwrap().clone().map(|(_, adult)| Ok(Record::Person(adult)));
        for change in self.log.lock().unwrap().iter().cloned().chain(adult) {
            let changed = change.as_ref().map_or_else(|key| Some(key.as_str()), key_of);
            records.retain(|record| key_of(record) != changed);
            records.extend(change.ok());
        }
        for record in records {
            out.send(record).await.unwrap();
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
        let tied = self.tied.lock().unwrap().clone();
        let adult = match tied {
            Some((child, adult)) => {
                let stored = known.by_key(&[child.key]).await.unwrap();
                (stored[0].ties != child.ties).then_some(Record::Person(adult))
            }
            None => None,
        };
        let log = self.log.lock().unwrap();
        let changed = &log[mark.parse::<usize>().unwrap()..];
        let mut records: Vec<Record> = changed.iter().filter_map(|change| change.clone().ok()).collect();
        records.extend(adult);
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

    /// A run that fails before its n-th write.
    async fn is_cut(&self, directory: &Logged, at: usize) {
        let written = self.ctx.store.writes.load(Ordering::SeqCst);
        *self.ctx.store.cut.lock().unwrap() = super::Cut::Before(written + at);
        let cut = self.goes_on(directory, Options::default()).await;
        assert!(matches!(cut, Err(SyncError::Store(StoreError::Backend(_)))), "{cut:?}");
        *self.ctx.store.cut.lock().unwrap() = super::Cut::Never;
    }

    pub(super) async fn children(&self, key: &str) -> Vec<String> {
        let stored = self.ctx.store.source_records(&self.source, RecordName::Key, &[key.to_owned()]).await.unwrap();
        stored[0].children.clone()
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

/// A reading of everybody in between forgives nothing, neither within the day nor in the days after.
#[tokio::test]
async fn small_deltas_are_weighed_together_whoever_is_read_in_between() {
    for (days, reason) in [(0, "16 of the 200 active people"), (1, "24 % of 0990001N would vanish (24 of 100 people)")]
    {
        let (house, directory) = read_once().await;
        let mut taken = 0;
        let held = loop {
            house.hours(25 * days);
            let whole = house.goes_on(&directory, Options { full: true, ..Options::default() }).await.unwrap();
            assert_eq!((whole.outcome, whole.people.losing()), (RunOutcome::Applied, 0), "control: harmless");
            directory.gone(taken..taken + 8);
            let report = house.went_on(&directory).await;
            assert!(report.delta.is_some(), "control");
            if report.outcome == RunOutcome::Held {
                break report;
            }
            taken += 8;
            assert!(taken < 80, "ten of them, and nobody has seen it");
        };
        assert!(held.held.iter().any(|why| why.contains(reason)), "{days}: {:?}", held.held);
        // Whoever looked starts the sum anew, and so does time.
        let accepting = Options { thresholds: Thresholds::accepting(8), ..Options::default() };
        assert_eq!(house.goes_on(&directory, accepting).await.unwrap().outcome, RunOutcome::Applied);
        directory.gone(taken + 8..taken + 14);
        assert_eq!(house.went_on(&directory).await.outcome, RunOutcome::Applied);
        house.hours(8 * 24);
        house.went_on(&directory).await;
        directory.gone(taken + 14..taken + 20);
        assert_eq!(house.went_on(&directory).await.outcome, RunOutcome::Applied);
    }
}

/// What a reading of everybody leaves behind counts whoever was there after it, without asking the house again.
#[tokio::test]
async fn people_are_counted_as_they_are_after_a_reading() {
    let (house, directory) = read_once().await;
    directory.gone(0..4);
    directory.tells([Ok(pupil(5, "Brise", COLLEGE)), Ok(pupil(900, "Neuf", COLLEGE)), Ok(pupil(901, "Neuf", LYCEE))]);
    let full = Options { full: true, ..Options::default() };
    for (waiting, suspended) in [(4, 0), (0, 4)] {
        let people = house.goes_on(&directory, full.clone()).await.unwrap().people;
        assert_eq!((people.waiting, people.suspended), (waiting, suspended));
        let state = house.ctx.store.source_state(&house.source).await.unwrap().unwrap();
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        let (all, schools) = (&state["census"]["people"], &state["census"]["schools"]);
        let expected = (202 - suspended, 102 - suspended / 2, 100 - suspended / 2);
        let pupils = |uai: &str| schools[uai]["profiles"]["National_ELV"].clone();
        assert_eq!(*all, expected.0);
        assert_eq!((&schools[COLLEGE]["people"], &schools[LYCEE]["people"]), (&expected.1.into(), &expected.2.into()));
        assert_eq!((pupils(COLLEGE), pupils(LYCEE)), (expected.1.into(), expected.2.into()));
    }
}

/// Wherever a run is cut, the next one reads everybody, for nobody knows what of the changes is written.
#[tokio::test]
async fn a_delta_that_was_cut_loses_and_skips_nothing() {
    for at in 0..3 {
        let (house, directory) = read_once().await;
        directory.tells((0..15).map(|n| Ok(pupil(n, "Brise", COLLEGE))));
        directory.gone(16..18);
        let mark = house.ctx.store.source_state(&SourceId::new("annuaire")).await.unwrap();
        house.is_cut(&directory, at).await;
        assert_eq!(house.ctx.store.source_state(&house.source).await.unwrap(), mark);
        assert_eq!(house.mark().await, None, "nobody listens: a reading of everybody is due");
        directory.tells([Ok(pupil(20, "Brise", COLLEGE))]);
        let report = house.went_on(&directory).await;
        assert_eq!((report.delta, directory.whole.load(Ordering::SeqCst)), (None, 2), "{at}");
        house.went_on(&directory).await;
        let state = house.ctx.store.state();
        assert_eq!((state.matches("Brise").count(), state.matches("\"suspended\"").count()), (16, 2), "{at}");
        assert!(house.went_on(&directory).await.delta.is_some(), "{at}: nobody waits any more");
    }
}

/// Which adults a pupil concerns is found by what is stored of the pupil: a cut between the two hides them from a delta.
#[tokio::test]
async fn an_adult_is_not_forgotten_when_a_run_was_cut_after_the_pupil() {
    for cut in [true, false] {
        let (house, directory) = read_once().await;
        directory.tells([Ok(pupil(90_000, "Martin", COLLEGE))]);
        assert_eq!(house.went_on(&directory).await.people.created, 1);
        let (child, parent) = family(&house.source);
        *directory.tied.lock().unwrap() = Some((child.clone(), parent));
        // More than one batch, so that the adult is in another one than the pupil.
        directory.tells([Ok(Record::Person(child))]);
        directory.tells((300..330).map(|n| Ok(pupil(n, "Neuf", COLLEGE))));
        if cut {
            house.is_cut(&directory, 1).await;
            assert_eq!(house.children("90000").await, [""; 0], "control: the adult was not written");
        }
        let report = house.went_on(&directory).await;
        assert_eq!(report.delta.is_none(), cut, "control");
        assert_eq!(house.children("90000").await, ["00001"], "cut: {cut}");
    }
}

/// Who waits for a second reading, and a source that could not tell its changes, would be rung into reading everybody.
#[tokio::test]
async fn nobody_listens_where_the_next_run_would_read_everybody() {
    let (house, directory) = read_once().await;
    assert!(house.mark().await.is_some(), "control");
    *directory.lost.lock().unwrap() = Some("the log is too short");
    assert!(house.went_on(&directory).await.read_all.is_some());
    assert_eq!(house.mark().await, None, "it could not tell what changed");
    *directory.lost.lock().unwrap() = None;
    house.went_on(&directory).await;
    assert!(house.mark().await.is_some(), "it could again");
    directory.gone(0..2);
    let report = house.goes_on(&directory, Options { full: true, ..Options::default() }).await.unwrap();
    assert_eq!((report.people.waiting, house.mark().await), (2, None), "two wait for a second reading");
    assert_eq!(house.went_on(&directory).await.people.suspended, 2);
    assert!(house.mark().await.is_some(), "nobody waits");
}

/// Who was spared because a school waits is not named among changes: they are read again, also when the rentrée is over.
#[tokio::test]
async fn while_a_school_waits_everybody_is_read() {
    let (house, directory) = read_once().await;
    directory.tells((0..60).map(|n| Ok(pupil(2 * n, "Martin", LYCEE))));
    let new_year = Thresholds { new_year: true, ..Thresholds::default() };
    let rentree = Options { thresholds: new_year, full: true, ..Options::default() };
    let report = house.goes_on(&directory, rentree).await.unwrap();
    assert_eq!((report.outcome, report.waiting_schools.len(), report.absent.len()), (RunOutcome::Applied, 1, 0));
    assert_eq!(house.mark().await, None, "nobody listens");
    assert_eq!(house.went_on(&directory).await.delta, None);
}

/// A reading of everybody that was held is made again: what it would have changed is not among changes.
#[tokio::test]
async fn after_a_reading_of_everybody_that_was_held_everybody_is_read() {
    let (house, directory) = read_once().await;
    directory.gone(0..50);
    let full = Options { full: true, ..Options::default() };
    assert_eq!(house.goes_on(&directory, full.clone()).await.unwrap().outcome, RunOutcome::Held);
    let again = house.went_on(&directory).await;
    assert_eq!((again.outcome, again.delta), (RunOutcome::Held, None));
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
