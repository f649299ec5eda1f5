//! Runs that are undone: all of it, as far as it stands, at any moment, and what the source's next run may do then.

use super::*;
use crate::{UndoReport, undo};
use preau_domain::RunId;

impl House {
    async fn undo(&self, run: &RunId) -> Result<UndoReport, SyncError> {
        undo(&self.ctx, run, Arc::new(Silent)).await
    }

    fn state(&self) -> String {
        self.ctx.store.state()
    }
}

/// Three who left, five with another name, four who are new, and another name of a school.
fn changed() -> Vec<Record> {
    let mut records = academy(100);
    records[0] = school(COLLEGE, "Collège des Roses");
    for record in &mut records[20..25] {
        if let Record::Person(person) = record {
            person.family_name = "Bernard".into();
        }
    }
    records.drain(2..5);
    records.extend((200..204).map(|n| pupil(n, "Nouveau", LYCEE)));
    records
}

#[tokio::test]
async fn one_command_takes_a_run_back_and_the_source_waits_for_a_person() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let before = house.state();
    let run = house.accepted(&changed()).await;
    assert_eq!((run.people.updated, run.people.suspended, run.people.created), (5, 3, 4));
    assert!(run.undo_until.is_some());
    let report = house.undo(&run.run).await.unwrap();
    assert_eq!((report.people, report.added, report.establishments, report.left), (8, 4, 1, 0));
    let after = house.state();
    let old: Vec<&str> = after.lines().filter(|line| !line.contains("Nouveau")).collect();
    assert_eq!(old, before.lines().collect::<Vec<_>>());
    let new: Vec<&str> = after.lines().filter(|line| line.contains("Nouveau")).collect();
    assert!(new.len() == 4 && new.iter().all(|line| line.contains("\"suspended\"")), "{new:?}");

    // The source says the same again: nobody lets that go by itself, however often it is read.
    for _ in 0..2 {
        let held = house.applied(&changed()).await;
        assert_eq!((held.outcome, &held.undone), (RunOutcome::Held, &Some(run.run.clone())));
        assert!(held.held[0].starts_with(&format!("run {} was undone", run.run)), "{:?}", held.held);
        assert_eq!(house.state(), after);
    }
    let accepted = Options { thresholds: Thresholds::accepting(3), ..Options::default() };
    assert_eq!(house.run(&complete(changed()), accepted).await.unwrap().people.reactivated, 4);
    assert_eq!(house.applied(&academy(100)).await.outcome, RunOutcome::Applied, "from then on it goes by itself");
}

#[tokio::test]
async fn what_a_later_run_wrote_stays_and_runs_are_undone_from_the_latest() {
    let house = House::new();
    let first = house.applied(&academy(100)).await;
    let filled = house.state();
    let second = house.accepted(&changed()).await;
    assert_eq!(house.undo(&first.run).await.unwrap().added, 92, "eight are what the second run made of them");
    house.undo(&second.run).await.unwrap();
    let report = house.undo(&first.run).await.unwrap();
    assert_eq!((report.people, report.added, report.left), (0, 8, 0));
    assert!(!house.state().contains("\"active\""));
    let accepted = Options { thresholds: Thresholds::accepting(0), ..Options::default() };
    assert_eq!(house.run(&complete(academy(100)), accepted).await.unwrap().people.reactivated, 100);
    let old = house.state();
    let old: Vec<&str> = old.lines().filter(|line| !line.contains("Nouveau")).collect();
    assert_eq!(old, filled.lines().collect::<Vec<_>>());
}

#[tokio::test]
async fn an_undo_killed_anywhere_is_simply_run_again() {
    let whole = House::new();
    whole.applied(&academy(100)).await;
    let run = whole.accepted(&changed()).await;
    whole.undo(&run.run).await.unwrap();
    for cut in
        [Cut::Before(0), Cut::After(0), Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2), Cut::After(3)]
    {
        let house = House::new();
        house.applied(&academy(100)).await;
        let run = house.accepted(&changed()).await;
        let so_far = house.ctx.store.writes.load(Ordering::SeqCst);
        *house.ctx.store.cut.lock().unwrap() = match cut {
            Cut::Before(at) => Cut::Before(so_far + at),
            Cut::After(at) => Cut::After(so_far + at),
            Cut::Never => Cut::Never,
        };
        house.undo(&run.run).await.unwrap_err();
        *house.ctx.store.cut.lock().unwrap() = Cut::Never;
        assert_eq!(house.applied(&changed()).await.outcome, RunOutcome::Held, "{cut:?}: half an undo is one");
        house.undo(&run.run).await.unwrap();
        assert_eq!(house.state(), whole.state(), "{cut:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_undone_is_told_with_its_reason() {
    let house = House::new();
    let why = async |run: &RunId| house.undo(run).await.unwrap_err().to_string();
    assert!(why(&RunId::new("nobody")).await.ends_with("there is no run of that name"));
    let first = house.applied(&academy(100)).await;
    let held = house.applied(&academy(40)).await;
    assert!(why(&held.run).await.ends_with("it was held, and wrote nothing"));
    let accepting = Thresholds::accepting(3);
    let few = Options { undo_people: Some(7), thresholds: accepting, ..Options::default() };
    let large = house.run(&complete(changed()), few).await.unwrap();
    assert_eq!((large.outcome, large.undo_until), (RunOutcome::Applied, None));
    assert!(why(&large.run).await.contains("sync.undo_people"));
    let undone = house.undo(&first.run).await.unwrap();
    assert!(why(&undone.run).await.contains("synchronise the source instead"));
    house.clock.0.fetch_add(30 * 24 * 3_600 * 1_000, Ordering::SeqCst);
    assert!(why(&first.run).await.ends_with("more than thirty days old"));
}
