//! Whole runs, on a store and a directory in memory. The same on SQLite with a killed process is tested with the binary.

mod births;
mod changes;
mod memory;
mod new_year;
mod pairing;
mod undoing;

use crate::{Nobody, Options, Report, Silent, SyncContext, SyncError, Thresholds, Withheld, synchronise};
use memory::{Counting, Cut, Listed, Memory, Still};
use preau_connector_api::{Birth, Completion, EstablishmentRecord, PersonRecord, Record, Rejected};
use preau_domain::{Affiliation, AuditKind, EstablishmentKind, Profile, SourceId};
use preau_store::{Provisioning, RunOutcome};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

const COLLEGE: &str = "0990001N";
const LYCEE: &str = "0990002P";

/// One house with its own folder, forgotten at the end.
struct House {
    ctx: SyncContext<Memory>,
    clock: Arc<Still>,
    source: SourceId,
}

impl House {
    fn new() -> Self {
        static HOUSES: AtomicUsize = AtomicUsize::new(0);
        let nth = HOUSES.fetch_add(1, Ordering::SeqCst);
        let spool_dir = std::env::temp_dir().join(format!("preau-provision-{}-{nth}", std::process::id()));
        let clock = Arc::new(Still(AtomicI64::new(1_788_000_000_000)));
        House {
            clock: Arc::clone(&clock),
            ctx: SyncContext {
                store: Arc::new(Memory::new()),
                clock,
                ids: Arc::new(Counting(AtomicU64::new(nth as u64 * 1_000_000))),
                spool_dir,
            },
            source: SourceId::new("annuaire"),
        }
    }

    async fn run(&self, directory: &Listed, options: Options) -> Result<Report, SyncError> {
        synchronise(&self.ctx, &self.source, directory, options, Arc::new(Silent)).await
    }

    async fn applied(&self, records: &[Record]) -> Report {
        self.run(&complete(records.to_vec()), Options::default()).await.unwrap()
    }

    /// A run that somebody looked at.
    async fn accepted(&self, records: &[Record]) -> Report {
        let options = Options { thresholds: Thresholds::accepting(1_000), ..Options::default() };
        self.run(&complete(records.to_vec()), options).await.unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(&self.ctx.spool_dir).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.ctx.spool_dir);
    }
}

fn complete(records: Vec<Record>) -> Listed {
    Listed { records, completion: Completion::Complete, gate: None, version: None, as_of: &[] }
}

fn school(uai: &str, name: &str) -> Record {
    Record::Establishment(EstablishmentRecord {
        key: format!("etab-{uai}"),
        uai: uai.parse().unwrap(),
        kind: EstablishmentKind::College,
        name: name.into(),
        city: None,
        sector: None,
        groups: Vec::new(),
    })
}

fn pupil(n: usize, name: &str, uai: &str) -> Record {
    Record::Person(PersonRecord {
        key: format!("{n:05}"),
        given_name: "Alix".into(),
        family_name: name.into(),
        title: None,
        login: Some(format!("alix.{n}")),
        mail: None,
        affiliations: vec![Affiliation::new(uai.parse().unwrap(), Profile::Pupil)],
        children: Vec::new(),
        entry: None,
        ties: Vec::new(),
        birth: Birth::Untold,
    })
}

/// Two schools and `count` pupils, half in each.
fn academy(count: usize) -> Vec<Record> {
    let mut records = vec![school(COLLEGE, "Collège des Lilas"), school(LYCEE, "Lycée du Parc")];
    records.extend((0..count).map(|n| pupil(n, "Martin", if n % 2 == 0 { COLLEGE } else { LYCEE })));
    records
}

#[tokio::test]
async fn a_source_fills_the_house_and_a_second_run_writes_nothing() {
    let house = House::new();
    let first = house.applied(&academy(100)).await;
    assert_eq!((first.people.created, first.establishments.created), (100, 2));
    let (writes, state) = (house.ctx.store.writes.load(Ordering::SeqCst), house.ctx.store.state());
    assert!(state.contains("Collège des Lilas"));

    let second = house.applied(&academy(100)).await;
    assert_eq!((second.people.unchanged, second.establishments.unchanged), (100, 2));
    assert_eq!(house.ctx.store.writes.load(Ordering::SeqCst), writes);
    assert_eq!(house.ctx.store.state(), state);

    let runs = house.ctx.store.runs(&house.source, 10).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.outcome == RunOutcome::Applied && run.finished.is_some()));
    assert!(runs[1].report.contains("\"created\":100"), "{}", runs[1].report);
    let tables = house.ctx.store.tables.lock().unwrap();
    assert_eq!(tables.audit.len(), 2);
    assert_eq!((tables.audit[0].kind, tables.audit[0].detail.as_str()), (AuditKind::Synchronised, "applied"));
}

