//! What entities say of themselves (saml-metadata-2.0): who they are, where they listen, with which keys.
//!
//! Owns the reading of one entity ([`Entity::read`]), of a document that holds one or thousands ([`read`]), the
//! writing of ours ([`Ours`]), and the set of entities in force ([`Peers`]). Where documents come from, when they are asked
//! for again and where they are kept is the server's matter.
//!
//! A key without `use` serves both uses. Nothing of a document counts before its signature fits, when one is asked for; and
//! whatever fails says which element on which line.

mod document;
mod entity;
mod key;
mod peers;
mod write;

pub use document::{Before, Read, Refused, Rules, read};
pub use entity::{
    Contact, Endpoint, Entity, IdpRole, Indexed, Localised, Logo, RequestedAttribute, Service, SpRole, Ui,
};
pub use key::{EncryptionKey, Keys, LeftOut, RoleKey, Usage};
pub use peers::{Peer, Peers};
pub use write::{OurIdp, OurSp, Ours, PublishedKey};

use preau_keys::xml::{Element, XmlError};
use std::fmt;
use thiserror::Error;

/// Why metadata are not taken: what is wrong, in which element, on which line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct MetadataError {
    /// The line of the document, from 1; 0 when it is about the whole of it.
    pub line: u32,
    /// The element it is about, by its local name.
    pub element: String,
    /// What is wrong.
    pub reason: Reason,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.element.as_str()) {
            (0, "") => write!(f, "{}", self.reason),
            (0, element) => write!(f, "<{element}>: {}", self.reason),
            (line, "") => write!(f, "line {line}: {}", self.reason),
            (line, element) => write!(f, "line {line}, <{element}>: {}", self.reason),
        }
    }
}

/// What is wrong with metadata.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// The document is not believed.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// It is no well-formed XML.
    #[error("{0}: the document is malformed")]
    Malformed(&'static str),
    /// It cannot be read from where it is.
    #[error("the document cannot be read: {0}")]
    Input(String),
    /// An attribute or element must be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value is not of its kind.
    #[error("`{0}` is {1}")]
    Value(&'static str, &'static str),
    /// More than is read.
    #[error("more than {0} {1}")]
    Many(usize, &'static str),
    /// It was valid until a moment that is past.
    #[error("expired: it was valid until {0}")]
    Expired(String),
    /// It would be valid for too long to be worth anything.
    #[error("valid until {0}: nobody vouches for metadata that long")]
    TooLong(String),
    /// Nothing says until when it is valid, and something must.
    #[error("`validUntil` is missing: whoever signs says until when")]
    Timeless,
    /// Two entities have one name.
    #[error("two entities are called {0}")]
    Twice(String),
    /// It is about somebody else.
    #[error("this is about {found}, not about {asked}")]
    Another {
        /// Who was asked for.
        asked: String,
        /// Who it is about.
        found: String,
    },
    /// It holds several entities, and nobody says which is meant.
    #[error("it holds several entities: say which ({0})")]
    Several(String),
    /// The entity is not in the document.
    #[error("{0} is not in the document")]
    Absent(String),
    /// Fewer entities than before, by more than is believed.
    #[error("{now} entities where there were {before}: not believed")]
    Shrunk {
        /// Entities of the copy in force.
        before: usize,
        /// Entities of this one.
        now: usize,
    },
    /// Made before the copy in force.
    #[error("older than the copy in force: not believed")]
    Older,
    /// A key that is too short.
    #[error("an RSA key of {0} bits: 2048 at least")]
    WeakKey(usize),
    /// A key of a kind that is not spoken.
    #[error("a key that is neither RSA nor on P-256")]
    KeyKind,
    /// No key where one is needed.
    #[error("no key: {0}")]
    NoKey(&'static str),
    /// An address without TLS.
    #[error("`{0}` is not https")]
    Plain(String),
    /// Something else of a known form.
    #[error("{0}")]
    Other(&'static str),
}

impl MetadataError {
    /// About an element.
    pub(crate) fn at(element: &Element, reason: impl Into<Reason>) -> MetadataError {
        let name = preau_domain::display_safe(element.local(), 60);
        MetadataError { line: element.line(), element: name, reason: reason.into() }
    }

    /// About a whole document.
    pub fn whole(reason: impl Into<Reason>) -> MetadataError {
        MetadataError { line: 0, element: String::new(), reason: reason.into() }
    }
}
