//! The generator as the demo and the tests use it.

use preau_annuaire::{Deliveries, Options, Summary, deliver, generate, generate_with};
use std::collections::HashSet;

fn written(options: &Options) -> (String, Summary) {
    let mut out = Vec::new();
    let summary = generate(options, &mut out).expect("memory does not fail");
    (String::from_utf8(out).expect("LDIF is text"), summary)
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let options = Options { people: 2000, faults: true, ..Options::default() };
    assert!(written(&options).0 == written(&options).0);
    assert!(written(&options).0 != written(&Options { seed: 2, ..options }).0);
}

#[test]
fn the_number_asked_for_is_the_number_written() {
    for people in [1, 40, 110, 111, 1500, 1501, 4567] {
        let options = Options { people, ..Options::default() };
        let (ldif, summary) = written(&options);
        let entries = ldif.lines().filter(|l| l.starts_with("dn: uid=")).count();
        assert_eq!((entries, summary.people), (people, people));
        let keys: HashSet<&str> = ldif.lines().filter(|l| l.starts_with("ENTPersonJointure")).collect();
        let logins: HashSet<&str> = ldif.lines().filter(|l| l.starts_with("ENTPersonLogin")).collect();
        assert_eq!((keys.len(), logins.len()), (people, people));
    }
}

#[test]
fn the_demo_has_every_profile() {
    let (ldif, summary) = written(&Options { faults: true, ..Options::default() });
    assert_eq!(summary.accounts.len(), 12);
    let passwords: HashSet<&str> = summary.accounts.iter().map(|a| a.password.as_str()).collect();
    assert_eq!(passwords.len(), 12, "each has its own password");
    for profile in ["ELV", "TUT", "ENS", "DIR", "EVS", "ETA", "ACA", "DOC", "COL"]
        .map(|code| format!("ENTPersonProfils: National_{code}"))
    {
        assert!(ldif.lines().any(|l| l == profile), "{profile}");
    }
    assert_eq!(summary.structures, summary.establishments.len() + 1);
    assert_eq!(summary.establishments.iter().filter(|e| e.kind == "ecole").count(), 2);
    let parent = summary.accounts.iter().find(|a| a.role == "parent").expect("a parent");
    assert_eq!(parent.establishments.len(), 2);
    assert!(summary.faults.iter().any(|f| f.rejected) && summary.faults.iter().any(|f| !f.rejected));
}

#[test]
fn everybody_can_be_listed() {
    let mut lines = 0;
    let options = Options { people: 3000, ..Options::default() };
    generate_with(&options, &mut std::io::sink(), &mut |_, _, _| {
        lines += 1;
        Ok(())
    })
    .expect("a sink does not fail");
    assert_eq!(lines, 3000);
}

#[test]
fn deliveries_are_the_same_for_the_same_seed_and_hold_a_delta_when_asked() {
    let written = |name: &str, delta: bool| {
        let folder = preau_rig::scratch(name);
        deliver(&Options { people: 1600, ..Options::default() }, &Deliveries { delta, ..Deliveries::into(&folder) })
            .expect("the scratch folder is ours");
        let files =
            ["1d", "2d"].into_iter().flat_map(|degree| std::fs::read_dir(folder.join(degree)).expect("written"));
        let text = |path: std::path::PathBuf| std::fs::read_to_string(path).expect("text");
        let mut files: Vec<(String, String)> = files
            .map(|file| file.expect("a file"))
            .map(|file| (file.file_name().into_string().expect("text"), text(file.path())))
            .collect();
        files.sort();
        files
    };
    let whole = written("annuaire-aaf", false);
    assert!(whole == written("annuaire-aaf-again", false));
    assert_eq!(whole.len(), 8, "four kinds in each degree");
    let changes = written("annuaire-aaf-delta", true);
    let requests = |request: &str| changes.iter().map(|(_, text)| text.matches(request).count()).sum::<usize>();
    assert!(requests("<modifyRequest>") > 10 && requests("<deleteRequest>") > 5);
    assert!(changes.iter().any(|(name, _)| name == "ENT2D-NOTOS_Delta_20260902_Eleve_0000.xml"));
}