/// Nothing is taken from anybody where many come, and the report says where somebody should look.
#[tokio::test]
async fn a_school_that_doubles_is_told() {
    let house = House::new();
    assert!(house.applied(&academy(40)).await.gains.is_empty(), "where nobody was nothing doubles");
    let with = |count: usize| academy(40).into_iter().chain((100..100 + count).map(|n| pupil(n, "Martin", COLLEGE)));
    let report =
        house.run(&complete(with(19).collect()), Options { dry_run: true, ..Options::default() }).await.unwrap();
    assert!(report.gains.is_empty(), "control: one fewer than were there");
    let report = house.applied(&with(20).collect::<Vec<_>>()).await;
    let place = (COLLEGE.parse().unwrap(), Profile::Pupil);
    assert_eq!(report.gains, [crate::Gain { establishment: place.0, profile: place.1, active: 20, came: 20 }]);
    assert_eq!(report.outcome, RunOutcome::Applied);
}

#[tokio::test]
async fn who_leaves_is_suspended_and_who_comes_back_finds_the_same_account() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let id = |house: &House| {
        let tables = house.ctx.store.tables.lock().unwrap();
        tables.people.values().find(|(p, _)| p.login.as_deref() == Some("alix.99")).map(|(p, _)| p.id.clone())
    };
    let before = id(&house);
    let missed = house.applied(&academy(99)).await;
    assert_eq!((missed.people.suspended, missed.people.waiting), (0, 1));
    assert!(!house.ctx.store.state().contains("\"suspended\""));
    let gone = house.applied(&academy(99)).await;
    assert_eq!((gone.people.suspended, gone.people.waiting), (1, 0));
    assert!(house.ctx.store.state().contains("\"suspended\""));
    let back = house.applied(&academy(100)).await;
    assert_eq!((back.people.reactivated, back.people.unchanged), (1, 99));
    assert!(!house.ctx.store.state().contains("\"suspended\""));
    assert_eq!(id(&house), before);
}

/// One complete reading may be the one that was wrong.
#[tokio::test]
async fn two_complete_readings_must_agree_before_anybody_is_suspended() {
    let house = House::new();
    let absent = |keys: &[&str]| {
        let here = |record: &Record| !matches!(record, Record::Person(p) if keys.contains(&p.key.as_str()));
        academy(100).into_iter().filter(here).collect::<Vec<_>>()
    };
    let counts = |report: &Report| (report.outcome, report.people.suspended, report.people.waiting);
    let applied = RunOutcome::Applied;
    house.applied(&academy(100)).await;
    assert_eq!(counts(&house.applied(&absent(&["00001", "00002"])).await), (applied, 0, 2));
    // Another two, one of them the same: only about that one do they agree.
    assert_eq!(counts(&house.applied(&absent(&["00002", "00003"])).await), (applied, 1, 1));
    assert_eq!(house.ctx.store.state().matches("\"suspended\"").count(), 1);
    // A reading that was cut short agrees with nothing, and what was held neither.
    let short = Listed { completion: Completion::Incomplete("cut".into()), ..complete(absent(&["00002", "00003"])) };
    let report = house.run(&short, Options::default()).await.unwrap();
    assert_eq!(counts(&report), (RunOutcome::Incomplete, 0, 0));
    assert_eq!(counts(&house.applied(&absent(&["00002", "00003"])).await), (applied, 0, 1));
    assert_eq!(counts(&house.applied(&academy(20)).await), (RunOutcome::Held, 80, 0));
    // Nobody is left to the word of a source that nothing changed: it is read again.
    let still = || Listed { version: Some("csn 1"), ..complete(absent(&["00002", "00004"])) };
    assert_eq!(counts(&house.run(&still(), Options::default()).await.unwrap()), (applied, 0, 1));
    assert_eq!(counts(&house.run(&still(), Options::default()).await.unwrap()), (applied, 1, 0));
    assert!(house.run(&still(), Options::default()).await.unwrap().same_as.is_some(), "and then it is believed");
    // A person who looked agrees in place of a second reading.
    assert_eq!(counts(&house.accepted(&absent(&["00002", "00004", "00005"])).await), (applied, 1, 0));
}

