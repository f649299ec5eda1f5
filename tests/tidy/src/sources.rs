//! The shape of the Rust sources: length, names of modules, the sentence each opens with, what a test may not do.

use crate::Repository;
use crate::crates::UNCHECKED;

/// A file above this is split.
pub const HARD: usize = 800;
/// A file above this is looked at.
pub const SOFT: usize = 400;

/// Names that say nothing of what a module owns.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"];

/// Files above the hard limit.
pub fn lengths(repository: &Repository) -> Vec<String> {
    let too_long = long(repository, HARD);
    too_long.into_iter().map(|(path, lines)| format!("{path}: {lines} lines, at most {HARD}")).collect()
}

/// Files above a limit, longest first.
pub fn long(repository: &Repository, limit: usize) -> Vec<(String, usize)> {
    let counted = repository.ending(".rs").map(|path| (path.to_owned(), repository.text(path).lines().count()));
    let mut long: Vec<_> = counted.filter(|(_, lines)| *lines > limit).collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long
}

/// Modules and folders whose name says nothing.
pub fn names(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    for path in repository.ending(".rs") {
        let stem = path.trim_end_matches(".rs");
        if let Some(word) = stem.split('/').find(|part| EMPTY_NAMES.contains(part)) {
            problems.push(format!("{path}: `{word}` says nothing; name what it owns"));
        }
    }
    problems
}

/// Sources that do not open with a `//!` sentence. Tests beside their module (`tests.rs`) need none.
pub fn openings(repository: &Repository) -> Vec<String> {
    let modules = repository.sources().filter(|path| !path.ends_with("/tests.rs"));
    let silent = modules.filter(|path| !repository.text(path).starts_with("//! "));
    silent.map(|path| format!("{path}: does not open with `//!` and what it owns")).collect()
}

/// Unfinished work without an owner, wherever it hides. The marks are put together here so that this file passes.
pub fn unfinished(repository: &Repository) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];
    let written = repository.files().filter(|path| {
        [".rs", ".toml", ".sql", ".sh", ".md", ".html", ".ftl", ".css", ".js"].iter().any(|end| path.ends_with(end))
    });
    let mut problems = Vec::new();
    for path in written {
        for (number, line) in repository.text(path).lines().enumerate() {
            for mark in marks {
                let owned = line.split_once(mark).is_some_and(|(_, rest)| rest.starts_with('('));
                if line.contains(mark) && !owned {
                    problems.push(format!("{path}:{}: `{mark}` without an owner", number + 1));
                }
            }
        }
    }
    problems
}

/// Tests that are switched off, and stories that wait for a clock on the wall.
pub fn tests(repository: &Repository) -> Vec<String> {
    let ignored = concat!("#[ign", "ore");
    let waits = [concat!("time::sl", "eep("), concat!("thread::sl", "eep(")];
    let told = |path: &str| ["tests/flows/", "tests/contract/", "tests/tidy/"].iter().any(|f| path.starts_with(f));
    let mut problems = Vec::new();
    for path in repository.ending(".rs") {
        let text = repository.text(path);
        if text.contains(ignored) {
            problems.push(format!("{path}: a test is switched off"));
        }
        if told(path) && waits.iter().any(|wait| text.contains(wait)) {
            problems.push(format!("{path}: a story waits for the clock on the wall"));
        }
    }
    problems
}

/// Unchecked blocks and silenced lints: the first are forbidden, the second give their reason.
pub fn silenced(repository: &Repository) -> Vec<String> {
    let marks = [concat!("#[al", "low("), concat!("#![al", "low(")];
    let mut problems = Vec::new();
    for path in repository.ending(".rs") {
        let text = repository.text(path);
        if marks.iter().any(|mark| text.contains(mark)) {
            problems.push(format!("{path}: silences a lint for good; use `#[expect(…, reason = …)]`"));
        }
        let unchecked = text.matches(concat!("uns", "afe {")).count();
        if unchecked > usize::from(path.starts_with(UNCHECKED)) {
            problems.push(format!("{path}: a call that the compiler cannot check; the only one is in {UNCHECKED}"));
        }
    }
    problems
}

/// A story above this tells two.
pub const STORY: usize = 26;

/// Stories of `tests/flows` that are too long to be read at a glance.
pub fn stories(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    for path in repository.below("tests/flows/tests/").filter(|path| path.ends_with(".rs")) {
        let text = repository.text(path);
        for story in text.split("\nasync fn ").skip(1).filter(|story| story.contains("(hub: TestHub)")) {
            let (name, body) = story.split_once('(').unwrap_or_default();
            let lines = body.split("\n}\n").next().unwrap_or_default().lines().count().saturating_sub(1);
            if lines > STORY {
                problems.push(format!("{path}: {name} has {lines} lines, at most {STORY}"));
            }
        }
    }
    problems
}
