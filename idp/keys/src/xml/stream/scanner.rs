//! Finds where the parts of a large document begin and end. It understands tags, quotes, comments and character data, and
//! nothing of what they mean.

use super::flaw::{self, flaw_from};
use super::{StreamBounds, StreamError, XmlError, malformed};
use std::io::{BufRead, Chain, Cursor, Read};

/// Bytes of a tag of an envelope, of a comment, and of the white space between two children.
const MAX_MARKUP: usize = 64 * 1024;

/// What the scanner stands at: the tag is in [`Scanner::markup`].
pub(super) enum Mark {
    /// An opening tag.
    Open {
        /// It closes itself.
        empty: bool,
    },
    /// A closing tag.
    Close,
}

pub(super) struct Scanner<R> {
    input: Chain<Cursor<Vec<u8>>, R>,
    pub(super) bounds: StreamBounds,
    /// Bytes taken so far.
    pub(super) bytes: u64,
    /// The tag that was read last, from `<` to `>`.
    pub(super) markup: Vec<u8>,
    /// The line it begins on.
    pub(super) line_of_markup: u32,
    /// White space that was read ahead.
    pub(super) held: String,
    line: u32,
}

/// The name at the beginning of what follows `<` or `</`.
pub(super) fn name_of(tag: &[u8]) -> &[u8] {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
    &tag[..end.unwrap_or(tag.len())]
}

impl<R: BufRead> Scanner<R> {
    pub(super) fn new(mut input: R, bounds: StreamBounds) -> std::io::Result<Scanner<R>> {
        // What a document may begin with is looked at in one piece, however the input comes.
        let mut begin = Vec::new();
        input.by_ref().take(9).read_to_end(&mut begin)?;
        let input = Cursor::new(begin).chain(input);
        Ok(Scanner { input, bounds, bytes: 0, markup: Vec::new(), line_of_markup: 1, held: String::new(), line: 1 })
    }

    /// An error where the scanner stands.
    pub(super) fn wrong<E>(&self, what: &'static str) -> StreamError<E> {
        malformed(self.line, what)
    }

    /// The name of the closing tag that was read.
    pub(super) fn closing_name(&self) -> &[u8] {
        name_of(self.markup.strip_prefix(b"</").unwrap_or_default())
    }

    /// Takes the byte order mark and the declaration away, and everything up to the first tag.
    pub(super) fn prologue<E>(&mut self) -> Result<(), StreamError<E>> {
        let begin = self.input.get_ref().0.get_ref();
        if begin.starts_with(b"\xef\xbb\xbf") {
            self.input.consume(3);
            self.bytes += 3;
        }
        let begin =
            self.input.get_ref().0.get_ref().get(usize::try_from(self.bytes).unwrap_or(0)..).unwrap_or_default();
        if begin.starts_with(b"<?xml") && begin.get(5).is_some_and(u8::is_ascii_whitespace) {
            self.markup.clear();
            let mut declaration = Vec::new();
            self.until(b'>', &mut declaration, 256)?;
            if !declaration.ends_with(b"?>") {
                return Err(self.wrong("an XML declaration that does not end"));
            }
        }
        self.space().map(drop)
    }

    /// Nothing but white space and comments may follow.
    pub(super) fn epilogue<E>(&mut self) -> Result<(), StreamError<E>> {
        self.space()?;
        if self.markup.is_empty() { Ok(()) } else { Err(self.wrong("something behind the end of the document")) }
    }

