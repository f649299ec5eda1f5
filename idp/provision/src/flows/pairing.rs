//! One person in two sources, through whole runs: joined by a key that the configuration allows, or proposed.

use super::*;
use crate::{KeyRule, Why, proposals};
use preau_domain::{Clock, JoinKey, PersonId};
use preau_store::Pairings;

fn deliveries() -> SourceId {
    SourceId::new("aaf")
}

fn rule() -> KeyRule {
    KeyRule { from: deliveries(), to: SourceId::new("annuaire"), prefix: "AC-NOTOS$".into() }
}

fn record(key: &str, given_name: &str, mail: Option<&str>) -> Record {
    let Record::Person(record) = pupil(0, "Basalte", COLLEGE) else { panic!("a person") };
    Record::Person(PersonRecord {
        key: key.into(),
        given_name: given_name.into(),
        mail: mail.map(str::to_owned),
        ..record
    })
}

impl House {
    /// A run of a source under those rules.
    async fn linked(&self, source: &SourceId, records: Vec<Record>, rules: &[KeyRule]) -> Report {
        let options = Options { links: rules.into(), ..Options::default() };
        synchronise(&self.ctx, source, &complete(records), options, Arc::new(Silent)).await.unwrap()
    }

    fn name(&self, source: &SourceId, key: &str) -> PersonId {
        let tables = self.ctx.store.tables.lock().unwrap();
        tables.people[&JoinKey { source: source.clone(), key: key.into() }].0.id.clone()
    }
}

#[tokio::test]
async fn a_key_of_two_sources_is_one_account_if_the_names_agree() {
    let house = House::new();
    let annuaire = house.source.clone();
    let known = vec![record("AC-NOTOS$1", "Iris", None), record("AC-NOTOS$2", "Noé", None), record("3", "Alix", None)];
    house.linked(&annuaire, known.clone(), &[rule()]).await;
    let told = vec![record("1", "IRIS", None), record("2", "Titan", None), record("3", "Alix", None)];
    let without = house.linked(&deliveries(), told.clone(), &[]).await;
    assert_eq!((without.paired, without.doubtful), (0, 0), "control: nothing is joined that nobody allowed");
    let report = house.linked(&deliveries(), told.clone(), &[rule()]).await;
    assert_eq!((report.paired, report.doubtful, report.people.unchanged), (1, 1, 3));
    let (one, other) = (house.name(&annuaire, "AC-NOTOS$1"), house.name(&deliveries(), "1"));
    assert_eq!(house.ctx.store.tables.lock().unwrap().accounts, [(other, one)].into());
    let again = house.linked(&annuaire, known, &[rule()]).await;
    assert_eq!((again.paired, again.doubtful), (0, 1), "from the other side as well, and once");
    let sources = [annuaire, deliveries()];
    let (found, more) = proposals(&*house.ctx.store, &sources, &[rule()], 9).await.unwrap();
    assert_eq!((found.len(), more), (1, false));
    assert_eq!(found[0].kept.name, "Noé Basalte");
    assert_eq!(found[0].why, [Why::Key]);
}

#[tokio::test]
async fn namesakes_of_one_address_are_proposed_and_never_joined() {
    let house = House::new();
    let annuaire = house.source.clone();
    let mail = Some("famille@exemple.example");
    house.linked(&annuaire, vec![record("1", "Iris", mail), record("2", "Noé", mail)], &[rule()]).await;
    let told = vec![record("8", "Iris", mail), record("9", "Iris", None)];
    let report = house.linked(&deliveries(), told, &[rule()]).await;
    assert_eq!((report.paired, report.doubtful), (0, 0));
    assert!(house.ctx.store.tables.lock().unwrap().accounts.is_empty());
    let sources = [annuaire.clone(), deliveries()];
    let (found, _) = proposals(&*house.ctx.store, &sources, &[rule()], 9).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].why, [Why::Names, Why::Mail]);
    let (one, other) = (&found[0].kept.account, &found[0].added.account);
    let names = [house.name(&annuaire, "1"), house.name(&deliveries(), "8")];
    assert_eq!([one, other], [&names[0], &names[1]]);
    house.ctx.store.keep_apart(one, other, house.clock.now()).await.unwrap();
    assert!(proposals(&*house.ctx.store, &sources, &[rule()], 9).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn two_accounts_in_use_are_proposed_and_never_joined_by_a_key() {
    let house = House::new();
    let annuaire = house.source.clone();
    house.linked(&annuaire, vec![record("AC-NOTOS$1", "Iris", None), record("AC-NOTOS$2", "Noé", None)], &[]).await;
    let told = vec![record("1", "Iris", None), record("2", "Noé", None)];
    house.linked(&deliveries(), told.clone(), &[]).await;
    for (source, key) in [(&annuaire, "AC-NOTOS$1"), (&deliveries(), "1"), (&deliveries(), "2")] {
        let mut tables = house.ctx.store.tables.lock().unwrap();
        let join = JoinKey { source: source.clone(), key: key.into() };
        tables.people.get_mut(&join).unwrap().0.state = preau_domain::AccountState::Active;
    }
    let report = house.linked(&deliveries(), told, &[rule()]).await;
    assert_eq!((report.paired, report.doubtful), (1, 1));
    let (kept, added) = (house.name(&deliveries(), "2"), house.name(&annuaire, "AC-NOTOS$2"));
    let joined = house.ctx.store.tables.lock().unwrap().accounts.clone();
    assert_eq!(joined, [(added, kept)].into(), "control: the one that nobody used goes");
    let (found, _) = proposals(&*house.ctx.store, &[annuaire, deliveries()], &[rule()], 9).await.unwrap();
    assert_eq!(found.iter().map(|found| found.kept.name.as_str()).collect::<Vec<_>>(), ["Iris Basalte"]);
}