/// F6: yesterday's delivery, or a replica that lags behind, is no reason to take anything back.
#[tokio::test]
async fn an_older_state_in_place_of_a_newer_one_is_held() {
    let house = House::new();
    let at = |as_of, count| Listed { as_of, ..complete(academy(count)) };
    let outcome = async |as_of, count, options| house.run(&at(as_of, count), options).await.unwrap().outcome;
    let plain = Options::default();
    assert_eq!(outcome(&["20260903", "20260903"], 100, plain.clone()).await, RunOutcome::Applied);
    let state = house.ctx.store.state();
    for _ in 0..3 {
        assert_eq!(outcome(&["20260904", "20260902"], 101, plain.clone()).await, RunOutcome::Held, "one part is older");
    }
    assert_eq!(house.ctx.store.state(), state, "nothing was written");
    assert_eq!(outcome(&["20260903", "20260904"], 101, plain.clone()).await, RunOutcome::Applied, "control: none is");
    assert_eq!(outcome(&[], 101, plain.clone()).await, RunOutcome::Applied, "a source that cannot say");
    let accepted = Options { thresholds: Thresholds::accepting(1), ..plain.clone() };
    assert_eq!(outcome(&["20260901", "20260901"], 100, accepted).await, RunOutcome::Applied, "a human may");
    assert_eq!(
        outcome(&["20260901", "20260901"], 100, plain.clone()).await,
        RunOutcome::Applied,
        "and it is the state then"
    );
}

#[tokio::test]
async fn a_source_that_forgets_is_held_and_nothing_is_written() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let state = house.ctx.store.state();
    let mut half: Vec<Record> = academy(100);
    half.retain(|r| !matches!(r, Record::Person(p) if p.affiliations[0].establishment.as_str() == COLLEGE));
    half.push(pupil(500, "Nouveau", LYCEE));

    let held = house.run(&complete(half.clone()), Options::default()).await.unwrap();
    assert_eq!(held.outcome, RunOutcome::Held);
    assert_eq!(held.held.len(), 2, "{:?}", held.held);
    assert!(held.held[1].contains(COLLEGE));
    assert_eq!(house.ctx.store.state(), state);
    assert_eq!(house.ctx.store.runs(&house.source, 1).await.unwrap()[0].outcome, RunOutcome::Held);

    let accepted = Options { thresholds: Thresholds::accepting(held.people.suspended), ..Options::default() };
    let applied = house.run(&complete(half), accepted).await.unwrap();
    assert_eq!((applied.outcome, applied.people.suspended, applied.people.created), (RunOutcome::Applied, 50, 1));
}

/// Somebody lets a held run go, and meanwhile the source forgets another school in place of the one they looked at.
#[tokio::test]
async fn a_run_is_let_go_for_what_was_looked_at_and_nothing_else() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let without = |uai: &str| {
        let stays = |r: &Record| !matches!(r, Record::Person(p) if p.affiliations[0].establishment.as_str() == uai);
        complete(academy(100).into_iter().filter(stays).collect())
    };
    let held = house.run(&without(COLLEGE), Options::default()).await.unwrap();
    let let_go = |report: &Report| Options {
        thresholds: Thresholds::accepting(report.people.losing()),
        seen: Some(report.losses.clone().into()),
        ..Options::default()
    };
    let state = house.ctx.store.state();
    let other = house.run(&without(LYCEE), let_go(&held)).await.unwrap();
    assert_eq!((other.outcome, other.people.losing()), (RunOutcome::Held, 50), "as many, and others");
    assert!(other.held[0].contains(LYCEE), "{:?}", other.held);
    assert_eq!(house.ctx.store.state(), state, "nothing was written");
    let applied = house.run(&without(LYCEE), let_go(&other)).await.unwrap();
    assert_eq!((applied.outcome, applied.people.suspended), (RunOutcome::Applied, 50), "control: now they have looked");
}

