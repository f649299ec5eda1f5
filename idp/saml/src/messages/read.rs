//! Strict reading: elements in the order of the schema, values within bounds.

use crate::names::{SAML, SAMLP, XSI};
use crate::time::instant;
use preau_domain::{Instant, display_safe};
use preau_keys::xml::{Child, Element, Flaw, XmlError, flaw};
use std::fmt;
use thiserror::Error;

/// Longest identifier, in bytes.
const MAX_ID: usize = 256;
/// Longest address or entity name, in bytes (saml-core-2.0, 8.3.6).
pub(crate) const MAX_URI: usize = 1024;
/// Longest name of an element that is told, in characters: whoever sends a message chooses it, and it goes to a log.
const MAX_NAME: usize = 60;
/// Longest other value, in bytes.
pub(crate) const MAX_VALUE: usize = 8 * 1024;

/// Why something is refused, and where. For people who connect two ends: none of it says what a value was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Refused {
    /// What is wrong.
    pub why: Why,
    /// The element it is wrong with.
    pub element: String,
    /// Its line, from 1; 0 where there is none.
    pub line: u32,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.element.as_str()) {
            (0, element) => write!(f, "{}: {element}", self.why),
            (line, "") => write!(f, "{}: line {line}", self.why),
            (line, element) => write!(f, "{}: <{element}>, line {line}", self.why),
        }
    }
}

