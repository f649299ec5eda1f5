//! Changes alone, from a real slapd that keeps a log of them: what a delta hands over, applied to what was read before, is what
//! a reading of everything would hand over. And servers that tell changes badly: everybody is read then.

use crate::doubles::{Request, Road, Scripted, control, element, entry, message, result};
use crate::support::{Annuaire, Everything, open, plain};
use async_trait::async_trait;
use preau_connector_api::{
    Changes, Connector, Directory, Known, KnownRecord, PersonRecord, ReadAll, Record, Unavailable,
};
use preau_domain::{Instant, Profile};
use preau_rig::{Slapd, SlapdOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

const NOW: Instant = Instant(1_788_000_000_000);
const PEOPLE: &str = "ou=people,dc=ent,dc=example";

/// What a house would have stored.
#[derive(Clone, Debug, Default, PartialEq)]
struct House(BTreeMap<String, PersonRecord>);

impl House {
    async fn read(connector: &Connector) -> House {
        let everything = Everything::of(connector).await;
        House(everything.people().map(|person| (person.key.clone(), person.clone())).collect())
    }

    fn take(&mut self, changes: &Changes) {
        for key in &changes.gone {
            self.0.remove(key).expect("who is gone was there");
        }
        for record in &changes.records {
            if let Record::Person(person) = record {
                self.0.insert(person.key.clone(), person.clone());
            }
        }
    }

    fn with_login(&self, login: &str) -> &PersonRecord {
        self.0.values().find(|person| person.login.as_deref() == Some(login)).expect("the person is known")
    }
}

fn known(person: &PersonRecord) -> KnownRecord {
    KnownRecord {
        key: person.key.clone(),
        active: true,
        entry: person.entry.clone(),
        ties: person.ties.clone(),
        children: person.children.iter().map(|child| child.pupil.key.clone()).collect(),
    }
}

#[async_trait]
impl Known for House {
    async fn by_key(&self, keys: &[String]) -> Result<Vec<KnownRecord>, Unavailable> {
        Ok(keys.iter().filter_map(|key| self.0.get(key)).map(known).collect())
    }

    async fn by_entry(&self, entries: &[String]) -> Result<Vec<KnownRecord>, Unavailable> {
        let named = |person: &&PersonRecord| person.entry.as_ref().is_some_and(|entry| entries.contains(entry));
        Ok(self.0.values().filter(named).map(known).collect())
    }
}

fn logged() -> SlapdOptions {
    SlapdOptions { session_log: Some(1_000), ..SlapdOptions::default() }
}

/// A house that has read everybody, and goes on from there.
struct Story {
    annuaire: Annuaire,
    connector: Connector,
    house: House,
    mark: String,
}

impl Story {
    async fn begin(name: &str, options: SlapdOptions, more: &str) -> Story {
        let annuaire = Annuaire::start_with(name, 300, options);
        let connector = annuaire.connector_with(more);
        let mark = directory(&connector).mark(NOW).await.expect("this directory tells changes");
        let house = House::read(&connector).await;
        Story { annuaire, connector, house, mark }
    }

    fn change(&self, ldif: &str) {
        self.annuaire.slapd.change(ldif).expect("the administrator may");
    }

    async fn changes(&self) -> Result<Changes, ReadAll> {
        directory(&self.connector).changes(&self.mark, &self.house, NOW).await
    }

    /// Reads what changed, takes it, and compares with a reading of everything.
    async fn taken(&mut self) -> Changes {
        let changes = self.changes().await.expect("the log goes back that far");
        self.house.take(&changes);
        self.mark.clone_from(&changes.mark);
        let whole = House::read(&self.connector).await;
        for (key, person) in &whole.0 {
            assert_eq!(self.house.0.get(key), Some(person));
        }
        assert_eq!(self.house.0.len(), whole.0.len());
        changes
    }

    async fn refused(&self, why: &str) {
        let Err(ReadAll(said)) = self.changes().await else { panic!("changes were told") };
        assert!(said.contains(why), "{said}");
    }
}

fn directory(connector: &Connector) -> Arc<dyn Directory> {
    connector.directory.clone().expect("LDAP is a directory")
}

#[tokio::test]
async fn nothing_but_what_changed_is_told() {
    let mut story = Story::begin("ldap-changes", logged(), "").await;
    assert_eq!(story.taken().await.entries, 0, "nothing changed");
    let dn = story.annuaire.account("teacher").dn.clone();
    story.change(&format!("dn: {dn}\nchangetype: modify\nreplace: sn\nsn: Orage\n"));
    let changes = story.taken().await;
    assert_eq!((changes.entries, changes.records.len()), (1, 1));
    assert_eq!(story.taken().await.entries, 0, "and told once");
}

#[tokio::test]
async fn a_person_is_added_renamed_and_deleted() {
    let mut story = Story::begin("ldap-changes-life", logged(), "").await;
    let uid = format!("uid=nova,{PEOPLE}");
    story.change(&format!(
        "dn: {uid}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\nobjectClass: ENTAuxEnseignant\n\
         uid: nova\ncn: Nova\nsn: Nova\ngivenName: Ada\nENTPersonLogin: ada.nova\nENTPersonJointure: AC-NOTOS$778899\n\
         ENTPersonProfils: National_ENS\nENTPersonFonctions: 9001$ENS$X$L0202$X\n"
    ));
    assert_eq!(story.taken().await.records.len(), 1);
    assert_eq!(story.house.with_login("ada.nova").key, "778899");
    story.change(&format!("dn: {uid}\nchangetype: modrdn\nnewrdn: uid=supernova\ndeleteoldrdn: 1\n"));
    let renamed = story.taken().await;
    assert!(renamed.gone.is_empty() && renamed.entries == 1, "another name, the same entry");
    story.change(&format!("dn: uid=supernova,{PEOPLE}\nchangetype: delete\n"));
    assert_eq!(story.taken().await.gone, ["778899"]);
}

/// A parent's rights come from the pupil's entry: when it names them no more they lose them, though theirs did not change.
/// Two copies of a directory behind one name, of which one lags behind: what it lacks would be in no reading and among no changes.
#[tokio::test]
async fn mark_and_reading_are_of_one_copy_of_the_directory() {
    let ahead = Annuaire::start_with("copy_ahead", 300, logged());
    let behind = Annuaire::start_with("copy_behind", 300, logged());
    let teacher = &ahead.account("teacher").dn;
    ahead.slapd.change(&format!("dn: {teacher}\nchangetype: modify\nreplace: sn\nsn: Orage\n")).expect("it may");
    let road = Road::in_turn([ahead.slapd.port(), behind.slapd.port()]).await;
    let connector = ahead.connector_through(road.port, "");
    directory(&connector).mark(NOW).await.expect("this directory tells changes");
    let house = House::read(&connector).await;
    assert_eq!(house.0.values().filter(|person| person.family_name == "Orage").count(), 1);
    assert!(directory(&connector).mark(NOW).await.is_none(), "control: the next connection leads to the other one");
}

#[tokio::test]
async fn adults_follow_what_pupils_say_of_them() {
    let mut story = Story::begin("ldap-changes-adults", logged(), "").await;
    let pupil = story.annuaire.account("pupil-6e").clone();
    let key = story.house.with_login(&pupil.login).key.clone();
    let named = |house: &House| {
        let answers = |person: &&PersonRecord| person.children.iter().any(|child| child.pupil.key == key);
        house.0.values().filter(answers).map(|person| person.key.clone()).collect::<Vec<_>>()
    };
    let parents = named(&story.house);
    assert!(!parents.is_empty(), "control");
    let change = |what: &str| format!("dn: {}\nchangetype: modify\n{what}\n", pupil.dn);
    story.change(&change("replace: mail\nmail: nouveau@example.org"));
    assert_eq!(story.taken().await.records.len(), 1, "no adult is concerned");
    story.change(&change("delete: ENTElevePersRelEleve"));
    assert_eq!(story.taken().await.records.len(), 1 + parents.len());
    assert!(named(&story.house).is_empty());
    let again: String = parents.iter().map(|key| format!("ENTElevePersRelEleve: {key}$10$1$1$1$1\n")).collect();
    story.change(&change(&format!("add: ENTElevePersRelEleve\n{}", again.trim_end())));
    story.taken().await;
    assert_eq!(named(&story.house), parents);
    story.change(&format!("dn: {}\nchangetype: delete\n", pupil.dn));
    let changes = story.taken().await;
    assert_eq!((changes.gone, changes.records.len()), (vec![key.clone()], parents.len()));
}

/// The pupil comes first and the adult later: by then the pupil's entry is as it was.
#[tokio::test]
async fn an_adult_who_comes_after_the_pupil_finds_the_child() {
    let mut story = Story::begin("ldap-changes-order", logged(), "").await;
    let pupil = story.annuaire.account("pupil-6e").dn.clone();
    story.change(&format!(
        "dn: {pupil}\nchangetype: modify\nadd: ENTElevePersRelEleve\nENTElevePersRelEleve: 665544$10$1$1$1$1\n"
    ));
    story.taken().await;
    story.change(&tardif(&pupil));
    story.taken().await;
    let parent = story.house.with_login("iris.tardif");
    assert_eq!((parent.children.len(), parent.affiliations[0].profile), (1, Profile::Guardian));
}

/// An adult who changes while the pupil's entry cannot be read is read again when it can, though the pupil says what was known.
#[tokio::test]
async fn what_changed_and_could_not_be_used_is_read_again() {
    let mut story = Story::begin("ldap-changes-due", logged(), "").await;
    let pupil = story.annuaire.account("pupil-6e").clone();
    let name = story.house.with_login(&pupil.login).family_name.clone();
    let change = |dn: &str, what: &str| format!("dn: {dn}\nchangetype: modify\n{what}\n");
    story.change(&tardif(&pupil.dn));
    story.change(&change(&pupil.dn, "add: ENTElevePersRelEleve\nENTElevePersRelEleve: 665544$10$1$1$1$1"));
    story.taken().await;
    story.change(&change(&pupil.dn, &format!("replace: sn\nsn: {}", "x".repeat(200))));
    story.change(&change(&format!("uid=tardif,{PEOPLE}"), "replace: sn\nsn: Orage"));
    let changes = story.changes().await.expect("they are told");
    assert!(
        matches!(&changes.records[..], [Record::Rejected(_), Record::Partial(_)]),
        "control: {:?}",
        changes.records
    );
    story.mark = changes.mark;
    story.change(&change(&pupil.dn, &format!("replace: sn\nsn: {name}")));
    assert_eq!(story.taken().await.entries, 1, "one entry changed");
    assert_eq!(story.house.with_login("iris.tardif").family_name, "Orage");
    assert_eq!(story.taken().await.records.len(), 0, "once");
}

/// A parent of a pupil, by a DN.
fn tardif(pupil: &str) -> String {
    format!(
        "dn: uid=tardif,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\n\
         objectClass: ENTAuxPersRelEleve\nENTAuxPersRelEleveEleve: {pupil}\nuid: tardif\ncn: T\nsn: Tardif\ngivenName: Iris\nENTPersonLogin: iris.tardif\n\
         ENTPersonJointure: AC-NOTOS$665544\nENTPersonProfils: National_TUT\n"
    )
}

/// Who takes the key of another entry gets nothing of that person's account.
#[tokio::test]
async fn a_key_that_is_taken_is_refused_and_one_that_moves_is_followed() {
    let mut story = Story::begin("ldap-changes-keys", logged(), "").await;
    let (head, teacher) = (story.annuaire.account("head").clone(), story.annuaire.account("teacher").clone());
    let victim = story.house.with_login(&head.login).clone();
    let set = |key: &str| {
        format!(
            "dn: {}\nchangetype: modify\nreplace: ENTPersonJointure\nENTPersonJointure: AC-NOTOS${key}\n",
            teacher.dn
        )
    };
    let own = story.house.with_login(&teacher.login).key.clone();
    story.change(&set(&victim.key));
    let changes = story.changes().await.expect("they are told");
    assert!(matches!(&changes.records[..], [Record::Rejected(rejected)] if rejected.key.as_ref() == Some(&victim.key)));
    assert_eq!(changes.gone, std::slice::from_ref(&own), "the key it had says nothing any more");
    story.change(&set("424242"));
    let changes = story.taken().await;
    assert_eq!((changes.gone, changes.records.len()), (vec![own], 1));
}

/// The other entry did not change when the one that was the person went: it is they from then on, and nobody is gone.
#[tokio::test]
async fn an_entry_that_was_passed_over_is_the_person_when_the_other_one_goes() {
    let mut story = Story::begin("ldap-changes-heirs", logged(), "").await;
    let teacher = story.annuaire.account("teacher").clone();
    let key = story.house.with_login(&teacher.login).key.clone();
    story.change(&format!(
        "dn: uid=double,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\n\
         objectClass: ENTAuxEnseignant\nuid: double\ncn: D\nsn: Double\ngivenName: Ada\nENTPersonLogin: ada.double\n\
         ENTPersonJointure: AC-NOTOS${key}\nENTPersonProfils: National_ENS\nENTPersonFonctions: 9001$ENS$X$L0202$X\n"
    ));
    let changes = story.taken().await;
    assert!(matches!(&changes.records[..], [Record::Rejected(rejected)] if rejected.key.as_ref() == Some(&key)));
    story.change(&format!("dn: {}\nchangetype: delete\n", teacher.dn));
    let changes = story.taken().await;
    assert_eq!((changes.gone.len(), changes.records.len()), (0, 1));
    assert_eq!(story.house.with_login("ada.double").key, key);
    story.change(&format!("dn: uid=double,{PEOPLE}\nchangetype: delete\n"));
    assert_eq!(story.taken().await.gone, [key], "control: nobody else has it");
}

/// A pupil by whom an adult who comes later would be known is not dropped without a word.
#[tokio::test]
async fn more_pupils_than_are_remembered_have_everybody_read() {
    let mut story = Story::begin("ldap-changes-dangling", logged(), "").await;
    let pupil = story.annuaire.account("pupil-6e").dn.clone();
    let remembered = |mark: &str, count: u32| {
        let pupils = (0..count).map(|n| format!("\"a{n}\"")).collect::<Vec<_>>().join(",");
        mark.replace("\"dangling\":[]", &format!("\"dangling\":[{pupils}]"))
    };
    let mark = story.mark.clone();
    story.change(&format!(
        "dn: {pupil}\nchangetype: modify\nadd: ENTElevePersRelEleve\nENTElevePersRelEleve: 665544$10$1$1$1$1\n"
    ));
    story.mark = remembered(&mark, 1_000);
    story.refused("name adults who are not there").await;
    story.mark = remembered(&mark, 999);
    assert!(story.taken().await.mark.contains("\"a998\""), "control");
}

/// A pupil named somebody long before they came; nothing was remembered of it, and the entry that comes says which pupil to ask.
#[tokio::test]
async fn an_adult_who_comes_is_of_the_pupils_who_named_them_before() {
    let mut story = Story::begin("ldap-changes-newcomer", logged(), "").await;
    let pupil = story.annuaire.account("pupil-6e").clone();
    story.change(&format!(
        "dn: {}\nchangetype: modify\nadd: ENTElevePersRelEleve\nENTElevePersRelEleve: 665544$10$1$1$1$1\n\
         ENTElevePersRelEleve: 665545$10$1$1$1$1\n",
        pupil.dn
    ));
    story.mark = directory(&story.connector).mark(NOW).await.expect("it tells changes");
    story.house = House::read(&story.connector).await;
    let comes = |uid: &str, key: u32, class: &str| {
        format!(
            "dn: uid={uid},{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\n{class}\
             uid: {uid}\ncn: P\nsn: Marbre\ngivenName: Ode\nENTPersonLogin: ode.{uid}\n\
             ENTPersonJointure: AC-NOTOS${key}\nENTPersonProfils: National_TUT\n"
        )
    };
    let says = format!("objectClass: ENTAuxPersRelEleve\nENTAuxPersRelEleveEleve: {}\n", pupil.dn);
    story.change(&comes("told", 665_544, &says));
    story.taken().await;
    let child = story.house.with_login(&pupil.login).key.clone();
    let parent = story.house.with_login("ode.told");
    assert_eq!(parent.children.iter().map(|child| &child.pupil.key).collect::<Vec<_>>(), [&child]);
    // Control: an entry that says nothing waits for the reading of everybody.
    story.change(&comes("mute", 665_545, ""));
    let changes = story.changes().await.expect("the log goes back that far");
    let [Record::Person(mute)] = &changes.records[..] else { panic!("one came: {:?}", changes.records) };
    assert!(mute.children.is_empty());
    // An entry that names pupils who never named it is nobody's.
    story.change(&comes("liar", 665_546, &says));
    let changes = story.changes().await.expect("the log goes back that far");
    let liar = changes.records.iter().find_map(|record| match record {
        Record::Person(one) if one.login.as_deref() == Some("ode.liar") => Some(one),
        _ => None,
    });
    assert!(liar.expect("it came").children.is_empty());
}

/// A pupil who names twenty adults by their DN.
fn pupil_of_many(n: usize) -> String {
    let school = "ENTStructureSIREN=99000000000003,ou=structures,dc=ent,dc=example";
    let named = (0..20).map(|adult| format!("ENTElevePersRelEleve: uid=none{n}-{adult},{PEOPLE}$10$1$1$1$1\n"));
    format!(
        "dn: uid=many{n},{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\n\
         objectClass: ENTEleve\nuid: many{n}\ncn: M\nsn: M\ngivenName: M\nENTPersonLogin: many.{n}\n\
         ENTPersonJointure: AC-NOTOS$77{n:04}\nENTPersonProfils: National_ELV\nENTPersonStructRattach: {school}\n\
         ENTEleveStatutEleve: SCOLAIRE\nENTEleveMEF: 00310002220\nENTEleveLibelleMEF: CM2\n\
         ENTEleveNivFormation: CM2\nENTEleveFiliere: GENERALE\nENTEleveMajeur: N\nENTEleveClasses: {school}$CM2A\n{}",
        named.collect::<String>()
    )
}

/// Each adult who is named by their DN takes a search of its own.
#[tokio::test]
async fn many_adults_named_by_their_dn_have_everybody_read() {
    let story = Story::begin("ldap-changes-by-dn", logged(), "").await;
    (0..25).for_each(|n| story.change(&pupil_of_many(n)));
    assert_eq!(story.changes().await.expect("control").records.len(), 25);
    story.change(&pupil_of_many(25));
    story.refused("named by their DN").await;
}

#[tokio::test]
async fn what_the_log_does_not_hold_is_read_with_everybody() {
    let few = SlapdOptions { session_log: Some(3), ..SlapdOptions::default() };
    let mut story = Story::begin("ldap-changes-old", few, "").await;
    let dn = story.annuaire.account("teacher").dn.clone();
    let change = |n: u32| format!("dn: {dn}\nchangetype: modify\nreplace: sn\nsn: Orage{n}\n");
    story.change(&change(0));
    assert_eq!(story.taken().await.entries, 1, "control");
    (1..20).for_each(|n| story.change(&change(n)));
    story.refused("does not go back that far").await;
    let none = Story::begin("ldap-changes-none", SlapdOptions::default(), "").await;
    none.change(&format!("dn: {}\nchangetype: modify\nreplace: sn\nsn: Orage\n", none.annuaire.account("teacher").dn));
    none.refused("does not go back that far").await;
}

/// A server that was put back to yesterday knows less than the mark says.
#[tokio::test]
async fn a_mark_from_the_future_is_read_with_everybody() {
    let mut story = Story::begin("ldap-changes-future", logged(), "").await;
    assert_eq!(story.taken().await.entries, 0, "control");
    let ahead = story.mark.replace("csn=20", "csn=21");
    assert_ne!(ahead, story.mark, "control");
    story.mark = ahead;
    story.change(&format!("dn: {}\nchangetype: modify\nreplace: sn\nsn: A\n", story.annuaire.account("teacher").dn));
    assert!(story.changes().await.is_err());
}

#[tokio::test]
async fn structures_that_come_or_go_have_everybody_read() {
    let mut story = Story::begin("ldap-changes-structures", logged(), "").await;
    let school = "ENTStructureSIREN=19900990000019,ou=structures,dc=ent,dc=example";
    story.change(&format!(
        "dn: {school}\nchangetype: add\nobjectClass: top\nobjectClass: ENTStructure\nobjectClass: ENTEtablissement\n\
         ENTStructureSIREN: 19900990000019\nENTStructureJointure: AC-NOTOS$9990\nENTStructureUAI: 0990990N\n\
         ou: neuf\nENTStructureNomCourant: CLG$Neuf$Ajoncval\n\
         ENTEtablissementMinistereTutelle: EN\nENTEtablissementContrat: PU\n"
    ));
    story.refused("structures were added").await;
    story.mark = directory(&story.connector).mark(NOW).await.expect("it tells changes");
    assert_eq!(story.taken().await.entries, 0, "control: from a new mark on");
    let other = story.annuaire.connector_with("legal_in_charge = true");
    let changes = directory(&other).changes(&story.mark, &story.house, NOW).await;
    assert!(matches!(changes, Err(ReadAll(why)) if why.contains("settings")));
}

/// By time alone additions and changes are told, and nobody is said to be gone.
#[tokio::test]
async fn by_time_alone_nobody_is_gone() {
    let annuaire = Annuaire::start_with("ldap-changes-times", 300, SlapdOptions::default());
    let connector = annuaire.connector_with("changes = \"times\"");
    let later = Instant(4_070_908_800_000);
    let mark = directory(&connector).mark(later).await.expect("entries show when they changed");
    let house = House::read(&connector).await;
    let (teacher, head) = (annuaire.account("teacher").dn.clone(), annuaire.account("head").dn.clone());
    annuaire.slapd.change(&format!("dn: {teacher}\nchangetype: modify\nreplace: sn\nsn: Orage\n")).expect("it may");
    annuaire.slapd.change(&format!("dn: {head}\nchangetype: delete\n")).expect("it may");
    let none = directory(&connector).changes(&mark, &house, later).await.expect("they are told");
    assert!(none.records.is_empty(), "everything is older than the mark");
    let before = mark.replace(&later.0.to_string(), &NOW.0.to_string());
    let changes = directory(&connector).changes(&before, &house, later).await.expect("they are told");
    // Faulty entries are as young as everything else here, and are read again.
    let without_due = |mark: &str| mark.split(",\"due\"").next().map(str::to_owned);
    assert!(changes.gone.is_empty() && without_due(&changes.mark) == without_due(&mark));
    let is_new = |record: &Record| matches!(record, Record::Person(person) if person.family_name == "Orage");
    assert!(changes.records.iter().any(is_new));
}

#[tokio::test]
async fn a_change_is_heard_within_a_second_also_from_a_server_that_came_back() {
    let mut story = Story::begin("ldap-changes-heard", logged(), "changes = \"heard\"").await;
    let directory = directory(&story.connector);
    let second = Duration::from_secs(1);
    let quiet = timeout(Duration::from_millis(300), directory.changed(&story.mark)).await;
    assert!(quiet.is_err(), "nothing changed: {quiet:?}");
    let dn = story.annuaire.account("teacher").dn.clone();
    let listening = tokio::spawn({
        let (directory, mark) = (directory.clone(), story.mark.clone());
        async move { directory.changed(&mark).await }
    });
    story.change(&format!("dn: {dn}\nchangetype: modify\nreplace: sn\nsn: Orage\n"));
    assert_eq!(timeout(second, listening).await.expect("within a second").expect("no panic"), Some(Ok(())));
    story.taken().await;

    let listening = tokio::spawn({
        let (directory, mark) = (directory.clone(), story.mark.clone());
        async move { directory.changed(&mark).await }
    });
    let (port, folder) = (story.annuaire.slapd.port(), story.annuaire.folder.join("slapd"));
    story.annuaire.slapd.process().stop();
    assert!(matches!(listening.await.expect("no panic"), Some(Err(Unavailable(_)))), "the connection was lost");
    story.annuaire.slapd = Slapd::start(&folder, &SlapdOptions { port: Some(port), ..logged() }).expect("it starts");
    story.change(&format!("dn: {dn}\nchangetype: modify\nreplace: sn\nsn: Embellie\n"));
    let heard = timeout(second, directory.changed(&story.mark)).await;
    assert_eq!(heard.expect("at once"), Some(Ok(())), "what changed meanwhile is heard");
}

const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";

/// A server that answers a search for changes as a test says, and everything else as a directory with one school.
async fn telling(answer: impl Fn(u8) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |id, request| match request {
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        Request::Synced => answer(id),
        Request::Search { base } => {
            let school = [
                ("ENTStructureJointure", "AC-NOTOS$9001"),
                ("ENTStructureUAI", "0990001N"),
                ("namingContexts", "dc=ent,dc=example"),
                ("contextCSN", "20260901120000.000000Z#000000#000#000000"),
                ("entryUUID", "00000000-0000-0000-0000-000000000001"),
            ];
            let end = control("1.2.840.113556.1.4.319", &[0x30, 5, 0x02, 1, 0, 0x04, 0]);
            [message(id, &entry(base, &school), &[]), message(id, &result(0x65, 0, "", &[]), &end)].concat()
        }
        _ => Vec::new(),
    })
    .await
}

