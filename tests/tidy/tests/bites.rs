//! Each check finds the defect it is for, in a tree planted with it, and passes the same tree without it.

use preau_tidy::{Repository, crates, data, documents, sources};
use std::fs;

/// Runs a check over a tree of files.
fn found(check: fn(&Repository) -> Vec<String>, files: &[(&str, &str)]) -> usize {
    let tree = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().expect("below the tree")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    check(&Repository::at(tree.path())).len()
}

fn manifest(name: &str, rest: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\ndescription = \"x\"\nedition.workspace = true\nlicense.workspace = true\n\
         publish.workspace = true\n[lints]\nworkspace = true\n{rest}"
    )
}

#[test]
fn an_edge_the_plan_does_not_have() {
    let web = manifest("preau-web", "[dependencies]\n");
    let cas = manifest("preau-cas", "[dependencies]\npreau-web.workspace = true\n");
    let with = |saml: &str| {
        let saml = manifest("preau-saml", saml);
        found(
            crates::edges,
            &[
                ("idp/web/Cargo.toml", &web),
                ("idp/protocols/cas/Cargo.toml", &cas),
                ("idp/protocols/saml/Cargo.toml", &saml),
            ],
        )
    };
    assert_eq!(with("[dependencies]\npreau-web.workspace = true\n"), 0);
    assert_eq!(with("[dependencies]\npreau-cas.workspace = true\n"), 1, "one protocol uses another");
    assert_eq!(with("[dev-dependencies]\npreau-cas.workspace = true\n"), 1, "also in its tests");
    assert_eq!(with("[target.'cfg(unix)'.dependencies]\npreau-cas.workspace = true\n"), 1, "also on one system");
    assert_eq!(found(crates::edges, &[("idp/attic/Cargo.toml", &manifest("preau-attic", ""))]), 1, "not in the plan");
}

#[test]
fn a_crate_of_others_out_of_its_place() {
    let in_web = |dependency: &str| {
        let text = manifest("preau-web", &format!("[dependencies]\n{dependency} = \"1\"\n"));
        found(crates::reserved, &[("idp/web/Cargo.toml", &text)])
    };
    assert_eq!((in_web("axum"), in_web("sqlx"), in_web("sha2"), in_web("ldap3")), (0, 1, 1, 1));
    let domain = manifest("preau-domain", "[dependencies]\ntokio = \"1\"\n");
    assert_eq!(found(crates::reserved, &[("idp/domain/Cargo.toml", &domain)]), 1);
}

#[test]
fn a_crate_that_came_in_below_another() {
    let lock = |name: &str| {
        let text =
            format!("version = 4\n[[package]]\nname = \"url\"\nversion = \"2.0.0\"\n[[package]]\nname = \"{name}\"\n");
        found(
            crates::locked,
            &[("Cargo.lock", &text), ("tests/samael/Cargo.lock", "[[package]]\nname = \"openssl\"\n")],
        )
    };
    assert_eq!((lock("openssl"), lock("openssl-sys"), lock("openssl-probe")), (1, 1, 0));
    assert_eq!(found(crates::locked, &[]), 1, "no lock is no proof");
}

#[test]
fn a_crate_that_the_second_opinion_does_not_know_of() {
    let lock = |needs: &str| {
        let text =
            format!("version = 4\n[[package]]\nname = \"preau-keys\"\nversion = \"0.1.0\"\ndependencies = [{needs}]\n");
        let keys = manifest("preau-keys", "[dependencies]\nurl = \"2\"\nrand = \"0.9\"\n");
        found(crates::second_lock, &[("idp/keys/Cargo.toml", &keys), ("tests/samael/Cargo.lock", &text)])
    };
    assert_eq!((lock("\"url\", \"rand 0.9.1\""), lock("\"url\""), lock("")), (0, 1, 2));
}

