//! Bytes with bounds: no piece larger than was granted, every line counted; and an archive that may not grow out of
//! proportion.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// How many times its size an archive may grow. Files of AAF grow some twentyfold; a bomb a thousandfold.
const GROWTH: u64 = 200;
/// What any archive may grow to.
const FREE: u64 = 32 << 20;
/// What no archive may grow to.
const MOST: u64 = 64 << 30;

/// Gives what was granted and no more, and counts lines.
pub(crate) struct Metered<R> {
    inner: BufReader<R>,
    left: usize,
    line: u64,
}

impl<R: Read> Metered<R> {
    pub(crate) fn new(inner: R) -> Self {
        Metered { inner: BufReader::with_capacity(64 << 10, inner), left: 0, line: 1 }
    }

    /// Grants that many bytes, whatever was left.
    pub(crate) fn grant(&mut self, bytes: usize) {
        self.left = bytes;
    }

    /// The line the next byte is on.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let given = self.fill_buf()?;
        let read = given.len().min(into.len());
        into[..read].copy_from_slice(&given[..read]);
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.left;
        let given = self.inner.fill_buf()?;
        if left == 0 && !given.is_empty() {
            return Err(io::Error::other("one piece of it is larger than is held in memory"));
        }
        Ok(&given[..given.len().min(left)])
    }

    fn consume(&mut self, bytes: usize) {
        let taken = &self.inner.buffer()[..bytes];
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.left -= bytes;
        self.inner.consume(bytes);
    }
}

/// Counts what goes through.
pub(crate) struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    pub(crate) fn new(inner: R) -> (Self, Rc<Cell<u64>>) {
        let count = Rc::new(Cell::new(0));
        (Counted { inner, count: Rc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// What comes out of a decompressor, as long as it stays in proportion to what went in.
pub(crate) struct Proportionate<R> {
    inner: R,
    went_in: Rc<Cell<u64>>,
    came_out: u64,
}

impl<R> Proportionate<R> {
    pub(crate) fn new(inner: R, went_in: Rc<Cell<u64>>) -> Self {
        Proportionate { inner, went_in, came_out: 0 }
    }
}

impl<R: Read> Read for Proportionate<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.came_out += read as u64;
        if self.came_out > MOST.min(FREE + GROWTH * self.went_in.get()) {
            return Err(io::Error::other("it grows out of all proportion when it is decompressed"));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_is_larger_than_granted() {
        let mut metered = Metered::new(&b"one\ntwo\nthree"[..]);
        metered.grant(8);
        let mut text = [0; 8];
        metered.read_exact(&mut text).expect("it was granted");
        assert_eq!((&text, metered.line()), (b"one\ntwo\n", 3));
        assert!(metered.read(&mut text).is_err(), "nothing is left");
        metered.grant(100);
        let mut rest = String::new();
        metered.read_to_string(&mut rest).expect("it was granted");
        assert_eq!(rest, "three");
    }
}