fn done(id: u8, cookie: &[u8], deletes: u8) -> Vec<u8> {
    let value = element(0x30, &[element(0x04, cookie), element(0x01, &[deletes])].concat());
    message(id, &result(0x65, 0, "", &[]), &control(DONE, &value))
}

fn state(id: u8, state: u8, name: &[u8]) -> Vec<u8> {
    let value = element(0x30, &[element(0x0a, &[state]), element(0x04, name)].concat());
    message(id, &entry(PEOPLE, &[]), &control(STATE, &value))
}

#[tokio::test]
async fn a_server_that_tells_changes_badly_is_read_whole() {
    type Answer = Box<dyn Fn(u8) -> Vec<u8> + Send + Sync>;
    let name = [7u8; 16];
    let flood = move |n: u32| [&n.to_be_bytes()[..], &[0; 12]].concat();
    let cases: Vec<(&str, Answer)> = vec![
        ("", Box::new(|id| done(id, b"rid=000,csn=next", 0xff))),
        ("not who is gone", Box::new(|id| done(id, b"rid=000", 0))),
        ("not who is gone", Box::new(move |id| [state(id, 0, &name), done(id, b"c", 0xff)].concat())),
        ("does not know", Box::new(move |id| [state(id, 9, &name), done(id, b"c", 0xff)].concat())),
        ("does not know", Box::new(|id| [state(id, 1, b"short"), done(id, b"c", 0xff)].concat())),
        ("does not know", Box::new(|id| [message(id, &entry(PEOPLE, &[]), &[]), done(id, b"c", 0xff)].concat())),
        ("does not say how", Box::new(|id| message(id, &result(0x65, 0, "", &[]), &[]))),
        ("does not say how", Box::new(|id| done(id, &[b'c'; 5_000], 0xff))),
        ("does not say how", Box::new(|id| done(id, b"\xff\xfe", 0xff))),
        ("more than", Box::new(move |id| (0..20_100).flat_map(|n| state(id, 1, &flood(n))).collect())),
        (
            "without telling",
            Box::new(|id| {
                message(
                    id,
                    &element(0x79, &[element(0x80, b"1.3.6.1.4.1.4203.1.9.1.4"), element(0x81, &[0xa1, 0])].concat()),
                    &[],
                )
                .repeat(1_100)
            }),
        ),
        ("", Box::new(|id| done(id, b"rid=000,csn=next", 0xff))),
    ];
    for (why, answer) in cases {
        let annuaire = Story::scripted(answer).await;
        match (why, annuaire.1.changes(&annuaire.2, &House::default(), NOW).await) {
            ("", Ok(changes)) => assert!(changes.mark.contains("csn=next") && changes.records.is_empty()),
            (why, Err(ReadAll(said))) => assert!(!why.is_empty() && said.contains(why), "{why}: {said}"),
            (why, Ok(changes)) => panic!("{why}: {changes:?}"),
        }
    }
}

impl Story {
    async fn scripted(answer: Box<dyn Fn(u8) -> Vec<u8> + Send + Sync>) -> (Scripted, Arc<dyn Directory>, String) {
        let server = telling(answer).await;
        let connector = open(&plain(server.port)).expect("the configuration is right");
        let directory = directory(&connector);
        let mark = directory.mark(NOW).await.expect("it says that it tells changes");
        (server, directory, mark)
    }
}