#[test]
fn a_clock_in_the_domain() {
    let reads = "//! x\nfn now() { std::time::SystemTime::now(); }\n";
    assert_eq!(found(crates::purity, &[("idp/domain/src/a.rs", reads)]), 1);
    assert_eq!(found(crates::purity, &[("idp/web/src/a.rs", reads)]), 0);
    assert_eq!(found(crates::purity, &[("idp/domain/src/a.rs", "//! no SystemTime here\n")]), 0);
}

#[test]
fn a_crate_without_the_lints_of_the_workspace() {
    let bare = "[package]\nname = \"preau-x\"\ndescription = \"x\"\nedition.workspace = true\n\
                license.workspace = true\npublish.workspace = true\n";
    assert_eq!(found(crates::inheritance, &[("idp/web/Cargo.toml", bare)]), 1);
    assert_eq!(found(crates::inheritance, &[("idp/web/Cargo.toml", &manifest("preau-x", ""))]), 0);
    let own = |word: &str| format!("{bare}[lints.rust]\nunsafe_code = \"{word}\"\n");
    let with = |word: &str| found(crates::inheritance, &[("idp/hugepages/Cargo.toml", &own(word))]);
    assert_eq!((with("deny"), with("warn")), (0, 1), "one crate has its own, and denies all the same");
}

#[test]
fn two_versions_of_one_thing() {
    let root = "[workspace.dependencies]\nurl = \"2\"\n";
    let with = |line: &str| {
        let text = manifest("preau-web", &format!("[dependencies]\n{line}\n"));
        found(crates::versions, &[("Cargo.toml", root), ("idp/web/Cargo.toml", &text)])
    };
    assert_eq!((with("url = \"1\""), with("url.workspace = true"), with("other = \"1\"")), (1, 0, 0));
}

#[test]
fn a_file_that_is_too_long() {
    let lines = |count: usize| "x\n".repeat(count);
    assert_eq!(found(sources::lengths, &[("a/src/a.rs", &lines(801))]), 1);
    assert_eq!(found(sources::lengths, &[("a/src/a.rs", &lines(800))]), 0);
}

#[test]
fn names_and_openings_that_say_nothing() {
    assert_eq!(found(sources::names, &[("a/src/util.rs", ""), ("a/src/helpers/x.rs", ""), ("a/src/unit.rs", "")]), 2);
    assert_eq!(found(sources::openings, &[("a/src/x.rs", "fn x() {}"), ("a/src/y.rs", "//! Why.\n")]), 1);
}

#[test]
fn work_left_behind() {
    let mark = concat!("// TO", "DO");
    assert_eq!(
        found(sources::unfinished, &[("a.rs", &format!("{mark} later")), ("b.rs", &format!("{mark}(ana): x"))]),
        1
    );
    assert_eq!(found(sources::tests, &[("a/tests/x.rs", concat!("#[ign", "ore]"))]), 1);
    let waits = concat!("thread::sl", "eep(x)");
    assert_eq!(found(sources::tests, &[("tests/flows/src/x.rs", waits), ("tests/rig/src/x.rs", waits)]), 1);
    let call = concat!("uns", "afe { x() }\n");
    assert_eq!(found(sources::silenced, &[("idp/web/src/a.rs", call), ("idp/hugepages/src/a.rs", call)]), 1);
    assert_eq!(found(sources::silenced, &[("idp/hugepages/src/a.rs", &call.repeat(2))]), 1);
    assert_eq!(found(sources::silenced, &[("a.rs", concat!("#[al", "low(dead_code)]")), ("b.rs", "#[expect(x)]")]), 1);
}

#[test]
fn a_schema_of_one_database_alone() {
    let both = [("schemas/sql/sqlite/0001.sql", ""), ("schemas/sql/postgres/0001.sql", "")];
    assert_eq!(found(data::schemas, &both), 0);
    assert_eq!(found(data::schemas, &both[..1]), 1);
    assert_eq!(found(data::schemas, &[]), 1);
}

#[test]
fn a_service_without_its_four_files() {
    let at = |file: &str| format!("connectors/services/x/{file}");
    let names = [at("service.toml"), at("icon.svg"), at("cases.toml"), at("README.md")];
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(found(data::catalogue, &files), 0);
    assert_eq!(found(data::catalogue, &files[1..]), 1);
    let mut spoilt = files.clone();
    spoilt[0].1 = "title = ";
    spoilt[1].1 = "<svg><script/></svg>";
    assert_eq!(found(data::catalogue, &spoilt), 2);
}

