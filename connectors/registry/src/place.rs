//! Reading a TOML file so that every problem says where it is: file, line and path of the key.

use preau_connector_api::Problem;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a file of at most 64 KiB of TOML; unknown keys are refused.
pub(crate) fn read_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    let deserializer = toml::Deserializer::parse(text).map_err(|error| problem(file, text, "", &error))?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        problem(file, text, &path, error.inner())
    })
}

fn problem(file: &str, text: &str, path: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| line_at(text, span.start));
    // A missing key has no path of its own: the sentence names it.
    let key = if path.is_empty() || path == "." { String::new() } else { format!(" {path}") };
    Problem::new(format!("{file}:{line}{key}"), preau_domain::display_safe(error.message(), 300))
}

/// A problem with the value of a key of an instance file, found by whoever knows more than the file says.
pub fn at(file: &Path, key: &str, what: impl Into<String>) -> Problem {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    at_key(&file.display().to_string(), &text, key, what)
}

/// A problem with the value of a key, found after reading: at the line where the key is written, else the first.
pub(crate) fn at_key(file: &str, text: &str, key: &str, what: impl Into<String>) -> Problem {
    let last = key.rsplit('.').next().unwrap_or(key);
    let last = last.split('[').next().unwrap_or(last);
    let written = |line: &str| {
        let name = line.split('=').next().unwrap_or("").trim();
        line.contains('=') && (name == last || name == key || name.trim_matches('"') == last)
    };
    let header = |line: &str| line.trim().trim_matches(['[', ']']) == key;
    let line = text.lines().position(|line| written(line) || header(line)).map_or(1, |at| at + 1);
    Problem::new(format!("{file}:{line} {key}"), what)
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
