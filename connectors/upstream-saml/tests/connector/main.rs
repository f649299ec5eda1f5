//! The connector as the hub uses it, against a provider that signs whatever it is given: what is right opens, and each lie
//! beside it does not.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod configuration;
mod encrypted;
mod lies;
mod logout;
mod peer;
mod truths;
mod wrapping;
