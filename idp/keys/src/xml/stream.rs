//! Documents too large for a tree: a signed element read child by child, in the memory of one child.
//!
//! What is handed out is digested: each child is read by the parser of the tree ([`Document`]), its canonical form goes into
//! the digest, and what the caller makes of it is given back only once the signature fits. The scanner here does nothing but
//! find where a child ends; where it and the parser would differ, the parser sees something that is no document, and the
//! whole is refused.
//!
//! The signature is the first child, as the schema of metadata wants it: without knowing how it canonicalises, nothing after
//! it could be digested.

use super::flaw::{self, Flaw, flaw, flaw_from};
use super::names::DS;
use super::signature::Parts;
use super::tree::{Child, Document, Element};
use super::{Bounds, XmlError, c14n};
use crate::constant_time_eq;
use crate::jose::PublicKey;
use aws_lc_rs::digest;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::BufRead;

mod scanner;

use scanner::{Mark, Scanner};

/// Envelopes inside one another.
const ENVELOPES: usize = 8;
/// Bytes of their tags together: they are read again with each child.
const TAGS: usize = 16 * 1024;
/// How much of a large document is read.
#[derive(Clone, Copy, Debug)]
pub struct StreamBounds {
    /// Bytes of the whole.
    pub bytes: u64,
    /// Bytes and nodes of one child.
    pub child: Bounds,
    /// Children.
    pub children: usize,
}

/// A child of an envelope, as it is read: nothing of it counts before [`read_stream`] has come to its end.
pub struct Piece<'a> {
    /// The child.
    pub element: &'a Element,
    /// The envelopes around it, the outermost first. Their own children are not in them.
    pub around: &'a [Element],
}

/// What came of a large document.
#[derive(Debug)]
pub struct Streamed<T> {
    /// The outermost element, without its children.
    pub root: Element,
    /// What the caller kept.
    pub kept: Vec<T>,
    /// Bytes read.
    pub bytes: u64,
}

/// Why a large document is not taken.
#[derive(Debug)]
pub enum StreamError<E> {
    /// It is not believed, or cannot be read; on that line.
    Xml(u32, XmlError),
    /// It is no well-formed XML of the kind that is read.
    Malformed(Flaw),
    /// It cannot be read from where it is.
    Input(std::io::Error),
    /// The caller would have no more of it.
    Caller(E),
}

/// A flaw of which the element is not known.
fn malformed<E>(line: u32, what: &'static str) -> StreamError<E> {
    StreamError::Malformed(Flaw { line, element: String::new(), what })
}

/// Reads a document whose outermost element is called `envelope`, or is itself a child. Children of envelopes are handed to
/// `keep` one by one, envelopes inside envelopes are opened. With `keys` the outermost element must be signed by one of them,
/// and nothing is given back unless it is; without, a signature is not looked at.
pub fn read_stream<T, E>(
    input: impl BufRead,
    bounds: StreamBounds,
    envelope: (&str, &str),
    keys: Option<&[PublicKey]>,
    keep: impl FnMut(Piece<'_>) -> Result<Option<T>, E>,
) -> Result<Streamed<T>, StreamError<E>> {
    let mut reading = Reading {
        scanner: Scanner::new(input, bounds).map_err(StreamError::Input)?,
        envelope,
        keys,
        keep,
        digesting: None,
        kept: Vec::new(),
        children: 0,
        identifiers: Identifiers::default(),
    };
    let root = reading.document()?;
    Ok(Streamed { root, kept: reading.kept, bytes: reading.scanner.bytes })
}

/// An envelope that is open.
#[derive(Clone)]
struct Open {
    /// Its tag, as it is written.
    tag: Vec<u8>,
    element: Element,
}

impl Open {
    fn name(&self) -> &[u8] {
        scanner::name_of(self.tag.get(1..).unwrap_or_default())
    }
}

struct Reading<'a, R, F, T> {
    scanner: Scanner<R>,
    envelope: (&'a str, &'a str),
    keys: Option<&'a [PublicKey]>,
    keep: F,
    digesting: Option<Digesting>,
    kept: Vec<T>,
    children: usize,
    identifiers: Identifiers,
}

/// A signature that was read, and the digest of what it covers so far.
struct Digesting {
    signature: Element,
    prefixes: Vec<String>,
    context: digest::Context,
}