/// A source without deltas that forgets a little of a school at each pair of readings that agree.
#[tokio::test]
async fn readings_of_everybody_are_weighed_together() {
    let mut all = academy(100);
    all.extend((1_000..3_000).map(|n| pupil(n, "Martin", LYCEE)));
    let without = |pupils: usize| {
        let first = format!("{:05}", pupils * 2);
        let gone = |r: &Record| matches!(r, Record::Person(p) if p.key < first && p.affiliations[0].establishment.as_str() == COLLEGE);
        all.iter().filter(|r| !gone(r)).cloned().collect::<Vec<Record>>()
    };
    for (hours, together) in [(25, true), (8 * 24, false)] {
        let house = House::new();
        house.applied(&all).await;
        let mut latest = None;
        for pupils in [8, 8, 16, 16] {
            house.clock.0.fetch_add(hours * 3_600_000, Ordering::SeqCst);
            latest = Some(house.applied(&without(pupils)).await);
        }
        let held = latest.map(|report| report.held).unwrap_or_default();
        assert_eq!(held.iter().any(|why| why.contains("16 of 50")), together, "control: in other weeks: {held:?}");
        assert_eq!(house.ctx.store.state().matches("\"suspended\"").count(), if together { 8 } else { 16 });
        if together {
            assert_eq!(house.accepted(&without(16)).await.people.suspended, 8);
            for _ in 0..2 {
                assert_eq!(house.applied(&without(22)).await.outcome, RunOutcome::Applied, "who looked starts anew");
            }
        }
    }
}

/// A source that is taken out of the configuration is read as one that holds nobody: held, until somebody gives the number.
#[tokio::test]
async fn a_source_that_is_retired_is_guarded_like_any_other() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let retire = async |thresholds| {
        let options = Options { thresholds, ..Options::default() };
        synchronise(&house.ctx, &house.source, &Nobody, options, Arc::new(Silent)).await.unwrap()
    };
    let held = retire(Thresholds::default()).await;
    assert_eq!((held.outcome, held.people.losing()), (RunOutcome::Held, 100));
    assert_eq!(retire(Thresholds::accepting(99)).await.outcome, RunOutcome::Held);
    assert_eq!(retire(Thresholds::accepting(100)).await.people.suspended, 100);
    assert_eq!(house.applied(&academy(100)).await.people.reactivated, 100, "whoever is back is who they were");
}

/// A guardian of one school, as their children's entries tell it.
fn guardian(n: usize, uai: Option<&str>) -> PersonRecord {
    PersonRecord {
        key: format!("g{n:05}"),
        given_name: "Dominique".into(),
        family_name: "Martin".into(),
        title: None,
        login: Some(format!("dominique.{n}")),
        mail: None,
        affiliations: uai.map(|uai| Affiliation::new(uai.parse().unwrap(), Profile::Guardian)).into_iter().collect(),
        children: Vec::new(),
        entry: None,
        ties: Vec::new(),
        birth: Birth::Untold,
    }
}

/// The academy, with a guardian for each pupil of the collège; `known` is whether the pupils' entries name them.
fn with_guardians(known: bool) -> Vec<Record> {
    let mut records = academy(100);
    records.extend((0..50).map(|n| Record::Person(guardian(n, known.then_some(COLLEGE)))));
    records
}

