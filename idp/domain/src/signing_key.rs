//! A key the house signs with, as it is stored.

use crate::Instant;

/// The private part is sealed, so that a stolen table signs nothing. Opening it, and what the words mean, is the matter of
/// `idp/keys`.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its place among our keys, the same on every server, such as `es256-1`: two servers that make the same key meet here.
    /// In tokens and in the published set a key is named by its thumbprint.
    pub kid: String,
    /// The algorithm, by its wire word.
    pub alg: String,
    /// The private part, sealed.
    pub sealed: String,
    /// The public part, as JSON Web Key.
    pub public: String,
    /// When it was made, and published.
    pub created: Instant,
    /// From when on it signs.
    pub use_from: Instant,
    /// When the next one is to take over.
    pub retire_at: Instant,
    /// When nothing it signed is believed any more, and it may leave the published set.
    pub remove_at: Instant,
}