impl Refused {
    /// A message that the parser refused.
    pub fn unread(error: XmlError, message: &[u8]) -> Refused {
        match error {
            XmlError::Malformed => {
                let Flaw { line, element, what } = flaw(message);
                Refused { why: Why::Malformed(what), element: display_safe(&element, MAX_NAME), line }
            }
            other => Why::from(other).of("message"),
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Why {
    /// It is no well-formed XML.
    #[error("the message is malformed, {0}")]
    Malformed(&'static str),
    /// Another element was expected.
    #[error("another element is expected here")]
    Unexpected,
    /// It stands there more than once, or more often than is read.
    #[error("the element is there too often")]
    TooMany,
    /// It holds what it must not hold.
    #[error("the content is not what it must be")]
    Content,
    /// A value is longer than what is read.
    #[error("a value is too long")]
    TooLong,
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value is no value of its kind.
    #[error("the value of {0} is malformed")]
    Value(&'static str),
    /// Two things are said of which one excludes the other.
    #[error("{0} is said beside {1}: one excludes the other")]
    Both(&'static str, &'static str),
    /// It would have to be understood, and is not.
    #[error("this is not supported")]
    Unsupported,
    /// The message did not come as its binding has it.
    #[error("the message did not come as its binding asks: {0}")]
    Binding(&'static str),
    /// It is no XML that is read, or its signature is wrong.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

impl Why {
    /// Said of an element.
    pub(crate) fn at(self, element: &Element) -> Refused {
        Refused { why: self, element: display_safe(element.local(), MAX_NAME), line: element.line() }
    }

    /// Said of a message whose elements are not to be seen.
    pub(crate) fn of(self, message: &str) -> Refused {
        Refused { why: self, element: message.to_owned(), line: 0 }
    }
}

/// What stands in an element, taken in the order of the schema.
pub(crate) struct Inside<'a> {
    of: &'a Element,
    rest: &'a [Child],
}

impl<'a> Inside<'a> {
    /// Of an element that holds elements, and between them nothing but white space.
    pub(crate) fn of(element: &'a Element) -> Result<Inside<'a>, Refused> {
        let blank = |child: &Child| match child {
            Child::Element(_) => true,
            Child::Text(text) => text.chars().all(|c| c.is_ascii_whitespace()),
        };
        if !element.children().iter().all(blank) {
            return Err(Why::Content.at(element));
        }
        Ok(Inside { of: element, rest: element.children() })
    }

    fn next(&mut self) -> Option<&'a Element> {
        while let Some((first, rest)) = self.rest.split_first() {
            match first {
                Child::Element(element) => return Some(element),
                Child::Text(_) => self.rest = rest,
            }
        }
        None
    }

    /// The next element, if it has this name.
    pub(crate) fn maybe(&mut self, namespace: &str, local: &str) -> Option<&'a Element> {
        let found = self.next().filter(|element| element.is(namespace, local))?;
        self.rest = &self.rest[1..];
        Some(found)
    }

    /// The next element, which must have this name.
    pub(crate) fn must(&mut self, namespace: &str, local: &'static str) -> Result<&'a Element, Refused> {
        self.maybe(namespace, local).ok_or_else(|| Why::Missing(local).at(self.of))
    }

    /// The next elements as long as they have this name; at most so many.
    pub(crate) fn many(&mut self, namespace: &str, local: &str, most: usize) -> Result<Vec<&'a Element>, Refused> {
        let mut found = Vec::new();
        while let Some(element) = self.maybe(namespace, local) {
            if found.len() == most {
                return Err(Why::TooMany.at(element));
            }
            found.push(element);
        }
        Ok(found)
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<&'a Element> {
        let found = self.next()?;
        self.rest = &self.rest[1..];
        Some(found)
    }

    /// Nothing may follow.
    pub(crate) fn end(mut self) -> Result<(), Refused> {
        self.next().map_or(Ok(()), |element| Err(Why::Unexpected.at(element)))
    }
}

/// What every message begins with.
pub(crate) struct Head<'a> {
    pub(crate) id: String,
    pub(crate) issue_instant: Instant,
    pub(crate) destination: Option<String>,
    pub(crate) in_response_to: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) inside: Inside<'a>,
}

/// The beginning of a message of that name: attributes, issuer, signature and extensions.
pub(crate) fn head<'a>(element: &'a Element, local: &'static str) -> Result<Head<'a>, Refused> {
    if !element.is(SAMLP, local) {
        return Err(Why::Unexpected.at(element));
    }
    let (id, issue_instant) = born(element)?;
    let mut inside = Inside::of(element)?;
    let issuer = inside.maybe(SAML, "Issuer").map(issuer).transpose()?;
    inside.maybe(crate::names::DS, "Signature");
    inside.maybe(SAMLP, "Extensions");
    Ok(Head {
        id,
        issue_instant,
        destination: uri(element, "Destination")?,
        in_response_to: identifier(element, "InResponseTo")?,
        issuer,
        inside,
    })
}

/// Identifier and instant of a message or an assertion, whose version must be 2.0.
pub(crate) fn born(element: &Element) -> Result<(String, Instant), Refused> {
    if element.attribute("Version") != Some("2.0") {
        return Err(Why::Value("Version").at(element));
    }
    let id = identifier(element, "ID")?.ok_or_else(|| Why::Missing("ID").at(element))?;
    let at = moment(element, "IssueInstant")?.ok_or_else(|| Why::Missing("IssueInstant").at(element))?;
    Ok((id, at))
}

/// The name of a system entity.
pub(crate) fn issuer(element: &Element) -> Result<String, Refused> {
    let format = element.attribute("Format").unwrap_or(crate::names::nameid::ENTITY);
    let qualified =
        ["NameQualifier", "SPNameQualifier", "SPProvidedID"].iter().any(|one| element.attribute(one).is_some());
    if format != crate::names::nameid::ENTITY || qualified {
        return Err(Why::Unsupported.at(element));
    }
    content(element, MAX_URI)
}

/// The text of an element that must hold some, without the white space around it.
pub(crate) fn content(element: &Element, most: usize) -> Result<String, Refused> {
    let text = element.text().map_err(|_| Why::Content.at(element))?.trim_matches(|c: char| c.is_ascii_whitespace());
    match text.len() {
        0 => Err(Why::Content.at(element)),
        length if length > most => Err(Why::TooLong.at(element)),
        _ => Ok(text.to_owned()),
    }
}

/// The value of an attribute, if it is there.
pub(crate) fn value(element: &Element, name: &'static str, most: usize) -> Result<Option<String>, Refused> {
    match element.attribute(name) {
        Some(value) if value.len() > most => Err(Why::TooLong.at(element)),
        value => Ok(value.map(str::to_owned)),
    }
}

/// The value of an attribute that is an address or a name of the standards.
pub(crate) fn uri(element: &Element, name: &'static str) -> Result<Option<String>, Refused> {
    let found = value(element, name, MAX_URI)?;
    match &found {
        Some(uri) if uri.is_empty() || uri.contains(char::is_whitespace) => Err(Why::Value(name).at(element)),
        _ => Ok(found),
    }
}

/// The value of an attribute that names a message.
pub(crate) fn identifier(element: &Element, name: &'static str) -> Result<Option<String>, Refused> {
    match element.attribute(name) {
        Some(id) if !is_id(id) => Err(Why::Value(name).at(element)),
        id => Ok(id.map(str::to_owned)),
    }
}

/// The value of an attribute that is an instant.
pub(crate) fn moment(element: &Element, name: &'static str) -> Result<Option<Instant>, Refused> {
    let read = |text: &str| instant(text).ok_or_else(|| Why::Value(name).at(element));
    element.attribute(name).map(read).transpose()
}

/// The value of an attribute that is true or false; false where it is absent.
pub(crate) fn flag(element: &Element, name: &'static str) -> Result<bool, Refused> {
    match element.attribute(name) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(Why::Value(name).at(element)),
    }
}

/// The value of an attribute that is a small number.
pub(crate) fn index(element: &Element, name: &'static str) -> Result<Option<u16>, Refused> {
    let read = |text: &str| text.parse().map_err(|_| Why::Value(name).at(element));
    element.attribute(name).map(read).transpose()
}

/// Whether an element says that it has no value.
pub(crate) fn nil(element: &Element) -> bool {
    matches!(element.attribute_of(XSI, "nil"), Some("true" | "1"))
}

/// Whether a text can name a message: an `xs:ID` of plain letters, of at most 256 bytes.
pub fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
