//! The grammar of `ficAlimMENESR`, read as a stream: one request in memory at a time, and nothing of the DTD.
//!
//! A real file names its DTD (`<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">`): the line is passed over and the DTD
//! never fetched, so that nothing can be defined by it. A DOCTYPE that declares something itself is refused. The grammar is
//! fixed, so depth is bounded by it; an element that has no place there ends the reading.

use crate::bounded::Metered;
use crate::text::{self, Encoding};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::collections::HashSet;
use std::io::Read;

/// Longest piece between two marks: a tag, a text, a comment.
const MAX_PIECE: usize = 64 << 10;
/// Most that is kept of one request.
const MAX_REQUEST: usize = 1 << 20;
/// What a value costs besides its letters.
const OVERHEAD: usize = 32;
/// Longest identifier.
const MAX_ID: usize = 128;

/// What is asked of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Modify,
    Delete,
}

/// Attributes and their values.
pub(crate) type Attributes = Vec<(String, Vec<Vec<u8>>)>;

/// One request of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) verb: Verb,
    /// The identifier; empty when there is none that can be used.
    pub(crate) id: String,
    /// Line on which it begins.
    pub(crate) line: u64,
    /// Those attributes that are read.
    pub(crate) attributes: Attributes,
    /// What is wrong with it, in a sentence without a value.
    pub(crate) fault: Option<String>,
}

/// Where in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    File,
    Request,
    Operational,
    OperationalAttr,
    OperationalValue,
    Identifier,
    Id,
    Attributes,
    Attr,
    Value,
}

impl Place {
    /// The place an element leads to; `None` where it does not belong.
    fn inside(self, element: &[u8]) -> Option<Place> {
        Some(match (self, element) {
            (Place::Outside, b"ficAlimMENESR") => Place::File,
            (Place::File, b"addRequest" | b"modifyRequest" | b"deleteRequest") => Place::Request,
            (Place::Request, b"operationalAttributes") => Place::Operational,
            (Place::Request, b"identifier") => Place::Identifier,
            (Place::Request, b"attributes" | b"modifications") => Place::Attributes,
            (Place::Operational, b"attr") => Place::OperationalAttr,
            (Place::OperationalAttr, b"value") => Place::OperationalValue,
            (Place::Identifier, b"id") => Place::Id,
            (Place::Attributes, b"attr" | b"modification") => Place::Attr,
            (Place::Attr, b"value") => Place::Value,
            _ => return None,
        })
    }

    fn outside(self) -> Place {
        match self {
            Place::Outside | Place::File => Place::Outside,
            Place::Request => Place::File,
            Place::Operational | Place::Identifier | Place::Attributes => Place::Request,
            Place::OperationalAttr => Place::Operational,
            Place::OperationalValue => Place::OperationalAttr,
            Place::Id => Place::Identifier,
            Place::Attr => Place::Attributes,
            Place::Value => Place::Attr,
        }
    }

    fn has_text(self) -> bool {
        matches!(self, Place::OperationalValue | Place::Id | Place::Value)
    }
}

/// Calls `each` with every request of a file of that category, with the attributes `wanted`. An error says the line; the
/// requests before it were handed over.
pub(crate) fn each<F>(input: impl Read, category: &str, wanted: &HashSet<String>, mut each: F) -> Result<(), String>
where
    F: FnMut(Request) -> Result<(), String>,
{
    let mut reader = Reader::from_reader(Metered::new(input));
    reader.config_mut().expand_empty_elements = true;
    let mut parser = Parser::new(category, wanted);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().grant(MAX_PIECE);
        let event = reader.read_event_into(&mut buffer);
        let line = reader.get_ref().line();
        let done = match event {
            Ok(Event::Eof) => return parser.end().map_err(|what| format!("line {line}: {what}")),
            Ok(event) => parser.take(event, line),
            Err(quick_xml::Error::Io(error)) => Err(error.to_string()),
            Err(_) => Err("this is not XML".into()),
        };
        if let Some(request) = done.map_err(|what| format!("line {line}: {what}"))? {
            each(request)?;
        }
    }
}

struct Parser<'a> {
    category: &'a str,
    wanted: &'a HashSet<String>,
    encoding: Encoding,
    place: Place,
    begun: bool,
    ended: bool,
    request: Option<Request>,
    kept: usize,
    keeps: bool,
    text: Vec<u8>,
}

