//! The only crate that names cryptography.