#[test]
fn a_key_without_its_mark() {
    let shipped = ("certs/SHIPPED", "DEV ONLY\nabc dev.key\n");
    assert_eq!(found(data::development_keys, &[shipped, ("certs/dev.key", "DEV ONLY")]), 0);
    assert_eq!(found(data::development_keys, &[shipped, ("certs/dev.key", "abc")]), 1);
    assert_eq!(found(data::development_keys, &[shipped, ("certs/new.key", "DEV ONLY")]), 1);
    let key = concat!("-----BEGIN PRIVATE", " KEY-----");
    assert_eq!(found(data::stray_keys, &[("idp/x.pem", key), ("certs/x.pem", key)]), 1);
}

#[test]
fn a_map_of_places_that_are_not_there() {
    let map = |text: &str| found(documents::map, &[("docs/ARCHITECTURE.md", text), ("idp/web/src/hub.rs", "")]);
    assert_eq!(map("see `idp/web`, `idp/web/src/hub.rs`, `idp/<any>/x` and `make test`"), 0);
    assert_eq!(map("see `idp/attic`"), 1);
    assert_eq!(map(&"x\n".repeat(201)), 1);
}

#[test]
fn a_link_that_leads_nowhere() {
    let page = |text: &str| found(documents::links, &[("docs/a.md", text), ("docs/b.md", ""), ("README.md", "")]);
    assert_eq!(page("[b](b.md#x) [front](../README.md) [web](https://x.example/) [here](#x)"), 0);
    assert_eq!(page("[c](c.md) [out](../../etc/x)"), 2);
}

#[test]
fn a_page_nobody_would_find() {
    let index = |text: &str| found(documents::indexes, &[("docs/adr/README.md", text), ("docs/adr/0001-x.md", "")]);
    assert_eq!((index("[one](0001-x.md)"), index("none")), (0, 1));
}

#[test]
fn a_front_page_that_says_less_in_french() {
    let pages = |french: &str| {
        let english = "# P\n## Try\n```sh\nmake demo # look\n```\n";
        found(documents::front_pages, &[("README.md", english), ("docs/LISEZMOI.md", french)])
    };
    assert_eq!(pages("# P\n## Essayer\n```sh\nmake demo # voir\n```\n"), 0);
    assert_eq!(pages("# P\n```sh\nmake demo\n```\n"), 1);
    assert_eq!(pages("# P\n## Essayer\n```sh\nmake try\n```\n"), 1);
}

#[test]
fn a_front_page_that_counts_the_products_of_last_year() {
    let pages = |english: &str, french: &str| {
        let product = ("connectors/services/x/service.toml", "");
        found(documents::products, &[product, ("README.md", english), ("docs/LISEZMOI.md", french)])
    };
    assert_eq!(pages("[1 products](c.md)", "[1 produits](c.md)"), 0);
    assert_eq!(pages("[2 products](c.md)", "[1 produits](c.md)"), 1);
    assert_eq!(pages("", ""), 2);
}

#[test]
fn documents_that_are_missing() {
    let all = [
        ("README.md", ""),
        ("docs/LISEZMOI.md", ""),
        ("CHANGELOG.md", ""),
        ("LICENSE", ""),
        ("docs/ARCHITECTURE.md", ""),
    ];
    assert_eq!((found(documents::present, &all), found(documents::present, &all[1..])), (0, 1));
}

#[test]
fn a_story_that_tells_two() {
    let story = |lines: usize| {
        format!("//! x\n\nasync fn one(hub: TestHub) {{\n{}}}\n\nasync fn next() {{}}\n", "    x();\n".repeat(lines))
    };
    let told = |lines| found(sources::stories, &[("tests/flows/tests/flows/x.rs", &story(lines))]);
    assert_eq!((told(26), told(27)), (0, 1));
}
