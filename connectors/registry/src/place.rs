//! Reading a TOML file so that every problem says where it is: file, line and path of the key.

use crate::catalogue::{MAX_DESCRIPTOR, bounded_text};
use preau_connector_api::Problem;
use serde::de::DeserializeOwned;
use std::path::Path;
use toml::de::{DeTable, DeValue};

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

/// Reads a plain file of at most 64 KiB of TOML, as those of the catalogue are read.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    let text = bounded_text(path, MAX_DESCRIPTOR)?;
    read_toml(&path.display().to_string(), &text)
}

/// A problem with the value of a key of an instance file, found by whoever knows more than the file says.
pub fn at(file: &Path, key: &str, what: impl Into<String>) -> Problem {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    at_key(&file.display().to_string(), &text, key, what)
}

/// A problem with the value of a key, found after reading: at the line where that key is written, else where the nearest table around it
/// begins, else the first. A rule is named by its number, as `release[2].name`.
pub(crate) fn at_key(file: &str, text: &str, key: &str, what: impl Into<String>) -> Problem {
    let line = DeTable::parse(text).ok().and_then(|read| offset(read.get_ref(), key)).map_or(1, |at| line_at(text, at));
    Problem::new(format!("{file}:{line} {key}"), what)
}

/// Where a key is written, or the nearest table around it.
fn offset(root: &DeTable<'_>, key: &str) -> Option<usize> {
    let (mut table, mut found) = (root, None);
    for part in key.split('.') {
        let (name, number) = part.split_once('[').map_or((part, None), |(name, rest)| (name, Some(rest)));
        let Some((written, value)) = table.iter().find(|(written, _)| written.get_ref() == name) else { break };
        let number = number.and_then(|rest| rest.trim_end_matches(']').parse::<usize>().ok());
        let one = number.and_then(|number| value.get_ref().get(number));
        found = Some(one.map_or(written.span().start, |one| one.span().start));
        match one.unwrap_or(value).get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    found
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title = 1\nother_side = \"\"\"\nhome = \"x\"\n\"\"\"\n[parameters.url]\nfr = \"a\"\n[parameters.room]\nfr = \"b\"\n\
                        default = \"c\"\n[[release]]\nname = \"one\"\n[[release]]\nname = \"two\"\nmap = { \"a.b\" = \"c\" }\n[legal.purpose]\nfr = \"d\"\n";

    #[test]
    fn a_key_is_found_where_it_is_written() {
        for (key, line) in [
            ("title", 1),
            ("parameters.url.fr", 6),
            ("parameters.room", 7),
            ("parameters.room.fr", 8),
            ("parameters.room.default", 9),
            ("parameters.room.en", 7),
            ("release[0]", 10),
            ("release[1]", 12),
            ("release[1].name", 13),
            ("release[1].map", 14),
            ("release[1].scope", 12),
            ("release", 10),
            ("legal.purpose", 15),
            ("legal.hosting", 15),
            // What is written in a text is no key.
            ("home", 1),
            ("absent.key", 1),
            ("", 1),
        ] {
            assert_eq!(at_key("f", TEXT, key, "x").at, format!("f:{line} {key}"));
        }
        assert_eq!(at_key("f", "[", "title", "x").at, "f:1 title", "nothing is found in what cannot be read");
    }
}
