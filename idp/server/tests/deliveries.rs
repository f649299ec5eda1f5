//! Deliveries of AAF filling a database: the people they make are those of a directory of the same world, and a delivery that
//! is not whole takes nothing from anybody.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use preau_annuaire::{Deliveries, Summary, deliver, generate};
use preau_connector_api::{Directory, OpenContext};
use preau_connectors::kind;
use preau_domain::{AccountState, Establishment, JoinKey, Legal, Person, PersonId, Profile, SourceId, Uai};
use preau_keys::SystemIds;
use preau_provision::{Options, Report, Silent, SyncContext, Thresholds, synchronise};
use preau_rig::{Slapd, SlapdOptions};
use preau_server::SystemClock;
use preau_store::{RunOutcome, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn source() -> SourceId {
    SourceId::new("academie")
}

/// A database of its own, and one source that fills it.
struct House {
    store: Arc<dyn Store>,
    folder: PathBuf,
    directory: Arc<dyn Directory>,
}

impl House {
    async fn new(folder: &Path, kind_name: &str, config: &str) -> House {
        fs::create_dir_all(folder).unwrap();
        let (table, source) = (config.parse().unwrap(), source());
        let context = OpenContext { source: &source, config: &table, base: folder };
        let connector = (kind(kind_name).unwrap().open)(&context).unwrap_or_else(|problems| panic!("{problems:?}"));
        let store = preau_store_sql::open(&format!("sqlite://{}/preau.db", folder.display())).await.unwrap();
        House { store, folder: folder.to_owned(), directory: connector.directory.unwrap() }
    }

    async fn synchronise(&self, accepted: u64) -> Report {
        self.synchronise_with(Thresholds::accepting(accepted)).await
    }

    /// As a server does during the rentrée.
    async fn at_rentree(&self) -> Report {
        self.synchronise_with(Thresholds { new_year: true, ..Thresholds::default() }).await
    }

    async fn synchronise_with(&self, thresholds: Thresholds) -> Report {
        let ctx = SyncContext {
            store: Arc::clone(&self.store),
            clock: Arc::new(SystemClock::new()),
            ids: Arc::new(SystemIds),
            spool_dir: self.folder.join("sync"),
        };
        let options = Options { thresholds, ..Options::default() };
        synchronise(&ctx, &source(), &*self.directory, options, Arc::new(Silent)).await.unwrap()
    }

    async fn person(&self, key: &str) -> Option<Person> {
        self.store.person_by_join(&JoinKey { source: source(), key: key.to_owned() }).await.unwrap()
    }

    /// Everybody by join key.
    async fn people(&self) -> BTreeMap<String, Person> {
        let mut people = BTreeMap::new();
        for row in self.store.source_index(&source(), "", 10_000).await.unwrap() {
            people.insert(row.key.clone(), self.person(&row.key).await.unwrap());
        }
        people
    }

    async fn establishments(&self, summary: &Summary) -> BTreeMap<Uai, Establishment> {
        let uais: Vec<Uai> = summary.establishments.iter().map(|e| e.uai.parse().unwrap()).collect();
        self.store.establishments(&uais).await.unwrap().into_iter().map(|e| (e.uai.clone(), e)).collect()
    }
}

/// What a person of the directory would be if AAF told it: without what the files do not carry. `None` for those whom
/// they leave out.
fn as_told_by_aaf(mut person: Person, ecoles: &[Uai], everybody: &BTreeMap<String, Person>) -> Option<Person> {
    let is_ecole = |uai: &Uai| ecoles.contains(uai);
    let out = |profile: Profile| matches!(profile, Profile::Academy | Profile::LocalAuthority);
    if person.affiliations.iter().any(|at| out(at.profile)) {
        return None;
    }
    let was_adult = !person.children.is_empty();
    person.children.retain(|child| {
        let pupil = &everybody[&child.pupil.key];
        child.legal == Legal::Representative || !is_ecole(&pupil.affiliations[0].establishment)
    });
    if was_adult && person.children.is_empty() {
        return None;
    }
    for at in person.affiliations.iter_mut().filter(|at| is_ecole(&at.establishment)) {
        at.mef = None;
        if at.profile != Profile::Pupil {
            at.classes.clear();
        }
    }
    Some(Person { id: PersonId::new(""), login: None, ..person })
}

#[tokio::test]
async fn a_directory_and_deliveries_of_one_world_make_the_same_people() {
    let folder = preau_rig::scratch("same-world");
    let invented = preau_annuaire::Options::default();
    let ldif = folder.join("annuaire.ldif");
    let mut out = std::io::BufWriter::new(fs::File::create(&ldif).unwrap());
    let summary = generate(&invented, &mut out).unwrap();
    drop(out);
    let slapd =
        Slapd::start(&folder.join("slapd"), &SlapdOptions { ldif: Some(ldif), ..SlapdOptions::default() }).unwrap();
    let directory = format!(
        "url = {:?}\nbind_dn = {:?}\npassword_file = {:?}\npeople = \"ou=people,{suffix}\"\n\
         structures = \"ou=structures,{suffix}\"\nacademy = \"AC-NOTOS\"\n",
        slapd.url(),
        slapd.service_dn(),
        slapd.password_file(),
        suffix = slapd.suffix(),
    );
    let ldap = House::new(&folder.join("ldap"), "ldap", &directory).await;
    deliver(&invented, &Deliveries { delta: true, ..Deliveries::into(&folder) }).unwrap();
    let aaf = House::new(&folder.join("aaf"), "aaf", "second_degree = \"../2d\"\nfirst_degree = \"../1d\"\n").await;
    for house in [&ldap, &aaf] {
        let report = house.synchronise(0).await;
        assert_eq!((report.outcome, report.rejected.total), (RunOutcome::Applied, 0), "{report:?}");
    }

    let named = summary.establishments.iter().filter(|e| e.kind == "ecole");
    let ecoles: Vec<Uai> = named.map(|e| e.uai.parse().unwrap()).collect();
    let by_directory = ldap.people().await;
    let mut expected = BTreeMap::new();
    for (key, person) in &by_directory {
        expected.extend(as_told_by_aaf(person.clone(), &ecoles, &by_directory).map(|person| (key.clone(), person)));
    }
    let mut told = aaf.people().await;
    told.values_mut().for_each(|person| person.id = PersonId::new(""));
    assert!(told.len() > 1_400, "{} of {}", told.len(), by_directory.len());
    assert_eq!(told.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, person) in &told {
        assert_eq!(person, &expected[key]);
    }

    let mut schools = ldap.establishments(&summary).await;
    schools.retain(|uai, _| {
        summary.establishments.iter().any(|e| e.uai == uai.as_str() && !matches!(e.kind, "academy" | "commune"))
    });
    let ecoles = schools.values_mut().filter(|school| ecoles.contains(&school.uai));
    ecoles.for_each(|school| school.groups.iter_mut().for_each(|group| group.mefs.clear()));
    assert_eq!(aaf.establishments(&summary).await, schools);
}

#[tokio::test]
async fn a_missing_file_suspends_nobody_and_whoever_comes_back_is_who_they_were() {
    let folder = preau_rig::scratch("missing-file");
    deliver(&preau_annuaire::Options::default(), &Deliveries { per_file: 200, ..Deliveries::into(&folder) }).unwrap();
    let house = House::new(&folder.join("house"), "aaf", "second_degree = \"../2d\"\n").await;
    assert_eq!(house.synchronise(0).await.outcome, RunOutcome::Applied);
    let before = house.people().await;

    let (file, away) = (folder.join("2d/ENT2D-NOTOS_Complet_20260901_Eleve_0000.xml"), folder.join("away"));
    fs::rename(&file, &away).unwrap();
    let report = house.synchronise(10_000).await;
    assert_eq!((report.outcome, report.people.suspended), (RunOutcome::Incomplete, 0), "{report:?}");
    assert!(report.incomplete.unwrap().contains("Eleve_0000.xml is missing"));
    assert_eq!(house.people().await, before);
    fs::rename(&away, &file).unwrap();

    let (key, pupil) = before.iter().find(|(_, p)| p.affiliations.iter().any(|a| a.profile == Profile::Pupil)).unwrap();
    let delta = |day: &str, request: &str| {
        let text = format!(
            "<ficAlimMENESR><{request}Request><operationalAttributes><attr name=\"categoriePersonne\"><value>Eleve</value></attr>\
             </operationalAttributes><identifier><id>{key}</id></identifier>{}</{request}Request></ficAlimMENESR>",
            if request == "add" {
                "<attributes><attr name=\"sn\"><value>Retour</value></attr><attr name=\"givenName\"><value>Io</value></attr>\
                 <attr name=\"ENTPersonStructRattach\"><value>9002</value></attr></attributes>"
            } else {
                ""
            }
        );
        fs::write(folder.join(format!("2d/ENT2D-NOTOS_Delta_{day}_Eleve_0000.xml")), text).unwrap();
    };
    delta("20260902", "delete");
    assert_eq!(house.synchronise(10).await.people.suspended, 1);
    assert_eq!(house.person(key).await.unwrap().state, AccountState::Suspended);
    delta("20260903", "add");
    assert_eq!(house.synchronise(10).await.people.reactivated, 1);
    let back = house.person(key).await.unwrap();
    assert_eq!((&back.id, back.state, back.family_name.as_str()), (&pupil.id, AccountState::Active, "Retour"));
}

/// Nothing says how many files there are of a kind. Where the rule of thumb on full files is switched off, the guard stands there.
#[tokio::test]
async fn a_last_file_that_is_missing_takes_nothing_from_anybody() {
    let folder = preau_rig::scratch("missing-last");
    deliver(&preau_annuaire::Options::default(), &Deliveries { per_file: 130, ..Deliveries::into(&folder) }).unwrap();
    let config = "second_degree = \"../2d\"\nfull_file_may_be_last = true\n";
    let house = House::new(&folder.join("house"), "aaf", config).await;
    let usual = || house.synchronise_with(Thresholds::default());
    let first = usual().await;
    assert_eq!(first.outcome, RunOutcome::Applied);
    let before = house.people().await;
    let mut looked = 0;
    for kind in ["Eleve", "PersRelEleve"] {
        let files = fs::read_dir(folder.join("2d")).unwrap().map(|file| file.unwrap().path());
        let of_kind = |path: &PathBuf| path.to_str().unwrap().contains(&format!("_{kind}_"));
        let last = files.filter(of_kind).max().unwrap();
        // As many as the guard lets nobody lose: one in twenty.
        if fs::read_to_string(&last).unwrap().matches("<addRequest").count() as u64 * 20 <= first.people.created {
            continue;
        }
        looked += 1;
        let away = folder.join("away");
        fs::rename(&last, &away).unwrap();
        let report = usual().await;
        assert_eq!((report.outcome, report.people.created), (RunOutcome::Held, 0), "{kind}: {report:?}");
        assert_eq!(house.people().await, before);
        fs::rename(&away, &last).unwrap();
    }
    assert!(looked > 0, "no last file holds so many");
    // Control: nothing is missing.
    let report = usual().await;
    assert_eq!((report.outcome, report.people.unchanged), (RunOutcome::Applied, first.people.created), "{report:?}");
}

/// A delta of pupils: requests of one kind, each with its attributes.
fn delta(folder: &Path, feed: &str, day: &str, requests: &[(&str, &str, String)]) {
    let mut text = "<ficAlimMENESR>".to_owned();
    for (request, key, attributes) in requests {
        text += &format!(
            "<{request}Request><operationalAttributes><attr name=\"categoriePersonne\"><value>Eleve</value></attr>\
             </operationalAttributes><identifier><id>{key}</id></identifier>{attributes}</{request}Request>"
        );
    }
    let degree = if feed == "ENT2D" { "2d" } else { "1d" };
    fs::write(folder.join(format!("{degree}/{feed}-NOTOS_Delta_{day}_Eleve_0000.xml")), text + "</ficAlimMENESR>")
        .unwrap();
}

#[tokio::test]
async fn pupils_of_cm2_keep_their_accounts_into_the_college_and_their_classes_close() {
    let folder = preau_rig::scratch("rentree");
    let summary = deliver(&preau_annuaire::Options::default(), &Deliveries::into(&folder)).unwrap();
    let house = House::new(&folder.join("house"), "aaf", "second_degree = \"../2d\"\nfirst_degree = \"../1d\"\n").await;
    assert_eq!(house.synchronise(0).await.outcome, RunOutcome::Applied);
    let before = house.people().await;
    let ecole: Uai = summary.establishments.iter().find(|e| e.kind == "ecole").unwrap().uai.parse().unwrap();
    let college: Uai = summary.establishments.iter().find(|e| e.kind == "college").unwrap().uai.parse().unwrap();
    let structure = house.store.establishment(&college).await.unwrap().unwrap();
    let class = structure.groups.iter().find(|group| group.code.starts_with('6')).unwrap().code.clone();
    let cm2: Vec<(&String, &Person)> = before
        .iter()
        .filter(|(_, p)| p.affiliations.iter().any(|a| a.establishment == ecole && a.profile == Profile::Pupil))
        .filter(|(_, p)| p.affiliations.iter().any(|a| a.classes.iter().any(|class| class.starts_with("CM2"))))
        .collect();
    assert!(cm2.len() > 5, "{}", cm2.len());

    // In summer both degrees name them; in September the first one does not any more.
    let attributes = |person: &Person| {
        let key = &structure.join.key;
        let attribute = |name: &str, value: &str| format!("<attr name=\"{name}\"><value>{value}</value></attr>");
        [
            "<attributes>".to_owned(),
            attribute("sn", &person.family_name),
            attribute("givenName", &person.given_name),
            attribute("ENTPersonStructRattach", key),
            attribute("ENTEleveClasses", &format!("{key}${class}")),
            "</attributes>".to_owned(),
        ]
        .concat()
    };
    let adds: Vec<_> = cm2.iter().map(|(key, person)| ("add", key.as_str(), attributes(person))).collect();
    let deletes: Vec<_> = cm2.iter().map(|(key, _)| ("delete", key.as_str(), String::new())).collect();
    for (feed, day, requests, moved) in
        [("ENT2D", "20260902", adds, cm2.len() as u64), ("ENT1D", "20260903", deletes, 0)]
    {
        delta(&folder, feed, day, &requests);
        let report = house.at_rentree().await;
        assert_eq!((report.outcome, report.people.suspended), (RunOutcome::Applied, 0), "{report:?}");
        assert!(report.people.moved >= moved, "{report:?}");
        for (key, person) in &cm2 {
            let now = house.person(key).await.unwrap();
            assert!(now.id == person.id && now.state.may_sign_in(), "{key}");
            let at: Vec<_> = now.affiliations.iter().map(|at| (&at.establishment, at.classes.clone())).collect();
            assert_eq!(at, [(&college, vec![class.clone()])], "{key}: nothing of the école is left");
        }
    }
}