/// The attribute that names the guardians becomes unreadable: everybody is still there, half of a school has no right.
#[tokio::test]
async fn a_source_that_forgets_an_attribute_is_held_and_nobody_loses_a_right() {
    let house = House::new();
    house.applied(&with_guardians(true)).await;
    let state = house.ctx.store.state();

    let held = house.run(&complete(with_guardians(false)), Options::default()).await.unwrap();
    assert_eq!((held.outcome, held.people.suspended, held.people.stripped), (RunOutcome::Held, 0, 50));
    assert!(held.held[0].contains("50 of the 150"), "{:?}", held.held);
    assert!(held.held[1].contains(&format!("50 people of {COLLEGE} would lose every right there")), "{:?}", held.held);
    assert_eq!(house.ctx.store.state(), state);

    // The same in a reading that was cut short: what it says of others is written, they are kept.
    let mut records = with_guardians(false);
    records[2] = pupil(0, "Changé", COLLEGE);
    let cut = Listed { completion: Completion::Incomplete("size limit".into()), ..complete(records) };
    let report = house.run(&cut, Options::default()).await.unwrap();
    assert_eq!(report.outcome, RunOutcome::Incomplete);
    assert_eq!((report.people.updated, report.people.kept, report.people.stripped), (1, 50, 0));
    let guardians = |house: &House| {
        let tables = house.ctx.store.tables.lock().unwrap();
        tables.people.values().filter(|(p, _)| p.affiliations.iter().any(|a| a.profile == Profile::Guardian)).count()
    };
    assert_eq!(guardians(&house), 50);
    assert!(house.ctx.store.state().contains("Changé"));

    // Somebody who says that it is so is believed, for that number and no more.
    let accepting = |people| Options { thresholds: Thresholds::accepting(people), ..Options::default() };
    let losing = held.people.losing();
    assert_eq!(losing, 50);
    let fewer = house.run(&complete(with_guardians(false)), accepting(losing - 1)).await.unwrap();
    assert_eq!((fewer.outcome, guardians(&house)), (RunOutcome::Held, 50));
    let applied = house.run(&complete(with_guardians(false)), accepting(losing)).await.unwrap();
    assert_eq!((applied.outcome, applied.people.stripped, guardians(&house)), (RunOutcome::Applied, 50, 0));
}

/// In September a class of the collège is at the lycée: the collège loses many, who are all somewhere else.
#[tokio::test]
async fn a_school_year_that_begins_is_no_loss() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let september: Vec<Record> =
        (0..100).map(|n| pupil(n, "Martin", if n % 2 == 0 && n >= 30 { COLLEGE } else { LYCEE })).collect();
    let applied = house.applied(&september).await;
    assert_eq!((applied.outcome, applied.people.updated), (RunOutcome::Applied, 15));
    assert_eq!((applied.people.moved, applied.people.narrowed, applied.people.suspended), (15, 0, 0));
}

/// Every pupil of the collège is read in the lycée: nobody is without a right, and a school is empty.
#[tokio::test]
async fn a_school_read_under_the_number_of_another_is_held() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let state = house.ctx.store.state();
    let mapped: Vec<Record> = (0..100).map(|n| pupil(n, "Martin", LYCEE)).collect();
    let held = house.run(&complete(mapped.clone()), Options::default()).await.unwrap();
    assert_eq!((held.outcome, held.people.losing()), (RunOutcome::Held, 50));
    assert!(held.held[0].contains(&format!("in {COLLEGE} 50 would move to another school (100 %)")), "{:?}", held.held);
    assert_eq!(house.ctx.store.state(), state);

    let accepting = |people| Options { thresholds: Thresholds::accepting(people), ..Options::default() };
    assert_eq!(house.run(&complete(mapped.clone()), accepting(49)).await.unwrap().outcome, RunOutcome::Held);
    assert_eq!(house.run(&complete(mapped), accepting(50)).await.unwrap().people.moved, 50);
}

/// A reading cut short takes nothing from anybody: neither one of two schools, nor a profile, nor a school for another.
#[tokio::test]
async fn a_reading_cut_short_takes_no_place_from_anybody() {
    use Profile::{Guardian, Teacher};
    let person = |name: &str, places: &[(&str, Profile)]| {
        let affiliations = places.iter().map(|(uai, profile)| Affiliation::new(uai.parse().unwrap(), *profile));
        Record::Person(PersonRecord {
            family_name: name.into(),
            affiliations: affiliations.collect(),
            ..guardian(0, None)
        })
    };
    let both = [(COLLEGE, Guardian), (LYCEE, Guardian)];
    for (story, before, after, kept) in [
        ("one of two schools", &both[..], &both[..1], 1),
        ("a profile", &[(COLLEGE, Guardian), (COLLEGE, Teacher)][..], &both[..1], 1),
        ("a school for another", &both[..1], &both[1..], 1),
        ("one more", &both[..1], &both[..], 0),
    ] {
        let house = House::new();
        house.applied(&[person("Martin", before)]).await;
        let state = house.ctx.store.state();
        let completion = Completion::Incomplete("size limit".into());
        let cut = Listed { completion, ..complete(vec![person("Durand", after)]) };
        let report = house.run(&cut, Options::default()).await.unwrap();
        assert_eq!((report.people.kept, report.people.updated, report.people.losing()), (kept, 1 - kept, 0), "{story}");
        assert_eq!(house.ctx.store.state() == state, kept == 1, "{story}");
    }
}