/// Every identifier once, by its hash under a key of this process: an accident refuses, and cannot be made.
#[derive(Default)]
struct Identifiers {
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Identifiers {
    fn add(&mut self, element: &Element) -> Result<(), XmlError> {
        let mut unique = true;
        element.walk(&mut |one| {
            if let Some(id) = one.identifier() {
                unique &= self.seen.insert(self.hasher.hash_one(id));
            }
        });
        if unique { Ok(()) } else { Err(XmlError::Identifier) }
    }
}

impl<R: BufRead, T, E, F: FnMut(Piece<'_>) -> Result<Option<T>, E>> Reading<'_, R, F, T> {
    fn document(&mut self) -> Result<Element, StreamError<E>> {
        self.scanner.prologue()?;
        let Some(Mark::Open { empty }) = self.scanner.mark()? else {
            return Err(self.scanner.wrong("no element"));
        };
        let opening = std::mem::take(&mut self.scanner.markup);
        let line = self.scanner.line_of_markup;
        let root = self.opened(&[], &opening, line, empty)?;
        let root = if root.is(self.envelope.0, self.envelope.1) {
            self.root_envelope(root, &opening, empty)?
        } else {
            self.single(opening, line, empty)?
        };
        self.scanner.epilogue()?;
        Ok(root)
    }

    /// An envelope's opening tag as an element, by the parser of the tree.
    fn opened(&self, around: &[Open], tag: &[u8], line: u32, empty: bool) -> Result<Element, StreamError<E>> {
        let mut text = tag.to_vec();
        if !empty {
            text.truncate(text.len() - 1);
            text.extend_from_slice(b"/>");
        }
        self.parsed(around, &text, line)
    }

    /// A whole element of the document as the tree would hold it: read inside the tags of the envelopes around it.
    fn parsed(&self, around: &[Open], bytes: &[u8], line: u32) -> Result<Element, StreamError<E>> {
        let mut text = Vec::with_capacity(bytes.len() + around.iter().map(|one| one.tag.len() * 2).sum::<usize>());
        around.iter().for_each(|one| text.extend_from_slice(&one.tag));
        let before = text.iter().filter(|byte| **byte == b'\n').count();
        text.extend_from_slice(bytes);
        for one in around.iter().rev() {
            text.extend_from_slice(b"</");
            text.extend_from_slice(one.name());
            text.push(b'>');
        }
        let shift = i64::from(line) - 1 - i64::try_from(before).unwrap_or(0);
        let bounds = self.scanner.bounds.child;
        let wrong = |error| match error {
            // Its lines count from the tags of the envelopes: where those are at fault, from the element.
            XmlError::Malformed => {
                let found = flaw(&text);
                let at = i64::from(found.line).saturating_add(shift).max(i64::from(line));
                StreamError::Malformed(Flaw { line: u32::try_from(at).unwrap_or(line), ..found })
            }
            other => StreamError::Xml(line, other),
        };
        let mut found = Document::parse_at(&text, bounds, shift).map_err(wrong)?.root;
        // Only the child stands in the envelope: what looked like one child and is two, is none.
        let other = || malformed(line, "an element that ends before its end");
        for _ in around {
            let Some(Child::Element(inner)) = found.children.pop() else { return Err(other()) };
            if !found.children.is_empty() {
                return Err(other());
            }
            found = inner;
        }
        Ok(found)
    }

    /// A document that is one child: the tree's own way.
    fn single(&mut self, opening: Vec<u8>, line: u32, empty: bool) -> Result<Element, StreamError<E>> {
        let bytes = self.scanner.whole(opening, empty)?;
        let document = Document::parse_at(&bytes, self.scanner.bounds.child, i64::from(line) - 1);
        let document = document.map_err(|error| match error {
            XmlError::Malformed => StreamError::Malformed(flaw_from(&bytes, line)),
            other => StreamError::Xml(line, other),
        })?;
        let (namespace, local) = (document.root.namespace.clone(), document.root.local.clone());
        let element = match self.keys {
            Some(keys) => {
                let verified = document.verify(&namespace, &local, keys);
                verified.map_err(|error| StreamError::Xml(line, error))?.into_element()
            }
            None => document.root,
        };
        self.hand_out(&element, &[])?;
        Ok(Element { children: Vec::new(), ..element })
    }

    fn hand_out(&mut self, element: &Element, around: &[Element]) -> Result<(), StreamError<E>> {
        self.children += 1;
        if self.children > self.scanner.bounds.children {
            return Err(StreamError::Xml(element.line(), XmlError::TooLarge));
        }
        let kept = (self.keep)(Piece { element, around }).map_err(StreamError::Caller)?;
        self.kept.extend(kept);
        Ok(())
    }

    /// The outermost envelope: its signature first, then everything it covers.
    fn root_envelope(&mut self, root: Element, tag: &[u8], empty: bool) -> Result<Element, StreamError<E>> {
        self.identifiers.add(&root).map_err(|error| StreamError::Xml(root.line(), error))?;
        let line = root.line();
        if empty {
            return if self.keys.is_some() { Err(StreamError::Xml(line, XmlError::NotSigned)) } else { Ok(root) };
        }
        let open = Open { tag: tag.to_vec(), element: root };
        if self.keys.is_some() {
            self.signature(&open)?;
        }
        self.inside(std::slice::from_ref(&open), &c14n::Scope::new(), &c14n::Scope::new())?;
        if let Some(digesting) = self.digesting.take() {
            self.believe(digesting, &open.element)?;
        }
        Ok(open.element)
    }

    /// Reads the signature, and says from now on what it covers.
    fn signature(&mut self, root: &Open) -> Result<(), StreamError<E>> {
        let not_signed = StreamError::Xml(root.element.line(), XmlError::NotSigned);
        // The white space in front of it is digested once it is known how.
        let before = self.scanner.space()?;
        let Some(Mark::Open { empty }) = self.scanner.mark()? else { return Err(not_signed) };
        let opening = std::mem::take(&mut self.scanner.markup);
        let line = self.scanner.line_of_markup;
        let bytes = self.scanner.whole(opening, empty)?;
        let signature = self.parsed(std::slice::from_ref(root), &bytes, line)?;
        if !signature.is(DS, "Signature") {
            return Err(not_signed);
        }
        let wrong = |error| StreamError::Xml(line, error);
        self.identifiers.add(&signature).map_err(wrong)?;
        let parts = Parts::read(&signature).map_err(wrong)?;
        let id = root.element.attribute("ID").filter(|id| !id.is_empty()).ok_or(wrong(XmlError::Reference))?;
        if parts.uri.strip_prefix('#') != Some(id) {
            return Err(wrong(XmlError::Reference));
        }
        let prefixes = parts.content_prefixes.iter().map(|one| (*one).to_owned()).collect();
        let context = digest::Context::new(parts.digest);
        self.digesting = Some(Digesting { prefixes, context, signature });
        self.scanner.held = before;
        Ok(())
    }

    /// The signature fits what was read, and is by one of the keys.
    fn believe(&self, digesting: Digesting, root: &Element) -> Result<(), StreamError<E>> {
        let line = digesting.signature.line();
        let wrong = |error| StreamError::Xml(line, error);
        let parts = Parts::read(&digesting.signature).map_err(wrong)?;
        if !constant_time_eq(digesting.context.finish().as_ref(), &parts.digest_value) {
            return Err(wrong(XmlError::Digest));
        }
        let mut around = c14n::Scope::new();
        c14n::enter(&mut around, root);
        parts.signed_by(around, &digesting.signature, self.keys.unwrap_or_default()).map_err(wrong)
    }

    /// An envelope: its tag, then its children, then its end. `scope` and `rendered` are what is declared and written around it.
    fn inside(
        &mut self,
        around: &[Open],
        scope: &c14n::Scope<'_>,
        rendered: &c14n::Scope<'_>,
    ) -> Result<(), StreamError<E>> {
        let Some(this) = around.last() else { return Ok(()) };
        if around.iter().map(|one| one.tag.len()).sum::<usize>() > TAGS {
            return Err(StreamError::Xml(this.element.line(), XmlError::TooLarge));
        }
        let prefixes: Vec<String> = self.digesting.as_ref().map(|one| one.prefixes.clone()).unwrap_or_default();
        let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        let (mut scope, mut rendered): (c14n::Scope<'_>, c14n::Scope<'_>) = (scope.clone(), rendered.clone());
        let mut out = Vec::new();
        c14n::open(&mut out, &this.element, &mut scope, &mut rendered, &prefixes);
        let envelopes: Vec<Element> = around.iter().map(|one| one.element.clone()).collect();
        loop {
            c14n::text(&mut out, &self.scanner.space()?);
            self.digest(&mut out);
            let Some(Mark::Open { empty }) = self.scanner.mark()? else { break };
            let opening = std::mem::take(&mut self.scanner.markup);
            let line = self.scanner.line_of_markup;
            let wrong = |error| StreamError::Xml(line, error);
            let tag = self.opened(around, &opening, line, empty)?;
            if tag.is(self.envelope.0, self.envelope.1) && !empty {
                if around.len() >= ENVELOPES {
                    return Err(wrong(XmlError::TooLarge));
                }
                self.identifiers.add(&tag).map_err(wrong)?;
                let mut inner = around.to_vec();
                inner.push(Open { tag: opening, element: tag });
                self.inside(&inner, &scope, &rendered)?;
                continue;
            }
            let bytes = self.scanner.whole(opening, empty)?;
            let child = self.parsed(around, &bytes, line)?;
            self.identifiers.add(&child).map_err(wrong)?;
            let is_signature = child.is(DS, "Signature");
            // The one that counts was taken out where it stands; a second one is no metadata.
            if is_signature && self.digesting.is_some() && around.len() == 1 {
                return Err(wrong(XmlError::Several));
            }
            if self.digesting.is_some() {
                c14n::child(&mut out, &child, &scope, &rendered, &prefixes);
            }
            if !is_signature {
                self.hand_out(&child, &envelopes)?;
            }
        }
        if self.scanner.closing_name() != this.name() {
            return Err(malformed(this.element.line(), flaw::OPEN));
        }
        c14n::close(&mut out, &this.element);
        self.digest(&mut out);
        Ok(())
    }

    fn digest(&mut self, out: &mut Vec<u8>) {
        if let Some(digesting) = &mut self.digesting {
            digesting.context.update(out);
        }
        out.clear();
    }
}

#[cfg(test)]
#[path = "stream/tests.rs"]
mod tests;
