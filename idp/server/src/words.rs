//! The files of what is said on the portal: `charte.toml`, and `notices/<name>.toml`, in the folder `web.words` names.

use crate::config::Loaded;
use preau_connector_api::{FileState, Problem};
use preau_web::{Charte, Notice, Words};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Most notices there may be.
const MOST: usize = 500;
/// Longest file, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// The files and how they are: when it is the same, nothing has to be read again.
pub type Seen = Vec<(PathBuf, FileState)>;

/// The files there are now, in the order of their names.
pub fn seen(loaded: &Loaded) -> Seen {
    let Some(folder) = &loaded.config.web.words else { return Vec::new() };
    let folder = loaded.path(Path::new(folder));
    let listed = std::fs::read_dir(folder.join("notices")).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_notice = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".toml") && !name.starts_with('.')
    };
    let mut files: Vec<PathBuf> = listed.filter(is_notice).take(MOST + 1).collect();
    files.sort();
    files.insert(0, folder.join("charte.toml"));
    files.into_iter().map(|path| (path.clone(), FileState::of(&path))).collect()
}

/// Everything said, or everything that is wrong with it.
pub fn read(seen: &Seen) -> Result<Words, Vec<Problem>> {
    let (mut words, mut problems) = (Words::default(), Vec::new());
    for (n, (path, _)) in seen.iter().enumerate() {
        let place = path.display().to_string();
        let found = match n {
            0 => one::<Charte>(path, Charte::check).map(|charte| words.charte = charte),
            _ => one::<Notice>(path, Notice::check).map(|notice| words.notices.extend(notice)),
        };
        problems.extend(found.err().map(|what| Problem::new(place, what)));
    }
    if seen.len() > MOST + 1 {
        problems.push(Problem::new("web.words", format!("more than {MOST} notices")));
    }
    if problems.is_empty() { Ok(words) } else { Err(problems) }
}

/// What a file says; nothing when it is not there.
fn one<T: DeserializeOwned>(path: &Path, check: impl Fn(&T) -> Result<(), String>) -> Result<Option<T>, String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| error.to_string())?,
    };
    let mut text = String::new();
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_FILE {
        return Err(format!("is longer than {MAX_FILE} bytes"));
    }
    let value: T = toml::from_str(&text).map_err(|error| error.to_string().trim().to_owned())?;
    check(&value).map(|()| Some(value))
}
