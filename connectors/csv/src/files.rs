//! A file on the disk, whole and bounded, or a sentence that says why not.

use crate::config::{File, Settings};
use crate::table::{Row, Rows};
use crate::text::{Encoding, decode};
use preau_connector_api::FileState;
use std::fs;
use std::io::Read;

/// Largest file: a list of a hundred thousand people has twenty.
const MAX_FILE: u64 = 32 << 20;
/// Most that the files of a source have together.
const MAX_TOGETHER: u64 = 64 << 20;
/// Most rows of one file.
const MAX_ROWS: u64 = 200_000;

/// A file that was read: its text, and the headings of its columns.
pub(crate) struct Sheet {
    text: String,
    separator: Option<char>,
    pub(crate) encoding: Encoding,
    pub(crate) header: Vec<String>,
}

impl Sheet {
    /// Reads a file, of at most `left` bytes.
    pub(crate) fn read(file: &File, left: &mut u64) -> Result<Sheet, String> {
        let before = FileState::of(&file.path);
        let found = fs::symlink_metadata(&file.path).map_err(|error| error.to_string())?;
        if !found.is_file() {
            return Err("it is no file: links are not followed".into());
        }
        let most = MAX_FILE.min(*left);
        let mut bytes = Vec::new();
        let opened = fs::File::open(&file.path).map_err(|error| error.to_string())?;
        opened.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let length = bytes.len() as u64;
        if length > most {
            return Err("it is larger than 32 MiB, or the files of this source than 64 MiB together".into());
        }
        if FileState::of(&file.path) != before {
            return Err("it was written to while it was read".into());
        }
        *left -= length;
        let (text, encoding) = decode(&bytes, file.encoding)?;
        Sheet::of(text, encoding, file.separator)
    }

    fn of(text: String, encoding: Encoding, separator: Option<char>) -> Result<Sheet, String> {
        let header = Rows::of(&text, separator).next().ok_or("it is empty")??;
        let header = header.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        Ok(Sheet { text, separator, encoding, header })
    }

    /// What stands between cells.
    pub(crate) fn separator(&self) -> char {
        Rows::of(&self.text, self.separator).separator()
    }

    /// Its rows below the headings; one that cannot be taken apart is the last.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row<'_>, String>> {
        let rows = Rows::of(&self.text, self.separator).skip(1);
        rows.zip(0..).map(|(row, nth)| if nth < MAX_ROWS { row } else { Err("it has more than 200 000 rows".into()) })
    }
}

/// Every file of a source, each as it could be read.
pub(crate) fn sheets(settings: &Settings) -> Vec<Result<Sheet, String>> {
    let mut left = MAX_TOGETHER;
    settings.files.iter().map(|file| Sheet::read(file, &mut left)).collect()
}
