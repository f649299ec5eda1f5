//! Contracts kept as data: the schemas of the two databases, the catalogue of services, the development keys.

use crate::Repository;
use std::collections::BTreeSet;
use toml::Table;

/// What a folder of the catalogue holds.
const SERVICE_FILES: [&str; 4] = ["service.toml", "icon.svg", "cases.toml", "README.md"];

/// Schema files that one database has and the other has not.
pub fn schemas(repository: &Repository) -> Vec<String> {
    let names = |folder: &'static str| -> BTreeSet<&str> {
        repository.below(folder).filter_map(|path| path.strip_prefix(folder)).collect()
    };
    let (sqlite, postgres) = (names("schemas/sql/sqlite/"), names("schemas/sql/postgres/"));
    let mut problems = Vec::new();
    if sqlite.is_empty() {
        problems.push("schemas/sql/sqlite: holds nothing".to_owned());
    }
    problems.extend(sqlite.difference(&postgres).map(|name| format!("schemas/sql/postgres/{name}: is missing")));
    problems.extend(postgres.difference(&sqlite).map(|name| format!("schemas/sql/sqlite/{name}: is missing")));
    problems
}

/// Folders of the catalogue that are incomplete, or hold TOML that cannot be read or a drawing that runs.
pub fn catalogue(repository: &Repository) -> Vec<String> {
    let root = "connectors/services/";
    let folders: BTreeSet<&str> =
        repository.below(root).filter_map(|path| Some(path.strip_prefix(root)?.split_once('/')?.0)).collect();
    let mut problems = Vec::new();
    for name in folders {
        let folder = format!("{root}{name}");
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            problems.push(format!("{folder}: is not made of a-z, 0-9 and -"));
        }
        for file in SERVICE_FILES.iter().filter(|file| !repository.has(&format!("{folder}/{file}"))) {
            problems.push(format!("{folder}/{file}: is missing"));
        }
        for file in ["service.toml", "cases.toml"] {
            if let Err(error) = repository.text(&format!("{folder}/{file}")).parse::<Table>() {
                problems.push(format!("{folder}/{file}: {}", error.message()));
            }
        }
        let icon = repository.text(&format!("{folder}/icon.svg")).to_ascii_lowercase();
        for bad in ["<script", "onload=", "<foreignobject", "http-equiv", "href=\"http", "<!doctype", "<!entity"] {
            if icon.contains(bad) {
                problems.push(format!("{folder}/icon.svg: holds `{bad}`"));
            }
        }
    }
    problems
}

/// Files of `certs/` without the mark that says they serve nobody, and keys missing from the list of those refused.
pub fn development_keys(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    let shipped = repository.text("certs/SHIPPED");
    for path in repository.below("certs/") {
        if !repository.text(path).contains("DEV ONLY") {
            problems.push(format!("{path}: does not carry the mark DEV ONLY"));
        }
        let name = path.trim_start_matches("certs/");
        if (name.ends_with(".key") || name.ends_with(".pem")) && !shipped.lines().any(|line| line.ends_with(name)) {
            problems.push(format!("{path}: its fingerprint is not in certs/SHIPPED"));
        }
    }
    problems
}

/// Private keys outside `certs/`.
pub fn stray_keys(repository: &Repository) -> Vec<String> {
    let mark = concat!("PRIVATE", " KEY-----");
    let elsewhere = repository.files().filter(|path| !path.starts_with("certs/"));
    let holding = elsewhere.filter(|path| repository.text(path).contains(mark));
    holding.map(|path| format!("{path}: holds a private key")).collect()
}
