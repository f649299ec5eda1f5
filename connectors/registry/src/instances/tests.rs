//! What an instance file may say, and what the folder may hold. Each refusal stands beside a file that is taken.

use super::*;
use crate::catalogue::{catalogue, embedded};
use std::fs;

const GOOD: &str = "connector = \"grr\"\n[parameters]\nurl = \"https://grr.example\"\n";

fn taken(text: &str) -> MountedService {
    mount("f.toml", "f", text, catalogue()).unwrap().expect("enabled")
}

fn refused(text: &str) -> String {
    let problems = mount("f.toml", "f", text, catalogue()).expect_err(text);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_catalogue_compiled_in_has_no_problem() {
    let (catalogue, problems) = embedded();
    assert!(problems.is_empty(), "{problems:?}");
    assert!(catalogue.products().count() >= 8);
}

#[test]
fn a_product_and_an_address_make_a_service() {
    let service = taken(GOOD);
    assert_eq!(service.service.home.as_str(), "https://grr.example/");
    assert_eq!(service.connector, "grr");
    assert!(service.service.trust("https://grr.example/index.php?a=1").is_some());
    assert!(service.service.trust("https://grr.example.evil.test/").is_none());
    assert!(service.other_side.contains("https://grr.example/login.php"));
    assert!(service.other_side.contains("{preau}"));
    let slash = taken("connector = \"grr\"\nparameters = { url = \"https://grr.example/reserve/\" }\n");
    assert_eq!(slash.service.home.as_str(), "https://grr.example/reserve/");
}

#[test]
fn an_installation_replaces_title_and_audience() {
    let text = format!(
        "{GOOD}[title]\nfr = \"Salles\"\nen = \"Rooms\"\n[[audience.allow]]\nprofiles = [\"National_DIR\"]\n\
         establishments = [\"0990001N\"]\n"
    );
    let service = taken(&text);
    assert_eq!(service.title.fr, "Salles");
    assert_eq!(service.audience.allow.len(), 1);
    assert_eq!(mount("f.toml", "f", &format!("enabled = false\n{GOOD}"), catalogue()), Ok(None));
}

#[test]
fn a_problem_says_where_it_is() {
    for (text, told) in [
        (
            "connector = \"grr\"\nurll = \"x\"\n[parameters]\nurl = \"https://a.example\"\n",
            "f.toml:2 urll: unknown field `urll`",
        ),
        (
            &format!("{GOOD}[audience]\n[[audience.allow]]\nprofile = [\"National_ENS\"]\n"),
            "f.toml:6 audience.allow[0].profile: unknown field",
        ),
        (
            &format!("{GOOD}[audience]\n[[audience.allow]]\nprofiles = [\"National_XYZ\"]\n"),
            "f.toml:6 audience.allow[0].profiles[0]: unknown variant",
        ),
        (
            &format!("{GOOD}[audience]\n[[audience.allow]]\nestablishments = [\"0990001A\"]\n"),
            "f.toml:6 audience.allow[0].establishments[0]: the key letter",
        ),
        ("connector = \"absent\"\n", "f.toml:1 connector: no product `absent`"),
        ("connector = \"grr\"\n[parameters]\nurl = 3\n", "f.toml:3 parameters.url: invalid type"),
        ("connector = \"grr\"\n", "f.toml:1 parameters: the parameter `url` is missing"),
        (&format!("{GOOD}code = \"x\"\n"), "f.toml:4 parameters.code: no such parameter: this product has url"),
        ("connector = \"grr\n", "f.toml:1: "),
        ("[parameters]\nurl = \"https://a.example\"\n", "f.toml:1: missing field `connector`"),
        (&format!("{GOOD}\n[title]\nfr = \"{}\"\nen = \"x\"\n", "x".repeat(81)), "f.toml:5 title: "),
        (&format!("network = \"secret\"\n{GOOD}"), "f.toml:1 network: unknown variant"),
    ] {
        let found = refused(text);
        assert!(found.contains(told), "{text}\n{found}");
    }
    taken(GOOD);
}

#[test]
fn an_address_is_strict_and_without_tls_only_where_that_was_said() {
    let with = |url: &str| format!("connector = \"php-cas\"\n[parameters]\nurl = \"{url}\"\n");
    for good in [
        "https://a.example",
        "https://a.example:8443/x",
        "http://localhost:81",
        "http://127.0.0.1:81",
        "http://[::1]:81",
    ] {
        taken(&with(good));
    }
    for bad in [
        "http://a.example",
        "http://localhost.evil.test",
        "http://10.0.0.1",
        "ftp://a.example",
        "javascript:alert(1)",
        "//a.example",
        "https://a.example/../b",
        "https://a.example/%2e%2e",
        "https://a@evil.test",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://a.example/ b",
        "https://a.example\\\\@evil.test",
        "https://a.example/{url}",
        "{url}",
        "",
        "a.example",
        "https://",
        &format!("https://a.example/{}", "x".repeat(600)),
        &format!("https://a.example/{}", "x".repeat(2100)),
    ] {
        refused(&with(bad));
    }
    refused(&with("https://a.example\\nx"));
    taken(&format!("network = \"private\"\n{}", with("http://10.0.0.1")));
}

#[test]
fn a_folder_is_taken_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("salles.toml", GOOD);
    write("cours.toml", "connector = \"moodle\"\n[parameters]\nurl = \"https://moodle.example\"\n");
    write("eteint.toml", "enabled = false\nconnector = \"gepi\"\n[parameters]\nurl = \"https://gepi.example\"\n");
    write("notes.txt", "no service");
    write(".brouillon.toml", "half writ");
    let mounted = load_instances(dir.path(), catalogue()).unwrap();
    let ids: Vec<&str> = mounted.services().map(|s| s.service.id.as_str()).collect();
    assert_eq!(ids, ["cours", "salles"]);

    write("Bad Name.toml", GOOD);
    write("cassé.toml", "connector");
    write("grand.toml", &format!("{GOOD}#{}", "x".repeat(64 * 1024)));
    fs::create_dir(dir.path().join("dossier.toml")).unwrap();
    let problems = load_instances(dir.path(), catalogue()).unwrap_err();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(load_instances(&dir.path().join("absent"), catalogue()).is_err());
}