#[tokio::test]
async fn a_person_read_in_part_keeps_the_account_there_is() {
    let house = House::new();
    house.applied(&with_guardians(true)).await;
    let state = house.ctx.store.state();
    let mut records = with_guardians(true);
    records.pop();
    records.push(Record::Partial(guardian(49, None)));
    records.push(Record::Partial(guardian(50, None)));
    let report = house.applied(&records).await;
    assert_eq!((report.people.kept, report.people.created, report.people.updated), (1, 0, 0));
    assert_eq!(house.ctx.store.state(), state);
    records.push(Record::Partial(guardian(51, Some(LYCEE))));
    assert_eq!(house.applied(&records).await.people.created, 1);
}

#[tokio::test]
async fn a_reading_cut_short_adds_and_changes_but_suspends_nobody() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let cut = Listed {
        records: vec![pupil(0, "Durand", COLLEGE), pupil(700, "Nouveau", LYCEE)],
        completion: Completion::Incomplete("the server closed the connection".into()),
        gate: None,
        version: None,
        as_of: &[],
    };
    let report = house.run(&cut, Options::default()).await.unwrap();
    assert_eq!(report.outcome, RunOutcome::Incomplete);
    assert_eq!(report.incomplete.as_deref(), Some("the server closed the connection"));
    assert_eq!((report.people.updated, report.people.created, report.people.suspended), (1, 1, 0));
    assert!(!house.ctx.store.state().contains("\"suspended\""));

    // The next run begins again, and what the one before wrote is not written twice.
    let mut all = academy(100);
    all[2] = pupil(0, "Durand", COLLEGE);
    all.extend([pupil(700, "Nouveau", LYCEE), pupil(701, "Suivant", LYCEE)]);
    let report = house.run(&complete(all), Options::default()).await.unwrap();
    let people = report.people;
    assert_eq!((people.created, people.updated, people.suspended, people.unchanged), (1, 0, 0, 101));
}

/// A directory that is stopped hands over nothing: there is nothing to undo.
#[tokio::test]
async fn a_run_that_wrote_nothing_offers_no_way_back() {
    let house = House::new();
    assert!(house.applied(&academy(100)).await.undo_until.is_some());
    let stopped = Listed { completion: Completion::Incomplete("no answer".into()), ..complete(Vec::new()) };
    let report = house.run(&stopped, Options::default()).await.unwrap();
    assert_eq!((report.outcome, report.undo_until), (RunOutcome::Incomplete, None));
    assert_eq!(house.applied(&academy(100)).await.undo_until, None, "unchanged");
    assert!(house.applied(&academy(101)).await.undo_until.is_some());
}

