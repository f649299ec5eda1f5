//! Deliveries that are damaged, incomplete or hostile: the reading is incomplete, says why, and hands nothing over of what
//! cannot be whole.

use crate::support::{Everything, Written, config, invented, open, pupil, relative, teacher};
use preau_connector_api::Completion;
use std::fs;
use std::os::unix::fs::symlink;

fn written(name: &str) -> Written {
    Written::new(name, &pupil("11", &[]), &relative("77"), &teacher("31", &[]))
}

const PUPILS: &str = "E2D_Complet_20260901_Eleve_0000.xml";

#[tokio::test]
async fn a_delivery_that_is_not_whole_hands_nothing_over() {
    let folder = invented("aaf-hole", |how| how.per_file = 100);
    let all = Everything::of(&config(&folder)).await;
    assert_eq!(all.completion, Completion::Complete, "control");
    let hole = folder.join("2d/ENT2D-NOTOS_Complet_20260901_PersRelEleve_0001.xml");
    let text = fs::read(&hole).expect("it was written");
    fs::remove_file(&hole).expect("ours");
    let read = Everything::of(&config(&folder)).await;
    assert!(read.incomplete().contains("PersRelEleve_0001.xml is missing"), "{}", read.incomplete());
    assert!(read.records.is_empty());
    fs::write(&hole, text).expect("ours");
    assert!(Everything::of(&config(&folder)).await.sorted() == all.sorted(), "mended");
}

#[tokio::test]
async fn a_file_cut_short_leaves_the_reading_incomplete() {
    let written = written("aaf-cut");
    assert_eq!(written.read().await.completion, Completion::Complete, "control");
    let path = written.folder.join(PUPILS);
    let whole = fs::read_to_string(&path).expect("it was written");
    for cut in [whole.len() - 2, whole.len() / 2, 30, 0] {
        fs::write(&path, &whole[..cut]).expect("ours");
        let read = written.read().await;
        assert!(read.incomplete().contains("Eleve_0000.xml: line "), "{}", read.incomplete());
        assert!(read.find("31").is_none(), "adults are not read without all pupils");
    }
}

#[tokio::test]
async fn what_is_no_delivery_says_so() {
    for (what, change, told) in [
        ("deltas alone", "E2D_Complet_", "no complete delivery"),
        ("a file of another feed", "other", "of another delivery"),
        ("a file that is named otherwise", "misnamed", "not named like a file of AAF"),
        ("a link", "link", "links are not followed"),
        ("a file twice", "twice", "is there twice"),
        ("a folder that is not there", "gone", "cannot be read"),
    ] {
        let written = written(&format!("aaf-no-{change}"));
        let (folder, file) = (&written.folder, written.folder.join(PUPILS));
        match change {
            "other" => {
                fs::copy(&file, folder.join("E1D_Complet_20260901_Eleve_0001.xml")).expect("ours");
            }
            "misnamed" => drop(fs::copy(&file, folder.join("pupils.xml")).expect("ours")),
            "link" => {
                fs::rename(&file, folder.join("elsewhere")).expect("ours");
                symlink(folder.join("elsewhere"), &file).expect("ours");
            }
            "twice" => {
                fs::create_dir(folder.join("again")).expect("ours");
                fs::copy(&file, folder.join("again").join(PUPILS)).expect("ours");
            }
            "gone" => fs::remove_dir_all(folder).expect("ours"),
            _ => {
                for file in fs::read_dir(folder).expect("ours") {
                    fs::remove_file(file.expect("a file").path()).expect("ours");
                }
            }
        }
        let read = written.read().await;
        assert!(read.incomplete().contains(told), "{what}: {}", read.incomplete());
        assert!(read.records.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn entities_and_bombs_end_the_reading_and_nothing_else() {
    let secret = preau_rig::scratch("aaf-secret").join("secret");
    fs::write(&secret, "kept-to-ourselves").expect("ours");
    let sound = |name: &str| fs::read_to_string(written(name).folder.join(PUPILS)).expect("it was written");
    let text = sound("aaf-hostile-text");
    let outside = format!("<!DOCTYPE ficAlimMENESR [<!ENTITY x SYSTEM \"file://{}\">]>", secret.display());
    let doctype = "<!DOCTYPE ficAlimMENESR SYSTEM \"ficAlimMENESR.dtd\">";
    let bomb = "<!DOCTYPE ficAlimMENESR [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    for (what, hostile) in [
        ("an entity of ours", text.replace(doctype, &outside).replace("Belombre", "&x;")),
        ("a bomb", text.replace(doctype, bomb).replace("Belombre", "&b;")),
        ("a text without end", text.replace("Belombre", &"x".repeat(4 << 20))),
        ("depth", text.replace("<attributes>", &"<attributes>".repeat(100_000))),
    ] {
        let written = written("aaf-hostile");
        fs::write(written.folder.join(PUPILS), hostile).expect("ours");
        let read = written.read().await;
        assert!(read.incomplete().contains("line "), "{what}: {}", read.incomplete());
        assert!(read.find("11").is_none(), "{what}");
    }
    // An entity that only a DTD could define: that pupil does not fit, and the others are read.
    let written =
        Written::new("aaf-entity", &(pupil("11", &[]) + &pupil("12", &[])), &relative("77"), &teacher("31", &[]));
    let text = fs::read_to_string(written.folder.join(PUPILS)).expect("it was written");
    fs::write(written.folder.join(PUPILS), text.replacen("Belombre", "&x;", 1)).expect("ours");
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete);
    assert!(read.reason("11").contains("entity"));
    assert!(read.find("12").is_some(), "control");
}

#[tokio::test]
async fn a_configuration_is_told_what_is_wrong_with_it() {
    let wrong =
        |config: &str| open(config).err().map(|problems| problems.into_iter().map(|p| p.at).collect::<Vec<_>>());
    assert_eq!(wrong("second_degree = \"a\""), None, "control");
    assert_eq!(wrong(""), Some(vec!["sources.aaf.second_degree".into()]));
    assert_eq!(wrong("second_degree = \"a\"\nfirst_degree = \"a\""), Some(vec!["sources.aaf.first_degree".into()]));
    let both = "second_degree = \"a\"\ndelta_gap_days = 0\nsecond_degree_mapping = \"missing.toml\"";
    assert_eq!(wrong(both).map(|places| places.len()), Some(2), "every problem at once");
    assert!(wrong("second_degree = \"a\"\nurl = \"x\"").is_some());
}
