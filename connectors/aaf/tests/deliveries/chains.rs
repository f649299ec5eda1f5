//! Chains of deltas written by hand.

use crate::support::{Written, pupil, relative, request, teacher};
use preau_connector_api::Completion;

fn written(name: &str) -> Written {
    let links = [("ENTElevePersRelEleve", "77$10$1$1$1$1")];
    Written::new(name, &(pupil("11", &links) + &pupil("12", &[])), &relative("77"), &teacher("31", &[]))
}

fn class(id: &str, class: &str) -> String {
    request("modify", "Eleve", id, &[("ENTEleveClasses", &format!("9001${class}"))])
}

#[tokio::test]
async fn deltas_are_taken_in_the_order_of_their_days() {
    let written = written("aaf-order");
    written.file("E2D_Delta_20260903_Eleve_0000.xml", &class("11", "6C"));
    written.file("E2D_Delta_20260902_Eleve_0000.xml", &(class("11", "6A") + &request("delete", "Eleve", "12", &[])));
    // Of before, and of the very day: already in the complete delivery.
    written.file("E2D_Delta_20260831_Eleve_0000.xml", &class("11", "5A"));
    written.file("E2D_Delta_20260901_Eleve_0000.xml", &class("11", "4A"));
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete);
    assert_eq!(read.person("11").affiliations[0].classes, ["6C"]);
    assert!(read.find("12").is_none() && read.rejected().is_empty());
    let parent = read.person("77");
    assert_eq!((parent.children.len(), parent.affiliations.len()), (1, 1));

    written.file("E2D_Delta_20260904_Eleve_0000.xml", &(request("delete", "Eleve", "11", &[]) + &pupil("13", &[])));
    let read = written.read().await;
    assert!(read.person("77").children.is_empty(), "the parent of a pupil who left is nobody's any more");
}

#[tokio::test]
async fn a_record_that_was_deleted_comes_back_as_itself() {
    let written = written("aaf-back");
    written.file("E2D_Delta_20260902_Eleve_0000.xml", &request("delete", "Eleve", "12", &[]));
    written.file("E2D_Delta_20260903_Eleve_0000.xml", &pupil("12", &[("ENTEleveClasses", "9001$6C")]));
    let read = written.read().await;
    assert_eq!(read.person("12").affiliations[0].classes, ["6C"]);
}

#[tokio::test]
async fn a_change_of_what_nobody_knows_is_rejected_and_stops_nothing() {
    let written = written("aaf-unknown");
    let changes = class("99", "6C") + &request("delete", "Eleve", "98", &[]) + &class("11", "6C");
    written.file("E2D_Delta_20260902_Eleve_0000.xml", &changes);
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete);
    assert!(read.reason("99").contains("no delivery adds"), "{}", read.reason("99"));
    assert!(read.rejected()[0].dn.starts_with("E2D_Delta_20260902_Eleve_0000.xml:4"), "{:?}", read.rejected());
    assert_eq!(read.person("11").affiliations[0].classes, ["6C"], "the rest of the delta counts");

    // A change that cannot be used leaves the record as it was.
    let adds = request("modify", "Eleve", "11", &[("ENTEleveClasses", "9001$6A")]).replace("replace", "add");
    written.file("E2D_Delta_20260903_Eleve_0000.xml", &adds);
    let read = written.read().await;
    assert!(read.reason("11").contains("replace"));
    assert_eq!(read.person("11").affiliations[0].classes, ["6C"]);
}

#[tokio::test]
async fn a_delta_that_misses_one_before_it_is_not_taken() {
    let written = written("aaf-skip");
    written.file("E2D_Delta_20260902_Eleve_0000.xml", &class("11", "6A"));
    written.file("E2D_Delta_20260907_Eleve_0000.xml", &class("11", "6C"));
    let read = written.read().await;
    assert!(read.incomplete().contains("the delta of 20260907 comes 5 days after the delivery before it, of 20260902"));
    assert_eq!(read.person("11").affiliations[0].classes, ["6A"], "what came before it counts");
    written.file("E2D_Delta_20260904_Eleve_0000.xml", &class("12", "6A"));
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete, "control: the one that was missing came");
    assert_eq!(read.person("11").affiliations[0].classes, ["6C"]);
    let strict = written.config() + "delta_gap_days = 1\n";
    assert!(crate::support::Everything::of(&strict).await.incomplete().contains("20260904"));
}

#[tokio::test]
async fn a_newer_complete_delivery_ends_a_chain() {
    let written = written("aaf-newer");
    written.file("E2D_Delta_20260902_Eleve_0000.xml", &class("11", "6A"));
    for kind in ["EtabEducNat", "Eleve", "PersRelEleve", "PersEducNat"] {
        let from = written.folder.join(format!("E2D_Complet_20260901_{kind}_0000.xml"));
        std::fs::copy(from, written.folder.join(format!("E2D_Complet_20260910_{kind}_0000.xml"))).expect("ours");
    }
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete);
    assert_eq!(read.person("11").affiliations[0].classes, ["6B"]);
    std::fs::remove_file(written.folder.join("E2D_Complet_20260910_PersRelEleve_0000.xml")).expect("ours");
    let read = written.read().await;
    assert!(read.incomplete().contains("no file of PersRelEleve"), "{}", read.incomplete());
    assert!(read.records.is_empty(), "nor is yesterday told for today");
}
