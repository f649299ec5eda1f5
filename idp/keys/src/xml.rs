//! XML that carries proof of who wrote it: read within bounds, canonicalised, signed and encrypted, as SAML needs it.
//!
//! Owns the tree ([`Element`]), exclusive canonicalisation, enveloped signatures ([`Document::verify`], [`Canonical`], [`sign`]) and
//! encryption ([`encrypt`], [`decrypt`]). What is verified is what is read: a [`Document`] shows nothing of itself but through
//! [`Document::verify`], which gives the very tree whose canonical form was digested, or through
//! [`Document::unverified`], whose name says what it is worth. What the messages mean belongs to the protocols.
//!
//! Documents too large for a tree are read child by child ([`read_stream`]), each by the same parser into the same tree.
//!
//! There is one parser and one tree. Document types, entities, processing instructions and relative namespaces are
//! refused; comments are no part of the tree, and text around them is one text. Keys inside a message are never looked at.

mod c14n;
mod canonical;
pub(crate) mod certificate;
mod encryption;
mod flaw;
mod names;
mod outline;
mod signature;
mod stream;
mod tree;

pub use canonical::Canonical;
pub use certificate::{Certificate, KeyKind, certificates_of, public_key_of};
pub use encryption::{ContentCipher, decrypt, encrypt};
pub use flaw::{Flaw, flaw};
pub use signature::{Verified, sign};
pub use stream::{Piece, StreamBounds, StreamError, Streamed, read_stream};
pub use tree::{Attribute, Bounds, Child, Document, Element};

use thiserror::Error;

/// Why a document is not believed. For logs: a peer learns less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum XmlError {
    /// It is longer, deeper or richer than what is read.
    #[error("the document is larger, deeper or richer than what is read")]
    TooLarge,
    /// It is no well-formed XML of the kind that is read: [`flaw()`] says why and where.
    #[error("the document is malformed")]
    Malformed,
    /// Two elements of it have one name, or one element has two.
    #[error("an identifier of the document is not unique")]
    Identifier,
    /// What is asked for is not in it.
    #[error("the expected element is not there")]
    Absent,
    /// What is asked for is in it more than once.
    #[error("the expected element is there more than once")]
    Several,
    /// It carries no signature where one must be.
    #[error("the element is not signed")]
    NotSigned,
    /// Its signature is of a form, or uses an algorithm, that is not accepted.
    #[error("the signature is of a form that is not accepted")]
    Form,
    /// Its signature covers something else.
    #[error("the signature covers another element")]
    Reference,
    /// What was signed was changed.
    #[error("the element is not what was signed")]
    Digest,
    /// Its signature is by none of the keys.
    #[error("the signature is wrong")]
    Signature,
    /// It does not open with our keys.
    #[error("the content does not open")]
    Sealed,
}