    /// The white space up to the next tag, line ends as XML reads them, without the comments in it. The tag itself is read
    /// into `markup`, which stays empty at the end of the document.
    pub(super) fn space<E>(&mut self) -> Result<String, StreamError<E>> {
        let mut space = std::mem::take(&mut self.held).into_bytes();
        loop {
            let mut found = Vec::new();
            let at_tag = self.until(b'<', &mut found, MAX_MARKUP)?;
            if at_tag {
                found.pop();
            }
            if !found.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) || space.len() > MAX_MARKUP {
                let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
                let behind = found.iter().skip_while(|byte| space(byte)).filter(|byte| **byte == b'\n').count();
                let line = self.line.saturating_sub(u32::try_from(behind).unwrap_or(0));
                return Err(malformed(line, "a text where only elements stand"));
            }
            space.extend_from_slice(&found);
            self.line_of_markup = self.line;
            let mut markup = Vec::new();
            if at_tag {
                markup.push(b'<');
                self.markup_into(&mut markup, MAX_MARKUP)?;
            }
            if !markup.starts_with(b"<!--") {
                self.markup = markup;
                let space = String::from_utf8(space).map_err(|_| self.wrong("bytes that are no UTF-8"))?;
                return Ok(space.replace("\r\n", "\n").replace('\r', "\n"));
            }
            let inside = &markup[4..markup.len() - 3];
            if std::str::from_utf8(inside).is_err()
                || inside.windows(2).any(|pair| pair == b"--")
                || inside.ends_with(b"-")
            {
                return Err(self.wrong("a comment that holds `--`, or bytes that are no UTF-8"));
            }
        }
    }

    /// What was read after the white space.
    pub(super) fn mark<E>(&self) -> Result<Option<Mark>, StreamError<E>> {
        match self.markup.get(1) {
            None => Err(self.wrong("the document ends too soon")),
            Some(b'/') => Ok(Some(Mark::Close)),
            // Neither instructions nor types nor character data stand between elements.
            Some(b'?') => Err(malformed(self.line_of_markup, flaw::INSTRUCTION)),
            Some(b'!') => Err(malformed(self.line_of_markup, "character data where only elements stand")),
            Some(_) => Ok(Some(Mark::Open { empty: self.markup.ends_with(b"/>") })),
        }
    }

    /// The rest of the element whose opening tag was read, with that tag. It ends where it holds more elements than it may, however
    /// long it goes on.
    pub(super) fn whole<E>(&mut self, opening: Vec<u8>, empty: bool) -> Result<Vec<u8>, StreamError<E>> {
        let (mut bytes, mut depth, mut elements) = (opening, u32::from(!empty), 1_u32);
        let (limit, begins) = (self.bounds.child.bytes, self.line_of_markup);
        while depth > 0 {
            if !self.until(b'<', &mut bytes, limit)? {
                return Err(StreamError::Malformed(flaw_from(&bytes, begins)));
            }
            let at = bytes.len() - 1;
            self.markup_into(&mut bytes, limit)?;
            match bytes.get(at + 1) {
                Some(b'/') => depth -= 1,
                Some(b'!' | b'?') => {}
                _ => {
                    elements += 1;
                    depth += u32::from(!bytes.ends_with(b"/>"));
                }
            }
            if elements > self.bounds.child.nodes {
                return Err(StreamError::Xml(self.line, XmlError::TooLarge));
            }
        }
        Ok(bytes)
    }

    /// The rest of a tag, comment or piece of character data, whose `<` was read.
    fn markup_into<E>(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<(), StreamError<E>> {
        let begin = out.len() - 1;
        let (mut seen, mut quote) = (begin, None);
        loop {
            if !self.until(b'>', out, limit)? {
                return Err(self.wrong("a tag, or a comment, that does not end"));
            }
            let markup = &out[begin..];
            let whole = if markup.starts_with(b"<!--") {
                markup.len() >= 7 && markup.ends_with(b"-->")
            } else if markup.starts_with(b"<![CDATA[") {
                markup.ends_with(b"]]>")
            } else if markup.starts_with(b"<!") {
                return Err(self.wrong(flaw::TYPE));
            } else if markup.starts_with(b"<?") {
                markup.ends_with(b"?>")
            } else {
                for byte in &out[seen..] {
                    match quote {
                        None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
                        Some(open) if open == *byte => quote = None,
                        _ => {}
                    }
                }
                seen = out.len();
                quote.is_none()
            };
            if whole {
                return Ok(());
            }
        }
    }

    /// Takes bytes up to and with `stop`; `false` when the input ends before.
    fn until<E>(&mut self, stop: u8, out: &mut Vec<u8>, limit: usize) -> Result<bool, StreamError<E>> {
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StreamError::Input(error)),
            };
            let found = buffer.iter().position(|byte| *byte == stop);
            let taken = found.map_or(buffer.len(), |at| at + 1);
            if out.len() + taken > limit || self.bytes + taken as u64 > self.bounds.bytes {
                return Err(StreamError::Xml(self.line, XmlError::TooLarge));
            }
            out.extend_from_slice(&buffer[..taken]);
            let lines = buffer[..taken].iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.input.consume(taken);
            self.bytes += taken as u64;
            if found.is_some() {
                return Ok(true);
            }
            if taken == 0 {
                return Ok(false);
            }
        }
    }
}
