//! The reference pages and the schema in `docs/reference` are what the types say. `UPDATE_REFERENCE=1` writes them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use preau_connectors::KINDS;
use preau_server::{catalogue_page, cli, config};
use std::path::{Path, PathBuf};

fn reference(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(file)
}

fn stands(file: &str, generated: &str) {
    let path = reference(file);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == generated, "{} is behind the code: run this test with UPDATE_REFERENCE=1", path.display());
}

#[test]
fn the_reference_page_stands() {
    stands("config.md", &config::page(KINDS));
}

#[test]
fn the_page_of_the_command_line_stands() {
    stands("command-line.md", &cli::page());
}

#[test]
fn the_page_of_the_catalogue_stands() {
    stands("catalogue.md", &catalogue_page());
}

#[test]
fn the_schema_stands() {
    stands("config.schema.json", &format!("{:#}\n", config::schema(KINDS)));
}

#[test]
fn the_example_reads_back() {
    let text = config::example(KINDS);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("preau.toml");
    std::fs::write(&file, &text).unwrap();
    let loaded = config::load(&file, false, &|_| None).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    // Every kind of source has its example, under the name the page uses.
    assert_eq!(loaded.config.sources.len(), KINDS.len());
}

#[test]
fn every_key_has_a_meaning() {
    fn walk(at: &str, schema: &serde_json::Value, bare: &mut Vec<String>) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{key}");
            if property["description"].as_str().is_none_or(str::is_empty) {
                bare.push(at.clone());
            }
            walk(&at, property, bare);
        }
    }
    let mut bare = Vec::new();
    walk("", &config::schema(KINDS), &mut bare);
    assert!(bare.is_empty(), "{bare:?}");
}