#[test]
fn no_address_belongs_to_two_services() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, url: &str| {
        let text = format!("connector = \"grr\"\n[parameters]\nurl = \"{url}\"\n");
        fs::write(dir.path().join(name), text).unwrap();
    };
    write("a.toml", "https://a.example");
    write("b.toml", "https://a.example/below");
    assert!(load_instances(dir.path(), catalogue()).is_ok(), "one below another");
    for same in ["https://a.example", "https://A.example:443/", "https://a.example/below/"] {
        write("c.toml", same);
        let problems = load_instances(dir.path(), catalogue()).unwrap_err();
        assert!(
            problems[0].at.ends_with("c.toml:3 parameters.url") && problems[0].what.contains("already belongs"),
            "{problems:?}"
        );
    }
    write("c.toml", "https://a.example:8443");
    assert!(load_instances(dir.path(), catalogue()).is_ok(), "control: another port");
}

#[test]
fn what_is_sound_in_a_folder_is_mounted_and_the_rest_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let at = |url: &str| format!("connector = \"grr\"\n[parameters]\nurl = \"{url}\"\n");
    write("good.toml", GOOD);
    write("off.toml", "enabled = false\nconnector = \"gepi\"\n[parameters]\nurl = \"https://gepi.example\"\n");
    write("one.toml", &at("https://same.example/a/"));
    write("two.toml", &at("https://SAME.example:443/a"));
    write("below.toml", &at("https://same.example/a/b"));
    write("broken.toml", "connector = \"grr\"\nurll = 1\n");
    let (mounted, problems) = load_sound_instances(dir.path(), catalogue());
    let ids: Vec<&str> = mounted.services().map(|s| s.service.id.as_str()).collect();
    assert_eq!(ids, ["below", "good"], "of two that claim one address neither is mounted");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told.len() == 3 && told[0].contains("broken.toml:2 urll"), "{told:?}");
    assert!(told[1].contains("one.toml:3 parameters.url") && told[2].contains("two.toml:3"), "{told:?}");
    let (mounted, problems) = load_sound_instances(&dir.path().join("absent"), catalogue());
    assert!(mounted.is_empty() && problems.len() == 1);
}

/// A strict service below an open one, and its file breaks: its pages must not open to the audience of the other.
#[test]
fn the_addresses_of_a_broken_file_fall_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let at = |url: &str| format!("connector = \"grr\"\n[parameters]\nurl = \"{url}\"\n");
    let mounted = || {
        let (mounted, problems) = load_sound_instances(dir.path(), catalogue());
        let ids: Vec<String> = mounted.services().map(|s| s.service.id.to_string()).collect();
        (ids.join(" "), problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    write("above.toml", &at("https://site.example"));
    write("beside.toml", &at("https://site.example/other"));
    write("elsewhere.toml", &at("https://else.example"));
    write("exam.toml", &at("https://site.example/exam"));
    assert_eq!(mounted().0, "above beside elsewhere exam");
    write("exam.toml", &format!("é=1\n{}", at("https://site.example/exam")));
    let (ids, told) = mounted();
    assert_eq!(ids, "beside elsewhere", "{told}");
    assert!(told.contains("above.toml") && told.contains("exam.toml:1"), "{told}");
    // Two that claim one address are lost as well.
    write("exam.toml", &at("https://site.example/exam"));
    write("test.toml", &at("https://site.example/exam/"));
    assert_eq!(mounted().0, "beside elsewhere");
    // A broken copy of a file takes nothing from the one that is sound.
    write("test.toml", &format!("wrong = 1\n{}", at("https://else.example/")));
    assert_eq!(mounted().0, "above beside elsewhere exam");
}

#[test]
fn the_signature_moves_with_every_change() {
    let dir = tempfile::tempdir().unwrap();
    let first = signature(dir.path());
    assert_eq!(first, signature(dir.path()));
    let mut seen = vec![first, signature(&dir.path().join("absent"))];
    let mut moved = |what: &str| {
        let now = signature(dir.path());
        assert!(!seen.contains(&now), "{what}");
        assert_eq!(now, signature(dir.path()), "{what}");
        seen.push(now);
    };
    let file = dir.path().join("a.toml");
    fs::write(&file, GOOD).unwrap();
    moved("a file came");
    fs::write(dir.path().join("b.toml"), GOOD).unwrap();
    moved("another came");
    fs::write(&file, format!("{GOOD}#")).unwrap();
    moved("one grew");
    fs::rename(&file, dir.path().join("c.toml")).unwrap();
    moved("one was renamed");
    fs::remove_file(dir.path().join("c.toml")).unwrap();
    moved("one went");
}
