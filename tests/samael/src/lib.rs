//! A second opinion on SAML, for tests alone: the crate samael, with its signatures by libxmlsec1. What it thinks of what we write,
//! and we of what it writes, is in `tests/opinion.rs`; why it is nowhere else, in `docs/adr/0019-own-saml-messages.md`.
