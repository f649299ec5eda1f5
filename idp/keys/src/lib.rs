//! The only crate that names cryptography.
//!
//! Owns the master key and what is derived from it ([`Keyring`], [`Sealer`]), digests of secrets, password hashing
//! ([`Passwords`]), the production source of randomness ([`SystemIds`]), signed tokens ([`jose`]) and the keys
//! they are signed with ([`Signers`]), and TLS
//! configurations. What the results mean (a session, a ticket, a pairwise identifier in an answer) belongs to the
//! callers.

mod digest;
pub mod jose;
mod keyring;
mod otp;
mod passwords;
mod random;
mod seal;
mod shipped;
pub mod signers;
pub mod strength;
pub mod tls;
mod x509;
pub mod xml;

pub use digest::{artifact_source, constant_time_eq, digest, fingerprint, one_time_key, session_id};
pub use keyring::{KeyProblem, Keyring, MASTER_KEY_FILE};
pub use otp::OtpSecret;
pub use passwords::{Busy, MAX_PASSWORD, NotHashed, Passwords, give_way};
pub use random::SystemIds;
pub use seal::{MAX_SEALED, Sealer};
pub use shipped::{shipped, shipped_text};
pub use signers::{SignError, Signers};
pub use tls::{TlsProblem, client_config, install_provider, server_config, server_config_for_clients};
pub use x509::{ClientAuthorities, ClientCertificate, is_subject};