impl<'a> Parser<'a> {
    fn new(category: &'a str, wanted: &'a HashSet<String>) -> Self {
        Parser {
            category,
            wanted,
            encoding: Encoding::Utf8,
            place: Place::Outside,
            begun: false,
            ended: false,
            request: None,
            kept: 0,
            keeps: false,
            text: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'_>, line: u64) -> Result<Option<Request>, String> {
        match event {
            Event::Start(element) => self.start(&element, line)?,
            Event::End(_) => {
                let request = self.close();
                return self.bound().map(|()| request);
            }
            Event::Text(text) => self.add_text(&text)?,
            Event::CData(text) => self.add_text(&text)?,
            Event::GeneralRef(reference) => self.add_reference(&reference)?,
            Event::Decl(declaration) => match declaration.encoding() {
                None => {}
                Some(Ok(name)) => {
                    self.encoding = Encoding::named(&name)
                        .ok_or("this encoding is not read: UTF-8, ISO-8859-15 and ISO-8859-1 are".to_owned())?;
                }
                Some(Err(_)) => return Err("this is not XML".into()),
            },
            Event::DocType(_) if self.begun => return Err("a DOCTYPE has no place there".into()),
            Event::DocType(text) if text.contains(&b'[') => {
                return Err("the DOCTYPE declares something of its own: it may name its DTD and no more".into());
            }
            Event::DocType(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) | Event::Eof => {}
        }
        Ok(None)
    }

    fn start(&mut self, element: &BytesStart<'_>, line: u64) -> Result<(), String> {
        let name = element.name();
        let place = self.place.inside(name.as_ref()).filter(|_| !self.ended);
        let place = place.ok_or("an element has no place there: the file does not follow ficAlimMENESR")?;
        match place {
            Place::File => self.begun = true,
            Place::Request => {
                let verb = match name.as_ref() {
                    b"addRequest" => Verb::Add,
                    b"modifyRequest" => Verb::Modify,
                    _ => Verb::Delete,
                };
                self.kept = 0;
                self.request = Some(Request { verb, id: String::new(), line, attributes: Vec::new(), fault: None });
            }
            Place::Attr => self.start_attribute(element)?,
            _ => {}
        }
        self.text.clear();
        self.place = place;
        Ok(())
    }

    fn start_attribute(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let (mut name, mut replaces) = (None, true);
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|_| "this is not XML".to_owned())?;
            match attribute.key.as_ref() {
                b"name" => name = std::str::from_utf8(&attribute.value).ok().map(str::to_owned),
                b"operation" => replaces = attribute.value.as_ref() == b"replace",
                _ => {}
            }
        }
        if !replaces {
            self.fault("a modification does something else than replace");
        }
        let name = name.filter(|name| self.wanted.contains(name));
        self.keeps = name.is_some();
        if let (Some(name), Some(request)) = (name, &mut self.request) {
            self.kept += name.len() + OVERHEAD;
            request.attributes.push((name, Vec::new()));
        }
        Ok(())
    }

    fn add_text(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.place.has_text() {
            if self.place != Place::Value || self.keeps {
                self.encoding.append(bytes, &mut self.text);
                return self.bound();
            }
        } else if bytes.iter().any(|byte| !byte.is_ascii_whitespace()) {
            return Err("a text has no place there".into());
        }
        Ok(())
    }

    fn add_reference(&mut self, reference: &BytesRef<'_>) -> Result<(), String> {
        if !self.place.has_text() {
            return Err("a text has no place there".into());
        }
        let letter =
            if reference.is_char_ref() { reference.resolve_char_ref().ok().flatten() } else { text::entity(reference) };
        match letter {
            Some(letter) => text::push(letter, &mut self.text),
            None => self.fault("a value refers to an entity that is not known: what a DTD would say is not read"),
        }
        self.bound()
    }

    /// Whom a request that is not kept whole would name is not known: it ends the reading.
    fn bound(&self) -> Result<(), String> {
        let fits = self.kept + self.text.len() <= MAX_REQUEST;
        if fits { Ok(()) } else { Err("a request is larger than is held in memory".into()) }
    }

    fn fault(&mut self, what: &str) {
        if let Some(request) = &mut self.request {
            request.fault.get_or_insert_with(|| what.to_owned());
        }
    }

    fn close(&mut self) -> Option<Request> {
        let (place, text) = (self.place, std::mem::take(&mut self.text));
        self.place = place.outside();
        match place {
            Place::File => self.ended = true,
            Place::OperationalValue if text.trim_ascii() != self.category.as_bytes() => {
                self.fault("it is of another category than its file");
            }
            Place::Id => {
                let id = String::from_utf8(text).ok().map(|id| id.trim().to_owned());
                let id = id.filter(|id| id.chars().count() <= MAX_ID && !id.chars().any(char::is_control));
                match (&mut self.request, id) {
                    (Some(request), Some(id)) if request.id.is_empty() => request.id = id,
                    _ => self.fault("it has two identifiers, or one that cannot be used"),
                }
            }
            // An empty value says that there is none.
            Place::Value if self.keeps && !text.trim_ascii().is_empty() => {
                self.kept += text.len() + OVERHEAD;
                if let Some((_, values)) = self.request.as_mut().and_then(|request| request.attributes.last_mut()) {
                    values.push(text);
                }
            }
            Place::Request => {
                let mut request = self.request.take()?;
                if request.id.is_empty() {
                    request.fault.get_or_insert_with(|| "its identifier is missing".to_owned());
                }
                return Some(request);
            }
            _ => {}
        }
        None
    }

    fn end(&self) -> Result<(), String> {
        match (self.begun, self.ended) {
            (true, true) => Ok(()),
            (true, false) => Err("the file ends before its end: was it still being copied?".into()),
            (false, _) => Err("this is no file of AAF".into()),
        }
    }
}

#[cfg(test)]
mod tests;
