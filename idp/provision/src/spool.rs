//! Where what was read waits for the guard: a file without a name. It is created for its owner alone and unlinked at
//! once, so that it holds personal data exactly as long as the process that wrote it, however that process ends.

use crate::digest::Digest;
use preau_connector_api::PersonRecord;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file while it is written.
pub(crate) struct Spool {
    file: BufWriter<File>,
    records: u64,
}

impl Spool {
    /// A new spool in `dir`, for the run of that name.
    pub(crate) fn create(dir: &Path, run: &str) -> io::Result<Spool> {
        let path = dir.join(format!("reading-{run}.spool"));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        fs::remove_file(&path)?;
        Ok(Spool { file: BufWriter::with_capacity(256 * 1024, file), records: 0 })
    }

    /// Keeps one record, given as its canonical JSON, with its digest.
    pub(crate) fn write(&mut self, digest: Digest, json: &[u8]) -> io::Result<()> {
        self.file.write_all(digest.hex().as_bytes())?;
        self.file.write_all(json)?;
        self.file.write_all(b"\n")?;
        self.records += 1;
        Ok(())
    }

    /// How many records it holds.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Turns to reading.
    pub(crate) fn rewind(self) -> io::Result<SpoolReader> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(SpoolReader { file: BufReader::with_capacity(256 * 1024, file), line: Vec::new() })
    }
}

/// The file while it is read, in the order it was written.
pub(crate) struct SpoolReader {
    file: BufReader<File>,
    line: Vec<u8>,
}

impl SpoolReader {
    /// The next record and its digest; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<(String, PersonRecord)>> {
        self.line.clear();
        if self.file.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("spool: {what}"));
        let (digest, json) = self.line.split_at_checked(32).ok_or_else(|| broken("a line is cut short"))?;
        let digest = std::str::from_utf8(digest).map_err(|_| broken("a digest is not text"))?;
        let record = serde_json::from_slice(json).map_err(|_| broken("a record does not read back"))?;
        Ok(Some((digest.to_owned(), record)))
    }
}
