//! The last good copy of what was fetched: a file each, and a note beside it of where it came from and how it fared. A copy is
//! written beside and put in place in one stroke; nothing of a folder is believed without reading the document again.

use preau_domain::Instant;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Longest note.
const MAX_NOTE: u64 = 64 * 1024;

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
}

/// What is known of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    /// Where it comes from.
    pub(crate) url: String,
    /// `ETag` of the copy.
    pub(crate) etag: Option<String>,
    /// `Last-Modified` of the copy.
    pub(crate) last_modified: Option<String>,
    /// When the copy was last found to be what is published.
    pub(crate) fresh: Option<Instant>,
    /// When to ask again.
    pub(crate) next: Instant,
    /// Entities of the copy.
    pub(crate) count: usize,
    /// When the copy was made, if it says so.
    pub(crate) created: Option<Instant>,
    /// Until when the copy is valid.
    pub(crate) valid_until: Option<Instant>,
    /// Why the latest attempt changed nothing; gone when one succeeds.
    pub(crate) refused: Option<String>,
}

impl Kept {
    /// The folder, made if it is not there.
    pub(crate) fn open(folder: PathBuf) -> std::io::Result<Kept> {
        crate::assembly::private_folder(&folder)?;
        Ok(Kept { folder })
    }

    fn stem(name: &str) -> String {
        preau_keys::fingerprint(name.as_bytes()).chars().take(32).collect()
    }

    /// The copy under a name ([`super::origin::Origin::kept_as`]), whether there is one or not.
    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.xml", Self::stem(name)))
    }

    /// The last document of that name that was good for everybody who was looked for in it, whether there is one or not.
    pub(crate) fn whole(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.whole.xml", Self::stem(name)))
    }

    /// Puts a document in its place: the bytes of a file that may be written to, else the file itself, which never is.
    pub(crate) fn keep_whole(&self, name: &str, from: &Path, copied: bool) -> std::io::Result<()> {
        let beside = self.folder.join(format!(".{}.whole", Self::stem(name)));
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if copied {
            fs::copy(from, &beside)?;
            fs::File::open(&beside)?.sync_all()?;
        } else {
            fs::hard_link(from, &beside)?;
        }
        fs::rename(&beside, self.whole(name))
    }

    /// Where a new copy is written before it is believed.
    pub(crate) fn candidate(&self, name: &str) -> PathBuf {
        self.folder.join(format!(".{}.new", Self::stem(name)))
    }

    /// The note of the copy of that name, of what is at the address; an empty one when there is none that can be read.
    pub(crate) fn note(&self, name: &str, url: &str) -> Note {
        let path = self.folder.join(format!("{}.json", Self::stem(name)));
        let small = fs::metadata(&path).is_ok_and(|found| found.len() <= MAX_NOTE);
        let read = || serde_json::from_slice::<Note>(&fs::read(&path).ok()?).ok();
        let note = if small { read() } else { None };
        note.filter(|note| note.url == url).unwrap_or_else(|| Note { url: url.to_owned(), ..Note::default() })
    }

    /// Writes the note of the copy of that name.
    pub(crate) fn write(&self, name: &str, note: &Note) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(note)?;
        self.replace(&self.folder.join(format!("{}.json", Self::stem(name))), &text)
    }

    /// Puts the candidate in the place of the copy.
    pub(crate) fn accept(&self, name: &str) -> std::io::Result<()> {
        fs::File::open(self.candidate(name))?.sync_all()?;
        fs::rename(self.candidate(name), self.copy(name))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let beside = path.with_extension("tmp");
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(beside, path)
    }
}
