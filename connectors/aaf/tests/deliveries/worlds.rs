//! Whole invented worlds: both degrees together, in each of the ways deliveries are written.

use crate::support::{Everything, config, invented};
use preau_connector_api::{Completion, Record};
use preau_domain::{EstablishmentKind, GroupKind, Legal, Profile};
use std::path::Path;
use std::process::Command;

/// Whether both were read to the end and say the same.
fn assert_same(one: &Everything, other: &Everything) {
    assert_eq!((&one.completion, &other.completion), (&Completion::Complete, &Completion::Complete));
    let (one, other) = (one.sorted(), other.sorted());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (key, record) in &one {
        assert_eq!(record, &other[key], "{key}");
    }
}

#[tokio::test]
async fn both_degrees_are_one_world() {
    let folder = invented("aaf-world", |_| {});
    let read = Everything::of(&config(&folder)).await;
    assert_eq!(read.completion, Completion::Complete);
    assert!(read.rejected().is_empty(), "{:#?}", read.rejected());
    let parent = read.people().find(|p| p.given_name == "Maïa" && p.family_name == "Mistral" && p.children.len() == 2);
    let parent = parent.expect("a mother of a pupil of each degree");
    let kinds: Vec<Profile> = parent.affiliations.iter().map(|a| a.profile).collect();
    assert_eq!(kinds, [Profile::Guardian, Profile::Guardian], "an école and a collège");
    assert!(parent.children.iter().all(|child| child.legal == Legal::Representative && child.link == "10"));
    assert_eq!((parent.login.as_deref(), parent.title.as_deref()), (None, Some("Mme")));
    let schools = read.records.iter().filter_map(|record| match record {
        Record::Establishment(school) => Some(school),
        _ => None,
    });
    let schools: Vec<_> = schools.collect();
    assert_eq!(schools.iter().filter(|s| s.kind == EstablishmentKind::Ecole).count(), 2);
    let ecole = schools.iter().find(|s| s.kind == EstablishmentKind::Ecole).expect("an école");
    let class = ecole.groups.iter().find(|group| group.code == "CM2A").expect("its pupils name it");
    assert_eq!((class.label.as_str(), class.kind), ("Classe de CM2A", GroupKind::Class));
    assert!(ecole.sector.is_some());
    assert!(read.people().all(|person| person.login.is_none()));
}

/// About as many as there are, so that whoever watches is told how long it takes.
#[tokio::test]
async fn a_reading_is_estimated_from_files_and_from_archives() {
    for (name, archive) in [("aaf-estimate", false), ("aaf-estimate-tgz", true)] {
        let folder = invented(name, |_| {});
        if archive {
            ["1d", "2d"].iter().for_each(|degree| pack(&folder.join(degree), "_Complet_", "ENT-20260901.tgz"));
        }
        let read = Everything::of(&config(&folder)).await.records.len() as u64;
        let directory = crate::support::open(&config(&folder)).expect("it is right").directory.expect("it reads");
        let about = directory.estimate().await.expect("it is there");
        assert!(about > read * 8 / 10 && about < read * 12 / 10, "{about} for {read}");
    }
    let nowhere = crate::support::open(&config(Path::new("/nowhere"))).expect("it is right");
    assert_eq!(nowhere.directory.expect("it reads").estimate().await, None);
}

#[tokio::test]
async fn a_delta_leads_from_yesterday_to_the_same_world() {
    let today = Everything::of(&config(&invented("aaf-today", |_| {}))).await;
    let folder = invented("aaf-yesterday", |how| how.delta = true);
    assert_same(&Everything::of(&config(&folder)).await, &today);
    let chosen = |name: &str| name.contains("_Delta_");
    for degree in ["1d", "2d"] {
        for file in std::fs::read_dir(folder.join(degree)).expect("it was written") {
            let path = file.expect("a file").path();
            if path.to_str().is_some_and(chosen) {
                std::fs::remove_file(path).expect("ours");
            }
        }
    }
    let yesterday = Everything::of(&config(&folder)).await;
    assert_eq!(yesterday.completion, Completion::Complete);
    assert!(yesterday.sorted() != today.sorted(), "control: yesterday was another world");
}

#[tokio::test]
async fn the_same_world_in_other_letters_and_smaller_files() {
    let plain = Everything::of(&config(&invented("aaf-utf8", |_| {}))).await;
    let latin = |how: &mut preau_annuaire::Deliveries| (how.latin, how.per_file) = (true, 100);
    assert_same(&Everything::of(&config(&invented("aaf-latin", latin))).await, &plain);
}

/// Packs the XML files of a folder that have this word into an archive there, with the system's own tar.
fn pack(folder: &Path, word: &str, archive: &str) {
    let files: Vec<String> = std::fs::read_dir(folder)
        .expect("it was written")
        .map(|file| file.expect("a file").file_name().into_string().expect("text"))
        .filter(|name| name.contains(word) && name.ends_with(".xml"))
        .collect();
    let packed = Command::new("tar").arg("czf").arg(archive).args(&files).current_dir(folder).status();
    assert!(packed.expect("tar is everywhere").success());
    files.iter().for_each(|file| std::fs::remove_file(folder.join(file)).expect("ours"));
}

#[tokio::test]
async fn archives_are_read_as_the_files_in_them() {
    let loose = Everything::of(&config(&invented("aaf-loose", |how| how.delta = true))).await;
    let folder = invented("aaf-packed", |how| (how.delta, how.per_file) = (true, 100));
    for degree in ["1d", "2d"] {
        pack(&folder.join(degree), "_Complet_", "ENT-20260901.tgz");
        pack(&folder.join(degree), "_Delta_", "ENTDelta-20260902.tar.gz");
    }
    assert_same(&Everything::of(&config(&folder)).await, &loose);
}

#[tokio::test]
async fn nothing_changed_is_known_without_reading() {
    let folder = invented("aaf-version", |_| {});
    let directory = crate::support::open(&config(&folder)).expect("right").directory.expect("people");
    let before = directory.version().await.expect("the folder is there");
    assert_eq!(directory.version().await.as_ref(), Some(&before));
    std::fs::write(folder.join("2d/note.txt"), "nothing of AAF").expect("ours");
    assert_eq!(directory.version().await.as_ref(), Some(&before));
    let file = folder.join("2d/ENT2D-NOTOS_Complet_20260901_Eleve_0000.xml");
    let text = std::fs::read(&file).expect("it was written");
    std::fs::write(&file, text).expect("ours");
    assert_ne!(directory.version().await, Some(before), "written again, even with the same bytes");
}

#[tokio::test]
async fn the_probe_says_which_deliveries_are_in_force() {
    let folder = invented("aaf-probe", |how| how.delta = true);
    let probe = |config: String| async move { crate::support::open(&config).expect("right").probe.probe().await };
    let told = probe(config(&folder)).await.expect("all is there");
    assert!(told.contains("first degree: complete delivery of 20260901, 1 deltas, the latest of 20260902"), "{told}");
    std::fs::remove_dir_all(folder.join("1d")).expect("ours");
    assert!(probe(config(&folder)).await.is_err());
}
