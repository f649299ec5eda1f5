//! How a file is, so that one that changed is read again.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The state of a file without its content. Of two that are equal nothing has to be read again; a file that is not there has
/// a state of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileState(Option<(u64, u64, [i64; 4])>);

impl FileState {
    /// The state it has now.
    pub fn of(path: &Path) -> FileState {
        let found = fs::metadata(path).ok();
        FileState(found.map(|found| {
            (found.ino(), found.len(), [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()])
        }))
    }
}

/// A file that was read, and how it was just before: what is put in its place at any moment from then on is noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// Which.
    pub path: PathBuf,
    /// How it was.
    pub state: FileState,
}

impl ReadFile {
    /// To be read from now on.
    pub fn at(path: PathBuf) -> ReadFile {
        let state = FileState::of(&path);
        ReadFile { path, state }
    }
}
