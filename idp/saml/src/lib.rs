//! SAML 2.0 as both of its ends need it: the identity provider that services ask, and the service provider that asks
//! EduConnect or a guichet.
//!
//! Owns what the messages and the metadata *are*, how they are read and written, and how they travel through a browser.
//! It has no HTTP, no store and no clock. Signatures, encryption and the one tree that is read belong to
//! `preau_keys::xml`; what a message makes happen belongs to `idp/protocols/saml` and `connectors/upstream-saml`.

pub mod bindings;
pub mod messages;
pub mod metadata;
pub mod names;
mod time;