/// Which of two entries a login means is not ours to guess: neither signs in, and the report says whose it is.
#[tokio::test]
async fn who_shares_a_login_is_in_the_report() {
    let house = House::new();
    let Record::Person(mut twin) = pupil(200, "Martin", COLLEGE) else { panic!("a person") };
    twin.login = Some("alix.7".into());
    let people = [academy(100), vec![Record::Person(twin)]].concat();
    let shared = |report: Report| report.shared_logins.into_iter().map(|one| (one.login, one.key)).collect::<Vec<_>>();
    let named = ["00007", "00200"].map(|key| ("alix.7".to_owned(), key.to_owned()));
    assert_eq!(shared(house.applied(&people).await), named);
    assert_eq!(shared(house.applied(&people).await), named, "as long as it is so");
    house.applied(&academy(100)).await;
    assert!(shared(house.applied(&academy(100)).await).is_empty(), "suspended since");
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_leaves_no_trace() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let state = house.ctx.store.state();
    let dry = Options { dry_run: true, ..Options::default() };
    let report = house.run(&complete(academy(99)), dry).await.unwrap();
    assert!(report.dry_run);
    assert_eq!((report.outcome, report.people.waiting), (RunOutcome::Applied, 1));
    assert_eq!(house.ctx.store.state(), state);
    assert_eq!(house.ctx.store.runs(&house.source, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_source_that_says_nothing_changed_is_not_read_again() {
    let house = House::new();
    let at = |version| Listed { version: Some(version), ..complete(academy(100)) };
    // What it would hand over now is another thing: whoever reads it sees a difference.
    let silently = |version| Listed { version: Some(version), ..complete(academy(99)) };
    let first = house.run(&at("csn 1"), Options::default()).await.unwrap();
    let second = house.run(&silently("csn 1"), Options::default()).await.unwrap();
    assert_eq!((second.people.unchanged, second.people.read, second.people.suspended), (100, 0, 0));
    assert_eq!((second.outcome, second.same_as.as_ref()), (RunOutcome::Applied, Some(&first.run)));
    let third = house.run(&silently("csn 1"), Options::default()).await.unwrap();
    assert_eq!((third.people.unchanged, third.same_as), (100, Some(first.run)));

    // Asked to, with a number that somebody accepts, at another version, after a day, or after a run that was not applied, it is read.
    let looked = Options { thresholds: Thresholds::accepting(1), dry_run: true, ..Options::default() };
    assert_eq!(house.run(&silently("csn 1"), looked).await.unwrap().people.suspended, 1);
    let dry = Options { full: true, dry_run: true, ..Options::default() };
    assert_eq!(house.run(&silently("csn 1"), dry).await.unwrap().people.waiting, 1);
    assert_eq!(house.run(&at("csn 2"), Options::default()).await.unwrap().people.read, 100);
    house.clock.0.fetch_add(25 * 3_600 * 1_000, Ordering::SeqCst);
    assert_eq!(house.run(&at("csn 2"), Options::default()).await.unwrap().people.read, 100);
    let empty = Listed { version: Some("csn 3"), ..complete(academy(0)) };
    assert_eq!(house.run(&empty, Options::default()).await.unwrap().outcome, RunOutcome::Held);
    assert_eq!(house.run(&empty, Options::default()).await.unwrap().outcome, RunOutcome::Held);
    assert_eq!(house.run(&at("csn 3"), Options::default()).await.unwrap().people.read, 100);
}

#[tokio::test]
async fn an_entry_that_does_not_fit_keeps_its_account() {
    let house = House::new();
    house.applied(&academy(100)).await;
    let mut records = academy(99);
    records.push(Record::Rejected(Rejected {
        dn: "cn=bad\n,ou=people".into(),
        key: Some("00099".into()),
        reason: "sn is longer than 100 characters".into(),
    }));
    let report = house.applied(&records).await;
    assert_eq!((report.people.kept, report.people.suspended, report.rejected.total), (1, 0, 1));
    assert_eq!(report.rejected.by_reason["sn is longer than 100 characters"], 1);
    assert!(!report.rejected.entries[0].dn.contains('\n'));
}

#[tokio::test]
async fn an_establishment_stays_with_the_source_that_brought_it() {
    let house = House::new();
    house.applied(&academy(10)).await;
    let other = SourceId::new("mairie");
    let mine = complete(vec![school(COLLEGE, "Renamed by another"), pupil(900, "Agent", COLLEGE)]);
    let report = synchronise(&house.ctx, &other, &mine, Options::default(), Arc::new(Silent)).await.unwrap();
    assert_eq!((report.people.created, report.rejected.total), (1, 1));
    assert!(house.ctx.store.state().contains("Collège des Lilas"));
    assert!(!house.ctx.store.state().contains("Renamed by another"));
}

#[tokio::test]
async fn two_runs_of_one_source_never_overlap() {
    let house = House::new();
    let gate = Arc::new(tokio::sync::Notify::new());
    let slow = Listed { gate: Some(Arc::clone(&gate)), ..complete(academy(10)) };
    let second = async {
        let busy = house.run(&complete(academy(10)), Options::default()).await;
        gate.notify_one();
        busy
    };
    let (first, second) = tokio::join!(house.run(&slow, Options::default()), second);
    assert!(matches!(second, Err(SyncError::Busy)));
    assert_eq!(first.unwrap().people.created, 10);
}

#[tokio::test]
async fn nothing_that_was_read_stays_on_the_disk() {
    let house = House::new();
    let gate = Arc::new(tokio::sync::Notify::new());
    let slow = Listed { gate: Some(Arc::clone(&gate)), ..complete(academy(10)) };
    let looking = async {
        let during = house.files();
        gate.notify_one();
        during
    };
    let (_, during) = tokio::join!(house.run(&slow, Options::default()), looking);
    for path in during.iter().chain(&house.files()) {
        assert!(path.ends_with("annuaire.lock"), "{path:?}");
    }
}

/// A run cut at any write, heard of or not, converges when it is run again: the tables are those of a run that nobody
/// cut. The house it starts from has people to create, to change, to bring back and to suspend.
#[tokio::test]
async fn a_run_cut_anywhere_converges() {
    let mut before = academy(300);
    before.truncate(2 + 290);
    let mut after: Vec<Record> = academy(300);
    after[0] = school(COLLEGE, "Collège du Bois");
    after.retain(
        |r| !matches!(r, Record::Person(p) if ["00003", "00005", "00007", "00008", "00011"].contains(&p.key.as_str())),
    );
    for record in &mut after {
        if let Record::Person(person) = record
            && person.key.as_str() < "00270"
        {
            person.family_name = "Changé".into();
        }
    }
    let prepared = || async {
        let house = House::new();
        let mut more = before.clone();
        more.push(pupil(299, "Martin", LYCEE));
        house.applied(&more).await;
        house.accepted(&before).await;
        house.ctx.store.writes.store(0, Ordering::SeqCst);
        house
    };
    let whole = prepared().await;
    let report = whole.accepted(&after).await;
    assert_eq!((report.people.suspended, report.people.reactivated, report.people.created), (5, 1, 9));
    let (expected, writes) = (whole.ctx.store.state(), whole.ctx.store.writes.load(Ordering::SeqCst));
    assert!(writes >= 25, "{writes} writes give too few points");

    let accepting = Options { thresholds: Thresholds::accepting(1_000), ..Options::default() };
    let points = (0..writes).flat_map(|n| [Cut::Before(n), Cut::After(n)]);
    for cut in points {
        let house = prepared().await;
        *house.ctx.store.cut.lock().unwrap() = cut;
        let broken = house.run(&complete(after.clone()), accepting.clone()).await;
        assert!(matches!(broken, Err(SyncError::Store(_))), "{cut:?}");
        assert_eq!(house.ctx.store.runs(&house.source, 1).await.unwrap()[0].outcome, RunOutcome::Failed);
        *house.ctx.store.cut.lock().unwrap() = Cut::Never;
        house.accepted(&after).await;
        assert_eq!(house.ctx.store.state(), expected, "{cut:?}");
    }
}

/// The same when the whole process goes: the run is dropped where it stands, without a word to the store.
#[tokio::test]
async fn a_run_that_vanishes_may_be_run_again_at_once() {
    let house = House::new();
    let never = Listed { gate: Some(Arc::new(tokio::sync::Notify::new())), ..complete(academy(10)) };
    let vanished = async {
        tokio::select! {
            _ = house.run(&never, Options::default()) => unreachable!("the gate stays shut"),
            () = async { for _ in 0..100 { tokio::task::yield_now().await } } => {}
        }
    };
    vanished.await;
    assert_eq!(house.applied(&academy(10)).await.people.created, 10);
}

#[tokio::test]
async fn what_no_service_needs_any_more_is_gone_after_the_next_run() {
    let house = House::new();
    let with_mail = |n| match pupil(n, "Martin", COLLEGE) {
        Record::Person(record) => Record::Person(PersonRecord { mail: Some("alix@college.example".into()), ..record }),
        other => other,
    };
    let directory = Listed { version: Some("v1"), ..complete((0..10).map(with_mail).collect()) };
    house.run(&directory, Options::default()).await.unwrap();
    assert!(house.ctx.store.state().contains("alix@college.example"), "control");
    let withheld = Withheld::read(["National_ELV:mail"]).unwrap();
    let report = house.run(&directory, Options { withheld, ..Options::default() }).await.unwrap();
    assert_eq!(
        (report.people.updated, report.same_as),
        (10, None),
        "the source is read again, whatever it says of itself"
    );
    assert!(!house.ctx.store.state().contains("alix@college.example"));
    let again = house.run(&directory, Options { withheld, ..Options::default() }).await.unwrap();
    assert_eq!(again.same_as, Some(report.run));
}
