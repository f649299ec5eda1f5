//! The messages of `preau-saml` as they stand on the wire: what is written is held against the schemas of OASIS and against
//! `xmlsec1`, and what is read against every way to say one thing and mean another. Needs the Debian packages
//! `opensaml-schemas`, `xmltooling-schemas`, `libxml2-utils` and `xmlsec1`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bindings;
mod fuzz;
mod metadata;
mod mutate;
#[path = "../processor/mod.rs"]
mod processor;
mod reading;
mod samples;
mod writing;
