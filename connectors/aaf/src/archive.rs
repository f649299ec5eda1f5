//! A `.tgz`, read from one end to the other and never unpacked: nothing of it is ever written anywhere.
//!
//! Only files and folders are taken. A link, a device, a name that leads elsewhere or that a header of its own makes
//! longer, and an archive that ends before its end, are refused.

use crate::bounded::{Counted, Proportionate};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};

const BLOCK: usize = 512;
/// Most files and folders of an archive.
const MAX_ENTRIES: usize = 10_000;
/// Largest header that describes another header.
const MAX_EXTENDED: u64 = 64 << 10;

/// Calls `each` with the last part of the name of every file, and its bytes, until `each` says that it has seen enough. Of
/// an archive read to its end, the checksum was right.
pub(crate) fn each<F>(file: File, each: F) -> Result<(), String>
where
    F: FnMut(&str, &mut dyn Read) -> Result<bool, String>,
{
    let (counted, went_in) = Counted::new(file);
    let inflated = MultiGzDecoder::new(counted);
    each_of(Proportionate::new(inflated, went_in), each)
}

/// Reads so many bytes of what an archive holds, as they come; how many of the archive they took.
pub(crate) fn begins(file: File, most: u64, into: &mut Vec<u8>) -> io::Result<u64> {
    let (counted, went_in) = Counted::new(file);
    MultiGzDecoder::new(counted).take(most).read_to_end(into)?;
    Ok(went_in.get())
}

fn each_of<R: Read, F>(mut tar: R, mut each: F) -> Result<(), String>
where
    F: FnMut(&str, &mut dyn Read) -> Result<bool, String>,
{
    for _ in 0..MAX_ENTRIES {
        let mut header = [0u8; BLOCK];
        tar.read_exact(&mut header).map_err(broken)?;
        if header.iter().all(|byte| *byte == 0) {
            // The checksum of what was compressed is at the very end.
            return io::copy(&mut tar, &mut io::sink()).map(drop).map_err(broken);
        }
        let (size, kind) = (checked_size(&header)?, header[156]);
        let mut body = (&mut tar).take(size);
        match kind {
            0 | b'0' => {
                let name = name(&header)?;
                if !each(&name, &mut body)? {
                    return Ok(());
                }
            }
            b'5' => {}
            b'x' | b'g' => describes_nothing(&mut body, size)?,
            b'1' | b'2' => return Err("it holds a link: an archive of AAF holds files alone".into()),
            _ => {
                return Err("it holds something that is neither a file nor a folder, or a name that is too long".into());
            }
        }
        let left = body.limit();
        let padding = size.next_multiple_of(BLOCK as u64) - size;
        skip(&mut tar, left + padding)?;
    }
    Err(format!("it holds more than {MAX_ENTRIES} files"))
}

fn broken(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends before its end: was it still being copied?".into(),
        _ => format!("it cannot be read: {error}"),
    }
}

fn skip(tar: &mut impl Read, bytes: u64) -> Result<(), String> {
    let skipped = io::copy(&mut tar.take(bytes), &mut io::sink()).map_err(broken)?;
    if skipped == bytes { Ok(()) } else { Err(broken(io::ErrorKind::UnexpectedEof.into())) }
}

/// The size of an entry whose header is whole.
fn checked_size(header: &[u8; BLOCK]) -> Result<u64, String> {
    let sum: u64 =
        header.iter().enumerate().map(|(at, b)| u64::from(if (148..156).contains(&at) { b' ' } else { *b })).sum();
    match (octal(&header[148..156]), octal(&header[124..136])) {
        (Some(written), Some(size)) if written == sum => Ok(size),
        _ => Err("it is no tar archive, or a damaged one".into()),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(if text.is_empty() { "0" } else { text }, 8).ok()
}

/// The last part of a name that leads nowhere else.
fn name(header: &[u8; BLOCK]) -> Result<String, String> {
    let text = |field: &[u8]| {
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        std::str::from_utf8(&field[..end]).map(str::to_owned).map_err(|_| "it holds a name that is no text".to_owned())
    };
    let (name, prefix) = (text(&header[..100])?, text(&header[345..500])?);
    // The prefix is one of the formats' only; others have numbers there.
    let whole = if &header[257..262] == b"ustar" && &header[262..263] == b"\0" && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    };
    let mut parts = whole.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
    if whole.starts_with('/')
        || whole.contains('\\')
        || whole.split('/').any(|part| part == "..")
        || parts.peek().is_none()
    {
        return Err("it holds a name that leads out of the archive".into());
    }
    Ok(parts.next_back().unwrap_or_default().to_owned())
}

/// Reads a header that describes the next, and refuses one that gives it another name or size.
fn describes_nothing(body: &mut impl Read, size: u64) -> Result<(), String> {
    if size > MAX_EXTENDED {
        return Err("it holds a header that is too large".into());
    }
    let mut text = Vec::new();
    body.read_to_end(&mut text).map_err(broken)?;
    let says = |key: &[u8]| text.windows(key.len()).any(|at| at == key);
    if [&b" path="[..], b" linkpath=", b" size=", b" GNU.sparse"].into_iter().any(says) {
        return Err("it holds a name that is too long, or a file that is too large, for a plain header".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
