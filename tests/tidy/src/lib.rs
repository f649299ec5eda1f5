//! The repository checks itself: what its plan promises about crates, files, data and documents is read from the files
//! and compared.
//!
//! Each check takes a [`Repository`] and returns one sentence per problem, with the path first, so that a failing test
//! reads as a list of things to do. `tests/repository.rs` runs every check on this repository; `tests/bites.rs` plants
//! each defect in a small tree and shows that it is found. What needs a running hub (the list of routes) is checked in
//! `tests/flows`, what needs a database in `tests/contract`.

pub mod crates;
pub mod data;
pub mod documents;
pub mod sources;

use std::fs;
use std::path::{Path, PathBuf};

/// The files of a working copy, without what is built or fetched.
pub struct Repository {
    root: PathBuf,
    files: Vec<String>,
}

/// Folders that hold nothing of the project: results of a build, history, packages of others.
const PASSED_OVER: &[&str] = &["target", ".git", "node_modules"];

impl Repository {
    /// This repository.
    pub fn here() -> Repository {
        Repository::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
    }

    /// The tree below a folder.
    pub fn at(root: &Path) -> Repository {
        let mut files = Vec::new();
        walk(root, "", &mut files);
        files.sort();
        Repository { root: root.to_owned(), files }
    }

    /// Every file, by its path from the root with `/` between folders, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Files whose path ends like this.
    pub fn ending(&self, suffix: &str) -> impl Iterator<Item = &str> {
        self.files().filter(move |path| path.ends_with(suffix))
    }

    /// Files below a folder; `folder` ends with `/`.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.files().filter(move |path| path.starts_with(folder))
    }

    /// Whether a file or a folder of that path is there.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files().any(|file| file == path || file.starts_with(&folder))
    }

    /// The text of a file; empty if there is none or it is no text.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }

    /// The Rust sources that belong to crates' `src` folders.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.ending(".rs").filter(|path| path.contains("/src/"))
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) => {
                walk(&entry.path(), &format!("{path}/"), files);
            }
            Ok(kind) if kind.is_file() => files.push(path),
            _ => {}
        }
    }
}
